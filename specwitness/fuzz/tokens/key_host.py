"""A server on this machine whose address a token names as the place of its key (`jku`, `x5u`).

A service that fetches the key from there has trusted an unverified header (RFC 8725 §3.10).
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class KeyHost:
    """Serves keys of the attacker on 127.0.0.1 and counts the requests; it starts with the first key."""

    def __init__(self) -> None:
        self._documents: dict[str, bytes] = {}
        self._calls = 0
        self._server: ThreadingHTTPServer | None = None

    def publish(self, name: str, document: bytes) -> str:
        """Serve a document.

        Args:
            name: The last segment of its path.
            document: Its bytes.

        Returns:
            Its URL.
        """
        if self._server is None:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
            Thread(target=self._server.serve_forever, daemon=True).start()
        self._documents[f"/{name}"] = document
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def take_calls(self) -> int:
        """Give the number of requests since the last call."""
        calls, self._calls = self._calls, 0
        return calls

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host._calls += 1
                document = host._documents.get(self.path)
                self.send_response(404 if document is None else 200)
                self.send_header("Content-Length", str(len(document or b"")))
                self.end_headers()
                self.wfile.write(document or b"")

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
