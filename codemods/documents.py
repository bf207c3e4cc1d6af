"""Pass: documents, that is every tracked text that is no Python file: configuration, scripts, prose, data.

What a text is for decides what becomes of a path in it (see Role):

- What configures or runs something is rewritten by default: its values are resolved when something runs. What cannot
  be rewritten is ``manual`` and holds the old module.
- Prose, generated data, old copies of files, and comments are for people: they are listed, and rewritten where the
  recipe asks for it. Doctests and directives that import what they document are run by tools, though: they are
  ``manual`` where they are not rewritten.
- A text of a kind that nobody knows may run something: ``manual`` until the recipe asks for it.

Only exact tokens change, and of these only the components that differ. Keys stay, whatever they look like: a key of a
``loggers`` section or an entry point's is a name at run time, any other one is ``manual``. A URL stays. A token stays
beside its own new form: a table of moves, or a guide for migrating, must not say the same thing twice.

A name is the same object under its new path; a module is not. So a shim's own path (``--cov=p.old``, ``python -m
p.old``, ``automodule:: p.old``) stays, unless the recipe moves the module. Imports are decided by their names.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from codemods.decisions import REWRITABLE, REWRITE, Verdict
from codemods.document_forms import DocumentText, Place, Role, role_of
from codemods.mentions import Mention, Mentions, PathToken, Token, name_offset
from codemods.ownership import Finding
from codemods.references import Disposition, Edit, Reason, Reference, ReferenceKind, Relation, Step
from codemods.source import SourceText, has_conflict_markers
from codemods.symbols import Symbol, contains, join, last, parent, resolve_relative, root
from codemods.syntax import Span
from codemods.text_imports import TextImport, TextName, text_imports

_EXACT_PATH = re.compile(
    rb"(?:^|[\s\"'`=:,;(\[{<>|!@])"
    rb"(?:\.{1,2}/|/|\*\*/|\$\{?\w+\}?/|\$\(\w+\)/|\$?\{\{[^{}]*\}\}/)*$"
)
"""What may stand before a file's path: nothing, ``./``, ``**/``, a variable; not another folder."""

_ESCAPED = re.compile(rb"\\[\"'nrt](?=[A-Za-z_\s\"'.,;)]|$)")
_RUNS_MODULE = re.compile(rb"-m[\"']?,?[ \t]+[\"']?$")
_BOTH = "the text names the new path beside it"


def find_document(
    path: str,
    source: SourceText,
    mentions: Mentions,
    *,
    asked: bool,
    hides: Callable[[str], str | None] | None = None,
) -> tuple[Reference, ...]:
    """All references of one document, each with the edits that settle it.

    ``asked``: the recipe wants this document to be rewritten. ``hides`` says of a module why it cannot be reached as
    an attribute of its package (see Ownership.hidden_submodule): a dotted name that is walked along attributes would
    then lead elsewhere.
    """
    return _DocumentPass(path, source, mentions, asked, hides).run()


@dataclass(frozen=True)
class _Found:
    """A path at a place, and what becomes of it."""

    span: Span
    old: Symbol
    finding: Finding
    verdict: Verdict
    edits: tuple[Edit, ...] = ()
    kind: ReferenceKind = ReferenceKind.DOCUMENT


class _DocumentPass:
    def __init__(
        self, path: str, source: SourceText, mentions: Mentions, asked: bool, hides: Callable[[str], str | None] | None
    ) -> None:
        self.path = path
        self.source = source
        self.data = source.data
        self.mentions = mentions
        self.asked = asked
        self.hides = hides
        self.role = role_of(path, source.data[:200])
        self.text = DocumentText(path, source)
        self.statements = list(self._statements())
        self.found: list[_Found] = []

    def run(self) -> tuple[Reference, ...]:
        settled: list[Span] = []
        plain: list[tuple[TextName, Mention]] = []
        for statement in self.statements:
            if statement.module is None:
                modules = list(self._modules(statement))
                plain += modules
                settled += [name.span for name, _ in modules]
            elif self._from_import(statement) and not statement.level:
                settled.append(statement.span)
        beside = () if self.role in (Role.PROSE, Role.DATA) else self.mentions.files_beside(self.path, self.data)
        for place in beside:
            self._beside(place)
        if not settled and not self.mentions.may_hold(self.data):
            return self._references()
        data = _ESCAPED.sub(b"  ", self.data)  # a name may end at an escaped quote, and begin behind an escape
        found = (*self.mentions.tokens(data), *self.mentions.external_tokens(data), *self._top_level(data))
        tokens = [token for token in found if not _lies_in(token.start, settled)]
        for name, mention in plain:
            tokens = self._plain_import(name, mention, tokens)
        for token in tokens:
            self._token(token)
        for place in self.mentions.paths(self.data):
            self._file_path(place)
        return self._references()

    def _top_level(self, data: bytes) -> Iterator[Token]:
        """Top-level modules that a command line runs; by its bare name alone, nothing else is one."""
        for token in self.mentions.top_level(data):
            if _RUNS_MODULE.search(data[self.text.line_start(token.start) : token.start]):
                yield token

    @cached_property
    def _untouchable(self) -> tuple[Reason, str] | None:
        """Why nothing in this text may be changed; None if it may."""
        if self.source.encoding != "utf-8":
            return Reason.UNDECODABLE, "the file is not UTF-8"
        if has_conflict_markers(self.data):
            return Reason.CONFLICT_MARKERS, "merge conflict markers"
        return None

    # verdicts

    def _verdict(self, span: Span, text: str, finding: Finding, hindrance: tuple[Reason, str] | None) -> Verdict:
        """What becomes of a path at a place; ``hindrance`` is what speaks against rewriting it anywhere."""
        if finding.reason is Reason.KEEP_RECIPE:
            return Verdict(Disposition.KEEP, Reason.KEEP_RECIPE, finding.detail)
        if self.text.is_kept(span):
            return Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
        hindrance = self._untouchable or hindrance
        detail = f"the text names {text}"
        place = self.text.place(span)
        if place is Place.RUNTIME_NAME:
            return Verdict(Disposition.KEEP, Reason.RUNTIME_NAME, detail)
        is_run = self.role is Role.PROSE and self.text.is_run_by_tools(span.start)
        is_read = self.role in (Role.PROSE, Role.DATA, Role.COPY) or place is Place.COMMENT
        if place is Place.URL or (place is Place.KEY and is_read):
            return Verdict(Disposition.KEEP, Reason.TEXT_MENTION, detail)
        if is_read and not is_run:
            if self.asked and hindrance is None:
                return REWRITE
            return Verdict(Disposition.KEEP, Reason.TEXT_MENTION, detail)
        if hindrance is not None:
            return Verdict(Disposition.MANUAL, *hindrance)
        if place is Place.KEY:
            return Verdict(Disposition.MANUAL, Reason.TEXT_MENTION, f"{text} is a key; keys are not changed")
        if self.role is not Role.CONFIGURES and not self.asked:
            return Verdict(Disposition.MANUAL, Reason.TEXT_MENTION, detail)
        return REWRITE

    def _hindrance(self, finding: Finding) -> tuple[Reason, str] | None:
        """Why a finding cannot be written, wherever it stands."""
        if finding.reason is not None:
            return finding.reason, finding.detail
        if finding.relation not in REWRITABLE or finding.new is None:
            return Reason.DIFFERENT_OBJECT, finding.detail
        return None

    def _hidden(self, finding: Finding) -> tuple[Reason, str] | None:
        hidden = None if finding.new is None or self.hides is None else self.hides(finding.new.module)
        return None if hidden is None else (Reason.HIDDEN_SUBMODULE, hidden)

    # tokens

    def _token(self, token: Token, hindrance: tuple[Reason, str] | None = None) -> None:
        """A dotted name by itself."""
        mention, span = token.mention, Span(token.start, token.end)
        finding, written = mention.finding, mention.written()
        before = self.data[self.text.line_start(token.start) : token.start]
        hindrance = hindrance or self._hindrance(finding)
        if hindrance is None and mention.old.is_module and _RUNS_MODULE.search(before):
            if finding.relation is not Relation.MOVED:
                hindrance = Reason.MODULE_AS_VALUE, f"{mention.old} is run as a program"
        if hindrance is None and ":" not in mention.text and not mention.old.is_module:
            hindrance = self._hidden(finding)
        if hindrance is None and written is not None and self._names_beside(written, span):
            hindrance = Reason.TEXT_MENTION, _BOTH
        verdict = self._verdict(span, mention.text, finding, hindrance)
        edits = _component_edits(span.start, mention.text, written) if verdict is REWRITE and written else ()
        self.found.append(_Found(span, mention.old, finding, verdict, edits))

    def _names_beside(self, dotted: str, span: Span) -> bool:
        """Whether the new path of what stands at ``span`` is named close to it, in either notation."""
        near = self.text.neighbourhood(span)
        words = re.split("[.:]", dotted)
        if self.data.find(words[-1].encode(), near.start, near.end) < 0:
            return False
        pattern = r"(?<![\w.])" + "[.:]".join(map(re.escape, words)) + r"(?!\w|[.:]\w)"
        return re.compile(pattern.encode()).search(self.data, near.start, near.end) is not None

    # statements that import

    def _statements(self) -> Iterator[TextImport]:
        """The imports of the text, relative ones with the module that they lead to.

        These are code that lies in a package. Its folder is also where Python looks first if the code is run as a
        script: ``from old import f`` may be ``from .old import f``, where nothing else is known under that name.
        """
        is_code = self.role is Role.OTHER and self.text.may_be_python
        package = self.mentions.package_of(self.path) if is_code else ""
        for statement in text_imports(self.data):
            if not statement.level:
                yield statement
            if package:
                yield from self._from_folder(statement, package)

    def _from_folder(self, statement: TextImport, package: str) -> Iterator[TextImport]:
        """The import as it counts from the package that the file lies in, if it may."""
        if statement.level:
            module = resolve_relative(package, statement.level, statement.module or "")
            if module is not None:
                yield replace(statement, module=module)
        elif statement.module is not None:
            if self.mentions.is_foreign(statement.module):
                yield replace(statement, module=join(package, statement.module), level=1)
        else:
            names = tuple(name for name in statement.names if self.mentions.is_foreign(name.name))
            yield replace(statement, module=package, module_span=statement.span, names=names, level=1)

    @staticmethod
    def _is_by_hand(statement: TextImport) -> tuple[Reason, str] | None:
        """Why an import is not rewritten, whatever it imports."""
        if statement.level:
            return Reason.TEXT_MENTION, "the import counts from the folder of the file"
        if statement.is_cimport:
            return Reason.TEXT_MENTION, "cimport takes declarations of C, which are not looked at"
        return None

    def _from_import(self, statement: TextImport) -> bool:
        """``from module import names``: it changes as a whole, or not at all. False where it does not concern us."""
        assert statement.module is not None and statement.module_span is not None
        if statement.star is not None or not statement.whole:
            return self._unread_names(statement, statement.module, statement.module_span)
        known = [(name, self._imported(statement.module, name.name)) for name in statement.names]
        ours = [(name, mention) for name, mention in known if mention is not None]
        if not ours:
            return False
        targets = {_import_target(mention.finding) for _, mention in ours}
        place = statement.module_span
        together = len(ours) == len(known) and len({target and target.module for target in targets}) == 1
        hindrances = {
            name: self._hindrance(mention.finding)
            or self._is_by_hand(statement)
            or self._import_hindrance(statement, mention.finding, together)
            for name, mention in ours
        }
        if any(hindrances.values()):
            stays = Reason.NAMES_STAY_BEHIND, "not all names of the import can move"
            hindrances = {name: hindrance or stays for name, hindrance in hindrances.items()}
        edits: list[Edit] = []
        for name, mention in ours:
            target = _import_target(mention.finding)
            if target is not None and target.name is not None:
                edits += _component_edits(place.start, statement.module, target.module)
                if target.name != name.name:
                    suffix = "" if name.asname is not None else f" as {name.name}"
                    edits.append(Edit(name.span.start, name.span.end, target.name + suffix))
        for name, mention in ours:
            span = Span(statement.span.start, statement.span.end)
            verdict = self._verdict(span, str(mention.old), mention.finding, hindrances[name])
            self.found.append(
                _Found(name.span, mention.old, mention.finding, verdict, tuple(edits) if verdict is REWRITE else ())
            )
        return True

    def _imported(self, module: str, name: str) -> Mention | None:
        """What ``from module import name`` gives; as a module, where that is the very submodule of that name."""
        mention = self.mentions.of(f"{module}:{name}")
        submodule = self.mentions.of(f"{module}.{name}")
        if mention is not None and submodule is not None and submodule.old.is_module:
            if (mention.finding.relation, mention.finding.new) == (submodule.finding.relation, submodule.finding.new):
                return submodule
        return mention

    def _import_hindrance(self, statement: TextImport, finding: Finding, together: bool) -> tuple[Reason, str] | None:
        target = _import_target(finding)
        if not together:
            return Reason.NAMES_STAY_BEHIND, "not all names of the import move to one module"
        if target is None or not target.module:
            return Reason.ODD_LAYOUT, "a top-level module cannot be imported from a package"
        near = self.text.neighbourhood(statement.span)
        for other in self.statements:
            if near.start <= other.span.start < near.end and other.module == target.module:
                if any(name.name == target.name for name in other.names):
                    return Reason.TEXT_MENTION, _BOTH
        return None

    def _unread_names(self, statement: TextImport, module: str, place: Span) -> bool:
        """``from module import *``, and an import whose names are not to be read."""
        mention = self.mentions.of(module)
        if mention is None or not mention.old.is_module:
            return False
        finding = mention.finding
        hindrance = self._hindrance(finding) or self._is_by_hand(statement)
        if finding.relation is not Relation.MOVED:
            reason = Reason.STAR_IMPORT if statement.star is not None else Reason.ODD_LAYOUT
            hindrance = reason, f"the names that are imported from {module} are not in the text"
        written = mention.written()
        verdict = self._verdict(place, module, finding, hindrance)
        edits = _component_edits(place.start, module, written) if verdict is REWRITE and written else ()
        self.found.append(_Found(place, mention.old, finding, verdict, edits))
        return True

    def _modules(self, statement: TextImport) -> Iterator[tuple[TextName, Mention]]:
        """The names of ``import a.b, c`` that are modules of interest."""
        for name in statement.names:
            mention = self.mentions.of(name.name)
            if mention is not None:
                yield name, mention

    def _plain_import(self, name: TextName, mention: Mention, tokens: list[Token]) -> list[Token]:
        """``import p.old``, with the uses ``p.old.f`` in the same code: all change, or none. Gives the other tokens."""
        finding = mention.finding
        hindrance = self._hindrance(finding)
        if name.asname is not None or not mention.old.is_module:
            self._plain(name, mention, finding, hindrance or self._hidden(finding))
            return tokens
        region = self.text.region(name.span.start)
        uses = [
            token
            for token in tokens
            if self.text.region(token.start) == region and contains(name.name, token.mention.text.replace(":", "."))
        ]
        if not parent(name.name):
            hindrance = Reason.ODD_LAYOUT, f"the import binds the name {name.name}"
        elif finding.relation is Relation.DIVERGENT and finding.reason is Reason.MODULE_AS_VALUE:
            hindrance = self._uses_hindrance(finding, uses) or self._hidden(finding)
        elif any(self._hindrance(use.mention.finding) for use in uses):
            hindrance = hindrance or (Reason.NAMES_STAY_BEHIND, "not all uses of the module can move")
        hindrance = hindrance or self._root_hindrance(name.name, finding, uses, region)
        self._plain(name, mention, finding, hindrance)
        if hindrance is None:
            return tokens
        stays = Reason.NAMES_STAY_BEHIND, f"import {name.name} stays"
        for use in uses:
            self._token(use, self._hindrance(use.mention.finding) or stays)
        return [token for token in tokens if token not in uses]

    def _plain(self, name: TextName, mention: Mention, finding: Finding, hindrance: tuple[Reason, str] | None) -> None:
        new = finding.new
        verdict = self._verdict(name.span, name.name, finding, hindrance)
        edits: tuple[Edit, ...] = ()
        if verdict is REWRITE and new is not None:
            edits = _component_edits(name.span.start, name.name, new.module)
        self.found.append(_Found(name.span, mention.old, finding, verdict, edits))

    def _uses_hindrance(self, finding: Finding, uses: Iterable[Token]) -> tuple[Reason, str] | None:
        """Why an import of a shim must stay: it is another module, unless all that is seen of it are moving names."""
        modules = {
            None if use.mention.old.is_module or self._hindrance(use.mention.finding) else use.mention.finding.new
            for use in uses
        }
        targets = {None if new is None else new.module for new in modules}
        if finding.new is None or targets != {finding.new.module}:
            return Reason.MODULE_AS_VALUE, finding.detail
        return None

    def _root_hindrance(
        self, module: str, finding: Finding, uses: Iterable[Token], region: Span | None
    ) -> tuple[Reason, str] | None:
        """Why an import must stay that binds the top-level package for others too."""
        if finding.new is None or root(finding.new.module) == root(module):
            return None
        area = region or Span(0, len(self.data))
        pattern = re.compile(rb"(?<![\w.])" + root(module).encode() + rb"(?=\.\w)")
        known = {use.start for use in uses}
        known |= {name.span.start for one in self.statements for name in one.names}
        known |= {one.module_span.start for one in self.statements if one.module_span is not None}
        if any(match.start() not in known for match in pattern.finditer(self.data, area.start, area.end)):
            return Reason.NAMES_STAY_BEHIND, f"the import binds {root(module)} for other uses too"
        return None

    # file paths

    def _file_path(self, place: PathToken) -> None:
        """The path of a module's file: it moves with the file, and only where it is exactly that file's."""
        mention = self.mentions.of(place.module)
        finding = Finding(Relation.UNDECIDABLE, None, ()) if mention is None else mention.finding
        span = Span(place.start, place.end)
        before = self.data[self.text.line_start(place.start) : place.start]
        hindrance: tuple[Reason, str] | None = None
        if place.new is None:
            hindrance = Reason.TEXT_MENTION, f"the text names {place.text}"
        elif not _EXACT_PATH.search(before):
            hindrance = Reason.TEXT_MENTION, f"{place.text} is the end of a longer path, which may be another file's"
        elif self._path_beside(place.new, span):
            hindrance = Reason.TEXT_MENTION, _BOTH
        verdict = self._verdict(span, place.text, finding, hindrance)
        edits: tuple[Edit, ...] = ()
        if verdict is REWRITE and place.new is not None:
            edits = _component_edits(span.start, place.text, place.new)
        is_held = verdict.disposition is not Disposition.KEEP
        kind = ReferenceKind.FILE_PATH if is_held and self.role is not Role.PROSE else ReferenceKind.DOCUMENT
        self.found.append(_Found(span, Symbol(place.module), finding, verdict, edits, kind))

    def _beside(self, place: PathToken) -> None:
        """A bare file name, as build files list what lies in their folder: it goes by hand."""
        mention = self.mentions.of(place.module)
        finding = Finding(Relation.UNDECIDABLE, None, ()) if mention is None else mention.finding
        span = Span(place.start, place.end)
        verdict = self._verdict(span, place.text, finding, (Reason.TEXT_MENTION, f"the text names {place.text}"))
        self.found.append(_Found(span, Symbol(place.module), finding, verdict, (), ReferenceKind.FILE_PATH))

    def _path_beside(self, path: str, span: Span) -> bool:
        near = self.text.neighbourhood(span)
        pattern = re.compile(rb"(?<![\w.])" + re.escape(path).encode() + rb"(?![\w])")
        return pattern.search(self.data, near.start, near.end) is not None

    def _references(self) -> tuple[Reference, ...]:
        return tuple(map(self._reference, sorted(self.found, key=lambda one: (one.span.start, one.old))))

    def _reference(self, found: _Found) -> Reference:
        start = name_offset(self.data, found.span.start, found.old)
        line, column = self.source.position(start)
        return Reference(
            self.path,
            line,
            column,
            start,
            found.kind,
            found.old,
            found.finding.new,
            found.finding.relation,
            found.verdict.disposition,
            found.verdict.reason,
            found.verdict.detail,
            found.finding.chain,
            found.edits,
            Step.DOCUMENTS if found.verdict is REWRITE else None,
        )


def _lies_in(offset: int, spans: list[Span]) -> bool:
    """Whether an offset is inside one of the spans, which are in order and apart."""
    index = bisect_right(spans, offset, key=lambda span: span.start) - 1
    return index >= 0 and offset < spans[index].end


def _import_target(finding: Finding) -> Symbol | None:
    """The module and the name that a ``from`` import of a finding takes; a module is a name of its package."""
    new = finding.new
    if new is None:
        return None
    return new if new.name is not None else Symbol(parent(new.module), last(new.module))


def _component_edits(start: int, old: str, new: str) -> tuple[Edit, ...]:
    """Edits that turn a dotted name, or a file path, into another; only components that differ are touched."""
    before, after = re.split(r"([.:/])", old), re.split(r"([.:/])", new)
    offsets = [start]
    for piece in before:
        offsets.append(offsets[-1] + len(piece.encode("utf-8")))
    if len(before) == len(after):
        return tuple(
            Edit(offsets[index], offsets[index + 1], text)
            for index, (was, text) in enumerate(zip(before, after, strict=True))
            if was != text
        )
    front = _shared(before, after)
    back = _shared(before[front:][::-1], after[front:][::-1])
    return (Edit(offsets[front], offsets[len(before) - back], "".join(after[front : len(after) - back])),)


def _shared(left: list[str], right: list[str]) -> int:
    """How many pieces two lists have in common at their beginning."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
