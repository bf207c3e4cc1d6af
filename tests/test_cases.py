"""Whole-repository cases: each file in tests/cases is a small repository, and what must become of it.

A case file is a few lines of prose (why the case exists), header lines, then the files:

    Why a naive tool gets this wrong.
    expect: rewritten
    -- use.py --
    import p.old
    -- after: use.py --
    import p.new

The header lines:

    expect:    rewritten            every file with an ``after:`` section becomes exactly that, the old modules are
                                    taken away, and the program prints what it printed before
               untouched            no file changes
               refused [REASON]     no file changes, and scan lists the reference as manual
               rewritten or refused either of them
               refused or kept      as refused; the disposition may be keep
    refuses:   FILE [REASON]        a reference that must be listed (default for refused: use.py); may be repeated
    lists:     FILE KIND DISPOSITION [REASON]
                                    a reference that scan must list exactly so, whatever else becomes of the file
    unlisted:  FILE...              files in which scan must list nothing
    deletes:   FILE...              modules that the branch must not have any more
    remove:    FILE... | nothing    the old modules, taken away before the program runs again (default: p/old.py)
    entry:     COMMAND; COMMAND     arguments for python (default: each use*.py of the root)
    run:       no | VERSION         don't run it, or only from this Python on; bytes are compared anyway

Several ``after:`` sections of one file are alternatives. ``(no newline)`` in a section's line takes the last newline
away. A file without an ``after:`` section must not change.
"""

from __future__ import annotations

import difflib
import functools
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
CASES = sorted((ROOT / "tests" / "cases").glob("*.txt"))

DEFAULT_RECIPE = '[unshim]\ncanonical = "p.new"\n'
EXPECTATIONS = ("rewritten", "untouched", "refused", "rewritten or refused", "refused or kept")
HEADERS = ("expect", "refuses", "lists", "unlisted", "deletes", "remove", "entry", "run")
CODE_KINDS = ("from-import", "import", "attribute", "module-object", "patch-target", "dynamic-import")
"""What Python looks up when it runs: where the old modules are gone, none of it may be left."""
HARMLESS_KINDS = ("docstring", "comment", "document")
"""Texts that people read. They do not hold a module; every other text does."""

_MARKER = re.compile(r"^-- (?P<after>after: )?(?P<path>\S+?)(?P<bare> \(no newline\))? --$")
_HEADER = re.compile(rf"^(?P<key>{'|'.join(HEADERS)}):\s+(?P<value>.+)$")

Files = Mapping[str, bytes]


@dataclass
class Case:
    """One case file, read."""

    reason: str = ""
    expect: str = ""
    expect_reason: str | None = None
    headers: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, list[bytes]] = field(default_factory=dict)

    def words(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The words of all header lines of this key."""
        if key not in self.headers:
            return default
        return tuple(word for value in self.headers[key] for word in value.split() if word != "nothing")

    @property
    def old_modules(self) -> tuple[str, ...]:
        """The files that are taken away: they must not be needed any more."""
        return self.words("remove", ("p/old.py",) if "p/old.py" in self.files else ())

    @property
    def refusals(self) -> list[tuple[str, str | None]]:
        """File and reason of each reference that must be listed as manual."""
        lines = [value.split() for value in self.headers.get("refuses", [])]
        if not lines and "refused" in self.expect:
            return [("use.py", self.expect_reason)]
        return [(words[0], words[1] if len(words) > 1 else None) for words in lines]

    @property
    def entries(self) -> list[list[str]]:
        """What is run: arguments for python."""
        if "entry" in self.headers:
            return [command.split() for command in self.headers["entry"][0].split(";")]
        return [[path] for path in sorted(self.files) if re.fullmatch(r"use\w*\.py", path)]

    @property
    def runs_here(self) -> bool:
        version = self.headers.get("run", [""])[0]
        if version == "no":
            return False
        return not version or sys.version_info >= tuple(int(part) for part in version.split("."))


def read_case(text: str) -> Case:
    """The case in a file's text."""
    case = Case()
    sections: list[tuple[re.Match[str], list[str]]] = []
    prose: list[str] = []
    for line in text.splitlines(keepends=True):
        marker = _MARKER.match(line.rstrip("\n"))
        header = None if sections else _HEADER.match(line.rstrip("\n"))
        if marker:
            sections.append((marker, []))
        elif sections:
            sections[-1][1].append(line)
        elif header:
            case.headers.setdefault(header["key"], []).append(header["value"].strip())
        else:
            prose.append(line)
    case.reason = "".join(prose).strip()
    case.expect = case.headers["expect"][0]
    if case.expect not in EXPECTATIONS:
        case.expect, case.expect_reason = case.expect.split()
    assert case.expect in EXPECTATIONS, f"unknown expectation {case.expect!r}"
    assert case.reason, "a case begins with the reason why it exists"
    for marker, lines in sections:
        content = "".join(lines).encode()
        if marker["bare"]:
            content = content.removesuffix(b"\n")
        if marker["after"]:
            case.after.setdefault(marker["path"], []).append(content)
        else:
            assert marker["path"] not in case.files, f"{marker['path']} stands there twice"
            case.files[marker["path"]] = content
    case.files.setdefault("unshim.toml", DEFAULT_RECIPE.encode())
    named = {*case.after, *case.old_modules, *case.words("deletes"), *case.words("unlisted")}
    named |= {path for path, _ in case.refusals} | {value.split()[0] for value in case.headers.get("lists", [])}
    assert named <= set(case.files), f"no such file in the case: {sorted(named - set(case.files))}"
    assert bool(case.after) == ("rewritten" in case.expect), "after-sections and the expectation disagree"
    assert case.entries, "nothing to run"
    return case


def write_files(files: Files, directory: Path) -> Path:
    for path, content in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return directory


@functools.cache
def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHON", "UNSHIM"))}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
    }


def git(repository: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, env=_environment(), capture_output=True, check=True).stdout


def make_repository(files: Files, directory: Path) -> Path:
    """A git repository with one commit that holds the files."""
    directory.mkdir()
    git(directory, "init", "-q", "-b", "main")
    with (directory / ".git" / "config").open("a") as config:
        config.write("[user]\n\tname = Tester\n\temail = tester@example.org\n[core]\n\tautocrlf = false\n")
    write_files(files, directory)
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", "base")
    return directory


def files_of(repository: Path, revision: str) -> dict[str, bytes]:
    """The files of a commit, out of git, without a checkout."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(git(repository, "archive", "--format=tar", revision))) as archive:
        for member in archive.getmembers():
            if member.isfile():
                stream = archive.extractfile(member)
                assert stream is not None
                found[member.name] = stream.read()
    return found


def unshim(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = _environment() | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "migrate", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def run_program(case: Case, directory: Path) -> str:
    """What the case's entries print, with their exit codes; errors with their last line."""
    said: list[str] = []
    for entry in case.entries:
        done = subprocess.run(
            [sys.executable, *entry], cwd=directory, env=_environment(), capture_output=True, text=True, check=False
        )
        said.append(f"$ python {' '.join(entry)}\n{done.stdout}exit {done.returncode}\n")
        if done.returncode:
            said.append(done.stderr)
    return "".join(said)


def scan(repository: Path, revision: str, cache: Path) -> dict[str, Any]:
    done = unshim("scan", "--format", "json", "--rev", revision, "--repo", str(repository), cache=cache)
    assert done.returncode == 0, f"scan of {revision} exits {done.returncode}:\n{done.stdout}{done.stderr}"
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def show_references(result: dict[str, Any]) -> str:
    lines = [
        "    {path}:{line}:{column} {kind} {old} -> {new} {relation} {disposition} {reason}".format(**reference)
        for reference in result["references"]
    ]
    lines += [f"    unchecked: {entry}" for entry in result["unchecked"]]
    return "scan lists:\n" + ("\n".join(lines) or "    nothing")


def show_difference(wanted: bytes, got: bytes, path: str) -> str:
    def lines(content: bytes) -> list[str]:
        text = content.decode("utf-8", "backslashreplace")
        return [line if line.endswith("\n") else line + "\n\\ no newline\n" for line in text.splitlines(keepends=True)]

    return "".join(difflib.unified_diff(lines(wanted), lines(got), f"expected {path}", f"got {path}"))


def modules_of(paths: tuple[str, ...]) -> set[str]:
    return {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths}


def compare_files(case: Case, result: Files, *, rewritten: bool) -> None:
    """Each file of the result is the expected one, byte for byte."""
    wrong: list[str] = []
    for path in sorted(set(result) - set(case.files)):
        wrong.append(f"{path} is new")
    for path, before in case.files.items():
        wanted = case.after.get(path, [before]) if rewritten else [before]
        if path not in result:
            if path not in (*case.old_modules, *case.words("deletes")):
                wrong.append(f"{path} was deleted")
        elif path in case.words("deletes"):
            wrong.append(f"{path} was not deleted")
        elif result[path] not in wanted and not (rewritten and path in case.old_modules):
            closest = max(wanted, key=lambda text: difflib.SequenceMatcher(None, text, result[path]).ratio())
            wrong.append(show_difference(closest, result[path], path) or f"{path} changed its line ends")
            if len(wanted) > 1:
                wrong.append(f"({len(wanted) - 1} other results would be right too)")
    assert not wrong, "\n".join(wrong)


def compare_listing(case: Case, listed: dict[str, Any], result: Files, *, rewritten: bool) -> None:
    """What must be listed is listed; what is listed as manual still finds its module."""
    references = listed["references"]
    dispositions = ("manual", "keep") if case.expect == "refused or kept" else ("manual",)
    must_be_listed = [] if rewritten and case.expect == "rewritten or refused" else case.refusals
    for path, reason in must_be_listed:
        here = [r for r in references if r["path"] == path and r["disposition"] in dispositions]
        assert here, f"no reference in {path} is listed as {' or '.join(dispositions)}"
        if reason:
            reasons = {r["reason"] for r in here}
            assert reason in reasons, f"{path} is listed as {sorted(map(str, reasons))}, expected {reason}"
    for value in case.headers.get("lists", []) if rewritten or case.expect != "rewritten or refused" else []:
        path, *wanted = value.split()
        here = [r for r in references if r["path"] == path]
        shown = {" ".join(r[key] for key in ("kind", "disposition", "reason")[: len(wanted)] if r[key]) for r in here}
        assert " ".join(wanted) in shown, f"{path} is listed as {sorted(shown)}, expected {' '.join(wanted)}"
    for path in case.words("unlisted"):
        here = [r for r in references if r["path"] == path]
        assert not here, f"{path} refers to nothing that moves, but is listed"
    gone = modules_of(tuple(set(case.files) - set(result)))
    expected_gone = modules_of(case.old_modules) if rewritten else set()
    for reference in references:
        module = reference["old"].partition(":")[0]
        if reference["disposition"] == "manual" and reference["kind"] not in HARMLESS_KINDS:
            assert module not in gone, f"{module} was deleted although {reference['path']} still refers to it"
        if reference["disposition"] == "manual" and reference["kind"] in CODE_KINDS:
            assert module not in expected_gone, f"{reference['path']} should be rewritten, not left to the user"


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case(path: Path, tmp_path: Path) -> None:
    case = read_case(path.read_text(encoding="utf-8"))
    repository = make_repository(case.files, tmp_path / "repository")
    cache = tmp_path / "cache"
    before = run_program(case, repository) if case.runs_here else ""
    assert "exit 1" not in before, f"the case itself is wrong, it does not run:\n{before}"
    base = git(repository, "rev-parse", "HEAD")

    applied = unshim("apply", "--partial", "--repo", str(repository), cache=cache)
    said = f"apply exits {applied.returncode}:\n{applied.stdout}{applied.stderr}"
    assert applied.returncode in ((0,) if case.expect in ("rewritten", "untouched") else (0, 3)), said
    branches = git(repository, "for-each-ref", "--format=%(refname:short)", "refs/heads/unshim/").decode().split()
    assert len(branches) <= 1, f"more than one branch: {branches}"
    revision = branches[0] if branches else "HEAD"
    assert git(repository, "rev-parse", "HEAD") == base, "apply moved HEAD"
    assert not git(repository, "status", "--porcelain"), "apply touched the working tree or the index"

    result = files_of(repository, revision)
    listed = scan(repository, "HEAD", cache)
    try:
        rewritten = case.expect == "rewritten"
        if case.expect == "rewritten or refused":
            rewritten = any(result.get(name) != case.files[name] for name in case.after)
        compare_files(case, result, rewritten=rewritten)
        compare_listing(case, listed, result, rewritten=rewritten)

        left = {name: text for name, text in result.items() if not (rewritten and name in case.old_modules)}
        checkout = write_files(left, tmp_path / "result")
        if case.runs_here:
            after = run_program(case, checkout)
            assert after == before, "the program does something else:\n" + "".join(
                difflib.unified_diff(before.splitlines(True), after.splitlines(True), "before", "after")
            )
        again = scan(repository, revision, cache)
        to_do = [reference for reference in again["references"] if reference["disposition"] == "rewrite"]
        assert not to_do, f"a second run would change something: {to_do}"
    except AssertionError as error:
        raise AssertionError(f"{case.reason}\n\n{error}\n\n{show_references(listed)}\n{said}") from None
