"""apply(): the plan carried out, step by step, as commits that one ref update publishes."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.references import Reference, Step
from migrate.errors import MigrateError
from migrate.plan import Plan, PlannedStep, changes_of
from migrate.repository import Repository

_SUBJECTS = {
    Step.REWRITE: "Rewrite {references} to the canonical path",
    Step.COLLAPSE: "Collapse {references} to the canonical name",
    Step.DOCUMENTS: "Let {references} in documents name the canonical path",
    Step.DELETE: "Delete {files} that nothing needs any more",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A published branch: its name, and (commit, subject) of every step, the first one first."""

    branch: str
    commits: tuple[tuple[str, str], ...]


def apply(repository: Repository, plan: Plan, branch: str, *, force: bool) -> Outcome:
    """Write the plan's commits and publish them under ``branch``, all or nothing.

    Until the very last call nothing refers to the new objects. Raises MigrateError where the branch exists
    (unless ``force``), is checked out, or moved meanwhile.
    """
    tip = free_branch(repository, branch, force=force)
    commits: list[tuple[str, str]] = []
    head = plan.base
    with repository.writer() as writer:
        for step in plan.steps:
            message = commit_message(plan, step)
            head = writer.commit(head, changes_of(step), message)
            commits.append((head, message.splitlines()[0]))
    repository.publish(branch, head, tip)
    return Outcome(branch, tuple(commits))


def free_branch(repository: Repository, branch: str, *, force: bool) -> str | None:
    """The commit that the branch has now, if it may be replaced; None where there is no such branch."""
    tip = repository.branch_tip(branch)
    if tip is None:
        return None
    if not force:
        raise MigrateError(
            f"the branch {branch} exists already",
            "give another one with --branch, or --force to make it anew (its commits are then only in the reflog)",
        )
    if repository.is_checked_out(branch):
        raise MigrateError(f"the branch {branch} is checked out", "switch to another branch first")
    return tip


def commit_message(plan: Plan, step: PlannedStep) -> str:
    """What the step does and how much, with trailers that name recipe, step and base."""
    found = [one for one in plan.references if one.step is step.step]
    subject = _SUBJECTS[step.step].format(
        references=_count(len(found), "reference"), files=_count(len(step.changes), "compatibility file")
    )
    body = _deletions(plan) if step.step is Step.DELETE else _rewrites(found, len(step.changes))
    trailers = [
        f"Unshim-Recipe: {', '.join(target.canonical for target in plan.recipe.targets) or 'moves'}",
        f"Unshim-Step: {step.step.value}",
        f"Unshim-Base: {plan.base}",
    ]
    return "\n".join([subject, "", *body, "", *trailers]) + "\n"


def _rewrites(found: list[Reference], files: int) -> list[str]:
    moved: dict[tuple[str, str], int] = {}
    for one in found:
        key = (str(one.old), str(one.new))
        moved[key] = moved.get(key, 0) + 1
    most = sorted(moved.items(), key=lambda item: (-item[1], item[0]))
    return [
        f"In {_count(files, 'file')}; number of references, old path, new path:",
        "",
        *(f"{count:5} {old}\n      {new}" for (old, new), count in most),
    ]


def _deletions(plan: Plan) -> list[str]:
    lines = ["Pure shims: importing them had no effect beyond forwarding, and no reference is left."]
    for module in plan.modules:
        if module.deletable:
            lines += [
                "",
                f"{module.path} ({module.module})",
                *(f"  harmless: {line}" for line in module.evidence),
            ]
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
