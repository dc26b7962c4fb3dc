"""Who may call the reminders service: the tokens of its issuer."""

from __future__ import annotations

from tests.proving_ground.tokens import Mint, make_secret

MINT = Mint(
    algorithm="HS256",
    key=make_secret(),
    issuer="urn:reminders:login",
    audience="urn:reminders:api",
    subjects={"alice": "42", "bob": "43"},
    lifetime=600,
)
