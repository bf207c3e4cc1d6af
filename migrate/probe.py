"""probe(): the project's own interpreter imports old and new paths, and says whether the static proof holds there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from codemods.references import Disposition, Relation, Step
from codemods.symbols import Symbol, contains, parts
from migrate.errors import MigrateError
from migrate.plan import Plan
from migrate.recipe import SourceRoot


class Answer(StrEnum):
    """What the interpreter says about an old path and the new one that is proved to be the same."""

    SAME = "same"
    """The same object (``is``); for two modules: both can be imported."""
    DIFFERENT = "different"
    OLD_FAILS = "old-fails"
    """The old path cannot be imported here today; a rewrite breaks nothing that works."""
    NEW_FAILS = "new-fails"
    """The new path cannot be imported here, and the old one can."""
    ELSEWHERE = "elsewhere"
    """One of them came from a file that is not the commit's: nothing was learned about this code."""
    NOT_PROBED = "not-probed"
    """No entry of sys.path gives the module its name."""


_CONTRADICTING = frozenset({Answer.DIFFERENT, Answer.NEW_FAILS, Answer.ELSEWHERE})

_SUMMARY = {
    Answer.SAME: "the same",
    Answer.DIFFERENT: "different",
    Answer.OLD_FAILS: "fail today under this interpreter",
    Answer.NEW_FAILS: "would fail after the rewrite",
    Answer.ELSEWHERE: "imported from elsewhere",
    Answer.NOT_PROBED: "not probed",
}


@dataclass(frozen=True)
class Probed:
    """One pair, and what the interpreter found; ``description`` is for people."""

    old: Symbol
    new: Symbol
    says: Answer
    description: str


@dataclass(frozen=True)
class Probe:
    """All pairs; ``contradictions`` are those where the static proof does not hold, or was not put to the test."""

    rows: tuple[Probed, ...]
    contradictions: tuple[Probed, ...]


_CHILD = r'''
# Runs under the project's interpreter. It parses under any Python, so that an old one gets as far as this test.
import sys
if sys.version_info < (3, 8):
    sys.exit("the probe needs Python 3.8 or newer, and this is " + sys.version.split()[0])
if sys.path and sys.path[0] == "":  # -c puts the current directory there; absent under PYTHONSAFEPATH
    del sys.path[0]  # before anything is imported: the project may have a types.py at its top
import importlib
import importlib.machinery
import json
import os
import types


def main(write=open, dumps=json.dumps, leave=os._exit, realpath=os.path.realpath):
    with write(sys.argv[1], "rb") as file:
        request = json.loads(file.read().decode("utf-8"))
    answer, top = sys.argv[2], realpath(request["top"])
    sys.argv[:] = ["-c"]
    sys.path[:0] = request["path"]
    imported = {}

    def say(line):
        # The file is opened anew each time: imported code may close every descriptor that it finds.
        with write(answer, "ab") as file:
            file.write(dumps(line).encode("ascii") + b"\n")

    def clean(text):
        text = " ".join(text.encode("utf-8", "backslashreplace").decode("utf-8").split())
        return text if len(text) <= 300 else text[:297] + "..."

    def failure(error):
        try:
            return clean(type(error).__name__ + ": " + str(error)).rstrip(" :")
        except BaseException:
            return clean(type(error).__name__)

    def places(name, module):
        """Where a module comes from: its file, the folders of a namespace, or where it would be found."""
        file = getattr(module, "__file__", None)
        if type(file) is str:
            return [file]
        folders = [place for place in getattr(module, "__path__", None) or () if type(place) is str]
        if folders:
            return folders
        # It put another object in its place in sys.modules.
        package = sys.modules.get(name.rpartition(".")[0])
        spec = importlib.machinery.PathFinder.find_spec(name, getattr(package, "__path__", None))
        return [spec.origin] if spec is not None and type(spec.origin) is str else []

    def elsewhere(name, module):
        """The place outside of the commit that a module comes from; None if it is the commit's."""
        try:
            found = places(name, module)
        except BaseException:
            found = []
        for place in found:
            place = realpath(place)
            if (place + os.sep).startswith(top.rstrip(os.sep) + os.sep):
                inner = place[len(top):].split(os.sep)
                if "site-packages" not in inner and "dist-packages" not in inner:
                    return None
        return clean(found[0]) if found else "no file"

    def load(name):
        """(module, its failure, where from): all of them remembered, for a second try may end in another way."""
        if name not in imported:
            say({"importing": clean(name)})
            try:
                module = importlib.import_module(name)
                imported[name] = (module, None, elsewhere(name, module))
            except BaseException as error:
                pieces = name.split(".")
                place = None
                # A package from elsewhere that lacks the module says nothing about the commit.
                for count in range(len(pieces) - 1, 0, -1):
                    package = ".".join(pieces[:count])
                    if package in sys.modules:
                        place = elsewhere(package, sys.modules[package])
                        break
                imported[name] = (None, failure(error), place)
        return imported[name]

    def describe(value):
        kind = type(value)
        try:
            if issubclass(kind, type):
                return clean("class %s of %s" % (value.__qualname__, value.__module__))
            if issubclass(kind, types.ModuleType):
                return clean("module " + value.__name__)
            if kind in (types.FunctionType, types.BuiltinFunctionType):
                return clean("function %s of %s" % (value.__qualname__, value.__module__))
            return clean("an instance of %s of %s" % (kind.__qualname__, kind.__module__))
        except BaseException:
            return "an object"

    def look(symbol):
        """(found, value, its side of the answer), as ``from module import name`` finds it."""
        name, attribute = symbol
        module, error, place = load(name)
        value, submodule = module, attribute is None
        if error is None and attribute is not None:
            try:
                value = getattr(module, attribute)
            except BaseException as first:
                error = failure(first)
                below = name + "." + attribute
                if isinstance(first, AttributeError) and hasattr(module, "__path__"):
                    value, second, place_below = load(below)
                    if second is None:
                        error, place = None, place_below
            submodule = error is None and sys.modules.get(name + "." + attribute) is value
        what = "" if error is not None else describe(value)
        side = {"what": what, "error": error, "elsewhere": place, "submodule": submodule}
        return error is None, value, side

    # The canonical modules first, and every name only after the last import: whoever rebinds it has done so.
    for which in (1, 0):
        for pair in request["pairs"]:
            load(pair[which][0])
    rows = []
    for old, new in request["pairs"]:
        new_found, new_value, new_side = look(new)
        old_found, old_value, old_side = look(old)
        same = old_found and new_found and old_value is new_value
        rows.append({"old": old_side, "new": new_side, "same": same})
    say({"rows": rows})
    leave(0)  # no exit handlers, and no waiting for threads that the imported code has started


main()
'''


class _Side(msgspec.Struct, frozen=True):
    what: str
    error: str | None
    elsewhere: str | None
    submodule: bool


class _Row(msgspec.Struct, frozen=True):
    old: _Side
    new: _Side
    same: bool


class _Line(msgspec.Struct, frozen=True):
    """The child's answer is lines: each import is announced, the last line has the rows."""

    importing: str | None = None
    rows: list[_Row] | None = None


class _Request(msgspec.Struct, frozen=True):
    top: str
    path: list[str]
    pairs: list[tuple[tuple[str, str | None], tuple[str, str | None]]]


def pairs(plan: Plan) -> tuple[tuple[Symbol, Symbol], ...]:
    """The distinct (old, new) that are rewritten because they are proved to be the same object."""
    found = {
        (one.old, one.new)
        for one in plan.references
        if one.disposition is Disposition.REWRITE
        and one.relation is Relation.ALIAS
        and one.new is not None
        and one.old.is_module is one.new.is_module
        and one.step is not Step.COLLAPSE  # a local name, which may be no module's
    }
    return tuple(sorted(found))


def probe(python: str, directory: Path, roots: tuple[SourceRoot, ...], plan: Plan, timeout: float) -> Probe:
    """Import the plan's pairs with ``python`` from ``directory``, a checkout of the plan's base.

    This runs the project's code. Raises MigrateError where the interpreter cannot be started, dies, or is not done
    after ``timeout`` seconds.
    """
    wanted = pairs(plan)
    reasons = {pair: _out_of_reach(pair, directory, roots) for pair in wanted}
    within = [pair for pair in wanted if reasons[pair] is None]
    answers = dict(zip(within, _ask(python, directory, roots, within, timeout), strict=True)) if within else {}
    rows = []
    for old, new in wanted:
        if (old, new) in answers:
            says, description = _judge(old, answers[old, new])
        else:
            says, description = Answer.NOT_PROBED, reasons[old, new] or ""
        rows.append(Probed(old, new, says, description))
    return Probe(tuple(rows), tuple(row for row in rows if row.says in _CONTRADICTING))


def describe(probe: Probe) -> str:
    """The probe as lines for people: what contradicts comes first, the count comes last."""
    lines: list[str] = []
    for row in sorted(probe.rows, key=lambda row: row.says not in _CONTRADICTING):
        lines += [f"{row.says:<12}{row.old}", f"{'':12}{row.new}"]
        lines += textwrap.wrap(
            row.description,
            width=100,
            initial_indent=" " * 14,
            subsequent_indent=" " * 14,
            break_long_words=False,  # a path that is broken in two is of no use
            break_on_hyphens=False,
        )
    counts = Counter(row.says for row in probe.rows)
    told = ", ".join(f"{counts[answer]} {_SUMMARY[answer]}" for answer in Answer if counts[answer])
    total = "1 pair" if len(probe.rows) == 1 else f"{len(probe.rows)} pairs"
    lines.append(f"{total} of old and new path: {told}" if told else "nothing to probe: no path is proved by an alias")
    return "\n".join(lines) + "\n"


def _judge(old: Symbol, row: _Row) -> tuple[Answer, str]:
    """One pair's answer. Where code came from counts first: what other code does is no news about this one."""
    for which, side in (("new", row.new), ("old", row.old)):
        if side.elsewhere is not None:
            error = "" if side.error is None else f" ({side.error})"
            return Answer.ELSEWHERE, f"the {which} path: imported from {side.elsewhere}, not from this commit{error}"
    if row.old.error is not None:
        both = "" if row.new.error is None else f"; and so does the new path: {row.new.error}"
        return Answer.OLD_FAILS, f"fails today under this interpreter: {row.old.error}{both}"
    if row.new.error is not None:
        return Answer.NEW_FAILS, f"the old path works ({row.old.what}), the new one does not: {row.new.error}"
    if old.is_module:
        return Answer.SAME, "both modules can be imported"
    if row.same:
        return Answer.SAME, f"{row.old.what}; the same object (is)"
    if row.old.submodule and row.new.submodule:  # a shim is a module of its own, whatever it forwards
        return Answer.SAME, f"{row.old.what}, {row.new.what}: both modules can be imported"
    if row.old.what == row.new.what:
        return Answer.DIFFERENT, f"two objects, and each of them is {row.old.what}"
    return Answer.DIFFERENT, f"two objects: the old one is {row.old.what}, the new one is {row.new.what}"


# sys.path


def _import_path(roots: Iterable[SourceRoot]) -> list[str]:
    """The folders for sys.path, below the top; the upper ones first, as Project chooses between two files."""
    found = {path for source_root in roots if (path := _folder(source_root)) is not None}
    return sorted(found, key=lambda path: (path.count("/") + bool(path), path))


def _folder(source_root: SourceRoot) -> str | None:
    """The folder from which Python itself gives the root's modules their names; None where there is none.

    A root ``src/pkg`` with the package ``pkg`` is ``src``. A root ``lib`` with the package ``pkg`` exists only once
    it is installed.
    """
    if not source_root.package:
        return source_root.path
    folders, package = source_root.path.split("/"), list(parts(source_root.package))
    if folders[-len(package) :] != package:
        return None
    return "/".join(folders[: -len(package)])


def _out_of_reach(pair: tuple[Symbol, Symbol], directory: Path, roots: tuple[SourceRoot, ...]) -> str | None:
    """Why a pair cannot be probed: a module lies in a root that sys.path cannot express. None: it can be."""
    for symbol in pair:
        for source_root in roots:
            if source_root.package and _folder(source_root) is None and contains(source_root.package, symbol.module):
                if not any(_is_below(directory / path, symbol.module) for path in _import_path(roots)):
                    return (
                        f"{symbol.module} lies in {source_root.path}, which is named {source_root.package}"
                        " only when it is installed"
                    )
    return None


def _is_below(folder: Path, module: str) -> bool:
    place = folder.joinpath(*parts(module))
    return place.is_dir() or place.with_name(f"{place.name}.py").is_file()


# the child


def _ask(
    python: str, directory: Path, roots: tuple[SourceRoot, ...], wanted: list[tuple[Symbol, Symbol]], timeout: float
) -> list[_Row]:
    """Run the child in ``directory`` and read its answer."""
    interpreter = _interpreter(python)
    top = directory.resolve()
    request = _Request(
        str(top),
        [str(top / path) if path else str(top) for path in _import_path(roots)],
        [((old.module, old.name), (new.module, new.name)) for old, new in wanted],
    )
    with tempfile.TemporaryDirectory(prefix="unshim-probe-") as name:
        scratch = Path(name).resolve()
        asked, answer, said = scratch / "request.json", scratch / "answer.jsonl", scratch / "stderr"
        asked.write_bytes(msgspec.json.encode(request))
        command = [interpreter, "-B", "-c", _CHILD, str(asked), str(answer)]
        status = _run(command, top, said, timeout)
        lines = _lines(answer)
        for line in lines:
            if line.rows is not None and len(line.rows) == len(wanted):
                return line.rows
        importing = [line.importing for line in lines if line.importing is not None]
        where = f" while it imported {importing[-1]}" if importing else " before it imported anything"
        if status is None:
            raise MigrateError(
                f"the import probe: {python} was not done after {timeout:g} seconds{where}",
                "import that module by hand; give more time, or leave the probe out",
            )
        words = said.read_text("utf-8", "replace").split("\n")
        last_words = next((f": {line.strip()[:300]}" for line in reversed(words) if line.strip()), "")
        raise MigrateError(
            f"the import probe: {python} ended {_ending(status)}{where}{last_words}",
            "import that module by hand, under the same interpreter and environment"
            if importing
            else "is it CPython 3.8 or newer? give the one that runs the project",
        )


def _interpreter(python: str) -> str:
    """The command with its place made absolute, for the child starts in another directory.

    Links are not followed: a virtual environment is known by the link's own place.
    """
    found = str(Path(python).absolute()) if os.sep in python else shutil.which(python)
    if found is None or not Path(found).is_file():
        raise MigrateError(f"there is no interpreter {python}", "give the project's own, such as venv/bin/python")
    return found


def _run(command: list[str], directory: Path, said: Path, timeout: float) -> int | None:
    """The child's exit status; None where it was not done in time. Nothing that it started is left running.

    There are no pipes: whatever the imported code prints or leaves behind, nobody waits for an end of file.
    """
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        with said.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603  the interpreter is the one that the user named
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
    except OSError as error:
        raise MigrateError(
            f"the interpreter {command[0]} cannot be started: {error.strerror}", "is it the right file?"
        ) from error
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError, PermissionError):  # macOS: a group of none but the dead
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _lines(answer: Path) -> list[_Line]:
    """What the child has said so far; a line that it did not finish is no line."""
    if not answer.exists():
        return []
    found = []
    for line in answer.read_bytes().split(b"\n"):
        with suppress(msgspec.DecodeError):
            found.append(msgspec.json.decode(line, type=_Line))
    return found


def _ending(status: int) -> str:
    if status >= 0:
        return f"with status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"
