"""`make token`: a token that the service of `make run` accepts."""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from backend.core.config import load_settings
from backend.core.errors import ConfigurationError
from backend.testing.issuer import Issuer
from devtools.local_secrets import settle_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIFETIME_SECONDS = 900
# Settings that no token depends on.
_UNUSED = {"DATABASE_URL": "postgresql://localhost/unused", "PSEUDONYM_KEY": secrets.token_urlsafe(48)}


def mint_token(subject: str, environ: Mapping[str, str], directory: Path, *, now: float) -> str:
    """Mint a token as Better Auth would.

    Args:
        subject: The user id.
        environ: The settings of the service.
        directory: Where the secret is kept if none is set.
        now: When it is issued, in seconds since the epoch; it lasts 15 minutes.

    Raises:
        ConfigurationError: The service would refuse to start with these settings.
    """
    given, _ = settle_secret(environ, directory)
    settings = load_settings({**given, **_UNUSED})
    if settings.secret is None:
        remedy = "names a key set, and only Better Auth has its keys: sign in there for a token"
        raise ConfigurationError([("JWT_ALGORITHMS", remedy)])
    issuer = Issuer(settings.secret.get_secret_value(), settings.issuer, settings.audience)
    return issuer.token(subject, now=now, lifetime=LIFETIME_SECONDS)


def main(arguments: Sequence[str]) -> int:
    """Print a token for the user id given, or for alice."""
    subject = arguments[0] if arguments else "alice"
    try:
        token = mint_token(subject, os.environ, Path(".run"), now=time.time())
    except ConfigurationError as error:
        sys.stderr.write(f"token: {error}\n")
        return 1
    sys.stdout.write(f"{token}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
