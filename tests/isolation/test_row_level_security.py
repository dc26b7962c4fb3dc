"""Row-level security: the database shows and accepts only rows of the transaction's user."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from backend.core.database.transactions import Database, Identity
from backend.core.errors import ConfigurationError
from backend.main import create_app
from backend.migrations.service_role import GROUP
from tests.support.service import as_role, connect, make_settings, open_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.service import Clock

    Rows = dict[str, UUID]

INSERT = "insert into tasks (id, user_id, title, description, completed) values (%s, %s, %s, '', false)"


@pytest.fixture
def rows(database: psycopg.Connection[Any], empty_database: str) -> Rows:
    """Insert one task of alice and one of bob by SQL; returns the ids by user."""
    assert empty_database
    made = {"alice": uuid4(), "bob": uuid4()}
    for user_id, task_id in made.items():
        database.execute(INSERT, [task_id, user_id, f"Task of {user_id}"])
    return made


@pytest.fixture
def service(empty_database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the role of the service, with autocommit."""
    with connect(empty_database) as connection:
        yield connection


def identify(connection: psycopg.Connection[Any], user_id: str) -> None:
    connection.execute("select set_config('app.user_id', %s, true)", [user_id])


def dump(database: psycopg.Connection[Any]) -> list[Any]:
    return database.execute("select * from tasks order by user_id").fetchall()


@pytest.mark.requirement("003/FR-035")
@pytest.mark.parametrize("identity", [None, "", "carol", "alice", "bob", "%", "alice' or true --"])
def test_service_sees_only_the_rows_of_the_transactions_user(
    *, service: psycopg.Connection[Any], rows: Rows, identity: str | None
) -> None:
    with service.transaction():
        if identity is not None:
            identify(service, identity)
        found = [row[0] for row in service.execute("select id from tasks").fetchall()]
        count = service.execute("select count(*) from tasks").fetchone()
    assert found == ([rows[identity]] if identity in rows else [])
    assert count == (len(found),)


PLANT = (
    "insert into tasks (id, user_id, title, description, completed)"
    " values (gen_random_uuid(), %(owner)s, 'Planted', '', false)"
)
WRITES = {
    "a task for another user": (PLANT, "alice"),
    "a task without an owner": (PLANT, ""),
    "its own task given to another user": (
        "update tasks set user_id = %(owner)s where id = %(own)s",
        "alice",
    ),
}


@pytest.mark.requirement("003/FR-035")
@pytest.mark.parametrize("write", WRITES)
def test_service_cannot_write_a_row_of_another_user(
    *, service: psycopg.Connection[Any], database: psycopg.Connection[Any], rows: Rows, write: str
) -> None:
    before = dump(database)
    statement, owner = WRITES[write]

    def try_it() -> None:
        with service.transaction():
            identify(service, "bob")
            service.execute(statement, {"owner": owner, "own": rows["bob"]})

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        try_it()
    assert dump(database) == before


@pytest.mark.requirement("003/FR-035")
@pytest.mark.parametrize("statement", ["update tasks set title = 'Taken over'", "delete from tasks"])
def test_service_changes_only_rows_of_the_transactions_user(
    *, service: psycopg.Connection[Any], database: psycopg.Connection[Any], rows: Rows, statement: str
) -> None:
    assert rows
    alices = dump(database)[0]
    with service.transaction():
        identify(service, "bob")
        assert service.execute(statement).rowcount == 1
    with service.transaction():
        assert service.execute(statement).rowcount == 0
    assert dump(database)[0] == alices


@pytest.mark.requirement("003/FR-035")
def test_identity_ends_with_its_transaction(service: psycopg.Connection[Any], rows: Rows) -> None:
    assert rows
    with service.transaction():
        identify(service, "alice")
        assert len(service.execute("select * from tasks").fetchall()) == 1
    assert service.execute("select * from tasks").fetchall() == []
    assert service.execute("select current_setting('app.user_id', true)").fetchone() == ("",)


@dataclass(frozen=True)
class Held:
    """A table whose rows have an owner.

    Attributes:
        column: The column that names the owner.
        setting: The setting of the transaction that names the user.
        insert: Inserts a row of `%(who)s`.
        update: Changes the owner of all visible rows to `%(who)s`; None if the service may not update.
    """

    column: str
    setting: str
    insert: str
    update: str | None


SETTINGS = ("app.user_id", "app.actor", "app.issuer", "app.session_id")
HELD = {
    "tasks": Held(
        "user_id", "app.user_id", PLANT.replace("owner", "who"), "update tasks set user_id = %(who)s"
    ),
    "erasures": Held(
        "user_id",
        "app.user_id",
        "insert into erasures (user_id, until) values (%(who)s, now() + interval '1 day')",
        "update erasures set user_id = %(who)s",
    ),
    "audit": Held(
        "actor",
        "app.actor",
        "insert into audit (actor, action, outcome) values (%(who)s, 'export', 'done')",
        None,
    ),
    "revocations": Held(
        "value",
        "app.user_id",
        "insert into revocations values (%(who)s, 'subject', %(who)s, now() + interval '1 day')",
        "update revocations set value = %(who)s",
    ),
}


@pytest.fixture(params=HELD)
def held(request: pytest.FixtureRequest, database: psycopg.Connection[Any], empty_database: str) -> str:
    """A table with a row of alice and one of bob; the test runs once for every table."""
    assert empty_database
    table: str = request.param
    database.execute("alter table tasks disable trigger user")
    for who in ("alice", "bob"):
        database.execute(HELD[table].insert, {"who": who})
    database.execute("alter table tasks enable trigger user")
    return table


def find_owners(connection: psycopg.Connection[Any], table: str) -> list[str]:
    statement = sql.SQL("select {} from {} order by 1").format(
        sql.Identifier(HELD[table].column), sql.Identifier(table)
    )
    return [row[0] for row in connection.execute(statement).fetchall()]


@pytest.mark.requirement("003/FR-035")
@pytest.mark.parametrize("identity", [None, "", "carol", "alice", "bob"])
def test_table_shows_only_the_rows_of_the_transactions_user(
    service: psycopg.Connection[Any], held: str, identity: str | None
) -> None:
    with service.transaction():
        if identity is not None:
            service.execute("select set_config(%s, %s, true)", [HELD[held].setting, identity])
            service.execute("select set_config('app.issuer', %s, true)", [identity])
        assert find_owners(service, held) == ([identity] if identity in {"alice", "bob"} else [])
    assert find_owners(service, held) == []


@pytest.mark.requirement("003/FR-035")
@pytest.mark.parametrize("identity", ["", "carol", "bob"])
@pytest.mark.parametrize("write", ["insert", "update"])
def test_table_rejects_rows_of_another_user(
    *,
    service: psycopg.Connection[Any],
    database: psycopg.Connection[Any],
    held: str,
    identity: str,
    write: str,
) -> None:
    statement = HELD[held].insert if write == "insert" else HELD[held].update

    def try_it() -> None:
        with service.transaction():
            service.execute("select set_config(%s, %s, true)", [HELD[held].setting, identity])
            service.execute("select set_config('app.issuer', %s, true)", [identity])
            # The audit grants no update; in the other tables, other users' rows are not visible.
            written = service.execute(statement or "update audit set actor = %(who)s", {"who": "dave"})
            assert (write, written.rowcount) == ("update", 0)

    if write == "insert" or identity == "bob" or statement is None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            try_it()
    else:
        try_it()
    assert find_owners(database, held) == ["alice", "bob"]


@pytest.mark.requirement("003/FR-031", "003/FR-035")
@pytest.mark.parametrize("kind", ["subject", "session"])
@pytest.mark.parametrize("missing", ["issuer", "name", "kind", None])
def test_denial_is_visible_only_if_issuer_kind_and_value_match(
    *, service: psycopg.Connection[Any], database: psycopg.Connection[Any], kind: str, missing: str | None
) -> None:
    database.execute(
        "insert into revocations values ('https://a.example', %s, 'x', now() + interval '1 day')", [kind]
    )
    is_subject = (kind == "subject") == (missing != "kind")
    with service.transaction():
        for setting, value in (
            ("app.issuer", "https://b.example" if missing == "issuer" else "https://a.example"),
            ("app.user_id" if is_subject else "app.session_id", "y" if missing == "name" else "x"),
        ):
            service.execute("select set_config(%s, %s, true)", [setting, value])
        found = service.execute("select kind from revocations").fetchall()
    assert found == ([] if missing else [(kind,)])


@pytest.mark.requirement("003/FR-035")
def test_identity_is_set_for_every_transaction_and_cleared_after_it(
    secret: str, empty_database: str, held: str
) -> None:
    column = HELD[held].column
    look = f"select {column} from {held}"  # noqa: S608  # ours

    async def check() -> None:
        database = Database(make_settings(secret, empty_database, DATABASE_POOL_SIZE="1"))
        try:
            for name in ("alice", "bob", None, "alice"):
                async with database.transaction(Identity(*[name or ""] * 4), allow_erased=True) as session:
                    connection = await session.connection()
                    found = [row[0] for row in await connection.exec_driver_sql(look)]
                    assert found == ([name] if name else [])
            # The only connection of the pool keeps no identity.
            async with database._engine.connect() as raw:  # noqa: SLF001  # reads the state of its one connection
                assert (await raw.exec_driver_sql(look)).fetchall() == []
                for setting in SETTINGS:
                    asked = f"select coalesce(current_setting('{setting}', true), '')"
                    assert (await raw.exec_driver_sql(asked)).scalar_one() == ""  # ours
        finally:
            await database.close()

    asyncio.run(check())


@pytest.mark.requirement("003/FR-035")
def test_every_table_with_an_owner_has_a_forced_policy(database: psycopg.Connection[Any]) -> None:
    found = database.execute(
        "select distinct relname, relrowsecurity, relforcerowsecurity from pg_class"
        " join pg_attribute on attrelid = pg_class.oid"
        " where attname in ('user_id', 'actor', 'issuer') and relkind = 'r' and relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert set(found) == {(table, True, True) for table in HELD}
    for table in HELD:
        policies = database.execute(
            "select cmd, qual, with_check from pg_policies where tablename = %s and 'public' = any(roles)",
            [table],
        ).fetchall()
        assert [policy[0] for policy in policies] == ["ALL"]
        assert policies[0][1] == policies[0][2] != None  # noqa: E711  # reading and writing have the same condition


@pytest.mark.requirement("003/FR-035")
def test_policy_applies_to_the_owner_of_the_table_too(
    database_url: str, database: psycopg.Connection[Any], rows: Rows
) -> None:
    assert rows
    owner = f"owner_{uuid4().hex[:8]}"
    database.execute(sql.SQL("create role {} nologin").format(sql.Identifier(owner)))
    before = database.execute("select tableowner from pg_tables where tablename = 'tasks'").fetchone()
    assert before
    database.execute(sql.SQL("alter table tasks owner to {}").format(sql.Identifier(owner)))
    try:
        with connect(database_url) as connection, connection.transaction():
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(owner)))
            assert connection.execute("select * from tasks").fetchall() == []
            identify(connection, "alice")
            assert len(connection.execute("select * from tasks").fetchall()) == 1
    finally:
        database.execute(sql.SQL("alter table tasks owner to {}").format(sql.Identifier(before[0])))
        database.execute(sql.SQL("drop role {}").format(sql.Identifier(owner)))


@pytest.mark.requirement("003/FR-036")
@pytest.mark.parametrize(
    ("power", "words"),
    [
        ("superuser", "is a superuser"),
        ("bypassrls", "has BYPASSRLS"),
        ("owner", "owns the tables"),
        ("keeper", "is in tasks_keeper"),
        ("may be keeper", "is in tasks_keeper"),
        ("may be bypassrls", "may become a role with BYPASSRLS"),
        ("none", ""),
    ],
)
def test_service_rejects_a_role_that_bypasses_row_level_security(
    *, secret: str, database_url: str, database: psycopg.Connection[Any], power: str, words: str
) -> None:
    name = f"role_{uuid4().hex[:8]}"
    role = sql.Identifier(name)
    attribute = sql.SQL(power if power in {"superuser", "bypassrls"} else "nosuperuser")
    statement = sql.SQL("create role {} login password 'p4ss-w0rd-of-a-test' {} in role {}")
    database.execute(statement.format(role, attribute, sql.Identifier(GROUP)))
    owner = database.execute("select tableowner from pg_tables where tablename = 'tasks'").fetchone()
    assert owner
    if power == "owner":
        database.execute(sql.SQL("alter table tasks owner to {}").format(role))
    mighty = sql.Identifier(f"mighty_{uuid4().hex[:8]}")
    database.execute(sql.SQL("create role {} nologin bypassrls").format(mighty))
    if power.startswith("may be"):  # only after `set role`
        database.execute(sql.SQL("alter role {} noinherit").format(role))
    if "keeper" in power:
        database.execute(sql.SQL("grant tasks_keeper to {}").format(role))
    if power == "may be bypassrls":
        database.execute(sql.SQL("grant {} to {}").format(mighty, role))
    url = as_role(database_url, name, "p4ss-w0rd-of-a-test")

    async def start() -> str:
        service = Database(make_settings(secret, url))
        try:
            await service.require_restricted_role()
        except ConfigurationError as error:
            return str(error)
        finally:
            await service.close()
        return ""

    try:
        message = asyncio.run(start())
    finally:
        database.execute(sql.SQL("alter table tasks owner to {}").format(sql.Identifier(owner[0])))
        database.execute(sql.SQL("drop role {}, {}").format(role, mighty))
    assert words in message
    assert bool(message) == bool(words)
    if message:
        assert message.startswith("DATABASE_URL: its role")
        assert "create role tasks_service login password" in message
        assert "p4ss-w0rd" not in message


@pytest.mark.requirement("003/FR-018", "003/FR-036")
def test_requests_get_503_if_the_role_is_found_to_bypass_row_level_security(
    *,
    secret: str,
    empty_database: str,
    database: psycopg.Connection[Any],
    clock: Clock,
    signed_in: Callable[[str], dict[str, bytes]],
) -> None:
    name = f"role_{uuid4().hex[:8]}"
    role, group = sql.Identifier(name), sql.Identifier(GROUP)
    statement = sql.SQL("create role {} login bypassrls password 'p4ss-w0rd-of-a-test' in role {}")
    # The role does not exist at the start, so that it is checked later.
    settings = make_settings(secret, as_role(empty_database, name, "p4ss-w0rd-of-a-test"))
    with open_client(create_app(settings, clock=clock)) as client, capture_logs() as logs:
        database.execute(statement.format(role, group))
        try:
            response = client.get("/api/tasks", headers=signed_in("alice"))
            ready = client.get("/health")
        finally:
            database.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [name]
            )
            database.execute(sql.SQL("drop role {}").format(role))
    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert response.headers["Retry-After"].isdecimal()
    assert ready.status_code == 503
    fault = next(line["fault"] for line in logs if line["event"] == "database_role_unfit")
    assert f"DATABASE_URL: its role {name} has BYPASSRLS" in fault
    assert "create role tasks_service login password" in fault
