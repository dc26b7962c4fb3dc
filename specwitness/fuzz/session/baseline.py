"""The positive control: each operation is brought to a 2xx as its owner, or it testifies for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.api.words import REFERENCE_ENDINGS, snake
from specwitness.fuzz.requests.draft import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial

_NO_OBJECT = "needs a stored object, and none could be made"
_MOST_EXAMPLES = 3
_FORBIDDEN = 403
_GONE = frozenset({404, 410})


def control(trial: Trial, endpoint: Endpoint) -> Answer | None:
    """Bring an operation to a 2xx as its owner; the request is kept in `trial.succeeded`."""
    answer: Answer | None = None
    for variant in _variants(endpoint):
        trial.world.variants[endpoint.id] = variant
        request = _build(trial, endpoint, trial.alice)
        if request is None:
            trial.ledger.skip(endpoint, "conformance", _NO_OBJECT)
            break
        answer = trial.send(endpoint, "conformance", "a good request", request)
        trial.ledger.redaction.learn(request, answer)
        if answer.succeeded:
            _keep(trial, endpoint, request, answer)
            return answer
        if answer.status == _FORBIDDEN:
            break
    trial.world.variants.pop(endpoint.id, None)
    if answer is not None and not endpoint.is_safe:
        _look_after(trial, endpoint, answer)
    return answer


def _look_after(trial: Trial, endpoint: Endpoint, answer: Answer) -> None:
    """See whether the owner's objects are still there, after a call that was refused."""
    for prefix in [*endpoint.collections[-1:], *dict.fromkeys(trial.alice.used)]:
        thing = trial.alice.things.get(prefix)
        if thing is None or not thing.is_created:
            continue
        reader = trial.world.find("GET", prefix)
        is_reached = reader is not None and reader.id in trial.succeeded
        for view in [reader] if reader and is_reached else trial.readers_of(prefix):
            signed = trial.request(view, trial.alice, thing.values[: len(view.path_names)])
            if signed is None:
                continue
            trial.judged(endpoint, "side_effect")
            if trial.client.send(signed).status in _GONE:
                text = f"answered {answer.status}, and the object is gone all the same"
                trial.blame(endpoint, "side_effect", text, signed)
                trial.alice.things.pop(prefix, None)
                break


def control_as_admin(trial: Trial, endpoint: Endpoint, admin: Actor) -> None:
    """Bring an operation that only some users may call to a 2xx as one of them.

    An administrator's call may reach everybody's data: none is made that could take some away.
    """
    for variant in _variants(endpoint):
        trial.world.variants[endpoint.id] = variant
        request = _build(trial, endpoint, admin)
        thing = admin.things.get(endpoint.last_collection) if endpoint.path_names else None
        is_harmless = endpoint.is_safe or (thing.is_created if thing else not endpoint.is_sweeping)
        if request is None or not is_harmless:
            reason = "it changes what is not the run's own" if request else _NO_OBJECT
            trial.ledger.skip(endpoint, "conformance", reason)
            break
        answer = trial.send(endpoint, "conformance", "a good request", request)
        trial.ledger.redaction.learn(request, answer)
        if answer.succeeded:
            trial.by_admin[endpoint.id] = request, answer
            spend(endpoint, admin)
            return
        if answer.status == _FORBIDDEN:
            break
    trial.world.variants.pop(endpoint.id, None)


def _build(trial: Trial, endpoint: Endpoint, actor: Actor) -> Request | None:
    return trial.request(endpoint, actor, fresh=endpoint.method == "DELETE")


def _keep(trial: Trial, endpoint: Endpoint, request: Request, answer: Answer) -> None:
    trial.succeeded[endpoint.id] = request
    trial.uses[endpoint.id] = list(dict.fromkeys(trial.alice.used))
    trial.alice.answers[endpoint.id] = answer
    spend(endpoint, trial.alice)


def spend(endpoint: Endpoint, actor: Actor) -> None:
    """Forget the objects that a call may have used up."""
    is_kept = endpoint.is_safe or endpoint.method in {"PUT", "PATCH"} or endpoint.is_making
    if endpoint.is_reading or is_kept:
        return
    gone = [*endpoint.collections[-1:], *actor.used]
    # What lies below an object goes with it.
    for stored in [
        known_object
        for known_object in actor.things
        if any(known_object.startswith(prefix) for prefix in gone)
    ]:
        del actor.things[stored]
        actor.seconds.pop(stored, None)


def _optional(endpoint: Endpoint) -> set[str]:
    schema = endpoint.body_schema or {}
    return set(schema.get("properties", {})) - set(schema.get("required", ()))


def _variants(endpoint: Endpoint) -> Iterator[Options]:
    """Give the options by which a request may succeed, the likeliest first."""
    yield Options()
    if endpoint.media is not None:
        if any(snake(name).endswith(tuple(REFERENCE_ENDINGS)) for name in _optional(endpoint)):
            yield Options(omit_references=True)
        yield Options(full=False)
        yield Options(prefer_examples=True)
        yield Options(full=False, prefer_examples=True)
        yield Options(prefer_examples=True, examples_first=True)
        yield Options(reuse_response_values=True)
        examples = min(len(endpoint.body_examples), _MOST_EXAMPLES)
        yield from (Options(example=number) for number in range(examples))
    if any(parameter.location == "query" and not parameter.required for parameter in endpoint.parameters):
        yield Options(query=True)
