"""The command: exit codes, what goes to stdout and stderr, and every situation that the user can mend."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import DIVERGENT, ROOT, SAMPLE, Repo, Result, make_repo, scan, unshim, unshim_process

READERS = (("scan",), ("scan", "--format", "json"), ("scan", "--all"), ("diff",), ("check",))
NAKED = {path: text for path, text in SAMPLE.items() if path != "unshim.toml"}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", SAMPLE)


def assert_situation(result: Result, *words: str, code: int = 4) -> None:
    """An error of two lines: what is wrong, and what to do; nothing on stdout, no traceback."""
    assert result.code == code, result
    assert result.out == b""
    assert "Traceback" not in result.err
    lines = result.err.splitlines()
    assert lines[0].startswith("unshim: "), result.err
    assert len(lines) >= 2, f"no hint: {result.err}"
    assert all(line.startswith("  ") for line in lines[1:])
    for word in words:
        assert word in result.err


# exit codes


@pytest.mark.parametrize("command", READERS[:4], ids=" ".join)
def test_a_preview_that_finds_work_is_a_success(command: tuple[str, ...], repo: Repo) -> None:
    before = repo.state()
    result = unshim(*command, "--repo", repo.path)
    assert (result.code, result.err) == (0, "")
    assert result.out
    assert repo.state() == before


def test_check_exits_1_with_the_list_and_0_when_clean(repo: Repo) -> None:
    found = unshim("check", "--repo", repo.path)
    assert (found.code, found.err) == (1, "")
    assert "app/use.py:1:29: from-import app.old_manager:ChatManager -> app.manager:ChatManager" in found.text
    assert unshim("apply", "--repo", repo.path).code == 0
    clean = unshim("check", "--repo", repo.path, "--rev", "unshim/manager")
    assert (clean.code, clean.err) == (0, "")
    assert clean.text.startswith("clean: ")


def test_check_fails_for_a_file_that_was_not_checked(repo: Repo) -> None:
    repo.commit({"app/use.py": "", "app/broken.py": "from app.old_manager import ChatManager\nif:\n"})
    result = unshim("check", "--repo", repo.path)
    assert result.code == 1
    assert "app/broken.py:2:1: not-checked syntax-error: " in result.text
    as_json = unshim("check", "--repo", repo.path, "--format", "json")
    assert as_json.code == 1
    assert as_json.json["summary"]["unchecked"] == 1


def test_check_in_both_formats_has_the_same_verdict(repo: Repo) -> None:
    result = unshim("check", "--repo", repo.path, "--format", "json")
    assert (result.code, result.err) == (1, "")
    assert {key: value for key, value in result.json.items() if key not in ("violations", "stale")} == scan(repo)
    assert result.json["stale"] == []
    listed = [f"{one['path']}:{one['line']}:{one['column']}" for one in result.json["violations"]]
    lines = unshim("check", "--repo", repo.path).text.splitlines()
    assert listed == [line.partition(": ")[0] for line in lines[: len(listed)]]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["scna"], id="no such command"),
        pytest.param(["scan", "--formta", "json"], id="no such option"),
        pytest.param(["scan", "--format", "xml"], id="no such format"),
        pytest.param(["scan", "--jobs", "0"], id="no core"),
        pytest.param(["scan", "--jobs", "many"], id="jobs is no number"),
        pytest.param(["init"], id="init without a module"),
        pytest.param(["explain"], id="explain without a code"),
        pytest.param(["scan", "surplus"], id="surplus argument"),
        pytest.param([], id="no command"),
    ],
)
def test_wrong_usage_is_2(arguments: list[str], repo: Repo) -> None:
    before = repo.state()
    result = unshim(*arguments, cwd=repo.path)
    assert result.code == 2
    assert "Traceback" not in result.err
    assert repo.state() == before


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in ("init", "scan", "diff", "apply"))])
def test_help_fits_the_terminal_and_names_the_command(arguments: list[str]) -> None:
    result = unshim(*arguments, environment={"COLUMNS": "100"})
    assert (result.code, result.err) == (0, "")
    assert result.text.startswith("Usage: unshim ")
    assert max(map(len, result.text.splitlines())) <= 100


def test_blocked_is_3(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **DIVERGENT})
    result = unshim("apply", "--repo", repo.path)
    assert (result.code, result.err) == (3, "")
    assert "1 divergent    different-object" in result.text
    assert "unshim apply --partial" in result.text


def test_as_a_process_of_its_own(repo: Repo) -> None:
    script = Path(sys.executable).with_name("unshim")
    codes = []
    for command in (["scan"], ["check"], ["nonsense"], ["scan", "--rev", "nowhere"]):
        run = subprocess.run([script, *command], cwd=repo.path, capture_output=True, text=True, check=False)
        codes.append(run.returncode)
        assert "Traceback" not in run.stderr
    assert codes == [0, 1, 2, 4]


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    files = {f"app/use_{n}.py": "from app.old_manager import ChatManager\n" * 40 for n in range(60)}
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **files})
    command = [sys.executable, "-m", "migrate", "scan", "--all", "--repo", str(repo.path)]
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (run.returncode, run.stderr) == (0, b"")


# stdout and stderr


def test_apply_and_init_say_nothing_on_stderr(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", NAKED)
    init = unshim("init", "app.manager", "--repo", repo.path)
    applied = unshim("apply", "--repo", repo.path)
    assert (init.code, init.err, applied.code, applied.err) == (0, "", 0, "")


def test_diff_notes_on_stderr_what_is_not_in_it(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **DIVERGENT, "link.py": "", "app/b.py": "import app.old_manager\n["})
    result = unshim("diff", "--repo", repo.path)
    assert result.code == 0
    assert result.out.startswith(b"diff --git ")
    assert result.err.startswith("unshim: not in the diff: 2 ")
    assert b"not in the diff" not in result.out


def test_progress_is_for_terminals_and_wiped_afterwards(repo: Repo) -> None:
    coloured = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    result = unshim("scan", "--repo", repo.path, terminal=True, environment=coloured)
    quiet = unshim("scan", "--repo", repo.path)
    assert "reading the tree" in result.err
    assert result.out == quiet.out


def test_no_color_means_no_escape_sequences_at_all(repo: Repo) -> None:
    for command in (("scan",), ("diff",), ("check",), ("apply",), ("explain", "home")):
        where = () if command[0] == "explain" else ("--repo", repo.path)
        result = unshim(*command, *where, terminal=True, environment={"NO_COLOR": "1"})
        assert b"\x1b" not in result.out
        assert "\x1b" not in result.err


# situations without a repository, or with an unusual one


@pytest.mark.parametrize("command", [*READERS, ("apply",), ("init", "app.manager")], ids=" ".join)
def test_not_a_repository(command: tuple[str, ...], tmp_path: Path) -> None:
    result = unshim(*command, "--repo", tmp_path)
    assert_situation(result, "is not in a git repository", "--repo")


def test_without_git(repo: Repo, tmp_path: Path) -> None:
    result = unshim_process("scan", "--repo", repo.path, environment={"PATH": str(tmp_path)})
    assert_situation(result, "git is not installed", "install git")


def test_a_git_that_cannot_be_run(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "git").write_text("no program")
    result = unshim_process("scan", "--repo", repo.path, environment={"PATH": str(tmp_path)})
    assert_situation(result, "git cannot be run", "install git")


def test_a_git_directory_that_is_none(repo: Repo) -> None:
    """One that may not be read looks the same to git."""
    place = repo.git_dir
    (place / "HEAD").unlink()
    for directory in (repo.path, repo.path / "app"):
        result = unshim("scan", "--repo", directory)
        assert_situation(result, f"{place} is there, but git cannot read a repository in it", "rights")


@pytest.mark.parametrize("killed", ["config --get-regexp", "rev-parse --verify", "cat-file", "ls-tree"])
def test_a_git_that_is_killed_has_not_said_no(killed: str, repo: Repo, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\ncase "$*" in *"{killed}"*) kill -9 $$;; esac\nexec {shutil.which("git")} "$@"\n')
    fake.chmod(0o755)
    path = f"{fake.parent}:{os.environ['PATH']}"
    result = unshim_process("scan", "--no-cache", "--repo", repo.path, environment={"PATH": path})
    assert result.code == 4, result
    assert "was ended by SIGKILL" in result.err


def test_a_path_with_a_line_break(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "one\ntwo", SAMPLE)
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "HEAD")
    for place in (repo.path, repo.path / "app", tmp_path / "linked"):
        for option in ("--staged", "--worktree"):
            assert unshim("check", "--repo", place, option).code == 1


def test_no_such_directory(tmp_path: Path) -> None:
    assert_situation(unshim("scan", "--repo", tmp_path / "nowhere"), "there is no directory", "nowhere", "--repo")


def test_a_file_is_no_repository(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    assert_situation(unshim("scan", "--repo", place), "file")


def test_a_broken_git_directory(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    assert_situation(unshim("scan", "--repo", tmp_path))


def test_from_a_directory_below_the_root(repo: Repo) -> None:
    assert unshim("scan", cwd=repo.path / "app").out == unshim("scan", "--repo", repo.path).out


def test_the_git_directory_stands_for_its_repository(repo: Repo) -> None:
    assert unshim("scan", "--repo", repo.path / ".git").out == unshim("scan", "--repo", repo.path).out


def test_through_a_link_to_a_directory_below_the_root(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repo.path / "app")
    assert unshim("scan", "--repo", tmp_path / "link").out == unshim("scan", "--repo", repo.path).out


def test_a_hook_of_another_repository_does_not_say_where_this_one_is(repo: Repo, tmp_path: Path) -> None:
    """Git sets these for hooks; a hook may ask about a second repository."""
    other = make_repo(tmp_path / "other", {"x.py": ""})
    here = {"GIT_DIR": str(other.path / ".git"), "GIT_WORK_TREE": str(other.path)}
    assert unshim("scan", "--repo", repo.path, environment=here).out == unshim("scan", "--repo", repo.path).out


def test_no_commits(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    repo.write(SAMPLE)
    before = repo.state()
    for command in (("scan",), ("diff",), ("apply",), ("check",)):
        assert_situation(unshim(*command, "--repo", repo.path), "no commits yet", "commit the code first")
    (repo.path / "unshim.toml").unlink()
    result = unshim("init", "app.manager", "--repo", repo.path)
    assert_situation(result, "no commits yet")
    assert not (repo.path / "unshim.toml").exists()
    repo.write(SAMPLE)
    assert {**repo.state(), "files": None} == {**before, "files": None}


def test_an_unborn_branch_beside_others(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "fresh")
    assert_situation(unshim("scan", "--repo", repo.path), "no commits yet")
    assert unshim("scan", "--repo", repo.path, "--rev", "main").code == 0


def test_a_detached_head_works(repo: Repo) -> None:
    repo.git("checkout", "-q", "--detach")
    before = repo.state()
    assert unshim("apply", "--repo", repo.path).code == 0
    after = repo.state()
    assert after["HEAD"] == before["HEAD"]
    assert repo.word("log", "--format=%s", "main..unshim/manager").splitlines()[-1].startswith("Rewrite 1 reference")


def test_a_bare_repository_is_read_and_written_with_a_recipe(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    bare = Repo(tmp_path / "bare.git")
    bare.configure(("user.name", "Ada"), ("user.email", "ada@example.org"))
    recipe = tmp_path / "recipe.toml"
    recipe.write_bytes((repo.path / "unshim.toml").read_bytes())
    where = ("--repo", bare.path, "--recipe", recipe)
    before = bare.state()
    assert unshim("scan", *where).code == 0
    assert unshim("diff", *where).out == unshim("diff", "--repo", repo.path).out
    assert unshim("check", *where).code == 1
    assert bare.state() == before
    assert unshim("apply", *where).code == 0
    assert b"app/old_manager.py" not in bare.files("unshim/manager")


def test_a_bare_repository_without_a_recipe(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    assert_situation(unshim("scan", "--repo", tmp_path / "bare.git"), "recipe")
    result = unshim("init", "app.manager", "--repo", tmp_path / "bare.git")
    assert_situation(result, "bare", "clone")
    assert not (tmp_path / "bare.git" / "unshim.toml").exists()


def test_a_shallow_clone_works(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"notes.txt": "more\n"})
    repo.git("clone", "-q", "--depth=1", repo.path.as_uri(), str(tmp_path / "shallow"))
    shallow = Repo(tmp_path / "shallow")
    shallow.configure(("user.name", "Ada"), ("user.email", "ada@example.org"))
    assert unshim("apply", "--repo", shallow.path).code == 0
    assert unshim("check", "--repo", shallow.path, "--rev", "unshim/manager").code == 0


def test_a_linked_worktree_works(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "topic")
    assert unshim("apply", "--repo", tmp_path / "linked").code == 0
    assert repo.word("branch", "--list", "unshim/*") == "unshim/manager"
    assert repo.word("rev-parse", "topic") == repo.word("rev-parse", "main")


def test_a_sha256_repository_works(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.git("init", "-q", "-b", "main", "--object-format=sha256", "--template=")
    repo.configure(("user.name", "Ada"), ("user.email", "ada@example.org"))
    repo.commit(SAMPLE)
    result = unshim("apply", "--repo", repo.path)
    assert (result.code, result.err) == (0, "")
    assert b"app/old_manager.py" not in repo.files("unshim/manager")


def test_a_repository_of_somebody_else(repo: Repo) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a directory away")
    for place in (repo.path, repo.path / ".git"):
        os.chown(place, 12345, 12345)
    result = unshim("scan", "--repo", repo.path)
    assert_situation(result, "safe.directory")


# situations of revisions and branches


@pytest.mark.parametrize("revision", ["nowhere", "deadbeef", "HEAD~99", "HEAD:app", "", "-x", "main..topic", "--all"])
def test_a_revision_that_does_not_exist(revision: str, repo: Repo) -> None:
    before = repo.state()
    for command in ("scan", "apply"):
        result = unshim(command, "--repo", repo.path, f"--rev={revision}")
        assert_situation(result, "there is no commit")
    assert repo.state() == before


def test_another_revision_is_read_as_it_was(repo: Repo) -> None:
    old = repo.word("rev-parse", "HEAD")
    repo.commit({"app/use.py": "from app.manager import ChatManager\n\nmanager = ChatManager()\n"})
    repo.git("rm", "-q", "app/old_manager.py")
    repo.git("commit", "-q", "--amend", "-m", "clean")
    repo.git("tag", "-a", "v1", "-m", "v1", old)
    assert unshim("check", "--repo", repo.path).code == 0
    assert unshim("check", "--repo", repo.path, "--rev", "HEAD~1").code == 1
    assert scan(repo, "--rev", "v1")["base"] == old
    assert unshim("apply", "--repo", repo.path, "--rev", "HEAD~1").code == 0
    assert repo.word("rev-parse", "unshim/manager~2") == old


@pytest.mark.parametrize(
    "name", ["a..b", "-x", "HEAD", "a b", "a~1", "x.lock", "refs/heads/", "@{-1}", "@", "a/", "a\n"]
)
def test_a_bad_branch_name(name: str, repo: Repo) -> None:
    before = repo.state()
    result = unshim("apply", "--repo", repo.path, f"--branch={name}")
    assert_situation(result, "no valid branch name", "--branch")
    assert repo.state() == before


def test_a_bad_branch_name_in_the_recipe(repo: Repo) -> None:
    repo.commit({"unshim.toml": '[unshim]\ncanonical = "app.manager"\nbranch = "no way"\n'})
    assert_situation(unshim("apply", "--repo", repo.path), "no valid branch name")


def test_an_existing_branch_is_refused_unless_forced(repo: Repo) -> None:
    repo.git("branch", "unshim/manager")
    before = repo.state()
    assert_situation(unshim("apply", "--repo", repo.path), "exists already", "--branch", "--force")
    assert repo.state() == before
    assert unshim("apply", "--repo", repo.path, "--force").code == 0
    assert repo.word("rev-list", "--count", "main..unshim/manager") == "2"


def test_another_branch_by_option(repo: Repo) -> None:
    result = unshim("apply", "--repo", repo.path, "--branch", "topic/imports")
    assert result.code == 0
    assert "branch topic/imports" in result.text
    assert repo.word("for-each-ref", "--format=%(refname)") == "refs/heads/main\nrefs/heads/topic/imports"


def test_a_branch_below_an_existing_one(repo: Repo) -> None:
    repo.git("branch", "unshim")
    before = repo.state()
    result = unshim("apply", "--repo", repo.path)
    assert_situation(result, "unshim")
    assert repo.state() == before


def test_a_branch_above_an_existing_one(repo: Repo) -> None:
    repo.git("branch", "unshim/other")
    before = repo.state()
    result = unshim("apply", "--repo", repo.path, "--branch", "unshim", "--force")
    assert_situation(result, "refs/heads/unshim/other")
    assert repo.state() == before


def test_a_branch_that_is_checked_out_is_never_moved(repo: Repo, tmp_path: Path) -> None:
    repo.git("checkout", "-q", "-b", "unshim/manager")
    before = repo.state()
    assert_situation(unshim("apply", "--repo", repo.path, "--force"), "is checked out", "switch")
    assert repo.state() == before
    repo.git("checkout", "-q", "main")
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "unshim/manager")
    before = repo.state()
    assert_situation(unshim("apply", "--repo", repo.path, "--force"), "is checked out")
    assert repo.state() == before


# situations of the recipe's file


def test_no_recipe(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", NAKED)
    for command in ("scan", "diff", "apply", "check"):
        assert_situation(unshim(command, "--repo", repo.path), "there is no recipe", "unshim init MODULE")


def test_a_recipe_that_is_not_there(repo: Repo) -> None:
    result = unshim("scan", "--repo", repo.path, "--recipe", repo.path / "other.toml")
    assert_situation(result, "there is no recipe", "other.toml", "unshim init MODULE")
    assert_situation(unshim("scan", "--repo", repo.path, "--recipe", repo.path), "recipe")


def test_a_recipe_beside_the_repository(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[unshim]\ncanonical = "app.manager"\nbranch = "mine"\n')
    assert unshim("apply", "--repo", repo.path, "--recipe", tmp_path / "mine.toml").code == 0
    assert repo.word("branch", "--list", "mine") == "mine"


def test_explain_knows_the_codes() -> None:
    result = unshim("explain", "home")
    assert (result.code, result.err) == (0, "")
    assert result.text.startswith("home\n")
    assert "What to do: " in result.text
    unknown = unshim("explain", "hom")
    assert_situation(unknown, "there is no reason code 'hom'", "text-mention", code=2)


@pytest.mark.parametrize("command", ["check", "scan --format json"])
@pytest.mark.parametrize(
    ("target", "words"),
    [(">/dev/full", "the output cannot be written: No space left"), (">&-", "there is no standard output")],
)
def test_output_that_cannot_be_written_is_no_answer(command: str, target: str, words: str, repo: Repo) -> None:
    """An exit code of 1 would say that something was found."""
    line = f'exec "{sys.executable}" -m migrate {command} --repo "{repo.path}" {target}'
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, env=repo.environment, capture_output=True, check=False)
    assert done.returncode == 4
    assert words in done.stderr.decode() and b"Traceback" not in done.stderr and b"ignored" not in done.stderr
