"""What can be done only once, such as replacing a version, is done once by calls at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.schema import resolve, type_of
from specwitness.fuzz.api.words import AMOUNTS, BALANCES
from specwitness.fuzz.checks.isolation.state_leaks import check_state
from specwitness.fuzz.checks.registry import Check
from specwitness.fuzz.requests.answers import find_values
from specwitness.fuzz.requests.versions import is_version
from specwitness.fuzz.session.baseline import spend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial

_REFUSED = frozenset({400, 402, 403, 404, 409, 410, 412, 422, 423})
_SPENT = frozenset({409, 410})
_CONFLICTS = frozenset({"402", "409", "410", "412", "423"})
_LACKING = ("402", "409", "422")
_AT_ONCE = 4
_MOST_VIEWS = 3
_AMOUNTS = (100, 1_000, 10, 10_000)


def check_once(trial: Trial, endpoint: Endpoint) -> None:
    """Find a call that succeeds once and then no more, and send it several times at once.

    Args:
        trial: The run.
        endpoint: An operation that changes something; a deletion may well succeed twice.
    """
    if endpoint.is_safe or endpoint.method == "DELETE" or endpoint.is_reading:
        return
    # Objects are made as often as one likes, where the contract tells of no conflict.
    if endpoint.is_making and not _CONFLICTS & endpoint.responses.keys():
        return
    for change in _changes(endpoint, trial.alice):
        first = _build(trial, endpoint, trial.alice, change)
        # What is refused to alice by now was granted her once, when the operation was first reached.
        who = first and _find_who_may(trial, endpoint, first)
        again = _build(trial, endpoint, who, change) if who else None
        if again is None:
            continue
        answers = trial.client.send_together([again] * _AT_ONCE)
        trial.judged(endpoint, "race")
        for answer in answers:
            trial.ledger.count(endpoint, "race", "the same call several times at once", answer.status)
        if sum(response.succeeded for response in answers) > 1:
            text = "succeeds several times when called at once, and one after the other only once"
            trial.blame(endpoint, "race", text, again)
        return


def _changes(endpoint: Endpoint, alice: Actor) -> Iterator[dict[str, Any]]:
    """Give what is tried: the good call as it is, then with amounts that may use up what there is."""
    yield {}
    schema = endpoint.body_schema or {}
    numbers = {
        name: resolved
        for name, property_schema in schema.get("properties", {}).items()
        if type_of(resolved := resolve(property_schema, endpoint.document)) in {"integer", "number"}
        and not is_version(name)
    }
    is_amount = any(AMOUNTS.occurs_in(name) for name in numbers)
    lacking = _LACKING if is_amount else _LACKING[:2]
    if len(numbers) != 1 or not any(status in endpoint.responses for status in lacking):
        return
    ((name, member),) = numbers.items()
    told = [entry for entry in (member.get("example"), *member.get("examples", ())) if entry is not None]
    shown = [
        text
        for thing in alice.things.values()
        for key, text in find_values(thing.answer.json() if thing.answer else None)
        if is_amount and BALANCES.occurs_in(key) and isinstance(text, int) and text > 0
    ]
    for amount in dict.fromkeys([*shown[:1], *told, *_AMOUNTS]):
        if endpoint.accepts(member, amount):
            yield {name: amount}


def _build(trial: Trial, endpoint: Endpoint, actor: Actor, change: dict[str, Any]) -> Request | None:
    spend(endpoint, actor)
    request = trial.request(endpoint, actor, fresh=bool(endpoint.path_names))
    if request is None:
        return None
    body = request.read_json()
    if change and isinstance(body, dict):
        request = request.with_json({**body, **change})
    return request


def _judge_refusal(trial: Trial, endpoint: Endpoint, request: Request) -> None:
    """See that what is refused because it was done already takes nothing from the caller's own."""
    seen, used = [], list(trial.alice.used)
    for view in [reader for reader in trial.views() if reader.is_safe][:_MOST_VIEWS]:
        plain = trial.request(view, trial.alice)
        if plain is not None:
            signed = plain
            seen.append((view, signed, trial.client.send(signed)))
    seen = [view for view in seen if view[2].succeeded]
    if not seen:
        answer = trial.prepare(endpoint, request)
    else:
        answer = trial.send(endpoint, "side_effect", "what was done already", request)
        trial.judged(endpoint, "side_effect")
    change = trial.find_change(seen)
    # That a call was made may well be counted; it may cost nothing.
    if not answer.succeeded and change and BALANCES.occurs_in(change[0]):
        text = f"answered {answer.status} to what was done already, and then {change[0]}"
        trial.blame(endpoint, "side_effect", text, request)
    # What the call itself has used up, and not what the views did.
    trial.alice.used = used


def _find_who_may(trial: Trial, endpoint: Endpoint, request: Request) -> Actor | None:
    """Call twice as alice, and say who can do it again; None where it can be done at will, or not at all."""
    first = trial.prepare(endpoint, request)
    if not first.succeeded:
        is_spent = first.status in _SPENT and not endpoint.path_names and not trial.alice.used
        # Where objects are made, she may just have made as many as one may have.
        return trial.bob if is_spent and not endpoint.is_making else None
    if trial.prepare(endpoint, request).status not in _REFUSED:
        trial.lack(endpoint, "race", "nothing about it can be done only once")
        return None
    check_state(trial, endpoint)
    _judge_refusal(trial, endpoint, request)
    return trial.alice


CHECKS = (
    Check(
        name="race",
        order=81,
        fits=lambda trial, endpoint: trial.is_ordinary(endpoint),
        run=check_once,
        reports=("existence",),
    ),
)
