"""Who may call the cinema: the tokens of its issuer."""

from __future__ import annotations

from tests.proving_ground.tokens import Mint, make_secret

MINT = Mint(
    algorithm="HS256",
    key=make_secret(),
    issuer="https://login.cinema.example",
    audience="cinema",
    subjects={"alice": "u-1041", "bob": "u-2072"},
)
