"""Routes that know the caller before they read the body, and the check that each one is protected."""

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
    """Authenticates first where the endpoint depends on the caller, and bounds the body.

    FastAPI reads and parses a body before it solves dependencies, so that strangers would learn
    whether their body fits (003/FR-005, 003/SC-001). Whether a route is protected stays the matter
    of its declared dependencies alone; this class only moves the check forward.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler, which reads the body."""
        handle = super().get_route_handler()
        answers: dict[int, bool] = {}  # whether the caller is asked for, by the way the route is included

        async def authenticate_first(request: Request) -> Response:
            # Routers may be included with further dependencies; FastAPI notes those in the scope.
            context = request.scope.get("fastapi", {}).get("effective_route_context")
            dependant = getattr(context, "dependant", None) or self.dependant
            overrides = request.app.dependency_overrides
            if overrides:
                is_protected = requires_caller(dependant, overrides)
            elif id(dependant) in answers:
                is_protected = answers[id(dependant)]
            else:
                is_protected = answers[id(dependant)] = requires_caller(dependant)
            if is_protected:
                await get_authenticator(request).authenticate(request)
            return await handle(_StrictRequest(request))

        return authenticate_first


def requires_caller(dependant: Dependant, overrides: Container[Any] = ()) -> bool:
    """Tell whether a route, or anything it depends on, asks for the caller (003/FR-007).

    Args:
        dependant: What FastAPI knows of the route's dependencies.
        overrides: Dependencies that tests replaced, with all below them.
    """
    return any(
        each.call not in overrides
        and (isinstance(each.call, CallerBearer) or requires_caller(each, overrides))
        for each in dependant.dependencies
    )


def find_open_routes(app: FastAPI, public: Container[str]) -> list[str]:
    """Find the routes that anybody may call though nobody said so (003/FR-030).

    Args:
        app: The application; included routers, mounts, WebSockets and hidden routes are looked at too.
        public: The paths that anybody may call.

    Returns:
        Method, path and place of each, as `GET /api/me (backend/api/me.py:27)`.
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
    """Find path and dependencies of each `frontend()`: FastAPI keeps those apart from all other routes."""
    groups = list(getattr(app.router, "_low_priority_routes", ()))
    for route in app.routes:
        included = getattr(route, "effective_low_priority_routes", None)
        groups += included() if included else []
    for group in groups:
        prefix = getattr(group, "frontend_prefix", "")
        for frontend in getattr(getattr(group, "original_route", group), "routes", ()):
            yield f"{prefix}{frontend.path}", group.dependant


def refuse_open_routes(app: FastAPI, public: Container[str]) -> None:
    """Refuse to serve while a route is neither protected nor public (003/FR-007, 003/FR-030).

    Raises:
        ConfigurationError: There is such a route; each is named with its place.
    """
    remedy = "declare CurrentUserId in its endpoint, or name its path among the public ones (003/FR-007)"
    if found := find_open_routes(app, public):
        raise ConfigurationError([(each, f"is open to anybody: {remedy}") for each in found])


def _describe_route(context: Any) -> str:
    methods = ",".join(sorted(context.methods or ())) or type(context.original_route).__name__
    code = getattr(inspect.unwrap(context.endpoint), "__code__", None) if context.endpoint else None
    place = f" ({_shorten(code.co_filename)}:{code.co_firstlineno})" if code else ""
    return f"{methods} {context.path or '(a mount)'}{place}"


def _shorten(file: str) -> str:
    """Tell a file from the repository's top, where it is in it."""
    root = Path(__file__).resolve().parents[3]
    return Path(file).relative_to(root).as_posix() if Path(file).is_relative_to(root) else Path(file).name


class _StrictRequest(Request):
    """A request whose body is bounded before it is read, and JSON in UTF-8 alone (RFC 8259 §8.1)."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, _bound_body(request))

    async def json(self) -> Any:
        """Parse the body; `json.loads` would guess the encoding of bytes."""
        return json.loads((await self.body()).decode("utf-8"))


def _bound_body(request: Request) -> Receive:
    """Refuse a body beyond the limit before the rest of it is read."""
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
