"""Which files a commit has, which module each is, and what stands behind a module name."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TypeVar

from tree_sitter import Tree

from codemods.alias_map import ALL, OUTLINE, ModuleKind
from codemods.bindings import ModuleFacts, module_facts
from codemods.references import Reason, Unchecked
from codemods.scopes import scope_table, unbound_at_import
from codemods.source import NotTextError, SourceText, UndecodableError, decode_python
from codemods.symbols import ancestors, below, is_dotted_name, join, parent, parts, root
from codemods.syntax import SyntaxFault, host_fault, parse, syntax_fault
from migrate.cache import Cache, Key, Question, as_one
from migrate.recipe import SourceRoot
from migrate.repository import REGULAR_MODES, SYMLINK_MODE, Entry
from migrate.search import flat_import
from migrate.snapshots import Files, with_changes
from migrate.texts import SUFFIXES, SYNTAX, TOO_LARGE, Searched, Texts, is_too_large, small_texts

A = TypeVar("A")

_ANY = "any file"
NOTEBOOK_SUFFIX = ".ipynb"
OPAQUE_SUFFIXES = (".so", ".pyd", ".pyx")

Place = tuple[str, str, str]
"""The path, blob and mode of a module's file."""

FACTS = Question[ModuleFacts]("facts")
"""By (blob, path, module)."""
HOST = Question[str | None]("host")
"""By (blob): why this interpreter could not run it."""
FLAT_IMPORT = Question[int | None]("flat import")
"""By (blob, name, words): the line that imports a module of this name, without a package; see flat_import()."""

Learnt = tuple[dict[str, ModuleFacts | None], dict[str, str | None], dict[str, set[str]], Searched]
"""Facts and faults by module, the parts of facts that were looked at, and searches."""


class Project:
    """The Python files of one commit as modules. Facts are read when they are asked for, and kept."""

    def __init__(
        self,
        entries: Iterable[Entry],
        roots: tuple[SourceRoot, ...],
        texts: Texts,
        cache: Cache | None = None,
        ignored: Container[str] = frozenset(),
        named: Container[str] = frozenset(),
    ) -> None:
        """``entries`` are all files of the commit; ``texts`` those of its Python files that are looked through.

        ``ignored`` are paths at which a build may put files that the commit does not have; it makes none of the
        ``named`` modules.
        """
        self.roots = roots
        self._ignored = ignored
        self._named = named
        self.texts = texts
        self._cache = cache or Cache()
        self._all = tuple(entries)
        self.entries: dict[str, Entry] = {}
        self._paths: dict[str, str] = {}
        self._modules: dict[str, tuple[str, ...]] = {}
        self._namespaces: set[str] = set()
        self._opaque: set[str] = set()
        self._made: dict[str, bool] = {}
        self._facts: dict[str, ModuleFacts | None] = {}
        self.parts: defaultdict[str, set[str]] = defaultdict(set)
        """By module: the parts of its facts that somebody has looked at in this process."""
        self._faults: dict[str, str | None] = {}
        self._sources: dict[str, SourceText | None] = {}
        self._at_fork: frozenset[str] = frozenset()
        claims: list[tuple[int, str, str]] = []
        for entry in self._all:
            if entry.path.endswith(SUFFIXES) and entry.mode in (*REGULAR_MODES, SYMLINK_MODE):
                self.entries[entry.path] = entry
                if entry.path.endswith(".py"):  # a stub describes a module and is none
                    names = self._names_of(entry.path)
                    claims += [(entry.path.count("/") - name.count("."), entry.path, name) for name in names]
                    self._modules[entry.path] = tuple(names)
            elif entry.path.endswith(OPAQUE_SUFFIXES):
                stem = entry.path.rpartition("/")[2].partition(".")[0]
                folder = entry.path.rpartition("/")[0]
                self._opaque.update(self._names_of(f"{folder}/{stem}.py" if folder else f"{stem}.py"))
        for _, path, name in sorted(claims):  # of two files with one name, the one nearest to the top has it
            self._paths.setdefault(name, path)
            self._namespaces.update(ancestors(name))
        self._namespaces -= self._paths.keys()
        self._top = {root(name) for name in self._paths if root(name) in self._paths}

    def with_changes(self, changes: Mapping[str, bytes | None]) -> Project:
        """The project after files got other bytes, or (None) went. What is known of the other files is kept."""
        entries, texts = with_changes(self._all, changes), self.texts.with_changes(changes)
        after = Project(entries, self.roots, texts, ignored=self._ignored, named=self._named)
        after._sources = {path: source for path, source in self._sources.items() if path not in changes}
        for module, facts in self._facts.items():
            path = self._paths[module]
            if path not in changes and after._paths.get(module) == path:
                after._facts[module] = facts
        return after

    def _names_of(self, path: str) -> list[str]:
        """The module names of a file under every source root, the innermost root first."""
        found: list[tuple[int, str]] = []
        for source_root in self.roots:
            prefix = f"{source_root.path}/" if source_root.path else ""
            if not path.startswith(prefix):
                continue
            pieces = path[len(prefix) :].rpartition(".")[0].split("/")
            if pieces[-1] == "__init__":
                pieces.pop()
            name = join(source_root.package, ".".join(pieces))
            if name and is_dotted_name(name):
                found.append((-len(prefix), name))
        return [name for _, name in sorted(found, key=lambda pair: pair[0])]

    # modules

    def module_of(self, path: str) -> str:
        """The module that a file is; a file that cannot be imported is named by its path."""
        names = self._modules.get(path) or self._names_of(path)
        return names[0] if names else path.rpartition(".")[0].replace("/", ".")

    @property
    def names(self) -> Iterable[str]:
        """All modules of the repository, compiled ones too."""
        return (*self._paths, *self._opaque)

    def primary(self, module: str) -> str:
        """The first name of the module's file; the module itself where it has no file here."""
        path = self._paths.get(module)
        return module if path is None else self._modules[path][0]

    def path_of(self, module: str) -> str | None:
        return self._paths.get(module)

    @property
    def paths(self) -> Mapping[str, str]:
        """The file of every module."""
        return self._paths

    def kind(self, module: str) -> ModuleKind:
        """What stands behind a module name; see ModuleKind."""
        if module in self._paths:
            return ModuleKind.FILE
        if module in self._opaque:
            return ModuleKind.OPAQUE
        if module in self._namespaces:
            return ModuleKind.NAMESPACE
        if root(module) not in self._top:
            return ModuleKind.EXTERNAL
        package = parent(module)
        while package:  # a package that computes its names or its path may have more than we see
            facts = self.facts(package, OUTLINE)
            if facts is not None and facts.is_package and facts.computed:
                return ModuleKind.UNKNOWN
            package = "" if facts is not None else parent(package)
        return ModuleKind.UNKNOWN if self._may_be_made(module) else ModuleKind.MISSING

    def _may_be_made(self, module: str) -> bool:
        """Whether git ignores the file of a module, so that it may be there whenever the code runs.

        Where files of an ignored folder are tracked, that is no place for what is made.
        """
        if module not in self._made:
            self._made[module] = module not in self._named and any(map(self._is_for_builds, self._paths_for(module)))
        return self._made[module]

    def _is_for_builds(self, path: str) -> bool:
        if path not in self._ignored:
            return False
        folder = posixpath.dirname(path)
        while folder and folder not in self._folders:
            folder = posixpath.dirname(folder)
        return posixpath.join(folder, _ANY) not in self._ignored

    @cached_property
    def _folders(self) -> frozenset[str]:
        """Those that have Python files."""
        return frozenset(map(posixpath.dirname, self.entries))

    def _paths_for(self, module: str) -> Iterator[str]:
        """Where the file of a module would be."""
        for source_root in self.roots:
            tail = below(source_root.package, module) if source_root.package else module
            if tail:
                place = "/".join((*filter(None, [source_root.path]), *parts(tail)))
                yield from (f"{place}.py", f"{place}/__init__.py")

    def is_ours(self, module: str) -> bool:
        """Whether a module is of the repository, or would be if it existed."""
        return self.kind(module) is not ModuleKind.EXTERNAL

    def facts(self, module: str, about: str = ALL) -> ModuleFacts | None:
        """The facts of a module's file; None where it has none, or none that can be read."""
        path = self._paths.get(module)
        if path is None:
            return None
        self.parts[module].add(about)
        if module not in self._facts:
            self._facts[module] = self._learnt(FACTS, path, partial(self._facts_of, module, path), path, module)
        return self._facts[module]

    def prepare(self, modules: Iterable[str], jobs: int) -> None:
        """Learn the facts of these modules together, on up to ``jobs`` cores: facts() alone does on one."""
        wanted = [module for module in dict.fromkeys(modules) if module in self._paths and module not in self._facts]
        places = [(module, self._paths[module]) for module in wanted]
        keys: list[Key] = [(self.entries[path].oid, path, module) for module, path in places]
        found = self._cache.answers(FACTS, keys, lambda number: self._facts_of(*places[number]), jobs)
        self._facts.update(zip(wanted, found, strict=True))

    def _facts_of(self, module: str, path: str) -> ModuleFacts:
        source = self.source(path)
        if source is None:
            return ModuleFacts(module, path, is_package(path), {}, computed=True)
        return facts_in(source, parse(source.data), module, path)

    def _learnt(self, question: Question[A], path: str, ask: Callable[[], A], *key: str) -> A:
        """The answer about one file."""
        return self._cache.answer(question, (self.entries[path].oid, *key), ask)

    def place(self, module: str) -> Place | None:
        """Where a module's file is; None where it has none."""
        path = self._paths.get(module)
        return None if path is None else (path, self.entries[path].oid, self.entries[path].mode)

    def fault(self, module: str) -> str | None:
        """Why a module's file cannot run here: a syntax error, newer syntax, or a name that nothing binds."""
        path = self._paths.get(module)
        if path is None:
            return None
        if module not in self._faults:
            self._faults[module] = self._learnt(HOST, path, partial(self._fault_of, path))
        return self._faults[module]

    def _fault_of(self, path: str) -> str | None:
        source = self.source(path)
        return None if source is None else fault_in(source, parse(source.data))

    def source(self, path: str) -> SourceText | None:
        """The text of a file; None where it is missing, too large or undecodable (see planning.py for the reasons)."""
        if path not in self._sources:
            raw = self._content(path)
            try:
                self._sources[path] = None if raw is None else decode_python(raw)
            except UndecodableError:
                self._sources[path] = None
        return self._sources[path]

    def _content(self, path: str) -> bytes | None:
        """The bytes of a file; those of one that the recipe leaves out are read now, and not kept."""
        if path in self.texts:
            return self.texts[path]
        entry = self.entries[path]
        content = next(self.texts.read([entry])) if entry.mode in REGULAR_MODES else None
        return None if content is None or is_too_large(content) else content

    def flat_imports(self, folder: str, name: str, words: Iterable[str]) -> dict[str, int]:
        """The Python files of a folder that import a module by this name, without a package, each with the line.

        One of the ``words`` must stand there, too.
        """
        paths, wanted = self.files_in(folder), frozenset(words)
        keys: list[Key] = [(self.entries[path].oid, name, as_one(wanted)) for path in paths]
        known = [self._cache.knows(FLAT_IMPORT, key) for key in keys]
        self.texts.fetch(path for path, is_known in zip(paths, known, strict=True) if not is_known)
        found = self._cache.answers(
            FLAT_IMPORT, keys, lambda number: flat_import(self.texts[paths[number]], name, wanted), jobs=1
        )
        return {path: line for path, line in zip(paths, found, strict=True) if line is not None}

    def top_folder(self, path: str) -> str:
        """The folder that a program has on its path when it imports this file with the packages around it."""
        folder = posixpath.dirname(path)
        while folder and f"{folder}/__init__.py" in self.entries:
            folder = posixpath.dirname(folder)
        return folder

    def files_in(self, folder: str) -> list[str]:
        """The Python files of a folder that are looked through, stubs aside; not those of folders in it."""
        return self._by_folder.get(folder, [])

    @cached_property
    def _by_folder(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.texts:
            if path.endswith(".py"):
                found.setdefault(posixpath.dirname(path), []).append(path)
        return found

    # what is learnt in another process

    def fork(self) -> None:
        self.texts.fork()
        self._at_fork = frozenset(self._facts)
        self._faults, self.parts = {}, defaultdict(set)

    def learnt(self) -> Learnt:
        fresh = {module: facts for module, facts in self._facts.items() if module not in self._at_fork}
        return fresh, self._faults, self.parts, self.texts.learnt()

    def learn(
        self,
        facts: Mapping[str, ModuleFacts | None],
        faults: Mapping[str, str | None],
        parts: Mapping[str, set[str]],
        searched: Searched,
    ) -> None:
        self.texts.learn(searched)
        for module, looked_at in parts.items():
            self.parts[module].update(looked_at)
        for module, fault in faults.items():
            self._faults[module] = fault
            self._cache.keep(HOST, (self.entries[self._paths[module]].oid,), fault)
        for module, found in facts.items():
            path = self._paths[module]
            self._facts.setdefault(module, found)
            if found is not None:
                self._cache.keep(FACTS, (self.entries[path].oid, path, module), found)


def is_package(path: str) -> bool:
    """Whether a Python file is a package's ``__init__``."""
    return path.rpartition("/")[2].partition(".")[0] == "__init__"


def facts_in(source: SourceText, tree: Tree, module: str, path: str) -> ModuleFacts:
    """The answer to FACTS about a text."""
    return module_facts(source, tree, module=module, path=path, is_package=is_package(path))


def fault_in(source: SourceText, tree: Tree) -> str | None:
    """The answer to HOST about a text."""
    fault = host_fault(source)
    if fault is not None:
        return fault
    unbound = unbound_at_import(scope_table(tree), tree)
    if unbound is None:
        return None
    line, _ = source.position(unbound.span.start)
    return f"line {line}: nothing binds {unbound.name}"


def undecodable(path: str, error: UndecodableError) -> Unchecked:
    """A file that is no text in its encoding, or no text at all."""
    reason = Reason.NOT_TEXT if isinstance(error, NotTextError) else Reason.UNDECODABLE
    return Unchecked(path, 1, reason, str(error))


def syntax_faults(
    files: Files, entries: Sequence[Entry], cache: Cache, jobs: int
) -> tuple[list[Unchecked], list[Entry]]:
    """The files that are no valid Python 3, of whatever version, with the first fault; and those that are not there.

    A file that is too large counts with the first.
    """
    keys: list[Key] = [(entry.oid,) for entry in entries]
    unknown = [entry for entry, key in zip(entries, keys, strict=True) if not cache.knows(SYNTAX, key)]
    contents = dict(zip((entry.path for entry in unknown), small_texts(files, unknown), strict=True))
    missing = [entry for entry in unknown if contents[entry.path] is None]
    there = [entry for entry in entries if contents.get(entry.path, b"") is not None]
    keys = [(entry.oid,) for entry in there]
    faults = cache.answers(SYNTAX, keys, lambda number: _fault(contents[there[number].path] or b""), jobs)
    return [
        Unchecked(entry.path, fault.line, fault.reason, fault.message)
        for entry, fault in zip(there, faults, strict=True)
        if fault is not None
    ], missing


def _fault(content: bytes) -> SyntaxFault | None:
    if is_too_large(content):
        return SyntaxFault(Reason.TOO_LARGE, 1, TOO_LARGE)
    try:
        return syntax_fault(decode_python(content))
    except UndecodableError as error:
        found = undecodable("", error)
        return SyntaxFault(found.reason, found.line, found.message)


def discover_roots(paths: Iterable[str], modules: Iterable[str]) -> tuple[SourceRoot, ...]:
    """The source roots of a repository: its top, ``src``-like directories, and where the named modules lie.

    A directory is a root if it holds a package or module that one of ``modules`` names, or if it is called
    ``src`` or ``lib`` and is no package itself.
    """
    known = set(paths)
    found = {""}
    for module in modules:
        tails = (f"{module.replace('.', '/')}.py", f"{module.replace('.', '/')}/__init__.py")
        folders = {
            path[: -len(tail)].rstrip("/")
            for path in known
            for tail in tails
            if path == tail or path.endswith(f"/{tail}")
        }
        folders = {folder for folder in folders if f"{folder}/__init__.py" not in known}
        if folders:  # the one nearest to the top: the others are copies
            found.add(min(folders, key=lambda folder: (folder.count("/"), len(folder), folder)))
    for name in _SOURCE_FOLDERS:
        if f"{name}/__init__.py" not in known and any(path.startswith(f"{name}/") for path in known):
            found.add(name)
    return tuple(SourceRoot(path) for path in sorted(found))


_SOURCE_FOLDERS = ("src", "lib")


def may_make_root(path: str) -> bool:
    """Whether a folder may be a source root because it has this file, which is no module."""
    return path.startswith(tuple(f"{name}/" for name in _SOURCE_FOLDERS))
