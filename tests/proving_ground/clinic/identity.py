"""Who may call the clinic: the tokens of its issuer, one of them an administrator's."""

from __future__ import annotations

from tests.proving_ground.tokens import Mint, make_secret

MINT = Mint(
    algorithm="HS256",
    key=make_secret(),
    issuer="https://login.clinic.example",
    audience="clinic",
    subjects={"alice": "u-1041", "bob": "u-2072", "admin": "u-0001"},
    claims={"admin": {"scope": "clinic:staff"}},
)
