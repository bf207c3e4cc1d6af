"""check --fix: what is safe is written on disk; exact bytes, whole files, and nothing else."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from repositories import DIVERGENT, SAMPLE, Repo, make_repo, unshim

from migrate.fixing import fix
from migrate.plan import Plan
from migrate.planning import build_plan
from migrate.recipe import read_recipe
from migrate.repository import Repository
from migrate.snapshots import WorkingTree

FIXED = b"from app.manager import ChatManager\n\nmanager = ChatManager()\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", SAMPLE)


def on_disk(repo: Repo, path: str) -> bytes:
    return (repo.path / path).read_bytes()


def planned(repo: Repo) -> tuple[WorkingTree, Plan]:
    tree = WorkingTree(Repository(repo.path))
    recipe = read_recipe(tomllib.loads(str(SAMPLE["unshim.toml"]))["unshim"], "unshim.toml")
    return tree, build_plan(tree, recipe, "HEAD", 1, lambda _: None)


def test_nothing_to_fix_changes_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/use.py": FIXED, "app/old_manager.py": ""})
    before = repo.state()
    assert unshim("check", "--repo", repo.path, "--fix").code == 0
    assert repo.state() == before


def test_the_file_is_written_and_the_shim_stays(repo: Repo) -> None:
    """Deleting is for apply, which proves it: a commit hook must not take files away."""
    base = repo.word("rev-parse", "HEAD")
    result = unshim("check", "--repo", repo.path, "--fix")
    assert on_disk(repo, "app/use.py") == FIXED
    assert on_disk(repo, "app/old_manager.py") == str(SAMPLE["app/old_manager.py"]).encode()
    assert result.code == 1, "the shim is left"
    assert "fixed 1 file: app/use.py\n" in result.text
    assert repo.word("rev-parse", "HEAD") == base
    assert repo.git("diff", "--name-only") == b"app/use.py\n"


def test_a_second_fix_changes_nothing(repo: Repo) -> None:
    unshim("check", "--repo", repo.path, "--fix")
    before = repo.state()
    result = unshim("check", "--repo", repo.path, "--fix")
    assert "fixed" not in result.text
    assert repo.state() == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            b"from app.old_manager import ChatManager  # \xc3\xa9\r\n\r\nChatManager()\r\n1",
            b"from app.manager import ChatManager  # \xc3\xa9\r\n\r\nChatManager()\r\n1",
            id="CRLF and no newline at the end",
        ),
        pytest.param(
            b"# coding: latin-1\nfrom app.old_manager import ChatManager  # \xe9\nChatManager()\n",
            b"# coding: latin-1\nfrom app.manager import ChatManager  # \xe9\nChatManager()\n",
            id="Latin-1",
        ),
        pytest.param(
            b"\xef\xbb\xbffrom app.old_manager import ChatManager\nChatManager()\n",
            b"\xef\xbb\xbffrom app.manager import ChatManager\nChatManager()\n",
            id="a byte order mark",
        ),
    ],
)
def test_the_bytes_of_the_disk(repo: Repo, before: bytes, after: bytes) -> None:
    repo.write({"app/use.py": before})
    unshim("check", "--repo", repo.path, "--fix")
    assert on_disk(repo, "app/use.py") == after


def test_line_endings_that_git_would_convert_are_those_of_the_disk(repo: Repo) -> None:
    repo.commit({".gitattributes": "*.py text eol=crlf\n"})
    (repo.path / "app/use.py").unlink()
    repo.git("checkout", "app/use.py")
    assert b"\r\n" in on_disk(repo, "app/use.py")
    unshim("check", "--repo", repo.path, "--fix")
    assert on_disk(repo, "app/use.py") == FIXED.replace(b"\n", b"\r\n")


def test_a_file_that_git_does_not_track_yet(repo: Repo) -> None:
    repo.write({"app/new.py": SAMPLE["app/use.py"]})
    unshim("check", "--repo", repo.path, "--fix")
    assert on_disk(repo, "app/new.py") == FIXED


def test_rights_are_kept(repo: Repo) -> None:
    (repo.path / "app/use.py").chmod(0o750)
    unshim("check", "--repo", repo.path, "--fix")
    assert on_disk(repo, "app/use.py") == FIXED
    assert (repo.path / "app/use.py").stat().st_mode & 0o7777 == 0o750


def test_what_needs_a_decision_stays_and_is_listed(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **DIVERGENT})
    result = unshim("check", "--repo", repo.path, "--fix")
    assert on_disk(repo, "app/use.py") == FIXED
    assert on_disk(repo, "app/decide.py") == str(DIVERGENT["app/decide.py"]).encode()
    assert "app/decide.py:1:24: from-import app.double:ChatManager [different-object]" in result.text


def test_the_tests_of_a_shim_stay_as_long_as_the_shim(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "p/__init__.py": "",
        "p/new.py": "def f(): ...\n",
        "p/old.py": "import warnings\nfrom p.new import f\nwarnings.warn('moved', DeprecationWarning)\n",
        "tests/test_old.py": (
            "import importlib\n\nimport pytest\n\n\ndef test_old():\n    with pytest.warns(DeprecationWarning):\n"
            "        importlib.import_module('p.old')\n\n\ndef test_other():\n    assert pytest\n"
        ),
        "unshim.toml": '[unshim]\ncanonical = "p.new"\npath_tests = "delete"\n',
    }
    repo = make_repo(tmp_path / "repo", files)
    assert "-def test_old():" in unshim("diff", "--repo", repo.path).text
    result = unshim("check", "--repo", repo.path, "--fix")
    assert "fixed" not in result.text
    assert on_disk(repo, "tests/test_old.py") == str(files["tests/test_old.py"]).encode()


def test_a_file_that_was_changed_since_it_was_read_is_left(repo: Repo) -> None:
    tree, plan = planned(repo)
    repo.write({"app/use.py": "import os\n"})
    done = fix(tree, plan)
    assert (done.paths, done.left) == ((), (("app/use.py", "it was changed meanwhile"),))
    assert on_disk(repo, "app/use.py") == b"import os\n"


def test_a_file_that_is_gone_stays_gone(repo: Repo) -> None:
    tree, plan = planned(repo)
    (repo.path / "app/use.py").unlink()
    done = fix(tree, plan)
    assert done.paths == () and [path for path, _ in done.left] == ["app/use.py"]
    assert not (repo.path / "app/use.py").exists()


def test_a_directory_that_became_a_link_is_not_followed(repo: Repo, tmp_path: Path) -> None:
    tree, plan = planned(repo)
    (repo.path / "app").rename(tmp_path / "outside")
    (repo.path / "app").symlink_to(tmp_path / "outside")
    done = fix(tree, plan)
    assert done.left == (("app/use.py", "a directory on the way is a symbolic link"),)
    assert (tmp_path / "outside/use.py").read_bytes() == str(SAMPLE["app/use.py"]).encode()


def test_a_file_that_became_a_link_is_left(repo: Repo, tmp_path: Path) -> None:
    tree, plan = planned(repo)
    (tmp_path / "target.py").write_text(str(SAMPLE["app/use.py"]))
    (repo.path / "app/use.py").unlink()
    (repo.path / "app/use.py").symlink_to(tmp_path / "target.py")
    assert fix(tree, plan).paths == ()
    assert (tmp_path / "target.py").read_text() == SAMPLE["app/use.py"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written(repo: Repo) -> None:
    (repo.path / "app").chmod(0o555)
    try:
        result = unshim("check", "--repo", repo.path, "--fix")
    finally:
        (repo.path / "app").chmod(0o755)
    assert result.code == 1
    assert "app/use.py was not fixed: Permission denied" in result.err


def test_nothing_is_left_beside_the_file(repo: Repo) -> None:
    unshim("check", "--repo", repo.path, "--fix")
    assert sorted(place.name for place in (repo.path / "app").iterdir()) == [
        "__init__.py",
        "manager.py",
        "old_manager.py",
        "use.py",
    ]
