"""Keys that a service gives its users, such as those of its own API: found in answers, and tried."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from specwitness.fuzz.requests.answers import find_values
from specwitness.fuzz.users.credentials import KEY, seat_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial

_SHORTEST = 12  # characters: what is shorter is no secret


class Key(NamedTuple):
    """A key that opens something: for which scheme, and the request that shows it."""

    scheme: str
    value: str
    probe: Endpoint
    request: Request


def learn_keys(trial: Trial) -> None:
    """Let the users make keys where the contract takes some, and keep those that open something."""
    for actor in (trial.alice, trial.bob):
        for maker in _makers(trial) if actor is not None else ():
            made = trial.call(maker, actor) if actor else None
            if actor and made and (found := find_key(trial, made.answer, actor)):
                actor.identity = replace(
                    actor.identity, values={**actor.identity.values, found.scheme: found.value}
                )
                trial.ledger.redaction.hide(actor.name, [found.value])
                break


def find_key(trial: Trial, answer: Answer | None, actor: Actor) -> Key | None:
    """Find a text in an answer that is taken for a key."""
    texts = [
        value
        for _, value in find_values(answer.json() if answer and answer.succeeded else None)
        if isinstance(value, str) and len(value) >= _SHORTEST and not actor.maker.is_in(value)
    ]
    for scheme, probe in _probes(trial) if texts else ():
        plain = trial.world.build(probe, actor)
        for text in texts if plain is not None else ():
            request = seat_of(scheme, trial.surface.schemes[scheme]).put(plain, text) if plain else None
            if request is not None and trial.client.send(request).succeeded:
                return Key(scheme, text, probe, request)
    return None


def _makers(trial: Trial) -> list[Endpoint]:
    return [
        endpoint
        for endpoint in trial.reached()
        if endpoint.method == "POST"
        and endpoint.is_of_keys
        and endpoint.is_protected
        and not endpoint.is_ending
        and not endpoint.names_object
    ]


def _probes(trial: Trial) -> Iterator[tuple[str, Endpoint]]:
    """Give for each scheme of keys an operation that takes such a key alone."""
    for scheme in trial.surface.schemes:
        if seat_of(scheme, trial.surface.schemes[scheme]).kind != KEY:
            continue
        for endpoint in trial.reached():
            if (
                endpoint.method == "GET"
                and not endpoint.path_names
                and [scheme] in [list(one) for one in endpoint.security]
            ):
                yield scheme, endpoint
                break
