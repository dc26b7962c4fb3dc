"""The disconnect of a client cancels its request, once, and nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backend.core.http.middleware import CancelOnDisconnectMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

END: Message = {"type": "http.request", "body": b"}", "more_body": False}
START: Message = {"type": "http.request", "body": b"{", "more_body": True}
GONE: Message = {"type": "http.disconnect"}
WITH_BODY = [(b"content-length", b"2")]
ANSWER: list[Message] = [
    {"type": "http.response.start", "status": 200, "headers": []},
    {"type": "http.response.body", "body": b"", "more_body": False},
]


class Caller:
    """A client that sends the given messages, then waits until it is told to disconnect."""

    def __init__(self, *messages: Message) -> None:
        self.messages = list(messages)
        self.asked = 0
        self.leaves = asyncio.Event()

    async def receive(self) -> Message:
        self.asked += 1
        if self.messages:
            return self.messages.pop(0)
        await self.leaves.wait()
        return GONE


def serve(app: ASGIApp, caller: Caller, *, headers: Any = (), version: str = "1.1") -> Any:
    async def drop(message: Message) -> None:
        assert message["type"].startswith("http.response")

    scope = {"type": "http", "http_version": version, "headers": list(headers)}
    return CancelOnDisconnectMiddleware(app)(scope, caller.receive, drop)


@pytest.mark.requirement("003/FR-039")
@pytest.mark.parametrize(
    ("messages", "headers"),
    [([START, END], WITH_BODY), ([END], [(b"transfer-encoding", b"chunked")]), ([], [])],
    ids=["body", "chunks", "none"],
)
def test_request_is_cancelled_once_at_disconnect_and_may_clean_up(
    messages: list[Message], headers: Any
) -> None:
    seen = []

    async def check() -> None:
        caller = Caller(*messages)

        async def app(_: Scope, receive: Receive, __: Send) -> None:
            while (await receive()).get("more_body"):
                pass
            caller.leaves.set()
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0.01)  # a roll-back takes a while
                seen.append("tidied up")

        await serve(app, caller, headers=headers)
        await asyncio.sleep(0)  # the server's own task was left alone
        seen.append("returned")

    asyncio.run(check())
    assert seen == ["tidied up", "returned"]


@pytest.mark.parametrize(
    ("headers", "version"), [(WITH_BODY, "1.1"), ([], "2")], ids=["announced", "HTTP/2 need not announce"]
)
def test_body_is_not_received_before_the_application_asks(headers: Any, version: str) -> None:
    async def refuse(_: Scope, __: Receive, send: Send) -> None:
        await asyncio.sleep(0.01)
        for message in ANSWER:
            await send(message)

    async def check() -> int:
        caller = Caller(START, END)
        await serve(refuse, caller, headers=headers, version=version)
        return caller.asked

    assert asyncio.run(check()) == 0


def test_disconnect_after_the_response_cancels_nothing() -> None:
    seen: list[Any] = []

    async def check() -> None:
        caller = Caller()

        async def app(_: Scope, receive: Receive, send: Send) -> None:
            for message in ANSWER:
                await send(message)
            caller.leaves.set()
            seen.append(await receive())
            seen.append(await receive())
            await asyncio.sleep(0.01)
            seen.append("done")

        await serve(app, caller)

    asyncio.run(check())
    assert seen == [{"type": "http.request", "body": b"", "more_body": False}, GONE, "done"]


def test_disconnect_during_the_body_is_passed_to_the_application() -> None:
    seen = []

    async def check() -> None:
        caller = Caller(START)
        caller.leaves.set()

        async def app(_: Scope, receive: Receive, __: Send) -> None:
            seen.extend([await receive(), await receive()])

        await serve(app, caller, headers=WITH_BODY)

    asyncio.run(check())
    assert seen == [START, GONE]


def test_cancellation_by_the_server_is_passed_on() -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        await asyncio.sleep(60)

    async def check() -> None:
        work = asyncio.create_task(serve(app, Caller()))
        await asyncio.sleep(0.01)
        work.cancel()
        await work

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(check())


def test_application_that_catches_the_cancellation_leaves_the_task_uncancelled() -> None:
    async def check() -> int:
        caller = Caller()
        caller.leaves.set()

        async def app(_: Scope, __: Receive, ___: Send) -> None:
            with pytest.raises(asyncio.CancelledError):
                await asyncio.sleep(60)

        await serve(app, caller)
        task = asyncio.current_task()
        assert task
        return task.cancelling()

    assert asyncio.run(check()) == 0
