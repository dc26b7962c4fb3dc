"""The keys that a token is held against, and the names and uses that they are chosen by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from backend.core.errors import UnknownKeyError
from backend.core.keys.algorithms import check_algorithms, is_symmetric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.core.tokens.claims import Expectation


class Signature(Protocol):
    """Checks signatures of one key by one algorithm, as python-jose's keys do."""

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Tell whether a signature of a message holds."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key that tokens may be signed with.

    Attributes:
        key: python-jose's key, built once: building costs more than verifying.
        algorithm: The one algorithm that it verifies.
        key_id: Its name in its key set; a shared secret has none.
        not_after: When tokens of this key stop being accepted, in seconds since the epoch;
            None for never (003/FR-014).
    """

    key: Signature
    algorithm: str
    key_id: str | None = None
    not_after: float | None = None


class ReadHeader(NamedTuple):
    """A header that was read, and the keys that may have signed below it."""

    members: Mapping[str, Any]
    keys: tuple[VerificationKey, ...]


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that a signature is held against.

    Attributes:
        keys: The keys that are accepted, the likeliest first.
        algorithms: The algorithms that are accepted, all of one family (003/FR-023).
        headers: Headers whose signature held, as they were read. They repeat from token to token,
            and only the issuer can add one.

    Raises:
        ValueError: The algorithms are no tuple of one family, or a key is for another one.
    """

    keys: tuple[VerificationKey, ...]
    algorithms: tuple[str, ...] = ("HS256",)
    headers: dict[bytes, ReadHeader] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what python-jose would take: a text, nothing, or a mixture."""
        check_algorithms(self.algorithms)
        if any(each.algorithm not in self.algorithms for each in self.keys):
            raise ValueError("a key is for an algorithm that is not accepted")

    def choose_keys(self, algorithm: str, key_id: str | None) -> tuple[VerificationKey, ...]:
        """Choose keys by algorithm and name before any is tried: there is no second chance (003/FR-024).

        Args:
            algorithm: The `alg` of a token; one of those accepted.
            key_id: Its `kid`; None where it names none.

        Raises:
            UnknownKeyError: No key fits, or several do and the token does not say which.
        """
        fitting = tuple(each for each in self.keys if each.algorithm == algorithm)
        if is_symmetric(self.algorithms):
            # A shared secret has no name, and its predecessor neither; a named one is held to its name.
            chosen = tuple(each for each in fitting if key_id is None or each.key_id in {None, key_id})
        elif key_id is not None:
            chosen = tuple(each for each in fitting if each.key_id == key_id)
        else:
            chosen = fitting if len(fitting) == 1 else ()
        if not chosen:
            raise UnknownKeyError(key_id)
        return chosen


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """Everything that a token is held against, besides the time.

    Attributes:
        expected: What the claims are held against.
        key_set: What the signature is held against.
    """

    expected: Expectation
    key_set: KeySet
