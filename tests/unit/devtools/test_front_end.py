"""The settings of front end and service, and the process of the front end, without Node."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from backend.core.config import load_settings
from backend.testing.issuer import make_secret
from devtools.errors import FrontEndError, ServeError
from devtools.front_end import Addresses, describe_front_end, describe_service, serving
from devtools.listener import listen, name_address
from tests.support.fake_npm import FakeNpm
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "http://localhost:3000"
ADDRESSES = Addresses(ORIGIN, 3000, "http://127.0.0.1:8000")
EMBEDDED = "postgresql+psycopg://auth_service:p4ss@:5432/postgres?host=/tmp/pg-x"
NEON = "postgresql+psycopg://auth_service:p4ss@db.example:6432/app?sslmode=require"


@pytest.mark.parametrize(
    ("url", "written"),
    [
        (EMBEDDED, "postgresql://auth_service:p4ss@:5432/postgres?host=%2Ftmp%2Fpg-x&port=5432"),
        (NEON, "postgresql://auth_service:p4ss@db.example:6432/app?sslmode=require"),
    ],
)
def test_front_end_gets_its_database_url_for_node_and_no_setting_of_the_service(
    url: str, written: str
) -> None:
    environ = {"DATABASE_URL": "postgresql://owner@h/d", "PSEUDONYM_KEY": "k", "PORT": "1", "PATH": "/bin"}
    told = describe_front_end(environ, ADDRESSES, secret="s", auth_url=url)
    assert told["AUTH_DATABASE_URL"] == written
    assert (told["API_URL"], told["BETTER_AUTH_URL"], told["PATH"]) == (ADDRESSES.api, ORIGIN, "/bin")
    assert not {"DATABASE_URL", "PSEUDONYM_KEY", "PORT"} & told.keys()


@pytest.mark.parametrize(
    ("mode", "algorithms", "has_secret"),
    [("", ("HS256",), True), ("shared-secret", ("HS256",), True), ("jwks", ("EdDSA",), False)],
)
def test_token_mode_sets_both_sides(mode: str, algorithms: tuple[str, ...], *, has_secret: bool) -> None:
    environ = {"TOKEN_MODE": mode, "API_AUDIENCE": "the-api", "JWT_ALGORITHMS": "RS256"}
    secret = make_secret()
    given = describe_service(environ, ADDRESSES, secret=secret)
    settings = load_settings({**given, "DATABASE_URL": EMBEDDED, "PSEUDONYM_KEY": make_secret()})
    assert (settings.algorithms, settings.secret is not None) == (algorithms, has_secret)
    assert (settings.issuer, settings.audience) == (ORIGIN, "the-api")
    assert settings.browser_origins == (ORIGIN,)
    if not has_secret:
        assert settings.key_set_url == "http://127.0.0.1:3000/api/auth/jwks"
    assert describe_front_end(environ, ADDRESSES, secret=secret, auth_url=EMBEDDED)["TOKEN_MODE"] == (
        mode or "shared-secret"
    )


def test_unknown_token_mode_is_refused() -> None:
    with pytest.raises(FrontEndError, match="which is no mode: set shared-secret or jwks"):
        describe_service({"TOKEN_MODE": "hs256"}, ADDRESSES, secret="s")


def is_open(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("comes_up", [True, False])
def test_front_end_is_awaited_and_stopped(tmp_path: Path, *, comes_up: bool) -> None:
    npm = FakeNpm(tmp_path, serves=comes_up)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        addresses = Addresses(ORIGIN, probe.getsockname()[1], ADDRESSES.api)

    def serve() -> None:
        program = str(npm.programs / "npm")
        environ = {**os.environ, "PATH": npm.path}
        with serving(folder=npm.front_end, npm=program, script="dev", environ=environ, addresses=addresses):
            assert is_open(addresses.port)

    if comes_up:
        serve()
    else:
        with pytest.raises(FrontEndError, match="the front end ended with exit code 7: see"):
            serve()
    await_fact(lambda: not is_open(addresses.port))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")],  # noqa: S104  # named, not served
)
def test_listener_on_all_interfaces_is_named_by_its_loopback_address(host: str, loopback: str) -> None:
    with listen(host, "0", "PORT=1 make dev") as listener:
        assert name_address(listener) == f"http://{loopback}:{listener.getsockname()[1]}"
        taken = str(listener.getsockname()[1])
        with pytest.raises(ServeError, match=rf"port {taken} .*choose another port: PORT=1 make dev"):
            listen(host, taken, "PORT=1 make dev")


@pytest.mark.parametrize("port", ["", "http", "-1", "65536", "٣"])
def test_text_that_is_no_port_is_refused(port: str) -> None:
    with pytest.raises(ServeError, match=r"FRONTEND_PORT is .*, which is no port"):
        listen("127.0.0.1", port, "FRONTEND_PORT=1 make dev")
