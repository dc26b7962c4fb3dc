"""Which pages may call from a browser: those of the configured origins, and nobody else's (003/FR-050)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_HEADERS = ("Authorization", "Content-Type")
# What a page needs to know of an answer and would not be shown.
ANSWER_HEADERS = ("Location", "Retry-After", "WWW-Authenticate")
PREFLIGHT_SECONDS = 600


class CrossOriginMiddleware:
    """Opens the service to pages of some origins; without cookies, since it reads none.

    A page of another origin is answered as if it had none: Starlette's own answer to its preflight
    would list what is open to others.

    Args:
        app: The application.
        origins: As browsers send them, such as `https://app.example`.
        methods: Those that the contract knows.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str], methods: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._open = CORSMiddleware(
            app,
            allow_origins=self._origins,
            allow_methods=tuple(methods),
            allow_headers=REQUEST_HEADERS,
            expose_headers=ANSWER_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif Headers(scope=scope).get("origin") in self._origins:
            await self._open(scope, receive, send)
        else:
            await self._app(scope, receive, _vary(send))


def _vary(send: Send) -> Send:
    """Keep an answer without the headers out of the hands of a page that would need them."""

    async def send_with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Origin")
        await send(message)

    return send_with_header
