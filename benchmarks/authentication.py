"""What the dependency costs: a protected route beside an open one, in the same process and run."""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from backend.core.identity.authenticator import Authenticator
from backend.testing.issuer import Issuer, make_secret
from benchmarks.load import drive, make_request
from benchmarks.server import ORIGIN, make_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from fastapi import FastAPI

    from backend.core.tokens.claims import Principal

ROUNDS = 11
REQUESTS_A_ROUND = 1_000
USERS = 10_000
IN_FLIGHT = 1_000


async def measure() -> dict[str, Any]:
    """Measure throughput as a ratio, and what each of many concurrent callers waits for.

    Returns:
        `http`: over HTTP on loopback, the server in a process of its own; `application`: the
        application alone, without a server, where nothing hides the difference. Of each,
        `protected_over_open` is the median of the rounds' ratios of throughput for callers whose
        tokens came before, as they do but for the first time; `..._new_tokens` is the same where
        each request brings a token that was never seen. `added_p95_ms`: the 95th percentile of
        the time that a request spends in authentication while 1,000 requests are in flight, over
        10,000 users with a token each.
    """
    secret = make_secret()
    issuer = Issuer(secret, ORIGIN, ORIGIN)
    app = make_app(secret)
    with _serve(secret) as port:
        http = await _compare(
            lambda path, tokens: drive(port, [make_request(path, token) for token in tokens]), issuer
        )
    application = await _compare(lambda path, tokens: _throughput(app, path, tokens), issuer)
    added = await _time_authentication(app, [issuer.token(f"user-{number}") for number in range(USERS)])
    return {
        "rounds": ROUNDS,
        "http": _summarize(http),
        "application": _summarize(application),
        "users": USERS,
        "in_flight": IN_FLIGHT,
        "added_p50_ms": round(_percentile(added, 50) * 1000, 4),
        "added_p95_ms": round(_percentile(added, 95) * 1000, 4),
    }


def _summarize(figures: dict[str, list[float]]) -> dict[str, float]:
    return {
        "open_requests_per_second": round(statistics.median(figures["open"])),
        "protected_requests_per_second": round(statistics.median(figures["protected"])),
        "protected_over_open": _ratio(figures["protected"], figures["open"]),
        "protected_over_open_new_tokens": _ratio(figures["new"], figures["open"]),
    }


@contextmanager
def _serve(secret: str) -> Iterator[int]:
    """Run the service in a process of its own; give its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(  # noqa: S603  # ours
            [sys.executable, "-m", "benchmarks.server", str(listener.fileno())],
            env={**os.environ, "BETTER_AUTH_SECRET": secret},
            pass_fds=[listener.fileno()],
        )
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait(30)


async def _compare(
    throughput: Callable[[str, Sequence[str]], Awaitable[float]], issuer: Issuer
) -> dict[str, list[float]]:
    """Give requests a second of each round: open, protected with known tokens, protected with new ones."""
    known = [issuer.token(f"user-{number}") for number in range(REQUESTS_A_ROUND)]
    for path in ("/protected", "/open"):
        await throughput(path, known)
    figures: dict[str, list[float]] = {"open": [], "protected": [], "new": []}
    for number in range(ROUNDS):
        new = [issuer.token(f"user-{index}") for index in range(REQUESTS_A_ROUND)]
        turns = [("open", "/open", known), ("protected", "/protected", known), ("new", "/protected", new)]
        shift = number % len(turns)
        for name, path, batch in turns[shift:] + turns[:shift]:
            figures[name].append(await throughput(path, batch))
    return figures


async def _throughput(app: FastAPI, path: str, tokens: Sequence[str]) -> float:
    """Give requests a second, one after the other."""
    start = time.perf_counter()
    for token in tokens:
        await _call(app, path, token)
    return len(tokens) / (time.perf_counter() - start)


async def _time_authentication(app: FastAPI, tokens: Sequence[str]) -> list[float]:
    """Give the seconds that each request spent in authentication, many being in flight."""
    spent: list[float] = []
    authenticator = app.state.authenticator

    class Timed(Authenticator):
        async def authenticate(self, connection: Any) -> Principal:
            start = time.perf_counter()
            try:
                return await super().authenticate(connection)
            finally:
                spent.append(time.perf_counter() - start)

    app.state.authenticator = Timed(
        authenticator.keys, authenticator.cache, authenticator.deny_list, authenticator.clock
    )
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def visit(token: str) -> None:
        async with gate:
            await asyncio.sleep(0)
            await _call(app, "/protected", token)

    await asyncio.gather(*(visit(token) for token in tokens))
    app.state.authenticator = authenticator
    return spent


async def _call(app: FastAPI, path: str, token: str) -> None:
    """Call the application as a server would, without one: no client's cost hides the difference."""
    status: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    await app(scope, receive, send)
    if status != [200]:
        raise RuntimeError(f"{path} answered {status}: the figures would mean nothing")


def _ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Give the median of the rounds' own ratios."""
    return round(statistics.median(one / other for one, other in zip(over, under, strict=True)), 3)


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
