"""Cache: what was learnt from the content of single files, so that the next plan need not learn it again."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Generic, TypeVar, cast

from migrate.parallel import Shared, mapped
from migrate.snapshots import is_blob

A = TypeVar("A")

Key = tuple[Hashable, ...]
"""The id of a blob first, and what else the answer depends on.

If that is the file's path, or its module's name, they come next, in this order.
"""

LAST: Key = ("",)
"""Of what is remembered of the last plan, and of no blob."""


@dataclass(frozen=True)
class Question(Generic[A]):
    """Something to ask about one file.

    The answer must be a pure function of the key: of the blob's bytes and the rest of the key, and of nothing that
    other files, the recipe or the repository say, unless the key has an epoch (see asked.py). Answers are shared
    between plans and never changed.
    """

    name: str


Answers = dict[tuple[str, Key], object]
"""By the name of the question and the key."""
Packed = dict[tuple[str, Key], bytes]
"""The same, each answer pickled by itself: most are never asked for again, and are not unpacked."""


class Cache:
    """Remembers answers about files. A plan is the same with a full cache as with an empty one, only sooner there.

    One cache may serve any number of plans, one after the other, over any commits and with any recipes. It holds
    on to what was asked for since the last but one turn(), so that a long walk over commits does not fill the
    memory. About a file that is no blob (one on disk, that may change) nothing is remembered.
    """

    def __init__(self, packed: Packed | None = None) -> None:
        """``packed`` are the answers of another cache."""
        self._packed: Packed = packed or {}
        self._now: Answers = {}
        self._before: Answers = dict.fromkeys(self._packed, _UNREAD)

    def turn(self) -> None:
        """A plan is done: forget what neither it nor the one before has asked for."""
        self._before, self._now = self._now, {}

    def packed(self, *, with_before: bool = False) -> Packed:
        """What was asked for since the last turn(); what was asked before it if nothing was, or if that is wanted."""
        last = {**self._before, **self._now} if with_before else self._now or self._before
        return {
            place: self._packed[place] if place in self._packed else pickle.dumps(found, pickle.HIGHEST_PROTOCOL)
            for place, found in last.items()
        }

    def answer(self, question: Question[A], key: Key, ask: Callable[[], A]) -> A:
        """The remembered answer; or that of ``ask``, which is then remembered."""
        if not _is_kept(key):
            return ask()
        if not self._knows(question, key):
            self._now[question.name, key] = ask()
        return self._get(question, key)

    def answers(
        self,
        question: Question[A],
        keys: Sequence[Key],
        ask: Callable[[int], A],
        jobs: int,
        shared: Shared | None = None,
    ) -> list[A]:
        """The answer for each key; ``ask`` gets the number of a key, on up to ``jobs`` cores."""
        unknown = [number for number, key in enumerate(keys) if not (_is_kept(key) and self._knows(question, key))]
        fresh = dict(zip(unknown, mapped(ask, unknown, jobs, shared), strict=True))
        for number, found in fresh.items():
            self.keep(question, keys[number], found)
        return [fresh[number] if number in fresh else self._get(question, key) for number, key in enumerate(keys)]

    def recall(self, question: Question[A], key: Key) -> A | None:
        """The remembered answer; None where there is none."""
        return self._get(question, key) if self.knows(question, key) else None

    def keep(self, question: Question[A], key: Key, answer: A) -> None:
        """Remember an answer, instead of the one that was there."""
        if _is_kept(key):
            self._now[question.name, key] = answer
            self._packed.pop((question.name, key), None)

    def knows(self, question: Question[A], key: Key) -> bool:
        """Whether there is an answer."""
        return _is_kept(key) and self._knows(question, key)

    def asked_about(self, apart_from: Question[A]) -> frozenset[str]:
        """The blobs about which there is an answer, other than to that question."""
        return frozenset(
            key[0]
            for answers in (self._now, self._before)
            for name, key in answers
            if isinstance(key[0], str) and name != apart_from.name
        )

    def about(self, oids: Container[str]) -> dict[str, list[tuple[str, Key]]]:
        """By blob: the questions, by name and key, to which there is an answer."""
        found: dict[str, list[tuple[str, Key]]] = {}
        for name, key in dict.fromkeys((*self._before, *self._now)):  # most of those of now were there before
            if isinstance(key[0], str) and key[0] in oids:
                found.setdefault(key[0], []).append((name, key))
        return found

    def _get(self, question: Question[A], key: Key) -> A:
        place = (question.name, key)
        found = self._now[place]
        if found is _UNREAD:
            found = self._now[place] = pickle.loads(self._packed[place])  # noqa: S301  see store.py
        return cast(A, found)

    def _knows(self, question: Question[A], key: Key) -> bool:
        """Whether there is an answer; one from before the last turn is taken over."""
        place = (question.name, key)
        if place in self._now:
            return True
        if place in self._before:
            self._now[place] = self._before[place]
            return True
        return False


def as_one(words: Iterable[str]) -> str:
    """Names that have no spaces, as a part of a key: one text is compared sooner than a set of many."""
    return " ".join(sorted(words))


def words_of(part: Hashable) -> frozenset[str]:
    """The names again."""
    assert isinstance(part, str)
    return frozenset(part.split(" ") if part else ())


_UNREAD = object()
"""Stands for an answer that is packed."""


def _is_kept(key: Key) -> bool:
    return not isinstance(key[0], str) or is_blob(key[0])


def stable(value: object) -> str:
    """The same text for equal values, in every process: sets are sorted, as their own order is not."""
    if is_dataclass(value):
        inner = (f"{one.name}={stable(getattr(value, one.name))}" for one in fields(value) if one.compare)
        return f"{type(value).__name__}({', '.join(inner)})"
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{stable(key)}: {stable(one)}" for key, one in value.items()) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(stable(one) for one in value)) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(stable(one) for one in value) + ")"
    return repr(value)
