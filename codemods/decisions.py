"""What the import pass decides: verdicts, and how names and uses are to be written; and the edits of dotted paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

from tree_sitter import Node, Tree

from codemods.alias_map import AliasMap
from codemods.bindings import absolute_module
from codemods.ownership import Contest, Finding, Ownership
from codemods.references import AtRunTime, Disposition, Edit, Reason, Reference, ReferenceKind, Relation, Step
from codemods.scopes import Occurrence, Scope, ScopeTable, scope_table
from codemods.sinks import Sink, may_have_sinks
from codemods.source import SourceText
from codemods.symbols import Symbol, common_length, parts
from codemods.syntax import ImportedName, ImportStatement, Span, import_statements

REWRITABLE = frozenset({Relation.ALIAS, Relation.MOVED, Relation.REPAIR})


@dataclass(frozen=True)  # without slots: what the passes ask for more than once is kept
class ParsedFile:
    """A Python file and the module that it is."""

    path: str
    module: str
    is_package: bool
    source: SourceText
    tree: Tree

    @cached_property
    def statements(self) -> list[ImportStatement]:
        """The import statements, in source order."""
        return import_statements(self.tree)

    @cached_property
    def table(self) -> ScopeTable:
        """The scopes."""
        return scope_table(self.tree)

    @cached_property
    def has_sinks(self) -> bool:
        """Whether anything in the text may look a string up."""
        return may_have_sinks(self.source.data)

    def origin_of(self, statement: ImportStatement) -> str | None:
        """The module that a ``from`` statement of this file names, absolute; None beyond the root package."""
        return absolute_module(statement, self.module, is_package=self.is_package)


class Elsewhere(Protocol):
    """What the rest of the repository says about a name in a module's namespace."""

    def mentions(self, module: str, name: str) -> bool:
        """Whether another file may read ``name`` from ``module`` (an import, an attribute, a string)."""


@dataclass(frozen=True)
class Verdict:
    """What is done about a finding at one place, and why."""

    disposition: Disposition
    reason: Reason | None = None
    detail: str = ""


REWRITE = Verdict(Disposition.REWRITE)


def reference_at(
    file: ParsedFile,
    start: int,
    kind: ReferenceKind,
    old: Symbol,
    finding: Finding,
    verdict: Verdict,
    edits: tuple[Edit, ...],
    at_run_time: AtRunTime,
) -> Reference:
    """The reference of the rewrite step that begins at the byte ``start`` of a file."""
    line, column = file.source.position(start)
    return Reference(
        file.path,
        line,
        column,
        start,
        kind,
        old,
        finding.new,
        finding.relation,
        verdict.disposition,
        verdict.reason,
        verdict.detail,
        finding.chain,
        edits,
        Step.REWRITE if verdict.disposition is Disposition.REWRITE else None,
        at_run_time,
    )


@dataclass(frozen=True)
class Written:
    """How one imported name is to be written: ``from module import name as asname``, or ``import module, also``."""

    module: str
    name: str | None
    asname: str | None
    also: tuple[str, ...] = ()

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that the plain import form names."""
        return (self.module, *self.also)


@dataclass(slots=True)
class Decision:
    """One name of one statement, what it is and what becomes of it."""

    statement: ImportStatement
    name: ImportedName
    old: Symbol
    finding: Finding
    verdict: Verdict
    written: Written | None = None
    use_edits: list[Edit] = field(default_factory=list)


@dataclass(frozen=True)
class Use:
    """An occurrence of a bound module, followed along its attributes: ``watched`` is ``path[module_index]``.

    ``sink`` is set where the last name of the path is a string, as in ``patch.object(module, "name")``.
    """

    occurrence: Occurrence
    path: tuple[tuple[str, Span], ...]
    module: str
    module_index: int
    finding: Finding
    is_module_object: bool
    sink: Sink | None = None

    @property
    def is_patch(self) -> bool:
        """Whether the name is replaced for a while."""
        return self.sink in (Sink.PATCH_OBJECT, Sink.MONKEYPATCH)

    @property
    def is_written(self) -> bool:
        """Whether the attribute is assigned to, deleted or augmented."""
        return self.sink is Sink.WRITE_ATTRIBUTE or (self.sink is None and self.occurrence.written_attribute())

    @property
    def span(self) -> Span:
        end = self.module_index if self.is_module_object else self.module_index + 1
        return Span(self.path[0][1].start, self.path[end][1].end)

    @property
    def name(self) -> str | None:
        return None if self.is_module_object else self.path[self.module_index + 1][0]


class Binder(NamedTuple):
    """One name of a statement, and the module that it binds; None where it is no module."""

    statement: ImportStatement
    name: ImportedName
    module: str | None


class FilePass(Protocol):
    """What settling one module name needs to know of its file, and where it reports its uses."""

    file: ParsedFile
    source: SourceText
    ownership: Ownership
    alias_map: AliasMap
    elsewhere: Elsewhere
    statements: list[ImportStatement]
    decisions: dict[int, Decision]

    def use_of(self, occurrence: Occurrence, module: str) -> Use | None:
        """Follow an occurrence of a name bound to ``module``; None where it reaches nothing of ours."""

    def report_use(
        self, use: Use, verdict: Verdict, edits: Iterable[Edit] = (), follows: Decision | None = None
    ) -> None:
        """Remember a use; ``follows`` is the import that must be written for the use to be rewritten."""

    def contest(self, symbol: Symbol, *, is_patch: bool) -> Verdict | None:
        """The verdict on a late read or a patch of a symbol that is contested in this file; None if it is not."""

    def verdict_at(self, node: Node, span: Span, old: Symbol, finding: Finding) -> Verdict:
        """Whether a finding can be rewritten at this place, as far as the place itself decides it."""

    def cycle_at(self, node: Node, old_module: str, new_module: str) -> Verdict | None:
        """The verdict on an import of ``new_module`` at this place that closes a cycle; None if it closes none."""

    def too_late(self, old: Symbol, new: Symbol) -> Verdict | None:
        """The verdict on a name that this file, where it is imported, would read before it is there; None if it is."""

    def module_text(self, statement: ImportStatement, module: str) -> str:
        """The module as this statement would write it."""

    def own_line_indent(self, statement: ImportStatement) -> str | None:
        """The indentation of a statement that has its line(s) to itself; None where it shares them."""

    def is_loaded(self, module: str, ran: Callable[[Node], bool] = lambda _: True, *, is_late: bool = True) -> bool:
        """Whether this file, or the package of ``module``, already makes sure that ``module`` is imported.

        Of this file's imports only those count of which ``ran`` says that they ran before. The package counts
        where it is surely complete: for late code, and in a file that is not run by the package itself.
        """

    def is_exported(self, local: str) -> bool:
        """Whether ``__all__`` names this name, or is computed so that it may."""

    def binds_only_packages(self, table: ScopeTable, local: str, scope: Scope) -> bool:
        """Whether a scope binds a name by imports alone."""


def contested_verdict(contest: Contest | None, *, is_patch: bool) -> Verdict | None:
    """What becomes of a patch, or of a late read, that is contested; None if it is not."""
    if contest is None or contest.moves:
        return None
    if not is_patch:
        return Verdict(Disposition.MANUAL, Reason.PATCHED_UNDER_OLD_PATH, contest.detail)
    if contest.by_owner:
        return Verdict(Disposition.KEEP, Reason.PATCHED_WHERE_READ, contest.detail)
    return Verdict(Disposition.MANUAL, Reason.PATCH_READER_STAYS, contest.detail)


def dotted_edits(span: Span, components: Sequence[Span], old: str, new: str) -> list[Edit]:
    """Edits that turn a dotted path in the text into another one, touching only the components that differ.

    Between the components there may be white space, line breaks and comments: ``p . old`` becomes ``p . new``.
    """
    before, after = parts(old), parts(new)
    shared = common_length(before, after)
    if len(before) == len(after):
        return [
            Edit(place.start, place.end, text)
            for place, text, was in zip(components, after, before, strict=False)
            if text != was
        ]
    if shared == len(after):
        return [Edit(components[shared - 1].end, components[len(before) - 1].end, "")]
    if shared == len(before):
        end = components[shared - 1].end
        return [Edit(end, end, "." + ".".join(after[shared:]))]
    if shared == 0 and len(components) == len(before):
        return [Edit(span.start, components[len(before) - 1].end, new)]
    return [Edit(components[shared].start, components[len(before) - 1].end, ".".join(after[shared:]))]
