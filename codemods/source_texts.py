"""Source texts: Python code inside the strings of a file, that is doctests and what is run or generated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tree_sitter import Node

from codemods.decisions import REWRITE, ParsedFile, Verdict
from codemods.embedded import Embedded, dedented, doctests, unescaped
from codemods.file_strings import FileStrings
from codemods.mentions import Mentions, Token
from codemods.open_paths import OpenPaths
from codemods.ownership import Finding
from codemods.references import Disposition, Edit, Reason, Reference, ReferenceKind
from codemods.sinks import Sink, may_execute
from codemods.string_references import StringFindings, StringReferences
from codemods.string_verdicts import is_kept, text_verdict
from codemods.symbols import join, package_of, resolve_relative
from codemods.syntax import contents_of, import_statements, is_docstring, parse, string_nodes, text_of

_RELATIVE_SOURCE = re.compile(
    rb"from(?<!\wfrom)[ \t]+(?P<dots>\.+)(?P<module>[\w.]*)[ \t]+import[ \t]+(?P<names>[\w \t,]*)"
)
_OPEN_SOURCE = re.compile(rb"(?:import|from)(?<!\wimport)(?<!\wfrom)[ \t]+[\w.]+\.(?:[{%]|\"|')")


class SourceTexts:
    """Lists what the source texts of one file refer to."""

    def __init__(
        self,
        strings: FileStrings,
        mentions: Mentions,
        references: StringReferences,
        open_paths: OpenPaths,
        asked: frozenset[ReferenceKind],
        find: Callable[[ParsedFile], StringFindings],
    ) -> None:
        """``find`` gives the references of source text as those of a file of its own."""
        self._strings = strings
        self._file = strings.file
        self._source = strings.file.source
        self._mentions = mentions
        self._references = references
        self._open_paths = open_paths
        self._asked = asked
        self._find = find
        self.leans_on: frozenset[str] = frozenset()
        """See StringFindings."""
        self._coded: set[int] = set()
        """Strings whose source text has been read as code, by their first byte."""

    def doctests(self) -> None:
        """List what the doctests of the file refer to."""
        for docstring, embedded in self._doctests():
            self._code(embedded, docstring, ReferenceKind.DOCSTRING)

    def source_text(self, token: Token, node: Node) -> None:
        """Import statements in a string: code if it is executed, else data, which is only listed."""
        executed = self._strings.is_executed(node)
        contents = contents_of(node)
        if (executed or ReferenceKind.SOURCE_TEXT in self._asked) and contents is not None:
            if node.start_byte in self._coded:
                return
            self._coded.add(node.start_byte)
            embedded = (
                unescaped(self._source.data, node)
                if b"\\" in self._strings.content(node)
                else dedented(self._source.data, contents.start, contents.end)
            )
            if self._code(embedded, node, ReferenceKind.SOURCE_TEXT):
                return
        verdict = text_verdict(self._source, node, Disposition.MANUAL, Reason.TEXT_MENTION)
        self._references.add_token(token, ReferenceKind.SOURCE_TEXT, verdict)

    def unresolved(self) -> None:
        """Import statements inside strings that count from this file's package, or of which a part is put in later."""
        for match in _RELATIVE_SOURCE.finditer(self._source.data):
            node = self._strings.text_at(match.start())
            package = package_of(self._file.module, is_package=self._file.is_package)
            dots = match["dots"].decode()
            origin = None if not package else resolve_relative(package, len(dots), match["module"].decode())
            if node is None or node.type != "string" or origin is None:
                continue
            for name in ("", *re.findall(r"\w+", match["names"].decode("utf-8", "replace"))):
                mention = self._mentions.of(join(origin, name))
                if mention is not None and (mention.old.is_module or mention.rest == ""):
                    verdict = text_verdict(
                        self._source, node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE, match[0].decode()[:80]
                    )
                    token = Token(match.start(), match.end(), mention)
                    self._references.add_token(token, ReferenceKind.SOURCE_TEXT, verdict)
                    break
        opened = list(_OPEN_SOURCE.finditer(self._source.data))
        for match in opened if opened and may_execute(self._source.data) else ():  # few files have such a source
            node = self._strings.text_at(match.start())
            if node is not None and node.type == "string" and not is_docstring(node):
                self._open_paths.add(node, node, Sink.IMPORT)

    def _doctests(self) -> Iterator[tuple[Node, Embedded]]:
        """The doctests of every docstring, each docstring as one text."""
        if b">>>" not in self._source.data:
            return
        for node in string_nodes(self._file.tree):
            contents = contents_of(node)
            if contents is not None and b">>>" in (node.text or b"") and is_docstring(node):
                embedded = doctests(self._source.data, contents.start, contents.end)
                if embedded is not None:
                    yield node, embedded

    def _code(self, embedded: Embedded, node: Node, kind: ReferenceKind) -> bool:
        """The references of Python code inside a string; False where it does not parse."""
        tree = parse(embedded.data)
        if tree.root_node.has_error:
            return False
        code = ParsedFile(self._file.path, "", False, self._source.with_data(embedded.data), tree)
        found = self._find(code)
        self.leans_on |= found.leans_on
        for one in found.references:
            start = embedded.outer_offset(one.start)
            edits = embedded.outer_edits(one.edits)
            keep = is_kept(self._source, node)
            verdict = Verdict(one.disposition, one.reason, one.detail)
            if keep:
                verdict = Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
            elif verdict.disposition is Disposition.REWRITE:
                verdict = REWRITE
                if edits is None or not all(_fits(edit, node, kind) for edit in edits):
                    verdict = Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, "the string cannot hold the new text")
            place = node.start_byte if start is None else start
            self._references.claim_code(place)
            self._references.add(place, kind, one.old, _finding_of(one), verdict, edits or ())
        for statement in import_statements(tree):
            span = embedded.outer_span(statement.span)
            if span is not None:
                self._references.claim_span(span)
        return True


def _finding_of(reference: Reference) -> Finding:
    return Finding(reference.relation, reference.new, reference.chain)


def _fits(edit: Edit, node: Node, kind: ReferenceKind) -> bool:
    """Whether a string can hold the new text as it is: a line break only in source text in triple quotes."""
    quotes = text_of(node.children[0]).lstrip("rRuUbBfF")
    if "\n" in edit.text and (kind is ReferenceKind.DOCSTRING or len(quotes) != 3):
        return False
    return quotes[0] not in edit.text and "\\" not in edit.text
