"""Snapshots: the files on disk have the ids that git would give them, and are read only where they may have changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from repositories import SAMPLE, Repo, make_repo, unshim

from migrate import snapshots
from migrate.errors import MigrateError
from migrate.repository import Repository
from migrate.snapshots import Staged, WorkingTree

USE = str(SAMPLE["app/use.py"])


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", SAMPLE)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file counts as just written."""
    monkeypatch.setattr(snapshots, "_TICK_NS", -1)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read from the disk."""
    seen: list[str] = []
    really = WorkingTree._read

    def noted(tree: WorkingTree, path: str, *arguments: Any) -> tuple[str, bytes]:
        seen.append(path)
        return really(tree, path, *arguments)

    monkeypatch.setattr(WorkingTree, "_read", noted)
    return seen


def ids(tree: WorkingTree) -> dict[str, str]:
    return {entry.path: entry.oid for entry in tree.entries("")}


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_files_on_disk_have_the_ids_that_git_gives_them(tmp_path: Path, kind: str) -> None:
    repo = Repo(tmp_path)
    repo.git("init", "--quiet", f"--object-format={kind}")
    repo.write({"a.py": "x = 1\n", "empty.py": "", "b/ä.bin": b"\0\xff" * 999, "run": "#!/bin/sh\n"})
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "link").symlink_to("b/ä.bin")
    new = ids(WorkingTree(Repository(tmp_path)))
    repo.git("add", "-A")
    repository = Repository(tmp_path)
    assert WorkingTree(repository).entries("") == Staged(repository).entries("")
    assert kind == "sha256" or new == ids(WorkingTree(repository))


def test_a_file_that_is_as_it_was_is_not_read(repo: Repo, later: None, read: list[str]) -> None:
    repository = Repository(repo.path)
    first = WorkingTree(repository)
    found = first.entries("")
    assert sorted(read) == sorted(entry.path for entry in found)
    read.clear()
    again = WorkingTree(repository, first.stamps)
    assert again.entries("") == found == again.entries("")
    assert read == []
    (repo.path / "app" / "use.py").write_text(USE.replace("old", "odd"))
    assert ids(again) != {entry.path: entry.oid for entry in found}
    assert read == ["app/use.py"]


def test_a_file_with_the_size_and_time_of_before_is_read(repo: Repo, later: None, read: list[str]) -> None:
    first = WorkingTree(Repository(repo.path))
    first.entries("")
    file = repo.path / "app" / "use.py"
    before = file.stat()
    file.write_text(USE.replace("old", "odd"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    read.clear()
    ids(WorkingTree(Repository(repo.path), first.stamps))
    assert read == ["app/use.py"]


def test_a_file_that_was_just_written_may_be_written_again_in_the_same_tick(repo: Repo) -> None:
    tree = WorkingTree(Repository(repo.path))
    ids(tree)
    assert tree.stamps == {}


@pytest.mark.parametrize(
    ("change", "most"),
    [
        pytest.param(lambda file: file.write_text("x = 1\n"), None, id="written"),
        pytest.param(lambda file: file.write_text(USE + "#"), 4, id="behind what is asked for"),
        pytest.param(lambda file: file.unlink(), None, id="gone"),
    ],
)
def test_a_file_that_changes_while_the_plan_is_made_is_told(repo: Repo, change: Any, most: int | None) -> None:
    tree = WorkingTree(Repository(repo.path))
    oid = ids(tree)["app/use.py"]
    assert list(tree.read([oid], most)) == [USE.encode()[:most]]
    change(repo.path / "app" / "use.py")
    with pytest.raises(MigrateError, match="was changed while"):
        list(tree.read([oid], most))


def test_a_file_that_cannot_be_read_is_listed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.open

    def refused(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith("use.py"):
            raise PermissionError(13, "Permission denied")
        return really(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refused)
    for _ in range(2):
        result = unshim("check", "--worktree", "--repo", repo.path)
        assert result.code == 1 and "app/use.py:1:1: not-checked" in result.out.decode(), result
    monkeypatch.undo()
    assert "not-checked" not in unshim("check", "--worktree", "--repo", repo.path).out.decode()


@pytest.mark.parametrize("option", [(), ("--staged",), ("--worktree",)])
@pytest.mark.parametrize("first", [(), ("--staged",), ("--worktree",)])
def test_what_is_too_large_is_so_wherever_it_is(repo: Repo, first: tuple[str, ...], option: tuple[str, ...]) -> None:
    repo.commit({"huge.py": "#" * (4 * 1024 * 1024 + 1)})
    for asked in (first, option):
        assert "huge.py:1:1: not-checked" in unshim("check", *asked, "--repo", repo.path).out.decode()
    repo.write({"huge.py": "#"})
    repo.git("add", "huge.py")
    assert "huge.py" not in unshim("check", "--staged", "--repo", repo.path).out.decode()


def test_apply_where_a_changed_file_imports_one_that_is_too_large(repo: Repo) -> None:
    repo.commit(
        {"app/huge.py": f"DATA = [\n{'    1,' * 800_000}\n]\n", "app/use.py": f"from app.huge import DATA\n{USE}"}
    )
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    assert b"app.manager" in repo.git("show", "unshim/manager:app/use.py")


def test_a_large_file_that_gets_small_and_does_not_parse_is_new(repo: Repo) -> None:
    repo.commit({"huge.py": "#" * (4 * 1024 * 1024 + 1)})
    repo.commit({"huge.py": "def f(:\n"})
    result = unshim("check", "--base", "HEAD~1", "--repo", repo.path)
    assert (result.code, result.out.decode().count("huge.py:1:1: syntax")) == (1, 1), result


def test_what_is_only_on_disk_is_not_what_a_partial_clone_has(repo: Repo, tmp_path: Path) -> None:
    repo.configure(("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
    use = "from app.old_manager import ChatManager  # new\n"
    repo.git("switch", "--quiet", "-c", "other")
    repo.commit({"app/new.py": use})
    repo.git("switch", "--quiet", "-")
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "partial"))
    clone = Repo(tmp_path / "partial")
    clone.git("fetch", "--quiet", "origin", "other")
    other = clone.word("rev-parse", "FETCH_HEAD")
    wanted = unshim("check", "--rev", other, "--no-cache", "--repo", clone.path)
    assert "app/new.py:1:1: not-checked blob-missing" in wanted.out.decode()
    for beside in ({}, {"app/more.py": use}):
        clone.write({"app/new.py": use, **beside})
        assert "app/new.py:1:29: from-import" in unshim("check", "--worktree", "--repo", clone.path).out.decode()
        assert unshim("check", "--rev", other, "--repo", clone.path) == wanted


@pytest.mark.parametrize("options", [("--base", "HEAD"), ("--fix",), ()])
def test_stamps_are_kept_however_often_a_command_looks(
    repo: Repo, later: None, read: list[str], options: tuple[str, ...]
) -> None:
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    repo.git("merge", "--quiet", "unshim/manager")
    for _ in range(2):
        read.clear()
        unshim("check", "--worktree", *options, "--repo", repo.path)
    assert read == []


def test_a_file_whose_name_is_no_utf8(repo: Repo) -> None:
    (repo.path / os.fsdecode(b"app/\xff\xfe.py")).write_text("from app.old_manager import ChatManager as Manager\n")
    result = unshim("check", "--worktree", "--repo", repo.path)
    assert result.code == 1 and ":1:29: from-import" in result.out.decode("utf-8", "replace"), result


def test_a_folder_that_may_not_be_entered_is_not_gone(repo: Repo) -> None:
    if os.getuid() == 0:
        pytest.skip("root may enter everywhere")
    repo.commit({"late/use.py": "from app.old_manager import ChatManager\n"})
    folder = repo.path / "late"
    folder.chmod(0)
    try:
        result = unshim("check", "--worktree", "--repo", repo.path)
        assert "late/use.py:1:1: not-checked blob-missing: the file cannot be read" in result.text
    finally:
        folder.chmod(0o755)
