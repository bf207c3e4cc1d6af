"""mapped() and shared_out(): many items on all cores, by forking; in one process where that pays better."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")

_WORTH_A_PROCESS = 64
"""Fewer items a process than this cost less than starting one, as a rule."""


class Shared(Protocol):
    """What learns while the function runs: what it learnt in a child is given to the one in the parent."""

    def fork(self) -> None:
        """A child begins, with all that is known so far."""

    def learnt(self) -> object:
        """What was learnt since then; picklable."""

    def learn(self, learnt: object, /) -> None:
        """Take over what a child has learnt."""


def default_jobs() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def mapped(
    function: Callable[[T], R],
    items: Sequence[T],
    jobs: int,
    shared: Shared | None = None,
    worth: int = _WORTH_A_PROCESS,
) -> list[R]:
    """``[function(item) for item in items]`` over up to ``jobs`` processes. See shared_out()."""
    return shared_out(lambda share: map(function, share), items, jobs, shared, worth)


def shared_out(
    function: Callable[[Sequence[T]], Iterable[R]],
    items: Sequence[T],
    jobs: int,
    shared: Shared | None = None,
    worth: int = _WORTH_A_PROCESS,
) -> list[R]:
    """``list(function(items))``, where each of up to ``jobs`` processes gets a share of at least ``worth`` items.

    The function gives one result for each item, in order; results must be picklable.
    The children are forks: they share everything that was read so far without copying it, and what they
    remember is lost with them, but for what ``shared`` hands over. So is the memory that they needed: this process
    does no item itself. An exception in a child is raised here.
    """
    count = min(jobs, len(items) // worth)
    if count < 2:
        return list(function(items))
    import multiprocessing  # late: a command that asks no such question need not wait for it

    if "fork" not in multiprocessing.get_all_start_methods():
        return list(function(items))
    context = multiprocessing.get_context("fork")
    readers: list[Connection] = []
    children = []
    for number in range(count):
        reader, writer = context.Pipe(duplex=False)
        arguments = (function, items[number::count], writer, shared)
        child = context.Process(target=_child, args=arguments, daemon=True)
        child.start()
        writer.close()
        readers.append(reader)
        children.append(child)
    results: list[list[R]] = []
    for reader, child in zip(readers, children, strict=True):
        received = reader.recv()
        child.join()
        if isinstance(received, BaseException):
            raise received
        found, learnt = received
        results.append(found)
        if shared is not None:
            shared.learn(learnt)
    return [results[index % count][index // count] for index in range(len(items))]


def _child(
    function: Callable[[Sequence[T]], Iterable[R]], items: Sequence[T], writer: Connection, shared: Shared | None
) -> None:
    try:
        if shared is not None:
            shared.fork()
        results = list(function(items))
        writer.send((results, None if shared is None else shared.learnt()))
    except BaseException as error:  # noqa: BLE001  it is raised in the parent
        writer.send(error)
    finally:
        writer.close()
