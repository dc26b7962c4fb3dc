"""Revocation of tokens before they expire: a deny-list of sessions and subjects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.core.tokens.claims import Principal


LAST_SECOND = 253_402_300_799.0  # the end of the year 9999
GRACE_SECONDS = 60  # the largest leeway: tokens may be accepted for that long after their `exp`


def check_end(until: float) -> float:
    """Check the end of a denial, in seconds since the epoch.

    Raises:
        ValueError: The end is NaN; every comparison with it is false, so the denial would have no effect.
    """
    if math.isnan(until):
        raise ValueError("the end of a denial is no number")
    return until


class DenyList(Protocol):
    """The sessions and subjects whose tokens are revoked.

    Entries have the issuer and either a session or a subject, never the digest of a token: a session
    has many tokens (003/FR-031).
    """

    async def is_denied(self, principal: Principal) -> bool:
        """Return whether the token of a caller is revoked."""

    async def deny_session(self, issuer: str, session_id: str, until: float) -> None:
        """Revoke all tokens of a session.

        Args:
            issuer: The `iss` of the tokens.
            session_id: The `sid` of the tokens.
            until: The `exp` of the last token, in seconds since the epoch. The entry is kept for
                `GRACE_SECONDS` longer.
        """

    async def deny_subject(self, issuer: str, subject: str, until: float) -> None:
        """Revoke all tokens of a subject, also those that are issued later.

        Args:
            issuer: The `iss` of the tokens.
            subject: The `sub` of the tokens.
            until: The end of the denial, in seconds since the epoch; kept for `GRACE_SECONDS` longer.
        """


class MemoryDenyList:
    """A deny-list in the memory of this process: not shared with other workers, lost at a restart.

    Args:
        clock: Returns the time in seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._denied: dict[tuple[str, str, str], float] = {}

    async def is_denied(self, principal: Principal) -> bool:
        """Return whether the token of a caller is revoked."""
        if not self._denied:
            return False
        now, issuer = self._clock(), principal.issuer
        return self._denied.get((issuer, "subject", principal.subject), now) > now or (
            principal.session_id is not None
            and self._denied.get((issuer, "session", principal.session_id), now) > now
        )

    async def deny_session(self, issuer: str, session_id: str, until: float) -> None:
        """Revoke all tokens of a session."""
        self._deny((issuer, "session", session_id), until)

    async def deny_subject(self, issuer: str, subject: str, until: float) -> None:
        """Revoke all tokens of a subject."""
        self._deny((issuer, "subject", subject), until)

    def _deny(self, entry: tuple[str, str, str], until: float) -> None:
        check_end(until)
        now = self._clock()
        for ended in [denied for denied, end in self._denied.items() if end <= now]:
            del self._denied[ended]
        self._denied[entry] = max(until + GRACE_SECONDS, self._denied.get(entry, until))
