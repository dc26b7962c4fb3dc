"""Migrations on a real PostgreSQL: up, down, at once, and equal to the models."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from backend.migrations import make_config, migrate
from backend.models.task import Task
from tests.support.service import UNREACHABLE_DATABASE, connect, fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.dev.postgres import PostgresServer


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


def test_each_step_can_be_taken_back(url: str) -> None:
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


def test_processes_may_migrate_at_once(url: str) -> None:
    migrate(url, "base")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(migrate, [url] * 4)) == [()] * 4
    assert "tasks" in tables_of(url)


def test_there_is_one_newest_revision() -> None:
    assert len(ScriptDirectory.from_config(make_config()).get_heads()) == 1


def run_module(database_url: str | None) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environ |= {"DATABASE_URL": database_url} if database_url else {}
    command = [sys.executable, "-m", "backend.migrations"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # ours


def test_command_migrates(url: str) -> None:
    migrate(url, "base")
    assert run_module(url).returncode == 0
    assert "tasks" in tables_of(url)


@pytest.mark.parametrize(
    ("database_url", "status", "words"),
    [
        (None, 2, "DATABASE_URL"),
        ("mysql://u:s3cret@h/d", 2, "DATABASE_URL"),
        (UNREACHABLE_DATABASE.replace("nobody", "nobody:s3cret"), 1, "OperationalError"),
    ],
)
def test_command_says_what_is_wrong_and_no_secret(database_url: str | None, status: int, words: str) -> None:
    done = run_module(database_url)
    assert done.returncode == status
    assert words in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr
