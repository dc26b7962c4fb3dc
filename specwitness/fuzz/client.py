"""The only way to the service: counts, keeps to the base URL, obeys 429, and stops when time is up."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

import anyio
import urllib3
from schemathesis.python import asgi

from specwitness.errors import TargetError
from specwitness.fuzz.wire import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TOO_MANY = 429
_TOO_LARGE = 431
_LONGEST_HEAD = 60_000  # bytes; servers take 8 to 64 kB
_LONGEST_WAIT = 10.0
_MOST_RETRIES = 3
_TIMEOUT_SECONDS = 30.0
_REMEMBERED = 50


class OutOfTimeError(Exception):
    """The time budget is spent; what was not reached is told, and testifies for nothing."""


class Transport(Protocol):
    """Sends one request and gives what comes back, as it is: no redirect is followed."""

    is_remote: bool

    def send(self, request: Request) -> Answer:
        """Send a request."""
        ...


class HttpTransport:
    """Over HTTP, to one base URL and nowhere else."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise TargetError(
                f"`{base_url}` is no http URL", where="--base-url", remedy="write http://127.0.0.1:8000"
            )
        self.is_remote = parts.hostname not in LOOPBACK
        self._base = base_url.rstrip("/")
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT_SECONDS, maxsize=8)

    def send(self, request: Request) -> Answer:
        """Send a request over HTTP.

        Raises:
            TargetError: Nobody answers.
        """
        headers = urllib3.HTTPHeaderDict()
        for name, value in request.headers:
            headers.add(name, value)
        if request.body is not None and "content-length" not in headers:
            headers.add("Content-Length", str(len(request.body)))
        try:
            answer = self._pool.request(
                request.method,
                self._base + request.target,
                headers=headers,
                body=request.body,
                redirect=False,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            if request.head_size > _LONGEST_HEAD:
                # Servers hang up on such a head as often as they answer it.
                return Answer(_TOO_LARGE)
            raise TargetError(
                f"{request.method} {request.path} was not answered: {type(error).__name__}",
                where=self._base,
                remedy="start the service, or mend --base-url",
            ) from error
        lines: dict[str, list[str]] = {}
        for name, value in answer.headers.iteritems():
            lines.setdefault(name.lower(), []).append(value)
        return Answer(answer.status, lines, answer.data)


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


@dataclass(slots=True)
class Client:
    """Sends requests for the checks.

    Args:
        transport: How the service is reached.
        allow_writes: Whether methods that change something may go to a service elsewhere.
        seconds: The time budget; None for none.
        clock: Tells monotonic seconds.
        sleep: Waits for seconds.
    """

    transport: Transport
    allow_writes: bool = False
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    sent: int = 0
    throttled: int = 0
    recent: deque[tuple[Request, Answer]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _end: float | None = field(init=False)

    def __post_init__(self) -> None:
        self._end = None if self.seconds is None else self.clock() + self.seconds

    @property
    def may_write(self) -> bool:
        """Tell whether methods that change something are allowed."""
        return self.allow_writes or not self.transport.is_remote

    @property
    def is_late(self) -> bool:
        """Tell whether the time budget is spent."""
        return self._end is not None and self.clock() >= self._end

    def log_in(self, request: Request) -> Answer:
        """Send the request that gives a user a token: it changes nothing that anybody would miss."""
        return self._send(request)

    def send(self, request: Request) -> Answer:
        """Send a request; wait and try again where the service says 429.

        Raises:
            OutOfTimeError: The time budget is spent.
            TargetError: The method changes something, the service is elsewhere, and nobody allowed it.
        """
        if self.is_late:
            raise OutOfTimeError
        if not request.is_safe and not self.may_write:
            raise TargetError(
                f"{request.method} {request.path} may change a service that is not on this machine",
                where="--base-url",
                remedy="add --allow-writes if its data may be lost, or name a service on this machine",
            )
        answer = self._send(request)
        for _ in range(_MOST_RETRIES):
            if answer.status != _TOO_MANY:
                break
            self.throttled += 1
            self.sleep(min(_read_delay(answer), _LONGEST_WAIT))
            answer = self._send(request)
        self.recent.append((request, answer))
        return answer

    def send_together(self, requests: Sequence[Request]) -> list[Answer]:
        """Send requests at the same time, and give their answers in the order of the requests."""
        with ThreadPoolExecutor(max_workers=len(requests)) as pool:
            return list(pool.map(self.send, requests))

    def _send(self, request: Request) -> Answer:
        self.sent += 1
        return self.transport.send(request)


def _read_delay(answer: Answer) -> float:
    said = answer.header("retry-after")
    return float(said) if said.isdecimal() else 1.0
