"""What check prints for programs: SARIF, GitHub, GitLab, JUnit, Markdown; read as their readers read it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from formats import annotations, schema_of
from repositories import DIVERGENT, SAMPLE, Repo, make_repo, unshim

FORMATS = ("json", "sarif", "github", "gitlab", "junit", "markdown", "text")

WIDE: dict[str, str | bytes] = {
    **SAMPLE,
    **DIVERGENT,
    "app/odd name, 100%: é.py": SAMPLE["app/use.py"],
    "app/lists.py": "from app.old_manager import (  # \U0001f600 beside\n    ChatManager as Mine,\n)\n\nMine()\n",
    "app/same.py": f"{SAMPLE['app/use.py']}\n\ndef late():\n    from app.old_manager import ChatManager\n",
    "app/mixed.py": "def own():\n    return 1\n\n\nfrom app.manager import ChatManager\n\nOld = ChatManager\n",
    "app/twice.py": "from app.old_manager import ChatManager, get_chat_manager; ChatManager()\n",
    "app/broken.py": "from app.old_manager import ChatManager\nif:\n",
    "app/latin.py": b"# coding: latin-1\nx = '\xe9'; from app.old_manager import ChatManager\nChatManager()\n",
    "docs/guide.md": "Import `app.old_manager.ChatManager`.\n",
}


@pytest.fixture(params=["wide", "clean", "stale"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    if request.param == "wide":
        return make_repo(tmp_path / "repo", WIDE)
    repo = make_repo(tmp_path / "repo", SAMPLE)
    if request.param == "stale":
        assert unshim("check", "--repo", repo.path, "--write-baseline").code == 0
    repo.commit({"app/use.py": "x = 1\n", "app/old_manager.py": ""})
    return repo


def printed(repo: Repo, form: str) -> str:
    result = unshim("check", "--repo", repo.path, "--format", form)
    assert result.err == ""
    assert result.code == unshim("check", "--repo", repo.path).code
    return result.text


def document(repo: Repo) -> Any:
    return json.loads(printed(repo, "json"))


def total(repo: Repo) -> int:
    found = document(repo)
    return len(found["violations"]) + len(found["stale"])


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_ends_its_last_line_and_is_the_same_each_time(repo: Repo, form: str) -> None:
    text = printed(repo, form)
    assert text.endswith("\n") or (text == "" and form == "github")
    assert printed(repo, form) == text


# SARIF


@pytest.fixture(scope="module")
def sarif() -> Any:
    """The official schema of SARIF 2.1.0."""
    found = schema_of("sarif-2.1.0.json")
    assert "oasis" in found.schema["$id"]
    return found


def test_sarif_fits_the_official_schema(repo: Repo, sarif: Any) -> None:
    report = json.loads(printed(repo, "sarif"))
    assert [error.message for error in sarif.iter_errors(report)] == []
    assert report["version"] == "2.1.0"
    (run,) = report["runs"]
    assert len(run["results"]) == total(repo)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert {one["ruleId"] for one in run["results"]} == set(rules)
    for result in run["results"]:
        path = unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        assert (repo.path / path).exists() or result["ruleId"] == "stale-baseline"


def test_the_schema_refuses_what_is_no_sarif(sarif: Any) -> None:
    assert not sarif.is_valid({"version": "2.1.0", "runs": [{"results": []}]})


def test_the_fixes_of_sarif_are_what_fix_writes(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", WIDE)
    report = json.loads(printed(repo, "sarif"))
    texts: dict[str, list[str]] = {}
    done: set[tuple[str, str]] = set()
    replacements: dict[str, list[tuple[tuple[int, int, int, int], str]]] = {}
    for result in report["runs"][0]["results"]:
        for fix in result.get("fixes", ()):
            for change in fix["artifactChanges"]:
                path = unquote(change["artifactLocation"]["uri"])
                for one in change["replacements"]:
                    region = one["deletedRegion"]
                    place = (region["startLine"], region["startColumn"], region["endLine"], region["endColumn"])
                    key = (path, f"{place}{one['insertedContent']['text']}")
                    if key not in done:  # the names of one statement share its edits
                        done.add(key)
                        replacements.setdefault(path, []).append((place, one["insertedContent"]["text"]))
    for path, every in replacements.items():
        encoding = "latin-1" if path == "app/latin.py" else "utf-8"
        text = (repo.path / path).read_bytes().decode(encoding)
        starts = [0]
        for line in text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        for (line, column, end_line, end_column), new in sorted(every, reverse=True):
            start, end = starts[line - 1] + column - 1, starts[end_line - 1] + end_column - 1
            text = text[:start] + new + text[end:]
        texts[path] = [text, encoding]
    assert {"app/use.py", "app/lists.py", "app/twice.py", "app/odd name, 100%: é.py", "app/latin.py"} <= set(texts)
    unshim("check", "--repo", repo.path, "--fix")
    for path, (text, encoding) in texts.items():
        assert (repo.path / path).read_bytes() == text.encode(encoding), path


def test_fingerprints_survive_a_line_that_moves(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", WIDE)

    def fingerprints() -> list[str]:
        results = json.loads(printed(repo, "sarif"))["runs"][0]["results"]
        return sorted(one["partialFingerprints"]["unshim/v1"] for one in results)

    before = fingerprints()
    assert len(set(before)) == len(before)
    repo.commit({"app/use.py": "\n\n" + str(WIDE["app/use.py"])})
    assert fingerprints() == before


# GitHub


def test_annotations_of_github(repo: Repo) -> None:
    found = annotations(printed(repo, "github"))
    expected = document(repo)
    assert [one.properties["file"] for one in found] == [
        one["path"] for one in (*expected["violations"], *expected["stale"])
    ]
    for read, one in zip(found, expected["violations"], strict=False):
        assert read.command == "error"
        assert (int(read.properties["line"]), int(read.properties["col"])) == (one["line"], one["column"])
        assert read.properties["title"] == f"unshim: {one['kind']}"
        assert read.message == f"{one['message']} ({one['fix']})"


# GitLab


def test_code_quality_of_gitlab(repo: Repo) -> None:
    """The fields that GitLab requires: https://docs.gitlab.com/ci/testing/code_quality/."""
    found = json.loads(printed(repo, "gitlab"))
    assert len(found) == total(repo)
    assert len({one["fingerprint"] for one in found}) == len(found)
    for one in found:
        assert set(one) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not one["location"]["path"].startswith("./")
        assert one["location"]["lines"]["begin"] >= 1


# JUnit, Markdown


def test_junit(repo: Repo) -> None:
    root = ElementTree.fromstring(printed(repo, "junit"))
    cases = root.findall(".//testcase")
    failures = root.findall(".//failure")
    assert len(failures) == total(repo)
    assert len(cases) == max(1, total(repo))
    assert root.get("tests") == str(len(cases)) and root.get("failures") == str(len(failures))


def test_markdown(repo: Repo) -> None:
    text = printed(repo, "markdown")
    found = document(repo)
    if not total(repo):
        assert text == "**unshim**: nothing non-canonical.\n"
        return
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(found["violations"])
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)
    assert ("can go: `unshim check --write-baseline`" in text) == bool(found["stale"])


def test_markdown_fits_a_comment(tmp_path: Path) -> None:
    files = {f"app/use{number}.py": SAMPLE["app/use.py"] for number in range(60)}
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **files})
    text = printed(repo, "markdown")
    assert "... and 12 more." in text
    assert len(text) < 65_536


# hostile names


def test_a_path_cannot_forge_lines(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    name = b"app/a\n::error file=x::forged\x1b[31m|`<b>.py"
    repo.commit_objects(
        [
            (name, "100644", str(SAMPLE["app/use.py"]).encode()),
            (b"app/\xff.py", "100644", str(SAMPLE["app/use.py"]).encode()),
        ]
    )
    for form in FORMATS:
        text = unshim("check", "--repo", repo.path, "--format", form).out.decode("utf-8", "backslashreplace")
        assert "\x1b" not in text, form
        assert not any(line.startswith("::error file=x::forged") for line in text.splitlines()), form
        if form == "junit":
            ElementTree.fromstring(text)
        if form in ("json", "sarif", "gitlab"):
            json.loads(text)
