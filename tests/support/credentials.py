"""The valid and the bad credentials that the spec names, by the name that its scenarios use."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from backend.testing.issuer import Issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Recipe = Callable[["Mint"], str | bytes]

OTHER_SECRET = "another-secret-of-another-service-0123456789"
HOUR = 3600
SIGNATURE_LENGTH = 43
SESSION_CACHE_TYPE = "better-auth.session-cache+jwt"
SESSION_CACHE_AUDIENCE = "better-auth:session-cache"


class Mint:
    """Mints valid and invalid tokens of one subject at one moment.

    Args:
        issuer: The issuer with the secret that the service trusts.
        subject: The `sub` of a valid token.
        now: The service's time in seconds since the epoch.
    """

    def __init__(self, issuer: Issuer, subject: str, now: float) -> None:
        self.issuer = issuer
        self.subject = subject
        self.now = now

    def good(self) -> str:
        """Mint a valid token, as Better Auth issues it."""
        return self.issuer.token(self.subject, now=self.now)

    def with_header(self, **members: Any) -> str:
        """Mint a token with a changed header; None removes a member."""
        return self._sign(_merge(self.header(), members), self.claims())

    def with_claims(self, **members: Any) -> str:
        """Mint a token with changed claims; None removes a claim."""
        return self._sign(self.header(), _merge(self.claims(), members))

    def with_payload(self, payload: bytes) -> str:
        """Mint a token with these bytes as payload."""
        return self.issuer.sign(_json(self.header()), payload)

    def with_raw_header(self, header: bytes) -> str:
        """Mint a token with these bytes as header."""
        return self.issuer.sign(header, _json(self.claims()))

    def header(self) -> dict[str, Any]:
        """The header of a valid token."""
        return {"alg": "HS256", "typ": "JWT"}

    def claims(self) -> dict[str, Any]:
        """The claims of a valid token."""
        now = int(self.now)
        return {
            "iat": now,
            "exp": now + 900,
            "iss": self.issuer.issuer,
            "aud": self.issuer.audience,
            "sub": self.subject,
            "sid": "session-1",
        }

    def _sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        return self.issuer.sign(_json(header), _json(claims))


def encode(data: bytes) -> str:
    """Encode as unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def of_size(mint: Mint, size: int) -> str:
    """Mint a valid token of exactly this many bytes, padded with extra members."""
    bare = len(_json({**mint.claims(), "filler": ""}))
    for pad in ("a", "ab", "abc"):
        header = _json({**mint.header(), "pad": pad})
        left = size - len(encode(header)) - len("..") - SIGNATURE_LENGTH
        if left % 4 != 1:  # base64url never has 4n + 1 characters
            payload = _json({**mint.claims(), "filler": "x" * (left * 3 // 4 - bare)})
            return mint.issuer.sign(header, payload)
    raise AssertionError(f"no token has {size} bytes")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _merge(usual: dict[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (usual | dict(members)).items() if value is not None}


def _parts(mint: Mint) -> list[str]:
    return mint.good().split(".")


def _offering(mint: Mint, **members: Any) -> str:
    """Mint a token signed with a key of the attacker that its own header names (jku, jwk, x5u, x5c)."""
    other = Issuer(OTHER_SECRET, mint.issuer.issuer, mint.issuer.audience)
    return Mint(other, mint.subject, mint.now).with_header(**members)


def _nest(levels: int) -> list[Any]:
    return [] if levels == 1 else [_nest(levels - 1)]


def _signed_elsewhere(mint: Mint) -> str:
    return Mint(Issuer(OTHER_SECRET, mint.issuer.issuer, mint.issuer.audience), mint.subject, mint.now).good()


def _altered_payload(mint: Mint) -> str:
    header, _, signature = _parts(mint)
    return ".".join([header, encode(_json({**mint.claims(), "sub": "somebody-else"})), signature])


def _altered_spare_bits(mint: Mint) -> str:
    """Change the two unused bits of the last character: 43 characters hold 258 bits, the signature has 256."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = mint.good()
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _json_with(mint: Mint, text: str) -> bytes:
    """The claims as JSON with one more member: `"sub":"x"` -> `{…,"sub":"x"}`."""
    return _json(mint.claims())[:-1] + b"," + text.encode() + b"}"


def _claims_without(mint: Mint, name: str) -> bytes:
    return _json({key: value for key, value in mint.claims().items() if key != name})


def _exp_spelled(mint: Mint, text: str) -> str:
    return mint.with_payload(_claims_without(mint, "exp")[:-1] + b',"exp":' + text.encode() + b"}")


RECIPES: dict[str, Recipe] = {
    "a valid token": Mint.good,
    "an expired token": lambda mint: mint.with_claims(iat=int(mint.now) - HOUR, exp=int(mint.now) - 60),
    "a token signed with another secret": _signed_elsewhere,
    "a token with an altered payload": _altered_payload,
    "a token without a signature": lambda mint: ".".join([*_parts(mint)[:2], ""]),
    "a token with alg none": lambda mint: mint.with_header(alg="none"),
    "a token with alg None": lambda mint: mint.with_header(alg="None"),
    "a token with alg nOnE": lambda mint: mint.with_header(alg="nOnE"),
    "a token with alg hs256": lambda mint: mint.with_header(alg="hs256"),
    "a token with alg HS512": lambda mint: mint.with_header(alg="HS512"),
    "a token with alg EdDSA": lambda mint: mint.with_header(alg="EdDSA", typ=None, kid="k" * 32),
    "a token whose alg is a list": lambda mint: mint.with_header(alg=["HS256"]),
    "a token whose alg is an object": lambda mint: mint.with_header(alg={"HS256": "HS256"}),
    "a token whose alg is a number": lambda mint: mint.with_header(alg=256),
    "a token without alg": lambda mint: mint.with_header(alg=None),
    "a token whose alg is null": lambda mint: mint.with_raw_header(b'{"alg":null,"typ":"JWT"}'),
    "a token with a crit header": lambda mint: mint.with_header(crit=["exp"]),
    "a token with b64 false": lambda mint: mint.with_header(b64=False),
    "a token with a zip header": lambda mint: mint.with_header(zip="DEF"),
    "a token with a cty header": lambda mint: mint.with_header(cty="JWT"),
    "a token of type JOSE": lambda mint: mint.with_header(typ="JOSE"),
    "a token whose type is a list": lambda mint: mint.with_header(typ=["JWT"]),
    "a token whose kid is a list": lambda mint: mint.with_header(kid=["key"]),
    "a token that points at its key by jku": lambda mint: _offering(mint, jku="https://evil.example/jwks"),
    "a token that points at its key by x5u": lambda mint: _offering(mint, x5u="https://evil.example/x5u"),
    "a token that brings its key as jwk": lambda mint: _offering(
        mint, jwk={"kty": "oct", "k": encode(OTHER_SECRET.encode())}
    ),
    "a token that brings its key as x5c": lambda mint: _offering(mint, x5c=["MIIB"]),
    "a session-cookie cache of Better Auth": lambda mint: mint.with_claims(
        iss=None, aud=None, sub=None, session={"id": "session-1"}, user={"id": mint.subject}
    ),
    "a session-cache token of Better Auth": lambda mint: mint.with_header(typ=SESSION_CACHE_TYPE),
    "a session-cache token without its type": lambda mint: mint.with_claims(aud=SESSION_CACHE_AUDIENCE),
    "a bearer token of Better Auth's plugin": lambda mint: (
        f"{'k' * 32}.{encode(mint.issuer.sign_bytes(b'k'))}"
    ),
    "a token whose signature is padded": lambda mint: mint.good() + "=",
    "a token whose signature ends with marks": lambda mint: mint.good() + "!!",
    "a token in the standard alphabet": lambda mint: mint.with_header(pad="??>>").replace("_", "/"),
    "a token with altered spare bits": _altered_spare_bits,
    "a token with a duplicate sub": lambda mint: mint.with_payload(_json_with(mint, '"sub":"somebody-else"')),
    "a token with a duplicate alg": lambda mint: mint.with_raw_header(
        b'{"alg":"HS256","typ":"JWT","alg":"HS256"}'
    ),
    "a token without iss": lambda mint: mint.with_claims(iss=None),
    "a token without aud": lambda mint: mint.with_claims(aud=None),
    "a token without iat": lambda mint: mint.with_claims(iat=None),
    "a token without exp": lambda mint: mint.with_claims(exp=None),
    "a token without sub": lambda mint: mint.with_claims(sub=None),
    "a token of another issuer": lambda mint: mint.with_claims(iss="https://elsewhere.example"),
    "a token for another audience": lambda mint: mint.with_claims(aud=["https://elsewhere.example"]),
    "a token whose nbf is an hour ahead": lambda mint: mint.with_claims(nbf=int(mint.now) + HOUR),
    "a token whose iat is an hour ahead": lambda mint: mint.with_claims(
        iat=int(mint.now) + HOUR, exp=int(mint.now) + 2 * HOUR
    ),
    "a token whose exp is a string": lambda mint: mint.with_claims(exp=str(int(mint.now) + 900)),
    "a token whose exp is a spaced string": lambda mint: mint.with_claims(exp=" +1_900_000_000 "),
    "a token whose exp has full-width digits": lambda mint: mint.with_claims(
        exp="\uff11\uff19\uff10\uff10\uff10\uff10\uff10\uff10\uff10\uff10"
    ),
    "a token whose exp is null": lambda mint: _exp_spelled(mint, "null"),
    "a token whose exp is a list": lambda mint: mint.with_claims(exp=[int(mint.now) + 900]),
    "a token whose exp has 4000 digits": lambda mint: _exp_spelled(mint, "9" * 4000),
    "a token whose nbf is a string": lambda mint: mint.with_claims(nbf=str(int(mint.now))),
    "a token whose iat is false": lambda mint: mint.with_claims(iat=False),
    "a token whose exp is true": lambda mint: mint.with_claims(exp=True),
    "a token whose exp is 1e400": lambda mint: _exp_spelled(mint, "1e400"),
    "a token whose exp is NaN": lambda mint: _exp_spelled(mint, "NaN"),
    "a token whose exp is Infinity": lambda mint: _exp_spelled(mint, "Infinity"),
    "a token whose aud is an object": lambda mint: mint.with_claims(aud={mint.issuer.audience: 1}),
    "a token whose iss is a list": lambda mint: mint.with_claims(iss=[mint.issuer.issuer]),
    "a token whose sub is empty": lambda mint: mint.with_claims(sub=""),
    "a token whose sub is blank": lambda mint: mint.with_claims(sub="   "),
    "a token whose sub is a number": lambda mint: mint.with_claims(sub=42),
    "a token whose sub holds NUL": lambda mint: mint.with_claims(sub="ali\0ce"),
    "a token whose sub holds a lone surrogate": lambda mint: mint.with_claims(sub="ali\ud800ce"),
    "a token whose sub has 256 characters": lambda mint: mint.with_claims(sub="a" * 256),
    "a token whose sub holds a line break": lambda mint: mint.with_claims(sub="ali\nce"),
    "a token whose sub has a megabyte": lambda mint: mint.with_claims(sub="a" * 1_000_000),
    "a token with a space at its end": lambda mint: mint.good() + " ",
    "a token with an emoji inside": lambda mint: mint.good().replace(".", ".😀", 1).encode(),
    "a token with NUL inside": lambda mint: mint.good().replace(".", ".\0", 1),
    "a token of two parts": lambda mint: ".".join(_parts(mint)[:2]),
    "a token of five parts": lambda mint: mint.good() + ".AAAA.AAAA",
    "a token whose header is 1500 brackets": lambda mint: mint.with_raw_header(b"[" * 1500),
    "a token whose header is a JSON list": lambda mint: mint.with_raw_header(b'["HS256"]'),
    "a token whose header is nested too deeply": lambda mint: mint.with_header(deep=_nest(40)),
    "a token whose payload is nested too deeply": lambda mint: mint.with_claims(deep=_nest(40)),
    "a token whose header is not base64": lambda mint: ".".join(["A", *_parts(mint)[1:]]),
    "a token whose payload is a JSON list": lambda mint: mint.with_payload(b'["sub"]'),
    "a token whose payload is not JSON": lambda mint: mint.with_payload(b"sub=alice"),
    "a token whose payload is UTF-16": lambda mint: mint.with_payload(
        _json(mint.claims()).decode().encode("utf-16")
    ),
    "a token whose payload is not UTF-8": lambda mint: mint.with_payload(
        _json(mint.claims())[:-2] + b'\xff"}'
    ),
    "a token whose payload has a byte order mark": lambda mint: mint.with_payload(
        b"\xef\xbb\xbf" + _json(mint.claims())
    ),
}
