"""The plan for people: at most 100 columns, and at the end what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from codemods.modules import Verdict
from codemods.reasons import EXPLANATIONS
from codemods.references import Disposition, Reason, Reference, Step
from codemods.symbols import contains
from migrate.plan import ModuleReport, Plan

if TYPE_CHECKING:
    from migrate.branches import Branch
    from migrate.run import Outcome

WIDTH = 100


def scan_report(plan: Plan, *, every: bool = False, next_steps: bool = True) -> str:
    """The map: modules, then references by what becomes of them. ``every`` lists each reference."""
    lines = [*_scan_lines(plan, every=every)]
    if next_steps:
        lines += ["", *_next_steps(plan, every=every)]
    return "\n".join(_fitted(lines)) + "\n"


def apply_report(plan: Plan, outcome: Outcome) -> str:
    """The commits that were made, what is left, and the next commands."""
    branch = outcome.branch
    lines = [f"branch {branch}, on {plan.base[:10]}:"]
    lines += [f"  {commit.oid[:10]} {commit.subject}" for commit in outcome.commits]
    if not outcome.published:
        return "\n".join([*lines, "", "nothing to do: the branch has all of this already"]) + "\n"
    manual = plan.with_disposition(Disposition.MANUAL)
    staying = [one for one in plan.modules if one.verdict == Verdict.PURE_SHIM and not one.deletable]
    if staying:
        lines += ["", "shims that stay:"]
        for one in staying:
            lines += [f"  {one.module}: {count(one.references_left, 'reference')} left"]
            lines += _fitted(f"      {reason}" for reason in one.evidence[:1])
    if manual:
        lines += ["", f"left for you: {count(len(manual), 'reference')}; 'unshim scan --all' lists them"]
    lines += [
        "",
        "next:",
        f"  git log -p {plan.base[:10]}..{branch}   read the commits",
        f"  git switch {branch}   run your tests on it, then merge it",
        f"  unshim check --rev {branch}   what is still non-canonical there",
        f"  unshim undo --branch {branch}   take it back",
    ]
    return "\n".join(lines) + "\n"


def explain_report(reason: Reason) -> str:
    """What a reason code means."""
    explanation = EXPLANATIONS[reason]
    return f"{reason.value}\n\n{_wrapped(explanation.meaning)}\n\nWhat to do: {_wrapped(explanation.remedy, 12)}\n"


def blocked_report(plan: Plan) -> str:
    """Why a plan with references for the user is not carried out without being told to."""
    manual = plan.with_disposition(Disposition.MANUAL)
    lines = [f"{count(len(manual), 'reference')} would be left:", ""]
    lines += _by_reason(manual)
    lines += [
        "",
        "Nothing was written. To rewrite what is proved and leave these: unshim apply --partial",
        "To settle them: [unshim.moves] in the recipe; 'unshim explain CODE' says more on a reason.",
    ]
    return "\n".join(_fitted(lines)) + "\n"


def refused_report(outcome: Outcome) -> str:
    """Why a result is not published that a check refuses."""
    lines = [f"the result was not published: the branch {outcome.branch} is as it was", ""]
    lines += [f"  {line}" for line in outcome.refusals]
    return "\n".join(lines) + "\n"


def undo_report(branch: Branch) -> str:
    """What was taken away, and how to get it back."""
    lines = [f"removed the branch {branch.name}:"]
    lines += [f"  {commit.oid[:10]} {commit.subject}" for commit in (*branch.ours, *branch.foreign)]
    lines += ["", "next:", f"  git branch {branch.name} {branch.tip[:10]}   bring it back, while git keeps the commits"]
    return "\n".join(lines) + "\n"


def _scan_lines(plan: Plan, *, every: bool) -> Iterator[str]:
    yield f"commit {plan.base[:10]}, {count(plan.files, 'Python file')}"
    yield ""
    yield "Modules"
    for module in plan.modules:
        yield from _module_lines(module, every=every)
    yield ""
    yield "References"
    yield f"  {plan.canonical:6} canonical already"
    for disposition, text in (
        (Disposition.REWRITE, "to rewrite: proved to be the same object, or moved by the recipe"),
        (Disposition.KEEP, "kept"),
        (Disposition.MANUAL, "for you to decide"),
    ):
        found = plan.with_disposition(disposition)
        yield f"  {len(found):6} {text}" + (f" ({count(len({r.path for r in found}), 'file')})" if found else "")
        if found and disposition is not Disposition.REWRITE:
            yield from _by_reason(found, indent=11)
    for move in plan.recipe.moves:
        if not any(contains(move.old.module, one.old.module) for one in plan.references):
            yield f"         nothing refers to {move.old}, which the recipe moves"
    if plan.unchecked:
        yield f"  {len(plan.unchecked):6} files not checked"
        reasons = Counter(one.reason for one in plan.unchecked)
        yield from (f"{'':11}{count:5} {reason.value}" for reason, count in reasons.most_common())
    if every:
        yield ""
        yield from (_line(reference) for reference in plan.references)
        yield from (f"{one.path}:{one.line}: not checked: {one.reason.value}: {one.message}" for one in plan.unchecked)


def _next_steps(plan: Plan, *, every: bool) -> Iterator[str]:
    yield "next:"
    if not every:
        yield "  unshim scan --all   list every reference"
    if plan.steps:
        yield "  unshim diff         show the change"
        partial = " --partial" if plan.with_disposition(Disposition.MANUAL) else ""
        yield f"  unshim apply{partial}   put it on the branch {plan.recipe.branch}"
    else:
        yield "  nothing to rewrite"
    if plan.with_disposition(Disposition.MANUAL) or plan.unchecked:
        yield "  unshim explain CODE   what a reason means, and what to do about it"


def _module_lines(module: ModuleReport, *, every: bool) -> Iterator[str]:
    if module.verdict in ("canonical", "home"):
        state = module.verdict
    elif module.deletable:
        state = f"{module.verdict}, will be deleted"
    elif not module.references_left and module.verdict == Verdict.MIXED:
        state = f"{module.verdict}: nothing non-canonical is taken from it; it stays for what is its own"
    else:
        state = f"{module.verdict}, {count(module.references_left, 'reference')} left"
    yield f"  {module.module}"
    yield f"      {state}"
    if every:
        yield from (f"      {line}" for line in module.evidence)
    elif module.proof is not None:
        yield from (f"      {line}" for line in module.proof.short())
    else:
        yield from (f"      {line}" for line in module.evidence[:3])
        if len(module.evidence) > 3:
            yield f"      ... and {len(module.evidence) - 3} more (scan --all has all)"


def _by_reason(references: Iterable[Reference], indent: int = 2) -> Iterator[str]:
    counts = Counter((one.relation, one.reason) for one in references)
    for (relation, reason), count in counts.most_common():
        code = "" if reason is None else reason.value
        yield f"{'':{indent}}{count:5} {relation.value:<12} {code}"


def _line(reference: Reference) -> str:
    place = f"{reference.path}:{reference.line}:{reference.column}:"
    target = "" if reference.new is None else f" -> {reference.new}"
    step = " (alias name)" if reference.step is Step.COLLAPSE else ""
    if reference.disposition is Disposition.REWRITE:
        return f"{place} {reference.kind.value} {reference.old}{target}{step}"
    reason = "" if reference.reason is None else f" [{reference.reason.value}]"
    detail = f": {reference.detail}" if reference.detail else ""
    return f"{place} {reference.disposition.value}: {reference.kind.value} {reference.old}{reason}{detail}"


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 file``, ``1,024 files``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _wrapped(text: str, indent: int = 0) -> str:
    import textwrap

    return textwrap.fill(text, WIDTH - 1, subsequent_indent="", initial_indent=" " * indent).lstrip()


def _fitted(lines: Iterable[str]) -> Iterator[str]:
    """Lines of a summary, cut to the width; lines that name a place are never cut."""
    for line in lines:
        shown = printable(line)
        place = line[:1] not in (" ", "")
        yield shown if place else cut(shown)


def cut(line: str) -> str:
    """A line that is no longer than the width."""
    return line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def printable(line: str) -> str:
    """A line without what would break it, or drive the terminal: characters of paths and source lines."""
    return line if line.isprintable() else "".join(map(_printable, line))


def _printable(character: str) -> str:
    raw_byte = "\udc80" <= character <= "\udcff"  # of a path that is not UTF-8
    return character if character.isprintable() or raw_byte else character.encode("unicode_escape").decode()
