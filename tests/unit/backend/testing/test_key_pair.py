"""The test key pairs: another library verifies their signatures."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import jwt
import pytest

from backend.testing.issuer import Issuer
from backend.testing.key_pair import ALGORITHMS, make_key_pair
from backend.testing.key_server import KeyServer

URL = "https://auth.example.org"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_pyjwt_verifies_what_a_key_pair_signs(algorithm: str) -> None:
    pair = make_key_pair(algorithm)
    token = Issuer(pair, URL, URL).token("alice")
    claims: dict[str, Any] = jwt.decode(token, jwt.PyJWK(pair.public), [algorithm], audience=URL, issuer=URL)
    assert claims["sub"] == "alice"
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": pair.key_id}


def test_published_key_has_no_private_member() -> None:
    for algorithm in ALGORITHMS:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(make_key_pair(algorithm).public)


def test_key_pair_of_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ValueError, match="Better Auth has no key pairs for HS256"):
        make_key_pair("HS256")


def test_issuer_with_a_key_pair_has_no_secret() -> None:
    with pytest.raises(TypeError, match="key pair"):
        _ = Issuer(make_key_pair(), URL, URL).secret


def test_key_server_serves_the_published_keys() -> None:
    first, second = make_key_pair(), make_key_pair("ES256")
    with KeyServer(first) as server:
        seen = []
        for pairs in ((first,), (first, second), ()):
            server.publish(*pairs)
            with urllib.request.urlopen(server.url, timeout=5) as response:  # noqa: S310  # our own, on loopback
                seen.append([key["kid"] for key in json.load(response)["keys"]])
        assert seen == [[first.key_id], [first.key_id, second.key_id], []]
        assert server.fetches == 3
