"""Plans over the files of one repository by one recipe: made, or taken from the store of earlier runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from types import TracebackType

from migrate.cache import Cache
from migrate.checking import Violation, all_violations
from migrate.plan import Plan
from migrate.recipe import Recipe
from migrate.repository import Repository
from migrate.snapshots import Files, is_blob
from migrate.store import Store, digest_of, store_of

Progress = Callable[[str], None]


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
        from migrate.planning import build_plan  # late: where the store has the plan, nothing of all that is needed

        if self._store is None or not all(is_blob(entry.oid) for entry in entries):
            return build_plan(files, self.recipe, base, self.jobs, say, self.cache, entries)
        gone = self._deleted(base) if self.recipe.enforce else {}
        digest = digest_of(entries, (self.recipe, tuple(sorted(gone))))
        known = self._store.plan(digest, Plan)
        if known is not None:
            return replace(known, base=base, recipe=self.recipe)
        plan = build_plan(files, self.recipe, base, self.jobs, say, self.cache, entries)
        self._store.keep_plan(digest, plan)
        self._has_learnt = True
        return plan

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
