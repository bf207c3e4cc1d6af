"""ownership.py: what a path is, compared with the canonical module's."""

from __future__ import annotations

import pytest
from support import BASIC, Repository, Texts, move

from codemods.alias_map import AliasMap
from codemods.modules import Move, Target
from codemods.ownership import Finding, Ownership
from codemods.symbols import Symbol, parse_symbol


def ownership(
    files: Texts,
    *targets: Target,
    moves: tuple[Move, ...] = (),
    shims: tuple[str, ...] = (),
    twins: dict[str, str] | None = None,
    opaque: tuple[str, ...] = (),
) -> Ownership:
    repository = Repository(files, frozenset(opaque), twins=twins or {})
    return Ownership(AliasMap(repository), repository, targets or (Target("p.new"),), moves, shims)


def show(finding: Finding | None) -> str:
    if finding is None:
        return "nothing"
    return f"{finding.relation} {finding.new or ''} {finding.reason or ''}".replace("  ", " ").strip()


def with_new(text: str, **others: str) -> dict[str, str]:
    return {**BASIC, "p/new.py": text, **{f"p/{name}.py": other for name, other in others.items()}}


@pytest.mark.parametrize(
    ("text", "target", "names"),
    [
        pytest.param("import os\nfrom p.other import h\n", Target("p.new"), (), id="what it imports is not its own"),
        pytest.param("__version__ = '1'\n", Target("p.new"), (), id="dunder names are not its own"),
        pytest.param("def f(): ...\nX = 1\n_y = 2\n", Target("p.new"), ("f", "X", "_y"), id="what it defines"),
        pytest.param(
            "from p.other import h\n__all__ = ['h']\ndef f(): ...\n",
            Target("p.new"),
            ("h", "f"),
            id="what its __all__ lists",
        ),
        pytest.param(
            "from p.other import h\n__all__ = ['h']\ndef f(): ...\n",
            Target("p.new", homes=("p.other",)),
            ("f",),
            id="not what it passes on of a home",
        ),
        pytest.param(
            "from p.other import h as g\n__all__ = ['g']\n",
            Target("p.new", homes=("p.other",)),
            ("g",),
            id="a home's object under a name of its own",
        ),
        pytest.param(
            "def f(): ...\ndef g(): ...\n", Target("p.new", symbols=("g",)), ("g",), id="what the recipe says"
        ),
        pytest.param("", Target("p.gone"), (), id="a module that is not there"),
    ],
)
def test_owned_names(text: str, target: Target, names: tuple[str, ...]) -> None:
    assert ownership(with_new(text), target).owned_names(target) == names


def test_distinctive_names_have_two_words() -> None:
    target = Target("p.new")
    own = ownership(
        with_new("def get_manager(): ...\nclass WebSocket: ...\ndef main(): ...\nlogger = 1\n_two_words = 1\n"), target
    )
    assert own.distinctive_names(target) == {"get_manager", "WebSocket"}
    assert own.distinctive_names(target) == {"get_manager", "WebSocket"}


@pytest.mark.parametrize(
    ("text", "target", "names"),
    [
        pytest.param("", Target("p.gone"), set(), id="no module"),
        pytest.param(
            "def f(): ...\nX = 1\ndef _g(): ...\nclass C: ...\n",
            Target("p.new"),
            {"f", "C"},
            id="functions and classes",
        ),
        pytest.param("def f(): ...\n__all__ = ['X']\nX = 1\n", Target("p.new"), {"X"}, id="its __all__"),
        pytest.param("def f(): ...\nX = 1\n", Target("p.new", symbols=("X",)), {"X"}, id="what the recipe says"),
    ],
)
def test_public_names(text: str, target: Target, names: set[str]) -> None:
    assert ownership(with_new(text), target).public_names(target) == names


def test_implementation_modules() -> None:
    target = Target("p.new", symbols=("h", "f"))
    assert ownership(with_new("from p.other import h\ndef f(): ...\n"), target).implementation_modules(target) == {
        "p.other"
    }


@pytest.mark.parametrize(
    ("canonical", "name", "alike"),
    [
        pytest.param("p.manager", "get_manager", False, id="a module of one word says nothing"),
        pytest.param("p.websocket_manager", "get_manager", False, id="one word of two"),
        pytest.param("p.websocket_manager", "create_websocket_manager", True, id="both words"),
        pytest.param("p.websocket_manager", "WebSocketManagerFactory", True, id="in capitals"),
    ],
)
def test_resemblance(canonical: str, name: str, alike: bool) -> None:
    assert Ownership.resembles(Target(canonical), name) is alike


WS = {
    "ws/__init__.py": "",
    "ws/web_socket.py": "class WebSocket: ...\ndef get_it(): ...\ndef f(): ...\n",
    "ws/old.py": "from ws.web_socket import WebSocket, get_it, f\n",
    "far/__init__.py": "",
    "far/away.py": "class WebSocket: ...\ndef make_web_socket(): ...\ndef f(): ...\n",
    "ws/near.py": "def make_web_socket(): ...\ndef f(): ...\n",
}
WS_TARGET = Target("ws.web_socket")


@pytest.mark.parametrize(
    ("symbol", "finding"),
    [
        pytest.param("os:path", "nothing", id="from outside"),
        pytest.param("far.away:f", "nothing", id="another object of a common name"),
        pytest.param("far.away:make_web_socket", "nothing", id="a name like the module's, far away"),
        pytest.param("far.gone:f", "nothing", id="a missing module and a common name"),
        pytest.param("ws.web_socket:WebSocket", "canonical ws.web_socket:WebSocket", id="canonical"),
        pytest.param("ws.web_socket:gone", "missing name-missing", id="the canonical module does not have it"),
        pytest.param("ws.web_socket:__file__", "canonical ws.web_socket:__file__", id="what every module has"),
        pytest.param("ws.web_socket:__version__", "missing name-missing", id="what only some modules have"),
        pytest.param("ws.near:__file__", "nothing", id="what another module has, too"),
        pytest.param("ws.old:WebSocket", "alias ws.web_socket:WebSocket", id="an alias, the module listed or not"),
        pytest.param("ws:web_socket", "nothing", id="the canonical module as a name"),
        pytest.param("far.away:WebSocket", "divergent different-object", id="another class of a distinctive name"),
        pytest.param("ws.near:make_web_socket", "divergent no-canonical-home", id="a name like the module's, near"),
        pytest.param(
            "far.gone:WebSocket",
            "repair ws.web_socket:WebSocket repair-off",
            id="a missing module and a distinctive name",
        ),
        pytest.param("ws.near:WebSocket", "repair ws.web_socket:WebSocket repair-off", id="a missing name"),
        pytest.param("far.gone:make_web_socket", "nothing", id="missing, like the module's name, far away"),
        pytest.param("ws.gone:make_web_socket", "missing module-missing", id="missing, like the module's name, near"),
    ],
)
def test_finding(symbol: str, finding: str) -> None:
    assert show(ownership(WS, WS_TARGET).finding(parse_symbol(symbol))) == finding


def test_repairs_can_be_asked_for() -> None:
    found = ownership(WS, Target("ws.web_socket", repairs=True)).finding(parse_symbol("far.gone:WebSocket"))
    assert show(found) == "repair ws.web_socket:WebSocket"


@pytest.mark.parametrize(
    ("old", "name", "finding"),
    [
        pytest.param("from p.new import f\n", "f", "alias p.new:f", id="an alias"),
        pytest.param("from p.new import f as g2\n", "g2", "alias p.new:f", id="under another name"),
        pytest.param(
            "import os\n", "os", "divergent no-canonical-home", id="a module from outside that the canonical one lacks"
        ),
        pytest.param("def f(): ...\n", "f", "divergent different-object", id="another object"),
        pytest.param("def only(): ...\n", "only", "divergent no-canonical-home", id="an object that nobody else has"),
        pytest.param("from p.new import f\n", "gone", "missing name-missing", id="a name that it lacks"),
        pytest.param(
            "from p.new import f\n", "g", "repair p.new:g repair-off", id="a name that the canonical module has"
        ),
        pytest.param("from p.new import f\n", "__doc__", "divergent module-as-value", id="its own docstring"),
        *(
            pytest.param("from p.new import *\n", f"__{name}__", "divergent module-as-value", id=f"its own {name}")
            for name in ("name", "file", "path", "spec", "loader", "package", "dict")
        ),
        pytest.param(
            "if x: from p.new import f\nelse: f = 1\n", "f", "undecidable ambiguous-binding", id="two objects"
        ),
        pytest.param("def __getattr__(n): return x(n)\n", "f", "undecidable computed-names", id="computed"),
        pytest.param(
            "if TYPE_CHECKING: from p.new import f\n", "f", "undecidable type-checking-only", id="for the type checker"
        ),
        pytest.param(
            "from p.new import f\ndef h():\n  global f\n", "f", "undecidable p.new:f rebound-at-run-time", id="rebound"
        ),
        pytest.param(
            "import p.gone\nfrom p.new import f\n", "f", "repair p.new:f repair-off", id="the shim cannot be imported"
        ),
        pytest.param(
            "from p.new import f\nx = not_bound\n)\n", "f", "missing module-missing", id="the shim's file is at fault"
        ),
    ],
)
def test_a_shims_names(old: str, name: str, finding: str) -> None:
    own = ownership({**BASIC, "p/old.py": old}, shims=("p.old",))
    assert show(own.finding(Symbol("p.old", name))) == finding


def test_what_the_canonical_module_merely_imported_counts_through_a_shim() -> None:
    files = with_new("import os\nfrom p.other import h\ndef f(): ...\n", old="import os\nfrom p.other import h\n")
    own = ownership(files, shims=("p.old",))
    assert show(own.finding(Symbol("p.old", "h"))) == "alias p.new:h"
    assert show(own.finding(Symbol("p.old", "os"))) == "alias p.new:os"
    assert show(ownership(files).finding(Symbol("p.old", "h"))) == "nothing"


def test_homes() -> None:
    files = with_new(
        "from p.types import T\n__all__ = ['T']\ndef f(): ...\n",
        types="class T: ...\ndef u(): ...\n",
        old="from p.new import T, f\nfrom p.types import u\n",
    )
    own = ownership(files, Target("p.new", homes=("p.types",)), shims=("p.old",))
    assert show(own.finding(Symbol("p.types", "T"))) == "home p.types:T home"
    assert show(own.finding(Symbol("p.types", "gone"))) == "missing name-missing"
    assert show(own.finding(Symbol("p.types", "__name__"))) == "home p.types:__name__ home"
    assert show(own.finding(Symbol("p.old", "u"))) == "alias p.types:u"
    assert show(own.finding(Symbol("p.old", "f"))) == "alias p.new:f"


@pytest.mark.parametrize(
    ("moves", "symbol", "finding"),
    [
        pytest.param([move("p.other", "p.new")], "p.older:h", "nothing", id="a longer name"),
        pytest.param([move("p.other:h", None)], "p.other:h", "moved keep-recipe", id="keep"),
        pytest.param([move("p.other", None)], "p.other:h", "moved keep-recipe", id="keep the module"),
        pytest.param([move("p.other:h", "p.new:g")], "p.other:h", "moved p.new:g", id="one symbol"),
        pytest.param([move("p.other", "p.new")], "p.other:f", "moved p.new:f", id="a module, name by name"),
        pytest.param(
            [move("p.other", "p.new")],
            "p.other:h",
            "moved p.new:h target-missing",
            id="a name that the new place lacks",
        ),
        pytest.param(
            [move("p.other", "p.gone")],
            "p.other:h",
            "moved p.gone:h target-missing",
            id="a new place that is not there",
        ),
        pytest.param([move("p.other", "os")], "p.other:h", "moved os:h target-missing", id="outside without external"),
        pytest.param([move("p.other", "os", external=True)], "p.other:h", "moved os:h", id="outside"),
        pytest.param(
            [move("p.other", "os", external=True)],
            "p.other.sub:h",
            "moved target-submodule-missing",
            id="a submodule of an external move (T13)",
        ),
        pytest.param([move("p", "q")], "p.other:h", "moved q.other:h", id="a package"),
        pytest.param(
            [move("p", "q"), move("p.other", "p.new")], "p.other:f", "moved p.new:f", id="the nearest move counts"
        ),
        pytest.param([move("p.other", "p.new")], "p.other:__name__", "moved p.new:__name__", id="a name of its own"),
        pytest.param([move("p.other", "p.new")], "p:other", "moved p.new", id="the module as a name of its package"),
    ],
)
def test_moves(moves: list[Move], symbol: str, finding: str) -> None:
    files = {**BASIC, "q/__init__.py": "", "q/other.py": "def h(): ...\n"}
    assert show(ownership(files, moves=tuple(moves)).finding(parse_symbol(symbol))) == finding


@pytest.mark.parametrize(
    ("files", "shims", "module", "finding"),
    [
        pytest.param(BASIC, (), "p.old", "nothing", id="no shim"),
        pytest.param(BASIC, ("p.old",), "p.old", "divergent p.new module-as-value", id="two modules are two objects"),
        pytest.param(BASIC, ("p.gone",), "p.gone", "missing module-missing", id="a shim that is not there"),
        pytest.param(
            {**BASIC, "p/old.py": "import p.gone\n"},
            ("p.old",),
            "p.old",
            "missing module-missing",
            id="a shim that cannot be imported",
        ),
        pytest.param(
            {**BASIC, "p/old.py": "import sys\nfrom p import new\nsys.modules[__name__] = new\n"},
            ("p.old",),
            "p.old",
            "alias p.new",
            id="the very same module (T62)",
        ),
    ],
)
def test_module_finding(files: Texts, shims: tuple[str, ...], module: str, finding: str) -> None:
    assert show(ownership(files, shims=shims).module_finding(module)) == finding


ITSELF = "import sys\nfrom p import new\nsys.modules[__name__] = new\n"


@pytest.mark.parametrize(
    ("init", "finding", "binds"),
    [
        pytest.param(
            "from p import new as old\n",
            "divergent no-canonical-home",
            True,
            id="the package binds another module to the name of a submodule",
        ),
        pytest.param("from q import old\n", "alias p.new", False, id="the submodule, which replaces itself"),
        pytest.param("", "alias p.new", False, id="... and that nothing imports"),
    ],
)
def test_a_module_as_a_name_of_a_package_of_shims(init: str, finding: str, binds: bool) -> None:
    own = ownership({**BASIC, "q/__init__.py": init, "q/old.py": ITSELF}, shims=("q", "q.old"))
    symbol = Symbol("q", "old")
    assert (show(own.finding(symbol)), own.binds_module(symbol)) == (finding, binds)


def test_a_shim_belongs_to_the_canonical_module_that_it_imports() -> None:
    files = {
        **BASIC,
        "q/__init__.py": "",
        "q/new.py": "def f(): ...\n",
        "q/old.py": "from q.new import f\n",
        "q/none.py": "",
    }
    own = ownership(files, Target("p.new"), Target("q.new", shims=("q.named",)), shims=("q.old", "q.none", "q.named"))
    found = own.module_finding("q.old")
    assert found is not None
    assert found.new == Symbol("q.new")
    found = own.module_finding("q.none")
    assert found is not None
    assert found.new == Symbol("p.new")


def test_one_file_under_two_roots() -> None:
    own = ownership(
        BASIC, shims=("p.old",), twins={"src.p.new": "p.new", "src.p.old": "p.old", "src.p.other": "p.other"}
    )
    assert show(own.finding(Symbol("src.p.new", "f"))) == "divergent p.new:f other-source-root"
    assert show(own.finding(Symbol("src.p.other", "h"))) == "nothing"
    assert show(own.module_finding("src.p.old")) == "divergent p.old other-source-root"
    assert show(own.module_finding("src.p.other")) == "nothing"
    assert own.is_watched("src.p.new")
    assert not own.is_watched("src.p.other")


def test_watching() -> None:
    own = ownership(BASIC, shims=("p.old",), moves=(move("a.b", "c"), move("d.e:f", "c:f")))
    assert [own.is_watched(module) for module in ("p.old", "p.older", "p", "a.b", "a.b.x", "a", "d.e")] == [
        True,
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    assert [own.watched_below(module) for module in ("p", "p.old", "p.older", "a", "d", "d.e", "d.ee")] == [
        True,
        True,
        False,
        True,
        True,
        True,
        False,
    ]
    assert [own.moves_from(module) for module in ("p", "a", "a.b", "a.b.x", "a.bb")] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert own.with_shims({"p.more"}).shims == {"p.old", "p.more"}
    assert own.with_shims({"p.new"}).shims == {"p.old"}
    assert own.is_ours("p.gone")
    assert not own.is_ours("os")


def test_mentioned_attributes() -> None:
    own = ownership(BASIC)
    assert own.mentions_attribute(b"x . f()")
    assert own.mentions_attribute(b"getattr(x, 'f')")
    assert not own.mentions_attribute(b"f() + x.ff")
    assert not ownership(BASIC, Target("p.gone")).mentions_attribute(b"x.f")


@pytest.mark.parametrize(
    ("old", "pure", "silent", "interchangeable"),
    [
        pytest.param("def f(): return 1\n", False, False, False, id="an implementation"),
        pytest.param("from p.new import f\nprint(1)\n", False, False, False, id="it acts"),
        pytest.param("import warnings\nfrom p.new import f\nwarnings.warn('x')\n", True, False, False, id="it warns"),
        pytest.param("from p.new import f as other\n", True, True, False, id="another name"),
        pytest.param("from p.other import h as f\n", True, True, False, id="another object"),
        pytest.param("from p.new import f\ndel f\nfrom p.new import g\n", True, True, False, id="a name is gone"),
        pytest.param("from p.new import f, g\n", True, True, True, id="the same names"),
        pytest.param("from p.new import *\n", True, True, True, id="a star"),
    ],
)
def test_purity(old: str, pure: bool, silent: bool, interchangeable: bool) -> None:
    own = ownership({**BASIC, "p/old.py": old})
    assert (own.is_pure("p.old"), own.is_silent("p.old"), own.is_interchangeable("p.old", "p.new")) == (
        pure,
        silent,
        interchangeable,
    )
    assert not own.is_pure("p.gone")


@pytest.mark.parametrize(
    ("files", "cycle"),
    [
        pytest.param({}, None, id="the canonical module does not import the consumer"),
        pytest.param(
            {"p/new.py": "import use\n", "p/old.py": "from p.new import f\n"},
            None,
            id="the old path had the cycle already",
        ),
        pytest.param({"p/new.py": "def f(): import use\n", "p/old.py": ""}, None, id="in a function"),
        pytest.param({"p/new.py": "import use\n", "p/old.py": ""}, ("use", "p.new", "use"), id="directly (T70)"),
        pytest.param(
            {"p/new.py": "import p.other\n", "p/other.py": "import use\n", "p/old.py": ""},
            ("use", "p.new", "p.other", "use"),
            id="through another",
        ),
    ],
)
def test_new_cycle(files: dict[str, str], cycle: tuple[str, ...] | None) -> None:
    own = ownership({**BASIC, "use.py": "from p.old import f\n", **files})
    assert own.new_cycle("use", "p.old", "p.new") == cycle


@pytest.mark.parametrize(
    ("init", "hidden"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("from . import new\n", None, id="the submodule itself"),
        pytest.param("import p.new as new\n", None, id="... by its full name"),
        pytest.param("from .other import new\n", "p.new is p.other:new, not the module", id="another object (T56)"),
        pytest.param("new = None\n", "p.new is p:new, not the module", id="None"),
        pytest.param("if x: new = 1\n", "p.new is bound more than once, not the module", id="perhaps"),
    ],
)
def test_hidden_submodule(init: str, hidden: str | None) -> None:
    files = {**BASIC, "p/__init__.py": init, "p/other.py": "def new(): ...\n"}
    assert ownership(files).hidden_submodule("p.new") == hidden


def test_package_loads() -> None:
    assert not ownership(BASIC).package_loads("p.new")
    assert ownership({**BASIC, "p/__init__.py": "from p.new import f\n"}).package_loads("p.new")
    assert not ownership(BASIC).package_loads("top")
