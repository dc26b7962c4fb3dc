"""What the service answers beside its resources: problems, health, the contract, limits of bodies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from backend.core.database.transactions import Database
from backend.testing.issuer import Issuer, make_subject
from tests.support.service import Client, bearer

if TYPE_CHECKING:
    from collections.abc import Callable

CONTRACTS = Path(__file__).parents[4] / "contracts"
PROBLEM = json.loads((CONTRACTS / "problem.schema.json").read_text(encoding="utf-8"))
TASK = "/api/tasks/0190a5d2-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def alice(signed_in: Callable[[str], dict[str, bytes]]) -> dict[str, bytes]:
    return signed_in("alice")


@pytest.mark.requirement("003/FR-017")
def test_health_tells_that_the_service_lives_and_is_ready(client: Client) -> None:
    for path in ("/health", "/health?probe=ready"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"live": True, "ready": True})


@pytest.mark.requirement("003/FR-017", "003/FR-018")
def test_service_without_database_lives_and_is_not_ready(offline_client: Client) -> None:
    answer = offline_client.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"live": True, "ready": False})
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.requirement("003/FR-017")
def test_liveness_does_not_ask_the_database(offline_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "transaction", None)  # whoever asks it crashes
    answer = offline_client.get("/health?probe=live")
    assert (answer.status_code, answer.json()) == (200, {"live": True})


@pytest.mark.parametrize("probe", ["", "dead", "LIVE"])
def test_unknown_probe_is_refused(offline_client: Client, probe: str) -> None:
    answer = offline_client.get("/health", params={"probe": probe})
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "query.probe")
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.requirement("003/FR-018")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/tasks", None),
        ("POST", "/api/tasks", {"title": "Buy milk"}),
        ("GET", TASK, None),
        ("PUT", TASK, {"title": "Buy milk"}),
        ("POST", f"{TASK}/complete", None),
        ("DELETE", TASK, None),
    ],
)
def test_database_out_of_reach_is_503(
    *, offline_client: Client, alice: dict[str, bytes], method: str, path: str, body: Any
) -> None:
    answer = offline_client.request(method, path, headers=alice, json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.requirement("003/FR-018")
def test_database_out_of_reach_never_hides_that_credentials_are_bad(offline_client: Client) -> None:
    assert offline_client.get("/api/tasks").status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/", "/api/tasks/", "/docs", "/redoc", "/api/me/", "//api/me"]
)
def test_unknown_address_is_a_problem(offline_client: Client, path: str) -> None:
    answer = offline_client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/health", "GET"),
        ("/api/me", "GET"),
        ("/api/tasks", "GET, POST"),
        (TASK, "DELETE, GET, PUT"),
        (f"{TASK}/complete", "POST"),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_unknown_method_is_told_all_known_ones(
    offline_client: Client, path: str, allowed: str, method: str
) -> None:
    answer = offline_client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.requirement("003/FR-021")
def test_no_answer_under_api_may_be_kept(client: Client, alice: dict[str, bytes], issuer: Issuer) -> None:
    expired = bearer(issuer.token(make_subject("alice"), lifetime=-60))
    answers = [
        client.get("/api/me", headers=alice),
        client.get("/api/me"),
        client.get("/api/me", headers=expired),
        client.get("/api/tasks", headers=alice),
        client.post("/api/tasks", headers=alice, json={"title": "Buy milk"}),
        client.post("/api/tasks", headers=alice, json={}),
        client.get(TASK, headers=alice),
        client.delete(TASK, headers=alice),
        client.get("/api/nothing"),
        client.request("PATCH", "/api/me"),
    ]
    assert [each.status_code for each in answers] == [200, 401, 401, 200, 201, 422, 404, 404, 404, 405]
    assert {each.headers["Cache-Control"] for each in answers} == {"private, no-store"}


@pytest.mark.requirement("003/FR-022")
def test_contract_is_served_as_one_document(offline_client: Client) -> None:
    answer = offline_client.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    served = answer.json()
    contract = yaml.safe_load((CONTRACTS / "openapi.yaml").read_text(encoding="utf-8"))
    assert served["paths"] == contract["paths"]
    assert served["components"]["schemas"]["Problem"]["required"] == PROBLEM["required"]
    assert "problem.schema.json" not in answer.text
