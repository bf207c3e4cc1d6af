"""What is said of whole modules: which ones are canonical, which ones move, and what one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from codemods.symbols import Symbol


@dataclass(frozen=True)
class Target:
    """One canonical module and what the recipe says about it.

    ``symbols`` None means: what the module defines, and its ``__all__``.
    """

    canonical: str
    symbols: tuple[str, ...] | None = None
    homes: tuple[str, ...] = ()
    shims: tuple[str, ...] = ()
    repairs: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """The user's word that ``old`` is now ``new``; ``new`` None means: keep ``old`` as it is.

    ``renames_uses``: the local name follows a name that changes, as ``rename`` of the recipe says.
    """

    old: Symbol
    new: Symbol | None
    external: bool = False
    renames_uses: bool = False


class Verdict(StrEnum):
    """What a module is, judged by its top-level statements alone."""

    PURE_SHIM = "pure-shim"
    """It forwards names, and importing it does nothing else."""
    MIXED = "mixed"
    """It forwards names, and defines or does something too."""
    IMPLEMENTATION = "implementation"
    """It forwards nothing."""
    MISSING = "missing"
    """Files import from it, and it does not exist."""
    BROKEN = "broken"
    """It exists and is no valid Python 3."""
