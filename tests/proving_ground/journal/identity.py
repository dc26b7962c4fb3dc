"""Who may call the journal: the tokens of its OpenID provider."""

from __future__ import annotations

from tests.proving_ground.tokens import Mint, UnfitKey, make_private_key

MINT = Mint(
    algorithm="RS256",
    key=make_private_key("RS256"),
    issuer="https://accounts.journal.example",
    audience="journal-web",
    subjects={"alice": "auth0|5f2a91", "bob": "auth0|c07e3d"},
    kid="2026-q4",
    unfit=(
        UnfitKey("2026-enc", "RS256", make_private_key("RS256"), "use-ignored", "is for encryption"),
        UnfitKey("2019-q1", "RS256", make_private_key("RS256", 1024), "rsa-1024", "has 1024 bits"),
    ),
)
