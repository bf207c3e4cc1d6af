"""source.py: bytes to text and back, and positions as Python's tokenizer counts them."""

from __future__ import annotations

import codecs
import io
import tokenize

import pytest
import support  # noqa: F401  the hypothesis profile
from hypothesis import given
from hypothesis import strategies as st

from codemods.source import NotTextError, SourceText, UndecodableError, decode_python, has_conflict_markers

NEWLINES = st.sampled_from(["\n", "\r\n", "\r"])
ENCODINGS = st.sampled_from(["utf-8", "latin-1", "cp1252", "iso-8859-15", "koi8-r", "ascii", "cp437"])
LETTERS = st.characters(codec="utf-8", exclude_characters="\0\r\n", exclude_categories=["Cs"])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param(b"x = 1\0\n", "NUL", id="a NUL byte (T91)"),
        pytest.param(b"x = '\xe9'\n", "utf-8", id="Latin-1 without a cookie"),
        pytest.param(b"# coding: no-such-codec\n", "no-such-codec", id="an unknown encoding"),
        pytest.param(b"# coding: ascii\n'\xe9'\n", "ascii", id="bytes that the cookie's encoding does not have"),
        pytest.param(b"\xef\xbb\xbf# coding: latin-1\n", "", id="a BOM and another cookie"),
        pytest.param(
            b"# coding: utf-7\nx = '+AGE-'\n", "same bytes", id="an encoding that does not give the bytes back"
        ),
        pytest.param(b"# coding: rot13\nk = 1\n", "", id="a codec that is not for text"),
    ],
)
def test_undecodable(raw: bytes, why: str) -> None:
    with pytest.raises(UndecodableError) as caught:
        decode_python(raw)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "is_text"),
    [
        pytest.param(b"x = 1\0\n", False, id="NUL bytes"),
        pytest.param("x = 1\n".encode("utf-16"), True, id="UTF-16 holds NUL bytes, too, and is text"),
        pytest.param(b"x = '\xe9'\n", True, id="Latin-1 without a cookie"),
        pytest.param(b"# coding: klingon\n", True, id="an encoding that nobody knows"),
    ],
)
def test_no_text_or_another_encoding(raw: bytes, is_text: bool) -> None:
    with pytest.raises(UndecodableError) as caught:
        decode_python(raw)
    assert isinstance(caught.value, NotTextError) is not is_text


@pytest.mark.parametrize(
    ("raw", "text", "encoding", "bom"),
    [
        pytest.param(b"", "", "utf-8", False, id="an empty file"),
        pytest.param("x = 'é'\n".encode(), "x = 'é'\n", "utf-8", False, id="UTF-8 is the default"),
        pytest.param(b"\xef\xbb\xbfx\n", "x\n", "utf-8", True, id="the BOM is no text (T86)"),
        pytest.param(
            b"\xef\xbb\xbf# coding: utf-8\nx\n", "# coding: utf-8\nx\n", "utf-8", True, id="a BOM and its cookie"
        ),
        pytest.param(
            b"# -*- coding: latin-1 -*-\n'\xe9'\n",
            "# -*- coding: latin-1 -*-\n'é'\n",
            "iso8859-1",
            False,
            id="a Latin-1 cookie (T87)",
        ),
        pytest.param(
            b"#!x\n# vim: set fileencoding=cp1252 :\n'\x80'\n",
            "#!x\n# vim: set fileencoding=cp1252 :\n'€'\n",
            "cp1252",
            False,
            id="a cookie on the second line (T87)",
        ),
        pytest.param(
            b"1\n2\n# coding: latin-1\n",
            "1\n2\n# coding: latin-1\n",
            "utf-8",
            False,
            id="a cookie on the third line is a comment",
        ),
        pytest.param(
            b"x = 'coding: latin-1'\n", "x = 'coding: latin-1'\n", "utf-8", False, id="a cookie stands in a comment"
        ),
    ],
)
def test_decode(raw: bytes, text: str, encoding: str, bom: bool) -> None:
    source = decode_python(raw)
    assert source == SourceText(text.encode(), encoding, bom)
    assert source.encode(source.data) == raw


@given(ENCODINGS, st.booleans(), st.lists(st.tuples(st.text(LETTERS, max_size=6), NEWLINES), max_size=6))
def test_decoding_and_encoding_give_the_bytes_back(encoding: str, bom: bool, lines: list[tuple[str, str]]) -> None:
    body = "".join(text + newline for text, newline in lines).encode(encoding, "ignore")
    cookie = b"" if encoding == "utf-8" else b"# coding: " + encoding.encode() + b"\n"
    raw = (codecs.BOM_UTF8 if bom and encoding == "utf-8" else b"") + cookie + body
    try:
        source = decode_python(raw)
    except UndecodableError:
        return  # the random text is a cookie of its own
    assert source.encode(source.data) == raw
    assert not source.data.startswith(codecs.BOM_UTF8) or raw.startswith(codecs.BOM_UTF8 * 2)


@pytest.mark.parametrize(
    ("text", "newline"),
    [
        pytest.param("x", "\n", id="no line end: LF"),
        pytest.param("x\r\ny\n", "\r\n", id="the first one counts"),
        pytest.param("x\ry", "\r", id="a lone CR"),
        pytest.param("x\fy\u2028z\vw\n", "\n", id="no other character ends a line"),
    ],
)
def test_newline(text: str, newline: str) -> None:
    assert SourceText(text.encode()).newline == newline


@pytest.mark.parametrize(
    ("before", "position"),
    [
        pytest.param("", (1, 1), id="the beginning"),
        pytest.param("a\n", (2, 1), id="behind LF"),
        pytest.param("a\r\n", (2, 1), id="behind CRLF"),
        pytest.param("a\r", (2, 1), id="behind a lone CR (T89)"),
        pytest.param("a\r\nb\rc\nd", (4, 2), id="all three"),
        pytest.param("a\fb\x1cc\u2028d\x85e\v", (1, 11), id="form feed, U+2028 and others end no line (T90)"),
        pytest.param("äö€𝄞", (1, 5), id="columns count characters, not bytes"),
    ],
)
def test_position(before: str, position: tuple[int, int]) -> None:
    source = SourceText(f"{before}x\n".encode())
    assert source.position(len(before.encode())) == position


@pytest.mark.parametrize(
    ("text", "line", "column", "offset"),
    [
        pytest.param("ab\ncd", 1, 1, 0, id="the beginning"),
        pytest.param("ab\ncd", 2, 2, 4, id="in a line"),
        pytest.param("ä\r\nö€x", 2, 3, 9, id="columns count characters"),
        pytest.param("a\rb\n", 2, 5, 6, id="behind the line's end columns count on"),
        pytest.param("a\n", 7, 1, 2, id="behind the last line"),
    ],
)
def test_offset(text: str, line: int, column: int, offset: int) -> None:
    assert SourceText(text.encode()).offset(line, column) == offset


@given(
    st.lists(
        st.sampled_from(["x", "ä1", "(", ")", "'é\u2028'", " ", "\f", "\n", "\r\n", "\r", "+", "# ö", "\\\n"]),
        max_size=30,
    )
)
def test_positions_agree_with_the_tokenizer(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    source = SourceText(data)
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if len(lines) != len(data):
        return  # the tokenizer is fed with LF alone, so that offsets stay the same: below
    starts = [0]
    for number, byte in enumerate(lines):
        if byte == 0x0A:
            starts.append(number + 1)
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(lines).readline))[1:]
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        row, column = token.start
        if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.COMMENT):
            offset = starts[row - 1] + len(token.line[:column].encode())
            assert source.position(offset) == (row, column + 1)
            assert source.text(offset, offset + len(token.string.encode())) == token.string


@given(st.lists(st.sampled_from(["x", "ä", "\u2028", "\f", "\n", "\r\n", "\r"]), max_size=20), st.data())
def test_a_line_holds_its_offset(pieces: list[str], data: st.DataObject) -> None:
    source = SourceText("".join(pieces).encode())
    offset = data.draw(st.integers(0, len(source.data)))
    start, end = source.line_start(offset), source.line_end(offset)
    assert start <= offset <= end
    assert start == 0 or source.data[start - 1 : start] in (b"\n", b"\r")
    assert end == len(source.data) or source.data[end - 1 : end] in (b"\n", b"\r")
    assert not any(newline in source.data[start:offset] for newline in (b"\n", b"\r"))


def test_another_text_in_the_same_encoding() -> None:
    source = decode_python(b"\xef\xbb\xbfx\n").with_data(b"y\n")
    assert source.encode(source.data) == b"\xef\xbb\xbfy\n"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        pytest.param("x <<<<<<< y\n", False, id="not at the beginning of a line"),
        pytest.param("=======\n", False, id="a heading's rule"),
        pytest.param("<<<<<<<<\n", False, id="eight of them"),
        pytest.param("a\n<<<<<<< HEAD\n", True, id="ours"),
        pytest.param("a\n>>>>>>> topic\n", True, id="theirs"),
        pytest.param("a\r>>>>>>> topic\r", True, id="behind a lone CR"),
        pytest.param("<<<<<<<\r\nx", True, id="without a name"),
        pytest.param("x\n>>>>>>>", True, id="without a name, at the end"),
    ],
)
def test_conflict_markers(text: str, marked: bool) -> None:
    assert has_conflict_markers(text.encode()) is marked
