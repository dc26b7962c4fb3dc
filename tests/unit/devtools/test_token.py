"""`make token`: the token, and the messages if there is none."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from backend.core.config import load_settings
from backend.testing.issuer import Issuer, make_secret
from devtools.local_secrets import provide_secret
from devtools.token import main, mint_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_800_000_000


def read_claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_token_has_the_claims_and_signature_that_the_service_expects(tmp_path: Path) -> None:
    environ = {"BETTER_AUTH_URL": "https://auth.example", "JWT_AUDIENCE": "tasks"}
    token = mint_token("alice", environ, tmp_path, now=NOW)
    claims = read_claims(token)
    assert claims | {"sid": ""} == {
        "sid": "",
        "iat": NOW,
        "exp": NOW + 900,
        "iss": "https://auth.example",
        "aud": "tasks",
        "sub": "alice",
    }
    given, _ = provide_secret(environ, tmp_path)
    settings = load_settings({**given, "DATABASE_URL": "postgresql:///d", "PSEUDONYM_KEY": make_secret()})
    header, payload, signature = token.split(".")
    signer = Issuer(
        str(settings.secret and settings.secret.get_secret_value()), settings.issuer, settings.audience
    )
    assert signer.sign(*(base64.urlsafe_b64decode(part + "==") for part in (header, payload))) == token
    assert signature


UNUSED_PORT = {"PORT": "1"}  # nothing listens there


@contextmanager
def serving(status: HTTPStatus) -> Iterator[dict[str, str]]:
    """Serve one status for every request on loopback; yields the settings that name the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/me" else HTTPStatus.NOT_FOUND)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield {"PORT": str(server.server_address[1])}
        finally:
            server.shutdown()
            thread.join()


def test_only_the_token_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], UNUSED_PORT, tmp_path) == 0
    out, err = capsys.readouterr()
    assert (out.count("."), out.count("\n"), err) == (2, 1, "")
    assert read_claims(out.strip())["sub"] == "alice"


def test_weak_secret_ends_with_one_line_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bob"], {**UNUSED_PORT, "BETTER_AUTH_SECRET": "short"}, tmp_path) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("token: BETTER_AUTH_SECRET: has 5 bytes")


def test_key_set_mode_names_the_address_where_better_auth_shows_a_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], {**UNUSED_PORT, "JWT_ALGORITHMS": "EdDSA"}, tmp_path) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("token: JWT_ALGORITHMS: ")
    assert "http://localhost:3000/api/auth/token" in err


def test_token_that_the_running_service_refuses_is_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(HTTPStatus.UNAUTHORIZED) as environ:
        assert main([], environ, tmp_path) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"token: the service at http://127.0.0.1:{environ['PORT']} refuses a token")
    assert "TOKEN_MODE=jwks" in err
    assert "http://localhost:3000/api/auth/token" in err


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.GONE, HTTPStatus.SERVICE_UNAVAILABLE])
def test_token_that_the_running_service_does_not_refuse_is_printed(
    status: HTTPStatus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(status) as environ:
        assert main([], environ, tmp_path) == 0
    assert capsys.readouterr().out.count(".") == 2


def test_port_that_is_no_number_is_not_asked(tmp_path: Path) -> None:
    assert main([], {"PORT": "http"}, tmp_path) == 0
