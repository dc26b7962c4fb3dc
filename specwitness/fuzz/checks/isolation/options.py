"""Options of an operation: each value of an enumeration, and all flags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.endpoint import Endpoint, is_choice
from specwitness.fuzz.api.schema import resolve, type_of
from specwitness.fuzz.checks.isolation.two_users import absent_ids, impersonate, shows
from specwitness.fuzz.http.message import Request, as_text, encode_segment
from specwitness.fuzz.session.context import Case

if TYPE_CHECKING:
    from specwitness.fuzz.checks.isolation.two_users import Exchange, Owned
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

    Options = dict[str, Any]


_MOST_OPTIONS = 8


def check_options(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another's object with each option set: what is checked without it may not be with it."""
    path = owned.get(endpoint.last_collection)
    if path is None:
        return
    for options in list_options(endpoint):
        request, response = _call_with(context, endpoint, bob, owned, options=options)
        if request is None or response is None:
            continue
        if not response.succeeded:
            context.judged(endpoint, "isolation", by=response)
            continue
        absent = _call_with(context, endpoint, bob, absent_ids(owned, 0), options=options)[1]
        if absent is not None and (endpoint.is_safe or not absent.succeeded):
            context.judged(endpoint, "isolation", by=response)
        if absent is not None and (not absent.succeeded or shows(response, context.alice, request)):
            text = f"as another user, with {describe_options(options)}, answered {response.status}"
            context.report(endpoint, "isolation", text, request)


def list_options(endpoint: Endpoint) -> list[Options]:
    """Give what an operation may be asked beside the usual: each value of an enumeration, all flags with it.

    Of what reads they are parameters, of what changes members of the body.
    """
    if endpoint.is_safe:
        members = {
            parameter.name: parameter.schema
            for parameter in endpoint.parameters
            if (parameter.location == "query" and not parameter.required)
            or (parameter.location == "path" and is_choice(parameter))
        }
    else:
        properties = (endpoint.body_schema or {}).get("properties", {})
        members = {name: resolve(member, endpoint.document) for name, member in properties.items()}
    enums = {name: item["enum"] for name, item in members.items() if item.get("enum")}
    flags: Options = {
        name: True for name, item in members.items() if endpoint.is_safe and type_of(item) == "boolean"
    }
    together = {name: values[0] for name, values in enums.items()} if endpoint.is_safe else {}
    found = [{**together, **flags}, *({**flags, name: value} for name in enums for value in enums[name])]
    is_new = (value for index, value in enumerate(found) if value and value not in found[:index])
    return [entry for entry in is_new if entry != flags or entry == found[0]][:_MOST_OPTIONS]


def describe_options(options: Options) -> str:
    """Name options as a sentence takes them: `format=csv, all=true`."""
    return ", ".join(f"{name}={as_text(value)}" for name, value in options.items())


def with_options(endpoint: Endpoint, request: Request, options: Options) -> Request:
    """Give a request with options put in."""
    if endpoint.is_safe:
        placed = _with_choices(endpoint, request, options)
        names = endpoint.path_names
        return placed.with_query(
            tuple((name, as_text(value)) for name, value in options.items() if name not in names)
        )
    body = request.read_json()
    return request.with_json({**body, **options}) if isinstance(body, dict) else request


def _with_choices(endpoint: Endpoint, request: Request, options: Options) -> Request:
    """Give a request with choices put into its path."""
    segments, template = request.path.split("/"), endpoint.path.split("/")
    if len(segments) != len(template):
        return request
    for name, value in options.items():
        segments = [
            encode_segment(as_text(value)) if entry == f"{{{name}}}" else segment
            for segment, entry in zip(segments, template, strict=True)
        ]
    return replace(request, path="/".join(segments))


def _call_with(
    context: Context, endpoint: Endpoint, bob: Actor, owned: Owned, *, options: Options
) -> Exchange:
    place = owned[endpoint.last_collection]
    exchange = context.call(
        endpoint,
        impersonate(context, bob, owned),
        place,
        case=Case("isolation", f"another's id with {describe_options(options)}"),
        change=lambda request: with_options(endpoint, request, options),
    )
    return exchange or (None, None)
