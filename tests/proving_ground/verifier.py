"""The right verifier of the proving ground's tokens, and the faults that it can have."""

from __future__ import annotations

import base64
import json
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.proving_ground.claims import TokenError, check_claims
from tests.proving_ground.keys import check_key_id
from tests.proving_ground.segments import LooseDecoder, StrictDecoder, decode_segment, decode_text
from tests.proving_ground.signatures import check_signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.model import Faults
    from tests.proving_ground.tokens import Mint

MAX_BYTES = 8192
PARTS = 3
TYPES = frozenset({"jwt", "at+jwt"})
REFUSED_MEMBERS = frozenset({"crit", "b64", "zip", "cty"})


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
        signature = decode_segment(
            signature_part,
            is_loose=self.faults.has("signature-malleable"),
            may_spare=self.faults.has("signature-spare-bits"),
        )
        check_signature(header, signed, signature, mint=self.mint, faults=self.faults)
        claims = self._read_claims(payload_part)
        check_claims(claims, self.mint, self.clock(), self.faults)
        return claims

    def _split(self, token: str) -> list[str]:
        if self.faults.has("parts-crash"):
            header, payload, signature = token.split(".")
            return [header, payload, signature]
        parts = token.split(".")
        is_unbounded = self.faults.has("size-unbounded") or self.faults.has("sub-unbounded")
        if (len(token) > MAX_BYTES and not is_unbounded) or len(parts) != PARTS:
            raise TokenError("is not three short parts")
        return parts

    def _read_header(self, part: str) -> dict[str, Any]:
        if self.faults.has("header-base64-crash"):
            data = base64.urlsafe_b64decode(part + "==")
        else:
            data = decode_segment(part)
        escaping = ValueError if self.faults.has("deep-header-crash") else (ValueError, RecursionError)
        decoder = LooseDecoder() if self.faults.has("header-duplicates-accepted") else StrictDecoder()
        if self.faults.has("header-encoding-crash"):
            data.decode("utf-8")
        try:
            header = decoder.decode(data.decode("utf-8"))
        except escaping as error:
            raise TokenError("has a header that is no JSON") from error
        if not isinstance(header, dict) and not self.faults.has("header-object-crash"):
            raise TokenError("has a header that is no object")
        return header  # type: ignore[no-any-return]  # the fault lets through what is none

    def _check_header(self, header: dict[str, Any]) -> None:
        if self.faults.has("alg-type-crash"):
            header["alg"] = header["alg"].upper()
        if self.faults.has("alg-missing-crash"):
            header["alg"] = str(header["alg"])
        if not isinstance(header.get("alg"), str):
            raise TokenError("names no algorithm")
        for member in REFUSED_MEMBERS & header.keys():
            if not self.faults.has(f"{member}-ignored"):
                raise TokenError(f"names {member}")
        self._check_type(header.get("typ", "JWT"))
        check_key_id(header, self.mint, self.faults)

    def _check_type(self, kind: Any) -> None:
        if self.faults.has("typ-type-crash"):
            kind = kind.lower()
        if self.faults.has("typ-case-sensitive") and kind != "JWT":
            raise TokenError("is of another type")
        is_known = isinstance(kind, str) and kind.lower() in TYPES
        if not is_known and not self.faults.has("typ-ignored"):
            raise TokenError("is of another type")

    def _read_claims(self, part: str) -> dict[str, Any]:
        data = decode_segment(part)
        is_loose = self.faults.has("duplicates-accepted") or self.faults.has("exp-not-finite")
        decoder = LooseDecoder() if is_loose else StrictDecoder()
        escaping = ValueError if self.faults.has("deep-payload-crash") else (ValueError, RecursionError)
        text = self._decode_payload(data)
        try:
            claims = decoder.decode(text)
        except escaping as error:
            raise TokenError("has a payload that is no JSON") from error
        if not isinstance(claims, dict) and not self.faults.has("payload-list-crash"):
            raise TokenError("has a payload that is no object")
        return claims  # type: ignore[no-any-return]  # the fault lets through what is none

    def _decode_payload(self, data: bytes) -> str:
        if self.faults.has("payload-mark-accepted"):
            data = data.removeprefix(BOM_UTF8)
        if self.faults.has("payload-utf16-accepted"):
            return decode_text(data, json.detect_encoding(data))
        if self.faults.has("payload-utf8-replaced"):
            return decode_text(data, errors="replace")
        return data.decode("utf-8") if self.faults.has("payload-encoding-crash") else decode_text(data)


def read_unverified(authorization: str) -> dict[str, Any]:
    """Read the claims of a token that nobody verified: what no service should do."""
    payload = authorization.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims
