"""enforce: configuration gets the bans in a last commit, keeps everything else byte for byte, and changes once."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from repositories import ROOT, SAMPLE, Repo, make_repo, unshim
from test_exports import MIXED, USE, lint_imports, ruff

from migrate.bans import Symbol
from migrate.configuration import ConfigFile, Tool
from migrate.enforcing import Enforced, enforce
from migrate.plan import Ban, Bans

ALL = '["ruff", "import-linter", "pre-commit"]'
RECIPE = '[unshim]\ncanonical = "app.manager"\nenforce = '
OLD_USE = USE.replace("manager", "old_manager", 1)
BANS = Bans(
    (Ban(Symbol("p.old"), Symbol("p.new"), in_packages=True), Ban(Symbol("p", "Name"), Symbol("p.new", "Name")))
)


def told(tool: str, path: str, before: str | None, bans: Bans = BANS) -> Enforced:
    """What one tool is told in one file; a second time must change nothing."""
    files = {} if before is None else {path: ConfigFile("100644", before.encode())}
    found = enforce(files, [Tool(tool)], bans, lambda *_: False)
    for one in found.additions:
        again = enforce(files | {one.path: ConfigFile("100644", one.after)}, [Tool(tool)], bans, lambda *_: False)
        assert not again.additions and not again.hindrances
    return found


def after(tool: str, path: str, before: str | None, bans: Bans = BANS) -> str:
    found = told(tool, path, before, bans)
    assert not found.hindrances, found
    (one,) = found.additions
    assert one.path == path
    return one.after.decode()


# noops


@pytest.mark.parametrize(
    ("tool", "path", "before"),
    [
        pytest.param("pre-commit", ".pre-commit-config.yaml", hook, id=name)
        for name, hook in {
            "somebody else's hook of this id": "repos:\n- repo: https://x\n  rev: v1\n  hooks:\n  - id: unshim\n",
            "a hook in flow style": "repos: [{repo: local, hooks: [{id: unshim}]}]\n",
        }.items()
    ],
)
def test_what_is_there_stays(tool: str, path: str, before: str) -> None:
    assert told(tool, path, before) == Enforced()


def test_without_bans_nothing_is_told() -> None:
    assert told("ruff", "ruff.toml", "", Bans()) == Enforced()
    assert told("import-linter", "pyproject.toml", "", Bans()) == Enforced()


def test_an_entry_of_somebody_else_stays() -> None:
    before = '[lint]\nselect = ["TID"]\n[lint.flake8-tidy-imports.banned-api]\n"p.old".msg = "ours!"\n'
    text = after("ruff", "ruff.toml", before)
    assert text == before + '"p.Name".msg = "use p.new:Name instead (banned by unshim)"\n'


@pytest.mark.parametrize(
    ("tool", "path", "before", "words"),
    [
        pytest.param("ruff", "ruff.toml", "[lint\n", "no valid TOML", id="no TOML"),
        pytest.param("ruff", "ruff.toml", '[lint]\nignore = ["TID251"]\n', "'ignore' has TID251", id="switched off"),
        pytest.param("ruff", "ruff.toml", 'lint.select = ["E"]\n', "layout", id="dotted keys"),
        pytest.param(
            "ruff",
            "ruff.toml",
            'lint = { flake8-tidy-imports = { banned-api = { "x" = { msg = "y" } } } }\n',
            "layout",
            id="inline",
        ),
        pytest.param("pre-commit", ".pre-commit-config.yaml", "repos: []\n", "no list", id="an empty list"),
        pytest.param("pre-commit", ".pre-commit-config.yaml", "x: !y 1\nrepos:\n- a: 1\n", "safely", id="a tag"),
        pytest.param("pre-commit", ".pre-commit-config.yaml", "fail_fast: true\n", "no list 'repos'", id="no repos"),
    ],
)
def test_what_is_not_certain_is_refused(tool: str, path: str, before: str, words: str) -> None:
    found = told(tool, path, before)
    assert not found.additions
    (one,) = found.hindrances
    assert words in one.message and "enforce" in one.remedy


def test_a_link_is_refused() -> None:
    found = enforce({"ruff.toml": ConfigFile("120000", b"x", False)}, [Tool.RUFF], BANS, lambda *_: False)
    assert "symbolic link" in found.hindrances[0].message


# ruff

ENTRIES = (
    '"p.old".msg = "use p.new instead (banned by unshim)"\n"p.Name".msg = "use p.new:Name instead (banned by unshim)"\n'
)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            '# top\n[lint]\nselect = ["E"]  # e\n\n# about format\n[format]\nx = 1\n',
            '# top\n[lint]\nselect = ["E"]  # e\nextend-select = ["TID251"]\n\n# about format\n[format]\nx = 1\n'
            "\n{table}",
            id="the rule behind the last entry of its table",
        ),
        pytest.param(
            '[lint]\nextend-select = [\n    "E",  # e\n    "F"\n]\n',
            '[lint]\nextend-select = [\n    "E",  # e\n    "F",\n    "TID251"\n]\n\n{table}',
            id="the rule in a list of lines",
        ),
        pytest.param('[lint]\nselect = ["ALL"]\n', '[lint]\nselect = ["ALL"]\n\n{table}', id="all rules"),
        pytest.param(
            '[lint]\nselect = ["TID"]\n[lint.flake8-tidy-imports.banned-api]\na.msg = "b"  # c\n\n# next\n[format]\n',
            '[lint]\nselect = ["TID"]\n[lint.flake8-tidy-imports.banned-api]\na.msg = "b"  # c\n{entries}'
            "\n# next\n[format]\n",
            id="entries behind those of others",
        ),
        pytest.param(
            "line-length = 100",
            'line-length = 100\n\n{notes}[lint]\nextend-select = ["TID251"]\n\n{bare}',
            id="no final newline, no table",
        ),
    ],
)
def test_ruff_is_told(before: str, expected: str, end: str) -> None:
    notes = "# Old import paths, generated by 'unshim export ruff'.\n"
    notes += '# Ruff looks at this table only where TID251 is selected: extend-select = ["TID251"]\n'
    bare = f"{notes}[lint.flake8-tidy-imports.banned-api]\n{ENTRIES}"
    expected = expected.replace("{notes}", "").replace("{bare}", bare)
    expected = expected.replace("{table}", bare).replace("{entries}", ENTRIES)
    before, expected = before.replace("\n", end), expected.replace("\n", end)
    if end not in before:
        expected = expected.replace(end, "\n")
    assert after("ruff", "ruff.toml", before) == expected


def test_entries_are_changed_in_place_and_go_when_they_are_right() -> None:
    before = (
        '[tool.ruff.lint]\nselect = ["TID"]\n[tool.ruff.lint.flake8-tidy-imports.banned-api]\n'
        '"p.old".msg = "use p.was instead (banned by unshim)"\n'
        '"p.gone".msg = "use p.new instead (banned by unshim)"\n'
        '"p.right" = {msg = "use p.new instead (banned by unshim)"} # c\n'
        '"p.Name".msg = "use p.new:Name instead (banned by unshim)"\n'
    )
    files = {"pyproject.toml": ConfigFile("100644", before.encode())}
    (one,) = enforce(files, [Tool.RUFF], BANS, lambda path, new: (path, new) == ("p.right", "p.new")).additions
    lines = before.replace("p.was", "p.new").splitlines(keepends=True)
    assert one.after.decode() == "".join(line for line in lines if "p.right" not in line)


# import-linter


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("pyproject.toml", '[tool.importlinter]\nroot_package = "p" # c\n\n[tool.x]\ny = 1\n'),
        ("pyproject.toml", "[project]\n"),
        (".importlinter", "[importlinter]\nroot_package = p\n# c\n"),
        ("setup.cfg", "[importlinter]\nroot_packages=\n    p\n\n[x]\ny=1\n"),
    ],
)
def test_import_linter_is_told_anew_and_no_more(path: str, before: str) -> None:
    text = after("import-linter", path, before)
    assert text.startswith(before)
    more = Bans((*BANS.entries, Ban(Symbol("p.zz"), None, in_packages=True)))
    changed = after("import-linter", path, text + "\n# last\n", more)
    assert changed.replace('    "p.zz",\n', "").replace("    p.zz\n", "") == text + "\n# last\n"
    gone = after("import-linter", path, text, Bans())
    assert "unshim" not in gone and gone.startswith(before)


# pre-commit


@pytest.mark.parametrize(
    ("before", "indent", "tail"),
    [
        ("repos:\n- repo: https://x\n  rev: v1  # r\n  hooks:\n  - id: a\n    args: [b,\n      c]  # d\n", 0, ""),
        ("# top\nrepos:\n    -   repo: https://x\n        rev: v1\n        hooks:\n        -   id: a", 4, ""),
        (
            "repos:\n  - repo: https://x\n    rev: v1\n    hooks:\n      - id: a\n",
            2,
            "\n# about ci\nci:\n  skip: [a]\n",
        ),
        (
            "repos:\n  - repo: local\n    hooks:\n      - id: a\n        entry: |\n          x\n          y\n",
            2,
            "# z\n",
        ),
    ],
)
def test_pre_commit_is_told(before: str, indent: int, tail: str) -> None:
    text = after("pre-commit", ".pre-commit-config.yaml", before + tail)
    head = before if before.endswith("\n") else before + "\n"
    assert text.startswith(head + " " * indent + "- repo: local\n" + " " * indent + "  hooks:\n")
    assert text.endswith("always_run: true\n" + tail)


# the whole way


def branch(repo: Repo) -> None:
    """Apply, and go on from the result."""
    result = unshim("apply", "--repo", repo.path)
    assert result.code == 0, result
    repo.git("merge", "-q", "unshim/manager")
    repo.git("branch", "-D", "unshim/manager")


def test_the_last_commit_enforces_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    held = USE.replace("manager import ChatManager", "held import ChatManager  # unshim: keep (x)  # noqa: TID251", 1)
    files = {
        **SAMPLE,
        "unshim.toml": RECIPE + ALL + "\n",
        "pyproject.toml": '[tool.ruff]\nline-length = 100 # wide\n\n[tool.importlinter]\nroot_package = "app"\n',
        "app/__init__.py": "from app.manager import ChatManager\n\nVERSION = 1\n",
        "app/held.py": "from app.manager import ChatManager\n",
        "app/mixed.py": MIXED,
        "app/use.py": OLD_USE,
        "app/more.py": USE.replace("manager", "mixed", 1),
        "app/keeps.py": held,
    }
    repo = make_repo(tmp_path / "repo", files)
    before = repo.state()
    patch = unshim("diff", "--repo", repo.path)
    assert repo.state() == before
    branch(repo)
    assert repo.word("log", "-1", "--format=%s") == "Let ruff, import-linter and pre-commit refuse the old paths"
    assert "Unshim-Step: enforce" in repo.word("log", "-1", "--format=%b")
    assert "app/keeps.py:1" in repo.word("log", "-1", "--format=%b")
    text = (repo.path / "pyproject.toml").read_text()
    assert text.startswith(files["pyproject.toml"])
    banned = tomllib.loads(text)["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert set(banned) == {"app.ChatManager", "app.held", "app.mixed.ChatManager", "app.old_manager"}
    assert not ruff(repo) and lint_imports(repo)[0] == 0
    # the diff is what was done, and git takes it
    done = repo.word("rev-parse", "HEAD^{tree}")
    repo.git("checkout", "-q", "-b", "patched", "main~3")
    repo.git("apply", "--index", stdin=patch.out)
    assert repo.word("write-tree") == done
    repo.git("reset", "-q", "--hard")
    repo.git("checkout", "-q", "main")
    # again
    again = unshim("apply", "--repo", repo.path)
    assert (again.code, again.text[:13]) == (0, "nothing to do"), again
    assert unshim("check", "--repo", repo.path).code == 0
    # what comes back is found
    repo.write({"app/old_manager.py": SAMPLE["app/old_manager.py"], "app/back.py": OLD_USE})
    assert ruff(repo) == ["app/back.py:1"]
    repo.write({"app/back.py": USE.replace("app.manager", "app.held", 1)})
    assert lint_imports(repo)[0] == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[tool.ruff.lint.flake8-tidy-imports.banned-api]\n"app.old_manager".msg = "x"\n'),
        ("ruff.toml", '[lint.flake8-tidy-imports.banned-api."app.old_manager"]\nmsg = "not app.old_manager"\n'),
        (".ruff.toml", 'lint.flake8-tidy-imports.banned-api."app.old_manager".msg = "x"\n'),
        (
            "pyproject.toml",
            (
                '[[tool.importlinter.contracts]]\nname = "x"\nid = "unshim-old-paths"\n'
                'protected_modules = [\n    "app.old_manager",\n]\n'
            ),
        ),
        (".importlinter", "[importlinter:contract:unshim-old-paths]\nprotected_modules =\n    app.old_manager\n"),
        ("setup.cfg", "[importlinter:contract:unshim-old-paths]\nprotected_modules =\n    app.old_manager\n"),
    ],
)
def test_a_ban_holds_no_shim_and_is_not_rewritten(path: str, text: str, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/use.py": OLD_USE, path: text})
    branch(repo)
    assert not (repo.path / "app/old_manager.py").exists()
    assert (repo.path / path).read_text() == text


def test_another_contract_holds_the_module_that_it_needs(tmp_path: Path) -> None:
    text = '[[tool.importlinter.contracts]]\nname = "x"\nsource_modules = [\n    "app.old_manager",\n]\n'
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/use.py": OLD_USE, "pyproject.toml": text})
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    assert b"app/old_manager.py" in repo.files("unshim/manager")


def test_the_example_changes_once(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "websocket_manager", tmp_path / "repo")
    recipe = tmp_path / "repo" / "unshim.toml"
    recipe.write_text(recipe.read_text().replace("[unshim]\n", f"[unshim]\nenforce = {ALL}\n", 1))
    repo = make_repo(tmp_path / "repo")
    repo.commit()
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    repo.git("checkout", "-q", "unshim/websocket-manager")
    again = unshim("apply", "--partial", "--repo", repo.path, "--branch", "again")
    assert (again.code, again.text[:13]) == (0, "nothing to do"), again
    assert all(place.startswith("chat/metrics.py:") for place in ruff(repo))  # left to decide


def test_a_typo_is_told(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "unshim.toml": RECIPE + '["precommit"]\n'})
    result = unshim("scan", "--repo", repo.path)
    assert result.code == 4
    assert "enforce: 'precommit'" in result.err and "did you mean pre-commit?" in result.err


def test_apply_refuses_what_it_cannot_tell(tmp_path: Path) -> None:
    files = {**SAMPLE, "unshim.toml": RECIPE + ALL + "\n", ".pre-commit-config.yaml": "repos: []\n"}
    repo = make_repo(tmp_path / "repo", files)
    before = repo.state()
    result = unshim("apply", "--repo", repo.path)
    assert result.code == 4 and ".pre-commit-config.yaml" in result.err and "by hand" in result.err
    assert "not in the diff" in unshim("diff", "--repo", repo.path).err
    assert repo.state() == before
    assert unshim("check", "--repo", repo.path).code == 1
