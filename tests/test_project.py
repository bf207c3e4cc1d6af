"""Which module a file is, under which source roots, and what stands behind a module name."""

from __future__ import annotations

import pytest
from projects import entries_of, texts_of

from codemods.alias_map import ModuleKind
from migrate.project import Project, discover_roots
from migrate.recipe import SourceRoot


def project(files: dict[str, str | bytes], *roots: SourceRoot, modes: dict[str, str] | None = None) -> Project:
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    entries = entries_of(contents, modes or {})
    return Project(entries, roots or (SourceRoot(""),), texts_of(contents, modes))


# names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "a"),
        ("a/__init__.py", "a"),
        ("a/b/c.py", "a.b.c"),
        ("a/b/__init__.pyi", "a.b"),
        ("a-b/c.py", "a-b.c"),
        ("a/not a name.py", "a.not a name"),
        ("__init__.py", "__init__"),
        ("größe/maß.py", "größe.maß"),
    ],
)
def test_the_module_of_a_file(path: str, name: str) -> None:
    assert project({path: ""}).module_of(path) == name


def test_the_innermost_root_names_a_file_first() -> None:
    made = project({"src/a/b.py": ""}, SourceRoot(""), SourceRoot("src"))
    assert made.module_of("src/a/b.py") == "a.b"
    assert made.path_of("a.b") == made.path_of("src.a.b") == "src/a/b.py"
    assert made.primary("src.a.b") == "a.b"
    assert made.primary("unknown.module") == "unknown.module"


def test_a_root_with_a_package() -> None:
    made = project({"plugins/x.py": "", "__init__.py": ""}, SourceRoot("", "ns.coll"))
    assert made.module_of("plugins/x.py") == "ns.coll.plugins.x"
    assert made.module_of("__init__.py") == "ns.coll"


def test_a_root_is_a_directory_not_a_prefix() -> None:
    made = project({"src2/a.py": ""}, SourceRoot("src"))
    assert made.path_of("a") is None
    assert list(made.paths) == []


# kinds


def test_what_stands_behind_a_name() -> None:
    made = project(
        {
            "pkg/__init__.py": "",
            "pkg/mod.py": "",
            "pkg/fast.so": "",
            "pkg/slow.cpython-311-x86_64-linux-gnu.so": "",
            "space/mod.py": "",
            "magic/__init__.py": "def __getattr__(name): return load(name)\n",
            "stub.pyi": "",
        }
    )
    kinds = {
        "pkg": ModuleKind.FILE,
        "pkg.mod": ModuleKind.FILE,
        "pkg.fast": ModuleKind.OPAQUE,
        "pkg.slow": ModuleKind.OPAQUE,
        "pkg.gone": ModuleKind.MISSING,
        "pkg.mod.gone": ModuleKind.MISSING,
        "space": ModuleKind.NAMESPACE,
        "os": ModuleKind.EXTERNAL,
        "stub": ModuleKind.EXTERNAL,
        "pkgs": ModuleKind.EXTERNAL,
    }
    assert {name: made.kind(name) for name in kinds} == kinds


def test_a_module_that_git_ignores_may_be_made_by_a_build() -> None:
    contents = {"src/app/__init__.py": b"", "src/app/new.py": b""}
    roots = (SourceRoot("src"), SourceRoot("src/app", "other"))
    ignored = {"src/app/_version.py", "src/app/named.py"}
    made = Project(entries_of(contents, {}), roots, texts_of(contents), ignored=ignored, named={"app.named"})
    kinds = {
        "app._version": ModuleKind.UNKNOWN,
        "other._version": ModuleKind.UNKNOWN,
        "app.version": ModuleKind.MISSING,
        "app.named": ModuleKind.MISSING,
        "app.new._version": ModuleKind.MISSING,
        "_version": ModuleKind.EXTERNAL,
    }
    assert {name: made.kind(name) for name in kinds} == kinds
    assert made.with_changes({"src/app/new.py": None}).kind("app._version") is ModuleKind.UNKNOWN


def test_files_that_are_no_modules() -> None:
    made = project({"a.py": "", "b.py": "", "c.txt": "", "d": ""}, modes={"b.py": "160000"})
    assert set(made.entries) == {"a.py"}


# facts


def test_facts_are_none_without_a_file_and_computed_where_it_cannot_be_read() -> None:
    made = project({"a.py": "X = 1\n", "bad.py": b"\xff", "nul.py": b"\0"})
    assert made.facts("nothing") is None
    facts = made.facts("a")
    assert facts is not None and set(facts.names) == {"X"}
    assert made.facts("a") is facts
    for name in ("bad", "nul"):
        unread = made.facts(name)
        assert unread is not None and unread.computed


def test_a_module_that_cannot_run_here_has_a_fault() -> None:
    made = project({"good.py": "x = 1\n", "syntax.py": "x = (\n", "name.py": "x = 1\ny = undefined_name\n"})
    assert made.fault("good") is None
    assert made.fault("nothing") is None
    assert made.fault("syntax") is not None
    assert made.fault("name") == "line 2: nothing binds undefined_name"


# source roots


@pytest.mark.parametrize(
    ("paths", "modules", "roots"),
    [
        pytest.param(["app/m.py"], ["app.m"], [""], id="at the top"),
        pytest.param(["src/app/m.py"], ["app.m"], ["", "src"], id="src"),
        pytest.param(["lib/app/m.py", "x.py"], ["app.m"], ["", "lib"], id="lib"),
        pytest.param(["a/b/app/m.py"], ["app.m"], ["", "a/b"], id="deep"),
        pytest.param(["a/b/app/m/__init__.py"], ["app.m"], ["", "a/b"], id="deep package"),
        pytest.param(["a/__init__.py", "a/app/m.py"], ["app.m"], [""], id="inside a package"),
        pytest.param(["src/__init__.py", "src/x.py"], [], [""], id="src is a package"),
        pytest.param(["a/xapp/m.py"], ["app.m"], [""], id="longer name"),
        pytest.param(["m.py"], ["app.m"], [""], id="not there"),
        pytest.param([], [], [""], id="nothing at all"),
        pytest.param(["one/app/m.py", "two/app/m.py"], ["app.m"], ["", "one"], id="two copies: one root"),
    ],
)
def test_source_roots_are_discovered(paths: list[str], modules: list[str], roots: list[str]) -> None:
    assert [root.path for root in discover_roots(paths, modules)] == roots
