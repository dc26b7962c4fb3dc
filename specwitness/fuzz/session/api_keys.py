"""Keys that a service gives its users, such as those of its own API: found in answers, and tried."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from specwitness.fuzz.requests.responses import find_values
from specwitness.fuzz.users.credentials import KEY, seat_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

_SHORTEST = 12  # characters: what is shorter is no secret


class Key(NamedTuple):
    """A key that opens something: for which scheme, and the request that shows it."""

    scheme: str
    value: str
    probe: Endpoint
    request: Request


def learn_keys(context: Context) -> None:
    """Let the users make keys where the contract takes some, and keep those that open something."""
    for actor in (context.alice, context.bob):
        for maker in _makers(context) if actor is not None else ():
            made = context.call(maker, actor) if actor else None
            if actor and made and (found := find_key(context, made.response, actor)):
                actor.identity = replace(
                    actor.identity, values={**actor.identity.values, found.scheme: found.value}
                )
                context.results.redaction.hide(actor.name, [found.value])
                break


def find_key(context: Context, response: Response | None, actor: Actor) -> Key | None:
    """Find a text in an answer that is taken for a key."""
    texts = [
        value
        for _, value in find_values(response.json() if response and response.succeeded else None)
        if isinstance(value, str) and len(value) >= _SHORTEST and not actor.maker.is_in(value)
    ]
    for scheme, probe in _probes(context) if texts else ():
        plain = context.builder.build(probe, actor)
        for text in texts if plain is not None else ():
            request = seat_of(scheme, context.surface.schemes[scheme]).put(plain, text) if plain else None
            if request is not None and context.client.send(request).succeeded:
                return Key(scheme, text, probe, request)
    return None


def _makers(context: Context) -> list[Endpoint]:
    return [
        endpoint
        for endpoint in context.reached()
        if endpoint.method == "POST"
        and endpoint.is_of_keys
        and endpoint.is_protected
        and not endpoint.is_ending
        and not endpoint.names_object
    ]


def _probes(context: Context) -> Iterator[tuple[str, Endpoint]]:
    """Give for each scheme of keys an operation that takes such a key alone."""
    for scheme in context.surface.schemes:
        if seat_of(scheme, context.surface.schemes[scheme]).kind != KEY:
            continue
        for endpoint in context.reached():
            if (
                endpoint.method == "GET"
                and not endpoint.path_names
                and [scheme] in [list(one) for one in endpoint.security]
            ):
                yield scheme, endpoint
                break
