"""The rules for the claims of a token whose signature holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from backend.core.errors import TokenExpiredError, TokenInvalidError

REQUIRED_CLAIMS = frozenset({"iss", "aud", "iat", "exp", "sub"})
SUBJECT_MAX_LENGTH = 255
_NUMBERS = frozenset({int, float})
_FARTHEST = 2.0**63  # seconds; no clock gets there, and sums with it stay finite
_NO_SCOPES: frozenset[str] = frozenset()


class Principal(NamedTuple):
    """Who a verified token speaks for.

    Attributes:
        subject: The caller's user id, from `sub` alone (003/FR-004).
        issuer: Who issued the token.
        session_id: The session at the issuer (`sid`), where the token names one.
        expires_at: When the token ends, in seconds since the epoch.
        scope: What the token was granted, as it stands there (`scope`, RFC 8693 §4.2); None where it
            names nothing, or what cannot be read.
    """

    subject: str
    issuer: str
    session_id: str | None
    expires_at: float
    scope: str | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """What the token was granted, one by one."""
        return frozenset(self.scope.split()) if self.scope else _NO_SCOPES


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the claims are held against.

    Attributes:
        issuer: The only issuer accepted (003/FR-012).
        audience: The audience that must be named (003/FR-012).
        leeway: By how many seconds the clocks may differ (003/FR-016).
        max_age: For how many seconds after `iat` a token is accepted, whatever its `exp`; None for
            no bound of its own (003/FR-028).
    """

    issuer: str
    audience: str
    leeway: int
    max_age: int | None = None


class Window(NamedTuple):
    """The moments at which a token passes, in seconds since the epoch: the first, and the first after."""

    valid_from: float
    valid_until: float


def check_claims(claims: dict[str, Any], expected: Expectation, now: float) -> tuple[Principal, Window]:
    """Hold the claims of a verified token against the rules (003/FR-003, 003/FR-004, 003/FR-012).

    Args:
        claims: The payload.
        expected: What they are held against.
        now: Seconds since the epoch.

    Raises:
        TokenExpiredError: All is right but the time.
        TokenInvalidError: Something else is wrong.
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
    """Read the time claims; return the end, and the window that they leave with the leeway."""
    expires_at, issued_at = _read_time(claims["exp"]), _read_time(claims["iat"])
    begin = max(issued_at, _read_time(claims["nbf"])) if "nbf" in claims else issued_at
    end = expires_at if expected.max_age is None else min(expires_at, issued_at + expected.max_age)
    return expires_at, Window(begin - expected.leeway, end + expected.leeway)


def _read_time(value: object) -> float:
    # `type` and not `isinstance`: a bool is an int. NaN is within no bounds, infinity beyond them.
    if type(value) in _NUMBERS and -_FARTHEST < value < _FARTHEST:  # type: ignore[operator]  # a number
        return value  # type: ignore[return-value]  # same
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
