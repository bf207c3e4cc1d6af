"""Patch targets by path, ``patch("module.name")``: whether they move with the code that reads the name there."""

from __future__ import annotations

from tree_sitter import Node

from codemods.alias_map import OUTLINE, EndKind
from codemods.decisions import REWRITE, ParsedFile, Verdict, contested_verdict
from codemods.folding import Folded
from codemods.mentions import Mention, Mentions
from codemods.ownership import Finding, Ownership
from codemods.references import AtRunTime, Disposition, Edit, Reason, ReferenceKind, Relation
from codemods.sinks import arguments_of, keyword
from codemods.string_references import StringReferences
from codemods.string_verdicts import place_verdict
from codemods.symbols import Symbol, last, parent, root
from codemods.syntax import Span, text_of

_OPTIONS = frozenset({"new", "spec", "create", "spec_set", "autospec", "new_callable", "target"})


class PatchTargets:
    """Lists the patch targets of one file."""

    def __init__(
        self, file: ParsedFile, ownership: Ownership, mentions: Mentions, references: StringReferences
    ) -> None:
        self._file = file
        self._ownership = ownership
        self._mentions = mentions
        self._references = references

    def patch(self, call: Node, place: Node, folded: Folded, mention: Mention, *, by_attributes: bool = False) -> None:
        """``patch("module.name")``: rewritten together with the code that reads the name there (see patches.py)."""
        old, finding = mention.old, mention.finding
        verdict = place_verdict(self._file, call, place, mention, is_patch=True)
        at_run_time = AtRunTime.NOTHING
        if old.is_module and not mention.rest:
            if verdict is None and finding.relation is not Relation.MOVED:
                detail = f"the patch replaces {last(old.module)} in {parent(old.module)}"
                verdict = Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, detail)
                at_run_time = AtRunTime.PATCHES
        elif not mention.rest:
            at_run_time = AtRunTime.PATCHES
            if verdict is None:
                verdict = self._namespace_verdict(old, finding, by_attributes=by_attributes)
        elif verdict is None and not self._is_watched(old.module):
            verdict = Verdict(Disposition.KEEP, Reason.PATCHED_WHERE_READ)
        self._references.add_string(
            ReferenceKind.PATCH_TARGET, place, folded, mention, verdict or REWRITE, at_run_time=at_run_time
        )

    def patch_multiple(self, call: Node, place: Node, folded: Folded, module: str) -> None:
        """``patch.multiple("module", name=..., other=...)``: one reference a name; they move together or stay."""
        names: list[tuple[Node, Mention]] = []
        others: list[str] = []
        for argument in arguments_of(call):
            name = argument.child_by_field_name("name") if argument.type == "keyword_argument" else None
            if name is None or text_of(name) in _OPTIONS:
                continue
            named = self._mentions.of(f"{module}.{text_of(name)}")
            if named is not None:
                names.append((name, named))
            else:
                others.append(text_of(name))
        if not names:
            return
        self._references.claim(folded)
        verdicts = [
            place_verdict(self._file, call, place, named, is_patch=True)
            or self._namespace_verdict(named.old, named.finding)
            for _, named in names
        ]
        targets = {named.finding.new.module for _, named in names if named.finding.new is not None}
        staying = next((verdict for verdict in verdicts if verdict is not None), None)
        if staying is None and others:
            detail = f"{others[0]} is patched in the same call, and stays"
            staying = Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, detail)
        if staying is None and len(targets) != 1:
            staying = Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, "its names now live in several modules")
        edits: tuple[Edit, ...] | None = ()
        if staying is None:
            finding = Finding(Relation.ALIAS, Symbol(next(iter(targets))), ())
            edits = self._references.edits_of(folded, Mention(module, Symbol(module), "", finding))
            for name, named in names:
                new = named.finding.new
                if edits is not None and new is not None and new.name and new.name != text_of(name):
                    edits = (*edits, Edit(name.start_byte, name.end_byte, new.name))
        if edits is None:
            staying = Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, "the string is written in pieces")
        for (name, named), own in zip(names, verdicts, strict=True):
            verdict = own or staying or REWRITE
            self._references.add(
                name.start_byte,
                ReferenceKind.PATCH_TARGET,
                named.old,
                named.finding,
                verdict,
                edits or (),
                AtRunTime.PATCHES,
            )

    def failing_patch(self, call: Node, place: Node, folded: Folded, text: str) -> None:
        """``patch("consumer.Manager")`` where the consumer imports Manager in its functions only: it fails today."""
        module, name = parent(text), last(text)
        if not module or self._ownership.modules.facts(module, OUTLINE) is None or keyword(call, "create") is not None:
            return
        for target in self._ownership.targets:
            if name not in self._ownership.public_names(target) or root(module) != root(target.canonical):
                continue
            if self._ownership.alias_map.resolve(Symbol(module, name)).kind is not EndKind.MISSING_NAME:
                continue
            new = Symbol(target.canonical, name)
            detail = f"{module} has no {name} of its own; its functions read {new}"
            finding = Finding(Relation.MISSING, new, ())
            verdict = Verdict(Disposition.MANUAL, Reason.PATCH_FAILS_TODAY, detail)
            span = folded.span(0, len(folded.text)) or Span(place.start_byte, place.end_byte)
            self._references.add(span.start, ReferenceKind.PATCH_TARGET, Symbol(module, name), finding, verdict)
            return

    def _namespace_verdict(self, old: Symbol, finding: Finding, *, by_attributes: bool = False) -> Verdict | None:
        """Whether a patch of this name in this namespace can move; None where it can."""
        contest = self._ownership.contested.get((self._file.path, old))
        held = contested_verdict(contest, is_patch=True)
        if held is not None and held.disposition is Disposition.KEEP:
            return held
        new = finding.new
        if finding.relation is not Relation.MOVED and new is not None:
            if not self._ownership.owns(new):
                return Verdict(Disposition.MANUAL, Reason.PATCHED_HELPER, f"{new.module} merely uses {new.name}")
            hidden = self._ownership.hidden_submodule(new.module) if by_attributes else None
            if hidden is not None:
                return Verdict(Disposition.MANUAL, Reason.HIDDEN_SUBMODULE, hidden)
        if held is not None:
            return held
        if contest is None and not self._is_watched(old.module):
            return Verdict(Disposition.KEEP, Reason.PATCHED_WHERE_READ)
        return None

    def _is_watched(self, module: str) -> bool:
        return self._ownership.is_watched(module) or self._ownership.moves_from(module)
