"""An issuer of tokens in place of Better Auth; it can also issue invalid and malformed tokens."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.testing.key_pair import ALPHABET, encode, make_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backend.testing.key_pair import KeyPair

LIFETIME_SECONDS = 900


def make_secret() -> str:
    """Make a random shared secret that the settings accept."""
    return secrets.token_urlsafe(48)


def make_subject(name: str) -> str:
    """Make a user id from a name, always the same one: 32 letters and digits, as Better Auth's ids."""
    digest = hashlib.sha256(name.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Issues tokens with the claims that Better Auth writes, signed by a key pair or a shared secret.

    Attributes:
        key: A key pair, or the shared secret for HS256.
        issuer: The claim `iss`.
        audience: The claim `aud`.
        clock: Returns the time in seconds since the epoch.
    """

    key: str | KeyPair = field(repr=False)
    issuer: str
    audience: str
    clock: Callable[[], float] = time.time

    def token(
        self,
        subject: str | None = None,
        *,
        now: float | None = None,
        lifetime: float = LIFETIME_SECONDS,
        header: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Issue a token.

        Args:
            subject: The user id; by default a new one of 32 letters and digits.
            now: The time of issue in seconds since the epoch; by default the time of the clock.
            lifetime: The seconds from `iat` to `exp`.
            header: Header parameters to add or replace; `...` as a value removes the parameter.
            claims: Claims to add or replace; `...` as a value removes the claim.
        """
        parameters = {**self.header(), **(header or {})}
        payload = {**self.claims(subject, now=now, lifetime=lifetime), **claims}
        return self.sign(_dump(parameters), _dump(payload))

    @property
    def secret(self) -> str:
        """The shared secret.

        Raises:
            TypeError: The issuer signs with a key pair.
        """
        if isinstance(self.key, str):
            return self.key
        raise TypeError("this issuer signs with a key pair")

    def header(self) -> dict[str, str]:
        """Return the header of a token: `alg` and `kid` with a key pair, `alg` and `typ` with a secret."""
        if isinstance(self.key, str):
            return {"alg": "HS256", "typ": "JWT"}
        return {"alg": self.key.algorithm, "kid": self.key.key_id}

    def claims(
        self, subject: str | None = None, *, now: float | None = None, lifetime: float = LIFETIME_SECONDS
    ) -> dict[str, Any]:
        """Return the claims of a token in the order of Better Auth; see `token` for the arguments."""
        issued_at = int(self.clock() if now is None else now)
        return {
            "sid": make_id(),
            "iat": issued_at,
            "exp": issued_at + int(lifetime),
            "iss": self.issuer,
            "aud": self.audience,
            "sub": make_id() if subject is None else subject,
        }

    def sign(self, header: bytes, payload: bytes) -> str:
        """Make a token of any two byte strings as header and payload, with a valid signature."""
        message = f"{encode(header)}.{encode(payload)}"
        return f"{message}.{encode(self.sign_bytes(message.encode()))}"

    def sign_bytes(self, message: bytes) -> bytes:
        """Sign a message; return the raw signature."""
        if isinstance(self.key, str):
            return hmac.digest(self.key.encode(), message, "sha256")
        return self.key.sign(message)


def _dump(members: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in members.items() if value is not ...}
    return json.dumps(kept, separators=(",", ":")).encode()
