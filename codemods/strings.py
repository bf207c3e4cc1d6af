"""Pass: strings, docstrings and comments of a Python file that name a path; each reference with its edits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from tree_sitter import Node

from codemods.alias_map import OUTLINE, EndKind, ModuleKind
from codemods.decisions import (
    REWRITABLE,
    REWRITE,
    Elsewhere,
    ParsedFile,
    Verdict,
    contested_verdict,
    dotted_edits,
)
from codemods.embedded import Embedded, dedented, doctests, unescaped
from codemods.folding import UNKNOWN, Folded, Folder
from codemods.imports import find_imports
from codemods.mentions import Mention, Mentions, PathToken, Token, name_offset
from codemods.ownership import Finding, Ownership
from codemods.places import KEEP_COMMENT, expects_import_failure, has_keep_comment, is_asserted, is_path_under_test
from codemods.references import AtRunTime, Disposition, Edit, Reason, Reference, ReferenceKind, Relation, Step
from codemods.scopes import Occurrence, Role
from codemods.sinks import (
    PATCHING,
    Callees,
    Flow,
    Sink,
    Use,
    arguments_of,
    first_argument,
    given_with,
    keyword,
    may_execute,
)
from codemods.source import SourceText
from codemods.symbols import (
    Symbol,
    ancestors,
    is_dotted_name,
    join,
    last,
    package_of,
    parent,
    parts,
    relative_to,
    resolve_relative,
    root,
)
from codemods.syntax import (
    Span,
    concatenations,
    import_statements,
    parse,
    plain_content,
    string_nodes,
    text_of,
)

_EVALUATED = "it is evaluated with the names of this file"
_KEY = "it is a key of sys.modules"
NEEDS_IMPORT = (_EVALUATED, _KEY)
"""How the details of references begin that need the module to be imported: they do not import it themselves."""

_STRING_SINKS = frozenset(
    {
        Sink.PATCH,
        Sink.PATCH_DICT,
        Sink.PATCH_MULTIPLE,
        Sink.MONKEYPATCH,
        Sink.IMPORT,
        Sink.RESOLVE,
        Sink.LOGGER,
    }
)
_CODE = re.compile(rb"(?:^|[\r\n;:])[ \t]*(?:from[ \t]+[\w.]+[ \t]+import\b|import[ \t]+\w)")
_ESCAPES = re.compile(rb"\\(?:x[0-9a-fA-F]{2}|[abfnrtv](?=[A-Za-z_]))")
"""An escape beside a name: its letters do not belong to the name."""

_GAP = re.compile(rb"[.:](?:$|[%{])")
_ENTRY_POINT = re.compile(rb"\s*[\w.-]+\s*=\s*[\w.]+:[\w.]+\s*(?:\[[^\]]*\])?\s*")
_COMMAND = re.compile(rb"(?<![\w-])-(?:\w*m\s*$|\w*c\s*\\?[\"'])")
"""What runs a path, in front of it: ``-m``, or ``-c`` and a quote."""
_PATHS = re.compile(rb"\s*\w+(?:[.:]\w+)+(?:[\s,;|]+\w+(?:[.:]\w+)+)+[\s,;|]*")
"""A list of dotted paths, however it is to be split."""
_BEFORE_VALUE = re.compile(rb"=$|(?:[:=,{]|(?<!\w)\[)\s*\\?[\"']$")
_RELATIVE_SOURCE = re.compile(
    rb"from(?<!\wfrom)[ \t]+(?P<dots>\.+)(?P<module>[\w.]*)[ \t]+import[ \t]+(?P<names>[\w \t,]*)"
)
_OPEN_SOURCE = re.compile(rb"(?:import|from)(?<!\wimport)(?<!\wfrom)[ \t]+[\w.]+\.(?:[{%]|\"|')")
_IN_ROLE = re.compile(rb"(?::[\w:+-]+:`[~!]?|:::[ \t]*)$")
_QUOTED = re.compile(rb"[\"']([A-Za-z_]\w*)[\"']")
_OF_FILES = re.compile(rb"\b(?:iter_modules|walk_packages)\b")
_OPTIONS = frozenset({"new", "spec", "create", "spec_set", "autospec", "new_callable", "target"})
_PERSISTED = re.compile(r"\b(__module__|__reduce__|pickle|shared_task|app\.task|celery)\b")


def find_strings(
    file: ParsedFile,
    ownership: Ownership,
    mentions: Mentions,
    elsewhere: Elsewhere,
    found: Iterable[Reference],
    asked: frozenset[ReferenceKind] = frozenset(),
) -> tuple[Reference, ...]:
    """The references in the file's strings, docstrings and comments.

    ``found`` are the references of the import pass: what it has read as code (a string annotation, a type comment,
    the name in ``getattr(module, "name")``) is not listed twice. ``asked`` are the kinds of text (TEXT_KINDS) that
    the recipe wants to be rewritten although nothing looks them up.
    """
    return _StringPass(file, ownership, mentions, elsewhere, found, asked).run()


@dataclass(frozen=True)
class _Found:
    """One reference to be, before it is known whether the constants that it is folded from can change."""

    reference: Reference
    folded: Folded | None = None


class _StringPass:
    def __init__(
        self,
        file: ParsedFile,
        ownership: Ownership,
        mentions: Mentions,
        elsewhere: Elsewhere,
        found: Iterable[Reference],
        asked: frozenset[ReferenceKind],
    ) -> None:
        self.file = file
        self.source = file.source
        self.ownership = ownership
        self.mentions = mentions
        self.elsewhere = elsewhere
        self.asked = asked
        found = tuple(found)
        self.taken = sorted(reference.start for reference in found)
        self.seen: set[int] = set()
        """Where tokens stand that a sink has accounted for, by their first byte."""
        self.found: list[_Found] = []
        self.unknown: list[tuple[Node, Node, Sink]] = []
        """Calls that look up a path of which parts are known, and not enough of them."""
        self._coded: set[int] = set()
        """Strings whose source text has been read as code, by their first byte."""
        self.table = file.table
        staying = (one for one in found if one.old.name == "__name__" and one.disposition is not Disposition.REWRITE)
        self.folder = Folder(self.table, {one.start: one.old.module for one in staying})

    def run(self) -> tuple[Reference, ...]:
        data = self.source.data
        if self.file.has_sinks:
            for call in self.callees.lookups(self.file.tree):
                self._call(call)
            self.unknown += [(node, node, Sink.IMPORT) for node in self.callees.handed_on(self.file.tree)]
        if self.mentions.may_hold(data):
            for docstring, embedded in self._doctests():
                self._code(embedded, docstring, ReferenceKind.DOCSTRING)
            for token in self.mentions.tokens(_ESCAPES.sub(_blank, data)):
                self._token(token)
            for token in self.mentions.escaped_tokens(data):
                self._pattern(token)
            for token in self.mentions.external_tokens(data):
                node = self._text_node(token.start)
                if node is not None and node.type == "string":
                    self._add_token(
                        token, ReferenceKind.DOTTED_STRING, self._kept(node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE)
                    )
            for token in self.mentions.top_level(data):
                node = self._text_node(token.start)
                if node is not None and node.type == "string" and not _is_docstring(node):
                    self._token(token)
        for token in self.mentions.imported_names(data):
            self._token(token)
        self._concatenations()
        self._unresolved_source()
        for path in self.mentions.paths(data):
            self._path(path)
        self._joined_paths()
        self._unknown_paths()
        return self._settled()

    @cached_property
    def callees(self) -> Callees:
        return Callees(self.file.statements, self.table)

    # calls that look a string up

    def _call(self, call: Node) -> None:
        sink = self.callees.sink(call)
        argument = first_argument(call)
        if sink not in _STRING_SINKS:
            return
        if argument is None:
            if sink in (Sink.IMPORT, Sink.RESOLVE) and arguments_of(call):  # *args, **options
                self.unknown.append((call, call, sink))
            return
        folded = self.folder.fold(argument)
        if not folded.is_known or _counts_from_here(call):
            self._computed(call, argument, folded, sink)
            return
        text = folded.text.decode("utf-8", "replace")
        if sink is Sink.IMPORT and text.startswith("."):
            self._relative(call, argument, folded, text)
            return
        mention = self.mentions.of(text)
        if sink is Sink.IMPORT:
            self._listed_modules(call, text)
        if sink is Sink.PATCH_MULTIPLE and (mention is None or mention.old.is_module):
            self._patch_multiple(call, argument, folded, text)
            return
        if mention is None:
            if sink in (Sink.PATCH, Sink.MONKEYPATCH):
                self._failing_patch(call, argument, folded, text)
            elif sink is Sink.IMPORT:
                self._names_of_module(call, argument, folded, text)
            return
        self._mark(folded)
        self._looked_up(sink, call, argument, folded, mention)

    def _looked_up(self, sink: Sink, call: Node, argument: Node, folded: Folded, mention: Mention) -> None:
        match sink:
            case Sink.PATCH | Sink.MONKEYPATCH:
                self._patch(call, argument, folded, mention, by_attributes=sink is Sink.MONKEYPATCH)
            case Sink.PATCH_DICT | Sink.PATCH_MULTIPLE:
                verdict = self._object_verdict(call, argument, mention)
                self._report(ReferenceKind.PATCH_TARGET, argument, folded, mention, verdict)
            case Sink.LOGGER:
                verdict = Verdict(Disposition.KEEP, Reason.RUNTIME_NAME)
                self._report(ReferenceKind.DOTTED_STRING, argument, folded, mention, verdict)
            case _:
                self._dynamic(sink, call, argument, folded, mention)

    def _mark(self, folded: Folded) -> None:
        for piece in folded.pieces:
            self.seen.update(range(piece.start, piece.start + piece.length))

    def _place_verdict(self, node: Node, place: Node, mention: Mention, *, is_patch: bool = False) -> Verdict | None:
        """What the place itself or the finding decides; None where the path can be written.

        An expected error is about the import of a path, and about what the code does where a path is patched.
        """
        finding = mention.finding
        if finding.reason is Reason.KEEP_RECIPE:
            return Verdict(Disposition.KEEP, finding.reason, finding.detail)
        if has_keep_comment(self.source, node, Span(place.start_byte, place.end_byte)):
            return Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
        leads = finding.relation in REWRITABLE or finding.reason is Reason.MODULE_AS_VALUE
        if leads and (expects_import_failure(node) if is_patch else is_path_under_test(node)):
            return Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST)
        if leads and self._is_compared(node, finding):
            return Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST, "it is compared with the canonical path")
        if finding.new is not None and leads and self.file.module == finding.new.module:
            return Verdict(Disposition.KEEP, Reason.CANONICAL_OWN_IMPORT)
        if mention.old.name is not None or finding.relation not in (Relation.DIVERGENT, Relation.ALIAS):
            if finding.reason is not None:
                return Verdict(Disposition.MANUAL, finding.reason, finding.detail)
            if finding.relation not in REWRITABLE:
                return Verdict(Disposition.MANUAL, Reason.DIFFERENT_OBJECT, finding.detail)
        return None

    @staticmethod
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

    def _object_verdict(self, node: Node, place: Node, mention: Mention) -> Verdict:
        """A path that leads to an object when it is looked up: the same object, wherever it is taken from."""
        decided = self._place_verdict(node, place, mention)
        if decided is not None:
            return decided
        if mention.old.is_module and mention.finding.relation is Relation.DIVERGENT:
            return Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, "the module itself is what the path leads to")
        return REWRITE

    # patches

    def _patch(self, call: Node, place: Node, folded: Folded, mention: Mention, *, by_attributes: bool = False) -> None:
        """``patch("module.name")``: rewritten together with the code that reads the name there (see patches.py)."""
        old, finding = mention.old, mention.finding
        verdict = self._place_verdict(call, place, mention, is_patch=True)
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
        self._report(ReferenceKind.PATCH_TARGET, place, folded, mention, verdict or REWRITE, at_run_time=at_run_time)

    def _namespace_verdict(self, old: Symbol, finding: Finding, *, by_attributes: bool = False) -> Verdict | None:
        """Whether a patch of this name in this namespace can move; None where it can."""
        contest = self.ownership.contested.get((self.file.path, old))
        held = contested_verdict(contest, is_patch=True)
        if held is not None and held.disposition is Disposition.KEEP:
            return held
        new = finding.new
        if finding.relation is not Relation.MOVED and new is not None:
            if not self.ownership.owns(new):
                return Verdict(Disposition.MANUAL, Reason.PATCHED_HELPER, f"{new.module} merely uses {new.name}")
            hidden = self.ownership.hidden_submodule(new.module) if by_attributes else None
            if hidden is not None:
                return Verdict(Disposition.MANUAL, Reason.HIDDEN_SUBMODULE, hidden)
        if held is not None:
            return held
        if contest is None and not self._is_watched(old.module):
            return Verdict(Disposition.KEEP, Reason.PATCHED_WHERE_READ)
        return None

    def _is_watched(self, module: str) -> bool:
        return self.ownership.is_watched(module) or self.ownership.moves_from(module)

    def _patch_multiple(self, call: Node, place: Node, folded: Folded, module: str) -> None:
        """``patch.multiple("module", name=..., other=...)``: one reference a name; they move together or stay."""
        names: list[tuple[Node, Mention]] = []
        others: list[str] = []
        for argument in arguments_of(call):
            name = argument.child_by_field_name("name") if argument.type == "keyword_argument" else None
            if name is None or text_of(name) in _OPTIONS:
                continue
            named = self.mentions.of(f"{module}.{text_of(name)}")
            if named is not None:
                names.append((name, named))
            else:
                others.append(text_of(name))
        if not names:
            return
        self._mark(folded)
        verdicts = [
            self._place_verdict(call, place, named, is_patch=True) or self._namespace_verdict(named.old, named.finding)
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
            edits = self._edits(folded, Mention(module, Symbol(module), "", finding))
            for name, named in names:
                new = named.finding.new
                if edits is not None and new is not None and new.name and new.name != text_of(name):
                    edits = (*edits, Edit(name.start_byte, name.end_byte, new.name))
        if edits is None:
            staying = Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, "the string is written in pieces")
        for (name, named), own in zip(names, verdicts, strict=True):
            verdict = own or staying or REWRITE
            self._add(
                name.start_byte,
                ReferenceKind.PATCH_TARGET,
                named.old,
                named.finding,
                verdict,
                edits or (),
                AtRunTime.PATCHES,
            )

    def _failing_patch(self, call: Node, place: Node, folded: Folded, text: str) -> None:
        """``patch("consumer.Manager")`` where the consumer imports Manager in its functions only: it fails today."""
        module, name = parent(text), last(text)
        if not module or self.ownership.modules.facts(module, OUTLINE) is None or keyword(call, "create") is not None:
            return
        for target in self.ownership.targets:
            if name not in self.ownership.public_names(target) or root(module) != root(target.canonical):
                continue
            if self.ownership.alias_map.resolve(Symbol(module, name)).kind is not EndKind.MISSING_NAME:
                continue
            new = Symbol(target.canonical, name)
            detail = f"{module} has no {name} of its own; its functions read {new}"
            finding = Finding(Relation.MISSING, new, ())
            verdict = Verdict(Disposition.MANUAL, Reason.PATCH_FAILS_TODAY, detail)
            span = folded.span(0, len(folded.text)) or Span(place.start_byte, place.end_byte)
            self._add(span.start, ReferenceKind.PATCH_TARGET, Symbol(module, name), finding, verdict)
            return

    # dynamic imports

    def _dynamic(self, sink: Sink, node: Node, place: Node, folded: Folded, mention: Mention) -> None:
        """``import_module("module")``, ``resolve_name("module:name")`` and the like."""
        verdict: Verdict | None
        at_run_time = AtRunTime.NOTHING
        if sink is Sink.IMPORT and not mention.old.is_module:
            verdict = self._place_verdict(node, place, mention)
            if verdict is None:
                detail = f"{mention.old.module} is a module, {mention.old.module}.{mention.old.name} is none"
                verdict = Verdict(Disposition.MANUAL, Reason.MODULE_MISSING, detail)
        elif mention.old.is_module:
            verdict, mention = self._module_verdict(node, place, mention)
            if verdict is not REWRITE:
                self._names_beside(node, mention.old.module, verdict)
            elif self._is_patched(node):
                contest = self.ownership.contested.get((self.file.path, mention.old))
                verdict = contested_verdict(contest, is_patch=True) or REWRITE
                at_run_time = AtRunTime.PATCHES
        else:
            verdict = self._object_verdict(node, place, mention)
        sake = self.ownership.pinned.get((self.file.path, mention.old.module))
        if verdict is REWRITE and sake is not None:
            verdict = Verdict(Disposition.MANUAL, Reason.LOADED_FOR_OTHERS, sake)
        verdict = verdict or REWRITE
        self._report(ReferenceKind.DYNAMIC_IMPORT, place, folded, mention, verdict, at_run_time=at_run_time)

    def _is_patched(self, module: Node) -> bool:
        """Whether a name is replaced in a module: ``patch.object(import_module("module"), "name")``."""
        given = given_with(module)
        return given is not None and self.callees.sink_given(given) in PATCHING

    def _names_beside(self, node: Node, module: str, verdict: Verdict) -> None:
        """``swap(import_module("module"), "name", fake)`` may patch the name in a module that stays."""
        for name in self.callees.names_beside(node):
            symbol = Symbol(module, text_of(name))
            finding = self.ownership.finding(symbol)
            if finding is not None and finding.relation in REWRITABLE:
                kind, may_patch = ReferenceKind.ATTRIBUTE, AtRunTime.PERHAPS_PATCHES
                self._add(name.start_byte, kind, symbol, finding, verdict, (), may_patch)

    def _module_verdict(self, node: Node, place: Node, mention: Mention) -> tuple[Verdict, Mention]:
        """Whether a module that is imported by its name can be another one: by all that is read from it."""
        decided = self._place_verdict(node, place, mention)
        finding = mention.finding
        if decided is not None or finding.relation is not Relation.DIVERGENT:
            return decided or REWRITE, mention
        if finding.reason is not Reason.MODULE_AS_VALUE:
            return Verdict(Disposition.MANUAL, finding.reason, finding.detail), mention
        module = mention.old.module
        names = self._names_read(node)
        if names:
            findings = [self.ownership.finding(Symbol(module, name)) for name in sorted(names)]
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
        if names is not None and new is not None and self.ownership.stands_for(module, new.module):
            return REWRITE, replace(mention, finding=Finding(Relation.ALIAS, new, finding.chain))
        return Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, "what is read from it is out of sight"), mention

    def _names_of_module(self, call: Node, place: Node, folded: Folded, module: str) -> None:
        """``import_module("consumer").name``: a module that is none of ours, and names of it that are."""
        if not is_dotted_name(module) or self.ownership.modules.facts(module, OUTLINE) is None:
            return
        findings = [self.ownership.finding(Symbol(module, name)) for name in self._names_read(call) or ()]
        first = next((one for one in findings if one is not None and one.relation in REWRITABLE), None)
        if first is None:
            return
        self._mark(folded)
        finding = Finding(Relation.DIVERGENT, first.new, first.chain, Reason.MODULE_AS_VALUE)
        verdict, mention = self._module_verdict(call, place, Mention(module, Symbol(module), "", finding))
        self._report(ReferenceKind.DYNAMIC_IMPORT, place, folded, mention, verdict)

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
            names = _from_list(call)
            texts = None if names is None else [plain_content(child) for child in names]
            return None if texts is None or None in texts else frozenset(text_of(one) for one in texts if one)
        if called in ("find_spec", "find_loader"):
            return frozenset() if _is_asked(outer) else None
        if outer.type == "assignment":
            target = outer.child_by_field_name("left")
            occurrence = None if target is None or target.type != "identifier" else self._occurrence(target)
            scope = None if occurrence is None else self.table.scope_of(occurrence)
            if occurrence is None or scope is None:
                return None
            every = self.table.resolving_to(occurrence.name, scope)
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
                self.callees.sink(outer.parent) in (Sink.READ_ATTRIBUTE, Sink.PATCH_OBJECT)
                and len(given) > 1
                and given[0] == node
            ):
                content = plain_content(given[1])
                return None if content is None else text_of(content)
        return None

    def _listed_modules(self, call: Node, package: str) -> None:
        """``__import__("p", fromlist=["old"])`` imports a submodule too."""
        names = _from_list(call)
        if names is None:
            if _is_import_builtin(call) and len(arguments_of(call)) > 1:
                self.unknown.append((call, call, Sink.IMPORT))
            return
        for name in names:
            folded = self.folder.fold(name)
            if not folded.is_known:
                self.unknown.append((call, name, Sink.IMPORT))
            mention = self.mentions.of(join(package, folded.text.decode("utf-8", "replace")))
            if mention is not None and mention.old.is_module:
                verdict = self._place_verdict(call, name, mention)
                detail = "it is in the list of names, and taken from its package"
                verdict = verdict or Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, detail)
                self._report(ReferenceKind.DYNAMIC_IMPORT, name, folded, mention, verdict)

    def _occurrence(self, node: Node) -> Occurrence | None:
        return next((one for one in self.table.occurrences.get(text_of(node), ()) if one.node == node), None)

    def _relative(self, call: Node, place: Node, folded: Folded, text: str) -> None:
        """``import_module(".old", package="p")``."""
        package = self._anchor(call)
        level = len(text) - len(text.lstrip("."))
        absolute = None if package is None else resolve_relative(package, level, text[level:])
        mention = None if absolute is None else self.mentions.of(absolute)
        if package is None:
            self._computed(call, place, folded, Sink.IMPORT)
        if mention is None or package is None:
            return
        self._mark(folded)
        verdict, mention = self._module_verdict(call, place, mention)
        edits: tuple[Edit, ...] = ()
        if verdict is REWRITE and mention.finding.new is not None:
            span = folded.span(0, len(folded.text))
            if span is None:
                verdict = Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, "the string is written in pieces")
            else:
                edits = (Edit(span.start, span.end, _relative_text(package, level, mention.finding.new.module)),)
        start = place.start_byte if folded.span(0, 1) is None else (folded.span(0, 1) or Span(0, 0)).start
        self._add(start, ReferenceKind.DYNAMIC_IMPORT, mention.old, mention.finding, verdict, edits)

    def _anchor(self, call: Node) -> str | None:
        """The package that a relative path counts from, by the arguments of the call."""
        given = arguments_of(call)
        node = keyword(call, "package")
        if node is None and len(given) > 1 and given[1].type != "keyword_argument":
            node = given[1]
        return None if node is None else self._package(node)

    def _package(self, node: Node) -> str | None:
        """The package that a relative import counts from: a constant, or ``__package__``/``__name__`` of this file."""
        written = text_of(node)
        own = package_of(self.file.module, is_package=self.file.is_package)
        if written == "__package__":
            return own
        if written == "__name__":
            return self.file.module if self.file.is_package else None
        folded = self.folder.fold(node)
        return folded.text.decode("utf-8", "replace") if folded.is_known else None

    def _computed(self, call: Node, place: Node, folded: Folded, sink: Sink) -> None:
        """A path of which only parts are constant."""
        if sink is Sink.LOGGER:
            return
        symbol = self._guess(folded.text.decode("utf-8", "replace"))
        if symbol is None:
            if folded.text != UNKNOWN.text or place.type == "call" or _may_be_relative(call, sink):
                self.unknown.append((call, place, sink))
            return
        self._add_computed(call, place, symbol, sink)
        self._mark(folded)

    @cached_property
    def _own_folder(self) -> Folder:
        """A folder that also knows the names of this file as a module."""
        own = {
            "__name__": self.file.module,
            "__package__": package_of(self.file.module, is_package=self.file.is_package),
        }
        return Folder(self.table, own={name: value for name, value in own.items() if value})

    def _add_computed(self, call: Node, place: Node, symbol: Symbol, sink: Sink) -> None:
        is_patch = sink in (Sink.PATCH, Sink.PATCH_DICT, Sink.PATCH_MULTIPLE, Sink.MONKEYPATCH)
        kind = ReferenceKind.PATCH_TARGET if is_patch else ReferenceKind.DYNAMIC_IMPORT
        keep = has_keep_comment(self.source, call, Span(place.start_byte, place.end_byte))
        verdict = Verdict(Disposition.MANUAL, Reason.COMPUTED_STRING, text_of(place))
        if keep:
            verdict = Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
        at_run_time = AtRunTime.PATCHES if is_patch else AtRunTime.NOTHING
        self._add(place.start_byte, kind, symbol, Finding(Relation.UNDECIDABLE, None, ()), verdict, (), at_run_time)

    def _unknown_paths(self) -> None:
        """Paths that are computed out of parts of which one is the name of a watched module, and nothing else is seen.

        If nothing names one, a path into the package of a shim may lead to it.
        Better a call too many in the list than a module that is deleted under somebody's feet.
        """
        if not self.unknown:
            return
        references = (found.reference for found in self.found)
        named = {one.old.module for one in references if one.disposition is Disposition.MANUAL}
        splits = b"split" in self.source.data
        is_named = False
        for module in sorted(self.ownership.watched_modules() - named):
            if self.ownership.modules.kind(module) is ModuleKind.MISSING:
                continue  # nobody's feet are on it
            word = re.compile(rb"(?<!\w)" + re.escape(last(module).encode()) + rb"(?!\w)")
            for match in word.finditer(self.source.data):
                node = self._text_node(match.start())
                if node is not None and node.type == "string" and not _is_docstring(node) and _is_bare(node, splits):
                    call, place, sink = self.unknown[0]
                    self._add_computed(call, place, Symbol(module), sink)
                    is_named = True
                    break
        for call, place, sink in self.unknown if not is_named else ():
            for module in self._shims_behind(call, place, sink) if sink in (Sink.IMPORT, Sink.RESOLVE) else ():
                self._add_computed(call, place, Symbol(module), sink)

    def _shims_behind(self, call: Node, place: Node, sink: Sink) -> list[str]:
        """The shims that could go, and that a path may lead to of which only the package is known: ``"p." + name``.

        None where the file shows the names of modules of that package, or takes those of the files that are there.
        """
        data = self.source.data
        front, unknown, behind = self._own_folder.fold(place).text.decode("utf-8", "replace").partition("\0")
        is_deeper = "." in behind and sink is Sink.IMPORT
        if not unknown or not front.endswith(".") or is_deeper or _OF_FILES.search(data) is not None:
            return []
        package: str | None = front[:-1]
        if front.startswith("."):
            anchor = self._anchor(call)
            level = len(front) - len(front.lstrip("."))
            package = None if anchor is None else resolve_relative(anchor, level, front[level:-1])
        if package is None or any(
            self.ownership.modules.kind(join(package, word.decode())) is ModuleKind.FILE
            for word in set(_QUOTED.findall(data))
        ):
            return []
        shims = sorted(self.ownership.shims)
        return [module for module in shims if parent(module) == package and self.ownership.is_pure(module)]

    def _guess(self, text: str) -> Symbol | None:
        """What a text with unknown parts (NUL) may lead to: a watched module in front of them, or behind."""
        known = text.split("\0")
        front = self.mentions.of(known[0].rstrip(".:")) or self.mentions.of(known[0].rpartition(".")[0])
        if front is not None:
            return front.old
        tail = known[-1].lstrip(".:")
        for module in sorted(self.ownership.watched_modules()):
            name = parts(tail)[1:2] if tail and parts(tail)[0] == last(module) else ()
            if name and self.ownership.finding(Symbol(module, name[0])) is not None:
                return Symbol(module, name[0])
        return None

    # dotted names in any text

    def _token(self, token: Token) -> None:
        if token.start in self.seen or self._is_taken(token.start, token.end):
            return
        node = self._text_node(token.start)
        if node is None:
            return  # code: the import pass has it
        if node.type == "comment":
            self._prose(token, ReferenceKind.COMMENT, node)
        elif _is_docstring(node):
            self._docstring_token(token, node)
        elif (contents := _contents(node)) is not None and (contents.start, contents.end) == (token.start, token.end):
            self._whole(token, node)
        else:
            self._part(token, node)

    def _pattern(self, token: Token) -> None:
        """``p\\.old`` in a regular expression: text that searches for the path."""
        node = self._text_node(token.start)
        if node is not None and node.type == "string":
            self._add_token(token, ReferenceKind.SOURCE_TEXT, self._kept(node, Disposition.KEEP, Reason.TEXT_MENTION))

    def _unresolved_source(self) -> None:
        """Import statements inside strings that count from this file's package, or of which a part is put in later."""
        for match in _RELATIVE_SOURCE.finditer(self.source.data):
            node = self._text_node(match.start())
            package = package_of(self.file.module, is_package=self.file.is_package)
            dots = match["dots"].decode()
            origin = None if not package else resolve_relative(package, len(dots), match["module"].decode())
            if node is None or node.type != "string" or origin is None:
                continue
            for name in ("", *re.findall(r"\w+", match["names"].decode("utf-8", "replace"))):
                mention = self.mentions.of(join(origin, name))
                if mention is not None and (mention.old.is_module or mention.rest == ""):
                    verdict = self._kept(node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE, match[0].decode()[:80])
                    token = Token(match.start(), match.end(), mention)
                    self._add_token(token, ReferenceKind.SOURCE_TEXT, verdict)
                    break
        for match in _OPEN_SOURCE.finditer(self.source.data) if may_execute(self.source.data) else ():
            node = self._text_node(match.start())
            if node is not None and node.type == "string" and not _is_docstring(node):
                self.unknown.append((node, node, Sink.IMPORT))

    def _concatenations(self) -> None:
        """``"p." "old.f"``: a path of which no single piece shows what it is."""
        for node in concatenations(self.file.tree):
            if any(_is_prose(piece) for piece in node.named_children):
                continue
            folded = self.folder.fold(node)
            mention = self.mentions.of(folded.text.decode("utf-8", "replace")) if folded.is_known else None
            if mention is None or folded.piece(0, len(folded.text)) is not None or self._is_seen(folded):
                continue
            self._mark(folded)
            self._whole(Token(node.start_byte, node.end_byte, mention), node)

    def _is_seen(self, folded: Folded) -> bool:
        return any(piece.start in self.seen for piece in folded.pieces)

    def _is_taken(self, start: int, end: int) -> bool:
        return any(start <= one < end for one in self.taken)

    def _text_node(self, offset: int) -> Node | None:
        """The string or comment around an offset; None where it is code."""
        node = self.file.tree.root_node.descendant_for_byte_range(offset, offset)
        while node is not None and node.type not in ("string", "comment"):
            if node.type == "interpolation":
                return None
            node = node.parent
        return node

    def _whole(self, token: Token, node: Node) -> None:
        """A string that is exactly a path: by what this file does with it."""
        folded = self.folder.fold(node)
        mention = token.mention
        uses = Flow(self.callees, self.table, self._is_public).uses(node)
        sinks = None if uses is None else {use.sink for use in uses} - {Sink.SHOWN}
        kind = ReferenceKind.DOTTED_STRING
        if uses is not None and sinks and sinks <= _STRING_SINKS and len(sinks) == 1:
            if self._stands_beside_canonical(node, mention):
                verdict = Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST, "the canonical path stands beside it")
                self._report(ReferenceKind.DYNAMIC_IMPORT, node, folded, mention, verdict)
                return
            use = next(use for use in uses if use.sink is not Sink.SHOWN)
            self._looked_up(use.sink, use.node, node, folded, mention)
        elif uses is not None and sinks is not None and Sink.MODULE_KEY in sinks:
            self._module_key(node, folded, mention, uses)
        elif sinks == {Sink.LOGGER}:
            self._report(kind, node, folded, mention, Verdict(Disposition.KEEP, Reason.RUNTIME_NAME))
        elif kind in self.asked:
            self._prose(Token(node.start_byte, node.end_byte, mention), kind, node, folded)
        elif sinks == set() and uses:
            self._report(kind, node, folded, mention, self._kept(node, Disposition.KEEP, Reason.TEXT_MENTION))
        else:
            persisted = _PERSISTED.search(self._statement_text(node)) is not None
            reason = Reason.PERSISTED_NAME if persisted else Reason.USE_NOT_VISIBLE
            verdict = self._kept(node, Disposition.MANUAL, reason)
            finding = mention.finding
            fails = finding.relation in (Relation.MISSING, Relation.REPAIR, Relation.UNDECIDABLE)
            if fails and finding.reason is not None and verdict.disposition is Disposition.MANUAL:
                verdict = Verdict(Disposition.MANUAL, finding.reason, finding.detail)
            may_patch = AtRunTime.NOTHING if mention.old.is_module or mention.rest else AtRunTime.PERHAPS_PATCHES
            self._report(kind, node, folded, mention, verdict, at_run_time=may_patch)

    def _module_key(self, node: Node, folded: Folded, mention: Mention, uses: list[Use]) -> None:
        """A key of ``sys.modules``: a read of one name, or a module put there for late imports to find."""
        keys = [use.node for use in uses if use.sink is Sink.MODULE_KEY]
        kind = ReferenceKind.DYNAMIC_IMPORT
        if all(self._names_read(key) for key in keys):
            verdict, mention = self._module_verdict(keys[0], node, mention)
            new = mention.finding.new
            if verdict is REWRITE and new is not None and mention.finding.relation is not Relation.MOVED:
                packages = frozenset(ancestors(mention.old.module))  # what these import may be rewritten
                if new.module not in self.ownership.alias_map.reach(mention.old.module, packages):
                    verdict = Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, f"{new.module} may not be loaded")
            if verdict is not REWRITE:
                verdict = replace(verdict, detail=": ".join(filter(None, (_KEY, verdict.detail))))
            self._report(kind, node, folded, mention, verdict)
            return
        if any(_is_read(key) for key in keys):  # the module itself, for whatever is done with it
            verdict = self._place_verdict(node, node, mention) or REWRITE
            if verdict is REWRITE and mention.finding.relation not in (Relation.ALIAS, Relation.MOVED):
                verdict = Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, f"{_KEY}, and read as a value")
            replaces = all(_replaces_itself(key) for key in keys)
            at_run_time = AtRunTime.NOTHING if replaces else AtRunTime.PERHAPS_PATCHES
            self._report(kind, node, folded, mention, verdict, at_run_time=at_run_time)
            return
        verdict = self._place_verdict(node, node, mention) or REWRITE
        if verdict is REWRITE and mention.finding.relation is not Relation.MOVED:
            contest = self.ownership.contested.get((self.file.path, mention.old))
            held = contested_verdict(contest, is_patch=True)
            if held is not None:
                verdict = held
            elif contest is None:
                verdict = Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, _KEY)
            elif mention.finding.new is not None:
                mention = replace(mention, finding=Finding(Relation.ALIAS, mention.finding.new, mention.finding.chain))
        self._report(kind, node, folded, mention, verdict, at_run_time=AtRunTime.PATCHES)

    def _statement_text(self, node: Node) -> str:
        current = node
        while current.parent is not None and current.parent.type not in ("block", "module"):
            current = current.parent
        return text_of(current)[:400]

    def _stands_beside_canonical(self, node: Node, mention: Mention) -> bool:
        """Whether the same collection names the canonical path too: two paths are compared, and stay two."""
        written = mention.written()
        outer = node.parent
        if written is None or outer is None or outer.type not in ("list", "tuple", "set", "dictionary"):
            return False
        others = [child for child in outer.named_children if child != node]
        return any(text_of(other).strip("rRuU\"'") == written for other in others)

    def _part(self, token: Token, node: Node) -> None:
        """A path that is a part of a longer string: source text, an f-string's beginning, or prose."""
        if self._is_command(token, node):
            verdict = self._kept(node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE, "it stands in a command line")
            self._add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        elif _CODE.search(self._content(node)):
            self._source_text(token, node)
        elif self._touches_field(token, node) or self._is_filled_in(token, node):
            verdict = self._kept(node, Disposition.MANUAL, Reason.COMPUTED_STRING, text_of(node)[:80])
            self._add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        elif self._is_looked_up(token, node):
            verdict = self._kept(node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE, _EVALUATED)
            self._add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        elif text_of(node).lower().startswith(("b", "rb")):
            verdict = self._kept(node, Disposition.MANUAL, Reason.PERSISTED_NAME)
            self._add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        elif self._is_data(token, node):
            verdict = self._kept(node, Disposition.MANUAL, Reason.USE_NOT_VISIBLE)
            self._add_token(token, ReferenceKind.DOTTED_STRING, verdict)
        else:
            self._prose(token, ReferenceKind.DOTTED_STRING, node)

    def _is_data(self, token: Token, node: Node) -> bool:
        """Whether a part of a string is a value for a program rather than a word for people, and not only shown.

        That is an element of a list of paths, or a value behind ``=``, or in quotes behind what JSON has before values.
        """
        contents = _contents(node)
        if contents is None:
            return False
        is_value = _BEFORE_VALUE.search(self.source.data, contents.start, token.start) is not None
        if not is_value and not _PATHS.fullmatch(self.source.data, contents.start, contents.end):
            return False
        uses = Flow(self.callees, self.table, self._is_public).uses(node)
        return not uses or not all(use.sink in (Sink.SHOWN, Sink.LOGGER) for use in uses)

    def _is_filled_in(self, token: Token, node: Node) -> bool:
        """Whether the string is a path with a gap at its end: ``"p.old."``, ``"p.old.%s"``, ``"p.old.{}"``."""
        contents = _contents(node)
        if contents is None or contents.start != token.start:
            return False
        return _GAP.match(self.source.data[token.end : contents.end]) is not None

    def _is_looked_up(self, token: Token, node: Node) -> bool:
        """Whether a part of a string is surely no prose: an expression that is evaluated, or ``name = module:attr``."""
        contents = _contents(node)
        if contents is not None and ":" in token.mention.text:
            start = max(contents.start, self.source.data.rfind(b"\n", 0, token.start) + 1)
            end = self.source.data.find(b"\n", token.end, contents.end)
            if _ENTRY_POINT.fullmatch(self.source.data, start, contents.end if end < 0 else end):
                return True
        return self._is_executed(node)

    def _is_command(self, token: Token, node: Node) -> bool:
        """Whether a path is what a command line runs, ``python -m p.old``, and not only shown to people."""
        contents = _contents(node)
        if contents is None or not _COMMAND.search(self.source.data, contents.start, token.start):
            return False
        uses = Flow(self.callees, self.table, self._is_public).uses(node)
        return not uses or not all(self.callees.sink(use.node) in (Sink.SHOWN, Sink.EXECUTE) for use in uses)

    def _is_executed(self, node: Node) -> bool:
        """Whether the file does something with a string that runs it as source code."""
        if not may_execute(self.source.data):
            return False
        uses = Flow(self.callees, self.table, lambda _: False).uses(node)
        if uses is not None and all(use.sink is not Sink.EXECUTE for use in uses):
            return False  # whatever other files do with it; they are asked only if that matters
        uses = Flow(self.callees, self.table, self._is_public).uses(node)
        return uses is not None and any(use.sink is Sink.EXECUTE for use in uses)

    def _is_public(self, name: str) -> bool:
        """Whether another file may read a name of this module."""
        return bool(self.file.module) and self.elsewhere.mentions(self.file.module, name)

    def _content(self, node: Node) -> bytes:
        contents = _contents(node)
        return b"" if contents is None else self.source.data[contents.start : contents.end]

    @staticmethod
    def _touches_field(token: Token, node: Node) -> bool:
        """Whether a field of the f-string follows the path directly, or behind a dot."""
        fields = [child for child in node.named_children if child.type == "interpolation"]
        return any(field.start_byte - token.end in (0, 1) or token.start - field.end_byte in (0, 1) for field in fields)

    def _source_text(self, token: Token, node: Node) -> None:
        """Import statements in a string: code if it is executed, else data, which is only listed."""
        executed = self._is_executed(node)
        contents = _contents(node)
        if (executed or ReferenceKind.SOURCE_TEXT in self.asked) and contents is not None:
            if node.start_byte in self._coded:
                return
            self._coded.add(node.start_byte)
            embedded = (
                unescaped(self.source.data, node)
                if b"\\" in self._content(node)
                else dedented(self.source.data, contents.start, contents.end)
            )
            if self._code(embedded, node, ReferenceKind.SOURCE_TEXT):
                return
        self._add_token(token, ReferenceKind.SOURCE_TEXT, self._kept(node, Disposition.MANUAL, Reason.TEXT_MENTION))

    def _prose(self, token: Token, kind: ReferenceKind, node: Node, folded: Folded | None = None) -> None:
        """A text for people: listed and kept, unless the recipe asks for its kind."""
        verdict = self._kept(node, Disposition.KEEP, Reason.TEXT_MENTION)
        if kind in self.asked and verdict.reason is Reason.TEXT_MENTION:
            is_shim = token.mention.old.is_module and token.mention.finding.reason is Reason.MODULE_AS_VALUE
            if self._can_follow(token.mention) or is_shim:  # asked for, and nothing but a text
                verdict = REWRITE
        if folded is None:
            self._add_token(token, kind, verdict)
        else:
            self._report(kind, node, folded, token.mention, verdict)

    @staticmethod
    def _can_follow(mention: Mention) -> bool:
        """Whether a text can name the new place: a name that is proved or moved, a module that the recipe moves."""
        finding = mention.finding
        if finding.reason is not None or finding.relation not in REWRITABLE:
            return False
        return not mention.old.is_module or finding.relation is Relation.MOVED

    # docstrings

    def _docstring_token(self, token: Token, node: Node) -> None:
        """A role (``:class:`p.old.C```) is looked up by the tool that builds the documentation; the rest is prose."""
        before = self.source.data[max(0, token.start - 40) : token.start]
        if _IN_ROLE.search(before) and self._can_follow(token.mention):
            verdict = self._kept(node, Disposition.KEEP, Reason.TEXT_MENTION)
            is_kept = verdict.reason is Reason.KEEP_COMMENT
            self._add_token(token, ReferenceKind.DOCSTRING, verdict if is_kept else REWRITE)
        else:
            self._prose(token, ReferenceKind.DOCSTRING, node)

    def _doctests(self) -> Iterator[tuple[Node, Embedded]]:
        """The doctests of every docstring, each docstring as one text."""
        if b">>>" not in self.source.data:
            return
        for node in string_nodes(self.file.tree):
            contents = _contents(node)
            if contents is not None and b">>>" in (node.text or b"") and _is_docstring(node):
                embedded = doctests(self.source.data, contents.start, contents.end)
                if embedded is not None:
                    yield node, embedded

    def _code(self, embedded: Embedded, node: Node, kind: ReferenceKind) -> bool:
        """The references of Python code inside a string; False where it does not parse."""
        tree = parse(embedded.data)
        if tree.root_node.has_error:
            return False
        code = ParsedFile(self.file.path, "", False, self.source.with_data(embedded.data), tree)
        imports = find_imports(code, self.ownership, self.elsewhere).references
        strings = find_strings(code, self.ownership, self.mentions, self.elsewhere, imports)
        for one in (*imports, *strings):
            start = embedded.outer_offset(one.start)
            edits = embedded.outer_edits(one.edits)
            keep = _keeps(self.source, node)
            verdict = Verdict(one.disposition, one.reason, one.detail)
            if keep:
                verdict = Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
            elif verdict.disposition is Disposition.REWRITE:
                verdict = REWRITE
                if edits is None or not all(_fits(edit, node, kind) for edit in edits):
                    verdict = Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, "the string cannot hold the new text")
            place = node.start_byte if start is None else start
            self.taken.append(place)
            self._add(place, kind, one.old, _finding_of(one), verdict, edits or ())
        for statement in import_statements(tree):
            span = embedded.outer_span(statement.span)
            if span is not None:
                self.seen.update(range(span.start, span.end))
        return True

    # file paths

    def _path(self, path: PathToken) -> None:
        node = self._text_node(path.start)
        if node is None:
            return
        if node.type == "comment":
            kind = ReferenceKind.COMMENT
        elif _is_docstring(node):
            kind = ReferenceKind.DOCSTRING
        else:
            kind = ReferenceKind.FILE_PATH
        edits: tuple[Edit, ...] = ()
        disposition = Disposition.MANUAL if kind is ReferenceKind.FILE_PATH else Disposition.KEEP
        verdict = self._kept(node, disposition, Reason.TEXT_MENTION)
        if path.new is not None and kind in self.asked and verdict.reason is Reason.TEXT_MENTION:
            verdict, edits = REWRITE, (Edit(path.start, path.end, path.new),)
        self._add(path.start, kind, Symbol(path.module), self._module_finding(path.module), verdict, edits)

    def _joined_paths(self) -> None:
        """``root / "p" / "old.py"`` and ``os.path.join(root, "p", "old.py")``."""
        for start in self.mentions.file_names(self.source.data):
            node = self._text_node(start)
            if node is None or node.type != "string":
                continue
            joined = "/".join(_path_parts(node))
            if "/" not in joined:  # Path(__file__).parent / "old.py"
                joined = "/".join((*self.file.path.split("/")[:-1], joined))
            module = self.mentions.module_of_path(joined)
            if module is not None:
                verdict = self._kept(node, Disposition.MANUAL, Reason.TEXT_MENTION, joined)
                finding = self._module_finding(module)
                self._add(start, ReferenceKind.FILE_PATH, Symbol(module), finding, verdict)

    def _module_finding(self, module: str) -> Finding:
        return self.ownership.module_finding(module) or Finding(Relation.UNDECIDABLE, None, ())

    # references

    def _kept(self, node: Node, disposition: Disposition, reason: Reason, detail: str = "") -> Verdict:
        if _keeps(self.source, node):
            return Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
        return Verdict(disposition, reason, detail)

    def _add_token(self, token: Token, kind: ReferenceKind, verdict: Verdict) -> None:
        mention = token.mention
        edits: tuple[Edit, ...] | None = ()
        if verdict is REWRITE:
            data = self.source.data[token.start : token.end]
            edits = self._edits(Folded.literal(data, token.start), mention)
            if edits is None:
                verdict = Verdict(Disposition.KEEP, Reason.TEXT_MENTION)
        self._add(token.start, kind, mention.old, mention.finding, verdict, edits or ())

    def _report(
        self,
        kind: ReferenceKind,
        place: Node,
        folded: Folded,
        mention: Mention,
        verdict: Verdict,
        *,
        at_run_time: AtRunTime = AtRunTime.NOTHING,
    ) -> None:
        """Report a string that has been folded; its edits go to wherever its pieces stand."""
        edits: tuple[Edit, ...] | None = ()
        if verdict is REWRITE:
            edits = self._edits(folded, mention)
            if edits is None:
                verdict = Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, "the string is written in pieces")
        first = folded.span(0, 1)
        own = first is not None and place.start_byte <= first.start < place.end_byte
        start = first.start if first is not None and own else place.start_byte
        self._add(start, kind, mention.old, mention.finding, verdict, edits or (), at_run_time, folded)

    def _edits(self, folded: Folded, mention: Mention) -> tuple[Edit, ...] | None:
        """Edits of the components that differ; None where they do not stand in the file in one piece."""
        new = mention.finding.new
        if new is None:
            return None
        places = [folded.span(match.start(), match.end()) for match in _COMPONENT.finditer(folded.text)]
        old_parts = parts(mention.old.module)
        spans = [span for span in places if span is not None]
        if len(spans) != len(places) or len(spans) < len(old_parts):
            return None
        count, before, after = len(old_parts), mention.old.module, new.module
        if mention.old.name is not None and new.name is None:  # a name of a package that is a module
            count, before = count + 1, f"{before}.{mention.old.name}"
        edits = dotted_edits(Span(spans[0].start, spans[count - 1].end), spans, before, after)
        if any(b"\n" in self.source.data[edit.start : edit.end] for edit in edits):
            return None
        if len(parts(before)) != len(parts(after)) and not _is_one_piece(folded, len(before.encode())):
            return None
        if mention.old.name is not None and new.name is not None and new.name != mention.old.name:
            edits.append(Edit(spans[count].start, spans[count].end, new.name))
        return tuple(edits)

    def _add(
        self,
        start: int,
        kind: ReferenceKind,
        old: Symbol,
        finding: Finding,
        verdict: Verdict,
        edits: tuple[Edit, ...] = (),
        at_run_time: AtRunTime = AtRunTime.NOTHING,
        folded: Folded | None = None,
    ) -> None:
        start = name_offset(self.source.data, start, old)
        line, column = self.source.position(start)
        is_rewrite = verdict.disposition is Disposition.REWRITE
        self.found.append(
            _Found(
                Reference(
                    self.file.path,
                    line,
                    column,
                    start,
                    kind,
                    old,
                    finding.new,
                    finding.relation,
                    verdict.disposition,
                    verdict.reason,
                    verdict.detail,
                    finding.chain,
                    edits if is_rewrite else (),
                    Step.REWRITE if is_rewrite else None,
                    at_run_time,
                ),
                folded,
            )
        )

    def _settled(self) -> tuple[Reference, ...]:
        """The references; those that are folded from a constant change it only if all of its uses agree."""
        wanted: dict[int, set[frozenset[Edit]]] = {}
        covered: dict[int, set[int]] = {}
        bindings: dict[int, Occurrence] = {}
        for found in self.found:
            for binding in _constants(found.folded):
                bindings[binding.node.id] = binding
                edits = _edits_in(found, binding)
                wanted.setdefault(binding.node.id, set()).add(edits)
                if found.reference.disposition is Disposition.REWRITE and found.folded is not None:
                    covered.setdefault(binding.node.id, set()).update(one.node.id for one in found.folded.constants)
        torn = {
            key
            for key, binding in bindings.items()
            if wanted[key] != {frozenset()} and (len(wanted[key]) > 1 or self._is_used_besides(binding, covered[key]))
        }
        references: list[Reference] = []
        for found in self.found:
            one = found.reference
            if one.edits and any(binding.node.id in torn for binding in _constants(found.folded)):
                detail = "the constant that it is made from is used for more than this"
                one = replace(
                    one,
                    disposition=Disposition.MANUAL,
                    reason=Reason.COMPUTED_STRING,
                    detail=detail,
                    edits=(),
                    step=None,
                )
            references.append(one)
        references.sort(key=lambda one: (one.start, one.old))
        return tuple(references)

    def _is_used_besides(self, binding: Occurrence, covered: set[int]) -> bool:
        """Whether a constant is read anywhere but in the strings that change, and where it is shown to people."""
        scope = self.table.scope_of(binding)
        if scope is self.table.module_scope and self._is_public(binding.name):
            return True
        flow = Flow(self.callees, self.table, self._is_public)
        for use in self.folder.uses_of(binding):
            if use.node.id in covered:
                continue
            uses = flow.uses(use.node)
            if uses is None or any(one.sink is not Sink.SHOWN for one in uses):
                return True
        return False


_COMPONENT = re.compile(rb"[^.:]+")


def _constants(folded: Folded | None) -> list[Occurrence]:
    """The bindings of the constants that a text is folded from."""
    if folded is None:
        return []
    return list({one.constant.node.id: one.constant for one in folded.pieces if one.constant is not None}.values())


def _edits_in(found: _Found, binding: Occurrence) -> frozenset[Edit]:
    """The edits of a reference that lie in the value of a constant."""
    assert found.folded is not None
    pieces = [one for one in found.folded.pieces if one.constant is not None and one.constant.node == binding.node]
    return frozenset(
        edit
        for edit in found.reference.edits
        if any(one.start <= edit.start and edit.end <= one.start + one.length for one in pieces)
    )


def _is_one_piece(folded: Folded, end: int) -> bool:
    return folded.piece(0, end) is not None


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * len(match.group())


def _is_import_builtin(call: Node) -> bool:
    """Whether a call is one of ``__import__``."""
    function = call.child_by_field_name("function")
    return function is not None and last(text_of(function)) == "__import__"


def _counts_from_here(call: Node) -> bool:
    """Whether ``__import__`` is given a level: its path counts from the file's own package."""
    given = arguments_of(call)
    level = keyword(call, "level") or (given[4] if len(given) > 4 else None)
    return _is_import_builtin(call) and level is not None and text_of(level) != "0"


def _may_be_relative(call: Node, sink: Sink) -> bool:
    """Whether a path that nothing is known of may count from a package that the call names."""
    if sink not in (Sink.IMPORT, Sink.RESOLVE):
        return False
    positional = [one for one in arguments_of(call) if one.type != "keyword_argument"]
    if positional and text_of(positional[0]) in ("__name__", "__package__"):  # lazy_loader.attach(__name__, ...)
        return True
    return len(positional) > 1 or keyword(call, "package") is not None or _counts_from_here(call)


def _from_list(call: Node) -> list[Node] | None:
    """The names of ``__import__("module", fromlist=["name"])``; None where there is no such list to see."""
    names = keyword(call, "fromlist")
    given = arguments_of(call)
    if names is None and len(given) > 3:
        names = given[3]
    if not _is_import_builtin(call) or names is None or names.type not in ("list", "tuple"):
        return None
    return [child for child in names.named_children if child.type != "comment"]


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


def _is_bare(node: Node, splits: bool) -> bool:
    """Whether a string has the form of a part of a path, or, where the file splits any, of a list of such parts."""
    text = text_of(node)
    return not any(character.isspace() for character in text) or (splits and _LIST.fullmatch(text) is not None)


_LIST = re.compile(r"\w{0,2}[\"']+[\w.:/\s,;|-]*[\"']+")


def _is_prose(piece: Node) -> bool:
    """Whether the text of a string has a space in it, as no path has; one that is written with an escape aside."""
    texts = [child.text or b"" for child in piece.named_children if child.type == "string_content"]
    return any(b"\\" not in text and text.split() != [text] for text in texts)


def _finding_of(reference: Reference) -> Finding:
    return Finding(reference.relation, reference.new, reference.chain)


def _contents(node: Node) -> Span | None:
    """The span between the quotes of a string."""
    if node.type != "string" or len(node.children) < 2:
        return None
    return Span(node.children[0].end_byte, node.children[-1].start_byte)


def _is_docstring(node: Node) -> bool:
    """Whether a string is a statement of its own."""
    return node.parent is not None and node.parent.type == "expression_statement"


def _keeps(source: SourceText, node: Node) -> bool:
    """Whether ``# unshim: keep`` stands on the first or last line of a string or comment."""
    lines = (
        source.text(source.line_start(node.start_byte), source.line_end(node.start_byte)),
        source.text(node.end_byte, source.line_end(node.end_byte)),
    )
    return any(KEEP_COMMENT.search(line) for line in lines)


def _fits(edit: Edit, node: Node, kind: ReferenceKind) -> bool:
    """Whether a string can hold the new text as it is: a line break only in source text in triple quotes."""
    quotes = text_of(node.children[0]).lstrip("rRuUbBfF")
    if "\n" in edit.text and (kind is ReferenceKind.DOCSTRING or len(quotes) != 3):
        return False
    return quotes[0] not in edit.text and "\\" not in edit.text


def _relative_text(package: str, level: int, module: str) -> str:
    """A module as a relative name with as many dots where that reaches it; else absolute."""
    written = relative_to(package, level, module)
    return module if written is None else written


def _path_parts(node: Node) -> Iterable[str]:
    """The constant components of the path that a string is the end of, joined by ``/`` or by a call of ``join``."""
    top = node
    while top.parent is not None:
        outer = top.parent
        operator = outer.child_by_field_name("operator")
        if outer.type == "binary_operator" and operator is not None and operator.type == "/":
            top = outer
        elif outer.type == "argument_list" and outer.parent is not None and _joins(outer.parent):
            top = outer.parent
        else:
            break
    pending, found = [top], []
    while pending:
        current = pending.pop()
        content = plain_content(current)
        if content is not None:
            found.append(text_of(content))
        elif current.end_byte <= node.end_byte or current in (top, node.parent):
            pending.extend(reversed(current.named_children))
    return found


def _joins(call: Node) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and last(text_of(function)) in ("join", "joinpath", "Path", "PurePath")
