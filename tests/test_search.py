"""The pre-filter: it may let too much through, and never too little."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from projects import entries_of, texts_of

from migrate.cache import Cache
from migrate.repository import Entry
from migrate.search import HasWord, Matcher, NamesModule, OpenPath, TakesName, Words, tokens
from migrate.texts import TextElsewhere, Texts


def elsewhere(contents: dict[str, bytes], paths: dict[str, str]) -> TextElsewhere:
    return TextElsewhere(texts_of(contents), paths.get)


WORDS = Words(
    names=frozenset({"ChatManager", "ChatManagerFactory"}),
    modules=frozenset({"app.core.manager", "single"}),
    pairs=frozenset({("app.rooms", "Alias"), ("app.rooms", "Other")}),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", False, id="empty"),
        pytest.param("x = ChatManager", True, id="a name"),
        pytest.param("x = MyChatManager2", True, id="part of a name"),
        pytest.param("import app.core.manager", True, id="module and its parent"),
        pytest.param("from app.core import manager", True, id="module from its parent"),
        pytest.param("from app.core import (\n x,\n manager)", True, id="over lines"),
        pytest.param("import manager", False, id="the last component alone"),
        pytest.param(
            "import_module('.manager', __package__)", True, id="the last component, and an import by a string"
        ),
        pytest.param(
            "x = __import__\nprint('a manager')", True, id="the last component, anywhere beside such an import"
        ),
        pytest.param("patch(BASE + '.manager.x')", True, id="the last component in a patch"),
        pytest.param("patch(f'{BASE}manager')", True, id="the last component behind a field"),
        pytest.param("patch('other'); manager.x", False, id="the last component beside a patch"),
        pytest.param("patch('.managers')", False, id="prefix of the last component in a patch"),
        pytest.param("from . import manager", True, id="relative"),
        pytest.param("from\t.. import manager", True, id="relative, with a tab"),
        pytest.param("from .manager import x", True, id="relative module"),
        pytest.param("import single", True, id="top-level module"),
        pytest.param("from app.rooms import Alias", True, id="a pair"),
        pytest.param("from .x import Alias", True, id="a pair, relative"),
        pytest.param("Alias = 1", False, id="half a pair"),
        pytest.param("import rooms", False, id="the other half"),
        pytest.param("from app.rooms import *", True, id="a star"),
        pytest.param("from app.other import *", False, id="another star"),
        pytest.param("from app.core.managing import x", False, id="prefix of a module"),
    ],
)
def test_words(text: str, found: bool) -> None:
    assert Matcher(WORDS)(text.encode()) is found


def test_no_words_match_nothing() -> None:
    assert not Matcher(Words())(b"from . import *")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from app.use import ChatManager", True),
        ("from app.use import (A,\n  ChatManager)", True),
        ("from app.use import A, ChatManager as M", True),
        ("from .use import ChatManager", True),
        ("from app.use import *", True),
        ("app.use.ChatManager()", True),
        ("use . ChatManager", True),
        ("import app.use as u\nu.ChatManager()", True),
        ("from app import use as u\ngetattr(u, 'ChatManager')", True),
        ("getattr(use, 'ChatManager')", True),
        ("import app.use as u\nv.ChatManager()", False),
        ("from app.use import Other\nChatManager", False),
        ("from app.user import ChatManager", False),
        ("from app.use import ChatManagers", False),
        ("from app.reuse import ChatManager", False),
        ("ChatManager", False),
    ],
)
def test_text_elsewhere(text: str, found: bool) -> None:
    contents = {"app/use.py": b"from app.use import ChatManager", "other.py": text.encode()}
    assert elsewhere(contents, {"app.use": "app/use.py"}).mentions("app.use", "ChatManager") is found


def test_a_package_is_also_reached_by_dots_alone() -> None:
    contents = {"app/__init__.py": b"", "app/x.py": b"from . import ChatManager"}
    assert elsewhere(contents, {"app": "app/__init__.py"}).mentions("app", "ChatManager")
    assert not elsewhere(contents, {"app": "app.py"}).mentions("app", "ChatManager")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("from p import name\n", False, id="the module is not named"),
        pytest.param("from . import other\n", False, id="another name by dots alone"),
        pytest.param("xfrom . import name\n", False, id="no word of its own"),
        pytest.param("from . import other, name\n", True, id="by dots alone"),
        pytest.param("from .. import *\n", True, id="a star by dots"),
        pytest.param("import xmod\nxmod.name\n", False, id="the end of another module's name"),
        pytest.param("import p.mod as m\nm.name\n", True, id="an alias"),
        pytest.param("x = import_module('p.mod').name\n", True, id="a string"),
    ],
)
def test_a_name_is_taken_from_a_package(text: str, found: bool) -> None:
    assert TakesName("mod", "name", is_package=True)(text.encode()) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("import x.api.old\n", False, id="below another package"),
        pytest.param("import xapi.old\n", False, id="another package"),
        pytest.param("import api.older\n", False, id="another module"),
        pytest.param("from api import other  # old\n", True, id="in a comment: taken for a name"),
        pytest.param("from api import other\nold = 1\n", False, id="a word on another line"),
        pytest.param("from .api import old\n", False, id="relative: that is another name"),
        pytest.param("import api.old as o\n", True, id="an import"),
        pytest.param("patch('api.old.f')\n", True, id="a path in a string"),
        pytest.param("from api import other, old\n", True, id="out of its package"),
        pytest.param("from api import (\n    other,\n    old,\n)\n", True, id="on another line of a list"),
    ],
)
def test_a_module_is_named(text: str, found: bool) -> None:
    assert NamesModule("api.old")(text.encode()) is found


TEXTS = st.lists(
    st.text("ab_1é \n.\"'*\\n", max_size=12) | st.sampled_from(["import a", "from a import b", "a.b"]), max_size=6
)


@given(st.binary(max_size=30))
def test_tokens_are_the_words_of_a_pattern(data: bytes) -> None:
    assert tokens(data) == re.findall(rb"\w+", data)


@given(TEXTS, st.sets(st.sampled_from(["a", "b", "ab", "é"])), st.booleans())
def test_looking_up_words_finds_what_searching_does(contents: list[str], words: set[str], is_package: bool) -> None:
    files = {f"{number}.py": text.encode() for number, text in enumerate(contents)}
    plain, indexed = texts_of(files), texts_of(files)
    indexed.index(words)
    for name in ("a", "b", "ab", "é"):
        for search in (HasWord(name), TakesName(name, "b", is_package), NamesModule(f"a.{name}")):
            assert indexed.some(search) == plain.some(search)
            assert indexed.having(search) == plain.having(search)


def test_words_are_looked_up_in_what_no_run_has_seen() -> None:
    """After a run with a cache; what it has seen is not read again, and what is new is."""
    cache = Cache()
    contents = {"a.py": b"import old\n", "b.py": b"x = 1\n"}
    first = Texts(lambda entries: (contents[one.path] for one in entries), entries_of(contents), cache)
    assert first.having(HasWord("old")) == ["a.py"]
    assert not first.some(HasWord("gone"))
    first.load()
    first.remember()
    contents["c.py"] = b"gone = old\n"
    read: list[str] = []

    def reading(entries: Sequence[Entry]) -> Iterator[bytes]:
        for entry in entries:
            read.append(entry.path)
            yield contents[entry.path]

    second = Texts(reading, entries_of(contents), cache)
    assert second.having(HasWord("old")) == ["a.py", "c.py"]
    assert second.some(HasWord("gone")) and read == ["c.py"]
    second.index(["x"])
    assert second.some(HasWord("x")) and sorted(read) == ["a.py", "b.py", "c.py"]


def test_memory_that_was_given_back_is_read_again() -> None:
    contents = {"a.py": b"import old\n", "b.py": b"x = 1\n", "c.py": b"old = 2\n"}
    read: list[str] = []

    def reading(entries: Sequence[Entry]) -> Iterator[bytes]:
        for entry in entries:
            read.append(entry.path)
            yield contents[entry.path]

    texts = Texts(reading, entries_of(contents))
    assert texts.having(HasWord("old")) == ["a.py", "c.py"]
    texts.release(kept={"a.py"})
    assert (texts["a.py"], texts.having(HasWord("old")), read) == (contents["a.py"], ["a.py", "c.py"], [*contents])
    assert texts.having(HasWord("x")) == ["b.py"]
    assert read == [*contents, "b.py", "c.py"]


MANY = Words(
    pairs=frozenset({*((f"p.m{n}", "name") for n in range(200)), ("p.my-script", "name"), ("p.\udcff", "name")})
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(b"name = 1\nimport p.other\n", False, id="the name alone"),
        pytest.param(b"from p.m12 import nam\n", False, id="the module alone"),
        pytest.param(b"from p.m12 import name\n", True, id="both"),
        pytest.param(b"from p.m12 import *\n", True, id="a star"),
        pytest.param(b"from p.m1200 import name\n", False, id="another word that begins so"),
        pytest.param(b'exec("x\\nm7.name")\n', True, id="behind an escape"),
        pytest.param(b'load("my-script").name\n', True, id="a file that is no word"),
        pytest.param(b'load("\xff").name\n', True, id="a file that is no UTF-8"),
    ],
)
def test_many_modules_with_one_name(text: bytes, found: bool) -> None:
    assert Matcher(MANY)(text) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("'p.q.' + n", False, id="nothing is imported by strings"),
        pytest.param("import_module('p.q.new')", False, id="a whole path"),
        pytest.param("import_module('p.qq.' + n)", False, id="another package"),
        pytest.param("import_module('x.p.q.' + n)", False, id="the end of another package"),
        pytest.param("import_module('p.q.' + n)", True, id="a sum"),
        pytest.param("import_module('p.q' + '.' + n)", True, id="in pieces"),
        pytest.param('import_module(f"p.q.{n}")', True, id="an f-string"),
        pytest.param("import_module('top.%s' % n)", True, id="formatted"),
        pytest.param("if __name__ == '__main__': import_module(x.split('.'))", False, id="dots and names elsewhere"),
        pytest.param("import_module('..' + n, x)", True, id="relative"),
        pytest.param('import_module(f"{__name__}.{n}")', True, id="its own name in front"),
        pytest.param("import_module(__package__ + '.' + n)", True, id="its own package in front"),
        pytest.param("import_module('%s.%s' % (__name__, n))", True, id="its own name, formatted"),
    ],
)
def test_paths_that_any_name_may_end(text: str, found: bool) -> None:
    assert OpenPath.into(["p.q.old", "top.old", "old"])(text.encode()) is found
    assert not OpenPath.into([])(text.encode())
