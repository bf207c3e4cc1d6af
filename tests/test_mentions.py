"""mentions.py: which dotted names and file paths in a text lead to something of interest, and where they end."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import BASIC, Repository, Texts, move

from codemods.alias_map import AliasMap
from codemods.mentions import Mentions
from codemods.modules import Move, Target
from codemods.ownership import Ownership
from codemods.references import Reason

FILES: Texts = {
    **BASIC,
    "p/home.py": "def k(): ...\n",
    "p/old.py": "from p.new import f, g, C\nfrom p.home import k\ndef own(): ...\n",
    "p/pack/__init__.py": "",
    "p/pack/one.py": "def x(): ...\n",
    "p/next/__init__.py": "",
    "p/next/one.py": "def x(): ...\n",
    "p/space/one.py": "",
    "use.py": "import p.old\nfrom p.old import f\n",
    "oldtop.py": "from p.new import f\n",
}


def mentions(*moves: Move, shims: tuple[str, ...] = ("p.old", "oldtop")) -> Mentions:
    repository = Repository(FILES)
    target = Target("p.new", shims=shims, homes=("p.home",))
    return Mentions(Ownership(AliasMap(repository), repository, [target], moves, shims))


PLAIN = mentions()
MOVED = mentions(
    move("p.pack", "p.next"), move("p.other:h", "p.new:f"), move("vendor.tool", "p.new"), move("p.gone", "p.next")
)


@pytest.mark.parametrize(
    ("dotted", "old", "written"),
    [
        # nothing of interest
        pytest.param("p", None, None, id="the package"),
        pytest.param("p.new", None, None, id="the canonical module"),
        pytest.param("p.new.f", None, None, id="a canonical name"),
        pytest.param("p.new:f", None, None, id="a canonical name with a colon"),
        pytest.param("p.home.k", None, None, id="a home's name"),
        pytest.param("p.other.h", None, None, id="another module's name"),
        pytest.param("os.path", None, None, id="outside"),
        pytest.param("x.p.old", None, None, id="a longer path"),
        pytest.param("p.older", None, None, id="a longer name"),
        pytest.param("p.pack.one.x", None, None, id="a module that no move concerns"),
        pytest.param("", None, None, id="nothing"),
        pytest.param(".p.old", None, None, id="relative"),
        pytest.param("p..old", None, None, id="two dots"),
        pytest.param("p.old.", None, None, id="a dot at the end"),
        pytest.param("p.old:", None, None, id="a colon at the end"),
        pytest.param("p.old:f()", None, None, id="a call"),
        pytest.param("p.old f", None, None, id="a space"),
        # modules
        pytest.param("p.old", "p.old", "p.new", id="the shim"),
        pytest.param("oldtop", "oldtop", "p.new", id="a shim at the top"),
        # names
        pytest.param("p.old.f", "p.old:f", "p.new.f", id="a name"),
        pytest.param("p.old:f", "p.old:f", "p.new:f", id="a name with a colon"),
        pytest.param("p.old.C.run.x", "p.old:C", "p.new.C.run.x", id="attributes behind it"),
        pytest.param("p.old:C.run", "p.old:C", "p.new:C.run", id="attributes behind a colon"),
        pytest.param("p.old.k", "p.old:k", "p.home.k", id="a name of a home"),
        pytest.param("p.old.own", "p.old:own", None, id="a name that only the shim has"),
        pytest.param("p.old.nothing", "p.old:nothing", None, id="a name that it has not"),
        pytest.param("oldtop.f", "oldtop:f", "p.new.f", id="a name of a shim at the top"),
        pytest.param("use.f", "use:f", "p.new.f", id="a consumer's name"),
        pytest.param("use.p.old.f", "p.old:f", "p.new.f", id="through a consumer's package"),
        pytest.param("p:old.f", "p:old", "p:new.f", id="a colon before the module"),
    ],
)  # fmt: skip
def test_of(dotted: str, old: str | None, written: str | None) -> None:
    found = PLAIN.of(dotted)
    assert (None if found is None else str(found.old)) == old
    assert (None if found is None else found.written()) == written


def test_a_path_through_a_consumer_is_the_users() -> None:
    found = PLAIN.of("use.p.old.f")
    assert found is not None and found.finding.reason is Reason.NAMES_STAY_BEHIND


@pytest.mark.parametrize(
    ("dotted", "written"),
    [
        pytest.param("p.pack", "p.next", id="a package that moves"),
        pytest.param("p.pack.one", "p.next.one", id="a module below it"),
        pytest.param("p.pack.one.x", "p.next.one.x", id="a name below it"),
        pytest.param("p.pack.one:x.y", "p.next.one:x.y", id="with a colon"),
        pytest.param("p.other.h", "p.new.f", id="a name that moves alone"),
        pytest.param("p.other", None, id="its module stays"),
        pytest.param("vendor.tool.f", "p.new.f", id="a module from outside"),
        pytest.param("vendor.other", None, id="its neighbour"),
    ],
)
def test_moves(dotted: str, written: str | None) -> None:
    found = MOVED.of(dotted)
    assert (None if found is None else found.written()) == written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # no tokens
        pytest.param("p.older p.old_f p.oldé", [], id="longer names"),
        pytest.param("x.p.old xp.old _p.old ép.old", [], id="longer paths"),
        pytest.param("a/p.old p.old/b \\p.old p.old\\b", [], id="slashes around"),
        pytest.param("p.old.py p.old.f.pyi p.old.pyc", [], id="file names"),
        pytest.param("p .old p. old p/old p-old", [], id="other separators"),
        pytest.param("p.new p.home.k p.other.h", [], id="nothing of interest"),
        pytest.param("oldtop", [], id="a bare word"),
        pytest.param("..p.old", [], id="relative"),
        # tokens
        pytest.param("p.old", ["p.old"], id="alone"),
        pytest.param("'p.old' (p.old) [p.old],p.old; `p.old` <p.old> p.old! =p.old#", ["p.old"] * 8, id="punctuation around"),
        pytest.param("See p.old. And p.old.", ["p.old"] * 2, id="the end of a sentence"),
        pytest.param("p.old.f() p.old.f.x", ["p.old.f", "p.old.f.x"], id="names and attributes"),
        pytest.param("p.old:f p.old:C.run", ["p.old:f", "p.old:C.run"], id="colons"),
        pytest.param("p.old: text p.old:", ["p.old", "p.old"], id="a colon of the sentence"),
        pytest.param("class:p.old.C", ["p.old.C"], id="a key in front"),
        pytest.param("class:p.old", ["p.old"], id="a key in front of a module"),
        pytest.param("größe:p.old.C", ["p.old.C"], id="a key beyond ASCII"),
        pytest.param("x=p.old.f", ["p.old.f"], id="an equals sign in front"),
        pytest.param("oldtop.f oldtop:f", ["oldtop.f", "oldtop:f"], id="a shim at the top, with a name"),
        pytest.param("@p.old-p.old+p.old", ["p.old"] * 3, id="operators around"),
        pytest.param("p.old:8000", ["p.old"], id="a number behind the colon"),
        pytest.param("p.old..f", ["p.old"], id="two dots behind"),
        pytest.param("use.p.old.f", ["use.p.old.f"], id="through a consumer"),
    ],
)  # fmt: skip
def test_tokens(text: str, found: list[str]) -> None:
    data = text.encode()
    tokens = list(PLAIN.tokens(data))
    assert [data[token.start : token.end].decode() for token in tokens] == found
    assert [token.mention.text for token in tokens] == found
    assert not found or PLAIN.may_hold(data) or "use.p" in text


def test_tokens_between() -> None:
    data = b"p.old p.old p.old"
    assert [token.start for token in PLAIN.tokens(data, 6, 11)] == [6]
    assert [token.start for token in PLAIN.tokens(data, 1)] == [6, 12]


@given(st.lists(st.sampled_from(["p", "old", ".", ":", "f", " ", "/", "é", "new", "\\", "x", "-"]), max_size=8))
def test_a_token_is_a_whole_name(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    for token in PLAIN.tokens(data):
        assert PLAIN.of(data[token.start : token.end].decode()) == token.mention
        before, behind = data[: token.start].decode()[-1:], data[token.end :].decode()[:1]
        assert not (before.isalnum() or (before in ("_", ".", "/", "\\") and before))
        assert not (behind.isalnum() or (behind in ("_", "/", "\\") and behind))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(r"p.old", [], id="no escape"),
        pytest.param(r"p\.other p\.new", [], id="nothing of interest"),
        pytest.param(r"p\.older", [], id="a longer name"),
        pytest.param(r"p\.old", ["p.old"], id="one escape"),
        pytest.param(r"p\\.old", ["p.old"], id="two"),
        pytest.param(r"^p\.old\.f$", ["p.old.f"], id="a name"),
        pytest.param(r"(p\.old)\.", ["p.old"], id="a group"),
    ],
)
def test_escaped_tokens(text: str, found: list[str]) -> None:
    assert [token.mention.text for token in PLAIN.escaped_tokens(text.encode())] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("p/old p/older.py xp/old.py p/old.pyc p/old.py_ p/new.py p\\old.py", [], id="other paths"),
        pytest.param("p/old.py-x p/old.py.bak", [], id="longer file names"),
        pytest.param("p/old.py", [("p/old.py", None)], id="the shim's file"),
        pytest.param("xp/old.py p/old.py", [("p/old.py", None)], id="behind another one that ends so"),
        pytest.param("./p/old.py /a/p/old.py", [("p/old.py", None)] * 2, id="folders in front"),
        pytest.param("'p/old.py' p/old.py:3 p/old.py. (p/old.py)", [("p/old.py", None)] * 4, id="what may follow"),
        pytest.param("oldtop.py", [("oldtop.py", None)], id="a file at the top"),
    ],
)
def test_paths(text: str, found: list[tuple[str, str | None]]) -> None:
    paths = list(PLAIN.paths(text.encode()))
    assert [(path.text, path.new) for path in paths] == found
    assert all(text.encode()[path.start : path.end] == path.text.encode() for path in paths)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("p/gone p/gone/one.py", [("p/gone", "p/next")] * 2, id="the folder of a package that is gone"),
        pytest.param("p/gone.py", [("p/gone.py", "p/next/__init__.py")], id="it may have been a file"),
        pytest.param("p/pack/__init__.py", [("p/pack/__init__.py", "p/next/__init__.py")], id="the package's file"),
        pytest.param("p/gones p/gone-x p/gone.x", [], id="other folders"),
    ],
)
def test_paths_of_a_package_that_moves(text: str, found: list[tuple[str, str | None]]) -> None:
    assert [(path.text, path.new) for path in MOVED.paths(text.encode())] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("mock mock/x mock.py", [], id="a module from outside that stays outside is no file here"),
        pytest.param("p/old.py", [("p/old.py", None)], id="a file that goes, for a module outside"),
        pytest.param("p/other.py", [("p/other.py", None)], id="... and for a folder without a file of its own"),
        pytest.param("p/gone/one.py p/gone", [], id="a folder does not move to a file"),
        pytest.param("p/gone.py", [("p/gone.py", "p/new.py")], id="a file does"),
        pytest.param("vendor/tool.py", [("vendor/tool.py", "p/new.py")], id="a file that came into the repository"),
        pytest.param("vendor/tool/one.py vendor/tool", [], id="... and what only has the name of its module"),
    ],
)
def test_paths_of_what_has_no_such_place_after_the_move(text: str, found: list[tuple[str, str | None]]) -> None:
    moved = mentions(
        move("mock", "unittest.mock", external=True),
        move("p.old", "logging", external=True),
        move("p.other", "p.space"),
        move("p.gone", "p.new"),
        move("vendor.tool", "p.new"),
    )
    assert [(path.text, path.new) for path in moved.paths(text.encode())] == found


IN_SRC: Texts = {
    "src/p/__init__.py": "",
    "src/p/new.py": "def f(): ...\n",
    "src/p/old.py": "from p.new import f\n",
    "src/p/pack/__init__.py": "from p.new import f\n",
    "src/p/next.py": "from p.new import f\n",
}


def below_src(*moves: Move) -> Mentions:
    """Of a project whose package lies in ``src``."""
    twins = {name: f"src.{name}" for name in ("p", "p.new", "p.old", "p.pack", "p.next")}
    repository = Repository(IN_SRC, twins=twins)
    shims = () if moves else ("p.old", "p.pack")
    return Mentions(Ownership(AliasMap(repository), repository, [Target("p.new", shims=shims)], moves, shims))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("other/p/old.py .x/p/old.py a-b/p/old.py xp/old.py", [], id="the same path in another folder"),
        pytest.param("other/p/old.py p/old.py", [("p/old.py", None)], id="... beside it"),
        pytest.param("src/p/old.py other/src/p/old.py", [("src/p/old.py", None)] * 2, id="as the repository has it"),
        pytest.param("'p/old.py' ./p/old.py **/p/old.py", [("p/old.py", None)] * 3, id="as it counts from src"),
        pytest.param("$SRC/p/old.py ${SRC}/p/old.py {src}/p/old.py %S%/p/old.py", [("p/old.py", None)] * 4, id="behind a folder that is not known"),
        pytest.param("p/pack/__init__.py", [("p/pack/__init__.py", None)], id="a package's file"),
    ],
)  # fmt: skip
def test_paths_below_a_source_root(text: str, found: list[tuple[str, str | None]]) -> None:
    assert [(path.text, path.new) for path in below_src().paths(text.encode())] == found


def test_a_path_keeps_the_folder_that_it_counts_from() -> None:
    moved = below_src(move("p.old", "p.new"), move("p.pack", "p.next"))
    found = [(path.text, path.new) for path in moved.paths(b"src/p/old.py p/old.py p/pack/__init__.py")]
    assert found == [("src/p/old.py", "src/p/new.py"), ("p/old.py", "p/new.py"), ("p/pack/__init__.py", "p/next.py")]


def test_a_name_that_is_put_together_is_the_repositorys() -> None:
    """``Path("other") / "p" / "old.py"`` is another file; the file beside ``other/p/Makefile``, too."""
    mentions = below_src()
    assert mentions.module_of_path("src/p/old.py") == mentions.module_of_path("p/old.py") == "p.old"
    assert mentions.module_of_path("other/p/old.py") is None
    assert [one.module for one in mentions.files_beside("src/p/Makefile", b"old.py")] == ["p.old"]
    assert list(mentions.files_beside("p/Makefile", b"old.py")) == []


@pytest.mark.parametrize(
    ("path", "package"),
    [
        pytest.param("x.pyx", "", id="the top, of which nothing counts"),
        pytest.param("srcs/p/x.pyx", "", id="another folder"),
        pytest.param("src/x.pyx", "", id="the source root"),
        pytest.param("src/p/x.pyx", "p", id="the package"),
        pytest.param("src/p/pack/sub/x.pyx", "p.pack.sub", id="a folder below it"),
    ],
)
def test_package_of_a_file_below_a_source_root(path: str, package: str) -> None:
    assert below_src().package_of(path) == package


def test_package_of() -> None:
    assert [PLAIN.package_of(path) for path in ("x.pyx", "p/x.pyx", "q/x.pyx")] == ["", "p", "q"]


def test_package_of_a_source_root_that_stands_for_a_package() -> None:
    repository = Repository(
        {"new.py": "def f(): ...\n", "sub/old.py": ""}, twins={"a.new": "new", "a.sub.old": "sub.old"}
    )
    shims = ("a.sub.old",)
    inside = Mentions(Ownership(AliasMap(repository), repository, [Target("a.new", shims=shims)], (), shims))
    assert [inside.package_of(path) for path in ("x.pyx", "sub/x.pyx", "sub/b/x.pyx")] == ["a", "a.sub", "a.sub.b"]


def test_paths_between() -> None:
    assert [path.start for path in PLAIN.paths(b"p/old.py p/old.py", 1)] == [9]


@pytest.mark.parametrize(
    ("tail", "module"),
    [
        ("old.py", None),
        ("p/old.py", "p.old"),
        ("src/p/old.py", "p.old"),
        ("q/old.py", None),
        ("xp/old.py", None),
        ("p/new.py", None),
    ],
)
def test_module_of_path(tail: str, module: str | None) -> None:
    assert PLAIN.module_of_path(tail) == module


@pytest.mark.parametrize(
    ("text", "may"),
    [
        (b"", False),
        (b"p.other.h", False),
        (b"oldtop", False),
        (b"p.old", True),
        (b"p/old.py", True),
        (rb"p\.old", True),
        (b"oldtop.f", True),
        (b"oldtop:f", True),
        (b"oldtop.py", True),
        (b"use.f", True),
        (b"'old.py'", True),
        (b'x = "old.py"', True),
        (b"'bold.py' 'old.pyc' 'other.py'", False),
        (b"bold.py", False),
    ],
)
def test_may_hold(text: bytes, may: bool) -> None:
    assert PLAIN.may_hold(text) is may


def test_without_anything_watched() -> None:
    nothing = Mentions(Ownership(AliasMap(Repository({})), Repository({}), []))
    assert not nothing.may_hold(b"p.old p/old.py")
    assert list(nothing.file_names(b"'old.py'")) == []
    assert list(nothing.paths(b"p/old.py")) == list(nothing.tokens(b"p.old.f")) == []
