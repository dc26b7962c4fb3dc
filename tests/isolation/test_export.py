"""Streaming exports: slow readers do not block others, and a failed export is never a complete document."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from backend.main import create_app
from backend.models.account import PAGE_SIZE
from backend.testing.issuer import make_subject
from tests.support.service import Client, make_settings, open_client
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from fastapi import FastAPI

    from tests.support.service import Clock

    Headers = dict[str, bytes]

ALICE = make_subject("alice")
PATH = "/api/account/export"
PAGES = 3


@pytest.fixture
def app(secret: str, empty_database: str, clock: Clock) -> FastAPI:
    """The service with one database connection."""
    settings = make_settings(secret, empty_database, DATABASE_POOL_SIZE="1", DATABASE_TIMEOUT_SECONDS="2")
    return create_app(settings, clock=clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    with open_client(app) as client:
        yield client


@pytest.fixture
def many(database: psycopg.Connection[Any], empty_database: str) -> int:
    """Insert tasks of alice for three pages of the export; returns their number."""
    assert empty_database
    database.execute(
        "insert into tasks (id, user_id, title, description, completed)"
        " select gen_random_uuid(), %s, 'Task ' || n, '', false from generate_series(1, %s) n",
        [ALICE, PAGES * PAGE_SIZE],
    )
    return PAGES * PAGE_SIZE


class Reader:
    """A client that reads some chunks of an export, then stops until `go_on` or `leave` is called."""

    def __init__(self, app: FastAPI, headers: Headers, pieces: int) -> None:
        self.is_stuck = False
        self.text = ""
        self._app = app
        self._pieces = pieces
        self._goes_on = asyncio.Event()
        self._headers = [(b"authorization", headers["Authorization"])]
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": self._headers,
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 1),
        }
        self.task = asyncio.create_task(self._app(scope, self._receive, self._send))

    async def go_on(self) -> None:
        assert self.task
        self._goes_on.set()
        await self.task

    async def leave(self) -> None:
        assert self.task
        self.task.cancel()
        await asyncio.wait([self.task])

    async def _receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Any) -> None:
        if message["type"] != "http.response.body":
            return
        self.text += message["body"].decode()
        self._pieces -= 1
        if self._pieces == 0:
            self.is_stuck = True
            await self._goes_on.wait()


@contextmanager
def reading(client: Client, app: FastAPI, headers: Headers, pieces: int) -> Iterator[Reader]:
    """Yield a reader that has read some chunks of an export and stopped; it disconnects at the end."""
    reader = Reader(app, headers, pieces)
    client.call(reader.start)
    await_fact(lambda: reader.is_stuck)
    try:
        yield reader
    finally:
        client.call(reader.leave)


def outcomes(database: psycopg.Connection[Any]) -> list[str]:
    found = database.execute("select outcome from audit where action = 'export' order by id").fetchall()
    return [row[0] for row in found]


@pytest.mark.requirement("003/FR-010", "003/FR-018")
@pytest.mark.parametrize("pieces", [1, 2])
def test_stopped_readers_do_not_block_other_requests(
    *,
    client: Client,
    app: FastAPI,
    many: int,
    signed_in: Callable[[str], Headers],
    database: psycopg.Connection[Any],
    pieces: int,
) -> None:
    assert many
    alice, bob = signed_in("alice"), signed_in("bob")
    with (
        reading(client, app, alice, pieces),
        reading(client, app, alice, pieces),
        reading(client, app, alice, pieces),
    ):
        assert client.get("/api/tasks", headers=bob).status_code == 200
        assert client.get(PATH, headers=bob).status_code == 200
    await_fact(lambda: sorted(outcomes(database)) == sorted(["begun"] * 4 + ["done"] + ["cut"] * 3))


@pytest.mark.requirement("003/FR-010")
def test_export_has_the_data_of_the_moment_when_it_began(
    *, client: Client, app: FastAPI, many: int, alice: Headers, database: psycopg.Connection[Any]
) -> None:
    with reading(client, app, alice, 1) as reader:
        assert client.post("/api/tasks", headers=alice, json={"title": "Newer"}).status_code == 201
        client.call(reader.go_on)
    assert len(json.loads(reader.text)["tasks"]) == many
    assert "Newer" not in reader.text
    assert outcomes(database) == ["begun", "done"]


@pytest.mark.requirement("003/FR-010")
def test_export_stays_valid_json_if_tasks_are_deleted_meanwhile(
    *, client: Client, app: FastAPI, many: int, alice: Headers, database: psycopg.Connection[Any]
) -> None:
    assert many
    with reading(client, app, alice, 1) as reader:
        database.execute("delete from tasks")
        client.call(reader.go_on)
    assert len(json.loads(reader.text)["tasks"]) == PAGE_SIZE


@pytest.mark.requirement("003/FR-010", "003/FR-040")
def test_export_is_cut_off_and_audited_if_the_account_is_erased_meanwhile(
    *, client: Client, app: FastAPI, many: int, alice: Headers, database: psycopg.Connection[Any]
) -> None:
    assert many
    with reading(client, app, alice, 1) as reader:
        assert client.delete("/api/account", headers=alice).status_code == 204
        client.call(reader.go_on)
    with pytest.raises(json.JSONDecodeError):
        json.loads(reader.text)
    assert outcomes(database) == ["begun", "cut"]


@pytest.mark.requirement("003/FR-010", "003/FR-018")
@pytest.mark.parametrize("table", ["tasks", "revocations"])
def test_database_error_before_the_first_byte_is_a_503(
    *, client: Client, alice: Headers, database: psycopg.Connection[Any], table: str
) -> None:
    database.execute(f"alter table {table} rename to {table}_elsewhere")
    try:
        response = client.get(PATH, headers=alice)
    finally:
        database.execute(f"alter table {table}_elsewhere rename to {table}")
    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert response.headers["Retry-After"].isdecimal()
    assert outcomes(database) == []
