"""The database session of a request, as a dependency: `CurrentSession` is all that an endpoint declares."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from backend.core.database.transactions import Database
from backend.core.dependencies import CurrentPrincipal


def get_database(connection: HTTPConnection) -> Database:
    """Return the database of the application that serves the connection."""
    database: Database = connection.app.state.database
    return database


async def get_session(
    connection: HTTPConnection, principal: CurrentPrincipal
) -> AsyncGenerator[AsyncSession]:
    """Provide the session of the request's transaction, limited to the caller's rows."""
    database = get_database(connection)
    async with database.transaction(database.identify(principal)) as session:
        yield session


async def get_session_even_if_erased(
    connection: HTTPConnection, principal: CurrentPrincipal
) -> AsyncGenerator[AsyncSession]:
    """Provide the session of the request's transaction, also if the caller's account is erased."""
    database = get_database(connection)
    async with database.transaction(database.identify(principal), allow_erased=True) as session:
        yield session


# "function": the transaction is committed before the response is sent.
CurrentSession = Annotated[AsyncSession, Depends(get_session, scope="function")]
SessionEvenIfErased = Annotated[AsyncSession, Depends(get_session_even_if_erased, scope="function")]
