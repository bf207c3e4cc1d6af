"""Discovery: which files and modules have to do with the canonical symbols, found in rounds over the text."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from tree_sitter import Tree

from codemods.alias_map import HANDED_ON, OUTLINE, VERDICT, AliasMap, ModuleKind
from codemods.bindings import absolute_module
from codemods.modules import Move, Target, Verdict
from codemods.ownership import Ownership
from codemods.references import Relation, Unchecked
from codemods.shims import judge
from codemods.source import SourceText, UndecodableError, decode_python
from codemods.symbols import Symbol, ancestors, contains, last, parent, root
from codemods.syntax import FUNCTION_TYPES, import_statements, parse
from codemods.syntax import ancestors as nodes_around
from migrate.cache import Cache, Key, Question, as_one, words_of
from migrate.project import Project, is_package, undecodable
from migrate.search import HasWord, ImportsName, Matcher, OpenPath, Search, Words

_IMPLICIT = re.compile(r"(conftest|__main__|setup|test_.*|.*_test|manage|[aw]sgi|(site|user)customize)\.py")
"""Files that are run or loaded by their name, with no import that shows it."""
_IMPLICIT_FOLDERS = re.compile(r"(^|/)(management/commands/|templatetags/|migrations/\d{4}_)")
"""Whose files are loaded because they are there: ``{% load name %}``, ``manage.py name``."""

_NAME = rb"((?!None\b|True\b|False\b)[A-Za-z_]\w*)"
_ASSIGNED = re.compile(rb"^(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*" + _NAME + rb"[ \t]*(?:#.*)?\r?$", re.MULTILINE)

_HOME_IMPORTS = 10
"""From how many files on, importing a symbol where it is defined, that place is taken for its home."""


@dataclass(frozen=True)
class FileImports:
    """The import statements of one file, as far as they may lead to modules of interest."""

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

    def within(self, roots: frozenset[str]) -> FileImports:
        """Of its imports, those from modules with these first names."""
        return replace(
            self,
            imported=tuple(symbol for symbol in self.imported if root(symbol.module) in roots),
            bound=tuple((name, symbol) for name, symbol in self.bound if root(symbol.module) in roots),
            bound_late=tuple((name, symbol) for name, symbol in self.bound_late if root(symbol.module) in roots),
        )


IMPORTS = Question[FileImports | Unchecked]("imports")
"""By (blob, path, module, the names of modules of the standard library that count).

Which others count is no part of the key: one more script at the top of a repository must not make all files new.
"""


def standard_names(roots: frozenset[str]) -> str:
    """Those of the first names that the standard library has, too; as a part of a key."""
    return as_one(roots & sys.stdlib_module_names)


def imports_in(source: SourceText, tree: Tree, path: str, module: str, standard: frozenset[str]) -> FileImports:
    """The answer to IMPORTS about a text: all that is imported, from the standard library only what counts."""
    left_out = sys.stdlib_module_names - standard
    imported: list[Symbol] = []
    bound: list[tuple[str, Symbol]] = []
    bound_late: list[tuple[str, Symbol]] = []
    beyond = False
    for statement in import_statements(tree):
        if not statement.is_from:
            imported += [Symbol(name.name) for name in statement.names if root(name.name) not in left_out]
            continue
        origin = absolute_module(statement, module, is_package=is_package(path))
        if origin is None:
            beyond = True
            continue
        if root(origin) in left_out:
            continue
        if statement.star is not None:
            imported.append(Symbol(origin, "*"))
        in_function = any(outer.type in FUNCTION_TYPES for outer in nodes_around(statement.node))
        for name in statement.names:
            imported.append(Symbol(origin, name.name))
            (bound_late if in_function else bound).append((name.local, Symbol(origin, name.name)))
    assigned = tuple((found[1].decode(), found[2].decode()) for found in _ASSIGNED.finditer(source.data))
    has_error = tree.root_node.has_error
    return FileImports(path, module, tuple(imported), tuple(bound), tuple(bound_late), has_error, beyond, assigned)


@dataclass(slots=True)
class Discovered:
    """What the rounds of discovery have found so far."""

    files: dict[str, FileImports] = field(default_factory=dict)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    undecodable: dict[str, Unchecked] = field(default_factory=dict)
    """Files that are no text in their encoding, with the reason."""


class _Imports:
    """The imports of all files found so far, by what they import: a round looks at each symbol once."""

    def __init__(self) -> None:
        self.bound: dict[Symbol, list[tuple[FileImports, str]]] = {}
        """Where a symbol is bound, in functions or outside, and to which local name."""
        self.starred: dict[str, list[FileImports]] = {}
        """Who has a star import from a module."""
        self.importers: dict[str, list[FileImports]] = {}
        """Who imports what has this dotted name."""
        self.counts: Counter[Symbol] = Counter()
        """How often a name is imported from a module, by others."""
        self.used: set[str] = set()
        """The dotted names of what others import, and of the modules that they import it from."""

    def add(self, file: FileImports) -> None:
        for local, symbol in (*file.bound, *file.bound_late):
            self.bound.setdefault(symbol, []).append((file, local))
        for symbol in file.imported:
            dotted = symbol.dotted
            self.importers.setdefault(dotted, []).append(file)
            if symbol.name == "*":
                self.starred.setdefault(symbol.module, []).append(file)
            if file.module == symbol.module:
                continue
            self.used.update((symbol.module, dotted))
            if symbol.name is not None and symbol.name != "*":
                self.counts[symbol] += 1


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
        self._standard = standard_names(self._roots)
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
            home = self.project.facts(end.module, OUTLINE)
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
        discovery, imports = Discovered(), _Imports()
        searched = Words()
        while True:
            words = self._words(discovery, ownership)
            fresh = self._fresh_files(Matcher(words.without(searched)), discovery)
            searched = words
            for file in fresh:
                discovery.files[file.path] = file
                imports.add(file)
            pairs = self._pairs(discovery, imports, ownership)
            shims = self._shims(discovery, imports, ownership)
            if not fresh and pairs <= discovery.pairs and shims <= ownership.shims:
                computing = self._fresh_files(OpenPath.into(ownership.shims), discovery)
                discovery.files |= {file.path: file for file in computing}
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

    def _fresh_files(self, search: Search, discovery: Discovered) -> list[FileImports]:
        paths = [
            path
            for path in self.project.texts.having(search)
            if path not in discovery.files and path not in discovery.undecodable
        ]
        keys: list[Key] = [
            (self.project.entries[path].oid, path, self.project.module_of(path), self._standard) for path in paths
        ]
        unknown = [path for path, key in zip(paths, keys, strict=True) if not self.cache.knows(IMPORTS, key)]
        self.project.texts.fetch(unknown)
        found = self.cache.answers(IMPORTS, keys, lambda number: self._imports_of(paths[number]), self.jobs)
        discovery.undecodable |= {one.path: one for one in found if isinstance(one, Unchecked)}
        return [one.within(self._roots) for one in found if isinstance(one, FileImports)]

    def _imports_of(self, path: str) -> FileImports | Unchecked:
        try:
            source = decode_python(self.project.texts[path])
        except UndecodableError as error:
            return undecodable(path, error)
        return imports_in(source, parse(source.data), path, self.project.module_of(path), words_of(self._standard))

    def _pairs(self, discovery: Discovered, imports: _Imports, ownership: Ownership) -> set[tuple[str, str]]:
        """(module, name) of what files bind to owned objects, under names that the pre-filter does not know."""
        known = {name for target in ownership.targets for name in ownership.distinctive_names(target)}
        watched = ownership.shims | ownership.canonical_modules
        tracked = [
            symbol
            for symbol in imports.bound
            if symbol.name in known
            or symbol.module in watched
            or (symbol.module, symbol.name) in discovery.pairs  # worth following
        ]
        # A file that imports a canonical module or a shim as a module may alias its attributes.
        handing_on = {file.path: file for module in watched for file in imports.importers.get(module, ())}
        handing_on |= {path: file for path, file in discovery.files.items() if self._is_near(file.module, ownership)}
        handing_on = {path: file for path, file in handing_on.items() if file.module not in watched}
        self.project.prepare(
            (*(symbol.module for symbol in tracked), *(file.module for file in handing_on.values())), self.jobs
        )
        bound: dict[str, list[str]] = {}
        for symbol in tracked:
            if self._is_owned(symbol, ownership):
                for file, local in imports.bound[symbol]:
                    bound.setdefault(file.path, []).append(local)
        for module in imports.starred.keys() & (watched | {origin for origin, _ in discovery.pairs}):
            names = self._starred(module, ownership)
            for file in imports.starred[module]:
                bound.setdefault(file.path, []).extend(names)
        for path, file in handing_on.items():
            bound.setdefault(path, []).extend(self._handed_on(file.module, ownership))
        pairs: set[tuple[str, str]] = set()
        for path, names in bound.items():
            file = discovery.files[path]
            if file.module not in watched:  # else its module is a word of its own
                fresh = (*names, *(name for name, other in file.assigned if other in names))
                pairs.update((file.module, name) for name in fresh if not any(word in name for word in known))
        return pairs

    def _handed_on(self, module: str, ownership: Ownership) -> Iterator[str]:
        """The names of a module that may be owned objects."""
        public = frozenset().union(*(ownership.public_names(target) for target in ownership.targets))
        facts = self.project.facts(module, HANDED_ON)
        if facts is None:
            return
        yield from (name for name in public if facts.computed or name in facts.names)
        defines = any(module in ownership.implementation_modules(target) for target in ownership.targets)
        names = self.alias_map.names(module) if facts.is_package or defines else self.alias_map.handed_on(module)
        yield from (name for name in names if name in public or self._is_owned(Symbol(module, name), ownership))

    def _starred(self, module: str, ownership: Ownership) -> list[str]:
        """The owned names that a star import from this module binds."""
        return [
            name for name in self.alias_map.exported_names(module) if self._is_owned(Symbol(module, name), ownership)
        ]

    @staticmethod
    def _is_owned(symbol: Symbol, ownership: Ownership) -> bool:
        finding = ownership.finding(symbol)
        return finding is not None and finding.relation in (Relation.CANONICAL, Relation.ALIAS)

    def _shims(self, discovery: Discovered, imports: _Imports, ownership: Ownership) -> set[str]:
        """Modules of which every name is looked at, because they are about the canonical symbols.

        That is a module without substance of its own (a pure shim, or none at all), or one in the canonical
        module's package, through which files take owned symbols, names like theirs, or names that are gone; and
        for a module with substance, if at least half of what is imported from it is of that kind.
        """
        concerned: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for symbol, count in imports.counts.items():
            if not self._may_be_about(symbol.module, ownership):
                continue
            total[symbol.module] += count
            concerned[symbol.module] += count * self._concerns(symbol, ownership)
        shims = {
            module
            for module, count in concerned.items()
            if count
            and self._may_be_shim(module, ownership)
            and (self.project.kind(module) is ModuleKind.MISSING or count * 2 >= total[module])
        }
        for file in discovery.files.values():
            if file.module in shims or not self._may_be_shim(file.module, ownership):
                continue
            stands_alone = file.module not in imports.used and not self._is_near(file.module, ownership)
            if stands_alone and not self._warns(file):
                continue
            if self._is_pure(file.module) and self._forwards(file.module, ownership):
                shims.add(file.module)
        return shims

    def _may_be_shim(self, module: str, ownership: Ownership) -> bool:
        """Whether a module can be one: no package of more than shims, and nothing that is run or found by its name."""
        if module in ownership.canonical_modules | ownership.homes or self.project.primary(module) != module:
            return False
        path = self.project.path_of(module)
        if path is None:
            return True
        is_loaded = _IMPLICIT.fullmatch(path.rpartition("/")[2]) or _IMPLICIT_FOLDERS.search(path)
        is_face = is_package(path) and (not parent(module) or not self._inside.get(module, set()) <= ownership.shims)
        return not (is_loaded or is_face)

    @cached_property
    def _inside(self) -> dict[str, set[str]]:
        """By package: the modules in it."""
        found: dict[str, set[str]] = {}
        for module in self.project.names:
            for package in ancestors(module):
                found.setdefault(package, set()).add(module)
        return found

    def _may_be_about(self, module: str, ownership: Ownership) -> bool:
        """Whether what is imported from a module can make it a shim."""
        return self._is_near(module, ownership) or self.project.kind(module) is ModuleKind.MISSING

    @staticmethod
    def _is_near(module: str, ownership: Ownership) -> bool:
        """Whether a module stands in a canonical module's package, or below it."""
        return any(contains(parent(target.canonical) or target.canonical, module) for target in ownership.targets)

    def _is_pure(self, module: str) -> bool:
        facts = self.project.facts(module, VERDICT)
        return facts is not None and judge(facts).verdict is Verdict.PURE_SHIM

    def _warns(self, file: FileImports) -> bool:
        """Whether importing a module warns that it is deprecated: nobody does that in a script."""
        if not self.project.texts.has(file.path, HasWord("DeprecationWarning")):
            return False
        facts = self.project.facts(file.module)
        return facts is not None and any(effect.kind.warns for effect in facts.effects)

    def _forwards(self, module: str, ownership: Ownership) -> bool:
        """Whether a module stands for a canonical one, or for its names.

        That is one of which at least half of what it forwards comes through a canonical module; or one near it that
        takes an owned object right from there or from a shim. What launders a name among many stands for others.
        """
        if self.alias_map.resolve(Symbol(module)).end in {Symbol(name) for name in ownership.canonical_modules}:
            return True
        watched = ownership.canonical_modules | ownership.shims
        owned = through = ours = 0
        takes_directly = False
        for name in self.alias_map.names(module):
            if name.startswith("_"):  # how it forwards
                continue
            symbol = Symbol(module, name)
            found = self.alias_map.resolve(symbol)
            if found.end is None or self.project.kind(found.end.module) is ModuleKind.EXTERNAL:
                continue
            finding = ownership.finding(symbol)
            is_owned = finding is not None and finding.relation is Relation.ALIAS
            ours += 1
            owned += is_owned
            through += is_owned or any(one.module in ownership.canonical_modules for one in found.chain)
            takes_directly = takes_directly or (is_owned and any(one.module in watched for one in found.chain[1:2]))
        return owned > 0 and (through * 2 >= ours or (takes_directly and self._is_near(module, ownership)))

    def _concerns(self, symbol: Symbol, ownership: Ownership) -> bool:
        """Whether what is imported is an owned object or has a name like one, of a module that may be about them."""
        assert symbol.name is not None
        kind = self.project.kind(symbol.module)
        if kind in (ModuleKind.EXTERNAL, ModuleKind.OPAQUE, ModuleKind.UNKNOWN):
            return False
        if any(symbol.name in ownership.distinctive_names(target) for target in ownership.targets):
            return True
        if kind is ModuleKind.MISSING:
            return False
        if any(ownership.resembles(target, symbol.name) for target in ownership.targets):
            return True
        if self._may_forward(symbol.module, ownership):
            if any(symbol.name in ownership.public_names(target) for target in ownership.targets):
                return True
        elif symbol.module not in ownership.shims:
            return False
        finding = ownership.finding(symbol)
        return finding is not None and finding.relation is Relation.ALIAS

    def _may_forward(self, module: str, ownership: Ownership) -> bool:
        """Whether the module's text names a canonical module or a shim, as it must to pass on their objects."""
        watched = ownership.canonical_modules | ownership.shims
        if watched != self._forward_words:
            self._forward_words, self._forward_matcher = watched, Matcher(Words(modules=watched))
        return self.project.texts.has(self.project.path_of(module) or "", self._forward_matcher)
