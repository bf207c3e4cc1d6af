"""Pass: the import statements of a file that does not parse; whole ones are rewritten where only the path changes.

Nothing in such a file can be followed, so that what would need more than its own statement is listed: a statement
that must be split, a module whose uses must move along. No statement closes an import cycle, for the file cannot be
imported. That the file is exactly as broken afterwards is for ``faulty.carry_out`` to see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node, Tree

from codemods.decisions import REWRITE, Decision, Elsewhere, ParsedFile, Use, Verdict, Written
from codemods.faulty import Places, is_long_string, without_equal_branches
from codemods.imports import ImportFindings, ImportPass, OddLayoutError
from codemods.ownership import Finding, Ownership
from codemods.references import Disposition, Edit, Reason, Reference, ReferenceKind, Relation
from codemods.source import SourceText
from codemods.symbols import Symbol, package_of, resolve_relative
from codemods.syntax import ImportStatement, Span, SyntaxFault, ancestors, import_statements

_CONTINUED = rb"\\(?:\r\n|\r|\n)"
_GAP = rb"(?:[ \t]|" + _CONTINUED + rb")"
_WORD = rb"[A-Za-z0-9_\x80-\xff]"
_STATEMENT = re.compile(
    rb"(?:lazy[ \t]+)?(?:"
    rb"from\b(?:" + _CONTINUED + rb"|[^\r\n\\#;(])*?\bimport[ \t]*\((?:[^()#]|#[^\r\n]*+)*+\)"
    rb"|(?:from|import)\b(?:" + _CONTINUED + rb"|[^\r\n\\#;])*+)"
)
"""A logical line, or the rest of one, that begins as an import statement does."""

_BEGINNING = re.compile(rb"(?:^|(?<=\r))[ \t\f]*(?=(?:lazy[ \t]+)?(?:from|import)\b)", re.MULTILINE)
_FROM = re.compile(
    rb"(?:lazy[ \t]+)?from\b" + _GAP + rb"*+(?P<dots>\.[. \t]*+)?"
    rb"(?P<module>(?:" + _WORD + rb"|\.(?=" + _WORD + rb"))*+)" + _GAP + rb"*+import\b"
)  # fmt: skip
_IMPORT = re.compile(rb"(?:lazy[ \t]+)?import\b")
_FRAGMENT_NAME = re.compile(
    rb"(?:\s|\\|#[^\r\n]*+|[(,])*+"
    rb"(?P<name>" + _WORD + rb"(?:" + _WORD + rb"|\.)*)(?:[ \t]+as[ \t]+" + _WORD + rb"+)?[ \t]*(?P<comma>,?)"
)


@dataclass(frozen=True)
class Fragment:
    """What is left of an import statement that is not whole: the names that can still be read, and where they stand."""

    span: Span
    module: str | None
    level: int
    names: tuple[tuple[str, Span], ...]


def find_in_broken(file: ParsedFile, fault: SyntaxFault, ownership: Ownership, elsewhere: Elsewhere) -> ImportFindings:
    """All references in the import statements of a broken file; in one with conflict markers none is rewritten."""
    statements, fragments = statements_of_broken(file.source, file.tree)
    conflict = fault.reason is Reason.CONFLICT_MARKERS
    refusal = Reason.CONFLICT_MARKERS if conflict else Reason.BROKEN_FILE

    def find(vetoed: frozenset[int]) -> ImportFindings:
        broken = _BrokenPass(file, ownership, elsewhere, vetoed, statements, refusal)
        broken.report_fragments(fragments)
        found = broken.run()
        references = (_refused(one, refusal, rewritten=conflict) for one in found.references)
        return ImportFindings(tuple(references), found.canonical)

    return without_equal_branches(file, find)


def _refused(reference: Reference, refusal: Reason, *, rewritten: bool) -> Reference:
    """The reference, with the reason of this file where the other one says more than is known of it."""
    if reference.reason is Reason.EQUAL_BRANCHES:
        return replace(reference, reason=refusal, detail="both branches of the try statement would import the same")
    if rewritten and reference.disposition is Disposition.REWRITE:
        return replace(reference, disposition=Disposition.MANUAL, reason=refusal, edits=(), step=None)
    return reference


# finding statements


def statements_of_broken(source: SourceText, tree: Tree) -> tuple[list[ImportStatement], list[Fragment]]:
    """The whole import statements of a broken text, and the fragments of others; no place is in both.

    Error recovery finds most of them, also inside of what it could make nothing of. Where it has swallowed one, the
    line shows it: it begins with ``from`` or ``import``, and stands in no string.
    """
    places = Places(source.data, tree)
    known = [one.span for one in import_statements(tree)]
    statements: list[ImportStatement] = []
    fragments: list[Fragment] = []
    for span in sorted((*known, *_by_line(source.data, tree, known)), key=lambda one: one.start):
        written = _as_written(source.data, span.start)
        is_whole = written == span and _stands_alone(source, span)
        statement = places.statement(span) if is_whole else None
        if statement is not None:
            statements.append(statement)
            continue
        fragment = _fragment(source.data, written)
        if fragment is not None:
            fragments.append(fragment)
    return statements, fragments


def _by_line(data: bytes, tree: Tree, known: Sequence[Span]) -> Iterator[Span]:
    """The lines that begin an import statement that the tree does not have, and are no text to it."""
    for match in _BEGINNING.finditer(data):
        span = _as_written(data, match.end())
        if any(one.start < span.end and span.start < one.end for one in known):
            continue
        node = tree.root_node.descendant_for_byte_range(span.start, span.start)
        if node is None or not any(is_long_string(outer) for outer in (node, *ancestors(node))):
            yield span


def _as_written(data: bytes, start: int) -> Span:
    """The stretch of the text that Python would take for the statement that begins here: the rest of the line.

    Error recovery takes less or more: ``f`` of ``from p.old import f }``, or ``f`` in the line after ``import``.
    """
    match = _STATEMENT.match(data, start)
    assert match is not None, "it begins as an import statement does"
    rest = match.group().rstrip()
    return Span(start, start + len(rest))


def _stands_alone(source: SourceText, span: Span) -> bool:
    """Whether nothing but other statements, the head of a block and a comment stand on the lines of a statement."""
    before = source.text(source.line_start(span.start), span.start).rstrip()
    after = source.text(span.end, source.line_end(span.end)).strip()
    return before[-1:] in ("", ":", ";", "\\") and after[:1] in ("", "#", ";")


def _fragment(data: bytes, span: Span) -> Fragment | None:
    """The names that can be read where an import statement begins; None where there are none."""
    start = _FROM.match(data, span.start)
    plain = None if start is not None else _IMPORT.match(data, span.start)
    first = start or plain
    if first is None:
        return None
    names: list[tuple[str, Span]] = []
    place = first.end()
    end = len(data) if data[place : span.end].lstrip().startswith(b"(") else span.end
    while (match := _FRAGMENT_NAME.match(data, place, end)) is not None:
        names.append((match["name"].decode("utf-8"), Span(*match.span("name"))))
        place = match.end()
        if not match["comma"]:
            break
    if start is None:
        return Fragment(span, None, 0, tuple(names))
    return Fragment(span, start["module"].decode("utf-8"), (start["dots"] or b"").count(b"."), tuple(names))


# what becomes of them


class _BrokenPass(ImportPass):
    """The import pass over the statements of a broken file: ``refusal`` is the reason for what needs more than them."""

    def __init__(
        self,
        file: ParsedFile,
        ownership: Ownership,
        elsewhere: Elsewhere,
        vetoed: frozenset[int],
        statements: list[ImportStatement],
        refusal: Reason,
    ) -> None:
        super().__init__(file, ownership, elsewhere, vetoed, statements)
        self.refusal = refusal

    @staticmethod
    def _runs_at_import(node: Node) -> bool:  # noqa: ARG004  nothing of a broken file runs
        return False

    def _follow(self) -> None:
        """Look at the uses of modules as far as they can be seen; nothing of them is rewritten."""
        unseen = Verdict(Disposition.MANUAL, self.refusal, "what is used of the module cannot be followed")
        modules = [one for one in self.decisions.values() if one.old.is_module]
        for decision in modules:
            if decision.verdict.reason is Reason.MODULE_AS_VALUE:
                decision.verdict = unseen
        super()._follow()
        for decision in modules:
            if decision.verdict is REWRITE:
                decision.verdict = unseen

    def report_use(
        self, use: Use, verdict: Verdict, edits: Iterable[Edit] = (), follows: Decision | None = None
    ) -> None:
        if verdict is REWRITE:
            verdict, edits = Verdict(Disposition.MANUAL, self.refusal, "its import stays"), ()
        super().report_use(use, verdict, edits, follows)

    def _split(self, statement: ImportStatement, written: Sequence[Written]) -> Edit:  # noqa: ARG002
        raise OddLayoutError("the statement would have to be split", self.refusal)

    # fragments

    def report_fragments(self, fragments: Iterable[Fragment]) -> None:
        """List the names of statements that are not whole; where none can be read, the module itself."""
        for fragment in fragments:
            if fragment.module is None:
                for name, span in fragment.names:
                    finding = self.ownership.module_finding(name)
                    self._report_fragment(span, ReferenceKind.IMPORT, Symbol(name), finding)
                continue
            origin: str | None = fragment.module
            if fragment.level:
                package = package_of(self.file.module, is_package=self.file.is_package)
                origin = resolve_relative(package, fragment.level, fragment.module)
            if not origin:
                continue
            for name, span in fragment.names:
                symbol = Symbol(origin, name)
                found = self.ownership.finding(symbol)
                if found is not None and self._is_module(symbol, found):
                    symbol = Symbol(self._module_value(symbol))
                self._report_fragment(span, ReferenceKind.FROM_IMPORT, symbol, found)
            if not fragment.names:
                finding = self.ownership.module_finding(origin)
                self._report_fragment(fragment.span, ReferenceKind.FROM_IMPORT, Symbol(origin), finding)

    def _report_fragment(self, span: Span, kind: ReferenceKind, old: Symbol, finding: Finding | None) -> None:
        if finding is None:
            return
        if finding.relation is Relation.CANONICAL:
            self.canonical += 1
            return
        verdict = Verdict(Disposition.MANUAL, self.refusal, "the statement is not whole")
        if finding.relation is Relation.HOME or finding.reason is Reason.KEEP_RECIPE:
            verdict = Verdict(Disposition.KEEP, finding.reason, finding.detail)
        elif finding.reason is not None and finding.reason is not Reason.MODULE_AS_VALUE:
            verdict = Verdict(Disposition.MANUAL, finding.reason, finding.detail)
        self._report(span, kind, old, finding, verdict)
