"""Valid and invalid key sets, and tokens signed with their keys."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from backend.core.keys.jwk import read_key
from backend.testing.issuer import Issuer
from backend.testing.key_pair import KeyPair, encode, make_key_pair
from tests.support.credentials import SESSION_CACHE_AUDIENCE, SESSION_CACHE_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.testing.key_server import KeyServer

SHARED_SECRET = "a-shared-secret-that-nobody-published-0123456789"
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017 §9.2, note 1


@cache
def pair(algorithm: str, number: int = 0, bits: int = 2048) -> KeyPair:
    """Return a key pair, the same one for the same arguments: making RSA keys is slow."""
    return make_key_pair(algorithm, f"{algorithm}-{number}-{'k' * 20}", rsa_bits=bits)


class KeySetMint:
    """Mints tokens for a deployment whose key set has two keys of one algorithm; a third key is not published.

    Args:
        algorithm: The algorithm of the keys.
        origin: The issuer and the audience.
        subject: The `sub` of the tokens.
        now: The service's time in seconds since the epoch.
    """

    def __init__(self, algorithm: str, origin: str, subject: str, now: float) -> None:
        self.algorithm = algorithm
        self.origin = origin
        self.subject = subject
        self.now = now
        self.first, self.second, self.third = (pair(algorithm, number) for number in range(3))

    def token(self, key: KeyPair | str, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Mint a token signed with this key."""
        issuer = Issuer(key, self.origin, self.origin, lambda: self.now)
        return issuer.token(self.subject, header=header, **claims)

    def with_signature(self, change: Callable[[bytes], bytes]) -> str:
        """Mint a token of the first key with a changed signature."""
        signed = KeyPair(
            self.algorithm,
            self.first.key_id,
            lambda message: change(self.first.sign(message)),
            self.first.public,
        )
        return self.token(signed)


def _public_pem(key: KeyPair) -> str:
    material = read_key(key.public, (key.algorithm,)).material
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return str(material.public_bytes(*form).decode())


def _to_der(signature: bytes) -> bytes:
    half = len(signature) // 2
    return encode_dss_signature(
        int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    )


CREDENTIALS: dict[str, Callable[[KeySetMint], str]] = {
    "a token of a key that was never published": lambda mint: mint.token(mint.third),
    "a token of another key under a published name": lambda mint: mint.token(
        mint.third, {"kid": mint.first.key_id}
    ),
    "a token that names the other published key": lambda mint: mint.token(
        mint.first, {"kid": mint.second.key_id}
    ),
    "a token that names no key while there are two": lambda mint: mint.token(mint.first, {"kid": ...}),
    "a token whose kid is a number": lambda mint: mint.token(mint.first, {"kid": 1}),
    "a token signed with a shared secret": lambda mint: mint.token(SHARED_SECRET),
    "a token signed with the public key as secret": lambda mint: mint.token(
        _public_pem(mint.first), {"kid": mint.first.key_id}
    ),
    "a token that calls its RS256 signature PS256": lambda mint: mint.token(mint.first, {"alg": "PS256"}),
    "a token whose signature is DER": lambda mint: mint.with_signature(_to_der),
    "a token whose signature is zeros": lambda mint: mint.with_signature(lambda old: bytes(len(old))),
    "a session-cache token of the key set": lambda mint: mint.token(mint.first, {"typ": SESSION_CACHE_TYPE}),
    "a session-cache token of the key set, no type": lambda mint: mint.token(
        mint.first, aud=SESSION_CACHE_AUDIENCE
    ),
}


class ShownKey(NamedTuple):
    """An entry of a key set, and the key that signs tokens for it."""

    shown: Any
    signer: KeyPair | str


def _shown(key: KeyPair, **members: Any) -> ShownKey:
    return ShownKey({name: value for name, value in {**key.public, **members}.items() if value}, key)


def _weak_exponent() -> ShownKey:
    """An RSA key with exponent 1: anyone can sign for it, since the signature is the padded digest itself."""
    key = pair("RS256", 7)
    size = (int.from_bytes(_decode(key.public["n"]), "big").bit_length() + 7) // 8

    def forge(message: bytes) -> bytes:
        digest = SHA256_PREFIX + hashlib.sha256(message).digest()
        return b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest

    return ShownKey({**key.public, "e": "AQ"}, KeyPair("RS256", key.key_id, forge, key.public))


def _other_curve() -> ShownKey:
    key = pair("ES384", 7)
    return ShownKey({**key.public, "alg": "ES256"}, KeyPair("ES256", key.key_id, key.sign, key.public))


def _private() -> ShownKey:
    private = ed25519.Ed25519PrivateKey.generate()
    x, d = encode(private.public_key().public_bytes_raw()), encode(private.private_bytes_raw())
    shown = {"alg": "EdDSA", "crv": "Ed25519", "x": x, "d": d, "kty": "OKP", "kid": "private"}
    return ShownKey(shown, KeyPair("EdDSA", "private", private.sign, shown))


def _off_curve() -> ShownKey:
    key = pair("ES256", 7)
    y = bytearray(_decode(key.public["y"]))
    y[-1] ^= 1
    return _shown(key, y=encode(bytes(y)))


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


UNUSABLE: dict[str, Callable[[], ShownKey]] = {
    "an RSA key of 1024 bits": lambda: _shown(pair("RS256", 7, 1024)),
    "an RSA key whose exponent is 1": _weak_exponent,
    "a key for encryption": lambda: _shown(pair("RS256", 7), use="enc"),
    "a key whose operations lack verify": lambda: _shown(pair("RS256", 7), key_ops=["encrypt"]),
    "a key of another algorithm": lambda: _shown(pair("RS256", 7), alg="RS512"),
    "a key on another curve": _other_curve,
    "a point that is not on its curve": _off_curve,
    "a private key": _private,
    "a shared secret": lambda: ShownKey(
        {"kty": "oct", "alg": "HS256", "kid": "shared", "k": encode(SHARED_SECRET.encode())}, SHARED_SECRET
    ),
    "something that is no key": lambda: ShownKey("no key", pair("EdDSA", 7)),
}


def cause_trouble(server: KeyServer, trouble: str) -> None:
    """Make a key server fail in a way that the spec names."""
    manners = {
        "hangs": "hang",
        "trickles": "trickle",
        "fails": "fail",
        "redirects": "redirect",
        "sends 100 MB": "huge",
        "sends 10 MB in gzip": "packed",
        "cuts the connection": "cut",
    }
    twice = [pair("EdDSA", 5).public, {**pair("EdDSA", 6).public, "kid": pair("EdDSA", 5).key_id}]
    documents = {
        "answers with a page": b"<html>signed out</html>",
        "answers with a list": b"[]",
        "answers with no keys": b'{"keys": []}',
        "names two keys alike": json.dumps({"keys": twice}).encode(),
        "shows unusable keys only": json.dumps({"keys": [{"kty": "OKP"}, 1]}).encode(),
    }
    if trouble == "stops":
        server.stop()
    elif trouble in manners:
        server.behavior = manners[trouble]  # type: ignore[assignment]  # one of them
    else:
        server.document = documents[trouble]
