"""The steps from one shape of the database to the next, and the way to take them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

LOCK = 7_303_014_019  # any number that no other program locks
HERE = Path(__file__).resolve().parent


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database to a revision, up or down, in one transaction.

    Several processes may start at once: one migrates, the others wait and find nothing to do.

    Args:
        url: SQLAlchemy URL with the driver psycopg; a direct one, no pooler's.
        revision: `head`, `base`, or the id of a revision.
    """
    engine = create_engine(url, poolclass=NullPool, connect_args={"prepare_threshold": None})
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config = make_config()
        config.attributes["connection"] = connection
        if revision == "base":
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def make_config() -> Config:
    """Make Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", HERE.as_posix().replace("%", "%%"))
    return config
