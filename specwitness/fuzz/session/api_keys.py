"""API keys that a service issues to its users: `POST /api-keys` responds with one, and a request tries it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from specwitness.fuzz.requests.responses import find_values
from specwitness.fuzz.users.credentials import KEY, read_location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

_SHORTEST = 12  # characters: a shorter text is no secret


class Key(NamedTuple):
    """A key that a service accepts.

    Attributes:
        scheme: The security scheme.
        value: The key.
        probe: An operation that accepts it.
        request: A request with the key that got a 2xx.
    """

    scheme: str
    value: str
    probe: Endpoint
    request: Request


def learn_keys(context: Context) -> None:
    """Create API keys as alice and bob, and add the accepted ones to their credentials."""
    for actor in (context.alice, context.bob):
        for maker in _makers(context) if actor is not None else ():
            exchange = context.call(maker, actor) if actor else None
            if actor and exchange and (key := find_key(context, exchange.response, actor)):
                actor.identity = replace(
                    actor.identity, values={**actor.identity.values, key.scheme: key.value}
                )
                context.results.redaction.hide(actor.name, [key.value])
                break


def find_key(context: Context, response: Response | None, actor: Actor) -> Key | None:
    """Find a text in a response that an operation accepts as an API key; None if there is none."""
    texts = [
        value
        for _, value in find_values(response.json() if response and response.succeeded else None)
        if isinstance(value, str) and len(value) >= _SHORTEST and not actor.maker.is_in(value)
    ]
    for scheme, probe in _probes(context) if texts else ():
        unsigned = context.builder.build(probe, actor)
        for text in texts if unsigned is not None else ():
            request = (
                read_location(scheme, context.surface.schemes[scheme]).put(unsigned, text)
                if unsigned
                else None
            )
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
    """Give each API key scheme with an operation that needs only such a key."""
    for scheme in context.surface.schemes:
        if read_location(scheme, context.surface.schemes[scheme]).kind != KEY:
            continue
        for endpoint in context.reached():
            if (
                endpoint.method == "GET"
                and not endpoint.path_names
                and [scheme] in [list(alternative) for alternative in endpoint.security]
            ):
                yield scheme, endpoint
                break
