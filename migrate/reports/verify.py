"""The conditions of verify: a line each for people, or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from migrate.plan import Plan
from migrate.verify import Condition, is_finished

_SHOWN = 5
"""Places listed below a condition; JSON has all."""


def verify_report(plan: Plan, found: Sequence[Condition], *, every: bool = False) -> str:
    """How each condition stands, the evidence, and a last line that says whether the migration is finished."""
    lines = [f"commit {plan.base[:10]}", ""]
    for condition in found:
        lines.append(f"{condition.state.value:<13}{condition.name:<20}{condition.evidence}")
        shown = condition.places if every else condition.places[:_SHOWN]
        lines += [f"{'':13}  {place}" for place in shown]
        if len(shown) < len(condition.places):
            lines.append(f"{'':13}  ... and {len(condition.places) - len(shown)} more ('unshim verify --all' has them)")
    open_ones = [condition.name for condition in found if condition.state.value != "met"]
    lines += ["", "finished: every condition is met" if is_finished(found) else f"open: {', '.join(open_ones)}"]
    return "\n".join(lines) + "\n"


def verify_json(plan: Plan, found: Sequence[Condition]) -> str:
    """Schema 1; see docs/json.md."""
    document = {
        "schema": 1,
        "base": plan.base,
        "conditions": [
            {"name": one.name, "state": one.state.value, "evidence": one.evidence, "places": list(one.places)}
            for one in found
        ],
        "finished": is_finished(found),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"
