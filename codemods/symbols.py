"""Symbol, and every operation on dotted names; nowhere else are dotted names compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Symbol:
    """``package.module:Name``; a module is a symbol without a name."""

    module: str
    name: str | None = None

    def __str__(self) -> str:
        return self.module if self.name is None else f"{self.module}:{self.name}"

    def __reduce__(self) -> tuple[type[Symbol], tuple[str, str | None]]:
        """Plain, for there are very many: pickle is several times quicker with it."""
        return Symbol, (self.module, self.name)

    def __lt__(self, other: Symbol) -> bool:
        return (self.module, self.name or "") < (other.module, other.name or "")

    @property
    def is_module(self) -> bool:
        return self.name is None

    @property
    def dotted(self) -> str:
        """``package.module.Name``: as a path, and as the submodule that the name may be."""
        return join(self.module, self.name or "")


class InvalidSymbolError(ValueError):
    """A text that is neither ``package.module`` nor ``package.module:Name``."""


def parse_symbol(text: str) -> Symbol:
    """``a.b`` or ``a.b:Name`` as a Symbol. Raises InvalidSymbolError."""
    module, colon, name = text.partition(":")
    if not is_dotted_name(module) or (colon and not _NAME.fullmatch(name)):
        raise InvalidSymbolError(text)
    return Symbol(module, name if colon else None)


def is_dotted_name(text: str) -> bool:
    """Whether the text is identifiers joined by single dots."""
    return all(_NAME.fullmatch(part) for part in text.split("."))


def parts(dotted: str) -> tuple[str, ...]:
    """``("a", "b", "c")`` of ``a.b.c``."""
    return tuple(dotted.split("."))


def join(*pieces: str) -> str:
    """Join dotted pieces; empty ones vanish."""
    return ".".join(piece for piece in pieces if piece)


def parent(dotted: str) -> str:
    """``a.b`` of ``a.b.c``; the empty string of a top-level name."""
    return dotted.rpartition(".")[0]


def last(dotted: str) -> str:
    """``c`` of ``a.b.c``."""
    return dotted.rpartition(".")[2]


def root(dotted: str) -> str:
    """``a`` of ``a.b.c``."""
    return dotted.partition(".")[0]


def contains(package: str, dotted: str) -> bool:
    """Whether ``dotted`` is ``package`` itself or lies below it (``p.older`` is not below ``p.old``)."""
    return dotted == package or dotted.startswith(package + ".")


def below(package: str, dotted: str) -> str | None:
    """What follows ``package.`` in ``dotted``, or None where it is not strictly below."""
    prefix = package + "."
    return dotted[len(prefix) :] if dotted.startswith(prefix) else None


def ancestors(dotted: str) -> tuple[str, ...]:
    """Proper prefixes, outermost first: ``a``, ``a.b`` for ``a.b.c``."""
    pieces = dotted.split(".")
    return tuple(".".join(pieces[:count]) for count in range(1, len(pieces)))


def common_length(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """How many leading components two split names share."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def package_of(module: str, *, is_package: bool) -> str:
    """The package that a relative import in this module counts from (PEP 328)."""
    return module if is_package else parent(module)


def resolve_relative(package: str, level: int, tail: str) -> str | None:
    """The absolute name of ``from <level dots><tail>`` inside ``package``; None beyond the root.

    ``level`` counts the dots, at least 1; one dot is the package itself.
    """
    pieces = package.split(".") if package else []
    keep = len(pieces) - (level - 1)
    if keep < 1:
        return None
    return join(".".join(pieces[:keep]), tail)


def relative_to(package: str, level: int, module: str) -> str | None:
    """``module`` written with ``level`` dots from ``package``; None where it cannot be."""
    base = resolve_relative(package, level, "")
    if base is None:
        return None
    if base == module:
        return "." * level
    tail = below(base, module)
    return None if tail is None else "." * level + tail
