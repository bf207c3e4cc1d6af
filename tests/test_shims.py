"""shims.py: pure shim, mixed or implementation, with the evidence; and the effects that decide it."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import dataclasses

import pytest
from support import facts_of

from codemods.modules import Verdict
from codemods.shims import judge

PURE = "from p.new import f\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="an empty file"),
        pytest.param("'''Only words.'''\n", id="a docstring"),
        pytest.param("def f(): ...\nclass C: ...\nX = 1\n", id="definitions"),
        pytest.param("if TYPE_CHECKING:\n  from p.new import f\n", id="imports for the type checker alone"),
        pytest.param("def f():\n  from p.new import f\n", id="imports in functions alone"),
        pytest.param(PURE + "del f\n", id="nothing is left of the imports"),
        pytest.param(
            "def __getattr__(name): return f(name)\n", id="a computed __getattr__ forwards nothing that is known"
        ),
    ],
)
def test_implementation(text: str) -> None:
    assert judge(facts_of(text)).verdict is Verdict.IMPLEMENTATION


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        pytest.param(PURE + "def g(): return 1\n", ["line 2: def g(): return 1"], id="a definition"),
        pytest.param(PURE + "def g(): pass\n", ["line 2: def g(): pass"], id="a public function, though it does nothing"),
        pytest.param(PURE + "class C(f): ...\n", ["line 2: class C(f): ..."], id="a subclass"),
        pytest.param(PURE + "X = 1\n", ["line 2: X = 1"], id="a constant"),
        pytest.param(PURE + "X = f()\n", ["line 2: X = f()"], id="a value"),
        pytest.param(PURE + "X = {'a': 1}\n", ["line 2: X = {'a': 1}"], id="a public map"),
        pytest.param(PURE + "X, Y = 1, f()\n", ["line 2: X, Y = 1, f()", "line 2: X, Y = 1, f()"], id="two of them"),
        pytest.param(PURE + "a, *b = f\n", ["line 2: a, *b = f"], id="an unpacked value"),
        pytest.param(PURE + "(x := f())\n", ["line 2: (x := f())"], id="an assignment expression"),
        pytest.param(PURE + "type A = f\n", ["line 2: type A = f"], id="a type alias"),
        pytest.param(PURE + "register(\n  f)\n", ["line 2: register("], id="a call, its first line (T63)"),
        pytest.param(PURE + "import sys\nsys.path.insert(0, 'x')\n", ["line 3: sys.path.insert(0, 'x')"], id="sys.path is changed (T63)"),
        pytest.param(PURE + "f.x = 1\n", ["line 2: f.x = 1"], id="an attribute is set"),
        pytest.param(PURE + "f.n += 1\n", ["line 2: f.n += 1"], id="an attribute is changed"),
        pytest.param(PURE + "n += 1\n", ["line 2: n += 1"], id="a name is changed"),
        pytest.param(PURE + "for x in f: pass\n", ["line 2: for x in f: pass"], id="a loop"),
        pytest.param(PURE + "while f: pass\n", ["line 2: while f: pass"], id="a while loop"),
        pytest.param(PURE + "with f: pass\n", ["line 2: with f: pass"], id="a with statement"),
        pytest.param(PURE + "match f:\n  case _: pass\n", ["line 2: match f:"], id="a match statement"),
        pytest.param(PURE + "assert f\n", ["line 2: assert f"], id="an assertion"),
        pytest.param(PURE + "raise SystemExit\n", ["line 2: raise SystemExit"], id="an exception"),
        pytest.param(PURE + "f[0]\n", ["line 2: f[0]"], id="an expression that may act"),
        pytest.param(PURE + "@deco\ndef g(): return 1\n", ["line 3: def g(): return 1", "line 2: @deco"], id="a decorator runs"),
        pytest.param(PURE + "if f: print(f)\n", ["line 2: print(f)"], id="a call in a branch"),
        pytest.param(PURE + "try: g()\nexcept E: pass\n", ["line 2: g()"], id="a call in a try"),
        pytest.param(PURE + "def __getattr__(name): return f(name)\n", ["line 2: def __getattr__(name): return f(name)"], id="a computed __getattr__"),
        pytest.param(PURE + "log.shutdown()\n", ["line 2: log.shutdown()"], id="not every method of a logger only logs"),
        pytest.param(PURE + "def w():\n  warnings.warn('x')\n  g()\nw()\n", ["line 2: def w():", "line 5: w()"], id="a function that does more than warn"),
        pytest.param(PURE + "def w():\n  return 1\n", ["line 2: def w():"], id="a function that returns something"),
        pytest.param(PURE + "def w():\n  if x: pass\n", ["line 2: def w():"], id="a function with a branch"),
        pytest.param(PURE + "def w():\n  x = f()\n", ["line 2: def w():"], id="a function that computes"),
        pytest.param("import sys\nimport a\nsys.modules[__name__] = a()\n", ["line 3: sys.modules[__name__] = a()"], id="a replacement that cannot be followed"),
        pytest.param(PURE + "globals()['x'] = 1\n", ["line 2: globals()['x'] = 1"], id="computed names"),
    ],
)  # fmt: skip
def test_mixed(text: str, evidence: list[str]) -> None:
    judgement = judge(facts_of(text))
    assert judgement.verdict is Verdict.MIXED
    assert list(judgement.evidence) == evidence


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        pytest.param(PURE, [], id="one import"),
        pytest.param("from p.new import *\n", [], id="a star"),
        pytest.param("import p.new as old\n", [], id="a module under another name"),
        pytest.param("#!/usr/bin/env python\n'''Words.'''\nfrom __future__ import annotations\n" + PURE, [], id="docstring, comments, future"),
        pytest.param(PURE + "__all__ = ['f']\n__all__ += ['g']\n__version__ = '1'\n", [], id="__all__ and dunder constants"),
        pytest.param(PURE + "g = f\n", [], id="an alias"),
        pytest.param("import p.new\ng = p.new.f\n", [], id="a dotted alias"),
        pytest.param("if x:\n  from a import f\nelse:\n  from b import f\n", [], id="imports in branches"),
        pytest.param("try:\n  from a import f\nexcept ImportError:\n  f = None\n", ["line 4: f = None"], id="a fallback"),
        pytest.param("if TYPE_CHECKING:\n  X = f()\n" + PURE, [], id="what only the type checker sees"),
        pytest.param("import sys\nimport p.new as new\nsys.modules[__name__] = new\n", [], id="it replaces itself (T62)"),
        pytest.param("import warnings\n" + PURE + "warnings.warn(\n 'old', DeprecationWarning)\n", ["line 3: warnings.warn("], id="it warns (T64)"),
        pytest.param(PURE + "log = logging.getLogger(__name__)\nlog.warning('x')\n", ["line 2: log = logging.getLogger(__name__)", "line 3: log.warning('x')"], id="it logs"),
        pytest.param(PURE + "def _warn():\n  '''Words.'''\n  import warnings\n  # why\n  warnings.warn('x')\n  return\n_warn()\n", ["line 2: def _warn():", "line 8: _warn()"], id="a function that only warns"),
        pytest.param(PURE + "def _log():\n  logger = logging.getLogger('x')\n  logger.info('y')\n  pass\n_log()\n", ["line 2: def _log():", "line 6: _log()"], id="a function that only logs"),
        pytest.param("def __getattr__(name):\n  if name == 'f':\n    from p.new import f\n    return f\n  raise AttributeError\ndef __dir__(): return ['f']\n", ["line 6: def __dir__(): return ['f']"], id="a literal __getattr__ (T61)"),
        pytest.param("import importlib\n_MAP = {'f': 'p.new'}\ndef __getattr__(name):\n  return getattr(importlib.import_module(_MAP[name]), name)\n", ["line 2: _MAP = {'f': 'p.new'}"], id="a map and its __getattr__ (T61)"),
        pytest.param(PURE + "pass\n'words'\n...\n", [], id="statements that do nothing"),
        pytest.param(PURE + "import sys\ndel sys\n", [], id="del of a helper"),
        pytest.param("x: int\n" + PURE, [], id="an annotation"),
    ],
)  # fmt: skip
def test_pure_shim(text: str, evidence: list[str]) -> None:
    judgement = judge(facts_of(text))
    assert judgement.verdict is Verdict.PURE_SHIM, judgement.evidence
    assert list(judgement.evidence) == evidence


def test_broken() -> None:
    assert judge(dataclasses.replace(facts_of(PURE), broken=True)).verdict is Verdict.BROKEN
