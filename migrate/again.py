"""Again: asks about changed files what the last plan has asked about them: with the same answers, it is the same plan.

A plan depends on a file by the answers of the cache about its blob, by what is looked for in all texts, and, where it
shows the file, by its lines and bytes. What the passes are told about other modules for an answer is what they were
told for the last plan (Remembered); if they ask for more, nothing is proved, and a plan has to be made. References may
have moved within a file: that changes the plan in one place only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import TypeVar

from tree_sitter import Tree

from codemods.alias_map import AliasMap, Failures
from codemods.bindings import ModuleFacts
from codemods.decisions import ParsedFile
from codemods.document_forms import Role, role_of
from codemods.engine import FileResult, Rules
from codemods.modules import Target
from codemods.ownership import Contest, Ownership
from codemods.references import Reason, Reference, Step, Unchecked
from codemods.source import SourceText, UndecodableError, decode_python
from codemods.symbols import Symbol, root
from codemods.syntax import SyntaxFault, parse, syntax_fault
from migrate.asked import ASKED, Asked, Remembered, UnaskedError, parts_of
from migrate.cache import LAST, Cache, Key, Question, words_of
from migrate.deletions import is_beside, may_name
from migrate.discovery import IMPORTS, FileImports, imports_in
from migrate.documents import DOCUMENT, document_result, references_in
from migrate.moving import Moved, identity, moved_plan
from migrate.parallel import mapped
from migrate.passes import RELEVANT, REWRITTEN, Outcome, Passes, digest_of
from migrate.plan import FileChange, Plan
from migrate.project import (
    FACTS,
    FLAT_IMPORT,
    HOST,
    NOTEBOOK_SUFFIX,
    OPAQUE_SUFFIXES,
    facts_in,
    fault_in,
    is_package,
    may_make_root,
)
from migrate.reach import NAMED, Named, names_in
from migrate.recipe import Recipe
from migrate.repository import IGNORE_FILE, REGULAR_MODES, Difference, Entry
from migrate.rewriting import READS_OWN, has_readers
from migrate.search import flat_import
from migrate.texts import SUFFIXES, SYNTAX, looked_for

V = TypeVar("V")


@dataclass(frozen=True)
class Ground:
    """What a plan stood on, beside the questions of the passes about modules."""

    rules: str
    """By which those are kept."""
    targets: tuple[Target, ...]
    shims: frozenset[str]
    names: frozenset[str]
    """What other modules call owned objects."""
    roots: frozenset[str]
    """The first names of the modules of the repository."""
    stems: frozenset[str]
    """The last names of the modules of the Python files that were looked through."""
    failures: Failures
    """Which modules cannot be imported."""
    parts: Mapping[str, frozenset[str]]
    """By module: the parts of its facts that the rest of the plan has looked at."""
    packages: frozenset[str]
    """The files of the packages around the modules of the map, which may compute their ``__all__``."""
    public: frozenset[str]
    """The public names of the canonical modules: whoever has one of them is looked at."""


GROUND = Question[Ground]("ground")
"""Of the last plan."""


@dataclass(frozen=True)  # without slots: what is asked for more than once is kept
class _File:
    """A changed file, and what was asked about its content before."""

    change: Difference
    before: bytes
    content: bytes
    questions: tuple[tuple[str, Key], ...]

    @property
    def entry(self) -> Entry:
        return self.change.entry

    @property
    def path(self) -> str:
        return self.change.path

    @cached_property
    def source(self) -> SourceText:
        return decode_python(self.content)

    @cached_property
    def fault(self) -> SyntaxFault | None:
        return syntax_fault(self.source, self.tree)

    @cached_property
    def tree(self) -> Tree:
        return parse(self.source.data)


class Again:
    """What the last plan has asked about single files, to be asked again. Its answers are those of the cache."""

    def __init__(
        self, cache: Cache, recipe: Recipe, plan: Plan, changes: Iterable[tuple[Difference, bytes, bytes]]
    ) -> None:
        """``plan`` is the one that the cache has served for last; each change comes with the contents before and after.

        Where there is no file, there is no content.
        """
        self._cache = cache
        self._recipe = recipe
        self._plan = plan
        self._changes = list(changes)
        self._shown = plan.shown_paths()
        self._unchecked = {one.path for one in plan.unchecked}
        self._lines = plan.shown_lines()

    def after(self, jobs: int) -> Plan | None:
        """The plan after the changes, if these change no more of it than where something stands; None, if they may."""
        questions = self._cache.about({change.entry.oid for change, _, _ in self._changes})
        files = [_File(*one, tuple(questions.get(one[0].entry.oid, ()))) for one in self._changes]
        try:
            if any(not self._may_outlast(change) for change, _, _ in self._changes):
                return None
            _ = self._rules  # made once, before several processes look at files
        except UnaskedError:
            return None
        found = mapped(self._looked_at, files, jobs, worth=_WORTH_A_PROCESS)
        same = [one for one in found if one is not None]
        return moved_plan(self._plan, same) if len(same) == len(found) else None

    def _may_outlast(self, change: Difference) -> bool:
        """Whether a file can change, and the plan not. What other tools are told may stand in any text."""
        path = change.path
        if path in self._shown or path in self._ground.packages or posixpath.basename(path) == IGNORE_FILE:
            return False
        if any(one is not None and one.mode not in REGULAR_MODES for one in (change.before, change.after)):
            return False
        if change.is_edit and path.endswith(SUFFIXES):
            return True
        return not self._recipe.enforce and (change.is_edit or self._may_come_or_go(path))

    def _may_come_or_go(self, path: str) -> bool:
        """Whether a plan can be the same with a file and without: it is no module, and beside none of the map."""
        if path.endswith((*SUFFIXES, *OPAQUE_SUFFIXES, NOTEBOOK_SUFFIX)) or (
            may_make_root(path) and not self._recipe.source_roots
        ):
            return False
        return not any(one.path is not None and is_beside(path, one.path) for one in self._plan.modules)

    def _looked_at(self, file: _File) -> Moved | None:
        """What has moved in a file; None where there may be more to it."""
        try:
            return self._python(file) if file.path.endswith(SUFFIXES) else self._document(file)
        except (UnaskedError, UndecodableError):
            return None

    def _document(self, file: _File) -> Moved | None:
        if not self._recipe.covers(file.path) or role_of(file.path) is Role.COPY:
            return Moved()
        before: tuple[Reference, ...] | None = ()
        now: tuple[Reference, ...] = ()
        if file.change.before is not None:
            before = self._cache.recall(DOCUMENT, (file.entry.oid, file.path, self._asked.epoch))
        if file.change.after is not None:
            passes = self._passes
            now = references_in(file.path, file.content, passes.mentions, self._recipe, passes.ownership)
        if before is None or _placeless(before) != _placeless(now) or (now and not file.change.is_edit):
            return None
        result = document_result(file.entry, now, file.content)
        change = None
        if result.after != result.before:
            change = FileChange(file.path, file.entry.mode, result.before, result.after)
        return Moved(tuple(zip(before, now, strict=True)), change)

    def _python(self, file: _File) -> Moved | None:
        if self._is_seen_otherwise(file):
            return None
        outcomes: list[tuple[Outcome, Outcome]] = []
        for name, key in file.questions:
            if not self._is_about(name, key, file.path):
                continue
            before, now = self._cache.recall(Question[object](name), key), self._answer(name, key, file)
            if self._seen(before) != self._seen(now):
                return None
            if isinstance(before, Outcome) and isinstance(now, Outcome) and self._is_planned(file, before):
                outcomes.append((before, now))
        if outcomes:
            return self._moved(file, *outcomes[0])
        return None if file.path in self._references else Moved()

    def _is_planned(self, file: _File, outcome: Outcome) -> bool:
        """Whether an outcome is what the plan has of a file: each round has one, and so has each plan of a run."""
        result = outcome.result
        references = () if result is None else result.references
        found = {(identity(one), one.edits) for one in references}
        if found != {(identity(one), one.edits) for one in self._references.get(file.path, ())}:
            return False
        after = None
        if result is not None and result.changed:
            after = decode_python(file.before).encode(result.data)
        return after == self._rewritten.get(file.path)

    def _is_seen_otherwise(self, file: _File) -> bool:
        """Whether the plan may depend on what has changed by more than answers."""
        looked = looked_for(self._cache)
        if self._recipe.covers(file.path) and file.entry.oid not in looked.there:
            return True
        ownership = self._passes.ownership
        words = (b"unshim", *ownership.replaced_names())  # a comment to us, names to go
        if any(word in file.before or word in file.content for word in words):
            return True
        shown = self._lines.get(file.path)
        if shown is not None and max(shown) > _equal_lines(file.before, file.content):
            return True
        if file.path in self._unchecked and any(
            may_name(module, file.before) is not may_name(module, file.content)
            for module in ownership.watched_modules()
        ):
            return True
        return any(
            file.entry.oid in found.seen and search(file.content) is not (file.entry.oid in found.hits)
            for search, found in looked.found.items()
        )

    def _is_about(self, name: str, key: Key, path: str) -> bool:
        """Whether a question was about a file, and for the last plan: another file may have the same content."""
        if name in (RELEVANT.name, REWRITTEN.name) and key[3] != self._asked.epoch:
            return False
        return name in _OF_CONTENT or key[1] == path

    def _seen(self, answer: object) -> object:
        """What of an answer the plan depends on, but for the places in the file."""
        ground = self._ground
        match answer:
            case ModuleFacts():
                parts = ground.parts.get(answer.module, frozenset()) | self._asked.facts.get(answer.module, set())
                return parts_of(answer, sorted(parts), lambda name: name in ground.roots, ground.public)
            case FileImports():
                return answer.within(self._roots)
            case Named():
                dotted = frozenset(name for name in answer.dotted if root(name) in ground.roots)
                return dotted, answer.bare & ground.stems
            case SyntaxFault():
                return _lineless(answer)
            case Outcome(None, unchecked):
                return _lineless(unchecked)
            case Outcome(FileResult() as result, unchecked):
                how = (result.canonical, result.leans_on, result.changed, _placeless(result.references))
                return how, _lineless(unchecked)
        return answer

    def _moved(self, file: _File, before: Outcome, now: Outcome) -> Moved | None:
        """What has moved of two outcomes that are the same otherwise."""
        if before.result is None or now.result is None:
            return Moved(unchecked=now.unchecked)
        pairs = tuple(zip(before.result.references, now.result.references, strict=True))
        if not now.result.changed:
            return Moved(pairs, unchecked=now.unchecked)
        if any(search(before.result.data) is not search(now.result.data) for search, _ in self._asked.searches):
            return None  # others are told what the file has then
        change = FileChange(file.path, file.entry.mode, file.content, file.source.encode(now.result.data))
        return Moved(pairs, change, now.unchecked)

    def _answer(self, name: str, key: Key, file: _File) -> object:
        """What is to be said of the new content."""
        match name:
            case SYNTAX.name:
                return file.fault
            case HOST.name:
                return fault_in(file.source, file.tree)
            case FLAT_IMPORT.name:
                return flat_import(file.content, str(key[1]), words_of(key[2]))
            case READS_OWN.name:
                return has_readers(file.tree, str(key[1]))
            case FACTS.name:
                return facts_in(file.source, file.tree, str(key[2]), file.path)
            case IMPORTS.name:
                return imports_in(file.source, file.tree, file.path, str(key[2]), words_of(key[3]))
            case NAMED.name:
                return names_in(file.content, file.path, str(key[2]), words_of(key[3]))
            case RELEVANT.name:
                known = (self._cache.recall(IMPORTS, key) for name, key in file.questions if name == IMPORTS.name)
                found = [one.within(self._roots) for one in known if isinstance(one, FileImports)]
                return any(self._passes.is_relevant(one, file.content) for one in found)
            case REWRITTEN.name if key[5] == _NOTHING:
                whole = ParsedFile(file.path, str(key[2]), is_package(file.path), file.source, file.tree)
                pinned, contested = _held_in(key)
                rules = self._rules
                if pinned or contested:
                    rules = self._passes.rules(self._passes.ownership.with_held(dict(pinned), dict(contested)), {})
                return self._passes.outcome(whole, file.fault, rules, is_relevant=key[4] is True)
        raise UnaskedError

    # what the last plan has, and what it stood on

    @cached_property
    def _references(self) -> dict[str, list[Reference]]:
        """By path."""
        found: dict[str, list[Reference]] = {}
        for one in self._plan.references:
            found.setdefault(one.path, []).append(one)
        return found

    @cached_property
    def _rewritten(self) -> dict[str, bytes | None]:
        """By path: the files after the step that rewrites them."""
        steps = (step for step in self._plan.steps if step.step is Step.REWRITE)
        return {change.path: change.after for step in steps for change in step.changes}

    @cached_property
    def _ground(self) -> Ground:
        return self._recalled(GROUND, LAST)

    @cached_property
    def _roots(self) -> frozenset[str]:
        """The first names of the modules of which imports count."""
        return self._ground.roots | frozenset(map(root, self._recipe.modules()))

    @cached_property
    def _asked(self) -> Asked:
        return self._recalled(ASKED, (self._ground.rules,))

    def _recalled(self, question: Question[V], key: Key) -> V:
        found = self._cache.recall(question, key)
        if found is None:
            raise UnaskedError
        return found

    @cached_property
    def _passes(self) -> Passes:
        ground = self._ground
        changed = frozenset(change.path for change, _, _ in self._changes)
        told = Remembered(self._asked, self._cache, ground.roots, changed)
        alias_map = AliasMap(told, self._recipe.moved_modules(), self._recipe.canonical_modules(), ground.failures)
        ownership = Ownership(alias_map, told, ground.targets, self._recipe.moves, ground.shims)
        return Passes(ownership, told, self._recipe, ground.names)

    @cached_property
    def _rules(self) -> Rules:
        return self._passes.rules(self._passes.ownership, {})


def _equal_lines(before: bytes, now: bytes) -> int:
    """How many lines are the same from the beginning on."""
    lines = zip(before.splitlines(keepends=True), now.splitlines(keepends=True), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], lines))


def _lineless(fault: SyntaxFault | Unchecked | None) -> tuple[Reason, str] | None:
    """What is wrong. A parser may tell lines: ``expected an indented block after 'if' statement on line 7``."""
    return None if fault is None else (fault.reason, _LINE.sub("line", fault.message))


def _placeless(references: Iterable[Reference]) -> list[tuple[Reference, list[tuple[int, str]]]]:
    """References without where they stand."""
    return [
        (
            replace(one, line=0, column=0, start=0, edits=()),
            [(edit.end - edit.start, edit.text) for edit in one.edits],
        )
        for one in references
    ]


_WORTH_A_PROCESS = 8
"""Each file is parsed and passed over: that takes longer than what others do in many processes."""
_LINE = re.compile(r"\bline \d+")
_OF_CONTENT = frozenset({SYNTAX.name, HOST.name, READS_OWN.name, FLAT_IMPORT.name})
"""What is asked about a blob, whatever its path is."""
_NOTHING = digest_of({})
"""In a key of REWRITTEN: that nothing was known of what other files will have."""


def _held_in(key: Key) -> tuple[frozenset[tuple[tuple[str, str], str]], frozenset[tuple[tuple[str, Symbol], Contest]]]:
    """What was held back, by a key of REWRITTEN: see Ownership.held_in()."""
    pinned, contested = key[6:]
    assert isinstance(pinned, frozenset) and isinstance(contested, frozenset)
    return pinned, contested
