"""The service as it is deployed: a uvicorn process, on a port of this machine."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
COMMAND = ("uvicorn", "--factory", "backend.main:app_from_environment", "--host", "127.0.0.1", "--port")
ADDRESS = re.compile(r"Uvicorn running on http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class ServerProcess:
    """A service that runs.

    Attributes:
        process: The process.
        log: What it says.
        chosen: Its port, where it was chosen for it; otherwise the log tells.
    """

    process: subprocess.Popen[bytes]
    log: Path
    chosen: int = 0

    @property
    def port(self) -> int:
        found = ADDRESS.search(self.log.read_text())
        return int(found[1]) if found else self.chosen

    @property
    def is_listening(self) -> bool:
        with socket.socket() as knock:
            return self.port > 0 and knock.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def serving(settings: Mapping[str, str], log: Path, port: int = 0) -> Iterator[ServerProcess]:
    """Serve while the context lasts.

    Args:
        settings: Of the service.
        log: The file for what it says.
        port: Where to listen; a service that logs too little to say it has to be told.
    """
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", *COMMAND, str(port)],
            cwd=ROOT,
            env={"PATH": os.defpath, **settings},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        ) as process,
    ):
        server = ServerProcess(process, log, port)
        try:
            await_fact(lambda: server.is_listening or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield server
        finally:
            process.kill()
