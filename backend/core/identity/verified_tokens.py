"""Tokens that were verified already, remembered in bounded memory for as long as the answer holds."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from backend.core.security import check_token

if TYPE_CHECKING:
    from backend.core.security import TokenKeys
    from backend.core.tokens.claims import Principal

MAX_REMEMBERED_BYTES = 2048  # of one token; larger ones are verified each time


class _Entry(NamedTuple):
    keys: TokenKeys
    valid_from: float
    valid_until: float
    principal: Principal


class TokenMemory:
    """Verifies tokens, and remembers those that held (003/FR-032).

    An answer is given again only within the token's own time, and only while the very keys are in
    force that it was given under. Only tokens that held are kept, so strangers cannot fill it. In
    memory a token takes at most 900 bytes besides twice its own length, which is read to the last
    scope: at most 50 MB for 10,000 of the largest, and about 14 MB for 10,000 usual ones of 450 bytes.

    Args:
        capacity: How many tokens are remembered at most; 0 remembers none.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        # Ordered: the oldest entry of a plain dict is found in time that grows with what was removed.
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def __len__(self) -> int:
        """Tell how many tokens are remembered."""
        return len(self._entries)

    def verify(self, token: str, keys: TokenKeys, now: float) -> Principal:
        """Verify a token as `backend.core.security.verify_token` does.

        Raises:
            AuthenticationError: It does not hold.
        """
        entry = self._entries.get(token)
        if entry is not None:
            if entry.keys is keys and entry.valid_from <= now < entry.valid_until:
                return entry.principal
            del self._entries[token]
        principal, valid_from, valid_until = check_token(token, keys, now)
        if len(token) <= MAX_REMEMBERED_BYTES and self._capacity > 0:
            if len(self._entries) >= self._capacity:
                self._entries.popitem(last=False)
            self._entries[token] = _Entry(keys, valid_from, valid_until, principal)
        return principal
