"""The example application: its tests pass before and after, and the shims that are promised to go are gone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, ROOT, Repo, make_repo, scan, unshim

EXAMPLE = ROOT / "examples" / "websocket_manager"
BRANCH = "unshim/websocket-manager"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    place = tmp_path_factory.mktemp("example") / "repo"
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    repo = make_repo(place)
    repo.commit()
    applied = unshim("apply", "--partial", "--repo", repo.path)
    assert (applied.code, applied.err) == (0, "")
    return repo


def its_own_tests(folder: Path) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    return passed[1]


def test_its_tests_pass_before_and_after(example: Repo, tmp_path: Path) -> None:
    after = tmp_path / "after"
    example.git("worktree", "add", "-q", "--detach", str(after), BRANCH)
    assert its_own_tests(after) == its_own_tests(example.path)
    sessions = [
        subprocess.run(
            [sys.executable, "-m", "chat"], cwd=folder, env=ENVIRONMENT, capture_output=True, check=True
        ).stdout
        for folder in (example.path, after)
    ]
    assert sessions[0] == sessions[1] != b""


def test_the_table_in_its_readme_is_true(example: Repo) -> None:
    table = re.findall(r"^\| `(\w+)` \| .* \| ?(.*) \|$", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
    fate = {name: words for name, words in table if (EXAMPLE / "chat" / "realtime" / f"{name}.py").exists()}
    assert len(fate) >= 10
    left = {path.decode() for path in example.files(BRANCH)}
    for name, words in fate.items():
        assert (f"chat/realtime/{name}.py" not in left) == (words == "deleted"), name
    deleted = {path for path in example.files() if path not in example.files(BRANCH)}
    assert len(deleted) == sum(words == "deleted" for words in fate.values())


def test_what_is_left_is_for_a_person_to_decide(example: Repo) -> None:
    after = scan(example, "--rev", BRANCH)
    assert after["summary"]["rewrite"] == after["summary"]["deletions"] == after["summary"]["unchecked"] == 0
    manual = {(one["path"], one["reason"]) for one in after["references"] if one["disposition"] == "manual"}
    assert manual == {
        ("chat/metrics.py", "repair-off"),
        ("chat/metrics.py", "name-missing"),
        ("chat/moderation.py", "different-object"),
    }


def test_init_finds_what_the_recipe_would_say(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "repo", ignore=shutil.ignore_patterns("__pycache__", "unshim.toml"))
    repo = make_repo(tmp_path / "repo")
    repo.commit()
    result = unshim("init", "chat.realtime.websocket_manager", "--repo", repo.path)
    assert (result.code, result.err) == (0, "")
    for name in ("unified", "factory_compat", "broadcast", "legacy", "connection_manager", "manager", "factory"):
        assert f'"chat.realtime.{name}"' in (repo.path / "unshim.toml").read_text()
