"""The service under test for all tests: its PostgreSQL, its settings, its clock and its users."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backend.main import create_app
from backend.testing.issuer import Issuer, make_secret, make_subject
from devtools.postgres import PostgresServer, provide_postgres
from tests.support.service import (
    UNREACHABLE_DATABASE,
    Client,
    Clock,
    as_service,
    bearer,
    connect,
    empty_tables,
    fresh_database,
    make_settings,
    open_client,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from fastapi import FastAPI

    from backend.core.config import Settings

_ORIGIN = pytest.StashKey[str]()
_HERE = Path(__file__).parent
# What stands for long, such as a front end, stands once: its tests stay with one worker of `make test`.
_KEPT_TOGETHER = ("e2e", "faults", "pooler")


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """A real PostgreSQL; which one stands in the summary and in the proof."""
    with provide_postgres(os.environ) as server:
        pytestconfig.stash[_ORIGIN] = server.origin
        yield server


@pytest.fixture(scope="session")
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database of this run's own, migrated."""
    with fresh_database(postgres_server.url) as url:
        yield url


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection past the service, as the owner of the tables."""
    with connect(database_url) as connection:
        yield connection


@pytest.fixture
def empty_database(database_url: str, database: psycopg.Connection[Any]) -> str:
    """The address of the database for the service's own role, without a row in it."""
    empty_tables(database)
    return as_service(database_url)


@pytest.fixture(scope="session")
def secret() -> str:
    """The shared secret of this run."""
    return make_secret()


@pytest.fixture
def settings(secret: str, empty_database: str) -> Settings:
    """The settings of a service with an empty database."""
    return make_settings(secret, empty_database)


@pytest.fixture
def clock() -> Clock:
    """The service's clock, and the issuer's; stands until a test sets `clock.now`."""
    return Clock()


@pytest.fixture
def issuer(secret: str, clock: Clock) -> Issuer:
    """The stand-in for Better Auth, with the service's secret, issuer and audience."""
    return Issuer(secret, "http://localhost:3000", "http://localhost:3000", clock)


@pytest.fixture
def app(settings: Settings, clock: Clock) -> FastAPI:
    """The service."""
    return create_app(settings, clock=clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    """A client of the service."""
    with open_client(app) as client:
        yield client


@pytest.fixture
def offline_app(secret: str, clock: Clock) -> FastAPI:
    """The service, with its database out of reach: no test of it needs a PostgreSQL."""
    return create_app(make_settings(secret, UNREACHABLE_DATABASE), clock=clock)


@pytest.fixture
def offline_client(offline_app: FastAPI) -> Iterator[Client]:
    """A client of the service whose database is out of reach."""
    with open_client(offline_app) as client:
        yield client


@pytest.fixture
def signed_in(issuer: Issuer) -> Callable[[str], dict[str, bytes]]:
    """Give the headers of a user who is signed in, by name; one name is one user."""

    def sign_in(name: str) -> dict[str, bytes]:
        return bearer(issuer.token(make_subject(name)))

    return sign_in


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file with one worker, and those of a folder that shares what is costly."""
    for item in items:
        place = item.path.relative_to(_HERE)
        group = place.parts[0] if place.parts[0] in _KEPT_TOGETHER else place.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that started the workers which PostgreSQL this worker had."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["origin"] = session.config.stash.get(_ORIGIN, "")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear it from the worker."""
    if origin := getattr(node, "workeroutput", {}).get("origin"):
        node.config.stash[_ORIGIN] = origin


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which PostgreSQL the tests ran on."""
    if origin := config.stash.get(_ORIGIN, None):
        terminalreporter.write_line(origin)


def pytest_specwitness_environment(config: pytest.Config) -> dict[str, str]:
    """Tell the proof which PostgreSQL the tests ran on."""
    origin = config.stash.get(_ORIGIN, None)
    return {"PostgreSQL": origin.removeprefix("PostgreSQL: ")} if origin else {}
