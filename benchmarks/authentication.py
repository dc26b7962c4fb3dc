"""What the dependency costs: a protected route beside an open one, in the same process and run."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any

import structlog

from backend.core.config import load_settings
from backend.core.dependencies import CurrentUserId  # noqa: TC001  # FastAPI reads it at run time
from backend.main import create_app
from backend.testing.issuer import Issuer, make_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

ORIGIN = "https://auth.example"
ROUNDS = 9
REQUESTS_A_ROUND = 1_000
USERS = 10_000
IN_FLIGHT = 1_000


async def measure() -> dict[str, float | int]:
    """Measure throughput as a ratio, and what each of many concurrent callers waits for.

    Returns:
        `protected_over_open`: median of the rounds' ratios of throughput. `added_p95_ms`: the 95th
        percentile of the time that a request spends in authentication while 1,000 requests are in
        flight, over 10,000 users with a token each.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    secret = make_secret()
    app = _make_app(secret)
    issuer = Issuer(secret, ORIGIN, ORIGIN)
    tokens = [issuer.token(f"user-{number}") for number in range(USERS)]
    ratios, protected, opened = [], [], []
    for number in range(ROUNDS):
        batch = [tokens[(number * REQUESTS_A_ROUND + index) % USERS] for index in range(REQUESTS_A_ROUND)]
        opened.append(await _throughput(app, "/open", batch))
        protected.append(await _throughput(app, "/protected", batch))
        ratios.append(protected[-1] / opened[-1])
    added = await _time_authentication(app, tokens)
    return {
        "rounds": ROUNDS,
        "open_requests_per_second": round(statistics.median(opened)),
        "protected_requests_per_second": round(statistics.median(protected)),
        "protected_over_open": statistics.median(ratios),
        "users": USERS,
        "in_flight": IN_FLIGHT,
        "added_p50_ms": _percentile(added, 50) * 1000,
        "added_p95_ms": _percentile(added, 95) * 1000,
    }


def _make_app(secret: str) -> FastAPI:
    environ = {
        "BETTER_AUTH_SECRET": secret,
        "BETTER_AUTH_URL": ORIGIN,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "LOG_LEVEL": "error",
    }
    app = create_app(load_settings(environ))

    @app.get("/open")
    async def answer_anybody() -> str:
        return "somebody"

    @app.get("/protected")
    async def answer_caller(user_id: CurrentUserId) -> str:
        return user_id

    return app


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
    authenticate = type(authenticator).authenticate

    class Timed(type(authenticator)):  # type: ignore[misc]  # the class of a state attribute is not static
        def authenticate(self, connection: Any) -> Any:
            start = time.perf_counter()
            try:
                return authenticate(self, connection)
            finally:
                spent.append(time.perf_counter() - start)

    app.state.authenticator = Timed(authenticator.keys, authenticator.clock)
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


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
