"""Strings, comments and doctests in files of every encoding and with all line ends: the path moves, no other byte does.

In the rows ``@@@`` is what moves: ``old`` before, ``new`` after. What is written ``p.old`` stays as it is.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import pytest
from repositories import make_repo, references, scan, unchecked, unshim

BASE: dict[str, str | bytes] = {
    "p/__init__.py": "",
    "p/new.py": 'def f():\n    return "f"\n\n\nclass C:\n    pass\n',
    "p/old.py": "from p.new import C, f\n",
    "p/job.py": "def run():\n    from p.old import f\n\n    return f()\n",
    "unshim.toml": '[unshim]\ncanonical = "p.new"\n',
}

PATCH = (
    b"from unittest.mock import patch\n"
    b"from importlib import import_module\n"
    b"from p.job import run\n"
    b'with patch("p.@@@.f", return_value=1): run()\n'
    b"import_module('p.@@@').f()\n"
)
DOCTEST = b'"""See p.old.\n\n>>> from p.@@@ import (\n...     f,\n... )\n>>> f()\n\'f\'\n"""\n'
EXECUTED = b'exec("""\nfrom p.@@@ import f\nprint(f())\n""")\n'
TYPES = b"import p.@@@\nx = None  # type: p.@@@.C\ny = 1  # about p.old\n"
EVERYTHING = DOCTEST + PATCH + EXECUTED + TYPES


def _latin(text: str, encoding: str = "latin-1") -> bytes:
    return f"# -*- coding: {encoding} -*-\n{text}".encode(encoding)


def _mixed(text: bytes) -> bytes:
    """The lines end in CRLF, CR and LF by turns."""
    ends = (b"\r\n", b"\r", b"\n")
    return b"".join(line + ends[index % 3] for index, line in enumerate(text.removesuffix(b"\n").split(b"\n")))


ROWS = [
    pytest.param(EVERYTHING, id="plain: line feeds, ASCII"),
    pytest.param(EVERYTHING.replace(b"\n", b"\r\n"), id="CRLF"),
    pytest.param(EVERYTHING.replace(b"\n", b"\r"), id="lone CR"),
    pytest.param(_mixed(EVERYTHING), id="mixed line ends"),
    pytest.param(codecs.BOM_UTF8 + EVERYTHING, id="BOM"),
    pytest.param(codecs.BOM_UTF8 + EVERYTHING.replace(b"\n", b"\r\n"), id="BOM and CRLF"),
    pytest.param(codecs.BOM_UTF8 + b"# coding: utf-8\n" + EVERYTHING, id="BOM and a coding cookie"),
    pytest.param(EVERYTHING.removesuffix(b"\n"), id="no final newline, a comment last"),
    pytest.param(PATCH + b'import_module("p.@@@").f', id="no final newline, a use last"),
    pytest.param(b"import importlib; importlib.import_module('p.@@@').f()", id="one line without an end"),
    pytest.param(b'"""\n>>> from p.@@@ import f\n"""', id="no final newline, a docstring last"),
    pytest.param(b'"""\r\n>>> from p.@@@ import f\r\n>>> f()\r\n\'f\'\r\n"""', id="CRLF docstring, no final newline"),
    pytest.param(EVERYTHING + b"\r", id="a lone CR at the end"),
    pytest.param(EVERYTHING + b"\n\n \t\n  ", id="blank lines and blanks at the end"),
    pytest.param(EVERYTHING.replace(b"\nwith", b"\n\x0c\nwith"), id="form feed between statements"),
    pytest.param(EVERYTHING.replace(b"\nwith", b"\n\x0cwith"), id="form feed before a statement"),
    pytest.param(PATCH + b's = "a\x0cb\x0b\x1c\x85c"; import_module("p.@@@").f()\n'.replace(b"\x85", b"\xc2\x85"),
                 id="control characters in a string on the same line"),
    pytest.param(PATCH + 's = "a\u2028b\u2029c"; import_module("p.@@@").f()\n'.encode(), id="U+2028 in a string"),
    pytest.param(PATCH + 's = "é𝒳🙂"; import_module("p.@@@").f()  # é🙂\n'.encode(), id="characters above U+FFFF"),
    pytest.param('é𝒳 = 1\nimport importlib\nä = importlib.import_module("p.@@@").f\n'.encode(), id="names in Unicode"),
    pytest.param(_latin('s = "é"; import importlib; importlib.import_module("p.@@@").f()  # ü\n'), id="latin-1"),
    pytest.param(_latin('"""Des Zürchers.\n\n>>> from p.@@@ import f  # ü\n>>> f()\n\'f\'\n"""\n'),
                 id="latin-1: a doctest"),
    pytest.param(_latin('exec("""\ns = \'é\'\nfrom p.@@@ import f  # ü\n""")\n'), id="latin-1: source in a string"),
    pytest.param(_latin('s = "€"; import importlib; importlib.import_module("p.@@@").f()\n', "cp1252"), id="cp1252"),
    pytest.param(_latin('s = "Ж"; import importlib; importlib.import_module("p.@@@").f()\r\n', "koi8-r"),
                 id="koi8-r with mixed line ends"),
    pytest.param(b"#!/usr/bin/env python\n# vim: set fileencoding=iso-8859-15 :\n" + EVERYTHING + b's = "\xa4"\n',
                 id="coding cookie on the second line"),
    pytest.param(_latin('s = "日本"; import importlib; importlib.import_module("p.@@@").f()\n', "shift_jis"),
                 id="shift_jis, with a backslash in a character"),
    pytest.param(b'import importlib\nif 1:\n\timportlib.import_module("p.@@@").f()\n\tx = "\t"\n', id="tabs"),
    pytest.param(b"import importlib\nimportlib . import_module ( 'p.@@@' , ) . f (  )   \n", id="odd spaces"),
    pytest.param(b'import importlib\nimportlib.import_module(\\\n  "p.@@@"\\\n  ).f()\n',
                 id="backslash at a line's end"),
    pytest.param(b'import importlib\r\nimportlib.import_module(\\\r\n  "p.@@@"\\\r\n  ).f()\r\n',
                 id="backslash and CRLF"),
    pytest.param(b'from pkgutil import resolve_name\r\nresolve_name(\r\n  "p.@@@"\r\n  ":f"\r\n)()\r\n',
                 id="implicit concatenation over CRLF lines"),
    pytest.param(b'from pkgutil import resolve_name\nresolve_name("p.@@@" \':\' """f""")()\n',
                 id="three kinds of quotes"),
    pytest.param(b'x = "\\N{BULLET}\\u00e9\\xe9\\\n"; import importlib; importlib.import_module("p.@@@").f()\n',
                 id="escapes before the string"),
    pytest.param(b"from unittest.mock import patch\nfrom p.job import run\n"
                 b"@patch('p.@@@.f')\r\n@patch(\"p.@@@.f\")\ndef test(a, b):\r\n\trun()\r\n",
                 id="decorators, mixed ends"),
]  # fmt: skip


@pytest.mark.parametrize("template", ROWS)
def test_only_the_path_moves(template: bytes, tmp_path: Path) -> None:
    before, after = template.replace(b"@@@", b"old"), template.replace(b"@@@", b"new")
    assert before != after
    compile(before, "use.py", "exec")
    repo = make_repo(tmp_path / "repo", {**BASE, "use.py": before})

    document = scan(repo)
    found = references(document, path="use.py", disposition="rewrite")
    manual = references(document, path="use.py", disposition="manual")
    assert not manual, manual
    assert {one["line"] for one in found} == _lines(template)
    result = unshim("apply", "--repo", repo.path, "--partial")
    assert result.code == 0, result

    assert repo.content("unshim/new", "use.py") == after
    compile(after, "use.py", "exec")
    assert repo.content("HEAD", "use.py") == before
    assert not references(scan(repo, "--rev", "unshim/new"), disposition="rewrite")


def _lines(template: bytes) -> set[int]:
    """The lines, as Python counts them, on which something moves (of an import over several lines: a name's line)."""
    lines = re.split(rb"\r\n|\r|\n", template)
    moving = {number for number, line in enumerate(lines, 1) if b"@@@" in line}
    return {number + 1 if lines[number - 1].endswith(b"import (") else number for number in moving}


UNREADABLE = [
    pytest.param(b'import importlib\ns = "\0"; importlib.import_module("p.old").f()\n', "not-text", id="NUL"),
    pytest.param('import importlib\nimportlib.import_module("p.old").f()\n'.encode("utf-16"), "undecodable",
                 id="UTF-16"),
    pytest.param(b'import importlib\ns = "\xff"; importlib.import_module("p.old").f()\n', "undecodable", id="no UTF-8"),
    pytest.param(b'# coding: nonsense\nimport importlib\nimportlib.import_module("p.old").f()\n', "undecodable",
                 id="unknown encoding"),
    pytest.param(codecs.BOM_UTF8 + b'# coding: latin-1\nimport importlib\nimportlib.import_module("p.old").f()\n',
                 "undecodable", id="BOM against cookie"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), UNREADABLE)
def test_a_file_that_is_no_text_is_not_checked_and_holds_the_module(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    consumer = "from p.old import f\n\nf()\n"
    repo = make_repo(tmp_path / "repo", {**BASE, "use.py": content, "fine.py": consumer})
    assert unchecked(scan(repo)) == {"use.py": reason}
    result = unshim("apply", "--repo", repo.path, "--partial")
    assert result.code == 0, result
    assert repo.content("unshim/new", "use.py") == content
    assert repo.content("unshim/new", "fine.py") == b"from p.new import f\n\nf()\n"
    if b"old" in content:
        assert b"p/old.py" in repo.files("unshim/new"), "a file that was not understood may need the module"
