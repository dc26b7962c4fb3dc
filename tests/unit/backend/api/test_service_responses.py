"""Responses beside the resources: problems, health, the contract, caching."""

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
def test_health_is_live_and_ready_with_a_database(client: Client) -> None:
    for path in ("/health", "/health?probe=ready"):
        response = client.get(path)
        assert (response.status_code, response.json()) == (200, {"live": True, "ready": True})


@pytest.mark.requirement("003/FR-017", "003/FR-018")
def test_health_is_live_and_not_ready_without_a_database(offline_client: Client) -> None:
    response = offline_client.get("/health")
    assert (response.status_code, response.json()) == (503, {"live": True, "ready": False})
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.requirement("003/FR-017")
def test_liveness_probe_does_not_use_the_database(
    offline_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "transaction", None)  # any use of it raises an error
    response = offline_client.get("/health?probe=live")
    assert (response.status_code, response.json()) == (200, {"live": True})


@pytest.mark.parametrize("probe", ["", "dead", "LIVE"])
def test_unknown_probe_is_refused(offline_client: Client, probe: str) -> None:
    response = offline_client.get("/health", params={"probe": probe})
    assert (response.status_code, response.json()["errors"][0]["where"]) == (422, "query.probe")
    assert response.headers["Cache-Control"] == "private, no-store"


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
def test_unreachable_database_gives_503(
    *, offline_client: Client, alice: dict[str, bytes], method: str, path: str, body: Any
) -> None:
    response = offline_client.request(method, path, headers=alice, json=body)
    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.requirement("003/FR-018")
def test_bad_credentials_get_401_though_the_database_is_unreachable(offline_client: Client) -> None:
    assert offline_client.get("/api/tasks").status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/", "/api/tasks/", "/docs", "/redoc", "/api/me/", "//api/me"]
)
def test_unknown_path_gets_404_with_a_problem_body(offline_client: Client, path: str) -> None:
    response = offline_client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.headers["Content-Type"] == "application/problem+json"


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
def test_unknown_method_gets_405_with_all_allowed_methods(
    offline_client: Client, path: str, allowed: str, method: str
) -> None:
    response = offline_client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == allowed


@pytest.mark.requirement("003/FR-021")
def test_responses_below_api_forbid_caching(client: Client, alice: dict[str, bytes], issuer: Issuer) -> None:
    expired = bearer(issuer.token(make_subject("alice"), lifetime=-60))
    responses = [
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
    assert [response.status_code for response in responses] == [
        200,
        401,
        401,
        200,
        201,
        422,
        404,
        404,
        404,
        405,
    ]
    assert {response.headers["Cache-Control"] for response in responses} == {"private, no-store"}


@pytest.mark.requirement("003/FR-022")
def test_contract_is_served_as_one_document_without_file_references(offline_client: Client) -> None:
    response = offline_client.get("/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    served = response.json()
    contract = yaml.safe_load((CONTRACTS / "openapi.yaml").read_text(encoding="utf-8"))
    assert served["paths"] == contract["paths"]
    assert served["components"]["schemas"]["Problem"]["required"] == PROBLEM["required"]
    assert "problem.schema.json" not in response.text
