"""Dotted names in the texts of a file: strings that are a path or hold one, docstrings and comments."""

from __future__ import annotations

import re

from tree_sitter import Node

from codemods.decisions import REWRITABLE, REWRITE, Verdict
from codemods.dynamic_imports import DynamicImports
from codemods.file_strings import FileStrings
from codemods.folding import Folded
from codemods.mentions import Mention, Mentions, Token, blank
from codemods.references import AtRunTime, Disposition, Reason, ReferenceKind, Relation
from codemods.sinks import STRING_SINKS, Sink
from codemods.source_texts import SourceTexts
from codemods.string_lookups import StringLookups
from codemods.string_references import StringReferences
from codemods.string_verdicts import EVALUATED, text_verdict
from codemods.syntax import concatenations, contents_of, is_docstring, text_of

_CODE = re.compile(rb"(?:^|[\r\n;:])[ \t]*(?:from[ \t]+[\w.]+[ \t]+import\b|import[ \t]+\w)")
_ESCAPES = re.compile(rb"\\(?:x[0-9a-fA-F]{2}|[abfnrtv](?=[A-Za-z_]))")
"""An escape beside a name: its letters do not belong to the name."""

_GAP = re.compile(rb"[.:](?:$|[%{])")
_ENTRY_POINT = re.compile(rb"\s*[\w.-]+\s*=\s*[\w.]+:[\w.]+\s*(?:\[[^\]]*\])?\s*")
_COMMAND = re.compile(rb"(?<![\w-])-(?:\w*m\s*$|\w*c\s*\\?[\"'])")
"""What runs a path, in front of it: ``-m``, or ``-c`` and a quote."""
_PATHS = re.compile(rb"\s*\w+(?:[.:]\w+)+(?:[\s,;|]+\w+(?:[.:]\w+)+)+[\s,;|]*")
"""A list of dotted paths, however it is to be split."""
_BEFORE_VALUE = re.compile(rb"=$|(?:[:=,{]|(?<!\w)\[)\s*\\?[\"']$")
_IN_ROLE = re.compile(rb"(?::[\w:+-]+:`[~!]?|:::[ \t]*)$")
_PERSISTED = re.compile(r"\b(__module__|__reduce__|pickle|shared_task|app\.task|celery)\b")


class TextTokens:
    """Lists the dotted names in the texts of one file that nothing has accounted for."""

    def __init__(
        self,
        strings: FileStrings,
        mentions: Mentions,
        references: StringReferences,
        lookups: StringLookups,
        imports: DynamicImports,
        source_texts: SourceTexts,
        asked: frozenset[ReferenceKind],
    ) -> None:
        self._strings = strings
        self._source = strings.file.source
        self._mentions = mentions
        self._references = references
        self._lookups = lookups
        self._imports = imports
        self._source_texts = source_texts
        self._asked = asked

    def dotted_names(self) -> None:
        """Every whole dotted name, however it is written."""
        data = self._source.data
        for token in self._mentions.tokens(_ESCAPES.sub(blank, data)):
            self._token(token)
        for token in self._mentions.escaped_tokens(data):
            self._pattern(token)
        for token in self._mentions.external_tokens(data):
            self._external(token)
        for token in self._mentions.top_level(data):
            node = self._strings.text_at(token.start)
            if node is not None and node.type == "string" and not is_docstring(node):
                self._token(token)

    def imported_names(self) -> None:
        """``from module import name`` where the module alone is none of ours."""
        for token in self._mentions.imported_names(self._source.data):
            self._token(token)

    def concatenated(self) -> None:
        """``"p." "old.f"``: a path of which no single piece shows what it is."""
        for node in concatenations(self._strings.file.tree):
            if any(_is_prose(piece) for piece in node.named_children):
                continue
            folded = self._strings.folder.fold(node)
            mention = self._mentions.of(folded.decoded) if folded.is_known else None
            if mention is None or folded.piece(0, len(folded.text)) is not None:
                continue
            if self._references.is_claimed_within(folded):
                continue
            self._references.claim(folded)
            self._whole(Token(node.start_byte, node.end_byte, mention), node)

    def _token(self, token: Token) -> None:
        if self._references.is_claimed(token):
            return
        node = self._strings.text_at(token.start)
        if node is None:
            return  # code: the import pass has it
        if node.type == "comment":
            self._prose(token, ReferenceKind.COMMENT, node)
        elif is_docstring(node):
            self._docstring_token(token, node)
        elif (contents := contents_of(node)) is not None and (contents.start, contents.end) == (token.start, token.end):
            self._whole(token, node)
        else:
            self._part(token, node)

    def _pattern(self, token: Token) -> None:
        """``p\\.old`` in a regular expression: text that searches for the path."""
        node = self._strings.text_at(token.start)
        if node is not None and node.type == "string":
            verdict = text_verdict(self._source, node, Disposition.KEEP, Reason.TEXT_MENTION)
            self._references.add_token(token, ReferenceKind.SOURCE_TEXT, verdict)

    def _external(self, token: Token) -> None:
        """``ext://p.old.f`` in a string, as logging.config has it."""
        node = self._strings.text_at(token.start)
        if node is not None and node.type == "string":
            verdict = text_verdict(self._source, node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE)
            self._references.add_token(token, ReferenceKind.DOTTED_STRING, verdict)

    # strings that are a path

    def _whole(self, token: Token, node: Node) -> None:
        """A string that is exactly a path: by what this file does with it."""
        folded = self._strings.folder.fold(node)
        mention = token.mention
        uses = self._strings.uses(node)
        sinks = None if uses is None else {use.sink for use in uses} - {Sink.SHOWN}
        kind = ReferenceKind.DOTTED_STRING
        if uses is not None and sinks and sinks <= STRING_SINKS and len(sinks) == 1:
            if _stands_beside_canonical(node, mention):
                verdict = Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST, "the canonical path stands beside it")
                self._references.add_string(ReferenceKind.DYNAMIC_IMPORT, node, folded, mention, verdict)
                return
            use = next(use for use in uses if use.sink is not Sink.SHOWN)
            self._lookups.looked_up(use.sink, use.node, node, folded, mention)
        elif uses is not None and sinks is not None and Sink.MODULE_KEY in sinks:
            self._imports.module_key(node, folded, mention, uses)
        elif sinks == {Sink.LOGGER}:
            self._references.add_string(kind, node, folded, mention, Verdict(Disposition.KEEP, Reason.RUNTIME_NAME))
        elif kind in self._asked:
            self._prose(Token(node.start_byte, node.end_byte, mention), kind, node, folded)
        elif (sinks == set() and uses) or (not sinks and self._mentions.may_name_a_file(mention)):
            verdict = text_verdict(self._source, node, Disposition.KEEP, Reason.TEXT_MENTION)
            self._references.add_string(kind, node, folded, mention, verdict)
        else:
            persisted = _PERSISTED.search(_statement_text(node)) is not None
            reason = Reason.PERSISTED_NAME if persisted else Reason.USE_NOT_VISIBLE
            verdict = text_verdict(self._source, node, Disposition.MANUAL, reason)
            finding = mention.finding
            fails = finding.relation in (Relation.MISSING, Relation.REPAIR, Relation.UNDECIDABLE)
            if fails and finding.reason is not None and verdict.disposition is Disposition.MANUAL:
                verdict = Verdict(Disposition.MANUAL, finding.reason, finding.detail)
            may_patch = AtRunTime.NOTHING if mention.old.is_module or mention.rest else AtRunTime.PERHAPS_PATCHES
            self._references.add_string(kind, node, folded, mention, verdict, at_run_time=may_patch)

    # strings that hold a path

    def _part(self, token: Token, node: Node) -> None:
        """A path that is a part of a longer string: source text, an f-string's beginning, or prose."""
        if self._is_command(token, node):
            verdict = text_verdict(
                self._source, node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE, "it stands in a command line"
            )
            self._references.add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        elif _CODE.search(self._strings.content(node)):
            self._source_texts.source_text(token, node)
        elif _touches_field(token, node) or self._is_filled_in(token, node):
            verdict = text_verdict(self._source, node, Disposition.MANUAL, Reason.COMPUTED_STRING, text_of(node)[:80])
            self._references.add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        elif self._is_looked_up(token, node):
            verdict = text_verdict(self._source, node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE, EVALUATED)
            self._references.add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        elif self._mentions.may_name_a_file(token.mention):
            self._prose(token, ReferenceKind.DOTTED_STRING, node)
        elif text_of(node).lower().startswith(("b", "rb")):
            verdict = text_verdict(self._source, node, Disposition.MANUAL, Reason.PERSISTED_NAME)
            self._references.add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        elif self._is_data(token, node):
            verdict = text_verdict(self._source, node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE)
            self._references.add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        else:
            self._prose(token, ReferenceKind.DOTTED_STRING, node)

    def _is_data(self, token: Token, node: Node) -> bool:
        """Whether a part of a string is a value for a program rather than a word for people, and not only shown.

        That is an element of a list of paths, or a value behind ``=``, or in quotes behind what JSON has before values.
        """
        contents = contents_of(node)
        if contents is None:
            return False
        is_value = _BEFORE_VALUE.search(self._source.data, contents.start, token.start) is not None
        if not is_value and not _PATHS.fullmatch(self._source.data, contents.start, contents.end):
            return False
        uses = self._strings.uses(node)
        return not uses or not all(use.sink in (Sink.SHOWN, Sink.LOGGER) for use in uses)

    def _is_filled_in(self, token: Token, node: Node) -> bool:
        """Whether the string is a path with a gap at its end: ``"p.old."``, ``"p.old.%s"``, ``"p.old.{}"``."""
        contents = contents_of(node)
        if contents is None or contents.start != token.start:
            return False
        return _GAP.match(self._source.data[token.end : contents.end]) is not None

    def _is_looked_up(self, token: Token, node: Node) -> bool:
        """Whether a part of a string is surely no prose: an expression that is evaluated, or ``name = module:attr``."""
        contents = contents_of(node)
        if contents is not None and ":" in token.mention.text:
            start = max(contents.start, self._source.data.rfind(b"\n", 0, token.start) + 1)
            end = self._source.data.find(b"\n", token.end, contents.end)
            if _ENTRY_POINT.fullmatch(self._source.data, start, contents.end if end < 0 else end):
                return True
        return self._strings.is_executed(node)

    def _is_command(self, token: Token, node: Node) -> bool:
        """Whether a path is what a command line runs, ``python -m p.old``, and not only shown to people."""
        contents = contents_of(node)
        if contents is None or not _COMMAND.search(self._source.data, contents.start, token.start):
            return False
        uses = self._strings.uses(node)
        return not uses or not all(self._strings.callees.sink(use.node) in (Sink.SHOWN, Sink.EXECUTE) for use in uses)

    # texts for people

    def _docstring_token(self, token: Token, node: Node) -> None:
        """A role (``:class:`p.old.C```) is looked up by the tool that builds the documentation; the rest is prose."""
        before = self._source.data[max(0, token.start - 40) : token.start]
        if _IN_ROLE.search(before) and _can_follow(token.mention):
            verdict = text_verdict(self._source, node, Disposition.KEEP, Reason.TEXT_MENTION)
            is_kept = verdict.reason is Reason.KEEP_COMMENT
            self._references.add_token(token, ReferenceKind.DOCSTRING, verdict if is_kept else REWRITE)
        else:
            self._prose(token, ReferenceKind.DOCSTRING, node)

    def _prose(self, token: Token, kind: ReferenceKind, node: Node, folded: Folded | None = None) -> None:
        """A text for people: listed and kept, unless the recipe asks for its kind."""
        verdict = text_verdict(self._source, node, Disposition.KEEP, Reason.TEXT_MENTION)
        if kind in self._asked and verdict.reason is Reason.TEXT_MENTION:
            is_shim = token.mention.old.is_module and token.mention.finding.reason is Reason.MODULE_AS_VALUE
            if _can_follow(token.mention) or is_shim:  # asked for, and nothing but a text
                verdict = REWRITE
        if folded is None:
            self._references.add_token(token, kind, verdict)
        else:
            self._references.add_string(kind, node, folded, token.mention, verdict)


def _can_follow(mention: Mention) -> bool:
    """Whether a text can name the new place: a name that is proved or moved, a module that the recipe moves."""
    finding = mention.finding
    if finding.reason is not None or finding.relation not in REWRITABLE:
        return False
    return not mention.old.is_module or finding.relation is Relation.MOVED


def _stands_beside_canonical(node: Node, mention: Mention) -> bool:
    """Whether the same collection names the canonical path too: two paths are compared, and stay two."""
    written = mention.written()
    outer = node.parent
    if written is None or outer is None or outer.type not in ("list", "tuple", "set", "dictionary"):
        return False
    others = [child for child in outer.named_children if child != node]
    return any(text_of(other).strip("rRuU\"'") == written for other in others)


def _statement_text(node: Node) -> str:
    current = node
    while current.parent is not None and current.parent.type not in ("block", "module"):
        current = current.parent
    return text_of(current)[:400]


def _touches_field(token: Token, node: Node) -> bool:
    """Whether a field of the f-string follows the path directly, or behind a dot."""
    fields = [child for child in node.named_children if child.type == "interpolation"]
    return any(field.start_byte - token.end in (0, 1) or token.start - field.end_byte in (0, 1) for field in fields)


def _is_prose(piece: Node) -> bool:
    """Whether the text of a string has a space in it, as no path has; one that is written with an escape aside."""
    texts = [child.text or b"" for child in piece.named_children if child.type == "string_content"]
    return any(b"\\" not in text and text.split() != [text] for text in texts)
