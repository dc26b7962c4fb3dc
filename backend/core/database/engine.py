"""The way to the database: connections that are made, found dead, and made anew (003/FR-043)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import create_async_engine

from backend.core.database.database_errors import describe_trouble, may_pass

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

    from backend.core.config import Settings

_SERVED = "served"  # the connection was good for a transaction before
_LEAST_CONNECTING = 2  # seconds; psycopg takes no less
_MARGIN = 1  # seconds, for what whoever connected does before the connection is free
_log = structlog.get_logger("backend.database")


def make_engine(settings: Settings) -> AsyncEngine:
    """Make a pool of connections, each of which is lent with a transaction begun on it.

    Args:
        settings: Where the database is, how many connections, and how many seconds to wait.
    """
    timeout = settings.database_timeout_seconds
    engine = create_async_engine(
        settings.database_url.get_secret_value(),
        # A pooler in transaction mode gives each transaction another server connection, where
        # prepared statements are unknown.
        connect_args={"prepare_threshold": None, "connect_timeout": timeout},
        pool_size=settings.database_pool_size,
        max_overflow=0,
        # Whoever waits while another one wakes the database waits for both attempts of that one.
        pool_timeout=2 * max(timeout, _LEAST_CONNECTING) + _MARGIN,
        hide_parameters=True,
    )
    # true: until the end of the transaction and no longer.
    begin = f"select set_config('statement_timeout', '{timeout * 1000}', true)"

    def begin_transaction(
        connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection
    ) -> None:
        """Begin when a connection is lent: no ping could vouch for the server that a pooler gives next."""
        try:
            cursor = connection.cursor()
            cursor.execute(begin)  # psycopg says `begin` first
            cursor.close()
        except psycopg.Error as error:
            if not (record.info.get(_SERVED) and may_pass(error)):
                raise
            _log.info("connection_replaced", **describe_trouble(error))
            raise InvalidatePoolError from error  # the pool lends another one, made anew
        record.info[_SERVED] = True

    event.listen(engine.sync_engine, "checkout", begin_transaction)
    event.listen(engine.sync_engine, "do_connect", _connect)
    return engine


def _connect(dialect: Dialect, _: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Connect; a database that slept may wake too slowly for whoever wakes it, so try once more."""
    try:
        return dialect.connect(*arguments, **options)
    except psycopg.OperationalError as error:
        if not may_pass(error):
            raise
        _log.info("connecting_anew", **describe_trouble(error))
    return dialect.connect(*arguments, **options)
