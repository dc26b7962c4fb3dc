"""Who may call the files service: by the issuer's token, by a key, or by a session."""

from __future__ import annotations

from tests.proving_ground.tokens import Mint, make_secret

MINT = Mint(
    algorithm="HS512",
    key=make_secret(),
    issuer="files-login",
    audience="files-api",
    subjects={"alice": "alice-2b7c", "bob": "bob-e01d"},
)
# By scheme and identity.
KEYS = {scheme: {who: make_secret() for who in MINT.subjects} for scheme in ("key", "session")}
