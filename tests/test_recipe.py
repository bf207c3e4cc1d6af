"""The recipe: what it says, what it must not say, and which files it covers."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repositories import SAMPLE, Repo, make_repo, scan, unshim

from codemods.modules import Move, Target
from codemods.symbols import Symbol
from migrate.errors import ExitCode, MigrateError
from migrate.recipe import Recipe, SourceRoot, load_recipe, read_recipe


def read(text: str) -> Recipe:
    return read_recipe(tomllib.loads(text).get("unshim", {}), "unshim.toml")


def refusal(text: str) -> MigrateError:
    with pytest.raises(MigrateError) as caught:
        read(text)
    assert caught.value.code is ExitCode.SITUATION
    assert caught.value.message.startswith("unshim.toml: ")
    assert caught.value.hint
    return caught.value


# what it says


def test_only_canonical() -> None:
    recipe = read('[unshim]\ncanonical = "app.chat_manager"')
    assert recipe.targets == (Target("app.chat_manager", None, (), (), False, {}),)
    assert recipe.branch == "unshim/chat-manager"
    assert recipe.source_roots is None
    assert recipe.covers("anything/at all.py")


def test_every_key() -> None:
    recipe = read(
        """
        [unshim]
        canonical = "a.b"
        symbols = ["X"]
        homes = ["a.types"]
        shims = ["a.old"]
        repairs = true
        include = ["src/**"]
        exclude = ["src/vendored"]
        source_roots = ["src/", "./lib", ".", { path = ".", package = "ns.plugins" }]
        branch = "mine"
        [unshim.rename]
        Y = "X"
        [unshim.moves]
        "a.c:f" = "a.b:X"
        "mock" = { to = "unittest.mock", external = true }
        "a.d" = "keep"
        """
    )
    assert recipe.targets == (Target("a.b", ("X",), ("a.types",), ("a.old",), True, {"Y": "X"}),)
    assert recipe.moves == (
        Move(Symbol("a.c", "f"), Symbol("a.b", "X"), False),
        Move(Symbol("mock"), Symbol("unittest.mock"), True),
        Move(Symbol("a.d"), None, False),
    )
    assert recipe.source_roots == (
        SourceRoot("src"), SourceRoot("lib"), SourceRoot(""), SourceRoot("", "ns.plugins"),
    )  # fmt: skip
    assert recipe.branch == "mine"
    assert [recipe.covers(path) for path in ("src/a.py", "src/vendored/a.py", "tests/a.py")] == [True, False, False]


def test_several_canonical_modules_are_several_tables() -> None:
    recipe = read(
        """
        [[unshim.canonical]]
        canonical = "a.one"
        homes = ["a.types"]
        [[unshim.canonical]]
        canonical = "a.two"
        rename = { Old = "New" }
        branch = "both"
        """
    )
    assert [target.canonical for target in recipe.targets] == ["a.one", "a.two"]
    assert recipe.targets[1].rename == {"Old": "New"}
    assert recipe.branch == "both"


def test_moves_alone_are_a_recipe() -> None:
    recipe = read('[unshim.moves]\nmock = { to = "unittest.mock", external = true }')
    assert (recipe.targets, recipe.branch) == ((), "unshim/moves")


@pytest.mark.parametrize(
    ("module", "branch"),
    [("a._private_", "unshim/private"), ("top", "unshim/top"), ("a.Web_Socket", "unshim/Web-Socket")],
)
def test_the_branch_is_named_after_the_module(module: str, branch: str) -> None:
    assert read(f'[unshim]\ncanonical = "{module}"').branch == branch


# what it must not say


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        pytest.param("", ["neither a canonical module nor moves"], "canonical =", id="nothing"),
        pytest.param('[unshim]\ncanonnical = "a"', ["canonnical"], "did you mean canonical?", id="unknown key"),
        pytest.param('[unshim]\ncanonical = "a"\nexcludes = []', ["excludes"], "did you mean exclude?", id="plural"),
        pytest.param('[unshim]\ncanonical = "a"\nzzz = 1', ["zzz"], "canonical, symbols, homes", id="far from any key"),
        pytest.param(
            '[[unshim.canonical]]\ncanonical = "a"\nhome = []', ["home"], "did you mean homes?", id="key in a table"
        ),
        pytest.param(
            '[unshim]\ncanonical = "a"\n[unshim.moves]\nb = { to = "c", extern = true }',
            ["extern"], "did you mean external?", id="key in a move",
        ),
        pytest.param(
            '[unshim]\ncanonical = "a"\nsource_roots = [{ paht = "x" }]',
            ["paht"], "did you mean path?", id="key in a source root",
        ),
        pytest.param(
            '[unshim]\ncanonical = "a"\nhomes = "a.b"',
            ["homes: expected a list, got a string"], "", id="string for a list",
        ),
        pytest.param(
            '[unshim]\ncanonical = "a"\nrepairs = "no"',
            ["repairs: expected true or false, got a string"], "", id="string for a flag",
        ),
        pytest.param(
            '[unshim]\ncanonical = "a"\nexclude = [1]',
            ["exclude: expected a string, got a number"], "", id="number for a glob",
        ),
        pytest.param(
            "[unshim]\ncanonical = 3",
            ["canonical: expected a string or a list, got a number"], "", id="number for a module",
        ),
        pytest.param("[unshim]\ncanonical = []", ["neither a canonical"], "", id="empty list of canonicals"),
        pytest.param(
            '[unshim]\ncanonical = ["a"]',
            ["canonical: expected a table, got a string"], "", id="list of names for a table",
        ),
        pytest.param('[unshim]\ncanonical = "a-b.c"', ["canonical", "'a-b.c'"], "package.module", id="no module name"),
        pytest.param('[unshim]\ncanonical = ""', ["canonical", "''"], "package.module", id="empty module name"),
        pytest.param('[unshim]\ncanonical = "a:B"', ["canonical", "a:B"], "package.module", id="symbol as canonical"),
        pytest.param('[unshim]\ncanonical = "a/b.py"', ["a/b.py"], "package.module", id="path as canonical"),
        pytest.param('[unshim]\ncanonical = "a"\nhomes = ["..b"]', ["homes", "..b"], "package.module", id="bad home"),
        pytest.param('[unshim]\ncanonical = "a"\nshims = ["b."]', ["shims", "b."], "package.module", id="bad shim"),
        pytest.param('[unshim]\ncanonical = "a"\nshims = ["a"]', ["a is canonical and"], "", id="canonical as shim"),
        pytest.param('[unshim]\ncanonical = "a"\nhomes = ["a"]', ["a is canonical and"], "", id="canonical as home"),
        pytest.param(
            '[[unshim.canonical]]\ncanonical = "a"\n[[unshim.canonical]]\ncanonical = "a"', ["twice"], "", id="twice"
        ),
        pytest.param('[unshim]\ncanonical = "a"\nexclude = ["../x"]', ["../x", "outside"], "", id="exclude outside"),
        pytest.param('[unshim]\ncanonical = "a"\ninclude = ["/x"]', ["/x", "outside"], "", id="include outside"),
        pytest.param(
            '[unshim]\ncanonical = "a"\nsource_roots = ["x/../.."]', ["source_roots", "outside"], "", id="root outside"
        ),
        pytest.param(
            '[unshim]\ncanonical = "a"\nsource_roots = [{ path = ".", package = "a b" }]',
            ["source_roots", "a b"], "a.b.c", id="bad package",
        ),
    ],
)  # fmt: skip
def test_a_bad_recipe(text: str, words: list[str], hint: str) -> None:
    error = refusal(text)
    for word in words:
        assert word in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("moves", "words", "hint"),
    [
        pytest.param('"a.b:" = "c"', ["'a.b:'"], "package.module:Name", id="empty name"),
        pytest.param('"a.b" = "c d"', ["'c d'"], "package.module:Name", id="space"),
        pytest.param('"a.b:X:Y" = "c:X"', ["a.b:X:Y"], "package.module:Name", id="two colons"),
        pytest.param('"" = "c"', ["''"], "package.module:Name", id="empty"),
        pytest.param('"a.b" = "c:X"', ["the module a.b cannot become the name c:X"], "one by one", id="module to name"),
        pytest.param('"a.b:X" = "c"', ["the name a.b:X cannot become the module c"], "c:X?", id="name to module"),
        pytest.param('"a.b" = "a.b"', ["moves to itself"], "", id="self"),
        pytest.param('"a.b:X" = "a.b:X"', ["moves to itself"], "", id="self, a name"),
        pytest.param('"a" = "b"\n"b" = "c"', ["a moves to b, which moves itself"], "final place", id="chain"),
        pytest.param('"a:X" = "b:X"\n"b:X" = "c:X"', ["which moves itself"], "final place", id="chain of names"),
        pytest.param('"a:X" = "b:X"\n"b:X" = "a:X"', ["which moves itself"], "final place", id="circle"),
        pytest.param('"a" = 3', ["moves"], "", id="number"),
        pytest.param('"a" = { external = true }', ["moves: missing key to"], "", id="no target"),
    ],
)
def test_a_bad_move(moves: str, words: list[str], hint: str) -> None:
    error = refusal(f"[unshim.moves]\n{moves}\n")
    for word in words:
        assert word in error.message
    assert hint in error.hint


def test_moves_that_are_not_written_as_text_of_toml_names() -> None:
    error = refusal('[unshim.moves]\na.b = "c"\n')  # TOML reads a.b as a table in a table: quotes were forgotten
    assert "moves: unknown key b" in error.message
    assert "in quotes" in error.hint


# the file


def test_unshim_toml_comes_before_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.unshim]\ncanonical = "a.pyproject"\n')
    assert load_recipe(None, tmp_path).targets[0].canonical == "a.pyproject"
    (tmp_path / "unshim.toml").write_text('[unshim]\ncanonical = "a.own"\n')
    recipe = load_recipe(None, tmp_path)
    assert (recipe.targets[0].canonical, recipe.origin) == ("a.own", str(tmp_path / "unshim.toml"))


def test_pyproject_without_a_table_is_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    with pytest.raises(MigrateError, match="there is no recipe"):
        load_recipe(None, tmp_path)


@pytest.mark.parametrize("name", ["unshim.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[unshim", "no valid TOML"),
        (b"\xff\xfe[unshim]", "no valid TOML"),
        (b"unshim = 3\ntool.unshim = 3", ""),
        (b"", ""),
        (b"tool = 3", ""),
    ],
)
def test_a_file_that_is_no_recipe(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    for file in (None, tmp_path / name):
        with pytest.raises(MigrateError) as caught:
            load_recipe(file, tmp_path)
        assert words in caught.value.message
        assert caught.value.hint


def test_a_bom_is_no_reason_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "unshim.toml").write_bytes(b'\xef\xbb\xbf[unshim]\ncanonical = "a"\n')
    assert load_recipe(None, tmp_path).targets[0].canonical == "a"


# the recipe against the repository


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", {**SAMPLE, "app/types.py": "class Kind:\n    pass\n"})


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ('canonical = "app.manger"', ["there is no module app.manger"], "did you mean app.manager"),
        ('canonical = "other.package.manager"', ["no module other.package.manager"], "app.manager"),
        ('canonical = "zzz"', ["no module zzz"], "source_roots"),
        ('canonical = "app.manager"\nsymbols = ["ChatManger"]', ["app.manager has no ChatManger"], "ChatManager"),
        ('canonical = "app.manager"\nsymbols = ["Nothing_alike"]', ["has no Nothing_alike"], "app/manager.py"),
        ('canonical = "app.manager"\nhomes = ["app.tipes"]', ["homes: there is no module app.tipes"], "app.types"),
        ('canonical = "app.manager"\nsource_roots = ["src"]', ["no module app.manager"], ""),
    ],
)
def test_a_recipe_that_does_not_fit(text: str, words: list[str], hint: str, repo: Repo) -> None:
    repo.write({"unshim.toml": f"[unshim]\n{text}\n"})
    before = repo.state()
    for command in ("scan", "diff", "apply", "check"):
        result = unshim(command, "--repo", repo.path)
        assert (result.code, result.out) == (4, b"")
        message, *hints = result.err.splitlines()
        assert hints
        for word in words:
            assert word in message
        assert hint in "\n".join(hints)
    assert repo.state() == before


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('include = ["ap/**"]', id="include that covers no Python file"),
        pytest.param('source_roots = [".", "scr"]', id="source root that does not exist"),
        pytest.param('[unshim.rename]\nOldManager = "ChatManger"', id="rename to a name that canonical does not have"),
    ],
)
def test_a_typo_that_would_make_the_check_blind(text: str, repo: Repo) -> None:
    repo.write({"unshim.toml": f'[unshim]\ncanonical = "app.manager"\n{text}\n'})
    result = unshim("check", "--repo", repo.path)
    assert (result.code, result.out) == (4, b"")


def test_a_canonical_module_that_does_not_parse(repo: Repo) -> None:
    repo.commit({"app/manager.py": "class ChatManager(\n"})
    result = unshim("scan", "--repo", repo.path)
    assert result.code == 4
    assert "app/manager.py:" in result.err


def test_a_canonical_module_that_is_no_text(repo: Repo) -> None:
    repo.commit({"app/manager.py": b"NAME = '\xff'\n"})
    result = unshim("scan", "--repo", repo.path)
    assert (result.code, "app/manager.py" in result.err) == (4, True)


def test_the_recipe_is_read_from_the_working_tree_not_from_the_commit(repo: Repo) -> None:
    repo.write({"unshim.toml": '[unshim]\ncanonical = "app.types"\n'})
    assert scan(repo)["recipe"] == {"canonical": "app.types"}


# which files it covers


@pytest.mark.parametrize(
    ("pattern", "covered", "left"),
    [
        ("backups/**", ["backups/a.py", "backups/a/b/c.py"], ["a/backups/b.py", "backups.py", "backups2/a.py"]),
        ("backups", ["backups/a.py", "backups/a/b.py", "backups"], ["a/backups/b.py", "backups2/a.py"]),
        ("backups/", ["backups/a.py"], ["backups2/a.py"]),
        ("**/*_pb2.py", ["a_pb2.py", "x/a_pb2.py", "x/y/_pb2.py"], ["a_pb2.pyi", "a_pb22.py", "x/a_pb2py"]),
        ("a/*.py", ["a/b.py", "a/.py"], ["a/b/c.py", "b.py", "a/b.pyi", "aa/b.py"]),
        ("*.py", ["a.py"], ["a/b.py"]),
        ("**", ["a.py", "a/b.py"], []),
        ("**/tests/**", ["tests/a.py", "a/tests/b.py", "a/tests/b/c.py"], ["a/mytests/b.py", "tests.py"]),
        ("a/**/z.py", ["a/z.py", "a/b/z.py", "a/b/c/z.py"], ["a/bz.py", "z.py"]),
        ("a/[bc].py", ["a/b.py", "a/c.py"], ["a/d.py", "a/[bc].py"]),
        ("a/[!b].py", ["a/c.py"], ["a/b.py"]),
        ("a?.py", ["ab.py"], ["a.py", "a/.py", "abc.py"]),
        ("a.b/*", ["a.b/c.py"], ["axb/c.py"]),
        ("a b/(c)+.py", ["a b/(c)+.py"], ["a b/cc.py"]),
        ("./a/*.py", ["a/b.py"], ["b.py"]),
        ("src/*/gen", ["src/x/gen/a.py"], ["src/gen/a.py", "src/x/y/gen/a.py"]),
    ],
)
def test_globs(pattern: str, covered: list[str], left: list[str]) -> None:
    for recipe, expected in ((Recipe((), include=(pattern,)), True), (Recipe((), exclude=(pattern,)), False)):
        assert [path for path in covered if recipe.covers(path) is not expected] == []
        assert [path for path in left if recipe.covers(path) is expected] == []


def test_exclude_is_stronger_than_include() -> None:
    recipe = Recipe((), include=("a/**", "b/**"), exclude=("a/b/**",))
    assert [recipe.covers(path) for path in ("a/x.py", "a/b/x.py", "b/x.py", "c/x.py")] == [True, False, True, False]


_names = st.text(st.sampled_from("ab._-+ \n\u00e9"), min_size=1, max_size=4).filter(
    lambda name: name not in (".", "..")
)
_pieces = st.lists(
    st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "[!a]", "+", "[", "]", "!", "-", "\u00e9"]),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=200)
@given(_pieces, _names)
def test_within_one_directory_a_glob_is_fnmatch(pieces: list[str], name: str) -> None:
    pattern = "".join(pieces)
    if "**" in pattern or pattern in (".", ".."):
        return  # "**" and "." have a meaning of their own
    assert Recipe((), include=(f"d/{pattern}",)).covers(f"d/{name}") == fnmatchcase(name, pattern)


_folders = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(["a", "b", "*", "**", "?b"]), min_size=1, max_size=4), _folders)
def test_over_directories_a_glob_is_as_in_gits_ignore_files(parts: list[str], folders: list[str]) -> None:
    path = [*folders, "f.py"]

    def matches(pattern: list[str], rest: list[str]) -> bool:
        """As git's ignore files have it: a pattern that names a directory means all below it."""
        if not pattern:
            return True
        if pattern == ["**"]:
            return bool(rest)  # what is in a directory, not the directory's own name
        if pattern[0] == "**":
            return matches(pattern[1:], rest) or (bool(rest) and matches(pattern, rest[1:]))
        return bool(rest) and fnmatchcase(rest[0], pattern[0]) and matches(pattern[1:], rest[1:])

    assert Recipe((), include=("/".join(parts),)).covers("/".join(path)) == matches(parts, path)


def test_a_home_is_no_shim_even_where_the_recipe_still_lists_it() -> None:
    recipe = read_recipe({"canonical": "a", "homes": ["b"], "shims": ["b", "c"]}, "unshim.toml")
    assert (recipe.targets[0].homes, recipe.targets[0].shims) == (("b",), ("c",))
