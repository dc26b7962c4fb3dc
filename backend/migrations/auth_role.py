"""The login role of Better Auth and its schema, in the database of the service (003/FR-051)."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

NAME = "auth_service"
SCHEMA = "auth"
_POWERLESS = "login nosuperuser nobypassrls nocreatedb nocreaterole"


def make_auth_role(owner_url: str, password: str) -> str:
    """Create the login role of Better Auth and its schema, or change the password of the role.

    Args:
        owner_url: The SQLAlchemy URL of a role that may create roles and schemas.
        password: The password of the login role.

    Returns:
        The SQLAlchemy URL for Better Auth; the search path of the role is its schema.
    """
    url = make_url(owner_url)
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    role, schema = sql.Identifier(NAME), sql.Identifier(SCHEMA)
    with psycopg.connect(address, autocommit=True) as connection:
        # It may exist already, or another process may create it at this moment.
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("create role {} {}").format(role, sql.SQL(_POWERLESS)))
        connection.execute(sql.SQL("alter role {} password {}").format(role, sql.Literal(password)))
        database = sql.Identifier(connection.info.dbname)
        connection.execute(
            sql.SQL("alter role {} in database {} set search_path = {}").format(role, database, schema)
        )
        _make_schema(connection, role, schema)
    return url.set(username=NAME, password=password).render_as_string(hide_password=False)


def _make_schema(
    connection: psycopg.Connection[tuple[object, ...]], role: sql.Identifier, schema: sql.Identifier
) -> None:
    with connection.transaction():
        if connection.execute("select to_regnamespace(%s)", [SCHEMA]).fetchone() != (None,):
            return
        # Only a member of a role may create a schema for it; superusers are members of all roles.
        connection.execute(sql.SQL("grant {} to current_user").format(role))
        connection.execute(sql.SQL("create schema {} authorization {}").format(schema, role))
        connection.execute(sql.SQL("revoke {} from current_user").format(role))
