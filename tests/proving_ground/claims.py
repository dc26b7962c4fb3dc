"""The right rules of the claims, and the faults that they can have."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults
    from tests.proving_ground.tokens import Mint

LEEWAY = 10
TOO_WIDE_LEEWAY = 86_400
MAX_SUBJECT = 255


class TokenError(Exception):
    """A token is refused."""


def check_claims(claims: dict[str, Any], mint: Mint, now: float, faults: Faults) -> None:
    """Check all claims of a token.

    Raises:
        TokenError: The token is refused.
    """
    if faults.has("session-cache-accepted") and "user" in claims:
        claims["sub"] = claims["user"]["id"]
        return
    _check_expiry(claims, now, faults)
    _check_beginning(claims, mint, now, faults)
    _check_issuer(claims, mint, faults)
    _check_audience(claims, mint, faults)
    _check_subject(claims, faults)


def _check_expiry(claims: dict[str, Any], now: float, faults: Faults) -> None:
    if "exp" not in claims and faults.has("exp-optional"):
        return
    if faults.has("exp-null") and claims.get("exp", ...) is None:
        return
    leeway = TOO_WIDE_LEEWAY if faults.has("exp-wide-leeway") else LEEWAY
    expiry: Any = claims.get("exp")
    if faults.has("exp-as-text") and isinstance(expiry, str):
        expiry = float(expiry)
    if faults.has("exp-type-crash") and "exp" in claims:
        expiry += 0
    if faults.has("exp-overflow-crash") and isinstance(expiry, int | float):
        datetime.fromtimestamp(expiry, UTC)
    if faults.has("exp-not-finite") and isinstance(expiry, float):
        if expiry + leeway <= now:
            raise TokenError("is expired")
        return
    end = _read_time(expiry) + leeway
    # The fault counts in whole seconds, and counts the last one in.
    is_over = end < int(now) if faults.has("exp-boundary") else end <= now
    if is_over and not faults.has("exp-ignored"):
        raise TokenError("is expired")


def _check_beginning(claims: dict[str, Any], mint: Mint, now: float, faults: Faults) -> None:
    if "nbf" in claims and not faults.has("nbf-ignored") and _read_time(claims["nbf"]) > now + LEEWAY:
        raise TokenError("is not valid yet")
    if "iat" not in claims and faults.has("iat-optional"):
        return
    issued = claims.get("iat")
    if faults.has("iat-true") and isinstance(issued, bool):
        issued = int(issued)
    since = _read_time(issued)
    if since > now + LEEWAY and not faults.has("iat-ignored"):
        raise TokenError("is of the future")
    limit = mint.maximum_age
    if limit is not None and since + limit + LEEWAY <= now and not faults.has("iat-age-ignored"):
        raise TokenError("is too old")


def _read_time(value: object) -> float:
    """Read a number of seconds; a bool is none, though Python counts it among the numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenError("has a time that is no number")
    try:
        seconds = float(value)
    except OverflowError as error:
        raise TokenError("has a time beyond all numbers") from error
    if not math.isfinite(seconds):
        raise TokenError("has a time without an end")
    return seconds


def _check_issuer(claims: dict[str, Any], mint: Mint, faults: Faults) -> None:
    issuer = claims.get("iss")
    if issuer is None and faults.has("iss-optional"):
        return
    if faults.has("iss-prefix") and str(issuer).startswith(mint.issuer):
        return
    if issuer != mint.issuer and not faults.has("iss-ignored"):
        raise TokenError("is of another issuer")


def _check_audience(claims: dict[str, Any], mint: Mint, faults: Faults) -> None:
    audience = claims.get("aud")
    if audience is None and faults.has("aud-optional"):
        return
    if faults.has("aud-substring") and mint.audience in str(audience):
        return
    named = [audience] if isinstance(audience, str) else audience
    if faults.has("aud-ignored"):
        return
    if faults.has("aud-list-refused") and isinstance(audience, list):
        raise TokenError("is for several audiences")
    if not isinstance(named, list) or mint.audience not in named:
        raise TokenError("is for another audience")


def _check_subject(claims: dict[str, Any], faults: Faults) -> None:
    subject = claims.get("sub")
    if faults.has("sub-optional") and subject is None:
        claims["sub"] = "None"
        return
    if faults.has("sub-number") and isinstance(subject, int):
        claims["sub"] = str(subject)
        return
    if not isinstance(subject, str):
        raise TokenError("has no subject")
    if faults.has("sub-unchecked") or faults.has("sub-nul-crash"):
        return
    if faults.has("sub-surrogate-crash"):
        # What a database driver does with a text.
        subject.encode()
    is_unbounded = faults.has("sub-long") or faults.has("sub-unbounded")
    is_sized = len(subject) > 0 and (len(subject) <= MAX_SUBJECT or is_unbounded)
    if not is_sized or not subject.isprintable() or subject != subject.strip():
        raise TokenError("has no usable subject")
