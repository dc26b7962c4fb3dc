"""What the state of an object forbids: who asks for the state before the owner tells it to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.checks.isolation.two_users import absent_ids, impersonate
from specwitness.fuzz.session.context import Case

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial

_FORBIDDEN_BY_STATE = frozenset({"409", "410", "412", "423"})
_MOST_OPERATIONS = 6


def check_state(trial: Trial, endpoint: Endpoint) -> None:
    """Name, as another user, an object of alice's that is in a state in which little may be done with it.

    Args:
        trial: The run.
        endpoint: The operation that brought the object there: alice's second call of it was refused.
    """
    bob, shape = trial.bob, next(iter(endpoint.collections[-1:]), None)
    thing = trial.alice.things.get(shape) if shape else None
    if bob is None or shape is None or thing is None:
        return
    owned = {shape: thing.values}
    for other in [operation for operation in trial.surface.endpoints if _may_refuse(operation, shape)][
        :_MOST_OPERATIONS
    ]:
        answers = []
        for values, attack in (
            (absent_ids(owned, 0), "an absent id where the state forbids"),
            (owned, "another's id in a state that forbids"),
        ):
            stranger = impersonate(trial, bob, values)
            exchange = trial.call(other, stranger, values[shape], case=Case("existence", attack))
            if exchange is None:
                break
            answers.append(exchange)
        else:
            (_, reference), (signed, answer) = answers
            trial.judged(other, "existence")
            is_told = str(answer.status) in _FORBIDDEN_BY_STATE and answer.status != reference.status
            if is_told and not _may_read(trial, bob, shape, thing.values):
                text = f"tells the state of another's object: {answer.status}, not {reference.status}"
                trial.blame(other, "existence", text, signed)


def _may_read(trial: Trial, bob: Actor, shape: str, values: tuple[Any, ...]) -> bool:
    """Tell whether the other user is shown the object anyway: then its state is no secret."""
    reader = trial.world.find("GET", shape)
    exchange = trial.call(reader, bob, values) if reader else None
    return exchange is not None and exchange.answer.succeeded


def _may_refuse(endpoint: Endpoint, shape: str) -> bool:
    """Tell whether an operation is on the objects of a collection, and says that a state may forbid it."""
    is_on_it = endpoint.last_collection == shape
    is_owned = is_on_it and not endpoint.is_safe and not endpoint.is_shared
    return is_owned and bool(_FORBIDDEN_BY_STATE & endpoint.responses.keys())
