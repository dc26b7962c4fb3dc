"""Transactions: failures of the database, time limits, the time of the commit."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from structlog.testing import capture_logs

from backend.core.config import Settings
from backend.core.database.sessions import CurrentSession
from backend.core.database.transactions import Database, Identity
from backend.core.dependencies import CurrentUserId
from backend.core.errors import UnavailableError
from backend.models.task import Task
from backend.testing.issuer import Issuer
from tests.support.service import bearer, make_settings, open_client


def run(settings: Settings, work: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
    async def run_and_close() -> Any:
        database = Database(settings)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run_and_close())


def run_statement(settings: Settings, statement: str) -> Any:
    async def work(database: Database) -> Any:
        async with database.transaction() as session:
            return (await session.execute(text(statement))).scalar()

    return run(settings, work)


@pytest.mark.requirement("003/FR-018")
@pytest.mark.parametrize(
    "statement",
    [
        "select pg_terminate_backend(pg_backend_pid())",
        "select * from no_such_table",
        "do $$ begin raise exception using errcode = '40001'; end $$",
        "do $$ begin raise exception using errcode = '53300'; end $$",
    ],
)
def test_database_failure_raises_unavailable_error(settings: Settings, statement: str) -> None:
    with capture_logs() as logs, pytest.raises(UnavailableError):
        run_statement(settings, statement)
    assert [entry["event"] for entry in logs] == ["database_unavailable"]
    assert "select" not in str(logs)


@pytest.mark.requirement("003/FR-018")
def test_statement_is_cancelled_at_the_time_limit(secret: str, empty_database: str) -> None:
    settings = make_settings(secret, empty_database, DATABASE_TIMEOUT_SECONDS="1")
    with capture_logs() as logs, pytest.raises(UnavailableError):
        run_statement(settings, "select pg_sleep(30)")
    assert [entry["sqlstate"] for entry in logs] == ["57014"]  # cancelled by the server


@pytest.mark.requirement("003/FR-018")
def test_wait_for_a_connection_ends_at_the_time_limit(secret: str, empty_database: str) -> None:
    settings = make_settings(secret, empty_database, DATABASE_TIMEOUT_SECONDS="1", DATABASE_POOL_SIZE="1")

    async def work(database: Database) -> None:
        async with database.transaction() as first:
            await first.execute(text("select 1"))
            async with database.transaction() as second:
                await second.execute(text("select 1"))

    with pytest.raises(UnavailableError):
        run(settings, work)


@pytest.mark.requirement("003/FR-017")
def test_database_that_does_not_respond_in_time_is_not_ready(secret: str) -> None:
    # Accepts connections, and never says a word.
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"postgresql://u@127.0.0.1:{server.getsockname()[1]}/d"
        settings = make_settings(secret, address, DATABASE_TIMEOUT_SECONDS="1")

        async def ask(database: Database) -> bool:
            async with asyncio.timeout(20):  # else it would wait for ever
                return await database.is_ready()

        assert run(settings, ask) is False


@pytest.mark.parametrize(
    ("user_id", "title", "kind"),
    [("alice", "", IntegrityError), ("alice", "x" * 201, DataError), ("bob", "a", ProgrammingError)],
)
def test_bug_of_the_service_is_not_reported_as_unavailable(
    settings: Settings, user_id: str, title: str, kind: type[Exception]
) -> None:
    async def work(database: Database) -> None:
        async with database.transaction(Identity("alice")) as session:
            session.add(Task(user_id=user_id, title=title))

    with pytest.raises(kind):
        run(settings, work)


def test_error_text_contains_no_parameters(settings: Settings) -> None:
    async def work(database: Database) -> None:
        async with database.transaction(Identity("bob")) as session:
            session.add(Task(user_id="alice", title="very-private"))

    with pytest.raises(ProgrammingError) as caught:
        run(settings, work)
    assert "[SQL parameters hidden" in str(caught.value)


def test_server_has_no_prepared_statements(settings: Settings) -> None:
    async def work(database: Database) -> Any:
        for _ in range(12):
            async with database.transaction() as session:
                await session.execute(text("select 1"))
                found = await session.execute(text("select count(*) from pg_prepared_statements"))
        return found.scalar()

    assert run(settings, work) == 0


def test_dead_connection_of_the_pool_is_replaced(
    settings: Settings, database: psycopg.Connection[Any]
) -> None:
    async def work(own: Database) -> bool:
        async with own.transaction() as session:
            pid = (await session.execute(text("select pg_backend_pid()"))).scalar()
        database.execute("select pg_terminate_backend(%s)", [pid])
        return await own.is_ready()

    assert run(settings, work) is True


@pytest.mark.requirement("003/FR-019")
def test_transaction_is_committed_before_the_response_begins(
    app: FastAPI, issuer: Issuer, database: psycopg.Connection[Any]
) -> None:
    seen = []

    class Watch:
        """Reads the database by another connection when the response begins."""

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def look(message: Any) -> None:
                if message["type"] == "http.response.start":
                    row = database.execute("select count(*) from tasks").fetchone()
                    seen.append((message["status"], row[0] if row else None))
                await send(message)

            await self.inner(scope, receive, look)

    app.add_middleware(Watch)
    with open_client(app) as client:
        client.post("/api/tasks", headers=bearer(issuer.token("alice")), json={"title": "Buy milk"})
    assert seen == [(201, 1)]


@pytest.mark.requirement("003/FR-018")
def test_failed_commit_gives_503(app: FastAPI, issuer: Issuer, database: psycopg.Connection[Any]) -> None:
    @app.post("/api/lost")
    async def lose(_: CurrentUserId, session: CurrentSession) -> None:
        session.add(Task(user_id="alice", title="Buy milk"))
        await session.flush()
        pid = (await session.execute(text("select pg_backend_pid()"))).scalar()
        database.execute("select pg_terminate_backend(%s)", [pid])

    with open_client(app) as client:
        response = client.post("/api/lost", headers=bearer(issuer.token("alice")))
    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert database.execute("select count(*) from tasks").fetchone() == (0,)
