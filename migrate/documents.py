"""Documents: every other text file of a commit that names a path; what becomes of each, and its text afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from codemods.document_forms import Role, decode_document, role_of
from codemods.documents import find_document
from codemods.mentions import Mentions
from codemods.ownership import Ownership
from codemods.references import Disposition, Edit, Reason, Reference, Unchecked, apply_edits
from migrate.asked import Watched
from migrate.cache import Cache, Key, Question
from migrate.configuration import CONTRACT_ID, LINTER_FILES, PYPROJECT, RUFF_FILES
from migrate.parallel import shared_out
from migrate.project import NOTEBOOK_SUFFIX
from migrate.recipe import BASELINE_NAME, FILE_NAME, Recipe
from migrate.repository import REGULAR_MODES, Entry
from migrate.snapshots import Files, why_missing
from migrate.texts import SUFFIXES

_OTHER_SUFFIXES = (*SUFFIXES, NOTEBOOK_SUFFIX)


@dataclass(frozen=True)
class DocumentResult:
    """The references of one document, and its bytes before and after the documents step, if that changes it."""

    path: str
    mode: str
    references: tuple[Reference, ...]
    before: bytes
    after: bytes


@dataclass(frozen=True)
class DocumentFindings:
    """All documents that name something of interest, and those that could not be read."""

    results: tuple[DocumentResult, ...]
    unchecked: tuple[Unchecked, ...]


DOCUMENT = Question[tuple[Reference, ...]]("document")
"""By (blob, path, epoch): the references of a document."""


def find_documents(
    repository: Files,
    entries: Iterable[Entry],
    recipe: Recipe,
    ownership: Ownership,
    watched: Watched,
    cache: Cache,
    jobs: int,
) -> DocumentFindings:
    """Look through all covered files that are neither Python nor a notebook, old copies of files left out.

    ``ownership`` is told what ``watched`` writes down.
    """

    def key_of(entry: Entry) -> Key:
        return (entry.oid, entry.path, watched.epoch)

    mentions = Mentions(ownership)
    own = _own_files(repository, recipe)
    wanted = [
        entry
        for entry in entries
        if entry.mode in REGULAR_MODES
        and not entry.path.endswith(_OTHER_SUFFIXES)
        and role_of(entry.path) is not Role.COPY
        and entry.path not in own
    ]
    fresh = [entry for entry in wanted if not cache.knows(DOCUMENT, key_of(entry))]
    references_of = partial(_references_of, repository, mentions, recipe, ownership)
    found = dict(zip(fresh, shared_out(references_of, fresh, jobs, watched), strict=True))
    missing = [entry for entry, one in found.items() if one is None]
    for _ in repository.read(entry.oid for entry in missing):
        pass  # read once more, by this process: what is missing may be noted
    for entry, one in found.items():
        if one is not None:
            cache.keep(DOCUMENT, key_of(entry), one)
    unchecked = tuple(
        Unchecked(entry.path, 1, Reason.BLOB_MISSING, why_missing(entry.oid))
        for entry in missing
        if role_of(entry.path) is Role.CONFIGURES
    )
    known = {
        entry.path: one
        for entry in wanted
        if (one := found[entry] if entry in found else cache.recall(DOCUMENT, key_of(entry)))
    }
    naming = [entry for entry in wanted if entry.path in known]
    changing = [entry for entry in naming if _edits(known[entry.path])]
    texts = zip(changing, repository.read(entry.oid for entry in changing), strict=True)
    before = {entry.path: content for entry, content in texts}
    results = (document_result(entry, known[entry.path], before.get(entry.path)) for entry in naming)
    return DocumentFindings(tuple(results), unchecked)


def _references_of(
    repository: Files, mentions: Mentions, recipe: Recipe, ownership: Ownership, entries: Sequence[Entry]
) -> Iterator[tuple[Reference, ...] | None]:
    """The references of each of the entries; None for one that cannot be read. One at a time is in memory."""
    for entry, content in zip(entries, repository.read(entry.oid for entry in entries), strict=True):
        if content is None:
            yield None
        else:
            yield references_in(entry.path, content, mentions, recipe, ownership)


def references_in(
    path: str, content: bytes, mentions: Mentions, recipe: Recipe, ownership: Ownership
) -> tuple[Reference, ...]:
    """The answer to DOCUMENT."""
    may_hold = mentions.may_hold(content) or b"import" in content or mentions.may_hold_path(content)
    source = decode_document(content) if may_hold else None
    if source is None:
        return ()
    asked = recipe.asks_for(path)
    found = find_document(path, source, mentions, asked=asked, hides=ownership.hidden_submodule)
    own = named_on_purpose(path, content)
    return tuple(one for one in found if one.line not in own)


def _edits(references: Iterable[Reference]) -> list[Edit]:
    return [edit for one in references if one.disposition is Disposition.REWRITE for edit in one.edits]


def document_result(entry: Entry, references: tuple[Reference, ...], content: bytes | None) -> DocumentResult:
    """A document after the documents step; ``content`` may be None where nothing is rewritten."""
    edits = _edits(references)
    source = None if content is None or not edits else decode_document(content)
    if content is None or source is None:
        return DocumentResult(entry.path, entry.mode, references, b"", b"")
    after = source.encode(apply_edits(source.data, edits))
    return DocumentResult(entry.path, entry.mode, references, content, after)


def _own_files(repository: Files, recipe: Recipe) -> frozenset[str]:
    """The recipe and the baseline: naming a shim there is no use of it. A pyproject.toml is more than a recipe."""
    own = {FILE_NAME, BASELINE_NAME}
    origin, root = Path(recipe.origin).resolve(), repository.root.resolve()
    if origin.is_relative_to(root):
        own.add(origin.relative_to(root).as_posix())
    return frozenset(own - {PYPROJECT})


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
