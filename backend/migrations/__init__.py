"""The migrations of the database, and the function that runs them.

Every migration has a phase. `expand`: may run while the version before it serves requests. `contract`:
removes something that the version before it needs, so it waits until no such version serves requests.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

LOCK = 7_303_014_019  # the key of the advisory lock: any number that no other program uses
HERE = Path(__file__).resolve().parent
ALL, SAFE = "head", "safe"
_ATTEMPTS = 10
_PAUSE_SECONDS = 1.0
_CONNECT_SECONDS = 10  # a sleeping database wakes in less
# A migration that waits for a table blocks all later requests on it.
_LIMIT_WAITING = "set local lock_timeout = '2s'"
_LOCK_NOT_AVAILABLE = "55P03"


class RevisionError(Exception):
    """The revision of the database is unknown to this version; the message names it."""


def migrate(url: str, revision: str = ALL, *, wait: Callable[[float], None] = time.sleep) -> tuple[str, ...]:
    """Bring a database to a revision, up or down, in one transaction.

    Several processes may start at once: one migrates, the others wait and find nothing to do. Requests
    are not blocked for long: after two seconds of waiting for a table or for another migration, the
    transaction is rolled back and tried again, up to ten times.

    Args:
        url: The SQLAlchemy URL with the driver psycopg; not the URL of a pooler.
        revision: `head`; `base`; the id of a revision; or `safe`: up to the first migration that the
            version before could not live with (003/FR-045).
        wait: Waits for the given seconds before the next attempt.

    Returns:
        The revisions that `safe` left out.

    Raises:
        OperationalError: The database is unavailable, or a table is in use for too long.
        RevisionError: The database is newer than this version, or at several revisions.
    """
    options: dict[str, Any] = {"prepare_threshold": None}
    if "connect_timeout" not in make_url(url).query:
        options["connect_timeout"] = _CONNECT_SECONDS
    engine = create_engine(url, poolclass=NullPool, connect_args=options)
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            with engine.begin() as connection:
                return _migrate(connection, revision)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE or not attempts_left:
                raise
        wait(_PAUSE_SECONDS)
    raise AssertionError  # the last attempt returns or raises


def make_config() -> Config:
    """Make the configuration of Alembic, without a file."""
    config = Config()
    config.set_main_option("script_location", HERE.as_posix().replace("%", "%%"))
    return config


def _migrate(connection: Connection, revision: str) -> tuple[str, ...]:
    connection.execute(text(_LIMIT_WAITING))
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = make_config()
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    taken = _find_taken(connection, script)
    if revision == "base" or revision in taken[1:]:
        command.downgrade(config, revision)
        return ()
    waiting = _find_waiting(taken, script) if revision == SAFE else ()
    if revision != SAFE:
        command.upgrade(config, revision)
    elif not waiting:
        command.upgrade(config, ALL)
    else:
        command.upgrade(config, f"{waiting[0]}-1")
    return waiting


def _find_taken(connection: Connection, script: ScriptDirectory) -> tuple[str, ...]:
    """Return the revisions of the database, newest first."""
    heads = sorted(MigrationContext.configure(connection).get_current_heads())
    if len(heads) > 1:
        raise RevisionError(
            f"the database is at several revisions at once ({', '.join(heads)}): "
            "leave the row of the newest alone in alembic_version"
        )
    known = [step.revision for step in script.walk_revisions()]
    if heads and heads[0] not in known:
        raise RevisionError(
            f"the database is at {heads[0]}, which this version does not know, so it is newer than "
            "this version: run the migrations of the version that is deployed last"
        )
    return tuple(known[known.index(heads[0]) :]) if heads else ()


def _find_waiting(taken: tuple[str, ...], script: ScriptDirectory) -> tuple[str, ...]:
    """Return the revisions from the first one of the phase `contract` on."""
    if not taken:
        return ()  # no version uses an empty database
    steps = [*script.iterate_revisions(ALL, taken[0])][::-1]
    contracting = (number for number, step in enumerate(steps) if step.module.phase == "contract")
    first = next(contracting, len(steps))
    return tuple(step.revision for step in steps[first:])
