"""Folding: the constant text of a string expression, and where each piece of that text stands in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tree_sitter import Node

from codemods.scopes import Occurrence, Role, Scope, ScopeTable
from codemods.syntax import Span, text_of, unescape

_UNKNOWN = "\0"
"""Stands in a folded text for a part that cannot be known."""


@dataclass(frozen=True)
class Piece:
    """``text[at:]`` of a folded text is the file's bytes from ``start`` on, for ``length`` bytes, as they stand there.

    ``constant`` is the binding of the name whose value the piece belongs to; None for text of the expression itself.
    """

    at: int
    length: int
    start: int
    constant: Occurrence | None = None


@dataclass(frozen=True)
class Folded:
    """What is known of a string. ``text`` is in UTF-8; unknown parts and parts that are written with escapes have no
    piece, and unknown parts are a NUL.
    """

    text: bytes
    pieces: tuple[Piece, ...] = ()
    constants: tuple[Occurrence, ...] = field(default=())
    """The uses of names whose values were folded in."""

    @classmethod
    def literal(cls, data: bytes, start: int) -> Folded:
        """A text that stands in the file as it is, from ``start`` on."""
        return cls(data, (Piece(0, len(data), start),) if data else ())

    @property
    def is_known(self) -> bool:
        return _UNKNOWN.encode() not in self.text

    @property
    def decoded(self) -> str:
        """The text; bytes that are no UTF-8 (an escape may say any) are replaced."""
        return self.text.decode("utf-8", "replace")

    def span(self, start: int, end: int) -> Span | None:
        """Where ``text[start:end]`` stands in the file; None where it has no such place."""
        piece = self.piece(start, end)
        return None if piece is None else Span(piece.start + start - piece.at, piece.start + end - piece.at)

    def piece(self, start: int, end: int) -> Piece | None:
        """The piece that holds all of ``text[start:end]``."""
        return next((one for one in self.pieces if one.at <= start and end <= one.at + one.length), None)


UNKNOWN = Folded(_UNKNOWN.encode())
_FIELD = re.compile(rb"\{[^{}]*\}")


class Folder:
    """Folds the string expressions of one file. Names are followed to constants that are bound once."""

    def __init__(
        self, table: ScopeTable, named: Mapping[int, str] | None = None, own: Mapping[str, str] | None = None
    ) -> None:
        """``named`` are the modules whose names are read, ``module.__name__``, by where ``__name__`` begins.

        ``own`` are the values of names that Python gives to the module.
        """
        self._table = table
        self._own = own or {}
        self._named = named or {}
        self._under_way: set[int] = set()

    @cached_property
    def _occurrences(self) -> dict[int, Occurrence]:
        return {one.node.id: one for group in self._table.occurrences.values() for one in group}

    def fold(self, node: Node) -> Folded:
        """The text of an expression as far as constants go: literals, ``+``, ``%``, f-strings, names of constants.

        What is joined by a call, and the name of a module, have no place.
        """
        match node.type:
            case "string":
                return self._string(node)
            case "concatenated_string":
                return _joined(self.fold(child) for child in node.named_children if child.type != "comment")
            case "parenthesized_expression":
                inner = [child for child in node.named_children if child.type != "comment"]
                return self.fold(inner[0]) if len(inner) == 1 else UNKNOWN
            case "binary_operator":
                return self._operator(node)
            case "call":
                return self._call(node)
            case "identifier" if text_of(node) in self._own:
                return Folded(self._own[text_of(node)].encode())
            case "identifier":
                return self._name(node)
            case "attribute":
                attribute = node.child_by_field_name("attribute")
                module = None if attribute is None else self._named.get(attribute.start_byte)
                return UNKNOWN if module is None else Folded(module.encode())
            case _:
                return UNKNOWN

    def _string(self, node: Node) -> Folded:
        prefix = text_of(node.children[0]).rstrip("\"'").lower() if node.children else ""
        if "b" in prefix or "t" in prefix:
            return UNKNOWN
        parts: list[Folded] = []
        for child in node.named_children:
            if child.type == "string_content":
                parts += self._content(child, is_raw="r" in prefix)
            elif child.type == "interpolation":
                parts.append(self._interpolation(child))
        return _joined(parts)

    @staticmethod
    def _content(node: Node, *, is_raw: bool) -> Iterator[Folded]:
        """The literal text of a string; what is written with escapes is known and has no place."""
        data = node.text or b""
        at = 0
        escapes = (one for one in node.named_children if not is_raw or one.type == "escape_interpolation")
        for escape in escapes:
            start, end = escape.start_byte - node.start_byte, escape.end_byte - node.start_byte
            yield Folded.literal(data[at:start], node.start_byte + at)
            value = unescape(data[start:end])
            yield UNKNOWN if value is None else Folded(value)
            at = end
        yield Folded.literal(data[at:], node.start_byte + at)

    def _interpolation(self, node: Node) -> Folded:
        inner = [child for child in node.named_children if child.type != "comment"]
        return self.fold(inner[0]) if len(inner) == 1 else UNKNOWN

    def _operator(self, node: Node) -> Folded:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return UNKNOWN
        match operator.type:
            case "+":
                return _joined((self.fold(left), self.fold(right)))
            case "%":
                return self._formatted(self.fold(left), right)
            case _:
                return UNKNOWN

    def _call(self, node: Node) -> Folded:
        """``"p.{}".format(name)`` and ``".".join([package, "f"])``."""
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        method = None if function is None else function.child_by_field_name("attribute")
        text = None if function is None else function.child_by_field_name("object")
        if method is None or text is None or arguments is None:
            return UNKNOWN
        match text_of(method):
            case "format":
                return self._with_fields(self.fold(text), arguments.named_children)
            case "join":
                return self._join(self.fold(text), arguments.named_children)
            case _:
                return UNKNOWN

    def _with_fields(self, template: Folded, values: list[Node]) -> Folded:
        """What stands between the fields is known, and the values of ``{}`` as far as they are.

        Wholly known, it has no place: of several such calls in a file, not all could be rewritten.
        """
        if not template.is_known or b"{{" in template.text or b"}}" in template.text:
            return UNKNOWN
        fields = list(_FIELD.finditer(template.text))
        plain = len(fields) == len(values) and all(field.group() == b"{}" for field in fields)
        parts: list[Folded] = []
        at = 0
        for number, match in enumerate(fields):
            parts += [_part(template, at, match.start()), self.fold(values[number]) if plain else UNKNOWN]
            at = match.end()
        found = _joined((*parts, _part(template, at, len(template.text))))
        return Folded(found.text) if found.is_known else found

    def _join(self, separator: Folded, arguments: list[Node]) -> Folded:
        if not separator.is_known or len(arguments) != 1 or arguments[0].type not in ("list", "tuple"):
            return UNKNOWN
        elements = (child for child in arguments[0].named_children if child.type != "comment")
        return Folded(separator.text.join(self.fold(child).text for child in elements))

    def _formatted(self, template: Folded, right: Node) -> Folded:
        """``"%s.f" % name``; one or several ``%s``, and nothing else that is formatted."""
        values = (
            [child for child in right.named_children if child.type != "comment"] if right.type == "tuple" else [right]
        )
        marks = template.text.split(b"%s")
        if not template.is_known or len(marks) != len(values) + 1 or b"%" in b"".join(marks):
            return UNKNOWN
        parts: list[Folded] = []
        at = 0
        for index, mark in enumerate(marks):
            parts.append(_part(template, at, at + len(mark)))
            at += len(mark) + len(b"%s")
            if index < len(values):
                parts.append(self.fold(values[index]))
        return _joined(parts)

    def _name(self, node: Node) -> Folded:
        """The value of a name that is bound exactly once, by a plain assignment of a string."""
        if not self._table.may_assign(text_of(node)):
            return UNKNOWN
        occurrence = self._occurrences.get(node.id)
        scope = None if occurrence is None else self._table.scope_of(occurrence)
        if occurrence is None or scope is None or node.id in self._under_way:
            return UNKNOWN
        value, binding = self._constant(occurrence.name, scope)
        if value is None or binding is None:
            return UNKNOWN
        self._under_way.add(node.id)
        found = self.fold(value)
        self._under_way.discard(node.id)
        pieces = tuple(Piece(one.at, one.length, one.start, one.constant or binding) for one in found.pieces)
        return Folded(found.text, pieces, (*found.constants, occurrence))

    def _constant(self, name: str, scope: Scope) -> tuple[Node | None, Occurrence | None]:
        bindings = [one for one in self._table.resolving_to(name, scope) if one.role is not Role.LOAD]
        if len(bindings) != 1 or bindings[0].role is not Role.STORE:
            return None, None
        statement = bindings[0].node.parent
        if statement is None or statement.type != "assignment":
            return None, None
        return statement.child_by_field_name("right"), bindings[0]

    def uses_of(self, binding: Occurrence) -> list[Occurrence]:
        """The reads of the name that this binding binds."""
        scope = self._table.scope_of(binding)
        if scope is None:
            return []
        return [one for one in self._table.resolving_to(binding.name, scope) if one.role is Role.LOAD]


def _joined(parts: Iterable[Folded]) -> Folded:
    text = b""
    pieces: list[Piece] = []
    constants: list[Occurrence] = []
    for part in parts:
        pieces += [Piece(one.at + len(text), one.length, one.start, one.constant) for one in part.pieces]
        constants += part.constants
        text += part.text
    return Folded(text, tuple(pieces), tuple(constants))


def _part(folded: Folded, start: int, end: int) -> Folded:
    """``folded.text[start:end]`` with what of its pieces lies in it."""
    pieces: list[Piece] = []
    for one in folded.pieces:
        low, high = max(start, one.at), min(end, one.at + one.length)
        if low < high:
            pieces.append(Piece(low - start, high - low, one.start + low - one.at, one.constant))
    return Folded(folded.text[start:end], tuple(pieces), folded.constants)
