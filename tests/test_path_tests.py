"""Tests about an old path: which could go by themselves, and the exact text without them."""

from __future__ import annotations

import pytest

from codemods.path_tests import find_tests, without_tests

FILE = b'''"""About paths."""
import pytest


# the old address
@pytest.mark.slow
def test_old():
    assert 1


def helper():
    return 1


class TestPaths:
    """Of the class."""

    def test_one(self):
        assert helper()

    # two
    def test_two(self):
        pass
'''


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param(b"def helper(): pass\n", [], id="no test by its name"),
        pytest.param(b"def test_a(): pass\nx = test_a\n", [], id="one that the file names elsewhere"),
        pytest.param(b"def test_a(): pass\ndef test_a(): pass\n", [], id="two of one name"),
        pytest.param(b"if x:\n    def test_a(): pass\n", [], id="one under a condition"),
        pytest.param(b"class Helper:\n    def test_a(self): pass\n", [], id="method of a class that is no test class"),
        pytest.param(FILE, ["test_old", "TestPaths.test_one", "TestPaths.test_two"], id="functions and methods"),
        pytest.param(b"async def test_a(): pass\n", ["test_a"], id="a coroutine"),
    ],
)
def test_which_tests_could_go(text: bytes, names: list[str]) -> None:
    assert [test.name for test in find_tests(text)] == names


def test_its_span_has_the_decorators() -> None:
    span = find_tests(FILE)[0].span
    assert FILE[span.start : span.end] == b"@pytest.mark.slow\ndef test_old():\n    assert 1"


@pytest.mark.parametrize(
    ("text", "names", "after"),
    [
        pytest.param(FILE, [], FILE, id="nothing goes"),
        pytest.param(
            FILE,
            ["test_old"],
            FILE.replace(
                b"\n\n# the old address\n@pytest.mark.slow\ndef test_old():\n    assert 1\n", b"", 1
            ),
            id="with its decorator and its comment",
        ),
        pytest.param(
            FILE,
            ["TestPaths.test_two"],
            FILE.replace(b"\n    # two\n    def test_two(self):\n        pass\n", b""),
            id="the last method",
        ),
        pytest.param(
            FILE,
            ["TestPaths.test_one", "TestPaths.test_two"],
            FILE[: FILE.index(b"\n\nclass TestPaths")],
            id="a class that has nothing else",
        ),
        pytest.param(b"import a\n\ndef test_a(): pass\n", ["test_a"], None, id="a file of which only imports stay"),
        pytest.param(
            b'"""Doc."""\n# c\nimport a\npytestmark = a.b\ndef test_a(): pass', ["test_a"], None, id="or marks"
        ),
        pytest.param(b"x = 1\r\n\r\ndef test_a():\r\n    pass", ["test_a"], b"x = 1\r\n", id="CRLF, no last newline"),
        pytest.param(
            b"x = 1\n# apart\n\ndef test_a(): pass\n", ["test_a"], b"x = 1\n# apart\n", id="a comment apart stays"
        ),
    ],
)  # fmt: skip
def test_the_text_without_them(text: bytes, names: list[str], after: bytes | None) -> None:
    assert without_tests(text, names) == after
