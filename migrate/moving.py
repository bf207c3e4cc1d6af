"""Moving: a plan over files in which what it has of them stands elsewhere than in those that it was made for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from codemods.references import Reference, ReferenceKind, Unchecked
from codemods.symbols import Symbol
from migrate.plan import FileChange, ModuleReport, Plan, sorted_references


@dataclass(frozen=True)
class Moved:
    """A changed file of which the plan has what it had, here or there."""

    pairs: tuple[tuple[Reference, Reference], ...] = ()
    """All its references, each as it was found before and as it is now."""
    change: FileChange | None = None
    """What the plan does to it now, if anything."""
    unchecked: Unchecked | None = None
    """Why it was not wholly checked now, if it was not."""

    @property
    def is_there(self) -> bool:
        """Whether its references are where they were."""
        return all(before == now for before, now in self.pairs)


def moved_plan(plan: Plan, files: Sequence[Moved]) -> Plan | None:
    """The plan over the changed files; the very same, if nothing of it has moved.

    None if it has a reference in such a file that is not among the pairs, or if it says elsewhere on which line one of
    them is, and that line was joined with another one, or parted.
    """
    pairs = [pair for one in files if not one.is_there for pair in one.pairs]
    places = {identity(before): now for before, now in pairs}
    changes = {one.path: one for one in (file.change for file in files) if one is not None}
    faults = {one.path: one for one in (file.unchecked for file in files) if one is not None}
    unchecked = tuple(faults.get(one.path, one) for one in plan.unchecked)
    if not pairs and not changes and unchecked == plan.unchecked:
        return plan
    words = _Words(pairs, {one.path for one in plan.references})
    if any(one.path in words.paths for one in plan.bans.kept) or not _keep_their_order(pairs):
        return None
    try:
        references = [words.of_reference(one) for one in plan.references]
        return replace(
            plan,
            references=sorted_references(
                _moved(one, places[identity(one)]) if one.path in words.paths else one for one in references
            ),
            modules=tuple(map(words.of_report, plan.modules)),
            unchecked=unchecked,
            steps=tuple(
                replace(step, changes=tuple(changes.get(one.path, one) for one in step.changes)) for step in plan.steps
            ),
        )
    except KeyError:
        return None


class _Words:
    """Sentences about ``path:line``, where lines have moved. KeyError where nothing shows to which one."""

    def __init__(self, pairs: Iterable[tuple[Reference, Reference]], every: Iterable[str]) -> None:
        """``every`` are the paths of all references."""
        moves = {(before.path, before.line, now.line) for before, now in pairs}
        self.paths = {path for path, _, _ in moves}
        """Of the files."""
        places = Counter(place for path, line, now in moves for place in ((path, line, "from"), (path, now, "to")))
        self._lines = {
            (path, str(line)): now
            for path, line, now in moves
            if places[path, line, "from"] == places[path, now, "to"] == 1  # no lines were joined or parted
        }
        longer = {path for path in every if any(path.endswith(one) or f"{one}:" in path for one in self.paths)}
        alternatives = "|".join(re.escape(path) for path in sorted(longer, key=len, reverse=True))
        self._places = re.compile(rf"(?<!\w)({alternatives}):(\d+)" if self.paths else "(?!)")

    def renewed(self, text: str) -> str:
        """Of a sentence that quotes nothing from a file."""
        return self._places.sub(self._place, text)

    def of_reference(self, one: Reference) -> Reference:
        if self._places.search(one.detail) is None:
            return one
        if _STAYS.match(one.detail) is None:
            raise KeyError(one.detail)
        return replace(one, detail=self.renewed(one.detail))

    def of_report(self, one: ModuleReport) -> ModuleReport:
        if one.proof is not None:
            proof = replace(one.proof, texts=tuple(map(self.renewed, one.proof.texts)))
            return replace(one, evidence=proof.lines(), proof=proof)
        return replace(one, evidence=tuple(self.renewed(line) if _HOLDS.match(line) else line for line in one.evidence))

    def _place(self, found: re.Match[str]) -> str:
        path, line = found.groups()
        return f"{path}:{self._lines[path, line] if path in self.paths else line}"


_STAYS = re.compile("(code|a patch) that stays: ")
_HOLDS = re.compile("held (only )?by ")
"""How evidence begins that names the place of a reference; other lines show source text."""


def _keep_their_order(pairs: Iterable[tuple[Reference, Reference]]) -> bool:
    """Whether no reference was above another one of its file and is below it now: some things are told of the first."""
    lines = sorted((before.path, before.line, now.line) for before, now in pairs)
    return all(one[0] != other[0] or one[2] <= other[2] for one, other in pairwise(lines))


def _moved(one: Reference, now: Reference) -> Reference:
    return replace(one, line=now.line, column=now.column, start=now.start, edits=now.edits if one.edits else ())


def identity(one: Reference) -> tuple[str, int, ReferenceKind, Symbol]:
    """What tells a reference from others, whatever is said of it."""
    return (one.path, one.start, one.kind, one.old)
