"""The pre-filter: it may let too much through, and never too little."""

from __future__ import annotations

import pytest
from projects import texts_of

from migrate.search import Matcher, Words
from migrate.texts import TextElsewhere


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
