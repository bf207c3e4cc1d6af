"""Verdicts on a path in a string, as far as the place itself or the finding decides them."""

from __future__ import annotations

from tree_sitter import Node

from codemods.decisions import REWRITABLE, REWRITE, ParsedFile, Verdict
from codemods.mentions import Mention
from codemods.ownership import Finding
from codemods.places import KEEP_COMMENT, expects_import_failure, has_keep_comment, is_asserted, is_path_under_test
from codemods.references import Disposition, Reason, Relation
from codemods.source import SourceText
from codemods.syntax import Span, text_of

EVALUATED = "it is evaluated with the names of this file"
MODULE_KEY = "it is a key of sys.modules"
NEEDS_IMPORT = (EVALUATED, MODULE_KEY)
"""How the details of references begin that need the module to be imported: they do not import it themselves."""


def place_verdict(
    file: ParsedFile, node: Node, place: Node, mention: Mention, *, is_patch: bool = False
) -> Verdict | None:
    """What the place itself or the finding decides; None where the path can be written.

    An expected error is about the import of a path, and about what the code does where a path is patched.
    """
    finding = mention.finding
    if finding.reason is Reason.KEEP_RECIPE:
        return Verdict(Disposition.KEEP, finding.reason, finding.detail)
    if has_keep_comment(file.source, node, Span(place.start_byte, place.end_byte)):
        return Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
    leads = finding.relation in REWRITABLE or finding.reason is Reason.MODULE_AS_VALUE
    if leads and (expects_import_failure(node) if is_patch else is_path_under_test(node)):
        return Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST)
    if leads and _is_compared(node, finding):
        return Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST, "it is compared with the canonical path")
    if finding.new is not None and leads and file.module == finding.new.module:
        return Verdict(Disposition.KEEP, Reason.CANONICAL_OWN_IMPORT)
    if mention.old.name is not None or finding.relation not in (Relation.DIVERGENT, Relation.ALIAS):
        if finding.reason is not None:
            return Verdict(Disposition.MANUAL, finding.reason, finding.detail)
        if finding.relation not in REWRITABLE:
            return Verdict(Disposition.MANUAL, Reason.DIFFERENT_OBJECT, finding.detail)
    return None


def object_verdict(file: ParsedFile, node: Node, place: Node, mention: Mention) -> Verdict:
    """A path that leads to an object when it is looked up: the same object, wherever it is taken from."""
    decided = place_verdict(file, node, place, mention)
    if decided is not None:
        return decided
    if mention.old.is_module and mention.finding.relation is Relation.DIVERGENT:
        return Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, "the module itself is what the path leads to")
    return REWRITE


def text_verdict(source: SourceText, node: Node, disposition: Disposition, reason: Reason, detail: str = "") -> Verdict:
    """This, of a path in a string or comment, unless a comment keeps the path."""
    if is_kept(source, node):
        return Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
    return Verdict(disposition, reason, detail)


def is_kept(source: SourceText, node: Node) -> bool:
    """Whether ``# unshim: keep`` stands on the first or last line of a string or comment."""
    lines = (
        source.text(source.line_start(node.start_byte), source.line_end(node.start_byte)),
        source.text(node.end_byte, source.line_end(node.end_byte)),
    )
    return any(KEEP_COMMENT.search(line) for line in lines)


def _is_compared(node: Node, finding: Finding) -> bool:
    """Whether what the path leads to is compared with the canonical one: rewritten, it would be with itself."""
    inner = node
    outer = node.parent
    while outer is not None and outer.type in ("attribute", "parenthesized_expression"):
        inner = outer
        outer = inner.parent
    if outer is None or outer.type != "comparison_operator" or finding.new is None or not is_asserted(outer):
        return False
    others = [child for child in outer.named_children if child != inner]
    return any(finding.new.module in text_of(other) for other in others)
