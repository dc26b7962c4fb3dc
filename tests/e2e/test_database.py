"""Runs the front end's database tests on a real PostgreSQL: directly, and through a pooler."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from backend.migrations.auth_role import make_auth_role
from tests.support.better_auth import AUTH_PASSWORD
from tests.support.both_sides import migrate_front_end, run_front_end_tests
from tests.support.pgbouncer import find_pgbouncer, is_required, pooling
from tests.support.service import connect, fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devtools.postgres import PostgresServer

FILE = "tests/database.test.ts"


@pytest.fixture
def owner_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new database."""
    with fresh_database(postgres_server.url) as url:
        yield url


@pytest.fixture
def auth_url(owner_url: str) -> str:
    """The URL of the new database for the role of Better Auth."""
    return make_auth_role(owner_url, AUTH_PASSWORD)


@pytest.mark.requirement("003/FR-051")
def test_database_tests_of_the_front_end_pass_on_postgresql(auth_url: str, tmp_path: Path) -> None:
    outcomes = run_front_end_tests(FILE, auth_url, tmp_path)
    assert set(outcomes.values()) == {"passed"}, outcomes


@pytest.mark.requirement("003/FR-051")
def test_database_tests_of_the_front_end_pass_behind_a_pooler(auth_url: str, tmp_path: Path) -> None:
    if not (program := find_pgbouncer()):
        missing = "pgbouncer is not installed: apt-get install pgbouncer"
        if is_required(os.environ):
            pytest.fail(missing)
        pytest.skip(missing)
    with pooling(program, auth_url) as pooled_url:
        outcomes = run_front_end_tests(FILE, pooled_url, tmp_path)
    assert set(outcomes.values()) == {"passed"}, outcomes


@pytest.mark.requirement("003/FR-051")
def test_migration_rejects_a_role_that_would_create_its_tables_in_another_schema(
    owner_url: str, auth_url: str, tmp_path: Path
) -> None:
    with connect(owner_url) as database:
        name = sql.Identifier(database.info.dbname)
        database.execute(sql.SQL("alter role auth_service in database {} reset search_path").format(name))
    with pytest.raises(
        AssertionError,
        match="AUTH_DATABASE_URL: the role auth_service would create its tables in the schema ",
    ):
        migrate_front_end(auth_url, tmp_path)
    make_auth_role(owner_url, AUTH_PASSWORD)
    assert migrate_front_end(auth_url, tmp_path).startswith("migrate: changed user, ")


def test_skipped_database_test_is_reported_as_skipped(tmp_path: Path) -> None:
    outcomes = run_front_end_tests(FILE, None, tmp_path)
    assert set(outcomes.values()) == {"passed", "skipped"}, outcomes
