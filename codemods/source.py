"""SourceText: the bytes of one file as UTF-8 text with spans, and back to the very same encoding."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass, field

_LINE_END = re.compile(rb"\r\n|\r|\n")
_CONFLICT = re.compile(rb"(?:^|[\r\n])(?:<<<<<<<|>>>>>>>)(?:[ \r\n]|$)")


class UndecodableError(ValueError):
    """The bytes are no text in the encoding that the file declares; the message says why."""


class NotTextError(UndecodableError):
    """The bytes are no text at all."""


@dataclass(frozen=True)
class SourceText:
    """The text of one file. ``data`` is UTF-8 without BOM; spans are byte offsets into it."""

    data: bytes
    encoding: str = "utf-8"
    bom: bool = False
    _starts: list[int] = field(default_factory=list, repr=False, compare=False)

    def position(self, offset: int) -> tuple[int, int]:
        """1-based line, and 1-based column in characters, of a byte offset.

        Lines end as Python's tokenizer ends them: LF, CRLF or CR; never at a form feed or U+2028.
        """
        if not self._starts:
            self._starts.append(0)
            self._starts.extend(match.end() for match in _LINE_END.finditer(self.data))
        line = bisect_right(self._starts, offset)
        prefix = self.data[self._starts[line - 1] : offset]
        return line, len(prefix.decode("utf-8", "replace")) + 1

    def offset(self, line: int, column: int) -> int:
        """The byte offset of a 1-based line and column in characters; columns behind the line's end count on."""
        self.position(0)
        start = self._starts[min(line, len(self._starts)) - 1]
        text = self.data[start : self.line_end(start)].decode("utf-8").rstrip("\r\n")
        return start + len(text[: column - 1].encode("utf-8")) + max(0, column - 1 - len(text))

    def line_start(self, offset: int) -> int:
        """The offset at which the line of ``offset`` begins."""
        return max(self.data.rfind(b"\n", 0, offset), self.data.rfind(b"\r", 0, offset)) + 1

    def line_end(self, offset: int) -> int:
        """The offset just behind the line's end (behind its newline, if it has one)."""
        match = _LINE_END.search(self.data, offset)
        return match.end() if match else len(self.data)

    def text(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8")

    def with_data(self, data: bytes) -> SourceText:
        """Another text in the same encoding."""
        return SourceText(data, self.encoding, self.bom)

    @property
    def newline(self) -> str:
        """The file's first line end; LF for a file of one line."""
        match = _LINE_END.search(self.data)
        return match.group().decode() if match else "\n"

    def encode(self, data: bytes) -> bytes:
        """``data`` (UTF-8) in the encoding and with the BOM of the original file."""
        body = data if self.encoding == "utf-8" else data.decode("utf-8").encode(self.encoding)
        return codecs.BOM_UTF8 + body if self.bom else body


def decode_python(raw: bytes) -> SourceText:
    """The text of a Python file, by BOM and coding cookie (PEP 263). Raises UndecodableError, or its NotTextError."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UndecodableError("the file is UTF-16, which Python does not read")
    if b"\0" in raw:
        raise NotTextError("the file holds NUL bytes")
    bom = raw.startswith(codecs.BOM_UTF8)
    body = raw[3:] if bom else raw
    try:
        encoding = "utf-8"
        if b"coding" in raw[:400]:
            name, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
            encoding = "utf-8" if name == "utf-8-sig" else codecs.lookup(name).name
        if encoding == "utf-8":
            if not body.isascii():
                body.decode("utf-8")
            return SourceText(body, "utf-8", bom)
        text = body.decode(encoding)
        if text.encode(encoding) != body:
            raise UndecodableError(f"the encoding {encoding} does not give the same bytes back")
        return SourceText(text.encode("utf-8"), encoding, bom)
    except UnicodeError as error:
        raise UndecodableError(str(error)) from error
    except (SyntaxError, LookupError) as error:
        raise UndecodableError(str(error)) from error


def has_conflict_markers(data: bytes) -> bool:
    """Whether a line begins as git's merge conflict markers do."""
    return _CONFLICT.search(data) is not None
