"""The steps from one shape of the database to the next, and the way to take them.

Each step has a phase. One that expands may be taken while the version before it serves; one that
contracts takes away what that version needs, and waits until none of them serves any more.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

LOCK = 7_303_014_019  # any number that no other program locks
HERE = Path(__file__).resolve().parent
ALL, SAFE = "head", "safe"
_ATTEMPTS = 10
_PAUSE_SECONDS = 1.0
# Whoever waits for a table makes all who come later wait behind it.
_BOUND_WAITING = "set local lock_timeout = '2s'"
_LOCK_NOT_AVAILABLE = "55P03"


def migrate(url: str, revision: str = ALL, *, wait: Callable[[float], None] = time.sleep) -> tuple[str, ...]:
    """Bring a database to a revision, up or down, in one transaction.

    Several processes may start at once: one migrates, the others wait and find nothing to do.
    Requests go on: a table that is in use is let go after two seconds, and tried again.

    Args:
        url: SQLAlchemy URL with the driver psycopg; a direct one, no pooler's.
        revision: `head`; `base`; the id of a revision; or `safe`, which is as far as one may go
            while the version before serves (003/FR-045).
        wait: Waits for some seconds before the next attempt.

    Returns:
        The steps that were not taken and wait to be asked for.

    Raises:
        OperationalError: The database cannot be had, or somebody keeps a table for too long.
    """
    engine = create_engine(url, poolclass=NullPool, connect_args={"prepare_threshold": None})
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
    """Make Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", HERE.as_posix().replace("%", "%%"))
    return config


def _migrate(connection: Connection, revision: str) -> tuple[str, ...]:
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    connection.execute(text(_BOUND_WAITING))
    config = make_config()
    config.attributes["connection"] = connection
    if revision == "base":
        command.downgrade(config, revision)
        return ()
    waiting = _find_waiting(connection, config) if revision == SAFE else ()
    if revision != SAFE:
        command.upgrade(config, revision)
    elif not waiting:
        command.upgrade(config, ALL)
    else:
        command.upgrade(config, f"{waiting[0]}-1")
    return waiting


def _find_waiting(connection: Connection, config: Config) -> tuple[str, ...]:
    """Find the steps from the first one on that the version which serves now cannot live with."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return ()  # nobody serves on an empty database
    steps = [*ScriptDirectory.from_config(config).iterate_revisions(ALL, current)][::-1]
    contracting = (number for number, step in enumerate(steps) if step.module.phase == "contract")
    first = next(contracting, len(steps))
    return tuple(step.revision for step in steps[first:])
