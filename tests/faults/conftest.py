"""The service on a PostgreSQL of its own, which tests may harm."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backend.main import create_app
from backend.migrations import migrate
from backend.migrations.service_role import make_service_role
from tests.support.own_postgres import OwnPostgres
from tests.support.service import (
    SERVICE_PASSWORD,
    Client,
    Clock,
    as_service,
    connect,
    make_settings,
    open_client,
)
from tests.support.writers import POOL_SIZE, add_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from fastapi import FastAPI


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[OwnPostgres]:
    """A server that may be killed; whoever kills it starts it again."""
    # pytest's own folder is closed to the account that the server runs as under root.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as place:
        server = OwnPostgres(Path(place))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def harmed_url(own_postgres: OwnPostgres) -> str:
    """A migrated database on that server, as its owner; it goes with the server."""
    migrate(own_postgres.url)
    make_service_role(own_postgres.url, SERVICE_PASSWORD)
    return own_postgres.url


@pytest.fixture
def owner(harmed_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection past the service, as the owner of the tables, which are empty."""
    with connect(harmed_url) as connection:
        connection.execute("truncate tasks, revocations")
        # What it locks is free again, should the service wait without end.
        connection.execute("set idle_in_transaction_session_timeout = '30s'")
        yield connection


@pytest.fixture
def harmed_app(owner: psycopg.Connection[Any], harmed_url: str, secret: str, clock: Clock) -> FastAPI:
    """The service; its deny-list is in the database too, so that each request asks it twice."""
    assert not owner.closed
    settings = make_settings(
        secret,
        as_service(harmed_url),
        REVOCATIONS="postgresql",
        DATABASE_POOL_SIZE=str(POOL_SIZE),
        DATABASE_TIMEOUT_SECONDS="1",
    )
    app = create_app(settings, clock=clock)
    add_pairs(app)
    return app


@pytest.fixture
def harmed(harmed_app: FastAPI) -> Iterator[Client]:
    """A client of that service."""
    with open_client(harmed_app) as client:
        yield client
