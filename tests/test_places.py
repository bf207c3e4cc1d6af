"""places.py: what the place of a piece of code says about it."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import pytest
from support import call_nodes
from tree_sitter import Node

from codemods.places import expects_import_failure, has_keep_comment, is_in_function, is_path_under_test, runs_late
from codemods.source import decode_python
from codemods.syntax import Span, parse, text_of


def mark(text: str) -> Node:
    """The call ``MARK()`` of a text."""
    return next(node for node in call_nodes(parse(text.encode())) if text_of(node).startswith("MARK("))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("MARK()\n", False, id="no comment"),
        pytest.param("MARK()  # keep\n", False, id="another comment"),
        pytest.param("MARK()  # unshim: keeper\n", False, id="a longer word"),
        pytest.param("# unshim: keep\nMARK()\n", False, id="on the line above"),
        pytest.param("MARK()\nx  # unshim: keep\n", False, id="on the line below"),
        pytest.param("MARK(\n  x,  # unshim: keep\n  y)\n", False, id="on a line that is neither end nor place"),
        pytest.param("MARK()  # unshim: keep\n", True, id="on the line"),
        pytest.param("MARK()  #unshim:keep\n", True, id="without spaces"),
        pytest.param("MARK()  # noqa  # unshim: keep, for it is a test\n", True, id="behind another, with more"),
        pytest.param("MARK(  # unshim: keep\n  x,\n  y)\n", True, id="on the first line"),
        pytest.param("MARK(\n  x,\n  y)  # unshim: keep\n", True, id="on the last line"),
        pytest.param("MARK(\n  x,\n  PLACE,  # unshim: keep\n  y)\n", True, id="on the line of the place"),
    ],
)  # fmt: skip
def test_has_keep_comment(text: str, kept: bool) -> None:
    node = mark(text)
    start = text.find("PLACE") if "PLACE" in text else node.start_byte
    assert has_keep_comment(decode_python(text.encode()), node, Span(start, start + 4)) is kept


@pytest.mark.parametrize(
    ("text", "under_test", "fails"),
    [
        pytest.param("MARK()\n", False, False, id="nothing around"),
        pytest.param("with open(x): MARK()\n", False, False, id="another with"),
        pytest.param("with g(): x\nMARK()\n", False, False, id="behind a with"),
        pytest.param("with praises(x): MARK()\n", False, False, id="a longer name"),
        pytest.param("if raises(ImportError): MARK()\n", False, False, id="an if"),
        pytest.param("with open(x):\n  raises(ImportError)\n  MARK()\n", False, False, id="in the body of another with"),
        pytest.param("with pytest.raises(ImportError):\n  def h(): MARK()\n", False, False, id="in a function below"),
        pytest.param("with pytest.raises(ImportError):\n  lambda: MARK()\n", False, False, id="in a lambda below"),
        pytest.param("with pytest.raises(ValueError): MARK()\n", True, False, id="another error"),
        *(
            pytest.param(f"with x.{name}(ValueError): MARK()\n", True, False, id=name)
            for name in ("raises", "assertRaises", "assertRaisesRegex")
        ),
        *(
            pytest.param(f"with x.{name}(): MARK()\n", True, True, id=name)
            for name in ("warns", "deprecated_call", "assertWarns", "assertWarnsRegex", "catch_warnings")
        ),
        *(
            pytest.param(f"with pytest.raises({name}): MARK()\n", True, True, id=name)
            for name in ("ImportError", "ModuleNotFoundError", "AttributeError")
        ),
        pytest.param("with pytest.raises(ImportError):\n  with open(x):\n    MARK()\n", True, True, id="two levels up"),
        pytest.param("with open(x), pytest.warns(W) as w: MARK()\n", True, True, id="the second of two"),
        pytest.param("def h():\n  with pytest.warns(W):\n    if x:\n      MARK()\n", True, True, id="inside of a function"),
        pytest.param("async def h():\n  async with pytest.warns(W): MARK()\n", True, True, id="async with"),
    ],
)  # fmt: skip
def test_is_path_under_test(text: str, under_test: bool, fails: bool) -> None:
    assert is_path_under_test(mark(text)) is under_test
    assert expects_import_failure(mark(text)) is fails


@pytest.mark.parametrize(
    ("text", "inside", "late"),
    [
        pytest.param("MARK()\n", False, False, id="at the top"),
        pytest.param("class C:\n  MARK()\n", False, False, id="in a class"),
        pytest.param("@MARK()\ndef h(): ...\n", False, False, id="a decorator"),
        pytest.param("def h(a=MARK()): ...\n", True, False, id="a default value"),
        pytest.param("def h(a: MARK()): ...\n", True, False, id="an annotation"),
        pytest.param("def h() -> MARK(): ...\n", True, False, id="what it gives"),
        pytest.param("lambda a=MARK(): 1\n", True, False, id="a lambda's default value"),
        pytest.param("def h(): MARK()\n", True, True, id="a function"),
        pytest.param("async def h():\n  if x:\n    MARK()\n", True, True, id="deep in a function"),
        pytest.param("lambda: MARK()\n", True, True, id="a lambda"),
        pytest.param("class C:\n  def h(self): MARK()\n", True, True, id="a method"),
        pytest.param("def h():\n  def i(a=MARK()): ...\n", True, True, id="a default value in a function"),
        pytest.param("def h():\n  class C:\n    MARK()\n", True, True, id="a class in a function"),
    ],
)  # fmt: skip
def test_runs_late(text: str, inside: bool, late: bool) -> None:
    assert is_in_function(mark(text)) is inside
    assert runs_late(mark(text)) is late
