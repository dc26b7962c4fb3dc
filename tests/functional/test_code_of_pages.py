"""Python of the pages, read from the pages and run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.core.config import load_settings
from backend.testing.issuer import Issuer, make_secret
from tests.pages.commands import read_blocks
from tests.support.service import PSEUDONYM_KEY, UNREACHABLE_DATABASE, open_client

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
PAGE = "backend/README.md"
NOTES = "/api/notes"


def run(words: str) -> dict[str, Any]:
    """Run the block of Python that has these words, and give its names."""
    blocks = read_blocks((ROOT / PAGE).read_text(encoding="utf-8"))
    code = next(block.text for block in blocks if block.info == "python" and words in block.text)
    names: dict[str, Any] = {}
    exec(compile(code, PAGE, "exec"), names)  # noqa: S102  # our own page
    return names


def test_app_of_the_page_admits_users_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = make_secret()
    environ = {
        "BETTER_AUTH_SECRET": secret,
        "DATABASE_URL": UNREACHABLE_DATABASE,
        "PSEUDONYM_KEY": PSEUDONYM_KEY,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(environ)
    token = Issuer(secret, settings.issuer, settings.audience).token("alice")
    with open_client(run("# notes.py")["app"]) as client:
        answer = client.get(NOTES, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()[0]["owner"]) == (200, "alice")
        refused = client.get(NOTES)
        assert (refused.status_code, refused.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")
        assert client.get("/health").status_code == 200


def test_stand_in_of_the_page_makes_tokens() -> None:
    names = run("KeyServer(pair)")
    assert names["token"].count(".") == 2
