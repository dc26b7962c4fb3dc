"""What happens around every request: its line in the log, and the caches it stays out of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from backend.core.dependencies import PRINCIPAL
from backend.core.logging import describe_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_log = structlog.get_logger("backend.requests")


class RequestLogMiddleware:
    """Logs each request by its route's template, and answers for errors that nobody foresaw.

    Args:
        app: The application.
        on_error: The application that answers when the first one failed before it began to answer.
    """

    def __init__(self, app: ASGIApp, on_error: ASGIApp) -> None:
        self._app = app
        self._on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        start = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=uuid4().hex):
            try:
                await self._app(scope, receive, note_status)
            except Exception as error:  # noqa: BLE001  # the last place before the server, which logs tracebacks
                _log.error("request_failed", **describe_error(error))
                if not status:
                    await self._on_error(scope, receive, note_status)
            finally:
                _log_request(scope, status, time.perf_counter() - start)


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"]
    _log.info(
        "request_answered",
        method=method if method in _METHODS else "other",
        # Never the path itself: it holds ids.
        route=getattr(scope.get("route"), "path_format", None),
        status=status,
        milliseconds=round(seconds * 1000, 2),
    )


class NotCachedMiddleware:
    """Keeps every answer under a path, and every answer to a known caller, out of all caches (003/FR-021).

    Args:
        app: The application.
        prefix: The path.
        value: The `Cache-Control` of its answers.
    """

    def __init__(self, app: ASGIApp, prefix: str, value: str) -> None:
        self._app = app
        self._prefix = prefix
        self._header = (b"cache-control", value.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_below = scope["path"].startswith(self._prefix)

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start" and (is_below or PRINCIPAL in scope):
                others = [each for each in message["headers"] if each[0].lower() != b"cache-control"]
                message = {**message, "headers": [*others, self._header]}
            await send(message)

        await self._app(scope, receive, send_with_header)
