"""The logs contain no data of a caller, at any level and of any library."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from structlog.testing import capture_logs

from backend.core.dependencies import CurrentUserId  # noqa: TC001  # FastAPI reads it at run time
from backend.core.logging import configure_logging
from backend.testing.issuer import Issuer, make_subject
from tests.support.service import Client, bearer, open_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

ALICE = make_subject("alice")
PRIVATE = "alice@example.org"


@contextmanager
def logs_at_debug() -> Iterator[None]:
    """Log at the level debug as a deployment does, and restore the logging of the test run.

    Not a fixture, because pytest replaces stdout between the phases of a test.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("debug")
    try:
        yield
    finally:
        structlog.reset_defaults()
        logging.getLogger("uvicorn.access").disabled = False
        root.handlers[:], root.level = handlers, level


def read_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.requirement("003/FR-015")
def test_logs_contain_no_data_of_a_request_at_any_level(
    client: Client, app: FastAPI, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    @app.post("/broken/{name}")
    async def fail(name: str) -> None:
        raise ValueError(f"cannot do {name} for {PRIVATE}")

    token = issuer.token(ALICE, email=PRIVATE)
    headers = bearer(token)
    with logs_at_debug():
        task = client.post("/api/tasks", headers=headers, json={"title": PRIVATE}).json()
        client.get(f"/api/tasks/{task['id']}?note={PRIVATE}", headers=headers)
        client.post("/api/tasks", headers=headers, json={"title": 1, PRIVATE: PRIVATE})
        client.post(f"/broken/{PRIVATE}", headers=headers)
        client.get("/api/me", headers=bearer(issuer.token(ALICE, lifetime=-60)))
        logging.getLogger("some.library").warning("saw %s", PRIVATE)
    captured = capsys.readouterr()
    lines = read_lines(captured.out)
    assert captured.err == ""
    assert {line["event"] for line in lines} >= {"request_answered", "request_failed", "credentials_refused"}
    for private in (token, *token.split("."), ALICE, PRIVATE, task["id"], issuer.secret):
        assert private not in captured.out


def test_log_lines_of_a_request_share_an_id_not_chosen_by_the_client(
    offline_client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs_at_debug():
        offline_client.get("/api/me", headers={"X-Request-Id": "chosen"})
        offline_client.get("/api/me")
    ids = [line["request_id"] for line in read_lines(capsys.readouterr().out)]
    assert ids[0] == ids[1] != ids[2] == ids[3]
    assert "chosen" not in ids


def test_error_in_a_library_is_logged_by_type_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    with logs_at_debug():
        try:
            configure_logging(PRIVATE)
        except KeyError:
            logging.getLogger("asyncio").exception("Task exception was never retrieved")
    line = read_lines(capsys.readouterr().out)[0]
    assert line["event"] == "Task exception was never retrieved"
    assert line["place"].startswith("backend/core/logging.py:")
    assert PRIVATE not in str(line)


def test_access_log_of_uvicorn_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    with logs_at_debug():
        logging.getLogger("uvicorn.access").info('%s - "%s"', "127.0.0.1", PRIVATE)
        logging.getLogger("uvicorn.error").info("Uvicorn running on %s", "http://127.0.0.1")
    assert [line["event"] for line in read_lines(capsys.readouterr().out)] == [
        "Uvicorn running on http://127.0.0.1"
    ]


@pytest.mark.requirement("003/FR-015")
def test_messages_of_uvicorn_are_logged_without_data_of_clients(capsys: pytest.CaptureFixture[str]) -> None:
    with logs_at_debug():
        uvicorn = logging.getLogger("uvicorn.error")
        uvicorn.info("Started server process [%d]", 7)
        uvicorn.info("Uvicorn running on %s://[%s]:%d (Press CTRL+C to quit)", "http", "::1", 80)
        uvicorn.info('%s - "WebSocket %s" 403', "127.0.0.1:1", f"/api/tasks?email={PRIVATE}")
        uvicorn.debug("< GET %s HTTP/1.1", PRIVATE)
    assert [line["event"] for line in read_lines(capsys.readouterr().out)] == [
        "Started server process [7]",
        "Uvicorn running on http://[::1]:80 (Press CTRL+C to quit)",
        '%s - "WebSocket %s" 403',
        "< GET %s HTTP/1.1",
    ]


def test_request_is_logged_with_the_template_of_its_route(offline_client: Client) -> None:
    with capture_logs() as logs:
        offline_client.get("/api/tasks/0190a5d2-0000-4000-8000-000000000000")
        offline_client.request("PROPFIND", "/secret/place")
    answered = [entry for entry in logs if entry["event"] == "request_answered"]
    assert [(entry["method"], entry["route"], entry["status"]) for entry in answered] == [
        ("GET", "/api/tasks/{task_id}", 401),
        ("other", None, 404),
    ]


def test_unexpected_error_gets_a_problem_body_without_its_text(offline_app: FastAPI, issuer: Issuer) -> None:
    @offline_app.get("/api/broken")
    async def fail(_: CurrentUserId) -> None:
        raise ValueError(PRIVATE)

    with open_client(offline_app) as client, capture_logs() as logs:
        response = client.get("/api/broken", headers=bearer(issuer.token(ALICE)))
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert PRIVATE not in response.text
    failed = next(entry for entry in logs if entry["event"] == "request_failed")
    assert failed["error"] == "ValueError"
    assert failed["place"].startswith("backend/")
    assert PRIVATE not in str(logs)
