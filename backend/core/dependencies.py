"""The caller's identity as a dependency: `CurrentUserId` is all that an endpoint declares."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from backend.core.claims import Principal
from backend.core.errors import (
    AuthenticationError,
    CredentialsMalformedError,
    CredentialsMissingError,
    InsufficientScopeError,
    ServiceError,
    TokenInvalidError,
    UnknownKeyError,
)
from backend.core.jws import split_token
from backend.core.key_set import TokenKeys
from backend.core.keys import KeySource
from backend.core.memory import TokenMemory
from backend.core.problem import answer_service_error
from backend.core.revocation import DenyList, MemoryDenyList

PRINCIPAL = "backend.principal"  # where a connection's scope keeps the verified caller
_log = structlog.get_logger("backend.authentication")


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Tells who sends a request.

    Attributes:
        keys: Where the keys come from that tokens are held against.
        memory: The tokens that held already.
        deny_list: Whose tokens are taken back.
        clock: Tells the time in seconds since the epoch.
    """

    keys: KeySource
    memory: TokenMemory
    deny_list: DenyList
    clock: Callable[[], float]

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Verify the credentials of a request or of a WebSocket's handshake, once (003/FR-001).

        Raises:
            AuthenticationError: There are none that hold. The cause is logged (003/FR-015).
            UnavailableError: The keys, or the deny-list, cannot be reached now.
        """
        known: Principal | None = connection.scope.get(PRINCIPAL)
        if known is not None:
            return known
        try:
            token = read_credentials(connection)
            keys = self.keys.current()
            if keys is None:
                split_token(token)  # what is no token at all waits for nobody's keys
                keys = await self.keys.load()
            try:
                principal = self.memory.verify(token, keys, self.clock())
            except UnknownKeyError as error:
                principal = await self._verify_anew(token, keys, error)
            if await self.deny_list.is_denied(principal):
                raise TokenInvalidError("revoked")
        except AuthenticationError as error:
            hint = {"hint": error.hint} if error.hint else {}
            _log.warning("credentials_refused", code=error.code, cause=error.cause, **hint)
            raise
        connection.scope[PRINCIPAL] = principal
        return principal

    async def _verify_anew(self, token: str, keys: TokenKeys, error: UnknownKeyError) -> Principal:
        """Verify by a newer key set: a key is used from the instant that it is published."""
        renewed = await self.keys.renew(error.key_id)
        if renewed is keys:
            raise error
        return self.memory.verify(token, renewed, self.clock())


def read_credentials(connection: HTTPConnection) -> str:
    """Read the one bearer token of a request, unverified (RFC 6750 §2.1, RFC 9110 §11.4).

    Raises:
        CredentialsMissingError: There is no Authorization header.
        CredentialsMalformedError: There is one, and no bearer token can be read from it.
    """
    headers = [value for name, value in connection.scope["headers"] if name == b"authorization"]
    if not headers:
        raise CredentialsMissingError("absent")
    if len(headers) > 1:
        raise CredentialsMalformedError("several_headers")
    scheme, _, rest = headers[0].decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise CredentialsMalformedError("scheme")
    token: str = rest.lstrip(" ")
    bare = token.rstrip(" \t")
    if not bare or " " in bare or "\t" in bare:
        raise CredentialsMalformedError("blank")
    return token


def install_authenticator(
    app: FastAPI,
    keys: KeySource,
    clock: Callable[[], float] = time.time,
    *,
    tokens_remembered: int = 10_000,
    deny_list: DenyList | None = None,
) -> None:
    """Let an application's routes depend on the caller, and refuse strangers with a problem body.

    A sub-application that is mounted is an application of its own, and needs its own call. A source
    that fetches keys is kept fresh by `keys.running()`, for the application's lifespan.

    Args:
        app: The application.
        keys: Where the keys come from that tokens are held against.
        clock: Tells the time in seconds since the epoch.
        tokens_remembered: How many verified tokens are remembered at most.
        deny_list: Whose tokens are taken back; by default a list of this process, empty at first.
    """
    denied = MemoryDenyList(clock) if deny_list is None else deny_list
    app.exception_handlers.setdefault(ServiceError, answer_service_error)
    app.state.authenticator = Authenticator(keys, TokenMemory(tokens_remembered), denied, clock)


def get_authenticator(connection: HTTPConnection) -> Authenticator:
    """Get the authenticator of the application that serves a connection.

    Raises:
        RuntimeError: `install_authenticator` was not called.
    """
    authenticator = getattr(connection.app.state, "authenticator", None)
    if not isinstance(authenticator, Authenticator):
        raise RuntimeError("no authenticator: call install_authenticator(app, keys) first")  # noqa: TRY004  # the type of a caller's argument is not at fault
    return authenticator


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


class _UserIdBearer(CallerBearer):
    async def __call__(self, connection: HTTPConnection) -> str:  # type: ignore[override]  # the one claim
        # Where the route authenticated first, which is everywhere here, nothing is left to do.
        known: Principal | None = connection.scope.get(PRINCIPAL)
        return (known or await get_authenticator(connection).authenticate(connection)).subject


# One object each and no chain of dependencies: FastAPI resolves every link of a chain on every request.
get_principal = CallerBearer()
"""Get the caller with all that the token says of them."""
CurrentPrincipal = Annotated[Principal, Depends(get_principal)]

get_current_user_id = _UserIdBearer()
"""Get the caller's user id: the `sub` claim of a verified token (003/FR-004, 003/FR-005)."""
CurrentUserId = Annotated[str, Depends(get_current_user_id)]


def require_scopes(*scopes: str) -> Callable[[Principal], Awaitable[Principal]]:
    """Make a dependency that also asks for scopes, as in `Depends(require_scopes("tasks:write"))`.

    Args:
        scopes: What the token's `scope` claim must name, each of them.

    Returns:
        A dependency that gives the principal, or raises `InsufficientScopeError` (003/FR-029).
    """

    async def get_granted_principal(principal: CurrentPrincipal) -> Principal:
        if not principal.scopes.issuperset(scopes):
            raise InsufficientScopeError(scopes)
        return principal

    return get_granted_principal
