"""Attacks by a wrong JOSE header under a right signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.tokens.minting import SHOULD, change_header, row
from specwitness.fuzz.users import jose

if TYPE_CHECKING:
    from specwitness.fuzz.tokens.attack import Material
    from specwitness.fuzz.users.identity import Mint

_FAMILY = 2  # letters


def _with_unknown_key(material: Material, mint: Mint) -> jose.Token | None:
    """Name an unknown key; nothing for a service whose own tokens name none."""
    return mint.mint(material.name, {"kid": "nobody-s-key"}) if "kid" in mint.header else None


def _in_lower_type(material: Material, mint: Mint) -> jose.Token | None:
    return mint.mint(material.name, {"typ": "jwt"}) if mint.parameters()["typ"] == "JWT" else None


def _in_other_case(material: Material, mint: Mint) -> jose.Token:
    return mint.mint(material.name, {"alg": mint.algorithm.swapcase()})


def _by_family(material: Material, mint: Mint) -> jose.Token:
    return mint.mint(material.name, {"alg": mint.algorithm[:_FAMILY]})


def _name_two_algorithms(material: Material, mint: Mint) -> jose.Token:
    """Sign a header with two members `alg`, the good one last."""
    header = jose.dump(mint.parameters())
    return mint.sign(b'{"alg":"none",' + header[1:], jose.dump(mint.payload(material.name)))


HEADER_ATTACKS = (
    row("a token whose key id nobody knows", "forged", "RFC 8725 §3.10", _with_unknown_key, **SHOULD),
    row("a token whose algorithm is in other case", "forged", "RFC 7515 §4.1.1", _in_other_case, **SHOULD),
    row("a token with half of its algorithm's name", "forged", "RFC 8725 §3.1", _by_family, **SHOULD),
    row("a token that names two algorithms", "forged", "RFC 7515 §4", _name_two_algorithms, **SHOULD),
    row("a token with a critical extension", "claims", "RFC 7515 §4.1.11", change_header(crit=["x"], x=1)),
    row(
        "a token whose payload is said to be unencoded",
        "claims",
        "RFC 7797 §6",
        change_header(b64=False),
        **SHOULD,
    ),
    row(
        "a token that is said to be compressed",
        "claims",
        "RFC 7516 §4.1.3",
        change_header(zip="DEF"),
        **SHOULD,
    ),
    row("a token of another type", "claims", "RFC 8725 §3.11", change_header(typ="logout+jwt"), **SHOULD),
    row(
        "a token of a session's cache",
        "claims",
        "RFC 8725 §3.12",
        change_header(typ="better-auth.session-cache+jwt"),
        **SHOULD,
    ),
    row("a token with another token in it", "claims", "RFC 7519 §5.2", change_header(cty="JWT"), **SHOULD),
    row(
        "a token whose type is in small letters",
        "claims",
        "RFC 7515 §4.1.9: media types are case-insensitive",
        _in_lower_type,
        accepted=True,
        **SHOULD,
    ),
)
