"""`make dev` as a real process, with PostgreSQL and ports, and a fake npm."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest

from devtools.serve_all import serve_both
from devtools.token import mint_token
from tests.support.development import run_to_its_end
from tests.support.fake_npm import FakeNpm
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
NOT_GIVEN = (
    *("BETTER_AUTH_SECRET", "DATABASE_URL", "REQUIRE_TESTCONTAINERS", "HOST", "PORT", "TOKEN_MODE"),
    *("JWT_ALGORITHMS", "JWKS_URL", "PSEUDONYM_KEY", "FRONTEND_PORT", "FRONTEND_ORIGINS"),
)


@pytest.fixture
def place() -> Iterator[Path]:
    # pytest's own folder is closed to the account that the server runs as under root.
    with tempfile.TemporaryDirectory(prefix="dev-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def running(place: Path, path: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_GIVEN}
    with subprocess.Popen(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "devtools.serve_all"],
        cwd=place,
        env={**kept, "PYTHONPATH": str(ROOT), "PATH": path, "PORT": "0", "FRONTEND_PORT": "0", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            end(process)


def run_here(
    place: Path, path: str, captured: pytest.CaptureFixture[str], **settings: str
) -> tuple[int, str, str]:
    given = {"PATH": path, "PORT": "0", "FRONTEND_PORT": "0", **settings}
    return run_to_its_end("dev", serve_both, place, captured, settings=given, without=NOT_GIVEN)


def end(process: subprocess.Popen[str]) -> None:
    """End the process by SIGINT as a user does; SIGKILL would leave the front end running."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(300)
        except subprocess.TimeoutExpired:
            process.kill()


def read_until(process: subprocess.Popen[str], last: str) -> str:
    assert process.stdout is not None
    said = ""
    while last not in said:
        line = process.stdout.readline()
        assert line, f"ended after {said!r}: {process.stderr and process.stderr.read()}"
        said += line
    return said


def find_address(said: str, name: str) -> str:
    found = re.search(rf"^{name}: (http://\S+)", said, re.MULTILINE)
    assert found, said
    return found[1]


def is_running(pid: str) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(") ")[2][0] != "Z"


def await_status(address: str) -> int:
    def is_up() -> bool:
        try:
            return httpx.get(address, timeout=60).status_code > 0
        except httpx.TransportError:
            return False

    await_fact(is_up)
    return httpx.get(address, timeout=60).status_code


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_make_dev_serves_both_on_one_database_and_leaves_no_process(
    kind: signal.Signals, place: Path
) -> None:
    npm = FakeNpm(place)
    with running(place, npm.path) as process:
        said = read_until(process, "Ctrl-C stops both")
        assert "PostgreSQL: embedded" in said
        assert "Node: 20.19.5, npm 11.0.0\n" in said
        assert "installing its npm packages (npm ci)" in said
        api, front_end = find_address(said, "API"), find_address(said, "Front end")
        assert await_status(f"{api}/health") == 200
        given = npm.environ
        assert (given["API_URL"], given["BETTER_AUTH_URL"]) == (api, front_end)
        assert given["TOKEN_MODE"] == "shared-secret"
        assert given["BETTER_AUTH_SECRET"] == (place / ".run/secret").read_text().strip()
        assert not {"DATABASE_URL", "PSEUDONYM_KEY"} & given.keys()
        with psycopg.connect(given["AUTH_DATABASE_URL"]) as connection:
            row = connection.execute("select current_user, current_schema").fetchone()
        assert row == ("auth_service", "auth")
        token = mint_token("alice", {"BETTER_AUTH_URL": front_end}, place / ".run", now=1e9 * 2)
        refused = httpx.get(
            f"{api}/api/me", headers={"Authorization": f"Bearer {token}", "Origin": front_end}
        )
        assert refused.status_code == 401  # it is of the year 2033
        assert refused.headers["Access-Control-Allow-Origin"] == front_end
        assert npm.commands[-2:] == [
            "run --silent migrate",
            f"run dev -- --hostname 127.0.0.1 --port {front_end.rpartition(':')[2]}",
        ]
        process.send_signal(kind)
        assert process.wait(300) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert not is_running(given["PID"])
    assert not (place / ".run/postgres/postmaster.pid").exists()


def test_jwks_mode_sets_both_sides_and_gives_the_service_no_secret(place: Path) -> None:
    npm = FakeNpm(place)
    with running(place, npm.path, TOKEN_MODE="jwks") as process:
        said = read_until(process, "Ctrl-C stops both")
        assert "Tokens: jwks (TOKEN_MODE=shared-secret make dev switches both sides)" in said
        assert npm.environ["TOKEN_MODE"] == "jwks"
        # It came up, and a service of the key set refuses to start with the secret.
        assert await_status(f"{find_address(said, 'API')}/health?probe=live") == 200


def test_installed_packages_are_kept_and_the_service_ends_with_the_front_end(place: Path) -> None:
    npm = FakeNpm(place)
    (npm.front_end / "node_modules").mkdir()
    lock = (npm.front_end / "package-lock.json").read_text()
    (npm.front_end / "node_modules/.package-lock.json").write_text(lock)
    with running(place, npm.path) as process:
        said = read_until(process, "Ctrl-C stops both")
        assert "npm ci" not in said
        front_end = find_address(said, "Front end")
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{front_end.replace('localhost', '127.0.0.1')}/end")
        assert process.wait(300) == 1
        assert process.stderr is not None
        assert process.stderr.read() == "dev: the front end ended with exit code 3: see its messages above\n"
    assert not [command for command in npm.commands if command.startswith("ci")]


@pytest.mark.parametrize(
    ("setting", "name"), [("PORT", "make dev"), ("FRONTEND_PORT", "make dev")], ids=["service", "front end"]
)
def test_port_in_use_gives_one_line_and_no_traceback(
    place: Path, setting: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, _, err = run_here(place, FakeNpm(place).path, capfd, **{setting: str(port)})
    assert code == 1
    assert err == (
        f"dev: cannot listen on 127.0.0.1, port {port} (Address already in use): "
        f"end the program that uses it, or choose another port: {setting}={port + 1} {name}\n"
    )


@pytest.mark.parametrize(
    ("version", "options", "settings", "said"),
    [
        (
            "v20.19.5",
            {},
            {"TOKEN_MODE": "none"},
            "dev: TOKEN_MODE is 'none', which is no mode: set shared-se",
        ),
        ("v20.19.5", {}, {"FRONTEND_PORT": "http"}, "dev: FRONTEND_PORT is 'http', which is no port"),
        ("v20.19.5", {}, {"BETTER_AUTH_SECRET": "short"}, "dev: BETTER_AUTH_SECRET: has 5 bytes"),
        ("v20.18.9", {}, {}, "dev: Node 20.18.9 is too old, the front end needs 20.19.0 or later: install"),
        (
            "v20.19.5",
            {"migrate": 1},
            {},
            "dev: npm run --silent migrate failed with exit code 1 in frontend: see its messages above",
        ),
        (
            "v20.19.5",
            {"serves": False},
            {},
            "dev: the front end ended with exit code 7: see its messages above",
        ),
    ],
)
def test_error_gives_one_line_and_no_traceback(
    *,
    place: Path,
    version: str,
    options: dict[str, int],
    settings: dict[str, str],
    said: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    npm = FakeNpm(place, version, migrate=options.get("migrate", 0), serves=bool(options.get("serves", 1)))
    code, _, err = run_here(place, npm.path, capfd, **settings)
    assert code == 1
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_missing_node_gives_one_line_with_the_remedy(place: Path) -> None:
    FakeNpm(place)
    with running(place, str(place / "empty")) as process:
        out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (1, "")
    assert err == (
        "dev: Node is missing, and the front end needs Node 20.19.0 or later: install it from nodejs.org "
        "or by your system's packages, or do without the front end: make run\n"
    )
