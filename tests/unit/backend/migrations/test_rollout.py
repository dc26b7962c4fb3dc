"""Migrations run while the version before them serves requests; no request fails, no data is lost."""

from __future__ import annotations

import itertools
import json
import secrets
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import OperationalError

from backend.migrations import SAFE, make_config, migrate
from backend.migrations.__main__ import main
from tests.support.service import SERVICE_PASSWORD, as_role, as_service, connect, fresh_database
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devtools.postgres import PostgresServer

STEPS = [*ScriptDirectory.from_config(make_config()).walk_revisions()][::-1]
PHASES = {step.revision: step.module.phase for step in STEPS}
# Until 0003 the service connected as the owner and named nobody; every version since names the user.
NAMES_THE_USER = "0003"
SQUAWK = Path(sys.executable).with_name("squawk")
# Concerns of style; the tables are new, or a lock is waited for in bounded time.
STYLE = "prefer-robust-stmts,prefer-text-field,require-timeout-settings,prefer-bigint-over-int"


@pytest.fixture
def owner_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database whose owner is no superuser, as on Neon."""
    name = f"rollout_{secrets.token_hex(6)}"
    identifier = sql.Identifier(name)
    # The migrations of another database create the roles, which belong to the whole server.
    with fresh_database(postgres_server.url), connect(postgres_server.url) as admin:
        admin.execute(
            sql.SQL("create role {} login createrole password {}").format(
                identifier, sql.Literal(SERVICE_PASSWORD)
            )
        )
        admin.execute(sql.SQL("create database {} owner {}").format(identifier, identifier))
        try:
            url = make_url(postgres_server.url).set(database=name).render_as_string(hide_password=False)
            yield as_role(url, name, SERVICE_PASSWORD)
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(identifier))
            admin.execute(sql.SQL("drop role {}").format(identifier))


@dataclass(frozen=True)
class Version:
    """A version of the service: its role, and its statements."""

    revision: str
    owner_url: str

    @contextmanager
    def transaction(self, user: str) -> Iterator[psycopg.Connection[Any]]:
        named = self.revision >= NAMES_THE_USER
        with connect(as_service(self.owner_url) if named else self.owner_url) as one, one.transaction():
            if named:
                one.execute("select set_config('app.user_id', %s, true)", [user])
            yield one

    def serve_once(self, user: str) -> None:
        """Create, change, list and delete a task, in one transaction for every step."""
        with self.transaction(user) as one:
            row = one.execute(
                "insert into tasks (id, user_id, title, description, completed)"
                " values (gen_random_uuid(), %s, 'Buy milk', '', false) returning id",
                [user],
            ).fetchone()
        assert row
        for statement in (
            "update tasks set title = 'Buy bread' where id = %s and user_id = %s",
            "update tasks set completed = true where id = %s and user_id = %s",
            "delete from tasks where id = %s and user_id = %s",
        ):
            assert self.count(user) == 1
            with self.transaction(user) as one:
                assert one.execute(statement, [row[0], user]).rowcount == 1
        assert self.count(user) == 0

    def count(self, user: str) -> int:
        with self.transaction(user) as one:
            found = one.execute("select id from tasks where user_id = %s order by id", [user]).fetchall()
        return len(found)


@contextmanager
def serving(version: Version) -> Iterator[list[Exception]]:
    """Serve requests continuously in another thread; yields the list of its errors."""
    faults: list[Exception] = []
    rounds, ended = 0, threading.Event()

    def serve() -> None:
        nonlocal rounds
        while not ended.is_set():
            try:
                version.serve_once("alice")
            except (AssertionError, psycopg.Error) as error:
                faults.append(error)
                return
            rounds += 1

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        await_fact(lambda: rounds > 0 or bool(faults))
        yield faults
        seen = rounds
        await_fact(lambda: rounds > seen + 1 or bool(faults))
    finally:
        ended.set()
        thread.join()


@pytest.mark.requirement("003/FR-045")
@pytest.mark.parametrize(
    ("before", "step"),
    [(one.revision, other.revision) for one, other in itertools.pairwise(STEPS)],
)
def test_version_before_serves_requests_during_a_migration(owner_url: str, before: str, step: str) -> None:
    migrate(owner_url, before)
    with serving(Version(before, owner_url)) as faults:
        migrate(owner_url, step)
    assert faults == []


def waiting_after(before: str) -> tuple[str, ...]:
    """Return the migrations that wait for a version: from the first contracting one on."""
    later = [step.revision for step in STEPS if step.revision > before]
    return tuple(itertools.dropwhile(lambda revision: PHASES[revision] == "expand", later))


def test_contracting_migration_waits_with_all_later_ones() -> None:
    assert waiting_after("0001")[0] == waiting_after("0004")[0] == "0005"


@pytest.mark.requirement("003/FR-045")
@pytest.mark.parametrize("before", [step.revision for step in STEPS if PHASES[step.revision] == "expand"])
def test_every_older_version_works_after_all_safe_migrations(owner_url: str, before: str) -> None:
    migrate(owner_url, before)
    with serving(Version(before, owner_url)) as faults:
        assert migrate(owner_url, SAFE) == waiting_after(before)
    assert faults == []


@pytest.mark.requirement("003/FR-045")
def test_contracting_migration_breaks_an_older_version(owner_url: str) -> None:
    migrate(owner_url, "0002")
    with serving(Version("0002", owner_url)) as faults:
        assert migrate(owner_url) == ()
    assert [type(fault) for fault in faults] != []


@pytest.mark.requirement("003/FR-045")
def test_version_that_sets_no_user_cannot_write_rows_of_an_erased_user(owner_url: str) -> None:
    migrate(owner_url, "0002")
    migrate(owner_url, SAFE)
    with connect(as_service(owner_url)) as service, service.transaction():
        service.execute("select set_config('app.user_id', 'alice', true)")
        service.execute("insert into erasures (user_id, until) values ('alice', now() + interval '1 day')")
    with pytest.raises(psycopg.Error, match="the account is erased"):
        Version("0002", owner_url).serve_once("alice")


def test_empty_database_gets_all_migrations_at_once(owner_url: str) -> None:
    assert migrate(owner_url, SAFE) == ()
    with connect(owner_url) as connection:
        newest = connection.execute("select version_num from alembic_version").fetchone()
    assert newest == (STEPS[-1].revision,)


def test_command_runs_contracting_migrations_only_on_request(
    owner_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    migrate(owner_url, "0003")
    environ = {"DATABASE_URL": owner_url}
    assert main([], environ) == 0
    assert (
        f"{', '.join(waiting_after('0003'))} would break a version that is older" in capsys.readouterr().out
    )
    assert main(["all"], environ) == 0
    assert main([], environ) == 0
    assert capsys.readouterr().out == ""
    assert main(["everything"], environ) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.requirement("003/FR-045")
def test_migration_does_not_block_requests_while_it_waits_for_a_table(owner_url: str) -> None:
    migrate(owner_url, "0002")
    waited: list[float] = []
    served, ended = [], threading.Event()

    def read() -> None:
        """Query repeatedly, with a time limit on the wait for the migration."""
        with connect(owner_url) as reader:
            reader.execute("set statement_timeout = '8s'")
            while not ended.is_set():
                try:
                    served.append(reader.execute("select count(*) from tasks").fetchone())
                except psycopg.errors.QueryCanceled:
                    served.append(None)

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            user.rollback()

    with ThreadPoolExecutor(1) as pool, connect(owner_url) as user:
        user.autocommit = False
        user.execute("select count(*) from tasks")
        reading = pool.submit(read)
        try:
            migrate(owner_url, wait=wait)
        finally:
            user.rollback()
            ended.set()
        reading.result()
    assert set(served) == {(0,)}
    assert len(waited) == 2


@pytest.mark.requirement("003/FR-045")
def test_table_that_stays_locked_gives_a_message_and_no_change(
    owner_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(owner_url, "0002")
    monkeypatch.setattr("backend.migrations._LIMIT_WAITING", "set local lock_timeout = '20ms'")
    with connect(owner_url) as user, user.transaction():
        user.execute("select count(*) from tasks")
        with pytest.raises(OperationalError):
            migrate(owner_url, wait=lambda _: None)
        monkeypatch.setattr("backend.migrations._PAUSE_SECONDS", 0)
        assert main([], {"DATABASE_URL": owner_url}) == 1
    assert "a table is in use for too long, nothing was changed" in capsys.readouterr().err
    with connect(owner_url) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == ("0002",)


def test_every_migration_has_a_phase() -> None:
    assert set(PHASES.values()) <= {"expand", "contract"}


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect all statements, with their values filled in."""
    said: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def judge(said: list[str], place: Path) -> set[str]:
    """Return the warnings of squawk: long locks, and changes that break older versions."""
    file = place / "step.sql"
    file.write_text(
        "begin;\n" + "".join(f"{statement.strip().rstrip(';')};\n" for statement in said) + "commit;\n"
    )
    command = [str(SQUAWK), "--reporter", "json", "--pg-version", "15", "--exclude", STYLE, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {f"{warning['rule_name']}: {warning['message']}" for warning in json.loads(done.stdout)}


@pytest.mark.requirement("003/FR-045")
def test_safe_migrations_have_no_statement_that_squawk_reports(owner_url: str, tmp_path: Path) -> None:
    for step in STEPS:
        with statements() as said:
            migrate(owner_url, step.revision)
        changing = [
            statement for statement in said if statement.split()[0].lower() in {"alter", "create", "drop"}
        ]
        assert changing
        if step.module.phase == "expand":
            assert judge(changing, tmp_path) == set()


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("alter table tasks drop column title", "ban-drop-column"),
        ("alter table tasks alter column title type text", "changing-column-type"),
        ("alter table tasks rename column title to name", "renaming-column"),
        ("alter table tasks alter column title set not null", "adding-not-nullable-field"),
        ("create index slow on tasks (title)", "require-concurrent-index-creation"),
        ("alter table tasks add constraint c check (title <> 'x')", "constraint-missing-not-valid"),
        ("drop table tasks", "ban-drop-table"),
    ],
)
def test_squawk_reports_a_harmful_statement(statement: str, rule: str, tmp_path: Path) -> None:
    assert rule in {warning.partition(":")[0] for warning in judge([statement], tmp_path)}
