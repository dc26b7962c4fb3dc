"""Makes tokens, as an issuer does and as an attacker does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

if TYPE_CHECKING:
    from collections.abc import Mapping

Algorithm = Literal["HS256", "HS384", "HS512", "ES256", "RS256", "RS512", "EdDSA"]
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
ES256_NUMBER_BYTES = 32
RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class UnfitKey:
    """A key of a service's key set that may sign no token of its users.

    Attributes:
        kid: Its name in the set.
        algorithm: What a token names that is signed with it all the same.
        key: The private key as PEM.
        switch: The fault that takes it.
        why: Why it may not, as a sentence takes it: `by a key that …`.
    """

    kid: str
    algorithm: Algorithm
    key: str
    switch: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mint:
    """How the issuer of a service makes tokens.

    Attributes:
        algorithm: The one algorithm.
        key: The shared secret, or the private key as PEM.
        issuer: The claim `iss`.
        audience: The claim `aud`.
        subjects: The claim `sub` of each identity, by its name.
        claims: Further claims of an identity, by its name.
        kid: The header's `kid`; without one, tokens carry none.
        lifetime: Seconds from `iat` to `exp`.
        maximum_age: Seconds since `iat` after which a token is refused whatever its `exp`.
        unfit: The keys of the set that may sign no token.
    """

    algorithm: Algorithm
    key: str
    issuer: str
    audience: str
    subjects: Mapping[str, str]
    claims: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kid: str | None = None
    lifetime: int = 3600
    maximum_age: int | None = None
    unfit: tuple[UnfitKey, ...] = ()

    def header(self) -> dict[str, Any]:
        """Make the header of a token."""
        kid = {} if self.kid is None else {"kid": self.kid}
        return {"alg": self.algorithm, "typ": "JWT", **kid}

    def payload(self, name: str, now: float) -> dict[str, Any]:
        """Make the claims of an identity."""
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": self.subjects[name],
            "iat": int(now),
            "exp": int(now) + self.lifetime,
            **self.claims.get(name, {}),
        }

    def token(self, name: str, now: float) -> str:
        """Make the token of an identity."""
        return self.sign(encode_json(self.header()), encode_json(self.payload(name, now)))

    def sign(self, header: str, payload: str) -> str:
        """Make a token of two encoded segments, whatever they hold."""
        signature = make_signature(self.algorithm, self.key, f"{header}.{payload}".encode())
        return f"{header}.{payload}.{encode(signature)}"

    def public_key(self) -> str:
        """Give the public key as PEM."""
        pem = load_private_key(self.key).public_key()
        subject_info = serialization.PublicFormat.SubjectPublicKeyInfo
        return pem.public_bytes(serialization.Encoding.PEM, subject_info).decode()


def encode(data: bytes) -> str:
    """Encode as unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(value: object) -> str:
    """Encode a JSON value as a segment of a token."""
    return encode(json.dumps(value, separators=(",", ":")).encode())


def make_secret() -> str:
    """Make a shared secret."""
    return secrets.token_urlsafe(48)


def make_private_key(algorithm: Literal["ES256", "ES384", "RS256", "EdDSA"], bits: int = RSA_BITS) -> str:
    """Make a private key, as PEM; `bits` are those of RSA."""
    key: PrivateKey
    if algorithm == "RS256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    elif algorithm == "EdDSA":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = ec.generate_private_key(ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


@cache
def load_private_key(pem: str) -> PrivateKey:
    """Load a private key that `make_private_key` made."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, PrivateKey):
        raise TypeError(f"{type(key).__name__} signs no token here")
    return key


def make_signature(algorithm: Algorithm, key: str, signed: bytes) -> bytes:
    """Sign the first two segments with a secret or a private key."""
    if algorithm in DIGESTS:
        return hmac.digest(key.encode(), signed, DIGESTS[algorithm])
    private = load_private_key(key)
    if isinstance(private, rsa.RSAPrivateKey):
        digest = hashes.SHA512() if algorithm == "RS512" else hashes.SHA256()
        return private.sign(signed, padding.PKCS1v15(), digest)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(signed)
    numbers = decode_dss_signature(private.sign(signed, ec.ECDSA(hashes.SHA256())))
    size = (private.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(size, "big") for number in numbers)
