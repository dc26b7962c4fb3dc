"""Baseline requests: a check on an operation needs a good request of the owner that got a 2xx."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from specwitness.fuzz.api.words import REFERENCE_ENDINGS, snake
from specwitness.fuzz.requests.draft import Options
from specwitness.fuzz.results.results import NO_OBJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

_MOST_EXAMPLES = 3
_FORBIDDEN = HTTPStatus.FORBIDDEN
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def send_baseline(context: Context, endpoint: Endpoint) -> Response | None:
    """Try good requests of alice until one gets a 2xx, and keep it in `context.succeeded`.

    Returns:
        The last response; None if no request could be built.
    """
    response: Response | None = None
    for variant in _variants(endpoint):
        context.builder.variants[endpoint.id] = variant
        request = _build(context, endpoint, context.alice)
        if request is None:
            context.results.skip(endpoint, "conformance", NO_OBJECT)
            break
        response = context.send(endpoint, "conformance", "a good request", request)
        context.results.redaction.learn(request, response)
        if response.succeeded:
            _keep(context, endpoint, request, response)
            return response
        if response.status == _FORBIDDEN:
            break
    context.builder.variants.pop(endpoint.id, None)
    if response is not None and not endpoint.is_safe:
        _look_after(context, endpoint, response)
    return response


def _look_after(context: Context, endpoint: Endpoint, response: Response) -> None:
    """Report a refused call after which an object that it names is gone."""
    for prefix in [*endpoint.collections[-1:], *dict.fromkeys(context.alice.used)]:
        stored = context.alice.objects.get(prefix)
        if stored is None or not stored.is_created:
            continue
        reader = context.builder.find("GET", prefix)
        is_reached = reader is not None and reader.id in context.succeeded
        for view in [reader] if reader and is_reached else context.readers_of(prefix):
            signed = context.request(view, context.alice, stored.values[: len(view.path_names)])
            if signed is None:
                continue
            context.judged(endpoint, "side_effect")
            if context.client.send(signed).status in _GONE:
                text = f"answered {response.status}, and the object is gone all the same"
                context.report(endpoint, "side_effect", text, signed)
                context.alice.objects.pop(prefix, None)
                break


def send_baseline_as_admin(context: Context, endpoint: Endpoint, admin: Actor) -> None:
    """Try good requests of an administrator until one gets a 2xx, and keep it in `context.by_admin`.

    Operations that may change other users' data are not called. Example: `GET /admin/users` is called,
    `POST /admin/reset` is not.
    """
    for variant in _variants(endpoint):
        context.builder.variants[endpoint.id] = variant
        request = _build(context, endpoint, admin)
        stored = admin.objects.get(endpoint.last_collection) if endpoint.path_names else None
        is_harmless = endpoint.is_safe or (stored.is_created if stored else not endpoint.is_sweeping)
        if request is None or not is_harmless:
            reason = "it may change data that the run did not create" if request else NO_OBJECT
            context.results.skip(endpoint, "conformance", reason)
            break
        response = context.send(endpoint, "conformance", "a good request", request)
        context.results.redaction.learn(request, response)
        if response.succeeded:
            context.by_admin[endpoint.id] = request, response
            forget_consumed(endpoint, admin)
            return
        if response.status == _FORBIDDEN:
            break
    context.builder.variants.pop(endpoint.id, None)


def _build(context: Context, endpoint: Endpoint, actor: Actor) -> Request | None:
    return context.request(endpoint, actor, fresh=endpoint.method == "DELETE")


def _keep(context: Context, endpoint: Endpoint, request: Request, response: Response) -> None:
    context.succeeded[endpoint.id] = request
    context.uses[endpoint.id] = list(dict.fromkeys(context.alice.used))
    context.alice.responses[endpoint.id] = response
    forget_consumed(endpoint, context.alice)


def forget_consumed(endpoint: Endpoint, actor: Actor) -> None:
    """Forget the objects that a call may have used up: the order of `POST /orders/{id}/cancel`."""
    is_kept = endpoint.is_safe or endpoint.method in {"PUT", "PATCH"} or endpoint.is_making
    if endpoint.is_reading or is_kept:
        return
    gone = [*endpoint.collections[-1:], *actor.used]
    # Objects below a deleted object are deleted with it.
    for collection in [
        candidate for candidate in actor.objects if any(candidate.startswith(prefix) for prefix in gone)
    ]:
        del actor.objects[collection]
        actor.alternates.pop(collection, None)


def _optional(endpoint: Endpoint) -> set[str]:
    schema = endpoint.body_schema or {}
    return set(schema.get("properties", {})) - set(schema.get("required", ()))


def _variants(endpoint: Endpoint) -> Iterator[Options]:
    """Give the options to try for a good request, the likeliest first."""
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
