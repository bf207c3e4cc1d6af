"""Lookups: the names of the calls that look a string up as a path, as they stand in any text."""

from __future__ import annotations

IMPORTING = frozenset({"import_module", "__import__", "find_spec", "find_loader", "importorskip", "run_module"})
"""They give a module."""
RESOLVING = frozenset(
    {
        "resolve_name",
        "import_string",
        "import_from_string",
        "import_object",
        "import_class",
        "load_object",
        "symbol_by_name",
        "locate",
    }
)
"""They give what the path leads to."""
LAZY_LOADER = "lazy_loader"
"""A library whose ``attach`` imports submodules by their names, as soon as somebody asks for one."""

IMPORTING_WORDS = tuple(sorted(name.encode() for name in {*IMPORTING, *RESOLVING, LAZY_LOADER}))
"""What is in every text that imports by a string itself."""
PATCHING_WORDS = (b"patch", b"spy", b"setattr", b"delattr")
"""What is in every text that replaces what a path leads to."""
