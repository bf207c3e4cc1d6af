"""The reports: JSON that programs rely on, text that people read, a diff that git takes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import DIVERGENT, ROOT, SAMPLE, Repo, make_repo, scan, unshim

from codemods.reasons import EXPLANATIONS
from codemods.references import Reason
from migrate.plan import FileChange
from migrate.reports.diff import file_diff

KINDS = {
    "from-import", "import", "attribute", "module-object", "patch-target", "dynamic-import", "dotted-string",
    "file-path", "source-text", "docstring", "comment", "document",
}  # fmt: skip
RELATIONS = {"alias", "divergent", "repair", "missing", "undecidable", "home", "moved"}
DISPOSITIONS = {"rewrite", "manual", "keep"}
STEPS = {"rewrite", "collapse", "documents", "delete"}
SYMBOL = r"[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*)?"

WIDE: dict[str, str | bytes] = {
    **SAMPLE,
    **DIVERGENT,
    "app/__init__.py": "from . import old_manager\n",
    "app/relative.py": "from .old_manager import (\n    # first\n    ChatManager,\n    get_chat_manager as get,\n)\n"
    "get, ChatManager\n",
    "app/star.py": "from app.old_manager import *  # noqa\n\nChatManager()\n",
    "app/modules.py": "from app import old_manager as o\nimport os, app.old_manager\n\n"
    "o.ChatManager(); app.old_manager.get_chat_manager()\n",
    "app/missing.py": "from app.old_manager import Gone\n",
    "app/kept.py": "from app.old_manager import ChatManager  # unshim: keep (why not)\n",
    "app/wide.py": "# ü→\ndef f(é=1):\n\tfrom app.old_manager import ChatManager as Größe; return Größe\n",
    "app/strings.py": "'''See app.old_manager.'''\n# app.old_manager\n"
    "NAME = 'ü app.old_manager'\nPATH = 'app/old_manager.py'\n",
    "docs/guide.md": "Read *app.old_manager*,\nthen app/old_manager.py\n",
    "deploy.yaml": "größe: app.old_manager.ChatManager\n",
    "app/broken.py": "import app.old_manager\nif:\n",
    "vendored/latin.py": b"import app.old_manager  # \xff\n",
}


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return make_repo(tmp_path_factory.mktemp("wide") / "repo", WIDE)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    place = tmp_path_factory.mktemp("example") / "repo"
    shutil.copytree(ROOT / "examples" / "websocket_manager", place, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    repo = make_repo(place)
    repo.commit()
    return repo


@pytest.fixture(params=["wide", "example"])
def repo(request: pytest.FixtureRequest) -> Repo:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Repo)
    return found


# JSON


def assert_schema(document: Any) -> None:
    assert list(document) == ["schema", "base", "recipe", "references", "modules", "unchecked", "summary"]
    assert document["schema"] == 1
    assert re.fullmatch("[0-9a-f]{40}", document["base"])
    assert isinstance(document["recipe"], dict)
    for one in document["references"]:
        assert list(one) == [
            "path", "line", "column", "kind", "old", "new", "relation", "disposition", "reason", "detail", "chain",
            "step",
        ]  # fmt: skip
        assert isinstance(one["path"], str) and one["path"]
        assert isinstance(one["line"], int) and one["line"] >= 1
        assert isinstance(one["column"], int) and one["column"] >= 1
        assert one["kind"] in KINDS
        assert one["relation"] in RELATIONS
        assert one["disposition"] in DISPOSITIONS
        assert re.fullmatch(SYMBOL, one["old"])
        assert one["new"] is None or re.fullmatch(SYMBOL, one["new"])
        assert one["reason"] is None or one["reason"] in {reason.value for reason in Reason}
        assert isinstance(one["detail"], str)
        assert all(re.fullmatch(SYMBOL, symbol) for symbol in one["chain"])
        if one["disposition"] == "rewrite":
            assert one["new"] is not None and one["new"] != one["old"]
            assert one["step"] in STEPS
        else:
            assert one["reason"] is not None
            assert one["step"] in {None, *STEPS}
    for one in document["modules"]:
        assert list(one) == ["module", "path", "verdict", "references_left", "deletable", "evidence"]
        assert re.fullmatch(SYMBOL, one["module"])
        assert one["path"] is None or isinstance(one["path"], str)
        assert one["verdict"] in {"canonical", "home", "pure-shim", "mixed", "implementation", "missing", "broken"}
        assert isinstance(one["references_left"], int) and one["references_left"] >= 0
        assert isinstance(one["deletable"], bool)
        assert not (one["deletable"] and one["references_left"])
        assert all(isinstance(line, str) for line in one["evidence"])
    for one in document["unchecked"]:
        assert list(one) == ["path", "line", "reason", "message"]
        assert one["reason"] in {reason.value for reason in Reason}
    summary = document["summary"]
    counted = [one["disposition"] for one in document["references"]]
    assert {key: summary[key] for key in DISPOSITIONS} == {key: counted.count(key) for key in DISPOSITIONS}
    assert summary["references"] == len(counted)
    assert summary["unchecked"] == len(document["unchecked"])
    assert summary["deletions"] == sum(one["deletable"] for one in document["modules"])
    assert set(summary) == {"files", "references", "canonical", *DISPOSITIONS, "deletions", "unchecked"}


def test_json_is_as_promised(repo: Repo) -> None:
    document = scan(repo)
    assert_schema(document)
    assert document["base"] == repo.word("rev-parse", "HEAD")
    names = [path for path in repo.files() if path.endswith((b".py", b".pyi"))]
    assert document["summary"]["files"] == len(names)
    order = [(one["path"], one["line"], one["column"]) for one in document["references"]]
    assert order == sorted(order)


def assert_points_at_the_name(repo: Repo, one: Any) -> None:
    text = repo.content("HEAD", one["path"]).decode()
    line = re.split("\r\n|\r|\n", text)[one["line"] - 1]
    rest = line[one["column"] - 1 :]
    module, _, name = one["old"].partition(":")
    wanted = [name] if name else [module, module.rpartition(".")[2], ".", module.replace(".", "/")]
    assert any(rest.startswith(text) for text in wanted), (one, line)


def test_line_and_column_are_those_of_the_name_in_the_base_commit(repo: Repo) -> None:
    document = scan(repo)
    assert len(document["references"]) > 10
    for one in document["references"]:
        if one["step"] != "collapse" and one["reason"] != "name-capture":
            assert_points_at_the_name(repo, one)


def test_line_and_column_of_a_collapsed_name_are_those_of_the_base_commit_too(example: Repo) -> None:
    found = [one for one in scan(example)["references"] if one["step"] == "collapse" or one["reason"] == "name-capture"]
    assert found
    for one in found:
        assert_points_at_the_name(example, one)


def test_line_and_column_of_a_mention_count_characters_too(tmp_path: Path) -> None:
    files = {"a.yaml": "a: 1\r\ngröße: app.old_manager.X, app/old_manager.py\r\n", "b.py": "# é app.old_manager\n"}
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **files})
    found = [one for one in scan(repo)["references"] if one["path"] in files]
    assert [one["kind"] for one in found] == ["document", "file-path", "comment"]
    for one in found:
        assert_points_at_the_name(repo, one)


def test_json_lists_every_kind_of_reference_once(wide: Repo) -> None:
    found = {(one["path"], one["line"], one["kind"], one["disposition"]) for one in scan(wide)["references"]}
    assert found >= {
        ("app/relative.py", 3, "from-import", "rewrite"),
        ("app/relative.py", 4, "from-import", "rewrite"),
        ("app/star.py", 1, "from-import", "rewrite"),
        ("app/modules.py", 1, "from-import", "rewrite"),
        ("app/modules.py", 2, "import", "rewrite"),
        ("app/modules.py", 4, "attribute", "rewrite"),
        ("app/missing.py", 1, "from-import", "manual"),
        ("app/decide.py", 1, "from-import", "manual"),
        ("app/kept.py", 1, "from-import", "keep"),
        ("app/wide.py", 3, "from-import", "rewrite"),
    }
    places = [(one["path"], one["line"], one["column"], one["step"]) for one in scan(wide)["references"]]
    assert len(places) == len(set(places))


def test_json_is_plain_ascii_whatever_the_paths(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    repo.commit_objects(
        [(b"app/\xff\xc3\xbc\x1b.py", "100644", b"from app.old_manager import ChatManager\nChatManager()\n")]
    )
    result = unshim("scan", "--format", "json", "--repo", repo.path)
    assert result.out.isascii()
    assert result.json["references"][-1]["path"].encode("utf-8", "surrogateescape") in (
        b"app/\xff\xc3\xbc\x1b.py", b"app/use.py",
    )  # fmt: skip


# text


@pytest.mark.parametrize("command", [("scan",), ("apply",), ("apply", "--partial", "--force")], ids=" ".join)
def test_summaries_fit_the_terminal(command: tuple[str, ...], repo: Repo) -> None:
    result = unshim(*command, "--repo", repo.path)
    assert result.code in (0, 3)
    assert [line for line in result.text.splitlines() if len(line) > 100] == []
    assert b"\x1b" not in result.out
    if command == ("scan",):
        assert "\nnext:\n" in result.text


def test_long_names_do_not_make_long_lines(tmp_path: Path) -> None:
    package = "a" * 50 + "/" + "b" * 50
    dotted = package.replace("/", ".")
    repo = make_repo(
        tmp_path / "repo",
        {
            f"{package}/chat_manager.py": SAMPLE["app/manager.py"],
            f"{package}/old_chat_manager.py": f"from {dotted}.chat_manager import ChatManager\nX = 1\n" + "y = 2\n" * 9,
            "use.py": f"from {dotted}.old_chat_manager import ChatManager, X\n",
            "unshim.toml": f'[unshim]\ncanonical = "{dotted}.chat_manager"\n',
        },
    )
    for command in (("scan",), ("apply", "--partial")):
        result = unshim(*command, "--repo", repo.path)
        assert result.code == 0
        assert max(map(len, result.text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param(
            {"app/broken.py": "from app.old_manager import ChatManager\nChatManager(\n"},
            "  app.old_manager: 0 references left\n      app/broken.py could not be checked and may name it\n",
            id="no reference is left, and something else holds it",
        ),
        pytest.param(
            {"app/use.py": "import app.old_manager\nprint(app.old_manager)\nprint(app.old_manager)\n"},
            "  app.old_manager: 3 references left\n      held by app/use.py:1: app.old_manager\n",
            id="the first of several",
        ),
    ],
)
def test_apply_says_why_a_shim_stays(files: dict[str, str], told: str, tmp_path: Path) -> None:
    more = {"app/more.py": "from app.old_manager import ChatManager\nmanager = ChatManager()\n"}
    repo = make_repo(tmp_path / "repo", {**SAMPLE, **more, **files})
    assert f"\nshims that stay:\n{told}\n" in unshim("apply", "--partial", "--repo", repo.path).text


def test_a_path_neither_breaks_the_line_nor_drives_the_terminal(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    text = b"from app.old_manager import ChatManager\nChatManager(\n"
    paths = (b"app/\x1b[2Jclear.py", b"app/new\nline.py", b"app/\xff\x9b.py", "app/\u202eleft.py".encode())
    repo.commit_objects([(path, "100644", text[:-2] + b"\n") for path in paths])
    repo.commit_objects([(b"app/\x1b[31mbroken.py", "100644", text)])
    for command in (("check",), ("scan", "--all")):
        out = unshim(*command, "--repo", repo.path).out
        assert b"\x1b" not in out
        assert "\u202e".encode() not in out
        for shown in (
            b"app/\\x1b[2Jclear.py:1:",
            b"app/new\\nline.py:1:",
            b"app/\xff\x9b.py:1:",
            b"app/\\u202eleft.py:1:",
        ):
            assert b"\n" + shown in b"\n" + out
    out = unshim("apply", "--partial", "--repo", repo.path).out
    assert b"app/\\x1b[31mbroken.py could not be checked" in out and b"\x1b" not in out


def test_every_code_that_appears_is_explained(repo: Repo) -> None:
    document = scan(repo)
    codes = {one["reason"] for one in document["references"]} | {one["reason"] for one in document["unchecked"]}
    text = unshim("scan", "--repo", repo.path).text
    for code in codes - {None}:
        assert re.search(rf"\b{code}\b", text)
        result = unshim("explain", code)
        assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained_in_sentences(reason: Reason) -> None:
    explanation = EXPLANATIONS[reason]
    assert explanation.meaning.endswith(".") and explanation.remedy.endswith(".")
    text = unshim("explain", reason.value).text
    assert max(map(len, text.splitlines())) <= 100


def test_scan_all_lists_each_reference_and_each_unchecked_file(repo: Repo) -> None:
    document = scan(repo)
    text = unshim("scan", "--all", "--repo", repo.path).text
    for one in document["references"]:
        assert f"{one['path']}:{one['line']}:{one['column']}: " in text
    for one in document["unchecked"]:
        assert f"{one['path']}:{one['line']}: not checked: {one['reason']}: " in text


def test_the_numbers_of_scan_are_those_of_the_json(repo: Repo) -> None:
    summary = scan(repo)["summary"]
    text = unshim("scan", "--repo", repo.path).text
    assert f"{summary['files']} Python files" in text
    for key, words in (("rewrite", "to rewrite"), ("keep", "kept"), ("manual", "for you to decide")):
        assert re.search(rf"^ +{summary[key]} {words}", text, re.MULTILINE)
    assert re.search(rf"^ +{summary['canonical']} canonical already", text, re.MULTILINE)
    assert text.count("will be deleted") == summary["deletions"]


def test_check_lists_all_but_what_is_kept(repo: Repo) -> None:
    document = scan(repo)
    lines = unshim("check", "--repo", repo.path).text.splitlines()
    listed = lines[: lines.index("")]
    places = [(one["path"], one["line"]) for one in document["references"] if one["disposition"] != "keep"]
    places += [(one["path"], one["line"]) for one in document["unchecked"]]
    others = [line for line in listed if line.split(": ")[1].split()[0] in ("shim", "alias", "second-implementation")]
    assert sorted(f"{path}:{line}" for path, line in places) == sorted(
        ":".join(line.split(":")[:2]) for line in listed if line not in others
    )
    assert f"{len(listed) - len(document['unchecked'])} violations in " in "\n".join(lines)


# the diff


def test_the_diff_holds_the_bytes_of_each_file(tmp_path: Path) -> None:
    repo = make_repo(
        tmp_path / "repo",
        {
            **SAMPLE,
            "app/latin.py": b"# coding: latin-1\nfrom app.old_manager import ChatManager  # \xe9\nChatManager()\n",
            "app/end.py": b"import app.old_manager\nprint(app.old_manager)\nfrom app.old_manager import ChatManager\n1",
        },
    )
    out = unshim("diff", "--repo", repo.path).out
    assert b"\n-from app.old_manager import ChatManager  # \xe9\n" in out
    assert b"\n \n" not in out.split(b"a/app/end.py")[1].split(b"diff --git")[0]
    assert b"\n\\ No newline at end of file\n" in out
    repo.git("apply", "--check", "-", stdin=out)


def test_a_long_file_is_shown_in_hunks(tmp_path: Path) -> None:
    use = "from app.old_manager import ChatManager\n"
    filler = "".join(f"x{n} = {n}\n" for n in range(40))
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/long.py": f"{use}{filler}def f():\n    {use}{filler}"})
    out = unshim("diff", "--repo", repo.path).text
    part = out.split("diff --git a/app/long.py")[1].split("diff --git")[0]
    assert re.findall("^@@ .*", part, re.MULTILINE) == ["@@ -1,4 +1,4 @@", "@@ -40,7 +40,7 @@"]


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"\n", b"a\r\n", b"a\rb\n"]), max_size=12).map(b"".join)
END = st.sampled_from([b"", b"a", b"\r"])


@given(LINES, LINES, LINES, LINES, END, END)
def test_a_diff_leads_from_one_text_to_the_other(
    front: bytes, old: bytes, new: bytes, tail: bytes, old_end: bytes, new_end: bytes
) -> None:
    before, after = front + old + tail + old_end, front + new + tail + new_end
    text = b"".join(file_diff(FileChange("x.py", "100644", before, after)))
    assert patched(before, text) == (before if before == after else after)


def patched(before: bytes, diff: bytes) -> bytes:
    """The text after its diff; each hunk must begin where it says, with what stands there, and not be too wide."""
    lines, made, at = [*re.findall(rb"[^\n]*\n|[^\n]+", before)], [], 0
    for hunk in re.split(rb"^(?=@@ )", diff, flags=re.MULTILINE)[1:]:
        marked = hunk.replace(b"\n\\ No newline at end of file\n", b"\0\n")
        head, *body = (line.replace(b"\0\n", b"") for line in re.findall(rb"[^\n]*\n", marked))
        start, length, new_start, new_length = map(int, re.findall(rb"\d+", head))
        start, new_start = start - (length > 0), new_start - (new_length > 0)
        made += lines[at:start]
        assert new_start == len(made)
        assert lines[start : start + length] == [line[1:] for line in body if line[:1] in b" -"]
        fresh = [line[1:] for line in body if line[:1] in b" +"]
        assert len(fresh) == new_length
        marks = b"".join(line[:1] for line in body)
        assert len(marks) - len(marks.lstrip(b" ")) <= 3 and len(marks) - len(marks.rstrip(b" ")) <= 3
        made, at = [*made, *fresh], start + length
    return b"".join((*made, *lines[at:]))


def test_an_empty_shim_is_deleted_in_the_diff_too(tmp_path: Path) -> None:
    files = {
        **SAMPLE,
        "unshim.toml": '[unshim]\ncanonical = "app.manager"\nshims = ["app.empty"]\n',
        "app/empty.py": "",
    }
    repo = make_repo(tmp_path / "repo", files)
    assert unshim("apply", "--repo", repo.path).code == 0
    repo.git("apply", "--index", "-", stdin=unshim("diff", "--repo", repo.path).out)
    assert repo.word("write-tree") == repo.word("rev-parse", "unshim/manager^{tree}")
