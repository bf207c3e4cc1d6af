"""The recipe: unshim.toml, or [tool.unshim] in pyproject.toml; read once and validated here."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import cached_property
from pathlib import Path

import msgspec

from codemods.modules import Move, Target
from codemods.references import TEXT_KINDS, ReferenceKind
from codemods.symbols import InvalidSymbolError, Symbol, is_dotted_name, last, parse_symbol
from migrate.configuration import Tool
from migrate.errors import ExitCode, MigrateError

FILE_NAME = "unshim.toml"
BASELINE_NAME = "unshim-baseline.json"

HARMFUL_KINDS = ("warnings", "logging")
"""What a shim may do beside forwarding, unless the recipe's ``harmful`` names it."""


class _TargetTable(msgspec.Struct, forbid_unknown_fields=True):
    """The keys of one canonical module."""

    canonical: str
    symbols: list[str] | None = None
    homes: list[str] = []
    shims: list[str] = []
    repairs: bool = False
    rename: dict[str, str] = {}
    branch: str | None = None


class _MoveTable(msgspec.Struct, forbid_unknown_fields=True):
    to: str
    external: bool = False


class _RootTable(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    package: str = ""


class _GateTable(msgspec.Struct, forbid_unknown_fields=True):
    """A gate that needs more than its command."""

    run: str
    compare: bool = False
    junit: str | None = None
    timeout: float = 3600


class _Recipe(msgspec.Struct, forbid_unknown_fields=True):
    """The whole table, as TOML has it."""

    canonical: str | list[_TargetTable] | None = None
    symbols: list[str] | None = None
    homes: list[str] = []
    shims: list[str] = []
    repairs: bool = False
    exclude: list[str] = []
    include: list[str] = []
    source_roots: list[str | _RootTable] | None = None
    branch: str | None = None
    rename: dict[str, str] = {}
    moves: dict[str, str | _MoveTable] = {}
    documents: list[str] = []
    texts: list[str] = []
    harmful: list[str] = []
    path_tests: str = "keep"
    enforce: list[str] = []
    gates: dict[str, str | _GateTable] = {}


_INNER_TABLES: dict[str, type[msgspec.Struct]] = {
    "canonical": _TargetTable,
    "moves": _MoveTable,
    "source_roots": _RootTable,
    "gates": _GateTable,
}


@dataclass(frozen=True)
class SourceRoot:
    """A directory from which modules are named; ``package`` is put before the names of what is in it."""

    path: str
    package: str = ""


@dataclass(frozen=True)
class Gate:
    """A command of the user's that must hold on the result before the branch is published."""

    name: str
    run: str
    """For the shell."""
    compare: bool = False
    """Whether it runs on the base too, so that only what is newly broken fails."""
    junit: str | None = None
    """Where, in the working tree, the command writes a report in JUnit's XML."""
    timeout: float = 3600
    """Seconds."""


@dataclass(frozen=True)
class Recipe:
    """What to make canonical. ``source_roots`` None means: found from the files."""

    targets: tuple[Target, ...]
    moves: tuple[Move, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    source_roots: tuple[SourceRoot, ...] | None = None
    branch: str = "unshim/migration"
    documents: tuple[str, ...] = ()
    """Globs of documents for people that are rewritten too."""
    texts: frozenset[ReferenceKind] = frozenset()
    """Kinds of text in Python files that are rewritten although nothing looks them up."""
    deletes_path_tests: bool = False
    """Whether a test that is about nothing but the path of a shim goes together with the shim."""
    harmful: frozenset[str] = frozenset()
    """Kinds of effect that keep a shim from being deleted, although they are harmless by default."""
    gates: tuple[Gate, ...] = ()
    """In the order of the recipe."""
    enforce: tuple[Tool, ...] = ()
    """Tools whose configuration is told of the old paths."""
    origin: str = ""
    text: dict[str, object] = field(default_factory=dict, compare=False)
    """The table as it was read, for reports."""

    def modules(self) -> frozenset[str]:
        """All modules that the recipe names."""
        moves = (symbol.module for move in self.moves for symbol in (move.old, move.new) if symbol is not None)
        targets = (module for one in self.targets for module in (one.canonical, *one.homes, *one.shims))
        return frozenset((*moves, *targets))

    def canonical_modules(self) -> frozenset[str]:
        return frozenset(target.canonical for target in self.targets)

    def moved_modules(self) -> dict[str, str]:
        """Where modules of the repository are now, by the names that they had."""
        return {
            move.old.module: move.new.module
            for move in self.moves
            if move.old.is_module and move.new is not None and not move.external
        }

    def detection(self) -> Recipe:
        """The recipe as far as it says what is found; what is done about it left out."""
        return replace(self, branch="", gates=(), enforce=(), text={})

    @cached_property
    def _included(self) -> re.Pattern[str] | None:
        return _globs(self.include)

    @cached_property
    def _excluded(self) -> re.Pattern[str] | None:
        return _globs(self.exclude)

    @cached_property
    def _documents(self) -> re.Pattern[str] | None:
        return _globs(self.documents)

    def asks_for(self, path: str) -> bool:
        """Whether a document is to be rewritten that is left alone by default."""
        return self._documents is not None and self._documents.match(path) is not None

    def covers(self, path: str) -> bool:
        """Whether a file of the repository is looked at."""
        if self._included is not None and not self._included.match(path):
            return False
        return self._excluded is None or not self._excluded.match(path)


def _globs(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    """One expression for glob patterns; ``**`` crosses directories, and a directory means all below it."""
    if not patterns:
        return None
    expressions = []
    for pattern in patterns:
        text = pattern.removeprefix("./").rstrip("/")
        whole = "/".join(".*" if part == "**" else _component(part) for part in text.split("/"))
        expressions.append(whole.replace(".*/", "(?:.*/)?") + "(?:/.*)?")
    return re.compile("(?s:" + "|".join(f"(?:{expression})" for expression in expressions) + r")\Z")


def _component(glob: str) -> str:
    """A glob within one directory, as an expression that never matches a slash."""
    expression = ""
    for token in re.findall(r"\[!?\]?[^]]*\]|.", glob, re.DOTALL):
        match token:
            case "*":
                expression += "[^/]*"
            case "?":
                expression += "[^/]"
            case _:  # a character, or a set of them: [ab], [!a-c]
                expression += "(?!/)" + translate(token)[len("(?s:") : -len(r")\Z")]
    return expression


def load_recipe(file: Path | None, repository_root: Path) -> Recipe:
    """The recipe of a repository: the given file, else unshim.toml, else [tool.unshim] in pyproject.toml."""
    candidates = [file] if file is not None else [repository_root / FILE_NAME, repository_root / "pyproject.toml"]
    for candidate in candidates:
        if not candidate.is_file():
            continue
        table = _table(candidate)
        if table is not None:
            return read_recipe(table, str(candidate))
        if file is not None:
            raise _bad(str(candidate), "it has no [unshim] table", 'begin it with [unshim] and canonical = "a.b"')
    if file is not None:
        raise MigrateError(f"there is no recipe {file}", "write one with 'unshim init MODULE'")
    raise MigrateError(
        "there is no recipe: neither unshim.toml nor [tool.unshim] in pyproject.toml",
        "write one with 'unshim init MODULE', MODULE being the canonical module",
    )


def recipe_name(repository_root: Path) -> str | None:
    """The file at the top in which load_recipe() finds the recipe, right or wrong; None without one."""
    for name in (FILE_NAME, "pyproject.toml"):
        place = repository_root / name
        if place.is_file() and (name == FILE_NAME or _table(place) is not None):
            return name
    return None


def is_recipe(name: str, content: bytes) -> bool:
    """Whether a file of this name and content has a recipe, right or wrong."""
    try:
        return name == FILE_NAME or _table_of(Path(name), content) is not None
    except MigrateError:
        return False


def _table(path: Path) -> dict[str, object] | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _bad(str(path), f"it cannot be read: {error.strerror}", "check the file's rights") from error
    return _table_of(path, content)


def _table_of(path: Path, content: bytes) -> dict[str, object] | None:
    try:
        document = tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(str(path), f"it is no valid TOML: {error}", "see https://toml.io") from error
    holder = document.get("tool", {}) if path.name == "pyproject.toml" else document
    found = holder.get("unshim") if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else None


def read_recipe(table: dict[str, object], origin: str) -> Recipe:
    """A validated recipe. Raises MigrateError that names the key and what it should be."""
    try:
        raw = msgspec.convert(table, _Recipe)
    except msgspec.ValidationError as error:
        raise _bad(origin, _in_toml_words(str(error)), _hint(str(error))) from error
    moves = tuple(_move(old, new, raw.rename, origin) for old, new in raw.moves.items())
    followed = {move.old.name for move in moves if move.renames_uses}
    raw.rename = {alias: name for alias, name in raw.rename.items() if alias not in followed}
    if isinstance(raw.canonical, list):
        _check_no_shared_keys(raw, origin)
    targets = _targets(raw, origin)
    if not targets and not moves:
        raise _bad(origin, "it names neither a canonical module nor moves", 'add canonical = "package.module"')
    _check_moves(moves, origin)
    if not targets:
        for key in ("symbols", "homes", "shims", "repairs", "rename"):
            if getattr(raw, key):
                hint = "take it out; a rename needs the move of a name to another name"
                raise _bad(origin, f"{key} belongs to a canonical module, and the recipe names none", hint)
    roots = None
    if raw.source_roots is not None:
        roots = tuple(_root(entry, origin) for entry in raw.source_roots)
    for pattern in (*raw.include, *raw.exclude):
        _inside(pattern, "include and exclude", origin)
    for pattern in raw.documents:
        _inside(pattern, "documents", origin)
    branch = raw.branch or next((t.branch for t in _tables(raw) if t.branch), None) or _branch(targets)
    return Recipe(
        targets,
        moves,
        tuple(raw.include),
        tuple(raw.exclude),
        roots,
        branch,
        tuple(raw.documents),
        frozenset(_text_kind(kind, origin) for kind in raw.texts),
        _deletes_path_tests(raw.path_tests, origin),
        frozenset(_harmful(kind, origin) for kind in raw.harmful),
        tuple(_gate(name, entry, origin) for name, entry in raw.gates.items()),
        tuple(_tool(name, origin) for name in raw.enforce),
        origin,
        table,
    )


def _text_kind(kind: str, origin: str) -> ReferenceKind:
    if kind not in TEXT_KINDS:
        raise _bad(origin, f"texts: {kind!r} is no kind of text", f"the kinds are {', '.join(sorted(TEXT_KINDS))}")
    return ReferenceKind(kind)


def _harmful(kind: str, origin: str) -> str:
    if kind not in HARMFUL_KINDS:
        near = _near(kind, HARMFUL_KINDS)
        hint = f"did you mean {near[0]}?" if near else f"the kinds are {', '.join(HARMFUL_KINDS)}"
        raise _bad(origin, f"harmful: {kind!r} is no kind of effect", hint)
    return kind


def _tool(name: str, origin: str) -> Tool:
    known = [tool.value for tool in Tool]
    if name not in known:
        near = _near(name, known)
        hint = f"did you mean {near[0]}?" if near else f"the tools are {', '.join(known)}"
        raise _bad(origin, f"enforce: {name!r} is no tool that can be told", hint)
    return Tool(name)


def _deletes_path_tests(word: str, origin: str) -> bool:
    if word not in ("keep", "delete"):
        raise _bad(origin, f"path_tests: {word!r} is neither 'keep' nor 'delete'", 'write path_tests = "delete"')
    return word == "delete"


def _gate(name: str, entry: str | _GateTable, origin: str) -> Gate:
    table = _GateTable(entry) if isinstance(entry, str) else entry
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise _bad(origin, f"gates: {name!r} is no name of a gate", "use letters, digits, _ and - only")
    if not table.run.strip() or "\0" in table.run:
        raise _bad(origin, f"gates: {name} has no command", 'write it as the shell takes it: run = "pytest -q tests"')
    if not 0 < table.timeout < math.inf:
        raise _bad(origin, f"gates: the timeout of {name} is {table.timeout:g}", "give it in seconds, more than 0")
    if table.junit is not None:
        _inside(table.junit, f"gates: junit of {name}", origin)
        if not table.junit.strip("./") or table.junit.endswith("/") or "\0" in table.junit:
            raise _bad(origin, f"gates: junit of {name}: {table.junit!r} is no file", 'name it: junit = "report.xml"')
    return Gate(name, table.run, table.compare, table.junit, table.timeout)


def _check_no_shared_keys(raw: _Recipe, origin: str) -> None:
    """With several canonical modules, what belongs to one of them stands in its own table."""
    for key in ("symbols", "homes", "shims", "repairs", "rename"):
        if getattr(raw, key):
            raise _bad(origin, f"{key} stands beside [[unshim.canonical]] tables", "put it into one of the tables")


def _tables(raw: _Recipe) -> list[_TargetTable]:
    if isinstance(raw.canonical, list):
        return raw.canonical
    if raw.canonical is None:
        return []
    return [_TargetTable(raw.canonical, raw.symbols, raw.homes, raw.shims, raw.repairs, raw.rename)]


def _targets(raw: _Recipe, origin: str) -> tuple[Target, ...]:
    targets = []
    for table in _tables(raw):
        for key, names in (("canonical", [table.canonical]), ("homes", table.homes), ("shims", table.shims)):
            for name in names:
                if not is_dotted_name(name):
                    raise _bad(origin, f"{key}: {name!r} is no module name", "write it as package.module")
        if table.canonical in table.shims or table.canonical in table.homes:
            raise _bad(origin, f"{table.canonical} is canonical and in shims or homes too", "take it out there")
        targets.append(
            Target(
                table.canonical,
                None if table.symbols is None else tuple(table.symbols),
                tuple(table.homes),
                tuple(shim for shim in table.shims if shim not in table.homes),  # a home is the user's later word
                table.repairs,
                dict(table.rename),
            )
        )
    names = [target.canonical for target in targets]
    if len(set(names)) < len(names):
        raise _bad(origin, "a canonical module is named twice", "give each one table")
    return tuple(targets)


def _move(old: str, new: str | _MoveTable, rename: Mapping[str, str], origin: str) -> Move:
    to, external = (new, False) if isinstance(new, str) else (new.to, new.external)
    try:
        source = parse_symbol(old)
        target = None if to == "keep" else parse_symbol(to)
    except InvalidSymbolError as error:
        raise _bad(
            origin, f"moves: {str(error)!r} is no symbol", "write package.module or package.module:Name"
        ) from error
    if target is not None and source.is_module and not target.is_module:
        raise _bad(origin, f"moves: the module {old} cannot become the name {to}", "move its names one by one")
    if target is not None and not source.is_module and target.is_module:
        raise _bad(
            origin,
            f"moves: the name {old} cannot become the module {to}",
            f"did you mean {to}:{source.name}?",
        )
    if source == target:
        raise _bad(origin, f"moves: {old} moves to itself", "take the line out")
    new_name = None if target is None else target.name
    follows = source.name is not None and new_name is not None and rename.get(source.name) == new_name
    return Move(source, target, external, follows)


def _check_moves(moves: tuple[Move, ...], origin: str) -> None:
    """Moves are one step each: a target that moves on itself would make the result depend on the order."""
    olds = {move.old for move in moves}
    for move in moves:
        if move.new is not None and move.new in olds:
            raise _bad(
                origin,
                f"moves: {move.old} moves to {move.new}, which moves itself",
                "name the final place in both",
            )


def _root(entry: str | _RootTable, origin: str) -> SourceRoot:
    root = SourceRoot(entry) if isinstance(entry, str) else SourceRoot(entry.path, entry.package)
    _inside(root.path, "source_roots", origin)
    if root.package and not is_dotted_name(root.package):
        raise _bad(origin, f"source_roots: {root.package!r} is no package name", "write it as a.b.c")
    path = root.path.rstrip("/")
    return SourceRoot("" if path in (".", "") else path.removeprefix("./"), root.package)


def _inside(path: str, key: str, origin: str) -> None:
    if path.startswith("/") or ".." in path.split("/"):
        raise _bad(
            origin,
            f"{key}: {path!r} leads outside the repository",
            "write it relative to the repository's root",
        )


def _branch(targets: tuple[Target, ...]) -> str:
    if not targets:
        return "unshim/moves"
    return "unshim/" + last(targets[0].canonical).strip("_").replace("_", "-")


_TOML_WORDS = {
    "object": "a table",
    "array": "a list",
    "str": "a string",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
}


def _in_toml_words(message: str) -> str:
    """The validator's complaint as a person who writes TOML would put it: ``homes: expected a list, got a string``."""
    complaint, _, place = message.partition(" - at `$.")
    complaint = complaint.replace("Object contains unknown field", "unknown key")
    complaint = complaint.replace("Object missing required field", "missing key").replace("Expected", "expected")
    types = re.sub(r"`([\w| ]+)`", lambda found: _alternatives(found[1]), complaint)
    return f"{place.partition('[')[0].rstrip('`')}: {types}" if place else types


def _alternatives(types: str) -> str:
    return " or ".join(_TOML_WORDS.get(name, name) for name in types.split(" | ") if name != "null")


def _hint(message: str) -> str:
    """The nearest known key for an unknown one."""
    unknown = re.search(r"unknown field `([^`]+)`", message)
    if unknown is None:
        return "see the recipe in the README"
    place = re.search(r" at `\$\.(\w+)", message)
    keys = _INNER_TABLES.get(place[1] if place else "", _Recipe).__struct_fields__
    near = _near(unknown[1], keys)
    if near:
        return f"did you mean {near[0]}?"
    quotes = '; an old path is written in quotes: "package.module"' if "to" in keys else ""
    return "the keys are " + ", ".join(keys) + quotes


def _bad(origin: str, message: str, hint: str) -> MigrateError:
    return MigrateError(f"{origin}: {message}", hint, ExitCode.SITUATION)


__all__ = [
    "BASELINE_NAME",
    "FILE_NAME",
    "Gate",
    "Recipe",
    "SourceRoot",
    "Symbol",
    "is_recipe",
    "load_recipe",
    "read_recipe",
    "recipe_name",
]


def _near(name: str, known: Iterable[str]) -> list[str]:
    """The known name that may be meant."""
    from difflib import get_close_matches  # late: as a rule there is nothing to ask

    return get_close_matches(name, list(known), 1)
