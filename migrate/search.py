"""Search: questions about the bytes of a file alone, the byte pre-filter among them; nothing is parsed for them."""

from __future__ import annotations

import codecs
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property

from codemods.lookups import IMPORTING_WORDS, PATCHING_WORDS
from codemods.symbols import last, parent


def begins(word: bytes) -> bytes:
    """A pattern for a word at its beginning; one that starts with its letters is searched for fastest."""
    return word + rb"(?<!\w" + word + rb")"


_RELATIVE = re.compile(begins(rb"from") + rb"\s+\.")
_STAR = b"import *"


_END = rb"(?<=[.\"'}\\]%b)(?!\w)"


def _listed(name: str) -> bytes:
    """A pattern for a name in the list of a ``from`` statement, behind ``import`` and spaces."""
    return rb"(?:\([^)]*|[^\n(]*)\b" + re.escape(name.encode()) + rb"\b"


def _starred_or(name: str) -> bytes:
    """The same, or a star."""
    return rb"(?:\*|" + _listed(name) + rb")"


@dataclass(frozen=True)
class Search(ABC):
    """Something to look for in a text. Two that are equal find the same, in this and in any other run."""

    @abstractmethod
    def __call__(self, data: bytes, /) -> bool:
        """Whether the text has it."""

    @property
    def token(self) -> bytes | None:
        """One of the tokens() of every text that has it; None where there is none that all of them must have."""
        return None

    def __reduce__(self) -> tuple[object, ...]:
        """Without the patterns, which are quicker made than read."""
        return type(self), tuple(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True)
class Words:
    """What a file must mention to be read: a tracked name; or a module, by its last two components.

    ``names`` suffice on their own. Of ``modules``, the last component and its parent's must both occur, or the
    last one beside what may name it by less: a relative import; a call that imports by a string, which may count
    from where the file is; the file's name; a patch, if the component is the end of a path there. Of ``pairs``
    (module, name) the name and the module's last component must occur, or the name beside a relative import; or the
    module beside a star.
    """

    names: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()

    def without(self, other: Words) -> Words:
        """The words that ``other`` does not have."""
        return Words(self.names - other.names, self.modules - other.modules, self.pairs - other.pairs)


def _bytes(name: str) -> bytes:
    """A name as it stands in a text; that of a file may be no UTF-8."""
    return name.encode("utf-8", "surrogateescape")


def dotted_words(data: bytes) -> set[bytes]:
    """What stands in a text without a space, or a sign other than ``.``, in it, where a dot is.

    A byte that is not ASCII may belong to a name, or stand beside one as a quote.
    """
    words = data.translate(_DOTTED).split()
    if not data.isascii():
        words += data.translate(_DOTTED_BEYOND_ASCII).split()
    return {word for word in words if b"." in word}


def tokens(data: bytes) -> list[bytes]:
    """The words of a text, as ``\\w+`` finds them; what is not ASCII is in none. (A pattern takes twice as long.)"""
    return data.translate(_SPACED).split()


_TOKEN = re.compile(rb"\w+")


def _spaced(kept: re.Pattern[bytes]) -> bytes:
    """A table for bytes.translate(): a space for every other byte."""
    return bytes(byte if kept.fullmatch(bytes([byte])) else ord(" ") for byte in range(256))


_SPACED = _spaced(re.compile(rb"\w"))
_DOTTED = _spaced(re.compile(rb"[\w.]"))
_DOTTED_BEYOND_ASCII = _spaced(re.compile(rb"[\w.\x80-\xff]"))


def _token(name: str) -> bytes | None:
    """The name as it is among tokens(), if it can be there."""
    found = _bytes(name)
    return found if _TOKEN.fullmatch(found) else None


class _AnyOf:
    """Whether one of several texts stands in another. Many words are looked up, which costs the same for any number."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        every = frozenset(texts)
        self._words = frozenset(filter(_TOKEN.fullmatch, every)) if len(every) > _FEW else frozenset()
        self._texts = tuple(every - self._words)

    def __call__(self, data: bytes) -> bool:
        if any(text in data for text in self._texts):
            return True
        if not self._words:
            return False
        behind_escapes = (match[1] for match in _AFTER_ESCAPE.finditer(data)) if b"\\" in data else ()
        return not (self._words.isdisjoint(tokens(data)) and self._words.isdisjoint(behind_escapes))


_FEW = 64
_AFTER_ESCAPE = re.compile(rb"\\[a-z](\w+)")
"""A word behind an escape like ``\\n``, with whose letter it seems to begin."""


class _Text:
    """What is to be known of one text, looked up when it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def is_relative(self) -> bool:
        return _RELATIVE.search(self._data) is not None

    @cached_property
    def imports(self) -> bool:
        return any(word in self._data for word in IMPORTING_WORDS)

    @cached_property
    def patches(self) -> bool:
        return any(word in self._data for word in PATCHING_WORDS)


@dataclass(frozen=True)
class Matcher(Search):
    """Whether a file mentions one of the words, or is in an encoding in which nothing can be searched."""

    words: Words

    @cached_property
    def _names(self) -> list[bytes]:
        names = sorted({name.encode() for name in self.words.names}, key=len)
        return [name for i, name in enumerate(names) if not any(short in name for short in names[:i])]

    @cached_property
    def _modules(self) -> list[tuple[bytes, bytes]]:
        return [(_bytes(last(module)), _bytes(last(parent(module)))) for module in sorted(self.words.modules)]

    @cached_property
    def _ends(self) -> dict[bytes, re.Pattern[bytes]]:
        """By the last component of a module: a pattern for it behind a dot, a quote, a field, or an escape."""
        return {module: re.compile(re.escape(module) + _END % re.escape(module)) for module, _ in self._modules}

    @cached_property
    def _pairs(self) -> dict[bytes, _AnyOf]:
        pairs: dict[bytes, set[bytes]] = {}
        for module, name in sorted(self.words.pairs):
            pairs.setdefault(_bytes(name), set()).add(_bytes(last(module)))
        return {name: _AnyOf(modules) for name, modules in pairs.items()}

    @cached_property
    def _pair_modules(self) -> _AnyOf:
        return _AnyOf(_bytes(last(module)) for module, _ in self.words.pairs)

    def __call__(self, data: bytes) -> bool:
        if any(name in data for name in self._names):
            return True
        text = _Text(data)
        for module, package in self._modules:
            if module in data:
                if package in data or text.is_relative or text.imports or module + b".py" in data:
                    return True
                if text.patches and self._ends[module].search(data):
                    return True
        for name, modules in self._pairs.items():
            if name in data and (text.is_relative or modules(data)):
                return True
        if _STAR in data and self._pair_modules(data):
            return True
        return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


@dataclass(frozen=True)
class ImportsName(Search):
    """Whether a file has ``from ... module import ... name``, by the last component of the module."""

    module: str
    name: str

    @cached_property
    def _statement(self) -> re.Pattern[bytes]:
        return re.compile(begins(re.escape(self.module.encode())) + rb"\s+import\s*" + _listed(self.name))

    def __call__(self, data: bytes) -> bool:
        return self.name.encode() in data and self._statement.search(data) is not None


@dataclass(frozen=True)
class HasWord(Search):
    """Whether a word stands in a file, anywhere."""

    word: str

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(begins(re.escape(self.word.encode())) + rb"(?!\w)")

    def __call__(self, data: bytes) -> bool:
        return self.word.encode() in data and self._pattern.search(data) is not None

    @property
    def token(self) -> bytes | None:
        return _token(self.word)


def flat_import(data: bytes, name: str, words: frozenset[str] = frozenset()) -> int | None:
    """The first line, 1-based, with an import of a top-level module, be it in a docstring.

    Of ``words``, if there are any, one must stand in the text, too: what is taken from the module.
    """
    word = _bytes(name)
    if word not in data or (words and words.isdisjoint(map(os.fsdecode, tokens(data)))):
        return None
    module = re.escape(word)
    lines = b"\n" + data.removeprefix(codecs.BOM_UTF8)
    found = re.search(
        (rb"[\r\n;:][ \t]*(?:from[ \t]+" + module + rb"(?:\.[\w.]+)?[ \t]+import\b")
        + (rb"|import[ \t](?:[^,;#\r\n]*,)*[ \t]*" + module + rb"(?=\.\w|[ \t]*(?:[,;#\r\n]|\Z)|[ \t]+as\b))"),
        lines,
    )
    return None if found is None else lines.count(b"\n", 0, found.start() + 1)


@dataclass(frozen=True)
class ImportsFlat(Search):
    """Whether a file imports a module by this name, without a package."""

    name: str

    def __call__(self, data: bytes) -> bool:
        return flat_import(data, self.name) is not None

    @property
    def token(self) -> bytes | None:
        return _token(self.name)


@dataclass(frozen=True)
class NamesModule(Search):
    """Whether a file has the full dotted name of a module, be it in a string, or takes the module from its package."""

    name: str

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        package = re.escape(_bytes(parent(self.name)))
        taken = begins(rb"from") + rb"[ \t]+" + package + rb"[ \t]+import\b\s*" + _listed(last(self.name))
        return re.compile(rb"(?<![\w.])" + re.escape(_bytes(self.name)) + rb"(?!\w)|" + taken)

    def __call__(self, data: bytes) -> bool:
        return _bytes(last(self.name)) in data and self._pattern.search(data) is not None

    @property
    def token(self) -> bytes | None:
        return _token(last(self.name))


@dataclass(frozen=True)
class OpenPath(Search):
    """Whether a file imports by strings, and one of them ends behind one of the packages, or a relative one at once.

    Any name may follow: ``import_module("package." + name)``.
    """

    packages: frozenset[str]

    @classmethod
    def into(cls, modules: Iterable[str]) -> OpenPath:
        """Of the packages around these modules."""
        return cls(frozenset(parent(module) for module in modules if parent(module)))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        names = b"|".join(re.escape(_bytes(package)) for package in sorted(self.packages))
        return re.compile(rb"[\"'](?:" + names + rb")\.?[\"'{%]|" + _OPEN_RELATIVE + b"|" + _OPEN_OWN)

    def __call__(self, data: bytes) -> bool:
        if not self.packages or not any(word in data for word in IMPORTING_WORDS):
            return False
        return self._pattern.search(data) is not None


_OPEN_RELATIVE = rb"import_module\s*\(\s*[rRfFuU]{0,2}[\"']\.+[\"'{%]"
_OPEN_OWN = rb"\{\s*__(?:name|package)__\s*\}\.\{|__(?:name|package)__\s*\+|[\"']\s*%\s*\(\s*__(?:name|package)__\s*,"
"""Relative to the file's own package, or with its own name in front."""


@dataclass(frozen=True)
class TakesName(Search):
    """Whether a file holds ``module.name`` or imports the name from the module, by the module's last component.

    ``is_package``: also ``from . import name`` counts, which names no module.
    """

    module: str
    name: str
    is_package: bool

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[bytes], ...]:
        tail, word = re.escape(self.module.encode()), re.escape(self.name.encode())
        names = rb"\s+import\s*" + _starred_or(self.name)
        return (
            re.compile(begins(tail) + rb"(?:" + self._attribute + rb"|" + names + rb")"),
            re.compile(begins(rb"from") + rb"\s+\.+" + names),
            re.compile(begins(tail) + rb"[\"']"),
            re.compile(rb"[.\"']\s*" + word + rb"\b"),
            re.compile(begins(tail) + rb"\s+as\s+(\w+)"),
        )

    @property
    def _attribute(self) -> bytes:
        return rb"\s*(?:\.\s*|,\s*[\"'])" + re.escape(self.name.encode()) + rb"\b"

    def __call__(self, data: bytes) -> bool:
        # Many names are common words, few modules are; a relative import of a package's name shows no module.
        has_module = self.module.encode() in data
        if not (has_module or self.is_package) or (self.name.encode() not in data and _STAR not in data):
            return False
        pattern, relative, by_string, taken, alias = self._patterns
        if self.is_package and relative.search(data):
            return True
        if not has_module:
            return False
        if pattern.search(data):
            return True
        if by_string.search(data) and taken.search(data):  # import_module("p.module").name
            return True
        return any(re.search(rb"\b" + found + self._attribute, data) for found in set(alias.findall(data)))

    @property
    def token(self) -> bytes | None:
        return None if self.is_package else _token(self.module)


@dataclass(frozen=True)
class TakesSubmodule(Search):
    """Whether a file takes a submodule's name from its package, other than in the submodule's own path."""

    module: str

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
        package, name = re.escape(last(parent(self.module)).encode()), re.escape(last(self.module).encode())
        names = _starred_or(last(self.module))
        return (
            re.compile(begins(rb"from") + rb"\s+(?:[\w.]*\.)?(?:" + package + rb")?\s+import\s*" + names),
            re.compile(rb"\.\s*" + name + rb"\b"),
        )

    def __call__(self, data: bytes) -> bool:
        if last(self.module).encode() not in data and _STAR not in data:
            return False
        imported, attribute = self._patterns
        return imported.search(data) is not None or any(
            not _IN_IMPORT.fullmatch(data, data.rfind(b"\n", 0, found.start()) + 1, found.start())
            for found in attribute.finditer(data)
        )


_IN_IMPORT = re.compile(rb"\s*(?:from|import)\s[\w\s.,]*")
