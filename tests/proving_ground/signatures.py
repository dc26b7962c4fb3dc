"""The right check of a token's signature, and the faults that it can have."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.proving_ground.claims import TokenError
from tests.proving_ground.keys import PublicKey, find_public_key, list_secrets
from tests.proving_ground.tokens import DIGESTS

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults
    from tests.proving_ground.tokens import Mint


def check_signature(
    header: dict[str, Any], signed: bytes, signature: bytes, *, mint: Mint, faults: Faults
) -> None:
    """Check the signature over the first two segments, by the one algorithm of the mint.

    Raises:
        TokenError: The signature is wrong, or of another algorithm.
    """
    algorithm = _read_algorithm(header, mint, faults)
    if _is_unsigned(algorithm, signature, faults) or faults.has("signature-ignored"):
        return
    if faults.has("unknown-alg-crash") and algorithm != mint.algorithm:
        raise NotImplementedError(algorithm)
    if algorithm in DIGESTS and _trusts_digest(str(algorithm), mint, faults):
        secrets = list_secrets(header, mint, faults)
        expected = [hmac.digest(secret, signed, DIGESTS[str(algorithm)]) for secret in secrets]
        if not any(_equals(entry, signature, faults) for entry in expected):
            raise TokenError("has a wrong signature")
        return
    is_sibling = faults.has("alg-unbound") and algorithm in {"RS512", "PS256"}
    if algorithm != mint.algorithm and not is_sibling:
        raise TokenError("is of another algorithm")
    try:
        _verify(find_public_key(header, mint, faults), str(algorithm), signature, signed)
    except (InvalidSignature, ValueError) as error:
        raise TokenError("has a wrong signature") from error


def _read_algorithm(header: dict[str, Any], mint: Mint, faults: Faults) -> object:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        return algorithm
    if faults.has("alg-substring") and algorithm in mint.algorithm:
        return mint.algorithm
    return algorithm.upper() if faults.has("alg-case-ignored") else algorithm


def _is_unsigned(algorithm: object, signature: bytes, faults: Faults) -> bool:
    if faults.has("alg-none"):
        return algorithm == "none"
    if faults.has("alg-none-any-case"):
        return algorithm != "none" and str(algorithm).lower() == "none"
    return faults.has("signature-optional") and not signature


def _trusts_digest(algorithm: str, mint: Mint, faults: Faults) -> bool:
    is_ours = algorithm == mint.algorithm
    is_same_family = mint.algorithm in DIGESTS and faults.has("alg-same-family")
    return is_ours or is_same_family or faults.has("alg-confusion")


def _equals(expected: bytes, signature: bytes, faults: Faults) -> bool:
    if faults.has("signature-truncated"):
        return all(one == other for one, other in zip(expected, signature, strict=False))
    return hmac.compare_digest(expected, signature)


def _verify(key: PublicKey, algorithm: str, signature: bytes, signed: bytes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        digest = hashes.SHA512() if algorithm.endswith("512") else hashes.SHA256()
        salted = padding.PSS(padding.MGF1(digest), digest.digest_size)
        key.verify(signature, signed, salted if algorithm.startswith("PS") else padding.PKCS1v15(), digest)
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, signed)
    else:
        size = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * size:
            raise InvalidSignature
        numbers = [int.from_bytes(half, "big") for half in (signature[:size], signature[size:])]
        key.verify(encode_dss_signature(*numbers), signed, ec.ECDSA(hashes.SHA256()))
