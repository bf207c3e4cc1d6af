"""build_plan(): the whole detection over one commit, and the text of every step; nothing is written."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from codemods.alias_map import AliasMap, ModuleKind
from codemods.bindings import absolute_module
from codemods.engine import FileResult, collapse_aliases, parsed, rewrite_imports
from codemods.imports import KEEP_COMMENT
from codemods.ownership import Ownership, Target
from codemods.references import (
    Disposition,
    Reason,
    Reference,
    ReferenceKind,
    Relation,
    Step,
    Unchecked,
)
from codemods.shims import Verdict, judge
from codemods.source import SourceText, UndecodableError, decode_python
from codemods.symbols import Symbol, contains, join, last, parent, root
from codemods.syntax import FUNCTION_TYPES, ancestors, import_statements, parse, syntax_fault
from migrate.errors import MigrateError
from migrate.parallel import mapped
from migrate.project import MAX_BYTES, SUFFIXES, Project, discover_roots
from migrate.recipe import FILE_NAME, Recipe, SourceRoot
from migrate.repository import REGULAR_MODES, SUBMODULE_MODE, SYMLINK_MODE, Change, Entry, Repository
from migrate.search import Matcher, TextElsewhere, Words, dotted_mention

_IMPLICIT = re.compile(r"(conftest|__main__|setup|test_.*|.*_test|manage|[aw]sgi|(site|user)customize)\.py")
"""Files that are run or loaded by their name, with no import that shows it."""

_HARMLESS_MENTIONS = frozenset({ReferenceKind.COMMENT, ReferenceKind.DOCSTRING, ReferenceKind.DOCUMENT})
"""Texts that people read: they are listed, and do not keep a module from being deleted."""

_HOME_IMPORTS = 10
"""From how many files on, importing a symbol where it is defined, that place is taken for its home."""


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """One module of the map: what it is, what still refers to it, and whether it can go."""

    module: str
    path: str | None
    verdict: str
    references_left: int
    deletable: bool
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after a step; ``after`` None is its deletion."""

    path: str
    mode: str
    before: bytes
    after: bytes | None


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One commit to be."""

    step: Step
    changes: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All edits and deletions over one base commit, in steps; and everything that was seen beside them."""

    base: str
    recipe: Recipe
    files: int
    canonical: int
    references: tuple[Reference, ...]
    modules: tuple[ModuleReport, ...]
    unchecked: tuple[Unchecked, ...]
    steps: tuple[PlannedStep, ...]
    homes: tuple[str, ...] = ()
    """Homes that were discovered, beside those of the recipe."""
    roots: tuple[SourceRoot, ...] = ()
    implementations: frozenset[str] = frozenset()
    """Modules that define what a canonical module owns."""

    def with_disposition(self, disposition: Disposition) -> tuple[Reference, ...]:
        return tuple(found for found in self.references if found.disposition is disposition)

    @property
    def deletions(self) -> tuple[str, ...]:
        return tuple(change.path for step in self.steps for change in step.changes if change.after is None)

    def changed_files(self) -> tuple[FileChange, ...]:
        """Each file as the base has it and as the last step leaves it, by path."""
        merged: dict[str, FileChange] = {}
        for step in self.steps:
            for change in step.changes:
                known = merged.get(change.path)
                merged[change.path] = change if known is None else replace(known, after=change.after)
        return tuple(merged[path] for path in sorted(merged) if merged[path].before != merged[path].after)


Progress = Callable[[str], None]


def build_plan(repository: Repository, recipe: Recipe, revision: str, jobs: int, progress: Progress) -> Plan:
    """Detect everything over one commit, on up to ``jobs`` cores.

    Raises MigrateError where the recipe does not fit the repository.
    """
    base = repository.resolve(revision)
    return _Planner(repository, recipe, base, jobs, progress).plan()


@dataclass(frozen=True, slots=True)
class _FileImports:
    """The import statements of one file, as far as discovery needs them."""

    path: str
    module: str
    imported: tuple[Symbol, ...]
    """``module`` or ``module:name`` of every name of every statement; a star is ``module:*``."""
    bound: tuple[tuple[str, Symbol], ...]
    """(local name, symbol) of what statements outside functions bind."""
    has_error: bool
    """Whether error recovery was needed, so that statements may have been missed."""
    has_beyond_root: bool
    """Whether a relative import leads out of its package."""


@dataclass(slots=True)
class _Discovery:
    """What the rounds of discovery have found so far."""

    files: dict[str, _FileImports] = field(default_factory=dict)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    shims: set[str] = field(default_factory=set)


class _Planner:
    def __init__(self, repository: Repository, recipe: Recipe, base: str, jobs: int, progress: Progress) -> None:
        self.repository = repository
        self.jobs = jobs
        self.recipe = recipe
        self.base = base
        self.progress = progress
        self.unchecked: list[Unchecked] = []
        self.unreadable: set[str] = set()
        self._forward_words: frozenset[str] = frozenset()
        self._forward_matcher = Words().matcher()
        self._may_forward_known: dict[str, bool] = {}
        progress("reading the tree")
        entries = repository.entries(base)
        self.entries = entries
        self.covered = [entry for entry in entries if recipe.covers(entry.path)]
        canonicals = [target.canonical for target in recipe.targets]
        roots = recipe.source_roots or discover_roots((entry.path for entry in entries), canonicals)
        self.project = Project(entries, roots, lambda entry: next(repository.read([entry.oid])))
        self.alias_map = AliasMap(self.project)

    def plan(self) -> Plan:
        self._read()
        self._check_targets()
        self.progress("following aliases")
        targets, homes = self._with_homes()
        ownership = Ownership(self.alias_map, self.project, targets, self.recipe.moves)
        discovery, ownership = self._discover(ownership)
        results = self._rewrite(discovery, ownership)
        pinned = frozenset[str]().union(*(result.leans_on for result in results))
        if pinned:  # what stays in one file can need what another file imports
            results = self._rewrite(discovery, ownership.with_pinned(pinned))
        references = [reference for result in results for reference in result.references]
        canonical = sum(result.canonical for result in results)
        rewritten = {result.path: result.data for result in results if result.changed}
        steps = [self._step(Step.REWRITE, {path: self._bytes(path) for path in rewritten}, rewritten)]
        collapsed, found = self._collapse(results, ownership)
        references += found
        steps.append(self._step(Step.COLLAPSE, {path: self._bytes(path, rewritten) for path in collapsed}, collapsed))
        modules, deletions, mentions = self._deletions(ownership, references)
        references += mentions
        texts = rewritten | collapsed
        steps.append(
            PlannedStep(
                Step.DELETE,
                tuple(
                    FileChange(path, self.project.entries[path].mode, self._bytes(path, texts), None)
                    for path in deletions
                ),
            )
        )
        references.sort(key=lambda one: (one.path, one.line, one.column, one.kind, one.old))
        self.unchecked.sort(key=lambda one: (one.path, one.line))
        return Plan(
            self.base,
            self.recipe,
            sum(entry.path in self.project.entries for entry in self.covered),
            canonical,
            tuple(references),
            modules,
            tuple(self.unchecked),
            tuple(step for step in steps if step.changes),
            homes,
            self.project.roots,
            frozenset().union(*(ownership.implementation_modules(target) for target in ownership.targets)),
        )

    # reading

    def _read(self) -> None:
        """Load every Python file of the commit; list what cannot be read."""
        wanted: list[Entry] = []
        for entry in self.covered:
            if entry.mode == SUBMODULE_MODE:
                self._list_unchecked(entry.path, 1, Reason.SUBMODULE, "a submodule is a repository of its own")
            elif not entry.path.endswith(SUFFIXES):
                continue
            elif entry.mode == SYMLINK_MODE:
                self._list_unchecked(entry.path, 1, Reason.SYMLINK, "a symbolic link; what it leads to is not followed")
            elif entry.size is not None and entry.size > MAX_BYTES:
                self._list_unchecked(entry.path, 1, Reason.TOO_LARGE, f"{entry.size} bytes; the limit is {MAX_BYTES}")
            elif entry.mode in REGULAR_MODES:
                wanted.append(entry)
        self.progress(f"reading {len(wanted)} Python files")
        for entry, content in zip(wanted, self.repository.read(e.oid for e in wanted), strict=True):
            if content is None:
                self._list_unchecked(entry.path, 1, Reason.BLOB_MISSING, "this clone does not have the file's content")
            else:
                self.project.contents[entry.path] = content

    def _list_unchecked(self, path: str, line: int, reason: Reason, message: str) -> None:
        self.unchecked.append(Unchecked(path, line, reason, message))
        self.unreadable.add(path)

    def _own_paths(self) -> dict[str, str]:
        return {module: path for module in self.project.modules() if (path := self.project.path_of(module))}

    def _bytes(self, path: str, texts: dict[str, bytes] | None = None) -> bytes:
        """The file's bytes after the steps so far."""
        if texts and path in texts:
            source = self.project.source(path)
            assert source is not None
            return source.encode(texts[path])
        return self.project.contents[path]

    def _step(self, step: Step, before: dict[str, bytes], after: dict[str, bytes]) -> PlannedStep:
        changes = []
        for path in sorted(after):
            source = self.project.source(path)
            assert source is not None
            changes.append(FileChange(path, self.project.entries[path].mode, before[path], source.encode(after[path])))
        return PlannedStep(step, tuple(changes))

    # the recipe against the repository

    def _check_targets(self) -> None:
        for target in self.recipe.targets:
            for key, module in (
                ("canonical", target.canonical),
                *(("homes", home) for home in target.homes),
            ):
                if self.project.kind(module) is not ModuleKind.FILE:
                    near = self._near_modules(module)
                    hint = f"did you mean {', '.join(near)}?" if near else "is its source root in source_roots?"
                    raise MigrateError(f"{self.recipe.origin}: {key}: there is no module {module}", hint)
            path = self.project.path_of(target.canonical) or ""
            source = self.project.source(path)
            if source is None:
                raise MigrateError(f"the canonical module {path} cannot be read", "see 'unshim scan' of another commit")
            fault = syntax_fault(source, parse(source.data))
            if fault is not None:
                raise MigrateError(
                    f"the canonical module does not parse: {path}:{fault.line}: {fault.message}",
                    "mend it first",
                )
            known = self.alias_map.names(target.canonical)
            for name in target.symbols or ():
                if not self.alias_map.resolve(Symbol(target.canonical, name)).found:
                    near = difflib.get_close_matches(name, known, 3)
                    hint = f"did you mean {', '.join(near)}?" if near else f"see what {path} defines"
                    raise MigrateError(f"{self.recipe.origin}: symbols: {target.canonical} has no {name}", hint)

    def _near_modules(self, module: str) -> list[str]:
        same_name = [name for name in self.project.modules() if last(name) == last(module)]
        return difflib.get_close_matches(module, same_name or list(self.project.modules()), 3, 0.5)

    # homes

    def _with_homes(self) -> tuple[tuple[Target, ...], tuple[str, ...]]:
        """The targets with the homes that the code itself shows.

        A canonical module's ``__all__`` may list what another public module defines under the same name and
        most of the code takes from there: that module is the home. (Naming it in ``shims``, or the name in
        ``symbols``, overrules this.)
        """
        found: list[str] = []
        targets: list[Target] = []
        for target in self.recipe.targets:
            homes = [home for home in self._candidate_homes(target) if self._is_used_as_home(target, *home)]
            modules = tuple(dict.fromkeys(module for module, _ in homes))
            found += modules
            targets.append(replace(target, homes=(*target.homes, *modules)))
        return tuple(targets), tuple(found)

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
            statement = re.compile(
                rb"\b"
                + re.escape(last(origin).encode())
                + rb"\s+import\s*(?:\([^)]*|[^\n(]*)\b"
                + re.escape(name.encode())
                + rb"\b"
            )
            counts.append(
                sum(1 for data in self.project.contents.values() if name.encode() in data and statement.search(data))
            )
        return counts[0] >= _HOME_IMPORTS and counts[0] > counts[1]

    # discovery

    def _discover(self, ownership: Ownership) -> tuple[_Discovery, Ownership]:
        """Find the modules through which owned symbols are reached, and all files that may name them."""
        discovery = _Discovery()
        searched = Words()
        while True:
            words = self._words(discovery, ownership)
            fresh = self._fresh_files(words.without(searched).matcher(), discovery)
            searched = words
            for file in fresh:
                discovery.files[file.path] = file
            pairs = self._pairs(discovery, ownership)
            shims = self._shims(discovery, ownership)
            if not fresh and pairs <= discovery.pairs and shims <= ownership.shims:
                return discovery, ownership
            discovery.pairs |= pairs
            ownership = ownership.with_shims(shims)

    def _words(self, discovery: _Discovery, ownership: Ownership) -> Words:
        names: set[str] = set()
        modules = {*ownership.shims, *ownership.canonical_modules, *ownership.homes}
        for target in ownership.targets:
            names |= ownership.distinctive_names(target)
            modules |= ownership.implementation_modules(target)
        pairs = set(discovery.pairs)
        for move in self.recipe.moves:
            if move.old.name is None:
                modules.add(move.old.module)
            else:
                pairs.add((move.old.module, move.old.name))
        return Words(frozenset(names), frozenset(modules), frozenset(pairs))

    def _fresh_files(self, matches: Matcher, discovery: _Discovery) -> list[_FileImports]:
        found: list[tuple[str, SourceText]] = []
        for path, data in self.project.contents.items():
            if path in discovery.files or path in self.unreadable or not matches(data):
                continue
            try:
                found.append((path, decode_python(data)))
            except UndecodableError as error:
                self._list_unchecked(path, 1, Reason.UNDECODABLE, str(error))
        return mapped(lambda one: self._imports_of(*one), found, self.jobs)

    def _imports_of(self, path: str, source: SourceText) -> _FileImports:
        module, is_package = self.project.module_of(path), self.project.is_package(path)
        imported: list[Symbol] = []
        bound: list[tuple[str, Symbol]] = []
        beyond = False
        tree = parse(source.data)
        for statement in import_statements(tree):
            if not statement.is_from:
                imported += [Symbol(name.name) for name in statement.names]
                continue
            origin = absolute_module(statement, module, is_package=is_package)
            if origin is None:
                beyond = True
                continue
            if statement.star is not None:
                imported.append(Symbol(origin, "*"))
            in_function = any(outer.type in FUNCTION_TYPES for outer in ancestors(statement.node))
            for name in statement.names:
                imported.append(Symbol(origin, name.name))
                if not in_function:
                    bound.append((name.local, Symbol(origin, name.name)))
        return _FileImports(path, module, tuple(imported), tuple(bound), tree.root_node.has_error, beyond)

    def _pairs(self, discovery: _Discovery, ownership: Ownership) -> set[tuple[str, str]]:
        """(module, name) of what files bind to owned objects, under names that the pre-filter does not know."""
        known = {name for target in ownership.targets for name in ownership.distinctive_names(target)}
        pairs: set[tuple[str, str]] = set()
        for file in discovery.files.values():
            if file.module in ownership.shims or file.module in ownership.canonical_modules:
                continue  # its module is a word of its own
            locals_bound = [
                local
                for local, symbol in file.bound
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
                fresh = (*locals_bound, *self._assigned_from(file.path, locals_bound))
                pairs.update((file.module, name) for name in fresh if not any(word in name for word in known))
        return pairs

    @staticmethod
    def _is_tracked(symbol: Symbol, discovery: _Discovery, ownership: Ownership, known: set[str]) -> bool:
        """Whether a symbol may be an owned one, so that it is worth following."""
        return (
            symbol.name in known
            or symbol.module in ownership.shims
            or symbol.module in ownership.canonical_modules
            or (symbol.module, symbol.name) in discovery.pairs
        )

    @staticmethod
    def _hands_on_modules(file: _FileImports, ownership: Ownership) -> bool:
        """Whether a file imports a canonical module or a shim as a module, so that it may alias its attributes."""
        watched = ownership.shims | ownership.canonical_modules
        return any(
            (symbol.module if symbol.name is None else join(symbol.module, symbol.name)) in watched
            for symbol in file.imported
        )

    def _may_be_owned(self, symbol: Symbol, ownership: Ownership) -> bool:
        """Whether a name is an owned object, or has its name, in a module that passes such things on."""
        same_name = any(symbol.name in ownership.public_names(target) for target in ownership.targets)
        return same_name or self._is_owned(symbol, ownership)

    @staticmethod
    def _is_forwarding(module: str, discovery: _Discovery, ownership: Ownership) -> bool:
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

    def _assigned_from(self, path: str, names: Iterable[str]) -> Iterable[str]:
        """Names that a file assigns one of these to at its top level: ``Alias = Name``."""
        alternatives = "|".join(re.escape(name) for name in names)
        pattern = re.compile(
            rf"^(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*(?:{alternatives})[ \t]*(?:#.*)?\r?$".encode(), re.MULTILINE
        )
        return [match[1].decode() for match in pattern.finditer(self.project.contents[path])]

    def _shims(self, discovery: _Discovery, ownership: Ownership) -> set[str]:
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
        used = {name for symbol in imported for name in (symbol.module, join(symbol.module, symbol.name or ""))}
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
            self._forward_words, self._may_forward_known = watched, {}
            self._forward_matcher = Words(modules=watched).matcher()
        if module not in self._may_forward_known:
            data = self.project.contents.get(self.project.path_of(module) or "", b"")
            self._may_forward_known[module] = self._forward_matcher(data)
        return self._may_forward_known[module]

    # files

    def _rewrite(self, discovery: _Discovery, ownership: Ownership) -> list[FileResult]:
        """The rewrite step over every file that needs a closer look; invalid files are listed as unchecked.

        A file in which error recovery found no error and no import of ours holds nothing, valid or not.
        """
        elsewhere = TextElsewhere(self.project.contents, self._own_paths())
        relevant = {path: self._is_relevant(imports, ownership) for path, imports in discovery.files.items()}
        paths = sorted(path for path, imports in discovery.files.items() if relevant[path] or imports.has_error)
        self.progress(f"comparing {len(paths)} files")

        def one_file(path: str) -> FileResult | Unchecked | None:
            source = self.project.source(path)
            assert source is not None
            file = parsed(path, self.project.module_of(path), self.project.is_package(path), source)
            fault = syntax_fault(source, file.tree)
            if fault is not None:
                return Unchecked(path, fault.line, fault.reason, fault.message)
            if not relevant[path]:
                return None
            return rewrite_imports(file, ownership, elsewhere, self._is_proved)

        results: list[FileResult] = []
        for result in mapped(one_file, paths, self.jobs):
            if isinstance(result, Unchecked):
                self._list_unchecked(result.path, result.line, result.reason, result.message)
            elif result is not None:
                results.append(result)
        return results

    def _is_relevant(self, imports: _FileImports, ownership: Ownership) -> bool:
        """Whether one of the file's imports can be a reference, or bind a module through which one is reached."""
        data = self.project.contents[imports.path]
        by_attribute = ownership.mentions_attribute(data)
        watched = [last(module).encode() for module in ownership.shims] + [
            last(move.old.module).encode() for move in self.recipe.moves
        ]
        for symbol in imports.imported:
            module = symbol.module if symbol.name is None else join(symbol.module, symbol.name)
            if symbol.name is not None and symbol.name != "*" and ownership.finding(symbol) is not None:
                return True
            if ownership.is_watched(module) or ownership.is_watched(symbol.module):
                return True
            if ownership.is_ours(module) and by_attribute:
                return True
            if ownership.watched_below(module) and any(word in data for word in watched):
                return True
        return imports.has_beyond_root

    def _is_proved(self, module: str) -> bool:
        """Whether importing a module cannot fail: it is ours and imports, or the standard library's."""
        import sys

        kind = self.project.kind(module)
        if kind is ModuleKind.FILE:
            return self.alias_map.import_failure(module) is None
        return kind is ModuleKind.EXTERNAL and root(module) in sys.stdlib_module_names

    def _collapse(self, results: list[FileResult], ownership: Ownership) -> tuple[dict[str, bytes], list[Reference]]:
        if not any(target.rename for target in ownership.targets):
            return {}, []
        names = [name.encode() for target in ownership.targets for name in target.rename]
        texts = dict(self.project.contents) | {result.path: result.data for result in results}
        elsewhere = TextElsewhere(texts, self._own_paths())
        collapsed: dict[str, bytes] = {}
        references: list[Reference] = []
        for before in results:
            if not any(name in before.data for name in names):
                continue
            source = self.project.source(before.path)
            assert source is not None
            module, is_package = self.project.module_of(before.path), self.project.is_package(before.path)
            file = parsed(before.path, module, is_package, source.with_data(before.data))
            result = collapse_aliases(file, ownership, elsewhere)
            references += [self._in_base(before, one) for one in result.references]
            if result.changed:
                collapsed[result.path] = result.data
        return collapsed, references

    def _in_base(self, before: FileResult, reference: Reference) -> Reference:
        """A reference in the rewritten text, at the place that it has in the base commit's text."""
        offset = before.base_offset(reference.start)
        source = self.project.source(before.path)
        assert source is not None
        line, column = source.position(offset)
        return replace(reference, start=offset, line=line, column=column)

    # deletions

    def _deletions(
        self, ownership: Ownership, references: list[Reference]
    ) -> tuple[tuple[ModuleReport, ...], list[str], list[Reference]]:
        """Judge every watched module: what still holds it, and which ones can go together."""
        held: dict[str, list[str]] = defaultdict(list)
        left: Counter[str] = Counter()
        by_shim: dict[str, set[str]] = defaultdict(set)
        for reference in references:
            if reference.disposition is Disposition.REWRITE or reference.relation is Relation.HOME:
                continue
            left[reference.old.module] += 1
            holder = self.project.module_of(reference.path)
            if holder in ownership.shims and reference.disposition is not Disposition.KEEP:
                by_shim[reference.old.module].add(holder)
            else:
                held[reference.old.module].append(f"{reference.path}:{reference.line}: {reference.old}")
        moved = {move.old.module for move in self.recipe.moves if move.old.is_module and move.new is not None}
        kept = {move.old.module for move in self.recipe.moves if move.new is None}
        watched = {module for module in ownership.shims | moved if self.project.kind(module) is not ModuleKind.EXTERNAL}
        pure = {module for module in watched - kept if ownership.is_pure(module)}
        for module in pure:
            self._hold_by_export(module, held[module])
        candidates = {
            module
            for module in pure
            if not held[module] and self.alias_map.import_failure(module) is None and self._leaves_nothing(module)
        }
        mentions = self._mentions(candidates)
        for reference in mentions:
            if reference.kind not in _HARMLESS_MENTIONS:
                held[reference.old.module].append(f"{reference.path}:{reference.line}: {reference.detail}")
                left[reference.old.module] += 1
        for path in sorted(self.unreadable):
            data = self.project.contents.get(path, b"")
            for module in candidates:
                if last(module).encode() in data and (last(parent(module)).encode() in data or b"from ." in data):
                    held[module].append(f"{path}: could not be checked")
        deletable = {module for module in candidates if not held[module]}
        while True:  # a shim that only shims use goes with them, or stays with them
            staying = {module for module in deletable if by_shim[module] - deletable}
            if not staying:
                break
            deletable -= staying
        reports = [
            self._module_report(module, ownership, left[module], module in deletable, held[module])
            for module in sorted({*watched, *ownership.canonical_modules, *ownership.homes})
        ]
        paths = sorted(place for module in deletable if (place := self.project.path_of(module)))
        return tuple(reports), paths, mentions

    def _hold_by_export(self, module: str, held: list[str]) -> None:
        """``__all__`` of a package may name a submodule: ``from package import *`` imports it then."""
        package = self.project.facts(parent(module))
        if package is not None and package.exports is not None and last(module) in package.exports:
            if last(module) not in package.names:
                held.append(f"{package.path}: __all__ names {last(module)}")

    def _leaves_nothing(self, module: str) -> bool:
        """Whether the module is really gone when its file is: no folder remains that Python could import."""
        path = self.project.path_of(module) or ""
        if not self.project.is_package(path):
            folder = path.removesuffix(".py") + "/"
            return not any(entry.path.startswith(folder) for entry in self.entries)
        folder = path.rpartition("/")[0] + "/"
        return all(entry.path == path for entry in self.entries if entry.path.startswith(folder))

    def _mentions(self, modules: set[str]) -> list[Reference]:
        """Every other text of the commit that names one of these modules, by dotted path or by file path."""
        if not modules:
            return []
        self.progress("looking for other mentions")
        words: dict[str, str] = {}
        for module in modules:
            words[module] = module
            words[self.project.path_of(module) or module] = module
        pattern = dotted_mention(words)
        found: list[Reference] = []
        paths = {self.project.path_of(module) for module in modules}
        for path, data in self.project.contents.items():
            if path in paths:
                continue
            if any(word.encode() in data for word in words):
                found += self._python_mentions(path, data, pattern, words)
        for path, line, content in self.repository.mentions(self.base, words):
            if path.endswith(SUFFIXES) or not self.recipe.covers(path) or self._is_recipe(path, line):
                continue
            for match in pattern.finditer(content.encode("utf-8", "replace")):
                kind = _document_kind(path)
                found.append(self._mention(path, line, match.start() + 1, match, words, kind, content))
        return found

    def _is_recipe(self, path: str, line: int) -> bool:
        """Whether a line is the recipe's own: naming a shim there is no use of it."""
        if path == FILE_NAME or (self.repository.root / path).resolve() == Path(self.recipe.origin).resolve():
            return path != "pyproject.toml" or line in self._pyproject_lines()
        return False

    def _pyproject_lines(self) -> frozenset[int]:
        """The lines of [tool.unshim] and its sub-tables in the commit's pyproject.toml."""
        entry = next((entry for entry in self.entries if entry.path == "pyproject.toml"), None)
        content = None if entry is None else next(self.repository.read([entry.oid]))
        inside, lines = False, set()
        for number, text in enumerate((content or b"").split(b"\n"), start=1):
            if text.startswith(b"["):
                inside = re.match(rb"\[+\s*tool\.unshim\b", text) is not None
            if inside:
                lines.add(number)
        return frozenset(lines)

    def _python_mentions(
        self, path: str, data: bytes, pattern: re.Pattern[bytes], words: dict[str, str]
    ) -> list[Reference]:
        source = SourceText(data)
        tree = parse(data)
        found: list[Reference] = []
        for match in pattern.finditer(data):
            node = tree.root_node.descendant_for_byte_range(match.start(), match.end())
            kind = ReferenceKind.DOTTED_STRING
            while node is not None and node.type not in ("string", "comment", "module"):
                node = node.parent
            if node is None or node.type == "module":
                continue  # code: the import pass has it
            if node.type == "comment":
                kind = ReferenceKind.COMMENT
            elif node.parent is not None and node.parent.type == "expression_statement":
                kind = ReferenceKind.DOCSTRING
            line, column = source.position(match.start())
            text = source.text(source.line_start(match.start()), source.line_end(match.end()))
            found.append(self._mention(path, line, column, match, words, kind, text))
        return found

    @staticmethod
    def _mention(
        path: str,
        line: int,
        column: int,
        match: re.Match[bytes],
        words: dict[str, str],
        kind: ReferenceKind,
        line_text: str,
    ) -> Reference:
        text = match.group().decode()
        harmless = kind in _HARMLESS_MENTIONS
        keep = KEEP_COMMENT.search(line_text) is not None
        if "/" in text and not harmless:
            kind = ReferenceKind.FILE_PATH
        return Reference(
            path,
            line,
            column,
            match.start(),
            kind,
            Symbol(words[text]),
            None,
            Relation.UNDECIDABLE,
            Disposition.KEEP if harmless or keep else Disposition.MANUAL,
            Reason.KEEP_COMMENT if keep else Reason.TEXT_MENTION,
            f"the text names {text}",
        )

    def _module_report(
        self, module: str, ownership: Ownership, left: int, deletable: bool, held: list[str]
    ) -> ModuleReport:
        path = self.project.path_of(module)
        facts = self.project.facts(module)
        if module in ownership.canonical_modules:
            return ModuleReport(module, path, "canonical", left, False, ())
        if module in ownership.homes:
            declared = any(module in target.homes for target in self.recipe.targets)
            evidence = () if declared else ("most of the code imports from here what it defines",)
            return ModuleReport(module, path, "home", left, False, evidence)
        if facts is None:
            return ModuleReport(module, path, Verdict.MISSING, left, False, ())
        judgement = judge(facts)
        failure = self.alias_map.import_failure(module)
        broken = () if failure is None else ("cannot be imported: " + " -> ".join(failure),)
        evidence = (*broken, *judgement.evidence, *(f"held by {place}" for place in held))
        return ModuleReport(module, path, judgement.verdict, left, deletable, evidence)


def _document_kind(path: str) -> ReferenceKind:
    """Prose is read by people; every other file may configure or run something."""
    prose = path.lower().endswith((".md", ".rst", ".txt", ".adoc"))
    return ReferenceKind.DOCUMENT if prose else ReferenceKind.DOTTED_STRING


def changes_of(step: PlannedStep) -> list[Change]:
    """What a step's commit does to the tree."""
    return [Change(change.path, change.mode, change.after) for change in step.changes]
