"""Keyed pseudonyms, in place of user ids in the log and in the audit (GDPR Art. 4(5))."""

from __future__ import annotations

import hmac

LENGTH = 32  # hex digits, 128 bits


def make_pseudonym(key: bytes, issuer: str, subject: str) -> str:
    """Make the pseudonym of a user: HMAC-SHA-256 of issuer and subject, so only the key leads to the user.

    Args:
        key: The setting `PSEUDONYM_KEY` as bytes.
        issuer: The `iss` of the user's tokens.
        subject: The user id.

    Returns:
        32 hex digits, always the same ones for the same arguments.
    """
    return hmac.digest(key, f"{issuer}\0{subject}".encode(), "sha256").hex()[:LENGTH]
