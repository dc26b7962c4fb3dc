"""The caller's identity as a dependency: `CurrentUserId` is all that an endpoint declares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, FastAPI, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from backend.core.claims import Principal
from backend.core.errors import AuthenticationError, CredentialsMalformedError, CredentialsMissingError
from backend.core.security import KeySet, verify_token

_PRINCIPAL = "backend.principal"  # where a connection's scope keeps the verified caller
_log = structlog.get_logger("backend.authentication")

# Declares the scheme in the API's schema; the header itself is read below, since HTTPBearer takes
# the first of several headers and cannot tell a malformed one from none.
bearer = HTTPBearer(
    bearerFormat="JWT",
    scheme_name="bearer",
    description="A token that Better Auth issued, in the Authorization header and nowhere else",
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Tells who sends a request.

    Attributes:
        keys: What tokens are held against.
        clock: Tells the time in seconds since the epoch.
    """

    keys: KeySet
    clock: Callable[[], float]

    def authenticate(self, connection: HTTPConnection) -> Principal:
        """Verify the credentials of a request or of a WebSocket's handshake, once (003/FR-001).

        Raises:
            AuthenticationError: There are none that hold. The cause is logged (003/FR-015).
        """
        known = connection.scope.get(_PRINCIPAL)
        if isinstance(known, Principal):
            return known
        try:
            principal = verify_token(read_credentials(connection), self.keys, self.clock())
        except AuthenticationError as error:
            hint = {"hint": error.hint} if error.hint else {}
            _log.warning("credentials_refused", code=error.code, cause=error.cause, **hint)
            raise
        connection.scope[_PRINCIPAL] = principal
        return principal


def read_credentials(connection: HTTPConnection) -> str:
    """Read the one bearer token of a request, unverified (RFC 6750 §2.1, RFC 9110 §11.4).

    Raises:
        CredentialsMissingError: There is no Authorization header.
        CredentialsMalformedError: There is one, and no bearer token can be read from it.
    """
    headers = connection.headers.getlist("authorization")
    if not headers:
        raise CredentialsMissingError("absent")
    if len(headers) > 1:
        raise CredentialsMalformedError("several_headers")
    scheme, _, rest = headers[0].partition(" ")
    if scheme.lower() != "bearer":
        raise CredentialsMalformedError("scheme")
    token = rest.lstrip(" ")
    bare = token.rstrip(" \t")
    if not bare or " " in bare or "\t" in bare:
        raise CredentialsMalformedError("blank")
    return token


def install_authenticator(app: FastAPI, keys: KeySet, clock: Callable[[], float]) -> None:
    """Let an application's routes depend on the caller.

    Args:
        app: The application.
        keys: What tokens are held against.
        clock: Tells the time in seconds since the epoch.
    """
    app.state.authenticator = Authenticator(keys, clock)


def get_authenticator(connection: HTTPConnection) -> Authenticator:
    """Get the authenticator of the application that serves a connection.

    Raises:
        RuntimeError: `install_authenticator` was not called.
    """
    authenticator = getattr(connection.app.state, "authenticator", None)
    if not isinstance(authenticator, Authenticator):
        raise RuntimeError("no authenticator: call install_authenticator(app, keys, clock) first")  # noqa: TRY004  # the type of a caller's argument is not at fault
    return authenticator


async def get_principal(
    connection: HTTPConnection,
    _declared: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Principal:
    """Get the caller with all that the token says of them; for HTTP and WebSocket routes alike."""
    return get_authenticator(connection).authenticate(connection)


CurrentPrincipal = Annotated[Principal, Depends(get_principal)]


async def get_current_user_id(principal: CurrentPrincipal) -> str:
    """Get the caller's user id: the `sub` claim of a verified token (003/FR-004, 003/FR-005)."""
    return principal.subject


CurrentUserId = Annotated[str, Depends(get_current_user_id)]
