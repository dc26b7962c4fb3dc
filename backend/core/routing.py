"""The route class that knows the caller before it reads the request's body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute
from starlette.requests import Request

from backend.core.dependencies import get_authenticator, get_principal
from backend.core.errors import RequestInvalidError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine

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

        async def authenticate_first(request: Request) -> Response:
            # Routers may be included with further dependencies; FastAPI notes those in the scope.
            context = request.scope.get("fastapi", {}).get("effective_route_context")
            dependant = getattr(context, "dependant", None) or self.dependant
            if requires_caller(dependant, request.app.dependency_overrides):
                get_authenticator(request).authenticate(request)
            return await handle(_StrictRequest(request))

        return authenticate_first


def requires_caller(dependant: Dependant, overrides: Container[Any] = ()) -> bool:
    """Tell whether a route, or anything it depends on, asks for the caller (003/FR-007).

    Args:
        dependant: What FastAPI knows of the route's dependencies.
        overrides: Dependencies that tests replaced, with all below them.
    """
    return any(
        each.call not in overrides and (each.call is get_principal or requires_caller(each, overrides))
        for each in dependant.dependencies
    )


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
