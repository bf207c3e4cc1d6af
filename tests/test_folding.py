"""folding.py: what is known of a string expression, and where in the file each byte of it stands."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import ast

import pytest
import support  # noqa: F401  the hypothesis profile
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Node

from codemods.folding import Folded, Folder
from codemods.scopes import Role, scope_table
from codemods.syntax import Span, parse


def folded(text: str) -> Folded:
    """What the value of the last statement, ``expression`` or ``return expression``, is folded to."""
    data = text.encode()
    tree = parse(data)
    node: Node = tree.root_node.named_children[-1]
    while node.type in ("function_definition", "class_definition", "block", "expression_statement", "return_statement"):
        body = node.child_by_field_name("body")
        node = [child for child in (body or node).named_children if child.type != "comment"][-1]
    found = Folder(scope_table(tree)).fold(node)
    for piece in found.pieces:
        assert found.text[piece.at : piece.at + piece.length] == data[piece.start : piece.start + piece.length]
    return found


def shown(found: Folded) -> tuple[str, str]:
    """The text with ``?`` for what is not known, and the same with ``_`` for every byte that has no place."""
    placed = {at for piece in found.pieces for at in range(piece.at, piece.at + piece.length)}
    bare = bytes(byte if at in placed else ord("_") for at, byte in enumerate(found.text))
    return found.text.replace(b"\0", b"?").decode(), bare.decode()


@pytest.mark.parametrize(
    ("text", "known", "placed"),
    [
        # nothing is known
        pytest.param("b'p.old'", "?", "_", id="bytes are no path"),
        pytest.param("rb'p.old'", "?", "_", id="raw bytes"),
        pytest.param("t'p.old'", "?", "_", id="a template string is no str"),
        pytest.param("g()", "?", "_", id="a call"),
        pytest.param("x.y", "?", "_", id="an attribute"),
        pytest.param("1", "?", "_", id="a number"),
        pytest.param("'p.old' * 2", "?", "_", id="another operator"),
        pytest.param("('p.old', 'x')", "?", "_", id="a tuple"),
        pytest.param("x", "?", "_", id="a name that nothing binds"),
        pytest.param("x.join(['p', 'old'])", "?", "_", id="joined by a name that nothing binds"),
        pytest.param("'.'.join('p', 'old')", "?", "_", id="two arguments to join (wrong)"),
        pytest.param("'.'.join(x)", "?", "_", id="what is joined is not to be seen"),
        pytest.param("'.'.strip(['p', 'old'])", "?", "_", id="another method"),
        pytest.param("join(['p', 'old'])", "?", "_", id="a function called join"),
        # literals
        pytest.param("''", "", "", id="an empty string"),
        pytest.param("'p.old'", "p.old", "p.old", id="single quotes"),
        pytest.param('"p.old"', "p.old", "p.old", id="double quotes"),
        pytest.param('"""p.old"""', "p.old", "p.old", id="triple quotes"),
        pytest.param("r'p.old'", "p.old", "p.old", id="a raw string"),
        pytest.param("U'p.old'", "p.old", "p.old", id="a u prefix"),
        pytest.param("('p.old')", "p.old", "p.old", id="parentheses"),
        pytest.param("(  # why\n  'p.old'  # how\n)", "p.old", "p.old", id="comments in parentheses"),
        pytest.param("'größe.maß'", "größe.maß", "größe.maß", id="beyond ASCII"),
        # escapes are known, and have no place
        pytest.param(r"'p\x2eold'", "p.old", "p_old", id="a hexadecimal escape"),
        pytest.param(r"'p.ol\u0064'", "p.old", "p.ol_", id="a Unicode escape"),
        pytest.param(r"'p.\N{LATIN SMALL LETTER O}ld'", "p.old", "p._ld", id="a named escape"),
        pytest.param(r"'\160.old'", "p.old", "_.old", id="an octal escape in front"),
        pytest.param("'p.\\\nold'", "p.old", "p.old", id="a backslash at the end of the line is nothing"),
        pytest.param(r"'\N{NO SUCH NAME}.old'", "?.old", "_.old", id="a wrong escape"),
        pytest.param(r"r'p\.old'", r"p\.old", r"p\.old", id="no escape in a raw string"),
        pytest.param(r"R'p\x2eold'", r"p\x2eold", r"p\x2eold", id="nor with a capital prefix"),
        # pieces
        pytest.param("'p.' 'old'", "p.old", "p.old", id="literals in a row"),
        pytest.param("('p.'  # one\n  'old')", "p.old", "p.old", id="with a comment between"),
        pytest.param("'p.' b'old'", "p.?", "p._", id="with bytes (wrong)"),
        pytest.param("'p.' + 'old'", "p.old", "p.old", id="a sum"),
        pytest.param("'p' + ('.' + 'old')", "p.old", "p.old", id="sums in sums"),
        pytest.param("'p.' + x", "p.?", "p._", id="a sum with something unknown"),
        pytest.param("x + '.old'", "?.old", "_.old", id="unknown in front"),
        # f-strings
        pytest.param("f'p.old'", "p.old", "p.old", id="an f-string without fields"),
        pytest.param("f'p.{x}'", "p.?", "p._", id="an unknown field"),
        pytest.param("f'{x}.old.{y}'", "?.old.?", "_.old._", id="fields around"),
        pytest.param("f'p.{\"old\"}.f'", "p.old.f", "p.old.f", id="a constant field"),
        pytest.param("f'p.{\"old\" + \".f\"}'", "p.old.f", "p.old.f", id="a sum in a field"),
        pytest.param("f'p.{{old}}'", "p.{old}", "p._old_", id="doubled braces are one each"),
        pytest.param("rf'p.{{old}}'", "p.{old}", "p._old_", id="in a raw one too"),
        pytest.param(r"rf'p\.{x}'", r"p\.?", r"p\._", id="a raw f-string"),
        # %
        pytest.param("'p.%s.f' % 'old'", "p.old.f", "p.old.f", id="one mark"),
        pytest.param("'%s.old' % 'p'", "p.old", "p.old", id="a mark in front"),
        pytest.param("'%s.%s' % ('p', 'old')", "p.old", "p.old", id="two marks"),
        pytest.param("'%s.%s' % (  # why\n 'p', 'old')", "p.old", "p.old", id="a comment in the tuple"),
        pytest.param("'%s.%s' % ('p', x)", "p.?", "p._", id="an unknown value"),
        pytest.param("'%s.%s' % 'p'", "?", "_", id="too few values"),
        pytest.param("'%s' % ('p', 'old')", "?", "_", id="too many values"),
        pytest.param("'%s.%d' % ('p', 1)", "?", "_", id="another mark"),
        pytest.param("'100%%.%s' % 'p'", "?", "_", id="a doubled percent sign"),
        pytest.param("'%(a)s' % 'p'", "?", "_", id="a mark with a name"),
        pytest.param("'p.old' % ()", "p.old", "p.old", id="no mark and no value"),
        pytest.param("(x + '.%s') % 'old'", "?", "_", id="an unknown template"),
        pytest.param(r"'\x70.%s' % 'old'", "p.old", "_.old", id="an escape in the template"),
        pytest.param("'p.{}.f'.format(x)", "p.?.f", "p._.f", id="format()"),
        pytest.param("'{}.{}'.format('p', 'old')", "p.old", "_____", id="format() of constants"),
        pytest.param("'{}.old'.format(*x)", "?.old", "_.old", id="format() of unknown arguments"),
        pytest.param("'{a}.old{b!r:>3}'.format(a=x, b=y)", "?.old?", "_.old_", id="format() with named fields"),
        pytest.param("'p.{{}}.{}'.format(x)", "?", "_", id="format() with braces that are none"),
        pytest.param("x.format('p.old')", "?", "_", id="format() of something unknown"),
        pytest.param("'p.old'.upper()", "?", "_", id="another method"),
        # join
        pytest.param("'.'.join(['p', 'old'])", "p.old", "_____", id="a list"),
        pytest.param("''.join((  # why\n 'p', '.old'))", "p.old", "_____", id="a tuple"),
        pytest.param("D = '.'\nM = 'p.old'\nD.join([M, 'f'])", "p.old.f", "_______", id="constants"),
        pytest.param("'.'.join(['p', x])", "p.?", "___", id="an unknown element"),
        pytest.param("'.'.join(['p', *x])", "p.?", "___", id="unknown elements"),
        # names
        pytest.param("M = 'p.old'\nM", "p.old", "p.old", id="a constant"),
        pytest.param("M: str = 'p.old'\nM", "p.old", "p.old", id="an annotated constant"),
        pytest.param("M = 'p.old'\nM + '.f'", "p.old.f", "p.old.f", id="a constant and more"),
        pytest.param("P = 'p'\nM = P + '.old'\nM", "p.old", "p.old", id="a constant of a constant"),
        pytest.param("M = 'p.old'\ndef h():\n  return f'{M}.f'", "p.old.f", "p.old.f", id="read in a function"),
        pytest.param("M = 'x'\ndef h():\n  M = 'p.old'\n  return M", "p.old", "p.old", id="the function's own name"),
        pytest.param("def h():\n  M = 'x'\nM = 'p.old'\nM", "p.old", "p.old", id="another function's name is another one"),
        pytest.param("M = 'p.old'\nM = 'x'\nM", "?", "_", id="bound twice"),
        pytest.param("M = 'p.old'\nM += '.f'\nM", "?", "_", id="augmented"),
        pytest.param("M = 'p.old'\ndel M\nM", "?", "_", id="deleted"),
        pytest.param("M = 'p.old'\ndef h():\n  global M\n  M = 'x'\nM", "?", "_", id="assigned to by a function"),
        pytest.param("for M in 'p.old': pass\nM", "?", "_", id="a loop's name"),
        pytest.param("from x import M\nM", "?", "_", id="imported"),
        pytest.param("def M(): pass\nM", "?", "_", id="a function"),
        pytest.param("def h(M='p.old'):\n  return M", "?", "_", id="a parameter with a default"),
        pytest.param("M, N = 'p.old', 'x'\nM", "?", "_", id="unpacked"),
        pytest.param("M: str\nM", "?", "_", id="only annotated"),
        pytest.param("(M := 'p.old')\nM", "?", "_", id="a walrus"),
        pytest.param("M = M\nM", "?", "_", id="made from itself"),
        pytest.param("A = B\nB = A\nA", "?", "_", id="two that are made from each other"),
    ],
)  # fmt: skip
def test_fold(text: str, known: str, placed: str) -> None:
    found = folded(text)
    assert shown(found) == (known, placed)
    assert found.is_known == ("?" not in known)


@pytest.mark.parametrize(
    ("text", "span", "wanted"),
    [
        pytest.param("'p.old'", (0, 5), "p.old", id="all of a literal"),
        pytest.param("'p.old'", (2, 5), "old", id="a part of it"),
        pytest.param("'p.old'", (5, 5), "", id="its very end"),
        pytest.param("'p.old'", (4, 6), None, id="beyond its end"),
        pytest.param("'p.' 'old'", (2, 5), "old", id="the second literal"),
        pytest.param("'p.' 'old'", (1, 4), None, id="over two literals"),
        pytest.param(r"'p\x2eold'", (2, 5), "old", id="behind an escape"),
        pytest.param(r"'p\x2eold'", (1, 2), None, id="the escape"),
        pytest.param("'x.%s.f' % 'p.old'", (2, 7), "p.old", id="a value behind a mark"),
        pytest.param("'x.%s.f' % 'p.old'", (7, 9), ".f", id="the template behind a mark"),
        pytest.param("M = 'p.old'\nf'x.{M}'", (2, 7), "p.old", id="the value of a name"),
    ],
)  # fmt: skip
def test_span(text: str, span: tuple[int, int], wanted: str | None) -> None:
    found = folded(text).span(*span)
    assert (None if found is None else text[found.start : found.end]) == wanted


def test_a_name_of_a_name_belongs_to_the_outer_name_of_its_text() -> None:
    found = folded("P = 'p'\nM = P + '.old'\nM + '.f'")
    assert [piece.constant and (piece.constant.name, piece.constant.role) for piece in found.pieces] == [
        ("P", Role.STORE),
        ("M", Role.STORE),
        None,
    ]
    assert sorted(use.name for use in found.constants) == ["M", "P"]


def test_the_values_of_a_template_keep_its_names() -> None:
    found = folded("T = 'p.%s'\nN = 'old'\nT % N")
    assert {use.name for use in found.constants} == {"T", "N"}
    assert [piece.constant.name for piece in found.pieces if piece.constant] == ["T", "N"]


def test_uses_of() -> None:
    tree = parse(b"M = 'p.old'\nM\ndef h(): return M\ndef i(M): return M\n")
    table = scope_table(tree)
    binding = min(table.occurrences["M"], key=lambda one: one.node.start_byte)
    assert sorted(one.node.start_point.row for one in Folder(table).uses_of(binding)) == [1, 2]


def test_literal() -> None:
    assert Folded.literal(b"", 3).pieces == ()
    assert Folded.literal(b"p.old", 3).span(2, 5) == Span(5, 8)


LITERALS = st.text("ab.é\n\t\\'\"{}%s", max_size=6).map(repr)


@given(st.lists(LITERALS, min_size=1, max_size=4), st.sampled_from([" ", " + "]), st.booleans())
def test_literals_are_what_python_says(pieces: list[str], between: str, named: bool) -> None:
    expression = between.join(pieces)
    text = f"M = {expression}\nM" if named else expression
    found = folded(text)
    assert found.text.decode() == eval(expression, {})  # noqa: S307,RUF100  literals made here
    assert found.is_known
    spans = sorted((piece.start, piece.start + piece.length) for piece in found.pieces)
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))  # noqa: RUF007


@given(st.lists(st.text("ab.é", max_size=4), min_size=1, max_size=4))
def test_templates_are_what_python_says(values: list[str]) -> None:
    template = ".%s".join(["x"] * (len(values) + 1))
    expression = f"{template!r} % ({', '.join(map(repr, values))},)"
    found = folded(expression)
    assert found.text.decode() == template % tuple(values)
    assert sum(piece.length for piece in found.pieces) == len(found.text)
    assert ast.parse(expression)
