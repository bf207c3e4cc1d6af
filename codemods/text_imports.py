"""Import statements in any text, by their form alone: in a command, a code fence, a doctest, a JSON string."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from codemods.syntax import Span

_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_DOTTED = _NAME + rb"(?:\." + _NAME + rb")*"
_BEFORE = rb"[\w.$\x80-\xff-]"
"""What an ``import`` does not stand behind, if it is a word; the ``n`` of a JSON string's ``\\n`` is fine."""

_SPACE = rb"(?:[ \t]|\\\r?\n)+"
_ALIASED = _NAME + rb"(?:" + _SPACE + rb"as" + _SPACE + _NAME + rb")?"
_COMMA = rb"(?:[ \t]|\\\r?\n)*,(?:[ \t]|\\\r?\n)*"
_FILL = rb"(?:[ \t\r\n]|\\[rn]|\\\r?\n|\.\.\.|\#[^\r\n]*(?=[\r\n]))*"
"""What may stand between the names in parentheses: line ends (of a JSON string too), doctest prompts, comments."""


def _word(word: bytes) -> bytes:
    """A pattern of a keyword that begins with the keyword itself: such a pattern is searched for fastest."""
    return rb"%s(?:(?<!%s%s)|(?<=\\[ntr]%s))" % (word, _BEFORE, word, word)


_FROM = re.compile(
    _word(rb"from")
    + (_SPACE + rb"(?P<dots>\.*)(?P<module>" + _DOTTED + rb"|(?<=\.))")
    + (_SPACE + rb"(?P<c>c)?import(?:" + _SPACE + rb")?")
    + (rb"(?:(?P<star>\*)|(?P<open>\()|(?<=[ \t\n])(?P<names>" + _ALIASED + rb"(?:" + _COMMA + _ALIASED + rb")*))")
)
_INSIDE = re.compile(
    _FILL + rb"(?P<names>" + _ALIASED + rb"(?:" + _FILL + rb"," + _FILL + _ALIASED + rb")*)" + _FILL + rb",?" + _FILL
    + rb"\)"
)  # fmt: skip
_PLAIN = re.compile(
    _word(rb"import")
    + (_SPACE + rb"(?P<names>" + _DOTTED + rb"(?:" + _SPACE + rb"as" + _SPACE + _NAME + rb")?")
    + (rb"(?:" + _COMMA + _DOTTED + rb"(?:" + _SPACE + rb"as" + _SPACE + _NAME + rb")?)*)")
)
_IN_SENTENCE = re.compile(rb"(?<![\w.\\])(?!lazy[ \t]|\.\.\.)[\w.,]+[ \t]+$")
"""A word on the same line before ``import a``: no statement begins there."""

_ENTRY = re.compile(rb"(?P<name>" + _DOTTED + rb")(?:" + _SPACE + rb"as" + _SPACE + rb"(?P<asname>" + _NAME + rb"))?")
_COMMENT = re.compile(rb"\#[^\r\n]*")


@dataclass(frozen=True)
class TextName:
    """One imported name, ``name as asname``; the span is that of the name."""

    name: str
    asname: str | None
    span: Span


@dataclass(frozen=True)
class TextImport:
    """``from module import names`` or, where ``module`` is None, ``import names``.

    ``level`` counts the dots of a relative import, which are no part of ``module``. ``is_cimport``: it is Cython's
    ``from module cimport names``. ``star`` is the place of ``*``. ``whole`` is false where the names in parentheses
    could not be read: there are none then, and the span ends at the parenthesis.
    """

    span: Span
    module: str | None
    module_span: Span | None
    names: tuple[TextName, ...]
    star: Span | None = None
    whole: bool = True
    level: int = 0
    is_cimport: bool = False


def text_imports(data: bytes) -> Iterator[TextImport]:
    """All imports of a text, in order. English prose can have the form of one (``import errors``)."""
    end = 0
    found = [(match.start(), match) for pattern in (_FROM, _PLAIN) for match in pattern.finditer(data)]
    for start, match in sorted(found, key=lambda one: one[0]):
        if start < end or (match.re is _PLAIN and _IN_SENTENCE.search(data, max(0, start - 80), start)):
            continue  # the ``import`` of a ``from``, or a word in a sentence
        statement = _plain(match) if match.re is _PLAIN else _from(match, data)
        end = statement.span.end
        yield statement


def _plain(match: re.Match[bytes]) -> TextImport:
    return TextImport(Span(match.start(), match.end()), None, None, _names(match["names"], match.start("names")))


def _from(match: re.Match[bytes], data: bytes) -> TextImport:
    read = TextImport(
        Span(*match.span()),
        match["module"].decode("utf-8", "replace"),
        Span(*match.span("module")),
        (),
        level=len(match["dots"]),
        is_cimport=match["c"] is not None,
    )
    if match["star"] is not None:
        return replace(read, star=Span(*match.span("star")))
    if match["open"] is None:
        return replace(read, names=_names(match["names"], match.start("names")))
    inside = _INSIDE.match(data, match.end())
    if inside is None:
        return replace(read, whole=False)
    names = _names(inside["names"], inside.start("names"))
    return replace(read, span=Span(match.start(), inside.end()), names=names)


def _names(text: bytes, offset: int) -> tuple[TextName, ...]:
    """The entries of a list of names; comments and the line ends of JSON are blanked out first, in place."""
    text = _COMMENT.sub(lambda match: b" " * len(match.group()), text)
    text = re.sub(rb"\\[rn]|\.\.\.", lambda match: b" " * len(match.group()), text)
    return tuple(
        TextName(
            entry["name"].decode("utf-8", "replace"),
            None if entry["asname"] is None else entry["asname"].decode("utf-8", "replace"),
            Span(offset + entry.start("name"), offset + entry.end("name")),
        )
        for entry in _ENTRY.finditer(text)
    )
