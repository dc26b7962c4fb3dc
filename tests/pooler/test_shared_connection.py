"""Many users on one connection, as a pooler's are shared: this much needs no pooler."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backend.core.database.transactions import Database
from tests.support.crowd import NOTHING, REMAINS, USERS, Sightings, mingle
from tests.support.service import make_settings

ROUNDS = 10


@pytest.mark.requirement("003/FR-035", "003/FR-038")
def test_users_who_share_a_connection_never_meet(secret: str, empty_database: str) -> None:
    settings = make_settings(secret, empty_database, DATABASE_POOL_SIZE="1", DATABASE_TIMEOUT_SECONDS="60")

    async def crowd() -> tuple[Sightings, Any]:
        database = Database(settings)
        try:
            sightings = await mingle(database, ROUNDS)
            async with database._engine.connect() as raw:  # noqa: SLF001  # what is left is what is tried
                # Whatever is set when a connection is lent ends with that transaction.
                await raw.exec_driver_sql("select 1")
                await raw.rollback()
                return sightings, tuple((await raw.exec_driver_sql(REMAINS)).one())
        finally:
            await database.close()

    sightings, remains = asyncio.run(crowd())
    assert sightings.faults == []
    assert sightings.transactions == USERS * ROUNDS
    assert [len(users) for users in sightings.users_of.values()] == [USERS]
    assert remains == NOTHING
