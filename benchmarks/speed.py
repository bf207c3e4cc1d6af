"""How fast unshim is beside ruff, git, LibCST, rope and Bowler, on a repository that is given or generated.

    .venv/bin/python -m pip install --group bench
    .venv/bin/python benchmarks/speed.py REPOSITORY --recipe unshim.toml [--rev REV] [--runs 3] [--only ROW ...]
    .venv/bin/python benchmarks/speed.py --generate 10000 [--seed N]
    .venv/bin/python benchmarks/speed.py --linear [--up-to 100000]

Measured are whole processes, interpreter start included. The two sides of a row take turns, and the ratio is the
median over these pairs, so that it holds when the machine's speed drifts. All happens in a shared clone, with stores
of its own: the repository's branches and the user's store are not touched. What is called cold runs with
--no-cache; each warm run begins with a copy of the store as it was before the change. Memory is that of the largest
process, and no figure can be smaller than this script's own. All programs have their bytecode, as installed ones do.

ruff bans the modules that the scan finds to be non-canonical, and sees no aliases. LibCST, rope and Bowler preview the
one rename that most references need, in the files with references to rewrite; unshim's diff is that of everything, as
a first run makes it, and as it is once scan has been run. So it is cost that is compared, not findings. With --sample
they get some of the files, and what the second half of these takes is scaled by size. A sample should have some
dozens, for LibCST gives each worker four files at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from generated import Shape, write_repository

BIN = Path(sys.executable).parent
PEERS = ("libcst", "rope", "bowler")
STAGED = ("unstaged", "staged", "listed")
ROWS = ("cold", *PEERS, "apply", "warm", *STAGED)
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
MEMORY = 400
"""MiB that unshim may need."""
HEAD = ("run", "against", "s", "s", "CPU s", "CPU s", "ratio", "at most", "reached", "MiB", "MiB")

# The other tools print what they would change. Arguments: old and new symbol, the old module's file, the files.
LIBCST = ("-m", "libcst.tool", "codemod", "--no-format", "--hide-progress", "-u3", "rename.RenameCommand")
BOWLER = """
import sys
from bowler import Query
old, new, _, *files = sys.argv[1:]
Query(files).select_module(old.split(":")[0]).rename(new.split(":")[0]).diff(interactive=False)
"""
ROPE = """
import sys
from rope.base.project import Project
from rope.refactor.rename import Rename
_, new, module, *files = sys.argv[1:]
project = Project(".", ropefolder=None, ignore_syntax_errors=True, save_objectdb=False)
found = [project.get_resource(file) for file in files]
renamed = Rename(project, project.get_resource(module)).get_changes(new.split(":")[0].split(".")[-1], resources=found)
print(renamed.get_description())
"""


@dataclass(frozen=True)
class Run:
    """One run of one command: seconds of wall and processor time, MiB, and what it printed."""

    wall: float
    cpu: float
    memory: float
    output: bytes = b""
    stopped: bool = False
    """Whether the time limit ended it."""


@dataclass(frozen=True)
class Row:
    """Two sides that take turns, and what the ratio of their times may be at most."""

    name: str
    ours: Callable[[], Run]
    against: str
    theirs: Callable[[], Run]
    limit: float

    def cells(self, runs: int) -> list[str]:
        """Measure both sides. One that ran into its time limit is not run again."""
        pairs: list[tuple[Run, Run]] = []
        for _ in range(runs):
            pairs.append((self.ours(), pairs[-1][1] if pairs and pairs[-1][1].stopped else self.theirs()))
        stopped = any(theirs.stopped for _, theirs in pairs)
        ratio = statistics.median(ours.wall / theirs.wall for ours, theirs in pairs)
        ours, theirs = (medians([pair[side] for pair in pairs]) for side in (0, 1))
        more, less = ("> ", "< ") if stopped else ("", "")
        return [
            self.name, self.against, f"{ours.wall:.2f}", f"{more}{theirs.wall:.2f}", f"{ours.cpu:.2f}",
            f"{more}{theirs.cpu:.2f}", f"{less}{ratio:.3f}", f"{self.limit}",
            "yes" if ratio <= self.limit else "not known" if stopped else "no",
            f"{ours.memory:.0f}", f"{theirs.memory:.0f}",
        ]  # fmt: skip


def medians(runs: list[Run]) -> Run:
    """The medians of the times; of memory the most."""
    wall, cpu = statistics.median(run.wall for run in runs), statistics.median(run.cpu for run in runs)
    return Run(wall, cpu, max(run.memory for run in runs))


def measured(
    words: tuple[str, ...], folder: Path, store: Path | None = None, limit: float | None = None, ends: int = 0
) -> Run:
    """Run a command in a process group of its own; ``ends`` is the highest exit code that is no failure."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if store is not None:
        environment["XDG_CACHE_HOME"] = str(store)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(words, cwd=folder, env=environment, stdout=output, stderr=errors, process_group=0)
        stop = threading.Timer(limit or threading.TIMEOUT_MAX, os.killpg, (process.pid, signal.SIGKILL))
        stop.daemon = True
        stop.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:  # which went to this process alone
            os.killpg(process.pid, signal.SIGKILL)
            raise
        wall = time.perf_counter() - start
        stop.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        stopped = process.returncode == -signal.SIGKILL and limit is not None and wall >= limit
        output.seek(0)
        errors.seek(0)
        if not stopped and not 0 <= process.returncode <= ends:
            raise SystemExit(f"{' '.join(words)[:200]} exits {process.returncode}:\n{errors.read().decode()[-2000:]}")
        return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.read(), stopped)


def git(folder: Path, *arguments: str, text: str | None = None, check: bool = True) -> str:
    """What a git command prints."""
    person = {f"GIT_{role}_{what}": "benchmark" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command, environment = ["git", "-C", str(folder), *arguments], {**os.environ, **person}
    return subprocess.run(
        command, input=text, capture_output=True, check=check, env=environment,
        encoding="utf-8", errors="surrogateescape",
    ).stdout  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """A clone, the recipe, and a folder for stores and further clones."""

    scratch: Path
    clone: Path
    recipe: Path

    def unshim(self, store: Path, command: str, *options: str, repo: Path | None = None) -> Run:
        words = (str(BIN / "unshim"), command, "--repo", str(repo or self.clone), "--recipe", str(self.recipe))
        return measured((*words, *options), self.clone, store)

    def room(self) -> Path:
        """A new folder: an empty store, or the place of a clone."""
        return Path(tempfile.mkdtemp(dir=self.scratch))

    def cold(self, command: str, *options: str, repo: Path | None = None) -> Run:
        return self.unshim(self.room(), command, "--no-cache", *options, repo=repo)

    def warm(self, store: Path, command: str, *options: str) -> Run:
        """Run with a copy of a store, so that each run knows the same."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as copy:
            shutil.copytree(store, copy, dirs_exist_ok=True)
            return self.unshim(Path(copy), command, *options)

    def applied(self, commit: str) -> Run:
        """Apply in a clone that has neither the branch nor its objects."""
        bare = self.room()
        git(self.clone, "clone", "--quiet", "--shared", "--bare", ".", str(bare))
        return self.cold("apply", "--partial", "--rev", commit, repo=bare)

    def check_same(self, store: Path, command: str, *options: str) -> None:
        """A command must print the same with a store and without one."""
        if self.warm(store, command, *options).output != self.cold(command, *options).output:
            raise SystemExit(f"unshim {command} {' '.join(options)} prints something else with --no-cache")

    def check_out(self, commit: str) -> None:
        """Take the files that the clone has: a partial one is not whole, and that costs nobody anything."""
        git(self.clone, "update-ref", "--no-deref", "HEAD", commit)
        git(self.clone, "read-tree", commit)
        git(self.clone, "checkout-index", "--all", "--force", "--quiet", "--index", check=False)

    def touch(self, paths: list[str]) -> None:
        """Put a comment at the end of files, in the checkout and in the index."""
        for path in paths:
            with (self.clone / path).open("ab") as stream:
                stream.write(b"\n# touched\n")
        git(self.clone, "update-index", "-z", "--stdin", text="\0".join(paths))

    def commit(self, message: str) -> None:
        tree = git(self.clone, "write-tree", "--missing-ok").strip()
        commit = git(self.clone, "commit-tree", "-p", "HEAD", "-m", message, tree).strip()
        git(self.clone, "update-ref", "--no-deref", "HEAD", commit)

    def covered(self, recipe: dict[str, Any]) -> list[str]:
        """The Python files that the recipe covers and the checkout has."""
        patterns = [f":(glob){one}" for one in recipe.get("include") or ("**",)]
        patterns += [f":(exclude,glob){one}" for one in recipe.get("exclude") or ()]
        listed = git(self.clone, "ls-files", "-z", "--", *patterns).split("\0")
        places = {path: self.clone / path for path in listed if path.endswith(".py")}
        return [path for path, place in places.items() if place.is_file() and not place.is_symlink()]

    def size(self, paths: list[str]) -> int:
        return sum((self.clone / path).stat().st_size for path in paths)


def measured_rows(bench: Bench, given: argparse.Namespace) -> Iterator[Row]:
    """The rows, each to be measured before the next is asked for: the clone gets more changes from row to row."""
    chance = random.Random(given.seed)
    store = bench.room()
    plan = json.loads(bench.unshim(store, "scan", "--format", "json").output)
    rewritten = [one for one in plan["references"] if one["disposition"] == "rewrite"]
    renames = len({(one["old"], one["new"]) for one in rewritten})
    size = f"{plan['summary']['files']:,} files, {plan['summary']['references']:,} references"
    print(f"{size}, of which diff rewrites {len(rewritten):,} by {renames:,} renames; runs: {given.runs}\n")
    base = git(bench.clone, "rev-parse", "HEAD").strip()
    configuration = bench.scratch / "ruff.toml"
    configuration.write_text(ruff_configuration(plan))
    words = (str(BIN / "ruff"), "check", "--no-cache", "--select", "TID251", "--config", str(configuration), ".")

    def ruff() -> Run:
        return measured(words, bench.clone, ends=1)

    def diff() -> Run:
        return bench.cold("diff")

    if "cold" in given.only:
        yield Row("cold `scan`", lambda: bench.cold("scan"), "ruff, TID251", ruff, 1.0)
    files = sorted({one["path"] for one in rewritten if one["path"].endswith(".py")})
    some = files if given.sample is None else chance.sample(files, min(len(files), max(2, given.sample)))
    told = f"{len(files)} files" if len(some) == len(files) else f"scaled from {len(some)} of {len(files)} files"
    for name, command in (peers(plan) if set(PEERS) & set(given.only) else {}).items():

        def peer(command: tuple[str, ...] = command) -> Run:
            run = measured((*command, *some), bench.clone, limit=given.limit, ends=1)
            if run.stopped or len(some) == len(files):
                return run
            half = measured((*command, *some[: len(some) // 2]), bench.clone, limit=given.limit, ends=1)
            rest = (bench.size(files) - bench.size(some)) / bench.size(some[len(some) // 2 :])
            wall, cpu = run.wall + rest * (run.wall - half.wall), run.cpu + rest * (run.cpu - half.cpu)
            return replace(run, wall=wall, cpu=cpu)

        if name in given.only:
            yield Row("cold `diff`", diff, f"{name}, one rename, {told}", peer, 0.05)
            yield Row("`diff` after `scan`", lambda: bench.warm(store, "diff"), f"{name}, the same", peer, 0.05)
    if "apply" in given.only:
        yield Row("cold `apply`", lambda: bench.applied(base), "cold `diff`", diff, 1.5)

    covered = bench.covered(plan["recipe"])
    if "warm" in given.only:
        bench.touch(chance.sample(covered, max(1, len(covered) // 100)))
        bench.commit("touch 1% of the files")
        yield Row("warm `scan`, 1% changed", lambda: bench.warm(store, "scan"), "ruff, TID251", ruff, 0.15)
        bench.check_same(store, "scan", "--format", "json")
        bench.check_same(store, "diff")
    if not {*STAGED} & set(given.only):
        return
    bench.unshim(bench.room(), "check", "--write-baseline", "--force")
    git(bench.clone, "add", "--force", "unshim-baseline.json")
    bench.commit("accept what there is")
    known = bench.room()
    bench.unshim(known, "check")
    listed = {one["path"] for one in (*plan["references"], *plan["unchecked"])}
    choices = ([], [path for path in covered if path not in listed], [path for path in covered if path in listed])
    for row, what, paths in zip(STAGED, ("nothing", "a file", "a file with references"), choices, strict=True):
        if row in given.only:
            bench.check_out(git(bench.clone, "rev-parse", "HEAD").strip())
            bench.touch([chance.choice(paths)] if paths else [])
            yield Row(
                f"warm `check --staged`, {what} staged",
                lambda: bench.warm(known, "check", "--staged"),
                "`git status`, `python -c pass`",
                lambda: measured(("sh", "-c", 'git status && "$0" -c pass', sys.executable), bench.clone),
                2.0,
            )
            bench.check_same(known, "check", "--staged", "--format", "json")


def ruff_configuration(plan: dict[str, Any]) -> str:
    banned = [one["module"] for one in plan["modules"] if one["verdict"] not in ("canonical", "home")]
    lines = [f"extend-exclude = {json.dumps(plan['recipe'].get('exclude') or [])}"]
    lines += ["[lint.flake8-tidy-imports.banned-api]", *(f'"{module}".msg = "not canonical"' for module in banned)]
    return "\n".join(lines) + "\n"


def peers(plan: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The commands of the other tools, without files, for the name that most references need renamed."""
    paths = {one["module"]: one["path"] for one in plan["modules"] if one["path"]}
    renames = Counter(
        (one["old"], one["new"], paths[one["old"].split(":")[0]])
        for one in plan["references"]
        if one["disposition"] == "rewrite" and ":" in one["old"] and one["old"].split(":")[0] in paths
    )
    if not renames:
        raise SystemExit("no name is to be rewritten, so the other tools have nothing to do")
    old, new, _ = rename = renames.most_common(1)[0][0]
    return {
        "libcst": (sys.executable, *LIBCST, "--old_name", old.replace(":", "."), "--new_name", new),
        "rope": (sys.executable, "-c", ROPE, *rename),
        "bowler": (sys.executable, "-c", BOWLER, *rename),
    }


def print_linear(up_to: int, seed: int, runs: int) -> None:
    """What files cost, then what references cost in as many files; linear is where the last column is steady."""
    sizes = [size for size in SIZES if size <= up_to]
    fixed = max(sizes[0], up_to // 10)
    for unit, shapes in (
        ("files", [Shape(size, seed) for size in sizes]),
        ("references", [Shape(fixed, seed, references) for references in (1, 4, 16)]),
    ):
        print_cells("files", "references", "cold scan s", "CPU s", "CPU s / 1,000 files", "MiB", "warm scan s", "MiB",
                    "cold diff s", "CPU s", "MiB", f"CPU s / 1,000 more {unit}")  # fmt: skip
        print_cells(*["---:"] * 12)
        before, spent = 0, 0.0
        for shape in shapes:
            with tempfile.TemporaryDirectory() as folder:
                bench = generated(Path(folder), shape)
                store = bench.room()
                summary = json.loads(bench.unshim(store, "scan", "--format", "json").output)["summary"]
                scan = medians([bench.cold("scan") for _ in range(runs)])
                warm = medians([bench.unshim(store, "scan") for _ in range(runs)])
                diff = medians([bench.cold("diff") for _ in range(runs)])
            more = (diff.cpu - spent) / (summary[unit] - before) * 1000
            before, spent = summary[unit], diff.cpu
            print_cells(
                f"{summary['files']:,}", f"{summary['references']:,}", f"{scan.wall:.1f}", f"{scan.cpu:.1f}",
                f"{scan.cpu / shape.files * 1000:.2f}", f"{scan.memory:.0f}", f"{warm.wall:.2f}",
                f"{warm.memory:.0f}", f"{diff.wall:.1f}", f"{diff.cpu:.1f}", f"{diff.memory:.0f}", f"{more:.2f}",
            )  # fmt: skip
        print()


def generated(scratch: Path, shape: Shape) -> Bench:
    repository = scratch / "generated.git"
    write_repository(repository, shape)
    recipe = scratch / "unshim.toml"
    recipe.write_text(git(repository, "show", "HEAD:unshim.toml"))
    return Bench(scratch, repository, recipe)


def print_cells(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path, nargs="?")
    parser.add_argument("--recipe", type=Path)
    parser.add_argument("--rev", default="HEAD")
    parser.add_argument("--generate", type=int, metavar="FILES", help="a repository with so many Python files")
    parser.add_argument("--seed", type=int, default=0, help="of the generated repository, and of what is chosen")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=ROWS, metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--sample", type=int, metavar="FILES", help="how many files the other tools get; default: all")
    parser.add_argument("--limit", type=float, default=600, metavar="SECONDS", help="what the other tools may take")
    parser.add_argument("--linear", action="store_true", help="only show what files and references cost")
    parser.add_argument("--up-to", type=int, choices=SIZES, default=SIZES[-1], metavar="FILES", help="for --linear")
    given = parser.parse_args()
    if given.linear:
        return print_linear(given.up_to, given.seed, given.runs)
    if (given.repository is None or given.recipe is None) == (given.generate is None):
        parser.error("give a repository and --recipe, or --generate")
    missing = [name for name in ("ruff", "rope") if find_spec(name) is None]
    if missing:
        parser.error(f"not installed: {', '.join(missing)}; run {sys.executable} -m pip install --group bench")
    with tempfile.TemporaryDirectory() as folder:
        scratch, clone = Path(folder), Path(folder) / "clone"
        source = Bench(scratch, given.repository, given.recipe)
        if given.generate is not None:
            source = generated(scratch, Shape(given.generate, given.seed))
        git(source.clone, "clone", "--quiet", "--shared", "--no-checkout", ".", str(clone))
        bench = Bench(scratch, clone, source.recipe.resolve())
        bench.check_out(git(source.clone, "rev-parse", f"{given.rev}^{{commit}}").strip())
        most = 0.0
        for number, row in enumerate(measured_rows(bench, given)):
            if number == 0:
                print_cells(*HEAD)
                print_cells("---", "---", *["---:"] * (len(HEAD) - 2))
            cells = row.cells(given.runs)
            most = max(most, float(cells[-2]))
            print_cells(*cells)
    print(f"\nOf each pair the first number is unshim's. Its largest process has {most:.0f} MiB, at most {MEMORY}.")
    if {"warm", *STAGED} & set(given.only):
        print("What the warm commands print is, byte for byte, what they print with --no-cache.")
    return None


if __name__ == "__main__":
    main()
