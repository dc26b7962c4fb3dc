"""Race conditions: two users call at the same time, and neither gets the other's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.checks.isolation.two_users import find_trace, texts_of
from specwitness.fuzz.checks.registry import Check
from specwitness.fuzz.requests.responses import read_id
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

_PAIRS = 2
# A concurrent request may get 429 or 503. These statuses would mean that it was taken for another user's.
_STRANGE = frozenset({401, 403, 404})


def check_race(context: Context, endpoint: Endpoint) -> None:
    """Call an operation as alice and bob at once, twice each."""
    bob = context.bob
    if bob is None or endpoint.is_shared or not endpoint.is_protected:
        return
    if endpoint.is_safe:
        _race_reads(context, endpoint, bob)
    elif endpoint.method == "POST" and f"{endpoint.shape}/{{}}" in _collections(context):
        _race_creations(context, endpoint, bob)


def _collections(context: Context) -> set[str]:
    return {shape for endpoint in context.surface.endpoints for shape in endpoint.collections}


def _race_reads(context: Context, endpoint: Endpoint, bob: Actor) -> None:
    users = (context.alice, bob)
    requests = [context.request(endpoint, actor) for actor in users]
    signed = [request for request in requests if request is not None]
    if len(signed) < len(users):
        return
    alone = [context.client.send(request) for request in signed]
    together = context.client.send_together(signed * _PAIRS)
    is_distinguishable = any(response.succeeded for response in alone) and (
        bool(differ(take_fingerprint(alone[0]), take_fingerprint(alone[1])))
        or any(find_trace(response, user) for response, user in zip(alone, users, strict=True))
    )
    if is_distinguishable:
        context.judged(endpoint, "race")
    else:
        context.note_lack(
            endpoint, "race", "both users get the same response alone: nothing could be mixed up"
        )
    for index, response in enumerate(together):
        context.results.count(endpoint, "race", "both users at once", response.status)
        expected, of_other = alone[index % 2], alone[1 - index % 2]
        unexpected_places = differ(take_fingerprint(expected), take_fingerprint(response))
        is_theirs = not differ(take_fingerprint(of_other), take_fingerprint(response))
        trace = (
            find_trace(response, users[1 - index % 2])
            if not find_trace(expected, users[1 - index % 2])
            else None
        )
        if unexpected_places and response.succeeded and (trace or (is_theirs and of_other.succeeded)):
            text = "gives one user the other user's data when both call at once"
            context.report(endpoint, "race", text, signed[index % 2])
            return


def _race_creations(context: Context, endpoint: Endpoint, bob: Actor) -> None:
    users, requests = (context.alice, bob), []
    for actor in users * _PAIRS:
        parents = context.builder.obtain(endpoint, actor) if endpoint.path_names else None
        request = context.request(endpoint, actor, parents.values if parents else None)
        if request is not None:
            requests.append((actor, request))
    responses = context.client.send_together([request for _, request in requests])
    if any(response.succeeded or response.crashed for response in responses):
        context.judged(endpoint, "race")
    else:
        context.note_lack(endpoint, "race", "no call of both users at once succeeded")
    for (actor, request), response in zip(requests, responses, strict=True):
        context.results.count(endpoint, "race", "both users at once", response.status)
        other = users[1] if actor is users[0] else users[0]
        if response.crashed:
            context.report(
                endpoint, "race", f"answered {response.status} when both users call at once", request
            )
        elif response.status in _STRANGE and context.client.send(request).succeeded:
            text = f"answered {response.status} when both users call at once, and succeeds alone"
            context.report(endpoint, "race", text, request)
        elif response.succeeded and other.maker.is_in(response.text):
            context.report(
                endpoint,
                "race",
                "responds to one user with a text that another sent at the same time",
                request,
            )
    new_ids = [read_id(response, "id", "") for response in responses if response.succeeded]
    if len(set(new_ids)) < len(new_ids) and None not in new_ids:
        text = "gives two objects the same id when both users call at once"
        context.report(endpoint, "race", text, requests[0][1])
    if not _read_back(context, endpoint, list(zip(requests, responses, strict=True))[:_PAIRS]):
        _look_for_strangers(context, endpoint, requests)


def _read_back(
    context: Context, endpoint: Endpoint, made: list[tuple[tuple[Actor, Request], Response]]
) -> bool:
    """Read the new objects as their creators, and as the other user where the creator cannot.

    Returns:
        Whether the objects could be judged; the lists are searched otherwise.
    """
    reader = context.builder.find("GET", f"{endpoint.shape}/{{}}")
    if reader is None or reader.id not in context.succeeded:
        return False
    for (actor, request), response in made:
        value = context.builder.read_made(reader, response) if response.succeeded else None
        above = context.builder.obtain(endpoint, actor) if endpoint.path_names else None
        parents = above.values if above else ()
        unsigned = context.builder.build(reader, actor, (*parents, value)) if value is not None else None
        if unsigned is None:
            return False
        signed = context.builder.sign(reader, actor, unsigned)
        if not context.client.send(signed).succeeded:
            other = next(
                user for user in (context.alice, context.bob) if user is not None and user is not actor
            )
            as_other = context.client.send(context.builder.sign(reader, other, unsigned))
            if as_other.succeeded:
                text = "gives another user the new object when both call at once"
                context.report(endpoint, "race", text, request)
                return True
            return False
    return True


def _look_for_strangers(context: Context, endpoint: Endpoint, sent: list[tuple[Actor, Request]]) -> None:
    """Read both users' lists, and report a text that the other user sent just now."""
    reader = context.builder.find("GET", endpoint.shape)
    if reader is None or reader.id not in context.succeeded or reader.is_shared:
        return
    for actor in {request.name: request for request, _ in sent}.values():
        texts_of_other = [
            text for other, request in sent if other is not actor for text in texts_of(request, other)
        ]
        signed = context.request(reader, actor)
        if signed is None:
            continue
        response = context.client.send(signed)
        if response.succeeded and any(value in response.text for value in texts_of_other):
            text = "lists an object that another user created at the same time"
            context.report(endpoint, "race", text, signed)


CHECKS = (
    Check(
        name="race",
        order=80,
        title="keeps users apart at the same time",
        tries=(
            "two users call at once and get each other's data; calls at once succeed several times "
            "where only one may"
        ),
        requirements="users who call at the same time do not get each other's data",
        fits=lambda context, endpoint: context.is_ordinary(endpoint),
        run=check_race,
    ),
)
