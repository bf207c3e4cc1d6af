"""apply(): the plan carried out, step by step, as commits that one ref update publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from codemods.references import Reference, Step
from migrate.branches import BASE_TRAILER, STEP_TRAILER, Existing, check_replaceable, read_branch
from migrate.configuration import Tool
from migrate.errors import MigrateError
from migrate.plan import Plan, PlannedStep, changes_of
from migrate.repository import Commit, Repository

_SUBJECTS = {
    Step.REWRITE: "Rewrite {references} to the canonical path",
    Step.COLLAPSE: "Collapse {references} to the canonical name",
    Step.DOCUMENTS: "Let {references} in documents name the canonical path",
    Step.DELETE: "Delete {files} that nothing needs any more",
    Step.ENFORCE: "Let {tools} refuse the old paths",
}


Check = Callable[[str], Iterable[str]]
"""A check on the commit that would be published: what speaks against it, line by line; nothing if it may be."""


@dataclass(frozen=True)
class Outcome:
    """What became of a plan: the branch with its commits (the first step first), or why it was not published."""

    branch: str
    commits: tuple[Commit, ...]
    published: bool
    refusals: tuple[str, ...] = ()
    """What a check has against the result; empty and not published: the branch had all of it already."""


def apply(
    repository: Repository,
    plan: Plan,
    branch: str,
    *,
    revision: str,
    existing: Existing = Existing.REFUSE,
    checks: Iterable[Check] = (),
) -> Outcome:
    """Write the plan's commits, check the result, and publish it under ``branch``, all or nothing.

    Until the very last call nothing refers to the new objects. ``revision`` is what the plan was made for: a base
    that moved meanwhile is told. Raises MigrateError where the branch exists and
    holds something else (see Existing), is checked out, or moved meanwhile.
    """
    before = read_branch(repository, branch)
    commits = _write(repository, plan)
    if before is not None:
        if before.base == plan.base and _trees(before.ours) == _trees(commits):
            return Outcome(branch, before.ours, published=False)
        check_replaceable(repository, before, existing, plan.base)
    head = commits[-1].oid
    for check in checks:
        refusals = tuple(check(head))
        if refusals:
            return Outcome(branch, commits, published=False, refusals=refusals)
    if repository.resolve(revision) != plan.base:
        raise MigrateError(
            f"{revision} moved while unshim worked: it was {plan.base[:10]}",
            "run it again; nothing was published",
        )
    repository.publish(branch, head, None if before is None else before.tip)
    return Outcome(branch, commits, published=True)


def _write(repository: Repository, plan: Plan) -> tuple[Commit, ...]:
    commits: list[Commit] = []
    head = plan.base
    with repository.writer() as writer:
        for step in plan.steps:
            commits.append(writer.commit(head, changes_of(step), commit_message(plan, step)))
            head = commits[-1].oid
    return tuple(commits)


def _trees(commits: Iterable[Commit]) -> list[str]:
    return [commit.tree for commit in commits]


def commit_message(plan: Plan, step: PlannedStep) -> str:
    """What the step does and how much, with trailers that name recipe, step and base."""
    found = [one for one in plan.references if one.step is step.step]
    subject = _SUBJECTS[step.step].format(
        references=_count(len(found), "reference"),
        files=_count(sum(module.deletable for module in plan.modules), "compatibility file"),
        tools=_enumerated([tool.value for tool in plan.recipe.enforce]),
    )
    match step.step:
        case Step.DELETE:
            body = _deletions(plan)
        case Step.ENFORCE:
            body = _enforcement(plan, step)
        case _:
            body = _rewrites(found, len(step.changes))
    trailers = [
        f"Unshim-Recipe: {', '.join(target.canonical for target in plan.recipe.targets) or 'moves'}",
        f"{STEP_TRAILER}: {step.step.value}",
        f"{BASE_TRAILER}: {plan.base}",
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
    """The proof of each file."""
    lines = ["Pure shims: importing them had no effect beyond forwarding, and no reference is left."]
    for module in plan.modules:
        if module.deletable:
            lines += [
                "",
                f"{module.path} ({module.module})",
                *(f"  - {line}" for line in module.told_briefly()),
            ]
    return lines


def _enforcement(plan: Plan, step: PlannedStep) -> list[str]:
    """What is told, where, and what would be told wrongly of a line that keeps its path on purpose."""
    lines = [f"In {', '.join(change.path for change in step.changes)}: {_count(len(plan.bans.entries), 'old path')}."]
    if plan.bans.kept and Tool.RUFF in plan.recipe.enforce:
        lines += ["", "These lines keep an old path on purpose; for ruff they need '# noqa: TID251' too:"]
        lines += [f"  {one.path}:{one.line}" for one in plan.bans.kept]
    return lines


def _enumerated(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
