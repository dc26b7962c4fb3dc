"""A client that disconnects, and a service that is stopped, in the middle of a request."""

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
# Not pg_stat_activity: inside a transaction it shows a snapshot.
WAITING = "select count(*) from pg_locks where not granted and relation = 'tasks'::regclass"


@pytest.fixture
def server(
    owner: psycopg.Connection[Any], harmed_url: str, secret: str, tmp_path: Path
) -> Iterator[ServerProcess]:
    """The service as a process, with one connection to the database."""
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
    """A token that is valid now."""
    return Issuer(secret, ORIGIN, ORIGIN, time.time).token("alice")


@pytest.fixture
def is_blocked(owner: psycopg.Connection[Any]) -> Callable[[], bool]:
    """Return whether a request of the service waits for the lock on the tasks."""
    return lambda: owner.execute(WAITING).fetchone() != (0,)


def post(server: ServerProcess, token: str, path: str = "/api/tasks") -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{server.port}{path}",
        headers={"Authorization": f"Bearer {token}"},
        json={"title": "Buy milk"},
        timeout=300,
    )


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


REQUESTS = {
    "without a body": "GET /api/tasks HTTP/1.1\r\n{headers}\r\n",
    "with a body": "POST /api/tasks HTTP/1.1\r\n{headers}Content-Length: 17\r\n\r\n" + '{{"title": "Milk"}}',
    "in chunks": "POST /api/tasks HTTP/1.1\r\n{headers}Transfer-Encoding: chunked\r\n\r\n"
    '9\r\n{{"title":\r\n8\r\n "Milk"}}\r\n0\r\n\r\n',
}


@pytest.mark.requirement("003/FR-039")
def test_transaction_is_rolled_back_when_the_client_disconnects(
    *,
    server: ServerProcess,
    owner: psycopg.Connection[Any],
    token: str,
    is_blocked: Callable[[], bool],
) -> None:
    headers = f"Host: here\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    with owner.transaction():
        owner.execute(HOLD)
        for request in REQUESTS.values():
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(request.format(headers=headers).encode())
                await_fact(is_blocked)
            await_fact(lambda: not is_blocked())
    # The only connection is free again, and nothing was written.
    assert post(server, token).status_code == 201
    assert owner.execute("select title from tasks").fetchall() == [("Buy milk",)]
    events = server.events
    assert [line["event"] for line in events].count("request_abandoned") == len(REQUESTS)
    assert {line["level"] for line in events} == {"info"}


@pytest.mark.requirement("003/FR-039")
def test_request_in_flight_is_completed_before_the_service_stops(
    *,
    server: ServerProcess,
    owner: psycopg.Connection[Any],
    token: str,
    is_blocked: Callable[[], bool],
) -> None:
    port = server.port
    with ThreadPoolExecutor(1) as pool:
        with owner.transaction():
            owner.execute(HOLD)
            response = pool.submit(post, server, token)
            await_fact(is_blocked)
            server.process.send_signal(signal.SIGTERM)
            await_fact(lambda: not is_listening(port))
            assert not response.done()
        assert response.result().status_code == 201
    assert server.process.wait(300) in {0, -signal.SIGTERM}
    assert owner.execute("select title from tasks").fetchall() == [("Buy milk",)]
    assert {line["level"] for line in server.events} == {"info"}
