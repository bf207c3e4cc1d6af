"""Moving: a plan over files in which what it has of them stands elsewhere than in those that it was made for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from codemods.references import Reference, ReferenceKind, Unchecked
from codemods.symbols import Symbol
from migrate.plan import FileChange, ModuleReport, Plan, sorted_references


@dataclass(frozen=True)
class Moved:
    """A changed file of which the plan has what it had, here or there."""

    path: str
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

    None if it has a reference in such a file that is not among the pairs, or says in words what is on a line on which
    none of them was.
    """
    pairs = [pair for one in files if not one.is_there for pair in one.pairs]
    places = {_identity(before): now for before, now in pairs}
    changes = {one.path: one.change for one in files if one.change is not None}
    faults = {one.path: one.unchecked for one in files if one.unchecked is not None}
    unchecked = tuple(faults.get(one.path, one) for one in plan.unchecked)
    if not pairs and not changes and unchecked == plan.unchecked:
        return plan
    words = _Words(pairs)
    try:
        references = [words.of_reference(one) for one in plan.references]
        return replace(
            plan,
            references=sorted_references(
                _moved(one, places[_identity(one)]) if one.path in words.paths else one for one in references
            ),
            modules=tuple(map(words.of_report, plan.modules)),
            unchecked=tuple(replace(one, message=words.renewed(one.message)) for one in unchecked),
            steps=tuple(
                replace(step, changes=tuple(changes.get(one.path, one) for one in step.changes)) for step in plan.steps
            ),
        )
    except KeyError:
        return None


class _Words:
    """Sentences about ``path:line``, where lines have moved. KeyError where nothing shows to which one."""

    def __init__(self, pairs: Iterable[tuple[Reference, Reference]]) -> None:
        lines: dict[str, dict[str, set[int]]] = {}
        for before, now in pairs:
            lines.setdefault(before.path, {}).setdefault(str(before.line), set()).add(now.line)
        self.paths = lines.keys()
        """Of the files."""
        self._lines = {
            (path, line): min(to) for path, moved in lines.items() for line, to in moved.items() if len(to) == 1
        }
        paths = "|".join(re.escape(path) for path in sorted(lines, key=len, reverse=True))
        self._places = re.compile(rf"(?<![\w./-])({paths}):(\d+)" if lines else "(?!)")

    def renewed(self, text: str) -> str:
        return self._places.sub(lambda found: f"{found[1]}:{self._lines[found[1], found[2]]}", text)

    def of_reference(self, one: Reference) -> Reference:
        return replace(one, detail=self.renewed(one.detail)) if ":" in one.detail else one

    def of_report(self, one: ModuleReport) -> ModuleReport:
        proof = None if one.proof is None else replace(one.proof, texts=tuple(map(self.renewed, one.proof.texts)))
        return replace(one, evidence=tuple(map(self.renewed, one.evidence)), proof=proof)


def _moved(one: Reference, now: Reference) -> Reference:
    return replace(one, line=now.line, column=now.column, start=now.start, edits=now.edits if one.edits else ())


def _identity(one: Reference) -> tuple[str, int, ReferenceKind, Symbol]:
    """What tells a reference from others, whatever is said of it."""
    return (one.path, one.start, one.kind, one.old)
