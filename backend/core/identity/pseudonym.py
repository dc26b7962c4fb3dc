"""Keyed pseudonyms: what stands for a user where no name of theirs may stand (GDPR Art. 4(5))."""

from __future__ import annotations

import hmac

LENGTH = 32  # hex digits, 128 bits


def make_pseudonym(key: bytes, issuer: str, subject: str) -> str:
    """Make the pseudonym of a user; the same one each time, and nobody's without the key.

    Args:
        key: The key of this deployment.
        issuer: Who issued the subject.
        subject: The user id.
    """
    return hmac.digest(key, f"{issuer}\0{subject}".encode(), "sha256").hex()[:LENGTH]
