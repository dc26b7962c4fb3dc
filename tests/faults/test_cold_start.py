"""The database was suspended while idle, as on Neon: the requests that wake it succeed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from backend.main import create_app
from tests.support.service import Client, make_settings, open_client
from tests.support.sleeper import Sleeper, sleeping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.support.service import Clock

    SignIn = Callable[[str], dict[str, bytes]]

DRAFT = {"title": "Buy milk"}


@pytest.fixture
def sleeper(empty_database: str) -> Iterator[Sleeper]:
    """A proxy in front of the empty database."""
    with sleeping(empty_database) as sleeper:
        yield sleeper


@pytest.fixture
def client(sleeper: Sleeper, secret: str, clock: Clock) -> Iterator[Client]:
    """A client of a service with one connection to that database."""
    settings = make_settings(secret, sleeper.url, DATABASE_POOL_SIZE="1", DATABASE_TIMEOUT_SECONDS="1")
    with open_client(create_app(settings, clock=clock)) as client:
        yield client


@pytest.mark.requirement("003/FR-043")
def test_request_succeeds_though_the_first_new_connection_hangs(
    client: Client, sleeper: Sleeper, signed_in: SignIn
) -> None:
    sleeper.kill_after(0)
    sleeper.hanging = 1
    with capture_logs() as logs:
        response = client.post("/api/tasks", headers=signed_in("alice"), json=DRAFT)
    assert response.status_code == 201
    assert [line["event"] for line in logs] == ["connection_replaced", "connecting_anew", "request_answered"]
    assert sleeper.hanging == 0


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize(("connections", "users"), [(1, 2), (2, 6)])
def test_all_requests_of_a_cold_start_succeed_with_more_users_than_connections(
    *, sleeper: Sleeper, secret: str, clock: Clock, signed_in: SignIn, connections: int, users: int
) -> None:
    size = str(connections)
    settings = make_settings(secret, sleeper.url, DATABASE_POOL_SIZE=size, DATABASE_TIMEOUT_SECONDS="2")
    headers_of_users = [signed_in(f"user-{number}") for number in range(users)]
    with open_client(create_app(settings, clock=clock)) as client, ThreadPoolExecutor(users) as crowd:
        sleeper.kill_after(0)
        sleeper.hanging = connections
        responses = list(
            crowd.map(lambda headers: client.get("/api/tasks", headers=headers), headers_of_users)
        )
    assert [response.status_code for response in responses] == [200] * users
    assert sleeper.hanging == 0


@pytest.mark.requirement("003/FR-043")
def test_requests_get_503_until_the_database_has_started(
    client: Client, sleeper: Sleeper, signed_in: SignIn
) -> None:
    headers = signed_in("alice")
    sleeper.kill_after(0)
    sleeper.hanging = 2
    response = client.post("/api/tasks", headers=headers, json=DRAFT)
    assert (response.status_code, response.headers["Retry-After"].isdecimal()) == (503, True)
    assert client.post("/api/tasks", headers=headers, json=DRAFT).status_code == 201


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize("messages", [0, 1], ids=["begin", "time-out"])
def test_request_succeeds_though_the_connection_breaks_before_the_transaction_begins(
    *,
    client: Client,
    sleeper: Sleeper,
    signed_in: SignIn,
    database: psycopg.Connection[Any],
    messages: int,
) -> None:
    sleeper.kill_after(messages)
    response = client.post("/api/tasks", headers=signed_in("alice"), json=DRAFT)
    assert response.status_code == 201
    assert database.execute("select count(*) from tasks").fetchone() == (1,)


@pytest.mark.requirement("003/FR-043")
def test_requests_succeed_though_every_pooled_connection_is_dead(
    sleeper: Sleeper, secret: str, clock: Clock, signed_in: SignIn
) -> None:
    settings = make_settings(secret, sleeper.url, DATABASE_POOL_SIZE="3", DATABASE_TIMEOUT_SECONDS="1")
    app = create_app(settings, clock=clock)

    async def fill_the_pool() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(3):
                session = await stack.enter_async_context(app.state.database.transaction())
                await session.connection()

    with open_client(app) as client:
        client.call(fill_the_pool)
        assert sleeper.connections == 3
        sleeper.kill_after(1)
        responses = [client.get("/api/tasks", headers=signed_in("alice")).status_code for _ in range(3)]
    assert responses == [200, 200, 200]


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize("messages", [2, 3, 4, 5], ids=["identity", "tombstone", "statement", "commit"])
def test_transaction_that_has_begun_is_never_retried(
    *,
    client: Client,
    sleeper: Sleeper,
    signed_in: SignIn,
    database: psycopg.Connection[Any],
    messages: int,
) -> None:
    sleeper.kill_after(messages)
    with capture_logs() as logs:
        response = client.post("/api/tasks", headers=signed_in("alice"), json=DRAFT)
    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert [line["event"] for line in logs] == ["database_unavailable", "request_answered"]
    assert database.execute("select count(*) from tasks").fetchone() == (0,)
