"""Passes: what they find in one file, by its text and by what they are told about other modules."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from codemods.alias_map import ModuleKind, Modules
from codemods.decisions import ParsedFile
from codemods.engine import FileResult, Rules, rewrite_faulty, rewrite_file
from codemods.mentions import Mentions
from codemods.ownership import Ownership
from codemods.references import Unchecked
from codemods.sinks import may_execute, may_have_sinks, path_pattern
from codemods.symbols import last, root
from codemods.syntax import SyntaxFault
from migrate.cache import Question
from migrate.discovery import FileImports
from migrate.recipe import Recipe
from migrate.search import OpenPath
from migrate.texts import Searchable, TextElsewhere


class Told(Modules, Searchable, Protocol):
    """What the passes are told about the rest of the repository."""

    def path_of(self, module: str, /) -> str | None: ...


@dataclass(frozen=True)
class Outcome:
    """What one file gave: references and text, a reason why it was not (or not wholly) checked, or both."""

    result: FileResult | None = None
    unchecked: Unchecked | None = None


RELEVANT = Question[bool]("relevant")
"""By (blob, path, module, epoch, the names of owned objects elsewhere): whether it can have a reference."""
REWRITTEN = Question[Outcome]("rewritten")
"""By (blob, path, module, epoch, whether it is relevant, the texts that others have by now, what is held back)."""


class Passes:
    """The passes over single files, for one ownership."""

    def __init__(self, ownership: Ownership, told: Told, recipe: Recipe, names: Iterable[str]) -> None:
        """``names`` are those that other modules have for owned objects."""
        self.ownership = ownership
        self._told = told
        self._recipe = recipe
        self._aliases = path_pattern({os.fsencode(name) for name in names})
        self.digest = hashlib.sha256(self._aliases.pattern).hexdigest()
        """Of the names."""

    @cached_property
    def mentions(self) -> Mentions:
        """What names something of ours in a text."""
        return Mentions(self.ownership)

    def rules(self, ownership: Ownership, changed: Mapping[str, bytes]) -> Rules:
        """``changed`` are texts of files as others may see them: they say which names those take from a module."""
        elsewhere = TextElsewhere(self._told, self._told.path_of, changed)
        mentions = self.mentions if ownership is self.ownership else Mentions(ownership)
        return Rules(ownership, mentions, elsewhere, self._is_proved, self._recipe.texts)

    def outcome(self, file: ParsedFile, fault: SyntaxFault | None, rules: Rules, *, is_relevant: bool) -> Outcome:
        """What a Python file gives; ``fault`` says why it does not parse."""
        if fault is not None:
            unchecked = Unchecked(file.path, fault.line, fault.reason, fault.message)
            return Outcome(slim(rewrite_faulty(file, fault, rules)), unchecked)
        return Outcome(slim(rewrite_file(file, rules)) if is_relevant else None)

    def is_relevant(self, imports: FileImports, data: bytes) -> bool:
        """Whether a file can have a reference."""
        return self._may_refer(imports, data) or self.mentions.may_hold(data)

    def _may_refer(self, imports: FileImports, data: bytes) -> bool:
        """Whether one of the file's imports can be a reference, or bind a module through which one is reached.

        A name of ours as an attribute of something is no matter of this: with one, ``Mentions.may_hold`` says yes.
        """
        ownership = self.ownership
        for symbol in imports.imported:
            module = symbol.dotted
            if symbol.name is not None and symbol.name != "*" and ownership.finding(symbol) is not None:
                return True
            if ownership.is_watched(module) or ownership.is_watched(symbol.module):
                return True
            if ownership.watched_below(module) and self._has_component(data):
                return True
        if b".multiple(" in data:  # patch.multiple("module", name=...): no text shows the whole path
            return True
        if imports.has_beyond_root:
            return True
        if not may_have_sinks(data) and not may_execute(data):
            return False
        if self._aliases.search(data) is not None or ownership.may_name(data):
            return True
        if next(self.mentions.imported_names(data), None) is not None:
            return True
        if self._open_path(data):
            return True
        return self._has_component(data)  # in whatever pieces and escapes a path is put together

    def _has_component(self, data: bytes) -> bool:
        return any(component in data for component in self._components)

    @cached_property
    def _components(self) -> tuple[bytes, ...]:
        """The last components of the watched modules."""
        modules = (*self.ownership.shims, *(move.old.module for move in self._recipe.moves))
        return tuple({os.fsencode(last(module)) for module in modules})

    @cached_property
    def _open_path(self) -> OpenPath:
        return OpenPath.into(self.ownership.shims)

    def _is_proved(self, module: str) -> bool:
        """Whether importing a module cannot fail: it is ours and imports, or the standard library's."""
        kind = self._told.kind(module)
        if kind is ModuleKind.FILE:
            return self.ownership.alias_map.import_failure(module) is None
        return kind is ModuleKind.EXTERNAL and root(module) in sys.stdlib_module_names


def slim(result: FileResult) -> FileResult:
    """Without the text, where that is as it was: all of them together are large."""
    return result if result.changed else replace(result, data=b"")


def digest_of(texts: Mapping[str, bytes]) -> str:
    """The same for the same texts."""
    found = hashlib.sha256()
    for path, data in sorted(texts.items()):
        found.update(hashlib.sha256(os.fsencode(path)).digest() + hashlib.sha256(data).digest())
    return found.hexdigest()
