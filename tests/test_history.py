"""history: the rows are the commits of the branch's own line, and their numbers those of check and verify."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from repositories import CANONICAL, DIVERGENT, ENVIRONMENT, SAMPLE, Repo, Result, make_repo, unshim

from migrate.history import sampled
from migrate.repository import Landmark

NOT_YET = {"app/__init__.py": "", "unshim.toml": SAMPLE["unshim.toml"]}
USES = "from app.old_manager import ChatManager\n"
BROKEN = USES + "if:\n"


def commit(repo: Repo, day: int, files: Mapping[str, str | bytes], message: str = "change") -> str:
    """A commit of that day of September 2025, at noon."""
    date = f"2025-09-{day:02}T12:00:00+00:00"
    dated = Repo(repo.path, {**ENVIRONMENT, "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date})
    return dated.commit(files, message)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Seven commits, from none of it to all of it and back to less."""
    repo = make_repo(tmp_path / "repo")
    commit(repo, 1, NOT_YET, "begin")
    commit(repo, 2, SAMPLE, "the manager")
    commit(repo, 3, {"app/more.py": USES, "tests/test_a.py": BROKEN, "app/b.py": "if:\n"}, "more")
    commit(repo, 4, {**DIVERGENT, "notes.yml": "use: app.old_manager.ChatManager\n"}, "a double")
    commit(repo, 5, {"app/manager.py": "class ChatManager:\n"}, "broken for a day")
    commit(repo, 6, {"app/manager.py": CANONICAL, "app/b.py": "b = 1\n"}, "mended")
    repo.git("rm", "-q", "app/double.py", "app/decide.py")
    commit(repo, 7, {"app/more.py": "from app.manager import ChatManager\n"}, "less")
    return repo


def history(repo: Repo, *arguments: str) -> Any:
    result = unshim("history", "--repo", repo.path, "--format", "json", *arguments)
    assert (result.code, result.err) == (0, ""), result
    return result.json


def refused(repo: Repo, *arguments: str) -> Result:
    """A run that ends with two lines and exit code 4."""
    result = unshim("history", "--repo", repo.path, *arguments)
    assert (result.code, result.out) == (4, b""), result
    assert result.err.startswith("unshim: ") and "\n  " in result.err, result.err
    return result


# the numbers


def test_the_numbers_are_those_of_check_and_verify(repo: Repo) -> None:
    rows = history(repo, "--since", "HEAD~6", "--all")["rows"]
    assert [row["subject"] for row in rows] == repo.word("log", "--reverse", "--format=%s").splitlines()
    counted = [row for row in rows if row["reason"] is None]
    assert len(counted) == 5
    for row in counted:
        checked = unshim("check", "--repo", repo.path, "--rev", row["commit"]).text
        found = re.search(r"^([\d,]+) violations? in .* ([\d,]+) files? not checked", checked, re.MULTILINE)
        assert found is not None, checked
        assert (row["violations"], row["unchecked"]) == (int(found[1]), int(found[2]))
        verified = unshim("verify", "--repo", repo.path, "--rev", row["commit"]).text
        parsed = re.search(r"(\d+) of \d+ Python files do not parse; (\d+) of them are tests", verified)
        assert parsed is not None, verified
        assert (row["unparsable"], row["unparsable_tests"]) == (int(parsed[1]), int(parsed[2]))
        several = re.search(r"owned names are defined more than once, in (\d+) modules", verified)
        assert row["implementations"] == (1 if several is None else int(several[1]))
    assert len({row["violations"] for row in counted}) > 2, "the numbers must differ, or they show nothing"
    assert {row["implementations"] for row in counted} == {1, 2}


def test_a_restored_file_counts_as_in_check(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    assert unshim("apply", "--repo", repo.path).code == 0
    repo.git("merge", "-q", "--no-edit", "unshim/manager")
    repo.commit({"app/old_manager.py": "x = 1\n"}, "back again")
    (row,) = history(repo, "--since", "HEAD")["rows"]
    assert row["violations"] == 1
    assert "1 violation in 1 file" in unshim("check", "--repo", repo.path).text


def test_a_commit_that_the_recipe_does_not_fit_is_a_row_with_the_reason(repo: Repo) -> None:
    rows = history(repo, "--since", "HEAD~6", "--all")["rows"]
    assert rows[0]["reason"].endswith("there is no module app.manager")
    assert "app/manager.py:1" in rows[4]["reason"] and "does not parse" in rows[4]["reason"]
    for row in (rows[0], rows[4]):
        assert {row[key] for key in ("violations", "implementations", "unparsable", "unchecked")} == {None}


def test_without_a_canonical_module_nothing_is_an_implementation(tmp_path: Path) -> None:
    recipe = '[unshim.moves]\n"app.old_manager" = "app.manager"\n'
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "unshim.toml": recipe})
    (row,) = history(repo, "--since", "HEAD")["rows"]
    assert row["implementations"] is None
    assert row["violations"]
    assert unshim("history", "--repo", repo.path, "--since", "HEAD").code == 0
    assert unshim("history", "--repo", repo.path, "--since", "HEAD", "--format", "svg").code == 0


def test_the_recipe_is_that_of_the_working_tree_for_all_commits(repo: Repo, tmp_path: Path) -> None:
    before = [row["violations"] for row in history(repo, "--since", "HEAD~1")["rows"]]
    repo.write({"unshim.toml": '[unshim]\ncanonical = "app.manager"\nexclude = ["app/use.py"]\n'})
    now = [row["violations"] for row in history(repo, "--since", "HEAD~1")["rows"]]
    assert [was - left for was, left in zip(before, now, strict=True)] == [1, 1]
    other = tmp_path / "other.toml"
    other.write_text('[unshim]\ncanonical = "app.nowhere"\n')
    rows = history(repo, "--since", "HEAD~1", "--recipe", str(other))["rows"]
    assert all("app.nowhere" in row["reason"] for row in rows)


def test_nothing_is_written(repo: Repo) -> None:
    before = repo.state()
    history(repo, "--since", "HEAD~3")
    assert repo.state() == before


# which commits


def test_only_first_parents_are_rows(repo: Repo) -> None:
    repo.git("switch", "-q", "-c", "side", "HEAD~1")
    side = [commit(repo, 8, {"side.py": "x = 1\n"}, "side 1"), commit(repo, 9, {"side.py": "x = 2\n"}, "side 2")]
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    found = [row["commit"] for row in history(repo, "--since", "HEAD~2")["rows"]]
    assert found == [repo.word("rev-parse", f"HEAD~{back}") for back in (2, 1, 0)]
    assert not set(side) & set(found)
    # A commit of the side line as the beginning: it is the first row, then come those that it did not know.
    found = [row["commit"] for row in history(repo, "--since", side[0])["rows"]]
    assert found == [side[0], repo.word("rev-parse", "HEAD~1"), repo.word("rev-parse", "HEAD")]


def test_the_commit_since_is_the_first_row_and_rev_the_last(repo: Repo) -> None:
    found = history(repo, "--since", "HEAD~4", "--rev", "HEAD~2")
    assert [row["commit"] for row in found["rows"]] == [repo.word("rev-parse", f"HEAD~{n}") for n in (4, 3, 2)]
    assert found["commits"] == 3


@pytest.mark.parametrize(
    ("since", "days"),
    [
        pytest.param("2025-09-05", ["05", "06", "07"], id="a day begins at midnight"),
        pytest.param("2025-09-05 12:00:01 +0000", ["06", "07"], id="a time"),
        pytest.param("Sep 7 2025 0:00", ["07"], id="words"),
    ],
)
def test_a_date(repo: Repo, since: str, days: list[str]) -> None:
    assert [row["date"][8:10] for row in history(repo, "--since", since)["rows"]] == days


@pytest.mark.parametrize("since", ["10 years ago", "yesterday", "last friday", "noon", "2 Sep 2025 10:00 +0200"])
def test_what_git_takes_for_a_date(repo: Repo, since: str) -> None:
    repo.commit({"now.py": ""})
    assert history(repo, "--since", since)["rows"][-1]["commit"] == repo.word("rev-parse", "HEAD")


def test_a_clock_that_went_back_loses_no_commit(repo: Repo) -> None:
    commit(repo, 3, {"late.py": ""}, "a wrong clock")
    last = commit(repo, 8, {"late.py": "x = 1\n"}, "after it")
    rows = history(repo, "--since", "2025-09-06")["rows"]
    assert [row["date"][8:10] for row in rows] == ["06", "07", "08"]
    assert rows[-1]["commit"] == last
    svg = unshim("history", "--repo", repo.path, "--since", "HEAD~3", "--format", "svg")
    ElementTree.fromstring(svg.out)


def test_samples_are_spread_evenly(repo: Repo) -> None:
    found = history(repo, "--since", "HEAD~6", "--samples", "3")
    assert [row["date"][8:10] for row in found["rows"]] == ["01", "04", "07"]
    assert found["commits"] == 7
    assert len(history(repo, "--since", "HEAD~6", "--samples", "3", "--all")["rows"]) == 7
    text = unshim("history", "--repo", repo.path, "--since", "HEAD~6", "--samples", "2").text
    assert "2 of 7 commits; --all takes every one" in text


@pytest.mark.parametrize("length", [1, 2, 3, 19, 20, 21, 39, 40, 41, 1000])
@pytest.mark.parametrize("number", [2, 3, 20])
def test_samples_have_the_ends_and_no_commit_twice(length: int, number: int) -> None:
    line = [Landmark(str(place), "", place, "") for place in range(length)]
    found = sampled(line, number)
    assert len(found) == min(length, number)
    assert (found[0], found[-1]) == (line[0], line[-1])
    gaps = {after.seconds - before.seconds for before, after in pairwise(found)}
    assert not gaps or (min(gaps) > 0 and max(gaps) - min(gaps) <= 1)


# what cannot be


def test_neither_a_commit_nor_a_date(repo: Repo) -> None:
    assert "'no-such-thing' is neither a commit nor a date" in refused(repo, "--since", "no-such-thing").err
    for wrong in ("", "HEAD~99", "v1.2", "feature-123", "1234567", "--all"):
        assert "neither" in refused(repo, f"--since={wrong}").err, wrong
    assert "there is no commit nowhere" in refused(repo, "--since", "HEAD~1", "--rev", "nowhere").err


def test_no_commit_since_then(repo: Repo) -> None:
    assert (
        "HEAD has no commit since 2025-09-08; its last one is of 2025-09-07"
        in refused(repo, "--since", "2025-09-08").err
    )


def test_a_commit_of_another_line(repo: Repo) -> None:
    assert "--since: HEAD does not lead to HEAD~1" in refused(repo, "--since", "HEAD", "--rev", "HEAD~1").err


def test_a_shallow_clone_that_ends_before(repo: Repo, tmp_path: Path) -> None:
    first = repo.word("rev-parse", "HEAD~5")
    repo.git("clone", "-q", "--depth", "3", f"file://{repo.path}", str(tmp_path / "shallow"))
    clone = Repo(tmp_path / "shallow")
    for since in (first, "HEAD~5", "2025-09-02", "2025-09-05"):
        assert "git fetch --unshallow" in refused(clone, "--since", since).err, since
    assert len(history(clone, "--since", "HEAD~2")["rows"]) == 3
    assert len(history(clone, "--since", "2025-09-06")["rows"]) == 2


def test_wrong_usage(repo: Repo) -> None:
    for arguments in ((), ("--since", "HEAD", "--samples", "1"), ("--since", "HEAD", "--format", "png")):
        assert unshim("history", "--repo", repo.path, *arguments).code == 2


# formats


def test_the_table_fits_and_has_the_newest_last(repo: Repo) -> None:
    commit(repo, 8, {"c.py": ""}, "a subject " * 30)
    text = unshim("history", "--repo", repo.path, "--since", "HEAD~7", "--all").text
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == ["date", "commit", "violations", "impl.", "unparsable", "tests", "unchecked", "subject"]
    head = repo.word("rev-parse", "HEAD")
    assert lines[8].startswith(f"2025-09-08  {head[:10]}  ") and lines[8].endswith("...")
    assert "not counted: " in lines[1] and lines[1].split()[2:7] == ["-"] * 5
    row = history(repo, "--since", "HEAD")["rows"][0]
    keys = ("violations", "implementations", "unparsable", "unparsable_tests", "unchecked")
    assert lines[8].split()[2:7] == [str(row[key]) for key in keys]


HOSTILE = "</text><script>alert(1)</script> & \"'\x1b[31m\x07 <!-- ]]> \udcff".encode("utf-8", "surrogateescape")


def test_a_hostile_subject_is_escaped(repo: Repo) -> None:
    repo.write({"c.py": ""})
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", HOSTILE)
    svg = unshim("history", "--repo", repo.path, "--since", "HEAD~1", "--format", "svg")
    assert b"<script" not in svg.out and b"\x1b" not in svg.out
    tree = ElementTree.fromstring(svg.out)
    assert any("</text><script>alert(1)" in (one.text or "") for one in tree.iter() if one.tag.endswith("title"))
    text = unshim("history", "--repo", repo.path, "--since", "HEAD~1")
    assert b"\x1b" not in text.out and b"\x07" not in text.out
    assert "<script>" in history(repo, "--since", "HEAD")["rows"][0]["subject"]


def test_the_picture_stands_alone(repo: Repo) -> None:
    svg = unshim("history", "--repo", repo.path, "--since", "HEAD~6", "--all", "--format", "svg")
    assert (svg.code, svg.err) == (0, "")
    tree = ElementTree.fromstring(svg.out)
    space = "{http://www.w3.org/2000/svg}"
    assert tree.tag == f"{space}svg"
    tags = {one.tag.removeprefix(space) for one in tree.iter()}
    assert tags <= {"svg", "title", "desc", "style", "line", "text", "path", "circle"}
    assert b"http" not in svg.out.replace(b"http://www.w3.org/2000/svg", b"")
    assert b"prefers-color-scheme: dark" in svg.out
    shown = [one.text for one in tree.iter(f"{space}text")]
    assert {"violations", "implementations", "unparsable", "2025-09-01", "2025-09-07", "0"} <= set(shown)
    for name in ("violations", "implementations", "unparsable"):
        assert len([one for one in tree.iter(f"{space}circle") if one.get("class") == name]) == 5
        assert len([one for one in tree.iter(f"{space}path") if one.get("class") == name]) == 2, "a gap for the fifth"
    width, height = float(tree.attrib["width"]), float(tree.attrib["height"])
    for one in tree.iter(f"{space}text"):
        assert 0 <= float(one.attrib["x"]) <= width and 0 <= float(one.attrib["y"]) <= height


def test_a_picture_of_one_commit_and_of_none_that_was_counted(repo: Repo) -> None:
    for since in ("HEAD", "HEAD~2"):
        rev = since
        svg = unshim("history", "--repo", repo.path, "--since", since, "--rev", rev, "--format", "svg")
        ElementTree.fromstring(svg.out)
        assert unshim("history", "--repo", repo.path, "--since", since, "--rev", rev).code == 0
