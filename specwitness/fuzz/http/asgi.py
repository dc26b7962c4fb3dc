"""An app as a server would run it: a crash is a 500 for one caller and not the end of the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

import anyio
from schemathesis.python import asgi

from specwitness.fuzz.http.message import Answer, Request


class AsgiTransport:
    """An app in this process, on the event loop and the lifespan that Schemathesis gives it too."""

    is_remote = False

    def __init__(self, app: Any) -> None:
        self._app = app
        with asgi.get_client(app):
            self._portal = asgi._get_portal()  # noqa: SLF001  # its loop: pools of connections are tied to one

    def send(self, request: Request) -> Answer:
        """Call the app; threads may call at the same time."""
        return self._portal.call(self._call, request)

    async def _call(self, request: Request) -> Answer:
        start: dict[str, Any] = {"status": 500, "headers": []}
        chunks: list[bytes] = []
        pending = deque([{"type": "http.request", "body": request.body or b"", "more_body": False}])
        is_over = anyio.Event()

        async def receive() -> dict[str, Any]:
            if pending:
                return pending.popleft()
            # Whoever watches for the caller's departure must not see one.
            await is_over.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body" and request.method != "HEAD":
                chunks.append(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                is_over.set()

        await self._app(self._scope(request), receive, send)
        lines: dict[str, list[str]] = {}
        for name, value in start["headers"]:
            lines.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        return Answer(start["status"], lines, b"".join(chunks))

    def _scope(self, request: Request) -> dict[str, Any]:
        path, _, query = request.target.partition("?")
        headers = [("host", "testserver"), *request.headers]
        if request.body is not None:
            headers.append(("content-length", str(len(request.body))))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode("ascii"),
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            "client": ("127.0.0.1", 50000),
            "server": ("testserver", 80),
            "state": asgi._lifespan_state(self._app),  # noqa: SLF001  # what the lifespan made for requests
        }


Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class ServedApp:
    """An ASGI app that answers 500 where the one inside raises.

    Frameworks raise an unexpected error again after they have answered it, so that a server can log
    it; in one process with the caller it would hide the answer.
    """

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_started = False

        async def watch(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:  # noqa: BLE001  # whatever the app raises is an answer here, as in a server
            if not has_started:
                await send({"type": "http.response.start", "status": 500, "headers": []})
                await send({"type": "http.response.body", "body": b""})
