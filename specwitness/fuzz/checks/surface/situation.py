"""What is answered while the target has brought about a state, and whether the service is well after it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from specwitness.errors import SpecwitnessError, TargetError
from specwitness.fuzz.api.endpoint import in_order
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.http.client import OutOfTimeError
from specwitness.fuzz.results.coverage import fits
from specwitness.fuzz.session.baseline import spend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial
    from specwitness.fuzz.session.situation import Situation

_PAUSE_SECONDS = 0.2


def check_situations(trial: Trial) -> None:
    """Let the target bring about each of its situations.

    Raises:
        TargetError: One cannot be brought about, or not be ended.
    """
    for situation in trial.plan.situations:
        _check_situation(trial, situation, trial.plan.cast.get(situation.identity))


def _check_situation(trial: Trial, situation: Situation, actor: Actor | None) -> None:
    """Call what documents a situation's statuses while it lasts, and as the owner when it is over.

    Args:
        trial: The run.
        situation: What the target brings about.
        actor: Who calls meanwhile; None where the target's provider gives nobody of that name.

    Raises:
        TargetError: It cannot be brought about, or not be ended.
    """
    if actor is None:
        raise TargetError(
            f"{situation.name}: there is no {situation.identity}",
            where="Target.situations",
            remedy="let the target's identities give it, or name another identity",
        )
    endpoints = [
        operation for operation in _find_endpoints(trial, situation) if operation.id in trial.plan.wanted
    ]
    if not endpoints:
        return
    for user in (trial.alice, actor):
        user.things.clear()  # the checks before may have left them in any state
    # Objects are made before: nothing can be made while it lasts.
    requests = [(operation, _build(trial, operation, actor)) for operation in endpoints]
    with _lasting(trial, situation, actor):
        for endpoint, request in requests:
            if request is None:
                trial.ledger.skip(endpoint, "situation", "needs a stored object, and none could be made")
            else:
                _judge(trial, situation, endpoint, request)
    end = trial.client.clock() + situation.recovery
    for endpoint in endpoints:
        _await_recovery(trial, situation, endpoint, end)


def _find_endpoints(trial: Trial, situation: Situation) -> list[Endpoint]:
    """Find the operations that it is for, among those that answered their owner with 2xx."""
    known = {endpoint.id for endpoint in trial.surface.endpoints}
    if unknown := [entry for entry in situation.operations if entry not in known]:
        raise TargetError(
            f"{situation.name}: the contract has no operation {unknown[0]}",
            where="Target.situations",
            remedy=f"name one of {', '.join(sorted(known))}",
        )
    return [
        endpoint
        for endpoint in in_order(trial.surface.endpoints)
        if endpoint.id in trial.succeeded
        and (endpoint.id in situation.operations or not situation.operations)
        and any(fits(name, status) for name in endpoint.responses for status in situation.statuses)
    ]


def _build(trial: Trial, endpoint: Endpoint, actor: Actor) -> Request | None:
    return trial.request(endpoint, actor, fresh=endpoint.method == "DELETE")


@contextmanager
def _lasting(trial: Trial, situation: Situation, actor: Actor) -> Iterator[None]:
    try:
        with situation.enter(partial(_call, trial, actor)):
            yield
    except (SpecwitnessError, OutOfTimeError):
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise TargetError(
            f"{situation.name} cannot be brought about, or not be ended: {said}",
            where="Target.situations",
            remedy="call enter() on its own to see the whole traceback",
        ) from error


def _call(trial: Trial, actor: Actor, operation: str) -> Answer:
    """Call an operation for whoever brings the situation about."""
    endpoint = next((other for other in trial.surface.endpoints if other.id == operation), None)
    request = None if endpoint is None else _build(trial, endpoint, actor)
    if request is None:
        raise TargetError(
            f"{operation} cannot be called",
            where="Target.situations",
            remedy="name an operation of the contract, whose objects can be made",
        )
    return trial.client.send(request)


def _judge(trial: Trial, situation: Situation, endpoint: Endpoint, request: Request) -> None:
    expected = " or ".join(map(str, situation.statuses))
    try:
        answer = trial.client.send(request)
    except TargetError:
        trial.ledger.tally(endpoint, "situation").attacks[situation.name] += 1
        trial.judged(endpoint, "situation")
        text = f"answered nothing, expected {expected}: {situation.name}"
        trial.blame(endpoint, "situation", text, request)
        return
    trial.ledger.count(endpoint, "situation", situation.name, answer.status)
    trial.judged(endpoint, "situation")
    if answer.status in situation.statuses:
        trial.judge(endpoint, request, answer)
    else:
        text = f"answered {answer.status}, expected {expected}: {situation.name}"
        trial.blame(endpoint, "situation", text, request)


def _await_recovery(trial: Trial, situation: Situation, endpoint: Endpoint, end: float) -> None:
    """See that an operation answers its owner with 2xx again, in time."""
    client = trial.client
    while True:
        request = _build(trial, endpoint, trial.alice)
        answer = _send(trial, request)
        if request is not None and answer is not None and answer.succeeded:
            trial.ledger.count(endpoint, "situation", f"after {situation.name}", answer.status)
            spend(endpoint, trial.alice)
            return
        if client.clock() >= end:
            break
        client.sleep(_PAUSE_SECONDS)
    came = f"answered {answer.status}" if answer is not None else "could not be called"
    text = f"{came} after it was over, expected 2xx: {situation.name}"
    trial.blame(endpoint, "situation", text, request or trial.succeeded[endpoint.id])


def _send(trial: Trial, request: Request | None) -> Answer | None:
    try:
        return None if request is None else trial.client.send(request)
    except TargetError:
        return None


CHECKS = (
    Check(
        name="situation",
        order=120,
        title="in states that the target brings about",
        tries=(
            "states that only the target brings about, such as an outage: the responses that are "
            "documented for them come, and afterwards the operations succeed again"
        ),
        requirements="what the service answers while a part of it is out",
        scope=Scope.SITUATIONS,
        run_once=check_situations,
    ),
)
