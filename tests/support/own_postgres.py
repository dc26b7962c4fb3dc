"""A PostgreSQL server that a test can kill and start again; it writes to disk at every commit (fsync)."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from devtools.embedded_postgres import create_data, prepare_server, running
from devtools.errors import PostgresError

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

_STARTS = 100
_PAUSE_SECONDS = 0.1


class OwnPostgres:
    """The embedded server with its default settings, so with fsync on.

    Args:
        place: An empty folder that the server's account can read. Its path must be short: it holds a Unix socket.
        settings: Lines of postgresql.conf, such as `fsync=off`.
    """

    def __init__(self, place: Path, *settings: str) -> None:
        self._server = prepare_server(place)
        self._data = place / "data"
        self._settings = settings
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        create_data(self._server, self._data)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def place(self) -> Path:
        return self._server.folder

    def own(self, path: Path) -> None:
        """Give a folder to the server's account."""
        self._server.give_to_account(path)

    def start(self) -> None:
        """Start the server; retry while child processes of a killed one still hold its shared memory."""
        for _ in range(_STARTS):
            try:
                self._process = self._stack.enter_context(running(self._server, self._data, self._settings))
            except PostgresError as error:
                if "shared memory" not in str(error):
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return
        raise PostgresError("the child processes of the killed server do not exit")

    def kill(self) -> None:
        """Send SIGKILL to the main process; its child processes exit by themselves."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._stack.close()
