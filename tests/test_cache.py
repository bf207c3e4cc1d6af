"""The cache: a plan is the same with whatever other plans have learnt, and a commit costs what it has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_packages import RandomPackage, drawn, packages, plan_of
from repositories import DIVERGENT, SAMPLE, Repo, make_repo, unshim

from codemods.bindings import module_facts
from codemods.engine import rewrite_file
from migrate.cache import Cache, Question, as_one, words_of
from migrate.errors import MigrateError
from migrate.plan import Plan
from migrate.planning import build_plan
from migrate.recipe import load_recipe
from migrate.reports.diff import diff_report
from migrate.reports.json import json_report
from migrate.repository import Repository
from migrate.snapshots import Files, WorkingTree

EXAMPLES = 40

LATE = "def f():\n    from app.old_manager import ChatManager\n"


def planned(files: Files, revision: str, cache: Cache | None = None, recipe: Path | None = None, jobs: int = 1) -> Plan:
    return build_plan(files, load_recipe(recipe, files.root), revision, jobs, lambda _: None, cache)


def assert_same(warm: Plan, cold: Plan) -> None:
    assert json_report(warm) == json_report(cold)
    assert diff_report(warm) == diff_report(cold)
    assert warm == cold


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Commits of which each changes what the files that it leaves alone mean."""
    patch = 'from unittest import mock\n\n@mock.patch("app.old_manager.ChatManager")\ndef test(m): ...\n'
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "tests/test_use.py": patch, "notes.yml": "x: app.old_manager\n"})
    repo.commit(
        {"app/more.py": "from app.use import ChatManager\n", "app/b.py": "from app.old_manager import x\nif:\n"}
    )
    repo.commit(DIVERGENT)
    repo.commit({"app/old_manager.py": "class ChatManager:\n    pass\n"}, "the shim defines its own")
    repo.commit(
        {
            "app/old_manager.py": SAMPLE["app/old_manager.py"],
            "app/late.py": LATE,
        }
    )
    repo.commit({"app/__init__.py": "from app.old_manager import ChatManager\n"}, "a cycle of imports")
    return repo


# the same plan


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_plan_is_the_same_with_what_others_have_learnt(repo: Repo, jobs: int) -> None:
    repository, cache = Repository(repo.path), Cache()
    for back in (5, 4, 3, 2, 1, 0, 3, 3, 0, 5):
        warm = planned(repository, f"HEAD~{back}", cache, jobs=jobs)
        cache.turn()
        assert_same(warm, planned(repository, f"HEAD~{back}"))


def test_a_plan_is_the_same_over_many_files_and_cores(tmp_path: Path) -> None:
    uses = {f"app/use_{number}.py": f"from app.old_manager import ChatManager\nx = {number}\n" for number in range(200)}
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **uses})
    repo.commit(
        {
            "app/old_manager.py": "class ChatManager: pass\n",
            "app/use_7.py": "import app.old_manager as m\nm.ChatManager\n",
        }
    )
    repository, cache = Repository(repo.path), Cache()
    for back in (1, 0, 1):
        assert_same(planned(repository, f"HEAD~{back}", cache, jobs=2), planned(repository, f"HEAD~{back}"))


def test_a_moved_file_with_the_same_content_is_another_module(repo: Repo) -> None:
    repo.commit({"app/sub/__init__.py": "", "app/relative.py": "from .old_manager import ChatManager\n"})
    repo.git("mv", "app/relative.py", "app/sub/relative.py")
    repo.commit()
    repository, cache = Repository(repo.path), Cache()
    for revision in ("HEAD~1", "HEAD"):
        assert_same(planned(repository, revision, cache), planned(repository, revision))


def test_another_recipe_may_use_the_same_cache(repo: Repo, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[unshim]\ncanonical = "app.double"\ntexts = ["comment"]\n')
    repository, cache = Repository(repo.path), Cache()
    for file in (None, other, None):
        assert_same(planned(repository, "HEAD", cache, file), planned(repository, "HEAD", None, file))


def test_of_files_on_disk_nothing_is_remembered(repo: Repo) -> None:
    files, cache = WorkingTree(Repository(repo.path)), Cache()
    repo.write({"app/old_manager.py": "class ChatManager: ...\n"})
    assert_same(planned(files, "HEAD", cache), planned(files, "HEAD"))
    repo.write({"app/old_manager.py": "x = 1\n", "app/use.py": "from app.old_manager import x\n"})
    assert_same(planned(files, "HEAD", cache), planned(files, "HEAD"))


def test_random_packages_have_the_same_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """States of random packages, in which files change under the hands of those that import them."""
    runs = {"warm": 0, "cold": 0}
    state = "cold"

    def counting(*arguments: Any) -> Any:
        runs[state] += 1
        return rewrite_file(*arguments)

    monkeypatch.setattr("migrate.passes.rewrite_file", counting)

    @drawn(EXAMPLES)
    @given(packages(), packages(), st.data())
    def run(package: RandomPackage, other: RandomPackage, data: st.DataObject) -> None:
        nonlocal state
        cache = Cache()
        files = dict(package.files)
        for _ in range(4):
            plans: list[Plan | str] = []
            for name, used in (("warm", cache), ("cold", None)):
                state = name
                try:
                    plans.append(plan_of(files, package.recipe, used))
                except MigrateError as error:
                    plans.append(error.message)
            assert plans[0] == plans[1], package
            cache.turn()
            path = data.draw(st.sampled_from(sorted(files)))
            if path in other.files and data.draw(st.booleans()):
                files[path] = other.files[path]
            elif data.draw(st.booleans()):
                files[path] = b"x = 1\n" + files[path]
            else:
                files.update(package.files)

    run()
    assert runs["warm"] < runs["cold"] * 0.7, "nearly nothing was known already"


# only what has changed


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files over which passes were run."""
    seen: list[str] = []

    def facts(*arguments: Any, **named: Any) -> Any:
        seen.append(f"facts of {named['path']}")
        return module_facts(*arguments, **named)

    def rewritten(file: Any, rules: Any) -> Any:
        seen.append(f"passes over {file.path}")
        return rewrite_file(file, rules)

    monkeypatch.setattr("migrate.project.module_facts", facts)
    monkeypatch.setattr("migrate.passes.rewrite_file", rewritten)
    return seen


def test_a_commit_costs_what_it_has_changed(tmp_path: Path, learnt: list[str]) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/other.py": "from app.old_manager import get_chat_manager\n"})
    repo.commit({"app/use.py": "x = 1\nfrom app.old_manager import ChatManager\n", "README.md": "Hello.\n"})
    repository, cache = Repository(repo.path), Cache()
    planned(repository, "HEAD~1", cache)
    assert {"passes over app/use.py", "passes over app/other.py", "facts of app/manager.py"} <= set(learnt)
    learnt.clear()
    planned(repository, "HEAD", cache)
    assert set(learnt) <= {"passes over app/use.py", "facts of app/use.py"}
    assert "passes over app/use.py" in learnt


def test_what_another_file_now_means_is_seen(tmp_path: Path, learnt: list[str]) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    repo.commit({"app/old_manager.py": "class ChatManager: pass\n"})
    repository, cache = Repository(repo.path), Cache()
    planned(repository, "HEAD~1", cache)
    learnt.clear()
    planned(repository, "HEAD", cache)
    assert "passes over app/use.py" in learnt


def test_lines_above_a_definition_change_nothing_for_others(tmp_path: Path, learnt: list[str]) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    repo.commit({"app/manager.py": '"""The manager."""\n\n' + str(SAMPLE["app/manager.py"])})
    repository, cache = Repository(repo.path), Cache()
    planned(repository, "HEAD~1", cache)
    learnt.clear()
    assert_same(planned(repository, "HEAD", cache), planned(repository, "HEAD"))
    learnt.clear()
    planned(repository, "HEAD", cache)
    assert learnt == []


def test_the_base_of_a_check_is_read_with_the_same_cache(tmp_path: Path, learnt: list[str]) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    assert unshim("check", "--repo", repo.path, "--base", "HEAD").code == 0
    assert learnt.count("passes over app/use.py") == 1


# the cache itself


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    cache, question, asked = Cache(), Question[int]("length"), []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    assert [cache.answer(question, ("a",), ask) for _ in range(2)] == [1, 1]
    cache.turn()
    assert cache.answer(question, ("a",), ask) == 1
    cache.turn()
    cache.turn()
    assert cache.answer(question, ("a",), ask) == 2
    assert cache.answer(Question[int]("other"), ("a",), ask) == 3
    assert [cache.answer(question, ("disk:a",), ask) for _ in range(2)] == [4, 5]


def test_many_questions_at_once() -> None:
    cache, question = Cache(), Question[int]("length")
    keys = [("a",), ("b",), ("disk:c",)]
    assert cache.answers(question, keys, lambda number: number * 10, 1) == [0, 10, 20]
    assert cache.answers(question, keys, lambda number: number * 30, 1) == [0, 10, 60]
    cache.keep(question, ("b",), 7)
    cache.keep(question, ("disk:c",), 7)
    assert [cache.recall(question, key) for key in keys] == [0, 7, None]


def test_none_is_an_answer_too() -> None:
    cache, question = Cache(), Question[int | None]("length")
    assert cache.answer(question, ("a",), lambda: None) is None
    assert cache.answer(question, ("a",), lambda: 1) is None


@pytest.mark.parametrize(
    "names", [pytest.param(set(), id="none"), pytest.param({"a"}, id="one"), pytest.param({"b", "a"}, id="two")]
)
def test_names_as_a_part_of_a_key_are_the_same_names_again(names: set[str]) -> None:
    """Of none it was one empty name, which no text has: a question was then asked again as another one."""
    assert words_of(as_one(names)) == names
