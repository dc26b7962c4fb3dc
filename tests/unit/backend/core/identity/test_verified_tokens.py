"""The cache of verified tokens: its validity, its keys, its size."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest

from backend.core.errors import AuthenticationError
from backend.core.identity.verified_tokens import MAX_CACHED_BYTES, TokenCache
from backend.core.security import check_token
from tests.support.credentials import RECIPES, of_size
from tests.support.verification import ISSUER, MINT, NOW, SECRET, SUBJECT, keys

STATED_BYTES = 900  # of a remembered token besides its own length: see backend.core.identity.verified_tokens


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The tokens that were verified without the cache."""
    calls: list[Any] = []

    def count(*arguments: Any) -> Any:
        calls.append(arguments)
        return check_token(*arguments)

    monkeypatch.setattr("backend.core.identity.verified_tokens.check_token", count)
    return calls


@pytest.mark.requirement("003/FR-032")
def test_token_is_verified_once(counted: list[Any]) -> None:
    cache, trusted, token = TokenCache(10), keys(), MINT.good()
    assert {cache.verify(token, trusted, NOW).subject for _ in range(5)} == {SUBJECT}
    assert len(counted) == 1
    assert len(cache) == 1


@pytest.mark.requirement("003/FR-032")
@pytest.mark.parametrize(("seconds", "is_accepted"), [(-1, True), (0, False), (1, False)])
def test_cached_token_is_refused_after_its_end(seconds: int, *, is_accepted: bool) -> None:
    cache, trusted, token = TokenCache(10), keys(), MINT.good()
    cache.verify(token, trusted, NOW)
    now = NOW + 900 + 10 + seconds
    if is_accepted:
        assert cache.verify(token, trusted, now).subject == SUBJECT
    else:
        with pytest.raises(AuthenticationError, match="expired"):
            cache.verify(token, trusted, now)
        assert len(cache) == 0


@pytest.mark.requirement("003/FR-032")
def test_cached_token_is_refused_before_its_beginning() -> None:
    cache, trusted, token = TokenCache(10), keys(), MINT.with_claims(nbf=int(NOW) - 5)
    cache.verify(token, trusted, NOW)
    assert cache.verify(token, trusted, NOW - 10).subject == SUBJECT
    with pytest.raises(AuthenticationError):
        cache.verify(token, trusted, NOW - 16)


@pytest.mark.requirement("003/FR-032")
@pytest.mark.parametrize(("seconds", "is_accepted"), [(-1, True), (0, False)])
def test_cached_token_is_refused_after_the_end_of_its_key(seconds: int, *, is_accepted: bool) -> None:
    cache, trusted, token = TokenCache(10), keys((SECRET, NOW + 100)), MINT.good()
    cache.verify(token, trusted, NOW)
    if is_accepted:
        assert cache.verify(token, trusted, NOW + 100 + seconds).subject == SUBJECT
    else:
        with pytest.raises(AuthenticationError):
            cache.verify(token, trusted, NOW + 100 + seconds)


@pytest.mark.requirement("003/FR-032")
def test_cached_token_is_verified_again_with_other_keys(counted: list[Any]) -> None:
    cache, token = TokenCache(10), MINT.good()
    cache.verify(token, keys(), NOW)
    cache.verify(token, keys(), NOW)
    assert len(counted) == 2
    with pytest.raises(AuthenticationError):
        cache.verify(token, keys(("another-secret-of-another-service-0123456789", None)), NOW)
    assert len(cache) == 0


@pytest.mark.requirement("003/FR-032")
def test_cache_holds_no_more_tokens_than_its_capacity() -> None:
    cache, trusted = TokenCache(3), keys()
    tokens = [ISSUER.token(f"user-{number}") for number in range(10)]
    for token in tokens:
        cache.verify(token, trusted, NOW)
    assert len(cache) == 3
    for token in tokens:
        assert cache.verify(token, trusted, NOW).subject.startswith("user-")
    nothing = TokenCache(0)
    assert nothing.verify(tokens[0], trusted, NOW).subject == "user-0"
    assert len(nothing) == 0


@pytest.mark.requirement("003/FR-032")
def test_invalid_and_large_tokens_are_not_cached() -> None:
    cache, trusted = TokenCache(1000), keys()
    for name, recipe in RECIPES.items():
        if name != "a valid token":
            token = recipe(MINT)
            with pytest.raises(AuthenticationError):
                cache.verify(token if isinstance(token, str) else token.decode("latin-1"), trusted, NOW)
    cache.verify(of_size(MINT, MAX_CACHED_BYTES + 1), trusted, NOW)
    assert len(cache) == 0
    cache.verify(of_size(MINT, MAX_CACHED_BYTES), trusted, NOW)
    assert len(cache) == 1


@pytest.mark.requirement("003/FR-032")
def test_memory_of_a_cached_token_is_as_documented() -> None:
    cache, trusted = TokenCache(10_000), keys()
    tokens = [ISSUER.token() for _ in range(2000)]
    length = sum(map(len, tokens))
    gc.collect()
    tracemalloc.start()
    try:
        while tokens:
            token = tokens.pop()
            # A text of its own, as a request brings it.
            cache.verify(token.encode().decode(), trusted, NOW)
        gc.collect()
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(cache) == 2000
    assert 0.9 * length < used < length + 2000 * STATED_BYTES
