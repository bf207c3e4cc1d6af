"""Re-run and way back: whose commits a branch holds, --onto, --force, --switch, undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import SAMPLE, Repo, make_repo, unshim

from migrate.branches import is_ours, read_branch, trailer
from migrate.repository import Commit, Repository

BRANCH = "unshim/manager"
MORE = {"app/late.py": "from app.old_manager import ChatManager\n\nprint(ChatManager)\n"}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = make_repo(tmp_path / "repo", SAMPLE)
    assert unshim("apply", "--repo", made.path).code == 0
    return made


def their_commit(repo: Repo, parent: str = BRANCH, message: str = "by hand") -> str:
    """Somebody commits on the branch, without checking it out here."""
    tree = repo.word("rev-parse", f"{parent}^{{tree}}")
    made = repo.word("commit-tree", tree, "-p", parent, "-m", message)
    repo.git("update-ref", f"refs/heads/{BRANCH}", made)
    return made


# reading a branch


@pytest.mark.parametrize(
    ("message", "value"),
    [
        pytest.param("Unshim-Step\n", None, id="the key alone"),
        pytest.param("about Unshim-Step: x\n", None, id="in the middle of a line"),
        pytest.param("s\n\nUnshim-Step: rewrite\nUnshim-Step: delete\n", "delete", id="the last one counts"),
    ],
)
def test_trailers(message: str, value: str | None) -> None:
    assert trailer(message, "Unshim-Step") == value


@pytest.mark.parametrize(
    ("tree", "message", "ours"),
    [
        pytest.param("aa", "s\n\nUnshim-Step: delete\n", False, id="no tree is named"),
        pytest.param("aa", "s\n\nUnshim-Step: delete\nUnshim-Tree: bb\n", False, id="amended: another tree"),
        pytest.param("aa", "s\n\nUnshim-Tree: aa\n", False, id="no step"),
        pytest.param("aa", "s\n\nUnshim-Step: delete\nUnshim-Tree: aa\n", True, id="as it was made"),
    ],
)
def test_which_commits_are_ours(tree: str, message: str, ours: bool) -> None:
    assert is_ours(Commit("0", tree, "Ada", message)) is ours


def test_a_branch_is_read_with_its_commits_in_order(repo: Repo) -> None:
    base = repo.word("rev-parse", "main")
    theirs = their_commit(repo)
    branch = read_branch(Repository(repo.path), BRANCH)
    assert branch is not None and branch.base == base and branch.tip == theirs
    assert [trailer(one.message, "Unshim-Step") for one in branch.ours] == ["rewrite", "delete"]
    assert [(one.oid, one.subject, one.author) for one in branch.foreign] == [(theirs, "by hand", "Ada Tester")]


# running again


def test_a_branch_that_has_it_already_is_left_alone(repo: Repo) -> None:
    before = repo.state()
    for more in ((), ("--onto", "HEAD")):
        again = unshim("apply", "--repo", repo.path, *more)
        assert (again.code, again.err) == (0, "")
        assert "nothing to do: the branch has all of this already" in again.text
    assert repo.state() == before


def test_commits_on_top_of_ours_do_not_matter_while_nothing_is_new(repo: Repo) -> None:
    their_commit(repo)
    before = repo.state()
    again = unshim("apply", "--repo", repo.path)
    assert again.code == 0 and "nothing to do" in again.text
    assert repo.state() == before


def test_on_a_newer_base_the_branch_is_refused_and_onto_makes_it_anew(repo: Repo) -> None:
    old = repo.word("rev-parse", BRANCH)
    repo.commit(MORE)
    refused = unshim("apply", "--repo", repo.path)
    assert refused.code == 4 and "exists already" in refused.err and "--onto" in refused.err
    assert repo.word("rev-parse", BRANCH) == old
    done = unshim("apply", "--repo", repo.path, "--onto", "main")
    assert (done.code, done.err) == (0, "")
    assert repo.word("rev-parse", f"{BRANCH}~2") == repo.word("rev-parse", "main")
    assert repo.content(BRANCH, "app/late.py") == b"from app.manager import ChatManager\n\nprint(ChatManager)\n"


def test_onto_never_loses_the_commits_of_others(repo: Repo) -> None:
    theirs = their_commit(repo)
    repo.commit(MORE)
    before = repo.state()
    refused = unshim("apply", "--repo", repo.path, "--onto", "main")
    assert refused.code == 4
    assert f"{theirs[:10]} Ada Tester: by hand" in refused.err and "--force" in refused.err
    assert repo.state() == before
    assert unshim("apply", "--repo", repo.path, "--onto", "main", "--force").code == 0
    assert repo.word("rev-parse", f"{BRANCH}~2") == repo.word("rev-parse", "main")


def test_onto_a_base_that_has_their_commits_loses_nothing(repo: Repo) -> None:
    their_commit(repo)
    repo.git("merge", "-q", "--no-edit", BRANCH)
    repo.commit({"app/old_manager.py": SAMPLE["app/old_manager.py"], **MORE})
    assert unshim("apply", "--repo", repo.path, "--onto", "main").code == 0
    assert repo.word("rev-parse", f"{BRANCH}~2") == repo.word("rev-parse", "main")


def test_an_amended_commit_of_ours_is_theirs(repo: Repo) -> None:
    message = repo.git("log", "-1", "--format=%B", BRANCH)
    tree = repo.word("rev-parse", "main^{tree}")
    amended = repo.git("commit-tree", tree, "-p", f"{BRANCH}~1", stdin=message).decode().strip()
    repo.git("update-ref", f"refs/heads/{BRANCH}", amended)
    refused = unshim("undo", "--repo", repo.path)
    assert refused.code == 4 and amended[:10] in refused.err
    assert repo.word("rev-parse", BRANCH) == amended


def test_onto_does_not_replace_a_branch_of_somebody_else(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    repo.git("branch", BRANCH)
    refused = unshim("apply", "--repo", repo.path, "--onto", "main")
    assert refused.code == 4 and "did not make" in refused.err


def test_onto_and_rev_are_one_too_many(repo: Repo) -> None:
    assert unshim("apply", "--repo", repo.path, "--onto", "main", "--rev", "main").code == 2


# switch


def test_switch_checks_the_branch_out(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    done = unshim("apply", "--repo", repo.path, "--switch")
    assert (done.code, done.err) == (0, "")
    assert repo.word("symbolic-ref", "HEAD") == f"refs/heads/{BRANCH}"
    assert repo.word("status", "--porcelain") == ""
    assert not (repo.path / "app/old_manager.py").exists()


def test_switch_with_changed_files_writes_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    repo.write({"app/use.py": "changed = True\n"})
    before = repo.state()
    refused = unshim("apply", "--repo", repo.path, "--switch")
    assert refused.code == 4 and "--switch" in refused.err
    assert repo.state() == before


def test_switch_in_a_bare_repository(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare"))
    recipe = ("--recipe", repo.path / "unshim.toml")
    refused = unshim("apply", "--repo", tmp_path / "bare", "--switch", *recipe)
    assert refused.code == 4 and "bare" in refused.err


# undo


def test_undo_leaves_everything_as_it_was(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    before = repo.state()
    assert unshim("apply", "--repo", repo.path).code == 0
    tip = repo.word("rev-parse", BRANCH)
    done = unshim("undo", "--repo", repo.path)
    assert (done.code, done.err) == (0, "")
    assert f"git branch {BRANCH} {tip[:10]}" in done.text
    assert repo.state() == before
    again = unshim("undo", "--repo", repo.path)
    assert again.code == 4 and "there is no branch" in again.err


def test_undo_refuses_the_commits_of_others_unless_forced(repo: Repo) -> None:
    theirs = their_commit(repo)
    refused = unshim("undo", "--repo", repo.path)
    assert refused.code == 4 and theirs[:10] in refused.err
    assert repo.word("rev-parse", BRANCH) == theirs
    done = unshim("undo", "--repo", repo.path, "--force")
    assert done.code == 0 and theirs[:10] in done.text


def test_undo_of_a_branch_of_somebody_else(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    repo.git("branch", "mine")
    refused = unshim("undo", "--repo", repo.path, "--branch", "mine")
    assert refused.code == 4 and "did not make" in refused.err
    assert repo.word("rev-parse", "mine")


def test_undo_of_a_branch_that_is_checked_out(repo: Repo) -> None:
    repo.git("checkout", "-q", BRANCH)
    refused = unshim("undo", "--repo", repo.path)
    assert refused.code == 4 and "checked out" in refused.err
