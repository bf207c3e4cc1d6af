"""Store: what earlier runs over a repository have learnt, on disk; a run without it does the same, only later."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import pickle
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TypeVar

import codemods
import migrate
from migrate.beside import PREFIX, beside
from migrate.cache import Cache, Packed, stable
from migrate.repository import Difference
from migrate.snapshots import Stamps

T = TypeVar("T")

_PLANS = 4
"""So many plans are kept for a recipe: those of a few commits, and of the index."""
_TREES = 64
_KEPT_SECONDS = 30 * 24 * 3600
"""What was not used for so long is removed."""
_WRITTEN_SECONDS = 3600
"""No file takes so long to be written."""
_PARSERS = ("libcst-", "tree_sitter-", "tree_sitter_json-", "tree_sitter_python-", "fissix-")
"""Packages of whose version the answers depend, as the folders begin that name their versions."""


class Store:
    """The folder of one repository and recipe, for the version of unshim that runs.

    A file in it is whole or not there: it is written beside its place and moved there, and it begins with a digest
    of the rest. One that is damaged is as good as none. Where nothing can be written, nothing is kept, and nothing
    is said: the run is complete without it. Files of another user are not read, for what is read is run by pickle.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def cache(self) -> Cache:
        """What the last run has learnt of single files."""
        return Cache(self._read("learnt", dict))

    def keep_cache(self, answers: Packed) -> None:
        """Leave to the next run what this one has learnt."""
        self._write("learnt", answers)
        self._forget_others()

    def plan(self, digest: str, kind: type[T]) -> T | None:
        """The plan that was kept by this digest."""
        return self._read(f"plan-{digest}", kind)

    def keep_plan(self, digest: str, plan: object) -> None:
        """Keep a plan by a digest of all that it depends on, and forget the ones that were used longest ago."""
        self._write(f"plan-{digest}", plan)
        with contextlib.suppress(OSError):
            plans = sorted(self.folder.glob("plan-*"), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in plans[_PLANS:]:
                path.unlink()

    def last(self, kind: type[T]) -> T | None:
        """What was kept beside the last plan."""
        return self._read("last", kind)

    def keep_last(self, value: object) -> None:
        self._write("last", value)

    def lines(self, digest: str) -> tuple[bytes, ...] | None:
        """The files of the last plan, if that is the one of this digest."""
        kept = self._read("lines", tuple)
        return kept[1] if kept is not None and kept[0] == digest else None

    def keep_lines(self, digest: str, lines: tuple[bytes, ...]) -> None:
        self._write("lines", (digest, lines))

    def tree(self, tree: str) -> tuple[str, list[Difference]] | None:
        """By what the plan is kept over the files of a tree, and how these differ from those that it was made for."""
        return (self._read("trees", dict) or {}).get(tree)

    def keep_tree(self, tree: str, found: tuple[str, list[Difference]]) -> None:
        """Let the plan be found by the tree; those of the last few trees are."""
        known: dict[str, tuple[str, list[Difference]]] = self._read("trees", dict) or {}
        known.pop(tree, None)
        self._write("trees", dict([*known.items(), (tree, found)][-_TREES:]))

    def stamps(self) -> Stamps:
        """Those of the last listing of the working tree."""
        return self._read("stamps", dict) or {}

    def keep_stamps(self, stamps: Stamps) -> None:
        self._write("stamps", stamps)

    def deleted(self, tip: str) -> dict[str, str] | None:
        """What Repository.deleted_by_unshim() says of a commit, if it was the last one that was asked about."""
        known = self._read("deleted", tuple)
        return known[1] if known is not None and known[0] == tip else None

    def keep_deleted(self, tip: str, paths: dict[str, str]) -> None:
        self._write("deleted", (tip, paths))

    def _forget_others(self) -> None:
        """Remove what a killed run left, and the folders of what nobody has used for long."""
        with contextlib.suppress(OSError):
            for left in self.folder.glob(f"{PREFIX}*"):
                if left.stat().st_mtime < time.time() - _WRITTEN_SECONDS:
                    left.unlink()
            for folder in self.folder.parent.parent.glob("*/*"):
                used = max((path.stat().st_mtime for path in folder.iterdir()), default=folder.stat().st_mtime)
                if used < time.time() - _KEPT_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def _read(self, name: str, kind: type[T]) -> T | None:
        path = self.folder / name
        try:
            with path.open("rb") as stream:
                if os.fstat(stream.fileno()).st_uid != os.geteuid():
                    return None
                digest, data = stream.read(_DIGEST_BYTES), stream.read()
        except OSError:
            return None
        if hashlib.sha256(data).digest() != digest:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        with _no_collection():
            found = pickle.loads(data)  # noqa: S301  this user has written it
        return found if isinstance(found, kind) else None

    def _write(self, name: str, value: object) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with beside(self.folder / name, bytes(_DIGEST_BYTES)) as new:
                with new.open("r+b") as stream, _no_collection():
                    stream.seek(_DIGEST_BYTES)
                    digested = _Digested(stream)
                    pickle.dump(value, digested, pickle.HIGHEST_PROTOCOL)
                    stream.seek(0)
                    stream.write(digested.digest())
                new.replace(self.folder / name)
        except OSError:
            return


_DIGEST_BYTES = hashlib.sha256().digest_size


class _Digested:
    """A stream with a digest of what is written: all of it is never in memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def write(self, data: bytes | memoryview | pickle.PickleBuffer, /) -> int:
        self._hash.update(data)
        return self._stream.write(data)

    def digest(self) -> bytes:
        return self._hash.digest()


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Reading makes hundreds of thousands of objects and no garbage: collecting meanwhile takes longer than reading."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def store_of(repository: Path, question: object) -> Store:
    """The store of a repository, which its git directory tells from others, for what is asked about it."""
    from platformdirs import user_cache_path

    about = "\n".join((str(repository.resolve()), stable(question)))
    name = hashlib.sha256(os.fsencode(about)).hexdigest()[:32]
    return Store(user_cache_path("unshim", appauthor=False) / _edition() / name)


def _edition() -> str:
    """What names the code that has the answers: its files, its parsers, and the Python that runs it."""
    found = hashlib.sha256(sys.version.encode())
    for name in _versions():
        found.update(os.fsencode(f"{name}\n"))
    for package_file in (codemods.__file__, migrate.__file__):
        folder = Path(package_file).parent
        for path in sorted(folder.rglob("*.py")):
            about = path.stat()
            found.update(os.fsencode(f"{path.relative_to(folder)} {about.st_size} {about.st_mtime_ns}\n"))
    return found.hexdigest()[:32]


def _versions() -> Iterator[str]:
    """The parsers with their versions, as installers name their folders; importlib.metadata takes 10 ms to import."""
    for folder in sys.path:
        with contextlib.suppress(OSError):  # an archive, or nothing
            names = (path.name for path in Path(folder).iterdir())
            yield from sorted(name for name in names if name.lower().startswith(_PARSERS))
