"""Side channels: the objects of one user change no count, order, header, page or refusal of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.api.purpose import noun_at
from specwitness.fuzz.api.words import ACCOUNTS, ADDRESSES, PUBLIC_NAMES
from specwitness.fuzz.checks.isolation.pages import SHORT, find_word, with_size
from specwitness.fuzz.checks.isolation.two_users import find_trace
from specwitness.fuzz.requests.responses import list_items
from specwitness.fuzz.requests.values import COMMON
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

    Exchange = tuple[Request, Response]


_REFUSED = frozenset({400, 403, 409, 422})
_COPIES = 2


def read_view(
    context: Context,
    endpoint: Endpoint,
    actor: Actor,
    *,
    size: int | None = None,
    values: tuple[object, ...] = (),
) -> Exchange | None:
    """Read a view as a user.

    Args:
        context: The run.
        endpoint: The view.
        actor: The caller.
        size: Items per page; None for the longest page.
        values: The values of the path's parameters.

    Returns:
        Request and response; None if no request can be built, or if a view without a page size gets one.
    """
    request = context.request(endpoint, actor, values or None)
    if request is None:
        return None
    signed = with_size(endpoint, request, size=size)
    # This text occurs in the objects of both users: a search without an owner filter finds both.
    word = find_word(endpoint)
    if word and word.required and endpoint.accepts(word.schema, COMMON):
        signed = signed.with_query(((word.name, COMMON),))
    if size is not None and signed == request:
        return None
    response = context.client.send(signed)
    context.judge(endpoint, signed, response)
    return signed, response


def check_side_channels(context: Context, views: list[Endpoint], bob: Actor) -> None:
    """Create objects as alice, some with bob's values, and compare bob's responses before and after."""
    sent_by_bob = _make_own(context, bob)
    before = {view.id: [read_view(context, view, bob, size=size) for size in (None, SHORT)] for view in views}
    for endpoint in views:
        _judge_pages(context, endpoint, *before[endpoint.id])
    is_any_created = make_more(context)
    _copy(context, sent_by_bob[1::_COPIES])
    for endpoint, seen in ((view, reading) for view in views for reading in before[view.id]):
        if seen is None or not seen[1].succeeded:
            continue
        request, old = seen
        if not is_any_created and not sent_by_bob:
            context.note_lack(
                endpoint, "existence", "no call creates an object that the response could reveal"
            )
            continue
        new = context.send(endpoint, "existence", "objects of another user", request)
        context.judged(endpoint, "existence")
        places = differ(take_fingerprint(old), take_fingerprint(new))
        if not places or find_trace(new, context.alice):
            continue
        # A timestamp differs each time. A count that differs because of alice's objects stays the same in a
        # second reading, and differs again once she creates more.
        places -= differ(take_fingerprint(new), take_fingerprint(context.client.send(request)))
        if places and places & _change_again(context, request, new, sent_by_bob[::_COPIES]):
            text = f"changes with what another user makes: {min(places)} differs"
            context.report(endpoint, "existence", text, request)


def _change_again(
    context: Context, request: Request, new: Response, made: list[tuple[Endpoint, Request]]
) -> set[str]:
    make_more(context)
    _copy(context, made)
    return differ(take_fingerprint(new), take_fingerprint(context.client.send(request)))


def _judge_pages(
    context: Context, endpoint: Endpoint, whole: Exchange | None, short: Exchange | None
) -> None:
    """Report a page with fewer items than its size, while the list has more.

    A service that takes two rows and then removes those of other users gives one item for `?limit=2`.
    """
    if whole is None or short is None or not (whole[1].succeeded and short[1].succeeded):
        return
    length = len(list_items(whole[1].json()))
    shown = len(list_items(short[1].json()))
    context.results.count(endpoint, "existence", f"a page of {SHORT}", short[1].status)
    if length:
        context.judged(endpoint, "existence")
    if shown < min(length, SHORT):
        text = f"gives {shown} where {SHORT} were asked for and more are there: cut before it is filtered"
        context.report(endpoint, "existence", text, short[0])


def _make_own(context: Context, bob: Actor) -> list[tuple[Endpoint, Request]]:
    """Create two objects of each kind as bob.

    Returns:
        The requests, two in a row for each operation: the even ones and the odd ones cover all operations.
    """
    made = []
    for endpoint in _makers(context):
        pair = []
        for _ in range(_COPIES):
            exchange = context.call(endpoint, bob)
            if exchange and exchange.response.succeeded:
                pair.append((endpoint, exchange.request))
        made += pair if len(pair) == _COPIES else []
    return made


def _copy(context: Context, made: list[tuple[Endpoint, Request]]) -> None:
    """Send bob's bodies as alice: a 409 for a unique `slug` reveals that bob's object has it."""
    for endpoint, request in made:
        if (
            request.body is None
            or not context.bob
            or not context.bob.maker.is_in(request.body.decode(errors="replace"))
        ):
            continue
        # `/users/{id}/notes` names the caller: the path is alice's.
        unsigned = context.builder.build(endpoint, context.alice) if endpoint.path_names else request
        if unsigned is None:
            continue
        signed = context.builder.sign(endpoint, context.alice, unsigned.with_body(request.body))
        response = context.send(endpoint, "existence", "values of another user", signed)
        context.judged(endpoint, "existence")
        is_revealed = response.status in _REFUSED and not _names_publicly(endpoint)
        # A caller who has reached a quota is refused whatever other users have.
        if is_revealed and not _names_object(context, request) and _may_still_make(context, endpoint):
            came = f"answered {response.status} to a value that another user's object has"
            text = f"{came}: the refusal reveals it"
            context.report(endpoint, "existence", text, signed)


def _may_still_make(context: Context, endpoint: Endpoint) -> bool:
    exchange = context.call(endpoint, context.alice)
    return exchange is not None and exchange.response.succeeded


def _names_publicly(endpoint: Endpoint) -> bool:
    members = (endpoint.body_schema or {}).get("properties", {})
    is_account = noun_at(f"{endpoint.shape}/{{}}") in ACCOUNTS
    return any(name in PUBLIC_NAMES or (is_account and name in ADDRESSES) for name in members)


def _names_object(context: Context, request: Request) -> bool:
    """Tell whether a body names bob, or an object of bob: `{"folder_id": 7}` is refused for the folder."""
    bob = context.bob
    text = (request.body or b"").decode(errors="replace")
    objects = [*bob.owned, *bob.objects.values()] if bob else []
    ids = {str(stored.values[-1]) for stored in objects} | context.alice.shared_texts
    if bob and bob.identity.subject:
        ids.add(bob.identity.subject)
    return any(f'"{object_id}"' in text or f": {object_id}" in text for object_id in ids)


def _makers(context: Context) -> list[Endpoint]:
    return [
        endpoint
        for endpoint in context.reached()
        if endpoint.method == "POST"
        and not endpoint.is_reading
        and not endpoint.is_deleting
        and not endpoint.names_object
        and not endpoint.is_ending
        and endpoint.is_protected
        and isinstance(context.alice.responses[endpoint.id].json(), dict)
    ]


def find_makers_below(context: Context) -> list[Endpoint]:
    """Give the operations that create objects below others: `POST /rooms/{id}/messages`.

    A view may count them: `{"room": 7, "messages": 12}`.
    """
    return [
        endpoint
        for endpoint in context.reached()
        if endpoint.names_object
        and endpoint.is_protected
        and (
            endpoint.is_making or (endpoint.method == "POST" and context.builder.find("GET", endpoint.shape))
        )
        and not (endpoint.is_reading or endpoint.is_deleting or endpoint.is_ending)
    ]


def make_more(context: Context) -> bool:
    """Create one more object of each kind as alice.

    Returns:
        Whether at least one call succeeded.
    """
    is_any_created = False
    for endpoint in (*_makers(context), *find_makers_below(context)):
        if exchange := context.call(endpoint, context.alice):
            context.results.redaction.learn(*exchange)
            is_any_created = is_any_created or exchange.response.succeeded
    return is_any_created
