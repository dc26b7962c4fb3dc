"""Fixtures: the service on a PostgreSQL server that tests may kill or fill up."""

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
    """A server that a test may kill, and then has to start again."""
    # Not pytest's folder: under root, the server runs under another account, which cannot read it.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as place:
        server = OwnPostgres(Path(place))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def harmed_url(own_postgres: OwnPostgres) -> str:
    """The owner's URL of a migrated database on that server."""
    migrate(own_postgres.url)
    make_service_role(own_postgres.url, SERVICE_PASSWORD)
    return own_postgres.url


@pytest.fixture
def owner(harmed_url: str) -> Iterator[psycopg.Connection[Any]]:
    """An SQL connection as the owner of the tables, which are empty."""
    with connect(harmed_url) as connection:
        connection.execute("truncate tasks, revocations")
        # Frees the locks of this connection if the service should wait forever.
        connection.execute("set idle_in_transaction_session_timeout = '30s'")
        yield connection


@pytest.fixture
def harmed_app(owner: psycopg.Connection[Any], harmed_url: str, secret: str, clock: Clock) -> FastAPI:
    """The service, with its deny-list in the database too: every request runs two transactions."""
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
