"""PostgreSQL is killed, or its connections are closed, while users write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.service import Client, connect
from tests.support.writers import find_losses, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from tests.support.own_postgres import OwnPostgres

CLOSE_CONNECTIONS = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'tasks_service'"
)


@pytest.mark.requirement("003/FR-039")
def test_acknowledged_writes_survive_a_killed_server(
    *,
    harmed: Client,
    own_postgres: OwnPostgres,
    harmed_url: str,
    signed_in: Callable[[str], dict[str, bytes]],
) -> None:
    with writing(harmed, signed_in) as (results, await_more):
        await_more()
        own_postgres.kill()
        own_postgres.start()
        await_more()
    assert results.faults == []
    assert results.responses[503] > 0
    with connect(harmed_url) as database:
        assert find_losses(results, database) == []


@pytest.mark.requirement("003/FR-039")
def test_acknowledged_writes_survive_closed_connections(
    harmed: Client, owner: psycopg.Connection[Any], signed_in: Callable[[str], dict[str, bytes]]
) -> None:
    with writing(harmed, signed_in) as (results, await_more):
        for _ in range(5):
            await_more()
            owner.execute(CLOSE_CONNECTIONS)
    assert results.faults == []
    assert find_losses(results, owner) == []


@pytest.mark.requirement("003/FR-039")
def test_requests_succeed_after_idle_connections_were_closed(
    harmed: Client, owner: psycopg.Connection[Any], signed_in: Callable[[str], dict[str, bytes]]
) -> None:
    with writing(harmed, signed_in):
        pass
    assert owner.execute(CLOSE_CONNECTIONS).fetchone() != (0,)
    responses = [harmed.get("/api/tasks", headers=signed_in("alice")) for _ in range(8)]
    assert [response.status_code for response in responses] == [200] * 8
