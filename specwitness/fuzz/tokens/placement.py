"""Attacks by a missing, misplaced, repeated or malformed credential, and by altered API keys."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from specwitness.fuzz.api.words import snake
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.tokens.attack import HUGE, MALFORMED, Attack, Change, Material, only_bearer
from specwitness.fuzz.users.credentials import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.http.message import Request

_RFC6750 = "RFC 6750"
_QUERY_NAMES = ("access_token", "token", "auth_token", "api_key", "jwt")


def _without(material: Material) -> Change:
    def change(request: Request) -> Request:
        seat = material.seat
        query = tuple(pair for pair in request.query if seat.location != "query" or pair[0] != seat.name)
        gone = "cookie" if seat.location == "cookie" else seat.name.lower()
        headers = tuple(
            pair for pair in request.headers if seat.location == "query" or pair[0].lower() != gone
        )
        return replace(request, query=query, headers=headers)

    return change


def _raw(text: str) -> Callable[[Material], Change]:
    return lambda material: lambda request: material.seat.put_raw(request, text)


def _in_query(material: Material) -> Change | None:
    if material.seat.location == "query":
        return None
    bare = _without(material)
    return lambda request: bare(request).with_query(tuple((name, material.value) for name in _QUERY_NAMES))


def _in_cookie(material: Material) -> Change | None:
    if material.seat.location == "cookie":
        return None
    bare = _without(material)
    return lambda request: bare(request).with_headers((("Cookie", f"access_token={material.value}"),))


def _in_form(material: Material) -> Change:
    bare, form = _without(material), urlencode({"access_token": material.value}).encode()
    media = ("Content-Type", "application/x-www-form-urlencoded")
    return lambda request: bare(request).with_headers((media,)).with_body(form)


def _twice(material: Material) -> Change:
    seat = material.seat
    both = ((seat.name, f"{seat.prefix}garbage"), (seat.name, seat.prefix + material.value))
    return lambda request: request.with_headers(both)


def _twice_good_first(material: Material) -> Change:
    seat = material.seat
    both = ((seat.name, seat.prefix + material.value), (seat.name, f"{seat.prefix}garbage"))
    return lambda request: request.with_headers(both)


def _key_in_query(material: Material) -> Change | None:
    """Move a key from a header to the query: `X-API-Key` -> `X-API-Key`, `x_api_key`, `api_key`, `key`."""
    if material.seat.kind != KEY or material.seat.location == "query":
        return None
    bare, names = (
        _without(material),
        {material.seat.name, snake(material.seat.name), "api_key", "apikey", "key"},
    )
    return lambda request: bare(request).with_query(tuple((name, material.value) for name in sorted(names)))


def _with_scheme(prefix: str) -> Callable[[Material], Change]:
    return lambda material: lambda request: material.seat.put_raw(request, prefix + material.value)


def _as_basic(material: Material) -> Change:
    pair = base64.b64encode(f"{material.name}:{material.value}".encode()).decode()
    return lambda request: material.seat.put_raw(request, f"Basic {pair}")


def _alter(material: Material) -> str | None:
    """Change one character in the middle of an opaque credential."""
    if material.token or not material.value:
        return None
    at = len(material.value) // 2
    other = "A" if material.value[at] != "A" else "B"
    return material.value[:at] + other + material.value[at + 1 :]


def _opaque(make: Callable[[str], str]) -> Callable[[Material], str | None]:
    def recipe(material: Material) -> str | None:
        made = make(material.value)
        return made if not material.token and made not in {"", material.value} else None

    return recipe


PLACEMENT_ATTACKS = (
    Attack("no credentials", "none", _RFC6750, _without, core=True, brings=False),
    Attack(
        "an empty credential",
        "none",
        _RFC6750,
        lambda material: lambda request: material.seat.put_raw(request, material.seat.prefix.rstrip()),
        allowed=MALFORMED,
    ),
    Attack(
        "garbage for a credential",
        "forged",
        _RFC6750,
        lambda _: "not-a-credential",
        allowed=MALFORMED,
    ),
    Attack(
        "the token in the query",
        "none",
        "RFC 6750 §2.3",
        only_bearer(_in_query),
        allowed=MALFORMED | {422},
        core=True,
        brings=False,
    ),
    Attack("the token in a form", "none", "RFC 6750 §2.2", only_bearer(_in_form), brings=False),
    Attack(
        "two Authorization headers, the good one first",
        "none",
        "RFC 9110 §5.3",
        only_bearer(_twice_good_first),
        Level.SHOULD,
        MALFORMED,
    ),
    Attack("the key in the query", "none", "the contract", _key_in_query, core=True),
    Attack("the credential in a cookie", "none", "the contract", only_bearer(_in_cookie), brings=False),
    Attack(
        "two Authorization headers", "none", "RFC 9110 §5.3", only_bearer(_twice), Level.SHOULD, MALFORMED
    ),
    Attack(
        "the token without a scheme",
        "none",
        _RFC6750,
        only_bearer(_with_scheme("")),
        allowed=MALFORMED,
    ),
    Attack("Basic credentials", "none", "the contract", only_bearer(_as_basic), allowed=MALFORMED),
    Attack(
        "the token under another scheme",
        "none",
        _RFC6750,
        only_bearer(_with_scheme("Token ")),
        allowed=MALFORMED,
    ),
    Attack(
        "the scheme in lower case",
        "none",
        "RFC 9110 §11.1: schemes are case-insensitive",
        only_bearer(
            lambda material: lambda request: material.seat.put_raw(request, f"bearer {material.value}")
        ),
        Level.SHOULD,
        accepted=True,
    ),
    Attack("a credential of 9 kB", "none", _RFC6750, lambda _: "A" * 9_000, allowed=HUGE),
    Attack("a header that is no ASCII", "forged", _RFC6750, lambda _: "t\xf6k\xe9n", allowed=MALFORMED),
    Attack("an altered credential", "forged", "the contract", _alter, core=True),
    Attack("a longer credential", "forged", "the contract", _opaque(lambda value: f"{value}x")),
    Attack(
        "the beginning of a credential",
        "forged",
        "the contract",
        _opaque(lambda value: value[: len(value) // 2]),
    ),
    Attack("a credential in other case", "forged", "the contract", _opaque(str.swapcase)),
    Attack(
        "a wildcard for a credential",
        "forged",
        "the contract",
        lambda material: "%" if material.seat.kind == KEY else None,
    ),
    Attack(
        "SQL for a credential",
        "forged",
        "the contract",
        lambda material: "' OR '1'='1" if material.seat.kind == KEY else None,
        allowed=MALFORMED,
    ),
)
