"""A TCP proxy in front of a PostgreSQL that imitates a suspended database: new connections hang, old ones break."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 65_536


class DatabaseProxy:
    """Forwards connections to a PostgreSQL.

    Args:
        url: The SQLAlchemy URL of the database.

    Attributes:
        hanging: The number of next connections that get no response.
        connections: The number of accepted connections.
    """

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._messages_left: int | None = None
        self.hanging = 0
        self.connections = 0

    @property
    def url(self) -> str:
        """The URL of the same database through the proxy."""
        port = self._listener.getsockname()[1]
        url = self._target.set(host="127.0.0.1", port=port, query={})
        return url.render_as_string(hide_password=False)

    def kill_after(self, messages: int) -> None:
        """Forward this many more messages of clients on the open connections, then close them."""
        self._messages_left = messages

    def serve(self) -> None:
        """Accept connections until `close` is called."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                self._open.append(client)
                if self.hanging:
                    self.hanging -= 1
                    continue
                self._messages_left = None
                server = self._connect()
                self._open.append(server)
                for source, sink, is_client in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass, args=(source, sink, is_client), daemon=True).start()

    def close(self) -> None:
        """Close the listener and all connections."""
        with ExitStack() as stack:
            for endpoint in (self._listener, *self._open):
                stack.callback(endpoint.close)
                with suppress(OSError):
                    endpoint.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> socket.socket:
        folder = self._target.query.get("host")
        if isinstance(folder, str) and folder.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{folder}/.s.PGSQL.{self._target.port or 5432}")
            return server
        return socket.create_connection((self._target.host or "127.0.0.1", self._target.port or 5432))

    def _pass(self, source: socket.socket, sink: socket.socket, is_client: bool) -> None:  # noqa: FBT001  # a thread's argument
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if is_client and self._messages_left is not None:
                    if not self._messages_left:
                        break
                    self._messages_left -= 1
                sink.sendall(data)
        for endpoint in (source, sink):
            with suppress(OSError):
                endpoint.shutdown(socket.SHUT_RDWR)


@contextmanager
def running_proxy(url: str) -> Iterator[DatabaseProxy]:
    """Run the proxy in front of a database; close it at the end."""
    proxy = DatabaseProxy(url)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
