"""Lets a request in, or refuses it with the challenge of RFC 6750; knows the faults of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from tests.proving_ground.claims import TokenError
from tests.proving_ground.web import RefusalError

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults
    from tests.proving_ground.verifier import Verifier


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request.

    Attributes:
        subject: The claim `sub`.
        scopes: The words of the claim `scope`.
        by: The security scheme whose credentials came.
    """

    subject: str
    scopes: frozenset[str] = field(default=frozenset())
    by: str = "bearer"


@dataclass(frozen=True, slots=True)
class Door:
    """Finds the caller of a request by its bearer token.

    Attributes:
        realm: The challenge's realm.
        verifier: Verifies the token.
        faults: What is planted.
    """

    realm: str
    verifier: Verifier
    faults: Faults

    def admit(self, request: Request) -> Caller:
        """Find the caller.

        Raises:
            RefusalError: No right credentials came.
        """
        token = self._read_token(request)
        try:
            claims = self.verifier.verify(token)
        except TokenError as error:
            shown = token if self.faults.has("refusal-echoes-token") else ""
            raise self.refuse('error="invalid_token"', shown) from error
        return Caller(claims["sub"], frozenset(str(claims.get("scope", "")).split()))

    def refuse(self, error: str = "", shown: str = "") -> RefusalError:
        """Make the refusal; without an error where no credentials came."""
        title = f"unauthorized: {shown}" if shown else "unauthorized"
        if self.faults.has("refusal-403") and not error:
            return RefusalError(403, "forbidden")
        if self.faults.has("challenge-absent"):
            return RefusalError(401, title)
        if self.faults.has("challenge-other-scheme"):
            return RefusalError(401, title, {"WWW-Authenticate": f'Basic realm="{self.realm}"'})
        if self.faults.has("challenge-error-unasked"):
            error = error or 'error="invalid_token"'
        is_named = bool(error) and not self.faults.has("challenge-without-error")
        challenge = f'Bearer realm="{self.realm}"' + (f", {error}" if is_named else "")
        return RefusalError(401, title, {"WWW-Authenticate": challenge})

    def _read_token(self, request: Request) -> str:
        values = [value for name, value in request.headers.raw if name == b"authorization"]
        if self.faults.has("query-token") and "access_token" in request.query_params:
            return request.query_params["access_token"]
        if self.faults.has("cookie-token") and "access_token" in request.cookies:
            return request.cookies["access_token"]
        if self.faults.has("form-token") and (token := request.state.form.get("access_token")):
            return str(token)
        if not values:
            raise self.refuse()
        if len(values) > 1 and not self.faults.has("second-header-ignored"):
            raise self.refuse('error="invalid_request"')
        header = values[0].decode("ascii" if self.faults.has("header-ascii-crash") else "latin-1")
        scheme, _, token = header.partition(" ")
        if not self._knows(scheme):
            raise self.refuse()
        if self.faults.has("empty-bearer-crash"):
            return header.split()[1]
        if not token:
            raise self.refuse('error="invalid_token"')
        return token

    def _knows(self, scheme: str) -> bool:
        if self.faults.has("scheme-case-sensitive"):
            return scheme == "Bearer"
        return scheme.lower() == "bearer" or self.faults.has("any-scheme")


def read_caller(request: Request) -> Caller:
    """Give the caller that the route let in."""
    caller: Caller = request.state.caller
    return caller


CurrentCaller = Annotated[Caller, Depends(read_caller)]
