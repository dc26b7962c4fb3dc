"""The process starts with valid settings, and ends with a message about wrong ones."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from backend.core.errors import ConfigurationError
from backend.testing.issuer import make_secret

if TYPE_CHECKING:
    from fastapi import FastAPI

START = "from backend.main import app_from_environment; app_from_environment(); print('started')"
UVICORN = ["-m", "uvicorn", "--factory", "backend.main:app_from_environment", "--port", "0"]
DATABASE = "postgresql://tasks:p4ss-w0rd@127.0.0.1:1/tasks"
NAMES = ("BETTER_AUTH_", "JWT_", "JWKS_", "DATABASE_", "LOG_LEVEL", "REVOCATIONS", "PSEUDONYM_")


def run_python(arguments: list[str], **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(NAMES)}
    return subprocess.run(  # our own module
        [sys.executable, *arguments],
        env=environ | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_process_starts_with_good_settings() -> None:
    done = run_python(
        ["-c", START], BETTER_AUTH_SECRET=make_secret(), DATABASE_URL=DATABASE, PSEUDONYM_KEY=make_secret()
    )
    assert (done.returncode, done.stdout.strip()) == (0, "started")


@pytest.mark.requirement("003/FR-013")
@pytest.mark.parametrize("way", ["factory", "uvicorn"])
def test_process_refuses_to_start_with_a_weak_secret(way: str) -> None:
    weak = "k7Q2xW9bV4nM1zL8cJ3hG6fD5sA0pOi"
    arguments = ["-c", START] if way == "factory" else UVICORN
    done = run_python(arguments, BETTER_AUTH_SECRET=weak, DATABASE_URL=DATABASE, PSEUDONYM_KEY=make_secret())
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert "BETTER_AUTH_SECRET: has 31 bytes" in said
    assert weak not in said
    assert "p4ss-w0rd" not in said
    assert "Traceback" not in said


@pytest.mark.requirement("003/FR-030")
def test_application_refuses_to_start_with_an_unprotected_route(offline_app: FastAPI) -> None:
    @offline_app.get("/forgotten")
    async def forget() -> None:
        """Respond to everybody."""

    async def start() -> list[str]:
        try:
            async with offline_app.router.lifespan_context(offline_app):
                return []
        except ConfigurationError as error:
            return [setting for setting, _ in error.faults]

    named = asyncio.run(start())
    assert len(named) == 1
    assert named[0].startswith("GET /forgotten (tests/unit/backend/test_main.py:")
