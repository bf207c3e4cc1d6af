"""collapse.py: an alias that the recipe collapses gets the canonical name, import and uses."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import pytest
from support import Project

RENAME = Project(rename={"f": "g"})


@pytest.mark.parametrize(
    ("project", "text", "listing"),
    [
        pytest.param(Project(), "from p.new import g as f\n", [], id="no rename in the recipe"),
        pytest.param(RENAME, "from p.new import g as h\nimport p.new as f\n", [], id="other aliases"),
        pytest.param(RENAME, "from p.other import g as f\n", [], id="another module's"),
        pytest.param(RENAME, "from p.new import C as f\n", [], id="another name"),
        pytest.param(RENAME, "from p.new import g as f\ng = 1\nf()\n", ["1 use:f keep name-capture"], id="the name is taken (T27)"),
        pytest.param(RENAME, "from p.new import g as f\ndef h(g): f()\n", ["1 use:f keep name-capture"], id="a parameter captures (T25)"),
        pytest.param(RENAME, "from p.new import g\nfrom p.new import g as f\ndef h(g): f()\n", ["2 use:f keep name-capture"], id="... beside the canonical import"),
        pytest.param(RENAME, "from p.new import g as f\nf = 1\n", ["1 use:f keep shared-binding"], id="bound to something else"),
        pytest.param(RENAME, "if x: from p.new import g as f\nelse: from p.other import h as f\n", ["1 use:f keep shared-binding"], id="imported from elsewhere too"),
        pytest.param(RENAME, "class A:\n  from p.new import g as f\n", ["2 use:f keep shared-binding"], id="a class attribute (T20)"),
        pytest.param(RENAME, "from p.new import g as f\nglobals()['f']\n", ["1 use:f keep shared-binding"], id="globals() may read it"),
        pytest.param(RENAME, "from p.new import g as f\n__all__ = ['f']\n", ["1 use:f keep public-name"], id="__all__ lists it (T55)"),
        pytest.param(RENAME, "from p.new import g as f\n__all__ = x\n", ["1 use:f keep public-name"], id="a computed __all__ may list it"),
        pytest.param(Project(rename={"f": "g"}, mentioned=("use:f",)), "from p.new import g as f\n", ["1 use:f keep public-name"], id="another file imports it (T52)"),
    ],
)  # fmt: skip
def test_kept(project: Project, text: str, listing: list[str]) -> None:
    assert project.collapsed(text) == (listing, text.encode())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("from p.new import g as f\nf()\n", "from p.new import g\ng()\n", id="import and uses"),
        pytest.param("from p.new import (\n    g as f,  # why\n    C,\n)\nf(C, f)\n", "from p.new import (\n    g,  # why\n    C,\n)\ng(C, g)\n", id="comments and neighbours stay"),
        pytest.param("def h():\r\n\tfrom p.new import g as f\r\n\treturn f\r\nf\r\n", "def h():\r\n\tfrom p.new import g\r\n\treturn g\r\nf\r\n", id="in a function; the other name is another's"),
        pytest.param("from p.new import g as f\nx.f = dict(f=f)\n", "from p.new import g\nx.f = dict(f=g)\n", id="keywords and attributes stay (T21, T22)"),
        pytest.param("from p.new import g as f\ndef h(f): return f\nf()\n", "from p.new import g\ndef h(f): return f\ng()\n", id="a parameter of that name stays"),
        pytest.param("from p.new import g as f\nx: 'f' = f'{f}'\n", "from p.new import g\nx: 'g' = f'{g}'\n", id="annotations and f-strings (T43)"),
        pytest.param("if x: from p.new import g as f\nelse: from p.new import g as f\nf()\n", "if x: from p.new import g\nelse: from p.new import g\ng()\n", id="twice the same"),
        pytest.param("from p.new import g as f\n__all__ = ['C']\n", "from p.new import g\n__all__ = ['C']\n", id="an __all__ that does not list it"),
        pytest.param("from p.new import g, g as f\nf(g)\n", "from p.new import g\ng(g)\n", id="the canonical name stands before it"),
        pytest.param("from p.new import g as f, g\nf(g)\n", "from p.new import g\ng(g)\n", id="the canonical name stands behind it"),
        pytest.param("from p.new import g as f\nfrom p.new import g as f\nf()\n", "from p.new import g\nfrom p.new import g\ng()\n", id="two statements"),
        pytest.param("lazy from p.new import g as f\nf()\n", "lazy from p.new import g\ng()\n", id="a lazy import (T18)"),
    ],
)  # fmt: skip
def test_collapsed(before: str, after: str) -> None:
    listing, data = RENAME.collapsed(before)
    assert data.decode() == after
    assert all("rewrite" in line for line in listing)


def test_a_relative_import_of_the_canonical_module() -> None:
    _, data = Project(rename={"f": "g"}, path="p/use.py").collapsed("from .new import g as f\nf()\n")
    assert data == b"from .new import g\ng()\n"
