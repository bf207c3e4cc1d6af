"""notebooks.py: code cells are rewritten; every other byte of the file stays."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import BASIC, Project, Repository, move

from codemods.alias_map import AliasMap
from codemods.engine import FileResult, Rules, collapse_aliases, parsed, rewrite_file
from codemods.mentions import Mentions
from codemods.modules import Move, Target
from codemods.notebooks import Notebook, code_of, read_notebook, rewrite_notebook
from codemods.ownership import Ownership
from codemods.references import Disposition, Edit, Reason, Unchecked, apply_edits
from codemods.source import SourceText, decode_python

PYTHON = {
    "kernelspec": {"name": "python3", "language": "python"},
    "language_info": {"name": "python", "version": "3.11.2"},
}


PLAIN = Project()


class Nobody:
    """Other files read nothing."""

    def mentions(self, module: str, name: str) -> bool:
        return False


def code(*lines: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": list(lines)}


def prose(*lines: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": list(lines)}


def notebook(*cells: dict[str, Any], metadata: dict[str, Any] = PYTHON, **dump: Any) -> bytes:
    content = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(content, **{"indent": 1, "ensure_ascii": False, **dump}) + "\n").encode()


def ownership(project: Project = PLAIN, moves: tuple[Move, ...] = ()) -> tuple[Ownership, Repository]:
    repository = Repository(project.files)
    target = Target("p.new", shims=project.shims, rename=project.rename)
    return Ownership(AliasMap(repository), repository, (target,), moves or project.moves), repository


def result(raw: bytes, project: Project = PLAIN) -> FileResult | Unchecked:
    owner, repository = ownership(project)
    rules = Rules(owner, Mentions(owner), Nobody(), repository.is_proved)

    def run(source: SourceText) -> FileResult:
        return rewrite_file(parsed("use.ipynb", "use", False, source), rules)

    return rewrite_notebook("use.ipynb", decode_python(raw), run, rules.mentions)


def rewritten(raw: bytes, project: Project = PLAIN) -> bytes:
    """The file after the step; a second run changes nothing, and the edits and rounds say the same as the text."""
    found = result(raw, project)
    assert isinstance(found, FileResult), found
    source = decode_python(raw)
    text = source.data
    for edits in found.applied:
        text = apply_edits(text, edits)
    assert text == found.data and found.changed == (found.data != source.data)
    after = source.encode(found.data)
    again = result(after, project)
    assert isinstance(again, FileResult) and not again.changed
    assert all(one.disposition is not Disposition.REWRITE for one in again.references)
    return after


def listing(raw: bytes, project: Project = PLAIN) -> list[str]:
    found = result(raw, project)
    if isinstance(found, Unchecked):
        return [f"{found.line} unchecked {found.reason}"]
    return [f"{one.kind} {one.old} {one.disposition} {one.reason or ''}".strip() for one in found.references]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param(notebook(), [], id="no cells"),
        pytest.param(notebook(code()), [], id="an empty cell"),
        pytest.param(notebook(code("")), [], id="a cell of one empty line"),
        pytest.param(notebook(code("from p.new import f\n", "f()")), [], id="canonical already"),
        pytest.param(notebook(code("from p.older import f")), [], id="another module (T12)"),
        pytest.param(notebook(prose("see `p.old.f`")), ["document p.old:f keep text-mention"], id="a prose cell is for people"),
        pytest.param(notebook(prose("a\n", "p.old.f")), ["document p.old:f keep text-mention"], id="... each line of it"),
        pytest.param(notebook(prose("a\np.old.f")), ["document p.old:f keep text-mention"], id="... also in one string"),
        pytest.param(notebook({**code("1"), "outputs": [{"text": ["p.old.f in p/old.py"]}]}), ["document p.old:f keep text-mention", "document p.old keep text-mention"], id="outputs are what was once"),
        pytest.param(notebook(code("!python -m p.old\n", "%run p/old.py")), ["document p.old manual text-mention", "document p.old manual text-mention"], id="a shell escape and a magic may run it"),
        pytest.param(notebook(code("%%bash\n", "python -m p.old")), ["document p.old manual text-mention"], id="a cell for another program"),
        pytest.param(notebook(code("\n", "%%writefile x.py\n", "from p.old import f")), ["document p.old manual text-mention"], id="a cell that becomes a file"),
        pytest.param(notebook({**code("select p.old.f"), "metadata": {"vscode": {"languageId": "sql"}}}), ["document p.old:f manual text-mention"], id="a cell in another language"),
        pytest.param(notebook(code("from p.old import f  # unshim: keep")), ["from-import p.old:f keep keep-comment"], id="a keep comment"),
        pytest.param(notebook(code("import p.old as o\n", "o.f()\n", "!ls {o.path}")), ["import p.old manual use-not-visible", "attribute p.old:f manual use-not-visible"], id="a shell escape reads the name"),
        pytest.param(notebook(code("import p.old as o\n", "o.f()\n"), code("%cd $o.path")), ["import p.old manual use-not-visible", "attribute p.old:f manual use-not-visible"], id="... by a dollar sign, in another cell"),
        pytest.param(notebook(code("import p.old as o\n", "o.f()"), code("print(o)")), ["import p.old manual module-as-value", "attribute p.old:f manual module-as-value", "module-object p.old manual module-as-value"], id="a use in another cell holds the import"),
    ],
)  # fmt: skip
def test_nothing_changes(raw: bytes, found: list[str]) -> None:
    assert listing(raw) == found
    assert rewritten(raw) == raw


@pytest.mark.parametrize(
    ("raw", "reason", "line"),
    [
        pytest.param(b"not json", Reason.SYNTAX_ERROR, 1, id="no JSON"),
        pytest.param(b"", Reason.SYNTAX_ERROR, 1, id="an empty file"),
        pytest.param(b"[1]", Reason.SYNTAX_ERROR, 1, id="JSON of another kind"),
        pytest.param(b'{"cells": []\n<<<<<<< HEAD\n}', Reason.CONFLICT_MARKERS, 1, id="conflict markers"),
        pytest.param(b'{"worksheets": [{"cells": []}], "nbformat": 3}', Reason.SYNTAX_ERROR, 1, id="format 3"),
        pytest.param(b'{"cells": [], "metadata": {"language_info": {"name": "R"}}}', Reason.SYNTAX_ERROR, 1, id="another language"),
        pytest.param(b'{"cells": [], "metadata": {"kernelspec": {"language": "julia"}}}', Reason.SYNTAX_ERROR, 1, id="... by the kernel alone"),
        pytest.param(b'{"cells": [], "metadata": {"language_info": {"name": "python", "version": "2.7.18"}}}', Reason.PYTHON_2, 1, id="Python 2"),
        pytest.param(b'{"cells": [], "metadata": {"kernelspec": {"name": "python2"}}}', Reason.PYTHON_2, 1, id="... by the kernel alone"),
        pytest.param(notebook(code("print 'x'")), Reason.PYTHON_2, 9, id="Python 2 code"),
        pytest.param(notebook(code("x = 1"), code("from p.old import f\n", "def (")), Reason.SYNTAX_ERROR, 19, id="a cell that does not parse"),
        pytest.param(notebook(code("if x:"), code("  y")), Reason.SYNTAX_ERROR, 9, id="cells are not glued together"),
    ],
)  # fmt: skip
def test_unchecked(raw: bytes, reason: Reason, line: int) -> None:
    found = result(raw)
    assert isinstance(found, Unchecked)
    assert (found.path, found.reason, found.line) == ("use.ipynb", reason, line)


MOVED = Project(moves=(move("p.old", "p.new"),), shims=())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(["from p.old import f"], ["from p.new import f"], id="a last line without its end"),
        pytest.param(["from p.old import f\n", "f()\n"], ["from p.new import f\n", "f()\n"], id="a list of lines"),
        pytest.param("x = '\\t'\nfrom p.old import f\nf()", "x = '\\t'\nfrom p.new import f\nf()", id="one string, with escapes"),
        pytest.param(["x = 'é 😀 \"q\" \\\\'; from p.old import f"], ["x = 'é 😀 \"q\" \\\\'; from p.new import f"], id="characters of many bytes"),
        pytest.param(["import p.old as o\n", "o.f()"], ["import p.new as o\n", "o.f()"], id="a module"),
        pytest.param(["from p.old import (\n", "    f,  # é\n", "    C,\n", ")"], ["from p.new import (\n", "    f,  # é\n", "    C,\n", ")"], id="over many lines"),
        pytest.param(["from p.", "old ", "import f\n", "", "f()"], ["from p.", "new ", "import f\n", "", "f()"], id="odd lists of strings"),
        pytest.param(["try:\n", "    from p.new import f\n", "except ImportError:\n", "    from p.old import f\n", "f()"], ["from p.new import f\n", "f()"], id="equal branches are one statement again (T44)"),
        pytest.param(["x = 1\n", "try:\n", "    from p.new import f\n", "except ImportError:\n", "    from p.old import f"], ["x = 1\n", "from p.new import f"], id="... at the end of a cell"),
        pytest.param(["from p.new import f\n", "from p.old import f\n", "f()"], ["from p.new import f\n", "from p.new import f\n", "f()"], id="an equal import stays: cells run in any order"),
        pytest.param(["%matplotlib inline\n", "from p.old import f\n", "!pip install x \\\n", "  --user\n", "y = !ls\n", "f?\n", "?f"], ["%matplotlib inline\n", "from p.new import f\n", "!pip install x \\\n", "  --user\n", "y = !ls\n", "f?\n", "?f"], id="magics and shell escapes stay"),
        pytest.param(["pip install -U x\n", "from p.old import f"], ["pip install -U x\n", "from p.new import f"], id="a command without an exclamation mark"),
        pytest.param(["if x:\n", "    !ls\n", "from p.old import f"], ["if x:\n", "    !ls\n", "from p.new import f"], id="a shell escape is a block's only statement"),
        pytest.param(["%%time\n", "from p.old import f\n", "%timeit -n 10 f()"], ["%%time\n", "from p.new import f\n", "%timeit -n 10 f()"], id="a timed cell is Python"),
        pytest.param(["import p.old\n", "x = %timeit -o p.old.f()"], ["import p.new\n", "x = %timeit -o p.new.f()"], id="what a magic times is Python"),
        pytest.param(["x = (1\n", "%2)\n", "from p.old import f"], ["x = (1\n", "%2)\n", "from p.new import f"], id="a modulo at the start of a line"),
        pytest.param(["await x\n", "from p.old import f"], ["await x\n", "from p.new import f"], id="await at the top"),
    ],
)  # fmt: skip
def test_rewritten(before: Any, after: Any) -> None:
    raw = notebook(prose("# `p.old.f`"), {**code(), "source": before}, code("f()"))
    assert rewritten(raw) == notebook(prose("# `p.old.f`"), {**code(), "source": after}, code("f()"))


def test_every_layout_keeps_its_bytes() -> None:
    """Indentation, key order, escapes, line ends, BOM, a missing final newline: only the module's name changes."""
    cells = (prose("é"), code("x = 'é\U0001f600'\n", "from p.old import f"))
    for dump in (
        {"indent": 4},
        {"indent": None, "separators": (",", ":")},
        {"ensure_ascii": True},
        {"sort_keys": True},
        {"indent": "\t"},
    ):
        raw = notebook(*cells, **dump)
        assert rewritten(raw) == raw.replace(b"p.old", b"p.new")
        crlf = b"\xef\xbb\xbf" + raw.rstrip(b"\n").replace(b"\n", b"\r\n")
        assert rewritten(crlf) == crlf.replace(b"p.old", b"p.new")


@pytest.mark.parametrize(
    ("dump", "after"),
    [
        pytest.param({"indent": 1}, ['"from p.new import f\\n",\n    "from p.other import h"'], id="a line a row"),
        pytest.param({"indent": None}, ['"from p.new import f\\n", "from p.other import h"'], id="all in one row"),
    ],
)
def test_new_lines_are_written_as_the_others_are(dump: dict[str, Any], after: list[str]) -> None:
    """A statement that is split takes more lines: they get the layout of the cell's list, also of a list of one."""
    project = Project(
        moves=(move("p.old:f", "p.new:f"), move("p.old:C", "p.other:h")),
        files={**BASIC, "p/old.py": "from p.new import f, C\n"},
    )
    raw = notebook(code("from p.old import f, C"), **dump)
    assert '"from p.new import f\\n"' in rewritten(raw, project).decode()
    assert json.loads(rewritten(raw, project))["cells"][0]["source"] == [
        "from p.new import f\n",
        "from p.other import h as C",
    ]
    assert after[0] in rewritten(raw, project).decode().replace(" as C", "")
    longer = notebook(code("from p.old import f, C\n", "f()"), **dump)
    assert rewritten(longer, project) == notebook(
        code("from p.new import f\n", "from p.other import h as C\n", "f()"), **dump
    )
    one_string = notebook({**code(), "source": "from p.old import f, C\nf()"}, **dump)
    assert (
        json.loads(rewritten(one_string, project))["cells"][0]["source"]
        == "from p.new import f\nfrom p.other import h as C\nf()"
    )


def test_places_are_those_of_the_file() -> None:
    raw = notebook(prose("x"), code("import os\n", "x = '\\u00e9'; from p.old import f"))
    found = result(raw)
    assert isinstance(found, FileResult)
    (reference,) = found.references
    line = raw.decode().split("\n")[reference.line - 1]
    assert line[reference.column - 1 :].startswith("f")
    assert raw[reference.start :].startswith(b'f"')
    assert apply_edits(raw, reference.edits) == found.data == raw.replace(b"p.old", b"p.new")
    offset = found.data.index(b"import f")
    assert found.base_offset(offset) == raw.index(b"import f")


def test_the_collapse_step_works_on_the_rewritten_notebook() -> None:
    """The other step of the engine fits the same function."""
    project = Project(rename={"f": "g"})
    owner, _ = ownership(project)
    raw = notebook(code("from p.new import g as f\n", "f()"), code("f(1)"))
    found = rewrite_notebook("use.ipynb", decode_python(raw), lambda source: collapsed(source, owner))
    assert isinstance(found, FileResult)
    assert found.data == notebook(code("from p.new import g\n", "g()"), code("g(1)"))
    hidden = notebook(code("from p.new import g as f\n", "f()"), code("!echo {f(1)}"))
    found = rewrite_notebook("use.ipynb", decode_python(hidden), lambda source: collapsed(source, owner))
    assert isinstance(found, FileResult) and not found.changed
    assert [one.reason for one in found.references] == [Reason.USE_NOT_VISIBLE]


def collapsed(source: SourceText, owner: Ownership) -> FileResult:
    return collapse_aliases(parsed("use.ipynb", "use", False, source), owner, Nobody())


# edits of the Python text, whatever makes them


def opened(*cells: dict[str, Any], **dump: Any) -> Notebook:
    found = read_notebook("use.ipynb", decode_python(notebook(*cells, **dump)))
    assert isinstance(found, Notebook)
    return found


def edited(book: Notebook, *edits: Edit) -> list[Any] | None:
    raw_edits = book.raw_edits(edits)
    if raw_edits is None:
        return None
    return [cell["source"] for cell in json.loads(apply_edits(book.raw.data, raw_edits))["cells"]]


def test_an_edit_over_the_end_of_a_cell_is_refused() -> None:
    book = opened(code("a = 1\n", "b"), code("c"))
    assert book.source.data == b"a = 1\nb\n#\nc\n#\n"
    assert edited(book, Edit(6, 11, "")) is None
    assert edited(book, Edit(8, 10, "x")) is None
    assert edited(book, Edit(9, 9, "x")) is None

    def run(source: SourceText) -> FileResult:
        real = result(notebook(code("from p.old import f")))
        assert isinstance(real, FileResult)
        bad = replace(real.references[0], start=0, edits=(Edit(6, 11, ""),))
        return FileResult("use.ipynb", (bad,), 0, b"", True, applied=((Edit(6, 11, ""),),))

    found = rewrite_notebook("use.ipynb", book.raw, run)
    assert isinstance(found, FileResult) and not found.changed and found.data == book.raw.data
    assert [(one.disposition, one.reason, one.edits, one.step) for one in found.references] == [
        (Disposition.MANUAL, Reason.ODD_LAYOUT, (), None)
    ]


def applied(raw: bytes, *edits: Edit) -> FileResult:
    """The notebook after a step that makes these edits of the Python text."""

    def run(source: SourceText) -> FileResult:
        return FileResult("use.ipynb", (), 0, b"", True, applied=(edits,))

    found = rewrite_notebook("use.ipynb", decode_python(raw), run)
    assert isinstance(found, FileResult)
    return found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(", id="no Python any more"),
        pytest.param("!ls", id="a shell escape, which is not what was written"),
    ],
)
def test_an_edit_that_breaks_the_code_is_refused(text: str) -> None:
    raw = notebook(code("a"))
    found = applied(raw, Edit(0, 1, text))
    assert not found.changed and found.data == raw


def test_a_cell_may_lose_its_last_line() -> None:
    found = applied(notebook(code("a\n", "b"), code("c")), Edit(2, 4, ""))
    assert found.data == notebook(code("a\n", ""), code("c"))


@pytest.mark.parametrize("ascii_only", [False, True])
def test_new_text_is_escaped_as_the_file_is(ascii_only: bool) -> None:
    found = applied(notebook(code("é\n", "a"), ensure_ascii=ascii_only), Edit(3, 4, "ö"))
    assert found.data == notebook(code("é\n", "ö"), ensure_ascii=ascii_only)


def test_lines_at_the_end_of_a_cell() -> None:
    book = opened(code("a\n", "b"), code("c"))
    assert edited(book, Edit(4, 4, "new\n")) == [["a\n", "b\n", "new"], ["c"]]
    assert edited(book, Edit(2, 4, "new\n")) == [["a\n", "new"], ["c"]]
    assert edited(book, Edit(2, 4, "")) == [["a\n", ""], ["c"]]
    assert edited(book, Edit(0, 2, "")) == [["b"], ["c"]]
    assert edited(book, Edit(2, 2, "new\n")) == [["a\n", "new\n", "b"], ["c"]]
    assert edited(opened(code("a\n"), code("c")), Edit(2, 2, "b\n")) == [["a\n", "b\n"], ["c"]]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(b"not json p.old", b"not json p.old", id="no JSON: all of it"),
        pytest.param(b'["p.old"]', b'["p.old"]', id="JSON of another kind"),
        pytest.param(b'{"worksheets": [{"cells": []}]}', b'{"worksheets": [{"cells": []}]}', id="another format"),
        pytest.param(b'{"cells": {}}', b'{"cells": {}}', id="cells of another kind"),
        pytest.param(b'{"cells": [1, {}, {"cell_type": "code"}, {"cell_type": "code", "source": 1}]}', b"\n1", id="odd cells"),
        pytest.param(notebook(), b"", id="no cells: nothing of what stands around them"),
        pytest.param(notebook(prose("p.old"), {**code("x"), "outputs": [{"text": "p.old"}]}), b"x", id="neither prose nor outputs"),
        pytest.param(notebook(code("int(\n", "é"), code("!ls\n"), ensure_ascii=True), "int(\né\n!ls\n".encode(), id="cells that do not parse, magics"),
        pytest.param(notebook({**code(), "source": "a\\n\nb"}), b"a\\n\nb", id="a cell that is one string"),
        pytest.param(b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}', b"\xed\xa0\x80", id="half a character"),
    ],
)  # fmt: skip
def test_the_code_of_a_notebook_that_may_be_broken(raw: bytes, text: bytes) -> None:
    assert code_of(raw) == text


TEXTS = st.text(st.sampled_from('a\n\t "\\#é😀\u2028\x7f/b'), max_size=8)


@given(
    st.lists(st.tuples(st.booleans(), st.one_of(TEXTS, st.lists(TEXTS, max_size=4))), max_size=4),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_the_python_text_and_the_file_agree(
    cells: list[tuple[bool, Any]], ascii_only: bool, indent: int | None
) -> None:
    """Any comment may be replaced anywhere: the file's JSON is the one of the edited cells, and nothing else moves."""
    sources = [{**(code() if is_code else prose()), "source": as_comment(text)} for is_code, text in cells]
    raw = notebook(*sources, ensure_ascii=ascii_only, indent=indent)
    book = read_notebook("use.ipynb", decode_python(raw))
    assert isinstance(book, Notebook)
    joined = ["".join(one["source"]) for one in sources if one["cell_type"] == "code"]
    assert [book.source.text(cell.span.start, cell.span.end) for cell in book.cells] == joined
    for index, cell in enumerate(book.cells):
        text = book.source.text(cell.span.start, cell.span.end)
        for start in range(len(text) + 1):
            for end in {start, min(start + 2, len(text)), len(text)}:
                if end < start:
                    continue
                places = [cell.span.start + len(text[:place].encode()) for place in (start, end)]
                raw_edits = book.raw_edits([Edit(places[0], places[1], 'n"\\\ny')])
                assert raw_edits is not None
                after = json.loads(apply_edits(raw, raw_edits))
                wanted = joined.copy()
                wanted[index] = text[:start] + 'n"\\\ny' + text[end:]
                assert ["".join(one["source"]) for one in after["cells"] if one["cell_type"] == "code"] == wanted
                assert [one for one in after["cells"] if one["cell_type"] != "code"] == [
                    one for one in sources if one["cell_type"] != "code"
                ]


def as_comment(text: Any) -> Any:
    """The same characters, each line a comment."""
    if isinstance(text, str):
        return "#" + text.replace("\n", "\n#")
    return ["#", *(one.replace("\n", "\n#") for one in text)]


LINES = st.sampled_from(
    [
        "from p.old import f\n",
        "from p.new import g\n",
        "import p.old as o\n",
        "o.f()\n",
        "o.x\n",
        "%magic {f}\n",
        "x = 'p.old.f'\n",
        "f(g)\n",
        "if x:\n    from p.old import C\n",
    ]
)


@given(st.lists(st.tuples(st.booleans(), st.lists(LINES, max_size=4)), max_size=4))
def test_only_sources_of_code_cells_change(cells: list[tuple[bool, list[str]]]) -> None:
    raw = notebook(*((code if is_code else prose)(*lines) for is_code, lines in cells))
    before, after = json.loads(raw), json.loads(rewritten(raw))
    for old, new in zip(before["cells"], after["cells"], strict=True):
        if old["cell_type"] == "code":
            old["source"] = new["source"] = None
    assert before == after
    if not any("p.old" in line for is_code, lines in cells if is_code for line in lines):
        assert rewritten(raw) == raw
