"""Who may call the orders service: the tokens of its issuer."""

from __future__ import annotations

from tests.proving_ground.tokens import Mint, UnfitKey, make_private_key

MINT = Mint(
    algorithm="ES256",
    key=make_private_key("ES256"),
    issuer="https://login.orders.example",
    audience="https://api.orders.example",
    subjects={"alice": "usr_8Kq2vN4xWc", "bob": "usr_3Rt7mJ9zLd"},
    kid="orders-2026-11",
    unfit=(
        UnfitKey("orders-p384", "ES256", make_private_key("ES384"), "curve-ignored", "is of another curve"),
    ),
)
