"""Reference, its kinds, relations, dispositions and reasons; Edit and the one place that applies edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from codemods.symbols import Symbol


class ReferenceKind(StrEnum):
    """Where in the language a path occurs."""

    FROM_IMPORT = "from-import"
    IMPORT = "import"
    ATTRIBUTE = "attribute"
    MODULE_OBJECT = "module-object"
    PATCH_TARGET = "patch-target"
    DYNAMIC_IMPORT = "dynamic-import"
    DOTTED_STRING = "dotted-string"
    FILE_PATH = "file-path"
    SOURCE_TEXT = "source-text"
    DOCSTRING = "docstring"
    COMMENT = "comment"
    DOCUMENT = "document"


TEXT_KINDS = frozenset(
    {
        ReferenceKind.DOTTED_STRING,
        ReferenceKind.SOURCE_TEXT,
        ReferenceKind.FILE_PATH,
        ReferenceKind.DOCSTRING,
        ReferenceKind.COMMENT,
    }
)
"""Texts in Python files that are rewritten only where the recipe asks for their kind."""


IMPORT_KINDS = frozenset({ReferenceKind.FROM_IMPORT, ReferenceKind.IMPORT})
"""The statements that import."""


class Relation(StrEnum):
    """What the path is bound to, compared with the canonical symbol."""

    CANONICAL = "canonical"
    ALIAS = "alias"
    DIVERGENT = "divergent"
    REPAIR = "repair"
    MISSING = "missing"
    UNDECIDABLE = "undecidable"
    HOME = "home"
    MOVED = "moved"


class Disposition(StrEnum):
    """What is done about a reference."""

    REWRITE = "rewrite"
    MANUAL = "manual"
    KEEP = "keep"


class AtRunTime(StrEnum):
    """What a reference does with the old module's namespace while the program runs; a patch is seen by late reads."""

    NOTHING = "nothing"
    READS = "reads"
    """It looks the name up when a function runs."""
    PATCHES = "patches"
    """It replaces the name for a while: ``mock.patch("module.name")``; without a name, the module or any name."""
    PERHAPS_PATCHES = "perhaps patches"
    """A test names it in a string, and what is done with that is out of sight."""


class Step(StrEnum):
    """The commits of a migration, in their order."""

    REWRITE = "rewrite"
    COLLAPSE = "collapse"
    DOCUMENTS = "documents"
    DELETE = "delete"
    ENFORCE = "enforce"


class Reason(StrEnum):
    """Why a reference is as it is, or why a file was not checked. Explained in codemods/reasons.py."""

    # a reference that is kept
    CANONICAL_OWN_IMPORT = "canonical-own-import"
    HOME = "home"
    KEEP_COMMENT = "keep-comment"
    KEEP_RECIPE = "keep-recipe"
    PATH_UNDER_TEST = "path-under-test"
    PATCHED_WHERE_READ = "patched-where-read"
    RUNTIME_NAME = "runtime-name"
    # a reference that the user must decide
    DIFFERENT_OBJECT = "different-object"
    NO_CANONICAL_HOME = "no-canonical-home"
    REPAIR_OFF = "repair-off"
    NAME_MISSING = "name-missing"
    MODULE_MISSING = "module-missing"
    AMBIGUOUS_BINDING = "ambiguous-binding"
    REBOUND = "rebound-at-run-time"
    RE_EXPORT_CYCLE = "re-export-cycle"
    COMPUTED_NAMES = "computed-names"
    TYPE_CHECKING_ONLY = "type-checking-only"
    TARGET_MISSING = "target-missing"
    TARGET_SUBMODULE_MISSING = "target-submodule-missing"
    BEYOND_ROOT = "relative-import-beyond-root"
    STAR_IMPORT = "star-import"
    MODULE_AS_VALUE = "module-as-value"
    NAMES_STAY_BEHIND = "names-stay-behind"
    SHARED_BINDING = "shared-binding"
    LOADED_FOR_OTHERS = "loaded-for-others"
    WRITTEN_ATTRIBUTE = "written-attribute"
    NAME_CAPTURE = "name-capture"
    PUBLIC_NAME = "public-name"
    HIDDEN_SUBMODULE = "attribute-hides-submodule"
    IMPORT_CYCLE = "import-cycle"
    OTHER_ROOT = "other-source-root"
    EQUAL_BRANCHES = "equal-branches"
    ODD_LAYOUT = "odd-layout"
    SIDE_EFFECT_IMPORT = "side-effect-import"
    TEXT_MENTION = "text-mention"
    COMPUTED_STRING = "computed-string"
    USE_NOT_VISIBLE = "use-not-visible"
    PATCH_READER_STAYS = "patch-reader-stays"
    PATCHED_UNDER_OLD_PATH = "patched-under-old-path"
    PATCHED_HELPER = "patched-helper"
    PATCH_FAILS_TODAY = "patch-fails-today"
    PERSISTED_NAME = "persisted-name"
    BROKEN_FILE = "broken-file"
    # a file that was not checked
    SYNTAX_ERROR = "syntax-error"
    PYTHON_2 = "python-2"
    CONFLICT_MARKERS = "conflict-markers"
    UNDECODABLE = "undecodable"
    NOT_TEXT = "not-text"
    TOO_LARGE = "too-large"
    BLOB_MISSING = "blob-missing"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, order=True)
class Edit:
    """Replace the bytes ``start:end`` of a file's UTF-8 text by ``text``."""

    start: int
    end: int
    text: str


class OverlappingEditsError(AssertionError):
    """Two edits claim the same bytes. Always a bug of unshim, never the user's."""


@dataclass(frozen=True)
class Reference:
    """One occurrence, in one file, of a path that is not canonical.

    ``start`` is the byte offset of the name itself in the file's UTF-8 text; ``chain`` is the evidence: the
    symbols that were followed from the old path to its end. ``edits`` is empty unless it is rewritten; edits
    may be shared between references of one statement.
    """

    path: str
    line: int
    column: int
    start: int
    kind: ReferenceKind
    old: Symbol
    new: Symbol | None
    relation: Relation
    disposition: Disposition
    reason: Reason | None = None
    detail: str = ""
    chain: tuple[Symbol, ...] = ()
    edits: tuple[Edit, ...] = ()
    step: Step | None = None
    at_run_time: AtRunTime = AtRunTime.NOTHING

    @property
    def may_mean(self) -> frozenset[str]:
        """What an ambiguous name can be: a submodule, where its package binds the same name to something else."""
        if self.reason is not Reason.AMBIGUOUS_BINDING:
            return frozenset()
        return frozenset(hop.dotted for hop in self.chain if hop.name is not None)


@dataclass(frozen=True)
class Unchecked:
    """A file in which references could be that nobody has seen."""

    path: str
    line: int
    reason: Reason
    message: str


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """``data`` with all edits carried out. Equal edits count once; overlapping ones raise."""
    pieces: list[bytes] = []
    end = 0
    for edit in sorted(set(edits)):
        if edit.start < end or edit.end < edit.start or edit.end > len(data):
            raise OverlappingEditsError(f"{edit} overlaps what ends at {end} (text of {len(data)} bytes)")
        pieces += (data[end : edit.start], edit.text.encode("utf-8"))
        end = edit.end
    pieces.append(data[end:])
    return b"".join(pieces)


def offset_before(edits: Iterable[Edit], offset: int) -> int:
    """The offset in the old text of what stands at ``offset`` in the edited one."""
    shift = 0
    for edit in sorted(set(edits)):
        length = len(edit.text.encode("utf-8"))
        start = edit.start + shift
        if start > offset:
            break
        if offset < start + length:
            return edit.start
        shift += length - (edit.end - edit.start)
    return offset - shift
