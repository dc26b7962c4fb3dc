"""The users of a run and their objects, by collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.schema import Schema, type_of
from specwitness.fuzz.api.words import COMMON_MEMBERS, snake
from specwitness.fuzz.requests.responses import find_values

if TYPE_CHECKING:
    from specwitness.fuzz.http.message import Response
    from specwitness.fuzz.requests.values import Maker
    from specwitness.fuzz.users.identity import Identity

_KINDS = {str: "string", int: "integer", float: "number"}


class Choice(str):
    """A value of a path that is one of a few in the contract, such as a format: it is no object's id."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A stored object: its collection (`/notes/{}`), the values of the path's parameters, and its answer."""

    prefix: str
    values: tuple[Any, ...]
    response: Response | None = None
    is_created: bool = False
    is_embedded: bool = False
    from_contract: bool = False


@dataclass(slots=True)
class Actor:
    """An identity at work; who impersonates an `owner` knows the ids of the owner's objects.

    What is `shared_texts` are texts of theirs by which others have named something of their own.
    """

    identity: Identity
    maker: Maker
    objects: dict[str, StoredObject] = field(default_factory=dict)
    alternates: dict[str, StoredObject] = field(default_factory=dict)
    responses: dict[str, Response] = field(default_factory=dict)
    handles: dict[str, Any] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    owned: list[StoredObject] = field(default_factory=list)
    shared_texts: set[str] = field(default_factory=set)
    owner: Actor | None = None

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


def value_from_responses(actor: Actor, name: str, schema: Schema) -> Any:
    """Give a value that an answer to a user showed under a name, or its last words; `...` for none.

    `to_iban` wants an `iban`, and no schema says which ones there are.
    """
    plain, kind = snake(name), type_of(schema)
    holder = actor.owner or actor
    for response in [*holder.responses.values(), *(stored.response for stored in holder.objects.values())]:
        for key, value in find_values(response.json()) if response else ():
            word = snake(key)
            is_named = plain == word or (plain.endswith(f"_{word}") and word not in COMMON_MEMBERS)
            if is_named and kind == _KINDS.get(type(value)):
                return value
    return ...
