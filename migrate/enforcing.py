"""Enforcing: the bans put into a repository's own configuration, where its tools find them; text in, text out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrate.configuration import (
    CONTRACT_ID,
    HOOKS_FILE,
    PYPROJECT,
    ConfigFile,
    LinterPlace,
    Tool,
    ini,
    linter_place,
    ruff_file,
    table,
)
from migrate.exports import (
    LINTER_NOTE,
    MARK,
    RUFF_NOTE,
    linter_contract,
    linter_ignored,
    linter_modules,
    linter_roots,
    linter_section,
    ruff_entries,
    ruff_header,
    ruff_line,
)
from migrate.plan import Bans, Hindrance

if TYPE_CHECKING:
    import yaml

HOOK = (
    "- id: unshim",
    "  name: no old import paths",
    "  entry: unshim check --staged",
    "  language: system",
    "  pass_filenames: false",
    "  always_run: true",
)
_RULE = "TID251"
_NEW_MODE = "100644"


@dataclass(frozen=True)
class Addition:
    """One configuration file before and after; ``before`` is None for a new one."""

    path: str
    mode: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True)
class Enforced:
    """What all tools together need."""

    additions: tuple[Addition, ...] = ()
    hindrances: tuple[Hindrance, ...] = ()


class _NotCertainError(Exception):
    """The text cannot be changed so that it is proved to say what it said before, and the addition."""


def enforce(
    configuration: Mapping[str, ConfigFile], tools: Iterable[Tool], bans: Bans, is_right: Callable[[str, str], bool]
) -> Enforced:
    """The additions for these tools.

    ``is_right`` says of a dotted path, and of what was to be used instead, whether it is no old path any more.
    An entry that unshim wrote earlier stays until then, above all where nothing has the path: that is what it is for.
    """
    texts: dict[str, str] = {}
    hindrances: list[Hindrance] = []
    for tool in dict.fromkeys(tools):
        place = linter_place(configuration)
        path = {Tool.RUFF: ruff_file(configuration), Tool.IMPORT_LINTER: place.path, Tool.PRE_COMMIT: HOOKS_FILE}[tool]
        try:
            text = texts[path] if path in texts else _text(configuration.get(path))
            match tool:
                case Tool.RUFF:
                    texts[path] = with_ruff(text, path, bans, is_right)
                case Tool.IMPORT_LINTER:
                    texts[path] = with_contract(text, place, bans)
                case Tool.PRE_COMMIT:
                    texts[path] = with_hook(text)
        except _NotCertainError as error:
            how = "add the hook by hand" if tool is Tool.PRE_COMMIT else f"add what 'unshim export {tool}' prints"
            remedy = f"{how}, and take {tool} out of 'enforce'"
            hindrances.append(Hindrance(path, f"{tool} cannot be told in {path}: {error}", remedy))
    additions = []
    for path in sorted(texts):
        known = configuration.get(path)
        after = texts[path].encode("utf-8")
        if after != (b"" if known is None else known.content):
            mode, before = (_NEW_MODE, None) if known is None else (known.mode, known.content)
            additions.append(Addition(path, mode, before, after))
    return Enforced(tuple(additions), tuple(hindrances))


def _text(file: ConfigFile | None) -> str:
    if file is None:
        return ""
    if not file.is_regular:
        raise _NotCertainError("it is a symbolic link")
    try:
        return file.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _NotCertainError("it is not UTF-8") from error


# lines


def _lines(text: str) -> list[str]:
    """Lines with their ends; only LF ends one, as in TOML, CR belongs to the end."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _ended(lines: Iterable[str], end: str) -> list[str]:
    return [line + end for line in lines]


def _appended(text: str, lines: Sequence[str]) -> str:
    """The lines behind the text, parted from it by an empty line."""
    end = _end(text)
    if not text:
        return "".join(_ended(lines, end))
    gap = "" if text.endswith("\n") else end
    gap += "" if (text + gap).endswith((end * 2, "\n\n")) else end
    return text + gap + "".join(_ended(lines, end))


def _header(line: str) -> object:
    """What a line defines by itself if it is a TOML header; None if it is none."""
    if not line.lstrip().startswith("["):
        return None
    try:
        return tomllib.loads(line.rstrip("\r\n"))
    except tomllib.TOMLDecodeError:
        return None


def _says(line: str) -> bool:
    """Whether a line is more than space and comment."""
    return not line.strip().startswith("#") and bool(line.strip())


def _section(lines: Sequence[str], header: str) -> tuple[int, int] | None:
    """Where a table begins (its header) and its last entry ends, as line numbers; None if no line is this header."""
    wanted = tomllib.loads(header)
    for start, line in enumerate(lines):
        if _header(line) == wanted and line.lstrip().startswith("[[") == header.startswith("[["):
            return start, _last_entry(lines, start, lambda other: _header(other) is not None)
    return None


def _last_entry(lines: Sequence[str], start: int, is_header: Callable[[str], bool]) -> int:
    end = start + 1
    for number in range(start + 1, len(lines)):
        if is_header(lines[number]):
            break
        if _says(lines[number]):
            end = number + 1
    return end


# TOML


def _parsed(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _NotCertainError(f"it is no valid TOML: {error}") from error


def _proved(after: str, expected: dict[str, object]) -> str:
    """The new text, if it says what it should and nothing else."""
    try:
        found = tomllib.loads(after)
    except tomllib.TOMLDecodeError as error:
        raise _NotCertainError("its layout has no place for the addition") from error
    if found != expected:
        raise _NotCertainError("its layout has no place for the addition")
    return after


def _with(document: Mapping[str, object], keys: Sequence[str], value: object) -> dict[str, object]:
    """A copy of a document in which the value stands at a path of keys; None takes the key away."""
    copy = dict(document)
    if len(keys) > 1:
        copy[keys[0]] = _with(table(copy, keys[0]), keys[1:], value)
    elif value is None:
        copy.pop(keys[0], None)
    else:
        copy[keys[0]] = value
    return copy


# ruff


def with_ruff(text: str, file: str, bans: Bans, is_right: Callable[[str, str], bool]) -> str:
    """A file of ruff's with the bans, and with the rule that looks at them."""
    top = ("tool", "ruff") if file == PYPROJECT else ()
    document = _parsed(text)
    keys = (*top, "lint", "flake8-tidy-imports", "banned-api")
    known = table(document, *keys)
    if table(document, *top, "flake8-tidy-imports", "banned-api"):
        raise _NotCertainError("its banned-api table stands outside of 'lint', where ruff no longer wants it")
    ours = {path: message for path, entry in known.items() if (message := _own_message(entry)) is not None}
    wanted = {
        path: message for path, message in ruff_entries(bans.entries).items() if path in ours or path not in known
    }
    unnamed = {ban.old.dotted for ban in bans.entries if ban.new is None}
    stays = {
        path: message
        for path, message in ours.items()
        if path in unnamed
        or (path not in wanted and not is_right(path, message.removeprefix("use ").partition(" ")[0]))
    }
    final = wanted | stays
    after = text
    if final != ours:
        others = {path: entry for path, entry in known.items() if path not in ours}
        expected = _with(document, keys, others | {path: {"msg": message} for path, message in final.items()})
        after = _proved(_with_entries(text, ruff_header(file), final), expected)
    return _with_rule(after, file, top) if final else after


def _own_message(entry: object) -> str | None:
    """The message of an entry that unshim wrote."""
    message = entry.get("msg") if isinstance(entry, dict) and len(entry) == 1 else None
    return message if isinstance(message, str) and message.endswith(MARK) else None


def _with_entries(text: str, header: str, final: Mapping[str, str]) -> str:
    """The text in which unshim's own lines are these: changed in place, taken out, added behind the last entry."""
    end = _end(text)
    left = dict(final)
    lines: list[str] = []
    for line in _lines(text):
        own = _own_line(line)
        if own is None:
            lines.append(line)
        elif own[0] in left:
            path, message = own[0], left.pop(own[0])
            lines.append(line if message == own[1] else ruff_line(path, message) + end)
    added = [ruff_line(path, message) for path, message in left.items()]
    if not added:
        return "".join(lines)
    section = _section(lines, header)
    if section is None:
        return _appended("".join(lines), [*RUFF_NOTE, header, *added])
    return _inserted(lines, section[1], added, end)


def _inserted(lines: list[str], at: int, added: Iterable[str], end: str) -> str:
    """The text with lines put in front of the one with the number ``at``."""
    before = "".join(lines[:at])
    if before and not before.endswith("\n"):
        before += end
    return before + "".join(_ended(added, end)) + "".join(lines[at:])


def _own_line(line: str) -> tuple[str, str] | None:
    """(path, message) of a line that is an entry of unshim's."""
    if MARK not in line:
        return None
    try:
        found = tomllib.loads(line.rstrip("\r\n"))
    except tomllib.TOMLDecodeError:
        return None
    for path, entry in found.items():
        message = _own_message(entry)
        if message is not None and len(found) == 1:
            return path, message
    return None


def _with_rule(text: str, file: str, top: tuple[str, ...]) -> str:
    document = _parsed(text)
    lint, old = table(document, *top, "lint"), table(document, *top)
    for place in (lint, old):
        for key in ("ignore", "extend-ignore"):
            if _RULE in _names(place.get(key)):
                raise _NotCertainError(f"'{key}' has {_RULE}")
    selected = [name for place in (lint, old) for key in ("select", "extend-select") for name in _names(place.get(key))]
    if any(name == "ALL" or (name.startswith("TID") and _RULE.startswith(name)) for name in selected):
        return text
    extended = [*_names(lint.get("extend-select")), _RULE]
    expected = _with(document, (*top, "lint", "extend-select"), extended)
    header = "[" + ".".join((*top, "lint")) + "]"
    if "extend-select" in lint:
        return _proved(_with_element(text, (*top, "lint", "extend-select")), expected)
    lines, line = _lines(text), f'extend-select = ["{_RULE}"]'
    section = _section(lines, header)
    if section is not None:
        return _proved(_inserted(lines, section[1], [line], _end(text)), expected)
    table_of_bans = _section(lines, ruff_header(file))
    if table_of_bans is None:
        return _proved(_appended(text, [header, line]), expected)
    start = table_of_bans[0]
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return _proved(_inserted(lines, start, [header, line, ""], _end(text)), expected)


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _with_element(text: str, keys: Sequence[str]) -> str:
    """The text with the rule at the end of a list, however that is laid out."""
    import tomlkit
    from tomlkit.items import Array

    document = tomlkit.parse(text)
    item = table(document, *keys[:-1]).get(keys[-1])
    if not isinstance(item, Array) or tomlkit.dumps(document) != text:
        raise _NotCertainError("its layout has no place for the addition")
    item.append(_RULE)
    after = tomlkit.dumps(document)
    if "\r\n" in text:
        after = re.sub(r"(?<!\r)\n", "\r\n", after)
    return after


# import-linter


def with_contract(text: str, place: LinterPlace, bans: Bans) -> str:
    """A configuration of import-linter with the contract about the modules that are still there; or without it."""
    roots = linter_roots(bans, place)
    modules = linter_modules(bans, roots)
    lines = linter_contract(modules, linter_ignored(bans, modules, roots), toml=place.is_toml) if modules else []
    document = _parsed(text) if place.is_toml else _ini_sections(text)
    after = _with_block(text, lines, place, roots)
    if after == text:
        return text
    if not place.is_toml:
        found = _ini_sections(after)
        section = f"importlinter:contract:{CONTRACT_ID}"
        wanted = _ini_sections("\n".join(lines) + "\n")
        if place.roots is None:
            wanted |= _ini_sections("\n".join(linter_section(roots, toml=False)) + "\n")
        if found != {name: entry for name, entry in document.items() if name != section} | wanted:
            raise _NotCertainError("its layout has no place for the addition")
        return after
    keys = ("tool", "importlinter")
    settings = table(document, *keys)
    wanted_contracts = _contracts(_parsed("\n".join(lines))) if lines else []
    known = _contracts(document)
    at = next((number for number, one in enumerate(known) if _is_ours(one)), len(known))
    contracts = [*known[:at], *wanted_contracts, *known[at + 1 :]]
    expected = _with(document, (*keys, "contracts"), contracts or None)
    if not settings:
        expected = _with(expected, (*keys, "root_packages"), list(roots))
    return _proved(after, expected)


def _contracts(document: Mapping[str, object]) -> list[object]:
    found = table(document, "tool", "importlinter").get("contracts")
    return list(found) if isinstance(found, list) else []


def _is_ours(contract: object) -> bool:
    return isinstance(contract, dict) and contract.get("id") == CONTRACT_ID


def _ini_sections(text: str) -> dict[str, object]:
    parser = ini(text.encode("utf-8"))
    if parser is None:
        raise _NotCertainError("it is no valid INI file")
    return {name: dict(parser[name]) for name in parser.sections()}


def _with_block(text: str, contract: list[str], place: LinterPlace, roots: Iterable[str]) -> str:
    """The text with the contract: replaced where it is, taken out, or added at the end."""
    lines = _lines(text)
    found = _block(lines, toml=place.is_toml)
    if found is None:
        if not contract:
            return text
        section = [] if place.roots is not None else [*linter_section(roots, toml=place.is_toml), ""]
        return _appended(text, [*section, *LINTER_NOTE, *contract])
    start, stop = found
    end = _end(text)
    if not contract:
        note = len(LINTER_NOTE)
        if start >= note and [line.rstrip("\r\n") for line in lines[start - note : start]] == list(LINTER_NOTE):
            start -= note
        if start and not lines[start - 1].strip():
            start -= 1
    known = [line.rstrip("\r\n") for line in lines[start:stop]]
    if known == contract:
        return text
    return "".join(lines[:start]) + "".join(_ended(contract, end)) + "".join(lines[stop:])


def _block(lines: Sequence[str], *, toml: bool) -> tuple[int, int] | None:
    """Where unshim's own contract stands, as line numbers."""
    for start, line in enumerate(lines):
        if not toml:
            if line.strip() == f"[importlinter:contract:{CONTRACT_ID}]":
                return start, _last_entry(lines, start, lambda other: other.startswith("["))
        elif _header(line) == {"tool": {"importlinter": {"contracts": [{}]}}}:
            stop = _last_entry(lines, start, lambda other: _header(other) is not None)
            try:
                contracts = _contracts(tomllib.loads("".join(lines[start:stop])))
            except tomllib.TOMLDecodeError:
                continue
            if any(_is_ours(one) for one in contracts):
                return start, stop
    return None


# pre-commit


def with_hook(text: str) -> str:
    """The hooks with one for unshim; unchanged if there is a hook of this id, whoever wrote it."""
    import yaml

    if not text.strip():
        return text + "".join(_ended(["repos:", *(f"  {line}" for line in _local_hook(2))], _end(text)))
    try:
        document: object = yaml.safe_load(text)
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _NotCertainError("it is no YAML that can be read safely") from error
    repositories = document.get("repos") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(repositories, list):
        raise _NotCertainError("it has no list 'repos'")
    if any(_has_hook(one) for one in repositories):
        return text
    repos = _node(tree, "repos")
    if not isinstance(repos, yaml.SequenceNode) or repos.flow_style or not repos.value:
        raise _NotCertainError("its 'repos' are no list with a line for each entry")
    lines = _lines(text)
    mark = _last_leaf(repos.value[-1]).end_mark
    indent = repos.start_mark.column
    at = mark.line if mark.column == 0 else mark.line + 1
    after = _inserted(lines, at, (" " * indent + line for line in _local_hook(2)), _end(text))
    added = yaml.safe_load("\n".join(_local_hook(2)))
    try:
        proved = yaml.safe_load(after) == {**document, "repos": [*repositories, *added]}
    except yaml.YAMLError:
        proved = False
    if not proved:
        raise _NotCertainError("its layout has no place for the hook")
    return after


def _local_hook(indent: int) -> list[str]:
    return ["- repo: local", " " * indent + "hooks:", *(" " * (2 * indent) + line for line in HOOK)]


def _has_hook(repository: object) -> bool:
    hooks = repository.get("hooks") if isinstance(repository, dict) else None
    return isinstance(hooks, list) and any(isinstance(one, dict) and one.get("id") == "unshim" for one in hooks)


def _node(tree: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key of a mapping."""
    import yaml

    pairs = tree.value if isinstance(tree, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _last_leaf(node: yaml.Node) -> yaml.Node:
    """The innermost last node: a block's own end lies behind the comments that follow it."""
    import yaml

    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node
