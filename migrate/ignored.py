"""Ignored: the paths that the ``.gitignore`` files of a commit leave out, where a build may put files."""

from __future__ import annotations

import posixpath
import re
import warnings
from collections.abc import Iterable

from pathspec import GitIgnoreSpec

from migrate.repository import IGNORE_FILE, REGULAR_MODES, Entry
from migrate.snapshots import Files


class Ignored:
    """Says of paths whether git would ignore them; what a user or a clone ignores beside that is not known."""

    def __init__(self, files: Files, entries: Iterable[Entry]) -> None:
        found = [one for one in entries if one.mode in REGULAR_MODES and posixpath.basename(one.path) == IGNORE_FILE]
        contents = zip(found, files.read(one.oid for one in found), strict=True)
        self._patterns = {
            posixpath.dirname(entry.path): _patterns(content.decode("utf-8", "replace"))
            for entry, content in contents
            if content is not None
        }

    def __contains__(self, path: object) -> bool:
        """The file in the nearest folder that says anything about a path decides."""
        assert isinstance(path, str)
        folder = posixpath.dirname(path)
        while True:
            patterns = self._patterns.get(folder)
            decided = None if patterns is None else patterns.check_file(posixpath.relpath(path, folder or ".")).include
            if decided is not None or not folder:
                return decided or False
            folder = posixpath.dirname(folder)


def _patterns(text: str) -> GitIgnoreSpec:
    """Of the lines that are patterns: others, ``!`` and ``[z-a]``, match nothing for git."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of odd sets, by ``re``
        return GitIgnoreSpec.from_lines(filter(_is_pattern, text.splitlines()))


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
