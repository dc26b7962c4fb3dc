"""JWT verification with python-jose, which no other module imports: keys, signatures, whole tokens."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from jose import jwk
from jose.backends.base import Key
from jose.exceptions import JWKError
from nacl.bindings import crypto_sign_BYTES, crypto_sign_open
from nacl.exceptions import BadSignatureError

from backend.core.errors import TokenInvalidError
from backend.core.keys.algorithms import is_symmetric
from backend.core.keys.key_set import KeySet, ReadHeader, TokenKeys, VerificationKey
from backend.core.tokens.claims import Principal, check_claims
from backend.core.tokens.jws import decode_part, parse_object, split_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backend.core.keys.jwk import PublicKey

__all__ = [
    "KeySet",
    "Principal",
    "TokenKeys",
    "Verification",
    "VerificationKey",
    "VerifiedJws",
    "check_token",
    "make_keys",
    "make_shared_key",
    "verify_jws",
    "verify_token",
]

ASYMMETRIC_HINT = (
    "this API is configured for the shared secret; Better Auth ignores its algorithm option: "
    "see docs/better-auth.md"
)
SHARED_HINT = (
    "this API is configured for Better Auth's key set, and the token is signed with a shared secret: "
    "see docs/better-auth.md"
)
_REFUSED_PARAMETERS = frozenset({"crit", "b64", "zip", "cty"})
_TYPES = frozenset({"jwt", "at+jwt"})
_ASYMMETRIC = frozenset({"EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256"})
_HEADERS_REMEMBERED = 64


class VerifiedJws(NamedTuple):
    """A JWS with a valid signature.

    Attributes:
        header: The protected header.
        payload: The decoded payload; its content is not checked.
        key: The key that verified the signature.
    """

    header: Mapping[str, Any]
    payload: bytes
    key: VerificationKey


class Verification(NamedTuple):
    """The caller of a verified token, and the time in which the verification gives the same result.

    Attributes:
        principal: The caller.
        valid_from: The first moment at which the token is accepted, in seconds since the epoch.
        valid_until: The first moment after that at which it is refused, in seconds since the epoch.
    """

    principal: Principal
    valid_from: float
    valid_until: float


def verify_token(token: str, keys: TokenKeys, now: float) -> Principal:
    """Verify a token and return its caller (003/FR-002, 003/FR-008).

    Args:
        token: The token, without the scheme `Bearer`.
        keys: The accepted keys and the required claims.
        now: Seconds since the epoch.

    Raises:
        TokenExpiredError: The token is valid but for its end or its age.
        UnknownKeyError: The token names a key that is not in the key set.
        TokenInvalidError: The token is invalid for another reason. No other error is raised.
    """
    return check_token(token, keys, now).principal


def check_token(token: str, keys: TokenKeys, now: float) -> Verification:
    """Verify a token as `verify_token` does, and return the time in which the result is valid too."""
    jws = verify_jws(token, keys.key_set, now)
    principal, window = check_claims(parse_object(jws.payload, "payload"), keys.expected, now)
    end, key_end = window.valid_until, jws.key.not_after
    return Verification(principal, window.valid_from, end if key_end is None else min(end, key_end))


def verify_jws(token: str, key_set: KeySet, now: float) -> VerifiedJws:
    """Verify the signature of a compact JWS, without a look at its payload (RFC 7515 §5.2).

    Args:
        token: The compact serialization.
        key_set: The accepted keys and algorithms.
        now: Seconds since the epoch, for keys with an end.

    Raises:
        UnknownKeyError: The header names a key that is not in the key set.
        TokenInvalidError: The form, the header or the signature is invalid.
    """
    message, encoded_header, encoded_payload, encoded_signature = split_token(token)
    header = key_set.headers.get(encoded_header) or _read_header(encoded_header, key_set)
    payload, signature = decode_part(encoded_payload), decode_part(encoded_signature)
    for key in header.keys:
        if (key.not_after is None or now < key.not_after) and key.key.verify(message, signature):
            if len(key_set.headers) < _HEADERS_REMEMBERED:
                key_set.headers[encoded_header] = header
            return VerifiedJws(header.members, payload, key)
    raise TokenInvalidError("signature")


def _read_header(encoded: bytes, key_set: KeySet) -> ReadHeader:
    members = parse_object(decode_part(encoded), "header")
    algorithm = members.get("alg")
    # The accepted algorithms are a tuple: a substring, or a value of another type, is not in it.
    if algorithm not in key_set.algorithms:
        raise TokenInvalidError("algorithm", _hint_at(algorithm, key_set))
    if not _REFUSED_PARAMETERS.isdisjoint(members):
        raise TokenInvalidError("header")
    if "typ" in members:
        token_type = members["typ"]
        if not isinstance(token_type, str) or token_type.lower() not in _TYPES:
            raise TokenInvalidError("type")
    key_id = members.get("kid")
    if "kid" in members and not isinstance(key_id, str):
        raise TokenInvalidError("header")
    # Read-only, because the cache gives the same mapping for other tokens.
    return ReadHeader(MappingProxyType(members), key_set.choose_keys(algorithm, key_id))


def _hint_at(algorithm: object, key_set: KeySet) -> str | None:
    """Return a hint for the log at a probable mistake in the configuration."""
    if not isinstance(algorithm, str):
        return None
    if is_symmetric(key_set.algorithms):
        return ASYMMETRIC_HINT if algorithm in _ASYMMETRIC else None
    return SHARED_HINT if algorithm == "HS256" else None


def make_shared_key(
    secret: bytes, algorithm: str = "HS256", *, key_id: str | None = None, not_after: float | None = None
) -> VerificationKey:
    """Build the verification key of a shared secret; `backend.core.config` checks its strength (003/FR-013).

    Args:
        secret: The bytes of the secret.
        algorithm: HS256, HS384 or HS512.
        key_id: The `kid` that a token must have if it has one; None fits every `kid`.
        not_after: The time from which its tokens are refused, in seconds since the epoch; None for no end.
    """
    return VerificationKey(jwk.construct(secret, algorithm), algorithm, key_id, not_after)


def make_keys(keys: Iterable[PublicKey]) -> tuple[VerificationKey, ...]:
    """Build the verification keys of a key set; a key without `alg` gives one for every fitting algorithm."""
    return tuple(
        VerificationKey(jwk.construct(key.material, algorithm), algorithm, key.key_id)
        for key in keys
        for algorithm in key.algorithms
    )


class _Ed25519Key(Key):
    """Ed25519, which python-jose lacks (RFC 8037 §3.1); libsodium verifies in half the time of OpenSSL."""

    def __init__(self, key: object, algorithm: str) -> None:
        if not isinstance(key, ed25519.Ed25519PublicKey):
            raise JWKError(f"the key is no Ed25519 public key, which {algorithm} needs")
        self._key = key.public_bytes_raw()

    def verify(self, msg: bytes, sig: bytes) -> bool:
        if len(sig) != crypto_sign_BYTES:
            return False
        try:
            crypto_sign_open(sig + msg, self._key)
        except BadSignatureError:
            return False
        return True


class _RsaPssKey(Key):
    """RSASSA-PSS, which python-jose lacks (RFC 7518 §3.5)."""

    def __init__(self, key: object, algorithm: str) -> None:
        if not isinstance(key, rsa.RSAPublicKey):
            raise JWKError(f"the key is no RSA public key, which {algorithm} needs")
        self._verify = key.verify
        self._length = (key.key_size + 7) // 8
        self._hash = {"PS256": hashes.SHA256(), "PS384": hashes.SHA384(), "PS512": hashes.SHA512()}[algorithm]
        # The salt must be as long as the hash (RFC 7518 §3.5).
        self._padding = padding.PSS(padding.MGF1(self._hash), self._hash.digest_size)

    def verify(self, msg: bytes, sig: bytes) -> bool:
        # OpenSSL accepts a signature without its leading zero bytes (RFC 8017 §8.1.2, step 1 does not).
        if len(sig) != self._length:
            return False
        try:
            self._verify(sig, msg, self._padding, self._hash)
        except InvalidSignature:
            return False
        return True


for _algorithm, _class in (
    ("EdDSA", _Ed25519Key),
    ("PS256", _RsaPssKey),
    ("PS384", _RsaPssKey),
    ("PS512", _RsaPssKey),
):
    jwk.register_key(_algorithm, _class)
