"""Snapshots: what is looked at, beside commits: the index, and the working tree; as entries and contents."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from migrate.repository import SYMLINK_MODE, Entry, Repository


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

    No filter is run: the bytes are those of the disk. Links are not followed.
    """

    def entries(self, _commit: str, /) -> list[Entry]:
        changed = self._repository.changed_on_disk()
        found = [entry for entry in super().entries(_commit) if entry.path not in changed]
        found += [entry for path in (*changed, *self._repository.untracked()) if (entry := self._on_disk(path))]
        return sorted(found, key=lambda entry: os.fsencode(entry.path))

    def read(self, oids: Iterable[str]) -> Iterator[bytes | None]:
        wanted = list(oids)
        known = super().read(oid for oid in wanted if not oid.startswith(_DISK))
        for oid in wanted:
            yield self.content(oid.removeprefix(_DISK)) if oid.startswith(_DISK) else next(known)

    def content(self, path: str) -> bytes | None:
        """A file's bytes; None if it cannot be read, or is none any more."""
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as stream:
                return stream.read()
        except OSError:
            return None

    def _on_disk(self, path: str) -> Entry | None:
        try:
            found = (self.root / path).lstat()
        except OSError:
            return None
        if stat.S_ISLNK(found.st_mode):
            return Entry(path, SYMLINK_MODE, _DISK + path, found.st_size)
        if not stat.S_ISREG(found.st_mode):
            return None
        return Entry(path, "100755" if found.st_mode & stat.S_IXUSR else "100644", _DISK + path, found.st_size)


_DISK = "disk:"
"""What stands in the place of a blob's id where there is no blob."""
