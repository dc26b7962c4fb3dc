"""A build of the proving ground in a process of its own, as a user of the fuzzer meets a service.

`python -m tests.services.process orders read-any,alg-none` serves a build on a free port of 127.0.0.1.
It prints one line of JSON: the port, the signing key, and a token of each user.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from tests.proving_ground.catalogue import find_service
from tests.proving_ground.model import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tests.proving_ground.model import Service

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class RateLimit:
    """Answers 429 to two requests in a row after so many others.

    It counts requests and not seconds, so that it refuses on a slow machine too.
    """

    app: ASGIApp
    limit: int
    seen: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        self.seen += scope["type"] == "http"
        if scope["type"] == "http" and self.seen > self.limit:
            self.seen = 0 if self.seen >= self.limit + 2 else self.seen
            refusal = JSONResponse({"title": "too many requests"}, 429, {"Retry-After": "0"})
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


@dataclass(slots=True)
class ExitAfter:
    """Ends the process after a number of requests."""

    app: ASGIApp
    most: int
    seen: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        self.seen += scope["type"] == "http"
        if self.seen > self.most:
            os._exit(1)
        await self.app(scope, receive, send)


def build(service: Service, switches: frozenset[str]) -> Starlette:
    """Build a service with bugs, and a login beside it that knows its users by their names."""

    async def log_in(request: Request) -> JSONResponse:
        name = (await request.json()).get("name")
        if name not in service.mint.subjects:
            return JSONResponse({"title": "nobody"}, 401)
        return JSONResponse({"data": {"token": service.mint.token(name, time.time())}})

    app = service.create(Faults(switches), time.time)
    return Starlette(routes=[Route("/login", log_in, methods=["POST"]), Mount("/", app)])


def main(name: str, bugs: str = "", limit: str = "", most: str = "") -> None:
    """Serve until the process is ended."""
    service = find_service(name)
    app: ASGIApp = build(service, frozenset(filter(None, bugs.split(","))))
    listener = socket.create_server(("127.0.0.1", 0))
    said = {
        "port": listener.getsockname()[1],
        "key": service.mint.key,
        "tokens": {who: service.mint.token(who, time.time()) for who in service.mint.subjects},
    }
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()
    app = RateLimit(app, int(limit)) if limit else app
    config = uvicorn.Config(ExitAfter(app, int(most)) if most else app, log_level="critical")
    uvicorn.Server(config).run(sockets=[listener])


@dataclass(frozen=True, slots=True)
class RunningService:
    """A build that runs in a process of its own.

    Attributes:
        process: The process.
        url: Its base URL.
        key: The key that its tokens are signed with.
        tokens: A token for each user, by name.
    """

    process: subprocess.Popen[str]
    url: str
    key: str
    tokens: dict[str, str]


@contextmanager
def serving(name: str, *bugs: str, limit: int | str = "", most: int | str = "") -> Iterator[RunningService]:
    """Serve a build while the context lasts.

    Args:
        name: The service's name.
        bugs: The switches of the planted bugs.
        limit: After how many requests it answers 429 to two; to none by default.
        most: After how many requests the process exits; never by default.
    """
    words = [sys.executable, "-m", "tests.services.process", name, ",".join(bugs)]
    with subprocess.Popen(
        [*words, str(limit), str(most)],
        cwd=ROOT,
        env={"PATH": os.defpath},  # coverage is measured of the harness, not of what it attacks
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield RunningService(process, f"http://127.0.0.1:{said['port']}", said["key"], said["tokens"])
        finally:
            process.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
