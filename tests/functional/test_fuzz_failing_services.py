"""`specwitness fuzz` on services that are down, hang, crash, redirect or refuse: a clear message and no traceback."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from specwitness.config import Config, FuzzConfig
from specwitness.fuzz.replay import run_on_configured
from tests.proving_ground.catalogue import find_service
from tests.services.process import serving
from tests.support.fuzzed_repository import describe_mint, fuzz, write_repository
from tests.support.scripted_http import Reply, answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.process import RunningService

ORDERS = find_service("orders").contract
TOKENS = 'tokens = { alice = "env:ALICE", bob = "env:BOB" }'
SECRETS = {"ALICE": "one", "BOB": "two"}
# Two operations are enough where the service treats all alike.
TWO = ("--operation", "createOrder", "--operation", "getOrder")
JSON = (("Content-Type", "application/json"),)
ALIVE = Reply(200, JSON, b'{"alive": true}')


def attack(root: Path, url: str, *words: str, **variables: str) -> tuple[int, str]:
    """Fuzz the service at a URL; give the exit status and all that was printed."""
    ended = fuzz(root, "--base-url", url, *words, **{**SECRETS, **variables})
    return ended.returncode, ended.said


def attack_with_mint(root: Path, running: RunningService) -> tuple[int, str]:
    write_repository(root, ORDERS, describe_mint("orders"))
    return attack(root, running.url, *TWO, KEY=running.key)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write_repository(tmp_path, ORDERS, TOKENS)
    return tmp_path


@pytest.fixture
def impatient(tmp_path: Path) -> Path:
    """A repository that waits half a second for a response: for services that never send one."""
    write_repository(tmp_path, ORDERS, TOKENS, "timeout = 0.5")
    return tmp_path


def test_closed_port_is_reported_and_the_run_is_invalid(repository: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    code, said = attack(repository, f"http://127.0.0.1:{port}")
    assert code == 2
    assert "POST /orders got no response: the connection was refused → start the service" in said


@pytest.mark.parametrize("url", ["http://[::1", "ftp://x", "http://127.0.0.1:99999", "http://a?b=c"])
def test_base_url_that_is_no_http_url_is_reported(repository: Path, url: str) -> None:
    code, said = attack(repository, url)
    assert (code, "is no http URL" in said) == (2, True)


@contextmanager
def speaking(words: bytes) -> Iterator[str]:
    """Listen, and send the same bytes to every client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(words)

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_port_of_another_protocol_is_reported(repository: Path) -> None:
    with speaking(b"SSH-2.0-OpenSSH_9.9\r\n") as place:
        code, said = attack(repository, f"http://{place}")
        assert code == 2
        assert "got no response: the connection was closed before the response was complete" in said
        code, said = attack(repository, f"https://{place}")
    assert (code, "no trust by TLS" in said) == (2, True)


def test_untrusted_certificate_is_reported_and_nothing_is_sent(repository: Path, tmp_path: Path) -> None:
    with answering(lambda _method, _target: Reply(), tmp_path) as service:
        code, said = attack(repository, service.url.replace("http", "https"))
    assert (code, service.calls) == (2, [])
    assert "no trust by TLS" in said
    assert "self-signed" in said


def test_service_that_never_responds_is_reported(impatient: Path) -> None:
    with answering(lambda _method, _target: Reply(after=600)) as service:
        code, said = attack(impatient, service.url)
    assert code == 2
    assert "got no response: none came within 0.5 seconds" in said


def test_operation_that_never_responds_is_a_failure(impatient: Path) -> None:
    slow = Reply(after=600)
    with answering(lambda _, target: slow if target == "/orders?limit=1" else ALIVE) as service:
        code, said = attack(impatient, service.url, "--operation", "getHealth", "--operation", "listOrders")
    assert code == 1, said


def test_service_that_crashes_is_reported_with_what_was_found_before(tmp_path: Path) -> None:
    with serving("orders", "alg-none", most=150) as running:
        code, said = attack_with_mint(tmp_path, running)
    assert code == 1, said
    assert re.search(r"the service had responded to \d+ requests before → see the service's own log", said)
    assert "not tried: " in said
    assert "the service answered no more before it was reached" in said
    assert "with an unsigned token (alg none): expected 401, came 200" in said
    assert "broken off: " in said


def test_service_that_crashes_under_schemathesis_is_reported(tmp_path: Path) -> None:
    # Our own checks of the two operations send some 270 requests, Schemathesis about 110 after them.
    with serving("orders", most=300) as running:
        code, said = attack_with_mint(tmp_path, running)
    # A crash at a request is a failure (1); one between two requests leaves the run invalid (2).
    assert code in {1, 2}, said
    assert "broken off: " in said
    assert "cases of coverage" in said


def test_redirect_is_reported_and_not_followed(repository: Path) -> None:
    with answering(lambda _method, _target: Reply()) as elsewhere:
        reply = Reply(302, (("Location", f"{elsewhere.url}/orders"),))
        with answering(lambda _method, _target: reply) as service:
            code, said = attack(repository, service.url, *TWO)
    assert code == 1
    assert "answered 302, which the contract does not know" in said
    assert elsewhere.calls == []


def test_html_in_place_of_json_is_a_failure(repository: Path) -> None:
    page = Reply(200, (("Content-Type", "text/html"),), b"<html>")
    with answering(lambda _method, _target: page) as service:
        code, said = attack(repository, service.url, "--operation", "listOrders")
    assert code == 1
    assert "expected the body as application/json, came text/html" in said


def test_service_that_always_sends_429_leaves_the_run_invalid(repository: Path) -> None:
    reply = Reply(429, (("Retry-After", "0"),))
    with answering(lambda _method, _target: reply) as service:
        code, said = attack(repository, service.url)
    assert code == 2, said
    assert "the service answered 429 however long it was waited for" in said
    assert "invalid" in said
    assert len(service.calls) < 50


def test_service_that_sends_429_from_the_fourth_request_on_leaves_the_run_invalid(repository: Path) -> None:
    seen = iter(range(10_000))
    with answering(lambda *_: ALIVE if next(seen) < 3 else Reply(429, (("Retry-After", "0"),))) as service:
        code, said = attack(repository, service.url, "--operation", "getHealth")
    assert code == 2, said
    assert re.search(r"not tried: GET /health \[.*\]: the service answered 429", said)


def test_valid_token_that_is_rejected_everywhere_leaves_the_run_invalid(repository: Path) -> None:
    with answering(lambda _method, _target: Reply(401)) as service:
        code, said = attack(repository, service.url)
    assert (code, "the valid token is refused everywhere" in said) == (2, True)


def test_login_is_sent_below_the_base_url_alone(tmp_path: Path) -> None:
    with answering(lambda _method, _target: Reply()) as elsewhere:
        place = elsewhere.url.removeprefix("http://")
        for path in (f"{elsewhere.url}/login", f"@{place}/login", f"//{place}/login"):
            write_repository(
                tmp_path, ORDERS, f'login = {{ path = "{path}", bodies = {{ alice = {{ a = "b" }} }} }}'
            )
            with answering(lambda _method, _target: Reply(404)) as service:
                code, said = attack(tmp_path, service.url)
            assert code == 2
            assert ("is no path below the base URL" in said) is not path.startswith("//")
        assert elsewhere.calls == []


def test_service_on_another_host_is_only_read_unless_writes_are_allowed(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A host name that is not this machine's, resolved without a DNS server.
    ask = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, *rest, **more: ask("127.0.0.1" if host == "api.example" else host, *rest, **more),
    )
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    identities = {"tokens": {"alice": "env:ALICE", "bob": "env:BOB"}}
    fine = Reply(200, JSON, b'{"alive": true, "items": [], "next": null}')
    with answering(lambda _method, _target: fine) as service:
        settings = FuzzConfig(
            base_url=f"http://api.example:{service.port}",
            identities=identities,
            operations=("listOrders", "createOrder", "changeOrder", "deleteOrder"),
        )
        run_on_configured(repository, Config(contract="openapi.yaml"), settings, lambda _: None)
        assert {method for method, _ in service.calls} <= {"GET", "HEAD", "OPTIONS", "TRACE"}
        assert len(service.calls) > 50
        allowed = settings.model_copy(update={"allow_writes": True})
        run_on_configured(repository, Config(contract="openapi.yaml"), allowed, lambda _: None)
        assert {method for method, _ in service.calls} >= {"POST", "PATCH", "DELETE"}
