"""An HTTP server inside the test process: returns the responses that a test defines, and records the requests."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from tests.support.certificate import make_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Reply(NamedTuple):
    """A response; it is sent after a delay of `after` seconds."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    after: float = 0


@dataclass(frozen=True, slots=True)
class Scripted:
    """A running server: its port, and the method and the target of every request."""

    port: int
    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:

        return f"http://127.0.0.1:{self.port}"


@contextmanager
def answering(answer: Callable[[str, str], Reply], certificate: Path | None = None) -> Iterator[Scripted]:
    """Start a server; stop it at the end.

    Args:
        answer: Returns the response to a method and a target.
        certificate: The folder for a self-signed certificate; without it, the server uses plain HTTP.
    """
    calls: list[tuple[str, str]] = []
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for head and body: with two, Nagle's algorithm delays the second

        def log_message(self, *_: object) -> None:
            pass

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self.reply
            raise AttributeError(name)

        def reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            calls.append((self.command, self.path))
            reply = answer(self.command, self.path)
            if is_over.wait(reply.after):
                return
            self.send_response(reply.status)
            for name, value in (*reply.headers, ("Content-Length", str(len(reply.content)))):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients may disconnect early
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for name, part in zip(("key.pem", "certificate.pem"), make_certificate("127.0.0.1"), strict=True):
            (certificate / name).write_bytes(part)
        context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Scripted(server.server_port, calls)
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
