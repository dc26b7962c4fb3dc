"""Front end with Better Auth, and service, as two processes that share one PostgreSQL, as in a deployment."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from backend.migrations.auth_role import make_auth_role
from backend.testing.issuer import make_secret
from devtools.errors import FrontEndError
from devtools.front_end import Addresses, describe_front_end, describe_service, serving
from devtools.npm import find_npm, find_program, is_installed, run_command, run_script
from tests.support import server_process
from tests.support.better_auth import AUTH_PASSWORD
from tests.support.service import PSEUDONYM_KEY, as_service, fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
FRONT_END = Path(
    os.environ.get("E2E_FRONT_END") or ROOT / "frontend"
)  # `tests.e2e.falsify` sets a broken copy
ARTEFACTS = ROOT / "build" / "e2e"
MODES = ("shared-secret", "jwks")
_NEAR_ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
BROWSER_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", _NEAR_ALONE),
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_STAMP = FRONT_END / ".next" / "built-from"
_NOT_BUILT_FROM = frozenset({"node_modules", ".next", "tests", "tsconfig.tsbuildinfo", "next-env.d.ts"})
_OFF = frozenset({"", "0", "false", "no"})
_INHERITED = ("HOME", "PATH", "LANG")


@dataclass(frozen=True)
class BothSides:
    """A running front end and a running service.

    Attributes:
        origin: The origin of the front end in a browser.
        near: The URL of the front end on this machine.
        api: The URL of the service.
        database_url: The SQLAlchemy URL of the owner of the database.
        mode: `TOKEN_MODE`: `shared-secret` or `jwks`.
        service: The process of the service.
    """

    origin: str
    near: str
    api: str
    database_url: str
    mode: str
    service: server_process.ServerProcess


def find_browser() -> str | None:
    """Return the path of an installed Chromium; Playwright does not bring one."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


@cache
def find_missing() -> str | None:
    """Return a message about a missing program and how to install it; None if all are there."""
    try:
        find_npm(FRONT_END)
    except FrontEndError as error:
        return str(error).partition(", or do without")[0]
    if not is_installed(FRONT_END):
        return "the npm packages of the front end are missing: cd frontend && npm ci"
    if not find_browser():
        return "Chromium is not installed: apt-get install chromium"
    return None


def is_required(environ: Mapping[str, str]) -> bool:
    """Return whether a missing program fails the tests instead of skipping them (REQUIRE_E2E, set in CI)."""
    return environ.get("REQUIRE_E2E", "").strip().lower() not in _OFF


@cache
def build_front_end() -> str:
    """Build the front end if its files have changed since the last build; one build serves all modes and ports.

    Returns:
        The path of npm.
    """
    npm, _ = find_npm(FRONT_END)
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    # Two test runs in one checkout share the output folder.
    with (ARTEFACTS / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fingerprint = _read_fingerprint()
        if not _STAMP.exists() or _STAMP.read_text() != fingerprint:
            _build(npm)
            _STAMP.write_text(fingerprint)
    return npm


def _build(npm: str) -> None:
    log = ARTEFACTS / "build.log"
    try:
        with log.open("wb") as output:
            run_script(FRONT_END, [npm, "run", "build"], _inherit(), log=output)
    except FrontEndError as error:
        raise AssertionError(f"{error}\n{log.read_text()}") from error


def _read_fingerprint() -> str:
    digest = hashlib.sha256()
    for top in sorted(FRONT_END.iterdir()):
        if top.name in _NOT_BUILT_FROM:
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                digest.update(str(path.relative_to(FRONT_END)).encode() + path.read_bytes())
    return digest.hexdigest()


def _inherit() -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, "NEXT_TELEMETRY_DISABLED": "1"}


@contextmanager
def serving_both(server_url: str, mode: str, folder: Path, **settings: str) -> Iterator[BothSides]:
    """Start both on a new database; stop them at the end.

    Args:
        server_url: The SQLAlchemy URL of a PostgreSQL server.
        mode: `TOKEN_MODE`: `shared-secret` or `jwks`.
        folder: The folder for the logs.
        settings: Settings of both sides. `SERVICE_SECRET` replaces the secret of the service only.
    """
    npm = build_front_end()
    with ExitStack() as stack:
        database_url = stack.enter_context(fresh_database(server_url))
        auth_url = make_auth_role(database_url, AUTH_PASSWORD)
        given = {"TOKEN_MODE": mode, **settings}
        secret = settings.get("BETTER_AUTH_SECRET") or make_secret()
        addresses = _choose_addresses(settings)
        service = stack.enter_context(
            server_process.serving(
                {
                    **describe_service(given, addresses, secret=settings.get("SERVICE_SECRET", secret)),
                    "DATABASE_URL": as_service(database_url),
                    "PSEUDONYM_KEY": PSEUDONYM_KEY,
                    "JWT_LEEWAY_SECONDS": "0",
                    "JWKS_COOLDOWN_SECONDS": "1",
                    "JWKS_TIMEOUT_SECONDS": "15",
                },
                folder / "service.log",
            )
        )
        addresses = Addresses(addresses.front_end, addresses.port, f"http://127.0.0.1:{service.port}")
        front_end = describe_front_end({**_inherit(), **given}, addresses, secret=secret, auth_url=auth_url)
        log = stack.enter_context((folder / "front-end.log").open("wb"))
        run_script(FRONT_END, [npm, "run", "--silent", "migrate"], front_end, log=log)
        stack.enter_context(
            serving(
                folder=FRONT_END, npm=npm, script="start", environ=front_end, addresses=addresses, log=log
            )
        )
        yield BothSides(addresses.front_end, addresses.loopback, addresses.api, database_url, mode, service)


def run_front_end_tests(file: str, auth_url: str | None, folder: Path) -> dict[str, str]:
    """Run a test file of the front end.

    Args:
        file: The test file, relative to the front end's folder.
        auth_url: The SQLAlchemy URL of Better Auth's role. Without it, tests that need a database are skipped.
        folder: The folder for report and log.

    Returns:
        Outcome (`passed`, `skipped`, `failed`) by full name of the test.
    """
    environ = _describe_database(auth_url) if auth_url else _inherit()
    report, log = folder / "vitest.json", folder / "vitest.log"
    reporters = ("--reporter=default", "--reporter=json", f"--outputFile.json={report}")
    _run_node(["node_modules/vitest/vitest.mjs", "run", file, *reporters], environ, log)
    suites = json.loads(report.read_text(encoding="utf-8"))["testResults"]
    return {test["fullName"]: test["status"] for suite in suites for test in suite["assertionResults"]}


def migrate_front_end(auth_url: str, folder: Path) -> str:
    """Run the migrations of Better Auth, and return their output."""
    return _run_node(
        ["--import", "tsx", "scripts/migrate.ts"], _describe_database(auth_url), folder / "migrate.log"
    )


def _describe_database(auth_url: str) -> dict[str, str]:
    near = "http://127.0.0.1:1"
    return describe_front_end(_inherit(), Addresses(near, 1, near), secret=make_secret(), auth_url=auth_url)


def _run_node(arguments: list[str], environ: Mapping[str, str], log: Path) -> str:
    node = find_program("node")
    assert node, "Node is not installed"
    with log.open("wb") as output:
        code = run_command([node, *arguments], FRONT_END, environ, output)
    text = log.read_text(encoding="utf-8")
    assert code == 0, text
    return text


def _choose_addresses(settings: Mapping[str, str]) -> Addresses:
    # Find a free port; the front end binds it later.
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return Addresses(settings.get("ORIGIN", f"http://127.0.0.1:{port}"), port, "")
