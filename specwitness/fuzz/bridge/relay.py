"""An app that hands every request of Schemathesis to the client: one door, in process as over HTTP.

What the client keeps to, Schemathesis keeps to by it: the base URL, no redirect, no proxy, no change
to a service elsewhere, 429, and the time budget.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from anyio import to_thread

from specwitness.errors import TargetError
from specwitness.fuzz.http.client import Client, OutOfTimeError
from specwitness.fuzz.http.message import Answer, Request
from specwitness.fuzz.http.throttling import TOO_MANY, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.http.asgi import Message, Receive, Send

# Tells the answers of the relay itself from those of the service.
MARK = "x-specwitness-relay"
UNSENT, SILENT, THROTTLED = "unsent", "silent", "throttled"
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


class Relay:
    """The app; `ended` is what ended the run, after which nothing more is sent.

    Args:
        client: The way to the service.
        may_send: Whether a request is one of this run: methods that nobody documented are tried too.
    """

    def __init__(self, client: Client, may_send: Callable[[Request], bool] = lambda _: True) -> None:
        self.client = client
        self.may_send = may_send
        self.ended: Exception | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await _live(receive, send)
            return
        request = await _read(scope, receive)
        # The client blocks, and an app in this process runs on this very loop.
        answer = await to_thread.run_sync(self._exchange, request)
        headers = [
            (name.encode("latin-1"), line.encode("latin-1"))
            for name, lines in answer.headers.items()
            for line in lines
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})

    def _exchange(self, request: Request) -> Answer:
        is_allowed = (request.is_safe or self.client.may_write) and self.may_send(request)
        if self.ended or not is_allowed:
            return _mark(HTTPStatus.SERVICE_UNAVAILABLE, UNSENT)
        try:
            answer = self.client.send(request)
        except ThrottledError:
            return _mark(TOO_MANY, THROTTLED)
        except (OutOfTimeError, TargetError) as error:
            self.ended = error
            return _mark(HTTPStatus.SERVICE_UNAVAILABLE, UNSENT)
        return answer if answer.status else _mark(HTTPStatus.BAD_GATEWAY, SILENT)


def _mark(status: int, mark: str) -> Answer:
    return Answer(status, {MARK: [mark]})


async def _live(receive: Receive, send: Send) -> None:
    """Answer the lifespan; whoever asks for something else gets nothing."""
    while (message := await receive())["type"].startswith("lifespan."):
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


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
