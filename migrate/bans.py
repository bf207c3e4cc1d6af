"""Bans: the old paths that must not come back, as a linter can be told them; found beside the plan."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Protocol

from codemods.alias_map import AliasMap, ModuleKind
from codemods.modules import Move, Verdict
from codemods.ownership import Ownership
from codemods.references import IMPORT_KINDS, Disposition, Reason, Reference, Relation
from codemods.symbols import InvalidSymbolError, Symbol, ancestors, below, contains, parse_symbol, root
from migrate.plan import Ban, Bans, KeptImport, ModuleReport
from migrate.project import Project


class _Alias(Protocol):
    @property
    def symbol(self) -> Symbol: ...

    @property
    def new(self) -> Symbol: ...


class BanFinder:
    """Finds the bans of one commit after its references and modules are known.

    Banned as a whole are modules of the map that go, that are pure shims, that do not exist, or that the recipe
    moves; of modules that stay for another reason, each name that leads to an owned object. Never banned is what a
    module needs that is right as it is: a home, what defines an owned object, what the canonical module imports;
    what the recipe keeps; and a path at or below which a module lies that is no old one.
    """

    def __init__(self, project: Project, alias_map: AliasMap, ownership: Ownership, moves: tuple[Move, ...]) -> None:
        self.project = project
        self.alias_map = alias_map
        self.ownership = ownership
        self.moves = moves
        self.kept = [move.old for move in moves if move.new is None]
        self.right = {*ownership.canonical_modules, *ownership.homes}
        for target in ownership.targets:
            self.right |= ownership.implementation_modules(target)

    def find(
        self,
        reports: Iterable[ModuleReport],
        aliases: Iterable[_Alias],
        references: Iterable[Reference],
        gone: Iterable[str] = (),
        packages: Iterable[str] = (),
    ) -> Bans:
        """``gone`` are modules that earlier migrations deleted; ``packages`` bind owned objects in ``__init__``.

        What is banned does not depend on who uses it: after the migration nobody does.
        """
        reports, references = tuple(reports), tuple(references)
        needed = self._needed(references)
        moved = {move.old.module: move.new for move in self.moves if move.old.is_module and move.new is not None}
        whole: dict[str, Symbol | None] = {}
        for report in reports:
            if report.deletable or report.verdict in (Verdict.PURE_SHIM, Verdict.MISSING):
                whole[report.module] = self._new_module(report.module)
        whole |= {module: self._new_module(module) for module in gone if module not in whole}
        whole |= moved
        going = {report.module for report in reports if report.deletable}
        whole = self._settled(whole, needed)
        allowed = [module for module in self.project.paths if module not in whole]
        blocked = {name for module in allowed for name in (*ancestors(module), module)}
        entries = {Symbol(old): Ban(Symbol(old), new, self._is_in_packages(old, going)) for old, new in whole.items()}
        for old, new in self._names((*(one.module for one in reports), *packages), aliases, whole):
            if old.dotted not in blocked and not self._is_needed(old, needed) and not self._is_kept(old):
                entries.setdefault(old, Ban(old, new))
        bans = tuple(entries[old] for old in sorted(entries))
        return Bans(bans, tuple(self._kept_imports(references, bans)))

    # modules as a whole

    def _settled(self, whole: dict[str, Symbol | None], needed: list[Symbol]) -> dict[str, Symbol | None]:
        """The modules that can be banned with everything below them: inner ones are decided first."""
        settled: dict[str, Symbol | None] = {}
        others = [module for module in self.project.paths if module not in whole]
        for module in sorted(whole, key=lambda name: -name.count(".")):
            is_right = (
                module in self.right
                or any(contains(module, other) for other in (*others, *self.right))
                or any(contains(module, one.module) for one in needed)
                or any(contains(module, one.module) or self._keeps(one, module) for one in self.kept)
            )
            if is_right:
                others.append(module)
            else:
                settled[module] = whole[module]
        return settled

    @staticmethod
    def _keeps(kept: Symbol, module: str) -> bool:
        return kept.is_module and contains(kept.module, module)

    def _new_module(self, module: str) -> Symbol | None:
        finding = self.ownership.module_finding(module)
        if finding is not None and finding.new is not None:
            return finding.new
        targets = self.ownership.targets
        return Symbol(targets[0].canonical) if len(targets) == 1 else None

    def _is_in_packages(self, module: str, going: set[str]) -> bool:
        return module not in going and all(
            self.project.kind(name) is ModuleKind.FILE and name not in going for name in (*ancestors(module), module)
        )

    # names

    def _names(
        self, modules: Iterable[str], aliases: Iterable[_Alias], whole: dict[str, Symbol | None]
    ) -> Iterator[tuple[Symbol, Symbol]]:
        """(old, new) of names that lead to an owned object, or that the recipe moves."""
        yield from ((move.old, move.new) for move in self.moves if not move.old.is_module and move.new is not None)
        looked_at = {*modules, *(move.old.module for move in self.moves)}
        found = {Symbol(module, name) for module in looked_at for name in self.alias_map.names(module)}
        for old in sorted(found):
            if old.module in self.right or any(contains(module, old.module) for module in whole):
                continue
            finding = self.ownership.finding(old)
            if finding is None or finding.new is None or finding.new.is_module or finding.new == old:
                continue
            if finding.relation in (Relation.ALIAS, Relation.MOVED) and finding.reason is None:
                yield old, finding.new
        for alias in aliases:
            if not any(contains(module, alias.symbol.module) for module in whole):
                yield alias.symbol, alias.new

    # what must not be banned

    def is_right(self, dotted: str, new: str, gone: Container[str]) -> bool:
        """Whether a path that was banned once can be used again: the code has it, and it is no old path any more.

        ``new`` is what was to be used instead, as a symbol is written.
        """
        for module in (dotted, *reversed(ancestors(dotted))):
            path = self.project.path_of(module)
            if path is None or path in gone:
                continue
            name = below(module, dotted)
            if name is None:
                return module in self.right or self._is_kept(Symbol(module)) or not self.ownership.is_pure(module)
            symbol = Symbol(module, root(name))
            if self._is_kept(symbol):
                return True
            if self.alias_map.resolve(symbol).missing:
                return False
            try:
                return not self.alias_map.same_object(symbol, parse_symbol(new))
            except InvalidSymbolError:
                return True
        return self._is_kept(Symbol(dotted))

    def _needed(self, references: Iterable[Reference]) -> list[Symbol]:
        """What modules that are right as they are go on to import."""
        paths = {self.project.path_of(module) for module in self.right}
        stays = (one for one in references if one.disposition is not Disposition.REWRITE)
        return [one.old for one in stays if one.path in paths and one.kind in IMPORT_KINDS]

    @staticmethod
    def _is_needed(old: Symbol, needed: list[Symbol]) -> bool:
        return any(one == old or (one.module == old.module and one.name in (None, "*")) for one in needed)

    def _is_kept(self, old: Symbol) -> bool:
        return any(one == old or self._keeps(one, old.module) for one in self.kept)

    def _kept_imports(self, references: Iterable[Reference], bans: tuple[Ban, ...]) -> Iterator[KeptImport]:
        modules = [ban.old.module for ban in bans if ban.old.is_module]
        names = {ban.old for ban in bans}
        for one in references:
            if one.disposition is not Disposition.KEEP or one.kind not in IMPORT_KINDS:
                continue
            if one.reason in _PLACES and (one.old in names or any(contains(name, one.old.dotted) for name in modules)):
                yield KeptImport(one.path, one.line, self.project.module_of(one.path), one.old.module)


_PLACES = frozenset({Reason.KEEP_COMMENT, Reason.PATH_UNDER_TEST, Reason.PATCHED_WHERE_READ})
"""Why one import of an old path stays, and others must not be made."""
