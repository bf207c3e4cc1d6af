"""Calls that import by a path: what the path counts from, and the names that are imported with it."""

from __future__ import annotations

from tree_sitter import Node

from codemods.decisions import ParsedFile
from codemods.folding import Folder
from codemods.sinks import Sink, arguments_of, keyword
from codemods.symbols import last, package_of
from codemods.syntax import text_of


def package_given(call: Node, file: ParsedFile, folder: Folder) -> str | None:
    """The package that a relative path counts from, by the arguments of the call."""
    given = arguments_of(call)
    node = keyword(call, "package")
    if node is None and len(given) > 1 and given[1].type != "keyword_argument":
        node = given[1]
    return None if node is None else _package(node, file, folder)


def _package(node: Node, file: ParsedFile, folder: Folder) -> str | None:
    """The package that a relative import counts from: a constant, or ``__package__``/``__name__`` of this file."""
    written = text_of(node)
    own = package_of(file.module, is_package=file.is_package)
    if written == "__package__":
        return own
    if written == "__name__":
        return file.module if file.is_package else None
    folded = folder.fold(node)
    return folded.decoded if folded.is_known else None


def is_import_builtin(call: Node) -> bool:
    """Whether a call is one of ``__import__``."""
    function = call.child_by_field_name("function")
    return function is not None and last(text_of(function)) == "__import__"


def counts_from_here(call: Node) -> bool:
    """Whether ``__import__`` is given a level: its path counts from the file's own package."""
    given = arguments_of(call)
    level = keyword(call, "level") or (given[4] if len(given) > 4 else None)
    return is_import_builtin(call) and level is not None and text_of(level) != "0"


def may_be_relative(call: Node, sink: Sink) -> bool:
    """Whether a path that nothing is known of may count from a package that the call names."""
    if sink not in (Sink.IMPORT, Sink.RESOLVE):
        return False
    positional = [one for one in arguments_of(call) if one.type != "keyword_argument"]
    if positional and text_of(positional[0]) in ("__name__", "__package__"):  # lazy_loader.attach(__name__, ...)
        return True
    return len(positional) > 1 or keyword(call, "package") is not None or counts_from_here(call)


def from_list(call: Node) -> list[Node] | None:
    """The names of ``__import__("module", fromlist=["name"])``; None where there is no such list to see."""
    names = keyword(call, "fromlist")
    given = arguments_of(call)
    if names is None and len(given) > 3:
        names = given[3]
    if not is_import_builtin(call) or names is None or names.type not in ("list", "tuple"):
        return None
    return [child for child in names.named_children if child.type != "comment"]
