"""PostgreSQL in a throw-away container: whether an engine answers, and the container itself."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from devtools.errors import ContainerError, EngineMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testcontainers.community.postgres import PostgresContainer

DEFAULT_IMAGE = "postgres:18"
RUN_LABEL = "backend.postgres.run"
_PROBE_SECONDS = 2.0
_PORT = 5432
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
_DEFAULT_ENGINE = "unix:///var/run/docker.sock"
_COMMAND = "postgres -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def choose_image(environ: Mapping[str, str]) -> str:
    """Name the image: `POSTGRES_IMAGE`, or the official one."""
    return environ.get("POSTGRES_IMAGE") or DEFAULT_IMAGE


def probe_engine(environ: Mapping[str, str]) -> None:
    """Return when a container engine answers, within about two seconds.

    Raises:
        EngineMissingError: None answers; the message is the reason.
    """
    host = _engine_host(environ)
    address = urlsplit(host)
    try:
        # The engine's client leaves a socket open when nobody answers, so the first knock is our own.
        if address.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as knock:
                knock.settimeout(_PROBE_SECONDS)
                knock.connect(address.path)
        elif address.scheme in {"tcp", "http", "https"} and address.hostname:
            socket.create_connection((address.hostname, address.port or 2375), _PROBE_SECONDS).close()
        _ask_version(environ, host)
    except (OSError, ValueError) as error:
        raise EngineMissingError(f"{host}: {_first_line(error)}") from error


def _engine_host(environ: Mapping[str, str]) -> str:
    from testcontainers.core.docker_client import get_docker_host  # noqa: PLC0415 - slow to import

    return environ.get("DOCKER_HOST") or get_docker_host() or _DEFAULT_ENGINE


def _ask_version(environ: Mapping[str, str], host: str) -> None:
    import docker  # noqa: PLC0415 - slow to import

    try:
        # Making the client asks for the engine's version.
        docker.from_env(timeout=_PROBE_SECONDS, environment={**environ, "DOCKER_HOST": host}).close()
    except docker.errors.DockerException as error:
        raise OSError(_first_line(error)) from error


@contextmanager
def run_container(environ: Mapping[str, str]) -> Iterator[str]:
    """Run PostgreSQL in a container while the context lasts, reachable from this machine only.

    Yields:
        The server's SQLAlchemy URL.

    Raises:
        ContainerError: The image cannot be had, or the container does not start.
    """
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - slow to import

    # What goes wrong inside the caller's block is the caller's, so only the start is guarded.
    try:
        container, host = _start_container(PostgresContainer, environ)
    except _start_failures() as error:
        raise ContainerError(_explain(error)) from error
    try:
        yield container.get_connection_url(host=host)
    finally:
        container.stop()


def _start_container(
    kind: type[PostgresContainer], environ: Mapping[str, str]
) -> tuple[PostgresContainer, str]:
    container = kind(
        choose_image(environ),
        username="postgres",
        password=secrets.token_urlsafe(),
        dbname="postgres",
        driver="psycopg",
    )
    container.with_command(_COMMAND)
    container.with_kwargs(labels={RUN_LABEL: environ.get("POSTGRES_RUN") or "by-hand"})
    near = _is_near(container, environ)
    if near:
        container.ports[str(_PORT)] = ("127.0.0.1", None)  # type: ignore[assignment] # the engine's client takes an address too
    container.__enter__()
    return container, "127.0.0.1" if near else container.get_container_host_ip()


def _is_near(container: PostgresContainer, environ: Mapping[str, str]) -> bool:
    """Tell whether the engine's loopback is ours."""
    client = container.get_docker_client()
    if client.get_connection_mode().value == "docker_host":
        return client.host() in _LOOPBACK
    # Inside a container: the engine runs beside us if its socket was opened in our own network.
    opened = Path("/proc/net/unix")
    engine = os.path.realpath(urlsplit(_engine_host(environ)).path)
    lines = opened.read_text().splitlines() if opened.exists() else []
    return any(os.path.realpath(line[line.index("/") :]) == engine for line in lines if "/" in line)


def _start_failures() -> tuple[type[Exception], ...]:
    from docker.errors import DockerException  # noqa: PLC0415 - slow to import

    return (DockerException, OSError, RuntimeError)


def _explain(error: Exception) -> str:
    # The engine's own words are shorter than the client's report of them.
    said = getattr(error, "explanation", None) or _first_line(error)
    if "ryuk" in str(error):
        said += " (TESTCONTAINERS_RYUK_DISABLED=true does without that image)"
    return str(said)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
