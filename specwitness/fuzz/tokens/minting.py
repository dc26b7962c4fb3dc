"""Parts of the attacks that need the service's key: tokens with a right signature and wrong content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.tokens.attack import Attack, Material, with_mint
from specwitness.fuzz.users import jose

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.users.identity import Mint

    Minting = Callable[[Material, Mint], object]


NOWHERE = "https://issuer.invalid/"
SHOULD: dict[str, Any] = {"level": Level.SHOULD}
CORE: dict[str, Any] = {"core": True}


def row(name: str, check: str, breaks: str, make: Minting, **more: Any) -> Attack:
    """Make an attack by a token that the mint signs; further arguments are those of `Attack`."""
    return Attack(name, check, breaks, with_mint(make), **more)


def change_claims(**claims: Any) -> Callable[[Material, Mint], jose.Token]:
    """Sign other claims; the value `...` leaves one out."""
    return lambda material, mint: mint.mint(material.name, None, **claims)


def change_header(**parameters: Any) -> Callable[[Material, Mint], jose.Token]:
    """Sign other header parameters."""
    return lambda material, mint: mint.mint(material.name, parameters)


def change_payload(change: Callable[[bytes], bytes]) -> Callable[[Material, Mint], jose.Token]:
    """Sign another payload, which may be any bytes."""

    def make(material: Material, mint: Mint) -> jose.Token:
        return mint.sign(jose.dump(mint.parameters()), change(jose.dump(mint.payload(material.name))))

    return make


def spell_claim(name: str, text: str) -> Callable[[Material, Mint], jose.Token]:
    """Give a claim a JSON text that Python's encoder does not write, such as `1e400`."""

    def make(material: Material, mint: Mint) -> jose.Token:
        payload = json.dumps({**mint.payload(material.name), name: "\x00LITERAL"})
        raw = payload.replace(json.dumps("\x00LITERAL"), text).encode()
        return mint.sign(jose.dump(mint.parameters()), raw)

    return make


def if_known(name: str, make: Minting) -> Minting:
    """Limit an attack to mints with a setting: `issuer` for an attack by a wrong issuer."""
    return lambda material, mint: make(material, mint) if getattr(mint, name) is not None else None
