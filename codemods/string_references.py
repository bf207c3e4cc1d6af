"""The references in the strings of one file: their edits, and what becomes of those that share a constant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tree_sitter import Node

from codemods.decisions import REWRITE, Verdict, dotted_edits, reference_at
from codemods.file_strings import FileStrings
from codemods.folding import Folded
from codemods.mentions import Mention, Token, name_offset
from codemods.ownership import Finding
from codemods.references import AtRunTime, Disposition, Edit, Reason, Reference, ReferenceKind
from codemods.scopes import Occurrence
from codemods.sinks import Sink
from codemods.symbols import Symbol, parts
from codemods.syntax import Span

_COMPONENT = re.compile(rb"[^.:]+")


@dataclass(frozen=True)
class StringFindings:
    """The references of one file's strings, docstrings and comments."""

    references: tuple[Reference, ...]
    leans_on: frozenset[str]
    """Modules that code in the strings uses, and that no import in this code loads; see ImportFindings."""


@dataclass(frozen=True)
class _Found:
    """One reference to be, before it is known whether the constants that it is folded from can change."""

    reference: Reference
    folded: Folded | None = None


class StringReferences:
    """Collects the references of one file's strings, and which places of the text they account for."""

    def __init__(self, strings: FileStrings, found: Iterable[Reference]) -> None:
        """``found`` are the references of the import pass: what it has read as code is accounted for."""
        self._strings = strings
        self._file = strings.file
        self._source = strings.file.source
        self._found: list[_Found] = []
        self._starts = [reference.start for reference in found]
        """Where references stand that have been read as code."""
        self._claimed: set[int] = set()
        """Where tokens stand that a sink has accounted for, by their first byte."""

    # what is accounted for

    def claim(self, folded: Folded) -> None:
        """The pieces of a string are accounted for: no token in them is a reference of its own."""
        for piece in folded.pieces:
            self._claimed.update(range(piece.start, piece.start + piece.length))

    def claim_code(self, start: int) -> None:
        """What begins here has been read as code."""
        self._starts.append(start)

    def claim_span(self, span: Span) -> None:
        """No token that begins in the span is a reference of its own."""
        self._claimed.update(range(span.start, span.end))

    def is_claimed(self, token: Token) -> bool:
        """Whether a token is accounted for."""
        return token.start in self._claimed or any(token.start <= one < token.end for one in self._starts)

    def is_claimed_within(self, folded: Folded) -> bool:
        """Whether any piece of a string is accounted for."""
        return any(piece.start in self._claimed for piece in folded.pieces)

    # the references

    def add(
        self,
        start: int,
        kind: ReferenceKind,
        old: Symbol,
        finding: Finding,
        verdict: Verdict,
        edits: tuple[Edit, ...] = (),
        at_run_time: AtRunTime = AtRunTime.NOTHING,
        folded: Folded | None = None,
    ) -> None:
        """Report a path that begins at ``start``; its edits count only where it is rewritten."""
        start = name_offset(self._source.data, start, old)
        written = edits if verdict.disposition is Disposition.REWRITE else ()
        self._found.append(
            _Found(reference_at(self._file, start, kind, old, finding, verdict, written, at_run_time), folded)
        )

    def add_token(self, token: Token, kind: ReferenceKind, verdict: Verdict) -> None:
        """Report a path that stands in a text as it is."""
        mention = token.mention
        edits: tuple[Edit, ...] | None = ()
        if verdict is REWRITE:
            data = self._source.data[token.start : token.end]
            edits = self.edits_of(Folded.literal(data, token.start), mention)
            if edits is None:
                verdict = Verdict(Disposition.KEEP, Reason.TEXT_MENTION)
        self.add(token.start, kind, mention.old, mention.finding, verdict, edits or ())

    def add_string(
        self,
        kind: ReferenceKind,
        place: Node,
        folded: Folded,
        mention: Mention,
        verdict: Verdict,
        *,
        at_run_time: AtRunTime = AtRunTime.NOTHING,
    ) -> None:
        """Report a string that has been folded; its edits go to wherever its pieces stand."""
        edits: tuple[Edit, ...] | None = ()
        if verdict is REWRITE:
            edits = self.edits_of(folded, mention)
            if edits is None:
                verdict = Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, "the string is written in pieces")
        first = folded.span(0, 1)
        own = first is not None and place.start_byte <= first.start < place.end_byte
        start = first.start if first is not None and own else place.start_byte
        self.add(start, kind, mention.old, mention.finding, verdict, edits or (), at_run_time, folded)

    def edits_of(self, folded: Folded, mention: Mention) -> tuple[Edit, ...] | None:
        """Edits of the components that differ; None where they do not stand in the file in one piece."""
        new = mention.finding.new
        if new is None:
            return None
        places = [folded.span(match.start(), match.end()) for match in _COMPONENT.finditer(folded.text)]
        old_parts = parts(mention.old.module)
        spans = [span for span in places if span is not None]
        if len(spans) != len(places) or len(spans) < len(old_parts):
            return None
        count, before, after = len(old_parts), mention.old.module, new.module
        if mention.old.name is not None and new.name is None:  # a name of a package that is a module
            count, before = count + 1, f"{before}.{mention.old.name}"
        edits = dotted_edits(Span(spans[0].start, spans[count - 1].end), spans, before, after)
        if any(b"\n" in self._source.data[edit.start : edit.end] for edit in edits):
            return None
        if len(parts(before)) != len(parts(after)) and folded.piece(0, len(before.encode())) is None:
            return None
        if mention.old.name is not None and new.name is not None and new.name != mention.old.name:
            edits.append(Edit(spans[count].start, spans[count].end, new.name))
        return tuple(edits)

    def manual_modules(self) -> set[str]:
        """The modules to which a reference leads that is left to people."""
        references = (found.reference for found in self._found)
        return {one.old.module for one in references if one.disposition is Disposition.MANUAL}

    def settled(self) -> tuple[Reference, ...]:
        """The references; those that are folded from a constant change it only if all of its uses agree."""
        wanted: dict[int, set[frozenset[Edit]]] = {}
        covered: dict[int, set[int]] = {}
        bindings: dict[int, Occurrence] = {}
        for found in self._found:
            for binding in _constants(found.folded):
                bindings[binding.node.id] = binding
                edits = _edits_in(found, binding)
                wanted.setdefault(binding.node.id, set()).add(edits)
                if found.reference.disposition is Disposition.REWRITE and found.folded is not None:
                    covered.setdefault(binding.node.id, set()).update(one.node.id for one in found.folded.constants)
        torn = {
            key
            for key, binding in bindings.items()
            if wanted[key] != {frozenset()} and (len(wanted[key]) > 1 or self._is_used_besides(binding, covered[key]))
        }
        references: list[Reference] = []
        for found in self._found:
            one = found.reference
            if one.edits and any(binding.node.id in torn for binding in _constants(found.folded)):
                detail = "the constant that it is made from is used for more than this"
                one = replace(
                    one,
                    disposition=Disposition.MANUAL,
                    reason=Reason.COMPUTED_STRING,
                    detail=detail,
                    edits=(),
                    step=None,
                )
            references.append(one)
        references.sort(key=lambda one: (one.start, one.old))
        return tuple(references)

    def _is_used_besides(self, binding: Occurrence, covered: set[int]) -> bool:
        """Whether a constant is read anywhere but in the strings that change, and where it is shown to people."""
        scope = self._file.table.scope_of(binding)
        if scope is self._file.table.module_scope and self._strings.is_public(binding.name):
            return True
        for use in self._strings.folder.uses_of(binding):
            if use.node.id in covered:
                continue
            uses = self._strings.uses(use.node)
            if uses is None or any(one.sink is not Sink.SHOWN for one in uses):
                return True
        return False


def _constants(folded: Folded | None) -> list[Occurrence]:
    """The bindings of the constants that a text is folded from."""
    if folded is None:
        return []
    return list({one.constant.node.id: one.constant for one in folded.pieces if one.constant is not None}.values())


def _edits_in(found: _Found, binding: Occurrence) -> frozenset[Edit]:
    """The edits of a reference that lie in the value of a constant."""
    assert found.folded is not None
    pieces = [one for one in found.folded.pieces if one.constant is not None and one.constant.node == binding.node]
    return frozenset(
        edit
        for edit in found.reference.edits
        if any(one.start <= edit.start and edit.end <= one.start + one.length for one in pieces)
    )
