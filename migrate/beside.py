"""Writing files whole: a new one where there must be none, or one beside its place, to be moved there in one step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".unshim-"
"""How the names of files beside their places begin: a killed run leaves one behind."""


def write_new(place: Path, content: bytes | memoryview, mode: int, *, is_durable: bool = False) -> None:
    """Write a file where there must be none. ``mode`` is that of open(2).

    ``is_durable``: the content is on the disk in the end. Raises OSError.
    """
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        if is_durable:
            stream.flush()
            os.fsync(stream.fileno())


@contextmanager
def beside(place: Path, content: bytes | memoryview, mode: int = 0o600, *, is_durable: bool = False) -> Iterator[Path]:
    """A new file next to ``place``, which the caller moves there, so that readers see the old or the new one.

    It is removed if that did not happen. Raises OSError; see write_new().
    """
    new = place.with_name(f"{PREFIX}{os.getpid()}-{os.urandom(8).hex()}")
    try:
        write_new(new, content, mode, is_durable=is_durable)
        yield new
    finally:
        new.unlink(missing_ok=True)
