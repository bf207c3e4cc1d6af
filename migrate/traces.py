"""Traces: what the passes over a file asked about the rest of the repository, so that they need not run again.

What the passes find in a file depends on its text, and on what Rules say about other modules. A trace is the record
of one run: every question that went to the rules, in order, with the answer, and the result. The passes are functions
of text and answers. So where the same questions get the same answers, over the same text, the result is the same:
whatever else has changed, and whatever it is that the answers were worked out from.

To ask them anew is much cheaper than to run the passes. It also leaves the rules as a run would leave them: what they
remember from one question to the next was asked for in the same order, up to the first answer that is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

from codemods.decisions import Elsewhere
from codemods.engine import Rules
from codemods.mentions import Mentions
from codemods.ownership import Contest, Ownership
from codemods.symbols import Symbol

R = TypeVar("R")

_Arguments = tuple[tuple[object, ...], tuple[tuple[str, object], ...]]
_Asked = tuple[str, str, _Arguments | None]
"""Who was asked, for what, and the arguments; None for those of a plain attribute."""

Asked = tuple[tuple[_Asked, object], ...]
"""Questions with their answers, in order."""

Fingerprint = Callable[[str], object]
"""What stands for the facts of a module: two that are equal have the same facts, which are too large to compare."""


@dataclass(frozen=True)
class Trace(Generic[R]):
    """One run of the passes over a file."""

    asked: Asked
    result: R

    def holds(self, rules: Rules, fingerprint: Fingerprint) -> bool:
        """Whether a run with these rules would have the same result."""
        subjects = _subjects(rules)
        return all(_answer(subjects, fingerprint, asked) == known for asked, known in self.asked)


@dataclass(frozen=True, slots=True)
class _Stream:
    """The answer of a generator, in full."""

    items: tuple[object, ...]


class _Log:
    """Asks the rules, and writes everything down."""

    def __init__(self, rules: Rules, fingerprint: Fingerprint) -> None:
        self._subjects = _subjects(rules)
        self._fingerprint = fingerprint
        self._answers: dict[_Asked, object] = {}
        self.is_complete = True

    @property
    def asked(self) -> Asked:
        return tuple(self._answers.items())

    def ask(self, asked: _Asked) -> object:
        subject, name, arguments = asked
        try:
            is_known = asked in self._answers
        except TypeError:  # an argument that can change: nothing is known about the next run
            self.is_complete, is_known = False, False
            return _answer(self._subjects, self._fingerprint, asked)
        if not is_known:
            self._answers[asked] = _answer(self._subjects, self._fingerprint, asked)
        if (subject, name) == _FACTS and arguments is not None:
            return _call(self._subjects[subject], name, arguments)
        return self._answers[asked]


class _Recorded:
    """Stands in front of one of the rules' objects."""

    def __init__(self, log: _Log, subject: str, answers: Mapping[str, object], real: object) -> None:
        self._log = log
        self._subject = subject
        self._own = answers
        self._real = real

    def __getattr__(self, name: str) -> object:
        if name in self._own:
            return self._own[name]
        if callable(getattr(self._real, name)):

            def asked(*positional: object, **named: object) -> object:
                found = self._log.ask((self._subject, name, (positional, tuple(sorted(named.items())))))
                return iter(found.items) if isinstance(found, _Stream) else found

            return asked
        return self._log.ask((self._subject, name, None))


_FACTS = ("modules", "facts")


def traced(rules: Rules, path: str, fingerprint: Fingerprint, run: Callable[[Rules], R]) -> tuple[R, Asked | None]:
    """The result of ``run`` over the file, and what it asked; None where that cannot be asked again.

    Of what must stay for the sake of others it sees its own file's: see held().
    """
    log = _Log(rules, fingerprint)
    subjects = _subjects(rules)
    pinned, contested = held(rules, path)
    modules = _Recorded(log, "modules", {}, subjects["modules"])
    aliases = _Recorded(log, "aliases", {}, subjects["aliases"])
    own: dict[str, object] = {
        "alias_map": aliases,
        "modules": modules,
        "pinned": pinned,
        "contested": dict(contested),
    }
    result = run(
        replace(
            rules,
            ownership=cast(Ownership, _Recorded(log, "ownership", own, rules.ownership)),
            mentions=cast(Mentions, _Recorded(log, "mentions", {}, rules.mentions)),
            elsewhere=cast(Elsewhere, _Recorded(log, "elsewhere", {}, rules.elsewhere)),
            proved=lambda module: bool(log.ask(("rules", "proved", ((module,), ())))),
        )
    )
    return result, log.asked if log.is_complete else None


Held = tuple[frozenset[tuple[str, str]], frozenset[tuple[tuple[str, Symbol], Contest]]]


def held(rules: Rules, path: str) -> Held:
    """What the rules hold back in one file; see Ownership.with_held()."""
    pinned = frozenset(one for one in rules.ownership.pinned if one[0] == path)
    return pinned, frozenset(one for one in rules.ownership.contested.items() if one[0][0] == path)


def _subjects(rules: Rules) -> dict[str, object]:
    return {
        "ownership": rules.ownership,
        "aliases": rules.ownership.alias_map,
        "modules": rules.ownership.modules,
        "mentions": rules.mentions,
        "elsewhere": rules.elsewhere,
        "rules": rules,
    }


def _answer(subjects: Mapping[str, object], fingerprint: Fingerprint, asked: _Asked) -> object:
    subject, name, arguments = asked
    if arguments is None:
        return getattr(subjects[subject], name)
    if (subject, name) == _FACTS:
        _call(subjects[subject], name, arguments)
        return fingerprint(cast(str, arguments[0][0]))
    found = _call(subjects[subject], name, arguments)
    return _Stream(tuple(found)) if isinstance(found, Iterator) else found


def _call(subject: object, name: str, arguments: _Arguments) -> object:
    positional, named = arguments
    return getattr(subject, name)(*positional, **dict(named))
