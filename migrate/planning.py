"""build_plan(): the whole detection over one commit, and the text of every step; nothing is written."""

from __future__ import annotations

import difflib
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from operator import attrgetter

from codemods.alias_map import HANDED_ON, OUTLINE, AliasMap, ModuleKind
from codemods.bindings import BindingKind
from codemods.modules import Target, Verdict
from codemods.ownership import Ownership
from codemods.patches import is_test_file
from codemods.path_tests import without_tests
from codemods.places import KEEP_COMMENT
from codemods.references import (
    Reason,
    Reference,
    Relation,
    Step,
    Unchecked,
)
from codemods.source import SourceText, UndecodableError, decode_python
from codemods.symbols import Symbol, is_dotted_name, last, parent, root
from codemods.syntax import parse, syntax_fault
from migrate.again import GROUND, Ground
from migrate.asked import Watched, going_on
from migrate.bans import BanFinder
from migrate.cache import LAST, Cache, stable
from migrate.configuration import ConfigFile, read_configuration
from migrate.deletions import DeletionProof, Deletions
from migrate.discovery import Discovered, Discovery, FileImports
from migrate.documents import DocumentResult, find_documents
from migrate.enforcing import Enforced, enforce
from migrate.errors import UnfitError
from migrate.ignored import Ignored
from migrate.passes import Passes
from migrate.plan import Bans, FileChange, ModuleReport, OwnedName, Place, Plan, PlannedStep, sorted_references
from migrate.project import NOTEBOOK_SUFFIX, Project, discover_roots, is_package, undecodable
from migrate.recipe import Recipe
from migrate.repository import REGULAR_MODES, SUBMODULE_MODE, SYMLINK_MODE, Entries, Entry
from migrate.rewriting import Rewriting
from migrate.snapshots import Files, is_blob, why_missing
from migrate.texts import SUFFIXES, TOO_LARGE, Texts, is_too_large, small_texts

Progress = Callable[[str], None]


def build_plan(
    repository: Files,
    recipe: Recipe,
    revision: str,
    jobs: int,
    progress: Progress,
    cache: Cache | None = None,
    entries: Entries | None = None,
    deleted: Iterable[str] = (),
) -> Plan:
    """Detect everything over the files of one commit, the index or the working tree, on up to ``jobs`` cores.

    A cache that has served for other plans makes it quicker, and changes nothing. Raises UnfitError where the
    recipe does not fit the repository. ``entries`` are all files, where they have been listed before: those
    of the commit that ``revision`` is the id of. ``deleted`` are paths that earlier migrations deleted.
    """
    base = revision
    if entries is None:
        base = repository.resolve(revision)
        progress("reading the tree")
        entries = repository.entries(base)
    return _Planner(repository, recipe, base, entries, tuple(deleted), jobs, progress, cache or Cache()).plan()


class _Planner:
    def __init__(
        self,
        repository: Files,
        recipe: Recipe,
        base: str,
        entries: Entries,
        deleted: tuple[str, ...],
        jobs: int,
        progress: Progress,
        cache: Cache,
    ) -> None:
        self.repository = repository
        self.cache = cache
        self.jobs = jobs
        self.recipe = recipe
        self.base = base
        self.progress = progress
        self.unchecked: list[Unchecked] = []
        self.notebooks: dict[str, SourceText] = {}
        self.entries = entries
        self.deleted = deleted
        self.modes = {entry.path: entry.mode for entry in entries}
        self.covered = [entry for entry in entries if recipe.covers(entry.path)]
        canonicals = [target.canonical for target in recipe.targets]
        roots = recipe.source_roots or discover_roots((entry.path for entry in self.covered), canonicals)
        wanted = [entry for entry in self.covered if entry.path.endswith(SUFFIXES) and entry.mode in REGULAR_MODES]
        texts = Texts(partial(small_texts, repository), wanted, cache, jobs)
        self.project = Project(entries, roots, texts, cache, Ignored(repository, entries), recipe.modules())
        self.alias_map = AliasMap(self.project, recipe.moved_modules(), recipe.canonical_modules())

    def plan(self) -> Plan:
        self._read()
        self._check_targets()
        self._check_recipe()
        self.progress("following aliases")
        discovery = Discovery(
            self.project, self.alias_map, self.recipe.moves, self.recipe.modules(), self.cache, self.jobs
        )
        targets, homes = discovery.with_homes(self.recipe.targets)
        ownership = Ownership(self.alias_map, self.project, targets, self.recipe.moves)
        discovered, ownership = discovery.run(ownership)
        for unchecked in discovered.undecodable.values():
            self._list_unchecked(unchecked)
        rules = stable((self.recipe.detection(), targets, ownership.shims, self.project.roots))
        watched = Watched(self.project, going_on(rules, self.project, self.cache))
        told = Ownership(
            AliasMap(watched, self.recipe.moved_modules(), self.recipe.canonical_modules()),
            watched,
            targets,
            self.recipe.moves,
            ownership.shims,
        )
        names = frozenset(name for _, name in discovered.pairs)
        passes = Passes(told, watched, self.recipe, names)
        rewriting = Rewriting(
            self.project, self.alias_map, watched, passes, self.notebooks, self.cache, self.jobs, self.progress
        )
        results, references = rewriting.rewrite(discovered)
        for unchecked in rewriting.unchecked.values():
            self._list_unchecked(unchecked)
        canonical = sum(result.canonical for result in results)
        rewritten = {result.path: result.data for result in results if result.changed}
        steps = [self._step(Step.REWRITE, {}, rewritten)]
        collapsed, found = rewriting.collapse(results)
        references += found
        steps.append(self._step(Step.COLLAPSE, rewritten, collapsed))
        self.project.texts.release(kept=discovered.files)
        self.progress("reading documents")
        documents = find_documents(self.repository, self.covered, self.recipe, told, watched, self.cache, self.jobs)
        for one in documents.unchecked:
            self._list_unchecked(one)
        references += [one for result in documents.results for one in result.references]
        steps.append(
            PlannedStep(
                Step.DOCUMENTS,
                tuple(
                    FileChange(one.path, one.mode, one.before, one.after)
                    for one in documents.results
                    if one.after != one.before
                ),
            )
        )
        unseen = {one.path for one in self.unchecked if one.reason not in (Reason.SYMLINK, Reason.SUBMODULE)}
        proof = DeletionProof(
            self.entries, self.recipe, self.project, self.alias_map, unseen, self.notebooks, self._links()
        )
        deletions = proof.prove(ownership, references)
        texts = rewritten | collapsed
        steps.append(PlannedStep(Step.DELETE, tuple(self._deletions(deletions, texts))))
        aliases = tuple(sorted(self._aliases(discovered, ownership, deletions.modules), key=attrgetter("path", "line")))
        bans, enforced = self._enforced(discovered, ownership, deletions, aliases, references, documents.results)
        changes = (
            FileChange(one.path, one.mode, one.before or b"", one.after, one.before is None)
            for one in enforced.additions
        )
        steps.append(PlannedStep(Step.ENFORCE, tuple(changes)))
        self.unchecked.sort(key=lambda one: (one.path, one.line))
        plan = Plan(
            self.base,
            self.recipe,
            sum(entry.path in self.project.entries for entry in self.covered),
            canonical,
            sorted_references(references),
            deletions.modules,
            tuple(self.unchecked),
            tuple(step for step in steps if step.changes),
            homes,
            self.project.roots,
            frozenset().union(
                *(ownership.implementation_modules(target) for target in ownership.targets),
                *(self.alias_map.loaded_by(target.canonical) for target in ownership.targets),
            ),
            self._definitions(ownership, [report.module for report in deletions.modules]),
            aliases,
            deletions.tests,
            bans,
            enforced.hindrances,
        )
        self._remember(rules, targets, told, ownership, names)
        return plan

    def _remember(
        self, rules: str, targets: tuple[Target, ...], told: Ownership, ownership: Ownership, names: frozenset[str]
    ) -> None:
        """Leave to the cache what the plan has looked for, and what it stood on. Whatever asks comes before."""
        self.project.texts.remember()
        packages = (self.project.path_of(parent(module)) for module in ownership.watched_modules())
        ground = Ground(
            rules,
            targets,
            ownership.shims,
            names,
            roots=frozenset(map(root, self.project.names)),
            stems=frozenset(last(self.project.module_of(path)) for path in self.project.texts),
            failures=told.alias_map.failures,
            parts={module: frozenset(found) for module, found in self.project.parts.items()},
            public=frozenset(name for target in targets for name in ownership.public_names(target)),
            packages=frozenset(path for path in packages if path is not None),
        )
        self.cache.keep(GROUND, LAST, ground)

    def _enforced(
        self,
        discovered: Discovered,
        ownership: Ownership,
        deletions: Deletions,
        aliases: Iterable[Place],
        references: Iterable[Reference],
        documents: Iterable[DocumentResult],
    ) -> tuple[Bans, Enforced]:
        """What the recipe's tools are told, in files as the steps before leave them; nothing, if it names none."""
        if not self.recipe.enforce:
            return Bans(), Enforced()
        finder = BanFinder(self.project, self.alias_map, ownership, self.recipe.moves)
        staying = [one for one in references if one.path not in deletions.tests]
        packages = [
            file.module
            for file in discovered.files.values()
            if is_package(file.path) and not is_test_file(file.path) and self._may_bind_owned(file, ownership)
        ]
        bans = finder.find(deletions.modules, aliases, staying, self._gone(), packages)
        configuration = read_configuration(self.repository, self.base)
        for one in documents:
            if one.path in configuration and one.after != one.before:
                configuration[one.path] = ConfigFile(one.mode, one.after)
        gone = frozenset(deletions.paths)
        return bans, enforce(
            configuration, self.recipe.enforce, bans, lambda path, new: finder.is_right(path, new, gone)
        )

    def _links(self) -> dict[str, str]:
        """The symbolic links, with the path that each leads to inside the repository or out of it."""
        links = [entry for entry in self.entries if entry.mode == SYMLINK_MODE]
        targets = zip(links, self.repository.read(entry.oid for entry in links), strict=True)
        return {
            entry.path: posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), os.fsdecode(target)))
            for entry, target in targets
            if target is not None
        }

    def _gone(self) -> list[str]:
        """Modules that earlier migrations deleted, and that are not there."""
        paths = [path for path in self.deleted if path.endswith(".py")]
        modules = [self.project.module_of(path) for path in paths if not is_test_file(path)]
        return sorted({name for name in modules if is_dotted_name(name) and self.project.path_of(name) is None})

    def _deletions(self, deletions: Deletions, texts: dict[str, bytes]) -> Iterator[FileChange]:
        """Shims, and the tests about them, as the steps before have left their files."""
        for path in sorted({*deletions.paths, *deletions.tests}):
            after = None
            if path in deletions.tests:
                source = self._source(path)
                left = without_tests(texts.get(path, source.data), deletions.tests[path])
                after = None if left is None else source.encode(left)
            yield FileChange(path, self.modes[path], self._raw(path, texts), after)

    def _definitions(self, ownership: Ownership, modules: list[str]) -> tuple[OwnedName, ...]:
        """Where the names that canonical modules own are defined, as the modules of the map lead there."""
        owners: dict[str, Symbol] = {}
        found: dict[str, set[Symbol]] = {}
        for target in ownership.targets:
            places = {*modules, target.canonical, *ownership.implementation_modules(target)}
            for name in ownership.public_names(target):
                for module in places:
                    end = self.alias_map.resolve(Symbol(module, name)).end
                    if end is not None and end.name is not None and self._defines(end):
                        found.setdefault(name, set()).add(end)
                own = Symbol(target.canonical, name)
                owners[name] = self.alias_map.resolve(own).end or own
        return tuple(
            OwnedName(
                name,
                owners[name],
                tuple(sorted(found[name], key=str)),
                tuple(self._place(end, owners[name]) for end in sorted(found[name], key=str) if end != owners[name]),
            )
            for name in sorted(found)
        )

    def _aliases(
        self, discovered: Discovered, ownership: Ownership, reports: tuple[ModuleReport, ...]
    ) -> Iterator[Place]:
        """Assignments and ``__all__`` entries by which a module hands owned objects on: ``Old = Manager``."""
        skipped = {*ownership.canonical_modules, *ownership.homes}
        skipped |= {report.module for report in reports if report.verdict == Verdict.PURE_SHIM}
        for target in ownership.targets:
            skipped |= ownership.implementation_modules(target)
        for file in discovered.files.values():
            if file.module in skipped or is_test_file(file.path) or not self._may_bind_owned(file, ownership):
                continue
            is_module = self.project.path_of(file.module) == file.path
            facts = self.project.facts(file.module, HANDED_ON) if is_module else None
            if facts is None:
                continue
            for name in facts.handed_on:
                assigned = any(binding.kind is BindingKind.ASSIGNED_NAME for binding in facts.names[name])
                if name.startswith("_") or not (assigned or name in (facts.exports or ())):
                    continue
                symbol = Symbol(file.module, name)
                finding = ownership.finding(symbol)
                if finding is None or finding.relation is not Relation.ALIAS or finding.new is None:
                    continue
                if not self._is_kept(symbol):
                    yield self._place(symbol, finding.new)

    def _is_kept(self, symbol: Symbol) -> bool:
        """Whether ``# unshim: keep`` stands on the line where the symbol is bound."""
        source, start = self._bound_at(symbol)
        return source is not None and KEEP_COMMENT.search(source.text(start, source.line_end(start))) is not None

    @staticmethod
    def _may_bind_owned(file: FileImports, ownership: Ownership) -> bool:
        modules = ownership.canonical_modules | ownership.shims
        if any(symbol.dotted in modules or symbol.module in modules for symbol in file.imported):
            return True
        findings = (ownership.finding(symbol) for _, symbol in file.bound)
        return any(one is not None and one.relation in (Relation.CANONICAL, Relation.ALIAS) for one in findings)

    def _place(self, symbol: Symbol, new: Symbol) -> Place:
        source, start = self._bound_at(symbol)
        line = 1 if source is None else source.position(start)[0]
        return Place(symbol, new, self.project.path_of(symbol.module) or "", line)

    def _bound_at(self, symbol: Symbol) -> tuple[SourceText | None, int]:
        """The text of a symbol's module, and where the symbol is bound last; its beginning, if it is nowhere bound."""
        facts = self.project.facts(symbol.module, symbol.name or OUTLINE)
        bindings = () if facts is None else facts.names.get(symbol.name or "", ())
        starts = [binding.start for binding in bindings if binding.start >= 0]
        return self.project.source(self.project.path_of(symbol.module) or ""), starts[-1] if starts else 0

    def _defines(self, symbol: Symbol) -> bool:
        facts = self.project.facts(symbol.module, symbol.name or OUTLINE)
        bindings = facts.names.get(symbol.name or "", ()) if facts is not None else ()
        return any(binding.kind is BindingKind.DEFINITION for binding in bindings)

    # reading

    def _read(self) -> None:
        """Load every Python file of the commit that is not known; list what cannot be read."""
        notebooks: list[Entry] = []
        for entry in self.covered:
            if entry.mode == SUBMODULE_MODE:
                self._list_unchecked(
                    Unchecked(entry.path, 1, Reason.SUBMODULE, "a submodule is a repository of its own")
                )
            elif not entry.path.endswith((*SUFFIXES, NOTEBOOK_SUFFIX)):
                continue
            elif entry.mode == SYMLINK_MODE:
                self._list_unchecked(
                    Unchecked(entry.path, 1, Reason.SYMLINK, "a symbolic link; what it leads to is not followed")
                )
            elif entry.path.endswith(NOTEBOOK_SUFFIX) and entry.mode in REGULAR_MODES:
                notebooks.append(entry)
        self.progress(f"reading {len(self.project.texts) + len(notebooks)} Python files and notebooks")
        missing, large = self.project.texts.load()
        for entry, content in zip(notebooks, small_texts(self.repository, notebooks), strict=True):
            if content is None:
                missing.append(entry.path)
            elif is_too_large(content):
                large.append(entry.path)
            else:
                self._read_notebook(entry.path, content)
        for path in missing:
            self._list_unchecked(Unchecked(path, 1, Reason.BLOB_MISSING, why_missing(self.project.entries[path].oid)))
        for path in large:
            self._list_unchecked(Unchecked(path, 1, Reason.TOO_LARGE, TOO_LARGE))

    def _read_notebook(self, path: str, content: bytes) -> None:
        try:
            self.notebooks[path] = decode_python(content)
        except UndecodableError as error:
            self._list_unchecked(undecodable(path, error))

    def _list_unchecked(self, unchecked: Unchecked) -> None:
        self.unchecked.append(unchecked)

    def _source(self, path: str) -> SourceText:
        source = self.notebooks.get(path) or self.project.source(path)
        assert source is not None
        return source

    def _raw(self, path: str, texts: dict[str, bytes]) -> bytes:
        """The file's bytes after the steps so far."""
        if path in texts:
            return self._source(path).encode(texts[path])
        if path in self.project.texts:
            return self.project.texts[path]
        return self._source(path).encode(self._source(path).data)

    def _step(self, step: Step, before: dict[str, bytes], after: dict[str, bytes]) -> PlannedStep:
        """The change from the texts ``before`` (those of the commit, where they have none) to ``after``."""
        self.project.texts.fetch(after)
        changes = [
            FileChange(path, self.modes[path], self._raw(path, before), self._source(path).encode(after[path]))
            for path in sorted(after)
        ]
        return PlannedStep(step, tuple(changes))

    # the recipe against the repository

    def _check_recipe(self) -> None:
        """Refuse what would make the tool look at nothing: it is a slip of the pen."""
        origin = self.recipe.origin
        if not any(entry.path in self.project.entries for entry in self.covered):
            raise UnfitError(f"{origin}: include and exclude leave no Python file", "correct the globs")
        for source_root in self.recipe.source_roots or ():
            if source_root.path and not any(entry.path.startswith(f"{source_root.path}/") for entry in self.entries):
                raise UnfitError(
                    f"{origin}: source_roots: there is no directory {source_root.path}", "correct the path"
                )
        for target in self.recipe.targets:
            known = self.alias_map.names(target.canonical)
            for alias, name in target.rename.items():
                if name not in known:
                    raise self._unknown_name(f"rename: {alias}", target.canonical, name)

    def _unknown_name(self, key: str, module: str, name: str) -> UnfitError:
        near = difflib.get_close_matches(name, self.alias_map.names(module), 3)
        hint = f"did you mean {', '.join(near)}?" if near else f"see what {self.project.path_of(module)} defines"
        return UnfitError(f"{self.recipe.origin}: {key}: {module} has no {name}", hint)

    def _check_targets(self) -> None:
        for target in self.recipe.targets:
            for key, module in (
                ("canonical", target.canonical),
                *(("homes", home) for home in target.homes),
            ):
                if self.project.kind(module) is not ModuleKind.FILE:
                    near = self._near_modules(module)
                    hint = f"did you mean {', '.join(near)}?" if near else "is its source root in source_roots?"
                    raise UnfitError(f"{self.recipe.origin}: {key}: there is no module {module}", hint)
            path = self.project.path_of(target.canonical) or ""
            source = self.project.source(path)
            if source is None:
                raise UnfitError(*self._unreadable(path))
            fault = syntax_fault(source, parse(source.data))
            if fault is not None:
                raise UnfitError(
                    f"the canonical module does not parse: {path}:{fault.line}: {fault.message}",
                    "mend it first",
                )
            for name in target.symbols or ():
                if not self.alias_map.resolve(Symbol(target.canonical, name)).found:
                    raise self._unknown_name("symbols", target.canonical, name)

    def _unreadable(self, path: str) -> tuple[str, str]:
        """Why the canonical module cannot be read, and what to do."""
        found = f"the canonical module {path} cannot be read"
        entry = self.project.entries[path]
        content = next(small_texts(self.repository, [entry]))
        if content is None:
            hint = f"get it with 'git cat-file -p {entry.oid}'" if is_blob(entry.oid) else "check its rights"
            return f"{found}: {why_missing(entry.oid)}", hint
        return found, f"it has {TOO_LARGE}" if is_too_large(content) else "it is no text in its encoding"

    def _near_modules(self, module: str) -> list[str]:
        same_name = [name for name in self.project.paths if last(name) == last(module)]
        return difflib.get_close_matches(module, same_name or list(self.project.paths), 3, 0.5)
