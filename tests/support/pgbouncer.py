"""Runs PgBouncer in transaction mode in front of a PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import make_url

from tests.support.certificate import make_certificate
from tests.support.service import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVER_CONNECTIONS = 5
_ACCOUNT = "nobody"  # PgBouncer refuses to run as root
_ATTEMPTS = 3  # another process may take the free port first
_START_SECONDS = 120.0
_PAUSE_SECONDS = 0.05
_OFF = frozenset({"", "0", "false", "no"})
_SETTINGS = """\
[databases]
{database} = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {place}/users
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
server_tls_sslmode = prefer
"""
_TLS = """\
client_tls_sslmode = require
client_tls_key_file = {place}/key.pem
client_tls_cert_file = {place}/certificate.pem
"""


def find_pgbouncer() -> str | None:
    """Return the path of the program; Debian installs it in /usr/sbin."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def is_required(environ: Mapping[str, str]) -> bool:
    """Return whether a missing PgBouncer fails the tests (REQUIRE_PGBOUNCER, set in CI)."""
    return environ.get("REQUIRE_PGBOUNCER", "").strip().lower() not in _OFF


@contextmanager
def pooling(program: str, url: str, *, by_tls: bool = False) -> Iterator[str]:
    """Start PgBouncer with five server connections; stop it at the end.

    Args:
        program: The path of PgBouncer.
        url: The SQLAlchemy URL of a database, with user and password.
        by_tls: Whether clients must use TLS; the self-signed certificate is made for this run.

    Yields:
        The URL of the same database through the pooler.
    """
    # Not pytest's folder: under root, PgBouncer runs as `nobody`, who cannot read it.
    with tempfile.TemporaryDirectory(prefix="pgbouncer-", dir="/tmp") as place:
        for attempt in range(_ATTEMPTS):
            port = find_free_port()
            _write_files(Path(place), url, port, by_tls=by_tls)
            with _running(program, Path(place)) as process:
                pooled = make_url(url).set(
                    host="127.0.0.1", port=port, query=_verify(Path(place)) if by_tls else {}
                )
                text = pooled.render_as_string(hide_password=False)
                if _answers(process, text):
                    yield text
                    return
            log = (Path(place) / "log").read_text()
            assert attempt + 1 < _ATTEMPTS, f"pgbouncer does not start: {log}"


def _verify(place: Path) -> dict[str, str]:
    return {"sslmode": "verify-full", "sslrootcert": str(place / "certificate.pem")}


def find_free_port() -> int:
    """Return a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _write_files(place: Path, url: str, port: int, *, by_tls: bool) -> None:
    target = make_url(url)
    host = target.query.get("host") or target.host or "127.0.0.1"
    server = f"host={host} port={target.port or 5432} dbname={target.database}"
    settings = _SETTINGS.format(
        database=target.database, server=server, port=port, place=place, size=SERVER_CONNECTIONS
    )
    if by_tls:
        key, certificate = make_certificate("127.0.0.1")
        (place / "key.pem").write_bytes(key)
        (place / "certificate.pem").write_bytes(certificate)
        settings += _TLS.format(place=place)
    (place / "pgbouncer.ini").write_text(settings)
    (place / "users").write_text(f'"{target.username}" "{target.password}"\n')
    if os.geteuid() == 0:
        for path in (place, *place.iterdir()):
            shutil.chown(path, _ACCOUNT)


@contextmanager
def _running(program: str, place: Path) -> Iterator[subprocess.Popen[bytes]]:
    account = pwd.getpwnam(_ACCOUNT) if os.geteuid() == 0 else None
    with (
        (place / "log").open("wb") as log,
        subprocess.Popen(
            [program, str(place / "pgbouncer.ini")],
            cwd=place,
            env={"PATH": os.defpath},
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            connect(url).close()
        except psycopg.OperationalError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return process.poll() is None
    return False
