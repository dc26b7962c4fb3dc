"""The choice of a real PostgreSQL: the given one, one in a container, or the embedded one."""

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
_CONNECT_SECONDS = 15  # a database that sleeps when idle takes seconds to wake
_OFF = frozenset({"", "0", "false", "no"})

Kind = Literal["database-url", "testcontainers", "embedded"]


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A PostgreSQL that answers.

    Attributes:
        url: SQLAlchemy URL, `postgresql+psycopg://…`.
        origin: One line that says what was chosen, and why where that is not obvious.
        kind: What was chosen.
    """

    url: str
    origin: str
    kind: Kind


def read_version(url: str) -> str:
    """Ask a server for its version.

    Args:
        url: A SQLAlchemy URL of PostgreSQL.

    Returns:
        The bare number, such as `18.4`.
    """
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, connect_timeout=_CONNECT_SECONDS) as connection:
        row = connection.execute("show server_version").fetchone()
    return str(row[0]).split()[0] if row else "unknown"


@dataclass(frozen=True, slots=True)
class Ways:
    """What the choice is made of; tests hand in others."""

    probe_engine: Callable[[Mapping[str, str]], None] = probe_engine
    run_container: Callable[[Mapping[str, str]], AbstractContextManager[str]] = run_container
    run_embedded: Callable[[Path | None], AbstractContextManager[str]] = run_embedded
    read_version: Callable[[str], str] = read_version


REAL_WAYS = Ways()


@contextmanager
def provide_postgres(
    environ: Mapping[str, str], *, directory: Path | None = None, ways: Ways = REAL_WAYS
) -> Iterator[PostgresServer]:
    """Provide a real PostgreSQL while the context lasts, and leave nothing behind.

    In order: `DATABASE_URL`; a container of `POSTGRES_IMAGE`, where an engine answers; the
    embedded server. `REQUIRE_TESTCONTAINERS=1` makes all but the second an error. SIGTERM and
    SIGHUP end the context as Ctrl-C does. The engine's own settings (`DOCKER_HOST`,
    `TESTCONTAINERS_…`) are read from the process as well.

    Args:
        environ: The settings.
        directory: Where the embedded server keeps its data; asks for that server over a container.
        ways: How each kind of server is had.

    Yields:
        The server. Its `origin` is for the caller to print.

    Raises:
        PostgresError: No server can be had, or not in the way that is required.
    """
    with _signals_interrupt(), ExitStack() as stack:
        yield _choose_server(stack, environ, directory, ways)


def _choose_server(
    stack: ExitStack, environ: Mapping[str, str], directory: Path | None, ways: Ways
) -> PostgresServer:
    required = environ.get("REQUIRE_TESTCONTAINERS", "").strip().lower() not in _OFF
    if given := environ.get("DATABASE_URL", "").strip():
        if required:
            _refuse("DATABASE_URL is set", "unset one of the two")
        return _use_given(given, ways)
    reason = ""
    if directory is None:
        try:
            return _use_container(stack, environ, ways)
        except EngineMissingError as error:
            if required:
                _refuse(f"no container engine answers ({error})", "start one, or unset it")
        except ContainerError as error:
            reason = f", since image {choose_image(environ)} gives no server: {error}"
            if required:
                _refuse(reason.removeprefix(", since "), "set POSTGRES_IMAGE to an image that can be had")
    elif required:
        _refuse(f"the data is to be kept in {directory}", "unset it, or set no folder")
    url = stack.enter_context(ways.run_embedded(directory))
    return PostgresServer(url, f"PostgreSQL: embedded, server {ways.read_version(url)}{reason}", "embedded")


def _refuse(why: str, remedy: str) -> NoReturn:
    raise PostgresError(f"REQUIRE_TESTCONTAINERS is set, but {why}: {remedy}")


def _use_given(given: str, ways: Ways) -> PostgresServer:
    url = _read_url(given)
    place = url.host or url.query.get("host") or "the default socket"
    text = url.render_as_string(hide_password=False)
    try:
        version = ways.read_version(text)
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        raise PostgresError(
            f"DATABASE_URL: PostgreSQL at {place} does not let us in ({said}): correct it, or unset it"
        ) from error
    return PostgresServer(text, f"PostgreSQL: DATABASE_URL, host {place}, server {version}", "database-url")


def _read_url(given: str) -> URL:
    # `postgres://` is what many consoles hand out; SQLAlchemy does not know it.
    text = given.replace("postgres://", "postgresql://", 1) if given.startswith("postgres://") else given
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() != "postgresql":
        raise PostgresError(
            "DATABASE_URL is no address of PostgreSQL: write postgresql://user:password@host/database"
        )
    return url.set(drivername=DRIVER)


def _use_container(stack: ExitStack, environ: Mapping[str, str], ways: Ways) -> PostgresServer:
    ways.probe_engine(environ)
    url = stack.enter_context(ways.run_container(environ))
    image = choose_image(environ)
    return PostgresServer(
        url, f"PostgreSQL: testcontainers, image {image}, server {ways.read_version(url)}", "testcontainers"
    )


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack as Ctrl-C does, where nobody else handles them."""
    main = threading.current_thread() is threading.main_thread()
    ours = [
        one for one in (signal.SIGTERM, signal.SIGHUP) if main and signal.getsignal(one) is signal.SIG_DFL
    ]
    for one in ours:
        signal.signal(one, signal.default_int_handler)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, signal.SIG_DFL)
