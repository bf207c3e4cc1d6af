"""Pass: import statements, and the uses of the modules that they bind; each reference with its edits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from codemods.alias_map import OUTLINE, EndKind
from codemods.bindings import in_type_checking
from codemods.decisions import (
    REWRITABLE,
    REWRITE,
    Binder,
    Decision,
    Elsewhere,
    ParsedFile,
    Use,
    Verdict,
    Written,
    contested_verdict,
    dotted_edits,
    reference_at,
)
from codemods.module_names import ModuleName
from codemods.ownership import Finding, Ownership
from codemods.places import has_keep_comment, is_in_function, is_path_under_test, runs_late
from codemods.references import (
    IMPORT_KINDS,
    AtRunTime,
    Disposition,
    Edit,
    Reason,
    Reference,
    ReferenceKind,
    Relation,
)
from codemods.scopes import Occurrence, Role, Scope, ScopeTable
from codemods.sinks import (
    OBJECT_SINKS,
    PATCHING,
    Callees,
    Sink,
    first_argument,
    given_with,
    name_argument,
    plain_name,
)
from codemods.symbols import (
    Symbol,
    below,
    contains,
    join,
    last,
    package_of,
    parent,
    relative_to,
)
from codemods.syntax import (
    ImportedName,
    ImportStatement,
    Span,
    text_of,
)


@dataclass(frozen=True)
class ImportFindings:
    """The references of one file, and how many canonical ones stand beside them."""

    references: tuple[Reference, ...]
    canonical: int
    leans_on: frozenset[str] = frozenset()
    """Modules that uses in the file still need, and that no import in the file loads."""


def find_imports(
    file: ParsedFile,
    ownership: Ownership,
    elsewhere: Elsewhere,
    vetoed: frozenset[int] = frozenset(),
    pinned: frozenset[str] = frozenset(),
) -> ImportFindings:
    """All references in import statements and in attribute paths, each with the edits that settle it.

    ``vetoed`` are the offsets of statements that must stay, because their rewriting would leave two equal
    branches of a ``try`` (see merges.py). ``pinned`` are modules that this file must go on importing.
    """
    return ImportPass(file, ownership, elsewhere, vetoed, file.statements, pinned).run()


class ImportPass:
    """The pass over the import statements of one file; lone_statements.py has it over those of a faulty one."""

    def __init__(
        self,
        file: ParsedFile,
        ownership: Ownership,
        elsewhere: Elsewhere,
        vetoed: frozenset[int],
        statements: list[ImportStatement],
        pinned: frozenset[str] = frozenset(),
    ) -> None:
        self.file = file
        self.vetoed = vetoed
        self.pinned = pinned
        self.source = file.source
        self.ownership = ownership
        self.alias_map = ownership.alias_map
        self.elsewhere = elsewhere
        self.statements = statements
        self.decisions: dict[int, Decision] = {}
        self.references: list[Reference] = []
        self.canonical = 0
        self.moved_stars: dict[int, str] = {}
        self.loaded_modules: list[tuple[Node, str]] | None = None
        self.callees: Callees | None = None
        self.uses: list[tuple[Use, Verdict, tuple[Edit, ...], Decision | None]] = []

    def run(self) -> ImportFindings:
        for statement in self.statements:
            self._look_at(statement)
        self._follow()
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
        staying |= self.pinned | self._entered()
        return frozenset(module for module in staying if not self._still_imports(module))

    def _entered(self) -> frozenset[str]:
        """Submodules that paths in the file will go through, ``p.sub.f``, of those whose import it is about to lose.

        Without the modules that are looked at anyway: paths through these are references.
        """
        lost: set[str] = set()
        for one in self.references:
            if one.disposition is Disposition.REWRITE and one.new is not None and one.kind in IMPORT_KINDS:
                lost |= self.alias_map.gives_up(one.old.module, one.new.module)
        lost = {one for one in lost if parent(one) and not self.ownership.is_watched(one)}
        lost = {one for one in lost if f".{last(one)}".encode() in self.source.data}
        if lost:
            lost -= frozenset().union(*map(self.alias_map.executes, self._loads_after()))
        if not lost:
            return frozenset()
        table = self.file.table
        moved = {
            use.occurrence.span
            for use, verdict, _, follows in self.uses
            if verdict is REWRITE and (follows is None or follows.verdict is REWRITE)
        }
        found: set[str] = set()
        for statement in self.statements:
            for name in statement.names:
                start = self._bound_module(statement, name) or ""
                occurrences = table.occurrences.get(name.local, ()) if start else ()
                for occurrence in (one for one in occurrences if one.span not in moved):
                    path = join(start, *(attribute for attribute, _ in occurrence.path()[1:]))
                    found |= {module for module in lost if below(start, module) and contains(module, path)}
        return frozenset(found)

    def _loads_after(self) -> Iterator[str]:
        """The modules that the statements of the file will import."""
        for statement in self.statements:
            origin = self.file.origin_of(statement) if statement.is_from else None
            if origin is not None:
                yield from self._loaded_by_from(statement, origin)
            for name in () if statement.is_from else statement.names:
                decision = self.decisions.get(name.span.start)
                if decision is None or decision.verdict is not REWRITE:
                    yield name.name
                    continue
                if decision.finding.new is not None:
                    yield decision.finding.new.module
                yield from () if decision.written is None else decision.written.modules

    def _still_imports(self, module: str) -> bool:
        for statement in self.statements:
            origin = self.file.origin_of(statement) if statement.is_from else ""
            for name in statement.names:
                decision = self.decisions.get(name.span.start)
                if decision is not None and decision.verdict is REWRITE:
                    continue
                if not statement.is_from and contains(module, name.name):
                    return True
                if origin and (contains(module, origin) or self._takes_module(Symbol(origin, name.name), module)):
                    return True
        return False

    def _takes_module(self, symbol: Symbol, module: str) -> bool:
        """Whether ``from package import name`` surely loads a submodule: no other thing of that name comes first."""
        return contains(module, symbol.dotted) and self.alias_map.resolve(symbol).kind is EndKind.MODULE

    # findings of statements

    def _look_at(self, statement: ImportStatement) -> None:
        if not statement.is_from:
            for name in statement.names:
                finding = self.ownership.module_finding(name.name)
                if finding is not None:
                    self._decide(statement, name, Symbol(name.name), finding)
            return
        origin = self.file.origin_of(statement)
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
        if self.ownership.binds_module(symbol):
            return False
        kind, value = self.alias_map.resolve(symbol).kind, self._module_value(symbol)
        if kind is EndKind.MISSING_MODULE and value == symbol.module:
            return False  # nobody knows what the name would be: the module that should have it is missing
        return kind in (EndKind.MODULE, EndKind.MISSING_MODULE) and self.ownership.is_watched(value)

    def _module_value(self, symbol: Symbol) -> str:
        """The module that ``from module import name`` binds."""
        assert symbol.name is not None
        if self.ownership.is_watched(join(symbol.module, symbol.name)):
            return join(symbol.module, symbol.name)
        end = self.alias_map.resolve(symbol).end
        return end.module if end is not None else join(symbol.module, symbol.name)

    def _decide(self, statement: ImportStatement, name: ImportedName, old: Symbol, finding: Finding) -> None:
        verdict = self.verdict_at(statement.node, name.span, old, finding)
        decision = Decision(statement, name, old, finding, verdict)
        if verdict is REWRITE and old.name is not None:
            assert finding.new is not None
            decision.written = self._written_name(statement, name, finding.new)
        self.decisions[name.span.start] = decision

    def verdict_at(self, node: Node, span: Span, old: Symbol, finding: Finding) -> Verdict:
        """Whether a finding can be rewritten at this place, as far as the place itself decides it."""
        if finding.relation is Relation.HOME or finding.reason is Reason.KEEP_RECIPE:
            return Verdict(Disposition.KEEP, finding.reason, finding.detail)
        if has_keep_comment(self.source, node, span):
            return Verdict(Disposition.KEEP, Reason.KEEP_COMMENT)
        new = finding.new
        if new is not None and finding.relation in REWRITABLE:
            if self.file.module == new.module:
                return Verdict(Disposition.KEEP, Reason.CANONICAL_OWN_IMPORT)
            if is_path_under_test(node):
                return Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST)
        if finding.reason is not None:
            return Verdict(Disposition.MANUAL, finding.reason, finding.detail)
        if finding.relation not in REWRITABLE:
            return Verdict(Disposition.MANUAL, Reason.DIFFERENT_OBJECT, finding.detail)
        if node.start_byte in self.vetoed:
            return Verdict(Disposition.MANUAL, Reason.EQUAL_BRANCHES)
        sake = self.ownership.pinned.get((self.file.path, old.module))
        if sake is not None or old.module in self.pinned:
            return Verdict(Disposition.MANUAL, Reason.LOADED_FOR_OTHERS, sake or "code of this file needs it")
        if runs_late(node):
            contested = self.contest(old, is_patch=False)
            if contested is not None:
                return contested
        if new is not None and self._runs_at_import(node):
            return self.cycle_at(node, old.module, new.module) or self.too_late(old, new) or REWRITE
        return REWRITE

    def cycle_at(self, node: Node, old_module: str, new_module: str) -> Verdict | None:
        """The verdict on an import of ``new_module`` at this place that closes a cycle; None if it closes none."""
        if not self._runs_at_import(node):
            return None
        cycle = self.ownership.new_cycle(self.file.module, old_module, new_module)
        return None if cycle is None else self._circular(old_module, new_module, " -> ".join(cycle))

    def too_late(self, old: Symbol, new: Symbol) -> Verdict | None:
        """The verdict on a name that this file, where it is imported, would read before it is there; None if it is."""
        if not self.ownership.comes_too_late(self.file.module, old, new):
            return None
        detail = f"{new.module} imports this file before it binds {new.name}"
        return self._circular(old.module, new.module, detail)

    def _circular(self, old_module: str, new_module: str, detail: str) -> Verdict:
        """The verdict on an import that would close a circle; a part of the canonical package may go around it."""
        if contains(new_module, self.file.module) and not self.ownership.is_pure(old_module):
            return Verdict(Disposition.KEEP, Reason.CANONICAL_OWN_IMPORT, detail)
        return Verdict(Disposition.MANUAL, Reason.IMPORT_CYCLE, detail)

    def contest(self, symbol: Symbol, *, is_patch: bool) -> Verdict | None:
        """The verdict on a late read or a patch of a symbol that is contested in this file; None if it is not."""
        return contested_verdict(self.ownership.contested.get((self.file.path, symbol)), is_patch=is_patch)

    @staticmethod
    def _runs_at_import(node: Node) -> bool:
        return not is_in_function(node) and not in_type_checking(node)

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
                Verdict(Disposition.MANUAL, Reason.BEYOND_ROOT, "the import counts more dots than packages"),
            )

    def _star(self, statement: ImportStatement, origin: str, star: Span) -> None:
        """``from shim import *``: the same where both modules export the same names for the same objects."""
        finding = self.ownership.module_finding(origin)
        if finding is None:
            self._starred_submodules(statement, origin, star)
            return
        verdict = self.verdict_at(
            statement.node,
            star,
            Symbol(origin),
            finding if finding.relation is Relation.MOVED else replace(finding, reason=None),
        )
        new = finding.new
        if finding.relation is not Relation.MOVED and finding.relation is not Relation.MISSING:
            target = None if new is None else self._star_equal(origin, new.module)
            if target is None:
                verdict = Verdict(Disposition.MANUAL, Reason.STAR_IMPORT, finding.detail)
            elif verdict.reason is Reason.DIFFERENT_OBJECT:
                verdict = self.verdict_at(
                    statement.node, star, Symbol(origin), Finding(Relation.ALIAS, new, finding.chain)
                )
                finding = Finding(Relation.ALIAS, new, finding.chain)
        edits: tuple[Edit, ...] = ()
        if verdict is REWRITE and new is not None and statement.module_span is not None:
            edits = tuple(self._module_edits(statement, self.module_text(statement, new.module)))
            self.moved_stars[statement.span.start] = new.module
        self._report(statement.module_span or star, ReferenceKind.FROM_IMPORT, Symbol(origin), finding, verdict, edits)

    def _starred_submodules(self, statement: ImportStatement, package: str, star: Span) -> None:
        """``from package import *`` imports the submodules that the package's ``__all__`` names."""
        facts = self.ownership.modules.facts(package)
        for name in () if facts is None else facts.exports or ():
            finding = self.ownership.module_finding(join(package, name))
            if facts is not None and name not in facts.names and finding is not None:
                verdict = Verdict(Disposition.MANUAL, Reason.STAR_IMPORT, f"__all__ of {package} names it")
                span = statement.module_span or star
                self._report(span, ReferenceKind.FROM_IMPORT, Symbol(join(package, name)), finding, verdict)

    def _star_equal(self, old: str, new: str) -> str | None:
        if not (self.alias_map.exports_known(old) and self.alias_map.exports_known(new)):
            return None
        names = self.alias_map.exported_names(old)
        if names != self.alias_map.exported_names(new):
            return None
        if any(self.too_late(Symbol(old, name), Symbol(new, name)) is not None for name in names):
            return None
        same = all(self.alias_map.same_object(Symbol(old, name), Symbol(new, name)) for name in names)
        return new if same else None

    # writing names

    def _written_name(self, statement: ImportStatement, name: ImportedName, new: Symbol) -> Written:
        """``from new.module import new.name``, the local name kept with ``as`` where it differs."""
        assert new.name is not None
        asname = name.asname if name.asname is not None or new.name == name.name else name.name
        if asname == new.name and name.asname != name.name:
            asname = None
        return Written(self.module_text(statement, new.module), new.name, asname)

    def module_text(self, statement: ImportStatement, module: str) -> str:
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

    def _follow(self) -> None:
        """Settle the names that imports bind to modules, with all of their uses."""
        if self._binds_modules_of_interest():
            self._follow_modules(self.file.table)

    def _binds_modules_of_interest(self) -> bool:
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
                    or (self.ownership.is_ours(value) and self.ownership.mentions_attribute(self.source.data))
                ):
                    yield statement, name, value

    def _bound_module(self, statement: ImportStatement, name: ImportedName) -> str | None:
        """The module that this name of the statement binds; None where it is no module."""
        if not statement.is_from:
            if name.asname is None:
                return name.local
            hidden = self.ownership.hidden_submodule(name.name)
            return name.name if hidden is None else None
        origin = self.file.origin_of(statement)
        if origin is None:
            return None
        symbol = Symbol(origin, name.name)
        decision = self.decisions.get(name.span.start)
        if decision is not None and decision.old.is_module:
            return decision.old.module
        if decision is not None and not self.ownership.binds_module(decision.old):
            return None
        found = self.alias_map.resolve(symbol)
        return found.end.module if found.kind is EndKind.MODULE and found.end is not None else None

    def _follow_modules(self, table: ScopeTable) -> None:
        """Settle every local name that imports bind to a module of interest, scope by scope."""
        by_start = {name.span.start: (statement, name) for statement in self.statements for name in statement.names}
        local_names = {name.local for _, name, _ in self._interesting_bindings()}
        local_names |= {d.name.local for d in self.decisions.values() if d.old.is_module}
        for local in sorted(local_names):
            by_scope: dict[Scope, list[Binder]] = {}
            for occurrence in table.occurrences.get(local, ()):
                scope = table.scope_of(occurrence)
                if occurrence.role is Role.IMPORT and scope is not None and occurrence.span.start in by_start:
                    statement, name = by_start[occurrence.span.start]
                    binder = Binder(statement, name, self._bound_module(statement, name))
                    by_scope.setdefault(scope, []).append(binder)
            for scope, binders in by_scope.items():
                ModuleName(self, table, local, scope, binders).settle()

    def use_of(self, occurrence: Occurrence, module: str) -> Use | None:
        """Follow an occurrence of a name bound to ``module``; None where it reaches nothing of ours."""
        path = occurrence.path()
        sink, named = self._named_beside(occurrence)
        if named is not None:
            path = (*path, named)
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
                by_string = sink if index + 2 == len(path) else None
                return Use(occurrence, path, current, index, finding, is_module_object=False, sink=by_string)
            finding = self.ownership.module_finding(current)
            if finding is None:
                return None
            return Use(occurrence, path, current, index, finding, is_module_object=True)
        return None

    def _named_beside(self, occurrence: Occurrence) -> tuple[Sink | None, tuple[str, Span] | None]:
        """The name in ``getattr(module, "name")``, ``patch.object(module, "name")`` and the like, and the sink."""
        if not self.file.has_sinks:
            return None, None
        node = _whole_path(occurrence)
        given = given_with(node)
        call = None if given is None or given.type != "argument_list" else given.parent
        if call is None or call.type != "call" or first_argument(call) != node:
            return None, None
        sink = self._callees().sink(call)
        if sink not in OBJECT_SINKS and sink is not Sink.MONKEYPATCH:
            return None, None
        named = name_argument(call)
        name = None if named is None else plain_name(named)
        return (None, None) if name is None else (sink, (text_of(name), Span(name.start_byte, name.end_byte)))

    def _is_patched(self, occurrence: Occurrence) -> bool:
        """Whether a module is given to ``patch.object`` or the like with a name that is computed."""
        given = given_with(_whole_path(occurrence))
        if not self.file.has_sinks or given is None:
            return False
        return self._callees().sink_given(given) in PATCHING

    def _callees(self) -> Callees:
        if self.callees is None:
            self.callees = Callees(self.statements, self.file.table)
        return self.callees

    def _attribute_module(self, symbol: Symbol) -> str | None:
        """The module that an attribute of a module is; None where it is anything else."""
        assert symbol.name is not None
        if self.ownership.binds_module(symbol):
            return None
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
        facts = self.ownership.modules.facts(self.file.module, OUTLINE)
        if facts is None or facts.exports is None:
            return False
        return local in facts.exports or not facts.exports_exact

    def is_loaded(self, module: str, ran: Callable[[Node], bool] = lambda _: True, *, is_late: bool = True) -> bool:
        """Whether this file, or the package of ``module``, already makes sure that ``module`` is imported.

        Of this file's imports only those count of which ``ran`` says that they ran before. The package counts
        where it is surely complete: for late code, and in a file that is not run by the package itself.
        """
        is_complete = is_late or self.file.module not in self.alias_map.reach(parent(module))
        if is_complete and self.ownership.package_loads(module):
            return True
        if self.loaded_modules is None:
            self.loaded_modules = []
            for statement in self.statements:
                if not self._runs_at_import(statement.node):
                    continue
                if not statement.is_from:
                    self.loaded_modules += [
                        (statement.node, name.name) for name in statement.names if name.span.start not in self.decisions
                    ]
                    continue
                origin = self.file.origin_of(statement)
                if origin is not None:
                    loaded_here = self._loaded_by_from(statement, origin)
                    self.loaded_modules += [(statement.node, loaded) for loaded in loaded_here]
        return any(contains(module, loaded) and ran(node) for node, loaded in self.loaded_modules)

    def _loaded_by_from(self, statement: ImportStatement, origin: str) -> Iterator[str]:
        """The modules that a ``from`` statement loads as it will be written."""
        if statement.star is not None:
            yield self.moved_stars.get(statement.span.start, origin)
        for name in statement.names:
            decision = self.decisions.get(name.span.start)
            if decision is None or decision.verdict is not REWRITE or decision.finding.new is None:
                yield from (origin, join(origin, name.name))
            else:
                yield decision.finding.new.module

    # edits of statements

    def _write(self, statement: ImportStatement) -> None:
        """Turn the decisions about one statement into edits and references."""
        decisions = [self.decisions.get(name.span.start) for name in statement.names]
        if not any(decisions):
            return
        for decision in filter(None, decisions):
            if decision.verdict is REWRITE and decision.written is None:  # its binding could not be followed
                hidden = self.ownership.hidden_submodule(decision.old.module) or ""
                decision.verdict = Verdict(Disposition.MANUAL, Reason.HIDDEN_SUBMODULE, hidden)
        moving = [found for found in decisions if found is not None and found.verdict is REWRITE]
        edits: tuple[Edit, ...] = ()
        if moving:
            try:
                edits = (
                    self._from_edits(statement, decisions)
                    if statement.is_from
                    else self._import_edits(statement, decisions)
                )
            except OddLayoutError as error:
                for decision in moving:
                    decision.verdict = Verdict(Disposition.MANUAL, error.reason, str(error))
                    decision.use_edits = []
        for decision in filter(None, decisions):
            rewritten = decision.verdict is REWRITE
            self._report(
                decision.name.span,
                ReferenceKind.FROM_IMPORT if statement.is_from else ReferenceKind.IMPORT,
                decision.old,
                decision.finding,
                decision.verdict,
                (*edits, *decision.use_edits) if rewritten else (),
                AtRunTime.READS if statement.is_from and runs_late(statement.node) else AtRunTime.NOTHING,
            )

    def _from_edits(self, statement: ImportStatement, decisions: Sequence[Decision | None]) -> tuple[Edit, ...]:
        assert statement.module_span is not None
        original = self.source.text(statement.module_span.start, statement.module_span.end)
        written: list[Written] = []
        for name, decision in zip(statement.names, decisions, strict=True):
            if decision is None or decision.verdict is not REWRITE:
                written.append(Written(original, name.name, name.asname))
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
    def _name_edits(name: ImportedName, written: Written) -> Iterator[Edit]:
        assert written.name is not None
        if name.asname == written.asname or (name.asname is not None and written.asname is not None):
            if written.name != name.name:
                yield Edit(name.name_span.start, name.name_span.end, written.name)
            return
        suffix = "" if written.asname is None else f" as {written.asname}"
        yield Edit(name.span.start, name.span.end, written.name + suffix)

    @staticmethod
    def _as_plain_import(statement: ImportStatement, written: Written) -> tuple[Edit, ...]:
        """``from p import old`` where the new module has no package to import it from: ``import new as old``."""
        suffix = "" if written.asname is None else f" as {written.asname}"
        return (Edit(statement.span.start, statement.span.end, f"import {written.module}{suffix}"),)

    def _split(self, statement: ImportStatement, written: Sequence[Written]) -> Edit:
        from codemods.statements import (  # late: LibCST is slow to import, and most statements need no split
            TargetName,
            UnsupportedStatementError,
            split_from_import,
        )

        if len({name.local for name in statement.names}) < len(statement.names):
            raise OddLayoutError("the statement binds a name twice: split, another one may come last")
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
            raise OddLayoutError("the statement cannot be split without losing something") from error
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

    def _import_edits(self, statement: ImportStatement, decisions: Sequence[Decision | None]) -> tuple[Edit, ...]:
        edits: list[Edit] = []
        for name, decision in zip(statement.names, decisions, strict=True):
            if decision is None or decision.verdict is not REWRITE:
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
        self, use: Use, verdict: Verdict, edits: Iterable[Edit] = (), follows: Decision | None = None
    ) -> None:
        """Remember a use; ``follows`` is the import that must be written for the use to be rewritten."""
        self.uses.append((use, verdict, tuple(edits), follows))

    def _report_uses(self) -> None:
        for use, verdict, edits, follows in self.uses:
            if verdict is REWRITE and follows is not None and follows.verdict is not REWRITE:
                self._report_use(use, follows.verdict, ())
            else:
                self._report_use(use, verdict, edits)

    def _report_use(self, use: Use, verdict: Verdict, edits: tuple[Edit, ...]) -> None:
        kind = ReferenceKind.MODULE_OBJECT if use.is_module_object else ReferenceKind.ATTRIBUTE
        at_run_time = AtRunTime.NOTHING
        if use.is_patch:
            kind, at_run_time = ReferenceKind.PATCH_TARGET, AtRunTime.PATCHES
        elif use.is_written or (use.is_module_object and self._is_patched(use.occurrence)):
            at_run_time = AtRunTime.PATCHES
        elif runs_late(use.occurrence.node):
            at_run_time = AtRunTime.READS
        end = use.path[use.module_index if use.is_module_object else use.module_index + 1][1]
        self._report(end, kind, Symbol(use.module, use.name), use.finding, verdict, edits, at_run_time)
        if use.is_module_object and verdict is not REWRITE:
            self._report_names_beside(use, verdict)

    def _report_names_beside(self, use: Use, verdict: Verdict) -> None:
        """``swap(old, "f", fake)`` may patch the name in a module that stays, for those who read it there."""
        verdict = replace(verdict, detail=verdict.detail or "it may be patched there")
        for name in self._callees().names_beside(_whole_path(use.occurrence)):
            symbol, span = Symbol(use.module, text_of(name)), Span(name.start_byte, name.end_byte)
            finding = self.ownership.finding(symbol)
            if finding is not None and finding.relation in REWRITABLE:
                self._report(
                    span, ReferenceKind.ATTRIBUTE, symbol, finding, verdict, at_run_time=AtRunTime.PERHAPS_PATCHES
                )

    def _report(
        self,
        span: Span,
        kind: ReferenceKind,
        old: Symbol,
        finding: Finding,
        verdict: Verdict,
        edits: tuple[Edit, ...] = (),
        at_run_time: AtRunTime = AtRunTime.NOTHING,
    ) -> None:
        self.references.append(reference_at(self.file, span.start, kind, old, finding, verdict, edits, at_run_time))


def _whole_path(occurrence: Occurrence) -> Node:
    """The attribute path that an occurrence begins."""
    node = occurrence.node
    while node.parent is not None and node.parent.type == "attribute":
        node = node.parent
    return node


class OddLayoutError(ValueError):
    """This statement cannot be written; the message says why."""

    def __init__(self, message: str, reason: Reason = Reason.ODD_LAYOUT) -> None:
        super().__init__(message)
        self.reason = reason
