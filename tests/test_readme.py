"""README and docs: their recipes load, their keys, commands, options and fields exist, and none is left out."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from repositories import ROOT, SAMPLE, make_repo, scan, unshim

from codemods.references import Disposition, ReferenceKind, Relation
from migrate.errors import ExitCode, MigrateError
from migrate.hooks import Hook
from migrate.recipe import read_recipe

README = (ROOT / "README.md").read_text()
JSON_PAGE = (ROOT / "docs" / "json.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples/websocket_manager/README.md"]
HOOK_COMMANDS = ("hook install", "hook uninstall", "hook run")
COMMANDS = ("init", "scan", "diff", "apply", "check", "verify", "export", "history", "undo", "explain", *HOOK_COMMANDS)


def section(page: str, title: str) -> str:
    """The text below a heading, up to the next one of its level or above."""
    level, rest = re.search(rf"^(#+) {re.escape(title)}$", page, re.MULTILINE), page
    assert level is not None, f"there is no heading {title}"
    rest = page[level.end() :]
    return re.split(rf"^#{{1,{len(level[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def first_column(text: str) -> list[str]:
    """The words in backquotes in the first cell of each row of the tables."""
    return [
        word for cell in re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE) for word in re.findall("`([^`]+)`", cell)
    ]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


# the recipe


@pytest.mark.parametrize("text", [block for block in blocks("toml") if "..." not in block])
def test_a_recipe_in_the_readme_loads(text: str) -> None:
    table = tomllib.loads(text)
    if "unshim" not in table:
        table = {"unshim": table}  # a line out of the middle of a recipe
    assert list(table) == ["unshim"]
    read_recipe({"canonical": "some.module", **table["unshim"]}, "README.md")


def test_the_keys_of_the_recipe_are_those_of_the_readme() -> None:
    told = [key.removeprefix("[unshim.").rstrip("]") for key in first_column(section(README, "The recipe"))]
    with pytest.raises(MigrateError) as caught:
        read_recipe({"no such key, and none like it": 1}, "x")
    assert sorted(told) == sorted(caught.value.hint.removeprefix("the keys are ").split(", "))


# the command line


def options(command: str) -> set[str]:
    text = unshim(*command.split(), "--help", environment={"COLUMNS": "100"}).text
    return set(re.findall(r"(?<![\w-])--[a-z]+", text)) - {"--help"}


def test_every_command_is_told() -> None:
    told = [command_of(words) for words in first_column(section(README, "Commands")) if words.startswith("unshim ")]
    assert set(told) == set(COMMANDS)
    listed = set(re.findall(r"^  (\w+)  ", unshim("--help").text, re.MULTILINE))
    inner = {f"hook {name}" for name in re.findall(r"^  (\w+)  ", unshim("hook", "--help").text, re.MULTILINE)}
    assert listed - {"hook"} | inner == set(COMMANDS)
    assert inner == set(HOOK_COMMANDS)


def command_of(line: str) -> str | None:
    """The command that a line "unshim ..." calls; None for a sentence that begins with the name."""
    return next((one for one in COMMANDS if f"{line} ".startswith(f"unshim {one} ")), None)


def test_every_option_is_told_and_every_option_told_exists() -> None:
    text = re.sub("`(?:git|pre-commit) [^`]*`", "", section(README, "Commands"))  # these have options of their own
    told = set(re.findall(r"(?<![\w-])--[a-z]+", text))
    assert told == set().union(*(options(command) for command in COMMANDS))
    for command in ("scan", "diff", "apply", "check", "verify", "history"):
        assert {"--repo", "--rev", "--jobs", "--recipe"} <= options(command)
    assert options("init") == {"--repo", "--rev", "--jobs", "--exclude"}
    assert options("undo") == {"--repo", "--recipe", "--branch", "--force"}
    assert options("explain") == set()
    assert options("hook install") == options("hook uninstall") == {"--repo"}
    assert options("hook run") == {"--repo", "--jobs"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_is_understood(page: Path) -> None:
    for line in re.findall(r"^(?:\$ )?unshim (.*)$", page.read_text(), re.MULTILINE):
        command = command_of(f"unshim {line}")
        if command is None:
            continue
        flags = {word for word in line.split("  #")[0].split() if word.startswith("--")}
        assert flags <= options(command), line


def test_the_hooks_and_inputs_that_are_told_exist() -> None:
    documents = [yaml.safe_load(block) for block in blocks("yaml")]
    manifest = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    used = [hook["id"] for one in documents if "repos" in one for hook in one["repos"][0]["hooks"]]
    assert used
    assert {hook["id"] for hook in manifest} == set(used) | set(re.findall("`(unshim-[a-z]+)`", README))
    told = re.findall(r"^- `(\w+)`:", section(README, "GitHub Actions"), re.MULTILINE)
    assert told == list(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])
    assert first_column(section(README, "Git hooks")) == [hook.value for hook in Hook]


def test_every_exit_code_is_told() -> None:
    rows = re.findall(r"^\| (\d) \|", section(README, "Exit codes"), re.MULTILINE)
    assert [int(code) for code in rows] == sorted(ExitCode)


# the JSON


def test_the_fields_of_the_json_are_those_of_its_page(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "websocket_manager", tmp_path / "repo")
    repo = make_repo(tmp_path / "repo")
    repo.commit({"chat/broken.py": "from chat.realtime.manager import WebSocketManager\nif:\n"})
    document = scan(repo)
    shown = json.loads(re.findall(r"^```(?:json)?\n(\{.*?)^```$", JSON_PAGE, re.MULTILINE | re.DOTALL)[0])
    assert _shape(shown) == _shape(document)
    for title, part in (
        ("The top", document),
        ("A reference", document["references"][0]),
        ("A module", document["modules"][0]),
        ("A file that was not checked", document["unchecked"][0]),
        ("The summary", document["summary"]),
    ):
        assert set(part) <= set(first_column(section(JSON_PAGE, title))), title


def test_the_fields_of_the_history_are_those_of_its_page(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", SAMPLE)
    document = unshim("history", "--repo", repo.path, "--since", "HEAD", "--format", "json").json
    told = set(first_column(section(JSON_PAGE, "The rows of history")))
    assert told == (set(document) - {"schema"}) | set(document["rows"][0])


def _shape(document: Any) -> object:
    one = {key: sorted(document[key][0]) for key in ("references", "modules", "unchecked")}
    return [list(document), sorted(document["summary"]), one]


def test_every_word_of_the_json_is_told() -> None:
    for kind in ReferenceKind:
        assert f"`{kind.value}`" in JSON_PAGE
    for relation in set(Relation) - {Relation.CANONICAL}:
        assert f"`{relation.value}`" in JSON_PAGE
        assert re.search(rf"^\| {relation.value} \|", README, re.MULTILINE)
    for disposition in Disposition:
        assert f"`{disposition.value}`" in JSON_PAGE


# links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        assert place.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", place.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, target
