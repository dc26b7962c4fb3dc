"""Fuzz of the Authorization header: any bytes get 401, in bounded work and memory."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backend.core.errors import AuthenticationError
from backend.core.security import verify_token
from backend.core.tokens.jws import MAX_TOKEN_BYTES, parse_strict_object
from backend.testing.key_pair import encode
from tests.support.credentials import RECIPES
from tests.support.verification import ISSUER, MINT, NOW, keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

MUTATIONS = 4000
SEED = 1
KEYS = keys()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "aud", "iat", "exp", "nbf", "sub", "sid", "scope", "x"]), JSON
)
HEADERS = st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "zip", "cty", "jwk"]), JSON)
quiet = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


def is_refused(token: str) -> bool:
    """Return whether a token is refused with AuthenticationError; raise any other error."""
    try:
        verify_token(token, KEYS, NOW)
    except AuthenticationError:
        return True
    return False


async def call(app: FastAPI, *values: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """Call the application with every byte as it is: a request with a stream gets no header from httpx."""
    request = httpx.Request(
        "GET",
        "http://127.0.0.1:8000/api/me",
        headers=[(b"authorization", value) for value in values],
        stream=httpx.ByteStream(b""),
    )
    response = await httpx.ASGITransport(app).handle_async_request(request)
    return response.status_code, dict(response.headers.raw), await response.aread()


def check_refusal(app: FastAPI, *values: bytes) -> None:
    status, headers, body = asyncio.run(call(app, *values))
    assert status == 401
    assert headers[b"www-authenticate"].startswith(b'Bearer realm="tasks"')
    assert headers[b"content-type"] == b"application/problem+json"
    assert json.loads(body)["code"] in {
        "credentials_missing",
        "credentials_malformed",
        "token_invalid",
        "token_expired",
    }


@pytest.mark.requirement("003/FR-008", "003/SC-003")
@given(value=st.binary(max_size=200) | st.binary(max_size=120).map(lambda data: b"Bearer " + data))
@example(value=b"Bearer " + b"[" * 9000)
@example(value=b"Bearer " + b"a" * 1_000_000)
@example(value=b"a" * 1_000_000)
@example(value=b" " * 1_000_000)
@example(value=b"Bearer " + b" " * 1_000_000)
@example(value=b"Bearer" + b"\t" * 1_000_000 + b"a.b.c")
@example(value=b"Bearer " + b"." * 1_000_000)
@example(value=b"Bearer W1tbW1tbW1s.W1tbW1tbW1s.W1tbW1tbW1s")
@example(value=b"Bearer \x00")
@quiet
def test_any_bytes_in_the_header_get_401(offline_app: FastAPI, value: bytes) -> None:
    check_refusal(offline_app, value)


@pytest.mark.requirement("003/FR-001", "003/FR-008")
@given(values=st.lists(st.binary(max_size=60), min_size=2, max_size=4))
@quiet
def test_several_headers_get_401(offline_app: FastAPI, values: list[bytes]) -> None:
    check_refusal(offline_app, *values)
    check_refusal(offline_app, f"Bearer {MINT.good()}".encode(), *values)


@pytest.mark.requirement("003/FR-008")
@given(text=st.text(max_size=100))
@quiet
def test_token_with_any_unicode_character_is_refused(text: str) -> None:
    assert is_refused(text)
    header, payload, signature = MINT.good().split(".")
    for token in (f"{text}{header}.{payload}.{signature}", f"{header}.{payload}.{signature}{text}"):
        assert is_refused(token) != (text == "")


@pytest.mark.requirement("003/FR-002", "003/FR-008")
@given(header=HEADERS)
@quiet
def test_any_signed_header_is_accepted_or_refused_without_a_crash(header: dict[str, Any]) -> None:
    is_accepted = not is_refused(MINT.with_raw_header(json.dumps(header).encode()))
    assert not is_accepted or header["alg"] == "HS256"


@pytest.mark.requirement("003/FR-003", "003/FR-004", "003/FR-008", "003/FR-012")
@given(claims=CLAIMS, is_based=st.booleans())
@quiet
def test_any_signed_claims_are_accepted_or_refused_without_a_crash(
    claims: dict[str, Any], *, is_based: bool
) -> None:
    payload = {**(MINT.claims() if is_based else {}), **claims}
    if not is_refused(MINT.with_payload(json.dumps(payload).encode())):
        assert isinstance(payload["sub"], str)
        assert payload["iss"] == ISSUER.issuer
        assert ISSUER.audience in payload["aud"]
        assert payload["exp"] + 10 > NOW


@pytest.mark.requirement("003/FR-008")
@given(header=st.binary(max_size=60), payload=st.binary(max_size=60))
@quiet
def test_any_signed_bytes_are_accepted_or_refused_without_a_crash(header: bytes, payload: bytes) -> None:
    assert is_refused(MINT.issuer.sign(header, payload))
    assert is_refused(MINT.with_payload(payload))


def seeds() -> list[bytes]:
    recipes = [recipe(MINT) for recipe in RECIPES.values()]
    tokens = [
        recipe if isinstance(recipe, bytes) else recipe.encode("utf-8", "replace") for recipe in recipes
    ]
    return [token for token in tokens if len(token) < 2000]


def mutate(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """Mutate bytes at random: flip, drop, insert, repeat, splice."""
    result = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(result) + 1)
        kind = chance.randrange(6)
        if kind == 0 and place < len(result):
            result[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del result[place : place + chance.randint(1, 20)]
        elif kind == 2:
            result[place:place] = chance.randbytes(chance.randint(1, 8))
        elif kind == 3:
            result[place:place] = result[place : place + 30] * chance.randint(1, 40)
        elif kind == 4:
            result[place:] = chance.choice(others)[place:]
        else:
            result[place:place] = chance.choice((b".", b"=", b"-", b"_", b"\x00", b"\xff", b"e30", b"W1tb"))
    return bytes(result)


@pytest.mark.requirement("003/FR-008", "003/SC-003")
def test_mutated_credentials_are_refused() -> None:
    chance, corpus = random.Random(SEED), seeds()  # noqa: S311  # a seed, so that a failure can be repeated
    good = MINT.good().encode()
    for number in range(MUTATIONS):
        data = mutate(chance.choice([good, chance.choice(corpus)]), chance, corpus)
        token = data.decode("latin-1")
        if is_refused(token):
            continue
        # What is let through says what the issuer signed, to the letter.
        assert data in {good, *corpus}, f"mutation {number} of seed {SEED}: {data!r}"


PAIRS = b'{"a":[' + b"{}," * 1900 + b"{}]}"
BRACKETS = b"[" + b'"[",' * 1450 + b"1]"
QUOTES = b'\\"' * 2960
MEMBERS = json.dumps({f"m{number:03}": 0 for number in range(480)}).encode()
WORST: dict[str, Callable[[], str]] = {
    "brackets in the header": lambda: f"{encode(b'[' * 6000)}.e30.e30",
    "pairs of brackets in the header": lambda: f"{encode(PAIRS)}.e30.e30",
    "brackets in strings in the header": lambda: f"{encode(BRACKETS)}.e30.e30",
    "signed pairs of brackets in the payload": lambda: MINT.with_payload(PAIRS),
    "open strings in the header": lambda: f"{encode(b'[' * 40 + b'x' + QUOTES)}.e30.e30",
    "digits in the header": lambda: f"{encode(b'1' * 6000)}.e30.e30",
    "members in the header": lambda: f"{encode(MEMBERS)}.e30.e30",
    "one long signature": lambda: f"eyJhbGciOiJIUzI1NiJ9.e30.{'A' * 8167}",
    "one long payload": lambda: f"eyJhbGciOiJIUzI1NiJ9.{'A' * 8124}.{'A' * 43}",
    "dots": lambda: "." * MAX_TOKEN_BYTES,
    "signed members in the payload": lambda: MINT.with_payload(MEMBERS),
    "signed open strings in the payload": lambda: MINT.with_payload(b"[" * 40 + b"x" + QUOTES),
}


@pytest.mark.requirement("003/FR-008")
@pytest.mark.parametrize("worst", sorted(WORST))
def test_expensive_token_of_the_largest_size_is_refused_in_bounded_work(worst: str) -> None:
    token = WORST[worst]()
    assert MAX_TOKEN_BYTES * 0.7 < len(token) <= MAX_TOKEN_BYTES
    steps = count_steps(lambda: is_refused(token))
    assert is_refused(token)
    # Steps of the interpreter and not seconds: the machine's mood does not count.
    assert steps < 300


def count_steps(work: Callable[[], Any]) -> int:
    """Return the number of executed lines of Python."""

    count = 0

    def trace(_: Any, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.requirement("003/FR-008")
@pytest.mark.parametrize("length", [MAX_TOKEN_BYTES, MAX_TOKEN_BYTES + 1, 1_000_000])
def test_memory_for_a_bad_token_is_bounded(length: int) -> None:
    token = "a" * (length // 3) + "." + "b" * (length // 3) + "." + "c" * (length // 3)
    is_refused(token)
    tracemalloc.start()
    try:
        assert is_refused(token)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 128 * 1024


@pytest.mark.requirement("003/FR-008")
@pytest.mark.parametrize(
    "value", [[{}] * 60, [[]] * 60, ["["] * 60, {"a": [[["]"]]] * 15}, '"[[' * 25, '\\"[' * 50]
)
def test_many_brackets_with_little_nesting_are_accepted(value: object) -> None:
    assert not is_refused(MINT.with_claims(extra=value))


@pytest.mark.requirement("003/FR-008")
@pytest.mark.parametrize(("levels", "is_accepted"), [(31, True), (32, False)])
def test_nesting_is_accepted_up_to_max_depth(levels: int, *, is_accepted: bool) -> None:
    nested = "[" * levels + "]" * levels
    payload = json.dumps(MINT.claims())[:-1] + f', "text": "]]]]]{"[" * 5}", "deep": {nested}}}'
    assert is_refused(MINT.with_payload(payload.encode())) != is_accepted


@pytest.mark.requirement("003/FR-008")
@pytest.mark.parametrize(
    ("opening", "closing", "is_accepted"), [(63, 0, True), (64, 0, False), (0, 63, True), (0, 64, False)]
)
def test_brackets_are_accepted_up_to_max_brackets(opening: int, closing: int, *, is_accepted: bool) -> None:
    assert is_refused(MINT.with_claims(extra="[" * opening + "}" * closing)) != is_accepted


@pytest.mark.requirement("003/FR-008")
def test_closing_brackets_in_a_string_do_not_lower_the_depth() -> None:
    deep = f'{{"a": "{"]" * 30}", "b": {"[" * 40}{"]" * 34}'
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_strict_object(deep.encode())
