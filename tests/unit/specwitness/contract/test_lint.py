"""The lint of a contract: each rule reports its planted fault, and nothing on a good contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specwitness.contract import RULES, RuleKind
from specwitness.contract.lint import lint
from tests.support.sample_contract import (
    CREATE,
    DOCUMENT,
    DRAFT,
    FOUND,
    GONE,
    LIMIT,
    LIST,
    SCHEMES,
    change,
    read,
)

if TYPE_CHECKING:
    from pathlib import Path

Edits = dict[str, Any]
TEXT = f"{DRAFT}/properties/text"
UNAUTHORIZED = "/components/responses/Unauthorized"
JSON = f"{CREATE}/requestBody/content/application~1json"

FAULTS: list[tuple[str, Edits, str]] = [
    ("operation-id-missing", {f"{LIST}/operationId": GONE}, "it has no operationId"),
    (
        "security-unstated",
        {"/security": GONE, f"{LIST}/security": [{"token": []}]},
        "neither the operation nor the document has `security`",
    ),
    (
        "security-scheme-undefined",
        {f"{LIST}/security": [{"nobody": []}]},
        "components/securitySchemes has no nobody",
    ),
    ("unauthorized-undocumented", {f"{LIST}/responses/401": GONE}, "it is protected and documents no 401"),
    ("challenge-undocumented", {f"{UNAUTHORIZED}/headers": {}}, "401 documents no WWW-Authenticate"),
    (
        "problem-type-missing",
        {f"{CREATE}/responses/404/content": {"application/json": {}}},
        "404 has application/json and not application/problem+json",
    ),
    ("problem-type-missing", {f"{CREATE}/responses/404/content": GONE}, "404 has nothing"),
    ("request-unbounded", {f"{TEXT}/maxLength": GONE}, "body $.text: a string without maxLength"),
    ("request-unbounded", {f"{LIMIT}/schema/maximum": GONE}, "query limit: an integer without maximum"),
    ("request-unbounded", {f"{LIMIT}/schema/minimum": GONE}, "query limit: an integer without minimum"),
    ("request-unbounded", {f"{DRAFT}/properties/tags/maxItems": GONE}, "body $.tags: an array"),
    ("request-unbounded", {f"{DRAFT}/properties/tags/items/maxLength": GONE}, "body $.tags[]: a string"),
    ("request-unbounded", {TEXT: {"anyOf": [{"type": "string"}, {"type": "null"}]}}, "body $.text: a string"),
    ("example-invalid", {f"{TEXT}/examples": ["", "b"]}, "this example is invalid: $: '' "),
    ("example-invalid", {f"{JSON}/example": {"text": 1}}, "this example is invalid: $.text: 1 "),
    (
        "example-invalid",
        {f"{JSON}/examples": {"bad": {"value": {}}}},
        "this example is invalid: $: 'text' is a required property",
    ),
    ("example-invalid", {f"{LIMIT}/example": 99}, "this example is invalid: $: 99 "),
    ("component-unused", {"/components/schemas/Old": {}}, "nothing refers to schemas/Old"),
    (
        "component-unused",
        {"/components/schemas/Old": {"$ref": "#/components/schemas/Older"}, "/components/schemas/Older": {}},
        "nothing refers to schemas/Older",
    ),
    ("component-unused", {f"{SCHEMES}/old": {"type": "http", "scheme": "basic"}}, "securitySchemes/old"),
    ("requirement-unknown", {f"{LIST}/x-requirements": ["001/FR-9"]}, "no spec defines 001/FR-9"),
    (
        "requirement-unknown",
        {f"{LIST}/responses/200/x-requirements": ["001/FR-8"]},
        "no spec defines 001/FR-8",
    ),
]


@pytest.mark.parametrize(("rule", "edits", "text"), FAULTS)
def test_planted_fault_is_reported_by_exactly_its_rule(
    rule: str, edits: Edits, text: str, tmp_path: Path
) -> None:
    found = lint(read(change(edits), tmp_path), {"001/FR-1"})
    assert {violation.rule for violation in found} == {rule}
    assert any(text in violation.text for violation in found), [violation.text for violation in found]
    assert {violation.location.file for violation in found} == {"openapi.yaml"}


def test_every_lint_rule_has_a_failing_example() -> None:
    assert {rule for rule, *_ in FAULTS} == {
        code for code, rule in RULES.items() if rule.kind is RuleKind.LINT
    }


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param({}, id="nothing"),
        pytest.param({f"{LIST}/x-requirements": ["001/FR-1"]}, id="a key that a spec holds"),
        pytest.param({TEXT: {"enum": ["a", "b"]}}, id="values are bounds"),
        pytest.param({TEXT: {"type": "string", "format": "uuid"}}, id="a format with a length"),
        pytest.param({TEXT: {"type": "string", "readOnly": True}}, id="what is never sent"),
        pytest.param({f"{TEXT}/examples": ["a"]}, id="a good example"),
        pytest.param({f"{JSON}/example": {"text": "a", "size": None}}, id="a good example by reference"),
        pytest.param({f"{DRAFT}/properties/example": {"type": "boolean"}}, id="a property called example"),
        pytest.param({f"{LIMIT}/schema": {"type": "integer", "format": "int64"}}, id="a sized integer"),
        pytest.param({f"{LIST}/responses/401": GONE, f"{LIST}/responses/4XX": {"$ref": "#/components/responses/Unauthorized"}}, id="401 by its range"),
        pytest.param({f"{FOUND}/properties/text/maxLength": GONE}, id="an answer without bounds"),
    ],
)  # fmt: skip
def test_good_contract_has_no_findings(edits: Edits, tmp_path: Path) -> None:
    assert lint(read(change(edits), tmp_path), {"001/FR-1"}) == ()


def test_keys_are_not_checked_without_specs(tmp_path: Path) -> None:
    assert lint(read(change({f"{LIST}/x-requirements": ["001/FR-9"]}), tmp_path)) == ()


def test_fault_of_a_shared_component_is_reported_at_its_line(tmp_path: Path) -> None:
    contract = read(change({f"{TEXT}/maxLength": GONE}), tmp_path)
    (violation,) = lint(contract)
    assert violation.location == contract.locate(TEXT)
    assert violation.location != contract.locate(CREATE)


def test_null_example_of_a_nullable_schema_is_valid(tmp_path: Path) -> None:
    old = {
        **change({"/webhooks": GONE}),
        "openapi": "3.0.3",
        "components": {
            **DOCUMENT["components"],
            "schemas": {
                "Draft": {"type": "object", "nullable": True, "example": None},
                "Order": {"type": "object"},
            },
        },
    }
    assert [violation.rule for violation in lint(read(old, tmp_path))] == []
