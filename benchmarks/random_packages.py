"""Migrate random packages and count what differs afterwards: nothing should.

    .venv/bin/python benchmarks/random_packages.py --examples 1000 [--seed N] [--minimise 5] [--out FOLDER]

Each package is run before the migration and after each of its steps; the plan over the result must be empty.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from hypothesis import given, seed  # noqa: E402
from random_packages import (  # noqa: E402
    SET_ASIDE,
    Observer,
    RandomPackage,
    Verdict,
    drawn,
    judge_package,
    minimised,
    packages,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minimise", type=int, default=5, help="how many differences to make small")
    parser.add_argument("--also", nargs="*", choices=sorted(SET_ASIDE), default=[], help="rows that are set aside")
    parser.add_argument("--out", type=Path, help="a folder for the packages that differ")
    options = parser.parse_args()
    verdicts: list[Verdict] = []
    different: list[tuple[RandomPackage, Verdict]] = []
    start = time.monotonic()
    with Observer() as observer:

        @seed(options.seed)
        @drawn(options.examples, derandomize=False)
        @given(packages(SET_ASIDE.difference(options.also)))
        def run(package: RandomPackage) -> None:
            verdict = judge_package(package, observer)
            verdicts.append(verdict)
            if verdict.difference is not None:
                different.append((package, verdict))

        run()
        seconds = time.monotonic() - start
        show(verdicts, seconds, options.seed)
        shown: set[str] = set()
        for number, (package, verdict) in enumerate(different):
            assert verdict.difference is not None
            shape = verdict.difference.kind + re.sub(r"\d+|\w+\.", "", verdict.difference.first)
            if len(shown) == options.minimise or shape in shown:
                continue  # hypothesis varies what it drew before: the same difference comes more than once
            text = smallest(package, verdict, observer)
            shown.add(shape if verdict.difference.first else text)
            print(f"\n===== difference {number + 1} of {len(different)}\n{text}")
            if options.out is not None:
                options.out.mkdir(parents=True, exist_ok=True)
                (options.out / f"{options.seed}-{number}.txt").write_text(text)
    return 1 if different else 0


def show(verdicts: list[Verdict], seconds: float, chosen: int) -> None:
    references: Counter[str] = Counter()
    for verdict in verdicts:
        references += verdict.dispositions
    kinds = Counter(verdict.difference.kind for verdict in verdicts if verdict.difference is not None)
    rewritten = sum(verdict.dispositions["rewrite"] > 0 for verdict in verdicts)
    print(f"seed {chosen}: {len(verdicts)} packages in {seconds:.0f} s, {rewritten} of them rewritten")
    print("references: " + ", ".join(f"{count} {name}" for name, count in sorted(references.items())))
    print(f"deletions: {sum(verdict.deletions for verdict in verdicts)}")
    failing = sum(verdict.failing for verdict in verdicts)
    print(f"observations: {sum(verdict.observations for verdict in verdicts)}, of them exceptions: {failing}")
    print(f"differences: {sum(kinds.values())} {dict(kinds)}")
    print(f"results that the check of the result refuses: {sum(verdict.refused for verdict in verdicts)}")


def smallest(package: RandomPackage, verdict: Verdict, observer: Observer) -> str:
    assert verdict.difference is not None
    wanted = verdict.difference

    def differs(smaller: RandomPackage) -> bool:
        found = judge_package(smaller, observer).difference
        return found is not None and (found.kind, found.first) == (wanted.kind, wanted.first)

    small = minimised(package, differs)
    found = judge_package(small, observer).difference
    assert found is not None
    return f"{small}\n{found.kind}: {found.text}"


if __name__ == "__main__":
    raise SystemExit(main())
