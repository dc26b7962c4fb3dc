"""`make dev`: serves the front end and the API on this machine, with one PostgreSQL."""

from __future__ import annotations

import secrets
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from backend.core.config import load_settings
from backend.core.logging import configure_logging
from backend.main import PUBLIC_PATHS, create_app
from backend.migrations import migrate
from backend.migrations.auth_role import make_auth_role
from backend.migrations.service_role import make_service_role
from devtools import docs_page
from devtools.command import print_line, run_command
from devtools.errors import FrontEndError, ServeError
from devtools.front_end import Addresses, describe_front_end, describe_service, read_token_mode, serving
from devtools.listener import listen, name_address
from devtools.local_secrets import provide_auth_secret, provide_pseudonym_key
from devtools.npm import find_npm, install_packages, is_installed, run_script
from devtools.postgres import provide_postgres

if TYPE_CHECKING:
    import socket
    import subprocess
    from collections.abc import Mapping

    from fastapi import FastAPI

    from devtools.postgres import PostgresServer

FRONT_END = Path("frontend")


def serve_both(environ: Mapping[str, str], directory: Path) -> None:
    """Serve front end and API until a signal or the end of the front end, then stop everything.

    Args:
        environ: The settings of both, with `PORT` of the API, `FRONTEND_PORT` and `TOKEN_MODE`.
        directory: The folder for data and secrets between runs.

    Raises:
        DevelopmentError: Node or npm is missing, an address is in use, or one of the two does not run.
        ConfigurationError: The service refuses the settings.
    """
    mode = read_token_mode(environ)
    npm, versions = find_npm(FRONT_END)
    with ExitStack() as stack:
        listener = stack.enter_context(_listen("PORT", environ.get("PORT") or "8000"))
        addresses = _choose_addresses(listener, environ.get("FRONTEND_PORT") or "3000")
        server = stack.enter_context(provide_postgres(environ, directory=directory / "postgres"))
        print_line(f"{server.origin}\n{versions}")
        _prepare_packages(npm, environ)
        service_url, auth_url = _prepare_database(server)
        secret = provide_auth_secret(environ, directory)
        given = provide_pseudonym_key(describe_service(environ, addresses, secret=secret), directory)
        settings = load_settings({**given, "DATABASE_URL": service_url})
        front_end = describe_front_end(environ, addresses, secret=secret, auth_url=auth_url)
        run_script(FRONT_END, [npm, "run", "--silent", "migrate"], front_end)
        print_line("Front end: starting, its first page takes a moment")
        process = stack.enter_context(
            serving(folder=FRONT_END, npm=npm, script="dev", environ=front_end, addresses=addresses)
        )
        configure_logging(settings.log_level)
        print_line(_describe_addresses(addresses, mode))
        app = create_app(settings, public=PUBLIC_PATHS | docs_page.PUBLIC_PATHS)
        docs_page.add_docs_page(app)
        _serve(app, listener, process)


def _listen(setting: str, port: str) -> socket.socket:
    return listen("127.0.0.1", port, f"{setting}={int(port) + 1 if port.isdecimal() else 0} make dev")


def _choose_addresses(listener: socket.socket, port: str) -> Addresses:
    # Bound and released again: the front end will listen there.
    with _listen("FRONTEND_PORT", port) as probe:
        free: int = probe.getsockname()[1]
    return Addresses(f"http://localhost:{free}", free, name_address(listener))


def _prepare_database(server: PostgresServer) -> tuple[str, str]:
    migrate(server.url)
    if server.kind == "database-url":
        print_line("Roles: tasks_service and auth_service get new passwords there, for this run")
    password = secrets.token_urlsafe()
    return make_service_role(server.url, password), make_auth_role(server.url, secrets.token_urlsafe())


def _serve(app: FastAPI, listener: socket.socket, process: subprocess.Popen[bytes]) -> None:
    service = uvicorn.Server(uvicorn.Config(app, log_config=None))
    watch = _end_with(process, service)
    service.run(sockets=[listener])
    if watch.is_set():
        raise FrontEndError(
            f"the front end ended with exit code {process.returncode}: see its messages above"
        )
    if not service.started:
        raise ServeError("the service did not start: see above")


def _prepare_packages(npm: str, environ: Mapping[str, str]) -> None:
    if not is_installed(FRONT_END):
        print_line("Front end: installing its npm packages (npm ci), about a minute")
        install_packages(FRONT_END, npm, environ)


def _end_with(process: subprocess.Popen[bytes], service: uvicorn.Server) -> threading.Event:
    """Stop the service when the front end ends; the event is set then."""
    ended = threading.Event()

    def watch() -> None:
        process.wait()
        if not service.should_exit:
            ended.set()
            service.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    return ended


def _describe_addresses(addresses: Addresses, mode: str) -> str:
    other = "jwks" if mode == "shared-secret" else "shared-secret"
    return (
        f"\nFront end: {addresses.front_end} (sign up there)\n"
        f"API: {addresses.api} (in a browser: {addresses.api}/docs, contract: {addresses.api}/openapi.json)\n"
        f"Tokens: {mode} (TOKEN_MODE={other} make dev switches both sides)\n"
        "Ctrl-C stops both\n"
    )


if __name__ == "__main__":
    sys.exit(run_command("dev", serve_both))
