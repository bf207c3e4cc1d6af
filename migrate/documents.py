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
        if entry.path == "pyproject.toml":
            own = recipe_lines(content)
            found = tuple(one for one in found if one.line not in own)
        edits = [edit for one in found if one.disposition is Disposition.REWRITE for edit in one.edits]
        after = source.encode(apply_edits(source.data, edits)) if edits else content
        return DocumentResult(entry.path, entry.mode, found, content, after) if found else None

    results = mapped(one_document, concerned, jobs)
    return DocumentFindings(tuple(one for one in results if one is not None), tuple(unchecked))


def _is_ours(repository: Files, recipe: Recipe, path: str) -> bool:
    """Whether a file is the recipe or the baseline: naming a shim there is no use of it."""
    if path == "pyproject.toml":
        return False
    return path in (FILE_NAME, BASELINE_NAME) or (repository.root / path).resolve() == Path(recipe.origin).resolve()


def recipe_lines(content: bytes) -> frozenset[int]:
    """The lines of [tool.unshim] and its sub-tables in a pyproject.toml, 1-based."""
    inside, lines = False, set()
    for number, text in enumerate(content.split(b"\n"), start=1):
        if text.startswith(b"["):
            inside = re.match(rb"\[+\s*tool\.unshim\b", text) is not None
        if inside:
            lines.add(number)
    return frozenset(lines)
