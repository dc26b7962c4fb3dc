"""`python -m backend.retention` on a real PostgreSQL, run as a member of the role `tasks_keeper`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from backend.core.identity.pseudonym import make_pseudonym
from backend.retention import main
from backend.testing.issuer import make_secret, make_subject
from tests.support.environment import inherit
from tests.support.in_process import run_main
from tests.support.service import PSEUDONYM_KEY, Client, as_role, connect, empty_tables
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.support.in_process import Ended

    Headers = dict[str, bytes]
    SignIn = Callable[[str], Headers]

PASSWORD = "the-password-of-a-keeper-5d1"


@pytest.fixture
def keeper(database: psycopg.Connection[Any], database_url: str, empty_database: str) -> Iterator[str]:
    """The URL of the empty database for a member of `tasks_keeper`."""
    assert empty_database
    name = f"keeper_{uuid4().hex[:8]}"
    made = sql.SQL("create role {} login password {} in role tasks_keeper")
    database.execute(made.format(sql.Identifier(name), sql.Literal(PASSWORD)))
    yield as_role(database_url, name, PASSWORD)
    database.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def describe_environment(url: str) -> dict[str, str]:
    return {"BETTER_AUTH_SECRET": make_secret(), "DATABASE_URL": url, "PSEUDONYM_KEY": PSEUDONYM_KEY}


def run(url: str, *words: str, **settings: str) -> Ended:
    """Run the command in this process."""
    return run_main(main, words, {**describe_environment(url), **settings})


def call(url: str, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process."""
    environ = {**inherit("PATH"), **describe_environment(url), **settings}
    command = [sys.executable, "-m", "backend.retention", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=600)


def run_with_output(url: str, output: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the job with this file descriptor as standard output."""
    environ = {**inherit("PATH"), **describe_environment(url)}
    command = [sys.executable, "-m", "backend.retention", *words]
    return subprocess.run(
        command, env=environ, stdout=output, stderr=subprocess.PIPE, text=True, check=False, timeout=600
    )


def add_task(client: Client, headers: Headers) -> None:
    assert client.post("/api/tasks", headers=headers, json={"title": "Buy milk"}).status_code == 201


def count(database: psycopg.Connection[Any], table: str) -> int:
    row = database.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    assert row
    return int(row[0])


@pytest.mark.requirement("003/FR-041")
def test_expired_tombstones_denials_and_tasks_are_deleted(
    *, keeper: str, client: Client, signed_in: SignIn, database: psycopg.Connection[Any]
) -> None:
    for name in ("alice", "bob"):
        add_task(client, signed_in(name))
    client.delete("/api/account", headers=signed_in("alice"))
    database.execute(
        "insert into revocations values ('https://a.example', 'session', 's1', now()),"
        " ('https://a.example', 'session', 's2', now() + interval '1 hour')"
    )
    database.execute("alter table tasks disable trigger user")
    database.execute("update tasks set updated_at = now() - interval '40 days'")
    database.execute("alter table tasks enable trigger user")
    done = run(keeper, RETENTION_TASK_DAYS="60")
    assert json.loads(done.stdout) == {"removed": {"erasures": 0, "revocations": 1, "audit": 0, "tasks": 0}}
    database.execute("update erasures set until = now()")
    done = run(keeper, RETENTION_TASK_DAYS="30")
    assert json.loads(done.stdout) == {"removed": {"erasures": 1, "revocations": 0, "audit": 0, "tasks": 1}}
    assert count(database, "tasks") == 0
    assert database.execute("select value from revocations").fetchall() == [("s2",)]


@pytest.mark.requirement("003/FR-041")
def test_tasks_are_kept_forever_without_a_configured_time(
    *, keeper: str, client: Client, signed_in: SignIn, database: psycopg.Connection[Any]
) -> None:
    add_task(client, signed_in("alice"))
    database.execute("update tasks set updated_at = now() - interval '20 years'")
    assert run(keeper).returncode == 0
    assert count(database, "tasks") == 1


@pytest.mark.requirement("003/FR-041")
def test_audit_entries_older_than_a_year_are_deleted(
    *, keeper: str, client: Client, signed_in: SignIn, database: psycopg.Connection[Any]
) -> None:
    client.delete("/api/account", headers=signed_in("alice"))
    database.execute("alter table audit disable trigger user")
    database.execute("update audit set at = now() - interval '366 days'")
    database.execute("alter table audit enable trigger user")
    assert json.loads(run(keeper).stdout)["removed"]["audit"] == 1
    assert count(database, "audit") == 0


@pytest.mark.requirement("003/FR-042")
def test_erasures_can_be_reapplied_after_a_restore(
    *,
    keeper: str,
    client: Client,
    signed_in: SignIn,
    database: psycopg.Connection[Any],
    tmp_path: Path,
) -> None:
    for name in ("alice", "bob"):
        add_task(client, signed_in(name))
    backup = database.execute("select * from tasks").fetchall()
    client.delete("/api/account", headers=signed_in("alice"))
    erasures = run(keeper, "erasures")
    assert make_subject("alice") not in erasures.stdout
    kept = tmp_path / "erasures.jsonl"
    kept.write_text(erasures.stdout)
    restore(database, backup)
    done = run(keeper, "reapply", str(kept))
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"erased": {"users": 1, "tasks": 1}}
    assert database.execute("select user_id from tasks").fetchall() == [(make_subject("bob"),)]
    response = client.post("/api/tasks", headers=signed_in("alice"), json={"title": "Back"})
    assert response.status_code == 410


def restore(database: psycopg.Connection[Any], backup: Sequence[Sequence[Any]]) -> None:
    """Replace the contents of the database by a backup of the tasks."""
    empty_tables(database)
    for row in backup:
        database.execute("insert into tasks values (%s, %s, %s, %s, %s, %s, %s)", row)


@pytest.mark.requirement("003/FR-042")
def test_reapplied_erasure_closes_the_account_even_without_restored_rows(
    *, keeper: str, client: Client, signed_in: SignIn, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    alice, bob = signed_in("alice"), signed_in("bob")
    add_task(client, alice)
    client.delete("/api/account", headers=alice)
    kept = tmp_path / "erasures.jsonl"
    assert run(keeper, "erasures", str(kept)).returncode == 0
    restore(database, [])
    assert json.loads(run(keeper, "reapply", str(kept)).stdout) == {"erased": {"users": 0, "tasks": 0}}
    response = client.post("/api/tasks", headers=alice, json={"title": "Back"})
    assert response.status_code == 410
    assert response.json()["code"] == "account_erased"
    assert client.delete("/api/account", headers=alice).status_code == 204
    add_task(client, bob)


@pytest.mark.requirement("003/FR-042")
def test_reapplied_erasure_keeps_tasks_that_are_newer_than_it(
    *, keeper: str, client: Client, signed_in: SignIn, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    alice = signed_in("alice")
    add_task(client, alice)
    old = database.execute("select * from tasks").fetchall()
    client.delete("/api/account", headers=alice)
    kept = tmp_path / "erasures.jsonl"
    kept.write_text(run(keeper, "erasures").stdout)
    database.execute("update erasures set until = now()")  # a long time later
    add_task(client, alice)
    new = database.execute("select * from tasks").fetchall()
    restore(database, [*old, *new])
    # Move everything three days back, so that all tokens of that time have expired.
    line = json.loads(kept.read_text())
    erased_at = datetime.fromisoformat(line["at"]) - timedelta(days=3)
    database.execute("alter table tasks disable trigger user")
    database.execute("update tasks set created_at = created_at - interval '3 days'")
    database.execute("alter table tasks enable trigger user")
    kept.write_text(json.dumps(line | {"at": erased_at.isoformat()}))
    done = run(keeper, "reapply", str(kept))
    assert json.loads(done.stdout) == {"erased": {"users": 1, "tasks": 1}}
    assert database.execute("select id from tasks").fetchall() == [(new[0][0],)]
    assert count(database, "erasures") == 0


@pytest.mark.requirement("003/FR-040", "003/FR-042")
def test_reapplied_erasure_is_audited_once_with_its_original_time(
    *, keeper: str, client: Client, signed_in: SignIn, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    client.delete("/api/account", headers=signed_in("alice"))
    listed = run(keeper, "erasures").stdout
    kept = tmp_path / "erasures.jsonl"
    kept.write_text(listed)
    restore(database, [])
    assert run(keeper, "erasures").stdout == ""
    for _ in range(2):
        assert run(keeper, "reapply", str(kept)).returncode == 0
    assert run(keeper, "erasures").stdout == listed
    assert database.execute("select action, outcome from audit").fetchall() == [("erase", "reapplied")]


@pytest.mark.requirement("003/FR-040")
@pytest.mark.parametrize(("action", "outcome"), [("erase", "done"), ("export", "reapplied")])
def test_keeper_can_write_only_reapplied_erasures_into_the_audit(
    keeper: str, action: str, outcome: str
) -> None:
    with connect(keeper) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(
            "insert into audit (actor, action, outcome) values ('a', %s, %s)", [action, outcome]
        )


@pytest.mark.requirement("003/FR-042")
def test_erasures_are_added_to_the_list_and_an_invalid_list_is_not_overwritten(
    *, keeper: str, client: Client, signed_in: SignIn, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    kept = tmp_path / "erasures.jsonl"
    for number, name in enumerate(("alice", "bob", "alice"), start=1):
        client.delete("/api/account", headers=signed_in(name))
        done = run(keeper, "erasures", str(kept))
        assert json.loads(done.stdout) == {"erasures": min(number, 2)}
        empty_tables(database)  # a restore, or the retention of the audit
    assert [file.name for file in tmp_path.iterdir()] == ["erasures.jsonl"]
    moments = [json.loads(line)["at"] for line in kept.read_text().splitlines()]
    assert moments == sorted(moments)
    kept.write_text('{"actor": "a"}\n')
    done = run(keeper, "erasures", str(kept))
    assert (done.returncode, "line 1 is not of the form" in done.stderr) == (2, True)
    assert kept.read_text() == '{"actor": "a"}\n'


@pytest.mark.requirement("003/FR-011", "003/FR-041")
@pytest.mark.parametrize("words", [[], ["reapply"]])
def test_job_waits_for_an_erasure_without_locking_rows(
    *,
    keeper: str,
    client: Client,
    signed_in: SignIn,
    database: psycopg.Connection[Any],
    tmp_path: Path,
    words: list[str],
) -> None:
    alice = make_subject("alice")
    add_task(client, signed_in("alice"))
    database.execute("alter table tasks disable trigger user")
    database.execute("update tasks set updated_at = now() - interval '40 days'")
    database.execute("alter table tasks enable trigger user")
    kept = tmp_path / "erasures.jsonl"
    actor = make_pseudonym(PSEUDONYM_KEY.encode(), "http://localhost:3000", alice)
    kept.write_text(json.dumps({"actor": actor, "at": "2999-01-01T00:00:00+00:00"}))
    arguments = [*words, *([str(kept)] if words else [])]
    waiting = "select count(*) from pg_locks where not granted and locktype = 'advisory'"
    with ThreadPoolExecutor(1) as pool, connect(keeper) as eraser:
        with eraser.transaction():
            eraser.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [alice])
            job = pool.submit(call, keeper, *arguments, RETENTION_TASK_DAYS="30")
            await_fact(lambda: database.execute(waiting).fetchone() == (1,))
            assert eraser.execute("delete from tasks").rowcount == 1
            assert eraser.execute("delete from erasures").rowcount == len(words)
        assert job.result(600).returncode == 0


@pytest.mark.requirement("003/FR-046")
def test_audit_is_printed_with_pseudonyms(
    *, keeper: str, client: Client, signed_in: SignIn, database: psycopg.Connection[Any]
) -> None:
    for name in ("alice", "bob"):
        client.get("/api/account/export", headers=signed_in(name))
    client.delete("/api/account", headers=signed_in("alice"))
    done = call(keeper, "audit")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    entries = [(line["action"], line["outcome"]) for line in lines]
    assert entries == [("export", "begun"), ("export", "done")] * 2 + [("erase", "done")]
    assert lines[0]["actor"] == lines[4]["actor"] != lines[2]["actor"]
    assert all(line.keys() == {"id", "at", "actor", "action", "outcome"} for line in lines)
    assert make_subject("alice") not in done.stdout
    assert count(database, "audit") == 5


@pytest.mark.requirement("003/FR-046")
@pytest.mark.parametrize("entries", [1, 20_000])
@pytest.mark.parametrize("output", ["a full disk", "a closed pipe"])
def test_audit_that_cannot_be_written_is_an_error_message(
    *, keeper: str, database: psycopg.Connection[Any], output: str, entries: int
) -> None:
    database.execute(
        "insert into audit (actor, action, outcome) select 'a', 'export', 'done' from generate_series(1, %s)",
        [entries],
    )
    if output == "a full disk":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, descriptor = os.pipe()
        os.close(reading)
    try:
        done = run_with_output(keeper, descriptor, "audit")
    finally:
        os.close(descriptor)
    assert done.returncode == 1
    assert done.stderr.startswith("retention: the output cannot be written (")
    assert done.stderr.count("\n") == 1


@pytest.mark.requirement("003/FR-041")
def test_database_url_that_is_not_utf8_is_an_error_message() -> None:
    done = run("postgresql://u:s3cret\udcff@localhost/tasks")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "DATABASE_URL: is not UTF-8" in done.stderr


@pytest.mark.requirement("003/FR-037", "003/FR-041")
def test_job_rejects_the_host_of_a_pooler() -> None:
    done = run("postgresql://keeper:s3cret@ep-cool-pooler.neon.tech/db?sslmode=require")
    assert done.returncode == 2
    assert "DATABASE_URL: is a pooler's host" in done.stderr.replace("retention: ", "")
    assert "s3cret" not in done.stderr


@pytest.mark.requirement("003/FR-041")
def test_invalid_role_file_or_argument_is_an_error_message(
    *, keeper: str, empty_database: str, tmp_path: Path
) -> None:
    outsider = call(empty_database)
    assert outsider.returncode == 2
    assert "create role tasks_housekeeper login password '...' in role tasks_keeper" in outsider.stderr
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{not json}\n")
    for words in (
        ["reapply", str(broken)],
        ["reapply", str(tmp_path / "missing")],
        ["reapply"],
        ["nonsense"],
    ):
        done = run(keeper, *words)
        assert (done.returncode, "usage: python -m backend.retention" in done.stderr) == (2, True)
        assert "Traceback" not in done.stderr
    unreachable = run("postgresql://nobody:s3cret@127.0.0.1:1/nothing")
    assert unreachable.returncode == 1
    assert "s3cret" not in unreachable.stderr
