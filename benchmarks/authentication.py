"""Measures the cost of authentication: a protected route compared with a public one, in the same run."""

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
    """Measure the ratio of throughput, and the time that authentication adds under load.

    Returns:
        `http` is measured over HTTP on loopback, with the server in its own process. `application`
        is measured without a server, where the difference is largest. In both, `protected_over_open`
        is the throughput of the protected route divided by that of the public one (median over the
        rounds) with tokens that were verified before, and `protected_over_open_new_tokens` the same
        with new tokens. `added_p95_ms` is the 95th percentile of the time that a request spends in
        authentication, with 1,000 requests in flight and 10,000 users with different tokens.
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
    """Run the service in another process; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(  # noqa: S603  # fixed arguments
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
    """Measure requests per second by round: public route, protected route with known and with new tokens."""
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
    """Send requests one after another; returns requests per second."""
    start = time.perf_counter()
    for token in tokens:
        await _call(app, path, token)
    return len(tokens) / (time.perf_counter() - start)


async def _time_authentication(app: FastAPI, tokens: Sequence[str]) -> list[float]:
    """Send concurrent requests; returns the seconds that every request spent in authentication."""
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
    """Call the application by ASGI, without the cost of a server and a client."""
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
        raise RuntimeError(f"{path} returned status {status} instead of 200: the measurement is invalid")


def _ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median over the rounds of the ratio of both values."""
    return round(statistics.median(one / other for one, other in zip(over, under, strict=True)), 3)


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
