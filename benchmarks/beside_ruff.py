"""Wall time and peak memory of scan, diff and apply beside ruff's TID251, on a repository that is given.

    .venv/bin/python benchmarks/beside_ruff.py REPOSITORY --recipe unshim.toml [--rev REV] [--runs 3]

ruff bans the modules that the scan finds to be non-canonical, and checks the files that the recipe covers, in a
checkout of the same commit; it sees no aliases, so the comparison is one of cost, not of findings. The runs take
turns, so that the ratio holds when the machine's speed drifts. The repository's own branches are not touched: the
runs work on a shared clone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Run:
    """One run of one command: seconds of wall and processor time, and the largest process in MiB."""

    wall: float
    cpu: float
    memory: float


def measured(command: list[str], folder: Path) -> Run:
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} exits {process.returncode}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout


def ruff_configuration(modules: list[str], exclude: list[str]) -> str:
    lines = [f"extend-exclude = {json.dumps(exclude)}", "[lint.flake8-tidy-imports.banned-api]"]
    lines += [f'"{module}".msg = "not canonical"' for module in modules]
    return "\n".join(lines) + "\n"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("repository", type=Path)
    arguments.add_argument("--recipe", type=Path, required=True)
    arguments.add_argument("--rev", default="HEAD")
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(
            ["git", "clone", "--quiet", "--shared", "--no-checkout", str(given.repository), str(clone)], check=True
        )
        commit = git(given.repository, "rev-parse", given.rev).strip()
        git(clone, "config", "user.name", "benchmark")
        git(clone, "config", "user.email", "benchmark@example.org")
        # a checkout of a partial clone is not whole: that costs ruff nothing
        subprocess.run(["git", "-C", str(clone), "checkout", "--quiet", commit], capture_output=True, check=False)
        common = ["--repo", str(clone), "--recipe", str(given.recipe.resolve()), "--rev", commit]
        unshim = str(BIN / "unshim")
        plan = json.loads(
            subprocess.run([unshim, "scan", *common, "--format", "json"], capture_output=True, check=True).stdout
        )
        banned = [one["module"] for one in plan["modules"] if one["verdict"] not in ("canonical", "home")]
        configuration = Path(scratch) / "ruff.toml"
        configuration.write_text(ruff_configuration(banned, plan["recipe"].get("exclude", [])))
        commands = {
            "ruff TID251": [
                str(BIN / "ruff"),
                "check",
                "--no-cache",
                "--select",
                "TID251",
                "--config",
                str(configuration),
                ".",
            ],
            "scan": [unshim, "scan", *common],
            "diff": [unshim, "diff", *common],
            "apply": [unshim, "apply", "--partial", "--force", *common],
        }
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for _ in range(given.runs):
            for name, command in commands.items():
                runs[name].append(measured(command, clone))
        base = statistics.median(run.wall for run in runs["ruff TID251"])
        print(
            f"{plan['summary']['files']} files, {plan['summary']['references']} references;"
            f" medians of {given.runs} runs\n"
        )
        print(f"{'command':14}{'wall s':>9}{'cpu s':>9}{'MiB':>8}{'wall / ruff':>13}")
        for name, found in runs.items():
            wall = statistics.median(run.wall for run in found)
            cpu = statistics.median(run.cpu for run in found)
            memory = statistics.median(run.memory for run in found)
            print(f"{name:14}{wall:9.2f}{cpu:9.2f}{memory:8.0f}{wall / base:13.1f}")


if __name__ == "__main__":
    main()
