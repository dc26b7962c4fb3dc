"""Migrations on a real PostgreSQL: up, down, concurrent, and equal to the models."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from backend.migrations import LOCK, make_config, migrate
from backend.migrations.__main__ import main
from backend.models.task import Task
from tests.support.in_process import run_main
from tests.support.service import UNREACHABLE_DATABASE, connect, fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devtools.postgres import PostgresServer


@pytest.fixture
def url(postgres_server: PostgresServer) -> Iterator[str]:
    with fresh_database(postgres_server.url) as url:
        yield url


def tables_of(url: str) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    return set(inspect(engine).get_table_names())


def test_models_and_migrations_do_not_differ(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Task.metadata) == []


def test_every_migration_can_be_downgraded(url: str) -> None:
    assert "tasks" in tables_of(url)
    migrate(url, "base")
    assert tables_of(url) == {"alembic_version"}
    migrate(url)
    assert "tasks" in tables_of(url)


def test_migrating_twice_changes_nothing(url: str) -> None:
    with connect(url) as connection:
        connection.execute(
            "insert into tasks (id, user_id, title, description, completed)"
            " values (gen_random_uuid(), 'alice', 'Buy milk', '', false)"
        )
        migrate(url)
        assert connection.execute("select count(*) from tasks").fetchone() == (1,)


def test_several_processes_may_migrate_at_once(url: str) -> None:
    migrate(url, "base")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(migrate, [url] * 4)) == [()] * 4
    assert "tasks" in tables_of(url)


def test_database_can_be_migrated_down(url: str) -> None:
    for revision in ("0002", "0004", "0001"):
        migrate(url, revision)
        with connect(url) as connection:
            assert connection.execute("select version_num from alembic_version").fetchall() == [(revision,)]


def test_wait_for_another_migration_ends_at_a_limit(url: str) -> None:
    waited: list[float] = []
    with connect(url) as other:
        other.execute("set idle_session_timeout = '20s'")  # else an unbounded wait would never end
        other.execute("select pg_advisory_lock(%s)", [LOCK])

        def wait(seconds: float) -> None:
            waited.append(seconds)
            other.execute("select pg_advisory_unlock_all()")

        migrate(url, wait=wait)
    assert len(waited) == 1


def test_connection_to_a_silent_server_ends_at_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.migrations._CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        hangs_up = threading.Timer(20, server.close)  # else an unbounded wait would take minutes
        hangs_up.start()
        try:
            with pytest.raises(OperationalError) as caught:
                migrate(f"postgresql+psycopg://u@127.0.0.1:{server.getsockname()[1]}/d")
        finally:
            hangs_up.cancel()
    assert isinstance(caught.value.orig, psycopg.errors.ConnectionTimeout)


@pytest.mark.parametrize("words", [[], ["all"]])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update alembic_version set version_num = '9999'", "at 9999, which this version does not know"),
        ("insert into alembic_version values ('0003')", "several revisions at once (0003, 0005)"),
    ],
)
def test_unknown_revision_of_the_database_gives_one_line(
    *, url: str, change: str, said: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(url) as connection:
        connection.execute("update alembic_version set version_num = '0005'")
        connection.execute(change)
        before = connection.execute("select version_num from alembic_version").fetchall()
        assert main(words, {"DATABASE_URL": url}) == 1
        assert connection.execute("select version_num from alembic_version").fetchall() == before
    written = capsys.readouterr().err
    assert said in written
    assert written.count("\n") == 1


def test_there_is_one_newest_revision() -> None:
    assert len(ScriptDirectory.from_config(make_config()).get_heads()) == 1


def describe_environment(database_url: str | None) -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return environ | ({"DATABASE_URL": database_url} if database_url else {})


def test_command_migrates(url: str) -> None:
    migrate(url, "base")
    command = [sys.executable, "-m", "backend.migrations"]
    done = subprocess.run(command, env=describe_environment(url), check=False)
    assert done.returncode == 0
    assert "tasks" in tables_of(url)


@pytest.mark.parametrize(
    ("database_url", "status", "words"),
    [
        (None, 2, "DATABASE_URL"),
        ("mysql://u:s3cret@h/d", 2, "DATABASE_URL"),
        ("postgresql://u:s3cret\udcff@localhost/d", 2, "DATABASE_URL: is not UTF-8"),
        ("postgresql://u:s3cret@localhost/d?row_factory=x", 2, "an option that libpq does not know"),
        ("postgresql://u:s3cret@localhost/d?prepare_threshold=5", 2, "an option that libpq does not know"),
        ("postgresql://u:s3cret@/d?host=/a&host=/b&port=1", 2, "is no URL of PostgreSQL"),
        (f"{UNREACHABLE_DATABASE}?connect_timeout=abc", 1, "ProgrammingError"),
        (UNREACHABLE_DATABASE.replace("nobody", "nobody:s3cret"), 1, "OperationalError"),
    ],
)
def test_command_reports_the_error_without_the_password(
    database_url: str | None, status: int, words: str
) -> None:
    done = run_main(main, [], describe_environment(database_url))
    assert done.returncode == status
    assert words in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr
