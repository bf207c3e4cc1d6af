"""The command line: arguments in, reports and exit codes out; the one place that catches MigrateError."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from codemods.references import Disposition, Reason
from migrate.baseline import compare as compare_baseline
from migrate.baseline import read_baseline
from migrate.checking import new_violations
from migrate.errors import ExitCode, MigrateError
from migrate.hooks import Hook, Question, install, is_governed, questions, uninstall
from migrate.parallel import default_jobs
from migrate.plans import Plans
from migrate.recipe import BASELINE_NAME, Recipe, load_recipe, recipe_name
from migrate.reports.check import CHECK_REPORTS, Checked
from migrate.repository import Repository
from migrate.snapshots import Snapshot, Staged

if TYPE_CHECKING:
    from migrate.gates import GateResult
    from migrate.plan import Plan

# Rooms that not every command needs are imported where one does: 'check' in a hook must not wait for them.

app = typer.Typer(
    name="unshim",
    help="Find every non-canonical path to a Python module, rewrite it, delete the shims that are left over.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """The forms in which a plan is printed."""

    TEXT = "text"
    JSON = "json"


class HistoryFormat(StrEnum):
    """The forms in which a history is printed."""

    TEXT = "text"
    JSON = "json"
    SVG = "svg"


class CheckFormat(StrEnum):
    """The forms in which the result of a check is printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    MARKDOWN = "markdown"


class Export(StrEnum):
    """The tools for which the old paths are printed."""

    RUFF = "ruff"
    IMPORT_LINTER = "import-linter"


Repo = Annotated[Path, typer.Option("--repo", metavar="DIR", help="The repository, or a directory in it.")]
RecipeFile = Annotated[
    Path | None,
    typer.Option("--recipe", metavar="FILE", help="The recipe; default: unshim.toml or pyproject.toml."),
]
Rev = Annotated[str, typer.Option("--rev", metavar="REV", help="The commit to look at.")]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Cores to use; default: all.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Use nothing that earlier runs have learnt, and keep nothing.")
]
OutputFormat = Annotated[Format, typer.Option("--format", help="For people, or for programs.")]
BranchName = Annotated[str | None, typer.Option("--branch", metavar="NAME", help="Instead of the recipe's.")]
Python = Annotated[
    str | None,
    typer.Option("--python", metavar="PYTHON", help="Import old and canonical paths with this Python, and compare."),
]
_HERE = Path()
_JOBS = default_jobs()
_PROBE_SECONDS = 600.0


@app.command()
def init(
    module: Annotated[str, typer.Argument(metavar="MODULE", help="The canonical module, as package.module.")],
    repo: Repo = _HERE,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="GLOB", help="Files to leave out; may be repeated."),
    ] = None,
) -> None:
    """Find the modules through which MODULE's symbols can be reached, and write the recipe unshim.toml."""
    from migrate.init import new_recipe, write_recipe
    from migrate.reports.text import scan_report

    repository = Repository(repo)
    if repository.is_bare:
        raise MigrateError("a bare repository has no place for a recipe", "run init in a clone of it")
    found = new_recipe(repository, module, rev, tuple(exclude or ()), jobs, _progress)
    place = write_recipe(found.text, repository.root)
    _write(scan_report(found.plan, next_steps=False))
    _write(f"\nwrote {place}; read it, then run 'unshim scan'\n")


@app.command()
def scan(
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    output: OutputFormat = Format.TEXT,
    every: Annotated[bool, typer.Option("--all", help="List every reference.")] = False,
    no_cache: NoCache = False,
) -> None:
    """Show the map: which modules and references are not canonical, and what would become of them."""
    from migrate.reports.json import json_report
    from migrate.reports.text import scan_report

    repository = Repository(repo)
    plan = _plan(repository, _recipe(repository, recipe), rev, jobs, no_cache=no_cache)
    _write(json_report(plan) if output is Format.JSON else scan_report(plan, every=every))


@app.command()
def diff(
    repo: Repo = _HERE, recipe: RecipeFile = None, rev: Rev = "HEAD", jobs: Jobs = _JOBS, no_cache: NoCache = False
) -> None:
    """Show the whole change as a unified diff; nothing is written."""
    from migrate.reports.diff import diff_report

    repository = Repository(repo)
    plan = _plan(repository, _recipe(repository, recipe), rev, jobs, no_cache=no_cache)
    _write(diff_report(plan))
    manual = len(plan.with_disposition(Disposition.MANUAL))
    if manual or plan.unchecked:
        _note(
            f"not in the diff: {manual} references to decide, {len(plan.unchecked)} files not checked;"
            " 'unshim scan --all' lists them"
        )
    for one in plan.hindrances:
        _note(f"not in the diff: {one.message}; {one.remedy}")


@app.command()
def apply(
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    branch: BranchName = None,
    partial: Annotated[bool, typer.Option("--partial", help="Go on although references are left to decide.")] = False,
    onto: Annotated[
        str | None,
        typer.Option("--onto", metavar="REV", help="Make unshim's own branch anew on this commit, instead of --rev."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Make the branch anew, also if it holds commits of other people.")
    ] = False,
    switch: Annotated[bool, typer.Option("--switch", help="Check the branch out, if no file is changed.")] = False,
    python: Python = None,
    no_cache: NoCache = False,
) -> None:
    """Put the change on a branch, one commit a step; your files, index and HEAD are not touched."""
    from migrate.branches import Existing, check_replaceable, read_branch
    from migrate.equivalence import mismatches
    from migrate.reports.text import apply_report, blocked_report, refused_report
    from migrate.run import apply as carry_out

    repository = Repository(repo)
    made = _recipe(repository, recipe)
    name = branch or made.branch
    existing = Existing.REPLACE if force else Existing.REPLACE_OURS if onto is not None else Existing.REFUSE
    if onto is not None and rev != "HEAD":
        raise MigrateError("--onto and --rev both name a commit", "give one of them", ExitCode.USAGE)
    if switch:
        _check_can_switch(repository)
    before = read_branch(repository, name)
    if before is not None and existing is not Existing.REFUSE:  # say it now, not after a long plan
        check_replaceable(repository, before, existing, onto and repository.resolve(onto))
    for leftover in repository.remove_leftovers():
        _note(f"removed what a killed run had left: {leftover}")
    plan = _plan(repository, made, onto or rev, jobs, no_cache=no_cache)
    if plan.with_disposition(Disposition.MANUAL) and not partial:
        _write(blocked_report(plan))
        raise typer.Exit(ExitCode.BLOCKED)
    if plan.hindrances:
        first = plan.hindrances[0]
        raise MigrateError(first.message, first.remedy)
    if not plan.steps:
        _write("nothing to do: no reference can be rewritten, no shim can be deleted\n")
        return

    def equivalence(_: str) -> list[str]:
        _progress("comparing the result with the base")
        found = [str(one) for one in mismatches(repository, plan)]
        return found and ["this is a mistake of unshim; please report it:", *found]

    def runtime(_: str) -> list[str]:
        return [] if python is None else _probe(repository, plan, python)

    def gates(commit: str) -> list[str]:
        return [line for one in _run_gates(repository, plan, commit) for line in _refusal(one)]

    outcome = carry_out(
        repository, plan, name, revision=onto or rev, existing=existing, checks=(equivalence, runtime, gates)
    )
    if outcome.refusals:
        _write(refused_report(outcome))
        raise typer.Exit(ExitCode.BLOCKED)
    _write(apply_report(plan, outcome))
    if switch:
        repository.switch(name)
        _write(f"\nswitched to {name}\n")


@app.command()
def undo(
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    branch: BranchName = None,
    force: Annotated[bool, typer.Option("--force", help="Also if it holds commits of other people.")] = False,
) -> None:
    """Remove the branch that a run made; nothing else of the repository was ever changed."""
    from migrate.branches import undo as take_back
    from migrate.reports.text import undo_report

    repository = Repository(repo)
    name = branch or _recipe(repository, recipe).branch
    for leftover in repository.remove_leftovers():
        _note(f"removed what a killed run had left: {leftover}")
    _write(undo_report(take_back(repository, name, force=force)))


@app.command()
def verify(
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    output: OutputFormat = Format.TEXT,
    every: Annotated[bool, typer.Option("--all", help="List every place.")] = False,
    python: Python = None,
    no_cache: NoCache = False,
) -> None:
    """Measure the conditions for being finished, gates included; exit 0 only if all of them hold."""
    from migrate.reports.verify import verify_json, verify_report
    from migrate.verify import conditions, is_finished, unparsable

    repository = Repository(repo)
    with _plans(repository, _recipe(repository, recipe), jobs, no_cache=no_cache) as plans:
        plan = plans.of(repository, rev)
        _progress("reading all Python files")
        faults = unparsable(repository, plan, jobs, plans.cache)
        violations = plans.violations(repository, plan)
    contradictions = [] if python is None else _probe(repository, plan, python)
    results = _run_gates(repository, plan, plan.base)
    found = conditions(plan, faults, violations, results)
    _write(verify_json(plan, found) if output is Format.JSON else verify_report(plan, found, every=every))
    if contradictions or any(not one.passed for one in results):
        for line in contradictions:
            _note(line)
        raise typer.Exit(ExitCode.BLOCKED)
    if not is_finished(found):
        raise typer.Exit(ExitCode.FOUND)


@app.command()
def check(
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    output: Annotated[CheckFormat, typer.Option("--format", help="For people, or for programs.")] = CheckFormat.TEXT,
    staged: Annotated[bool, typer.Option("--staged", help="Look at the index: what the next commit has.")] = False,
    worktree: Annotated[bool, typer.Option("--worktree", help="Look at the files on disk.")] = False,
    base: Annotated[
        str | None, typer.Option("--base", metavar="REV", help="Fail only for what is new since this commit.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Write what is safe into the files on disk.")] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help=f"Known violations; default: {BASELINE_NAME}.")
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write the known violations; they can only get fewer.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Let the baseline grow.")] = False,
    no_cache: NoCache = False,
) -> None:
    """Exit 1 with the list if anything is non-canonical or could not be checked; else exit 0."""
    _check_options(rev, staged=staged, worktree=worktree, base=base, fix=fix, write=write_baseline, force=force)
    repository = Repository(repo)
    made = replace(_recipe(repository, recipe), enforce=())  # a check writes no configuration
    file = baseline or repository.root / BASELINE_NAME
    files: Snapshot = Staged(repository) if staged else repository
    if baseline is not None and not write_baseline and not baseline.is_file():
        raise MigrateError(f"there is no baseline {file}", "write it with --write-baseline")
    fixed: tuple[str, ...] = ()
    with _plans(repository, made, jobs, no_cache=no_cache) as plans:
        if worktree or fix:
            files = tree = plans.working_tree()
            if fix:
                from migrate.fixing import fix as write_fixes

                done = write_fixes(tree, plans.of(tree, rev))
                fixed = done.paths
                for path, reason in done.left:
                    _note(f"{path} was not fixed: {reason}")
        if write_baseline:
            found = plans.violations(files, plans.of(files, rev))
            from migrate.baseline import write_baseline as known_violations
            from migrate.reports.text import count

            known = known_violations(file, found, force=force)
            _write(f"wrote {file}: {count(known, 'violation')}; commit it\n")
            return
        since = None if base is None else repository.resolve(base)
        checked = replace(_checked(repository, files, plans, rev, since, file), fixed=fixed)
        _write(CHECK_REPORTS[output.value](checked))
    if not checked.is_clean:
        raise typer.Exit(ExitCode.FOUND)


def _checked(
    repository: Repository, files: Snapshot, plans: Plans, rev: str, since: str | None, baseline: Path
) -> Checked:
    """What of the violations counts: what is new since a commit, and what the baseline does not know."""
    plan = plans.of(files, rev)
    found = plans.violations(files, plan)
    if since is not None:
        before = plans.of(repository, since)
        known = plans.violations(repository, before)
        found = new_violations(repository, (before, plan), files, known, found, plans.jobs, plans.cache)
    new, stale = compare_baseline(found, read_baseline(baseline) or Counter())
    return Checked(plan, tuple(new), () if since is not None else tuple(stale), len(found) - len(new), since)


def _check_options(
    rev: str, *, staged: bool, worktree: bool, base: str | None, fix: bool, write: bool, force: bool
) -> None:
    """Refuse options that contradict each other."""
    pairs = (
        (staged and (worktree or fix), "--staged and --worktree (or --fix) look at different files"),
        (rev != "HEAD" and (staged or worktree or fix), "--rev names a commit; --staged, --worktree and --fix do not"),
        (write and (fix or base is not None), "--write-baseline goes with neither --fix nor --base"),
        (force and not write, "--force belongs to --write-baseline"),
    )
    for wrong, message in pairs:
        if wrong:
            raise MigrateError(message, "give one of them", ExitCode.USAGE)


hook = typer.Typer(
    help="Let git ask unshim after a merge, after a rebase, and before a push.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(hook, name="hook")
HookNames = Annotated[
    list[Hook] | None, typer.Argument(metavar="HOOK", help="post-merge, post-rewrite, pre-push; default: all.")
]


@hook.command("install")
def hook_install(names: HookNames = None, repo: Repo = _HERE) -> None:
    """Write git hooks that ask unshim. All are written or none, and never over a hook that is not unshim's."""
    written = install(Repository(repo), names or tuple(Hook), sys.executable)
    _write("".join(f"wrote {place}\n" for place in written) or "nothing to do: the hooks are there\n")


@hook.command("uninstall")
def hook_uninstall(names: HookNames = None, repo: Repo = _HERE) -> None:
    """Remove the git hooks that 'hook install' wrote, and no others."""
    removed, foreign = uninstall(Repository(repo), names or tuple(Hook))
    _write("".join(f"removed {place}\n" for place in removed) or "nothing to do: no hook is unshim's\n")
    for place in foreign:
        _note(f"left alone, for unshim did not make it, or it was edited: {place}")


@hook.command("run")
def hook_run(
    name: Annotated[Hook, typer.Argument(metavar="HOOK", help="post-merge, post-rewrite or pre-push.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGUMENT", help="What git gives to the hook.")
    ] = None,
    repo: Repo = _HERE,
    jobs: Jobs = _JOBS,
) -> None:
    """Do what a hook is for: to be called by it. Git gives the arguments, and the standard input of pre-push."""
    repository = Repository(repo)
    lines = sys.stdin.read().splitlines() if name is Hook.PRE_PUSH else []
    asked = questions(repository, name, arguments or [], lines)
    if not asked:
        return
    recipe = recipe_name(repository.root)
    if recipe is None:
        _note(f"{name.value}: there is no recipe here, so nothing was checked")
        return
    refused = False
    for question in asked:
        if is_governed(repository, recipe, question.revision):
            refused |= not _answer(repository, name, question, jobs)
        else:
            _note(f"{name.value}: {question.about} does not have {recipe}, so it was not checked")
    if refused:
        raise typer.Exit(ExitCode.FOUND)


def _answer(repository: Repository, name: Hook, question: Question, jobs: int) -> bool:
    """Check what a hook asks about, and say what is wrong with it; whether nothing is."""
    files: Snapshot = Staged(repository) if question.staged else repository
    recipe = replace(_recipe(repository, None), enforce=())
    since = None if question.base is None else repository.resolve(question.base)
    with _plans(repository, recipe, jobs) as plans:
        checked = _checked(repository, files, plans, question.revision, since, repository.root / BASELINE_NAME)
    _clear_progress()
    if checked.is_clean:
        return True
    if name.can_refuse:
        _note(f"the push of {question.about} is refused; 'git push --no-verify' does it all the same")
    else:
        _note(f"{question.about} brought what 'unshim check' fails for")
    _write(CHECK_REPORTS[CheckFormat.TEXT.value](checked))
    return False


@app.command()
def export(
    form: Annotated[Export, typer.Argument(metavar="TOOL", help="ruff or import-linter.")],
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    no_cache: NoCache = False,
) -> None:
    """Print what makes TOOL refuse the old paths, for its configuration."""
    from migrate.configuration import PYPROJECT, Tool, linter_place, read_configuration, ruff_file
    from migrate.exports import linter_export, ruff_export

    repository = Repository(repo)
    made = replace(_recipe(repository, recipe), enforce=(Tool(form.value),))
    plan = _plan(repository, made, rev, jobs, no_cache=no_cache)
    configuration = read_configuration(repository, plan.base)
    match form:
        case Export.RUFF:
            file = ruff_file(configuration)
            _write(ruff_export(plan.bans, file if file in configuration else PYPROJECT))
        case Export.IMPORT_LINTER:
            _write(linter_export(plan.bans, linter_place(configuration)))


@app.command()
def history(
    since: Annotated[
        str,
        typer.Option("--since", metavar="REV|DATE", help="The first commit, or from when on; as git understands it."),
    ],
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    output: Annotated[
        HistoryFormat, typer.Option("--format", help="For people, for programs, or a picture.")
    ] = HistoryFormat.TEXT,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=2, help="How many commits, evenly spaced.")
    ] = 20,
    every: Annotated[bool, typer.Option("--all", help="Every commit.")] = False,
    no_cache: NoCache = False,
) -> None:
    """Count violations, implementations and files that do not parse, commit by commit of a branch's own line."""
    from migrate.history import History, line_since, sampled
    from migrate.history import history as counted
    from migrate.reports.history import HISTORY_REPORTS

    repository = Repository(repo)
    made = _recipe(repository, recipe)
    line = line_since(repository, rev, since)
    chosen = line if every else sampled(line, samples)
    with _plans(repository, made, jobs, no_cache=no_cache) as plans:
        rows = tuple(counted(repository, plans, chosen, _progress))
    _write(HISTORY_REPORTS[output.value](History(rows, len(line))))


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A reason code, as scan prints it.")],
) -> None:
    """Say what a reason code means, and what to do about it."""
    from migrate.reports.text import explain_report

    try:
        reason = Reason(code)
    except ValueError as error:
        known = "\n".join(f"  {known.value}" for known in Reason)
        raise MigrateError(f"there is no reason code {code!r}", f"the codes are\n{known}", ExitCode.USAGE) from error
    _write(explain_report(reason))


def _recipe(repository: Repository, file: Path | None) -> Recipe:
    return load_recipe(file, repository.root)


def _plans(repository: Repository, recipe: Recipe, jobs: int, *, no_cache: bool = False) -> Plans:
    return Plans(repository, recipe, jobs, _progress, use_store=not no_cache)


def _plan(repository: Repository, recipe: Recipe, revision: str, jobs: int, *, no_cache: bool) -> Plan:
    """The plan alone: what was learnt for it is written down, and out of memory."""
    with _plans(repository, recipe, jobs, no_cache=no_cache) as plans:
        return plans.of(repository, revision)


def _check_can_switch(repository: Repository) -> None:
    if repository.is_bare:
        raise MigrateError("a bare repository has no working tree to switch", "leave --switch out")
    if not repository.is_clean():
        raise MigrateError("--switch: files are changed that are in no commit", "commit or stash them first")


def _run_gates(repository: Repository, plan: Plan, commit: str) -> tuple[GateResult, ...]:
    """The recipe's gates on a commit. What will run is said before it runs."""
    from migrate.gates import run_gates

    for gate in plan.recipe.gates:
        compared = f", and on {plan.base[:10]} to compare" if gate.compare and commit != plan.base else ""
        _note(f"gate {gate.name}, in a worktree of {commit[:10]}{compared}: {gate.run}")
    results = run_gates(repository, plan.recipe.gates, commit, plan.base, progress=_progress, output=_stream)
    for one in results:
        _note(f"gate {one.gate.name} {'passed' if one.passed else 'FAILED'}: {one.evidence}")
    return results


def _refusal(result: GateResult) -> list[str]:
    if result.passed:
        return []
    log = [] if result.log is None else [f"  log: {result.log}"]
    return [f"gate {result.gate.name}: {result.evidence}", *(f"  {test}" for test in result.failures[:20]), *log]


def _probe(repository: Repository, plan: Plan, python: str) -> list[str]:
    """Import old and canonical paths in a process of the project's Python; what contradicts the proofs."""
    from migrate.probe import describe, probe

    _note(f"importing old and canonical paths of {plan.base[:10]} with {python}")
    with repository.worktree(plan.base) as directory:
        found = probe(python, directory, plan.roots, plan, _PROBE_SECONDS)
    _note("what they are there:\n" + describe(found).rstrip("\n"))
    return [
        f"the probe contradicts the proof: {one.old} is not {one.new}: {one.description}"
        for one in found.contradictions
    ]


def _stream(output: bytes) -> None:
    """What a gate prints, as it comes: on stderr, for stdout has the report."""
    stream = getattr(sys.stderr, "buffer", None)
    if stream is None:
        sys.stderr.write(output.decode("utf-8", "replace"))
    else:
        stream.write(output)
    sys.stderr.flush()


def _progress(message: str) -> None:
    """Say on a terminal what is being done; nothing elsewhere."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{message} ..." if "NO_COLOR" not in os.environ else f"{message} ...\n")
        sys.stderr.flush()


def _clear_progress() -> None:
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        sys.stderr.write("\r\x1b[K")


def _write(text: str | bytes) -> None:
    _clear_progress()
    hint = "the exit code is no answer; send the output to another place"
    if sys.stdout is None:
        raise MigrateError("there is no standard output", hint)
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
        sys.stdout.buffer.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left in the buffer
        if isinstance(error, BrokenPipeError):  # the reader has seen enough; the exit code still says how it stands
            return
        raise MigrateError(f"the output cannot be written: {error.strerror}", hint) from error


def _note(text: str) -> None:
    _clear_progress()
    sys.stderr.write(f"unshim: {text}\n")


def main() -> NoReturn:
    """Run the command. Every situation that the user can mend ends here, in two lines."""
    try:
        app()
    except MigrateError as error:
        _note(error.message)
        if error.hint:
            sys.stderr.write(f"  {error.hint}\n")
        raise SystemExit(int(error.code)) from None
    raise SystemExit(0)
