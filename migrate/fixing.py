"""check --fix: what is safe is written into the working tree, file by file, each whole or not at all."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from migrate.plan import FileChange, Plan
from migrate.snapshots import WorkingTree


@dataclass(frozen=True, slots=True)
class Fixed:
    """The files that were written, and those that were not, with the reason."""

    paths: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def fix(tree: WorkingTree, plan: Plan) -> Fixed:
    """Write the plan's new texts over files that still are as the plan has read them; nothing is deleted."""
    paths: list[str] = []
    left: list[tuple[str, str]] = []
    for change in plan.changed_files():
        if change.after is None:
            continue
        refusal = _replace(tree, change, change.after)
        if refusal is None:
            paths.append(change.path)
        else:
            left.append((change.path, refusal))
    return Fixed(tuple(paths), tuple(left))


def _replace(tree: WorkingTree, change: FileChange, after: bytes) -> str | None:
    """Replace a file in one step, so that a reader sees the old text or the new one; why not, if not."""
    file = tree.root / change.path
    if file.parent.resolve() != tree.root.resolve() / Path(change.path).parent:
        return "a directory on the way is a symbolic link"
    beside = file.parent / f".unshim-{os.getpid()}-{secrets.token_hex(8)}"
    try:
        mode = file.lstat().st_mode & 0o7777
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(after)
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            if tree.content(change.path) != change.before:
                return "it was changed meanwhile"
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        return error.strerror or str(error)
    return None
