"""Kills `unshim apply --partial` at every kind of moment, and proves that the branch is whole or absent each time.

    .venv/bin/python benchmarks/kill_apply.py --kills 240 [--repo DIR]

The moments are system calls that write: opening for writing, write, rename, link, unlink, mkdir, fsync, execve and
their kin, in unshim and in every git that it starts. An undisturbed run under ptrace counts them; the kills are
spread evenly over the count, and take turns between four kinds: before the call or after it, the one process that
makes it or the whole tree. (strace can kill at a call, but counts the calls of each process by itself: it cannot
name the N-th call of a tree.) After each kill everything of the repository is compared, then an undisturbed apply
must succeed and leave nothing behind. Linux only. Without --repo the repository is made of the example. It exits 1
if a verdict is neither 'old' nor 'complete', or anything else differs.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True

import libcst  # noqa: E402, F401 - so that a child need not

from migrate import cli  # noqa: E402

_CALLS = {
    "x86_64": {
        1: "write", 18: "pwrite64", 20: "writev", 2: "open", 257: "openat", 82: "rename", 264: "renameat",
        316: "renameat2", 86: "link", 265: "linkat", 87: "unlink", 263: "unlinkat", 83: "mkdir", 258: "mkdirat",
        84: "rmdir", 74: "fsync", 75: "fdatasync", 77: "ftruncate", 88: "symlink", 266: "symlinkat", 90: "chmod",
        91: "fchmod", 268: "fchmodat", 59: "execve",
    },
    "aarch64": {
        64: "write", 68: "pwrite64", 66: "writev", 56: "openat", 38: "renameat", 276: "renameat2", 37: "linkat",
        35: "unlinkat", 34: "mkdirat", 82: "fsync", 83: "fdatasync", 46: "ftruncate", 36: "symlinkat", 52: "fchmod",
        53: "fchmodat", 221: "execve",
    },
}  # fmt: skip

_TRACEME, _CONTINUE_TO_CALL, _SET_OPTIONS, _CALL_INFO = 0, 24, 0x4200, 0x420E
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100000  # sysgood, fork, vfork, clone, exec; killed with the tracer
_ENTRY, _EXIT = 1, 2
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class _CallInfo(ctypes.Structure):
    """struct ptrace_syscall_info, of which the entry's part is the longest."""

    _fields_ = [
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("ip", ctypes.c_uint64),
        ("sp", ctypes.c_uint64),
        ("nr", ctypes.c_uint64),
        ("args", ctypes.c_uint64 * 6),
        ("rest", ctypes.c_uint64 * 2),
    ]


class Kind(Enum):
    """Where a kill strikes."""

    ONE_BEFORE = "the process, before the call"
    TREE_BEFORE = "the tree, before the call"
    ONE_AFTER = "the process, after the call"
    TREE_AFTER = "the tree, after the call"


@dataclass(frozen=True)
class Kill:
    """One kill: at which writing call of the tree, counted from 0."""

    moment: int
    kind: Kind


@dataclass(frozen=True)
class Run:
    """How a traced run ended, and its writing calls up to the kill."""

    code: int
    calls: tuple[str, ...]


def ptrace(request: int, pid: int, address: int = 0, data: object = 0) -> None:
    if _libc.ptrace(request, pid, address, data) < 0:
        code = ctypes.get_errno()
        if code != errno.ESRCH:  # killed meanwhile
            raise OSError(code, "ptrace")


def applying(repo: Path, *, traced: bool) -> int:
    """Fork a child that applies; all modules are loaded already. Its process id, which leads a group of its own."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.chdir(repo)
    sys.argv = ["unshim", "apply", "--partial", "--jobs", "1"]
    if traced:
        ptrace(_TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
    return _command()


def _command() -> NoReturn:
    try:
        cli.main()
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:  # noqa: BLE001  the parent tells it by the exit code
        os._exit(99)
    os._exit(0)


def untraced(repo: Path) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(applying(repo, traced=False), 0)[1])


def traced(repo: Path, kill: Kill | None) -> Run:
    """Apply, and kill at the moment; only returns when every process of the tree has ended."""
    names = _CALLS[platform.machine()]
    leader = applying(repo, traced=True)
    os.waitpid(leader, 0)
    ptrace(_SET_OPTIONS, leader, 0, _OPTIONS)
    ptrace(_CONTINUE_TO_CALL, leader)
    alive, calls, code = {leader}, [], 99
    due: int | None = None  # the process to strike when its call returns
    info = _CallInfo()

    def strike(pid: int) -> None:
        assert kill is not None
        for one in (pid,) if kill.kind in (Kind.ONE_BEFORE, Kind.ONE_AFTER) else tuple(alive):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    while alive:
        try:
            pid, status = os.waitpid(-1, 0x40000000)  # __WALL: threads too
        except ChildProcessError:
            break
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            alive.discard(pid)
            if pid == leader:
                code = os.waitstatus_to_exitcode(status)
            continue
        alive.add(pid)
        stop, event, passed = os.WSTOPSIG(status), status >> 16, 0
        if stop == signal.SIGTRAP | 0x80:
            ptrace(_CALL_INFO, pid, ctypes.sizeof(info), ctypes.addressof(info))
            if info.op == _ENTRY and (name := names.get(info.nr)):
                flags = info.args[1 if name == "open" else 2]
                if name not in ("open", "openat") or flags & _WRITES:
                    if kill is not None and len(calls) == kill.moment:
                        if kill.kind in (Kind.ONE_BEFORE, Kind.TREE_BEFORE):
                            strike(pid)
                        else:
                            due = pid
                    calls.append(name)
            elif info.op == _EXIT and due == pid:
                due = None
                strike(pid)
        elif not event and stop not in (signal.SIGSTOP, signal.SIGTRAP):
            passed = stop
        ptrace(_CONTINUE_TO_CALL, pid, 0, passed)
    return Run(code, tuple(calls))


def git(repo: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(repo), *arguments], capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)} exits {done.returncode}: {done.stderr.decode()}")
    return done.stdout


@dataclass(frozen=True)
class State:
    """What a kill must not change; the branch itself is looked at apart."""

    refs: bytes
    head: bytes
    index: bytes
    status: bytes
    stash: bytes
    tree: str

    @classmethod
    def of(cls, repo: Path, branch: str) -> State:
        refs = git(repo, "for-each-ref").splitlines()
        work = hashlib.sha256()
        for place in sorted(repo.rglob("*")):
            name = place.relative_to(repo)
            if name.parts[0] != ".git" and place.is_file():
                work.update(repr((str(name), place.stat().st_mode, place.read_bytes())).encode())
        return cls(
            b"\n".join(line for line in refs if not line.endswith(f"\trefs/heads/{branch}".encode())),
            (repo / ".git" / "HEAD").read_bytes(),
            (repo / ".git" / "index").read_bytes(),
            git(repo, "--no-optional-locks", "status", "--porcelain"),
            git(repo, "stash", "list"),
            work.hexdigest(),
        )


def chain(repo: Path, branch: str) -> bytes:
    """The ids of the branch's commits, which name trees, dates and messages too; empty where there is none."""
    if not git(repo, "for-each-ref", f"refs/heads/{branch}"):
        return b""
    return git(repo, "rev-list", branch)


def leftovers(repo: Path, scratch: Path) -> list[str]:
    """What a run must not leave: locks, working trees, claims, temporary directories."""
    home = repo / ".git"
    found = [*home.rglob("*.lock"), *home.glob("worktrees"), *home.glob("unshim*"), *scratch.glob("unshim-*")]
    return [str(place) for place in found]


def example(folder: Path) -> Path:
    """A repository of the example, as demo.sh makes it."""
    repo = folder / "parley"
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache")
    shutil.copytree(ROOT / "examples" / "websocket_manager", repo, ignore=ignored)
    for arguments in (
        ("init", "--quiet"),
        ("symbolic-ref", "HEAD", "refs/heads/main"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", "Parley, a chat server"),
    ):
        git(repo, *arguments)
    return repo


def branch_made(repo: Path) -> str:
    """Apply undisturbed; the branch that this makes."""
    before = set(git(repo, "for-each-ref", "--format=%(refname)", "refs/heads/").decode().split())
    if code := untraced(repo):
        raise SystemExit(f"the undisturbed apply exits {code}")
    after = set(git(repo, "for-each-ref", "--format=%(refname)", "refs/heads/").decode().split())
    if len(after - before) != 1:
        raise SystemExit("the undisturbed apply made no branch")
    return (after - before).pop().removeprefix("refs/heads/")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kills", type=int, default=240)
    arguments.add_argument("--repo", type=Path, help="a copy is used; it has a recipe, and not yet the branch")
    given = arguments.parse_args()
    if platform.machine() not in _CALLS or not sys.platform.startswith("linux"):
        raise SystemExit("the system calls are only known for Linux on x86_64 and aarch64")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    os.environ |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", "1700000000 +0000"))},
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="kill-apply-") as name:
        folder = Path(name)
        scratch = folder / "tmp"
        scratch.mkdir()
        os.environ["TMPDIR"] = str(scratch)
        tempfile.tempdir = str(scratch)
        if given.repo is None:
            pristine = example(folder)
        else:
            pristine = folder / "copy"
            shutil.copytree(given.repo, pristine, symlinks=True)
        raise SystemExit(all_kills(pristine, folder / "work", scratch, given.kills))


def all_kills(pristine: Path, repo: Path, scratch: Path, kills: int) -> int:
    def fresh() -> None:
        shutil.rmtree(repo, ignore_errors=True)
        for place in scratch.iterdir():
            shutil.rmtree(place)
        shutil.copytree(pristine, repo, symlinks=True)
        git(repo, "update-index", "-q", "--refresh")

    fresh()
    branch = branch_made(repo)
    wanted = chain(repo, branch)
    fresh()
    whole = traced(repo, None)
    if whole.code or chain(repo, branch) != wanted:
        raise SystemExit(f"the traced run without a kill exits {whole.code}")
    print(f"branch {branch}, {len(wanted.split())} commits in its chain")
    print(f"writing calls of one undisturbed run: {len(whole.calls)}")
    print("  " + ", ".join(f"{name} {count}" for name, count in Counter(whole.calls).most_common()))
    return Table(branch, wanted, fresh).fill(repo, scratch, len(whole.calls), kills)


@dataclass(frozen=True)
class Table:
    """The verdicts of all kills."""

    branch: str
    wanted: bytes
    fresh: Callable[[], None]

    def fill(self, repo: Path, scratch: Path, moments: int, kills: int) -> int:
        kinds = list(Kind)
        verdicts: Counter[tuple[Kind, str]] = Counter()
        struck: Counter[str] = Counter()
        left: Counter[str] = Counter()
        failures: list[str] = []
        start = time.monotonic()
        for number in range(kills):
            kill = Kill(number * moments // kills, kinds[number % len(kinds)])
            self.fresh()
            before = State.of(repo, self.branch)
            run = traced(repo, kill)
            if len(run.calls) <= kill.moment:
                failures.append(f"{kill}: the run made only {len(run.calls)} calls")
                continue
            struck[run.calls[kill.moment]] += 1
            verdict, problems = self.verdict(repo, before, run)
            for place in leftovers(repo, scratch):
                left["temporary directory" if place.startswith(str(scratch)) else Path(place).suffix] += 1
            problems += self.again(repo, scratch, before, verdict)
            verdicts[kill.kind, verdict] += 1
            failures += [f"{kill} in {run.calls[kill.moment]}: {problem}" for problem in problems]
        print(f"\n{'killed':32}{'old':>10}{'complete':>10}{'else':>10}")
        for kind in kinds:
            old, complete = verdicts[kind, "old"], verdicts[kind, "complete"]
            rest = sum(count for (one, _), count in verdicts.items() if one is kind) - old - complete
            print(f"{kind.value:32}{old:10}{complete:10}{rest:10}")
        print(f"\n{verdicts.total()} kills in {time.monotonic() - start:.0f} s, at these calls:")
        print("  " + ", ".join(f"{name} {count}" for name, count in struck.most_common()))
        print("left by the kills, and removed by the next apply:")
        print("  " + (", ".join(f"{name} {count}" for name, count in left.most_common()) or "nothing"))
        print(f"failures: {len(failures)}")
        for failure in failures:
            print(f"  {failure}")
        return 1 if failures else 0

    def verdict(self, repo: Path, before: State, run: Run) -> tuple[str, list[str]]:
        found = chain(repo, self.branch)
        verdict = {b"": "old", self.wanted: "complete"}.get(found, "else")
        problems = [] if verdict != "else" else [f"the branch is {found!r}"]
        if State.of(repo, self.branch) != before:
            problems.append("the repository's state changed")
        if run.code == 99 or (run.code == 0 and verdict != "complete"):
            problems.append(f"exit code {run.code} although the branch is {verdict}")
        if run.code > 0 and verdict == "complete":
            problems.append(f"exit code {run.code} although the branch is complete")
        git(repo, "fsck", "--strict", "--no-dangling", "--no-progress")
        return verdict, problems

    def again(self, repo: Path, scratch: Path, before: State, verdict: str) -> list[str]:
        """An undisturbed apply after the kill; a complete branch is removed first, so that it must be made anew."""
        if verdict != "old":
            git(repo, "update-ref", "-d", f"refs/heads/{self.branch}")
        code = untraced(repo)
        problems = [] if code == 0 else [f"the next apply exits {code}"]
        if chain(repo, self.branch) != self.wanted:
            problems.append("the next apply does not make the branch")
        if State.of(repo, self.branch) != before:
            problems.append("the next apply changed the repository's state")
        return problems + [f"left behind: {place}" for place in leftovers(repo, scratch)]


if __name__ == "__main__":
    main()
