"""bindings.py: what a module binds at its top level, exports, imports and does."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import pytest
from support import facts_of

from codemods.bindings import Binding, string_value
from codemods.syntax import parse


def show(binding: Binding) -> str:
    text = binding.kind.name.lower().replace("_", "-")
    if binding.target is not None:
        text += f" {binding.target}"
    if binding.sources:
        text += " of (" + ", ".join(map(show, binding.sources)) + ")"
    text += "".join(f".{name}" for name in binding.attributes)
    return text + (" fallback" if binding.fallback else "")


def bound(text: str, name: str = "x", *, module: str = "q.m", is_package: bool = False) -> list[str]:
    return [show(one) for one in facts_of(text, module, is_package=is_package).names.get(name, ())]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("x: int\n", [], id="an annotation alone binds nothing"),
        pytest.param("x.a = 1\nx[0] = 1\n", [], id="attributes and elements bind nothing"),
        pytest.param("def f():\n  x = 1\n", [], id="a function's own name"),
        pytest.param("class C:\n  x = 1\n", [], id="a class's own name"),
        pytest.param("from ... import x\n", [], id="an import beyond the root binds nothing that is known"),
        pytest.param("import a.b as\n", [], id="a broken import"),
        pytest.param("def x(): ...\n", ["definition"], id="a function"),
        pytest.param("class x: ...\n", ["definition"], id="a class"),
        pytest.param("@deco\nclass x: ...\n", ["definition"], id="a decorated class"),
        pytest.param("async def x(): ...\n", ["definition"], id="an asynchronous function"),
        pytest.param("import x\n", ["import x"], id="import"),
        pytest.param("import x.y\n", ["import x"], id="a dotted import binds the package"),
        pytest.param("import a.b as x\n", ["import a.b"], id="import as"),
        pytest.param("from a import x\n", ["import a:x"], id="from import"),
        pytest.param("from a import y as x\n", ["import a:y"], id="from import as"),
        pytest.param("from . import x\n", ["import q:x"], id="relative to the package"),
        pytest.param("from .a import x\n", ["import q.a:x"], id="relative to a neighbour"),
        pytest.param("x = 1\n", ["constant"], id="a number"),
        pytest.param("x = None\n", ["constant"], id="None"),
        pytest.param("x = 'a' 'b'\n", ["constant"], id="strings"),
        pytest.param("x = f()\n", ["value"], id="a call"),
        pytest.param("x = y\n", ["value"], id="a name that the module does not bind"),
        pytest.param("x += 1\n", ["value"], id="augmented"),
        pytest.param("def f(): (x := 1)\nclass C: (x := 1)\nlambda: (x := 1)\n", [], id="assignment expressions of other scopes"),
        pytest.param("(x := 1)\n", ["value"], id="an assignment expression"),
        pytest.param("if (x := f()): pass\n", ["value"], id="an assignment expression in a condition"),
        pytest.param("[1 for y in z if (x := y)]\n", ["value"], id="an assignment expression in a comprehension"),
        pytest.param("def x(): ...\nprint(x := 1)\n", ["definition", "value"], id="an assignment expression of a bound name"),
        pytest.param("def y(): ...\nx = y\n", ["assigned-name of (definition)"], id="another name"),
        pytest.param("import a\nx = a.b.c\n", ["assigned-name of (import a).b.c"], id="a dotted name"),
        pytest.param("def y(): ...\nx: T = y\n", ["assigned-name of (definition)"], id="an annotated assignment"),
        pytest.param("def y(): ...\nx = z = y\n", ["assigned-name of (definition)"], id="a chained assignment"),
        pytest.param("def y(): ...\nz = x = y\n", ["assigned-name of (definition)"], id="its second target"),
        pytest.param("def y(): ...\nx, z = y, 1\n", ["assigned-name of (definition)"], id="a pair of names"),
        pytest.param("def y(): ...\n(z, x) = (1, y)\n", ["assigned-name of (definition)"], id="a pair in parentheses"),
        pytest.param("def y(): ...\nz, (x, w) = 1, y\n", ["value"], id="nested targets"),
        pytest.param("x, *y = a\n", ["value"], id="an unpacked value"),
        pytest.param("[x, y] = f()\n", ["value"], id="an unpacked call"),
        pytest.param("def y(): ...\nx = y\ny = 1\n", ["assigned-name of (definition)"], id="the value of that moment counts"),
        pytest.param("def x(): ...\nx = x\n", ["assigned-name of (definition)"], id="assigned to itself"),
        pytest.param("x = 1\ndef x(): ...\n", ["definition"], id="the last one counts"),
        pytest.param("def x(): ...\nx = deco(x)\n", ["value"], id="wrapped is another object"),
        pytest.param("x = 1\ndel x\n", ["unbound"], id="del"),
        pytest.param("x = 1\ndel (y, x)\n", ["unbound"], id="del of several"),
        pytest.param("for x in y: pass\n", ["value", "unbound"], id="a loop may not run"),
        pytest.param("def x(): ...\nfor x in y: pass\n", ["value", "definition"], id="a loop over a bound name"),
        pytest.param("while a: x = 1\n", ["constant", "unbound"], id="while"),
        pytest.param("for a in b: pass\nelse: x = 1\n", ["constant"], id="else of a loop"),
        pytest.param("with a as x: pass\n", ["value"], id="a with target"),
        pytest.param("with a as (y, x): pass\n", ["value"], id="several with targets"),
        pytest.param("with a: from b import x\n", ["import b:x"], id="in a with block"),
        pytest.param("type x = int\n", ["value"], id="a type alias"),
        pytest.param("type x[T] = list[T]\n", ["value"], id="a generic type alias"),
        pytest.param("if a: x = 1\n", ["constant", "unbound"], id="if"),
        pytest.param("if a: x = 1\nelse: from b import x\n", ["constant", "import b:x"], id="if and else"),
        pytest.param("if a: x = 1\nelif b: x = f()\n", ["constant", "value", "unbound"], id="elif without else"),
        pytest.param("x = 1\nif a: x = f()\n", ["value", "constant"], id="the binding before stays possible"),
        pytest.param("if a:\n  raise E\nelse: x = 1\n", ["constant"], id="a branch that raises does not count"),
        pytest.param("if a:\n  sys.exit(1)\nelse: x = 1\n", ["constant"], id="a branch that exits does not count"),
        pytest.param("if a: raise E\nelse: raise F\nx = 1\n", ["constant"], id="all branches leave"),
        pytest.param("if a:\n  # nothing\n  pass\nelse: x = 1\n", ["unbound", "constant"], id="an empty branch"),
        pytest.param("match a:\n  case 1: x = 1\n  case 2: x = f()\n", ["unbound", "constant", "value"], id="match"),
        pytest.param("try: from a import x\nexcept ImportError: x = None\n", ["import a:x", "constant fallback"], id="a fallback"),
        pytest.param("try: from a import x\nexcept ImportError: pass\n", ["import a:x", "unbound fallback"], id="no fallback"),
        pytest.param("x = 1\ntry: from a import x\nexcept ImportError: pass\n", ["import a:x", "constant fallback"], id="the value before is the fallback"),
        pytest.param("try: from a import x\nexcept ImportError: raise\n", ["import a:x"], id="a handler that raises"),
        pytest.param("try: from a import x\nexcept ImportError:\n  from b import x\n", ["import a:x", "import b:x fallback"], id="another import"),
        pytest.param("try: pass\nexcept E: x = 1\n", ["unbound", "constant fallback"], id="bound in the handler alone"),
        pytest.param("try: a()\nexcept E: pass\nelse: x = 1\n", ["constant", "unbound fallback"], id="else of try"),
        pytest.param("try: a()\nfinally: x = 1\n", ["constant"], id="finally"),
        pytest.param("try: x = 1\nexcept* E: x = f()\n", ["constant", "value fallback"], id="except*"),
        pytest.param("if TYPE_CHECKING: from a import x\n", [], id="TYPE_CHECKING is no run time"),
        pytest.param("if TYPE_CHECKING: from a import x\nelse: x = 1\n", ["constant"], id="else of TYPE_CHECKING"),
        pytest.param("if typing.TYPE_CHECKING: from a import x\nelse: x = None\n", ["constant"], id="typing.TYPE_CHECKING"),
    ],
)  # fmt: skip
def test_binding(text: str, wanted: list[str]) -> None:
    assert bound(text) == wanted


def test_relative_imports_of_a_package_count_from_itself() -> None:
    assert bound("from . import x\n", module="q", is_package=True) == ["import q:x"]
    assert bound("from .a import x\n", module="q.r", is_package=True) == ["import q.r.a:x"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("from a import x\n", set(), id="none without a guard"),
        pytest.param("if TYPE_CHECKING: from a import x\nx = 1\n", set(), id="bound at run time too"),
        pytest.param("if TYPE_CHECKING: from a import x\n", {"x"}, id="under the guard alone"),
        pytest.param(
            "if TYPE_CHECKING:\n  from a import x\n  import y\nelse: y = 1\n", {"x"}, id="the else branch is run time"
        ),
    ],
)
def test_typing_names(text: str, names: set[str]) -> None:
    assert facts_of(text).typing_names == names


@pytest.mark.parametrize(
    ("text", "exports", "exact"),
    [
        pytest.param("x = 1\n", None, True, id="no __all__"),
        pytest.param("__all__ = []\n", (), True, id="an empty one"),
        pytest.param("__all__ = ['a', 'b', 'a']\n", ("a", "b"), True, id="a list"),
        pytest.param("__all__ = 'a', 'b'\n", ("a", "b"), True, id="a bare tuple"),
        pytest.param("__all__ = ('a',  # why\n 'b')\n", ("a", "b"), True, id="a tuple with a comment"),
        pytest.param("__all__: list[str] = ['a']\n", ("a",), True, id="annotated"),
        pytest.param("__all__ = ['a'] + ['b']\n", ("a", "b"), True, id="a sum of lists"),
        pytest.param("__all__ = (['a'] + ['b'] +\n ['c'])\n", ("a", "b", "c"), True, id="a sum in parentheses"),
        pytest.param("__all__ = ['a']\n__all__ += ['b']\n", ("a", "b"), True, id="+="),
        pytest.param("__all__ = ['a']\n__all__.extend(['b'])\n__all__.append('c')\n", ("a", "b", "c"), True, id="extend and append"),
        pytest.param("__all__ = ['a']\nif x: __all__ += ['b']\n", ("a", "b"), True, id="in a branch"),
        pytest.param("__all__ = ['a']\n__all__ = ['b']\n", ("b",), True, id="the last one counts"),
        pytest.param("__all__ += ['a']\n", ("a",), True, id="+= without a beginning"),
        pytest.param("__all__ = ['a'] + other.__all__\n", ("a",), False, id="another module's __all__ (T53)"),
        pytest.param("__all__ = [n for n in dir()]\n", (), False, id="computed"),
        pytest.param("__all__ = ['a', *b]\n", ("a",), False, id="unpacked"),
        pytest.param("__all__ = ['a', f'{b}', 'c\\n']\n", ("a",), False, id="strings that are no plain literals"),
        pytest.param("__all__ = ['a']\n__all__ += b\n", ("a",), False, id="extended by something unknown"),
    ],
)  # fmt: skip
def test_exports(text: str, exports: tuple[str, ...] | None, exact: bool) -> None:
    facts = facts_of(text)
    assert (facts.exports, facts.exports_exact) == (exports, exact)


def test_a_long_sum_of_exports() -> None:
    facts = facts_of("__all__ = " + " + ".join(f"['a{number}']" for number in range(3000)) + "\n")
    assert facts.exports is not None
    assert facts.exports[-1] == "a2999"


def test_many_branches_that_build_on_each_other() -> None:
    facts = facts_of("x = 1\n" + "if a: x = x.b\n" * 60)
    assert len(facts.names["x"]) == 61


GETATTR = "def __getattr__(name):\n"


@pytest.mark.parametrize(
    ("text", "forwards", "computed"),
    [
        pytest.param("def f(): ...\n", None, False, id="none"),
        pytest.param(GETATTR + "  return f(name)\n", None, True, id="computed"),
        pytest.param(GETATTR + "  return getattr(import_module('p.new'), name)\n", None, True, id="everything of another module"),
        pytest.param("_MAP = {'f': 'p.new'}\n" + GETATTR + "  return _MAP[name]\n", None, True, id="a map that imports nothing"),
        pytest.param("_MAP = make()\n" + GETATTR + "  return import_module(_MAP[name])\n", None, True, id="a computed map"),
        pytest.param(GETATTR + "  if name != 'f':\n    from p.new import f\n    return f\n", None, True, id="another comparison"),
        pytest.param(GETATTR + "  if name == 'f':\n    return 1\n", None, True, id="a value of its own"),
        pytest.param(GETATTR + "  if name in ('f',):\n    from p.new import f\n    return f\n", None, True, id="a membership test is not read"),
        pytest.param(GETATTR + "  if name == 'f':\n    from .new import f\n    return f\n", None, True, id="a relative import is not read"),
        pytest.param(GETATTR + "  if name:\n    from p.new import f\n    return f\n", None, True, id="no comparison"),
        pytest.param(GETATTR + "  if name == 'f':\n    from p.new import g\n    return g\n  raise AttributeError(name)\n", {"f": "p.new:g"}, False, id="a chain of ifs"),
        pytest.param(GETATTR + "  if name == 'f':\n    from p.new import g as h\n    return h\n  if name == 'C':\n    from p import C\n    return C\n", {"f": "p.new:g", "C": "p:C"}, False, id="two ifs and a renamed import"),
        pytest.param("_MAP = {'f': 'p.new', 'C': 'p.new:D'}\n" + GETATTR + "  return getattr(import_module(_MAP[name]), name)\n", {"f": "p.new:f", "C": "p.new:D"}, False, id="a map of modules"),
        pytest.param("_MAP = {'f': ('p.new', 'g'), 'C': ['p.new', 'C']}\n" + GETATTR + "  m, n = _MAP[name]\n  return getattr(importlib.import_module(m), n)\n", {"f": "p.new:g", "C": "p.new:C"}, False, id="a map of pairs"),
        pytest.param("_MAP = {**other, f(): 'a', 'f': 'p.new', 'g': make()}\n" + GETATTR + "  return __import__(_MAP[name])\n", {"f": "p.new:f"}, False, id="the literal entries of a map"),
    ],
)  # fmt: skip
def test_forwards(text: str, forwards: dict[str, str] | None, computed: bool) -> None:
    facts = facts_of(text)
    assert (None if facts.forwards is None else {k: str(v) for k, v in facts.forwards.items()}) == forwards
    assert facts.computed is computed


@pytest.mark.parametrize(
    ("text", "computed", "replaced_by"),
    [
        pytest.param("x.exec()\nexecute('y')\n", True, None, id="a method called exec may be one"),
        pytest.param("f(x)\n", False, None, id="a plain call"),
        pytest.param("def f(): exec('x')\n", False, None, id="exec in a function"),
        pytest.param("globals().update(a)\n", True, None, id="globals().update"),
        pytest.param("vars()['x'] = 1\nglobals()['x'] = 1\n", True, None, id="globals() assigned to"),
        pytest.param("exec('x = 1')\n", True, None, id="exec"),
        pytest.param("import sys\nm = sys.modules['p.other']\nm.f = 1\n", False, None, id="another module under a name"),
        pytest.param("def f():\n  m = sys.modules[__name__]\n  m.f = 1\n", False, None, id="the module itself in a function"),
        pytest.param("import sys\nsys.modules[__name__].__dict__.update(vars(x))\n", True, None, id="the names of the entry of sys.modules"),
        pytest.param("import sys\nm = sys.modules[__name__]\nprint(m)\n", False, None, id="the module itself under a name that is only read"),
        pytest.param("import sys\nm = sys.modules[__name__]\nm.__dict__.update(x)\n", True, None, id="the names of the module itself under a name"),
        pytest.param("locals().update(x.__dict__)\n", True, None, id="locals().update"),
        pytest.param("import sys\nm = sys.modules[__name__]\nm.f = x.f\n", True, None, id="the module itself under a name"),
        pytest.param("__getattr__ = lambda name: x[name]\n", True, None, id="a lambda as __getattr__"),
        pytest.param("__getattr__ = partial(getattr, x)\n", True, None, id="a call as __getattr__"),
        pytest.param("from p.lazy import __getattr__\n", True, None, id="an imported __getattr__"),
        pytest.param("setattr(m, 'x', 1)\n", True, None, id="setattr"),
        pytest.param("import p.new\nimport sys\nsys.modules[__name__] = p.new\n", False, "p:new", id="replaced by a dotted name"),
        pytest.param("import p.new as new\nimport sys\nsys.modules[__name__] = new.x.y\n", False, "p.new.x:y", id="replaced by an attribute of a module"),
        pytest.param("from p import new\nimport sys\nsys.modules[__name__] = new.x\n", True, None, id="replaced by an attribute of a name"),
        pytest.param("import p.new\nimport sys\nsys.modules[__name__] = sys.modules['p.new']\n", False, "p.new", id="replaced by an entry of sys.modules"),
        pytest.param("import p.new as new\nfrom sys import modules\nmodules[__name__] = new\n", False, "p.new", id="sys.modules under another name"),
        pytest.param("import p.new as new\nimport sys\nif new: sys.modules[__name__] = new\n", True, None, id="replaced in a branch"),
        pytest.param("import sys\nsys.modules[__name__] = Lazy()\n", True, None, id="replaced by a call"),
        pytest.param("import sys\nsys.modules['p.old'] = x\n", True, None, id="another entry of sys.modules"),
        pytest.param("import sys\nif a: import b as x\nelse: import c as x\nsys.modules[__name__] = x\n", True, None, id="replaced by one of two"),
        pytest.param("import sys\nimport p.new as new\nsys.modules[__name__] = new\n", False, "p.new", id="replaced by a module"),
        pytest.param("import sys\nfrom p import new\nsys.modules[__name__] = new\n", False, "p:new", id="replaced by a name of the package"),
    ],
)  # fmt: skip
def test_computed(text: str, computed: bool, replaced_by: str | None) -> None:
    facts = facts_of(text)
    assert (facts.computed, None if facts.replaced_by is None else str(facts.replaced_by)) == (computed, replaced_by)


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        pytest.param("from a import b\n", [], id="none"),
        pytest.param("from .... import *\n", [], id="beyond the root"),
        pytest.param("from a import *\nfrom .b import *\n", ["a", "q.b"], id="two"),
        pytest.param("if x: from a import *\n", ["a conditional"], id="in a branch"),
        pytest.param(
            "try: from a import *\nexcept ImportError: from b import *\n",
            ["a conditional", "b conditional"],
            id="in a try",
        ),
    ],
)
def test_stars(text: str, stars: list[str]) -> None:
    found = facts_of(text, "q.m").stars
    assert [star.module + (" conditional" if star.conditional else "") for star in found] == stars


@pytest.mark.parametrize(
    ("text", "imports"),
    [
        pytest.param("def f(): import a\nlambda: __import__('b')\n", [], id="in a function"),
        pytest.param("if TYPE_CHECKING: import a\n", [], id="for the type checker"),
        pytest.param("from .... import a\n", [], id="beyond the root"),
        pytest.param("import a.b, c\n", ["a.b", "c"], id="modules"),
        pytest.param("from a import b, c as d\n", ["a:b", "a:c"], id="names"),
        pytest.param("from . import b\nfrom .c import d\n", ["q:b", "q.c:d"], id="relative"),
        pytest.param("from a import *\n", ["a"], id="a star"),
        pytest.param("class C: import a\n", ["a"], id="a class body runs"),
        pytest.param("if x: import a\nelse: import b\n", ["a guarded", "b guarded"], id="in branches"),
        pytest.param("for x in y: import a\nwhile x: import b\n", ["a guarded", "b guarded"], id="in loops"),
        pytest.param("match x:\n  case 1: import a\n", ["a guarded"], id="in a match"),
        pytest.param("with suppress(ImportError): import a\n", ["a guarded"], id="in a with block"),
        pytest.param("try: import a\nexcept ImportError: import b\n", ["a guarded", "b guarded"], id="a fallback"),
        pytest.param("try: import a\nexcept (ValueError, ModuleNotFoundError) as e: pass\n", ["a guarded"], id="among several errors"),
        pytest.param("try: import a\nexcept: pass\n", ["a guarded"], id="a bare except"),
        pytest.param("try: import a\nexcept Exception: pass\n", ["a guarded"], id="except Exception"),
        pytest.param("try: import a\nexcept ValueError: pass\n", ["a"], id="an except for other errors"),
        pytest.param("try: import a\nfinally: import b\n", ["a", "b guarded"], id="finally"),
        pytest.param("if not TYPE_CHECKING: import a\nif TYPE_CHECKING: pass\nelse: import b\n", ["a guarded", "b guarded"], id="run time beside TYPE_CHECKING"),
    ],
)  # fmt: skip
def test_top_imports(text: str, imports: list[str]) -> None:
    found = facts_of(text, "q.m").top_imports
    shown = [top.module + (f":{top.name}" if top.name else "") + (" guarded" if top.guarded else "") for top in found]
    assert shown == imports


def test_rebound_names() -> None:
    assert facts_of("x = y = 1\ndef f():\n  global x\n  x = 2\n").rebound == {"x"}
    assert facts_of("x = 1\ndef f():\n  x = 2\n").rebound == frozenset()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("x", None, id="a name"),
        pytest.param("f'a'", None, id="an f-string"),
        pytest.param("b'a'", None, id="bytes"),
        pytest.param("'a\\n'", None, id="an escape"),
        pytest.param("'a' 'b'", None, id="two strings"),
        pytest.param("''", "", id="empty"),
        pytest.param("'a'", "a", id="plain"),
        pytest.param('r"""a"""', "a", id="raw and tripled"),
    ],
)
def test_string_value(expression: str, value: str | None) -> None:
    node = parse(expression.encode()).root_node.named_children[0].named_children[0]
    assert string_value(node) == value
