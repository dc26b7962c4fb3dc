"""Changes of a contract since its base: each rule reports its change, and not the reverse change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specwitness.contract import RULES, RuleKind
from specwitness.contract.credentials import is_credential
from specwitness.contract.operation_changes import find_changes
from specwitness.contract.sides import Side
from tests.support.sample_contract import (
    CREATE,
    DOCUMENT,
    DRAFT,
    FOUND,
    GONE,
    LIMIT,
    LINK,
    LIST,
    LOST,
    ORDER,
    PAID,
    SCHEMES,
    change,
    read,
)

if TYPE_CHECKING:
    from pathlib import Path

Edits = dict[str, Any]

SENT = "requestBody/content/application~1json/schema"
OUTGOING = f"{PAID}/{SENT}"
OIDC = {"type": "openIdConnect", "openIdConnectUrl": "https://id.example/.well-known/openid-configuration"}
OTHER_OIDC = {**OIDC, "openIdConnectUrl": "https://id.elsewhere.example/.well-known/openid-configuration"}
BODY = f"{CREATE}/requestBody"
CSRF = f"{LIST}/parameters/1"
NEW_PARAMETER = {"name": "tenant", "in": "query", "required": True, "schema": {"type": "string"}}
OPEN = {"responses": {"200": {"description": "x"}}, "security": []}
PETS = {"anyOf": [{"type": "string"}, {"type": "boolean"}]}
MORE_PETS = {"anyOf": [*PETS["anyOf"], {"type": "array"}]}
SCOPED = [{"token": ["orders:read"]}]
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
BOTH = {f"{SCHEMES}/key": KEY, "/security": [{"token": [], "key": []}]}
FLOW = {"authorizationUrl": "https://x/a", "tokenUrl": "https://x/t", "scopes": {}}
OAUTH = {"type": "oauth2", "flows": {"authorizationCode": FLOW}}
WEAK_FLOW = {"tokenUrl": "https://x/t", "scopes": {}}

CHANGES: list[tuple[str, Edits, Edits]] = [
    ("security-loosened", {}, {f"{LIST}/security": []}),
    ("security-loosened", {}, {f"{LIST}/security": [{"token": []}, {}]}),
    ("security-loosened", {}, {"/security": GONE}),
    ("security-loosened", {}, {"/security": [{"token": []}, {"key": []}], f"{SCHEMES}/key": KEY}),
    ("security-loosened", {f"{LIST}/security": SCOPED}, {}),
    ("security-loosened", {f"{LIST}/security": SCOPED}, {f"{LIST}/security": [{"token": ["x"]}]}),
    ("security-loosened", BOTH, {}),
    ("security-loosened", {}, {f"{SCHEMES}/token/scheme": "basic"}),
    ("security-loosened", {}, {f"{SCHEMES}/token": KEY}),
    ("security-loosened", {f"{SCHEMES}/token": KEY}, {f"{SCHEMES}/token": {**KEY, "in": "query"}}),
    ("security-loosened", {}, {"/security": [{"missing": []}]}),
    (
        "security-loosened",
        {f"{SCHEMES}/token": OAUTH},
        {f"{SCHEMES}/token": {**OAUTH, "flows": {"authorizationCode": FLOW, "password": WEAK_FLOW}}},
    ),
    (
        "security-loosened",
        {f"{SCHEMES}/token": OAUTH},
        {
            f"{SCHEMES}/token": {
                **OAUTH,
                "flows": {"authorizationCode": {**FLOW, "tokenUrl": "http://x/t"}},
            }
        },
    ),
    ("operation-added-open", {}, {"/paths/~1debug": {"get": OPEN}}),
    ("operation-added-open", {}, {"/paths/~1debug": {"get": {**OPEN, "security": [{"token": []}, {}]}}}),
    ("credential-parameter-loosened", {}, {f"{CSRF}/required": False}),
    ("credential-parameter-loosened", {}, {CSRF: GONE}),
    ("security-tightened", {f"{LIST}/security": []}, {}),
    ("security-tightened", {}, {f"{LIST}/security": SCOPED}),
    ("security-tightened", {}, BOTH),
    ("security-tightened", {f"{LIST}/security": [{"token": []}, {}]}, {}),
    ("operation-removed", {}, {LIST: GONE}),
    ("operation-removed", {}, {ORDER: GONE}),
    ("callback-removed", {}, {f"{CREATE}/callbacks": GONE}),
    ("webhook-removed", {}, {"/webhooks": GONE}),
    ("outgoing-parameter-removed", {}, {f"{PAID}/parameters/0": GONE}),
    ("outgoing-parameter-optional", {}, {f"{PAID}/parameters/0/required": False}),
    ("outgoing-body-removed", {}, {f"{PAID}/requestBody": GONE}),
    ("outgoing-body-removed", {}, {f"{LOST}/requestBody/required": False}),
    ("security-loosened", {f"{LOST}/security": [{"token": []}]}, {f"{LOST}/security": []}),
    ("security-tightened", {f"{PAID}/security": []}, {f"{PAID}/security": [{"token": []}]}),
    ("response-property-optional", {}, {f"{OUTGOING}/required": []}),
    ("response-bounds-widened", {}, {f"{PAID}/parameters/0/schema/maxLength": 65}),
    ("response-bounds-widened", {}, {f"{LOST}/{SENT}/properties/text/maxLength": 81}),
    ("response-status-removed", {}, {f"{LOST}/responses/410": GONE}),
    ("request-property-required", {}, {f"{PAID}/responses/200/content/application~1json/schema/required": ["seen"]}),
    ("response-link-removed", {}, {LINK: GONE}),
    ("request-parameter-removed", {}, {LIMIT: GONE}),
    ("request-parameter-required", {}, {f"{LIMIT}/required": True}),
    ("request-parameter-required", {}, {f"{LIST}/parameters": [*DOCUMENT["paths"]["/orders"]["get"]["parameters"], NEW_PARAMETER]}),
    ("request-body-removed", {}, {BODY: GONE}),
    ("request-body-required", {f"{BODY}/required": False}, {}),
    ("request-body-required", {BODY: GONE}, {}),
    ("request-media-type-removed", {}, {f"{BODY}/content/text~1plain": GONE}),
    ("request-property-removed", {}, {f"{DRAFT}/properties/note": GONE}),
    ("request-property-removed", {}, {f"{DRAFT}/properties/note/readOnly": True}),
    ("request-property-required", {}, {f"{DRAFT}/required": ["text", "note"]}),
    ("request-type-narrowed", {}, {f"{DRAFT}/properties/note/type": "string"}),
    ("request-type-narrowed", {f"{DRAFT}/properties/text": {"type": "number"}}, {f"{DRAFT}/properties/text": {"type": "integer"}}),
    ("request-type-narrowed", {f"{DRAFT}/properties/text": MORE_PETS}, {f"{DRAFT}/properties/text": PETS}),
    ("request-type-narrowed", {f"{DRAFT}/properties/text": PETS}, {f"{DRAFT}/properties/text": {"type": "string"}}),
    ("request-enum-narrowed", {}, {f"{DRAFT}/properties/size/enum": [1, 2, None]}),
    ("request-enum-narrowed", {}, {f"{DRAFT}/properties/text/enum": ["a"]}),
    ("request-bounds-narrowed", {}, {f"{DRAFT}/properties/text/maxLength": 79}),
    ("request-bounds-narrowed", {}, {f"{DRAFT}/properties/text/minLength": 2}),
    ("request-bounds-narrowed", {}, {f"{DRAFT}/properties/text/pattern": "^a"}),
    ("request-bounds-narrowed", {}, {f"{DRAFT}/properties/text/format": "date"}),
    ("request-bounds-narrowed", {}, {f"{DRAFT}/properties/tags/maxItems": 4}),
    ("request-bounds-narrowed", {}, {f"{DRAFT}/properties/tags/minItems": 1}),
    ("request-bounds-narrowed", {}, {f"{DRAFT}/properties/tags/uniqueItems": True}),
    ("request-bounds-narrowed", {}, {f"{DRAFT}/properties/tags/items/maxLength": 7}),
    ("request-bounds-narrowed", {}, {f"{LIMIT}/schema/maximum": 49}),
    ("request-bounds-narrowed", {}, {f"{LIMIT}/schema/minimum": 2}),
    ("request-bounds-narrowed", {}, {f"{LIMIT}/schema/multipleOf": 5}),
    ("request-schema-narrowed", {}, {f"{DRAFT}/additionalProperties": False}),
    ("request-schema-narrowed", {}, {f"{DRAFT}/not": {"required": ["note"]}}),
    ("request-schema-narrowed", {}, {f"{DRAFT}/dependentRequired": {"note": ["size"]}}),
    ("response-status-removed", {}, {f"{CREATE}/responses/404": GONE}),
    ("response-media-type-removed", {}, {f"{LIST}/responses/200/content/text~1csv": GONE}),
    ("response-header-removed", {}, {f"{LIST}/responses/200/headers/X-Total": GONE}),
    ("response-header-optional", {}, {f"{LIST}/responses/200/headers/X-Total/required": False}),
    ("response-property-removed", {}, {f"{FOUND}/properties/text": GONE, f"{FOUND}/required": ["id"]}),
    ("response-property-removed", {}, {f"{FOUND}/properties/created": GONE}),
    ("response-property-optional", {}, {f"{FOUND}/required": ["id"]}),
    ("response-type-widened", {}, {f"{FOUND}/properties/text/type": ["string", "null"]}),
    ("response-type-widened", {f"{FOUND}/properties/text": PETS}, {f"{FOUND}/properties/text": MORE_PETS}),
    ("response-type-widened", {f"{FOUND}/properties/text": {"type": "string"}}, {f"{FOUND}/properties/text": PETS}),
    ("response-enum-widened", {}, {f"{FOUND}/properties/state/enum": ["open", "paid", "lost"]}),
    ("response-enum-widened", {}, {f"{FOUND}/properties/state": {"type": "string"}}),
    ("response-bounds-widened", {}, {f"{FOUND}/properties/text/maxLength": 81}),
    ("response-bounds-widened", {}, {f"{FOUND}/properties/id/format": GONE}),
    ("response-bounds-widened", {}, {f"{LIST}/responses/200/headers/X-Total/schema/minimum": -1}),
    ("response-schema-widened", {f"{FOUND}/not": {"required": ["x"]}}, {}),
    ("response-schema-widened", {f"{FOUND}/additionalProperties": {"type": "string"}}, {}),
]  # fmt: skip
# The reverse change is reported by the same rule: both directions break clients.
BOTH_WAYS: list[tuple[str, Edits, Edits]] = [
    ("request-parameter-removed", {}, {f"{LIMIT}/name": "size"}),
    ("request-parameter-style", {}, {f"{LIMIT}/style": "spaceDelimited"}),
    ("request-parameter-style", {}, {f"{LIMIT}/explode": False}),
    ("request-default-changed", {}, {f"{LIMIT}/schema/default": 10}),
    ("request-default-changed", {}, {f"{DRAFT}/properties/note/default": "x"}),
    ("request-bounds-narrowed", {f"{DRAFT}/properties/text/pattern": "a"}, {f"{DRAFT}/properties/text/pattern": "b"}),
    ("response-default-changed", {}, {f"{FOUND}/properties/note/default": "x"}),
    ("response-bounds-widened", {}, {f"{FOUND}/properties/id/format": "date"}),
    ("response-type-widened", {}, {f"{FOUND}/properties/text": {"type": "integer"}}),
    ("security-loosened", {f"{LIST}/security": SCOPED}, {f"{LIST}/security": [{"token": ["other"]}]}),
    ("security-loosened", {f"{SCHEMES}/token": OIDC}, {f"{SCHEMES}/token": OTHER_OIDC}),
    ("security-tightened", {f"{SCHEMES}/token": OIDC}, {f"{SCHEMES}/token": OTHER_OIDC}),
    ("response-link-changed", {}, {f"{LINK}/operationId": "getHealth"}),
    ("response-link-changed", {}, {f"{LINK}/parameters/order_id": "$response.body#/no"}),
    ("response-link-changed", {}, {f"{LINK}/requestBody": "$response.body"}),
    ("callback-removed", {}, {f"{CREATE}/callbacks/paid": {"{$request.body#/url}": DOCUMENT["paths"]["/orders"]["post"]["callbacks"]["paid"]["{$request.body#/note}"]}}),
    ("webhook-removed", {}, {"/webhooks/orderLost": {"put": DOCUMENT["webhooks"]["orderLost"]["post"]}}),
]  # fmt: skip


def rules_of(base: Edits, present: Edits, folder: Path) -> set[str]:
    return {violation.rule for violation in find_changes(change(base), read(change(present), folder))}


@pytest.mark.parametrize(("rule", "base", "present"), CHANGES)
def test_change_is_reported_by_its_rule_and_its_reverse_is_not(
    rule: str, base: Edits, present: Edits, tmp_path: Path
) -> None:
    assert rule in rules_of(base, present, tmp_path)
    both_scoped = present == {f"{LIST}/security": [{"token": ["x"]}]}
    if not both_scoped:
        assert rule not in rules_of(present, base, tmp_path)


@pytest.mark.parametrize(("rule", "base", "present"), BOTH_WAYS)
def test_replacement_is_reported_in_both_directions(
    rule: str, base: Edits, present: Edits, tmp_path: Path
) -> None:
    assert rule in rules_of(base, present, tmp_path)
    assert rule in rules_of(present, base, tmp_path)


def test_every_rule_of_changes_has_a_failing_example() -> None:
    changes = {code for code, rule in RULES.items() if rule.kind is not RuleKind.LINT}
    assert {rule for rule, *_ in (*CHANGES, *BOTH_WAYS)} == changes


RENAMED = {
    "/paths/~1orders~1{order_id}": GONE,
    "/paths/~1orders~1{id}": change({f"{ORDER}/get/parameters/0/name": "id"})["paths"]["/orders/{order_id}"],
}


@pytest.mark.parametrize(
    ("base", "present"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({}, RENAMED, id="the parameter of a path has another name"),
        pytest.param({}, {f"{LIST}/operationId": "all"}, id="another operationId"),
        pytest.param(
            {},
            {SCHEMES: {"Bearer": {"type": "http", "scheme": "Bearer"}}, "/security": [{"Bearer": []}]},
            id="the scheme has another name",
        ),
        pytest.param({}, {f"{LIST}/security": [{"token": []}]}, id="said again at the operation"),
        pytest.param({}, {"/paths/~1debug": {"get": {"responses": {"200": {"description": "x"}}}}}, id="a new operation that is protected"),
        pytest.param({}, {f"{LIMIT}/schema/maximum": 60}, id="a request may be larger"),
        pytest.param({}, {f"{DRAFT}/properties/more": {"type": "string"}}, id="an optional property more"),
        pytest.param({}, {f"{FOUND}/properties/more": {"type": "string"}}, id="one more in the answer"),
        pytest.param({}, {f"{FOUND}/properties/state/enum": ["open"]}, id="a value less in the answer"),
        pytest.param({}, {f"{FOUND}/properties/note": GONE}, id="an optional property less in the answer"),
        pytest.param({}, {f"{LIST}/responses/500": {"description": "x"}}, id="a status more"),
        pytest.param({}, {f"{CREATE}/responses/404": GONE, f"{CREATE}/responses/4XX": DOCUMENT["paths"]["/orders"]["post"]["responses"]["404"]}, id="its range stands for a status"),
        pytest.param({LINK: GONE, f"{CREATE}/callbacks": GONE, "/webhooks": GONE}, {}, id="a new link, callback and webhook"),
        pytest.param({}, {LINK: {"operationRef": "#/paths/~1orders~1{order_id}/get", "parameters": {"order_id": "$response.body#/id"}}}, id="a link by another spelling"),
        pytest.param({}, {f"{PAID}/parameters/0/schema/maxLength": 60, f"{OUTGOING}/properties/more": {"type": "string"}}, id="a call that sends shorter texts and one more"),
        pytest.param({}, {f"{LOST}/responses/2XX": {"description": "Taken"}, f"{LOST}/responses/204": GONE}, id="a call that takes more answers"),
        pytest.param({"/security": []}, {"/security": [{"token": []}], f"{LIST}/security": [], f"{CREATE}/security": [], f"{ORDER}/get/security": []}, id="a call for which nobody says security"),
        pytest.param({f"{SCHEMES}/token": KEY}, {f"{SCHEMES}/token": KEY | {"name": "x-key"}}, id="headers in another case"),
        pytest.param({f"{LIMIT}/schema/format": "int32"}, {f"{LIMIT}/schema/format": "int64"}, id="a wider format in a request"),
    ],
)  # fmt: skip
def test_change_without_effect_on_clients_is_not_reported(
    base: Edits, present: Edits, tmp_path: Path
) -> None:
    assert rules_of(base, present, tmp_path) == set()


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("Authorization", {}, True),
        ("X-Api-Key", {}, True),
        ("apiKey", {}, True),
        ("access_token", {}, True),
        ("X-CSRF-Token", {}, True),
        ("pin", {"format": "password"}, True),
        ("page_token", {}, False),
        ("nextToken", {}, False),
        ("monkey", {}, False),
        ("cursor", {}, False),
    ],
)
def test_credential_is_recognised_by_format_and_name(name: str, schema: Edits, *, expected: bool) -> None:
    assert is_credential({"name": name, "schema": schema}, Side(DOCUMENT)) is expected


@pytest.mark.parametrize(
    ("was", "now", "text"),
    [
        ({"minimum": -5}, {"minimum": -1}, "minimum was -5 and is -1"),
        ({"maximum": -1}, {"maximum": -5}, "maximum was -1 and is -5"),
        ({}, {"exclusiveMaximum": 2.5}, "maximum was nothing and is 2.5 exclusive"),
    ],
)
def test_bounds_are_reported_with_their_sign(was: Edits, now: Edits, text: str, tmp_path: Path) -> None:
    place = f"{DRAFT}/properties/text"
    contract = read(change({place: {"type": "number", **now}}), tmp_path)
    (violation,) = find_changes(change({place: {"type": "number", **was}}), contract)
    assert violation.text == f"body $.text: {text}"


def test_replacement_by_a_stronger_scheme_only_tightens(tmp_path: Path) -> None:
    weak = {f"{SCHEMES}/token": KEY}
    assert rules_of(weak, {}, tmp_path) == {"security-tightened"}


def test_new_open_operation_is_no_finding_in_a_contract_without_security(tmp_path: Path) -> None:
    base: Edits = {"/security": []}
    assert rules_of(base, base | {"/paths/~1debug": {"get": OPEN}}, tmp_path) == set()


def test_change_is_reported_with_operation_line_and_old_value(tmp_path: Path) -> None:
    contract = read(change({f"{FOUND}/properties/text/maxLength": 90}), tmp_path)
    (first, second) = find_changes(DOCUMENT, contract)
    assert first.names == ("GET /orders", "listOrders")
    assert second.names == ("GET /orders/{order_id}", "getOrder")
    assert first.text == "200 $[].text: maxLength was 80 and is 90"
    lines = (tmp_path / "openapi.yaml").read_text().splitlines()
    assert "maxLength: 90" in lines[first.location.line - 1]
    assert first.location == second.location


def test_recursive_schema_is_compared(tmp_path: Path) -> None:
    loop = {"allOf": [{"$ref": "#/components/schemas/Draft"}, {"type": "object"}]}
    tree = {"type": "object", "properties": {"kids": {"items": {"$ref": "#/components/schemas/Draft"}}}}
    assert rules_of({DRAFT: tree}, {DRAFT: tree}, tmp_path) == set()
    assert rules_of({DRAFT: loop}, {DRAFT: {"type": "object"}}, tmp_path) == set()


def test_changed_call_is_reported_with_line_and_name_for_waivers(tmp_path: Path) -> None:
    edits = {f"{PAID}/parameters": GONE, f"{LOST}/{SENT}/required": []}
    found = find_changes(DOCUMENT, read(change(edits), tmp_path))
    assert [(violation.names, violation.text) for violation in found] == [
        (
            ("POST /orders", "createOrder"),
            "callback paid {$request.body#/note} POST header X-Signature: this parameter was removed",
        ),
        (
            ("webhook orderLost", "tellLostOrder"),
            "webhook orderLost POST body $.id: was required and may now be absent",
        ),
    ]
    lines = (tmp_path / "openapi.yaml").read_text().splitlines()
    assert [lines[violation.location.line - 1].strip() for violation in found] == ["post:", "id:"]
