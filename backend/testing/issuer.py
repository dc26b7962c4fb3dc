"""A stand-in for Better Auth that mints HS256 tokens, and any malformed one, by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import string
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIFETIME_SECONDS = 900
_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 32


def encode(data: bytes) -> str:
    """Encode bytes in base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def make_secret() -> str:
    """Make a shared secret that is fit to sign with."""
    return secrets.token_urlsafe(48)


def make_subject(name: str) -> str:
    """Make the user id of a name, always the same one: 32 alphanumerics, as Better Auth's are."""
    digest = hashlib.sha256(name.encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Mints tokens as Better Auth does with a custom signer and a cut payload.

    Attributes:
        secret: The shared secret.
        issuer: The `iss` claim.
        audience: The `aud` claim.
        clock: Tells the time in seconds since the epoch.
    """

    secret: str = field(repr=False)
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
        parameters = {"alg": "HS256", "typ": "JWT", **(header or {})}
        payload = {**self.claims(subject, now=now, lifetime=lifetime), **claims}
        return self.sign(_dump(parameters), _dump(payload))

    def claims(
        self, subject: str | None = None, *, now: float | None = None, lifetime: float = LIFETIME_SECONDS
    ) -> dict[str, Any]:
        """Give the claims of a token, in Better Auth's order."""
        issued_at = int(self.clock() if now is None else now)
        return {
            "sid": _make_id(),
            "iat": issued_at,
            "exp": issued_at + int(lifetime),
            "iss": self.issuer,
            "aud": self.audience,
            "sub": _make_id() if subject is None else subject,
        }

    def sign(self, header: bytes, payload: bytes) -> str:
        """Sign any two byte strings as the header and the payload of a token."""
        message = f"{encode(header)}.{encode(payload)}"
        return f"{message}.{encode(self.sign_bytes(message.encode()))}"

    def sign_bytes(self, message: bytes) -> bytes:
        """Give the HMAC with SHA-256 of a message."""
        return hmac.new(self.secret.encode(), message, hashlib.sha256).digest()


def _make_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def _dump(members: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in members.items() if value is not ...}
    return json.dumps(kept, separators=(",", ":")).encode()
