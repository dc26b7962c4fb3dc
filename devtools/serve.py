"""`make run`: the service on this machine, on a PostgreSQL of its own."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

import uvicorn

from backend.core.config import load_settings
from backend.core.keys.algorithms import is_symmetric
from backend.core.logging import configure_logging
from backend.main import PUBLIC_PATHS, create_app
from backend.migrations import migrate
from backend.migrations.service_role import make_service_role
from devtools import docs_page
from devtools.command import run_command, say
from devtools.errors import ServeError
from devtools.listener import listen, name_address
from devtools.local_secrets import provide_pseudonym_key, provide_secret
from devtools.postgres import provide_postgres

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backend.core.config import Settings


def serve(environ: Mapping[str, str], directory: Path) -> None:
    """Serve until a signal ends it, then stop what was started.

    Args:
        environ: The settings; `HOST` and `PORT` say where to listen.
        directory: Where data and secret are kept between runs.

    Raises:
        DevelopmentError: The address is taken, or no PostgreSQL can be had.
        ConfigurationError: The settings are refused.
    """
    with (
        listen(
            environ.get("HOST") or "127.0.0.1", environ.get("PORT") or "8000", "PORT=8001 make run"
        ) as listener,
        provide_postgres(environ, directory=directory / "postgres") as server,
    ):
        say(server.origin)
        given, secret_line = provide_secret(environ, directory)
        say(secret_line)
        migrate(server.url)
        url = server.url
        if server.kind == "embedded":
            # Nobody else can reach its socket, so a password of this run's own will do.
            url = make_service_role(server.url, secrets.token_urlsafe())
        given = provide_pseudonym_key(given, directory)
        settings = load_settings({**given, "DATABASE_URL": url})
        configure_logging(settings.log_level)
        app = create_app(settings, public=PUBLIC_PATHS | docs_page.PUBLIC_PATHS)
        docs_page.add_docs_page(app)
        service = uvicorn.Server(uvicorn.Config(app, log_config=None))
        say(describe_address(name_address(listener), settings))
        service.run(sockets=[listener])
        if not service.started:
            raise ServeError("the service did not start: see above")


def describe_address(address: str, settings: Settings) -> str:
    """Describe where the service is, and how to call it with a token that it accepts.

    Args:
        address: The origin of the service.
        settings: Of the service; only with a shared secret can a token be made here.
    """
    where, token = "in this folder", "$(make -s token USER=alice)"
    if not is_symmetric(settings.algorithms):
        where, token = f"with a token of {settings.better_auth_url}/api/auth/token", "$TOKEN"
    return (
        f"API: {address} (health: {address}/health, contract: {address}/openapi.json)\n"
        f"In a browser: {address}/docs\n"
        f"Try it from another terminal, {where}:\n"
        f'  curl -H "Authorization: Bearer {token}" {address}/api/me\n'
        "Ctrl-C stops it"
    )


if __name__ == "__main__":
    sys.exit(run_command("run", serve))
