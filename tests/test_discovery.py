"""Discovery: which modules are taken for shims of the canonical one, though no recipe names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import make_repo, unshim

FILES = {
    "unshim.toml": "[unshim]\ncanonical = 'p.models'\n",
    "p/__init__.py": "",
    "p/util.py": "def a(): ...\ndef b(): ...\ndef c(): ...\n",
    "p/models.py": "from p.util import a, b, c\n\nclass Page: ...\n",
    "p/admin/__init__.py": "",
    "p/admin/panels.py": "from p.models import Page\n\nclass One: ...\nclass Two: ...\nclass Three: ...\n",
}
WARNS = "import warnings\nwarnings.warn('p.contrib.models is old', DeprecationWarning)\n"


@pytest.mark.parametrize(
    ("files", "shims"),
    [
        pytest.param({"p/admin/all.py": "from p.admin.panels import *\n"}, [], id="it stands for another one"),
        pytest.param(
            {"p/admin/all.py": "from p.admin.panels import *\n", "use.py": "from p.admin.all import Page, One\n"},
            [],
            id="... also where an owned name is taken from it",
        ),
        pytest.param(
            {"q/all.py": "from p.models import Page\nfrom p.admin.panels import One, Two, Three\n"}, [], id="a facade"
        ),
        pytest.param({"q/shell.py": "from p.models import *\n"}, [], id="a script, which nobody imports"),
        pytest.param(
            {"q/__init__.py": "from p.models import *\n", "q/other.py": "", "use.py": "from q import Page\n"},
            [],
            id="the face of a package",
        ),
        pytest.param(
            {"q/__init__.py": "from p.models import *\n", "use.py": "from q import Page\n"},
            [],
            id="a package at the top, which is what users install",
        ),
        pytest.param(
            {"p/q/__init__.py": "from p.models import *\n", "use.py": "from p.q import Page\n"},
            ["p.q"],
            id="a package that has nothing else",
        ),
        pytest.param(
            {
                "p/q/__init__.py": "from p.q.page import Page\n",
                "p/q/page.py": "from p.models import Page\n",
                "use.py": "from p.q import Page\n",
            },
            ["p.q", "p.q.page"],
            id="a package of nothing but shims",
        ),
        pytest.param(
            {
                "p/q/__init__.py": "from p.q.page import Page\n",
                "p/q/page.py": "from p.models import Page\n",
                "p/q/deep/own.py": "x = 1\n",
                "use.py": "from p.q import Page\n",
            },
            ["p.q.page"],
            id="a package of more than shims",
        ),
        pytest.param(
            {"q/old.py": "import warnings\nwarnings.warn('try me')\nfrom p.models import Page\n"},
            [],
            id="it warns of something else",
        ),
        pytest.param(
            {"p/migrations/0001_old.py": "from p.models import Page\n", "use.py": "import p.migrations\n"},
            [],
            id="a migration",
        ),
        pytest.param(
            {"p/migrations/old.py": "from p.models import Page\n", "use.py": "from p.migrations.old import Page\n"},
            ["p.migrations.old"],
            id="a module beside migrations",
        ),
        pytest.param(
            {"p/templatetags/__init__.py": "", "p/templatetags/tags.py": "from p.models import Page\n"},
            [],
            id="what templates load by its name",
        ),
        pytest.param(
            {
                "p/management/commands/go.py": "from p.models import Page\n",
                "use.py": "import p.management.commands.go\n",
            },
            [],
            id="a command, also where a file imports it",
        ),
        pytest.param({"q/shell.py": f"{WARNS}from p.util import a\n"}, [], id="it warns, and forwards other things"),
        pytest.param({"q/old.py": f"{WARNS}from p.models import *\n"}, ["q.old"], id="it warns: that is no script"),
        pytest.param(
            {"q/old.py": "from p.models import *\n", "use.py": "from q.old import a\n"},
            ["q.old"],
            id="what the canonical module takes from others is forwarded with its own names",
        ),
        pytest.param(
            {"p/old.py": "from p.models import *\nfrom p.admin.panels import *\n", "use.py": "import p.old\n"},
            ["p.old"],
            id="a facade in the package of the canonical module",
        ),
        pytest.param(
            {"p/old.py": "from p.models import Page\n", "p/older.py": "from p.old import Page\n"},
            ["p.old", "p.older"],
            id="a chain of them",
        ),
    ],
)
def test_shims_are_discovered(tmp_path: Path, files: dict[str, str], shims: list[str]) -> None:
    repo = make_repo(tmp_path, {**FILES, **files})
    found = json.loads(unshim("scan", "--format", "json", "--repo", repo.path).out)
    assert [one["module"] for one in found["modules"] if one["module"] != "p.models"] == shims


@pytest.mark.parametrize("path", ["'q.' + kind", "'.' + kind, __package__", "f'{__package__}.{kind}'"])
def test_a_file_that_names_nothing_but_a_package_is_looked_at(tmp_path: Path, path: str) -> None:
    """It was not, and a module was deleted that it imports."""
    factory = f"import importlib\ndef get(kind): return importlib.import_module({path})\n"
    shim = {"q/old.py": "from p.models import *\n", "use.py": "from q.old import Page\nimport q.make\n"}
    repo = make_repo(tmp_path, {**FILES, **shim, "q/make.py": factory, "far.py": factory.replace("q.", "r.")})
    found = json.loads(unshim("scan", "--format", "json", "--repo", repo.path).out)
    assert [(one["path"], one["reason"]) for one in found["references"] if one["reason"]] == [
        ("q/make.py", "computed-string")
    ]
    assert [one["deletable"] for one in found["modules"] if one["module"] == "q.old"] == [False]


def test_a_package_of_nothing_but_its_init_can_go(tmp_path: Path) -> None:
    """It could not: nothing would be left of its folder."""
    files = {"p/fast/__init__.py": "from p.models import Page\n", "use.py": "from p.fast import Page\n"}
    repo = make_repo(tmp_path, {**FILES, **files})
    unshim("apply", "--repo", repo.path)
    assert "p/fast" not in repo.word("ls-tree", "-r", "--name-only", "unshim/models")
    assert unshim("check", "--rev", "unshim/models", "--repo", repo.path).code == 0
