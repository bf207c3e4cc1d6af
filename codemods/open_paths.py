"""Open paths: paths that are looked up and of which only parts are known, or nothing."""

from __future__ import annotations

import re
from functools import cached_property

from tree_sitter import Node

from codemods.alias_map import ModuleKind
from codemods.decisions import Verdict
from codemods.file_strings import FileStrings
from codemods.folding import UNKNOWN, Folded, Folder
from codemods.import_calls import may_be_relative, package_given
from codemods.mentions import Mentions
from codemods.ownership import Finding, Ownership
from codemods.places import has_keep_comment
from codemods.references import AtRunTime, Disposition, Reason, ReferenceKind, Relation
from codemods.sinks import Sink
from codemods.string_references import StringReferences
from codemods.symbols import Symbol, join, last, package_of, parent, parts, resolve_relative
from codemods.syntax import Span, is_docstring, text_of

_QUOTED = re.compile(rb"[\"']([A-Za-z_]\w*)[\"']")
_OF_FILES = re.compile(rb"\b(?:iter_modules|walk_packages)\b")
_LIST = re.compile(r"\w{0,2}[\"']+[\w.:/\s,;|-]*[\"']+")


class OpenPaths:
    """Lists the open paths of one file: those whose parts say a module, and in the end those that may be any."""

    def __init__(
        self, strings: FileStrings, ownership: Ownership, mentions: Mentions, references: StringReferences
    ) -> None:
        self._strings = strings
        self._file = strings.file
        self._ownership = ownership
        self._mentions = mentions
        self._references = references
        self._unknown: list[tuple[Node, Node, Sink]] = []
        """Calls that look up a path of which parts are known, and not enough of them."""

    def add(self, call: Node, place: Node, sink: Sink) -> None:
        """Remember a path of which no known part says a module; see ``settle``."""
        self._unknown.append((call, place, sink))

    def computed(self, call: Node, place: Node, folded: Folded, sink: Sink) -> None:
        """A path of which only parts are constant."""
        if sink is Sink.LOGGER:
            return
        symbol = self._guess(folded.decoded)
        if symbol is None:
            if folded.text != UNKNOWN.text or place.type == "call" or may_be_relative(call, sink):
                self.add(call, place, sink)
            return
        self._add_computed(call, place, symbol, sink)
        self._references.claim(folded)

    def settle(self) -> None:
        """Paths that are computed out of parts of which one is the name of a watched module, and nothing else is seen.

        If nothing names one, a path into the package of a shim may lead to it.
        Better a call too many in the list than a module that is deleted under somebody's feet.
        """
        if not self._unknown:
            return
        named = self._references.manual_modules()
        splits = b"split" in self._file.source.data
        is_named = False
        for module in sorted(self._ownership.watched_modules() - named):
            if self._ownership.modules.kind(module) is ModuleKind.MISSING:
                continue  # nobody's feet are on it
            word = re.compile(rb"(?<!\w)" + re.escape(last(module).encode()) + rb"(?!\w)")
            for match in word.finditer(self._file.source.data):
                node = self._strings.text_at(match.start())
                if node is not None and node.type == "string" and not is_docstring(node) and _is_bare(node, splits):
                    call, place, sink = self._unknown[0]
                    self._add_computed(call, place, Symbol(module), sink)
                    is_named = True
                    break
        for call, place, sink in self._unknown if not is_named else ():
            for module in self._shims_behind(call, place, sink) if sink in (Sink.IMPORT, Sink.RESOLVE) else ():
                self._add_computed(call, place, Symbol(module), sink)

    def _add_computed(self, call: Node, place: Node, symbol: Symbol, sink: Sink) -> None:
        is_patch = sink in (Sink.PATCH, Sink.PATCH_DICT, Sink.PATCH_MULTIPLE, Sink.MONKEYPATCH)
        kind = ReferenceKind.PATCH_TARGET if is_patch else ReferenceKind.DYNAMIC_IMPORT
        keep = has_keep_comment(self._file.source, call, Span(place.start_byte, place.end_byte))
        verdict = Verdict(Disposition.MANUAL, Reason.COMPUTED_STRING, text_of(place))
        if keep:
            verdict = Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
        at_run_time = AtRunTime.PATCHES if is_patch else AtRunTime.NOTHING
        self._references.add(
            place.start_byte, kind, symbol, Finding(Relation.UNDECIDABLE, None, ()), verdict, (), at_run_time
        )

    def _shims_behind(self, call: Node, place: Node, sink: Sink) -> list[str]:
        """The shims that could go, and that a path may lead to of which only the package is known: ``"p." + name``.

        None where the file shows the names of modules of that package, or takes those of the files that are there.
        """
        data = self._file.source.data
        front, unknown, behind = self._own_folder.fold(place).decoded.partition("\0")
        is_deeper = "." in behind and sink is Sink.IMPORT
        if not unknown or not front.endswith(".") or is_deeper or _OF_FILES.search(data) is not None:
            return []
        package: str | None = front[:-1]
        if front.startswith("."):
            anchor = package_given(call, self._file, self._strings.folder)
            level = len(front) - len(front.lstrip("."))
            package = None if anchor is None else resolve_relative(anchor, level, front[level:-1])
        if package is None or any(
            self._ownership.modules.kind(join(package, word.decode())) is ModuleKind.FILE
            for word in set(_QUOTED.findall(data))
        ):
            return []
        shims = sorted(self._ownership.shims)
        return [module for module in shims if parent(module) == package and self._ownership.is_pure(module)]

    def _guess(self, text: str) -> Symbol | None:
        """What a text with unknown parts (NUL) may lead to: a watched module in front of them, or behind."""
        known = text.split("\0")
        front = self._mentions.of(known[0].rstrip(".:")) or self._mentions.of(known[0].rpartition(".")[0])
        if front is not None:
            return front.old
        tail = known[-1].lstrip(".:")
        for module in sorted(self._ownership.watched_modules()):
            name = parts(tail)[1:2] if tail and parts(tail)[0] == last(module) else ()
            if name and self._ownership.finding(Symbol(module, name[0])) is not None:
                return Symbol(module, name[0])
        return None

    @cached_property
    def _own_folder(self) -> Folder:
        """A folder that also knows the names of this file as a module."""
        own = {
            "__name__": self._file.module,
            "__package__": package_of(self._file.module, is_package=self._file.is_package),
        }
        return Folder(self._file.table, own={name: value for name, value in own.items() if value})


def _is_bare(node: Node, splits: bool) -> bool:
    """Whether a string has the form of a part of a path, or, where the file splits any, of a list of such parts."""
    text = text_of(node)
    return not any(character.isspace() for character in text) or (splits and _LIST.fullmatch(text) is not None)
