"""syntax.py: import statements as data, and which texts are no Python 3."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import ast

import pytest
import support  # noqa: F401  the hypothesis profile
from hypothesis import given
from hypothesis import strategies as st

from codemods.source import SourceText
from codemods.syntax import (
    field,
    host_fault,
    import_statements,
    names_declared_global,
    parse,
    syntax_fault,
    text_of,
)


def spell(text: str) -> list[str]:
    """Each import statement in one line: level, module, names; and every span says what it claims."""
    data = text.encode()
    found = []
    for statement in import_statements(parse(data)):
        names = []
        for name in statement.names:
            pieces = [data[span.start : span.end].decode() for span in name.name_parts]
            assert ".".join(pieces) == name.name
            assert data[name.span.start : name.span.end].decode().startswith(pieces[0])
            names.append(f"{name.name}={name.local}" + ("" if name.asname is None else " as"))
        parts = [data[span.start : span.end].decode() for span in statement.module_parts]
        if statement.is_from:
            assert ".".join(parts) == statement.module
            assert statement.module_span is not None
        star = "" if statement.star is None else data[statement.star.start : statement.star.end].decode()
        head = "import" if statement.module is None else f"{'.' * statement.level}{statement.module}"
        found.append(f"{head}: {', '.join(names)}{star}")
    return found


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        pytest.param("x = 'import a'\n# import a\n", [], id="strings and comments hold no imports"),
        pytest.param("from __future__ import annotations\n", [], id="a future statement imports nothing"),
        pytest.param("import\nfrom a import\n", [], id="statements of broken shape are left out"),
        pytest.param("lazy = 1\nlazy.x\n", [], id="lazy is a name"),
        pytest.param("import a\n", ["import: a=a"], id="a plain import"),
        pytest.param("import a.b.c\n", ["import: a.b.c=a"], id="a dotted import binds the first component"),
        pytest.param("import a.b as c, d\n", ["import: a.b=c as, d=d"], id="several names"),
        pytest.param("import a . b\n", ["import: a.b=a"], id="white space between the components"),
        pytest.param("import a.\\\n b\n", ["import: a.b=a"], id="a continued line between the components"),
        pytest.param("from a import b as b, c\n", ["a: b=b as, c=c"], id="a redundant alias is seen"),
        pytest.param("from . import b\n", [".: b=b"], id="a dot alone"),
        pytest.param("from ...a.b import c\n", ["...a.b: c=c"], id="three dots"),
        pytest.param("from .. .a import c\n", ["...a: c=c"], id="dots with spaces between"),
        pytest.param("from .... import c\n", ["....: c=c"], id="an ellipsis and a dot"),
        pytest.param("from a import *\n", ["a: *"], id="a star"),
        pytest.param("from a import (  # why\n  b,  # this\n  c,\n)\n", ["a: b=b, c=c"], id="parentheses and comments"),
        pytest.param("import b; from a import c\n", ["import: b=b", "a: c=c"], id="several statements on a line"),
        pytest.param("if x: import a\n", ["import: a=a"], id="in a block on one line"),
        pytest.param("def f():\n  class C:\n    import a\n", ["import: a=a"], id="at any depth"),
        pytest.param("lazy import a\nlazy from b import c\n", ["import: a=a", "b: c=c"], id="lazy imports (T18)"),
        pytest.param("if x:\n\tlazy   import a\n", ["import: a=a"], id="a lazy import in a block"),
        pytest.param("import a\rimport b\rx = 1", ["import: a=a", "import: b=b"], id="lines that end with CR"),
        pytest.param("import a\r\nfrom b import (\r\n c)\r\n", ["import: a=a", "b: c=c"], id="lines that end with CRLF"),
        pytest.param("\fimport a\n", ["import: a=a"], id="a form feed before it (T90)"),
        pytest.param("x = '\u2028'; import ä\n", ["import: ä=ä"], id="spans are bytes"),
        pytest.param("<<<<<<< a\nimport a\n=======\nimport b\n>>>>>>> b\n", ["import: a=a", "import: b=b"], id="between conflict markers (T94)"),
        pytest.param("print 'a'\nimport b\n", ["import: b=b"], id="in Python 2"),
        pytest.param("from a import(b)\nfrom .import c\nfrom d import*\n", ["a: b=b", ".: c=c", "d: *"], id="no spaces around the word"),
        pytest.param("import\\\n a\nfrom b import\\\n c\n", ["import: a=a", "b: c=c"], id="the line goes on behind the word"),
        pytest.param("'import x'  # import y\nimportx = reimport\nimport importlib\n", ["import: importlib=importlib"], id="the word elsewhere"),
        pytest.param("\n\n  # c\nx = 1;import a\n", ["import: a=a"], id="a text that begins with empty lines"),
        pytest.param("def f(:\n  x\n\nimport b\n", ["import: b=b"], id="behind a syntax error"),
    ],
)  # fmt: skip
def test_import_statements(text: str, statements: list[str]) -> None:
    assert spell(text) == statements


NAME = st.sampled_from(["a", "b", "old", "new", "ä"])
DOTTED = st.lists(NAME, min_size=1, max_size=3).map(".".join)


@given(
    st.lists(
        st.one_of(
            st.builds(lambda ns: "import " + ", ".join(ns), st.lists(DOTTED, min_size=1, max_size=3)),
            st.builds(lambda n, a: f"import {n} as {a}", DOTTED, NAME),
            st.builds(
                lambda dots, m, ns: f"from {'.' * dots}{m} import ({', '.join(ns)})",
                st.integers(0, 4),
                DOTTED,
                st.lists(
                    st.builds(lambda n, a: f"{n} as {a}" if a else n, NAME, st.none() | NAME), min_size=1, max_size=3
                ),
            ),
        ),
        max_size=5,
    )
)
def test_statements_agree_with_ast(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    wanted = []
    for node in ast.parse(text).body:
        assert isinstance(node, ast.Import | ast.ImportFrom)
        names = [(name.name, name.asname) for name in node.names]
        wanted.append((getattr(node, "module", None), getattr(node, "level", 0), names))
    found = [
        (one.module if one.is_from else None, one.level, [(name.name, name.asname) for name in one.names])
        for one in import_statements(parse(text.encode()))
    ]
    assert found == wanted


def test_names_declared_global() -> None:
    text = b"x = 1\ndef f():\n  global x, y\n  def g():\n    nonlocal z\n    global w\n"
    assert names_declared_global(parse(text)) == {"x", "y", "w"}


def test_a_field_that_is_not_there() -> None:
    node = parse(b"x\n").root_node
    assert text_of(node) == "x\n"
    with pytest.raises(LookupError, match="module without left"):
        field(node, "left")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("", None, id="an empty file"),
        pytest.param("x: int = 1\n", None, id="plain Python"),
        pytest.param("async def f():\n  return [x async for x in y]\n", None, id="Python 3.6"),
        pytest.param("match x:\n  case [1, *_]: pass\n", None, id="Python 3.10"),
        pytest.param("type A[T] = list[T]\ndef f[T](x: T): ...\n", None, id="Python 3.12 type parameters"),
        pytest.param('x = f"{a["b"]}"\n', None, id="Python 3.12 nested quotes"),
        pytest.param("try: pass\nexcept A, B: pass\n", None, id="PEP 758: two exceptions without parentheses"),
        pytest.param("try: pass\nexcept a.b, c.d: pass\n", None, id="PEP 758: dotted exceptions"),
        pytest.param("x = '\\w'\n", None, id="an invalid escape only warns"),
        pytest.param("def f(a):\n  global a\nfrom __future__ import nothing\n", None, id="what only the compiler refuses"),
        pytest.param("class A[T=int]: pass\n", None, id="Python 3.13 defaults of type parameters, which tree-sitter does not know"),
        pytest.param("x = '\\x'\n", "syntax-error 1", id="an escape that no Python knows, which LibCST lets pass"),
        pytest.param("x = b'é'\n", "syntax-error 1", id="bytes beyond ASCII, which LibCST lets pass"),
        pytest.param("def f() -> int:\n  print 'x'\n", "syntax-error 2", id="a print statement in Python 3 is an error"),
        pytest.param("print(' )\nprint 'x'\n", "syntax-error 1", id="a broken text is no Python 2"),
        pytest.param("print 'x'\n", "python-2 1", id="a print statement"),
        pytest.param("x = 1\nexec 'y' in d\n", "python-2 2", id="an exec statement"),
        pytest.param("try: pass\nexcept E, e: pass\n", "python-2 2", id="except E, e is Python 2 (T92)"),
        pytest.param("try: pass\nexcept (A, B), err: pass\n", "python-2 2", id="except with a tuple and a name (T92)"),
        pytest.param("x = 0777\nprint x\n", "python-2 1", id="an octal number beside a print statement"),
        pytest.param("def f(:\n  pass\n", "syntax-error 1", id="no Python at all"),
        pytest.param("x = 1\n  y = 2\n", "syntax-error 2", id="an indentation too much"),
        pytest.param("return 1\n)\n", "syntax-error 2", id="a parenthesis too much"),
        pytest.param("if x:\n        a\n\tb\n", "syntax-error 3", id="tabs and spaces mixed (T91)"),
        pytest.param("x = 1\v\ny\n", "syntax-error 1", id="a vertical tab (T91)"),
        pytest.param("x = 1\n\x1a\n", "syntax-error 2", id="Ctrl-Z (T91)"),
        pytest.param("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b\n", "conflict-markers 1", id="a merge conflict (T94)"),
        pytest.param("'''\n<<<<<<< HEAD\n'''\n", None, id="conflict markers in a string are valid"),
        pytest.param("(" * 300 + ")" * 300 + "\n", None, id="nested more deeply than the host's parser likes"),
        pytest.param("(" * 9000 + ")" * 9000 + "\n", "syntax-error 1", id="nested so deeply that LibCST would end the process"),
        pytest.param("try: pass\nexcept A, B: pass\nx = " + "-" * 9000 + "1\n", "syntax-error 2", id="... behind newer syntax"),
    ],
)  # fmt: skip
def test_syntax_fault(text: str, fault: str | None) -> None:
    source = SourceText(text.encode())
    found = syntax_fault(source, parse(source.data))
    assert (None if found is None else f"{found.reason} {found.line}") == fault


def test_a_fault_says_where() -> None:
    source = SourceText("x = 1\r\né = )\n".encode())
    fault = syntax_fault(source, parse(source.data))
    assert fault is not None
    assert (fault.line, fault.offset) == (2, source.data.index(b")"))


def test_a_host_fault_says_where() -> None:
    assert host_fault(SourceText(b"x = 1\n")) is None
    assert str(host_fault(SourceText(b"x = 1\n)\n"))).startswith("line 2: ")


def test_a_character_that_is_no_text_is_a_fault() -> None:
    source = SourceText(b"x\0\n")
    found = syntax_fault(source, parse(source.data))
    assert found is not None
    assert found.reason == "syntax-error"
