"""The key source of the settings."""

from __future__ import annotations

import pytest

from backend.core.errors import TokenInvalidError
from backend.core.key_sources.source import build_key_source
from backend.core.security import verify_token
from backend.testing.issuer import Issuer, make_secret
from tests.support.service import NOON, UNREACHABLE_DATABASE, make_settings

URL = "https://auth.example.org"
PREVIOUS = make_secret()
CURRENT = make_secret()


@pytest.mark.requirement("003/FR-014")
@pytest.mark.parametrize(
    ("secret", "seconds", "is_accepted"),
    [("previous", -1, True), ("previous", 0, False), ("current", -1, True), ("current", 0, True)],
)
def test_previous_secret_is_accepted_until_the_configured_end(
    secret: str, seconds: int, *, is_accepted: bool
) -> None:
    rotation = {
        "BETTER_AUTH_URL": URL,
        "BETTER_AUTH_SECRET_PREVIOUS": PREVIOUS,
        "BETTER_AUTH_SECRET_PREVIOUS_UNTIL": "2027-01-15T09:00:00+01:00",  # NOON, in another zone
    }
    keys = build_key_source(make_settings(CURRENT, UNREACHABLE_DATABASE, **rotation)).current()
    assert keys is not None
    now = NOON + seconds
    token = Issuer({"previous": PREVIOUS, "current": CURRENT}[secret], URL, URL).token("alice", now=now)
    if is_accepted:
        assert verify_token(token, keys, now).subject == "alice"
    else:
        with pytest.raises(TokenInvalidError):
            verify_token(token, keys, now)
