"""Calls one build of a service as its users do, and keeps what came back."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from tests.proving_ground.model import Service

ORIGIN = "http://proving-ground.test"


class Visitor:
    """Calls one build; a crash is answered with 500, as a server would.

    Args:
        service: The service.
        bug: The id of the bug that is planted; None for the right build.
    """

    def __init__(self, service: Service, bug: str | None = None) -> None:
        self.service = service
        self.app = service.build(bug)
        self.responses: list[httpx.Response] = []
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._http.aclose())
        self._runner.close()

    def token(self, who: str = "alice") -> str:
        """Make the token of an identity."""
        return self.service.mint.token(who, time.time())

    def call(self, method: str, path: str, who: str | None = "alice", **options: Any) -> httpx.Response:
        """Send a request as an identity, or with no credentials; `options` are httpx's."""
        return self._runner.run(self._send(method, path, who, options))

    def race(self, *requests: tuple[str, str, str, dict[str, Any]]) -> list[httpx.Response]:
        """Send requests at the same time: method, path, identity, options."""

        async def send_all() -> list[httpx.Response]:
            return list(await asyncio.gather(*(self._send(*request) for request in requests)))

        return self._runner.run(send_all())

    def state(self) -> object:
        """What the build holds."""
        return self.app.state.snapshot()

    async def _send(self, method: str, path: str, who: str | None, options: dict[str, Any]) -> httpx.Response:
        headers = httpx.Headers(options.pop("headers", None))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.token(who)}"
        response = await self._http.request(method, path, headers=headers, **options)
        self.responses.append(response)
        return response
