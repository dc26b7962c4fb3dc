"""What trouble of the database means: whose fault it is, and whether to try again."""

from __future__ import annotations

from typing import TypedDict

NOT_ALLOWED = "42501"  # a row that the policy refuses to take
ERASED = "P0E01"  # our own: a row of somebody whose account is erased
# Of a connection (08) and of a server that comes or goes (57P): a later one may be better.
_PASSING = ("08", "57P01", "57P02", "57P03")


class Trouble(TypedDict):
    """Trouble as the log takes it: by type and never by text, which may hold data."""

    error: str
    sqlstate: str | None


def describe_trouble(error: Exception) -> Trouble:
    """Describe trouble of the database, or of the way to it."""
    origin = getattr(error, "orig", None) or error
    return {"error": type(origin).__qualname__, "sqlstate": getattr(origin, "sqlstate", None)}


def may_pass(error: Exception) -> bool:
    """Tell whether another connection may be free of the trouble that this one had.

    A database that sleeps when idle leaves dead connections behind, and wakes too slowly for the
    first new one. A server that says no would only be asked twice.
    """
    sqlstate = describe_trouble(error)["sqlstate"]
    return sqlstate is None or sqlstate.startswith(_PASSING)  # none: no server answered
