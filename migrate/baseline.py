"""Baseline: the violations that a repository is known to have; it fails for new ones, and for entries that are gone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from migrate.checking import Key, Violation, beyond
from migrate.errors import ExitCode, MigrateError

_SCHEMA = 1
_SHOWN = 5


class _Entry(msgspec.Struct, frozen=True):
    path: str
    kind: str
    symbol: str
    count: Annotated[int, msgspec.Meta(ge=1)]


class _Document(msgspec.Struct, frozen=True):
    schema: int
    entries: tuple[_Entry, ...]


@dataclass(frozen=True)
class Stale:
    """An entry that promises more violations than there are."""

    path: str
    kind: str
    symbol: str
    known: int
    found: int


def read_baseline(file: Path) -> Counter[Key] | None:
    """How often each violation is known; None where there is no file. Raises MigrateError for a malformed one."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise MigrateError(f"{file} cannot be read: {error}", "restore it from git") from error
    try:
        document = msgspec.convert(json.loads(text), _Document)
    except (ValueError, msgspec.ValidationError) as error:
        raise MigrateError(
            f"{file} is no baseline of unshim: {error}", "restore it from git, or write it anew with --write-baseline"
        ) from error
    if document.schema != _SCHEMA:
        raise MigrateError(
            f"{file} has schema {document.schema}, this unshim knows {_SCHEMA}",
            "use the unshim that wrote it, or restore it from git",
        )
    found: Counter[Key] = Counter()
    for one in document.entries:
        found[one.path, one.kind, one.symbol] += one.count
    return found


def compare(violations: Sequence[Violation], known: Counter[Key]) -> tuple[list[Violation], list[Stale]]:
    """The violations beyond the known ones, and the entries that are stale."""
    counts = Counter(one.key for one in violations)
    stale = [Stale(*key, known[key], counts[key]) for key in sorted(known) if counts[key] < known[key]]
    return beyond(violations, known), stale


def write_baseline(file: Path, violations: Iterable[Violation], *, force: bool) -> int:
    """Write the baseline, and return how many violations it knows.

    Raises MigrateError if it would grow, unless forced: what was cleaned up once must not come back unseen.
    """
    counts = Counter(one.key for one in violations)
    known = read_baseline(file)
    grown = [] if known is None or force else sorted(key for key in counts if counts[key] > known[key])
    if grown:
        places = "".join(f"\n    {path}: {kind} {symbol}" for path, kind, symbol in grown[:_SHOWN])
        more = f"\n    and {len(grown) - _SHOWN} more" if len(grown) > _SHOWN else ""
        raise MigrateError(
            f"the baseline would grow by:{places}{more}",
            "mend these, or accept them with --write-baseline --force",
            ExitCode.BLOCKED,
        )
    entries = [
        {"path": path, "kind": kind, "symbol": symbol, "count": number}
        for (path, kind, symbol), number in sorted(counts.items())
    ]
    text = json.dumps({"schema": _SCHEMA, "entries": entries}, indent=1, ensure_ascii=True) + "\n"
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MigrateError(
            f"{file} cannot be written: {error.strerror}", "name another file with --baseline"
        ) from error
    return counts.total()
