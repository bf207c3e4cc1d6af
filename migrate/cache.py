"""Cache: what was learnt from the content of single files, so that the next plan need not learn it again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from migrate.parallel import mapped
from migrate.snapshots import Files, is_blob

A = TypeVar("A")

Key = tuple[str, *tuple[Hashable, ...]]
"""The id of a blob, and what else the answer depends on: the file's path, its module's name, the words looked for."""


@dataclass(frozen=True)
class Question(Generic[A]):
    """Something to ask about one file.

    The answer must be a pure function of the key: of the blob's bytes and the rest of the key, and of nothing that
    other files, the recipe or the repository say. So nothing that follows a name into another module belongs here:
    no alias, no finding, no edit. Answers are shared between plans and never changed.
    """

    name: str


class Cache:
    """Remembers answers about files. A plan is the same with a full cache as with an empty one, only sooner there.

    One cache may serve any number of plans, one after the other, over any commits and with any recipes. It holds
    on to what was asked for since the last but one turn(), so that a long walk over commits does not fill the
    memory. About a file that is no blob (one on disk, that may change) nothing is remembered.

    Everything is in memory, and gone with the process. A store on disk fits under answer() and answers(): a question's
    name, the key and the version of unshim say all that an answer depends on.
    """

    def __init__(self, *, expects_more: bool = True) -> None:
        """``expects_more`` says whether another plan will ask: what only that one could use is not kept without."""
        self.expects_more = expects_more
        self._now: dict[tuple[str, Key], object] = {}
        self._before: dict[tuple[str, Key], object] = {}

    def turn(self) -> None:
        """A plan is done: forget what neither it nor the one before has asked for."""
        self._before, self._now = self._now, {}

    def answer(self, question: Question[A], key: Key, ask: Callable[[], A]) -> A:
        """The remembered answer; or that of ``ask``, which is then remembered."""
        if not is_blob(key[0]):
            return ask()
        if not self._knows(question, key):
            self._now[question.name, key] = ask()
        return cast(A, self._now[question.name, key])

    def answers(self, question: Question[A], keys: Sequence[Key], ask: Callable[[int], A], jobs: int) -> list[A]:
        """The answer for each key; ``ask`` gets the number of a key, on up to ``jobs`` cores."""
        unknown = [number for number, key in enumerate(keys) if not (is_blob(key[0]) and self._knows(question, key))]
        fresh = dict(zip(unknown, mapped(ask, unknown, jobs), strict=True))
        for number, found in fresh.items():
            if is_blob(keys[number][0]):
                self._now[question.name, keys[number]] = found
        return [
            fresh[number] if number in fresh else cast(A, self._now[question.name, key])
            for number, key in enumerate(keys)
        ]

    def recall(self, question: Question[A], key: Key) -> A | None:
        """The remembered answer; None where there is none."""
        is_known = is_blob(key[0]) and self._knows(question, key)
        return cast(A, self._now[question.name, key]) if is_known else None

    def keep(self, question: Question[A], key: Key, answer: A) -> None:
        """Remember an answer, instead of the one that was there."""
        if is_blob(key[0]):
            self._now[question.name, key] = answer

    def read(self, files: Files, oids: Sequence[str]) -> Iterator[bytes | None]:
        """The contents of blobs, in order, as Files.read() gives them; what is missing is asked for again."""
        known = [is_blob(oid) and self._knows(_CONTENT, (oid,)) for oid in oids]
        fresh = files.read(oid for oid, is_known in zip(oids, known, strict=True) if not is_known)
        for oid, is_known in zip(oids, known, strict=True):
            if is_known:
                yield cast(bytes, self._now[_CONTENT.name, (oid,)])
                continue
            content = next(fresh)
            if content is not None and is_blob(oid):
                self._now[_CONTENT.name, (oid,)] = content
            yield content

    def _knows(self, question: Question[A], key: Key) -> bool:
        """Whether there is an answer; one from before the last turn is taken over."""
        place = (question.name, key)
        if place in self._now:
            return True
        if place in self._before:
            self._now[place] = self._before[place]
            return True
        return False


_CONTENT = Question[bytes]("content")
