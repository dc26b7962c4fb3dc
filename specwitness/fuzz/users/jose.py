"""Compact JWS (RFC 7515) with any header, any payload and any signature, to test a verifier with."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Mapping

PrivateKey = (
    rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
)
Key = bytes | PrivateKey
_HASHES: dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
_CURVES: dict[str, type[ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}
_COMPACT_PARTS = 3
_RSA_BITS = 2048
_SECRET_BYTES = 40
_HMACS = frozenset({"HS256", "HS384", "HS512"})


class Token(NamedTuple):
    """The three encoded parts of a compact JWS; its signature is not verified."""

    header: str
    payload: str
    signature: str

    def __str__(self) -> str:
        return f"{self.header}.{self.payload}.{self.signature}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The members of the header; empty where it is no JSON object."""
        return _read_object(self.header) or {}

    @property
    def claims(self) -> dict[str, Any]:
        """The members of the payload; empty where it is no JSON object."""
        return _read_object(self.payload) or {}


def encode(raw: bytes) -> str:
    """Write bytes as unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read unpadded base64url.

    Raises:
        ValueError: The text is no base64url.
    """
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def dump(members: Mapping[str, Any]) -> bytes:
    """Write members as JSON; those whose value is `...` are left out."""
    kept = {name: value for name, value in members.items() if value is not ...}
    return json.dumps(kept, separators=(",", ":")).encode()


def split(text: str) -> Token | None:
    """Split a compact JWS; None where the text is none, such as an opaque token."""
    parts = text.split(".")
    if len(parts) != _COMPACT_PARTS or _read_object(parts[0]) is None or _read_object(parts[1]) is None:
        return None
    return Token(*parts)


def sign(header: bytes, payload: bytes, algorithm: str, key: Key) -> Token:
    """Sign any two byte strings as header and payload."""
    first, second = encode(header), encode(payload)
    return Token(first, second, encode(make_signature(f"{first}.{second}".encode(), algorithm, key)))


def make_signature(message: bytes, algorithm: str, key: Key) -> bytes:
    """Sign a message (RFC 7518 §3, RFC 8037 §3.1).

    Raises:
        ValueError: The key does not fit the algorithm.
    """
    if isinstance(key, bytes):
        if not algorithm.startswith("HS"):
            raise ValueError(f"{algorithm} needs a private key")
        return hmac.digest(key, message, f"sha{algorithm[2:]}")
    if isinstance(key, rsa.RSAPrivateKey):
        digest = _HASHES[algorithm[2:]]()
        if algorithm.startswith("PS"):
            return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return key.sign(message, padding.PKCS1v15(), digest)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(_HASHES[algorithm[2:]]())))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return key.sign(message)


# Reading an RSA key checks it, which takes longer than a signature.
@cache
def read_key(algorithm: str, text: str | bytes) -> Key:
    """Read a secret, or a private key in PEM.

    Raises:
        ValueError: The text is no key for the algorithm.
    """
    raw = text.encode() if isinstance(text, str) else text
    if algorithm.startswith("HS"):
        return raw
    return _load(raw)


# Reading an RSA key costs 50 ms, and each token of a run is signed with the same one.
@lru_cache(maxsize=16)
def _load(pem: bytes) -> PrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, PrivateKey):
        raise ValueError(f"{type(key).__name__} signs no tokens")  # noqa: TRY004  # callers know one error
    return key


@cache
def make_key(algorithm: str) -> Key | None:
    """Make a new key for a JWS algorithm; None for an algorithm that this module does not know."""
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm]())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm[:2] in {"RS", "PS"} and algorithm[2:] in _HASHES:
        return rsa.generate_private_key(65537, _RSA_BITS)
    return b"a-key-that-nobody-trusts-" + secrets.token_bytes(_SECRET_BYTES) if algorithm in _HMACS else None


def certify(key: Key) -> bytes | None:
    """Make a self-signed certificate of a key, in DER; None for a secret."""
    if isinstance(key, bytes):
        return None
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
    )
    digest = None if isinstance(key, ed448.Ed448PrivateKey | ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(serialization.Encoding.DER)


def as_pem(certificate: bytes) -> bytes:
    """Write a certificate in PEM."""
    return x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)


def public_pem(key: Key) -> bytes | None:
    """Give the public key in PEM; None for a secret."""
    if isinstance(key, bytes):
        return None
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def public_jwk(key: Key) -> dict[str, str]:
    """Give the public key as a JWK (RFC 7517); of a secret, the secret itself."""
    if isinstance(key, bytes):
        return {"kty": "oct", "k": encode(key)}
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point, size = public.public_numbers(), (public.curve.key_size + 7) // 8
        curve = f"P-{public.curve.key_size}"
        x, y = (encode(coordinate.to_bytes(size, "big")) for coordinate in (point.x, point.y))
        return {"kty": "EC", "crv": curve, "x": x, "y": y}
    curve = "Ed25519" if isinstance(public, ed25519.Ed25519PublicKey) else "Ed448"
    return {"kty": "OKP", "crv": curve, "x": encode(public.public_bytes_raw())}


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def read_subject(token: str | None) -> str | None:
    """Read the `sub` of a token without verifying its signature; None where there is no text in it."""
    parts = (token or "").split(".")
    claims = _read_object(parts[1]) if len(parts) == 3 else None  # noqa: PLR2004  # a JWS
    subject = claims.get("sub") if claims else None
    return subject if isinstance(subject, str) and subject else None


def _read_object(part: str) -> dict[str, Any] | None:
    try:
        value = json.loads(decode(part))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
