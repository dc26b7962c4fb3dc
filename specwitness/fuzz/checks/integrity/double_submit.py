"""Double submit: an action that succeeds only once, such as a payment, succeeds once when sent at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.schema import resolve, type_of
from specwitness.fuzz.api.words import AMOUNTS, BALANCES
from specwitness.fuzz.checks.isolation.state_leaks import check_state
from specwitness.fuzz.checks.registry import Check
from specwitness.fuzz.requests.responses import find_values
from specwitness.fuzz.requests.versions import is_version
from specwitness.fuzz.session.baseline import forget_consumed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

_REFUSED = frozenset({400, 402, 403, 404, 409, 410, 412, 422, 423})
_SPENT = frozenset({409, 410})
_CONFLICTS = frozenset({"402", "409", "410", "412", "423"})
_LACKING = ("402", "409", "422")
_AT_ONCE = 4
_MOST_VIEWS = 3
_AMOUNTS = (100, 1_000, 10, 10_000)


def check_double_submit(context: Context, endpoint: Endpoint) -> None:
    """Find a call that succeeds once and then no more, and send it several times at once.

    Args:
        context: The run.
        endpoint: An operation that changes something; a deletion may well succeed twice.
    """
    if endpoint.is_safe or endpoint.method == "DELETE" or endpoint.is_reading:
        return
    # `POST /notes` creates one more note each time; `POST /votes` that documents 409 succeeds only once.
    if endpoint.is_making and not _CONFLICTS & endpoint.responses.keys():
        return
    for change in _changes(endpoint, context.alice):
        first = _build(context, endpoint, context.alice, change)
        # The baseline request may have been the only one alice can make, such as joining: then bob calls.
        who = first and _find_who_may(context, endpoint, first)
        again = _build(context, endpoint, who, change) if who else None
        if again is None:
            continue
        responses = context.client.send_together([again] * _AT_ONCE)
        context.judged(endpoint, "race")
        for response in responses:
            context.results.count(endpoint, "race", "the same call several times at once", response.status)
        if sum(response.succeeded for response in responses) > 1:
            text = "succeeds several times when called at once, and one after the other only once"
            context.report(endpoint, "race", text, again)
        return


def _changes(endpoint: Endpoint, alice: Actor) -> Iterator[dict[str, Any]]:
    """Give members to put into the body: none; then amounts that may use up a balance, `{"amount": 100}`."""
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
    examples = [
        example for example in (member.get("example"), *member.get("examples", ())) if example is not None
    ]
    balances = [
        text
        for stored in alice.objects.values()
        for key, text in find_values(stored.response.json() if stored.response else None)
        if is_amount and BALANCES.occurs_in(key) and isinstance(text, int) and text > 0
    ]
    for amount in dict.fromkeys([*balances[:1], *examples, *_AMOUNTS]):
        if endpoint.accepts(member, amount):
            yield {name: amount}


def _build(context: Context, endpoint: Endpoint, actor: Actor, change: dict[str, Any]) -> Request | None:
    forget_consumed(endpoint, actor)
    request = context.request(endpoint, actor, fresh=bool(endpoint.path_names))
    if request is None:
        return None
    body = request.read_json()
    if change and isinstance(body, dict):
        request = request.with_json({**body, **change})
    return request


def _judge_refusal(context: Context, endpoint: Endpoint, request: Request) -> None:
    """Report a refused second call that lowers a balance of the caller."""
    readings, used = [], list(context.alice.used)
    for view in [reader for reader in context.views() if reader.is_safe][:_MOST_VIEWS]:
        view_request = context.request(view, context.alice)
        if view_request is not None:
            signed = view_request
            readings.append((view, signed, context.client.send(signed)))
    readings = [view for view in readings if view[2].succeeded]
    if not readings:
        response = context.prepare(endpoint, request)
    else:
        response = context.send(endpoint, "side_effect", "the same call a second time", request)
        context.judged(endpoint, "side_effect")
    change = context.find_change(readings)
    # The service may count the refused call, but must not charge for it.
    if not response.succeeded and change and BALANCES.occurs_in(change[0]):
        text = f"answered {response.status} to a second call, and then {change[0]}"
        context.report(endpoint, "side_effect", text, request)
    # The objects that the call used, and not those of the views.
    context.alice.used = used


def _find_who_may(context: Context, endpoint: Endpoint, request: Request) -> Actor | None:
    """Call twice as alice, and choose the user for the concurrent calls.

    Returns:
        Alice if only her second call was refused, with a new object. Bob if her first one was: she may
        have used up her only call before. None if both calls succeed, or if none can.
    """
    first = context.prepare(endpoint, request)
    if not first.succeeded:
        is_spent = first.status in _SPENT and not endpoint.path_names and not context.alice.used
        # An operation that creates objects may have refused for a quota.
        return context.bob if is_spent and not endpoint.is_making else None
    if context.prepare(endpoint, request).status not in _REFUSED:
        context.note_lack(
            endpoint, "race", "a second call succeeds like the first: the operation may be repeated"
        )
        return None
    check_state(context, endpoint)
    _judge_refusal(context, endpoint, request)
    return context.alice


CHECKS = (
    Check(
        name="race",
        order=81,
        fits=lambda context, endpoint: context.is_ordinary(endpoint),
        run=check_double_submit,
        reports=("existence",),
    ),
)
