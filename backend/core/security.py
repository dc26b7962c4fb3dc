"""Token verification on python-jose, which nothing else imports: keys, signatures, and whole tokens."""

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
    """A JWS whose signature holds.

    Attributes:
        header: The protected header.
        payload: The bytes that were signed, whatever they are.
        key: The key that verified it.
    """

    header: Mapping[str, Any]
    payload: bytes
    key: VerificationKey


class Verification(NamedTuple):
    """What a verified token says, and how long that holds.

    Attributes:
        principal: Whom the token speaks for.
        valid_from: The earliest moment at which it would be verified, in seconds since the epoch.
        valid_until: The first moment at which it would not.
    """

    principal: Principal
    valid_from: float
    valid_until: float


def verify_token(token: str, keys: TokenKeys, now: float) -> Principal:
    """Verify a token and tell whom it speaks for (003/FR-002, 003/FR-008).

    Args:
        token: What stood behind `Bearer` in the Authorization header.
        keys: What the token is held against.
        now: Seconds since the epoch.

    Raises:
        TokenExpiredError: All is right but the time.
        UnknownKeyError: It names a key that is not in the key set.
        TokenInvalidError: Something else is wrong; nothing else is ever raised.
    """
    return check_token(token, keys, now).principal


def check_token(token: str, keys: TokenKeys, now: float) -> Verification:
    """Verify a token as `verify_token` does, and tell how long the answer holds as well."""
    jws = verify_jws(token, keys.key_set, now)
    principal, window = check_claims(parse_object(jws.payload, "payload"), keys.expected, now)
    end, key_end = window.valid_until, jws.key.not_after
    return Verification(principal, window.valid_from, end if key_end is None else min(end, key_end))


def verify_jws(token: str, key_set: KeySet, now: float) -> VerifiedJws:
    """Verify a compact JWS, whatever its payload is (RFC 7515 §5.2).

    Args:
        token: The compact serialization.
        key_set: The keys and algorithms that are accepted.
        now: Seconds since the epoch; keys may have an end.

    Raises:
        UnknownKeyError: It names a key that is not in the key set.
        TokenInvalidError: Anything else is wrong.
    """
    message, encoded_header, encoded_payload, encoded_signature = split_token(token)
    header = key_set.headers.get(encoded_header) or _read_header(encoded_header, key_set)
    payload, signature = decode_part(encoded_payload), decode_part(encoded_signature)
    for each in header.keys:
        if (each.not_after is None or now < each.not_after) and each.key.verify(message, signature):
            if len(key_set.headers) < _HEADERS_REMEMBERED:
                key_set.headers[encoded_header] = header
            return VerifiedJws(header.members, payload, each)
    raise TokenInvalidError("signature")


def _read_header(encoded: bytes, key_set: KeySet) -> ReadHeader:
    members = parse_object(decode_part(encoded), "header")
    algorithm = members.get("alg")
    # In a tuple, so that nothing is looked for in a text; whatever else it is, it is none of them.
    if algorithm not in key_set.algorithms:
        raise TokenInvalidError("algorithm", _hint_at(algorithm, key_set))
    if not _REFUSED_PARAMETERS.isdisjoint(members):
        raise TokenInvalidError("header")
    if "typ" in members:
        kind = members["typ"]
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise TokenInvalidError("type")
    key_id = members.get("kid")
    if "kid" in members and not isinstance(key_id, str):
        raise TokenInvalidError("header")
    # Read-only: it is handed out again for each token that has it.
    return ReadHeader(MappingProxyType(members), key_set.choose_keys(algorithm, key_id))


def _hint_at(algorithm: object, key_set: KeySet) -> str | None:
    """Say what the operator may have overlooked, for the log."""
    if not isinstance(algorithm, str):
        return None
    if is_symmetric(key_set.algorithms):
        return ASYMMETRIC_HINT if algorithm in _ASYMMETRIC else None
    return SHARED_HINT if algorithm == "HS256" else None


def make_shared_key(
    secret: bytes, algorithm: str = "HS256", *, key_id: str | None = None, not_after: float | None = None
) -> VerificationKey:
    """Build the verification key of a shared secret; its strength is the settings' matter (003/FR-013)."""
    return VerificationKey(jwk.construct(secret, algorithm), algorithm, key_id, not_after)


def make_keys(keys: Iterable[PublicKey]) -> tuple[VerificationKey, ...]:
    """Build the verification keys of a key set; a key without `alg` may serve several algorithms."""
    return tuple(
        VerificationKey(jwk.construct(each.material, algorithm), algorithm, each.key_id)
        for each in keys
        for algorithm in each.algorithms
    )


class _Ed25519Key(Key):
    """Ed25519, which python-jose does not know (RFC 8037 §3.1); libsodium takes half of OpenSSL's time."""

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
    """RSASSA-PSS, which python-jose does not know (RFC 7518 §3.5)."""

    def __init__(self, key: object, algorithm: str) -> None:
        if not isinstance(key, rsa.RSAPublicKey):
            raise JWKError(f"the key is no RSA public key, which {algorithm} needs")
        self._verify = key.verify
        self._hash = {"PS256": hashes.SHA256(), "PS384": hashes.SHA384(), "PS512": hashes.SHA512()}[algorithm]
        # The salt is as long as the hash, and no other length is taken.
        self._padding = padding.PSS(padding.MGF1(self._hash), self._hash.digest_size)

    def verify(self, msg: bytes, sig: bytes) -> bool:
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
