"""A call of the owner's that is refused changes nothing: not what was valid of it, and not all of it."""

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
    from specwitness.fuzz.session.context import Trial

_LATER = 7


def check_refusal(trial: Trial, endpoint: Endpoint) -> None:
    """Send as the owner what is almost right, and see that a refusal left everything as it was."""
    if endpoint.is_safe or endpoint.is_reading or not (endpoint.media or "").endswith("json"):
        return
    alice = trial.alice
    owned = find_owned(trial, endpoint)
    path = owned.get(endpoint.last_collection, ())
    good = trial.request(endpoint, alice, path or None)
    if good is None or good.body is None:
        return
    for attack, request in _almost_right(trial, endpoint, good):
        before = observe_owned(trial, endpoint, owned, path)
        if not before:
            trial.lack(endpoint, "side_effect", "no operation shows the owner what the call changes")
            trial.prepare(endpoint, request)
            continue
        answer = trial.send(endpoint, "side_effect", attack, request)
        if answer.succeeded or answer.crashed:
            continue
        trial.judged(endpoint, "side_effect")
        if change := trial.find_change(before):
            text = f"with {attack} answered {answer.status}, and then {change[0]}"
            trial.blame(endpoint, "side_effect", text, request)
            return


def _almost_right(trial: Trial, endpoint: Endpoint, good: Request) -> Iterator[tuple[str, Request]]:
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
        # What stands before it may have been stored already when it is looked at.
        yield "a last member of another type", good.with_json({**body, last: _misfit(endpoint, last)})
    references = [name for name in trial.alice.named if name in body and name != last]
    for name in references[:1]:
        value = body[name]
        absent = (
            [make_absent(entry, 3) for entry in value] if isinstance(value, list) else make_absent(value, 3)
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
        fits=lambda trial, endpoint: trial.is_ordinary(endpoint),
        run=check_refusal,
    ),
)
