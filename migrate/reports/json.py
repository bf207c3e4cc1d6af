"""The plan as JSON, schema 1; see docs/json.md."""

from __future__ import annotations

import json

from codemods.references import Disposition, Reference, Unchecked
from migrate.plan import ModuleReport, Plan

SCHEMA = 1


def json_report(plan: Plan) -> str:
    """The whole plan. ``line`` and ``column`` are 1-based; paths that are not UTF-8 carry escapes."""
    return json.dumps(plan_document(plan), indent=1, ensure_ascii=True) + "\n"


def plan_document(plan: Plan) -> dict[str, object]:
    """The plan as what JSON consists of."""
    return {
        "schema": SCHEMA,
        "base": plan.base,
        "recipe": plan.recipe.text,
        "references": [_reference(one) for one in plan.references],
        "modules": [_module(one) for one in plan.modules],
        "unchecked": [_unchecked(one) for one in plan.unchecked],
        "summary": {
            "files": plan.files,
            "references": len(plan.references),
            "canonical": plan.canonical,
            "rewrite": len(plan.with_disposition(Disposition.REWRITE)),
            "manual": len(plan.with_disposition(Disposition.MANUAL)),
            "keep": len(plan.with_disposition(Disposition.KEEP)),
            "deletions": len(plan.deletions),
            "unchecked": len(plan.unchecked),
        },
    }


def _reference(one: Reference) -> dict[str, str | int | list[str] | None]:
    return {
        "path": one.path,
        "line": one.line,
        "column": one.column,
        "kind": one.kind.value,
        "old": str(one.old),
        "new": None if one.new is None else str(one.new),
        "relation": one.relation.value,
        "disposition": one.disposition.value,
        "reason": None if one.reason is None else one.reason.value,
        "detail": one.detail,
        "chain": [str(symbol) for symbol in one.chain],
        "step": None if one.step is None else one.step.value,
    }


def _module(one: ModuleReport) -> dict[str, str | int | bool | list[str] | None]:
    return {
        "module": one.module,
        "path": one.path,
        "verdict": one.verdict,
        "references_left": one.references_left,
        "deletable": one.deletable,
        "evidence": list(one.evidence),
    }


def _unchecked(one: Unchecked) -> dict[str, str | int]:
    return {"path": one.path, "line": one.line, "reason": one.reason.value, "message": one.message}
