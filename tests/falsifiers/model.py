"""The types of a falsifier and of its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Only "red" proves the check: an assertion failed. A crash or a timeout may have another cause.
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
    """A change of the code that removes one check.

    Attributes:
        check: The rule that no longer holds after the change.
        requirement: The requirement that the rule belongs to, such as `003/FR-002`.
        file: The module, relative to `backend/`.
        old: The text to replace; it must occur exactly once.
        new: The replacement.
        tests: The test files that must fail, relative to `tests/unit/backend/core`.
    """

    check: str
    requirement: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = TOKENS


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a falsifier.

    Attributes:
        falsifier: The falsifier.
        outcome: How the tests ended.
        noticed_by: The first test that failed, or the reason why none did.
    """

    falsifier: Falsifier
    outcome: Outcome
    noticed_by: str = ""
