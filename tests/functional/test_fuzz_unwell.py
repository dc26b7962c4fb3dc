"""`specwitness fuzz` on services that are not well: a clear word and exit 2, or a failure; no traceback."""

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
from tests.support.ground import describe_mint, fuzz, serving, write_repository
from tests.support.scripted_http import Reply, answering

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.ground import Ground

ORDERS = find_service("orders").contract
TOKENS = 'tokens = { alice = "env:ALICE", bob = "env:BOB" }'
SECRETS = {"ALICE": "one", "BOB": "two"}


def run(root: Path, url: str, *words: str, **variables: str) -> tuple[int, str]:
    """Fuzz what is at a URL; give the exit and all that was said."""
    done: subprocess.CompletedProcess[str] = fuzz(root, "--base-url", url, *words, **{**SECRETS, **variables})
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def mint_run(root: Path, ground: Ground) -> tuple[int, str]:
    write_repository(root, ORDERS, describe_mint("orders"))
    return run(root, ground.url, KEY=ground.key)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write_repository(tmp_path, ORDERS, TOKENS, "timeout = 0.5")
    return tmp_path


def test_nobody_listens(repository: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    code, said = run(repository, f"http://127.0.0.1:{port}")
    assert code == 2
    assert "POST /orders got no response: the connection was refused → start the service" in said


@pytest.mark.parametrize("url", ["http://[::1", "ftp://x", "http://127.0.0.1:99999", "http://a?b=c"])
def test_address_is_none(repository: Path, url: str) -> None:
    code, said = run(repository, url)
    assert (code, "is no http URL" in said) == (2, True)


@contextmanager
def speaking(words: bytes) -> Iterator[str]:
    """Listen, and say the same to whoever comes."""
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


def test_something_else_listens(repository: Path) -> None:
    with speaking(b"SSH-2.0-OpenSSH_9.9\r\n") as place:
        code, said = run(repository, f"http://{place}")
        assert code == 2
        assert "got no response: the connection was closed before the response was complete" in said
        code, said = run(repository, f"https://{place}")
    assert (code, "no trust by TLS" in said) == (2, True)


def test_certificate_that_nobody_trusts(repository: Path, tmp_path: Path) -> None:
    with answering(lambda _method, _target: Reply(), tmp_path) as service:
        code, said = run(repository, service.url.replace("http", "https"))
    assert (code, service.calls) == (2, [])
    assert "no trust by TLS" in said
    assert "self-signed" in said


def test_service_that_hangs(repository: Path) -> None:
    with answering(lambda _method, _target: Reply(after=60)) as service:
        code, said = run(repository, service.url)
    assert code == 2
    assert "got no response: none came within 0.5 seconds" in said


def test_service_that_hangs_on_one_call(repository: Path) -> None:
    body = b'{"alive": true}'
    health = Reply(200, (("Content-Type", "application/json"),), body)
    slow = Reply(after=60)
    with answering(lambda _, target: slow if target == "/orders?limit=1" else health) as service:
        code, said = run(repository, service.url, "--operation", "getHealth", "--operation", "listOrders")
    assert code == 1, said


def test_service_that_dies_half_way(tmp_path: Path) -> None:
    with serving("orders", most=200) as ground:
        code, said = mint_run(tmp_path, ground)
    # Who fell silent at a request, and not in between, may have crashed by it: that is a failure.
    assert code in {1, 2}, said
    assert re.search(r"the service had responded to \d+ requests before → see the service's own log", said)
    assert "not tried: " in said
    assert "the service answered no more before it was reached" in said


def test_service_that_dies_in_the_hands_of_schemathesis(tmp_path: Path) -> None:
    with serving("orders", most=600) as ground:
        code, said = mint_run(tmp_path, ground)
    assert code in {1, 2}, said
    assert "broken off: " in said


def test_what_was_found_before_it_died_is_told(tmp_path: Path) -> None:
    with serving("orders", "alg-none", most=200) as ground:
        code, said = mint_run(tmp_path, ground)
    assert code == 1
    assert "with an unsigned token (alg none): expected 401, came 200" in said
    assert "broken off: " in said


def test_redirect_is_an_answer_and_nobody_goes_there(repository: Path) -> None:
    with answering(lambda _method, _target: Reply()) as elsewhere:
        reply = Reply(302, (("Location", f"{elsewhere.url}/orders"),))
        with answering(lambda _method, _target: reply) as service:
            code, said = run(repository, service.url)
    assert code == 1
    assert "answered 302, which the contract does not know" in said
    assert elsewhere.calls == []


def test_pages_instead_of_json(repository: Path) -> None:
    page = Reply(200, (("Content-Type", "text/html"),), b"<html>")
    with answering(lambda _method, _target: page) as service:
        code, said = run(repository, service.url)
    assert code == 1
    assert "expected the body as application/json, came text/html" in said


def test_service_that_says_429_for_ever_is_not_reached(repository: Path) -> None:
    reply = Reply(429, (("Retry-After", "0"),))
    with answering(lambda _method, _target: reply) as service:
        code, said = run(repository, service.url)
    assert code == 2, said
    assert "the service answered 429 however long it was waited for" in said
    assert "invalid" in said
    assert len(service.calls) < 50


def test_service_that_says_429_from_some_call_on_is_not_kept(repository: Path) -> None:
    seen = iter(range(10_000))
    fine = Reply(200, (("Content-Type", "application/json"),), b'{"alive": true}')
    with answering(lambda *_: fine if next(seen) < 3 else Reply(429, (("Retry-After", "0"),))) as service:
        code, said = run(repository, service.url, "--operation", "getHealth")
    assert code == 2, said
    assert re.search(r"not tried: GET /health \[.*\]: the service answered 429", said)


def test_valid_token_that_is_refused_everywhere(repository: Path) -> None:
    with answering(lambda _method, _target: Reply(401)) as service:
        code, said = run(repository, service.url)
    assert (code, "the valid token is refused everywhere" in said) == (2, True)


def test_login_goes_nowhere_but_below_the_base_url(tmp_path: Path) -> None:
    with answering(lambda _method, _target: Reply()) as elsewhere:
        place = elsewhere.url.removeprefix("http://")
        for path in (f"{elsewhere.url}/login", f"@{place}/login", f"//{place}/login"):
            write_repository(
                tmp_path, ORDERS, f'login = {{ path = "{path}", bodies = {{ alice = {{ a = "b" }} }} }}'
            )
            with answering(lambda _method, _target: Reply(404)) as service:
                code, said = run(tmp_path, service.url)
            assert code == 2
            assert ("is no path below the base URL" in said) is not path.startswith("//")
        assert elsewhere.calls == []


def test_service_elsewhere_is_only_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A name that is not this machine's, and is not asked of anybody.
    ask = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, *rest, **more: ask("127.0.0.1" if host == "api.example" else host, *rest, **more),
    )
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    monkeypatch.setattr("_pytest.assertion.util._assertion_pass", None)
    identities = {"tokens": {"alice": "env:ALICE", "bob": "env:BOB"}}
    fine = Reply(200, (("Content-Type", "application/json"),), b'{"alive": true, "items": [], "next": null}')
    with answering(lambda _method, _target: fine) as service:
        settings = FuzzConfig(base_url=f"http://api.example:{service.port}", identities=identities)
        run_on_configured(repository, Config(contract="openapi.yaml"), settings, lambda _: None)
        assert {method for method, _ in service.calls} <= {"GET", "HEAD", "OPTIONS", "TRACE"}
        assert len(service.calls) > 50
        allowed = settings.model_copy(update={"allow_writes": True})
        run_on_configured(repository, Config(contract="openapi.yaml"), allowed, lambda _: None)
        assert {method for method, _ in service.calls} >= {"POST", "PATCH", "DELETE"}
