"""The role, the schema and the tables of Better Auth in a database, without a running Better Auth."""

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
_PRIVILEGES = """
select roles.name, pg_class.relnamespace::regnamespace::text || '.' || relname, privilege
from unnest(%s::text[]) as roles (name), pg_class,
     unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as privilege
where relkind in ('r', 'p', 'v', 'm') and relnamespace = %s::regnamespace
  and has_table_privilege(roles.name, pg_class.oid, privilege)
order by 1, 2, 3
"""


@contextmanager
def auth_schema(owner_url: str) -> Iterator[str]:
    """Create the schema of Better Auth and its tables in a database; drop it at the end.

    Yields:
        The SQLAlchemy URL of Better Auth's role.
    """
    url = make_auth_role(owner_url, AUTH_PASSWORD)
    with connect(url) as better_auth, connect(owner_url) as owner:
        try:
            for table in TABLES:
                # No schema in the name: the role's search path selects it.
                better_auth.execute(sql.SQL("create table {} (id text)").format(sql.Identifier(table)))
            yield url
        finally:
            owner.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(SCHEMA)))


def find_privileges(
    database: psycopg.Connection[Any], roles: tuple[str, ...], schema: str
) -> list[tuple[str, str, str]]:
    """List the privileges of roles on the tables of a schema, as (role, table, privilege)."""
    return database.execute(_PRIVILEGES, [list(roles), schema]).fetchall()
