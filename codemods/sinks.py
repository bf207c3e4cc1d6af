"""Sinks: calls and places that look a string up as a path when they run, under whatever name the file has for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from tree_sitter import Node, Tree

from codemods.lookups import IMPORTING, IMPORTING_WORDS, LAZY_LOADER, PATCHING_WORDS, RESOLVING
from codemods.scopes import Occurrence, Role, Scope, ScopeKind, ScopeTable
from codemods.symbols import is_dotted_name, join, last, parent, root
from codemods.syntax import STRING_FRONT, ImportStatement, ancestors, nodes_at, plain_content, text_of


class Sink(Enum):
    """What is done with a string, or with the name that stands beside it."""

    PATCH = auto()
    """``mock.patch("module.name")``: replaces the name in the module's namespace for a while."""
    PATCH_DICT = auto()
    """``patch.dict("module.name", ...)``: changes the dict that is found there."""
    PATCH_MULTIPLE = auto()
    """``patch.multiple("module", name=...)``."""
    PATCH_OBJECT = auto()
    """``patch.object(module, "name")``, ``mocker.spy``, ``monkeypatch.setattr(module, "name", ...)``."""
    MONKEYPATCH = auto()
    """``monkeypatch.setattr("module.name", ...)``: as PATCH; the path is walked by attributes."""
    IMPORT = auto()
    """``import_module("module")`` and the like: gives the module."""
    RESOLVE = auto()
    """``resolve_name("module:name")`` and the like: gives what the path leads to."""
    MODULE_KEY = auto()
    """A key of ``sys.modules``."""
    READ_ATTRIBUTE = auto()
    """``getattr(module, "name")``, ``hasattr``."""
    WRITE_ATTRIBUTE = auto()
    """``setattr(module, "name", ...)``, ``delattr``."""
    LOGGER = auto()
    """``getLogger("name")``: a name, and no path."""
    EXECUTE = auto()
    """``exec``, ``eval``, ``compile``, ``python -c``: source code."""
    SHOWN = auto()
    """``print``, a log call: a text for people."""


OBJECT_SINKS = frozenset({Sink.PATCH_OBJECT, Sink.READ_ATTRIBUTE, Sink.WRITE_ATTRIBUTE})
"""Those of which the second argument is the name, and the first one the module."""

STRING_SINKS = frozenset(
    {
        Sink.PATCH,
        Sink.PATCH_DICT,
        Sink.PATCH_MULTIPLE,
        Sink.MONKEYPATCH,
        Sink.IMPORT,
        Sink.RESOLVE,
        Sink.LOGGER,
    }
)
"""Those of which the first argument is a path, or the name of a logger."""

PATCHING = frozenset({Sink.PATCH_OBJECT, Sink.MONKEYPATCH, Sink.WRITE_ATTRIBUTE})
"""Those that replace a name in the module that they are given."""

_PATCHES = {
    "patch": Sink.PATCH,
    "patch.object": Sink.PATCH_OBJECT,
    "patch.dict": Sink.PATCH_DICT,
    "patch.multiple": Sink.PATCH_MULTIPLE,
    "spy": Sink.PATCH_OBJECT,
}
_BY_LAST_NAME = {
    **dict.fromkeys(IMPORTING, Sink.IMPORT),
    **dict.fromkeys(RESOLVING, Sink.RESOLVE),
    **dict.fromkeys(("getLogger", "assertLogs", "assertNoLogs"), Sink.LOGGER),
}
_WITH_LOGGER = frozenset({"assertLogs", "assertNoLogs", "set_level", "at_level"})
"""Methods of unittest and of pytest's ``caplog`` that are given a logger's name as ``logger``."""
_ATTACH = "attach"
_METHODS = frozenset({"setattr", "delattr"})
_LOOKING_UP = frozenset(
    {
        *(last(tail) for tail, sink in _PATCHES.items() if sink is not Sink.PATCH_OBJECT),
        *_METHODS,
        *_BY_LAST_NAME,
        _ATTACH,
    }
)
"""The last names of all calls that look up their first argument."""

_BUILTINS = {
    "getattr": Sink.READ_ATTRIBUTE,
    "hasattr": Sink.READ_ATTRIBUTE,
    "setattr": Sink.WRITE_ATTRIBUTE,
    "delattr": Sink.WRITE_ATTRIBUTE,
    "exec": Sink.EXECUTE,
    "eval": Sink.EXECUTE,
    "compile": Sink.EXECUTE,
    "print": Sink.SHOWN,
    "repr": Sink.SHOWN,
    "len": Sink.SHOWN,
}
_LOG_CALLS = frozenset({"debug", "info", "warning", "error", "critical", "exception", "fail", "skip", "xfail", "warn"})
_IS_TELLER = re.compile(r"log|warn|pytest|console|report|^(?:self|cls|typer|click|parser)$", re.IGNORECASE)
"""Receivers whose ``error`` or ``skip`` is for people; another one may do anything with a text."""
_STRING_METHODS = frozenset({"split", "rsplit", "partition", "rpartition", "replace", "strip", "lower", "splitlines"})
_STRING_TESTS = frozenset({"startswith", "endswith", "count", "find", "index"})
_PASSING_ON = frozenset(
    {"enumerate", "sorted", "list", "tuple", "set", "frozenset", "reversed", "iter", "zip", "param", "str"}
)
_NAMING = frozenset({"dotted_name", "aliased_import", "function_definition", "class_definition", "parameters"})
"""Nodes in which a name is only named."""
_FIRST_KEYWORDS = ("target", "obj", "in_dict", "name", "modname", "mod_name", "fullname", "dotted_path", "import_name")
_QUICK = re.compile(
    b"|".join((*IMPORTING_WORDS, *PATCHING_WORDS, rb"getattr", rb"hasattr", rb"pytest_plugins", rb"sys\.modules"))
)


_EXECUTES = re.compile(rb"(?:exec|eval|compile)(?!\w)(?<![.\w]exec)(?<![.\w]eval)(?<![.\w]compile)|builtins|-c(?!\w)")


def may_have_sinks(data: bytes) -> bool:
    """Whether a text names a sink at all; quick."""
    return _QUICK.search(data) is not None


def path_pattern(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """A pattern for a string, or the last piece of one, that is a path to one of the names (in any order: the same)."""
    words = b"|".join(sorted(map(re.escape, names)))
    return re.compile(STRING_FRONT + rb"(?:[\w.:]*[.:])?(?:" + words + rb")(?!\w)" if words else rb"(?!)")


def may_execute(data: bytes) -> bool:
    """Whether a text names anything that runs source code; quick."""
    return _EXECUTES.search(data) is not None


def arguments_of(call: Node) -> list[Node]:
    """The arguments of a call, keywords and all, without comments."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "argument_list":
        return []
    return [child for child in arguments.named_children if child.type != "comment"]


def first_argument(call: Node) -> Node | None:
    """The value of the first positional argument, or of the keyword that stands for it."""
    for argument in arguments_of(call):
        if argument.type != "keyword_argument":
            return None if argument.type in ("list_splat", "dictionary_splat") else argument
        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if name is not None and text_of(name) in _FIRST_KEYWORDS:
            return value
    return None


def name_argument(call: Node) -> Node | None:
    """The name that one of the OBJECT_SINKS looks up: its second positional argument, ``attribute`` or ``name``."""
    given = arguments_of(call)
    if len(given) > 1 and given[1].type != "keyword_argument":
        return given[1]
    return keyword(call, "attribute") or keyword(call, "name")


def keyword(call: Node, wanted: str) -> Node | None:
    """The value of a keyword argument."""
    for argument in arguments_of(call):
        if argument.type == "keyword_argument":
            name = argument.child_by_field_name("name")
            if name is not None and text_of(name) == wanted:
                return argument.child_by_field_name("value")
    return None


def plain_name(node: Node) -> Node | None:
    """The content of a string literal that is a name; None for anything else."""
    content = plain_content(node)
    text = "" if content is None else text_of(content)
    return content if is_dotted_name(text) and not parent(text) else None


def given_with(node: Node) -> Node | None:
    """The arguments, the tuple or the list that an expression stands in; None where it stands elsewhere."""
    outer = node.parent
    if outer is not None and outer.type == "keyword_argument":
        outer = outer.parent
    return outer if outer is not None and outer.type in ("argument_list", "tuple", "list") else None


class Callees:
    """Says what a call of one file does with a string. Imports, their aliases and plain assignments are followed."""

    def __init__(self, statements: Iterable[ImportStatement], table: ScopeTable) -> None:
        self._table = table
        self._origins: dict[str, str] = {}
        for statement in statements:
            for name in statement.names:
                if statement.is_from:
                    self._origins[name.local] = join("." * bool(statement.level), statement.module or "", name.name)
                elif name.asname is not None:
                    self._origins[name.asname] = name.name

    def sink(self, call: Node) -> Sink | None:
        """What the call does with its first argument (or, of the OBJECT_SINKS, with its second); None: not known."""
        function = call.child_by_field_name("function")
        if function is None:
            return None
        name = self._name(function)
        if name is None or (function.type == "identifier" and self._is_defined(text_of(function))):
            return None
        return self._sink_of(name, is_method="." in text_of(function))

    def sink_given(self, given: Node) -> Sink | None:
        """What the call does whose arguments these are; None where it is not known, and for a tuple or a list."""
        call = given.parent
        return None if call is None or call.type != "call" else self.sink(call)

    def names_beside(self, module: Node) -> Iterator[Node]:
        """The names that may be patched in a module: ``swap(module, "name", x)``, ``name=x``, ``[(module, "name")]``.

        Calls that are known to do something else are left out.
        """
        given = given_with(module)
        sink = None if given is None else self.sink_given(given)
        if given is None or (sink is not None and sink not in PATCHING):
            return
        for other in given.named_children:
            name = plain_name(other.child_by_field_name("value") or other)
            if name is not None:
                yield name
            keyword_name = other.child_by_field_name("name") if other.type == "keyword_argument" else None
            if keyword_name is not None:  # swap(module, name=fake)
                yield keyword_name

    def lookups(self, tree: Tree) -> list[Node]:
        """The calls of ``tree`` (the file's) that may look up their first argument, whether they do or not.

        Called is one of the names in the tables above, alone or as an attribute, or a name that an import or an
        assignment gives to one of them: ``p = mock.patch``.
        """
        found: list[Node] = []
        imported = {local for local, origin in self._origins.items() if last(origin) in _LOOKING_UP}
        assigned: set[str] = set()
        for names in (_LOOKING_UP, imported - _LOOKING_UP):
            for function in _named(tree, names):
                outer = function.parent
                if outer is None or _calls(outer, function):
                    found += [] if outer is None else [outer]
                elif outer.type == "assignment" and outer.child_by_field_name("right") == function:
                    left = outer.child_by_field_name("left")
                    assigned |= {text_of(left)} if left is not None and left.type == "identifier" else set()
        for function in _named(tree, assigned - _LOOKING_UP - imported):
            outer = function.parent
            found += [outer] if outer is not None and _calls(outer, function) else []
        return sorted(found, key=lambda call: (call.start_byte, -call.end_byte))

    def handed_on(self, tree: Tree) -> Iterator[Node]:
        """Where something that imports is no call's function: ``map(import_module, names)``. Imports aside."""
        imported = {local for local, origin in self._origins.items() if last(origin) in IMPORTING | RESOLVING}
        for node in _named(tree, IMPORTING | RESOLVING | imported):
            outer = node.parent
            if outer is None or _calls(outer, node) or outer.type in _NAMING:
                continue
            left = outer.child_by_field_name("left")
            if outer.type == "assignment" and left is not None and left.type == "identifier":
                continue  # a name that lookups() follows, or the binding of one
            if outer.type != "keyword_argument" or outer.child_by_field_name("name") != node:
                yield node

    def _is_defined(self, name: str) -> bool:
        """Whether the file has a function or class of this name itself."""
        if not self._table.may_define(name):
            return False
        bindings = [one for one in self._table.occurrences.get(name, ()) if one.role is Role.STORE]
        return any(
            one.node.parent is not None and one.node.parent.type in ("function_definition", "class_definition")
            for one in bindings
        )

    def _sink_of(self, name: str, *, is_method: bool) -> Sink | None:
        for tail, sink in _PATCHES.items():
            if name.endswith("." + tail) and "mock" in name.removesuffix(tail).rpartition(".")[0].lower():
                return sink
        if name == join(LAZY_LOADER, _ATTACH):
            return Sink.IMPORT
        if last(name) in _METHODS and is_method:
            return Sink.MONKEYPATCH
        if last(name) in _BY_LAST_NAME:
            return _BY_LAST_NAME[last(name)]
        if name in _BUILTINS:
            return _BUILTINS[name]
        if root(name) == "builtins" and last(name) in _BUILTINS:
            return _BUILTINS[last(name)]
        if is_method and last(name) in _LOG_CALLS and _IS_TELLER.search(name.rpartition(".")[0]):
            return Sink.SHOWN
        return None

    def _name(self, function: Node, depth: int = 0) -> str | None:
        """The dotted name of what is called, its first name replaced by what it is bound to."""
        pieces: list[str] = []
        node = function
        while node.type == "attribute":
            attribute, outer = node.child_by_field_name("attribute"), node.child_by_field_name("object")
            if attribute is None or outer is None:
                return None
            pieces.insert(0, text_of(attribute))
            node = outer
        if node.type != "identifier":
            return join("()", *pieces) if pieces else None
        first = text_of(node)
        if first in self._origins:
            return join(self._origins[first], *pieces)
        bound = self._assigned(node) if depth == 0 else None
        if bound is not None:
            origin = self._name(bound, depth + 1)
            if origin is not None:
                return join(origin, *pieces)
        return join(first, *pieces)

    def _assigned(self, node: Node) -> Node | None:
        """``mock.patch`` of ``p = mock.patch``, where that is the name's only binding."""
        name = text_of(node)
        if not self._table.may_assign(name):
            return None
        bindings = [one for one in self._table.occurrences.get(name, ()) if one.role is not Role.LOAD]
        if len(bindings) != 1:
            return None
        statement = bindings[0].node.parent
        right = None if statement is None else statement.child_by_field_name("right")
        if statement is None or statement.type != "assignment" or right is None:
            return None
        return right if right.type in ("attribute", "identifier") else None


def _named(tree: Tree, names: Collection[str]) -> Iterator[Node]:
    """What ends with one of these names: ``patch`` itself, the whole of ``mock.patch``."""
    if not names:
        return
    pattern = re.compile(b"(?:" + b"|".join(re.escape(name).encode() for name in sorted(names)) + rb")(?!\w)")
    for node in nodes_at(tree, pattern):
        if node.type != "identifier" or text_of(node) not in names:
            continue
        outer = node.parent
        is_end = outer is not None and outer.type == "attribute" and outer.child_by_field_name("attribute") == node
        yield outer if is_end and outer is not None else node


def _calls(call: Node, function: Node) -> bool:
    return call.type == "call" and call.child_by_field_name("function") == function


@dataclass(frozen=True)
class Use:
    """One thing that is done with a string: the sink, and the node at which it happens."""

    sink: Sink
    node: Node


class Flow:
    """Follows a string through one file to what is done with it: over variables, loops, collections, parameters."""

    def __init__(self, callees: Callees, table: ScopeTable, is_public: Callable[[str], bool]) -> None:
        """``is_public``: whether another file may read a name of this module."""
        self._callees = callees
        self._table = table
        self._is_public = is_public
        self._origin: Node | None = None

    def uses(self, node: Node) -> list[Use] | None:
        """Everything that is done with the value of an expression; None where that cannot be seen completely."""
        self._origin = node
        return self._uses(node, set())

    def _uses(self, node: Node, seen: set[int]) -> list[Use] | None:
        outer = node.parent
        if outer is None or node.id in seen:
            return [] if node.id in seen else None
        seen.add(node.id)
        if is_command(node):
            return [Use(Sink.EXECUTE, outer)]
        match outer.type:
            case "parenthesized_expression" | "list" | "tuple" | "set" | "expression_list" | "list_splat":
                return self._uses(outer, seen)
            case "pair":
                is_value = outer.child_by_field_name("value") == node
                if not is_value and outer.parent is not None and self._is_modules_patch(outer.parent):
                    return [Use(Sink.MODULE_KEY, outer)]
                return self._uses(outer, seen)
            case "dictionary":
                return self._uses(outer, seen)
            case "assignment" if outer.child_by_field_name("right") == node:
                return self._assignment(outer, seen)
            case "for_statement" | "for_in_clause" if node in outer.children_by_field_name("right"):
                target = outer.child_by_field_name("left")
                return None if target is None else self._of_targets(target, seen, self._position(node))
            case "argument_list":
                return self._argument(node, outer, seen)
            case "keyword_argument":
                if outer.parent is None or outer.parent.parent is None:
                    return None
                return self._call(outer.parent.parent, outer, node, seen)
            case "subscript":
                return self._subscript(node, outer, seen)
            case "comparison_operator":
                return self._comparison(node, outer)
            case "interpolation" | "binary_operator":
                return self._within_text(outer, seen)
            case "concatenated_string":
                uses = self._uses(outer, seen)
                return uses if uses and all(use.sink is Sink.SHOWN for use in uses) else None
            case "assert_statement" | "raise_statement":
                return [Use(Sink.SHOWN, outer)]
            case "attribute":
                return self._method(outer, seen)
            case "expression_statement" | "if_statement":
                return []
            case "boolean_operator" | "conditional_expression":
                return self._uses(outer, seen)
            case _:
                return None

    def _within_text(self, outer: Node, seen: set[int]) -> list[Use] | None:
        """The string is part of a larger one: shown to people, as long as that is not looked up itself."""
        text = outer.parent if outer.type == "interpolation" else outer
        uses = None if text is None else self._uses(text, seen)
        handed_on = uses is None and outer.type == "binary_operator"
        is_path = uses is not None and any(use.sink not in (Sink.SHOWN, Sink.LOGGER) for use in uses)
        return None if is_path or handed_on else [Use(Sink.SHOWN, outer)]

    def _is_modules_patch(self, dictionary: Node) -> bool:
        """Whether a dict stands in ``patch.dict("sys.modules", {...})``, or in ``sys.modules.update({...})``."""
        arguments = dictionary.parent
        call = None if arguments is None else arguments.parent
        if arguments is None or call is None or arguments.type != "argument_list" or call.type != "call":
            return False
        if self._callees.sink(call) is Sink.PATCH_DICT:
            first = first_argument(call)
            return first is not None and text_of(first).strip("\"'") == "sys.modules"
        function = call.child_by_field_name("function")
        return function is not None and text_of(function) == "sys.modules.update"

    def _assignment(self, statement: Node, seen: set[int]) -> list[Use] | None:
        target = statement.child_by_field_name("left")
        if target is None:
            return None
        if text_of(target) == "pytest_plugins":
            return [Use(Sink.IMPORT, statement)]
        if target.type != "identifier":
            return None
        uses = self._of_targets(target, seen)
        outer = statement.parent
        if uses is None or outer is None or outer.type != "assignment":
            return uses
        others = self._assignment(outer, seen)  # a = b = "p.old"
        return None if others is None else [*uses, *others]

    def _position(self, collection: Node) -> int | None:
        """Where in its element of a collection the string stands: 0 for the first of ``("p.old", 1)``."""
        node = self._origin
        chain = []
        while node is not None and node != collection:
            chain.append(node)
            node = node.parent
        if len(chain) < 2:
            return None
        element, inner = chain[-1], chain[-2]
        if element.type == "call" and len(chain) > 2:  # pytest.param("p.old", 1)
            return arguments_of(element).index(chain[-3]) if chain[-3] in arguments_of(element) else None
        if element.type not in ("tuple", "list"):
            return None
        return [child for child in element.named_children if child.type != "comment"].index(inner)

    def _of_targets(self, target: Node, seen: set[int], position: int | None = None) -> list[Use] | None:
        """What is done with each name of an assignment's or loop's target, or with the one at a position."""
        names = [target] if target.type == "identifier" else target.named_children
        if any(name.type != "identifier" for name in names):
            return None
        if position is not None and position < len(names) > 1:
            names = [names[position]]
        found: list[Use] = []
        for name in names:
            occurrence = next((one for one in self._table.occurrences.get(text_of(name), ()) if one.node == name), None)
            scope = None if occurrence is None else self._table.scope_of(occurrence)
            if scope is None or scope.kind is ScopeKind.CLASS:  # others can read an attribute of a class
                return None
            uses = self._of_name(text_of(name), scope, seen)
            if uses is None:
                return None
            found += uses
        return found

    def _of_name(self, name: str, scope: Scope, seen: set[int]) -> list[Use] | None:
        found: list[Use] = []
        for occurrence in self._table.resolving_to(name, scope):
            if occurrence.role is not Role.LOAD:
                continue
            uses = self._uses(occurrence.node, seen)
            if uses is None:
                return None
            found += uses
        return None if scope is self._table.module_scope and self._is_public(name) else found

    def _argument(self, node: Node, arguments: Node, seen: set[int]) -> list[Use] | None:
        call = arguments.parent
        if call is None or call.type != "call":
            return None
        return self._call(call, node, node, seen)

    def _call(self, call: Node, argument: Node, value: Node, seen: set[int]) -> list[Use] | None:
        """What a call does with one of its arguments."""
        sink = self._callees.sink(call)
        function = call.child_by_field_name("function")
        if sink is Sink.SHOWN or (call.parent is not None and call.parent.type == "raise_statement"):
            return [Use(Sink.SHOWN, call)]  # also the message of an exception
        if sink is not None and sink not in OBJECT_SINKS and first_argument(call) == value:
            return [Use(sink, call)]
        if function is None:
            return None
        written = text_of(function)
        if written in ("sys.modules.get", "sys.modules.pop", "sys.modules.setdefault"):
            return [Use(Sink.MODULE_KEY, call)] if first_argument(call) == value else None
        if last(written) in ("setitem", "delitem") and text_of(first_argument(call) or call) == "sys.modules":
            return [Use(Sink.MODULE_KEY, call)]
        if last(written) in _WITH_LOGGER and (last(written).startswith("assert") or "caplog" in parent(written)):
            return [Use(Sink.LOGGER, call)] if value in (keyword(call, "logger"), *arguments_of(call)[1:2]) else None
        if last(written) in _PASSING_ON:
            return self._uses(call, seen)
        if last(written) == "parametrize":
            return self._parametrized(call, value, seen)
        if function.type == "identifier":
            return self._parameter(call, argument, text_of(function), seen)
        return None

    def _parametrized(self, call: Node, value: Node, seen: set[int]) -> list[Use] | None:
        """``@pytest.mark.parametrize("name", [...])``: what the decorated function does with its parameters."""
        decorated = next((outer for outer in ancestors(call) if outer.type == "decorated_definition"), None)
        names = first_argument(call)
        definition = None if decorated is None else decorated.child_by_field_name("definition")
        if names is None or names == value or definition is None:
            return None
        wanted = re.findall(r"\w+", text_of(names))
        position = self._position(value)
        if position is not None and position < len(wanted) > 1:
            wanted = [wanted[position]]
        found: list[Use] = []
        for name in wanted:
            uses = self._of_parameter(definition, name, seen)
            if uses is None:
                return None
            found += uses
        return found

    def _parameter(self, call: Node, argument: Node, function: str, seen: set[int]) -> list[Use] | None:
        """What a function of this file does with the parameter that an argument is given to."""
        bindings = [one for one in self._table.occurrences.get(function, ()) if one.role is not Role.LOAD]
        if len(bindings) != 1:
            return None
        definition = bindings[0].node.parent
        if definition is None or definition.type != "function_definition":
            return None
        if argument.type == "keyword_argument":
            name = argument.child_by_field_name("name")
            return None if name is None else self._of_parameter(definition, text_of(name), seen)
        position = arguments_of(call).index(argument)
        if any(one.type in ("list_splat", "dictionary_splat") for one in arguments_of(call)[:position]):
            return None
        parameters = definition.child_by_field_name("parameters")
        given = [] if parameters is None else parameters.named_children
        names = [_parameter_name(one) for one in given if one.type not in ("comment", "positional_separator")]
        if position >= len(names) or names[position] is None:
            return None
        return self._of_parameter(definition, names[position] or "", seen)

    def _of_parameter(self, definition: Node, name: str, seen: set[int]) -> list[Use] | None:
        for occurrence in self._table.occurrences.get(name, ()):
            if occurrence.role is Role.STORE and _parameter_owner(occurrence) == definition:
                return self._of_name(name, occurrence.scope, seen)
        return None

    def _subscript(self, node: Node, outer: Node, seen: set[int]) -> list[Use] | None:
        value = outer.child_by_field_name("value")
        if value == node:
            return self._uses(outer, seen)  # an element of the collection
        return [Use(Sink.MODULE_KEY, outer)] if value is not None and text_of(value) == "sys.modules" else None

    @staticmethod
    def _comparison(node: Node, outer: Node) -> list[Use] | None:
        """``"p.old" in sys.modules``; any other comparison of the string is out of sight."""
        children = outer.named_children
        if len(children) == 2 and children[0] == node and text_of(children[1]) == "sys.modules":
            return [Use(Sink.MODULE_KEY, outer)]
        return None

    def _method(self, attribute: Node, seen: set[int]) -> list[Use] | None:
        """``TABLE.items()``: its elements; ``name.split(".")``: pieces of it, which may be looked up."""
        name = attribute.child_by_field_name("attribute")
        call = attribute.parent
        if name is None or call is None or call.type != "call":
            return None
        if text_of(name) in ("items", "values", "get", "copy"):
            return self._uses(call, seen)
        if text_of(name) in _STRING_TESTS:
            return [Use(Sink.SHOWN, call)]
        return self._uses(call, seen) if text_of(name) in _STRING_METHODS else None


def is_command(node: Node) -> bool:
    """Whether a value stands behind ``"-c"`` in a list of arguments: ``[sys.executable, "-c", "import p.old"]``."""
    before = node.prev_named_sibling
    return before is not None and text_of(before).strip("\"'") == "-c"


def _parameter_name(node: Node) -> str | None:
    match node.type:
        case "identifier":
            return text_of(node)
        case "typed_parameter":
            return text_of(node.named_children[0])
        case "default_parameter" | "typed_default_parameter":
            name = node.child_by_field_name("name")
            return None if name is None else text_of(name)
        case _:
            return None


def _parameter_owner(occurrence: Occurrence) -> Node | None:
    """The function whose parameter an occurrence is."""
    for outer in ancestors(occurrence.node):
        if outer.type == "parameters":
            return outer.parent
        if outer.type in ("block", "module"):
            return None
    return None
