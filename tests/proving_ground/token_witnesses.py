"""Shows each fault of tokens and of the door: one request to a service's probe."""

from __future__ import annotations

import json
import time
from codecs import BOM_UTF8
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from tests.proving_ground.claims import LEEWAY
from tests.proving_ground.forgeries import (
    cut,
    flip,
    sign_otherwise,
    spare,
    unsigned,
    with_certificate_at_address,
    with_claims,
    with_header,
    with_header_bytes,
    with_key_at_address,
    with_own_certificate,
    with_own_key,
    with_payload,
    with_second_algorithm,
    with_second_subject,
    with_session,
    with_signature,
    with_text,
    with_unfit_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.proving_ground.tokens import Mint
    from tests.proving_ground.visitor import Visitor

HOUR = 3600
YEAR = 365 * 24 * HOUR

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
    "weak-secret": lambda mint, now: sign_otherwise(mint, now, "HS256", "secret"),
    "signature-spare-bits": lambda mint, now: with_signature(mint, now, spare),
    "alg-substring": lambda mint, now: with_header(mint, now, alg=mint.algorithm[:2]),
    "alg-case-ignored": lambda mint, now: with_header(mint, now, alg=mint.algorithm.lower()),
    "alg-unbound": lambda mint, now: sign_otherwise(mint, now, "RS512", mint.key),
    "alg-missing-crash": lambda mint, now: with_header(mint, now, alg=None),
    "unknown-alg-crash": lambda mint, now: unsigned(mint, now, "none"),
    "curve-ignored": partial(with_unfit_key, switch="curve-ignored"),
    "use-ignored": partial(with_unfit_key, switch="use-ignored"),
    "rsa-1024": partial(with_unfit_key, switch="rsa-1024"),
    "jwk-trusted": with_own_key,
    "jku-trusted": with_key_at_address,
    "x5u-trusted": with_certificate_at_address,
    "header-duplicates-accepted": with_second_algorithm,
    "header-object-crash": lambda mint, now: with_header_bytes(mint, now, b'"HS256"'),
    "header-encoding-crash": lambda mint, now: with_header_bytes(mint, now, b"\xff\xfe"),
    "typ-type-crash": lambda mint, now: with_header(mint, now, typ=["JWT"]),
    "x5c-trusted": with_own_certificate,
    "kid-path": lambda mint, now: sign_otherwise(mint, now, "HS256", "", kid="../../dev/null"),
    "kid-sql": lambda mint, now: sign_otherwise(mint, now, "HS512", "x", kid="' union select 'x' --"),
    "kid-type-crash": lambda mint, now: with_header(mint, now, kid=[mint.kid]),
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
    "exp-boundary": lambda mint, now: with_claims(mint, now, exp=int(time.time()) - LEEWAY),
    "exp-null": lambda mint, now: with_text(mint, now, "exp", "null"),
    "exp-type-crash": lambda mint, now: with_claims(mint, now, exp=[int(now) + HOUR]),
    "exp-not-finite": lambda mint, now: with_text(mint, now, "exp", "NaN"),
    "nbf-ignored": lambda mint, now: with_claims(mint, now, nbf=int(now) + HOUR),
    "iat-ignored": lambda mint, now: with_claims(mint, now, iat=int(now) + HOUR),
    "iat-true": lambda mint, now: with_claims(mint, now, iat=True),
    "iat-age-ignored": lambda mint, now: with_claims(mint, now, iat=int(now) - YEAR),
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
    "sub-long": lambda mint, now: with_claims(mint, now, sub="a" * 5_000),
    "sub-unbounded": lambda mint, now: with_claims(mint, now, sub="a" * 1_000_000),
    "sub-surrogate-crash": lambda mint, now: with_claims(mint, now, sub="a\ud800"),
    "session-cache-accepted": with_session,
    "size-unbounded": lambda mint, now: with_claims(mint, now, more="a" * 9_000),
    "duplicates-accepted": with_second_subject,
    "parts-crash": lambda mint, now: mint.token("alice", now).rpartition(".")[0],
    "deep-header-crash": lambda mint, now: with_header_bytes(mint, now, b"[" * 1500),
    "deep-payload-crash": lambda mint, _: with_payload(mint, b"[" * 1500),
    "payload-list-crash": lambda mint, _: with_payload(mint, b"[]"),
    "payload-utf16-accepted": lambda mint, now: with_payload(
        mint, json.dumps(mint.payload("alice", now)).encode("utf-16")
    ),
    "payload-utf8-replaced": lambda mint, now: with_payload(
        mint, json.dumps({**mint.payload("alice", now), "x": "?"}).encode().replace(b"?", b"\xff")
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


def _is_refused(visitor: Visitor, make: Callable[..., str], **changes: Any) -> bool:
    token = make(visitor.service.mint, time.time(), **changes)
    return _probe(visitor, {"Authorization": f"Bearer {token}"}).status_code != 200


def _address_is_asked(visitor: Visitor) -> bool:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        token = with_header(visitor.service.mint, time.time(), jku=f"http://127.0.0.1:{server.server_port}/")
        _probe(visitor, {"Authorization": f"Bearer {token}"})
        server.shutdown()
    return bool(asked)


def _challenge(visitor: Visitor, token: str | None = None) -> str:
    response = _probe(visitor, {} if token is None else {"Authorization": f"Bearer {token}"})
    assert response.status_code in {401, 403}
    return str(response.headers.get("WWW-Authenticate", ""))


DOOR_WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "jku-fetched": _address_is_asked,
    "typ-case-sensitive": lambda visitor: _is_refused(visitor, with_header, typ="jwt"),
    "aud-list-refused": lambda visitor: _is_refused(
        visitor, with_claims, aud=[visitor.service.mint.audience, "others"]
    ),
    "challenge-error-unasked": lambda visitor: "error" in _challenge(visitor),
    "refusal-echoes-token": lambda visitor: (
        "x.y.z" in _probe(visitor, {"Authorization": "Bearer x.y.z"}).text
    ),
    "form-token": lambda visitor: (
        _probe(visitor, {}, data={"access_token": visitor.token()}).status_code != 401
    ),
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
