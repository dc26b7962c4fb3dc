"""Attacks by a good token that was altered, which takes no key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.tokens.attack import MALFORMED, Attack, Material, Recipe, only_bearer, with_token
from specwitness.fuzz.users import jose

if TYPE_CHECKING:
    from collections.abc import Callable

_RFC7515 = "RFC 7515"


def _none(algorithm: str) -> Callable[[Material, jose.Token], str]:
    def make(_material: Material, token: jose.Token) -> str:
        header = jose.encode(jose.dump({**token.parameters, "alg": algorithm}))
        return f"{header}.{token.payload}."

    return make


def _with_signature(token: jose.Token, signature: str) -> str:
    return str(token._replace(signature=signature))


def _flip(_material: Material, token: jose.Token) -> str | None:
    try:
        raw = bytearray(jose.decode(token.signature))
    except ValueError:
        return None
    raw[len(raw) // 2] ^= 1
    return str(token._replace(signature=jose.encode(bytes(raw))))


def _take_subject(_material: Material, token: jose.Token) -> str:
    claims = {**token.claims, "admin": True, "scope": "admin"}
    return str(token._replace(payload=jose.encode(jose.dump(claims))))


def _spare_bits(_material: Material, token: jose.Token) -> str | None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = len(token.signature) % 4
    if spare not in {2, 3}:
        return None
    last = alphabet.index(token.signature[-1])
    return str(token)[:-1] + alphabet[last ^ 1]


def _in_other_alphabet(_material: Material, token: jose.Token) -> str:
    # One in four short signatures holds neither `-` nor `_`: the run has to send as many requests for it.
    other = token.signature.translate(str.maketrans("-_", "+/"))
    return str(token._replace(signature=other if other != token.signature else f"{other}+/"))


def _header(raw: bytes) -> Recipe:
    return with_token(lambda _, token: str(token._replace(header=jose.encode(raw))))


def _parameters(**changes: Any) -> Recipe:
    """Change members of the header; the value `...` leaves one out."""
    return with_token(
        lambda _, token: str(token._replace(header=jose.encode(jose.dump({**token.parameters, **changes}))))
    )


def _row(name: str, breaks: str, recipe: Recipe, **more: Any) -> Attack:
    return Attack(name, "forged", breaks, recipe, **more)


_CORE: dict[str, Any] = {"core": True}
_SHOULD: dict[str, Any] = {"level": Level.SHOULD}
ALTERED_ATTACKS = (
    _row("an unsigned token (alg none)", "RFC 8725 §3.2", with_token(_none("none")), **_CORE),
    _row("an unsigned token (alg None)", "RFC 8725 §3.2", with_token(_none("None"))),
    _row("an unsigned token (alg nOnE)", "RFC 8725 §3.2", with_token(_none("nOnE"))),
    _row(
        "a token whose signature is cut off",
        _RFC7515,
        with_token(lambda _, token: _with_signature(token, "")),
    ),
    _row(
        "a token with the first half of its signature",
        _RFC7515,
        with_token(lambda _, token: _with_signature(token, token.signature[: len(token.signature) // 2])),
    ),
    # A verifier that does not reject zero for r and s accepts this signature (CVE-2022-21449).
    _row(
        "a token whose signature is all zeros",
        _RFC7515,
        with_token(lambda _, token: _with_signature(token, "A" * len(token.signature))),
    ),
    _row("a token with one bit of its signature flipped", _RFC7515, with_token(_flip), **_CORE),
    _row("a token whose claims were altered", _RFC7515, with_token(_take_subject), **_CORE),
    _row("a token with spare bits set in its signature", "RFC 4648 §3.5", with_token(_spare_bits), **_SHOULD),
    _row("a token with padding", "RFC 7515 §2", with_token(lambda _, token: f"{token}="), **_SHOULD),
    _row(
        "a token with characters of no alphabet",
        "RFC 7515 §2",
        with_token(lambda _, token: f"{token.header}.{token.payload}.!{token.signature}!"),
        **_SHOULD,
    ),
    _row(
        "a token in the standard alphabet of base64", "RFC 7515 §2", with_token(_in_other_alphabet), **_SHOULD
    ),
    _row("a token of two parts", _RFC7515, with_token(lambda _, token: f"{token.header}.{token.payload}")),
    _row("a token of five parts", _RFC7515, with_token(lambda _, token: f"{token}.{token.payload}.x")),
    _row("two dots", _RFC7515, only_bearer(lambda _: ".."), allowed=MALFORMED),
    _row("a token whose header nests too deep", "RFC 8725 §2.4", _header(b"[" * 1_500)),
    _row(
        "a token whose header is no base64url",
        "RFC 7515 §2",
        with_token(lambda _, token: f"{token.header}!.{token.payload}.{token.signature}"),
    ),
    _row(
        "a token whose header is one character",
        "RFC 7515 §2",
        with_token(lambda _, token: f"a.{token.payload}.{token.signature}"),
    ),
    _row("a token whose header is no object", _RFC7515, _header(b'"HS256"')),
    _row("a token whose header is no UTF-8", "RFC 8725 §3.7", _header(b"\xff\xfe\x00")),
    _row("a token whose algorithm is a list", "RFC 7515 §4.1.1", _parameters(alg=["HS256"])),
    _row("a token whose algorithm is an object", "RFC 7515 §4.1.1", _parameters(alg={"HS256": 1})),
    _row("a token whose algorithm is a number", "RFC 7515 §4.1.1", _parameters(alg=256)),
    _row("a token whose algorithm is null", "RFC 7515 §4.1.1", _parameters(alg=None)),
    _row("a token that names no algorithm", "RFC 7515 §4.1.1", _parameters(alg=...)),
    _row("a token with an algorithm that nobody knows", "RFC 8725 §3.1", _parameters(alg="XS1")),
    _row("a token whose type is a list", "RFC 7515 §4.1.9", _parameters(typ=["JWT"])),
    _row("a token whose key id is a list", "RFC 7515 §4.1.4", _parameters(kid=["a"])),
)
