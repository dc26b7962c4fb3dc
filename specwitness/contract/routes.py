"""Compares the contract with the routes of the running app, hidden ones included."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from specwitness.app_routes import ANY, WEBSOCKET
from specwitness.contract.comparison import report_undocumented
from specwitness.contract.sides import shape_of
from specwitness.model import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from specwitness.openapi import Contract

_SWITCHING_PROTOCOLS = str(HTTPStatus.SWITCHING_PROTOCOLS.value)  # a GET with a 101 documents a WebSocket


def compare_routes(
    contract: Contract, routes: Sequence[tuple[str, str]], allowed: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Find routes of the running app that are not in the contract, and operations without a route.

    Args:
        contract: The hand-written contract.
        routes: Method and path of each route; `{name:converter}` is read as `{name}`. An empty
            sequence means that the routes are unknown.
        allowed: Paths, or `METHOD /path`, that need not be in the contract.
    """
    served = sorted({(_plain(path), method.upper()) for method, path in routes})
    return (*_find_extra(contract, served, allowed), *(_find_missing(contract, served) if served else ()))


def _find_extra(
    contract: Contract, served: Sequence[tuple[str, str]], allowed: Collection[str]
) -> Iterator[Finding]:
    known = {(operation.method, shape_of(operation.path)) for operation in contract.operations}
    # Frameworks add a HEAD route to every GET route.
    known |= {("HEAD", shape) for method, shape in known if method == "GET"}
    known |= {
        (WEBSOCKET, shape_of(operation.path))
        for operation in contract.operations
        if operation.method == "GET" and _SWITCHING_PROTOCOLS in operation.statuses
    }
    known |= {(ANY, shape) for _, shape in known}
    for path, method in served:
        is_twin = method == "HEAD" and (path, "GET") in served
        is_known = is_twin or (method, shape_of(path)) in known
        if not is_known and path not in allowed and f"{method} {path}" not in allowed:
            yield report_undocumented(contract, method, path)


def _find_missing(contract: Contract, served: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    shapes = {(method, shape_of(path)) for path, method in served}
    open_ended = [shape_of(path).removesuffix("/{}") for path, method in served if method == ANY]
    for operation in contract.operations:
        shape = shape_of(operation.path)
        is_served = {(operation.method, shape), (WEBSOCKET, shape)} & shapes
        if not is_served and not any(f"{shape}/".startswith(f"{prefix}/") for prefix in open_ended):
            yield Finding(
                code="missing-route",
                message=f"the app has no route for {operation.name}",
                location=operation.location,
                remedy="add the route to the app, or remove the operation from the contract",
            )


def _plain(path: str) -> str:
    return re.sub(r"\{([^}:]*):[^}]*\}", r"{\1}", path)
