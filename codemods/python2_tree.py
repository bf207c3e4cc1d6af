"""Python 2 text as the tree that Bowler works on (fissix's), every leaf with its place in our text; and its signs.

Of Bowler, the names of the tree's nodes and tokens are used (``bowler.types``). Its queries read and write files by
themselves, in processes of their own, and lose line ends; its renaming leaves forms out (``import a, p.old``). The
parser is fissix, which Bowler is made of: the fork of 2to3's parser that reads Python 2 and plain Python 3 alike.
Both are imported when the first text asks for them, for they take a quarter of a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

_LINE_END = re.compile(r"\r\n|\r|\n")
_FUTURE = re.compile(
    rb"(?:^|(?<=\r))from[ \t]+__future__[ \t]+import\b(?P<names>(?:\\(?:\r\n|\r|\n)|[^()#;\r\n])*(?:\([^()]*)?)",
    re.MULTILINE,
)
_OLD_NUMBER = re.compile(r"0[0-9]*[1-9][0-9]*[lL]?|[0-9][0-9a-fA-FxXoO]*[lL]")
_OLD_PREFIX = re.compile(r"[uU][rR]['\"]")
_FORMATTED = re.compile(r"(?:[fF][rR]?|[rR][fF])['\"]")
_STATEMENT_WORDS = frozenset({"print", "exec"})

Piece = Any
"""A node or leaf of fissix's tree (``bowler.types.LN``), which has no types of its own."""


@dataclass(frozen=True)
class Python2Tree:
    """The tree of a whole text; ``lines`` and ``starts`` map the leaves' lines and columns to bytes of the text."""

    root: Piece
    lines: tuple[str, ...]
    starts: tuple[int, ...]

    def start(self, leaf: Piece) -> int:
        """The byte offset at which a leaf begins."""
        line: str = self.lines[leaf.lineno - 1]
        start: int = self.starts[leaf.lineno - 1]
        return start + len(line[: leaf.column].encode("utf-8"))

    def end(self, leaf: Piece) -> int:
        """The byte offset behind a leaf that does not go over lines."""
        value: str = leaf.value
        return self.start(leaf) + len(value.encode("utf-8"))

    def walk(self, *closed: int) -> Iterator[Piece]:
        """All nodes and leaves in the order of the text, but what is inside of nodes of the types ``closed``.

        Without recursion, for code may be nested deeply.
        """
        pending = [self.root]
        while pending:
            piece = pending.pop()
            yield piece
            if piece.type not in closed:
                pending.extend(reversed(piece.children))


@lru_cache(maxsize=1)  # a text is asked what it is, and then what is in it
def python2_tree(data: bytes, *, statements: frozenset[str] = _STATEMENT_WORDS) -> Python2Tree | None:
    """The tree of a text; None where fissix does not accept it.

    ``statements`` are the words that begin statements here, out of ``print`` and ``exec``; with neither, the text
    is read as Python 3. ``print`` is a function, too, where the text says ``from __future__ import print_function``.
    """
    from fissix.pgen2.driver import Driver
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError
    from fissix.pytree import convert

    if "print" in statements and says_future(data, b"print_function"):
        statements -= {"print"}
    lines, starts = _lines(data)
    try:
        root = Driver(_grammar(statements), convert=convert).parse_string("\n".join((*lines, "")))
    except (ParseError, TokenError, SyntaxError, AssertionError, RecursionError):
        return None
    return Python2Tree(root, lines, starts)


def says_future(data: bytes, feature: bytes) -> bool:
    """Whether the text says ``from __future__ import feature``."""
    return feature in data and any(feature in re.findall(rb"\w+", one["names"]) for one in _FUTURE.finditer(data))


@cache
def _grammar(statements: frozenset[str]) -> Any:
    """fissix's grammar with these statements; made from its text, where fissix would keep a cache in the home."""
    from fissix.pgen2 import driver, pgen

    original, driver.load_grammar = driver.load_grammar, lambda path, *_, **__: pgen.generate_grammar(path)
    try:
        from fissix.pygram import python_grammar
    finally:
        driver.load_grammar = original
    grammar = python_grammar.copy()
    for word in _STATEMENT_WORDS - statements:
        del grammar.keywords[word]
    return grammar


def _lines(data: bytes) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The lines without their ends, as Python's tokenizer has them, and the offset of each."""
    text = data.decode("utf-8")
    lines: list[str] = []
    starts: list[int] = []
    place = offset = 0
    for match in _LINE_END.finditer(text):
        line = text[place : match.start()]
        lines.append(line)
        starts.append(offset)
        offset += len(line.encode("utf-8")) + match.end() - match.start()
        place = match.end()
    return (*lines, text[place:]), (*starts, offset)


def is_python_2(data: bytes) -> bool:
    """Whether the whole text is Python 2 and says so with something that Python 3 does not have.

    That fissix accepts a text is not enough, for it checks little; and one ``print "x"`` in Python 3 is a slip: a
    text that also has what Python 2 does not have (annotations, f-strings, async) is neither.
    """
    tree = python2_tree(data)
    if tree is None:
        return False
    signs = False
    for piece in tree.walk():
        if _is_python_3_only(piece):
            return False
        signs = signs or _is_python_2_only(piece)
    return signs


def _is_python_2_only(piece: Piece) -> bool:
    from bowler.types import SYMBOL, TOKEN

    children = piece.children
    if piece.type == TOKEN.NUMBER:
        return _OLD_NUMBER.fullmatch(piece.value) is not None
    if piece.type == TOKEN.STRING:
        return _OLD_PREFIX.match(piece.value) is not None
    if piece.type == TOKEN.BACKQUOTE or (piece.type == TOKEN.NOTEQUAL and piece.value == "<>"):
        return True
    if piece.type in (SYMBOL.print_stmt, SYMBOL.exec_stmt):
        # print "x": what begins with a bracket or an operator can be an expression with the function's name
        first = _first_leaf(children[1])
        return first.type in (TOKEN.NAME, TOKEN.NUMBER, TOKEN.STRING, TOKEN.BACKQUOTE)
    if piece.type == SYMBOL.raise_stmt:
        return any(child.type == TOKEN.COMMA for child in children)
    if piece.type == SYMBOL.except_clause:
        # except E, e: a capital letter would make it two exceptions (PEP 758)
        comma = len(children) == 4 and children[2].type == TOKEN.COMMA
        return bool(comma and children[3].type == TOKEN.NAME and children[3].value.islower())
    return piece.type in (SYMBOL.tfpdef, SYMBOL.vfpdef)  # a tuple as a parameter: def f(a, (b, c))


def _is_python_3_only(piece: Piece) -> bool:
    from bowler.types import SYMBOL, TOKEN

    children = piece.children
    if piece.type == TOKEN.STRING:
        return _FORMATTED.match(piece.value) is not None
    if piece.type == SYMBOL.raise_stmt:
        return any(child.value == "from" for child in children if child.type == TOKEN.NAME)
    if piece.type == SYMBOL.global_stmt:
        return bool(children[0].value == "nonlocal")
    return piece.type in (
        TOKEN.ASYNC,
        TOKEN.AWAIT,
        TOKEN.RARROW,
        TOKEN.COLONEQUAL,
        SYMBOL.tname,
        SYMBOL.annassign,
    )


def _first_leaf(piece: Piece) -> Piece:
    while piece.children:
        piece = piece.children[0]
    return piece
