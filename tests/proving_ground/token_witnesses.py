"""Shows each fault of tokens and of the door: one request to a service's probe."""

from __future__ import annotations

import base64
import json
import time
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any, cast

from tests.proving_ground.tokens import (
    ES256_NUMBER_BYTES,
    encode,
    encode_json,
    load_private_key,
    make_private_key,
    make_signature,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from cryptography.hazmat.primitives.asymmetric import ec

    from tests.proving_ground.tokens import Mint
    from tests.proving_ground.visitor import Visitor

HOUR = 3600


def with_header(mint: Mint, now: float, **members: Any) -> str:
    """Make a right token with other header members; None takes one away."""
    header = _change(mint.header(), members)
    return mint.sign(encode_json(header), encode_json(mint.payload("alice", now)))


def with_claims(mint: Mint, now: float, **claims: Any) -> str:
    """Make a right token with other claims; None takes one away."""
    payload = _change(mint.payload("alice", now), claims)
    return mint.sign(encode_json(mint.header()), encode_json(payload))


def with_payload(mint: Mint, data: bytes) -> str:
    """Make a right signature over a payload of any bytes."""
    return mint.sign(encode_json(mint.header()), encode(data))


def with_signature(mint: Mint, now: float, change: Callable[[str], str]) -> str:
    """Make a right token and change its last segment."""
    signed, _, signature = mint.token("alice", now).rpartition(".")
    return f"{signed}.{change(signature)}"


def sign_otherwise(mint: Mint, now: float, algorithm: Any, key: str) -> str:
    """Make a token of another algorithm and key."""
    header = encode_json({**mint.header(), "alg": algorithm})
    payload = encode_json(mint.payload("alice", now))
    return f"{header}.{payload}.{encode(make_signature(algorithm, key, f'{header}.{payload}'.encode()))}"


def unsigned(mint: Mint, now: float, algorithm: str) -> str:
    """Make a token without a signature."""
    header = encode_json({**mint.header(), "alg": algorithm})
    return f"{header}.{encode_json(mint.payload('alice', now))}."


def with_own_key(mint: Mint, now: float) -> str:
    """Make a token signed by a key of the attacker's, which its header brings along."""
    key = make_private_key("ES256")
    private = cast("ec.EllipticCurvePrivateKey", load_private_key(key))
    numbers = private.public_key().public_numbers()
    x, y = (encode(each.to_bytes(ES256_NUMBER_BYTES, "big")) for each in (numbers.x, numbers.y))
    header = encode_json({**mint.header(), "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}})
    payload = encode_json(mint.payload("alice", now))
    return f"{header}.{payload}.{encode(make_signature('ES256', key, f'{header}.{payload}'.encode()))}"


def with_text(mint: Mint, now: float, member: str, text: str) -> str:
    """Make a right token whose payload holds one more member, spelled as no encoder would."""
    payload = json.dumps(_change(mint.payload("alice", now), {member: None}))
    return with_payload(mint, f'{payload[:-1]}, "{member}": {text}}}'.encode())


def with_second_subject(mint: Mint, now: float) -> str:
    """Make a right token that names two subjects."""
    payload = json.dumps(mint.payload("alice", now))
    return with_payload(mint, f'{payload[:-1]}, "sub": "{mint.subjects["bob"]}"}}'.encode())


def cut(signature: str) -> str:
    """Keep the first half of a signature."""
    data = base64.urlsafe_b64decode(signature + "==")
    return encode(data[: len(data) // 2])


def flip(signature: str) -> str:
    """Change the first letter of a signature."""
    return ("A" if signature[0] != "A" else "B") + signature[1:]


def _change(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    changed = {**members, **changes}
    return {name: value for name, value in changed.items() if value is not None}


FORGERIES: dict[str, Callable[[Mint, float], str]] = {
    "alg-confusion": lambda mint, now: sign_otherwise(mint, now, "HS256", mint.public_key()),
    "alg-none": lambda mint, now: unsigned(mint, now, "none"),
    "alg-none-any-case": lambda mint, now: unsigned(mint, now, "nOnE"),
    "alg-same-family": lambda mint, now: sign_otherwise(mint, now, "HS384", mint.key),
    "empty-secret": lambda mint, now: sign_otherwise(mint, now, "HS256", ""),
    "alg-type-crash": lambda mint, now: with_header(mint, now, alg=[mint.algorithm]),
    "signature-ignored": lambda mint, now: with_signature(mint, now, flip),
    "signature-optional": lambda mint, now: with_signature(mint, now, lambda _: ""),
    "signature-truncated": lambda mint, now: with_signature(mint, now, cut),
    "signature-malleable": lambda mint, now: with_signature(mint, now, lambda text: text + "="),
    "jwk-trusted": with_own_key,
    "kid-ignored": lambda mint, now: with_header(mint, now, kid="no-such-key"),
    "crit-ignored": lambda mint, now: with_header(mint, now, crit=["exp"]),
    "b64-ignored": lambda mint, now: with_header(mint, now, b64=False),
    "zip-ignored": lambda mint, now: with_header(mint, now, zip="DEF"),
    "cty-ignored": lambda mint, now: with_header(mint, now, cty="JWT"),
    "typ-ignored": lambda mint, now: with_header(mint, now, typ="session-cache+jwt"),
    "exp-ignored": lambda mint, now: with_claims(mint, now, exp=int(now) - HOUR),
    "exp-optional": lambda mint, now: with_claims(mint, now, exp=None),
    "exp-wide-leeway": lambda mint, now: with_claims(mint, now, exp=int(now) - HOUR),
    "exp-as-text": lambda mint, now: with_claims(mint, now, exp=str(int(now) + HOUR)),
    "exp-not-finite": lambda mint, now: with_text(mint, now, "exp", "NaN"),
    "nbf-ignored": lambda mint, now: with_claims(mint, now, nbf=int(now) + HOUR),
    "iat-ignored": lambda mint, now: with_claims(mint, now, iat=int(now) + HOUR),
    "iat-optional": lambda mint, now: with_claims(mint, now, iat=None),
    "iss-ignored": lambda mint, now: with_claims(mint, now, iss="https://elsewhere.example"),
    "iss-optional": lambda mint, now: with_claims(mint, now, iss=None),
    "iss-prefix": lambda mint, now: with_claims(mint, now, iss=f"{mint.issuer}.attacker.example"),
    "aud-ignored": lambda mint, now: with_claims(mint, now, aud="https://elsewhere.example"),
    "aud-optional": lambda mint, now: with_claims(mint, now, aud=None),
    "aud-substring": lambda mint, now: with_claims(mint, now, aud=f"{mint.audience}-of-others"),
    "sub-optional": lambda mint, now: with_claims(mint, now, sub=None),
    "sub-number": lambda mint, now: with_claims(mint, now, sub=7),
    "sub-unchecked": lambda mint, now: with_claims(mint, now, sub=" "),
    "duplicates-accepted": with_second_subject,
    "parts-crash": lambda mint, now: mint.token("alice", now).rpartition(".")[0],
    "deep-header-crash": lambda mint, now: (
        encode(b"[" * 1500) + mint.token("alice", now)[mint.token("alice", now).index(".") :]
    ),
    "header-base64-crash": lambda mint, now: (
        "a" + mint.token("alice", now)[mint.token("alice", now).index(".") :]
    ),
    "payload-mark-accepted": lambda mint, now: with_payload(
        mint, BOM_UTF8 + json.dumps(mint.payload("alice", now)).encode()
    ),
    "payload-encoding-crash": lambda mint, _: with_payload(mint, b'{"sub": "\xff"}'),
}


def is_let_in(visitor: Visitor, switch: str) -> bool:
    """Tell whether a forged token is answered with anything but 401."""
    token = FORGERIES[switch](visitor.service.mint, time.time())
    return _probe(visitor, {"Authorization": f"Bearer {token}"}).status_code != 401


def _probe(visitor: Visitor, headers: Any, **options: Any) -> httpx.Response:
    return visitor.call(*visitor.service.probe, who=None, headers=headers, **options)


def _is_otherwise(status: int, headers: Callable[[str], Any]) -> Callable[[Visitor], bool]:
    return lambda visitor: _probe(visitor, headers(visitor.token())).status_code != status


def _far_future_crashes(visitor: Visitor) -> bool:
    token = with_claims(visitor.service.mint, time.time(), exp=10**15)
    return _probe(visitor, {"Authorization": f"Bearer {token}"}).status_code != 200


def _challenge(visitor: Visitor, token: str | None = None) -> str:
    response = _probe(visitor, {} if token is None else {"Authorization": f"Bearer {token}"})
    assert response.status_code in {401, 403}
    return str(response.headers.get("WWW-Authenticate", ""))


DOOR_WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "exp-overflow-crash": _far_future_crashes,
    "refusal-403": _is_otherwise(401, lambda _: {}),
    "challenge-absent": lambda visitor: not _challenge(visitor),
    "challenge-other-scheme": lambda visitor: not _challenge(visitor).startswith("Bearer "),
    "challenge-without-error": lambda visitor: "invalid_token" not in _challenge(visitor, "x.y.z"),
    "query-token": lambda visitor: (
        _probe(visitor, {}, params={"access_token": visitor.token()}).status_code != 401
    ),
    "cookie-token": _is_otherwise(401, lambda token: {"Cookie": f"access_token={token}"}),
    "second-header-ignored": _is_otherwise(
        401, lambda token: [("Authorization", f"Bearer {token}"), ("Authorization", "Bearer x")]
    ),
    "header-ascii-crash": _is_otherwise(401, lambda _: {b"Authorization": b"Bearer \xff"}),
    "empty-bearer-crash": _is_otherwise(401, lambda _: {"Authorization": "Bearer"}),
    "scheme-case-sensitive": _is_otherwise(200, lambda token: {"Authorization": f"bearer {token}"}),
    "any-scheme": _is_otherwise(401, lambda token: {"Authorization": f"Basic {token}"}),
}
