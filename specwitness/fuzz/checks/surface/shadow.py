"""Routes and methods that are served and stand in no contract."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from specwitness.app_routes import ANY, WEBSOCKET, list_routes
from specwitness.fuzz.api.endpoint import Endpoint, list_collections
from specwitness.fuzz.api.purpose import noun_at, noun_for
from specwitness.fuzz.api.words import USERS
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.http.message import Request, fill
from specwitness.openapi import strip_base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.session.context import Trial

_PROBED = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TOOLS = re.compile(r"^/(openapi(\.(json|ya?ml))?|docs(/.*)?|redoc|favicon\.ico|metrics|static.*)$")
_OPERATIONS = re.compile(r"^/(health\w*|live\w*|ready\w*|ping|status|version)(/.*)?$")
_NOT_SERVED = frozenset({401, 403, 404, 405, 406, 410, 429, 501})
_PARAMETER = re.compile(r"\{[^{}]+\}")


def check_shadow(trial: Trial) -> None:
    """Call what the app serves beside its contract, and what documented paths might serve beside it."""
    app, ignored = trial.plan.app, trial.plan.ignored
    if not trial.surface.endpoints:
        return
    known = {(operation.method, operation.shape) for operation in trial.surface.endpoints}
    home = trial.surface.endpoints[0]
    listed = set[str]()
    for method, full in list_routes(app):
        if method in {ANY, WEBSOCKET}:
            continue
        path = strip_base(full, trial.client.base)
        shape = _PARAMETER.sub("{}", path)
        listed.add(shape)
        is_known = (method, shape) in known or _TOOLS.match(path) or method in {"HEAD", "OPTIONS"}
        # What operators ask stands beside the base of the contract.
        is_known = is_known or (bool(trial.client.base) and path == full and bool(_OPERATIONS.match(path)))
        if not is_known and not {path, f"{method} {path}", full, f"{method} {full}"} & ignored:
            nearest = next(
                (operation for operation in trial.surface.endpoints if operation.shape == shape), home
            )
            is_whole = path == full and bool(trial.client.base)
            _call(trial, nearest, method, path, is_listed=True, is_whole=is_whole)
    for shape, endpoint in {operation.shape: operation for operation in trial.surface.endpoints}.items():
        if shape in listed:
            # The app itself has said which methods there are.
            trial.ledger.tally(endpoint, "shadow").attacks["the app's own list of its routes"] += 1
            trial.judged(endpoint, "shadow")
        for method in _PROBED if shape not in listed else ():
            if (method, shape) not in known and not {endpoint.path, f"{method} {endpoint.path}"} & ignored:
                _call(trial, endpoint, method, endpoint.path)


def _find_protected(trial: Trial) -> Endpoint | None:
    return next((endpoint for endpoint in trial.surface.endpoints if endpoint.is_protected), None)


def _guess_values(trial: Trial, path: str) -> Iterator[Any]:
    """Give what the parameters of a path in no contract may want: alice's objects of the kind, or alice."""
    names = [entry.strip("{}").partition(":")[0] for entry in _PARAMETER.findall(path)]
    for name, shape in zip(names, list_collections(path), strict=True):
        noun = noun_for(name, shape)
        things = trial.alice.things.items()
        known = [stored.values[-1] for prefix, stored in things if noun_at(prefix) == noun_at(shape)]
        subject = trial.alice.identity.subject if noun in USERS else None
        yield next(iter(known), subject or "1")


def _call(
    trial: Trial,
    endpoint: Endpoint,
    method: str,
    path: str,
    *,
    is_listed: bool = False,
    is_whole: bool = False,
) -> None:
    thing = (
        trial.world.obtain(endpoint, trial.alice) if endpoint.path_names and path == endpoint.path else None
    )
    values = thing.values if thing else tuple(_guess_values(trial, path))
    body = b"{}" if method in {"POST", "PUT", "PATCH"} else None
    headers = (("Content-Type", "application/json"),) if body else ()
    request = Request(method, fill(path, values), headers=headers, body=body, is_whole=is_whole)
    if not request.is_safe and not trial.client.may_write:
        return
    # What the app lists beside a template that takes the path too is served all the same.
    if not is_listed and trial.surface.overlaps(method, path):
        return
    # What needs no credentials may stand beside what does.
    like = endpoint if endpoint.is_protected else _find_protected(trial)
    signed = trial.world.sign(like or endpoint, trial.alice, request)
    answer = trial.client.send(signed)
    trial.ledger.count(endpoint, "shadow", f"{method} {path}", answer.status)
    trial.judged(endpoint, "shadow")
    if answer.status not in _NOT_SERVED:
        text = f"and beside it {method} {path} answers {answer.status}, and the contract does not know it"
        trial.blame(endpoint, "shadow", text, signed)


CHECKS = (
    Check(
        name="shadow",
        order=110,
        title="serves nothing beside the contract",
        tries=(
            "the service has routes or methods that the contract does not name; for an app, its "
            "router lists them"
        ),
        requirements="only documented operations are served",
        scope=Scope.RUN,
        run_once=check_shadow,
    ),
)
