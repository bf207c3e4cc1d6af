"""The proof of each deletion, and the reasons of each shim that stays."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import SAMPLE, make_repo, scan, unshim

WARNS = "import warnings\nfrom app.manager import ChatManager\nwarnings.warn('old')\n"


def evidence(files: dict[str, str | bytes], tmp_path: Path) -> tuple[bool, str]:
    document = scan(make_repo(tmp_path / "repo", {**SAMPLE, **files}))
    [one] = [one for one in document["modules"] if one["module"] == "app.old_manager"]
    return one["deletable"], "\n".join(one["evidence"])


def test_the_proof_is_in_the_diff_and_git_takes_it(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/old_manager.py": WARNS})
    out = unshim("diff", "--repo", repo.path).out
    assert out.startswith(b"# app/old_manager.py can be deleted:\n#   no reference is left: 1 rewritten; no text")
    assert b"line 3 warns: warnings.warn('old')" in out
    repo.git("apply", "--check", "-", stdin=out)


@pytest.mark.parametrize(("kind", "goes"), [("warnings", False), ("logging", True)])
def test_effects_that_the_recipe_finds_harmful(kind: str, goes: bool, tmp_path: Path) -> None:
    recipe = f'[unshim]\ncanonical = "app.manager"\nharmful = ["{kind}"]\n'
    deletable, told = evidence({"app/old_manager.py": WARNS, "unshim.toml": recipe}, tmp_path)
    assert deletable is goes
    assert ("line 3 is not harmless, says the recipe" in told) is not goes


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    assert (
        "app/broken.py could not be checked and may name it"
        in evidence({"app/broken.py": "import app.old_manager\nif:\n"}, tmp_path)[1]
    )


def notebook(*lines: str, **metadata: object) -> str:
    """A notebook of one code cell."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": list(lines)}
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 4})


def shims_that_go(files: dict[str, str | bytes], tmp_path: Path) -> tuple[set[str], list[str]]:
    """Of two shims, one of them with a name that every notebook has; and the paths that were not checked."""
    forwards = "from app.manager import ChatManager\n"
    use = "from app.display import ChatManager\nfrom app.old_manager import ChatManager as B\n"
    document = scan(make_repo(tmp_path / "repo", {**SAMPLE, "app/display.py": forwards, "use.py": use, **files}))
    going = {one["module"] for one in document["modules"] if one["deletable"]}
    return going, [one["path"] for one in document["unchecked"]]


@pytest.mark.parametrize(
    ("content", "going", "unchecked"),
    [
        pytest.param(notebook("import time\n", "int(\n", kernelspec={"display_name": "Python 3"}), {"app.display", "app.old_manager"}, [], id="a cell that does not parse and names nothing"),
        pytest.param(notebook("display(1)", kernelspec={"display_name": "R"}, language_info={"name": "R"}), {"app.display", "app.old_manager"}, ["x.ipynb"], id="another language, and a name that the package is not beside"),
        pytest.param(notebook("from app import display\n", "int(\n"), {"app.old_manager"}, ["x.ipynb"], id="it names one of them"),
        pytest.param(notebook("import app.old_manager\n", "print 'x'\n"), {"app.display"}, ["x.ipynb"], id="it names the other one, in Python 2"),
        pytest.param(notebook("!python -m app.old_manager\n", "int(\n"), {"app.display"}, ["x.ipynb"], id="in a magic"),
        pytest.param('{"cells": [{"source": "app.old_manager', {"app.display"}, ["x.ipynb"], id="no JSON"),
        pytest.param(b'{"cells": ["\xe9 app.manager"]}', set(), ["x.ipynb"], id="no text: it may say anything"),
    ],
)  # fmt: skip
def test_a_broken_notebook_holds_what_its_code_may_name(
    content: str | bytes, going: set[str], unchecked: list[str], tmp_path: Path
) -> None:
    assert shims_that_go({"x.ipynb": content}, tmp_path) == (going, unchecked)


def test_a_module_that_keeps_its_own_import_stays(tmp_path: Path) -> None:
    kept = "from app.old_manager import ChatManager  # unshim: keep (a plugin, loaded by name)\n"
    document = scan(make_repo(tmp_path / "repo", {**SAMPLE, "app/kept.py": kept}))
    told = {one["module"]: one for one in document["modules"]}
    assert "line 1 is kept by a comment" in told["app.kept"]["evidence"]
    assert not told["app.kept"]["deletable"] and not told["app.old_manager"]["deletable"]


# imports that count from the folder

FLAT = "from old_manager import ChatManager\n"
SCRIPT = "run as a script, it imports old_manager from its own folder"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"web/tool.py": FLAT, "tool.py": FLAT}, id="other folders"),
        pytest.param({"app/tool.py": "from old_managers import x\nimport my_old_manager, x.old_manager\n"}, id="other names"),
        pytest.param({"app/tool.py": f"x = 1  # {FLAT}y = '{FLAT[:-1]}'\n"}, id="not where a line begins"),
        pytest.param({"app/tool.py": '"""We\nimport old_manager things,\nas from old_manager imports.\n"""\n'}, id="prose"),
        pytest.param({"app/tool.pyi": FLAT}, id="a stub does not run"),
        pytest.param({"app/tool.py": FLAT, "old_manager.py": "class ChatManager: ...\n"}, id="a module at the top"),
        pytest.param({"app/tool.sh": FLAT, "app/tool": f"#!/bin/sh\n{FLAT}"}, id="no Python"),
    ],
)  # fmt: skip
def test_what_takes_another_module_holds_no_shim(files: dict[str, str | bytes], tmp_path: Path) -> None:
    deletable, told = evidence(files, tmp_path)
    assert deletable, told


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({"app/tool.py": f"x = 1\n{FLAT}"}, f"app/tool.py:2: {SCRIPT}", id="a script"),
        pytest.param({"app/tool.py": b"\xef\xbb\xbf" + FLAT.encode()}, f"app/tool.py:1: {SCRIPT}", id="behind a BOM"),
        pytest.param({"app/__main__.py": "import sys, old_manager as m\r\nm.ChatManager()\r\n"}, f"app/__main__.py:1: {SCRIPT}", id="a module among others"),
        pytest.param({"app/py2.py": FLAT + "print 'x'\n"}, f"app/py2.py:1: {SCRIPT}", id="Python 2 looks into the folder first, too"),
        pytest.param({"app/tool.py": f"try:\n    from .old_manager import ChatManager\nexcept ImportError:\n    {FLAT}"}, f"app/tool.py:4: {SCRIPT}", id="where the relative import fails"),
        pytest.param({"app/tool": f"#!/usr/bin/python\n{FLAT}"}, "app/tool:2: app.old_manager:ChatManager", id="a script without an ending"),
        pytest.param({"app/x.pyx": "from .old_manager cimport ChatManager\n"}, "app/x.pyx:1: app.old_manager:ChatManager", id="Cython"),
    ],
)  # fmt: skip
def test_what_counts_from_the_folder_holds_the_shim(files: dict[str, str | bytes], reason: str, tmp_path: Path) -> None:
    deletable, told = evidence(files, tmp_path)
    assert not deletable
    assert f"held by {reason}" in told


def test_a_package_that_is_a_shim_is_held_from_the_folder_around_it(tmp_path: Path) -> None:
    forwards = "from app.manager import ChatManager\n"
    files = {
        "app/pack/__init__.py": forwards,
        "app/tool.py": "from pack import ChatManager\n",
        "app/queue.py": forwards,
    }
    files |= {
        "app/other.py": "import queue\n",
        "unshim.toml": SAMPLE["unshim.toml"] + 'shims = ["app.pack", "app.queue"]\n',
    }
    modules = {one["module"]: one for one in scan(make_repo(tmp_path / "repo", {**SAMPLE, **files}))["modules"]}
    assert (
        "held by app/tool.py:1: run as a script, it imports pack from its own folder" in modules["app.pack"]["evidence"]
    )
    assert modules["app.queue"]["deletable"], "import queue is the standard library's"


BESIDE = "its directory keeps other files: {}, so that the old name would stay importable as a namespace package"


@pytest.mark.parametrize(
    ("others", "going"),
    [
        pytest.param({"app/pack/data.json": "{}"}, {"app.pack.old"}, id="a file that is no module keeps the package"),
        pytest.param({"names.py": "NAMES = ['app.pack.old']\n"}, set(), id="what holds a shim holds its package, too"),
        pytest.param({}, {"app.pack", "app.pack.old"}, id="a package of nothing but shims goes as a whole"),
    ],
)
def test_a_package_goes_with_its_modules(others: dict[str, str], going: set[str], tmp_path: Path) -> None:
    files = {
        "app/pack/__init__.py": "from app.pack.old import ChatManager\n",
        "app/pack/old.py": "from app.manager import ChatManager\n",
        "use.py": "from app.pack import ChatManager\n",
    }
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **files, **others})
    modules = {one["module"]: one for one in scan(repo)["modules"]}
    assert {name for name in ("app.pack", "app.pack.old") if modules[name]["deletable"]} == going
    left = {"app/pack/data.json": "app/pack/data.json", "names.py": "app/pack/old.py"}
    for one in others:
        assert BESIDE.format(left[one]) in modules["app.pack"]["evidence"]
    done = unshim("apply", "--repo", repo.path, "--partial")
    assert done.code == 0, done
    again = unshim("diff", "--repo", repo.path, "--rev", "unshim/manager")
    assert not again.out, again.text


def test_the_last_files_of_a_folder_without_an_init_stay_together(tmp_path: Path) -> None:
    forwards = "from app.manager import ChatManager\n"
    files = {"app/ns/one.py": forwards, "app/ns/two.py": forwards, "use.py": "from app.ns.one import ChatManager\n"}
    files |= {"unshim.toml": SAMPLE["unshim.toml"] + 'shims = ["app.ns.one", "app.ns.two"]\n'}
    modules = {one["module"]: one for one in scan(make_repo(tmp_path / "repo", {**SAMPLE, **files}))["modules"]}
    for name in ("app.ns.one", "app.ns.two"):
        assert "nothing would be left of app/ns, which would be gone, too" in modules[name]["evidence"]


def test_a_name_that_files_elsewhere_import_is_that_of_an_installed_package(tmp_path: Path) -> None:
    files = {
        "app/redis.py": "from app.manager import ChatManager\n",
        "app/both.py": "import redis\nfrom app.redis import ChatManager\n",
    }
    none_of_ours = {"app/both.py": "import redis\nredis.Redis()\n"}
    elsewhere = {"tests/conftest.py": "import redis\n"}
    for others, deletable in (({}, False), (elsewhere, True), (none_of_ours, True)):
        repo = make_repo(tmp_path / str(len(others) + len(others.keys() & files.keys())), {**SAMPLE, **files, **others})
        modules = {one["module"]: one for one in scan(repo)["modules"]}
        assert modules["app.redis"]["deletable"] is deletable


# tests about the path itself

DELETING = '[unshim]\ncanonical = "app.manager"\npath_tests = "delete"\n'
ABOUT = """\
def test_the_old_path_warns():
    with pytest.warns(DeprecationWarning):
        from app.old_manager import ChatManager
    assert ChatManager
"""
TESTS = f"import pytest\n\n\ndef test_something_else():\n    pass\n\n\n{ABOUT}"


def test_by_default_a_test_about_the_path_holds_the_shim_and_is_listed(tmp_path: Path) -> None:
    deletable, told = evidence({"tests/test_paths.py": TESTS}, tmp_path)
    assert not deletable
    assert "held only by tests about the path itself: tests/test_paths.py:10 in test_the_old_path_warns" in told


def test_a_test_about_the_path_goes_with_the_shim_if_the_recipe_says_so(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "tests/test_paths.py": TESTS, "unshim.toml": DELETING})
    told = unshim("scan", "--repo", repo.path).text
    assert "1 test about its path goes with it" in told
    done = unshim("apply", "--repo", repo.path)
    assert (done.code, done.err) == (0, ""), done
    assert (
        repo.content("unshim/manager", "tests/test_paths.py")
        == TESTS.partition("\n\n\ndef test_the_old")[0].encode() + b"\n"
    )
    changed = repo.word("diff-tree", "-r", "--name-status", "unshim/manager~1", "unshim/manager").split()
    assert changed == ["D", "app/old_manager.py", "M", "tests/test_paths.py"]
    message = repo.word("log", "-1", "--format=%B", "unshim/manager")
    assert message.startswith("Delete 1 compatibility file ")
    assert "its test goes too: tests/test_paths.py:10 in test_the_old_path_warns" in message
    again = unshim("apply", "--repo", repo.path, "--rev", "unshim/manager", "--branch", "again")
    assert again.text.startswith("nothing to do")


def test_a_file_that_has_only_such_tests_goes(tmp_path: Path) -> None:
    files = {**SAMPLE, "tests/test_paths.py": f"import pytest\n\n\n{ABOUT}", "unshim.toml": DELETING}
    repo = make_repo(tmp_path / "repo", files)
    assert unshim("apply", "--repo", repo.path).code == 0
    assert b"tests/test_paths.py" not in repo.files("unshim/manager")


def test_a_file_that_the_rewrite_step_changes_too(tmp_path: Path) -> None:
    use = "from app.old_manager import get_chat_manager\n\n\ndef test_use():\n    get_chat_manager()\n"
    files = {**SAMPLE, "tests/test_paths.py": f"{use}\n\n{ABOUT}", "unshim.toml": DELETING}
    repo = make_repo(tmp_path / "repo", files)
    assert unshim("apply", "--repo", repo.path).code == 0
    assert repo.content("unshim/manager", "tests/test_paths.py") == use.replace("old_manager", "manager").encode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TESTS + "\n\nagain = test_the_old_path_warns\n", id="the file names it elsewhere"),
        pytest.param(TESTS.replace("def test_the_old", "def check_the_old"), id="no test by its name"),
        pytest.param(TESTS.replace("    assert C", "    from app.double import ChatManager as D\n    assert D, C"),
                     id="it is about another path too"),
    ],
)  # fmt: skip
def test_a_test_that_is_about_more_holds_the_shim(text: str, tmp_path: Path) -> None:
    double = {"app/double.py": "class ChatManager: pass\n", "unshim.toml": DELETING + 'shims = ["app.double"]\n'}
    deletable, told = evidence({"tests/test_paths.py": text, **double}, tmp_path)
    assert not deletable
    assert "held" in told
