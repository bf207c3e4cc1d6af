"""Ignored: as git says, by the .gitignore files of a commit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import make_repo, unshim

from migrate.ignored import Ignored
from migrate.repository import Repository

PATTERNS = {
    ".gitignore": "_version.py\n/gen/\n# note.py\n*.so\n",
    "app/.gitignore": "!_version.py\nmade.py\n",
    "deep/er/.gitignore": "/here.py\n",
    "bad/.gitignore": "\udcff\n",
    "odd/.gitignore": "!\n\\\na\\\n[z-a]\n[a-\\d]\n[[a]&&b]\nx.py\n",
}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("x.py", id="nothing says so"),
        pytest.param("note.py", id="a comment"),
        pytest.param("my_version.py", id="another name"),
        pytest.param("other/gen/x.py", id="a folder of that name elsewhere"),
        pytest.param("app/_version.py", id="taken back in a nearer file"),
        pytest.param("made.py", id="a file says nothing of other folders"),
        pytest.param("deep/here.py", id="... nor of those above"),
        pytest.param("deep/er/est/here.py", id="... nor, with a slash, of those below"),
        pytest.param("odd.py", id="lines that are no patterns"),
        pytest.param("_version.py", id="a name at the top"),
        pytest.param("lib/_version.py", id="... and everywhere"),
        pytest.param("gen/x.py", id="a folder"),
        pytest.param("app/made.py", id="a nearer file"),
        pytest.param("odd/x.py", id="beside lines that are no patterns"),
        pytest.param("app/more/made.py", id="... for all below"),
        pytest.param("deep/er/here.py", id="at one place"),
    ],
)
def test_paths_are_ignored_as_git_says(tmp_path: Path, path: str) -> None:
    repo = make_repo(tmp_path, {name: text.encode("utf-8", "surrogateescape") for name, text in PATTERNS.items()})
    options = ("--verbose", "--non-matching", "--no-index", "-z", "--stdin")
    _, _, pattern, _ = repo.git("check-ignore", *options, stdin=os.fsencode(f"{path}\0gen/x\0")).split(b"\0")[:4]
    files = Repository(tmp_path)
    assert (path in Ignored(files, files.entries("HEAD"))) is (pattern != b"" and not pattern.startswith(b"!"))


GENERATED = {
    "p/__init__.py": "",
    "p/new.py": "class BigManager:\n    x = 'new'\n",
    "p/other.py": "class BigManager:\n    x = 'other'\n",
    "p/old.py": "from p.new import BigManager\n",
    "x.py": "from p.old import BigManager\nfrom p.other import BigManager as Other\n",
    "unshim.toml": "[unshim]\ncanonical = 'p.new'\nrepairs = true\n",
}


@pytest.mark.parametrize(
    ("files", "fails"),
    [
        pytest.param({"p/__init__.py": "from ._version import version\n"}, False, id="the canonical package needs it"),
        pytest.param(
            {"p/new.py": "from p import made\nclass BigManager: ...\n"}, False, id="the canonical module does"
        ),
        pytest.param(
            {"p/old.py": "from p.made import x\nfrom p.new import BigManager\n", ".gitignore": "made.py\n"},
            False,
            id="git ignores it",
        ),
        pytest.param(
            {"p/old.py": "from p.gen.made import x\nfrom p.new import BigManager\n", ".gitignore": "gen/\n"},
            False,
            id="git ignores its folder",
        ),
        pytest.param(
            {
                "p/old.py": "from p.lib.made import x\nfrom p.new import BigManager\n",
                "p/lib/__init__.py": "",
                ".gitignore": "lib/\n",
            },
            True,
            id="git ignores its folder, and files of it are tracked",
        ),
        pytest.param(
            {"p/old.py": "from p.made import x\nfrom p.new import BigManager\n", ".gitignore": "other.py\n"},
            True,
            id="nothing shows that it is made",
        ),
        pytest.param(
            {
                "p/old.py": "from p.made import x\nfrom p.new import BigManager\n",
                "p/new.py": "try: import p.third\nexcept ImportError: pass\nclass BigManager: ...\n",
                "p/third.py": "from p.made import x\n",
            },
            True,
            id="the canonical module needs it only by an import that may fail",
        ),
    ],
)
def test_a_file_that_a_build_makes_is_no_reason_why_an_import_fails(
    tmp_path: Path, files: dict[str, str], fails: bool
) -> None:
    """It was: then a shim was not migrated, and with repairs other classes of its name were taken for it."""
    repo = make_repo(tmp_path, {path: text for path, text in {**GENERATED, **files}.items() if path != ".gitignore"})
    repo.commit({".gitignore": files.get(".gitignore", "")})  # what is tracked stays tracked
    shown = unshim("scan", "--all", "--repo", repo.path).out.decode()
    assert ("cannot be imported" in shown) is fails
    assert "p.other:BigManager ->" not in shown
