"""strings.py through the engine: what each kind of text is listed as, and what is written; see also tests/cases."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import BASIC, Project, Texts, move

from codemods.references import AtRunTime, Disposition, ReferenceKind

MOCK = "from unittest import mock\n"
IMPORT = "from importlib import import_module as im\n"
RESOLVE = "from pkgutil import resolve_name as rn\n"
NAMED = "p.old.f\n"
"""Code that makes a file one to look at."""

FILES: Texts = {
    **BASIC,
    "p/old.py": "from p.new import f, g, C\nfrom p.other import h\n",
    "p/pure.py": "from p.new import f, g, C\n",
    "consumer.py": "from p.old import f\ndef run(): return f()\n",
    "p/lazy.py": "def run():\n  from p.old import Manager\n  return Manager()\n",
    "q/__init__.py": "",
    "q/deep.py": "from p.new import f\n",
}
PLAIN = Project(FILES, shims=("p.old", "p.pure", "q.deep"))
MOVING = Project(FILES, shims=("p.old",), moves=(move("p.other", "p.new"), move("p.stays", None)))


def listed(text: str, project: Project = PLAIN) -> list[str]:
    """The listing without the line numbers."""
    return [line.partition(" ")[2] for line in project.listing(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # nothing
        pytest.param("x = 'p.new.f p.other.h p.older x.p.old p'\n", [], id="nothing of interest"),
        pytest.param("x = ('p.ol d' '.f'), ('p.', 'old.f'), 'p.new' '.f'\n", [], id="pieces of nothing of interest"),
        pytest.param(IMPORT + "im('p.new')\nim('os')\nim(x)\n", [], id="other modules"),
        pytest.param(MOCK + "mock.patch('p.new.f')\nmock.patch('os.path')\n", [], id="other targets"),
        pytest.param("p.old.f\n", [], id="code"),
        pytest.param("x = f'{p.old.f}'\n", [], id="code in a field"),
        pytest.param("import logging\nlogging.getLogger('p.old' + x)\n", ["dotted-string p.old keep text-mention"], id="a part of a logger's name"),
        # texts for people
        pytest.param("# see p.old.f\n", ["comment p.old:f keep text-mention"], id="a comment"),
        pytest.param('"""p.old.f and p.old"""\n', ["docstring p.old:f keep text-mention", "docstring p.old keep text-mention"], id="a docstring"),
        pytest.param('""":func:`p.old`"""\n', ["docstring p.old keep text-mention"], id="a role for a module"),
        pytest.param('""":func:`p.old.h`"""\n', ["docstring p.old:h keep text-mention"], id="a role for a name that stays"),
        pytest.param('"""`p.old.f`"""\n', ["docstring p.old:f keep text-mention"], id="no role"),
        pytest.param('""":func:`p.old.f`"""  # unshim: keep\n', ["docstring p.old:f keep keep-comment"], id="a role that is kept"),
        pytest.param("print('use p.old.f')\n", ["dotted-string p.old:f keep text-mention"], id="a part of a message"),
        pytest.param("print('p.old')\n", ["dotted-string p.old keep text-mention"], id="a path that is printed"),
        pytest.param(r"x = re.compile(r'p\.old')" + "\n", ["source-text p.old keep text-mention"], id="a regular expression"),
        pytest.param("x = '\\np.old.f'\n", ["dotted-string p.old:f keep text-mention"], id="a line break in front of a path"),
        pytest.param("# p/old.py\n", ["comment p.old keep text-mention"], id="a file path in a comment"),
        pytest.param('"""p/old.py"""\n', ["docstring p.old keep text-mention"], id="a file path in a docstring"),
        pytest.param("from p.new import (  # noqa: F401\n    f,  # the first, and main, one\n    # the rest\n)\n", [], id="comments between imported names: their words are no names"),
        pytest.param("x = 'from p.new import (  # noqa: F401\\n f)'\n", [], id="... in a string of one line"),
        pytest.param("x = 'from p.new import (  # noqa: F401\\n nothing)'\n", ["source-text p.new:nothing manual text-mention"], id="... with a name behind the comment"),
        pytest.param("x = \"\"\"\nfrom p.new import (  # noqa: F401\n    f,\n)\n\"\"\"\n", [], id="... in source text"),
        pytest.param("# from p.new import (  # noqa: F401\n#     nothing,  # the first\n# )\n", ["comment p.new:nothing keep text-mention"], id="names of an import that is commented out"),
        pytest.param("x = \"\"\"\nfrom p.new import (  # noqa: F401\n    nothing,  # the first\n)\n\"\"\"\n", ["source-text p.new:nothing manual text-mention"], id="a name beside comments in source text"),
        # names that nothing looks up
        pytest.param("import logging\nlogging.getLogger('p.old')\n", ["dotted-string p.old keep runtime-name"], id="a logger"),
        pytest.param("a = 'p.old'\nlogging.getLogger(a)\n", ["dotted-string p.old keep runtime-name"], id="a logger's name in a variable"),
        pytest.param("self.assertLogs('p.old')\ncaplog.set_level(1, logger='p.old')\n", ["dotted-string p.old keep runtime-name"] * 2, id="a logger in a test"),
        # the name of a file, as likely as not: as a path it leads nowhere, in a module that stays
        pytest.param(NAMED + "open('p.new.log')\nx = Path('p.new.ini'), ['p.new.txt']\n", ["dotted-string p.new:log keep text-mention", "dotted-string p.new:ini keep text-mention", "dotted-string p.new:txt keep text-mention"], id="files with the name of the canonical module"),
        pytest.param(NAMED + "x.endswith('p.new.log')\nself.ini('p.new.ini')\n", ["dotted-string p.new:log keep text-mention", "dotted-string p.new:ini keep text-mention"], id="... given to methods"),
        pytest.param(NAMED + "x = 'p.new.ini p.new.log'.split(), 'file=p.new.log', b'cat p.new.log'\n", [f"dotted-string p.new:{name} keep text-mention" for name in ("ini", "log", "log", "log")], id="... in longer texts"),
        pytest.param(NAMED + "f = 'p.new.log'\nopen(f)\ng(f)\n", ["dotted-string p.new:log keep text-mention"], id="... in a variable"),
        pytest.param(NAMED + "x = 'p.new.gone.C'\n", ["dotted-string p.new:gone manual name-missing"], id="more than a name and an ending"),
        pytest.param(NAMED + "x = 'p.new:log'\n", ["dotted-string p.new:log manual name-missing"], id="no file has such a name"),
        pytest.param(NAMED + IMPORT + RESOLVE + "im('p.new.log')\nrn('p.new.log')\n", ["dynamic-import p.new:log manual name-missing"] * 2, id="a path that is looked up"),
        pytest.param(NAMED + MOCK + "mock.patch('p.new.log')\n", ["patch-target p.new:log manual name-missing"], id="a patch"),
        pytest.param(NAMED + IMPORT + "for n in ('p.new.log', 'p.new.ini'): im(n)\n", ["dynamic-import p.new:log manual name-missing", "dynamic-import p.new:ini manual name-missing"], id="a path that is looked up in a loop"),
        pytest.param(NAMED + "eval('p.new.log')\nx = 'python -m p.new.log'\n", ["dotted-string p.new:log manual name-missing", "dotted-string p.new:log manual use-not-visible"], id="a path that is run"),
        pytest.param(NAMED + "g(f'p.new.lo{x}')\n", ["dotted-string p.new:lo manual computed-string"], id="the beginning of a path"),
        # out of sight
        pytest.param("x = 'p.old.f'\n", ["dotted-string p.old:f manual use-not-visible"], id="a value"),
        pytest.param("x = 'p.old.f'  # unshim: keep\n", ["dotted-string p.old:f keep keep-comment"], id="a value that is kept"),
        pytest.param("x = 'p.old.nothing'\n", ["dotted-string p.old:nothing manual name-missing"], id="a name that is missing"),
        pytest.param("x = 'name = p.old:f'\n", ["dotted-string p.old:f manual use-not-visible"], id="an entry point"),
        pytest.param("x = 'name = p.old:f [extra]'\n", ["dotted-string p.old:f manual use-not-visible"], id="an entry point with an extra"),
        pytest.param("eval('p.old.f()')\n", ["dotted-string p.old:f manual use-not-visible"], id="evaluated"),
        pytest.param("x = b'p.old.f!'\n", ["dotted-string p.old:f manual persisted-name"], id="a part of bytes"),
        pytest.param("app.task(name='p.old.f')\n", ["dotted-string p.old:f manual persisted-name"], id="a task's name"),
        pytest.param("C.__module__ = 'p.old'\n", ["dotted-string p.old manual persisted-name"], id="__module__"),
        pytest.param("g(f'p.old.{x}')\n", ["dotted-string p.old manual computed-string"], id="in front of a field"),
        pytest.param("g(f'{x}: p.old')\n", ["dotted-string p.old keep text-mention"], id="a field further away"),
        pytest.param("x = 'p/old.py'\n", ["file-path p.old manual text-mention"], id="a file path"),
        pytest.param("x = 'p/old.py'  # unshim: keep\n", ["file-path p.old keep keep-comment"], id="a file path that is kept"),
        pytest.param("x = root / 'p' / 'old.py'\n", ["file-path p.old manual text-mention"], id="a file path with /"),
        pytest.param("x = os.path.join(root, 'p', 'old.py')\n", ["file-path p.old manual text-mention"], id="a file path with join"),
        pytest.param("x = os.path.join(root, 'other', 'old.py')\n", [], id="a file of that name elsewhere"),
        # source text
        pytest.param("x = 'import p.old'\n", ["source-text p.old manual text-mention"], id="source that is data"),
        pytest.param("exec('from p.old import f; )')\n", ["source-text p.old manual text-mention"], id="source that is wrong"),
        pytest.param("exec('from p.old import f')  # unshim: keep\n", ["source-text p.old:f keep keep-comment"], id="source that is kept"),
        # dynamic imports
        pytest.param(IMPORT + "g(im('p.old'))\n", ["dynamic-import p.old manual module-as-value"], id="a module that is handed on"),
        pytest.param(IMPORT + "im('p.old').h\n", ["dynamic-import p.old manual names-stay-behind"], id="a name that stays"),
        pytest.param(IMPORT + "m = im('p.old')\nm.f\nm.h\n", ["dynamic-import p.old manual names-stay-behind"], id="one name that stays"),
        pytest.param(IMPORT + "m = im('p.old')\nm = x\nm.f\n", ["dynamic-import p.old manual module-as-value"], id="a name that is bound twice"),
        pytest.param(IMPORT + "im('p.old').f = x\n", ["dynamic-import p.old manual module-as-value"], id="an attribute that is written"),
        pytest.param(IMPORT + "im('p.old.f')\n", ["dynamic-import p.old:f manual module-missing"], id="a name is no module"),
        pytest.param(IMPORT + "im('p.old').f()  # unshim: keep\n", ["dynamic-import p.old keep keep-comment"], id="a dynamic import that is kept"),
        pytest.param(IMPORT + "with raises(ImportError): im('p.old').f\n", ["dynamic-import p.old keep path-under-test"], id="an expected error"),
        pytest.param(IMPORT + "assert im('p.old').f is im('p.new').f\n", ["dynamic-import p.old keep path-under-test"], id="compared with the canonical path"),
        pytest.param(RESOLVE + "for a in ['p.old.f', 'p.new.f']: rn(a)\n", ["dynamic-import p.old:f keep path-under-test"], id="beside the canonical path"),
        pytest.param(RESOLVE + "rn('p.old:h')\n", ["dynamic-import p.old:h manual no-canonical-home"], id="another object"),
        pytest.param(RESOLVE + "rn('p.old:C')\nrn('p.old')\n", ["dynamic-import p.old:C rewrite", "dynamic-import p.old manual module-as-value"], id="the module itself"),
        pytest.param(IMPORT + "im('r.' + n)\n", [], id="another package is known"),
        pytest.param(IMPORT + "im('p.' + n + '.sub')\n", [], id="deeper than a module of the package"),
        pytest.param(IMPORT + "for n in ['new', 'other']: im('p.' + n)\n", [], id="the names are there to be seen"),
        pytest.param(IMPORT + "import pkgutil\nfor n in pkgutil.iter_modules(x): im('p.' + n.name)\n", [], id="the names are those of files"),
        pytest.param(IMPORT + "im('p.' + n)\n", ["dynamic-import p.old manual computed-string", "dynamic-import p.pure manual computed-string"], id="only the package is known"),
        pytest.param(IMPORT + "im('p.' + n)  # unshim: keep\n", ["dynamic-import p.old keep keep-comment", "dynamic-import p.pure keep keep-comment"], id="... and kept"),
        pytest.param(RESOLVE + "rn('p.' + n + '.f')\n", ["dynamic-import p.old manual computed-string", "dynamic-import p.pure manual computed-string"], id="... and a name behind it"),
        pytest.param(IMPORT + "im('p.{}'.format(n))\n", ["dynamic-import p.old manual computed-string", "dynamic-import p.pure manual computed-string"], id="... by format()"),
        pytest.param(IMPORT + "im('.' + n, 'p')\n", ["dynamic-import p.old manual computed-string", "dynamic-import p.pure manual computed-string"], id="... that it is relative to"),
        pytest.param(IMPORT + "im(f'p.old.{x}')\n", ["dynamic-import p.old manual computed-string"], id="a computed path"),
        pytest.param(IMPORT + "im(x + '.old.f')\n", ["dynamic-import p.old:f manual computed-string"], id="computed in front"),
        pytest.param(IMPORT + "im('.'.join(['p', x]))\ny = 'old'\n", ["dynamic-import p.old manual computed-string"], id="computed out of parts"),
        pytest.param(IMPORT + "im('.'.join(['p', 'old']))\n", ["dynamic-import p.old manual module-as-value"], id="computed out of known parts"),
        pytest.param(IMPORT + "im('.'.join(['p', 'old'])).f\n", ["dynamic-import p.old manual odd-layout"], id="known parts that are not written in one piece"),
        pytest.param(IMPORT + "im('.old', x).f\n", ["dynamic-import p.old manual computed-string"], id="relative to something unknown"),
        pytest.param("import sys\nsys.modules['p.old'] = x\n", ["dynamic-import p.old manual module-as-value"], id="a key that is set"),
        pytest.param("import sys\n'p.old' in sys.modules\n", ["dynamic-import p.old manual module-as-value"], id="a key that is looked for"),
        # out of a package, or relative to one
        pytest.param("__import__('p', fromlist=['new', 'f'])\n", [], id="__import__ lists nothing of interest"),
        pytest.param("__import__('p', globals())\nx = 'older'\n", [], id="__import__ without a list"),
        pytest.param("__import__('p', fromlist=['old']).old.f\n", ["dynamic-import p.old manual module-as-value"], id="__import__ lists a submodule"),
        pytest.param("__import__('p', {}, {}, ('old',))\n", ["dynamic-import p.old manual module-as-value"], id="__import__ lists a submodule in the fourth place"),
        pytest.param("__import__('p', fromlist=['old'])  # unshim: keep\n", ["dynamic-import p.old keep keep-comment"], id="__import__ lists a submodule that is kept"),
        pytest.param("L = ['old']\n__import__('p', fromlist=L)\n", ["dynamic-import p.old manual computed-string"], id="__import__ with a list in a name"),
        pytest.param("n = x()\ny = 'old'\n__import__('p', fromlist=[n])\n", ["dynamic-import p.old manual computed-string"], id="__import__ lists something unknown"),
        pytest.param(IMPORT + "for n in ('.old',): im(n, __name__)\n", ["dynamic-import p.old manual computed-string"], id="relative, in a loop"),
        pytest.param(IMPORT + "def h(n): im(n, package=__name__)\nh('.old')\n", ["dynamic-import p.old manual computed-string"], id="relative, by a parameter"),
        pytest.param(IMPORT + "L = {'f': '.old'}\ndef h(n): return im(L[n], 'p')\n", ["dynamic-import p.old manual computed-string"], id="relative, out of a dict"),
        pytest.param(IMPORT + "for n in '.old .x'.split(): im(n, 'p')\n", ["dynamic-import p.old manual computed-string"], id="relative, split out of a string"),
        pytest.param(IMPORT + "x = '.old'\nim(n)\n", [], id="nothing that a path could be relative to"),
        pytest.param("import lazy_loader as l\na, b, c = l.attach(__name__, submod_attrs={'old': ['f']})\n", ["dynamic-import p.old manual computed-string"], id="lazy_loader"),
        pytest.param("x.attach(__name__, 'old')\n", [], id="another attach"),
        # pieces, lists and values
        pytest.param("print('p.old.f'.rsplit('.', 1)[0])\n", ["dotted-string p.old:f keep text-mention"], id="a piece that is shown"),
        pytest.param(IMPORT + "def h(x):\n  m, n = x.rsplit('.', 1)\n  return getattr(im(m), n)\nh('p.old.f')\n", ["dotted-string p.old:f manual use-not-visible"], id="split into a module and a name"),
        pytest.param("print('p.new.f p.old.f')\n", ["dotted-string p.old:f keep text-mention"], id="a list that is shown"),
        pytest.param("x = 'p.new.f p.old.f'\n", ["dotted-string p.old:f manual use-not-visible"], id="a list of paths"),
        pytest.param("x = 'p.new, p.old'.split(', ')\n", ["dotted-string p.old manual use-not-visible"], id="a list with commas"),
        pytest.param("x = 'see p.old.f'\n", ["dotted-string p.old:f keep text-mention"], id="a word and a path"),
        pytest.param("x = '{\"a\": \"p.old.f\"}'\n", ["dotted-string p.old:f manual use-not-visible"], id="a value in JSON"),
        pytest.param("x = 'from \"p.old.f\" on'\n", ["dotted-string p.old:f keep text-mention"], id="a path in quotes in a sentence"),
        pytest.param("run(['x', '--plugin=p.old'])\n", ["dotted-string p.old manual use-not-visible"], id="the value of an option"),
        pytest.param("app.skip('p.old')\n", ["dotted-string p.old manual use-not-visible"], id="a method like one that tells"),
        pytest.param("logger.error('p.old')\n", ["dotted-string p.old keep text-mention"], id="a method that tells"),
        pytest.param("x = {'stream': 'ext://p.old.f'}\n", ["dotted-string p.old:f manual use-not-visible"], id="an object that logging.config gets"),
        # importing functions that are handed on
        pytest.param(IMPORT + "x = map(im, ['p.n'])\n", [], id="handed on, without the name"),
        pytest.param(IMPORT + "x = map(im, ['p.' + n for n in ('old',)])\n", ["dynamic-import p.old manual computed-string"], id="handed on to map"),
        pytest.param(IMPORT + "im(*('.old', 'p'))\n", ["dynamic-import p.old manual computed-string"], id="arguments in one"),
        pytest.param(IMPORT + "# p.old\nfor n in ['old']: im('p.' + n)\n", ["comment p.old keep text-mention", "dynamic-import p.old manual computed-string"], id="computed beside a mention that holds nothing"),
        pytest.param(IMPORT + "N = 'new old'\nfor n in N.split(): im('p.' + n)\n", ["dynamic-import p.old manual computed-string"], id="computed out of a list in a string"),
        # source text of which something is not to be seen
        pytest.param("x = 'from .old import f'\n", [], id="relative source of a file without a package"),
        pytest.param("n = 'old'\nexec('import p.' + n)\n", ["dynamic-import p.old manual computed-string"], id="source that is put together"),
        pytest.param("n = 'old'\nx = 'import p.' + n\n", [], id="the same, never executed"),
        # command lines
        pytest.param("print('run python -m p.old')\n", ["dotted-string p.old keep text-mention"], id="a command that is shown"),
        pytest.param("os.system('ls --m p.old')\n", ["dotted-string p.old keep text-mention"], id="a long option"),
        pytest.param("os.system('python -m p.old')\n", ["dotted-string p.old manual use-not-visible"], id="a module that a command runs"),
        pytest.param("x = '-m p.old'\n", ["dotted-string p.old manual use-not-visible"], id="the option first"),
        pytest.param("run('python -Im p.old'.split())\n", ["dotted-string p.old manual use-not-visible"], id="a command that is split"),
        pytest.param("run('python -c \"from p.old import f\"')\n", ["dotted-string p.old manual use-not-visible"], id="source that a command runs"),
        pytest.param("run('python -c \"x; import p.old\"')\n", ["dotted-string p.old manual use-not-visible"], id="source that a command runs, not the first"),
        pytest.param("x = '''\n[a]\nx = p.old:f\n'''\n", ["dotted-string p.old:f manual use-not-visible"], id="an entry point among others"),
        pytest.param("M = 'p.old'\n" + IMPORT + "im(M).f\ng(M)\n", ["dynamic-import p.old manual computed-string"], id="a constant with two uses"),
        # patches
        pytest.param(MOCK + "mock.patch('p.old')\n", ["patch-target p.old manual module-as-value"], id="a patch of the module"),
        pytest.param(MOCK + "mock.patch('p.old.h')\n", ["patch-target p.old:h manual no-canonical-home"], id="a patch of another name"),
        pytest.param(MOCK + "mock.patch('p.old.nothing')\n", ["patch-target p.old:nothing manual name-missing"], id="a patch that fails"),
        pytest.param(MOCK + "mock.patch('consumer.f')\n", ["patch-target consumer:f keep patched-where-read"], id="a consumer's namespace"),
        pytest.param(MOCK + "mock.patch('consumer.f.x')\n", ["patch-target consumer:f keep patched-where-read"], id="an attribute over a consumer"),
        pytest.param(MOCK + "mock.patch('p.lazy.C')\n", ["patch-target p.lazy:C manual patch-fails-today"], id="a name that the consumer has not"),
        pytest.param(MOCK + "mock.patch('p.lazy.C', create=True)\n", [], id="a name that the patch creates"),
        pytest.param(MOCK + "mock.patch('p.new.__name__', 'x')\n", [], id="a patch of what the canonical module has by itself"),
        pytest.param(MOCK + "mock.patch('p.old.__name__', 'x')\n", ["patch-target p.old:__name__ manual module-as-value"], id="... and the shim, too"),
        pytest.param(MOCK + "mock.patch('p.old.f')  # unshim: keep\n", ["patch-target p.old:f keep keep-comment"], id="a patch that is kept"),
        pytest.param(MOCK + "mock.patch(f'p.old.{x}')\n", ["patch-target p.old manual computed-string"], id="a computed target"),
        pytest.param(MOCK + "mock.patch('.'.join(['p', 'old', 'f']))\n", ["patch-target p.old:f manual odd-layout"], id="a target out of parts"),
        pytest.param(MOCK + "mock.patch.dict('p.old')\n", ["patch-target p.old manual module-as-value"], id="the module's own dict"),
        pytest.param(MOCK + "mock.patch.multiple('p.old', f=1, h=2)\n", ["patch-target p.old:f manual no-canonical-home", "patch-target p.old:h manual no-canonical-home"], id="patch.multiple with a name that stays"),
    ],
)  # fmt: skip
def test_listed(text: str, wanted: list[str]) -> None:
    assert listed(text) == wanted
    assert all(line.split()[2] != "rewrite" for line in wanted) is (PLAIN.rewritten(text) == text.encode())


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param("'p.' 'old.f'", id="side by side"),
        pytest.param("""'p.'"old.f\"""", id="without a space"),
        pytest.param("'p' '.o' 'ld.f'", id="three of them"),
        pytest.param("'''p.''''old.f'", id="three quotes"),
        pytest.param("'p.'\n\n  'old.f'", id="on two lines"),
        pytest.param("'p.'\r\n  'old.f'", id="on two lines that end with CRLF"),
        pytest.param("'p.'  # c\r  'old.f'", id="on two lines that end with CR"),
        pytest.param("'p.'  # c\n  # 'd'\n  'old.f'", id="comments between them"),
        pytest.param("'p.' \\\n 'old.f'", id="a backslash between them"),
        pytest.param("'p.\\\n' 'old.f'", id="a line that goes on at the end of a piece"),
        pytest.param("r'p.' U'old.f'", id="prefixes"),
        pytest.param("'p.' '' 'old.f'", id="an empty piece between them"),
        pytest.param("'p\\x2e' 'old.f'", id="an escape at the end"),
        pytest.param("'p\\N{FULL STOP}' 'old.f'", id="an escape with a space"),
        pytest.param("'' 'p\\x2eold.f'", id="an empty piece in front of an escape"),
        pytest.param("'p.''old.f'", id="without a space, the same quotes"),
        pytest.param("'p.''''old.f'''", id="without a space, then three quotes"),
        pytest.param("'p.''' 'old.f'", id="an empty piece directly behind one"),
        pytest.param("'p\\x2eold.f'''", id="an escape, and an empty piece directly behind it"),
        pytest.param("'\\N{LATIN SMALL LETTER P}.old.f'''", id="a long escape, and an empty piece directly behind it"),
        pytest.param("f'{\"p\"}.old.f'''", id="a field, and an empty piece directly behind it"),
        pytest.param("'''''''p\\x2eold.f'", id="an empty piece in three quotes directly in front of one"),
        pytest.param('"" """p\\x2eold.f"""', id="an empty piece, double quotes"),
        pytest.param("'''''' 'p\\x2eold.f'", id="an empty piece in three quotes"),
        pytest.param("f'{\"p\"}' '.old.f'", id="a field at the end"),
        pytest.param("f'{ \"p\" }.' 'old.f'", id="a field with spaces"),
        pytest.param("'' f'{\"p\"}.old.f'", id="an empty piece in front of a field"),
    ],
)
def test_a_path_in_pieces(pieces: str) -> None:
    assert listed(f"x = ({pieces})\n") == ["dotted-string p.old:f manual use-not-visible"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # dynamic imports
        pytest.param(IMPORT + "im('p.old').f()\n", IMPORT + "im('p.new').f()\n", id="import_module"),
        pytest.param(IMPORT + "im('p.pure')\n", IMPORT + "im('p.new')\n", id="for its effect"),
        pytest.param(IMPORT + "m = im('p.old')\nm.f(m.g)\n", IMPORT + "m = im('p.new')\nm.f(m.g)\n", id="a name for the module"),
        pytest.param(IMPORT + "getattr(im('p.old'), 'f')\n", IMPORT + "getattr(im('p.new'), 'f')\n", id="getattr"),
        pytest.param(IMPORT + "im('.old', 'p').f\n", IMPORT + "im('.new', 'p').f\n", id="relative"),
        pytest.param(IMPORT + "im('.old', package='p').f\n", IMPORT + "im('.new', package='p').f\n", id="relative, by keyword"),
        pytest.param(IMPORT + "im('..deep', 'q.x').f\n", IMPORT + "im('p.new', 'q.x').f\n", id="relative, to another package"),
        pytest.param("__import__('p.old', fromlist=['f']).f\n", "__import__('p.new', fromlist=['f']).f\n", id="__import__ with names"),
        pytest.param("__import__('p.old', {}, {}, ('f',)).f\n", "__import__('p.new', {}, {}, ('f',)).f\n", id="__import__ with names in the fourth place"),
        pytest.param(RESOLVE + "rn('p.old:C.run')\n", RESOLVE + "rn('p.new:C.run')\n", id="resolve_name"),
        pytest.param("pytest_plugins = ['p.pure']\n", "pytest_plugins = ['p.new']\n", id="a plugin"),
        pytest.param("import sys\nsys.modules['p.old'].f\n", "import sys\nsys.modules['p.new'].f\n", id="a key of which a name is read"),
        pytest.param(IMPORT + "for a in ['p.pure', 'os']: im(a)\n", IMPORT + "for a in ['p.new', 'os']: im(a)\n", id="a loop over modules"),
        pytest.param(IMPORT + "for a in ['p.pure', 'os']: g(im(a))\n", IMPORT + "for a in ['p.pure', 'os']: g(im(a))\n", id="a loop, and what is read is out of sight"),
        pytest.param(RESOLVE + "for a in ['p.old.f', 'os.path']: rn(a)\n", RESOLVE + "for a in ['p.new.f', 'os.path']: rn(a)\n", id="a loop over names"),
        # patches
        pytest.param(MOCK + "@mock.patch('p.old.f')\ndef test(f): ...\n", MOCK + "@mock.patch('p.new.f')\ndef test(f): ...\n", id="a decorator"),
        pytest.param("from unittest.mock import patch as p\nq = p\nq('p.old.f')\n", "from unittest.mock import patch as p\nq = p\nq('p.new.f')\n", id="a name for an imported name"),
        pytest.param("M \\\n = 'p.old'\n" + MOCK + "mock.patch(M + '.f')\n", "M \\\n = 'p.new'\n" + MOCK + "mock.patch(M + '.f')\n", id="a constant on two lines"),
        pytest.param("M: str = 'p.old'\n" + MOCK + "mock.patch(M + '.f')\n", "M: str = 'p.new'\n" + MOCK + "mock.patch(M + '.f')\n", id="a constant with a type"),
        pytest.param(MOCK + "mock.patch(target='p.old.f')\n", MOCK + "mock.patch(target='p.new.f')\n", id="by keyword"),
        pytest.param(MOCK + "mock.patch('p.old.C.run')\n", MOCK + "mock.patch('p.new.C.run')\n", id="an attribute of a class"),
        pytest.param(MOCK + "mock.patch.dict('p.old.C.d')\n", MOCK + "mock.patch.dict('p.new.C.d')\n", id="patch.dict"),
        pytest.param(MOCK + "mock.patch.multiple('p.old', f=1, g=2, create=True)\n", MOCK + "mock.patch.multiple('p.new', f=1, g=2, create=True)\n", id="patch.multiple"),
        pytest.param("def test(monkeypatch): monkeypatch.setattr('p.old.f', 1)\n", "def test(monkeypatch): monkeypatch.setattr('p.new.f', 1)\n", id="monkeypatch"),
        # ways to write a string
        pytest.param(IMPORT + 'im("p.old").f\n', IMPORT + 'im("p.new").f\n', id="double quotes"),
        pytest.param(IMPORT + 'im(r"""p.old""").f\n', IMPORT + 'im(r"""p.new""").f\n', id="raw, three quotes"),
        pytest.param(IMPORT + "im('p.' 'old').f\n", IMPORT + "im('p.' 'new').f\n", id="two literals"),
        pytest.param(IMPORT + "im('p.' + 'old').f\n", IMPORT + "im('p.' + 'new').f\n", id="a sum"),
        pytest.param(IMPORT + "im(f'p.{\"old\"}').f\n", IMPORT + "im(f'p.{\"new\"}').f\n", id="a field"),
        pytest.param(IMPORT + "im('p.%s' % 'old').f\n", IMPORT + "im('p.%s' % 'new').f\n", id="a template"),
        pytest.param(IMPORT + "im('\\x70.old').f\n", IMPORT + "im('\\x70.old').f\n", id="an escape: nothing is written"),
        pytest.param(IMPORT + "im('p.o' 'ld').f\n", IMPORT + "im('p.o' 'ld').f\n", id="a name in two pieces: nothing is written"),
        pytest.param(IMPORT + "im('q.' 'deep').f\n", IMPORT + "im('p.' 'new').f\n", id="both components in two literals"),
        pytest.param("P = 'p'\n" + MOCK + "mock.patch(P + '.old.f')\n", "P = 'p'\n" + MOCK + "mock.patch(P + '.new.f')\n", id="a constant that stays"),
        pytest.param("M = 'p.old'\n" + MOCK + "mock.patch(M + '.f')\nmock.patch(f'{M}.g')\n", "M = 'p.new'\n" + MOCK + "mock.patch(M + '.f')\nmock.patch(f'{M}.g')\n", id="a constant that all uses change"),
        pytest.param("M = 'p.old'\n" + MOCK + "mock.patch(M + '.f')\nmock.patch(f'{M}.h')\n", "M = 'p.old'\n" + MOCK + "mock.patch(M + '.f')\nmock.patch(f'{M}.h')\n", id="a constant that one use holds"),
        pytest.param("M = 'p.old'\n" + MOCK + "mock.patch(M + '.f')\nprint(M)\n", "M = 'p.new'\n" + MOCK + "mock.patch(M + '.f')\nprint(M)\n", id="a constant that is printed too"),
        # source text and docstrings
        pytest.param("exec('from p.old import f')\n", "exec('from p.new import f')\n", id="exec"),
        pytest.param("run = exec\nrun('from p.old import f')\n", "run = exec\nrun('from p.new import f')\n", id="exec under another name"),
        pytest.param("import builtins as b\nb.exec('from p.old import f')\n", "import builtins as b\nb.exec('from p.new import f')\n", id="exec over its module"),
        pytest.param("exec('''\n  import p.old\n  p.old.f()\n''')\n", "exec('''\n  import p.new\n  p.new.f()\n''')\n", id="exec of an indented text"),
        pytest.param("exec('from p.old import f\\nf()')\n", "exec('from p.new import f\\nf()')\n", id="exec of a text with escapes"),
        pytest.param("run(['py', '-c', 'import p.old; p.old.f()'])\n", "run(['py', '-c', 'import p.new; p.new.f()'])\n", id="python -c"),
        pytest.param('""":class:`p.old.C` p.old.C"""\n', '""":class:`p.new.C` p.old.C"""\n', id="a role, and prose"),
        pytest.param('""":py:class:`~p.old.C` :func:`!p.old.f`"""\n', '""":py:class:`~p.new.C` :func:`!p.new.f`"""\n', id="roles with marks"),
        pytest.param('"""::: p.old.C"""\n', '"""::: p.new.C"""\n', id="a directive of mkdocstrings"),
        pytest.param('"""\n>>> from p.old import f\n>>> f()\n"""\n', '"""\n>>> from p.new import f\n>>> f()\n"""\n', id="a doctest"),
        pytest.param('"""\r\n  >>> import p.old\r\n  >>> p.old.f()\r\n"""\r\n', '"""\r\n  >>> import p.new\r\n  >>> p.new.f()\r\n"""\r\n', id="a doctest with CRLF"),
        pytest.param('"""\n>>> from p.old import f, h\n"""\n', '"""\n>>> from p.old import f, h\n"""\n', id="a doctest that would be split"),
        pytest.param('""">>> from p.old import f\n>>> f()\n"""\n', '""">>> from p.new import f\n>>> f()\n"""\n', id="a doctest directly behind the quotes"),
        pytest.param('"""\n>>> from p.old import f\n>>> f()\n>>> 1 +\n"""\n', '"""\n>>> from p.old import f\n>>> f()\n>>> 1 +\n"""\n', id="a doctest that does not parse stays"),
    ],
)  # fmt: skip
def test_rewritten(before: str, after: str) -> None:
    assert PLAIN.rewritten(before) == after.encode()


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        pytest.param(ReferenceKind.COMMENT, "# p.old.f, p.old, p.old.h\n", "# p.new.f, p.new, p.old.h\n", id="comments"),
        pytest.param(ReferenceKind.COMMENT, "# p.old.f  # unshim: keep\n", "# p.old.f  # unshim: keep\n", id="a comment that is kept"),
        pytest.param(ReferenceKind.DOCSTRING, '"""p.old.f"""\n', '"""p.new.f"""\n', id="docstrings"),
        pytest.param(ReferenceKind.DOCSTRING, "# p.old.f\nx = 'p.old.f'\n", "# p.old.f\nx = 'p.old.f'\n", id="nothing else"),
        pytest.param(ReferenceKind.DOTTED_STRING, "x = 'p.old.f'\ny = 'use p.old.f'\n", "x = 'p.new.f'\ny = 'use p.new.f'\n", id="strings"),
        pytest.param(ReferenceKind.DOTTED_STRING, "x = 'p.old.h'\n", "x = 'p.old.h'\n", id="a name that stays"),
        pytest.param(ReferenceKind.SOURCE_TEXT, "x = 'import p.old; p.old.f()'\n", "x = 'import p.new; p.new.f()'\n", id="source text"),
        pytest.param(ReferenceKind.FILE_PATH, "x = 'p/old.py'\n", "x = 'p/old.py'\n", id="a file that has not moved"),
    ],
)  # fmt: skip
def test_texts_that_the_recipe_asks_for(kind: ReferenceKind, before: str, after: str) -> None:
    project = Project(FILES, shims=("p.old",), texts=frozenset({kind}))
    assert project.rewritten(before) == after.encode()
    others = frozenset(ReferenceKind) - {kind}
    assert before == after or Project(FILES, shims=("p.old",), texts=others).rewritten(before) == before.encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            IMPORT + "g(im('p.other'))\n", IMPORT + "g(im('p.new'))\n", id="a module that moved is the same to all"
        ),
        pytest.param(MOCK + "mock.patch('p.other')\n", MOCK + "mock.patch('p.new')\n", id="a patch of the module"),
        pytest.param("import sys\nsys.modules['p.other'] = x\n", "import sys\nsys.modules['p.new'] = x\n", id="a key"),
        pytest.param("x = 'p/other.py'\n", "x = 'p/new.py'\n", id="a file path"),
        pytest.param("x = 'p.stays'\n", "x = 'p.stays'\n", id="kept by the recipe"),
    ],
)
def test_moves(before: str, after: str) -> None:
    project = Project(FILES, moves=MOVING.moves, texts=frozenset({ReferenceKind.FILE_PATH}))
    assert project.rewritten(before) == after.encode()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(MOCK + "mock.patch('p.old.f')\n", [AtRunTime.PATCHES], id="a patch"),
        pytest.param(MOCK + "mock.patch('p.old.C.run')\n", [AtRunTime.NOTHING], id="an attribute of an object"),
        pytest.param(MOCK + "mock.patch('p.old')\n", [AtRunTime.PATCHES], id="a patch of the module"),
        pytest.param("import sys\nsys.modules['p.old'] = x\n", [AtRunTime.PATCHES], id="a key"),
        pytest.param("g('p.old.f')\n", [AtRunTime.PERHAPS_PATCHES], id="a value"),
        pytest.param("g('p.old')\n", [AtRunTime.NOTHING], id="a module as a value"),
        pytest.param("g('p.old.C.run')\n", [AtRunTime.NOTHING], id="an attribute as a value"),
        pytest.param(IMPORT + "im('p.old').f\n", [AtRunTime.NOTHING], id="an import"),
        pytest.param(IMPORT + "g(im('p.old'), 'other')\n", [AtRunTime.NOTHING], id="an import and a text"),
        pytest.param(IMPORT + "print(im('p.old'), 'f')\n", [AtRunTime.NOTHING], id="an import and a name, shown"),
        pytest.param(IMPORT + "getattr(im('p.old'), 'f')\n", [AtRunTime.NOTHING], id="an import, and a name that is read"),
        pytest.param(IMPORT + "g(im('p.old'), 'f')\n", [AtRunTime.NOTHING, AtRunTime.PERHAPS_PATCHES], id="an import and a name"),
        pytest.param(IMPORT + "x = [(im('p.old'), 'f')]\n", [AtRunTime.NOTHING, AtRunTime.PERHAPS_PATCHES], id="a table"),
        pytest.param(MOCK + "mock.patch.object(__import__('p.old', fromlist=['x']), 'f')\n", [AtRunTime.NOTHING, AtRunTime.PERHAPS_PATCHES], id="a patch of an import that stays"),
        pytest.param(IMPORT + MOCK + "mock.patch.object(im('p.old'), 'f')\n", [AtRunTime.PATCHES], id="a patch of an import that moves"),
        pytest.param(MOCK + "import p.old as m\nmock.patch(m.__name__)\n", [AtRunTime.NOTHING, AtRunTime.NOTHING, AtRunTime.PATCHES], id="a patch of a module by its name"),
        pytest.param(MOCK + "import p.old as m\nmock.patch(f'{m.__name__}.f')\n", [AtRunTime.NOTHING, AtRunTime.NOTHING, AtRunTime.PATCHES], id="a patch of a name, by the module's"),
        pytest.param(MOCK + "import p.new as m\nmock.patch(m.__name__ + '.x')\n", [], id="a patch by the canonical module's name"),
        pytest.param(MOCK + "import p.old as m\nmock.patch(f'{m.__doc__}.f')\n", [AtRunTime.NOTHING, AtRunTime.NOTHING], id="another attribute of the module"),
    ],
)  # fmt: skip
def test_at_run_time(text: str, wanted: list[AtRunTime]) -> None:
    assert [one.at_run_time for one in PLAIN.references(text)] == wanted


def test_a_constant_that_another_file_may_read() -> None:
    text = "M = 'p.old'\n" + IMPORT + "im(M).f\n"
    assert PLAIN.rewritten(text) != text.encode()
    assert Project(FILES, mentioned=("use:M",)).rewritten(text) == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("g('p.old.' + x)\n", id="a sum that is handed on"),
        pytest.param("g('p.old.%s' % x)\n", id="a template that is handed on"),
        pytest.param("g('p.old.{}'.format(x))\n", id="format"),
        pytest.param("M = 'p.old'\nprint(M)\n", id="printed, and read by another file"),
        pytest.param("T = {'x': ('p.old', 'f')}\nfor k, (a, b) in T.items():\n  g(a)\n  print(k)\n", id="targets in targets"),
    ],
)  # fmt: skip
def test_what_may_be_looked_up_is_no_prose(text: str) -> None:
    found = Project(FILES, mentioned=("use:M",)).references(text)
    assert [one.disposition for one in found] == [Disposition.MANUAL]


@given(
    st.lists(
        st.sampled_from(["p.old.f", "p.new.g", "# p.old.C\n", "'p.old'", '"""', "exec('import p.old')\n", "im('p.old').f\n", "\n", " ", "'é'\n", "x = "]),
        max_size=8,
    )
)  # fmt: skip
def test_any_text_is_read_and_written_once(pieces: list[str]) -> None:
    text = IMPORT + "".join(pieces)
    try:
        compile(text, "use.py", "exec")
    except SyntaxError:
        return
    after = PLAIN.rewritten(text)
    compile(after, "use.py", "exec")
    starts = [one.start for one in PLAIN.references(text) if one.disposition is Disposition.REWRITE]
    assert len(starts) == len(set(starts))
