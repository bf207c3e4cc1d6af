"""check: what it fails for, on a commit, the index, the working tree, and since a commit."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import CANONICAL, SAMPLE, Repo, make_repo, unshim

CLEAN: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/manager.py": CANONICAL,
    "app/use.py": "from app.manager import ChatManager\n\nmanager = ChatManager()\n",
    "app/broken.txt": "nothing\n",
    "unshim.toml": '[unshim]\ncanonical = "app.manager"\n',
}
OLD_IMPORT = "from app.old_manager import ChatManager\n\nmanager = ChatManager()\n"
SHIM = SAMPLE["app/old_manager.py"]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", CLEAN)


def found(repo: Repo, *arguments: str) -> list[tuple[str, int, str, str]]:
    """(path, line, kind, symbol) of what check lists; the exit code must say the same."""
    result = unshim("check", "--repo", repo.path, "--format", "json", *arguments)
    assert result.err == "", result
    listed = [(one["path"], one["line"], one["kind"], one["symbol"]) for one in result.json["violations"]]
    assert result.code == (1 if listed else 0)
    return listed


# nothing to find


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--staged",),
        ("--worktree",),
        ("--base", "HEAD"),
        ("--staged", "--base", "HEAD"),
        ("--worktree", "--base", "HEAD"),
    ],
    ids=" ".join,
)
def test_a_clean_repository_is_clean_wherever_one_looks(repo: Repo, arguments: tuple[str, ...]) -> None:
    before = repo.state()
    assert found(repo, *arguments) == []
    assert repo.state() == before


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(
            "app/other.py", "from app.manager import ChatManager as Mine\n\nMine()\n", id="another local name"
        ),
        pytest.param(
            "app/other.py", "from app.manager import ChatManager\n_Manager = ChatManager\nx = 1\n", id="private name"
        ),
        pytest.param("tests/test_it.py", "from app.manager import ChatManager\nOld = ChatManager\n", id="in a test"),
        pytest.param(
            "app/other.py",
            "from app.manager import ChatManager\nOld = ChatManager  # unshim: keep, plugins use it\nx = 1\n",
            id="kept by a comment",
        ),
        pytest.param("app/other.py", "from app.manager import ChatManager\nOld = ChatManager()\n", id="an instance"),
        pytest.param(
            "app/other.py",
            "from app.manager import ChatManager\n\n\nclass OtherManager(ChatManager):\n    pass\n",
            id="a subclass of another name",
        ),
        pytest.param("app/other.py", "import app.manager\n\n\ndef run():\n    return app.manager\n", id="the module"),
    ],
)
def test_what_is_no_violation(repo: Repo, path: str, text: str) -> None:
    repo.commit({path: text})
    assert found(repo) == []


# what is found on a commit


def test_a_fresh_shim_is_a_violation_where_it_is_made(repo: Repo) -> None:
    repo.commit({"app/old_manager.py": SHIM})
    assert found(repo) == [("app/old_manager.py", 1, "shim", "app.old_manager")]
    text = unshim("check", "--repo", repo.path).text
    assert "app/old_manager.py:1:1: shim app.old_manager only forwards to the canonical module: 'unshim apply' " in text


def test_a_module_that_the_recipe_keeps_is_none(repo: Repo) -> None:
    repo.commit(
        {"app/old_manager.py": SHIM, "app/other.py": "from app.manager import ChatManager\nOld = ChatManager\n"}
    )
    assert len(found(repo)) == 2
    recipe = '[unshim]\ncanonical = "app.manager"\n[unshim.moves]\n"app.old_manager" = "keep"\n"app.other" = "keep"\n'
    repo.commit({"unshim.toml": recipe})
    assert found(repo) == []


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        pytest.param("\nfrom app.manager import ChatManager\n\nOld = ChatManager\n", 4, "Old", id="assigned"),
        pytest.param("import app.manager\n\nOld = app.manager.ChatManager\n", 3, "Old", id="through the module"),
        pytest.param(
            "from app.manager import ChatManager\n\n__all__ = ['ChatManager', 'run']\n\n\ndef run():\n    pass\n",
            1,
            "ChatManager",
            id="handed on by __all__",
        ),
    ],
)
def test_a_new_alias_is_a_violation_where_it_is_made(repo: Repo, text: str, line: int, name: str) -> None:
    repo.commit({"app/other.py": text + "\n\ndef more():\n    return 1\n"})
    assert found(repo) == [("app/other.py", line, "alias", f"app.other:{name}")]


def test_a_second_implementation(repo: Repo) -> None:
    repo.commit({"app/old_manager.py": CANONICAL, "app/use.py": OLD_IMPORT})
    kinds = {(path, line, kind) for path, line, kind, _ in found(repo)}
    assert ("app/old_manager.py", 1, "second-implementation") in kinds
    assert ("app/use.py", 1, "from-import") in kinds


def test_a_deleted_file_that_is_there_again(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    assert unshim("apply", "--repo", repo.path, "--switch").code == 0
    assert found(repo) == []
    repo.commit({"app/old_manager.py": SHIM, "app/also.py": "def also():\n    return 1\n"})
    assert found(repo) == [("app/old_manager.py", 1, "restored-file", "app/old_manager.py")]
    repo.commit({"app/old_manager.py": "def something_else():\n    return 2\n"})
    assert found(repo) == [("app/old_manager.py", 1, "restored-file", "app/old_manager.py")]
    recipe = (
        '[unshim]\ncanonical = "app.manager"\nshims = ["app.old_manager"]\n[unshim.moves]\n"app.old_manager" = "keep"\n'
    )
    repo.commit({"unshim.toml": recipe})
    assert found(repo) == []


def test_a_file_that_cannot_be_checked(repo: Repo) -> None:
    repo.commit({"app/broken.py": "from app.manager import ChatManager\nif:\n"})
    assert found(repo) == [("app/broken.py", 2, "not-checked", "syntax-error")]


# the index and the working tree


def test_the_index_is_what_the_next_commit_has(repo: Repo) -> None:
    repo.commit({"app/old_manager.py": SHIM})
    repo.write({"app/use.py": OLD_IMPORT})
    assert ("app/use.py", 1, "from-import", "app.old_manager:ChatManager") not in found(repo, "--staged")
    repo.git("add", "app/use.py")
    assert ("app/use.py", 1, "from-import", "app.old_manager:ChatManager") in found(repo, "--staged")
    repo.write({"app/use.py": CLEAN["app/use.py"]})  # only on disk: the commit will still have the old import
    assert ("app/use.py", 1, "from-import", "app.old_manager:ChatManager") in found(repo, "--staged")
    assert [path for path, *_ in found(repo, "--worktree")] == ["app/old_manager.py"]
    assert [path for path, *_ in found(repo)] == ["app/old_manager.py"]


def test_the_index_before_the_first_commit(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    repo.write({**CLEAN, "app/old_manager.py": SHIM})
    repo.git("add", "-A")
    assert found(repo, "--staged") == [("app/old_manager.py", 1, "shim", "app.old_manager")]
    assert found(repo, "--worktree") == [("app/old_manager.py", 1, "shim", "app.old_manager")]


def test_files_that_git_does_not_track_yet_are_on_disk_and_ignored_ones_are_not_looked_at(repo: Repo) -> None:
    repo.commit({".gitignore": "build/\n"})
    repo.write({"app/old_manager.py": SHIM, "build/old_manager.py": SHIM, "app/use.py": OLD_IMPORT})
    assert found(repo, "--worktree") == [
        ("app/old_manager.py", 1, "shim", "app.old_manager"),
        ("app/use.py", 1, "from-import", "app.old_manager:ChatManager"),
    ]
    assert found(repo, "--staged") == []


def test_a_file_that_was_removed_from_the_disk_is_not_there(repo: Repo) -> None:
    repo.commit({"app/old_manager.py": SHIM})
    (repo.path / "app/old_manager.py").unlink()
    assert found(repo, "--worktree") == []
    assert len(found(repo, "--staged")) == 1


def test_no_link_is_followed_out_of_the_repository(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"app/sub/__init__.py": "", "app/sub/use.py": "x = 1\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "use.py").write_text("from app.nowhere import ChatManager\n")
    for name in ("__init__.py", "use.py"):
        (repo.path / "app/sub" / name).unlink()
    (repo.path / "app/sub").rmdir()
    (repo.path / "app/sub").symlink_to(outside)
    (repo.path / "app/link.py").symlink_to(outside / "use.py")
    listed = found(repo, "--worktree")
    assert [(path, kind, symbol) for path, _, kind, symbol in listed] == [("app/link.py", "not-checked", "symlink")]


def test_what_a_sparse_checkout_keeps_away_is_read_from_the_index(repo: Repo) -> None:
    repo.commit({"other/use.py": OLD_IMPORT, "app/old_manager.py": SHIM})
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/other/")
    assert not (repo.path / "other").exists()
    assert ("other/use.py", 1, "from-import", "app.old_manager:ChatManager") in found(repo, "--worktree")


def test_no_filter_of_the_repository_runs(repo: Repo, tmp_path: Path) -> None:
    repo.commit({".gitattributes": "*.py filter=spy\n"})
    witness = tmp_path / "witness"
    for kind in ("clean", "smudge"):
        repo.configure((f"filter.spy.{kind}", f"touch '{witness}'; cat"))
    repo.write({"app/use.py": OLD_IMPORT, "app/old_manager.py": SHIM})
    assert len(found(repo, "--worktree")) == 2
    assert unshim("check", "--repo", repo.path, "--fix").code == 1
    assert not witness.exists()


def test_a_merge_that_is_not_settled_is_a_clear_error(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "other")
    repo.commit({"app/use.py": "x = 1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"app/use.py": "x = 2\n"})
    with pytest.raises(AssertionError):
        repo.git("merge", "other")
    result = unshim("check", "--repo", repo.path, "--staged")
    assert (result.code, result.out) == (4, b"")
    assert "app/use.py is in conflict" in result.err


@pytest.mark.parametrize("option", ["--staged", "--worktree", "--fix"])
def test_a_bare_repository_has_neither(repo: Repo, tmp_path: Path, option: str) -> None:
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare"))
    result = unshim("check", "--repo", tmp_path / "bare", "--recipe", repo.path / "unshim.toml", option)
    assert (result.code, result.out) == (4, b"")
    assert "no index and no working tree" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--staged", "--worktree"),
        ("--staged", "--fix"),
        ("--staged", "--rev", "HEAD~1"),
        ("--worktree", "--rev", "HEAD~1"),
        ("--fix", "--rev", "HEAD~1"),
        ("--write-baseline", "--fix"),
        ("--write-baseline", "--base", "HEAD"),
        ("--force",),
    ],
    ids=" ".join,
)
def test_options_that_contradict_each_other(repo: Repo, arguments: tuple[str, ...]) -> None:
    before = repo.state()
    result = unshim("check", "--repo", repo.path, *arguments)
    assert (result.code, result.out) == (2, b"")
    assert repo.state() == before


# what is new since a commit


@pytest.fixture
def debt(tmp_path: Path) -> Repo:
    """A repository with old imports that nobody has time to mend today."""
    return make_repo(tmp_path / "debt", {**SAMPLE, "app/more.py": OLD_IMPORT, "app/ill.py": "if:\n"})


def test_what_was_there_before_is_not_new(debt: Repo) -> None:
    base = debt.word("rev-parse", "HEAD")
    assert found(debt) != []
    assert found(debt, "--base", base) == []
    debt.commit({"app/use.py": "# A comment moves the line.\n\n\n" + OLD_IMPORT})
    assert found(debt, "--base", base) == []


def test_one_more_in_the_same_file_is_new(debt: Repo) -> None:
    base = debt.word("rev-parse", "HEAD")
    debt.commit(
        {
            "app/use.py": OLD_IMPORT
            + "\n\ndef late():\n    from app.old_manager import ChatManager as Late\n    return Late\n"
        }
    )
    assert [one[:3] for one in found(debt, "--base", base)] == [("app/use.py", 7, "from-import")]
    text = unshim("check", "--repo", debt.path, "--base", base).text
    assert f"1 new violation in 1 file since {base[:10]}, 0 files not checked" in text


def test_a_renamed_file_has_what_it_had(debt: Repo) -> None:
    base = debt.word("rev-parse", "HEAD")
    debt.git("mv", "app/more.py", "app/renamed.py")
    debt.commit()
    assert found(debt, "--base", base) == []


def test_a_copied_file_is_new(debt: Repo) -> None:
    base = debt.word("rev-parse", "HEAD")
    debt.commit({"app/copied.py": OLD_IMPORT})
    assert [one[:3] for one in found(debt, "--base", base)] == [("app/copied.py", 1, "from-import")]


def test_new_shims_aliases_and_doubles_are_new(debt: Repo) -> None:
    base = debt.word("rev-parse", "HEAD")
    debt.commit(
        {
            "app/shim.py": "from app.manager import get_chat_manager\n",
            "app/alias.py": "from app.manager import ChatManager\n\nOld = ChatManager\n\n\ndef f():\n    return 1\n",
        }
    )
    assert [one[:3] for one in found(debt, "--base", base)] == [
        ("app/alias.py", 3, "alias"),
        ("app/shim.py", 1, "shim"),
    ]


def test_a_file_that_no_longer_parses_is_new_whatever_it_holds(debt: Repo) -> None:
    base = debt.word("rev-parse", "HEAD")
    debt.commit({"unrelated.py": "x = (\n", "app/ill.py": "if:\n    pass\n"})
    assert found(debt, "--base", base) == [("unrelated.py", 1, "syntax", "syntax-error")]


def test_the_index_and_the_disk_are_compared_too(debt: Repo) -> None:
    debt.write({"app/new.py": OLD_IMPORT, "unrelated.py": "x = (\n"})
    wanted = [("app/new.py", 1, "from-import"), ("unrelated.py", 1, "syntax")]
    assert found(debt, "--staged", "--base", "HEAD") == []
    assert [one[:3] for one in found(debt, "--worktree", "--base", "HEAD")] == wanted
    debt.git("add", "-A")
    assert [one[:3] for one in found(debt, "--staged", "--base", "HEAD")] == wanted


def test_a_module_that_becomes_a_home_because_so_many_use_it(repo: Repo) -> None:
    manager = "from app.rooms import Room\n\n__all__ = ['ChatManager', 'Room']\n\n\nclass ChatManager:\n    pass\n"
    use = "from app.rooms import Room\n\nroom = Room()\n"
    repo.commit({"app/manager.py": manager, "app/rooms.py": "class Room:\n    pass\n", "app/first.py": use})
    base = repo.word("rev-parse", "HEAD")
    assert found(repo, "--base", base) == []
    assert ("app/first.py", 1, "from-import", "app.rooms:Room") in found(repo)
    repo.commit({f"app/use{number}.py": use for number in range(10)})
    assert found(repo, "--base", base) == [("app/rooms.py", 1, "new-home", "app.rooms")]
    repo.commit({"unshim.toml": '[unshim]\ncanonical = "app.manager"\nhomes = ["app.rooms"]\n'})
    assert found(repo, "--base", base) == []


def test_a_base_that_does_not_exist(repo: Repo) -> None:
    result = unshim("check", "--repo", repo.path, "--base", "nowhere")
    assert (result.code, result.out) == (4, b"")


def test_a_base_to_which_the_recipe_does_not_fit(repo: Repo) -> None:
    """The canonical module is newer than the base: everything is new."""
    repo.git("mv", "app/manager.py", "app/rooms.py")
    repo.commit(
        {
            "unshim.toml": '[unshim]\ncanonical = "app.rooms"\n',
            "app/use.py": "from app.rooms import ChatManager\n\nChatManager()\n",
        }
    )
    result = unshim("check", "--repo", repo.path, "--base", "HEAD~1")
    assert (result.code, result.out) == (4, b"")
    assert "there is no module app.rooms" in result.err
