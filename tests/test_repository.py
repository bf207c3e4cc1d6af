"""git: what unshim reads out of a repository, and that nothing a repository brings along is ever executed."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from repositories import SAMPLE, Repo, make_repo, scan, unchecked, unshim

from migrate.errors import MigrateError
from migrate.repository import Change, Repository

USE = "from app.old_manager import ChatManager\n\nprint(ChatManager)\n"
ODD_PATHS = [
    pytest.param(b"app/with space.py", id="space"),
    pytest.param(b'app/"quoted".py', id="double quotes"),
    pytest.param(b"app/'quoted'.py", id="single quotes"),
    pytest.param(b"app/new\nline.py", id="newline"),
    pytest.param(b"app/tab\there.py", id="tab"),
    pytest.param(b"app/back\\slash.py", id="backslash"),
    pytest.param(b"app/not-utf8-\xff\xfe.py", id="bytes that are not UTF-8"),
    pytest.param("app/grün.py".encode(), id="letters beyond ASCII"),
    pytest.param("app/\ue000private\U000f0000.py".encode(), id="private-use characters"),
    pytest.param("app/line\u2028separator.py".encode(), id="line separator"),
    pytest.param(b"app/-dash.py", id="dash"),
    pytest.param(b"-x.py", id="like an option"),
    pytest.param(b":(glob)x.py", id="like a magic pathspec"),
    pytest.param(b"app/a:b.py", id="colon"),
    pytest.param(b"app/star*.py", id="star"),
    pytest.param(b"app/$(touch executed).py", id="like a command"),
    pytest.param(b"app/cr\r.py", id="carriage return"),
]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo", SAMPLE)


# reading


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_path_of_any_bytes_is_seen_and_rewritten(path: bytes, repo: Repo) -> None:
    repo.commit_objects([(path, "100644", USE.encode()), (path + b".md", "100644", b"app.old_manager\n")])
    found = [one for one in scan(repo)["references"] if one["relation"] == "alias"]
    assert os.fsencode(path.decode("utf-8", "surrogateescape")) in [
        one["path"].encode("utf-8", "surrogateescape") for one in found
    ]
    for command in ("check", "diff"):
        result = unshim(command, "--repo", repo.path)
        assert (result.code, result.err) == (int(command == "check"), "")
    assert unshim("scan", "--all", "--repo", repo.path).code == 0
    applied = unshim("apply", "--repo", repo.path)
    assert (applied.code, applied.err) == (0, "")
    before, after = repo.files(), repo.files("unshim/manager")
    changed = {path, b"app/use.py", b"app/old_manager.py"}
    assert {name for name in before if before[name] != after.get(name)} == changed
    assert repo.git("cat-file", "blob", after[path][1]) == USE.replace("old_", "").encode()
    patch = unshim("diff", "--repo", repo.path).out
    repo.git("read-tree", "HEAD")
    repo.git("apply", "--cached", "-", stdin=patch)
    assert repo.word("write-tree") == repo.word("rev-parse", "unshim/manager^{tree}")


def test_entries_have_mode_and_object(repo: Repo) -> None:
    commit = repo.word("rev-parse", "HEAD")
    repo.commit_objects([(b"sub", "160000", commit.encode()), (b"link.py", "120000", b"app/use.py")])
    (repo.path / "app" / "use.py").chmod(0o755)
    entries = {entry.path: entry for entry in Repository(repo.path).entries("HEAD")}
    assert (entries["sub"].mode, entries["sub"].oid) == ("160000", commit)
    link, use = (repo.word("rev-parse", f"HEAD:{path}") for path in ("link.py", "app/use.py"))
    assert (entries["link.py"].mode, entries["link.py"].oid) == ("120000", link)
    assert (entries["app/use.py"].mode, entries["app/use.py"].oid) == ("100644", use)


def test_read_gives_contents_in_order_and_none_for_what_is_missing(repo: Repo) -> None:
    repository = Repository(repo.path)
    entries = {entry.path: entry.oid for entry in repository.entries("HEAD")}
    wanted = [entries["app/use.py"], "0" * 39 + "1", entries["app/__init__.py"], entries["app/use.py"]]
    use = SAMPLE["app/use.py"].encode() if isinstance(SAMPLE["app/use.py"], str) else b""
    assert list(repository.read(wanted)) == [use, None, b"", use]
    assert list(repository.read([])) == []
    assert list(repository.read(wanted, 3)) == [use[:3], None, b"", use[:3]]


# what the repository cannot give


def test_a_partial_clone_lists_what_it_does_not_have_and_stays_off_the_network(repo: Repo, tmp_path: Path) -> None:
    repo.configure(("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", repo.path.as_uri(), str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial")
    partial.configure(("user.name", "Ada"), ("user.email", "ada@example.org"))
    fetched = tmp_path / "fetched"
    marker = tmp_path / "upload-pack"
    marker.write_text(f'#!/bin/sh\ntouch "{fetched}"\nexec git-upload-pack "$@"\n')
    marker.chmod(0o755)
    partial.configure(("remote.origin.uploadpack", str(marker)))
    partial.git("cat-file", "-e", "HEAD:app/manager.py")  # the canonical module is fetched
    assert fetched.exists()
    fetched.unlink()
    partial.write({"unshim.toml": SAMPLE["unshim.toml"]})
    objects = partial.objects()
    document = scan(partial)
    assert unchecked(document) == dict.fromkeys(("app/__init__.py", "app/old_manager.py", "app/use.py"), "blob-missing")
    assert unshim("check", "--repo", partial.path).code == 1
    assert not fetched.exists()
    assert partial.objects() == objects


def test_the_index_of_a_partial_clone_is_checked_as_far_as_it_is_there(repo: Repo, tmp_path: Path) -> None:
    repo.configure(("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", repo.path.as_uri(), str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial")
    partial.git("cat-file", "-e", "HEAD:app/manager.py")
    partial.git("read-tree", "HEAD")
    repo.path.rename(tmp_path / "gone")
    partial.write({"unshim.toml": SAMPLE["unshim.toml"]})
    result = unshim("check", "--staged", "--repo", partial.path)
    assert result.code == 1 and "app/use.py" in result.text and "does not have the file's content" in result.text, (
        result
    )


def test_commits_of_which_a_partial_clone_has_a_part_are_compared(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"app/use.py": "from app.old_manager import ChatManager\n\n\nother = ChatManager()\n"})
    repo.configure(("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", repo.path.as_uri(), str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial")
    for path in SAMPLE:
        partial.git("cat-file", "-e", f"HEAD:{path}")  # and not what app/use.py was before
    partial.write({"unshim.toml": SAMPLE["unshim.toml"]})
    repo.path.rename(tmp_path / "gone")
    result = unshim("check", "--base", "HEAD~1", "--repo", partial.path)
    assert (result.code, "fsck" in result.err) == (1, False), result
    [before, now] = unshim("history", "--since", "HEAD~1", "--format", "json", "--repo", partial.path).json["rows"]
    assert (before["unchecked"], before["unparsable"]) == (1, 0)
    assert (now["unchecked"], now["unparsable"]) == (0, 0)


def test_the_canonical_module_is_not_fetched(repo: Repo, tmp_path: Path) -> None:
    repo.configure(("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", repo.path.as_uri(), str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial")
    partial.write({"unshim.toml": SAMPLE["unshim.toml"]})
    result = unshim("scan", "--repo", partial.path)
    assert result.code == 4
    assert "this clone does not have the file's content" in result.err and "git cat-file -p" in result.err


def test_a_partial_clone_in_the_place_of_a_whole_one(repo: Repo, tmp_path: Path) -> None:
    """What is known of the whole one is no answer about the other."""
    repo.configure(("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
    place = tmp_path / "clone"
    repo.git("clone", "-q", "--no-checkout", repo.path.as_uri(), str(place))
    Repo(place).write({"unshim.toml": SAMPLE["unshim.toml"]})
    assert unshim("scan", "--repo", place).code == 0
    shutil.rmtree(place)
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", repo.path.as_uri(), str(place))
    Repo(place).write({"unshim.toml": SAMPLE["unshim.toml"]})
    assert unshim("scan", "--repo", place).code == 4


def test_a_partial_clone_with_all_of_the_code_works(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"deploy.yaml": "a: 1\nuse: app.old_manager\n", "data.bin": b"\0", "notes.txt": "nothing"})
    repo.configure(("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", repo.path.as_uri(), str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial")
    partial.configure(("user.name", "Ada"), ("user.email", "ada@example.org"))
    for path in (*SAMPLE, "deploy.yaml"):
        partial.git("cat-file", "-e", f"HEAD:{path}")
    repo.path.rename(tmp_path / "gone")
    partial.write({"unshim.toml": SAMPLE["unshim.toml"]})
    document = scan(partial)
    assert unchecked(document) == {}
    [mention] = [one for one in document["references"] if one["kind"] == "document"]
    assert (mention["path"], mention["line"], mention["column"]) == ("deploy.yaml", 2, 6)
    assert unshim("apply", "--partial", "--repo", partial.path).code == 0
    assert partial.content("unshim/manager", "app/use.py").startswith(b"from app.manager import ChatManager\n")


def test_what_cannot_be_read_is_listed_as_unchecked(repo: Repo) -> None:
    commit = repo.word("rev-parse", "HEAD")
    mention = b"import app.old_manager\n"
    repo.commit_objects(
        [
            (b"nul.py", "100644", mention + b"\0"),
            (b"latin.py", "100644", mention + b"# caf\xe9\n"),
            (b"unknown.py", "100644", b"# coding: klingon\n" + mention),
            (b"cookie.py", "100644", b"# coding: latin-1\n" + mention + b"# caf\xe9\n"),
            (b"huge.py", "100644", mention + b"#" * (4 * 1024 * 1024)),
            (b"inside.py", "120000", b"app/use.py"),
            (b"outside.py", "120000", b"/etc/passwd"),
            (b"dangling.py", "120000", b"nowhere"),
            (b"linked", "120000", b"app"),
            (b"vendored", "160000", commit.encode()),
            (b"broken.py", "100644", mention + b"def (:\n"),
            (b"two.py", "100644", mention + b"print 'x'\nexcept_ = 1\n"),
            (b"conflict.py", "100644", mention + b"<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> topic\n"),
            (b"empty.py", "100644", b""),
        ]
    )
    document = scan(repo)
    assert unchecked(document) == {
        "nul.py": "not-text",
        "latin.py": "undecodable",
        "unknown.py": "undecodable",
        "huge.py": "too-large",
        "inside.py": "symlink",
        "outside.py": "symlink",
        "dangling.py": "symlink",
        "vendored": "submodule",
        "broken.py": "syntax-error",
        "two.py": "python-2",
        "conflict.py": "conflict-markers",
    }
    assert document["summary"]["unchecked"] == 11
    assert all(one["message"] and one["line"] >= 1 for one in document["unchecked"])
    assert [one["path"] for one in document["references"] if one["path"] == "cookie.py"]
    before = repo.state()
    assert unshim("apply", "--partial", "--repo", repo.path).code == 0
    after = repo.state()
    assert (after["HEAD"], after["index"]) == (before["HEAD"], before["index"])
    # what could not be read may still need the shim
    assert b"app/old_manager.py" in repo.files("unshim/manager")


def test_exclude_silences_what_is_not_checked(repo: Repo) -> None:
    repo.commit({"vendored/bad.py": b"import app.old_manager\n\xff\n"})
    assert unchecked(scan(repo)) == {"vendored/bad.py": "undecodable"}
    repo.write({"unshim.toml": '[unshim]\ncanonical = "app.manager"\nexclude = ["vendored/**"]\n'})
    assert unchecked(scan(repo)) == {}


# nothing that the repository brings is executed


def _program(place: Path, marker: Path, action: str = "") -> str:
    place.write_text(f'#!/bin/sh\ntouch "{marker}"\n{action}\n')
    place.chmod(place.stat().st_mode | stat.S_IXUSR)
    return str(place)


HOOKS = (
    "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "prepare-commit-msg", "commit-msg",
    "post-commit", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman", "post-rewrite",
    "pre-auto-gc", "update", "pre-receive", "post-update",
)  # fmt: skip


@pytest.mark.parametrize("command", [("scan",), ("diff",), ("check",), ("apply",), ("apply", "--force")], ids=" ".join)
def test_nothing_of_the_repository_runs(command: tuple[str, ...], tmp_path: Path) -> None:
    attributes = "* filter=evil diff=evil merge=evil ident text eol=crlf working-tree-encoding=UTF-16\n"
    files = {**SAMPLE, "docs.md": "app.old_manager\n", "app/crlf.py": USE.replace("\n", "\r\n")}
    repo = make_repo(tmp_path / "repo", files)
    repo.commit_objects([(b".gitattributes", "100644", attributes.encode())])
    (repo.path / ".gitattributes").write_text(attributes)
    if "--force" in command:
        repo.git("branch", "unshim/manager")
    marker = tmp_path / "executed"
    program = _program(tmp_path / "evil", marker, "cat")
    hooks = repo.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in HOOKS:
        _program(hooks / hook, marker, "exit 1")
    settings = {
        "core.fsmonitor": program,
        "core.pager": program,
        "core.editor": program,
        "core.sshCommand": program,
        "core.askPass": program,
        "core.alternateRefsCommand": program,
        "core.autocrlf": "true",
        "core.safecrlf": "true",
        "diff.external": program,
        "diff.evil.textconv": program,
        "diff.evil.command": program,
        "merge.evil.driver": program,
        "filter.evil.clean": program,
        "filter.evil.smudge": program,
        "filter.evil.process": program,
        "filter.evil.required": "true",
        "credential.helper": program,
        "gpg.program": program,
        "pager.diff": program,
        "pager.grep": program,
        "alias.ls-tree": f"!{program}",
        "alias.grep": f"!{program}",
        "uploadpack.packObjectsHook": program,
        "grep.fallbackToNoIndex": "true",
        "grep.fullName": "false",
        "grep.column": "true",
        "grep.patternType": "perl",
        "color.ui": "always",
        "core.quotePath": "true",
        "log.showSignature": "true",
        "sequence.editor": program,
        "gc.auto": "1",
    }
    with (repo.path / ".git" / "config").open("a") as config:
        for key, value in settings.items():
            section, name = key.rsplit(".", 1)
            head, _, sub = section.partition(".")
            config.write(f'[{head}{f" {chr(34)}{sub}{chr(34)}" if sub else ""}]\n\t{name} = "{value}"\n')
    result = unshim(*command, "--repo", repo.path, cwd=repo.path)
    assert not marker.exists(), result
    assert (result.code, result.err) == (1 if command == ("check",) else 0, "")
    if command[0] == "apply":
        after = repo.git("-c", "core.fsmonitor=false", "cat-file", "blob", "unshim/manager:app/crlf.py")
        assert after == USE.replace("old_", "").replace("\n", "\r\n").encode()


def test_settings_of_the_environment_do_not_lead_elsewhere(repo: Repo, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other", SAMPLE)
    index = tmp_path / "index"
    environment = {"GIT_INDEX_FILE": str(index), "GIT_EXTERNAL_DIFF": "false", "GIT_LITERAL_PATHSPECS": "1"}
    assert unshim("apply", "--repo", repo.path, environment=environment).code == 0
    assert not index.exists()
    before = other.state()
    assert unshim("scan", "--repo", repo.path, environment={"GIT_DIR": str(other.path / ".git")}).code == 0
    result = unshim("apply", "--force", "--repo", repo.path, environment={"GIT_DIR": str(other.path / ".git")})
    assert (result.code, result.err) == (0, "")
    assert other.state() == before


# writing


def test_a_writer_leaves_no_trace_but_objects(repo: Repo) -> None:
    before = repo.state()
    repository = Repository(repo.path)
    parent = repository.resolve("HEAD")
    with repository.writer() as writer:
        made = writer.commit(
            parent,
            [Change("app/use.py", "100755", b"x = 1\r\n"), Change("app/old_manager.py", "100644", None)],
            "why\n\nA: b\n",
        ).oid
        again = writer.commit(made, [Change("app/use.py", "100644", b"")], "more\n\nA: b\n")
    assert repo.state() == before
    assert repo.content(made, "app/use.py") == b"x = 1\r\n"
    assert repo.files(made)[b"app/use.py"][0] == "100755"
    assert b"app/old_manager.py" not in repo.files(made)
    told = f"{made}|more\n\nA: b\nUnshim-Tree: {again.tree}"
    assert repo.word("log", "-1", "--format=%P|%B", again.oid) == told
    assert repo.word("rev-parse", f"{again.oid}^{{tree}}") == again.tree


def test_publish_moves_the_branch_only_from_where_it_was(repo: Repo) -> None:
    repository = Repository(repo.path)
    base = repository.resolve("HEAD")
    other = repo.commit({"x.txt": "x"})
    repository.publish("topic", base, None)
    with pytest.raises(MigrateError):
        repository.publish("topic", other, None)
    with pytest.raises(MigrateError):
        repository.publish("topic", other, other)
    assert repository.branch_tip("topic") == base
    repository.publish("topic", other, base)
    assert repository.branch_tip("topic") == other
    assert repo.word("reflog", "-1", "--format=%gs", "topic") == "unshim apply"


def test_the_tip_of_a_branch(repo: Repo) -> None:
    repo.git("branch", "a/b")
    repo.git("tag", "only-a-tag")
    repository = Repository(repo.path)
    assert repository.branch_tip("a/b") == repository.resolve("HEAD")
    assert repository.branch_tip("a") is None
    assert repository.branch_tip("only-a-tag") is None
    assert repository.is_checked_out("main")
    assert not repository.is_checked_out("a/b")


@pytest.mark.parametrize("command", [("scan",), ("check",), ("apply",)], ids=" ".join)
def test_a_commit_that_is_damaged_is_not_none(command: tuple[str, ...], repo: Repo) -> None:
    tip = repo.word("rev-parse", "HEAD")
    (repo.git_dir / "objects" / tip[:2] / tip[2:]).unlink()
    result = unshim(*command, "--repo", repo.path)
    assert (result.code, f"the commit {tip} cannot be read" in result.err) == (4, True), result
