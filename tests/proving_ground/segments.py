"""The right reading of a token's segments: strict base64url, strict JSON; and how loose ones read."""

from __future__ import annotations

import base64
import json
from json import scanner
from typing import Any

from tests.proving_ground.claims import TokenError
from tests.proving_ground.tokens import encode


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


def decode_segment(part: str, *, is_loose: bool = False, may_spare: bool = False) -> bytes:
    """Decode unpadded base64url, in its one canonical spelling.

    Args:
        part: The segment.
        is_loose: Whether any other character, and padding, is passed over.
        may_spare: Whether the bits that no byte takes may be set.
    """
    try:
        if is_loose:
            return base64.urlsafe_b64decode(part + "==")
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise TokenError("is not base64url") from error
    if encode(data) != part and not may_spare:
        raise TokenError("is not canonical base64url")
    return data


def decode_text(data: bytes, encoding: str = "utf-8", errors: str = "strict") -> str:
    """Decode a payload."""
    try:
        return data.decode(encoding, errors)
    except UnicodeDecodeError as error:
        raise TokenError("has a payload in another encoding") from error


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
