"""The proof of each deletion, and the reasons of each shim that stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import SAMPLE, make_repo, scan, unshim

WARNS = "import warnings\nfrom app.manager import ChatManager\nwarnings.warn('old')\n"


def evidence(files: dict[str, str | bytes], tmp_path: Path) -> tuple[bool, str]:
    document = scan(make_repo(tmp_path / "repo", {**SAMPLE, **files}))
    [one] = [one for one in document["modules"] if one["module"] == "app.old_manager"]
    return one["deletable"], "\n".join(one["evidence"])


def test_the_proof_is_in_the_diff_and_git_takes_it(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**SAMPLE, "app/old_manager.py": WARNS})
    out = unshim("diff", "--repo", repo.path).out
    assert out.startswith(b"# app/old_manager.py can be deleted:\n#   no reference is left: 1 rewritten; no text")
    assert b"line 3 warns: warnings.warn('old')" in out
    repo.git("apply", "--check", "-", stdin=out)


@pytest.mark.parametrize(("kind", "goes"), [("warnings", False), ("logging", True)])
def test_effects_that_the_recipe_finds_harmful(kind: str, goes: bool, tmp_path: Path) -> None:
    recipe = f'[unshim]\ncanonical = "app.manager"\nharmful = ["{kind}"]\n'
    deletable, told = evidence({"app/old_manager.py": WARNS, "unshim.toml": recipe}, tmp_path)
    assert deletable is goes
    assert ("line 3 is not harmless, says the recipe" in told) is not goes


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    assert (
        "app/broken.py could not be checked and may name it"
        in evidence({"app/broken.py": "import app.old_manager\nif:\n"}, tmp_path)[1]
    )
