"""Dynamic imports: modules that are looked up by a constant path, and what is read from them."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from codemods.alias_map import OUTLINE
from codemods.decisions import REWRITABLE, REWRITE, Verdict, contested_verdict
from codemods.file_strings import FileStrings
from codemods.folding import Folded
from codemods.import_calls import from_list, is_import_builtin, package_given
from codemods.mentions import Mention, Mentions
from codemods.open_paths import OpenPaths
from codemods.ownership import Finding, Ownership
from codemods.references import AtRunTime, Disposition, Edit, Reason, ReferenceKind, Relation
from codemods.scopes import Occurrence, Role
from codemods.sinks import PATCHING, Sink, Use, arguments_of, given_with
from codemods.string_references import StringReferences
from codemods.string_verdicts import MODULE_KEY, object_verdict, place_verdict
from codemods.symbols import Symbol, ancestors, is_dotted_name, join, last, relative_to, resolve_relative
from codemods.syntax import Span, plain_content, text_of


class DynamicImports:
    """Lists the dynamic imports of one file."""

    def __init__(
        self,
        strings: FileStrings,
        ownership: Ownership,
        mentions: Mentions,
        references: StringReferences,
        open_paths: OpenPaths,
    ) -> None:
        self._strings = strings
        self._file = strings.file
        self._ownership = ownership
        self._mentions = mentions
        self._references = references
        self._open_paths = open_paths

    def looked_up(self, sink: Sink, node: Node, place: Node, folded: Folded, mention: Mention) -> None:
        """``import_module("module")``, ``resolve_name("module:name")`` and the like."""
        verdict: Verdict | None
        at_run_time = AtRunTime.NOTHING
        if sink is Sink.IMPORT and not mention.old.is_module:
            verdict = place_verdict(self._file, node, place, mention)
            if verdict is None:
                detail = f"{mention.old.module} is a module, {mention.old.module}.{mention.old.name} is none"
                verdict = Verdict(Disposition.MANUAL, Reason.MODULE_MISSING, detail)
        elif mention.old.is_module:
            verdict, mention = self._module_verdict(node, place, mention)
            if verdict is not REWRITE:
                self._names_beside(node, mention.old.module, verdict)
            elif self._is_patched(node):
                contest = self._ownership.contested.get((self._file.path, mention.old))
                verdict = contested_verdict(contest, is_patch=True) or REWRITE
                at_run_time = AtRunTime.PATCHES
        else:
            verdict = object_verdict(self._file, node, place, mention)
        sake = self._ownership.pinned.get((self._file.path, mention.old.module))
        if verdict is REWRITE and sake is not None:
            verdict = Verdict(Disposition.MANUAL, Reason.LOADED_FOR_OTHERS, sake)
        verdict = verdict or REWRITE
        self._references.add_string(
            ReferenceKind.DYNAMIC_IMPORT, place, folded, mention, verdict, at_run_time=at_run_time
        )

    def relative(self, call: Node, place: Node, folded: Folded, text: str) -> None:
        """``import_module(".old", package="p")``."""
        package = package_given(call, self._file, self._strings.folder)
        level = len(text) - len(text.lstrip("."))
        absolute = None if package is None else resolve_relative(package, level, text[level:])
        mention = None if absolute is None else self._mentions.of(absolute)
        if package is None:
            self._open_paths.computed(call, place, folded, Sink.IMPORT)
        if mention is None or package is None:
            return
        self._references.claim(folded)
        verdict, mention = self._module_verdict(call, place, mention)
        edits: tuple[Edit, ...] = ()
        if verdict is REWRITE and mention.finding.new is not None:
            span = folded.span(0, len(folded.text))
            if span is None:
                verdict = Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, "the string is written in pieces")
            else:
                edits = (Edit(span.start, span.end, _relative_text(package, level, mention.finding.new.module)),)
        start = place.start_byte if folded.span(0, 1) is None else (folded.span(0, 1) or Span(0, 0)).start
        self._references.add(start, ReferenceKind.DYNAMIC_IMPORT, mention.old, mention.finding, verdict, edits)

    def names_of_module(self, call: Node, place: Node, folded: Folded, module: str) -> None:
        """``import_module("consumer").name``: a module that is none of ours, and names of it that are."""
        if not is_dotted_name(module) or self._ownership.modules.facts(module, OUTLINE) is None:
            return
        findings = [self._ownership.finding(Symbol(module, name)) for name in self._names_read(call) or ()]
        first = next((one for one in findings if one is not None and one.relation in REWRITABLE), None)
        if first is None:
            return
        self._references.claim(folded)
        finding = Finding(Relation.DIVERGENT, first.new, first.chain, Reason.MODULE_AS_VALUE)
        verdict, mention = self._module_verdict(call, place, Mention(module, Symbol(module), "", finding))
        self._references.add_string(ReferenceKind.DYNAMIC_IMPORT, place, folded, mention, verdict)

    def listed_modules(self, call: Node, package: str) -> None:
        """``__import__("p", fromlist=["old"])`` imports a submodule too."""
        names = from_list(call)
        if names is None:
            if is_import_builtin(call) and len(arguments_of(call)) > 1:
                self._open_paths.add(call, call, Sink.IMPORT)
            return
        for name in names:
            folded = self._strings.folder.fold(name)
            if not folded.is_known:
                self._open_paths.add(call, name, Sink.IMPORT)
            mention = self._mentions.of(join(package, folded.decoded))
            if mention is not None and mention.old.is_module:
                verdict = place_verdict(self._file, call, name, mention)
                detail = "it is in the list of names, and taken from its package"
                verdict = verdict or Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, detail)
                self._references.add_string(ReferenceKind.DYNAMIC_IMPORT, name, folded, mention, verdict)

    def module_key(self, node: Node, folded: Folded, mention: Mention, uses: list[Use]) -> None:
        """A key of ``sys.modules``: a read of one name, or a module put there for late imports to find."""
        keys = [use.node for use in uses if use.sink is Sink.MODULE_KEY]
        kind = ReferenceKind.DYNAMIC_IMPORT
        if all(self._names_read(key) for key in keys):
            verdict, mention = self._module_verdict(keys[0], node, mention)
            new = mention.finding.new
            if verdict is REWRITE and new is not None and mention.finding.relation is not Relation.MOVED:
                packages = frozenset(ancestors(mention.old.module))  # what these import may be rewritten
                if new.module not in self._ownership.alias_map.reach(mention.old.module, packages):
                    verdict = Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, f"{new.module} may not be loaded")
            if verdict is not REWRITE:
                verdict = replace(verdict, detail=": ".join(filter(None, (MODULE_KEY, verdict.detail))))
            self._references.add_string(kind, node, folded, mention, verdict)
            return
        if any(_is_read(key) for key in keys):  # the module itself, for whatever is done with it
            verdict = place_verdict(self._file, node, node, mention) or REWRITE
            if verdict is REWRITE and mention.finding.relation not in (Relation.ALIAS, Relation.MOVED):
                verdict = Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, f"{MODULE_KEY}, and read as a value")
            replaces = all(_replaces_itself(key) for key in keys)
            at_run_time = AtRunTime.NOTHING if replaces else AtRunTime.PERHAPS_PATCHES
            self._references.add_string(kind, node, folded, mention, verdict, at_run_time=at_run_time)
            return
        verdict = place_verdict(self._file, node, node, mention) or REWRITE
        if verdict is REWRITE and mention.finding.relation is not Relation.MOVED:
            contest = self._ownership.contested.get((self._file.path, mention.old))
            held = contested_verdict(contest, is_patch=True)
            if held is not None:
                verdict = held
            elif contest is None:
                verdict = Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, MODULE_KEY)
            elif mention.finding.new is not None:
                mention = replace(mention, finding=Finding(Relation.ALIAS, mention.finding.new, mention.finding.chain))
        self._references.add_string(kind, node, folded, mention, verdict, at_run_time=AtRunTime.PATCHES)

    def _is_patched(self, module: Node) -> bool:
        """Whether a name is replaced in a module: ``patch.object(import_module("module"), "name")``."""
        given = given_with(module)
        return given is not None and self._strings.callees.sink_given(given) in PATCHING

    def _names_beside(self, node: Node, module: str, verdict: Verdict) -> None:
        """``swap(import_module("module"), "name", fake)`` may patch the name in a module that stays."""
        for name in self._strings.callees.names_beside(node):
            symbol = Symbol(module, text_of(name))
            finding = self._ownership.finding(symbol)
            if finding is not None and finding.relation in REWRITABLE:
                kind, may_patch = ReferenceKind.ATTRIBUTE, AtRunTime.PERHAPS_PATCHES
                self._references.add(name.start_byte, kind, symbol, finding, verdict, (), may_patch)

    def _module_verdict(self, node: Node, place: Node, mention: Mention) -> tuple[Verdict, Mention]:
        """Whether a module that is imported by its name can be another one: by all that is read from it."""
        decided = place_verdict(self._file, node, place, mention)
        finding = mention.finding
        if decided is not None or finding.relation is not Relation.DIVERGENT:
            return decided or REWRITE, mention
        if finding.reason is not Reason.MODULE_AS_VALUE:
            return Verdict(Disposition.MANUAL, finding.reason, finding.detail), mention
        module = mention.old.module
        names = self._names_read(node)
        if names:
            findings = [self._ownership.finding(Symbol(module, name)) for name in sorted(names)]
            targets = {
                one.new.module
                for one, name in zip(findings, sorted(names), strict=True)
                if one is not None
                and one.new is not None
                and one.new.name == name
                and one.reason is None
                and one.relation in REWRITABLE
            }
            if len(targets) == 1 and all(
                one is not None and one.new is not None and one.reason is None and one.relation in REWRITABLE
                for one in findings
            ):
                return REWRITE, replace(mention, finding=Finding(Relation.ALIAS, Symbol(targets.pop()), finding.chain))
            detail = "what is read from it does not all move to one place"
            return Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, detail), mention
        new = finding.new
        if names is not None and new is not None and self._ownership.stands_for(module, new.module):
            return REWRITE, replace(mention, finding=Finding(Relation.ALIAS, new, finding.chain))
        return Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, "what is read from it is out of sight"), mention

    # what is read from a module

    def _names_read(self, call: Node) -> frozenset[str] | None:
        """The names that are read from the module that a call gives; None where that is not to be seen."""
        outer = call.parent
        if call.type == "assignment":  # pytest_plugins = ["module"]
            return frozenset()
        if outer is None or call.type not in ("call", "subscript"):
            return None
        if outer.type == "expression_statement":
            return frozenset()
        function = call.child_by_field_name("function")
        called = "" if function is None else last(text_of(function))
        if called == "__import__":
            names = from_list(call)
            texts = None if names is None else [plain_content(child) for child in names]
            return None if texts is None or None in texts else frozenset(text_of(one) for one in texts if one)
        if called in ("find_spec", "find_loader"):
            return frozenset() if _is_asked(outer) else None
        if outer.type == "assignment":
            target = outer.child_by_field_name("left")
            occurrence = None if target is None or target.type != "identifier" else self._occurrence(target)
            scope = None if occurrence is None else self._file.table.scope_of(occurrence)
            if occurrence is None or scope is None:
                return None
            every = self._file.table.resolving_to(occurrence.name, scope)
            if sum(one.role is not Role.LOAD for one in every) != 1:
                return None
            read = [self._name_read(one.node) for one in every if one.role is Role.LOAD]
        else:
            read = [self._name_read(call)]
        return None if None in read else frozenset(name for name in read if name is not None)

    def _name_read(self, node: Node) -> str | None:
        """``name`` of ``module.name`` and ``getattr(module, "name")``."""
        outer = node.parent
        if outer is None:
            return None
        if outer.type == "attribute":
            name = outer.child_by_field_name("attribute")
            return None if name is None or _is_written(outer) else text_of(name)
        if outer.type == "argument_list" and outer.parent is not None and outer.parent.type == "call":
            given = arguments_of(outer.parent)
            if (
                self._strings.callees.sink(outer.parent) in (Sink.READ_ATTRIBUTE, Sink.PATCH_OBJECT)
                and len(given) > 1
                and given[0] == node
            ):
                content = plain_content(given[1])
                return None if content is None else text_of(content)
        return None

    def _occurrence(self, node: Node) -> Occurrence | None:
        return next((one for one in self._file.table.occurrences.get(text_of(node), ()) if one.node == node), None)


def _is_written(attribute: Node) -> bool:
    """Whether an attribute is assigned to or deleted."""
    outer = attribute.parent
    if outer is None:
        return False
    return outer.type == "delete_statement" or (
        outer.type in ("assignment", "augmented_assignment") and outer.child_by_field_name("left") == attribute
    )


def _is_read(key: Node) -> bool:
    """Whether ``sys.modules[key]`` or ``sys.modules.get(key)`` gives the module, and does not put or take one."""
    if key.type == "call":
        function = key.child_by_field_name("function")
        return function is not None and last(text_of(function)) == "get"
    outer = key.parent
    if key.type != "subscript" or outer is None:
        return False
    return outer.type != "delete_statement" and not (
        outer.type in ("assignment", "augmented_assignment") and outer.child_by_field_name("left") == key
    )


def _replaces_itself(key: Node) -> bool:
    """Whether a module puts what it reads into its own entry: ``sys.modules[__name__] = sys.modules[key]``."""
    outer = key.parent
    left = None if outer is None or outer.type != "assignment" else outer.child_by_field_name("left")
    return left is not None and text_of(left) == "sys.modules[__name__]"


def _is_asked(outer: Node) -> bool:
    """Whether it is only asked whether there is something: ``find_spec("p.old") is not None``."""
    if outer.type == "comparison_operator":
        return any(child.type == "none" for child in outer.named_children)
    return outer.type in ("not_operator", "if_statement", "assert_statement")


def _relative_text(package: str, level: int, module: str) -> str:
    """A module as a relative name with as many dots where that reaches it; else absolute."""
    written = relative_to(package, level, module)
    return module if written is None else written
