"""Shadows: submodules whose name their package binds to something else, and the imports that decide which one it is.

::

    p/__init__.py:   from p.new import f      <- p.f is the function
    other.py:        from p.f import f        <- p.f is the module, as soon as this has run
"""

from __future__ import annotations

from collections.abc import Sequence

from codemods.alias_map import AliasMap, EndKind, ModuleKind
from codemods.bindings import Binding, BindingKind
from codemods.engine import FileResult
from codemods.references import Disposition, Reference
from codemods.symbols import Symbol, ancestors, last, parent
from migrate.project import Project
from migrate.search import TakesSubmodule


class Shadows:
    """Which imports must stay, because without them a package's name would be another thing."""

    def __init__(self, project: Project, alias_map: AliasMap) -> None:
        self._project = project
        self._alias_map = alias_map
        self._executed: dict[str, frozenset[str]] = {}
        self._taken: dict[str, bool] = {}

    def deciding(self, results: Sequence[FileResult]) -> frozenset[tuple[str, str]]:
        """(path, module): the imports of a module that are to be rewritten and must not be.

        It does not matter whether the readers of the name can run together with them: nothing shows who is first.
        """
        every = [one for result in results for one in result.references]
        staying = {one.old.module for one in every if one.disposition is not Disposition.REWRITE}
        return frozenset(
            (one.path, one.old.module)
            for one in every
            if one.disposition is Disposition.REWRITE
            and one.new is not None
            and (
                self._hides(one, staying)
                or any(
                    self._decides(one.path, shadow, one.new.module, staying)
                    for shadow in self._executed_shadows(one.old.module)
                )
            )
        )

    def _hides(self, one: Reference, staying: set[str]) -> bool:
        """Whether a package would bind another module to the name of its submodule, which stays: a new shadow."""
        module = one.old.module
        return one.old.is_module and module in staying and self._project.module_of(one.path) == parent(module)

    def _executed_shadows(self, module: str) -> frozenset[str]:
        if module not in self._executed:
            self._executed[module] = frozenset(filter(self.is_shadow, self._alias_map.executes(module)))
        return self._executed[module]

    def is_shadow(self, module: str) -> bool:
        """Whether the ``__init__`` of the module's package binds its name to anything but the module."""
        package, name = parent(module), last(module)
        facts = self._project.facts(package, name) if self._project.kind(package) is ModuleKind.FILE else None
        if facts is None:
            return False
        if any(name in self._alias_map.exported_names(star.module) for star in facts.stars):
            return True
        return any(not _is_import_of(binding, module) for binding in facts.names.get(name, ()))

    def _decides(self, path: str, shadow: str, new: str, staying: set[str]) -> bool:
        """Whether the name is another thing if the file imports ``new`` instead of what executes the shadow."""
        package = parent(shadow)
        executes = self._alias_map.executes
        if shadow not in executes(package):  # whoever imports it first makes the name the module
            return shadow not in executes(new) and self._is_taken(shadow)
        if self._project.module_of(path) not in executes(package):  # the package itself has loaded it before
            return False
        around = frozenset((*ancestors(package), package))
        if shadow in self._alias_map.reach(new, around):
            return False
        if self._alias_map.resolve(Symbol(package, last(shadow))).kind is EndKind.MODULE:
            return True
        # Loaded before the package binds the name, it stays hidden. Loaded by others afterwards, it would not.
        return any(shadow in self._alias_map.reach(other, around) for other in staying)

    def _is_taken(self, module: str) -> bool:
        """Whether any text takes the name from the package, other than in the module's own path."""
        if module not in self._taken:
            self._taken[module] = self._look(module)
        return self._taken[module]

    def _look(self, module: str) -> bool:
        own = self._project.path_of(parent(module))
        return self._project.texts.some(TakesSubmodule(module), apart_from=frozenset({own or ""}))


def _is_import_of(binding: Binding, module: str) -> bool:
    if binding.kind is BindingKind.UNBOUND:
        return True
    target = binding.target
    return binding.kind is BindingKind.IMPORT and target is not None and target.dotted == module
