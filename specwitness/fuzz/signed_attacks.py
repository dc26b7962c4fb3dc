"""Attacks that a mint makes possible: tokens signed with the service's own key, and wrong all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from specwitness.fuzz import jose
from specwitness.fuzz.attacks import Attack, Level, Material, with_mint

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.identity import Mint

_HOUR = 3600
_BEYOND_LEEWAY = 120  # seconds; nobody allows clocks to differ by more than a minute
_OTHER = {"HS256": "HS512", "HS384": "HS256", "HS512": "HS256", "RS256": "RS512", "PS256": "PS512"}
_NOWHERE = "https://issuer.invalid/"


def _claims(**claims: Any) -> Callable[[Material, Mint], jose.Token]:
    return lambda material, mint: mint.mint(material.name, None, **claims)


def _header(**parameters: Any) -> Callable[[Material, Mint], jose.Token]:
    return lambda material, mint: mint.mint(material.name, parameters)


def _at(name: str, seconds: int) -> Callable[[Material, Mint], jose.Token]:
    return lambda material, mint: mint.mint(material.name, None, **{name: int(mint.clock()) + seconds})


def _expired(seconds: int) -> Callable[[Material, Mint], jose.Token]:
    def make(material: Material, mint: Mint) -> jose.Token:
        now = int(mint.clock())
        return mint.mint(material.name, None, iat=now - seconds - _HOUR, exp=now - seconds)

    return make


def _literal(name: str, text: str) -> Callable[[Material, Mint], jose.Token]:
    """Give a claim a value that Python's encoder does not write."""

    def make(material: Material, mint: Mint) -> jose.Token:
        payload = json.dumps({**mint.payload(material.name), name: "\x00LITERAL"})
        raw = payload.replace(json.dumps("\x00LITERAL"), text).encode()
        return mint.sign(jose.dump(mint.parameters()), raw)

    return make


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Material, Mint], jose.Token]:
    def make(material: Material, mint: Mint) -> jose.Token:
        return mint.sign(jose.dump(mint.parameters()), change(jose.dump(mint.payload(material.name))))

    return make


def _twice(material: Material, mint: Mint) -> jose.Token:
    """Name the subject twice, the good one last."""
    members = jose.dump(mint.payload(material.name))
    return mint.sign(jose.dump(mint.parameters()), b'{"sub":"nobody",' + members[1:])


def _by_other_key(material: Material, mint: Mint) -> jose.Token:
    key = jose.make_other_key(mint.algorithm, mint.signing_key)
    return _sign_with(mint, material, mint.parameters(), key)


def _by_embedded_key(name: str, value: Callable[[jose.Key], Any]) -> Callable[[Material, Mint], jose.Token]:
    def make(material: Material, mint: Mint) -> jose.Token:
        key = jose.make_other_key(mint.algorithm, mint.signing_key)
        return _sign_with(mint, material, {**mint.parameters(), name: value(key)}, key)

    return make


def _by_secret(secret: bytes, **parameters: Any) -> Callable[[Material, Mint], jose.Token]:
    def make(material: Material, mint: Mint) -> jose.Token:
        header = {**mint.parameters(), "alg": "HS256", **parameters}
        return jose.sign(jose.dump(header), jose.dump(mint.payload(material.name)), "HS256", secret)

    return make


def _by_public_key(material: Material, mint: Mint) -> jose.Token | None:
    public = jose.public_pem(mint.signing_key)
    return None if public is None else _by_secret(public)(material, mint)


def _by_other_algorithm(material: Material, mint: Mint) -> jose.Token | None:
    algorithm = _OTHER.get(mint.algorithm)
    if algorithm is None:
        return None
    header = {**mint.parameters(), "alg": algorithm}
    return jose.sign(jose.dump(header), jose.dump(mint.payload(material.name)), algorithm, mint.signing_key)


def _with_unknown_key(material: Material, mint: Mint) -> jose.Token | None:
    """Name another key, where the service's own tokens name theirs."""
    return mint.mint(material.name, {"kid": "nobody-s-key"}) if "kid" in mint.header else None


def _sign_with(mint: Mint, material: Material, header: dict[str, Any], key: jose.Key) -> jose.Token:
    return jose.sign(jose.dump(header), jose.dump(mint.payload(material.name)), mint.algorithm, key)


def _if_known(name: str, make: Callable[[Material, Mint], jose.Token]) -> Callable[[Material, Mint], object]:
    """Try a claim only where the mint says that the service checks it."""
    return lambda material, mint: make(material, mint) if getattr(mint, name) is not None else None


def _row(name: str, check: str, breaks: str, make: Callable[[Material, Mint], object], **more: Any) -> Attack:
    return Attack(name, check, breaks, with_mint(make), **more)


_SHOULD: dict[str, Any] = {"level": Level.SHOULD}
_CORE: dict[str, Any] = {"core": True}

SIGNED_ATTACKS = (
    _row("a token signed by another key", "forged", "RFC 7515 §5.2", _by_other_key, **_CORE),
    _row("a token signed with an empty secret", "forged", "RFC 8725 §3.5", _by_secret(b"")),
    _row("a token signed with the public key as a secret", "forged", "RFC 8725 §2.1", _by_public_key),
    _row(
        "a token signed by another algorithm with the same key",
        "forged",
        "RFC 8725 §3.1",
        _by_other_algorithm,
    ),
    _row(
        "a token that brings its own key",
        "forged",
        "RFC 8725 §3.10",
        _by_embedded_key("jwk", jose.public_jwk),
    ),
    _row(
        "a token that says where its key is",
        "forged",
        "RFC 8725 §3.10",
        _by_embedded_key("jku", lambda _: f"{_NOWHERE}jwks"),
    ),
    _row(
        "a token whose key id is the path of an empty file",
        "forged",
        "RFC 8725 §3.10",
        _by_secret(b"", kid="../../../../../../dev/null"),
    ),
    _row(
        "a token whose key id is SQL",
        "forged",
        "RFC 8725 §3.10",
        _by_secret(b"x", kid="' UNION SELECT 'x' --"),
    ),
    _row(
        "a token whose key id nobody knows", "forged", "RFC 8725 §3.10", _with_unknown_key, level=Level.SHOULD
    ),
    _row("a token that ended an hour ago", "expired", "RFC 7519 §4.1.4", _expired(_HOUR), **_CORE),
    _row("a token that ended two minutes ago", "expired", "RFC 7519 §4.1.4", _expired(_BEYOND_LEEWAY)),
    _row("a token that never ends", "expired", "OWASP ASVS 9.2.1", _claims(exp=...)),
    _row("a token whose end is null", "expired", "RFC 7519 §2", _claims(exp=None)),
    _row("a token whose end is a text", "expired", "RFC 7519 §2", _claims(exp="4102444800"), **_SHOULD),
    _row("a token whose end is a list", "expired", "RFC 7519 §2", _claims(exp=[4102444800])),
    _row("a token whose end is true", "expired", "RFC 7519 §2", _claims(exp=True)),
    _row("a token whose end is no number", "expired", "RFC 8259 §6", _literal("exp", "NaN")),
    _row("a token whose end is beyond all numbers", "expired", "RFC 7519 §2", _literal("exp", "1e400")),
    _row("a token that begins in an hour", "expired", "RFC 7519 §4.1.5", _at("nbf", _HOUR)),
    _row("a token whose begin is a text", "expired", "RFC 7519 §2", _claims(nbf="soon"), **_SHOULD),
    _row("a token issued in the future", "expired", "OWASP JWT", _at("iat", _HOUR), **_SHOULD),
    _row("a token that does not say when it was issued", "expired", "tokens", _claims(iat=...), **_SHOULD),
    _row(
        "a token of another issuer",
        "claims",
        "RFC 8725 §3.8",
        _if_known("issuer", _claims(iss=_NOWHERE)),
        **_CORE,
    ),
    _row(
        "a token for an audience whose name begins alike",
        "claims",
        "RFC 8725 §3.9",
        _if_known(
            "audience", lambda material, mint: mint.mint(material.name, None, aud=f"{mint.audience}.x")
        ),
    ),
    _row(
        "a token of an issuer whose name begins alike",
        "claims",
        "RFC 8725 §3.8",
        _if_known("issuer", lambda material, mint: mint.mint(material.name, None, iss=f"{mint.issuer}.x")),
    ),
    _row("a token without an issuer", "claims", "RFC 8725 §3.8", _if_known("issuer", _claims(iss=...))),
    _row(
        "a token whose issuer is a list",
        "claims",
        "RFC 7519 §4.1.1",
        _if_known("issuer", lambda material, mint: mint.mint(material.name, None, iss=[mint.issuer])),
        **_SHOULD,
    ),
    _row(
        "a token for another audience",
        "claims",
        "RFC 8725 §3.9",
        _if_known("audience", _claims(aud=_NOWHERE)),
        **_CORE,
    ),
    _row(
        "a token for others", "claims", "RFC 8725 §3.9", _if_known("audience", _claims(aud=[_NOWHERE, "x"]))
    ),
    _row("a token without an audience", "claims", "RFC 8725 §3.9", _if_known("audience", _claims(aud=...))),
    _row("a token without a subject", "claims", "RFC 8725 §3.8", _claims(sub=...)),
    _row("a token with an empty subject", "claims", "RFC 8725 §3.8", _claims(sub="")),
    _row("a token with a blank subject", "claims", "RFC 8725 §3.8", _claims(sub="  "), **_SHOULD),
    _row("a token with a NUL in its subject", "claims", "RFC 8725 §3.8", _claims(sub="a\x00b"), **_SHOULD),
    _row(
        "a token whose subject is half a character",
        "claims",
        "RFC 8725 §3.7",
        _claims(sub="a\ud800"),
        **_SHOULD,
    ),
    _row("a token whose subject is a number", "claims", "RFC 7519 §4.1.2", _claims(sub=1), **_SHOULD),
    _row("a token whose subject is a list", "claims", "RFC 7519 §4.1.2", _claims(sub=["a"])),
    _row("a token whose subject is null", "claims", "RFC 7519 §4.1.2", _claims(sub=None)),
    _row("a token with a subject of 5 kB", "claims", "RFC 8725 §3.8", _claims(sub="a" * 5_000), **_SHOULD),
    _row("a token with a critical extension", "claims", "RFC 7515 §4.1.11", _header(crit=["x"], x=1)),
    _row(
        "a token whose payload is said to be unencoded",
        "claims",
        "RFC 7797 §6",
        _header(b64=False),
        **_SHOULD,
    ),
    _row("a token that is said to be compressed", "claims", "RFC 7516 §4.1.3", _header(zip="DEF"), **_SHOULD),
    _row("a token of another type", "claims", "RFC 8725 §3.11", _header(typ="logout+jwt"), **_SHOULD),
    _row(
        "a token of a session's cache",
        "claims",
        "RFC 8725 §3.12",
        _header(typ="better-auth.session-cache+jwt"),
        **_SHOULD,
    ),
    _row("a token with another token in it", "claims", "RFC 7519 §5.2", _header(cty="JWT"), **_SHOULD),
    _row("a token that names its subject twice", "claims", "RFC 7519 §4", _twice, **_SHOULD),
    _row("a token whose claims are a list", "claims", "RFC 7519 §7.2", _bytes(lambda raw: b"[" + raw + b"]")),
    _row(
        "a token whose claims are no UTF-8",
        "claims",
        "RFC 8725 §3.7",
        _bytes(lambda raw: raw[:-1] + b',"x":"\xff"}'),
        **_SHOULD,
    ),
    _row(
        "a token whose claims begin with a BOM",
        "claims",
        "RFC 8259 §8.1",
        _bytes(lambda raw: b"\xef\xbb\xbf" + raw),
        **_SHOULD,
    ),
    _row(
        "a token whose claims are UTF-16",
        "claims",
        "RFC 8725 §3.7",
        _bytes(lambda raw: raw.decode().encode("utf-16")),
        **_SHOULD,
    ),
    _row("a token whose claims nest too deep", "claims", "RFC 8725 §2.4", _bytes(lambda _: b"[" * 1_500)),
)
