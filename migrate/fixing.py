"""check --fix: what is safe is written into the working tree, file by file, each whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codemods.references import Step
from migrate.beside import beside
from migrate.plan import FileChange, Plan
from migrate.snapshots import WorkingTree


@dataclass(frozen=True)
class Fixed:
    """The files that were written, and those that were not, with the reason."""

    paths: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def fix(tree: WorkingTree, plan: Plan) -> Fixed:
    """Write the plan's new texts over files that still are as the plan has read them.

    No module is deleted, and so what goes with one (its tests) stays.
    """
    paths: list[str] = []
    left: list[tuple[str, str]] = []
    for change in plan.changed_files(besides=Step.DELETE):
        assert change.after is not None  # only the step that is left out deletes
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
    try:
        mode = file.lstat().st_mode & 0o7777
        with beside(file, after, is_durable=True) as new:
            new.chmod(mode)
            if tree.content(change.path) != change.before:
                return "it was changed meanwhile"
            new.replace(file)
    except OSError as error:
        return error.strerror or str(error)
    return None
