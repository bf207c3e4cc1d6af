"""Gates: what passes, what is refused, and that a worktree is whole, exact, and gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from repositories import Repo, make_repo

from migrate.errors import MigrateError
from migrate.gates import GateResult, run_gates
from migrate.recipe import Gate, read_recipe
from migrate.repository import Repository


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    return make_repo(tmp_path / "repo", {"a.txt": "base\n"})


def run(repo: Repo, gate: Gate, output: list[bytes] | None = None) -> GateResult:
    """The gate on HEAD; its base is the commit before, if there is one."""
    commit = repo.word("rev-parse", "HEAD")
    base = repo.word("rev-parse", "HEAD~1") if repo.word("rev-list", "--count", "HEAD") != "1" else commit
    sink = output if output is not None else []
    before = repo.state()
    (result,) = run_gates(Repository(repo.path), [gate], commit, base, progress=lambda _: None, output=sink.append)
    assert repo.state() == before
    return result


def suite(*tests: str) -> str:
    """A report: ``name`` passed, ``-name`` failed, ``!name`` error, ``?name`` skipped."""
    marks = {"-": "<failure/>", "!": "<error/>", "?": "<skipped/>"}
    cases = [f'<testcase classname="t" name="{one.lstrip("-!?")}">{marks.get(one[0], "")}</testcase>' for one in tests]
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"


REPORTED = Gate("units", "cp tests.xml report.xml; exit $(cat status)", compare=True, junit="report.xml")


# without comparing


@pytest.mark.parametrize(
    ("command", "passed", "words"),
    [
        pytest.param("true", True, "exit 0", id="exit 0 holds"),
        pytest.param("exit 3", False, "exit 3", id="any other does not"),
        pytest.param("no-such-command-of-mine", False, "could not run", id="a mistyped command measures nothing"),
        pytest.param("test -f a.txt && git diff --quiet HEAD && test -z \"$(git status -s)\"", True, "exit 0",
                     id="git works in it, and finds nothing changed"),
        pytest.param('test "$UNSHIM_GATE" = g && test "$UNSHIM_COMMIT" = "$(git rev-parse HEAD)"', True, "exit 0",
                     id="it knows its name and commit"),
        pytest.param("! read line", True, "exit 0", id="there is nobody to ask"),
    ],
)  # fmt: skip
def test_exit_status(command: str, passed: bool, words: str, repo: Repo) -> None:
    result = run(repo, Gate("g", command))
    assert (result.passed, words in result.evidence) == (passed, True), result
    assert (result.log is None) is passed


def test_what_it_prints_is_passed_on_and_kept_if_it_fails(repo: Repo, tmp_path: Path) -> None:
    output: list[bytes] = []
    result = run(repo, Gate("g", "echo out; echo err >&2; exit 1"), output)
    assert b"".join(output) == b"out\nerr\n"
    assert result.log is not None and result.log.read_bytes() == b"out\nerr\n"
    run(repo, Gate("h", "echo fine"))
    assert [place.name for place in (tmp_path / "tmp").iterdir()] == [result.log.name]


def test_the_time_limit_ends_all_that_it_started(repo: Repo, tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    begun = time.monotonic()
    result = run(repo, Gate("g", f"sh -c 'echo $$ >{marker}; sleep 60' & wait", timeout=0.7))
    assert not result.passed and "time limit" in result.evidence
    assert time.monotonic() - begun < 20
    pid = int(marker.read_text())
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_what_it_leaves_running_does_not_block_it(repo: Repo) -> None:
    begun = time.monotonic()
    assert run(repo, Gate("g", "sleep 60 & echo done")).passed
    assert time.monotonic() - begun < 20


# comparing


@pytest.mark.parametrize(
    ("before", "after", "passed"),
    [
        pytest.param("1", "1", True, id="it failed before"),
        pytest.param("1", "0", True, id="it is better now"),
        pytest.param("0", "0", True, id="it holds on both"),
        pytest.param("0", "1", False, id="it is newly broken"),
        pytest.param("127", "127", False, id="a command that is not there proves nothing"),
    ],
)
def test_comparing_by_exit_status(before: str, after: str, passed: bool, repo: Repo) -> None:
    repo.commit({"status": before})
    repo.commit({"status": after})
    assert run(repo, Gate("g", "exit $(cat status)", compare=True)).passed is passed


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        pytest.param(["a", "-b"], ["a", "-b"], (), id="what failed before may fail"),
        pytest.param(["a", "-b"], ["a", "b"], (), id="a test that is mended"),
        pytest.param(["a", "-b"], ["a"], (), id="a failing test that is gone"),
        pytest.param(["a", "b"], ["a", "-b"], ("t::b",), id="a test that fails now"),
        pytest.param(["a", "b"], ["a", "!b"], ("t::b",), id="an error counts"),
        pytest.param(["a", "b"], ["a"], ("t::b",), id="a test that is missing"),
        pytest.param(["a", "b"], ["a", "?b"], ("t::b",), id="a skip can hide a broken import"),
        pytest.param(["a"], ["a", "!c"], ("t::c",), id="a new failure, as of a file that cannot be collected"),
        pytest.param(["a", "b"], ["a", "b", "-b"], ("t::b",), id="of two with one name the worse counts"),
    ],
)
def test_comparing_by_test(before: list[str], after: list[str], broken: tuple[str, ...], repo: Repo) -> None:
    repo.commit({"tests.xml": suite(*before), "status": "1"})
    repo.commit({"tests.xml": suite(*after), "status": "1"})
    result = run(repo, REPORTED)
    assert result.failures == broken
    assert result.passed is not bool(broken)


@pytest.mark.parametrize(
    ("base", "result", "words"),
    [
        pytest.param({"tests.xml": "<a"}, {"tests.xml": suite("a")}, "on the base: its report", id="the base"),
        pytest.param({"tests.xml": suite("a")}, {"tests.xml": "<a"}, "is no JUnit XML", id="the result"),
        pytest.param({"tests.xml": suite("a")}, {"tests.xml": "<a/>"}, "has no tests", id="no test ran"),
        pytest.param({"tests.xml": suite("-a")}, {"tests.xml": suite("-a")}, "no test passes", id="nothing to compare"),
        pytest.param({"tests.xml": suite("a")}, {"tests.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a/>'}, "document type",
                     id="no entities"),
        pytest.param({"status": "0"}, {"status": "2"}, "and 0 on the base", id="the runner fails beside its tests"),
    ],
)  # fmt: skip
def test_no_silent_pass(base: dict[str, str], result: dict[str, str], words: str, repo: Repo) -> None:
    repo.commit({"tests.xml": suite("a"), "status": "1", **base})
    repo.commit({"tests.xml": suite("a"), "status": "1", **result})
    found = run(repo, REPORTED)
    assert not found.passed
    assert words in found.evidence


def test_a_report_that_is_in_the_repository_is_not_one_that_was_written(repo: Repo) -> None:
    repo.commit({"report.xml": suite("a")})
    result = run(repo, Gate("g", "true", junit="report.xml"))
    assert not result.passed and "wrote no report" in result.evidence


def test_without_compare_a_failing_test_fails_the_gate(repo: Repo) -> None:
    repo.commit({"tests.xml": suite("a", "-b"), "status": "0"})
    result = run(repo, Gate("g", REPORTED.run, junit="report.xml"))
    assert (result.passed, result.failures) == (False, ("t::b",))


# the worktree


def test_the_bytes_are_those_of_git_and_no_hook_or_filter_runs(repo: Repo, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    hook = repo.git_dir / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    repo.commit({".gitattributes": "*.txt filter=loud eol=crlf\n*.bin binary\n", "b.bin": b"\x00\r\n\xff"})
    repo.commit_objects([(b"x.txt", "100755", b"one\ntwo"), (b"sub", "160000", b"1" * 40), (b"ln", "120000", b"x.txt"),
                         (b"out", "120000", b"../../etc/passwd"), (b"abs", "120000", b"/etc/passwd")])  # fmt: skip
    repo.configure(("filter.loud.smudge", f"touch {ran}; cat"), ("core.fsmonitor", f"touch {ran}"))
    left_out: list[str] = []
    repository = Repository(repo.path)
    with repository.worktree("HEAD", lambda path, _: left_out.append(path)) as place:
        assert (place / "x.txt").read_bytes() == b"one\ntwo"
        assert os.access(place / "x.txt", os.X_OK)
        assert (place / "b.bin").read_bytes() == b"\x00\r\n\xff"
        assert (place / "ln").readlink() == Path("x.txt")
        assert (place / "sub").is_dir()
        assert sorted(left_out) == ["abs", "out"]
        assert not (place / "out").is_symlink() and not (place / "abs").is_symlink()
    assert not place.exists() and not ran.exists()
    assert repo.word("worktree", "list").count("\n") == 0


def test_an_error_inside_removes_the_worktree(repo: Repo) -> None:
    places: list[Path] = []

    def interrupted() -> None:
        with Repository(repo.path).worktree("HEAD") as place:
            places.append(place)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not places[0].exists()
    assert repo.word("worktree", "list").count("\n") == 0


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not(repo: Repo, tmp_path: Path) -> None:
    mine = tmp_path / "unshim-of-mine"
    repo.git("worktree", "add", "-q", "--detach", str(mine))
    script = (
        "import os, signal, sys; from pathlib import Path; from migrate.repository import Repository\n"
        "with Repository(Path(sys.argv[1])).worktree('HEAD'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(repo.path)], env=os.environ, check=False)
    repository = Repository(repo.path)
    with repository.worktree("HEAD") as alive:
        (removed,) = repository.remove_leftovers()
        assert "unshim-worktree-" in removed and not Path(removed).exists()
        assert repository.remove_leftovers() == ()
        assert alive.exists()
    assert mine.exists()
    assert len(repo.word("worktree", "list").splitlines()) == 2


# the recipe


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        pytest.param({"g": ""}, "has no command", id="an empty command"),
        pytest.param({"a b": "true"}, "is no name of a gate", id="a name is part of a file name"),
        pytest.param({"g": {"run": "true", "timeout": 0}}, "timeout", id="no time at all"),
        pytest.param({"g": {"run": "true", "junit": "../r.xml"}}, "outside", id="a report outside the worktree"),
        pytest.param({"g": {"run": "true", "junit": "."}}, "is no file", id="a report that is a folder"),
        pytest.param({"g": {"run": "true", "comapre": True}}, "comapre", id="a slip of the pen"),
        pytest.param({"g": {"compare": True}}, "run", id="a table without a command"),
    ],
)
def test_a_bad_gate_is_refused(gate: dict[str, object], words: str) -> None:
    with pytest.raises(MigrateError) as caught:
        read_recipe({"canonical": "a.b", "gates": gate}, "unshim.toml")
    assert words in caught.value.message + caught.value.hint


def test_a_gate_is_a_command_or_a_table() -> None:
    recipe = read_recipe(
        {
            "canonical": "a.b",
            "gates": {"g": "true", "h": {"run": "x", "compare": True, "junit": "r.xml", "timeout": 5}},
        },
        "unshim.toml",
    )
    assert recipe.gates == (Gate("g", "true"), Gate("h", "x", True, "r.xml", 5))
