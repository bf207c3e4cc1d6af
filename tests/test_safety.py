"""Nothing is lost, and nothing runs unasked: killed runs, damage, two at once, hostile repositories."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, ROOT, SAMPLE, Repo, make_repo, unshim

from migrate import run
from migrate.errors import MigrateError
from migrate.planning import build_plan
from migrate.recipe import load_recipe
from migrate.repository import Repository

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
    assert "app/use.py:1:1: not-checked blob-missing: " in found.text
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


def test_no_room_for_objects(repo: Repo) -> None:
    """A limit on the size of files stands for a full disk: the write fails, or git is killed as it writes."""
    noise = "".join(f"# {random.Random(7).getrandbits(4096 * 8):x}\n" for _ in range(2))
    repo.commit({"app/use.py": f"from app.old_manager import ChatManager\n\nprint(ChatManager)\n{noise}"})
    before = repo.state()
    command = f"ulimit -f 2; exec {sys.executable} -m migrate apply --repo {repo.path}"
    # Coverage would meet the limit as it writes its own file.
    environment = {key: value for key, value in ENVIRONMENT.items() if not key.startswith("COV")}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, check=False)
    said = done.stderr.decode()
    assert done.returncode == 4, said
    assert "Traceback" not in said and "nothing was published" in said
    assert repo.state() == before
    repo.git("fsck", "--strict", "--no-dangling", "--no-progress")
    assert unshim("apply", "--repo", repo.path).code == 0


def test_a_base_that_moves_meanwhile_is_told(repo: Repo) -> None:
    repository = Repository(repo.path)
    plan = build_plan(repository, load_recipe(None, repo.path), "HEAD", 1, lambda _: None)

    def somebody_commits(_: str) -> tuple[str, ...]:
        repo.commit({"x.txt": "x"})
        return ()

    with pytest.raises(MigrateError, match="HEAD moved") as caught:
        run.apply(repository, plan, BRANCH, revision="HEAD", checks=[somebody_commits])
    assert "again" in caught.value.hint
    assert repo.word("for-each-ref", "--format=%(refname)") == "refs/heads/main"


# nothing of the repository runs unless it is asked for


def test_nothing_that_the_repository_brings_is_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 $* >>{ran}\ncat\n")
    trap.chmod(0o755)
    files = {
        **SAMPLE,
        ".gitattributes": "* filter=trap diff=trap merge=trap\n",
        "conftest.py": f"open({str(ran)!r}, 'a').write('conftest')\n",
        "sitecustomize.py": f"open({str(ran)!r}, 'a').write('sitecustomize')\n",
    }
    repo = make_repo(tmp_path / "repo", files)
    hooks = repo.git_dir / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "post-commit", "pre-commit", "commit-msg",
                 "post-index-change", "prepare-commit-msg", "post-rewrite", "pre-auto-gc"):  # fmt: skip
        (hooks / name).symlink_to(trap)
    repo.configure(
        *((key, str(trap)) for key in (
            "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy",
            "filter.trap.clean", "filter.trap.smudge", "filter.trap.process", "diff.trap.textconv", "diff.trap.command",
            "diff.external", "merge.trap.driver", "gpg.program", "gpg.ssh.program", "credential.helper",
            "uploadpack.packObjectsHook", "sequence.editor", "interactive.diffFilter",
        )),
        *(("alias." + name, f"!{trap}") for name in ("rev-parse", "ls-tree", "log", "commit-tree")),
        ("log.showSignature", "true"), ("filter.trap.required", "true"),
    )  # fmt: skip
    for command in (("scan",), ("diff",), ("check",), ("verify",), ("apply",), ("apply", "--onto", "HEAD"), ("undo",)):
        result = unshim(*command, "--repo", repo.path)
        assert result.code in (0, 1), result
        assert not ran.exists(), f"{command}: {ran.read_text()}"


def test_a_tree_that_leads_outside_is_listed_and_not_followed(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    outside = tmp_path / "outside.py"
    outside.write_text("from app.old_manager import ChatManager\n")
    use = b"from app.old_manager import ChatManager\n\nprint(ChatManager)\n"
    repo.commit_objects(
        [
            (b"app/link.py", "120000", str(outside).encode()),
            (b"app/up.py", "120000", b"../../outside.py"),
            (b"vendor", "160000", b"1" * 40),
            (b"app/bell\x07\x1b[31m.py", "100644", use),
            (b"app/new\nline.py", "100644", use),
        ]
    )
    found = unshim("scan", "--repo", repo.path, "--format", "json").json
    assert {one["path"]: one["reason"] for one in found["unchecked"]} == {
        "app/link.py": "symlink",
        "app/up.py": "symlink",
        "vendor": "submodule",
    }
    told = unshim("scan", "--all", "--repo", repo.path).text
    assert "\x1b" not in told and "\x07" not in told
    done = unshim("apply", "--repo", repo.path)
    assert done.code == 0, done
    assert outside.read_text() == "from app.old_manager import ChatManager\n"
    assert repo.content("unshim/manager", "app/new\nline.py") == use.replace(b"old_manager", b"manager")
    assert repo.files("unshim/manager")[b"app/link.py"][0] == "120000"


def test_a_gate_leaves_nothing_outside_of_its_worktree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    recipe = '[unshim]\ncanonical = "app.manager"\n[unshim.gates]\nchanging = "rm -rf app; echo x > use.py"\n'
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "unshim.toml": recipe})
    before = repo.state()
    assert unshim("apply", "--repo", repo.path).code == 0
    after = repo.state()
    assert {**after, "refs": None} == {**before, "refs": None}
    assert list(scratch.iterdir()) == []
