"""A PostgreSQL of the tests' own, safe against a crash: it may be killed, and started again."""

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
    """The embedded server with the settings that it comes with, so that fsync is on.

    Args:
        place: An empty folder with a short path that the server's account may reach.
        settings: Of postgresql.conf, as `fsync=off`.
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
        """Start it; the orphans of one that was killed may hold its memory for a moment."""
        for _ in range(_STARTS):
            try:
                self._process = self._stack.enter_context(running(self._server, self._data, self._settings))
            except PostgresError as error:
                if "shared memory" not in str(error):
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return
        raise PostgresError("the processes of the killed server do not end")

    def kill(self) -> None:
        """Kill the first of its processes with SIGKILL; the others find out and end."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._stack.close()
