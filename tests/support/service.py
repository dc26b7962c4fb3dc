"""Runs the service inside the test process, with real tokens, a real PostgreSQL and a clock that tests set."""

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
# The same in every run: roles belong to the server and outlive the databases of a run.
SERVICE_PASSWORD = "the-password-of-tests-2f7c1b"
PSEUDONYM_KEY = "the-key-of-pseudonyms-in-tests-8Qz41x"
NOON = 1_800_000_000.0  # an arbitrary moment
TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' order by 1"
# Nothing listens on port 1.
UNREACHABLE_DATABASE = "postgresql://nobody@127.0.0.1:1/nothing"


class Clock:
    """A clock that only moves when a test sets `now`."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Client:
    """A blocking HTTP client of an application in this process, on one event loop. Thread-safe."""

    def __init__(self, portal: BlockingPortal, http: httpx.AsyncClient) -> None:
        self._portal = portal
        self._http = http

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request; `options` are httpx's (`headers`, `json`, `content`, `params`)."""

        async def send() -> httpx.Response:
            return await self._http.request(method, path, **options)

        return self._portal.call(send)

    def call(self, function: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """Call a coroutine function on the application's event loop."""
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
    """Start an application and yield a client of it; stop it at the end.

    Raises:
        ConfigurationError: The application refused to start.
    """
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_run_lifespan(app)):
        transport = httpx.ASGITransport(app)
        http = httpx.AsyncClient(transport=transport, base_url=BASE_URL)
        try:
            yield Client(portal, http)
        finally:
            portal.call(http.aclose)


@asynccontextmanager
async def _run_lifespan(app: ASGIApp) -> AsyncGenerator[None]:
    """Start and stop an application as a server does, but let a ConfigurationError pass through."""
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
    """Load settings as from environment variables; `others` are added, or replace these three."""
    usual = {"BETTER_AUTH_SECRET": secret, "DATABASE_URL": database_url, "PSEUDONYM_KEY": PSEUDONYM_KEY}
    return load_settings({**usual, **others})


def bearer(token: str | bytes) -> dict[str, bytes]:
    """Return the Authorization header of a token, as bytes."""
    return {"Authorization": b"Bearer " + (token.encode() if isinstance(token, str) else token)}


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Create a migrated database on a server and yield the URL of its owner; drop it at the end."""
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
    """Return the URL of the same database for the role of the service."""
    return as_role(owner_url, SERVICE_ROLE, SERVICE_PASSWORD)


def as_role(any_url: str, name: str, password: str) -> str:
    """Return the URL of the same database for another role."""
    return make_url(any_url).set(username=name, password=password).render_as_string(hide_password=False)


def empty_tables(connection: psycopg.Connection[Any]) -> None:
    """Empty all tables as their owner; the trigger that protects the audit is switched off meanwhile."""
    with connection.transaction():
        names = [row[0] for row in connection.execute(TABLES).fetchall()]
        tables = sql.SQL(", ").join(map(sql.Identifier, names))
        connection.execute("alter table audit disable trigger user")
        connection.execute(sql.SQL("truncate {}").format(tables))
        connection.execute("alter table audit enable trigger user")


def connect(url: str) -> psycopg.Connection[Any]:
    """Open an SQL connection to a database, with autocommit."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)
