"""Where the keys come from that tokens are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.core.claims import Expectation
from backend.core.security import KeySet, make_key

if TYPE_CHECKING:
    from backend.core.config import Settings


def build_key_set(settings: Settings) -> KeySet:
    """Build the key set of the shared secret and, while it is rotated, of its predecessor (003/FR-014)."""
    keys = [make_key(settings.secret.get_secret_value().encode())]
    if settings.previous_secret and settings.previous_secret_until:
        end = settings.previous_secret_until.timestamp()
        keys.append(make_key(settings.previous_secret.get_secret_value().encode(), end))
    expected = Expectation(settings.issuer, settings.audience, settings.leeway_seconds)
    return KeySet(expected, tuple(keys))
