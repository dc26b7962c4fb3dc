"""Where the keys come from that tokens are held against: the shared secret, or Better Auth's key set."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from backend.core.key_sources.key_set_client import KeySetClient, Limits
from backend.core.keys.algorithms import is_symmetric
from backend.core.security import KeySet, TokenKeys, make_shared_key
from backend.core.tokens.claims import Expectation

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

    from backend.core.config import Settings


class KeySource(Protocol):
    """Gives the keys that are in force."""

    def current(self) -> TokenKeys | None:
        """Give the keys as known now, without waiting; None before any are known."""

    async def load(self) -> TokenKeys:
        """Give the keys, after waiting for them if none are known yet.

        Raises:
            UnavailableError: They cannot be had now.
        """

    async def renew(self, key_id: str | None) -> TokenKeys:
        """Look for a key that the known keys lack; the answer is what is known afterwards.

        Args:
            key_id: The name in a token that nobody vouches for.

        Raises:
            UnavailableError: Whether there is such a key cannot be found out now.
        """

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keep the keys fresh while the context lasts."""


class SharedSecretSource:
    """The keys of the shared secret, which only a restart changes.

    Args:
        keys: The keys.
    """

    def __init__(self, keys: TokenKeys) -> None:
        self._keys = keys

    def current(self) -> TokenKeys:
        """Give the keys."""
        return self._keys

    async def load(self) -> TokenKeys:
        """Give the keys."""
        return self._keys

    async def renew(self, _: str | None) -> TokenKeys:
        """Give the keys: there are no others."""
        return self._keys

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Do nothing."""
        yield


def build_key_source(settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> KeySource:
    """Build the source that the settings ask for (003/FR-023).

    Args:
        settings: The settings.
        monotonic: Tells seconds that never run backwards; a key set is fetched anew by it.
    """
    expected = Expectation(
        settings.issuer, settings.audience, settings.leeway_seconds, settings.oldest_seconds
    )
    if is_symmetric(settings.algorithms):
        return SharedSecretSource(_build_shared_keys(settings, expected))
    limits = Limits(
        refresh_seconds=settings.jwks_refresh_seconds,
        cooldown_seconds=settings.jwks_cooldown_seconds,
        timeout_seconds=settings.jwks_timeout_seconds,
    )
    return KeySetClient(settings.key_set_url, settings.algorithms, expected, limits, clock=monotonic)


def _build_shared_keys(settings: Settings, expected: Expectation) -> TokenKeys:
    """Build the keys of the shared secret and, while it is rotated, of its predecessor (003/FR-014)."""
    (algorithm,) = settings.algorithms
    if settings.secret is None:
        raise ValueError("the settings hold no shared secret")  # they refuse that themselves
    keys = [make_shared_key(settings.secret.get_secret_value().encode(), algorithm)]
    if settings.previous_secret and settings.previous_secret_until:
        end = settings.previous_secret_until.timestamp()
        previous = settings.previous_secret.get_secret_value().encode()
        keys.append(make_shared_key(previous, algorithm, not_after=end))
    return TokenKeys(expected, KeySet(tuple(keys), settings.algorithms))
