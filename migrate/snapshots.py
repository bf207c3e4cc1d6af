"""Snapshots: what is looked at, beside commits: the index, and the working tree; as entries and contents."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from migrate.errors import MigrateError
from migrate.repository import (
    AT_ONCE,
    REGULAR_MODES,
    SUBMODULE_MODE,
    SYMLINK_MODE,
    Difference,
    Entries,
    Entry,
    Repository,
)


class Files(Protocol):
    """What a plan reads of a repository."""

    @property
    def root(self) -> Path: ...

    def resolve(self, revision: str) -> str:
        """The commit that the files belong to, or that they are changes of."""

    def entries(self, commit: str, /) -> Entries:
        """All files, in git's order."""

    def read(self, oids: Iterable[str], most: int | None = None) -> Iterator[bytes | None]:
        """The contents of entries by their ids, in order; None for one that cannot be read. See Repository.read()."""


class Snapshot(Files, Protocol):
    """Files that can be told to be those of a commit without listing them."""

    def differences(self, commit: str, /) -> list[Difference] | None:
        """What differs from the commit; None if that cannot be told quickly."""


class Staged:
    """The files of the index: what the next commit will have."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.root = repository.root

    def resolve(self, revision: str) -> str:
        return self._repository.resolve_or_none(revision) or "0" * 40

    def entries(self, _commit: str, /) -> Entries:
        return self._repository.staged()

    def differences(self, commit: str, /) -> list[Difference] | None:
        return None if set(commit) == {"0"} else self._repository.staged_differences(commit)

    def read(self, oids: Iterable[str], most: int | None = None) -> Iterator[bytes | None]:
        return self._repository.read(oids, most)


Stamp = tuple[int, int, int, int]
"""Of a file on disk: inode, when its content and when its status changed (ns), and bytes."""
Stamps = Mapping[str, tuple[Stamp, str]]
"""By path: the stamp of a file when it was read, and the id of what was read."""


class WorkingTree(Staged):
    """The files of the working tree: tracked ones as they are on disk, and new ones that git does not ignore.

    The bytes are those of the disk, and git is not asked whether a file has changed: it could run a filter for that.
    Their id is the one that git gives to such bytes. Links are not followed.
    """

    def __init__(self, repository: Repository, stamps: Stamps | None = None) -> None:
        """``stamps`` are those of an earlier run: a file that is as it was then is not read for its id."""
        super().__init__(repository)
        self._known: Stamps = stamps or {}
        self._paths: dict[str, str] = {}
        """By id: a file on disk that has this content."""
        self.stamps: dict[str, tuple[Stamp, str]] = {}
        """Of the last listing, apart from files that had only just been written: they may change within one tick."""

    def entries(self, _commit: str, /) -> Entries:
        tracked = super().entries(_commit)
        now = time.time_ns()
        self._known, self.stamps, self._paths = {**self._known, **self.stamps}, {}, {}
        kept_away = self._repository.sparse()
        real = {"": True}
        found: list[Entry] = []
        for entry in tracked:
            here = self._on_disk(entry, real, now)
            if here is not None or entry.path in kept_away:
                found.append(here or entry)
        like = next((entry.oid for entry in tracked), "0" * 40)
        for path in self._repository.untracked():
            new = self._on_disk(Entry(path, "", like), real, now)
            if new is not None:
                found.append(new)
        return Entries.of(sorted(found, key=lambda entry: os.fsencode(entry.path)))

    def differences(self, _commit: str, /) -> list[Difference] | None:
        """None: git would run filters to tell them, and the files on disk are told apart by their own ids."""
        return None

    def read(self, oids: Iterable[str], most: int | None = None) -> Iterator[bytes | None]:
        """As Repository.read(). Raises MigrateError where a file is no longer what it was when it was listed."""
        wanted = list(oids)
        blobs = super().read((oid for oid in wanted if oid not in self._paths and oid != _UNREADABLE), most)
        for oid in wanted:
            path = self._paths.get(oid)
            if path is None:
                yield None if oid == _UNREADABLE else next(blobs)
                continue
            now, content = self._read(path, oid, most)
            if now != oid:
                raise MigrateError(f"{path} was changed while unshim read the files", "run it again")
            yield content

    def lacking(self) -> list[str]:
        """The ids of files of the last listing that git does not have: a commit with such a blob is not whole here."""
        return self._repository.lacking(self._paths)

    def content(self, path: str) -> bytes | None:
        """A file's bytes; None if it cannot be read, or is none any more."""
        oid, content = self._read(path, "", None)
        return None if oid == _UNREADABLE else content

    def _read(self, path: str, like: str, most: int | None) -> tuple[str, bytes]:
        """The id of a file's content, of the kind of ``like``, and the content or its beginning."""
        parts: list[bytes] = []
        left = sys.maxsize if most is None else most
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as stream:
                found = _hash(os.fstat(descriptor).st_size, like)
                while part := stream.read(AT_ONCE):
                    found.update(part)
                    parts.append(part[:left])
                    left -= len(parts[-1])
        except OSError:
            return _UNREADABLE, b""
        return found.hexdigest(), b"".join(parts)

    def _on_disk(self, known: Entry, real: dict[str, bool], now: int) -> Entry | None:
        """A file as it is on disk; None where there is nothing that git would track."""
        path = known.path
        place = os.path.join(self.root, path)  # noqa: PTH118  as text: there are tens of thousands
        try:
            if not self._is_real(path.rpartition("/")[0], real):
                return None
            found = os.lstat(place)
            if stat.S_ISLNK(found.st_mode):
                target = os.fsencode(os.readlink(place))  # noqa: PTH115  a Path would not have the very bytes
                oid = _hash(len(target), known.oid)
                oid.update(target)
                return Entry(path, SYMLINK_MODE, oid.hexdigest())
        except PermissionError:  # whoever may look behind the folder may find it
            return replace(known, oid=_UNREADABLE) if known.mode in REGULAR_MODES else None
        except OSError:
            return None
        if known.mode == SUBMODULE_MODE and stat.S_ISDIR(found.st_mode):
            return known
        if not stat.S_ISREG(found.st_mode):
            return None
        mode = "100755" if found.st_mode & stat.S_IXUSR else "100644"
        return Entry(path, mode, self._id_of(path, found, known.oid, now))

    def _id_of(self, path: str, found: os.stat_result, like: str, now: int) -> str:
        stamp = (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
        before, oid = self._known.get(path, (None, ""))
        if before != stamp or len(oid) != len(like):
            oid, _ = self._read(path, like, 0)
        if oid != _UNREADABLE:
            self._paths[oid] = path
            if now - max(found.st_mtime_ns, found.st_ctime_ns) > _TICK_NS:
                self.stamps[path] = (stamp, oid)
        return oid

    def _is_real(self, directory: str, known: dict[str, bool]) -> bool:
        """Whether no part of the way from the top is a link: behind one is another place, or the outside."""
        if directory not in known:
            outer = directory.rpartition("/")[0]
            known[directory] = self._is_real(outer, known) and stat.S_ISDIR((self.root / directory).lstat().st_mode)
        return known[directory]


def _hash(size: int, like: str) -> hashlib._Hash:
    """What makes the id of a blob of so many bytes, in a repository with ids like this one."""
    name = "sha256" if len(like) == _SHA256_LENGTH else "sha1"
    return hashlib.new(name, b"blob %d\0" % size, usedforsecurity=False)


_SHA256_LENGTH = 64
_TICK_NS = 2_000_000_000
"""No file system counts time in longer steps."""
_DISK = "disk:"
"""What stands in the place of a blob's id where there is no blob."""
_UNREADABLE = f"{_DISK}unreadable"


def unsaved(path: str) -> str:
    """What stands in the place of a blob's id for a content that is nowhere yet."""
    return f"{_DISK}{path}"


def with_changes(entries: Iterable[Entry], changes: Mapping[str, bytes | None]) -> list[Entry]:
    """The entries after files got other bytes, or (None) went."""
    return [
        replace(entry, oid=unsaved(entry.path)) if entry.path in changes else entry
        for entry in entries
        if changes.get(entry.path, b"") is not None
    ]


def is_blob(oid: str) -> bool:
    """Whether an entry's id is that of a blob, and so says for ever what the content is."""
    return not oid.startswith(_DISK)


def why_missing(oid: str) -> str:
    """Why an entry of this id has no content, in words for the user."""
    return "the file cannot be read" if oid == _UNREADABLE else "this clone does not have the file's content"
