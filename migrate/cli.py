"""The command line: arguments in, reports and exit codes out; the one place that catches MigrateError."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from codemods.references import Disposition, Reason
from migrate.errors import ExitCode, MigrateError
from migrate.init import new_recipe, write_recipe
from migrate.parallel import default_jobs
from migrate.plan import Plan, build_plan
from migrate.recipe import Recipe, load_recipe
from migrate.reports import apply_report, check_report, diff_report, explain_report, json_report, scan_report
from migrate.reports.text import blocked_report, violations
from migrate.repository import Repository
from migrate.run import apply as carry_out
from migrate.run import free_branch

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


Repo = Annotated[Path, typer.Option("--repo", metavar="DIR", help="The repository, or a directory in it.")]
RecipeFile = Annotated[
    Path | None,
    typer.Option("--recipe", metavar="FILE", help="The recipe; default: unshim.toml or pyproject.toml."),
]
Rev = Annotated[str, typer.Option("--rev", metavar="REV", help="The commit to look at.")]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Cores to use; default: all.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="For people, or for programs.")]
_HERE = Path()
_JOBS = default_jobs()


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
) -> None:
    """Show the map: which modules and references are not canonical, and what would become of them."""
    plan = _plan(Repository(repo), recipe, rev, jobs)
    _write(json_report(plan) if output is Format.JSON else scan_report(plan, every=every))


@app.command()
def diff(repo: Repo = _HERE, recipe: RecipeFile = None, rev: Rev = "HEAD", jobs: Jobs = _JOBS) -> None:
    """Show the whole change as a unified diff; nothing is written."""
    plan = _plan(Repository(repo), recipe, rev, jobs)
    _write(diff_report(plan))
    manual = len(plan.with_disposition(Disposition.MANUAL))
    if manual or plan.unchecked:
        _note(
            f"not in the diff: {manual} references to decide, {len(plan.unchecked)} files not checked;"
            " 'unshim scan --all' lists them"
        )


@app.command()
def apply(
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    branch: Annotated[str | None, typer.Option("--branch", metavar="NAME", help="Instead of the recipe's.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Go on although references are left to decide.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Make the branch anew if it exists.")] = False,
) -> None:
    """Put the change on a branch, one commit a step; your files, index and HEAD are not touched."""
    repository = Repository(repo)
    made = _recipe(repository, recipe)
    name = branch or made.branch
    free_branch(repository, name, force=force)
    plan = build_plan(repository, made, rev, jobs, _progress)
    if plan.with_disposition(Disposition.MANUAL) and not partial:
        _write(blocked_report(plan))
        raise typer.Exit(ExitCode.BLOCKED)
    if not plan.steps:
        _write("nothing to do: no reference can be rewritten, no shim can be deleted\n")
        return
    outcome = carry_out(repository, plan, name, force=force)
    _write(apply_report(plan, outcome.commits, branch=outcome.branch))


@app.command()
def check(
    repo: Repo = _HERE,
    recipe: RecipeFile = None,
    rev: Rev = "HEAD",
    jobs: Jobs = _JOBS,
    output: OutputFormat = Format.TEXT,
) -> None:
    """Exit 1 with the list if anything is non-canonical or could not be checked; else exit 0."""
    plan = _plan(Repository(repo), recipe, rev, jobs)
    _write(json_report(plan) if output is Format.JSON else check_report(plan))
    if violations(plan) or plan.unchecked:
        raise typer.Exit(ExitCode.FOUND)


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A reason code, as scan prints it.")],
) -> None:
    """Say what a reason code means, and what to do about it."""
    try:
        reason = Reason(code)
    except ValueError as error:
        known = "\n".join(f"  {known.value}" for known in Reason)
        raise MigrateError(f"there is no reason code {code!r}", f"the codes are\n{known}", ExitCode.USAGE) from error
    _write(explain_report(reason))


def _recipe(repository: Repository, file: Path | None) -> Recipe:
    return load_recipe(file, repository.root)


def _plan(repository: Repository, file: Path | None, rev: str, jobs: int) -> Plan:
    return build_plan(repository, _recipe(repository, file), rev, jobs, _progress)


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
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # the reader has seen enough; the exit code still says how it stands
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
