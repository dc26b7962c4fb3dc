"""Runs the service as a uvicorn process on a port of this machine, as in a deployment."""

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
    """A running service.

    Attributes:
        process: The process.
        log: The file with its output.
        requested_port: The port it was started with; 0 if it chose one, which its log then names.
    """

    process: subprocess.Popen[bytes]
    log: Path
    requested_port: int = 0

    @property
    def port(self) -> int:
        found = ADDRESS.search(self.log.read_text())
        return int(found[1]) if found else self.requested_port

    @property
    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return self.port > 0 and probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def serving(settings: Mapping[str, str], log: Path, port: int = 0) -> Iterator[ServerProcess]:
    """Start the service; kill it at the end.

    Args:
        settings: The environment variables of the service.
        log: The file for its output.
        port: The port; 0 for any. With a log level above info, the log does not name the port: pass one.
    """
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", *COMMAND, str(port)],
            cwd=ROOT,
            env={"PATH": os.defpath, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        server = ServerProcess(process, log, port)
        try:
            await_fact(lambda: server.is_listening or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield server
        finally:
            process.kill()
