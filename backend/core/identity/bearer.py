"""The bearer token of a request as FastAPI's security scheme; the scheme stands in the API's schema."""

from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from backend.core.identity.authenticator import PRINCIPAL, get_authenticator
from backend.core.tokens.claims import Principal


class CallerBearer(HTTPBearer):
    """Gives what the bearer token of a request says of the caller; for HTTP and WebSocket routes alike.

    It is FastAPI's own scheme, so it stands in the API's schema. The header is read by
    `read_credentials`: FastAPI's takes the first of several and cannot tell a malformed one from none.
    """

    def __init__(self) -> None:
        super().__init__(
            bearerFormat="JWT",
            scheme_name="bearer",
            description="A token that Better Auth issued, in the Authorization header and nowhere else",
        )

    async def __call__(self, connection: HTTPConnection) -> Principal:  # type: ignore[override]  # verified, so more than credentials
        """Give the principal."""
        return await get_authenticator(connection).authenticate(connection)


class UserIdBearer(CallerBearer):
    """Gives the user id of the caller alone."""

    async def __call__(self, connection: HTTPConnection) -> str:  # type: ignore[override]  # the one claim
        """Give the user id."""
        # Where the route authenticated first, which is everywhere here, nothing is left to do.
        known: Principal | None = connection.scope.get(PRINCIPAL)
        return (known or await get_authenticator(connection).authenticate(connection)).subject
