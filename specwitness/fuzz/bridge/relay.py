"""An app that passes every request of Schemathesis to the client of the run.

So the rules of the client hold for Schemathesis too: the base URL, no redirects, no proxies, no writes to
another machine, waits on 429, and the time budget.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from anyio import to_thread

from specwitness.errors import TargetError
from specwitness.fuzz.http.client import Client, OutOfTimeError
from specwitness.fuzz.http.message import Request, Response
from specwitness.fuzz.http.throttling import TOO_MANY, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.http.asgi import Message, Receive, Send

# The header of a response that the relay made itself; its value is the reason.
MARK = "x-specwitness-relay"
UNSENT, SILENT, THROTTLED = "unsent", "silent", "throttled"
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


class Relay:
    """The ASGI app that Schemathesis calls.

    Args:
        client: The client of the run.
        may_send: Whether a request belongs to the run.

    Attributes:
        ended: The error that ended the run, after which no request is sent; None before.
    """

    def __init__(self, client: Client, may_send: Callable[[Request], bool] = lambda _: True) -> None:
        self.ended: Exception | None = None
        self._client: Client | None = client
        self._may_send: Callable[[Request], bool] | None = may_send

    def close(self) -> None:
        """Let go of the client: Schemathesis keeps the app until the process ends."""
        self._client = self._may_send = self.ended = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            # An ASGI app declines a lifespan by an error (ASGI lifespan protocol 2.0).
            raise NotImplementedError(scope["type"])
        request = await _read(scope, receive)
        # The client blocks its thread; the event loop of Schemathesis has to go on.
        response = await to_thread.run_sync(self._exchange, request)
        headers = [
            (name.encode("latin-1"), line.encode("latin-1"))
            for name, lines in response.headers.items()
            for line in lines
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    def _exchange(self, request: Request) -> Response:
        client, may_send = self._client, self._may_send
        if client is None or may_send is None or self.ended:
            return _mark(HTTPStatus.SERVICE_UNAVAILABLE, UNSENT)
        if not (request.is_safe or client.may_write) or not may_send(request):
            return _mark(HTTPStatus.SERVICE_UNAVAILABLE, UNSENT)
        try:
            response = client.send(request)
        except ThrottledError:
            return _mark(TOO_MANY, THROTTLED)
        except (OutOfTimeError, TargetError) as error:
            self.ended = error
            return _mark(HTTPStatus.SERVICE_UNAVAILABLE, UNSENT)
        return response if response.status else _mark(HTTPStatus.BAD_GATEWAY, SILENT)


def _mark(status: int, mark: str) -> Response:
    return Response(status, {MARK: [mark]})


async def _read(scope: Message, receive: Receive) -> Request:
    body, is_over = b"", False
    while not is_over:
        message = await receive()
        body += message.get("body", b"")
        is_over = not message.get("more_body")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    has_body = bool(body) or any(name == "content-length" for name, _ in headers)
    return Request(
        scope["method"],
        scope["raw_path"].decode("ascii"),
        headers=tuple(pair for pair in headers if pair[0] not in _OWN_HEADERS),
        body=body if has_body else None,
        raw_query=scope["query_string"].decode("latin-1"),
    )
