"""reasons.py: every reason code is explained."""

from __future__ import annotations

import re

import pytest

from codemods.reasons import EXPLANATIONS
from codemods.references import Reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained(reason: Reason) -> None:
    explanation = EXPLANATIONS[reason]
    for text in (explanation.meaning, explanation.remedy):
        assert re.fullmatch(r"[A-Z].+[.)]", text), text
        assert "  " not in text
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", reason.value)


def test_no_two_reasons_say_the_same() -> None:
    assert len({explanation.meaning for explanation in EXPLANATIONS.values()}) == len(Reason)
