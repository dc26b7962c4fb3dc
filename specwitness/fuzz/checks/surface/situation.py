"""Situations: the documented responses during a state such as an outage, and the recovery after it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from specwitness.errors import SpecwitnessError, TargetError
from specwitness.fuzz.api.endpoint import in_order
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.http.client import OutOfTimeError
from specwitness.fuzz.results.coverage import fits
from specwitness.fuzz.results.results import NO_OBJECT
from specwitness.fuzz.session.baseline import forget_consumed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context
    from specwitness.fuzz.session.situation import Situation

_PAUSE_SECONDS = 0.2


def check_situations(context: Context) -> None:
    """Call the operations during and after each situation of the target.

    Raises:
        TargetError: A situation cannot be started or ended.
    """
    for situation in context.plan.situations:
        _check_situation(context, situation, context.plan.cast.get(situation.identity))


def _check_situation(context: Context, situation: Situation, actor: Actor | None) -> None:
    """Call the operations that document a situation's statuses during it, and as the owner after it.

    Args:
        context: The run.
        situation: The situation.
        actor: The caller during the situation; None if the target has no identity of that name.

    Raises:
        TargetError: The situation cannot be started or ended.
    """
    if actor is None:
        raise TargetError(
            f"{situation.name}: there is no {situation.identity}",
            where="Target.situations",
            remedy="let the target's identities give it, or name another identity",
        )
    endpoints = [
        operation for operation in _find_endpoints(context, situation) if operation.id in context.plan.wanted
    ]
    if not endpoints:
        return
    for user in (context.alice, actor):
        user.objects.clear()  # earlier checks may have archived or deleted them
    # Objects are created now: during an outage none can be.
    requests = [(operation, _build(context, operation, actor)) for operation in endpoints]
    with _lasting(context, situation, actor):
        for endpoint, request in requests:
            if request is None:
                context.results.skip(endpoint, "situation", NO_OBJECT)
            else:
                _judge(context, situation, endpoint, request)
    end = context.client.clock() + situation.recovery
    for endpoint, request in requests:
        if request is not None:
            _await_recovery(context, situation, endpoint, end)


def _find_endpoints(context: Context, situation: Situation) -> list[Endpoint]:
    """Find the operations that document a status of the situation, and whose baseline got a 2xx."""
    known = {endpoint.id for endpoint in context.surface.endpoints}
    if unknown := [operation for operation in situation.operations if operation not in known]:
        raise TargetError(
            f"{situation.name}: the contract has no operation {unknown[0]}",
            where="Target.situations",
            remedy=f"name one of {', '.join(sorted(known))}",
        )
    return [
        endpoint
        for endpoint in in_order(context.surface.endpoints)
        if endpoint.id in context.succeeded
        and (endpoint.id in situation.operations or not situation.operations)
        and any(fits(name, status) for name in endpoint.responses for status in situation.statuses)
    ]


def _build(context: Context, endpoint: Endpoint, actor: Actor) -> Request | None:
    return context.request(endpoint, actor, fresh=endpoint.method == "DELETE")


@contextmanager
def _lasting(context: Context, situation: Situation, actor: Actor) -> Iterator[None]:
    try:
        with situation.enter(partial(_call, context, actor)):
            yield
    except (SpecwitnessError, OutOfTimeError):
        raise
    except Exception as error:
        error_text = " ".join(f"{type(error).__name__}: {error}".split())
        raise TargetError(
            f"{situation.name} cannot be brought about, or not be ended: {error_text}",
            where="Target.situations",
            remedy="call enter() on its own to see the whole traceback",
        ) from error


def _call(context: Context, actor: Actor, operation: str) -> Response:
    """Call an operation by id; the code that starts the situation gets this function."""
    endpoint = next((other for other in context.surface.endpoints if other.id == operation), None)
    request = None if endpoint is None else _build(context, endpoint, actor)
    if request is None:
        raise TargetError(
            f"{operation} cannot be called",
            where="Target.situations",
            remedy="name an operation of the contract, whose objects can be made",
        )
    return context.client.send(request)


def _judge(context: Context, situation: Situation, endpoint: Endpoint, request: Request) -> None:
    expected = " or ".join(map(str, situation.statuses))
    try:
        response = context.client.send(request)
    except TargetError:
        context.results.result(endpoint, "situation").attacks[situation.name] += 1
        context.judged(endpoint, "situation")
        text = f"answered nothing, expected {expected}: {situation.name}"
        context.report(endpoint, "situation", text, request)
        return
    context.results.count(endpoint, "situation", situation.name, response.status)
    context.judged(endpoint, "situation")
    if response.status in situation.statuses:
        context.judge(endpoint, request, response)
    else:
        text = f"answered {response.status}, expected {expected}: {situation.name}"
        context.report(endpoint, "situation", text, request)


def _await_recovery(context: Context, situation: Situation, endpoint: Endpoint, end: float) -> None:
    """Repeat the owner's request until it gets a 2xx, and report if none came in time."""
    client = context.client
    while True:
        request = _build(context, endpoint, context.alice)
        response = _send(context, request)
        if request is not None and response is not None and response.succeeded:
            context.results.count(endpoint, "situation", f"after {situation.name}", response.status)
            forget_consumed(endpoint, context.alice)
            return
        if client.clock() >= end:
            break
        client.sleep(_PAUSE_SECONDS)
    came = f"answered {response.status}" if response is not None else "could not be called"
    text = f"{came} after it was over, expected 2xx: {situation.name}"
    context.report(endpoint, "situation", text, request or context.succeeded[endpoint.id])


def _send(context: Context, request: Request | None) -> Response | None:
    try:
        return None if request is None else context.client.send(request)
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
        requirements="the responses of the service during an outage of a part of it",
        scope=Scope.SITUATIONS,
        run_once=check_situations,
    ),
)
