"""Documents: every other text file of a commit that names a path; what becomes of each, and its text afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codemods.document_forms import Role, decode_document, role_of
from codemods.documents import find_document
from codemods.mentions import Mentions
from codemods.ownership import Ownership
from codemods.references import Disposition, Reason, Reference, Unchecked, apply_edits
from migrate.configuration import CONTRACT_ID, LINTER_FILES, PYPROJECT, RUFF_FILES
from migrate.parallel import mapped
from migrate.project import NOTEBOOK_SUFFIX, SUFFIXES
from migrate.recipe import BASELINE_NAME, FILE_NAME, Recipe
from migrate.repository import REGULAR_MODES, Entry
from migrate.snapshots import Files

_OTHER_SUFFIXES = (*SUFFIXES, NOTEBOOK_SUFFIX)


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """The references of one document, and its bytes before and after the documents step."""

    path: str
    mode: str
    references: tuple[Reference, ...]
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class DocumentFindings:
    """All documents that name something of interest, and those that could not be read."""

    results: tuple[DocumentResult, ...]
    unchecked: tuple[Unchecked, ...]


def find_documents(
    repository: Files, entries: Iterable[Entry], recipe: Recipe, ownership: Ownership, jobs: int
) -> DocumentFindings:
    """Look through all covered files that are neither Python nor a notebook, old copies of files left out."""
    mentions = Mentions(ownership)
    wanted = [
        entry
        for entry in entries
        if entry.mode in REGULAR_MODES
        and not entry.path.endswith(_OTHER_SUFFIXES)
        and role_of(entry.path) is not Role.COPY
        and not _is_ours(repository, recipe, entry.path)
    ]
    unchecked: list[Unchecked] = []
    concerned: list[tuple[Entry, bytes]] = []
    for entry, content in zip(wanted, repository.read(entry.oid for entry in wanted), strict=True):
        if content is None:
            if role_of(entry.path) is Role.CONFIGURES:
                message = "this clone does not have the file's content"
                unchecked.append(Unchecked(entry.path, 1, Reason.BLOB_MISSING, message))
        elif mentions.may_hold(content) or b"import" in content:
            concerned.append((entry, content))

    def one_document(item: tuple[Entry, bytes]) -> DocumentResult | None:
        entry, content = item
        source = decode_document(content)
        if source is None:
            return None
        found = find_document(
            entry.path, source, mentions, asked=recipe.asks_for(entry.path), hides=ownership.hidden_submodule
        )
        own = named_on_purpose(entry.path, content)
        found = tuple(one for one in found if one.line not in own)
        edits = [edit for one in found if one.disposition is Disposition.REWRITE for edit in one.edits]
        after = source.encode(apply_edits(source.data, edits)) if edits else content
        return DocumentResult(entry.path, entry.mode, found, content, after) if found else None

    results = mapped(one_document, concerned, jobs)
    return DocumentFindings(tuple(one for one in results if one is not None), tuple(unchecked))


def _is_ours(repository: Files, recipe: Recipe, path: str) -> bool:
    """Whether a file is the recipe or the baseline: naming a shim there is no use of it."""
    if path == PYPROJECT:
        return False
    return path in (FILE_NAME, BASELINE_NAME) or (repository.root / path).resolve() == Path(recipe.origin).resolve()


def named_on_purpose(path: str, content: bytes) -> frozenset[int]:
    """The lines, 1-based, that name old paths on purpose: the recipe in a pyproject.toml, and what bans the paths.

    Bans are ruff's table, whoever wrote it, and the contract for import-linter that unshim writes: another contract
    may need the module that it names.
    """
    header = _ON_PURPOSE.get(path.rpartition("/")[2])
    if header is None:
        return frozenset()
    inside, start = False, 0
    lines: set[int] = set()
    rows = content.split(b"\n")
    for number, text in enumerate(rows, start=1):
        if text.lstrip().startswith(b"["):
            inside, start = header.match(text) is not None, number
        if _CONTRACT_ID_LINE.match(text) and rows[start - 1].lstrip().startswith(b"[[tool.importlinter.contracts]]"):
            inside = True
            lines.update(range(start, number))
        if inside or (path != "setup.cfg" and _BANNED_KEY.match(text)):
            lines.add(number)
    return frozenset(lines)


_BANNED_TABLE = rb"\[\s*(?:tool\s*\.\s*ruff\s*\.\s*)?(?:lint\s*\.\s*)?flake8-tidy-imports\s*\.\s*banned-api\b"
_BANNED_KEY = re.compile(rb"\s*(?:(?:lint|flake8-tidy-imports)\s*\.\s*)*banned-api\b")
_OWN_SECTION = re.compile(rb"\[importlinter:contract:" + CONTRACT_ID.encode() + rb"\]")
_CONTRACT_ID_LINE = re.compile(rb"id\s*=\s*\"" + CONTRACT_ID.encode() + rb"\"")
_ON_PURPOSE = {
    PYPROJECT: re.compile(rb"\s*(?:\[+\s*tool\.unshim\b|" + _BANNED_TABLE + rb")"),
    **dict.fromkeys(RUFF_FILES, re.compile(rb"\s*" + _BANNED_TABLE)),
    **dict.fromkeys(LINTER_FILES, _OWN_SECTION),
}
