"""Fixtures for all tests: PostgreSQL, settings, clock, the service and its users."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

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

# No property depends on the speed of the machine.
hypothesis_settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("tests")

_ORIGIN = pytest.StashKey[str]()
_LEFT = pytest.StashKey[int]()
_WITHOUT_SLOW = "not slow"  # the marker expression of `make test`
_HERE = Path(__file__).parent
# All tests of these folders run in one worker of `make test`, so that a costly fixture starts once.
_KEPT_TOGETHER = ("e2e", "faults", "pooler")
_SLOW_FOLDERS = {"e2e": "the front end is built, and browsers open its pages"}


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """A real PostgreSQL server; the summary and the proof name it."""
    with provide_postgres(os.environ) as server:
        pytestconfig.stash[_ORIGIN] = server.origin
        yield server


@pytest.fixture(scope="session")
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The owner's URL of a migrated database for this run."""
    with fresh_database(postgres_server.url) as url:
        yield url


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """An SQL connection as the owner of the tables."""
    with connect(database_url) as connection:
        yield connection


@pytest.fixture
def empty_database(database_url: str, database: psycopg.Connection[Any]) -> str:
    """The URL of the database for the role of the service; all tables are empty."""
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
    """The clock of service and issuer; it only moves when a test sets `clock.now`."""
    return Clock()


@pytest.fixture
def issuer(secret: str, clock: Clock) -> Issuer:
    """An issuer in place of Better Auth, with the service's secret, issuer and audience."""
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
    """The service with an unreachable database, for tests that need no PostgreSQL."""
    return create_app(make_settings(secret, UNREACHABLE_DATABASE), clock=clock)


@pytest.fixture
def offline_client(offline_app: FastAPI) -> Iterator[Client]:
    """A client of the service with an unreachable database."""
    with open_client(offline_app) as client:
        yield client


@pytest.fixture
def signed_in(issuer: Issuer) -> Callable[[str], dict[str, bytes]]:
    """A function that returns the Authorization header of a user, by name."""

    def sign_in(name: str) -> dict[str, bytes]:
        return bearer(issuer.token(make_subject(name)))

    return sign_in


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the tests of a file in one worker, and those of some folders in one worker together."""
    for item in items:
        place = item.path.relative_to(_HERE)
        group = place.parts[0] if place.parts[0] in _KEPT_TOGETHER else place.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))
        if place.parts[0] in _SLOW_FOLDERS:
            item.add_marker(pytest.mark.slow(_SLOW_FOLDERS[place.parts[0]]))
    config.stash[_LEFT] = sum(_is_slow(item) for item in items)


def _is_slow(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("slow")
    if marker and not (marker.args and marker.args[0]):
        raise pytest.UsageError(f"{item.nodeid}: a slow test needs a reason: @pytest.mark.slow('why')")
    return marker is not None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the process that started the workers what this worker knows for the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["origin"] = session.config.stash.get(_ORIGIN, "")
        session.config.workeroutput["left"] = session.config.stash.get(_LEFT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receive from a worker what it knows for the summary."""
    output = getattr(node, "workeroutput", {})
    if origin := output.get("origin"):
        node.config.stash[_ORIGIN] = origin
    node.config.stash[_LEFT] = output.get("left", 0)  # each worker collects all tests


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print which PostgreSQL the tests ran on, and how many slow tests were left out."""
    if origin := config.stash.get(_ORIGIN, None):
        terminalreporter.write_line(origin)
    left = config.stash.get(_LEFT, 0)
    if left and config.option.markexpr == _WITHOUT_SLOW:
        terminalreporter.write_line(f"Slow tests left to make test-all: {left}")


def pytest_specwitness_environment(config: pytest.Config) -> dict[str, str]:
    """Add to the proof which PostgreSQL the tests ran on."""
    origin = config.stash.get(_ORIGIN, None)
    return {"PostgreSQL": origin.removeprefix("PostgreSQL: ")} if origin else {}
