"""A history for people (at most 100 columns), as JSON, and as a picture (SVG)."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from migrate.history import Counts, History, Row
from migrate.reports.text import count, cut, printable

# for people


def history_text(found: History) -> str:
    """A table, the newest commit last."""
    lines = ["\t".join(("date", "commit", *(title for title, _ in _COLUMNS)))]
    lines += ["\t".join((row.commit.date[:10], row.commit.oid[:10], *_cells(row.counts))) for row in found.rows]
    table = [line.split("\t") for line in lines]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    shown = ["  ".join([*map(str.ljust, cells[:2], widths), *map(str.rjust, cells[2:], widths[2:])]) for cells in table]
    ends = ["subject", *(_end(row) for row in found.rows)]
    text = [cut(f"{line}  {end}") for line, end in zip(shown, ends, strict=True)]
    return "\n".join([*text, "", *_legend(found)]) + "\n"


_COLUMNS: tuple[tuple[str, Callable[[Counts], int | None]], ...] = (
    ("violations", lambda counts: counts.violations),
    ("impl.", lambda counts: counts.implementations),
    ("unparsable", lambda counts: counts.unparsable),
    ("tests", lambda counts: counts.unparsable_tests),
    ("unchecked", lambda counts: counts.unchecked),
)


def _cells(counts: Counts | None) -> Iterator[str]:
    for _, number in _COLUMNS:
        value = None if counts is None else number(counts)
        yield "-" if value is None else f"{value:,}"


def _end(row: Row) -> str:
    return printable(row.commit.subject if row.counts is not None else f"not counted: {row.reason}")


def _legend(found: History) -> Iterator[str]:
    counted = [row for row in found.rows if row.counts is not None]
    yield "impl.: modules that define the same owned names; 1 is one implementation"
    yield "unparsable: Python files that do not parse; tests: those of them that are tests"
    yield "'unshim check --rev COMMIT' and 'unshim verify --all --rev COMMIT' list what is counted"
    if len(found.rows) < found.commits:
        yield f"{len(found.rows)} of {count(found.commits, 'commit')}; --all takes every one"
    if len(counted) > 1 and counted[0].counts is not None and counted[-1].counts is not None:
        first, last = counted[0].counts, counted[-1].counts
        yield (
            f"from {counted[0].commit.oid[:10]} to {counted[-1].commit.oid[:10]}: "
            f"violations {first.violations:,} -> {last.violations:,}, "
            f"unparsable {first.unparsable:,} -> {last.unparsable:,}"
        )


# for programs


def history_json(found: History) -> str:
    """Schema 1; see docs/json.md."""
    document = {"schema": 1, "commits": found.commits, "rows": [_row(row) for row in found.rows]}
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _row(row: Row) -> dict[str, str | int | None]:
    counts = row.counts
    return {
        "commit": row.commit.oid,
        "date": row.commit.date,
        "subject": row.commit.subject,
        "violations": None if counts is None else counts.violations,
        "implementations": None if counts is None else counts.implementations,
        "unparsable": None if counts is None else counts.unparsable,
        "unparsable_tests": None if counts is None else counts.unparsable_tests,
        "unchecked": None if counts is None else counts.unchecked,
        "reason": None if counts is not None else row.reason,
    }


# a picture


@dataclass(frozen=True)
class _Line:
    """One line of the picture, in a panel of its own: the three have nothing like the same size."""

    name: str
    title: str
    number: Callable[[Counts], int | None]


_LINES = (
    _Line("violations", "violations", lambda counts: counts.violations),
    _Line(
        "implementations", "implementations (modules that define the same names)", lambda counts: counts.implementations
    ),
    _Line("unparsable", "Python files that do not parse", lambda counts: counts.unparsable),
)

_STYLE = """
svg { background: #ffffff; color: #1f2328; }
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.grid { stroke: #d1d9e0; } .axis { stroke: #59636e; }
path { fill: none; stroke-width: 2; }
.violations { stroke: #b42318; } .implementations { stroke: #0550ae; } .unparsable { stroke: #8a4b00; }
circle { fill: #ffffff; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  text { fill: #e6edf3; }
  .grid { stroke: #3d444d; } .axis { stroke: #9198a1; } circle { fill: #0d1117; }
  .violations { stroke: #ff7b72; } .implementations { stroke: #79c0ff; } .unparsable { stroke: #e3b341; }
}
"""

_LEFT, _RIGHT, _TOP = 70.0, 780.0, 64.0
_PANEL, _GAP = 110.0, 44.0
_TICKS = 3


def history_svg(found: History) -> str:
    """Three lines over one axis of time; a commit at which nothing was counted is a gap in them.

    No script, nothing from elsewhere. The colours follow the reader's choice of light or dark.
    """
    bottom = _TOP + len(_LINES) * (_PANEL + _GAP) - _GAP
    width, height = _RIGHT + 50, bottom + 44
    size = {"width": f"{width:g}", "height": f"{height:g}", "viewBox": f"0 0 {width:g} {height:g}"}
    svg = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
    ElementTree.SubElement(svg, "title").text = "unshim history"
    ElementTree.SubElement(svg, "desc").text = _description(found)
    ElementTree.SubElement(svg, "style").text = _STYLE
    places = _places(found.rows)
    _legend_of_lines(svg)
    for number, line in enumerate(_LINES):
        _panel(svg, line, found.rows, places, _TOP + number * (_PANEL + _GAP))
    _dates(svg, found.rows, places, bottom)
    ElementTree.indent(svg)
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


def _description(found: History) -> str:
    first, last = found.rows[0].commit, found.rows[-1].commit
    return (
        f"{len(found.rows)} commits, from {first.oid[:10]} of {first.date[:10]} to {last.oid[:10]} of {last.date[:10]}"
    )


def _places(rows: Sequence[Row]) -> list[float]:
    """How far to the right each commit stands, by its date; clocks that went back are not followed."""
    moments: list[int] = []
    for row in rows:
        moments.append(max(row.commit.seconds, *moments[-1:]) if moments else row.commit.seconds)
    start, length = moments[0], moments[-1] - moments[0]
    if not length:
        return [_LEFT + (_RIGHT - _LEFT) * (number + 0.5) / len(rows) for number in range(len(rows))]
    return [_LEFT + (_RIGHT - _LEFT) * (moment - start) / length for moment in moments]


def _legend_of_lines(svg: ElementTree.Element) -> None:
    for number, line in enumerate(_LINES):
        x = _LEFT + number * 160
        _stroke(svg, line.name, x, 20, x + 20, 20)
        _text(svg, x + 26, 24, line.name)


def _panel(svg: ElementTree.Element, line: _Line, rows: Sequence[Row], places: Sequence[float], top: float) -> None:
    """One line with its own scale, from 0 to a round number."""
    numbers = [None if row.counts is None else line.number(row.counts) for row in rows]
    step = _round_up(max((number for number in numbers if number is not None), default=0) / _TICKS)
    bottom = top + _PANEL
    _text(svg, _LEFT, top - 8, line.title)
    for tick in range(_TICKS + 1):
        y = bottom - _PANEL * tick / _TICKS
        _stroke(svg, "axis" if tick == 0 else "grid", _LEFT, y, _RIGHT, y)
        _text(svg, _LEFT - 8, y + 4, f"{step * tick:,}", "end")
    _stroke(svg, "axis", _LEFT, top, _LEFT, bottom)
    points = [
        None if number is None else (x, bottom - _PANEL * number / (step * _TICKS))
        for x, number in zip(places, numbers, strict=True)
    ]
    for is_gap, group in groupby(points, key=lambda point: point is None):
        if not is_gap:
            path = " L".join(f"{point[0]:.1f} {point[1]:.1f}" for point in group if point is not None)
            ElementTree.SubElement(svg, "path", {"class": line.name, "d": f"M{path}"})
    for row, point, number in zip(rows, points, numbers, strict=True):
        if point is not None:
            place = {"cx": f"{point[0]:.1f}", "cy": f"{point[1]:.1f}", "r": "3"}
            circle = ElementTree.SubElement(svg, "circle", {"class": line.name, **place})
            label = f"{number:,} at {row.commit.oid[:10]} of {row.commit.date[:10]}: {printable(row.commit.subject)}"
            ElementTree.SubElement(circle, "title").text = label


def _dates(svg: ElementTree.Element, rows: Sequence[Row], places: Sequence[float], bottom: float) -> None:
    """The dates of commits below the axis, as many as have room; the first and the last go before the others."""
    shown: list[float] = []
    for number in (0, len(rows) - 1, *range(1, len(rows) - 1)):
        x = places[number]
        if all(abs(x - other) >= 100 for other in shown):
            shown.append(x)
            _stroke(svg, "axis", x, bottom, x, bottom + 5)
            _text(svg, x, bottom + 20, rows[number].commit.date[:10], "middle")


def _round_up(number: float) -> int:
    """The next 1, 2 or 5 with zeros."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= number:
                return digit * power
        power *= 10


def _stroke(svg: ElementTree.Element, name: str, x1: float, y1: float, x2: float, y2: float) -> None:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    width = {"stroke-width": "2"} if name not in ("axis", "grid") else {}
    ElementTree.SubElement(svg, "line", {"class": name, **ends, **width})


def _text(svg: ElementTree.Element, x: float, y: float, text: str, anchor: str = "start") -> None:
    ElementTree.SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}).text = text


HISTORY_REPORTS: Mapping[str, Callable[[History], str]] = MappingProxyType(
    {"text": history_text, "json": history_json, "svg": history_svg}
)
