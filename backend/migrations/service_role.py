"""The login role of the service: a member of the role that the migrations make, and of nothing else."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

GROUP = "tasks_app"
NAME = "tasks_service"


def make_service_role(owner_url: str, password: str, name: str = NAME) -> str:
    """Make the login role of the service on a migrated database, or give it another password.

    Args:
        owner_url: SQLAlchemy URL of a role that may make roles.
        password: The password of the login role.
        name: Its name.

    Returns:
        The URL that the service connects with.
    """
    url = make_url(owner_url)
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    identifier, group = sql.Identifier(name), sql.Identifier(GROUP)
    with psycopg.connect(address, autocommit=True) as connection:
        # It may be there, or somebody may make it at this moment.
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("create role {} login in role {}").format(identifier, group))
        change = sql.SQL("alter role {} password {}").format(identifier, sql.Literal(password))
        connection.execute(change)
    return url.set(username=name, password=password).render_as_string(hide_password=False)
