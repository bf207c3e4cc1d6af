"""Scopes of one file: every name occurrence and the scope that it resolves to, by Python's rules.

Source: The Python Language Reference, 4.2 "Naming and binding", for functions, classes, comprehensions (PEP 709
changes nothing here), assignment expressions (PEP 572), type parameters (PEP 695) and patterns (PEP 634).
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import Enum, auto
from functools import cached_property

from tree_sitter import Node, Tree

from codemods.syntax import Span, ancestors, field, parse, statement_of, text_of


class ScopeKind(Enum):
    """What opens a scope."""

    MODULE = auto()
    CLASS = auto()
    FUNCTION = auto()
    COMPREHENSION = auto()
    TYPE_PARAMETERS = auto()


class Role(Enum):
    """What an occurrence does with its name."""

    LOAD = auto()
    STORE = auto()
    DELETE = auto()
    IMPORT = auto()
    DECLARE = auto()
    """Listed by ``global`` or ``nonlocal``."""


@dataclass(eq=False, slots=True)
class Scope:
    """One scope. ``bound`` are the names that it binds itself."""

    kind: ScopeKind
    parent: Scope | None
    bound: set[str] = dataclass_field(default_factory=set)
    declared_global: set[str] = dataclass_field(default_factory=set)
    declared_nonlocal: set[str] = dataclass_field(default_factory=set)
    has_star_import: bool = False

    def outwards(self) -> Iterator[Scope]:
        """This scope, then the ones that enclose it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


@dataclass(frozen=True, eq=False)
class Occurrence:
    """A name at a place. ``base`` is added to the node's offsets (for code inside a string annotation)."""

    name: str
    role: Role
    scope: Scope
    node: Node
    base: int = 0

    @property
    def span(self) -> Span:
        return Span(self.node.start_byte + self.base, self.node.end_byte + self.base)

    @property
    def takes_effect(self) -> int:
        """The offset from which on a binding is in force: behind an assignment's right side."""
        node = self.node
        while node.parent is not None and node.parent.type in (*_TARGET_GROUPS, *_TARGET_OWNERS):
            node = node.parent
        if node.type == "for_statement":
            node = field(node, "right")
        return node.end_byte + self.base

    def path(self) -> tuple[tuple[str, Span], ...]:
        """The longest dotted path that starts here: ``a.b.c`` as its names and their spans."""
        pieces = [(self.name, self.span)]
        node = self.node
        outer = node.parent
        if outer is not None and outer.type == "dotted_name":
            return tuple(
                (text_of(child), Span(child.start_byte + self.base, child.end_byte + self.base))
                for child in outer.children
                if child.type == "identifier"
            )
        while outer is not None and outer.type == "attribute" and outer.child_by_field_name("object") == node:
            name = field(outer, "attribute")
            pieces.append((text_of(name), Span(name.start_byte + self.base, name.end_byte + self.base)))
            node, outer = outer, outer.parent
        return tuple(pieces)

    def written_attribute(self) -> bool:
        """Whether the path's end is assigned to, deleted or augmented (``a.b = 1``)."""
        node, outer = self.node, self.node.parent
        while outer is not None and outer.type == "attribute" and outer.child_by_field_name("object") == node:
            node, outer = outer, outer.parent
        while outer is not None and outer.type in _TARGET_GROUPS:
            node, outer = outer, outer.parent
        if node is self.node or outer is None:
            return False
        if outer.type in ("delete_statement", "as_pattern_target"):
            return True
        return outer.type in _TARGET_OWNERS and outer.child_by_field_name("left") == node


_TARGET_GROUPS = frozenset(
    {
        "pattern_list",
        "tuple_pattern",
        "list_pattern",
        "list_splat_pattern",
        "expression_list",
        "parenthesized_expression",  # the last three: targets of ``del``
        "tuple",
        "list",
    }
)
_TARGET_OWNERS = frozenset({"assignment", "augmented_assignment", "for_statement", "for_in_clause"})
_COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
_GROUPS = frozenset(
    {
        "pattern_list",
        "tuple_pattern",
        "list_pattern",
        "list_splat_pattern",
        "dictionary_splat_pattern",
        "parenthesized_expression",
        "tuple",
        "list",
        "expression_list",
        "list_splat",
        "as_pattern_target",
    }
)
_TYPE_ARGUMENTS = {"cast": range(1), "ForwardRef": range(1), "NewType": range(1, 2), "TypeVar": range(1, 99)}
"""Which arguments of these calls are types, so that a string there is an annotation."""

_NEAR = 64
_GAP = bytes((*b" \t\r\n\f\v\\", *range(0x80, 0x100)))
_TYPE_COMMENT = re.compile(rb"#\s*type:\s*(?!ignore\b)([^#]+)")
_ARROW = re.compile(rb"(?:->)?((?:(?!->).)+)", re.DOTALL)
_NAMESPACE_READERS = frozenset({"globals", "locals", "vars", "exec", "eval", "dir"})


class ScopeTable:
    """All occurrences of a file, by name; the file is analysed when the first of them is asked for.

    Most files never get that far: ``may_assign`` and ``may_define`` look at the text, and no answer of theirs is
    a wrong no. What may stand between two words is blank, a backslash, or not ASCII; error recovery leaves out more.
    """

    def __init__(self, root: Node) -> None:
        self._root = root

    @cached_property
    def _analysed(self) -> tuple[Scope, dict[str, list[Occurrence]]]:
        return _Analysis().run(self._root)

    @property
    def module_scope(self) -> Scope:
        """The scope of the module itself."""
        return self._analysed[0]

    @property
    def occurrences(self) -> dict[str, list[Occurrence]]:
        """The occurrences of each name."""
        return self._analysed[1]

    def may_assign(self, name: str) -> bool:
        """Whether ``name = ...`` or ``name: T = ...`` may stand in the file."""
        return self._has_error or any(
            not behind or behind[:1] in (b":", b"#") or (behind[:1] == b"=" and behind[:2] != b"==")
            for behind in (self._text[end : end + _NEAR].lstrip(_GAP) for _, end in self._places(name))
        )

    def may_define(self, name: str) -> bool:
        """Whether ``def name`` or ``class name`` may stand in the file."""
        return self._has_error or any(
            not before or before.endswith((b"def", b"class"))
            for before in (self._text[max(0, start - _NEAR) : start].rstrip(_GAP) for start, _ in self._places(name))
        )

    @cached_property
    def _has_error(self) -> bool:
        return self._root.has_error

    @cached_property
    def _text(self) -> bytes:
        return self._root.text or b""

    def _places(self, name: str) -> Iterator[tuple[int, int]]:
        word = name.encode("utf-8")
        start = self._text.find(word)
        while start >= 0:
            yield start, start + len(word)
            start = self._text.find(word, start + len(word))

    def scope_of(self, occurrence: Occurrence) -> Scope | None:
        """The scope whose binding this occurrence reads or writes; None for a builtin or an unknown name."""
        name, start = occurrence.name, occurrence.scope
        for scope in start.outwards():
            if name in scope.declared_global:
                return self.module_scope
            if scope.kind is ScopeKind.CLASS and (scope is not start or self._reads_around(scope, occurrence)):
                continue
            if name in scope.bound and name not in scope.declared_nonlocal:
                return scope
        return None

    def _reads_around(self, scope: Scope, use: Occurrence) -> bool:
        """Whether a name in a class body is read before the body binds it, and so means an outer one.

        Only a class body looks names up as it runs: ``old = old.f()`` reads the outer ``old``.
        """
        return use.role is Role.LOAD and all(
            found.takes_effect > use.span.start
            for found in self.occurrences[use.name]
            if found.scope is scope and found.role is not Role.LOAD
        )

    def resolving_to(self, name: str, scope: Scope) -> list[Occurrence]:
        """The occurrences of a name that mean the binding in this scope."""
        return [found for found in self.occurrences.get(name, ()) if self.scope_of(found) is scope]

    def reads_namespace(self) -> bool:
        """Whether the file calls ``globals()``, ``exec`` or the like, so that names may be used unseen."""
        return any(
            found.role is Role.LOAD and self.scope_of(found) is None
            for name in _NAMESPACE_READERS
            for found in self.occurrences.get(name, ())
        )

    def can_take(self, name: str, owner: Scope, uses: list[Occurrence]) -> bool:
        """Whether ``owner`` can bind ``name`` anew, and ``uses`` can say it, with nothing captured.

        That holds if the name is not bound in the owner; if no scope between a use and the owner binds it;
        and if nobody uses it yet in a way that the new binding would catch.
        """
        if name in owner.bound or owner.has_star_import or name in owner.declared_global | owner.declared_nonlocal:
            return False
        for use in uses:
            for scope in use.scope.outwards():
                if scope is owner:
                    break
                if name in scope.bound or name in scope.declared_global:
                    return False
        for found in self.occurrences.get(name, ()):
            inside = any(scope is owner for scope in found.scope.outwards())
            reached = self.scope_of(found)
            if owner is self.module_scope and found.role is Role.DECLARE:
                return False
            if inside and (reached is None or _is_outside(reached, owner)):
                return False
        return True


def unbound_at_import(table: ScopeTable, tree: Tree) -> Occurrence | None:
    """The first name that importing the module reads and nothing binds: the import raises NameError.

    Looked at is what surely runs: code of the module and its classes outside of branches, with decorators,
    defaults and annotations. Annotations do not run under ``from __future__ import annotations``.
    """
    if table.module_scope.has_star_import or table.reads_namespace():
        return None
    future = b"annotations" in _future_features(tree)
    found = [
        one
        for name, occurrences in table.occurrences.items()
        if not hasattr(builtins, name) and not (name.startswith("__") and name.endswith("__"))
        for one in occurrences
        if one.role is Role.LOAD
        and one.base == 0
        and all(scope.kind in (ScopeKind.MODULE, ScopeKind.CLASS) for scope in one.scope.outwards())
        and table.scope_of(one) is None
        and not any(outer.type in _BRANCHES or (future and outer.type == "type") for outer in ancestors(one.node))
    ]
    return min(found, key=lambda one: one.span.start, default=None)


_BRANCHES = frozenset(
    {
        "if_statement",
        "try_statement",
        "for_statement",
        "while_statement",
        "match_statement",
        "with_statement",
        "conditional_expression",
        "boolean_operator",
        "ERROR",
    }
)


def _future_features(tree: Tree) -> bytes:
    return b" ".join(child.text or b"" for child in tree.root_node.children if child.type == "future_import_statement")


def _is_outside(scope: Scope, owner: Scope) -> bool:
    """Whether ``scope`` encloses ``owner``."""
    return scope is not owner and any(outer is scope for outer in owner.outwards())


def scope_table(tree: Tree) -> ScopeTable:
    """The scopes of a whole file. Pure; works on trees with errors as far as they go."""
    return ScopeTable(tree.root_node)


class _Analysis:
    """One walk over the tree with an explicit stack: deeply nested code does not exhaust Python's."""

    def __init__(self) -> None:
        self.module = Scope(ScopeKind.MODULE, None)
        self.occurrences: dict[str, list[Occurrence]] = {}
        self.pending: list[tuple[Node, Scope, Role, bool, int]] = []

    def run(self, root: Node) -> tuple[Scope, dict[str, list[Occurrence]]]:
        self._push(root, self.module)
        while self.pending:
            node, scope, role, annotation, base = self.pending.pop()
            self._visit(node, scope, role, annotation, base)
        return self.module, self.occurrences

    def _push(
        self, node: Node | None, scope: Scope, role: Role = Role.LOAD, annotation: bool = False, base: int = 0
    ) -> None:
        if node is not None:
            self.pending.append((node, scope, role, annotation, base))

    def _push_children(
        self, node: Node, scope: Scope, role: Role = Role.LOAD, annotation: bool = False, base: int = 0
    ) -> None:
        for child in node.named_children:
            self.pending.append((child, scope, role, annotation, base))

    def _record(self, node: Node, scope: Scope, role: Role, base: int = 0, name: str | None = None) -> None:
        name = text_of(node) if name is None else name
        self.occurrences.setdefault(name, []).append(Occurrence(name, role, scope, node, base))
        if role is not Role.LOAD and role is not Role.DECLARE:
            self._bind(scope, name)

    def _bind(self, scope: Scope, name: str) -> None:
        if name in scope.declared_global:
            self.module.bound.add(name)
        scope.bound.add(name)

    def _visit(self, node: Node, scope: Scope, role: Role, annotation: bool, base: int) -> None:
        kind = node.type
        if kind == "identifier":
            self._record(node, scope, role, base)
        elif kind == "attribute":
            self._push(node.child_by_field_name("object"), scope, Role.LOAD, annotation, base)
        elif kind in _GROUPS:
            self._push_children(node, scope, role, annotation, base)
        elif kind == "keyword_argument":
            self._push(node.child_by_field_name("value"), scope, Role.LOAD, annotation, base)
        elif kind == "string":
            self._string(node, scope, annotation, base)
        elif kind == "type":
            self._push_children(node, scope, Role.LOAD, True, base)
        elif kind == "subscript":
            literal = text_of(field(node, "value")).rpartition(".")[2] == "Literal"
            self._push_children(node, scope, Role.LOAD, annotation and not literal, base)
        elif kind == "generic_type":
            generic, *parameters = node.named_children
            self._push(generic, scope, Role.LOAD, True, base)
            for parameter in parameters:
                if text_of(generic) != "Literal":
                    self._push(parameter, scope, Role.LOAD, True, base)
                    continue
                for argument in parameter.named_children:  # each a ``type``, which would make it an annotation
                    self._push_children(argument, scope, Role.LOAD, False, base)
        elif kind == "call":
            self._call(node, scope, annotation, base)
        elif kind in ("function_definition", "class_definition"):
            self._definition(node, scope)
        elif kind == "lambda":
            inner = Scope(ScopeKind.FUNCTION, scope)
            self._parameters(node.child_by_field_name("parameters"), inner, scope, base)
            self._push(node.child_by_field_name("body"), inner, Role.LOAD, False, base)
        elif kind in _COMPREHENSIONS:
            self._comprehension(node, scope, annotation, base)
        elif kind == "assignment":
            self._push(node.child_by_field_name("left"), scope, Role.STORE, False, base)
            self._push(node.child_by_field_name("type"), scope, Role.LOAD, True, base)
            self._push(node.child_by_field_name("right"), scope, Role.LOAD, False, base)
        elif kind == "augmented_assignment":
            left = field(node, "left")
            self._push(left, scope, Role.LOAD)
            if left.type == "identifier":
                self._push(left, scope, Role.STORE)
            self._push(node.child_by_field_name("right"), scope)
        elif kind == "named_expression":
            owner = scope
            while owner.kind is ScopeKind.COMPREHENSION and owner.parent is not None:
                owner = owner.parent
            self._push(node.child_by_field_name("name"), owner, Role.STORE, False, base)
            self._push(node.child_by_field_name("value"), scope, Role.LOAD, False, base)
        elif kind == "for_statement":
            for child in node.named_children:
                is_target = child == node.child_by_field_name("left")
                self._push(child, scope, Role.STORE if is_target else Role.LOAD)
        elif kind == "as_pattern":
            for child in node.named_children:
                self._push(child, scope, Role.STORE if child.type == "as_pattern_target" else Role.LOAD)
        elif kind == "delete_statement":
            self._push_children(node, scope, Role.DELETE)
        elif kind in ("global_statement", "nonlocal_statement"):
            self._declaration(node, scope)
        elif kind in ("import_statement", "import_from_statement"):
            self._import(node, scope)
        elif kind == "case_clause":
            for child in node.named_children:
                if child.type == "case_pattern":
                    self._pattern(child, scope)
                else:
                    self._push(child, scope)
        elif kind == "type_alias_statement":
            self._type_alias(node, scope)
        elif kind == "comment":
            self._type_comment(node, scope, base)
        elif kind in ("future_import_statement", "dotted_name"):
            pass
        else:
            self._push_children(node, scope, Role.LOAD, annotation, base)

    def _string(self, node: Node, scope: Scope, annotation: bool, base: int) -> None:
        """Fields of an f-string are code; so is the whole of a plain string in an annotation."""
        contents = [child for child in node.children if child.type == "string_content"]
        for child in node.named_children:
            if child.type == "interpolation" or child.named_child_count:
                self._push_children(child, scope, Role.LOAD, False, base)
        start = text_of(node.children[0]).lower() if node.children else ""
        if not annotation or len(contents) != 1 or set(start) & set("fbtr") or contents[0].named_child_count:
            return
        text = contents[0].text or b""
        inner = parse(b"(" + text + b"\n)")  # parentheses: an annotation may span lines
        if not inner.root_node.has_error:
            self._push(inner.root_node, scope, Role.LOAD, True, base + contents[0].start_byte - 1)

    def _call(self, node: Node, scope: Scope, annotation: bool, base: int) -> None:
        function = field(node, "function")
        self._push(function, scope, Role.LOAD, False, base)
        arguments = field(node, "arguments")
        if arguments.type != "argument_list":  # a generator expression without parentheses of its own
            self._push(arguments, scope, Role.LOAD, False, base)
            return
        types = _TYPE_ARGUMENTS.get(text_of(function).rpartition(".")[2], range(0))
        for index, argument in enumerate(arguments.named_children):
            self._push(argument, scope, Role.LOAD, annotation or index in types, base)

    def _type_comment(self, node: Node, scope: Scope, base: int) -> None:
        """``# type: int`` and ``# type: (int, str) -> None`` (PEP 484), the parts as annotations."""
        match = _TYPE_COMMENT.match(node.text or b"")
        if match is None or base:
            return
        for part in _ARROW.finditer(match[1]):
            inner = parse(b"(" + part[1].strip() + b"\n)")
            if not inner.root_node.has_error:
                lead = len(part[1]) - len(part[1].lstrip())
                start = node.start_byte + match.start(1) + part.start(1) + lead
                self._push(inner.root_node, scope, Role.LOAD, True, start - 1)

    def _definition(self, node: Node, scope: Scope) -> None:
        self._record(field(node, "name"), scope, Role.STORE)
        parameters = node.child_by_field_name("type_parameters")
        outer = scope
        if parameters is not None:
            outer = Scope(ScopeKind.TYPE_PARAMETERS, scope)
            self._type_parameters(parameters, outer)
        if node.type == "class_definition":
            self._push(node.child_by_field_name("superclasses"), outer)
            self._push(node.child_by_field_name("body"), Scope(ScopeKind.CLASS, outer))
            return
        inner = Scope(ScopeKind.FUNCTION, outer)
        for child in node.named_children:
            if child.type == "comment":
                self._push(child, outer)
        self._parameters(node.child_by_field_name("parameters"), inner, outer, 0, defaults=scope)
        self._push(node.child_by_field_name("return_type"), outer)
        self._push(node.child_by_field_name("body"), inner)

    def _parameters(
        self, node: Node | None, inner: Scope, outer: Scope, base: int, defaults: Scope | None = None
    ) -> None:
        """Bind the parameters inside; annotations are evaluated outside, defaults outside of type parameters too."""
        for parameter in [] if node is None else node.named_children:
            match parameter.type:
                case "comment":
                    self._push(parameter, outer, Role.LOAD, False, base)
                case "identifier" | "list_splat_pattern" | "dictionary_splat_pattern" | "tuple_pattern":
                    self._push(parameter, inner, Role.STORE, False, base)
                case "default_parameter" | "typed_default_parameter":
                    self._push(parameter.child_by_field_name("name"), inner, Role.STORE, False, base)
                    self._push(parameter.child_by_field_name("type"), outer, Role.LOAD, True, base)
                    self._push(parameter.child_by_field_name("value"), defaults or outer, Role.LOAD, False, base)
                case "typed_parameter":
                    for child in parameter.named_children:
                        if child.type == "type":
                            self._push(child, outer, Role.LOAD, True, base)
                        else:
                            self._push(child, inner, Role.STORE, False, base)

    def _type_parameters(self, node: Node, scope: Scope) -> None:
        """Bind ``T`` of ``[T: bound]`` in the scope of its own."""
        for child in node.named_children:
            if child.type == "ERROR":  # ``= default`` (PEP 696), which the grammar does not know
                self._push(child, scope)
                continue
            names = child
            while names.named_children and names.type != "identifier":
                names = names.named_children[0]
            if names.type == "identifier":
                self._record(names, scope, Role.STORE)
            for inner in child.named_children:
                if inner.type == "constrained_type":
                    for bound in inner.named_children[1:]:
                        self._push(bound, scope)

    def _type_alias(self, node: Node, scope: Scope) -> None:
        left = field(node, "left")
        name = left
        while name.named_children and name.type != "identifier":
            name = name.named_children[0]
        self._record(name, scope, Role.STORE)
        inner = Scope(ScopeKind.TYPE_PARAMETERS, scope)
        generic = left.named_children[0] if left.named_children else left
        for child in generic.named_children[1:]:
            self._type_parameters(child, inner)
        self._push(node.child_by_field_name("right"), inner)

    def _comprehension(self, node: Node, scope: Scope, annotation: bool, base: int) -> None:
        inner = Scope(ScopeKind.COMPREHENSION, scope)
        first = True
        for child in node.named_children:
            if child.type != "for_in_clause":
                self._push(child, inner, Role.LOAD, annotation, base)
                continue
            self._push(child.child_by_field_name("left"), inner, Role.STORE, False, base)
            for right in child.children_by_field_name("right"):
                if right.is_named:
                    self._push(right, scope if first else inner, Role.LOAD, False, base)
            first = False

    def _declaration(self, node: Node, scope: Scope) -> None:
        for child in node.named_children:
            if child.type == "identifier":
                name = text_of(child)
                if node.type == "global_statement":
                    scope.declared_global.add(name)
                    if name in scope.bound:
                        self.module.bound.add(name)
                    self.module.bound.add(name)
                else:
                    scope.declared_nonlocal.add(name)
                self._record(child, scope, Role.DECLARE)

    def _import(self, node: Node, scope: Scope) -> None:
        if node.has_error:
            return
        statement = statement_of(node)
        if statement.star is not None:
            scope.has_star_import = True
        for child, name in zip(node.children_by_field_name("name"), statement.names, strict=True):
            self._record(child, scope, Role.IMPORT, name=name.local)

    def _pattern(self, node: Node, scope: Scope) -> None:
        """Names in a ``case`` pattern: a lone name captures, a dotted one is read (PEP 634)."""
        pending = [node]
        while pending:
            pattern = pending.pop()
            children = pattern.named_children
            match pattern.type:
                case "dotted_name":
                    names = [child for child in pattern.children if child.type == "identifier"]
                    if len(names) > 1:
                        self._record(names[0], scope, Role.LOAD)
                    elif text_of(names[0]) != "_":
                        self._record(names[0], scope, Role.STORE)
                case "class_pattern":
                    names = [child for child in children[0].children if child.type == "identifier"]
                    self._record(names[0], scope, Role.LOAD)
                    pending += children[1:]
                case "keyword_pattern":
                    pending += children[1:]
                case "identifier":
                    self._record(pattern, scope, Role.STORE)
                case "as_pattern_target":
                    self._push(pattern, scope, Role.STORE)
                case _:
                    pending += children
