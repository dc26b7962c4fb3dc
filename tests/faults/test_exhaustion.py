"""Out of connections, time or disk space: the service responds with 503 and Retry-After."""

from __future__ import annotations

import os
import subprocess
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.support.service import BASE_URL, Client
from tests.support.writers import POOL_SIZE, WRITERS, await_fact, find_losses, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg
    from fastapi import FastAPI

    from backend.testing.issuer import Issuer
    from tests.support.own_postgres import OwnPostgres

    SignIn = Callable[[str], dict[str, bytes]]

DRAFT = {"title": "Buy milk"}


def is_503_with_retry_after(response: httpx.Response) -> bool:
    return (response.status_code, response.headers["Retry-After"].isdecimal()) == (503, True)


@pytest.mark.requirement("003/FR-039")
def test_requests_get_503_while_the_pool_is_exhausted(
    harmed: Client, harmed_app: FastAPI, issuer: Issuer, signed_in: SignIn
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token('bob')}"}

    async def post_while_all_are_taken() -> httpx.Response:
        async with AsyncExitStack() as stack:
            for _ in range(POOL_SIZE):
                session = await stack.enter_async_context(harmed_app.state.database.transaction())
                await session.connection()
            transport = httpx.ASGITransport(harmed_app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
                return await http.post("/api/tasks", headers=headers, json=DRAFT)

    assert is_503_with_retry_after(harmed.call(post_while_all_are_taken))
    assert harmed.get("/api/tasks", headers=signed_in("alice")).json()["items"] == []


@pytest.mark.requirement("003/FR-039")
def test_requests_get_503_while_the_server_accepts_no_connection(
    harmed: Client, owner: psycopg.Connection[Any], signed_in: SignIn
) -> None:
    owner.execute("alter role tasks_service connection limit 0")
    try:
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tasks_service'"
        )
        with capture_logs() as logs:
            response = harmed.post("/api/tasks", headers=signed_in("alice"), json=DRAFT)
    finally:
        owner.execute("alter role tasks_service connection limit -1")
    assert is_503_with_retry_after(response)
    assert "database_unavailable" in [line["event"] for line in logs]
    assert harmed.post("/api/tasks", headers=signed_in("alice"), json=DRAFT).status_code == 201
    assert owner.execute("select count(*) from tasks").fetchone() == (1,)


@pytest.mark.requirement("003/FR-039")
@pytest.mark.parametrize("operation", ["POST", "PUT", "GET"])
def test_statement_that_times_out_changes_nothing(
    *, harmed: Client, owner: psycopg.Connection[Any], signed_in: SignIn, operation: str
) -> None:
    headers = signed_in("alice")
    task = harmed.post("/api/tasks", headers=headers, json=DRAFT).json()
    path = "/api/tasks" if operation == "POST" else f"/api/tasks/{task['id']}"
    body = None if operation == "GET" else {"title": "Buy bread"}
    with capture_logs() as logs, owner.transaction():
        owner.execute("lock table tasks in access exclusive mode")
        response = harmed.request(operation, path, headers=headers, json=body)
    assert is_503_with_retry_after(response)
    assert [line["sqlstate"] for line in logs if "sqlstate" in line] == ["57014"]  # query_canceled
    assert harmed.get("/api/tasks", headers=headers).json()["items"] == [task]


@pytest.fixture
def tiny_disk(own_postgres: OwnPostgres, owner: psycopg.Connection[Any]) -> Iterator[Path]:
    """A file system of 256 kB that holds the table of tasks."""
    disk = own_postgres.place / "tiny"
    disk.mkdir()
    if os.geteuid() != 0 or mount(disk, "size=256k").returncode != 0:
        disk.rmdir()
        pytest.skip("a full disk needs root and the right to mount a small file system")
    try:
        own_postgres.own(disk)
        owner.execute(f"create tablespace tiny location '{disk}'")
        owner.execute("alter table tasks set tablespace tiny")
        yield disk
        owner.execute("alter table tasks set tablespace pg_default")
        owner.execute("drop tablespace tiny")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # noqa: S607  # its path differs between systems
        disk.rmdir()


def mount(disk: Path, options: str) -> subprocess.CompletedProcess[bytes]:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    return subprocess.run(command, check=False, capture_output=True)


@pytest.mark.requirement("003/FR-039")
def test_acknowledged_writes_survive_a_full_disk(
    harmed: Client, owner: psycopg.Connection[Any], signed_in: SignIn, tiny_disk: Path
) -> None:
    with capture_logs() as logs, writing(harmed, signed_in) as (results, await_more):
        await_fact(lambda: results.responses[503] >= WRITERS or bool(results.faults))
        # Reading still works.
        assert harmed.get("/api/tasks", headers=signed_in("alice")).status_code == 200
        assert mount(tiny_disk, "remount,size=64m").returncode == 0
        await_more()
    assert results.faults == []
    assert "53100" in {line.get("sqlstate") for line in logs}  # disk_full
    assert find_losses(results, owner) == []
