"""State leaks: a service that checks an object's state before its owner reveals the state to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.checks.isolation.two_users import absent_ids, impersonate
from specwitness.fuzz.session.context import Case

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

_FORBIDDEN_BY_STATE = frozenset({"409", "410", "412", "423"})
_MOST_OPERATIONS = 6


def check_state(context: Context, endpoint: Endpoint) -> None:
    """Call operations as bob on an object of alice whose state forbids them, such as a paid order.

    A 409 where an absent id gets a 404 reveals the state.

    Args:
        context: The run.
        endpoint: The operation that brought the object there: alice's second call of it was refused.
    """
    bob, shape = context.bob, next(iter(endpoint.collections[-1:]), None)
    stored = context.alice.objects.get(shape) if shape else None
    if bob is None or shape is None or stored is None:
        return
    owned = {shape: stored.values}
    for other in [operation for operation in context.surface.endpoints if _may_refuse(operation, shape)][
        :_MOST_OPERATIONS
    ]:
        responses = []
        for values, attack in (
            (absent_ids(owned, 0), "an absent id where the state forbids"),
            (owned, "another's id in a state that forbids"),
        ):
            stranger = impersonate(context, bob, values)
            exchange = context.call(other, stranger, values[shape], case=Case("existence", attack))
            if exchange is None:
                break
            responses.append(exchange)
        else:
            (_, reference), (signed, response) = responses
            context.judged(other, "existence")
            is_revealed = str(response.status) in _FORBIDDEN_BY_STATE and response.status != reference.status
            if is_revealed and not _may_read(context, bob, shape, stored.values):
                text = (
                    f"reveals the state of another user's object: {response.status}, not {reference.status}"
                )
                context.report(other, "existence", text, signed)


def _may_read(context: Context, bob: Actor, shape: str, values: tuple[Any, ...]) -> bool:
    """Tell whether bob may read the object: then its state is no secret."""
    reader = context.builder.find("GET", shape)
    exchange = context.call(reader, bob, values) if reader else None
    return exchange is not None and exchange.response.succeeded


def _may_refuse(endpoint: Endpoint, shape: str) -> bool:
    """Tell whether an operation changes objects of a collection, and documents 409, 410, 412 or 423."""
    is_on_it = endpoint.last_collection == shape
    is_owned = is_on_it and not endpoint.is_safe and not endpoint.is_shared
    return is_owned and bool(_FORBIDDEN_BY_STATE & endpoint.responses.keys())
