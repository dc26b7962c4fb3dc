"""Many users through a pooler in transaction mode, on fewer server connections than users."""

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
from tests.support.crowd import NOTHING, REMAINS, USERS, Sightings, mingle
from tests.support.pgbouncer import SERVER_CONNECTIONS
from tests.support.service import Clock, bearer, make_settings, open_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.testing.issuer import Issuer

ROUNDS = 40
STRANGERS = 10
LOOKS = 20


async def connect(stack: AsyncExitStack, url: str) -> psycopg.AsyncConnection[Any]:
    """Connect past the service, with nobody's identity; each statement commits by itself."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connecting = psycopg.AsyncConnection.connect(address, autocommit=True, prepare_threshold=None)
    return await stack.enter_async_context(await connecting)


async def look_around(url: str) -> list[int]:
    """Count the tasks that nobody may see, again and again."""
    async with AsyncExitStack() as stack:
        connection = await connect(stack, url)
        counts = []
        for _ in range(LOOKS):
            row = await (await connection.execute("select count(*) from tasks")).fetchone()
            counts.append(row[0] if row else -1)
        return counts


async def find_remains(url: str) -> dict[int, tuple[Any, ...]]:
    """Look at every server connection at once, each by a client that has it to itself."""
    async with AsyncExitStack() as stack:
        remains = {}
        for _ in range(SERVER_CONNECTIONS):
            connection = await connect(stack, url)
            await stack.enter_async_context(connection.transaction())
            process = await (await connection.execute("select pg_backend_pid()")).fetchone()
            row = await (await connection.execute(REMAINS)).fetchone()
            assert process
            assert row
            remains[process[0]] = row
        return remains


@pytest.mark.requirement("003/FR-035", "003/FR-038")
def test_users_who_share_server_connections_never_meet(secret: str, pooled_url: str) -> None:
    settings = make_settings(secret, pooled_url, DATABASE_POOL_SIZE=str(USERS), DATABASE_TIMEOUT_SECONDS="60")

    async def crowd() -> tuple[Sightings, list[int], dict[int, tuple[Any, ...]]]:
        database = Database(settings)
        try:
            async with asyncio.TaskGroup() as group:
                mingling = group.create_task(mingle(database, ROUNDS))
                looking = [group.create_task(look_around(pooled_url)) for _ in range(STRANGERS)]
        finally:
            await database.close()
        counts = [count for each in looking for count in each.result()]
        return mingling.result(), counts, await find_remains(pooled_url)

    sightings, strangers, remains = asyncio.run(crowd())
    assert sightings.faults == []
    assert sightings.transactions == USERS * ROUNDS == 2_000
    assert strangers == [0] * (STRANGERS * LOOKS)
    # Really shared, and really in turns: else it would prove nothing.
    assert len(sightings.users_of) == SERVER_CONNECTIONS < USERS
    assert all(len(users) > SERVER_CONNECTIONS for users in sightings.users_of.values())
    assert sum(one != other for one, other in zip(sightings.turns, sightings.turns[1:], strict=False)) > 1_000
    assert remains.keys() == sightings.users_of.keys()
    assert set(remains.values()) == {NOTHING}


@pytest.mark.requirement("003/FR-009", "003/FR-038")
def test_service_behind_a_pooler_serves_each_user_their_own(
    secret: str, pooled_url: str, issuer: Issuer, clock: Clock
) -> None:
    settings = make_settings(secret, pooled_url, REVOCATIONS="postgresql", DATABASE_POOL_SIZE="20")

    with open_client(create_app(settings, clock=clock)) as client:

        def use(user: str) -> list[str]:
            headers = bearer(issuer.token(user))
            for number in range(3):
                draft = {"title": f"{user}/{number}"}
                assert client.post("/api/tasks", headers=headers, json=draft).status_code == 201
            page = client.get("/api/tasks", headers=headers).json()
            return sorted(task["title"] for task in page["items"])

        users = [f"user-{number}" for number in range(USERS)]
        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(use, users))
    assert found == [[f"{user}/{number}" for number in range(3)] for user in users]


@pytest.mark.requirement("003/FR-037", "003/FR-038")
def test_service_and_pooler_speak_by_tls(
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
