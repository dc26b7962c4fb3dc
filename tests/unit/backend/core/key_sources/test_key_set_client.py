"""The client of the key set, against a key server that hangs, stops, rotates keys, redirects or floods."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from backend.core.errors import UnavailableError, UnknownKeyError
from backend.core.key_sources.key_set_client import MAX_ABSENT, MAX_DOCUMENT_BYTES, KeySetClient, Limits
from backend.core.security import TokenKeys, verify_token
from backend.core.tokens.claims import Expectation
from backend.testing.issuer import Issuer
from backend.testing.key_server import KeyServer
from tests.support.key_sets import cause_trouble, pair

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

URL = "https://auth.example.org"
NOW = 1_800_000_000.0
EXPECTED = Expectation(URL, URL, 10)
OLD, NEW, OTHER = pair("EdDSA", 0), pair("EdDSA", 1), pair("EdDSA", 2)
LIMITS = Limits(refresh_seconds=300, cooldown_seconds=5, timeout_seconds=2.0, absent_seconds=30)


class Ticks:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def running(server: KeyServer, ticks: Ticks) -> AsyncGenerator[KeySetClient]:
    client = KeySetClient(server.url, ("EdDSA",), EXPECTED, LIMITS, clock=ticks)
    async with client.running():
        yield client


def names(client: KeySetClient) -> list[str | None]:
    keys = client.current()
    return [key.key_id for key in keys.key_set.keys] if keys else []


async def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)


def test_keys_are_fetched_at_the_start_and_verify_tokens() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            async with running(server, Ticks()) as client:
                keys = await client.load()
                token = Issuer(OLD, URL, URL, lambda: NOW).token("alice")
                assert verify_token(token, keys, NOW).subject == "alice"
                assert server.fetches == 1

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
def test_many_callers_share_one_fetch() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            client = KeySetClient(server.url, ("EdDSA",), EXPECTED, LIMITS, clock=Ticks())
            loaded = await asyncio.gather(*(client.load() for _ in range(200)))
            assert len({id(keys) for keys in loaded}) == 1
            assert server.fetches == 1

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
def test_cancelled_caller_does_not_cancel_the_fetch() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            client = KeySetClient(server.url, ("EdDSA",), EXPECTED, LIMITS, clock=Ticks())
            first, second = asyncio.create_task(client.load()), asyncio.create_task(client.load())
            await asyncio.sleep(0)
            first.cancel()
            (loaded,) = await asyncio.gather(second, return_exceptions=True)
            assert isinstance(loaded, TokenKeys)
            assert server.fetches == 1

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
def test_due_refresh_runs_in_the_background() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            ticks = Ticks()
            async with running(server, ticks) as client:
                before = await client.load()
                server.publish(NEW)
                ticks.now += LIMITS.refresh_seconds - 1
                assert client.current() is before
                await asyncio.sleep(0.05)
                assert server.fetches == 1
                ticks.now += 1
                assert client.current() is before
                await until(lambda: names(client) == [NEW.key_id])
                assert server.fetches == 2

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
def test_keys_are_refreshed_without_requests() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            limits = Limits(refresh_seconds=0.05, cooldown_seconds=0.05, timeout_seconds=1)
            client = KeySetClient(server.url, ("EdDSA",), EXPECTED, limits)
            async with client.running():
                await until(lambda: server.fetches >= 4)

    asyncio.run(run())


@pytest.mark.requirement("003/FR-032")
def test_unchanged_key_set_keeps_the_key_objects() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            ticks = Ticks()
            async with running(server, ticks) as client:
                before = await client.load()
                ticks.now += 301
                client.current()
                await until(lambda: server.fetches == 2)
                await asyncio.sleep(0.05)
                assert client.current() is before

    asyncio.run(run())


TROUBLES = [
    ("stops", "ConnectError"),
    ("hangs", "TimeoutError"),
    ("trickles", "TimeoutError"),
    ("fails", "status 500"),
    ("redirects", "status 302"),
    ("sends 100 MB", f"is larger than {MAX_DOCUMENT_BYTES} bytes"),
    ("sends 10 MB in gzip", "is no JSON object without duplicate members"),
    ("cuts the connection", "RemoteProtocolError"),
    ("answers with a page", "is no JSON object without duplicate members"),
    ("answers with a list", "is no JSON object without duplicate members"),
    ("answers with no keys", "holds no usable key: it is empty"),
    ("names two keys alike", "names two keys alike"),
    ("shows unusable keys only", "holds no usable key: key 1 is for no algorithm"),
]


@pytest.mark.requirement("003/FR-025", "003/FR-026")
@pytest.mark.parametrize(("trouble", "reason"), TROUBLES)
def test_known_keys_remain_in_use_after_a_failed_fetch(trouble: str, reason: str) -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            ticks = Ticks()
            async with running(server, ticks) as client:
                before = await client.load()
                cause_trouble(server, trouble)
                ticks.now += 301
                assert client.current() is before
                with pytest.raises(StopIteration) as at_once:
                    client.load().send(None)  # a coroutine that waited would be suspended here
                assert at_once.value.value is before
                with capture_logs() as logs:
                    await until(lambda: client.is_stale)
                (entry,) = [entry for entry in logs if entry["event"] == "key_set_not_refreshed"]
                assert entry["reason"].startswith(reason) or reason in entry["reason"]
                assert entry["kept"] is True
                assert client.current() is before
                assert server.bytes_sent < 8 * 1024 * 1024
                # It recovers by itself, once the cooldown is over.
                server.stop()
                server.behavior, server.document = "serve", None
                server.publish(NEW)
                server.start()
                assert names(client) == [OLD.key_id]
                ticks.now += LIMITS.cooldown_seconds
                await until(lambda: names(client) == [NEW.key_id])
                assert not client.is_stale

    asyncio.run(run())


@pytest.mark.requirement("003/FR-026")
def test_unreachable_key_set_is_fetched_once_for_each_cooldown() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            server.behavior = "fail"
            ticks = Ticks()
            client = KeySetClient(server.url, ("EdDSA",), EXPECTED, LIMITS, clock=ticks)
            for _ in range(50):
                with pytest.raises(UnavailableError):
                    await client.load()
            assert server.fetches == 1
            ticks.now += LIMITS.cooldown_seconds
            server.behavior = "serve"
            assert (await client.load()).key_set.keys[0].key_id == OLD.key_id

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
def test_new_key_is_found_at_its_first_use() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            async with running(server, Ticks()) as client:
                before = await client.load()
                server.publish(OLD, NEW)
                renewed = await client.renew(NEW.key_id)
                assert renewed is not before
                token = Issuer(NEW, URL, URL, lambda: NOW).token("alice")
                assert verify_token(token, renewed, NOW).subject == "alice"
                assert server.fetches == 2

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
@pytest.mark.parametrize("at_once", [True, False])
def test_thousand_unknown_key_ids_cause_one_fetch(*, at_once: bool) -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            async with running(server, Ticks()) as client:
                before = await client.load()
                searches = [client.renew(f"unknown-{number}") for number in range(1000)]
                found = await asyncio.gather(*searches) if at_once else [await search for search in searches]
                assert all(keys is before for keys in found)
                assert server.fetches == 2

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
def test_absent_key_id_causes_no_second_fetch_for_some_time() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            ticks = Ticks()
            async with running(server, ticks) as client:
                await client.load()
                fetches = []
                for seconds in (0, 5, 29, 31):
                    ticks.now = 1000.0 + seconds
                    await client.renew("unknown")
                    fetches.append(server.fetches)
                assert fetches == [2, 2, 2, 3]
                ticks.now += LIMITS.cooldown_seconds
                await client.renew("another")
                assert server.fetches == 4

    asyncio.run(run())


def test_number_of_absent_key_ids_is_limited() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            ticks = Ticks()
            client = KeySetClient(server.url, ("EdDSA",), EXPECTED, LIMITS, clock=ticks)
            await client.load()
            for number in range(MAX_ABSENT + 10):
                client._note_absent(f"unknown-{number}")  # noqa: SLF001  # a thousand fetches would say no more
            assert len(client._absent) == MAX_ABSENT  # noqa: SLF001  # same

    asyncio.run(run())


@pytest.mark.requirement("003/FR-026")
def test_unknown_key_id_gives_unavailable_while_the_key_set_is_unreachable() -> None:
    async def run() -> None:
        with KeyServer(OLD) as server:
            ticks = Ticks()
            async with running(server, ticks) as client:
                await client.load()
                server.stop()
                for _ in range(3):
                    with pytest.raises(UnavailableError):
                        await client.renew("unknown")
                server.publish(OLD, NEW)
                server.start()
                ticks.now += LIMITS.cooldown_seconds
                assert len((await client.renew(NEW.key_id)).key_set.keys) == 2

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
def test_key_published_during_a_fetch_is_found_by_a_second_fetch() -> None:
    is_awaited = threading.Event()

    class Slow(KeyServer):
        """Reads its second response, and sends it after a new key was published and a token has asked for it."""

        def read_document(self) -> bytes:
            document = super().read_document()
            if self.fetches == 2:
                self.publish(OLD, NEW)
                is_awaited.wait(60)
            return document

    async def run() -> None:
        with Slow(OLD) as server:
            ticks = Ticks()
            async with running(server, ticks) as client:
                await client.load()
                ticks.now += 301
                client.current()
                await until(lambda: server.fetches == 2)
                renewal = asyncio.create_task(client.renew(NEW.key_id))
                await asyncio.sleep(0)  # the task runs until it waits for the fetch
                is_awaited.set()
                assert len((await renewal).key_set.keys) == 2
                assert server.fetches == 3

    asyncio.run(run())


@pytest.mark.requirement("003/FR-024")
def test_skipped_key_is_logged_and_other_keys_are_used() -> None:
    async def run() -> None:
        with KeyServer() as server:
            shown: list[Any] = [{"kty": "RSA", "kid": "weak"}, OLD.public, {**NEW.public, "use": "enc"}]
            server.document = json.dumps({"keys": shown}).encode()
            with capture_logs() as logs:
                async with running(server, Ticks()) as client:
                    await client.load()
                    assert names(client) == [OLD.key_id]
            skipped = [entry["reason"] for entry in logs if entry["event"] == "key_skipped"]
            assert [reason.partition(" is ")[0] for reason in skipped] == ["key 1", "key 3"]
            assert "weak" not in str(logs)

    asyncio.run(run())


@pytest.mark.requirement("003/FR-025")
def test_fetch_uses_no_cookies_credentials_or_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    seen: list[dict[str, str]] = []

    class Watching(KeyServer):
        def note(self, headers: dict[str, str]) -> None:
            seen.append(headers)

    async def run() -> None:
        with Watching(OLD) as server:
            ticks = Ticks()
            async with running(server, ticks) as client:
                await until(lambda: client.is_stale or client.current() is not None)
                assert not client.is_stale
                ticks.now += 301
                client.current()
                await until(lambda: len(seen) == 2)

    asyncio.run(run())
    for headers in seen:
        assert {name.lower() for name in headers} == {
            "host",
            "connection",
            "accept",
            "accept-encoding",
            "user-agent",
        }


def test_unknown_key_id_appears_in_no_message() -> None:
    error = UnknownKeyError("secret-name")
    assert error.key_id == "secret-name"
    assert "secret-name" not in f"{error} {error.detail} {error.headers} {error.cause}"
