"""The shared secret of this machine."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from backend.core.settings.secret_strength import find_weakness
from devtools.local_secrets import provide_secret

if TYPE_CHECKING:
    from pathlib import Path


def test_secret_that_is_set_is_used_and_not_kept(tmp_path: Path) -> None:
    environ = {"BETTER_AUTH_SECRET": "mine"}
    assert provide_secret(environ, tmp_path) == (environ, "Secret: BETTER_AUTH_SECRET")
    assert list(tmp_path.iterdir()) == []


def test_empty_secret_is_left_for_the_settings_to_refuse(tmp_path: Path) -> None:
    given, _ = provide_secret({"BETTER_AUTH_SECRET": ""}, tmp_path)
    assert given["BETTER_AUTH_SECRET"] == ""


def test_made_secret_is_fit_kept_for_its_owner_and_the_same_again(tmp_path: Path) -> None:
    first, said = provide_secret({"OTHER": "1"}, tmp_path / "run")
    file = tmp_path / "run" / "secret"
    secret = first["BETTER_AUTH_SECRET"]
    assert find_weakness(secret) is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert said == f"Secret: BETTER_AUTH_SECRET is not set, so one was made and kept in {file}"
    assert provide_secret({"OTHER": "1"}, tmp_path / "run") == (first, f"Secret: {file}")


def test_empty_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    given, _ = provide_secret({}, tmp_path)
    assert find_weakness(given["BETTER_AUTH_SECRET"]) is None
