"""The application: composed here, decided elsewhere."""

from __future__ import annotations

import os
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from backend.api import contract, health, me, tasks
from backend.api.problems import answer_internal_error, install_problem_handlers
from backend.core.config import Settings, load_settings
from backend.core.database import Database
from backend.core.dependencies import install_authenticator
from backend.core.errors import NOT_CACHED, ConfigurationError
from backend.core.keys import build_key_set
from backend.core.logging import configure_logging
from backend.core.middleware import NotCachedMiddleware, RequestLogMiddleware
from backend.core.routing import AuthenticateFirstRoute

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

EXIT_CONFIGURATION = 2


def create_app(settings: Settings, *, clock: Callable[[], float] = time.time) -> FastAPI:
    """Compose the application.

    Args:
        settings: All that may differ between two deployments.
        clock: Tells the time in seconds since the epoch; tokens are held against it.
    """
    contract.read_contract()
    database = Database(settings)

    @asynccontextmanager
    async def close_database(_: FastAPI) -> AsyncGenerator[None]:
        yield
        await database.close()

    app = FastAPI(
        title="Tasks API",
        version="1.0.0",
        openapi_url=None,  # the contract is served instead: see backend.api.contract
        redirect_slashes=False,  # a redirect would answer before the caller is known
        lifespan=close_database,
    )
    app.state.database = database
    app.router.route_class = AuthenticateFirstRoute
    install_authenticator(app, build_key_set(settings), clock)
    install_problem_handlers(app)
    for module in (health, contract, me, tasks):
        app.include_router(module.router)
    # The last one added is the outermost.
    app.add_middleware(RequestLogMiddleware, on_error=answer_internal_error)
    app.add_middleware(NotCachedMiddleware, prefix="/api/", value=NOT_CACHED)
    return app


def app_from_environment() -> FastAPI:
    """Make the application of this process's environment, for `uvicorn --factory`.

    A setting that cannot be used ends the process with exit code 2 (003/FR-013).
    """
    try:
        settings = load_settings(os.environ)
        configure_logging(settings.log_level)
        return create_app(settings)
    except ConfigurationError as error:
        sys.stderr.write(f"The service cannot start with these settings:\n{error}\n")
        # `SystemExit` passes through uvicorn without a traceback.
        raise SystemExit(EXIT_CONFIGURATION) from None
