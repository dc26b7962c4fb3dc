"""Fixtures of the isolation tests: two users, and the scene of the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.isolation.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from backend.testing.issuer import Issuer
    from tests.support.service import Client

    Headers = dict[str, bytes]


@pytest.fixture
def scene(client: Client, database: psycopg.Connection[Any], issuer: Issuer) -> Scene:
    return Scene(client, database, issuer)


@pytest.fixture
def alice(signed_in: Callable[[str], Headers]) -> Headers:
    return signed_in("alice")


@pytest.fixture
def bob(signed_in: Callable[[str], Headers]) -> Headers:
    return signed_in("bob")
