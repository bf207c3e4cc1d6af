"""The strings of one file: where they stand, what they say as far as constants go, and what is done with them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tree_sitter import Node

from codemods.decisions import Elsewhere, ParsedFile
from codemods.folding import Folder
from codemods.references import Disposition, Reference
from codemods.sinks import Callees, Flow, Sink, Use, may_execute
from codemods.syntax import contents_of


class FileStrings:
    """What the parts of the string pass ask about one file and its strings."""

    def __init__(self, file: ParsedFile, elsewhere: Elsewhere, found: Iterable[Reference]) -> None:
        """``found`` are the references of the import pass: a module that stays keeps its ``__name__``."""
        self.file = file
        self._elsewhere = elsewhere
        staying = (one for one in found if one.old.name == "__name__" and one.disposition is not Disposition.REWRITE)
        self.folder = Folder(file.table, {one.start: one.old.module for one in staying})

    @cached_property
    def callees(self) -> Callees:
        return Callees(self.file.statements, self.file.table)

    def text_at(self, offset: int) -> Node | None:
        """The string or comment around an offset; None where it is code."""
        node = self.file.tree.root_node.descendant_for_byte_range(offset, offset)
        while node is not None and node.type not in ("string", "comment"):
            if node.type == "interpolation":
                return None
            node = node.parent
        return node

    def content(self, node: Node) -> bytes:
        """What stands between the quotes of a string, as it is written."""
        contents = contents_of(node)
        return b"" if contents is None else self.file.source.data[contents.start : contents.end]

    def uses(self, node: Node) -> list[Use] | None:
        """Everything that is done with the value of a string; None where that cannot be seen completely."""
        return Flow(self.callees, self.file.table, self.is_public).uses(node)

    def is_executed(self, node: Node) -> bool:
        """Whether the file does something with a string that runs it as source code."""
        if not may_execute(self.file.source.data):
            return False
        uses = Flow(self.callees, self.file.table, lambda _: False).uses(node)
        if uses is not None and all(use.sink is not Sink.EXECUTE for use in uses):
            return False  # whatever other files do with it; they are asked only if that matters
        uses = self.uses(node)
        return uses is not None and any(use.sink is Sink.EXECUTE for use in uses)

    def is_public(self, name: str) -> bool:
        """Whether another file may read a name of this module."""
        return bool(self.file.module) and self._elsewhere.mentions(self.file.module, name)
