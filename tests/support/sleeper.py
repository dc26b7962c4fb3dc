"""A database that sleeps when idle, as a network shows it: first connections hang, old ones are dead."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 65_536


class Sleeper:
    """Passes connections on to a PostgreSQL, unless it was told to sleep.

    Args:
        url: The SQLAlchemy URL of the database.
    """

    def __init__(self, url: str) -> None:
        self._there = make_url(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._messages_left: int | None = None
        self.hanging = 0
        self.connections = 0

    @property
    def url(self) -> str:
        """The URL of the same database through this."""
        port = self._listener.getsockname()[1]
        url = self._there.set(host="127.0.0.1", port=port, query={})
        return url.render_as_string(hide_password=False)

    def kill_after(self, messages: int) -> None:
        """Let clients say so much more on the connections that are open, then cut them without a word."""
        self._messages_left = messages

    def serve(self) -> None:
        """Take connections until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                self._open.append(client)
                if self.hanging:
                    self.hanging -= 1
                    continue  # nobody answers
                self._messages_left = None
                server = self._connect()
                self._open.append(server)
                for source, sink, is_client in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass, args=(source, sink, is_client), daemon=True).start()

    def close(self) -> None:
        """End all connections."""
        with ExitStack() as stack:
            for each in (self._listener, *self._open):
                stack.callback(each.close)
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> socket.socket:
        folder = self._there.query.get("host")
        if isinstance(folder, str) and folder.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{folder}/.s.PGSQL.{self._there.port or 5432}")
            return server
        return socket.create_connection((self._there.host or "127.0.0.1", self._there.port or 5432))

    def _pass(self, source: socket.socket, sink: socket.socket, is_client: bool) -> None:  # noqa: FBT001  # a thread's argument
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if is_client and self._messages_left is not None:
                    if not self._messages_left:
                        break
                    self._messages_left -= 1
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def sleeping(url: str) -> Iterator[Sleeper]:
    """Put it in front of a database while the context lasts."""
    sleeper = Sleeper(url)
    thread = threading.Thread(target=sleeper.serve)
    thread.start()
    try:
        yield sleeper
    finally:
        sleeper.close()
        thread.join()
