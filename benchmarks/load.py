"""A load generator for loopback, with a few keep-alive connections and prepared requests."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONNECTIONS = 8
TIMEOUT_SECONDS = 60


def make_request(path: str, token: str) -> bytes:
    """Prepare a GET request with a bearer token."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Accept: application/json\r\nUser-Agent: load\r\n\r\n"
    ).encode()


async def drive(port: int, requests: Sequence[bytes]) -> float:
    """Send requests over a few connections in parallel, one request at a time on every connection.

    Args:
        port: The port of the server on loopback.
        requests: The requests, as bytes.

    Returns:
        Requests per second.

    Raises:
        RuntimeError: A response has another status than 200.
        ConnectionError: The server closed a connection.
    """
    loop = asyncio.get_running_loop()
    waiting = iter(requests)
    ends = [loop.create_future() for _ in range(CONNECTIONS)]
    start = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: _Connection(waiting, end), "127.0.0.1", port)  # type: ignore[misc]  # a default is a value
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.gather(*ends)
    return len(requests) / (time.perf_counter() - start)


class _Connection(asyncio.Protocol):
    def __init__(self, waiting: Iterator[bytes], end: asyncio.Future[None]) -> None:
        self._waiting = waiting
        self._end = end
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # TCP's is one
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._finish(
                RuntimeError(f"the response is {head[:40]!r} instead of 200: the measurement is invalid")
            )
            return
        self._received = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._finish(error or ConnectionError("the server closed a connection"))

    def _send(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self._finish(None)
        else:
            self._transport.write(request)

    def _finish(self, error: Exception | None) -> None:
        if not self._end.done():
            if error:
                self._end.set_exception(error)
            else:
                self._end.set_result(None)
        self._transport.close()
