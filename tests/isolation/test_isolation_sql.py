"""Every query selects its owner's rows by its own filter, without row-level security.

The tests connect as a superuser, to whom no policy applies, so that a missing filter shows.
Row-level security is tested in test_row_level_security.py.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from backend.core.tokens.claims import Principal
from backend.models import account
from backend.models import task as store
from backend.models.revocation import count_denials

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import psycopg

    Query = Callable[[AsyncSession, str, UUID], Awaitable[object]]

ISSUER = "https://auth.example"
QUERIES: dict[str, Query] = {
    "find_task": store.find_task,
    "replace_task": lambda session, user_id, task_id: store.replace_task(
        session, user_id, task_id, title="Taken over", description=""
    ),
    "complete_task": store.complete_task,
    "delete_task": store.delete_task,
}


@pytest.fixture
def rows(database: psycopg.Connection[Any], empty_database: str) -> dict[str, UUID]:
    """Insert one task of alice and one of bob by SQL; returns the ids by user."""
    assert empty_database
    made = {"alice": uuid4(), "bob": uuid4()}
    for user_id, task_id in made.items():
        database.execute(
            "insert into tasks (id, user_id, title, description, completed) values (%s, %s, %s, '', false)",
            [task_id, user_id, f"Task of {user_id}"],
        )
    return made


def run(url: str, work: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
    async def run_and_close() -> Any:
        engine = create_async_engine(url, poolclass=NullPool)
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            return await work(session)

    return asyncio.run(run_and_close())


async def call_as_bob(session: AsyncSession, *, query: str, task_id: UUID) -> object:
    return await QUERIES[query](session, "bob", task_id)


def dump(database: psycopg.Connection[Any]) -> list[Any]:
    return database.execute("select * from tasks order by user_id").fetchall()


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("query", QUERIES)
def test_query_does_not_find_another_owners_task(
    *, database_url: str, database: psycopg.Connection[Any], rows: dict[str, UUID], query: str
) -> None:
    before = dump(database)
    for task_id in (rows["alice"], uuid4()):
        assert not run(database_url, partial(call_as_bob, query=query, task_id=task_id))
    assert dump(database) == before


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("query", QUERIES)
def test_query_finds_and_changes_its_owners_task_only(
    *, database_url: str, database: psycopg.Connection[Any], rows: dict[str, UUID], query: str
) -> None:
    before = dict(zip(("alice", "bob"), dump(database), strict=True))
    assert run(database_url, partial(call_as_bob, query=query, task_id=rows["bob"]))
    assert before["alice"] in dump(database)
    assert (before["bob"] in dump(database)) == (query == "find_task")


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("user_id", ["alice", "bob", "carol", "", "%", "' or true --"])
def test_list_contains_one_owners_tasks(database_url: str, rows: dict[str, UUID], user_id: str) -> None:
    page, following = run(database_url, lambda session: store.list_tasks(session, user_id, limit=9))
    assert [task.id for task in page] == ([rows[user_id]] if user_id in rows else [])
    assert following is None


@pytest.mark.requirement("003/FR-009")
def test_new_task_belongs_to_its_owner(
    database_url: str, empty_database: str, database: psycopg.Connection[Any]
) -> None:
    assert empty_database
    run(database_url, lambda session: store.create_task(session, "bob", title="a", description=""))
    assert database.execute("select user_id from tasks").fetchall() == [("bob",)]


@pytest.fixture
def accounts(database: psycopg.Connection[Any], rows: dict[str, UUID]) -> dict[str, UUID]:
    """For alice and bob: tasks, deny-list entries of two issuers, and an audit entry."""
    for user_id in rows:
        for issuer in (ISSUER, "https://elsewhere.example"):
            for kind in ("subject", "session"):
                database.execute(
                    "insert into revocations values (%s, %s, %s, now() + interval '1 day')",
                    [issuer, kind, user_id],
                )
        database.execute(
            "insert into audit (actor, action, outcome) values (%s, %s, 'done')",
            [f"actor of {user_id}", f"export of {user_id}"],
        )
    return rows


@pytest.mark.requirement("003/FR-009", "003/FR-010")
def test_export_reads_one_owners_tasks(database_url: str, accounts: dict[str, UUID]) -> None:
    async def read(session: AsyncSession) -> list[UUID]:
        page, end = await account.read_tasks(session, "bob", until=await account.read_moment(session))
        assert end is None
        return [task.id for task in page]

    assert run(database_url, read) == [accounts["bob"]]


@pytest.mark.requirement("003/FR-009", "003/FR-010")
def test_export_reads_one_users_deny_list_entries_and_audit(
    database_url: str, accounts: dict[str, UUID]
) -> None:
    assert accounts
    rest = run(database_url, lambda session: account.read_others(session, ISSUER, "bob", "actor of bob"))
    assert [row["kind"] for row in rest["revocations"]] == ["subject"]
    assert [row["action"] for row in rest["audit"]] == ["export of bob"]
    nobody = run(database_url, lambda session: account.read_others(session, ISSUER, "carol", "of carol"))
    assert nobody == {"revocations": [], "audit": []}


@pytest.mark.requirement("003/FR-009", "003/FR-031")
@pytest.mark.parametrize(
    ("issuer", "subject", "session_id", "count"),
    [
        (ISSUER, "bob", None, 1),
        (ISSUER, "bob", "alice", 2),
        (ISSUER, "carol", "alice", 1),
        (ISSUER, "carol", None, 0),
        (ISSUER, "carol", "carol", 0),
        ("https://third.example", "bob", "bob", 0),
    ],
)
def test_deny_list_query_counts_one_callers_entries(
    *,
    database_url: str,
    accounts: dict[str, UUID],
    issuer: str,
    subject: str,
    session_id: str | None,
    count: int,
) -> None:
    assert accounts
    principal, now = Principal(subject, issuer, session_id, 4e9), datetime.now(UTC)
    assert run(database_url, lambda session: count_denials(session, principal, now)) == count
    ended = now + timedelta(days=2)
    assert run(database_url, lambda session: count_denials(session, principal, ended)) == 0


@pytest.mark.requirement("003/FR-009", "003/FR-011")
def test_erasure_deletes_one_users_rows(
    database_url: str, database: psycopg.Connection[Any], accounts: dict[str, UUID]
) -> None:
    run(database_url, lambda session: account.erase_account(session, "bob", until=4e9))
    assert [row[0] for row in dump(database)] == [accounts["alice"]]
    assert database.execute("select user_id from erasures").fetchall() == [("bob",)]


def test_task_without_an_owner_cannot_be_created(database_url: str) -> None:
    with pytest.raises(IntegrityError):
        run(database_url, lambda session: store.create_task(session, "", title="a", description=""))


def test_list_query_uses_the_index(database: psycopg.Connection[Any], empty_database: str) -> None:
    assert empty_database
    database.execute(
        "insert into tasks (id, user_id, title, description, completed)"
        " select gen_random_uuid(), 'user-' || n % 50, 'a', '', false from generate_series(1, 5000) n"
    )
    database.execute("analyze tasks")
    plan = database.execute(
        "explain select * from tasks where user_id = 'user-1' and (created_at, id) < (now(), gen_random_uuid())"
        " order by created_at desc, id desc limit 21"
    ).fetchall()
    assert "tasks_owner_newest" in str(plan)
    assert "Sort" not in str(plan)
