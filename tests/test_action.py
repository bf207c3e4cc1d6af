"""The GitHub Action: its scripts, run by bash as the runner does, in a real repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from formats import annotation, schema_of
from repositories import CANONICAL, ENVIRONMENT, ROOT, Result, make_repo

ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text())
INSTALL, CHECK = ACTION["runs"]["steps"]
CLEAN: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/manager.py": CANONICAL,
    "unshim.toml": '[unshim]\ncanonical = "app.manager"\n',
}
SHIM = {"app/old_manager.py": "from app.manager import ChatManager, get_chat_manager\n"}
USE = "from app.old_manager import ChatManager\n\nmanager = ChatManager()\n"
HOSTILE = "$(touch ran) `touch ran` ; touch ran && touch ran | touch ran > ran \"'; touch ran; '\" ${IFS} * \\ "


# what GitHub reads


def test_the_action_fits_the_schema_of_actions() -> None:
    schema = schema_of("github-action.json")
    assert schema.is_valid(ACTION)
    assert not schema.is_valid({**ACTION, "runs": {"using": "composite"}})


# what the runner does


class Runner:
    """A repository that is checked out on a runner, and the directories of its job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repo = make_repo(folder / "work space", CLEAN)
        (folder / "home").mkdir()
        tool = folder / "temp dir" / "unshim" / "bin" / "unshim"  # in the place of what pip installs
        tool.parent.mkdir(parents=True)
        tool.symlink_to(Path(sys.executable).with_name("unshim"))

    def step(self, step: Any, where: Path | None = None, path: str | None = None, **inputs: str) -> Result:
        """Run one step: its expressions are those that GitHub would fill in, its shell is the runner's bash."""
        values = {f"inputs.{name}": value for name, value in inputs.items()}
        values["github.action_path"] = str(self.folder / "the action")
        given = {
            name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: values.get(found[1], ""), text)
            for name, text in step["env"].items()
        }
        script = self.folder / "script.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=where or self.repo.path,
            env={
                **ENVIRONMENT,
                "HOME": str(self.folder / "home"),
                "RUNNER_TEMP": str(self.folder / "temp dir"),
                "GITHUB_ACTIONS": "true",
                **({} if path is None else {"PATH": path}),
                **given,
            },
            capture_output=True,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr.decode())

    def check(self, base: str = "", arguments: str = "", where: Path | None = None) -> Result:
        return self.step(CHECK, where, base=base, arguments=arguments)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_action_is_a_composite_one_with_the_inputs_as_told() -> None:
    assert set(ACTION) == {"name", "description", "inputs", "runs"}
    assert ACTION["runs"]["using"] == "composite"
    assert set(ACTION["inputs"]) == {"base", "arguments"}
    for one in ACTION["inputs"].values():
        assert set(one) == {"description", "required", "default"}
        assert one["required"] is False
    assert ACTION["inputs"]["base"]["default"] == "${{ github.event.pull_request.base.sha }}"
    for step in ACTION["runs"]["steps"]:
        assert set(step) == {"name", "shell", "env", "run"}
        assert step["shell"] == "bash"


def test_no_expression_stands_in_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert all(re.fullmatch(r"\$\{\{ [a-z_.]+ \}\}", value) for value in step["env"].values())


def test_the_installation_is_that_of_the_action_and_imports_nothing_of_the_repository(runner: Runner) -> None:
    """python3 stands in for itself: it tells how it is called, and makes the venv's python, which does the same."""
    bin_ = runner.folder / "bin"
    bin_.mkdir()
    told = '#!/bin/bash\nprintf \'<%s>\' "${0##*/}" "$@"; echo\n'
    fake = bin_ / "python3"
    fake.write_text(f'{told}mkdir -p "$4/bin"\ncp "$0" "$4/bin/python"\n')
    fake.chmod(0o755)
    result = runner.step(INSTALL, path=f"{bin_}{os.pathsep}{os.environ['PATH']}")
    assert (result.code, result.err) == (0, "")
    place = runner.folder / "temp dir" / "unshim"
    assert result.text.splitlines() == [
        f"<python3><-I><-m><venv><{place}>",
        f"<python><-I><-m><pip><install><--quiet><--disable-pip-version-check><{runner.folder / 'the action'}>",
    ]


def test_a_clean_commit_has_no_annotation(runner: Runner) -> None:
    result = runner.check()
    assert (result.code, result.out, result.err) == (0, b"", "")


def test_each_violation_is_an_annotation_of_its_line(runner: Runner) -> None:
    runner.repo.commit({**SHIM, "app/use.py": "\n" + USE, "app/100%, a:b\nc.py": USE})
    result = runner.check()
    assert (result.code, result.err) == (1, "")
    found = [annotation(line) for line in result.text.splitlines()]
    assert {one.command for one in found} == {"error"}
    places = [(one.properties["file"], one.properties["line"], one.properties["col"]) for one in found]
    assert places == [("app/100%, a:b\nc.py", "1", "29"), ("app/old_manager.py", "1", "1"), ("app/use.py", "2", "29")]
    assert [one.properties["title"] for one in found] == [
        "unshim: from-import",
        "unshim: shim",
        "unshim: from-import",
    ]
    assert found[2].message.startswith("app.old_manager:ChatManager -> app.manager:ChatManager")


def test_with_a_base_only_what_is_new_counts(runner: Runner) -> None:
    old = runner.repo.commit({**SHIM, "app/use.py": USE})
    runner.repo.commit({"app/more.py": "x = 1\n"})
    assert (runner.check().code, runner.check(base=old).code) == (1, 0)
    runner.repo.commit({"app/more.py": USE})
    result = runner.check(base=old)
    assert result.code == 1
    assert [annotation(line).properties["file"] for line in result.text.splitlines()] == ["app/more.py"]


def test_a_shallow_clone_fetches_the_base(runner: Runner, tmp_path: Path) -> None:
    base = runner.repo.commit({**SHIM, "app/use.py": USE})
    runner.repo.commit({"app/more.py": "x = 1\n"})
    shallow = tmp_path / "shallow"
    runner.repo.git("clone", "-q", "--depth=1", f"file://{runner.repo.path}", str(shallow))
    assert subprocess.run(["git", "cat-file", "-e", base], cwd=shallow, capture_output=True, check=False).returncode
    result = runner.check(base=base, where=shallow)
    assert (result.code, result.out, result.err) == (0, b"", "")


def test_a_base_that_is_nowhere_is_an_error_of_its_own(runner: Runner) -> None:
    for base in ("1" * 40, "nowhere"):
        result = runner.check(base=base)
        assert (result.code, result.out) == (4, b"")
        assert f"there is no commit {base}" in result.err


def test_more_arguments_are_words(runner: Runner) -> None:
    runner.repo.commit({**SHIM, "app/use.py": USE})
    written = runner.check(arguments=" --jobs 1\n\t--write-baseline  --baseline ../base.json\n")
    assert (written.code, written.err) == (0, "")
    assert runner.check(arguments="--baseline=../base.json").code == 0
    assert runner.check(arguments="--rev HEAD^").code == 0
    assert runner.check(arguments="--no-such").code == 2


@pytest.mark.parametrize("name", ["base", "arguments"])
def test_an_input_is_never_run(name: str, runner: Runner) -> None:
    before = runner.repo.state()
    result = runner.check(**{name: HOSTILE})
    assert result.code in (2, 4)
    assert result.out == b""
    assert runner.repo.state() == before
    assert not list(runner.folder.rglob("ran"))


@pytest.mark.parametrize("base", ["--help", "-h", "--output=x", "main:refs/heads/made", "+main:main"])
def test_a_base_is_neither_an_option_nor_something_to_fetch(base: str, runner: Runner) -> None:
    before = runner.repo.state()
    result = runner.check(base=base)
    assert (result.code, result.out) == (4, b"")
    assert runner.repo.state() == before


def test_the_files_of_the_repository_are_not_imported(runner: Runner) -> None:
    marker = runner.folder / "imported"
    names = ("git", "typer", "migrate", "codemods", "sitecustomize", "venv", "pip")
    runner.repo.commit({f"{name}.py": f"open({str(marker)!r}, 'w')\n" for name in names})
    assert runner.check().code == 0
    assert not marker.exists()


def test_the_parser_of_this_test_refuses_what_github_would_misread() -> None:
    for line in ("::error file=a%,line=1::x", "::error file=a,b,line=1::x", "error", "::error file=a::50%"):
        with pytest.raises(AssertionError):
            annotation(line)
    assert annotation("::error file=a%2Cb%3A%25::x: %0A%25").message == "x: \n%"
