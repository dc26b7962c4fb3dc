"""Provides a real PostgreSQL: the one of DATABASE_URL, one in a container, or the embedded one."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

import psycopg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from devtools.embedded_postgres import run_embedded
from devtools.errors import ContainerError, EngineMissingError, PostgresError
from devtools.postgres_container import choose_image, probe_engine, run_container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

DRIVER = "postgresql+psycopg"
_CONNECT_SECONDS = 15  # a sleeping database takes seconds to wake
_OFF = frozenset({"", "0", "false", "no"})

ServerKind = Literal["database-url", "testcontainers", "embedded"]


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running PostgreSQL.

    Attributes:
        url: The SQLAlchemy URL, `postgresql+psycopg://…`.
        origin: A line for the user that names the chosen server, and the reason if it is a fallback.
        kind: The kind of the chosen server.
    """

    url: str
    origin: str
    kind: ServerKind


def read_version(url: str) -> str:
    """Read the version of a server.

    Args:
        url: The SQLAlchemy URL of the server.

    Returns:
        The number, such as `18.4`.

    Raises:
        psycopg.Error: The connection fails.
    """
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, connect_timeout=_CONNECT_SECONDS) as connection:
        row = connection.execute("show server_version").fetchone()
    return str(row[0]).split()[0] if row else "unknown"


@dataclass(frozen=True, slots=True)
class ServerStarters:
    """The functions that probe and start servers; tests replace them."""

    probe_engine: Callable[[Mapping[str, str]], None] = probe_engine
    run_container: Callable[[Mapping[str, str]], AbstractContextManager[str]] = run_container
    run_embedded: Callable[[Path | None], AbstractContextManager[str]] = run_embedded
    read_version: Callable[[str], str] = read_version


REAL_STARTERS = ServerStarters()


@contextmanager
def provide_postgres(
    environ: Mapping[str, str], *, directory: Path | None = None, starters: ServerStarters = REAL_STARTERS
) -> Iterator[PostgresServer]:
    """Provide a real PostgreSQL while the context is open, and remove it afterwards.

    The first of these that is available: the server of `DATABASE_URL`; a container of `POSTGRES_IMAGE`;
    the embedded server. With `REQUIRE_TESTCONTAINERS=1`, only a container is allowed. SIGTERM and SIGHUP
    close the context as Ctrl-C does, SIGHUP unless it is ignored (`nohup`), and both unless they are
    handled already. The settings of the container engine (`DOCKER_HOST`, `TESTCONTAINERS_…`) are also
    read from the process environment.

    Args:
        environ: The settings.
        directory: The folder in which the embedded server keeps its data; it replaces the container.
            None: no data is kept.
        starters: The functions that probe and start servers.

    Yields:
        The server; the caller prints its `origin`.

    Raises:
        PostgresError: No server can be provided, or not the required one.
    """
    with _signals_interrupt(), ExitStack() as stack:
        yield _choose_server(stack, environ, directory, starters)


def _choose_server(
    stack: ExitStack, environ: Mapping[str, str], directory: Path | None, starters: ServerStarters
) -> PostgresServer:
    required = environ.get("REQUIRE_TESTCONTAINERS", "").strip().lower() not in _OFF
    if given := environ.get("DATABASE_URL", "").strip():
        if required:
            _refuse("DATABASE_URL is set", "unset one of the two")
        return _use_given(given, starters)
    reason = ""
    if directory is None:
        try:
            return _use_container(stack, environ, starters)
        except EngineMissingError as error:
            if required:
                _refuse(f"no container engine responds ({error})", "start one, or unset it")
        except ContainerError as error:
            reason = f", since no server starts from the image {choose_image(environ)}: {error}"
            if required:
                _refuse(reason.removeprefix(", since "), "set POSTGRES_IMAGE to an available image")
    elif required:
        _refuse(f"the data must be kept in {directory}", "unset it")
    url = stack.enter_context(starters.run_embedded(directory))
    return PostgresServer(
        url, f"PostgreSQL: embedded, server {starters.read_version(url)}{reason}", "embedded"
    )


def _refuse(why: str, remedy: str) -> NoReturn:
    raise PostgresError(f"REQUIRE_TESTCONTAINERS is set, but {why}: {remedy}")


def _use_given(given: str, starters: ServerStarters) -> PostgresServer:
    url = _read_url(given)
    place = url.host or url.query.get("host") or "the default socket"
    text = url.render_as_string(hide_password=False)
    try:
        version = starters.read_version(text)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise PostgresError(
            f"DATABASE_URL: cannot connect to PostgreSQL at {place} ({reason}): correct it, or unset it"
        ) from error
    return PostgresServer(text, f"PostgreSQL: DATABASE_URL, host {place}, server {version}", "database-url")


def _read_url(given: str) -> URL:
    # Many consoles show URLs with `postgres://`, which SQLAlchemy does not accept.
    text = given.replace("postgres://", "postgresql://", 1) if given.startswith("postgres://") else given
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() != "postgresql":
        raise PostgresError(
            "DATABASE_URL is no URL of PostgreSQL: write postgresql://user:password@host/database"
        )
    return url.set(drivername=DRIVER)


def _use_container(stack: ExitStack, environ: Mapping[str, str], starters: ServerStarters) -> PostgresServer:
    starters.probe_engine(environ)
    url = stack.enter_context(starters.run_container(environ))
    image = choose_image(environ)
    return PostgresServer(
        url,
        f"PostgreSQL: testcontainers, image {image}, server {starters.read_version(url)}",
        "testcontainers",
    )


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack as Ctrl-C does, unless another handler is installed.

    SIGHUP stays ignored where the process inherited it so: `nohup make run &` asks for a service that
    outlives its terminal. SIGTERM ends the process even where it was ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    replaced = {signal.SIGTERM: (signal.SIG_DFL, signal.SIG_IGN), signal.SIGHUP: (signal.SIG_DFL,)}
    before = {kind: signal.getsignal(kind) for kind in replaced}
    ours = [kind for kind, handlers in replaced.items() if before[kind] in handlers]
    for kind in ours:
        signal.signal(kind, signal.default_int_handler)
    try:
        yield
    finally:
        for kind in ours:
            signal.signal(kind, before[kind])
