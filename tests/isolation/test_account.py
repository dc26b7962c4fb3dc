"""Export, erasure and audit of an account on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.main import create_app
from backend.migrations.service_role import GROUP
from backend.testing.issuer import make_subject
from tests.support.service import Client, Clock, bearer, connect, make_settings, open_client
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.testing.issuer import Issuer

    Headers = dict[str, bytes]

ALICE = make_subject("alice")


@pytest.fixture
def alice(signed_in: Callable[[str], Headers]) -> Headers:
    return signed_in("alice")


@pytest.fixture
def bob(signed_in: Callable[[str], Headers]) -> Headers:
    return signed_in("bob")


def create(client: Client, headers: Headers, title: str) -> dict[str, Any]:
    response = client.post("/api/tasks", headers=headers, json={"title": title})
    assert response.status_code == 201
    task: dict[str, Any] = response.json()
    return task


def stored(database: psycopg.Connection[Any], user_id: str) -> int:
    row = database.execute("select count(*) from tasks where user_id = %s", [user_id]).fetchone()
    assert row
    return int(row[0])


@pytest.mark.requirement("003/FR-010")
def test_export_contains_all_data_of_the_caller_and_nothing_else(
    *, client: Client, alice: Headers, bob: Headers, app: Any, clock: Clock
) -> None:
    mine = [create(client, alice, f"Mine {number}") for number in range(450)]  # more than one page
    create(client, bob, "Theirs")
    deny_list = app.state.authenticator.deny_list
    client.call(deny_list.deny_session, "http://localhost:3000", "another", clock.now + 60)
    export = client.get("/api/account/export", headers=alice).json()
    assert list(export) == ["format", "exported_at", "user_id", "tasks", "revocations", "audit"]
    assert export["format"] == "tasks-export/1"
    assert export["user_id"] == ALICE
    assert export["tasks"] == mine
    assert export["exported_at"] == "2027-01-15T08:00:00+00:00"
    assert [entry["action"] for entry in export["audit"]] == ["export"]
    assert client.get("/api/account/export", headers=bob).json()["tasks"] != mine


@pytest.mark.requirement("003/FR-010")
def test_export_contains_the_callers_own_deny_list_entry_only(
    client: Client, alice: Headers, database: psycopg.Connection[Any]
) -> None:
    for value, issuer, until in (
        (ALICE, "http://localhost:3000", "2030-01-01Z"),
        (make_subject("bob"), "http://localhost:3000", "2031-01-01Z"),
        (ALICE, "https://elsewhere.example", "2032-01-01Z"),
    ):
        database.execute("insert into revocations values (%s, 'subject', %s, %s)", [issuer, value, until])
    export = client.get("/api/account/export", headers=alice).json()
    assert export["revocations"] == [{"kind": "subject", "until": "2030-01-01T00:00:00+00:00"}]


@pytest.mark.requirement("003/FR-010")
def test_export_of_a_user_without_data_is_empty(client: Client, alice: Headers) -> None:
    export = client.get("/api/account/export", headers=alice).json()
    assert (export["tasks"], export["revocations"]) == ([], [])


@pytest.mark.requirement("003/FR-011")
def test_erasure_can_be_repeated(
    client: Client, alice: Headers, bob: Headers, database: psycopg.Connection[Any]
) -> None:
    create(client, alice, "Buy milk")
    theirs = create(client, bob, "Call home")
    for _ in range(3):
        response = client.delete("/api/account", headers=alice)
        assert (response.status_code, response.content) == (204, b"")
    assert stored(database, ALICE) == 0
    assert client.get("/api/tasks", headers=bob).json()["items"] == [theirs]


@pytest.mark.requirement("003/FR-011")
def test_tombstone_lasts_until_the_last_token_has_expired(
    client: Client, issuer: Issuer, clock: Clock, database: psycopg.Connection[Any]
) -> None:
    token = issuer.token(ALICE, lifetime=3600)
    assert client.delete("/api/account", headers=bearer(token)).status_code == 204
    row = database.execute("select extract(epoch from until)::float from erasures").fetchone()
    # The expiry of the token, plus the longest lifetime of a token, plus the leeway twice.
    assert row == (clock.now + 3600 + 86_400 + 20,)


@pytest.mark.requirement("003/FR-011", "003/FR-028")
@pytest.mark.parametrize("settings", [{}, {"JWT_MAX_AGE_SECONDS": "31536000"}], ids=["usual", "longer age"])
def test_no_token_outlives_the_tombstone(
    *,
    secret: str,
    empty_database: str,
    issuer: Issuer,
    clock: Clock,
    database: psycopg.Connection[Any],
    settings: dict[str, str],
) -> None:
    long_lived, short = (bearer(issuer.token(ALICE, lifetime=life)) for life in (30 * 86_400, 60))
    app = create_app(make_settings(secret, empty_database, **settings), clock=clock)
    with open_client(app) as client:
        assert client.delete("/api/account", headers=short).status_code == 204
        [until] = database.execute("select extract(epoch from until)::float from erasures").fetchone() or (0,)
        clock.now = until
        response = client.post("/api/tasks", headers=long_lived, json={"title": "Back"})
    assert (response.status_code, response.json()["code"]) == (401, "token_expired")
    assert stored(database, ALICE) == 0


@pytest.mark.requirement("003/FR-011")
def test_account_can_be_used_again_after_the_tombstone_has_expired(
    client: Client, alice: Headers, database: psycopg.Connection[Any]
) -> None:
    client.delete("/api/account", headers=alice)
    assert client.post("/api/tasks", headers=alice, json={"title": "Too soon"}).status_code == 410
    database.execute("update erasures set until = now()")
    create(client, alice, "Anew")
    assert stored(database, ALICE) == 1


@pytest.mark.requirement("003/FR-011")
def test_concurrent_writes_and_an_erasure_succeed_and_leave_no_task(
    client: Client, alice: Headers, database: psycopg.Connection[Any]
) -> None:
    for _ in range(4):
        database.execute("delete from erasures")
        paths = [f"/api/tasks/{create(client, alice, 'Buy milk')['id']}" for _ in range(4)]
        writers = [
            ("POST", "/api/tasks"),
            ("PUT", paths[0]),
            ("POST", f"{paths[1]}/complete"),
            ("DELETE", paths[2]),
            ("PUT", paths[3]),
        ]
        requests = [*writers * 4, ("DELETE", "/api/account"), *writers * 3]

        def send(request: tuple[str, str]) -> int:
            method, path = request
            body = {"title": "Buy bread"} if method == "PUT" or path == "/api/tasks" else None
            return client.request(method, path, headers=alice, json=body).status_code

        with ThreadPoolExecutor(12) as pool:
            statuses = list(pool.map(send, requests))
        assert set(statuses) <= {200, 201, 204, 404, 410}
        assert stored(database, ALICE) == 0


LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"
WAITING = "select count(*) from pg_locks where not granted and locktype = 'advisory'"


@pytest.mark.requirement("003/FR-011")
@pytest.mark.parametrize(
    "write",
    ["update tasks set title = 'Buy bread'", "update tasks set completed = true", "delete from tasks"],
)
def test_write_that_waits_for_an_erasure_locks_no_row(
    *, client: Client, alice: Headers, database: psycopg.Connection[Any], empty_database: str, write: str
) -> None:
    create(client, alice, "Buy milk")

    def write_as_alice() -> int | None:
        with connect(empty_database) as connection, connection.transaction():
            connection.execute("select set_config('app.user_id', %s, true)", [ALICE])
            return connection.execute(write).rowcount

    def is_waiting() -> bool:
        return database.execute(WAITING).fetchone() == (1,)

    with ThreadPoolExecutor(1) as pool, connect(empty_database) as eraser:
        with eraser.transaction():
            eraser.execute("select set_config('app.user_id', %s, true)", [ALICE])
            eraser.execute(LOCK, [ALICE])
            writer = pool.submit(write_as_alice)
            await_fact(is_waiting)
            assert eraser.execute("delete from tasks").rowcount == 1
        assert writer.result(30) == 0


@pytest.mark.requirement("003/FR-011")
@pytest.mark.parametrize("statement", ["insert", "update"])
def test_database_rejects_rows_of_an_erased_user(
    *, client: Client, alice: Headers, database: psycopg.Connection[Any], empty_database: str, statement: str
) -> None:
    client.delete("/api/account", headers=alice)
    plant = (
        "insert into tasks (id, user_id, title, description, completed)"
        " values (gen_random_uuid(), %s, 'Planted', '', false)"
    )
    if statement == "update":
        database.execute("alter table tasks disable trigger user")
        database.execute(plant, [ALICE])
        database.execute("alter table tasks enable trigger user")
        plant = "update tasks set title = 'Brought back' where user_id = %s"

    def try_it() -> None:
        with connect(empty_database) as connection, connection.transaction():
            connection.execute("select set_config('app.user_id', %s, true)", [ALICE])
            connection.execute(plant, [ALICE])

    with pytest.raises(psycopg.DatabaseError) as caught:
        try_it()
    assert caught.value.sqlstate == "P0E01"


@pytest.mark.requirement("003/FR-040")
@pytest.mark.parametrize("change", ["update audit set actor = 'x'", "delete from audit", "truncate audit"])
def test_audit_is_append_only(
    *, client: Client, alice: Headers, database: psycopg.Connection[Any], empty_database: str, change: str
) -> None:
    client.delete("/api/account", headers=alice)
    before = database.execute("select * from audit").fetchall()
    assert len(before) == 1

    def try_as_service() -> None:
        with connect(empty_database) as connection, connection.transaction():
            connection.execute("select set_config('app.actor', %s, true)", [before[0][2]])
            connection.execute(change)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        try_as_service()
    with pytest.raises(psycopg.DatabaseError, match="append-only"):
        database.execute(change)
    assert database.execute("select * from audit").fetchall() == before


@pytest.mark.requirement("003/FR-040")
def test_audit_of_another_user_is_not_visible(
    client: Client, alice: Headers, bob: Headers, empty_database: str
) -> None:
    for headers in (alice, bob):
        client.get("/api/account/export", headers=headers)
    exports = [client.get("/api/account/export", headers=headers).json() for headers in (alice, bob)]
    assert [len(export["audit"]) for export in exports] == [3, 3]  # begun and done, then begun
    with connect(empty_database) as connection:
        assert connection.execute("select * from audit").fetchall() == []


@pytest.mark.requirement("003/FR-040")
def test_erasure_is_rolled_back_if_the_audit_entry_fails(
    client: Client, alice: Headers, database: psycopg.Connection[Any]
) -> None:
    create(client, alice, "Buy milk")
    database.execute(f"revoke insert on audit from {GROUP}")
    try:
        assert client.delete("/api/account", headers=alice).status_code == 500
    finally:
        database.execute(f"grant insert on audit to {GROUP}")
    assert stored(database, ALICE) == 1
    assert database.execute("select count(*) from erasures").fetchone() == (0,)


@pytest.mark.requirement("003/FR-011")
def test_erasure_works_with_a_token_that_expires_after_the_year_9999(
    client: Client, issuer: Issuer, database: psycopg.Connection[Any]
) -> None:
    headers = bearer(issuer.token(ALICE, exp=1_800_000_900_000))  # milliseconds in place of seconds
    create(client, headers, "Buy milk")
    assert client.delete("/api/account", headers=headers).status_code == 204
    assert client.post("/api/tasks", headers=headers, json={"title": "Back"}).status_code == 410
    assert stored(database, ALICE) == 0
