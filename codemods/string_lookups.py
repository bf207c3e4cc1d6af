"""Calls that look a string up: each path goes to the part that knows what becomes of it."""

from __future__ import annotations

from tree_sitter import Node

from codemods.decisions import Verdict
from codemods.dynamic_imports import DynamicImports
from codemods.file_strings import FileStrings
from codemods.folding import Folded
from codemods.import_calls import counts_from_here
from codemods.mentions import Mention, Mentions
from codemods.open_paths import OpenPaths
from codemods.patch_targets import PatchTargets
from codemods.references import Disposition, Reason, ReferenceKind
from codemods.sinks import STRING_SINKS, Sink, arguments_of, first_argument
from codemods.string_references import StringReferences
from codemods.string_verdicts import object_verdict


class StringLookups:
    """Goes through the calls of one file that look their first argument up."""

    def __init__(
        self,
        strings: FileStrings,
        mentions: Mentions,
        references: StringReferences,
        patches: PatchTargets,
        imports: DynamicImports,
        open_paths: OpenPaths,
    ) -> None:
        self._strings = strings
        self._file = strings.file
        self._mentions = mentions
        self._references = references
        self._patches = patches
        self._imports = imports
        self._open_paths = open_paths

    def calls(self) -> None:
        """List what the calls of the file look up."""
        if not self._file.has_sinks:
            return
        for call in self._strings.callees.lookups(self._file.tree):
            self._call(call)
        for node in self._strings.callees.handed_on(self._file.tree):
            self._open_paths.add(node, node, Sink.IMPORT)

    def looked_up(self, sink: Sink, call: Node, argument: Node, folded: Folded, mention: Mention) -> None:
        """List a path that ``call`` looks up."""
        match sink:
            case Sink.PATCH | Sink.MONKEYPATCH:
                self._patches.patch(call, argument, folded, mention, by_attributes=sink is Sink.MONKEYPATCH)
            case Sink.PATCH_DICT | Sink.PATCH_MULTIPLE:
                verdict = object_verdict(self._file, call, argument, mention)
                self._references.add_string(ReferenceKind.PATCH_TARGET, argument, folded, mention, verdict)
            case Sink.LOGGER:
                verdict = Verdict(Disposition.KEEP, Reason.RUNTIME_NAME)
                self._references.add_string(ReferenceKind.DOTTED_STRING, argument, folded, mention, verdict)
            case _:
                self._imports.looked_up(sink, call, argument, folded, mention)

    def _call(self, call: Node) -> None:
        sink = self._strings.callees.sink(call)
        argument = first_argument(call)
        if sink not in STRING_SINKS:
            return
        if argument is None:
            if sink in (Sink.IMPORT, Sink.RESOLVE) and arguments_of(call):  # *args, **options
                self._open_paths.add(call, call, sink)
            return
        folded = self._strings.folder.fold(argument)
        if not folded.is_known or counts_from_here(call):
            self._open_paths.computed(call, argument, folded, sink)
            return
        text = folded.decoded
        if sink is Sink.IMPORT and text.startswith("."):
            self._imports.relative(call, argument, folded, text)
            return
        mention = self._mentions.of(text)
        if sink is Sink.IMPORT:
            self._imports.listed_modules(call, text)
        if sink is Sink.PATCH_MULTIPLE and (mention is None or mention.old.is_module):
            self._patches.patch_multiple(call, argument, folded, text)
            return
        if mention is None:
            if sink in (Sink.PATCH, Sink.MONKEYPATCH):
                self._patches.failing_patch(call, argument, folded, text)
            elif sink is Sink.IMPORT:
                self._imports.names_of_module(call, argument, folded, text)
            return
        self._references.claim(folded)
        self.looked_up(sink, call, argument, folded, mention)
