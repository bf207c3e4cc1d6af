"""Random packages behave the same before and after a migration, and a second one changes nothing.

benchmarks/random_packages.py runs a thousand of them, and makes what differs small.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from random_packages import Observer, RandomPackage, Verdict, drawn, judge_package, packages

EXAMPLES = 60


@pytest.fixture(scope="module")
def observer() -> Iterator[Observer]:
    with Observer() as one:
        yield one


def test_a_migration_changes_nothing_that_is_seen(observer: Observer) -> None:
    verdicts: list[Verdict] = []

    @drawn(EXAMPLES)
    @given(packages())
    def run(package: RandomPackage) -> None:
        verdict = judge_package(package, observer)
        assert verdict.difference is None, f"{package}\n{verdict.difference.kind}: {verdict.difference.text}"
        verdicts.append(verdict)

    run()
    rewritten = sum(verdict.dispositions["rewrite"] > 0 for verdict in verdicts)
    assert rewritten > EXAMPLES // 3, "too few packages are rewritten for this to say anything"
    assert sum(verdict.deletions for verdict in verdicts), "no shim is deleted"
    failing = sum(verdict.failing for verdict in verdicts)
    assert failing < sum(verdict.observations for verdict in verdicts) / 4, "too much fails before the migration"


def test_a_difference_is_seen(observer: Observer) -> None:
    """The comparison itself: an import of another object, an exception, and a file that is gone."""
    before = observer.observe({"a.py": b"from watch import see\nsee('a:1', 1)\n"}, ("a",))
    assert before["a"] == {"a:1": [["1"]], "a:import": "fine"}
    after = observer.observe({"a.py": b"from watch import see\nsee('a:1', 2)\n"}, ("a",))
    assert after["a"] == {"a:1": [["2"]], "a:import": "fine"}
    gone = observer.observe({"b.py": b""}, ("a",))
    assert gone["a"] == {"a:import": ["raises", "ModuleNotFoundError"]}
