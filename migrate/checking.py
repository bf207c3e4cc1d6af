"""check: everything that a code base must not have once it is migrated; each with its place, reason and fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from codemods.modules import Verdict
from codemods.reasons import EXPLANATIONS
from codemods.references import Disposition, Edit, Reason, Reference, ReferenceKind, Relation, Unchecked
from migrate.cache import Cache
from migrate.plan import Plan
from migrate.repository import REGULAR_MODES, Repository
from migrate.snapshots import Files


class Wrong(StrEnum):
    """What can be wrong beside references."""

    SHIM = "shim"
    """A module that only forwards: a violation where it is made, also before anybody uses it."""
    ALIAS = "alias"
    """Another public name of an owned object, or a re-export of one."""
    IMPLEMENTATION = "second-implementation"
    RESTORED = "restored-file"
    """A file that a commit of unshim deleted, and that is there again."""
    HOME = "new-home"
    """A module that counts as a home because so much code imports from it, and did not before."""
    SYNTAX = "syntax"
    """A changed file that parsed before."""
    UNCHECKED = "not-checked"


Key = tuple[str, str, str]
"""(path, kind, symbol) of a violation."""


@dataclass(frozen=True)
class Violation:
    """One thing that 'check' fails for. ``line`` and ``column`` are 1-based; ``fix`` says what to do about it."""

    path: str
    line: int
    column: int
    kind: ReferenceKind | Wrong
    symbol: str
    message: str
    fix: str
    reason: Reason | None = None
    edits: tuple[Edit, ...] = ()
    """What 'check --fix' and 'apply' write; empty where that is the user's to do."""

    @property
    def key(self) -> Key:
        """What a baseline knows it by: no line number, which any change above it moves."""
        return (self.path, self.kind.value, self.symbol)


def _planned(plan: Plan) -> list[Violation]:
    """What the plan itself says of its files."""
    found = [_of_reference(one) for one in plan.references if is_violation(one)]
    found += [_of_unchecked(one) for one in plan.unchecked]
    kept = _kept_by_recipe(plan) | {one.old.module for one in plan.references if one.reason in _KEPT}
    for module in plan.modules:
        if module.verdict == Verdict.PURE_SHIM and module.path is not None and module.module not in kept:
            message = f"{module.module} only forwards to the canonical module"
            fix = (
                "'unshim apply' deletes it"
                if module.deletable
                else f"settle what holds it ({'; '.join(module.evidence[:2])}), then run 'unshim apply'"
            )
            found.append(Violation(module.path, 1, 1, Wrong.SHIM, module.module, message, fix))
    for alias in plan.aliases:
        if alias.symbol.module in kept:
            continue
        message = f"{alias.symbol} is another path to {alias.new}"
        fix = "remove it, or accept it with '# unshim: keep' on the line"
        found.append(Violation(alias.path, alias.line, 1, Wrong.ALIAS, str(alias.symbol), message, fix))
    for name in plan.definitions:
        for place in name.others:
            message = f"{place.symbol} is a second implementation; the canonical one is {name.own}"
            fix = "merge the two by hand, or name it in [unshim.moves]"
            kind = Wrong.IMPLEMENTATION
            found.append(Violation(place.path, place.line, 1, kind, str(place.symbol), message, fix))
    return found


def is_violation(reference: Reference) -> bool:
    """Whether 'check' and 'verify' fail for a reference: for all but what is kept on purpose."""
    return reference.disposition is not Disposition.KEEP and reference.relation is not Relation.CANONICAL


def _kept_by_recipe(plan: Plan) -> set[str]:
    return {move.old.module for move in plan.recipe.moves if move.new is None}


def all_violations(files: Files, plan: Plan, deleted: Mapping[str, str]) -> list[Violation]:
    """What the files must not have, by place: also what a merge brought back after unshim had deleted it.

    ``deleted`` are the paths that commits of ours deleted before, with the commit's id.
    """
    kept = _kept_by_recipe(plan)
    kept_paths = {module.path for module in plan.modules if module.module in kept}
    restored = [
        Violation(
            entry.path,
            1,
            1,
            Wrong.RESTORED,
            entry.path,
            f"unshim deleted this file in {deleted[entry.path][:10]}; it is there again",
            "delete it, or keep its module with a line in [unshim.moves]",
        )
        for entry in (files.entries(plan.base) if deleted else ())
        if entry.path in deleted and entry.path not in kept_paths
    ]
    shown = {one.path for one in restored}
    found = [one for one in _planned(plan) if one.kind is not Wrong.SHIM or one.path not in shown]
    return sorted([*found, *restored], key=_place)


def new_violations(
    repository: Repository,
    plans: tuple[Plan, Plan],
    files: Files,
    known: Iterable[Violation],
    found: Sequence[Violation],
    jobs: int,
    cache: Cache,
) -> list[Violation]:
    """What of ``found`` is not ``known`` from the plan before, the files that no longer parse, and what became a home.

    A renamed file has the violations that it had under its old name. The cache is that of both plans.
    """
    before, after = plans
    renamed = repository.renamed(before.base, after.base) if isinstance(files, Repository) else {}
    broken = _broken(repository, before, files, after, jobs, cache)
    paths = {one.path for one in broken}
    new = [
        one
        for one in beyond(found, Counter(one.key for one in known), renamed)
        if one.kind is not Wrong.UNCHECKED or one.path not in paths
    ]
    return sorted([*new, *broken, *_new_homes(before, after)], key=_place)


def _new_homes(before: Plan, after: Plan) -> list[Violation]:
    """Modules whose references would no longer be listed, because there are enough of them."""
    new = set(after.homes).difference(before.homes)
    fix = "name it in 'homes' or in 'shims' of the recipe"
    return [
        Violation(one.path, 1, 1, Wrong.HOME, one.module, f"{one.module} counts as a home now, by who imports it", fix)
        for one in after.modules
        if one.module in new and one.path is not None
    ]


def _broken(
    repository: Repository, before: Plan, files: Files, after: Plan, jobs: int, cache: Cache
) -> list[Violation]:
    """The Python files that have changed and do not parse, and did before, or were not there."""
    from migrate.project import syntax_faults  # late: the parsers are slow to import, and only this needs them

    old = {entry.path: entry for entry in repository.entries(before.base)}
    wanted = [
        entry
        for entry in files.entries(after.base)
        if entry.path.endswith(".py")
        and entry.mode in REGULAR_MODES
        and after.recipe.covers(entry.path)
        and (entry.path not in old or old[entry.path].oid != entry.oid)
    ]
    there = [old[entry.path] for entry in wanted if entry.path in old]
    now, _ = syntax_faults(files, wanted, cache, jobs)
    then, _ = syntax_faults(repository, there, cache, jobs)
    ill = {one.path for one in then if one.reason is not Reason.TOO_LARGE}
    return [
        Violation(one.path, one.line, 1, Wrong.SYNTAX, one.reason.value, one.message, "mend it", one.reason)
        for one in now
        if one.path not in ill and one.reason is not Reason.TOO_LARGE
    ]


def beyond(
    found: Iterable[Violation], known: Mapping[Key, int], renamed: Mapping[str, str] = MappingProxyType({})
) -> list[Violation]:
    """The violations of which there are more than are known."""
    left = Counter(known)
    more: list[Violation] = []
    for one in found:
        path, kind, symbol = one.key
        key = (renamed.get(path, path), kind, symbol)
        if left[key] > 0:
            left[key] -= 1
        else:
            more.append(one)
    return more


_KEPT = frozenset({Reason.KEEP_COMMENT, Reason.KEEP_RECIPE, Reason.PATH_UNDER_TEST})
"""References for which a shim stays on purpose."""


def _of_reference(one: Reference) -> Violation:
    target = "" if one.new is None else f" -> {one.new}"
    if one.disposition is Disposition.REWRITE:
        message = f"{one.old}{target}"
        return Violation(
            one.path, one.line, one.column, one.kind, str(one.old), message, f"write {one.new}", None, one.edits
        )
    assert one.reason is not None, one
    detail = f": {one.detail}" if one.detail else ""
    message = f"{one.old} [{one.reason.value}]{detail}"
    fix = EXPLANATIONS[one.reason].remedy
    return Violation(one.path, one.line, one.column, one.kind, str(one.old), message, fix, one.reason)


def _of_unchecked(one: Unchecked) -> Violation:
    fix = EXPLANATIONS[one.reason].remedy
    message = f"{one.reason.value}: {one.message}"
    return Violation(one.path, one.line, 1, Wrong.UNCHECKED, one.reason.value, message, fix, one.reason)


def _place(one: Violation) -> tuple[str, int, int, str, str]:
    return (one.path, one.line, one.column, one.kind.value, one.symbol)
