"""hook: real merges, rebases and pushes with the installed hooks; hooks of others are never touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from repositories import CANONICAL, DIVERGENT, ENVIRONMENT, Repo, Result, make_repo, unshim, unshim_process

from migrate.errors import MigrateError
from migrate.hooks import Hook, Question, questions, script
from migrate.repository import Repository

CLEAN: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/manager.py": CANONICAL,
    "app/use.py": "from app.manager import ChatManager\n\nmanager = ChatManager()\n",
    "unshim.toml": '[unshim]\ncanonical = "app.manager"\n',
}
SHIM: dict[str, str | bytes] = {
    "app/old_manager.py": "from app.manager import ChatManager, get_chat_manager\n",
    "app/late.py": "from app.old_manager import ChatManager\n",
}
USES_AN_ALIAS = "from app.manager import ChatManager as C\n\nOld = C\n\n\ndef used() -> C:\n    return Old()\n"
LISTED = "app/late.py:1:29: from-import app.old_manager:ChatManager -> app.manager:ChatManager"
NAMES = ("post-merge", "post-rewrite", "pre-push")
ZERO = "0" * 40


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return with_hooks(make_repo(tmp_path / "repo", CLEAN))


def with_hooks(repo: Repo) -> Repo:
    result = unshim("hook", "install", "--repo", repo.path)
    assert (result.code, result.err) == (0, "")
    return repo


def git(where: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Result:
    """Git as a user runs it: it may fail, and the hooks speak."""
    done = subprocess.run(
        ["git", *arguments], cwd=where, env={**ENVIRONMENT, **(environment or {})}, capture_output=True, check=False
    )
    return Result(done.returncode, done.stdout, done.stderr.decode())


def branch_with(repo: Repo, name: str, files: Mapping[str, str | bytes]) -> None:
    """A branch with one commit more than the one that is checked out, which stays so."""
    repo.git("checkout", "-q", "-b", name)
    repo.commit(files, name)
    repo.git("checkout", "-q", "-")


def remote_of(repo: Repo) -> Repo:
    place = repo.path.parent / "remote.git"
    repo.git("init", "-q", "--bare", "-b", "main", "--template=", str(place))
    repo.git("remote", "add", "origin", str(place))
    return Repo(place)


# merge and rebase


def test_a_merge_that_brings_an_old_path_back_is_told_with_the_place(repo: Repo) -> None:
    branch_with(repo, "theirs", SHIM)
    repo.commit({"app/mine.py": "x = 1\n"})
    merged = git(repo.path, "merge", "--no-edit", "theirs")
    assert merged.code == 0
    assert "unshim: the merge brought what 'unshim check' fails for" in merged.err
    assert LISTED in merged.err
    assert repo.word("log", "-1", "--format=%p").count(" ") == 1  # the merge is made all the same


def test_a_merge_that_only_moves_forward_is_looked_at_too(repo: Repo) -> None:
    branch_with(repo, "theirs", SHIM)
    assert LISTED in git(repo.path, "merge", "--ff-only", "theirs").err


def test_a_squashed_merge_is_judged_by_what_it_has_staged(repo: Repo) -> None:
    branch_with(repo, "theirs", SHIM)
    merged = git(repo.path, "merge", "--squash", "theirs")
    assert merged.code == 0
    assert LISTED in merged.err


def test_a_clean_merge_is_silent_and_old_violations_are_not_the_merges(repo: Repo) -> None:
    repo.commit(SHIM)
    branch_with(repo, "theirs", {"app/theirs.py": CLEAN["app/use.py"]})
    repo.commit({"app/mine.py": "x = 1\n"})
    merged = git(repo.path, "merge", "--no-edit", "theirs")
    assert (merged.code, merged.err) == (0, "")
    assert b"unshim" not in merged.out


def test_a_pull_is_a_merge(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--template=", ".", str(tmp_path / "clone"))
    clone = with_hooks(Repo(tmp_path / "clone"))
    repo.commit(SHIM)
    pulled = git(clone.path, "pull", "-q", "--no-rebase")
    assert (pulled.code, LISTED in pulled.err) == (0, True), pulled


def test_a_rebase_is_told_what_it_brought(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit({"app/mine.py": "x = 1\n"}, "one")
    repo.commit({"app/mine.py": "x = 2\n"}, "two")
    repo.git("checkout", "-q", "main")
    repo.commit(SHIM)
    repo.git("checkout", "-q", "topic")
    rebased = git(repo.path, "rebase", "main")
    assert rebased.code == 0
    assert "unshim: the rebase brought what 'unshim check' fails for" in rebased.err
    assert LISTED in rebased.err
    assert rebased.err.count(LISTED) == 1


def test_an_amended_commit_is_not_looked_at(repo: Repo) -> None:
    repo.write(SHIM)
    repo.git("add", "-A")
    amended = git(repo.path, "commit", "-q", "--amend", "--no-edit")
    assert (amended.code, amended.err) == (0, "")


# push


def test_a_push_that_brings_an_old_path_is_refused_with_the_list(repo: Repo) -> None:
    remote = remote_of(repo)
    assert git(repo.path, "push", "-q", "origin", "main").code == 0
    first = repo.word("rev-parse", "HEAD")
    repo.commit(SHIM)
    pushed = git(repo.path, "push", "--porcelain", "origin", "main")
    assert pushed.code != 0
    assert "unshim: the push of main is refused; 'git push --no-verify' does it all the same" in pushed.err
    assert LISTED in pushed.err
    assert f"since {first[:10]}" in pushed.err
    assert b"unshim" not in pushed.out  # that is for who parses what git says
    assert remote.word("rev-parse", "main") == first
    assert git(repo.path, "push", "-q", "--no-verify", "origin", "main").code == 0
    repo.commit({"app/more.py": "x = 1\n"})
    again = git(repo.path, "push", "-q", "origin", "main")  # what is there already is not this push's
    assert (again.code, again.err) == (0, "")


def test_of_a_new_branch_everything_counts(repo: Repo) -> None:
    remote_of(repo)
    repo.commit(SHIM)
    repo.commit({"app/more.py": "x = 1\n"})
    pushed = git(repo.path, "push", "origin", "main:refs/heads/new")
    assert (pushed.code != 0, LISTED in pushed.err, "the push of new is" in pushed.err) == (True, True, True)


def test_a_new_branch_may_have_what_the_baseline_knows(repo: Repo) -> None:
    remote_of(repo)
    repo.commit(SHIM)
    assert unshim("check", "--write-baseline", "--repo", repo.path).code == 0
    repo.commit()
    assert git(repo.path, "push", "-q", "origin", "main").code == 0


def test_a_remote_commit_that_is_not_here_is_no_base(repo: Repo, tmp_path: Path) -> None:
    remote = remote_of(repo)
    repo.git("push", "-q", "origin", "main")
    repo.git("clone", "-q", str(remote.path), str(tmp_path / "other"))
    other = Repo(tmp_path / "other")
    other.configure(("user.name", "Bo"), ("user.email", "bo@example.org"))
    other.commit(SHIM)
    other.git("push", "-q", "origin", "main")
    assert git(repo.path, "push", "-q", "--force", "origin", "main").code == 0
    other.git("push", "-q", "--force", "origin", "main")
    repo.commit(SHIM)
    repo.commit({"app/more.py": "x = 1\n"})
    assert LISTED in git(repo.path, "push", "--force", "origin", "main").err


def test_a_deletion_and_a_tag_are_not_checked(repo: Repo) -> None:
    remote = remote_of(repo)
    repo.git("push", "-q", "origin", "main", "main:gone")
    repo.commit(SHIM)
    repo.git("tag", "-a", "-m", "v1", "v1")
    assert git(repo.path, "push", "-q", "origin", "v1").code == 0
    assert git(repo.path, "push", "-q", "origin", "--delete", "gone").code == 0
    assert remote.word("for-each-ref", "--format=%(refname)") == "refs/heads/main\nrefs/tags/v1"


def test_one_bad_branch_of_two_refuses_the_push(repo: Repo) -> None:
    remote = remote_of(repo)
    branch_with(repo, "bad", SHIM)
    pushed = git(repo.path, "push", "origin", "main", "bad", "bad:bad2")
    assert pushed.code != 0
    assert "the push of main" not in pushed.err
    assert "the push of bad is" in pushed.err
    assert remote.word("for-each-ref") == ""


def test_the_branch_of_a_push_need_not_be_checked_out(repo: Repo) -> None:
    remote_of(repo)
    branch_with(repo, "bad", SHIM)
    assert LISTED in git(repo.path, "push", "origin", "bad").err
    repo.git("checkout", "-q", "bad")
    assert git(repo.path, "push", "-q", "origin", "main").code == 0


def test_without_a_recipe_nothing_is_refused_and_it_is_said(repo: Repo) -> None:
    remote_of(repo)
    (repo.path / "unshim.toml").unlink()
    repo.commit(SHIM)
    pushed = git(repo.path, "push", "-q", "origin", "main")
    assert pushed.code == 0
    assert pushed.err == "unshim: pre-push: there is no recipe here, so nothing was checked\n"


@pytest.mark.parametrize("name", ["unshim.toml", "pyproject.toml"])
def test_a_branch_that_has_no_recipe_is_not_checked(name: str, repo: Repo) -> None:
    remote_of(repo)
    (repo.path / "unshim.toml").unlink()
    table = "unshim" if name == "unshim.toml" else "tool.unshim"
    repo.commit({name: f'[{table}]\ncanonical = "app.manager"\n'})
    repo.git("checkout", "-q", "--orphan", "pages")
    repo.git("rm", "-q", "-r", "-f", ".")
    repo.commit({"index.html": "hello", "pyproject.toml": "[project]\nname = 'x'\n"})
    repo.git("checkout", "-q", "main")
    pushed = git(repo.path, "push", "-q", "origin", "pages")
    assert (pushed.code, pushed.err) == (0, f"unshim: pre-push: pages does not have {name}, so it was not checked\n")


def test_a_recipe_that_is_in_no_commit_is_meant_for_all(repo: Repo) -> None:
    remote_of(repo)
    (repo.path / "unshim.toml").unlink()
    repo.commit(SHIM)
    repo.write({"unshim.toml": CLEAN["unshim.toml"]})
    assert LISTED in git(repo.path, "push", "-q", "origin", "main").err


def test_a_recipe_that_is_wrong_refuses_the_push_and_says_why(repo: Repo) -> None:
    remote_of(repo)
    repo.commit({"unshim.toml": "[unshim]\ncanonicle = 1\n"})
    pushed = git(repo.path, "push", "-q", "origin", "main")
    assert pushed.code != 0
    assert "canonicle" in pushed.err
    assert "Traceback" not in pushed.err


def test_what_git_does_not_say_is_wrong_usage(repo: Repo) -> None:
    with pytest.raises(MigrateError) as caught:
        questions(Repository(repo.path), Hook.PRE_PUSH, (), ["one two\n"])
    assert caught.value.code == 2


def test_what_the_hooks_ask(repo: Repo) -> None:
    repository, head = Repository(repo.path), repo.word("rev-parse", "HEAD")
    assert questions(repository, Hook.POST_MERGE, ["0"], []) == [Question("the merge", "HEAD", None)]
    repo.git("update-ref", "ORIG_HEAD", head)
    assert questions(repository, Hook.POST_MERGE, ["0"], []) == [Question("the merge", "HEAD", head)]
    assert questions(repository, Hook.POST_REWRITE, ["rebase"], []) == [Question("the rebase", "HEAD", head)]
    assert questions(repository, Hook.POST_REWRITE, ["amend"], []) == []
    lines = [
        f"(delete) {ZERO} refs/heads/gone {head}",
        f"refs/heads/main {head} refs/heads/main {ZERO}",
        f"HEAD {head} refs/for/main {head}",
        f"refs/notes/commits {head} refs/notes/commits {ZERO}",
        "",
    ]
    assert questions(repository, Hook.PRE_PUSH, ["origin", "x"], lines) == [
        Question("main", head, None),
        Question("refs/for/main", head, head),
    ]


# where the hooks work


def test_in_a_linked_worktree_and_below_the_top(repo: Repo, tmp_path: Path) -> None:
    remote_of(repo)
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side tree"))
    side = Repo(tmp_path / "side tree")
    branch_with(repo, "theirs", SHIM)
    merged = git(side.path / "app", "merge", "--no-edit", "theirs")
    assert (merged.code, LISTED in merged.err) == (0, True), merged
    pushed = git(side.path / "app", "push", "-q", "origin", "side")
    assert (pushed.code != 0, LISTED in pushed.err) == (True, True), pushed


def test_installed_from_a_linked_worktree_they_serve_all(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", CLEAN)
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    with_hooks(Repo(tmp_path / "side"))
    assert sorted(place.name for place in (repo.path / ".git" / "hooks").iterdir()) == sorted(NAMES)
    branch_with(repo, "theirs", SHIM)
    assert LISTED in git(repo.path, "merge", "theirs").err


def test_in_a_repository_with_a_name_that_a_shell_would_split(tmp_path: Path) -> None:
    repo = with_hooks(make_repo(tmp_path / 'it\'s a "repo" $(touch x); `y` *', CLEAN))
    branch_with(repo, "theirs", SHIM)
    assert LISTED in git(repo.path, "merge", "theirs").err


@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
def test_where_core_hookspath_says(absolute: bool, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", CLEAN)
    repo.configure(("core.hooksPath", str(repo.path / "git hooks") if absolute else "git hooks"))
    with_hooks(repo)
    assert sorted(place.name for place in (repo.path / "git hooks").iterdir()) == sorted(NAMES)
    assert not (repo.path / ".git" / "hooks").exists()
    branch_with(repo, "theirs", SHIM)
    assert LISTED in git(repo.path, "merge", "theirs").err


@pytest.mark.parametrize("where", ["outside", "link", "~/hooks", "."])
def test_hooks_that_others_may_share_are_not_written(where: str, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", CLEAN)
    shared = tmp_path / "hooks"
    shared.mkdir()
    if where == "link":
        (repo.path / ".git" / "hooks").symlink_to(shared)
    else:
        repo.configure(("core.hooksPath", str(shared) if where == "outside" else where))
    before = repo.state()
    result = unshim("hook", "install", "--repo", repo.path, environment={"HOME": str(tmp_path)})
    assert (result.code, result.out) == (4, b"")
    assert "git config core.hooksPath" in result.err
    assert 'hook run pre-push -- "$@"' in result.err
    assert list(shared.iterdir()) == []
    assert repo.state() == before


def test_a_bare_repository_has_no_use_for_them(repo: Repo) -> None:
    remote = remote_of(repo)
    result = unshim("hook", "install", "--repo", remote.path)
    assert (result.code, result.out) == (4, b"")
    assert "a bare repository has no merges, rebases or pushes of its own" in result.err


def test_the_directory_of_the_hook_is_not_where_unshim_is_looked_for(repo: Repo) -> None:
    marker = repo.path / "executed"
    branch_with(
        repo,
        "theirs",
        {
            **SHIM,
            **{f"{name}.py": f"open({str(marker)!r}, 'w')\n" for name in ("git", "typer", "ast", "importlib/__init__")},
            "migrate/__init__.py": f"open({str(marker)!r}, 'w')\n",
            "migrate/__main__.py": "",
        },
    )
    assert LISTED in git(repo.path, "merge", "theirs").err
    assert not marker.exists()


# without the Python that they were installed with


def put_script(repo: Repo, hook: Hook, python: str) -> None:
    place = repo.path / ".git" / "hooks" / hook.value
    place.write_bytes(script(hook, python))


@pytest.mark.parametrize("python", ["", "/no/such python", shutil.which("false")])
def test_the_unshim_on_the_path_is_the_second_choice(python: str, repo: Repo, tmp_path: Path) -> None:
    remote_of(repo)
    repo.commit(SHIM)
    put_script(repo, Hook.PRE_PUSH, python or "")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    tool = bin_ / "unshim"
    tool.write_text('#!/bin/sh\necho "called: $*" >&2\ncat >&2\nexit 1\n')
    tool.chmod(0o755)
    pushed = git(
        repo.path,
        "push",
        "-q",
        "origin",
        "main",
        environment={"PATH": f"{bin_}:{os.environ['PATH']}"},
    )
    assert pushed.code != 0
    assert "called: hook run pre-push -- origin " in pushed.err
    assert f"refs/heads/main {repo.word('rev-parse', 'HEAD')} refs/heads/main {ZERO}\n" in pushed.err


def test_without_any_unshim_a_push_is_refused_and_a_merge_is_not(repo: Repo, tmp_path: Path) -> None:
    remote_of(repo)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("git", "sh"):
        (bin_ / name).symlink_to(str(shutil.which(name)))
    for hook in Hook:
        put_script(repo, hook, "/no/such python")
    branch_with(repo, "theirs", SHIM)
    merged = git(repo.path, "merge", "-q", "theirs", environment={"PATH": str(bin_)})
    assert (merged.code, "unshim: post-merge: nothing was checked" in merged.err) == (0, True), merged
    pushed = git(repo.path, "push", "-q", "origin", "main", environment={"PATH": str(bin_)})
    assert pushed.code != 0
    assert "unshim: pre-push: nothing was checked: unshim is neither on the PATH nor in /no/such python" in pushed.err
    assert "--no-verify" in pushed.err
    for hook in (Hook.POST_MERGE, Hook.POST_REWRITE):
        place = repo.path / ".git" / "hooks" / hook.value
        assert subprocess.run([place], env={"PATH": str(bin_)}, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("hook", Hook)
@pytest.mark.parametrize("python", ["/a b/'q'/\"d\"/$(x)/`y`/\\z/python", "/new\nline/python", "/\udcff/python"])
def test_a_script_is_plain_sh_whatever_the_path_of_python(hook: Hook, python: str, tmp_path: Path) -> None:
    place = tmp_path / "hook"
    place.write_bytes(script(hook, python))
    assert subprocess.run(["sh", "-n", place], check=False).returncode == 0
    interpreter = tmp_path / os.fsdecode(os.fsencode(python.replace("/", "|")))
    interpreter.write_text('#!/bin/sh\necho "python $*"\n')
    interpreter.chmod(0o755)
    place.write_bytes(script(hook, str(interpreter)))
    done = subprocess.run(["sh", place, "a b", "$c"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr == f"python -P -m migrate hook run {hook.value} -- a b $c\n".encode()


# installing and uninstalling


def test_installing_twice_changes_nothing(repo: Repo) -> None:
    places = [repo.path / ".git" / "hooks" / name for name in NAMES]
    before = [(place.read_bytes(), place.stat()) for place in places]
    assert all(stat.st_mode & 0o111 == 0o111 for _, stat in before)
    again = unshim("hook", "install", "--repo", repo.path)
    assert (again.code, again.text, again.err) == (0, "nothing to do: the hooks are there\n", "")
    assert [(place.read_bytes(), place.stat().st_mtime_ns) for place in places] == [
        (content, stat.st_mtime_ns) for content, stat in before
    ]


def test_what_another_unshim_installed_is_replaced(repo: Repo) -> None:
    put_script(repo, Hook.PRE_PUSH, "/older/python")
    result = unshim("hook", "install", "--repo", repo.path)
    assert result.text == f"wrote {repo.path}/.git/hooks/pre-push\n"
    assert b"/older/python" not in (repo.path / ".git/hooks/pre-push").read_bytes()
    (repo.path / ".git/hooks/pre-push").chmod(0o644)  # git would pass over it
    assert unshim("hook", "install", "--repo", repo.path).text == result.text
    assert sorted(place.name for place in (repo.path / ".git" / "hooks").iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("kind", ["script", "edited", "dangling link", "link to ours", "directory"])
def test_a_hook_of_the_user_is_never_touched(kind: str, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", CLEAN)
    hooks = repo.path / ".git" / "hooks"
    hooks.mkdir()
    place = hooks / "pre-push"
    ours = script(Hook.PRE_PUSH, "/some/python")
    match kind:
        case "script":
            place.write_text("#!/bin/sh\nexit 0\n")
        case "edited":
            place.write_bytes(ours + b"echo mine\n")
        case "dangling link":
            place.symlink_to("nowhere")
        case "link to ours":
            (tmp_path / "ours").write_bytes(ours)
            place.symlink_to(tmp_path / "ours")
        case "directory":
            place.mkdir()
    before = (place.lstat().st_ino, place.lstat().st_mtime_ns)
    result = unshim("hook", "install", "--repo", repo.path)
    assert (result.code, result.out) == (4, b"")
    assert f"  {place}\n" in result.err
    assert "pre-push: " in result.err and 'hook run pre-push -- "$@" >&2' in result.err
    assert list(hooks.iterdir()) == [place]
    gone = unshim("hook", "uninstall", "--repo", repo.path)
    assert (gone.code, gone.text) == (0, "nothing to do: no hook is unshim's\n")
    assert str(place) in gone.err
    assert (place.lstat().st_ino, place.lstat().st_mtime_ns) == before
    others = unshim("hook", "install", "post-merge", "post-rewrite", "--repo", repo.path)
    assert others.code == 0
    assert sorted(entry.name for entry in hooks.iterdir()) == sorted(NAMES)


def test_the_line_that_is_told_works_in_a_hook_of_the_user(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", CLEAN)
    remote_of(repo)
    place = repo.path / ".git" / "hooks" / "pre-push"
    place.parent.mkdir()
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
    told = unshim("hook", "install", "--repo", repo.path).err
    line = next(line for line in told.splitlines() if 'hook run pre-push -- "$@"' in line).partition(": ")[2]
    place.write_text(f"#!/bin/sh\n{line}\nexit 0\n")
    assert git(repo.path, "push", "-q", "origin", "main").code == 0
    repo.commit(SHIM)
    pushed = git(repo.path, "push", "-q", "origin", "main")
    assert (pushed.code != 0, LISTED in pushed.err) == (True, True)


def test_uninstall_removes_what_was_installed(repo: Repo) -> None:
    hooks = repo.path / ".git" / "hooks"
    (hooks / "pre-commit").write_text("#!/bin/sh\n")
    one = unshim("hook", "uninstall", "post-merge", "--repo", repo.path)
    assert (one.code, one.text) == (0, f"removed {hooks}/post-merge\n")
    rest = unshim("hook", "uninstall", "--repo", repo.path)
    assert rest.text == f"removed {hooks}/post-rewrite\nremoved {hooks}/pre-push\n"
    assert [place.name for place in hooks.iterdir()] == ["pre-commit"]
    again = unshim("hook", "uninstall", "--repo", repo.path)
    assert (again.code, again.text, again.err) == (0, "nothing to do: no hook is unshim's\n", "")


def test_a_write_that_fails_leaves_no_hook_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repo(tmp_path / "repo", CLEAN)
    hooks = repo.path / ".git" / "hooks"
    hooks.mkdir()
    put_script(repo, Hook.POST_MERGE, "/older/python")
    before = (hooks / "post-merge").read_bytes()
    opened, real = [], os.open

    def failing(path: str | Path, *arguments: int) -> int:
        if str(path).startswith(str(hooks)):
            opened.append(path)
            if len(opened) == 3:
                raise OSError(28, "No space left on device")
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", failing)
    result = unshim("hook", "install", "--repo", repo.path)
    assert result.code == 4
    assert "No space left on device" in result.err
    assert [(place.name, place.read_bytes()) for place in hooks.iterdir()] == [("post-merge", before)]


def test_as_a_process_with_what_git_sets_for_hooks(repo: Repo) -> None:
    """check copes with the variables of a hook: GIT_DIR, the index of a partial commit, GIT_PREFIX."""
    repo.commit({"app/late.py": "", "app/other.py": ""})
    hook = repo.path / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexec unshim check --staged >&2\n")
    hook.chmod(0o755)
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    repo.write(
        {
            "app/late.py": USES_AN_ALIAS,
            "app/other.py": "x = 1\n",
        }
    )
    partial = git(repo.path / "app", "commit", "-q", "-m", "part", "other.py", environment=path)
    assert (partial.code, "clean: " in partial.err) == (0, True), partial
    whole = git(repo.path / "app", "commit", "-q", "-a", "-m", "all", environment=path)
    assert (whole.code, "app/late.py:3:1: alias" in whole.err) == (1, True), whole
    assert unshim_process("hook", "run", "post-rewrite", "amend", "--repo", repo.path).code == 0


def test_divergent_code_of_a_branch_refuses_its_push(repo: Repo) -> None:
    remote_of(repo)
    repo.commit(DIVERGENT)
    assert "second-implementation" in git(repo.path, "push", "origin", "main").err
