"""Pass: strings, docstrings and comments of a Python file that name a path; each reference with its edits."""

from __future__ import annotations

from collections.abc import Iterable

from codemods.decisions import Elsewhere, ParsedFile
from codemods.dynamic_imports import DynamicImports
from codemods.file_paths import FilePaths
from codemods.file_strings import FileStrings
from codemods.imports import find_imports
from codemods.mentions import Mentions
from codemods.open_paths import OpenPaths
from codemods.ownership import Ownership
from codemods.patch_targets import PatchTargets
from codemods.references import Reference, ReferenceKind
from codemods.source_texts import SourceTexts
from codemods.string_lookups import StringLookups
from codemods.string_references import StringFindings, StringReferences
from codemods.text_tokens import TextTokens


def find_strings(
    file: ParsedFile,
    ownership: Ownership,
    mentions: Mentions,
    elsewhere: Elsewhere,
    found: Iterable[Reference],
    asked: frozenset[ReferenceKind] = frozenset(),
) -> StringFindings:
    """The references in the file's strings, docstrings and comments.

    ``found`` are the references of the import pass: what it has read as code (a string annotation, a type comment,
    the name in ``getattr(module, "name")``) is not listed twice. ``asked`` are the kinds of text (TEXT_KINDS) that
    the recipe wants to be rewritten although nothing looks them up.
    """

    def in_code(code: ParsedFile) -> StringFindings:
        imports = find_imports(code, ownership, elsewhere)
        inner = find_strings(code, ownership, mentions, elsewhere, imports.references)
        return StringFindings((*imports.references, *inner.references), imports.leans_on | inner.leans_on)

    found = tuple(found)
    strings = FileStrings(file, elsewhere, found)
    references = StringReferences(strings, found)
    open_paths = OpenPaths(strings, ownership, mentions, references)
    patches = PatchTargets(file, ownership, mentions, references)
    imports = DynamicImports(strings, ownership, mentions, references, open_paths)
    lookups = StringLookups(strings, mentions, references, patches, imports, open_paths)
    source_texts = SourceTexts(strings, mentions, references, open_paths, asked, in_code)
    tokens = TextTokens(strings, mentions, references, lookups, imports, source_texts, asked)
    paths = FilePaths(strings, ownership, mentions, references, asked)

    lookups.calls()
    if mentions.may_hold(file.source.data):
        source_texts.doctests()
        tokens.dotted_names()
    tokens.imported_names()
    tokens.concatenated()
    source_texts.unresolved()
    paths.written()
    paths.joined()
    open_paths.settle()
    return StringFindings(references.settled(), source_texts.leans_on)
