"""init: a recipe for a canonical module, with what the repository shows about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codemods.symbols import is_dotted_name
from migrate.errors import ExitCode, MigrateError
from migrate.plan import Plan
from migrate.planning import Progress, build_plan
from migrate.recipe import FILE_NAME, SourceRoot, read_recipe
from migrate.repository import Repository


@dataclass(frozen=True)
class NewRecipe:
    """The text of a recipe, and the plan that it makes."""

    text: str
    plan: Plan


def new_recipe(
    repository: Repository,
    module: str,
    revision: str,
    exclude: tuple[str, ...],
    jobs: int,
    progress: Progress,
) -> NewRecipe:
    """Look for the modules through which ``module``'s symbols can be reached, and write them down."""
    if not is_dotted_name(module):
        raise MigrateError(f"{module!r} is no module name", "write it as package.module", ExitCode.USAGE)
    recipe = read_recipe({"canonical": module, "exclude": list(exclude)}, "unshim init")
    plan = build_plan(repository, recipe, revision, jobs, progress)
    return NewRecipe(_text(plan, module), plan)


def write_recipe(text: str, folder: Path) -> Path:
    """Write the recipe. Raises MigrateError where there is one already."""
    place = folder / FILE_NAME
    try:
        with place.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise MigrateError(f"{place} exists already", "edit it, or move it away first") from error
    except OSError as error:
        raise MigrateError(f"{place} cannot be written: {error.strerror}", "check the directory's rights") from error
    return place


def _text(plan: Plan, module: str) -> str:
    lines = [
        "# The canonical module, and what unshim found about it. Edit this file: it is yours.",
        "[unshim]",
        f'canonical = "{module}"',
        "",
    ]
    found = [one for one in plan.modules if one.verdict not in ("canonical", "home")]
    shims = [one for one in found if one.module not in plan.implementations]
    if shims:
        lines.append("# Modules through which its symbols, or names like theirs, are reached.")
        lines.append("shims = [")
        lines += [f'    "{one.module}",  # {one.verdict}' for one in shims]
        lines += ["]", ""]
    implementations = [one for one in found if one.module in plan.implementations]
    if implementations:
        lines.append("# These define what the canonical module passes on; their users are migrated all the same.")
        lines.append("# A module that is to keep its users belongs into homes:")
        lines.append(f"# homes = [{', '.join(_quoted(one.module) for one in implementations)}]")
        lines.append("")
    if plan.homes:
        lines.append("# Modules that own what they define, though the canonical module re-exports it:")
        lines.append("# most of the code imports it from there. Take one out to migrate its users too.")
        lines.append("homes = [")
        lines += [f'    "{home}",' for home in plan.homes]
        lines += ["]", ""]
    if plan.recipe.exclude:
        lines += [f"exclude = [{', '.join(_quoted(pattern) for pattern in plan.recipe.exclude)}]", ""]
    roots = plan.roots
    if roots != (SourceRoot(""),):
        lines.append(f"source_roots = [{', '.join(_quoted(root.path or '.') for root in roots)}]")
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
