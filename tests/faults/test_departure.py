"""A caller who leaves, and a service that is told to stop, in the middle of a request."""

from __future__ import annotations

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from backend.testing.issuer import Issuer
from tests.support.server_process import ServerProcess, serving
from tests.support.service import PSEUDONYM_KEY, as_service
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

ORIGIN = "http://localhost:3000"
HOLD = "lock table tasks in access exclusive mode"
# Not pg_stat_activity, which stands still during a transaction.
WAITING = "select count(*) from pg_locks where not granted and relation = 'tasks'::regclass"


@pytest.fixture
def server(
    owner: psycopg.Connection[Any], harmed_url: str, secret: str, tmp_path: Path
) -> Iterator[ServerProcess]:
    """The service as a process, with a single connection to the database."""
    assert not owner.closed
    settings = {
        "BETTER_AUTH_SECRET": secret,
        "PSEUDONYM_KEY": PSEUDONYM_KEY,
        "DATABASE_URL": as_service(harmed_url),
        "DATABASE_POOL_SIZE": "1",
        "DATABASE_TIMEOUT_SECONDS": "60",
    }
    with serving(settings, tmp_path / "log") as server:
        yield server


@pytest.fixture
def token(secret: str) -> str:
    """A token by the clock of the process."""
    return Issuer(secret, ORIGIN, ORIGIN, time.time).token("alice")


@pytest.fixture
def is_waited_for(owner: psycopg.Connection[Any]) -> Callable[[], bool]:
    """Tell whether the service waits for a lock; by the connection that holds it."""
    return lambda: owner.execute(WAITING).fetchone() != (0,)


def post(server: ServerProcess, token: str, path: str = "/api/tasks") -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{server.port}{path}",
        headers={"Authorization": f"Bearer {token}"},
        json={"title": "Buy milk"},
        timeout=300,
    )


def is_listening(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


REQUESTS = {
    "without a body": "GET /api/tasks HTTP/1.1\r\n{headers}\r\n",
    "with a body": "POST /api/tasks HTTP/1.1\r\n{headers}Content-Length: 17\r\n\r\n" + '{{"title": "Milk"}}',
    "in chunks": "POST /api/tasks HTTP/1.1\r\n{headers}Transfer-Encoding: chunked\r\n\r\n"
    '9\r\n{{"title":\r\n8\r\n "Milk"}}\r\n0\r\n\r\n',
}


@pytest.mark.requirement("003/FR-039")
def test_work_ends_with_its_caller(
    *,
    server: ServerProcess,
    owner: psycopg.Connection[Any],
    token: str,
    is_waited_for: Callable[[], bool],
) -> None:
    headers = f"Host: here\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    with owner.transaction():
        owner.execute(HOLD)
        for request in REQUESTS.values():
            with socket.create_connection(("127.0.0.1", server.port)) as caller:
                caller.sendall(request.format(headers=headers).encode())
                await_fact(is_waited_for)
            await_fact(lambda: not is_waited_for())
    # Its only connection is free, and nothing was written.
    assert post(server, token).status_code == 201
    assert owner.execute("select title from tasks").fetchall() == [("Buy milk",)]
    events = server.events
    assert [each["event"] for each in events].count("request_abandoned") == len(REQUESTS)
    assert {each["level"] for each in events} == {"info"}


@pytest.mark.requirement("003/FR-039")
def test_request_in_flight_is_answered_before_the_service_stops(
    *,
    server: ServerProcess,
    owner: psycopg.Connection[Any],
    token: str,
    is_waited_for: Callable[[], bool],
) -> None:
    port = server.port
    with ThreadPoolExecutor(1) as pool:
        with owner.transaction():
            owner.execute(HOLD)
            answer = pool.submit(post, server, token)
            await_fact(is_waited_for)
            server.process.send_signal(signal.SIGTERM)
            await_fact(lambda: not is_listening(port))
            assert not answer.done()
        assert answer.result().status_code == 201
    assert server.process.wait(300) in {0, -signal.SIGTERM}
    assert owner.execute("select title from tasks").fetchall() == [("Buy milk",)]
    assert {each["level"] for each in server.events} == {"info"}
