"""PostgreSQL is killed, or its connections are cut, while users write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.service import Client, connect
from tests.support.writers import find_losses, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from tests.support.own_postgres import OwnPostgres

CUT = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'tasks_service'"


@pytest.mark.requirement("003/FR-039")
def test_acknowledged_writes_survive_a_killed_server(
    *,
    harmed: Client,
    own_postgres: OwnPostgres,
    harmed_url: str,
    signed_in: Callable[[str], dict[str, bytes]],
) -> None:
    with writing(harmed, signed_in) as (ledger, await_more):
        await_more()
        own_postgres.kill()
        own_postgres.start()
        await_more()
    assert ledger.faults == []
    assert ledger.answers[503] > 0
    with connect(harmed_url) as database:
        assert find_losses(ledger, database) == []


@pytest.mark.requirement("003/FR-039")
def test_acknowledged_writes_survive_cut_connections(
    harmed: Client, owner: psycopg.Connection[Any], signed_in: Callable[[str], dict[str, bytes]]
) -> None:
    with writing(harmed, signed_in) as (ledger, await_more):
        for _ in range(5):
            await_more()
            owner.execute(CUT)
    assert ledger.faults == []
    assert find_losses(ledger, owner) == []


@pytest.mark.requirement("003/FR-039")
def test_connections_that_were_cut_while_idle_are_not_noticed(
    harmed: Client, owner: psycopg.Connection[Any], signed_in: Callable[[str], dict[str, bytes]]
) -> None:
    with writing(harmed, signed_in):
        pass
    assert owner.execute(CUT).fetchone() != (0,)
    answers = [harmed.get("/api/tasks", headers=signed_in("alice")) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 8
