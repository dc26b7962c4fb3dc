"""A stand-in for Better Auth that mints tokens of every flavour, and any malformed one, by hand."""

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
    """Make a shared secret that is fit to sign with."""
    return secrets.token_urlsafe(48)


def make_subject(name: str) -> str:
    """Make the user id of a name, always the same one: 32 alphanumerics, as Better Auth's are."""
    digest = hashlib.sha256(name.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Mints tokens as Better Auth does with a cut payload: by a key pair, or by a custom signer's secret.

    Attributes:
        key: The shared secret, for HS256; or a key pair.
        issuer: The `iss` claim.
        audience: The `aud` claim.
        clock: Tells the time in seconds since the epoch.
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
        """Mint a token.

        Args:
            subject: The user id; by default a new one of 32 alphanumerics.
            now: When it is issued, in seconds since the epoch; by default what the clock says.
            lifetime: Seconds until it ends.
            header: Parameters to add or to replace; `...` leaves one out.
            claims: Claims to add or to replace; `...` leaves one out.
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
        """Give the header of a token: Better Auth names the key, and no type, unless it signs by hand."""
        if isinstance(self.key, str):
            return {"alg": "HS256", "typ": "JWT"}
        return {"alg": self.key.algorithm, "kid": self.key.key_id}

    def claims(
        self, subject: str | None = None, *, now: float | None = None, lifetime: float = LIFETIME_SECONDS
    ) -> dict[str, Any]:
        """Give the claims of a token, in Better Auth's order."""
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
        """Sign any two byte strings as the header and the payload of a token."""
        message = f"{encode(header)}.{encode(payload)}"
        return f"{message}.{encode(self.sign_bytes(message.encode()))}"

    def sign_bytes(self, message: bytes) -> bytes:
        """Give the signature of a message."""
        if isinstance(self.key, str):
            return hmac.digest(self.key.encode(), message, "sha256")
        return self.key.sign(message)


def _dump(members: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in members.items() if value is not ...}
    return json.dumps(kept, separators=(",", ":")).encode()
