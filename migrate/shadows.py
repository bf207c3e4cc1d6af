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
        self._executed: dict[str, tuple[str, ...]] = {}
        self._taken: dict[str, bool] = {}

    def deciding(self, results: Sequence[FileResult]) -> dict[tuple[str, str], str]:
        """By path and module: the imports of a module that are to be rewritten and must not be, and for whose sake.

        It does not matter whether the readers of the name can run together with them: nothing shows who is first.
        """
        every = [one for result in results for one in result.references]
        staying = sorted({one.old.module for one in every if one.disposition is not Disposition.REWRITE})
        found: dict[tuple[str, str], str] = {}
        for one in every:
            sake = self._sake(one, staying) if one.disposition is Disposition.REWRITE else None
            if sake is not None:
                found[one.path, one.old.module] = sake
        return found

    def _sake(self, one: Reference, staying: list[str]) -> str | None:
        """Why an import must not be rewritten; None if nothing is against it."""
        if one.new is None:
            return None
        if self._hides(one, staying):
            return f"{one.old.module} stays, and {parent(one.old.module)} would bind its name to {one.new.module}"
        shadows = self._executed_shadows(one.old.module)
        sakes = (self._decided(one.path, shadow, one.old.module, one.new.module, staying) for shadow in shadows)
        return next((sake for sake in sakes if sake is not None), None)

    def _hides(self, one: Reference, staying: list[str]) -> bool:
        """Whether a package would bind another module to the name of its submodule, which stays: a new shadow."""
        module = one.old.module
        return one.old.is_module and module in staying and self._project.module_of(one.path) == parent(module)

    def _executed_shadows(self, module: str) -> tuple[str, ...]:
        if module not in self._executed:
            self._executed[module] = tuple(sorted(filter(self.is_shadow, self._alias_map.executes(module))))
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

    def _decided(self, path: str, shadow: str, old: str, new: str, staying: list[str]) -> str | None:
        """What says that the name is another thing if the file imports ``new`` instead of ``old``; None: it is not."""
        package = parent(shadow)
        executes = self._alias_map.executes
        decided = f"it decides whether {shadow} is the module, or what {package} binds to its name"
        if shadow not in executes(package):  # whoever imports it first makes the name the module
            return decided if shadow not in executes(new) and self._is_taken(shadow) else None
        if self._project.module_of(path) not in executes(package):  # the package itself has loaded it before
            return None
        # What runs the shadow through its package alone decides nothing: the package binds the name then, too.
        around = frozenset((*ancestors(package), package))
        if not self._loads(old, shadow, around) or self._loads(new, shadow, around):
            return None
        if self._alias_map.resolve(Symbol(package, last(shadow))).kind is EndKind.MODULE:
            return decided
        # Loaded before the package binds the name, it stays hidden. Loaded by others afterwards, it would not.
        other = next((one for one in staying if self._loads(one, shadow, around)), None)
        return None if other is None else f"{decided}; {other}, which stays, loads it later"

    def _loads(self, module: str, shadow: str, around: frozenset[str]) -> bool:
        """Whether importing a module executes the shadow, other than through the packages around that."""
        return module not in around and shadow in self._alias_map.reach(module, around)

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
