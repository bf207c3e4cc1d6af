"""The import probe: a real interpreter over a real worktree, with code that prints, hangs, dies and lies."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from repositories import SAMPLE, make_repo

from codemods.symbols import Symbol, parse_symbol
from migrate.errors import MigrateError
from migrate.plan import Plan
from migrate.planning import build_plan
from migrate.probe import Answer, Probe, Probed, describe, pairs, probe
from migrate.recipe import SourceRoot, load_recipe
from migrate.repository import Repository

PAIR = (Symbol("app.old_manager", "ChatManager"), Symbol("app.manager", "ChatManager"))
MANAGER = SAMPLE["app/manager.py"]
assert isinstance(MANAGER, str)


def prepared(tmp_path: Path, files: Mapping[str, str | bytes], gone: tuple[str, ...] = ()) -> tuple[Plan, Path]:
    """The plan of SAMPLE with these files, and a worktree of its base."""
    kept = {name: text for name, text in {**SAMPLE, **files}.items() if name not in gone}
    repo = make_repo(tmp_path / "repo", kept)
    repository = Repository(repo.path)
    recipe = load_recipe(None, repo.path)
    plan = build_plan(repository, recipe, "HEAD", 1, lambda _: None)
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "base"), plan.base)
    return plan, tmp_path / "base"


def probed(
    tmp_path: Path, files: Mapping[str, str | bytes], *, gone: tuple[str, ...] = (), timeout: float = 60
) -> Probe:
    plan, directory = prepared(tmp_path, files, gone)
    before = sorted(directory.rglob("*"))
    found = probe(sys.executable, directory, plan.roots, plan, timeout)
    assert sorted(directory.rglob("*")) == before, "the probe leaves nothing behind"
    return found


def only(found: Probe) -> Probed:
    """The row of PAIR; files of a test may import the shim as a module beside it."""
    (row,) = [row for row in found.rows if (row.old, row.new) == PAIR]
    return row


# one pair


@pytest.mark.parametrize(
    ("files", "says", "words"),
    [
        pytest.param(
            {}, Answer.SAME, "class ChatManager of app.manager; the same object (is)", id="the same object"
        ),
        pytest.param(
            {"app/__init__.py": "import sys\nimport app.old_manager\nsetattr(sys.modules['app.old_' + 'manager'], 'Chat' + 'Manager', dict)\n"},
            Answer.DIFFERENT,
            "the old one is class dict of builtins, the new one is class ChatManager of app.manager",
            id="the package changes the shim when it is imported",
        ),
        pytest.param(
            {"app/manager.py": MANAGER + "import os, sys\nif os.environ.get('PROBE_TEST') == 'yes':\n    sys.modules['app.old_manager'] = type(sys)('fake')\n    sys.modules['app.old_manager'].ChatManager = type('ChatManager', (), {'__module__': __name__})\n"},
            Answer.DIFFERENT,
            "two objects, and each of them is class ChatManager of app.manager",
            id="the environment of the user puts another module in the shim's place",
        ),
        pytest.param(
            {"app/old_manager.py": "from app.manager import ChatManager, get_chat_manager\nimport nothing_of_that_name\n"},
            Answer.OLD_FAILS,
            "fails today under this interpreter: ModuleNotFoundError: No module named 'nothing_of_that_name'",
            id="the old path fails",
        ),
        pytest.param(
            {"app/old_manager.py": "from app.manager import ChatManager, get_chat_manager\nraise SystemExit('no \\udc80 more')\n"},
            Answer.OLD_FAILS,
            "SystemExit: no \\udc80 more",
            id="the old path ends the program",
        ),
        pytest.param(
            {"app/manager.py": MANAGER + "raise KeyboardInterrupt\n"},
            Answer.OLD_FAILS,
            "fails today under this interpreter: KeyboardInterrupt; and so does the new path: KeyboardInterrupt",
            id="both fail",
        ),
        pytest.param(
            {"app/manager.py": MANAGER + "import sys\nif 'app.old_manager' not in sys.modules:\n    raise RuntimeError('too early')\n"},
            Answer.NEW_FAILS,
            "the old path works (class ChatManager of app.manager), the new one does not: RuntimeError: too early",
            id="the new path fails where the old one works",
        ),
        pytest.param(
            {"app/manager.py": "print('{}')\nimport os, sys\nos.write(1, b'noise')\nsys.stdout.close()\nos.closerange(0, 64)\n" + MANAGER},
            Answer.SAME,
            "the same object",
            id="noise, and no descriptors left",
        ),
        pytest.param(
            {"app/manager.py": MANAGER + "import atexit, os, threading, time\nos.chdir('/')\natexit.register(time.sleep, 600)\nthreading.Thread(target=time.sleep, args=(600,)).start()\n"},
            Answer.SAME,
            "the same object",
            id="threads and exit handlers do not delay it",
        ),
        pytest.param(
            {"app/manager.py": MANAGER + "input('name? ')\n"}, Answer.OLD_FAILS, "EOFError", id="a question"
        ),
        pytest.param(
            {"app/manager.py": "import os\nfrom pathlib import Path\nassert Path('app/use.py').exists()\n" + MANAGER},
            Answer.SAME,
            "the same object",
            id="the current directory is the worktree",
        ),
    ],
)  # fmt: skip
def test_a_pair(
    files: dict[str, str], says: Answer, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_TEST", "yes")
    found = probed(tmp_path, files)
    assert only(found).says is says, found
    assert words in only(found).description
    contradicts = says in (Answer.DIFFERENT, Answer.NEW_FAILS, Answer.ELSEWHERE)
    assert found.contradictions == ((only(found),) if contradicts else ())


def test_the_pairs_are_distinct_and_proved(tmp_path: Path) -> None:
    files = {
        "app/more.py": "from app.old_manager import ChatManager, get_chat_manager\nimport app.old_manager\n",
        "app/double.py": "class ChatManager:\n    pass\n",
        "app/decide.py": "from app.double import ChatManager\n",
    }
    plan, _ = prepared(tmp_path, files)
    found = pairs(plan)
    assert PAIR in found
    assert (Symbol("app.old_manager", "get_chat_manager"), Symbol("app.manager", "get_chat_manager")) in found
    assert len(set(found)) == len(found)
    assert all(old.module == "app.old_manager" and old.is_module is new.is_module for old, new in found)


def test_a_local_name_that_collapses_is_no_path(tmp_path: Path) -> None:
    files = {
        "app/old_manager.py": "from app.manager import ChatManager as OldManager\n",
        "app/use.py": "def f():\n    from app.old_manager import OldManager\n\n    return OldManager()\n",
        "unshim.toml": '[unshim]\ncanonical = "app.manager"\nrename = { OldManager = "ChatManager" }\n',
    }
    plan, _ = prepared(tmp_path, files)
    assert any(str(one.old) == "app.use:OldManager" for one in plan.references)
    assert {old.module for old, _ in pairs(plan)} == {"app.old_manager"}


def test_modules_need_not_be_the_same_object(tmp_path: Path) -> None:
    use = "import app.old_manager\nfrom app import old_manager\n\nprint(app.old_manager.ChatManager, old_manager.ChatManager)\n"
    found = probed(tmp_path, {"app/use.py": use})
    assert found.rows
    assert {row.says for row in found.rows} == {Answer.SAME}, found


def test_names_that_are_not_ascii(tmp_path: Path) -> None:
    files = {
        "app/manager.py": "class Größe:\n    pass\n",
        "app/früher.py": "from app.manager import Größe\n",
        "app/use.py": "from app.früher import Größe\n",
    }
    found = probed(tmp_path, files, gone=("app/old_manager.py",))
    assert [(str(row.old), row.says) for row in found.rows] == [("app.früher:Größe", Answer.SAME)]
    assert found.rows[0].description == "class Größe of app.manager; the same object (is)"


# where modules come from


def elsewhere(tmp_path: Path, *, package: bool, modules: bool) -> Path:
    folder = tmp_path / "installed"
    (folder / "app").mkdir(parents=True)
    if package:
        (folder / "app" / "__init__.py").touch()
    if modules:
        (folder / "app" / "manager.py").write_text(MANAGER)
        (folder / "app" / "old_manager.py").write_text("from app.manager import ChatManager\n")
    return folder


def test_the_commit_comes_before_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(elsewhere(tmp_path, package=True, modules=True)))
    assert only(probed(tmp_path, {})).says is Answer.SAME


def test_a_namespace_gives_way_to_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = elsewhere(tmp_path, package=True, modules=True)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    found = probed(tmp_path, {}, gone=("app/__init__.py",))
    assert only(found).says is Answer.ELSEWHERE
    assert only(found).description == (f"the new path: imported from {folder}/app/manager.py, not from this commit")
    assert found.contradictions == found.rows


def test_an_installed_package_without_the_module_is_elsewhere_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = elsewhere(tmp_path, package=True, modules=False)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    found = probed(tmp_path, {}, gone=("app/__init__.py",))
    assert only(found).says is Answer.ELSEWHERE
    assert f"imported from {folder}/app/__init__.py" in only(found).description
    assert "No module named 'app.manager'" in only(found).description


def test_an_old_path_that_only_an_installed_package_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T66: the checkout lacks the shim, and a portion of the namespace elsewhere has it."""
    folder = elsewhere(tmp_path, package=False, modules=True)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    plan, directory = prepared(tmp_path, {}, gone=("app/__init__.py",))
    assert only(probe(sys.executable, directory, plan.roots, plan, 60)).says is Answer.SAME
    (directory / "app" / "old_manager.py").unlink()
    found = probe(sys.executable, directory, plan.roots, plan, 60)
    assert only(found).says is Answer.ELSEWHERE
    assert f"the old path: imported from {folder}/app/old_manager.py" in only(found).description


def test_a_module_of_the_standard_library_is_not_the_commits(tmp_path: Path) -> None:
    files = {
        "types.py": "from app.manager import ChatManager\n",
        "app/use.py": "from types import ChatManager\n",
    }
    found = probed(tmp_path, files, gone=("app/old_manager.py",))
    assert [row.says for row in found.rows] == [Answer.ELSEWHERE], found


def test_an_object_in_the_place_of_its_module_is_found_by_its_path(tmp_path: Path) -> None:
    shim = (
        "from app.manager import ChatManager\nimport sys\n"
        "getattr(sys, 'mod' + 'ules')[__name__] = type('Lazy', (), {'ChatManager': ChatManager})()\n"
    )
    assert only(probed(tmp_path, {"app/old_manager.py": shim})).says is Answer.SAME


@pytest.mark.parametrize(
    ("source_root", "says"),
    [
        pytest.param(SourceRoot("lib/app", "app"), Answer.SAME, id="the folder has the package's name"),
        pytest.param(SourceRoot("lib"), Answer.SAME, id="no package"),
        pytest.param(SourceRoot("code", "app"), Answer.NOT_PROBED, id="a name that only the installed package has"),
    ],
)
def test_source_roots(source_root: SourceRoot, says: Answer, tmp_path: Path) -> None:
    folder = "code" if source_root.path == "code" else "lib/app"
    files = {name.replace("app/", f"{folder}/", 1): text for name, text in SAMPLE.items() if name.startswith("app/")}
    package = f', package = "{source_root.package}"' if source_root.package else ""
    toml = f'[unshim]\ncanonical = "app.manager"\nsource_roots = [{{path = "{source_root.path}"{package}}}]\n'
    found = probed(tmp_path, {**files, "unshim.toml": toml}, gone=tuple(name for name in SAMPLE if "app/" in name))
    assert only(found).says is says, found
    if says is Answer.NOT_PROBED:
        assert only(found).description == ("app.old_manager lies in code, which is named app only when it is installed")
        assert found.contradictions == ()


# an interpreter that gives no answer


@pytest.mark.parametrize(
    ("end", "words"),
    [
        pytest.param("os._exit(0)", "ended with status 0 while it imported app.manager", id="exit in silence"),
        pytest.param(
            "sys.stderr.write('bad luck\\n'); sys.stderr.flush(); os._exit(7)",
            "ended with status 7 while it imported app.manager: bad luck",
            id="exit with words",
        ),
        pytest.param("os.kill(os.getpid(), 9)", "ended by SIGKILL while it imported app.manager", id="killed"),
    ],
)
def test_a_child_that_dies(end: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(MigrateError) as caught:
        probed(tmp_path, {"app/manager.py": f"{MANAGER}import os, sys\n{end}\n"})
    assert caught.value.message == f"the import probe: {sys.executable} {words}"
    assert "import that module by hand" in caught.value.hint


def test_a_child_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    lines = f"import subprocess, time\nsubprocess.Popen(['sh', '-c', 'while sleep 0.1; do date > {alive}; done'])\n"
    start = time.monotonic()
    with pytest.raises(MigrateError, match=r"not done after 2 seconds while it imported app\.manager"):
        probed(tmp_path, {"app/manager.py": f"{MANAGER}{lines}time.sleep(600)\n"}, timeout=2)
    assert time.monotonic() - start < 60
    assert alive.exists()
    alive.unlink()
    time.sleep(0.5)
    assert not alive.exists()


@pytest.mark.parametrize(
    ("python", "words"),
    [
        pytest.param("no/such/python", "there is no interpreter no/such/python", id="no file"),
        pytest.param("no-such-python", "there is no interpreter no-such-python", id="no command"),
        pytest.param(str(Path(__file__)), "cannot be started: Permission denied", id="no program"),
        pytest.param("true", "true ended with status 0 before it imported anything", id="no Python"),
    ],
)
def test_an_interpreter_that_is_none(python: str, words: str, tmp_path: Path) -> None:
    plan, directory = prepared(tmp_path, {})
    with pytest.raises(MigrateError) as caught:
        probe(python, directory, plan.roots, plan, 60)
    assert words in caught.value.message
    assert caught.value.hint


def test_a_relative_interpreter_is_the_one_of_the_users_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, directory = prepared(tmp_path, {})
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    assert only(probe("./python", directory, plan.roots, plan, 60)).says is Answer.SAME


def test_an_older_python(tmp_path: Path) -> None:
    old = shutil.which("python3.8")
    if old is None or subprocess.run([old, "-V"], capture_output=True, check=False).returncode:
        pytest.skip("there is no Python 3.8")
    plan, directory = prepared(tmp_path, {})
    assert only(probe(old, directory, plan.roots, plan, 60)).says is Answer.SAME


# for people


def test_nothing_to_probe_starts_nothing(tmp_path: Path) -> None:
    plan, directory = prepared(tmp_path, {}, gone=("app/use.py",))
    found = probe("no/such/python", directory, plan.roots, plan, 60)
    assert found == Probe((), ())
    assert describe(found) == "nothing to probe: no path is proved by an alias\n"


def test_description_for_people() -> None:
    def row(name: str, says: Answer, description: str) -> Probed:
        return Probed(parse_symbol(f"app.old:{name}"), parse_symbol(f"app.new:{name}"), says, description)

    same = row("A", Answer.SAME, "class A of app.new; the same object (is)")
    other = row("B", Answer.DIFFERENT, "word " * 40)
    text = describe(Probe((same, other), (other,)))
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.splitlines()[:2] == ["different   app.old:B", "            app.new:B"]
    assert text.endswith(
        "same        app.old:A\n"
        "            app.new:A\n"
        "              class A of app.new; the same object (is)\n"
        "2 pairs of old and new path: 1 the same, 1 different\n"
    )
