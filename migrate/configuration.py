"""Configuration files of other tools, at the top of a repository: which one a tool reads, and what it says there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from migrate.repository import REGULAR_MODES
from migrate.snapshots import Files

if TYPE_CHECKING:
    import configparser

RUFF_FILES = (".ruff.toml", "ruff.toml")
PYPROJECT = "pyproject.toml"
LINTER_FILES = ("setup.cfg", ".importlinter")
HOOKS_FILE = ".pre-commit-config.yaml"
CONTRACT_ID = "unshim-old-paths"
"""By what the contract for import-linter is known that unshim writes."""


class Tool(StrEnum):
    """What can be told to refuse old paths."""

    RUFF = "ruff"
    IMPORT_LINTER = "import-linter"
    PRE_COMMIT = "pre-commit"


@dataclass(frozen=True)
class ConfigFile:
    """A file as the commit has it; ``is_regular`` is False for a link."""

    mode: str
    content: bytes
    is_regular: bool = True


@dataclass(frozen=True)
class LinterPlace:
    """Where import-linter reads its configuration, and the root packages that it names."""

    path: str
    roots: tuple[str, ...] | None
    """None where no configuration is there."""

    @property
    def is_toml(self) -> bool:
        return self.path == PYPROJECT


def read_configuration(files: Files, commit: str) -> dict[str, ConfigFile]:
    """The files by their names; one whose content this clone does not have is left out."""
    names = {*RUFF_FILES, PYPROJECT, *LINTER_FILES, HOOKS_FILE}
    found = [entry for entry in files.entries(commit) if entry.path in names]
    contents = zip(found, files.read(entry.oid for entry in found), strict=True)
    return {
        entry.path: ConfigFile(entry.mode, content, entry.mode in REGULAR_MODES)
        for entry, content in contents
        if content is not None
    }


def ruff_file(configuration: Mapping[str, ConfigFile]) -> str:
    """The file that ruff reads; where there is none yet, the one in which its settings belong."""
    own = next((name for name in RUFF_FILES if name in configuration), None)
    return own or (PYPROJECT if PYPROJECT in configuration else RUFF_FILES[1])


def linter_place(configuration: Mapping[str, ConfigFile]) -> LinterPlace:
    """Where import-linter reads: it takes the first file that has a section for it."""
    for name in LINTER_FILES:
        if name in configuration:
            parser = ini(configuration[name].content)
            if parser is not None and parser.has_section("importlinter"):
                section = parser["importlinter"]
                roots = section.get("root_packages", section.get("root_package", "")).split()
                return LinterPlace(name, tuple(roots))
    settings = (
        table(toml(configuration[PYPROJECT].content), "tool", "importlinter") if PYPROJECT in configuration else {}
    )
    if settings:
        several, single = settings.get("root_packages"), settings.get("root_package")
        roots = [str(one) for one in several] if isinstance(several, list) else [str(single)] if single else []
        return LinterPlace(PYPROJECT, tuple(roots))
    return LinterPlace(PYPROJECT if PYPROJECT in configuration else LINTER_FILES[1], None)


def ini(content: bytes) -> configparser.ConfigParser | None:
    """A file as import-linter reads it; None if it is none."""
    import configparser  # late: few commands read one

    parser = configparser.ConfigParser()
    try:
        parser.read_string(content.decode("utf-8"))
    except (configparser.Error, UnicodeDecodeError):
        return None
    return parser


def toml(content: bytes) -> dict[str, object]:
    """The tables of a file; none if it is no valid TOML."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def table(value: object, *keys: str) -> dict[str, object]:
    """The table at a path of keys; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
