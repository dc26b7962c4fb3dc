"""The HTTP client: one address, no redirects, retries after a rate limit, and a time budget."""

from __future__ import annotations

import socket
from threading import Thread

import pytest

from specwitness.errors import TargetError
from specwitness.fuzz.http.client import Client, GoneError, OutOfTimeError
from specwitness.fuzz.http.message import NO_RESPONSE, Request, Response
from specwitness.fuzz.http.network import HttpTransport, SilentError
from specwitness.fuzz.http.throttling import ThrottledError
from tests.services.scripted import ScriptedTransport


def test_rate_limited_request_waits_for_retry_after_up_to_ten_seconds() -> None:
    waits: list[float] = []
    throttled = [Response(429, {"retry-after": [said]}) for said in ("2", "9999")]
    client = Client(ScriptedTransport(*throttled), sleep=waits.append)
    assert client.send(Request("GET", "/")).status == 200
    assert waits == [2.0, 10.0]
    assert (client.sent, client.patience.times, client.patience.seconds) == (3, 2, 12.0)


def test_request_that_stays_rate_limited_fails_after_four_tries() -> None:
    client = Client(ScriptedTransport(*[Response(429)] * 9), sleep=lambda _: None)
    with pytest.raises(ThrottledError, match="GET /"):
        client.send(Request("GET", "/"))
    assert client.sent == 4


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("3", 3.0),
        ("0", 0.25),
        ("", 1.0),
        ("soon", 1.0),
        ("Thu, 01 Jan 1970 00:00:07 GMT", 7.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.25),
        ("Fri, 02 Jan 1970 00:00:00 GMT", 10.0),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(said: str, seconds: float) -> None:
    waits: list[float] = []
    transport = ScriptedTransport(Response(429, {"retry-after": [said]}))
    assert Client(transport, sleep=waits.append, now=lambda: 0.0).send(Request("GET", "/")).status == 200
    assert waits == [seconds]


def test_client_stops_waiting_after_waits_that_did_not_help() -> None:
    waits: list[float] = []
    client = Client(ScriptedTransport(*[Response(429)] * 99), sleep=waits.append)
    for path in ("/a", "/a", "/b", "/c", "/d"):
        with pytest.raises(ThrottledError):
            client.send(Request("GET", path))
    assert len(waits) == 6
    assert sum(waits) <= 60


def test_wait_beyond_the_time_budget_ends_the_run() -> None:
    client = Client(ScriptedTransport(Response(429, {"retry-after": ["5"]})), seconds=4, clock=lambda: 0.0)
    with pytest.raises(OutOfTimeError):
        client.send(Request("GET", "/"))


def test_rate_limited_login_waits_too() -> None:
    waits: list[float] = []
    client = Client(ScriptedTransport(Response(429, {"retry-after": ["2"]})), sleep=waits.append)
    assert client.log_in(Request("POST", "/login")).status == 200
    assert waits == [2.0]


class SilentTransport(ScriptedTransport):
    """Gives its responses, and then none."""

    def send(self, request: Request) -> Response:
        if not self.answers:
            raise SilentError("no answer", where="http://x", is_unreachable=self.is_remote)
        return super().send(request)


def test_run_ends_after_three_requests_without_a_response() -> None:
    client = Client(SilentTransport(Response(200)))
    assert client.send(Request("GET", "/")).status == 200
    assert [client.send(Request("GET", "/")) for _ in range(2)] == [NO_RESPONSE] * 2
    with pytest.raises(GoneError, match="the service had responded to 1 requests before"):
        client.send(Request("GET", "/"))


def test_client_waits_for_a_service_that_restarts() -> None:
    transport, waits = SilentTransport(Response(200), is_remote=True), list[float]()

    def start(seconds: float) -> None:
        waits.append(seconds)
        transport.answers += [Response(204)] * (len(waits) == 2)

    client = Client(transport, sleep=start)
    assert [client.send(Request("GET", "/")).status for _ in range(2)] == [200, 204]
    assert waits == [0.5, 1.0]


def test_redirect_is_a_response_and_is_not_followed() -> None:
    transport = ScriptedTransport(Response(302, {"location": ["https://elsewhere.example/"]}))
    assert Client(transport).send(Request("GET", "/")).status == 302
    assert len(transport.requests) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_service_on_another_machine_is_only_read(method: str) -> None:
    transport = ScriptedTransport(is_remote=True)
    with pytest.raises(TargetError, match="may change a service that is not on this machine"):
        Client(transport).send(Request(method, "/notes"))
    assert transport.requests == []
    assert Client(transport).send(Request("GET", "/notes")).succeeded
    assert Client(transport, allow_writes=True).send(Request(method, "/notes")).succeeded


def test_time_budget_ends_the_run() -> None:
    now = [0.0]
    client = Client(ScriptedTransport(), seconds=5, clock=lambda: now[0])
    assert client.send(Request("GET", "/")).succeeded
    now[0] = 5.0
    with pytest.raises(OutOfTimeError):
        client.send(Request("GET", "/"))


@pytest.mark.parametrize(
    ("url", "is_remote"),
    [
        ("http://127.0.0.1:1", False),
        ("http://127.1.2.3", False),
        ("http://[::1]:1", False),
        ("http://localhost", False),
        ("http://localhost.example", True),
        ("https://api.example.com", True),
    ],
)
def test_url_tells_whether_the_service_is_on_another_machine(url: str, is_remote: bool) -> None:  # noqa: FBT001  # a table's column
    assert HttpTransport(url).is_remote is is_remote


@pytest.mark.parametrize(
    "url", ["ftp://x", "nonsense", "http://", "http://[::1", "http://a:99999", "http://u:p@h", "http://a?b"]
)
def test_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(TargetError, match="is no http URL"):
        HttpTransport(url)


def test_service_that_does_not_respond_is_reported() -> None:
    with pytest.raises(TargetError, match="got no response"):
        HttpTransport("http://127.0.0.1:1").send(Request("GET", "/"))


def hang_up(server: socket.socket) -> None:
    for _ in range(2):  # the client tries a second time
        server.accept()[0].close()


@pytest.mark.parametrize(("size", "is_refused"), [(1_000_000, True), (100, False)])
def test_closed_connection_after_a_large_header_counts_as_431(size: int, *, is_refused: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=hang_up, args=(server,), daemon=True).start()
        transport = HttpTransport(f"http://127.0.0.1:{server.getsockname()[1]}")
        request = Request("GET", "/", headers=(("Authorization", "a" * size),))
        if is_refused:
            assert transport.send(request).status == 431
        else:
            with pytest.raises(TargetError, match="got no response"):
                transport.send(request)
