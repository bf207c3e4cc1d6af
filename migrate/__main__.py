"""The process of the command line: it does not look for garbage where there is none."""

from __future__ import annotations

import gc
from typing import NoReturn


def run() -> NoReturn:
    """Run the command. What is imported is no garbage, and at the end all goes: a short run is a tenth shorter.

    What a plan makes stays until it is done, by the hundred thousand, and little of it is ever garbage in a circle:
    looking for that seldom makes a run over what is known a sixth shorter, and takes no more memory.
    """
    gc.disable()
    from migrate.cli import main

    gc.freeze()
    gc.set_threshold(*_SELDOM)
    gc.enable()
    try:
        main()
    finally:
        gc.freeze()


_SELDOM = (50_000, 20, 20)


if __name__ == "__main__":
    run()
