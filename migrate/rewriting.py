"""Rewriting: the rewrite and collapse steps over all Python files and notebooks of a commit, settled together."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from codemods.alias_map import AliasMap, ModuleKind
from codemods.decisions import ParsedFile
from codemods.engine import FileResult, Rules, collapse_aliases, parsed, rewrite_faulty, rewrite_file
from codemods.mentions import Mentions
from codemods.notebooks import rewrite_notebook
from codemods.ownership import Contest, Ownership
from codemods.patches import contests, reads_global, with_effects
from codemods.references import Reason, Reference, Unchecked
from codemods.scopes import scope_table
from codemods.sinks import may_have_sinks
from codemods.source import SourceText
from codemods.symbols import Symbol, last, root
from codemods.syntax import SyntaxFault, parse, syntax_fault
from migrate.cache import Cache, Key, Question
from migrate.discovery import Discovered, FileImports
from migrate.parallel import mapped
from migrate.project import SYNTAX, Project
from migrate.reach import Reach
from migrate.recipe import Recipe
from migrate.search import TextElsewhere
from migrate.shadows import Shadows
from migrate.traces import Asked, Trace, held, traced

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one file gave: references and text, a reason why it was not (or not wholly) checked, or both."""

    result: FileResult | None = None
    unchecked: Unchecked | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of the passes over one file: which of the known ones it is, or what it gave and what it asked."""

    place: int | None
    outcome: Outcome | None = None
    asked: Asked | None = None


REWRITTEN = Question[tuple[Trace[Outcome], ...]]("rewritten")
"""By (blob, path, module, whether it is relevant, the texts that are asked for, what is held back): runs, latest first.

Each of them says what the passes give if they are told so and so, which is as true of the next commit.
"""
_RUNS = 3
"""As many runs with different answers are remembered: a file is looked at again after the others have changed."""


class Rewriting:
    """Runs the passes over the files of one commit; what one file may do can depend on what another one must do."""

    def __init__(
        self,
        project: Project,
        recipe: Recipe,
        alias_map: AliasMap,
        notebooks: Mapping[str, SourceText],
        cache: Cache,
        jobs: int,
        progress: Progress,
    ) -> None:
        self.project = project
        self.recipe = recipe
        self.alias_map = alias_map
        self.notebooks = notebooks
        self.cache = cache
        self.jobs = jobs
        self.progress = progress
        self.unchecked: dict[str, Unchecked] = {}
        self.faults: dict[str, SyntaxFault | None] = {}
        self._own_reads: dict[Symbol, bool] = {}

    def rewrite(self, discovered: Discovered, ownership: Ownership) -> tuple[list[FileResult], list[Reference]]:
        """The rewrite step over every file that needs a closer look, and all its references.

        A file in which error recovery found no error and no mention of ours holds nothing, valid or not.
        """
        mentions = Mentions(ownership)
        relevant = {
            path: self._is_relevant(imports, ownership) or mentions.may_hold(self.project.contents[path])
            for path, imports in discovered.files.items()
        }
        paths = [path for path, imports in discovered.files.items() if relevant[path] or imports.has_error]
        paths += [path for path, source in self.notebooks.items() if _may_concern(source.data, ownership, mentions)]
        paths.sort()
        self.progress(f"comparing {len(paths)} files")
        self.faults = self._faults_of([path for path in paths if path not in self.notebooks])
        rules = self._rules(ownership, self.project.contents)
        results = self._kept(self._outcomes(paths, rules, relevant))
        reach = Reach(self.project)
        results = self._settled(results, ownership, reach)
        every = (one for result in results for one in result.references)
        return results, with_effects(every, self._reads_own, reach.can_run)

    def collapse(self, results: list[FileResult], ownership: Ownership) -> tuple[dict[str, bytes], list[Reference]]:
        """The collapse step over the texts that the rewrite step left: the new texts, and the references."""
        names = [alias.encode() for renames in ownership.renames.values() for alias in renames]
        if not names:
            return {}, []
        texts = self._texts(results)
        elsewhere = TextElsewhere(texts, self._own_paths())
        collapsed: dict[str, bytes] = {}
        references: list[Reference] = []
        for before in results:
            if before.path in self.unchecked or not any(name in before.data for name in names):
                continue
            result = self._collapsed(before, ownership, elsewhere)
            references += [self._in_base(before, one) for one in result.references]
            if result.changed:
                collapsed[result.path] = result.data
        return collapsed, references

    def source(self, path: str) -> SourceText:
        """The text of a file that has been read."""
        source = self.notebooks.get(path) or self.project.source(path)
        assert source is not None
        return source

    # one file

    def _faults_of(self, paths: list[str]) -> dict[str, SyntaxFault | None]:
        keys: list[Key] = [(self.project.entries[path].oid,) for path in paths]
        found = self.cache.answers(SYNTAX, keys, lambda number: syntax_fault(self.source(paths[number])), self.jobs)
        return dict(zip(paths, found, strict=True))

    def _outcomes(self, paths: list[str], rules: Rules, relevant: Mapping[str, bool]) -> list[Outcome]:
        """What each file gives; a run whose trace still holds is not made again."""
        keys = [self._key(path, rules, is_relevant=relevant.get(path, False)) for path in paths]
        known = [None if key is None else self.cache.recall(REWRITTEN, key) for key in keys]
        traces = [() if one is None else one for one in known]

        def run(number: int) -> _Run:
            for place, trace in enumerate(traces[number]):
                if trace.holds(rules, self.project.fingerprint):
                    return _Run(place)
            path = paths[number]
            if keys[number] is None:
                return _Run(None, self._one_file(path, rules, relevant))
            found, asked = traced(
                rules, path, self.project.fingerprint, lambda watched: self._one_file(path, watched, relevant)
            )
            return _Run(None, found, asked)

        outcomes: list[Outcome] = []
        for key, runs, one in zip(keys, traces, mapped(run, range(len(paths)), self.jobs), strict=True):
            if one.place is not None:
                outcomes.append(runs[one.place].result)
                continue
            assert one.outcome is not None
            outcomes.append(one.outcome)
            if key is not None and one.asked is not None:
                fresh = Trace(one.asked, one.outcome)
                self.cache.keep(REWRITTEN, key, (fresh, *runs)[:_RUNS])
        return outcomes

    def _key(self, path: str, rules: Rules, *, is_relevant: bool) -> Key | None:
        """What a run depends on beside the answers to its questions; None where it is not remembered."""
        if path in self.notebooks or not self.cache.expects_more:
            return None
        oid = self.project.entries[path].oid
        return (oid, path, self.project.module_of(path), is_relevant, rules.asked, *held(rules, path))

    def _one_file(self, path: str, rules: Rules, relevant: Mapping[str, bool]) -> Outcome:
        if path in self.notebooks:
            run = partial(self._rewritten_cells, path, rules)
            return self._notebook(path, self.notebooks[path], run, rules.mentions)
        file = self._parsed(path)
        fault = self.faults[path]
        if fault is not None:
            unchecked = Unchecked(path, fault.line, fault.reason, fault.message)
            return Outcome(rewrite_faulty(file, fault, rules), unchecked)
        return Outcome(rewrite_file(file, rules) if relevant[path] else None)

    def _notebook(
        self, path: str, source: SourceText, run: Callable[[SourceText], FileResult], mentions: Mentions | None = None
    ) -> Outcome:
        result = rewrite_notebook(path, source, run, mentions)
        return Outcome(unchecked=result) if isinstance(result, Unchecked) else Outcome(result)

    def _rewritten_cells(self, path: str, rules: Rules, source: SourceText) -> FileResult:
        return rewrite_file(self._cells(path, source), rules)

    def _cells(self, path: str, source: SourceText) -> ParsedFile:
        """The code cells of a notebook, which is no module that anybody can import."""
        return parsed(path, "", False, source)

    def _kept(self, outcomes: Iterable[Outcome]) -> list[FileResult]:
        results: list[FileResult] = []
        for one in outcomes:
            if one.unchecked is not None:
                self.unchecked[one.unchecked.path] = one.unchecked
            if one.result is not None:
                results.append(one.result)
        return results

    def _parsed(self, path: str) -> ParsedFile:
        return parsed(path, self.project.module_of(path), self.project.is_package(path), self.source(path))

    def _collapsed(self, before: FileResult, ownership: Ownership, elsewhere: TextElsewhere) -> FileResult:
        source = self.source(before.path).with_data(before.data)
        if before.path not in self.notebooks:
            module, is_package = self.project.module_of(before.path), self.project.is_package(before.path)
            return collapse_aliases(parsed(before.path, module, is_package, source), ownership, elsewhere)
        outcome = self._notebook(
            before.path, source, lambda text: collapse_aliases(self._cells(before.path, text), ownership, elsewhere)
        )
        assert outcome.result is not None, before.path
        return outcome.result

    def _in_base(self, before: FileResult, reference: Reference) -> Reference:
        """A reference in the rewritten text, at the place that it has in the base commit's text."""
        offset = before.base_offset(reference.start)
        line, column = self.source(before.path).position(offset)
        return replace(reference, start=offset, line=line, column=column)

    # what the passes know of other files

    def _rules(self, ownership: Ownership, texts: Mapping[str, bytes]) -> Rules:
        """``texts`` say which names other files may take from a module."""
        elsewhere = TextElsewhere(texts, self._own_paths())
        return Rules(ownership, Mentions(ownership), elsewhere, self._is_proved, self.recipe.texts)

    def _texts(self, results: Iterable[FileResult]) -> dict[str, bytes]:
        """All files, as these results leave them."""
        return self.project.contents | {result.path: result.data for result in results}

    def _own_paths(self) -> dict[str, str]:
        return {module: path for module in self.project.modules() if (path := self.project.path_of(module))}

    def _is_proved(self, module: str) -> bool:
        """Whether importing a module cannot fail: it is ours and imports, or the standard library's."""
        kind = self.project.kind(module)
        if kind is ModuleKind.FILE:
            return self.alias_map.import_failure(module) is None
        return kind is ModuleKind.EXTERNAL and root(module) in sys.stdlib_module_names

    def _is_relevant(self, imports: FileImports, ownership: Ownership) -> bool:
        """Whether one of the file's imports can be a reference, or bind a module through which one is reached."""
        data = self.project.contents[imports.path]
        by_attribute = ownership.mentions_attribute(data)
        watched = [last(module).encode() for module in ownership.shims] + [
            last(move.old.module).encode() for move in self.recipe.moves
        ]
        for symbol in imports.imported:
            module = symbol.dotted
            if symbol.name is not None and symbol.name != "*" and ownership.finding(symbol) is not None:
                return True
            if ownership.is_watched(module) or ownership.is_watched(symbol.module):
                return True
            if ownership.is_ours(module) and by_attribute:
                return True
            if ownership.watched_below(module) and any(word in data for word in watched):
                return True
        if b".multiple(" in data:  # patch.multiple("module", name=...): no text shows the whole path
            return True
        return imports.has_beyond_root or (may_have_sinks(data) and any(word in data for word in watched))

    # what files may do depends on each other

    def _settled(self, results: list[FileResult], ownership: Ownership, reach: Reach) -> list[FileResult]:
        """The results, made anew for the files in which something must stay for the sake of another file.

        What stays in one file can need what another file imports; a patch needs the code that it is for to read
        the same namespace. Each round holds more references back, so that there is a last one. Then what
        stays because others may take it is asked about again, over the texts that the others have now, as long as
        that frees something.
        """
        pinned: frozenset[tuple[str, str]] = frozenset()
        contested: dict[tuple[str, Symbol], Contest] = {}
        shadows = Shadows(self.project, self.alias_map)
        texts = self.project.contents
        asked: set[str] = set()
        left: int | None = None
        while True:
            leaning = (self._leaning(results, reach) | shadows.deciding(results)) - pinned
            every = (one for result in results for one in result.references)
            fresh = contests(every, self._reads_own, reach.can_run)
            fresh = {key: one for key, one in fresh.items() if key not in contested or contested[key].moves > one.moves}
            paths = {path for path, _ in (*fresh, *leaning)}
            if paths:  # what the others have now may not be what they will have
                paths |= asked
                texts, asked, left = self.project.contents, set(), None
            else:
                staying = [one.path for result in results for one in result.references if one.reason in _FOR_OTHERS]
                if not staying or (left is not None and len(staying) >= left):
                    return results
                paths, left = set(staying), len(staying)
                texts = self._texts(results)
                asked |= paths
            pinned |= leaning
            contested |= fresh
            rules = self._rules(ownership.with_held(pinned, contested), texts)
            results = self._again(results, rules, paths)

    @staticmethod
    def _leaning(results: list[FileResult], reach: Reach) -> frozenset[tuple[str, str]]:
        """(path, module): imports that load a module which code that they may run together with does not import."""
        by_module: dict[str, list[str]] = {}
        for result in results:
            for module in result.leans_on:
                by_module.setdefault(module, []).append(result.path)
        return frozenset(
            (result.path, module)
            for result in results
            for module in {one.old.module for one in result.references} & by_module.keys()
            if any(reach.can_run(path, result.path) for path in by_module[module])
        )

    def _again(self, results: list[FileResult], rules: Rules, paths: set[str]) -> list[FileResult]:
        """The results, those of ``paths`` made anew."""
        again = [one.path for one in results if one.path in paths]
        outcomes = self._outcomes(again, rules, dict.fromkeys(again, True))
        fresh = {path: self._kept([outcome]) for path, outcome in zip(again, outcomes, strict=True)}
        return [one for result in results for one in fresh.get(result.path, [result])]

    def _reads_own(self, symbol: Symbol) -> bool:
        """Whether functions of a symbol's own module read it as a global of theirs."""
        if symbol not in self._own_reads:
            path = self.project.path_of(symbol.module)
            source = None if path is None else self.project.source(path)
            self._own_reads[symbol] = (
                source is not None
                and symbol.name is not None
                and reads_global(scope_table(parse(source.data)), symbol.name)
            )
        return self._own_reads[symbol]


_FOR_OTHERS = frozenset({Reason.PUBLIC_NAME, Reason.SIDE_EFFECT_IMPORT})
"""Why a module's name stays as long as other files may take it from the file."""


def _may_concern(data: bytes, ownership: Ownership, mentions: Mentions) -> bool:
    """Whether a notebook can name anything of interest."""
    words = [last(module).encode() for module in ownership.watched_modules()]
    return mentions.may_hold(data) or any(word in data for word in words)
