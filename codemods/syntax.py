"""Tree-sitter's Python tree: parsing any file, import statements as data, small node look-ups."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from codemods.python2_tree import is_python_2
from codemods.references import Reason
from codemods.source import SourceText, has_conflict_markers

_LAZY = re.compile(rb"^([ \t\f]*)lazy([ \t]+)(import|from)(?=[ \t])", re.MULTILINE)
_IMPORT = re.compile(rb"import(?!\w)")
_LONE_CR = re.compile(rb"\r(?!\n)")

STRING_FRONT = rb"(?:\"|'|}|%\w|\)s)"
"""A pattern for what stands in front of a piece of a string: its quote, or a placeholder."""
IMPORT_TYPES = frozenset({"import_statement", "import_from_statement"})
FUNCTION_TYPES = frozenset({"function_definition", "lambda"})


@cache
def _language() -> Language:
    return Language(tree_sitter_python.language())


@cache
def _query(pattern: str) -> Query:
    return Query(_language(), pattern)


def parse(data: bytes) -> Tree:
    """The tree of a text of any quality; errors are nodes of it.

    Two forms that the grammar does not know are parsed as others of the very same length, so that every span
    holds: a lone CR as LF, and ``lazy import x`` (PEP 810) as ``import      x``.
    """
    if b"\r" in data:
        data = _LONE_CR.sub(b"\n", data)
    if b"lazy" in data:
        data = _LAZY.sub(lambda m: m[1] + m[3] + b" " * (4 + len(m[2])), data)
    return Parser(_language()).parse(data)


def field(node: Node, name: str) -> Node:
    """The child that the grammar promises under this name."""
    child = node.child_by_field_name(name)
    if child is None:
        raise LookupError(f"{node.type} without {name} at byte {node.start_byte}")
    return child


def text_of(node: Node) -> str:
    """The source text of a node."""
    assert node.text is not None
    return node.text.decode("utf-8")


def plain_content(node: Node) -> Node | None:
    """The content of a string literal of one piece, without escapes or fields; None for anything else."""
    if node.type != "string" or len(node.named_children) != 3:
        return None
    start, content, _ = node.named_children
    if content.type != "string_content" or content.named_child_count or set(text_of(start).lower()) & set("bft"):
        return None
    return content


def contents_of(node: Node) -> Span | None:
    """The span between the quotes of a string."""
    if node.type != "string" or len(node.children) < 2:
        return None
    return Span(node.children[0].end_byte, node.children[-1].start_byte)


def is_docstring(node: Node) -> bool:
    """Whether a string is a statement of its own."""
    return node.parent is not None and node.parent.type == "expression_statement"


def unescape(data: bytes) -> bytes | None:
    """The bytes that an escape sequence (of an f-string: also ``{{``) stands for; None for one that is wrong."""
    if data in (b"{{", b"}}"):
        return data[:1]
    try:
        value = ast.literal_eval(f'"{data.decode("utf-8")}"')
    except (SyntaxError, ValueError):
        return None
    return str(value).encode("utf-8", "surrogatepass")


def ancestors(node: Node) -> Iterator[Node]:
    """The nodes around this one, innermost first."""
    current = node.parent
    while current is not None:
        yield current
        current = current.parent


@dataclass(frozen=True)
class Span:
    """A stretch of a text, in bytes."""

    start: int
    end: int


@dataclass(frozen=True)
class ImportedName:
    """One name of an import statement: ``name as asname``; the spans are of the parts."""

    name: str
    asname: str | None
    span: Span
    name_span: Span
    name_parts: tuple[Span, ...]

    @property
    def local(self) -> str:
        """The name that the statement binds."""
        return self.asname or self.name.partition(".")[0]


@dataclass(frozen=True)
class ImportStatement:
    """``import ...`` (module is None) or ``from <level dots><module> import ...``."""

    node: Node
    span: Span
    module: str | None
    level: int
    module_span: Span | None
    module_parts: tuple[Span, ...]
    names: tuple[ImportedName, ...]
    star: Span | None

    @property
    def is_from(self) -> bool:
        return self.module is not None


def _imported_name(node: Node) -> ImportedName:
    name_node, asname = node, None
    if node.type == "aliased_import":
        name_node = field(node, "name")
        asname = text_of(field(node, "alias"))
    components = tuple(
        Span(child.start_byte, child.end_byte) for child in name_node.children if child.type == "identifier"
    )
    name = ".".join(text_of(child) for child in name_node.children if child.type == "identifier")
    return ImportedName(
        name,
        asname,
        Span(node.start_byte, node.end_byte),
        Span(name_node.start_byte, name_node.end_byte),
        components,
    )


def statement_of(node: Node) -> ImportStatement:
    """The data of one whole import statement's node."""
    span = Span(node.start_byte, node.end_byte)
    names = tuple(_imported_name(child) for child in node.children_by_field_name("name"))
    if node.type == "import_statement":
        return ImportStatement(node, span, None, 0, None, (), names, None)
    module = field(node, "module_name")
    level = 0
    dotted: Node | None = module
    if module.type == "relative_import":
        level = text_of(module.children[0]).count(".")
        dotted = next((child for child in module.children if child.type == "dotted_name"), None)
    components = [] if dotted is None else [child for child in dotted.children if child.type == "identifier"]
    name = ".".join(text_of(child) for child in components)
    star = next((child for child in node.children if child.type == "wildcard_import"), None)
    return ImportStatement(
        node,
        span,
        name,
        level,
        Span(module.start_byte, module.end_byte),
        tuple(Span(child.start_byte, child.end_byte) for child in components),
        names,
        None if star is None else Span(star.start_byte, star.end_byte),
    )


def import_statements(tree: Tree) -> list[ImportStatement]:
    """All import statements of whole shape, at any depth, in source order (``__future__`` left out)."""
    statements: list[ImportStatement] = []
    for word in nodes_at(tree, _IMPORT):
        node = word.parent if word.type == "import" else None
        if node is not None and node.type in IMPORT_TYPES and not node.has_error:
            statements.append(statement_of(node))
    return statements


def nodes_at(tree: Tree, pattern: re.Pattern[bytes]) -> Iterator[Node]:
    """The smallest node at each match of a pattern, in source order; quicker than a query where matches are few."""
    root = tree.root_node
    for match in pattern.finditer(root.text or b""):
        node = root.descendant_for_byte_range(root.start_byte + match.start(), root.start_byte + match.end())
        if node is not None:
            yield node


def string_nodes(tree: Tree) -> list[Node]:
    """All string literals, in source order; each part of a concatenation by itself."""
    nodes = QueryCursor(_query("(string) @node")).captures(tree.root_node).get("node", [])
    return sorted(nodes, key=lambda node: node.start_byte)


def concatenations(tree: Tree) -> list[Node]:
    """All string literals that are written in pieces side by side, in source order."""
    nodes = QueryCursor(_query("(concatenated_string) @node")).captures(tree.root_node).get("node", [])
    return sorted(nodes, key=lambda node: node.start_byte)


def names_declared_global(tree: Tree) -> frozenset[str]:
    """Names that some function of the module declares ``global``."""
    nodes = QueryCursor(_query("(global_statement (identifier) @node)")).captures(tree.root_node).get("node", [])
    return frozenset(text_of(node) for node in nodes)


@dataclass(frozen=True)
class SyntaxFault:
    """Why a text is no Python 3: the reason, where (1-based line, and byte offset), and the parser's words."""

    reason: Reason
    line: int
    message: str
    offset: int = 0


def syntax_fault(source: SourceText, tree: Tree | None = None) -> SyntaxFault | None:
    """None for valid Python 3 of any version; else what is wrong. ``tree`` is that of the text, if there is one.

    CPython's own parser is asked first. What it rejects may still be valid in a newer Python than the one
    that runs unshim: LibCST, which knows newer grammars, has the last word on it. Python 2 is asked for before:
    its ``except E, e:`` is two exceptions without parentheses to newer grammars (PEP 758).
    """
    fault = _rejection(source)
    if fault is None:
        return None
    if has_conflict_markers(source.data):
        return replace(fault, reason=Reason.CONFLICT_MARKERS, message="merge conflict markers")
    if is_python_2(source.data):
        return replace(fault, reason=Reason.PYTHON_2)
    if fault.message.startswith(_LITERAL_FAULTS) or _is_deep(tree or parse(source.data)):
        return fault
    return None if _libcst_accepts(source.data) else fault


def host_fault(source: SourceText) -> str | None:
    """What the Python that runs unshim says against a text; None for valid code."""
    fault = _rejection(source)
    return None if fault is None else f"line {fault.line}: {fault.message}"


def _rejection(source: SourceText) -> SyntaxFault | None:
    text = source.data.decode("utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            symtable.symtable(text, "<unknown>", "exec")  # parses as ``ast`` does, and makes no object of each node
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # it says more than what the parser says: a name that is a parameter and global
        else:
            return None
        try:
            ast.parse(text)
        except SyntaxError as error:
            line = error.lineno or 1
            return SyntaxFault(Reason.SYNTAX_ERROR, line, error.msg, source.offset(line, max(error.offset or 1, 1)))
        except (ValueError, RecursionError, MemoryError) as error:
            return SyntaxFault(Reason.SYNTAX_ERROR, 1, str(error))
    return None


_LITERAL_FAULTS = ("(unicode error)", "(value error)", "bytes can only contain ASCII")
"""What CPython says against the content of a literal, which no grammar looks at."""

_DEEPEST = 500
"""More levels of nesting than this may exhaust the stack of LibCST's parser, which ends the process."""


def _is_deep(tree: Tree) -> bool:
    pending = [(tree.root_node, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > _DEEPEST:
            return True
        pending.extend((child, depth + 1) for child in node.named_children)
    return False


def _libcst_accepts(data: bytes) -> bool:
    import libcst  # late: LibCST is slow to import and few repositories hold such a file

    try:
        libcst.parse_module(data.decode("utf-8"))
    except libcst.ParserSyntaxError:
        return False
    return True
