"""Steps on row-level security, and on the database role of the service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
from psycopg import sql
from pytest_bdd import given, parsers, then, when

from backend.core.database.transactions import Database
from backend.core.errors import ConfigurationError
from backend.migrations.service_role import GROUP
from backend.testing.issuer import make_subject
from tests.support.service import as_role, connect, make_settings
from tests.support.world import SECRET

if TYPE_CHECKING:
    from tests.support.world import World

PASSWORD = "p4ss-w0rd-of-a-scenario"
PLANT = (
    "insert into tasks (id, user_id, title, description, completed)"
    " values (gen_random_uuid(), %(alice)s, 'Planted', '', false)"
)
WRITES = {
    'write a task for "alice"': PLANT,
    'give its own task to "alice"': "update tasks set user_id = %(alice)s where user_id = %(bob)s",
    'change the task of "alice"': "update tasks set title = 'Taken over' where user_id = %(alice)s",
    'delete the task of "alice"': "delete from tasks where user_id = %(alice)s",
}


def run_as(world: World, name: str, statement: str) -> psycopg.Cursor[Any]:
    """Run an SQL statement as the service's role, with this user's identity."""
    subject = "" if name == "nobody" else make_subject(name)
    with connect(world.database_url) as connection, connection.transaction():
        connection.execute("select set_config('app.user_id', %s, true)", [subject])
        return connection.execute(statement, {who: make_subject(who) for who in ("alice", "bob")})


@when(parsers.re(r"the service's own role asks the database for all tasks as \"(?P<identity>\w+)\"$"))
def ask_for_all(world: World, identity: str) -> None:
    world.notes["owners"] = [
        row[0] for row in run_as(world, identity, "select user_id from tasks").fetchall()
    ]


@then(parsers.re(r'the database shows the tasks of "(?P<owners>\w+)" and no others$'))
def check_owners(world: World, owners: str) -> None:
    assert world.notes["owners"] == ([] if owners == "nobody" else [make_subject(owners)])


@when(parsers.re(r"the service's own role tries to (?P<write>.+) as \"(?P<name>\w+)\"$"))
def try_to_write(world: World, write: str, name: str) -> None:
    try:
        world.notes["changed"] = run_as(world, name, WRITES[write]).rowcount
    except psycopg.errors.InsufficientPrivilege:
        world.notes["changed"] = "refused"


@then(parsers.re(r"the database (?P<response>refuses it|changes nothing)$"))
def check_response(world: World, response: str) -> None:
    assert world.notes["changed"] == {"refuses it": "refused", "changes nothing": 0}[response]


@given(
    parsers.re(
        r"a database role that "
        r"(?P<power>is a superuser|has BYPASSRLS|owns the tables|is in tasks_keeper|may become a superuser)$"
    )
)
def make_role(world: World, power: str, database: psycopg.Connection[Any]) -> None:
    name = f"role_{uuid4().hex[:8]}"
    role = sql.Identifier(name)
    attribute = {"is a superuser": "superuser", "has BYPASSRLS": "bypassrls"}.get(power, "nosuperuser")
    made = sql.SQL("create role {} login password {} {} in role {}")
    database.execute(made.format(role, sql.Literal(PASSWORD), sql.SQL(attribute), sql.Identifier(GROUP)))
    world.defer(lambda: database.execute(sql.SQL("drop role {}").format(role)))
    group = {"is in tasks_keeper": "tasks_keeper", "may become a superuser": f"mighty_{name}"}.get(power)
    if power == "may become a superuser":
        mighty = sql.Identifier(f"mighty_{name}")
        database.execute(sql.SQL("create role {} superuser").format(mighty))
        world.defer(lambda: database.execute(sql.SQL("drop role {}").format(mighty)))
    if group:
        database.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), role))
    if power == "owns the tables":
        owner = database.execute("select tableowner from pg_tables where tablename = 'tasks'").fetchone()
        assert owner
        change = sql.SQL("alter table tasks owner to {}")
        database.execute(change.format(role))
        world.defer(lambda: database.execute(change.format(sql.Identifier(owner[0]))))
    world.notes["url"] = as_role(world.database_url, name, PASSWORD)


@when("the service starts on it")
def start_on_it(world: World) -> None:
    async def start() -> None:
        service = Database(make_settings(SECRET, world.notes["url"]))
        try:
            await service.require_restricted_role()
        except ConfigurationError as error:
            world.notes["refusal"] = str(error)
        finally:
            await service.close()

    asyncio.run(start())


@then("the message says how to make the right role")
def check_role_message(world: World) -> None:
    message = world.notes["refusal"]
    assert message.startswith("DATABASE_URL: its role role_")
    assert "create role tasks_service login password '...' in role tasks_app" in message
    assert PASSWORD not in message
