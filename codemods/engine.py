"""The passes over one file, in order: find() for the references, rewrite() for the new text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from codemods.broken import find_in_broken
from codemods.collapse import find_collapses
from codemods.decisions import Elsewhere, ParsedFile
from codemods.faulty import carry_out
from codemods.imports import find_imports
from codemods.mentions import Mentions
from codemods.merges import merge_rewritten, written_spans
from codemods.ownership import Ownership
from codemods.python2 import find_in_python2
from codemods.references import (
    IMPORT_KINDS,
    Disposition,
    Edit,
    Reason,
    Reference,
    ReferenceKind,
    apply_edits,
    offset_before,
)
from codemods.source import SourceText
from codemods.string_verdicts import NEEDS_IMPORT
from codemods.strings import find_strings
from codemods.syntax import SyntaxFault, parse


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Rules:
    """What the passes over one file need to know of the rest: the same for all files."""

    ownership: Ownership
    mentions: Mentions
    elsewhere: Elsewhere
    proved: Callable[[str], bool]
    """Whether importing a module cannot fail."""
    asked: frozenset[ReferenceKind] = frozenset()
    """Kinds of text that the recipe wants to be rewritten."""


def rewrite_file(file: ParsedFile, rules: Rules) -> FileResult:
    """The rewrite step for one file: import statements, the uses of what they bind, and strings."""
    vetoed: frozenset[int] = frozenset()
    pinned: frozenset[str] = frozenset()
    while True:
        found = find_imports(file, rules.ownership, rules.elsewhere, vetoed, pinned)
        strings = find_strings(file, rules.ownership, rules.mentions, rules.elsewhere, found.references, rules.asked)
        references = (*found.references, *strings.references)
        leans_on = found.leans_on | strings.leans_on
        needed = _needed_by(strings.references) | _loads_lost(found.references, leans_on, rules.ownership)
        if not needed <= pinned:
            pinned |= needed
            continue
        edits = _edits(references)
        if not edits:
            return FileResult(file.path, references, found.canonical, file.source.data, False, leans_on)
        text = file.source.with_data(apply_edits(file.source.data, edits))
        merges = merge_rewritten(
            text, written_spans(edits), file.module, is_package=file.is_package, proved=rules.proved
        )
        fresh = {offset_before(edits, offset) for offset in merges.unproved} - vetoed
        if not fresh:
            data = apply_edits(text.data, merges.edits)
            changed = data != file.source.data
            applied = (edits, merges.edits)
            return FileResult(file.path, references, found.canonical, data, changed, leans_on, applied)
        vetoed |= fresh


def _needed_by(strings: Iterable[Reference]) -> frozenset[str]:
    """Modules that strings which stay need this file to import, to find them loaded or under their names."""
    return frozenset(
        one.old.module
        for one in strings
        if one.disposition is not Disposition.REWRITE
        and ((one.kind is ReferenceKind.PATCH_TARGET and one.old.is_module) or one.detail.startswith(NEEDS_IMPORT))
    )


def _loads_lost(references: Iterable[Reference], leans_on: frozenset[str], ownership: Ownership) -> frozenset[str]:
    """Modules whose import by this file loads, on its way, what the file reads without importing it.

    They stay, unless the canonical module loads the same.
    """
    gives_up = ownership.alias_map.gives_up
    return frozenset(
        one.old.module
        for one in references
        if one.disposition is Disposition.REWRITE
        and one.new is not None
        and one.kind in IMPORT_KINDS
        and not leans_on.isdisjoint(gives_up(one.old.module, one.new.module))
    )


def rewrite_faulty(file: ParsedFile, fault: SyntaxFault, rules: Rules) -> FileResult:
    """The rewrite step for a file that is no valid Python 3: what is whole in it, if it is exactly as faulty then."""
    if fault.reason is Reason.PYTHON_2:
        found = find_in_python2(file, rules.ownership, rules.elsewhere)
    else:
        found = find_in_broken(file, fault, rules.ownership, rules.elsewhere)
    strings = find_strings(file, rules.ownership, rules.mentions, rules.elsewhere, found.references, rules.asked)
    if fault.reason is Reason.CONFLICT_MARKERS:
        strings = replace(strings, references=tuple(_unwritten(one, fault.reason) for one in strings.references))
    carried = carry_out(file.source, fault, (*found.references, *strings.references))
    changed = carried.data != file.source.data
    leans_on = found.leans_on | strings.leans_on
    return FileResult(file.path, carried.references, found.canonical, carried.data, changed, leans_on, (carried.edits,))


def _unwritten(one: Reference, reason: Reason) -> Reference:
    if one.disposition is not Disposition.REWRITE:
        return one
    return replace(one, disposition=Disposition.MANUAL, reason=reason, edits=(), step=None)


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
