"""What killed runs leave behind, and situations in which nothing may be lost: locks, damage, no room, two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, ROOT, SAMPLE, Repo, make_repo, unshim

BRANCH = "unshim/manager"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", SAMPLE)


def lock_of(repo: Repo) -> Path:
    place = repo.git_dir / "refs" / "heads" / f"{BRANCH}.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def killed_while_publishing(repo: Repo, content: str) -> None:
    """A run of unshim whose git holds the branch's lock, and both of which are killed at that moment."""
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from migrate import repository\n"
        "here = Path(sys.argv[1])\n"
        "with repository._claimed(here / '.git', 'refs/heads/unshim/manager', sys.argv[2]):\n"
        "    (here / '.git/refs/heads/unshim/manager.lock').write_text(sys.argv[3])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    lock_of(repo)
    head = repo.word("rev-parse", "HEAD")
    environment = {**ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(repo.path), head, content.format(head=head)], env=environment, check=False
    )
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "content",
    [pytest.param("", id="killed before it was written"), pytest.param("{head}\n", id="killed before the rename")],
)
def test_the_lock_of_a_dead_run_is_removed(content: str, repo: Repo) -> None:
    killed_while_publishing(repo, content)
    done = unshim("apply", "--repo", repo.path)
    assert (done.code, done.err) == (0, "")
    assert repo.word("rev-list", "--count", f"main..{BRANCH}") == "2"
    assert not lock_of(repo).exists()
    assert not list(repo.git_dir.glob("unshim-*"))


@pytest.mark.parametrize("content", ["", "1" * 40 + "\n"], ids=["empty", "with another commit"])
def test_the_lock_of_somebody_else_is_theirs(content: str, repo: Repo) -> None:
    lock_of(repo).write_text(content)
    before = repo.state()
    refused = unshim("apply", "--repo", repo.path)
    assert refused.code == 4
    assert "another git process" in refused.err and str(lock_of(repo)) in refused.err
    assert lock_of(repo).read_text() == content
    assert repo.state() == before


def test_a_lock_that_is_not_of_the_dead_run_stays(repo: Repo) -> None:
    killed_while_publishing(repo, "2" * 40)
    assert unshim("apply", "--repo", repo.path).code == 4
    assert lock_of(repo).read_text() == "2" * 40


def test_scratch_of_the_dead_is_removed_and_that_of_the_living_is_not(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (scratch / f"unshim-{gone.pid}-abc").mkdir()
    (scratch / f"unshim-{gone.pid}-abc" / "index").write_text("")
    kept = [f"unshim-{os.getppid()}-abc", "unshim-notes", f"other-{gone.pid}-abc"]
    for name in kept:
        (scratch / name).mkdir()
    assert unshim("apply", "--repo", repo.path).code == 0
    assert sorted(place.name for place in scratch.iterdir()) == sorted(kept)


def test_two_branches_at_once(repo: Repo) -> None:
    command = [sys.executable, "-m", "migrate", "apply", "--repo", str(repo.path), "--branch"]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen([*command, name], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) for name in ("a", "b")
    ]
    assert [process.wait() for process in both] == [0, 0]
    assert repo.word("rev-parse", "a^{tree}") == repo.word("rev-parse", "b^{tree}")


def test_a_corrupt_blob_is_listed_and_holds_the_shim(repo: Repo) -> None:
    oid = repo.word("rev-parse", "HEAD:app/use.py")
    place = repo.git_dir / "objects" / oid[:2] / oid[2:]
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:10])
    refs = repo.git("for-each-ref")
    found = unshim("check", "--repo", repo.path)
    assert found.code == 1
    assert "app/use.py:1: not checked: blob-missing" in found.text
    assert unshim("apply", "--repo", repo.path).code == 0  # it deletes nothing that the file may import
    assert repo.git("for-each-ref") == refs


def test_a_corrupt_tree_is_a_clear_error(repo: Repo) -> None:
    oid = repo.word("rev-parse", "HEAD^{tree}")
    place = repo.git_dir / "objects" / oid[:2] / oid[2:]
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:10])
    refused = unshim("apply", "--repo", repo.path)
    assert refused.code == 4
    assert "is damaged" in refused.err and "git fsck" in refused.err
