"""Hands the service to the harness: on a real PostgreSQL, with what tokens are signed with."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from backend.dev.postgres import provide_postgres
from backend.main import create_app
from backend.testing.issuer import make_secret, make_subject
from specwitness.contract import list_routes
from specwitness.fuzz.identity import Mint
from specwitness.fuzz.target import Target
from tests.support.service import as_service, connect, empty_tables, fresh_database, make_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

ISSUER = "http://localhost:3000"
DAY = 24 * 3600


@contextmanager
def open_target() -> Iterator[Target]:
    """Open the service on an empty database, and close it at the end."""
    secret = make_secret()
    subjects = {name: make_subject(name) for name in ("alice", "bob")}
    with (
        provide_postgres(os.environ) as server,
        fresh_database(server.url) as url,
        connect(url) as database,
    ):
        settings = make_settings(secret, as_service(url))
        app = create_app(settings)
        served = BeginsAnew(app, lambda: database.execute("delete from erasures"))

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
        )


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
