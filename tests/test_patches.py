"""patches.py: which patches and late reads hold each other back, rule by rule."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from codemods.patches import contests, is_test_file, reads_global, with_effects
from codemods.references import AtRunTime, Disposition, Edit, Reason, Reference, ReferenceKind, Relation
from codemods.scopes import scope_table
from codemods.symbols import Symbol, parse_symbol
from codemods.syntax import parse

F = "p.old:f"
OLD = "p.old"


def reference(
    path: str, at_run_time: AtRunTime, old: str = F, reason: Reason | None = None, **more: object
) -> Reference:
    """A reference that is rewritten, or one that is the user's or is kept for a reason."""
    kept = (Reason.PATH_UNDER_TEST, Reason.PATCHED_WHERE_READ, Reason.KEEP_COMMENT)
    held = Disposition.KEEP if reason in kept else Disposition.MANUAL
    disposition = Disposition.REWRITE if reason is None else held
    kind = ReferenceKind.FROM_IMPORT if at_run_time is AtRunTime.READS else ReferenceKind.PATCH_TARGET
    edits = (Edit(0, 1, "x"),) if reason is None else ()
    symbol = parse_symbol(old)
    one = Reference(path, 1, 1, 0, kind, symbol, Symbol("p.new", symbol.name), Relation.ALIAS, disposition, reason, edits=edits, at_run_time=at_run_time)  # fmt: skip
    return replace(one, **more)  # type: ignore[arg-type]


def read(path: str = "reader.py", old: str = F, reason: Reason | None = None, **more: object) -> Reference:
    return reference(path, AtRunTime.READS, old, reason, **more)


def patch(path: str = "patch.py", old: str = F, reason: Reason | None = None, **more: object) -> Reference:
    return reference(path, AtRunTime.PATCHES, old, reason, **more)


def perhaps(path: str = "perhaps.py", old: str = F, reason: Reason | None = Reason.USE_NOT_VISIBLE) -> Reference:
    return reference(path, AtRunTime.PERHAPS_PATCHES, old, reason)


KEY = {"kind": ReferenceKind.DYNAMIC_IMPORT, "disposition": Disposition.MANUAL, "edits": ()}
WHERE_READ, AS_VALUE, STAYS = Reason.PATCHED_WHERE_READ, Reason.MODULE_AS_VALUE, Reason.WRITTEN_ATTRIBUTE


def anywhere(path: str, other: str) -> bool:
    return True


def held(
    references: list[Reference],
    own: tuple[str, ...] = (),
    can_run: Callable[[str, str], bool] = anywhere,
) -> dict[str, str]:
    """By path and symbol, what holds a reference: ``moves``, ``owner`` or the detail."""
    found = contests(references, lambda symbol: str(symbol) in own, can_run)
    return {
        f"{path} {symbol}": "moves" if contest.moves else ("owner" if contest.by_owner else contest.detail)
        for (path, symbol), contest in found.items()
    }


@pytest.mark.parametrize(
    ("references", "own", "wanted"),
    [
        # nothing is contested
        pytest.param([], (), {}, id="nothing"),
        pytest.param([patch()], (), {}, id="a patch without a reader"),
        pytest.param([read(), read("b.py")], (F,), {}, id="no patch, although the module reads the name"),
        pytest.param([read(reason=STAYS), read("b.py")], (), {}, id="no patch, and a reader that stays"),
        pytest.param([patch(), read()], (), {}, id="both move"),
        pytest.param([patch(), read(old="p.old:g", reason=STAYS)], (), {}, id="a reader of another name stays"),
        pytest.param([patch(), read(old="q.old:f", reason=STAYS)], (), {}, id="a reader of another module stays"),
        pytest.param([patch(), read(reason=Reason.PATH_UNDER_TEST)], (), {}, id="a reader that is a test of the path"),
        pytest.param([patch(), replace(read(reason=STAYS), at_run_time=AtRunTime.NOTHING)], (), {}, id="an import at the top stays"),
        pytest.param([patch(), read(reason=STAYS, relation=Relation.DIVERGENT)], (), {}, id="a reader of another object"),
        pytest.param([patch(reason=WHERE_READ)], (), {}, id="a patch where nothing reads"),
        pytest.param([patch(reason=STAYS)], (), {}, id="a patch that stays alone"),
        # somebody stays
        pytest.param([patch(), read(reason=STAYS)], (), {"patch.py p.old:f": "code that stays: reader.py:1"}, id="the reader stays"),
        pytest.param([patch(), patch("b.py"), read(reason=STAYS)], (), {"patch.py p.old:f": "code that stays: reader.py:1", "b.py p.old:f": "code that stays: reader.py:1"}, id="for all patches"),
        pytest.param([patch(), read(), read("b.py", reason=STAYS)], (), {"patch.py p.old:f": "code that stays: b.py:1", "reader.py p.old:f": "code that stays: b.py:1"}, id="and for the other readers"),
        pytest.param([patch(), read("b.py", reason=STAYS), read("a.py", reason=STAYS)], (), {"patch.py p.old:f": "code that stays: a.py:1 and 1 more"}, id="the first of two"),
        pytest.param([patch(), read("a.py", reason=STAYS, line=9), read("a.py", reason=STAYS, line=2), read("a.py", reason=STAYS, line=5)], (), {"patch.py p.old:f": "code that stays: a.py:2 and 2 more"}, id="the first line of three"),
        pytest.param([patch(reason=STAYS), read()], (), {"reader.py p.old:f": "a patch that stays: patch.py:1"}, id="the patch stays"),
        pytest.param([patch("a.py", reason=STAYS), read(), read("z.py", reason=STAYS)], (), {"reader.py p.old:f": "code that stays: z.py:1 and 1 more"}, id="code is named before a patch"),
        pytest.param([patch(reason=Reason.KEEP_COMMENT), read()], (), {"reader.py p.old:f": "a patch that stays: patch.py:1"}, id="the patch is kept"),
        pytest.param([patch(reason=Reason.PATH_UNDER_TEST), read()], (), {"reader.py p.old:f": "a patch that stays: patch.py:1"}, id="a patch that is a test of the path"),
        pytest.param([perhaps(), read()], (), {"reader.py p.old:f": "a patch that stays: perhaps.py:1"}, id="what may be a patch"),
        pytest.param([perhaps(reason=WHERE_READ), read()], (), {"reader.py p.old:f": "a patch that stays: perhaps.py:1"}, id="what may be a patch moves for nobody"),
        # the module itself reads the name
        pytest.param([patch()], (F,), {"patch.py p.old:f": "owner"}, id="the owner reads it"),
        pytest.param([patch(), read()], (F,), {"patch.py p.old:f": "owner", "reader.py p.old:f": "owner"}, id="the owner and a reader"),
        pytest.param([patch()], ("p.old:g",), {}, id="the owner reads another name"),
        pytest.param([patch(), read(reason=STAYS)], (F,), {"patch.py p.old:f": "owner"}, id="what stays has its own reason"),
        # all move, although the namespace is a consumer's own
        pytest.param([patch(reason=WHERE_READ), read()], (), {"patch.py p.old:f": "moves", "reader.py p.old:f": "moves"}, id="a patch moves with its reader"),
        pytest.param([patch(reason=WHERE_READ), read(reason=STAYS)], (), {"patch.py p.old:f": "code that stays: reader.py:1"}, id="a patch stays with its reader"),
        pytest.param([patch(reason=WHERE_READ)], (F,), {"patch.py p.old:f": "owner"}, id="a patch stays with its owner"),
        pytest.param([patch(reason=WHERE_READ), patch("b.py", reason=STAYS), read()], (), {"patch.py p.old:f": "a patch that stays: b.py:1", "reader.py p.old:f": "a patch that stays: b.py:1"}, id="a patch stays with another"),
        # the whole module
        pytest.param([patch(old=OLD, reason=STAYS), read()], (), {"reader.py p.old:f": "a patch that stays: patch.py:1"}, id="a patch of the module"),
        pytest.param([patch(old=OLD, reason=STAYS, relation=Relation.DIVERGENT), read()], (), {"reader.py p.old:f": "a patch that stays: patch.py:1"}, id="of a module that is another object"),
        pytest.param([patch(old=OLD, reason=STAYS), read(old="q.old:f")], (), {}, id="a patch of another module"),
        pytest.param([patch(old=OLD, reason=AS_VALUE, **KEY), read()], (), {"patch.py p.old": "moves", "reader.py p.old:f": "moves"}, id="a key of sys.modules moves with its reader"),
        pytest.param([patch(old=OLD, reason=AS_VALUE), read()], (), {"reader.py p.old:f": "a patch that stays: patch.py:1"}, id="a patch of the module as a value stays"),
        pytest.param([patch(old=OLD, reason=AS_VALUE, **KEY), read(reason=STAYS)], (), {"patch.py p.old": "code that stays: reader.py:1"}, id="a key stays with its reader"),
        pytest.param([patch(old=OLD, reason=AS_VALUE, **KEY), read("a.py"), read("b.py", old="p.old:g", reason=STAYS)], (), {"patch.py p.old": "code that stays: b.py:1", "a.py p.old:f": "moves"}, id="a key with two names, of which one stays"),
        pytest.param([patch(old=OLD, reason=AS_VALUE, **KEY), read()], (F,), {"patch.py p.old": "functions of p.old read it there", "reader.py p.old:f": "owner"}, id="a key, and the owner reads the name"),
    ],
)  # fmt: skip
def test_contests(references: list[Reference], own: tuple[str, ...], wanted: dict[str, str]) -> None:
    for order in (references, references[::-1]):
        found = held(order, own)
        assert found.keys() == wanted.keys()
        for key, detail in wanted.items():
            assert found[key] == detail


def test_files_that_cannot_meet_are_told_apart() -> None:
    references = [patch("a.py"), read("ra.py"), patch("b.py"), read("rb.py", reason=STAYS)]

    def can_run(path: str, other: str) -> bool:
        return other == f"r{path}"

    assert held(references, can_run=can_run) == {"b.py p.old:f": "code that stays: rb.py:1"}
    assert set(held(references)) == {"a.py p.old:f", "b.py p.old:f", "ra.py p.old:f"}


def test_a_reader_joins_two_patches() -> None:
    references = [patch("a.py"), read("both.py"), patch("b.py"), read("rb.py", reason=STAYS)]

    def can_run(path: str, other: str) -> bool:
        return other == "both.py" or (path, other) == ("b.py", "rb.py")

    assert set(held(references, can_run=can_run)) == {"a.py p.old:f", "b.py p.old:f", "both.py p.old:f"}


def test_it_is_the_patch_that_must_reach_the_reader() -> None:
    references = [patch("a.py"), read("b.py", reason=STAYS)]
    assert held(references, can_run=lambda path, other: (path, other) == ("b.py", "a.py")) == {}
    assert held(references, can_run=lambda path, other: (path, other) == ("a.py", "b.py")) != {}


def test_a_contest_that_holds_wins_over_one_that_moves() -> None:
    key = patch("k.py", OLD, AS_VALUE, **KEY)
    for names in (("f", "g"), ("g", "f")):
        readers = [read(f"{name}.py", f"p.old:{name}", STAYS if name == "f" else None) for name in names]
        assert held([key, *readers]) == {"k.py p.old": "code that stays: f.py:1", "g.py p.old:g": "moves"}


# ------------------------------------------------------------------------------------------------------------------
# effects


@pytest.mark.parametrize(
    ("references", "told"),
    [
        pytest.param([patch(), read()], [], id="a patch with a reader"),
        pytest.param([patch(), read(reason=STAYS)], [], id="a reader that stays is one"),
        pytest.param([patch(reason=STAYS)], [], id="a patch that stays"),
        pytest.param([perhaps(reason=None)], [], id="what may be a patch"),
        pytest.param([read()], [], id="a read"),
        pytest.param([patch()], ["patch.py"], id="a patch without a reader"),
        pytest.param([patch(), read(old="p.old:g")], ["patch.py"], id="a reader of another name"),
        pytest.param([patch("a.py"), patch("b.py")], ["a.py", "b.py"], id="two patches"),
        pytest.param([patch("a.py"), replace(read("c.py"), at_run_time=AtRunTime.NOTHING)], ["a.py"], id="an import at the top is no reader"),
    ],
)  # fmt: skip
def test_with_effects(references: list[Reference], told: list[str]) -> None:
    found = with_effects(references, lambda symbol: False, anywhere)
    assert [one.path for one in found if one.detail] == told
    assert [replace(one, detail="") for one in found] == references
    assert all("p.old" in one.detail for one in found if one.detail)


def test_a_reader_out_of_reach_has_no_effect() -> None:
    found = with_effects([patch(), read()], lambda symbol: False, lambda path, other: False)
    assert [bool(one.detail) for one in found] == [True, False]


@pytest.mark.parametrize(
    ("one", "own", "kept"),
    [
        pytest.param(patch(reason=STAYS, relation=Relation.DIVERGENT), False, False, id="nothing of its own reads it"),
        pytest.param(patch(reason=STAYS), True, False, id="the same object"),
        pytest.param(patch(relation=Relation.DIVERGENT), True, False, id="one that is rewritten"),
        pytest.param(read(reason=STAYS, relation=Relation.DIVERGENT), True, False, id="a read"),
        pytest.param(patch(old=OLD, reason=STAYS, relation=Relation.DIVERGENT), True, False, id="a module"),
        pytest.param(patch(reason=STAYS, relation=Relation.DIVERGENT), True, True, id="the module's own functions read it"),
    ],
)  # fmt: skip
def test_a_patch_of_what_its_own_module_reads_is_kept(one: Reference, own: bool, kept: bool) -> None:
    (found,) = with_effects([one], lambda symbol: own, anywhere)
    assert ((found.disposition, found.reason) == (Disposition.KEEP, WHERE_READ)) is kept


# ------------------------------------------------------------------------------------------------------------------
# the module's own functions; test files


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        pytest.param("f()\n", False, id="while it is imported"),
        pytest.param("def g(a=f): ...\n", False, id="in a default value"),
        pytest.param("@f\ndef g(): ...\n", False, id="as a decorator"),
        pytest.param("class C(f):\n  a = f\n", False, id="in a class"),
        pytest.param("def g(): h.f\n", False, id="another object's attribute"),
        pytest.param("def g(f): f()\n", False, id="a parameter of that name"),
        pytest.param("def g():\n  from p import f\n  f()\n", False, id="a name of the function's own"),
        pytest.param("def g():\n  global f\n  f = 1\n", False, id="only written"),
        pytest.param("def g(): f()\n", True, id="in a function"),
        pytest.param("class C:\n  def g(self): return f\n", True, id="in a method"),
        pytest.param("g = lambda: f()\n", True, id="in a lambda"),
        pytest.param("def g():\n  def h(): f()\n", True, id="in a function of a function"),
        pytest.param("def g(): return [f(x) for x in y]\n", True, id="in a comprehension of a function"),
    ],
)  # fmt: skip
def test_reads_global(text: str, reads: bool) -> None:
    assert reads_global(scope_table(parse(b"from p.new import f\n" + text.encode())), "f") is reads


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("a.py", False),
        ("conftest.py", False),
        ("tests/helper.py", False),
        ("test_a/b.py", False),
        ("mytest_a.py", False),
        ("test.py", False),
        ("test_a.pyi", False),
        ("test_a.py", True),
        ("x/y/test_a.py", True),
        ("a_test.py", True),
        ("x/a_test.py", True),
    ],
)
def test_is_test_file(path: str, is_test: bool) -> None:
    assert is_test_file(path) is is_test
