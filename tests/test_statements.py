"""statements.py: one ``from`` statement becomes several, and nothing is lost."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import ast
import io
import re
import tokenize

import pytest
import support  # noqa: F401  the hypothesis profile
from hypothesis import given
from hypothesis import strategies as st

from codemods.statements import TargetName, UnsupportedStatementError, split_from_import


def split(text: str, targets: dict[str, str], *, comment: str = "", separator: str = "\n") -> str:
    """Split, where ``targets`` says of an imported name where it goes: ``module:name`` or ``module``."""
    (statement,) = ast.parse(text.strip()).body
    assert isinstance(statement, ast.ImportFrom)
    original = "." * statement.level + (statement.module or "")
    names = []
    for alias in statement.names:
        module, _, name = targets.get(alias.name, original).partition(":")
        asname = alias.asname or (alias.name if name else None)
        names.append(TargetName(module, name or alias.name, asname))
    return split_from_import(text, names, trailing_comment=comment, separator=separator)


@pytest.mark.parametrize(
    ("text", "targets", "wanted"),
    [
        pytest.param("from a import f, g", {"f": "b"}, "from b import f\nfrom a import g", id="two names"),
        pytest.param("from a import f, g, h", {"g": "b"}, "from a import f, h\nfrom b import g", id="in order of first appearance"),
        pytest.param("from a import f as g, h", {"f": "b"}, "from b import f as g\nfrom a import h", id="an alias is kept"),
        pytest.param("from a import f  as  g, h", {"f": "b"}, "from b import f  as  g\nfrom a import h", id="with its own spaces"),
        pytest.param("from a import f, h", {"f": "b:g"}, "from b import g as f\nfrom a import h", id="a new name keeps the local one"),
        pytest.param("from a import f as k, h", {"f": "b:g"}, "from b import g as k\nfrom a import h", id="a new name under the same alias"),
        pytest.param("from .a import f, g", {"f": "..b"}, "from ..b import f\nfrom .a import g", id="relative"),
        pytest.param("from . import f, g", {"f": "b"}, "from b import f\nfrom . import g", id="dots alone stay"),
        pytest.param("from a import f, g", {"f": "."}, "from . import f\nfrom a import g", id="dots alone are written"),
        pytest.param("from a import (f, g)", {"f": "b"}, "from b import (f)\nfrom a import (g)", id="parentheses on one line"),
        pytest.param("from a import (f, g,)", {"f": "b"}, "from b import (f,)\nfrom a import (g,)", id="a comma at the end"),
        pytest.param("from a import (  # why\n    f,\n    g,\n)", {"f": "b"}, "from b import (  # why\n    f,\n)\nfrom a import (\n    g,\n)", id="a comment of the whole stays with the first"),
        pytest.param("from a import (\n    f,  # one\n    # above\n    g,  # two\n    # below\n)", {"f": "b"}, "from b import (\n    f,  # one\n)\nfrom a import (\n    # above\n    g,  # two\n    # below\n)", id="comments stay with their names (T83)"),
        pytest.param("from a import (\n    f,\n    g  # two\n)", {"f": "b"}, "from b import (\n    f\n)\nfrom a import (\n    g  # two\n)", id="without a comma at the end"),
        pytest.param("from a import (f,\n               g)", {"g": "b"}, "from a import (f)\nfrom b import (g)", id="hanging indentation"),
        pytest.param("from a import (f, g,  # fg\n    h)", {"h": "b"}, "from a import (f, g  # fg\n    )\nfrom b import (h)", id="a comment behind two names"),
        pytest.param("from a import f, \\\n    g", {"g": "b"}, "from a import f\nfrom b import g", id="a backslash"),
        pytest.param("from a import (\r\n    f,\r\n    g,\r\n)", {"f": "b"}, "from b import (\r\n    f,\r\n)\nfrom a import (\r\n    g,\r\n)", id="CRLF inside (T85)"),
        pytest.param("from a import f, g, h, i", {"f": "b", "h": "b", "i": "c"}, "from b import f, h\nfrom a import g\nfrom c import i", id="several modules (T8)"),
        pytest.param("from a import (\n\n    f,\n\n    g,\n)", {"f": "b"}, "from b import (\n\n    f,\n)\nfrom a import (\n\n    g,\n)", id="blank lines"),
    ],
)  # fmt: skip
def test_split(text: str, targets: dict[str, str], wanted: str) -> None:
    assert split(text, targets) == wanted


@pytest.mark.parametrize(
    ("comment", "separator", "wanted"),
    [
        pytest.param("# words", "\n", "from b import f\nfrom a import g", id="words stand once"),
        pytest.param("# noqa: F401", "; ", "from b import f; from a import g", id="on a shared line it covers both"),
        pytest.param(
            "# noqa: F401",
            "\n    ",
            "from b import f  # noqa: F401\n    from a import g",
            id="an instruction is repeated (T83)",
        ),
        pytest.param(
            "# type: ignore[x]", "\r\n", "from b import f  # type: ignore[x]\r\nfrom a import g", id="... with CRLF"
        ),
        pytest.param("#NOQA", "\r", "from b import f  #NOQA\rfrom a import g", id="... with a lone CR, in capitals"),
        pytest.param("# pylint: disable=x", "\n", "from b import f  # pylint: disable=x\nfrom a import g", id="pylint"),
    ],
)
def test_trailing_comment(comment: str, separator: str, wanted: str) -> None:
    assert split("from a import f, g", {"f": "b"}, comment=comment, separator=separator) == wanted


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("from a import *", 1, id="a star"),
        pytest.param("import a, b", 2, id="a plain import"),
        pytest.param("from a import f, g", 1, id="too few targets"),
        pytest.param("from a import f g", 2, id="no statement"),
        pytest.param("if x:\n    from a import f", 1, id="a block"),
    ],
)
def test_unsupported(text: str, count: int) -> None:
    with pytest.raises(UnsupportedStatementError):
        split_from_import(text, [TargetName("b", "f", None)] * count, trailing_comment="", separator="\n")


SPACE = st.sampled_from(["", " ", "  "])
COMMENT = st.integers(1, 999).map(lambda number: f"# c{number}")


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A parenthesised statement with comments wherever Python allows them, and where its names go."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))

    def gap() -> str:
        pieces = [draw(SPACE)]
        for _ in range(draw(st.integers(0, 2))):
            pieces += [draw(st.just("") | COMMENT), newline, draw(SPACE)]
        return "".join(pieces)

    names = draw(st.lists(st.sampled_from(["f", "g", "h", "i", "j"]), min_size=2, max_size=5, unique=True))
    modules = {name: draw(st.sampled_from(["a", "b", ".c", "d.e:k"])) for name in names}
    text = "from a import (" + gap()
    for index, name in enumerate(names):
        text += name + draw(st.sampled_from(["", f" as {name}1"]))
        if index + 1 < len(names) or draw(st.booleans()):
            text += draw(st.sampled_from(["", " "])) + "," + gap()
        else:
            text += gap()
    return text + ")", modules


def bindings(text: str) -> dict[str, tuple[int, str | None, str]]:
    found = {}
    for node in ast.parse(text).body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            found[alias.asname or alias.name] = (node.level, node.module, alias.name)
    return found


def comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


@given(statements())
def test_the_same_names_are_bound_and_no_comment_is_lost(case: tuple[str, dict[str, str]]) -> None:
    text, targets = case
    try:
        new = split(text, targets)
    except UnsupportedStatementError:
        return
    before, after = bindings(text), bindings(new)
    assert after.keys() == before.keys()
    for local, (_, _, name) in before.items():
        module, _, wanted = targets[name].partition(":")
        level = len(module) - len(module.lstrip("."))
        assert after[local] == (level, module.lstrip("."), wanted or name)
    assert sorted(comments(new)) == sorted(comments(text))
    assert not re.search(r"[^\r]\n", new.replace("\nfrom", "")) or "\r\n" not in text


@given(statements())
def test_a_split_statement_needs_no_second_split(case: tuple[str, dict[str, str]]) -> None:
    text, targets = case
    new = split(text, targets)
    statements_of = ast.parse(new).body
    assert len(statements_of) == len({module.partition(":")[0] for module in targets.values()})
