"""Where a credential sits in a request, by the security schemes of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint, Surface
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.users.identity import Identity

BEARER, BASIC, KEY = "bearer", "basic", "key"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where the credential of a security scheme goes in a request.

    Attributes:
        scheme: The name of the security scheme in the contract.
        kind: `bearer` for a bearer token, `basic` for another scheme of the Authorization header, `key`
            for a bare key in a header, the query or a cookie.
        location: The part of the request: `header`, `query` or `cookie`.
        name: The name of the header, the query parameter or the cookie.
        prefix: The text before the credential, such as `Bearer `.
    """

    scheme: str
    kind: str
    location: str = "header"
    name: str = "Authorization"
    prefix: str = ""

    def put(self, request: Request, value: str) -> Request:
        """Give the request with a credential."""
        return self.put_raw(request, self.prefix + value)

    def put_raw(self, request: Request, raw: str) -> Request:
        """Give the request with a text in place of the credential and its prefix."""
        if self.location == "query":
            return request.with_query(((self.name, raw),))
        if self.location == "cookie":
            return request.with_headers((("Cookie", f"{self.name}={raw}"),))
        return request.with_headers(((self.name, raw),))


Credentials = tuple[tuple[Seat, str], ...]


def seat_of(name: str, scheme: dict[str, Any]) -> Seat:
    """Read where a security scheme expects its credential.

    Args:
        name: The name of the scheme in the contract.
        scheme: Its object of `components.securitySchemes` (OpenAPI 3.1 §4.8.27).
    """
    kind, http = str(scheme.get("type", "")), str(scheme.get("scheme", "bearer")).lower()
    if kind == "apiKey":
        place, header = str(scheme.get("in", "header")), str(scheme.get("name", "X-API-Key"))
        if place == "header" and header.lower() == "authorization":
            return Seat(name, BEARER, prefix="Bearer ")
        return Seat(name, KEY, place, header)
    if kind == "http" and http != "bearer":
        return Seat(name, BASIC, prefix=f"{http.capitalize()} ")
    # Tokens of oauth2 and openIdConnect are sent as bearer tokens (RFC 6750 §2.1).
    return Seat(name, BEARER, prefix="Bearer ")


def find_credentials(endpoint: Endpoint, surface: Surface, identity: Identity) -> list[Credentials]:
    """Give the alternatives of an operation's `security` for which a user has all credentials."""
    found = []
    for alternative in endpoint.security:
        pairs = [
            (seat_of(name, surface.schemes.get(name, {})), identity.value_for(name)) for name in alternative
        ]
        if pairs and all(value is not None for _, value in pairs):
            found.append(tuple((seat, value) for seat, value in pairs if value is not None))
    return found


def authorize(request: Request, credentials: Credentials) -> Request:
    """Give the request with credentials."""
    for seat, value in credentials:
        request = seat.put(request, value)
    return request
