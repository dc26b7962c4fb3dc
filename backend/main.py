"""The composition of the application: settings, keys, database, routes, middleware."""

from __future__ import annotations

import os
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from backend.api import account, contract, health, me, tasks
from backend.api.problems import install_problem_handlers, respond_to_internal_error
from backend.core.config import Settings, load_settings
from backend.core.database.transactions import Database
from backend.core.dependencies import install_authenticator
from backend.core.errors import NOT_CACHED, ConfigurationError
from backend.core.http.cors import CrossOriginMiddleware
from backend.core.http.middleware import CancelOnDisconnectMiddleware, NoStoreMiddleware, RequestLogMiddleware
from backend.core.http.routing import AuthenticateFirstRoute, refuse_open_routes
from backend.core.key_sources.source import build_key_source
from backend.core.logging import configure_logging
from backend.models.revocation import StoredDenyList

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from backend.core.key_sources.source import KeySource

EXIT_CONFIGURATION = 2
PUBLIC_PATHS = frozenset({"/health", "/openapi.json"})


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.time,
    keys: KeySource | None = None,
    public: frozenset[str] = PUBLIC_PATHS,
) -> FastAPI:
    """Compose the application.

    Args:
        settings: The settings.
        clock: Returns the time in seconds since the epoch, for the verification of tokens.
        keys: The source of the verification keys; by default the one of the settings.
        public: The public paths. The application refuses to start with another unprotected route.
    """
    contract.read_contract()
    database = Database(settings)
    source = build_key_source(settings) if keys is None else keys

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncGenerator[None]:
        refuse_open_routes(app, public)
        try:
            await database.require_restricted_role()
            async with source.running():
                yield
        finally:
            await database.close()

    app = FastAPI(
        title="Tasks API",
        version="1.0.0",
        openapi_url=None,  # backend.api.contract serves the contract
        redirect_slashes=False,  # a redirect would be sent before the caller is authenticated
        lifespan=run,
    )
    app.state.database = database
    app.router.route_class = AuthenticateFirstRoute
    install_authenticator(
        app,
        source,
        clock,
        tokens_remembered=settings.tokens_remembered,
        deny_list=StoredDenyList(database, clock) if settings.revocations == "postgresql" else None,
    )
    install_problem_handlers(app)
    for module in (health, contract, me, tasks, account):
        app.include_router(module.router)
    # The middleware that is added last is the outermost.
    app.add_middleware(CancelOnDisconnectMiddleware)
    app.add_middleware(
        RequestLogMiddleware, on_error=respond_to_internal_error, name_caller=database.pseudonym_of
    )
    app.add_middleware(
        CrossOriginMiddleware, origins=settings.browser_origins, methods=contract.read_methods()
    )
    app.add_middleware(NoStoreMiddleware, prefix="/api/", value=NOT_CACHED)
    return app


def app_from_environment() -> FastAPI:
    """Create the application with the settings of the process environment, for `uvicorn --factory`.

    Raises:
        SystemExit: A setting is wrong; the exit code is 2 and stderr has the reasons (003/FR-013).
    """
    try:
        settings = load_settings(os.environ)
        configure_logging(settings.log_level)
        app = create_app(settings)
        refuse_open_routes(app, PUBLIC_PATHS)
    except ConfigurationError as error:
        sys.stderr.write(f"The service cannot start with these settings:\n{error}\n")
        # `SystemExit` passes through uvicorn without a traceback.
        raise SystemExit(EXIT_CONFIGURATION) from None
    return app
