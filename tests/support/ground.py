"""A service of the proving ground in a process of its own, as a user of the fuzzer would find it.

`python -m tests.support.ground orders read-any,alg-none` serves a build on a free port of 127.0.0.1,
and tells on one line where, with the signing key and the tokens of its users.
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
from typing import TYPE_CHECKING, Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from tests.proving_ground.catalogue import find_service
from tests.proving_ground.model import Faults
from tests.support.command_line import run_specwitness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tests.proving_ground.model import Service
    from tests.support.in_process import Ended

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
class Mortal:
    """Ends the process when so many requests have come."""

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
    """Serve until somebody ends the process."""
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
    config = uvicorn.Config(Mortal(app, int(most)) if most else app, log_level="critical")
    uvicorn.Server(config).run(sockets=[listener])


@dataclass(frozen=True, slots=True)
class Ground:
    """A service that runs.

    Attributes:
        process: The process.
        url: Where it is.
        key: What its tokens are signed with.
        tokens: One for each user.
    """

    process: subprocess.Popen[str]
    url: str
    key: str
    tokens: dict[str, str]


@contextmanager
def serving(name: str, *bugs: str, limit: int | str = "", most: int | str = "") -> Iterator[Ground]:
    """Serve a build while the context lasts.

    Args:
        name: The service's name.
        bugs: The switches of what is planted.
        limit: After how many requests it answers 429 to two; to none by default.
        most: How many requests it lives for.
    """
    words = [sys.executable, "-m", "tests.support.ground", name, ",".join(bugs)]
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
            yield Ground(process, f"http://127.0.0.1:{said['port']}", said["key"], said["tokens"])
        finally:
            process.kill()


def write_repository(
    root: Path, contract: Mapping[str, Any], identities: str, settings: str = "strict = true"
) -> None:
    """Write a repository that holds a contract, and who the users of its service are.

    Args:
        root: Where.
        contract: The contract.
        identities: A line of `[tool.specwitness.fuzz.identities]`.
        settings: Lines of `[tool.specwitness.fuzz]`.
    """
    text = f"[tool.specwitness.fuzz]\n{settings}\n"
    (root / "openapi.yaml").write_text(yaml.safe_dump(dict(contract), sort_keys=False), encoding="utf-8")
    text += f"[tool.specwitness.fuzz.identities]\n{identities}\n"
    (root / "pyproject.toml").write_text(text, encoding="utf-8")


def describe_mint(name: str) -> str:
    """Give the line that lets the fuzzer sign as the service's issuer, with the key of the variable KEY."""
    mint = find_service(name).mint
    header = f", header = {{ kid = {json.dumps(mint.kid)} }}" if mint.kid else ""
    subjects = json.dumps([mint.subjects["alice"], mint.subjects["bob"]])
    return (
        f'mint = {{ algorithm = "{mint.algorithm}", key = "env:KEY", issuer = "{mint.issuer}", '
        f'audience = "{mint.audience}", subjects = {subjects}{header} }}'
    )


def fuzz(root: Path, *words: str, **variables: str) -> Ended:
    """Run `specwitness fuzz` on the contract of a repository."""
    options = ("--root", str(root), "--contract", "openapi.yaml", *words)
    return run_specwitness("fuzz", *options, variables=variables)


if __name__ == "__main__":
    main(*sys.argv[1:])
