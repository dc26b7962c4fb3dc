"""The front end on this machine: its environment and its process."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from sqlalchemy.engine import make_url

from devtools.errors import FrontEndError
from devtools.npm import running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import IO

TOKEN_MODES = ("shared-secret", "jwks")
_START_SECONDS = 180  # a development server compiles its first page
_POLL_SECONDS = 0.2
# Better Auth and the first page: a development server compiles a page at its first request.
_FIRST_PATHS = ("/api/auth/ok", "/sign-in")
# Settings of the service that the front end must not have.
_SERVICE_SETTINGS = frozenset({"DATABASE_URL", "DATABASE_DIRECT_URL", "PSEUDONYM_KEY", "HOST", "PORT"})

Script = Literal["dev", "start"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of front end and service.

    Attributes:
        front_end: The origin of the front end, as the browser uses it.
        port: The port of the front end on 127.0.0.1.
        api: The origin of the service, as the browser uses it.
    """

    front_end: str
    port: int
    api: str

    @property
    def loopback(self) -> str:
        """The address of the front end on 127.0.0.1."""
        return f"http://127.0.0.1:{self.port}"


def read_token_mode(environ: Mapping[str, str]) -> str:
    """Read the setting `TOKEN_MODE`, by default `shared-secret`.

    Raises:
        FrontEndError: It is neither `shared-secret` nor `jwks`.
    """
    mode = environ.get("TOKEN_MODE") or TOKEN_MODES[0]
    if mode not in TOKEN_MODES:
        raise FrontEndError(f"TOKEN_MODE is {mode!r}, which is no mode: set {' or '.join(TOKEN_MODES)}")
    return mode


def describe_front_end(
    environ: Mapping[str, str], addresses: Addresses, *, secret: str, auth_url: str
) -> dict[str, str]:
    """Make the environment of the front end's process.

    Args:
        environ: The environment to inherit, with optional settings of the front end.
        addresses: The addresses of both.
        secret: The secret of Better Auth, which signs the tokens in the mode `shared-secret`.
        auth_url: The SQLAlchemy URL of Better Auth's role.
    """
    inherited = {name: value for name, value in environ.items() if name not in _SERVICE_SETTINGS}
    return {
        **inherited,
        "NEXT_TELEMETRY_DISABLED": "1",
        "TOKEN_MODE": read_token_mode(environ),
        "BETTER_AUTH_URL": addresses.front_end,
        "BETTER_AUTH_SECRET": secret,
        "AUTH_DATABASE_URL": _write_for_node(auth_url),
        "API_URL": addresses.api,
    }


def describe_service(environ: Mapping[str, str], addresses: Addresses, *, secret: str) -> dict[str, str]:
    """Make the settings of the service for this front end and the token mode.

    Args:
        environ: The environment to inherit.
        addresses: The addresses of both.
        secret: The secret of Better Auth; the service gets it in the mode `shared-secret` only.
    """
    settings = {name: value for name, value in environ.items() if name != "BETTER_AUTH_SECRET"}
    settings |= {"BETTER_AUTH_URL": addresses.front_end, "JWT_ISSUER": addresses.front_end}
    if audience := environ.get("API_AUDIENCE"):
        settings["JWT_AUDIENCE"] = audience
    if read_token_mode(environ) == "jwks":
        return {**settings, "JWT_ALGORITHMS": "EdDSA", "JWKS_URL": f"{addresses.loopback}/api/auth/jwks"}
    settings.pop("JWKS_URL", None)
    return {**settings, "JWT_ALGORITHMS": "HS256", "BETTER_AUTH_SECRET": secret}


def _write_for_node(url: str) -> str:
    """Convert a SQLAlchemy URL for node-postgres: folder and port of a socket go into the query."""
    there = make_url(url).set(drivername="postgresql")
    if there.host or "host" not in there.query:
        return there.render_as_string(hide_password=False)
    query = {**there.query, "port": str(there.port or 5432)}
    return there.set(query=query).render_as_string(hide_password=False)


@contextmanager
def serving(
    *,
    folder: Path,
    npm: str,
    script: Script,
    environ: Mapping[str, str],
    addresses: Addresses,
    log: IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the front end while the context is open.

    Args:
        folder: The folder of the front end.
        npm: The path of npm.
        script: The npm script: `dev`, or `start` after a build.
        environ: The whole environment of the process.
        addresses: The addresses; the front end listens on `port`.
        log: A file for its output; None for the output of this process.

    Yields:
        The npm process, once the front end responds.

    Raises:
        FrontEndError: The front end ends or does not respond within three minutes.
    """
    command = [npm, "run", script, "--", "--hostname", "127.0.0.1", "--port", str(addresses.port)]
    with running(command, folder, environ, log) as process:
        end = time.monotonic() + _START_SECONDS
        while not all(_responds(f"{addresses.loopback}{path}") for path in _FIRST_PATHS):
            if process.poll() is not None:
                raise FrontEndError(
                    f"the front end ended with exit code {process.returncode}: see its messages above"
                )
            if time.monotonic() > end:
                raise FrontEndError(
                    f"the front end does not respond at {addresses.loopback}: see its messages above"
                )
            time.sleep(_POLL_SECONDS)
        yield process


def _responds(address: str) -> bool:
    opener = build_opener(ProxyHandler({}))  # no proxy for loopback
    try:
        with opener.open(address, timeout=_START_SECONDS):
            return True
    except HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
