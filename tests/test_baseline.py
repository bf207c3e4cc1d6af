"""The baseline: known violations by path, kind, symbol and count; it fails for more, and for fewer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import SAMPLE, Repo, make_repo, unshim

USE = str(SAMPLE["app/use.py"])
LATE = "\n\ndef late():\n    from app.old_manager import ChatManager as Late\n\n    return Late\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    result = unshim("check", "--repo", repo.path, "--write-baseline")
    assert (result.code, result.err) == (0, "")
    assert result.text == f"wrote {repo.path / 'unshim-baseline.json'}: 2 violations; commit it\n"
    repo.commit(message="the debt that we know of")
    return repo


def entries(repo: Repo) -> list[tuple[str, str, str, int]]:
    document = json.loads((repo.path / "unshim-baseline.json").read_text())
    assert document["schema"] == 1
    return [(one["path"], one["kind"], one["symbol"], one["count"]) for one in document["entries"]]


def test_what_is_known_does_not_fail(repo: Repo) -> None:
    result = unshim("check", "--repo", repo.path)
    assert (result.code, result.err) == (0, "")
    assert result.text.endswith("; 2 violations in the baseline\n")


def test_the_file_names_no_line(repo: Repo) -> None:
    assert entries(repo) == [
        ("app/old_manager.py", "shim", "app.old_manager", 1),
        ("app/use.py", "from-import", "app.old_manager:ChatManager", 1),
    ]
    repo.commit({"app/use.py": "# moved\n\n" + USE})
    assert unshim("check", "--repo", repo.path).code == 0


def test_it_is_written_in_the_same_way_each_time(repo: Repo) -> None:
    before = (repo.path / "unshim-baseline.json").read_bytes()
    assert unshim("check", "--repo", repo.path, "--write-baseline").code == 0
    assert (repo.path / "unshim-baseline.json").read_bytes() == before


def test_a_path_that_is_not_utf_8(repo: Repo) -> None:
    repo.commit_objects([(b"app/\xff.py", "100644", USE.encode())])
    assert unshim("check", "--repo", repo.path).code == 1
    assert unshim("check", "--repo", repo.path, "--write-baseline", "--force").code == 0
    assert unshim("check", "--repo", repo.path).code == 0


def test_one_more_of_the_same_fails(repo: Repo) -> None:
    repo.commit({"app/use.py": USE + LATE})
    result = unshim("check", "--repo", repo.path)
    assert result.code == 1
    assert [line for line in result.text.splitlines() if line.startswith("app/")] == [
        "app/use.py:7:33: from-import app.old_manager:ChatManager -> app.manager:ChatManager"
    ]


def test_fewer_fail_until_the_file_shrinks(repo: Repo) -> None:
    repo.commit({"app/use.py": "x = 1\n"})
    stale = unshim("check", "--repo", repo.path)
    assert stale.code == 1
    assert "app/use.py: baseline: from-import app.old_manager:ChatManager is there 0 times, not 1" in stale.text
    assert "unshim check --write-baseline" in stale.text
    assert unshim("check", "--repo", repo.path, "--write-baseline").code == 0
    assert [path for path, *_ in entries(repo)] == ["app/old_manager.py"]
    assert unshim("check", "--repo", repo.path).code == 0


def test_it_does_not_grow_unless_forced(repo: Repo) -> None:
    before = (repo.path / "unshim-baseline.json").read_bytes()
    repo.commit({"app/more.py": USE})
    refused = unshim("check", "--repo", repo.path, "--write-baseline")
    assert (refused.code, refused.out) == (3, b"")
    assert "the baseline would grow by:\n    app/more.py: from-import app.old_manager:ChatManager" in refused.err
    assert "--write-baseline --force" in refused.err
    assert (repo.path / "unshim-baseline.json").read_bytes() == before
    assert unshim("check", "--repo", repo.path, "--write-baseline", "--force").code == 0
    assert ("app/more.py", "from-import", "app.old_manager:ChatManager", 1) in entries(repo)
    assert unshim("check", "--repo", repo.path).code == 0


def test_growth_elsewhere_is_growth_although_the_sum_shrinks(repo: Repo) -> None:
    repo.commit({"app/use.py": "x = 1\n", "app/more.py": USE})
    assert unshim("check", "--repo", repo.path, "--write-baseline").code == 3


def test_migrated_and_clean_the_baseline_is_empty(repo: Repo) -> None:
    assert unshim("apply", "--repo", repo.path, "--switch").code == 0, "naming a shim in the baseline holds nothing"
    assert not (repo.path / "app/old_manager.py").exists()
    assert unshim("check", "--repo", repo.path).code == 1, "stale"
    assert unshim("check", "--repo", repo.path, "--write-baseline").code == 0
    assert entries(repo) == []
    assert unshim("check", "--repo", repo.path).code == 0


def test_another_file(repo: Repo, tmp_path: Path) -> None:
    place = tmp_path / "known.json"
    missing = unshim("check", "--repo", repo.path, "--baseline", place)
    assert (missing.code, missing.out) == (4, b"")
    assert unshim("check", "--repo", repo.path, "--baseline", place, "--write-baseline").code == 0
    assert place.read_bytes() == (repo.path / "unshim-baseline.json").read_bytes()
    assert unshim("check", "--repo", repo.path, "--baseline", place).code == 0


def test_new_since_a_commit_does_not_ask_the_baseline_to_shrink(repo: Repo) -> None:
    base = repo.word("rev-parse", "HEAD")
    repo.commit({"app/use.py": "x = 1\n"})
    assert unshim("check", "--repo", repo.path, "--base", base).code == 0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("<<<<<<< HEAD\n{}\n=======\n", id="conflict markers"),
        pytest.param("[]", id="a list"),
        pytest.param('{"schema": 2, "entries": []}', id="a newer schema"),
        pytest.param('{"schema": 1}', id="no entries"),
        pytest.param('{"schema": 1, "entries": [{"path": "a.py", "kind": "shim", "symbol": "a"}]}', id="no count"),
        pytest.param(
            '{"schema": 1, "entries": [{"path": "a.py", "kind": "shim", "symbol": "a", "count": 0}]}', id="count 0"
        ),
        pytest.param(
            '{"schema": 1, "entries": [{"path": "a.py", "kind": "shim", "symbol": "a", "count": true}]}',
            id="count true",
        ),
        pytest.param('{"schema": 1, "entries": [{"path": 1, "kind": "shim", "symbol": "a", "count": 1}]}', id="path 1"),
    ],
)
def test_a_file_that_is_no_baseline(repo: Repo, text: str) -> None:
    (repo.path / "unshim-baseline.json").write_text(text)
    result = unshim("check", "--repo", repo.path)
    assert (result.code, result.out) == (4, b"")
    assert "unshim-baseline.json" in result.err and "restore it from git" in result.err


def test_a_directory_in_its_place(repo: Repo) -> None:
    (repo.path / "unshim-baseline.json").unlink()
    (repo.path / "unshim-baseline.json").mkdir()
    for more in ((), ("--write-baseline", "--force")):
        result = unshim("check", "--repo", repo.path, *more)
        assert (result.code, result.out) == (4, b"")
