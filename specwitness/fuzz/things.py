"""The users and what they own: objects by collection, and the paths that lead to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.extraction import find_values, snake
from specwitness.fuzz.surface import type_of
from specwitness.fuzz.wire import Answer, encode_segment

if TYPE_CHECKING:
    from specwitness.fuzz.identity import Identity
    from specwitness.fuzz.surface import Endpoint, Parameter, Schema
    from specwitness.fuzz.values import Maker

# By these a path may name a user who has an id as well.
HANDLES = frozenset({"username", "user_name", "handle", "login", "nickname", "email", "slug"})
PARAMETER = re.compile(r"\{[^{}]+\}")
_COMMON_WORDS = frozenset({"id", "at", "by", "name", "type", "status", "count"})
_KINDS = {str: "string", int: "integer", float: "number"}


class Choice(str):
    """A value of a path that is one of a few in the contract, such as a format: it is no object's id."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Thing:
    """A stored object: its collection (`/notes/{}`), the values of the path's parameters, and its answer."""

    prefix: str
    values: tuple[Any, ...]
    answer: Answer | None = None
    is_created: bool = False
    is_embedded: bool = False
    is_told: bool = False


@dataclass(slots=True)
class Actor:
    """An identity at work; who impersonates an `owner` knows the ids of the owner's objects.

    What is `given` are texts of theirs by which others have named something of their own.
    """

    identity: Identity
    maker: Maker
    things: dict[str, Thing] = field(default_factory=dict)
    seconds: dict[str, Thing] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    handles: dict[str, Any] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    owned: list[Thing] = field(default_factory=list)
    focus: Endpoint | None = None
    at: tuple[Any, ...] = ()
    given: set[str] = field(default_factory=set)
    owner: Actor | None = None
    borrowing: bool = False

    @property
    def name(self) -> str:
        """The identity's name."""
        return self.identity.name

    def subject_as(self, schema: Schema) -> Any:
        """Give the user's id as a schema has it; `...` where it is not known."""
        subject = self.identity.subject
        if subject is None:
            return ...
        return int(subject) if type_of(schema) == "integer" and subject.isdecimal() else subject

    def handle_for(self, name: str) -> Any:
        """Give what a user is called under a name, such as a username, in what they read of themselves."""
        return self.handles.get(snake(name))


def borrow(actor: Actor, name: str, schema: Schema) -> Any:
    """Give a value that an answer to a user showed under a name, or its last words; `...` for none.

    `to_iban` wants an `iban`, and no schema says which ones there are.
    """
    plain, kind = snake(name), type_of(schema)
    holder = actor.owner or actor
    for answer in [*holder.answers.values(), *(each.answer for each in holder.things.values())]:
        for key, value in find_values(answer.json()) if answer else ():
            word = snake(key)
            is_named = plain == word or (plain.endswith(f"_{word}") and word not in _COMMON_WORDS)
            if is_named and kind == _KINDS.get(type(value)):
                return value
    return ...


def prefixes(path: str) -> list[str]:
    """Give the collections on the way of a path: `/a/{x}/b/{y}/z` has `/a/{}` and `/a/{}/b/{}`."""
    plain = PARAMETER.sub("{}", path)
    return [plain[: match.end()] for match in re.finditer(r"\{\}", plain)]


def fill(path: str, values: tuple[Any, ...]) -> str:
    """Put values into the template of a path; those that lack stay empty."""
    pending = iter(values)
    return PARAMETER.sub(lambda _: encode_segment(next(pending, "")), path)


def is_choice(parameter: Parameter | None) -> bool:
    """Tell whether a parameter takes one of a few values that the contract lists."""
    return parameter is not None and bool(parameter.schema.get("enum") or "const" in parameter.schema)


def list_told(parameter: Parameter) -> list[Any]:
    """List the values that the contract itself names for a parameter."""
    values = [parameter.example] if parameter.example is not ... else []
    values += [parameter.schema["default"]] if "default" in parameter.schema else []
    constant = [parameter.schema["const"]] if "const" in parameter.schema else []
    return [*values, *parameter.schema.get("enum", constant)]
