"""Shadows: submodules whose name their package binds to something else, and the imports that decide which one it is.

::

    p/__init__.py:   from p.new import f      <- p.f is the function
    other.py:        from p.f import f        <- p.f is the module, as soon as this has run
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from codemods.alias_map import AliasMap, EndKind, ModuleKind
from codemods.bindings import Binding, BindingKind
from codemods.engine import FileResult
from codemods.references import Disposition, Reference
from codemods.symbols import Symbol, join, last, parent
from migrate.project import Project


class Shadows:
    """Which imports must stay, because without them a package's name would be another thing."""

    def __init__(self, project: Project, alias_map: AliasMap) -> None:
        self._project = project
        self._alias_map = alias_map
        self._lost: dict[tuple[str, str], frozenset[str]] = {}
        self._taken: dict[str, bool] = {}

    def deciding(self, results: Iterable[FileResult]) -> frozenset[tuple[str, str]]:
        """(path, module): the imports of a module that are to be rewritten and must not be.

        It does not matter whether the readers of the name can run together with them: nothing shows who is first.
        """
        results = list(results)
        every = [one for result in results for one in result.references]
        staying = {one.old.module for one in every if one.disposition is not Disposition.REWRITE}
        return frozenset(
            (one.path, one.old.module)
            for one in every
            if one.disposition is Disposition.REWRITE
            and any(self._decides(one.path, module, staying) for module in self._no_longer_loaded(one))
        )

    def _no_longer_loaded(self, reference: Reference) -> frozenset[str]:
        """The shadows that the import of the old module executes, and that of the new one does not."""
        if reference.new is None:
            return frozenset()
        key = (reference.old.module, reference.new.module)
        if key not in self._lost:
            executes = self._alias_map.executes
            self._lost[key] = frozenset(filter(self._is_shadow, executes(key[0]) - executes(key[1])))
        return self._lost[key]

    def _is_shadow(self, module: str) -> bool:
        """Whether the ``__init__`` of the module's package binds its name to anything but the module."""
        package, name = parent(module), last(module)
        facts = self._project.facts(package) if self._project.kind(package) is ModuleKind.FILE else None
        if facts is None:
            return False
        if any(name in self._alias_map.exported_names(star.module) for star in facts.stars):
            return True
        return any(not _is_import_of(binding, module) for binding in facts.names.get(name, ()))

    def _decides(self, path: str, module: str, staying: set[str]) -> bool:
        package = parent(module)
        executed = self._alias_map.executes(package)
        if module not in executed:  # whoever imports it first makes the name the module
            return self._is_taken(module)
        if self._project.module_of(path) not in executed:  # the package itself has loaded it before
            return False
        if self._alias_map.resolve(Symbol(package, last(module))).kind is EndKind.MODULE:
            return True
        # Loaded before the package binds the name, it stays hidden. Loaded by others afterwards, it would not.
        return any(module in self._alias_map.executes(other) for other in staying)

    def _is_taken(self, module: str) -> bool:
        """Whether any text takes the name from the package, other than in the module's own path."""
        if module not in self._taken:
            self._taken[module] = self._look(module)
        return self._taken[module]

    def _look(self, module: str) -> bool:
        package, name = re.escape(last(parent(module)).encode()), re.escape(last(module).encode())
        names = rb"(?:\*|\([^)]*\b" + name + rb"\b|[^\n(]*\b" + name + rb"\b)"
        taken = re.compile(
            rb"\bfrom\s+(?:[\w.]*\.)?(?:" + package + rb")?\s+import\s*" + names + rb"|"
            rb"(?<!from )(?<!import )\b" + package + rb"\s*\.\s*" + name + rb"\b"
        )
        own = self._project.path_of(parent(module))
        word = last(module).encode()
        return any(
            (word in data or b"import *" in data) and taken.search(data) is not None
            for path, data in self._project.contents.items()
            if path != own
        )


def _is_import_of(binding: Binding, module: str) -> bool:
    if binding.kind is BindingKind.UNBOUND:
        return True
    target = binding.target
    return (
        binding.kind is BindingKind.IMPORT
        and target is not None
        and (target.module if target.name is None else join(target.module, target.name)) == module
    )
