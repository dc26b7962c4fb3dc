"""The client of Better Auth's key set: fetches it in the background, keeps the last one if a fetch fails."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import structlog

from backend.core.errors import UnavailableError
from backend.core.keys.jwk import KeySetError, read_key_set
from backend.core.security import KeySet, TokenKeys, make_keys

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from backend.core.tokens.claims import Expectation

MAX_DOCUMENT_BYTES = 256 * 1024
MAX_ABSENT = 1000
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts no certificate; for http on loopback
_log = structlog.get_logger("backend.key_set")


@dataclass(frozen=True, slots=True)
class Limits:
    """The times of the fetches, in seconds.

    Attributes:
        refresh_seconds: The time between two successful fetches.
        cooldown_seconds: The shortest time between two fetches for unknown keys, and the time after a
            failed fetch. A newly published key is found at most that much later.
        timeout_seconds: The time limit of a whole fetch.
        absent_seconds: The time for which a `kid` that the key set lacked causes no other fetch.
    """

    refresh_seconds: float = 300.0
    cooldown_seconds: float = 5.0
    timeout_seconds: float = 3.0
    absent_seconds: float = 30.0


class KeySetClient:
    """Fetches and keeps the key set of an issuer (003/FR-025).

    At most one fetch runs at a time. A request whose key is known never waits for a fetch. After a
    failed fetch the known keys remain in use.

    Args:
        url: The address of the key set: https, or http on loopback.
        algorithms: The accepted algorithms.
        expected: The required values of the claims.
        limits: The times of the fetches.
        clock: Returns the seconds of a monotonic clock.
        transport: The transport of httpx; None for its own.
    """

    def __init__(
        self,
        url: str,
        algorithms: tuple[str, ...],
        expected: Expectation,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url
        self._algorithms = algorithms
        self._expected = expected
        self._limits = limits
        self._clock = clock
        self._transport = transport
        # Built once: reading the trusted certificates takes as long as verifying a thousand tokens.
        self._tls = httpx.create_ssl_context(trust_env=False) if url.startswith("https:") else _NO_TLS
        self._keys: TokenKeys | None = None
        self._document = b""
        self._fetch: asyncio.Task[None] | None = None
        self._due = 0.0  # on the clock: the time of the next refresh
        self._next_search = 0.0  # on the clock: no earlier fetch for an unknown key
        self._failed = False
        self._absent: dict[str | None, float] = {}

    @property
    def is_stale(self) -> bool:
        """Whether the last fetch failed, so that the keys may be out of date."""
        return self._failed

    def current(self) -> TokenKeys | None:
        """Return the known keys at once; start a fetch in the background when a refresh is due."""
        if self._clock() >= self._due:
            self._begin_fetch()
        return self._keys

    async def load(self) -> TokenKeys:
        """Return the keys, after one fetch if none are known yet.

        Raises:
            UnavailableError: The key set cannot be fetched.
        """
        if self._keys is None and (self._fetch or self._clock() >= self._due):
            await self._join(self._begin_fetch())
        if self._keys is None:
            raise UnavailableError
        return self._keys

    async def renew(self, key_id: str | None) -> TokenKeys:
        """Fetch the key set for a token with an unknown key, within the limits, and return the keys.

        Raises:
            UnavailableError: The key set cannot be fetched, so that the key may or may not exist.
        """
        if self._absent.get(key_id, 0.0) > self._clock():
            return await self.load()
        if self._fetch:
            # That fetch began before the token arrived, so it may lack a key published since.
            await self._join(self._fetch)
        now = self._clock()
        if not self._knows(key_id) and now >= self._next_search and not (self._failed and now < self._due):
            self._next_search = now + self._limits.cooldown_seconds
            await self._join(self._begin_fetch())
            if not self._failed:
                self._note_absent(key_id)
        if self._failed and not self._knows(key_id):
            raise UnavailableError
        return await self.load()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Fetch the key set at once and at every refresh while the context is open."""
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            for task in (keeper, self._fetch):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    async def _keep(self) -> None:
        while True:
            await self._join(self._begin_fetch())
            await asyncio.sleep(max(self._due - self._clock(), 0.0))

    def _begin_fetch(self) -> asyncio.Task[None]:
        """Start a fetch, or return the one that is running."""
        if self._fetch is None:
            self._fetch = asyncio.create_task(self._refresh())
            self._fetch.add_done_callback(self._end_fetch)
        return self._fetch

    def _end_fetch(self, _: asyncio.Task[None]) -> None:
        self._fetch = None

    async def _join(self, fetch: asyncio.Task[None]) -> None:
        # The cancellation of one request must not cancel the fetch that others wait for.
        await asyncio.shield(fetch)

    async def _refresh(self) -> None:
        try:
            self._take(await self._download())
            self._failed = False
        except Exception as error:  # noqa: BLE001  # after any failure the known keys remain in use
            self._failed = True
            reason = str(error) if isinstance(error, KeySetError) else type(error).__name__
            _log.error("key_set_not_refreshed", reason=reason, kept=self._keys is not None)
        wait = self._limits.cooldown_seconds if self._failed else self._limits.refresh_seconds
        self._due = self._clock() + wait

    async def _download(self) -> bytes:
        """Download the key set: no redirects, no cookies, no proxy; limited time and size."""
        async with (
            asyncio.timeout(self._limits.timeout_seconds),
            httpx.AsyncClient(
                transport=self._transport,
                verify=self._tls,
                timeout=self._limits.timeout_seconds,
                follow_redirects=False,
                trust_env=False,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            ) as client,
            client.stream("GET", self._url) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise KeySetError(f"was requested, and the response has status {response.status_code}")
            document = bytearray()
            # Raw bytes: compressed content could expand to any size.
            async for chunk in response.aiter_raw():
                document += chunk
                if len(document) > MAX_DOCUMENT_BYTES:
                    raise KeySetError(f"is larger than {MAX_DOCUMENT_BYTES} bytes")
            return bytes(document)

    def _take(self, document: bytes) -> None:
        """Use a new key set; for an unchanged one the keys, and with them the token cache, remain."""
        if self._keys is not None and document == self._document:
            return
        usable, refused = read_key_set(document, self._algorithms)
        for reason in refused:
            _log.warning("key_skipped", reason=reason)
        self._keys = TokenKeys(self._expected, KeySet(make_keys(usable), self._algorithms))
        self._document = document
        self._absent.clear()
        _log.info("key_set_taken", keys=len(usable), skipped=len(refused))

    def _knows(self, key_id: str | None) -> bool:
        return self._keys is not None and any(key.key_id == key_id for key in self._keys.key_set.keys)

    def _note_absent(self, key_id: str | None) -> None:
        if self._knows(key_id):
            return
        if len(self._absent) >= MAX_ABSENT:
            self._absent.pop(next(iter(self._absent)))
        self._absent[key_id] = self._clock() + self._limits.absent_seconds
