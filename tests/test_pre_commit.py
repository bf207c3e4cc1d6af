"""pre-commit: the hooks of the manifest, run by the real pre-commit in real commits, without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from repositories import CANONICAL, ENVIRONMENT, ROOT, Repo, Result, make_repo

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent
CLEAN: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/manager.py": CANONICAL,
    "app/use.py": "from app.manager import ChatManager\n\nmanager = ChatManager()\n",
    "unshim.toml": """\
[unshim]
canonical = "app.manager"
[unshim.moves]
"app.old:ChatManager" = "app.manager:ChatManager"
""",
}
OLD = "from app.old import ChatManager\n\nmanager = ChatManager()\n"
NEW = OLD.replace("app.old", "app.manager")
LISTED = "app/late.py:1:21: from-import app.old:ChatManager -> app.manager:ChatManager"


class PreCommit:
    """A repository that uses our hooks, and the pre-commit that runs them."""

    def __init__(self, folder: Path, *hooks: str) -> None:
        # The hooks are taken from a repository that has our manifest, as a user's pre-commit takes them; "system"
        # in the user's configuration stands in the place of "python", for which pip would need a network.
        self.source = make_repo(folder / "source", {MANIFEST.name: MANIFEST.read_bytes()})
        self.repo = make_repo(folder / "repo", CLEAN)
        self.environment = {
            **ENVIRONMENT,
            "PRE_COMMIT_HOME": str(folder / "home"),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }
        entry = {
            "repo": str(self.source.path),
            "rev": self.source.word("rev-parse", "HEAD"),
            "hooks": [{"id": hook, "language": "system"} for hook in hooks],
        }
        self.repo.commit({".pre-commit-config.yaml": yaml.safe_dump({"repos": [entry]})}, "use unshim")
        self.run("pre-commit", "install")

    def run(self, *command: str) -> Result:
        done = subprocess.run(command, cwd=self.repo.path, env=self.environment, capture_output=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr.decode())

    def commit(self, *arguments: str) -> Result:
        """Commit what is staged; pre-commit speaks on stderr."""
        return self.run("git", "commit", "-q", "-m", "next", *arguments)

    def stage(self, name: str, text: str) -> None:
        self.repo.write({name: text})
        self.repo.git("add", name)

    def on_disk(self, name: str) -> str:
        return (self.repo.path / name).read_text()


def head(repo: Repo, path: str) -> str:
    return repo.content("HEAD", path).decode()


def test_the_manifest_is_valid_and_has_the_hooks_as_told() -> None:
    done = subprocess.run([BIN / "pre-commit", "validate-manifest", MANIFEST], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"")
    hooks = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text())}
    assert {name: hook["entry"] for name, hook in hooks.items()} == {
        "unshim-check": "unshim check --staged",
        "unshim-fix": "unshim check --fix",
    }
    for hook in hooks.values():
        assert (hook["language"], hook["pass_filenames"], hook["always_run"]) == ("python", False, True)


def test_a_clean_commit_passes(tmp_path: Path) -> None:
    used = PreCommit(tmp_path, "unshim-check")
    used.stage("app/late.py", NEW)
    result = used.commit()
    assert result.code == 0, result
    assert "unshim check....." in result.err
    assert "Passed" in result.err
    assert head(used.repo, "app/late.py") == NEW


def test_a_commit_that_brings_an_old_path_is_refused_with_the_place(tmp_path: Path) -> None:
    used = PreCommit(tmp_path, "unshim-check")
    before = used.repo.word("rev-parse", "HEAD")
    used.stage("app/late.py", OLD)
    result = used.commit()
    assert result.code == 1
    assert LISTED in result.err
    assert used.repo.word("rev-parse", "HEAD") == before
    assert used.on_disk("app/late.py") == OLD


@pytest.mark.parametrize("way", ["all", "path"])
def test_a_commit_without_git_add_is_judged_by_what_it_takes(way: str, tmp_path: Path) -> None:
    used = PreCommit(tmp_path, "unshim-check")
    used.stage("app/late.py", NEW)
    used.stage("app/other.py", "")
    assert used.commit().code == 0
    used.repo.write({"app/late.py": OLD, "app/other.py": "x = 1\n"})
    if way == "all":
        result = used.commit("-a")
        assert (result.code, LISTED in result.err) == (1, True), result
    else:
        result = used.commit("app/other.py")
        assert result.code == 0, result
        assert head(used.repo, "app/late.py") == NEW
    assert used.on_disk("app/late.py") == OLD


def test_of_a_partly_staged_file_the_staged_part_is_judged(tmp_path: Path) -> None:
    used = PreCommit(tmp_path, "unshim-check")
    used.stage("app/late.py", NEW)
    used.repo.write({"app/late.py": NEW + "\n\nfrom app.old import ChatManager as Older\n"})
    passed = used.commit()
    assert passed.code == 0, passed
    assert head(used.repo, "app/late.py") == NEW
    assert used.on_disk("app/late.py") == NEW + "\n\nfrom app.old import ChatManager as Older\n"

    used.stage("app/late.py", OLD)
    used.repo.write({"app/late.py": NEW})
    refused = used.commit()
    assert (refused.code, LISTED in refused.err) == (1, True), refused
    assert used.repo.git("show", ":app/late.py").decode() == OLD
    assert used.on_disk("app/late.py") == NEW


def test_the_fix_changes_the_file_and_the_next_commit_passes(tmp_path: Path) -> None:
    used = PreCommit(tmp_path, "unshim-fix", "unshim-check")
    used.stage("app/late.py", OLD)
    fixed = used.commit()
    assert fixed.code == 1
    assert "files were modified by this hook" in fixed.err
    assert "fixed 1 file: app/late.py" in fixed.err
    assert used.on_disk("app/late.py") == NEW
    used.repo.git("add", "app/late.py")
    again = used.commit()
    assert again.code == 0, again
    assert head(used.repo, "app/late.py") == NEW


def test_the_fix_of_a_partly_staged_file_spares_what_is_not_staged(tmp_path: Path) -> None:
    used = PreCommit(tmp_path, "unshim-fix")
    body = "".join(f"x{n} = {n}\n" for n in range(10))
    used.stage("app/late.py", OLD + body)
    used.repo.write({"app/late.py": OLD + body + "mine = 1\n"})
    fixed = used.commit()
    assert fixed.code == 1
    assert "files were modified by this hook" in fixed.err
    assert used.on_disk("app/late.py") == NEW + body + "mine = 1\n"
    assert used.repo.git("show", ":app/late.py").decode() == OLD + body


def test_a_merge_commit_is_looked_at_too(tmp_path: Path) -> None:
    used = PreCommit(tmp_path, "unshim-check")
    assert used.run("pre-commit", "install", "-t", "pre-merge-commit").code == 0
    used.repo.git("checkout", "-q", "-b", "theirs")
    used.stage("app/late.py", OLD)
    assert used.commit("--no-verify").code == 0
    used.repo.git("checkout", "-q", "main")
    used.stage("app/mine.py", "x = 1\n")
    assert used.commit().code == 0
    merged = used.run("git", "merge", "--no-edit", "theirs")
    assert (merged.code, LISTED in merged.err) == (1, True), merged


def test_in_all_files_and_in_a_linked_worktree(tmp_path: Path) -> None:
    used = PreCommit(tmp_path, "unshim-check")
    used.repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side tree"))
    used.repo = Repo(tmp_path / "side tree")
    used.stage("app/late.py", OLD)
    assert LISTED in used.commit().err
    everything = used.run("pre-commit", "run", "--all-files")
    assert (everything.code, LISTED in everything.text) == (1, True)
