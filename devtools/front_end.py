"""The front end of this machine: its environment, its tables, and its process."""

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
# Better Auth itself, and the first page: a development server compiles each when it is first asked for.
_FIRST_PATHS = ("/api/auth/ok", "/sign-in")
# The service's own: nothing of it is the front end's business.
_NOT_ITS_OWN = frozenset({"DATABASE_URL", "DATABASE_DIRECT_URL", "PSEUDONYM_KEY", "HOST", "PORT"})

Script = Literal["dev", "start"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the two sides are.

    Attributes:
        origin: The front end's, as the browser sees it.
        port: The front end's, on 127.0.0.1.
        api: The service's address, as the browser sees it.
    """

    origin: str
    port: int
    api: str

    @property
    def near(self) -> str:
        """The front end's address on this machine."""
        return f"http://127.0.0.1:{self.port}"


def read_token_mode(environ: Mapping[str, str]) -> str:
    """Read which of the two modes both sides are to take.

    Raises:
        FrontEndError: It is neither.
    """
    mode = environ.get("TOKEN_MODE") or TOKEN_MODES[0]
    if mode not in TOKEN_MODES:
        raise FrontEndError(f"TOKEN_MODE is {mode!r}, which is no mode: write {' or '.join(TOKEN_MODES)}")
    return mode


def describe_front_end(
    environ: Mapping[str, str], places: Places, *, secret: str, auth_url: str
) -> dict[str, str]:
    """Make the environment of the front end's process.

    Args:
        environ: What it inherits; the lengths of times in it are its settings.
        places: Where the two sides are.
        secret: Better Auth's own, and in the mode `shared-secret` the key of the tokens.
        auth_url: SQLAlchemy URL of Better Auth's role.
    """
    inherited = {name: value for name, value in environ.items() if name not in _NOT_ITS_OWN}
    return {
        **inherited,
        "NEXT_TELEMETRY_DISABLED": "1",
        "TOKEN_MODE": read_token_mode(environ),
        "BETTER_AUTH_URL": places.origin,
        "BETTER_AUTH_SECRET": secret,
        "AUTH_DATABASE_URL": _write_for_node(auth_url),
        "API_URL": places.api,
    }


def describe_service(environ: Mapping[str, str], places: Places, *, secret: str) -> dict[str, str]:
    """Make the settings of the service that depend on the front end.

    Args:
        environ: What it inherits.
        places: Where the two sides are.
        secret: Better Auth's own; the service gets it in the mode `shared-secret` alone.
    """
    settings = {name: value for name, value in environ.items() if name != "BETTER_AUTH_SECRET"}
    settings |= {"BETTER_AUTH_URL": places.origin, "JWT_ISSUER": places.origin}
    if audience := environ.get("API_AUDIENCE"):
        settings["JWT_AUDIENCE"] = audience
    if read_token_mode(environ) == "jwks":
        return {**settings, "JWT_ALGORITHMS": "EdDSA", "JWKS_URL": f"{places.near}/api/auth/jwks"}
    settings.pop("JWKS_URL", None)
    return {**settings, "JWT_ALGORITHMS": "HS256", "BETTER_AUTH_SECRET": secret}


def _write_for_node(url: str) -> str:
    """Write a URL of SQLAlchemy as node-postgres reads it: a socket's folder and port in the query."""
    there = make_url(url).set(drivername="postgresql")
    if there.host or "host" not in there.query:
        return there.render_as_string(hide_password=False)
    query = {**there.query, "port": str(there.port or 5432)}
    return there.set(query=query).render_as_string(hide_password=False)


@contextmanager
def serving(  # one process, all that it takes
    *,
    folder: Path,
    npm: str,
    script: Script,
    environ: Mapping[str, str],
    places: Places,
    log: IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the front end while the context lasts.

    Args:
        folder: The front end's.
        npm: The program.
        script: `dev`, or `start` for one that is built.
        environ: All of its environment.
        places: Where it is to be.
        log: A file for what it says; by default it says it here.

    Yields:
        Its first process, when it answers.

    Raises:
        FrontEndError: It does not come up.
    """
    command = [npm, "run", script, "--", "--hostname", "127.0.0.1", "--port", str(places.port)]
    with running(command, folder, environ, log) as process:
        end = time.monotonic() + _START_SECONDS
        while not all(_answers(f"{places.near}{path}") for path in _FIRST_PATHS):
            if process.poll() is not None:
                raise FrontEndError(f"the front end ended with {process.returncode}: it said why")
            if time.monotonic() > end:
                raise FrontEndError(f"the front end does not answer at {places.near}")
            time.sleep(_POLL_SECONDS)
        yield process


def _answers(address: str) -> bool:
    opener = build_opener(ProxyHandler({}))  # it is on this machine, whatever proxy there is
    try:
        with opener.open(address, timeout=_START_SECONDS):
            return True
    except HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
