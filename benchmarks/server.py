"""The service with a public and a protected route, on an inherited socket."""

from __future__ import annotations

import os
import socket
import sys

import structlog
import uvicorn
from fastapi import FastAPI  # noqa: TC002  # FastAPI's own annotations are read at run time

from backend.core.config import load_settings
from backend.core.dependencies import CurrentUserId  # noqa: TC001  # FastAPI reads it at run time
from backend.main import PUBLIC_PATHS, create_app
from backend.testing.issuer import make_secret

ORIGIN = "https://auth.example"


def make_app(secret: str) -> FastAPI:
    """Make the service with `/open` and `/protected`, which return the same; logging is off."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    environ = {
        "BETTER_AUTH_SECRET": secret,
        "BETTER_AUTH_URL": ORIGIN,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "PSEUDONYM_KEY": make_secret(),
        "JWT_TOKENS_REMEMBERED": "100000",
    }
    app = create_app(load_settings(environ), public=PUBLIC_PATHS | {"/open"})

    # The public route comes first and is matched faster, which is to the disadvantage of the protected one.
    @app.get("/open")
    async def answer_anybody() -> str:
        return "anybody".ljust(32, "-")

    @app.get("/protected")
    async def answer_caller(user_id: CurrentUserId) -> str:
        return user_id

    return app


def main() -> None:
    """Serve on an inherited socket until SIGTERM."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    app = make_app(os.environ["BETTER_AUTH_SECRET"])
    config = uvicorn.Config(app, log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
