"""Attacks by the claims of a token: a wrong issuer, audience or subject, or no JSON object of claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.tokens.attack import HUGE, Material
from specwitness.fuzz.tokens.minting import (
    CORE,
    NOWHERE,
    SHOULD,
    change_claims,
    change_payload,
    if_known,
    row,
)
from specwitness.fuzz.users import jose

if TYPE_CHECKING:
    from specwitness.fuzz.users.identity import Mint

_SESSION_SECONDS = 300


def _twice(material: Material, mint: Mint) -> jose.Token:
    """Sign two members `sub`, the good one last."""
    members = jose.dump(mint.payload(material.name))
    return mint.sign(jose.dump(mint.parameters()), b'{"sub":"nobody",' + members[1:])


def _cache_session(material: Material, mint: Mint) -> jose.Token:
    """Sign the content of Better Auth's session cookie, which the same secret signs: it has no `sub`."""
    subject, now = mint.subjects[material.name], int(mint.clock())
    claims = {
        "session": {"id": "s1", "userId": subject},
        "user": {"id": subject},
        "iat": now,
        "exp": now + _SESSION_SECONDS,
    }
    return mint.sign(jose.dump(mint.parameters()), jose.dump(claims))


CLAIM_ATTACKS = (
    row(
        "a token of another issuer",
        "claims",
        "RFC 8725 §3.8",
        if_known("issuer", change_claims(iss=NOWHERE)),
        **CORE,
    ),
    row(
        "a token for an audience whose name begins alike",
        "claims",
        "RFC 8725 §3.9",
        if_known("audience", lambda material, mint: mint.mint(material.name, None, aud=f"{mint.audience}.x")),
    ),
    row(
        "a token of an issuer whose name begins alike",
        "claims",
        "RFC 8725 §3.8",
        if_known("issuer", lambda material, mint: mint.mint(material.name, None, iss=f"{mint.issuer}.x")),
    ),
    row("a token without an issuer", "claims", "RFC 8725 §3.8", if_known("issuer", change_claims(iss=...))),
    row(
        "a token whose issuer is a list",
        "claims",
        "RFC 7519 §4.1.1",
        if_known("issuer", lambda material, mint: mint.mint(material.name, None, iss=[mint.issuer])),
        **SHOULD,
    ),
    row(
        "a token for another audience",
        "claims",
        "RFC 8725 §3.9",
        if_known("audience", change_claims(aud=NOWHERE)),
        **CORE,
    ),
    row(
        "a token for others",
        "claims",
        "RFC 8725 §3.9",
        if_known("audience", change_claims(aud=[NOWHERE, "x"])),
    ),
    row(
        "a token for several audiences, this one among them",
        "claims",
        "RFC 7519 §4.1.3",
        if_known(
            "audience",
            lambda material, mint: mint.mint(material.name, None, aud=[NOWHERE, mint.audience]),
        ),
        accepted=True,
        **SHOULD,
    ),
    row(
        "a token without an audience", "claims", "RFC 8725 §3.9", if_known("audience", change_claims(aud=...))
    ),
    row("a token without a subject", "claims", "RFC 8725 §3.8", change_claims(sub=...)),
    row("a token with an empty subject", "claims", "RFC 8725 §3.8", change_claims(sub="")),
    row("a token with a blank subject", "claims", "RFC 8725 §3.8", change_claims(sub="  "), **SHOULD),
    row(
        "a token with a NUL in its subject", "claims", "RFC 8725 §3.8", change_claims(sub="a\x00b"), **SHOULD
    ),
    row(
        "a token whose subject is half a character",
        "claims",
        "RFC 8725 §3.7",
        change_claims(sub="a\ud800"),
        **SHOULD,
    ),
    row("a token whose subject is a number", "claims", "RFC 7519 §4.1.2", change_claims(sub=1), **SHOULD),
    row("a token whose subject is a list", "claims", "RFC 7519 §4.1.2", change_claims(sub=["a"])),
    row("a token whose subject is null", "claims", "RFC 7519 §4.1.2", change_claims(sub=None)),
    row(
        "a token with a subject of 5 kB", "claims", "RFC 8725 §3.8", change_claims(sub="a" * 5_000), **SHOULD
    ),
    row(
        "a token with a subject of a megabyte",
        "claims",
        "RFC 8725 §3.8",
        change_claims(sub="a" * 1_000_000),
        allowed=HUGE,
        **SHOULD,
    ),
    row(
        "a token of 9 kB",
        "claims",
        "OWASP API4:2023",
        change_claims(more="a" * 6_750),
        allowed=HUGE,
        **SHOULD,
    ),
    row("a session's cache for a token", "claims", "RFC 8725 §3.12", _cache_session),
    row("a token that names its subject twice", "claims", "RFC 7519 §4", _twice, **SHOULD),
    row(
        "a token whose claims are a list",
        "claims",
        "RFC 7519 §7.2",
        change_payload(lambda raw: b"[" + raw + b"]"),
    ),
    row(
        "a token whose claims are no UTF-8",
        "claims",
        "RFC 8725 §3.7",
        change_payload(lambda raw: raw[:-1] + b',"x":"\xff"}'),
        **SHOULD,
    ),
    row(
        "a token whose claims begin with a BOM",
        "claims",
        "RFC 8259 §8.1",
        change_payload(lambda raw: b"\xef\xbb\xbf" + raw),
        **SHOULD,
    ),
    row(
        "a token whose claims are UTF-16",
        "claims",
        "RFC 8725 §3.7",
        change_payload(lambda raw: raw.decode().encode("utf-16")),
        **SHOULD,
    ),
    row(
        "a token whose claims nest too deep",
        "claims",
        "RFC 8725 §2.4",
        change_payload(lambda _: b"[" * 1_500),
    ),
)
