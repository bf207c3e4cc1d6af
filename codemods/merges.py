"""Pass over rewritten text: what the rewrite made equal is one statement again.

::

    try:                                     from p.new import f
        from p.new import f          ->
    except ImportError:
        from p.old import f  (rewritten to p.new)

    from p.new import f              ->      from p.new import f
    from p.old import f  (rewritten to p.new)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from codemods.bindings import absolute_module
from codemods.references import Edit
from codemods.scopes import Role, ScopeTable, scope_table
from codemods.source import SourceText
from codemods.syntax import (
    IMPORT_TYPES,
    ImportedName,
    ImportStatement,
    Span,
    ancestors,
    import_statements,
    parse,
    statement_of,
    text_of,
)

_FALLBACK_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})

Bound = tuple[str, str]
"""(local name, what is imported) of one name of a statement."""


@dataclass(frozen=True)
class Merges:
    """Edits over the rewritten text, and the statements that it leaves as two equal branches unproved."""

    edits: tuple[Edit, ...]
    unproved: tuple[int, ...]
    """Offsets, in the rewritten text, of touched statements whose ``try`` may not be collapsed."""


def written_spans(edits: Iterable[Edit]) -> list[Span]:
    """Where the edits' texts stand in the edited text."""
    spans: list[Span] = []
    shift = 0
    for edit in sorted(set(edits)):
        length = len(edit.text.encode("utf-8"))
        spans.append(Span(edit.start + shift, edit.start + shift + length))
        shift += length - (edit.end - edit.start)
    return spans


def merge_rewritten(
    source: SourceText,
    touched: Iterable[Span],
    module: str,
    *,
    is_package: bool,
    proved: Callable[[str], bool],
) -> Merges:
    """Merge statements that ``touched`` (the spans that the rewrite wrote) made equal to others.

    ``proved`` says of a module that importing it cannot fail, so that a fallback for it is not needed.
    """
    touched = tuple(touched)
    return _Merging(source, touched, module, is_package, proved).run() if touched else Merges((), ())


class _Merging:
    def __init__(
        self,
        source: SourceText,
        touched: tuple[Span, ...],
        module: str,
        is_package: bool,
        proved: Callable[[str], bool],
    ) -> None:
        self.source = source
        self.touched = touched
        self.module = module
        self.is_package = is_package
        self.proved = proved
        self.tree = parse(source.data)
        self.table: ScopeTable | None = None
        self.imported: dict[int, str] = {}

    def run(self) -> Merges:
        edits: list[Edit] = []
        unproved: list[int] = []
        tries: dict[int, Node] = {}
        blocks: dict[int, Node] = {}
        for span in self.touched:
            node = self.tree.root_node.descendant_for_byte_range(span.start, max(span.start, span.end - 1))
            statement = next((n for n in (node, *ancestors(node)) if n.type in IMPORT_TYPES), None) if node else None
            if statement is None or statement.parent is None:
                continue
            block = statement.parent
            blocks[block.id] = block
            owner = block.parent
            while owner is not None and owner.type in ("except_clause", "block"):
                owner = owner.parent
            if owner is not None and owner.type == "try_statement":
                tries[owner.id] = owner
        for node in tries.values():
            self._try(node, edits, unproved)
        collapsed = [Span(edit.start, edit.end) for edit in edits]
        for block in blocks.values():
            if not any(span.start <= block.start_byte and block.end_byte <= span.end for span in collapsed):
                self._duplicates(block, edits)
        return Merges(tuple(edits), tuple(unproved))

    def _is_touched(self, node: Node) -> bool:
        return any(node.start_byte <= span.start and span.end <= node.end_byte for span in self.touched)

    def _bound(self, statement: ImportStatement) -> frozenset[Bound]:
        return frozenset(bound for _, bound in self._names(statement))

    def _names(self, statement: ImportStatement) -> Iterator[tuple[ImportedName, Bound]]:
        if not statement.is_from:
            yield from ((name, (name.local if name.asname else name.name, name.name)) for name in statement.names)
            return
        origin = absolute_module(statement, self.module, is_package=self.is_package) or "?"
        yield from ((name, (name.local, f"{origin}:{name.name}")) for name in statement.names)

    # try / except ImportError

    def _try(self, node: Node, edits: list[Edit], unproved: list[int]) -> None:
        body = node.child_by_field_name("body")
        clauses = [child for child in node.named_children if child.type not in ("block", "comment")]
        if body is None or len(clauses) != 1 or not _is_import_fallback(clauses[0]):
            return
        handler = next((child for child in clauses[0].named_children if child.type == "block"), None)
        first, second = _imports(body), _imports(handler)
        if first is None or second is None:
            return
        bound = frozenset().union(*(self._bound(one) for one in first))
        if bound != frozenset().union(*(self._bound(one) for one in second)) or "" in {b for b, _ in bound}:
            return
        if not all(self.proved(origin.partition(":")[0]) for _, origin in bound):
            unproved.extend(one.span.start for one in (*first, *second) if self._is_touched(one.node))
            return
        edits.append(Edit(node.start_byte, node.end_byte, self._dedented(node, body)))

    def _dedented(self, node: Node, body: Node) -> str:
        """The text of the ``try`` body, at the indentation of the ``try`` itself."""
        outer = self.source.text(self.source.line_start(node.start_byte), node.start_byte)
        inner = self.source.text(self.source.line_start(body.start_byte), body.start_byte)
        end = node.end_byte
        last = body.named_children[-1]
        handler_end = self.source.line_end(last.end_byte)
        trailing = self.source.text(last.end_byte, min(handler_end, end)).rstrip("\r\n")
        text = self.source.text(body.start_byte, last.end_byte)
        if trailing.strip().startswith("#"):
            text += trailing
        if inner.strip() or not inner.startswith(outer):  # ``try: from a import b`` on one line
            return text
        lines = text.splitlines(keepends=True)
        return lines[0] + "".join(outer + line[len(inner) :] if line.startswith(inner) else line for line in lines[1:])

    # duplicates in one block

    def _duplicates(self, block: Node, edits: list[Edit]) -> None:
        """Delete a rewritten statement of which an equal one stands in the same block."""
        earlier: dict[Bound, bool] = {}
        statements = [child for child in block.named_children if child.type != "comment"]
        for index, node in enumerate(statements):
            if node.type not in IMPORT_TYPES or node.has_error:
                continue
            bound = self._bound(statement_of(node))
            if not bound:
                continue
            following = self._following_imports(statements[index + 1 :])
            known = bound <= earlier.keys() or bound <= following
            if known and self._is_touched(node) and self._has_own_lines(node) and self._is_only_binding(node, bound):
                edits.append(Edit(self.source.line_start(node.start_byte), self.source.line_end(node.end_byte), ""))
                continue
            earlier.update(dict.fromkeys(bound, True))

    def _following_imports(self, statements: list[Node]) -> set[Bound]:
        """What untouched imports directly behind bind: nothing between them can miss the earlier statement."""
        found: set[Bound] = set()
        for node in statements:
            if node.type not in IMPORT_TYPES or node.has_error:
                break
            if not self._is_touched(node):
                found |= self._bound(statement_of(node))
        return found

    def _has_own_lines(self, node: Node) -> bool:
        """Whether the statement has its lines to itself, without any comment."""
        start, end = self.source.line_start(node.start_byte), self.source.line_end(node.end_byte)
        around = self.source.text(start, node.start_byte) + self.source.text(node.end_byte, end)
        return not around.strip() and b"#" not in (node.text or b"")

    def _is_only_binding(self, node: Node, bound: frozenset[Bound]) -> bool:
        """Whether the scope binds these names by imports alone, all of the same thing."""
        if self.table is None:
            self.table = scope_table(self.tree)
            self.imported = {
                name.span.start: _value(bound_name)
                for statement in import_statements(self.tree)
                for name, bound_name in self._names(statement)
            }
        for local, origin in bound:
            name = local.partition(".")[0]
            found = self.table.occurrences.get(name, ())
            if any(one.role in (Role.STORE, Role.DELETE, Role.DECLARE) for one in found):
                return False
            imports = [(one, self.table.scope_of(one)) for one in found if one.role is Role.IMPORT]
            here = next((scope for one, scope in imports if node.start_byte <= one.span.start < node.end_byte), None)
            if here is None or here.has_star_import:
                return False
            mine = _value((local, origin))
            if any(self.imported.get(one.span.start) != mine for one, scope in imports if scope is here):
                return False
        return True


def _value(bound: Bound) -> str:
    """What the local name is bound to: ``import p.new`` binds ``p``."""
    local, origin = bound
    return origin.partition(".")[0] if local == origin else origin


def _is_import_fallback(clause: Node) -> bool:
    if clause.type != "except_clause":
        return False
    values = clause.children_by_field_name("value")
    if len(values) != 1:
        return False
    value = values[0]
    names = [text_of(child) for child in value.named_children] if value.type == "tuple" else [text_of(value)]
    return bool(names) and all(name in _FALLBACK_ERRORS for name in names)


def _imports(block: Node | None) -> list[ImportStatement] | None:
    """The statements of a block of nothing but whole imports; None for any other block."""
    if block is None:
        return None
    found: list[ImportStatement] = []
    for child in block.named_children:
        if child.type == "comment":
            continue
        if child.type not in IMPORT_TYPES or child.has_error:
            return None
        statement = statement_of(child)
        if statement.star is not None:
            return None
        found.append(statement)
    return found or None
