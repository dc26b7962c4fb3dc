"""The database was suspended while idle, as on Neon: the requests that wake it succeed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from backend.main import create_app
from tests.support.database_proxy import DatabaseProxy, running_proxy
from tests.support.service import Client, make_settings, open_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.support.service import Clock

    SignIn = Callable[[str], dict[str, bytes]]

DRAFT = {"title": "Buy milk"}


@pytest.fixture
def proxy(empty_database: str) -> Iterator[DatabaseProxy]:
    """A proxy in front of the empty database."""
    with running_proxy(empty_database) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: DatabaseProxy, secret: str, clock: Clock) -> Iterator[Client]:
    """A client of a service with one connection to that database."""
    settings = make_settings(secret, proxy.url, DATABASE_POOL_SIZE="1", DATABASE_TIMEOUT_SECONDS="1")
    with open_client(create_app(settings, clock=clock)) as client:
        yield client


@pytest.mark.requirement("003/FR-043")
def test_request_succeeds_though_the_first_new_connection_hangs(
    client: Client, proxy: DatabaseProxy, signed_in: SignIn
) -> None:
    proxy.kill_after(0)
    proxy.hanging = 1
    with capture_logs() as logs:
        response = client.post("/api/tasks", headers=signed_in("alice"), json=DRAFT)
    assert response.status_code == 201
    assert [line["event"] for line in logs] == ["connection_replaced", "connecting_anew", "request_answered"]
    assert proxy.hanging == 0


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize(("connections", "users"), [(1, 2), (2, 6)])
def test_all_requests_of_a_cold_start_succeed_with_more_users_than_connections(
    *, proxy: DatabaseProxy, secret: str, clock: Clock, signed_in: SignIn, connections: int, users: int
) -> None:
    size = str(connections)
    settings = make_settings(secret, proxy.url, DATABASE_POOL_SIZE=size, DATABASE_TIMEOUT_SECONDS="2")
    headers_of_users = [signed_in(f"user-{number}") for number in range(users)]
    with open_client(create_app(settings, clock=clock)) as client, ThreadPoolExecutor(users) as crowd:
        proxy.kill_after(0)
        proxy.hanging = connections
        responses = list(
            crowd.map(lambda headers: client.get("/api/tasks", headers=headers), headers_of_users)
        )
    assert [response.status_code for response in responses] == [200] * users
    assert proxy.hanging == 0


@pytest.mark.requirement("003/FR-043")
def test_requests_get_503_until_the_database_has_started(
    client: Client, proxy: DatabaseProxy, signed_in: SignIn
) -> None:
    headers = signed_in("alice")
    proxy.kill_after(0)
    proxy.hanging = 2
    response = client.post("/api/tasks", headers=headers, json=DRAFT)
    assert (response.status_code, response.headers["Retry-After"].isdecimal()) == (503, True)
    assert client.post("/api/tasks", headers=headers, json=DRAFT).status_code == 201


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize("messages", [0, 1], ids=["begin", "time-out"])
def test_request_succeeds_though_the_connection_breaks_before_the_transaction_begins(
    *,
    client: Client,
    proxy: DatabaseProxy,
    signed_in: SignIn,
    database: psycopg.Connection[Any],
    messages: int,
) -> None:
    proxy.kill_after(messages)
    response = client.post("/api/tasks", headers=signed_in("alice"), json=DRAFT)
    assert response.status_code == 201
    assert database.execute("select count(*) from tasks").fetchone() == (1,)


@pytest.mark.requirement("003/FR-043")
def test_requests_succeed_though_every_pooled_connection_is_dead(
    proxy: DatabaseProxy, secret: str, clock: Clock, signed_in: SignIn
) -> None:
    settings = make_settings(secret, proxy.url, DATABASE_POOL_SIZE="3", DATABASE_TIMEOUT_SECONDS="1")
    app = create_app(settings, clock=clock)

    async def fill_the_pool() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(3):
                session = await stack.enter_async_context(app.state.database.transaction())
                await session.connection()

    with open_client(app) as client:
        client.call(fill_the_pool)
        assert proxy.connections == 3
        proxy.kill_after(1)
        responses = [client.get("/api/tasks", headers=signed_in("alice")).status_code for _ in range(3)]
    assert responses == [200, 200, 200]


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize("messages", [2, 3, 4, 5], ids=["identity", "tombstone", "statement", "commit"])
def test_transaction_that_has_begun_is_never_retried(
    *,
    client: Client,
    proxy: DatabaseProxy,
    signed_in: SignIn,
    database: psycopg.Connection[Any],
    messages: int,
) -> None:
    proxy.kill_after(messages)
    with capture_logs() as logs:
        response = client.post("/api/tasks", headers=signed_in("alice"), json=DRAFT)
    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert [line["event"] for line in logs] == ["database_unavailable", "request_answered"]
    assert database.execute("select count(*) from tasks").fetchone() == (0,)
