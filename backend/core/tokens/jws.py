"""Strict parsing of a compact JWS (RFC 7515): size, characters, parts, base64url, JSON."""

from __future__ import annotations

import binascii
import json
import string
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from backend.core.errors import TokenInvalidError

if TYPE_CHECKING:
    from backend.core.errors import Cause

MAX_TOKEN_BYTES = 8192
MAX_BRACKETS = 64  # of `[` and `{`, and of `]` and `}`, in a header or a payload, inside strings too
MAX_DEPTH = 32  # levels of nesting in a header or a payload; tokens of Better Auth have two

ALPHABET = (string.ascii_letters + string.digits + "-_").encode()
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
# Length modulo 4 -> last characters whose two or four spare bits are zero (RFC 4648 §3.5).
_CANONICAL_ENDS = {2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
_PADDING = {0: b"", 2: b"==", 3: b"="}
# `[` and `{` -> +1, `]` and `}` -> -1, as signed bytes.
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")


class DuplicateMemberError(ValueError):
    """A JSON object has the same member twice, such as `{"alg": 1, "alg": 2}`."""


def split_token(token: str) -> tuple[bytes, bytes, bytes, bytes]:
    """Split a token into its signing input and its three encoded parts (RFC 7515 §7.1, 003/FR-008).

    Args:
        token: The compact serialization; more than 8192 characters are refused unread.

    Returns:
        The signing input, the header, the payload and the signature, all still in base64url.

    Raises:
        TokenInvalidError: The token is too large, contains characters outside of base64url, or does
            not have exactly three parts.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenInvalidError("too_large")
    try:
        raw = token.encode("ascii")
    except UnicodeEncodeError:
        raise TokenInvalidError("characters") from None
    # One pass finds characters outside of the alphabet and counts the dots.
    rest = raw.translate(None, ALPHABET)
    if rest != b"..":
        raise TokenInvalidError("characters" if rest.strip(b".") else "parts")
    message, _, signature = raw.rpartition(b".")
    header, _, payload = message.partition(b".")
    return message, header, payload, signature


def decode_part(part: bytes) -> bytes:
    """Decode unpadded base64url, canonical spelling only (RFC 4648 §3.5), so that tokens are not malleable.

    Example: `AB` and `AA` decode to the same byte, and only `AA` is accepted.

    Args:
        part: Characters of the base64url alphabet; the caller has checked that.

    Raises:
        TokenInvalidError: The part is empty, has an impossible length, or is not canonical.
    """
    spare = len(part) & 3
    if not part or spare == 1 or (spare and part[-1] not in _CANONICAL_ENDS[spare]):
        raise TokenInvalidError("encoding")
    return binascii.a2b_base64(part.translate(_TO_STANDARD) + _PADDING[spare])


def parse_object(text: bytes, cause: Cause) -> dict[str, Any]:
    """Parse the JSON object of a header or a payload: UTF-8, no duplicate members, no NaN, bounded nesting.

    Args:
        text: The decoded bytes.
        cause: The logged cause of a refusal, `header` or `payload`; duplicate members have their own.

    Raises:
        TokenInvalidError: The bytes are no such object.
    """
    try:
        if _count_openers(text) > MAX_BRACKETS or text.count(b"]") + text.count(b"}") > MAX_BRACKETS:
            raise TokenInvalidError(cause)
        return parse_strict_object(text)
    except DuplicateMemberError:
        raise TokenInvalidError("duplicate_member") from None
    except ValueError:
        raise TokenInvalidError(cause) from None


def parse_strict_object(text: bytes) -> dict[str, Any]:
    """Parse a JSON object as strictly as `parse_object`, for other input than tokens, such as key sets.

    Raises:
        DuplicateMemberError: An object has a member twice.
        ValueError: The bytes are no JSON object in UTF-8, or are nested deeper than 32 levels.
    """
    if _count_openers(text) > MAX_DEPTH and _measure_depth(text) > MAX_DEPTH:
        raise ValueError("is nested too deeply")
    # JSON allows white space around the object; `raw_decode` does not.
    decoded = text.strip(b" \t\r\n").decode("utf-8")
    value, end = _DECODER.raw_decode(decoded)
    if end != len(decoded) or not isinstance(value, dict):
        raise ValueError("is no JSON object")
    return value


def _count_openers(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")


def _measure_depth(text: bytes) -> int:
    """Measure the nesting: `[{"a": "]"}]` -> 2. The parser checks later that the brackets match."""
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(bare.split(b'"')[::2])
    return max(accumulate(array("b", outside.translate(_STEPS, _NO_BRACKETS))), default=0)


def _make_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise DuplicateMemberError("names a member twice")
    return value


def _refuse_constant(_: str) -> float:
    raise ValueError("holds NaN or Infinity")


_DECODER = json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=_refuse_constant)
