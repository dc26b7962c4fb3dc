"""What a falsifier is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# By assertion is proof; a crash or a time-out may be luck, and one that did not apply says nothing.
Outcome = Literal["red", "crashed", "green", "timed out", "did not apply"]

TOKENS = (
    "test_security.py",
    "tokens/test_claims.py",
    "tokens/test_jws_vectors.py",
    "identity/test_header_fuzz.py",
)
KEYS = ("keys/test_jwk.py", "key_sources/test_source.py", "tokens/test_jws_vectors.py")
BROWSERS = ("http/test_cors.py",)
FETCHES = ("key_sources/test_key_set_client.py",)
HTTP = ("test_dependencies.py", "http/test_routing.py", "test_websocket.py", "identity/test_header_fuzz.py")
SETTINGS = ("test_backend_config.py", "key_sources/test_source.py")


@dataclass(frozen=True, slots=True)
class Falsifier:
    """A named way to take one check away.

    Attributes:
        check: What is taken away, in words.
        requirement: The requirement that then does not hold.
        file: The module below `backend/`.
        old: A text that stands in it once.
        new: What is put in its place.
        tests: The files below `tests/unit/backend/core` that should notice.
    """

    check: str
    requirement: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = TOKENS


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a falsifier.

    Attributes:
        falsifier: The falsifier.
        outcome: How the tests ended.
        noticed_by: The first test that turned red.
    """

    falsifier: Falsifier
    outcome: Outcome
    noticed_by: str = ""
