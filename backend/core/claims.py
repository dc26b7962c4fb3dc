"""The rules for the claims of a token whose signature holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from backend.core.errors import TokenExpiredError, TokenInvalidError

REQUIRED_CLAIMS = ("iss", "aud", "iat", "exp", "sub")
SUBJECT_MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a verified token speaks for.

    Attributes:
        subject: The caller's user id, from `sub` alone (003/FR-004).
        issuer: Who issued the token.
        session_id: The session at the issuer (`sid`), where the token names one.
        expires_at: When the token ends, in seconds since the epoch.
    """

    subject: str
    issuer: str
    session_id: str | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the claims are held against.

    Attributes:
        issuer: The only issuer accepted (003/FR-012).
        audience: The audience that must be named (003/FR-012).
        leeway: By how many seconds the clocks may differ (003/FR-016).
    """

    issuer: str
    audience: str
    leeway: int


def check_claims(claims: dict[str, Any], expected: Expectation, now: float) -> Principal:
    """Hold the claims of a verified token against the rules (003/FR-003, 003/FR-004, 003/FR-012).

    Args:
        claims: The payload.
        expected: What they are held against.
        now: Seconds since the epoch.

    Raises:
        TokenExpiredError: All is right but the time.
        TokenInvalidError: Something else is wrong.
    """
    if any(name not in claims for name in REQUIRED_CLAIMS):
        raise TokenInvalidError("missing_claim")
    expires_at = _check_times(claims, now + expected.leeway)
    issuer = claims["iss"]
    if not isinstance(issuer, str) or issuer != expected.issuer:
        raise TokenInvalidError("issuer")
    if not _names_audience(claims["aud"], expected.audience):
        raise TokenInvalidError("audience")
    subject = claims["sub"]
    if not _is_identifier(subject):
        raise TokenInvalidError("subject")
    if now >= expires_at + expected.leeway:
        raise TokenExpiredError("expired")
    session_id = claims.get("sid")
    return Principal(subject, issuer, session_id if _is_identifier(session_id) else None, expires_at)


def _check_times(claims: dict[str, Any], horizon: float) -> float:
    """Check the time claims up to the latest moment that is not the future; return the end."""
    expires_at = _read_time(claims["exp"])
    issued_at = _read_time(claims["iat"])
    if "nbf" in claims and _read_time(claims["nbf"]) > horizon:
        raise TokenInvalidError("not_yet_valid")
    if issued_at > horizon:
        raise TokenInvalidError("issued_in_future")
    return expires_at


def _read_time(value: object) -> float:
    # `type` and not `isinstance`: a bool is an int.
    if type(value) is int or type(value) is float:
        try:
            seconds = float(value)
        except OverflowError:
            raise TokenInvalidError("time_claim") from None
        if math.isfinite(seconds):
            return seconds
    raise TokenInvalidError("time_claim")


def _names_audience(value: object, audience: str) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value) and audience in value
    return isinstance(value, str) and value == audience


def _is_identifier(value: object) -> bool:
    # Control characters, surrogates and all blanks but the plain one are not printable.
    return (
        isinstance(value, str)
        and 1 <= len(value) <= SUBJECT_MAX_LENGTH
        and value.isprintable()
        and not value.isspace()
    )
