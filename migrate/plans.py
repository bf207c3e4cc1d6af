"""Plans over the files of one repository by one recipe: made, or taken from the store of earlier runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import cast

from migrate.cache import Cache, Question, stable
from migrate.checking import Violation, all_violations
from migrate.plan import Plan
from migrate.recipe import Recipe
from migrate.repository import Entry, Repository
from migrate.search import Search
from migrate.snapshots import Files, is_blob
from migrate.store import Store, digest_of, store_of
from migrate.texts import FOUND, MAX_BYTES, SUFFIXES, SYNTAX

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that a plan is over, as (path, mode, blob), and the digest by which the plan is kept."""

    digest: str
    about: str
    """What the plan depends on beside the files."""
    entries: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan, and the blobs that were not there when it was made: a partial clone can get them later."""

    plan: Plan
    missing: tuple[str, ...]


class _Noting:
    """Files, with a note of what could not be read."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.root = files.root
        self.missing: dict[str, None] = {}

    def resolve(self, revision: str) -> str:
        return self._files.resolve(revision)

    def entries(self, commit: str, /) -> list[Entry]:
        return self._files.entries(commit)

    def read(self, oids: Iterable[str]) -> Iterator[bytes | None]:
        wanted = list(oids)
        for oid, content in zip(wanted, self._files.read(wanted), strict=True):
            if content is None:
                self.missing[oid] = None
            yield content


LISTING = Question[Listing]("listing")
"""Of the last plan with this cache."""
_LAST = ("",)


class Plans:
    """Makes plans, and leaves to the next run what was learnt with them. To be used as a context.

    A plan over the very files of an earlier one is the same, whatever commit has them. Of files on disk nothing is
    kept: no id says that they are the same.
    """

    def __init__(
        self, repository: Repository, recipe: Recipe, jobs: int, progress: Progress, *, use_store: bool = True
    ) -> None:
        self.recipe = recipe
        self.jobs = jobs
        self._repository = repository
        self._progress = progress
        self._store: Store | None = store_of(repository.common_directory(), recipe.detection()) if use_store else None
        self._has_learnt = False

    def __enter__(self) -> Plans:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._store is not None and self._has_learnt:
            self._store.keep_cache(self.cache)

    @cached_property
    def cache(self) -> Cache:
        """What is known of single files."""
        return Cache() if self._store is None else self._store.cache()

    def of(self, files: Files, revision: str, progress: Progress | None = None) -> Plan:
        """The plan over a commit, the index or the working tree. Raises UnfitError; see build_plan()."""
        say = progress or self._progress
        base = files.resolve(revision)
        say("reading the tree")
        entries = files.entries(base)
        deleted = self._deleted(base) if self.recipe.enforce else {}
        if self._store is None or not all(is_blob(entry.oid) for entry in entries):
            return self._made(files, base, entries, deleted, say)
        about = stable((self.recipe, tuple(sorted(deleted))))
        digest = digest_of(entries, about)
        known = self._kept(digest, files) or self._same_plan(files, entries, about)
        if known is not None:
            return replace(known, base=base, recipe=self.recipe)
        noting = _Noting(files)
        plan = self._made(noting, base, entries, deleted, say)
        self._store.keep_plan(digest, Kept(plan, tuple(noting.missing)))
        listing = Listing(digest, about, [(one.path, one.mode, one.oid) for one in entries])
        self.cache.keep(LISTING, _LAST, listing)
        self._has_learnt = True
        return plan

    def _made(self, files: Files, base: str, entries: list[Entry], deleted: Iterable[str], say: Progress) -> Plan:
        from migrate.planning import build_plan  # late: where the store has the plan, nothing of all that is needed

        return build_plan(files, self.recipe, base, self.jobs, say, self.cache, entries, deleted)

    def _kept(self, digest: str, files: Files) -> Plan | None:
        """The plan of this digest, if what could not be read for it still cannot."""
        kept = None if self._store is None else self._store.plan(digest, Kept)
        if kept is None or any(content is not None for content in files.read(kept.missing)):
            return None
        return kept.plan

    def _same_plan(self, files: Files, entries: list[Entry], about: str) -> Plan | None:
        """The last plan, if all that has changed since are Python files that it had no question about.

        It depends on a file by what it has asked about its blob, and by what it has looked for in all files: a
        file without answers of its own, in which the same searches find the same, is as good as the one before.
        """
        last = self.cache.recall(LISTING, _LAST)
        if last is None or last.about != about or len(last.entries) != len(entries):
            return None
        changed: list[tuple[str, str]] = []
        for one, (path, mode, oid) in zip(entries, last.entries, strict=True):
            if (one.path, one.mode) != (path, mode) or (one.oid != oid and not path.endswith(SUFFIXES)):
                return None
            if one.oid != oid:
                changed.append((oid, one.oid))
        # whether a file parses is asked about all of them by some commands, and about those it looks at by the plan
        if self.cache.knows_of({oid for oid, _ in changed}, apart_from=SYNTAX):
            return None
        searches = [(key[0], found) for key, found in self.cache.all_of(FOUND)]
        contents = files.read(oid for _, oid in changed)
        for (old, _), content in zip(changed, contents, strict=True):
            if content is None or len(content) > MAX_BYTES:
                return None
            if any(cast(Search, search)(content) is not (old in found.hits) for search, found in searches):
                return None
        return self._kept(last.digest, files)

    def violations(self, files: Files, plan: Plan) -> list[Violation]:
        """All that the files of a plan must not have."""
        return all_violations(files, plan, self._deleted(plan.base))

    def _deleted(self, tip: str) -> dict[str, str]:
        """The paths that commits of ours deleted on the way to ``tip``, with the commit's id."""
        if set(tip) == {"0"}:  # nothing is committed yet
            return {}
        if self._store is None or self._repository.is_cut_off():  # a shallow clone can get more history
            return self._repository.deleted_by_unshim(tip)
        known = self._store.deleted(tip)
        if known is None:
            known = self._repository.deleted_by_unshim(tip)
            self._store.keep_deleted(tip, known)
        return known
