"""Rejected calls: a request with one bad member gets a 422, and no other member of it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.schema import resolve, type_of
from specwitness.fuzz.checks.isolation.two_users import find_owned, make_absent, observe_owned
from specwitness.fuzz.checks.registry import Check
from specwitness.fuzz.requests.versions import is_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.session.context import Context

_LATER = 7


def check_rejected_calls(context: Context, endpoint: Endpoint) -> None:
    """Send requests of the owner with one fault each, and report a refused one that changed an object."""
    if endpoint.is_safe or endpoint.is_reading or not (endpoint.media or "").endswith("json"):
        return
    alice = context.alice
    owned = find_owned(context, endpoint)
    path = owned.get(endpoint.last_collection, ())
    baseline = context.request(endpoint, alice, path or None)
    if baseline is None or baseline.body is None:
        return
    for attack, request in _almost_right(context, endpoint, baseline):
        before = observe_owned(context, endpoint, owned, path)
        if not before:
            context.note_lack(
                endpoint, "side_effect", "no operation shows the owner the objects that the call changes"
            )
            context.prepare(endpoint, request)
            continue
        response = context.send(endpoint, "side_effect", attack, request)
        if response.succeeded or response.crashed:
            continue
        context.judged(endpoint, "side_effect")
        if change := context.find_change(before):
            text = f"with {attack} answered {response.status}, and then {change[0]}"
            context.report(endpoint, "side_effect", text, request)
            return


def _almost_right(context: Context, endpoint: Endpoint, good: Request) -> Iterator[tuple[str, Request]]:
    body = good.read_json()
    if not isinstance(body, dict) or endpoint.body_schema is None:
        return
    version = next(
        (name for name, value in body.items() if is_version(name) and isinstance(value, int)), None
    )
    if version is not None:
        yield "a version that is not there", good.with_json({**body, version: body[version] + _LATER})
    header = next((name for name, _ in good.headers if is_version(name)), None)
    if header is not None:
        yield "a version that is not there", good.with_headers(((header, '"none-of-yours"'),))
    last = next(reversed(body), None)
    if last is not None and len(body) > 1:
        # A service may store the members before it while it validates member by member.
        yield "a last member of another type", good.with_json({**body, last: _misfit(endpoint, last)})
    references = [name for name in context.alice.named if name in body and name != last]
    for name in references[:1]:
        value = body[name]
        absent = (
            [make_absent(object_id, 3) for object_id in value]
            if isinstance(value, list)
            else make_absent(value, 3)
        )
        yield f"an absent id as {name}", good.with_json({**body, name: absent})


def _misfit(endpoint: Endpoint, name: str) -> Any:
    schema = resolve((endpoint.body_schema or {}).get("properties", {}).get(name, {}), endpoint.document)
    return "x" if type_of(schema) == "object" else {"x": 1}


CHECKS = (
    Check(
        name="side_effect",
        order=60,
        title="changes nothing when it refuses",
        tries=(
            "a rejected call changes something: a call of another user, and an own one that is almost right"
        ),
        requirements="a refused request changes nothing",
        fits=lambda context, endpoint: context.is_ordinary(endpoint),
        run=check_rejected_calls,
    ),
)
