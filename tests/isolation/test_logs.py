"""The log of a running process: callers as pseudonyms, and nothing from their requests, at every level."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from backend.core.identity.pseudonym import make_pseudonym
from backend.testing.issuer import Issuer, make_subject
from tests.support.pgbouncer import find_free_port
from tests.support.server_process import serving
from tests.support.service import PSEUDONYM_KEY, bearer

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.support.server_process import ServerProcess

ISSUER = "http://localhost:3000"
ALICE = make_subject("alice")
PRIVATE: dict[str, Any] = {
    "email": "alice.liddell@example.org",
    "name": "Alice-Pleasance-Liddell",
    "sid": "sEsSiOnOfAlice0123456789abcdefgh",
    "picture": "data:portrait-of-alice",
}
TITLE = "Visit-Doctor-Dodgson"
CAUSES = {"expired", "signature", "audience", "scheme", "parts"}
# The message of a database error may contain a whole row.
FAILING_TRIGGER = """
    create function fail() returns trigger language plpgsql as $$ begin
        raise exception 'no such row: %', new using errcode = '23514';
    end $$;
    create trigger fail before insert on tasks for each row execute function fail()
"""


def send_failing_requests(server: ServerProcess, issuer: Issuer, owner: psycopg.Connection[Any]) -> list[int]:
    """Send requests with private data that fail in different ways; returns the statuses."""
    token = issuer.token(ALICE, **PRIVATE)
    headers = bearer(token)
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=300) as http:

        def ask(method: str, path: str, **options: Any) -> int:
            return http.request(method, path, **{"headers": headers, **options}).status_code

        statuses = [
            ask("POST", "/api/tasks", json={"title": TITLE}),
            ask("GET", f"/api/tasks?cursor={PRIVATE['email']}"),
            ask("GET", f"/api/{PRIVATE['email']}?name={PRIVATE['name']}"),
            ask("POST", "/api/tasks", json={"title": 1, PRIVATE["name"]: PRIVATE["email"]}),
            ask("GET", "/api/me", headers={"Authorization": f"Basic {token}"}),
            ask("GET", "/api/me", headers=bearer(issuer.token(ALICE, lifetime=-60, **PRIVATE))),
            ask("GET", "/api/me", headers=bearer(token[:-8] + "AAAAAAAA")),
            ask("GET", "/api/me", headers=bearer(token.rpartition(".")[0])),
            ask("GET", "/api/me", headers=bearer(issuer.token(ALICE, aud=PRIVATE["email"]))),
        ]
        owner.execute(FAILING_TRIGGER)
        try:
            statuses.append(ask("POST", "/api/tasks", json={"title": TITLE, "description": PRIVATE["email"]}))
        finally:
            owner.execute("drop function fail cascade")
        owner.execute("alter table tasks rename column title to heading")
        try:
            statuses.append(ask("POST", "/api/tasks", json={"title": TITLE}))
        finally:
            owner.execute("alter table tasks rename column heading to title")
        statuses += [
            ask("GET", "/api/account/export"),
            ask("DELETE", "/api/account"),
            ask("GET", "/api/tasks"),
        ]
    return statuses


def open_websocket(port: int, token: str) -> int:
    """Request a WebSocket with private data and a token in the query; returns the status."""
    request = (
        f"GET /api/tasks?email={PRIVATE['email']}&name={PRIVATE['name']}&token={token} HTTP/1.1\r\n"
        "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=300) as connection:
        connection.sendall(request.encode())
        return int(connection.recv(4096).split()[1])


@pytest.mark.requirement("003/FR-015", "003/FR-044")
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_log_contains_pseudonyms_and_nothing_from_requests(
    *,
    level: str,
    secret: str,
    empty_database: str,
    database: psycopg.Connection[Any],
    tmp_path: Path,
) -> None:
    settings = {
        "BETTER_AUTH_SECRET": secret,
        "DATABASE_URL": empty_database,
        "PSEUDONYM_KEY": PSEUDONYM_KEY,
        "LOG_LEVEL": level,
        "PYTHONWARNINGS": "always",
        "PYTHONASYNCIODEBUG": "1",
    }
    issuer = Issuer(secret, ISSUER, ISSUER, time.time)
    with serving(settings, tmp_path / "log", find_free_port()) as server:
        statuses = send_failing_requests(server, issuer, database)
        assert open_websocket(server.port, issuer.token(ALICE, **PRIVATE)) == 403
        assert statuses == [201, 422, 404, 422, *[401] * 5, 500, 503, 200, 204, 410]
        server.process.terminate()
        server.process.wait(300)
    written = server.log.read_text()
    parts = issuer.token(ALICE, **PRIVATE).split(".")
    for private in (ALICE, TITLE, secret, PSEUDONYM_KEY, *PRIVATE.values(), *parts[:2]):
        assert private not in written
    assert "Traceback" not in written
    events = server.events
    assert {line["event"] for line in events} >= {"request_failed", "database_unavailable"}
    if level in {"debug", "info"}:
        assert {line["cause"] for line in events if "cause" in line} == CAUSES
        actor = make_pseudonym(PSEUDONYM_KEY.encode(), ISSUER, ALICE)
        callers = [line.get("caller") for line in events if line["event"] == "request_answered"]
        assert callers == [actor if status not in {401, 404} else None for status in statuses]
        assert database.execute("select distinct actor from audit").fetchall() == [(actor,)]
