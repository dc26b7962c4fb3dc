"""The steps from one shape of the database to the next, and the way to take them.

Each step has a phase. One that expands may be taken while the version before it serves; one that
contracts takes away what that version needs, and waits until none of them serves any more.
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

LOCK = 7_303_014_019  # any number that no other program locks
HERE = Path(__file__).resolve().parent
ALL, SAFE = "head", "safe"
_ATTEMPTS = 10
_PAUSE_SECONDS = 1.0
_CONNECT_SECONDS = 10  # a database that sleeps wakes in less
# Whoever waits for a table makes all who come later wait behind it.
_BOUND_WAITING = "set local lock_timeout = '2s'"
_LOCK_NOT_AVAILABLE = "55P03"


class RevisionError(Exception):
    """The database is where no step of this version leads from; the message says where."""


def migrate(url: str, revision: str = ALL, *, wait: Callable[[float], None] = time.sleep) -> tuple[str, ...]:
    """Bring a database to a revision, up or down, in one transaction.

    Several processes may start at once: one migrates, the others wait and find nothing to do.
    Requests go on: a table that is in use is let go after two seconds, and tried again; another
    process that migrates is waited for in the same way.

    Args:
        url: SQLAlchemy URL with the driver psycopg; a direct one, no pooler's.
        revision: `head`; `base`; the id of a revision; or `safe`, which is as far as one may go
            while the version before serves (003/FR-045).
        wait: Waits for some seconds before the next attempt.

    Returns:
        The steps that were not taken and wait to be asked for.

    Raises:
        OperationalError: The database cannot be had, or somebody keeps a table for too long.
        RevisionError: The database is newer than this version, or at several revisions at once.
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
    """Make Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", HERE.as_posix().replace("%", "%%"))
    return config


def _migrate(connection: Connection, revision: str) -> tuple[str, ...]:
    connection.execute(text(_BOUND_WAITING))
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
    """Find the steps that the database has taken, newest first."""
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
    """Find the steps from the first one on that the version which serves now cannot live with."""
    if not taken:
        return ()  # nobody serves on an empty database
    steps = [*script.iterate_revisions(ALL, taken[0])][::-1]
    contracting = (number for number, step in enumerate(steps) if step.module.phase == "contract")
    first = next(contracting, len(steps))
    return tuple(step.revision for step in steps[first:])
