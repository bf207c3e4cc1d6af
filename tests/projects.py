"""The files of a commit in memory, for the tests of the tool's rooms that read them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from migrate.repository import Entry
from migrate.texts import Texts


def entries_of(contents: Mapping[str, bytes], modes: Mapping[str, str] | None = None) -> list[Entry]:
    """The entries of files, regular ones without ``modes``."""
    return [
        Entry(path, (modes or {}).get(path, "100644"), hashlib.sha1(data).hexdigest())
        for path, data in contents.items()
    ]


def texts_of(contents: Mapping[str, bytes], modes: Mapping[str, str] | None = None) -> Texts:
    """The texts of files."""
    return Texts(lambda some: (contents[entry.path] for entry in some), entries_of(contents, modes))
