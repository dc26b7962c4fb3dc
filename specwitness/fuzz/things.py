"""The users and what they own: objects by collection, and the paths that lead to them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from specwitness.fuzz.wire import Answer, as_text, encode_segment

if TYPE_CHECKING:
    from specwitness.fuzz.identity import Identity
    from specwitness.fuzz.surface import Endpoint, Parameter
    from specwitness.fuzz.values import Maker

PARAMETER = re.compile(r"\{[^{}]+\}")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Thing:
    """A stored object: its collection (`/notes/{}`), the values of the path's parameters, and its answer."""

    prefix: str
    values: tuple[Any, ...]
    answer: Answer | None = None
    is_created: bool = False
    is_embedded: bool = False


@dataclass(slots=True)
class Actor:
    """An identity at work; who impersonates an `owner` knows the ids of the owner's objects."""

    identity: Identity
    maker: Maker
    things: dict[str, Thing] = field(default_factory=dict)
    seconds: dict[str, Thing] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    owned: list[Thing] = field(default_factory=list)
    focus: Endpoint | None = None
    at: tuple[Any, ...] = ()
    owner: Actor | None = None

    @property
    def name(self) -> str:
        """The identity's name."""
        return self.identity.name


def prefixes(path: str) -> list[str]:
    """Give the collections on the way of a path: `/a/{x}/b/{y}/z` has `/a/{}` and `/a/{}/b/{}`."""
    plain = PARAMETER.sub("{}", path)
    return [plain[: match.end()] for match in re.finditer(r"\{\}", plain)]


def fill(path: str, values: tuple[Any, ...]) -> str:
    """Put values into the template of a path; those that lack stay empty."""
    pending = iter(values)
    return PARAMETER.sub(lambda _: encode_segment(next(pending, "")), path)


def encode_body(value: Any, media: str) -> bytes:
    """Write a body in its media type."""
    plain = media.partition(";")[0].strip().lower()
    if plain == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode({key: as_text(each) for key, each in value.items()}).encode()
    if plain.endswith("json") or not isinstance(value, str):
        return dump(value)
    return value.encode()


def list_told(parameter: Parameter) -> list[Any]:
    """List the values that the contract itself names for a parameter."""
    values = [parameter.example] if parameter.example is not ... else []
    values += [parameter.schema["default"]] if "default" in parameter.schema else []
    return [*values, *parameter.schema.get("enum", ())]


def dump(value: Any) -> bytes:
    """Write a value as JSON."""
    return json.dumps(value).encode()
