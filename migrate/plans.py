"""Plans over the files of one repository by one recipe: made, or taken from the store of earlier runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from migrate.cache import LAST, Cache, Question, stable
from migrate.checking import Violation, all_violations
from migrate.plan import Plan
from migrate.recipe import Recipe
from migrate.repository import REGULAR_MODES, Difference, Entries, Entry, Repository, differences, entry_of
from migrate.snapshots import Files, Snapshot, Stamps, WorkingTree
from migrate.store import Store, store_of

if TYPE_CHECKING:
    from migrate.search import Search

# As in cli.py: what is not needed where the store has the plan is imported where it is not.

Progress = Callable[[str], None]

_SERVED = Question[str]("plan")
"""By what the plan is kept for which the cache has served last."""
_FEW = 256
"""To ask again about more files than this takes as long as a plan."""


@dataclass(frozen=True)
class Last:
    """What the last plan depends on: enough to see that one over other files would be the same."""

    digest: str
    """By which it is kept."""
    about: str
    """What it depends on beside the files."""
    plain: frozenset[str]
    """The blobs that it has looked through, and had no question about by themselves."""
    searches: tuple[tuple[Search, frozenset[str]], ...]
    """What it looked for in all Python files, with those of ``plain`` that have it."""

    def is_plain(self, one: Difference, after: bytes) -> bool:
        """Whether the plan depends on an edited file, before and after, only by what it has looked for in all files.

        Such a file, in which the same searches find the same, is as good as the one before.
        """
        from migrate.texts import SUFFIXES

        entry = one.entry
        if not one.is_edit or entry.mode not in REGULAR_MODES or not entry.path.endswith(SUFFIXES):
            return False
        return entry.oid in self.plain and all(search(after) is (entry.oid in hits) for search, hits in self.searches)


@dataclass(frozen=True)
class Kept:
    """A plan, and what it could read, or could not, otherwise than others can."""

    plan: Plan
    missing: tuple[str, ...]
    """Blobs that were not there when it was made: a partial clone can get them later."""
    on_disk: tuple[str, ...]
    """Blobs that were only there as files on disk: a partial clone may have commits with them."""

    def holds(self, files: Files) -> bool:
        """Whether what could not be read for it still cannot, and what could be can."""
        if any(content is not None for content in files.read(self.missing)):
            return False
        return all(content is not None for content in files.read(self.on_disk))


class _Noting:
    """Files, with a note of what could not be read."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.root = files.root
        self.missing: dict[str, None] = {}

    def resolve(self, revision: str) -> str:
        return self._files.resolve(revision)

    def entries(self, commit: str, /) -> Entries:
        return self._files.entries(commit)

    def read(self, oids: Iterable[str], most: int | None = None) -> Iterator[bytes | None]:
        wanted = list(oids)
        for oid, content in zip(wanted, self._files.read(wanted, most), strict=True):
            if content is None:
                self.missing[oid] = None
            yield content


class Plans:
    """Makes plans, and leaves to the next run what was learnt with them. To be used as a context.

    A plan over the very files of an earlier one is the same, whatever commit has them, or none.
    """

    def __init__(
        self, repository: Repository, recipe: Recipe, jobs: int, progress: Progress, *, use_store: bool = True
    ) -> None:
        self.recipe = recipe
        self.jobs = jobs
        self._repository = repository
        self._progress = progress
        self._store: Store | None = None
        if use_store:  # a partial clone may stand where another clone was, and lack what that one had
            self._store = store_of(repository.common_directory(), (recipe.detection(), repository.is_partial))
        self._has_learnt = self._is_made = False
        self._tree: WorkingTree | None = None
        self._stamps: Stamps = {}
        self._refused: set[tuple[str, frozenset[Difference]]] = set()
        """Changes after which the last plan is surely another one, or may be: they are not looked at twice."""

    def __enter__(self) -> Plans:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._store is None:
            return
        if self._has_learnt:
            # of the last plan that was made: what was asked for since a turn() after it is not all of that
            self._store.keep_cache(self.cache.packed(with_before=not self._is_made))
        if self._tree is not None and self._tree.stamps != self._stamps:
            self._store.keep_stamps(self._tree.stamps)

    @cached_property
    def cache(self) -> Cache:
        """What is known of single files."""
        return Cache() if self._store is None else self._store.cache()

    def turn(self) -> None:
        """Go on to other files: forget what the last two plans that were made have not asked for."""
        if self._is_made:
            self.cache.turn()
        self._is_made = False

    def working_tree(self) -> WorkingTree:
        """The files on disk."""
        self._stamps = {} if self._store is None else self._store.stamps()
        self._tree = WorkingTree(self._repository, self._stamps)
        return self._tree

    def of(self, files: Snapshot, revision: str, progress: Progress | None = None) -> Plan:
        """The plan over a commit, the index or the working tree. Raises UnfitError; see build_plan()."""
        say = progress or self._progress
        base = files.resolve(revision)
        say("reading the tree")
        deleted = self._deleted(base) if self.recipe.enforce else {}
        if self._store is None:
            return self._made(files, base, files.entries(base), deleted, say)
        about = stable((self.recipe, tuple(sorted(deleted))))
        changes = files.differences(base)
        tree = "" if changes is None else f"{self._repository.tree(base)} {about}"
        plan = None if changes is None else self._of_tree(tree, changes, files)
        if plan is None:
            digest, plan, since = self._of_entries(files, base, about, deleted, say)
            if changes == []:
                self._store.keep_tree(tree, (digest, since))
        return replace(plan, base=base, recipe=self.recipe)

    def _of_tree(self, tree: str, changes: list[Difference], files: Files) -> Plan | None:
        """The plan over a tree of git with some changes, if the tree's files were listed before: not again for it."""
        assert self._store is not None
        known = self._store.tree(tree)
        if known is None:
            return None
        digest, since = known
        last = self._store.last(Last) if changes else None
        if changes and (last is None or last.digest != digest):
            return None
        kept = self._store.plan(digest, Kept)
        if kept is None or ((kept.missing or kept.on_disk) and self._repository.is_partial):
            return None  # what a partial clone lacks is known only once its files are listed
        if not kept.holds(files):
            return None
        return kept.plan if last is None else self._after(last, kept.plan, _together(since, changes), files)

    def _of_entries(
        self, files: Files, base: str, about: str, deleted: Iterable[str], say: Progress
    ) -> tuple[str, Plan, list[Difference]]:
        """The plan over all the files, by what it is kept, and what is otherwise in the files that it was made for."""
        assert self._store is not None
        entries = files.entries(base)
        digest = _digest(entries, about)
        known = self._kept(digest, files)
        if known is not None:
            return digest, known.plan, []
        last = self._store.last(Last)
        if last is not None and last.about == about:
            changes = _changes(self._store.lines(last.digest), entries.lines)
            known = self._kept(last.digest, files)
            plan = None if known is None or changes is None else self._after(last, known.plan, changes, files)
            if known is not None and changes is not None and plan is known.plan:
                return last.digest, plan, changes
            if known is not None and plan is not None:
                if not isinstance(files, WorkingTree):  # of which it may have what no blob has
                    self._store.keep_plan(digest, replace(known, plan=plan))
                return digest, plan, []
        from migrate.texts import SYNTAX, looked_for, read_again

        noting = _Noting(files)
        self.cache.keep(_SERVED, LAST, "")  # whatever ends this plan: what is known by then is of two
        plan = self._made(noting, base, entries, deleted, say)
        on_disk = files.lacking() if isinstance(files, WorkingTree) else []
        read_again(self.cache, on_disk)
        self._store.keep_plan(digest, Kept(plan, tuple(noting.missing), tuple(on_disk)))
        # whether a file parses is asked about all of them by some commands, and about those it looks at by the plan
        looked = looked_for(self.cache)
        plain = looked.there - self.cache.asked_about(apart_from=SYNTAX)
        searches = ((search, found.hits & plain) for search, found in looked.found.items())
        self._store.keep_last(Last(digest, about, plain, tuple(searches)))
        self._store.keep_lines(digest, entries.lines)
        self.cache.keep(_SERVED, LAST, digest)
        self._has_learnt = True
        return digest, plan, []

    def _after(self, last: Last, plan: Plan, changes: list[Difference], files: Files) -> Plan | None:
        """The plan over files that were changed like this, if it differs from the last at most by places in them."""
        if len(changes) > _FEW:
            return None
        key = (last.digest, frozenset(changes))
        found = None if key in self._refused else self._asked_again(last, plan, changes, files)
        if found is None:
            self._refused.add(key)
        return found

    def _asked_again(self, last: Last, plan: Plan, changes: list[Difference], files: Files) -> Plan | None:
        after = _contents(files, [one.after for one in changes])
        if after is None:
            return None
        asked = [(one, now) for one, now in zip(changes, after, strict=True) if not last.is_plain(one, now)]
        if not asked:
            return plan
        before = _contents(files, [one.before for one, _ in asked])
        if before is None or self.cache.recall(_SERVED, LAST) != last.digest:  # another run has learnt something since
            return None
        from migrate.again import Again

        texts = [(one, old, now) for (one, now), old in zip(asked, before, strict=True)]
        return Again(self.cache, self.recipe, plan, texts).after(self.jobs)

    def _made(self, files: Files, base: str, entries: Entries, deleted: Iterable[str], say: Progress) -> Plan:
        from migrate.planning import build_plan

        self._is_made = True
        return build_plan(files, self.recipe, base, self.jobs, say, self.cache, entries, deleted)

    def _kept(self, digest: str, files: Files) -> Kept | None:
        """The plan of this digest, if it holds."""
        kept = None if self._store is None else self._store.plan(digest, Kept)
        return kept if kept is not None and kept.holds(files) else None

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


def _digest(entries: Entries, about: str) -> str:
    """The same text for the same files, whether they are a commit's, the index's or those on disk."""
    found = hashlib.sha256(about.encode("utf-8", "surrogateescape"))
    found.update(b"\0".join(entries.lines))
    return found.hexdigest()[:40]


def _contents(files: Files, entries: Sequence[Entry | None]) -> list[bytes] | None:
    """What files have, and nothing where there is none; None if one of them cannot be read, or is too large."""
    from migrate.texts import is_too_large, small_texts

    read = small_texts(files, (entry for entry in entries if entry is not None))
    found: list[bytes] = []
    for entry in entries:
        content = b"" if entry is None else next(read)
        if content is None or is_too_large(content):
            return None
        found.append(content)
    return found


def _together(first: Iterable[Difference], then: Iterable[Difference]) -> list[Difference]:
    """What two times was made of the same files, one after the other, as one."""
    begun = {one.path: one.before for one in first}
    found = {one.path: Difference(begun.get(one.path, one.before), one.after) for one in (*first, *then)}
    return [one for one in found.values() if one.before != one.after]


def _changes(before: tuple[bytes, ...] | None, after: tuple[bytes, ...]) -> list[Difference] | None:
    """What is not the same in the lines of two Entries."""
    if before is None:
        return None
    old, new = set(before), set(after)
    return differences(map(entry_of, old - new), map(entry_of, new - old))
