"""The shared secret of this machine: the one that is set, or one that is made and kept."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETTING = "BETTER_AUTH_SECRET"
_NAME = "secret"


def settle_secret(environ: Mapping[str, str], directory: Path) -> tuple[dict[str, str], str]:
    """Give the environment a shared secret.

    Args:
        environ: The settings; a secret in them is used as it is, fit or not.
        directory: Where a secret that is made is kept, readable by its owner only.

    Returns:
        The settings with the secret, and a line on where it comes from, without any of it.
    """
    if SETTING in environ:
        return dict(environ), f"Secret: {SETTING}"
    algorithms = environ.get("JWT_ALGORITHMS") or "HS256"
    if algorithms != "HS256":
        return dict(environ), f"Keys: Better Auth's key set, JWT_ALGORITHMS is {algorithms}"
    file = directory / _NAME
    secret = file.read_text().strip() if file.exists() else ""
    line = f"Secret: {file}"
    if not secret:
        secret = secrets.token_urlsafe(48)
        _keep_secret(file, secret)
        line = f"Secret: {SETTING} is not set, so one was made and kept in {file}"
    return {**environ, SETTING: secret}, line


def _keep_secret(file: Path, secret: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as target:
        target.write(f"{secret}\n")
    draft.replace(file)
