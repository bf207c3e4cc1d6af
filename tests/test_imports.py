"""imports.py through the engine: what is rewritten, byte for byte, and what is refused; see also tests/cases."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import ast
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import BASIC, Project, move

from codemods.decisions import dotted_edits
from codemods.references import AtRunTime, Disposition, apply_edits
from codemods.source import SourceText, UndecodableError, decode_python
from codemods.syntax import Span, parse, syntax_fault

PLAIN = Project()
BOM = b"\xef\xbb\xbf"


# ------------------------------------------------------------------------------------------------------------------
# bytes: T83 to T92


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # nothing to do: the very same bytes
        pytest.param(b"", b"", id="an empty file"),
        pytest.param(BOM, BOM, id="a BOM alone"),
        pytest.param(b"from p.new import f\r\nx = 1\n\r", b"from p.new import f\r\nx = 1\n\r", id="mixed line ends"),
        pytest.param(b"from p.older import f\n", b"from p.older import f\n", id="a longer name (T12)"),
        pytest.param(b"from vendor.p.old import f\n", b"from vendor.p.old import f\n", id="a suffix (T12)"),
        pytest.param(b"lazy = 1\nlazy.f()\n", b"lazy = 1\nlazy.f()\n", id="lazy is a name"),
        # only the path changes
        pytest.param(b"from p.old import f\n", b"from p.new import f\n", id="LF"),
        pytest.param(b"import os\r\nfrom p.old import f\r\n", b"import os\r\nfrom p.new import f\r\n", id="CRLF (T85)"),
        pytest.param(b"import os\rfrom p.old import f\rf()\r", b"import os\rfrom p.new import f\rf()\r", id="lone CR (T89)"),
        pytest.param(b"from p.old import f\nx = 1\r", b"from p.new import f\nx = 1\r", id="a final lone CR (T89)"),
        pytest.param(b"from p.old import f", b"from p.new import f", id="no final newline (T88)"),
        pytest.param(b"from p.old import f  ", b"from p.new import f  ", id="final spaces"),
        pytest.param(BOM + b"from p.old import f\r\n", BOM + b"from p.new import f\r\n", id="a BOM, kept and processed (T86)"),
        pytest.param(b"# coding: latin-1\nx = '\xe9'\nfrom p.old import f\n", b"# coding: latin-1\nx = '\xe9'\nfrom p.new import f\n", id="a Latin-1 cookie (T87)"),
        pytest.param(b"# -*- coding: cp1252 -*-\r\nx = '\x80'; from p.old import f\r\n", b"# -*- coding: cp1252 -*-\r\nx = '\x80'; from p.new import f\r\n", id="a cp1252 cookie and CRLF (T87)"),
        pytest.param(b"\x0cfrom p.old import f\n\x0c\nf()\n", b"\x0cfrom p.new import f\n\x0c\nf()\n", id="form feeds (T90)"),
        pytest.param("x = '\u2028\u2029\x85'\nfrom p.old import f\n".encode(), "x = '\u2028\u2029\x85'\nfrom p.new import f\n".encode(), id="U+2028 in a string (T90)"),
        pytest.param("größe = 'äöü'; from p.old import f as λ\n".encode(), "größe = 'äöü'; from p.new import f as λ\n".encode(), id="names beyond ASCII"),
        pytest.param(b"if 1:\n\tfrom p.old import f\n", b"if 1:\n\tfrom p.new import f\n", id="tabs (T91)"),
        pytest.param(b"if 1:\n \tfrom p.old import f\n \tf()\n", b"if 1:\n \tfrom p.new import f\n \tf()\n", id="tabs and spaces, consistent (T91)"),
        pytest.param(b"from  p . old  import  f\n", b"from  p . new  import  f\n", id="odd spacing (T38)"),
        pytest.param(b"from p.\\\n  old import f\n", b"from p.\\\n  new import f\n", id="a backslash in the path"),
        pytest.param(b"from p.old import (  # noqa\n  f,  # one\n  # above\n  g  # type: ignore[x]\n  ,)\n", b"from p.new import (  # noqa\n  f,  # one\n  # above\n  g  # type: ignore[x]\n  ,)\n", id="comments are not touched (T83)"),
        pytest.param(b"from p.old import f as f\n", b"from p.new import f as f\n", id="a redundant alias (T51)"),
        pytest.param(b"import p.old\np.old.f()\n", b"import p.new\np.new.f()\n", id="import and use (T1)"),
        pytest.param(b"import p.old\r\n(p\r\n  .old  # why\r\n  .f)()", b"import p.new\r\n(p\r\n  .new  # why\r\n  .f)()", id="a use over lines with CRLF"),
        pytest.param(b"import p.old as o\ro.f()", b"import p.new as o\ro.f()", id="import as, lone CR"),
        pytest.param(b"from p import old\nold.f()\n", b"from p import new\nnew.f()\n", id="the module as a name (T6)"),
        # PEP 810
        pytest.param(b"lazy import p.old\np.old.f()\n", b"lazy import p.new\np.new.f()\n", id="lazy import (T18)"),
        pytest.param(b"lazy from p.old import f, g\n", b"lazy from p.new import f, g\n", id="lazy from (T18)"),
        pytest.param(b"if x:\n\tlazy   from p.old import f\r\n", b"if x:\n\tlazy   from p.new import f\r\n", id="lazy in a block, CRLF (T18)"),
        pytest.param(b"lazy from p import old as o\no.f()\n", b"lazy from p import new as o\no.f()\n", id="a lazy module (T18)"),
        # newer syntax than the host's
        pytest.param(b"from p.old import f\ntype A[T] = list[T]\ndef g[T: f](x: T = f) -> T: ...\n", b"from p.new import f\ntype A[T] = list[T]\ndef g[T: f](x: T = f) -> T: ...\n", id="Python 3.12"),
        pytest.param(b"from p.old import f\nx = f'{f('a')} {'a' 'b'}'\n", b"from p.new import f\nx = f'{f('a')} {'a' 'b'}'\n", id="quotes in an f-string (Python 3.12)"),
        pytest.param(b"from p.old import f\ntry: pass\nexcept A, B: f()\n", b"from p.new import f\ntry: pass\nexcept A, B: f()\n", id="PEP 758 (Python 3.14)"),
        # splits
        pytest.param(b"from p import old, other\nold.f()\n", b"from p import new, other\nnew.f()\n", id="a neighbour with the same parent (T7)"),
        pytest.param(b"from p.old import (\r\n  f,  # one\r\n  h,\r\n)\r\n", b"from p.new import (\r\n  f,  # one\r\n)\r\nfrom p.old import (\r\n  h,\r\n)\r\n", id="a split with CRLF (T85)"),
        pytest.param(b"if 1:\r\n\tfrom p.old import f, h  # noqa\r\n", b"if 1:\r\n\tfrom p.new import f  # noqa\r\n\tfrom p.old import h  # noqa\r\n", id="a split in a block with CRLF and noqa"),
        pytest.param(b"if 1:\r\tfrom p.old import h, f\r", b"if 1:\r\tfrom p.old import h\r\tfrom p.new import f\r", id="a split in a block with lone CR"),
        pytest.param(b"from p.old import f, h", b"from p.new import f\nfrom p.old import h", id="a split without a final newline (T88)"),
        pytest.param(b"\x0cfrom p.old import f, h\n", b"\x0cfrom p.new import f\nfrom p.old import h\n", id="a split behind a form feed (T90)"),
        pytest.param(b"x = 1; from p.old import f, h; y = 2\n", b"x = 1; from p.new import f; from p.old import h; y = 2\n", id="a split between semicolons (T47)"),
        pytest.param(b"if x: from p.old import f, h\n", b"if x: from p.new import f; from p.old import h\n", id="a split in a one-line block (T48)"),
        pytest.param(b"# coding: latin-1\nfrom p.old import (f,  # \xe9\n  h)\n", b"# coding: latin-1\nfrom p.new import (f  # \xe9\n  )\nfrom p.old import (h)\n", id="a split with a comment beyond ASCII"),
        pytest.param(b"lazy from p.old import f, h\n", b"lazy from p.new import f\nlazy from p.old import h\n", id="a lazy split (T18)"),
    ],
)  # fmt: skip
def test_bytes(before: bytes, after: bytes) -> None:
    project = Project({**BASIC, "p/old.py": "from p.new import f, g, C\ndef h(): ...\n"})
    assert project.rewritten(before) == after


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(b"from p.old import f\x00\n", "undecodable", id="NUL (T91)"),
        pytest.param(b"from p.old import f\nx = '\xe9'\n", "undecodable", id="Latin-1 without a cookie"),
        pytest.param(b"from p.old import f\x0b\n", "syntax-error", id="a vertical tab (T91)"),
        pytest.param(b"from p.old import f\n\x1a", "syntax-error", id="Ctrl-Z (T91)"),
        pytest.param(b"if 1:\n        from p.old import f\n\tf()\n", "syntax-error", id="tabs and spaces, inconsistent (T91)"),
        pytest.param(b"from p.old import f\nprint 'x'\n", "python-2", id="Python 2 print"),
        pytest.param(b"from p.old import f\ntry: f()\nexcept E, e: pass\n", "python-2", id="Python 2 except (T92)"),
        pytest.param(b"<<<<<<< a\nfrom p.old import f\n=======\nfrom p.new import f\n>>>>>>> b\n", "conflict-markers", id="conflict markers (T94)"),
        pytest.param(b"from p.old import f\ndef (:\n", "syntax-error", id="no Python at all (T93)"),
    ],
)  # fmt: skip
def test_not_checked(raw: bytes, reason: str) -> None:
    try:
        source = decode_python(raw)
    except UndecodableError:
        assert reason == "undecodable"
        return
    fault = syntax_fault(source, parse(source.data))
    assert fault is not None
    assert fault.reason == reason


NEWLINE = st.sampled_from(["\n", "\r\n", "\r"])
STATEMENT = st.sampled_from(
    ["import os", "from p.old import f", "from p.old import f as g, C", "import p.old", "p.old.f()", "x = 'p.old é\u2028'",
     "# p.old", "", "def h():\f\n    from p.old import g\n    return g()", "import p.old as o; o.f()", "from p import other"]
)  # fmt: skip


@given(
    st.lists(st.tuples(STATEMENT, NEWLINE), max_size=8, unique_by=lambda line: line[0]), st.booleans(), st.booleans()
)
def test_only_what_moves_is_touched(lines: list[tuple[str, str]], bom: bool, final: bool) -> None:
    if "import p.old" not in [statement for statement, _ in lines]:
        lines = [line for line in lines if line[0] != "p.old.f()"]
    text = "".join(statement + newline for statement, newline in lines)
    raw = (BOM if bom else b"") + (text if final else text.rstrip("\r\n")).encode()
    wanted = raw
    for old in (b"import p.old", b"from p.old", b"p.old.f()"):
        wanted = wanted.replace(old, old.replace(b"old", b"new"))
    assert PLAIN.rewritten(raw) == wanted


# ------------------------------------------------------------------------------------------------------------------
# what is refused, with its reason


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        pytest.param("x = 'p.old'\n", ["1 dotted-string p.old manual use-not-visible"], id="a string that nothing looks up here"),
        pytest.param("from p.new import f\nimport p.new\nimport p.other\n", [], id="canonical and foreign imports"),
        pytest.param("from p.old import f  # unshim: keep (why)\n", ["1 from-import p.old:f keep keep-comment"], id="a keep comment"),
        pytest.param("from p.old import (  # unshim: keep\n  f)\n", ["2 from-import p.old:f keep keep-comment"], id="a keep comment on the first line"),
        pytest.param("from p.old import (\n  f,  # unshim: keep\n  g)\n", ["2 from-import p.old:f keep keep-comment", "3 from-import p.old:g rewrite"], id="a keep comment on one name"),
        pytest.param("import p.old  # unshim: keep\np.old.f()\n", ["1 import p.old keep keep-comment", "2 attribute p.old:f keep keep-comment"], id="a kept import keeps its uses"),
        pytest.param("with pytest.warns(W):\n  from p.old import f\n", ["2 from-import p.old:f keep path-under-test"], id="the path under test (T64)"),
        pytest.param("with open(x):\n  from p.old import f\n", ["2 from-import p.old:f rewrite"], id="another with statement"),
        pytest.param("with warns(W):\n  def f():\n    from p.old import f\n", ["3 from-import p.old:f rewrite"], id="a function under it does not run there"),
        pytest.param("from p.old import *\n", ["1 from-import p.old rewrite"], id="a star of a faithful shim"),
        pytest.param("from p.old import nope\n", ["1 from-import p.old:nope manual name-missing"], id="a name that the shim does not have"),
        pytest.param("import p.new\nfrom p.new import __file__\np.new.__name__, p.new.__doc__, p.new.f\n", [], id="what every module has, of the canonical one"),
        pytest.param("import p.new\np.new.__version__, p.new.__path__, p.new.f\n", ["2 attribute p.new:__version__ manual name-missing", "2 attribute p.new:__path__ manual name-missing"], id="what not every module has"),
        pytest.param("import p.old as o\no.__file__, o.f\n", ["1 import p.old manual names-stay-behind", "2 attribute p.old:__file__ manual module-as-value", "2 attribute p.old:f manual names-stay-behind"], id="the shim's own file is another one"),
        pytest.param("from p.old import __name__\n", ["1 from-import p.old:__name__ manual module-as-value"], id="what belongs to the module itself"),
        pytest.param("import p.old\n", ["1 import p.old rewrite"], id="an unused import of a silent shim"),
        pytest.param("import p.old\nprint(p.old)\n", ["1 import p.old manual module-as-value", "2 module-object p.old manual module-as-value"], id="the module as a value"),
        pytest.param("import p.old as o\no.f = 1\n", ["1 import p.old manual written-attribute", "2 attribute p.old:f manual written-attribute"], id="an attribute is written"),
        pytest.param("import p.old as o\ndel o.f\n", ["1 import p.old manual written-attribute", "2 attribute p.old:f manual written-attribute"], id="an attribute is deleted"),
        pytest.param("import p.old as o\no.nope\n", ["1 import p.old manual names-stay-behind", "2 attribute p.old:nope manual name-missing"], id="an attribute that is not there"),
        pytest.param("from p import old\nprint(old)\nold.f()\n", ["1 from-import p.old manual module-as-value", "2 module-object p.old manual module-as-value", "3 attribute p.old:f manual module-as-value"], id="one value holds all uses"),
        pytest.param("try: from p import old\nexcept ImportError: old = None\nif old is None: x\nif not old: y\nif old: old.f\n", ["1 from-import p.old rewrite", "3 module-object p.old rewrite", "4 module-object p.old rewrite", "5 module-object p.old rewrite", "5 attribute p.old:f rewrite"], id="a guarded module is asked whether it is there"),
        pytest.param("from .... import old\n", ["1 from-import old manual relative-import-beyond-root"], id="beyond the root (T11)"),
        pytest.param("from ...p.old import f\n", ["1 from-import p.old:f manual relative-import-beyond-root"], id="beyond the root, with a module"),
        pytest.param("from .... import else_\n", [], id="beyond the root, something else"),
        pytest.param("import p\np.old.f()\n", ["2 attribute p.old:f rewrite"], id="a use without an import of its module (T15)"),
        pytest.param("import p as q\nq.old.f()\n", ["2 attribute p.old:f rewrite"], id="the package under an alias (T16)"),
        pytest.param("import p.old\np = 1\np.old.f()\n", ["1 import p.old rewrite"], id="bound anew before the use"),
        pytest.param("import p\nif x: p = 1\np.old.f()\n", ["3 attribute p.old:f manual shared-binding"], id="bound to something else perhaps"),
        pytest.param("try: from p.new import f\nexcept ImportError: from p.old import f\n", ["2 from-import p.old:f rewrite"], id="the fallback collapses (T44)"),
        pytest.param("def f(p): p.old.f()\n", [], id="a parameter is no module (T23)"),
    ],
)  # fmt: skip
def test_listing(text: str, listing: list[str]) -> None:
    assert PLAIN.listing(text) == listing
    PLAIN.rewritten(text)


FOREIGN = {
    **BASIC,
    "q/__init__.py": "",
    "q/new.py": "def f(): ...\n",
    "top.py": "from p.new import f\n",
    "sub/__init__.py": "",
    "sub/old.py": "from p.new import f\n",
}


@pytest.mark.parametrize(
    ("project", "before", "after"),
    [
        pytest.param(Project(FOREIGN, shims=("top",)), "import top\ntop.f()\n", "from p import new\nnew.f()\n", id="a top-level shim"),
        pytest.param(Project(FOREIGN, shims=("top",)), "import top\nnew = 1\ntop.f()\n", "from p import new as top\nnew = 1\ntop.f()\n", id="... whose new name is taken (T24)"),
        pytest.param(Project(FOREIGN, shims=("top",)), "import os, top, sys\ntop.f()\n", "import os, p.new as new, sys\nnew.f()\n", id="... among others (T2)"),
        pytest.param(Project(FOREIGN, shims=("top",)), "import top as t\nt.f()\n", "import p.new as t\nt.f()\n", id="... with an alias"),
        pytest.param(Project(FOREIGN, shims=("sub.old",)), "import sub.old\nsub.old.f()\n", "import p.new\np.new.f()\n", id="another top-level package"),
        pytest.param(Project(FOREIGN, shims=("sub.old",)), "import sub.old\nimport sub\nsub.x\nsub.old.f()\n", "import p.new\nimport sub\nsub.x\np.new.f()\n", id="... that is imported by itself (T17)"),
        pytest.param(Project(FOREIGN, shims=("sub.old",)), "import sub.old\nsub.x\nsub.old.f()\n", "import p.new, sub\nsub.x\np.new.f()\n", id="... that is used by itself (T17)"),
        pytest.param(Project(FOREIGN, shims=("sub.old",)), "import sub\nsub.old.f()\n", "import sub\nimport p.new\np.new.f()\n", id="an import is added (T15)"),
        pytest.param(Project(FOREIGN, shims=("sub.old",)), "x = 1; import sub\nsub.old.f()\n", "x = 1; import sub; import p.new\np.new.f()\n", id="... on a shared line"),
        pytest.param(Project(FOREIGN, shims=("sub.old",)), "def h():\r\n\timport sub\r\n\tsub.old.f()\r\n", "def h():\r\n\timport sub\r\n\timport p.new\r\n\tp.new.f()\r\n", id="... in a function with CRLF"),
        pytest.param(Project(path="p/use.py"), "from .old import f\n", "from .new import f\n", id="relative (T9)"),
        pytest.param(Project(path="p/use.py"), "from . import old\nold.f()\n", "from . import new\nnew.f()\n", id="relative module (T9)"),
        pytest.param(Project(path="p/use/__init__.py"), "from ..old import f\n", "from ..new import f\n", id="relative in a package (T10)"),
        pytest.param(Project(FOREIGN, shims=("sub.old",), path="sub/use.py"), "from .old import f\n", "from p.new import f\n", id="relative to another package: absolute (T9)"),
        pytest.param(Project(FOREIGN, shims=("sub.old",), path="sub/use.py"), "from . import old\nold.f()\n", "from p import new\nnew.f()\n", id="relative module of another package"),
        pytest.param(Project(shims=(), moves=(move("p.old", "p.new"),)), "from p.old import f\nimport p.old\np.old.f()\n", "from p.new import f\nimport p.new\np.new.f()\n", id="a module move"),
        pytest.param(Project(shims=(), moves=(move("p.old", "p.other"),)), "from p import old\nprint(old)\n", "from p import other\nprint(other)\n", id="a moved module as a value"),
        pytest.param(Project(shims=(), moves=(move("p.old", "mod", external=True),)), "from p import old\nold.f()\n", "import mod\nmod.f()\n", id="a move to a top-level module"),
        pytest.param(Project(shims=(), moves=(move("p.old", "mod", external=True),)), "from p import old as o\no.f()\n", "import mod as o\no.f()\n", id="... with an alias"),
        pytest.param(Project(shims=(), moves=(move("mock", "unittest.mock", external=True),)), "import mock\n", "from unittest import mock\n", id="mock"),
        pytest.param(Project(shims=(), moves=(move("mock", "unittest.mock", external=True),)), "from mock import patch\nimport mock as m\n", "from unittest.mock import patch\nimport unittest.mock as m\n", id="from mock"),
        pytest.param(Project(shims=(), moves=(move("p.other:h", "p.new:g"),)), "from p.other import h\nh()\n", "from p.new import g as h\nh()\n", id="a symbol move keeps the local name (T27)"),
        pytest.param(Project(shims=(), moves=(move("p.other:h", "p.new:g"),)), "from p.other import h as g\n", "from p.new import g\n", id="a symbol move that ends the alias"),
        pytest.param(Project(shims=(), moves=(move("p.other:h", "p.new:g"),)), "import p.other\np.other.h()\n", "import p.other\nimport p.new\np.new.g()\n", id="a symbol move through an attribute"),
        pytest.param(Project(shims=(), moves=(move("p.other:h", None),)), "from p.other import h\n", "from p.other import h\n", id="a move that says keep"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.new import f as ff\n"}), "from p.old import ff\nff()\n", "from p.new import f as ff\nff()\n", id="an alias of the shim's own"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.new import f as ff\n"}), "from p.old import ff as f\n", "from p.new import f\n", id="... undone by the consumer"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.new import f as ff\n"}), "from p.old import ff as x\n", "from p.new import f as x\n", id="... under a third name"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.new import f as ff\n"}), "import p.old as o\no.ff()\n", "import p.new as o\no.f()\n", id="... through an attribute"),
        pytest.param(Project(repairs=True), "from p.old import f\nfrom p.gone import get_f\n", "from p.new import f\nfrom p.gone import get_f\n", id="what cannot be repaired stays"),
        pytest.param(Project({**BASIC, "p/new.py": "def get_it(): ...\n"}, repairs=True), "from p.gone import get_it\n", "from p.new import get_it\n", id="a repair"),
        pytest.param(Project(mentioned=("use:old",)), "from p import old\nold.f()\n", "from p import new as old\nold.f()\n", id="others read the local name (T54)"),
        pytest.param(Project(), "from p import old\n__all__ = ['old']\nold.f()\n", "from p import new as old\n__all__ = ['old']\nold.f()\n", id="__all__ names the local name (T54)"),
        pytest.param(Project(), "from p import old\nglobals()\nold.f()\n", "from p import new as old\nglobals()\nold.f()\n", id="globals() may read the local name"),
        pytest.param(Project(), "class A:\n  from p import old\n  old.f()\n", "class A:\n  from p import new as old\n  old.f()\n", id="a class attribute keeps its name (T20)"),
        pytest.param(Project(), "def h():\n  global old\n  from p import old\n  old.f()\n", "def h():\n  global old\n  from p import new as old\n  old.f()\n", id="a global keeps its name (T19)"),
        pytest.param(Project(), "from p import old\ndel old\n", "from p import new\ndel new\n", id="del follows (T32)"),
        pytest.param(Project(), "import p.old as a\nimport p.old as b\na.f(b.g)\n", "import p.new as a\nimport p.new as b\na.f(b.g)\n", id="two aliases (T4)"),
        pytest.param(Project(), "import p.old, p.other\np.old.f(p.other.h)\n", "import p.new, p.other\np.new.f(p.other.h)\n", id="a neighbour in a plain import"),
        pytest.param(Project(), "from p.new import f\nfrom p.old import f\n", "from p.new import f\n", id="a duplicate goes"),
    ],
)  # fmt: skip
def test_rewrite(project: Project, before: str, after: str) -> None:
    assert project.rewritten(before).decode() == after


@pytest.mark.parametrize(
    ("project", "text", "listing"),
    [
        pytest.param(Project({**BASIC, "p/impl.py": "def f(): ...\n", "p/old.py": "from p.impl import f\n"}, path="p/new.py"), "from p.old import f\n__all__ = ['f']\n", ["1 from-import p.old:f keep canonical-own-import"], id="the canonical module's own import (T71)"),
        pytest.param(Project({**BASIC, "p/new.py": "import use\ndef f(): ...\n", "p/old.py": "def __getattr__(n):\n  if n == 'f':\n    from p.new import f\n    return f\n"}), "from p.old import f\n", ["1 from-import p.old:f manual import-cycle"], id="a new import cycle (T70)"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.new import f\ndef f2(): ...\n"}), "from p.old import f2\n", ["1 from-import p.old:f2 manual no-canonical-home"], id="a name of the shim's own (T8)"),
        pytest.param(Project({**BASIC, "p/old.py": "def f(): ...\n"}), "from p.old import f\n", ["1 from-import p.old:f manual different-object"], id="another object of that name"),
        pytest.param(Project({**BASIC, "p/old.py": "if x: from p.new import f\nelse: from p.other import h as f\n"}), "from p.old import f\n", ["1 from-import p.old:f manual ambiguous-binding"], id="two objects (T59)"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.b import f\n", "p/b.py": "from p.old import f\n"}), "from p.old import f\n", ["1 from-import p.old:f manual re-export-cycle"], id="a cycle of re-exports (T58)"),
        pytest.param(Project({**BASIC, "p/old.py": "def __getattr__(n): return x(n)\n"}), "from p.old import f\n", ["1 from-import p.old:f manual computed-names"], id="computed (T61)"),
        pytest.param(Project({**BASIC, "p/old.py": "if TYPE_CHECKING: from p.new import f\n"}), "from p.old import f\n", ["1 from-import p.old:f manual type-checking-only"], id="for the type checker alone"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.new import f\ndef h():\n  global f\n  f = 1\n"}), "from p.old import f\n", ["1 from-import p.old:f manual rebound-at-run-time"], id="rebound"),
        pytest.param(Project({**BASIC, "p/old.py": "import p.gone\nfrom p.new import f\n"}), "from p.old import f\n", ["1 from-import p.old:f manual repair-off"], id="the shim cannot be imported"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.new import f\ndef (:\n"}), "from p.old import f\n", ["1 from-import p.old:f manual module-missing"], id="the shim does not parse"),
        pytest.param(Project({**BASIC, "p/old.py": "from p.new import *\n", "p/new.py": "f = 1\n_g = 2\n__all__ = ['f', '_g']\n"}), "from p.old import *\n", ["1 from-import p.old manual star-import"], id="a star that would bring more"),
        pytest.param(Project({**BASIC, "p/old.py": "import p.new\nregister()\n"}), "import p.old\n", ["1 import p.old manual side-effect-import"], id="an import for its effect"),
        pytest.param(Project({**BASIC, "p/__init__.py": "from p.new import f as new\n"}), "import p.old as o\no.f()\n", ["1 import p.old manual attribute-hides-submodule", "2 attribute p.old:f manual attribute-hides-submodule"], id="the package hides the canonical module (T56)"),
        pytest.param(Project(shims=(), moves=(move("p.old", "p.nowhere"),)), "from p.old import f\n", ["1 from-import p.old:f manual target-missing"], id="a move to nowhere"),
        pytest.param(Project({**BASIC, "p/old/__init__.py": "", "p/old/inner.py": "", "p/old.py": ""}, shims=(), moves=(move("p.old", "p.new"),)), "import p.old.inner\n", ["1 import p.old.inner manual target-submodule-missing"], id="a submodule without a target (T13)"),
        pytest.param(Project(shims=(), moves=(move("p.old", None),)), "import p.old\np.old.f()\n", ["1 import p.old keep keep-recipe", "2 attribute p.old:f keep keep-recipe"], id="the recipe says keep"),
        pytest.param(Project({**BASIC, "p/home.py": "class C: ...\n", "p/new.py": "from p.home import C\n__all__ = ['C']\n", "p/old.py": "from p.new import C\n"}, homes=("p.home",)), "from p.home import C\nfrom p.old import C as D\n", ["1 from-import p.home:C keep home", "2 from-import p.old:C rewrite"], id="a home"),
        pytest.param(Project(twins={"src.p.new": "p.new"}), "from src.p.new import f\n", ["1 from-import src.p.new:f manual other-source-root"], id="the file under another name (T67)"),
        pytest.param(Project({**BASIC, "p/other.py": "from p.new import f\n"}), "from p.other import f\nimport p.other\np.other.f()\n", ["1 from-import p.other:f rewrite", "3 attribute p.other:f rewrite"], id="laundering"),
    ],
)  # fmt: skip
def test_refusal(project: Project, text: str, listing: list[str]) -> None:
    assert project.listing(text) == listing
    if all(" rewrite" not in line for line in listing):
        assert project.rewritten(text).decode() == text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # no patch
        pytest.param("g(old)\n", [], id="the module alone"),
        pytest.param("g(old, 'other')\n", [], id="a text that is no name of the module"),
        pytest.param("g(old, 'p.f', f'f', b'f', f)\n", [], id="no literal of a name"),
        pytest.param("g(old.C, 'f')\n", [], id="an object of the module"),
        pytest.param("g(old.__name__, 'f')\n", [], id="the module's name"),
        pytest.param("g(old)('f')\ng('f')(old)\ng(h(old), 'f')\n", [], id="two calls"),
        pytest.param("getattr(old, g('f'))\nhasattr(old, 'f' + x)\nprint(old, 'f')\nlog.info('f', old)\n", [], id="calls that only read"),
        pytest.param("g(new, 'f')\n", [], id="the canonical module"),
        pytest.param("g(old, other=1)\n", [], id="a keyword that is no name of the module"),
        pytest.param("old = h\ng(old, 'f')\n", [], id="another value of the name"),
        # perhaps a patch
        pytest.param("g(old, 'f')\n", ["f"], id="an unknown function"),
        pytest.param("self.patch(old, 'f', 1)\n", ["f"], id="a method, as of testtools"),
        pytest.param("g(1, old, 'f')\n", ["f"], id="behind another argument"),
        pytest.param("g('f', old)\n", ["f"], id="the name first"),
        pytest.param("g(obj=old, name='f')\n", ["f"], id="keywords"),
        pytest.param("g(old, f=1)\n", ["f"], id="the name of a keyword"),
        pytest.param("g(old, 'f', 'other', 'C')\n", ["f", "C"], id="several names"),
        pytest.param("def t():\n  g(old, 'f')\n", ["f"], id="in a function"),
        pytest.param("@g(old, 'f')\ndef t(): ...\n", ["f"], id="a decorator"),
        pytest.param("import p.old\ng(p.old, 'f')\n", ["f"], id="the module's whole path"),
        pytest.param("x = [(old, 'f')]\n", ["f"], id="a table"),
        pytest.param("import pytest\n@pytest.mark.parametrize('m, n', [pytest.param(old, 'f')])\ndef t(m, n): ...\n", ["f"], id="parameters of a test"),
        pytest.param("g(old, 'f')  # unshim: keep\n", ["f"], id="kept by a comment"),
    ],
)  # fmt: skip
def test_what_may_patch_a_name_in_a_module_that_is_handed_on(text: str, names: list[str]) -> None:
    found = PLAIN.references("from p import new, old\n" + text)
    perhaps = [one for one in found if one.at_run_time is AtRunTime.PERHAPS_PATCHES]
    assert [one.old.name for one in perhaps] == names
    assert all(one.disposition is not Disposition.REWRITE and one.detail for one in perhaps)


def test_a_reference_says_where_it_stands() -> None:
    (found,) = PLAIN.references(BOM + "x = 'ä'\r\nif 1: \u0061bc; from p.old import (\r\n\tf)\r\n".encode())
    assert (found.line, found.column, str(found.old), str(found.new)) == (3, 2, "p.old:f", "p.new:f")
    assert [str(hop) for hop in found.chain] == ["p.old:f", "p.new:f"]
    assert found.disposition is Disposition.REWRITE


def test_canonical_references_are_counted() -> None:
    assert PLAIN.result("from p.new import f, g\nfrom p.old import f as h\n").canonical == 2
    assert PLAIN.result("import p\np.new.f()\np.old.f()\n").canonical == 1


# ------------------------------------------------------------------------------------------------------------------
# dotted_edits: only the components that differ are touched

NAME = st.sampled_from(["a", "b", "c", "old", "new"])
GAP = st.sampled_from(["", " ", "\n  ", " \\\n", "  # why\n"])


@given(st.lists(st.tuples(NAME, GAP, GAP), min_size=1, max_size=5), st.lists(NAME, min_size=1, max_size=5))
def test_dotted_edits_keep_what_stands_between(pieces: list[tuple[str, str, str]], new: list[str]) -> None:
    text, spans = "", []
    for index, (name, before, after) in enumerate(pieces):
        text += (before + "." + after) if index else ""
        spans.append(Span(len(text), len(text) + len(name)))
        text += name
    old = [name for name, _, _ in pieces]
    edits = dotted_edits(Span(0, len(text)), spans, ".".join(old), ".".join(new))
    edited = apply_edits(text.encode(), edits).decode()
    plain = edited
    for gap in ("# why", "\\", " ", "\n"):
        plain = plain.replace(gap, "")
    assert plain == ".".join(new)
    if len(old) == len(new):
        rest = text
        for edit in sorted(edits, reverse=True):
            rest = rest[: edit.start] + edit.text + rest[edit.end :]
        assert rest == edited
        assert len(edits) == sum(one != other for one, other in zip(old, new, strict=True))
    shared = 0
    while shared < min(len(old), len(new)) and old[shared] == new[shared]:
        shared += 1
    if shared:
        assert edited.startswith(text[: spans[shared - 1].end])


def test_positions_are_those_of_the_base() -> None:
    source = SourceText(b"import p.old\n")
    assert source.position(7) == (1, 8)


# ------------------------------------------------------------------------------------------------------------------
# laws that hold for any program: it stays valid, its other lines stay, a second run changes nothing

LINES = """\
import p.old
import p.old as o
import p.old as old
import p.old, p.other
import p, os
import p as q
from p import old
from p import old as o
from p import old, other
from p import new as old
import p.new
import old
from p.old import f
from p.old import f as g, C
from p.old import f, h
from p.old import *
from p.new import f
p.old.f()
p.other.h()
p.old
old.f()
old
o.g
p.old.f = 1
del p.old.f
del old
p = 1
old = None
new = 3
__all__ = ['old', 'f']
x: 'p.old.C' = p.old.C
f'{p.old.f()} {old.f}'
def h(new): return old.f(new)
def h(p): p.old.f()
def k(): import p.old; p.old.f()
def k(): global old; from p import old
class A: from p import old; x = old.f
class A: import p.old; y = p.old.f
try: from p import old
try: import p.old as old
lambda p=p.old.f: p.old
[p.old.f for p in [p.old]]
with p.old.f as p.old.C: pass
for old in old.f: pass
from p.old import f; p.old.f()
if TYPE_CHECKING: import p.old
if p.old.f: import p.other
lazy import p.old
from mock import patch as f""".splitlines()
HANDLERS = ["old = None", "pass", "from p import new as old", "import p.new as old"]


def programs(seed: int) -> tuple[Project, str]:
    pick = random.Random(seed)
    shims = (
        "from p.new import f, g, C\n",
        "from p.new import *\n",
        "from p.new import f as ff, f, C\ndef h(): ...\n",
        "import warnings\nfrom p.new import f, C\nwarnings.warn('x')\n",
    )
    packages = ("", "from . import old, new\n", "from p.old import f\n", "import p.other\n")
    files = {**BASIC, "p/old.py": pick.choice(shims), "p/__init__.py": pick.choice(packages)}
    moves = pick.choice(
        [
            (),
            (),
            (move("p.old:f", "p.other:h"),),
            (move("p.old:f", "p.new:g"),),
            (move("mock", "unittest.mock", external=True),),
        ]
    )
    mentioned = pick.choice([(), ("use:old",)])
    lines = [pick.choice(LINES) for _ in range(pick.randint(1, 6))]
    text = "".join(
        line + ("\nexcept ImportError: " + pick.choice(HANDLERS) if line.startswith("try") else "") + "\n"
        for line in lines
    )
    return Project(files, moves=moves, mentioned=mentioned, path=pick.choice(["use.py", "p/use.py"])), text


@pytest.mark.parametrize("start", range(0, 600, 150))
def test_any_program(start: int) -> None:
    for seed in range(start, start + 150):
        project, text = programs(seed)
        new = project.rewritten(text).decode()
        note = f"seed {seed}, {project}\n{text}\n->\n{new}"
        ast.parse(new.replace("lazy ", ""))
        other = [
            line for line in text.splitlines() if "old" not in line and "import" not in line and "mock" not in line
        ]
        assert all(line in new.splitlines() for line in other), note
