"""Two users of the small services, and how a service knows them by their bearer tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.security import HTTPBearer

from specwitness.fuzz.users.identity import Tokens
from tests.proving_ground.web import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request

ANN, BEN = "usr-ann", "usr-ben"
TOKENS = {"token-of-ann": ANN, "token-of-ben": BEN}
ANN_AND_BEN = Tokens(alice="token-of-ann", bob="token-of-ben", subjects={"alice": ANN, "bob": BEN})
BEARER = HTTPBearer(auto_error=False, scheme_name="bearer")


@dataclass(frozen=True, slots=True)
class BearerAuth:
    """Finds the user of a request by its bearer token.

    Attributes:
        find_user: Gives the id of the user whose token it is; None for an unknown token.
    """

    find_user: Callable[[str], str | None] = TOKENS.get

    def admit(self, request: Request) -> str:
        """Give the id of the user.

        Raises:
            RefusalError: There is no token, or a wrong one, or more than one header (RFC 6750 §3).
        """
        user = self.find_user(read_token(request) or "")
        if user is None:
            raise refuse(request)
        return user


def read_token(request: Request) -> str | None:
    """Read the bearer token of a request that has exactly one `Authorization` header."""
    lines = request.headers.getlist("authorization")
    scheme, _, token = (lines or [""])[0].partition(" ")
    return token if scheme.lower() == "bearer" and len(lines) == 1 else None


def refuse(request: Request) -> RefusalError:
    """Make the 401; its challenge names an error only where credentials came."""
    is_sent = "authorization" in request.headers
    challenge = 'Bearer error="invalid_token"' if is_sent else "Bearer"
    return RefusalError(401, "unauthorized", {"WWW-Authenticate": challenge})
