"""ModuleFacts -> Verdict: pure shim, mixed, implementation; with the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.bindings import BindingKind, ModuleFacts
from codemods.modules import Verdict


@dataclass(frozen=True)
class Judgement:
    """A verdict and the lines of the module that speak for it."""

    verdict: Verdict
    evidence: tuple[str, ...]


def judge(facts: ModuleFacts) -> Judgement:
    """What a module is. A re-export is any import, star, alias, literal ``__getattr__`` or ``sys.modules`` entry."""
    against = tuple(f"line {effect.line}: {effect.text}" for effect in facts.effects if not effect.kind.is_harmless)
    if facts.broken:
        return Judgement(Verdict.BROKEN, against)
    forwards = bool(facts.stars or facts.forwards or facts.replaced_by) or any(
        binding.kind is BindingKind.IMPORT for bindings in facts.names.values() for binding in bindings
    )
    if not forwards:
        return Judgement(Verdict.IMPLEMENTATION, against)
    if against or facts.computed:
        return Judgement(Verdict.MIXED, against)
    harmless = tuple(f"line {effect.line}: {effect.text}" for effect in facts.effects)
    return Judgement(Verdict.PURE_SHIM, harmless)
