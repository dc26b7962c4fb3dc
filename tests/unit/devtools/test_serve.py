"""`make run` as a real process, with PostgreSQL and a port."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from backend.core.config import load_settings
from devtools.serve import describe_address, serve
from devtools.token import mint_token
from tests.support.development import run_to_its_end
from tests.support.service import PSEUDONYM_KEY, UNREACHABLE_DATABASE
from tests.support.signals import dispositions
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SETTINGS_OF_RUN = ("BETTER_AUTH_SECRET", "DATABASE_URL", "REQUIRE_TESTCONTAINERS", "HOST", "PORT")


@pytest.fixture
def open_place() -> Iterator[Path]:
    # pytest's own folder is closed to the account that the server runs as under root.
    with tempfile.TemporaryDirectory(prefix="run-test-", dir="/tmp") as place:
        Path(place).chmod(0o755)
        yield Path(place)


@contextmanager
def running(
    place: Path, *, hangup: signal.Handlers = signal.SIG_DFL, **settings: str
) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_RUN}
    with dispositions(hangup=hangup):
        process = subprocess.Popen(
            [sys.executable, "-W", "error::ResourceWarning", "-m", "devtools.serve"],
            cwd=place,
            env={**kept, "PYTHONPATH": f"{ROOT}{os.pathsep}{kept.get('PYTHONPATH', '')}", **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def read_until(process: subprocess.Popen[str], last: str) -> str:
    assert process.stdout is not None
    said = ""
    while last not in said:
        line = process.stdout.readline()
        assert line, f"ended after {said!r}: {process.stderr and process.stderr.read()}"
        said += line
    return said


def await_health(address: str) -> httpx.Response:
    answers: list[httpx.Response] = []

    def is_answered() -> bool:
        with suppress(httpx.TransportError):
            answers.append(httpx.get(f"{address}/health", timeout=60))
        return bool(answers)

    await_fact(is_answered)
    return answers[0]


@pytest.mark.parametrize(
    ("hangup", "kind"),
    [(signal.SIG_DFL, signal.SIGINT), (signal.SIG_IGN, signal.SIGTERM)],
    ids=["Ctrl-C at a terminal", "kill after nohup"],
)
def test_make_run_accepts_a_token_and_stops_with_its_postgresql(
    hangup: signal.Handlers, kind: signal.Signals, open_place: Path
) -> None:
    with running(open_place, hangup=hangup, PORT="0") as process:
        said = read_until(process, "Ctrl-C stops it")
        assert said.startswith("PostgreSQL: embedded, server ")
        assert "Secret: BETTER_AUTH_SECRET is not set, so one was generated and kept in .run/secret\n" in said
        found = re.search(
            r'curl -H "Authorization: Bearer \$\(make -s token USER=alice\)" (\S+)/api/me', said
        )
        assert found
        address = found[1]
        if hangup is signal.SIG_IGN:
            process.send_signal(signal.SIGHUP)
        assert await_health(address).status_code == 200
        token = mint_token("alice", {}, open_place / ".run", now=time.time())
        response = httpx.get(f"{address}/api/me", headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, "alice" in response.text) == (200, True)
        assert httpx.get(f"{address}/api/me").status_code == 401
        assert f"In a browser: {address}/docs\n" in said
        page = httpx.get(f"{address}/", follow_redirects=True)
        assert (page.status_code, page.url.path, "/openapi.json" in page.text) == (200, "/docs", True)
        assert (open_place / ".run/postgres/postmaster.pid").exists()
        process.send_signal(kind)
        assert process.wait(300) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert not (open_place / ".run/postgres/postmaster.pid").exists()


def test_port_in_use_gives_one_line_and_no_traceback(open_place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with running(open_place, PORT=port) as process:
            out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (1, "")
    assert err == (
        f"run: cannot listen on 127.0.0.1, port {port} (Address already in use): "
        "end the program that uses it, or choose another port: PORT=8001 make run\n"
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "http"}, "run: PORT is 'http', which is no port"),
        ({"PORT": "70000"}, "run: PORT is '70000', which is no port"),
        ({"PORT": "0", "BETTER_AUTH_SECRET": "short"}, "run: BETTER_AUTH_SECRET: has 5 bytes"),
        (
            {"PORT": "0", "REQUIRE_TESTCONTAINERS": "1"},
            "run: REQUIRE_TESTCONTAINERS is set, but the data must",
        ),
    ],
)
def test_wrong_setting_gives_one_line_and_no_traceback(
    settings: dict[str, str], said: str, open_place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run_to_its_end("run", serve, open_place, capfd, settings=settings, without=SETTINGS_OF_RUN)
    assert code == 1
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_start_message_in_key_set_mode_names_the_token_page_of_better_auth() -> None:
    keys = {"JWT_ALGORITHMS": "EdDSA", "DATABASE_URL": UNREACHABLE_DATABASE, "PSEUDONYM_KEY": PSEUDONYM_KEY}
    said = describe_address("http://127.0.0.1:8000", load_settings(keys))
    assert "make -s token" not in said
    assert "with a token of http://localhost:3000/api/auth/token" in said
