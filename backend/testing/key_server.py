"""A server on loopback that serves a key set as Better Auth does, or fails in a chosen way."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from types import TracebackType

    from backend.testing.key_pair import KeyPair

PATH = "/api/auth/jwks"
HUGE_BYTES = 100 * 1024 * 1024
_PIECE_BYTES = 65536

Behavior = Literal["serve", "hang", "trickle", "fail", "redirect", "huge", "packed", "cut"]


class KeyServer:
    """Serves the public keys of key pairs on loopback, and counts the requests; a context manager.

    Args:
        pairs: The key pairs whose public keys are served first.

    Attributes:
        behavior: `serve` the key set; `hang` without a response; `trickle` a byte every 50 ms; `fail` with
            500; `redirect` to itself; `huge`: 100 MB; `packed`: 10 MB in gzip; `cut` the connection.
        document: The body to serve in place of the key set; None for the key set.
        fetches: The number of requests so far.
        bytes_sent: The number of bytes that `huge` has sent.
    """

    def __init__(self, *pairs: KeyPair) -> None:
        self.behavior: Behavior = "serve"
        self.document: bytes | None = None
        self.fetches = 0
        self.bytes_sent = 0
        self._keys: list[dict[str, Any]] = [pair.public for pair in pairs]
        self._free = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The URL of the key set."""
        return f"http://127.0.0.1:{self._port}{PATH}"

    def publish(self, *pairs: KeyPair) -> None:
        """Serve the public keys of these key pairs from now on."""
        self._keys = [pair.public for pair in pairs]

    def start(self) -> None:
        """Start listening; after `stop`, on the same port again."""
        server = _Server(self._port, self)
        self._server, self._port = server, server.server_address[1]
        self._free.clear()
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening; connections are refused then."""
        self._free.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def read_document(self) -> bytes:
        """Return the body that is served."""
        return json.dumps({"keys": self._keys}).encode() if self.document is None else self.document

    def note(self, headers: dict[str, str]) -> None:
        """Receive the headers of every request; for subclasses. Every response sets a cookie."""

    def wait(self, seconds: float) -> bool:
        """Wait for some seconds; return whether the server was stopped during that time."""
        return self._free.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, keys: KeyServer) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.keys = keys

    def handle_error(self, *_: object) -> None:
        """Ignore clients that disconnect."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Respond with the chosen behavior."""
        keys = self.server.keys
        keys.fetches += 1
        keys.note(dict(self.headers))
        with suppress(OSError):
            getattr(self, f"_{keys.behavior}")(keys)

    def _serve(self, keys: KeyServer) -> None:
        document = keys.read_document()
        self._begin(len(document))
        self.wfile.write(document)

    def _hang(self, keys: KeyServer) -> None:
        keys.wait(60)

    def _trickle(self, keys: KeyServer) -> None:
        self._begin(HUGE_BYTES)
        while not keys.wait(0.05):
            self.wfile.write(b" ")

    def _fail(self, _: KeyServer) -> None:
        self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _redirect(self, keys: KeyServer) -> None:
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", keys.url)
        self.end_headers()

    def _huge(self, keys: KeyServer) -> None:
        self._begin(HUGE_BYTES)
        for _ in range(HUGE_BYTES // _PIECE_BYTES):
            self.wfile.write(b" " * _PIECE_BYTES)
            keys.bytes_sent += _PIECE_BYTES

    def _packed(self, _: KeyServer) -> None:
        document = gzip.compress(bytes(HUGE_BYTES // 10))
        self._begin(len(document), ("Content-Encoding", "gzip"))
        self.wfile.write(document)

    def _cut(self, _: KeyServer) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")

    def _begin(self, length: int, *headers: tuple[str, str]) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "seen=yes")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write no log."""
