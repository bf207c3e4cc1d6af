"""Tests about an old path itself: which whole tests a file has, and its text without some of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tree_sitter import Node, Tree

from codemods.references import Edit, apply_edits
from codemods.syntax import Span, field, parse, text_of

_IDLE = frozenset({"import_statement", "import_from_statement", "future_import_statement", "comment"})


@dataclass(frozen=True)
class PathTest:
    """A test function at the top level of a file, or a method of a test class there."""

    name: str
    """``test_name``, or ``TestClass.test_name``."""
    span: Span
    """Decorators and body."""


def find_tests(data: bytes) -> tuple[PathTest, ...]:
    """The tests of a file that nothing else in the file names, so that each could go by itself."""
    found = list(_tests(parse(data)))
    return tuple(test for test in found if _is_alone(data, test.name.rpartition(".")[2]))


def without_tests(data: bytes, names: Collection[str]) -> bytes | None:
    """The text without these tests; None where nothing but imports, comments and a docstring would be left.

    With a test goes the comment right above it. A class goes if it has nothing but tests that go. Imports that only
    they used stay: linters find them.
    """
    tree = parse(data)
    spans: list[Span] = []
    left = False
    for statement in tree.root_node.named_children:
        inner = _definition(statement)
        if inner is None:
            left = left or not (statement.type in _IDLE or _is_idle(statement))
            continue
        name = text_of(field(inner, "name"))
        if inner.type == "function_definition":
            if name in names:
                spans.append(_whole_lines(data, statement))
            else:
                left = True
            continue
        members = [one for one in field(inner, "body").named_children if one.type != "comment"]
        going = [one for one in members if _method_name(name, one) in names]
        if going and all(one in going or _is_docstring(one) for one in members):
            spans.append(_whole_lines(data, statement))
        else:
            left = True
            spans += [_whole_lines(data, one) for one in going]
    return apply_edits(data, [Edit(span.start, span.end, "") for span in spans]) if left else None


def _tests(tree: Tree) -> Iterator[PathTest]:
    for statement in tree.root_node.named_children:
        inner = _definition(statement)
        if inner is None:
            continue
        name = text_of(field(inner, "name"))
        if inner.type == "function_definition":
            if name.startswith("test"):
                yield PathTest(name, Span(statement.start_byte, statement.end_byte))
        elif name.startswith("Test"):
            for member in field(inner, "body").named_children:
                method = _method_name(name, member)
                if method is not None and method.rpartition(".")[2].startswith("test"):
                    yield PathTest(method, Span(member.start_byte, member.end_byte))


def _definition(node: Node) -> Node | None:
    """The function or class that a statement defines, under its decorators; None for any other statement."""
    inner = field(node, "definition") if node.type == "decorated_definition" else node
    return inner if inner.type in ("function_definition", "class_definition") else None


def _method_name(owner: str, member: Node) -> str | None:
    inner = _definition(member)
    if inner is None or inner.type != "function_definition":
        return None
    return f"{owner}.{text_of(field(inner, 'name'))}"


def _is_docstring(node: Node) -> bool:
    return node.type == "expression_statement" and node.named_children[0].type in ("string", "concatenated_string")


def _is_idle(node: Node) -> bool:
    """A docstring, or marks for the tests of the file."""
    return _is_docstring(node) or text_of(node).startswith("pytestmark")


def _is_alone(data: bytes, name: str) -> bool:
    return len(re.findall(rb"\b" + re.escape(name.encode()) + rb"\b", data)) == 1


def _whole_lines(data: bytes, node: Node) -> Span:
    """From the comment above and the blank lines before it, to the end of the last line."""
    start = data.rfind(b"\n", 0, node.start_byte) + 1
    indent = data[start : node.start_byte]
    while start:
        line_start = data.rfind(b"\n", 0, start - 1) + 1
        line = data[line_start:start]
        if not line.startswith(indent + b"#"):
            break
        start = line_start
    while start:
        line_start = data.rfind(b"\n", 0, start - 1) + 1
        if data[line_start:start].strip():
            break
        start = line_start
    newline = data.find(b"\n", node.end_byte)
    return Span(start, len(data) if newline < 0 else newline + 1)
