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
    """A path value from an enumeration, such as `pdf` in `/reports/{format}`; it is no object's id."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that the service stores.

    Attributes:
        prefix: Its collection, such as `/notes/{}`.
        values: The values of the path's parameters; the last one is its id.
        response: The response that showed it; None if none did.
        is_created: Whether the run created it.
        is_embedded: Whether it was created inside its parent, as the items of an order.
        from_contract: Whether its id is from the contract, such as the coupon code of an example.
    """

    prefix: str
    values: tuple[Any, ...]
    response: Response | None = None
    is_created: bool = False
    is_embedded: bool = False
    from_contract: bool = False


@dataclass(slots=True)
class Actor:
    """A user of a run: credentials, generated values, and the objects that requests of this user name.

    Attributes:
        identity: The name and the credentials.
        maker: Generates values with the user's marker.
        objects: The current object of each collection: `/notes/{}` to the object.
        alternates: A second object of a collection, for requests that name two: a transfer between accounts.
        responses: The first 2xx of each operation, by the operation's id.
        handles: Other names of the user: `{"username": "alice"}`.
        used: The collections of the objects that query and body of the last request name.
        named: The same by member: `category_id` to `/categories/{}`.
        owned: All objects that the user created.
        shared_texts: Texts of the user that another user has sent as an id: no evidence of a leak.
        owner: The user whose objects the requests name, if this user attacks; None otherwise.
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
        """Give the user's id in the type of a schema, integer or text; `...` if it is not known."""
        subject = self.identity.subject
        if subject is None:
            return ...
        return int(subject) if type_of(schema) == "integer" and subject.isdecimal() else subject

    def handle_for(self, name: str) -> Any:
        """Give the user's handle by a parameter's name, such as `username`; None if there is none."""
        return self.handles.get(snake(name))


def value_from_responses(actor: Actor, name: str, schema: Schema) -> Any:
    """Find a value for a member in earlier responses: `{"iban": "DE02…"}` for `to_iban`.

    Returns:
        The first value of the schema's type whose name is the member's, or its last words; `...` for none.
    """
    wanted, kind = snake(name), type_of(schema)
    holder = actor.owner or actor
    for response in [*holder.responses.values(), *(stored.response for stored in holder.objects.values())]:
        for key, value in find_values(response.json()) if response else ():
            shown_name = snake(key)
            is_named = wanted == shown_name or (
                wanted.endswith(f"_{shown_name}") and shown_name not in COMMON_MEMBERS
            )
            if is_named and kind == _KINDS.get(type(value)):
                return value
    return ...
