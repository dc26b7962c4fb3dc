"""Cross-origin requests: pages of the configured origins may call the API from a browser (003/FR-050)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_HEADERS = ("Authorization", "Content-Type")
# Headers that browsers hide from pages unless they are listed.
EXPOSED_HEADERS = ("Location", "Retry-After", "WWW-Authenticate")
PREFLIGHT_SECONDS = 600


class CrossOriginMiddleware:
    """Adds the CORS headers for pages of the allowed origins; without cookies, which the API does not use.

    A page of another origin gets responses without CORS headers. Starlette's response to its preflight
    request would list the allowed methods and headers.

    Args:
        app: The application.
        origins: The allowed origins as browsers send them, such as `https://app.example`.
        methods: The methods of the contract.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str], methods: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._with_headers = CORSMiddleware(
            app,
            allow_origins=self._origins,
            allow_methods=tuple(methods),
            allow_headers=REQUEST_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif Headers(scope=scope).get("origin") in self._origins:
            await self._with_headers(scope, receive, send)
        else:
            await self._app(scope, receive, _vary(send))


def _vary(send: Send) -> Send:
    """Add `Vary: Origin`, so that no cache gives a response without CORS headers to an allowed page."""

    async def send_with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Origin")
        await send(message)

    return send_with_header
