"""Tokens that are taken back before they end: a deny-list on session or subject, asked after verification."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.core.tokens.claims import Principal


LAST_SECOND = 253_402_300_799.0  # the end of the year 9999
GRACE_SECONDS = 60  # the largest leeway: a token may be accepted for that long after its end


def check_end(until: float) -> float:
    """Check the end of a denial.

    Raises:
        ValueError: It is no number, so that the denial would never hold.
    """
    if math.isnan(until):
        raise ValueError("the end of a denial is no number")
    return until


class DenyList(Protocol):
    """Knows whose tokens are taken back.

    It is asked by issuer and session, and by issuer and subject. Never by a token's digest: one
    session has many tokens, and a token may have many spellings (003/FR-031).
    """

    async def is_denied(self, principal: Principal) -> bool:
        """Tell whether a verified token is taken back."""

    async def deny_session(self, issuer: str, session_id: str, until: float) -> None:
        """Take back all tokens of a session.

        Args:
            issuer: Who issued them.
            session_id: The session, as `sid` names it.
            until: The `exp` of the last of them, in seconds since the epoch; forgotten some time after.
        """

    async def deny_subject(self, issuer: str, subject: str, until: float) -> None:
        """Take back all tokens of a subject, those of a new sign-in as well.

        Args:
            issuer: Who issued them.
            subject: Whose they are.
            until: How long that lasts, in seconds since the epoch.
        """


class MemoryDenyList:
    """A deny-list of this process: one for a single worker, gone when it ends.

    Args:
        clock: Tells the time in seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._denied: dict[tuple[str, str, str], float] = {}

    async def is_denied(self, principal: Principal) -> bool:
        """Tell whether a verified token is taken back."""
        if not self._denied:
            return False
        now, issuer = self._clock(), principal.issuer
        return self._denied.get((issuer, "subject", principal.subject), now) > now or (
            principal.session_id is not None
            and self._denied.get((issuer, "session", principal.session_id), now) > now
        )

    async def deny_session(self, issuer: str, session_id: str, until: float) -> None:
        """Take back all tokens of a session."""
        self._deny((issuer, "session", session_id), until)

    async def deny_subject(self, issuer: str, subject: str, until: float) -> None:
        """Take back all tokens of a subject."""
        self._deny((issuer, "subject", subject), until)

    def _deny(self, entry: tuple[str, str, str], until: float) -> None:
        check_end(until)
        now = self._clock()
        for each in [each for each, end in self._denied.items() if end <= now]:
            del self._denied[each]
        self._denied[entry] = max(until + GRACE_SECONDS, self._denied.get(entry, until))
