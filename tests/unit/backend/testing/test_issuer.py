"""The test issuer: python-jose verifies its tokens."""

from __future__ import annotations

import base64
import json

from jose import jwt

from backend.testing.issuer import Issuer, make_secret, make_subject

ISSUER = Issuer(make_secret(), "https://auth.example.org", "https://api.example.org", lambda: 1_800_000_000)


def test_python_jose_verifies_the_token() -> None:
    claims = jwt.decode(
        ISSUER.token("alice"),
        ISSUER.secret,
        algorithms=["HS256"],
        audience=ISSUER.audience,
        issuer=ISSUER.issuer,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert {name: claims[name] for name in ("iat", "exp", "sub")} == {
        "iat": 1_800_000_000,
        "exp": 1_800_000_900,
        "sub": "alice",
    }
    assert set(claims) == {"sid", "iat", "exp", "iss", "aud", "sub"}


def test_subject_has_the_form_of_better_auth_ids() -> None:
    claims = ISSUER.claims()
    assert len(claims["sub"]) == 32
    assert claims["sub"].isalnum()
    assert make_subject("alice") == make_subject("alice") != make_subject("bob")


def test_claims_and_header_parameters_can_be_replaced_and_removed() -> None:
    header, payload, _ = ISSUER.token("alice", header={"typ": ..., "kid": "k"}, sub=..., sid="s").split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "kid": "k"}
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert "sub" not in claims
    assert claims["sid"] == "s"


def test_representations_of_the_issuer_contain_no_secret() -> None:
    assert ISSUER.secret not in repr(ISSUER)
