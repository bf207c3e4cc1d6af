"""The plan as one unified diff, which 'git apply' takes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from migrate.plan import FileChange, Plan

_CONTEXT = 3


def diff_report(plan: Plan) -> bytes:
    """What all steps together change, file by file; the bytes of each file in its own encoding."""
    proofs = {module.path: module.told_briefly() for module in plan.modules if module.deletable}
    return b"".join(
        piece
        for change in plan.changed_files()
        for piece in (*(_remark(line) for line in _proof(change, proofs)), *file_diff(change))
    )


def _proof(change: FileChange, proofs: dict[str | None, tuple[str, ...]]) -> Iterator[str]:
    """Why a file may be deleted; git passes over what stands in front of a file's diff."""
    if change.after is None and change.path in proofs:
        yield f"{change.path} can be deleted:"
        yield from (f"  {line}" for line in proofs[change.path])


def _remark(text: str) -> bytes:
    """One line, whatever characters a path or a statement has."""
    line = "".join(one if one.isprintable() or "\udc80" <= one <= "\udcff" else ascii(one)[1:-1] for one in text)
    return b"# " + line.encode("utf-8", "surrogateescape") + b"\n"


def file_diff(change: FileChange) -> Iterator[bytes]:
    """The diff of one file, in pieces."""
    yield b"diff --git " + _quoted(change.path, b"a/") + b" " + _quoted(change.path, b"b/") + b"\n"
    if change.after is None:
        yield b"deleted file mode " + change.mode.encode() + b"\n"
    if change.is_new:
        yield b"new file mode " + change.mode.encode() + b"\n"
    before, after = change.before, change.after or b""
    if not before and not after:
        return
    yield b"--- " + (b"/dev/null" if change.is_new else _quoted(change.path, b"a/")) + b"\n"
    yield b"+++ " + (b"/dev/null" if change.after is None else _quoted(change.path, b"b/")) + b"\n"
    yield from _hunks(before, after)


def _hunks(before: bytes, after: bytes) -> Iterator[bytes]:
    """Hunks with three lines of context. Equal ends are set aside as bytes: only the middle is split into lines."""
    first = before.rfind(b"\n", 0, _equal(before, after)) + 1
    tail = _equal(before[first:][::-1], after[first:][::-1])
    if not (_begins_line(before, len(before) - tail) and _begins_line(after, len(after) - tail)):
        tail = _without_line(before, tail)
    start = first
    for _ in range(_CONTEXT):
        start = before.rfind(b"\n", 0, max(0, start - 1)) + 1
        tail = _without_line(before, tail)
    skipped = before.count(b"\n", 0, start)
    old, new = _lines(before[start : len(before) - tail]), _lines(after[start : len(after) - tail])
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        _, old_start, _, new_start, _ = group[0]
        _, _, old_end, _, new_end = group[-1]
        yield b"@@ -%s +%s @@\n" % (
            _range(skipped + old_start, old_end - old_start),
            _range(skipped + new_start, new_end - new_start),
        )
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from _marked(b" ", old[i1:i2])
                continue
            yield from _marked(b"-", old[i1:i2])
            yield from _marked(b"+", new[j1:j2])


def _equal(one: bytes, other: bytes) -> int:
    """How many bytes are the same in front."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _begins_line(data: bytes, at: int) -> bool:
    return at == 0 or data[at - 1 : at] == b"\n"


def _without_line(data: bytes, tail: int) -> int:
    """So many bytes at the end, less what is left of the first line in them."""
    end = data.find(b"\n", len(data) - tail) if tail else -1
    return 0 if end < 0 else len(data) - end - 1


def _lines(data: bytes) -> list[bytes]:
    """Lines as git counts them: each ends behind its LF."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _marked(mark: bytes, lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line
        if not line.endswith(b"\n"):
            yield b"\n\\ No newline at end of file\n"


def _range(start: int, length: int) -> bytes:
    return b"%d,%d" % (start if length == 0 else start + 1, length)


def _quoted(path: str, prefix: bytes = b"") -> bytes:
    """A path as git writes it in a diff: in quotes, with escapes, if it has unusual characters."""
    raw = prefix + path.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):
        return raw
    escaped = b"".join(bytes([byte]) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03o" % byte for byte in raw)
    return b'"' + escaped + b'"'
