"""The rules for the claims of a token whose signature is valid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from backend.core.errors import TokenExpiredError, TokenInvalidError

REQUIRED_CLAIMS = frozenset({"iss", "aud", "iat", "exp", "sub"})
SUBJECT_MAX_LENGTH = 255
_NUMBERS = frozenset({int, float})
_MAX_SECONDS = 2.0**63  # beyond any clock; sums of smaller numbers stay finite
_NO_SCOPES: frozenset[str] = frozenset()


class Principal(NamedTuple):
    """The caller that a verified token identifies.

    Attributes:
        subject: The user id, from the claim `sub` only (003/FR-004).
        issuer: The claim `iss`.
        session_id: The session at the issuer, from the claim `sid`; None if absent or no usable text.
        expires_at: The claim `exp`, in seconds since the epoch.
        scope: The claim `scope`, scopes separated by spaces (RFC 8693 §4.2); None if absent or no text.
    """

    subject: str
    issuer: str
    session_id: str | None
    expires_at: float
    scope: str | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of the token: `"tasks:read tasks:write"` -> two scopes."""
        return frozenset(self.scope.split()) if self.scope else _NO_SCOPES


@dataclass(frozen=True, slots=True)
class Expectation:
    """The values that the claims must have.

    Attributes:
        issuer: The only accepted `iss` (003/FR-012).
        audience: The text that `aud` must be or contain (003/FR-012).
        leeway: The tolerated difference between the clocks, in seconds (003/FR-016).
        max_age: The longest time after `iat` for which a token is accepted, in seconds, whatever its
            `exp`; None for no limit (003/FR-028).
    """

    issuer: str
    audience: str
    leeway: int
    max_age: int | None = None


class Window(NamedTuple):
    """The time in which a token is accepted, from `valid_from` to before `valid_until`, in epoch seconds."""

    valid_from: float
    valid_until: float


def check_claims(claims: dict[str, Any], expected: Expectation, now: float) -> tuple[Principal, Window]:
    """Check the claims of a token whose signature is valid (003/FR-003, 003/FR-004, 003/FR-012).

    Args:
        claims: The payload.
        expected: The required issuer and audience, and the limits of time.
        now: Seconds since the epoch.

    Returns:
        The caller, and the time in which the same token is accepted, leeway included.

    Raises:
        TokenExpiredError: The token is valid but for its end or its age.
        TokenInvalidError: Any other rule is broken.
    """
    if not claims.keys() >= REQUIRED_CLAIMS:
        raise TokenInvalidError("missing_claim")
    expires_at, window = _read_times(claims, expected)
    if now < window.valid_from:
        is_early = "nbf" in claims and claims["nbf"] - expected.leeway > now
        raise TokenInvalidError("not_yet_valid" if is_early else "issued_in_future")
    issuer = claims["iss"]
    if not isinstance(issuer, str) or issuer != expected.issuer:
        raise TokenInvalidError("issuer")
    if not _names_audience(claims["aud"], expected.audience):
        raise TokenInvalidError("audience")
    subject = claims["sub"]
    if not _is_identifier(subject):
        raise TokenInvalidError("subject")
    if now >= window.valid_until:
        raise TokenExpiredError("expired" if now >= expires_at + expected.leeway else "too_old")
    session_id = claims.get("sid")
    scope = claims.get("scope")
    return Principal(
        subject,
        issuer,
        session_id if _is_identifier(session_id) else None,
        expires_at,
        scope if isinstance(scope, str) else None,
    ), window


def _read_times(claims: dict[str, Any], expected: Expectation) -> tuple[float, Window]:
    """Read `exp`, `iat` and `nbf`; return `exp`, and the accepted time with the leeway."""
    expires_at, issued_at = _read_time(claims["exp"]), _read_time(claims["iat"])
    begin = max(issued_at, _read_time(claims["nbf"])) if "nbf" in claims else issued_at
    end = expires_at if expected.max_age is None else min(expires_at, issued_at + expected.max_age)
    return expires_at, Window(begin - expected.leeway, end + expected.leeway)


def _read_time(value: object) -> float:
    # `type` and not `isinstance`: a bool is an int. The comparison is false for NaN and infinity.
    if type(value) in _NUMBERS and -_MAX_SECONDS < value < _MAX_SECONDS:  # type: ignore[operator]  # a number
        return value  # type: ignore[return-value]  # same
    raise TokenInvalidError("time_claim")


def _names_audience(value: object, audience: str) -> bool:
    if isinstance(value, list):
        return all(isinstance(audience_name, str) for audience_name in value) and audience in value
    return isinstance(value, str) and value == audience


def _is_identifier(value: object) -> bool:
    # Not printable: control characters, surrogates, and all white space but the plain space.
    return (
        isinstance(value, str)
        and 1 <= len(value) <= SUBJECT_MAX_LENGTH
        and value.isprintable()
        and not value.isspace()
    )
