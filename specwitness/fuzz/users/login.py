"""Identities that log in: one call of the service for each, which answers with a token."""

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
    """Logs identities in.

    Args:
        path: Where, below the base URL.
        bodies: What each identity sends, by name.
        token: JSON pointer to the token in the answer.
        subject: JSON pointer to the user's id in the answer, if it is there.
        method: How.
        form: Whether the body goes as a form, as OAuth 2 has it, and not as JSON.
    """

    path: str
    bodies: Mapping[str, Mapping[str, Any]] = field(repr=False)
    token: str = "/access_token"  # noqa: S105  # a pointer
    subject: str | None = None
    method: str = "POST"
    form: bool = False

    def identify(self, name: str, client: Client) -> Identity | None:
        """Log an identity in.

        Raises:
            TargetError: It is refused, or the answer holds no token.
        """
        if name not in self.bodies:
            return None
        answer = client.log_in(self.request_for(self.bodies[name]))
        said = answer.json()
        if not answer.succeeded:
            raise self._refusal(f"{name} cannot log in: {self.method} {self.path} answered {answer.status}")
        try:
            token = follow(said, parse_pointer(self.token))
        except KeyError as error:
            raise self._refusal(f"the answer to {name}'s login has nothing at {self.token}") from error
        return Identity(name, str(token), subject=self._read_subject(said))

    def request_for(self, body: Mapping[str, Any]) -> Request:
        """Give the request that logs somebody in with a body."""
        media = "application/x-www-form-urlencoded" if self.form else "application/json"
        content = urlencode(body) if self.form else json.dumps(dict(body))
        return Request(self.method, self.path, headers=(("Content-Type", media),), body=content.encode())

    def _read_subject(self, said: Any) -> str | None:
        if self.subject is None:
            return None
        try:
            return str(follow(said, parse_pointer(self.subject)))
        except KeyError as error:
            raise self._refusal(f"the answer to the login has nothing at {self.subject}") from error

    def _refusal(self, message: str) -> TargetError:
        return TargetError(
            message, where="identities.login", remedy="mend path, body, credentials or pointer"
        )
