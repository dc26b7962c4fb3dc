"""Users that log in: one request for each user, whose response holds the token."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from specwitness.errors import TargetError
from specwitness.fuzz.http.message import Request
from specwitness.fuzz.users.identity import Identity
from specwitness.openapi.references import follow, parse_pointer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specwitness.fuzz.http.client import Client


@dataclass(frozen=True, slots=True)
class Login:
    """Logs users in.

    Args:
        path: The path of the login, below the base URL.
        bodies: The members of the request's body, by user: `{"alice": {"email": "…", "password": "…"}}`.
        token: JSON pointer to the token in the response.
        subject: JSON pointer to the user's id in the response; None where it does not hold one.
        method: The method of the request.
        form: Whether the body is a form (RFC 6749 §4.3.2) in place of JSON.
    """

    path: str
    bodies: Mapping[str, Mapping[str, Any]] = field(repr=False)
    token: str = "/access_token"  # noqa: S105  # a pointer
    subject: str | None = None
    method: str = "POST"
    form: bool = False

    def identify(self, name: str, client: Client) -> Identity | None:
        """Log a user in; None for a name without a body.

        Raises:
            TargetError: The login failed, or the response holds no token.
        """
        if name not in self.bodies:
            return None
        response = client.log_in(self.request_for(self.bodies[name]))
        body = response.json()
        if not response.succeeded:
            raise self._error(f"{name} cannot log in: {self.method} {self.path} {response.phrase}")
        try:
            token = follow(body, parse_pointer(self.token))
        except KeyError as error:
            raise self._error(f"the response to {name}'s login has nothing at {self.token}") from error
        return Identity(name, str(token), subject=self._read_subject(body))

    def request_for(self, body: Mapping[str, Any]) -> Request:
        """Give the login request with these members in its body."""
        media = "application/x-www-form-urlencoded" if self.form else "application/json"
        content = urlencode(body) if self.form else json.dumps(dict(body))
        return Request(self.method, self.path, headers=(("Content-Type", media),), body=content.encode())

    def _read_subject(self, body: Any) -> str | None:
        if self.subject is None:
            return None
        try:
            return str(follow(body, parse_pointer(self.subject)))
        except KeyError as error:
            raise self._error(f"the response to the login has nothing at {self.subject}") from error

    def _error(self, message: str) -> TargetError:
        return TargetError(message, where="identities.login", remedy="fix path, body, credentials or pointer")
