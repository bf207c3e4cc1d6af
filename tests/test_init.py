"""init: the recipe that it writes is the one that it says, loads, and means what canonical alone would mean."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from repositories import DIVERGENT, SAMPLE, Repo, make_repo, scan, unshim

FILES: dict[str, str | bytes] = {
    **{path: text for path, text in SAMPLE.items() if path != "unshim.toml"},
    **DIVERGENT,
    "app/mixed.py": "from app.manager import ChatManager\n\ndef helper(): pass\n",
    "app/use_mixed.py": "from app.mixed import ChatManager\nprint(ChatManager)\n",
    "backups/old.py": "from app.old_manager import ChatManager\nprint(ChatManager)\n",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", FILES)


def recipe(repo: Repo) -> dict[str, object]:
    table = tomllib.loads((repo.path / "unshim.toml").read_text())["unshim"]
    assert isinstance(table, dict)
    return table


def comparable(repo: Repo) -> object:
    document = scan(repo)
    return {key: document[key] for key in document if key != "recipe"}


def test_init_writes_what_it_found_and_nothing_else(repo: Repo) -> None:
    before = repo.state()
    result = unshim("init", "app.manager", "--repo", repo.path)
    assert (result.code, result.err) == (0, "")
    assert f"wrote {repo.path / 'unshim.toml'}" in result.text
    assert "app.old_manager" in result.text
    assert recipe(repo)["canonical"] == "app.manager"
    assert "app.old_manager" in recipe(repo)["shims"]  # type: ignore[operator]
    assert max(map(len, result.text.splitlines()[:-1])) <= 100
    after = repo.state()
    assert (after["HEAD"], after["refs"], after["index"]) == (before["HEAD"], before["refs"], before["index"])


def test_a_scan_with_the_recipe_is_a_scan_with_canonical_alone(repo: Repo) -> None:
    (repo.path / "unshim.toml").write_text('[unshim]\ncanonical = "app.manager"\n')
    alone = comparable(repo)
    (repo.path / "unshim.toml").unlink()
    assert unshim("init", "app.manager", "--repo", repo.path).code == 0
    assert comparable(repo) == alone


def test_init_from_below_writes_at_the_root(repo: Repo) -> None:
    assert unshim("init", "app.manager", cwd=repo.path / "app").code == 0
    assert (repo.path / "unshim.toml").exists()
    assert not (repo.path / "app" / "unshim.toml").exists()


def test_init_refuses_to_overwrite(repo: Repo) -> None:
    (repo.path / "unshim.toml").write_text("mine\n")
    before = repo.state()
    result = unshim("init", "app.manager", "--repo", repo.path)
    assert result.code == 4
    assert "exists already" in result.err
    assert result.out == b""
    assert repo.state() == before


def test_init_does_not_write_through_a_link(repo: Repo, tmp_path: Path) -> None:
    (repo.path / "unshim.toml").symlink_to(tmp_path / "elsewhere")
    assert unshim("init", "app.manager", "--repo", repo.path).code == 4
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("module", "code", "words"),
    [
        ("app.manger", 4, "did you mean app.manager"),
        ("nothing", 4, "there is no module nothing"),
        ("app/manager.py", 2, "package.module"),
        ("app.manager:ChatManager", 2, "package.module"),
        ("", 2, "package.module"),
        ("app..manager", 2, "package.module"),
    ],
)
def test_a_module_that_is_none(module: str, code: int, words: str, repo: Repo) -> None:
    before = repo.state()
    result = unshim("init", module, "--repo", repo.path)
    assert (result.code, result.out) == (code, b"")
    assert words in result.err
    assert repo.state() == before


def test_init_leaves_out_what_it_is_told_to(repo: Repo) -> None:
    result = unshim("init", "app.manager", "--repo", repo.path, "--exclude", "backups/**", "--exclude", 'a"b\\')
    assert result.code == 0
    assert recipe(repo)["exclude"] == ["backups/**", 'a"b\\']
    assert not [one for one in scan(repo)["references"] if one["path"].startswith("backups")]


def test_init_writes_the_source_roots_that_it_found(tmp_path: Path) -> None:
    files = {f"services/one/{path}": text for path, text in FILES.items() if path.startswith("app/")}
    repo = make_repo(tmp_path / "repo", files)
    assert unshim("init", "app.manager", "--repo", repo.path).code == 0
    assert recipe(repo)["source_roots"] == [".", "services/one"]
    assert scan(repo)["summary"]["rewrite"] > 0


def test_init_names_homes(tmp_path: Path) -> None:
    users = {f"app/u{n}.py": "from app.chat_types import ChatMessage\nprint(ChatMessage)\n" for n in range(12)}
    files = {
        **FILES,
        **users,
        "app/chat_types.py": "class ChatMessage: pass\n",
        "app/manager.py": "from app.chat_types import ChatMessage\n__all__ = ['ChatManager', 'ChatMessage']\n"
        "class ChatManager: pass\n",
    }
    repo = make_repo(tmp_path / "repo", files)
    assert unshim("init", "app.manager", "--repo", repo.path).code == 0
    assert recipe(repo)["homes"] == ["app.chat_types"]
    assert {one["relation"] for one in scan(repo)["references"] if one["path"] in users} == {"home"}
