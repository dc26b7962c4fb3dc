"""The bearer token of a request as FastAPI's security scheme; the scheme stands in the API's schema."""

from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from backend.core.identity.authenticator import PRINCIPAL, get_authenticator
from backend.core.tokens.claims import Principal


class CallerBearer(HTTPBearer):
    """The caller of a request as a dependency, for HTTP and WebSocket routes.

    A subclass of FastAPI's HTTPBearer, so that the generated schema has the security scheme. The header
    is read by `read_credentials`: HTTPBearer takes the first of several headers, and treats a malformed
    header as a missing one.
    """

    def __init__(self) -> None:
        super().__init__(
            bearerFormat="JWT",
            scheme_name="bearer",
            description="A token that Better Auth issued, in the Authorization header and nowhere else",
        )

    async def __call__(self, connection: HTTPConnection) -> Principal:  # type: ignore[override]  # the verified caller in place of credentials
        """Return the caller."""
        return await get_authenticator(connection).authenticate(connection)


class UserIdBearer(CallerBearer):
    """The user id of the caller as a dependency."""

    async def __call__(self, connection: HTTPConnection) -> str:  # type: ignore[override]  # the user id in place of credentials
        """Return the user id."""
        # AuthenticateFirstRoute has put the caller into the scope already.
        known: Principal | None = connection.scope.get(PRINCIPAL)
        return (known or await get_authenticator(connection).authenticate(connection)).subject
