"""Snapshots: what is looked at, beside commits: the index, and the working tree; as entries and contents."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from migrate.repository import SUBMODULE_MODE, SYMLINK_MODE, Entry, Repository


class Files(Protocol):
    """What a plan reads of a repository."""

    @property
    def root(self) -> Path: ...

    def resolve(self, revision: str) -> str:
        """The commit that the files belong to, or that they are changes of."""

    def entries(self, commit: str, /) -> list[Entry]:
        """All files, in git's order."""

    def read(self, oids: Iterable[str]) -> Iterator[bytes | None]:
        """The contents of entries by their ids, in order; None for one that cannot be read."""


class Staged:
    """The files of the index: what the next commit will have."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.root = repository.root

    def resolve(self, revision: str) -> str:
        return self._repository.resolve_or_none(revision) or "0" * 40

    def entries(self, _commit: str, /) -> list[Entry]:
        return self._repository.staged()

    def read(self, oids: Iterable[str]) -> Iterator[bytes | None]:
        return self._repository.read(oids)


class WorkingTree(Staged):
    """The files of the working tree: tracked ones as they are on disk, and new ones that git does not ignore.

    The bytes are those of the disk, and git is not asked whether a file has changed: it could run a filter for that.
    Links are not followed.
    """

    def entries(self, _commit: str, /) -> list[Entry]:
        kept_away = self._repository.sparse()
        real: dict[Path, bool] = {}
        found: list[Entry] = []
        for entry in super().entries(_commit):
            here = self._on_disk(entry.path, real, is_submodule=entry.mode == SUBMODULE_MODE)
            if here is not None or entry.path in kept_away:
                found.append(here or entry)
        for path in self._repository.untracked():
            new = self._on_disk(path, real, is_submodule=False)
            if new is not None:
                found.append(new)
        return sorted(found, key=lambda entry: os.fsencode(entry.path))

    def read(self, oids: Iterable[str]) -> Iterator[bytes | None]:
        wanted = list(oids)
        blobs = super().read(oid for oid in wanted if not oid.startswith(_DISK))
        for oid in wanted:
            yield self.content(oid.split(":", 2)[2]) if oid.startswith(_DISK) else next(blobs)

    def content(self, path: str) -> bytes | None:
        """A file's bytes; None if it cannot be read, or is none any more."""
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as stream:
                return stream.read()
        except OSError:
            return None

    def _on_disk(self, path: str, real: dict[Path, bool], *, is_submodule: bool) -> Entry | None:
        """A file; in the place of a blob's id stands what changes when the file does, and the path."""
        place = self.root / path
        try:
            if not self._is_real(place.parent, real):
                return None
            found = place.lstat()
        except OSError:
            return None
        oid = f"{_DISK}{found.st_ino}-{found.st_mtime_ns}-{found.st_size}:{path}"
        if is_submodule and stat.S_ISDIR(found.st_mode):
            return Entry(path, SUBMODULE_MODE, oid, None)
        if stat.S_ISLNK(found.st_mode):
            return Entry(path, SYMLINK_MODE, oid, found.st_size)
        if not stat.S_ISREG(found.st_mode):
            return None
        return Entry(path, "100755" if found.st_mode & stat.S_IXUSR else "100644", oid, found.st_size)

    def _is_real(self, directory: Path, known: dict[Path, bool]) -> bool:
        """Whether no part of the way from the top is a link: behind one is another place, or the outside."""
        if directory == self.root:
            return True
        if directory not in known:
            known[directory] = self._is_real(directory.parent, known) and stat.S_ISDIR(directory.lstat().st_mode)
        return known[directory]


_DISK = "disk:"
"""What stands in the place of a blob's id where there is no blob."""


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
