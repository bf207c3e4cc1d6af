"""Compare check --base on commits of a repository with an independent count of the imports that they add.

    .venv/bin/python benchmarks/check_since.py --repo DIR --recipe FILE COMMIT...

For each commit and its first parent. The count knows CPython's ast and the modules that are named with --old, and
nothing of unshim: it takes the names imported from these modules in files that parse, before and after.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

Row = tuple[str, str]
"""(path, symbol)"""


def git(repo: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(repo), *arguments], check=True, capture_output=True).stdout


def changes(repo: Path, old: str, new: str) -> Iterator[tuple[str, str]]:
    """(path before, path after) of the Python files that differ; empty where there is none."""
    fields = git(repo, "diff-tree", "-r", "-z", "-M", "--name-status", old, new, "--", "*.py").decode().split("\0")
    position = 0
    while fields[position]:
        status, first = fields[position], fields[position + 1]
        second = fields[position + 2] if status[0] in "RC" else first
        position += 3 if status[0] in "RC" else 2
        yield ("" if status[0] == "A" else first, "" if status[0] == "D" else second)


def imports(repo: Path, commit: str, path: str, old_modules: set[str]) -> Counter[str] | None:
    """How often each name of an old module is imported; None where the file does not parse."""
    if not path:
        return Counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(git(repo, "cat-file", "blob", f"{commit}:{path}"))
    except (SyntaxError, ValueError):
        return None
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for name in node.names:
                if node.module in old_modules:
                    found[f"{node.module}:{name.name}"] += 1
                elif f"{node.module}.{name.name}" in old_modules:
                    found[f"{node.module}.{name.name}"] += 1
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names if name.name in old_modules)
    return found


def counted(repo: Path, old: str, new: str, old_modules: set[str], excluded: tuple[str, ...]) -> Counter[Row]:
    rows: Counter[Row] = Counter()
    for before, after in changes(repo, old, new):
        if not after or after.startswith(excluded):
            continue
        now = imports(repo, new, after, old_modules)
        then = imports(repo, old, before, old_modules)
        if now is not None:
            rows.update({(after, symbol): number for symbol, number in (now - (then or Counter())).items()})
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commits", nargs="+")
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--old", nargs="+", required=True, help="the old modules, by name")
    parser.add_argument("--exclude", nargs="*", default=[], help="folders that the recipe leaves out")
    options = parser.parse_args()
    unshim = str(Path(sys.executable).with_name("unshim"))
    differs = False
    for commit in options.commits:
        new = git(options.repo, "rev-parse", commit).decode().strip()
        old = git(options.repo, "rev-parse", f"{commit}^").decode().strip()
        start = time.monotonic()
        command = [unshim, "check", "--repo", options.repo, "--recipe", options.recipe, "--format", "json"]
        done = subprocess.run([*command, "--rev", new, "--base", old], capture_output=True, check=False)
        seconds = time.monotonic() - start
        if not done.stdout:
            sys.exit(done.stderr.decode())
        violations = json.loads(done.stdout)["violations"]
        listed = Counter(
            (one["path"], one["symbol"]) for one in violations if one["kind"] in ("from-import", "import")
        )
        independent = counted(options.repo, old, new, set(options.old), tuple(f"{one}/" for one in options.exclude))
        kinds = Counter(one["kind"] for one in violations)
        print(f"{new[:10]}: {seconds:.0f} s; listed {dict(kinds)}")
        print(f"    imports: {listed.total()} listed, {independent.total()} counted")
        for name, rows in (("only listed", listed - independent), ("only counted", independent - listed)):
            for (path, symbol), number in sorted(rows.items()):
                differs = True
                print(f"    {name}: {path}: {symbol}" + (f" ({number} times)" if number > 1 else ""))
        for one in violations:
            if one["kind"] not in ("from-import", "import"):
                print(f"    {one['path']}:{one['line']}: {one['kind']} {one['symbol']} {one['reason'] or ''}")
        sys.stdout.flush()
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
