"""LibCST on one import statement: splitting it by target module, every comment staying with its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

_PRAGMA = re.compile(r"#\s*(noqa|type:|pragma|pylint|mypy|pyright|ruff|nosec|pyre|isort|fmt)", re.IGNORECASE)
_LAZY = re.compile(r"lazy[ \t]+(?=from\b)")  # PEP 810, which LibCST does not know


@dataclass(frozen=True)
class TargetName:
    """Where one imported name goes: ``from module import name as asname``; module as it is to be written.

    ``name`` None: the name is a module without a package, ``import module as asname``.
    """

    module: str
    name: str | None
    asname: str | None


class UnsupportedStatementError(ValueError):
    """The statement's layout is one that cannot be split without losing something."""


def split_from_import(text: str, targets: Sequence[TargetName], *, trailing_comment: str, separator: str) -> str:
    """One ``from`` statement as several, one per target module in order of first appearance.

    ::

        from a import (        from b import (
            f,  # why    ->        f,  # why
            g,                 )
        )                      from c import (
                                   g,
                               )

    ``targets`` has one entry per imported name. ``trailing_comment`` follows the statement in the file; where it
    is an instruction to a tool, every new statement needs it. ``separator`` goes between the statements: a
    newline and the indentation, or ``"; "``.
    Raises UnsupportedStatementError.
    """
    lazy = _LAZY.match(text)
    prefix = "" if lazy is None else lazy.group()
    statement = _parse(text[len(prefix) :])
    names = statement.names
    if isinstance(names, cst.ImportStar) or len(names) != len(targets):
        raise UnsupportedStatementError(text)
    ends = re.findall(r"\r\n|\r|\n", text)
    layout = _layout(statement, ends[0] if ends else "\n")
    groups: dict[str, list[_Entry]] = {}
    plain: dict[str, str] = {}
    for entry, target in zip(_entries(statement, names), targets, strict=True):
        if target.name is None:
            plain_text = f"import {target.module}" + (f" as {target.asname}" if target.asname else "")
            groups[plain_text] = [entry]
            plain[plain_text] = prefix + plain_text
            if entry.above or entry.below or (entry.behind is not None and entry.behind.comment is not None):
                raise UnsupportedStatementError(text)
        else:
            groups.setdefault(target.module, []).append(
                replace(entry, alias=_renamed(entry.alias, target.name, target.asname))
            )
    pieces = [
        plain.get(module) or prefix + _statement(statement, layout, module, entries, with_head=index == 0)
        for index, (module, entries) in enumerate(groups.items())
    ]
    repeat = f"  {trailing_comment}" if "\n" in separator or "\r" in separator else ""
    if not _PRAGMA.match(trailing_comment):
        repeat = ""
    return (repeat + separator).join(pieces)


@dataclass(frozen=True)
class _Entry:
    """One name with what belongs to it: the comment lines above it, and the comment behind it.

    ::

        from a import (
            # above
            f,  # behind
        )
    """

    alias: cst.ImportAlias
    above: tuple[cst.EmptyLine, ...]
    behind: cst.TrailingWhitespace | None
    """None where the next name stands on the same line."""
    below: tuple[cst.EmptyLine, ...] = ()
    """Comment lines between the last name of all and the closing parenthesis."""


@dataclass(frozen=True)
class _Layout:
    """How the original statement is wrapped; ``inner`` and ``closing`` are None where it is on one line."""

    head: cst.BaseParenthesizableWhitespace | None
    inner: cst.ParenthesizedWhitespace | None
    closing: cst.ParenthesizedWhitespace | None
    trailing_comma: bool
    newline: str


def _layout(statement: cst.ImportFrom, newline: str) -> _Layout:
    assert not isinstance(statement.names, cst.ImportStar)
    gaps = _gaps(statement, statement.names)
    wrapped = [gap for gap in gaps if isinstance(gap, cst.ParenthesizedWhitespace)]
    if statement.lpar is None or statement.rpar is None:
        return _Layout(None, None, None, False, newline)
    last = gaps[-1]
    return _Layout(
        statement.lpar.whitespace_after,
        wrapped[0] if wrapped else None,
        last if isinstance(last, cst.ParenthesizedWhitespace) else None,
        isinstance(statement.names[-1].comma, cst.Comma),
        newline,
    )


def _gaps(statement: cst.ImportFrom, names: Sequence[cst.ImportAlias]) -> list[cst.BaseParenthesizableWhitespace]:
    """The white space in front of each name, and after all of them the one before the closing parenthesis."""
    none = cst.SimpleWhitespace("")
    gaps = [none if statement.lpar is None else statement.lpar.whitespace_after]
    for alias in names[:-1]:
        gaps.append(alias.comma.whitespace_after if isinstance(alias.comma, cst.Comma) else none)
    comma = names[-1].comma
    last = comma.whitespace_after if isinstance(comma, cst.Comma) else none
    if not isinstance(last, cst.ParenthesizedWhitespace) and statement.rpar is not None:
        last = statement.rpar.whitespace_before
    return [*gaps, last]


def _empty_lines(gap: cst.BaseParenthesizableWhitespace) -> tuple[cst.EmptyLine, ...]:
    return tuple(gap.empty_lines) if isinstance(gap, cst.ParenthesizedWhitespace) else ()


def _entries(statement: cst.ImportFrom, names: Sequence[cst.ImportAlias]) -> list[_Entry]:
    gaps = _gaps(statement, names)
    entries: list[_Entry] = []
    for index, alias in enumerate(names):
        before, after = gaps[index], gaps[index + 1]
        above = _empty_lines(before)
        behind = after.first_line if isinstance(after, cst.ParenthesizedWhitespace) else None
        is_last = index == len(names) - 1
        entries.append(_Entry(alias, above, behind, _empty_lines(after) if is_last else ()))
    return entries


def _parse(text: str) -> cst.ImportFrom:
    try:
        line = cst.parse_statement(text)
    except cst.ParserSyntaxError as error:
        raise UnsupportedStatementError(text) from error
    if not isinstance(line, cst.SimpleStatementLine) or not isinstance(line.body[0], cst.ImportFrom):
        raise UnsupportedStatementError(text)
    return line.body[0]


def _renamed(alias: cst.ImportAlias, name: str, asname: str | None) -> cst.ImportAlias:
    """The alias with another name; its own ``as`` and white space are kept where they still say the same."""
    if name != _plain(alias.name):
        alias = alias.with_changes(name=cst.Name(name))
    if asname is None:
        return alias.with_changes(asname=None)
    if alias.asname is None or _plain(alias.asname.name) != asname:
        return alias.with_changes(asname=cst.AsName(cst.Name(asname)))
    return alias


def _plain(node: cst.BaseExpression) -> str:
    return _code(node, "\n")


def _code(node: cst.CSTNode, newline: str) -> str:
    return cst.Module((), default_newline=newline).code_for_node(node)


def _statement(
    original: cst.ImportFrom, layout: _Layout, module: str, entries: list[_Entry], *, with_head: bool
) -> str:
    """One new statement in the layout of the original one: parenthesised if that was, over as many lines."""
    aliases: list[cst.ImportAlias] = []
    for index, entry in enumerate(entries):
        following = entries[index + 1] if index + 1 < len(entries) else None
        aliases.append(entry.alias.with_changes(comma=_comma(layout, entry, following)))
    changed = original.with_changes(module=_module(module), relative=_dots(module), names=aliases)
    if original.lpar is not None and original.rpar is not None:
        changed = changed.with_changes(
            lpar=original.lpar.with_changes(whitespace_after=_opening(layout, entries[0], with_head=with_head)),
            rpar=original.rpar.with_changes(
                whitespace_before=cst.SimpleWhitespace("") if layout.trailing_comma else _closing(layout, entries[-1])
            ),
        )
    return _code(changed, layout.newline)


def _comma(layout: _Layout, entry: _Entry, following: _Entry | None) -> cst.Comma | cst.MaybeSentinel:
    """The comma behind a name, and the white space up to the next name or the closing parenthesis."""
    if following is not None:
        if layout.inner is not None and (entry.behind is not None or following.above):
            return cst.Comma(
                whitespace_after=layout.inner.with_changes(
                    first_line=entry.behind or cst.TrailingWhitespace(), empty_lines=following.above
                )
            )
        return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if not layout.trailing_comma:
        return cst.MaybeSentinel.DEFAULT
    return cst.Comma(whitespace_after=_closing(layout, entry))


def _closing(layout: _Layout, entry: _Entry) -> cst.BaseParenthesizableWhitespace:
    """The white space before the closing parenthesis; a comment there needs a line's end behind it."""
    if layout.closing is not None:
        return layout.closing.with_changes(first_line=entry.behind or cst.TrailingWhitespace(), empty_lines=entry.below)
    if layout.inner is not None and entry.behind is not None and entry.behind.comment is not None:
        return layout.inner.with_changes(first_line=entry.behind, empty_lines=())
    return cst.SimpleWhitespace("")


def _opening(layout: _Layout, entry: _Entry, *, with_head: bool) -> cst.BaseParenthesizableWhitespace:
    """The white space behind the opening parenthesis; a comment there belongs to the whole statement."""
    head = layout.head
    if isinstance(head, cst.ParenthesizedWhitespace):
        first_line = head.first_line if with_head else cst.TrailingWhitespace()
        return head.with_changes(first_line=first_line, empty_lines=entry.above)
    if entry.above and layout.inner is not None:
        return layout.inner.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=entry.above)
    return cst.SimpleWhitespace("") if head is None else head


def _module(written: str) -> cst.Attribute | cst.Name | None:
    name = written.lstrip(".")
    if not name:
        return None
    expression = cst.parse_expression(name)
    assert isinstance(expression, cst.Attribute | cst.Name)
    return expression


def _dots(written: str) -> list[cst.Dot]:
    return [cst.Dot()] * (len(written) - len(written.lstrip(".")))
