"""Plan: all edits and deletions over one base commit, in steps, and all that was seen beside them; data alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from codemods.references import Disposition, Reason, Reference, Step, Unchecked
from codemods.symbols import Symbol
from migrate.recipe import Recipe, SourceRoot
from migrate.repository import Change

_TEXTS = 10
"""How many of the texts that still name a module are listed in a commit message and a diff."""


@dataclass(frozen=True)
class FileChange:
    """One file before and after a step; ``after`` None is its deletion."""

    path: str
    mode: str
    before: bytes
    after: bytes | None
    is_new: bool = False
    """Whether there is no such file before; ``before`` is empty then."""


@dataclass(frozen=True)
class PlannedStep:
    """One commit to be."""

    step: Step
    changes: tuple[FileChange, ...]


@dataclass(frozen=True)
class OwnedName:
    """A name that a canonical module owns, and every place in the modules of the map that defines one of it."""

    name: str
    own: Symbol
    """What the canonical module has under the name."""
    ends: tuple[Symbol, ...]
    others: tuple[Place, ...] = ()
    """Where the ends are defined that are not the canonical one."""


@dataclass(frozen=True)
class Place:
    """Where a symbol is bound: ``line`` is 1-based. ``new`` is the canonical symbol that it should be."""

    symbol: Symbol
    new: Symbol
    path: str
    line: int


@dataclass(frozen=True)
class Proof:
    """What was established for a module that is deleted: it holds for the commit that was read."""

    rewritten: int
    """References to it that the plan rewrites; no other is left."""
    texts: tuple[str, ...]
    """Where harmless texts still name it: comments, prose, names of loggers."""
    unchecked: int
    """Files that could not be checked; none of them names it."""
    harmless: tuple[str, ...]
    """The lines that do more than forward and change nothing for others: warnings, log lines, ``__all__``."""
    folder: str | None = None
    """The folder of a package, of which the commit has nothing else."""
    tests: tuple[str, ...] = ()
    """Tests about nothing but its path, which go with it."""

    def lines(self, texts: int | None = None) -> tuple[str, ...]:
        """The whole proof; at most ``texts`` of the texts that still name the module."""
        shown = self.texts[:texts]
        more = len(self.texts) - len(shown)
        return (
            f"no reference is left: {self.rewritten} rewritten; {_texts(len(self.texts))}",
            *(f"text: {place}" for place in shown),
            *((f"text: and {more} more",) if more else ()),
            *(f"its test goes too: {place}" for place in self.tests),
            self._unchecked(),
            "no entry point and no configuration file names it",
            "importing it has no effect beyond forwarding" + ("; harmless:" if self.harmless else ""),
            *self.harmless,
            "nothing stays in its place that could be imported as a namespace package",
            *(
                (f"a working tree may keep {self.folder}/__pycache__: remove it, or the folder can still be imported",)
                if self.folder
                else ()
            ),
        )

    def short(self) -> tuple[str, ...]:
        """The proof in three lines."""
        harmless = f"; {len(self.harmless)} harmless {'line' if len(self.harmless) == 1 else 'lines'}"
        return (
            f"no reference is left: {self.rewritten} rewritten; {_texts(len(self.texts))}",
            "importing it only forwards" + (harmless if self.harmless else ""),
            f"no importable folder stays; {self._unchecked()}",
            *((f"{_tests(len(self.tests))} with it",) if self.tests else ()),
        )

    def _unchecked(self) -> str:
        if not self.unchecked:
            return "every file was checked"
        return f"{self.unchecked} {'file' if self.unchecked == 1 else 'files'} could not be checked, none names it"


def _tests(number: int) -> str:
    return "1 test about its path goes" if number == 1 else f"{number} tests about its path go"


def _texts(number: int) -> str:
    if not number:
        return "no text names it"
    return "1 harmless text still names it" if number == 1 else f"{number} harmless texts still name it"


@dataclass(frozen=True)
class ModuleReport:
    """One module of the map: what it is, what still refers to it, and whether it can go."""

    module: str
    path: str | None
    verdict: str
    references_left: int
    deletable: bool
    evidence: tuple[str, ...]
    """The proof of a module that goes; of another one, every reason why it stays, and its harmless lines."""
    proof: Proof | None = None

    def told_briefly(self) -> tuple[str, ...]:
        """The evidence for a commit message and a diff, where a long list of texts is cut."""
        return self.evidence if self.proof is None else self.proof.lines(_TEXTS)


@dataclass(frozen=True)
class Ban:
    """An old path, a module with all that is in it or one name; ``new`` is what to use instead, where that is one."""

    old: Symbol
    new: Symbol | None
    in_packages: bool = False
    """Whether it is a module that stays, in packages that have an ``__init__.py`` each."""


@dataclass(frozen=True)
class KeptImport:
    """An import of a banned path that stays on purpose."""

    path: str
    line: int
    importer: str
    module: str


@dataclass(frozen=True)
class Bans:
    """All bans by path, and the imports that stay in spite of them."""

    entries: tuple[Ban, ...] = ()
    kept: tuple[KeptImport, ...] = ()


@dataclass(frozen=True)
class Hindrance:
    """A configuration that could not be changed with certainty, and what to do about it."""

    path: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Plan:
    """All edits and deletions over one base commit, in steps; and everything that was seen beside them."""

    base: str
    recipe: Recipe
    files: int
    canonical: int
    references: tuple[Reference, ...]
    modules: tuple[ModuleReport, ...]
    unchecked: tuple[Unchecked, ...]
    steps: tuple[PlannedStep, ...]
    homes: tuple[str, ...] = ()
    """Homes that were discovered, beside those of the recipe."""
    roots: tuple[SourceRoot, ...] = ()
    implementations: frozenset[str] = frozenset()
    """Modules that define what a canonical module owns, or that it imports."""
    definitions: tuple[OwnedName, ...] = ()
    """What the canonical modules own, by name; more than one end is a second implementation."""
    aliases: tuple[Place, ...] = ()
    """Public names outside of tests that modules give to owned objects, beside the modules of the map."""
    path_tests: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tests that go in the step DELETE, by the file that has them."""
    bans: Bans = field(default_factory=Bans)
    """The old paths that linters can be told to refuse; none, if the recipe names no tool in ``enforce``."""
    hindrances: tuple[Hindrance, ...] = ()
    """Configuration that could not be told, although the recipe says so."""

    def with_disposition(self, disposition: Disposition) -> tuple[Reference, ...]:
        return tuple(found for found in self.references if found.disposition is disposition)

    @property
    def deletions(self) -> tuple[str, ...]:
        return tuple(change.path for step in self.steps for change in step.changes if change.after is None)

    def shown_paths(self) -> frozenset[str]:
        """The files of which it shows more than references, what becomes of them in one step, and shown_lines()."""
        steps = Counter(change.path for step in self.steps for change in step.changes)
        others = (step for step in self.steps if step.step not in (Step.REWRITE, Step.DOCUMENTS))
        return frozenset(
            (
                *(report.path for report in self.modules if report.path is not None),
                *(path for path, count in steps.items() if count > 1),
                *(change.path for step in others for change in step.changes),
                *(one.path for one in self.with_reason(Reason.PATH_UNDER_TEST) if self.recipe.deletes_path_tests),
            )
        )

    def shown_lines(self) -> dict[str, list[int]]:
        """The lines of other files that it shows beside references, or of which it says in which test they are."""
        shown: dict[str, list[int]] = {}
        for place in (*self.aliases, *(other for one in self.definitions for other in one.others)):
            shown.setdefault(place.path, []).append(place.line)
        for one in self.with_reason(Reason.PATH_UNDER_TEST):
            shown.setdefault(one.path, []).append(one.line)
        return shown

    def with_reason(self, reason: Reason) -> list[Reference]:
        return [one for one in self.references if one.reason is reason]

    def changed_files(self, besides: Step | None = None) -> tuple[FileChange, ...]:
        """Each file as the base has it and as the last step leaves it, by path; without what one step does."""
        merged: dict[str, FileChange] = {}
        for step in self.steps:
            for change in step.changes if step.step is not besides else ():
                known = merged.get(change.path)
                merged[change.path] = change if known is None else replace(known, after=change.after)
        return tuple(merged[path] for path in sorted(merged) if merged[path].before != merged[path].after)


def sorted_references(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """In the order of a plan."""
    return tuple(sorted(references, key=lambda one: (one.path, one.line, one.column, one.kind, one.old)))


def changes_of(step: PlannedStep) -> list[Change]:
    """What a step's commit does to the tree."""
    return [Change(change.path, change.mode, change.after) for change in step.changes]
