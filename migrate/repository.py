"""All of git: reading the files of a commit, writing blobs, trees and commits, moving one ref."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from migrate.errors import MigrateError
from migrate.git import Git, exit_code, located

_NO_OR_REFUSED = (1, 128)
"""How git ends if it does not find what it was asked for; 128 also if the object or file itself is not there."""
_FSCK = "run 'git fsck' on the repository"
_SETTLED = ord("0")
"""The stage of an entry of the index that is not in conflict."""
AT_ONCE = 1 << 20
"""Bytes that are read together of what need not be in memory as a whole."""

IGNORE_FILE = ".gitignore"
REGULAR_MODES = frozenset({"100644", "100755"})
SYMLINK_MODE = "120000"
SUBMODULE_MODE = "160000"

_WORKTREE_NAME = re.compile(r"unshim-worktree-([1-9][0-9]{0,9})-[0-9a-f]{16}")
"""Our temporary worktrees: the process that made one, and something random."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_DATE = re.compile(r"[^\w\s:+./,-]|^[0-9]{1,8}$")
_DATE_WORD = re.compile(
    "ago|last|now|today|yesterday|noon|midnight|tea|at|on|am|pm|t|z|utc|gmt|never"
    "|(?:second|sec|minute|min|hour|day|week|month|year)s?|one|two|three|four|five|six|seven|eight|nine|ten"
    "|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)"
    "|january|february|march|april|june|july|august|september|october|november|december"
    "|(?:mon|tues?|wed|wednes|thu|thurs?|fri|sat|satur|sun)(?:day)?|st|nd|rd|th"
)

_UNWRITABLE = frozenset({errno.EEXIST, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOTDIR})
"""A path that this disk cannot have, though git can."""


@dataclass(frozen=True)
class Entry:
    """One entry of a commit's tree."""

    path: str
    mode: str
    oid: str


@dataclass(frozen=True)
class Entries:
    """The files of a commit, of the index or of the working tree, in git's order."""

    lines: tuple[bytes, ...]
    """``mode id<TAB>path`` of each, as git writes it: what tells two trees apart, without an object for each file."""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Entries:
        return cls(tuple(os.fsencode(f"{one.mode} {one.oid}\t{one.path}") for one in entries))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        return tuple(map(entry_of, self.lines))


def entry_of(line: bytes) -> Entry:
    """The entry of a line. A path that is not UTF-8 carries surrogate escapes."""
    head, _, path = line.partition(b"\t")
    mode, _, oid = head.decode().partition(" ")
    return Entry(path.decode("utf-8", "surrogateescape"), sys.intern(mode), oid)  # there are five modes


@dataclass(frozen=True)
class Difference:
    """A file in two states; None where it is not there. The path is the same in both."""

    before: Entry | None
    after: Entry | None

    @property
    def entry(self) -> Entry:
        """The file before, or if there was none, after."""
        found = self.before or self.after
        assert found is not None
        return found

    @property
    def path(self) -> str:
        return self.entry.path

    @property
    def is_edit(self) -> bool:
        """Whether only its content differs."""
        return self.before is not None and self.after is not None and self.before.mode == self.after.mode


def differences(before: Iterable[Entry], after: Iterable[Entry]) -> list[Difference]:
    """What is not the same, by path."""
    old = {entry.path: entry for entry in before}
    new = {entry.path: entry for entry in after}
    found = (Difference(old.get(path), new.get(path)) for path in sorted(old.keys() | new.keys()))
    return [one for one in found if one.before != one.after]


@dataclass(frozen=True)
class Commit:
    """A commit: its id, the id of its tree, who wrote it, and its message."""

    oid: str
    tree: str
    author: str
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True)
class Landmark:
    """A commit of a branch's own line: its id, when it was committed (ISO 8601, and in seconds), and its subject."""

    oid: str
    date: str
    seconds: int
    subject: str


@dataclass(frozen=True)
class Change:
    """What a commit does to one path: new bytes under the old mode, or (None) its deletion."""

    path: str
    mode: str
    content: bytes | None


class Repository:
    """One git repository, read and written through git's plumbing; the working tree is never touched."""

    def __init__(self, path: Path) -> None:
        """Raises MigrateError where there is no repository, or none that git trusts."""
        place = located(path)
        self.root = place.root
        self.is_bare = place.is_bare
        self._common = place.common
        self._git = Git(place.root)
        self._absent: frozenset[str] = frozenset()
        """Objects of what has been listed that a partial clone does not have."""

    # reading

    def resolve(self, revision: str) -> str:
        """The commit's full id. Raises MigrateError where there is none."""
        found = self.resolve_or_none(revision)
        if found is None:
            lost = self._git.asked("rev-parse", "--verify", "--quiet", "HEAD", no=_NO_OR_REFUSED)
            if lost is not None:
                raise MigrateError(f"the commit {lost.decode().strip()} cannot be read", _FSCK)
            raise MigrateError(
                "the repository has no commits yet", "commit the code first: unshim reads commits, not files"
            )
        return found

    def resolve_or_none(self, revision: str) -> str | None:
        """The commit's full id; None for HEAD before the first commit."""
        options = ("--verify", "--quiet", "--end-of-options")
        found = self._git.asked("rev-parse", *options, f"{revision}^{{commit}}", no=_NO_OR_REFUSED)
        if found is None and revision != "HEAD":
            raise MigrateError(f"there is no commit {revision}", "see 'git log --all' or 'git branch -a'")
        return None if found is None else found.decode().strip()

    def entries(self, commit: str) -> Entries:
        """All files of a commit."""
        self._absent |= self._absent_objects(commit)
        lines = self._git("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]
        # The kind of the object stands between mode and id, and is known from the mode.
        return Entries(tuple(b"%b %b" % (line[:6], line[7:].partition(b" ")[2]) for line in lines))

    def differences(self, _commit: str, /) -> list[Difference]:
        """A commit has no other files than its own. See snapshots.py."""
        return []

    def tree(self, commit: str) -> str:
        """The id of a commit's tree: of all its files."""
        return self._git("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").decode().strip()

    def staged_differences(self, commit: str) -> list[Difference] | None:
        """The files in which the index differs from a commit; None while a merge is not settled in it.

        Much sooner there than staged(), which lists all files.
        """
        self._needs_working_tree()
        options = ("--cached", "--no-renames", "--ita-visible-in-index", "--ignore-submodules=none", "-z")
        records = self._git("diff-index", *options, commit, "--").split(b"\0")
        found: list[Difference] = []
        for about, name in zip(records[:-1:2], records[1::2], strict=True):
            mode, new_mode, oid, new_oid, status = about.decode().removeprefix(":").split()
            if status == "U":
                return None
            path = name.decode("utf-8", "surrogateescape")
            before = None if status == "A" else Entry(path, mode, oid)
            after = None if status == "D" else Entry(path, new_mode, new_oid)
            found.append(Difference(before, after))
        return found

    def staged(self) -> Entries:
        """All files of the index. Raises MigrateError where there is none, or while a merge is not settled in it."""
        self._needs_working_tree()
        self._absent |= self._absent_objects("--indexed-objects")
        lines = self._git("ls-files", "--stage", "-z").split(b"\0")[:-1]
        at = lines[0].index(b"\t") - 1 if lines else 0  # the stage, in one place of every line
        for line in lines:
            if line[at] != _SETTLED:
                shown = line[at + 2 :].decode("utf-8", "surrogateescape")
                hint = "resolve the merge, 'git add' its files, and run it again"
                raise MigrateError(f"{shown} is in conflict", hint)
        return Entries(tuple(line[: at - 1] + line[at + 1 :] for line in lines))

    def sparse(self) -> frozenset[str]:
        """Tracked files that a sparse checkout keeps away from the disk."""
        lines = self._git("ls-files", "-t", "-z").split(b"\0")
        return frozenset(line[2:].decode("utf-8", "surrogateescape") for line in lines if line.startswith(b"S "))

    def untracked(self) -> list[str]:
        """Files that git neither tracks nor ignores; not those of other repositories inside this one."""
        listing = self._git("ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
        return [path.decode("utf-8", "surrogateescape") for path in listing if path and not path.endswith(b"/")]

    def _needs_working_tree(self) -> None:
        if self.is_bare:
            raise MigrateError("a bare repository has no index and no working tree", "name a commit with --rev")

    def renamed(self, old: str, new: str) -> dict[str, str]:
        """The paths of ``new`` that git takes for renamed files of ``old``, with the old path of each."""
        listing = self._git("diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--name-status", old, new).split(b"\0")
        names = [name.decode("utf-8", "surrogateescape") for name in listing]
        return {names[at + 2]: names[at + 1] for at in range(0, len(names) - 2, 3)}

    def deleted_by_unshim(self, tip: str) -> dict[str, str]:
        """The paths that commits of ours deleted on the way to ``tip``, with the commit's id."""
        grep = ("--extended-regexp", "--grep=^Unshim-Step: delete$")
        listing = self._git(
            "log", "-z", "--diff-filter=D", "--name-only", "--no-renames", "--format=%x01%H", *grep, tip
        )
        found: dict[str, str] = {}
        for record in listing.split(b"\x01")[1:]:
            oid, *paths = record.strip(b"\0\n").split(b"\0")
            for path in paths:
                if path.strip(b"\n"):
                    found.setdefault(path.strip(b"\n").decode("utf-8", "surrogateescape"), oid.decode())
        return found

    @cached_property
    def is_partial(self) -> bool:
        """Whether this clone may lack objects on purpose (git clone --filter)."""
        settings = r"^(extensions\.partialclone|remote\..*\.promisor)$"
        return self._git.asked("config", "--get-regexp", settings) is not None

    def _absent_objects(self, of: str) -> frozenset[str]:
        """The objects of a commit, or of all the index, that a partial clone lacks: git would fetch them, or fail."""
        if not self.is_partial:
            return frozenset()
        listing = self._git("rev-list", "--objects", "--no-object-names", "--missing=print", "--no-walk", of)
        return frozenset(line[1:].decode() for line in listing.splitlines() if line.startswith(b"?"))

    def lacking(self, oids: Iterable[str]) -> list[str]:
        """Those of the ids of which this clone has no object; of a partial clone all, for it may lack any."""
        wanted = list(oids)
        if not wanted or self.is_partial:
            return wanted
        names = "".join(f"{oid}\n" for oid in wanted).encode()
        listing = self._git("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=names)
        return [line.split()[0].decode() for line in listing.splitlines() if line.endswith(b" missing")]

    def read(self, oids: Iterable[str], most: int | None = None) -> Iterator[bytes | None]:
        """The contents of blobs, in order; None for one that this clone does not have.

        ``most``: so many bytes at most of each, and the rest is never in memory.
        """
        wanted = list(oids)
        present = [oid for oid in wanted if oid not in self._absent]
        contents = self._read_present(present, most)
        for oid in wanted:
            yield None if oid in self._absent else next(contents)

    def _read_present(self, wanted: list[str], most: int | None) -> Iterator[bytes | None]:
        if not wanted:
            return
        names = "".join(f"{oid}\n" for oid in wanted).encode()
        lost: str | None = None
        with self._git.stream("cat-file", "--batch", "--buffer", stdin=names) as stream:
            for oid in wanted:
                header = stream.readline().split()
                if header[-1:] == [b"missing"]:
                    yield None
                    continue
                if len(header) != 3:
                    lost = oid
                    break  # git has ended, and how it did says more
                size = int(header[2])
                content = stream.read(size if most is None else min(size, most))
                left = size - len(content)
                while left and (skipped := stream.read(min(left, AT_ONCE))):
                    left -= len(skipped)
                if left:  # of a damaged object git may still know the size
                    lost = oid
                    break
                stream.read(1)
                yield content
        if lost is not None:
            raise MigrateError(f"git could not read the object {lost}", _FSCK)

    # checking out

    @contextmanager
    def worktree(self, commit: str, left_out: Callable[[str, str], None] = lambda _path, _why: None) -> Iterator[Path]:
        """A commit's files in a temporary directory, as a detached worktree in which git works.

        The bytes are those of the blobs: no filter, no line ending setting, no hook of the repository applies.
        ``left_out`` is told (path, why) of what is not written. The user's index, HEAD and files stay as they
        are; afterwards the worktree is gone, and so is git's note of it.
        """
        place = Path(tempfile.gettempdir()).resolve() / f"unshim-worktree-{os.getpid()}-{os.urandom(8).hex()}"
        try:
            place.mkdir(mode=0o700)
            self._git("worktree", "add", "--detach", "--no-checkout", str(place), commit)
            notes = _gitdir(place)
            assert notes is not None, f"git made no worktree at {place}"
            # All three, since a hook in which unshim may run has its own in the environment. A sparse checkout
            # of the user's is not for the gates.
            here = {"GIT_DIR": str(notes), "GIT_WORK_TREE": str(place), "GIT_INDEX_FILE": str(notes / "index")}
            whole = ("-c", "core.sparseCheckout=false", "-c", "core.splitIndex=false")
            self._git(*whole, "read-tree", "--no-recurse-submodules", commit, env=here)
            self._write_files(place, self.entries(commit), left_out)
            yield place
        finally:
            self._remove_worktree(place)

    def _write_files(self, place: Path, entries: Iterable[Entry], left_out: Callable[[str, str], None]) -> None:
        """Blobs as they are; links last, so that no file is written through one."""
        links: list[Entry] = []
        files: list[Entry] = []
        for entry in entries:
            if any(part.lower() in ("", ".", "..", ".git") for part in entry.path.split("/")):
                left_out(entry.path, "git itself would not check out this path")
            elif entry.mode == SUBMODULE_MODE:
                with _as_far_as_the_disk_can(entry.path, left_out):
                    (place / entry.path).mkdir(parents=True, exist_ok=True)
            else:
                (links if entry.mode == SYMLINK_MODE else files).append(entry)
        for entry, content in zip(files, self.read(entry.oid for entry in files), strict=True):
            if content is None:
                left_out(entry.path, "this clone does not have its content")
                continue
            with _as_far_as_the_disk_can(entry.path, left_out):
                file = place / entry.path
                file.parent.mkdir(parents=True, exist_ok=True)
                rights = 0o777 if entry.mode == "100755" else 0o666
                with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, rights), "wb") as stream:
                    stream.write(content)
        made: list[str] = []
        for entry, content in zip(links, self.read(entry.oid for entry in links), strict=True):
            if content is None:
                left_out(entry.path, "this clone does not have its content")
            elif content.startswith(b"/") or b"\0" in content or not content:
                left_out(entry.path, "a symbolic link that leads outside the repository")
            else:
                with _as_far_as_the_disk_can(entry.path, left_out):
                    (place / entry.path).parent.mkdir(parents=True, exist_ok=True)
                    (place / entry.path).symlink_to(os.fsdecode(content))
                    made.append(entry.path)
        # Only now is it known where a link leads that goes through other links.
        outside = [path for path in made if not Path(os.path.realpath(place / path)).is_relative_to(place)]
        for path in outside:
            (place / path).unlink()
            left_out(path, "a symbolic link that leads outside the repository")

    def remove_leftovers(self) -> tuple[str, ...]:
        """Remove the worktrees of runs of unshim that were killed; their directories.

        Only what bears our name, belongs to this user, is a linked worktree of this repository, and was made by
        a process that is gone. Where the directory is missing too, git's note of it is git's to prune: the
        directory may be another machine's.
        """
        removed = []
        for place in self._linked_worktrees():
            name = _WORKTREE_NAME.fullmatch(place.name)
            if name is None or place.is_symlink() or not place.is_dir() or place.stat().st_uid != os.getuid():
                continue
            notes = _gitdir(place)
            if notes is None or notes.parent != self.common_directory() / "worktrees" or _is_alive(int(name[1])):
                continue
            self._remove_worktree(place)
            if not place.exists():
                removed.append(str(place))
        return tuple(removed)

    def hooks_directory(self) -> Path:
        """Where git looks for this repository's hooks; it need not exist."""
        # The last value is our own, of _SAFE.
        configured = self._git("config", "-z", "--type=path", "--get-all", "core.hooksPath").split(b"\0")[:-2]
        # A relative one counts from where hooks run: the top of the working tree.
        return self.root / os.fsdecode(configured[-1]) if configured else self.common_directory() / "hooks"

    def _linked_worktrees(self) -> list[Path]:
        """All but the main one, which git lists first."""
        lines = self._git("worktree", "list", "--porcelain").split(b"\n")
        return [Path(os.fsdecode(line.removeprefix(b"worktree "))) for line in lines if line.startswith(b"worktree ")][
            1:
        ]

    def common_directory(self) -> Path:
        """The git directory that all worktrees share."""
        return self._common

    def _remove_worktree(self, place: Path) -> None:
        """The directory, then git's note of it. What a process holds on to is left for remove_leftovers()."""
        _remove_directory(place)
        if place.exists() or place not in self._linked_worktrees():
            return
        # Not 'prune', which would forget the user's worktrees on a disk that is not mounted.
        self._git("worktree", "remove", "--force", "--force", str(place))

    # writing

    def branch_tip(self, branch: str) -> str | None:
        """The commit of a local branch; None where it does not exist. Raises MigrateError for a bad name."""
        problem = MigrateError(f"{branch!r} is no valid branch name", "choose another with --branch")
        try:
            meant = self._git("check-ref-format", "--branch", branch)
        except MigrateError as error:
            raise problem from error
        if branch == "@" or meant.removesuffix(b"\n") != _raw(branch):  # @{-1} is the branch before
            raise problem
        ref = f"refs/heads/{branch}"
        for line in self._git("for-each-ref", "--format=%(objectname) %(refname)", ref).splitlines():
            oid, _, name = line.partition(b" ")
            if name == _raw(ref):  # the pattern also finds the branches below it
                return oid.decode()
        return None

    def is_checked_out(self, branch: str) -> bool:
        """Whether some working tree has this branch checked out."""
        listing = self._git("worktree", "list", "--porcelain").decode("utf-8", "replace")
        return f"branch refs/heads/{branch}" in listing.splitlines()

    def history(self, tip: str, without: Iterable[str] = ()) -> Iterator[Commit]:
        """The commits that lead to ``tip``, newest first, less those that lead to ``without``.

        Signatures are not looked at: that would start the program that the configuration names.
        """
        excluded = [f"^{oid}" for oid in without]
        listing = self._git(
            "log", "-z", "--no-show-signature", "--topo-order", "--format=%H%n%T%n%an%n%B", tip, *excluded, "--"
        )
        for record in listing.split(b"\0"):
            if record.strip():
                oid, tree, author, message = record.decode("utf-8", "replace").split("\n", 3)
                yield Commit(oid, tree, author, message)

    def first_parents(self, tip: str, without: str | None = None) -> list[Landmark]:
        """The line of first parents that ends in ``tip``, oldest first, less what leads to ``without``."""
        return self._landmarks("--first-parent", "--topo-order", tip, *(() if without is None else (f"^{without}",)))

    def landmark(self, commit: str) -> Landmark:
        """One commit as first_parents() has it."""
        return self._landmarks("--max-count=1", commit)[0]

    def _landmarks(self, *choice: str) -> list[Landmark]:
        listing = self._git("log", "-z", "--no-show-signature", "--format=%H%n%cI%n%ct%n%s", *choice, "--")
        found: list[Landmark] = []
        for record in listing.split(b"\0"):
            if record.strip():
                oid, date, seconds, subject = record.decode("utf-8", "replace").split("\n", 3)
                found.append(Landmark(oid, date, int(seconds), subject.rstrip("\n")))
        return found[::-1]

    def moment(self, date: str) -> int | None:
        """A date as git understands it ("2 weeks ago"), in seconds; None where it is none.

        A day without a time is its first second. (To git it would be that day at the time that it is now.) Git takes
        any text with a number for a date, ``HEAD~9`` too; here all of it must belong to one.
        """
        words = re.findall(r"[a-z]+", date.lower())
        if _NO_DATE.search(date) or not all(_DATE_WORD.fullmatch(word) for word in words):
            return None
        text = f"{date.strip()} 00:00:00" if _DAY.fullmatch(date.strip()) else date
        try:
            found = self._git("config", "--type=expiry-date", "--default", text, "--get", "unshim.no-such-setting")
        except MigrateError:
            return None
        return int(found)

    def is_cut_off(self, commit: str | None = None) -> bool:
        """Whether this clone is shallow; and, for a commit, whether that is why it has no parents here."""
        file = self.common_directory() / "shallow"
        ends = file.read_bytes().split() if file.exists() else []
        return bool(ends) if commit is None else commit.encode() in ends

    def has(self, commit: str) -> bool:
        """Whether this clone has a commit."""
        return self._git.asked("cat-file", "-e", f"{commit}^{{commit}}", no=_NO_OR_REFUSED) is not None

    def content(self, commit: str, path: str) -> bytes | None:
        """A file of a commit; None where there is none."""
        return self._git.asked("cat-file", "blob", f"{commit}:{path}", no=_NO_OR_REFUSED)

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether one commit leads to another, or is it."""
        return self._git.asked("merge-base", "--is-ancestor", older, newer, no=_NO_OR_REFUSED) is not None

    def delete_branch(self, branch: str, tip: str) -> None:
        """Remove a branch, in one step, if it still is where it was."""
        self._git("update-ref", "-d", f"refs/heads/{branch}", tip)

    def is_clean(self) -> bool:
        """Whether no tracked file differs from HEAD, and nothing is under way in the index."""
        return not self._git("status", "--porcelain", "--untracked-files=no").strip()

    def switch(self, branch: str) -> None:
        """Check a branch out, without hooks. Git refuses to overwrite what is in no commit."""
        self._git("checkout", "--quiet", branch, "--")

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """Write objects with an index of our own, which vanishes afterwards; so does that of a run that was killed."""
        try:
            with _scratch() as scratch:
                yield Writer(self, scratch)
        except OSError as error:  # a full disk, mostly
            raise MigrateError(
                f"the temporary directory {tempfile.gettempdir()} cannot be written: {error.strerror or error}",
                "make room there, or set TMPDIR to another directory; nothing was published",
            ) from error

    def publish(self, branch: str, commit: str, old: str | None) -> None:
        """Point the branch at the commit, in one step, if it still is where it was.

        A git that is killed in this step leaves its lock of the branch behind. This or the next publish() of the
        same branch removes it, if it is proved to be ours and dead; else it is for the user to judge.
        """
        ref = f"refs/heads/{branch}"
        common = self._common
        _remove_dead_claims(common, ref)
        with _claimed(common, ref, commit) as claim:
            descriptors = () if claim is None else (claim.descriptor,)
            try:
                self._git("update-ref", "-m", "unshim apply", ref, commit, old or _null(commit), pass_fds=descriptors)
            except MigrateError as error:
                if claim is not None and exit_code(error) < 0:
                    _remove_lock_of(claim)
                if self.branch_tip(branch) == commit:  # git was killed when all was done
                    return
                raise _unpublished(error, branch, common / f"{ref}.lock") from error


class Writer:
    """Writes commits without any ref: until publish() nothing of them can be seen."""

    def __init__(self, repository: Repository, scratch: Path) -> None:
        self._git = repository._git  # noqa: SLF001
        self._scratch = scratch
        self._env = {"GIT_INDEX_FILE": str(scratch / "index")}

    def commit(self, parent: str, changes: list[Change], message: str) -> Commit:
        """A commit over ``parent`` with these changes; author and committer as git's configuration says.

        ``message`` ends with trailers; the tree's id becomes one more of them.
        """
        self._git("read-tree", parent, env=self._env)
        contents = [change for change in changes if change.content is not None]
        lines: list[bytes] = []
        for change, oid in zip(contents, self._blobs(contents), strict=True):
            lines.append(f"{change.mode} {oid}\t".encode() + _raw(change.path))
        lines += [f"0 {_null(parent)}\t".encode() + _raw(change.path) for change in changes if change.content is None]
        self._git("update-index", "-z", "--index-info", env=self._env, stdin=b"\0".join([*lines, b""]))
        tree = self._git("write-tree", "--missing-ok", env=self._env).decode().strip()
        sign = ["-S"] if self._signs() else []
        text = f"{message}Unshim-Tree: {tree}\n"  # so that a commit that somebody amended can be told
        made = self._git("commit-tree", *sign, tree, "-p", parent, stdin=text.encode("utf-8"))
        return Commit(made.decode().strip(), tree, "", text)

    def _blobs(self, changes: list[Change]) -> list[str]:
        names: list[bytes] = []
        for number, change in enumerate(changes):
            assert change.content is not None
            place = self._scratch / str(number)
            place.write_bytes(change.content)
            names.append(os.fsencode(place))
        if not names:
            return []
        output = self._git("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=b"\n".join([*names, b""]))
        return output.decode().split()

    def _signs(self) -> bool:
        found = self._git.asked("config", "--type=bool", "--get", "commit.gpgsign")
        return found is not None and found.strip() == b"true"


_SCRATCH = re.compile(r"unshim-(?P<pid>[0-9]+)-[^/]+")


@contextmanager
def _scratch() -> Iterator[Path]:
    """A temporary directory that says whose it is, so that a later run can remove it if this one is killed."""
    _remove_dead_scratch(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"unshim-{os.getpid()}-") as name:
        descriptor = os.open(name, os.O_RDONLY)
        try:
            _lock(descriptor)  # process ids mean nothing in another container, locks do
            yield Path(name)
        finally:
            os.close(descriptor)


def _remove_dead_scratch(parent: Path) -> None:
    """Remove our own directories whose process is dead and that nobody has locked."""
    with suppress(OSError), os.scandir(parent) as places:
        for place in places:
            found = _SCRATCH.fullmatch(place.name)
            if found is None or _is_alive(int(found["pid"])) or not place.is_dir(follow_symlinks=False):
                continue
            if place.stat(follow_symlinks=False).st_uid != os.geteuid():
                continue
            with suppress(OSError):  # somebody else was quicker
                descriptor = os.open(place.path, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    if _lock(descriptor):
                        shutil.rmtree(place.path, ignore_errors=True)
                finally:
                    os.close(descriptor)


@dataclass(frozen=True)
class _Claim:
    """A file in .git that says: this run is about to lock this ref, to let it point at this commit.

    It is locked (flock) by unshim and by the git that it starts. So who gets its lock knows that both are dead.
    """

    place: Path
    descriptor: int
    lock: Path
    commit: str


@contextmanager
def _claimed(common: Path, ref: str, commit: str) -> Iterator[_Claim | None]:
    """Claim a ref; None where no claim can be written (git will then say why)."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="unshim-", suffix=".claim", dir=common)
    except OSError:
        yield None
        return
    place = Path(name)
    try:
        written = False
        with suppress(OSError):
            _lock(descriptor)
            os.write(descriptor, _raw(f"{commit} {ref}"))
            written = True
        yield _Claim(place, descriptor, common / f"{ref}.lock", commit) if written else None
    finally:
        place.unlink(missing_ok=True)
        os.close(descriptor)


def _remove_dead_claims(common: Path, ref: str) -> None:
    """Remove what killed runs left of this very ref: their claims, and the lock that their git held."""
    for place in common.glob("unshim-*.claim"):
        with suppress(OSError):  # somebody else was quicker
            descriptor = os.open(place, os.O_RDWR | os.O_NOFOLLOW)
            try:
                commit, _, claimed = os.read(descriptor, 1 << 16).partition(b" ")
                if claimed and claimed != _raw(ref):  # for the run that writes that branch
                    continue
                if not _lock(descriptor) or not os.fstat(descriptor).st_nlink:
                    continue
                if claimed:
                    _remove_lock_of(
                        _Claim(place, descriptor, common / f"{ref}.lock", commit.decode("ascii", "replace"))
                    )
                place.unlink()
            finally:
                os.close(descriptor)


def _remove_lock_of(claim: _Claim) -> None:
    """Remove the ref's lock, if the git of this claim made it; the caller knows that this git is dead.

    Proof: the lock is not older than the claim, and it names the claim's commit, which no living run claims too. An
    empty one could be that of any git that is about to write into it, which then has it open.
    """
    with suppress(OSError):
        if any(place != claim.place and _is_locked(place) for place in claim.place.parent.glob("unshim-*.claim")):
            return
        about = claim.lock.lstat()
        content = claim.lock.read_bytes().strip()
        ours = about.st_uid == os.geteuid() and about.st_mtime_ns >= os.fstat(claim.descriptor).st_mtime_ns
        if ours and (content == claim.commit.encode() or (not content and not _may_be_open(about))):
            claim.lock.unlink()


def _may_be_open(about: os.stat_result) -> bool:
    """Whether a process has this file open; True where the system does not tell."""
    if not Path("/proc/self/fd").is_dir():
        return True
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # it has ended, or is another user's
            if os.path.samestat(descriptor.stat(), about):
                return True
    return False


def _lock(descriptor: int) -> bool:
    """Lock the file for as long as it is open here or in a child; False if another process has it locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # also a file system without locks: nothing is proved there
        return False
    return True


def _is_locked(place: Path) -> bool:
    """Whether another process holds this file's lock; False where it just vanished."""
    try:
        descriptor = os.open(place, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _as_far_as_the_disk_can(path: str, left_out: Callable[[str, str], None]) -> Iterator[None]:
    """Leave out a path that git can have and this disk cannot; anything else that fails is the user's to mend."""
    try:
        yield
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise MigrateError(
                f"the temporary worktree cannot be written: {error.strerror}",
                f"look at {tempfile.gettempdir()}, or set TMPDIR to a directory with more room",
            ) from error
        left_out(path, f"it cannot be written here: {error.strerror}")


def _gitdir(worktree: Path) -> Path | None:
    """Where git keeps its notes of a linked worktree: its ``.git`` is a file that says so."""
    pointer = worktree / ".git"
    if pointer.is_symlink() or not pointer.is_file():
        return None
    text = pointer.read_bytes()
    if not text.startswith(b"gitdir: "):
        return None
    return (worktree / os.fsdecode(text.removeprefix(b"gitdir: ").rstrip(b"\n"))).resolve()


def _remove_directory(place: Path) -> None:
    """Remove it though a command took away its rights, or still writes into it."""
    for _ in range(3):
        if not place.exists():
            return
        for folder, names, _files in os.walk(place):
            for name in names:
                inner = Path(folder, name)
                if not inner.is_symlink():
                    with suppress(OSError):
                        inner.chmod(0o700)  # before os.walk looks into it
        shutil.rmtree(place, ignore_errors=True)


def _null(oid: str) -> str:
    """The id that means none, in the hash of the repository (SHA-1 or SHA-256)."""
    return "0" * len(oid)


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _unpublished(error: MigrateError, branch: str, lock: Path) -> MigrateError:
    """Why the branch did not move, with what to do about it."""
    said = error.message.lower()
    if ".lock'" in said and "file exists" in said:
        return MigrateError(
            f"another git process is writing the branch {branch}",
            f"if none is, delete {lock}; then run it again; nothing was published",
        )
    moved = ("reference already exists", "but expected", "unable to resolve reference")
    if any(words in said for words in moved):
        return MigrateError(
            f"the branch {branch} was made or moved by someone else while unshim worked",
            "theirs was kept: look at it, then give another name with --branch, or --force to replace it",
        )
    return error
