"""The choice of a key by algorithm and key id."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jose.exceptions import JWKError

from backend.core.errors import TokenInvalidError, UnknownKeyError
from backend.core.keys.jwk import PublicKey, read_key
from backend.core.keys.key_set import KeySet, VerificationKey
from backend.core.security import make_keys, make_shared_key, verify_jws
from backend.testing.issuer import Issuer
from backend.testing.key_pair import KeyPair, encode
from tests.support.key_sets import pair

NOW = 1_800_000_000.0
URL = "https://auth.example.org"
SMALL, LARGE = pair("ES256"), pair("ES512")
RSA = pair("RS256")


def named(*pairs: KeyPair, algorithms: tuple[str, ...]) -> KeySet:
    return KeySet(make_keys([read_key(pair.public, algorithms) for pair in pairs]), algorithms)


def verified_by(key_set: KeySet, key: KeyPair | str, **header: object) -> VerificationKey:
    token = Issuer(key, URL, URL, lambda: NOW).token("alice", header=header)
    return verify_jws(token, key_set, NOW).key


@pytest.mark.requirement("003/FR-024")
def test_key_is_chosen_by_its_key_id() -> None:
    key_set = named(SMALL, pair("ES256", 1), algorithms=("ES256",))
    assert verified_by(key_set, pair("ES256", 1)).key_id == pair("ES256", 1).key_id
    with pytest.raises(TokenInvalidError) as caught:
        verified_by(key_set, SMALL, kid=pair("ES256", 1).key_id)
    assert caught.value.cause == "signature"


@pytest.mark.requirement("003/FR-024")
def test_key_id_does_not_choose_a_key_of_another_algorithm() -> None:
    key_set = named(SMALL, LARGE, algorithms=("ES256", "ES512"))
    assert verified_by(key_set, LARGE).algorithm == "ES512"
    with pytest.raises(UnknownKeyError):
        verified_by(key_set, SMALL, alg="ES512")
    rsa = named(RSA, algorithms=("RS256", "PS256"))
    with pytest.raises(UnknownKeyError):
        verified_by(rsa, RSA, alg="PS256")


@pytest.mark.requirement("003/FR-024")
def test_token_without_a_key_id_is_verified_with_the_only_key() -> None:
    one = named(SMALL, algorithms=("ES256",))
    assert verified_by(one, SMALL, kid=...).key_id == SMALL.key_id
    two = named(SMALL, pair("ES256", 1), algorithms=("ES256",))
    with pytest.raises(UnknownKeyError):
        verified_by(two, SMALL, kid=...)


@pytest.mark.requirement("003/FR-024")
def test_key_without_a_key_id_does_not_match_a_key_id() -> None:
    bare = {name: value for name, value in SMALL.public.items() if name != "kid"}
    key_set = KeySet(make_keys([read_key(bare, ("ES256",))]), ("ES256",))
    assert verified_by(key_set, SMALL, kid=...).key_id is None
    with pytest.raises(UnknownKeyError):
        verified_by(key_set, SMALL)


@pytest.mark.requirement("003/FR-024")
def test_shared_secret_without_a_key_id_matches_every_key_id() -> None:
    secret = "k" * 32
    unnamed = KeySet((make_shared_key(secret.encode()),))
    assert verified_by(unnamed, secret, kid="anything").key_id is None
    key_set = KeySet((make_shared_key(secret.encode(), key_id="first"),))
    assert verified_by(key_set, secret, kid="first").key_id == "first"
    assert verified_by(key_set, secret).key_id == "first"
    with pytest.raises(UnknownKeyError):
        verified_by(key_set, secret, kid="second")


@pytest.mark.requirement("003/FR-002", "003/FR-008")
def test_headers_are_cached_after_a_valid_signature_up_to_a_limit() -> None:
    secret = "k" * 32
    key_set = KeySet((make_shared_key(secret.encode()),))
    for number in range(100):
        header, payload, _ = Issuer(secret, URL, URL).token(header={"n": number}).split(".")
        with pytest.raises(TokenInvalidError):
            verify_jws(f"{header}.{payload}.{encode(bytes(32))}", key_set, NOW)
    assert key_set.headers == {}
    for number in range(100):
        verify_jws(Issuer(secret, URL, URL).token(header={"n": number}), key_set, NOW)
    assert len(key_set.headers) == 64


@pytest.mark.requirement("003/FR-002")
def test_returned_header_is_read_only() -> None:
    secret = "k" * 32
    jws = verify_jws(Issuer(secret, URL, URL).token(), KeySet((make_shared_key(secret.encode()),)), NOW)
    with pytest.raises(TypeError):
        jws.header["alg"] = "none"  # type: ignore[index]  # that it is not allowed is what is tried


@pytest.mark.requirement("003/FR-002")
def test_shortened_signature_with_a_longer_message_is_refused() -> None:
    (key,) = make_keys([read_key(pair("EdDSA").public, ("EdDSA",))])
    message = b"a message"
    signature = pair("EdDSA").sign(message)
    assert key.key.verify(message, signature)
    assert not key.key.verify(message[1:], signature + message[:1])
    assert not key.key.verify(signature[-1:] + message, signature[:-1])
    assert not key.key.verify(message, b"")


@pytest.mark.requirement("003/FR-002")
@pytest.mark.parametrize(
    ("length", "is_accepted"), [(32, True), (0, False), (20, False), (31, False), (64, False)]
)
def test_pss_salt_must_be_as_long_as_the_hash(length: int, *, is_accepted: bool) -> None:
    private = rsa.generate_private_key(65537, 2048)
    (key,) = make_keys([PublicKey(private.public_key(), ("PS256",), None)])
    digest = hashes.SHA256()
    signature = private.sign(b"a message", padding.PSS(padding.MGF1(digest), length), digest)
    assert key.key.verify(b"a message", signature) == is_accepted


@pytest.mark.parametrize(("algorithm", "other"), [("EdDSA", "RS256"), ("PS256", "EdDSA")])
def test_key_of_another_type_than_its_algorithm_is_refused(algorithm: str, other: str) -> None:
    material = read_key(pair(other).public, (other,)).material
    with pytest.raises(JWKError, match=algorithm):
        make_keys([PublicKey(material, (algorithm,), None)])
