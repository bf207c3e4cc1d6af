"""Git: runs git as a process that does nothing unasked, and says in the user's words why it would not."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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
    # An id must say for ever what the content is: what was learnt of it is kept.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}

_PLACE = ("GIT_DIR", "GIT_WORK_TREE")
"""What a hook's environment says of where git is: the user's --repo says it."""


class Git:
    """Git in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        pass_fds: tuple[int, ...] = (),
    ) -> bytes:
        """Run git and return its output. Raises MigrateError with git's own words."""
        try:
            done = subprocess.run(  # noqa: S603
                ["git", *_SAFE, *arguments],  # noqa: S607  the one that the user has
                cwd=self._directory,
                env=_environment(env),
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                pass_fds=pass_fds,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise _situation(error, arguments[0]) from error
        except OSError as error:
            if error.filename != "git":
                raise
            message = (
                "git is not installed"
                if isinstance(error, FileNotFoundError)
                else f"git cannot be run: {error.strerror}"
            )
            raise MigrateError(message, "install git 2.30 or newer") from error
        return done.stdout

    def asked(self, *question: str, no: Collection[int] = (1,)) -> bytes | None:
        """What git answers; None if it ends with one of ``no``. Raises MigrateError where it fails otherwise."""
        try:
            return self(*question)
        except MigrateError as error:
            if exit_code(error) not in no:
                raise
            return None

    @contextmanager
    def stream(self, *arguments: str, stdin: bytes) -> Iterator[IO[bytes]]:
        """What git prints, as it comes. Git is ended with the context. Raises MigrateError where it failed."""
        with tempfile.TemporaryFile() as given:  # a pipe could be full on both ends
            given.write(stdin)
            given.seek(0)
            with subprocess.Popen(  # noqa: S603
                ["git", *_SAFE, *arguments],  # noqa: S607  the one that the user has
                cwd=self._directory,
                env=_environment(),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process:
                assert process.stdout is not None
                try:
                    yield process.stdout
                except BaseException:
                    process.kill()
                    raise
        if process.returncode < 0:
            raise _ended_by_signal(arguments[0], process.returncode)
        if process.returncode:
            raise MigrateError(f"git {arguments[0]} failed", "run 'git fsck' on the repository")


@dataclass(frozen=True)
class Place:
    """Where a repository is: the top of its working tree (or, without one, its git directory), and what it shares."""

    root: Path
    common: Path
    """The git directory that all worktrees share."""
    is_bare: bool


def located(path: Path) -> Place:
    """The repository that a directory is, or is in. Raises MigrateError where there is none that git trusts."""
    if not os.access(path, os.X_OK) or not path.is_dir():
        raise MigrateError(f"there is no directory {path} that you may enter", "give the repository with --repo DIR")
    questions = (
        "--is-bare-repository",
        "--is-inside-work-tree",
        "--absolute-git-dir",
        "--git-common-dir",
        "--show-cdup",
    )
    try:
        git = Git(path)
        answers = os.fsdecode(git("rev-parse", *questions)).split("\n")[:-1]
        if len(answers) != len(questions):  # a path has a line break
            answers = [os.fsdecode(git("rev-parse", one)).removesuffix("\n") for one in questions]
    except MigrateError as error:
        if "not a git repository" not in error.message:
            raise
        refused = next((one for one in (path, *path.absolute().parents) if os.path.lexists(one / ".git")), None)
        if refused is not None:
            raise MigrateError(
                f"{refused / '.git'} is there, but git cannot read a repository in it",
                "check the rights of that directory, and whether it is whole",
            ) from error
        raise MigrateError(
            f"{path} is not in a git repository",
            "run unshim inside one, or give it with --repo DIR; 'git init' and a first commit make one",
        ) from error
    bare, inside, own, common, up = answers
    root = Path(own)
    if inside == "true":
        root = (path / up).resolve()
    elif bare != "true" and root.name == ".git":
        root = root.parent
    return Place(root, (path / common).resolve(), bare == "true")


def _environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _PLACE}
    return {**inherited, **_ENVIRONMENT, **(more or {})}


def _situation(error: subprocess.CalledProcessError, command: str) -> MigrateError:
    """Git's refusal in the user's words."""
    text = error.stderr.decode("utf-8", "replace").strip()
    lowered = text.lower()
    if "dubious ownership" in lowered:
        return MigrateError("git does not trust this repository's owner", "see 'git help config', safe.directory")
    if "tell me who you are" in lowered or "empty ident" in lowered or "auto-detect email" in lowered:
        return MigrateError(
            "git does not know who you are",
            "git config user.name 'Your Name' and git config user.email you@example.org",
        )
    if any(words in lowered for words in ("permission denied", "read-only file system", "insufficient permission")):
        return MigrateError(f"git lacks the rights it needs: {text}", "check the rights of the .git directory")
    first = text.splitlines()[0] if text else f"exit code {error.returncode}"
    if any(words in lowered for words in ("no space left", "quota exceeded", "file too large")):
        return MigrateError(f"the disk is full: {first}", "make room and run it again; nothing was published")
    if "failed to sign" in lowered or "failed to write commit object" in lowered:
        return MigrateError(
            f"git could not sign the commit: {first}",
            "mend your signing (user.signingkey, gpg.program), or turn commit.gpgsign off; nothing was published",
        )
    if any(words in lowered for words in _DAMAGE):
        return MigrateError(f"the repository is damaged: {first}", "run 'git fsck' on it; nothing was published")
    if error.returncode < 0:
        return _ended_by_signal(command, error.returncode)
    return MigrateError(f"git {command} failed: {first}", "the command above says why; nothing was published")


_DAMAGE = (
    "is corrupt",
    "inflate:",
    "bad object",
    "bad tree object",
    "unable to unpack",
    "object file",
    "hash mismatch",
)


def exit_code(error: MigrateError) -> int:
    """What git ended with: below 0 it is the signal that ended it; 0 if it was not even run."""
    cause = error.__cause__
    return cause.returncode if isinstance(cause, subprocess.CalledProcessError) else 0


def _ended_by_signal(command: str, code: int) -> MigrateError:
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return MigrateError(
        f"git {command} was ended by {name}",
        "run it again (with room on the disk, and below the limits of 'ulimit -a'); nothing was published",
    )
