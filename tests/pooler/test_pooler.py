"""Concurrent users through a pooler in transaction mode, with fewer server connections than users."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from backend.core.database.transactions import Database
from backend.main import create_app
from tests.support.concurrent_users import CLEAN_STATE, SESSION_STATE, USERS, CrowdResults, run_crowd
from tests.support.pgbouncer import SERVER_CONNECTIONS
from tests.support.service import Clock, bearer, make_settings, open_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.testing.issuer import Issuer

ROUNDS = 40
ANONYMOUS_CLIENTS = 10
QUERIES = 20


async def connect(stack: AsyncExitStack, url: str) -> psycopg.AsyncConnection[Any]:
    """Open an SQL connection without a user's identity, with autocommit."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connecting = psycopg.AsyncConnection.connect(address, autocommit=True, prepare_threshold=None)
    return await stack.enter_async_context(await connecting)


async def count_visible_tasks(url: str) -> list[int]:
    """Count repeatedly the tasks that are visible without an identity."""
    async with AsyncExitStack() as stack:
        connection = await connect(stack, url)
        counts = []
        for _ in range(QUERIES):
            row = await (await connection.execute("select count(*) from tasks")).fetchone()
            counts.append(row[0] if row else -1)
        return counts


async def read_session_states(url: str) -> dict[int, tuple[Any, ...]]:
    """Read the state of every server connection, by process id; open transactions keep the connections apart."""
    async with AsyncExitStack() as stack:
        states = {}
        for _ in range(SERVER_CONNECTIONS):
            connection = await connect(stack, url)
            await stack.enter_async_context(connection.transaction())
            process = await (await connection.execute("select pg_backend_pid()")).fetchone()
            row = await (await connection.execute(SESSION_STATE)).fetchone()
            assert process
            assert row
            states[process[0]] = row
        return states


@pytest.mark.requirement("003/FR-035", "003/FR-038")
def test_users_who_share_server_connections_see_their_own_rows_only(secret: str, pooled_url: str) -> None:
    settings = make_settings(secret, pooled_url, DATABASE_POOL_SIZE=str(USERS), DATABASE_TIMEOUT_SECONDS="60")

    async def run() -> tuple[CrowdResults, list[int], dict[int, tuple[Any, ...]]]:
        database = Database(settings)
        try:
            async with asyncio.TaskGroup() as group:
                crowd = group.create_task(run_crowd(database, ROUNDS))
                counting = [
                    group.create_task(count_visible_tasks(pooled_url)) for _ in range(ANONYMOUS_CLIENTS)
                ]
        finally:
            await database.close()
        counts = [count for task in counting for count in task.result()]
        return crowd.result(), counts, await read_session_states(pooled_url)

    results, anonymous_counts, states = asyncio.run(run())
    assert results.faults == []
    assert results.transactions == USERS * ROUNDS == 2_000
    assert anonymous_counts == [0] * (ANONYMOUS_CLIENTS * QUERIES)
    # Connections were shared, and users took turns on them: otherwise the test would prove nothing.
    assert len(results.users_of) == SERVER_CONNECTIONS < USERS
    assert all(len(users) > SERVER_CONNECTIONS for users in results.users_of.values())
    assert sum(one != other for one, other in zip(results.turns, results.turns[1:], strict=False)) > 1_000
    assert states.keys() == results.users_of.keys()
    assert set(states.values()) == {CLEAN_STATE}


@pytest.mark.requirement("003/FR-009", "003/FR-038")
def test_service_behind_a_pooler_lists_each_users_own_tasks(
    secret: str, pooled_url: str, issuer: Issuer, clock: Clock
) -> None:
    settings = make_settings(secret, pooled_url, REVOCATIONS="postgresql", DATABASE_POOL_SIZE="20")

    with open_client(create_app(settings, clock=clock)) as client:

        def create_and_list(user: str) -> list[str]:
            headers = bearer(issuer.token(user))
            for number in range(3):
                draft = {"title": f"{user}/{number}"}
                assert client.post("/api/tasks", headers=headers, json=draft).status_code == 201
            page = client.get("/api/tasks", headers=headers).json()
            return sorted(task["title"] for task in page["items"])

        users = [f"user-{number}" for number in range(USERS)]
        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(create_and_list, users))
    assert found == [[f"{user}/{number}" for number in range(3)] for user in users]


@pytest.mark.requirement("003/FR-037", "003/FR-038")
def test_service_connects_to_the_pooler_by_tls(
    secret: str, tls_url: str, clock: Clock, signed_in: Callable[[str], dict[str, bytes]]
) -> None:
    settings = make_settings(secret, tls_url)
    with open_client(create_app(settings, clock=clock)) as client:
        headers = signed_in("alice")
        assert client.post("/api/tasks", headers=headers, json={"title": "Buy milk"}).status_code == 201
        assert len(client.get("/api/tasks", headers=headers).json()["items"]) == 1
    plain = make_url(tls_url).set(drivername="postgresql", query={"sslmode": "disable"})
    with pytest.raises(psycopg.OperationalError, match="SSL required"):
        psycopg.connect(plain.render_as_string(hide_password=False))
