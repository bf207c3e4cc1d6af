"""AliasMap: where each (module, name) really comes from, followed over modules as Python would at run time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property
from heapq import heappop, heappush
from typing import Protocol

from codemods.bindings import Binding, BindingKind, ModuleFacts, StarImport, TopImport
from codemods.symbols import Symbol, ancestors, below, contains, is_dotted_name, join, last, parent

ALL = "*"
OUTLINE = ""
IMPORTS = "import"
VERDICT = "?"
HANDED_ON = "="
"""What is looked at of a module's facts, see Modules.facts(); no module can have such names."""


class ModuleKind(Enum):
    """What stands behind a module name."""

    FILE = auto()
    NAMESPACE = auto()
    """A directory without ``__init__``."""
    OPAQUE = auto()
    """A compiled or unreadable module: it exists, its names are unknown."""
    UNKNOWN = auto()
    """Its package computes its names or its path, so that it may exist or not."""
    EXTERNAL = auto()
    """Not part of the repository."""
    MISSING = auto()
    """Its package is part of the repository, and has no such module."""


class Modules(Protocol):
    """The modules of a repository, by name."""

    def kind(self, module: str) -> ModuleKind: ...

    def facts(self, module: str, about: str = ALL) -> ModuleFacts | None:
        """The facts of a module of kind FILE; None for every other kind.

        ``about`` says what of them is looked at: everything, ALL; its outline, OUTLINE, which is what it exports,
        whether it is computed, replaced or broken, its stars; IMPORTS, its outline and its ``top_imports``; VERDICT,
        what judge() says of it; HANDED_ON, its outline and the names that may be objects of other modules of
        the repository; or the outline and one name of the module.
        """

    def primary(self, module: str) -> str:
        """The name under which the module's file is known; another one only under a second source root."""

    def fault(self, module: str) -> str | None:
        """Why the file of a module is no Python that this interpreter can run; None where it is fine."""


class EndKind(Enum):
    """Where following a symbol ended."""

    OBJECT = auto()
    MODULE = auto()
    EXTERNAL = auto()
    MISSING_NAME = auto()
    MISSING_MODULE = auto()
    AMBIGUOUS = auto()
    CYCLE = auto()
    COMPUTED = auto()
    TYPING_ONLY = auto()


@dataclass(frozen=True)
class Resolution:
    """The end of a symbol.

    ``end`` is the defining symbol where there is one; two symbols with the same end of kind OBJECT are the same
    object. ``chain`` are the symbols that were followed, the first one included; ``through`` those of them that
    every branch passes. ``rebound`` names a hop whose module rebinds it at run time, so that a copy made at
    import time proves nothing.
    """

    kind: EndKind
    end: Symbol | None
    chain: tuple[Symbol, ...]
    through: frozenset[Symbol] = frozenset()
    rebound: Symbol | None = None

    @property
    def found(self) -> bool:
        return self.kind in (EndKind.OBJECT, EndKind.MODULE, EndKind.EXTERNAL)

    @property
    def missing(self) -> bool:
        return self.kind in (EndKind.MISSING_NAME, EndKind.MISSING_MODULE)


Failures = Mapping[str, tuple[str, ...] | None]


class AliasMap:
    """Resolves symbols over modules. Everything is remembered; the modules are taken not to change."""

    def __init__(
        self,
        modules: Modules,
        moved: Mapping[str, str] | None = None,
        working: Iterable[str] = (),
        failures: Failures | None = None,
    ) -> None:
        """``moved``: where modules are now that the code still imports under a name that is gone.

        ``working`` are modules that are taken to import. ``failures`` are those of another map of the same modules.
        """
        self._modules = modules
        self._moved = moved or {}
        self._working = frozenset(working)
        self._resolved: dict[Symbol, Resolution] = {}
        self._under_way: set[Symbol] = set()
        self._cuts = 0
        """How often a symbol was met that was under way: what is found meanwhile depends on where one has come from."""
        self._cyclic: dict[Symbol, Resolution] = {}
        """What was found so from the symbol itself on: on the way from another one it may be cut elsewhere."""
        self._tentative: dict[Symbol, Resolution] = {}
        """What was found so on the way from another symbol: it holds until that one has its end."""
        self._failures = dict(failures or {})
        self._imports: dict[str, tuple[str, ...]] = {}
        self._executed: dict[str, frozenset[str]] = {}
        self._assignments: dict[int, Resolution] = {}
        """By the identity of the binding: branches share their bindings, and would be followed again and again."""

    # names

    def resolve(self, symbol: Symbol) -> Resolution:
        """Follow a symbol to its end. Never raises: what cannot be followed is an end of its own kind."""
        known = self._resolved.get(symbol) or (self._tentative if self._under_way else self._cyclic).get(symbol)
        if known is not None:
            self._cuts += symbol in self._tentative
            return known
        if symbol in self._under_way:
            self._cuts += 1
            return Resolution(EndKind.CYCLE, None, (symbol,), frozenset({symbol}))
        cuts = self._cuts
        self._under_way.add(symbol)
        try:
            found = self._module(symbol) if symbol.name is None else self._name(symbol.module, symbol.name)
        finally:
            self._under_way.discard(symbol)
        found = replace(found, chain=(symbol, *found.chain), through=found.through | {symbol})
        if found.rebound is None and self._is_rebound(symbol):
            found = replace(found, rebound=symbol)
        if self._cuts == cuts:
            self._resolved[symbol] = found
        elif not self._under_way:
            self._cyclic[symbol] = found
        elif found.kind is not EndKind.CYCLE:
            self._tentative[symbol] = found
        if not self._under_way:
            self._tentative.clear()
        return found

    def same_object(self, old: Symbol, new: Symbol) -> bool:
        """Whether two symbols are proved to be the same object, whenever they are read; what is missing is none."""
        one, other = self.resolve(old), self.resolve(new)
        if one.rebound is not None or one.missing:
            return False
        return new in one.through or (one.found and one.kind is other.kind and one.end == other.end)

    def attribute(self, base: Resolution, name: str) -> Resolution:
        """``base.name``, where base is a module; an attribute of any other object is an object of its own."""
        if base.kind is EndKind.MODULE and base.end is not None:
            found = self.resolve(Symbol(base.end.module, name))
            return replace(found, chain=(*base.chain, *found.chain), rebound=found.rebound or base.rebound)
        if base.kind is EndKind.OBJECT:
            return Resolution(EndKind.COMPUTED, None, base.chain)
        return base

    def _is_rebound(self, symbol: Symbol) -> bool:
        facts = self._modules.facts(symbol.module, symbol.name or OUTLINE)
        return facts is not None and symbol.name in facts.rebound

    def _module(self, symbol: Symbol) -> Resolution:
        match self._modules.kind(symbol.module):
            case ModuleKind.MISSING:
                now = self._where_now(symbol.module)
                return Resolution(EndKind.MISSING_MODULE, symbol, ()) if now is None else self.resolve(Symbol(now))
            case ModuleKind.EXTERNAL:
                return Resolution(EndKind.EXTERNAL, symbol, ())
            case ModuleKind.UNKNOWN:
                return Resolution(EndKind.COMPUTED, None, ())
            case _:
                facts = self._modules.facts(symbol.module, OUTLINE)
                if facts is not None and facts.replaced_by is not None:
                    return self.resolve(facts.replaced_by)
                return Resolution(EndKind.MODULE, symbol, ())

    def _name(self, module: str, name: str) -> Resolution:
        symbol = Symbol(module, name)
        match self._modules.kind(module):
            case ModuleKind.MISSING:
                now = self._where_now(module)
                if now is not None:
                    return self.resolve(Symbol(now, name))
                return Resolution(EndKind.MISSING_MODULE, Symbol(module), ())
            case ModuleKind.EXTERNAL:
                return Resolution(EndKind.EXTERNAL, symbol, ())
            case ModuleKind.OPAQUE | ModuleKind.UNKNOWN:
                return Resolution(EndKind.COMPUTED, None, ())
            case ModuleKind.NAMESPACE:
                if _is_given(name, None):
                    return Resolution(EndKind.OBJECT, symbol, ())
                return self._submodule(symbol) or Resolution(EndKind.MISSING_NAME, symbol, ())
        facts = self._modules.facts(module, name)
        assert facts is not None, module
        if facts.replaced_by is not None:
            target = self.resolve(facts.replaced_by)
            return self.attribute(target, name)
        if facts.replaced:
            return Resolution(EndKind.COMPUTED, None, ())
        bindings = facts.names.get(name)
        stars = self._stars_with(facts, name, bindings)
        bound_at = [binding.start for binding in bindings or ()] + [star.start for star in stars]
        if stars and (bindings is None or not stars[-1].conditional):
            return self._or_submodule(facts, name, self._from_stars(name, stars), bound_at)
        if stars and bindings is not None:
            found = self._merge([self._bindings(facts, name, bindings), self._from_stars(name, stars)])
            return self._or_submodule(facts, name, found, bound_at)
        if bindings is not None:
            return self._or_submodule(facts, name, self._bindings(facts, name, bindings), bound_at)
        if facts.forwards is not None and name in facts.forwards:
            return self._or_submodule(facts, name, self._forward(facts.forwards[name]), bound_at)
        if _is_given(name, facts):
            return Resolution(EndKind.OBJECT, symbol, ())
        submodule = self._submodule(symbol)
        if submodule is not None:
            return submodule
        if name in facts.typing_names:
            return Resolution(EndKind.TYPING_ONLY, symbol, ())
        if facts.computed or facts.broken or self._has_unknown_star(facts):
            return Resolution(EndKind.COMPUTED, None, ())
        return Resolution(EndKind.MISSING_NAME, symbol, ())

    def _where_now(self, module: str) -> str | None:
        """Where a module that is gone is now, by the moves of the recipe; None if they do not say."""
        for name in (module, *reversed(ancestors(module))):
            if name in self._moved:
                now = join(self._moved[name], below(name, module) or "")
                return now if now != module else None
        return None

    def _submodule(self, symbol: Symbol) -> Resolution | None:
        assert symbol.name is not None
        candidate = join(symbol.module, symbol.name)
        kind = self._modules.kind(candidate)
        exists = kind in (ModuleKind.FILE, ModuleKind.NAMESPACE, ModuleKind.OPAQUE)
        return self.resolve(Symbol(candidate)) if exists else None

    def _or_submodule(self, facts: ModuleFacts, name: str, found: Resolution, bound_at: list[int]) -> Resolution:
        """What a package's name is where there is a submodule of that name, too: loading that binds the name anew.

        ::

            from p.new import f      <- p.f is the function
            from .f import level     <- p.f is the module, if nothing before has loaded it

        Looked at is what the package's own ``__init__`` loads; what others load is not known here.
        """
        submodule = join(facts.module, name)
        if found.kind is EndKind.CYCLE and facts.is_package:
            # The package is still running as it is asked for the name, so that the submodule is looked for.
            return self._submodule(Symbol(facts.module, name)) or found
        if not facts.is_package or found.missing or self._modules.kind(submodule) is not ModuleKind.FILE:
            return found
        if found.kind is EndKind.MODULE and found.end == Symbol(submodule):
            return found
        first, last_one = min(bound_at, default=-1), max(bound_at, default=-1)
        loads = self._loads_of(facts, submodule, first, last_one)
        after = [load for load in loads if load.start > last_one]
        if not after or any(load.start <= first and not load.guarded for load in loads):
            return found
        if len(after) == len(loads) and not all(load.guarded for load in after):
            return self.resolve(Symbol(submodule))
        return self._merge([found, self.resolve(Symbol(submodule))])

    def _loads_of(self, facts: ModuleFacts, submodule: str, first: int, last_one: int) -> list[TopImport]:
        """The imports of a package's ``__init__`` that load one of its submodules, if it is not loaded yet.

        The package binds the submodule's name from ``first`` to ``last_one``. A ``from . import f`` further down
        finds that, and loads nothing.
        """
        plain = [top for top in facts.top_imports if contains(submodule, top.module)]
        if any(top.start <= first and not top.guarded for top in plain):  # ``from .f import f``, as a rule
            return plain
        around = frozenset((*ancestors(facts.module), facts.module))
        loads: list[TopImport] = []
        for top in facts.top_imports:
            named = Symbol(top.module, top.name).dotted
            if top.name is not None and named == submodule and -1 < last_one < top.start:
                continue
            imported = [module for module in dict.fromkeys((top.module, named)) if module != facts.module]
            if any(submodule in self.reach(module, around) for module in imported):  # asked for in the same order
                loads.append(top)
        return loads

    def _forward(self, target: Symbol) -> Resolution:
        """A ``__getattr__`` map's entry; ``"p.new.g"`` may mean a name in ``p.new`` as well as a module."""
        if not is_dotted_name(target.module):
            return Resolution(EndKind.COMPUTED, None, ())
        if self._modules.kind(target.module) is ModuleKind.MISSING and parent(target.module):
            target = Symbol(parent(target.module), last(target.module))
        return self.resolve(target)

    # bindings of one name

    def _bindings(self, facts: ModuleFacts, name: str, bindings: Iterable[Binding]) -> Resolution:
        """Join the ways in which a name may be bound; see BindingKind."""
        primary: list[Resolution] = []
        fallback: list[Resolution] = []
        harmless_fallback = True
        for binding in bindings:
            if binding.kind is BindingKind.UNBOUND:
                if not binding.fallback:
                    primary.append(Resolution(EndKind.MISSING_NAME, Symbol(facts.module, name), ()))
                continue
            found = self._binding(facts, name, binding)
            (fallback if binding.fallback else primary).append(found)
            if binding.fallback and binding.kind is not BindingKind.CONSTANT:
                harmless_fallback = False
        if not primary or (fallback and all(self._fails(found) for found in primary)):
            primary, harmless_fallback = fallback, True
        if not harmless_fallback:
            primary += fallback
        if not primary:
            return Resolution(EndKind.MISSING_NAME, Symbol(facts.module, name), ())
        return self._merge(primary)

    def _fails(self, found: Resolution) -> bool:
        """Whether importing this would raise ImportError: it is missing, or its module cannot be imported."""
        if found.missing:
            return True
        return any(self.import_failure(symbol.module) is not None for symbol in found.chain[:1])

    def _binding(self, facts: ModuleFacts, name: str, binding: Binding) -> Resolution:
        symbol = Symbol(facts.module, name)
        match binding.kind:
            case BindingKind.IMPORT:
                assert binding.target is not None
                if binding.target == symbol:  # ``from . import x`` in the package itself: the submodule
                    submodule = self._submodule(symbol)
                    return submodule or Resolution(EndKind.MISSING_NAME, symbol, ())
                return self.resolve(binding.target)
            case BindingKind.ASSIGNED_NAME:
                known = self._assignments.get(id(binding))
                if known is None:
                    cuts = self._cuts
                    known = self._assigned(facts, symbol, binding)
                    if self._cuts == cuts:
                        self._assignments[id(binding)] = known
                return known
            case _:
                return Resolution(EndKind.OBJECT, symbol, ())

    def _assigned(self, facts: ModuleFacts, symbol: Symbol, binding: Binding) -> Resolution:
        own_name = facts.name_of(binding.sources, symbol.name or "")
        if own_name is None:
            found = self._bindings(facts, symbol.name or "", binding.sources)
        else:
            found = self.resolve(Symbol(facts.module, own_name))
        if found.missing:  # a builtin, or a name that is bound in a way that is not followed
            return Resolution(EndKind.OBJECT, symbol, ())
        for attribute in binding.attributes:
            if found.kind is not EndKind.MODULE:  # an attribute of a class or an object: a value of its own
                return Resolution(EndKind.OBJECT, symbol, ())
            found = self.attribute(found, attribute)
        return found

    def _merge(self, found: list[Resolution]) -> Resolution:
        """One end if all agree; else AMBIGUOUS, or the most telling of the failures."""
        first = found[0]
        if len(found) == 1:
            return first
        through = frozenset.intersection(*(one.through for one in found))
        rebound = next((one.rebound for one in found if one.rebound is not None), None)
        if all(one.kind is first.kind and one.end == first.end for one in found):
            return replace(first, through=through, rebound=rebound)
        chain = tuple(dict.fromkeys(symbol for one in found for symbol in one.chain))
        return Resolution(EndKind.AMBIGUOUS, None, chain, through, rebound)

    # star imports and exports

    def _stars_with(self, facts: ModuleFacts, name: str, bindings: tuple[Binding, ...] | None) -> list[StarImport]:
        """The star imports that come after the name's own bindings and export it."""
        bound_at = max((binding.start for binding in bindings), default=-1) if bindings else -1
        return [
            star
            for star in facts.stars
            if star.start > bound_at and star.module != facts.module and name in self.exported_names(star.module)
        ]

    def _from_stars(self, name: str, stars: list[StarImport]) -> Resolution:
        if not stars[-1].conditional:
            return self.resolve(Symbol(stars[-1].module, name))
        return self._merge([self.resolve(Symbol(star.module, name)) for star in stars])

    def _has_unknown_star(self, facts: ModuleFacts) -> bool:
        return any(not self.exports_known(star.module) for star in facts.stars)

    def exports_known(self, module: str) -> bool:
        """Whether ``exported_names`` of this module is the whole truth."""
        return self._exports_known(module, set())

    def _exports_known(self, module: str, seen: set[str]) -> bool:
        facts = self._modules.facts(module, OUTLINE)
        if facts is None or facts.computed or facts.broken:
            return False
        seen.add(module)
        if facts.replaced_by is not None:
            target = self.resolve(facts.replaced_by)
            is_module = target.kind is EndKind.MODULE and target.end is not None and target.end.module not in seen
            return is_module and target.end is not None and self._exports_known(target.end.module, seen)
        if not facts.exports_exact:
            return False
        return facts.exports is not None or all(
            star.module in seen or self._exports_known(star.module, seen) for star in facts.stars
        )

    def exported_names(self, module: str) -> frozenset[str]:
        """What ``from module import *`` binds, as far as it is known."""
        return frozenset(self._exported(module, set()))

    def _exported(self, module: str, seen: set[str]) -> Iterator[str]:
        facts = self._modules.facts(module)
        if facts is None or module in seen:
            return
        seen.add(module)
        if facts.replaced_by is not None:
            target = self.resolve(facts.replaced_by)
            if target.kind is EndKind.MODULE and target.end is not None:
                yield from self._exported(target.end.module, seen)
            return
        if facts.exports is not None:
            yield from facts.exports
            if facts.exports_exact:
                return
        yield from (name for name in facts.names if not name.startswith("_"))
        for star in facts.stars:
            yield from (name for name in self._exported(star.module, seen) if not name.startswith("_"))

    def names(self, module: str) -> tuple[str, ...]:
        """Every name that a module is known to have, star imports included."""
        facts = self._modules.facts(module)
        return () if facts is None else self._with_starred(facts, facts.names)

    def handed_on(self, module: str) -> tuple[str, ...]:
        """The names of a module that may be objects of other modules of the repository."""
        facts = self._modules.facts(module, HANDED_ON)
        return () if facts is None else self._with_starred(facts, facts.handed_on)

    def _with_starred(self, facts: ModuleFacts, own: Iterable[str]) -> tuple[str, ...]:
        if facts.replaced:
            return self._names_of_replacement(facts)
        starred = (name for star in facts.stars for name in self.exported_names(star.module))
        return tuple(dict.fromkeys((*own, *(facts.forwards or ()), *starred)))

    def _names_of_replacement(self, facts: ModuleFacts) -> tuple[str, ...]:
        target = None if facts.replaced_by is None else self.resolve(facts.replaced_by)
        if target is None or target.kind is not EndKind.MODULE or target.end is None:
            return ()
        return self.names(target.end.module)  # resolved to its end: no replacement any more

    # what importing a module imports

    def loaded_by(self, module: str) -> tuple[str, ...]:
        """The modules of the repository that importing this one imports directly, packages included."""
        known = self._imports.get(module)
        if known is not None:
            return known
        facts = self._modules.facts(module, IMPORTS)
        loaded: dict[str, None] = dict.fromkeys(ancestors(module))
        is_settled = True
        for top in () if facts is None else facts.top_imports:
            for name in (*ancestors(top.module), top.module):
                loaded[name] = None
            if top.name is not None:
                submodule = join(top.module, top.name)
                if self._modules.kind(submodule) is ModuleKind.FILE:
                    end = self.resolve(Symbol(top.module, top.name))
                    is_settled = is_settled and end.kind is not EndKind.CYCLE
                    if end.end == Symbol(submodule):
                        loaded[submodule] = None
            for name in self._forwarded_to(top.module, top.name):
                loaded.update(dict.fromkeys((*ancestors(name), name)))
        found = tuple(name for name in loaded if self._modules.kind(name) is ModuleKind.FILE)
        if is_settled:
            self._imports[module] = found
        return found

    def _forwarded_to(self, module: str, name: str | None) -> Iterator[str]:
        """The modules that a literal ``__getattr__`` imports when ``name`` is taken from its module."""
        seen: set[Symbol] = set()
        while name is not None and (facts := self._modules.facts(module, name)) is not None:
            if name in facts.names or name not in (facts.forwards or {}) or Symbol(module, name) in seen:
                return
            seen.add(Symbol(module, name))
            assert facts.forwards is not None
            target = facts.forwards[name]
            if self._modules.kind(target.module) is ModuleKind.MISSING and parent(target.module):
                target = Symbol(parent(target.module), last(target.module))
            module, name = target.module, target.name
            yield module

    def _is_submodule(self, package: str, name: str) -> bool:
        return self.resolve(Symbol(package, name)).end == Symbol(join(package, name))

    def reach(self, module: str, loaded: frozenset[str] = frozenset()) -> dict[str, str | None]:
        """All modules that importing this one executes, each with the one that first imports it.

        ``loaded`` are modules that are imported already, and so are not executed.
        """
        found: dict[str, str | None] = {module: None}
        pending = deque([module])
        while pending:
            current = pending.popleft()
            for imported in self.loaded_by(current):
                if imported not in found and imported not in loaded:
                    found[imported] = current
                    pending.append(imported)
        return found

    def executes(self, module: str) -> frozenset[str]:
        """All modules that importing this one executes, itself included: ``reach``, remembered."""
        if module not in self._executed:
            self._executed[module] = frozenset(self.reach(module))
        return self._executed[module]

    def gives_up(self, old: str, new: str) -> frozenset[str]:
        """The modules that importing ``old`` executes, and importing ``new`` instead does not."""
        return self.executes(old) - self.executes(new)

    def asks_for(self, module: str, wanted: str) -> bool:
        """Whether a module imports another one by name at its top level, or something out of it."""
        facts = self._modules.facts(module, IMPORTS)
        return facts is not None and any(
            top.module == wanted or (top.name is not None and join(top.module, top.name) == wanted)
            for top in facts.top_imports
        )

    def comes_too_late(self, symbol: Symbol, importer: str) -> bool:
        """Whether importing the symbol's module runs ``importer`` before the name is bound.

        What ``importer`` takes from the module at its top level is not there then.
        """
        assert symbol.name is not None
        running = frozenset((*ancestors(symbol.module), symbol.module))
        if importer in running or importer not in self.executes(symbol.module):
            return False
        facts = self._modules.facts(symbol.module)
        tops = () if facts is None else facts.top_imports
        leading = min((top.start for top in tops if importer in self._run_by(top, running)), default=None)
        return facts is not None and leading is not None and not self._is_bound_above(facts, symbol.name, leading)

    def taken_by(self, module: str) -> tuple[Symbol, ...]:
        """The names that a module takes out of others at its top level, in their order."""
        facts = self._modules.facts(module, IMPORTS)
        tops = () if facts is None else facts.top_imports
        return tuple(Symbol(top.module, top.name) for top in tops if top.name is not None)

    def _run_by(self, top: TopImport, running: frozenset[str]) -> Iterator[str]:
        """The modules that an import at the top level of a module executes, where some are running already."""
        taken = Symbol(top.module, top.name).dotted
        for module in dict.fromkeys((top.module, taken, *self._forwarded_to(top.module, top.name))):
            if module not in running:
                yield from self.reach(module, running)

    def _is_bound_above(self, facts: ModuleFacts, name: str, start: int) -> bool:
        """Whether a module has bound a name for good where its text has come to ``start``."""
        if self._is_submodule(facts.module, name):
            return True  # the import that asks for it loads it
        bindings = facts.names.get(name) or facts.names.get("__getattr__", ())
        starred = [star for star in facts.stars if not bindings and name in self.exported_names(star.module)]
        places = [one.start for one in bindings if one.kind is not BindingKind.UNBOUND]
        places += [star.start for star in starred]
        return all(place < start for place in places)

    def import_failure(self, module: str) -> tuple[str, ...] | None:
        """Why importing this module fails today, as a chain of modules ending in what is missing; or None.

        Only what is proved counts: an unguarded import at the top level, of a module or name that the
        repository should have and does not; and not one that a working module needs, too: a build makes it.
        """
        if module not in self._failures:
            self._find_failures(module)
        return self._failures[module]

    @property
    def failures(self) -> Failures:
        """What import_failure() has found so far, by module."""
        return self._failures

    def _find_failures(self, module: str) -> None:
        closure = [name for name in self.reach(module) if name not in self._failures]
        importers: dict[str, list[str]] = {}
        # The shortest chain of all, of equal ones the first by its names: whatever has been asked before.
        found: list[tuple[int, tuple[str, ...]]] = []
        for name in closure:
            self._failures[name] = None  # known to be looked at: a cycle of imports is no failure by itself
        for name in closure:
            for needed in self._needed_by(name):
                importers.setdefault(needed, []).append(name)
        for name in closure:
            missing = self._missing_import(name)
            if missing is not None:
                heappush(found, (2, (name, missing)))
        for name in importers:
            chain = self._failures.get(name)
            if chain is not None:
                self._extend(chain, importers, found)
        while found:
            _, chain = heappop(found)
            if self._failures[chain[0]] is None:
                self._failures[chain[0]] = chain
                self._extend(chain, importers, found)

    @staticmethod
    def _extend(
        chain: tuple[str, ...], importers: Mapping[str, Sequence[str]], found: list[tuple[int, tuple[str, ...]]]
    ) -> None:
        """Add the chains of those who import the beginning of this one."""
        for importer in importers.get(chain[0], ()):
            heappush(found, (len(chain) + 1, (importer, *chain)))

    def _needed_by(self, module: str) -> set[str]:
        """The modules without which this one cannot be imported."""
        facts = self._modules.facts(module, IMPORTS)
        needed = set(ancestors(module))
        for top in () if facts is None else facts.top_imports:
            if not top.guarded:
                needed.update(ancestors(top.module))
                needed.add(top.module)
                if top.name is not None and self._is_submodule(top.module, top.name):
                    needed.add(join(top.module, top.name))
        needed.discard(module)
        return {name for name in needed if self._modules.kind(name) is ModuleKind.FILE}

    def _missing_import(self, module: str) -> str | None:
        facts = self._modules.facts(module, IMPORTS)
        if facts is not None and facts.broken:
            return "a syntax error"
        return next((one for one in self._missing_imports(module) if one not in self._made_elsewhere), None)

    def _missing_imports(self, module: str) -> Iterator[str]:
        """What a module imports, unguarded, and the repository does not have."""
        facts = self._modules.facts(module, IMPORTS)
        for top in () if facts is None else facts.top_imports:
            wanted = Symbol(top.module, top.name)
            # its own name exists by then or not: a matter of order
            if not top.guarded and wanted.module != module and self.resolve(wanted).missing:
                yield str(wanted)

    @cached_property
    def _made_elsewhere(self) -> frozenset[str]:
        """What is not there, and working modules need."""
        plain = AliasMap(self._modules, self._moved)  # what is found meanwhile does not know the answer yet
        needed, pending = set(self._working), list(self._working)
        while pending:
            fresh = plain._needed_by(pending.pop()) - needed
            needed |= fresh
            pending += fresh
        return frozenset(missing for name in needed for missing in plain._missing_imports(name))


_OF_EVERY_MODULE = frozenset(
    {
        "__annotations__",
        "__builtins__",
        "__class__",
        "__dict__",
        "__doc__",
        "__loader__",
        "__name__",
        "__package__",
        "__spec__",
    }
)


def _is_given(name: str, facts: ModuleFacts | None) -> bool:
    """Whether Python itself binds a name in a module; without facts, in a folder that has no file of its own."""
    if name == "__path__":
        return facts is None or facts.is_package
    return name in _OF_EVERY_MODULE or (facts is not None and name in ("__cached__", "__file__"))
