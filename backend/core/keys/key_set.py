"""The keys that verify signatures, and the choice of a key by algorithm and `kid`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from backend.core.errors import UnknownKeyError
from backend.core.keys.algorithms import check_algorithms, is_symmetric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.core.tokens.claims import Expectation


class Signature(Protocol):
    """Verifies signatures with one key and one algorithm; the interface of python-jose's keys."""

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Return whether the signature of the message is valid."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key that verifies signatures of one algorithm.

    Attributes:
        key: The key object of python-jose, built once: building it costs more than a verification.
        algorithm: The algorithm.
        key_id: The `kid` of the key; None for a shared secret or a key without one.
        not_after: The time from which tokens of this key are refused, in seconds since the epoch;
            None for no end (003/FR-014).
    """

    key: Signature
    algorithm: str
    key_id: str | None = None
    not_after: float | None = None


class ReadHeader(NamedTuple):
    """The parsed header of a token, and the keys that may verify its signature."""

    members: Mapping[str, Any]
    keys: tuple[VerificationKey, ...]


@dataclass(frozen=True, slots=True)
class KeySet:
    """The accepted keys and algorithms.

    Attributes:
        keys: The accepted keys, in the order in which they are tried.
        algorithms: The accepted algorithms, all of one family (003/FR-023).
        headers: A cache of parsed headers, by their encoded bytes. Only headers of tokens with a valid
            signature are added, so that nobody but the issuer can fill it.

    Raises:
        ValueError: `check_algorithms` refuses the algorithms, or a key has another algorithm.
    """

    keys: tuple[VerificationKey, ...]
    algorithms: tuple[str, ...] = ("HS256",)
    headers: dict[bytes, ReadHeader] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the algorithms; python-jose would accept a text, an empty list or several families."""
        check_algorithms(self.algorithms)
        if any(key.algorithm not in self.algorithms for key in self.keys):
            raise ValueError("a key is for an algorithm that is not accepted")

    def choose_keys(self, algorithm: str, key_id: str | None) -> tuple[VerificationKey, ...]:
        """Choose the keys that may verify a token, by algorithm and `kid` (003/FR-024).

        No other key is tried after these. Only shared secrets may be several, while one is rotated.

        Args:
            algorithm: The `alg` of the token, which is an accepted one.
            key_id: The `kid` of the token; None if it has none.

        Raises:
            UnknownKeyError: No key fits, or the token has no `kid` and several keys fit.
        """
        fitting = tuple(key for key in self.keys if key.algorithm == algorithm)
        if is_symmetric(self.algorithms):
            # Shared secrets from the settings have no `kid` and fit every token.
            chosen = tuple(key for key in fitting if key_id is None or key.key_id in {None, key_id})
        elif key_id is not None:
            chosen = tuple(key for key in fitting if key.key_id == key_id)
        else:
            chosen = fitting if len(fitting) == 1 else ()
        if not chosen:
            raise UnknownKeyError(key_id)
        return chosen


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """All that the verification of a token needs besides the time.

    Attributes:
        expected: The required values of the claims.
        key_set: The keys that verify the signature.
    """

    expected: Expectation
    key_set: KeySet
