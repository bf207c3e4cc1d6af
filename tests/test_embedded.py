"""embedded.py: code inside another text, and the way back from each of its bytes to the file."""

from __future__ import annotations

import doctest
import textwrap

import pytest
import support  # noqa: F401  the hypothesis profile
from hypothesis import given
from hypothesis import strategies as st

from codemods.embedded import Embedded, dedented, doctests, unescaped
from codemods.references import Edit
from codemods.syntax import Span, parse, string_nodes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"x = 1\n", None, id="no prompt"),
        pytest.param(b"a >>> b\n", None, id="a prompt inside of a line"),
        pytest.param(b">>>x\n", None, id="no space behind the prompt"),
        pytest.param(b">>>> x\n", None, id="one mark too many"),
        pytest.param(b">>> x", b"x\n", id="one line without an end"),
        pytest.param(b"  >>> x\n  1\n", b"x\n", id="what is printed is no code"),
        pytest.param(b"\t>>> x\n", b"x\n", id="a tab in front"),
        pytest.param(b">>> if x:\n...     y\n...\n", b"if x:\n    y\n\n", id="a block with an empty line"),
        pytest.param(b">>>\n>>> x\n", b"\nx\n", id="an empty prompt"),
        pytest.param(b"Text\n>>> x\nand\n>>> y\n", b"x\ny\n", id="prose between"),
        pytest.param(b">>> x\r\n... y\r\n1\r\n", b"x\ny\n", id="CRLF"),
        pytest.param(b">>> x\r... y\r1\r>>>\r", b"x\ny\n\n", id="lone CR"),
        pytest.param("é\n>>> 'ü'\n".encode(), "'ü'\n".encode(), id="beyond ASCII"),
    ],
)  # fmt: skip
def test_doctests(text: bytes, code: bytes | None) -> None:
    outer = b"'''\n" + text + b"'''"
    found = doctests(outer, 4, len(outer) - 3)
    assert (None if found is None else found.data) == code
    check_stretches(found, outer)


def test_doctest_directly_behind_the_quotes() -> None:
    found = doctests(b"""'''>>> x\n>>> y\n'''""", 3, 15)
    assert found is not None
    assert found.data == b"x\ny\n"


def test_what_stands_outside_is_no_doctest() -> None:
    assert doctests(b">>> a\n>>> b\n>>> c\n", 6, 12) == doctests(b"\n" * 6 + b">>> b\n", 6, 12)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"import p.old\n", id="no margin"),
        pytest.param(b"\n    import p.old\n    x\n", id="a margin"),
        pytest.param(b"\n    if x:\n        y\n    z\n", id="a block"),
        pytest.param(b"\n    a\n\n    b\n", id="an empty line"),
        pytest.param(b"\n        a\n    b\n", id="the first line is deeper"),
        pytest.param(b"a\n    b\n", id="the first line has no margin"),
        pytest.param(b"\n\ta\n\tb\n", id="tabs"),
        pytest.param(b"\n\ta\n    b\n", id="tabs and spaces have no common margin"),
        pytest.param(b"\n    a\n    b", id="no final line end"),
        pytest.param("\n    é\n    ü\n".encode(), id="beyond ASCII"),
    ],
)  # fmt: skip
def test_dedented(text: bytes) -> None:
    outer = b"'''" + text + b"'''"
    found = dedented(outer, 3, len(outer) - 3)
    assert found.data.decode() == textwrap.dedent(text.decode())
    check_stretches(found, outer)


def test_dedented_with_crlf() -> None:
    assert dedented(b"\r\n    a\r\n      b\r\n", 0, 18).data == b"\r\na\r\n  b\r\n"


@pytest.mark.parametrize(
    ("literal", "code", "placed"),
    [
        pytest.param(rb"'x'", b"x", b"x", id="no escape"),
        pytest.param(rb"'import p.old\nx'", b"import p.old\nx", b"import p.old_x", id="a line break"),
        pytest.param(rb"'\n\nx'", b"\n\nx", b"__x", id="escapes in a row"),
        pytest.param(rb"'a\''", b"a'", b"a_", id="a quote at the end"),
        pytest.param(rb"'a\N{NO SUCH NAME}b'", b"ab", b"ab", id="a wrong escape is left out"),
        pytest.param("'é\\nü'".encode(), "é\nü".encode(), "é_ü".encode(), id="beyond ASCII"),
    ],
)  # fmt: skip
def test_unescaped(literal: bytes, code: bytes, placed: bytes) -> None:
    outer = b"x = " + literal
    found = unescaped(outer, next(iter(string_nodes(parse(outer)))))
    assert found.data == code
    at_places = {at for one in found.stretches for at in range(one.at, one.at + one.length)}
    assert bytes(byte if at in at_places else ord("_") for at, byte in enumerate(code)) == placed
    check_stretches(found, outer)


def test_places() -> None:
    found = doctests(b">>> ab\n>>> cd\n", 0, 14)
    assert found is not None
    assert found.data == b"ab\ncd\n"
    assert [found.outer_offset(at) for at in range(7)] == [4, 5, 6, 11, 12, 13, None]
    assert found.outer_span(Span(3, 5)) == Span(11, 13)
    assert found.outer_span(Span(1, 4)) is None
    assert found.outer_edits([Edit(0, 1, "x"), Edit(5, 5, "y")]) == (Edit(4, 5, "x"), Edit(13, 13, "y"))
    assert found.outer_edits([Edit(0, 1, "x"), Edit(2, 3, "y")]) is None
    assert found.outer_edits([]) == ()


def test_no_place_before_the_first_stretch() -> None:
    literal = rb"'\nx'"
    found = unescaped(literal, next(iter(string_nodes(parse(literal)))))
    assert found.outer_offset(0) is None
    assert found.outer_offset(1) == 3


def check_stretches(found: Embedded | None, outer: bytes) -> None:
    """Whatever has a place stands there, byte for byte."""
    data = b"" if found is None else found.data
    for start in range(len(data) + 1) if found is not None else ():
        for end in range(start, len(data) + 1):
            span = found.outer_span(Span(start, end))
            if span is not None:
                assert outer[span.start : span.end] == data[start:end]
                assert found.outer_offset(start) is not None


LINES = st.lists(
    st.sampled_from(["", " ", "    ", "x", "  >>> x", "    >>> y = 'é'", "    ...   z", "    1", "\t..."]), max_size=6
)


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.text("é", max_size=2))
def test_every_place_gives_back_the_same_bytes(lines: list[str], line_end: str, before: str) -> None:
    outer = before.encode() + line_end.join(lines).encode()
    start = len(before.encode())
    check_stretches(doctests(outer, start, len(outer)), outer)
    check_stretches(dedented(outer, start, len(outer)), outer)


@given(LINES)
def test_dedented_is_what_textwrap_says(lines: list[str]) -> None:
    text = "\n".join(lines)
    wanted = textwrap.dedent(text)
    found = dedented(text.encode(), 0, len(text.encode())).data.decode()
    assert [line.rstrip(" \t") for line in found.split("\n")] == [line.rstrip(" \t") for line in wanted.split("\n")]


@given(st.lists(st.sampled_from([">>> x", ">>> y", "... z", "1", ""]), max_size=6))
def test_doctests_hold_all_that_the_doctest_module_finds(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = doctests(text.encode(), 0, len(text))
    wanted = "".join(example.source for example in doctest.DocTestParser().get_examples(text))
    have = [] if found is None else found.data.decode().splitlines()
    assert [line for line in wanted.splitlines() if line not in have] == []


@given(st.text("abé\n\t\\'\"{", max_size=10))
def test_unescaped_is_what_python_says(text: str) -> None:
    literal = repr(text).encode()
    found = unescaped(literal, next(iter(string_nodes(parse(literal)))))
    assert found.data.decode() == text
    check_stretches(found, literal)
