"""Verifies tokens without HTTP: one issuer, one moment, and the cause of a rejection."""

from __future__ import annotations

import pytest

from backend.core.errors import AuthenticationError, TokenExpiredError, TokenInvalidError
from backend.core.security import KeySet, Principal, TokenKeys, make_shared_key, verify_token
from backend.core.tokens.claims import Expectation
from backend.testing.issuer import Issuer, make_secret, make_subject
from tests.support.credentials import Mint

NOW = 1_800_000_000.0
SECRET = make_secret()
URL = "https://auth.example.org"
ISSUER = Issuer(SECRET, URL, URL, lambda: NOW)
SUBJECT = make_subject("alice")
MINT = Mint(ISSUER, SUBJECT, NOW)


def keys(*secrets: tuple[str, float | None], leeway: int = 10) -> TokenKeys:
    chosen = secrets or ((SECRET, None),)
    return TokenKeys(
        Expectation(URL, URL, leeway),
        KeySet(tuple(make_shared_key(secret.encode(), not_after=end) for secret, end in chosen)),
    )


def verify(token: str | bytes, now: float = NOW, leeway: int = 10) -> Principal:
    # Servers decode the bytes of a header as Latin-1.
    text = token.decode("latin-1") if isinstance(token, bytes) else token
    return verify_token(text, keys(leeway=leeway), now)


def cause_of(token: str | bytes, now: float = NOW) -> str:
    """Return the cause of the rejection; fail if the token is accepted or another exception is raised."""
    try:
        verify(token, now)
    except AuthenticationError as error:
        assert isinstance(error, TokenInvalidError | TokenExpiredError)
        return error.cause
    except Exception as error:  # noqa: BLE001  # the test checks that there is none
        pytest.fail(f"the verifier raised {type(error).__name__}")
    pytest.fail("the token was accepted")
