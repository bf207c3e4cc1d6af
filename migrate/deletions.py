"""Deletions: what each watched module is, what still holds it, and the proof that it can go."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codemods.alias_map import AliasMap, ModuleKind
from codemods.imports import KEEP_COMMENT
from codemods.ownership import Ownership
from codemods.references import Disposition, Reason, Reference, ReferenceKind, Relation
from codemods.shims import Verdict, judge
from codemods.source import SourceText
from codemods.symbols import Symbol, last, parent
from codemods.syntax import parse
from migrate.project import SUFFIXES, Project
from migrate.recipe import FILE_NAME, Recipe
from migrate.repository import Entry, Repository
from migrate.search import dotted_mention

_HARMLESS_MENTIONS = frozenset({ReferenceKind.COMMENT, ReferenceKind.DOCSTRING, ReferenceKind.DOCUMENT})
"""Texts that people read: they are listed, and do not keep a module from being deleted."""


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """One module of the map: what it is, what still refers to it, and whether it can go."""

    module: str
    path: str | None
    verdict: str
    references_left: int
    deletable: bool
    evidence: tuple[str, ...]


class DeletionProof:
    """Judges the modules of one commit after the references to them are known."""

    def __init__(
        self,
        repository: Repository,
        base: str,
        entries: list[Entry],
        recipe: Recipe,
        project: Project,
        alias_map: AliasMap,
        unreadable: Iterable[str],
    ) -> None:
        self.repository = repository
        self.base = base
        self.entries = entries
        self.recipe = recipe
        self.project = project
        self.alias_map = alias_map
        self.unreadable = frozenset(unreadable)

    def prove(
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
            data = self.project.contents.get(path)
            for module in candidates:
                if data is None or self._may_name(module, data):
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

    @staticmethod
    def _may_name(module: str, data: bytes) -> bool:
        """Whether a text that was not understood may name a module."""
        return last(module).encode() in data and (last(parent(module)).encode() in data or b"from ." in data)

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
            line_bytes = content.encode("utf-8", "replace")
            for match in pattern.finditer(line_bytes):
                column = len(line_bytes[: match.start()].decode("utf-8")) + 1
                kind = _document_kind(path)
                found.append(self._mention(path, line, column, match, words, kind, content))
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
