"""`make run`: serves the API on this machine, with a PostgreSQL of its own."""

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
from devtools.command import print_line, run_command
from devtools.errors import ServeError
from devtools.listener import listen, name_address
from devtools.local_secrets import provide_pseudonym_key, provide_secret
from devtools.postgres import provide_postgres

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backend.core.config import Settings


def serve(environ: Mapping[str, str], directory: Path) -> None:
    """Serve the API until a signal, then stop the service and its PostgreSQL.

    Args:
        environ: The settings, with `HOST` and `PORT` of the listener.
        directory: The folder for data and secrets between runs.

    Raises:
        DevelopmentError: The address is in use, no PostgreSQL can be provided, or the start failed.
        ConfigurationError: The service refuses the settings.
    """
    with (
        listen(
            environ.get("HOST") or "127.0.0.1", environ.get("PORT") or "8000", "PORT=8001 make run"
        ) as listener,
        provide_postgres(environ, directory=directory / "postgres") as server,
    ):
        print_line(server.origin)
        given, secret_line = provide_secret(environ, directory)
        print_line(secret_line)
        migrate(server.url)
        url = server.url
        if server.kind == "embedded":
            # Only this process knows its socket, so a new password for every run is enough.
            url = make_service_role(server.url, secrets.token_urlsafe())
        given = provide_pseudonym_key(given, directory)
        settings = load_settings({**given, "DATABASE_URL": url})
        configure_logging(settings.log_level)
        app = create_app(settings, public=PUBLIC_PATHS | docs_page.PUBLIC_PATHS)
        docs_page.add_docs_page(app)
        service = uvicorn.Server(uvicorn.Config(app, log_config=None))
        print_line(describe_address(name_address(listener), settings))
        service.run(sockets=[listener])
        if not service.started:
            raise ServeError("the service did not start: see above")


def describe_address(address: str, settings: Settings) -> str:
    """Return lines with the addresses of the service and a curl command with a token.

    Args:
        address: The origin of the service.
        settings: The settings of the service; with a key set, only Better Auth can issue tokens.
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
