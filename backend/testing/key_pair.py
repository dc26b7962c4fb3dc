"""Key pairs of all algorithms of Better Auth, with the JSON Web Keys that it would publish."""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHABET = string.ascii_letters + string.digits
ALGORITHMS = ("EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256")
ID_LENGTH = 32
RSA_BITS = 2048
_CURVES: dict[str, tuple[str, ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "ES256": ("P-256", ec.SECP256R1(), hashes.SHA256()),
    "ES384": ("P-384", ec.SECP384R1(), hashes.SHA384()),
    "ES512": ("P-521", ec.SECP521R1(), hashes.SHA512()),
}


def encode(data: bytes) -> str:
    """Encode bytes in base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def make_id() -> str:
    """Make a random id as Better Auth does: 32 letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair that signs tokens.

    Attributes:
        algorithm: The algorithm.
        key_id: The `kid` in the key set.
        sign: Signs a message; returns the raw signature in the form of RFC 7518 §3.
        public: The public JSON Web Key with the members that Better Auth publishes, without `use`.
    """

    algorithm: str
    key_id: str
    sign: Callable[[bytes], bytes] = field(repr=False)
    public: dict[str, Any]


def make_key_pair(
    algorithm: str = "EdDSA", key_id: str | None = None, *, rsa_bits: int = RSA_BITS
) -> KeyPair:
    """Make a key pair.

    Args:
        algorithm: One of `ALGORITHMS`; EdDSA is the default of Better Auth.
        key_id: The `kid`; by default a random one.
        rsa_bits: The size of the modulus in bits, for RS256 and PS256.

    Raises:
        ValueError: The algorithm is none of Better Auth's.
    """
    name = key_id or make_id()
    if algorithm == "EdDSA":
        sign, members = _make_ed25519()
    elif algorithm in _CURVES:
        sign, members = _make_ec(algorithm)
    elif algorithm in {"RS256", "PS256"}:
        sign, members = _make_rsa(algorithm, rsa_bits)
    else:
        raise ValueError(f"Better Auth has no key pairs for {algorithm}; there are {', '.join(ALGORITHMS)}")
    return KeyPair(algorithm, name, sign, {"alg": algorithm, **members, "kid": name})


_Made = tuple["Callable[[bytes], bytes]", dict[str, Any]]


def _make_ed25519() -> _Made:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.sign, {"crv": "Ed25519", "x": encode(key.public_key().public_bytes_raw()), "kty": "OKP"}


def _make_ec(algorithm: str) -> _Made:
    name, curve, digest = _CURVES[algorithm]
    key = ec.generate_private_key(curve)
    size = (curve.key_size + 7) // 8
    numbers = key.public_key().public_numbers()

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    x, y = (encode(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
    return sign, {"crv": name, "x": x, "y": y, "kty": "EC"}


def _make_rsa(algorithm: str, bits: int) -> _Made:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    digest = hashes.SHA256()
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm == "PS256":
        scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
    numbers = key.public_key().public_numbers()
    n, e = (
        encode(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e)
    )
    return lambda message: key.sign(message, scheme, digest), {"n": n, "e": e, "kty": "RSA"}
