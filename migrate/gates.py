"""Gates: the recipe's commands, run in worktrees of the result, and of the base to compare, before publishing."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.parsers import expat

from migrate.recipe import Gate
from migrate.repository import Repository

_NOT_A_COMMAND = (126, 127)
"""What a shell says of a command that it cannot run: nothing was measured, on whichever commit."""

_OURS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
"""Where a hook says which repository it runs in; a gate runs in its worktree."""


class Outcome(StrEnum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class GateResult:
    """Whether a gate holds, with the evidence in one line and the newly broken tests."""

    gate: Gate
    passed: bool
    evidence: str
    failures: tuple[str, ...] = ()
    log: Path | None = None
    """What the command printed on the result; kept only if the gate fails."""
    seconds: float = 0.0


@dataclass(frozen=True)
class _Run:
    """One run of a command: its exit status (None: it ran out of time), and its tests, if it reported any."""

    status: int | None
    tests: dict[str, Outcome] | None
    complaint: str
    """What is wrong with the report, if ``tests`` is None and one was asked for."""
    log: Path
    seconds: float


def run_gates(
    repository: Repository,
    gates: Iterable[Gate],
    commit: str,
    base: str,
    *,
    progress: Callable[[str], None],
    output: Callable[[bytes], None],
) -> tuple[GateResult, ...]:
    """Run every gate on ``commit``, each in a fresh worktree; what they print goes to ``output`` as it comes.

    With ``compare`` the command runs on ``base`` first, unless that is the commit itself. Commands are run by the
    shell, with the user's environment; UNSHIM_GATE and UNSHIM_COMMIT are set.
    """
    results = []
    for gate in gates:
        before = None
        if gate.compare and commit != base:
            progress(f"gate {gate.name} on the base")
            before = _run(repository, gate, base, output)
            before.log.unlink()
        progress(f"gate {gate.name}")
        after = _run(repository, gate, commit, output)
        passed, evidence, failures = _judge(gate, before, after)
        if passed:
            after.log.unlink()
        log = None if passed else after.log
        results.append(GateResult(gate, passed, evidence, failures, log, after.seconds))
    return tuple(results)


def _judge(gate: Gate, before: _Run | None, after: _Run) -> tuple[bool, str, tuple[str, ...]]:
    """Whether the gate holds, why, and which tests are newly broken."""
    took = f"{after.seconds:.0f} s"
    if after.status is None:
        return False, f"stopped after {gate.timeout:g} s, its time limit", ()
    if after.status in _NOT_A_COMMAND:
        return False, f"the shell could not run it: exit {after.status}", ()
    if gate.junit is not None and after.tests is None:
        return False, f"exit {after.status}; {after.complaint}", ()
    if before is None:
        tests = "" if after.tests is None else f", {len(after.tests)} tests"
        failed = tuple(sorted(test for test, how in (after.tests or {}).items() if how is Outcome.FAILED))
        return after.status == 0 and not failed, f"exit {after.status}{tests} in {took}", failed
    if before.status is None or before.status in _NOT_A_COMMAND:
        return False, "it could not be run to its end on the base, so that there is nothing to compare with", ()
    if gate.junit is None:
        held = after.status == 0 or before.status != 0
        evidence = f"exit {after.status}, on the base {before.status} (compared by exit status) in {took}"
        return held, evidence, ()
    if before.tests is None:
        return False, f"on the base: {before.complaint}", ()
    assert after.tests is not None
    good = {test for test, how in before.tests.items() if how is Outcome.PASSED}
    if not good:
        return False, "no test passes on the base, so that there is nothing to compare with", ()
    broken = {test for test in good if after.tests.get(test) is not Outcome.PASSED}
    broken |= {test for test, how in after.tests.items() if how is Outcome.FAILED and test not in before.tests}
    evidence = f"{len(good) - len(good & broken)} of the {len(good)} tests that pass on the base pass, in {took}"
    if before.status == 0 and after.status != 0 and not broken:
        return False, f"{evidence}; but exit {after.status}, and 0 on the base", ()
    return not broken, evidence, tuple(sorted(broken))


# one run


def _run(repository: Repository, gate: Gate, commit: str, output: Callable[[bytes], None]) -> _Run:
    descriptor, name = tempfile.mkstemp(prefix=f"unshim-gate-{gate.name}-", suffix=".log")
    begun = time.monotonic()
    with os.fdopen(descriptor, "wb") as log, repository.worktree(commit) as place:

        def keep(data: bytes) -> None:
            log.write(data)
            output(data)

        report = None if gate.junit is None else place / gate.junit
        if report is not None:
            report.unlink(missing_ok=True)  # one that is in the repository would count as written
        environment = {key: value for key, value in os.environ.items() if key not in _OURS}
        environment |= {"UNSHIM_GATE": gate.name, "UNSHIM_COMMIT": commit}
        status = _command(gate, place, environment, keep)
        tests, complaint = (None, "") if report is None else _read_report(report, place)
    return _Run(status, tests, complaint, Path(name), time.monotonic() - begun)


def _command(gate: Gate, place: Path, environment: dict[str, str], keep: Callable[[bytes], None]) -> int | None:
    """Run the command to its end or its time limit; None for the latter. Nothing that it started outlives it."""
    with subprocess.Popen(  # noqa: S602  the user's own words, written for a shell
        gate.run,
        shell=True,
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            return _followed(process, time.monotonic() + gate.timeout, keep)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # also what it left running, which may hold the pipe open
            _drain(process.stdout.fileno(), keep)


def _followed(process: subprocess.Popen[bytes], deadline: float, keep: Callable[[bytes], None]) -> int | None:
    """Pass on what the process prints until it ends; None where it did not in time."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        open_pipe = True
        while process.poll() is None:
            if time.monotonic() >= deadline:
                return None
            if not open_pipe:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, deadline - time.monotonic()))
            elif selector.select(0.1):
                data = os.read(process.stdout.fileno(), 1 << 16)
                if not data:
                    selector.unregister(process.stdout)
                    open_pipe = False
                keep(data)
    return process.returncode


def _drain(pipe: int, keep: Callable[[bytes], None]) -> None:
    """What is in the pipe now; its end may never come, if a process of another session holds it."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while data := os.read(pipe, 1 << 16):
            keep(data)


# the report


def _read_report(report: Path, place: Path) -> tuple[dict[str, Outcome] | None, str]:
    """The tests of a report in JUnit's XML, by id; or None and what is wrong with it."""
    try:
        data = report.read_bytes()
    except OSError:
        return None, f"it wrote no report {report.relative_to(place)}"
    try:
        tests = _parsed(data, str(place))
    except (expat.ExpatError, ValueError) as error:
        return None, f"its report {report.relative_to(place)} is no JUnit XML: {error}"
    return (tests, "") if tests else (None, f"its report {report.relative_to(place)} has no tests")


def _parsed(data: bytes, place: str) -> dict[str, Outcome]:
    """Test id -> outcome; of two tests with one id, the worse outcome counts.

    The format has no specification; this is what pytest, unittest-xml-reporting and Surefire write:
    ``<testcase classname name>``, with ``<failure>``, ``<error>`` or ``<skipped>`` inside.
    """
    tests: dict[str, Outcome] = {}
    current: list[tuple[str, Outcome]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "testcase":
            words = (attributes.get("classname", ""), attributes.get("name", ""))
            # The worktree's own path differs from run to run.
            current.append(("::".join(word for word in words if word).replace(place, "."), Outcome.PASSED))
        elif current and tag in ("failure", "error"):
            current[-1] = (current[-1][0], Outcome.FAILED)
        elif current and tag == "skipped" and current[-1][1] is Outcome.PASSED:
            current[-1] = (current[-1][0], Outcome.SKIPPED)

    def end(tag: str) -> None:
        if tag == "testcase":
            test, how = current.pop()
            tests[test] = max(how, tests.get(test, Outcome.PASSED), key=_WORST.index)

    def doctype(*_: object) -> None:
        raise ValueError("it declares a document type")  # entities can be made to fill the memory

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(data, True)
    return tests


_WORST = (Outcome.PASSED, Outcome.SKIPPED, Outcome.FAILED)
