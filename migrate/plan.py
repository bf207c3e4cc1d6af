"""build_plan(): the whole detection over one commit, and the text of every step; nothing is written."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from codemods.alias_map import AliasMap, ModuleKind
from codemods.decisions import ParsedFile
from codemods.engine import FileResult, collapse_aliases, parsed, rewrite_imports
from codemods.ownership import Ownership
from codemods.references import (
    Disposition,
    Reason,
    Reference,
    Step,
    Unchecked,
)
from codemods.symbols import Symbol, join, last, root
from codemods.syntax import parse, syntax_fault
from migrate.deletions import DeletionProof, ModuleReport
from migrate.discovery import Discovered, Discovery, FileImports
from migrate.errors import MigrateError
from migrate.parallel import mapped
from migrate.project import MAX_BYTES, SUFFIXES, Project, discover_roots
from migrate.recipe import Recipe, SourceRoot
from migrate.repository import REGULAR_MODES, SUBMODULE_MODE, SYMLINK_MODE, Change, Entry, Repository
from migrate.search import TextElsewhere


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
    """Modules that define what a canonical module owns, or that it imports."""

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


class _Planner:
    def __init__(self, repository: Repository, recipe: Recipe, base: str, jobs: int, progress: Progress) -> None:
        self.repository = repository
        self.jobs = jobs
        self.recipe = recipe
        self.base = base
        self.progress = progress
        self.unchecked: list[Unchecked] = []
        self.unreadable: set[str] = set()
        progress("reading the tree")
        entries = repository.entries(base)
        self.entries = entries
        self.covered = [entry for entry in entries if recipe.covers(entry.path)]
        canonicals = [target.canonical for target in recipe.targets]
        roots = recipe.source_roots or discover_roots((entry.path for entry in self.covered), canonicals)
        self.project = Project(entries, roots, lambda entry: next(repository.read([entry.oid])))
        moved = {
            move.old.module: move.new.module
            for move in recipe.moves
            if move.old.is_module and move.new is not None and not move.external
        }
        self.alias_map = AliasMap(self.project, moved)

    def plan(self) -> Plan:
        self._read()
        self._check_targets()
        self._check_recipe()
        self.progress("following aliases")
        discovery = Discovery(self.project, self.alias_map, self.recipe.moves, self.jobs)
        targets, homes = discovery.with_homes(self.recipe.targets)
        ownership = Ownership(self.alias_map, self.project, targets, self.recipe.moves)
        discovered, ownership = discovery.run(ownership)
        for path, message in discovered.undecodable.items():
            self._list_unchecked(path, 1, Reason.UNDECODABLE, message)
        results = self._rewrite(discovered, ownership)
        pinned = frozenset[str]().union(*(result.leans_on for result in results))
        if pinned:  # what stays in one file can need what another file imports
            results = self._rewrite_again(results, pinned, ownership)
        references = [reference for result in results for reference in result.references]
        canonical = sum(result.canonical for result in results)
        rewritten = {result.path: result.data for result in results if result.changed}
        steps = [self._step(Step.REWRITE, {path: self._bytes(path) for path in rewritten}, rewritten)]
        collapsed, found = self._collapse(results, ownership)
        references += found
        steps.append(self._step(Step.COLLAPSE, {path: self._bytes(path, rewritten) for path in collapsed}, collapsed))
        self.progress("looking for other mentions")
        unseen = {one.path for one in self.unchecked if one.reason not in (Reason.SYMLINK, Reason.SUBMODULE)}
        proof = DeletionProof(
            self.repository, self.base, self.entries, self.recipe, self.project, self.alias_map, unseen
        )
        modules, deletions, mentions = proof.prove(ownership, references)
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
            frozenset().union(
                *(ownership.implementation_modules(target) for target in ownership.targets),
                *(self.alias_map.loaded_by(target.canonical) for target in ownership.targets),
            ),
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

    def _check_recipe(self) -> None:
        """Refuse what would make the tool look at nothing: it is a slip of the pen."""
        origin = self.recipe.origin
        if not any(entry.path in self.project.entries for entry in self.covered):
            raise MigrateError(f"{origin}: include and exclude leave no Python file", "correct the globs")
        for source_root in self.recipe.source_roots or ():
            if source_root.path and not any(entry.path.startswith(f"{source_root.path}/") for entry in self.entries):
                raise MigrateError(
                    f"{origin}: source_roots: there is no directory {source_root.path}", "correct the path"
                )
        for target in self.recipe.targets:
            known = self.alias_map.names(target.canonical)
            for alias, name in target.rename.items():
                if name not in known:
                    raise self._unknown_name(f"rename: {alias}", target.canonical, name)

    def _unknown_name(self, key: str, module: str, name: str) -> MigrateError:
        near = difflib.get_close_matches(name, self.alias_map.names(module), 3)
        hint = f"did you mean {', '.join(near)}?" if near else f"see what {self.project.path_of(module)} defines"
        return MigrateError(f"{self.recipe.origin}: {key}: {module} has no {name}", hint)

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
            for name in target.symbols or ():
                if not self.alias_map.resolve(Symbol(target.canonical, name)).found:
                    raise self._unknown_name("symbols", target.canonical, name)

    def _near_modules(self, module: str) -> list[str]:
        same_name = [name for name in self.project.modules() if last(name) == last(module)]
        return difflib.get_close_matches(module, same_name or list(self.project.modules()), 3, 0.5)

    # files

    def _rewrite(self, discovered: Discovered, ownership: Ownership) -> list[FileResult]:
        """The rewrite step over every file that needs a closer look; invalid files are listed as unchecked.

        A file in which error recovery found no error and no import of ours holds nothing, valid or not.
        """
        relevant = {path: self._is_relevant(imports, ownership) for path, imports in discovered.files.items()}
        paths = sorted(path for path, imports in discovered.files.items() if relevant[path] or imports.has_error)
        self.progress(f"comparing {len(paths)} files")

        rewritten = self._rewriter(ownership)

        def one_file(path: str) -> FileResult | Unchecked | None:
            file = self._parsed(path)
            fault = syntax_fault(file.source, file.tree)
            if fault is not None:
                return Unchecked(path, fault.line, fault.reason, fault.message)
            return rewritten(file) if relevant[path] else None

        results: list[FileResult] = []
        for result in mapped(one_file, paths, self.jobs):
            if isinstance(result, Unchecked):
                self._list_unchecked(result.path, result.line, result.reason, result.message)
            elif result is not None:
                results.append(result)
        return results

    def _rewriter(self, ownership: Ownership) -> Callable[[ParsedFile], FileResult]:
        elsewhere = TextElsewhere(self.project.contents, self._own_paths())
        return lambda file: rewrite_imports(file, ownership, elsewhere, self._is_proved)

    def _rewrite_again(
        self, results: list[FileResult], pinned: frozenset[str], ownership: Ownership
    ) -> list[FileResult]:
        """The results, with those of the files that refer to a pinned module made anew: these imports stay."""
        rewritten = self._rewriter(ownership.with_pinned(pinned))
        return [
            rewritten(self._parsed(result.path))
            if any(one.old.module in pinned for one in result.references)
            else result
            for result in results
        ]

    def _parsed(self, path: str) -> ParsedFile:
        source = self.project.source(path)
        assert source is not None
        return parsed(path, self.project.module_of(path), self.project.is_package(path), source)

    def _is_relevant(self, imports: FileImports, ownership: Ownership) -> bool:
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
        kind = self.project.kind(module)
        if kind is ModuleKind.FILE:
            return self.alias_map.import_failure(module) is None
        return kind is ModuleKind.EXTERNAL and root(module) in sys.stdlib_module_names

    def _collapse(self, results: list[FileResult], ownership: Ownership) -> tuple[dict[str, bytes], list[Reference]]:
        names = [alias.encode() for renames in ownership.renames.values() for alias in renames]
        if not names:
            return {}, []
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


def changes_of(step: PlannedStep) -> list[Change]:
    """What a step's commit does to the tree."""
    return [Change(change.path, change.mode, change.after) for change in step.changes]
