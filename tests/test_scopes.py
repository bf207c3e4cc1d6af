"""scopes.py: which binding each occurrence of a name means (Language Reference, 4.2 "Naming and binding")."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import ast
import random
import symtable
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from codemods.scopes import Occurrence, Role, Scope, ScopeTable, scope_table, unbound_at_import
from codemods.syntax import parse


def table_of(text: str) -> ScopeTable:
    return scope_table(parse(text.encode()))


def label(scope: Scope | None) -> str:
    """``module``, ``function1``, ``class2``: the kind, and how many scopes are around it; ``-`` for none."""
    if scope is None:
        return "-"
    depth = len(list(scope.outwards())) - 1
    return scope.kind.name.lower().replace("_", "-") + (str(depth) if depth else "")


def meanings(text: str, name: str) -> str:
    """Where each occurrence of ``name`` is bound, in source order, with its role unless that is a load."""
    table = table_of(text)
    found = sorted(table.occurrences.get(name, ()), key=lambda one: (one.span.start, one.role.value))
    for one in found:
        assert text.encode()[one.span.start :].startswith((name.encode(), b"import", b"*")) or one.role is Role.IMPORT
    return " ".join(
        ("" if one.role is Role.LOAD else one.role.name.lower() + ":") + label(table.scope_of(one)) for one in found
    )


ROWS = [
    # what is no occurrence of the name
    pytest.param("y.x; f(x=1); 'x'; {'x': 1}\n# x\n", "", id="attributes, keywords, strings, comments"),
    pytest.param("import x.y as z\nfrom x import y\nfrom a import x as b\n", "", id="imported under another name"),
    pytest.param("f'x {{x}} {y}'\n", "", id="text of an f-string"),
    pytest.param("match y:\n  case C(x=1): pass\n", "", id="the keyword of a class pattern"),
    pytest.param("match y:\n  case a.x: pass\n", "", id="the attribute in a value pattern"),
    pytest.param("def f(a: 'not python x ]'): ...\n", "", id="a string annotation that is no Python"),
    pytest.param("a: Literal['x']\nb: t.Literal['x', 'y']\nc = Literal['x']\n", "", id="strings in Literal"),
    # the module
    pytest.param("x\n", "-", id="a builtin or unknown name"),
    pytest.param("x = x\n", "store:module module", id="assignment"),
    pytest.param("x: int = 1\nx: int\n", "store:module store:module", id="annotated assignment"),
    pytest.param("x += 1\n", "module store:module", id="augmented assignment reads and writes"),
    pytest.param("x.a += 1\nx[0] += 1\n", "- -", id="augmented assignment of an attribute reads"),
    pytest.param("x.a = x[0] = 1\n", "- -", id="assignment to an attribute or element reads"),
    pytest.param("(x, [y, *x]), z = 1\n", "store:module store:module", id="nested targets"),
    pytest.param("a[x], b.x = 1, 2\n", "-", id="a subscript among the targets reads"),
    pytest.param("for x in x: x\nelse: x\n", "store:module module module module", id="a for target"),
    pytest.param("for x.a in y: pass\n", "-", id="a for target that is an attribute"),
    pytest.param("with x as x, y as (x, z): x\n", "module store:module store:module module", id="with targets"),
    pytest.param("with (x as y, z as x): pass\n", "module store:module", id="with items in parentheses"),
    pytest.param("try: pass\nexcept x as x: x\n", "module store:module module", id="except as"),
    pytest.param("try: pass\nexcept* x as x: pass\n", "module store:module", id="except* as"),
    pytest.param("x = 1\ndel x, (y, x)\ndel x.a, x[0]\n", "store:module delete:module delete:module module module", id="del"),
    pytest.param("import x\nimport x.y\nfrom a import x\nfrom a import b as x\n", "import:module import:module import:module import:module", id="imports"),
    pytest.param("from .x import x\n", "import:module", id="a relative import"),
    pytest.param("(x := x)\n", "store:module module", id="an assignment expression"),
    pytest.param("def x(): ...\nclass x: ...\n", "store:module store:module", id="definitions"),
    pytest.param("async def x():\n  async for x in x: await x\n", "store:module store:function1 function1 function1", id="async forms"),
    pytest.param("from a import *\nx\n", "-", id="a star import binds nothing that is seen"),
    # functions
    pytest.param("x = 1\ndef f():\n  x\n", "store:module module", id="free in a function"),
    pytest.param("x = 1\ndef f():\n  x\n  x = 2\n", "store:module function1 store:function1", id="bound anywhere in the function, local everywhere"),
    pytest.param("def f():\n  x = 1\n  def g():\n    return x\n", "store:function1 function1", id="a closure"),
    pytest.param("def f(x): x\n", "store:function1 function1", id="a parameter"),
    pytest.param("def f(a, /, x=1, *b, c): x\n", "store:function1 function1", id="a parameter with a default"),
    pytest.param("def f(*x): x\ndef g(**x): x\ndef h(*, x): x\n", "store:function1 function1 store:function1 function1 store:function1 function1", id="starred and keyword-only parameters"),
    pytest.param("def f(*x: int, **y: x): x\n", "store:function1 - function1", id="annotated starred parameters"),
    pytest.param("x = 1\ndef f(x=x): x\n", "store:module store:function1 module function1", id="a default is read outside"),
    pytest.param("x = 1\ndef f(x: x = x) -> x: x\n", "store:module store:function1 module module module function1", id="annotations are read outside"),
    pytest.param("x = 1\n@x\ndef f():\n  x = 2\n", "store:module module store:function1", id="a decorator is read outside"),
    pytest.param("x = 1\nlambda x: x\nlambda y=x: x\nlambda *x, **y: x\n", "store:module store:function1 function1 module module store:function1 function1", id="lambdas"),
    pytest.param("lambda: (x := 1)\n", "store:function1", id="an assignment expression in a lambda"),
    pytest.param("def f():\n  import x\n  x\nx\n", "import:function1 function1 -", id="an import in a function"),
    pytest.param("def f():\n  for x in y: pass\n  with a as x: pass\n  x\n", "store:function1 store:function1 function1", id="targets in a function"),
    pytest.param("def f():\n  try: pass\n  except E as x: pass\n  del x\n", "store:function1 delete:function1", id="except as in a function"),
    pytest.param("def f():\n  def x(): x\n  x\n", "store:function1 function1 function1", id="a nested function's own name"),
    # global and nonlocal
    pytest.param("x = 1\ndef f():\n  global x\n  x = 2\n", "store:module declare:module store:module", id="global"),
    pytest.param("def f():\n  global x\n  import x\ndef g(): x\n", "declare:module import:module module", id="global binds in the module (T19)"),
    pytest.param("def f():\n  x = 1\n  def g():\n    global x\n    x\n", "store:function1 declare:module module", id="global passes the functions around"),
    pytest.param("def f():\n  x = 1\n  def g():\n    nonlocal x\n    x = 2\n", "store:function1 declare:function1 store:function1", id="nonlocal"),
    pytest.param("def f():\n  x = 1\n  def g():\n    nonlocal x\n    def h():\n      x\n      nonlocal x\n", "store:function1 declare:function1 function1 declare:function1", id="nonlocal in two functions"),
    pytest.param("def f():\n  global x\n  def g(): x\nx = 1\n", "declare:module module store:module", id="a function inside one with global"),
    pytest.param("x = 1\nclass C:\n  global x\n  x = 2\n", "store:module declare:module store:module", id="global in a class"),
    pytest.param("global x\nx = 1\n", "declare:module store:module", id="global at the top"),
    # classes
    pytest.param("class C:\n  x = 1\n  x\n", "store:class1 class1", id="a class body reads its own names"),
    pytest.param("x = 0\nclass C:\n  x = 1\n  def m(self): x\n", "store:module store:class1 module", id="a method does not see the class's names"),
    pytest.param("x = 0\nclass C:\n  x = 1\n  def m(self, y=x) -> x: pass\n", "store:module store:class1 class1 class1", id="defaults and annotations of a method do"),
    pytest.param("x = 0\nclass C:\n  x = 1\n  [x for y in x]\n", "store:module store:class1 module class1", id="a comprehension sees the class only in its first iterable"),
    pytest.param("x = 0\nclass C:\n  x = 1\n  lambda y=x: x\n", "store:module store:class1 class1 module", id="a lambda in a class"),
    pytest.param("x = 0\nclass C:\n  x = 1\n  class D:\n    x\n", "store:module store:class1 module", id="a nested class does not see them"),
    pytest.param("def f():\n  x = 1\n  class C:\n    x\n", "store:function1 function1", id="a class in a function sees the function's"),
    pytest.param("x = 0\nclass C:\n  x = x\n  x\n", "store:module store:class1 module class1", id="read before the class binds it: the outer one"),
    pytest.param("x = 0\nclass C:\n  x\n  x = 1\n", "store:module module store:class1", id="read above the binding: the outer one"),
    pytest.param("x = 0\nclass C:\n  @x\n  def x(self): x\n", "store:module module store:class1 module", id="the decorator of a method of its own name (T40)"),
    pytest.param("x = 0\nclass C(x, metaclass=x): x = x\n", "store:module module module store:class1 module", id="bases are read outside"),
    pytest.param("class x(x): x\n", "store:module module module", id="a class named like its base"),
    pytest.param("x = 0\nclass C:\n  x += 1\n", "store:module module store:class1", id="augmented assignment in a class reads the outer one"),
    pytest.param("x = 0\nclass C:\n  import x\n  x\n", "store:module import:class1 class1", id="an import in a class (T20)"),
    pytest.param("x = 0\nclass C:\n  for x in x: x\n", "store:module store:class1 module class1", id="a for target in a class"),
    # comprehensions
    pytest.param("x = 1\n[x for x in x]\n", "store:module comprehension1 store:comprehension1 module", id="the first iterable is read outside (T31)"),
    pytest.param("x = 1\n[1 for y in z for x in x]\n", "store:module store:comprehension1 comprehension1", id="later iterables are read inside"),
    pytest.param("{x for x, y in a if x}\n", "comprehension1 store:comprehension1 comprehension1", id="conditions are read inside"),
    pytest.param("{x: x for x in a}\nx\n", "comprehension1 comprehension1 store:comprehension1 -", id="a dict comprehension"),
    pytest.param("f(x for x in x)\n", "comprehension1 store:comprehension1 -", id="a generator expression as an argument"),
    pytest.param("f((x for x in a), x)\n", "comprehension1 store:comprehension1 -", id="a generator expression with parentheses"),
    pytest.param("[[x for x in y] for y in x]\n", "comprehension2 store:comprehension2 -", id="nested"),
    pytest.param("[[x for y in x] for x in z]\n", "comprehension1 comprehension1 store:comprehension1", id="nested, the outer variable"),
    pytest.param("[y for y in z if (x := y)]\nx\n", "store:module module", id="an assignment expression binds around the comprehension"),
    pytest.param("def f():\n  [(x := y) for y in [z for z in x]]\n", "store:function1 function1", id="... in the function"),
    pytest.param("def f():\n  global x\n  [(x := y) for y in z]\n", "declare:module store:module", id="... that declares it global"),
    pytest.param("async def f():\n  [x async for x in y if await x]\n", "comprehension2 store:comprehension2 comprehension2", id="asynchronous"),
    pytest.param("[lambda: x for x in y]\n", "comprehension1 store:comprehension1", id="a lambda in a comprehension"),
    # patterns
    pytest.param("match x:\n  case x: x\n", "module store:module module", id="a lone name captures"),
    pytest.param("match y:\n  case x.a: x\n", "- -", id="a dotted name is read"),
    pytest.param("match y:\n  case x(): pass\n  case x.C(a=x): pass\n", "module module store:module", id="class patterns are read, their arguments capture"),
    pytest.param("match y:\n  case [x, *z]: x\n  case (1, x): pass\n", "store:module module store:module", id="sequences"),
    pytest.param("match y:\n  case [*x]: pass\n  case {'a': x, **z}: pass\n  case {**x}: pass\n", "store:module store:module store:module", id="rests and mappings"),
    pytest.param("match y:\n  case {x.k: 1}: pass\n", "-", id="the key of a mapping is read"),
    pytest.param("match y:\n  case 1 | 2 as x: x\n", "store:module module", id="as"),
    pytest.param("match y:\n  case C(1, x) | [x] if x: pass\n", "store:module store:module module", id="alternatives and a guard"),
    pytest.param("match x, x:\n  case _: x\n", "- - -", id="subjects"),
    pytest.param("def f():\n  match y:\n    case x: pass\n  x\n", "store:function1 function1", id="in a function"),
    # type parameters (PEP 695)
    pytest.param("x = 1\ndef f[x](a: x) -> x: x\n", "store:module store:type-parameters1 type-parameters1 type-parameters1 type-parameters1", id="of a function"),
    pytest.param("class C[x](B[x]):\n  a: x\n  def m(self, b: x): x\n", "store:type-parameters1 type-parameters1 type-parameters1 type-parameters1 type-parameters1", id="of a class"),
    pytest.param("type A[x] = list[x]\nx\n", "store:type-parameters1 type-parameters1 -", id="of a type alias"),
    pytest.param("type x = list[x]\n", "store:module module", id="a type alias binds its name"),
    pytest.param("x = 1\ndef f[T: x](a: T): pass\n", "store:module module", id="a bound is read"),
    pytest.param("x = 1\ndef f[x](a=x): pass\n", "store:module store:type-parameters1 module", id="defaults of a generic function do not see them"),
    pytest.param("def f[*x, **y](a: x): pass\ndef g[**x](a: x): pass\n", "store:type-parameters1 type-parameters1 store:type-parameters1 type-parameters1", id="starred"),
    # strings that are code
    pytest.param("x = 1\na: 'x'\ndef f(b: 'list[x]') -> \"x\": x\n", "store:module module module module module", id="string annotations (T43)"),
    pytest.param("x = 1\na: list['x']\nb: 'dict[str, \"x\"]'\n", "store:module module module", id="strings inside annotations"),
    pytest.param("x = 1\na: '''\n  x |\n  None'''\n", "store:module module", id="a string annotation over several lines"),
    pytest.param("x = 1\na = cast('x', b)\nc = t.cast('list[x]', 'x')\n", "store:module module module", id="typing.cast (T82)"),
    pytest.param("x = 1\na: Annotated[x, 'x']\n", "store:module module module", id="a string in Annotated may be code"),
    pytest.param("class C:\n  x = 1\n  a: 'x'\n", "store:class1 class1", id="a string annotation in a class"),
    pytest.param("x = 1\nf'{x} {x!r:>{x}} {f\"{x}\"} {y:x}'\n", "store:module module module module module", id="f-string fields, specs, nested (T35)"),
    pytest.param("f'{[x for x in x]}'\n", "comprehension1 store:comprehension1 -", id="a comprehension in an f-string"),
    pytest.param("f'{x=}' 'x' f'{x}'\n", "- -", id="concatenated strings"),
    pytest.param("f'{(lambda x: x)}'\n", "store:function1 function1", id="a lambda in an f-string"),
    pytest.param("def f(a: f'{x}', b: b'x', c: r'x'): ...\n", "-", id="an f-string annotation has its fields alone"),
    # odds and ends
    pytest.param("x if x else x\nnot x\n-x\nx[x:x]\n(yield x)\n*x,\n", "- - - - - - - - - -", id="expressions"),
    pytest.param("assert x, x\nraise x from x\nreturn x\n", "- - - - -", id="statements"),
    pytest.param("while x: x\nelse: x\nif x: x\nelif x: x\n", "- - - - - - -", id="conditions"),
    pytest.param("print(x)\nx(x)(*x, **x)\n", "- - - - -", id="calls"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ROWS)
def test_meaning(text: str, wanted: str) -> None:
    assert meanings(text, "x") == wanted


# ------------------------------------------------------------------------------------------------------------------
# the same question put to CPython: its symbol table knows the owner of each name


class _Symtable:
    """Walks ``ast`` beside ``symtable``: the table that owns each name, by (line, UTF-8 column)."""

    def __init__(self, text: str) -> None:
        self.owners: dict[tuple[int, int], tuple[symtable.SymbolTable | None, bool]] = {}
        top = symtable.symtable(text, "m.py", "exec")
        self.top = top
        self.parents: dict[int, symtable.SymbolTable] = {}
        self.unvisited: dict[int, list[symtable.SymbolTable]] = {}
        self.keep = [top]
        self._visit_all([ast.parse(text)], top)

    def _child(self, table: symtable.SymbolTable, name: str, line: int) -> symtable.SymbolTable:
        if id(table) not in self.unvisited:
            self.unvisited[id(table)] = list(table.get_children())
            self.keep += self.unvisited[id(table)]
        children = self.unvisited[id(table)]
        found = next(child for child in children if child.get_name() == name and child.get_lineno() == line)
        children.remove(found)
        self.parents[id(found)] = table
        return found

    def _visit_all(self, nodes: list[ast.AST] | list[ast.expr], table: symtable.SymbolTable) -> None:
        for node in nodes:
            self._visit(node, table)

    def _visit(self, node: ast.AST, table: symtable.SymbolTable) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                arguments = node.args
                outside: list[ast.AST] = [*arguments.defaults, *(d for d in arguments.kw_defaults if d)]
                parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
                parameters += [a for a in (arguments.vararg, arguments.kwarg) if a]
                outside += [a.annotation for a in parameters if a.annotation]
                if isinstance(node, ast.Lambda):
                    name, body = "lambda", [node.body]
                else:
                    name, body = node.name, node.body
                    outside += [*node.decorator_list, *([node.returns] if node.returns else [])]
                self._visit_all(outside, table)
                inner = self._child(table, name, node.lineno)
                for parameter in parameters:
                    self._own(parameter.arg, parameter, inner, stored=True)
                self._visit_all(body, inner)  # type: ignore[arg-type]
            case ast.ClassDef():
                self._visit_all([*node.bases, *node.keywords, *node.decorator_list], table)
                self._visit_all(node.body, self._child(table, node.name, node.lineno))  # type: ignore[arg-type]
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                name = {"GeneratorExp": "genexpr"}.get(type(node).__name__, type(node).__name__.lower())
                first, *others = node.generators
                self._visit(first.iter, table)
                inner = self._child(table, name, node.lineno)
                results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                self._visit_all([first.target, *first.ifs, *others], inner)
                self._visit_all(results, inner)
            case ast.Name():
                self._own(node.id, node, table, stored=not isinstance(node.ctx, ast.Load))
            case ast.JoinedStr() if sys.version_info < (3, 12):
                pass  # its positions are wrong there
            case _:
                self._visit_all(list(ast.iter_child_nodes(node)), table)

    def _own(self, name: str, node: ast.expr | ast.arg, table: symtable.SymbolTable, *, stored: bool) -> None:
        if name == "__class__" or (name.startswith("__") and not name.endswith("__")):
            return  # a cell of the compiler's own; mangled in classes
        owner: symtable.SymbolTable | None = table
        if name not in table.get_identifiers():
            return  # in an annotation, under ``from __future__ import annotations``
        symbol = table.lookup(name)
        if symbol.is_global():
            owner = None
        elif symbol.is_free():
            owner = self.parents[id(table)]
            while not (owner.get_type() == "function" and owner.lookup(name).is_local()):
                owner = self.parents[id(owner)]
        elif table is self.top:
            owner = None
        before_bound = table.get_type() == "class" and owner is table and not stored
        self.owners[node.lineno, node.col_offset] = (owner, before_bound)


def _library(count: int) -> Iterator[Path]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    paths = [
        p for p in sorted(folder.rglob("*.py")) if "site-packages" not in p.parts and 500 < p.stat().st_size < 40_000
    ]
    hard = {"test_scope.py", "test_listcomps.py", "test_genexps.py", "test_named_expressions.py", "test_patma.py"}
    picked = random.Random(1).sample(paths, count)
    yield from dict.fromkeys([*picked, *(p for p in folder.glob("test/*.py") if p.name in hard)])


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="annotations have scopes of their own there")
def test_owners_agree_with_cpython() -> None:
    compared = 0
    for path in _library(150):
        try:
            text = path.read_bytes().decode("utf-8")
            tree = ast.parse(text)
        except (SyntaxError, UnicodeDecodeError):
            continue
        if any(getattr(node, "type_params", None) or getattr(node, "name", "") == "top" for node in ast.walk(tree)):
            continue  # symtable takes each block called "top" for the module
        if parse(text.encode()).root_node.has_error:
            continue
        owners = _Symtable(text)
        table = table_of(text)
        starts = [0]
        for line in text.encode().split(b"\n"):
            starts.append(starts[-1] + len(line) + 1)
        ours: dict[int, Occurrence] = {
            one.span.start: one for found in table.occurrences.values() for one in found if one.base == 0
        }
        scopes: dict[int, Scope] = {}
        tables: dict[Scope, int] = {}
        for (line, column), (owner, may_read_around) in owners.owners.items():
            place = f"{path}:{line}:{column + 1}"
            occurrence = ours.get(starts[line - 1] + column)
            assert occurrence is not None, f"{place} is not seen"
            scope = table.scope_of(occurrence)
            compared += 1
            if owner is None:
                assert scope in (None, table.module_scope), f"{place} {occurrence.name} is global"
            elif may_read_around and (scope is None or scope.kind.name != "CLASS"):
                continue
            else:
                assert scope is not None, f"{place} {occurrence.name} belongs to {owner}"
                assert scope is not table.module_scope, f"{place} {occurrence.name} belongs to {owner}"
                assert scopes.setdefault(id(owner), scope) is scope, f"{place} {occurrence.name}"
                assert tables.setdefault(scope, id(owner)) == id(owner), f"{place} {occurrence.name}"
    assert compared > 20_000


# ------------------------------------------------------------------------------------------------------------------
# what is asked of a table


@pytest.mark.parametrize(
    ("text", "name", "able"),
    [
        pytest.param("import old\nnew = 3\nold.f()\n", "new", False, id="bound in the scope (T24)"),
        pytest.param("import old\nfrom a import *\nold.f()\n", "new", False, id="a star import may bind it"),
        pytest.param(
            "import old\ndef h(new): return old.f(new)\n", "new", False, id="a parameter between captures (T25)"
        ),
        pytest.param(
            "import old\n[old.f for new in y]\n", "new", False, id="a comprehension variable between captures"
        ),
        pytest.param("import old\nold.f(new)\n", "new", False, id="somebody reads the outer name: a builtin"),
        pytest.param("import old\ndef h(): return new\n", "new", False, id="... in a function"),
        pytest.param("import old\ndef h():\n  global new\n", "new", False, id="a function may bind it in the module"),
        pytest.param("import old\ndef h():\n  global new\n  old.f()\n", "new", False, id="declared global on the way"),
        pytest.param(
            "import old\ndef h(new): return new\nold.f()\n",
            "new",
            True,
            id="another function's parameter is not in the way",
        ),
        pytest.param(
            "import old\nold.f()\nx.new; f(new=1)\n", "new", True, id="attributes and keywords are not in the way"
        ),
    ],
)
def test_can_take(text: str, name: str, able: bool) -> None:
    table = table_of(text)
    uses = [one for one in table.occurrences["old"] if one.role is Role.LOAD]
    assert table.can_take(name, table.module_scope, uses) is able


@pytest.mark.parametrize(
    ("text", "able"),
    [
        pytest.param("new = 1\ndef h():\n  import old\n  old.f()\n  new\n", False, id="the function reads the module's name"),
        pytest.param("def h():\n  import old\n  def i():\n    new\n", False, id="an inner function reads a global name"),
        pytest.param("def h():\n  import old\n  global new\n", False, id="the function declares it global"),
        pytest.param("def g():\n  new = 1\n  def h():\n    import old\n    nonlocal new\n", False, id="the function declares it nonlocal"),
        pytest.param("new = 1\ndef h():\n  import old\n  old.f()\nnew\n", True, id="only others read it"),
        pytest.param("def h():\n  import old\n  def i():\n    new = 1\n    new\n", True, id="an inner function has one of its own"),
    ],
)  # fmt: skip
def test_can_take_in_a_function(text: str, able: bool) -> None:
    table = table_of(text)
    (binding,) = (one for one in table.occurrences["old"] if one.role is Role.IMPORT)
    uses = [one for one in table.occurrences["old"] if one.role is Role.LOAD]
    assert table.can_take("new", binding.scope, uses) is able


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        pytest.param("x.globals(); globals = 1; f(eval=1)\n", False, id="names of the file's own"),
        pytest.param("eval = f\neval('x')\n", False, id="a function of the file's own"),
        pytest.param("globals()['x']\n", True, id="globals()"),
        pytest.param("def f():\n  exec('x')\n", True, id="exec in a function"),
        pytest.param("g = eval\n", True, id="eval handed on"),
    ],
)
def test_reads_namespace(text: str, reads: bool) -> None:
    assert table_of(text).reads_namespace() is reads


@pytest.mark.parametrize(
    ("text", "path", "written"),
    [
        pytest.param("x\n", "x", False, id="a name alone"),
        pytest.param("x = 1\n", "x", False, id="the name itself is bound"),
        pytest.param("x.a.b()\n", "x.a.b", False, id="a call"),
        pytest.param("x.a().b\n", "x.a", False, id="behind a call the path ends"),
        pytest.param("x.a[0].b = 1\n", "x.a", False, id="behind a subscript the path ends"),
        pytest.param("y = x.a\n", "x.a", False, id="read on the right side"),
        pytest.param("f(y=x.a)\n", "x.a", False, id="a keyword argument"),
        pytest.param("(x\n .a  # why\n .b)\n", "x.a.b", False, id="over several lines (T38)"),
        pytest.param("match y:\n  case x.a.b: pass\n", "x.a.b", False, id="a value pattern"),
        pytest.param("for y in x.a: pass\n", "x.a", False, id="an iterable"),
        pytest.param("x.a = 1\n", "x.a", True, id="assigned to"),
        pytest.param("x.a.b += 1\n", "x.a.b", True, id="augmented"),
        pytest.param("x.a: int = 1\n", "x.a", True, id="assigned to with an annotation"),
        pytest.param("del x.a\n", "x.a", True, id="deleted"),
        pytest.param("y, (x.a, z) = 1\n", "x.a", True, id="among several targets"),
        pytest.param("for x.a in y: pass\n", "x.a", True, id="a loop's target"),
        pytest.param("with y as x.a: pass\n", "x.a", True, id="a with target"),
        pytest.param("[1 for x.a in y]\n", "x.a", True, id="a comprehension's target"),
        pytest.param("y = x.a = 1\n", "x.a", True, id="a chained assignment"),
        pytest.param("del y, x.a\n", "x.a", True, id="deleted with others"),
        pytest.param("del (x.a)\n", "x.a", True, id="deleted in parentheses"),
        pytest.param("(x.a) = 1\n", "x.a", True, id="assigned to in parentheses"),
    ],
)
def test_path(text: str, path: str, written: bool) -> None:
    table = table_of(text)
    occurrence = table.occurrences["x"][0]
    names = occurrence.path()
    assert ".".join(name for name, _ in names) == path
    assert all(text[span.start : span.end] == name for name, span in names)
    assert occurrence.written_attribute() is written


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("x = 1\nx\nprint(__name__, len)\n", None, id="everything is bound"),
        pytest.param("def f(): y\nlambda: y\n[y for x in []]\n", None, id="functions and comprehensions may never run"),
        pytest.param("if a: y\ntry: y\nexcept E: y\nx = b or c\n", None, id="branches may not run"),
        pytest.param("a = None if y else z\n", None, id="a conditional expression"),
        pytest.param("from a import *\ny\n", None, id="a star import may bind it"),
        pytest.param("globals()['y'] = 1\ny\n", None, id="globals() may bind it"),
        pytest.param("def f():\n  global y\n  y = 1\ny\n", None, id="a function may bind it"),
        pytest.param(
            "from __future__ import annotations\ndef f(a: y) -> z: ...\nb: c = 1\n",
            None,
            id="annotations that do not run",
        ),
        pytest.param("a: 'y'\n", None, id="a string annotation does not run"),
        pytest.param("y\n", "y", id="a name at the top"),
        pytest.param("x = z\ny\n", "z", id="the first of several"),
        pytest.param("class C(y): ...\n", "y", id="a base class"),
        pytest.param("class C:\n  a = y\n", "y", id="a class body"),
        pytest.param("@y\ndef f(): ...\n", "y", id="a decorator"),
        pytest.param("def f(a=y): ...\n", "y", id="a default"),
        pytest.param("def f(a: y): ...\n", "y", id="an annotation that runs"),
        pytest.param("[1 for x in y]\n", "y", id="the first iterable of a comprehension"),
    ],
)
def test_unbound_at_import(text: str, name: str | None) -> None:
    tree = parse(text.encode())
    found = unbound_at_import(scope_table(tree), tree)
    assert (None if found is None else found.name) == name


def test_deeply_nested_code() -> None:
    text = "x = 1\n" + "y = " + "(" * 3000 + "x" + ")" * 3000 + "\n"
    table = table_of(text)
    assert [label(table.scope_of(one)) for one in table.occurrences["x"]] == ["module", "module"]
