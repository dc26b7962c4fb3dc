"""Concurrent users on one database connection, which they share as behind a pooler; needs no PgBouncer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backend.core.database.transactions import Database
from tests.support.concurrent_users import CLEAN_STATE, SESSION_STATE, USERS, CrowdResults, run_crowd
from tests.support.service import make_settings

ROUNDS = 10


@pytest.mark.requirement("003/FR-035", "003/FR-038")
def test_users_who_share_a_connection_see_their_own_rows_only(secret: str, empty_database: str) -> None:
    settings = make_settings(secret, empty_database, DATABASE_POOL_SIZE="1", DATABASE_TIMEOUT_SECONDS="60")

    async def run() -> tuple[CrowdResults, Any]:
        database = Database(settings)
        try:
            results = await run_crowd(database, ROUNDS)
            async with database._engine.connect() as raw:  # noqa: SLF001  # reads the state of its one connection
                # The settings that are made at the checkout of a connection end with the first transaction.
                await raw.exec_driver_sql("select 1")
                await raw.rollback()
                return results, tuple((await raw.exec_driver_sql(SESSION_STATE)).one())
        finally:
            await database.close()

    results, state = asyncio.run(run())
    assert results.faults == []
    assert results.transactions == USERS * ROUNDS
    assert [len(users) for users in results.users_of.values()] == [USERS]
    assert state == CLEAN_STATE
