"""A merge rehearsal: migrate, let others work on the old paths, merge; check finds exactly what they brought back."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import CANONICAL, Repo, Result, make_repo, unshim

SHIM = "from app.manager import ChatManager, get_chat_manager\n"
USE = "from app.old_manager import ChatManager\n\n\ndef open_room():\n    return ChatManager()\n"
SAME_LINE = USE.replace("import ChatManager", "import ChatManager, get_chat_manager")
LATE = "def kept():\n    from app.old_manager import get_chat_manager\n\n    return get_chat_manager()\n"
TEST = """\
from unittest import mock


def test_late():
    from app.old_manager import get_chat_manager

    with mock.patch("app.manager.ChatManager"):
        assert get_chat_manager()
"""

BEFORE: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/manager.py": CANONICAL,
    "app/old_manager.py": SHIM,
    "app/rooms.py": USE,
    "app/lobby.py": USE.replace("open_room", "open_lobby"),
    "app/kept.py": "def kept():\n    return 1\n",
    "tests/test_rooms.py": TEST,
    "unshim.toml": '[unshim]\ncanonical = "app.manager"\n',
}


def check(repo: Repo, *arguments: str) -> list[tuple[str, int, str]]:
    result = unshim("check", "--repo", repo.path, "--format", "json", *arguments)
    assert result.code == (1 if result.json["violations"] else 0)
    return [(one["path"], one["line"], one["kind"]) for one in result.json["violations"]]


@pytest.fixture
def merged(tmp_path: Path) -> tuple[Repo, str]:
    """The repository after the merge, and the migrated commit before it."""
    repo = make_repo(tmp_path / "repo", BEFORE)
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit({"app/fresh.py": USE.replace("open_room", "open_fresh")}, "an old import in a new file")
    repo.commit({"app/kept.py": LATE}, "an old import inside a function")
    repo.git("mv", "app/lobby.py", "app/foyer.py")
    repo.commit({}, "rename a file")
    repo.commit(
        {"app/rooms.py": USE.replace("ChatManager\n\n", "ChatManager, get_chat_manager\n\n", 1)}, "the same line"
    )
    repo.commit({"app/old_manager.py": SHIM + "Manager = ChatManager\n"}, "one more alias in the shim")
    repo.git("checkout", "-q", "main")
    assert unshim("apply", "--repo", repo.path).code == 0
    repo.git("merge", "-q", "--ff-only", "unshim/manager")
    assert check(repo) == []
    assert not (repo.path / "app/old_manager.py").exists()
    migrated = repo.word("rev-parse", "HEAD")
    with pytest.raises(AssertionError):
        repo.git("merge", "feature")
    conflicts = repo.git("diff", "--name-only", "--diff-filter=U").decode().split()
    assert conflicts == ["app/old_manager.py", "app/rooms.py"]
    # Settled as somebody in a hurry does: with the feature's side.
    repo.write({"app/old_manager.py": f"{SHIM}Manager = ChatManager\n", "app/rooms.py": SAME_LINE})
    repo.git("add", "-A")
    repo.git("commit", "-q", "--no-edit")
    return repo, migrated


BROUGHT = [
    ("app/fresh.py", 1, "from-import"),
    ("app/kept.py", 2, "from-import"),
    ("app/old_manager.py", 1, "restored-file"),
    ("app/rooms.py", 1, "from-import"),
    ("app/rooms.py", 1, "from-import"),
]
"""What the feature brought. The renamed file is not in it: git merged the migrated line into it."""


def test_check_finds_exactly_what_the_merge_brought(merged: tuple[Repo, str]) -> None:
    repo, migrated = merged
    assert check(repo) == BROUGHT
    assert check(repo, "--base", migrated) == BROUGHT
    assert b"from app.manager import" in (repo.path / "app/foyer.py").read_bytes()


def test_fix_repairs_what_is_safe_and_leaves_the_file_to_its_owner(merged: tuple[Repo, str]) -> None:
    repo, _ = merged
    result = unshim("check", "--repo", repo.path, "--fix")
    assert result.code == 1
    assert "fixed 3 files: app/fresh.py, app/kept.py, app/rooms.py\n" in result.text
    assert (
        (repo.path / "app/rooms.py").read_text().startswith("from app.manager import ChatManager, get_chat_manager\n")
    )
    assert check(repo, "--worktree") == [("app/old_manager.py", 1, "restored-file")]
    repo.git("rm", "-q", "app/old_manager.py")
    repo.git("commit", "-q", "-a", "-m", "clean again")
    assert check(repo) == []


def test_a_second_run_repairs_it_too(merged: tuple[Repo, str]) -> None:
    repo, _ = merged
    applied: Result = unshim("apply", "--repo", repo.path, "--branch", "unshim/again", "--switch")
    assert applied.code == 0, applied
    assert not (repo.path / "app/old_manager.py").exists()
    assert check(repo) == []
    assert "nothing to do" in unshim("apply", "--repo", repo.path, "--branch", "unshim/third").text


def test_a_revert_of_the_migration_is_seen_whole(merged: tuple[Repo, str]) -> None:
    repo, migrated = merged
    repo.git("reset", "-q", "--hard", migrated)
    repo.git("revert", "--no-edit", "HEAD", "HEAD~1")
    assert set(check(repo, "--base", migrated)) == set(check(repo)) != set()
    assert ("app/old_manager.py", 1, "restored-file") in check(repo)
