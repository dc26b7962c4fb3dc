"""Better Auth's side of the database without Better Auth: its role, its schema, and tables like its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import sql

from backend.migrations.auth_role import SCHEMA, make_auth_role
from tests.support.service import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

AUTH_PASSWORD = "the-password-of-better-auth-in-tests-5d01"
TABLES = ("user", "session", "account", "verification", "jwks")
SERVICE_ROLES = ("tasks_app", "tasks_keeper", "tasks_service")
_REACH = """
select roles.name, pg_class.relnamespace::regnamespace::text || '.' || relname, privilege
from unnest(%s::text[]) as roles (name), pg_class,
     unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as privilege
where relkind in ('r', 'p', 'v', 'm') and relnamespace = %s::regnamespace
  and has_table_privilege(roles.name, pg_class.oid, privilege)
order by 1, 2, 3
"""


@contextmanager
def auth_schema(owner_url: str) -> Iterator[str]:
    """Give a database the schema of Better Auth, with tables, while the context lasts.

    Yields:
        The URL of Better Auth's own role.
    """
    url = make_auth_role(owner_url, AUTH_PASSWORD)
    with connect(url) as better_auth, connect(owner_url) as owner:
        try:
            for table in TABLES:
                # Without a schema: the role's own search path leads to it.
                better_auth.execute(sql.SQL("create table {} (id text)").format(sql.Identifier(table)))
            yield url
        finally:
            owner.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(SCHEMA)))


def find_reach(
    database: psycopg.Connection[Any], roles: tuple[str, ...], schema: str
) -> list[tuple[str, str, str]]:
    """Find what roles may do with the tables of a schema: role, table and privilege."""
    return database.execute(_REACH, [list(roles), schema]).fetchall()
