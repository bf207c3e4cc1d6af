"""What a document is for (its role), and what its form says about a place in it: a value, a key, a comment, a URL."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from enum import Enum, auto
from functools import cached_property

from codemods.source import SourceText
from codemods.syntax import Span


class Role(Enum):
    """What a document is for, as far as its path and its first line tell."""

    CONFIGURES = auto()
    """It configures or runs something."""
    PROSE = auto()
    """People read it."""
    DATA = auto()
    """Some program wrote it."""
    COPY = auto()
    """An old state of another file: ``x.py.bak``."""
    OTHER = auto()
    """A text of which nobody knows whether it runs."""


_COPY = re.compile(
    r"~$|\.\d{8}(?:[_-]\d+)?$|\.(?:\w+[_-])?(?:bak|backup|orig|old|save|rej|skip|disabled|tmp|swp)(?:[_-]\w+)?$"
)
_TEMPLATES = re.compile(
    r"[._-](?:j2|jinja2?|tmpl|tpl|template|mako|in|dist|example|sample|erb|ejs|em|gotmpl|hbs|handlebars|mustache|njk)$"
)
_CONFIGURING_NAMES = re.compile(
    r"""(?:.*[.-])?(?:dockerfile|containerfile)(?:\..*)?|docker-compose.*|(?:gnu)?makefile(?:\..*)?|procfile(?:\..*)?
    |codeowners|manifest\.in|\.env(?:\..*)?|crontab|pipfile|justfile|jenkinsfile|pylintrc|cmakelists\.txt
    |(?:.*[._-])?(?:requirements|constraints)(?:[._-].*)?\.(?:txt|in)
    |\.(?:coveragerc|flake8|pylintrc|importlinter|gitattributes|gitignore|dockerignore|pypirc)""",
    re.VERBOSE,
)
_CONFIGURING_SUFFIXES = re.compile(
    r"""\.(?:ya?ml|toml|ini|cfg|conf|properties|env|mk|service|timer|socket|desktop|cron|tf|tfvars|hcl
    |sh|bash|zsh|ksh|fish|bat|cmd|ps1|dockerfile)$""",
    re.VERBOSE,
)
_PROSE_NAMES = re.compile(
    r"(?:readme|license|licence|notice|authors|contributors|changelog|changes|news|history|todo)(?![a-z])"
)
_PROSE_SUFFIXES = re.compile(r"\.(?:md|mdx|markdown|mdc|rst|rest|txt|adoc|asciidoc|html?|tex|org|textile)$")
_DATA_NAMES = re.compile(r"(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|conda-lock\.ya?ml)")
_DATA_SUFFIXES = re.compile(
    r"\.(?:xml|csv|tsv|log|lock|jsonl|ndjson|map|snap|ambr|sarif|svg|po|pot|out|err|har|lcov|dot|graphml)$"
)
_DATA_FOLDERS = re.compile(
    r"(?:^|/)(?:reports?|logs?|results?|data|fixtures|snapshots|__snapshots__|cassettes|output|artifacts|generated"
    r"|[^/]*\.egg-info|[^/]*\.dist-info)/"
)
_CONFIGURING_FOLDERS = re.compile(
    r"(?:^|/)(?:\.[\w-]+|config|configs|configuration|conf|settings|etc|deploy|deployment)/"
)
_JSON = re.compile(r"\.(?:json[c5]?|code-workspace)$")
_CONFIGURING_JSON = re.compile(
    r"config|settings|logging|package\.json|manifest|launch|tasks|devcontainer|composer|cdk|serverless|\.code-workspace"
)
_REPORTING_JSON = re.compile(
    r"report|result|audit|scan|log|metric|analy|status|validation|snapshot|coverage|baseline|output|stats|summary"
    r"|compliance|history|trace|dump|cache|temp|\d{8}"
)
_XML_OF_TOOLS = re.compile(r"(?:^|/)\.(?:idea|run)/")
_PYTHON = re.compile(r"\.pyi?(?=$|[._~-])")
_PYTHON_CODE = re.compile(r"(?:^|/)[^./]+$|\.(?:py[wx]?|px[di])$")
"""Without an ending, or Python's and Cython's."""


def role_of(path: str, head: bytes = b"") -> Role:
    """What a document is for. ``head`` is its beginning: a file without an ending may be a script.

    JSON is generated more often than written: it configures where its name or folder says so, or where it stands
    at the root and is not named like a report.
    """
    path = path.lower()
    name = path.rpartition("/")[2]
    if _CONFIGURING_NAMES.fullmatch(name) or (_PYTHON.search(name) and _CONFIGURING_SUFFIXES.search(name)):
        return Role.CONFIGURES
    if _PYTHON.search(name):
        return Role.OTHER if _TEMPLATES.search(name) else Role.COPY
    if _COPY.search(name):
        return Role.COPY
    if _DATA_NAMES.fullmatch(name):
        return Role.DATA
    if name.endswith(".txt") and "requirements/" in path:
        return Role.CONFIGURES
    plain = _TEMPLATES.sub("", name)
    if plain != name:
        return role_of(path[: len(path) - len(name)] + plain, head)
    if _JSON.search(name):
        return Role.CONFIGURES if _json_configures(path, name) else Role.DATA
    if _CONFIGURING_SUFFIXES.search(name) or _XML_OF_TOOLS.search(path):
        return Role.DATA if ".egg-info/" in path else Role.CONFIGURES
    if _DATA_SUFFIXES.search(name) or ".egg-info/" in path or ".dist-info/" in path:
        return Role.DATA
    if _PROSE_SUFFIXES.search(name):
        return Role.PROSE
    if head.startswith(b"#!") and b"python" not in head.partition(b"\n")[0]:
        return Role.CONFIGURES
    if "." not in name and _PROSE_NAMES.match(name) and not head.startswith(b"#!"):
        return Role.PROSE
    return Role.OTHER


def _json_configures(path: str, name: str) -> bool:
    if _DATA_FOLDERS.search(path):
        return False
    if _CONFIGURING_JSON.search(name):
        return re.search(r"\d{8}", name) is None
    return ("/" not in path or bool(_CONFIGURING_FOLDERS.search(path))) and not _REPORTING_JSON.search(name)


def decode_document(raw: bytes) -> SourceText | None:
    """The text of a document; None for a binary file (a NUL among its first bytes).

    A text that is no UTF-8 is read as Latin-1, in which every byte is a character: what is ASCII in it is found.
    It is listed and never edited.
    """
    if b"\0" in raw[:8000]:
        return None
    bom = raw.startswith(codecs.BOM_UTF8)
    body = raw[3:] if bom else raw
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return SourceText(raw.decode("latin-1").encode("utf-8"), "iso8859-1")
    return SourceText(body, "utf-8", bom)


# places in a text


class Form(Enum):
    """How keys and comments are written."""

    JSON = auto()
    YAML = auto()
    TOML = auto()
    INI = auto()
    HASH = auto()
    """No keys; ``#`` begins a comment, also behind something."""
    LINES = auto()
    """No keys; a line that begins with ``#`` is a comment."""


_FORMS = (
    (re.compile(r"\.(?:json[c5]?|code-workspace)$"), Form.JSON),
    (re.compile(r"\.(?:ya?ml)$"), Form.YAML),
    (re.compile(r"\.toml$|pipfile$"), Form.TOML),
    (
        re.compile(r"\.(?:ini|cfg|conf|properties|desktop|service|timer|socket)$|rc$|\.flake8$|\.importlinter$"),
        Form.INI,
    ),
    (re.compile(r"\.(?:sh|bash|zsh|ksh|fish|mk|ps1|tf|tfvars|hcl)$|makefile"), Form.HASH),
)

_COMMANDS = re.compile(r"(?:^|/)[^/]*(?:dockerfile|containerfile|procfile|crontab|justfile|jenkinsfile)[^/]*$")
_KEEP = re.compile(rb"(?:\#|//|<!--|;|--|/\*|\.\.|%|\{\#)[^\r\n]*?\bunshim:\s*keep\b")
_KEEP_WORD = b"unshim:"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FAR = 2000
"""So many bytes away on its line, a text says nothing about a place any more."""

_URL = re.compile(rb"(?<![A-Za-z])(?!ext://$)[A-Za-z][\w+.-]*://[^\s\"'<>`]*$")
"""A URL up to a place in it; ``ext://`` in front of a dotted name is none: logging.config looks that up."""
_LINE_COMMENT = re.compile(rb"[ \t]*(?:\#(?!!|[ \t]*(?:define|include|if|elif|pragma)\b)|;|//)")
_HASH_COMMENT = re.compile(rb"[ \t]*\#(?!!)")
"""Where a semicolon goes on with a command."""
_REM = re.compile(rb"[ \t]*(?:rem[ \t]|::|@rem[ \t])", re.IGNORECASE)
_PROMPT = re.compile(rb"[ \t]*\.\.\.[ \t]")
_RUN_BY_TOOLS = re.compile(rb"[ \t]*(?:>>>[ \t]|\.\.[ \t]+(?:[a-z]+:)?auto\w+::|:::[ \t]*)")
"""Lines of prose that something runs: doctests, and directives that import what they document."""

_YAML_KEY = re.compile(rb"[ \t]*(?:-[ \t]+)*(?:\"[^\"]*\"|'[^']*'|[^\s#\"'{\[&!-][^#\"']*?)[ \t]*:(?=[ \t\r\n]|$)")
_BLOCK_SCALAR = re.compile(rb"(?:^|[ \t:-])[|>][-+\d]*$")
_FLOW_KEY = re.compile(rb"[\"']?[ \t]*:(?!\w)")
_TOML_NAME = rb"(?:\"[^\"\r\n]*\"|'[^'\r\n]*'|[\w-]+)"
_TOML_DOTTED = _TOML_NAME + rb"(?:[ \t]*\.[ \t]*" + _TOML_NAME + rb")*"
_TOML_HEADER = re.compile(rb"[ \t]*\[\[?[ \t]*(?P<name>" + _TOML_DOTTED + rb")[ \t]*\]\]?[ \t]*(?:\#.*)?$")
_TOML_KEY = re.compile(rb"[ \t]*(?P<name>" + _TOML_DOTTED + rb")[ \t]*=")
_INLINE_KEY = re.compile(rb"[\"']?[ \t]*=(?!=)")
_INI_HEADER = re.compile(rb"\[(?P<name>[^\r\n]*)\][ \t]*$")
_INI_KEY = re.compile(rb"(?P<name>[^\s=:\[#;][^=:\r\n]*?)[ \t]*[=:]")
_NESTED_KEY = re.compile(rb"[ \t]+(?P<name>[^\s=\[#;][^=\r\n]*?)[ \t]*=")
_JSON_KEY = re.compile(rb"[^\"\r\n]*\"[ \t\r\n]*:")
_ENTRY_POINTS = re.compile(r"entry[_-]?points|scripts|plugins")
_PYTHON_COMMAND = re.compile(rb"-c[\"']?,?[ \t]+(?P<quote>\\?[\"'])")
_HEREDOC = re.compile(rb"python[^\r\n]*?<<-?[ \t]*\\?([\"']?)(?P<word>\w+)\1[^\r\n]*\r?\n")
_FENCE = re.compile(rb"^[ \t]*(?P<fence>```+|~~~+)[^\r\n]*\r?\n", re.MULTILINE)


class Place(Enum):
    """What the text around a token says about it."""

    VALUE = auto()
    COMMENT = auto()
    URL = auto()
    KEY = auto()
    RUNTIME_NAME = auto()
    """A key that names a logger or an entry point: a name, whatever it looks like."""


class DocumentText:
    """One document and what its form says about places in it."""

    def __init__(self, path: str, source: SourceText) -> None:
        self.source = source
        self.data = source.data
        self.lower = _TEMPLATES.sub("", path.lower())
        self.form = next((form for pattern, form in _FORMS if pattern.search(self.lower)), Form.LINES)

    @cached_property
    def may_be_python(self) -> bool:
        """Whether a text of unknown use may be Python or Cython code as a whole, or a template of such code."""
        return _PYTHON_CODE.search(self.lower) is not None

    @cached_property
    def regions(self) -> tuple[Span, ...]:
        """Where Python code stands in the text: a command's, a heredoc's, a code fence's."""
        return tuple(_regions(self.data))

    def line_start(self, offset: int) -> int:
        """Where the line of an offset begins, as far as that is near: generated files have lines of megabytes."""
        near = max(0, offset - _FAR)
        return max(self.data.rfind(b"\n", near, offset), self.data.rfind(b"\r", near, offset), near - 1) + 1

    def line_end(self, offset: int) -> int:
        """The offset behind the line's end, as far as that is near."""
        near = min(len(self.data), offset + _FAR)
        match = _LINE_END.search(self.data, offset, near)
        return match.end() if match else near

    def line(self, offset: int) -> bytes:
        return self.data[self.line_start(offset) : self.line_end(offset)]

    def is_kept(self, span: Span) -> bool:
        """Whether a comment on one of the lines of the span says so."""
        lines = self.data[self.line_start(span.start) : self.line_end(span.end)]
        return _KEEP_WORD in lines and _KEEP.search(lines) is not None

    def place(self, span: Span) -> Place:
        before = self.data[self.line_start(span.start) : span.start]
        if self._is_comment(before):
            return Place.COMMENT
        if b"://" in before and _URL.search(before):
            return Place.URL
        match self.form:
            case Form.JSON:
                return self._json_place(span)
            case Form.YAML:
                return self._yaml_place(span, before)
            case Form.TOML:
                return self._toml_place(span, before)
            case Form.INI:
                return self._ini_place(span)
            case Form.HASH | Form.LINES:
                return Place.VALUE

    def _is_comment(self, before: bytes) -> bool:
        """Whether a comment begins on the line before the token; in doubt there is none, for a value must be seen."""
        if self.lower.endswith((".bat", ".cmd")):
            return _REM.match(before) is not None
        runs = self.form in (Form.YAML, Form.TOML, Form.HASH) or _COMMANDS.search(self.lower) is not None
        if (_HASH_COMMENT if runs else _LINE_COMMENT).match(before):
            return True
        if self.form not in (Form.YAML, Form.TOML, Form.HASH):
            return False
        for match in re.finditer(rb"[ \t]\#", before):
            head = before[: match.start()]
            if not (head.count(b'"') % 2 or head.count(b"'") % 2):
                return True
        return False

    def _json_place(self, span: Span) -> Place:
        if not _JSON_KEY.match(self.data, span.end):
            return Place.VALUE
        is_logger = b'"loggers"' in self.data and self._json_owner(span.start) == b"loggers"
        return Place.RUNTIME_NAME if is_logger else Place.KEY

    def _json_owner(self, offset: int) -> bytes:
        """The key whose object holds the key at an offset."""
        depth = 0
        for match in reversed(list(re.finditer(rb"[{}\[\]]", self.data[:offset]))):
            depth += 1 if match.group() in b"}]" else -1
            if depth < 0:
                key = re.search(rb"\"([^\"]*)\"\s*:\s*$", self.data[: match.start()])
                return b"" if key is None else key[1]
        return b""

    def _yaml_place(self, span: Span, before: bytes) -> Place:
        line_start = span.start - len(before)
        key = _YAML_KEY.match(self.data, line_start, self.line_end(span.start))
        quoted = before.rstrip(b"\"'").rstrip()
        in_flow = quoted.endswith((b"{", b",")) and _FLOW_KEY.match(self.data, span.end) is not None
        if not in_flow and (key is None or span.start >= key.end()):
            return Place.VALUE
        owners = self._yaml_owners(line_start)
        if any(_BLOCK_SCALAR.search(owner) for owner in owners):
            return Place.VALUE  # a script, or another text of many lines
        keys = [owner.partition(b":")[0].strip(b"\"'- ") for owner in owners]
        return Place.RUNTIME_NAME if b"loggers" in keys else Place.KEY

    def _yaml_owners(self, line_start: int) -> list[bytes]:
        """The lines of the keys around a line, innermost first."""
        found: list[bytes] = []
        lines = self.data[: self.line_end(line_start)].splitlines()
        indent = _indent(lines[-1])
        for line in reversed(lines[:-1]):
            if line.strip() and not line.strip().startswith(b"#") and _indent(line) < indent:
                indent = _indent(line)
                found.append(line.strip())
        return found

    def _toml_place(self, span: Span, before: bytes) -> Place:
        line_start = span.start - len(before)
        end = self.line_end(span.start)
        line = self.data[line_start:end].rstrip(b"\r\n")
        header = _TOML_HEADER.match(line)
        if header is not None:
            return self._named(header["name"].replace(b'"', b"").decode("utf-8", "replace"))
        key = _TOML_KEY.match(line)
        in_key = key is not None and len(before) < key.end()
        inline = before.rstrip(b"\"'").rstrip().endswith((b"{", b","))
        if in_key or (inline and _INLINE_KEY.match(self.data, span.end)):
            return self._named(self._section(line_start, _TOML_HEADER))
        return Place.VALUE

    def _ini_place(self, span: Span) -> Place:
        line_start = self.line_start(span.start)
        line = self.line(span.start).rstrip(b"\r\n")
        if _INI_HEADER.match(line):
            return Place.KEY
        section = self._section(line_start, _INI_HEADER)
        key = _INI_KEY.match(line)
        if key is not None and span.start < line_start + key.end("name"):
            return self._named(section)
        nested = _NESTED_KEY.match(line)
        if nested is not None and span.start < line_start + nested.end("name"):
            return self._named(section)
        if key is not None and key["name"].strip() == b"qualname" and section.startswith("logger"):
            return Place.RUNTIME_NAME
        return Place.VALUE

    def _section(self, line_start: int, header: re.Pattern[bytes]) -> str:
        """The name of the section that a line stands in."""
        for line in reversed(self.data[:line_start].splitlines()):
            match = header.match(line)
            if match is not None:
                return match["name"].replace(b'"', b"").decode("utf-8", "replace")
        return ""

    @staticmethod
    def _named(section: str) -> Place:
        names = _ENTRY_POINTS.search(section) or "loggers" in section.split(".")
        return Place.RUNTIME_NAME if names else Place.KEY

    def is_run_by_tools(self, offset: int) -> bool:
        """Whether the line is a doctest's, or a directive that imports what it documents."""
        start = self.line_start(offset)
        while start and _PROMPT.match(self.data, start):
            start = self.line_start(start - 1)
        return _RUN_BY_TOOLS.match(self.data, start) is not None

    def region(self, offset: int) -> Span | None:
        """The Python code that stands here: a command's, a heredoc's, a code fence's; None where there is no border."""
        return next((span for span in self.regions if span.start <= offset < span.end), None)

    def neighbourhood(self, span: Span) -> Span:
        """The code around a place; or its line, with the one before and the one behind."""
        region = self.region(span.start)
        if region is not None:
            return region
        start = self.line_start(span.start)
        return Span(self.line_start(max(start - 1, 0)), self.line_end(self.line_end(span.end)))


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" "))


def _regions(data: bytes) -> Iterator[Span]:
    for match in _PYTHON_COMMAND.finditer(data):
        quote = re.escape(match["quote"])
        guard = rb"" if match["quote"].startswith(b"\\") else rb"(?<!\\)"
        end = re.compile(guard + quote).search(data, match.end())
        yield Span(match.end(), len(data) if end is None else end.start())
    for match in _HEREDOC.finditer(data):
        end = re.compile(rb"^[ \t]*" + match["word"] + rb"[ \t]*\r?$", re.MULTILINE).search(data, match.end())
        yield Span(match.end(), len(data) if end is None else end.start())
    offset = 0
    while (begin := _FENCE.search(data, offset)) is not None:
        end = re.compile(rb"^[ \t]*" + begin["fence"] + rb"[ \t]*\r?$", re.MULTILINE).search(data, begin.end())
        offset = len(data) if end is None else end.end()
        yield Span(begin.end(), len(data) if end is None else end.start())
