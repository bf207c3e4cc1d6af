"""The static check on a plan's result: silent on correct plans, and each kind of damage is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from repositories import ROOT, SAMPLE, make_repo

from codemods.references import Step
from migrate.equivalence import mismatches
from migrate.plan import FileChange, Plan, PlannedStep
from migrate.planning import build_plan
from migrate.recipe import load_recipe
from migrate.repository import Repository

Files = Mapping[str, str | bytes]


def planned(tmp_path: Path, files: Files) -> tuple[Repository, Plan]:
    repo = make_repo(tmp_path / "repo", files)
    repository = Repository(repo.path)
    recipe = load_recipe(None, repo.path)
    return repository, build_plan(repository, recipe, "HEAD", 1, lambda _: None)


def with_text(plan: Plan, step: Step, path: str, old: bytes, new: bytes) -> Plan:
    """The plan with other bytes in what a step writes, and in what the later steps begin with."""
    found = next(c for s in plan.steps if s.step is step for c in s.changes if c.path == path)
    assert found.after is not None and old in found.after
    after = found.after.replace(old, new)

    def changed(one: PlannedStep, change: FileChange) -> FileChange:
        if change.path != path:
            return change
        if one.step is step:
            return replace(change, after=after)
        return replace(change, before=after) if change.before == found.after else change

    steps = (replace(s, changes=tuple(changed(s, c) for c in s.changes)) for s in plan.steps)
    return replace(plan, steps=tuple(steps))


MOVES = '[unshim.moves]\n"lib.old" = "lib.new"\n'
LIB = {"lib/__init__.py": "", "lib/new.py": "def f(): pass\n", "unshim.toml": MOVES}
RENAMING = 'canonical = "app.manager"\nrename = { OldManager = "ChatManager" }\n'
COLLAPSING: Files = {
    **SAMPLE,
    "app/old_manager.py": "from app.manager import ChatManager, ChatManager as OldManager\n",
    "app/use.py": "from app.old_manager import OldManager\n\nmanager = OldManager()\n",
    "unshim.toml": f"[unshim]\n{RENAMING}",
}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(SAMPLE, id="import is rewritten and the shim deleted"),
        pytest.param(
            {**SAMPLE, "app/use.py": "import app.old_manager\n\nprint(app.old_manager.ChatManager)\n"},
            id="module import whose uses change",
        ),
        pytest.param(
            {**SAMPLE, "app/use.py": "from app import old_manager\n\nprint(old_manager.ChatManager)\n"},
            id="module name that gives way to another",
        ),
        pytest.param(
            {
                **SAMPLE,
                "app/use.py": "try:\n    from app.manager import ChatManager\nexcept ImportError:\n"
                "    from app.old_manager import ChatManager\n\nprint(ChatManager)\n",
            },
            id="try of two equal imports becomes one",
        ),
        pytest.param(
            {
                **SAMPLE,
                "app/use.py": "from unittest.mock import patch\nfrom app.old_manager import ChatManager\n\n\n"
                "def f() -> 'ChatManager':\n    from app.old_manager import get_chat_manager as g\n\n    return g()\n",
            },
            id="import in a function under a name of its own",
        ),
        pytest.param(
            {
                **SAMPLE,
                "app/old_manager.py": "from app.manager import ChatManager as OldManager\n",
                "app/use.py": "exec('from app.old_manager import OldManager')\n",
            },
            id="executed source text keeps its local name",
        ),
        pytest.param(
            {
                **SAMPLE,
                "app/old_manager.py": "from app.manager import ChatManager as OldManager\n",
                "app/use.py": "def f(:\n    from app.old_manager import OldManager\n    return OldManager\n",
            },
            id="broken file keeps its local name and its error",
        ),
        pytest.param(COLLAPSING, id="old name collapses into the canonical one"),
        pytest.param({**LIB, "a.py": "from lib.old import f\n\nf()\n"}, id="move of a module that is gone"),
        pytest.param(
            {**LIB, "lib/old.py": "def f(): pass\n", "a.py": "from lib.old import f\n\nf()\n"},
            id="move to another object is what the recipe asks for",
        ),
        pytest.param(
            {
                **SAMPLE,
                "app/use.py": "from app.lost import ChatManager\n\nprint(ChatManager)\n",
                "unshim.toml": '[unshim]\ncanonical = "app.manager"\nrepairs = true\n',
            },
            id="repair makes an import resolve that did not",
        ),
        pytest.param({**SAMPLE, "app/latin.py": b"x = '\xe9'\n"}, id="file that is no text is left alone"),
        pytest.param(
            {
                **SAMPLE,
                "backups/use.py": "from app.old_manager import ChatManager\n",
                "unshim.toml": '[unshim]\ncanonical = "app.manager"\nexclude = ["backups/**"]\n',
            },
            id="file that the recipe leaves out may break",
        ),
    ],
)
def test_a_correct_plan_is_equivalent(files: Files, tmp_path: Path) -> None:
    repository, plan = planned(tmp_path, files)
    assert plan.steps
    assert mismatches(repository, plan) == ()


def test_the_example_is_equivalent(tmp_path: Path) -> None:
    folder = ROOT / "examples" / "websocket_manager"
    files = {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    repository, plan = planned(tmp_path, files)
    assert {step.step for step in plan.steps} >= {Step.REWRITE, Step.DELETE}
    assert mismatches(repository, plan) == ()


USE = b"from app.manager import ChatManager\n\nmanager = ChatManager()\n"
OTHER = {"app/double.py": "class ChatManager:\n    pass\n"}


@pytest.mark.parametrize(
    ("files", "new", "message"),
    [
        pytest.param(
            OTHER,
            USE.replace(b"app.manager", b"app.double"),
            "it was object app.manager:ChatManager; now: object app.double:ChatManager",
            id="import leads to another object",
        ),
        pytest.param(
            {},
            USE.replace(b"app.manager", b"app.gone"),
            "app.gone:ChatManager leads nowhere",
            id="import leads nowhere",
        ),
        pytest.param(
            {}, USE.replace(b"r()", b"r(1)"), "code changed beside the planned paths", id="token changes beside edits"
        ),
        pytest.param({}, USE + b"x = 1\n", "code changed beside the planned paths", id="statement is added at the end"),
        pytest.param(
            {},
            USE.replace(b"\nmanager = ChatManager()\n", b""),
            "code changed beside the planned paths",
            id="statement is lost",
        ),
        pytest.param({}, USE.replace(b"r()", b"r("), "its first error: syntax-error", id="syntax error"),
        pytest.param(
            {},
            USE.replace(b"import C", b"import get_chat_manager as D, C"),
            "D in the module: it was not bound",
            id="name that is bound anew",
        ),
        pytest.param(
            {},
            b"\n" + USE[36:],
            "ChatManager in the module: it was object app.manager:ChatManager; now: no import binds it",
            id="import is lost and its name read",
        ),
        pytest.param({}, b"import app.late\n" + USE, "app.late leads nowhere", id="added import leads nowhere"),
    ],
)
def test_damage_in_a_rewritten_file_is_seen(files: Files, new: bytes, message: str, tmp_path: Path) -> None:
    repository, plan = planned(tmp_path, {**SAMPLE, **files})
    found = mismatches(repository, with_text(plan, Step.REWRITE, "app/use.py", USE, new))
    assert any(one.path == "app/use.py" and message in one.message for one in found), found


MODULE_USE = b"import app.manager\n\nprint(app.manager.ChatManager)\n"


@pytest.mark.parametrize(
    ("new", "message"),
    [
        pytest.param(
            MODULE_USE.replace(b"import app.manager", b"import app"),
            "nothing that the file imports loads app.manager",
            id="submodule that nothing imports",
        ),
        pytest.param(
            b"print(app.manager.ChatManager)\nimport app.manager\n",
            "app.manager.ChatManager is read before it is imported",
            id="import below its first use",
        ),
    ],
)
def test_a_module_must_be_there_when_it_is_read(new: bytes, message: str, tmp_path: Path) -> None:
    use = MODULE_USE.replace(b"manager", b"old_manager")
    repository, plan = planned(tmp_path, {**SAMPLE, "app/use.py": use})
    assert mismatches(repository, plan) == ()
    found = mismatches(repository, with_text(plan, Step.REWRITE, "app/use.py", MODULE_USE, new))
    assert any(one.path == "app/use.py" and message in one.message for one in found), found


BROKEN = b"def f(:\n    from app.manager import ChatManager\n    return 1\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(b"return 1", b"return 2", "beside the planned paths", id="a line changes beside the paths"),
        pytest.param(b"    return 1\n", b"", "it has 3 lines, and had 4", id="a line is lost"),
        pytest.param(b"f(:", b"f():", "its first error: none", id="the error is gone"),
    ],
)
def test_damage_in_a_broken_file_is_seen(old: bytes, new: bytes, message: str, tmp_path: Path) -> None:
    broken = BROKEN.replace(b"app.manager", b"app.old_manager")
    repository, plan = planned(tmp_path, {**SAMPLE, "app/broken.py": broken})
    found = mismatches(repository, with_text(plan, Step.REWRITE, "app/broken.py", BROKEN, BROKEN.replace(old, new)))
    assert any(one.path == "app/broken.py" and message in one.message for one in found), found


def test_a_deleted_module_that_an_unchanged_file_imports_is_seen(tmp_path: Path) -> None:
    kept = "from app.old_manager import ChatManager  # unshim: keep (test)\n\nprint(ChatManager)\n"
    repository, plan = planned(tmp_path, {**SAMPLE, "app/kept.py": kept})
    assert mismatches(repository, plan) == ()
    shim = str(SAMPLE["app/old_manager.py"]).encode()
    deletion = PlannedStep(Step.DELETE, (FileChange("app/old_manager.py", "100644", shim, None),))
    found = mismatches(repository, replace(plan, steps=(*plan.steps, deletion)))
    assert {one.step for one in found} == {Step.DELETE}
    assert any(one.path == "app/kept.py" and "now: missing module" in one.message for one in found)


def test_a_use_through_the_package_of_a_deleted_module_is_seen(tmp_path: Path) -> None:
    files = {**SAMPLE, "app/far.py": "import app\n\n\ndef f():\n    return app.old_manager.ChatManager\n"}
    repository, plan = planned(tmp_path, files)
    shim = str(SAMPLE["app/old_manager.py"]).encode()
    deletion = PlannedStep(Step.DELETE, (FileChange("app/old_manager.py", "100644", shim, None),))
    steps = tuple(step for step in plan.steps if step.step is not Step.DELETE)
    steps = tuple(replace(s, changes=tuple(c for c in s.changes if c.path != "app/far.py")) for s in steps)
    found = mismatches(repository, replace(plan, steps=(*steps, deletion)))
    assert any(
        one.path == "app/far.py" and "app.old_manager.ChatManager: it was object app.manager:ChatManager" in one.message
        for one in found
    ), found


def test_a_new_import_cycle_is_seen(tmp_path: Path) -> None:
    files = {**SAMPLE, "app/late.py": "import app.use\n\nChatManager = 1\n"}
    repository, plan = planned(tmp_path, files)
    assert mismatches(repository, plan) == ()
    tampered = with_text(plan, Step.REWRITE, "app/use.py", USE, USE.replace(b"app.manager", b"app.late"))
    found = mismatches(repository, tampered)
    assert any("a new cycle of imports: app.use -> app.late -> app.use" in one.message for one in found), found


def test_a_name_that_is_not_there_yet_is_seen(tmp_path: Path) -> None:
    late = "import app.sub.part\n\nclass ChatManager: ...\n"
    files = {**SAMPLE, "app/sub/__init__.py": USE.decode().replace("manager", "old_manager", 1), "app/sub/part.py": ""}
    repository, plan = planned(tmp_path, {**files, "app/late.py": late})
    assert mismatches(repository, plan) == ()
    tampered = with_text(plan, Step.REWRITE, "app/sub/__init__.py", USE, USE.replace(b"app.manager", b"app.late"))
    found = {one.message for one in mismatches(repository, tampered) if one.path == "app/sub/__init__.py"}
    assert "app.late imports this file before it binds ChatManager" in found


def test_a_lost_binding_that_an_unchanged_module_re_exports_is_seen_there(tmp_path: Path) -> None:
    files = {
        **SAMPLE,
        "app/face.py": "from app.use import manager\n\nx = 1\n",
        "app/far.py": "from app.face import manager\n\nprint(manager)\n",
    }
    repository, plan = planned(tmp_path, files)
    assert mismatches(repository, plan) == ()
    tampered = with_text(plan, Step.REWRITE, "app/use.py", b"manager = ", b"boss = ")
    found = {one.path: one.message for one in mismatches(repository, tampered)}
    assert found.keys() >= {"app/use.py", "app/face.py", "app/far.py"}, found


def test_a_bad_state_between_two_steps_is_seen(tmp_path: Path) -> None:
    repository, plan = planned(tmp_path, COLLAPSING)
    assert [step.step for step in plan.steps] == [Step.REWRITE, Step.COLLAPSE, Step.DELETE]
    backwards = (plan.steps[2], *plan.steps[:2])
    found = mismatches(repository, replace(plan, steps=backwards))
    assert found and {one.step for one in found} == {Step.DELETE}
    assert any("missing module app.old_manager" in one.message for one in found)


def test_a_step_that_begins_with_another_text_is_seen(tmp_path: Path) -> None:
    repository, plan = planned(tmp_path, SAMPLE)
    [change] = plan.steps[0].changes
    step = replace(plan.steps[0], changes=(replace(change, before=b"x = 1\n"),))
    found = mismatches(repository, replace(plan, steps=(step, *plan.steps[1:])))
    assert any("begins with a text that the file does not have" in one.message for one in found)
