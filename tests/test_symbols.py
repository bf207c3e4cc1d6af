"""symbols.py: dotted names, and Symbol."""

from __future__ import annotations

import pytest
import support  # noqa: F401  the hypothesis profile
from hypothesis import given
from hypothesis import strategies as st

from codemods import symbols
from codemods.symbols import InvalidSymbolError, Symbol, parse_symbol, relative_to, resolve_relative

NAMES = st.from_regex(r"[A-Za-z_äλ][A-Za-z0-9_äλ]{0,3}", fullmatch=True)
DOTTED = st.lists(NAMES, min_size=1, max_size=5).map(".".join)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(".", id="a dot alone"),
        pytest.param("a.", id="a dot at the end"),
        pytest.param(".a", id="a relative name is no symbol"),
        pytest.param("a..b", id="two dots"),
        pytest.param("a-b", id="a hyphen"),
        pytest.param("a/b.py", id="a path"),
        pytest.param("1a", id="a digit first"),
        pytest.param("a b", id="a space"),
        pytest.param("a:", id="a colon without a name"),
        pytest.param(":f", id="a name without a module"),
        pytest.param("a:b.c", id="a dotted name behind the colon"),
        pytest.param("a:b:c", id="two colons"),
        pytest.param("a\n", id="a newline at the end"),
        pytest.param("a:f\n", id="a newline behind the name"),
    ],
)
def test_no_symbol(text: str) -> None:
    with pytest.raises(InvalidSymbolError):
        parse_symbol(text)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        pytest.param("a", Symbol("a"), id="a top-level module"),
        pytest.param("a.b", Symbol("a.b"), id="a module"),
        pytest.param("a.b:C", Symbol("a.b", "C"), id="a name in a module"),
        pytest.param("_a.b1:_c", Symbol("_a.b1", "_c"), id="underscores and digits"),
        pytest.param("größe:λ", Symbol("größe", "λ"), id="names beyond ASCII"),
    ],
)
def test_symbol(text: str, symbol: Symbol) -> None:
    assert parse_symbol(text) == symbol
    assert symbol.is_module == (":" not in text)


@given(DOTTED, st.none() | NAMES)
def test_a_symbol_survives_being_printed(module: str, name: str | None) -> None:
    symbol = Symbol(module, name)
    assert parse_symbol(str(symbol)) == symbol


@given(st.lists(st.tuples(DOTTED, st.none() | NAMES), max_size=8))
def test_symbols_sort_by_module_then_name(pairs: list[tuple[str, str | None]]) -> None:
    found = sorted(Symbol(*pair) for pair in pairs)
    assert found == [Symbol(module, name) for module, name in sorted(pairs, key=lambda p: (p[0], p[1] or ""))]


@pytest.mark.parametrize(
    ("package", "dotted", "inside", "tail"),
    [
        pytest.param("p.old", "p.older", False, None, id="a longer name is no child (T12)"),
        pytest.param("p.old", "vendor.p.old", False, None, id="a suffix is no child (T12)"),
        pytest.param("p.old", "p", False, None, id="the parent is no child"),
        pytest.param("p.old", "p.old", True, None, id="the package itself is not strictly below"),
        pytest.param("p.old", "p.old.x", True, "x", id="a child"),
        pytest.param("p", "p.old.x", True, "old.x", id="a grandchild"),
    ],
)
def test_containment(package: str, dotted: str, inside: bool, tail: str | None) -> None:
    assert symbols.contains(package, dotted) is inside
    assert symbols.below(package, dotted) == tail


@pytest.mark.parametrize(
    ("dotted", "parent", "last", "root", "ancestors"),
    [
        pytest.param("a", "", "a", "a", (), id="a top-level name has no parent"),
        pytest.param("a.b.c", "a.b", "c", "a", ("a", "a.b"), id="ancestors are proper and outermost first"),
    ],
)
def test_family(dotted: str, parent: str, last: str, root: str, ancestors: tuple[str, ...]) -> None:
    assert symbols.parent(dotted) == parent
    assert symbols.last(dotted) == last
    assert symbols.root(dotted) == root
    assert symbols.ancestors(dotted) == ancestors
    assert symbols.join(parent, last) == dotted
    assert ".".join(symbols.parts(dotted)) == dotted


def test_a_package_counts_from_itself() -> None:
    assert symbols.package_of("a.b", is_package=True) == "a.b"
    assert symbols.package_of("a.b", is_package=False) == "a"
    assert symbols.package_of("a", is_package=False) == ""


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [
        pytest.param("a.b", "c.b", 0, id="only leading components count"),
        pytest.param("a.b", "a.c", 1, id="up to the difference"),
        pytest.param("a.b", "a.b.c", 2, id="one is the other's beginning"),
    ],
)
def test_common_length(left: str, right: str, count: int) -> None:
    assert symbols.common_length(symbols.parts(left), symbols.parts(right)) == count


@pytest.mark.parametrize(
    ("package", "level", "tail", "absolute"),
    [
        pytest.param("", 1, "x", None, id="a top-level script has no package (T11)"),
        pytest.param("a", 2, "x", None, id="beyond the root (T11)"),
        pytest.param("a.b", 4, "", None, id="far beyond the root"),
        pytest.param("a.b", 1, "", "a.b", id="one dot is the package itself (T10)"),
        pytest.param("a.b", 1, "x.y", "a.b.x.y", id="one dot and a tail"),
        pytest.param("a.b", 2, "x", "a.x", id="two dots are its parent"),
        pytest.param("a.b", 2, "", "a", id="up to the root package"),
    ],
)
def test_resolve_relative(package: str, level: int, tail: str, absolute: str | None) -> None:
    assert resolve_relative(package, level, tail) == absolute


@pytest.mark.parametrize(
    ("package", "level", "module", "written"),
    [
        pytest.param("a.b", 1, "a.x", None, id="not below the package of that level"),
        pytest.param("a.b", 1, "a.bc", None, id="a longer name is not below"),
        pytest.param("a", 2, "a", None, id="the level leaves the root"),
        pytest.param("a.b", 1, "a.b", ".", id="the package itself is dots alone"),
        pytest.param("a.b", 2, "a.x", "..x", id="as many dots as asked"),
        pytest.param("a.b", 2, "a.b.x", "..b.x", id="the level is kept although a shorter one would do"),
    ],
)
def test_relative_to(package: str, level: int, module: str, written: str | None) -> None:
    assert relative_to(package, level, module) == written


@given(DOTTED, st.integers(1, 6), st.just("") | DOTTED)
def test_relative_names_are_inverse(package: str, level: int, tail: str) -> None:
    absolute = resolve_relative(package, level, tail)
    assert (absolute is None) == (level > len(package.split(".")))
    if absolute is not None:
        assert relative_to(package, level, absolute) == "." * level + tail


@given(DOTTED, st.integers(1, 6), DOTTED)
def test_a_relative_name_means_its_module(package: str, level: int, module: str) -> None:
    written = relative_to(package, level, module)
    if written is not None:
        assert written.startswith("." * level)
        assert resolve_relative(package, level, written[level:]) == module
