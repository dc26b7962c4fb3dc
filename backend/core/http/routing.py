"""Routes that authenticate before they read the body, and the check that every route is protected."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request

from backend.core.errors import ConfigurationError, RequestInvalidError
from backend.core.identity.authenticator import get_authenticator
from backend.core.identity.bearer import CallerBearer

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine, Iterator

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant
    from starlette.responses import Response
    from starlette.types import Message, Receive

MAX_BODY_BYTES = 64 * 1024


class AuthenticateFirstRoute(APIRoute):
    """Authenticates before the body is read, if the endpoint depends on the caller; limits the body.

    FastAPI parses the body before it resolves dependencies: without this class, an invalid body without
    credentials gets 422 in place of 401 (003/FR-005, 003/SC-001). The declared dependencies alone decide
    whether a route is protected.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler, which reads the body."""
        handle = super().get_route_handler()
        known: dict[int, bool] = {}  # id of a dependant -> whether it requires the caller

        async def authenticate_first(request: Request) -> Response:
            # An included router may add dependencies; FastAPI puts those into the scope.
            context = request.scope.get("fastapi", {}).get("effective_route_context")
            dependant = getattr(context, "dependant", None) or self.dependant
            overrides = request.app.dependency_overrides
            if overrides:
                is_protected = requires_caller(dependant, overrides)
            elif id(dependant) in known:
                is_protected = known[id(dependant)]
            else:
                is_protected = known[id(dependant)] = requires_caller(dependant)
            if is_protected:
                await get_authenticator(request).authenticate(request)
            return await handle(_StrictRequest(request))

        return authenticate_first


def requires_caller(dependant: Dependant, overrides: Container[Any] = ()) -> bool:
    """Return whether a route depends on the caller, directly or through other dependencies (003/FR-007).

    Args:
        dependant: FastAPI's description of the route's dependencies.
        overrides: Dependencies that tests have replaced; they and their own dependencies do not count.
    """
    return any(
        dependency.call not in overrides
        and (isinstance(dependency.call, CallerBearer) or requires_caller(dependency, overrides))
        for dependency in dependant.dependencies
    )


def find_open_routes(app: FastAPI, public: Container[str]) -> list[str]:
    """Find the routes that are neither protected nor public (003/FR-030).

    Args:
        app: The application, with included routers, mounts, WebSockets and hidden routes.
        public: The public paths.

    Returns:
        Method, path and place of every such route: `GET /api/me (backend/api/me.py:27)`.
    """
    routes = [
        _describe_route(context)
        for context in iter_route_contexts(app.routes)
        if context.path not in public
        and not ((dependant := getattr(context, "dependant", None)) and requires_caller(dependant))
    ]
    frontends = [
        f"GET,HEAD {path} (a front end)"
        for path, dependant in _find_frontends(app)
        if path not in public and not requires_caller(dependant)
    ]
    return routes + frontends


def _find_frontends(app: FastAPI) -> Iterator[tuple[str, Any]]:
    """Find path and dependencies of every `app.frontend()`, which FastAPI keeps apart from other routes."""
    groups = list(getattr(app.router, "_low_priority_routes", ()))
    for route in app.routes:
        included = getattr(route, "effective_low_priority_routes", None)
        groups += included() if included else []
    for group in groups:
        prefix = getattr(group, "frontend_prefix", "")
        for frontend in getattr(getattr(group, "original_route", group), "routes", ()):
            yield f"{prefix}{frontend.path}", group.dependant


def refuse_open_routes(app: FastAPI, public: Container[str]) -> None:
    """Check that every route is protected or public (003/FR-007, 003/FR-030).

    Raises:
        ConfigurationError: Some routes are neither; the message names them with their places.
    """
    remedy = "declare CurrentUserId in its endpoint, or name its path among the public ones (003/FR-007)"
    if found := find_open_routes(app, public):
        raise ConfigurationError([(route, f"is open to anybody: {remedy}") for route in found])


def _describe_route(context: Any) -> str:
    methods = ",".join(sorted(context.methods or ())) or type(context.original_route).__name__
    code = getattr(inspect.unwrap(context.endpoint), "__code__", None) if context.endpoint else None
    place = f" ({_shorten(code.co_filename)}:{code.co_firstlineno})" if code else ""
    return f"{methods} {context.path or '(a mount)'}{place}"


def _shorten(file: str) -> str:
    """Return a path relative to the repository, or the file's name alone if it is elsewhere."""
    root = Path(__file__).resolve().parents[3]
    return Path(file).relative_to(root).as_posix() if Path(file).is_relative_to(root) else Path(file).name


class _StrictRequest(Request):
    """A request whose body has a limited size and, as JSON, is UTF-8 (RFC 8259 §8.1)."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, _bound_body(request))

    async def json(self) -> Any:
        """Parse the body as UTF-8; `json.loads` would also accept bytes in UTF-16 and UTF-32."""
        return json.loads((await self.body()).decode("utf-8"))


def _bound_body(request: Request) -> Receive:
    """Refuse a body as soon as it exceeds the limit, without reading the rest."""
    announced = request.headers.get("content-length", "")
    received = 0

    async def receive() -> Message:
        nonlocal received
        if announced.isdecimal() and int(announced[:20]) > MAX_BODY_BYTES:
            raise _too_large()
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise _too_large()
        return message

    return receive


def _too_large() -> RequestInvalidError:
    return RequestInvalidError(("body", f"is larger than {MAX_BODY_BYTES} bytes"))
