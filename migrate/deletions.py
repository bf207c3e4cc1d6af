"""Deletions: what each watched module is, what still holds it, and the proof that it can go."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from codemods.alias_map import AliasMap, ModuleKind
from codemods.ownership import Ownership
from codemods.references import Disposition, Reason, Reference, Relation
from codemods.shims import Verdict, judge
from codemods.symbols import last, parent
from migrate.project import Project
from migrate.recipe import Recipe
from migrate.repository import Entry

_HARMLESS = frozenset({Reason.TEXT_MENTION, Reason.RUNTIME_NAME})
"""Texts that people read, and names that import nothing: kept, they do not keep a module from being deleted."""


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """One module of the map: what it is, what still refers to it, and whether it can go."""

    module: str
    path: str | None
    verdict: str
    references_left: int
    deletable: bool
    evidence: tuple[str, ...]


class DeletionProof:
    """Judges the modules of one commit after the references to them are known."""

    def __init__(
        self,
        entries: list[Entry],
        recipe: Recipe,
        project: Project,
        alias_map: AliasMap,
        unreadable: Iterable[str],
    ) -> None:
        self.entries = entries
        self.recipe = recipe
        self.project = project
        self.alias_map = alias_map
        self.unreadable = frozenset(unreadable)

    def prove(self, ownership: Ownership, references: list[Reference]) -> tuple[tuple[ModuleReport, ...], list[str]]:
        """Judge every watched module: what still holds it, and which ones can go together."""
        held: dict[str, list[str]] = defaultdict(list)
        left: Counter[str] = Counter()
        by_shim: dict[str, set[str]] = defaultdict(set)
        for reference in references:
            if reference.disposition is Disposition.REWRITE or reference.relation is Relation.HOME:
                continue
            if reference.disposition is Disposition.KEEP and reference.reason in _HARMLESS:
                continue
            left[reference.old.module] += 1
            holder = self.project.module_of(reference.path)
            if holder in ownership.shims and reference.disposition is not Disposition.KEEP:
                by_shim[reference.old.module].add(holder)
            else:
                held[reference.old.module].append(f"{reference.path}:{reference.line}: {reference.old}")
        moved = {move.old.module for move in self.recipe.moves if move.old.is_module and move.new is not None}
        kept = {move.old.module for move in self.recipe.moves if move.new is None}
        watched = {module for module in ownership.shims | moved if self.project.kind(module) is not ModuleKind.EXTERNAL}
        pure = {module for module in watched - kept if ownership.is_pure(module)}
        for module in pure:
            self._hold_by_export(module, held[module])
        candidates = {
            module
            for module in pure
            if not held[module] and self.alias_map.import_failure(module) is None and self._leaves_nothing(module)
        }
        for path in sorted(self.unreadable):
            data = self.project.contents.get(path)
            for module in candidates:
                if data is None or self._may_name(module, data):
                    held[module].append(f"{path}: could not be checked")
        deletable = {module for module in candidates if not held[module]}
        while True:  # a shim that only shims use goes with them, or stays with them
            staying = {module for module in deletable if by_shim[module] - deletable}
            if not staying:
                break
            deletable -= staying
        reports = [
            self._module_report(module, ownership, left[module], module in deletable, held[module])
            for module in sorted({*watched, *ownership.canonical_modules, *ownership.homes})
        ]
        paths = sorted(place for module in deletable if (place := self.project.path_of(module)))
        return tuple(reports), paths

    def _hold_by_export(self, module: str, held: list[str]) -> None:
        """``__all__`` of a package may name a submodule: ``from package import *`` imports it then."""
        package = self.project.facts(parent(module))
        if package is not None and package.exports is not None and last(module) in package.exports:
            if last(module) not in package.names:
                held.append(f"{package.path}: __all__ names {last(module)}")

    @staticmethod
    def _may_name(module: str, data: bytes) -> bool:
        """Whether a text that was not understood may name a module."""
        return last(module).encode() in data and (last(parent(module)).encode() in data or b"from ." in data)

    def _leaves_nothing(self, module: str) -> bool:
        """Whether the module is really gone when its file is: no folder remains that Python could import."""
        path = self.project.path_of(module) or ""
        if not self.project.is_package(path):
            folder = path.removesuffix(".py") + "/"
            return not any(entry.path.startswith(folder) for entry in self.entries)
        folder = path.rpartition("/")[0] + "/"
        return all(entry.path == path for entry in self.entries if entry.path.startswith(folder))

    def _module_report(
        self, module: str, ownership: Ownership, left: int, deletable: bool, held: list[str]
    ) -> ModuleReport:
        path = self.project.path_of(module)
        facts = self.project.facts(module)
        if module in ownership.canonical_modules:
            return ModuleReport(module, path, "canonical", left, False, ())
        if module in ownership.homes:
            declared = any(module in target.homes for target in self.recipe.targets)
            evidence = () if declared else ("most of the code imports from here what it defines",)
            return ModuleReport(module, path, "home", left, False, evidence)
        if facts is None:
            return ModuleReport(module, path, Verdict.MISSING, left, False, ())
        judgement = judge(facts)
        failure = self.alias_map.import_failure(module)
        broken = () if failure is None else ("cannot be imported: " + " -> ".join(failure),)
        evidence = (*broken, *judgement.evidence, *(f"held by {place}" for place in held))
        return ModuleReport(module, path, judgement.verdict, left, deletable, evidence)
