"""The right verifier of the proving ground's tokens, and the faults that it can have."""

from __future__ import annotations

import base64
import hmac
import json
from codecs import BOM_UTF8
from dataclasses import dataclass
from json import scanner
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.proving_ground.claims import TokenError, check_claims
from tests.proving_ground.tokens import DIGESTS, ES256_NUMBER_BYTES, encode, load_private_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.model import Faults
    from tests.proving_ground.tokens import Mint

MAX_BYTES = 8192
PARTS = 3
TYPES = frozenset({"jwt", "at+jwt"})
REFUSED_MEMBERS = frozenset({"crit", "b64", "zip", "cty"})


class StrictDecoder(json.JSONDecoder):
    """Decodes JSON with each member once and finite numbers only.

    It scans in Python: how deep the scanner written in C goes differs from one Python to the next.
    """

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant)
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # typeshed has it not


class LooseDecoder(json.JSONDecoder):
    """Decodes as Python does by default, on the same scanner."""

    def __init__(self) -> None:
        super().__init__()
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # typeshed has it not


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies tokens of one mint.

    Attributes:
        mint: Whose tokens are right.
        faults: What is planted.
        clock: Gives the time in seconds since the epoch.
    """

    mint: Mint
    faults: Faults
    clock: Callable[[], float]

    def verify(self, token: str) -> dict[str, Any]:
        """Verify a token.

        Returns:
            Its claims.

        Raises:
            TokenError: The token is refused.
        """
        header_part, payload_part, signature_part = self._split(token)
        header = self._read_header(header_part)
        self._check_header(header)
        signed = f"{header_part}.{payload_part}".encode()
        signature = _decode(signature_part, is_loose=self.faults.has("signature-malleable"))
        self._check_signature(header, signed, signature)
        claims = self._read_claims(payload_part)
        check_claims(claims, self.mint, self.clock(), self.faults)
        return claims

    def _split(self, token: str) -> list[str]:
        if self.faults.has("parts-crash"):
            header, payload, signature = token.split(".")
            return [header, payload, signature]
        parts = token.split(".")
        if len(token) > MAX_BYTES or len(parts) != PARTS:
            raise TokenError("is not three short parts")
        return parts

    def _read_header(self, part: str) -> dict[str, Any]:
        if self.faults.has("header-base64-crash"):
            data = base64.urlsafe_b64decode(part + "==")
        else:
            data = _decode(part)
        escaping = ValueError if self.faults.has("deep-header-crash") else (ValueError, RecursionError)
        try:
            header = StrictDecoder().decode(data.decode("utf-8"))
        except escaping as error:
            raise TokenError("has a header that is no JSON") from error
        if not isinstance(header, dict):
            raise TokenError("has a header that is no object")
        return header

    def _check_header(self, header: dict[str, Any]) -> None:
        if self.faults.has("alg-type-crash"):
            header["alg"] = header["alg"].upper()
        if not isinstance(header.get("alg"), str):
            raise TokenError("names no algorithm")
        for member in REFUSED_MEMBERS & header.keys():
            if not self.faults.has(f"{member}-ignored"):
                raise TokenError(f"names {member}")
        kind = header.get("typ", "JWT")
        is_known = isinstance(kind, str) and kind.lower() in TYPES
        if not is_known and not self.faults.has("typ-ignored"):
            raise TokenError("is of another type")
        if header.get("kid") != self.mint.kid and not self.faults.has("kid-ignored"):
            raise TokenError("names an unknown key")

    def _check_signature(self, header: dict[str, Any], signed: bytes, signature: bytes) -> None:
        algorithm = header.get("alg")
        if self._is_unsigned(algorithm, signature) or self.faults.has("signature-ignored"):
            return
        if algorithm in DIGESTS and self._trusts_digest(str(algorithm)):
            is_confused = self.mint.algorithm not in DIGESTS
            key = self.mint.public_key() if is_confused else self.mint.key
            if self.faults.has("empty-secret") and signature == hmac.digest(b"", signed, "sha256"):
                return
            if not self._equals(hmac.digest(key.encode(), signed, DIGESTS[str(algorithm)]), signature):
                raise TokenError("has a wrong signature")
            return
        if algorithm != self.mint.algorithm:
            raise TokenError("is of another algorithm")
        try:
            self._verify_with_key(header, signed, signature)
        except (InvalidSignature, ValueError) as error:
            raise TokenError("has a wrong signature") from error

    def _is_unsigned(self, algorithm: object, signature: bytes) -> bool:
        if self.faults.has("alg-none"):
            return algorithm == "none"
        if self.faults.has("alg-none-any-case"):
            return algorithm != "none" and str(algorithm).lower() == "none"
        return self.faults.has("signature-optional") and not signature

    def _trusts_digest(self, algorithm: str) -> bool:
        is_ours = algorithm == self.mint.algorithm
        is_same_family = self.mint.algorithm in DIGESTS and self.faults.has("alg-same-family")
        return is_ours or is_same_family or self.faults.has("alg-confusion")

    def _equals(self, expected: bytes, signature: bytes) -> bool:
        if self.faults.has("signature-truncated"):
            return all(one == other for one, other in zip(expected, signature, strict=False))
        return hmac.compare_digest(expected, signature)

    def _verify_with_key(self, header: dict[str, Any], signed: bytes, signature: bytes) -> None:
        key = load_private_key(self.mint.key).public_key()
        if self.faults.has("jwk-trusted") and "jwk" in header:
            key = _read_jwk(header["jwk"])
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            if len(signature) != 2 * ES256_NUMBER_BYTES:
                raise InvalidSignature
            halves = signature[:ES256_NUMBER_BYTES], signature[ES256_NUMBER_BYTES:]
            numbers = [int.from_bytes(half, "big") for half in halves]
            key.verify(encode_dss_signature(*numbers), signed, ec.ECDSA(hashes.SHA256()))

    def _read_claims(self, part: str) -> dict[str, Any]:
        data = _decode(part)
        is_loose = self.faults.has("duplicates-accepted") or self.faults.has("exp-not-finite")
        decoder = LooseDecoder() if is_loose else StrictDecoder()
        if self.faults.has("payload-mark-accepted"):
            data = data.removeprefix(BOM_UTF8)
        text = data.decode("utf-8") if self.faults.has("payload-encoding-crash") else _decode_text(data)
        try:
            claims = decoder.decode(text)
        except (ValueError, RecursionError) as error:
            raise TokenError("has a payload that is no JSON") from error
        if not isinstance(claims, dict):
            raise TokenError("has a payload that is no object")
        return claims


def read_unverified(authorization: str) -> dict[str, Any]:
    """Read the claims of a token that nobody verified: what no service should do."""
    payload = authorization.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def _decode(part: str, *, is_loose: bool = False) -> bytes:
    """Decode unpadded base64url, in its one canonical spelling unless it is loose."""
    try:
        if is_loose:
            return base64.urlsafe_b64decode(part + "==")
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise TokenError("is not base64url") from error
    if encode(data) != part:
        raise TokenError("is not canonical base64url")
    return data


def _decode_text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TokenError("has a payload that is no UTF-8") from error


def _read_jwk(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=="), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
