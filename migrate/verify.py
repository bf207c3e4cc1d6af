"""verify: the five conditions for calling a migration finished, each measured, with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from codemods.references import Reason, Unchecked
from migrate.cache import Cache
from migrate.checking import Violation, Wrong
from migrate.gates import GateResult
from migrate.plan import OwnedName, Plan
from migrate.project import syntax_faults
from migrate.repository import REGULAR_MODES, Repository
from migrate.snapshots import why_missing

GOLDEN_PATH = "golden_path"
STAGING = "staging"
"""The gates of the recipe that measure the last two conditions."""


class State(StrEnum):
    """How a condition stands."""

    MET = "met"
    NOT_MET = "not met"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Condition:
    """One condition: how it stands, the evidence in one line, and the places that speak against it."""

    name: str
    state: State
    evidence: str
    places: tuple[str, ...] = ()


def conditions(
    plan: Plan, faults: list[Unchecked], violations: list[Violation], gates: Sequence[GateResult]
) -> tuple[Condition, ...]:
    """The audit's conditions for the plan's commit.

    ``faults`` are its unparsable() files, ``violations`` all that check fails for, ``gates`` the results of those
    that ran on it.
    """
    by_name = {result.gate.name: result for result in gates}
    return (
        _parsing(faults, plan.files),
        _one_implementation(implementations(plan)),
        _violations(violations),
        _gate("golden path", GOLDEN_PATH, by_name.get(GOLDEN_PATH)),
        _gate("staging", STAGING, by_name.get(STAGING)),
        *(_gate(name, name, result) for name, result in by_name.items() if name not in (GOLDEN_PATH, STAGING)),
    )


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests, by its name or folder."""
    *folders, name = path.split("/")
    return (
        any(folder in ("test", "tests") for folder in folders)
        or name.startswith("test_")
        or name.endswith("_test.py")
        or name == "conftest.py"
    )


def unparsable(repository: Repository, plan: Plan, jobs: int, cache: Cache) -> list[Unchecked]:
    """Every Python file of the commit that is no valid Python 3, of whatever version; or cannot be read.

    The cache is that of build_plan().
    """
    wanted = [
        entry
        for entry in repository.entries(plan.base)
        if entry.path.endswith(".py") and entry.mode in REGULAR_MODES and plan.recipe.covers(entry.path)
    ]
    faults, missing = syntax_faults(repository, wanted, cache, jobs)
    faults += [Unchecked(entry.path, 1, Reason.BLOB_MISSING, why_missing(entry.oid)) for entry in missing]
    return sorted(faults, key=lambda one: one.path)


def _parsing(faults: list[Unchecked], files: int) -> Condition:
    tests = sum(is_test(one.path) for one in faults)
    evidence = f"{len(faults):,} of {files:,} Python files do not parse; {tests:,} of them are tests"
    places = tuple(f"{one.path}:{one.line}: {one.message}" for one in faults)
    return Condition("syntax", State.NOT_MET if faults else State.MET, evidence, places)


@dataclass(frozen=True)
class Implementations:
    """The names that are owned, and those of them that are defined more than once."""

    owned: int
    several: tuple[OwnedName, ...]

    @property
    def count(self) -> int | None:
        """How many modules define the same names: 1 is one implementation; None where nothing is owned."""
        modules = {end.module for one in self.several for end in one.ends}
        return (len(modules) or 1) if self.owned else None


def implementations(plan: Plan) -> Implementations:
    """What the modules of the map define of what is owned."""
    return Implementations(len(plan.definitions), tuple(one for one in plan.definitions if len(one.ends) > 1))


def _one_implementation(found: Implementations) -> Condition:
    if found.count is None:
        return Condition("one implementation", State.NOT_MEASURED, "the recipe names no canonical module")
    evidence = (
        f"{len(found.several)} of {found.owned} owned names are defined more than once, in {found.count} modules"
        if found.several
        else f"each of the {found.owned} owned names has one definition in the modules of the map"
    )
    places = tuple(f"{one.name}: {end}" for one in found.several for end in one.ends)
    return Condition("one implementation", State.NOT_MET if found.several else State.MET, evidence, places)


def _violations(wrong: list[Violation]) -> Condition:
    seen = [one for one in wrong if one.kind is not Wrong.UNCHECKED]
    evidence = (
        f"{len(seen):,} violations in {len({one.path for one in seen}):,} files, "
        f"{len(wrong) - len(seen):,} files not checked"
    )
    places = tuple(f"{one.path}:{one.line}: {one.message}" for one in wrong)
    return Condition("violations", State.NOT_MET if wrong else State.MET, evidence, places)


def _gate(name: str, key: str, result: GateResult | None) -> Condition:
    if result is None:
        return Condition(name, State.NOT_MEASURED, f"the recipe has no gate {key} in [unshim.gates]")
    places = result.failures if result.log is None else (*result.failures, f"log: {result.log}")
    return Condition(name, State.MET if result.passed else State.NOT_MET, result.evidence, places)


def is_finished(found: Iterable[Condition]) -> bool:
    """Whether every condition was measured and holds."""
    return all(condition.state is State.MET for condition in found)
