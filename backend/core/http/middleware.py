"""The middleware around every request: its log line, cancellation on disconnect, `Cache-Control`."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog

from backend.core.identity.authenticator import PRINCIPAL
from backend.core.logging import describe_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from backend.core.tokens.claims import Principal

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_log = structlog.get_logger("backend.requests")


class RequestLogMiddleware:
    """Logs every request with the template of its route, and responds to unexpected errors.

    Args:
        app: The application.
        on_error: An ASGI application that responds if `app` fails before its response begins.
        name_caller: Returns the pseudonym of a caller (003/FR-044).
    """

    def __init__(self, app: ASGIApp, on_error: ASGIApp, name_caller: Callable[[Principal], str]) -> None:
        self._app = app
        self._on_error = on_error
        self._name_caller = name_caller

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
            except Exception as error:  # noqa: BLE001  # beyond this, the server would log a traceback
                _log.error("request_failed", **describe_error(error))
                if not status:
                    await self._on_error(scope, receive, note_status)
            finally:
                self._log_request(scope, status, time.perf_counter() - start)

    def _log_request(self, scope: Scope, status: int, seconds: float) -> None:
        method, principal = scope["method"], scope.get(PRINCIPAL)
        _log.info(
            "request_answered" if status else "request_abandoned",
            method=method if method in _METHODS else "other",
            # Not the path: it contains ids.
            route=getattr(scope.get("route"), "path_format", None),
            status=status,
            milliseconds=round(seconds * 1000, 2),
            **({"caller": self._name_caller(principal)} if principal else {}),
        )


class CancelOnDisconnectMiddleware:
    """Cancels the handling of a request when its client disconnects (003/FR-039).

    The task is cancelled, so that its transaction is rolled back and its database connection is free
    again. It is cancelled once: a second cancellation would interrupt the rollback.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        work = asyncio.current_task()
        if scope["type"] != "http" or work is None:
            await self._app(scope, receive, send)
            return
        watch = _Watch(receive, work)
        if _has_no_body(scope):
            watch.start()

        async def note_end(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                watch.stop()

        try:
            await self._app(scope, watch.receive, note_end)
        except asyncio.CancelledError:
            if not watch.has_cancelled:
                raise  # cancelled by the server at its shutdown
        finally:
            watch.stop()
            if watch.has_cancelled:
                work.uncancel()


class _Watch:
    """Waits for the disconnect of the client, from the end of the request body to the end of the response.

    Args:
        receive: Returns the messages of the server. It is not called for the body before the
            application calls it, because the application may refuse the request without the body.
        work: The task to cancel.
    """

    def __init__(self, receive: Receive, work: asyncio.Task[Any]) -> None:
        self.has_cancelled = False
        self._receive = receive
        self._work = work
        self._watching: asyncio.Task[None] | None = None
        self._has_empty_body = False

    async def receive(self) -> Message:
        """Receive a message for the application."""
        if self._has_empty_body:
            self._has_empty_body = False
            return {"type": "http.request", "body": b"", "more_body": False}
        if self._watching is not None:
            await asyncio.wait([self._watching])
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._watching = asyncio.create_task(self._watch())
        return message

    def start(self) -> None:
        """Start at once, for a request without a body."""
        self._has_empty_body = True
        self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Stop, at the end of the response or of the application."""
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.has_cancelled = True
        self._work.cancel()


def _has_no_body(scope: Scope) -> bool:
    """Return whether the headers rule out a body; only HTTP/1 requires headers for a body."""
    return scope["http_version"].startswith("1") and not any(
        name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"]
    )


class NoStoreMiddleware:
    """Sets `Cache-Control` on responses below a path and on responses to authenticated callers (003/FR-021).

    Args:
        app: The application.
        prefix: The path, such as `/api/`.
        value: The value of the header.
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
                others = [
                    (name, text) for name, text in message["headers"] if name.lower() != b"cache-control"
                ]
                message = {**message, "headers": [*others, self._header]}
            await send(message)

        await self._app(scope, receive, send_with_header)
