"""Work on all cores: the same results in the same order, whatever the number of processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import SAMPLE, make_repo, unshim

from migrate.parallel import default_jobs, mapped


@pytest.mark.parametrize("jobs", [1, 2, 3, 100])
@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 1000])
def test_results_are_in_the_order_of_the_items(jobs: int, count: int) -> None:
    assert mapped(lambda n: n * n, range(count), jobs) == [n * n for n in range(count)]


def test_the_work_is_done_in_several_processes() -> None:
    assert len({*mapped(lambda _: os.getpid(), range(400), 3), os.getpid()}) == 4
    assert set(mapped(lambda _: os.getpid(), range(400), 1)) == {os.getpid()}
    assert set(mapped(lambda _: os.getpid(), range(10), 8)) == {os.getpid()}


@pytest.mark.parametrize("wrong", [0, 1, 299])
def test_an_exception_anywhere_is_raised_here(wrong: int) -> None:
    def fail(n: int) -> int:
        if n == wrong:
            raise KeyError("the wrong one")
        return n

    with pytest.raises(KeyError, match="the wrong one"):
        mapped(fail, range(300), 2)


def test_a_child_that_dies_is_an_error_and_no_hang() -> None:
    def die(n: int) -> int:
        if n == 1:
            os._exit(9)
        return n

    with pytest.raises(Exception):  # noqa: B017, PT011
        mapped(die, range(300), 2)


def test_large_results_do_not_block() -> None:
    assert sum(map(len, mapped(lambda n: b"x" * 20_000, range(300), 2))) == 300 * 20_000


def test_the_default_is_what_this_process_may_use() -> None:
    assert default_jobs() >= 1


def test_the_number_of_jobs_changes_nothing(tmp_path: Path) -> None:
    shapes = (
        "from app.old_manager import ChatManager\n\nx{n} = ChatManager()\n",
        "import app.old_manager as m{n}\n\nm{n}.ChatManager(); m{n}.get_chat_manager()\n",
        "from .old_manager import ChatManager as C{n}, get_chat_manager\nprint(C{n}, get_chat_manager)\n",
        "from app.double import ChatManager\nprint(ChatManager, {n})\n",
        "from app.old_manager import ChatManager\nif {n}:\n",
        "def f{n}():\n    from app import old_manager\n    return old_manager.ChatManager\n",
    )
    users = {f"app/use_{n}.py": shapes[n % len(shapes)].format(n=n) for n in range(300)}
    repo = make_repo(
        tmp_path / "repo",
        {**SAMPLE, **users, "app/double.py": "class ChatManager: pass\n", "notes.yaml": "x: app.old_manager\n"},
    )
    for command in (("scan", "--format", "json"), ("diff",), ("check",)):
        one, two = (unshim(*command, "--jobs", jobs, "--repo", repo.path) for jobs in ("1", "2"))
        assert one == two
        assert one.out
    for jobs in ("1", "2"):
        assert unshim("apply", "--partial", "--jobs", jobs, "--branch", f"jobs{jobs}", "--repo", repo.path).code == 0
    assert repo.word("rev-parse", "jobs1^{tree}") == repo.word("rev-parse", "jobs2^{tree}")
