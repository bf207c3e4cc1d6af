"""Pass 1: what a module binds at its top level and exports, as ModuleFacts.

A small abstract interpretation of the module body: every name maps to the set of bindings that may be in force
when the module has been executed. Branches are joined and never judged: reachability does not decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from enum import Enum, auto

from tree_sitter import Node, Tree

from codemods.source import SourceText
from codemods.symbols import Symbol, join, last, package_of, resolve_relative
from codemods.syntax import (
    FUNCTION_TYPES,
    ImportStatement,
    ancestors,
    field,
    import_statements,
    names_declared_global,
    statement_of,
    text_of,
)


class BindingKind(Enum):
    """How a top-level name gets its value."""

    DEFINITION = auto()
    """``def``, ``class``."""
    IMPORT = auto()
    """``import a.b as x`` or ``from a import x``; ``target`` is what is imported."""
    ASSIGNED_NAME = auto()
    """``x = y`` or ``x = y.z``; ``sources`` are the bindings of y at that moment, ``attributes`` is (z,)."""
    CONSTANT = auto()
    """``x = None`` and other literals."""
    VALUE = auto()
    """Any other value: a call, a loop variable, a ``with`` target."""
    UNBOUND = auto()
    """Not bound on this way through the module."""


@dataclass(frozen=True)
class Binding:
    """One way in which a name may be bound. ``fallback``: only where an import before it failed."""

    kind: BindingKind
    start: int
    target: Symbol | None = None
    sources: tuple[Binding, ...] = dataclass_field(default=(), hash=False)  # nested: each hash would walk them all
    attributes: tuple[str, ...] = ()
    fallback: bool = False


@dataclass(frozen=True)
class StarImport:
    """``from module import *`` at the byte ``start``."""

    module: str
    start: int
    conditional: bool


@dataclass(frozen=True)
class TopImport:
    """A module that is imported when this one is: for import cycles and imports that fail.

    ``name`` is set for ``from module import name``. ``guarded``: a failure is caught, or the import stands in
    a branch, so that it proves nothing about whether this module can be imported.
    """

    module: str
    name: str | None
    guarded: bool
    start: int


class EffectKind(Enum):
    """What a top-level statement does besides forwarding."""

    HARMLESS = auto()
    """It makes a logger, a private map, a fallback: nothing that anyone sees."""
    WARNS = auto()
    LOGS = auto()
    WARNS_AND_LOGS = auto()
    DEFINES = auto()
    ACTS = auto()

    @property
    def is_harmless(self) -> bool:
        """Whether a module that does it still only forwards."""
        return self not in (EffectKind.DEFINES, EffectKind.ACTS)

    @property
    def warns(self) -> bool:
        return self in (EffectKind.WARNS, EffectKind.WARNS_AND_LOGS)

    @property
    def logs(self) -> bool:
        return self in (EffectKind.LOGS, EffectKind.WARNS_AND_LOGS)


@dataclass(frozen=True)
class Effect:
    """A top-level statement that is more than a forwarding import or alias."""

    kind: EffectKind
    line: int
    text: str


@dataclass(frozen=True)
class ModuleFacts:
    """What one module binds, exports, imports and does at its top level."""

    module: str
    path: str
    is_package: bool
    names: dict[str, tuple[Binding, ...]]
    typing_names: frozenset[str] = frozenset()
    """Names bound only under ``if TYPE_CHECKING``."""
    stars: tuple[StarImport, ...] = ()
    exports: tuple[str, ...] | None = None
    """``__all__`` as far as it is literal; None without one."""
    exports_exact: bool = True
    forwards: dict[str, Symbol] | None = None
    """The literal map of a PEP 562 ``__getattr__``; None without one."""
    computed: bool = False
    """``__getattr__``, ``globals()`` or ``exec`` can make names that nothing here shows."""
    replaced_by: Symbol | None = None
    """``sys.modules[__name__] = target``."""
    replaced: bool = False
    """The module puts something into its entry of ``sys.modules``; if ``replaced_by`` is None, nobody knows what."""
    rebound: frozenset[str] = frozenset()
    """Names that functions of the module rebind (``global``)."""
    top_imports: tuple[TopImport, ...] = ()
    effects: tuple[Effect, ...] = ()
    access_effects: tuple[Effect, ...] = ()
    """What a literal ``__getattr__`` says, in warnings and log lines, when a name is taken from the module."""
    broken: bool = False
    """The file is no valid Python 3; the facts are what error recovery could see."""

    def name_of(self, sources: tuple[Binding, ...], other: str) -> str | None:
        """The first name that is bound like this, beside the other one: what an assignment has taken its value from."""
        return next((name for name, found in self.names.items() if found == sources and name != other), None)

    @property
    def handed_on(self) -> tuple[str, ...]:
        """The names that can be objects of other modules: all but those only defined here, or bound to literals."""
        own = (BindingKind.DEFINITION, BindingKind.CONSTANT)
        return tuple(name for name, found in self.names.items() if any(one.kind not in own for one in found))


def absolute_module(statement: ImportStatement, module: str, *, is_package: bool) -> str | None:
    """The module that ``from X import`` names, absolute; None beyond the root package (PEP 328)."""
    assert statement.module is not None
    if statement.level == 0:
        return statement.module
    package = package_of(module, is_package=is_package)
    return resolve_relative(package, statement.level, statement.module)


def bound_symbols(statement: ImportStatement, module: str, *, is_package: bool) -> list[tuple[str, Symbol]]:
    """(local name, what it is bound to) for each name of a statement, star left out."""
    if not statement.is_from:
        return [(name.local, Symbol(name.name if name.asname else name.local)) for name in statement.names]
    origin = absolute_module(statement, module, is_package=is_package)
    if origin is None:
        return []
    return [(name.local, Symbol(origin, name.name)) for name in statement.names]


_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_LOG_METHODS = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "log"})
_WARN_CALLS = frozenset({"warnings.warn", "warn", "warnings.warn_deprecated", "warnings.simplefilter"})
_LITERALS = frozenset({"none", "true", "false", "integer", "float", "string", "concatenated_string", "ellipsis"})
_NAMESPACES = ("globals()", "vars()", "locals()", "sys.modules[")
"""How expressions begin that may be the names of the module."""
_DYNAMIC_CALLS = frozenset({"globals", "vars", "locals", "exec", "eval", "setattr", "extend_path"})

Names = dict[str, tuple[Binding, ...]]


def module_facts(
    source: SourceText, tree: Tree, *, module: str, path: str, is_package: bool, broken: bool = False
) -> ModuleFacts:
    """The facts of one module. Pure; never raises for odd code, which merely yields ``computed`` or VALUE."""
    reader = _Reader(source, module, is_package)
    reader.block(tree.root_node)
    if b":=" in source.data:
        reader.assignment_expressions(tree.root_node)
    rebound = names_declared_global(tree) if b"global" in source.data else frozenset()
    return ModuleFacts(
        module,
        path,
        is_package,
        names=reader.names,
        typing_names=frozenset(reader.typing_names - reader.names.keys()),
        stars=tuple(reader.stars),
        exports=None if reader.exports is None else tuple(dict.fromkeys(reader.exports)),
        exports_exact=reader.exports_exact,
        forwards=reader.forwards,
        computed=reader.computed,
        replaced_by=reader.replaced_by,
        replaced=reader.replaced,
        rebound=rebound,
        top_imports=_top_imports(tree, module, is_package=is_package),
        effects=tuple(reader.effects),
        access_effects=tuple(reader.access_effects),
        broken=broken,
    )


class _Reader:
    """Walks the statements of a module body and keeps what is bound so far."""

    def __init__(self, source: SourceText, module: str, is_package: bool) -> None:
        self.source = source
        self.module = module
        self.is_package = is_package
        self.names: Names = {}
        self.typing_names: set[str] = set()
        self.stars: list[StarImport] = []
        self.exports: list[str] | None = None
        self.exports_exact = True
        self.forwards: dict[str, Symbol] | None = None
        self.computed = False
        self.own_names: tuple[str, ...] = ()
        """How expressions begin that are names of the module itself, by its entry of ``sys.modules``."""
        self.replaced_by: Symbol | None = None
        self.replaced = False
        self.effects: list[Effect] = []
        self.access_effects: list[Effect] = []
        self.depth = 0
        self.dicts: dict[str, Node] = {}
        self.logging_functions: dict[str, EffectKind] = {}

    # statements

    def block(self, block: Node) -> None:
        for statement in block.named_children:
            self.statement(statement)

    def statement(self, node: Node) -> None:
        match node.type:
            case "import_statement" | "import_from_statement":
                self._import(node)
            case "future_import_statement" | "comment" | "pass_statement" | "global_statement":
                pass
            case "expression_statement":
                for child in node.named_children:
                    self._expression(child)
            case "function_definition" | "class_definition":
                self._definition(node)
            case "decorated_definition":
                self._definition(field(node, "definition"))
                self._effect(EffectKind.ACTS, node)
            case "if_statement":
                self._if(node)
            case "try_statement":
                self._try(node)
            case "for_statement" | "while_statement":
                self._loop(node)
            case "with_statement":
                for item in node.named_children:
                    if item.type == "with_clause":
                        self._targets(item, only_as=True)
                self._effect(EffectKind.ACTS, node)
                self.block(field(node, "body"))
            case "match_statement":
                self._match(node)
            case "delete_statement":
                for name in _identifiers(node):
                    self._bind(name, Binding(BindingKind.UNBOUND, node.start_byte))
            case "type_alias_statement":
                for name in _identifiers(field(node, "left"))[:1]:
                    self._bind(name, Binding(BindingKind.VALUE, node.start_byte))
                self._effect(EffectKind.DEFINES, node)
            case _:
                self._effect(EffectKind.ACTS, node)

    def _import(self, node: Node) -> None:
        if node.has_error:
            return
        statement = statement_of(node)
        if statement.star is not None:
            origin = absolute_module(statement, self.module, is_package=self.is_package)
            if origin is not None:
                self.stars.append(StarImport(origin, node.start_byte, self.depth > 0))
        for local, symbol in bound_symbols(statement, self.module, is_package=self.is_package):
            if symbol == Symbol(self.module, local) and self._is_bound(local):  # ``from . import f`` finds that
                continue
            self._bind(local, Binding(BindingKind.IMPORT, node.start_byte, symbol))

    def _definition(self, node: Node) -> None:
        name = text_of(field(node, "name"))
        self._bind(name, Binding(BindingKind.DEFINITION, node.start_byte))
        if node.type == "function_definition" and name == "__getattr__":
            self.forwards = _literal_forwards(node, self.dicts)
            if self.forwards is None:
                self.computed = True
                self._effect(EffectKind.DEFINES, node)
            else:
                self.access_effects = [
                    self._effect_of(_kind_of_logging([call]), call) for call in _log_calls(field(node, "body"))
                ]
        elif node.type == "function_definition" and name == "__dir__":
            self._effect(EffectKind.HARMLESS, node)
        elif node.type == "function_definition" and name.startswith("_") and _only_logs(field(node, "body")):
            self.logging_functions[name] = _kind_of_logging(_log_calls(field(node, "body")))
            self._effect(EffectKind.HARMLESS, node)
        else:
            self._effect(EffectKind.DEFINES, node)

    def _expression(self, node: Node) -> None:
        match node.type:
            case "assignment":
                self._assignment(node)
            case "augmented_assignment":
                left = field(node, "left")
                if text_of(left) == "__all__":
                    self._add_exports(field(node, "right"))
                else:
                    for name in _identifiers(left):
                        self._bind(name, Binding(BindingKind.VALUE, node.start_byte))
                    self._effect(EffectKind.ACTS, node)
            case "call":
                self._call(node)
            case literal if literal in _LITERALS:
                pass
            case _:
                self._effect(EffectKind.ACTS, node)

    def _assignment(self, node: Node) -> None:
        left, right = field(node, "left"), node.child_by_field_name("right")
        if right is None:  # ``x: int``
            return
        targets = [left]
        while right.type == "assignment":
            targets.append(field(right, "left"))
            inner = right.child_by_field_name("right")
            if inner is None:
                return
            right = inner
        value = self._value(node, right)
        for target in targets:
            self._assign(node, target, right, value)

    def _assign(self, node: Node, target: Node, right: Node, value: Binding) -> None:
        name = text_of(target)
        if target.type == "identifier" and name == "__all__":
            self.exports, self.exports_exact = [], True
            self._add_exports(right)
        elif target.type == "identifier":
            if right.type == "dictionary":
                self.dicts[name] = right
            self._bind(name, value)
            if self._is_own_entry(right):
                self.own_names += (f"{name}.",)
            if value.kind is BindingKind.VALUE:
                logger = right.type == "call" and "logger" in text_of(field(right, "function")).lower()
                literal_map = right.type == "dictionary"
                harmless = logger or (literal_map and name.startswith("_"))
                self._effect(EffectKind.HARMLESS if harmless else EffectKind.DEFINES, node)
            elif value.kind is BindingKind.CONSTANT and not name.startswith("__"):
                self._effect(EffectKind.DEFINES if self.depth == 0 else EffectKind.HARMLESS, node)
        elif self._is_own_entry(target):
            self._replace(node, right, value)
        elif target.type in ("pattern_list", "tuple_pattern", "list_pattern"):
            self._assign_pattern(node, target, right)
        else:
            if name.startswith((*_NAMESPACES, *self.own_names)):
                self.computed = True
            self._effect(EffectKind.ACTS, node)

    def _is_own_entry(self, target: Node) -> bool:
        """Whether ``target`` is ``sys.modules[__name__]``."""
        entry = _entry_of_modules(target)
        return entry is not None and (text_of(entry) == "__name__" or string_value(entry) == self.module)

    def _replace(self, node: Node, right: Node, value: Binding) -> None:
        """``sys.modules[__name__] = right``: from here on the module is whatever that is."""
        entry = _entry_of_modules(right)
        key = None if entry is None else string_value(entry)
        by = _replacement(value) if key is None else Symbol(key)
        if by is None or by == Symbol(self.module) or self.depth > 0:
            by = None
            self.computed = True
            self._effect(EffectKind.ACTS, node)
        self.replaced, self.replaced_by = True, by

    def _assign_pattern(self, node: Node, target: Node, right: Node) -> None:
        """``a, b = x, y`` name by name where both sides have the same length."""
        left = [child for child in target.named_children if child.type != "comment"]
        values = [child for child in right.named_children if child.type != "comment"]
        paired = right.type in ("expression_list", "tuple") and len(left) == len(values)
        if paired and all(child.type == "identifier" for child in left):
            for child, value in zip(left, values, strict=True):
                self._assign(node, child, value, self._value(node, value))
            return
        for name in _identifiers(target):
            self._bind(name, Binding(BindingKind.VALUE, node.start_byte))
        self._effect(EffectKind.DEFINES, node)

    def _value(self, node: Node, right: Node) -> Binding:
        """The binding that an assignment of this right side makes."""
        dotted = dotted_path(right)
        if dotted is not None and dotted[0] in self.names:
            return Binding(
                BindingKind.ASSIGNED_NAME,
                node.start_byte,
                sources=self.names[dotted[0]],
                attributes=dotted[1:],
            )
        if dotted is not None and self.stars:  # perhaps a name that a star import binds
            starred = Binding(BindingKind.IMPORT, node.start_byte, Symbol(self.module, dotted[0]))
            return Binding(BindingKind.ASSIGNED_NAME, node.start_byte, sources=(starred,), attributes=dotted[1:])
        if right.type in _LITERALS:
            return Binding(BindingKind.CONSTANT, node.start_byte)
        return Binding(BindingKind.VALUE, node.start_byte)

    def _call(self, node: Node) -> None:
        function = text_of(field(node, "function"))
        if function in ("__all__.extend", "__all__.append"):
            for argument in field(node, "arguments").named_children:
                self._add_exports(argument)
            return
        if function.rpartition(".")[2] in _DYNAMIC_CALLS or function.startswith((*_NAMESPACES, *self.own_names)):
            self.computed = True
        if _is_log_call(function):
            self._effect(_kind_of_logging([node]), node)
        else:
            self._effect(self.logging_functions.get(function, EffectKind.ACTS), node)

    def _add_exports(self, value: Node) -> None:
        """Add what a list, tuple or string adds to ``__all__``; anything else makes it inexact."""
        if self.exports is None:
            self.exports = []
        pending = [value]
        while pending:
            node = pending.pop()
            literal = string_value(node)
            if literal is not None:
                self.exports.append(literal)
            elif node.type in ("list", "tuple", "expression_list", "set", "parenthesized_expression"):
                pending += [child for child in reversed(node.named_children) if child.type != "comment"]
            elif node.type == "binary_operator":
                pending += (field(node, "right"), field(node, "left"))
            else:
                self.exports_exact = False

    # branches

    def _branch(self, before: Names, block: Node | None) -> Names:
        """The names after running ``block`` from ``before``."""
        self.names = dict(before)
        if block is not None:
            self.depth += 1
            self.block(block)
            self.depth -= 1
        return self.names

    def _if(self, node: Node) -> None:
        before = self.names
        outcomes: list[Names] = []
        body: Node | None
        alternatives = node.children_by_field_name("alternative")
        for clause in (node, *alternatives):
            if clause.type == "else_clause":
                body = field(clause, "body")
                after = self._branch(before, body)
                if not _leaves(body):
                    outcomes.append(after)
                continue
            body = clause.child_by_field_name("consequence")
            condition = text_of(field(clause, "condition"))
            if condition in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
                effects = len(self.effects)
                self.typing_names.update(self._branch({}, body))
                del self.effects[effects:]
            elif not (body is not None and _leaves(body)):
                outcomes.append(self._branch(before, body))
            else:
                self._branch(before, body)
        if not any(clause.type == "else_clause" for clause in alternatives):
            outcomes.append(before)
        self.names = _join(outcomes)

    def _try(self, node: Node) -> None:
        before = self.names
        after = self._branch(before, field(node, "body"))
        outcomes: list[Names] = []
        final: Node | None = None
        for clause in node.named_children:
            if clause.type == "else_clause":
                after = self._branch(after, field(clause, "body"))
        for clause in node.named_children:
            if clause.type == "finally_clause":
                final = clause
            elif clause.type in ("except_clause", "except_group_clause"):
                body = next((c for c in clause.named_children if c.type == "block"), None)
                bound = self._branch(before, body)
                if body is None or not _leaves(body):
                    changed = {
                        name: tuple(replace(binding, fallback=True) for binding in bindings)
                        for name, bindings in bound.items()
                        if bindings != before.get(name)
                    }
                    lost = {
                        name: tuple(
                            replace(binding, fallback=True)
                            for binding in before.get(name, (Binding(BindingKind.UNBOUND, node.start_byte),))
                        )
                        for name, bindings in after.items()
                        if name not in changed and bindings != before.get(name)
                    }
                    outcomes.append({**before, **lost, **changed})
        self.names = _join([after, *outcomes])
        if final is not None:
            for child in final.named_children:
                if child.type == "block":
                    self.block(child)

    def _loop(self, node: Node) -> None:
        before = self.names
        left = node.child_by_field_name("left")
        self.names = dict(before)
        if left is not None:
            self._targets(left)
        self._effect(EffectKind.ACTS, node)
        looped = self._branch(self.names, field(node, "body"))
        self.names = _join([looped, before])
        for clause in node.children_by_field_name("alternative"):
            self.block(field(clause, "body"))

    def _match(self, node: Node) -> None:
        before = self.names
        self._effect(EffectKind.ACTS, node)
        outcomes = [before]
        for clause in field(node, "body").named_children:
            if clause.type == "case_clause":
                outcomes.append(self._branch(before, clause.child_by_field_name("consequence")))
        self.names = _join(outcomes)

    def _targets(self, node: Node, *, only_as: bool = False) -> None:
        for name in _as_targets(node) if only_as else _identifiers(node):
            self._bind(name, Binding(BindingKind.VALUE, node.start_byte))

    def assignment_expressions(self, root: Node) -> None:
        """``:=`` anywhere in the module's own code: one more way in which its name may be bound."""
        pending = [root]
        while pending:
            node = pending.pop()
            if node.type in FUNCTION_TYPES or node.type == "class_definition":
                continue
            if node.type == "named_expression":
                name = text_of(field(node, "name"))
                self.names[name] = (*self.names.get(name, ()), Binding(BindingKind.VALUE, node.start_byte))
            pending += reversed(node.named_children)

    # bookkeeping

    def _is_bound(self, name: str) -> bool:
        return name in self.names and all(one.kind is not BindingKind.UNBOUND for one in self.names[name])

    def _bind(self, name: str, binding: Binding) -> None:
        self.names[name] = (binding,)
        if name == "__getattr__" and binding.kind is not BindingKind.DEFINITION:  # whatever that does
            self.computed = True

    def _effect(self, kind: EffectKind, node: Node) -> None:
        self.effects.append(self._effect_of(kind, node))

    def _effect_of(self, kind: EffectKind, node: Node) -> Effect:
        line, _ = self.source.position(node.start_byte)
        first_line, _, _ = text_of(node).partition("\n")
        return Effect(kind, line, first_line.strip())


def _join(outcomes: list[Names]) -> Names:
    """The union of what the branches bind; a branch that does not bind a name leaves it unbound."""
    if not outcomes:  # every branch leaves the module
        return {}
    if len(outcomes) == 1:
        return outcomes[0]
    joined: Names = {}
    for name in dict.fromkeys(name for outcome in outcomes for name in outcome):
        bindings: dict[Binding, None] = {}
        for outcome in outcomes:
            start = next(other[name][0].start for other in outcomes if name in other)
            for binding in outcome.get(name, (Binding(BindingKind.UNBOUND, start),)):
                bindings[binding] = None
        joined[name] = tuple(bindings)
    return joined


def dotted_path(node: Node) -> tuple[str, ...] | None:
    """``("a", "b")`` of the expression ``a.b``; None for anything else."""
    pieces: list[str] = []
    while node.type == "attribute":
        pieces.append(text_of(field(node, "attribute")))
        node = field(node, "object")
    if node.type != "identifier":
        return None
    return (text_of(node), *reversed(pieces))


def string_value(node: Node) -> str | None:
    """The value of a plain string literal without escapes or fields; None for anything else."""
    if node.type != "string":
        return None
    content: list[str] = []
    for child in node.children:
        match child.type:
            case "string_start":
                if set(text_of(child).lower()) & set("fbt"):
                    return None
            case "string_content":
                if child.named_child_count:
                    return None
                content.append(text_of(child))
            case "interpolation":
                return None
    return "".join(content)


def _identifiers(node: Node) -> list[str]:
    """Names that a target or ``del`` names directly; ``a.b`` and ``a[0]`` bind nothing."""
    names: list[str] = []
    pending = [node]
    while pending:
        target = pending.pop()
        if target.type == "identifier":
            names.append(text_of(target))
        elif target.type not in ("attribute", "subscript", "call"):
            pending += reversed(target.named_children)
    return names


def _as_targets(node: Node) -> list[str]:
    names: list[str] = []
    pending = [node]
    while pending:
        inner = pending.pop()
        if inner.type == "as_pattern_target":
            names += _identifiers(inner)
        else:
            pending += reversed(inner.named_children)
    return names


def _leaves(block: Node) -> bool:
    """Whether the block ends by leaving the module: ``raise`` or ``sys.exit()``."""
    statements = [child for child in block.named_children if child.type != "comment"]
    if not statements:
        return False
    final = statements[-1]
    return final.type == "raise_statement" or text_of(final).startswith(("sys.exit(", "raise "))


def _is_log_call(function: str) -> bool:
    head, _, method = function.rpartition(".")
    if method in _LOG_METHODS and "log" in head.lower():
        return True
    return function in _WARN_CALLS


def _log_calls(block: Node) -> list[Node]:
    """The calls in a block that log or warn."""
    found, pending = [], [block]
    while pending:
        node = pending.pop()
        if node.type == "call" and _is_log_call(text_of(field(node, "function"))):
            found.append(node)
        pending += reversed(node.named_children)
    return found


def _kind_of_logging(calls: list[Node]) -> EffectKind:
    """What calls that log or warn do, taken together."""
    warn = [text_of(field(call, "function")) in _WARN_CALLS for call in calls]
    if not warn:
        return EffectKind.HARMLESS
    if all(warn):
        return EffectKind.WARNS
    return EffectKind.WARNS_AND_LOGS if any(warn) else EffectKind.LOGS


def _only_logs(block: Node) -> bool:
    """Whether a function's body does nothing but log or warn."""
    for statement in block.named_children:
        match statement.type:
            case "comment" | "pass_statement" | "import_statement" | "import_from_statement":
                continue
            case "return_statement":
                if statement.named_child_count:
                    return False
            case "expression_statement":
                inner = statement.named_children[0]
                if inner.type in _LITERALS:
                    continue
                if inner.type == "call" and _is_log_call(text_of(field(inner, "function"))):
                    continue
                right = inner.child_by_field_name("right") if inner.type == "assignment" else None
                if right is not None and right.type == "call" and "logger" in text_of(right).lower():
                    continue
                return False
            case _:
                return False
    return True


def _entry_of_modules(node: Node) -> Node | None:
    """The key of ``sys.modules[key]``, under whatever name that was imported; None for other nodes."""
    if node.type != "subscript" or last(text_of(field(node, "value"))) not in ("modules", "_modules"):
        return None
    keys = node.children_by_field_name("subscript")
    return keys[0] if len(keys) == 1 else None


def _replacement(value: Binding) -> Symbol | None:
    """The module that ``sys.modules[__name__] = value`` installs, if that is plainly an import."""
    if value.kind is not BindingKind.ASSIGNED_NAME or len(value.sources) != 1:
        return None
    target = value.sources[0].target
    if target is None or not value.attributes:
        return target
    if not target.is_module:
        return None
    return Symbol(join(target.module, *value.attributes[:-1]), value.attributes[-1])


def _literal_forwards(function: Node, dicts: dict[str, Node]) -> dict[str, Symbol] | None:
    """The map of a PEP 562 ``__getattr__``, if it is literal.

    Read are ``if name == "f": from p.new import g; return g`` chains, and a module-level dict of strings
    (``"p.new"``, ``"p.new:g"``, ``"p.new.g"``) or of pairs, looked up for ``import_module``.
    """
    body = field(function, "body")
    forwards: dict[str, Symbol] = {}
    for statement in body.named_children:
        if statement.type == "if_statement":
            forwards.update(_forward_of_if(statement))
    text = text_of(body)
    if "import_module" in text or "__import__" in text:
        for name, node in dicts.items():
            if name in text:
                forwards.update(_forwards_of_dict(node))
    return forwards or None


def _forward_of_if(node: Node) -> Iterable[tuple[str, Symbol]]:
    condition = field(node, "condition")
    if condition.type != "comparison_operator" or len(condition.named_children) != 2:
        return
    wanted = string_value(condition.named_children[1])
    if wanted is None or text_of(condition.children[1]) != "==":
        return
    imported: dict[str, Symbol] = {}
    for statement in field(node, "consequence").named_children:
        if statement.type == "import_from_statement":
            parsed = statement_of(statement)
            if parsed.level == 0:
                imported.update(bound_symbols(parsed, "", is_package=False))
        elif statement.type == "return_statement" and statement.named_child_count:
            symbol = imported.get(text_of(statement.named_children[0]))
            if symbol is not None:
                yield wanted, symbol


def _forwards_of_dict(node: Node) -> Iterable[tuple[str, Symbol]]:
    for pair in node.named_children:
        if pair.type != "pair":
            continue
        key, value = string_value(field(pair, "key")), field(pair, "value")
        if key is None:
            continue
        whole = string_value(value)
        if whole is not None:
            module, colon, name = whole.partition(":")
            yield key, Symbol(module, name if colon else key)
        elif value.type in ("tuple", "list") and len(value.named_children) == 2:
            module_text, name_text = (string_value(child) for child in value.named_children)
            if module_text is not None and name_text is not None:
                yield key, Symbol(module_text, name_text)


def in_type_checking(node: Node) -> bool:
    """Whether the node stands in the body of ``if TYPE_CHECKING``."""
    inner = node
    for outer in ancestors(node):
        if outer.type == "if_statement" and inner == outer.child_by_field_name("consequence"):
            if text_of(field(outer, "condition")) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
                return True
        inner = outer
    return False


def _top_imports(tree: Tree, module: str, *, is_package: bool) -> tuple[TopImport, ...]:
    found: list[TopImport] = []
    for statement in import_statements(tree):
        guarded = False
        skip = False
        inner = statement.node
        for outer in ancestors(statement.node):
            if outer.type in FUNCTION_TYPES:
                skip = True
                break
            if outer.type in ("if_statement", "for_statement", "while_statement", "match_statement"):
                guarded = True
            elif outer.type == "try_statement":
                in_body = inner == outer.child_by_field_name("body")
                guarded = guarded or not in_body or _catches_import_errors(outer)
            elif outer.type in ("except_clause", "except_group_clause", "with_statement"):
                guarded = True
            inner = outer
        if skip or in_type_checking(statement.node):
            continue
        start = statement.span.start
        if not statement.is_from:
            found += [TopImport(name.name, None, guarded, start) for name in statement.names]
            continue
        origin = absolute_module(statement, module, is_package=is_package)
        if origin is not None:
            found += [TopImport(origin, name.name, guarded, start) for name in statement.names]
            if statement.star is not None:
                found.append(TopImport(origin, None, guarded, start))
    return tuple(found)


def _catches_import_errors(node: Node) -> bool:
    for clause in node.named_children:
        if clause.type in ("except_clause", "except_group_clause"):
            values = clause.children_by_field_name("value")
            if not values or any(name in text_of(value) for value in values for name in _IMPORT_ERRORS):
                return True
    return False
