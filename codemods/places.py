"""What the place of a piece of code says about it: kept by a comment, the subject of a test, run at import or later."""

from __future__ import annotations

import re

from tree_sitter import Node

from codemods.source import SourceText
from codemods.syntax import FUNCTION_TYPES, Span, ancestors, text_of

KEEP_COMMENT = re.compile(r"#\s*unshim:\s*keep\b")
_PATH_TESTS = re.compile(
    r"\b(raises|warns|deprecated_call|assertWarns|assertWarnsRegex|assertRaises|assertRaisesRegex|catch_warnings)\b"
)

_IMPORT_FAILURES = re.compile(
    r"\b(ImportError|ModuleNotFoundError|AttributeError|warns|deprecated_call|assertWarns|assertWarnsRegex|catch_warnings)\b"
)


def has_keep_comment(source: SourceText, node: Node, span: Span) -> bool:
    """Whether ``# unshim: keep`` stands on the first or last line of the statement, or on the line of the span."""
    first_end = source.line_end(node.start_byte)
    lines = (
        source.text(node.start_byte, first_end),
        source.text(span.start, source.line_end(span.end)),
        source.text(node.end_byte, source.line_end(node.end_byte)),
    )
    return any(KEEP_COMMENT.search(line) for line in lines)


def is_path_under_test(node: Node) -> bool:
    """Whether the node stands under ``with pytest.warns(...)`` or the like: the path itself is the subject."""
    for outer in ancestors(node):
        if outer.type in FUNCTION_TYPES:
            return False
        if outer.type == "with_statement":
            clause = next((child for child in outer.named_children if child.type == "with_clause"), None)
            if clause is not None and _PATH_TESTS.search(text_of(clause)):
                return True
    return False


def expects_import_failure(node: Node) -> bool:
    """Whether the node stands under ``with pytest.raises(ImportError)`` or an expected warning."""
    for outer in ancestors(node):
        if outer.type in FUNCTION_TYPES:
            return False
        if outer.type == "with_statement":
            clause = next((child for child in outer.named_children if child.type == "with_clause"), None)
            if clause is not None and _IMPORT_FAILURES.search(text_of(clause)):
                return True
    return False


def is_asserted(comparison: Node) -> bool:
    """Whether a test asserts that two things are the same, or equal: ``assert a is b``."""
    operators = {text_of(child) for child in comparison.children if not child.is_named}
    asserts = any(outer.type == "assert_statement" for outer in ancestors(comparison))
    return asserts and bool(operators & {"is", "is not", "==", "!="})


def is_in_function(node: Node) -> bool:
    """Whether the node stands inside a function, its parameters and their defaults included."""
    return any(outer.type in FUNCTION_TYPES for outer in ancestors(node))


def runs_before(statement: Node, node: Node) -> bool:
    """Whether a statement has surely run when the node runs: it stands above it, in a block around it."""
    around = any(outer == statement.parent for outer in ancestors(node))
    return around and statement.end_byte <= node.start_byte


def runs_late(node: Node) -> bool:
    """Whether the node is executed when a function is called, and not when the module is imported."""
    inner = node
    for outer in ancestors(node):
        if outer.type in FUNCTION_TYPES and outer.child_by_field_name("body") == inner:
            return True
        inner = outer
    return False
