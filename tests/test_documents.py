"""documents.py: configuration is rewritten, prose on request; keys, other tokens and all other bytes stay."""

# ruff: noqa: E501  one row, one line

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import BASIC, Project, Repository, move

from codemods.alias_map import AliasMap
from codemods.document_forms import Role, decode_document, role_of
from codemods.documents import find_document
from codemods.mentions import Mentions
from codemods.modules import Target
from codemods.ownership import Ownership
from codemods.references import Disposition, Reference, Step, apply_edits

FILES = {
    **BASIC,
    "p/new.py": 'def f(): return "f"\ndef g(): return "g"\nclass C:\n    def run(self): ...\ndef main(): ...\nclass H: ...\n',
    "p/old.py": "from p.new import f, g, C, main, H\nfrom p.other import h as D\n",
    "p/leaf.py": "x = 1\n",
}
SHIM = Project(files=FILES)
MOVED = Project(files=FILES, shims=(), moves=(move("p.old", "p.new"),))
RENAMED = Project(files=FILES, moves=(move("p.old:D", "p.other:h"), move("p.old:f", "p.new:g")))
AWAY = Project(
    files={**FILES, "q/__init__.py": "", "q/sub/__init__.py": "", "q/sub/new.py": FILES["p/new.py"]},
    shims=(),
    moves=(move("p.old", "q.sub.new"),),
)
OUTSIDE = Project(files=FILES, shims=(), moves=(move("p.old", "logging", external=True),))
INSTALLED = Project(files=FILES, shims=(), moves=(move("mock", "unittest.mock", external=True),))
ITSELF = Project(files={**FILES, "p/old.py": "import sys\nfrom p import new\nsys.modules[__name__] = new\n"})
KEPT = Project(files=FILES, moves=(move("p.old:D", None),))


def mentions(project: Project) -> Mentions:
    repository = Repository(project.files)
    target = Target("p.new", shims=project.shims, repairs=project.repairs)
    return Mentions(Ownership(AliasMap(repository), repository, (target,), project.moves))


def found(
    path: str, text: str | bytes, project: Project = SHIM, *, asked: bool = False, hidden: bool = False
) -> tuple[Reference, ...]:
    source = decode_document(text.encode() if isinstance(text, str) else text)
    assert source is not None
    hides = (lambda module: f"{module} is hidden") if hidden else None
    return find_document(path, source, mentions(project), asked=asked, hides=hides)


def listing(
    path: str, text: str | bytes, project: Project = SHIM, *, asked: bool = False, hidden: bool = False
) -> list[str]:
    return [
        f"{one.line} {one.old} {one.disposition} {one.reason or ''}".strip()
        for one in found(path, text, project, asked=asked, hidden=hidden)
    ]


def rewritten(path: str, text: str | bytes, project: Project = SHIM, *, asked: bool = False) -> bytes:
    """The document's bytes afterwards; a second run changes nothing."""
    raw = text.encode() if isinstance(text, str) else text
    source = decode_document(raw)
    assert source is not None
    references = found(path, raw, project, asked=asked)
    for one in references:
        assert (one.disposition is Disposition.REWRITE) == (one.reason is None) == (one.step is Step.DOCUMENTS)
        assert bool(one.edits) == (one.disposition is Disposition.REWRITE)
        assert source.position(one.start) == (one.line, one.column)
    after = source.encode(apply_edits(source.data, [edit for one in references for edit in one.edits]))
    again = found(path, after, project, asked=asked)
    assert not [one for one in again if one.edits], f"the second run changes\n{after.decode()}"
    return after


CONFIGURES, PROSE, DATA, COPY, OTHER = Role.CONFIGURES, Role.PROSE, Role.DATA, Role.COPY, Role.OTHER


@pytest.mark.parametrize(
    ("role", "paths"),
    [
        (CONFIGURES, "setup.cfg tox.ini pytest.ini mypy.ini a/.coveragerc .flake8 pyproject.toml x.yml x.yaml .github/workflows/ci.yaml run.sh run.bash x.service .env .env.test Makefile sub/Makefile.inc rules.mk Procfile CODEOWNERS .github/CODEOWNERS MANIFEST.in crontab .gitignore x.tf run.bat run.ps1 gunicorn.conf"),
        (CONFIGURES, "Dockerfile Dockerfile.test app.dockerfile docker/x.Dockerfile docker-compose.yml docker-compose.override.yml Containerfile"),
        (CONFIGURES, "requirements.txt requirements-dev.txt dev-requirements.txt requirements/base.txt requirements.in constraints.txt CMakeLists.txt"),
        (CONFIGURES, "package.json pyrightconfig.json settings.json .vscode/launch.json .devcontainer/devcontainer.json config/queues.json api.json deploy/queue.json x/logging.json a/b.config.json x.code-workspace .idea/runConfigurations/x.xml"),
        (CONFIGURES, "config.yml.j2 .env.example docker-compose.yml.template nginx.conf.tmpl setup.cfg.in"),
        (PROSE, "README.md docs/x.rst notes.txt a.adoc index.html README LICENSE docs/CHANGELOG.md x.md.j2"),
        (DATA, "coverage.xml x.csv run.log poetry.lock package-lock.json pnpm-lock.yaml x/data.json reports/settings.json report.json audit_20250914.json config/report.json config_20250914_120000.json x.egg-info/entry_points.txt x.egg-info/x.yml x.svg locale/de.po"),
        (COPY, "x.py.bak x.py.backup_20250917 x.py.20250915_125815 a/x.py.orig x.py~ x.pyi.old x.py_old x.yml.bak x.sh.disabled setup.cfg.orig x.py.redis_migration_backup x.md.20250914"),
        (OTHER, "x.py.j2 {{name}}.py.tmpl x.js x.sql x.pyx SConstruct bin/tool x.unknown x.pth"),
    ],
)  # fmt: skip
def test_roles(role: Role, paths: str) -> None:
    assert {path: role_of(path) for path in paths.split()} == dict.fromkeys(paths.split(), role)


def test_a_script_without_an_ending() -> None:
    assert role_of("bin/tool", b"#!/bin/sh\n") is CONFIGURES
    assert role_of("bin/tool", b"#!/usr/bin/env python\n") is OTHER


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        # other tokens
        pytest.param("x.yml", "a: p.new.f p.older.f xp.old my.p.old.f p.old_f p/old/x p.other.h p.olds\n", [], id="other tokens (T12)"),
        pytest.param("x.yml", "a: p.new:main\n", [], id="canonical already"),
        pytest.param("x.sh", 'python -c "from p.new import f; from p.other import h; from .old import f"\n', [], id="other imports"),
        # a shim's own path is another module
        pytest.param("x.yml", "run: python -m p.old\n", ["1 p.old manual module-as-value"], id="python -m runs another program (T76)"),
        pytest.param("Makefile", "t:\n\tpytest --cov=p.old\n", ["2 p.old manual module-as-value"], id="coverage of a module"),
        pytest.param("mypy.ini", "[mypy-p.old]\nx = 1\n", ["1 p.old manual module-as-value"], id="a section of a module"),
        pytest.param("pyproject.toml", 'module = "p.old.*"\n', ["1 p.old manual module-as-value"], id="a pattern"),
        pytest.param("x.sh", 'python -c "import p.old"\n', ["1 p.old manual module-as-value"], id="imported for its effect"),
        pytest.param("x.sh", 'python -c "import p.old as o; o.f()"\n', ["1 p.old manual module-as-value"], id="imported under another name"),
        pytest.param("x.sh", 'python -c "import p.old; p.old.f(p.old)"\n', ["1 p.old manual module-as-value", "1 p.old:f manual names-stay-behind", "1 p.old manual module-as-value"], id="the module is used besides (T1)"),
        pytest.param("x.sh", 'python -c "import p.old; p.old.f(p.old.D)"\n', ["1 p.old manual module-as-value", "1 p.old:f manual names-stay-behind", "1 p.old:D manual no-canonical-home"], id="a name that stays (T1)"),
        pytest.param("x.sh", 'python -c "from p.old import *; f()"\n', ["1 p.old manual star-import"], id="a star import"),
        pytest.param("x.sh", 'python -c "from p import old; old.f()"\n', ["1 p.old manual module-as-value"], id="a module from its package (T6)"),
        # names that do not move
        pytest.param("x.yml", "a: p.old.D\n", ["1 p.old:D manual no-canonical-home"], id="no canonical home"),
        pytest.param("x.yml", "a: p.old.nothing\n", ["1 p.old:nothing manual name-missing"], id="a name that does not exist"),
        pytest.param("x.yml", "# p.old.f\na: p.new:log\n", ["1 p.old:f keep text-mention", "2 p.new:log manual name-missing"], id="a name that the canonical module does not have"),
        pytest.param("x.sh", 'python -c "from p.old import f, D"\n', ["1 p.old:f manual names-stay-behind", "1 p.old:D manual no-canonical-home"], id="one name stays (T8)"),
        pytest.param("x.sh", 'python -c "from p.old import (f, {x})"\n', ["1 p.old manual odd-layout"], id="names that are not to be read"),
        pytest.param("x.yml", "a: p.old.f  # unshim: keep\n", ["1 p.old:f keep keep-comment"], id="a keep comment"),
        pytest.param("x.json", '{"a": "p.old.f"} // unshim: keep, as the server wants it\n', ["1 p.old:f keep keep-comment"], id="a keep comment of another form"),
        pytest.param("x.sh", "python - <<E\nfrom p.old import (\n  f,  # unshim: keep\n)\nE\n", ["3 p.old:f keep keep-comment"], id="a keep comment inside a statement"),
        pytest.param("x.yml", "unshim: keep\na: p.old.D\n", ["2 p.old:D manual no-canonical-home"], id="no comment"),
        # keys
        pytest.param("config.json", '{"p.old.f": 3, "a p.old.f b" : 4}\n', ["1 p.old:f manual text-mention", "1 p.old:f manual text-mention"], id="JSON keys"),
        pytest.param("x.yml", "p.old.f: 3\n'p.old.f': 3\n- p.old.f: 1\nx: {p.old.f: 1, 'p.old.g' : 2}\n", [f"{line} p.old:{name} manual text-mention" for line, name in [(1, "f"), (2, "f"), (3, "f"), (4, "f"), (4, "g")]], id="YAML keys"),
        pytest.param("x.toml", '"p.old.f" = 1\np.old.f = 1\n["p.old.f"]\n[a.p.old.f]\nx = {"p.old.g" = 1}\n[tool."p.old.f".x]\n', [f"{line} p.old:{name} manual text-mention" for line, name in [(1, "f"), (2, "f"), (3, "f"), (5, "g"), (6, "f")]], id="TOML keys"),
        pytest.param("x.ini", "p.old.f = 1\n[p.old.f]\na = 1\np.old.f: 3\n", [f"{line} p.old:f manual text-mention" for line in (1, 2, 4)], id="INI keys"),
        pytest.param("x.yml", "loggers:\n  root: x\n  p.old:\n    level: DEBUG\n  'p.old.f': {}\n", ["3 p.old keep runtime-name", "5 p.old:f keep runtime-name"], id="YAML loggers (T78)"),
        pytest.param("x.yml", "loggers:\n  a: 1\nother:\n  p.old.f: 2\n", ["4 p.old:f manual text-mention"], id="a key behind the loggers"),
        pytest.param("logging.json", '{"loggers": {"a": {"x": []}, "p.old": {"level": 1}}, "p.old.f": 1}\n', ["1 p.old keep runtime-name", "1 p.old:f manual text-mention"], id="JSON loggers (T78)"),
        pytest.param("x.toml", '[logging.loggers."p.old"]\n[logging.loggers]\n"p.old.f" = 1\n', ["1 p.old keep runtime-name", "3 p.old:f keep runtime-name"], id="TOML loggers (T78)"),
        pytest.param("logging.ini", "[logger_x]\nqualname = p.old\n[handler_x]\nqualname = p.old.D\n", ["2 p.old keep runtime-name", "4 p.old:D manual no-canonical-home"], id="INI loggers (T78)"),
        pytest.param("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    p.old = p.new:main\np.old.f =\n  x = y\n", ["3 p.old keep runtime-name", "4 p.old:f keep runtime-name"], id="names of entry points (T77)"),
        pytest.param("pyproject.toml", '[project.entry-points."p.old"]\n"p.old.f" = "p.new:main"\n', ["1 p.old keep runtime-name", "2 p.old:f keep runtime-name"], id="... in TOML (T77)"),
        # places where people read
        pytest.param("x.yml", "# p.old.f\na: 1  # see p.old.f, p/old.py\n", ["1 p.old:f keep text-mention", "2 p.old:f keep text-mention", "2 p.old keep text-mention"], id="comments"),
        pytest.param("Dockerfile", "# from p.old import f\n", ["1 p.old:f keep text-mention"], id="an import in a comment"),
        pytest.param("setup.cfg", "; p.old.f\n", ["1 p.old:f keep text-mention"], id="INI comments"),
        pytest.param("run.bat", "REM p.old.f\n:: p.old.f\n", ["1 p.old:f keep text-mention", "2 p.old:f keep text-mention"], id="comments of a batch file"),
        pytest.param("x.yml", "a: https://host/p/old.py?x=p.old.f\n", ["1 p.old keep text-mention", "1 p.old:f keep text-mention"], id="a URL"),
        pytest.param("x.yml", "a: cfg://p.old.f\nb: text://p.old.f\n", ["2 p.old:f keep text-mention"], id="cfg:// leads elsewhere, and text:// is no ext://"),
        pytest.param("x.yml", "a: https://ext://x?p.old.f\n# ext://p.old.f\n", ["1 p.old:f keep text-mention", "2 p.old:f keep text-mention"], id="ext:// inside a URL, and in a comment"),
        pytest.param("x.yml", "a: ext://p.old.D\nb: ext://p.old\n", ["1 p.old:D manual no-canonical-home", "2 p.old manual module-as-value"], id="ext:// in front of what does not move"),
        pytest.param("x.md", "see `p.old.f`, p/old.py, :class:`p.old.C`\n\n    from p.old import f\n", ["1 p.old:f keep text-mention", "1 p.old keep text-mention", "1 p.old:C keep text-mention", "3 p.old:f keep text-mention"], id="prose (T80)"),
        pytest.param("x.rst", ">>> from p.old import f\n>>> from p.old import (\n...     C,\n... )\n>>> from p.old import D\n", ["1 p.old:f manual text-mention", "3 p.old:C manual text-mention", "5 p.old:D manual no-canonical-home"], id="a doctest runs (T80)"),
        pytest.param("x.rst", ".. automodule:: p.old\n.. py:autoclass:: p.old.C\n", ["1 p.old manual module-as-value", "2 p.old:C manual text-mention"], id="a directive imports"),
        pytest.param("x.md", "::: p.old\n... see p.old.f\n", ["1 p.old manual module-as-value", "2 p.old:f manual text-mention"], id="a directive of mkdocstrings"),
        pytest.param("x.md", "well\n... see p.old.f\n", ["2 p.old:f keep text-mention"], id="dots without a prompt before them"),
        pytest.param("x.json.bak", '{"a": "p.old.f"}', ["1 p.old:f keep text-mention"], id="a copy"),
        pytest.param("report.json", '{"a": "p.old.f", "p.old.f": 1}', ["1 p.old:f keep text-mention", "1 p.old:f keep text-mention"], id="data"),
        pytest.param("x.py.20250915_125815", "from p.old import f\nf()\n", ["1 p.old:f keep text-mention"], id="a copy of a Python file"),
        # texts of which nobody knows what they do
        pytest.param("x.sql", "select 'p.old.f', 'p.old.D' -- p/old.py\n# p.old.f", ["1 p.old:f manual text-mention", "1 p.old:D manual no-canonical-home", "1 p.old manual text-mention", "2 p.old:f keep text-mention"], id="an unknown kind"),
        pytest.param("x.py.j2", "from p.old import f\n", ["1 p.old:f manual text-mention"], id="a template of a Python file"),
        # code in a package counts from there
        pytest.param("x.pyx", "from .old import f\nfrom . import old\nfrom old import f\n", [], id="code in no package"),
        pytest.param("q/x.pyx", "from .old import f\nfrom . import old\nfrom ..old import f\n", [], id="code in another package"),
        pytest.param("p/x.pyx", "from .other import h\nfrom . import other, new\nfrom ..old import f\nfrom ...p import old\n", [], id="other relative imports, and beyond the top"),
        pytest.param("p/x.sh", "from .old import f\nfrom old import f\nimport old\n", [], id="no Python code"),
        pytest.param("p/x.pyx", "import os, other, p\nfrom older import f\nfrom p.other import old\n", [], id="nothing of interest in the folder"),
        pytest.param("p/x.pyx", "from .old import f\nfrom .old cimport C as D, nothing\nfrom . import old\nfrom .old import *\n", ["1 p.old:f manual text-mention", "2 p.old:C manual text-mention", "2 p.old:nothing manual name-missing", "3 p.old manual module-as-value", "4 p.old manual star-import"], id="relative imports"),
        pytest.param("p/sub/x.pxi", "from ..old import f\nfrom .. import old\n# from ..old import g\n", ["1 p.old:f manual text-mention", "2 p.old manual module-as-value", "3 p.old:g keep text-mention"], id="relative imports of a subpackage, one in a comment"),
        pytest.param("p/x.pxd", "from p.old cimport f\nfrom p cimport old\n", ["1 p.old:f manual text-mention", "2 p.old manual module-as-value"], id="cimport of a path"),
        *(pytest.param(path, "from .old import f\n", ["1 p.old:f manual text-mention"], id=path) for path in ("p/x.pyw", "p/x.py.j2", "p/x.pyx.in", "p/tool")),
        pytest.param("p/tool", "#!/usr/bin/env python3\nfrom old import f\nimport old, os\n", ["2 p.old:f manual text-mention", "3 p.old manual module-as-value"], id="a script's own folder is where Python looks first"),
        # file paths of a shim
        pytest.param("CODEOWNERS", "/p/old.py @me\n", ["1 p.old manual text-mention"], id="a file's path (T77)"),
        # beside the new path
        pytest.param("x.yml", "- p.new.f\n- p.old.f\n", ["2 p.old:f manual text-mention"], id="a list of both"),
        pytest.param("x.yml", "from: p.old:f\nto: p.new:f\n", ["1 p.old:f manual text-mention"], id="a table of moves"),
        pytest.param("x.sh", "python - <<E\nfrom p.old import f\n\n\nfrom p.new import f\nE\n", ["2 p.old:f manual text-mention"], id="imports of both"),
        # nothing may be changed at all
        pytest.param("x.yml", b"a: p.old.f \xe9\n", ["1 p.old:f manual undecodable"], id="not UTF-8"),
        pytest.param("x.yml", "<<<<<<< a\na: p.old.f\n>>>>>>> b\n", ["2 p.old:f manual conflict-markers"], id="conflict markers"),
        pytest.param("x.sh", "#!p.old.D\n", ["1 p.old:D manual no-canonical-home"], id="the first line of a script is no comment"),
    ],
)  # fmt: skip
def test_nothing_changes(path: str, text: str | bytes, expected: list[str]) -> None:
    assert listing(path, text) == expected
    raw = text.encode() if isinstance(text, str) else text
    assert rewritten(path, text) == raw


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        pytest.param("x.md", "`p.old` and p/old.py, python -m p.old\n", ["1 p.old keep text-mention", "1 p.old keep text-mention", "1 p.old keep text-mention"], id="a shim's own path, also where it is asked for"),
        pytest.param("x.md", "use p.new.f, not p.old.f\n", ["1 p.old:f keep text-mention"], id="a guide for migrating"),
        pytest.param("x.md", "```python\n# before\nfrom p.old import f\n\n# after\nfrom p.new import f\n```\n", ["3 p.old:f keep text-mention"], id="... in code"),
        pytest.param("x.md", "https://host/x?p.old.f <!-- p.old.f unshim: keep -->\n", ["1 p.old:f keep keep-comment", "1 p.old:f keep keep-comment"], id="a keep comment"),
        pytest.param("x.md", "[x](https://host/x?p.old.f)\n", ["1 p.old:f keep text-mention"], id="a URL"),
        pytest.param("x.md", "p.old.D and from p.old import f, D\n", ["1 p.old:D keep text-mention", "1 p.old:f keep text-mention", "1 p.old:D keep text-mention"], id="names that stay"),
        pytest.param("report.json", '{"p.old.f": 1}', ["1 p.old:f keep text-mention"], id="a key of data"),
        pytest.param("x.md", "import p.old\n", ["1 p.old keep text-mention"], id="an import of the shim"),
        pytest.param("p/x.pyx", "from .old import f\nfrom p.old cimport g\n", ["1 p.old:f manual text-mention", "2 p.old:g manual text-mention"], id="what counts from the file, and declarations of C"),
    ],
)  # fmt: skip
def test_nothing_changes_though_asked_for(path: str, text: str, expected: list[str]) -> None:
    assert listing(path, text, asked=True) == expected
    assert rewritten(path, text, asked=True) == text.encode()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("pytest.ini", "[pytest]\naddopts = --ignore=p/old.py\n", id="pytest would look at the file"),
        pytest.param(".coveragerc", "[run]\nomit =\n    p/old.py\n", id="a list of files"),
        pytest.param("pyproject.toml", 'omit = ["p/old.py"]\n', id="... in TOML"),
        pytest.param("Dockerfile", "COPY p/old.py /srv/old.py\n", id="the build would fail"),
        pytest.param("CODEOWNERS", "/p/old.py @me\n", id="a pattern"),
        pytest.param("x.yml", "a: '**/p/old.py'\n", id="... in YAML"),
        pytest.param("p/Makefile", "x: old.py\n", id="a file of the same folder"),
        pytest.param("x.sql", "select 'p/old.py'\n", id="an unknown kind"),
    ],
)
def test_the_path_of_a_file_does_not_follow_out_of_the_repository(path: str, text: str) -> None:
    assert [line.partition(" ")[2] for line in listing(path, text, OUTSIDE)] == ["p.old manual text-mention"]
    assert rewritten(path, text, OUTSIDE, asked=True) == text.encode()


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        pytest.param("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    p.old = p.old:main\n    x=p.old:C.run\n", "[options.entry_points]\nconsole_scripts =\n    p.old = p.new:main\n    x=p.new:C.run\n", id="entry points: values alone (T77)"),
        pytest.param("pyproject.toml", '[project.scripts]\nold = "p.old:main"  # p.old.f\nx = ["p.old.f"]\n', '[project.scripts]\nold = "p.new:main"  # p.old.f\nx = ["p.new.f"]\n', id="TOML"),
        pytest.param("x.yml", "class: p.old.H\nx: {a: p.old.f, b: 'p.old.g'}\n- p.old.f\n'#': p.old.f\n", "class: p.new.H\nx: {a: p.new.f, b: 'p.new.g'}\n- p.new.f\n'#': p.new.f\n", id="YAML values (T77)"),
        pytest.param("x.yml", "run: |\n  echo p.old.f: x\n  # p.old.f\nb: p.old.f\n", "run: |\n  echo p.new.f: x\n  # p.old.f\nb: p.new.f\n", id="a script in YAML has no keys"),
        pytest.param("config.json", '{"a":\n  "p.old.f", "b": ["p.old:g"]}', '{"a":\n  "p.new.f", "b": ["p.new:g"]}', id="JSON values, no final newline"),
        pytest.param("logging.json", '{"stream": "ext://p.old.f"}', '{"stream": "ext://p.new.f"}', id="ext:// of logging.config is looked up, and no URL"),
        pytest.param("x.yml", "stream: ext://p.old.f\n", "stream: ext://p.new.f\n", id="ext:// in YAML"),
        pytest.param("x.ini", "a = p.old.f\n  p.old.g\n[x]\n", "a = p.new.f\n  p.new.g\n[x]\n", id="INI values over lines"),
        pytest.param("x.sh", "x p.old:main --y=p.old.f 'p.old.g' # p.old.f\n", "x p.new:main --y=p.new.f 'p.new.g' # p.old.f\n", id="a command's arguments"),
        pytest.param("Procfile", "web: gunicorn p.old:C.run --x p.old.f.attribute\n", "web: gunicorn p.new:C.run --x p.new.f.attribute\n", id="attributes behind a name"),
        pytest.param("x.sh", "python -c \"from p.old import f, g as h; f()\" # 'from p.old import f'\n", "python -c \"from p.new import f, g as h; f()\" # 'from p.old import f'\n", id="a command's import"),
        pytest.param("Dockerfile", 'CMD ["python", "-c", "import p.old, os; p.old.f(p.old.g)"]\n', 'CMD ["python", "-c", "import p.new, os; p.new.f(p.new.g)"]\n', id="a module and all its uses (T1)"),
        pytest.param("x.sh", "python - <<'EOF'\nfrom p.old import (  # é\n    f,\n    C,  # why\n)\nf()\nEOF\np.old.f\n", "python - <<'EOF'\nfrom p.new import (  # é\n    f,\n    C,  # why\n)\nf()\nEOF\np.new.f\n", id="Python in a heredoc"),
        pytest.param("x.sh", "python - <<E\nimport p.old\np.old.f()\nE\necho p.old.D\n", "python - <<E\nimport p.new\np.new.f()\nE\necho p.old.D\n", id="... up to its end"),
        pytest.param("x.sh", "python -c 'import p.old; p.old.f()'; python -c 'import p.old; p.old.D'\n", "python -c 'import p.new; p.new.f()'; python -c 'import p.old; p.old.D'\n", id="each command by itself"),
        pytest.param("Makefile", "x:\r\n\tpython -c \"from p.old import f\"\r\n\tp.old.g", "x:\r\n\tpython -c \"from p.new import f\"\r\n\tp.new.g", id="CRLF"),
        pytest.param("x.env", "\ufeffA=p.old.f", "\ufeffA=p.new.f", id="a BOM"),
        pytest.param("x.yml", "é: p.old.f 😀 p.old.g\n", "é: p.new.f 😀 p.new.g\n", id="characters of many bytes"),
        pytest.param("x.cfg", "a = x  # p.old.f\n", "a = x  # p.new.f\n", id="no comment in INI"),
        pytest.param("x.yml", 'a: "x # p.old.f"\n', 'a: "x # p.new.f"\n', id="a number sign in a string"),
    ],
)  # fmt: skip
def test_configuration_is_rewritten(path: str, before: str, after: str) -> None:
    assert rewritten(path, before).decode() == after


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        pytest.param("x.md", "See `p.old.f`, :class:`~p.old.C` (p.old.g).\n", "See `p.new.f`, :class:`~p.new.C` (p.new.g).\n", id="names in prose (T80)"),
        pytest.param("x.md", "```python\nfrom p.old import f\nimport p.old\np.old.f()\n```\np.old.D\n", "```python\nfrom p.new import f\nimport p.new\np.new.f()\n```\np.old.D\n", id="a code fence"),
        pytest.param("x.rst", "  >>> from p.old import (\n  ...     f,\n  ... )\n  >>> f()\n", "  >>> from p.new import (\n  ...     f,\n  ... )\n  >>> f()\n", id="a doctest (T80)"),
        pytest.param("x.rst", ".. autoclass:: p.old.C\n::: p.old.f\n", ".. autoclass:: p.new.C\n::: p.new.f\n", id="directives"),
        pytest.param("x.sql", "select 'p.old.f'\n", "select 'p.new.f'\n", id="an unknown kind"),
        pytest.param("report.json", '{"a": "p.old.f"}', '{"a": "p.new.f"}', id="data"),
        pytest.param("x.py.bak", "from p.old import f\n", "from p.new import f\n", id="a copy"),
        pytest.param("x.yml", "a: 1 # p.old.f\n", "a: 1 # p.new.f\n", id="a comment in a configuration"),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_rewritten(path: str, before: str, after: str) -> None:
    assert rewritten(path, before, asked=True).decode() == after
    assert rewritten(path, before) == before.encode()


@pytest.mark.parametrize(
    ("project", "path", "before", "after"),
    [
        pytest.param(MOVED, "x.sh", "python -m p.old; pytest --cov=p.old p/old.py ./p/old.py::t $X/p/old.py\n", "python -m p.new; pytest --cov=p.new p/new.py ./p/new.py::t $X/p/new.py\n", id="a whole module, and its file"),
        pytest.param(MOVED, "x.sh", "cat app/p/old.py\n", "cat app/p/old.py\n", id="a path that may be another file's"),
        pytest.param(MOVED, "p/x.pyx", "from .old import *\nfrom .old import f\nfrom . import old\n", "from .old import *\nfrom .old import f\nfrom . import old\n", id="relative imports"),
        pytest.param(MOVED, "x.sh", "mv p/old.py p/new.py\n", "mv p/old.py p/new.py\n", id="both paths"),
        pytest.param(MOVED, "CODEOWNERS", "/p/old.py @me\n**/p/old.py @me\n", "/p/new.py @me\n**/p/new.py @me\n", id="patterns of paths"),
        pytest.param(OUTSIDE, "x.yml", "a: p.old.f\nb: p.old\n", "a: logging.f\nb: logging\n", id="names follow out of the repository"),
        pytest.param(INSTALLED, "x.sh", "pip install mock; python -c 'from mock import Mock'\n", "pip install mock; python -c 'from unittest.mock import Mock'\n", id="an installed module is no folder here"),
        pytest.param(MOVED, "mypy.ini", "[mypy-p.old]\na = p.old\n", "[mypy-p.old]\na = p.new\n", id="a key stays even so"),
        pytest.param(MOVED, "x.sh", "python -c 'from p import old; old.f()'\n", "python -c 'from p import new as old; old.f()'\n", id="a module from its package keeps its local name (T6)"),
        pytest.param(MOVED, "x.sh", "python -c 'from p import old as o, other'\n", "python -c 'from p import old as o, other'\n", id="... beside another module"),
        pytest.param(MOVED, "x.sh", "python -c 'from p.old import *; import p.old as o; from p import old as x'\n", "python -c 'from p.new import *; import p.new as o; from p import new as x'\n", id="all of a module"),
        pytest.param(AWAY, "x.yml", "a: p.old.f p.old:f p.old\nb: p/old.py\n", "a: q.sub.new.f q.sub.new:f q.sub.new\nb: q/sub/new.py\n", id="to another package"),
        pytest.param(AWAY, "x.sh", "python -c 'import p.old; p.old.f()'\n", "python -c 'import q.sub.new; q.sub.new.f()'\n", id="... with its uses"),
        pytest.param(AWAY, "x.sh", "python -c 'import p.old; p.old.f(p.leaf.x)'\n", "python -c 'import p.old; p.old.f(p.leaf.x)'\n", id="... but the import binds the package for others (T17)"),
        pytest.param(AWAY, "x.sh", "python -c 'import p.old; p.leaf.x'\n", "python -c 'import p.old; p.leaf.x'\n", id="... also where nothing else is used"),
        pytest.param(AWAY, "x.sh", "python -c 'import p.old'; p.leaf.x\n", "python -c 'import q.sub.new'; p.leaf.x\n", id="... in the same code"),
        pytest.param(MOVED, "x.sh", "python -c 'import p.old; p.old.nothing'\n", "python -c 'import p.old; p.old.nothing'\n", id="a use that cannot move"),
        pytest.param(AWAY, "x.sh", "python -c 'from p import old'\n", "python -c 'from q.sub import new as old'\n", id="... from its package"),
        pytest.param(RENAMED, "x.yml", "a: p.old.f\nb: p.old:D\n", "a: p.new.g\nb: p.other:h\n", id="names that change"),
        pytest.param(RENAMED, "x.sh", "python -c 'from p.old import f; from p.old import f as x'\n", "python -c 'from p.new import g as f; from p.new import g as x'\n", id="a renamed name keeps its local name"),
        pytest.param(RENAMED, "x.sh", "python -c 'from p.old import f, D'\n", "python -c 'from p.old import f, D'\n", id="names to different modules"),
        pytest.param(ITSELF, "x.yml", "a: p.old\nb: p.old.f\n", "a: p.new\nb: p.new.f\n", id="a module that replaces itself (T62)"),
        pytest.param(ITSELF, "x.sh", "python -m p.old; python -c 'import p.old as o'\n", "python -m p.old; python -c 'import p.new as o'\n", id="... is still another program"),
    ],
)  # fmt: skip
def test_moves(project: Project, path: str, before: str, after: str) -> None:
    assert rewritten(path, before, project).decode() == after


def test_the_user_says_keep() -> None:
    assert listing("x.yml", "a: p.old.D\n", KEPT) == ["1 p.old:D keep keep-recipe"]
    assert listing("x.sh", "python -c 'from p.old import f, D'\n", KEPT) == [
        "1 p.old:f manual names-stay-behind",
        "1 p.old:D keep keep-recipe",
    ]


def test_repairs() -> None:
    files = {**FILES, "p/old.py": "from p.new import f\n"}
    assert listing("x.yml", "a: p.old.g\n", Project(files=files)) == ["1 p.old:g manual repair-off"]
    assert rewritten("x.yml", "a: p.old.g\n", Project(files=files, repairs=True)) == b"a: p.new.g\n"
    both = "python -c 'from p.old import f, g'\n"
    assert listing("x.sh", both, Project(files=files)) == [
        "1 p.old:f manual names-stay-behind",
        "1 p.old:g manual repair-off",
    ]
    assert rewritten("x.sh", both, Project(files=files, repairs=True)) == both.replace("old", "new").encode()


def test_an_attribute_that_hides_the_canonical_module() -> None:
    """``p.new.f`` may be walked along attributes; an entry point and a ``from`` import name the module itself."""
    text = "a: p.old.f\nb: p.old:f\nc: from p.old import f\nd: python -c 'import p.old; p.old.g()'\n"
    assert listing("x.yml", text, hidden=True) == [
        "1 p.old:f manual attribute-hides-submodule",
        "2 p.old:f rewrite",
        "3 p.old:f rewrite",
        "4 p.old manual attribute-hides-submodule",
        "4 p.old:g manual names-stay-behind",
    ]


def test_a_top_level_module() -> None:
    """``import old`` binds the name by which it is used."""
    project = Project(files={**FILES, "old.py": "", "new.py": ""}, shims=(), moves=(move("old", "new"),))
    assert listing("x.sh", "python -c 'import old; print(old)'\n", project) == ["1 old manual odd-layout"]
    assert rewritten("x.sh", "python -c 'import old as o'\n", project) == b"python -c 'import new as o'\n"
    project = Project(files={**FILES, "new.py": ""}, shims=(), moves=(move("p.old", "new"),))
    assert listing("x.sh", "python -c 'from p import old'\n", project) == ["1 p.old manual odd-layout"]


def test_kinds() -> None:
    """File paths in what runs have a kind of their own; everything else is a document's."""
    assert [one.kind.value for one in found("x.yml", "a: p.old.f\nb: p/old.py\n# p/old.py\n")] == [
        "document",
        "file-path",
        "document",
    ]
    assert [one.kind.value for one in found("x.md", "p/old.py\n")] == ["document"]
    assert [one.kind.value for one in found("x.md", "p/old.py\n", MOVED, asked=True)] == ["document"]


@pytest.mark.parametrize(
    ("project", "text", "edits"),
    [
        pytest.param(RENAMED, "p.old.f", [(2, 5, "new"), (6, 7, "g")], id="two components"),
        pytest.param(AWAY, "p.old:f", [(0, 5, "q.sub.new")], id="more components"),
        pytest.param(AWAY, "p/old.py", [(0, 5, "q/sub/new")], id="a file's ending stays"),
    ],
)  # fmt: skip
def test_only_the_components_that_differ_are_touched(
    project: Project, text: str, edits: list[tuple[int, int, str]]
) -> None:
    (one,) = found("x.sh", text, project)
    assert [(edit.start, edit.end, edit.text) for edit in one.edits] == edits


def test_columns_are_of_the_name() -> None:
    (one,) = found("x.sh", "é; python -c 'from p.old import  f'\n")
    assert (one.line, one.column) == (1, 34)


def test_decoding() -> None:
    assert decode_document(b"a\0b") is None
    assert decode_document(b"\xff" + b"a" * 8000 + b"\0") is not None
    for raw in (b"a\r\n\xe9 p.old", b"\xef\xbb\xbfa\xe9", b"\xef\xbb\xbfa", "é\u2028".encode(), b""):
        source = decode_document(raw)
        assert source is not None and source.encode(source.data) == raw


PIECES = st.sampled_from(
    [
        "p.old.f",
        "p.old",
        "p.new.f",
        "p.old.D",
        "p.old:main",
        "p/old.py",
        "from p.old import f",
        "import p.old",
        "python -c '",
        "'",
        '"',
        "# ",
        ": ",
        "\n",
        "  ",
        ">>> ",
        "```\n",
        "[",
        "]",
        "{",
        "}",
        ", ",
        " = ",
        "loggers:\n",
        "x",
        "é",
        "\r\n",
        "https://",
        "unshim: keep",
        "(",
        ")",
        "\\n",
        "<<E\n",
        "\nE\n",
        "python ",
    ]
)
PATHS = st.sampled_from(
    [
        "x.yml",
        "x.json",
        "config.json",
        "x.toml",
        "x.ini",
        "x.sh",
        "Dockerfile",
        "x.md",
        "x.rst",
        "x.py.bak",
        "x.sql",
        "x.bat",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join), PATHS, st.sampled_from([SHIM, MOVED, RENAMED, AWAY]), st.booleans())
def test_any_text(text: str, path: str, project: Project, asked: bool) -> None:
    """Every old path is listed; a second run changes nothing; what is no path stays."""
    rewritten(path, text, project, asked=asked)
    if "p.old" not in text and "p/old" not in text:
        assert found(path, text, project, asked=asked) == ()


def test_a_line_of_megabytes_is_read_in_no_time() -> None:
    """Generated JSON is one line: what stands far away on it is not looked at for each token."""
    text = '{"a": [' + ", ".join(['{"p.old.f": "p.old.f", "b": "p/old.py"}'] * 2_000) + "]}"
    start = time.perf_counter()
    assert len(found("report.json", text)) == 6_000
    assert time.perf_counter() - start < 30
