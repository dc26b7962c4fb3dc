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
    """Name another user's object with each option: `?format=csv` may take a path without the owner check."""
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
    """List the options of an operation: each value of an enumeration, together with all flags set to true.

    With a safe method they are parameters: `format: csv | json` and a flag `all` give `{"format": "csv",
    "all": True}` and `{"format": "json", "all": True}`. With any other method they are members of the
    body, without flags. At most eight are listed.
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
    candidates = [{**together, **flags}, *({**flags, name: value} for name in enums for value in enums[name])]
    distinct = (value for index, value in enumerate(candidates) if value and value not in candidates[:index])
    return [options for options in distinct if options != flags or options == candidates[0]][:_MOST_OPTIONS]


def describe_options(options: Options) -> str:
    """Write options for a message: `format=csv, all=true`."""
    return ", ".join(f"{name}={as_text(value)}" for name, value in options.items())


def with_options(endpoint: Endpoint, request: Request, options: Options) -> Request:
    """Copy a request with options in path and query, or in the body if the method is not a safe one."""
    if endpoint.is_safe:
        placed = _with_choices(endpoint, request, options)
        names = endpoint.path_names
        return placed.with_query(
            tuple((name, as_text(value)) for name, value in options.items() if name not in names)
        )
    body = request.read_json()
    return request.with_json({**body, **options}) if isinstance(body, dict) else request


def _with_choices(endpoint: Endpoint, request: Request, options: Options) -> Request:
    """Replace segments of the path: `/reports/pdf` with `{"format": "csv"}` gives `/reports/csv`."""
    segments, template = request.path.split("/"), endpoint.path.split("/")
    if len(segments) != len(template):
        return request
    for name, value in options.items():
        segments = [
            encode_segment(as_text(value)) if placeholder == f"{{{name}}}" else segment
            for segment, placeholder in zip(segments, template, strict=True)
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
