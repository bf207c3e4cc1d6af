"""Deletions: what each watched module is, what still holds it, and the proof that it can go."""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from codemods.alias_map import AliasMap, ModuleKind
from codemods.bindings import Effect, EffectKind, ModuleFacts
from codemods.modules import Verdict
from codemods.notebooks import code_of
from codemods.ownership import Ownership
from codemods.path_tests import find_tests
from codemods.references import Disposition, Reason, Reference, Relation
from codemods.shims import judge
from codemods.source import SourceText
from codemods.symbols import Symbol, join, last, parent
from codemods.syntax import FUNCTION_TYPES, ancestors, parse, text_of
from migrate.plan import ModuleReport, Proof
from migrate.project import Project, is_package
from migrate.recipe import Recipe
from migrate.repository import Entry
from migrate.search import ImportsFlat, NamesModule
from migrate.shadows import Shadows

_HARMLESS = frozenset({Reason.TEXT_MENTION, Reason.RUNTIME_NAME})
"""Texts that people read, and names that import nothing: kept, they do not keep a module from being deleted."""


_ALL = "__all__"


@dataclass(frozen=True)
class Deletions:
    """What was found of every watched module, and what goes: files, and tests by the file that has them."""

    modules: tuple[ModuleReport, ...]
    paths: tuple[str, ...]
    tests: dict[str, frozenset[str]]


class DeletionProof:
    """Judges the modules of one commit after the references to them are known."""

    def __init__(
        self,
        entries: Iterable[Entry],
        recipe: Recipe,
        project: Project,
        alias_map: AliasMap,
        unreadable: Iterable[str],
        notebooks: Mapping[str, SourceText],
        links: Mapping[str, str],
    ) -> None:
        """``unreadable`` are files that may name anything, some of them ``notebooks`` of which there is a text.

        ``links`` are symbolic links, with the paths that they lead to.
        """
        self.entries = entries
        self.recipe = recipe
        self.project = project
        self.alias_map = alias_map
        self._known_below: dict[str, tuple[str, ...]] = {}
        self.unreadable = frozenset(unreadable)
        self.notebooks = notebooks
        self.links = links

    def prove(self, ownership: Ownership, references: list[Reference]) -> Deletions:
        """Judge every watched module: what still holds it, and which ones can go together."""
        held: dict[str, list[str]] = defaultdict(list)  # the reasons, as they are told
        shadows = Shadows(self.project, self.alias_map)
        left: Counter[str] = Counter()
        rewritten: Counter[str] = Counter()
        texts: dict[str, list[str]] = defaultdict(list)
        by_shim: dict[str, list[tuple[str, str]]] = defaultdict(list)
        by_path_test: dict[str, list[Reference]] = defaultdict(list)
        for reference in references:
            module = reference.old.module
            if reference.relation is Relation.HOME:
                continue
            if reference.disposition is Disposition.REWRITE:
                rewritten[module] += 1
                continue
            place = f"{reference.path}:{reference.line}"
            if reference.disposition is Disposition.KEEP and reference.reason in _HARMLESS:
                texts[module].append(place)
                continue
            left[module] += 1
            for meant in filter(shadows.is_shadow, reference.may_mean - {module}):
                held[meant].append(f"held by {place}: {reference.old}, which may mean it")
            holder = self.project.module_of(reference.path)
            if reference.reason is Reason.KEEP_COMMENT:  # who keeps a line wants the file that has it
                held[holder].append(f"line {reference.line} is kept by a comment")
            for needed in self._needed_by(reference.old):
                if holder in ownership.shims and reference.disposition is not Disposition.KEEP:
                    by_shim[needed].append((holder, f"held by {place}: {reference.old}"))
                elif reference.disposition is Disposition.KEEP and reference.reason is Reason.PATH_UNDER_TEST:
                    by_path_test[needed].append(reference)
                else:
                    held[needed].append(f"held by {place}: {reference.old}")
        moved = {move.old.module for move in self.recipe.moves if move.old.is_module and move.new is not None}
        kept = {move.old.module for move in self.recipe.moves if move.new is None and move.old.is_module}
        named = {move.old.module for move in self.recipe.moves if move.new is None}
        watched = {module for module in ownership.shims | moved if self.project.kind(module) is not ModuleKind.EXTERNAL}
        for module in watched & named:
            held[module].append("kept by the recipe" if module in kept else "a name of it is kept by the recipe")
        pure = {module for module in watched if ownership.is_pure(module)}
        for module in pure:
            held[module] += self._own_reasons(module)
        deletable = {module for module in pure if not held[module] and self.alias_map.import_failure(module) is None}
        together: dict[str, list[str]] = {}
        while True:  # a shim that only shims use goes with them, or stays with them; and so do tests about it
            tests = self._going_tests(references, deletable)
            going = {self.project.path_of(module) for module in deletable}
            beside = {module: self._reasons_beside(module, going) for module in deletable}
            staying = {
                module
                for module in deletable
                if any(one not in deletable for one, _ in by_shim[module])
                or any(one not in tests for one in by_path_test[module])
                or beside[module]
            }
            if not staying:
                break
            deletable -= staying
            together |= {module: beside[module] for module in staying}
        for module in pure:  # of those that could go each by itself, and not all at once, none does
            held[module] += self._reasons_beside(module, going) or together.get(module, [])
        for module in watched:
            held[module] += [reason for holder, reason in by_shim[module] if holder not in deletable]
            only = module in pure and not held[module] and self.alias_map.import_failure(module) is None
            how = "held only by tests about the path itself" if only else "held by a test about the path itself"
            if module not in deletable:
                held[module] += [f"{how}: {self._test_of(one)}" for one in by_path_test[module]]
        reports = []
        for module in sorted({*watched, *ownership.canonical_modules, *ownership.homes}):
            proof = None
            if module in deletable:
                about_it = tuple(self._test_of(one) for one in by_path_test[module])
                proof = self._proof(module, rewritten[module], tuple(dict.fromkeys(texts[module])), about_it)
                left[module] = 0
            reports.append(self._module_report(module, ownership, left[module], proof, held[module]))
        paths = sorted(found for module in deletable if (found := self.project.path_of(module)))
        doomed: dict[str, set[str]] = defaultdict(set)
        for reference, test in tests.items():
            doomed[reference.path].add(test)
        return Deletions(tuple(reports), tuple(paths), {path: frozenset(names) for path, names in doomed.items()})

    def _needed_by(self, symbol: Symbol) -> set[str]:
        """The modules without which a path leads nowhere, each by the name that it has here.

        That is its own module, whichever source root the path counts from; and a submodule that it names.
        """
        needed = {self.project.primary(symbol.module)}
        submodule = Symbol(join(symbol.module, symbol.name or ""))
        if symbol.name is not None and self.alias_map.resolve(symbol).end == submodule:
            needed.add(self.project.primary(submodule.module))
        return needed

    def _going_tests(self, references: list[Reference], deletable: set[str]) -> dict[Reference, str]:
        """The references that go together with the test around them, each with the test's name.

        Such a test has no reference but those about the paths of modules that go.
        """
        if not self.recipe.deletes_path_tests:
            return {}
        by_file: dict[str, list[Reference]] = defaultdict(list)
        for one in references:
            by_file[one.path].append(one)
        going: dict[Reference, str] = {}
        for path, found in by_file.items():
            source = None if path in self.unreadable or not path.endswith(".py") else self.project.source(path)
            if source is None or not any(one.reason is Reason.PATH_UNDER_TEST for one in found):
                continue
            for test in find_tests(source.data):
                inside = [one for one in found if test.span.start <= one.start < test.span.end]
                if inside and all(
                    one.reason is Reason.PATH_UNDER_TEST and one.old.module in deletable for one in inside
                ):
                    going |= dict.fromkeys(inside, test.name)
        return going

    def _own_reasons(self, module: str) -> list[str]:
        """Why a pure shim stays, whatever refers to it."""
        facts = self.project.facts(module)
        assert facts is not None
        reasons = self._export(module) + self._flat_imports(module) + self._named_from_its_folder(module)
        for effect in (*facts.effects, *facts.access_effects):
            if self._is_harmful(effect):
                reasons.append(f"line {effect.line} is not harmless, says the recipe: {effect.text}")
        path = self.project.path_of(module) or ""
        reasons += [f"held by {link}: a symbolic link to it" for link, target in self.links.items() if target == path]
        stub = path + "i"
        if stub in self.project.entries:
            reasons.append(f"its stub {stub} would tell type checkers that it is still there")
        for path in sorted(self.unreadable):
            data = self._unreadable_texts[path]
            if data is None or may_name(module, data):
                reasons.append(f"{path} could not be checked and may name it")
        return reasons

    @cached_property
    def _unreadable_texts(self) -> dict[str, bytes | None]:
        """What may name a module in the unreadable files; None where that is not known."""
        self.project.texts.fetch(self.unreadable)
        return {
            path: code_of(self.notebooks[path].data) if path in self.notebooks else self.project.texts.get(path)
            for path in self.unreadable
        }

    def _reasons_beside(self, module: str, going: Container[str | None]) -> list[str]:
        """Why a pure shim stays, by the files around it that do not go: too many, or none.

        Python would import a folder of any files that has the module's name (PEP 420), and no folder without files.
        """
        path = self.project.path_of(module) or ""
        reasons = []
        left = [one for one in self._below(_folder_named_as(path)) if one != path and one not in going]
        if left:
            shown = ", ".join(left[:3]) + (f" and {len(left) - 3} more" if len(left) > 3 else "")
            reasons.append(
                f"its directory keeps other files: {shown}, so that the old name would stay importable "
                "as a namespace package"
            )
        is_inner = is_package(path) and parent(module) != ""  # a top-level package is what is installed
        folder = posixpath.dirname(posixpath.dirname(path) if is_inner else path)
        is_meant = f"{folder}/__init__.py" in going  # the whole package goes
        if folder and not is_meant and all(one == path or one in going for one in self._below(f"{folder}/")):
            reasons.append(f"nothing would be left of {folder}, which would be gone, too")
        return reasons

    def _below(self, folder: str) -> tuple[str, ...]:
        """The files in a folder, and in those in it."""
        if folder not in self._known_below:
            self._known_below[folder] = tuple(one.path for one in self.entries if one.path.startswith(folder))
        return self._known_below[folder]

    def _flat_imports(self, module: str) -> list[str]:
        """The files of a module's folder that import it by its last component, and have one of its names.

        So it is found if they are run as scripts, whose folder Python looks into first, and in Python 2. Where the
        repository or the standard library has a module of that name at the top, that one is taken to be meant; and
        where files of other folders import one of that name, too, a package that is installed.
        """
        name, path = last(module), self.project.path_of(module) or ""
        if self.project.kind(name) is not ModuleKind.EXTERNAL or name in sys.stdlib_module_names:
            return []
        folder = posixpath.dirname(_folder_named_as(path)[:-1])
        names = (one for one in self.alias_map.names(module) if not one.startswith("__"))
        found = self.project.flat_imports(folder, name, names)
        if found and self.project.texts.some(ImportsFlat(name), frozenset(self.project.files_in(folder))):
            return []
        return [
            f"held by {one}:{line}: run as a script, it imports {name} from its own folder"
            for one, line in found.items()
            if one != path
        ]

    def _named_from_its_folder(self, module: str) -> list[str]:
        """The file that may mean a module by its name below a folder that is no source root, ``api.old``.

        Programs that are started there, or that have the folder on their path, find it so. Where a folder around the
        file that names it has a module of that name, too, that one is meant.
        """
        path = self.project.path_of(module) or ""
        folder = self.project.top_folder(path)
        tail = path[len(folder) :].lstrip("/")
        name = tail.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if name == module or not parent(name) or self.project.kind(name) is not ModuleKind.EXTERNAL:
            return []
        for other in self.project.texts.having(NamesModule(name)):
            around = (above for above in _folders_above(other) if posixpath.join(above, tail) in self.project.entries)
            if other != path and next(around, folder) == folder:
                return [f"held by {other}: {name} there may mean it; if so, name {folder} in source_roots"]
        return []

    def _is_harmful(self, effect: Effect) -> bool:
        harmful = self.recipe.harmful
        return (effect.kind.warns and "warnings" in harmful) or (effect.kind.logs and "logging" in harmful)

    def _proof(self, module: str, rewritten: int, texts: tuple[str, ...], tests: tuple[str, ...]) -> Proof:
        facts = self.project.facts(module)
        assert facts is not None
        folder = facts.path.rpartition("/")[0] if facts.is_package else None
        return Proof(rewritten, texts, len(self.unreadable), self._harmless(facts), folder, tests)

    def _harmless(self, facts: ModuleFacts) -> tuple[str, ...]:
        """The lines of a pure shim that are more than imports, each with its kind."""
        lines = [(one.line, f"line {one.line}{_kind(one)}: {one.text}") for one in facts.effects]
        lines += [
            (one.line, f"line {one.line}{_kind(one)} when a name is taken: {one.text}") for one in facts.access_effects
        ]
        source = self.project.source(facts.path)
        if source is not None:
            for node in parse(source.data).root_node.named_children:
                inner = node.named_children[0] if node.type == "expression_statement" else None
                line = node.start_point[0] + 1
                if inner is not None and inner.type in ("string", "concatenated_string"):
                    lines.append((line, f"line {line}: a docstring"))
                elif inner is not None and text_of(inner).startswith("__all__"):
                    lines.append((line, f"line {line}: __all__"))
        return tuple(text for _, text in sorted(lines))

    def _test_of(self, reference: Reference) -> str:
        """``path:line in test_name``."""
        place = f"{reference.path}:{reference.line}"
        source = self.project.source(reference.path)
        rows = [] if source is None else source.data.split(b"\n")
        if source is None or reference.line > len(rows):
            return place
        row = rows[reference.line - 1]
        point = (reference.line - 1, len(row) - len(row.lstrip()))
        node = parse(source.data).root_node.descendant_for_point_range(point, point)
        functions = [] if node is None else [one for one in (node, *ancestors(node)) if one.type in FUNCTION_TYPES]
        names = [text_of(name) for one in functions if (name := one.child_by_field_name("name")) is not None]
        return f"{place} in {names[-1]}" if names else place

    def _export(self, module: str) -> list[str]:
        """``__all__`` of a package may name a submodule: ``from package import *`` imports it then."""
        package = self.project.facts(parent(module))
        if package is not None and package.exports is not None and last(module) in package.exports:
            if last(module) not in package.names:
                return [f"held by {package.path}: __all__ names {last(module)}"]
        if package is not None and (not package.exports_exact or (package.exports is None and _ALL in package.names)):
            source = self.project.source(package.path)
            if source is not None and re.search(rb"\b" + re.escape(os.fsencode(last(module))) + rb"\b", source.data):
                return [f"held by {package.path}: its __all__ is computed, and may name {last(module)}"]
        return []

    def _module_report(
        self, module: str, ownership: Ownership, left: int, proof: Proof | None, held: list[str]
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
        verdict = judge(facts).verdict
        if proof is not None:
            return ModuleReport(module, path, verdict, left, True, proof.lines(), proof)
        failure = self.alias_map.import_failure(module)
        broken = () if failure is None else ("cannot be imported: " + " -> ".join(failure),)
        own = tuple(_own_line(one) for one in facts.effects if not one.kind.is_harmless)
        harmless = self._harmless(facts) if verdict is Verdict.PURE_SHIM else ()
        evidence = (*broken, *own, *held, *(f"harmless: {line}" for line in harmless))
        return ModuleReport(module, path, verdict, left, False, evidence)


def may_name(module: str, data: bytes) -> bool:
    """Whether a text that was not understood may name a module."""
    return last(module).encode() in data and (last(parent(module)).encode() in data or b"from ." in data)


def is_beside(path: str, module_path: str) -> bool:
    """Whether a file that is no module stands where it can keep the file of a module from being deleted."""
    return path.startswith((f"{posixpath.dirname(module_path)}/", _folder_named_as(module_path)))


def _folders_above(path: str) -> Iterator[str]:
    """The folders that a file is in, from the nearest to the top of the repository, which is the empty one."""
    while path:
        path = posixpath.dirname(path)
        yield path


def _folder_named_as(path: str) -> str:
    """The folder that has the name of a module, by the path of the module's file."""
    return (posixpath.dirname(path) if is_package(path) else path.removesuffix(".py")) + "/"


def _own_line(effect: Effect) -> str:
    """A line that keeps a module from being a pure shim."""
    if effect.kind is EffectKind.ACTS:
        return f"line {effect.line} has an effect: {effect.text}"
    return f"line {effect.line}: {effect.text}"


def _kind(effect: Effect) -> str:
    match effect.kind:
        case EffectKind.WARNS:
            return " warns"
        case EffectKind.LOGS:
            return " logs"
        case EffectKind.WARNS_AND_LOGS:
            return " warns and logs"
        case _:
            return ""
