"""What `unshim scan` costs after each of the last commits of a repository, with what the run before has learnt.

    python benchmarks/commits.py path/to/repository --recipe unshim.toml --last 45

Prints, for each commit, how many files it added, deleted and modified, and the seconds of the whole process; then the
quartiles. The store is one of its own, and begins empty.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

Row = tuple[str, Counter[str], float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--rev", default="HEAD")
    parser.add_argument("--last", type=int, default=45)
    options = parser.parse_args()
    listed = git(options.repository, "log", "--first-parent", "--format=%H", f"-{options.last + 1}", options.rev)
    commits = listed.split()[::-1]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as store:
        print(f"{commits[0][:10]} {'':30} {seconds(options, commits[0], store):6.2f} s, nothing known", flush=True)
        for before, commit in pairwise(commits):
            row = (commit, changes(options.repository, before, commit), seconds(options, commit, store))
            print(shown(row), flush=True)
            rows.append(row)
    quarters = statistics.quantiles((took for _, _, took in rows), n=4)
    shares = zip(("a quarter", "half", "three quarters"), quarters, strict=True)
    print("; ".join(f"{share} within {most:.2f} s" for share, most in shares))
    return 0


def seconds(options: argparse.Namespace, commit: str, store: str) -> float:
    command = [sys.executable, "-m", "migrate", "scan", "--repo", options.repository, "--recipe", options.recipe]
    environment = {**os.environ, "XDG_CACHE_HOME": store}
    begun = time.perf_counter()
    subprocess.run([*command, "--rev", commit], env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def changes(repository: Path, before: str, after: str) -> Counter[str]:
    """How many files were added, deleted and modified; ``.py`` files apart."""
    lines = git(repository, "diff", "--name-status", "--no-renames", before, after).splitlines()
    return Counter(f"{line[0]}{'.py' if line.endswith(('.py', '.pyi')) else ''}" for line in lines)


def shown(row: Row) -> str:
    commit, counted, took = row
    files = " ".join(f"{count}{kind}" for kind, count in sorted(counted.items()))
    return f"{commit[:10]} {files:30} {took:6.2f} s"


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", repository, *arguments], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
