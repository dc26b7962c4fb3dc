"""The dependency on a WebSocket route."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket

from backend.core.dependencies import (
    CurrentUserId,
)
from backend.testing.issuer import Issuer, make_subject

ALICE = make_subject("alice")


async def exchange(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> list[Any]:
    """Open a WebSocket and return the messages of the application."""
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/live",
        "raw_path": b"/live",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]
    sent: list[Any] = []

    async def receive() -> Any:
        return received.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


@pytest.mark.requirement("003/FR-005", "003/FR-007")
def test_websocket_authenticates_by_the_same_dependency(empty_app: FastAPI, issuer: Issuer) -> None:
    ran = []

    @empty_app.websocket("/live")
    async def live(websocket: WebSocket, user_id: CurrentUserId) -> None:
        ran.append(user_id)
        await websocket.accept()
        await websocket.send_text(user_id)
        await websocket.close()

    token = b"Bearer " + issuer.token(ALICE).encode()
    sent = asyncio.run(exchange(empty_app, [(b"authorization", token)]))
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert ran == [ALICE]
    for headers in ([], [(b"authorization", b"Bearer a.b.c")]):
        sent = asyncio.run(exchange(empty_app, headers))
        assert sent[0]["type"] == "websocket.http.response.start"
        assert sent[0]["status"] == 401
        assert b"www-authenticate" in dict(sent[0]["headers"])
    assert ran == [ALICE]
