"""What broken files and Python 2 files have in common: places without a trustworthy tree, and a check of the result."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tree_sitter import Node, Tree

from codemods.decisions import ParsedFile
from codemods.imports import ImportFindings
from codemods.merges import merge_rewritten, written_spans
from codemods.references import Disposition, Edit, Reason, Reference, apply_edits, offset_before
from codemods.source import SourceText
from codemods.syntax import IMPORT_TYPES, ImportStatement, Span, SyntaxFault, parse, statement_of, syntax_fault

_LINE = re.compile(rb"(?P<indent>[ \t\f]*)(?P<text>[^\r\n]*)(?:\r\n|\r|\n|\Z)")
_DEFINITION = re.compile(rb"(?:async[ \t]+)?def\b|class\b")
_BLOCK = re.compile(rb"(?:(?:async[ \t]+)?(?:def|with)|class|if)\b.*:[ \t]*(?:#.*)?")
_NO_BLOCK = frozenset({b"#", b")", b"]", b"}"})
"""What begins a line whose indentation says nothing."""

_TRIPLE = (b'"""', b"'''")


@dataclass(frozen=True)
class Carried:
    """A faulty file's references after the check, and its text (UTF-8) after their edits."""

    references: tuple[Reference, ...]
    data: bytes
    edits: tuple[Edit, ...]


def carry_out(source: SourceText, fault: SyntaxFault, references: Iterable[Reference]) -> Carried:
    """Carry out the edits of a faulty file's references, if the file has the very same fault afterwards.

    The same means: syntax_fault gives the same reason and message, and the place that it names is the same piece
    of the text. Where an edit in front of it in the same line is longer or shorter than what was there, the column
    moves along: ``from p.old import f; )`` has its error at the parenthesis, before and after. Otherwise no
    edit is carried out, and what was to be rewritten becomes ``manual``.
    """
    references = tuple(references)
    edits = tuple({edit: None for one in references if one.disposition is Disposition.REWRITE for edit in one.edits})
    if not edits:
        return Carried(references, source.data, ())
    data = apply_edits(source.data, edits)
    text = source.with_data(data)
    after = syntax_fault(text, parse(data))
    if (
        after is not None
        and (after.reason, after.message) == (fault.reason, fault.message)
        and offset_before(edits, after.offset) == fault.offset
    ):
        return Carried(references, data, edits)
    refused = tuple(
        replace(
            one,
            disposition=Disposition.MANUAL,
            reason=Reason.PYTHON_2 if fault.reason is Reason.PYTHON_2 else Reason.BROKEN_FILE,
            detail="rewritten, the file would have another first error",
            edits=(),
            step=None,
        )
        if one.disposition is Disposition.REWRITE
        else one
        for one in references
    )
    return Carried(refused, source.data, ())


def without_equal_branches(file: ParsedFile, find: Callable[[frozenset[int]], ImportFindings]) -> ImportFindings:
    """What ``find`` gives, with the offsets of the statements vetoed that would make two branches of a try equal.

    ::

        try:
            from p.new import f
        except ImportError:
            from p.old import f  (not rewritten to p.new)
    """
    vetoed: frozenset[int] = frozenset()
    while True:
        found = find(vetoed)
        edits = {
            edit
            for one in found.references
            if one.disposition is Disposition.REWRITE
            for edit in one.edits
        }  # fmt: skip
        text = file.source.with_data(apply_edits(file.source.data, edits))
        merges = merge_rewritten(
            text, written_spans(edits), file.module, is_package=file.is_package, proved=lambda _: False
        )
        fresh = {offset_before(edits, offset) for offset in merges.unproved} - vetoed
        if not fresh:
            return found
        vetoed |= fresh


class Places:
    """The blocks around a statement, read off from the indentation, where error recovery may have torn them apart.

    ::

        def test():                            def f():
            x = [1, 2
            with pytest.raises(E):     ->          with pytest.raises(E):
                from p.old import f                    from p.old import f

    The right side has every byte at its place; what matters to nobody is blank. It parses, so that its nodes can be
    asked what a place means, as those of any valid file.
    """

    def __init__(self, data: bytes, tree: Tree) -> None:
        self._data = data
        self._blank = re.sub(rb"[^ \t\f\r\n]", b" ", data)
        texts = [Span(node.start_byte, node.end_byte) for node in _long_strings(tree)]
        self._lines: list[_Line] = []
        for match in _LINE.finditer(data):
            start = match.start("text")
            in_text = any(span.start < start < span.end for span in texts)
            if match["text"] and match["text"][:1] not in _NO_BLOCK and not in_text:
                self._lines.append(_Line(start, len(match["indent"].expandtabs(8)), match["text"]))
        self._starts = [line.start for line in self._lines]

    def statement(self, span: Span) -> ImportStatement | None:
        """The import statement that is exactly this piece of the text; None where it is none, or not whole."""
        for blocks in (self._blocks(span), ()):  # without the blocks, if these are broken themselves
            node: Node | None = self._node(span, blocks)
            while node is not None and node.type not in IMPORT_TYPES:
                node = node.parent
            if node is not None and not node.has_error and (node.start_byte, node.end_byte) == (span.start, span.end):
                return statement_of(node)
        return None

    def node(self, span: Span) -> Node:
        """The smallest node over a piece of the text, in the blocks that the indentation shows."""
        return self._node(span, self._blocks(span))

    def _node(self, span: Span, blocks: Iterable[_Line]) -> Node:
        text = bytearray(self._blank[: span.end])
        for block in blocks:
            text[block.start : block.start + len(block.text)] = block.text
        text[span.start :] = self._data[span.start : span.end]
        found = parse(bytes(text)).root_node.descendant_for_byte_range(span.start, span.end - 1)
        assert found is not None
        return found

    def _blocks(self, span: Span) -> list[_Line]:
        """The lines to stand above the statement: those that begin the blocks around it."""
        index = bisect_right(self._starts, span.start) - 1
        if index < 0:
            return []
        line = self._lines[index]
        before = self._data[line.start : span.start]
        blocks = [_Line(line.start, line.indent, before)] if _begins_block(before.rstrip()) else []
        limit = line.indent
        for outer in reversed(self._lines[:index]):
            if outer.indent < limit:
                limit = outer.indent
                if _DEFINITION.match(outer.text):  # its own first line may go on over more lines
                    text = b"class C:" if outer.text.startswith(b"class") else b"def f():"
                    blocks.append(replace(outer, text=text))
                elif _begins_block(outer.text):
                    blocks.append(outer)
        return blocks


@dataclass(frozen=True)
class _Line:
    start: int
    indent: int
    text: bytes


def _begins_block(text: bytes) -> bool:
    """Whether a line begins a block that says something about what is in it."""
    return _BLOCK.fullmatch(text) is not None


def _long_strings(tree: Tree) -> Iterable[Node]:
    pending = [tree.root_node]
    while pending:
        node = pending.pop()
        if is_long_string(node):
            yield node
        else:
            pending.extend(node.named_children)


def is_long_string(node: Node) -> bool:
    """Whether the node is a string literal in triple quotes."""
    return node.type == "string" and (node.text or b"").lstrip(b"rRbBuUfFtT").startswith(_TRIPLE)
