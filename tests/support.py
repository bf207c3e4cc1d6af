"""A repository in memory for the tests of the pure package: texts by path, and what the passes say about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from hypothesis import settings
from tree_sitter import Node, Tree

from codemods.alias_map import ALL, AliasMap, ModuleKind
from codemods.bindings import ModuleFacts, module_facts
from codemods.decisions import ParsedFile
from codemods.engine import FileResult, Rules, collapse_aliases, parsed, rewrite_file
from codemods.mentions import Mentions
from codemods.modules import Move, Target
from codemods.ownership import Ownership
from codemods.references import Disposition, Reference, ReferenceKind
from codemods.source import SourceText, decode_python
from codemods.symbols import ancestors, parse_symbol, root
from codemods.syntax import host_fault, parse, syntax_fault

settings.register_profile("unshim", database=None, deadline=None, max_examples=100, derandomize=True)
settings.load_profile("unshim")

Texts = Mapping[str, str | bytes]

BASIC: Texts = {
    "p/__init__.py": "",
    "p/new.py": 'def f(): return "f"\ndef g(): return "g"\nclass C: pass\n',
    "p/old.py": "from p.new import f, g, C\n",
    "p/other.py": "def h(): return 'h'\n",
}
"""Four modules: the canonical ``p.new``, its shim ``p.old``, and ``p.other`` that has nothing to do with them."""


def module_of(path: str) -> str:
    """``p.old`` of ``p/old.py``; ``p`` of ``p/__init__.py``."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass
class Repository:
    """The Modules protocol over a dict of texts. ``twins`` are second names of modules (a second source root)."""

    files: Texts
    opaque: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    twins: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.paths = {module_of(path): path for path in self.files}
        self.paths |= {twin: self.paths[module] for twin, module in self.twins.items()}
        self._facts: dict[str, ModuleFacts] = {}
        names = [*self.paths, *self.opaque]
        self.namespaces = {name for module in names for name in ancestors(module)} - self.paths.keys() - self.opaque
        self.top = {root(name) for name in names}

    def source(self, path: str) -> SourceText:
        text = self.files[path]
        return decode_python(text if isinstance(text, bytes) else text.encode())

    def kind(self, module: str) -> ModuleKind:
        if module in self.paths:
            return ModuleKind.FILE
        if module in self.opaque:
            return ModuleKind.OPAQUE
        if module in self.namespaces:
            return ModuleKind.NAMESPACE
        return ModuleKind.MISSING if root(module) in self.top else ModuleKind.EXTERNAL

    def facts(self, module: str, _about: str = ALL) -> ModuleFacts | None:
        path = self.paths.get(module)
        if path is None:
            return None
        if module not in self._facts:
            source = self.source(path)
            self._facts[module] = module_facts(
                source,
                parse(source.data),
                module=module,
                path=path,
                is_package=path.endswith("__init__.py"),
                broken=module in self.broken,
            )
        return self._facts[module]

    def primary(self, module: str) -> str:
        return self.twins.get(module, module)

    def fault(self, module: str) -> str | None:
        path = self.paths.get(module)
        return None if path is None else host_fault(self.source(path))

    def is_proved(self, module: str) -> bool:
        return self.kind(module) is ModuleKind.FILE and AliasMap(self).import_failure(module) is None


@dataclass(frozen=True)
class OtherFiles:
    """The Elsewhere protocol: the names that other files read, as ``module:name``."""

    names: frozenset[str] = frozenset()

    def mentions(self, module: str, name: str) -> bool:
        return f"{module}:{name}" in self.names


def call_nodes(tree: Tree) -> list[Node]:
    """All calls, in source order."""
    nodes, pending = [], [tree.root_node]
    while pending:
        node = pending.pop()
        nodes += [node] if node.type == "call" else []
        pending += node.children
    return sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte))


def facts_of(text: str, module: str = "m", *, is_package: bool = False) -> ModuleFacts:
    """The facts of one module."""
    source = decode_python(text.encode())
    tree = parse(source.data)
    return module_facts(source, tree, module=module, path="m.py", is_package=is_package)


def alias_map(files: Texts, *, opaque: Iterable[str] = (), broken: Iterable[str] = ()) -> AliasMap:
    return AliasMap(Repository(files, frozenset(opaque), frozenset(broken)))


def ends(files: Texts, symbol: str, *, opaque: Iterable[str] = (), broken: Iterable[str] = ()) -> str:
    """Where a symbol ends, as ``object p.new:f``; ``rebound`` is added where a hop is rebound."""
    found = alias_map(files, opaque=opaque, broken=broken).resolve(parse_symbol(symbol))
    end = "" if found.end is None else f" {found.end}"
    rebound = "" if found.rebound is None else f" rebound {found.rebound}"
    return f"{found.kind.name.lower().replace('_', '-')}{end}{rebound}"


@dataclass(frozen=True)
class Project:
    """A repository with a recipe, and one file of it that the passes look at."""

    files: Texts = field(default_factory=lambda: BASIC)
    shims: tuple[str, ...] = ("p.old",)
    targets: tuple[Target, ...] = ()
    moves: tuple[Move, ...] = ()
    mentioned: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    repairs: bool = False
    homes: tuple[str, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)
    path: str = "use.py"
    texts: frozenset[ReferenceKind] = frozenset()

    def _parts(self, text: str | bytes) -> tuple[ParsedFile, Ownership, Repository]:
        repository = Repository({**self.files, self.path: text}, twins=self.twins)
        targets = self.targets or (
            Target("p.new", shims=self.shims, rename=self.rename, repairs=self.repairs, homes=self.homes),
        )
        shims = [shim for shim in self.shims if not self.targets]
        ownership = Ownership(AliasMap(repository), repository, targets, self.moves, shims)
        source = repository.source(self.path)
        file = parsed(self.path, module_of(self.path), self.path.endswith("__init__.py"), source)
        return file, ownership, repository

    def result(self, text: str | bytes) -> FileResult:
        """The rewrite step over one file."""
        file, ownership, repository = self._parts(text)
        fault = syntax_fault(file.source, file.tree)
        assert fault is None, fault
        return rewrite_file(file, self._rules(ownership, repository))

    def _rules(self, ownership: Ownership, repository: Repository) -> Rules:
        elsewhere = OtherFiles(frozenset(self.mentioned))
        return Rules(ownership, Mentions(ownership), elsewhere, repository.is_proved, self.texts)

    def references(self, text: str | bytes) -> tuple[Reference, ...]:
        return self.result(text).references

    def listing(self, text: str | bytes) -> list[str]:
        """The references in short: ``1 from-import p.old:f rewrite`` or ``1 ... manual name-capture``."""
        return [
            f"{found.line} {found.kind} {found.old} {found.disposition} {found.reason or ''}".strip()
            for found in self.references(text)
        ]

    def rewritten(self, text: str | bytes) -> bytes:
        """The file's bytes after the rewrite; a second run over them changes nothing."""
        file, _, _ = self._parts(text)
        result = self.result(text)
        assert result.changed == (result.data != file.source.data)
        raw = file.source.encode(result.data)
        again = self.result(raw)
        assert not again.changed, f"the second run makes it\n{again.data.decode()}"
        assert all(found.disposition is not Disposition.REWRITE for found in again.references)
        return raw

    def collapsed(self, text: str | bytes) -> tuple[list[str], bytes]:
        """What the collapse step lists, and the bytes after it; a second run changes nothing."""
        file, ownership, _ = self._parts(text)
        elsewhere = OtherFiles(frozenset(self.mentioned))
        result = collapse_aliases(file, ownership, elsewhere)
        raw = file.source.encode(result.data)
        file, ownership, _ = self._parts(raw)
        assert not collapse_aliases(file, ownership, elsewhere).changed
        listing = [f"{one.line} {one.old} {one.disposition} {one.reason or ''}".strip() for one in result.references]
        return listing, raw


@cache
def move(old: str, new: str | None, *, external: bool = False) -> Move:
    return Move(parse_symbol(old), None if new is None else parse_symbol(new), external)
