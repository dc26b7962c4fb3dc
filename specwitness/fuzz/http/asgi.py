"""An ASGI app in this process, called as a server would call it: with its lifespan, on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import httpx
from anyio.from_thread import start_blocking_portal

from specwitness.errors import TargetError
from specwitness.fuzz.http.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from anyio.from_thread import BlockingPortal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

T = TypeVar("T")
_HOST = "testserver"
_URL = httpx.URL(f"http://{_HOST}")
_CLIENT = ("127.0.0.1", 50000)
_UNSENDABLE = Response(400)
_NO_RESPONSE = Response(500)


@contextmanager
def open_app(app: App, *, seconds: float | None = None) -> Iterator[AsgiTransport]:
    """Start an app on an event loop in a thread of its own, and stop it at the end.

    Args:
        app: The ASGI app.
        seconds: The time limit of a start, a stop and a response; None for no limit.

    Raises:
        TargetError: The app's startup or shutdown fails, or takes too long.
    """
    lifespan = _Lifespan(app)
    with start_blocking_portal() as portal:
        serving = portal.start_task_soon(lifespan.serve)
        try:
            _wait(portal.start_task_soon(lifespan.step, "startup"), "the startup of the app", seconds)
            try:
                yield AsgiTransport(app, portal, lifespan.state, seconds)
            finally:
                _wait(portal.start_task_soon(lifespan.step, "shutdown"), "the shutdown of the app", seconds)
        finally:
            serving.cancel()


class AsgiTransport:
    """Sends requests to an app; several threads may send at the same time.

    An exception that the app raises becomes a response with status 500, as on a server.

    Args:
        app: The ASGI app.
        portal: The event loop that the app runs on.
        state: The state from the app's lifespan, which its requests get.
        seconds: The time limit of a response; None for no limit.
    """

    is_remote = False

    def __init__(
        self, app: App, portal: BlockingPortal, state: dict[str, Any], seconds: float | None = None
    ) -> None:
        self._app, self._portal, self._state, self._seconds = app, portal, state, seconds

    def send(self, request: Request) -> Response:
        """Call the app.

        Returns:
            The response; 400 where the request holds characters that HTTP cannot carry.

        Raises:
            TargetError: No response came within the time limit.
        """
        try:
            place, carried = self._describe_target(request), _convert(request)
        except UnicodeEncodeError:
            return _UNSENDABLE
        response = self._portal.start_task_soon(self._call, place, carried)
        return _wait(response, f"the response to {request.method} {request.path}", self._seconds)

    async def _call(self, place: Message, request: httpx.Request) -> Response:
        async def app(scope: Message, receive: Receive, send: Send) -> None:
            await self._app({**scope, **place}, receive, send)

        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=_CLIENT)
        try:
            response = await transport.handle_async_request(request)
        except AssertionError:
            # httpx asserts that the app has sent a whole response.
            return _NO_RESPONSE
        lines: dict[str, list[str]] = {}
        for name, value in response.headers.raw:
            lines.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        content = b"".join([chunk async for chunk in response.aiter_raw()])
        return Response(response.status_code, lines, content)

    def _describe_target(self, request: Request) -> Message:
        """Give the target as it was written: httpx.URL would change it, such as `/a/../b` to `/b`."""
        path, _, query = request.target.partition("?")
        return {
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": request.method,
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "server": (_HOST, 80),
            "state": dict(self._state),
        }


def _wait(future: Future[T], what: str, seconds: float | None) -> T:
    try:
        return future.result(seconds)
    except FutureTimeoutError:
        future.cancel()
        raise TargetError(
            f"{what} did not come within {seconds:g} seconds",
            where="Target.app",
            remedy="start the app with a server to see where it hangs",
        ) from None


def _convert(request: Request) -> httpx.Request:
    headers = [("host", _HOST), *request.headers]
    if request.body is not None:
        headers.append(("content-length", str(len(request.body))))
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    # With `content` in place of `stream`, httpx would add headers of its own.
    return httpx.Request(request.method, _URL, headers=raw, stream=httpx.ByteStream(request.body or b""))


class _Lifespan:
    """The lifespan of an app (ASGI lifespan protocol 2.0); `state` is what it makes for requests.

    An app that raises before it asks for the first message has no lifespan, and is served all the same.
    """

    def __init__(self, app: App) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._replies: asyncio.Queue[Message | None] = asyncio.Queue()
        self._is_asked = self._is_over = False
        self._error: Exception | None = None

    async def serve(self) -> None:
        """Run the app's lifespan until the app ends it."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._receive, self._replies.put)
        except Exception as error:  # noqa: BLE001  # raised again by the step that waits for it
            self._error = error if self._is_asked else None
        finally:
            self._is_over = True
            self._replies.put_nowait(None)

    async def step(self, name: str) -> None:
        """Bring the app through its `startup` or `shutdown`.

        Raises:
            TargetError: The app says that it failed, or raises.
        """
        self._messages.put_nowait({"type": f"lifespan.{name}"})
        reply = None if self._is_over else await self._replies.get()
        reason = str(reply.get("message", "")) if reply and reply["type"].endswith(".failed") else None
        if reply is None and self._error is not None:
            reason = f"{type(self._error).__name__}: {self._error}"
        if reason is not None:
            # Starlette sends a whole traceback.
            last = (reason.strip().splitlines() or ["the app names no reason"])[-1]
            raise TargetError(
                f"the {name} of the app failed: {last.strip()}",
                where="Target.app",
                remedy="start the app with a server to see the whole traceback",
            )

    async def _receive(self) -> Message:
        self._is_asked = True
        return await self._messages.get()
