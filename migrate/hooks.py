"""Git hooks: small scripts that call unshim, put beside the user's own and never over them; and what each asks."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from migrate.beside import beside, write_new
from migrate.errors import ExitCode, MigrateError
from migrate.recipe import is_recipe
from migrate.repository import Repository


class Hook(StrEnum):
    """The hooks that unshim has something to say in."""

    POST_MERGE = "post-merge"
    POST_REWRITE = "post-rewrite"
    PRE_PUSH = "pre-push"

    @property
    def can_refuse(self) -> bool:
        """Whether git stops when the hook fails. The others run when all is done."""
        return self is Hook.PRE_PUSH


@dataclass(frozen=True)
class Question:
    """What one call of a hook wants to have checked."""

    about: str
    """The branch, or the act, in the user's words."""
    revision: str
    base: str | None
    """Only what is new since this commit counts; None: everything does."""
    staged: bool = False


# what a hook asks


def questions(repository: Repository, hook: Hook, arguments: Sequence[str], lines: Iterable[str]) -> list[Question]:
    """What to check, from the arguments and the standard input that git gives to the hook (githooks(5))."""
    match hook:
        case Hook.POST_MERGE if arguments[:1] == ["1"]:  # --squash: nothing is committed yet
            return [Question("the merge", "HEAD", "HEAD", staged=True)]
        case Hook.POST_MERGE:
            return [Question("the merge", "HEAD", _before(repository))]
        case Hook.POST_REWRITE if arguments[:1] != ["rebase"]:  # an amended commit is the user's own
            return []
        case Hook.POST_REWRITE:
            return [Question("the rebase", "HEAD", _before(repository))]
        case Hook.PRE_PUSH:
            asked = (_of_push(repository, line) for line in lines if line.strip())
            return list(dict.fromkeys(one for one in asked if one is not None))


def _before(repository: Repository) -> str | None:
    """Where the branch was before git moved it."""
    return repository.resolve("ORIG_HEAD") if repository.has("ORIG_HEAD") else None


_BRANCHES = ("refs/heads/", "refs/for/")
"""What is checked when it is pushed: branches, and Gerrit's. A tag names what there was, a note is no code."""


def _of_push(repository: Repository, line: str) -> Question | None:
    try:
        _, local, remote, there = line.split()
    except ValueError as error:
        raise MigrateError(
            f"pre-push reads lines of two refs and two ids, not {line.strip()!r}",
            "git gives them to the hook on its standard input; hand that on",
            ExitCode.USAGE,
        ) from error
    if set(local) == {"0"} or not remote.startswith(_BRANCHES):
        return None
    known = set(there) != {"0"} and repository.has(there)
    return Question(remote.removeprefix("refs/heads/"), repository.resolve(local), there if known else None)


def is_governed(repository: Repository, recipe: str, commit: str) -> bool:
    """Whether the recipe is meant for a commit: it is in there, or HEAD does not have it either.

    A branch of web pages, or one from before the recipe, has nothing to do with it.
    """

    def has(revision: str) -> bool:
        content = repository.content(revision, recipe)
        return content is not None and is_recipe(recipe, content)

    return has(commit) or not has("HEAD")


# the scripts

_MARK = re.compile(rb"\A#!/bin/sh\n# Made by 'unshim hook install' \(([0-9a-f]{16})\)[^\n]*\n")


def script(hook: Hook, python: str) -> bytes:
    """The hook's text: it calls unshim with the Python that unshim is installed for, else the unshim on the PATH."""
    tail = (
        "  echo \"  install unshim and run 'unshim hook install' again, or push with --no-verify\" >&2\n  exit 1\n"
        if hook.can_refuse
        else "  echo \"  install unshim and run 'unshim hook install' again\" >&2\n  exit 0\n"
    )
    # -P: the directory that the hook runs in, the user's, is not where unshim is looked for.
    body = f"""\
python={shlex.quote(python)}
probe='import importlib.util as u, sys; sys.exit(u.find_spec("migrate.hooks") is None)'
if [ -n "$python" ] && "$python" -P -c "$probe" </dev/null >/dev/null 2>&1; then
  exec "$python" -P -m migrate hook run {hook.value} -- "$@" >&2
elif command -v unshim >/dev/null 2>&1; then
  exec unshim hook run {hook.value} -- "$@" >&2
else
  printf '%s\\n' "unshim: {hook.value}: nothing was checked: unshim is neither on the PATH nor in $python" >&2
{tail}fi
"""
    raw = os.fsencode(body)
    mark = f"# Made by 'unshim hook install' ({_digest(raw)}); 'unshim hook uninstall' removes it, unless it is edited."
    return f"#!/bin/sh\n{mark}\n".encode() + raw


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def _is_ours(content: bytes) -> bool:
    """Whether this is a script of ours, of any version, and as we wrote it."""
    mark = _MARK.match(content)
    return mark is not None and mark[1].decode() == _digest(content[mark.end() :])


@dataclass(frozen=True)
class _Place:
    """Where a hook belongs, and what is there: our script, something of the user's, or nothing."""

    hook: Hook
    path: Path
    there: bool
    ours: bytes | None
    """The script that we have put there."""

    @property
    def is_foreign(self) -> bool:
        return self.there and self.ours is None


def install(repository: Repository, hooks: Sequence[Hook], python: str) -> tuple[Path, ...]:
    """Write the hooks, all or none; the files that were written. Raises MigrateError where another's hook is."""
    directory = _directory(repository)
    places = [_look(hook, directory / hook.value) for hook in hooks]
    foreign = [place for place in places if place.is_foreign]
    if foreign:
        raise MigrateError(
            "there are hooks that unshim did not make, or that were edited; nothing was written:\n"
            + "\n".join(f"  {place.path}" for place in foreign),
            _lines_to_add([place.hook for place in foreign], f"{shlex.quote(python)} -P -m migrate")
            + "\n  or move it away, or name only other hooks",
        )
    due = [place for place in places if place.ours != script(place.hook, python) or not os.access(place.path, os.X_OK)]
    written: list[_Place] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for place in due:
            written.append(place)
            _put(place, script(place.hook, python))
    except OSError as error:
        for place in written:
            _take_back(place, script(place.hook, python))
        raise MigrateError(
            f"the hooks cannot be written to {directory}: {error.strerror}", "nothing was installed; check its rights"
        ) from error
    return tuple(place.path for place in due)


def uninstall(repository: Repository, hooks: Sequence[Hook]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Remove our hooks, and nothing else: the files that are gone, and those that are not ours."""
    places = [_look(hook, _directory(repository) / hook.value) for hook in hooks]
    ours = [place for place in places if place.ours is not None]
    for place in ours:
        try:
            place.path.unlink(missing_ok=True)
        except OSError as error:
            raise MigrateError(f"{place.path} cannot be removed: {error.strerror}", "check its rights") from error
    return tuple(place.path for place in ours), tuple(place.path for place in places if place.is_foreign)


def _directory(repository: Repository) -> Path:
    """Where git looks for hooks, if that is this repository's own."""
    if repository.is_bare:
        raise MigrateError(
            "a bare repository has no merges, rebases or pushes of its own",
            "install the hooks in the clones that people work in",
        )
    found = repository.hooks_directory()
    inside = (repository.root.resolve(), repository.common_directory())
    if any(found.resolve() != own and found.resolve().is_relative_to(own) for own in inside):
        return found
    own_hooks = shlex.quote(str(repository.common_directory() / "hooks"))
    raise MigrateError(
        f"git looks for hooks in {found}, which is not in this repository and may serve others too",
        f"{_lines_to_add(tuple(Hook), 'unshim')}\n"
        f"  or give this repository hooks of its own:\n    git config core.hooksPath {own_hooks}",
    )


def _lines_to_add(hooks: Sequence[Hook], command: str) -> str:
    """What calls unshim from a hook that is another's."""
    lines = [
        f'    {hook.value}: {command} hook run {hook.value} -- "$@" >&2{" || exit" if hook.can_refuse else ""}'
        for hook in hooks
    ]
    note = ["    (it reads the standard input that git gives to pre-push)"] if Hook.PRE_PUSH in hooks else []
    return "\n".join(["add to each a line that calls unshim:", *lines, *note])


def _look(hook: Hook, path: Path) -> _Place:
    try:
        about = path.lstat()
    except FileNotFoundError:
        return _Place(hook, path, there=False, ours=None)
    except OSError as error:
        raise MigrateError(f"{path} cannot be read: {error.strerror}", "check core.hooksPath") from error
    if not stat.S_ISREG(about.st_mode):
        return _Place(hook, path, there=True, ours=None)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MigrateError(f"{path} cannot be read: {error.strerror}", "check its rights") from error
    return _Place(hook, path, there=True, ours=content if _is_ours(content) else None)


def _put(place: _Place, content: bytes) -> None:
    """Write a new file where there must be none, or replace ours in one step."""
    if place.there:
        with beside(place.path, content, 0o777) as new:
            new.replace(place.path)
    else:
        write_new(place.path, content, 0o777)


def _take_back(place: _Place, content: bytes) -> None:
    """Undo one write, as far as it came. What is not our new text, or a piece of it, is another's by now."""
    with suppress(OSError):
        if not content.startswith(place.path.read_bytes()):
            return
        place.path.unlink()
        if place.ours is not None:
            _put(_Place(place.hook, place.path, there=False, ours=None), place.ours)
