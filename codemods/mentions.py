"""Mentions: dotted names and file paths in any text that lead to a module or a name of interest."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from codemods.alias_map import OUTLINE, EndKind, ModuleKind
from codemods.ownership import Finding, Ownership
from codemods.references import Reason, Relation
from codemods.symbols import Symbol, ancestors, is_dotted_name, join, last, parent, parts, root

_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_TOKEN = re.compile(
    rb"(?<![\w./\\\x80-\xff])"
    + _NAME
    + rb"(?:\."
    + _NAME
    + rb")*(?:(?:\."
    + _NAME
    + rb")|(?::"
    + _NAME
    + rb"(?:\."
    + _NAME
    + rb")*))(?![\w/\\\x80-\xff]|\.[\w\x80-\xff])"
)
_ESCAPED_TOKEN = re.compile(rb"(?:" + _NAME + rb"\\+\.)+" + _NAME)
"""A dotted name in a regular expression: ``p\\.old``."""

_EXTERNAL = re.compile(rb"ext://(" + _NAME + rb"(?:\." + _NAME + rb")*)")
_FROM_IMPORT = re.compile(
    rb"from(?<=\bfrom)[ \t]+(?P<module>"  # the letters first: ``re`` then jumps from one to the next
    + _NAME
    + rb"(?:\."
    + _NAME
    + rb")*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\r\n#;'\"\\]*)"
)
_IMPORTED_NAME = re.compile(rb"(?:^|(?<=[(,\s]))(" + _NAME + rb")(?:\s+as\s+" + _NAME + rb")?\s*(?=[,)\s]|$)")

_COMMENT = re.compile(rb"#(?:(?!\\[rn])[^\r\n])*")
"""A comment in code, up to the end of the line; or to how that is written in a string."""

_COMMENTED_OUT = re.compile(rb"^[ \t]*#", re.MULTILINE)
"""How each line begins of a statement that is in a comment itself: what follows is no comment between its names."""

_IN_FOLDER = re.compile(rb"(?<![\w$%.-])[\w.-]*[\w-]/$")
"""What ends with the name of a folder, and so no ``./``, ``**/`` or variable."""

_PYTHON_SUFFIXES = (".py", ".pyi", ".pyc")


@dataclass(frozen=True)
class Mention:
    """A dotted name of interest. ``old`` is what is found at its front, ``rest`` are the attributes behind that.

    ``p.old:C.run`` has the old symbol ``p.old:C`` and the rest ``run``.
    """

    text: str
    old: Symbol
    rest: str
    finding: Finding

    def written(self) -> str | None:
        """The dotted name for the new place, in the same notation; None where the finding has no new place."""
        new = self.finding.new
        if new is None:
            return None
        if new.name is None and ":" in self.text and self.old.name is not None and parent(new.module):
            return f"{parent(new.module)}:{join(last(new.module), self.rest)}"
        if new.name is None or ":" not in self.text:
            return join(new.dotted, self.rest)
        return f"{new.module}:{join(new.name, self.rest)}"


def name_offset(data: bytes, start: int, old: Symbol) -> int:
    """Where the name itself stands in a dotted name that begins at ``start``; ``start`` where it is not written so."""
    if old.name is None:
        return start
    module, name = old.module.encode(), old.name.encode()
    place = start + len(module) + 1
    whole = data[start : start + len(module)] == module and data[place : place + len(name)] == name
    return place if whole else start


@dataclass(frozen=True)
class Token:
    """A mention at a place in a text; the span is in bytes."""

    start: int
    end: int
    mention: Mention


@dataclass(frozen=True)
class PathToken:
    """The path of a module's file at a place in a text; ``new`` is its path after a move, None without one."""

    start: int
    end: int
    text: str
    module: str
    new: str | None


class Mentions:
    """Looks dotted names up for one Ownership. Canonical paths and homes are no mentions."""

    def __init__(self, ownership: Ownership) -> None:
        self._ownership = ownership
        self._modules = ownership.modules
        self._known: dict[str, Mention | None] = {}
        self._paths = dict(self._watched_paths())
        self._written_paths = {**dict(self._watched_paths(below_root=True)), **self._paths}
        texts = sorted(self._written_paths, key=len, reverse=True)
        any_path = b"|".join(re.escape(text).encode() for text in texts)
        self._path_pattern = re.compile(rb"(?<![\w.])(?:" + any_path + rb")(?![\w-]|\.\w)") if texts else None
        names = sorted({re.escape(text.rpartition("/")[2]).encode() for text in texts if text.endswith(".py")})
        self._file_names = re.compile(rb"['\"](?:" + b"|".join(names) + rb")['\"]") if names else None
        self._roots = sorted(set(self._watched_roots()), reverse=True)
        self._ends = _shortest(text.rpartition("/")[2].encode() for text in texts)
        tails: dict[bytes, set[bytes]] = {}
        for module in ownership.watched_modules():
            if parent(module):
                tails.setdefault(re.escape(last(parent(module)).encode()), set()).add(re.escape(last(module).encode()))
        ways = [front + rb"\\*[./](?:" + b"|".join(sorted(ends)) + b")" for front, ends in sorted(tails.items())]
        self._quick = re.compile(b"|".join(ways)) if ways else None
        top = [re.escape(module).encode() for module in ownership.watched_modules() if not parent(module)]
        any_top = b"(?:" + b"|".join(sorted(top)) + b")"
        behind = rb"(?:(?<!\w)(?:import|from)|(?<![\w-])-m[\"']?,?)[ \t]+[\"']?"
        alone = rb"[\"'](" + any_top + rb")(?=[\"'])|" + behind + b"(" + any_top + rb")(?![\w.:/-])"
        self._top = re.compile(alone) if top else None
        self._quick_top = re.compile(rb"\b" + any_top + rb"(?:[.:]\w|\.pyi?\b)|" + alone) if top else None

    def may_hold_path(self, data: bytes) -> bool:
        """Whether the file name of a watched module stands anywhere in a text; quick."""
        return any(one in data for one in self._ends)

    def may_hold(self, data: bytes) -> bool:
        """Whether a text can hold a token at all; quick."""
        return (
            (self._quick is not None and self._quick.search(data) is not None)
            or (self._quick_top is not None and self._quick_top.search(data) is not None)
            or self._ownership.mentions_attribute(data)
            or next(self.file_names(data), None) is not None
        )

    def file_names(self, data: bytes) -> Iterator[int]:
        """Where the file name of a watched module stands as a string of its own; behind the quote."""
        if self._file_names is not None and (b".py'" in data or b'.py"' in data):
            yield from (match.start() + 1 for match in self._file_names.finditer(data))

    def of(self, dotted: str) -> Mention | None:
        """What ``a.b.c``, ``a.b:c`` or ``a.b:c.d`` leads to; None where that is nothing of interest.

        Modules go before attributes of the same name, as in an import.
        """
        if dotted not in self._known:
            self._known[dotted] = self._look_up(dotted)
        return self._known[dotted]

    def tokens(self, data: bytes, start: int = 0, end: int | None = None) -> Iterator[Token]:
        """Every whole dotted name of interest in ``data[start:end]``: ``p.older`` and ``x.p.old`` are other names."""
        for match in _TOKEN.finditer(data, start, len(data) if end is None else end):
            text = match.group().decode("utf-8", "replace")
            if text.endswith(_PYTHON_SUFFIXES):
                continue
            mention = self.of(text)
            if mention is not None:
                yield Token(match.start(), match.end(), mention)
                continue
            glued = self.of(text[1:]) if data[match.start() - 1 : match.start()] == b"-" else None
            if glued is not None:  # python -mp.old
                yield Token(match.start() + 1, match.end(), glued)
                continue
            front, colon, behind = text.partition(":")  # "class:p.old.C": a key and its value, without a space
            mention = self.of(behind) if colon and "." in behind else None
            if mention is not None:
                yield Token(match.start() + len(front.encode()) + 1, match.end(), mention)

    def external_tokens(self, data: bytes) -> Iterator[Token]:
        """Dotted names behind ``ext://``, as logging.config has them."""
        for match in _EXTERNAL.finditer(data) if b"ext://" in data else ():
            mention = self.of(match[1].decode("utf-8", "replace"))
            if mention is not None:
                yield Token(match.start(1), match.end(1), mention)

    def may_name_a_file(self, mention: Mention) -> bool:
        """Whether ``app.ini`` is as likely a file's name: as a path it leads nowhere, in a module that stays."""
        if ":" in mention.text or mention.rest or self._ownership.is_watched(mention.old.module):
            return False
        return mention.finding.reason is Reason.NAME_MISSING

    def top_level(self, data: bytes) -> Iterator[Token]:
        """Top-level modules of interest by their bare names: in quotes, behind ``import``, ``from`` or ``-m``."""
        for match in self._top.finditer(data) if self._top is not None else ():
            group = 1 if match[1] is not None else 2
            mention = self.of(match[group].decode("utf-8", "replace"))
            if mention is not None:
                yield Token(match.start(group), match.end(group), mention)

    def imported_names(self, data: bytes) -> Iterator[Token]:
        """The names of ``from module import name`` in any text, where the module alone is no mention."""
        for match in _FROM_IMPORT.finditer(data):
            module = match["module"].decode("utf-8", "replace")
            if self.of(module) is not None:
                continue
            start, names = match.start("names"), match["names"]
            if b"#" in data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]:
                names = _COMMENTED_OUT.sub(blank, names)
            for name in _IMPORTED_NAME.finditer(_COMMENT.sub(blank, names)):
                mention = self.of(f"{module}:{name[1].decode('utf-8', 'replace')}")
                if mention is not None:
                    yield Token(start + name.start(1), start + name.end(1), mention)

    def escaped_tokens(self, data: bytes) -> Iterator[Token]:
        """Every dotted name of interest that is written with escaped dots, as in a regular expression."""
        for match in _ESCAPED_TOKEN.finditer(data) if b"\\." in data else ():
            mention = self.of(match.group().replace(b"\\", b"").decode("utf-8", "replace"))
            if mention is not None:
                yield Token(match.start(), match.end(), mention)

    def paths(self, data: bytes, start: int = 0, end: int | None = None) -> Iterator[PathToken]:
        """Every file path of a watched module in ``data[start:end]``.

        A path counts from the top of the repository, ``src/p/old.py``, or from the module's source root, ``p/old.py``.
        The latter is another file's in another folder.
        """
        end = len(data) if end is None else end
        if self._path_pattern is None or all(data.find(one, start, end) < 0 for one in self._ends):
            return
        while (match := self._path_pattern.search(data, start, end)) is not None:
            text = match.group().decode("utf-8")
            if text in self._paths or not _IN_FOLDER.search(data, max(0, match.start() - 256), match.start()):
                yield PathToken(match.start(), match.end(), text, *self._written_paths[text])
                start = match.end()
            else:
                start = match.start() + 1  # a shorter path may begin inside of it

    def files_beside(self, path: str, data: bytes) -> Iterator[PathToken]:
        """Where the bare file name of a watched module stands in a text of the same folder."""
        folder = path.rpartition("/")[0]
        for text, (module, new) in self._paths.items():
            place, _, name = text.rpartition("/")
            if place == folder and name.endswith(".py") and name.encode() in data:
                for match in re.finditer(rb"(?<![\w./-])" + re.escape(name.encode()) + rb"(?![\w.-])", data):
                    yield PathToken(match.start(), match.end(), name, module, None if new is None else text)

    def package_of(self, path: str) -> str:
        """The package that a file lies in, by the source roots of the watched modules; empty where there is none."""
        folder = posixpath.dirname(path)
        for top, package in self._roots:
            if f"{folder}/".startswith(f"{top}/" if top else ""):
                return join(package, *folder[len(top) :].split("/"))
        return ""

    def is_foreign(self, module: str) -> bool:
        """Whether the first name of a path is neither the repository's nor the standard library's."""
        return not self._concerns(root(module)) and root(module) not in sys.stdlib_module_names

    def module_of_path(self, tail: str) -> str | None:
        """The watched module whose file's path ends in these components, two or more; None if there is none."""
        if "/" not in tail:
            return None
        for path, (module, _) in sorted(self._paths.items()):
            if f"/{path}".endswith(f"/{tail}") or f"/{tail}".endswith(f"/{path}"):
                return module
        return None

    def _look_up(self, dotted: str) -> Mention | None:
        front, colon, behind = dotted.partition(":")
        if not is_dotted_name(front) or (colon and not is_dotted_name(behind)):
            return None
        if not self._concerns(root(front)):
            return None
        module = front if colon else self._longest_module(front)
        if module is None:
            return None
        attributes = parts(behind) if colon else parts(front)[len(parts(module)) :]
        if not attributes:
            finding = self._ownership.module_finding(module)
            return None if finding is None else Mention(dotted, Symbol(module), "", finding)
        old = Symbol(module, attributes[0])
        finding = self._ownership.finding(old)
        if finding is None and len(attributes) > 2:
            return self._through_package(dotted, old, attributes[1:])
        if finding is None or finding.relation in (Relation.CANONICAL, Relation.HOME):
            return None
        return Mention(dotted, old, join(*attributes[1:]), finding)

    def _through_package(self, dotted: str, name: Symbol, attributes: tuple[str, ...]) -> Mention | None:
        """``consumer.p.old.f``, where the consumer has ``import p.old``: another way to the same name, by hand."""
        found = self._ownership.alias_map.resolve(name)
        if found.kind is not EndKind.MODULE or found.end is None:
            return None
        inner = self.of(join(found.end.module, *attributes))
        if inner is None:
            return None
        detail = f"the path leads through {name}"
        finding = replace(inner.finding, reason=Reason.NAMES_STAY_BEHIND, detail=detail)
        return Mention(dotted, inner.old, inner.rest, finding)

    def _concerns(self, top: str) -> bool:
        """Whether a top-level name is the repository's, or one that the recipe moves from."""
        return self._modules.kind(top) is not ModuleKind.EXTERNAL or self._ownership.watched_below(top)

    def _longest_module(self, dotted: str) -> str | None:
        for name in (dotted, *reversed(ancestors(dotted))):
            if self._modules.kind(name) in (ModuleKind.FILE, ModuleKind.NAMESPACE, ModuleKind.OPAQUE):
                return name
            if name in self._ownership.watched_modules() or self._moved_to(name) is not None:
                return name
        return None

    def _moved_to(self, module: str) -> str | None:
        """Where the recipe has moved a module, if it is there."""
        finding = self._ownership.module_finding(module)
        if finding is None or finding.relation is not Relation.MOVED or finding.reason is not None:
            return None
        return None if finding.new is None else finding.new.module

    def _watched_paths(self, *, below_root: bool = False) -> Iterator[tuple[str, tuple[str, str | None]]]:
        """(path, (module, path after a move)) of every watched module; a moved package also as a folder.

        A path follows a move only to a file, or folder, that is there: what is outside of the repository has none.
        ``below_root``: the paths as they count from the modules' source roots.
        """
        path_of = self._path_below_root if below_root else self._path_of
        for module in self._ownership.watched_modules():
            kind, target = self._modules.kind(module), self._moved_to(module)
            facts = None if target is None else self._modules.facts(target, OUTLINE)
            new = None if target is None or facts is None else path_of(target)
            if kind is not ModuleKind.EXTERNAL or new is not None:
                yield path_of(module), (module, new)
            if target is not None and kind not in (ModuleKind.FILE, ModuleKind.EXTERNAL):
                if self._modules.kind(target) is ModuleKind.NAMESPACE or (facts is not None and facts.is_package):
                    yield "/".join(parts(module)), (module, "/".join(parts(target)))

    def _watched_roots(self) -> Iterator[tuple[str, str]]:
        """The source root of every watched module: its folder, and the package that stands for this folder.

        Of ``src/p/old.py`` that is ``p.old`` they are what the two do not share at their ends: ``src``, and nothing.
        """
        for module in self._ownership.watched_modules():
            facts = self._modules.facts(module, OUTLINE)
            if facts is not None:
                folders = posixpath.dirname(facts.path) if facts.is_package else facts.path.removesuffix(".py")
                left, names = folders.split("/"), list(parts(module))
                while left and names and left[-1] == names[-1]:
                    left.pop()
                    names.pop()
                yield "/".join(left), join(*names)

    def _path_of(self, module: str) -> str:
        facts = self._modules.facts(module, OUTLINE)
        return self._path_below_root(module) if facts is None else facts.path

    def _path_below_root(self, module: str) -> str:
        facts = self._modules.facts(module, OUTLINE)
        end = "/__init__.py" if facts is not None and facts.is_package else ".py"
        return "/".join(parts(module)) + end


def blank(match: re.Match[bytes]) -> bytes:
    """Spaces in the place of what was found: what stands behind it stays where it is."""
    return b" " * len(match.group())


def _shortest(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """Those that hold none of the others: one of them stands where any of all does."""
    found: list[bytes] = []
    for text in sorted(set(texts), key=lambda one: (len(one), one)):
        if not any(short in text for short in found):
            found.append(text)
    return tuple(found)
