"""reach.py: which files a test or a script can set in motion."""

from __future__ import annotations

import pytest
from projects import entries_of, texts_of

from migrate.cache import Cache
from migrate.project import Project
from migrate.reach import Reach
from migrate.recipe import SourceRoot

FILES = {
    "p/__init__.py": "",
    "p/a.py": "from p.b import x\n",
    "p/b.py": "x = 1\n",
    "p/c.py": "x = 1\n",
    "p/sub/__init__.py": "",
    "p/sub/d.py": "from ..b import x\n",
    "p/sub/e.py": "from . import x, d\n",
    "tools/helper.py": "import p.c\n",
}


def reach(files: dict[str, str], *roots: str) -> Reach:
    contents = {path: text.encode() for path, text in files.items()}
    project = Project(entries_of(contents, {}), tuple(SourceRoot(root) for root in roots or ("",)), texts_of(contents))
    return Reach(project, Cache())


def reached(text: str, path: str = "tests/test_it.py", **more: str) -> set[str]:
    """Which of the files a file with this text can run, itself and packages aside."""
    files = {**FILES, **{name.replace("__", "/") + ".py": content for name, content in more.items()}, path: text}
    found = reach(files)
    return {other for other in files if found.can_run(path, other)} - {path, "p/__init__.py", "p/sub/__init__.py"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # nothing
        pytest.param("", set(), id="an empty test"),
        pytest.param("x = 1\n", set(), id="no name"),
        pytest.param("xp.c  _p.c  y.p.c\n", set(), id="longer names"),
        pytest.param("import px.c\n", set(), id="another package"),
        pytest.param("import p\n", set(), id="only the package"),
        # imports  # noqa: ERA001
        pytest.param("import p.c\n", {"p/c.py"}, id="import"),
        pytest.param("import p.c as c\n", {"p/c.py"}, id="import as"),
        pytest.param("from p.c import x\n", {"p/c.py"}, id="from"),
        pytest.param("from p import c\n", {"p/c.py"}, id="a module out of its package"),
        pytest.param("from p import x, c as d\n", {"p/c.py"}, id="the second of two"),
        pytest.param("from p import (\n  c,  # why\n)\n", {"p/c.py"}, id="in parentheses"),
        pytest.param("def test():\n  from p import c\n", {"p/c.py"}, id="in a function"),
        pytest.param("from p import x; y = c\n", set(), id="a word behind the statement"),
        pytest.param("from p import x  # c\n", set(), id="a word in a comment"),
        pytest.param("p.c.x\n", {"p/c.py"}, id="an attribute"),
        pytest.param("import p.c.x.y\n", {"p/c.py"}, id="names behind the module"),
        # on and on
        pytest.param("import p.a\n", {"p/a.py", "p/b.py"}, id="what the module names"),
        pytest.param("import p.sub.d\n", {"p/sub/d.py", "p/b.py"}, id="relative, two levels up"),
        pytest.param("from p.sub import e\n", {"p/sub/e.py", "p/sub/d.py", "p/b.py"}, id="relative, a module"),
        # strings and comments
        pytest.param("run('p.c')\n", {"p/c.py"}, id="a string"),
        pytest.param("run('p.c:x')\n", {"p/c.py"}, id="a string with a colon"),
        pytest.param("# see p.c\n", {"p/c.py"}, id="a comment, generously"),
        # bare names from a folder on the path
        pytest.param("import helper\n", {"tools/helper.py", "p/c.py"}, id="a bare name"),
        pytest.param("import os as o, helper\n", {"tools/helper.py", "p/c.py"}, id="a bare name, the second of two"),
        pytest.param("import os, \\\n  helper\n", {"tools/helper.py", "p/c.py"}, id="a bare name on the next line"),
        pytest.param("from helper import x\n", {"tools/helper.py", "p/c.py"}, id="from a bare name"),
        pytest.param("import_module('helper')\n", {"tools/helper.py", "p/c.py"}, id="import_module of a bare name"),
        pytest.param("import_module(\n \"helper\")\n", {"tools/helper.py", "p/c.py"}, id="over two lines"),
        pytest.param("helper = 1\n", set(), id="a bare word"),
        pytest.param("import helpers\n", set(), id="a longer word"),
        pytest.param("import os as helper, q.helper\n", set(), id="another module of that name"),
        pytest.param("import os; f(a, helper)\n", set(), id="a word behind the statement, and a comma"),
    ],
)  # fmt: skip
def test_a_test_runs_what_it_names(text: str, wanted: set[str]) -> None:
    assert reached(text) == wanted


def test_a_file_runs_itself() -> None:
    assert reach(FILES).can_run("p/c.py", "p/c.py")
    assert reach({**FILES, "test_a.py": ""}).can_run("test_a.py", "test_a.py")


def test_a_module_that_others_use_may_run_anything() -> None:
    found = reach(FILES)
    assert found.can_run("p/b.py", "p/c.py")
    assert found.can_run("p/__init__.py", "tools/helper.py")


@pytest.mark.parametrize(
    ("path", "other", "wanted"),
    [
        pytest.param("script.py", "", {"p/c.py"}, id="a script that no file names"),
        pytest.param("script.py", "scripts = 1\n_script = my_script\n", {"p/c.py"}, id="other words"),
        pytest.param("own.py", "", {"p/c.py"}, id="a script that names itself"),
        pytest.param("script.py", "import script\n", None, id="an imported one"),
        pytest.param("script.py", "run('script.py')\n", None, id="one that is run by its file's name"),
        pytest.param("conftest.py", "", None, id="pytest imports it"),
        pytest.param("tests/conftest.py", "", None, id="pytest imports it, in a folder"),
        pytest.param("new/__init__.py", "", None, id="a package"),
        pytest.param("tests/test_it.py", "import tests.test_it\n", {"p/c.py"}, id="a test, even if it is imported"),
    ],
)
def test_who_stands_alone(path: str, other: str, wanted: set[str] | None) -> None:
    files = {**FILES, "other.py": other, path: "import p.c, own\n"}
    found = reach(files)
    run = {
        one for one in files if one.startswith("p/") and not one.endswith("__init__.py") and found.can_run(path, one)
    }
    assert run == ({"p/a.py", "p/b.py", "p/c.py", "p/sub/d.py", "p/sub/e.py"} if wanted is None else wanted)


@pytest.mark.parametrize(
    ("place", "runs"),
    [
        ("conftest.py", True),
        ("tests/conftest.py", True),
        ("tests/unit/conftest.py", True),
        ("tests/other/conftest.py", False),
        ("tests/unit/deep/conftest.py", False),
        ("tests/unit/fixtures.py", False),
    ],
)
def test_fixtures(place: str, runs: bool) -> None:
    found = reach({**FILES, place: "import p.c\n", "tests/unit/test_it.py": ""})
    assert found.can_run("tests/unit/test_it.py", "p/c.py") is runs


@pytest.mark.parametrize(("count", "runs"), [(1, True), (3, True), (4, False), (5, False)])
def test_a_bare_name_of_many_files_says_nothing(count: int, runs: bool) -> None:
    many = {f"dir{number}/common.py": "" for number in range(count)}
    found = reach({**FILES, **many, "test_it.py": "import common\n"})
    assert found.can_run("test_it.py", "dir0/common.py") is runs


def test_a_circle_ends() -> None:
    found = reach(
        {"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\n", "test_it.py": "import p.a\n"}
    )
    assert found.can_run("test_it.py", "p/b.py")


def test_a_source_root() -> None:
    found = reach(
        {"src/p/__init__.py": "", "src/p/a.py": "", "test_it.py": "import p.a\n", "src/p/b.py": ""}, "", "src"
    )
    assert found.can_run("test_it.py", "src/p/a.py")
    assert not found.can_run("test_it.py", "src/p/b.py")


def test_a_notebook_may_run_anything() -> None:
    assert reach(FILES).can_run("notes/look.ipynb", "p/c.py")
