"""Patches and the code that they are for: what moves together, and what must stay because some of it stays.

``mock.patch("module.name")`` reaches only code that looks the name up in that module's namespace while the program
runs: the module's own functions, ``from module import name`` inside a function, and ``module.name``. When such a
reader gets another path, its patches must get it too; a patch that cannot move holds its readers back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from codemods.decisions import REWRITABLE
from codemods.ownership import Contest
from codemods.places import runs_late
from codemods.references import AtRunTime, Disposition, Reason, Reference, ReferenceKind, Relation
from codemods.scopes import Role, ScopeTable
from codemods.symbols import Symbol

Contests = Mapping[tuple[str, Symbol], Contest]


_TEST_FILE = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py")

CanRun = Callable[[str, str], bool]
"""Whether code of the first file can make code of the second one run."""


def contests(
    references: Iterable[Reference], reads_own: Callable[[Symbol], bool], can_run: CanRun
) -> dict[tuple[str, Symbol], Contest]:
    """By path and old symbol: the patches and late reads that cannot do what they would do by themselves.

    ``reads_own`` says whether functions of a symbol's own module read it as a global.
    """
    found: dict[tuple[str, Symbol], Contest] = {}
    for symbol, together in _groups(references, can_run):
        contest = _contest(symbol, together, reads_own)
        for one in together if contest is not None else ():
            known = found.get((one.path, one.old))
            if _is_held(one) and contest is not None and (known is None or known.moves):
                found[one.path, one.old] = replace(contest, by_owner=contest.by_owner and not one.old.is_module)
    return found


def with_effects(
    references: Iterable[Reference], reads_own: Callable[[Symbol], bool], can_run: CanRun
) -> list[Reference]:
    """The references, with what is to be said of patches that no rewriting concerns.

    A patch that moves although nothing read the name under the old path says so. One that replaces what the
    module's own functions read is right where it is, whatever that is bound to.
    """
    every = list(references)
    unread = {
        (one.path, one.start)
        for _, together in _groups(every, can_run)
        if not any(one.at_run_time is AtRunTime.READS for one in together)
        for one in together
    }
    return [_with_effect(one, reads_own, unread=(one.path, one.start) in unread) for one in every]


def _with_effect(one: Reference, reads_own: Callable[[Symbol], bool], *, unread: bool) -> Reference:
    if one.at_run_time is not AtRunTime.PATCHES or one.old.is_module:
        return one
    if one.disposition is Disposition.REWRITE and unread:
        detail = f"no code reads it in {one.old.module}: the patch had no effect, and may have one now"
        return replace(one, detail=detail)
    if one.disposition is Disposition.MANUAL and one.relation is Relation.DIVERGENT and reads_own(one.old):
        detail = f"functions of {one.old.module} read it there"
        return replace(one, disposition=Disposition.KEEP, reason=Reason.PATCHED_WHERE_READ, detail=detail)
    return one


def reads_global(table: ScopeTable, name: str) -> bool:
    """Whether a function of a module reads a name of the module's own namespace when it runs."""
    return any(
        one.role is Role.LOAD and table.scope_of(one) is table.module_scope and runs_late(one.node)
        for one in table.occurrences.get(name, ())
    )


def _groups(references: Iterable[Reference], can_run: CanRun) -> Iterator[tuple[Symbol, list[Reference]]]:
    """Patches of one name in one namespace, and the late reads that they can reach.

    What concerns a whole module (a fake in ``sys.modules``, a module that is handed on) belongs to each of its names.
    """
    by_symbol: dict[Symbol, list[Reference]] = {}
    for one in references:
        if one.at_run_time is not AtRunTime.NOTHING and (one.old.is_module or one.relation in REWRITABLE):
            by_symbol.setdefault(one.old, []).append(one)
    for symbol, every in by_symbol.items():
        wide = [] if symbol.is_module else by_symbol.get(Symbol(symbol.module), [])
        pending = [*every, *wide]
        while pending:
            together = [pending.pop()]
            for one in together:
                near = [other for other in pending if _can_meet(one, other, can_run)]
                pending = [other for other in pending if other not in near]
                together += near
            if any(one.at_run_time is not AtRunTime.READS for one in together):
                yield symbol, together


def _can_meet(one: Reference, other: Reference, can_run: CanRun) -> bool:
    """Whether one is a patch and the other a late read that can run while the patch is in force."""
    if (one.at_run_time is AtRunTime.READS) == (other.at_run_time is AtRunTime.READS):
        return False
    patch, read = (other, one) if one.at_run_time is AtRunTime.READS else (one, other)
    return can_run(patch.path, read.path)


def is_test_file(path: str) -> bool:
    """Whether pytest collects the file by its name."""
    return _TEST_FILE.fullmatch(path) is not None


def _contest(symbol: Symbol, together: list[Reference], reads_own: Callable[[Symbol], bool]) -> Contest | None:
    if reads_own(symbol):
        return Contest(f"functions of {symbol.module} read it there", by_owner=True)
    staying = [one for one in together if _stays(one)]
    if staying:
        first = min(staying, key=lambda one: (one.at_run_time is not AtRunTime.READS, one.path, one.line))
        what = "code" if first.at_run_time is AtRunTime.READS else "a patch"
        more = f" and {len(staying) - 1} more" if len(staying) > 1 else ""
        return Contest(f"{what} that stays: {first.path}:{first.line}{more}")
    is_read = any(one.at_run_time is AtRunTime.READS for one in together)
    if is_read and any(_is_tentative(one) for one in together):
        return Contest("", moves=True)
    return None


def _is_held(one: Reference) -> bool:
    """Whether a reference would move by itself, or may: what stays for a reason of its own keeps that."""
    return one.disposition is Disposition.REWRITE or _is_tentative(one)


def _is_tentative(one: Reference) -> bool:
    """Whether a patch stays only as long as no code that it is for moves."""
    if one.at_run_time is not AtRunTime.PATCHES:
        return False
    is_key = one.reason is Reason.MODULE_AS_VALUE and one.kind is ReferenceKind.DYNAMIC_IMPORT
    return one.reason is Reason.PATCHED_WHERE_READ or is_key


def _stays(one: Reference) -> bool:
    if one.disposition is Disposition.REWRITE:
        return False
    if one.at_run_time is AtRunTime.READS:
        return one.reason is not Reason.PATH_UNDER_TEST
    return not _is_tentative(one)
