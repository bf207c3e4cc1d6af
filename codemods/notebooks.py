"""Jupyter notebooks: the code cells as one Python text, and what a pass does to it as edits of the raw JSON."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import tree_sitter_json
from tree_sitter import Language, Node, Parser

from codemods.engine import FileResult
from codemods.mentions import Mentions
from codemods.references import (
    Disposition,
    Edit,
    Reason,
    Reference,
    ReferenceKind,
    Relation,
    Unchecked,
    apply_edits,
)
from codemods.source import SourceText, has_conflict_markers
from codemods.symbols import Symbol
from codemods.syntax import Span, parse, syntax_fault

_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROL = re.compile(rb"\\(.)", re.DOTALL)
_BETWEEN = b"\n#\n"
"""What parts two cells of the Python text: a line of its own, so that no statement is taken for the next cell's."""

_CELL_MAGIC = re.compile(rb"\s*(?P<magic>%%(?P<name>\w+)[^\r\n]*)")
_PYTHON_CELLS = frozenset({b"time", b"timeit", b"capture", b"prun"})
"""Cell magics that run the rest of the cell as Python in the notebook's own namespace."""

_HEAD = rb"^[ \t]*(?:[\w.\[\], \t*]+=[ \t]*)??"
_TIMED = re.compile(
    _HEAD + rb"(?P<magic>%(?:time|timeit|prun|memit)[ \t]+(?:-\w+[ \t]*\d*[ \t]+)*(?=[^\s-]))", re.MULTILINE
)
"""``%timeit -n 10 f()`` runs what stands behind it as Python, in the notebook's own namespace."""

_ESCAPED_LINE = re.compile(
    _HEAD
    + rb"(?P<escape>(?:[!%?]|(?=[\w.*]+\?{1,2}[ \t]*$)|(?=(?:pip|conda|mamba|uv|cd|ls|cat|mkdir|rm|cp|mv) +[\w./~-]))"
    rb"(?:[^\r\n\\]|\\(?:\r\n|\r|\n|.))*)",
    re.MULTILINE,
)
"""``!command``, ``%magic``, ``?name``, ``name?``, ``x = !command`` and ``pip install x``, with the lines that
backslashes add."""

_EXPANDED = re.compile(rb"[{$]+\s*([^\W\d]\w*)")
_WORD = re.compile(rb"[^\W\d]\w*")


@dataclass(frozen=True)
class Piece:
    """A stretch of the Python text and the raw bytes that it stands for.

    They are the same bytes, or one escape and its character. A piece ends where the next one begins: what stands
    between two lines of a cell's list belongs to the line end before it.
    """

    at: int
    raw: int


@dataclass(frozen=True)
class Cell:
    """One code cell: its span in the Python text and in the file, and what stands between two lines there.

    That is ``",`` with a line break, the indentation and ``"`` where the lines are a list, and nothing where the
    cell is one string.
    """

    span: Span
    raw: Span
    between: str


@dataclass(frozen=True)
class Notebook:
    """A notebook of Python code. ``source`` is all code cells as one text in which magics are blanked out."""

    path: str
    raw: SourceText
    source: SourceText
    hidden: tuple[Span, ...]
    """What was blanked out of ``source``: magics and shell escapes, as spans of it."""
    cells: tuple[Cell, ...]
    pieces: tuple[Piece, ...]

    def raw_offset(self, offset: int) -> int:
        """Where in the raw file stands what is at ``offset`` of the Python text."""
        index = bisect_right(self.cells, offset, key=lambda cell: cell.span.start) - 1
        cell = self.cells[index]
        if offset >= cell.span.end:
            return cell.raw.end
        piece = self.pieces[bisect_right(self.pieces, offset, key=lambda piece: piece.at) - 1]
        return piece.raw + offset - piece.at

    def raw_edits(self, edits: Iterable[Edit]) -> tuple[Edit, ...] | None:
        """The edits of the raw file that do the same; None where they reach over more than one cell."""
        found: list[Edit] = []
        for edit in edits:
            fitted = self._fitted(edit)
            if fitted is None:
                return None
            found.append(fitted)
        return tuple(found)

    def _fitted(self, edit: Edit) -> Edit | None:
        cell = next((one for one in reversed(self.cells) if one.span.start <= edit.start), None)
        if cell is None or edit.start > cell.span.end + 1 or edit.end > cell.span.end + 1:
            return None
        start, end, text = edit.start, edit.end, edit.text
        if start > cell.span.end:  # a line put behind the cell's last one, which has no line end of its own
            start, text = cell.span.end, "\n" + text
        if end > cell.span.end:
            end, text = cell.span.end, text.removesuffix("\n")
        written = self._escaped(text, cell)
        if end == cell.span.end and text.endswith("\n"):
            written = written.removesuffix(cell.between)
        if start == cell.span.end and text and self.source.data[cell.span.start : start].endswith(b"\n"):
            written = cell.between + written
        return Edit(self.raw_offset(start), self.raw_offset(end), written)

    def _escaped(self, text: str, cell: Cell) -> str:
        literal = json.dumps(text, ensure_ascii=self.raw.data.isascii())[1:-1]
        return re.sub(r"\\\\|\\n", lambda match: match[0] + (cell.between if match[0] == r"\n" else ""), literal)


def read_notebook(path: str, raw: SourceText) -> Notebook | Unchecked:
    """The code cells of a notebook of format 4; Unchecked for what is none, or does not parse."""
    try:
        content = json.loads(raw.data)
    except (ValueError, RecursionError) as error:
        if has_conflict_markers(raw.data):
            return Unchecked(path, 1, Reason.CONFLICT_MARKERS, "merge conflict markers")
        return Unchecked(path, getattr(error, "lineno", 1), Reason.SYNTAX_ERROR, f"not JSON: {error}")
    fault = _unsupported(path, content)
    if fault is not None:
        return fault
    notebook = _Reading(path, raw).notebook()
    for cell in notebook.cells:  # one by one: a cell is not the rest of the one before it
        text = SourceText(notebook.source.data[cell.span.start : cell.span.end])
        broken = syntax_fault(text, parse(text.data))
        if broken is not None:
            place = notebook.raw_offset(cell.span.start + _line_start(text, broken.line))
            return Unchecked(path, raw.position(place)[0], broken.reason, broken.message)
    return notebook


def code_of(raw: bytes) -> bytes:
    """What the code cells of a notebook say, be it Python that parses or not; the whole file, if it has no cells.

    The JSON around them says nothing about what the code names, and has many common words: ``display_name``.
    """
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return raw
    cells = _table(content).get("cells")
    if not isinstance(cells, list):
        return raw
    sources = [_table(cell).get("source", "") for cell in cells if _table(cell).get("cell_type") == "code"]
    texts = ["".join(map(str, one)) if isinstance(one, list) else str(one) for one in sources]
    return "\n".join(texts).encode("utf-8", "surrogatepass")


def rewrite_notebook(
    path: str, raw: SourceText, run: Callable[[SourceText], FileResult], mentions: Mentions | None = None
) -> FileResult | Unchecked:
    """What ``run`` finds in the code cells and makes of them, in terms of the raw file.

    ``run`` is a step of the engine over the Python text. Its edits are carried over one by one: nothing else in
    the file changes, whatever the JSON around it looks like. Whole statements that are merely deleted, because
    another cell has an equal one, stay: cells are run one by one, in any order. Where an edit cannot be carried
    over, or a magic reads a name that would change, the whole notebook stays as it is.

    ``mentions``: also list what magics, shell escapes, prose cells and outputs name.
    """
    notebook = read_notebook(path, raw)
    if isinstance(notebook, Unchecked):
        return notebook
    result = run(notebook.source)
    others = () if mentions is None else tuple(_other_mentions(notebook, mentions))
    hindrance = _hidden_use(notebook, result.references)
    rounds = None if hindrance is not None else _raw_rounds(notebook, _rounds(result))
    if rounds is None:
        reason = hindrance or (Reason.ODD_LAYOUT, "the change would reach over the end of a cell")
        references = tuple(_placed(notebook, _unwritten(one, *reason)) for one in result.references)
        return replace(
            result, path=path, references=_sorted((*references, *others)), data=raw.data, changed=False, applied=()
        )
    data = raw.data
    for edits in rounds:
        data = apply_edits(data, edits)
    references = tuple(_placed(notebook, one) for one in result.references)
    return replace(
        result,
        path=path,
        references=_sorted((*references, *others)),
        data=data,
        changed=data != raw.data,
        applied=rounds,
    )


def _sorted(references: Iterable[Reference]) -> tuple[Reference, ...]:
    return tuple(sorted(references, key=lambda one: (one.start, one.old)))


def _placed(notebook: Notebook, reference: Reference) -> Reference:
    """The reference with its place, and its edits, in the raw file."""
    start = notebook.raw_offset(reference.start)
    line, column = notebook.raw.position(start)
    edits = notebook.raw_edits(reference.edits) or ()
    return replace(reference, start=start, line=line, column=column, edits=edits)


def _unwritten(reference: Reference, reason: Reason, detail: str) -> Reference:
    if reference.disposition is not Disposition.REWRITE:
        return reference
    return replace(reference, disposition=Disposition.MANUAL, reason=reason, detail=detail, edits=(), step=None)


def _rounds(result: FileResult) -> tuple[tuple[Edit, ...], ...]:
    if result.applied:
        return result.applied
    return (tuple(edit for one in result.references if one.disposition is Disposition.REWRITE for edit in one.edits),)


def _raw_rounds(notebook: Notebook, applied: Iterable[tuple[Edit, ...]]) -> tuple[tuple[Edit, ...], ...] | None:
    """The rounds of edits for the raw file; None if one of them does not fit into it.

    The notebook is read again after each round: only a text that is the very same counts as carried over.
    """
    rounds: list[tuple[Edit, ...]] = []
    for number, every in enumerate(applied):
        edits = every if number == 0 else tuple(edit for edit in every if edit.text)
        raw_edits = notebook.raw_edits(edits)
        if raw_edits is None:
            return None
        written = notebook.raw.with_data(apply_edits(notebook.raw.data, raw_edits))
        again = read_notebook(notebook.path, written)
        if isinstance(again, Unchecked) or again.source.data != apply_edits(notebook.source.data, edits):
            return None
        rounds.append(raw_edits)
        notebook = again
    return tuple(rounds)


def _hidden_use(notebook: Notebook, references: Iterable[Reference]) -> tuple[Reason, str] | None:
    """Why the notebook must stay: a magic expands a name (``!ls {name}``, ``$name``) that a rewritten line binds."""
    expanded = {match[1] for span in notebook.hidden for match in _EXPANDED.finditer(_hidden_text(notebook, span))}
    if not expanded:
        return None
    source = notebook.source
    for reference in references:
        if reference.disposition is Disposition.REWRITE:
            line = source.data[source.line_start(reference.start) : source.line_end(reference.start)]
            shared = expanded.intersection(_WORD.findall(line))
            if shared:
                return Reason.USE_NOT_VISIBLE, f"a magic or a shell command reads {min(shared).decode()}"
    return None


def _hidden_text(notebook: Notebook, span: Span) -> bytes:
    return notebook.raw.data[notebook.raw_offset(span.start) : notebook.raw_offset(span.end)]


def _other_mentions(notebook: Notebook, mentions: Mentions) -> Iterator[Reference]:
    """Paths outside of the Python code: those that a magic or a shell command may use, and those to be read."""
    data = _CONTROL.sub(lambda match: b"  " if match[1] in b"nrt" else match.group(), notebook.raw.data)
    hidden = [Span(notebook.raw_offset(span.start), notebook.raw_offset(span.end)) for span in notebook.hidden]
    code = [cell.raw for cell in notebook.cells]
    found: list[tuple[int, str, Symbol]] = [
        (token.start, token.mention.text, token.mention.old) for token in mentions.tokens(data)
    ]
    found += [(token.start, token.text, Symbol(token.module)) for token in mentions.paths(data)]
    for start, text, old in found:
        runs = any(span.start <= start < span.end for span in hidden)
        if not runs and any(span.start <= start < span.end for span in code):
            continue  # the pass over the code has it
        line, column = notebook.raw.position(start)
        mention = mentions.of(text)
        yield Reference(
            notebook.path,
            line,
            column,
            start,
            ReferenceKind.DOCUMENT,
            old,
            None if mention is None else mention.finding.new,
            Relation.UNDECIDABLE if mention is None else mention.finding.relation,
            Disposition.MANUAL if runs else Disposition.KEEP,
            Reason.TEXT_MENTION,
            f"{'a magic or a shell command' if runs else 'the text'} names {text}",
        )


# reading


@cache
def _language() -> Language:
    return Language(tree_sitter_json.language())


def _unsupported(path: str, content: Any) -> Unchecked | None:
    """What makes a notebook one that is not read; None for Python 3 in format 4."""
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        version = content.get("nbformat") if isinstance(content, dict) else None
        what = "not a notebook" if version is None else f"a notebook of format {version}; only format 4 is read"
        return Unchecked(path, 1, Reason.SYNTAX_ERROR, what)
    metadata = _table(content.get("metadata"))
    kernel, language = _table(metadata.get("kernelspec")), _table(metadata.get("language_info"))
    name = str(language.get("name") or kernel.get("language") or "python").lower()
    if name not in ("python", "ipython"):
        return Unchecked(path, 1, Reason.SYNTAX_ERROR, f"a notebook in {name}; only Python is read")
    if str(language.get("version", "")).startswith("2") or kernel.get("name") == "python2":
        return Unchecked(path, 1, Reason.PYTHON_2, "a notebook for Python 2")
    return None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class _Reading:
    """Builds the Python text of a notebook, piece by piece."""

    def __init__(self, path: str, raw: SourceText) -> None:
        self.path = path
        self.raw = raw
        self.text = bytearray()
        self.cells: list[Cell] = []
        self.pieces: list[Piece] = []
        self.hidden: list[Span] = []

    def notebook(self) -> Notebook:
        root = Parser(_language()).parse(self.raw.data).root_node
        notebook = next((child for child in root.named_children if child.type == "object"), None)
        cells = _member(notebook, "cells")
        for cell in [] if cells is None else cells.named_children:
            source = _member(cell, "source")
            if source is not None and _json_value(_member(cell, "cell_type")) == "code":
                other = _member(_member(_member(cell, "metadata"), "vscode"), "languageId")
                self._read_cell(source, python=_json_value(other) in (None, "python"))
        source_text = SourceText(bytes(self.text))
        return Notebook(self.path, self.raw, source_text, tuple(self.hidden), tuple(self.cells), tuple(self.pieces))

    def _read_cell(self, source: Node, *, python: bool) -> None:
        if source.type == "string":
            strings, between = [source], ""
        else:
            strings = [child for child in source.named_children if child.type == "string"]
            if not strings:
                return
            between = self._between(source, strings)
        start = len(self.text)
        for node in strings:
            self._read_string(node)
        end = len(self.text)
        if python:
            self._mask(start, end)
        elif end > start:
            self._blank(start, end)
        raw = Span(strings[0].start_byte + 1, strings[-1].end_byte - 1)
        self.cells.append(Cell(Span(start, end), raw, between))
        self.text += _BETWEEN[1:] if self.text.endswith(b"\n") or start == end else _BETWEEN

    def _between(self, source: Node, strings: list[Node]) -> str:
        """What stands between two lines of this cell's list, from quote to quote."""
        data = self.raw.data
        if len(strings) > 1:
            return data[strings[0].end_byte - 1 : strings[1].start_byte + 1].decode("utf-8")
        space = data[source.start_byte + 1 : strings[0].start_byte].decode("utf-8")
        return '",' + (space or " ") + '"'

    def _read_string(self, node: Node) -> None:
        data = self.raw.data
        offset, end = node.start_byte + 1, node.end_byte - 1
        while offset < end:
            escape = _ESCAPE.search(data, offset, end)
            stop = end if escape is None else escape.start()
            if stop > offset:
                self.pieces.append(Piece(len(self.text), offset))
                self.text += data[offset:stop]
            if escape is None:
                break
            self.pieces.append(Piece(len(self.text), escape.start()))
            character: str = json.loads(b'"' + escape.group() + b'"')
            self.text += character.encode("utf-8", "replace")
            offset = escape.end()

    # magics

    def _mask(self, start: int, end: int) -> None:
        """Blank out magics, shell escapes and help requests, if the cell is no Python as it stands."""
        cell = bytes(self.text[start:end])
        if _parses(cell):
            return
        magic = _CELL_MAGIC.match(cell)
        if magic is not None and magic["name"] not in _PYTHON_CELLS:
            self._blank(start + magic.start("magic"), end)
            return
        if magic is not None:
            self._blank(start + magic.start("magic"), start + magic.end())
        for match in _TIMED.finditer(cell):
            place = start + match.start("magic")
            self.text[place : start + match.end()] = b"0;".ljust(len(match["magic"]))
        for match in _ESCAPED_LINE.finditer(bytes(self.text[start:end])):
            self._blank(start + match.start("escape"), start + match.end("escape"))

    def _blank(self, start: int, end: int) -> None:
        """Replace a stretch by ``0`` and spaces, which is a statement wherever one may stand; line ends stay."""
        text = bytes(self.text[start:end])
        self.text[start:end] = b"0" + re.sub(rb".", b" ", text[1:])
        self.hidden.append(Span(start, end))


def _parses(text: bytes) -> bool:
    source = SourceText(text)
    return syntax_fault(source, parse(text)) is None


def _member(node: Node | None, key: str) -> Node | None:
    """The value under a key of an object; the last one, as JSON readers have it."""
    if node is None or node.type != "object":
        return None
    for pair in reversed(node.named_children):
        if pair.type == "pair" and _json_value(pair.child_by_field_name("key")) == key:
            return pair.child_by_field_name("value")
    return None


def _json_value(node: Node | None) -> Any:
    return None if node is None or node.type != "string" else json.loads(node.text or b"null")


def _line_start(source: SourceText, line: int) -> int:
    offset = 0
    for _ in range(line - 1):
        offset = source.line_end(offset)
    return offset
