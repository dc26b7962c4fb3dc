"""The algorithms of signatures: their families, and what kind of key each of them needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Family = Literal["HMAC", "RSA", "EC", "OKP"]


class Need(NamedTuple):
    """What an algorithm needs of a key.

    Attributes:
        family: The algorithms that may stand beside it in one deployment.
        key_type: `kty` of its JSON Web Key.
        curve: `crv` of its JSON Web Key; None where it has no curve.
    """

    family: Family
    key_type: str
    curve: str | None = None


# RFC 7518 §3.1 and RFC 8037 §3.1. PS256 stands with RS256: it is the same kind of key.
NEEDS: dict[str, Need] = {
    **dict.fromkeys(("HS256", "HS384", "HS512"), Need("HMAC", "oct")),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), Need("RSA", "RSA")),
    "ES256": Need("EC", "EC", "P-256"),
    "ES384": Need("EC", "EC", "P-384"),
    "ES512": Need("EC", "EC", "P-521"),
    "EdDSA": Need("OKP", "OKP", "Ed25519"),
}


def check_algorithms(algorithms: object) -> None:
    """Refuse anything but a non-empty tuple of known algorithms of one family (003/FR-023).

    A text would be searched for parts of it, and a mixture of families invites a public key to be
    taken for a shared secret (RFC 8725 §2.1).

    Raises:
        ValueError: It is something else; the message says what.
    """
    if not isinstance(algorithms, tuple) or not algorithms:
        raise ValueError("no algorithm is accepted: name those that Better Auth signs with")
    if any(not isinstance(each, str) or each not in NEEDS for each in algorithms):
        raise ValueError(f"names an algorithm that is none of {', '.join(NEEDS)}")
    if len(set(algorithms)) < len(algorithms):
        raise ValueError("names an algorithm twice")
    if len({NEEDS[each].family for each in algorithms}) > 1:
        raise ValueError(f"{', '.join(algorithms)} are of several families: choose one")


def is_symmetric(algorithms: Sequence[str]) -> bool:
    """Tell whether algorithms of one family sign with a shared secret."""
    return NEEDS[algorithms[0]].family == "HMAC"
