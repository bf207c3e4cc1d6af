"""Embedded: Python code inside another text (a doctest, a string), as a text of its own whose offsets map back."""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from codemods.references import Edit
from codemods.syntax import Span, unescape

_DOCTEST = re.compile(rb"(?:^|(?<=[\r\n]))[ \t]*(?:>>>|\.\.\.)(?: |(?=[\r\n]|$))(?P<code>[^\r\n]*)")


@dataclass(frozen=True)
class Stretch:
    """``data[at:at+length]`` of the embedded text stands in the outer text from ``start`` on, byte for byte."""

    at: int
    start: int
    length: int


@dataclass(frozen=True)
class Embedded:
    """The embedded text, and the stretches of it that stand in the outer text as they are."""

    data: bytes
    stretches: tuple[Stretch, ...]

    def outer_offset(self, offset: int) -> int | None:
        """Where in the outer text the byte at ``offset`` stands; None where it does not."""
        index = bisect_right(self.stretches, offset, key=lambda one: one.at) - 1
        if index < 0:
            return None
        stretch = self.stretches[index]
        return stretch.start + offset - stretch.at if offset <= stretch.at + stretch.length else None

    def outer_span(self, span: Span) -> Span | None:
        """The place of a span in the outer text; None where it does not stand there in one piece."""
        for stretch in self.stretches:
            if stretch.at <= span.start and span.end <= stretch.at + stretch.length:
                shift = stretch.start - stretch.at
                return Span(span.start + shift, span.end + shift)
        return None

    def outer_edits(self, edits: Iterable[Edit]) -> tuple[Edit, ...] | None:
        """The edits of the outer text; None if one of them cannot be made there."""
        found: list[Edit] = []
        for edit in edits:
            span = self.outer_span(Span(edit.start, edit.end))
            if span is None:
                return None
            found.append(Edit(span.start, span.end, edit.text))
        return tuple(found)


def doctests(data: bytes, start: int, end: int) -> Embedded | None:
    """The code behind the prompts ``>>>`` and ``...`` in ``data[start:end]``, one line each; None without any."""
    parts: list[bytes] = []
    stretches: list[Stretch] = []
    at = 0
    for match in _DOCTEST.finditer(data[start:end]):
        code = match["code"]
        stretches.append(Stretch(at, start + match.start("code"), len(code)))
        parts += (code, b"\n")
        at += len(code) + 1
    return Embedded(b"".join(parts), tuple(stretches)) if parts else None


def unescaped(data: bytes, string: Node) -> Embedded:
    """What a string literal with escapes says: ``\\n`` is a line break that stands nowhere in the file as it is."""
    parts: list[bytes] = []
    stretches: list[Stretch] = []
    at = 0

    def add(piece: bytes, start: int | None) -> None:
        nonlocal at
        if start is not None and piece:
            stretches.append(Stretch(at, start, len(piece)))
        parts.append(piece)
        at += len(piece)

    for content in string.named_children:
        if content.type != "string_content":
            continue
        start = content.start_byte
        for escape in content.named_children:
            add(data[start : escape.start_byte], start)
            add(unescape(data[escape.start_byte : escape.end_byte]) or b"", None)
            start = escape.end_byte
        add(data[start : content.end_byte], start)
    return Embedded(b"".join(parts), tuple(stretches))


def dedented(data: bytes, start: int, end: int) -> Embedded:
    """``data[start:end]`` without its common indentation, as ``textwrap.dedent`` gives it."""
    text = data[start:end]
    lines = text.splitlines(keepends=True)
    margin = _margin(lines)
    parts: list[bytes] = []
    stretches: list[Stretch] = []
    at, offset = 0, start
    for line in lines:
        cut = margin if line.strip() and line[:margin].strip() == b"" else 0
        kept = line[cut:]
        stretches.append(Stretch(at, offset + cut, len(kept)))
        parts.append(kept)
        at += len(kept)
        offset += len(line)
    return Embedded(b"".join(parts), tuple(stretches))


def _margin(lines: list[bytes]) -> int:
    text = "".join(line.decode("latin-1") for line in lines if line.strip())
    first = next((line for line in lines if line.strip()), b"")
    removed = textwrap.dedent(text).splitlines()
    return len(first.rstrip(b"\r\n").decode("latin-1")) - len(removed[0]) if removed else 0
