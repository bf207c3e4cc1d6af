"""Rewriting: the rewrite and collapse steps over all Python files and notebooks of a commit, settled together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from tree_sitter import Tree

from codemods.alias_map import AliasMap
from codemods.decisions import ParsedFile
from codemods.engine import FileResult, Rules, collapse_aliases, parsed, rewrite_file
from codemods.mentions import Mentions
from codemods.notebooks import code_of, rewrite_notebook
from codemods.ownership import Contest
from codemods.patches import contests, reads_global, with_effects
from codemods.references import Reason, Reference, Unchecked
from codemods.scopes import scope_table
from codemods.source import SourceText
from codemods.symbols import Symbol, last
from codemods.syntax import SyntaxFault, parse, syntax_fault
from migrate.asked import Watched
from migrate.cache import Cache, Key, Question
from migrate.discovery import Discovered
from migrate.passes import RELEVANT, REWRITTEN, Outcome, Passes, digest_of, slim
from migrate.project import Project, is_package
from migrate.reach import Reach
from migrate.shadows import Shadows
from migrate.snapshots import unsaved
from migrate.texts import SYNTAX, TextElsewhere

A = TypeVar("A")

Progress = Callable[[str], None]


READS_OWN = Question[bool]("reads own")
"""By (blob, name): whether functions of a module read a name of it as a global of theirs."""


class Rewriting:
    """Runs the passes over the files of one commit; what one file may do can depend on what another one must do."""

    def __init__(
        self,
        project: Project,
        alias_map: AliasMap,
        watched: Watched,
        passes: Passes,
        notebooks: Mapping[str, SourceText],
        cache: Cache,
        jobs: int,
        progress: Progress,
    ) -> None:
        self.project = project
        self.alias_map = alias_map
        self.watched = watched
        self.passes = passes
        self.ownership = passes.ownership
        self.notebooks = notebooks
        self.cache = cache
        self.jobs = jobs
        self.progress = progress
        self.unchecked: dict[str, Unchecked] = {}
        self.faults: dict[str, SyntaxFault | None] = {}
        self._own_reads: dict[Symbol, bool] = {}

    def rewrite(self, discovered: Discovered) -> tuple[list[FileResult], list[Reference]]:
        """The rewrite step over every file that needs a closer look, and all its references.

        A file in which error recovery found no error and no mention of ours holds nothing, valid or not.
        """
        relevant = self._relevant(discovered)
        paths = [path for path, imports in discovered.files.items() if relevant[path] or imports.has_error]
        paths += [path for path, source in self.notebooks.items() if _may_concern(source.data, self.passes)]
        paths.sort()
        self.progress(f"comparing {len(paths)} files")
        self.faults = self._faults_of([path for path in paths if path not in self.notebooks])
        results = self._kept(self._outcomes(paths, self.passes.rules(self.ownership, {}), {}, relevant))
        reach = Reach(self.project, self.cache)
        results = self._settled(results, reach)
        every = (one for result in results for one in result.references)
        return results, with_effects(every, self._reads_own, reach.can_run)

    def collapse(self, results: list[FileResult]) -> tuple[dict[str, bytes], list[Reference]]:
        """The collapse step over the texts that the rewrite step left: the new texts, and the references."""
        names = self.ownership.replaced_names()
        if not names:
            return {}, []
        elsewhere = TextElsewhere(self.project.texts, self.project.path_of, _changed(results))
        collapsed: dict[str, bytes] = {}
        references: list[Reference] = []
        for before in results:
            text = self._text(before)
            if before.path in self.unchecked or not any(name in text for name in names):
                continue
            result = self._collapsed(before, text, elsewhere)
            references += [self._in_base(before, one) for one in result.references]
            if result.changed:
                collapsed[result.path] = result.data
        return collapsed, references

    def _text(self, result: FileResult) -> bytes:
        """A file's text after the step."""
        return result.data if result.changed else self.source(result.path).data

    def source(self, path: str) -> SourceText:
        """The text of a file that has been read."""
        source = self.notebooks.get(path) or self.project.source(path)
        assert source is not None
        return source

    # one file

    def _faults_of(self, paths: list[str]) -> dict[str, SyntaxFault | None]:
        keys: list[Key] = [(self.project.entries[path].oid,) for path in paths]
        found = self.cache.answers(
            SYNTAX, keys, lambda number: syntax_fault(self.source(paths[number])), self.jobs, self.watched
        )
        return dict(zip(paths, found, strict=True))

    def _relevant(self, discovered: Discovered) -> dict[str, bool]:
        files = list(discovered.files.values())
        keys: list[Key] = [(*self._key(file.path), self.passes.digest) for file in files]

        def is_relevant(number: int) -> bool:
            return self.passes.is_relevant(files[number], self.project.texts[files[number].path])

        self._fetch(RELEVANT, [file.path for file in files], keys)
        found = self.cache.answers(RELEVANT, keys, is_relevant, self.jobs, self.watched)
        return {file.path: one for file, one in zip(files, found, strict=True)}

    def _outcomes(
        self, paths: list[str], rules: Rules, changed: Mapping[str, bytes], relevant: Mapping[str, bool]
    ) -> list[Outcome]:
        """What each file gives. ``changed`` are texts of other files, as the rules know them."""
        digest = digest_of(changed)
        keys: list[Key] = []
        for path in paths:
            held = rules.ownership.held_in(path)
            keys.append((*self._key(path), relevant.get(path, False), digest, *held))
        if len(self._fetch(REWRITTEN, paths, keys)) >= _MANY:
            self.project.texts.index(last(self.project.module_of(path)) for path in paths)
        return self.cache.answers(
            REWRITTEN, keys, lambda number: self._one_file(paths[number], rules, relevant), self.jobs, self.watched
        )

    def _key(self, path: str) -> Key:
        if path in self.notebooks:
            return (unsaved(path),)
        return (self.project.entries[path].oid, path, self.project.module_of(path), self.watched.epoch)

    def _fetch(self, question: Question[A], paths: list[str], keys: list[Key]) -> list[str]:
        """Read the files together about which nothing is known: these."""
        pairs = zip(paths, keys, strict=True)
        unknown = [path for path, key in pairs if not self.cache.knows(question, key)]
        self.project.texts.fetch(unknown)
        return unknown

    def _one_file(self, path: str, rules: Rules, relevant: Mapping[str, bool]) -> Outcome:
        if path in self.notebooks:
            run = partial(self._rewritten_cells, path, rules)
            return self._notebook(path, self.notebooks[path], run, rules.mentions)
        return self.passes.outcome(self._parsed(path), self.faults[path], rules, is_relevant=relevant[path])

    def _notebook(
        self, path: str, source: SourceText, run: Callable[[SourceText], FileResult], mentions: Mentions | None = None
    ) -> Outcome:
        result = rewrite_notebook(path, source, run, mentions)
        return Outcome(unchecked=result) if isinstance(result, Unchecked) else Outcome(slim(result))

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
        return parsed(path, self.project.module_of(path), is_package(path), self.source(path))

    def _collapsed(self, before: FileResult, text: bytes, elsewhere: TextElsewhere) -> FileResult:
        ownership = self.ownership
        source = self.source(before.path).with_data(text)
        if before.path not in self.notebooks:
            file = parsed(before.path, self.project.module_of(before.path), is_package(before.path), source)
            return collapse_aliases(file, ownership, elsewhere)
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

    # what files may do depends on each other

    def _settled(self, results: list[FileResult], reach: Reach) -> list[FileResult]:
        """The results, made anew for the files in which something must stay for the sake of another file.

        What stays in one file can need what another file imports; a patch needs the code that it is for to read
        the same namespace. Each round holds more references back, so that there is a last one. Then what
        stays because others may take it is asked about again, over the texts that the others have now, as long as
        that frees something.
        """
        pinned: dict[tuple[str, str], str] = {}
        contested: dict[tuple[str, Symbol], Contest] = {}
        shadows = Shadows(self.project, self.alias_map)
        changed: dict[str, bytes] = {}
        asked: set[str] = set()
        left: int | None = None
        while True:
            leaning = shadows.deciding(results) | self._leaning(results, reach)
            leaning = {place: sake for place, sake in leaning.items() if place not in pinned}
            every = (one for result in results for one in result.references)
            fresh = contests(every, self._reads_own, reach.can_run)
            fresh = {key: one for key, one in fresh.items() if key not in contested or contested[key].moves > one.moves}
            paths = {path for path, _ in (*fresh, *leaning)}
            if paths:  # what the others have now may not be what they will have
                paths |= asked
                changed, asked, left = {}, set(), None
            else:
                staying = [one.path for result in results for one in result.references if one.reason in _FOR_OTHERS]
                if not staying or (left is not None and len(staying) >= left):
                    return results
                paths, left = set(staying), len(staying)
                changed = _changed(results)
                asked |= paths
            pinned |= leaning
            contested |= fresh
            rules = self.passes.rules(self.ownership.with_held(pinned, contested), changed)
            results = self._again(results, rules, changed, paths)

    @staticmethod
    def _leaning(results: list[FileResult], reach: Reach) -> dict[tuple[str, str], str]:
        """By path and module: imports that load what others that may run with them do not import; and who."""
        by_module: dict[str, list[str]] = {}
        for result in results:
            for module in result.leans_on:
                by_module.setdefault(module, []).append(result.path)
        found: dict[tuple[str, str], str] = {}
        for result in results:
            for module in {one.old.module for one in result.references} & by_module.keys():
                leaning = next((path for path in by_module[module] if reach.can_run(path, result.path)), None)
                if leaning is not None:
                    found[result.path, module] = f"{leaning} uses it, and does not import it"
        return found

    def _again(
        self, results: list[FileResult], rules: Rules, changed: Mapping[str, bytes], paths: set[str]
    ) -> list[FileResult]:
        """The results, those of ``paths`` made anew."""
        again = [one.path for one in results if one.path in paths]
        outcomes = self._outcomes(again, rules, changed, dict.fromkeys(again, True))
        fresh = {path: self._kept([outcome]) for path, outcome in zip(again, outcomes, strict=True)}
        return [one for result in results for one in fresh.get(result.path, [result])]

    def _reads_own(self, symbol: Symbol) -> bool:
        """Whether functions of a symbol's own module read it as a global of theirs."""
        if symbol not in self._own_reads:
            path, name = self.project.path_of(symbol.module), symbol.name or ""
            key = (self.project.entries[path].oid, name) if path else ()
            self._own_reads[symbol] = bool(path and name) and self.cache.answer(
                READS_OWN, key, lambda: self._has_readers(path or "", name)
            )
        return self._own_reads[symbol]

    def _has_readers(self, path: str, name: str) -> bool:
        source = self.project.source(path)
        return source is not None and has_readers(parse(source.data), name)


def has_readers(tree: Tree, name: str) -> bool:
    """The answer to READS_OWN about a text."""
    return reads_global(scope_table(tree), name)


_MANY = 1_000
"""So many files ask whether others take their names that the words of all files are looked up first."""
_FOR_OTHERS = frozenset({Reason.PUBLIC_NAME, Reason.SIDE_EFFECT_IMPORT})
"""Why a module's name stays as long as other files may take it from the file."""


def _changed(results: Iterable[FileResult]) -> dict[str, bytes]:
    """The texts of the files that change."""
    return {result.path: result.data for result in results if result.changed}


def _may_concern(data: bytes, passes: Passes) -> bool:
    """Whether a notebook can name anything of interest."""
    if passes.mentions.may_hold(data):
        return True
    words = [word for module in passes.ownership.watched_modules() if (word := last(module).encode()) in data]
    code = code_of(data) if words else b""
    return any(word in code for word in words)
