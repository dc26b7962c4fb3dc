"""Lists the routes of a Starlette or FastAPI app: mounts, WebSockets, hidden routes and front ends too.

The frameworks are not imported: their objects are recognised by their attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.openapi import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY = "*"
"""The method of a route that answers any method, such as mounted files."""

WEBSOCKET = "WEBSOCKET"
"""The method of a route that opens a WebSocket."""


def list_routes(app: Any) -> tuple[tuple[str, str], ...]:
    """List method and path of every route of an app, including those that its schema leaves out.

    Args:
        app: A FastAPI or Starlette app or router. Middleware around it is looked through by its
            attribute `app`.

    Returns:
        Sorted pairs such as `("GET", "/tasks/{id}")`; the method is `ANY` for a route that answers
        any method, and `WEBSOCKET` for a WebSocket.
    """
    seen: set[int] = set()
    while not hasattr(app, "routes") and hasattr(app, "app") and id(app) not in seen:
        seen.add(id(app))
        app = app.app
    return tuple(sorted(set(_walk_app(app, ""))))


def _walk_app(app: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in getattr(app, "routes", None) or ():
        yield from _walk(route, prefix)
    # FastAPI keeps front ends in a list of their own.
    router = getattr(app, "router", app)
    for group in getattr(router, "_low_priority_routes", ()):
        yield from _walk_front_ends(group, prefix)


def _walk(route: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if hasattr(route, "effective_candidates"):
        for candidate in route.effective_candidates():
            yield from _walk(candidate, prefix)
        for group in route.effective_low_priority_routes():
            yield from _walk_front_ends(group, prefix)
    elif getattr(route, "starlette_route", None) is not None:
        yield from _walk(route.starlette_route, prefix)
    elif hasattr(route, "routes"):
        yield from _walk_mount(route, prefix + getattr(route, "path", ""))
    else:
        path = prefix + str(getattr(route, "path", ""))
        for method in _methods_of(route):
            yield method, path


def _walk_mount(mount: Any, prefix: str) -> Iterator[tuple[str, str]]:
    inner = getattr(mount, "_base_app", getattr(mount, "app", None))
    found = [*_walk_app(mount, prefix), *(_walk_app(inner, prefix) if inner is not None else ())]
    yield from found or [(ANY, f"{prefix}/{{path}}")]


def _walk_front_ends(group: Any, prefix: str) -> Iterator[tuple[str, str]]:
    inside = prefix + getattr(group, "frontend_prefix", "")
    for front_end in getattr(getattr(group, "original_route", group), "routes", ()):
        yield ANY, f"{inside}{front_end.path}".rstrip("/") + "/{path}"


def _methods_of(route: Any) -> list[str]:
    if not hasattr(route, "methods"):
        return [WEBSOCKET]
    if route.methods:
        return sorted(route.methods)
    endpoint = getattr(route, "endpoint", None)
    own = [method.upper() for method in METHODS if hasattr(endpoint, method)]
    return own or [ANY]
