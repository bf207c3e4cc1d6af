"""Asked: what the passes asked about the rest of the repository, and whether it would be answered the same today.

What the passes find in a file depends on its text, and on what they are told about other modules. All that they are
told goes through a Watched, which writes it down. As long as every question that was asked over one commit has the
same answer over another one, what they found in a file holds there too, wherever the file's text is the same. Such a
stretch of commits is an epoch. The answers are compared, and not what they were worked out from: a module may get
functions that nobody asked for, and an import of the standard library.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from codemods.alias_map import ALL, HANDED_ON, IMPORTS, OUTLINE, VERDICT, ModuleKind
from codemods.bindings import Binding, BindingKind, Effect, ModuleFacts, TopImport
from codemods.shims import judge
from codemods.symbols import root
from migrate.cache import Cache, Question
from migrate.parallel import Shared
from migrate.project import FACTS, HOST, Place, Project
from migrate.search import Search

K = TypeVar("K")
V = TypeVar("V")


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
                cache.knows(FACTS, (place[1], place[0], module))
                if module in self.faults:
                    cache.knows(HOST, (place[1],))

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
        now = project.facts(module, OUTLINE)
        before = None if place is None else cache.recall(FACTS, (place[1], place[0], module))
        if module in self.faults and project.fault(module) != self.faults[module]:
            return False
        parts = self.facts.get(module, set())
        if before is None or now is None:
            return not parts or (now is None and place is None)
        return parts_of(before, parts, project.is_ours) == parts_of(now, parts, project.is_ours)


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
        return self._project.facts(module, about)

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


class UnaskedError(Exception):
    """A question that nobody has asked for the last plan."""


class Remembered:
    """What the passes were told for the last plan, without the repository; and that what is not of it is not."""

    def __init__(self, asked: Asked, cache: Cache, roots: frozenset[str], changed: frozenset[str]) -> None:
        """``roots`` are the first names of the modules of the repository; ``changed`` the paths of other contents.

        Of these no other parts of their facts are told than those that were asked about: they are compared.
        """
        self._asked = asked
        self._cache = cache
        self._roots = roots
        self._changed = changed

    def kind(self, module: str) -> ModuleKind:
        return _known(self._asked.kinds, module) if self._is_ours(module) else ModuleKind.EXTERNAL

    def facts(self, module: str, about: str = ALL) -> ModuleFacts | None:
        place = _known(self._asked.places, module) if self._is_ours(module) else None
        if place is None:
            return None
        path, oid, _ = place
        if path in self._changed and not {about, ALL} & self._asked.facts.get(module, set()):
            raise UnaskedError
        found = self._cache.recall(FACTS, (oid, path, module))
        if found is None:
            raise UnaskedError
        return found

    def primary(self, module: str) -> str:
        return _known(self._asked.primaries, module) if self._is_ours(module) else module

    def path_of(self, module: str) -> str | None:
        return _known(self._asked.files, module) if self._is_ours(module) else None

    def fault(self, module: str) -> str | None:
        return _known(self._asked.faults, module) if self._is_ours(module) else None

    def some(self, search: Search, apart_from: frozenset[str] = frozenset()) -> bool:
        return _known(self._asked.searches, (search, apart_from))

    def _is_ours(self, module: str) -> bool:
        return root(module) in self._roots


def _known(answers: Mapping[K, V], question: K) -> V:
    if question not in answers:
        raise UnaskedError
    return answers[question]


def parts_of(
    facts: ModuleFacts, parts: Iterable[str], is_ours: Callable[[str], bool], public: frozenset[str] = frozenset()
) -> list[object]:
    """What somebody who looks at these parts sees, in a form that can be compared with other facts of the same file.

    ``is_ours`` says of the first name of a module whether it can be one of the repository; ``public`` are names that
    are looked at with what is handed on, wherever they are defined.
    """
    return [_part(facts, part, is_ours, public) for part in parts]


def _part(facts: ModuleFacts, part: str, is_ours: Callable[[str], bool], public: frozenset[str]) -> object:
    """What somebody who looked at this part has seen, in a form that can be compared.

    Where in the text something stands is seen only as its place among the rest.
    """
    if part == ALL:
        return _whole(facts)
    if part == VERDICT:
        return judge(facts).verdict
    names: Iterable[str] = (part,)
    if part == HANDED_ON:
        names = [name for name in facts.names if name in public]
        names += [name for name in facts.handed_on if not _is_external(facts.names[name], is_ours)]
    tops: tuple[TopImport, ...] = ()
    if facts.is_package or part == IMPORTS:
        tops = tuple(top for top in facts.top_imports if is_ours(root(top.module)))
    taken_from = [_taken_from(facts, name, facts.names[name]) for name in names if name in facts.names]
    return taken_from, _placed(
        replace(
            facts,
            names={name: facts.names[name] for name in names if name in facts.names},
            top_imports=tops,
            effects=(),
            access_effects=(),
            typing_names=facts.typing_names & {part},
            forwards=facts.forwards
            if facts.forwards is None or part == HANDED_ON
            else {name: to for name, to in facts.forwards.items() if name == part},
            rebound=facts.rebound & {part},
        )
    )


def _taken_from(facts: ModuleFacts, name: str, bindings: Iterable[Binding]) -> list[object]:
    """The names from which a name's assignments take their values, for each of its bindings."""
    return [(facts.name_of(one.sources, name), _taken_from(facts, name, one.sources)) for one in bindings]


def _is_external(bindings: Iterable[Binding], is_ours: Callable[[str], bool]) -> bool:
    """Whether a name is imported from outside of the repository, and nothing else."""
    return all(
        one.kind is BindingKind.IMPORT and one.target is not None and not is_ours(root(one.target.module))
        for one in bindings
    )


def _whole(facts: ModuleFacts) -> object:
    """All that can be seen of the facts; the order of the names, too."""
    seen = replace(facts, effects=_without_lines(facts.effects), access_effects=_without_lines(facts.access_effects))
    return _placed(seen), tuple(facts.names)


def _placed(facts: ModuleFacts) -> ModuleFacts:
    """With the places among all places instead of offsets."""
    rank = _ranks((*_starts(facts), *(top.start for top in facts.top_imports)))
    return replace(
        facts,
        names={name: _moved(bindings, rank) for name, bindings in facts.names.items()},
        stars=tuple(replace(star, start=rank(star.start)) for star in facts.stars),
        top_imports=tuple(replace(top, start=rank(top.start)) for top in facts.top_imports),
    )


def _starts(facts: ModuleFacts) -> Iterable[int]:
    yield from (binding.start for bindings in facts.names.values() for binding in bindings)
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
