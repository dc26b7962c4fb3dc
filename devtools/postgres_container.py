"""PostgreSQL in a temporary container: the probe of the container engine, and the container itself."""

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
    """Return the image: `POSTGRES_IMAGE`, or the official one."""
    return environ.get("POSTGRES_IMAGE") or DEFAULT_IMAGE


def probe_engine(environ: Mapping[str, str]) -> None:
    """Check that a container engine responds within about two seconds.

    Raises:
        EngineMissingError: None responds; the message has the reason.
    """
    host = _engine_host(environ)
    address = urlsplit(host)
    try:
        # The client library leaks a socket if no engine responds, so this connects first.
        if address.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(_PROBE_SECONDS)
                probe.connect(address.path)
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
        # The constructor requests the version of the engine.
        docker.from_env(timeout=_PROBE_SECONDS, environment={**environ, "DOCKER_HOST": host}).close()
    except docker.errors.DockerException as error:
        raise OSError(_first_line(error)) from error


@contextmanager
def run_container(environ: Mapping[str, str]) -> Iterator[str]:
    """Run PostgreSQL in a container while the context is open, reachable from this machine only.

    Yields:
        The SQLAlchemy URL of the server.

    Raises:
        ContainerError: The image is unavailable, or the container does not start.
    """
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - slow to import

    # Errors inside the caller's block are not converted.
    try:
        container, host = _start_container(PostgresContainer, environ)
    except _start_failures() as error:
        raise ContainerError(_explain(error)) from error
    try:
        yield container.get_connection_url(host=host)
    finally:
        container.stop()


def _start_container(
    container_type: type[PostgresContainer], environ: Mapping[str, str]
) -> tuple[PostgresContainer, str]:
    container = container_type(
        choose_image(environ),
        username="postgres",
        password=secrets.token_urlsafe(),
        dbname="postgres",
        driver="psycopg",
    )
    container.with_command(_COMMAND)
    container.with_kwargs(labels={RUN_LABEL: environ.get("POSTGRES_RUN") or "by-hand"})
    is_local = _is_local(container, environ)
    if is_local:
        container.ports[str(_PORT)] = ("127.0.0.1", None)  # type: ignore[assignment] # the client library also accepts an address
    container.__enter__()
    return container, "127.0.0.1" if is_local else container.get_container_host_ip()


def _is_local(container: PostgresContainer, environ: Mapping[str, str]) -> bool:
    """Return whether the loopback of the engine is the loopback of this process."""
    client = container.get_docker_client()
    if client.get_connection_mode().value == "docker_host":
        return client.host() in _LOOPBACK
    # Inside a container: the engine is local if its socket belongs to the network of this process.
    opened = Path("/proc/net/unix")
    engine = os.path.realpath(urlsplit(_engine_host(environ)).path)
    lines = opened.read_text().splitlines() if opened.exists() else []
    return any(os.path.realpath(line[line.index("/") :]) == engine for line in lines if "/" in line)


def _start_failures() -> tuple[type[Exception], ...]:
    from docker.errors import DockerException  # noqa: PLC0415 - slow to import

    return (DockerException, OSError, RuntimeError)


def _explain(error: Exception) -> str:
    # The message of the engine is shorter than that of the client library, which contains it.
    message = getattr(error, "explanation", None) or _first_line(error)
    if "ryuk" in str(error):
        message += " (TESTCONTAINERS_RYUK_DISABLED=true runs without that image)"
    return str(message)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
