"""Reach: which files the code of a file can run at all, judged generously by the names in their texts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from codemods.bindings import absolute_module
from codemods.patches import is_test_file
from codemods.symbols import ancestors, join, last, parent, root
from codemods.syntax import import_statements, parse
from migrate.cache import Cache, Question, as_one
from migrate.project import Project, is_package
from migrate.search import HasWord, begins, dotted_words

_FROM_WORD = begins(rb"from") + rb"[ \t]+"
_NAME = rb"[\w.]+(?:[ \t]+as[ \t]+\w+)?"
_COMMA = rb"[ \t]*,(?:[ \t]|\\\r?\n)*"
_IMPORT = re.compile(begins(rb"import") + rb"[ \t]+(" + _NAME + rb"(?:" + _COMMA + _NAME + rb")*)")
_FIRST = re.compile(rb"(?:^|,)[\s\\]*(\w+)")
_BARE = (
    re.compile(_FROM_WORD + rb"(\w+)"),
    re.compile(rb"import_module\(\s*[\"'](\w+)"),
)
_FROM = re.compile(_FROM_WORD + rb"([\w.]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n;#]*)")
_RELATIVE = re.compile(_FROM_WORD + rb"\.")
_DOTTED = re.compile(rb"[\w\x80-\xff]+(?:\.[A-Za-z_\x80-\xff][\w\x80-\xff]*)+")
_WORD = re.compile(rb"\w+")


@dataclass(frozen=True)
class Named:
    """What a text names: dotted names that may be modules, and bare names that may be files in a folder on the path."""

    dotted: frozenset[str]
    bare: frozenset[str]


NAMED = Question[Named]("named")
"""By (blob, path, module, the packages of the repository)."""


class Reach:
    """What a test file can set in motion: the modules that its text names, and those that their texts name.

    Every dotted name counts, in code and in strings; so do bare names of files that are imported from a folder on
    the path. What is left out is surely not run by the test.
    """

    def __init__(self, project: Project, cache: Cache) -> None:
        self._project = project
        self._cache = cache
        self._named: dict[str, frozenset[str]] = {}
        self._closures: dict[str, frozenset[str]] = {}
        self._used: dict[str, bool] = {}
        self._stems: dict[str, set[str]] = {}
        self._packages = frozenset(root(module) for module in project.paths if parent(module))
        self._packages_key = as_one(self._packages)
        for path in project.texts:
            if path.endswith(".py"):
                self._stems.setdefault(last(project.module_of(path)), set()).add(path)

    def can_run(self, path: str, other: str) -> bool:
        """Whether code of ``other`` can run while code of ``path`` does; taken for true of a file that others use.

        A test file, or a script that no other file names, sets in motion only what it names itself. What a notebook
        names is not looked up.
        """
        if path == other or path not in self._project.texts:
            return True
        stands_alone = is_test_file(path) or not self._is_used(path)
        return not stands_alone or other in self._closure(path)

    def _is_used(self, path: str) -> bool:
        """Whether another file may import this one, or pytest does."""
        if path not in self._used:
            stem = last(self._project.module_of(path))
            is_loaded = path.endswith(("conftest.py", "__init__.py"))
            self._used[path] = is_loaded or self._project.texts.some(HasWord(stem), frozenset({path}))
        return self._used[path]

    def _closure(self, path: str) -> frozenset[str]:
        known = self._closures.get(path)
        if known is None:
            found = {path}
            pending = [path, *self._fixtures(path)]
            while pending:
                current = pending.pop()
                fresh = self._named_by(current) - found
                found |= fresh
                pending += fresh
            known = self._closures[path] = frozenset(found)
        return known

    def _fixtures(self, path: str) -> list[str]:
        """The ``conftest.py`` files that pytest loads for a test file."""
        folders = path.split("/")[:-1]
        places = ["/".join((*folders[:count], "conftest.py")) for count in range(len(folders) + 1)]
        return [place for place in places if place in self._project.texts]

    def _named_by(self, path: str) -> frozenset[str]:
        known = self._named.get(path)
        if known is None:
            known = self._named[path] = frozenset(self._names(path))
        return known

    def _names(self, path: str) -> set[str]:
        if path not in self._project.texts:
            return set()
        module = self._project.module_of(path)
        key = (self._project.entries[path].oid, path, module, self._packages_key)
        named = self._cache.answer(
            NAMED, key, lambda: names_in(self._project.texts[path], path, module, self._packages)
        )
        paths = self._project.paths
        found = {paths[name] for name in named.dotted if name in paths}
        for name in named.bare:
            stems = self._stems.get(name, set())
            found |= stems if len(stems) < _COMMON else set()
        return found


def names_in(data: bytes, path: str, module: str, packages: frozenset[str]) -> Named:
    """The answer to NAMED; ``packages`` are the outermost ones of the repository."""
    dotted: set[str] = set()
    for text in dotted_words(data):
        match = _DOTTED.match(text) if root(os.fsdecode(text)) in packages else None
        if match is not None:
            name = os.fsdecode(match.group())
            dotted.update((*ancestors(name), name))
    for match in _FROM.finditer(data):
        dotted.update(join(match[1].decode(), word.decode()) for word in _WORD.findall(match[2]))
    if _RELATIVE.search(data):
        dotted |= _relative(data, path, module)
    bare = {match[1].decode() for pattern in _BARE for match in pattern.finditer(data)}
    bare.update(name.decode() for match in _IMPORT.finditer(data) for name in _FIRST.findall(match[1]))
    return Named(frozenset(dotted), frozenset(bare))


def _relative(data: bytes, path: str, module: str) -> set[str]:
    """What relative imports name."""
    found: set[str] = set()
    for statement in import_statements(parse(data)):
        origin = absolute_module(statement, module, is_package=is_package(path)) if statement.is_from else None
        if origin is not None:
            found.update((origin, *(join(origin, name.name) for name in statement.names)))
    return found


_COMMON = 4
"""A bare word that is the name of more files than this says nothing."""
