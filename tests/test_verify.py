"""verify: each condition is measured; what was not measured is never called met."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from repositories import DIVERGENT, SAMPLE, make_repo, unshim

from migrate.verify import is_test

CLEAN = {path: text for path, text in SAMPLE.items() if path not in ("app/old_manager.py", "app/use.py")}
GATES = (
    f'[unshim]\ncanonical = "app.manager"\n[unshim.gates]\ngolden_path = "{sys.executable} -c pass"\nstaging = "true"\n'
)


@pytest.fixture(autouse=True)
def _logs_of_failing_gates_go_with_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))


def states(path: Path) -> dict[str, str]:
    result = unshim("verify", "--repo", path, "--format", "json")
    return {one["name"]: one["state"] for one in result.json["conditions"]}


def test_what_no_gate_measures_is_not_met(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", CLEAN)
    before = repo.state()
    result = unshim("verify", "--repo", repo.path)
    assert (result.code, result.err) == (1, "")
    assert "not measured golden path" in result.text
    assert result.text.endswith("open: golden path, staging\n")
    assert repo.state() == before


def test_finished_only_if_all_hold(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**CLEAN, "unshim.toml": GATES})
    before = repo.state()
    result = unshim("verify", "--repo", repo.path)
    assert result.code == 0, result
    assert result.text.endswith("finished: every condition is met\n")
    assert "gate staging, in a worktree of" in result.err  # what runs is said
    assert set(states(repo.path).values()) == {"met"}
    assert repo.state() == before


def test_every_broken_file_counts_also_one_that_names_nothing_of_ours(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**CLEAN, "tests/test_a.py": "print(\n", "b.py": "{ )\n"})
    result = unshim("verify", "--repo", repo.path)
    assert "2 of 4 Python files do not parse; 1 of them are tests" in result.text
    assert "tests/test_a.py:1: " in result.text
    assert states(repo.path)["syntax"] == "not met"


def test_a_second_implementation_is_counted(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **DIVERGENT})
    result = unshim("verify", "--repo", repo.path, "--all")
    assert "1 of 2 owned names are defined more than once, in 2 modules" in result.text
    assert "ChatManager: app.double:ChatManager" in result.text
    assert "ChatManager: app.manager:ChatManager" in result.text
    assert states(repo.path)["one implementation"] == "not met"
    assert states(repo.path)["violations"] == "not met"


def test_a_file_that_a_merge_brought_back_is_a_violation_here_too(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    assert unshim("apply", "--repo", repo.path, "--switch").code == 0
    assert states(repo.path)["violations"] == "met"
    repo.commit({"app/old_manager.py": "def something_else():\n    return 2\n"})
    assert states(repo.path)["violations"] == "not met"
    assert "app/old_manager.py:1: unshim deleted this file in " in unshim("verify", "--repo", repo.path).text


def test_a_gate_that_fails_is_3(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**CLEAN, "unshim.toml": GATES.replace('"true"', '"false"')})
    result = unshim("verify", "--repo", repo.path)
    assert result.code == 3
    assert states(repo.path)["staging"] == "not met"


def test_a_gate_that_refuses_publishes_nothing(tmp_path: Path) -> None:
    repo = make_repo(
        tmp_path / "repo", {**SAMPLE, "unshim.toml": GATES.replace('"true"', '"test -e app/old_manager.py"')}
    )
    before = repo.state()
    refused = unshim("apply", "--repo", repo.path)
    assert refused.code == 3
    assert "gate staging" in refused.text and "not published" in refused.text
    assert repo.state() == before


def test_a_gate_sees_the_result_and_lets_it_pass(tmp_path: Path) -> None:
    gates = GATES.replace('"true"', '"test ! -e app/old_manager.py"')
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "unshim.toml": gates})
    assert unshim("apply", "--repo", repo.path).code == 0
    assert repo.word("rev-parse", "unshim/manager")


def test_the_probe_runs_only_where_it_is_asked_for(tmp_path: Path) -> None:
    loud = {"app/old_manager.py": "from app.manager import ChatManager\n"}
    trap = tmp_path / "trap"
    loud["app/__init__.py"] = f"open({str(trap)!r}, 'w').close()\n"
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **loud})
    for command in (("scan",), ("diff",), ("check",), ("verify",), ("apply",)):
        unshim(*command, "--repo", repo.path)
        assert not trap.exists(), command
    unshim("undo", "--repo", repo.path)
    done = unshim("apply", "--repo", repo.path, "--python", sys.executable)
    assert done.code == 0, done
    assert trap.exists()
    assert "importing old and canonical paths" in done.err


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("app/contest.py", False, id="a name that only ends so"),
        pytest.param("latest/a.py", False, id="a folder that only ends so"),
        pytest.param("tests/helper.py", True, id="whatever is in tests"),
        pytest.param("a/test_b.py", True, id="pytest's names"),
        pytest.param("a/b_test.py", True, id="the other of pytest's names"),
        pytest.param("conftest.py", True, id="a conftest"),
    ],
)
def test_what_is_a_test(path: str, expected: bool) -> None:
    assert is_test(path) is expected
