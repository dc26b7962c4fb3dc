"""PgBouncer in front of the PostgreSQL of the tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.pgbouncer import find_pgbouncer, is_required, pooling

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tell from one place what is missing, so that it is told in one line."""
    if {"pooled_url", "tls_url"}.isdisjoint(getattr(item, "fixturenames", ())) or find_pgbouncer():
        return
    if is_required(os.environ):
        pytest.fail("REQUIRE_PGBOUNCER is set, but there is no pgbouncer: apt-get install pgbouncer")
    pytest.skip("there is no pgbouncer: apt-get install pgbouncer")


@pytest.fixture
def pooled_url(empty_database: str) -> Iterator[str]:
    """The address of the empty database through PgBouncer, for the service's own role."""
    program = find_pgbouncer()
    assert program
    with pooling(program, empty_database) as url:
        yield url


@pytest.fixture
def tls_url(empty_database: str) -> Iterator[str]:
    """The same through a PgBouncer that takes clients by TLS only."""
    program = find_pgbouncer()
    assert program
    with pooling(program, empty_database, by_tls=True) as url:
        yield url
