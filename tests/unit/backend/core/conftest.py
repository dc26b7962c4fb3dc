"""A plain FastAPI application that uses only the dependency."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from backend.api.problems import install_problem_handlers
from backend.core.dependencies import (
    install_authenticator,
)
from backend.core.http.routing import AuthenticateFirstRoute
from backend.core.key_sources.source import build_key_source
from backend.testing.issuer import make_subject
from tests.support.service import (
    UNREACHABLE_DATABASE,
    Client,
    Clock,
    make_settings,
    open_client,
)

ALICE = make_subject("alice")


@pytest.fixture
def empty_app(secret: str, clock: Clock) -> FastAPI:
    """An application of another team, which uses only the dependency."""
    app = FastAPI()
    app.router.route_class = AuthenticateFirstRoute
    install_authenticator(app, build_key_source(make_settings(secret, UNREACHABLE_DATABASE)), clock)
    install_problem_handlers(app)
    return app


@pytest.fixture
def empty_client(empty_app: FastAPI) -> Iterator[Client]:
    with open_client(empty_app) as client:
        yield client
