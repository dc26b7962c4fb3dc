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
    from backend.core.identity.verified_tokens import TokenMemory
    from backend.core.key_sources.source import KeySource
    from backend.core.keys.key_set import TokenKeys
    from backend.core.tokens.claims import Principal

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


def get_authenticator(connection: HTTPConnection) -> Authenticator:
    """Get the authenticator of the application that serves a connection.

    Raises:
        RuntimeError: `install_authenticator` was not called.
    """
    authenticator = getattr(connection.app.state, "authenticator", None)
    if not isinstance(authenticator, Authenticator):
        raise RuntimeError("no authenticator: call install_authenticator(app, keys) first")  # noqa: TRY004  # the type of a caller's argument is not at fault
    return authenticator
