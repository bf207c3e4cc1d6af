"""Equivalence: every commit of a plan against its base, read anew and compared name by name, before it is published."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from tree_sitter import Node, Tree

from codemods.alias_map import AliasMap, EndKind, ModuleKind, Resolution
from codemods.bindings import absolute_module, bound_symbols
from codemods.path_tests import without_tests
from codemods.references import Disposition, Reference, ReferenceKind, Relation, Step
from codemods.scopes import Occurrence, Role, ScopeKind, ScopeTable, scope_table
from codemods.source import SourceText, decode_python
from codemods.symbols import Symbol, contains, join, last, parent, parts
from codemods.symbols import ancestors as dotted_ancestors
from codemods.syntax import SyntaxFault, ancestors, import_statements, parse, statement_of, syntax_fault
from migrate.ignored import Ignored
from migrate.plan import FileChange, Plan
from migrate.project import Project, is_package
from migrate.repository import REGULAR_MODES, Repository
from migrate.search import Matcher, Words
from migrate.texts import SUFFIXES, Texts, small_texts


@dataclass(frozen=True)
class Mismatch:
    """Something that a step changes and should not. Always a mistake of unshim."""

    step: Step
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: after the step {self.step.value}: {self.message}"


@dataclass(frozen=True)
class _Meaning:
    """What a dotted path leads to: an end, and the attributes that are read from it."""

    kind: EndKind | None
    """None for a name that no import binds."""
    end: Symbol | None
    attributes: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind is None:
            return "nothing binds it" if self.end is None else str(self.end)
        return " ".join([self.kind.name.lower().replace("_", " "), *(() if self.end is None else (str(self.end),))])

    @property
    def found(self) -> bool:
        return self.kind in (EndKind.OBJECT, EndKind.MODULE, EndKind.EXTERNAL)

    @property
    def missing(self) -> bool:
        return self.kind in (EndKind.MISSING_NAME, EndKind.MISSING_MODULE)


@dataclass(frozen=True)
class _Use:
    """A name that a file reads: the dotted path that begins there, what it may mean, and its offset."""

    path: str
    meanings: tuple[_Meaning, ...]
    offset: int
    entered: frozenset[str] = frozenset()
    """Submodules that it reaches as attributes of their packages: somebody must have imported them by then."""
    early: bool = False
    """Whether importing the file reads the name above every import that binds it."""


_FREE = _Meaning(None, None)
_LOCAL = _Meaning(None, Symbol("a name of the file"))


@dataclass(frozen=True)
class _State:
    """The repository at one commit."""

    project: Project
    alias_map: AliasMap


def mismatches(repository: Repository, plan: Plan) -> tuple[Mismatch, ...]:
    """Compare the state after each step with the base. Nothing is run; an empty answer lets the plan be published.

    Compared are, in every Python file that a change can reach (through any chain of imports):

    - each import: what it leads to;
    - each name that a changed file reads, in order: the object that it means, or that nothing binds it;
    - each name that a changed module binds at its top level, or passes on;
    - the tokens of a changed file, outside of import statements and of the lines where the plan has a reference;
    - whether a changed file parses, and its first error;
    - whether a module that could be imported still can, whether a new cycle of imports came up, and whether a name is
      taken out of a module that is half imported then.

    Left out are documents, notebooks, what a name means that more than imports bind, and what code does that is
    run by text (``exec``, patch targets): that is the passes' word.
    """
    base = _base(repository, plan)
    changes: dict[str, FileChange] = {}
    found: dict[tuple[str, int, str], Mismatch] = {}
    for step in plan.steps:
        fresh = [change for change in step.changes if change.path.endswith(SUFFIXES)]
        for change in fresh:
            known = changes.get(change.path)
            if change.before != (base.project.texts.get(change.path) if known is None else known.after):
                one = Mismatch(step.step, change.path, 1, "the step begins with a text that the file does not have")
                found.setdefault((one.path, one.line, one.message), one)
            changes[change.path] = change if known is None else replace(known, after=change.after)
        if fresh:
            for one in _Comparison(plan, step.step, base, changes).run():
                found.setdefault((one.path, one.line, one.message), one)  # the first step that has it
    return tuple(found.values())


def _base(repository: Repository, plan: Plan) -> _State:
    entries = repository.entries(plan.base)
    wanted = [
        entry
        for entry in entries
        if entry.path.endswith(SUFFIXES) and entry.mode in REGULAR_MODES and plan.recipe.covers(entry.path)
    ]
    texts = Texts(partial(small_texts, repository), wanted)
    texts.load()
    project = Project(entries, plan.roots, texts, ignored=Ignored(repository, entries), named=plan.recipe.modules())
    return _State(project, AliasMap(project, plan.recipe.moved_modules(), plan.recipe.canonical_modules()))


class _Comparison:
    """One state against the base."""

    def __init__(self, plan: Plan, step: Step, base: _State, changes: Mapping[str, FileChange]) -> None:
        self.plan = plan
        self.step = step
        self.base = base
        self.changes = changes
        project = base.project.with_changes({path: change.after for path, change in changes.items()})
        self.after = _State(project, AliasMap(project, plan.recipe.moved_modules(), plan.recipe.canonical_modules()))
        self.planned: dict[str, list[Reference]] = {}
        for reference in plan.references:
            if reference.disposition is Disposition.REWRITE:
                self.planned.setdefault(reference.path, []).append(reference)
        modules = frozenset(self._moves(modules=True))
        self.old_modules = frozenset(before for before, _ in modules)
        self.new_modules = frozenset(after for _, after in modules)
        self.moves = modules | frozenset(self._moves(modules=False))

    def run(self) -> Iterator[Mismatch]:
        for path in self._reached():
            change = self.changes.get(path)
            if change is None:
                yield from self._unchanged(path)
            elif self.step is Step.DELETE and path in self.plan.path_tests:
                yield from self._tests(path, change)
            elif change.after is not None and change.after != change.before:
                yield from self._changed(path)
        for path, change in self.changes.items():
            module = self.base.project.module_of(path)
            if change.after is not None and self.base.project.path_of(module) == path:
                yield from self._imports(path, module)

    def _tests(self, path: str, change: FileChange) -> Iterator[Mismatch]:
        """A file that loses whole tests, and nothing else; what the steps before did to it is compared there."""
        steps = [one for step in self.plan.steps for one in step.changes if one.path == path]
        source = self.base.project.source(path)
        assert source is not None
        before = decode_python(steps[-1].before)
        left = without_tests(before.data, self.plan.path_tests[path])
        if change.after != (None if left is None else source.encode(left)):
            yield self._mismatch(path, 1, "something goes that is none of the tests about the old path")

    def _mismatch(self, path: str, line: int, message: str) -> Mismatch:
        return Mismatch(self.step, path, line, message)

    # which files

    def _reached(self) -> list[str]:
        """The changed files, and all those that import from a module of which not every name is what it was."""
        reached = dict.fromkeys(self.changes)
        fresh = {module for path in self.changes if (module := self._other(path)) is not None}
        while fresh:
            matching = self.base.project.texts.having(Matcher(Words(modules=frozenset(fresh))))
            found = [path for path in matching if path not in reached and self._imports_from(path, fresh)]
            reached |= dict.fromkeys(found)
            fresh = {module for path in found if (module := self._other(path)) is not None}
        return sorted(reached)

    def _other(self, path: str) -> str | None:
        """The module of a file, if it is gone, or has a name that means something else now."""
        module = self.base.project.module_of(path)
        if self.base.project.path_of(module) != path:
            return None
        if self.after.project.path_of(module) != path:
            return module
        names = {*self.base.alias_map.names(module), *self.after.alias_map.names(module)}
        symbols = (Symbol(module), *(Symbol(module, name) for name in names))
        same = all(_meaning(self.base, symbol) == _meaning(self.after, symbol) for symbol in symbols)
        return None if same else module

    def _imports_from(self, path: str, modules: set[str]) -> bool:
        return any(
            symbol.module in modules
            or (symbol.name is not None and join(symbol.module, symbol.name) in modules)
            or (symbol.name is None and any(contains(symbol.module, module) for module in modules))
            for symbol, _ in _imported(self.base, path)
        )

    # a file that stays as it is

    def _unchanged(self, path: str) -> Iterator[Mismatch]:
        for symbol, offset in _imported(self.base, path):
            for one in self._starred(symbol) if symbol.name == "*" else (symbol,):
                before, after = _meaning(self.base, one), _meaning(self.after, one)
                if self._differs(before, after):
                    yield self._mismatch(path, self._line(self.base, path, offset), _told(one, before, after))
        source = self.base.project.source(path)
        if source is not None:
            tree = parse(source.data)
            yield from self._reads(path, *(list(_uses(state, path, tree)) for state in (self.base, self.after)))

    def _starred(self, symbol: Symbol) -> Iterable[Symbol]:
        return (Symbol(symbol.module, name) for name in self.base.alias_map.exported_names(symbol.module))

    @staticmethod
    def _line(state: _State, path: str, offset: int) -> int:
        source = state.project.source(path)
        assert source is not None
        return source.position(offset)[0]

    def _differs(self, before: _Meaning, after: _Meaning) -> bool:
        """Whether a meaning is another one afterwards, and the plan does not say so."""
        if before == after:
            return False
        if not before.found:  # it failed, or could not be followed; it may not get worse
            return after.missing and not before.missing
        return (before, after) not in self.moves and not self._goes_on(before, after)

    def _goes_on(self, before: _Meaning, after: _Meaning) -> bool:
        """Whether two paths lead through a module that the plan replaces, to an attribute of the same name."""
        bare = replace(before, attributes=()), replace(after, attributes=())
        return bare in self.moves and before.attributes == after.attributes

    def _moves(self, *, modules: bool) -> Iterator[tuple[_Meaning, _Meaning]]:
        """Another meaning that the plan has on purpose: modules as objects, or what the recipe's user says of names."""
        for references in self.planned.values():
            for one in references:
                named = not modules and one.relation in (Relation.MOVED, Relation.REPAIR)
                if one.new is not None and (modules if one.old.is_module else named):
                    yield _meaning(self.base, one.old), _meaning(self.after, one.new)

    # a file that changes

    def _changed(self, path: str) -> Iterator[Mismatch]:
        before, after = self.base.project.source(path), self.after.project.source(path)
        if before is None or after is None:
            yield self._mismatch(path, 1, "it can no longer be decoded")
            return
        trees = parse(before.data), parse(after.data)
        faults = syntax_fault(before, trees[0]), syntax_fault(after, trees[1])
        if _text_of_fault(faults[0]) != _text_of_fault(faults[1]):
            line = 1 if faults[1] is None else faults[1].line
            yield self._mismatch(path, line, f"its first error: {_text_of_fault(faults[1])}")
            return
        if faults[0] is None:
            uses = [list(_uses(*one)) for one in ((self.base, path, trees[0]), (self.after, path, trees[1]))]
            yield from self._tokens(path, after, *trees, *uses)
            yield from self._reads(path, *uses)
            yield from self._bound(path, *trees)
        else:
            yield from self._lines(path, before, after)
        yield from self._names(path)

    def _lines(self, path: str, before: SourceText, after: SourceText) -> Iterator[Mismatch]:
        """A file that does not parse has no tokens to rely on: each line differs in planned paths alone."""
        first, second = before.data.split(b"\n"), after.data.split(b"\n")
        if len(first) != len(second):
            yield self._mismatch(path, 1, f"it has {len(second)} lines, and had {len(first)}")
            return
        spelled = _Spellings(self.planned.get(path, ()))
        for number, (one, two) in enumerate(zip(first, second, strict=True), 1):
            if one != two and not spelled.explain(one, two):
                yield self._mismatch(path, number, "code changed beside the planned paths")

    def _tokens(
        self, path: str, after: SourceText, old: Tree, new: Tree, reads: list[_Use], reads_after: list[_Use]
    ) -> Iterator[Mismatch]:
        """Tokens that differ in more than in a path, or a name, that the plan rewrites in this file."""
        first, second = (
            _words(tree.root_node, {use.offset for use in uses if use.meanings[0].kind is not None})
            for tree, uses in ((old, reads), (new, reads_after))
        )
        spelled = _Spellings(self.planned.get(path, ()))
        if len(first) == len(second):
            changed = [at for at, (one, two) in enumerate(zip(first, second, strict=True)) if one[0] != two[0]]
            if all(spelled.explain(first[at][0], second[at][0]) for at in changed):
                return
        matcher = difflib.SequenceMatcher(a=[text for text, _ in first], b=[text for text, _ in second], autojunk=False)
        for tag, start, end, other_start, other_end in matcher.get_opcodes():
            pairs = list(zip(first[start:end], second[other_start:other_end], strict=False))
            same = end - start == other_end - other_start
            if tag == "equal" or (same and all(spelled.explain(one, two) for (one, _), (two, _) in pairs)):
                continue
            place = second[other_start][1] if other_start < len(second) else len(after.data)
            yield self._mismatch(path, after.position(place)[0], "code changed beside the planned paths")

    def _reads(self, path: str, first: list[_Use], second: list[_Use]) -> Iterator[Mismatch]:
        """What each name means that the file reads, in order."""
        if len(first) != len(second):
            yield self._mismatch(path, 1, f"it reads {len(second)} names, and read {len(first)}")
            return
        # getattr(old, "name") becomes getattr(new, "name"): the module changes for the sake of the name.
        holders = {
            (_meaning(self.base, Symbol(one.old.module)), _meaning(self.after, Symbol(one.new.module)))
            for one in self.planned.get(path, ())
            if one.new is not None and one.kind is not ReferenceKind.FROM_IMPORT
        }
        for before, after in zip(first, second, strict=True):
            for one, two in _paired(before.meanings, after.meanings):
                if self._differs(one, two) and (one, two) not in holders:
                    line = self._line(self.after, path, after.offset)
                    yield self._mismatch(path, line, f"{after.path}: {_change(one, two)}")
                    break
            if after.early and not before.early:
                line = self._line(self.after, path, after.offset)
                yield self._mismatch(path, line, f"{after.path} is read before it is imported")
        yield from self._loaded(path, first, second)

    def _loaded(self, path: str, first: list[_Use], second: list[_Use]) -> Iterator[Mismatch]:
        """Whether submodules that are read as attributes are still imported by what the file imports."""
        if not any(use.entered for use in second):
            return
        before, after = _loaded(self.base, path), _loaded(self.after, path)
        for one, two in zip(first, second, strict=True):
            if one.entered <= before and not two.entered <= after:
                line = self._line(self.after, path, two.offset)
                lost = ", ".join(sorted(two.entered - after))
                yield self._mismatch(path, line, f"{two.path}: nothing that the file imports loads {lost}")

    def _bound(self, path: str, old: Tree, new: Tree) -> Iterator[Mismatch]:
        """What from-imports bind in each scope, whether it is read in the file or not."""
        first, second = _from_imports(self.base, path, old), _from_imports(self.after, path, new)
        renamed = {last_name(one.old): last_name(one.new) for one in self.planned.get(path, ()) if one.new is not None}
        for (scope, name), before in first.items():
            if (scope, name) not in second and self.old_modules.issuperset(before):
                continue  # what is read through it is compared by itself
            after = second.get((scope, name)) or second.get((scope, renamed.get(name, name)), ())
            for one in before:
                if not any(one == two or not self._differs(one, two) for two in after):
                    told = ", ".join(map(str, after)) or "no import binds it"
                    yield self._mismatch(path, 1, f"{name} in {scope or 'the module'}: it was {one}; now: {told}")
        expected = {(scope, renamed.get(name, name)) for scope, name in first} | first.keys()
        for scope, name in second.keys() - expected:
            if self.new_modules.issuperset(second[scope, name]):
                continue
            yield self._mismatch(path, 1, f"{name} in {scope or 'the module'}: it was not bound")
        known = {symbol for symbol, _ in _imported(self.base, path)}
        for symbol, offset in _imported(self.after, path):
            if symbol not in known and symbol.name != "*" and _meaning(self.after, symbol).missing:
                yield self._mismatch(path, self._line(self.after, path, offset), f"{symbol} leads nowhere")

    def _names(self, path: str) -> Iterator[Mismatch]:
        """What others can take from the module."""
        module = self.base.project.module_of(path)
        if self.base.project.path_of(module) != path:
            return
        collapsed = {last_name(one.old) for one in self.planned.get(path, ()) if one.step is Step.COLLAPSE}
        roots = _roots_of_imports(self.base, path)
        for name in self.base.alias_map.names(module):
            before, after = (_meaning(state, Symbol(module, name)) for state in (self.base, self.after))
            if after.missing and (name in collapsed or name in roots or before in self.old_modules):
                continue  # its users in this file and elsewhere are compared by themselves
            if self._differs(before, after):
                yield self._mismatch(path, 1, _told(Symbol(module, name), before, after))

    # importing a module

    def _imports(self, path: str, module: str) -> Iterator[Mismatch]:
        """Whether the module can still be imported, closes no new cycle, and takes no name that is not there yet."""
        base, after = self.base.alias_map, self.after.alias_map
        failure = after.import_failure(module)
        if failure is not None and base.import_failure(module) is None:
            yield self._mismatch(path, 1, f"it cannot be imported: {' -> '.join(failure)}")
        running = frozenset((*dotted_ancestors(module), module))  # they run while the module's own imports do
        executed = base.reach(module)
        for target in after.loaded_by(module):
            if target in executed or target in running:
                continue
            chain = after.reach(target, running)
            asking = next((one for one in chain if after.asks_for(one, module)), None)
            if asking is not None:
                way = " -> ".join((module, *_way(chain, asking), module))
                yield self._mismatch(path, 1, f"a new cycle of imports: {way}")
        needed = {one for symbol in base.taken_by(module) for one in base.resolve(symbol).chain}
        for symbol in after.taken_by(module):
            if symbol not in needed and after.comes_too_late(symbol, module):
                yield self._mismatch(path, 1, f"{symbol.module} imports this file before it binds {symbol.name}")


def last_name(symbol: Symbol | None) -> str:
    """The name that an import of a symbol binds by default."""
    assert symbol is not None
    return symbol.name or last(symbol.module)


def _way(chain: Mapping[str, str | None], end: str) -> list[str]:
    """How the first module of a chain (each with who imports it) leads to ``end``."""
    way = [end]
    while (importer := chain[way[-1]]) is not None:
        way.append(importer)
    return way[::-1]


def _told(symbol: Symbol, before: _Meaning, after: _Meaning) -> str:
    return f"{symbol}: {_change(before, after)}"


def _change(before: _Meaning, after: _Meaning) -> str:
    return f"it was {before}; now: {after}"


def _text_of_fault(fault: SyntaxFault | None) -> str:
    return "none" if fault is None else f"{fault.reason.value}: {fault.message}"


# meanings


def _meaning(state: _State, symbol: Symbol | None) -> _Meaning:
    assert symbol is not None
    return _of(state.alias_map.resolve(symbol))


def _of(found: Resolution, attributes: tuple[str, ...] = ()) -> _Meaning:
    end = found.end if found.found or found.missing else None
    if found.kind is EndKind.EXTERNAL and end is not None:  # unittest:mock is unittest.mock
        end = Symbol(end.dotted)
    return _Meaning(found.kind, end, attributes)


def _followed(state: _State, symbol: Symbol, attributes: tuple[str, ...]) -> tuple[_Meaning, frozenset[str]]:
    """What ``name.a.b`` means, where ``name`` is bound to the symbol: modules are entered, objects are not.

    Also the submodules that are entered as attributes which only their import sets.
    """
    found = state.alias_map.resolve(symbol)
    entered: set[str] = set()
    while attributes and found.kind is EndKind.MODULE and found.end is not None:
        package = found.end.module
        inner = state.alias_map.attribute(found, attributes[0])
        if inner.missing:  # set on the module at run time, perhaps
            break
        submodule = join(package, attributes[0])
        facts = state.project.facts(package)
        if inner.end == Symbol(submodule) and not (facts is not None and attributes[0] in facts.names):
            entered.add(submodule)
        found, attributes = inner, attributes[1:]
    return _of(found, attributes), frozenset(entered)


def _paired(before: tuple[_Meaning, ...], after: tuple[_Meaning, ...]) -> Iterator[tuple[_Meaning, _Meaning]]:
    """Each way in which a name may be bound, before and after; they are as many, and in one order."""
    if len(before) != len(after):
        yield before[0], after[0] if after else _FREE
        return
    yield from zip(before, after, strict=True)


def _uses(state: _State, path: str, tree: Tree) -> Iterator[_Use]:
    """Every name that a file reads, in the order of the source."""
    table = scope_table(tree)
    bindings = _Bindings(state, path, table)
    reads = [
        one
        for found in table.occurrences.values()
        for one in found
        if one.role in (Role.LOAD, Role.DELETE) and not _is_import_fallback(one.node)
    ]
    for read in sorted(reads, key=lambda one: (one.span.start, one.name)):
        yield bindings.use(read)


class _Bindings:
    """What the imports of one file bind in its scopes."""

    def __init__(self, state: _State, path: str, table: ScopeTable) -> None:
        self.state = state
        self.table = table
        self.module = state.project.module_of(path)
        self.is_package = is_package(path)
        self.by_scope: dict[tuple[int, str], list[Occurrence]] = {}
        for name, found in table.occurrences.items():
            for one in found:
                if one.role not in (Role.LOAD, Role.DECLARE, Role.DELETE):
                    scope = table.scope_of(one)
                    self.by_scope.setdefault((id(scope), name), []).append(one)

    def use(self, read: Occurrence) -> _Use:
        """What a read may mean; one that other code than imports binds is the file's own business."""
        names = tuple(name for name, _ in read.path())
        path, offset = ".".join(names), read.span.start
        scope = self.table.scope_of(read)
        if scope is None:
            return _Use(path, (_FREE,), offset)
        bound = self.by_scope.get((id(scope), read.name), [])
        if not bound or any(one.role is not Role.IMPORT for one in bound):
            return _Use(path, (_LOCAL,), offset)
        symbols = dict.fromkeys(symbol for one in bound for symbol in self.symbols(one))
        followed = [_followed(self.state, symbol, names[1:]) for symbol in symbols]
        meanings = tuple(dict.fromkeys(meaning for meaning, _ in followed))
        at_import = all(outer.kind in (ScopeKind.MODULE, ScopeKind.CLASS) for outer in read.scope.outwards())
        early = at_import and all(one.span.start > offset for one in bound)
        return _Use(path, meanings, offset, frozenset().union(*(entered for _, entered in followed)), early)

    def symbols(self, binding: Occurrence) -> Iterator[Symbol]:
        statement = _statement_around(binding.node)
        if statement is not None:
            bound = bound_symbols(statement_of(statement), self.module, is_package=self.is_package)
            yield from (symbol for local, symbol in bound if local == binding.name)


def _imported(state: _State, path: str) -> Iterator[tuple[Symbol, int]]:
    """(symbol, offset) of every name of every import statement; a star is ``module:*``."""
    source = state.project.source(path)
    if source is None:
        return
    module = state.project.module_of(path)
    for statement in import_statements(parse(source.data)):
        if not statement.is_from:
            yield from ((Symbol(name.name), name.span.start) for name in statement.names)
            continue
        origin = absolute_module(statement, module, is_package=is_package(path))
        if origin is None:
            continue
        yield from ((Symbol(origin, name.name), name.span.start) for name in statement.names)
        if statement.star is not None:
            yield Symbol(origin, "*"), statement.star.start


def _loaded(state: _State, path: str) -> set[str]:
    """The modules that importing a file, and running it to its end, imports."""
    module = state.project.module_of(path)
    pending = [*dotted_ancestors(module), *([module] if state.project.path_of(module) == path else [])]
    for symbol, _ in _imported(state, path):
        names = [symbol.module] if symbol.name is None else [symbol.module, join(symbol.module, symbol.name)]
        pending += [name for one in names for name in (*dotted_ancestors(one), one)]
    loaded: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in loaded and state.project.kind(name) in (ModuleKind.FILE, ModuleKind.NAMESPACE):
            loaded.add(name)
            pending += (*dotted_ancestors(name), *state.alias_map.loaded_by(name))
    return loaded


def _statement_around(node: Node) -> Node | None:
    kinds = ("import_statement", "import_from_statement")
    return next((outer for outer in ancestors(node) if outer.type in kinds), None)


def _from_imports(state: _State, path: str, tree: Tree) -> dict[tuple[str, str], tuple[_Meaning, ...]]:
    """(scope, local name) -> what from-imports bind there; a scope is named by the definitions around it."""
    module = state.project.module_of(path)
    found: dict[tuple[str, str], dict[_Meaning, None]] = {}
    for statement in import_statements(tree):
        if not statement.is_from:
            continue
        scope = ".".join(reversed([_name_of(outer) for outer in ancestors(statement.node) if _name_of(outer)]))
        for local, symbol in bound_symbols(statement, module, is_package=is_package(path)):
            found.setdefault((scope, local), {})[_meaning(state, symbol)] = None
    return {key: tuple(meanings) for key, meanings in found.items()}


def _name_of(node: Node) -> str:
    if node.type not in ("function_definition", "class_definition"):
        return ""
    name = node.child_by_field_name("name")
    return "" if name is None or name.text is None else name.text.decode("utf-8", "replace")


def _roots_of_imports(state: _State, path: str) -> set[str]:
    """Names that only ``import a.b`` binds: roots of paths, which go with the paths."""
    source = state.project.source(path)
    assert source is not None
    return {
        name.local
        for statement in import_statements(parse(source.data))
        if not statement.is_from
        for name in statement.names
    }


# tokens


def _words(node: Node, read: set[int]) -> list[tuple[bytes, int]]:
    """(text, offset) of the tokens outside of import statements, in order; a dotted path is one word.

    Comments are no code, and semicolons part statements. Paths whose meaning is compared (they start at the
    offsets ``read``) are all the same word.
    """
    found: list[tuple[bytes, int]] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if current.type in ("import_statement", "import_from_statement", "comment", ";") or _only_imports(current):
            continue
        if current.child_count:
            pending += reversed(current.children)
            continue
        text = current.text or b""
        if found and (text == b"." or (found[-1][0].endswith(b".") and current.type == "identifier")):
            found[-1] = (found[-1][0] + text, found[-1][1])
        elif text:
            found.append((text, current.start_byte))
    return [(b"" if offset in read else text, offset) for text, offset in found]


def _tails(dotted: str) -> list[bytes]:
    """``a.b.c``, ``b.c`` and ``c`` of ``a.b.c``."""
    pieces = parts(dotted)
    return [".".join(pieces[start:]).encode() for start in range(len(pieces))]


def _only_imports(node: Node) -> bool:
    """Whether this is a ``try`` that does nothing but import, one way or another: the plan may make it one import."""
    if node.type != "try_statement":
        return False
    blocks = [
        block for clause in (node, *node.named_children) for block in clause.named_children if block.type == "block"
    ]
    kinds = ("import_statement", "import_from_statement", "comment", "pass_statement")
    return all(statement.type in kinds for block in blocks for statement in block.named_children)


def _is_import_fallback(node: Node) -> bool:
    return any(_only_imports(outer) for outer in ancestors(node))


class _Spellings:
    """How the plan spells the paths of one file anew: whole, or from any part of them on."""

    def __init__(self, references: Iterable[Reference]) -> None:
        self.new: dict[bytes, set[bytes]] = {}
        for one in references:
            if one.new is None:
                continue
            # In source text, an import keeps its local name; a module is taken out of whatever has it.
            taken = [hop for hop in one.chain if hop.name is not None] if one.old.is_module else [one.old]
            spelled = [(one.old.dotted, one.new.dotted), (one.old.module, one.new.module)]
            if one.old.is_module and parent(one.new.module):
                spelled += [(hop.module, parent(one.new.module)) for hop in taken]
            for old, new in spelled:
                for tail in _tails(old):
                    self.new.setdefault(tail, set()).update(_tails(new))
            for hop in taken:
                local, name = (hop.name or "").encode(), last_name(one.new).encode()
                self.new.setdefault(local, set()).add(name + b" as " + local)
        spellings = sorted(self.new, key=len, reverse=True)
        # Before a relative path stand dots: their number is that of another package then, or none.
        self.known = re.compile(rb"(?:(?<![\w.])(\.+)|(?<!\w))(" + b"|".join(map(re.escape, spellings)) + rb")(?!\w)")

    def explain(self, before: bytes, after: bytes) -> bool:
        """Whether a word differs by these spellings alone."""
        if not self.new:
            return False
        pattern = b""
        end = 0
        for found in self.known.finditer(before):
            choices = sorted(self.new[found[2]] | {found[2]}, key=len, reverse=True)
            dots = rb"\.*" if found[1] else b""
            pattern += (
                re.escape(before[end : found.start()]) + dots + b"(?:" + b"|".join(map(re.escape, choices)) + b")"
            )
            end = found.end()
        return re.fullmatch(pattern + re.escape(before[end:]), after) is not None
