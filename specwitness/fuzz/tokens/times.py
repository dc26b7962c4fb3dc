"""Attacks by `exp`, `nbf` and `iat`: expired, not valid yet, issued too long ago, or no number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.tokens.minting import CORE, SHOULD, change_claims, if_known, row, spell_claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.tokens.attack import Material
    from specwitness.fuzz.users import jose
    from specwitness.fuzz.users.identity import Mint

_HOUR = 3600
_BEYOND_LEEWAY = 120  # seconds; verifiers let clocks differ by up to a minute
_FAR = 4_102_444_800  # the year 2100


def _at(name: str, seconds: int) -> Callable[[Material, Mint], jose.Token]:
    return lambda material, mint: mint.mint(material.name, None, **{name: int(mint.clock()) + seconds})


def _expired(seconds: int) -> Callable[[Material, Mint], jose.Token]:
    def make(material: Material, mint: Mint) -> jose.Token:
        now = int(mint.clock())
        return mint.mint(material.name, None, iat=now - seconds - _HOUR, exp=now - seconds)

    return make


def _ending_now(material: Material, mint: Mint) -> jose.Token:
    """Make a token whose `exp` plus leeway is this second (RFC 7519 §4.1.4: "on or after")."""
    return _expired(mint.leeway or 0)(material, mint)


def _too_old(material: Material, mint: Mint) -> jose.Token:
    now = int(mint.clock())
    issued = now - (mint.maximum_age or 0) - _BEYOND_LEEWAY
    return mint.mint(material.name, None, iat=issued, exp=now + _HOUR)


TIME_ATTACKS = tuple(
    row(name, "expired", breaks, make, **more)
    for name, breaks, make, more in (
        ("a token that ended an hour ago", "RFC 7519 §4.1.4", _expired(_HOUR), CORE),
        ("a token that ended two minutes ago", "RFC 7519 §4.1.4", _expired(_BEYOND_LEEWAY), {}),
        ("a token that ends now", "RFC 7519 §4.1.4", if_known("leeway", _ending_now), {}),
        ("a token that never ends", "OWASP ASVS 9.2.1", change_claims(exp=...), {}),
        ("a token whose end is null", "RFC 7519 §2", change_claims(exp=None), {}),
        ("a token whose end is a text", "RFC 7519 §2", change_claims(exp=str(_FAR)), SHOULD),
        ("a token whose end is a text with blanks", "RFC 7519 §2", change_claims(exp=f" +{_FAR:_} "), SHOULD),
        (
            "a token whose end is in full-width digits",
            "RFC 7519 §2",
            change_claims(exp="".join(chr(ord(digit) + 0xFEE0) for digit in str(_FAR))),
            SHOULD,
        ),
        ("a token whose end is a list", "RFC 7519 §2", change_claims(exp=[_FAR]), {}),
        ("a token whose end is an object", "RFC 7519 §2", change_claims(exp={"at": _FAR}), {}),
        ("a token whose end is true", "RFC 7519 §2", change_claims(exp=True), {}),
        ("a token whose end is no number", "RFC 8259 §6", spell_claim("exp", "NaN"), {}),
        ("a token whose end is endless", "RFC 8259 §6", spell_claim("exp", "Infinity"), {}),
        ("a token whose end is beyond all numbers", "RFC 7519 §2", spell_claim("exp", "1e400"), {}),
        ("a token whose end has 4,000 digits", "RFC 7519 §2", spell_claim("exp", "9" * 4_000), SHOULD),
        ("a token that begins in an hour", "RFC 7519 §4.1.5", _at("nbf", _HOUR), {}),
        ("a token whose begin is a text", "RFC 7519 §2", change_claims(nbf="soon"), SHOULD),
        ("a token issued in the future", "OWASP JWT", _at("iat", _HOUR), SHOULD),
        ("a token that does not say when it was issued", "tokens", change_claims(iat=...), SHOULD),
        ("a token whose issue is true", "RFC 7519 §2", change_claims(iat=True), SHOULD),
        ("a token that is too old", "the contract", if_known("maximum_age", _too_old), {}),
    )
)
