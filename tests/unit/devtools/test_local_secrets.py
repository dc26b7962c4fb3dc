"""The generated secrets of the development servers."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from backend.core.settings.secret_strength import find_weakness
from devtools.local_secrets import provide_secret

if TYPE_CHECKING:
    from pathlib import Path


def test_secret_of_the_settings_is_used_and_not_written_to_a_file(tmp_path: Path) -> None:
    environ = {"BETTER_AUTH_SECRET": "mine"}
    assert provide_secret(environ, tmp_path) == (environ, "Secret: BETTER_AUTH_SECRET")
    assert list(tmp_path.iterdir()) == []


def test_empty_secret_is_not_replaced(tmp_path: Path) -> None:
    given, _ = provide_secret({"BETTER_AUTH_SECRET": ""}, tmp_path)
    assert given["BETTER_AUTH_SECRET"] == ""


def test_generated_secret_is_strong_private_and_reused(tmp_path: Path) -> None:
    first, said = provide_secret({"OTHER": "1"}, tmp_path / "run")
    file = tmp_path / "run" / "secret"
    secret = first["BETTER_AUTH_SECRET"]
    assert find_weakness(secret) is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert said == f"Secret: BETTER_AUTH_SECRET is not set, so one was generated and kept in {file}"
    assert provide_secret({"OTHER": "1"}, tmp_path / "run") == (first, f"Secret: {file}")


def test_empty_secret_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    given, _ = provide_secret({}, tmp_path)
    assert find_weakness(given["BETTER_AUTH_SECRET"]) is None
