"""export: what ruff and import-linter are told; the real tools are run over the result."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, SAMPLE, Repo, make_repo, unshim

BIN = Path(sys.executable).parent
USE = "from app.manager import ChatManager\n\n\ndef use() -> object:\n    return ChatManager()\n"
"""A module that is no shim: it has a function of its own."""


def exported(repo: Repo, tool: str) -> str:
    result = unshim("export", tool, "--repo", repo.path)
    assert (result.code, result.err) == (0, ""), result
    return result.text


def bans(repo: Repo) -> dict[str, str]:
    """The table that is exported for ruff: path -> message."""
    found = tomllib.loads(exported(repo, "ruff"))
    found = found["tool"]["ruff"] if "tool" in found else found
    return {path: entry["msg"] for path, entry in found["lint"]["flake8-tidy-imports"]["banned-api"].items()}


def ruff(repo: Repo) -> list[str]:
    """``path:line`` of every use of a banned path."""
    command = [BIN / "ruff", "check", "--no-cache", "--output-format", "concise", "--select", "TID251", "."]
    done = subprocess.run(command, cwd=repo.path, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1) and not done.stderr, done
    return [":".join(line.split(":")[:2]) for line in done.stdout.splitlines() if "TID251" in line]


def lint_imports(repo: Repo) -> tuple[int, str]:
    command = [BIN / "lint-imports", "--no-cache"]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(repo.path)}
    done = subprocess.run(command, cwd=repo.path, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


# what is not banned


@pytest.mark.parametrize(
    ("files", "absent"),
    [
        pytest.param({}, ["app.manager", "app"], id="the canonical module and its package"),
        pytest.param(
            {
                "app/_impl.py": "class ChatManager:\n    pass\n",
                "app/manager.py": 'from app._impl import ChatManager\n\n__all__ = ["ChatManager"]\n',
                "app/old_manager.py": "from app.manager import ChatManager\n",
            },
            ["app._impl", "app._impl.ChatManager"],
            id="what the canonical module is made of",
        ),
        pytest.param(
            {
                "app/base.py": "class ChatManager:\n    pass\n",
                "app/through.py": "from app.base import ChatManager\n",
                "app/manager.py": 'from app.through import ChatManager\n\n__all__ = ["ChatManager"]\n',
                "app/old_manager.py": "from app.manager import ChatManager\n",
            },
            ["app.through", "app.through.ChatManager", "app.base"],
            id="a shim that the canonical module itself needs",
        ),
        pytest.param(
            {"unshim.toml": '[unshim]\ncanonical = "app.manager"\n[unshim.moves]\n"app.old_manager" = "keep"\n'},
            ["app.old_manager", "app.old_manager.ChatManager"],
            id="a module that the recipe keeps",
        ),
        pytest.param(
            {
                "unshim.toml": '[unshim]\ncanonical = "app.manager"\n[unshim.moves]\n'
                '"app.old_manager:ChatManager" = "keep"\n'
            },
            ["app.old_manager", "app.old_manager.ChatManager"],
            id="a name that the recipe keeps, and the module that has it",
        ),
        pytest.param(
            {
                "app/old_manager.py": "",
                "app/compat/__init__.py": "from app.manager import ChatManager\n",
                "app/compat/tools.py": "def tool() -> int:\n    return 1\n",
                "app/use.py": "from app.compat import ChatManager\nfrom app.compat.tools import tool\n\nx = tool()\n",
            },
            ["app.compat", "app.compat.tools"],
            id="a package with a module of its own",
        ),
        pytest.param(
            {
                "app/other.py": "class Thing:\n    pass\n",
                "app/mixed.py": "from app.other import Thing\n\nX = Thing()\n",
            },
            ["app.other", "app.mixed", "app.mixed.Thing"],
            id="modules that have nothing to do with it",
        ),
        pytest.param(
            {"app/double.py": "class ChatManager:\n    pass\n", "app/use.py": "from app.double import ChatManager\n"},
            ["app.double", "app.double.ChatManager"],
            id="another object of the same name",
        ),
    ],
)
def test_what_is_not_banned(files: dict[str, str], absent: list[str], tmp_path: Path) -> None:
    found = bans(make_repo(tmp_path / "repo", {**SAMPLE, **files}))
    assert not set(absent) & set(found), found


# what is banned

MIXED = "from app.manager import ChatManager\n\nLIMIT = 3\n\n\ndef limit() -> int:\n    return LIMIT\n"


@pytest.mark.parametrize(
    ("files", "path", "new"),
    [
        pytest.param({}, "app.old_manager", "app.manager", id="a shim that goes"),
        pytest.param(
            {"app/keeps.py": "from app.old_manager import ChatManager  # unshim: keep (x)\n\nmade = ChatManager()\n"},
            "app.old_manager",
            "app.manager",
            id="a pure shim that stays for a line",
        ),
        pytest.param(
            {"app/mixed.py": MIXED, "app/use.py": "from app.mixed import ChatManager\n\nmade = ChatManager()\n"},
            "app.mixed.ChatManager",
            "app.manager:ChatManager",
            id="a name of a module that has more",
        ),
        pytest.param(
            {
                "app/__init__.py": "from app.manager import ChatManager\n\nVERSION = 1\n",
                "app/use.py": "from app import ChatManager\n\nmade = ChatManager()\n",
            },
            "app.ChatManager",
            "app.manager:ChatManager",
            id="a name of a package",
        ),
        pytest.param(
            {
                "app/text.py": "def clean() -> int:\n    return 1\n",
                "app/utils.py": "def clean() -> int:\n    return 1\n",
                "unshim.toml": '[unshim]\ncanonical = "app.manager"\n[unshim.moves]\n"app.utils" = "app.text"\n',
            },
            "app.utils",
            "app.text",
            id="a module that the recipe moves",
        ),
        pytest.param(
            {
                "unshim.toml": '[unshim]\ncanonical = "app.manager"\n[unshim.moves]\n'
                '"mock" = { to = "unittest.mock", external = true }\n'
            },
            "mock",
            "unittest.mock",
            id="a module from outside",
        ),
        pytest.param(
            {
                "app/factory.py": "def make() -> int:\n    return 1\n",
                "unshim.toml": '[unshim]\ncanonical = "app.manager"\n[unshim.moves]\n'
                '"app.factory:make" = "app.manager:get_chat_manager"\n',
            },
            "app.factory.make",
            "app.manager:get_chat_manager",
            id="a name that the recipe moves",
        ),
        pytest.param(
            {
                "app/älter.py": "from app.manager import ChatManager\n",
                "app/use.py": "from app.älter import ChatManager\n",
            },
            "app.älter",
            "app.manager",
            id="a name beyond ASCII",
        ),
    ],
)
def test_what_is_banned(files: dict[str, str], path: str, new: str, tmp_path: Path) -> None:
    found = bans(make_repo(tmp_path / "repo", {**SAMPLE, **files}))
    assert found[path] == f"use {new} instead (banned by unshim)"


def test_a_module_that_an_earlier_run_deleted_stays_banned(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/use.py": USE.replace("manager", "old_manager", 1)})
    first = bans(repo)
    assert unshim("apply", "--repo", repo.path).code == 0
    repo.git("merge", "-q", "unshim/manager")
    assert not (repo.path / "app/old_manager.py").exists()
    assert bans(repo) == first == {"app.old_manager": "use app.manager instead (banned by unshim)"}


# the tables in the tools


@pytest.mark.parametrize("file", ["pyproject.toml", "ruff.toml", ".ruff.toml"])
def test_ruff_finds_the_old_imports_and_no_canonical_one(file: str, tmp_path: Path) -> None:
    files = {
        "app/mixed.py": MIXED,
        "app/use.py": USE,
        "app/all.py": "from app.manager import ChatManager as A\nfrom app.old_manager import ChatManager as B\n"
        "from . import old_manager\nfrom .old_manager import get_chat_manager\nimport app.old_manager\n"
        "from app.mixed import LIMIT\nfrom app.mixed import ChatManager as C\nimport app.manager\n\n\n"
        "def use() -> object:\n    return A, B, C, LIMIT, old_manager, get_chat_manager\n",
        file: "line-length = 100\n" if file != "pyproject.toml" else "[tool.ruff]\nline-length = 100\n",
    }
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **files})
    text = exported(repo, "ruff")
    assert ("[tool.ruff.lint." in text) is (file == "pyproject.toml")
    assert text.startswith("# ") and "'unshim export ruff'" in text and "TID251" in text
    with (repo.path / file).open("a") as stream:
        stream.write("\n" + text)
    assert ruff(repo) == [f"app/all.py:{line}" for line in (2, 3, 4, 5, 7)]


@pytest.mark.parametrize("form", ["pyproject.toml", ".importlinter", "setup.cfg", "nothing yet"])
def test_import_linter_keeps_the_contract_until_an_old_path_is_imported(form: str, tmp_path: Path) -> None:
    ini = "[importlinter]\nroot_package = app\n"
    configured = {
        "pyproject.toml": {"pyproject.toml": '[tool.importlinter]\nroot_package = "app"\n'},
        ".importlinter": {".importlinter": ini},
        "setup.cfg": {"setup.cfg": f"[metadata]\nname = app\n{ini}"},
        "nothing yet": {"pyproject.toml": ""},
    }[form]
    keeps = USE.replace("manager import ChatManager", "old_manager import ChatManager  # unshim: keep (x)", 1)
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/use.py": USE, "app/keeps.py": keeps, **configured})
    text = exported(repo, "import-linter")
    with (repo.path / next(iter(configured))).open("a") as stream:
        stream.write("\n" + text)
    assert lint_imports(repo)[0] == 0, lint_imports(repo)
    repo.write({"app/new.py": "def f() -> object:\n    from . import old_manager\n    return old_manager\n"})
    code, out = lint_imports(repo)
    assert code == 1 and "app.new -> app.old_manager" in out, out


def test_import_linter_is_told_nothing_of_modules_that_go(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/use.py": USE})
    text = exported(repo, "import-linter")
    assert "#   app.old_manager\n" in text
    assert "nothing that a contract could forbid" in text
    assert tomllib.loads(text) == {}


def test_an_export_for_another_tool_is_wrong_usage(tmp_path: Path) -> None:
    assert unshim("export", "flake8", "--repo", tmp_path).code == 2
