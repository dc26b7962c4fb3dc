"""The connection pool: creates connections, and replaces dead ones when they are used (003/FR-043)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import create_async_engine

from backend.core.database.database_errors import describe_database_error, is_transient

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

    from backend.core.config import Settings

_SERVED = "served"  # the connection has served a transaction before
_MIN_CONNECT_TIMEOUT = 2  # seconds; psycopg raises smaller values to it
_MARGIN = 1  # seconds, for the transaction of the request that connected
_log = structlog.get_logger("backend.database")


def make_engine(settings: Settings) -> AsyncEngine:
    """Create a connection pool; every checkout begins a transaction on its connection.

    Args:
        settings: The URL of the database, the size of the pool, and the time limit in seconds.
    """
    timeout = settings.database_timeout_seconds
    engine = create_async_engine(
        settings.database_url.get_secret_value(),
        # A pooler in transaction mode gives every transaction another server connection, which does
        # not have the prepared statements of the last one.
        connect_args={"prepare_threshold": None, "connect_timeout": timeout},
        pool_size=settings.database_pool_size,
        max_overflow=0,
        # A request may wait until another one has tried twice to connect to a sleeping database.
        pool_timeout=2 * max(timeout, _MIN_CONNECT_TIMEOUT) + _MARGIN,
        hide_parameters=True,
    )
    # true: the setting ends with the transaction.
    begin = f"select set_config('statement_timeout', '{timeout * 1000}', true)"

    def begin_transaction(
        connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection
    ) -> None:
        """Begin at checkout: behind a pooler, a ping may reach another server than the transaction."""
        try:
            cursor = connection.cursor()
            cursor.execute(begin)  # psycopg sends `begin` first
            cursor.close()
        except psycopg.Error as error:
            if not (record.info.get(_SERVED) and is_transient(error)):
                raise
            _log.info("connection_replaced", **describe_database_error(error))
            raise InvalidatePoolError from error  # the pool retries with a new connection
        record.info[_SERVED] = True

    event.listen(engine.sync_engine, "checkout", begin_transaction)
    event.listen(engine.sync_engine, "do_connect", _connect)
    return engine


def _connect(dialect: Dialect, _: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Connect, and retry once: a sleeping database may wake too slowly for the first attempt."""
    try:
        return dialect.connect(*arguments, **options)
    except psycopg.OperationalError as error:
        if not is_transient(error):
            raise
        _log.info("connecting_anew", **describe_database_error(error))
    return dialect.connect(*arguments, **options)
