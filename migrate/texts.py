"""Texts: the Python files of a commit, read when they are asked for, and what was looked for in all of them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from codemods.symbols import last
from migrate.cache import LAST, Cache, Question
from migrate.parallel import mapped
from migrate.repository import Entry
from migrate.search import Search, TakesName, tokens
from migrate.snapshots import Files, is_blob, with_changes

if TYPE_CHECKING:  # the parsers are slow to import
    from codemods.syntax import SyntaxFault

MAX_BYTES = 4 * 1024 * 1024
"""A larger Python file or notebook is generated data; it is listed as too large instead of being parsed."""
TOO_LARGE = f"more than {MAX_BYTES:,} bytes"

SUFFIXES = (".py", ".pyi")
Read = Callable[[Sequence[Entry]], Iterator[bytes | None]]
"""What small_texts() gives of files, in order."""


def small_texts(files: Files, entries: Iterable[Entry]) -> Iterator[bytes | None]:
    """The contents of files, in order; None for one that cannot be read. Of one too large no more than shows that."""
    return files.read((entry.oid for entry in entries), MAX_BYTES + 1)


def is_too_large(content: bytes) -> bool:
    """Whether small_texts() gave no more than the beginning."""
    return len(content) > MAX_BYTES


@dataclass(frozen=True)
class Found:
    """Of the blobs ``seen``, exactly the ``hits`` have what was looked for."""

    hits: frozenset[str]
    seen: frozenset[str]


SYNTAX: Question[SyntaxFault | None] = Question("syntax")
"""By (blob): why it is no valid Python 3, of whatever version."""


@dataclass(frozen=True)
class Looked:
    """The blobs that a plan could read, and what it looked for in them."""

    there: frozenset[str] = frozenset()
    found: Mapping[Search, Found] = field(default_factory=dict)


_LOOKED = Question[Looked]("looked")
"""One answer for all searches: most have seen the same blobs, which are then kept once."""


def looked_for(cache: Cache) -> Looked:
    """What the last plan with this cache looked for."""
    return cache.recall(_LOOKED, LAST) or Looked()


def read_again(cache: Cache, oids: Iterable[str]) -> None:
    """Let the next plan see for itself whether it can read these blobs."""
    last = looked_for(cache)
    cache.keep(_LOOKED, LAST, replace(last, there=last.there.difference(oids)))


@dataclass(slots=True)
class _Search:
    """A search under way: ``seen`` are the blobs that were looked at beside those of ``before``."""

    hits: set[str]
    before: frozenset[str]
    seen: set[str] = field(default_factory=set)
    is_complete: bool = False


Searched = dict[Search, tuple[set[str], set[str], bool]]


class Texts(Mapping[str, bytes]):
    """The bytes of files by path; files that cannot be read are none of them.

    What blobs were looked through for before is taken from the cache: those that nobody asks for by their path
    are not even read then.
    """

    def __init__(self, read: Read, entries: Iterable[Entry], cache: Cache | None = None, jobs: int = 1) -> None:
        """``jobs``: the cores that having() may use, which is not to be called on several cores itself."""
        self.read = read
        self._jobs = jobs
        self._cache = cache or Cache()
        self._entries = {entry.path: entry for entry in entries}
        self._data: dict[str, bytes] = {}
        self._missing: set[str] = set()
        self._large: set[str] = set()
        self._searches: dict[Search, _Search] = {}
        self._last = looked_for(self._cache)
        self._index: dict[bytes, list[str]] = {}
        self._beyond: dict[frozenset[str], list[str]] = {}
        self._by_blob: dict[str, list[str]] = {}
        for path, entry in self._entries.items():
            self._by_blob.setdefault(entry.oid, []).append(path)
        self._asked: set[Search] = set()

    def __getitem__(self, path: str) -> bytes:
        if path not in self._data:
            self.fetch([path])
        return self._data[path]

    def __contains__(self, path: object) -> bool:
        return path in self._entries and path not in self._missing and path not in self._large

    def __iter__(self) -> Iterator[str]:
        return (path for path in self._entries if path in self)

    def __len__(self) -> int:
        return len(self._entries) - len(self._missing) - len(self._large)

    def load(self) -> tuple[list[str], list[str]]:
        """Read what no plan has read before; the files that cannot be read, and those that are too large."""
        self.fetch(path for path, entry in self._entries.items() if entry.oid not in self._last.there)
        return sorted(self._missing), sorted(self._large)

    def fetch(self, paths: Iterable[str]) -> None:
        """Read these files together, which is quicker than one by one."""
        wanted = [self._entries[path] for path in paths if path in self and path not in self._data]
        for entry, content in zip(wanted, self.read(wanted) if wanted else (), strict=True):
            if content is None:
                self._missing.add(entry.path)
            elif is_too_large(content):
                self._large.add(entry.path)
            else:
                self._data[entry.path] = content

    def release(self, kept: Container[str]) -> None:
        """Give back the memory of the others: whoever asks for one after all has it read again."""
        self._data = {path: data for path, data in self._data.items() if path in kept}

    def with_changes(self, changes: Mapping[str, bytes | None]) -> Texts:
        """The texts after files got other bytes, or (None) went."""
        after = Texts(self.read, with_changes(self._entries.values(), changes))
        after._data = {path: data for path, data in self._data.items() if path not in changes}
        after._data |= {path: data for path, data in changes.items() if data is not None}
        after._missing, after._large = self._missing - changes.keys(), self._large - changes.keys()
        return after

    # searches

    def index(self, words: Iterable[str]) -> None:
        """Let searches for these words look at no other files than those that have them.

        It costs as much as about ten searches, and one for each of many words would be quadratic.
        """
        wanted = frozenset(word.encode() for word in words if word.isascii()) - self._index.keys()
        if not wanted:
            return
        self.fetch(self)
        paths = [path for path in self if path in self._data]
        found = mapped(lambda path: wanted.intersection(tokens(self._data[path])), paths, self._jobs)
        self._index |= {word: [] for word in wanted}
        for path, words_of in zip(paths, found, strict=True):
            for word in words_of:
                self._index[word].append(path)

    def some(self, search: Search, apart_from: frozenset[str] = frozenset()) -> bool:
        """Whether a file has it, other than those."""
        under_way = self._of(search)
        for oid in under_way.hits:
            if any(path in self and path not in apart_from for path in self._by_blob.get(oid, ())):
                return True
        for path in self._unseen(search, under_way):
            if self._look(search, under_way, path) and path not in apart_from:
                return True
        under_way.is_complete = True
        return False

    def having(self, search: Search) -> list[str]:
        """All files that have it, in order."""
        under_way = self._of(search)
        unseen = self._unseen(search, under_way)
        for path, found in zip(unseen, mapped(lambda path: search(self._data[path]), unseen, self._jobs), strict=True):
            self._note(under_way, path, found=found)
        under_way.is_complete = True
        return [path for path in self if self._entries[path].oid in under_way.hits]

    def has(self, path: str, search: Search) -> bool:
        """Whether this file has it."""
        if path not in self:
            return False
        under_way, oid = self._of(search), self._entries[path].oid
        if oid in under_way.before or oid in under_way.seen:
            return oid in under_way.hits
        return self._look(search, under_way, path)

    def remember(self) -> None:
        """Leave to the cache what was found."""
        there = frozenset(self._entries[path].oid for path in self if is_blob(self._entries[path].oid))
        found = {
            search: Found(there.intersection(one.hits), there if one.is_complete else there & (one.before | one.seen))
            for search, one in self._searches.items()
        }
        self._cache.keep(_LOOKED, LAST, Looked(there, found))

    # what is found in another process

    def fork(self) -> None:
        self._asked = set()

    def learnt(self) -> Searched:
        searches = {search: self._searches[search] for search in self._asked}
        return {search: (one.hits, one.seen, one.is_complete) for search, one in searches.items()}

    def learn(self, searched: Searched) -> None:
        for search, (hits, seen, is_complete) in searched.items():
            under_way = self._of(search)
            under_way.hits |= hits
            under_way.seen |= seen
            under_way.is_complete = under_way.is_complete or is_complete

    def _of(self, search: Search) -> _Search:
        under_way = self._searches.get(search)
        if under_way is None:
            known = self._last.found.get(search) or Found(frozenset(), frozenset())
            under_way = self._searches[search] = _Search(set(known.hits), known.seen)
        self._asked.add(search)
        return under_way

    def _unseen(self, search: Search, under_way: _Search) -> list[str]:
        """The files that may have it, and were not looked at yet."""
        if under_way.is_complete:
            return []
        before, seen = under_way.before, under_way.seen
        if before not in self._beyond:  # most searches have seen the same ones
            self._beyond[before] = [path for path, entry in self._entries.items() if entry.oid not in before]
        paths: Iterable[str] = self._beyond[before]
        token = search.token
        if token is not None and token in self._index:
            paths = self._index[token]
        paths = [
            path
            for path in paths
            if path in self and (oid := self._entries[path].oid) not in before and oid not in seen
        ]
        self.fetch(paths)
        return [path for path in paths if path in self._data]

    def _look(self, search: Search, under_way: _Search, path: str) -> bool:
        return self._note(under_way, path, found=search(self[path]))

    def _note(self, under_way: _Search, path: str, *, found: bool) -> bool:
        oid = self._entries[path].oid
        under_way.seen.add(oid)
        if found:
            under_way.hits.add(oid)
        return found


class Searchable(Protocol):
    """What can be looked through."""

    def some(self, search: Search, apart_from: frozenset[str] = ..., /) -> bool: ...


class TextElsewhere:
    """Whether other files may read a name from a module's namespace, judged by their text alone."""

    def __init__(
        self, texts: Searchable, path_of: Callable[[str], str | None], changed: Mapping[str, bytes] | None = None
    ) -> None:
        """``changed`` are the texts of files that are others by now."""
        self._texts = texts
        self._path_of = path_of
        self._changed = changed or {}
        self._paths = frozenset(self._changed)
        self._known: dict[tuple[str, str], bool] = {}

    def mentions(self, module: str, name: str) -> bool:
        """Whether a file beside the module itself holds ``module.name`` or imports the name from it."""
        if (module, name) not in self._known:
            self._known[module, name] = self._look(module, name)
        return self._known[module, name]

    def _look(self, module: str, name: str) -> bool:
        own = self._path_of(module)
        search = TakesName(last(module), name, own is not None and own.endswith("__init__.py"))
        # the texts first: so each search is one that was asked for, see again.py
        is_there = self._texts.some(search, self._paths if own is None else self._paths | {own})
        return is_there or any(search(data) for path, data in self._changed.items() if path != own)
