"""Pass: the import statements of a Python 2 file, and the uses of modules, found by fissix; see python2_tree.py.

Verdicts and edits are those of the import pass. What differs is how a module's uses are followed: there are no
scopes here, so that a name has one meaning in the whole file or is left alone, and local names are kept
(``from p import new as old``).

Python 2 looks for a module in the importing package first: ``import old`` inside of ``p`` is ``p.old``, if there is
one and the file does not say ``from __future__ import absolute_import``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from tree_sitter import Node

from codemods.alias_map import ModuleKind
from codemods.decisions import REWRITE, Elsewhere, ParsedFile, Verdict
from codemods.faulty import Places, without_equal_branches
from codemods.imports import ImportFindings, ImportPass
from codemods.ownership import Finding, Ownership
from codemods.python2_tree import Piece, Python2Tree, python2_tree, says_future
from codemods.references import Disposition, Reason
from codemods.scopes import Occurrence, Role, Scope, ScopeKind, ScopeTable
from codemods.symbols import Symbol, join, package_of, relative_to, root
from codemods.syntax import ImportedName, ImportStatement, Span


def find_in_python2(file: ParsedFile, ownership: Ownership, elsewhere: Elsewhere) -> ImportFindings:
    """All references in the import statements of a Python 2 file, and in the uses of the modules that they bind.

    The file is one for which syntax_fault says Python 2. Raises ValueError for any other.
    """
    tree = python2_tree(file.source.data)
    if tree is None:
        raise ValueError(f"{file.path} is no Python 2")
    statements = python2_statements(tree, Places(file.source.data, file.tree))

    def find(vetoed: frozenset[int]) -> ImportFindings:
        return _Python2Pass(file, ownership, elsewhere, vetoed, statements, tree).run()

    return without_equal_branches(file, find)


# statements


def python2_statements(tree: Python2Tree, places: Places) -> list[ImportStatement]:
    """All import statements of a text, at any depth, in source order (``__future__`` left out)."""
    from bowler.types import SYMBOL

    found: list[ImportStatement] = []
    for piece in tree.walk():
        if piece.type in (SYMBOL.import_name, SYMBOL.import_from):
            statement = _statement(tree, places, piece)
            if statement.module != "__future__":
                found.append(statement)
    return found


def _statement(tree: Python2Tree, places: Places, piece: Piece) -> ImportStatement:
    """::

    import p.old as o, q           children: import, dotted_as_names
    from ..p import (f as g, h)    children: from, ., ., p, import, (, import_as_names, )
    """
    from bowler.types import SYMBOL, TOKEN

    leaves = list(piece.leaves())
    span = Span(tree.start(leaves[0]), tree.end(leaves[-1]))
    node = places.node(span)
    if piece.type == SYMBOL.import_name:
        names = tuple(_names(tree, piece.children[1]))
        return ImportStatement(node, span, None, 0, None, (), names, None)
    word = next(
        index
        for index, child in enumerate(piece.children)
        if child.type == TOKEN.NAME and index and child.value == "import"
    )
    origin = [leaf for child in piece.children[1:word] for leaf in child.leaves()]
    parts = [leaf for leaf in origin if leaf.type == TOKEN.NAME]
    level = 0
    for leaf in origin:
        if leaf.type == TOKEN.NAME:
            break
        level += 1
    imported = [child for child in piece.children[word + 1 :] if child.type not in (TOKEN.LPAR, TOKEN.RPAR)]
    star = next((_span(tree, child) for child in imported if child.type == TOKEN.STAR), None)
    return ImportStatement(
        node,
        span,
        ".".join(leaf.value for leaf in parts),
        level,
        Span(tree.start(origin[0]), tree.end(origin[-1])),
        tuple(_span(tree, leaf) for leaf in parts),
        () if star is not None else tuple(name for child in imported for name in _names(tree, child)),
        star,
    )


def _names(tree: Python2Tree, piece: Piece) -> Iterator[ImportedName]:
    """The names of ``import_as_names``, ``dotted_as_names``, or of what fissix leaves of them where there is one."""
    from bowler.types import SYMBOL, TOKEN

    several = piece.type in (SYMBOL.import_as_names, SYMBOL.dotted_as_names)
    for one in piece.children if several else [piece]:
        if one.type == TOKEN.COMMA:
            continue
        renamed = one.type in (SYMBOL.import_as_name, SYMBOL.dotted_as_name)
        dotted = one.children[0] if renamed else one
        parts = [leaf for leaf in dotted.leaves() if leaf.type == TOKEN.NAME]
        name_span = Span(tree.start(parts[0]), tree.end(parts[-1]))
        yield ImportedName(
            ".".join(leaf.value for leaf in parts),
            one.children[2].value if renamed else None,
            Span(name_span.start, tree.end(one.children[2])) if renamed else name_span,
            name_span,
            tuple(_span(tree, leaf) for leaf in parts),
        )


def _span(tree: Python2Tree, leaf: Piece) -> Span:
    return Span(tree.start(leaf), tree.end(leaf))


# uses


_NOWHERE = Span(0, 0)


@dataclass(frozen=True, eq=False)
class _Place(Occurrence):
    """An occurrence that fissix has found; ``node`` is tree-sitter's for the same place."""

    place: Span = _NOWHERE
    names: tuple[tuple[str, Span], ...] = ()
    is_written: bool = False

    @property
    def span(self) -> Span:
        return self.place

    def path(self) -> tuple[tuple[str, Span], ...]:
        return self.names or ((self.name, self.place),)

    def written_attribute(self) -> bool:
        return self.is_written


class _OneScope(ScopeTable):
    """All names of a file as if it were one scope: whatever binds a name anywhere binds it everywhere."""

    def __init__(self, root: Node, scope: Scope) -> None:
        super().__init__(root)
        self._scope = scope

    @cached_property
    def _analysed(self) -> tuple[Scope, dict[str, list[Occurrence]]]:
        return self._scope, {}

    def reads_namespace(self) -> bool:
        """Says that names may be used unseen, so that no local name is changed."""
        return True


def _one_scope(tree: Python2Tree, statements: list[ImportStatement], root_node: Node) -> ScopeTable:
    from bowler.types import SYMBOL, TOKEN

    scope = Scope(ScopeKind.MODULE, None, has_star_import=any(statement.star for statement in statements))
    table = _OneScope(root_node, scope)
    imported = {name.local for statement in statements for name in statement.names}

    def record(place: _Place) -> None:
        node = root_node
        if place.name in imported:
            node = root_node.descendant_for_byte_range(place.span.start, place.span.end - 1) or root_node
        table.occurrences.setdefault(place.name, []).append(replace(place, node=node))
        if place.role not in (Role.LOAD, Role.DECLARE):
            scope.bound.add(place.name)

    for statement in statements:
        for name in statement.names:
            record(_Place(name.local, Role.IMPORT, scope, root_node, 0, name.span))
    for piece in tree.walk(SYMBOL.import_name, SYMBOL.import_from):
        if piece.type != TOKEN.NAME or _is_attribute(piece):
            continue
        path = _path(piece)
        names = tuple((leaf.value, _span(tree, leaf)) for leaf in path)
        whole = len(path) > 1 and len(path) == len(piece.parent.children)
        written = whole and _binding(piece.parent) is not Role.LOAD
        role = Role.LOAD if len(path) > 1 else _binding(piece)
        record(_Place(piece.value, role, scope, root_node, 0, names[0][1], names, written))
    return table


def _is_attribute(leaf: Piece) -> bool:
    """Whether a name is one in something else: ``x.name``, ``f(name=1)``."""
    from bowler.types import SYMBOL, TOKEN

    before, after = leaf.prev_sibling, leaf.next_sibling
    if leaf.parent.type in (SYMBOL.trailer, SYMBOL.dotted_name):
        return before is not None and before.type == TOKEN.DOT
    return leaf.parent.type == SYMBOL.argument and after is not None and after.type == TOKEN.EQUAL


def _path(leaf: Piece) -> list[Piece]:
    """The longest dotted path that starts at a name."""
    from bowler.types import SYMBOL, TOKEN

    owner, path = leaf.parent, [leaf]
    if leaf.prev_sibling is not None:
        return path
    if owner.type == SYMBOL.dotted_name:  # of a decorator
        return [child for child in owner.children if child.type == TOKEN.NAME]
    if owner.type == SYMBOL.power:
        for trailer in owner.children[1:]:
            if trailer.type != SYMBOL.trailer or trailer.children[0].type != TOKEN.DOT:
                break
            path.append(trailer.children[1])
    return path


def _binding(piece: Piece) -> Role:
    """What is done with a name or an attribute path at its place: whether it is bound, deleted, declared or read."""
    from bowler.types import SYMBOL

    groups = (
        *(SYMBOL.testlist_star_expr, SYMBOL.testlist, SYMBOL.testlist_gexp, SYMBOL.exprlist, SYMBOL.listmaker),
        *(SYMBOL.atom, SYMBOL.star_expr),
    )
    parameters = (SYMBOL.parameters, SYMBOL.typedargslist, SYMBOL.varargslist, SYMBOL.lambdef, SYMBOL.old_lambdef)
    while piece.parent.type in groups:
        piece = piece.parent
    owner, before, after = piece.parent, piece.prev_sibling, piece.next_sibling
    word = before.value if before is not None and not before.children else ""
    if owner.type == SYMBOL.expr_stmt:
        is_target = after is not None and not after.children and after.value.endswith("=")
        return Role.STORE if is_target else Role.LOAD
    if owner.type == SYMBOL.del_stmt:
        return Role.DELETE
    if owner.type == SYMBOL.global_stmt:
        return Role.DECLARE
    if owner.type in (SYMBOL.tfpdef, SYMBOL.tfplist, SYMBOL.vfpdef, SYMBOL.vfplist):
        return Role.STORE
    if owner.type in parameters:
        return Role.LOAD if word in ("=", ":") else Role.STORE
    if word in ("def", "class", "for", "as"):
        return Role.STORE
    return Role.STORE if owner.type == SYMBOL.except_clause and word == "," else Role.LOAD


# what becomes of them


class _Python2Pass(ImportPass):
    """The import pass over the statements and names that fissix has found."""

    def __init__(
        self,
        file: ParsedFile,
        ownership: Ownership,
        elsewhere: Elsewhere,
        vetoed: frozenset[int],
        statements: list[ImportStatement],
        tree: Python2Tree,
    ) -> None:
        self.tree = tree
        self.package = package_of(file.module, is_package=file.is_package)
        self.modules = ownership.modules
        self.absolute = says_future(file.source.data, b"absolute_import")
        self.implicit = {
            one.span.start
            for one in statements
            if one.module and not one.level and self._meaning(one.module) != one.module
        }
        """Offsets of ``from old import f`` that mean ``from .old import f``; they get its level."""
        statements = [replace(one, level=1) if one.span.start in self.implicit else one for one in statements]
        super().__init__(file, ownership, elsewhere, vetoed, statements)

    def _meaning(self, module: str) -> str:
        """The module that this file imports by a name without leading dots."""
        if self.absolute:
            return module
        inner = join(self.package, root(module))
        is_there = self.modules.kind(inner) in (ModuleKind.FILE, ModuleKind.OPAQUE)
        return join(self.package, module) if is_there else module

    def _look_at(self, statement: ImportStatement) -> None:
        if statement.is_from:
            super()._look_at(statement)
            return
        for name in statement.names:
            module = self._meaning(name.name)
            finding = self.ownership.module_finding(module)
            if finding is not None:
                self._decide(statement, name, Symbol(module), finding)

    def verdict_at(self, node: Node, span: Span, old: Symbol, finding: Finding) -> Verdict:
        verdict = super().verdict_at(node, span, old, finding)
        statement = next((one for one in self.statements if one.span.start <= span.start < one.span.end), None)
        if verdict is not REWRITE or statement is None or finding.new is None:
            return verdict
        for name in statement.names:
            is_path = not statement.is_from and name.span == span and name.asname is None and "." in name.name
            if is_path and self._meaning(name.name) != name.name:
                return Verdict(Disposition.MANUAL, Reason.PYTHON_2, f"it imports {old}, relative to {self.package}")
        written = self.module_text(statement, finding.new.module) if statement.is_from else finding.new.module
        if not written.startswith(".") and self._meaning(written) not in (finding.new.module, written):
            detail = f"{written} would mean {self._meaning(written)} here"
            return Verdict(Disposition.MANUAL, Reason.NAME_CAPTURE, detail)
        return verdict

    def module_text(self, statement: ImportStatement, module: str) -> str:
        """The module as this statement would write it: relative without a dot where the statement was that."""
        if statement.span.start not in self.implicit:
            return super().module_text(statement, module)
        written = (relative_to(self.package, 1, module) or "").removeprefix(".")
        return written if written and self._meaning(written) == module else module

    def _follow(self) -> None:
        if self._binds_modules_of_interest():
            self._follow_modules(_one_scope(self.tree, self.statements, self.file.tree.root_node))

    def _bound_module(self, statement: ImportStatement, name: ImportedName) -> str | None:
        if statement.is_from:
            return super()._bound_module(statement, name)
        if name.asname is None:
            return self._meaning(name.local)
        module = self._meaning(name.name)
        return module if self.ownership.hidden_submodule(module) is None else None
