"""alias_map.py: where each (module, name) really comes from."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

from itertools import permutations

import pytest
from support import Repository, alias_map, ends

from codemods.alias_map import AliasMap, EndKind
from codemods.symbols import Symbol, parse_symbol

OF_A_MODULE = ("__name__", "__file__", "__doc__", "__spec__", "__loader__", "__package__", "__dict__")
NEW = {"p/__init__.py": "", "p/new.py": "def f(): ...\ndef g(): ...\nclass C: ...\nX = 1\n_u = 1\n"}


def old(text: str, **others: str) -> dict[str, str]:
    """The package of NEW, with this text as ``p/old.py``, and others as ``p/<name>.py``."""
    return {**NEW, "p/old.py": text, **{f"p/{name}.py": other for name, other in others.items()}}


@pytest.mark.parametrize(
    ("files", "symbol", "end"),
    [
        # what is not there
        pytest.param(NEW, "os:path", "external os:path", id="a module from outside"),
        pytest.param(NEW, "os", "external os", id="a whole module from outside"),
        pytest.param(NEW, "p.gone:f", "missing-module p.gone", id="a module that does not exist"),
        pytest.param(NEW, "p.gone", "missing-module p.gone", id="a whole module that does not exist"),
        pytest.param(NEW, "p.new:h", "missing-name p.new:h", id="a name that does not exist"),
        pytest.param(old("from p.new import h\n"), "p.old:h", "missing-name p.new:h", id="a name that is imported and does not exist"),
        pytest.param(old("from p.gone import f\n"), "p.old:f", "missing-module p.gone", id="imported from a module that does not exist"),
        pytest.param(old("from os import path\n"), "p.old:path", "external os:path", id="imported from outside"),
        pytest.param(old("if TYPE_CHECKING: from p.new import f\n"), "p.old:f", "typing-only p.old:f", id="for the type checker alone"),
        pytest.param(old("from p.new import f\ndel f\n"), "p.old:f", "missing-name p.old:f", id="deleted again"),
        # what every module has
        *(pytest.param(NEW, f"p.new:{name}", f"object p.new:{name}", id=f"{name} of a module") for name in OF_A_MODULE),
        *(pytest.param(NEW, f"p:{name}", f"object p:{name}", id=f"{name} of a package") for name in (*OF_A_MODULE, "__path__")),
        pytest.param({"p/new.py": ""}, "p:__name__", "object p:__name__", id="the name of a folder without a file of its own"),
        pytest.param({"p/new.py": ""}, "p:__path__", "object p:__path__", id="... and its path"),
        pytest.param({"p/new.py": ""}, "p:__file__", "missing-name p:__file__", id="... which has no file"),
        pytest.param(NEW, "p.new:__path__", "missing-name p.new:__path__", id="a module that is no package has no path"),
        pytest.param(NEW, "p.new:__version__", "missing-name p.new:__version__", id="a version is not there by itself"),
        pytest.param(NEW, "p.new:__all__", "missing-name p.new:__all__", id="nor is __all__"),
        pytest.param(NEW, "p.gone:__name__", "missing-module p.gone", id="a module that is not there has no name"),
        pytest.param(old("from p.new import *\n"), "p.old:__name__", "object p.old:__name__", id="a star does not bring another one's"),
        pytest.param(old("from p.new import __doc__\n"), "p.old:__doc__", "object p.new:__doc__", id="an import does"),
        pytest.param(old("def __getattr__(name): return h(name)\n"), "p.old:__name__", "object p.old:__name__", id="__getattr__ is not asked for it"),
        pytest.param(old("import sys\nimport p.new as n\nsys.modules[__name__] = n\n"), "p.old:__name__", "object p.new:__name__", id="a module that replaces itself has the other one's"),
        # definitions and chains
        pytest.param(NEW, "p.new:f", "object p.new:f", id="a definition"),
        pytest.param(old("from p.new import f\n"), "p.old:f", "object p.new:f", id="an import"),
        pytest.param(old("from p.new import f as g\n"), "p.old:g", "object p.new:f", id="a renamed import"),
        pytest.param(old("from p.b import g2\n", b="from p.new import g as g2\n"), "p.old:g2", "object p.new:g", id="a chain with a rename (T57)"),
        pytest.param(old("from .b import H\n", b="from .new import C as B\nH = B\n"), "p.old:H", "object p.new:C", id="a chain with a rename and an assignment (T57)"),
        pytest.param(old("import p.new\nF = p.new.f\n"), "p.old:F", "object p.new:f", id="a dotted assignment"),
        pytest.param(old("import p.new as n\nF = n.f\n"), "p.old:F", "object p.new:f", id="a dotted assignment through an alias"),
        pytest.param(old("from p import new\nF = new.f.x\n"), "p.old:F", "object p.old:F", id="an attribute of a function is a value of its own"),
        pytest.param(old("import os\nF = os.path\n"), "p.old:F", "object p.old:F", id="an attribute of a module from outside is not followed"),
        pytest.param(old("def f(): ...\nX = f\ndef f(): ...\n"), "p.old:X", "object p.old:X", id="an assignment keeps the value of its moment"),
        pytest.param(old("def f(): ...\nX = f\ndef f(): ...\n"), "p.old:f", "object p.old:f", id="... and the name has the later one"),
        pytest.param(old("def f(): ...\nX = f\nY = X\n"), "p.old:Y", "object p.old:f", id="an alias of an alias"),
        pytest.param(old("from p.new import f\nX = f\nfrom p.new import g as f\n"), "p.old:X", "object p.new:f", id="an import of that moment"),
        pytest.param(old("from p.new import f\nf = deco(f)\n"), "p.old:f", "object p.old:f", id="a decorated one is another object"),
        pytest.param(old("from p.new import f\ndef f(): ...\n"), "p.old:f", "object p.old:f", id="redefined"),
        pytest.param(old("def f(): ...\nfrom p.new import f\n"), "p.old:f", "object p.new:f", id="imported over a definition"),
        # stars
        pytest.param(old("from p.new import *\n"), "p.old:f", "object p.new:f", id="a star"),
        pytest.param(old("from p.new import *\n"), "p.old:_u", "missing-name p.old:_u", id="a star leaves underscore names (T62)"),
        pytest.param(old("from .a import *\n", a="__all__ = ['f']\nfrom .new import f, g\n"), "p.old:f", "object p.new:f", id="a star takes what __all__ lists"),
        pytest.param(old("from .a import *\n", a="__all__ = ['f']\nfrom .new import f, g\n"), "p.old:g", "missing-name p.old:g", id="... and nothing else"),
        pytest.param(old("from .a import *\n", a="__all__ = ['_u']\nfrom .new import _u\n"), "p.old:_u", "object p.new:_u", id="__all__ may list underscore names"),
        pytest.param(old("from .a import *\n", a="__all__ = ['f']\n__all__ += ['g']\nfrom .new import f, g\n"), "p.old:g", "object p.new:g", id="__all__ +="),
        pytest.param(old("from .a import *\n", a="__all__ = ['f']\n__all__.extend(x)\nfrom .new import f, g\n"), "p.old:g", "object p.new:g", id="an __all__ extended by something unknown"),
        pytest.param(old("from .a import *\n", a="__all__ = make()\n"), "p.old:h", "computed", id="a computed __all__ may have anything"),
        pytest.param(old("from .a import *\n", a="from .new import *\n"), "p.old:f", "object p.new:f", id="a star of a star"),
        pytest.param(old("from os import *\n"), "p.old:path", "computed", id="a star from outside may have anything"),
        pytest.param(old("from os import *\nfrom p.new import f\n"), "p.old:f", "object p.new:f", id="a name bound after a star"),
        pytest.param(old("from p.new import *\ndef f(): ...\n"), "p.old:f", "object p.old:f", id="defined after a star"),
        pytest.param(old("def f(): ...\nfrom p.new import *\n"), "p.old:f", "object p.new:f", id="defined before a star"),
        pytest.param(old("from .a import *\nfrom .new import *\n", a="def f(): ...\n"), "p.old:f", "object p.new:f", id="the last star wins"),
        pytest.param(old("from .a import *\nif x: from .new import *\n", a="def f(): ...\n"), "p.old:f", "ambiguous", id="a star in a branch may win"),
        pytest.param(old("def f(): ...\nif x: from .new import *\n"), "p.old:f", "ambiguous", id="a star in a branch over a definition"),
        pytest.param(old("from .new import f\nif x: from .new import *\n"), "p.old:f", "object p.new:f", id="... of the same object"),
        pytest.param(old("from p.old import *\n"), "p.old:f", "missing-name p.old:f", id="a star of itself"),
        pytest.param(old("from .a import *\n", a="import sys\nfrom p import new\nsys.modules[__name__] = new\n"), "p.old:f", "object p.new:f", id="a star of a module that replaces itself"),
        # branches
        pytest.param(old("if x: from p.new import f\nelse: from p.new import f\n"), "p.old:f", "object p.new:f", id="the same on both branches"),
        pytest.param(old("if x: from p.new import f\nelse: from p.new import g as f\n"), "p.old:f", "ambiguous", id="two objects on two branches (T59)"),
        pytest.param(old("if x: from p.new import f\n"), "p.old:f", "ambiguous", id="bound on one branch alone"),
        pytest.param(old("if x: from p.new import f\nelse: raise ImportError\n"), "p.old:f", "object p.new:f", id="the other branch leaves"),
        pytest.param(old("try: from p.new import f\nexcept ImportError: f = None\n"), "p.old:f", "object p.new:f", id="None as a fallback (T45)"),
        pytest.param(old("try: from p.new import f\nexcept ImportError: pass\n"), "p.old:f", "object p.new:f", id="no fallback"),
        pytest.param(old("try: from p.new import f\nexcept ImportError: from os import f\n"), "p.old:f", "ambiguous", id="another object as a fallback (T59)"),
        pytest.param(old("try: from p.new import f\nexcept ImportError:\n  def f(): ...\n"), "p.old:f", "ambiguous", id="a definition as a fallback (T59)"),
        pytest.param(old("try: from p.gone import f\nexcept ImportError: from p.new import f\n"), "p.old:f", "object p.new:f", id="the first cannot be imported: the fallback"),
        pytest.param(old("try: from p.gone import f\nexcept ImportError: f = None\n"), "p.old:f", "object p.old:f", id="... which is None"),
        pytest.param(old("try: from p.new import h\nexcept ImportError: from p.new import f as h\n"), "p.old:h", "object p.new:f", id="the first has no such name: the fallback"),
        pytest.param(old("try: from .a import f\nexcept ImportError: from p.new import f\n", a="import p.gone\ndef f(): ...\n"), "p.old:f", "object p.new:f", id="the first module fails when imported"),
        pytest.param(old("try: from .gone import f\nexcept ImportError: pass\n"), "p.old:f", "missing-module p.gone", id="the first is missing and there is no other"),
        pytest.param(old("for f in x: pass\n"), "p.old:f", "ambiguous", id="a loop variable"),
        pytest.param(old("with x as f: pass\n"), "p.old:f", "object p.old:f", id="a with target is a value of its own"),
        # rebinding
        pytest.param(old("from p.new import f\ndef h():\n  global f\n  f = 1\n"), "p.old:f", "object p.new:f rebound p.old:f", id="rebound by global"),
        pytest.param(old("from .a import f\n", a="from .new import f\ndef h():\n  global f\n  f = 1\n"), "p.old:f", "object p.new:f rebound p.a:f", id="rebound on the way"),
        # PEP 562
        pytest.param(old("def __getattr__(name):\n  if name == 'f':\n    from p.new import f\n    return f\n"), "p.old:f", "object p.new:f", id="a literal __getattr__ (T61)"),
        pytest.param(old("def __getattr__(name):\n  if name == 'f':\n    from p.new import f\n    return f\n"), "p.old:g", "missing-name p.old:g", id="... has what it names alone"),
        pytest.param(old("def __getattr__(name): return h(name)\n"), "p.old:f", "computed", id="a computed __getattr__ (T61)"),
        pytest.param(old("def __getattr__(name): return h(name)\nfrom p.new import f\n"), "p.old:f", "object p.new:f", id="... of a module that has the name"),
        pytest.param(old("M = {'f': 'p.new.g'}\ndef __getattr__(name): return import_module(M[name])\n"), "p.old:f", "object p.new:g", id="a dotted path to an object"),
        pytest.param(old("M = {'f': 'not a path'}\ndef __getattr__(name): return import_module(M[name])\n"), "p.old:f", "computed", id="a map to something else"),
        pytest.param(old("M = {'f': 'p.new'}\ndef __getattr__(name): return getattr(import_module(M[name]), name)\n"), "p.old:f", "object p.new:f", id="a map of modules"),
        # sys.modules
        pytest.param(old("import sys\nimport p.new as n\nsys.modules[__name__] = n\n"), "p.old:f", "object p.new:f", id="it replaces itself (T62)"),
        pytest.param(old("import sys\nimport p.new as n\nsys.modules[__name__] = n\n"), "p.old", "module p.new", id="... as a whole"),
        pytest.param(old("import sys\nimport p.new as n\nsys.modules[__name__] = n\n"), "p.old:_u", "object p.new:_u", id="... underscore names too"),
        pytest.param(old("import sys\nimport p.new as n\nsys.modules[__name__] = n\n"), "p.old:h", "missing-name p.new:h", id="... has nothing more"),
        pytest.param(old("import sys\nfrom p.new import C\nsys.modules[__name__] = C\n"), "p.old:f", "computed", id="replaced by an object"),
        pytest.param(old("import sys\nimport os\nsys.modules[__name__] = os\n"), "p.old:f", "external os", id="replaced by a module from outside"),
        # cycles
        pytest.param({"p/__init__.py": "", "p/a.py": "from p.b import f\n", "p/b.py": "from p.a import f\n"}, "p.a:f", "cycle", id="a cycle (T58)"),
        pytest.param({"p/__init__.py": "from p.a import x\n", "p/a.py": "import p\ny = p.x\nx = 1\n"}, "p.a:y", "object p.a:x", id="a circle that ends"),
        # packages
        pytest.param(NEW, "p:new", "module p.new", id="a submodule"),
        pytest.param(NEW, "p", "module p", id="a package"),
        pytest.param({**NEW, "p/__init__.py": "from . import new\n"}, "p:new", "module p.new", id="from . import x in the package itself"),
        pytest.param({**NEW, "p/__init__.py": "from . import gone\n"}, "p:gone", "missing-name p:gone", id="... that does not exist"),
        pytest.param({**NEW, "p/__init__.py": "from .new import f as new\n"}, "p:new", "object p.new:f", id="an attribute hides the submodule (T56)"),
        pytest.param({**NEW, "p/__init__.py": "from .new import f as new\n"}, "p.new:f", "object p.new:f", id="... not its module's names"),
        pytest.param({**NEW, "p/__init__.py": "new = None\n"}, "p:new", "object p:new", id="None hides the submodule"),
        pytest.param({"n/a.py": "def f(): ...\n"}, "n:a", "module n.a", id="a namespace package"),
        pytest.param({"n/a.py": "def f(): ...\n"}, "n:b", "missing-name n:b", id="... without the module"),
        pytest.param({"n/a.py": "def f(): ...\n"}, "n", "module n", id="... itself"),
        pytest.param({"n/m/a.py": "def f(): ...\n", "b.py": "import n.m.a\nX = n.m.a.f\n"}, "b:X", "object n.m.a:f", id="a path through namespace packages"),
    ],
)  # fmt: skip
def test_end(files: dict[str, str], symbol: str, end: str) -> None:
    assert ends(files, symbol) == end


@pytest.mark.parametrize(
    ("symbol", "end"),
    [
        pytest.param("p.fast:f", "computed", id="a compiled module's names are unknown"),
        pytest.param("p.fast", "module p.fast", id="it exists"),
        pytest.param("p:fast", "module p.fast", id="as a submodule"),
        pytest.param("p.old:f", "computed", id="imported from a compiled module"),
    ],
)
def test_opaque(symbol: str, end: str) -> None:
    assert ends(old("from p.fast import f\n"), symbol, opaque=["p.fast"]) == end


def test_a_broken_module_may_have_any_name() -> None:
    assert ends(old("def f(:\n"), "p.old:g", broken=["p.old"]) == "computed"


def test_the_chain_is_the_evidence() -> None:
    found = alias_map(old("from p.b import g2\n", b="from p.new import g as g2\n")).resolve(parse_symbol("p.old:g2"))
    assert [str(hop) for hop in found.chain] == ["p.old:g2", "p.b:g2", "p.new:g"]
    assert found.through == set(found.chain)


def test_through_is_what_every_branch_passes() -> None:
    files = old("from .a import f\n", a="if x: from .b import f\nelse: from .new import f\n", b="from .new import f\n")
    found = alias_map(files).resolve(parse_symbol("p.old:f"))
    assert (found.kind, str(found.end)) == (EndKind.OBJECT, "p.new:f")
    assert {str(hop) for hop in found.through} == {"p.old:f", "p.a:f", "p.new:f"}


@pytest.mark.parametrize(
    ("text", "name", "same"),
    [
        pytest.param("from p.new import gone\n", "gone", False, id="what is missing at the end is no object"),
        pytest.param(
            "from p.new import f\ndef h():\n  global f\n  f = 1\n", "f", False, id="it is rebound at run time"
        ),
        pytest.param("from p.other import f\n", "f", False, id="another object"),
        pytest.param("from p.new import f\n", "f", True, id="an import"),
    ],
)
def test_same_object(text: str, name: str, same: bool) -> None:
    found = alias_map(old(text, other="def f(): ...\n"))
    assert found.same_object(Symbol("p.old", name), Symbol("p.new", name)) == same


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    files = {"p/__init__.py": "", "p/a.py": "from p.b import f\n", "p/b.py": "from p.a import f\n"}
    one = alias_map(files)
    assert [one.resolve(parse_symbol(s)).kind for s in ("p.a:f", "p.b:f", "p.a:f")] == [EndKind.CYCLE] * 3


@pytest.mark.parametrize(
    ("text", "names", "known"),
    [
        pytest.param("", set(), True, id="nothing"),
        pytest.param("x = _y = 1\nimport os\n", {"x", "os"}, True, id="public names, imports too"),
        pytest.param("__all__ = ['_y']\nx = 1\n", {"_y"}, True, id="__all__ alone"),
        pytest.param(
            "__all__ = ['_y'] + z\nx = 1\n",
            {"_y", "x", "z"} - {"z"},
            False,
            id="a computed __all__: and the public ones",
        ),
        pytest.param("from p.new import *\n", {"f", "g", "C", "X"}, True, id="a star"),
        pytest.param("from os import *\nx = 1\n", {"x"}, False, id="a star from outside"),
        pytest.param("from p.m import *\nx = 1\n", {"x"}, True, id="a star of itself"),
        pytest.param("exec('x')\n", set(), False, id="computed names"),
        pytest.param(
            "import sys\nfrom p import new\nsys.modules[__name__] = new\n", {"f", "g", "C", "X"}, True, id="replaced"
        ),
        pytest.param(
            "import sys\nimport os\nsys.modules[__name__] = os\n", set(), True, id="replaced by a module from outside"
        ),
    ],
)
def test_exported_names(text: str, names: set[str], known: bool) -> None:
    found = alias_map({**NEW, "p/m.py": text})
    assert found.exported_names("p.m") == names
    if "os\nsys" not in text:
        assert found.exports_known("p.m") is known


def test_names() -> None:
    found = alias_map(
        old("from p.new import *\ng = 1\nM = {'h': 'p.new:f'}\ndef __getattr__(n): return import_module(M[n])\n")
    )
    assert set(found.names("p.old")) == {"f", "g", "C", "X", "M", "h", "__getattr__"}
    assert found.names("os") == ()


@pytest.mark.parametrize(
    ("files", "loaded"),
    [
        pytest.param({"a.py": "import os\n"}, set(), id="nothing of ours"),
        pytest.param({"a.py": "def f(): import b\n", "b.py": ""}, set(), id="function-level imports do not run"),
        pytest.param({"a.py": "if x: import b\n", "b.py": ""}, {"b"}, id="branches may run"),
        pytest.param({"a.py": "import p.new\n", **NEW}, {"p", "p.new"}, id="packages are loaded first"),
        pytest.param({"a.py": "from p import new\n", **NEW}, {"p", "p.new"}, id="a submodule by from"),
        pytest.param(
            {"a.py": "from p import new\n", **NEW, "p/__init__.py": "new = 1\n"}, {"p"}, id="an attribute that hides it"
        ),
        pytest.param({"a.py": "from p.new import f\n", **NEW}, {"p", "p.new"}, id="a name"),
    ],
)
def test_loaded_by(files: dict[str, str], loaded: set[str]) -> None:
    assert set(alias_map(files).loaded_by("a")) == loaded


BEFORE = {"q/__init__.py": "", "q/part.py": "", "r.py": "def f(): ...\nfrom q import part\n", "s.py": "def f(): ...\n"}


@pytest.mark.parametrize(
    ("init", "too_late"),
    [
        pytest.param("def f(): ...\nimport q.part\n", False, id="it is bound before the importer runs"),
        pytest.param("def f(): ...\n", False, id="the importer does not run"),
        pytest.param("def late(): import q.part\ndef f(): ...\n", False, id="... when this is imported"),
        pytest.param("import q.part\ndef f(): ...\n", True, id="the importer is the package of what is imported"),
        pytest.param("import r\ndef f(): ...\n", True, id="... and runs on the way"),
        pytest.param("from q.part import f\n", True, id="... and by the import of the name itself"),
        pytest.param("from p.inner import f\nimport q\n", False, id="the name of a submodule's object is there"),
        pytest.param("import p.inner, q\nfrom p.inner import f\n", True, id="... or not yet"),
        pytest.param("try: import q\nexcept ImportError: pass\ndef f(): ...\n", True, id="what may run is enough"),
        pytest.param("def f(): ...\nimport q\ndef f(): ...\n", True, id="it is bound again: to another object"),
        pytest.param("from s import *\nimport q\n", False, id="a star has brought it"),
        pytest.param("import q\nfrom s import *\n", True, id="... or not yet"),
        pytest.param("def __getattr__(name): return 1\nimport q\n", False, id="__getattr__ makes it"),
        pytest.param("import q\ndef __getattr__(name): return 1\n", True, id="... or not yet"),
    ],
)
def test_a_name_that_comes_too_late(init: str, *, too_late: bool) -> None:
    alias = alias_map({**BEFORE, "p/__init__.py": init, "p/inner.py": "def f(): ...\n"})
    assert alias.comes_too_late(Symbol("p", "f"), "q") is too_late


@pytest.mark.parametrize(
    ("symbol", "importer"),
    [
        pytest.param("p:inner", "q", id="a submodule is loaded by the import that asks for it"),
        pytest.param("p:f", "p.inner", id="a module of the package that runs when the name is there"),
        pytest.param("p.inner:f", "p", id="the package around runs before its module"),
        pytest.param("p:f", "p", id="the module itself"),
        pytest.param("os:path", "q", id="a module from outside"),
    ],
)
def test_a_name_that_is_there_in_time(symbol: str, importer: str) -> None:
    init = "def f(): ...\nfrom p import inner\nimport q\n"
    alias = alias_map({**BEFORE, "p/__init__.py": init, "p/inner.py": "from q import part\ndef f(): ...\n"})
    assert not alias.comes_too_late(parse_symbol(symbol), importer)


def test_reach() -> None:
    files = {"a.py": "import b\n", "b.py": "import c\nimport a\n", "c.py": "", "d.py": "import a\n"}
    assert alias_map(files).reach("a") == {"a": None, "b": "a", "c": "b"}


@pytest.mark.parametrize(
    ("files", "chain"),
    [
        pytest.param({"a.py": "import os, nosuch\n"}, None, id="a module from outside may be there"),
        pytest.param({**NEW, "a.py": "from p.new import f\nimport p\n"}, None, id="all is there"),
        pytest.param({**NEW, "a.py": "try: import p.gone\nexcept ImportError: pass\n"}, None, id="guarded"),
        pytest.param({**NEW, "a.py": "if x: import p.gone\n"}, None, id="in a branch"),
        pytest.param({**NEW, "a.py": "def f(): import p.gone\n"}, None, id="in a function"),
        pytest.param({**NEW, "a.py": "if TYPE_CHECKING: import p.gone\n"}, None, id="for the type checker"),
        pytest.param({"a.py": "import b\n", "b.py": "import a\n"}, None, id="a cycle is no failure"),
        pytest.param({"a.py": "from a import x\n"}, None, id="a name of its own"),
        pytest.param({**NEW, "a.py": "from p import __name__, __path__\n"}, None, id="names that every package has"),
        pytest.param({**NEW, "a.py": "import p.gone\n"}, ("a", "p.gone"), id="a missing module"),
        pytest.param({**NEW, "a.py": "from p.new import h\n"}, ("a", "p.new:h"), id="a missing name"),
        pytest.param({**NEW, "a.py": "from p import gone\n"}, ("a", "p:gone"), id="a missing submodule"),
        pytest.param({**NEW, "a.py": "try: import p.gone\nexcept ValueError: pass\n"}, ("a", "p.gone"), id="guarded against something else"),
        pytest.param({**NEW, "a.py": "import b\n", "b.py": "import c\n", "c.py": "import p.gone\n"}, ("a", "b", "c", "p.gone"), id="a chain"),
        pytest.param({**NEW, "a.py": "import b\n", "b.py": "import a\nimport p.gone\n"}, ("a", "b", "p.gone"), id="a cycle that fails"),
        pytest.param({**NEW, "a.py": "try: import b\nexcept ImportError: pass\n", "b.py": "import p.gone\n"}, None, id="a guarded import of a module that fails"),
        pytest.param({"p/__init__.py": "import p.gone\n", "p/new.py": "", "a.py": "import p.new\n"}, ("a", "p", "p.gone"), id="the package fails"),
        pytest.param({**NEW, "a.py": "from p import b\n", "p/b.py": "import p.gone\n"}, ("a", "p.b", "p.gone"), id="a submodule fails"),
        pytest.param({"a.py": "class C:\n  import a.gone\n", "b.py": ""}, ("a", "a.gone"), id="in a class body"),
    ],
)  # fmt: skip
def test_import_failure(files: dict[str, str], chain: tuple[str, ...] | None) -> None:
    assert alias_map(files).import_failure("a") == chain


@pytest.mark.parametrize(
    ("working", "chain"),
    [
        pytest.param("c", ("a", "p.gone"), id="it needs nothing"),
        pytest.param("d", ("a", "p.gone"), id="it needs something else"),
        pytest.param("b", None, id="it needs the same"),
        pytest.param("e", None, id="it needs it by another module"),
    ],
)
def test_what_a_working_module_needs_is_there(working: str, chain: tuple[str, ...] | None) -> None:
    texts = {"a": "import p.gone\n", "b": "import p.gone\n", "c": "", "d": "import p.lost\n", "e": "import c, b\n"}
    modules = Repository({**NEW, **{f"{name}.py": text for name, text in texts.items()}})
    assert AliasMap(modules, working=[working]).import_failure("a") == chain


def test_a_syntax_error_is_an_import_failure() -> None:
    found = alias_map({"a.py": "import b\n", "b.py": "def (:\n"}, broken=["b"])
    assert found.import_failure("a") == ("a", "b", "a syntax error")
    assert found.import_failure("b") == ("b", "a syntax error")


def test_failures_asked_for_in_any_order() -> None:
    files = {"p/__init__.py": "", "a.py": "import b\n", "b.py": "import p.gone\n"}
    one, other = alias_map(files), alias_map(files)
    assert one.import_failure("b") == other.import_failure("b") == ("b", "p.gone")
    assert one.import_failure("a") == ("a", "b", "p.gone")


def test_attribute_of_an_object_is_computed() -> None:
    found = alias_map(NEW)
    assert found.attribute(found.resolve(Symbol("p.new", "C")), "x").kind is EndKind.COMPUTED
    assert found.attribute(found.resolve(Symbol("p")), "new").end == Symbol("p.new")
    assert found.attribute(found.resolve(Symbol("p.gone")), "x").kind is EndKind.MISSING_MODULE


def test_of_several_failures_the_same_is_told_whatever_was_asked_before() -> None:
    files = {
        "one.py": "import p.gone\n",
        "two.py": "import p.lost\n",
        "both.py": "import two, one\n",
        "far.py": "import two\nimport both\n",
    }
    packages = {"p/__init__.py": ""}
    told = set()
    for order in permutations(("one", "two", "both", "far")):
        found = alias_map(files | packages)
        chains = {module: found.import_failure(module) for module in order}
        told.add(tuple(sorted(chains.items())))
    assert told == {
        (
            ("both", ("both", "one", "p.gone")),
            ("far", ("far", "two", "p.lost")),
            ("one", ("one", "p.gone")),
            ("two", ("two", "p.lost")),
        )
    }
