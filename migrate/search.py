"""The byte pre-filter: which files can hold a reference at all, decided without parsing them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from codemods.symbols import last, parent

_RELATIVE = re.compile(rb"\bfrom\s+\.")
_STAR = b"import *"


def listed(name: str) -> bytes:
    """A pattern for a name in the list of a ``from`` statement, behind ``import`` and spaces."""
    return rb"(?:\([^)]*|[^\n(]*)\b" + re.escape(name.encode()) + rb"\b"


@dataclass(frozen=True, slots=True)
class Words:
    """What a file must mention to be read: a tracked name; or a module, by its last two components.

    ``names`` suffice on their own. Of ``modules``, the last component and its parent's must both occur, or the
    last one beside a relative import, which has no more than that. Of ``pairs`` (module, name) the name and the
    module's last component must occur, or the name beside a relative import; or the module beside a star.
    """

    names: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()

    def without(self, other: Words) -> Words:
        """The words that ``other`` does not have."""
        return Words(self.names - other.names, self.modules - other.modules, self.pairs - other.pairs)

    def matcher(self) -> Matcher:
        return Matcher(self)

    def digest(self) -> str:
        """The same text for the same words, and for no others."""
        every = (sorted(self.names), sorted(self.modules), sorted(self.pairs))
        return hashlib.sha256(repr(every).encode("utf-8", "surrogatepass")).hexdigest()


class Matcher:
    """The words, prepared for many files."""

    def __init__(self, words: Words) -> None:
        names = sorted({name.encode() for name in words.names}, key=len)
        self._names = [name for i, name in enumerate(names) if not any(short in name for short in names[:i])]
        self._modules = [(last(module).encode(), last(parent(module)).encode()) for module in sorted(words.modules)]
        self._pairs: dict[bytes, list[bytes]] = {}
        for module, name in sorted(words.pairs):
            self._pairs.setdefault(name.encode(), []).append(last(module).encode())
        self._pair_modules = {module for modules in self._pairs.values() for module in modules}

    def __call__(self, data: bytes) -> bool:
        if any(name in data for name in self._names):
            return True
        relative: bool | None = None
        for module, package in self._modules:
            if module in data:
                if package in data:
                    return True
                relative = _RELATIVE.search(data) is not None if relative is None else relative
                if relative:
                    return True
        for name, modules in self._pairs.items():
            if name in data:
                relative = _RELATIVE.search(data) is not None if relative is None else relative
                if relative or any(module in data for module in modules):
                    return True
        return _STAR in data and any(module in data for module in self._pair_modules)


class TextElsewhere:
    """Whether other files may read a name from a module's namespace, judged by their text alone."""

    def __init__(self, contents: Mapping[str, bytes], path_of: Mapping[str, str] | None = None) -> None:
        self._contents = contents
        self._own = path_of or {}
        self._known: dict[tuple[str, str], bool] = {}

    def mentions(self, module: str, name: str) -> bool:
        """Whether a file beside the module itself holds ``module.name`` or imports the name from it."""
        if (module, name) not in self._known:
            self._known[module, name] = self._look(module, name)
        return self._known[module, name]

    def _look(self, module: str, name: str) -> bool:
        tail, word = re.escape(last(module).encode()), re.escape(name.encode())
        attribute = rb"\s*(?:\.\s*|,\s*[\"'])" + word + rb"\b"
        names = rb"\s+import\s*(?:\*|" + listed(name) + rb")"
        pattern = re.compile(rb"\b" + tail + rb"(?:" + attribute + rb"|" + names + rb")")
        alias = re.compile(rb"\b" + tail + rb"\s+as\s+(\w+)")
        by_string = re.compile(rb"\b" + tail + rb"[\"']")
        taken = re.compile(rb"[.\"']\s*" + word + rb"\b")
        own = self._own.get(module)
        quick = name.encode()
        relative = re.compile(rb"\bfrom\s+\.+" + names)
        is_package = own is not None and own.endswith("__init__.py")
        for path, data in self._contents.items():
            if path == own or (quick not in data and _STAR not in data):
                continue
            if pattern.search(data) or (is_package and relative.search(data)):
                return True
            if by_string.search(data) and taken.search(data):  # import_module("p.module").name
                return True
            if any(re.search(rb"\b" + found + attribute, data) for found in set(alias.findall(data))):
                return True
        return False
