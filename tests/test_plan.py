"""The plan over whole repositories: what may be deleted, what holds it, where modules lie, what the recipe says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repositories import SAMPLE, Repo, make_repo, references, scan, unchecked, unshim

from migrate.errors import MigrateError
from migrate.planning import build_plan
from migrate.recipe import load_recipe
from migrate.repository import Repository

USE = "from app.old_manager import ChatManager\n\nprint(ChatManager)\n"


@pytest.fixture
def repo(tmp_path: Any) -> Repo:
    return make_repo(tmp_path / "repo", SAMPLE)


def module(document: Any, name: str) -> Any:
    return next(one for one in document["modules"] if one["module"] == name)


# what holds a shim


@pytest.mark.parametrize(
    ("path", "text", "holds"),
    [
        pytest.param("deploy.yaml", "class: app.old_manager.ChatManager\n", False, id="configuration that follows"),
        pytest.param("deploy.yaml", "module: app.old_manager\n", True, id="configuration that names the module"),
        pytest.param("setup.cfg", "[x]\ny =\n    app.old_manager:main\n", True, id="entry point"),
        pytest.param("Dockerfile", "CMD python -m app.old_manager\n", True, id="command"),
        pytest.param("ci.yml", "run: ruff app/old_manager.py\n", True, id="file path"),
        pytest.param("app/dynamic.py", "print(__import__('app.old_manager'))\n", True, id="string"),
        pytest.param(
            "app/late.py", "import importlib\nimportlib.import_module('.old_manager', 'app')\n", None, id="parts"
        ),
        pytest.param(
            "app/by.py",
            "import importlib as i\nx = ['.old_manager']\ni.import_module(x[0], __package__)\n",
            True,
            id="relative string of a file that does not name the package",
        ),
        pytest.param("by.py", "m = __import__('app', fromlist=['old_manager'])\n", True, id="list of __import__"),
        pytest.param("run.py", "import os\nos.system('python -m app.old_manager')\n", True, id="command line"),
        pytest.param("setup.py", "setup(entry_points='''\n[x]\ny = app.old_manager:f\n''')\n", True, id="entry point"),
        pytest.param(
            "by.py",
            "import app\nimport app.old_manager\nprint(vars(app)['old_manager'])\n",
            True,
            id="package handed on",
        ),
        pytest.param("app/by.py", "exec('from .old_manager import ChatManager')\n", True, id="relative source"),
        pytest.param("app/by.py", "x = open(__file__[:-5] + 'old_manager.py')\n", True, id="file of the same folder"),
        pytest.param(
            "app/meson.build",
            "py.install_sources(['manager.py', 'old_manager.py'])\n",
            True,
            id="list of files in the same folder",
        ),
        pytest.param(
            "other/meson.build", "py.install_sources(['old_manager.py'])\n", False, id="list of files in another folder"
        ),
        pytest.param("Makefile", "x:\n\tpython -mapp.old_manager\n", True, id="glued to an option"),
        pytest.param(
            "Dockerfile", "RUN set -ex \\\n  ; python -m app.old_manager\n", True, id="command behind a semicolon"
        ),
        pytest.param(
            "Dockerfile.py-3.11",
            "CMD python -m app.old_manager\n",
            True,
            id="file with an ending like a copy of Python",
        ),
        pytest.param(
            "package.json", '{"scripts": {"x": "python -m \\"app.old_manager\\""}}\n', True, id="escaped quotes"
        ),
        pytest.param(
            "bin/newsletter",
            "#!/usr/bin/env python\nfrom app.old_manager import ChatManager\n",
            True,
            id="script called like a text",
        ),
        pytest.param("app/old_manager.pyi", "from app.manager import ChatManager\n", True, id="its stub"),
        pytest.param(
            "app/__init__.py", "__all__ = 'manager old_manager'.split()\n", True, id="computed list of a star import"
        ),
        pytest.param("README.md", "See app.old_manager.\n", False, id="prose"),
        pytest.param("app/comment.py", "# app.old_manager was here\n", False, id="comment"),
        pytest.param("app/doc.py", "'''Once app.old_manager.'''\n", False, id="docstring"),
        pytest.param("other.yaml", "class: app.old_manager2.X, my.app.old_manager\n", False, id="longer names"),
        pytest.param("app/broken.py", "import app.old_manager\nif:\n", True, id="file that does not parse"),
        pytest.param("app/latin.py", b"import app.old_manager # \xe9\n", True, id="file that is no text"),
        pytest.param("app/kept.py", "import app.old_manager  # unshim: keep (why)\n", True, id="kept reference"),
        pytest.param("app/value.py", "import app.old_manager as m\nprint(m)\n", True, id="module as a value"),
        pytest.param("app/gone.py", "from app.old_manager import gone\n", True, id="import that fails"),
        pytest.param("app/old_manager/data.txt", "x\n", True, id="folder of the same name"),
        pytest.param("stubs/app/old_manager.pyi", "from app.manager import ChatManager\n", None, id="stub elsewhere"),
    ],
)
def test_what_holds_a_shim(path: str, text: str | bytes, holds: bool | None, repo: Repo) -> None:
    if path.startswith("app/old_manager/"):
        repo.commit_objects([(path.encode(), "100644", b"x\n")])
    else:
        repo.commit({path: text})
    document = scan(repo)
    shim = module(document, "app.old_manager")
    if holds is not None:
        assert shim["deletable"] is not holds, document
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    assert (b"app/old_manager.py" in repo.files("unshim/manager")) is not shim["deletable"]


def test_documents_are_shared_out(repo: Repo) -> None:
    count = 150  # enough for two processes
    repo.commit({f"conf/{n}.yml": f"x: app.old_manager.ChatManager\nn: {n}\n" for n in range(count)})
    whole = unshim("diff", "--no-cache", "--jobs", "1", "--repo", repo.path).out
    assert whole.count(b"+x: app.manager.ChatManager") == count
    lost = repo.files()[b"conf/7.yml"][1]
    (repo.git_dir / "objects" / lost[:2] / lost[2:]).unlink()
    for jobs in ("1", "2"):
        document = scan(repo, "--no-cache", "--jobs", jobs)
        assert unchecked(document) == {"conf/7.yml": "blob-missing"}
        assert sum(one["kind"] == "document" for one in document["references"]) == count - 1


def test_a_file_too_large_to_parse_holds_the_shim(repo: Repo) -> None:
    repo.commit({"huge.py": "import app.old_manager\n" + "#" * (4 * 1024 * 1024)})
    document = scan(repo)
    assert unchecked(document) == {"huge.py": "too-large"}
    assert not module(document, "app.old_manager")["deletable"]


def test_a_file_that_this_clone_does_not_have_holds_the_shim(repo: Repo) -> None:
    use = repo.files()[b"app/use.py"][1]
    (repo.git_dir / "objects" / use[:2] / use[2:]).unlink()
    document = scan(repo)
    assert unchecked(document) == {"app/use.py": "blob-missing"}
    assert not module(document, "app.old_manager")["deletable"]


def test_shims_that_only_shims_use_go_together(repo: Repo) -> None:
    repo.commit(
        {
            "app/a.py": "from app.old_manager import ChatManager\n",
            "app/b.py": "from app.a import ChatManager\n",
            "app/user.py": "from app.b import ChatManager\n\nprint(ChatManager)\n",
        }
    )
    document = scan(repo)
    assert {one["module"] for one in document["modules"] if one["deletable"]} == {"app.a", "app.b", "app.old_manager"}
    repo.commit({"x.toml": "x = 'app.b'\n"})
    held = {one["module"] for one in scan(repo)["modules"] if not one["deletable"]}
    assert {"app.b"} <= held


def test_a_move_that_keeps_holds_the_shim(repo: Repo) -> None:
    repo.write({"unshim.toml": SAMPLE["unshim.toml"] + '[unshim.moves]\n"app.old_manager:ChatManager" = "keep"\n'})  # type: ignore[operator]
    document = scan(repo)
    assert [one["reason"] for one in document["references"]] == ["keep-recipe"]
    assert not module(document, "app.old_manager")["deletable"]


# the recipe's word


def test_moves_of_modules_and_names(repo: Repo) -> None:
    repo.commit(
        {
            "lib/__init__.py": "",
            "lib/old.py": "def f(): pass\ndef g(): pass\n",
            "lib/new.py": "def f(): pass\ndef h(): pass\n",
            "a.py": "from lib.old import f\nf()\n",
            "b.py": "from lib import old\nold.g()\n",
            "c.py": "from mock import patch\npatch('x')\n",
        }
    )
    repo.write(
        {
            "unshim.toml": '[unshim.moves]\n"lib.old" = "lib.new"\n"lib.old:g" = "lib.new:h"\n'
            'mock = { to = "unittest.mock", external = true }\n'
        }
    )
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    assert repo.content("unshim/moves", "a.py") == b"from lib.new import f\nf()\n"
    assert repo.content("unshim/moves", "c.py") == b"from unittest.mock import patch\npatch('x')\n"
    assert b"old.g" not in repo.content("unshim/moves", "b.py")
    assert repo.word("log", "-1", "--format=%(trailers:key=Unshim-Recipe,valueonly)", "unshim/moves") == "moves"


def test_a_move_out_of_the_repository_with_a_use_by_attribute(repo: Repo) -> None:
    repo.commit({"c.py": "import mock\nmock.patch('x')\n"})
    repo.write({"unshim.toml": '[unshim.moves]\nmock = { to = "unittest.mock", external = true }\n'})
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    text = repo.content("unshim/moves", "c.py")
    assert text.endswith(b"mock.patch('x')\n")
    assert b"import mock\n" not in text.replace(b"from unittest import mock\n", b"")


def test_a_move_to_a_name_that_is_not_there(repo: Repo) -> None:
    repo.commit({"lib.py": "def f(): pass\n", "new.py": "", "a.py": "from lib import f\n"})
    repo.write({"unshim.toml": '[unshim.moves]\n"lib:f" = "new:f"\n'})
    [one] = references(scan(repo), path="a.py")
    assert (one["disposition"], one["reason"]) == ("manual", "target-missing")


def test_two_canonical_modules_in_one_recipe(repo: Repo) -> None:
    repo.commit(
        {
            "app/room_list.py": "class RoomList: pass\n",
            "app/old_rooms.py": "from app.room_list import RoomList\n",
            "app/both.py": "from app.old_manager import ChatManager\nfrom app.old_rooms import RoomList\n"
            "ChatManager, RoomList\n",
        }
    )
    tables = "".join(f'[[unshim.canonical]]\ncanonical = "{name}"\n' for name in ("app.manager", "app.room_list"))
    repo.write({"unshim.toml": tables})
    assert unshim("apply", "--repo", repo.path).code == 0
    both = b"from app.manager import ChatManager\nfrom app.room_list import RoomList\nChatManager, RoomList\n"
    assert repo.content("unshim/manager", "app/both.py") == both
    trailer = repo.word("log", "-1", "--format=%(trailers:key=Unshim-Recipe,valueonly)", "unshim/manager")
    assert trailer == "app.manager, app.room_list"


def test_excluded_files_are_neither_changed_nor_counted(repo: Repo) -> None:
    repo.commit({"backups/use.py": USE, "backups/notes.yaml": "x: app.old_manager\n"})
    repo.write({"unshim.toml": '[unshim]\ncanonical = "app.manager"\nexclude = ["backups/**"]\n'})
    document = scan(repo)
    assert not [one for one in document["references"] if one["path"].startswith("backups/")]
    assert document["summary"]["files"] == 4
    assert unshim("apply", "--repo", repo.path).code == 0
    assert repo.content("unshim/manager", "backups/use.py") == USE.encode()


# source roots


@pytest.mark.parametrize("folder", ["src", "services/chat", "a b"])
def test_a_source_root_is_found_by_the_canonical_module(folder: str, tmp_path: Any) -> None:
    files = {f"{folder}/{path}" if path.startswith("app/") else path: text for path, text in SAMPLE.items()}
    repo = make_repo(tmp_path / "repo", {**files, "tests/test_it.py": USE})
    assert unshim("apply", "--repo", repo.path).code == 0
    assert repo.content("unshim/manager", "tests/test_it.py").startswith(b"from app.manager import ChatManager\n")
    assert f"{folder}/app/old_manager.py".encode() not in repo.files("unshim/manager")


def test_a_source_root_with_a_package_prefix(tmp_path: Any) -> None:
    repo = make_repo(
        tmp_path / "repo",
        {
            "plugins/manager.py": SAMPLE["app/manager.py"],
            "plugins/old_manager.py": "from ns.coll.plugins.manager import ChatManager\n",
            "plugins/use.py": "from ..plugins.old_manager import ChatManager\nprint(ChatManager)\n",
            "use.py": "from ns.coll.plugins.old_manager import ChatManager\nprint(ChatManager)\n",
            "unshim.toml": '[unshim]\ncanonical = "ns.coll.plugins.manager"\n'
            'source_roots = [{ path = ".", package = "ns.coll" }]\n',
        },
    )
    assert unshim("apply", "--repo", repo.path).code == 0
    assert repo.content("unshim/manager", "use.py").startswith(b"from ns.coll.plugins.manager import ChatManager\n")
    assert repo.content("unshim/manager", "plugins/use.py").startswith(b"from ..plugins.manager import ChatManager\n")
    assert b"plugins/old_manager.py" not in repo.files("unshim/manager")


# the plan itself


def test_the_plan_writes_nothing_and_tells_its_progress(repo: Repo) -> None:
    before, objects, said = repo.state(), repo.objects(), []
    plan = build_plan(Repository(repo.path), load_recipe(None, repo.path), "HEAD", 1, said.append)
    assert (repo.state(), repo.objects()) == (before, objects)
    assert said
    assert [step.step.value for step in plan.steps] == ["rewrite", "delete"]
    assert plan.deletions == ("app/old_manager.py",)
    assert [change.path for change in plan.changed_files()] == ["app/old_manager.py", "app/use.py"]


def test_the_plan_raises_where_the_recipe_does_not_fit(repo: Repo) -> None:
    repo.write({"unshim.toml": '[unshim]\ncanonical = "app.nothing"\n'})
    with pytest.raises(MigrateError, match=r"there is no module app\.nothing"):
        build_plan(Repository(repo.path), load_recipe(None, repo.path), "HEAD", 1, lambda _: None)


def test_an_alias_of_a_name_that_a_star_import_binds(repo: Repo) -> None:
    shim = "from app.manager import *\nOldManager = ChatManager\n"
    repo.commit({"app/old_manager.py": shim, "app/use.py": "from app.old_manager import OldManager\nOldManager()\n"})
    assert [one["path"] for one in references(scan(repo), old="app.old_manager:OldManager")] == ["app/use.py"]


def test_a_file_that_was_not_checked_is_listed_once_where_others_lean_on_an_import(repo: Repo) -> None:
    repo.commit(
        {
            "app/loads.py": "import app.old_manager\nm = app.old_manager.ChatManager\n",
            "app/leans.py": "import app, app.loads\nprint(app.old_manager)\n",
            "broken.py": "from app.old_manager import (\n",
        }
    )
    document = scan(repo)
    assert {one["reason"] for one in document["references"] if one["path"] == "app/loads.py"} == {"loaded-for-others"}
    assert [one["path"] for one in document["unchecked"]] == ["broken.py"]


@pytest.mark.parametrize(
    ("files", "detail"),
    [
        pytest.param(
            {
                "use.py": "import q.old\nq.old.f\n",
                "b.py": "import q\nimport use\nprint(q.old)\n",
                "c.py": "import q\nimport use\nprint(q.old)\n",
            },
            "b.py uses it, and does not import it",
            id="a file that leans on the import",
        ),
        pytest.param(
            {
                "use.py": "import q.sub\nfrom q.face import f\nq.sub\n",
                "q/face.py": "import q.sub\nfrom q.new import f\n",
            },
            None,
            id="a module that the file imports itself",
        ),
        pytest.param(
            {"use.py": "import q\nfrom q.face import f\nq.sub\n", "q/face.py": "import q.sub\nfrom q.new import f\n"},
            "code of this file needs it",
            id="the same file",
        ),
        pytest.param(
            {"q/__init__.py": "from q.new import f\n", "use.py": "from q.f import f\n", "b.py": "from q import f\n"},
            "it decides whether q.f is the module, or what q binds to its name",
            id="a name that is a submodule as soon as it is imported",
        ),
        pytest.param(
            {
                "q/__init__.py": "from q.f import f\n",
                "q/f.py": "from q.new import f\na = 1\n",
                "b.py": "from q.f import a\n",
            },
            "it decides whether q.f is the module, or what q binds to its name; q.f, which stays, loads it later",
            id="a submodule that others load later",
        ),
        pytest.param(
            {
                "q/__init__.py": "from . import old\n",
                "q/new.py": "f = g = 1\n__all__ = ['f']\n",
                "b.py": "from q import old\nvars(old)\n",
            },
            "q.old stays, and q would bind its name to q.new",
            id="a package that would hide its submodule",
        ),
    ],
)  # fmt: skip
def test_it_is_said_for_whose_sake_an_import_stays(repo: Repo, files: dict[str, str], detail: str | None) -> None:
    shim = {"q/old.py": "from q.new import *\n", "q/f.py": "from q.new import f\n", "q/sub/__init__.py": ""}
    recipe = {"unshim.toml": '[unshim]\ncanonical = "q.new"\n'}
    repo.commit({"q/__init__.py": "", "q/new.py": "f = 1\n", **shim, **recipe, **files})
    held = [one["detail"] for one in references(scan(repo)) if one["reason"] == "loaded-for-others"]
    assert set(held) == ({detail} if detail else set())


@pytest.mark.parametrize(
    ("moves", "text", "reason"),
    [
        pytest.param(
            '"ext.old" = { to = "ext.new", external = true }',
            "try:\n    from ext.new import f\nexcept ImportError:\n    from ext.old import f\n",
            "equal-branches",
            id="nobody knows whether the import can fail, and both branches would be the same (T44)",
        ),
        pytest.param(
            '"ext.old" = { to = "top", external = true }',
            "from ext import (\n    old,  # a comment that would be lost\n    other,\n)\n",
            "odd-layout",
            id="a comment that would have no statement left to stand in",
        ),
    ],
)
def test_what_cannot_be_written_is_left_with_its_reason(moves: str, text: str, reason: str, repo: Repo) -> None:
    repo.commit({"c.py": text})
    repo.write({"unshim.toml": f"[unshim.moves]\n{moves}\n"})
    found = [(one["disposition"], one["reason"]) for one in scan(repo)["references"] if one["path"] == "c.py"]
    assert found == [("manual", reason)]
    assert unshim("apply", "--partial", "--repo", repo.path).text.startswith("nothing to do")


# files to which only a string leads

CHAT: dict[str, str | bytes] = {
    "app/__init__.py": "from app.core.chat_manager import ChatManager\n",
    "app/core/__init__.py": "from app.core.chat_manager import ChatManager as CM\n\ndef create_chat_manager(): ...\n",
    "app/core/chat_manager.py": "class ChatManager:\n    pass\n",
    "app/core/old.py": "from app.core.chat_manager import ChatManager\n",
    "app/core/use.py": "import app.core.old\n",
    "unshim.toml": '[unshim]\ncanonical = "app.core.chat_manager"\n',
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("x = 'old'\n", [], id="a word alone"),
        pytest.param("x = import_module(name).old.get('x.bold')\n", [], id="an attribute, and the end of a word"),
        pytest.param("getattr(x, 'y')\nold = core.older\n", [], id="a variable"),
        pytest.param("x = import_module('core')\nCM = 'xCM'\n", [], id="another module's alias, and no path to it"),
        pytest.param("patch('app.core.CM')\n", ["app.core:CM"], id="an alias by its own name"),
        pytest.param("P = 'app.core'\npatch(f'{P}.CM')\n", ["app.core:CM"], id="an alias behind a placeholder"),
        pytest.param("x = import_module('app.core' + '.old')\n", ["app.core.old"], id="behind a plus"),
        pytest.param("P = 'app.core'\nx = import_module(f'{P}.old')\n", ["app.core.old"], id="behind a placeholder"),
        pytest.param("P = 'app.core'\nx = import_module('%s.old' % P)\n", ["app.core.old"], id="behind a percent sign"),
        pytest.param("P = 'app.core'\nx = import_module(P + '.old')\n", ["app.core.old"], id="behind a constant"),
        pytest.param("x = import_module('app.core\\x2eold')\n", ["app.core.old"], id="behind an escape"),
        pytest.param("x = import_module('app.core.\\\nold')\n", ["app.core.old"], id="on the next line"),
        pytest.param("x = import_module('app-core-old'.replace('-', '.'))\n", ["app.core.old"], id="replaced"),
        pytest.param("x = import_module('.old', 'app.core')\n", ["app.core.old"], id="relative"),
        pytest.param("x = import_module('..old', 'app.core.x')\n", ["app.core.old"], id="relative, two dots"),
        pytest.param(
            "old = ChatManager = 1\npatch('app.core.create_chat_manager')\n",
            ["app.core:create_chat_manager"],
            id="a name like the module's",
        ),
        pytest.param(
            "old = 1\npatch('x')\nCODE = 'from app import ChatManager'\n",
            ["app:ChatManager"],
            id="an import in a string",
        ),
    ],
)
def test_a_path_in_pieces_is_found(tmp_path: Path, text: str, found: list[str]) -> None:
    header = "# the text names app, core, old\nfrom importlib import import_module\nfrom unittest.mock import patch\n\n"
    repo = make_repo(tmp_path / "repo", {**CHAT, "tests/test_it.py": header + text})
    assert [one["old"] for one in references(scan(repo), path="tests/test_it.py")] == found


@pytest.mark.parametrize(("repairs", "reason"), [(True, None), (False, "repair-off")])
def test_a_name_out_of_a_module_that_is_missing(repairs: bool, reason: str | None, repo: Repo) -> None:
    text = "from app.gone import ChatManager\n\nChatManager()\n"
    recipe = f'[unshim]\ncanonical = "app.manager"\nrepairs = {str(repairs).lower()}\n'
    repo.commit({"app/late.py": text, "unshim.toml": recipe})
    [found] = references(scan(repo), path="app/late.py")
    assert (found["old"], found["relation"], found["reason"]) == ("app.gone:ChatManager", "repair", reason)
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    after = text.replace("app.gone", "app.manager") if repairs else text
    assert repo.content("unshim/manager", "app/late.py") == after.encode()


def test_what_a_mixed_module_defines_is_not_taken_from_who_uses_it(repo: Repo) -> None:
    """The canonical module has the object too, under a name of its own: that is no path to it for others."""
    mixed = "from app.manager import get_chat_manager\n\n\nclass Base:\n    pass\n"
    canonical = "from app.base import Base as _Base\n" + repo.content("HEAD", "app/manager.py").decode()
    recipe = '[unshim]\ncanonical = "app.manager"\nshims = ["app.base"]\n'
    uses = "from app.base import Base\n\nBase()\n"
    repo.commit({"app/base.py": mixed, "app/manager.py": canonical, "app/late.py": uses, "unshim.toml": recipe})
    [found] = references(scan(repo), path="app/late.py")
    assert (found["relation"], found["reason"], found["new"]) == ("divergent", "no-canonical-home", None)


def test_a_symbolic_link_holds_the_shim(repo: Repo) -> None:
    (repo.path / "bin").mkdir()
    (repo.path / "bin" / "tool").symlink_to("../app/old_manager.py")
    repo.commit()
    shim = module(scan(repo), "app.old_manager")
    assert (shim["deletable"], shim["evidence"][-1]) == (False, "held by bin/tool: a symbolic link to it")


def test_a_file_under_two_source_roots_is_held_by_both_names(tmp_path: Path) -> None:
    files = {f"src/{path}": content for path, content in SAMPLE.items() if path.startswith("app/")}
    main = {"main.py": "from src.app.old_manager import ChatManager\n", "unshim.toml": SAMPLE["unshim.toml"]}
    shim = module(scan(make_repo(tmp_path / "two", files | main)), "app.old_manager")
    assert not shim["deletable"] and "held by main.py:1: src.app.old_manager:ChatManager" in shim["evidence"]


def test_the_last_file_of_a_folder_stays(repo: Repo) -> None:
    repo.commit(
        {
            "legacy/alone.py": "from app.manager import ChatManager\n",
            "late.py": "from legacy.alone import ChatManager\n",
        }
    )
    shim = module(scan(repo), "legacy.alone")
    assert not shim["deletable"] and "nothing would be left of legacy, which would be gone, too" in shim["evidence"]
