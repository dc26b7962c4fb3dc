"""The service as it is deployed: a uvicorn process, on a port of this machine."""

from __future__ import annotations

import json
import os
import re
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
COMMAND = ("uvicorn", "--factory", "backend.main:app_from_environment", "--host", "127.0.0.1", "--port", "0")
ADDRESS = re.compile(r"Uvicorn running on http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class ServerProcess:
    """A service that runs.

    Attributes:
        process: The process.
        log: What it says.
    """

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        found = ADDRESS.search(self.log.read_text())
        return int(found[1]) if found else 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def serving(settings: Mapping[str, str], log: Path) -> Iterator[ServerProcess]:
    """Serve while the context lasts.

    Args:
        settings: Of the service.
        log: The file for what it says.
    """
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", *COMMAND],
            cwd=ROOT,
            env={"PATH": os.defpath, **settings},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        ) as process,
    ):
        server = ServerProcess(process, log)
        try:
            await_fact(lambda: server.port > 0 or process.poll() is not None)
            assert server.port, log.read_text()
            yield server
        finally:
            process.kill()
