"""broken.py and faulty.py: what is listed and rewritten in a file that does not parse, and how it stays as broken."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import ast
import random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support import BASIC, OtherFiles, Project, move

from codemods.broken import find_in_broken, statements_of_broken
from codemods.faulty import Places, carry_out
from codemods.references import Disposition, Edit, Reason, Reference, ReferenceKind, Relation
from codemods.source import SourceText, decode_python
from codemods.symbols import Symbol
from codemods.syntax import Span, import_statements, parse, syntax_fault

PLAIN = Project()
MIXED = Project({**BASIC, "p/old.py": "from p.new import f, g, C\ndef h(): ...\n"})
LONGER = Project(
    {"p/__init__.py": "", "p/somewhere_else.py": "def f(): ...\ndef g(): ...\n"},
    shims=(),
    moves=(move("p.old", "p.somewhere_else"),),
)
BOM = b"\xef\xbb\xbf"


def settle(text: str | bytes, project: Project = PLAIN) -> tuple[list[str], bytes]:
    """The listing of a broken file, and its bytes afterwards; a second run changes nothing."""
    listing, raw = _settle(text, project)
    again, same = _settle(raw, project)
    assert same == raw
    assert not any(" rewrite" in line for line in again)
    return listing, raw


def _settle(text: str | bytes, project: Project) -> tuple[list[str], bytes]:
    file, ownership, _ = project._parts(text)
    fault = syntax_fault(file.source, file.tree)
    assert fault is not None, "it parses"
    assert fault.reason in (Reason.SYNTAX_ERROR, Reason.CONFLICT_MARKERS), fault
    found = find_in_broken(file, fault, ownership, OtherFiles(frozenset(project.mentioned)))
    carried = carry_out(file.source, fault, found.references)
    listing = [
        f"{one.line} {one.kind} {one.old} {one.disposition} {one.reason or ''}".strip() for one in carried.references
    ]
    return listing, file.source.encode(carried.data)


def first_error(raw: bytes) -> tuple[str | None, int | None]:
    with pytest.raises(SyntaxError) as caught:
        ast.parse(raw.decode())
    return caught.value.msg, caught.value.lineno


# ------------------------------------------------------------------------------------------------------------------
# what is rewritten, and what is not


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = )\n", id="nothing of ours"),
        pytest.param("x = )\nfrom p.new import f\n", id="a canonical import"),
        pytest.param("x = )\nfrom p.older import f\nfrom vendor.p.old import f\n", id="other modules with such names (T12)"),
        pytest.param("x = )\n'''\nfrom p.old import f\n'''\n", id="a line of a string"),
        pytest.param("x = )\n# from p.old import f\n", id="a comment"),
        pytest.param("from p.old import f of yesterday\n", id="a sentence"),
        pytest.param("x = from p.old import f\n", id="a statement in the middle of something"),
        pytest.param(">>> from p.old import f\n", id="a prompt before it"),
        pytest.param("from p.old import f }\n", id="a bracket behind it"),
        pytest.param("from p.old import f, g h\n", id="two names without a comma"),
        pytest.param("from p.old import\nf\n", id="a name in the next line"),
        pytest.param("from p.old import (f) g\n", id="a name behind the bracket"),
        pytest.param("x = )\nfrom" + " " * 20000 + "p.old\nfrom p.old import " + "f " * 20000 + "\nfrom p.old import (" + "# f\n" * 9000, id="very long ones, in no time"),
        pytest.param("from p.old import (f,\n\ndef g():\n", id="a list that never ends"),
        pytest.param("from p.old import ( )\nf, g\n", id="an empty list"),
        pytest.param("from p.old import (f, g}\n", id="a bracket of another kind"),
        pytest.param("from p.old import\n", id="no names"),
        pytest.param("from p. old import (f g)\n", id="two names without a comma in brackets"),
        pytest.param("x = )\nimport p.old\np.old.f()\n", id="a module, whose uses would have to follow"),
        pytest.param("import p.old as o\no.f(\n", id="a module under a name of its own"),
        pytest.param("from p import old\nold.f(\n", id="a module from its package"),
        pytest.param("x = )\ntry:\n    from p.old import f\nexcept ImportError:\n    from p.new import f\n", id="two branches that would be equal (T44)"),
        pytest.param("x = )\nfrom p.old import f  # unshim: keep\n", id="a keep comment"),
        pytest.param("x = )\nfrom p.old import (\n    f,\n)  # unshim: keep\n", id="a keep comment behind the bracket"),
        pytest.param("x = [1, 2\ndef test():\n    with pytest.raises(ImportError):\n        from p.old import f\n", id="a path under test (T64)"),
        pytest.param("<<<<<<< ours\nfrom p.old import f\n=======\nfrom p.new import f\n>>>>>>> theirs\n", id="conflict markers (T94)"),
        pytest.param("from p.old import f\n<<<<<<<\nx\n=======\ny\n>>>>>>>\n", id="conflict markers without names (T94)"),
        pytest.param("x = )\n from .... import old\n", id="beyond the root (T11)"),
        pytest.param("x = )\nfrom p.old import nope\n", id="a name that is not there"),
    ],
)  # fmt: skip
def test_not_rewritten(text: str) -> None:
    _, raw = settle(text)
    assert raw == text.encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"x = )\nfrom p.old import f\n", b"x = )\nfrom p.new import f\n", id="behind the error"),
        pytest.param(b"from p.old import f\nx = )\n", b"from p.new import f\nx = )\n", id="before the error"),
        pytest.param(b"def f(:\n    from p.old import f\n", b"def f(:\n    from p.new import f\n", id="in a block that is broken itself"),
        pytest.param(b"x = 1\n    from p.old import f\n", b"x = 1\n    from p.new import f\n", id="with an indentation too much"),
        pytest.param(b"if x:\nfrom p.old import f\n", b"if x:\nfrom p.new import f\n", id="with an indentation too little"),
        pytest.param(b"x = {\nfrom p.old import f\n", b"x = {\nfrom p.new import f\n", id="in a bracket that never closes"),
        pytest.param(b'print(" )\nfrom p.old import f\n', b'print(" )\nfrom p.new import f\n', id="behind a string that never ends"),
        pytest.param(b'def a():\n    print(" )\n    if x:\n        print(")\n        from p.old import f\n', b'def a():\n    print(" )\n    if x:\n        print(")\n        from p.new import f\n', id="between two strings that never end"),
        pytest.param(b"x = )\n'''\nfrom p.old import f\n", b"x = )\n'''\nfrom p.new import f\n", id="behind three quotes that never end: the tree makes no string of the rest"),
        pytest.param(b"x = )\nfrom p.old import (\n    f,  # one\n    g as h,\n)\n", b"x = )\nfrom p.new import (\n    f,  # one\n    g as h,\n)\n", id="a list over lines"),
        pytest.param(b"{ )\nfrom p.old import (\n    f,  # (one\n    g as h,\n)\n", b"{ )\nfrom p.new import (\n    f,  # (one\n    g as h,\n)\n", id="a list over lines with a bracket in a comment"),
        pytest.param(b"x = ); from p.old import f; y = (\n", b"x = ); from p.new import f; y = (\n", id="between semicolons (T47)"),
        pytest.param(b"if x: from p.old import f\n)\n", b"if x: from p.new import f\n)\n", id="in a block on one line (T48)"),
        pytest.param(b"x = )\nfrom p.old import \\\n    f, \\\n    g\n", b"x = )\nfrom p.new import \\\n    f, \\\n    g\n", id="continued lines"),
        pytest.param(b"x = )\nfrom p.old import *\n", b"x = )\nfrom p.new import *\n", id="a star of a faithful shim"),
        pytest.param(b"x = )\nlazy from p.old import f\n", b"x = )\nlazy from p.new import f\n", id="a lazy import (T18)"),
        pytest.param(b"x = )\r\nfrom p.old import f\r\n", b"x = )\r\nfrom p.new import f\r\n", id="CRLF (T85)"),
        pytest.param(b"x = )\rfrom p.old import f\r", b"x = )\rfrom p.new import f\r", id="lone CR (T89)"),
        pytest.param(b"{ )\rfrom p.old import (f,\r  g)\r", b"{ )\rfrom p.new import (f,\r  g)\r", id="a list over lines that end with CR (T89)"),
        pytest.param(BOM + b"x = )\nfrom p.old import f", BOM + b"x = )\nfrom p.new import f", id="a BOM, no final newline (T86, T88)"),
        pytest.param(b"# coding: latin-1\nx = '\xe9' )\nfrom p.old import f\n", b"# coding: latin-1\nx = '\xe9' )\nfrom p.new import f\n", id="a Latin-1 cookie (T87)"),
        pytest.param(b"x = 1\x0b\n\x0cfrom p.old import f\n", b"x = 1\x0b\n\x0cfrom p.new import f\n", id="a vertical tab, a form feed (T90, T91)"),
        pytest.param(b"if x:\n        a\n\tfrom p.old import f\n", b"if x:\n        a\n\tfrom p.new import f\n", id="tabs and spaces mixed (T91)"),
        pytest.param(b"x = )\ntry:\n    from p.old import f\nexcept ImportError:\n    f = None\n", b"x = )\ntry:\n    from p.new import f\nexcept ImportError:\n    f = None\n", id="a guarded import (T45)"),
        pytest.param(b"x = )\nfrom p.old import f as f\n", b"x = )\nfrom p.new import f as f\n", id="a redundant alias (T51)"),
    ],
)  # fmt: skip
def test_rewritten(before: bytes, after: bytes) -> None:
    _, raw = settle(before)
    assert raw == after


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        pytest.param("x = )\nfrom p.old import f\n", ["2 from-import p.old:f rewrite"], id="a whole statement"),
        pytest.param("x = )\nfrom p.old import f  # unshim: keep\n", ["2 from-import p.old:f keep keep-comment"], id="a keep comment"),
        pytest.param("x = )\nfrom p.old import (\n    f,\n)  # unshim: keep\n", ["3 from-import p.old:f keep keep-comment"], id="a keep comment behind the bracket"),
        pytest.param("x = [1\ndef t():\n    with pytest.raises(E):\n        from p.old import f\n", ["4 from-import p.old:f keep path-under-test"], id="a path under test (T64)"),
        pytest.param("x = [1\nwith pytest.raises(E):\n    def t(a,\n      b):\n        from p.old import f\n", ["5 from-import p.old:f rewrite"], id="a function under it does not run there"),
        pytest.param("x = )\nfrom p.old import nope\n", ["2 from-import p.old:nope manual name-missing"], id="the reason of the import pass"),
        pytest.param("from p.old import f, g h\n", ["1 from-import p.old:f manual broken-file", "1 from-import p.old:g manual broken-file"], id="a fragment lists the names that can be read"),
        pytest.param("from p.old import (f as k,  # why\n   g\n\ndef h():\n", ["1 from-import p.old:f manual broken-file", "2 from-import p.old:g manual broken-file"], id="a fragment over lines"),
        pytest.param("from p.old import\nf = (\n", ["1 from-import p.old manual broken-file"], id="a fragment without names"),
        pytest.param("from .old import f,\n(\n", ["1 from-import p.old:f rewrite"], id="a trailing comma alone does not break it for tree-sitter"),
        pytest.param("from p import old, other }\n", ["1 from-import p.old manual broken-file"], id="a fragment with a module"),
        pytest.param("from p.old import nope {\n", ["1 from-import p.old:nope manual name-missing"], id="a fragment with a name that is not there"),
        pytest.param("from p.new import f {\n", [], id="a canonical fragment"),
        pytest.param("import p.old because\n", ["1 import p.old manual broken-file"], id="a fragment of a plain import"),
        pytest.param("from ......p.old import f }\n", [], id="a fragment beyond the root"),
        pytest.param("x = )\nimport p.old as o\n", ["2 import p.old manual broken-file"], id="a module"),
        pytest.param("import p.old as o\no.f()\no.nope\nx = )\n", ["1 import p.old manual names-stay-behind", "2 attribute p.old:f manual names-stay-behind", "3 attribute p.old:nope manual name-missing"], id="what the uses say of a module"),
        pytest.param("import p.old as o\no.f()\nx = )\n", ["1 import p.old manual broken-file", "2 attribute p.old:f manual broken-file"], id="a module and its use"),
        pytest.param("import p\np.old.f()\nx = )\n", ["2 attribute p.old:f manual broken-file"], id="a use without an import of its module (T15)"),
        pytest.param("import p.old\nreload(p.old)\nx = )\n", ["1 import p.old manual broken-file", "2 module-object p.old manual module-as-value"], id="the module as a value"),
        pytest.param("x = )\ntry:\n    from p.old import f\nexcept ImportError:\n    from p.new import f\n", ["3 from-import p.old:f manual broken-file"], id="equal branches (T44)"),
        pytest.param("<<<<<<< a\nfrom p.old import f\n=======\nimport p.old\n>>>>>>> b\nfrom p.old import f  # unshim: keep\n", ["2 from-import p.old:f manual conflict-markers", "4 import p.old manual conflict-markers", "6 from-import p.old:f keep keep-comment"], id="conflict markers (T94)"),
    ],
)  # fmt: skip
def test_listing(text: str, listing: list[str]) -> None:
    project = Project({**BASIC, "p/use.py": ""}, path="p/use.py")
    assert settle(text, project)[0] == listing


def test_a_statement_that_must_be_split_stays() -> None:
    listing, raw = settle("x = )\nfrom p.old import f, h\n", MIXED)
    assert raw == b"x = )\nfrom p.old import f, h\n"
    assert listing == ["2 from-import p.old:f manual broken-file", "2 from-import p.old:h manual no-canonical-home"]


def test_a_home_and_a_kept_path_stay_in_a_fragment() -> None:
    project = Project(
        {**BASIC, "p/home.py": "def k(): ...\n"}, homes=("p.home",), moves=(move("p.other:h", None),)
    )  # fmt: skip
    listing, _ = settle("from p.home import k }\nfrom p.other import h }\n", project)
    assert listing == ["1 from-import p.home:k keep home", "2 from-import p.other:h keep keep-recipe"]


def test_an_import_cycle_is_no_question_for_what_cannot_be_imported() -> None:
    files = {"p/__init__.py": "", "p/new.py": "import p.use\ndef f(): ...\n"}
    project = Project(files, shims=(), moves=(move("p.gone", "p.new"),), path="p/use.py")
    assert project.listing("from p.gone import f\n") == ["1 from-import p.gone:f manual import-cycle"]
    assert settle("from p.gone import f\nx = )\n", project)[0] == ["1 from-import p.gone:f rewrite"]


def test_canonical_references_are_counted() -> None:
    file, ownership, _ = PLAIN._parts("x = )\nfrom p.new import f, g\nfrom p.new import C }\n")
    fault = syntax_fault(file.source, file.tree)
    assert fault is not None
    assert find_in_broken(file, fault, ownership, OtherFiles()).canonical == 3


def test_no_place_is_reported_twice() -> None:
    source = SourceText(b"from p.old import f\nx = (\nfrom p.old import g }\nimport a, b\n")
    statements, fragments = statements_of_broken(source, parse(source.data))
    assert [one.span.start for one in statements] == [0, 48]
    assert [one.span.start for one in fragments] == [26]
    assert [name for name, _ in fragments[0].names] == ["g"]


# ------------------------------------------------------------------------------------------------------------------
# exactly as broken


def rewrite(start: int, end: int, text: str) -> Reference:
    edit = Edit(start, end, text)
    return Reference(
        "a.py", 1, 1, start, ReferenceKind.FROM_IMPORT, Symbol("p.old", "f"), Symbol("p.new", "f"), Relation.ALIAS,
        Disposition.REWRITE, edits=(edit,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "edit", "changed"),
    [
        pytest.param("x = )\nfrom p.old import f\n", ("p.old", "p.longer.name"), True, id="a longer path in another line"),
        pytest.param("from p.old import f; x = )\n", ("p.old", "p.longer.name"), True, id="a longer path in front of the error: the column moves along"),
        pytest.param("from p.old import f; x = )\n", ("p.old", "p"), True, id="a shorter path in front of the error"),
        pytest.param("  from p.old import f\n", ("p.old", "p.longer.name"), True, id="an indentation error in the very line"),
        pytest.param("from p.old import f; x = 'é' )\n", ("p.old", "p.ü"), True, id="columns count characters"),
        pytest.param("from p.old import f; x = )\n", (")", "1"), False, id="the error vanishes"),
        pytest.param("from p.old import f; x = )\n", (")", "]"), False, id="the error has another message"),
        pytest.param("from p.old import f; x = )\ny = )\n", ("x = )", "xyz"), False, id="the next error has the same message"),
        pytest.param("from p.old import f; x = )\n", ("p.old", "p.)"), False, id="an error before it"),
    ],
)  # fmt: skip
def test_the_first_error_stays(text: str, edit: tuple[str, str], changed: bool) -> None:
    source = SourceText(text.encode())
    fault = syntax_fault(source, parse(source.data))
    assert fault is not None
    start = source.data.index(edit[0].encode())
    carried = carry_out(source, fault, [rewrite(start, start + len(edit[0].encode()), edit[1])])
    assert (carried.data != source.data) is changed
    assert bool(carried.edits) is changed
    (reference,) = carried.references
    if changed:
        assert reference.disposition is Disposition.REWRITE
        assert first_error(carried.data) == first_error(source.data)
    else:
        assert (reference.disposition, reference.reason) == (Disposition.MANUAL, Reason.BROKEN_FILE)
        assert reference.edits == ()
        assert reference.step is None


def test_without_an_edit_there_is_nothing_to_check() -> None:
    source = SourceText(b"x = )\n")
    fault = syntax_fault(source, parse(source.data))
    assert fault is not None
    assert carry_out(source, fault, []).data == source.data


LINES = (
    "import os", "from p.old import f", "    from p.old import f as g", "from p.old import (", "    f,", "    g,", ")",
    "def h(a):", "    return (a,", "        [1, 2]", "    )", "x = {'a': 1}", "x = '''", "'''", "if x:", "else:", "    pass",
    "try:", "except ImportError:", "class A(object):", "    from p.old import g, f", "print(' )", "y = f'{x}'", "\tz", "é = 'ü'; from p.old import f",
)  # fmt: skip


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=12), st.randoms(use_true_random=False))
@example(["from p.old import f", "x = '''"], random.Random(0))
def test_whatever_is_broken_stays_as_broken(lines: list[str], chance: random.Random) -> None:
    """The law: the same first error, the same line; and nothing but the path of import lines differs."""
    text = "\n".join(lines) + "\n"
    cut = chance.randrange(len(text))
    text = text[:cut] + chance.choice(["", ")", "(", "'", '"""', "\n", " "]) + text[cut:]
    source = SourceText(text.encode())
    fault = syntax_fault(source, parse(source.data))
    assume(fault is not None and fault.reason is Reason.SYNTAX_ERROR)
    _, raw = settle(text, LONGER)
    assert first_error(raw) == first_error(source.data)
    assert raw.replace(b"p.somewhere_else", b"p.old") == source.data


CHUNKS = (
    "import os", "from p.old import f; x = 1", "from p.old import (\n    f,  # (one\n    g,\n)", "'''\nfrom p import f\n'''",
    "def h(\n    a,\n):\n    from p.old import g\n    return a", "class A(object):\n    from .old import *", "x = {\n'from': 1\n}",
    "if x: from p import f", "try:\n\tfrom p.old import f\nexcept E:\n\timport a.b as c, d", "from p.\\\n old import f", "# from p import f",
)  # fmt: skip


@given(st.lists(st.sampled_from(CHUNKS), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_statements_of_a_valid_text_are_those_of_its_tree(chunks: list[str], newline: str) -> None:
    """Where nothing is broken, the lines find nothing beside the tree, and every statement is whole."""
    source = decode_python("\n".join(chunks).replace("\n", newline).encode())
    tree = parse(source.data)
    assert syntax_fault(source, tree) is None
    statements, fragments = statements_of_broken(source, tree)
    assert fragments == []
    assert [(one.span, one.names) for one in statements] == [(one.span, one.names) for one in import_statements(tree)]


# ------------------------------------------------------------------------------------------------------------------
# places


@pytest.mark.parametrize(
    ("text", "around"),
    [
        pytest.param("from p.old import f\n", [], id="none"),
        pytest.param("def f(a,\n      b=(\n):\n    from p.old import f\n", ["function_definition"], id="a definition over lines"),
        pytest.param("class Abc\n    def f\n     from p.old import f\n", ["function_definition", "class_definition"], id="definitions that are broken themselves"),
        pytest.param("async def f():\n  '''\ntext\n'''\n  from p.old import f\n", ["function_definition"], id="the lines of a string are no blocks"),
        pytest.param("def f():\n# text\n\n  from p.old import f\n", ["function_definition"], id="nor are comments"),
        pytest.param("def f():\n  x = 1\ny = 2\n  from p.old import f\n", [], id="a block that has ended"),
        pytest.param("if a:\n  for x in y:\n    with b(c):\n      from p.old import f\n", ["with_statement", "if_statement"], id="a loop does not matter"),
        pytest.param("if x: from p.old import f\n", ["if_statement"], id="a block on one line"),
        pytest.param("def f():\n\tx(\n        from p.old import f\n", ["function_definition"], id="a tab and eight spaces"),
        pytest.param("if a:\n    if b:\n\tfrom p.old import f\n", ["if_statement", "if_statement"], id="tabs count to eight"),
        pytest.param("def f\n from p.old import f\n", [], id="a definition without room for a whole one"),
    ],
)  # fmt: skip
def test_blocks_around(text: str, around: list[str]) -> None:
    data = text.encode()
    start = data.index(b"from")
    statement = Places(data, parse(data)).statement(Span(start, len(data.rstrip())))
    assert statement is not None
    assert statement.module == "p.old"
    blocks = []
    node = statement.node.parent
    while node is not None:
        if node.type.endswith(("_definition", "with_statement", "if_statement")):
            blocks.append(node.type)
        node = node.parent
    assert blocks == around
