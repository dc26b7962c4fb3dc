"""Database errors: which ones are transient, and their description."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from backend.core.database.database_errors import describe_database_error, is_transient


def fail(sqlstate: str | None) -> OperationalError:
    origin = psycopg.OperationalError() if sqlstate is None else psycopg.errors.lookup(sqlstate)()
    return OperationalError("select 'private'", {}, origin)


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize("sqlstate", [None, "08006", "57P01", "57P02", "57P03"])
def test_connection_error_and_starting_server_are_transient(sqlstate: str | None) -> None:
    assert is_transient(fail(sqlstate))


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize("sqlstate", ["28P01", "3D000", "42501", "53300", "57014"])
def test_refused_login_is_not_transient(sqlstate: str) -> None:
    assert not is_transient(fail(sqlstate))


def test_database_error_is_described_without_its_text() -> None:
    assert describe_database_error(fail("57P01")) == {"error": "AdminShutdown", "sqlstate": "57P01"}
    assert describe_database_error(OSError("private")) == {"error": "OSError", "sqlstate": None}
