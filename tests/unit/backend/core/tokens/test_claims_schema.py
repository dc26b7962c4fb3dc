"""The published schema of the claims agrees with the verifier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from backend.core.errors import AuthenticationError
from tests.support.verification import ISSUER, MINT, verify

SCHEMA = json.loads(
    (Path(__file__).parents[5] / "contracts" / "claims.schema.json").read_text(encoding="utf-8")
)
SUBJECTS: list[Any] = ["", " ", "a\0", "a\nb", "\u0085", "a" * 256, 1, None]
ENDS: list[Any] = ["1", True, None, [1]]
AUDIENCES: list[Any] = [[], {}, None, 1, [1]]
CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"sid": "s1", "scope": "a b", "name": "anything"}, True),
    ({"aud": [ISSUER.audience, "https://other.example"]}, True),
    ({"exp": 1_900_000_000.5}, True),
    *(({name: ...}, False) for name in ("iss", "aud", "iat", "exp", "sub")),
    *(({"sub": subject}, False) for subject in SUBJECTS),
    *(({"exp": end}, False) for end in ENDS),
    *(({"aud": audience}, False) for audience in AUDIENCES),
    ({"iss": 1}, False),
    ({"nbf": "1"}, False),
]


def is_accepted(claims: dict[str, Any]) -> bool:
    try:
        return bool(verify(MINT.with_payload(json.dumps(claims).encode())).subject)
    except AuthenticationError:
        return False


@pytest.mark.requirement("003/FR-004", "003/FR-012")
@pytest.mark.parametrize(("change", "fits"), CHANGES)
def test_published_claims_schema_agrees_with_the_verifier(change: dict[str, Any], *, fits: bool) -> None:
    claims = {name: value for name, value in {**MINT.claims(), **change}.items() if value is not ...}
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(claims) == fits
    assert is_accepted(claims) == fits
