"""Who may call the ledger: the tokens of its issuer."""

from __future__ import annotations

from tests.proving_ground.tokens import Mint, make_private_key

MINT = Mint(
    algorithm="EdDSA",
    key=make_private_key("EdDSA"),
    issuer="https://id.ledger.example",
    audience="https://ledger.example",
    subjects={"alice": "d3c0f2aa", "bob": "77b1e590"},
    kid="k1",
    lifetime=900,
    maximum_age=86_400,
)
