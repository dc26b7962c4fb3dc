"""The login role of the service: a member of tasks_app, which the migrations create, and of no other role."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

GROUP = "tasks_app"
NAME = "tasks_service"


def make_service_role(owner_url: str, password: str, name: str = NAME) -> str:
    """Create the login role of the service on a migrated database, or change its password.

    Args:
        owner_url: The SQLAlchemy URL of a role that may create roles.
        password: The password of the login role.
        name: The name of the login role.

    Returns:
        The SQLAlchemy URL for the service.
    """
    url = make_url(owner_url)
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    identifier, group = sql.Identifier(name), sql.Identifier(GROUP)
    with psycopg.connect(address, autocommit=True) as connection:
        # It may exist already, or another process may create it at this moment.
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("create role {} login in role {}").format(identifier, group))
        change = sql.SQL("alter role {} password {}").format(identifier, sql.Literal(password))
        connection.execute(change)
    return url.set(username=name, password=password).render_as_string(hide_password=False)
