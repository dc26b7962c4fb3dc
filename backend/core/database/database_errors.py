"""The errors of the database: their description for the log, and whether a retry may help."""

from __future__ import annotations

from typing import TypedDict

NOT_ALLOWED = "42501"  # insufficient_privilege: row-level security refuses a new row
ERASED = "P0E01"  # raised by a trigger of the migrations: a row for an erased account
# Class 08: connection errors; 57P01 to 57P03: the server shuts down, crashed, or starts.
_TRANSIENT = ("08", "57P01", "57P02", "57P03")


class DatabaseErrorInfo(TypedDict):
    """A database error in the log: its type and code, not its text, which may contain data."""

    error: str
    sqlstate: str | None


def describe_database_error(error: Exception) -> DatabaseErrorInfo:
    """Describe an error of SQLAlchemy, psycopg or the network for the log."""
    origin = getattr(error, "orig", None) or error
    return {"error": type(origin).__qualname__, "sqlstate": getattr(origin, "sqlstate", None)}


def is_transient(error: Exception) -> bool:
    """Return whether a retry on another connection may succeed.

    Example: a database that sleeps when idle leaves dead connections in the pool, and may wake too slowly
    for the first new one. A wrong password, in contrast, fails again.
    """
    sqlstate = describe_database_error(error)["sqlstate"]
    return sqlstate is None or sqlstate.startswith(_TRANSIENT)  # None: no server responded
