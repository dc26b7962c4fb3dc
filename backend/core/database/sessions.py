"""The database session of a request, as a dependency: `CurrentSession` is all that an endpoint declares."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from backend.core.database.transactions import Database
from backend.core.dependencies import CurrentPrincipal


def get_database(connection: HTTPConnection) -> Database:
    """Get the database of the application that serves a connection."""
    database: Database = connection.app.state.database
    return database


async def get_session(
    connection: HTTPConnection, principal: CurrentPrincipal
) -> AsyncGenerator[AsyncSession]:
    """Get the session of a request's transaction, which is bound to the caller."""
    database = get_database(connection)
    async with database.transaction(database.identify(principal)) as session:
        yield session


async def get_session_of_anybody(
    connection: HTTPConnection, principal: CurrentPrincipal
) -> AsyncGenerator[AsyncSession]:
    """Get the session of a request's transaction, even where the caller's account is erased."""
    database = get_database(connection)
    async with database.transaction(database.identify(principal), may_be_erased=True) as session:
        yield session


# "function" ends the transaction before the answer is sent: what was answered is committed.
CurrentSession = Annotated[AsyncSession, Depends(get_session, scope="function")]
SessionOfAnybody = Annotated[AsyncSession, Depends(get_session_of_anybody, scope="function")]
