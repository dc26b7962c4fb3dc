"""The schema that FastAPI generates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backend.api import contract
from specwitness.contract.served import compare_served
from specwitness.openapi import read_contract

if TYPE_CHECKING:
    from fastapi import FastAPI


@pytest.fixture
def schema(offline_app: FastAPI) -> dict[str, Any]:
    return offline_app.openapi()


def test_protected_operations_declare_the_security_scheme(schema: dict[str, Any]) -> None:
    operations = {
        f"{method} {path}": operation
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    }
    assert operations.pop("get /health").get("security") is None
    assert [operation["security"] for operation in operations.values()] == [[{"bearer": []}]] * 9
    assert schema["components"]["securitySchemes"]["bearer"]["bearerFormat"] == "JWT"


def test_no_operation_takes_an_identity(schema: dict[str, Any]) -> None:
    text = str(
        {
            path: item
            for path, item in schema["paths"].items()
            if path not in {"/api/me", "/api/account/export"}
        }
    )
    assert "user_id" not in text
    assert set(schema["components"]["schemas"]["TaskDraft"]["properties"]) == {"title", "description"}


def test_error_responses_are_declared_as_problems(schema: dict[str, Any]) -> None:
    for item in schema["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if status in {"401", "404", "422"}:
                    assert list(response["content"]) == ["application/problem+json"]


def test_only_the_contract_route_is_hidden_from_the_schema(schema: dict[str, Any]) -> None:
    assert set(schema["paths"]) == {
        "/health",
        "/api/me",
        "/api/account",
        "/api/account/export",
        "/api/tasks",
        "/api/tasks/{task_id}",
        "/api/tasks/{task_id}/complete",
    }


def test_served_contract_equals_the_contract_file() -> None:
    root = Path(__file__).parents[4]
    agreed = read_contract(root / "contracts/openapi.yaml", root)
    served = json.loads(contract.read_contract())
    assert compare_served(agreed, served, "/openapi.json") == ()
    del served["paths"]["/api/me"]
    assert compare_served(agreed, served, "/openapi.json")
