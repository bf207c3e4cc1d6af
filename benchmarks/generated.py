"""Writes a generated repository, the same for the same seed: packages, tests, and one manager with many addresses.

    .venv/bin/python benchmarks/generated.py FOLDER --files 10000 [--seed N] [--references 4]

About 30% of the files mention a word that unshim looks for, 2% (times --references) have references, 1% do not parse;
half of the files are 5 to 18 kB long. A smaller repository is the beginning of a larger one. It is written bare.
"""

from __future__ import annotations

import argparse
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RECIPE = """[unshim]
canonical = "harbor.messaging.manager"
homes = ["harbor.messaging.types"]
branch = "unshim/manager"
"""
_GROUP, _MODULES, _AREA = 40, 24, 25
"""Files in a package with its tests, modules among them, and packages in an area."""

_MESSAGING = {
    "harbor/__init__.py": '"""Harbor."""\n',
    "harbor/messaging/__init__.py": "from .manager import broadcast\nfrom .unified import ConnectionManager\n",
    "harbor/messaging/types.py": "class Connection:\n    open = True\n",
    "harbor/messaging/manager.py": """\
from harbor.messaging.types import Connection

__all__ = ["Connection", "ConnectionManager", "broadcast", "get_connection_manager"]


class ConnectionManager:
    def connect(self) -> Connection:
        return Connection()


_manager = ConnectionManager()


def get_connection_manager() -> ConnectionManager:
    return _manager


def broadcast(message: str) -> int:
    return len(message)
""",
    "harbor/messaging/unified.py": """\
\"\"\"Compatibility: the address before the last clean-up.\"\"\"

from harbor.messaging.manager import Connection, ConnectionManager, broadcast, get_connection_manager

UnifiedConnectionManager = ConnectionManager

__all__ = ["Connection", "ConnectionManager", "UnifiedConnectionManager", "broadcast", "get_connection_manager"]
""",
    "harbor/messaging/compat.py": "from .unified import *\nfrom .unified import ConnectionManager as LegacyManager\n",
    "harbor/messaging/canonical_imports.py": "from harbor.messaging.unified import ConnectionManager, broadcast\n",
    "harbor/messaging/factory.py": """\
from harbor.messaging.compat import ConnectionManager, LegacyManager, get_connection_manager


def make_manager() -> ConnectionManager:
    return get_connection_manager()
""",
}

_REFERENCES = (  # (statement, what uses it)
    ("from harbor.messaging.unified import ConnectionManager", "ConnectionManager().connect()"),
    ("from harbor.messaging.unified import (\n    Connection,  # kept\n    broadcast,\n)", "broadcast(Connection)"),
    ("from harbor.messaging import ConnectionManager, broadcast", "broadcast(ConnectionManager)"),
    ("from harbor.messaging.canonical_imports import broadcast", 'broadcast("ready")'),
    ("from harbor.messaging.compat import LegacyManager", "LegacyManager().connect()"),
    ("from harbor.messaging.factory import ConnectionManager, make_manager", "make_manager().connect()"),
    ("import harbor.messaging.unified as hub", "hub.get_connection_manager()"),
    ("import harbor.messaging.compat", "harbor.messaging.compat.ConnectionManager()"),
    ("import importlib", 'importlib.import_module("harbor.messaging.unified").broadcast("ready")'),
    ("import logging", "from harbor.messaging.unified import get_connection_manager\n    get_connection_manager()"),
)
_RELATIVE = ("from ...messaging.unified import get_connection_manager", "get_connection_manager().connect()")
_PATCHING = """\
from unittest.mock import patch


@patch("harbor.messaging.unified.get_connection_manager")
def test_{name}_uses_the_manager(get_connection_manager):
    from harbor.messaging.unified import get_connection_manager as found

    assert found() is get_connection_manager.return_value
"""
_MENTIONS = (
    "# not a ConnectionManager: {noun} entries are short-lived",
    'MANAGER = "the {noun} manager speaks to messaging"',
    "from harbor.messaging.manager import ConnectionManager",
    "from harbor.messaging.manager import broadcast, get_connection_manager",
    "# the compat layer of messaging had a second {noun} here",
)

_NOUNS = (
    "anchor", "beacon", "berth", "buoy", "cargo", "chart", "crane", "crew", "dock", "ferry", "freight", "hatch",
    "invoice", "jetty", "ledger", "lantern", "mooring", "pallet", "pilot", "quay", "rudder", "signal", "tariff", "tide",
)  # fmt: skip
_VERBS = ("assign", "check", "collect", "compare", "convert", "order", "release", "reserve", "settle", "weigh")
_SNIPPETS = (
    '''
@dataclass
class {Noun}{Other}{number}:
    """A {noun} and the {other} that belongs to it."""

    identifier: int
    {noun}_name: str = "{noun}-{number}"
    {other}_weight: float = {number}.5
    remarks: tuple[str, ...] = ()

    def {verb}(self, {third}: dict[str, float]) -> float:
        """The weight of the {other}, with what the {third} adds; never less than nothing."""
        extra = sum(value for key, value in {third}.items() if key.startswith(self.{noun}_name))
        if not self.remarks and extra > {number}:
            raise ValueError(f"{{self.{noun}_name}} is too heavy: {{extra}}")
        return max(0.0, self.{other}_weight + extra)

    def described(self) -> str:
        return f"{noun} {{self.identifier}} ({{self.{noun}_name}}): " + ", ".join(self.remarks)
''',
    '''
def {verb}_{noun}_{number}({noun}s: list[dict[str, object]], limit: int = {number}) -> dict[str, int]:
    """How many {other} entries each {noun} has; those beyond the limit are left out.

    A {noun} without a {other} counts once, for the {third} has to be paid all the same.
    """
    counts: dict[str, int] = {{}}
    for position, {noun} in enumerate({noun}s):
        name = str({noun}.get("{noun}", f"{other}-{{position}}"))
        entries = {noun}.get("{other}")
        if not isinstance(entries, list):
            counts[name] = counts.get(name, 0) + 1
            continue
        for entry in entries:
            if entry in ("{third}", None) or len(counts) >= limit:
                break
            counts[name] = counts.get(name, 0) + len(str(entry))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
''',
    '''
async def {verb}_every_{noun}_{number}(source: object, {other}: str, attempts: int = 3) -> list[str]:
    """Ask the source for each {noun}, and again if the {third} was not ready."""
    found: list[str] = []
    for attempt in range(attempts):
        try:
            async for {noun} in source.{verb}({other}, page=attempt):
                found.append(f"{{{noun}}}/{{{other}}}")
        except (ConnectionError, TimeoutError) as error:
            logger.warning("{noun} %s: attempt %d failed: %s", {other}, attempt, error)
            await asyncio.sleep(0.1 * 2**attempt)
        else:
            break
    return [one for one in found if one and not one.startswith("{third}")]
''',
)
_HEADER = "import asyncio\nimport logging\nfrom dataclasses import dataclass\n"


@dataclass(frozen=True)
class Shape:
    """What a generated repository is like: Python files, the seed, and how many times as many have references."""

    files: int
    seed: int = 0
    references: int = 1


def write_repository(folder: Path, shape: Shape) -> None:
    """Make a bare repository with one commit. Nothing is written beside it, and no index."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], check=True)
    command = ["git", "-C", str(folder), "fast-import", "--quiet", "--depth=0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        person = "benchmark <benchmark@example.org> 1700000000 +0000"
        process.stdin.write(f"commit refs/heads/main\ncommitter {person}\ndata 9\ngenerated\n".encode())
        for path, text in files(shape):
            data = text.encode()
            process.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    if process.returncode:
        raise SystemExit(f"git fast-import exits {process.returncode}")


def files(shape: Shape) -> Iterator[tuple[str, str]]:
    """Path and text of each file: the Python files that are asked for, and one document for each package."""
    yield "unshim.toml", RECIPE
    yield from _MESSAGING.items()
    pool = _pool(shape.seed)
    for index in range(shape.files - len(_MESSAGING)):
        if index % _GROUP == 0:
            number = index // _GROUP
            yield f"docs/part_{number}.md", f"# Part {number}\n\nIts managers are those of harbor.messaging.\n"
        path = _path(index)
        yield path, "" if path.endswith("__init__.py") else _module(shape, index, pool)


def _path(index: int) -> str:
    """Where the file of a number lies: a package begins with its ``__init__`` and ends with its tests."""
    group, place = divmod(index, _GROUP)
    area = f"{_NOUNS[group // _AREA % len(_NOUNS)]}_{group // _AREA}"
    if place == 1 and group % _AREA == 0:
        return f"harbor/{area}/__init__.py"
    if place > _MODULES:
        return f"tests/{area}/part_{group}/test_{_name(index)}.py"
    return f"harbor/{area}/part_{group}/{_name(index) if place else '__init__'}.py"


def _name(index: int) -> str:
    return f"{_NOUNS[index % len(_NOUNS)]}_{index}"


def _module(shape: Shape, index: int, pool: list[str]) -> str:
    chance = random.Random(f"{shape.seed}-{index}")
    is_test = _path(index).startswith("tests/")
    imports, uses, end = [_HEADER], ["logger.debug(__name__)"], ""
    for other in sorted(chance.sample(range(index), min(index, 4))):
        if 1 < other % _GROUP <= _MODULES:  # an earlier module: no cycles
            imports.append(f"from {_path(other).removesuffix('.py').replace('/', '.')} import start_{other}")
            uses.append(f"start_{other}()")
    if index % _GROUP > 2 and not is_test and chance.random() < 0.2:
        imports.append(f"from .{_name(index - 1)} import start_{index - 1}")
    refers = chance.random()
    drawn = chance.sample(_REFERENCES, 3)  # drawn for all, so that the rest is the same whatever the references
    if refers < 0.02 * shape.references:
        for statement, use in drawn[: 1 + int(refers * 1000) % 3]:
            imports.append(statement)
            uses.append(use)
        if is_test:
            end = "\n\n" + _PATCHING.format(name=_name(index))
        elif index % 3 == 0:
            imports.append(_RELATIVE[0])
            uses.append(_RELATIVE[1])
    elif refers > 0.74:
        imports.append(chance.choice(_MENTIONS).format(noun=_NOUNS[index % len(_NOUNS)]))
    body = chance.sample(pool, min(90, max(1, int(chance.lognormvariate(2.6, 0.8)))))
    if chance.random() < 0.01:
        end += "\n\ndef unfinished(:\n"
    start = f"\n\ndef start_{index}() -> None:\n    " + "\n    ".join(uses) + "\n"
    return "\n".join([*imports, "\nlogger = logging.getLogger(__name__)\n", *body, start + end])


def _pool(seed: int) -> list[str]:
    """Classes and functions of which the files are put together; each has a name of its own."""
    chance = random.Random(seed)
    pool = []
    for number in range(500):
        noun, other, third = chance.sample(_NOUNS, 3)
        words = {"noun": noun, "other": other, "third": third, "verb": chance.choice(_VERBS), "number": number}
        pool.append(chance.choice(_SNIPPETS).format(**words, Noun=noun.title(), Other=other.title()))
    return pool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--references", type=int, default=1, help="how many times as many files have references")
    given = parser.parse_args()
    write_repository(given.folder, Shape(given.files, given.seed, given.references))


if __name__ == "__main__":
    main()
