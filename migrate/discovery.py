"""Discovery: which files and modules have to do with the canonical symbols, found in rounds over the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from codemods.alias_map import AliasMap, ModuleKind
from codemods.bindings import absolute_module
from codemods.modules import Move, Target, Verdict
from codemods.ownership import Ownership
from codemods.references import Relation, Unchecked
from codemods.shims import judge
from codemods.source import UndecodableError, decode_python
from codemods.symbols import Symbol, contains, last, parent, root
from codemods.syntax import FUNCTION_TYPES, ancestors, import_statements, parse
from migrate.cache import Cache, Key, Question
from migrate.project import Project, undecodable
from migrate.search import ImportsName, Matcher, Words

_IMPLICIT = re.compile(r"(conftest|__main__|setup|test_.*|.*_test|manage|[aw]sgi|(site|user)customize)\.py")
"""Files that are run or loaded by their name, with no import that shows it."""

_ASSIGNED = re.compile(rb"^(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*(\w+)[ \t]*(?:#.*)?\r?$", re.MULTILINE)

_HOME_IMPORTS = 10
"""From how many files on, importing a symbol where it is defined, that place is taken for its home."""


@dataclass(frozen=True)
class FileImports:
    """The import statements of one file, as far as they may lead into the repository or to what the recipe names."""

    path: str
    module: str
    imported: tuple[Symbol, ...]
    """``module`` or ``module:name`` of every name of every statement; a star is ``module:*``."""
    bound: tuple[tuple[str, Symbol], ...]
    """(local name, symbol) of what statements outside functions bind."""
    bound_late: tuple[tuple[str, Symbol], ...]
    """The same of statements inside functions: names that the module itself does not have."""
    has_error: bool
    """Whether error recovery was needed, so that statements may have been missed."""
    has_beyond_root: bool
    """Whether a relative import leads out of its package."""
    assigned: tuple[tuple[str, str], ...]
    """(name, other name) of lines that assign one to the other: ``Alias = Name``."""


IMPORTS = Question[FileImports | Unchecked]("imports")
"""By (blob, path, module, the first names of the modules that count)."""


@dataclass(slots=True)
class Discovered:
    """What the rounds of discovery have found so far."""

    files: dict[str, FileImports] = field(default_factory=dict)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    undecodable: dict[str, Unchecked] = field(default_factory=dict)
    """Files that are no text in their encoding, with the reason."""


class Discovery:
    """Finds the homes, the shims and the files of a migration. What it reads, the project remembers."""

    def __init__(
        self,
        project: Project,
        alias_map: AliasMap,
        moves: tuple[Move, ...],
        named: Iterable[str],
        cache: Cache,
        jobs: int,
    ) -> None:
        """``named`` are the modules that the recipe names, of the repository or not."""
        self.project = project
        self.cache = cache
        self.alias_map = alias_map
        self.moves = moves
        self.jobs = jobs
        self._roots = frozenset(root(name) for names in (project.names, named) for name in names)
        self._roots_key = " ".join(sorted(self._roots))
        self._forward_words: frozenset[str] = frozenset()
        self._forward_matcher = Matcher(Words())

    def with_homes(self, targets: Iterable[Target]) -> tuple[tuple[Target, ...], tuple[str, ...]]:
        """The targets with the homes that the code itself shows.

        A canonical module's ``__all__`` may list what another public module defines under the same name and
        most of the code takes from there: that module is the home. (Naming it in ``shims``, or the name in
        ``symbols``, overrules this.)
        """
        found: list[str] = []
        changed: list[Target] = []
        for target in targets:
            homes = [home for home in self._candidate_homes(target) if self._is_used_as_home(target, *home)]
            modules = tuple(dict.fromkeys(module for module, _ in homes))
            found += modules
            changed.append(replace(target, homes=(*target.homes, *modules)))
        return tuple(changed), tuple(found)

    def _candidate_homes(self, target: Target) -> list[tuple[str, str]]:
        facts = self.project.facts(target.canonical)
        if facts is None or target.symbols is not None:
            return []
        candidates: list[tuple[str, str]] = []
        for name in facts.exports or ():
            end = self.alias_map.resolve(Symbol(target.canonical, name)).end
            if end is None or end.module in (target.canonical, *target.homes, *target.shims) or end.name != name:
                continue
            home = self.project.facts(end.module)
            public = not any(part.startswith("_") for part in (*end.module.split("."), name))
            if home is not None and public and (home.exports is None or name in home.exports):
                candidates.append((end.module, name))
        return candidates

    def _is_used_as_home(self, target: Target, module: str, name: str) -> bool:
        """Whether more files import the name from where it is defined than from the canonical module."""
        counts = []
        for origin in (module, target.canonical):
            counts.append(len(self.project.texts.having(ImportsName(last(origin), name))))
        return counts[0] >= _HOME_IMPORTS and counts[0] > counts[1]

    # discovery

    def run(self, ownership: Ownership) -> tuple[Discovered, Ownership]:
        """Find the modules through which owned symbols are reached, and all files that may name them."""
        discovery = Discovered()
        searched = Words()
        while True:
            words = self._words(discovery, ownership)
            fresh = self._fresh_files(words.without(searched), discovery)
            searched = words
            for file in fresh:
                discovery.files[file.path] = file
            pairs = self._pairs(discovery, ownership)
            shims = self._shims(discovery, ownership)
            if not fresh and pairs <= discovery.pairs and shims <= ownership.shims:
                return discovery, ownership
            discovery.pairs |= pairs
            ownership = ownership.with_shims(shims)

    def _words(self, discovery: Discovered, ownership: Ownership) -> Words:
        names: set[str] = set()
        modules = {*ownership.shims, *ownership.canonical_modules, *ownership.homes}
        for target in ownership.targets:
            names |= ownership.distinctive_names(target)
            modules |= ownership.implementation_modules(target)
        pairs = set(discovery.pairs)
        for move in self.moves:
            if move.old.name is None:
                modules.add(move.old.module)
            else:
                pairs.add((move.old.module, move.old.name))
        return Words(frozenset(names), frozenset(modules), frozenset(pairs))

    def _fresh_files(self, words: Words, discovery: Discovered) -> list[FileImports]:
        paths = [
            path
            for path in self.project.texts.having(Matcher(words))
            if path not in discovery.files and path not in discovery.undecodable
        ]
        keys: list[Key] = [
            (self.project.entries[path].oid, path, self.project.module_of(path), self._roots_key) for path in paths
        ]
        unknown = [path for path, key in zip(paths, keys, strict=True) if not self.cache.knows(IMPORTS, key)]
        self.project.texts.fetch(unknown)
        found = self.cache.answers(IMPORTS, keys, lambda number: self._imports_of(paths[number]), self.jobs)
        discovery.undecodable |= {one.path: one for one in found if isinstance(one, Unchecked)}
        return [one for one in found if isinstance(one, FileImports)]

    def _imports_of(self, path: str) -> FileImports | Unchecked:
        module, is_package = self.project.module_of(path), self.project.is_package(path)
        try:
            source = decode_python(self.project.texts[path])
        except UndecodableError as error:
            return undecodable(path, error)
        imported: list[Symbol] = []
        bound: list[tuple[str, Symbol]] = []
        bound_late: list[tuple[str, Symbol]] = []
        beyond = False
        tree = parse(source.data)
        for statement in import_statements(tree):
            if not statement.is_from:
                imported += [Symbol(name.name) for name in statement.names if root(name.name) in self._roots]
                continue
            origin = absolute_module(statement, module, is_package=is_package)
            if origin is None:
                beyond = True
                continue
            if root(origin) not in self._roots:
                continue
            if statement.star is not None:
                imported.append(Symbol(origin, "*"))
            in_function = any(outer.type in FUNCTION_TYPES for outer in ancestors(statement.node))
            for name in statement.names:
                imported.append(Symbol(origin, name.name))
                (bound_late if in_function else bound).append((name.local, Symbol(origin, name.name)))
        assigned = tuple((found[1].decode(), found[2].decode()) for found in _ASSIGNED.finditer(source.data))
        has_error = tree.root_node.has_error
        return FileImports(path, module, tuple(imported), tuple(bound), tuple(bound_late), has_error, beyond, assigned)

    def _pairs(self, discovery: Discovered, ownership: Ownership) -> set[tuple[str, str]]:
        """(module, name) of what files bind to owned objects, under names that the pre-filter does not know."""
        known = {name for target in ownership.targets for name in ownership.distinctive_names(target)}
        pairs: set[tuple[str, str]] = set()
        for file in discovery.files.values():
            if file.module in ownership.shims or file.module in ownership.canonical_modules:
                continue  # its module is a word of its own
            locals_bound = [
                local
                for local, symbol in (*file.bound, *file.bound_late)
                if self._is_tracked(symbol, discovery, ownership, known) and self._is_owned(symbol, ownership)
            ]
            for symbol in file.imported:
                if symbol.name == "*" and self._is_forwarding(symbol.module, discovery, ownership):
                    locals_bound += self._starred(symbol.module, ownership)
            if self._hands_on_modules(file, ownership) or self._is_near(file.module, ownership):
                names = self.alias_map.names(file.module)
                locals_bound += [name for name in names if self._may_be_owned(Symbol(file.module, name), ownership)]
                facts = self.project.facts(file.module)
                if facts is not None and facts.computed:
                    locals_bound += [name for target in ownership.targets for name in ownership.public_names(target)]
            if locals_bound:
                fresh = (*locals_bound, *(name for name, other in file.assigned if other in locals_bound))
                pairs.update((file.module, name) for name in fresh if not any(word in name for word in known))
        return pairs

    @staticmethod
    def _is_tracked(symbol: Symbol, discovery: Discovered, ownership: Ownership, known: set[str]) -> bool:
        """Whether a symbol may be an owned one, so that it is worth following."""
        return (
            symbol.name in known
            or symbol.module in ownership.shims
            or symbol.module in ownership.canonical_modules
            or (symbol.module, symbol.name) in discovery.pairs
        )

    @staticmethod
    def _hands_on_modules(file: FileImports, ownership: Ownership) -> bool:
        """Whether a file imports a canonical module or a shim as a module, so that it may alias its attributes."""
        watched = ownership.shims | ownership.canonical_modules
        return any(symbol.dotted in watched for symbol in file.imported)

    def _may_be_owned(self, symbol: Symbol, ownership: Ownership) -> bool:
        """Whether a name is an owned object, or has its name, in a module that passes such things on."""
        same_name = any(symbol.name in ownership.public_names(target) for target in ownership.targets)
        return same_name or self._is_owned(symbol, ownership)

    @staticmethod
    def _is_forwarding(module: str, discovery: Discovered, ownership: Ownership) -> bool:
        watched = ownership.shims | ownership.canonical_modules
        return module in watched or any(module == origin for origin, _ in discovery.pairs)

    def _starred(self, module: str, ownership: Ownership) -> list[str]:
        """The owned names that a star import from this module binds."""
        return [
            name for name in self.alias_map.exported_names(module) if self._is_owned(Symbol(module, name), ownership)
        ]

    @staticmethod
    def _is_owned(symbol: Symbol, ownership: Ownership) -> bool:
        finding = ownership.finding(symbol)
        return finding is not None and finding.relation in (Relation.CANONICAL, Relation.ALIAS)

    def _shims(self, discovery: Discovered, ownership: Ownership) -> set[str]:
        """Modules of which every name is looked at, because they are about the canonical symbols.

        That is a module without substance of its own (a pure shim, or none at all), or one in the canonical
        module's package, through which files take owned symbols, names like theirs, or names that are gone; and
        for a module with substance, if at least half of what is imported from it is of that kind.
        """
        imported = Counter(
            symbol
            for file in discovery.files.values()
            for symbol in file.imported
            if symbol.name is not None and symbol.name != "*" and file.module != symbol.module
        )
        concerned: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for symbol, count in imported.items():
            total[symbol.module] += count
            concerned[symbol.module] += count * self._concerns(symbol, ownership)
        shims = {
            module
            for module, count in concerned.items()
            if count
            and self._may_be_shim(module, ownership)
            and self._is_about(module, count, total[module], ownership)
        }
        used = {
            name
            for file in discovery.files.values()
            for symbol in file.imported
            if file.module != symbol.module
            for name in (symbol.module, symbol.dotted)
        }
        for file in discovery.files.values():
            stands_alone = file.module not in used and not self._is_near(file.module, ownership)
            if file.module in shims or stands_alone or not self._may_be_shim(file.module, ownership):
                continue
            if self._is_pure(file.module) and self._forwards(file.module, ownership):
                shims.add(file.module)
        return shims

    def _may_be_shim(self, module: str, ownership: Ownership) -> bool:
        """Whether a module can be one at all: no package's face, nothing that is run or found by its name."""
        if module in ownership.canonical_modules | ownership.homes or self.project.primary(module) != module:
            return False
        path = self.project.path_of(module)
        return path is None or not (self.project.is_package(path) or _IMPLICIT.fullmatch(path.rpartition("/")[2]))

    def _is_about(self, module: str, concerned: int, total: int, ownership: Ownership) -> bool:
        if self.project.kind(module) is ModuleKind.MISSING:
            return True
        return self._is_near(module, ownership) and concerned * 2 >= total

    @staticmethod
    def _is_near(module: str, ownership: Ownership) -> bool:
        """Whether a module stands in a canonical module's package, or below it."""
        return any(contains(parent(target.canonical) or target.canonical, module) for target in ownership.targets)

    def _is_pure(self, module: str) -> bool:
        facts = self.project.facts(module)
        return facts is not None and judge(facts).verdict is Verdict.PURE_SHIM

    def _forwards(self, module: str, ownership: Ownership) -> bool:
        """Whether a module stands for a canonical one, or for its names: one near it, or half of what it forwards."""
        if self.alias_map.resolve(Symbol(module)).end in {Symbol(name) for name in ownership.canonical_modules}:
            return True
        owned = ours = 0
        for name in self.alias_map.names(module):
            if name.startswith("_"):  # how it forwards
                continue
            symbol = Symbol(module, name)
            end = self.alias_map.resolve(symbol).end
            if end is None or self.project.kind(end.module) is ModuleKind.EXTERNAL:
                continue
            finding = ownership.finding(symbol)
            ours += 1
            owned += finding is not None and finding.relation is Relation.ALIAS
        return owned > 0 and (self._is_near(module, ownership) or owned * 2 >= ours)

    def _concerns(self, symbol: Symbol, ownership: Ownership) -> bool:
        assert symbol.name is not None
        if self.project.kind(symbol.module) in (ModuleKind.EXTERNAL, ModuleKind.OPAQUE, ModuleKind.UNKNOWN):
            return False
        near = any(
            symbol.name in ownership.distinctive_names(target) or ownership.resembles(target, symbol.name)
            for target in ownership.targets
        )
        if self.project.kind(symbol.module) is ModuleKind.MISSING:
            return any(symbol.name in ownership.distinctive_names(target) for target in ownership.targets)
        if near:
            return True
        if self._is_near(symbol.module, ownership) and self._may_forward(symbol.module, ownership):
            if any(symbol.name in ownership.public_names(target) for target in ownership.targets):
                return True
        if symbol.module not in ownership.shims and not self._may_forward(symbol.module, ownership):
            return False
        finding = ownership.finding(symbol)
        return finding is not None and finding.relation is Relation.ALIAS

    def _may_forward(self, module: str, ownership: Ownership) -> bool:
        """Whether the module's text names a canonical module or a shim, as it must to pass on their objects."""
        watched = ownership.canonical_modules | ownership.shims
        if watched != self._forward_words:
            self._forward_words, self._forward_matcher = watched, Matcher(Words(modules=watched))
        return self.project.texts.has(self.project.path_of(module) or "", self._forward_matcher)
