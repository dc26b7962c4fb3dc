"""Requests the document that the app serves (such as /openapi.json), and compares it with the contract."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from specwitness.contract.comparison import find_differences, find_undocumented
from specwitness.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.model import Finding
    from specwitness.openapi import Contract

_SECONDS = 30
_REMEDY = "serve the contract at this path, or fix [tool.specwitness.contract] served"


def compare_served(contract: Contract, served: dict[str, Any], path: str) -> tuple[Finding, ...]:
    """Find the differences between the contract and the document that the app serves."""
    return tuple(_compare(contract, served, path))


def _compare(contract: Contract, served: dict[str, Any], path: str) -> Iterator[Finding]:
    for finding in (*find_differences(contract, served), *find_undocumented(contract, served)):
        message = f"{path} does not serve the contract: {finding.message}"
        yield finding.model_copy(update={"code": "served-contract", "message": message, "remedy": _REMEDY})


def read_served(app: Any, path: str) -> dict[str, Any]:
    """Request a document from an ASGI app, within its lifespan.

    Raises:
        TargetError: The response is not an OpenAPI document in JSON with status 200.
    """
    try:
        status, body = asyncio.run(asyncio.wait_for(_ask(app, path), _SECONDS))
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise TargetError(f"the request for {path} failed: {reason}", where=path, remedy=_REMEDY) from error
    try:
        document = json.loads(body) if status == HTTPStatus.OK else None
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise TargetError(
            f"the response is {status}, without an OpenAPI document in JSON", where=path, remedy=_REMEDY
        )
    return document


async def _ask(app: Any, path: str) -> tuple[int, bytes]:
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    lifespan = asyncio.create_task(app(scope, inbox.get, outbox.put))
    try:
        await _advance(lifespan, inbox, outbox, "startup")
        response = await _get(app, path)
        await _advance(lifespan, inbox, outbox, "shutdown")
        return response
    finally:
        lifespan.cancel()
        await asyncio.gather(lifespan, return_exceptions=True)


async def _advance(
    lifespan: asyncio.Task[None], inbox: asyncio.Queue[Any], outbox: asyncio.Queue[Any], step: str
) -> None:
    """Start or stop the app; an app without a lifespan ends its task at once, which is no error."""
    await inbox.put({"type": f"lifespan.{step}"})
    event = asyncio.create_task(outbox.get())
    await asyncio.wait({lifespan, event}, return_when=asyncio.FIRST_COMPLETED)
    if not event.done():
        event.cancel()
    elif event.result()["type"] == f"lifespan.{step}.failed":
        raise RuntimeError(f"its {step} failed: {event.result().get('message', '')}")


async def _get(app: Any, path: str) -> tuple[int, bytes]:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"accept", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "state": {},
    }
    messages: list[dict[str, Any]] = []
    is_asked = False

    async def receive() -> dict[str, Any]:
        nonlocal is_asked
        if is_asked:
            await asyncio.Event().wait()
        is_asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    await app(scope, receive, send)
    status = next(message["status"] for message in messages if message["type"] == "http.response.start")
    return status, b"".join(message.get("body", b"") for message in messages)
