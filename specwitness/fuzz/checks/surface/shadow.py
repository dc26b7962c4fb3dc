"""Shadow routes: routes and methods that the service has and the contract does not name."""

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

    from specwitness.fuzz.session.context import Context

_PROBED = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TOOLS = re.compile(r"^/(openapi(\.(json|ya?ml))?|docs(/.*)?|redoc|favicon\.ico|metrics|static.*)$")
_OPERATIONS = re.compile(r"^/(health\w*|live\w*|ready\w*|ping|status|version)(/.*)?$")
_NOT_SERVED = frozenset({401, 403, 404, 405, 406, 410, 429, 501})
_PARAMETER = re.compile(r"\{[^{}]+\}")


def check_shadow(context: Context) -> None:
    """Call undocumented routes of the app, and undocumented methods of documented paths."""
    app, ignored = context.plan.app, context.plan.ignored
    if not context.surface.endpoints:
        return
    known = {(operation.method, operation.shape) for operation in context.surface.endpoints}
    home = context.surface.endpoints[0]
    listed = set[str]()
    for method, full in list_routes(app):
        if method in {ANY, WEBSOCKET}:
            continue
        path = strip_base(full, context.client.base)
        shape = _PARAMETER.sub("{}", path)
        listed.add(shape)
        is_known = (method, shape) in known or _TOOLS.match(path) or method in {"HEAD", "OPTIONS"}
        # `/health` may be outside of the contract's base path, `/api/v1`.
        is_known = is_known or (bool(context.client.base) and path == full and bool(_OPERATIONS.match(path)))
        if not is_known and not {path, f"{method} {path}", full, f"{method} {full}"} & ignored:
            nearest = next(
                (operation for operation in context.surface.endpoints if operation.shape == shape), home
            )
            is_whole = path == full and bool(context.client.base)
            _call(context, nearest, method, path, is_listed=True, is_whole=is_whole)
    for shape, endpoint in {operation.shape: operation for operation in context.surface.endpoints}.items():
        if shape in listed:
            # The list of the app's routes shows every method of this path.
            context.results.result(endpoint, "shadow").attacks["the app's own list of its routes"] += 1
            context.judged(endpoint, "shadow")
        for method in _PROBED if shape not in listed else ():
            if (method, shape) not in known and not {endpoint.path, f"{method} {endpoint.path}"} & ignored:
                _call(context, endpoint, method, endpoint.path)
        context.note_lack(endpoint, "shadow", "no method of its path is left that the contract does not know")


def _find_protected(context: Context) -> Endpoint | None:
    return next((endpoint for endpoint in context.surface.endpoints if endpoint.is_protected), None)


def _guess_values(context: Context, path: str) -> Iterator[Any]:
    """Give values for the parameters of an undocumented path: `/notes/{id}/raw` gets a note of alice.

    A parameter that names a user gets alice's id, and any other `1`.
    """
    names = [placeholder.strip("{}").partition(":")[0] for placeholder in _PARAMETER.findall(path)]
    for name, shape in zip(names, list_collections(path), strict=True):
        noun = noun_for(name, shape)
        objects = context.alice.objects.items()
        known = [stored.values[-1] for prefix, stored in objects if noun_at(prefix) == noun_at(shape)]
        subject = context.alice.identity.subject if noun in USERS else None
        yield next(iter(known), subject or "1")


def _call(
    context: Context,
    endpoint: Endpoint,
    method: str,
    path: str,
    *,
    is_listed: bool = False,
    is_whole: bool = False,
) -> None:
    stored = (
        context.builder.obtain(endpoint, context.alice)
        if endpoint.path_names and path == endpoint.path
        else None
    )
    values = stored.values if stored else tuple(_guess_values(context, path))
    body = b"{}" if method in {"POST", "PUT", "PATCH"} else None
    headers = (("Content-Type", "application/json"),) if body else ()
    request = Request(method, fill(path, values), headers=headers, body=body, is_whole=is_whole)
    if not request.is_safe and not context.client.may_write:
        return
    # A route that the app lists is tried even if a template of the contract matches its path too.
    if not is_listed and context.surface.overlaps(method, path):
        return
    # An undocumented route may be protected even if its neighbour is public: credentials are sent.
    signing_endpoint = endpoint if endpoint.is_protected else _find_protected(context)
    signed = context.builder.sign(signing_endpoint or endpoint, context.alice, request)
    response = context.client.send(signed)
    context.results.count(endpoint, "shadow", f"{method} {path}", response.status)
    context.judged(endpoint, "shadow")
    if response.status not in _NOT_SERVED:
        text = f"and beside it {method} {path} answers {response.status}, and the contract does not know it"
        context.report(endpoint, "shadow", text, signed)


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
