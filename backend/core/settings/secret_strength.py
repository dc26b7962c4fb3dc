"""The strength of a shared secret: which ones are too weak to sign tokens with."""

from __future__ import annotations

import base64
import binascii
import json
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_BYTES = 32
MIN_DISTINCT_CHARACTERS = 8
REMEDY = "make one with `openssl rand -base64 32` and give it to Better Auth and to this service"
KEY_REMEDY = "make one with `openssl rand -base64 32`, and keep it: another key gives other pseudonyms"

# The default of Better Auth, and placeholders of examples in documentation.
_PLACEHOLDERS = (
    "better-auth-secret",
    "changeme",
    "change-me",
    "change_me",
    "change-this",
    "change_this",
    "dummysecret",
    "example",
    "my-secret",
    "my_secret",
    "password",
    "placeholder",
    "replace-",
    "replace_",
    "supersecret",
    "super-secret",
    "super_secret",
    "your-secret",
    "your_secret",
    "yoursecret",
)


def find_weakness(secret: str) -> str | None:
    """Return why a shared secret is too weak, without any part of it (003/FR-013).

    Args:
        secret: The text; its UTF-8 bytes are the key.

    Returns:
        The reason, to be put after the name of the setting: `has 31 bytes, and 32 are needed`; None if
        the secret is strong enough.
    """
    try:
        key = secret.encode("utf-8")
    except UnicodeEncodeError:
        return "is not UTF-8"
    if not key:
        return "is empty"
    if _is_public_key(secret):
        return "is a key of another kind (PEM, SSH or DER), which may be public"
    if _is_json(secret):
        return "is JSON, such as a JSON Web Key, and not a secret text"
    if len(key) < MIN_BYTES:
        return f"has {len(key)} bytes, and {MIN_BYTES} are needed"
    return _find_pattern(secret)


def _find_pattern(secret: str) -> str | None:
    if len(set(secret)) < MIN_DISTINCT_CHARACTERS:
        return f"can be guessed: it has fewer than {MIN_DISTINCT_CHARACTERS} different characters"
    # A text repeats itself exactly if it occurs in its double: `abab` in `abababab` at position 2.
    if (secret + secret).find(secret, 1) < len(secret):
        return "can be guessed: it repeats itself"
    steps = sum(ord(right) - ord(left) == 1 for left, right in pairwise(secret))
    if steps * 2 > len(secret):
        return "can be guessed: its characters are in order"
    lowered = secret.lower()
    if any(word in lowered for word in _PLACEHOLDERS):
        return "can be guessed: it is a placeholder"
    return None


def _is_public_key(secret: str) -> bool:
    text = secret.strip()
    return "-----BEGIN" in text or text.startswith(("ssh-", "ecdsa-sha2-", "sk-ssh-")) or _is_der(text)


def _is_der(text: str) -> bool:
    """Return whether the text is base64 or hex of an ASN.1 SEQUENCE, as all keys in DER are."""
    bare = "".join(text.split()).rstrip("=")
    return any(_is_sequence(data) for data in _decode(bare))


def _decode(text: str) -> Iterator[bytes]:
    """Decode the text as hex, base64 and base64url, as far as it is valid."""
    padded = text + "=" * (-len(text) % 4)
    for decode in (
        bytes.fromhex,
        lambda _: base64.b64decode(padded, validate=True),
        lambda _: base64.b64decode(padded, altchars=b"-_", validate=True),
    ):
        with suppress(binascii.Error, ValueError):
            yield decode(text)


def _is_sequence(data: bytes) -> bool:
    smallest = 44  # bytes; an Ed25519 public key, the shortest there is
    if len(data) < smallest or data[0] != 0x30:  # noqa: PLR2004  # SEQUENCE
        return False
    size_of_length = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + size_of_length]) if size_of_length else data[1]
    return length == len(data) - 2 - size_of_length


def _is_json(secret: str) -> bool:
    try:
        json.loads(secret)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True
