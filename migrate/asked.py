"""Asked: what the passes asked about the rest of the repository, and whether it would be answered the same today.

What the passes find in a file depends on its text, and on what they are told about other modules. All that they are
told goes through a Watched, which writes it down. As long as every question that was asked over one commit has the
same answer over another one, what they found in a file holds there too, wherever the file's text is the same. Such a
stretch of commits is an epoch. The answers are compared, and not what they were worked out from: a module may get
functions that nobody asked for, and an import of the standard library.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from codemods.alias_map import ALL, IMPORTS, ModuleKind
from codemods.bindings import Binding, Effect, ModuleFacts
from codemods.symbols import root
from migrate.cache import Cache, Question
from migrate.parallel import Shared
from migrate.project import FACTS, Place, Project
from migrate.search import Search


@dataclass(slots=True)
class Asked:
    """The questions of one epoch, with their answers. It grows as long as the epoch lasts."""

    rules: str
    """What the recipe and the discovery say: the same for every file."""
    epoch: str = field(default_factory=lambda: os.urandom(12).hex())
    kinds: dict[str, ModuleKind] = field(default_factory=dict)
    primaries: dict[str, str] = field(default_factory=dict)
    files: dict[str, str | None] = field(default_factory=dict)
    faults: dict[str, str | None] = field(default_factory=dict)
    facts: dict[str, set[str]] = field(default_factory=dict)
    """By module: the parts of its facts that somebody has looked at."""
    places: dict[str, Place | None] = field(default_factory=dict)
    """By module: where its facts are from."""
    searches: dict[tuple[Search, frozenset[str]], bool] = field(default_factory=dict)

    def holds(self, project: Project, cache: Cache) -> bool:
        """Whether every question has the same answer over this project. The cache is that of the plans before."""
        moved = {module for module, place in self.places.items() if project.place(module) != place}
        return (
            all(project.kind(module) is kind for module, kind in self.kinds.items())
            and all(project.primary(module) == name for module, name in self.primaries.items())
            and all(project.path_of(module) == path for module, path in self.files.items())
            and all(self._is_same(module, project, cache) for module in moved)
            and all(project.texts.some(search, apart) is found for (search, apart), found in self.searches.items())
        )

    def moved_to(self, project: Project, cache: Cache) -> None:
        """The epoch goes on with this project."""
        self.places = {module: project.place(module) for module in self.places}
        for module, place in self.places.items():
            if place is not None:  # what is compared next time must not be forgotten
                cache.knows(FACTS, (place[1], module, place[0]))

    def add(self, other: Asked) -> None:
        """Take over what was asked in another process."""
        self.kinds |= other.kinds
        self.primaries |= other.primaries
        self.files |= other.files
        self.faults |= other.faults
        self.places |= other.places
        self.searches |= other.searches
        for module, parts in other.facts.items():
            self.facts.setdefault(module, set()).update(parts)

    def _is_same(self, module: str, project: Project, cache: Cache) -> bool:
        """Whether what was asked about a module's file is the same, although the file is not."""
        place = self.places[module]
        now = project.facts(module)
        before = None if place is None else cache.recall(FACTS, (place[1], module, place[0]))
        if module in self.faults and project.fault(module) != self.faults[module]:
            return False
        parts = self.facts.get(module, set())
        if before is None or now is None:
            return not parts or (now is None and place is None)
        return all(_part(before, part, project) == _part(now, part, project) for part in parts)


class Watched(Shared):
    """The modules and texts of a project, as the passes are told about them."""

    def __init__(self, project: Project, asked: Asked) -> None:
        self.epoch = asked.epoch
        self._project = project
        self._asked = asked
        self._rules = asked.rules

    def kind(self, module: str) -> ModuleKind:
        found = self._asked.kinds[module] = self._project.kind(module)
        return found

    def facts(self, module: str, about: str = ALL) -> ModuleFacts | None:
        known = self._asked.facts.get(module)
        if known is None:
            known = self._asked.facts[module] = set()
            self._asked.places[module] = self._project.place(module)
        known.add(about)
        return self._project.facts(module)

    def primary(self, module: str) -> str:
        found = self._asked.primaries[module] = self._project.primary(module)
        return found

    def path_of(self, module: str) -> str | None:
        found = self._asked.files[module] = self._project.path_of(module)
        return found

    def fault(self, module: str) -> str | None:
        self._asked.places[module] = self._project.place(module)
        found = self._asked.faults[module] = self._project.fault(module)
        return found

    def some(self, search: Search, apart_from: frozenset[str] = frozenset()) -> bool:
        found = self._asked.searches[search, apart_from] = self._project.texts.some(search, apart_from)
        return found

    # in another process

    def fork(self) -> None:
        self._asked = Asked(self._rules)
        self._project.fork()

    def learnt(self) -> object:
        return self._asked, self._project.learnt()

    def learn(self, learnt: object) -> None:
        assert isinstance(learnt, tuple)
        asked, found = learnt
        self._asked.add(asked)
        self._project.learn(*found)


def _part(facts: ModuleFacts, part: str, project: Project) -> object:
    """What somebody who looked at this part has seen, in a form that can be compared.

    Where in the text something stands is seen only as its place among the rest.
    """
    names = tuple(facts.names) if part == ALL else (part,) if part in facts.names else ()
    if part == ALL:
        tops = facts.top_imports
    elif facts.is_package or part == IMPORTS:
        tops = tuple(top for top in facts.top_imports if project.kind(root(top.module)) is not ModuleKind.EXTERNAL)
    else:
        tops = ()
    rank = _ranks((*_starts(facts, names), *(top.start for top in tops)))
    seen = replace(
        facts,
        names={name: _moved(facts.names[name], rank) for name in names},
        stars=tuple(replace(star, start=rank(star.start)) for star in facts.stars),
        top_imports=tuple(replace(top, start=rank(top.start)) for top in tops),
        effects=_without_lines(facts.effects),
        access_effects=_without_lines(facts.access_effects),
    )
    if part != ALL:
        seen = replace(
            seen,
            effects=(),
            access_effects=(),
            typing_names=facts.typing_names & {part},
            forwards=None
            if facts.forwards is None
            else {name: to for name, to in facts.forwards.items() if name == part},
            rebound=facts.rebound & {part},
        )
    return seen, names


def _starts(facts: ModuleFacts, names: Iterable[str]) -> Iterable[int]:
    yield from (binding.start for name in names for binding in facts.names[name])
    yield from (star.start for star in facts.stars)


def _ranks(starts: Iterable[int]) -> Callable[[int], int]:
    order = {start: number for number, start in enumerate(sorted({start for start in starts if start >= 0}))}
    return lambda start: order.get(start, -1)


def _moved(bindings: tuple[Binding, ...], rank: Callable[[int], int]) -> tuple[Binding, ...]:
    return tuple(replace(one, start=rank(one.start), sources=_moved(one.sources, rank)) for one in bindings)


def _without_lines(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    return tuple(replace(effect, line=0) for effect in effects)


ASKED = Question[Asked]("asked")
"""By (rules): what was asked over the plan before."""


def going_on(rules: str, project: Project, cache: Cache) -> Asked:
    """The epoch of the plan before, if it goes on with this project; or a new one."""
    asked = cache.recall(ASKED, (rules,))
    if asked is not None and asked.holds(project, cache):
        asked.moved_to(project, cache)
    else:
        asked = Asked(rules)
    cache.keep(ASKED, (rules,), asked)  # it grows: what was packed of it is old
    return asked
