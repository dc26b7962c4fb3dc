"""The service as tests run it: real tokens, a real PostgreSQL, a clock that stands where it is set."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import psycopg
from anyio.from_thread import start_blocking_portal
from psycopg import sql
from sqlalchemy.engine import make_url

from backend.core.config import Settings, load_settings
from backend.core.errors import ConfigurationError
from backend.migrations import migrate
from backend.migrations.service_role import NAME as SERVICE_ROLE
from backend.migrations.service_role import make_service_role

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    from anyio.from_thread import BlockingPortal
    from starlette.types import ASGIApp

BASE_URL = "http://127.0.0.1:8000"
# One for all runs on a server: roles are the server's, and databases are dropped.
SERVICE_PASSWORD = "the-password-of-tests-2f7c1b"
PSEUDONYM_KEY = "the-key-of-pseudonyms-in-tests-8Qz41x"
NOON = 1_800_000_000.0  # a moment without meaning
TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' order by 1"
# Nothing listens on port 1.
UNREACHABLE_DATABASE = "postgresql://nobody@127.0.0.1:1/nothing"


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Client:
    """Talks to an application in this process; one event loop serves all requests and the lifespan.

    Threads may share a client.
    """

    def __init__(self, portal: BlockingPortal, http: httpx.AsyncClient) -> None:
        self._portal = portal
        self._http = http

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request; `options` are httpx's (`headers`, `json`, `content`, `params`)."""

        async def send() -> httpx.Response:
            return await self._http.request(method, path, **options)

        return self._portal.call(send)

    def call(self, function: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """Call a coroutine function where the application runs."""
        return self._portal.call(function, *arguments)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


@contextmanager
def open_client(app: ASGIApp) -> Iterator[Client]:
    """Start an application, and stop it at the end."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_run_lifespan(app)):
        transport = httpx.ASGITransport(app)
        http = httpx.AsyncClient(transport=transport, base_url=BASE_URL)
        try:
            yield Client(portal, http)
        finally:
            portal.call(http.aclose)


@asynccontextmanager
async def _run_lifespan(app: ASGIApp) -> AsyncGenerator[None]:
    """Start and stop an application as a server does; why it refuses to start is told as it is."""
    to_app, app_receives = anyio.create_memory_object_stream[Any](2)
    app_sends, from_app = anyio.create_memory_object_stream[Any](2)
    refusals: list[ConfigurationError] = []

    async def run() -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        try:
            await app(scope, app_receives.receive, app_sends.send)
        except ConfigurationError as error:
            refusals.append(error)

    async with anyio.create_task_group() as tasks, to_app, app_receives, app_sends, from_app:
        tasks.start_soon(run)
        await to_app.send({"type": "lifespan.startup"})
        if (await from_app.receive())["type"] == "lifespan.startup.complete":
            yield
            await to_app.send({"type": "lifespan.shutdown"})
            assert (await from_app.receive())["type"] == "lifespan.shutdown.complete"
    if refusals:
        raise refusals[0]


def make_settings(secret: str, database_url: str, **others: str) -> Settings:
    """Load settings as from an environment; `others` replace or add to the two."""
    usual = {"BETTER_AUTH_SECRET": secret, "DATABASE_URL": database_url, "PSEUDONYM_KEY": PSEUDONYM_KEY}
    return load_settings({**usual, **others})


def bearer(token: str | bytes) -> dict[str, bytes]:
    """Make the header of a token, byte for byte."""
    return {"Authorization": b"Bearer " + (token.encode() if isinstance(token, str) else token)}


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Make a database with all migrations on a server, and drop it at the end."""
    name = f"tasks_{secrets.token_hex(6)}"
    url = make_url(server_url)
    with connect(server_url) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            database_url = url.set(database=name).render_as_string(hide_password=False)
            migrate(database_url)
            make_service_role(database_url, SERVICE_PASSWORD)
            yield database_url
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def as_service(owner_url: str) -> str:
    """Give the URL of the same database for the role that the service connects as."""
    return as_role(owner_url, SERVICE_ROLE, SERVICE_PASSWORD)


def as_role(any_url: str, name: str, password: str) -> str:
    """Give the URL of the same database for any role."""
    return make_url(any_url).set(username=name, password=password).render_as_string(hide_password=False)


def empty_tables(connection: psycopg.Connection[Any]) -> None:
    """Empty every table, as the owner of them; for the audit its guard steps aside."""
    with connection.transaction():
        names = [row[0] for row in connection.execute(TABLES).fetchall()]
        tables = sql.SQL(", ").join(map(sql.Identifier, names))
        connection.execute("alter table audit disable trigger user")
        connection.execute(sql.SQL("truncate {}").format(tables))
        connection.execute("alter table audit enable trigger user")


def connect(url: str) -> psycopg.Connection[Any]:
    """Connect to a database by SQL, past the service; each statement commits by itself."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)
