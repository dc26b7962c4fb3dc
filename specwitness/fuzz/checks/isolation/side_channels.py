"""What one user makes does not change what another reads: not by count, order, header, page or refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.api.purpose import noun_at
from specwitness.fuzz.api.words import ACCOUNTS, ADDRESSES, PUBLIC_NAMES
from specwitness.fuzz.checks.isolation.pages import SHORT, find_word, with_size
from specwitness.fuzz.checks.isolation.two_users import find_trace
from specwitness.fuzz.requests.answers import list_items
from specwitness.fuzz.requests.values import COMMON
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial

    Exchange = tuple[Request, Answer]


_REFUSED = frozenset({400, 403, 409, 422})
_COPIES = 2


def read_view(
    trial: Trial,
    endpoint: Endpoint,
    actor: Actor,
    *,
    size: int | None = None,
    values: tuple[object, ...] = (),
) -> Exchange | None:
    """Read a view as a user: as long a page as there may be, or one of a size."""
    request = trial.request(endpoint, actor, values or None)
    if request is None:
        return None
    signed = with_size(endpoint, request, size=size)
    # What both users have in their texts finds the objects of both, where a search lets it.
    word = find_word(endpoint)
    if word and word.required and endpoint.accepts(word.schema, COMMON):
        signed = signed.with_query(((word.name, COMMON),))
    if size is not None and signed == request:
        return None
    answer = trial.client.send(signed)
    trial.judge(endpoint, signed, answer)
    return signed, answer


def check_influence(trial: Trial, views: list[Endpoint], bob: Actor) -> None:
    """Let alice make objects, some like bob's, and see whether what bob reads tells of it."""
    made = _make_own(trial, bob)
    before = {view.id: [read_view(trial, view, bob, size=size) for size in (None, SHORT)] for view in views}
    for endpoint in views:
        _judge_pages(trial, endpoint, *before[endpoint.id])
    make_more(trial)
    _copy(trial, made[1::_COPIES])
    for endpoint, seen in ((view, one) for view in views for one in before[view.id]):
        if seen is None or not seen[1].succeeded:
            continue
        request, old = seen
        new = trial.send(endpoint, "existence", "what another user made", request)
        trial.judged(endpoint, "existence")
        places = differ(take_fingerprint(old), take_fingerprint(new))
        if not places or find_trace(new, trial.alice):
            continue
        # Some answers differ each time: only what another making changes again, and waiting does not, counts.
        places -= differ(take_fingerprint(new), take_fingerprint(trial.client.send(request)))
        if places and places & _change_again(trial, request, new, made[::_COPIES]):
            text = f"changes with what another user makes: {min(places)} differs"
            trial.blame(endpoint, "existence", text, request)


def _change_again(
    trial: Trial, request: Request, new: Answer, made: list[tuple[Endpoint, Request]]
) -> set[str]:
    make_more(trial)
    _copy(trial, made)
    return differ(take_fingerprint(new), take_fingerprint(trial.client.send(request)))


def _judge_pages(trial: Trial, endpoint: Endpoint, whole: Exchange | None, short: Exchange | None) -> None:
    """A page that is cut before it is filtered has gaps where the objects of others are."""
    if whole is None or short is None or not (whole[1].succeeded and short[1].succeeded):
        return
    length = len(list_items(whole[1].json()))
    shown = len(list_items(short[1].json()))
    trial.ledger.count(endpoint, "existence", f"a page of {SHORT}", short[1].status)
    if length:
        trial.judged(endpoint, "existence")
    if shown < min(length, SHORT):
        text = f"gives {shown} where {SHORT} were asked for and more are there: cut before it is filtered"
        trial.blame(endpoint, "existence", text, short[0])


def _make_own(trial: Trial, bob: Actor) -> list[tuple[Endpoint, Request]]:
    """Let bob make two objects of each kind, and give the requests that made them, in pairs."""
    made = []
    for endpoint in _makers(trial):
        pair = []
        for _ in range(_COPIES):
            exchange = trial.call(endpoint, bob)
            if exchange and exchange.answer.succeeded:
                pair.append((endpoint, exchange.request))
        made += pair if len(pair) == _COPIES else []
    return made


def _copy(trial: Trial, made: list[tuple[Endpoint, Request]]) -> None:
    """Let alice send what bob sent: where that is refused, she learns what he has."""
    for endpoint, request in made:
        if (
            request.body is None
            or not trial.bob
            or not trial.bob.maker.is_in(request.body.decode(errors="replace"))
        ):
            continue
        # The path may name the caller.
        own = trial.world.build(endpoint, trial.alice) if endpoint.path_names else request
        if own is None:
            continue
        signed = trial.world.sign(endpoint, trial.alice, own.with_body(request.body))
        answer = trial.send(endpoint, "existence", "what another user sent", signed)
        trial.judged(endpoint, "existence")
        is_told = answer.status in _REFUSED and not _names_publicly(endpoint)
        # Who may make nothing more, or not for another, is refused whatever another has.
        if is_told and not _names_object(trial, request) and _may_still_make(trial, endpoint):
            text = f"answered {answer.status} to what another user has: that it is there is told"
            trial.blame(endpoint, "existence", text, signed)


def _may_still_make(trial: Trial, endpoint: Endpoint) -> bool:
    exchange = trial.call(endpoint, trial.alice)
    return exchange is not None and exchange.answer.succeeded


def _names_publicly(endpoint: Endpoint) -> bool:
    members = (endpoint.body_schema or {}).get("properties", {})
    is_account = noun_at(f"{endpoint.shape}/{{}}") in ACCOUNTS
    return any(name in PUBLIC_NAMES or (is_account and name in ADDRESSES) for name in members)


def _names_object(trial: Trial, request: Request) -> bool:
    """Tell whether a body names bob or an object that is his: then it is refused for that."""
    bob = trial.bob
    text = (request.body or b"").decode(errors="replace")
    things = [*bob.owned, *bob.things.values()] if bob else []
    ids = {str(stored.values[-1]) for stored in things} | trial.alice.given
    if bob and bob.identity.subject:
        ids.add(bob.identity.subject)
    return any(f'"{object_id}"' in text or f": {object_id}" in text for object_id in ids)


def _makers(trial: Trial) -> list[Endpoint]:
    return [
        endpoint
        for endpoint in trial.reached()
        if endpoint.method == "POST"
        and not endpoint.is_reading
        and not endpoint.is_deleting
        and not endpoint.names_object
        and not endpoint.is_ending
        and endpoint.is_protected
        and isinstance(trial.alice.answers[endpoint.id].json(), dict)
    ]


def find_makers_below(trial: Trial) -> list[Endpoint]:
    """Give what makes objects below others, such as the messages of a room: counts may be of these."""
    return [
        endpoint
        for endpoint in trial.reached()
        if endpoint.names_object
        and endpoint.is_protected
        and (endpoint.is_making or (endpoint.method == "POST" and trial.world.find("GET", endpoint.shape)))
        and not (endpoint.is_reading or endpoint.is_deleting or endpoint.is_ending)
    ]


def make_more(trial: Trial) -> None:
    """Let alice make one more object of each kind."""
    for endpoint in (*_makers(trial), *find_makers_below(trial)):
        if exchange := trial.call(endpoint, trial.alice):
            trial.ledger.redaction.learn(*exchange)
