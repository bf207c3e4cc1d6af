"""history: what 'check' and 'verify' count, over the commits of a branch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from codemods.references import Reason
from migrate.checking import Wrong
from migrate.errors import MigrateError, UnfitError
from migrate.plans import Plans
from migrate.repository import Landmark, Repository
from migrate.verify import implementations, is_test, unparsable


@dataclass(frozen=True)
class Counts:
    """How it stood at one commit."""

    violations: int
    """What 'check' lists, beside the files that were not checked. A baseline is not taken off."""
    implementations: int | None
    """See Implementations.count."""
    unparsable: int
    """Python files that do not parse, as 'verify' counts them."""
    unparsable_tests: int
    """Those of them that are tests."""
    unchecked: int
    """Entries of files that 'check' lists as not checked."""


@dataclass(frozen=True)
class Row:
    """One commit, with what was counted there, or the reason why nothing could be."""

    commit: Landmark
    counts: Counts | None
    reason: str = ""


@dataclass(frozen=True)
class History:
    """The rows, oldest first; ``commits`` is how many there were to choose from."""

    rows: tuple[Row, ...]
    commits: int


Progress = Callable[[str], None]


def history(repository: Repository, plans: Plans, commits: Sequence[Landmark], progress: Progress) -> Iterator[Row]:
    """Count at each commit, by the same recipe. The commits best follow each other: each costs what it changed.

    Where the recipe does not fit a commit (the canonical module is not there yet, or does not parse), the row says so.
    """
    for number, commit in enumerate(commits, start=1):
        place = f"{number} of {len(commits)}, {commit.oid[:10]}"

        def say(message: str, place: str = place) -> None:
            progress(f"{place}: {message}")

        try:
            counts = _counts(repository, plans, commit.oid, say)
        except UnfitError as error:
            yield Row(commit, None, error.message)
        else:
            yield Row(commit, counts)
            plans.turn()  # not after a commit that asked for next to nothing


def _counts(repository: Repository, plans: Plans, commit: str, progress: Progress) -> Counts:
    plan = plans.of(repository, commit, progress)
    found = plans.violations(repository, plan)
    unchecked = sum(one.kind is Wrong.UNCHECKED for one in found)
    progress("reading all Python files")
    every = unparsable(repository, plan, plans.jobs, plans.cache)
    faults = [one for one in every if one.reason is not Reason.BLOB_MISSING]  # which are among the unchecked
    tests = sum(is_test(one.path) for one in faults)
    return Counts(len(found) - unchecked, implementations(plan).count, len(faults), tests, unchecked)


def line_since(repository: Repository, revision: str, since: str) -> list[Landmark]:
    """The line of first parents up to ``revision``, oldest first.

    It begins with the commit ``since``; or, if that is a date, with the first commit that is not older. Raises
    MigrateError where there is no such line.
    """
    tip = repository.resolve(revision)
    start = _revision(repository, since)
    if start is not None:
        return _line_from(repository, tip, revision, start, since)
    moment = repository.moment(since)
    if moment is None:
        raise MigrateError(
            f"--since: {since!r} is neither a commit nor a date",
            _DEEPEN if repository.is_cut_off() else "see 'git log'; a date is 2025-09-01 or '2 weeks ago', for example",
        )
    line = repository.first_parents(tip)
    found = [commit for commit in line if commit.seconds >= moment]
    if not found:
        raise MigrateError(
            f"--since: {revision} has no commit since {since}; its last one is of {line[-1].date}",
            "name an earlier date",
        )
    if found[0] is line[0] and repository.is_cut_off(line[0].oid):
        raise MigrateError(f"--since: this clone is shallow, and ends with {line[0].date}", _DEEPEN)
    return found


_DEEPEN = "this clone is shallow; 'git fetch --unshallow' gets the rest"


def _revision(repository: Repository, text: str) -> str | None:
    try:
        return repository.resolve(text)
    except MigrateError:
        return None


def _line_from(repository: Repository, tip: str, revision: str, start: str, since: str) -> list[Landmark]:
    if not repository.is_ancestor(start, tip):
        raise MigrateError(
            f"--since: {since} does not lead to {revision}",
            _DEEPEN if repository.is_cut_off() else f"name an ancestor of {revision}, or a date",
        )
    return [repository.landmark(start), *repository.first_parents(tip, start)]


def sampled(commits: Sequence[Landmark], number: int) -> list[Landmark]:
    """That many commits, or all of fewer, evenly spaced; always the first and the last. ``number`` is 2 or more."""
    if len(commits) <= number:
        return list(commits)
    return [commits[step * (len(commits) - 1) // (number - 1)] for step in range(number)]
