"""Random small packages with shims and consumers, and whether a migration changes anything that they do.

A package is drawn by hypothesis, planned without git, and run before, between and after the steps of the plan:
each consumer alone and all of them in a row, each in a process of its own. Whatever a consumer sees is compared,
exceptions too. Modules are compared by what is read from them, not by their names: the path is what moves.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from migrate.cache import Cache
from migrate.equivalence import mismatches
from migrate.errors import MigrateError
from migrate.plan import Plan
from migrate.planning import build_plan
from migrate.recipe import read_recipe
from migrate.repository import Entries, Entry, Repository

T = TypeVar("T")

Blocks = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class RandomPackage:
    """Files by path, each in blocks that can be taken away one by one, and the modules that are run."""

    blocks: Blocks
    consumers: tuple[str, ...]
    recipe: str

    @property
    def files(self) -> dict[str, bytes]:
        """With a file that imports all consumers, as whoever runs them in one process has it."""
        drawn = {path: "\n".join(blocks).encode() for path, blocks in self.blocks.items()}
        return drawn | {"everything.py": "".join(f"import {one}\n" for one in self.consumers).encode()}

    def __str__(self) -> str:
        shown = [f"-- {path} --\n{content.decode()}" for path, content in sorted(self.files.items())]
        return "\n".join([f"consumers: {', '.join(self.consumers)}", f"-- unshim.toml --\n{self.recipe}", *shown])


# the plan, without git


class TreeRepository:
    """What build_plan() reads of a repository, from a dictionary: starting git costs more than planning."""

    root = Path("/nowhere")
    is_partial = False

    def __init__(self, files: Mapping[str, bytes], before: TreeRepository | None = None) -> None:
        """With the contents of another one ``before``, as a repository has those of earlier commits."""
        self._contents = {hashlib.sha1(content).hexdigest(): content for content in files.values()}
        if before is not None:
            self._contents |= before._contents
        self._entries = Entries.of(
            Entry(path, "100644", hashlib.sha1(content).hexdigest()) for path, content in sorted(files.items())
        )

    def common_directory(self) -> Path:
        return self.root

    def resolve(self, revision: str) -> str:
        return "0" * 40

    def entries(self, commit: str) -> Entries:
        return self._entries

    def differences(self, commit: str) -> list[Any]:
        return []

    def tree(self, commit: str) -> str:
        return hashlib.sha1(b"\0".join(self._entries.lines)).hexdigest()

    def read(self, oids: Iterable[str], _most: int | None = None) -> Iterator[bytes | None]:
        return (self._contents.get(oid) for oid in oids)


def plan_of(files: Mapping[str, bytes], recipe: str, cache: Cache | None = None) -> Plan:
    """The plan over these files."""
    read = read_recipe(tomllib.loads(recipe)["unshim"], "unshim.toml")
    return build_plan(cast(Repository, TreeRepository(files)), read, "HEAD", 1, lambda _: None, cache)


def states_of(files: Mapping[str, bytes], plan: Plan) -> list[dict[str, bytes]]:
    """The files after each step."""
    states = []
    now = dict(files)
    for step in plan.steps:
        for change in step.changes:
            if change.after is None:
                del now[change.path]
            else:
                now[change.path] = change.after
        states.append(dict(now))
    return states


# running a package

_SERVER = r"""
import importlib, json, os, shutil, signal, sys, tempfile, types, unittest.mock, warnings

warnings.simplefilter("ignore")
sys.dont_write_bytecode = True
seen = {}


def describe(value, depth=0):
    if value is None or isinstance(value, (str, int)):
        return repr(value)
    if isinstance(value, unittest.mock.NonCallableMock):
        return "mock"
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, (list, tuple, set)):
        return [describe(item, depth + 1) for item in value]
    if isinstance(value, type):
        base = value.__mro__[1]
        return ["class", home(value), vars(value).get("token"), "object" if base is object else describe(base)]
    if isinstance(value, types.FunctionType):
        # Calling it more than once would make what is seen depend on the order of the imports.
        called = value.__name__ != "raise_level" and depth < 4
        return ["function", home(value), attempt(value, depth + 1) if called else None]
    return ["instance", describe(type(value), depth + 1)]


def home(value):
    # Where it was defined, and whether it is what is found there.
    module = sys.modules.get(value.__module__)
    return [value.__module__, value.__qualname__, vars(module).get(value.__name__) is value if module else None]


def attempt(function, depth=0):
    try:
        return describe(function(), depth)
    except Exception as error:
        return ["raises", type(error).__name__]


def see(label, *values):
    seen.setdefault(label, []).append([describe(value) for value in values])


def observe(folder, consumers):
    watch = types.ModuleType("watch")
    watch.see = see
    sys.modules["watch"] = watch
    os.chdir(folder)
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    loaded = []
    for consumer in consumers:
        try:
            loaded.append((consumer, importlib.import_module(consumer)))
            seen[consumer + ":import"] = "fine"
        except Exception as error:
            seen[consumer + ":import"] = ["raises", type(error).__name__]
    for consumer, module in loaded:
        for name in sorted(vars(module)):
            if name.startswith("probe_"):
                seen[consumer + ":" + name] = attempt(getattr(module, name))
    # A consumer that another one imports is loaded for its names: whether it still is, is none of ours.
    return {label: values for label, values in seen.items() if label.partition(":")[0] in consumers}


def in_a_fork(folder, consumers):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os.close(reader)
        try:
            text = json.dumps(observe(folder, consumers))
        except BaseException as error:
            text = json.dumps({"observer": repr(error)})
        with os.fdopen(writer, "w") as stream:
            stream.write(text)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"observer": "died"}


for line in sys.stdin:
    request = json.loads(line)
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        for path, content in request["files"].items():
            place = os.path.join(folder, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w") as stream:
                stream.write(content)
        answers = [in_a_fork(folder, consumers) for consumers in request["runs"]]
    finally:
        shutil.rmtree(folder)
    print(json.dumps(answers), flush=True)
"""


class Observer:
    """One interpreter that runs packages in forks of itself, so that nothing of a run is left for the next."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def observe(self, files: Mapping[str, bytes], consumers: tuple[str, ...]) -> dict[str, Any]:
        """What each consumer sees alone, and what they see in a row."""
        assert self._process.stdin is not None and self._process.stdout is not None
        runs = [[one] for one in consumers] + [list(consumers), list(reversed(consumers))]
        request = {"files": {path: content.decode() for path, content in files.items()}, "runs": runs}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answers = json.loads(self._process.stdout.readline())
        return {" ".join(run): answer for run, answer in zip(runs, answers, strict=True)}


# the comparison


@dataclass(frozen=True)
class Difference:
    """What a migration changed that it must not change."""

    kind: str
    text: str
    first: str = ""
    """The first observation that differs, so that a smaller package can be known to differ in the same way."""


@dataclass(frozen=True)
class Verdict:
    """What became of one package."""

    dispositions: Counter[str] = field(default_factory=Counter)
    deletions: int = 0
    difference: Difference | None = None
    failing: int = 0
    """Observations of the base that are exceptions: they say little."""
    observations: int = 0
    refused: bool = False
    """Whether the check of the result says that this may not be published."""


def judge_package(package: RandomPackage, observer: Observer) -> Verdict:
    """Plan the package, check the result, run it before and after each step, and plan it once more."""
    files = package.files
    try:
        plan = plan_of(files, package.recipe)
        against = mismatches(cast(Repository, TreeRepository(files)), plan)
    except MigrateError as error:
        return Verdict(Counter({f"refused: {error}": 1}))
    except Exception as error:  # noqa: BLE001  a crash is a finding like others
        return Verdict(difference=Difference("crash", repr(error)))
    verdict = Verdict(
        Counter(str(one.disposition) for one in plan.references), len(plan.deletions), refused=bool(against)
    )
    states = states_of(files, plan)
    if not states:
        return verdict
    before = observer.observe(files, package.consumers)
    failing = sum(_failed(seen, label) for seen in before.values() for label in seen)
    verdict = replace(verdict, failing=failing, observations=sum(map(len, before.values())))
    for step, state in zip(plan.steps, states, strict=True):
        changed = _changed(before, observer.observe(state, package.consumers))
        if changed:
            text = _shown(step.step, changed, files, state)
            return replace(verdict, difference=Difference("behaviour", text, changed[0].partition(": ")[2]))
    if against:
        return replace(verdict, difference=Difference("false alarm", "\n".join(map(str, against))))
    try:
        again = plan_of(states[-1], package.recipe)
    except Exception as error:  # noqa: BLE001
        return replace(verdict, difference=Difference("second crash", repr(error)))
    if again.steps:
        changes = [(change.path, (change.after or b"").decode()) for change in again.changed_files()]
        return replace(verdict, difference=Difference("second run", f"{again.steps[0].step}: {changes}"))
    return verdict


def _failed(seen: dict[str, Any], label: str) -> bool:
    """Whether an observation is that something does not work.

    What fails may do anything afterwards: a reference is not proved to be anything then. This also covers
    ``import pk; pk.old.name``, which needs that others import ``pk.old``; the migration adds an import.
    """
    module = label.partition(":")[0]
    return any(one[:1] == ["raises"] for one in (seen[label], seen.get(f"{module}:import", "")))


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What differs, one line an observation."""
    lines = []
    for run, seen in before.items():
        for label, values in seen.items():
            other = after[run].get(label, "missing")
            if other != values and not _failed(seen, label):
                lines.append(f"run {run}: {label}: {values} became {other}")
    return lines


def _shown(step: object, changed: list[str], files: Mapping[str, bytes], state: Mapping[str, bytes]) -> str:
    said = [f"after the step {step}:", *changed]
    for path, content in files.items():
        if path not in state:
            said.append(f"deleted: {path}")
        elif state[path] != content:
            said.append(f"-- after: {path} --\n{state[path].decode()}")
    return "\n".join(said)


def minimised(package: RandomPackage, differs: Callable[[RandomPackage], bool]) -> RandomPackage:
    """The package without all files and blocks that the difference does not need."""
    changed = True
    while changed:
        changed = False
        for smaller in _smaller(package):
            if differs(smaller):
                package, changed = smaller, True
                break
    return package


def _smaller(package: RandomPackage) -> Iterator[RandomPackage]:
    for consumer in package.consumers:
        if len(package.consumers) > 1:
            yield replace(package, consumers=tuple(one for one in package.consumers if one != consumer))
    for path in package.blocks:
        yield replace(package, blocks={other: text for other, text in package.blocks.items() if other != path})
    for path, blocks in package.blocks.items():
        for number in range(len(blocks)):
            kept = blocks[:number] + blocks[number + 1 :]
            yield replace(package, blocks={**package.blocks, path: kept})
    if "shims" in package.recipe:
        yield replace(package, recipe="\n".join(x for x in package.recipe.splitlines() if "shims" not in x) + "\n")


# drawing a package

OBJECTS = ("AlphaManager", "BetaManager", "make_alpha", "make_beta", "LIMIT_VALUE", "default_names")
LEVEL = ("level_now", "raise_level")
LEAVES = ("old", "legacy", "compat", "unified", "types", "make_alpha", "factory")


KINDS = (
    *("from", "from", "from_as", "many", "comment", "star", "import", "import", "import_as", "beside"),
    *("parent", "parent_as", "parent_uses", "function", "function_import", "class", "class_as", "if", "try_none"),
    *("try_other", "global", "del", "comprehension", "parameter", "captured", "captured_alias"),
    *("patch", "patch_object", "patch_reader", "patch_elsewhere", "patch_here", "import_module", "getattr"),
    *("getattr_module", "dunder", "implicit", "exec", "assign", "sys_modules", "default", "decorator", "fstring"),
    *("type_checking", "match", "nested", "lambda", "loop", "walrus", "semicolon", "one_line", "raise"),
)
"""What a consumer may do with a name: the cases of _Drawing._snippet()."""

SHIM_KINDS = (
    *("from", "from", "from_as", "star", "star", "assigned", "attribute", "parent", "sys", "sys_mixed", "getattr"),
    *("try", "if", "wrapper", "subclass", "twice", "tuple", "module_alias"),
)
"""How a shim may forward: the cases of _Drawing._shim_part()."""

SET_ASIDE = frozenset(
    {
        # A patch of a path that nothing reads there. The README says that it moves and may have an effect afterwards.
        "patch_elsewhere",
        # An assignment to a name of the canonical module, which those who read an old path see once they have moved.
        "assign_canonical",
    }
)
"""Rows that are known to change behaviour: drawn only where they are asked for."""


def _definition(name: str, where: str) -> str:
    """One object that says where it was made."""
    token = f"{where}.{name}"
    if name[0].isupper() and not name.isupper():
        return f'class {name}:\n    token = "{token}"\n'
    if name == "default_names":
        return f'default_names = ["{token}"]\n'
    if name == "level_now":
        return "level_now = 1\n"
    if name == "raise_level":
        return "def raise_level():\n    global level_now\n    level_now += 1\n    return level_now\n"
    if name.isupper():
        return f'{name} = "{token}"\n'
    return f'def {name}():\n    return "{token}"\n'


@dataclass(eq=False)
class _Module:
    """A module while it is drawn; ``names`` are those that others may take from it."""

    name: str
    is_package: bool = False
    blocks: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.name.replace(".", "/") + ("/__init__.py" if self.is_package else ".py")

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]


def _is_canonical(module: _Module) -> bool:
    """Whether it is the canonical module, or may replace itself by it."""
    return module.name.endswith(".core") or any("sys.modules[__name__]" in block for block in module.blocks)


class _Drawing:
    """Draws one package, module by module."""

    def __init__(self, draw: st.DrawFn, aside: frozenset[str]) -> None:
        self._draw = draw
        self.aside = aside
        self.modules: dict[str, _Module] = {}
        self.consumers: list[_Module] = []
        self.count = 0

    # choices

    def pick(self, values: Iterable[T]) -> T:
        return self._draw(st.sampled_from(list(values)))

    def chance(self, percent: int) -> bool:
        return self._draw(st.integers(0, 99)) < percent

    def some(self, values: Iterable[T], least: int = 1, most: int = 4) -> list[T]:
        values = list(values)
        size = self._draw(st.integers(min(least, len(values)), min(most, len(values))))
        return list(self._draw(st.permutations(values)))[:size]

    def fresh(self) -> int:
        self.count += 1
        return self.count

    # spelling of modules

    def spelled(self, here: _Module, target: str) -> str:
        """The module as a from-import of ``here`` names it: absolute or relative."""
        package = here.package
        if not package or target.split(".", maxsplit=1)[0] != package.split(".")[0] or self.chance(60):
            return target
        dots = 1
        while package and not (target == package or target.startswith(package + ".")):
            package = package.rpartition(".")[0]
            dots += 1
        return "." * dots + target[len(package) :].removeprefix(".")

    def parent_import(self, here: _Module, target: str, binding: str = "") -> str:
        """``from parent import leaf``, where there is a parent."""
        parent, _, leaf = target.rpartition(".")
        if not parent:
            return f"import {target}{binding}"
        return f"from {self.spelled(here, parent)} import {leaf}{binding}"

    # modules

    def package(self) -> RandomPackage:
        self.modules["pk"] = top = _Module("pk", is_package=True)
        prefix = "pk"
        if self.chance(30):
            self.modules["pk.sub"] = _Module("pk.sub", is_package=True)
            prefix = self.pick(("pk", "pk.sub"))
        canonical = self._canonical(f"{prefix}.core")
        homes = [canonical]
        for leaf in self.some(LEAVES, 1, 4):
            folder = self.pick([name for name in ("pk", "pk", "pk.sub") if name in self.modules])
            homes.append(self._shim(_Module(f"{folder}.{leaf}"), homes))
        self._init(top, homes)
        if "pk.sub" in self.modules:
            self._init(self.modules["pk.sub"], homes)
        for number in range(self._draw(st.integers(1, 4))):
            places = [name for name in ("pk", "pk", "", "pk.sub") if not name or name in self.modules]
            self._consumer(_Module(f"{self.pick(places)}.use_{'abcd'[number]}".removeprefix(".")), homes)
        recipe = f'[unshim]\ncanonical = "{canonical.name}"\n'
        if self.chance(50):
            shims = [one.name for one in homes[1:]]
            recipe += f"shims = {json.dumps(self.some(shims, 1, 4))}\n"
        modules = [*self.modules.values(), *self.consumers]
        return RandomPackage(
            {one.path: tuple(one.blocks) for one in modules}, tuple(one.name for one in self.consumers), recipe
        )

    def _canonical(self, name: str) -> _Module:
        module = _Module(name, is_package=self.chance(15))
        owned = self.some(OBJECTS, 2, 5)
        if self.chance(25):
            owned += LEVEL
        if self.chance(30):  # an implementation behind it
            inner = _Module(f"{name}._impl" if module.is_package else f"{module.package}._impl")
            behind = [one for one in self.some(owned, 1, 3) if one not in LEVEL]
            inner.blocks += [_definition(one, "impl") for one in behind]
            inner.names += behind
            self.modules[inner.name] = inner
            if behind:
                module.blocks.append(f"from {self.spelled(module, inner.name)} import {', '.join(behind)}\n")
        else:
            behind = []
        module.blocks += [_definition(one, "core") for one in owned if one not in behind]
        module.names += owned
        self._maybe_all(module, 30)
        self.modules[name] = module
        return module

    def _maybe_all(self, module: _Module, percent: int) -> None:
        names = [name for name in dict.fromkeys(module.names) if not name.startswith("_")]
        if names and self.chance(percent):
            listed = names if self.chance(70) else self.some(names, 1, 3)
            module.blocks.append(f"__all__ = {json.dumps(listed)}\n")

    def _shim(self, module: _Module, homes: list[_Module]) -> _Module:
        parts = self.pick((1, 1, 2))
        for _ in range(parts):
            self._shim_part(module, self.pick([homes[0], *homes]), homes, alone=parts == 1)
        if self.chance(10):
            module.blocks.insert(0, 'import warnings\nwarnings.warn("old", DeprecationWarning)\n')
        if self.chance(10):
            own = self.pick(OBJECTS)
            module.blocks.append(_definition(own, module.name))
            module.names.append(own)
        self._maybe_all(module, 20)
        self.modules[module.name] = module
        return module

    def _names_of(self, source: _Module) -> list[str]:
        return list(dict.fromkeys(source.names)) or ["make_alpha"]

    def _shim_part(self, module: _Module, source: _Module, homes: list[_Module], *, alone: bool) -> None:
        names = self.some(self._names_of(source), 1, 3)
        first = names[0]
        spelled = self.spelled(module, source.name)
        other = self.pick(homes)
        other_name = first if first in other.names else self.pick(self._names_of(other))
        add = module.blocks.append
        allowed = [one for one in SHIM_KINDS if one not in self.aside]
        if "sys_mixed" in self.aside and (module.blocks or not alone):
            allowed.remove("sys")
        kind = self.pick(allowed)
        match kind:
            case "from":
                add(f"from {spelled} import {', '.join(names)}\n")
            case "from_as":
                renamed = self.pick(("make_old", "OldManager", *OBJECTS))
                add(f"from {spelled} import {first} as {renamed}\n")
                names = [renamed]
            case "star":
                add(f"from {spelled} import *\n")
                names = [name for name in self._names_of(source) if not name.startswith("_")]
            case "assigned":
                add(f"import {source.name} as _source\n")
                module.blocks += [f"{name} = _source.{name}\n" for name in names]
            case "attribute":
                add(f"import {source.name}\n")
                module.blocks += [f"{name} = {source.name}.{name}\n" for name in names]
            case "parent":
                add(self.parent_import(module, source.name, " as _source") + "\n")
                module.blocks += [f"{name} = _source.{name}\n" for name in names]
            case "sys" | "sys_mixed":
                add(f"import sys\nimport {source.name}\nsys.modules[__name__] = sys.modules[{source.name!r}]\n")
                names = self._names_of(source)
            case "getattr":
                table = dict.fromkeys(names, f"{source.name}")
                add(
                    f"import importlib\n_MOVED = {table!r}\n\n\ndef __getattr__(name):\n    if name in _MOVED:\n"
                    "        return getattr(importlib.import_module(_MOVED[name]), name)\n"
                    "    raise AttributeError(name)\n"
                )
            case "try":
                add(
                    f"try:\n    from {spelled} import {first}\nexcept ImportError:\n"
                    f"    from {other.name} import {other_name} as {first}\n"
                )
                names = [first]
            case "if":
                condition = self.pick(("True", "False", 'sys.platform == "win32"', "sys.version_info > (3, 0)"))
                add(
                    f"import sys\nif {condition}:\n    from {spelled} import {first}\nelse:\n"
                    f"    from {other.name} import {other_name} as {first}\n"
                )
                names = [first]
            case "wrapper":
                add(f"def {first}():\n    from {spelled} import {first} as inner\n    return ('wrapped', inner)\n")
                names = [first]
            case "subclass":
                classes = [name for name in self._names_of(source) if name.endswith("Manager")]
                if classes:
                    first = classes[0]
                    add(f"from {spelled} import {first} as _Base\n\n\nclass {first}(_Base):\n    pass\n")
                names = [first] if classes else []
            case "twice":
                add(f"from {spelled} import {first}\n")
                add(f"from {other.name} import {other_name} as {first}\n")
                names = [first]
            case "tuple":
                add(f"import {source.name} as _source\n{first}, again = _source.{first}, _source.{first}\n")
                names = [first, "again"]
            case "module_alias":
                add(self.parent_import(module, source.name) + "\n")
                names = [source.name.rpartition(".")[2]]
        module.names += [name for name in names if name not in module.names]

    def _init(self, module: _Module, homes: list[_Module]) -> None:
        inside = [one for one in homes if one.name.startswith(module.name + ".")]
        if inside and self.chance(50):
            for source in self.some(inside, 1, 2):
                names = self.some(self._names_of(source), 1, 3)
                if self.chance(25):
                    module.blocks.append(f"from {self.spelled(module, source.name)} import *\n")
                    names = self._names_of(source)
                elif self.chance(25):
                    module.blocks.append(self.parent_import(module, source.name) + "\n")
                    names = [source.name.rpartition(".")[2]]
                else:
                    module.blocks.append(f"from {self.spelled(module, source.name)} import {', '.join(names)}\n")
                module.names += names
            self._maybe_all(module, 20)

    # consumers

    def _consumer(self, module: _Module, homes: list[_Module]) -> None:
        module.blocks.append("from watch import see\n")
        sources = [*homes, *homes[1:], *self.consumers]
        sources += [one for one in (self.modules["pk"], self.modules.get("pk.sub")) if one and one.names]
        for _ in range(self._draw(st.integers(1, 4))):
            self._snippet(module, self.pick(sources))
        if self.chance(15):
            self._maybe_all(module, 100)
        self.consumers.append(module)

    def _snippet(self, module: _Module, source: _Module) -> None:
        number = self.fresh()
        names = self.some(self._names_of(source), 1, 3)
        name = names[0]
        spelled = self.spelled(module, source.name)
        full = source.name
        leaf = full.rpartition(".")[2]
        alias = self.pick((f"k{number}", f"k{number}", f"k{number}", "core", leaf, *OBJECTS[:3]))
        local = self.pick(("core", "pk", leaf, name, "value"))
        label = f"{module.name}:{number}"
        add = module.blocks.append
        kind = self.pick(one for one in KINDS if one not in self.aside)
        bound: list[str] = []
        match kind:
            case "from":
                add(f"from {spelled} import {', '.join(names)}\nsee({label!r}, {', '.join(names)})\n")
                bound = names
            case "from_as":
                add(f"from {spelled} import {name} as {alias}\nsee({label!r}, {alias})\n")
                bound = [alias]
            case "many":
                items = ", ".join([name, f"{names[-1]} as {alias}", *names[1:]])
                add(f"from {spelled} import {items}\nsee({label!r}, {name}, {alias})\n")
                bound = [*names, alias]
            case "comment":
                lines = "".join(f"    {one},  # about {one}\n" for one in names)
                add(f"from {spelled} import (\n{lines})\nsee({label!r}, {', '.join(names)})\n")
                bound = names
            case "star":
                add(f"from {spelled} import *\nsee({label!r}, {name})\n")
                bound = [one for one in self._names_of(source) if not one.startswith("_")]
            case "import":
                add(f"import {full}\nsee({label!r}, {full}.{name})\n")
            case "import_as":
                add(f"import {full} as {alias}\nsee({label!r}, {', '.join(f'{alias}.{one}' for one in names)})\n")
            case "beside":
                add(f"import os, {full}, sys\nsee({label!r}, {full}.{name}, os.sep)\n")
            case "parent":
                add(f"{self.parent_import(module, full)}\nsee({label!r}, {leaf}.{name})\n")
                bound = [leaf] if "module_alias" not in self.aside and self.chance(30) else []
            case "parent_as":
                add(f"{self.parent_import(module, full, f' as {alias}')}\nsee({label!r}, {alias}.{name})\n")
            case "parent_uses":
                add(
                    f"{self.parent_import(module, full)}\n\n\ndef probe_{number}():\n"
                    f"    return [{', '.join(f'{leaf}.{one}' for one in names)}]\n"
                )
            case "function":
                add(f"def probe_{number}():\n    from {spelled} import {name}\n    return {name}\n")
            case "function_import":
                add(f"def probe_{number}():\n    import {full} as {alias}\n    return {alias}.{name}\n")
            case "class":
                add(f"class Holder{number}:\n    from {spelled} import {name}\nsee({label!r}, Holder{number}.{name})\n")
            case "class_as":
                add(
                    f"class Holder{number}:\n    import {full} as {leaf}\n"
                    f"see({label!r}, Holder{number}.{leaf}.{name})\n"
                )
            case "if":
                add(f"if see:\n    from {spelled} import {name}\nelse:\n    {name} = None\nsee({label!r}, {name})\n")
                bound = [name]
            case "try_none":
                add(
                    f"try:\n    from {spelled} import {name}\nexcept ImportError:\n    {name} = None\n"
                    f"see({label!r}, {name})\n"
                )
                bound = [name]
            case "try_other":
                canonical = next(one for one in self.modules if one.endswith(".core"))
                first, second = self.pick(((full, canonical), (canonical, full)))
                add(
                    f"try:\n    from {first} import {name}\nexcept ImportError:\n    from {second} import {name}\n"
                    f"see({label!r}, {name})\n"
                )
                bound = [name]
            case "global":
                add(
                    f"def load_{number}():\n    global {alias}\n    from {spelled} import {name} as {alias}\n"
                    f"load_{number}()\nsee({label!r}, {alias})\n"
                )
                bound = [alias]
            case "del":
                add(f"from {spelled} import {name}\nsee({label!r}, {name})\ndel {name}\n")
            case "comprehension":
                add(f"from {spelled} import {name}\nsee({label!r}, [{name} for {name} in (1, 2)], {name})\n")
            case "parameter":
                add(
                    f"{self.parent_import(module, full)}\n\n\ndef probe_{number}({local}=5):\n"
                    f"    return [{leaf}.{name}, {local}]\n"
                )
            case "captured":
                add(f"import {full} as m{number}\n{local} = 3\nsee({label!r}, m{number}.{name}, {local})\n")
            case "captured_alias":
                add(f"from {spelled} import {name} as {alias}\n{local} = 3\nsee({label!r}, {local})\n")
                add(f"def probe_{number}():\n    return {alias}\n")
            case "patch":
                add(
                    f"from unittest import mock\n\n\ndef probe_{number}():\n"
                    f"    with mock.patch({full + '.' + name!r}, 'patched'):\n"
                    f"        from {spelled} import {name}\n        return {name}\n"
                )
            case "patch_object":
                add(
                    f"from unittest import mock\nimport {full} as m{number}\n\n\ndef probe_{number}():\n"
                    f"    with mock.patch.object(m{number}, {name!r}, 'patched'):\n"
                    f"        return m{number}.{name}\n"
                )
            case "patch_reader" | "patch_elsewhere":
                other = source
                if kind == "patch_elsewhere":
                    other = self.pick([one for one in self.modules.values() if one.names])
                read = name if name in other.names else self.pick(self._names_of(other))
                add(
                    f"from unittest import mock\n\n\ndef late_{number}():\n    from {other.name} import {read}\n"
                    f"    return {read}\n\n\ndef probe_{number}():\n"
                    f"    with mock.patch({full + '.' + name!r}, 'patched'):\n        return late_{number}()\n"
                )
            case "patch_here":
                add(
                    f"from unittest import mock\nfrom {spelled} import {name}\n\n\ndef probe_{number}():\n"
                    f"    with mock.patch({module.name + '.' + name!r}, 'patched'):\n        return {name}\n"
                )
            case "import_module":
                add(
                    f"import importlib\nsee({label!r}, importlib.import_module({full!r}).{name})\n"
                    if self.chance(50)
                    else f"from importlib import import_module\nm{number} = import_module({full!r})\n"
                    f"see({label!r}, m{number}.{name})\n"
                )
            case "getattr":
                add(f"import {full} as m{number}\nsee({label!r}, getattr(m{number}, {name!r}))\n")
            case "getattr_module":
                add(
                    f"import importlib\nsee({label!r}, getattr(importlib.import_module({full!r}), {name!r}), "
                    f"hasattr(importlib.import_module({full!r}), {names[-1]!r}))\n"
                )
            case "dunder":
                add(f"see({label!r}, __import__({full!r}, fromlist=[{name!r}]).{name})\n")
            case "implicit":
                add(
                    f"import pk\n\n\ndef probe_{number}():\n"
                    f"    return {full if full.startswith('pk') else 'pk'}.{name}\n"
                )
            case "exec":
                add(
                    f"space{number} = {{}}\nexec('from {full} import {name}', space{number})\n"
                    f"see({label!r}, space{number}[{name!r}])\n"
                )
            case "raise":
                add(
                    f"import {full} as m{number}\n\n\ndef probe_{number}():\n    m{number}.raise_level()\n"
                    f"    return m{number}.level_now\n"
                )
            case "assign" if "assign_canonical" not in self.aside or not _is_canonical(source):
                add(
                    f"import {full} as m{number}\n\n\ndef probe_{number}():\n    m{number}.{name} = 'assigned'\n"
                    f"    return m{number}.{name}\n"
                )
            case "sys_modules":
                add(f"import sys\nimport {full}\nsee({label!r}, sys.modules[{full!r}].{name})\n")
            case "default":
                add(f"from {spelled} import {name}\n\n\ndef probe_{number}({name}={name}):\n    return {name}\n")
            case "decorator":
                add(
                    f"import {full}\n\n\ndef keep(value):\n    return lambda function: function\n\n\n"
                    f"@keep({full}.{name})\ndef probe_{number}():\n    return {full}.{name}\n"
                )
            case "fstring":
                add(f"import {full} as {alias}\nsee({label!r}, f'{{type({alias}.{name}).__name__}}')\n")
            case "type_checking":
                add(
                    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
                    f"    from {spelled} import {name} as T{number}\n"
                    f"\n\ndef probe_{number}(value: 'T{number}' = None):\n    return value\n"
                )
            case "match":
                add(
                    f"from {self.spelled(module, full)} import {name} as n{number}\nimport {full}\n"
                    f"match n{number}:\n    case {full}.{name}:\n        see({label!r}, 'same')\n"
                    f"    case _:\n        see({label!r}, 'other')\n"
                )
            case "nested":
                add(
                    f"def outer_{number}():\n    from {spelled} import {name}\n    def inner({local}=1):\n"
                    f"        return [{name}, {local}]\n    return inner()\nsee({label!r}, outer_{number}())\n"
                )
            case "lambda":
                add(f"from {spelled} import {name} as {alias}\nprobe_{number} = lambda core=1: ({alias}, core)\n")
                bound = [alias]
            case "loop":
                add(
                    f"for {leaf} in (1, 2):\n    import {full} as m{number}\nsee({label!r}, {leaf}, m{number}.{name})\n"
                )
            case "walrus":
                add(f"from {spelled} import {name}\nsee({label!r}, {name})\nsee({label!r}, ({name} := 4), {name})\n")
                bound = []
            case "semicolon":
                add(f"import os; from {spelled} import {name}; see({label!r}, {name})\n")
                bound = [name]
            case "one_line":
                add(f"if see: from {spelled} import {name}; see({label!r}, {name})\n")
                bound = [name]
        module.names += [one for one in bound if one not in module.names]


@st.composite
def packages(draw: st.DrawFn, aside: frozenset[str] = SET_ASIDE) -> RandomPackage:
    """Small packages: a canonical module, shims over it and over each other, consumers of all of them."""
    return _Drawing(draw, aside).package()


def drawn(examples: int, *, derandomize: bool = True) -> settings:
    """How packages are drawn: as many as that, none made smaller, nothing kept; a test draws the same each time."""
    return settings(
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
