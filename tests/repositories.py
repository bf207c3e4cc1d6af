"""Real git repositories for tests, and the unshim command: in this process, or in one of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from migrate.cli import main

ROOT = Path(__file__).resolve().parent.parent

_CACHE = tempfile.TemporaryDirectory(prefix="unshim-cache-")
"""Where runs of the tests keep what they have learnt; gone with the process."""

ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "UNSHIM", "PYTHON"))},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "NO_COLOR": "1",
    "XDG_CACHE_HOME": _CACHE.name,
}
"""Nothing of the machine's git configuration; coverage's own variables stay."""

CANONICAL = """\
class ChatManager:
    pass


def get_chat_manager() -> ChatManager:
    return ChatManager()
"""

SAMPLE: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/manager.py": CANONICAL,
    "app/old_manager.py": "from app.manager import ChatManager, get_chat_manager\n",
    "app/use.py": "from app.old_manager import ChatManager\n\nmanager = ChatManager()\n",
    "unshim.toml": '[unshim]\ncanonical = "app.manager"\n',
}
"""A canonical module, a pure shim, one user of it: two steps, nothing to decide."""

DIVERGENT: dict[str, str | bytes] = {
    "app/double.py": "class ChatManager:\n    pass\n",
    "app/decide.py": "from app.double import ChatManager\n",
}
"""Beside SAMPLE: a double of the same name, which is for the user to decide."""


@dataclass(frozen=True)
class Repo:
    """A repository in a temporary directory."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)

    def git(self, *arguments: str | bytes, stdin: bytes | None = None) -> bytes:
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=self.environment, input=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, f"git {arguments}: {done.stderr.decode(errors='replace')}"
        return done.stdout

    def word(self, *arguments: str) -> str:
        return self.git(*arguments).decode().strip()

    def configure(self, *pairs: tuple[str, str]) -> None:
        for key, value in pairs:
            self.git("config", key, value)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            place = self.path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "base") -> str:
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.word("rev-parse", "HEAD")

    def commit_objects(self, entries: Iterable[tuple[bytes, str, bytes]]) -> str:
        """Add (path, mode, content) to the branch without the working tree: for what no disk could hold."""
        lines = []
        for path, mode, content in entries:
            oid = content.decode() if mode == "160000" else self._blob(content)
            lines.append(f"{mode} {oid}\t".encode() + path)
        self.git("update-index", "-z", "--index-info", stdin=b"\0".join([*lines, b""]))
        tree = self.word("write-tree")
        made = self.word("commit-tree", tree, "-p", "HEAD", "-m", "objects")
        self.git("update-ref", "HEAD", made)
        return made

    def _blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--no-filters", "--stdin", stdin=content).decode().strip()

    def files(self, revision: str = "HEAD") -> dict[bytes, tuple[str, str]]:
        """(mode, object) of every file of a commit."""
        found = {}
        for line in self.git("ls-tree", "-r", "-z", "--full-tree", revision).split(b"\0"):
            if line:
                head, _, path = line.partition(b"\t")
                mode, _, oid = head.decode().split()
                found[path] = (mode, oid)
        return found

    def content(self, revision: str, path: str) -> bytes:
        return self.git("cat-file", "blob", f"{revision}:{path}")

    def objects(self) -> set[str]:
        """Every object file, loose or packed."""
        return {str(place.relative_to(self.git_dir)) for place in (self.git_dir / "objects").rglob("*")}

    @property
    def git_dir(self) -> Path:
        return self.path / self.word("rev-parse", "--git-dir")

    def state(self) -> dict[str, object]:
        """Everything that unshim must leave alone: refs, HEAD, index, stash, status, configuration, files."""
        here = self.git_dir
        index = here / "index"
        status = ("--no-optional-locks", "status", "--porcelain=v2", "-z", "--untracked-files=all")
        bare = self.word("rev-parse", "--is-bare-repository") == "true"
        return {
            "HEAD": (here / "HEAD").read_bytes(),
            "refs": self.git("for-each-ref"),
            "index": (index.read_bytes(), index.stat().st_mtime_ns) if index.exists() else None,
            "stash": self.git("stash", "list") if not bare else b"",
            "config": (here / "config").read_bytes(),
            "status": b"" if bare else self.git(*status),
            "files": {} if bare else _files_below(self.path),
            "worktrees": self.git("worktree", "list", "--porcelain"),
        }


def _files_below(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for place in folder.rglob("*"):
        if ".git" in place.relative_to(folder).parts:
            continue
        if place.is_symlink():
            found[str(place)] = str(place.readlink())
        elif place.is_file():
            found[str(place)] = (place.read_bytes(), place.stat().st_mtime_ns, place.stat().st_mode)
    return found


def make_repo(path: Path, files: Mapping[str, str | bytes] | None = None, *, identity: bool = True) -> Repo:
    """A repository; with one commit, if there are files."""
    path.mkdir(parents=True, exist_ok=True)
    repo = Repo(path)
    repo.git("init", "-q", "-b", "main", "--template=")
    with (path / ".git" / "config").open("a") as config:
        config.write("[core]\n\tautocrlf = false\n[gc]\n\tauto = 0\n")
        if identity:
            config.write("[user]\n\tname = Ada Tester\n\temail = ada@example.org\n")
    if files is not None:
        repo.commit(files)
    return repo


@dataclass(frozen=True)
class Result:
    """What the command said, and how it ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def unshim(
    *arguments: str | Path,
    cwd: Path | None = None,
    terminal: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Result:
    """Run the command in this process, through its own main()."""
    out = io.BytesIO()
    err = _Terminal() if terminal else io.StringIO()
    stream = io.TextIOWrapper(out, encoding="utf-8")
    with (
        mock.patch.dict(os.environ, {**ENVIRONMENT, **(environment or {})}, clear=True),
        mock.patch.object(sys, "argv", ["unshim", *map(str, arguments)]),
        mock.patch.object(sys, "stdout", stream),
        mock.patch.object(sys, "stderr", err),
        chdir(cwd or Path.cwd()),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
        stream.flush()
    assert isinstance(code, int)
    return Result(code, out.getvalue(), err.getvalue())


def unshim_process(
    *arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Result:
    """Run the command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "migrate", *map(str, arguments)],
        cwd=cwd or ROOT,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr.decode())


def scan(repo: Repo, *arguments: str | Path) -> Any:
    """The JSON of a scan, which must succeed in silence."""
    result = unshim("scan", "--repo", repo.path, "--format", "json", *arguments)
    assert (result.code, result.err) == (0, ""), result
    return result.json


def unchecked(document: Any) -> dict[str, str]:
    """path -> reason of what was not checked."""
    return {one["path"]: one["reason"] for one in document["unchecked"]}


def references(document: Any, **wanted: object) -> list[Any]:
    """The references of a JSON document with these values."""
    return [one for one in document["references"] if all(one[key] == value for key, value in wanted.items())]
