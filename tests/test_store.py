"""The store: a run says the same with it, without it, and with a damaged one; and it is quicker for it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_packages import RandomPackage, TreeRepository, drawn, packages
from repositories import ENVIRONMENT, ROOT, SAMPLE, Repo, make_repo, unshim

from codemods.engine import rewrite_file
from migrate.again import Again
from migrate.beside import PREFIX
from migrate.cache import Cache, Question, stable
from migrate.discovery import imports_in
from migrate.documents import find_documents
from migrate.errors import MigrateError
from migrate.plan import Plan
from migrate.planning import build_plan
from migrate.plans import Plans
from migrate.recipe import Recipe, read_recipe
from migrate.repository import Repository
from migrate.store import Store, store_of

EXAMPLES = 40

LENGTH = Question[int]("length")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    patch = 'from unittest import mock\n\n@mock.patch("app.old_manager.ChatManager")\ndef test(m): ...\n'
    return make_repo(tmp_path / "repo", {**SAMPLE, "tests/test_use.py": patch, "notes.yml": "x: app.old_manager\n"})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files over which passes were run."""
    seen: list[str] = []

    def counted(file: Any, rules: Any) -> Any:
        seen.append(file.path)
        return rewrite_file(file, rules)

    monkeypatch.setattr("migrate.passes.rewrite_file", counted)
    return seen


def said(repo: Repo, place: Path, *arguments: str) -> str:
    """What a command prints, notes and all."""
    result = unshim(*arguments, "--repo", repo.path, environment={"XDG_CACHE_HOME": str(place)})
    assert result.code in (0, 1) and "Traceback" not in result.err, result
    return result.out.decode() + result.err


def stored(place: Path) -> list[Path]:
    """The files of the store."""
    return sorted(path for path in place.rglob("*") if path.is_file())


# the same answers


COMMANDS = [
    pytest.param(("scan", "--format", "json"), id="scan"),
    pytest.param(("scan", "--all"), id="scan for people"),
    pytest.param(("diff",), id="diff"),
    pytest.param(("check", "--format", "json"), id="check"),
    pytest.param(("check", "--staged", "--format", "json"), id="check of the index"),
    pytest.param(("check", "--worktree", "--format", "json"), id="check of the files on disk"),
    pytest.param(("check", "--base", "HEAD~1", "--format", "json"), id="check since a commit"),
    pytest.param(("verify", "--format", "json"), id="verify"),
    pytest.param(("history", "--since", "HEAD~1", "--format", "json"), id="history"),
    pytest.param(("export", "ruff"), id="export"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_second_run_says_the_same(repo: Repo, place: Path, command: tuple[str, ...]) -> None:
    repo.commit(
        {"app/more.py": "from app.old_manager import ChatManager\n", "app/b.py": "from app.old_manager import\n"}
    )
    without = said(repo, place, *command, "--no-cache")
    assert stored(place) == []
    assert [said(repo, place, *command) for _ in range(2)] == [without, without]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_after_a_commit_says_the_same(repo: Repo, place: Path, command: tuple[str, ...]) -> None:
    repo.commit({"app/more.py": "from app.old_manager import ChatManager\n"})
    said(repo, place, *command)
    repo.commit(
        {"app/old_manager.py": "class ChatManager:\n    pass\n", "notes.yml": "x: app.old_manager.ChatManager\n"}
    )
    assert said(repo, place, *command) == said(repo, place, *command, "--no-cache")


def test_other_options_of_the_recipe_are_no_other_files(repo: Repo, place: Path) -> None:
    for line in ("", 'enforce = ["ruff"]', 'texts = ["comment"]', 'exclude = ["tests/**"]', 'path_tests = "delete"'):
        repo.write({"unshim.toml": f'[unshim]\ncanonical = "app.manager"\n{line}\n'})
        for command in ("scan", "diff"):
            assert said(repo, place, command) == said(repo, place, command, "--no-cache"), line


def test_another_file_under_the_old_name_is_seen(repo: Repo, place: Path) -> None:
    said(repo, place, "scan")
    repo.git("mv", "app/use.py", "app/used.py")
    repo.commit()
    assert said(repo, place, "scan") == said(repo, place, "scan", "--no-cache")


def test_what_a_partial_clone_gets_later_is_seen(repo: Repo, place: Path, tmp_path: Path) -> None:
    repo.configure(("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
    options = ("--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo.path}")
    repo.git("clone", *options, str(tmp_path / "partial"))
    clone = Repo(tmp_path / "partial")
    recipe = tmp_path / "recipe.toml"
    recipe.write_bytes(repo.git("show", "HEAD:unshim.toml"))
    clone.git("cat-file", "-p", "HEAD:app/manager.py")
    command = ("scan", "--recipe", str(recipe), "--format", "json")
    assert "blob-missing" in said(clone, place, *command) == said(clone, place, *command)
    for path in repo.word("ls-files").split():
        clone.git("cat-file", "-p", f"HEAD:{path}")
    whole = said(clone, place, *command)
    assert "blob-missing" not in whole and whole == said(clone, place, *command, "--no-cache")


def test_a_mode_is_part_of_a_file(repo: Repo, place: Path) -> None:
    said(repo, place, "scan", "--format", "json")
    (repo.path / "app/use.py").unlink()
    (repo.path / "app/use.py").symlink_to("manager.py")
    repo.commit()
    assert said(repo, place, "scan", "--format", "json") == said(repo, place, "scan", "--format", "json", "--no-cache")


# quicker


@pytest.mark.parametrize("command", COMMANDS)
def test_without_the_cache_a_plan_is_made_and_nothing_is_kept(
    repo: Repo, place: Path, plans: list[str], command: tuple[str, ...]
) -> None:
    repo.commit({"app/more.py": "from app.old_manager import ChatManager\n"})
    said(repo, place, *command)
    before = {path: path.stat().st_mtime_ns for path in stored(place)}
    plans.clear()
    said(repo, place, *command, "--no-cache")
    assert plans
    assert {path: path.stat().st_mtime_ns for path in stored(place)} == before


@pytest.mark.parametrize("option", ["--staged", "--worktree"])
def test_a_plan_of_a_commit_is_known_for_the_same_files_elsewhere(
    repo: Repo, place: Path, plans: list[str], option: str
) -> None:
    said(repo, place, "scan")
    assert plans
    plans.clear()
    said(repo, place, "check", option)
    assert plans == []


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commits over which a plan was made."""
    made: list[str] = []

    def counted(*arguments: Any) -> Any:
        made.append(arguments[2])
        return build_plan(*arguments)

    monkeypatch.setattr("migrate.planning.build_plan", counted)
    return made


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        pytest.param("y = 2\n", True, id="nothing of interest, as before"),
        pytest.param("import json\nfrom app import unheard_of\n", True, id="other imports"),
        pytest.param("def f(:\n", True, id="no Python, and nothing of interest"),
        pytest.param("from app.old_manager import ChatManager\n", False, id="an old import"),
        pytest.param("x = 'app.old_manager'\n", False, id="an old path"),
        pytest.param("from .old_manager import *\n", False, id="a relative one"),
    ],
)
def test_a_file_that_nobody_looked_at_changes_nothing_as_long_as_it_says_nothing(
    repo: Repo, place: Path, plans: list[str], text: str, is_known: bool
) -> None:
    repo.commit({"app/far.py": "x = 1\n"})
    said(repo, place, "scan")
    plans.clear()
    repo.write({"app/far.py": text})
    repo.git("add", "-A")
    warm = said(repo, place, "check", "--staged", "--format", "json")
    assert (plans == []) is is_known
    assert warm == said(repo, place, "check", "--staged", "--format", "json", "--no-cache")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("app/use.py", "x = 1\n", id="a user"),
        pytest.param("app/__init__.py", "x = 1\n", id="a package"),
        pytest.param("app/near.py", "x = 1\n", id="a new file"),
        pytest.param("notes.yml", "x: 1\n", id="a document"),
        pytest.param("app/far.py", None, id="a file that goes"),
    ],
)
def test_any_other_change_makes_a_plan(repo: Repo, place: Path, plans: list[str], path: str, text: str | None) -> None:
    repo.commit({"app/far.py": "x = 1\n"})
    said(repo, place, "scan")
    plans.clear()
    if text is None:
        (repo.path / path).unlink()
    else:
        repo.write({path: text})
    repo.git("add", "-A")
    warm = said(repo, place, "check", "--staged", "--format", "json")
    assert len(plans) == 1
    assert warm == said(repo, place, "check", "--staged", "--format", "json", "--no-cache")


ASKED: dict[str, str | bytes] = {
    "web/__init__.py": "",
    "web/reader.py": "from app.manager import ChatManager\n\n\ndef made():\n    return ChatManager()\n",
    "web/kept.py": "from web.reader import made\n\nTEXT = 'see app.old_manager for more'\n",
    "web/double.py": "class ChatManager: ...\n\n\ndef other(): ...\n",
    "web/decide.py": "from web.double import ChatManager\n",
    "web/twin.py": "",
    "app/second_manager.py": "from app.manager import ChatManager\n",
    "web/held.py": "import app.second_manager as second\n\nprint(vars(second))\n",
    "web/alias.py": "from app.manager import ChatManager\n\nOldManager = ChatManager\n",
    "web/broken.py": "from app.manager import ChatManager\n\ndef f(:\n",
    "tests/test_path.py": (
        "import pytest\n\n\ndef test_path():\n    with pytest.warns(UserWarning):\n        import app.second_manager\n"
    ),
    "app/tool.py": "import json\nimport second_manager\nsecond_manager.ChatManager\n",
    "app/script": "#!/usr/bin/env python3\nprint(1)\n",
    "notes.md": "Once it was app.old_manager.\n",
    "plain.yml": "a: b\n",
    "old.py.bak": "from app.old_manager import ChatManager\n",
}
"""Files about which a plan asks questions."""


@pytest.mark.parametrize(
    ("path", "text", "is_known"),
    [
        pytest.param("web/reader.py", "{0}\n\ndef more():\n    return 1\n", True, id="a function in a user of ours"),
        pytest.param("web/reader.py", "import json\n\n{0}", True, id="an import of no interest above all"),
        pytest.param("web/decide.py", "{0}\n\ndef f():\n    return ChatManager\n", True, id="lines below a reference"),
        pytest.param("web/double.py", "{0}\n\ndef more(): ...\n", True, id="a name that nobody takes from a module"),
        pytest.param("web/kept.py", "{0}# the end\n", True, id="a comment below a text that is kept"),
        pytest.param("web/twin.py", "x = 1\n", True, id="one of two files with the same content"),
        pytest.param("notes.md", "{0}Now it is gone.\n", True, id="a line below a text that is kept in a document"),
        pytest.param("plain.yml", "a: c\n", True, id="a document that says nothing"),
        pytest.param("old.py.bak", "import app.old_manager\n", True, id="an old copy"),
        pytest.param("web/decide.py", "import json\n\n{0}", True, id="a reference that stands elsewhere"),
        pytest.param("web/held.py", "# above\n{0}", True, id="one that holds a shim, which says where it stands"),
        pytest.param("web/kept.py", "\n{0}", True, id="a text that stands elsewhere, which the proof of a shim names"),
        pytest.param("notes.md", "\n{0}", True, id="a text in a document that stands elsewhere"),
        pytest.param("notes.yml", "# more\n{0}", True, id="a document with a path that is to be decided"),
        pytest.param("tests/test_use.py", "# more\n{0}", True, id="a patch that moves"),
        pytest.param("app/use.py", "# above\n{0}# more\n", True, id="a file that will change"),
        pytest.param("web/broken.py", "\n{0}", True, id="a file that does not parse, further down"),
        pytest.param("web/alias.py", "{0}# more\n", True, id="lines below an alias"),
        pytest.param("tests/test_path.py", "{0}# more\n", True, id="lines below a test of a path"),
        pytest.param("app/tool.py", "{0}# more\n", True, id="lines below an import from the folder"),
        pytest.param("app/tool.py", "# more\n{0}", False, id="an import from the folder that stands elsewhere"),
        pytest.param("app/tool.py", "{0}import old_manager\n", False, id="an import from the folder"),
        pytest.param("app/script", "{0}# more\n", True, id="a script that says nothing"),
        pytest.param("app/script", "{0}import old_manager\n", False, id="an import from the folder of a script"),
        pytest.param(
            "web/reader.py", "# more\n{0}from app.old_manager import ChatManager\n", False, id="an old import"
        ),
        pytest.param("web/reader.py", "x = 1\n", False, id="a canonical import that is gone"),
        pytest.param("web/reader.py", "{0}# unshim: keep\n", False, id="a comment to us"),
        pytest.param("web/reader.py", "{0}def f(:\n", False, id="no Python any more"),
        pytest.param("web/reader.py", "{0}x = '\xe9'\n", False, id="no UTF-8"),
        pytest.param("web/double.py", "def other(): ...\n", False, id="a name that is gone, and was taken"),
        pytest.param("web/double.py", "from app.manager import ChatManager\n", False, id="a name that is another one"),
        pytest.param(
            "web/broken.py", "{0}# app.old_manager\n", False, id="a file that does not parse, and names a shim"
        ),
        pytest.param("web/broken.py", ")\n{0}", False, id="a file that does not parse for another reason"),
        pytest.param("web/alias.py", "\n{0}", False, id="an alias that stands elsewhere"),
        pytest.param("tests/test_path.py", "\n{0}", False, id="a test of a path that stands elsewhere"),
        pytest.param("app/use.py", "{0}{0}", False, id="one reference more"),
        pytest.param("app/old_manager.py", "{0}# more\n", False, id="a shim"),
        pytest.param("app/__init__.py", "x = 1\n", False, id="the package of a shim, in which __all__ may be computed"),
        pytest.param("plain.yml", "a: app.old_manager\n", False, id="a path in a document"),
    ],
)
def test_a_file_about_which_the_answers_are_the_same_makes_no_plan(
    repo: Repo, place: Path, plans: list[str], path: str, text: str, is_known: bool
) -> None:
    repo.commit(ASKED)
    said(repo, place, "scan")
    plans.clear()
    before = (repo.path / path).read_text()
    (repo.path / path).write_bytes(text.format(before).encode("latin-1"))
    repo.git("add", "-A")
    index = said(repo, place, "check", "--staged")
    repo.git("commit", "-q", "-m", "more")
    warm = [said(repo, place, *command) for command in (("scan", "--format", "json"), ("diff",))]
    assert (plans == []) is is_known
    fresh = (("check",), ("scan", "--format", "json"), ("diff",))
    assert [index, *warm] == [said(repo, place, *command, "--no-cache") for command in fresh]


APART = {
    "core/old.py": "from app.manager import ChatManager\n",
    "use_core.py": "from core.old import ChatManager\n",
}


@pytest.mark.parametrize(
    ("path", "text", "is_known"),
    [
        pytest.param("docs/new.md", "# Nothing of interest\n", True, id="a document"),
        pytest.param("docs/new.md", "see app.old_manager\n", False, id="a document with a path"),
        pytest.param("docs/new.py.bak", "from app.old_manager import ChatManager\n", True, id="an old copy"),
        pytest.param("docs/new.png", "\x89PNG", True, id="no text"),
        pytest.param("data/new.json", "{}\n", True, id="data"),
        pytest.param("docs/new.ipynb", '{"cells": []}\n', False, id="a notebook"),
        pytest.param("docs/new.py", "x = 1\n", False, id="a module"),
        pytest.param("docs/new.pyi", "x: int\n", False, id="a stub"),
        pytest.param("docs/new.so", "ELF", False, id="a module of machine code"),
        pytest.param("core/new.md", "\n", False, id="beside a shim, of which it keeps the folder"),
        pytest.param("core/old/new.md", "\n", False, id="in a folder that could be imported instead of a shim"),
        pytest.param("src/new.md", "\n", False, id="in a folder that is a source root for it"),
    ],
)
@pytest.mark.parametrize("comes", [pytest.param(True, id="comes"), pytest.param(False, id="goes")])
def test_a_file_that_comes_or_goes_makes_no_plan_if_it_says_nothing_and_nothing_depends_on_it(
    repo: Repo, place: Path, plans: list[str], path: str, text: str, is_known: bool, comes: bool
) -> None:
    repo.commit(APART if comes else {**APART, path: text})
    said(repo, place, "scan")
    plans.clear()
    if comes:
        repo.write({path: text})
    else:
        (repo.path / path).unlink()
    repo.git("add", "-A")
    index = said(repo, place, "check", "--staged")
    repo.git("commit", "-q", "-m", "other")
    warm = [said(repo, place, *command) for command in (("scan", "--format", "json"), ("diff",))]
    assert (plans == []) is is_known
    fresh = (("check",), ("scan", "--format", "json"), ("diff",))
    assert [index, *warm] == [said(repo, place, *command, "--no-cache") for command in fresh]


@pytest.mark.parametrize(
    "enforced",
    [pytest.param("", id="nothing enforced"), pytest.param('enforce = ["ruff"]\n', id="a configuration")],
)
def test_a_configuration_that_comes_is_read(repo: Repo, place: Path, enforced: str) -> None:
    repo.commit({"unshim.toml": f'[unshim]\ncanonical = "app.manager"\n{enforced}'})
    said(repo, place, "scan")
    repo.commit({"ruff.toml": "line-length = 100\n"})
    for command in (("scan", "--format", "json"), ("diff",)):
        assert said(repo, place, *command) == said(repo, place, *command, "--no-cache")


@pytest.mark.parametrize("before", [pytest.param("x\n", id="changed"), pytest.param(None, id="new")])
def test_what_git_ignores_now_is_seen(repo: Repo, place: Path, before: str | None) -> None:
    failing = {"app/old_manager.py": "from app.made import x\nfrom app.manager import ChatManager\n"}
    repo.commit(failing if before is None else {**failing, ".gitignore": before})
    said(repo, place, "scan")
    repo.commit({".gitignore": "made.py\n"})
    assert said(repo, place, "scan") == said(repo, place, "scan", "--no-cache")


def test_a_package_more_at_the_top_lets_imports_of_it_count(repo: Repo, place: Path) -> None:
    """Also one that has the name of a module of the standard library."""
    repo.commit(
        {
            "web/__init__.py": "",
            "web/user.py": "from app.manager import ChatManager\nfrom late import old_name\nimport queue\n",
            "web/other.py": "from queue import ChatManager\nfrom app.manager import ChatManager as Mine\n",
        }
    )
    late = "from app.manager import ChatManager as old_name\n"
    for path, text in (("more.py", "x = 1\n"), ("late.py", late), ("queue.py", OURS)):
        said(repo, place, "scan")
        repo.commit({path: text})
        assert said(repo, place, "scan", "--all") == said(repo, place, "scan", "--all", "--no-cache")


def test_a_package_more_at_the_top_is_no_reason_to_parse_files_again(
    repo: Repo, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def noted(source: Any, tree: Any, path: str, *others: Any) -> Any:
        read.append(path)
        return imports_in(source, tree, path, *others)

    said(repo, place, "scan")
    monkeypatch.setattr("migrate.discovery.imports_in", noted)
    repo.commit({"fresh.py": OURS})
    said(repo, place, "scan")
    assert read == ["fresh.py"]


OURS = "from app.manager import ChatManager\n"
LATE = "def f():\n    from app.old_manager import ChatManager\n    return ChatManager()\n"
SHOWN = "import app.second as second\nprint(vars(second))\n"


@dataclass(frozen=True)
class History:
    """Files beside those of the sample, and what further commits change of them."""

    files: dict[str, str]
    changes: tuple[dict[str, str], ...]


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(
            History(
                {
                    "web/mid.py": f"{OURS}def own(): ...\n",
                    "tests/test_u.py": "import importlib\ndef f():\n    importlib.import_module('web.mid').ChatManager",
                    "web/v.py": "x = 1\n",
                },
                ({"web/v.py": "from app.old_manager import ChatManager\n"}, {"web/mid.py": f"{OURS}undefined_name\n"}),
            ),
            id="whether a module runs here, which no file was looked at for in the second plan",
        ),
        pytest.param(
            History(
                {
                    "web/impl.py": "class ChatManager: ...\n",
                    "app/manager.py": (
                        "from web.impl import ChatManager\n"
                        '__all__ = ["ChatManager", "get_chat_manager"]\ndef get_chat_manager(): ...\n'
                    ),
                },
                ({"web/impl.py": "class ChatManager: ...\ndef get_chat_manager(): ...\n"},),
            ),
            id="a second implementation in a module that defines what the canonical one owns",
        ),
        pytest.param(
            History(
                {
                    "unshim.toml": f'{SAMPLE["unshim.toml"]!s}exclude = ["vendor/**"]\n',
                    "vendor/x.py": OURS,
                    "web/b.py": "from vendor.x import ChatManager\n",
                },
                ({"vendor/x.py": f"{OURS}# more\n"}, {"vendor/x.py": "class ChatManager: ...\n"}),
            ),
            id="a file that is left out, after a commit that made no difference",
        ),
        pytest.param(
            History(
                {"app/second.py": f"import web.x\n{OURS}", "web/x.py": "x = 1\n", "web/y.py": "x = 2\n"},
                ({"web/x.py": "x = 2\n"}, {"web/x.py": "import web.nothing\n"}),
            ),
            id="a file that has had the content of one that nobody asked about",
        ),
        pytest.param(
            History(
                {
                    "app/old_manager.py": f"import web.sub.deep\n{OURS}",
                    "web/__init__.py": "",
                    "web/sub/__init__.py": "",
                    "web/sub/deep.py": "",
                    "web/reader.py": "import web.sub.deep\ndef thing(): ...\n",
                    "use/c.py": f"from web.reader import thing\n{OURS}",
                    "use/b.py": (
                        "import web\nimport app.old_manager\nimport web.reader\n\n"
                        "def f():\n    return app.old_manager.ChatManager()\n"
                    ),
                },
                (
                    {
                        "web/reader.py": "def thing(): ...\n",
                        "use/b.py": (
                            "import web\nimport app.old_manager\nimport web.reader\n\n"
                            "def f():\n    print(web.sub.deep)\n    return app.old_manager.ChatManager()\n"
                        ),
                    },
                ),
            ),
            id="two files, of which one asks for what the other one no longer does",
        ),
        pytest.param(
            History(
                {
                    "tests/test_x.py": (
                        "from app.manager import ChatManager as _M\nOldManager = _M\n"
                        "def reset():\n    global _M\n    _M = None\ndel _M\n"
                    ),
                    "web/y.py": "from tests.test_x import OldManager\n",
                },
                (
                    {
                        "tests/test_x.py": (
                            "from app.manager import ChatManager as _M\nOldManager = _M\n"
                            "def reset():\n    global _M\n    _M = None\n"
                        )
                    },
                ),
            ),
            id="the name that another one was assigned from",
        ),
        pytest.param(
            History(
                {
                    "unshim.toml": f'{SAMPLE["unshim.toml"]!s}[unshim.moves]\n"app.legacy" = "web.fresh"\n',
                    "web/fresh.py": "def thing(): ...\n",
                    "app/legacy.py": "from web.fresh import thing\n",
                    "app/u.py": "from app.legacy import thing\n",
                    "web/broken.py": f"{OURS}def f(:\n",
                },
                ({"web/broken.py": f"{OURS}def f(:\n  x = app ; legacy\n"},),
            ),
            id="a broken file that begins to name a module that moves",
        ),
        pytest.param(
            History(
                {
                    "unshim.toml": '[unshim]\ncanonical = "core.manager"\n',
                    "src/pk/__init__.py": "# words\nnames = []\n__all__ = [n for n in dir() if n]\n",
                    "lib/pk/shim_manager.py": "from core.manager import ChatManager\n",
                    "lib/pk/data.txt": "x",
                    "src/core/manager.py": "class ChatManager: ...\n",
                    "use/use.py": "from pk.shim_manager import ChatManager\n",
                },
                ({"src/pk/__init__.py": "# shim_manager\nnames = []\n__all__ = [n for n in dir() if n]\n"},),
            ),
            id="the package of a shim under another source root",
        ),
        pytest.param(
            History({"nb.ipynb": "{}\n", "zz.py": "{}\n"}, ({"nb.ipynb": "{ old_manager\n"},)),
            id="a notebook with the content of a module that nobody asked about",
        ),
        pytest.param(
            History(
                {"app/second.py": OURS, "notes.md": "See app.second\nand app.second too\n"},
                ({"notes.md": "See app.second and app.second too\n"},),
            ),
            id="two texts that are on one line now",
        ),
        pytest.param(
            History(
                {"app/second.py": OURS, "my use.py": SHOWN, "x+use.py": SHOWN, "use.py": SHOWN},
                ({"use.py": f"#\n#\n{SHOWN}"},),
            ),
            id="a file whose name is the end of others' names",
        ),
        pytest.param(
            History(
                {"app/second.py": OURS, "web/h.py": SHOWN, "web/h.py:2": "app.second\n"}, ({"web/h.py": f"#\n{SHOWN}"},)
            ),
            id="a file whose name goes on like a place",
        ),
        pytest.param(
            History(
                {
                    "app/second.py": f'{OURS}import warnings\nwarnings.warn("see web/h.py:1")\n',
                    "web/h.py": SHOWN,
                },
                ({"web/h.py": f"#\n{SHOWN}"},),
            ),
            id="a line that only a quoted text tells",
        ),
        pytest.param(
            History(
                {
                    "web/late.py": LATE,
                    "web/stays.py": f"import app.old_manager\nprint(vars(app.old_manager))\n{LATE}",
                    "tests/test_p.py": (
                        "from unittest import mock\nimport web.late\nimport web.stays\n\n"
                        "@mock.patch('app.old_manager.ChatManager')\ndef test(m): ...\n"
                    ),
                },
                ({"web/stays.py": f"#\nimport app.old_manager\nprint(vars(app.old_manager))\n{LATE}"},),
            ),
            id="a detail that tells where code stays",
        ),
    ],
)
def test_a_chain_of_commits_says_what_each_says_by_itself(repo: Repo, place: Path, history: History) -> None:
    """All of these were found to be otherwise, in one way or another."""
    repo.commit(dict(history.files))
    for change in history.changes:
        said(repo, place, "scan")
        repo.write(change)
        repo.git("add", "-A")
        assert said(repo, place, "check", "--staged") == said(repo, place, "check", "--staged", "--no-cache")
        repo.commit()
    for command in (("scan", "--format", "json"), ("diff",)):
        assert said(repo, place, *command) == said(repo, place, *command, "--no-cache")


def test_what_was_asked_for_another_plan_of_the_run_is_not_taken_for_this_one(repo: Repo, place: Path) -> None:
    patch = (
        "from unittest import mock\nimport web.late\nimport web.more\n\n"
        "@mock.patch('app.old_manager.ChatManager')\ndef test(m): ...\n"
    )
    repo.commit({"web/late.py": LATE, "web/more.py": "x = 1\n", "tests/test_p.py": patch})
    repo.commit({"web/more.py": "def g():\n    import app.old_manager as s\n    return vars(s)\n"})
    said(repo, place, "check", "--base", "HEAD~1")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.commit({"web/late.py": f"# above\n{LATE}"})
    for command in (("check", "--format", "json"), ("diff",)):
        assert said(repo, place, *command) == said(repo, place, *command, "--no-cache")


def test_a_reused_plan_of_history_leaves_all_answers_of_it(repo: Repo, place: Path) -> None:
    two = f"{OURS}q = z.old_manager\n"
    repo.commit({"web/one.py": f"{OURS}x = 1\n", "web/two.py": two})
    repo.commit({"web/one.py": f"{OURS}x = 2\n"})
    said(repo, place, "history", "--since", "HEAD~1")
    staged(repo, "web/two.py", two.replace("app.manager", "app.old_manager"))
    assert said(repo, place, "check", "--staged") == said(repo, place, "check", "--staged", "--no-cache")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_why_a_module_does_not_run_is_asked_again_whichever_process_has_asked(
    repo: Repo, place: Path, jobs: str
) -> None:
    patch = 'from unittest import mock\n@mock.patch("web.alias.ChatManager")\ndef test(m): ...\n# {}\n'
    alias = "from app.old_manager import ChatManager\n"
    repo.commit({"web/alias.py": alias, **{f"tests/test_{n}.py": patch.format(n) for n in range(140)}})
    said(repo, place, "scan", "--jobs", jobs)
    staged(repo, "web/alias.py", f"{alias}print(nothing_binds_this)\n")
    assert said(repo, place, "check", "--staged") == said(repo, place, "check", "--staged", "--no-cache")


def test_of_patches_that_change_places_the_first_one_is_told(repo: Repo, place: Path) -> None:
    one = 'def c():\n    with mock.patch("app.old_manager"): pass\n'
    other = 'def d():\n    with mock.patch.object(o, "ChatManager"): pass\n'
    top = "from unittest import mock\nimport app.old_manager as o\n"
    patch = (
        "from unittest import mock\nimport web.late\nimport web.stays\n\n@mock.patch('app.old_manager.ChatManager')\n"
    )
    test = f"{patch}def test(m): ...\n"
    repo.commit({"web/late.py": LATE, "web/stays.py": f"{top}{one}\n{other}", "tests/test_p.py": test})
    said(repo, place, "scan")
    staged(repo, "web/stays.py", f"{top}{other}\n{one}")
    assert said(repo, place, "check", "--staged") == said(repo, place, "check", "--staged", "--no-cache")


def test_of_a_plan_that_was_stopped_nothing_is_taken_for_the_one_before(
    repo: Repo, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = f"{OURS}q = z.old_manager\n"
    repo.commit({"web/two.py": two})
    repo.commit({"web/two.py": f"{two}w = 1\n", "app/manager.py": f"{SAMPLE['app/manager.py']!s}\ndef more(): ...\n"})
    stopped: list[int] = []

    def stop(*arguments: Any) -> Any:
        stopped.append(1)
        if len(stopped) > 1:
            raise KeyboardInterrupt
        return find_documents(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr("migrate.planning.find_documents", stop)
        environment = {"XDG_CACHE_HOME": str(place)}
        assert unshim("check", "--base", "HEAD~1", "--repo", repo.path, environment=environment).code not in (0, 1)
    late = 'def f():\n    import importlib\n    return mock.patch("app.old_manager.ChatManager")\n'
    staged(repo, "web/two.py", f"{two}w = 1\n{late}")
    assert said(repo, place, "check", "--staged") == said(repo, place, "check", "--staged", "--no-cache")


def test_names_in_a_cycle_mean_the_same_in_whatever_order_they_are_asked_for(repo: Repo, place: Path) -> None:
    files = {
        "web/__init__.py": "from web.sub import sub\n",
        "web/sub.py": "from web import sub as _s\nfrom app.old_manager import ChatManager\nsub = _s\n",
        "web/u.py": "import web\nfrom app.old_manager import get_chat_manager\nx = web.sub.ChatManager\n",
        "web/v.py": "from web.sub import sub\nfrom app.old_manager import get_chat_manager\ny = sub.ChatManager\n",
        "zz/w.py": "import web.sub\nx = web.sub.sub.ChatManager\n",
        "zz/x.py": "from web import sub\nx = sub.ChatManager\n",
    }
    repo.commit(dict(files))
    said(repo, place, "scan")
    for path in ("web/u.py", "web/v.py", "zz/w.py", "zz/x.py"):
        for text in (f"{files[path]}\nz = 1\n", f"#\n{files[path]}"):
            staged(repo, path, text)
            assert said(repo, place, "check", "--staged") == said(repo, place, "check", "--staged", "--no-cache")
        repo.commit()
        said(repo, place, "scan")


@pytest.mark.parametrize(
    ("recipe", "path"),
    [
        pytest.param(
            '[unshim.rename]\nManager = "ChatManager"\n', "app/renamed.py", id="a name that is to be replaced"
        ),
        pytest.param('enforce = ["ruff"]\n', "plain.yml", id="a document where linters are told"),
    ],
)
def test_what_the_recipe_asks_for_beside_paths_is_looked_at(
    repo: Repo, place: Path, plans: list[str], recipe: str, path: str
) -> None:
    renamed = "from app.manager import ChatManager as Manager\n"
    repo.commit({**ASKED, "app/renamed.py": renamed, "unshim.toml": f"{SAMPLE['unshim.toml']}{recipe}"})
    said(repo, place, "scan")
    plans.clear()
    staged(repo, path, (repo.path / path).read_text() + "# more\n")
    assert said(repo, place, "check", "--staged") == said(repo, place, "check", "--staged", "--no-cache")
    assert len(plans) == 2


def test_of_many_changed_files_a_plan_is_made_at_once(repo: Repo, place: Path, plans: list[str]) -> None:
    files = {f"web/user{number}.py": f"from app.manager import ChatManager\nx = {number}\n" for number in range(257)}
    repo.commit(files)
    said(repo, place, "scan")
    for count, made in ((256, 0), (257, 1)):
        repo.git("reset", "-q", "--hard")
        plans.clear()
        repo.write({path: f"{text}y = 2\n" for path, text in list(files.items())[:count]})
        repo.git("add", "-A")
        said(repo, place, "check", "--staged")
        assert len(plans) == made


def test_what_another_run_has_learnt_since_the_last_plan_is_not_taken_for_its_answers(
    repo: Repo, place: Path, plans: list[str]
) -> None:
    repo.commit(ASKED)
    said(repo, place, "scan")
    learnt = next(path for path in stored(place) if path.name == "learnt").read_bytes()
    repo.commit({"web/reader.py": "from app.old_manager import ChatManager\n"})
    said(repo, place, "scan")
    next(path for path in stored(place) if path.name == "learnt").write_bytes(learnt)
    plans.clear()
    staged(repo, "web/reader.py", "from app.old_manager import ChatManager\nx = 1\n")
    warm = said(repo, place, "check", "--staged")
    assert len(plans) == 1 and warm == said(repo, place, "check", "--staged", "--no-cache")


@pytest.fixture
def listings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was listed file by file."""
    made: list[str] = []

    def counted(repository: Repository, name: str, question: Any, *arguments: str) -> Any:
        made.append(name)
        return question(repository, *arguments)

    for name in ("entries", "staged"):
        question = getattr(Repository, name)
        monkeypatch.setattr(Repository, name, partialmethod(counted, name, question))
    return made


@pytest.mark.parametrize(
    ("change", "is_listed"),
    [
        pytest.param(lambda _: None, False, id="nothing"),
        pytest.param(
            lambda repo: repo.write({"app/far.py": "y = 2\n", "app/use.py": "y = 2\n"}), False, id="on disk only"
        ),
        pytest.param(lambda repo: staged(repo, "app/far.py", "y = 2\n"), False, id="a file of no interest"),
        pytest.param(lambda repo: staged(repo, "app/use.py", "y = 2\n"), True, id="one of interest"),
        pytest.param(lambda repo: staged(repo, "app/new.py", "y = 2\n"), True, id="a new one"),
        pytest.param(lambda repo: staged(repo, "docs/new.md", "more\n"), False, id="a new one of no interest"),
        pytest.param(lambda repo: repo.git("rm", "-q", "app/far.py"), True, id="one that went"),
        pytest.param(lambda repo: repo.git("update-index", "--chmod=+x", "app/far.py"), True, id="a mode"),
        pytest.param(
            lambda repo: (repo.write({"app/new.py": "y = 2\n"}), repo.git("add", "-N", "app/new.py")),
            True,
            id="one that will be added",
        ),
        pytest.param(
            lambda repo: (
                ((repo.path / "app/far.py").unlink(), (repo.path / "app/far.py").symlink_to("use.py"))
                and repo.git("add", "app/far.py")
            ),
            True,
            id="a link in the place of a file",
        ),
    ],
)
def test_files_that_git_can_compare_are_not_listed(
    repo: Repo, place: Path, listings: list[str], change: Callable[[Repo], object], is_listed: bool
) -> None:
    repo.commit({"app/far.py": "x = 1\n"})
    said(repo, place, "scan")
    change(repo)
    listings.clear()
    command = ("check", "--staged", "--format", "json")
    warm = said(repo, place, *command)
    assert (listings != []) is is_listed
    assert warm == said(repo, place, *command, "--no-cache")


def test_a_commit_with_the_files_of_another_is_found_by_its_tree(repo: Repo, place: Path, listings: list[str]) -> None:
    """And one whose plan was found to be the same: what is staged on it is compared with its files, not the others'."""
    repo.commit({"app/far.py": "x = 1\n"})
    whole = said(repo, place, "scan", "--all")
    listings.clear()
    repo.git("commit", "-q", "--allow-empty", "-m", "again")
    again = said(repo, place, "scan", "--all")
    assert listings == [] and again.splitlines()[1:] == whole.splitlines()[1:]
    repo.commit({"app/far.py": "y = 2\n"})
    said(repo, place, "scan")
    listings.clear()
    assert said(repo, place, "scan", "--all") == said(repo, place, "scan", "--all", "--no-cache")
    assert listings == ["entries"]
    for text in ("y = 3\n", "from app.old_manager import ChatManager\n", "x = 1\n"):
        staged(repo, "app/far.py", text)
        command = ("check", "--staged", "--format", "json")
        assert said(repo, place, *command) == said(repo, place, *command, "--no-cache")


def test_a_content_that_is_missing_is_asked_for_and_no_file_is_listed(
    repo: Repo, place: Path, listings: list[str]
) -> None:
    repo.commit({"app/far.py": "from app.old_manager import ChatManager\n"})
    oid = repo.word("rev-parse", "HEAD:app/far.py")
    lost = repo.git_dir / "objects" / oid[:2] / oid[2:]
    content = lost.read_bytes()
    lost.unlink()
    command = ("scan", "--format", "json")
    whole = said(repo, place, *command)
    assert "blob-missing" in whole
    listings.clear()
    assert said(repo, place, *command) == whole and listings == []
    lost.write_bytes(content)
    mended = said(repo, place, *command)
    assert "blob-missing" not in mended and mended == said(repo, place, *command, "--no-cache")


def test_objects_are_read_as_they_are(repo: Repo, place: Path) -> None:
    """``git replace`` shows another content under an id by which something else was learnt."""
    whole = said(repo, place, "scan", "--format", "json")
    repo.git("replace", "HEAD:app/use.py", "HEAD:app/manager.py")
    for options in ((), ("--no-cache",)):
        assert said(repo, place, "scan", "--format", "json", *options) == whole


def test_a_merge_that_is_not_settled_is_seen_after_a_plan(repo: Repo, place: Path) -> None:
    repo.commit({"app/far.py": "x = 1\n"})
    repo.git("checkout", "-q", "-b", "topic", "HEAD~1")
    repo.commit({"app/far.py": "x = 2\n"})
    said(repo, place, "scan")
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "main")
    result = unshim("check", "--staged", "--repo", repo.path, environment={"XDG_CACHE_HOME": str(place)})
    assert result.code == 4 and "app/far.py is in conflict" in result.err


def staged(repo: Repo, path: str, text: str) -> None:
    repo.write({path: text})
    repo.git("add", path)


def test_after_a_commit_only_what_it_changed_is_looked_at(repo: Repo, place: Path, runs: list[str]) -> None:
    said(repo, place, "scan")
    runs.clear()
    repo.commit({"app/use.py": f"import os\n{SAMPLE['app/use.py']}", "README.md": "Hello.\n"})
    said(repo, place, "scan")
    assert set(runs) == {"app/use.py"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("app/manager.py", "{0}\n\n# the end\n", id="a comment"),
        pytest.param("app/manager.py", '"""The manager."""\n\n{0}', id="lines above its names"),
        pytest.param("app/old_manager.py", "{0}", id="nothing"),
        pytest.param("app/unrelated.py", "import json\n\nx = 1\n", id="a new module"),
        pytest.param("app/__init__.py", "import json\n", id="the standard library in a package"),
    ],
)
def test_what_nobody_asked_about_costs_nothing(repo: Repo, place: Path, runs: list[str], path: str, text: str) -> None:
    said(repo, place, "scan")
    runs.clear()
    repo.commit({path: text.format(SAMPLE.get(path, ""))} | {"more.txt": "to have a commit\n"})
    said(repo, place, "scan")
    assert set(runs) <= {path}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(
            "app/manager.py", "class ChatManager: ...\nclass More: ...\n", id="the names of the canonical module"
        ),
        pytest.param("app/old_manager.py", "class ChatManager: ...\n", id="what the shim binds"),
        pytest.param("app/old_manager.py", None, id="whether the shim is there"),
    ],
)
def test_what_somebody_asked_about_is_seen(
    repo: Repo, place: Path, runs: list[str], path: str, text: str | None
) -> None:
    said(repo, place, "scan")
    runs.clear()
    if text is None:
        repo.git("rm", "-q", path)
    repo.commit({} if text is None else {path: text})
    assert said(repo, place, "scan") == said(repo, place, "scan", "--no-cache")
    assert "app/use.py" in runs


def test_random_packages_have_the_same_plans_from_run_to_run(
    tmp_path: Path, plans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    runs = 0
    again: list[str] = []
    after = Again.after

    def noted(self: Again, *arguments: Any) -> Plan | None:
        found = after(self, *arguments)
        again.append("made" if found is None else "same" if found is self._plan else "moved")
        return found

    monkeypatch.setattr(Again, "after", noted)

    @drawn(EXAMPLES)
    @given(packages(), packages(), st.data())
    def run(package: RandomPackage, other: RandomPackage, data: st.DataObject) -> None:
        nonlocal runs
        recipe = read_recipe(tomllib.loads(package.recipe)["unshim"], "unshim.toml")
        files = {**package.files, "pk/far.py": b"x = 1\n", "notes.yml": b"a: b\n"}
        tree: TreeRepository | None = None
        for _ in range(5):
            runs += 1
            tree = TreeRepository(files, tree)
            repository = cast(Repository, tree)
            found: list[Plan | str] = []
            for use_store in (True, False):
                try:
                    with Plans(repository, recipe, 1, lambda _: None, use_store=use_store) as made:
                        found.append(made.of(repository, "HEAD"))
                except MigrateError as error:
                    found.append(error.message)
            assert found[0] == found[1], package
            path = data.draw(st.sampled_from(sorted(files)))
            before = files[path]
            lines = before.splitlines(keepends=True)
            place = data.draw(st.integers(0, len(lines)))
            texts = [
                before + b"# more\n",
                b"# above\n" + before,
                before + b"\n\ndef more(): ...\n",
                b"import json\n" + before,
                b"".join(lines[:place] + lines[place + 1 :]),
                b"".join(lines[:place] + lines[place - 1 :]),
                b"y = 2\n",
                other.files.get(path, b""),
            ]
            files[path if data.draw(st.booleans()) else "pk/far.py"] = data.draw(st.sampled_from(texts))

    run()
    assert {"made", "same", "moved"} == set(again)
    assert len(plans) < runs * 1.9, "each run without a store makes one, and hardly any with it does not"


# whatever state it is in


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:-1], id="cut off"),
        pytest.param(lambda data: data[:100] + b"\0" + data[101:], id="a byte"),
        pytest.param(lambda data: b"x" * 200, id="something else"),
    ],
)
def test_a_damaged_store_is_as_good_as_none(
    repo: Repo, place: Path, damage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrate.snapshots._TICK_NS", -1)  # so that stamps of new files are kept
    for command in (("scan",), ("check", "--worktree")):
        whole = said(repo, place, *command)
        for path in stored(place):
            path.write_bytes(damage(path.read_bytes()))
        assert said(repo, place, *command) == whole
        assert said(repo, place, *command) == whole
    names = {path.name.partition("-")[0] for path in stored(place)}
    assert names == {"deleted", "last", "learnt", "lines", "plan", "stamps", "trees"}


def test_an_answer_of_another_kind_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep_plan("a", "no plan")
    assert store.plan("a", Plan) is None
    assert store.plan("a", str) == "no plan"


def test_a_place_that_cannot_be_written_keeps_nothing(repo: Repo, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert said(repo, blocked, "scan") == said(repo, blocked, "scan", "--no-cache")
    assert blocked.read_text() == "no folder"


def test_files_of_other_people_are_not_read(repo: Repo, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pickle reads, it runs."""
    whole = said(repo, place, "scan")

    def refuse(*_: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr("migrate.store.pickle.loads", refuse)
    with pytest.raises(AssertionError, match="it was read"):
        said(repo, place, "scan")
    monkeypatch.setattr("migrate.store.os.geteuid", lambda: os.getuid() + 1)
    assert said(repo, place, "scan") == whole


def test_runs_at_the_same_time_share_a_store(repo: Repo, place: Path) -> None:
    whole = said(repo, place, "scan", "--no-cache")
    command = [sys.executable, "-m", "migrate", "scan", "--repo", str(repo.path)]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(place)}
    started = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) for _ in range(4)]
    assert [one.communicate()[0].decode() for one in started] == [whole] * 4
    assert all(one.returncode == 0 for one in started)
    assert [path.name for path in stored(place) if path.name.startswith(PREFIX)] == []


def test_of_many_commits_the_last_plans_are_kept(repo: Repo, place: Path) -> None:
    for number in range(6):
        repo.commit({"app/use.py": f"from app.old_manager import ChatManager\nx = {number}\n"})
        said(repo, place, "scan")
    assert len([path for path in stored(place) if path.name.startswith("plan-")]) == 4


def test_what_nobody_used_for_long_is_removed(repo: Repo, place: Path) -> None:
    said(repo, place, "scan")
    (kept,) = {path.parent for path in stored(place)}
    old, new = kept.parent.parent / "0.0.1-old" / "one", kept.parent.parent / "0.0.1-new" / "two"
    for folder, days in ((old, 31), (new, 29)):
        folder.mkdir(parents=True)
        (folder / "learnt").write_bytes(b"")
        os.utime(folder / "learnt", times=(0, time.time() - days * 24 * 3600))
    left, fresh = kept / f"{PREFIX}left", kept / f"{PREFIX}fresh"
    for path, hours in ((left, 2), (fresh, 0)):
        path.write_bytes(b"half")
        os.utime(path, times=(0, time.time() - hours * 3600))
    repo.commit({"app/x.py": "x = 1\n"})
    said(repo, place, "scan")
    assert (left.exists(), fresh.exists()) == (False, True)
    assert (old.exists(), new.exists(), kept.exists()) == (False, True, True)


def test_what_failed_is_not_kept(repo: Repo, place: Path) -> None:
    repo.write({"unshim.toml": '[unshim]\ncanonical = "app.nothing"\n'})
    assert unshim("scan", "--repo", repo.path, environment={"XDG_CACHE_HOME": str(place)}).code == 4
    assert stored(place) == []


# its parts


def test_a_cache_can_be_written_down(tmp_path: Path) -> None:
    store, cache = Store(tmp_path / "a" / "b"), Cache()
    cache.answer(LENGTH, ("blob",), lambda: 4)
    store.keep_cache(cache.packed())
    assert store.cache().answer(LENGTH, ("blob",), lambda: 5) == 4


def test_a_store_belongs_to_a_repository_and_a_recipe(tmp_path: Path) -> None:
    recipes = (Recipe(()), Recipe((), exclude=("a",)))
    folders = {store_of(tmp_path / name, recipe).folder for name in ("a", "b") for recipe in recipes}
    assert len(folders) == 4


def test_files_are_told_apart_by_their_names_contents_and_modes(repo: Repo) -> None:
    from migrate.snapshots import Staged, WorkingTree

    repository = Repository(repo.path)
    committed = repository.entries("HEAD")
    assert Staged(repository).entries("").lines == WorkingTree(repository).entries("").lines == committed.lines
    (repo.path / "app" / "use.py").chmod(0o755)
    assert WorkingTree(repository).entries("").lines != committed.lines
    repo.git("add", "app/use.py")
    assert Staged(repository).entries("").lines == WorkingTree(repository).entries("").lines


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(frozenset({"a", "b", "c"}), frozenset({"c", "b", "a"}), id="sets have no order"),
        pytest.param({"a": frozenset({1, 2})}, {"a": frozenset({2, 1})}, id="deep inside"),
    ],
)
def test_equal_values_have_one_text(one: object, other: object) -> None:
    assert stable(one) == stable(other)


def test_a_text_does_not_depend_on_the_process() -> None:
    code = "from migrate.cache import stable; print(stable(frozenset('abcdefgh')))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**ENVIRONMENT, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(texts) == 1


def test_searches_are_pickled_without_their_patterns() -> None:
    from migrate.search import HasWord

    search = HasWord("word")
    assert search(b"a word")
    assert pickle.loads(pickle.dumps(search)) == search
    assert b"re.compile" not in pickle.dumps(search) and b"_compile" not in pickle.dumps(search)
