"""Pass: import statements, and the uses of the modules that they bind; each reference with its edits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from tree_sitter import Node, Tree

from codemods.alias_map import EndKind
from codemods.bindings import absolute_module, in_type_checking
from codemods.ownership import Finding, Ownership
from codemods.references import Disposition, Edit, Reason, Reference, ReferenceKind, Relation, Step
from codemods.scopes import Occurrence, Role, Scope, ScopeKind, ScopeTable, scope_table
from codemods.source import SourceText
from codemods.symbols import (
    Symbol,
    below,
    common_length,
    contains,
    join,
    last,
    package_of,
    parent,
    parts,
    relative_to,
    root,
)
from codemods.syntax import (
    FUNCTION_TYPES,
    ImportedName,
    ImportStatement,
    Span,
    ancestors,
    import_statements,
    text_of,
)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A Python file and the module that it is."""

    path: str
    module: str
    is_package: bool
    source: SourceText
    tree: Tree


class Elsewhere(Protocol):
    """What the rest of the repository says about a name in a module's namespace."""

    def mentions(self, module: str, name: str) -> bool:
        """Whether another file may read ``name`` from ``module`` (an import, an attribute, a string)."""


@dataclass(frozen=True, slots=True)
class ImportFindings:
    """The references of one file, and how many canonical ones stand beside them."""

    references: tuple[Reference, ...]
    canonical: int
    leans_on: frozenset[str] = frozenset()
    """Modules that uses in the file still need, and that no import in the file loads."""


KEEP_COMMENT = re.compile(r"#\s*unshim:\s*keep\b")
_PATH_TESTS = re.compile(
    r"\b(raises|warns|deprecated_call|assertWarns|assertWarnsRegex|assertRaises|assertRaisesRegex|catch_warnings)\b"
)
_REWRITABLE = frozenset({Relation.ALIAS, Relation.MOVED, Relation.REPAIR})


def find_imports(
    file: ParsedFile, ownership: Ownership, elsewhere: Elsewhere, vetoed: frozenset[int] = frozenset()
) -> ImportFindings:
    """All references in import statements and in attribute paths, each with the edits that settle it.

    ``vetoed`` are the offsets of statements that must stay, because their rewriting would leave two equal
    branches of a ``try`` (see merges.py).
    """
    return _ImportPass(file, ownership, elsewhere, vetoed).run()


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What is done about a finding at one place, and why."""

    disposition: Disposition
    reason: Reason | None = None
    detail: str = ""


_REWRITE = _Verdict(Disposition.REWRITE)


@dataclass(frozen=True, slots=True)
class _Written:
    """How one imported name is to be written: ``from module import name as asname``, or ``import module, also``."""

    module: str
    name: str | None
    asname: str | None
    also: tuple[str, ...] = ()

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that the plain import form names."""
        return (self.module, *self.also)


@dataclass(slots=True)
class _Decision:
    """One name of one statement, what it is and what becomes of it."""

    statement: ImportStatement
    name: ImportedName
    old: Symbol
    finding: Finding
    verdict: _Verdict
    written: _Written | None = None
    use_edits: list[Edit] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Use:
    """An occurrence of a bound module, followed along its attributes: ``watched`` is ``path[module_index]``."""

    occurrence: Occurrence
    path: tuple[tuple[str, Span], ...]
    module: str
    module_index: int
    finding: Finding
    is_module_object: bool

    @property
    def span(self) -> Span:
        end = self.module_index if self.is_module_object else self.module_index + 1
        return Span(self.path[0][1].start, self.path[end][1].end)

    @property
    def name(self) -> str | None:
        return None if self.is_module_object else self.path[self.module_index + 1][0]


class _ImportPass:
    def __init__(self, file: ParsedFile, ownership: Ownership, elsewhere: Elsewhere, vetoed: frozenset[int]) -> None:
        self.file = file
        self.vetoed = vetoed
        self.source = file.source
        self.ownership = ownership
        self.alias_map = ownership.alias_map
        self.elsewhere = elsewhere
        self.statements = import_statements(file.tree)
        self.decisions: dict[tuple[int, int], _Decision] = {}
        self.references: list[Reference] = []
        self.canonical = 0
        self.may_launder = False
        self.moved_stars: dict[int, str] = {}
        self.loaded_modules: list[str] | None = None
        self.uses: list[tuple[_Use, _Verdict, tuple[Edit, ...], _Decision | None]] = []

    def run(self) -> ImportFindings:
        for statement in self.statements:
            self._look_at(statement)
        if self._binds_modules_of_interest():
            self._follow_modules(scope_table(self.file.tree))
        for statement in self.statements:
            self._write(statement)
        self._report_uses()
        self.references.sort(key=lambda reference: (reference.start, reference.old))
        return ImportFindings(tuple(self.references), self.canonical, self._leans_on())

    def _leans_on(self) -> frozenset[str]:
        staying = {
            one.old.module
            for one in self.references
            if one.kind in (ReferenceKind.ATTRIBUTE, ReferenceKind.MODULE_OBJECT)
            and one.disposition is not Disposition.REWRITE
        }
        return frozenset(module for module in staying if not self._still_imports(module))

    def _still_imports(self, module: str) -> bool:
        for statement in self.statements:
            origin = (
                absolute_module(statement, self.file.module, is_package=self.file.is_package)
                if statement.is_from
                else ""
            )
            for name in statement.names:
                decision = self.decisions.get((statement.span.start, name.span.start))
                if decision is not None and decision.verdict is _REWRITE:
                    continue
                loaded = name.name if not statement.is_from else join(origin or "", name.name)
                if contains(module, loaded) or (origin and contains(module, origin)):
                    return True
        return False

    # findings of statements

    def _look_at(self, statement: ImportStatement) -> None:
        if not statement.is_from:
            for name in statement.names:
                finding = self.ownership.module_finding(name.name)
                if finding is not None:
                    self._decide(statement, name, Symbol(name.name), finding)
            return
        origin = absolute_module(statement, self.file.module, is_package=self.file.is_package)
        if origin is None:
            self._beyond_root(statement)
            return
        if statement.star is not None:
            self._star(statement, origin, statement.star)
        for name in statement.names:
            old = Symbol(origin, name.name)
            finding = self.ownership.finding(old)
            if finding is None:
                continue
            if finding.relation is Relation.CANONICAL:
                self.canonical += 1
                continue
            if self._is_module(old, finding):
                old = Symbol(self._module_value(old))
            self._decide(statement, name, old, finding)

    def _is_module(self, symbol: Symbol, finding: Finding) -> bool:
        if finding.relation is Relation.MOVED and finding.new is not None:
            return finding.new.is_module
        return self.alias_map.resolve(symbol).kind in (EndKind.MODULE, EndKind.MISSING_MODULE) and (
            self.ownership.is_watched(self._module_value(symbol))
        )

    def _module_value(self, symbol: Symbol) -> str:
        """The module that ``from module import name`` binds."""
        assert symbol.name is not None
        if self.ownership.is_watched(join(symbol.module, symbol.name)):
            return join(symbol.module, symbol.name)
        end = self.alias_map.resolve(symbol).end
        return end.module if end is not None else join(symbol.module, symbol.name)

    def _decide(self, statement: ImportStatement, name: ImportedName, old: Symbol, finding: Finding) -> None:
        verdict = self._verdict(statement.node, name.span, old, finding)
        decision = _Decision(statement, name, old, finding, verdict)
        if verdict is _REWRITE and old.name is not None:
            assert finding.new is not None
            decision.written = self._written_name(statement, name, finding.new)
        self.decisions[statement.span.start, name.span.start] = decision

    def _verdict(self, node: Node, span: Span, old: Symbol, finding: Finding) -> _Verdict:
        """Whether a finding can be rewritten at this place, as far as the place itself decides it."""
        if finding.relation is Relation.HOME or finding.reason is Reason.KEEP_RECIPE:
            return _Verdict(Disposition.KEEP, finding.reason, finding.detail)
        if self._keep_comment(node, span):
            return _Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
        new = finding.new
        if new is not None and finding.relation in _REWRITABLE:
            if self.file.module == new.module:
                return _Verdict(Disposition.KEEP, Reason.CANONICAL_OWN_IMPORT)
            if self._is_under_test(node):
                return _Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST)
        if finding.reason is not None:
            return _Verdict(Disposition.MANUAL, finding.reason, finding.detail)
        if finding.relation not in _REWRITABLE:
            return _Verdict(Disposition.MANUAL, Reason.DIFFERENT_OBJECT, finding.detail)
        if node.start_byte in self.vetoed:
            return _Verdict(Disposition.MANUAL, Reason.EQUAL_BRANCHES)
        if old.module in self.ownership.pinned:
            return _Verdict(Disposition.MANUAL, Reason.LOADED_FOR_OTHERS)
        if new is not None and self._runs_at_import(node):
            cycle = self.ownership.new_cycle(self.file.module, old.module, new.module)
            if cycle is not None:
                return _Verdict(Disposition.MANUAL, Reason.IMPORT_CYCLE, " -> ".join(cycle))
        return _REWRITE

    def _keep_comment(self, node: Node, span: Span) -> bool:
        first_end = self.source.line_end(node.start_byte)
        lines = (
            self.source.text(node.start_byte, first_end),
            self.source.text(span.start, self.source.line_end(span.end)),
            self.source.text(node.end_byte, self.source.line_end(node.end_byte)),
        )
        return any(KEEP_COMMENT.search(line) for line in lines)

    def _is_under_test(self, node: Node) -> bool:
        """Whether the statement stands under ``with pytest.warns(...)`` or the like: the path is the subject."""
        for outer in ancestors(node):
            if outer.type in FUNCTION_TYPES:
                return False
            if outer.type == "with_statement":
                clause = next((child for child in outer.named_children if child.type == "with_clause"), None)
                if clause is not None and _PATH_TESTS.search(text_of(clause)):
                    return True
        return False

    @staticmethod
    def _runs_at_import(node: Node) -> bool:
        if any(outer.type in FUNCTION_TYPES for outer in ancestors(node)):
            return False
        return not in_type_checking(node)

    def _beyond_root(self, statement: ImportStatement) -> None:
        """A relative import that leaves the package: what it means depends on how the file is run."""
        assert statement.module is not None and statement.module_span is not None
        suffixes = {join("", statement.module, name.name) for name in statement.names} | {statement.module}
        watched = {last(module) for module in self.ownership.shims}
        if not any(last(suffix) in watched for suffix in suffixes if suffix):
            return
        for name in statement.names:
            self._report(
                statement.module_span,
                ReferenceKind.FROM_IMPORT,
                Symbol(statement.module or name.name, name.name if statement.module else None),
                Finding(Relation.UNDECIDABLE, None, ()),
                _Verdict(Disposition.MANUAL, Reason.BEYOND_ROOT, "the import counts more dots than packages"),
            )

    def _star(self, statement: ImportStatement, origin: str, star: Span) -> None:
        """``from shim import *``: the same where both modules export the same names for the same objects."""
        finding = self.ownership.module_finding(origin)
        if finding is None:
            self._starred_submodules(statement, origin, star)
            return
        verdict = self._verdict(
            statement.node,
            star,
            Symbol(origin),
            finding if finding.relation is Relation.MOVED else replace(finding, reason=None),
        )
        new = finding.new
        if finding.relation is not Relation.MOVED and finding.relation is not Relation.MISSING:
            target = None if new is None else self._star_equal(origin, new.module)
            if target is None:
                verdict = _Verdict(Disposition.MANUAL, Reason.STAR_IMPORT, finding.detail)
            elif verdict.reason is Reason.DIFFERENT_OBJECT:
                verdict = self._verdict(
                    statement.node, star, Symbol(origin), Finding(Relation.ALIAS, new, finding.chain)
                )
                finding = Finding(Relation.ALIAS, new, finding.chain)
        edits: tuple[Edit, ...] = ()
        if verdict is _REWRITE and new is not None and statement.module_span is not None:
            edits = tuple(self._module_edits(statement, self._module_text(statement, new.module)))
            self.moved_stars[statement.span.start] = new.module
        self._report(statement.module_span or star, ReferenceKind.FROM_IMPORT, Symbol(origin), finding, verdict, edits)

    def _starred_submodules(self, statement: ImportStatement, package: str, star: Span) -> None:
        """``from package import *`` imports the submodules that the package's ``__all__`` names."""
        facts = self.ownership.modules.facts(package)
        for name in () if facts is None else facts.exports or ():
            finding = self.ownership.module_finding(join(package, name))
            if facts is not None and name not in facts.names and finding is not None:
                verdict = _Verdict(Disposition.MANUAL, Reason.STAR_IMPORT, f"__all__ of {package} names it")
                span = statement.module_span or star
                self._report(span, ReferenceKind.FROM_IMPORT, Symbol(join(package, name)), finding, verdict)

    def _star_equal(self, old: str, new: str) -> str | None:
        if not (self.alias_map.exports_known(old) and self.alias_map.exports_known(new)):
            return None
        names = self.alias_map.exported_names(old)
        if names != self.alias_map.exported_names(new):
            return None
        for name in names:
            one, other = self.alias_map.resolve(Symbol(old, name)), self.alias_map.resolve(Symbol(new, name))
            passes = Symbol(new, name) in one.through
            if not passes and (not one.found or one.kind is not other.kind or one.end != other.end):
                return None
            if one.rebound is not None:
                return None
        return new

    # writing names

    def _written_name(self, statement: ImportStatement, name: ImportedName, new: Symbol) -> _Written:
        """``from new.module import new.name``, the local name kept with ``as`` where it differs."""
        assert new.name is not None
        asname = name.asname if name.asname is not None or new.name == name.name else name.name
        if asname == new.name and name.asname != name.name:
            asname = None
        return _Written(self._module_text(statement, new.module), new.name, asname)

    def _module_text(self, statement: ImportStatement, module: str) -> str:
        """The module as this statement would write it: relative at the same level where that reaches it."""
        if statement.level:
            package = package_of(self.file.module, is_package=self.file.is_package)
            written = relative_to(package, statement.level, module)
            if written is not None:
                return written
        return module

    @staticmethod
    def _module_edits(statement: ImportStatement, written: str) -> list[Edit]:
        """Edits of the module's name; of an absolute one only the components that differ."""
        span = statement.module_span
        assert span is not None and statement.module is not None
        if statement.level or written.startswith("."):
            return [Edit(span.start, span.end, written)]
        return dotted_edits(span, statement.module_parts, statement.module, written)

    # modules as names, and their attributes

    def _binds_modules_of_interest(self) -> bool:
        self.may_launder = self.ownership.mentions_attribute(self.source.data)
        if any(decision.old.is_module for decision in self.decisions.values()):
            return True
        return any(True for _ in self._interesting_bindings())

    def _interesting_bindings(self) -> Iterator[tuple[ImportStatement, ImportedName, str]]:
        """(statement, name, module) of each import that binds a module from which a watched path can start."""
        for statement in self.statements:
            for name in statement.names:
                value = self._bound_module(statement, name)
                if value is not None and (
                    self.ownership.watched_below(value)
                    or self.ownership.is_watched(value)
                    or (self.may_launder and self.ownership.is_ours(value))
                ):
                    yield statement, name, value

    def _bound_module(self, statement: ImportStatement, name: ImportedName) -> str | None:
        """The module that this name of the statement binds; None where it is no module."""
        if not statement.is_from:
            if name.asname is None:
                return name.local
            hidden = self.ownership.hidden_submodule(name.name)
            return name.name if hidden is None else None
        origin = absolute_module(statement, self.file.module, is_package=self.file.is_package)
        if origin is None:
            return None
        symbol = Symbol(origin, name.name)
        decision = self.decisions.get((statement.span.start, name.span.start))
        if decision is not None:
            return decision.old.module if decision.old.is_module else None
        found = self.alias_map.resolve(symbol)
        return found.end.module if found.kind is EndKind.MODULE and found.end is not None else None

    def _follow_modules(self, table: ScopeTable) -> None:
        binders: dict[tuple[int, str], list[tuple[Scope, ImportStatement, ImportedName, str | None]]] = {}
        by_node = {
            (statement.span.start, name.span.start): (statement, name)
            for statement in self.statements
            for name in statement.names
        }
        starts = {name_start: key for key in by_node for name_start in (key[1],)}
        wanted = {(s.span.start, n.span.start) for s, n, _ in self._interesting_bindings()}
        wanted |= {key for key, decision in self.decisions.items() if decision.old.is_module}
        locals_wanted = {by_node[key][1].local for key in wanted}
        for local in sorted(locals_wanted):
            for occurrence in table.occurrences.get(local, ()):
                if occurrence.role is Role.IMPORT:
                    scope = table.scope_of(occurrence)
                    key = starts.get(occurrence.span.start)
                    if scope is None or key is None:
                        continue
                    statement, name = by_node[key]
                    binders.setdefault((id(scope), local), []).append(
                        (scope, statement, name, self._bound_module(statement, name))
                    )
        for (_, local), bound in binders.items():
            _ModuleName(self, table, local, bound).settle()

    def use_of(self, occurrence: Occurrence, module: str) -> _Use | None:
        """Follow an occurrence of a name bound to ``module``; None where it reaches nothing of ours."""
        path = occurrence.path()
        current = module
        for index in range(len(path)):
            is_last = index + 1 == len(path)
            if not is_last:
                symbol = Symbol(current, path[index + 1][0])
                following = self._attribute_module(symbol)
                if following is not None:
                    current = following
                    continue
                finding = self.ownership.finding(symbol)
                if finding is None:
                    return None
                if finding.relation in (Relation.CANONICAL, Relation.HOME):
                    self.canonical += finding.relation is Relation.CANONICAL
                    return None
                return _Use(occurrence, path, current, index, finding, is_module_object=False)
            finding = self.ownership.module_finding(current)
            if finding is None:
                return None
            return _Use(occurrence, path, current, index, finding, is_module_object=True)
        return None

    def _attribute_module(self, symbol: Symbol) -> str | None:
        """The module that an attribute of a module is; None where it is anything else."""
        assert symbol.name is not None
        found = self.alias_map.resolve(symbol)
        if found.kind is EndKind.MODULE and found.end is not None:
            submodule = join(symbol.module, symbol.name)
            return submodule if self.ownership.is_watched(submodule) else found.end.module
        submodule = join(symbol.module, symbol.name)
        if found.missing or found.kind is EndKind.EXTERNAL:
            return submodule if self.ownership.moves_from(submodule) else None
        return None

    @staticmethod
    def binds_only_packages(table: ScopeTable, local: str, scope: Scope) -> bool:
        """Whether a scope binds a name by imports alone."""
        found = table.resolving_to(local, scope)
        return all(one.role in (Role.IMPORT, Role.LOAD, Role.DELETE) for one in found)

    def is_exported(self, local: str) -> bool:
        """Whether ``__all__`` names this name, or is computed so that it may."""
        facts = self.ownership.modules.facts(self.file.module)
        if facts is None or facts.exports is None:
            return False
        return local in facts.exports or not facts.exports_exact

    def is_loaded(self, module: str) -> bool:
        """Whether this file, or the package of ``module``, already makes sure that ``module`` is imported."""
        if self.ownership.package_loads(module):
            return True
        if self.loaded_modules is None:
            self.loaded_modules = []
            for statement in self.statements:
                if not self._runs_at_import(statement.node):
                    continue
                if not statement.is_from:
                    self.loaded_modules += [
                        name.name
                        for name in statement.names
                        if (statement.span.start, name.span.start) not in self.decisions
                    ]
                    continue
                origin = absolute_module(statement, self.file.module, is_package=self.file.is_package)
                if origin is not None:
                    self.loaded_modules += self._loaded_by_from(statement, origin)
        return any(contains(module, loaded) for loaded in self.loaded_modules)

    def _loaded_by_from(self, statement: ImportStatement, origin: str) -> Iterator[str]:
        """The modules that a ``from`` statement loads as it will be written."""
        moves_on = statement.star is not None and statement.span.start in self.moved_stars
        if not moves_on:
            yield origin
        else:
            yield self.moved_stars[statement.span.start]
        for name in statement.names:
            decision = self.decisions.get((statement.span.start, name.span.start))
            if decision is None or decision.verdict is not _REWRITE or decision.finding.new is None:
                yield join(origin, name.name)
            else:
                yield decision.finding.new.module

    # edits of statements

    def _write(self, statement: ImportStatement) -> None:
        """Turn the decisions about one statement into edits and references."""
        decisions = [self.decisions.get((statement.span.start, name.span.start)) for name in statement.names]
        if not any(decisions):
            return
        for decision in filter(None, decisions):
            if decision.verdict is _REWRITE and decision.written is None:  # its binding could not be followed
                hidden = self.ownership.hidden_submodule(decision.old.module) or ""
                decision.verdict = _Verdict(Disposition.MANUAL, Reason.HIDDEN_SUBMODULE, hidden)
        moving = [found for found in decisions if found is not None and found.verdict is _REWRITE]
        edits: tuple[Edit, ...] = ()
        if moving:
            try:
                edits = (
                    self._from_edits(statement, decisions)
                    if statement.is_from
                    else self._import_edits(statement, decisions)
                )
            except _OddLayoutError as error:
                for decision in moving:
                    decision.verdict = _Verdict(Disposition.MANUAL, Reason.ODD_LAYOUT, str(error))
                    decision.use_edits = []
        for decision in filter(None, decisions):
            rewritten = decision.verdict is _REWRITE
            self._report(
                decision.name.span,
                ReferenceKind.FROM_IMPORT if statement.is_from else ReferenceKind.IMPORT,
                decision.old,
                decision.finding,
                decision.verdict,
                (*edits, *decision.use_edits) if rewritten else (),
            )

    def _from_edits(self, statement: ImportStatement, decisions: Sequence[_Decision | None]) -> tuple[Edit, ...]:
        assert statement.module_span is not None
        original = self.source.text(statement.module_span.start, statement.module_span.end)
        written: list[_Written] = []
        for name, decision in zip(statement.names, decisions, strict=True):
            if decision is None or decision.verdict is not _REWRITE:
                written.append(_Written(original, name.name, name.asname))
            else:
                assert decision.written is not None
                written.append(decision.written)
        if len(written) == 1 and written[0].name is None:
            return self._as_plain_import(statement, written[0])
        modules = {one.module for one in written}
        if len(modules) > 1 or any(one.name is None for one in written):
            return (self._split(statement, written),)
        edits: list[Edit] = []
        (module,) = modules
        if module != original:
            edits += self._module_edits(statement, module)
        for name, one in zip(statement.names, written, strict=True):
            edits += self._name_edits(name, one)
        return tuple(edits)

    @staticmethod
    def _name_edits(name: ImportedName, written: _Written) -> Iterator[Edit]:
        assert written.name is not None
        if name.asname == written.asname or (name.asname is not None and written.asname is not None):
            if written.name != name.name:
                yield Edit(name.name_span.start, name.name_span.end, written.name)
            return
        suffix = "" if written.asname is None else f" as {written.asname}"
        yield Edit(name.span.start, name.span.end, written.name + suffix)

    @staticmethod
    def _as_plain_import(statement: ImportStatement, written: _Written) -> tuple[Edit, ...]:
        """``from p import old`` where the new module has no package to import it from: ``import new as old``."""
        suffix = "" if written.asname is None else f" as {written.asname}"
        return (Edit(statement.span.start, statement.span.end, f"import {written.module}{suffix}"),)

    def _split(self, statement: ImportStatement, written: Sequence[_Written]) -> Edit:
        from codemods.statements import (  # late: LibCST is slow to import, and most statements need no split
            TargetName,
            UnsupportedStatementError,
            split_from_import,
        )

        text = self.source.text(statement.span.start, statement.span.end)
        targets = [TargetName(one.module, one.name, one.asname) for one in written]
        try:
            new = split_from_import(
                text,
                targets,
                trailing_comment=self._trailing_comment(statement),
                separator=self._separator(statement),
            )
        except UnsupportedStatementError as error:
            raise _OddLayoutError("the statement cannot be split without losing something") from error
        return Edit(statement.span.start, statement.span.end, new)

    def _trailing_comment(self, statement: ImportStatement) -> str:
        end = self.source.line_end(statement.span.end)
        rest = self.source.text(statement.span.end, end).strip()
        return rest if rest.startswith("#") else ""

    def _separator(self, statement: ImportStatement) -> str:
        """What goes between two statements at this place: a new line, or a semicolon on a shared line."""
        indent = self.own_line_indent(statement)
        return "; " if indent is None else self.source.newline + indent

    def own_line_indent(self, statement: ImportStatement) -> str | None:
        """The indentation of a statement that has its line(s) to itself; None where it shares them."""
        start = self.source.line_start(statement.span.start)
        before = self.source.text(start, statement.span.start)
        after = self.source.text(statement.span.end, self.source.line_end(statement.span.end)).strip()
        is_continued = self.source.data[:start].rstrip(b"\r\n").endswith(b"\\")
        if before.strip() or is_continued or (after and not after.startswith("#")):
            return None
        return before.replace("\f", "")

    def _import_edits(self, statement: ImportStatement, decisions: Sequence[_Decision | None]) -> tuple[Edit, ...]:
        edits: list[Edit] = []
        for name, decision in zip(statement.names, decisions, strict=True):
            if decision is None or decision.verdict is not _REWRITE:
                continue
            written = decision.written
            assert written is not None
            if written.name is not None and len(statement.names) == 1:
                suffix = "" if written.asname is None else f" as {written.asname}"
                text = f"from {written.module} import {written.name}{suffix}"
                edits.append(Edit(statement.span.start, statement.span.end, text))
                continue
            module = join(written.module, written.name or "")
            edits += dotted_edits(name.name_span, name.name_parts, name.name, module)
            asname = written.asname if written.name is None else written.asname or written.name
            if asname != name.asname:
                assert name.asname is None, "a local name of the user's own is never changed"
                edits.append(Edit(name.span.end, name.span.end, f" as {asname}"))
            elif written.also:
                edits.append(Edit(name.span.end, name.span.end, "".join(f", {other}" for other in written.also)))
        return tuple(edits)

    # references

    def report_use(
        self, use: _Use, verdict: _Verdict, edits: Iterable[Edit] = (), follows: _Decision | None = None
    ) -> None:
        """Remember a use; ``follows`` is the import that must be written for the use to be rewritten."""
        self.uses.append((use, verdict, tuple(edits), follows))

    def _report_uses(self) -> None:
        for use, verdict, edits, follows in self.uses:
            if verdict is _REWRITE and follows is not None and follows.verdict is not _REWRITE:
                self._report_use(use, follows.verdict, ())
            else:
                self._report_use(use, verdict, edits)

    def _report_use(self, use: _Use, verdict: _Verdict, edits: tuple[Edit, ...]) -> None:
        kind = ReferenceKind.MODULE_OBJECT if use.is_module_object else ReferenceKind.ATTRIBUTE
        end = use.path[use.module_index if use.is_module_object else use.module_index + 1][1]
        self._report(end, kind, Symbol(use.module, use.name), use.finding, verdict, edits)

    def _report(
        self,
        span: Span,
        kind: ReferenceKind,
        old: Symbol,
        finding: Finding,
        verdict: _Verdict,
        edits: tuple[Edit, ...] = (),
    ) -> None:
        line, column = self.source.position(span.start)
        self.references.append(
            Reference(
                self.file.path,
                line,
                column,
                span.start,
                kind,
                old,
                finding.new,
                finding.relation,
                verdict.disposition,
                verdict.reason,
                verdict.detail,
                finding.chain,
                edits,
                Step.REWRITE if verdict.disposition is Disposition.REWRITE else None,
            )
        )


class _OddLayoutError(ValueError):
    """This statement cannot be written; the message says why."""


def dotted_edits(span: Span, components: Sequence[Span], old: str, new: str) -> list[Edit]:
    """Edits that turn a dotted path in the text into another one, touching only the components that differ.

    Between the components there may be white space, line breaks and comments: ``p . old`` becomes ``p . new``.
    """
    before, after = parts(old), parts(new)
    shared = common_length(before, after)
    if len(before) == len(after):
        return [
            Edit(place.start, place.end, text)
            for place, text, was in zip(components, after, before, strict=False)
            if text != was
        ]
    if shared == len(after):
        return [Edit(components[shared - 1].end, components[len(before) - 1].end, "")]
    if shared == len(before):
        end = components[shared - 1].end
        return [Edit(end, end, "." + ".".join(after[shared:]))]
    if shared == 0 and len(components) == len(before):
        return [Edit(span.start, components[len(before) - 1].end, new)]
    return [Edit(components[shared].start, components[len(before) - 1].end, ".".join(after[shared:]))]


class _ModuleName:
    """One local name in one scope that imports bind to modules: its statements and all of its uses."""

    def __init__(
        self,
        owner: _ImportPass,
        table: ScopeTable,
        local: str,
        bound: list[tuple[Scope, ImportStatement, ImportedName, str | None]],
    ) -> None:
        self.owner = owner
        self.table = table
        self.local = local
        self.scope = bound[0][0]
        self.binders = [(statement, name, value) for _, statement, name, value in bound]
        self.occurrences = table.resolving_to(local, self.scope)
        self.stores = [found for found in self.occurrences if found.role is Role.STORE]
        self.foreign = bool(self.stores) or any(value is None for _, _, value in self.binders)
        self.has_other_object = any(not _is_none_assignment(found) for found in self.stores)
        self.declared = any(found.role is Role.DECLARE for found in self.occurrences)

    def settle(self) -> None:
        reads = [
            found for found in self.occurrences if found.role is Role.LOAD and not self._means_another_value(found)
        ]
        values = {value for _, _, value in self.binders if value is not None}
        for value in sorted(values):
            uses = [use for use in (self.owner.use_of(found, value) for found in reads) if use is not None]
            if self.has_other_object:  # what the module does not have is the other value's
                uses = [use for use in uses if use.is_module_object or use.finding.relation is not Relation.MISSING]
            direct = [
                (statement, name)
                for statement, name, bound in self.binders
                if bound == value and self._decision(statement, name) is not None and self._is_direct(statement, name)
            ]
            if direct:
                seen = {id(use.occurrence) for use in uses}
                unseen = [found for found in reads if id(found) not in seen and len(found.path()) > 1]
                self._settle_direct(direct, value, uses, [] if self.has_other_object else unseen)
            else:
                self._settle_paths(uses, value)

    def _means_another_value(self, use: Occurrence) -> bool:
        """Whether a plain assignment in the same block, or around it, has surely bound the name anew before."""
        for store in self.stores:
            statement = next((n for n in ancestors(store.node) if n.type == "expression_statement"), None)
            if statement is None or store.scope is not use.scope or statement.parent is None:
                continue
            around = any(outer == statement.parent for outer in ancestors(use.node))
            imported_between = any(
                statement.start_byte < name.span.start < use.span.start for _, name, _ in self.binders
            )
            if around and statement.end_byte <= use.span.start and not imported_between:
                return True
        return False

    def _decision(self, statement: ImportStatement, name: ImportedName) -> _Decision | None:
        return self.owner.decisions.get((statement.span.start, name.span.start))

    @staticmethod
    def _is_direct(statement: ImportStatement, name: ImportedName) -> bool:
        """Whether the local name is the watched module itself, and not the package that a path starts at."""
        return statement.is_from or name.asname is not None or "." not in name.name

    # the name is the module

    def _settle_direct(
        self,
        direct: list[tuple[ImportStatement, ImportedName]],
        module: str,
        uses: list[_Use],
        unseen: list[Occurrence],
    ) -> None:
        """``unseen`` are reads of attributes that are none of ours: they need the module that is bound now."""
        own = [use for use in uses if use.module_index == 0]
        deeper = [use for use in uses if use.module_index > 0]
        for index, (statement, name) in enumerate(direct):
            decision = self._decision(statement, name)
            assert decision is not None
            verdict, new_module = self._movable(decision, own, module)
            if verdict is _REWRITE and new_module is not None:
                verdict = self._followed(new_module, deeper, unseen)
            if verdict is _REWRITE and new_module is not None:
                verdict = self._write_direct(decision, new_module, own)
                relation = Relation.ALIAS if decision.finding.relation is not Relation.MOVED else Relation.MOVED
                decision.finding = replace(decision.finding, relation=relation, new=Symbol(new_module))
            decision.verdict = verdict
            if index == 0:
                self._report_direct(decision, own, deeper, module)

    def _report_direct(self, decision: _Decision, own: list[_Use], deeper: list[_Use], module: str) -> None:
        verdict, new = decision.verdict, decision.finding.new
        for use in own:
            if verdict is _REWRITE:
                self.owner.report_use(use, _REWRITE, self._follow_edits(decision, use), decision)
            elif not _is_none_test(use):
                self.owner.report_use(use, self._use_verdict(use, verdict))
        if verdict is not _REWRITE or new is None:
            self._settle_paths(deeper, module)
            return
        for use in deeper:
            edits = [*decision.use_edits, *self._deeper_edits(use, new.module)]
            self.owner.report_use(use, _REWRITE, edits, decision)

    def _followed(self, new_module: str, deeper: list[_Use], unseen: list[Occurrence]) -> _Verdict:
        """Whether all that is reached through the name is reached through the new module, too."""
        staying = next((verdict for use in deeper if (verdict := self._blocked(use)) is not None), None)
        if staying is not None:
            return staying
        outside = any(use.finding.new is None or below(new_module, use.finding.new.module) is None for use in deeper)
        if outside or unseen:
            detail = f"something else is reached through {self.local}"
            return _Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, detail)
        return _REWRITE

    def _deeper_edits(self, use: _Use, new_module: str) -> list[Edit]:
        """Edits of ``old.inner.f`` where ``old`` itself is bound to the new module now."""
        new = use.finding.new
        assert new is not None
        spans = [span for _, span in use.path[: use.module_index + 1]]
        before = join(self.local, *(name for name, _ in use.path[1 : use.module_index + 1]))
        edits = dotted_edits(use.span, spans, before, join(self.local, below(new_module, new.module) or ""))
        if use.name is not None and new.name is not None and new.name != use.name:
            place = use.path[use.module_index + 1][1]
            edits.append(Edit(place.start, place.end, new.name))
        return edits

    def _follow_edits(self, decision: _Decision, use: _Use) -> list[Edit]:
        """The edits of a use of a module name that moved: its attribute, and the local name if that changed."""
        edits = list(decision.use_edits)
        new = use.finding.new
        if not use.is_module_object and new is not None and new.name is not None and new.name != use.name:
            place = use.path[use.module_index + 1][1]
            edits.append(Edit(place.start, place.end, new.name))
        return edits

    def _movable(self, decision: _Decision, own: list[_Use], module: str) -> tuple[_Verdict, str | None]:
        """Whether a statement that binds the module can bind another one, and which."""
        finding = decision.finding
        if decision.verdict.disposition is Disposition.KEEP:
            return decision.verdict, None
        if finding.relation is Relation.MOVED:
            if decision.verdict is _REWRITE:
                blocked = next((verdict for use in own if (verdict := self._blocked(use)) is not None), None)
                if blocked is not None:
                    return blocked, None
            return decision.verdict, None if finding.new is None else finding.new.module
        if finding.relation is Relation.MISSING:
            return decision.verdict, None
        if finding.relation is Relation.ALIAS:  # the very same module object: ``sys.modules[__name__] = new``
            return decision.verdict, None if finding.new is None else finding.new.module
        targets: dict[str, None] = {}
        for use in own:
            blocked = self._blocked(use)
            if blocked is not None:
                return blocked, None
            if not use.is_module_object and use.finding.new is not None:
                targets[use.finding.new.module] = None
        if len(targets) > 1:
            detail = "its names now live in " + ", ".join(targets)
            return _Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, detail), None
        if not targets:
            return self._without_uses(decision, module)
        (target,) = targets
        return self.owner._verdict(  # noqa: SLF001
            decision.statement.node,
            decision.name.span,
            Symbol(module),
            Finding(Relation.ALIAS, Symbol(target), ()),
        ), target

    def _without_uses(self, decision: _Decision, module: str) -> tuple[_Verdict, str | None]:
        """An import of a shim of which nothing is used: for its effect, or for others to find it loaded."""
        target = decision.finding.new
        pure = self.owner.ownership.is_silent(module)
        if (
            target is None
            or not pure
            or target.module not in self.owner.alias_map.reach(module)
            or (self._is_public() and not self.owner.ownership.is_interchangeable(module, target.module))
        ):
            detail = "nothing in the file shows what it is imported for"
            return _Verdict(Disposition.MANUAL, Reason.SIDE_EFFECT_IMPORT, detail), None
        return self.owner._verdict(  # noqa: SLF001
            decision.statement.node,
            decision.name.span,
            Symbol(module),
            Finding(Relation.ALIAS, Symbol(target.module), ()),
        ), target.module

    def _is_public(self) -> bool:
        """Whether others can reach the binding through this module's or class's namespace."""
        if self.scope.kind is ScopeKind.CLASS:
            return True
        return self.scope is self.table.module_scope and self.owner.elsewhere.mentions(
            self.owner.file.module, self.local
        )

    def _blocked(self, use: _Use) -> _Verdict | None:
        """Why this use cannot go along with its module; None if it can."""
        if use.finding.reason is Reason.KEEP_RECIPE:
            return _Verdict(Disposition.KEEP, Reason.KEEP_RECIPE)
        if use.is_module_object:
            if use.finding.relation in (Relation.ALIAS, Relation.MOVED) or _is_none_test(use):
                return None
            return _Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, "the module itself is used as a value")
        finding = use.finding
        if finding.reason is not None or finding.relation not in _REWRITABLE:
            detail = f"{use.module}.{use.name} stays: {finding.detail}".rstrip(": ")
            return _Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, detail)
        if finding.relation is not Relation.MOVED and use.occurrence.written_attribute():
            return _Verdict(Disposition.MANUAL, Reason.WRITTEN_ATTRIBUTE, f"{use.module}.{use.name} is assigned to")
        return None

    def _use_verdict(self, use: _Use, statement: _Verdict) -> _Verdict:
        """What to say of a use whose import stays: its own reason if it has one, else the import's."""
        if statement.disposition is Disposition.KEEP:
            return statement
        if use.finding.reason is not None:
            return _Verdict(Disposition.MANUAL, use.finding.reason, use.finding.detail)
        return self._blocked(use) or statement

    def _write_direct(self, decision: _Decision, new_module: str, own: list[_Use]) -> _Verdict:
        """Decide the form of the new statement and whether the local name follows; see the sketch.

        ::

            import p.old as o        import p.new as o
            from p import old        from p import new        (uses renamed: old.f -> new.f)
            from p import old        from p import new as old (where renaming is not safe)
            import old               from p import new as old
        """
        owner, statement, name = self.owner, decision.statement, decision.name
        hidden = None if decision.finding.relation is Relation.MOVED else owner.ownership.hidden_submodule(new_module)
        if hidden is not None:
            return _Verdict(Disposition.MANUAL, Reason.HIDDEN_SUBMODULE, hidden)
        renamed_uses = [
            use
            for use in own
            if use.finding.new is not None and not use.is_module_object and use.finding.new.name != use.name
        ]
        if renamed_uses and (self.foreign or len({value for _, _, value in self.binders}) > 1):
            return _Verdict(Disposition.MANUAL, Reason.SHARED_BINDING, f"{self.local} is bound to other values too")
        wanted = last(new_module)
        asname = name.asname
        if asname == wanted and statement.is_from:
            asname = None
        elif asname is not None or wanted == self.local:
            pass
        elif self._can_rename(wanted):
            decision.use_edits = [
                Edit(found.span.start, found.span.end, wanted)
                for found in self.occurrences
                if found.role is not Role.IMPORT
            ]
        else:
            asname = self.local
        package = parent(new_module)
        if statement.is_from and package:
            decision.written = _Written(owner._module_text(statement, package), wanted, asname)  # noqa: SLF001
        elif not statement.is_from and name.asname is None and package:
            decision.written = _Written(package, wanted, asname)
        else:
            decision.written = _Written(new_module, None, asname)
        return _REWRITE

    def _can_rename(self, wanted: str) -> bool:
        """Whether all uses of the local name are in sight, and none would be captured under the new name."""
        if self.foreign or self.declared or len(self.binders) > 1 or self.scope.kind is ScopeKind.CLASS:
            return False
        uses = [found for found in self.occurrences if found.role is not Role.IMPORT]
        if self.table.reads_namespace() or not self.table.can_take(wanted, self.scope, uses):
            return False
        if self.scope is not self.table.module_scope:
            return True
        return not self.owner.is_exported(self.local) and not self.owner.elsewhere.mentions(
            self.owner.file.module, self.local
        )

    # the name is where a path starts

    def _settle_paths(self, uses: list[_Use], start: str) -> None:
        """Uses such as ``p.old.f`` of ``import p.old``, ``import p`` or ``from q import p``; and their imports."""
        owner = self.owner
        statements: dict[str, list[_Decision]] = {}
        for statement, name, bound in self.binders:
            decision = self._decision(statement, name)
            if decision is not None and bound == start and not self._is_direct(statement, name):
                statements.setdefault(decision.old.module, []).append(decision)
        by_module: dict[str, list[_Use]] = {module: [] for module in statements}
        for use in uses:
            by_module.setdefault(use.module, []).append(use)
        for module, group in by_module.items():
            decisions = statements.get(module, [])
            kept = next((d.verdict for d in decisions if d.verdict.disposition is Disposition.KEEP), None)
            handed_on = self._handed_on(module, group) if decisions else None
            blocked = {id(use): self._blocked(use) or self._path_blocked(use, start) for use in group}
            unclear = self._unclear(module, uses) if decisions else None
            staying = [verdict for verdict in (*blocked.values(), handed_on, unclear) if verdict is not None]
            if kept is None and not staying:
                self._move_imports(module, decisions, group)
            for decision in decisions:
                if decision.verdict is _REWRITE and (staying or decision.written is None):
                    decision.verdict = staying[0] if staying else self._no_target(decision)
            for use in group:
                verdict = blocked[id(use)]
                if kept is not None:
                    owner.report_use(use, kept)
                elif verdict is not None:
                    if not _is_none_test(use):
                        owner.report_use(use, self._use_verdict(use, verdict))
                else:
                    needs = self._load_edits(use, decisions, start)
                    if needs is None:
                        hint = f"nothing in this file imports {use.finding.new}"
                        owner.report_use(use, _Verdict(Disposition.MANUAL, Reason.NAME_CAPTURE, hint))
                    else:
                        follows = decisions[0] if decisions and not staying else None
                        owner.report_use(use, _REWRITE, (*self._path_edits(use, start), *needs), follows)
        if statements:
            self._keep_other_paths(statements, start)

    def _unclear(self, module: str, uses: list[_Use]) -> _Verdict | None:
        """Why an import must stay: a path in the text goes through the module, and may mean something else."""
        known = {id(use.occurrence) for use in uses}
        names = parts(module)
        for found in self.occurrences:
            path = tuple(name for name, _ in found.path()[: len(names)])
            if found.role is not Role.LOAD or self._means_another_value(found):
                continue
            if path == names and id(found) not in known:
                detail = f"what {module} means here depends on what was imported before"
                return _Verdict(Disposition.MANUAL, Reason.AMBIGUOUS_BINDING, detail)
        return None

    def _handed_on(self, module: str, uses: list[_Use]) -> _Verdict | None:
        """Why an import must stay: its package is used as a value, and ``.old`` of something unseen is read."""
        bare = [found for found in self.occurrences if found.role is Role.LOAD and len(found.path()) == 1]
        if not bare:
            return None
        known = {span.start for use in uses for _, span in use.path}
        for found in self.table.occurrences[self.local]:  # the same package in other scopes
            scope = self.table.scope_of(found)
            if scope is not None and self.owner.binds_only_packages(self.table, self.local, scope):
                known |= {span.start for _, span in found.path()}
        known |= {span.start for s in self.owner.statements for name in s.names for span in name.name_parts}
        known |= {span.start for s in self.owner.statements for span in s.module_parts}
        pattern = re.compile(rb"\.\s*(" + re.escape(last(module).encode()) + rb")\b")
        if all(match.start(1) in known for match in pattern.finditer(self.owner.source.data)):
            return None
        detail = f"{self.local} is handed on, and {last(module)} is read from something"
        return _Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, detail)

    def _no_target(self, decision: _Decision) -> _Verdict:
        verdict, _ = self._without_uses(decision, decision.old.module)
        return verdict if verdict is not _REWRITE else _Verdict(Disposition.MANUAL, Reason.SIDE_EFFECT_IMPORT)

    def _path_blocked(self, use: _Use, start: str) -> _Verdict | None:
        """Why a path cannot be written anew: its first name has other values, or the new root is taken."""
        new = use.finding.new
        assert new is not None
        if self.foreign or len({value for _, _, value in self.binders}) > 1:
            return _Verdict(Disposition.MANUAL, Reason.SHARED_BINDING, f"{self.local} is bound to other values too")
        if use.finding.relation is not Relation.MOVED:
            hidden = self.owner.ownership.hidden_submodule(new.module)
            if hidden is not None:
                return _Verdict(Disposition.MANUAL, Reason.HIDDEN_SUBMODULE, hidden)
            if self.owner.file.module == new.module:
                return _Verdict(Disposition.KEEP, Reason.CANONICAL_OWN_IMPORT)
        if below(start, new.module) is not None or new.module == start:
            return None
        first = root(new.module)
        if first == self.local == root(start):
            return None
        if not self.table.can_take(first, self.scope, [use.occurrence]) and not self._is_imported(first):
            return _Verdict(Disposition.MANUAL, Reason.NAME_CAPTURE, f"{first} means something else here")
        return None

    def _path_edits(self, use: _Use, start: str) -> list[Edit]:
        """Edits of the path itself: the module part from ``start`` on, and the name where it differs."""
        new = use.finding.new
        assert new is not None
        spans = [span for _, span in use.path[: use.module_index + 1]]
        tail = below(start, new.module)
        if tail is not None or new.module == start:
            old_text = join(self.local, *(name for name, _ in use.path[1 : use.module_index + 1]))
            new_text = join(self.local, tail or "")
        else:
            old_text = join(*(name for name, _ in use.path[: use.module_index + 1]))
            new_text = new.module
        edits = dotted_edits(use.span, spans, old_text, new_text)
        if use.name is not None and new.name is not None and new.name != use.name:
            place = use.path[use.module_index + 1][1]
            edits.append(Edit(place.start, place.end, new.name))
        return edits

    def _move_imports(self, module: str, decisions: list[_Decision], uses: list[_Use]) -> None:
        """Let ``import p.old`` import what its uses now need."""
        targets = tuple(dict.fromkeys(use.finding.new.module for use in uses if use.finding.new is not None))
        for decision in decisions:
            if decision.verdict.disposition is Disposition.MANUAL and decision.finding.relation is Relation.MOVED:
                continue
            needed = targets
            if decision.finding.relation in (Relation.MOVED, Relation.ALIAS):
                needed = targets or ((decision.finding.new.module,) if decision.finding.new else ())
            elif not targets:
                verdict, target = self._without_uses(decision, module)
                decision.verdict = verdict
                needed = () if target is None else (target,)
            if not needed:
                continue
            relation = Relation.MOVED if decision.finding.relation is Relation.MOVED else Relation.ALIAS
            finding = Finding(relation, Symbol(needed[0]), decision.finding.chain)
            verdict = self.owner._verdict(  # noqa: SLF001
                decision.statement.node, decision.name.span, Symbol(module), finding
            )
            decision.verdict, decision.finding = verdict, finding
            decision.written = _Written(needed[0], None, None, needed[1:])

    def _load_edits(self, use: _Use, decisions: list[_Decision], start: str) -> list[Edit] | None:
        """Imports to add so that the new path works where the use runs; None where that is not possible.

        The new module must be loaded; and where the path is written in full, its first name must be bound.
        """
        new = use.finding.new
        assert new is not None
        if any(decision.verdict is _REWRITE and decision.written is not None for decision in decisions):
            return []
        in_full = below(start, new.module) is None and new.module != start
        first = root(new.module)
        bound = not in_full or first == self.local == root(start) or self._is_imported(first)
        if bound and self.owner.is_loaded(new.module):
            return []
        return self._add_import(new.module)

    def _add_import(self, module: str) -> list[Edit] | None:
        first = root(module)
        if first != self.local and not self.table.can_take(first, self.scope, []) and not self._is_imported(first):
            return None
        statement = self.binders[0][0]
        indent = self.owner.own_line_indent(statement)
        if indent is None:
            text = f"; import {module}"
        else:
            text = f"{self.owner.source.newline}{indent}import {module}"
        return [Edit(statement.span.end, statement.span.end, text)]

    def _is_imported(self, name: str) -> bool:
        """Whether the scope binds ``name`` by plain imports of that top-level package alone."""
        found = self.table.resolving_to(name, self.scope)
        return bool(found) and all(one.role in (Role.IMPORT, Role.LOAD) for one in found)

    def _keep_other_paths(self, statements: dict[str, list[_Decision]], start: str) -> None:
        """``import p.old`` also binds ``p`` and may load ``p.other``: what else is used of ``p`` must stay."""
        moved = [d for group in statements.values() for d in group if d.verdict is _REWRITE and d.written is not None]
        if not moved or len(moved) < len(self.binders):
            return
        others = [
            found
            for found in self.occurrences
            if found.role in (Role.LOAD, Role.DELETE) and self.owner.use_of(found, start) is None
        ]
        first = moved[0]
        assert first.written is not None
        written = [name for d in moved if d.written is not None for name in d.written.modules]
        keeps_root = any(root(name) == self.local for name in written)
        extra: dict[str, None] = {}
        if others and not keeps_root:
            extra[self.local] = None
        for found in others:
            for module in self._modules_on(found, start):
                loaded_by_old = any(module in self.owner.alias_map.reach(old) for old in statements)
                still_loaded = any(module in self.owner.alias_map.reach(name) for name in written)
                if loaded_by_old and not still_loaded and not self.owner.is_loaded(module):
                    extra[module] = None
        if extra:
            first.written = replace(first.written, also=(*first.written.also, *extra))

    def _modules_on(self, occurrence: Occurrence, start: str) -> Iterator[str]:
        current = start
        for name, _ in occurrence.path()[1:]:
            found = self.owner.alias_map.resolve(Symbol(current, name))
            if found.kind is not EndKind.MODULE or found.end is None or found.end.module != join(current, name):
                return
            current = found.end.module
            yield current


def _is_none_assignment(store: Occurrence) -> bool:
    """Whether the name is bound to None, as in the handler of a failed import."""
    outer = store.node.parent
    right = None if outer is None else outer.child_by_field_name("right")
    return right is not None and right.type == "none"


def _is_none_test(use: _Use) -> bool:
    """Whether a module is only asked whether it is there: ``if old is None``, ``if not old``."""
    if not use.is_module_object or len(use.path) > 1:
        return False
    outer = use.occurrence.node.parent
    if outer is None:
        return False
    if outer.type == "comparison_operator":
        return "None" in text_of(outer) and " is " in text_of(outer)
    if outer.type == "conditional_expression":  # ``value if condition else other``
        return outer.named_children[1] == use.occurrence.node
    return outer.type == "not_operator" or (
        outer.type in ("if_statement", "elif_clause", "while_statement")
        and outer.child_by_field_name("condition") == use.occurrence.node
    )
