"""Which trouble of the database another connection may be free of."""

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
def test_connection_that_died_or_a_server_that_wakes_is_tried_again(sqlstate: str | None) -> None:
    assert is_transient(fail(sqlstate))


@pytest.mark.requirement("003/FR-043")
@pytest.mark.parametrize("sqlstate", ["28P01", "3D000", "42501", "53300", "57014"])
def test_server_that_says_no_is_not_asked_twice(sqlstate: str) -> None:
    assert not is_transient(fail(sqlstate))


def test_trouble_is_described_without_what_was_said() -> None:
    assert describe_database_error(fail("57P01")) == {"error": "AdminShutdown", "sqlstate": "57P01"}
    assert describe_database_error(OSError("private")) == {"error": "OSError", "sqlstate": None}
