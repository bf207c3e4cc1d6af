"""Ownership: which module owns which object, and so what each path is compared with it (Relation)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from codemods.alias_map import AliasMap, EndKind, ModuleKind, Modules, Resolution
from codemods.bindings import BindingKind
from codemods.modules import Move, Target, Verdict
from codemods.references import Reason, Relation
from codemods.shims import judge
from codemods.symbols import Symbol, ancestors, below, contains, join, last, parent, root
from codemods.syntax import STRING_FRONT


@dataclass(frozen=True)
class Finding:
    """What a path is. ``new`` is where it should point; ``reason`` is None where that can be written."""

    relation: Relation
    new: Symbol | None
    chain: tuple[Symbol, ...]
    reason: Reason | None = None
    detail: str = ""


@dataclass(frozen=True)
class Contest:
    """Why a patch and the code that it is for stay where they are. ``by_owner``: the module itself reads the name."""

    detail: str
    by_owner: bool = False
    moves: bool = False
    """All of them move, although the namespace is a consumer's own."""


_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


class Ownership:
    """Compares paths with the canonical ones. ``shims`` are the modules of which every name is looked at."""

    def __init__(
        self,
        alias_map: AliasMap,
        modules: Modules,
        targets: Iterable[Target],
        moves: Iterable[Move] = (),
        shims: Iterable[str] = (),
    ) -> None:
        self.alias_map = alias_map
        self.modules = modules
        self.targets = tuple(targets)
        moves = tuple(moves)
        self.canonical_modules = frozenset(target.canonical for target in self.targets)
        self.homes = frozenset(home for target in self.targets for home in target.homes)
        self.shims = (
            frozenset(shims).union(*(target.shims for target in self.targets)) - self.canonical_modules - self.homes
        )
        self.pinned: Mapping[tuple[str, str], str] = {}
        self.contested: Mapping[tuple[str, Symbol], Contest] = {}
        self.renames: dict[str, dict[str, str]] = {target.canonical: dict(target.rename) for target in self.targets}
        """By module: local names that imports from it give to its names, and the names that replace them."""
        for move in moves:
            if move.renames_uses and move.new is not None and move.old.name and move.new.name:
                self.renames.setdefault(move.new.module, {})[move.old.name] = move.new.name
        self._moves = {move.old: move for move in moves}
        self._names = {target.canonical: self._owned_names(target) for target in self.targets}
        self._owned = {target.canonical: self._owned_ends(target) for target in self.targets}
        names = {name for ends in self._owned.values() for found in ends.values() for name in found}
        names |= {old.name for old in self._moves if old.name is not None}
        pattern = "|".join(re.escape(name) for name in sorted(names))
        self._attributes = re.compile(rf"(?:\.\s*|[\"'])(?:{pattern})\b".encode()) if names else None
        self._searched = (b"", False)
        """The text that has been searched last: those who look at one file ask one after the other."""
        self._findings: dict[Symbol, Finding | None] = {}
        self._distinctive: dict[str, frozenset[str]] = {}
        self._bound: dict[str, dict[tuple[EndKind, Symbol | None], list[str]]] = {}

    def with_held(
        self, pinned: Mapping[tuple[str, str], str], contested: Mapping[tuple[str, Symbol], Contest]
    ) -> Ownership:
        """The same ownership, with what must stay for the sake of others.

        ``pinned`` says, by path and module, for whose sake an import there that loads the module stays.
        ``contested`` are, by path and old symbol, patches and the late reads that they are for, of which not all
        can move.
        """
        fresh = self.with_shims(())
        fresh.pinned = pinned
        fresh.contested = contested
        return fresh

    def held_in(
        self, path: str
    ) -> tuple[frozenset[tuple[tuple[str, str], str]], frozenset[tuple[tuple[str, Symbol], Contest]]]:
        """What is held back in one file; see with_held()."""
        return (
            frozenset(one for one in self.pinned.items() if one[0][0] == path),
            frozenset(one for one in self.contested.items() if one[0][0] == path),
        )

    def with_shims(self, shims: Iterable[str]) -> Ownership:
        """The same ownership, looking at more modules."""
        return Ownership(self.alias_map, self.modules, self.targets, self._moves.values(), self.shims.union(shims))

    # what is owned

    def owned_names(self, target: Target) -> tuple[str, ...]:
        """The names that a canonical module owns: those of its ``__all__``, then what else it defines."""
        return self._names[target.canonical]

    def _owned_names(self, target: Target) -> tuple[str, ...]:
        if target.symbols is not None:
            return target.symbols
        facts = self.modules.facts(target.canonical)
        if facts is None:
            return ()
        defined = [
            name
            for name, bindings in facts.names.items()
            if any(binding.kind not in (BindingKind.IMPORT, BindingKind.UNBOUND) for binding in bindings)
            and not (name.startswith("__") and name.endswith("__"))
        ]
        exported = [name for name in facts.exports or () if not self._is_re_export_of_home(target, name)]
        return tuple(dict.fromkeys((*exported, *defined)))

    def _exports(self, target: Target) -> tuple[str, ...]:
        facts = self.modules.facts(target.canonical)
        return () if facts is None or target.symbols is not None else facts.exports or ()

    def _is_re_export_of_home(self, target: Target, name: str) -> bool:
        """Whether the canonical module merely passes on, under the same name, what a home defines."""
        end = self.alias_map.resolve(Symbol(target.canonical, name)).end
        return end is not None and end.module in target.homes and end.name == name

    def distinctive_names(self, target: Target) -> frozenset[str]:
        """Owned names by which another module can be suspected of being a second implementation.

        Public names of two words or more: ``WebSocketManager``, ``get_manager``; not ``main`` or ``logger``.
        """
        known = self._distinctive.get(target.canonical)
        if known is None:
            known = self._distinctive[target.canonical] = frozenset(
                name
                for name in (*self.owned_names(target), *self._exports(target))
                if not name.startswith("_") and len(_WORD.findall(name)) > 1
            )
        return known

    def public_names(self, target: Target) -> frozenset[str]:
        """Owned names that say what the canonical module is for: its ``__all__``, its functions and classes."""
        facts = self.modules.facts(target.canonical)
        if facts is None:
            return frozenset()
        if target.symbols is not None or facts.exports is not None:
            return frozenset(target.symbols or facts.exports or ())
        return frozenset(
            name
            for name in self.owned_names(target)
            if not name.startswith("_")
            and any(binding.kind is BindingKind.DEFINITION for binding in facts.names.get(name, ()))
        )

    def _owned_ends(self, target: Target) -> dict[Symbol, list[str]]:
        ends: dict[Symbol, list[str]] = {}
        for name in self.owned_names(target):
            found = self.alias_map.resolve(Symbol(target.canonical, name))
            if found.kind is EndKind.OBJECT and found.end is not None:
                ends.setdefault(found.end, []).append(name)
        return ends

    def owns(self, symbol: Symbol) -> bool:
        """Whether a symbol is one that its canonical module owns, and does not merely use."""
        return any(
            target.canonical == symbol.module and symbol.name in self.owned_names(target) for target in self.targets
        )

    def implementation_modules(self, target: Target) -> frozenset[str]:
        """The modules in which the objects are really defined that the canonical module owns."""
        return frozenset(end.module for end in self._owned[target.canonical]) - {target.canonical}

    # module paths

    def is_watched(self, module: str) -> bool:
        """Whether importing this module as a module is a reference: a shim, or a module that moved."""
        primary = self.modules.primary(module)
        if primary != module and (primary in self.shims or primary in self.canonical_modules):
            return True
        return module in self.shims or self._module_move(module) is not None

    def watched_modules(self) -> frozenset[str]:
        """The shims, and the modules that the recipe moves away."""
        return self.shims | {
            move.old.module for move in self._moves.values() if move.old.is_module and move.new is not None
        }

    def replaced_names(self) -> list[bytes]:
        """The local names that are to give way to those of their modules, as they stand in texts."""
        return [alias.encode() for renames in self.renames.values() for alias in renames]

    def watched_below(self, module: str) -> bool:
        """Whether an attribute path that starts at this module can reach a watched one."""
        return any(contains(module, shim) for shim in self.shims) or any(
            contains(module, old.dotted) for old in self._moves
        )

    def moves_from(self, module: str) -> bool:
        """Whether the recipe moves this module itself, or something in it or below it."""
        return any(contains(module, old.module) for old in self._moves)

    def is_ours(self, module: str) -> bool:
        """Whether the module is part of the repository."""
        return self.modules.kind(module) is not ModuleKind.EXTERNAL

    def is_pure(self, module: str) -> bool:
        """Whether importing the module does nothing but forward, warnings and log lines aside."""
        facts = self.modules.facts(module)
        return facts is not None and judge(facts).verdict is Verdict.PURE_SHIM

    def is_silent(self, module: str) -> bool:
        """Whether importing the module does nothing but forward, and does not even warn."""
        facts = self.modules.facts(module)
        return facts is not None and self.is_pure(module) and not facts.effects

    def stands_for(self, old: str, new: str) -> bool:
        """Whether whatever is read from the old module can be read from the new one: its public names are the same.

        A module from outside that the old one imports for its own use is no name that others take from it.
        """
        facts = self.modules.facts(old)
        if facts is None or not self.is_pure(old):
            return False
        names = facts.exports if facts.exports is not None and facts.exports_exact else self.alias_map.names(old)
        return all(
            self.alias_map.same_object(Symbol(old, name), Symbol(new, name))
            for name in names
            if not name.startswith("_") and self.alias_map.resolve(Symbol(old, name)).kind is not EndKind.EXTERNAL
        )

    def is_interchangeable(self, old: str, new: str) -> bool:
        """Whether every name of the old module is known, and is the same object under that name in the new one."""
        if not self.is_silent(old):
            return False
        return all(
            self.alias_map.same_object(Symbol(old, name), Symbol(new, name)) for name in self.alias_map.names(old)
        )

    def mentions_attribute(self, data: bytes) -> bool:
        """Whether ``.name`` or ``"name"`` stands in the text for a name that is owned or moved."""
        if self._attributes is None:
            return False
        if self._searched[0] is not data:
            self._searched = (data, self._attributes.search(data) is not None)
        return self._searched[1]

    def may_name(self, data: bytes) -> bool:
        """Whether a string may have a path to a distinctive name, or to one that resembles a target; quick."""
        return self._paths_to_names.search(data.translate(None, b"_").lower()) is not None

    @cached_property
    def _paths_to_names(self) -> re.Pattern[bytes]:
        """For a text without underscores, in small letters."""
        names = {name for target in self.targets for name in self.distinctive_names(target)}
        names.update(*map(_resembled, self.targets))
        texts = sorted({re.escape(_squeezed(name).encode()) for name in names})
        return re.compile(STRING_FRONT + rb"[\w.:]*(?:" + b"|".join(texts) + rb")" if texts else rb"(?!)")

    def module_finding(self, module: str) -> Finding | None:
        """The finding for a whole module: a move says where it is now, a shim is its canonical module's."""
        move = self._module_move(module)
        if move is not None:
            return self._moved(Symbol(module), move)
        primary = self.modules.primary(module)
        if primary != module:
            if primary not in self.shims and primary not in self.canonical_modules:
                return None
            detail = f"the file is {primary} too; imported under both names, it runs twice"
            return Finding(Relation.DIVERGENT, Symbol(primary), (Symbol(module),), Reason.OTHER_ROOT, detail)
        if module not in self.shims:
            return None
        found = self.alias_map.resolve(Symbol(module))
        chain = found.chain
        if found.kind is EndKind.MISSING_MODULE:
            return Finding(Relation.MISSING, None, chain, Reason.MODULE_MISSING, f"there is no module {module}")
        failure = self.alias_map.import_failure(module)
        if failure is not None:
            detail = "it cannot be imported: " + " -> ".join(failure)
            return Finding(Relation.MISSING, None, chain, Reason.MODULE_MISSING, detail)
        if found.kind is EndKind.MODULE and found.end is not None and found.end.module in self.canonical_modules:
            return Finding(Relation.ALIAS, found.end, chain)
        target = self._target_of_shim(module)
        return Finding(Relation.DIVERGENT, Symbol(target.canonical), chain, Reason.MODULE_AS_VALUE)

    def _target_of_shim(self, module: str) -> Target:
        """The canonical module that a shim forwards to: the one it names, else the first that it imports."""
        for target in self.targets:
            if module in target.shims or len(self.targets) == 1:
                return target
        reached = self.alias_map.reach(module)
        return next((target for target in self.targets if target.canonical in reached), self.targets[0])

    def _module_move(self, module: str) -> Move | None:
        """The move that covers a module: its own, or that of a package around it.

        A move of a package onto one of its own modules covers the package itself and nothing below it.
        """
        for name in (module, *reversed(ancestors(module))):
            move = self._moves.get(Symbol(name))
            if move is not None:
                into_itself = move.new is not None and below(name, move.new.module) is not None
                return None if into_itself and name != module else move
        return None

    # one name of a module

    def finding(self, symbol: Symbol) -> Finding | None:
        """What ``from module import name`` or ``module.name`` reaches; None where it does not concern us."""
        if symbol not in self._findings:
            self._findings[symbol] = self._finding(symbol)
        return self._findings[symbol]

    def _finding(self, symbol: Symbol) -> Finding | None:
        assert symbol.name is not None
        move = self._moves.get(symbol)
        if move is not None:
            return self._moved(symbol, move)
        submodule = join(symbol.module, symbol.name)
        if self._module_move(submodule) is not None and self._module_move(symbol.module) is None:
            found = self.alias_map.resolve(symbol)
            if found.missing or (found.end is not None and found.end in (Symbol(submodule), symbol)):
                return self.module_finding(submodule)
        move = self._module_move(symbol.module)
        if move is not None:
            into_itself = move.new is not None and below(move.old.module, move.new.module) is not None
            if into_itself and self.alias_map.resolve(symbol).end == Symbol(submodule):
                return None  # a module of the package, which stays where it is
            return self._moved(symbol, move)
        kind = self.modules.kind(symbol.module)
        if kind in (ModuleKind.EXTERNAL, ModuleKind.OPAQUE, ModuleKind.UNKNOWN):
            return None
        primary = self.modules.primary(symbol.module)
        if primary != symbol.module:
            return self._through_other_root(symbol, primary)
        return self._compared(symbol)

    def _through_other_root(self, symbol: Symbol, primary: str) -> Finding | None:
        """A file that two source roots give two names is two modules at run time, with two of each class."""
        twin = self.finding(Symbol(primary, symbol.name))
        if twin is None:
            return None
        detail = f"the file is {primary} too; imported under both names, it runs twice"
        return Finding(Relation.DIVERGENT, twin.new, (symbol, *twin.chain), Reason.OTHER_ROOT, detail)

    def _moved(self, symbol: Symbol, move: Move) -> Finding:
        """Where the user's word puts a symbol at or below ``move.old``."""
        chain = (symbol,)
        if move.new is None:
            return Finding(Relation.MOVED, None, chain, Reason.KEEP_RECIPE)
        if symbol == move.old:
            new = move.new
        else:
            tail = below(move.old.module, symbol.module)
            if tail is not None and move.external:
                detail = f"the recipe moves {move.old} alone; give {symbol.module} a move of its own"
                return Finding(Relation.MOVED, None, chain, Reason.TARGET_SUBMODULE_MISSING, detail)
            new = Symbol(join(move.new.module, tail or ""), symbol.name)
        if move.external:
            return Finding(Relation.MOVED, new, chain)
        return self._checked_target(new, chain)

    def _checked_target(self, new: Symbol, chain: tuple[Symbol, ...]) -> Finding:
        found = self.alias_map.resolve(new)
        if found.kind is EndKind.EXTERNAL and self.modules.kind(new.module) is ModuleKind.EXTERNAL:
            detail = f"{new.module} is not part of the repository; if that is meant, add external = true to the move"
            return Finding(Relation.MOVED, new, chain, Reason.TARGET_MISSING, detail)
        if found.kind is EndKind.MISSING_MODULE:
            reason = Reason.TARGET_SUBMODULE_MISSING if new.name is None else Reason.TARGET_MISSING
            return Finding(Relation.MOVED, new, chain, reason, f"there is no module {new.module}")
        if found.missing:
            renamed = self._renamed(chain[0], new.module)
            if renamed is not None:
                return Finding(Relation.MOVED, Symbol(new.module, renamed), chain)
            return Finding(Relation.MOVED, new, chain, Reason.TARGET_MISSING, f"{new.module} has no {new.name}")
        return Finding(Relation.MOVED, new, (*chain, *found.chain))

    def _renamed(self, old: Symbol, module: str) -> str | None:
        """The name that the very object of ``old`` has in another module; None if it has none."""
        found = self.alias_map.resolve(old)
        names = self._bound_names(module).get((found.kind, found.end), []) if found.kind is EndKind.OBJECT else []
        return names[0] if names and found.rebound is None else None

    def _compared(self, symbol: Symbol) -> Finding | None:
        assert symbol.name is not None
        found = self.alias_map.resolve(symbol)
        submodule = join(symbol.module, symbol.name)
        if submodule in self.shims and found.kind is EndKind.MODULE and not self.binds_module(symbol):
            reached = self.module_finding(submodule)
            return None if reached is None else replace(reached, chain=found.chain)
        if symbol.module in self.canonical_modules:
            if found.missing:
                return Finding(Relation.MISSING, None, found.chain, Reason.NAME_MISSING)
            return Finding(Relation.CANONICAL, symbol, found.chain)
        if symbol.module in self.homes:
            if found.missing:
                return Finding(Relation.MISSING, None, found.chain, Reason.NAME_MISSING)
            return Finding(Relation.HOME, symbol, found.chain, Reason.HOME)
        if found.kind is EndKind.MODULE and found.end is not None:
            if self.binds_module(symbol):
                detail = f"it is the module {found.end.module}, which is no part of {symbol.module}"
                return Finding(Relation.DIVERGENT, None, found.chain, Reason.NO_CANONICAL_HOME, detail)
            reached = self.module_finding(found.end.module)
            return None if reached is None else replace(reached, chain=found.chain)
        listed = symbol.module in self.shims
        if listed or self._is_double(symbol):
            failing = self._failing(symbol, found)
            if failing is not None:
                return failing
        for target in self.targets:
            name = self._canonical_name(target, symbol, found, listed=listed)
            if name is not None:
                new = Symbol(target.canonical, name)
                failing = self._failing(symbol, found) or self._two_things(found)
                if failing is not None:
                    return failing
                unreadable = self._unreadable_hop(found)
                if unreadable is not None:
                    return Finding(Relation.MISSING, None, found.chain, Reason.MODULE_MISSING, unreadable)
                if found.rebound is not None:
                    detail = f"{found.rebound} is assigned to while the program runs"
                    return Finding(Relation.UNDECIDABLE, new, found.chain, Reason.REBOUND, detail)
                return Finding(Relation.ALIAS, new, found.chain)
        double = self._is_double(symbol) and not self._is_home_owned(found)
        if listed or double or self._may_be_owned(symbol, found):
            return self._listed(symbol, found)
        return None

    def binds_module(self, symbol: Symbol) -> bool:
        """Whether a name of a shim is a module that stands elsewhere: who takes it from there needs the shim."""
        if symbol.name is None or symbol.module not in self.shims:
            return False
        found = self.alias_map.resolve(symbol)
        return found.kind is EndKind.MODULE and Symbol(join(symbol.module, symbol.name)) not in found.chain

    def _may_be_owned(self, symbol: Symbol, found: Resolution) -> bool:
        """Whether a name that cannot be followed to one end may be an owned object.

        One of its ways leads to such an object; or it has the name of one, in a module that computes its names
        and belongs to the same top-level package.
        """
        if found.kind is EndKind.AMBIGUOUS:
            return any(hop in ends for hop in found.chain for ends in self._owned.values())
        if found.kind in (EndKind.COMPUTED, EndKind.TYPING_ONLY):
            return any(
                root(symbol.module) == root(target.canonical) and symbol.name in self.public_names(target)
                for target in self.targets
            )
        return False

    def _two_things(self, found: Resolution) -> Finding | None:
        """The finding for an attribute of a package that is a submodule too, as soon as somebody imports that."""
        for hop in found.chain:
            submodule = hop.dotted
            if hop.name is None or hop.module in self.canonical_modules:
                continue
            if self.alias_map.resolve(hop).kind is EndKind.MODULE:
                continue
            if self.modules.kind(submodule) is ModuleKind.FILE and submodule not in self.alias_map.reach(hop.module):
                detail = f"{submodule} is bound by its package, and a submodule that replaces it when imported"
                return Finding(Relation.UNDECIDABLE, None, found.chain, Reason.AMBIGUOUS_BINDING, detail)
        return None

    def _unreadable_hop(self, found: Resolution) -> str | None:
        """The first module on the way that the Python running unshim could not import, and why."""
        for hop in found.chain:
            fault = self.modules.fault(hop.module)
            if fault is not None:
                return f"{hop.module} cannot be imported: {fault}"
        return None

    def _is_double(self, symbol: Symbol) -> bool:
        """Whether a name that is not the canonical object looks like a second implementation of it.

        It has the name of an owned symbol, of two words or more; or it stands in the canonical module's own
        package and its name contains the module's (``create_websocket_manager`` for ``websocket_manager``).
        """
        assert symbol.name is not None
        for target in self.targets:
            if symbol.name in self.distinctive_names(target):
                return True
            if self.resembles(target, symbol.name):
                near = contains(parent(target.canonical) or target.canonical, symbol.module)
                if near or symbol.name in self.alias_map.names(target.canonical):
                    return True
        return False

    @staticmethod
    def resembles(target: Target, name: str) -> bool:
        """Whether a name contains the canonical module's own name, if that has two words or more."""
        return any(words in _squeezed(name) for words in _resembled(target))

    def _failing(self, symbol: Symbol, found: Resolution) -> Finding | None:
        """The finding for an import that fails already, or None if nothing proves that it does."""
        assert symbol.name is not None
        if symbol.name.startswith("__") and symbol.name.endswith("__"):
            return Finding(
                Relation.DIVERGENT,
                None,
                found.chain,
                Reason.MODULE_AS_VALUE,
                "it belongs to the module itself",
            )
        failure = self.alias_map.import_failure(symbol.module)
        if not found.missing and failure is None:
            return None
        if found.kind is EndKind.MISSING_MODULE or failure is not None:
            reason = Reason.MODULE_MISSING
            detail = (
                "it cannot be imported: " + " -> ".join(failure) if failure else f"there is no module {symbol.module}"
            )
        else:
            reason, detail = Reason.NAME_MISSING, f"{symbol.module} has no {symbol.name}"
        for target in self.targets:
            wanted = Symbol(target.canonical, symbol.name)
            if self._belongs(symbol, target) and self.alias_map.resolve(wanted).found:
                closed = None if target.repairs else Reason.REPAIR_OFF
                return Finding(Relation.REPAIR, wanted, found.chain, closed, detail)
        return Finding(Relation.MISSING, None, found.chain, reason, detail)

    def _belongs(self, symbol: Symbol, target: Target) -> bool:
        """Whether a failing path may mean this target: it is its shim, or the name can only be the target's."""
        assert symbol.name is not None
        distinctive = symbol.name in self.distinctive_names(target) or self.resembles(target, symbol.name)
        return distinctive or symbol.module in self.shims

    def _canonical_name(self, target: Target, symbol: Symbol, found: Resolution, *, listed: bool) -> str | None:
        """The canonical module's name for the object that ``symbol`` was found to be; None if it has none."""
        owned = self.owned_names(target)
        passed = [hop.name for hop in found.chain if hop.module == target.canonical and hop in found.through]
        names = [name for name in passed if name is not None and name in owned]
        if found.kind is EndKind.OBJECT and found.end is not None:
            names += self._owned[target.canonical].get(found.end, [])
        if names and not listed and self._is_home_owned(found):
            names = [name for name in names if name == symbol.name]
        if not names and listed and found.found:
            names = self._bound_names(target.canonical).get((found.kind, found.end), [])
            if found.end == symbol:  # defined here; under another name, the canonical module only uses it
                names = [name for name in names if name == symbol.name]
        if not names:
            return None
        return symbol.name if symbol.name in names else names[0]

    def _is_home_owned(self, found: Resolution) -> bool:
        """Whether a home defines the object: only the canonical module's own names for it are tracked then."""
        return found.end is not None and found.end.module in self.homes

    def _bound_names(self, module: str) -> dict[tuple[EndKind, Symbol | None], list[str]]:
        """All names of a module by what they end at, owned or not."""
        known = self._bound.get(module)
        if known is None:
            known = self._bound[module] = {}
            for name in self.alias_map.names(module):
                found = self.alias_map.resolve(Symbol(module, name))
                if found.found and found.rebound is None:
                    known.setdefault((found.kind, found.end), []).append(name)
        return known

    def _listed(self, symbol: Symbol, found: Resolution) -> Finding:
        """A name of a shim that no canonical module has."""
        for home in sorted(self.homes):
            names = self._bound_names(home).get((found.kind, found.end), []) if found.found else []
            if names and found.end is not None and found.end.module == home:
                name = symbol.name if symbol.name in names else names[0]
                return Finding(Relation.ALIAS, Symbol(home, name), found.chain)
        undecidable = {
            EndKind.AMBIGUOUS: Reason.AMBIGUOUS_BINDING,
            EndKind.CYCLE: Reason.RE_EXPORT_CYCLE,
            EndKind.COMPUTED: Reason.COMPUTED_NAMES,
            EndKind.TYPING_ONLY: Reason.TYPE_CHECKING_ONLY,
        }.get(found.kind)
        if undecidable is not None:
            detail = " -> ".join(str(hop) for hop in found.chain)
            return Finding(Relation.UNDECIDABLE, None, found.chain, undecidable, detail)
        for target in self.targets:
            same_name = Symbol(target.canonical, symbol.name)
            if self.alias_map.resolve(same_name).found:
                detail = f"it is {found.end}, and {same_name} is another object"
                return Finding(Relation.DIVERGENT, None, found.chain, Reason.DIFFERENT_OBJECT, detail)
        detail = f"it is {found.end}, which no canonical module has"
        return Finding(Relation.DIVERGENT, None, found.chain, Reason.NO_CANONICAL_HOME, detail)

    # safety of writing a canonical path into a module

    def new_cycle(self, importer: str, old_module: str, new_module: str) -> tuple[str, ...] | None:
        """The cycle of top-level imports that ``importer`` would close by importing ``new_module``; or None.

        There is none where importing ``old_module`` executes ``new_module`` today already. The importer and the
        packages around it are being imported when it runs: only who asks for the importer by name, and so gets
        it half finished, closes a circle.
        """
        loaded = frozenset((*ancestors(importer), importer))
        if new_module in self.alias_map.reach(old_module, loaded):
            return None
        reach = self.alias_map.reach(new_module, loaded)
        for module in reach:
            if module not in loaded and self.alias_map.asks_for(module, importer):
                chain = [importer]
                hop: str | None = module
                while hop is not None:
                    chain.append(hop)
                    hop = reach[hop]
                return (importer, *reversed(chain))
        return None

    def comes_too_late(self, importer: str, old: Symbol, new: Symbol) -> bool:
        """Whether ``importer`` runs where the new name is not bound yet, and the old one does not need it today."""
        return (
            new.name is not None
            and self.alias_map.comes_too_late(new, importer)
            and new not in self.alias_map.resolve(old).chain
        )

    def hidden_submodule(self, module: str) -> str | None:
        """The attribute that hides ``module`` from ``import module as x`` and ``from parent import``; or None.

        Such an import reads attributes of the packages, whatever their ``__init__`` has put there.
        """
        for name in (*ancestors(module)[1:], module):
            package, _, attribute = name.rpartition(".")
            facts = self.modules.facts(package, attribute)
            stars = () if facts is None else facts.stars
            starred = any(attribute in self.alias_map.exported_names(star.module) for star in stars)
            if facts is None or not (attribute in facts.names or starred):
                continue
            found = self.alias_map.resolve(Symbol(package, attribute))
            if found.kind is not EndKind.MODULE or found.end != self.alias_map.resolve(Symbol(name)).end:
                return f"{package}.{attribute} is {found.end or 'bound more than once'}, not the module"
        return None

    def package_loads(self, module: str) -> bool:
        """Whether importing the top package of ``module`` also imports ``module`` itself."""
        package = parent(module)
        return bool(package) and module in self.alias_map.reach(package)


def _resembled(target: Target) -> tuple[str, ...]:
    """The canonical module's own name in one word, if it has two or more."""
    name = last(target.canonical)
    return (_squeezed(name),) if len(_WORD.findall(name)) > 1 else ()


def _squeezed(name: str) -> str:
    """The same for ``web_socket`` and ``WebSocket``."""
    return name.replace("_", "").lower()
