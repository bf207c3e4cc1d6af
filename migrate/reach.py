"""Reach: which files the code of a file can run at all, judged generously by the names in their texts."""

from __future__ import annotations

import re

from codemods.bindings import absolute_module
from codemods.patches import is_test_file
from codemods.symbols import ancestors, join, last, parent, root
from codemods.syntax import import_statements, parse
from migrate.project import Project

_BARE = re.compile(rb"\b(?:import|from)[ \t]+(\w+)|import_module\(\s*[\"'](\w+)")
_FROM = re.compile(rb"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n;#]*)")
_RELATIVE = re.compile(rb"\bfrom[ \t]+\.")
_WORD = re.compile(rb"\w+")


class Reach:
    """What a test file can set in motion: the modules that its text names, and those that their texts name.

    Every dotted name counts, in code and in strings; so do bare names of files that are imported from a folder on
    the path. What is left out is surely not run by the test.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._named: dict[str, frozenset[str]] = {}
        self._closures: dict[str, frozenset[str]] = {}
        self._used: dict[str, bool] = {}
        self._stems: dict[str, set[str]] = {}
        packages = sorted({re.escape(root(module)).encode() for module in project.modules() if parent(module)})
        self._dotted = re.compile(rb"(?<![\w.])(?:" + b"|".join(packages or [rb"(?!)"]) + rb")(?:\.[A-Za-z_]\w*)+")
        for path in project.contents:
            if path.endswith(".py"):
                self._stems.setdefault(last(project.module_of(path)), set()).add(path)

    def can_run(self, path: str, other: str) -> bool:
        """Whether code of ``other`` can run while code of ``path`` does; taken for true of a file that others use.

        A test file, or a script that no other file names, sets in motion only what it names itself.
        """
        if path == other:
            return True
        stands_alone = is_test_file(path) or not self._is_used(path)
        return not stands_alone or other in self._closure(path)

    def _is_used(self, path: str) -> bool:
        """Whether another file may import this one, or pytest does."""
        if path not in self._used:
            stem = last(self._project.module_of(path)).encode()
            word = re.compile(rb"(?<!\w)" + re.escape(stem) + rb"(?!\w)")
            self._used[path] = path.endswith(("conftest.py", "__init__.py")) or any(
                stem in data and word.search(data) for other, data in self._project.contents.items() if other != path
            )
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
        return [place for place in places if place in self._project.contents]

    def _named_by(self, path: str) -> frozenset[str]:
        known = self._named.get(path)
        if known is None:
            known = self._named[path] = frozenset(self._names(path))
        return known

    def _names(self, path: str) -> set[str]:
        data = self._project.contents.get(path, b"")
        found: set[str] = set()
        for text in {match.group() for match in self._dotted.finditer(data)}:
            dotted = text.decode()
            for name in (*ancestors(dotted), dotted):
                found.add(self._project.path_of(name) or path)
        for text in {match[1] or match[2] for match in _BARE.finditer(data)}:
            stems = self._stems.get(text.decode(), set())
            found |= stems if len(stems) < _COMMON else set()
        for match in _FROM.finditer(data):
            origin = match[1].decode()
            for word in _WORD.findall(match[2]):
                found.add(self._project.path_of(join(origin, word.decode())) or path)
        if _RELATIVE.search(data):
            found |= self._relative(path, data)
        return found

    def _relative(self, path: str, data: bytes) -> set[str]:
        module, is_package = self._project.module_of(path), self._project.is_package(path)
        found: set[str] = set()
        for statement in import_statements(parse(data)):
            origin = absolute_module(statement, module, is_package=is_package) if statement.is_from else None
            if origin is not None:
                names = (origin, *(join(origin, name.name) for name in statement.names))
                found |= {self._project.path_of(name) or path for name in names}
        return found


_COMMON = 4
"""A bare word that is the name of more files than this says nothing."""
