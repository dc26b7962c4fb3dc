"""Strict parsing of JSON Web Keys and key sets: which keys may verify which algorithms (RFC 7517)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from backend.core.errors import TokenInvalidError
from backend.core.keys.algorithms import ALGORITHMS
from backend.core.tokens.jws import ALPHABET, decode_part, parse_strict_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Key = TypeVar("_Key")
MAX_KEYS = 100
MIN_RSA_BITS = 2048  # RFC 7518 §3.3
MAX_RSA_BITS = 8192  # verification with larger keys costs too much CPU time for a request
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
}


class UnusableKeyError(ValueError):
    """A JSON Web Key that may not verify tokens; the message says why and contains no value of the key."""


class KeySetError(ValueError):
    """A document that is no key set, or a key set that is refused as a whole."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of a key set with the algorithms that it may verify.

    Attributes:
        material: A public key object of `cryptography`, or the bytes of a shared secret (`oct`).
        algorithms: The accepted algorithms that the key can verify.
        key_id: The member `kid`; None if absent.
    """

    material: Any
    algorithms: tuple[str, ...]
    key_id: str | None


def read_key_set(document: bytes, algorithms: Sequence[str]) -> tuple[tuple[PublicKey, ...], tuple[str, ...]]:
    """Parse a JSON Web Key Set (RFC 7517 §5, 003/FR-024).

    Args:
        document: The JSON document as it was received.
        algorithms: The accepted algorithms.

    Returns:
        The usable keys, and for every other key the reason why it is not used.

    Raises:
        KeySetError: The document is no key set, two keys have the same `kid`, or no key is usable.
    """
    try:
        keys = parse_strict_object(document).get("keys")
    except ValueError as error:
        raise KeySetError("is no JSON object without duplicate members") from error
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise KeySetError(f"has no member `keys` with a list of at most {MAX_KEYS} keys")
    names = [key["kid"] for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)]
    if len(set(names)) < len(names):
        raise KeySetError("names two keys alike")
    usable, refused = [], []
    for position, key in enumerate(keys):
        try:
            usable.append(read_key(key, algorithms))
        except UnusableKeyError as error:
            refused.append(f"key {position + 1} {error}")
    if not usable:
        raise KeySetError("holds no usable key: " + ("; ".join(refused[:5]) or "it is empty"))
    return tuple(usable), tuple(refused)


def read_key(key: object, algorithms: Sequence[str]) -> PublicKey:
    """Parse one JSON Web Key (003/FR-024, 003/FR-027).

    Args:
        key: The key as parsed JSON.
        algorithms: The accepted algorithms.

    Raises:
        UnusableKeyError: The key may not verify tokens of the accepted algorithms.
    """
    if not isinstance(key, Mapping):
        raise UnusableKeyError("is no JSON object")
    key_id = key.get("kid")
    if "kid" in key and (not isinstance(key_id, str) or not key_id):
        raise UnusableKeyError("has a name that is no text")
    if "use" in key and key["use"] != "sig":
        raise UnusableKeyError("is not meant for signatures (use)")
    operations = key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise UnusableKeyError("is not meant for verifying (key_ops)")
    fitting = tuple(_find_fitting(key, algorithms))
    if not fitting:
        raise UnusableKeyError("is for no algorithm that is accepted here (alg, kty, crv)")
    key_type = ALGORITHMS[fitting[0]].key_type
    if key_type != "oct" and "d" in key:
        raise UnusableKeyError("is a private key, which must not be published in a key set")
    return PublicKey(_READERS[key_type](key), fitting, key_id)


def _find_fitting(key: Mapping[str, Any], algorithms: Sequence[str]) -> Iterator[str]:
    for name in algorithms:
        algorithm = ALGORITHMS[name]
        is_named = "alg" not in key or key["alg"] == name
        has_type = key.get("kty") == algorithm.key_type
        if is_named and has_type and algorithm.curve in {None, _read_text(key, "crv")}:
            yield name


def _read_text(key: Mapping[str, Any], name: str) -> str:
    value = key.get(name)
    return value if isinstance(value, str) else ""


def _read_bytes(key: Mapping[str, Any], name: str) -> bytes:
    text = _read_text(key, name).encode("utf-8", "replace")
    try:
        if text.translate(None, ALPHABET):
            raise UnusableKeyError(f"has characters outside of base64url in {name}")
        return decode_part(text)
    except TokenInvalidError as error:
        raise UnusableKeyError(f"has no valid base64url in {name}") from error


def _read_number(key: Mapping[str, Any], name: str) -> int:
    return int.from_bytes(_read_bytes(key, name), "big")


def _read_rsa(key: Mapping[str, Any]) -> rsa.RSAPublicKey:
    modulus, exponent = _read_number(key, "n"), _read_number(key, "e")
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        raise UnusableKeyError(f"is an RSA key outside {MIN_RSA_BITS} to {MAX_RSA_BITS} bits")
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 64:  # noqa: PLR2004  # NIST SP 800-89 §5.3.3
        raise UnusableKeyError("has an unsafe exponent (e): it must be odd, at least 3, at most 64 bits")
    return _build(rsa.RSAPublicNumbers(exponent, modulus).public_key)


def _read_ec(key: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    curve = _CURVES[key["crv"]]()
    size = (curve.key_size + 7) // 8
    x, y = _read_bytes(key, "x"), _read_bytes(key, "y")
    if len(x) != size or len(y) != size:  # RFC 7518 §6.2.1.2
        raise UnusableKeyError("has coordinates (x, y) whose length is not that of the curve")
    return _build(lambda: ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + x + y))


def _read_okp(key: Mapping[str, Any]) -> ed25519.Ed25519PublicKey:
    x = _read_bytes(key, "x")
    return _build(lambda: ed25519.Ed25519PublicKey.from_public_bytes(x))


def _read_oct(key: Mapping[str, Any]) -> bytes:
    secret = _read_bytes(key, "k")
    if len(secret) < 32:  # noqa: PLR2004  # bytes; RFC 7518 §3.2
        raise UnusableKeyError("is a shared secret of fewer than 32 bytes")
    return secret


def _build(build: Callable[[], _Key]) -> _Key:
    try:
        return build()
    except ValueError as error:
        raise UnusableKeyError("has values that are no valid key of its type") from error


_READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "RSA": _read_rsa,
    "EC": _read_ec,
    "OKP": _read_okp,
    "oct": _read_oct,
}
