"""Branches that unshim made: which of their commits are its own, whether one may be replaced, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from migrate.errors import MigrateError
from migrate.repository import Commit, Repository

BASE_TRAILER = "Unshim-Base"
STEP_TRAILER = "Unshim-Step"
TREE_TRAILER = "Unshim-Tree"


class Existing(Enum):
    """What may happen to a branch that exists already and holds something else."""

    REFUSE = auto()
    REPLACE_OURS = auto()
    """It is made anew if nobody but unshim committed to it."""
    REPLACE = auto()
    """It is made anew, whatever it holds: the user's word."""


@dataclass(frozen=True)
class Branch:
    """A branch as it is: its own commits (oldest first), and those of other people beyond the base."""

    name: str
    tip: str
    ours: tuple[Commit, ...]
    foreign: tuple[Commit, ...]

    @property
    def base(self) -> str | None:
        """The commit that the first of our commits was made for; None where there is none."""
        return trailer(self.ours[0].message, BASE_TRAILER) if self.ours else None


def trailer(message: str, key: str) -> str | None:
    """The value of one of unshim's trailers in a commit message."""
    for line in reversed(message.splitlines()):
        name, colon, value = line.partition(": ")
        if colon and name == key:
            return value.strip()
    return None


def is_ours(commit: Commit) -> bool:
    """Whether unshim made a commit and nobody changed its content since.

    The message names the tree: a commit that was amended keeps the message and has another tree.
    """
    return trailer(commit.message, STEP_TRAILER) is not None and trailer(commit.message, TREE_TRAILER) == commit.tree


def read_branch(repository: Repository, name: str) -> Branch | None:
    """The branch with its commits told apart; None where it does not exist. Raises MigrateError for a bad name."""
    tip = repository.branch_tip(name)
    if tip is None:
        return None
    ours: list[Commit] = []
    foreign: list[Commit] = []
    bases: set[str] = set()
    for commit in repository.history(tip):  # newest first; our first commit names where the branch began
        if commit.oid in bases:
            break
        if is_ours(commit):
            ours.append(commit)
            base = trailer(commit.message, BASE_TRAILER)
            if base is not None:
                bases.add(base)
    if ours:
        known = {commit.oid for commit in ours}
        present = [base for base in bases if repository.has(base)]
        foreign = [commit for commit in repository.history(tip, without=present) if commit.oid not in known]
    return Branch(name, tip, tuple(reversed(ours)), tuple(reversed(foreign)))


def check_replaceable(repository: Repository, branch: Branch, existing: Existing, onto: str | None) -> None:
    """Raise MigrateError if the branch may not be made anew on ``onto``: then it stays as it is."""
    if existing is Existing.REFUSE:
        raise MigrateError(
            f"the branch {branch.name} exists already, and holds something else",
            "'--onto REV' makes unshim's own branch anew on another commit; '--branch NAME' takes another name;"
            " --force replaces it whatever it holds (its commits are then only in the reflog)",
        )
    if repository.is_checked_out(branch.name):
        raise MigrateError(f"the branch {branch.name} is checked out", "switch to another branch first")
    if existing is Existing.REPLACE_OURS:
        if not branch.ours:
            raise MigrateError(
                f"unshim did not make the branch {branch.name}", "give another one with --branch, or say --force"
            )
        lost = [one for one in branch.foreign if onto is None or not repository.is_ancestor(one.oid, onto)]
        if lost:
            raise _foreign(branch, lost)


def undo(repository: Repository, name: str, *, force: bool) -> Branch:
    """Remove the branch that a run made. Raises MigrateError where it holds commits of other people."""
    branch = read_branch(repository, name)
    if branch is None:
        raise MigrateError(f"there is no branch {name}", "name it with --branch; 'git branch' lists them")
    if repository.is_checked_out(name):
        raise MigrateError(f"the branch {name} is checked out", "switch to another branch first: git switch -")
    if not force:
        if not branch.ours:
            raise MigrateError(f"unshim did not make the branch {name}", "delete it yourself, with git branch -D")
        if branch.foreign:
            raise _foreign(branch, branch.foreign)
    repository.delete_branch(name, branch.tip)
    return branch


def _foreign(branch: Branch, commits: list[Commit] | tuple[Commit, ...]) -> MigrateError:
    listed = "\n".join(f"  {one.oid[:10]} {one.author}: {one.subject}" for one in commits[:20])
    more = f"\n  ... and {len(commits) - 20} more" if len(commits) > 20 else ""
    return MigrateError(
        f"the branch {branch.name} holds commits that unshim did not make",
        f"{listed.lstrip()}{more}\n  keep them on a branch of their own (git branch NAME {branch.tip[:10]}),"
        " then say --force",
    )
