"""apply: the commits, the one ref update, and that nothing else of the repository ever changes."""

from __future__ import annotations

import ast
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from repositories import DIVERGENT, ENVIRONMENT, ROOT, SAMPLE, Repo, make_repo, scan, unshim

from migrate import run
from migrate.branches import Existing
from migrate.errors import MigrateError
from migrate.planning import build_plan
from migrate.recipe import load_recipe
from migrate.repository import Repository

RICH: dict[str, str | bytes] = {
    "app/__init__.py": "from .old_manager import ChatManager\n",
    "app/manager.py": SAMPLE["app/manager.py"],
    "app/old_manager.py": "from app.manager import ChatManager, get_chat_manager\nOldManager = ChatManager\n",
    "app/older.py": b"from app.old_manager import OldManager as OlderManager",
    "app/crlf.py": b"import os\r\nfrom app.old_manager import (ChatManager,\r\n    get_chat_manager)  # both\r\n"
    b"print(os)\r\n",
    "app/cr.py": b"from app.old_manager import ChatManager\rprint(ChatManager)\r",
    "app/mixed.py": b"from app.old_manager import ChatManager\r\nx = ChatManager()\ny = x\r\n\x0c\r\nz = y\n",
    "app/bare.py": b"x = 1\nfrom app.old_manager import ChatManager as M; M()",
    "app/bom.py": b"\xef\xbb\xbffrom app.older import OlderManager\nOlderManager()\n",
    "app/latin.py": "# coding: latin-1\nfrom app.old_manager import OldManager  # café\nOldManager()\n".encode(
        "latin-1"
    ),
    "app/with space \u00e9.py": "import app.old_manager\n\napp.old_manager.ChatManager()\n",
    "tool": "#!/usr/bin/env python\n",
    "run.py": "#!/usr/bin/env python\nfrom app.old_manager import OldManager\n\nOldManager()\n",
    "unshim.toml": '[unshim]\ncanonical = "app.manager"\n[unshim.rename]\nOldManager = "ChatManager"\n',
}
"""Every line end, encoding and shape of file that has to survive; three steps."""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", SAMPLE)


@pytest.fixture
def rich(tmp_path: Path) -> Repo:
    repo = make_repo(tmp_path / "rich", RICH)
    (repo.path / "run.py").chmod(0o755)
    repo.commit()
    return repo


def parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True


def assert_sound(repo: Repo) -> None:
    repo.git("fsck", "--strict", "--no-dangling", "--no-progress")


# the commits


def test_each_step_is_a_commit_that_parses_and_says_what_it_did(rich: Repo) -> None:
    base = rich.word("rev-parse", "HEAD")
    before = rich.state()
    result = unshim("apply", "--repo", rich.path)
    assert (result.code, result.err) == (0, "")
    commits = rich.word("rev-list", "--reverse", f"{base}..unshim/manager").split()
    steps = [rich.word("log", "-1", "--format=%(trailers:key=Unshim-Step,valueonly)", one) for one in commits]
    assert steps == ["rewrite", "collapse", "delete"]
    assert rich.word("rev-parse", f"{commits[0]}~1") == base
    for commit in commits:
        assert commit[:10] in result.text
        subject, blank, *_ = rich.word("log", "-1", "--format=%B", commit).splitlines()
        assert subject in result.text
        assert len(subject) <= 72 and blank == ""
        assert rich.word("log", "-1", "--format=%(trailers:key=Unshim-Base,valueonly)", commit) == base
        assert rich.word("log", "-1", "--format=%(trailers:key=Unshim-Recipe,valueonly)", commit) == "app.manager"
        assert rich.word("log", "-1", "--format=%an <%ae>|%cn <%ce>", commit) == "|".join(
            ["Ada Tester <ada@example.org>"] * 2
        )
        changed = rich.git("diff-tree", "-r", "-z", "--name-status", "--no-renames", f"{commit}~1", commit).split(b"\0")
        for status, path in zip(changed[0::2], changed[1::2], strict=False):
            assert status == (b"D" if commit == commits[-1] else b"M")
            if status == b"M":
                old = rich.git("cat-file", "blob", rich.files(f"{commit}~1")[path][1])
                new = rich.git("cat-file", "blob", rich.files(commit)[path][1])
                assert parses(new) >= parses(old)
    after = rich.state()
    assert {**after, "refs": None} == {**before, "refs": None}
    assert after["refs"].count(b"\n") == before["refs"].count(b"\n") + 1  # type: ignore[attr-defined]
    assert_sound(rich)


def test_only_what_moves_is_touched(rich: Repo) -> None:
    assert unshim("apply", "--repo", rich.path).code == 0
    branch = rich.files("unshim/manager")
    assert b"app/old_manager.py" not in branch
    assert b"app/older.py" not in branch
    assert branch[b"run.py"][0] == "100755"
    expected = {
        "app/crlf.py": RICH["app/crlf.py"].replace(b"old_manager", b"manager"),  # type: ignore[arg-type]
        "app/cr.py": RICH["app/cr.py"].replace(b"old_manager", b"manager"),  # type: ignore[arg-type]
        "app/mixed.py": RICH["app/mixed.py"].replace(b"old_manager", b"manager"),  # type: ignore[arg-type]
        "app/bare.py": RICH["app/bare.py"].replace(b"old_manager", b"manager"),  # type: ignore[arg-type]
        "app/bom.py": b"\xef\xbb\xbffrom app.manager import ChatManager as OlderManager\nOlderManager()\n",
        "app/latin.py": b"# coding: latin-1\nfrom app.manager import ChatManager  # caf\xe9\nChatManager()\n",
        "app/with space \u00e9.py": b"import app.manager\n\napp.manager.ChatManager()\n",
        "run.py": b"#!/usr/bin/env python\nfrom app.manager import ChatManager\n\nChatManager()\n",
    }
    for path, content in expected.items():
        assert rich.content("unshim/manager", path) == content
    same = {name.encode() for name in RICH} - {name.encode() for name in expected} - {
        b"app/old_manager.py", b"app/older.py", b"app/__init__.py",
    }  # fmt: skip
    before = rich.files()
    assert {path: before[path] for path in same} == {path: branch[path] for path in same}


def test_the_diff_is_the_branch(rich: Repo) -> None:
    patch = unshim("diff", "--repo", rich.path).out
    assert unshim("apply", "--repo", rich.path).code == 0
    rich.git("apply", "--index", "--whitespace=nowarn", "-", stdin=patch)
    assert rich.word("write-tree") == rich.word("rev-parse", "unshim/manager^{tree}")
    rich.git("apply", "--index", "--whitespace=nowarn", "-R", "-", stdin=patch)
    assert rich.word("write-tree") == rich.word("rev-parse", "HEAD^{tree}")


def test_a_second_run_finds_nothing(rich: Repo) -> None:
    assert unshim("apply", "--repo", rich.path).code == 0
    again = scan(rich, "--rev", "unshim/manager")
    assert again["summary"]["rewrite"] == again["summary"]["deletions"] == 0
    assert unshim("diff", "--repo", rich.path, "--rev", "unshim/manager").out == b""
    before = rich.state()
    result = unshim("apply", "--repo", rich.path, "--rev", "unshim/manager", "--branch", "again")
    assert (result.code, result.err) == (0, "")
    assert result.text.startswith("nothing to do: ")
    assert rich.state() == before
    assert unshim("check", "--repo", rich.path, "--rev", "unshim/manager").code == 0


def test_nothing_to_do_is_a_success_without_a_branch(tmp_path: Path) -> None:
    repo = make_repo(
        tmp_path / "repo", {"app/manager.py": SAMPLE["app/manager.py"], "unshim.toml": SAMPLE["unshim.toml"]}
    )
    before, objects = repo.state(), repo.objects()
    result = unshim("apply", "--repo", repo.path)
    assert (result.code, result.err) == (0, "")
    assert result.text.startswith("nothing to do: ")
    assert (repo.state(), repo.objects()) == (before, objects)


def test_blocked_writes_nothing_not_even_objects(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **DIVERGENT})
    before, objects = repo.state(), repo.objects()
    for command in (("scan",), ("diff",), ("check",), ("apply",)):
        unshim(*command, "--repo", repo.path)
    assert (repo.state(), repo.objects()) == (before, objects)
    result = unshim("apply", "--partial", "--repo", repo.path)
    assert (result.code, result.err) == (0, "")
    assert "left for you: 1 reference" in result.text
    assert repo.content("unshim/manager", "app/decide.py") == b"from app.double import ChatManager\n"
    assert b"app/double.py" in repo.files("unshim/manager")


# the user's own state


def test_a_dirty_tree_stays_and_is_in_no_commit(repo: Repo) -> None:
    repo.write({"app/use.py": "stashed = 1\n"})
    repo.git("stash")
    repo.write({"app/use.py": "staged = 1\n", "new.py": "from app.old_manager import ChatManager\n"})
    repo.git("add", "app/use.py", "new.py")
    repo.git("rm", "-q", "--cached", "app/__init__.py")
    repo.write({"app/use.py": "unstaged = 1\n", "untracked.py": "from app.old_manager import ChatManager\n"})
    (repo.path / "app" / "manager.py").unlink()
    before = repo.state()
    for command in (("scan",), ("diff",), ("check",), ("apply",)):
        assert unshim(*command, "--repo", repo.path).err == ""
    after = repo.state()
    assert {**after, "refs": None} == {**before, "refs": None}
    names = {path.decode() for path in repo.files("unshim/manager")}
    assert names == set(SAMPLE) - {"app/old_manager.py"}
    assert repo.content("unshim/manager", "app/use.py").startswith(b"from app.manager import ChatManager\n")


def test_locks_of_others_do_not_matter(repo: Repo) -> None:
    for name in ("index.lock", "HEAD.lock"):
        (repo.path / ".git" / name).write_bytes(b"")
    for command in (("scan",), ("diff",), ("apply",)):
        result = unshim(*command, "--repo", repo.path)
        assert (result.code, result.err) == (0, "")
    assert (repo.path / ".git" / "index.lock").read_bytes() == b""


def test_a_merge_in_progress_does_not_matter(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit({"app/use.py": "x = 1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"app/use.py": "from app.old_manager import ChatManager\n\nx = 2\n"})
    subprocess.run(["git", "merge", "topic"], cwd=repo.path, env=ENVIRONMENT, capture_output=True, check=False)
    before = repo.state()
    assert b"\0u " in b"\0" + before["status"]  # type: ignore[operator]
    assert unshim("apply", "--repo", repo.path).code == 0
    assert {**repo.state(), "refs": None} == {**before, "refs": None}


# what git refuses


def assert_refused(repo: Repo, *words: str, environment: dict[str, str] | None = None) -> None:
    before = repo.state()
    result = unshim("apply", "--repo", repo.path, environment=environment)
    assert (result.code, result.out) == (4, b"")
    message, *hints = result.err.splitlines()
    assert message.startswith("unshim: ") and hints
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err
    assert repo.state() == before


def test_git_does_not_know_the_user(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", identity=False)
    with_name = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    Repo(repo.path, {**ENVIRONMENT, **with_name}).commit(SAMPLE)
    repo.configure(("user.useConfigOnly", "true"))
    assert_refused(repo, "git does not know who you are", "user.name", "user.email")
    assert unshim("apply", "--repo", repo.path, environment=with_name).code == 0


def test_a_signer_that_fails(repo: Repo, tmp_path: Path) -> None:
    repo.configure(("commit.gpgsign", "true"), ("gpg.program", str(tmp_path / "no-such-program")))
    assert_refused(repo, "sign")
    signer = tmp_path / "signer"
    signer.write_text("#!/bin/sh\necho 'no secret key' >&2\nexit 2\n")
    signer.chmod(0o755)
    repo.configure(("gpg.program", str(signer)))
    assert_refused(repo, "sign")


def test_a_signer_that_works_is_asked_for_every_commit(repo: Repo, tmp_path: Path) -> None:
    signer = tmp_path / "signer"
    signer.write_text(
        '#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\n'
        "echo '-----BEGIN PGP SIGNATURE-----'\necho 'x'\necho '-----END PGP SIGNATURE-----'\n"
    )
    signer.chmod(0o755)
    repo.configure(("commit.gpgsign", "true"), ("gpg.program", str(signer)))
    assert unshim("apply", "--repo", repo.path).code == 0
    for commit in ("unshim/manager", "unshim/manager~1"):
        assert b"BEGIN PGP SIGNATURE" in repo.git("cat-file", "commit", commit)


def test_a_repository_that_cannot_be_written(repo: Repo) -> None:
    if os.getuid() == 0:
        pytest.skip("root may write everywhere")
    places = [repo.git_dir, *(place for place in repo.git_dir.rglob("*") if place.is_dir())]
    for place in places:
        place.chmod(0o555)
    try:
        assert unshim("scan", "--repo", repo.path).code == 0
        assert_refused(repo, "lacks the rights", "rights")
    finally:
        for place in places:
            place.chmod(0o755)


def test_an_object_directory_that_cannot_be_written(repo: Repo) -> None:
    repo.git("gc", "-q")
    objects = repo.path / ".git" / "objects"
    for place in objects.iterdir():
        if len(place.name) == 2:
            place.rmdir()
    for number in range(256):  # files where git wants directories: no user may write there, not even root
        (objects / f"{number:02x}").write_bytes(b"")
    assert_refused(repo)


# the branch appears whole, or not at all


def test_a_branch_that_somebody_makes_meanwhile_is_theirs(repo: Repo) -> None:
    repository = Repository(repo.path)
    plan = build_plan(repository, load_recipe(None, repo.path), "HEAD", 1, lambda _: None)
    theirs = repo.commit({"x.txt": "x"})
    for existing in Existing:
        repo.git("update-ref", "-d", "refs/heads/unshim/manager")

        class Raced(Repository):
            def publish(self, branch: str, commit: str, old: str | None) -> None:
                repo.git("branch", branch, theirs)
                super().publish(branch, commit, old)

        with pytest.raises(MigrateError):
            run.apply(Raced(repo.path), plan, "unshim/manager", revision=plan.base, existing=existing)
        assert repo.word("rev-parse", "unshim/manager") == theirs


def test_a_branch_that_somebody_moves_meanwhile_is_not_forced(repo: Repo) -> None:
    base = repo.word("rev-parse", "HEAD")
    repo.git("branch", "unshim/manager")
    theirs = repo.commit({"x.txt": "x"})
    plan = build_plan(Repository(repo.path), load_recipe(None, repo.path), base, 1, lambda _: None)

    class Raced(Repository):
        def publish(self, branch: str, commit: str, old: str | None) -> None:
            repo.git("update-ref", f"refs/heads/{branch}", theirs, base)
            super().publish(branch, commit, old)

    with pytest.raises(MigrateError) as caught:
        run.apply(Raced(repo.path), plan, "unshim/manager", revision=base, existing=Existing.REPLACE)
    assert caught.value.hint
    assert repo.word("rev-parse", "unshim/manager") == theirs


def test_two_at_a_time_make_one_branch(repo: Repo) -> None:
    command = [sys.executable, "-m", "migrate", "apply", "--repo", str(repo.path)]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [process.communicate()[1].decode() for process in both]
    assert sorted(process.returncode for process in both) in ([0, 4], [0, 0]), said
    assert "Traceback" not in "".join(said)
    assert repo.word("rev-list", "--count", "main..unshim/manager") == "2"
    assert_sound(repo)


def test_killed_at_any_moment_the_branch_is_whole_or_absent(tmp_path: Path) -> None:
    files = {f"app/use_{n}.py": f"from app.old_manager import ChatManager\n\nx{n} = ChatManager()\n" for n in range(25)}
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **files})
    before = repo.state()
    # A process that has imported everything forks one that applies, as often as it is told to.
    server = (
        "import os, sys, libcst, migrate.cli\n"
        "sys.argv = ['unshim', 'apply', '--jobs', '1', '--repo', sys.argv[1]]\n"
        "for line in sys.stdin:\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        os.setsid()\n"
        "        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n"
        "        migrate.cli.main()\n"
        "    print(child, flush=True)\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", server, str(repo.path)],
        cwd=ROOT,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def start() -> int:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    def exit_code() -> int:
        assert process.stdout is not None
        return int(process.stdout.readline())

    start()
    begun = time.monotonic()
    assert exit_code() == 0
    duration = time.monotonic() - begun
    whole = repo.word("rev-parse", "unshim/manager^{tree}")
    chance = random.Random(2)
    ends = []
    for kill in range(20):
        if repo.word("branch", "--list", "unshim/manager"):
            repo.git("branch", "-D", "unshim/manager")
        child = start()
        late = kill % 2  # half of them while the commits are written
        time.sleep(duration * chance.uniform(0.6 if late else 0.0, 1.05))
        with suppress(ProcessLookupError):  # it was quicker
            os.killpg(child, signal.SIGKILL)
        assert exit_code() in (0, -signal.SIGKILL)
        exists = bool(repo.word("branch", "--list", "unshim/manager"))
        ends.append(exists)
        if exists:
            assert repo.word("rev-parse", "unshim/manager^{tree}") == whole
            assert repo.word("rev-list", "--count", "main..unshim/manager") == "2"
        after = repo.state()
        assert {**after, "refs": None} == {**before, "refs": None}
        assert after["refs"] == before["refs"] or exists
    process.communicate()
    assert_sound(repo)
    assert not all(ends)
    assert unshim("apply", "--force", "--repo", repo.path).code == 0
    assert repo.word("rev-parse", "unshim/manager^{tree}") == whole
