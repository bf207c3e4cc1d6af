"""All of git: reading the files of a commit, writing blobs, trees and commits, moving one ref."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # GitPython fails at import without git; we say it ourselves

import git
from git.exc import GitCommandError, GitCommandNotFound, InvalidGitRepositoryError, NoSuchPathError

from migrate.errors import MigrateError

_SAFE = (
    # Nothing that the repository or its configuration brings is executed: hooks, file system monitors.
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.quotePath=false"),
)

_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone would fetch what it does not have, object by object.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}

REGULAR_MODES = frozenset({"100644", "100755"})
SYMLINK_MODE = "120000"
SUBMODULE_MODE = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a commit's tree."""

    path: str
    mode: str
    oid: str
    size: int | None
    """Bytes; None for a submodule, and for what this clone does not have."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does to one path: new bytes under the old mode, or (None) its deletion."""

    path: str
    mode: str
    content: bytes | None


class Repository:
    """One git repository, read and written through git's plumbing; the working tree is never touched."""

    def __init__(self, path: Path) -> None:
        try:
            self._repo = git.Repo(path, search_parent_directories=True)
            self._git("rev-parse", "--git-dir")  # git may refuse it: an owner or a format that it does not trust
        except NoSuchPathError as error:
            raise MigrateError(f"there is no directory {path}", "give the repository with --repo DIR") from error
        except InvalidGitRepositoryError as error:
            raise MigrateError(
                f"{path} is not in a git repository",
                "run unshim inside one, or give it with --repo DIR; 'git init' and a first commit make one",
            ) from error
        except GitCommandNotFound as error:
            raise MigrateError("git is not installed", "install git 2.30 or newer") from error
        self.root = Path(self._repo.working_tree_dir or self._repo.git_dir)
        self.is_bare = self._repo.bare
        self._absent: frozenset[str] = frozenset()

    def _git(self, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> bytes:
        """Run git and return its output. Raises MigrateError with git's own words."""
        command = ["git", *_SAFE, *arguments]
        environment = {**_ENVIRONMENT, **(env or {})}
        try:
            if stdin is None:
                output = self._repo.git.execute(
                    command, env=environment, stdout_as_string=False, strip_newline_in_stdout=False
                )
                assert isinstance(output, bytes)
                return output
            with tempfile.TemporaryFile() as stream:
                stream.write(stdin)
                stream.seek(0)
                output = self._repo.git.execute(
                    command,
                    env=environment,
                    istream=stream,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                )
            assert isinstance(output, bytes)
            return output
        except GitCommandError as error:
            raise _situation(error, arguments[0]) from error

    # reading

    def resolve(self, revision: str) -> str:
        """The commit's full id. Raises MigrateError where there is none."""
        try:
            found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except MigrateError as error:
            if revision == "HEAD":
                raise MigrateError(
                    "the repository has no commits yet",
                    "commit the code first: unshim reads commits, not files",
                ) from error
            raise MigrateError(f"there is no commit {revision}", "see 'git log --all' or 'git branch -a'") from error
        return found.decode().strip()

    def entries(self, commit: str) -> list[Entry]:
        """All files of a commit, in git's order. Paths that are not UTF-8 carry surrogate escapes."""
        self._absent = self._absent_objects(commit) if self._is_partial() else frozenset()
        long = () if self._absent else ("--long",)  # git asks for a size where there is none, and fails
        found: list[Entry] = []
        for line in self._git("ls-tree", "-r", "-z", *long, "--full-tree", commit).split(b"\0"):
            if not line:
                continue
            head, _, path = line.partition(b"\t")
            mode, _, oid, *size = head.split()
            found.append(
                Entry(
                    path.decode("utf-8", "surrogateescape"),
                    mode.decode(),
                    oid.decode(),
                    None if not size or size[0] in (b"-", b"BAD") else int(size[0]),
                )
            )
        return found

    def _is_partial(self) -> bool:
        """Whether this clone may lack objects on purpose (git clone --filter)."""
        try:
            self._git("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$")
        except MigrateError:  # no such setting
            return False
        return True

    def _absent_objects(self, commit: str) -> frozenset[str]:
        """The objects of a commit that a partial clone lacks. Asked for one, git would fetch it, or fail."""
        listing = self._git("rev-list", "--objects", "--no-object-names", "--missing=print", "--no-walk", commit)
        return frozenset(line[1:].decode() for line in listing.splitlines() if line.startswith(b"?"))

    def read(self, oids: Iterable[str]) -> Iterator[bytes | None]:
        """The contents of blobs, in order; None for one that this clone does not have."""
        wanted = list(oids)
        present = [oid for oid in wanted if oid not in self._absent]
        contents = self._read_present(present)
        for oid in wanted:
            yield None if oid in self._absent else next(contents)

    def _read_present(self, wanted: list[str]) -> Iterator[bytes | None]:
        if not wanted:
            return
        with tempfile.TemporaryFile() as names:
            names.write("".join(f"{oid}\n" for oid in wanted).encode())
            names.seek(0)
            process = self._repo.git.execute(
                ["git", *_SAFE, "cat-file", "--batch", "--buffer"],
                istream=names,
                as_process=True,
                env=_ENVIRONMENT,
            )
            assert process.proc is not None
            stream = process.proc.stdout
            assert stream is not None
            for oid in wanted:
                header = stream.readline().split()
                if len(header) != 3:
                    if header[-1:] == [b"missing"]:
                        yield None
                        continue
                    raise MigrateError(f"git could not read the object {oid}", "run 'git fsck' on the repository")
                content = stream.read(int(header[2]))
                stream.read(1)
                yield content
            process.wait()

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

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """Write objects with an index of our own, which vanishes afterwards."""
        with tempfile.TemporaryDirectory(prefix="unshim-") as scratch:
            yield Writer(self, Path(scratch))

    def publish(self, branch: str, commit: str, old: str | None) -> None:
        """Point the branch at the commit, in one step, if it still is where it was."""
        self._git("update-ref", "-m", "unshim apply", f"refs/heads/{branch}", commit, old or _null(commit))


class Writer:
    """Writes commits without any ref: until publish() nothing of them can be seen."""

    def __init__(self, repository: Repository, scratch: Path) -> None:
        self._git = repository._git  # noqa: SLF001
        self._scratch = scratch
        self._env = {"GIT_INDEX_FILE": str(scratch / "index")}

    def commit(self, parent: str, changes: list[Change], message: str) -> str:
        """A commit over ``parent`` with these changes; author and committer as git's configuration says."""
        self._git("read-tree", parent, env=self._env)
        contents = [change for change in changes if change.content is not None]
        lines: list[bytes] = []
        for change, oid in zip(contents, self._blobs(contents), strict=True):
            lines.append(f"{change.mode} {oid}\t".encode() + _raw(change.path))
        lines += [f"0 {_null(parent)}\t".encode() + _raw(change.path) for change in changes if change.content is None]
        self._git("update-index", "-z", "--index-info", env=self._env, stdin=b"\0".join([*lines, b""]))
        tree = self._git("write-tree", "--missing-ok", env=self._env).decode().strip()
        sign = ["-S"] if self._signs() else []
        made = self._git("commit-tree", *sign, tree, "-p", parent, stdin=message.encode("utf-8"))
        return made.decode().strip()

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
        try:
            return self._git("config", "--type=bool", "--get", "commit.gpgsign").strip() == b"true"
        except MigrateError:  # not set
            return False


def _null(oid: str) -> str:
    """The id that means none, in the hash of the repository (SHA-1 or SHA-256)."""
    return "0" * len(oid)


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _situation(error: GitCommandError, command: str) -> MigrateError:
    """Git's refusal in the user's words."""
    text = str(error.stderr).strip().removeprefix("stderr:").strip().strip("'").strip()
    lowered = text.lower()
    if "dubious ownership" in lowered:
        return MigrateError("git does not trust this repository's owner", "see 'git help config', safe.directory")
    if "tell me who you are" in lowered or "empty ident" in lowered or "auto-detect email" in lowered:
        return MigrateError(
            "git does not know who you are",
            "git config user.name 'Your Name' and git config user.email you@example.org",
        )
    if "permission denied" in lowered or "read-only file system" in lowered:
        return MigrateError(f"the repository cannot be written: {text}", "check the rights of its .git directory")
    first = text.splitlines()[0] if text else f"exit code {error.status}"
    return MigrateError(f"git {command} failed: {first}", "the command above says why; nothing was published")
