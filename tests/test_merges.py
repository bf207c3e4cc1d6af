"""merges.py: what a rewrite made equal is one statement again."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import pytest
from support import BASIC, Project

from codemods.merges import merge_rewritten
from codemods.references import apply_edits
from codemods.source import SourceText
from codemods.syntax import Span

FALLIBLE = {
    **BASIC,
    "p/old.py": "from p.new import f, g, C\n",
    "p/new.py": "import p.gone\ndef f(): ...\ndef g(): ...\nclass C: ...\n",
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # duplicates that stay
        pytest.param("from p.new import f\nfrom p.new import f\n", "from p.new import f\nfrom p.new import f\n", id="duplicates that we didn't make"),
        pytest.param("from p.new import f  # type: ignore[x]\nfrom p.old import f  # type: ignore[y]\n", "from p.new import f  # type: ignore[x]\nfrom p.new import f  # type: ignore[y]\n", id="a comment of its own (T84)"),
        pytest.param("from p.new import f\nfrom p.old import f as g\n", "from p.new import f\nfrom p.new import f as g\n", id="another local name"),
        pytest.param("from p.new import f\nfrom p.old import f, g\n", "from p.new import f\nfrom p.new import f, g\n", id="one name more"),
        pytest.param("from p.new import f\nf = 1\nfrom p.old import f\n", "from p.new import f\nf = 1\nfrom p.new import f\n", id="bound to something else between"),
        pytest.param("from p.new import f\ndel f\nfrom p.old import f\n", "from p.new import f\ndel f\nfrom p.new import f\n", id="deleted between"),
        pytest.param("from p.new import f\nx = 1; from p.old import f\n", "from p.new import f\nx = 1; from p.new import f\n", id="a line shared with others"),
        pytest.param("from p.new import f\nif x:\n  from p.old import f\n", "from p.new import f\nif x:\n  from p.new import f\n", id="another block"),
        pytest.param("from p.old import f\nf()\nfrom p.new import f\n", "from p.new import f\nf()\nfrom p.new import f\n", id="a use between"),
        pytest.param("import p.new\nimport p.old as o\no.f\n", "import p.new\nimport p.new as o\no.f\n", id="a plain import and an alias"),
        pytest.param("from p.new import f\nfrom o import f\nfrom p.old import f\n", "from p.new import f\nfrom o import f\nfrom p.new import f\n", id="bound by another import between"),
        pytest.param("from p.new import f\nif x:\n  from o import f\nfrom p.old import f\n", "from p.new import f\nif x:\n  from o import f\nfrom p.new import f\n", id="bound by another import in a branch between"),
        pytest.param("from p.new import f\nfrom o import *\nfrom p.old import f\n", "from p.new import f\nfrom o import *\nfrom p.new import f\n", id="a star between may bind it"),
        # duplicates that go
        pytest.param("from p.new import f\ndef h():\n  from o import f\nfrom p.old import f\n", "from p.new import f\ndef h():\n  from o import f\n", id="another import in another scope"),
        pytest.param("from p.new import f\nfrom p.old import f\nf()\n", "from p.new import f\nf()\n", id="behind the canonical one"),
        pytest.param("from p.old import f\nfrom p.new import f\nf()\n", "from p.new import f\nf()\n", id="directly before the canonical one"),
        pytest.param("from p.old import f\nimport os\nfrom p.new import g, f\n", "import os\nfrom p.new import g, f\n", id="imports alone between"),
        pytest.param("from p.new import f, g\nfrom p.old import f\n", "from p.new import f, g\n", id="part of a longer one"),
        pytest.param("from p.new import f\nfrom p.new import g\nfrom p.old import f, g\n", "from p.new import f\nfrom p.new import g\n", id="part of two others"),
        pytest.param("from p.old import f\nfrom p.old import f\n", "from p.new import f\n", id="twice the same old one"),
        pytest.param("import p.new\nimport p.old\np.old.f(p.new.f)\n", "import p.new\np.new.f(p.new.f)\n", id="plain imports"),
        pytest.param("def h():\r\n\tfrom p.new import f\r\n\tfrom p.old import f\r\n\tf()\r\n", "def h():\r\n\tfrom p.new import f\r\n\tf()\r\n", id="in a function with CRLF"),
        pytest.param("from p.new import f\nfrom p.old import (\n    f,\n)\nf()\n", "from p.new import f\nf()\n", id="over several lines"),
        pytest.param("from p.new import f\nfrom p.old import f", "from p.new import f\n", id="the last line of the file"),
        # try/except
        pytest.param("try:\n  from p.new import f\nexcept ImportError:\n  from p.old import f\nf()\n", "from p.new import f\nf()\n", id="new, then old (T44)"),
        pytest.param("try:\n  from p.old import f\nexcept ImportError:\n  from p.new import f\n", "from p.new import f\n", id="old, then new"),
        pytest.param("try:\n  from p.old import f\nexcept (ImportError, ModuleNotFoundError):\n  from p.new import f\n", "from p.new import f\n", id="two errors"),
        pytest.param("try:\n  from p.old import f  # why\nexcept ImportError:\n  from p.new import f\n", "from p.new import f  # why\n", id="a comment is kept"),
        pytest.param("def h():\n    try:\n        from p.new import f\n        from p.new import g\n    except ImportError:\n        from p.old import f, g\n    f()\n", "def h():\n    from p.new import f\n    from p.new import g\n    f()\n", id="several statements in a function"),
        pytest.param("try:\n  from p.new import (\n    f,\n    g,\n  )\nexcept ImportError:\n  from p.old import f, g\n", "from p.new import (\n  f,\n  g,\n)\n", id="over several lines"),
        pytest.param("try: from p.new import f\nexcept ImportError: from p.old import f\n", "from p.new import f\n", id="on one line"),
        pytest.param("try:\n  from p.new import f\nexcept ValueError:\n  from p.old import f\n", "try:\n  from p.new import f\nexcept ValueError:\n  from p.new import f\n", id="another error: that is no fallback"),
        pytest.param("try:\n  from p.new import f\nexcept ImportError as e:\n  from p.old import f\n", "try:\n  from p.new import f\nexcept ImportError as e:\n  from p.new import f\n", id="the error is named"),
        pytest.param("try:\n  from p.new import f\nexcept ImportError:\n  log()\n  from p.old import f\n", "try:\n  from p.new import f\nexcept ImportError:\n  log()\n  from p.new import f\n", id="the fallback does more"),
        pytest.param("try:\n  from p.new import f\nexcept ImportError:\n  from p.old import f\nelse:\n  g()\n", "try:\n  from p.new import f\nexcept ImportError:\n  from p.new import f\nelse:\n  g()\n", id="there is an else"),
        pytest.param("try:\n  from p.new import f, g\nexcept ImportError:\n  from p.old import f\n", "try:\n  from p.new import f, g\nexcept ImportError:\n  from p.new import f\n", id="the branches bind other names"),
        pytest.param("try:\n  from p.old import f\nexcept ImportError:\n  f = None\n", "try:\n  from p.new import f\nexcept ImportError:\n  f = None\n", id="None is the fallback (T45)"),
        pytest.param("try:\n  from p.new import *\nexcept ImportError:\n  from p.old import *\n", "try:\n  from p.new import *\nexcept ImportError:\n  from p.new import *\n", id="stars"),
    ],
)  # fmt: skip
def test_merge(before: str, after: str) -> None:
    assert Project().rewritten(before).decode() == after


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("try:\n  from p.new import f\nexcept ImportError:\n  from p.old import f\n", id="new, then old"),
        pytest.param("try:\n  from p.old import f\nexcept ImportError:\n  from p.new import f\n", id="old, then new"),
    ],
)
def test_equal_branches_that_are_not_proved_are_refused(text: str) -> None:
    assert any("rewrite" in line for line in Project().listing(text))
    assert not any("rewrite" in line for line in Project(FALLIBLE).listing(text))


def merged(text: str, touched: str, *, proved: bool) -> tuple[str, list[int]]:
    source = SourceText(text.encode())
    start = text.index(touched)
    found = merge_rewritten(source, [Span(start, start + len(touched))], "m", is_package=False, proved=lambda _: proved)
    return apply_edits(source.data, found.edits).decode(), list(found.unproved)


def test_an_unproved_fallback_is_reported_by_its_place() -> None:
    text = "try:\n  from a import f\nexcept ImportError:\n  from a import f\n"
    assert merged(text, "a", proved=False) == (text, [text.index("from")])
    assert merged(text, "from a", proved=True) == ("from a import f\n", [])


def test_relative_and_absolute_names_of_one_module_are_equal() -> None:
    text = "from p.a import f\nfrom .a import f\n"
    source = SourceText(text.encode())
    found = merge_rewritten(source, [Span(18, 25)], "p.m", is_package=False, proved=lambda _: True)
    assert apply_edits(source.data, found.edits).decode() == "from p.a import f\n"
