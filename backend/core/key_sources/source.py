"""The source of the verification keys: the shared secret of the settings, or the key set of Better Auth."""

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
    """Provides the current verification keys."""

    def current(self) -> TokenKeys | None:
        """Return the known keys at once; None if none are known yet."""

    async def load(self) -> TokenKeys:
        """Return the keys, and fetch them first if none are known yet.

        Raises:
            UnavailableError: The keys cannot be fetched now.
        """

    async def renew(self, key_id: str | None) -> TokenKeys:
        """Fetch the keys again because a token names an unknown key, and return the keys known then.

        Args:
            key_id: The `kid` of the token, which is not verified; None if it has none.

        Raises:
            UnavailableError: The keys cannot be fetched now, so that the key may or may not exist.
        """

    def running(self) -> AbstractAsyncContextManager[None]:
        """Refresh the keys in the background while the context is open."""


class SharedSecretSource:
    """The keys of the shared secret, which change only with a restart.

    Args:
        keys: The keys.
    """

    def __init__(self, keys: TokenKeys) -> None:
        self._keys = keys

    def current(self) -> TokenKeys:
        """Return the keys."""
        return self._keys

    async def load(self) -> TokenKeys:
        """Return the keys."""
        return self._keys

    async def renew(self, _: str | None) -> TokenKeys:
        """Return the keys; there are no others to fetch."""
        return self._keys

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Do nothing: the keys need no refresh."""
        yield


def build_key_source(settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> KeySource:
    """Build the key source for the algorithms of the settings (003/FR-023).

    Args:
        settings: The settings.
        monotonic: Returns the seconds of a monotonic clock, which times the refresh of a key set.
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
    """Build the keys of the current secret and, during a rotation, of the previous one (003/FR-014)."""
    (algorithm,) = settings.algorithms
    if settings.secret is None:
        raise ValueError("the settings have no shared secret")  # Settings refuses that already
    keys = [make_shared_key(settings.secret.get_secret_value().encode(), algorithm)]
    if settings.previous_secret and settings.previous_secret_until:
        end = settings.previous_secret_until.timestamp()
        previous = settings.previous_secret.get_secret_value().encode()
        keys.append(make_shared_key(previous, algorithm, not_after=end))
    return TokenKeys(expected, KeySet(tuple(keys), settings.algorithms))
