"""The way to an app in this process: what arrives is what was sent, and a crash is a response."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from specwitness.errors import TargetError
from specwitness.fuzz.bridge.app import SchemathesisTransport
from specwitness.fuzz.http.asgi import open_app
from specwitness.fuzz.http.message import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from specwitness.fuzz.http.asgi import Message, Receive, Send


class Recorder:
    """An app without a lifespan that keeps the scope and the body of each request."""

    def __init__(self) -> None:
        self.scopes: list[Message] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body, is_over = b"", False
        while not is_over:
            message = await receive()
            assert message["type"] == "http.request"
            body, is_over = body + message["body"], not message.get("more_body")
        self.scopes.append(scope)
        self.bodies.append(body)
        headers = [(b"Set-Cookie", b"a=1"), (b"X-Odd", b"\xff"), (b"set-cookie", b"b=2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"said", "more_body": True})
        await send({"type": "http.response.body", "body": b" twice"})


def record(request: Request) -> Message:
    """Send a request, and give the scope that the app was called with."""
    app = Recorder()
    with open_app(app) as transport:
        transport.send(request)
    return app.scopes[0]


TARGETS = {
    "/": ("/", b"/", b""),
    "/notes/1": ("/notes/1", b"/notes/1", b""),
    "//notes": ("//notes", b"//notes", b""),
    "/notes//1/": ("/notes//1/", b"/notes//1/", b""),
    "/a/../b/./c": ("/a/../b/./c", b"/a/../b/./c", b""),
    "/..%2F..%2Fetc": ("/../../etc", b"/..%2F..%2Fetc", b""),
    "/a%2Fb%2fc": ("/a/b/c", b"/a%2Fb%2fc", b""),
    "/%2e%2E/x": ("/../x", b"/%2e%2E/x", b""),
    "/%00%0d%0A": ("/\0\r\n", b"/%00%0d%0A", b""),
    "/%ff": ("/\ufffd", b"/%ff", b""),
    "/%C3%A9%F0%9F%92%A9": ("/é💩", b"/%C3%A9%F0%9F%92%A9", b""),
    "/100%": ("/100%", b"/100%", b""),
    "/%zz": ("/%zz", b"/%zz", b""),
    "/a b;c=d": ("/a b;c=d", b"/a b;c=d", b""),
    "/~a!$&'()*+,=:@": ("/~a!$&'()*+,=:@", b"/~a!$&'()*+,=:@", b""),
    '/x{}|\\^`<>"': ('/x{}|\\^`<>"', b'/x{}|\\^`<>"', b""),
    "/x?a=1&a=2": ("/x", b"/x", b"a=1&a=2"),
    "/x?": ("/x", b"/x", b""),
    "/x?a=%2F..%20+&b": ("/x", b"/x", b"a=%2F..%20+&b"),
    "/x?a=b?c#d": ("/x", b"/x", b"a=b?c#d"),
    "/x#y": ("/x#y", b"/x#y", b""),
    "x": ("x", b"x", b""),
}


@pytest.mark.parametrize("target", TARGETS)
def test_target_arrives_as_it_was_sent(target: str) -> None:
    path, _, query = target.partition("?")
    scope = record(Request("GET", path, raw_query=query))
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == TARGETS[target]


def test_scope_is_one_that_a_server_would_give() -> None:
    scope = record(Request("PURGE", "/x", headers=(("X-A", "é"),), body=b"{}"))
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "PURGE",
        "scheme": "http",
        "root_path": "",
        "path": "/x",
        "raw_path": b"/x",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"x-a", b"\xe9"), (b"content-length", b"2")],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
        "state": {},
    }


def test_order_and_repetition_of_headers_are_kept() -> None:
    headers = (("B", "2"), ("Authorization", "one"), ("A", "1"), ("authorization", "two"))
    assert record(Request("GET", "/", headers=headers))["headers"] == [
        (b"host", b"testserver"),
        (b"b", b"2"),
        (b"authorization", b"one"),
        (b"a", b"1"),
        (b"authorization", b"two"),
    ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "GET"])
def test_request_without_body_has_no_length_and_an_empty_one_has(method: str) -> None:
    assert dict(record(Request(method, "/"))["headers"]) == {b"host": b"testserver"}
    assert dict(record(Request(method, "/", body=b""))["headers"])[b"content-length"] == b"0"


def test_body_arrives_whole() -> None:
    app, body = Recorder(), bytes(range(256)) * 1000
    with open_app(app) as transport:
        transport.send(Request("POST", "/", body=body))
    assert app.bodies == [body]


def test_response_has_its_status_headers_and_whole_body() -> None:
    with open_app(Recorder()) as transport:
        response = transport.send(Request("GET", "/"))
        assert response.status == 200
        assert response.headers == {"set-cookie": ["a=1", "b=2"], "x-odd": ["\xff"]}
        assert response.content == b"said twice"
        assert transport.send(Request("HEAD", "/")).content == b""


@pytest.mark.parametrize(
    "request_", [Request("GET", "/é"), Request("GET", "/", headers=(("X", "💩"),))], ids=["path", "header"]
)
def test_request_that_http_cannot_carry_gets_400(request_: Request) -> None:
    app = Recorder()
    with open_app(app) as transport:
        assert transport.send(request_).status == 400
    assert app.scopes == []


async def crashing(scope: Message, _: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/late":
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
    if scope["path"] != "/silent":
        raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("path", "status", "content"), [("/", 500, b""), ("/late", 201, b"half"), ("/silent", 500, b"")]
)
def test_crash_of_the_app_is_a_response(path: str, status: int, content: bytes) -> None:
    with open_app(crashing) as transport:
        response = transport.send(Request("GET", path))
    assert (response.status, response.content) == (status, content)


def test_threads_send_at_the_same_time() -> None:
    barrier = Barrier(4)

    def meet(_: object) -> PlainTextResponse:
        barrier.wait(timeout=60)
        return PlainTextResponse("met")

    app = Starlette(routes=[Route("/", meet)])
    with open_app(app) as transport, ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(transport.send, [Request("GET", "/")] * 4))
    assert [response.content for response in responses] == [b"met"] * 4


def test_stream_is_not_told_of_a_disconnect_before_its_end() -> None:
    seen: list[str] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"

        async def watch() -> None:
            while (message := await receive())["type"] != "http.disconnect":
                seen.append(message["type"])
            seen.append("disconnect")

        watcher = asyncio.create_task(watch())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(20):
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b".", "more_body": True})
        assert "disconnect" not in seen
        await send({"type": "http.response.body", "body": b"!"})
        await watcher

    with open_app(app) as transport:
        response = transport.send(Request("POST", "/", body=b"x"))
    assert (response.status, response.content) == (200, b"." * 20 + b"!")
    assert seen[-1] == "disconnect"


def test_streaming_response_of_starlette_arrives_whole() -> None:
    async def count() -> AsyncIterator[bytes]:
        for number in range(5):
            await asyncio.sleep(0)
            yield str(number).encode()

    app = Starlette(routes=[Route("/", lambda _: StreamingResponse(count()))])
    with open_app(app) as transport:
        assert transport.send(Request("GET", "/")).content == b"01234"


class Living:
    """An app with a lifespan; `steps` are those that it went through, with their event loop."""

    def __init__(self, failing: str = "", *, is_raising: bool = False) -> None:
        self.failing, self.is_raising = failing, is_raising
        self.steps: list[tuple[str, asyncio.AbstractEventLoop]] = []
        self.states: list[dict[str, Any]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.states.append(dict(scope["state"]))
            scope["state"]["pool"] = "changed by a request"
            self.steps.append(("http", asyncio.get_running_loop()))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
            return
        scope["state"]["pool"] = "open"
        for step in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{step}"
            self.steps.append((step, asyncio.get_running_loop()))
            if step == self.failing and self.is_raising:
                raise ConnectionError("no database")
            reply = "failed" if step == self.failing else "complete"
            await send(
                {"type": f"lifespan.{step}.{reply}", "message": "Traceback:\n  ConnectionError: gone\n"}
            )


def test_lifespan_and_requests_share_one_loop_and_the_state() -> None:
    app = Living()
    with open_app(app) as transport:
        for _ in range(2):
            assert transport.send(Request("GET", "/")).status == 204
    assert [name for name, _ in app.steps] == ["startup", "http", "http", "shutdown"]
    assert len({loop for _, loop in app.steps}) == 1
    assert app.states == [{"pool": "open"}, {"pool": "open"}]


def test_lifespan_ends_after_an_error_too() -> None:
    app = Living()
    with pytest.raises(LookupError), open_app(app):
        raise LookupError
    assert [name for name, _ in app.steps] == ["startup", "shutdown"]


@pytest.mark.parametrize("step", ["startup", "shutdown"])
@pytest.mark.parametrize(
    ("is_raising", "reason"), [(True, "ConnectionError: no database"), (False, "ConnectionError: gone")]
)
def test_lifespan_that_fails_is_an_error_of_the_target(step: str, reason: str, *, is_raising: bool) -> None:
    with pytest.raises(TargetError, match=f"the {step} of the app failed: {reason}"):  # noqa: SIM117  # the error comes at either end
        with open_app(Living(step, is_raising=is_raising)):
            assert step == "shutdown"


def test_client_of_schemathesis_sends_the_same() -> None:
    app = Recorder()
    transport = SchemathesisTransport(app)
    request = Request(
        "POST",
        "/a/../b%2Fc",
        query=(("q", "1"),),
        headers=(("Authorization", "one"), ("Authorization", "two")),
        body=b"{}",
    )
    response = transport.send(request)
    assert (response.status, response.content) == (200, b"said twice")
    assert response.headers == {"set-cookie": ["a=1", "b=2"], "x-odd": ["\xff"]}
    scope = app.scopes[0]
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (
        "/a/../b/c",
        b"/a/../b%2Fc",
        b"q=1",
    )
    assert [tuple(pair) for pair in scope["headers"]] == [
        (b"host", b"testserver"),
        (b"authorization", b"one"),
        (b"authorization", b"two"),
        (b"content-length", b"2"),
    ]
    assert app.bodies == [b"{}"]


def test_client_of_schemathesis_takes_a_crash_for_a_response() -> None:
    assert SchemathesisTransport(crashing).send(Request("GET", "/")).status == 500


def test_client_of_schemathesis_takes_no_other_kind_of_app() -> None:
    with pytest.raises(TargetError, match="function is no ASGI app"):
        SchemathesisTransport(lambda _environ, _start: []).send(Request("GET", "/"))


def test_app_that_never_responds_ends_at_the_time_limit() -> None:
    async def app(scope: Any, receive: Any, _: Any) -> None:
        while scope["type"] == "http":
            await receive()

    with (
        open_app(app, seconds=1) as transport,
        pytest.raises(TargetError, match="the response to GET /slow did not come within 1 seconds"),
    ):
        transport.send(Request("GET", "/slow"))
