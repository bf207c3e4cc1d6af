"""Again: asks about changed files what the last plan has asked about them: with the same answers, it is the same plan.

A plan depends on a file by the answers of the cache about its blob, by what is looked for in all texts, and, where it
shows the file, by its lines and bytes. What the passes are told about other modules for an answer is what they were
told for the last plan (Remembered); if they ask for more, nothing is proved, and a plan has to be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from codemods.alias_map import ALL, AliasMap, ModuleKind
from codemods.bindings import ModuleFacts
from codemods.document_forms import Role, role_of
from codemods.engine import Rules, parsed
from codemods.modules import Target
from codemods.ownership import Ownership
from codemods.source import SourceText, UndecodableError, decode_python
from codemods.symbols import root
from codemods.syntax import SyntaxFault, syntax_fault
from migrate.asked import ASKED, Asked, same_parts
from migrate.cache import Cache, Key, Question, words_of
from migrate.discovery import IMPORTS, FileImports, imports_in
from migrate.documents import DOCUMENT, references_in
from migrate.passes import RELEVANT, REWRITTEN, Passes, digest_of
from migrate.plan import Plan
from migrate.project import FACTS, HOST, facts_in, fault_in, is_package
from migrate.reach import NAMED, names_in
from migrate.recipe import Recipe
from migrate.repository import Entry
from migrate.rewriting import READS_OWN, has_readers
from migrate.search import Search
from migrate.texts import SUFFIXES, SYNTAX, looked_for

K = TypeVar("K")
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
    parts: Mapping[str, frozenset[str]]
    """By module: the parts of its facts that the rest of the plan has looked at."""


GROUND = Question[Ground]("ground")
"""Of the last plan."""
LAST = ("",)


class UnaskedError(Exception):
    """A question that nobody has asked for the last plan."""


class Remembered:
    """What the passes were told for the last plan, without the repository; and that what is not of it is not."""

    def __init__(self, asked: Asked, cache: Cache, roots: frozenset[str]) -> None:
        """``roots`` are the first names of the modules of the repository."""
        self._asked = asked
        self._cache = cache
        self._roots = roots

    def kind(self, module: str) -> ModuleKind:
        return _known(self._asked.kinds, module) if self._is_ours(module) else ModuleKind.EXTERNAL

    def facts(self, module: str, _about: str = ALL) -> ModuleFacts | None:
        place = _known(self._asked.places, module) if self._is_ours(module) else None
        if place is None:
            return None
        path, oid, _ = place
        found = self._cache.recall(FACTS, (oid, path, module))
        if found is None:
            raise UnaskedError
        return found

    def primary(self, module: str) -> str:
        return _known(self._asked.primaries, module) if self._is_ours(module) else module

    def path_of(self, module: str) -> str | None:
        return _known(self._asked.files, module) if self._is_ours(module) else None

    def fault(self, module: str) -> str | None:
        return _known(self._asked.faults, module) if self._is_ours(module) else None

    def some(self, search: Search, apart_from: frozenset[str] = frozenset()) -> bool:
        return _known(self._asked.searches, (search, apart_from))

    def _is_ours(self, module: str) -> bool:
        return root(module) in self._roots


def _known(answers: Mapping[K, V], question: K) -> V:
    if question not in answers:
        raise UnaskedError
    return answers[question]


@dataclass(frozen=True)  # without slots: what is asked for more than once is kept
class _File:
    """A changed Python file, and what was asked about its content before."""

    path: str
    content: bytes
    questions: tuple[tuple[str, Key], ...]

    @cached_property
    def source(self) -> SourceText:
        return decode_python(self.content)

    @cached_property
    def fault(self) -> SyntaxFault | None:
        return syntax_fault(self.source)


class Again:
    """What the last plan has asked about single files, to be asked again. Its answers are those of the cache."""

    def __init__(self, cache: Cache, recipe: Recipe, plan: Plan) -> None:
        """``plan`` is the one that the cache has served for last."""
        self._cache = cache
        self._recipe = recipe
        self._shown = plan.shown_paths()

    def holds(self, changes: Iterable[tuple[Entry, bytes, bytes]]) -> bool:
        """Whether the plan is the same after changes: the entry of a file before, and its contents before and after."""
        changes = list(changes)
        questions = self._cache.about({entry.oid for entry, _, _ in changes})
        try:
            return all(
                self._is_same_file(entry, before, after, questions.get(entry.oid, ()))
                for entry, before, after in changes
            )
        except (UnaskedError, UndecodableError):
            return False

    def _is_same_file(self, entry: Entry, before: bytes, after: bytes, questions: Iterable[tuple[str, Key]]) -> bool:
        if entry.path in self._shown:
            return False
        if not entry.path.endswith(SUFFIXES):
            return self._is_same_document(entry, after)
        file = _File(entry.path, after, tuple(one for one in questions if self._is_about(*one, entry.path)))
        looked = looked_for(self._cache)
        if self._recipe.covers(entry.path) and entry.oid not in looked.there:
            return False
        if any(self._is_read_otherwise(text) for text in (before, after)):
            return False
        for search, found in looked.found.items():
            if entry.oid in found.seen and search(after) is not (entry.oid in found.hits):
                return False
        return all(self._is_same(name, key, file) for name, key in file.questions)

    def _is_about(self, name: str, key: Key, path: str) -> bool:
        """Whether a question was about a file, and for the last plan: another file may have the same content."""
        if name in (RELEVANT.name, REWRITTEN.name) and key[3] != self._asked.epoch:
            return False
        return name in _OF_CONTENT or key[1] == path

    def _is_read_otherwise(self, text: bytes) -> bool:
        """Whether the plan may depend on a text by more than answers: by a comment to us, or a name to be replaced."""
        aliases = (alias for renames in self._passes.ownership.renames.values() for alias in renames)
        return b"unshim" in text or any(alias.encode() in text for alias in aliases)

    def _is_same_document(self, entry: Entry, after: bytes) -> bool:
        """Whether a document has the references that it had. What other tools are told may stand in it, too."""
        if self._recipe.enforce:
            return False
        if not self._recipe.covers(entry.path) or role_of(entry.path) is Role.COPY:
            return True
        known = self._cache.recall(DOCUMENT, (entry.oid, entry.path, self._asked.epoch))
        if known is None:
            return False
        passes = self._passes
        return known == references_in(entry.path, after, passes.mentions, self._recipe, passes.ownership)

    def _is_same(self, name: str, key: Key, file: _File) -> bool:
        before, now = self._cache.recall(Question[object](name), key), self._answer(name, key, file)
        if isinstance(before, ModuleFacts) and isinstance(now, ModuleFacts):
            parts = self._ground.parts.get(now.module, frozenset()) | self._asked.facts.get(now.module, set())
            return same_parts(before, now, parts, lambda name: name in self._ground.roots)
        return before == now

    def _answer(self, name: str, key: Key, file: _File) -> object:
        """What is to be said of the new content."""
        match name:
            case SYNTAX.name:
                return file.fault
            case HOST.name:
                return fault_in(file.source)
            case READS_OWN.name:
                return has_readers(file.source, str(key[1]))
            case FACTS.name:
                return facts_in(file.source, str(key[2]), file.path)
            case IMPORTS.name:
                return imports_in(file.content, file.path, str(key[2]), words_of(key[3]))
            case NAMED.name:
                return names_in(file.content, file.path, str(key[2]), words_of(key[3]))
            case RELEVANT.name:
                known = (self._cache.recall(IMPORTS, key) for name, key in file.questions if name == IMPORTS.name)
                return any(self._passes.is_relevant(one, file.content) for one in known if isinstance(one, FileImports))
            case REWRITTEN.name if key[5:] == _OF_ONE:
                tree = parsed(file.path, str(key[2]), is_package(file.path), file.source)
                return self._passes.outcome(tree, file.fault, self._rules, is_relevant=key[4] is True)
        raise UnaskedError

    # what the passes of the last plan stood on

    @cached_property
    def _ground(self) -> Ground:
        return self._recalled(GROUND, LAST)

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
        told = Remembered(self._asked, self._cache, ground.roots)
        alias_map = AliasMap(told, self._recipe.moved_modules())
        ownership = Ownership(alias_map, told, ground.targets, self._recipe.moves, ground.shims)
        return Passes(ownership, told, self._recipe, ground.names)

    @cached_property
    def _rules(self) -> Rules:
        return self._passes.rules(self._passes.ownership, {})


_OF_CONTENT = frozenset({SYNTAX.name, HOST.name, READS_OWN.name})
"""What is asked about a blob, whatever its path is."""
_OF_ONE: Key = (digest_of({}), frozenset(), frozenset())
"""How a key of REWRITTEN ends where the file was looked at by itself."""
