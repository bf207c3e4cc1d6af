"""Pass: alias names that the recipe collapses (``rename``): the import and all uses get the canonical name."""

from __future__ import annotations

from codemods.alias_map import OUTLINE
from codemods.decisions import Elsewhere, ParsedFile
from codemods.ownership import Ownership
from codemods.references import Disposition, Edit, Reason, Reference, ReferenceKind, Relation, Step
from codemods.scopes import Occurrence, Role, Scope, ScopeKind
from codemods.symbols import Symbol
from codemods.syntax import ImportedName, ImportStatement


def find_collapses(file: ParsedFile, ownership: Ownership, elsewhere: Elsewhere) -> tuple[Reference, ...]:
    """``from new import Name as Alias`` where the recipe renames Alias to Name; with the edits.

    Where the new name would be captured, or others read the alias from this module, it is kept, and said so.
    """
    return _CollapsePass(file, ownership, elsewhere).run()


class _CollapsePass:
    def __init__(self, file: ParsedFile, ownership: Ownership, elsewhere: Elsewhere) -> None:
        self.file = file
        self.ownership = ownership
        self.elsewhere = elsewhere
        self.statements = file.statements
        self.table = file.table

    def run(self) -> tuple[Reference, ...]:
        found: list[Reference] = []
        for statement in self.statements:
            if not statement.is_from:
                continue
            origin = self.file.origin_of(statement)
            renames = self.ownership.renames.get(origin or "", {})
            for name in statement.names:
                if name.asname is not None and renames.get(name.asname) == name.name:
                    found.append(self._reference(statement, name, origin or "", name.asname))
        return tuple(found)

    def _reference(self, statement: ImportStatement, name: ImportedName, module: str, alias: str) -> Reference:
        edits: tuple[Edit, ...] = ()
        occurrence = next(
            one
            for one in self.table.occurrences[alias]
            if one.role is Role.IMPORT and one.span.start == name.span.start
        )
        scope = self.table.scope_of(occurrence)
        reason = Reason.NAME_CAPTURE if scope is None else self._hindrance(scope, alias, name.name, module)
        if reason is None and scope is not None:
            edits = self._edits(statement, name, scope, alias)
        line, column = self.file.source.position(name.span.start)
        return Reference(
            self.file.path,
            line,
            column,
            name.span.start,
            ReferenceKind.FROM_IMPORT,
            Symbol(self.file.module, alias),
            Symbol(module, name.name),
            Relation.ALIAS,
            Disposition.KEEP if reason is not None else Disposition.REWRITE,
            reason,
            "" if reason is None else f"{alias} keeps its name here",
            (Symbol(self.file.module, alias), Symbol(module, name.name)),
            edits,
            None if reason is not None else Step.COLLAPSE,
        )

    def _hindrance(self, scope: Scope, alias: str, name: str, module: str) -> Reason | None:
        """Why the alias must keep its name in this scope; None if it need not."""
        bindings = [one for one in self.table.resolving_to(alias, scope) if one.role is not Role.LOAD]
        if any(one.role is not Role.IMPORT for one in bindings) or scope.kind is ScopeKind.CLASS:
            return Reason.SHARED_BINDING
        if any(not self._imports(one, module, name) for one in bindings) or self.table.reads_namespace():
            return Reason.SHARED_BINDING
        if scope is self.table.module_scope:
            facts = self.ownership.modules.facts(self.file.module, OUTLINE)
            exported = facts is not None and facts.exports is not None
            if exported and facts is not None and (alias in (facts.exports or ()) or not facts.exports_exact):
                return Reason.PUBLIC_NAME
            if self.elsewhere.mentions(self.file.module, alias):
                return Reason.PUBLIC_NAME
        uses = [one for one in self.table.resolving_to(alias, scope) if one.role is Role.LOAD]
        if self._already_bound(scope, name, module):
            captured = any(
                name in inner.bound
                for use in uses
                for inner in use.scope.outwards()
                if inner is not scope and inner in self._between(use.scope, scope)
            )
            return Reason.NAME_CAPTURE if captured else None
        return None if self.table.can_take(name, scope, uses) else Reason.NAME_CAPTURE

    @staticmethod
    def _between(inner: Scope, outer: Scope) -> list[Scope]:
        scopes: list[Scope] = []
        for scope in inner.outwards():
            if scope is outer:
                break
            scopes.append(scope)
        return scopes

    def _imports(self, occurrence: Occurrence, module: str, name: str) -> bool:
        """Whether this import binding is ``from canonical import name``."""
        for statement in self.statements:
            for imported in statement.names:
                if imported.span.start == occurrence.span.start:
                    origin = self.file.origin_of(statement)
                    return statement.is_from and origin == module and imported.name == name
        return False

    def _already_bound(self, scope: Scope, name: str, module: str) -> bool:
        """Whether the scope binds the canonical name already, and by imports of the canonical symbol alone."""
        bindings = [one for one in self.table.resolving_to(name, scope) if one.role is not Role.LOAD]
        return bool(bindings) and all(one.role is Role.IMPORT and self._imports(one, module, name) for one in bindings)

    def _is_bound_before(self, statement: ImportStatement, name: str) -> bool:
        """Whether an earlier import in the same block binds the canonical name already (see _already_bound)."""
        return any(
            earlier.node.parent == statement.node.parent
            and earlier.span.end <= statement.span.start
            and any(imported.local == name for imported in earlier.names)
            for earlier in self.statements
        )

    def _edits(self, statement: ImportStatement, name: ImportedName, scope: Scope, alias: str) -> tuple[Edit, ...]:
        edits = [
            Edit(use.span.start, use.span.end, name.name)
            for use in self.table.resolving_to(alias, scope)
            if use.role is Role.LOAD
        ]
        index = statement.names.index(name)
        twin = any(other.local == name.name for other in statement.names)
        if not twin and not (len(statement.names) > 1 and self._is_bound_before(statement, name.name)):
            edits.append(Edit(name.span.start, name.span.end, name.name))
        elif index + 1 < len(statement.names):
            edits.append(Edit(name.span.start, statement.names[index + 1].span.start, ""))
        else:
            edits.append(Edit(statement.names[index - 1].span.end, name.span.end, ""))
        return tuple(edits)
