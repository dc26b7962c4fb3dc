"""The secrets of the development servers: from the settings, or generated and kept in a file."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETTING = "BETTER_AUTH_SECRET"
PSEUDONYM_SETTING = "PSEUDONYM_KEY"
_NAME = "secret"
_PSEUDONYM_NAME = "pseudonym-key"


def provide_secret(environ: Mapping[str, str], directory: Path) -> tuple[dict[str, str], str]:
    """Add a shared secret to the settings, unless they have one or use a key set.

    Args:
        environ: The settings. A secret in them is used as it is; `load_settings` checks it later.
        directory: The folder of the generated secret, in a file that only its owner may read.

    Returns:
        The settings with the secret, and a line that names its source and contains no part of it.
    """
    if SETTING in environ:
        return dict(environ), f"Secret: {SETTING}"
    algorithms = environ.get("JWT_ALGORITHMS") or "HS256"
    if algorithms != "HS256":
        return dict(environ), f"Keys: Better Auth's key set, JWT_ALGORITHMS is {algorithms}"
    file = directory / _NAME
    is_new = not _is_kept(file)
    line = (
        f"Secret: {SETTING} is not set, so one was generated and kept in {file}"
        if is_new
        else f"Secret: {file}"
    )
    return {**environ, SETTING: _read_or_make(file)}, line


def provide_auth_secret(environ: Mapping[str, str], directory: Path) -> str:
    """Return the secret of Better Auth, which it needs in both token modes; generate it if it is not set.

    Args:
        environ: The settings. A secret in them is used as it is.
        directory: The folder of the generated secret, in a file that only its owner may read.
    """
    return environ[SETTING] if SETTING in environ else _read_or_make(directory / _NAME)


def provide_pseudonym_key(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Add a pseudonym key to the settings, unless they have one.

    Args:
        environ: The settings. A key in them is used as it is; `load_settings` checks it later.
        directory: The folder of the generated key, in a file that only its owner may read.

    Returns:
        The settings with the key.
    """
    if PSEUDONYM_SETTING in environ:
        return dict(environ)
    return {**environ, PSEUDONYM_SETTING: _read_or_make(directory / _PSEUDONYM_NAME)}


def _is_kept(file: Path) -> bool:
    return file.exists() and bool(file.read_text().strip())


def _read_or_make(file: Path) -> str:
    if not _is_kept(file):
        _keep_secret(file, secrets.token_urlsafe(48))
    return file.read_text().strip()


def _keep_secret(file: Path, secret: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as target:
        target.write(f"{secret}\n")
    draft.replace(file)
