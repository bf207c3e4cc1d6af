"""references.py: the one place that applies edits."""

from __future__ import annotations

import pytest
import support  # noqa: F401  the hypothesis profile
from hypothesis import given
from hypothesis import strategies as st

from codemods.references import Edit, OverlappingEditsError, apply_edits, offset_before

TEXT = b"0123456789"


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([Edit(2, 5, "a"), Edit(4, 6, "b")], id="they overlap"),
        pytest.param([Edit(2, 8, "a"), Edit(4, 5, "b")], id="one holds the other"),
        pytest.param([Edit(2, 5, "a"), Edit(2, 5, "b")], id="two texts for one span"),
        pytest.param([Edit(5, 2, "a")], id="it ends before it begins"),
        pytest.param([Edit(9, 11, "a")], id="behind the end of the text"),
        pytest.param([Edit(-1, 1, "a")], id="before its beginning"),
    ],
)
def test_overlap(edits: list[Edit]) -> None:
    with pytest.raises(OverlappingEditsError):
        apply_edits(TEXT, edits)


@pytest.mark.parametrize(
    ("edits", "text"),
    [
        pytest.param([], TEXT, id="nothing to do"),
        pytest.param([Edit(2, 4, "ab"), Edit(2, 4, "ab")], b"01ab456789", id="equal edits count once"),
        pytest.param([Edit(8, 9, "b"), Edit(0, 1, "a")], b"a1234567b9", id="in any order"),
        pytest.param([Edit(2, 4, "a"), Edit(4, 6, "b")], b"01ab6789", id="they touch"),
        pytest.param([Edit(3, 3, "a")], b"012a3456789", id="an insertion"),
        pytest.param([Edit(10, 10, "a")], b"0123456789a", id="at the very end"),
        pytest.param([Edit(0, 10, "")], b"", id="everything goes"),
        pytest.param([Edit(1, 2, "é")], "0é23456789".encode(), id="beyond ASCII"),
    ],
)
def test_apply(edits: list[Edit], text: bytes) -> None:
    assert apply_edits(TEXT, edits) == text


@st.composite
def texts_with_edits(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    pieces = draw(st.lists(st.tuples(st.text("abé", max_size=5), st.text("xy", max_size=3), st.booleans()), max_size=6))
    data, edits = b"", []
    for old, new, change in pieces:
        start = len(data)
        data += old.encode()
        if change and old:
            edits.append(Edit(start, len(data), new))
    return data, draw(st.permutations(edits + edits[:1]))


@given(texts_with_edits())
def test_edits_replace_their_spans_and_nothing_else(case: tuple[bytes, list[Edit]]) -> None:
    data, edits = case
    wanted = data
    for edit in sorted(set(edits), reverse=True):
        wanted = wanted[: edit.start] + edit.text.encode() + wanted[edit.end :]
    assert apply_edits(data, edits) == wanted


@given(texts_with_edits())
def test_an_offset_of_untouched_text_is_found_again(case: tuple[bytes, list[Edit]]) -> None:
    data, edits = case
    shift, after = 0, {}
    for offset in range(len(data)):
        if any(edit.start <= offset < edit.end for edit in edits):
            continue
        shift = sum(len(e.text.encode()) - (e.end - e.start) for e in set(edits) if e.end <= offset)
        after[offset + shift] = offset
    edited = apply_edits(data, edits)
    for offset, before in after.items():
        assert edited[offset : offset + 1] == data[before : before + 1]
        assert offset_before(edits, offset) == before


@pytest.mark.parametrize(
    ("offset", "before"),
    [
        pytest.param(1, 1, id="before the edit"),
        pytest.param(2, 2, id="where it begins"),
        pytest.param(5, 2, id="inside of what it wrote: its beginning"),
        pytest.param(7, 4, id="behind it"),
    ],
)
def test_offset_before(offset: int, before: int) -> None:
    assert offset_before([Edit(2, 4, "abcde")], offset) == before
