"""Pass: one local name that imports bind to modules; its statements and all of its uses move together, or stay."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from codemods.alias_map import EndKind
from codemods.decisions import (
    REWRITABLE,
    REWRITE,
    Binder,
    Decision,
    FilePass,
    Use,
    Verdict,
    Written,
    dotted_edits,
)
from codemods.ownership import Finding
from codemods.places import is_asserted, runs_before, runs_late
from codemods.references import Disposition, Edit, Reason, Relation
from codemods.scopes import Occurrence, Role, Scope, ScopeKind, ScopeTable
from codemods.symbols import Symbol, below, join, last, parent, parts, root
from codemods.symbols import ancestors as packages_of
from codemods.syntax import IMPORT_TYPES, ImportedName, ImportStatement, ancestors, text_of


class ModuleName:
    """One local name in one scope that imports bind to modules: its statements and all of its uses."""

    def __init__(
        self,
        owner: FilePass,
        table: ScopeTable,
        local: str,
        scope: Scope,
        binders: list[Binder],
    ) -> None:
        self.owner = owner
        self.table = table
        self.local = local
        self.scope = scope
        self.binders = sorted(binders, key=lambda binder: binder.name.span.start)
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
                name
                for statement, name, bound in self.binders
                if bound == value and self._binds_watched(name) and self._is_direct(statement, name)
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

    def _decision(self, name: ImportedName) -> Decision | None:
        return self.owner.decisions.get(name.span.start)

    def _binds_watched(self, name: ImportedName) -> bool:
        """Whether an import of the module itself is a reference: no name of a shim that is bound to the module."""
        decision = self._decision(name)
        return decision is not None and decision.old.is_module

    @staticmethod
    def _is_direct(statement: ImportStatement, name: ImportedName) -> bool:
        """Whether the local name is the watched module itself, and not the package that a path starts at."""
        return statement.is_from or name.asname is not None or "." not in name.name

    # the name is the module

    def _settle_direct(
        self,
        direct: list[ImportedName],
        module: str,
        uses: list[Use],
        unseen: list[Occurrence],
    ) -> None:
        """``unseen`` are reads of attributes that are none of ours: they need the module that is bound now."""
        own = [use for use in uses if use.module_index == 0]
        deeper = [use for use in uses if use.module_index > 0]
        for index, name in enumerate(direct):
            decision = self._decision(name)
            assert decision is not None
            verdict, new_module = self._movable(decision, own, module)
            if verdict is REWRITE and new_module is not None:
                verdict = self._followed(new_module, deeper, unseen)
            if verdict is REWRITE and new_module is not None:
                verdict = self._write_direct(decision, new_module, own)
                relation = Relation.ALIAS if decision.finding.relation is not Relation.MOVED else Relation.MOVED
                decision.finding = replace(decision.finding, relation=relation, new=Symbol(new_module))
            decision.verdict = verdict
            if index == 0:
                self._report_direct(decision, own, deeper, module)

    def _report_direct(self, decision: Decision, own: list[Use], deeper: list[Use], module: str) -> None:
        verdict, new = decision.verdict, decision.finding.new
        for use in own:
            if verdict is REWRITE:
                self.owner.report_use(use, REWRITE, self._follow_edits(decision, use), decision)
            elif not _is_none_test(use):
                self.owner.report_use(use, self._use_verdict(use, verdict))
        if verdict is not REWRITE or new is None:
            self._settle_paths(deeper, module)
            return
        for use in deeper:
            edits = [*decision.use_edits, *self._deeper_edits(use, new.module)]
            self.owner.report_use(use, REWRITE, edits, decision)

    def _followed(self, new_module: str, deeper: list[Use], unseen: list[Occurrence]) -> Verdict:
        """Whether all that is reached through the name is reached through the new module, too."""
        staying = next((verdict for use in deeper if (verdict := self._blocked(use)) is not None), None)
        if staying is not None:
            return staying
        outside = any(use.finding.new is None or below(new_module, use.finding.new.module) is None for use in deeper)
        if outside or unseen:
            detail = f"something else is reached through {self.local}"
            return Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, detail)
        return REWRITE

    def _deeper_edits(self, use: Use, new_module: str) -> list[Edit]:
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

    def _follow_edits(self, decision: Decision, use: Use) -> list[Edit]:
        """The edits of a use of a module name that moved: its attribute, and the local name if that changed."""
        edits = list(decision.use_edits)
        new = use.finding.new
        if not use.is_module_object and new is not None and new.name is not None and new.name != use.name:
            place = use.path[use.module_index + 1][1]
            edits.append(Edit(place.start, place.end, new.name))
        return edits

    def _movable(self, decision: Decision, own: list[Use], module: str) -> tuple[Verdict, str | None]:
        """Whether a statement that binds the module can bind another one, and which."""
        finding = decision.finding
        if decision.verdict.disposition is Disposition.KEEP:
            return decision.verdict, None
        if finding.relation is Relation.MOVED:
            if decision.verdict is REWRITE:
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
            return Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, detail), None
        if not targets:
            return self._without_uses(decision, module)
        (target,) = targets
        if self._is_public() and not self.owner.ownership.is_interchangeable(module, target):
            detail = f"others may take {self.local} from here, and something of it that {target} does not have"
            return Verdict(Disposition.MANUAL, Reason.PUBLIC_NAME, detail), None
        return self.owner.verdict_at(
            decision.statement.node,
            decision.name.span,
            Symbol(module),
            Finding(Relation.ALIAS, Symbol(target), ()),
        ), target

    def _without_uses(self, decision: Decision, module: str) -> tuple[Verdict, str | None]:
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
            return Verdict(Disposition.MANUAL, Reason.SIDE_EFFECT_IMPORT, detail), None
        return self.owner.verdict_at(
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

    def _blocked(self, use: Use) -> Verdict | None:
        """Why this use cannot go along with its module; None if it can."""
        if use.finding.reason is Reason.KEEP_RECIPE:
            return Verdict(Disposition.KEEP, Reason.KEEP_RECIPE)
        if use.is_module_object:
            if use.finding.relation in (Relation.ALIAS, Relation.MOVED) or _is_none_test(use):
                return None
            return Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, "the module itself is used as a value")
        finding = use.finding
        if finding.relation in REWRITABLE and _is_compared(use):
            return Verdict(Disposition.KEEP, Reason.PATH_UNDER_TEST, "it is compared with the canonical path")
        if finding.reason is not None or finding.relation not in REWRITABLE:
            detail = f"{use.module}.{use.name} stays: {finding.detail}".rstrip(": ")
            return Verdict(Disposition.MANUAL, Reason.NAMES_STAY_BEHIND, detail)
        if finding.relation is not Relation.MOVED and use.is_written:
            return Verdict(Disposition.MANUAL, Reason.WRITTEN_ATTRIBUTE, f"{use.module}.{use.name} is assigned to")
        new = finding.new
        if use.is_patch and new is not None and finding.relation is not Relation.MOVED:
            if not self.owner.ownership.owns(new):
                return Verdict(Disposition.MANUAL, Reason.PATCHED_HELPER, f"{new.module} merely uses {new.name}")
        old = Symbol(use.module, use.name)
        if use.is_patch or runs_late(use.occurrence.node):
            return self.owner.contest(old, is_patch=use.is_patch)
        return None if new is None else self.owner.too_late(old, new)

    def _use_verdict(self, use: Use, statement: Verdict) -> Verdict:
        """What to say of a use whose import stays: its own reason if it has one, else the import's."""
        if statement.disposition is Disposition.KEEP:
            return statement
        if use.finding.reason is not None:
            return Verdict(Disposition.MANUAL, use.finding.reason, use.finding.detail)
        return self._blocked(use) or statement

    def _write_direct(self, decision: Decision, new_module: str, own: list[Use]) -> Verdict:
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
            return Verdict(Disposition.MANUAL, Reason.HIDDEN_SUBMODULE, hidden)
        renamed_uses = [
            use
            for use in own
            if use.finding.new is not None and not use.is_module_object and use.finding.new.name != use.name
        ]
        if renamed_uses and (self.foreign or len({value for _, _, value in self.binders}) > 1):
            return Verdict(Disposition.MANUAL, Reason.SHARED_BINDING, f"{self.local} is bound to other values too")
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
            decision.written = Written(owner.module_text(statement, package), wanted, asname)
        elif not statement.is_from and name.asname is None and package:
            decision.written = Written(package, wanted, asname)
        else:
            decision.written = Written(new_module, None, asname)
        return REWRITE

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

    def _settle_paths(self, uses: list[Use], start: str) -> None:
        """Uses such as ``p.old.f`` of ``import p.old``, ``import p`` or ``from q import p``; and their imports."""
        owner = self.owner
        statements: dict[str, list[Decision]] = {}
        for statement, name, bound in self.binders:
            decision = self._decision(name)
            if decision is not None and bound == start and not self._is_direct(statement, name):
                statements.setdefault(decision.old.module, []).append(decision)
        by_module: dict[str, list[Use]] = {module: [] for module in statements}
        for use in uses:
            by_module.setdefault(use.module, []).append(use)
        for module, group in by_module.items():
            decisions = statements.get(module, [])
            kept = next((d.verdict for d in decisions if d.verdict.disposition is Disposition.KEEP), None)
            handed_on = self._handed_on(module) if decisions else None
            blocked = {id(use): self._blocked(use) or self._path_blocked(use, start) for use in group}
            unclear = self._unclear(module, uses) if decisions else None
            staying = [verdict for verdict in (*blocked.values(), handed_on, unclear) if verdict is not None]
            if kept is None and not staying:
                self._move_imports(module, decisions, group)
            for decision in decisions:
                if decision.verdict is REWRITE and (staying or decision.written is None):
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
                    if isinstance(needs, Verdict):
                        owner.report_use(use, needs)
                    else:
                        follows = decisions[0] if decisions and not staying else None
                        owner.report_use(use, REWRITE, (*self._path_edits(use, start), *needs), follows)
        if statements:
            self._keep_other_paths(statements, start)

    def _unclear(self, module: str, uses: list[Use]) -> Verdict | None:
        """Why an import must stay: a path in the text goes through the module, and may mean something else."""
        known = {id(use.occurrence) for use in uses}
        names = parts(module)
        for found in self.occurrences:
            path = tuple(name for name, _ in found.path()[: len(names)])
            if found.role is not Role.LOAD or self._means_another_value(found):
                continue
            if path == names and id(found) not in known:
                detail = f"what {module} means here depends on what was imported before"
                return Verdict(Disposition.MANUAL, Reason.AMBIGUOUS_BINDING, detail)
        return None

    def _handed_on(self, module: str) -> Verdict | None:
        """Why an import must stay: its package is used as a value, and whoever has that may read ``.old`` of it."""
        for found in self.occurrences:
            path = found.path()
            if found.role is Role.LOAD and (len(path) == 1 or path[1][0] == "__dict__"):
                detail = f"{self.local} is handed on, and {last(module)} may be read from it"
                return Verdict(Disposition.MANUAL, Reason.MODULE_AS_VALUE, detail)
        return None

    def _no_target(self, decision: Decision) -> Verdict:
        verdict, _ = self._without_uses(decision, decision.old.module)
        return verdict if verdict is not REWRITE else Verdict(Disposition.MANUAL, Reason.SIDE_EFFECT_IMPORT)

    def _path_blocked(self, use: Use, start: str) -> Verdict | None:
        """Why a path cannot be written anew: its first name has other values, or the new root is taken."""
        new = use.finding.new
        assert new is not None
        if self.foreign or len({value for _, _, value in self.binders}) > 1:
            return Verdict(Disposition.MANUAL, Reason.SHARED_BINDING, f"{self.local} is bound to other values too")
        if use.finding.relation is not Relation.MOVED:
            hidden = self.owner.ownership.hidden_submodule(new.module)
            if hidden is not None:
                return Verdict(Disposition.MANUAL, Reason.HIDDEN_SUBMODULE, hidden)
            if self.owner.file.module == new.module:
                return Verdict(Disposition.KEEP, Reason.CANONICAL_OWN_IMPORT)
        unfinished = self._unfinished(use, start)
        if unfinished is not None:
            detail = f"{unfinished} is still being imported when this runs, and so no attribute of its package yet"
            return Verdict(Disposition.MANUAL, Reason.IMPORT_CYCLE, detail)
        if below(start, new.module) is not None or new.module == start:
            return None
        first = root(new.module)
        if first == self.local == root(start):
            return None
        can_take = self.table.can_take(first, self.scope, [use.occurrence])
        if not can_take and not (self._is_imported(first) and self._can_see(first, use.occurrence)):
            return Verdict(Disposition.MANUAL, Reason.NAME_CAPTURE, f"{first} means something else here")
        return None

    def _unfinished(self, use: Use, start: str) -> str | None:
        """A package or module on the new path that imports this file, and may not be complete when the use runs.

        ``import p.sub.new`` works then, but ``p.sub`` is set only after the ``__init__`` of ``p.sub`` has run. What
        the old path reads today is there.
        """
        new = use.finding.new
        if new is None or runs_late(use.occurrence.node):
            return None
        needed = (*packages_of(new.module)[1:], new.module)
        if below(start, new.module) is not None or new.module == start:
            needed = tuple(module for module in needed if below(start, module) is not None)
        read = [module for module in (*packages_of(use.module), use.module) if below(start, module) is not None]
        fresh = (one for one in needed if one not in read)
        # A module begins to run when the packages around it have begun: what these import ran before it, or runs later.
        reach, file = self.owner.alias_map.reach, self.owner.file.module
        return next((one for one in fresh if file in reach(one, frozenset(packages_of(one)))), None)

    def _path_edits(self, use: Use, start: str) -> list[Edit]:
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

    def _move_imports(self, module: str, decisions: list[Decision], uses: list[Use]) -> None:
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
            findings = [Finding(relation, Symbol(one), decision.finding.chain) for one in needed]
            node, span = decision.statement.node, decision.name.span
            verdicts = [self.owner.verdict_at(node, span, Symbol(module), finding) for finding in findings]
            decision.verdict = next((verdict for verdict in verdicts if verdict is not REWRITE), REWRITE)
            decision.finding = findings[0]
            decision.written = Written(needed[0], None, None, needed[1:])

    def _load_edits(self, use: Use, decisions: list[Decision], start: str) -> list[Edit] | Verdict:
        """Imports to add so that the new path works where the use runs; or why that is not possible.

        The new module must be loaded; and where the path is written in full, its first name must be bound.
        """
        new = use.finding.new
        assert new is not None
        if any(decision.verdict is REWRITE and decision.written is not None for decision in decisions):
            return []
        in_full = below(start, new.module) is None and new.module != start
        first = root(new.module)
        node = use.occurrence.node
        bound = not in_full or first == self.local == root(start) or self._is_bound_at(first, node)
        is_late = runs_late(node)
        if bound and self.owner.is_loaded(new.module, lambda statement: self._ran(statement, node), is_late=is_late):
            return []
        return self._add_import(new)

    def _add_import(self, new: Symbol) -> list[Edit] | Verdict:
        """An import of the module of ``new``, behind the first import that binds the local name."""
        module, first = new.module, root(new.module)
        if first != self.local and not self.table.can_take(first, self.scope, []) and not self._is_imported(first):
            return Verdict(Disposition.MANUAL, Reason.NAME_CAPTURE, f"nothing in this file imports {new}")
        statement, name, bound = self.binders[0]
        loaded = bound if statement.is_from else name.name
        assert loaded is not None  # other values than the module's block all paths through the name
        cycle = self.owner.cycle_at(statement.node, loaded, module)
        if cycle is not None:
            return cycle
        indent = self.owner.own_line_indent(statement)
        if indent is None:
            text = f"; import {module}"
        else:
            text = f"{self.owner.source.newline}{indent}import {module}"
        return [Edit(statement.span.end, statement.span.end, text)]

    def _is_bound_at(self, name: str, node: Node) -> bool:
        """Whether a plain import of that package has surely run where the node runs."""
        if not self._is_imported(name):
            return False
        imports = [found for found in self.table.resolving_to(name, self.scope) if found.role is Role.IMPORT]
        statements = [outer for found in imports for outer in ancestors(found.node) if outer.type in IMPORT_TYPES]
        return any(self._ran(statement, node) for statement in statements)

    def _ran(self, statement: Node, node: Node) -> bool:
        """Whether an import has run where a use of the local name runs: above it, or above all that bind the name."""
        binders = [binder.statement.node for binder in self.binders]
        return (
            runs_before(statement, node)
            or binders == [statement]
            or all(runs_before(statement, binder) for binder in binders)
        )

    def _can_see(self, name: str, found: Occurrence) -> bool:
        """Whether no scope between this place and the one that the imports bind in has the name for its own."""
        inner = itertools.takewhile(lambda scope: scope is not self.scope, found.scope.outwards())
        return not any(name in scope.bound or name in scope.declared_global for scope in inner)

    def _is_imported(self, name: str) -> bool:
        """Whether the scope binds ``name`` by plain imports of that top-level package alone."""
        found = self.table.resolving_to(name, self.scope)
        return bool(found) and all(one.role in (Role.IMPORT, Role.LOAD) for one in found)

    def _keep_other_paths(self, statements: dict[str, list[Decision]], start: str) -> None:
        """``import p.old`` also binds ``p`` and may load ``p.other``: what else is used of ``p`` must stay."""
        moved = [d for group in statements.values() for d in group if d.verdict is REWRITE and d.written is not None]
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


def _is_compared(use: Use) -> bool:
    """Whether the very object is compared with the canonical one: ``p.old.C is p.new.C`` would become a tautology."""
    node = use.occurrence.node
    while node.parent is not None and node.parent.type == "attribute":
        node = node.parent
    outer = node.parent
    new = use.finding.new
    if outer is None or outer.type != "comparison_operator" or new is None or new.name is None:
        return False
    if not is_asserted(outer):
        return False
    others = [text_of(child) for child in outer.named_children if child != node]
    return any(other == new.name or other.endswith(f".{new.name}") for other in others)


def _is_none_assignment(store: Occurrence) -> bool:
    """Whether the name is bound to None, as in the handler of a failed import."""
    outer = store.node.parent
    right = None if outer is None else outer.child_by_field_name("right")
    return right is not None and right.type == "none"


def _is_none_test(use: Use) -> bool:
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
