"""Who may call the teams service: the tokens of its issuer, one of them an administrator's."""

from __future__ import annotations

from tests.proving_ground.tokens import Mint, make_secret

MINT = Mint(
    algorithm="HS256",
    key=make_secret(),
    issuer="https://login.teams.example",
    audience="teams",
    subjects={"alice": "1f0a6c", "bob": "9e44b2", "admin": "000001"},
    claims={"admin": {"scope": "teams:admin"}},
)
