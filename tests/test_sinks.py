"""sinks.py: what a call does with a string under every name that it can have, and where a string flows to."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import pytest
from support import call_nodes
from tree_sitter import Node

from codemods.scopes import scope_table
from codemods.sinks import (
    Callees,
    Flow,
    Sink,
    first_argument,
    keyword,
    may_execute,
    may_have_sinks,
    name_argument,
)
from codemods.syntax import import_statements, parse, string_nodes, text_of

MOCK = "from unittest import mock\n"
LOOK_UPS = {Sink.PATCH, Sink.PATCH_DICT, Sink.PATCH_MULTIPLE, Sink.MONKEYPATCH, Sink.IMPORT, Sink.RESOLVE, Sink.LOGGER}


def callees(data: bytes) -> Callees:
    tree = parse(data)
    return Callees(import_statements(tree), scope_table(tree))


def last_call(data: bytes) -> Node:
    return max(call_nodes(parse(data)), key=lambda node: (node.start_byte, -node.end_byte))


def sink_of(text: str) -> str | None:
    """The sink of the last call of a text."""
    data = text.encode()
    tree = parse(data)
    call = max(call_nodes(tree), key=lambda node: (node.start_point.row, -node.start_byte))
    names = Callees(import_statements(tree), scope_table(tree))
    found = names.sink(call)
    assert found not in LOOK_UPS or call in names.lookups(tree)
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("text", "sink"),
    [
        # no sinks
        pytest.param("patch('p.old.f')", None, id="a patch of unknown origin"),
        pytest.param("client.patch('p.old.f')", None, id="a method called patch"),
        pytest.param("james.spy(m, 'f')", None, id="a method called spy"),
        pytest.param("from x import patch\npatch('p.old.f')", None, id="another patch"),
        pytest.param("self.import_it('p.old')", None, id="another method"),
        pytest.param("f()('p.old')", None, id="what a call gives"),
        pytest.param("def import_module(n): ...\nimport_module('p.old')", None, id="a function of the file of that name"),
        pytest.param("class locate: ...\nlocate('p.old')", None, id="a class of that name"),
        pytest.param("def print(x): ...\nprint('p.old')", None, id="a function called print"),
        pytest.param("def \\\n locate(): ...\nlocate('p.old')", None, id="a function whose name is on the next line"),
        pytest.param("def " + " " * 99 + "locate(): ...\nlocate('p.old')", None, id="a function whose name is far away"),
        pytest.param("x.getattr(m, 'f')", None, id="a method called getattr"),
        pytest.param("info('p.old')", None, id="a bare name of a log call"),
        pytest.param("model.compile('p.old')", None, id="a method called compile"),
        # mock
        pytest.param(MOCK + "mock.patch('p.old.f')", "PATCH", id="mock.patch"),
        pytest.param(MOCK + "mock \\\n  .patch('p.old.f')", "PATCH", id="mock.patch on two lines"),
        pytest.param(MOCK + "p \\\n = mock.patch\np('p.old.f')", "PATCH", id="an assignment on two lines"),
        pytest.param(MOCK + "p" + " " * 99 + "= mock.patch\np('p.old.f')", "PATCH", id="an assignment with much space"),
        pytest.param(MOCK + "p: object = mock.patch\np('p.old.f')", "PATCH", id="an assignment with a type"),
        pytest.param(MOCK + "patché = mock.patch\npatché('p.old.f')", "PATCH", id="a name that begins as another one"),
        pytest.param(MOCK + "mock.patch.object(m, 'f')", "PATCH_OBJECT", id="mock.patch.object"),
        pytest.param(MOCK + "mock.patch.dict('p.old.D')", "PATCH_DICT", id="mock.patch.dict"),
        pytest.param(MOCK + "mock.patch.multiple('p.old', f=1)", "PATCH_MULTIPLE", id="mock.patch.multiple"),
        pytest.param("import unittest.mock\nunittest.mock.patch('p.old.f')", "PATCH", id="over the package"),
        pytest.param("import unittest.mock as um\num.patch('p.old.f')", "PATCH", id="import as"),
        pytest.param("from unittest.mock import patch\npatch('p.old.f')", "PATCH", id="the name itself"),
        pytest.param("from unittest.mock import patch as swap\nswap('p.old.f')", "PATCH", id="the name under another one"),
        pytest.param("from unittest.mock import patch\npatch.object(m, 'f')", "PATCH_OBJECT", id="patch.object"),
        pytest.param("import mock\nmock.patch('p.old.f')", "PATCH", id="the old package"),
        pytest.param(MOCK + "swap = mock.patch\nswap('p.old.f')", "PATCH", id="assigned"),
        pytest.param(MOCK + "swap = mock.patch\nswap.object(m, 'f')", "PATCH_OBJECT", id="assigned, and an attribute"),
        pytest.param(MOCK + "m = mock\nm.patch('p.old.f')", "PATCH", id="the module, assigned"),
        pytest.param(MOCK + "swap = mock.patch\nswap = g\nswap('p.old.f')", None, id="assigned twice"),
        pytest.param(MOCK + "swap = g(mock.patch)\nswap('p.old.f')", None, id="assigned to what a call gives"),
        pytest.param("mocker.patch('p.old.f')", "PATCH", id="the fixture of pytest-mock"),
        pytest.param("self.mocker.patch.object(m, 'f')", "PATCH_OBJECT", id="kept in an attribute"),
        pytest.param("get_mocker().patch('p.old.f')", None, id="out of a call"),
        pytest.param("mocker.spy(m, 'f')", "PATCH_OBJECT", id="the spy of pytest-mock"),
        pytest.param("self.mocker.spy(m, 'f')", "PATCH_OBJECT", id="the spy, kept in an attribute"),
        # monkeypatch
        pytest.param("monkeypatch.setattr('p.old.f', 1)", "MONKEYPATCH", id="monkeypatch.setattr"),
        pytest.param("mp.delattr('p.old.f')", "MONKEYPATCH", id="any method called delattr"),
        pytest.param("MonkeyPatch().setattr('p.old.f', 1)", "MONKEYPATCH", id="of what a call gives"),
        # imports  # noqa: ERA001
        pytest.param("import importlib\nimportlib.import_module('p.old')", "IMPORT", id="import_module"),
        pytest.param("from importlib import import_module as im\nim('p.old')", "IMPORT", id="import_module under another name"),
        pytest.param("import importlib as il\nil.import_module('p.old')", "IMPORT", id="its module under another name"),
        pytest.param("import importlib\nload = importlib.import_module\nload('p.old')", "IMPORT", id="import_module, assigned"),
        pytest.param("__import__('p.old')", "IMPORT", id="__import__"),
        pytest.param("import builtins\nbuiltins.__import__('p.old')", "IMPORT", id="__import__ of builtins"),
        pytest.param("import importlib.util\nimportlib.util.find_spec('p.old')", "IMPORT", id="find_spec"),
        pytest.param("import pkgutil\npkgutil.find_loader('p.old')", "IMPORT", id="find_loader"),
        pytest.param("import pytest\npytest.importorskip('p.old')", "IMPORT", id="importorskip"),
        pytest.param("import runpy\nrunpy.run_module('p.old')", "IMPORT", id="run_module"),
        *(
            pytest.param(f"from x import {name}\n{name}('p.old.f')", "RESOLVE", id=name)
            for name in ("resolve_name", "import_string", "import_from_string", "import_object", "import_class", "load_object", "symbol_by_name", "locate")
        ),
        # attributes
        pytest.param("getattr(m, 'f')", "READ_ATTRIBUTE", id="getattr"),
        pytest.param("hasattr(m, 'f')", "READ_ATTRIBUTE", id="hasattr"),
        pytest.param("setattr(m, 'f', 1)", "WRITE_ATTRIBUTE", id="setattr"),
        pytest.param("delattr(m, 'f')", "WRITE_ATTRIBUTE", id="delattr"),
        pytest.param("import builtins\nbuiltins.getattr(m, 'f')", "READ_ATTRIBUTE", id="getattr of builtins"),
        # texts
        pytest.param("import logging\nlogging.getLogger('p.old')", "LOGGER", id="getLogger"),
        pytest.param("self.assertLogs('p.old')", "LOGGER", id="assertLogs"),
        pytest.param("self.assertNoLogs('p.old')", "LOGGER", id="assertNoLogs"),
        pytest.param("exec('import p.old')", "EXECUTE", id="exec"),
        pytest.param("eval('p.old.f')", "EXECUTE", id="eval"),
        pytest.param("compile('import p.old', '', 'exec')", "EXECUTE", id="compile"),
        *(pytest.param(f"{name}('p.old')", "SHOWN", id=name) for name in ("print", "repr", "len")),
        *(
            pytest.param(f"log.{name}('p.old')", "SHOWN", id=f"log.{name}")
            for name in ("debug", "info", "warning", "error", "critical", "exception", "fail", "skip", "xfail", "warn")
        ),
    ],
)  # fmt: skip
def test_callees(text: str, sink: str | None) -> None:
    assert sink_of(text) == sink


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        pytest.param("f()\nx.patched()\nrepatch()\nprint(patch)\n", [], id="none"),
        pytest.param("# patch('a')\nx = 'patch(b)'\n", [], id="texts"),
        pytest.param("patch(a)(b)\n", ["patch(a)"], id="what the call gives is called"),
        pytest.param("patch(find_spec(a), locate(b))\n", ["patch(find_spec(a), locate(b))", "find_spec(a)", "locate(b)"], id="a call in a call"),
        pytest.param("x.patch(a).setattr(b)\n", ["x.patch(a).setattr(b)", "x.patch(a)"], id="two that begin at one place"),
        pytest.param("f(a)\nf = mock.patch\nf(b)\n", ["f(a)", "f(b)"], id="an assigned name, above it too"),
        pytest.param("from unittest.mock import patch as p\nq: object = p\nq(a)\np.dict(b)\n", ["q(a)", "p.dict(b)"], id="a name for an imported name"),
        pytest.param("x.f = mock.patch\nx.f(a)\nf(b)\n", [], id="an assigned attribute"),
        pytest.param("(\n  mock  # why\n  .patch  # so\n  (a)\n)\n", ["mock  # why\n  .patch  # so\n  (a)"], id="over several lines"),
        pytest.param("def f(:\nmock.patch(a)\n", ["mock.patch(a)"], id="behind a syntax error"),
    ],
)  # fmt: skip
def test_lookups(text: str, calls: list[str]) -> None:
    tree = parse(text.encode())
    names = Callees(import_statements(tree), scope_table(tree))
    assert [text_of(call) for call in names.lookups(tree)] == calls


@pytest.mark.parametrize(
    ("text", "may"),
    [
        pytest.param("re.compile(x); medieval(x); executor; x-cut\n", False, id="other names"),
        pytest.param("exec(x)\n", True, id="exec"),
        pytest.param("run = eval\n", True, id="a name for eval"),
        pytest.param("from builtins import compile as c\n", True, id="an import"),
        pytest.param("import builtins as b\nb.exec(x)\n", True, id="over the module"),
        pytest.param("[python, '-c', x]\n", True, id="a command"),
    ],
)
def test_may_execute(text: str, may: bool) -> None:
    assert may_execute(text.encode()) is may


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        pytest.param("g()", None, id="no argument"),
        pytest.param("g(*x)", None, id="unpacked"),
        pytest.param("g(**x)", None, id="unpacked keywords"),
        pytest.param("g(x for x in y)", None, id="a generator"),
        pytest.param("g(a, b)", "a", id="the first"),
        pytest.param("g(  # why\n a)", "a", id="behind a comment"),
        pytest.param("g(other=a)", None, id="another keyword"),
        pytest.param("g(new=b, target=a)", "a", id="as a keyword"),
        *(
            pytest.param(f"g({name}=a)", "a", id=name)
            for name in ("in_dict", "obj", "name", "modname", "mod_name", "fullname", "dotted_path", "import_name")
        ),
    ],
)  # fmt: skip
def test_first_argument(call: str, wanted: str | None) -> None:
    found = first_argument(last_call(call.encode()))
    assert (None if found is None else text_of(found)) == wanted


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        pytest.param("g(m)", None, id="no name"),
        pytest.param("g(m, other='f')", None, id="another keyword"),
        pytest.param("g(m, 'f')", "'f'", id="the second"),
        pytest.param("g(target=m, attribute='f')", "'f'", id="attribute="),
        pytest.param("g(m, name='f')", "'f'", id="name="),
        pytest.param("g(m, new=1, attribute='f')", "'f'", id="attribute= in the third place"),
    ],
)  # fmt: skip
def test_name_argument(call: str, wanted: str | None) -> None:
    found = name_argument(last_call(call.encode()))
    assert (None if found is None else text_of(found)) == wanted


def test_keyword() -> None:
    call = last_call(b"g(a, b=1, c=2)")
    found = keyword(call, "c")
    assert found is not None and text_of(found) == "2"
    assert keyword(call, "a") is None


@pytest.mark.parametrize(
    ("text", "may"),
    [
        (b"x = 1", False),
        (b"sys.path", False),
        (b"import_module", True),
        (b"mock.patch", True),
        (b"mocker.spy", True),
        (b"pytest_plugins", True),
        (b"sys.modules", True),
        (b"__import__", True),
        (b"locate(x)", True),
        (b"getattr(m, n)", True),
    ],
)
def test_may_have_sinks(text: bytes, may: bool) -> None:
    assert may_have_sinks(text) is may


# ------------------------------------------------------------------------------------------------------------------
# where a string flows to

IMPORT = "from importlib import import_module as im\n"
PYTEST = IMPORT + "import pytest\n"


def uses(text: str, public: tuple[str, ...] = ()) -> set[str] | None:
    """The names of the sinks that the one string ``"p.old"`` of a text gets to."""
    data = text.encode()
    tree = parse(data)
    table = scope_table(tree)
    node = next(node for node in string_nodes(tree) if text_of(node).strip("rb'\"") in ("p.old", "import p.old"))
    found = Flow(Callees(import_statements(tree), table), table, lambda name: name in public).uses(node)
    return None if found is None else {use.sink.name for use in found}


@pytest.mark.parametrize(
    ("text", "sinks"),
    [
        # out of sight
        pytest.param("g('p.old')", None, id="an unknown function"),
        pytest.param("x.g('p.old')", None, id="an unknown method"),
        pytest.param("def g(): return 'p.old'", None, id="returned"),
        pytest.param("def g(): yield 'p.old'", None, id="yielded"),
        pytest.param("x.a = 'p.old'", None, id="an attribute"),
        pytest.param("x[0] = 'p.old'", None, id="an element"),
        pytest.param("t['p.old']", None, id="a key of a table"),
        pytest.param("a, b = 'p.old', 'x'\nim(a)", None, id="unpacked"),
        pytest.param("x == 'p.old'", None, id="compared"),
        pytest.param("'p.old' in x", None, id="looked for in something"),
        pytest.param("lambda: 'p.old'", None, id="what a lambda gives"),
        pytest.param("def g(x='p.old'): im(x)", None, id="a default value"),
        pytest.param("class C:\n  a = 'p.old'\n  g(a)", None, id="in a class, and handed on"),
        pytest.param("class C:\n  a = 'p.old'\n  im(a)\ng(C.a)", None, id="an attribute of a class"),
        pytest.param("im(str('p.old'))", {"IMPORT"}, id="str of it"),
        pytest.param("g('p.old' + x)", None, id="a part of what is handed on"),
        pytest.param("a = 'p.old'\nim(a)\ng(a)", None, id="one use is out of sight"),
        pytest.param("im('p.old' + x)", None, id="a part of what is imported"),
        pytest.param("im(f'{\"p.old\"}.f')", None, id="in a field of what is imported"),
        pytest.param("im('x', 'p.old')", None, id="the second argument of an import"),
        pytest.param("getattr('p.old', 'f')", None, id="a string as the object of getattr"),
        pytest.param("'p.old'.encode()", None, id="an unknown method of the string"),
        pytest.param("'p.old'.split", None, id="a method that is not called"),
        pytest.param("E('p.old')", None, id="the message of an exception that nobody raises here"),
        pytest.param("raise E(g('p.old'))", None, id="what a function makes of it is raised"),
        pytest.param("im('' 'p.old')", None, id="a piece of what is imported"),
        pytest.param("g('see ' 'p.old')", None, id="a piece of what is handed on"),
        pytest.param("'see ' 'p.old'", None, id="a piece of a statement of its own"),
        # nothing
        pytest.param("'p.old'", set(), id="a statement of its own"),
        pytest.param("a = 'p.old'", set(), id="a name that nothing reads"),
        pytest.param("if 'p.old': pass", set(), id="a condition"),
        # shown
        pytest.param("print('p.old')", {"SHOWN"}, id="printed"),
        pytest.param("print(x, 'p.old')", {"SHOWN"}, id="printed as the second"),
        pytest.param("print(x, end='p.old')", {"SHOWN"}, id="printed as a keyword"),
        pytest.param("assert x, 'p.old'", {"SHOWN"}, id="the message of an assert"),
        pytest.param("raise 'p.old'", {"SHOWN"}, id="raised (wrong)"),
        pytest.param("raise E('p.old')", {"SHOWN"}, id="the message of an exception"),
        pytest.param("raise E(x, note='p.old') from y", {"SHOWN"}, id="... by a keyword"),
        pytest.param("raise E(x) from E('p.old')", {"SHOWN"}, id="the message of a cause"),
        pytest.param("print('see ' 'p.old')", {"SHOWN"}, id="a piece of what is printed"),
        pytest.param("print('p.old' + x)", {"SHOWN"}, id="a part of what is printed"),
        pytest.param("print(f'{\"p.old\"}.f')", {"SHOWN"}, id="in a field of what is printed"),
        pytest.param("getLogger('p.old' + x)", {"SHOWN"}, id="a part of a logger's name"),
        *(pytest.param(f"'p.old'.{name}('.')", {"SHOWN"}, id=name) for name in ("startswith", "endswith", "count", "find")),
        *(pytest.param(f"print('p.old'.{name}('.'))", {"SHOWN"}, id=f"a piece that is shown: {name}") for name in ("split", "rsplit", "partition", "replace")),
        *(pytest.param(f"a, b = 'p.old'.{name}('.')", None, id=f"pieces out of sight: {name}") for name in ("split", "rsplit", "partition", "rpartition")),
        # sinks
        pytest.param("im('p.old')", {"IMPORT"}, id="imported"),
        pytest.param("im(name='p.old')", {"IMPORT"}, id="imported by keyword"),
        pytest.param("im(('p.old'))", {"IMPORT"}, id="in parentheses"),
        pytest.param("im(x or 'p.old')", {"IMPORT"}, id="with or"),
        pytest.param("im('p.old' if x else 'y')", {"IMPORT"}, id="with a condition"),
        pytest.param("caplog.at_level('p.old', logger=x)", None, id="a level is no logger"),
        pytest.param("caplog.other(1, logger='p.old')", None, id="another method with a logger"),
        pytest.param("set_level(1, logger='p.old')", None, id="a function called set_level"),
        pytest.param("x.set_level(1, 'p.old')", None, id="a method of another object"),
        pytest.param("getLogger('p.old')", {"LOGGER"}, id="a logger"),
        pytest.param("self.assertLogs(logger='p.old', level=1)", {"LOGGER"}, id="a logger by its keyword"),
        pytest.param("caplog.set_level(1, logger='p.old')", {"LOGGER"}, id="a logger whose level is set"),
        pytest.param("with caplog.at_level(1, 'p.old'): pass", {"LOGGER"}, id="a logger behind its level"),
        pytest.param("exec('import p.old')", {"EXECUTE"}, id="executed"),
        pytest.param("run([python, '-c', 'import p.old'])", {"EXECUTE"}, id="behind -c"),
        pytest.param("pytest_plugins = 'p.old'", {"IMPORT"}, id="a plugin"),
        pytest.param("pytest_plugins = ['p.old']", {"IMPORT"}, id="in a list of plugins"),
        # sys.modules
        pytest.param("sys.modules['p.old']", {"MODULE_KEY"}, id="a key of sys.modules"),
        pytest.param("sys.modules['p.old'] = x", {"MODULE_KEY"}, id="a key that is set"),
        pytest.param("del sys.modules['p.old']", {"MODULE_KEY"}, id="a key that is deleted"),
        pytest.param("'p.old' in sys.modules", {"MODULE_KEY"}, id="in sys.modules"),
        pytest.param("'p.old' not in sys.modules", {"MODULE_KEY"}, id="not in sys.modules"),
        pytest.param("sys.modules.get('p.old')", {"MODULE_KEY"}, id="get"),
        pytest.param("sys.modules.pop('p.old', None)", {"MODULE_KEY"}, id="pop"),
        pytest.param("sys.modules.setdefault('p.old', x)", {"MODULE_KEY"}, id="setdefault"),
        pytest.param("sys.modules.pop(x, 'p.old')", None, id="what pop gives instead"),
        pytest.param("monkeypatch.setitem(sys.modules, 'p.old', x)", {"MODULE_KEY"}, id="setitem"),
        pytest.param("monkeypatch.delitem(sys.modules, 'p.old')", {"MODULE_KEY"}, id="delitem"),
        pytest.param("monkeypatch.setitem(table, 'p.old', x)", None, id="setitem of another table"),
        pytest.param(MOCK + "mock.patch.dict('sys.modules', {'p.old': x})", {"MODULE_KEY"}, id="patch.dict of its name"),
        pytest.param(MOCK + "mock.patch.dict(sys.modules, {'p.old': x})", {"MODULE_KEY"}, id="patch.dict of itself"),
        pytest.param(MOCK + "mock.patch.dict(os.environ, {'p.old': x})", None, id="patch.dict of another table"),
        pytest.param("sys.modules.update({'p.old': x})", {"MODULE_KEY"}, id="update"),
        # variables
        pytest.param("a = 'p.old'\nim(a)", {"IMPORT"}, id="a variable"),
        pytest.param("a = b = 'p.old'\nim(b)\ng(a)", None, id="two variables at once"),
        pytest.param("a = 'p.old'\nb = a\nim(b)", {"IMPORT"}, id="a variable of a variable"),
        pytest.param("a = 'p.old'\nim(a)\nprint(a)", {"IMPORT", "SHOWN"}, id="imported and printed"),
        pytest.param("a = 'p.old'\ndef g(): im(a)", {"IMPORT"}, id="read in a function"),
        pytest.param("def g():\n  a = 'p.old'\n  im(a)\ng(a)", {"IMPORT"}, id="another a elsewhere"),
        pytest.param("a = 'p.old'\na = a\nim(a)", {"IMPORT"}, id="assigned to itself"),
        # collections
        pytest.param("a = ['p.old']\nim(a[0])", {"IMPORT"}, id="an element of a list"),
        pytest.param("a = ('p.old',)\nim(*a)", None, id="unpacked arguments"),
        pytest.param("for a in ['p.old']: im(a)", {"IMPORT"}, id="a loop over a list"),
        pytest.param("for a in 'p.old', 'x': im(a)", {"IMPORT"}, id="a loop over a bare tuple"),
        pytest.param("for a in {'p.old'}: im(a)", {"IMPORT"}, id="a loop over a set"),
        pytest.param("A = ['p.old']\nfor a in A: im(a)", {"IMPORT"}, id="a loop over a name"),
        pytest.param("A = [*['p.old']]\nfor a in A: im(a)", {"IMPORT"}, id="a list in a list"),
        pytest.param("for i, a in enumerate(['p.old']): im(a); print(i)", {"IMPORT", "SHOWN"}, id="enumerate"),
        *(pytest.param(f"for a in {name}(['p.old']): im(a)", {"IMPORT"}, id=f"a loop over {name}") for name in ("sorted", "list", "tuple", "set", "frozenset", "reversed", "iter")),
        pytest.param("for a in filter(None, ['p.old']): im(a)", None, id="a loop over a function's result"),
        pytest.param("[im(a) for a in ['p.old']]", {"IMPORT"}, id="a comprehension"),
        pytest.param("{im(a): 1 for a in ['p.old']}", {"IMPORT"}, id="a dict comprehension"),
        pytest.param("for a, b in [('p.old', 'f')]: im(a); g(b)", {"IMPORT"}, id="the first of each pair"),
        pytest.param("for a, b in [('f', 'p.old')]: im(b); g(a)", {"IMPORT"}, id="the second of each pair"),
        pytest.param("for a, b in [('p.old', 'f')]: im(b); g(a)", None, id="the first, which is handed on"),
        pytest.param("for x.a in ['p.old']: im(x.a)", None, id="a loop over an attribute"),
        pytest.param("for i, (a, b) in enumerate([('p.old', 'f')]): g(a); print(i)", None, id="targets in targets"),
        pytest.param("for a, *b in [('f', 'p.old')]: g(b); print(a)", None, id="a starred target"),
        pytest.param("D = {'x': 'p.old'}\nim(D['x'])", {"IMPORT"}, id="a value of a dict"),
        pytest.param("D = {'x': 'p.old'}\nfor a in D.values(): im(a)", {"IMPORT"}, id="the values of a dict"),
        pytest.param("D = {'x': 'p.old'}\nim(D.get('x'))", {"IMPORT"}, id="get of a dict"),
        pytest.param("D = {'x': 'p.old'}\nfor a, b in D.items(): im(b); print(a)", {"IMPORT", "SHOWN"}, id="the items of a dict"),
        pytest.param("D = {'p.old': 1}\nfor a in D: im(a)", {"IMPORT"}, id="the keys of a dict"),
        pytest.param("D = {'x': 'p.old'}\nD.clear()", None, id="another method of a dict"),
        # functions
        pytest.param("def g(a): im(a)\ng('p.old')", {"IMPORT"}, id="a parameter"),
        pytest.param("def g(x, a): im(a); h(x)\ng(1, 'p.old')", {"IMPORT"}, id="the second parameter"),
        pytest.param("def g(x, a): im(a); h(x)\ng('p.old', 1)", None, id="the first, which is handed on"),
        pytest.param("def g(x, a): im(a); h(x)\ng(a='p.old', x=1)", {"IMPORT"}, id="a parameter by name"),
        pytest.param("def g(a: str): im(a)\ng('p.old')", {"IMPORT"}, id="an annotated parameter"),
        pytest.param("def g(a='x'): im(a)\ng('p.old')", {"IMPORT"}, id="a parameter with a default"),
        pytest.param("def g(a: str = 'x'): im(a)\ng('p.old')", {"IMPORT"}, id="both"),
        pytest.param("def g(*a): im(a[0])\ng('p.old')", None, id="all parameters"),
        pytest.param("def g(**a): im(a['b'])\ng(b='p.old')", None, id="all keywords"),
        pytest.param("def g(x, /, y, a): im(y); h(a)\ng(1, 2, 'p.old')", None, id="behind a separator"),
        pytest.param("def g(x,  # why\n y, a): im(y); h(a)\ng(1, 2, 'p.old')", None, id="behind a comment"),
        pytest.param("def g(x, a): im(a); h(x)\ng(*y, 'p.old')", None, id="behind unpacked arguments"),
        pytest.param("def g(): ...\ng('p.old')", None, id="too many arguments"),
        pytest.param("def g(a): im(a)\ndef g(a): ...\ng('p.old')", None, id="two functions of one name"),
        pytest.param("g = h\ng('p.old')", None, id="a function that is assigned"),
        pytest.param("def g(a): g(a); im(a)\ng('p.old')", {"IMPORT"}, id="a function that calls itself"),
        pytest.param("def g(a):\n  def a2(a): h(a)\n  im(a)\ng('p.old')", {"IMPORT"}, id="an inner function's parameter of that name"),
    ],
)  # fmt: skip
def test_uses(text: str, sinks: set[str] | None) -> None:
    assert uses(IMPORT + text) == sinks


@pytest.mark.parametrize(
    ("text", "sinks"),
    [
        pytest.param("('a', ['p.old'])", {"IMPORT"}, id="one name"),
        pytest.param("'a, b', [('p.old', 'f')]", {"IMPORT"}, id="the first of two"),
        pytest.param("'a, b', [('f', 'p.old')]", None, id="the second of two, handed on"),
        pytest.param("('a', 'b'), [('p.old', 'f')]", {"IMPORT"}, id="names in a tuple"),
        pytest.param("'a, b', [pytest.param('p.old', 'f')]", {"IMPORT"}, id="pytest.param"),
        pytest.param("'a, b', [pytest.param('p.old', 'f', id='x')]", {"IMPORT"}, id="pytest.param with a name"),
        pytest.param("'a, b', [pytest.param('f', 'p.old')]", None, id="pytest.param, the second"),
        pytest.param("'c', ['p.old']", None, id="a name that is no parameter"),
    ],
)  # fmt: skip
def test_parametrize(text: str, sinks: set[str] | None) -> None:
    arguments = text[1:-1] if text.startswith("('a', [") else text
    head = f"@pytest.mark.parametrize({arguments})\n"
    assert uses(PYTEST + head + "def test_it(a, b):\n  im(a)\n  g(b)\n") == sinks


@pytest.mark.parametrize(
    ("text", "sinks"),
    [
        pytest.param("A = 'p.old'\nim(A)", None, id="imported here and read elsewhere"),
        pytest.param("A = ['p.old']\nfor a in A: im(a)", None, id="a list that is read elsewhere"),
        pytest.param("A = 'p.old'\nprint(A)", None, id="shown here and read elsewhere"),
        pytest.param("def g():\n  A = 'p.old'\n  im(A)", {"IMPORT"}, id="a function's own name"),
    ],
)  # fmt: skip
def test_names_that_another_file_may_read(text: str, sinks: set[str] | None) -> None:
    assert uses(IMPORT + text, ("A",)) == sinks
