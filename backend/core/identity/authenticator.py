"""The authenticator of an application: reads the credentials of a request and verifies them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from backend.core.errors import (
    AuthenticationError,
    CredentialsMalformedError,
    CredentialsMissingError,
    TokenInvalidError,
    UnknownKeyError,
)
from backend.core.tokens.jws import split_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import HTTPConnection

    from backend.core.identity.deny_list import DenyList
    from backend.core.identity.verified_tokens import TokenCache
    from backend.core.key_sources.source import KeySource
    from backend.core.keys.key_set import TokenKeys
    from backend.core.tokens.claims import Principal

PRINCIPAL = "backend.principal"  # the key of the verified caller in the ASGI scope
_log = structlog.get_logger("backend.authentication")


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Authenticates the caller of a request.

    Attributes:
        keys: The source of the verification keys.
        cache: The tokens that were verified before.
        deny_list: The revoked sessions and subjects.
        clock: Returns the time in seconds since the epoch.
    """

    keys: KeySource
    cache: TokenCache
    deny_list: DenyList
    clock: Callable[[], float]

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Verify the credentials of a request or of a WebSocket handshake, once for each (003/FR-001).

        Raises:
            AuthenticationError: The credentials are missing or invalid; the cause is logged (003/FR-015).
            UnavailableError: The keys or the deny-list are unavailable.
        """
        known: Principal | None = connection.scope.get(PRINCIPAL)
        if known is not None:
            return known
        try:
            token = read_credentials(connection)
            keys = self.keys.current()
            if keys is None:
                split_token(token)  # refuses malformed tokens without waiting for keys
                keys = await self.keys.load()
            try:
                principal = self.cache.verify(token, keys, self.clock())
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
        """Verify with a newer key set: Better Auth signs with a key as soon as it is published."""
        renewed = await self.keys.renew(error.key_id)
        if renewed is keys:
            raise error
        return self.cache.verify(token, renewed, self.clock())


def read_credentials(connection: HTTPConnection) -> str:
    """Read the bearer token of a request without verification (RFC 6750 §2.1, RFC 9110 §11.4).

    Returns:
        The token: the text after the scheme.

    Raises:
        CredentialsMissingError: The request has no Authorization header.
        CredentialsMalformedError: It has several, or one that is not `Bearer TOKEN`.
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


def get_authenticator(connection: HTTPConnection) -> Authenticator:
    """Return the authenticator of the application that serves the connection.

    Raises:
        RuntimeError: `install_authenticator` was not called.
    """
    authenticator = getattr(connection.app.state, "authenticator", None)
    if not isinstance(authenticator, Authenticator):
        raise RuntimeError("no authenticator: call install_authenticator(app, keys) first")  # noqa: TRY004  # no argument has a wrong type
    return authenticator
