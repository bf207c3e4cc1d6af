"""text_imports.py: import statements in any text, with the exact places of their names."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.text_imports import text_imports
from migrate.search import flat_import


def forms(text: str) -> list[str]:
    """The statements in one spelling; the spans must hold what they say."""
    data = text.encode()
    found = []
    for one in text_imports(data):
        names = []
        for name in one.names:
            assert data[name.span.start : name.span.end].decode() == name.name
            assert one.span.start < name.span.start and name.span.end <= one.span.end
            names.append(name.name + (f" as {name.asname}" if name.asname else ""))
        if one.module is not None and one.module_span is not None:
            assert data[one.module_span.start : one.module_span.end].decode() == one.module
        listed = "*" if one.star else ", ".join(names) if one.whole else "?"
        word = "cimport" if one.is_cimport else "import"
        origin = None if one.module is None else "." * one.level + one.module
        found.append(f"{word} {listed}" if origin is None else f"from {origin} {word} {listed}")
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("xfrom a import b", [], id="not a word of its own"),
        pytest.param("x.from a import b", [], id="an attribute"),
        pytest.param("--from a --import b", [], id="options"),
        pytest.param("from .a ximport b; from a cimports b; from ... b", [], id="other words, relative"),
        pytest.param("from a importing b", [], id="another word"),
        pytest.param("from a import", [], id="no names"),
        pytest.param("we import a.b here", [], id="a word of a sentence"),
        pytest.param(">>> import a\n... import b\n$ import c\n- import d\nx=1;import e", ["import a", "import b", "import c", "import d", "import e"], id="where a statement begins"),
        pytest.param("from .a import b; from . import c; from ..a.b import *; from . import(c)", ["from .a import b", "from . import c", "from ..a.b import *", "from . import c"], id="relative, of whatever it is"),
        pytest.param("from a.b cimport c, d as e\nfrom .a cimport *\nfrom . cimport a", ["from a.b cimport c, d as e", "from .a cimport *", "from . cimport a"], id="Cython's"),
        pytest.param("import x from 'y'", ["import x"], id="another language has the form too"),
        pytest.param("from a.b import c", ["from a.b import c"], id="a name"),
        pytest.param("from a import b, c as d,e", ["from a import b, c as d, e"], id="many names"),
        pytest.param("from a import b.", ["from a import b"], id="the end of a sentence"),
        pytest.param("from a import *", ["from a import *"], id="a star"),
        pytest.param("import a.b, c as d; import e", ["import a.b, c as d", "import e"], id="modules"),
        pytest.param("\"import a\\nfrom b import c\\nd\"", ["import a", "from b import c"], id="a JSON string"),
        pytest.param("from a import (\n    b,  # why, what\n    c as d,\n)\n", ["from a import b, c as d"], id="parentheses, with comments"),
        pytest.param(">>> from a import (b,\n...   c)", ["from a import b, c"], id="parentheses in a doctest"),
        pytest.param("\"from a import (\\n  b,\\r\\n  c\\n)\"", ["from a import b, c"], id="parentheses in a JSON string"),
        pytest.param("from a import(b)", ["from a import b"], id="no space"),
        pytest.param("from a import b, \\\n  c", ["from a import b, c"], id="a backslash"),
        pytest.param("from a import (b, {c})", ["from a import ?"], id="a template"),
        pytest.param("from a import (b", ["from a import ?"], id="an open parenthesis"),
        pytest.param("é from ä import ö", ["from ä import ö"], id="letters"),
    ],
)  # fmt: skip
def test_statements(text: str, found: list[str]) -> None:
    assert forms(text) == found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("from p.old import f\nimport p.old\nfrom .old import f\n", None, id="longer paths"),
        pytest.param("from older import f\nimport my_old, older, old_\n", None, id="longer names"),
        pytest.param("import a  # b, old\nimport a; x = b, old\n", None, id="behind the list"),
        pytest.param("x = 1; import old\n", 1, id="behind another statement"),
        pytest.param("import old things\nimport old.\nfrom old we import\n", None, id="prose"),
        pytest.param("import " + "a, " * 5000 + "b\nold\n", None, id="a long list is read in no time"),
        pytest.param("x = 1\nfrom old import f", 2, id="from"),
        pytest.param("from old.sub import f\n", 1, id="out of a package"),
        pytest.param("import old\r\n", 1, id="import"),
        pytest.param("import a.b, c as d, old as o\n", 1, id="import of many"),
        pytest.param("import old.sub\n", 1, id="import of a submodule"),
        pytest.param("try:\n\timport old  # why\n", 2, id="indented"),
        pytest.param("\ufeffimport old;x", 1, id="behind a BOM"),
    ],
)
def test_flat_import(text: str, line: int | None) -> None:
    assert flat_import(text.encode(), "old") == line


@pytest.mark.parametrize("words", [pytest.param({"g"}, id="other words"), pytest.param({"f", "g"}, id="one of them")])
def test_a_flat_import_beside_words_that_are_looked_for(words: set[str]) -> None:
    assert flat_import(b"import old\nold.f()\n", "old", frozenset(words)) == (1 if "f" in words else None)


NAMES = st.sampled_from(["a", "a.b", "b2", "_c", "é"])
ENTRIES = st.lists(
    st.tuples(st.sampled_from(["a", "b2", "_c"]), st.sampled_from(["", " as x"])), min_size=1, max_size=4
)
AROUND = st.sampled_from(["", "\n", "  # c, d\n  ", " "])


@given(NAMES, ENTRIES, AROUND, AROUND, st.booleans(), st.sampled_from(["", "python -c '", ">>> ", "x = 1; "]))
def test_what_python_reads_is_found(
    module: str, entries: list[tuple[str, str]], one: str, two: str, comma: bool, before: str
) -> None:
    """Every layout of a statement that Python's own parser accepts gives the same names."""
    names = f",{one}".join(name + alias for name, alias in entries)
    statement = f"from {module} import ({two}{names}{',' if comma else ''}{one})"
    (parsed,) = ast.parse(statement).body
    assert isinstance(parsed, ast.ImportFrom)
    listed = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in parsed.names)
    assert forms(before + statement) == [f"from {parsed.module} import {listed}"]
