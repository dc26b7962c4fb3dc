"""Hands the service to the harness: on a real PostgreSQL, with what tokens are signed with."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import sql
from sqlalchemy.engine import make_url

from backend.main import create_app
from backend.migrations.service_role import NAME as SERVICE_ROLE
from backend.testing.issuer import make_secret, make_subject
from devtools.postgres import provide_postgres
from specwitness.contract import list_routes
from specwitness.fuzz.session.situation import Situation
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Mint
from tests.support.service import as_service, connect, empty_tables, fresh_database, make_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from starlette.types import ASGIApp, Receive, Scope, Send

    from specwitness.fuzz.http.message import Response

ISSUER = "http://localhost:3000"
DAY = 24 * 3600
LEAVER = "carol"
CUT = "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s and usename = %s"


@contextmanager
def open_target() -> Iterator[Target]:
    """Open the service on an empty database, and close it at the end."""
    secret = make_secret()
    subjects = {name: make_subject(name) for name in ("alice", "bob", LEAVER)}
    with (
        provide_postgres(os.environ) as server,
        fresh_database(server.url) as url,
        connect(url) as database,
    ):
        # With the deny-list in the database, no protected operation answers without it.
        settings = make_settings(secret, as_service(url), REVOCATIONS="postgresql")
        app = create_app(settings)
        forget = "delete from erasures where user_id <> %s"
        served = BeginsAnew(app, lambda: database.execute(forget, [subjects[LEAVER]]))

        def reset() -> None:
            empty_tables(database)

        def read_state() -> list[tuple[Any, ...]]:
            return database.execute("select * from tasks order by id").fetchall()

        mint = Mint(
            secret,
            issuer=ISSUER,
            audience=ISSUER,
            subjects=subjects,
            # A fuzz run may take longer than a token lives.
            lifetime=DAY,
            leeway=settings.leeway_seconds,
            maximum_age=settings.oldest_seconds,
        )
        yield Target(
            app=served,
            identities=mint,
            generated_schema=app.openapi(),
            routes=list_routes(app),
            reset=reset,
            state=read_state,
            environment={"PostgreSQL": server.origin.removeprefix("PostgreSQL: ")},
            undocumented=frozenset({"/openapi.json"}),
            situations=(
                Situation(
                    name="an erased account",
                    statuses=(410,),
                    enter=lambda call: erasing(call, database),
                    identity=LEAVER,
                ),
                Situation(
                    name="an outage of the database",
                    statuses=(503,),
                    enter=lambda _: cutting_off(server.url, url),
                ),
            ),
        )


@contextmanager
def erasing(call: Callable[[str], Response], database: psycopg.Connection[Any]) -> Iterator[None]:
    """Let a user erase their account by the API; afterwards nobody remembers that they did."""
    answer = call("eraseAccount")
    assert answer.status == 204, answer.text
    yield
    database.execute("delete from erasures")


@contextmanager
def cutting_off(server_url: str, url: str) -> Iterator[None]:
    """Let PostgreSQL cut all connections to a database, and take no new ones."""
    name = str(make_url(url).database)
    allow = sql.SQL("alter database {} allow_connections {}")
    with connect(server_url) as server:
        server.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        try:
            server.execute(CUT, [name, SERVICE_ROLE])
            yield
        finally:
            server.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


class BeginsAnew:
    """Lets an account that was erased begin anew at once: else every later call is answered with 410.

    Args:
        app: The service.
        forget: Forgets all erasures.
    """

    def __init__(self, app: ASGIApp, forget: Callable[[], object]) -> None:
        self._app = app
        self._forget = forget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        await self._app(scope, receive, send)
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("DELETE", "/api/account"):
            self._forget()
