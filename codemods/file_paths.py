"""File paths of modules in the strings and comments of a Python file."""

from __future__ import annotations

from collections.abc import Iterable

from tree_sitter import Node

from codemods.decisions import REWRITE
from codemods.file_strings import FileStrings
from codemods.mentions import Mentions, PathToken
from codemods.ownership import Finding, Ownership
from codemods.references import Disposition, Edit, Reason, ReferenceKind, Relation
from codemods.string_references import StringReferences
from codemods.string_verdicts import text_verdict
from codemods.symbols import Symbol, last
from codemods.syntax import is_docstring, plain_content, text_of


class FilePaths:
    """Lists the file paths of one file."""

    def __init__(
        self,
        strings: FileStrings,
        ownership: Ownership,
        mentions: Mentions,
        references: StringReferences,
        asked: frozenset[ReferenceKind],
    ) -> None:
        self._strings = strings
        self._file = strings.file
        self._source = strings.file.source
        self._ownership = ownership
        self._mentions = mentions
        self._references = references
        self._asked = asked

    def written(self) -> None:
        """``"p/old.py"`` in any text."""
        for path in self._mentions.paths(self._source.data):
            self._path(path)

    def joined(self) -> None:
        """``root / "p" / "old.py"`` and ``os.path.join(root, "p", "old.py")``."""
        for start in self._mentions.file_names(self._source.data):
            node = self._strings.text_at(start)
            if node is None or node.type != "string":
                continue
            joined = "/".join(_path_parts(node))
            if "/" not in joined:  # Path(__file__).parent / "old.py"
                joined = "/".join((*self._file.path.split("/")[:-1], joined))
            module = self._mentions.module_of_path(joined)
            if module is not None:
                verdict = text_verdict(self._source, node, Disposition.MANUAL, Reason.TEXT_MENTION, joined)
                finding = self._module_finding(module)
                self._references.add(start, ReferenceKind.FILE_PATH, Symbol(module), finding, verdict)

    def _path(self, path: PathToken) -> None:
        node = self._strings.text_at(path.start)
        if node is None:
            return
        if node.type == "comment":
            kind = ReferenceKind.COMMENT
        elif is_docstring(node):
            kind = ReferenceKind.DOCSTRING
        else:
            kind = ReferenceKind.FILE_PATH
        edits: tuple[Edit, ...] = ()
        disposition = Disposition.MANUAL if kind is ReferenceKind.FILE_PATH else Disposition.KEEP
        verdict = text_verdict(self._source, node, disposition, Reason.TEXT_MENTION)
        if path.new is not None and kind in self._asked and verdict.reason is Reason.TEXT_MENTION:
            verdict, edits = REWRITE, (Edit(path.start, path.end, path.new),)
        self._references.add(path.start, kind, Symbol(path.module), self._module_finding(path.module), verdict, edits)

    def _module_finding(self, module: str) -> Finding:
        return self._ownership.module_finding(module) or Finding(Relation.UNDECIDABLE, None, ())


def _path_parts(node: Node) -> Iterable[str]:
    """The constant components of the path that a string is the end of, joined by ``/`` or by a call of ``join``."""
    top = node
    while top.parent is not None:
        outer = top.parent
        operator = outer.child_by_field_name("operator")
        if outer.type == "binary_operator" and operator is not None and operator.type == "/":
            top = outer
        elif outer.type == "argument_list" and outer.parent is not None and _joins(outer.parent):
            top = outer.parent
        else:
            break
    pending, found = [top], []
    while pending:
        current = pending.pop()
        content = plain_content(current)
        if content is not None:
            found.append(text_of(content))
        elif current.end_byte <= node.end_byte or current in (top, node.parent):
            pending.extend(reversed(current.named_children))
    return found


def _joins(call: Node) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and last(text_of(function)) in ("join", "joinpath", "Path", "PurePath")
