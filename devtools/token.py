"""`make token`: prints a token that the service of `make run` accepts."""

from __future__ import annotations

import os
import secrets
import sys
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from backend.core.config import load_settings
from backend.core.errors import ConfigurationError
from backend.testing.issuer import Issuer
from devtools.command import RUN_FOLDER
from devtools.local_secrets import provide_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LIFETIME_SECONDS = 900
_ASK_SECONDS = 2.0
# Required settings that do not affect tokens.
_UNUSED = {"DATABASE_URL": "postgresql://localhost/unused", "PSEUDONYM_KEY": secrets.token_urlsafe(48)}


def mint_token(subject: str, environ: Mapping[str, str], directory: Path, *, now: float) -> str:
    """Make a token with the shared secret, with the claims that Better Auth would write.

    Args:
        subject: The user id.
        environ: The settings of the service.
        directory: The folder of the generated secret, which is used if the settings have none.
        now: The time of issue in seconds since the epoch; the token expires 15 minutes later.

    Raises:
        ConfigurationError: The service would refuse to start with these settings, or it uses a key set.
    """
    given, _ = provide_secret(environ, directory)
    settings = load_settings({**given, **_UNUSED})
    if settings.secret is None:
        remedy = f"names a key set, and only Better Auth can sign: {_sign_in(settings.better_auth_url)}"
        raise ConfigurationError([("JWT_ALGORITHMS", remedy)])
    issuer = Issuer(settings.secret.get_secret_value(), settings.issuer, settings.audience)
    return issuer.token(subject, now=now, lifetime=LIFETIME_SECONDS)


def find_refusal(token: str, environ: Mapping[str, str]) -> str | None:
    """Ask the local service whether it accepts a token.

    Args:
        token: The token.
        environ: The settings; `PORT` is the port of the service on this machine, by default 8000.

    Returns:
        A message with the possible causes and remedies if the service responds with 401, otherwise
        None: it accepts the token, or no service responds.
    """
    address = f"http://127.0.0.1:{environ.get('PORT') or '8000'}"
    try:
        response = httpx.get(
            f"{address}/api/me",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_ASK_SECONDS,
            trust_env=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    if response.status_code != HTTPStatus.UNAUTHORIZED:
        return None
    front_end = environ.get("BETTER_AUTH_URL") or "http://localhost:3000"
    return (
        f"the service at {address} refuses a token that is signed with the local secret. If it was started "
        f"with TOKEN_MODE=jwks, it accepts only tokens that Better Auth signed: {_sign_in(front_end)}. "
        "Otherwise give make token the same settings as the service: BETTER_AUTH_SECRET, BETTER_AUTH_URL, "
        "JWT_ISSUER, JWT_AUDIENCE"
    )


def _sign_in(front_end: str) -> str:
    return f"sign in at {front_end} and copy the token from {front_end}/api/auth/token"


def main(
    arguments: Sequence[str], environ: Mapping[str, str] = os.environ, directory: Path = RUN_FOLDER
) -> int:
    """Print a token for the given user id, by default for alice.

    Returns:
        The exit code: 1 if there is no token that the service would accept; the reason is on stderr.
    """
    subject = arguments[0] if arguments else "alice"
    try:
        token = mint_token(subject, environ, directory, now=time.time())
    except ConfigurationError as error:
        sys.stderr.write(f"token: {error}\n")
        return 1
    if refusal := find_refusal(token, environ):
        sys.stderr.write(f"token: {refusal}\n")
        return 1
    sys.stdout.write(f"{token}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
