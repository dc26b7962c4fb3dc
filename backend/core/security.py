"""Token verification: pure, and the only importer of python-jose."""

from __future__ import annotations

import binascii
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jose import jwk

from backend.core.claims import Expectation, Principal, check_claims
from backend.core.errors import TokenInvalidError

if TYPE_CHECKING:
    from jose.backends.base import Key

    from backend.core.errors import Cause

__all__ = ["KeySet", "Principal", "VerificationKey", "make_key", "verify_token"]

ALGORITHM = "HS256"
MAX_TOKEN_BYTES = 8192
ASYMMETRIC_HINT = (
    "this API is configured for the shared secret; Better Auth ignores its algorithm option: "
    "see docs/better-auth.md"
)

_ASYMMETRIC = frozenset({"EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256"})
_CHARACTERS = re.compile(r"[A-Za-z0-9_.-]*")
_REFUSED_PARAMETERS = frozenset({"crit", "b64", "zip", "cty"})
_TYPES = frozenset({"jwt", "at+jwt"})
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key that tokens may be signed with.

    Attributes:
        key: python-jose's key, built once: building costs more than verifying.
        not_after: When tokens of this key stop being accepted, in seconds since the epoch;
            None for never (003/FR-014).
    """

    key: Key
    not_after: float | None = None


@dataclass(frozen=True, slots=True)
class KeySet:
    """Everything that a token is held against, besides the time.

    Attributes:
        expected: What the claims are held against.
        keys: The keys that are accepted, the likeliest first.
    """

    expected: Expectation
    keys: tuple[VerificationKey, ...]


class _DuplicateMemberError(ValueError):
    """A JSON object names a member twice."""


def make_key(secret: bytes, not_after: float | None = None) -> VerificationKey:
    """Build the verification key of a shared secret."""
    return VerificationKey(jwk.construct(secret, ALGORITHM), not_after)


def verify_token(token: str, keys: KeySet, now: float) -> Principal:
    """Verify a token and tell whom it speaks for (003/FR-002, 003/FR-008).

    Args:
        token: What stood behind `Bearer` in the Authorization header.
        keys: What the token is held against.
        now: Seconds since the epoch.

    Raises:
        TokenExpiredError: All is right but the time.
        TokenInvalidError: Something else is wrong; nothing else is ever raised.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenInvalidError("too_large")
    if not _CHARACTERS.fullmatch(token):
        raise TokenInvalidError("characters")
    raw = token.encode("ascii")
    parts = raw.split(b".")
    if len(parts) != 3:  # noqa: PLR2004  # RFC 7515 §7.1
        raise TokenInvalidError("parts")
    header, payload, signature = [_decode_part(part) for part in parts]
    _check_header(_parse_object(header, "header"))
    if not _is_signed(raw[: raw.rindex(b".")], signature, keys, now):
        raise TokenInvalidError("signature")
    return check_claims(_parse_object(payload, "payload"), keys.expected, now)


def _decode_part(part: bytes) -> bytes:
    """Decode unpadded base64url in its one canonical spelling, so that tokens are not malleable."""
    standard = part.translate(_TO_STANDARD)
    try:
        decoded = binascii.a2b_base64(standard + b"=" * (-len(standard) % 4))
    except binascii.Error:
        raise TokenInvalidError("encoding") from None
    if not decoded or binascii.b2a_base64(decoded, newline=False).rstrip(b"=") != standard:
        raise TokenInvalidError("encoding")
    return decoded


def _parse_object(text: bytes, cause: Cause) -> dict[str, Any]:
    try:
        value = _DECODER.decode(text.decode("utf-8"))
    except _DuplicateMemberError:
        raise TokenInvalidError("duplicate_member") from None
    except (ValueError, RecursionError):
        # Deep nesting and endless digits are the caller's doing: never a 500 (003/FR-008).
        raise TokenInvalidError(cause) from None
    if not isinstance(value, dict):
        raise TokenInvalidError(cause)
    return value


def _make_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise _DuplicateMemberError
    return value


def _refuse_constant(_: str) -> float:
    raise ValueError


_DECODER = json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=_refuse_constant)


def _check_header(header: dict[str, Any]) -> None:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm != ALGORITHM:
        is_asymmetric = isinstance(algorithm, str) and algorithm in _ASYMMETRIC
        raise TokenInvalidError("algorithm", ASYMMETRIC_HINT if is_asymmetric else None)
    if not _REFUSED_PARAMETERS.isdisjoint(header):
        raise TokenInvalidError("header")
    if "typ" in header:
        kind = header["typ"]
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise TokenInvalidError("type")


def _is_signed(message: bytes, signature: bytes, keys: KeySet, now: float) -> bool:
    return any(
        each.key.verify(message, signature)
        for each in keys.keys
        if each.not_after is None or now < each.not_after
    )
