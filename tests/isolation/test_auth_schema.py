"""Better Auth and the service share a database: neither has access to the other's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from backend.migrations.auth_role import NAME, SCHEMA, make_auth_role
from tests.support.better_auth import AUTH_PASSWORD, SERVICE_ROLES, TABLES, auth_schema, find_privileges
from tests.support.service import as_role, connect, fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devtools.postgres import PostgresServer


@pytest.fixture
def auth_url(database_url: str) -> Iterator[str]:
    with auth_schema(database_url) as url:
        yield url


@pytest.mark.requirement("003/FR-051")
def test_service_has_no_privilege_on_any_table_of_better_auth(
    database: psycopg.Connection[Any], auth_url: str
) -> None:
    assert auth_url
    rows = database.execute("select tablename from pg_tables where schemaname = %s", [SCHEMA]).fetchall()
    assert {row[0] for row in rows} == set(TABLES)
    assert find_privileges(database, SERVICE_ROLES, SCHEMA) == []
    for role in SERVICE_ROLES:
        for right in ("usage", "create"):
            row = database.execute("select has_schema_privilege(%s, %s, %s)", [role, SCHEMA, right])
            assert row.fetchone() == (False,)


@pytest.mark.requirement("003/FR-051")
def test_better_auth_has_no_privilege_on_any_table_of_the_service(
    database: psycopg.Connection[Any], auth_url: str
) -> None:
    assert auth_url
    assert find_privileges(database, (NAME,), "public") == []
    assert database.execute("select has_schema_privilege(%s, 'public', 'create')", [NAME]).fetchone() == (
        False,
    )


@pytest.mark.requirement("003/FR-051")
def test_better_auth_owns_its_schema_and_nothing_else(
    database: psycopg.Connection[Any], auth_url: str
) -> None:
    assert auth_url
    owned = database.execute(
        "select relnamespace::regnamespace::text from pg_class where relowner = %s::regrole"
        " and relnamespace <> 'pg_toast'::regnamespace union"
        " select nspname from pg_namespace where nspowner = %s::regrole",
        [NAME, NAME],
    ).fetchall()
    assert owned == [(SCHEMA,)]
    powers = "select rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication from pg_roles"
    assert database.execute(f"{powers} where rolname = %s", [NAME]).fetchone() == (False,)
    memberships = "select count(*) from pg_auth_members where %s::regrole in (member, roleid)"
    assert database.execute(memberships, [NAME]).fetchone() == (0,)


@pytest.mark.requirement("003/FR-051")
@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_planted_grant_is_found(database: psycopg.Connection[Any], auth_url: str, role: str) -> None:
    assert auth_url
    with database.transaction(force_rollback=True):
        grant = sql.SQL("grant select on auth.{} to {}")
        database.execute(grant.format(sql.Identifier("user"), sql.Identifier(role)))
        assert (role, 'auth."user"', "select") in [
            (who, table.replace("auth.user", 'auth."user"'), right)
            for who, table, right in find_privileges(database, SERVICE_ROLES, SCHEMA)
        ]


@pytest.mark.requirement("003/FR-051")
def test_search_path_of_better_auth_selects_its_own_schema(auth_url: str) -> None:
    with connect(auth_url) as connection:
        assert connection.execute("select current_schema").fetchone() == (SCHEMA,)
        assert connection.execute('select count(*) from "user"').fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from public.tasks")


def test_creating_the_role_again_changes_its_password_and_keeps_its_tables(
    database_url: str, auth_url: str
) -> None:
    again = make_auth_role(database_url, f"{AUTH_PASSWORD}-2")
    try:
        with connect(again) as connection:
            assert connection.execute('select count(*) from "user"').fetchone() == (0,)
    finally:
        assert make_auth_role(database_url, AUTH_PASSWORD) == auth_url


@pytest.mark.requirement("003/FR-051")
def test_owner_without_superuser_can_create_the_role_and_gets_no_access_by_it(
    postgres_server: PostgresServer, database: psycopg.Connection[Any]
) -> None:
    owner = f"owner_{uuid4().hex[:8]}"
    name = sql.Identifier(owner)
    with fresh_database(postgres_server.url) as url:
        database.execute(sql.SQL("create role {} login createrole password 'p4ss'").format(name))
        # A role with CREATEROLE can grant only the roles for which it has the admin option.
        database.execute(sql.SQL("grant {} to {} with admin option").format(sql.Identifier(NAME), name))
        with connect(url) as database_there:
            database_there.execute(
                sql.SQL("grant create on database {} to {}").format(
                    sql.Identifier(database_there.info.dbname), name
                )
            )
            try:
                make_auth_role(as_role(url, owner, "p4ss"), AUTH_PASSWORD)
                schema_owner = database_there.execute(
                    "select nspowner::regrole::text from pg_namespace where nspname = %s", [SCHEMA]
                ).fetchone()
                assert schema_owner == (NAME,)
            finally:
                database_there.execute(sql.SQL("drop owned by {} cascade").format(name))
                database_there.execute(sql.SQL("drop role {}").format(name))
