"""JSON Web Keys: which ones are used, with which algorithms, and the reasons for refusing others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.core.keys.jwk import (
    MAX_KEYS,
    MAX_RSA_BITS,
    KeySetError,
    UnusableKeyError,
    read_key,
    read_key_set,
)
from backend.core.security import KeySet, make_keys, make_shared_key
from backend.testing.key_pair import ALGORITHMS, encode
from tests.support.key_sets import UNUSABLE, pair

ED, RSA, EC = pair("EdDSA").public, pair("RS256").public, pair("ES256").public
SHARED = {"kty": "oct", "k": encode(b"k" * 32)}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_key_of_better_auth_is_used(algorithm: str) -> None:
    key = read_key(pair(algorithm).public, (algorithm,))
    assert (key.algorithms, key.key_id) == ((algorithm,), pair(algorithm).key_id)


def test_key_without_alg_verifies_all_accepted_algorithms_of_its_type() -> None:
    bare = {name: value for name, value in RSA.items() if name != "alg"}
    assert read_key(bare, ("RS256", "PS256")).algorithms == ("RS256", "PS256")
    assert [key.algorithm for key in make_keys([read_key(bare, ("RS256", "PS256"))])] == ["RS256", "PS256"]


@pytest.mark.requirement("003/FR-024", "003/FR-027")
@pytest.mark.parametrize(
    ("key", "algorithm", "reason"),
    [
        ("key", "EdDSA", "is no JSON object"),
        (None, "EdDSA", "is no JSON object"),
        ({**ED, "kid": 1}, "EdDSA", "name that is no text"),
        ({**ED, "kid": ""}, "EdDSA", "name that is no text"),
        ({**ED, "kid": None}, "EdDSA", "name that is no text"),
        ({**ED, "use": "enc"}, "EdDSA", "(use)"),
        ({**ED, "use": ["sig"]}, "EdDSA", "(use)"),
        ({**ED, "use": None}, "EdDSA", "(use)"),
        ({**ED, "key_ops": ["sign"]}, "EdDSA", "(key_ops)"),
        ({**ED, "key_ops": "verify"}, "EdDSA", "(key_ops)"),
        ({**ED, "key_ops": []}, "EdDSA", "(key_ops)"),
        ({**ED, "alg": "ES256"}, "EdDSA", "no algorithm"),
        ({**ED, "alg": None}, "EdDSA", "no algorithm"),
        ({**ED, "kty": "EC"}, "EdDSA", "no algorithm"),
        ({**ED, "crv": "Ed448"}, "EdDSA", "no algorithm"),
        ({**ED, "crv": ["Ed25519"]}, "EdDSA", "no algorithm"),
        ({**ED, "d": ED["x"]}, "EdDSA", "private key"),
        ({**RSA, "d": "AQAB"}, "RS256", "private key"),
        ({**ED, "d": None}, "EdDSA", "private key"),
        ({**ED, "x": ED["x"] + "="}, "EdDSA", "characters outside of base64url in x"),
        ({**ED, "x": 1}, "EdDSA", "no valid base64url in x"),
        ({**ED, "x": "ä" * 40}, "EdDSA", "characters outside of base64url in x"),
        ({**ED, "x": "\ud800" * 40}, "EdDSA", "characters outside of base64url in x"),
        ({name: ED[name] for name in ED if name != "x"}, "EdDSA", "no valid base64url in x"),
        ({**ED, "x": encode(bytes(31))}, "EdDSA", "no valid key of its type"),
        ({**RSA, "n": encode(b"\xff" * 255)}, "RS256", "outside 2048 to 8192 bits"),
        ({**RSA, "n": encode(b"\xff" * (MAX_RSA_BITS // 8 + 1))}, "RS256", "outside 2048 to 8192 bits"),
        ({**RSA, "e": "AQ"}, "RS256", "exponent"),
        ({**RSA, "e": "Ag"}, "RS256", "exponent"),
        ({**RSA, "e": "AA"}, "RS256", "exponent"),
        ({**RSA, "e": encode(b"\x01\x00\x00")}, "RS256", "exponent"),
        ({**RSA, "e": encode(b"\xff" * 9)}, "RS256", "exponent"),
        ({**EC, "crv": "P-384"}, "ES256", "no algorithm"),
        (
            {**pair("ES384").public, "alg": "ES256", "crv": "P-256"},
            "ES256",
            "length is not that of the curve",
        ),
        ({**EC, "x": encode(b"\x00" + b"\x01" * 32)}, "ES256", "length is not that of the curve"),
        ({**EC, "y": encode(bytes(31))}, "ES256", "length is not that of the curve"),
        (
            {**EC, "x": encode(bytes(32)), "y": encode(bytes(32))},
            "ES256",
            "no valid key of its type",
        ),
        (SHARED, "EdDSA", "no algorithm"),
        (SHARED, "RS256", "no algorithm"),
        ({**SHARED, "k": encode(b"k" * 31)}, "HS256", "fewer than 32 bytes"),
        ({**SHARED, "k": ""}, "HS256", "no valid base64url in k"),
    ],
)
def test_key_that_is_unfit_for_verification_is_refused(key: Any, algorithm: str, reason: str) -> None:
    with pytest.raises(UnusableKeyError) as caught:
        read_key(key, (algorithm,))
    assert reason in str(caught.value)


def test_all_unusable_keys_of_the_spec_are_refused() -> None:
    for name, make in UNUSABLE.items():
        for algorithm in ("EdDSA", "ES256", "RS256"):
            if name in {"a private key", "something that is no key", "a shared secret"} or (
                isinstance(made := make().shown, dict) and made["kty"] == {"EdDSA": "OKP"}.get(algorithm)
            ):
                with pytest.raises(UnusableKeyError):
                    read_key(make().shown, (algorithm,))


def document(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


@pytest.mark.requirement("003/FR-024")
def test_unusable_key_does_not_affect_other_keys() -> None:
    try:
        usable, refused = read_key_set(document(1, ED, {**RSA, "kid": "rsa"}), ("EdDSA",))
    except ValueError as error:
        pytest.fail(f"the whole set is refused: {error}")
    assert [key.key_id for key in usable] == [ED["kid"]]
    assert [reason[:5] for reason in refused] == ["key 1", "key 3"]


@pytest.mark.requirement("003/FR-024")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no JSON object"),
        (b"{", "no JSON object"),
        (b"[]", "no JSON object"),
        (b"\xff", "no JSON object"),
        (b'{"keys": [], "keys": []}', "no JSON object"),
        (b'{"keys": ' + b"[" * 5000, "no JSON object"),
        (b"{}", "no member `keys`"),
        (b'{"keys": {}}', "no member `keys`"),
        (document(*([ED] * (MAX_KEYS + 1))), "no member `keys`"),
        (document(), "holds no usable key"),
        (document(SHARED), "holds no usable key"),
        (document(ED, {**pair("EdDSA", 1).public, "kid": ED["kid"]}), "names two keys alike"),
        # The name of a key that is not usable is taken as well: which one is meant, nobody knows.
        (document(ED, {"kty": "oct", "kid": ED["kid"]}), "names two keys alike"),
        (document(ED, {**pair("EdDSA", 1).public, "kid": ED["kid"], "use": "enc"}), "names two keys alike"),
    ],
)
def test_invalid_key_set_is_refused_as_a_whole(text: bytes, reason: str) -> None:
    with pytest.raises(KeySetError) as caught:
        read_key_set(text, ("EdDSA",))
    assert reason in str(caught.value)


@pytest.mark.requirement("003/FR-023")
@pytest.mark.parametrize(
    "algorithms",
    [
        "HS256",
        (),
        None,
        ["HS256"],
        ("none",),
        ("HS256", "RS256"),
        ("EdDSA", "ES256"),
        (1,),
        ("EdDSA", "EdDSA"),
    ],
)
def test_algorithms_that_are_no_tuple_of_one_family_are_refused(algorithms: Any) -> None:
    with pytest.raises(ValueError, match=r"algorithm|famil"):
        KeySet((), algorithms)


@pytest.mark.requirement("003/FR-023")
def test_key_for_an_algorithm_that_is_not_accepted_is_refused() -> None:
    with pytest.raises(ValueError, match="not accepted"):
        KeySet((make_shared_key(b"k" * 32),), ("RS256",))
