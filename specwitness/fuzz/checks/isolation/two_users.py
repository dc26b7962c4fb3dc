"""Shared by the checks with two users: requests in the owner's place, absent ids, traces of the owner."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from specwitness.fuzz.api.schema import resolve
from specwitness.fuzz.requests.actor import Actor, Choice, StoredObject
from specwitness.fuzz.requests.responses import find_values, list_items
from specwitness.fuzz.session.context import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.draft import Draft
    from specwitness.fuzz.session.context import Context

    Owned = dict[str, tuple[Any, ...]]
    Exchange = tuple[Request | None, Response | None]


_NAMESPACE = UUID("0c4f1f0e-1a5b-4b3b-8f39-52d7f6a0f3f1")
_FAR = 900_001
_SHORTEST_ID = 6
_MOST_PARTS = 3
# How many characters at the end of an id are changed to get an absent one.
_LEAST_CHANGED, _MOST_CHANGED = 3, 6


def make_absent(value: Any, number: int) -> Any:
    """Make an id of the same form that no object has: `17` -> `900018`, `u-1041` -> `u-2152`.

    Args:
        value: An existing id: integer, text or UUID. A `Choice` is returned unchanged.
        number: Which absent id; another number gives another id.
    """
    if isinstance(value, Choice):
        return value
    if isinstance(value, int):
        return value + _FAR + number
    text = str(value)
    try:
        UUID(text)
    except ValueError:
        pass
    else:
        # The UUID version stays: a service that accepts only UUID4 refuses others with 422, and not 404.
        digest = uuid5(_NAMESPACE, f"{text} {number}")
        return str(UUID(int=digest.int, version=UUID(text).version or 4))
    if text.isdecimal():
        return str(int(text) + _FAR + number)
    # The beginning often is a prefix for the kind of object, and stays: `u-1041` -> `u-2152`.
    tail = re.split(r"[-_:.|]", text)[-1][-_MOST_CHANGED:]
    tail = tail if len(tail) >= _LEAST_CHANGED else text[-_MOST_CHANGED:]
    return text[: len(text) - len(tail)] + "".join(_shift(character, number + 1) for character in tail)


def _shift(character: str, by: int) -> str:
    for alphabet in ("0123456789", "abcdef", "ABCDEF", "ghijklmnopqrstuvwxyz", "GHIJKLMNOPQRSTUVWXYZ"):
        if character in alphabet:
            return alphabet[(alphabet.index(character) + by) % len(alphabet)]
    return character


def impersonate(context: Context, bob: Actor, values: Owned, only: str | None = None) -> Actor:
    """Make an actor with bob's credentials whose requests name other objects, such as alice's.

    Args:
        context: The run.
        bob: The user whose credentials are sent.
        values: The objects to name: collection to path values.
        only: The one member that names such an object; the others name bob's. None for all members.
    """
    actor = Actor(bob.identity, replace(bob.maker), owner=context.alice)
    for prefix, value in values.items():
        actor.objects[prefix] = StoredObject(prefix, value)

    def look_up(name: str, schema: dict[str, Any], draft: Draft) -> Any:
        # All other members name objects of bob.
        namer = bob if only is not None and name != only else actor
        return context.builder.look_up(namer, name, schema, draft)

    actor.maker.lookup = look_up
    return actor


def find_owned(context: Context, endpoint: Endpoint) -> Owned:
    """Give the objects of alice that a good request of hers names: collection to path values.

    Objects that both users see, and values that the contract itself names, are left out.
    """
    alice = context.alice
    request = context.builder.build(endpoint, alice, fresh=not endpoint.is_safe and bool(endpoint.path_names))
    if request is None:
        return {}
    named = [*endpoint.collections, *alice.used]
    on_way = set(endpoint.collections)
    # A value from the contract is public: the coupon code `SUMMER` in an example.
    found = {
        collection: stored
        for collection in named
        if (stored := alice.objects.get(collection)) is not None
        and (collection in on_way or not stored.from_contract)
    }
    return {
        item: stored.values
        for item, stored in found.items()
        if not _is_shared(context, stored) and not all(isinstance(value, Choice) for value in stored.values)
    }


def _is_shared(context: Context, stored: StoredObject) -> bool:
    """Tell whether an object is shared: alice did not create it, and bob's list shows it without her id."""
    lister = context.builder.find("GET", stored.prefix.removesuffix("/{}"))
    if stored.is_created or lister is None or context.bob is None or lister.id not in context.succeeded:
        return False
    request = context.builder.build(lister, context.bob, stored.values[: len(lister.path_names)])
    if request is None:
        return False
    response = context.builder.call(lister, context.bob, request)
    subject = context.alice.identity.subject
    for item in list_items(response.json()) if response.succeeded else ():
        scalars = {str(value) for _, value in find_values(item)}
        if str(stored.values[-1]) in scalars:
            return subject is None or subject not in scalars
    return False


def observe_owned(
    context: Context,
    endpoint: Endpoint,
    owned: Owned,
    path: tuple[Any, ...],
    *,
    more: Sequence[tuple[Endpoint, Request]] = (),
) -> list[tuple[Endpoint, Request, Response]]:
    """Read the objects that a call names, as their owner.

    Args:
        context: The run.
        endpoint: The operation that is called afterwards.
        owned: The objects that the call names: collection to path values.
        path: The values of the path's parameters.
        more: Further requests to send.

    Returns:
        Operation, request and response of each 2xx.
    """
    plan = [*context.plan_views(endpoint, path), *_plan_parts(context, endpoint, path), *more]
    for prefix, values in owned.items():
        reader = context.builder.find("GET", prefix) or context.builder.find(
            "GET", prefix.removesuffix("/{}")
        )
        if (
            reader is not None
            and reader.id in context.succeeded
            and all(reader is not reading for reading, _ in plan)
        ):
            request = context.request(reader, context.alice, values[: len(reader.path_names)])
            if request is not None:
                plan.append((reader, request))
        for other in context.readers_of(prefix):
            request = context.request(other, context.alice)
            if request is not None:
                plan.append((other, request))
    return [reading for reading in context.read_all(plan) if reading[2].succeeded]


def _plan_parts(
    context: Context, endpoint: Endpoint, path: tuple[Any, ...]
) -> list[tuple[Endpoint, Request]]:
    """Give requests for parts of an object, as `GET /files/{id}/content`; for a user, `GET /me` too."""
    shapes = endpoint.collections
    is_of_user = endpoint.names_user
    plan: list[tuple[Endpoint, Request]] = []
    for operation in context.reached():
        is_part = (
            bool(shapes) and operation.collections == shapes and operation.shape.startswith(f"{shapes[-1]}/")
        )
        is_self = is_of_user and operation.shows_caller
        # `POST /notes/{id}/comments` adds to a list below the note, and changes no part of the note.
        if (
            operation.method != "GET"
            or operation is endpoint
            or not (is_part or is_self)
            or len(plan) >= _MOST_PARTS
        ):
            continue
        if is_part and context.builder.find("POST", operation.shape):
            continue
        request = context.request(operation, context.alice, path if is_part else None)
        if request is not None:
            plan.append((operation, request))
    return plan


def call_as(
    context: Context, endpoint: Endpoint, bob: Actor, owned: Owned, *, attack: str, only: str | None = None
) -> Exchange:
    """Call an operation as bob with the ids of other objects, such as alice's.

    Args:
        context: The run.
        endpoint: The operation.
        bob: The caller.
        owned: The objects to name: collection to path values.
        attack: The name of the case.
        only: The one member that names such an object; path and other members name bob's. None for all.

    Returns:
        Request and response; None and None if the request cannot be built.
    """
    actor = impersonate(context, bob, owned, only)
    path = owned.get(endpoint.last_collection)
    if only is not None and endpoint.path_names:
        own = context.builder.obtain(endpoint, bob)
        if own is None:
            return None, None
        path = own.values
    exchange = context.call(
        endpoint,
        actor,
        path,
        case=Case("isolation", attack),
        change=lambda request: _vary(context, endpoint, request, set(actor.named)),
    )
    return exchange or (None, None)


def _vary(context: Context, endpoint: Endpoint, request: Request, named: set[str]) -> Request:
    """Change the texts of a body that is equal to the owner's: writing the same texts shows no change."""
    known, body = context.succeeded.get(endpoint.id), request.read_json()
    if endpoint.is_safe or known is None or known.body != request.body or not isinstance(body, dict):
        return request
    members = (endpoint.body_schema or {}).get("properties", {})
    other = {
        name: f"b{value}"
        for name, value in body.items()
        if isinstance(value, str)
        and name not in named
        and endpoint.accepts(resolve(members.get(name, {}), endpoint.document), f"b{value}")
    }
    return request.with_json({**body, **other}) if other else request


def absent_ids(owned: Owned, number: int) -> Owned:
    """Replace every id by an absent one of the same form; see `make_absent` for the number."""
    return {prefix: tuple(make_absent(value, number) for value in values) for prefix, values in owned.items()}


def judge_change(
    context: Context,
    endpoint: Endpoint,
    foreign: tuple[Request, Response],
    before: list[tuple[Endpoint, Request, Response]],
    *,
    changed_state: bool | None,
) -> None:
    """Repeat the owner's readings after a stranger's call, and report a change.

    Args:
        context: The run.
        endpoint: The operation that the stranger called.
        foreign: The stranger's request, and the response.
        before: What the owner read before; empty where no operation shows the object.
        changed_state: Whether the stored state changed; None where the target gives no snapshot of it.
    """
    request, response = foreign
    change = context.find_change(before)
    check = "isolation" if response.succeeded else "side_effect"
    if change:
        text = f"as another user answered {response.status}, and then {change[0]}"
        context.report(endpoint, check, text, request)
    elif changed_state and not response.succeeded:
        text = f"as another user answered {response.status}, and the stored state changed"
        context.report(endpoint, check, text, request)
    if before or changed_state is not None:
        context.judged(endpoint, check, by=response)


def shows(response: Response, owner: Actor, request: Request) -> bool:
    """Tell whether a response shows a text or an id of a user that was not in the request."""
    return find_trace(response, owner, request) is not None


def find_trace(response: Response, owner: Actor, request: Request | None = None) -> str | None:
    """Find a user's data in a response: one of the user's texts, or the id of an object of the user.

    Args:
        response: The response to another user.
        owner: The user whose data must not be in it.
        request: The request; the response may repeat its texts and ids. None if it names none of the owner's.

    Returns:
        What was found, in words for a report; None if nothing was found.
    """
    text = response.text
    sent = f"{request.target} {(request.body or b'').decode(errors='replace')}" if request else ""
    for echo in {*owner.shared_texts, *owner.maker.find_texts(sent)}:
        text = re.sub(rf"{re.escape(echo)}(?!\w)", "", text)
    if owner.maker.is_in(text):
        return "a text of theirs"
    ids = {stored.values[-1] for stored in owner.owned}
    distinct_ids = {
        object_id for object_id in ids if isinstance(object_id, str) and len(object_id) >= _SHORTEST_ID
    }
    if any(object_id in text and object_id not in sent for object_id in distinct_ids):
        return "the id of an object of theirs"
    return None


def texts_of(request: Request | None, sender: Actor) -> list[str]:
    """Give the generated texts in a request's body: they differ in each request, and responses echo them."""
    if request is None or not request.body:
        return []
    value = request.read_json()
    if value is None:
        return sender.maker.find_texts(request.body.decode(errors="replace"))
    return [text for _, text in find_values(value) if isinstance(text, str) and sender.maker.is_in(text)]
