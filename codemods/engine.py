"""The passes over one file, in order: find() for the references, rewrite() for the new text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from codemods.collapse import find_collapses
from codemods.decisions import Elsewhere, ParsedFile
from codemods.imports import find_imports
from codemods.merges import merge_rewritten
from codemods.ownership import Ownership
from codemods.references import Disposition, Edit, Reference, apply_edits, offset_before
from codemods.source import SourceText
from codemods.syntax import Span, parse


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one step finds in one file, and the file's text after the step (UTF-8; the same if unchanged)."""

    path: str
    references: tuple[Reference, ...]
    canonical: int
    data: bytes
    changed: bool
    leans_on: frozenset[str] = frozenset()
    """See ImportFindings."""
    applied: tuple[tuple[Edit, ...], ...] = ()
    """The rounds of edits that led from the base text to ``data``."""

    def base_offset(self, offset: int) -> int:
        """Where in the base text stands what is at ``offset`` of ``data``."""
        for edits in reversed(self.applied):
            offset = offset_before(edits, offset)
        return offset


def rewrite_imports(
    file: ParsedFile, ownership: Ownership, elsewhere: Elsewhere, proved: Callable[[str], bool]
) -> FileResult:
    """The rewrite step for one file: import statements and the uses of what they bind."""
    vetoed: frozenset[int] = frozenset()
    while True:
        found = find_imports(file, ownership, elsewhere, vetoed)
        edits = _edits(found.references)
        if not edits:
            return FileResult(file.path, found.references, found.canonical, file.source.data, False, found.leans_on)
        text = file.source.with_data(apply_edits(file.source.data, edits))
        merges = merge_rewritten(text, _written_spans(edits), file.module, is_package=file.is_package, proved=proved)
        fresh = {offset_before(edits, offset) for offset in merges.unproved} - vetoed
        if not fresh:
            data = apply_edits(text.data, merges.edits)
            changed = data != file.source.data
            applied = (edits, merges.edits)
            return FileResult(file.path, found.references, found.canonical, data, changed, found.leans_on, applied)
        vetoed |= fresh


def collapse_aliases(file: ParsedFile, ownership: Ownership, elsewhere: Elsewhere) -> FileResult:
    """The collapse step for one file, over the text that the rewrite step left."""
    references = find_collapses(file, ownership, elsewhere)
    data = apply_edits(file.source.data, _edits(references))
    return FileResult(file.path, references, 0, data, data != file.source.data)


def parsed(path: str, module: str, is_package: bool, source: SourceText) -> ParsedFile:
    """A file with its tree."""
    return ParsedFile(path, module, is_package, source, parse(source.data))


def _edits(references: Iterable[Reference]) -> tuple[Edit, ...]:
    return tuple(
        {
            edit: None
            for reference in references
            if reference.disposition is Disposition.REWRITE
            for edit in reference.edits
        }
    )


def _written_spans(edits: Iterable[Edit]) -> list[Span]:
    """Where the edits' texts stand in the edited text."""
    spans: list[Span] = []
    shift = 0
    for edit in sorted(set(edits)):
        length = len(edit.text.encode("utf-8"))
        spans.append(Span(edit.start + shift, edit.start + shift + length))
        shift += length - (edit.end - edit.start)
    return spans
