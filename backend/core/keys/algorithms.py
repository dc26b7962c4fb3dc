"""The signature algorithms: their families, and the type of key that an algorithm needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Family = Literal["HMAC", "RSA", "EC", "OKP"]


class Algorithm(NamedTuple):
    """A signature algorithm.

    Attributes:
        family: The family; a deployment accepts algorithms of one family only.
        key_type: The member `kty` of its JSON Web Keys.
        curve: The member `crv` of its JSON Web Keys; None for keys without a curve.
    """

    family: Family
    key_type: str
    curve: str | None = None


# RFC 7518 §3.1 and RFC 8037 §3.1. PS256 is of the same family as RS256: both use RSA keys.
ALGORITHMS: dict[str, Algorithm] = {
    **dict.fromkeys(("HS256", "HS384", "HS512"), Algorithm("HMAC", "oct")),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), Algorithm("RSA", "RSA")),
    "ES256": Algorithm("EC", "EC", "P-256"),
    "ES384": Algorithm("EC", "EC", "P-384"),
    "ES512": Algorithm("EC", "EC", "P-521"),
    "EdDSA": Algorithm("OKP", "OKP", "Ed25519"),
}


def check_algorithms(algorithms: object) -> None:
    """Check that the accepted algorithms are a non-empty tuple of known names of one family (003/FR-023).

    A text in place of a tuple would match substrings: `"HS" in "HS256"`. With algorithms of several
    families, an attacker may use a public key as the shared secret (RFC 8725 §2.1).

    Raises:
        ValueError: The value is not such a tuple; the message says why.
    """
    if not isinstance(algorithms, tuple) or not algorithms:
        raise ValueError("no algorithm is accepted: name those that Better Auth signs with")
    if any(not isinstance(name, str) or name not in ALGORITHMS for name in algorithms):
        raise ValueError(f"names an algorithm that is none of {', '.join(ALGORITHMS)}")
    if len(set(algorithms)) < len(algorithms):
        raise ValueError("names an algorithm twice")
    if len({ALGORITHMS[name].family for name in algorithms}) > 1:
        raise ValueError(f"{', '.join(algorithms)} are of several families: choose one")


def is_symmetric(algorithms: Sequence[str]) -> bool:
    """Return whether the algorithms, all of one family, sign with a shared secret."""
    return ALGORITHMS[algorithms[0]].family == "HMAC"
