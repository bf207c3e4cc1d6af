"""What check found, in the formats of those who read it: people, code hosts, test reports, other tools."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from codemods.reasons import EXPLANATIONS
from codemods.references import Edit
from codemods.source import SourceText, UndecodableError, decode_python
from migrate.baseline import Stale
from migrate.checking import Violation, Wrong
from migrate.plan import Plan
from migrate.reports.json import plan_document
from migrate.reports.text import count, printable

_MARKDOWN_ROWS = 50
"""A comment on a pull request holds 65,536 characters."""


@dataclass(frozen=True)
class Checked:
    """The result of a check: what it fails for, and what it compared with."""

    plan: Plan
    violations: tuple[Violation, ...]
    stale: tuple[Stale, ...] = ()
    known: int = 0
    """Violations that the baseline knows, and that are not in ``violations``."""
    since: str | None = None
    """The commit that the violations are new since."""
    fixed: tuple[str, ...] = ()
    """Files that --fix has written."""

    @property
    def is_clean(self) -> bool:
        return not self.violations and not self.stale


Report = Callable[[Checked], str]


def check_text(checked: Checked) -> str:
    """One line a violation, and a last one that says how it stands."""
    return "\n".join(printable(line) for line in _text_lines(checked)) + "\n"


def _text_lines(checked: Checked) -> Iterator[str]:
    for one in checked.violations:
        fix = f": {one.fix}" if isinstance(one.kind, Wrong) and one.reason is None else ""
        yield f"{one.path}:{one.line}:{one.column}: {one.kind.value} {one.message}{fix}"
    for entry in checked.stale:
        yield (
            f"{entry.path}: baseline: {entry.kind} {entry.symbol} is there {entry.found} times, not {entry.known}; "
            "shrink it with 'unshim check --write-baseline'"
        )
    since = "" if checked.since is None else f" since {checked.since[:10]}"
    known = f"; {count(checked.known, 'violation')} in the baseline" if checked.known else ""
    if checked.fixed:
        yield f"fixed {count(len(checked.fixed), 'file')}: {', '.join(checked.fixed[:5])}" + (
            f" and {len(checked.fixed) - 5} more" if len(checked.fixed) > 5 else ""
        )
    if checked.is_clean:
        yield f"clean: {count(checked.plan.canonical, 'canonical reference')}, nothing non-canonical{since}{known}"
        return
    yield ""
    seen = [one for one in checked.violations if one.kind is not Wrong.UNCHECKED]
    unchecked = len(checked.violations) - len(seen)
    new = "new " if checked.since is not None else ""
    yield (
        f"{count(len(seen), f'{new}violation')} in {count(len({one.path for one in seen}), 'file')}{since}, "
        f"{count(unchecked, 'file')} not checked{known}"
    )
    fixable = sum(bool(one.edits) for one in checked.violations)
    if fixable:
        yield f"'unshim check --fix' rewrites {fixable} of them in the working tree, 'unshim apply' on a branch"
    if any(one.reason is not None for one in checked.violations):
        yield "'unshim explain CODE' says what a reason means, and what to do about it"


def check_json(checked: Checked) -> str:
    """The plan as scan prints it, with what the check fails for under ``violations`` and ``stale``."""
    document = plan_document(checked.plan) | {
        "violations": [
            {
                "path": one.path,
                "line": one.line,
                "column": one.column,
                "kind": one.kind.value,
                "symbol": one.symbol,
                "reason": None if one.reason is None else one.reason.value,
                "message": one.message,
                "fix": one.fix,
                "fixable": bool(one.edits),
            }
            for one in checked.violations
        ],
        "stale": [
            {"path": one.path, "kind": one.kind, "symbol": one.symbol, "known": one.known, "found": one.found}
            for one in checked.stale
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def check_sarif(checked: Checked) -> str:
    """SARIF 2.1.0 (OASIS standard), with a fix for everything that --fix would write into a Python file."""
    sources = {change.path: change.before for change in checked.plan.changed_files() if change.path.endswith(".py")}
    rules = {_rule(one): one for one in checked.violations}
    results = [_sarif_result(one, fingerprint, sources) for one, fingerprint in _fingerprinted(checked.violations)]
    results += [
        {
            "ruleId": "stale-baseline",
            "level": "error",
            "message": {"text": _stale(one)},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(one.path)}}],
        }
        for one in checked.stale
    ]
    from importlib.metadata import version

    document = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "unshim",
                        "version": version("unshim"),
                        "rules": [
                            {
                                "id": rule,
                                "shortDescription": {"text": _meaning(one)},
                                "help": {"text": one.fix},
                            }
                            for rule, one in sorted(rules.items())
                        ]
                        + (
                            [{"id": "stale-baseline", "shortDescription": {"text": "The baseline can shrink."}}]
                            if checked.stale
                            else []
                        ),
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _sarif_result(one: Violation, fingerprint: str, sources: Mapping[str, bytes]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": _rule(one),
        "level": "error",
        "message": {"text": one.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(one.path),
                    "region": {"startLine": one.line, "startColumn": one.column},
                }
            }
        ],
        "partialFingerprints": {"unshim/v1": fingerprint},
    }
    source = _decoded(sources.get(one.path)) if one.edits else None
    if source is not None:
        replacements = [_replacement(edit, source) for edit in sorted(one.edits)]
        change = {"artifactLocation": _artifact(one.path), "replacements": replacements}
        result["fixes"] = [{"description": {"text": one.fix}, "artifactChanges": [change]}]
    return result


def _replacement(edit: Edit, source: SourceText) -> dict[str, object]:
    (line, column), (end_line, end_column) = source.position(edit.start), source.position(edit.end)
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    return {"deletedRegion": region, "insertedContent": {"text": edit.text}}


def _decoded(content: bytes | None) -> SourceText | None:
    try:
        return None if content is None else decode_python(content)
    except UndecodableError:
        return None


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": "%SRCROOT%"}


def check_github(checked: Checked) -> str:
    """Workflow commands of GitHub Actions, which become annotations of the lines."""
    lines = []
    for one in checked.violations:
        place = f"file={_property(one.path)},line={one.line},col={one.column}"
        title = _property(f"unshim: {one.kind.value}")
        lines.append(f"::error {place},title={title}::{_data(f'{one.message} ({one.fix})')}")
    for entry in checked.stale:
        title = _property("unshim: stale baseline")
        lines.append(f"::error file={_property(entry.path)},title={title}::{_data(_stale(entry))}")
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def check_gitlab(checked: Checked) -> str:
    """The code quality report of GitLab, a subset of the Code Climate format."""
    found = [
        {
            "description": f"{one.kind.value} {one.message} ({one.fix})",
            "check_name": _rule(one),
            "fingerprint": fingerprint,
            "severity": "major",
            "location": {"path": one.path, "lines": {"begin": one.line}},
        }
        for one, fingerprint in _fingerprinted(checked.violations)
    ]
    for entry in checked.stale:
        found.append(
            {
                "description": _stale(entry),
                "check_name": "stale-baseline",
                "fingerprint": _digest("stale", entry.path, entry.kind, entry.symbol),
                "severity": "minor",
                "location": {"path": entry.path, "lines": {"begin": 1}},
            }
        )
    return json.dumps(found, indent=1, ensure_ascii=True) + "\n"


def check_junit(checked: Checked) -> str:
    """A JUnit report: a failed test for each violation, or a passed one if there is none."""
    rows = [
        (one.path, f"{one.line}: {one.kind.value} {one.symbol}", one.message, one.fix) for one in checked.violations
    ]
    rows += [
        (one.path, f"baseline: {one.kind} {one.symbol}", f"{one.found} found, {one.known} known", "shrink the baseline")
        for one in checked.stale
    ]
    from xml.etree import ElementTree  # late, as in the other reports: a hook prints text

    counts = {"tests": str(max(len(rows), 1)), "failures": str(len(rows)), "errors": "0"}
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "unshim", **counts})
    for path, name, message, fix in rows:
        case = ElementTree.SubElement(suite, "testcase", {"classname": printable(path), "name": printable(name)})
        failure = ElementTree.SubElement(case, "failure", {"message": printable(message)})
        failure.text = printable(fix)
    if not rows:
        ElementTree.SubElement(suite, "testcase", {"classname": "unshim", "name": "nothing non-canonical"})
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def check_markdown(checked: Checked) -> str:
    """A comment for a pull request: the counts, and a table of the first violations."""
    since = "" if checked.since is None else f" since `{checked.since[:10]}`"
    if checked.is_clean:
        return f"**unshim**: nothing non-canonical{since}.\n"
    files = count(len({one.path for one in checked.violations}), "file")
    lines = [f"**unshim**: {count(len(checked.violations), 'violation')} in {files}{since}."]
    if checked.violations:
        lines += ["", "| place | what | fix |", "|---|---|---|"]
    for one in checked.violations[:_MARKDOWN_ROWS]:
        lines.append(f"| `{_cell(one.path)}:{one.line}` | {one.kind.value} {_cell(one.message)} | {_cell(one.fix)} |")
    if len(checked.violations) > _MARKDOWN_ROWS:
        lines += ["", f"... and {len(checked.violations) - _MARKDOWN_ROWS:,} more."]
    if checked.stale:
        lines += [
            "",
            f"{count(len(checked.stale), 'violation')} of the baseline can go: `unshim check --write-baseline`.",
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def _rule(one: Violation) -> str:
    if isinstance(one.kind, Wrong):
        return one.kind.value
    return "non-canonical-path" if one.reason is None else one.reason.value


def _meaning(one: Violation) -> str:
    if one.reason is not None:
        return EXPLANATIONS[one.reason].meaning
    return _MEANINGS[one.kind] if isinstance(one.kind, Wrong) else "A path that is not canonical, and can be rewritten."


_MEANINGS: Mapping[Wrong, str] = MappingProxyType(
    {
        Wrong.SHIM: "A module that only forwards to the canonical one.",
        Wrong.ALIAS: "Another path to an object that the canonical module owns.",
        Wrong.IMPLEMENTATION: "A second implementation of what the canonical module owns.",
        Wrong.RESTORED: "A file that unshim deleted is there again.",
        Wrong.HOME: "A module that counts as a home because so much code imports from it, and did not before.",
        Wrong.SYNTAX: "A file that parsed before does not parse any more.",
        Wrong.UNCHECKED: "A file that could not be checked.",
    }
)


def _stale(entry: Stale) -> str:
    return f"{entry.kind} {entry.symbol} is there {entry.found} times, the baseline knows {entry.known}"


def _fingerprinted(violations: Iterable[Violation]) -> Iterator[tuple[Violation, str]]:
    """Each violation with what it is known by from run to run: its key, and the how manieth of that key it is."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for one in violations:
        seen[one.key] += 1
        yield one, _digest(*one.key, str(seen[one.key]))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


CHECK_REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "text": check_text,
        "json": check_json,
        "sarif": check_sarif,
        "github": check_github,
        "gitlab": check_gitlab,
        "junit": check_junit,
        "markdown": check_markdown,
    }
)
"""The formats of 'check' by name."""
