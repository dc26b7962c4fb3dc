"""`make token`."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from backend.core.config import load_settings
from backend.testing.issuer import Issuer, make_secret
from devtools.local_secrets import settle_secret
from devtools.token import main, mint_token

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NOW = 1_800_000_000


def read_claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_token_is_what_the_service_expects(tmp_path: Path) -> None:
    environ = {"BETTER_AUTH_URL": "https://auth.example", "JWT_AUDIENCE": "tasks"}
    token = mint_token("alice", environ, tmp_path, now=NOW)
    claims = read_claims(token)
    assert claims | {"sid": ""} == {
        "sid": "",
        "iat": NOW,
        "exp": NOW + 900,
        "iss": "https://auth.example",
        "aud": "tasks",
        "sub": "alice",
    }
    given, _ = settle_secret(environ, tmp_path)
    settings = load_settings({**given, "DATABASE_URL": "postgresql:///d", "PSEUDONYM_KEY": make_secret()})
    header, payload, signature = token.split(".")
    signer = Issuer(
        str(settings.secret and settings.secret.get_secret_value()), settings.issuer, settings.audience
    )
    assert signer.sign(*(base64.urlsafe_b64decode(part + "==") for part in (header, payload))) == token
    assert signature


def test_token_alone_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BETTER_AUTH_SECRET", raising=False)
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert (out.count("."), out.count("\n"), err) == (2, 1, "")
    assert read_claims(out.strip())["sub"] == "alice"


def test_unfit_secret_is_a_line_and_not_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BETTER_AUTH_SECRET", "short")
    assert main(["bob"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("token: BETTER_AUTH_SECRET: has 5 bytes")
