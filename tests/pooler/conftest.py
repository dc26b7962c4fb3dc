"""Fixtures: PgBouncer in front of the PostgreSQL of the tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.pgbouncer import find_pgbouncer, is_required, pooling

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test if PgBouncer is missing; fail it if REQUIRE_PGBOUNCER is set."""
    if {"pooled_url", "tls_url"}.isdisjoint(getattr(item, "fixturenames", ())) or find_pgbouncer():
        return
    if is_required(os.environ):
        pytest.fail("REQUIRE_PGBOUNCER is set, but pgbouncer is not installed: apt-get install pgbouncer")
    pytest.skip("pgbouncer is not installed: apt-get install pgbouncer")


@pytest.fixture
def pooled_url(empty_database: str) -> Iterator[str]:
    """The URL of the empty database through PgBouncer, for the role of the service."""
    program = find_pgbouncer()
    assert program
    with pooling(program, empty_database) as url:
        yield url


@pytest.fixture
def tls_url(empty_database: str) -> Iterator[str]:
    """The same through a PgBouncer that requires TLS."""
    program = find_pgbouncer()
    assert program
    with pooling(program, empty_database, by_tls=True) as url:
        yield url
