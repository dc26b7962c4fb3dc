"""The database: its engine, one transaction a request, and what its trouble means."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import structlog
from fastapi import Depends
from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction
from starlette.requests import HTTPConnection

from backend.core.config import Settings
from backend.core.errors import UnavailableError

_log = structlog.get_logger("backend.database")
_BEGIN = text("select set_config('statement_timeout', :milliseconds, true)")


class Database:
    """A pool of connections to PostgreSQL; connects when it is first used.

    Args:
        settings: Where it is, how many connections, and how many seconds to wait.
    """

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.database_timeout_seconds
        self._engine = create_async_engine(
            settings.database_url.get_secret_value(),
            # A pooler in transaction mode gives each transaction another server connection, where
            # prepared statements are unknown.
            connect_args={"prepare_threshold": None, "connect_timeout": self._timeout},
            pool_size=settings.database_pool_size,
            max_overflow=0,
            pool_timeout=self._timeout,
            pool_pre_ping=True,
            hide_parameters=True,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """Run a transaction: committed at the end, rolled back on any error (003/FR-018).

        Raises:
            UnavailableError: The database is in trouble; what it is stands in the log.
        """
        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                event.listen(session.sync_session, "after_begin", self._prepare_transaction)
                yield session
        except (IntegrityError, DataError):
            raise  # a fault of ours, not trouble of the database
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            origin = getattr(error, "orig", None) or error
            # By type and not by text: the text may hold data.
            _log.error(
                "database_unavailable",
                error=type(origin).__qualname__,
                sqlstate=getattr(origin, "sqlstate", None),
            )
            raise UnavailableError from error

    async def is_ready(self) -> bool:
        """Tell whether the database answers within the time-out (003/FR-017)."""
        try:
            async with asyncio.timeout(self._timeout), self.transaction() as session:
                await session.execute(text("select 1"))
        except (UnavailableError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    def _prepare_transaction(self, _: Session, __: SessionTransaction, connection: Connection) -> None:
        # Per transaction and not per connection: a pooler shares connections among its clients.
        connection.execute(_BEGIN, {"milliseconds": str(self._timeout * 1000)})


def get_database(connection: HTTPConnection) -> Database:
    """Get the database of the application that serves a connection."""
    database: Database = connection.app.state.database
    return database


async def get_session(connection: HTTPConnection) -> AsyncGenerator[AsyncSession]:
    """Get the session of a request's transaction."""
    async with get_database(connection).transaction() as session:
        yield session


# "function" ends the transaction before the answer is sent: what was answered is committed.
CurrentSession = Annotated[AsyncSession, Depends(get_session, scope="function")]
