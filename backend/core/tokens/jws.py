"""Strict reading of a compact JWS: size, characters, parts, base64url, JSON; knows no keys and no claims."""

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
MAX_BRACKETS = 64  # opening ones, and closing ones, in a header or a payload, strings included
MAX_DEPTH = 32  # levels of nesting in a header or a payload; Better Auth's have two

ALPHABET = (string.ascii_letters + string.digits + "-_").encode()
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
# What the last character may be when it carries two or four bits of nothing (RFC 4648 §3.5).
_CANONICAL_ENDS = {2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
_PADDING = {0: b"", 2: b"==", 3: b"="}
# A step up or down for each bracket, as a signed byte.
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(each for each in range(256) if each not in b"[]{}")


class DuplicateMemberError(ValueError):
    """A JSON object names a member twice."""


def split_token(token: str) -> tuple[bytes, bytes, bytes, bytes]:
    """Split a token into what is signed, and its three encoded parts (RFC 7515 §7.1, 003/FR-008).

    Args:
        token: The text; at most 8192 characters are looked at.

    Returns:
        The signing input, the header, the payload and the signature, all still encoded.

    Raises:
        TokenInvalidError: It is too large, holds other characters, or has not three parts.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenInvalidError("too_large")
    try:
        raw = token.encode("ascii")
    except UnicodeEncodeError:
        raise TokenInvalidError("characters") from None
    # One pass over the text finds foreign characters and counts the dots.
    rest = raw.translate(None, ALPHABET)
    if rest != b"..":
        raise TokenInvalidError("characters" if rest.strip(b".") else "parts")
    message, _, signature = raw.rpartition(b".")
    header, _, payload = message.partition(b".")
    return message, header, payload, signature


def decode_part(part: bytes) -> bytes:
    """Decode unpadded base64url in its one canonical spelling, so that tokens are not malleable.

    Args:
        part: Characters of the base64url alphabet and no others.

    Raises:
        TokenInvalidError: It is empty, or another spelling of the same bytes exists.
    """
    spare = len(part) & 3
    if not part or spare == 1 or (spare and part[-1] not in _CANONICAL_ENDS[spare]):
        raise TokenInvalidError("encoding")
    return binascii.a2b_base64(part.translate(_TO_STANDARD) + _PADDING[spare])


def parse_object(text: bytes, cause: Cause) -> dict[str, Any]:
    """Parse a JSON object in UTF-8, without duplicate members, constants of JavaScript or deep nesting.

    Args:
        text: The bytes.
        cause: What to call anything but a duplicate member.

    Raises:
        TokenInvalidError: It is none.
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
    """Parse as `parse_object` does, for input that is no token.

    Raises:
        DuplicateMemberError: An object names a member twice.
        ValueError: It is no JSON object in UTF-8, or nested beyond 32 levels.
    """
    if _count_openers(text) > MAX_DEPTH and _measure_depth(text) > MAX_DEPTH:
        raise ValueError("is nested too deeply")
    # JSON allows blanks around the object; with them gone, the parser need not look for any.
    decoded = text.strip(b" \t\r\n").decode("utf-8")
    value, end = _DECODER.raw_decode(decoded)
    if end != len(decoded) or not isinstance(value, dict):
        raise ValueError("is no JSON object")
    return value


def _count_openers(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")


def _measure_depth(text: bytes) -> int:
    """Measure how deep JSON nests; whether the kinds of brackets match is the parser's matter."""
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
