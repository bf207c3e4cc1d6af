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
        for piece in (*(_remark(line) for line in _proof(change, proofs)), *_file_diff(change))
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


def _file_diff(change: FileChange) -> Iterator[bytes]:
    yield b"diff --git " + _quoted(change.path, b"a/") + b" " + _quoted(change.path, b"b/") + b"\n"
    if change.after is None:
        yield b"deleted file mode " + change.mode.encode() + b"\n"
    if change.is_new:
        yield b"new file mode " + change.mode.encode() + b"\n"
    before, after = _lines(change.before), _lines(change.after or b"")
    if not before and not after:
        return
    yield b"--- " + (b"/dev/null" if change.is_new else _quoted(change.path, b"a/")) + b"\n"
    yield b"+++ " + (b"/dev/null" if change.after is None else _quoted(change.path, b"b/")) + b"\n"
    yield from _hunks(before, after)


def _lines(data: bytes) -> list[bytes]:
    """Lines as git counts them: each ends behind its LF."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _hunks(before: list[bytes], after: list[bytes]) -> Iterator[bytes]:
    """Hunks with three lines of context. Equal ends are set aside first: a diff of the middle is quick."""
    most = min(len(before), len(after))
    head = 0
    while head < most and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < most - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    start = max(0, head - _CONTEXT)
    end = max(0, tail - _CONTEXT)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        _, old_start, _, new_start, _ = group[0]
        _, _, old_end, _, new_end = group[-1]
        yield b"@@ -%s +%s @@\n" % (
            _range(start + old_start, old_end - old_start),
            _range(start + new_start, new_end - new_start),
        )
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from _marked(b" ", old[i1:i2])
                continue
            yield from _marked(b"-", old[i1:i2])
            yield from _marked(b"+", new[j1:j2])


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
