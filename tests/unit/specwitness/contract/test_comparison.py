from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from specwitness.contract import compare, compare_routes, find_undocumented
from specwitness.model import Outcome
from specwitness.openapi import bundle, read_contract
from tests.proving_ground.notes.service import Fault, Store, create_app

NOTES = Path("tests/proving_ground/notes/openapi.yaml")
CONTRACT = read_contract(NOTES, Path())


def differences(
    tmp_path: Path, ours: Any, theirs: Any, *, version: str = "3.1.0", app: str = "3.1.0"
) -> list[str]:
    """Compare two schemas of a request's body."""
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(document(ours, version)), encoding="utf-8")
    (witness,) = compare(read_contract(path, tmp_path), document(theirs, app))
    return [line.partition(": POST /a body $")[2] for line in (witness.detail or "").splitlines()]


def document(schema: Any, version: str) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    answers = {"200": {"description": "fine"}}
    return {
        "openapi": version,
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"post": {"operationId": "a", "requestBody": body, "responses": answers}}},
        "components": {
            "schemas": {
                "Text": {"type": "string", "title": "Text"},
                "Tree": {
                    "type": "object",
                    "properties": {"kids": {"items": {"$ref": "#/components/schemas/Tree"}}},
                },
                "Loop": {"properties": {"next": {"$ref": "#/components/schemas/Pool"}}},
                "Pool": {"properties": {"next": {"$ref": "#/components/schemas/Loop"}}},
            }
        },
    }


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ref("Text"), {"type": "string"}),
        (
            {"type": "string", "description": "x", "examples": ["a"]},
            {"type": "string", "title": "X", "x-a": 1},
        ),
        ({"required": ["a", "b"]}, {"required": ["b", "a"]}),
        ({"enum": ["a", "b"], "type": "string"}, {"enum": ["b", "a"]}),
        ({"const": "a"}, {"enum": ["a"], "type": "string"}),
        ({"type": "boolean", "const": True}, {"const": True}),
        ({"allOf": [ref("Text")]}, {"type": "string"}),
        ({"allOf": [ref("Text"), {"maxLength": 3}]}, {"type": "string", "maxLength": 3}),
        ({"$ref": "#/components/schemas/Text", "maxLength": 3}, {"type": "string", "maxLength": 3}),
        ({"type": ["string", "null"]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (
            {"type": ["string", "null"], "maxLength": 3},
            {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
        ),
        ({"anyOf": [ref("Text"), {"type": "null"}]}, {"type": ["null", "string"]}),
        ({"enum": ["a", None]}, {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
        ({"type": "integer", "exclusiveMaximum": 10}, {"type": "integer", "maximum": 9}),
        ({"type": "number", "minimum": 1}, {"type": "number", "minimum": 1.0}),
        ({"anyOf": [{"minLength": 1}, {"type": "array"}]}, {"anyOf": [{"type": "array"}, {"minLength": 1}]}),
        ({"type": "string", "pattern": r"^\d$"}, {"type": "string", "pattern": "^[0-9]$"}),
        ({"type": "array", "items": {}}, {"type": "array", "minItems": 0}),
        ({"type": "object", "additionalProperties": True}, {"type": "object"}),
        (
            {"properties": {"a": {"type": ["string", "null"], "default": None}}},
            {"properties": {"a": {"type": ["string", "null"]}}},
        ),
        (ref("Tree"), ref("Tree")),
        (ref("Loop"), ref("Pool")),
        (ref("Tree"), {"type": "object", "properties": {"kids": {"items": ref("Tree")}}}),
    ],
)
def test_two_forms_of_one_schema_do_not_differ(tmp_path: Path, ours: Any, theirs: Any) -> None:
    assert differences(tmp_path, ours, theirs) == []
    assert differences(tmp_path, theirs, ours) == []


def test_nullable_of_openapi_3_0_equals_null_type_of_3_1(tmp_path: Path) -> None:
    old = {"type": "integer", "nullable": True, "minimum": 0, "exclusiveMinimum": True}
    new = {"type": ["integer", "null"], "minimum": 1}
    assert differences(tmp_path, old, new, version="3.0.3") == []


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (
            {"type": "array", "maxItems": 100},
            {"type": "array"},
            ": contract says maxItems 100, the app says nothing",
        ),
        (
            {"type": "string"},
            {"type": "string", "minLength": 1},
            ": contract says nothing about minLength, the app says 1",
        ),
        ({"type": "string"}, {"type": "integer"}, ": contract says type string, the app says integer"),
        (
            {"type": "string"},
            {"type": ["string", "null"]},
            ": contract says null is not allowed, the app says allowed",
        ),
        ({"const": "a"}, {"const": "b"}, ": contract says const a, the app says b"),
        ({"const": 1}, {"const": True}, ": contract says const 1, the app says true"),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, ': contract says enum ["a", "b"], the app says a'),
        ({"properties": {"a": {}}}, {}, ".a: only in the contract"),
        ({}, {"properties": {"a": {}}}, ".a: only in the app"),
        ({"required": ["a"]}, {}, ": contract requires a, the app does not"),
        ({}, {"required": ["a"]}, ": the app requires a, contract does not"),
        (
            {"additionalProperties": False},
            {},
            ": contract says additionalProperties false, the app says nothing",
        ),
        (
            {"properties": {"a": {"default": 1}}},
            {"properties": {"a": {}}},
            ".a: contract says default 1, the app says nothing",
        ),
        (
            {"items": {"properties": {"a": {"format": "uuid"}}}},
            {"items": {"properties": {"a": {"format": "date"}}}},
            "[].a: contract says format uuid, the app says date",
        ),
        (
            {"additionalProperties": {"type": "string"}},
            {"additionalProperties": {"type": "integer"}},
            ".*: contract says type string, the app says integer",
        ),
        (
            {"anyOf": [{"minLength": 1}, {"maxItems": 3}]},
            {"anyOf": [{"maxItems": 4}, {"minLength": 1}]},
            " anyOf[1]: contract says maxItems 3, the app says 4",
        ),
        (
            {"oneOf": [{"minLength": 1}, {"maxItems": 3}, {}]},
            {"oneOf": [{"minLength": 1}, {}]},
            ": contract says oneOf of 3, the app says of 2",
        ),
        (
            {"type": "string"},
            ref("Missing"),
            ": contract says nothing about $ref, the app says #/components/schemas/Missing",
        ),
    ],
)
def test_difference_is_reported_at_its_exact_place(
    tmp_path: Path, ours: Any, theirs: Any, expected: str
) -> None:
    assert expected in differences(tmp_path, ours, theirs)


def test_recursive_reference_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(document(ref("Text"), "3.1.0")), encoding="utf-8")
    generated = document(ref("Self"), "3.1.0")
    generated["components"]["schemas"]["Self"] = ref("Self")
    (witness,) = compare(read_contract(path, tmp_path), generated)
    assert witness.outcome is Outcome.FAILED


def test_generated_schema_equals_the_contract() -> None:
    witnesses = compare(CONTRACT, create_app(Store()).openapi())
    assert [witness.detail for witness in witnesses] == [None] * 5
    assert {witness.outcome for witness in witnesses} == {Outcome.PASSED}
    assert witnesses[3].id == "contract:getNote"
    assert str(witnesses[3].location) == "tests/proving_ground/notes/openapi.yaml:61"
    assert "notes/FR-001" in witnesses[3].requirements


def change(*path: str | int, to: Any) -> dict[str, Any]:
    """Return the contract itself as the app's schema, with one place changed."""
    generated = copy.deepcopy(bundle(CONTRACT))
    holder: Any = generated
    for key in path[:-1]:
        holder = holder[key]
    if to is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = to
    return generated


LIST = ("paths", "/notes", "get")
NOTE = ("components", "schemas", "Note")
HEADERS = ("components", "responses", "Unauthorized", "headers")
NOTE_LIST = bundle(CONTRACT)["paths"]["/notes"]["get"]["responses"]["200"]["content"]["application/json"]
OPTIONAL = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 50, "default": 20}, {"type": "null"}]}
CHALLENGE = {"required": True, "schema": {"type": "string", "pattern": "^Bearer"}}
CHALLENGE_IS_OPTIONAL = (
    ":102: GET /notes/{note_id} 401 header WWW-Authenticate: contract says required true, the app says false"
)
UNPROCESSABLE = {"content": {"application/json": {"schema": {"type": "object"}}}}


@pytest.mark.parametrize(
    ("generated", "operation", "line"),
    [
        (
            change(*NOTE, "properties", "text", "maxLength", to=90),
            "getNote",
            ":137: GET /notes/{note_id} 200 $.text: contract says maxLength 80, the app says 90",
        ),
        (
            change(*NOTE, "properties", "text", "maxLength", to=90),
            "listNotes",
            ":137: GET /notes 200 $[].text: contract says maxLength 80, the app says 90",
        ),
        (
            change(*LIST, "operationId", to="list"),
            "listNotes",
            ":21: GET /notes: contract says operationId listNotes, the app says list",
        ),
        (
            change(*LIST, "security", to=[]),
            "listNotes",
            ":5: GET /notes: contract says security http bearer, the app says no credentials",
        ),
        (
            change(*LIST, "security", to=[{"token": []}, {}]),
            "listNotes",
            ":5: GET /notes: contract says security http bearer, the app says http bearer or no credentials",
        ),
        (
            change("paths", "/health", "get", "security", to=None),
            "getHealth",
            ":12: GET /health: contract says security no credentials, the app says http bearer",
        ),
        (
            change(*LIST, "parameters", to=[]),
            "listNotes",
            ":24: GET /notes query limit: this parameter is only in the contract",
        ),
        (
            change(*LIST, "parameters", 0, "required", to=True),
            "listNotes",
            ":24: GET /notes query limit: contract says required false, the app says true",
        ),
        (
            change(*LIST, "parameters", 0, "schema", "default", to=None),
            "listNotes",
            ":26: GET /notes query limit: contract says default 20, the app says nothing",
        ),
        (
            change(*LIST, "parameters", 0, "explode", to=False),
            "listNotes",
            ":24: GET /notes query limit: contract says explode true, the app says false",
        ),
        (
            change("components", "parameters", "NoteId", "schema", "format", to=None),
            "getNote",
            ":95: GET /notes/{note_id} path note_id: contract says format uuid, the app says nothing",
        ),
        (
            change("paths", "/notes", "post", "requestBody", "required", to=False),
            "createNote",
            ":39: POST /notes body: contract says required true, the app says false",
        ),
        (
            change("paths", "/notes", "post", "requestBody", to=None),
            "createNote",
            ":38: POST /notes body: the request body is only in the contract",
        ),
        (
            change("paths", "/notes", "get", "requestBody", to={"content": {}}),
            "listNotes",
            ":20: GET /notes body: the request body is only in the app",
        ),
        (
            change(*LIST, "responses", "422", to=None),
            "listNotes",
            ":34: GET /notes 422: this response is only in the contract",
        ),
        (
            change(*LIST, "responses", "500", to={"description": "x"}),
            "listNotes",
            ":27: GET /notes 500: this response is only in the app",
        ),
        (
            change(*HEADERS, to={}),
            "getNote",
            ":101: GET /notes/{note_id} 401 header WWW-Authenticate: only in the contract",
        ),
        (
            change(*HEADERS, "X-Id", to={"schema": {}}),
            "getNote",
            ":100: GET /notes/{note_id} 401 header X-Id: only in the app",
        ),
        (
            change(*HEADERS, "WWW-Authenticate", "required", to=False),
            "getNote",
            CHALLENGE_IS_OPTIONAL,
        ),
        (
            change("components", "responses", "NotFound", "content", to={"application/json": {"schema": {}}}),
            "getNote",
            ":110: GET /notes/{note_id} 404: application/problem+json is only in the contract",
        ),
        (
            change("components", "responses", "NotFound", "content", "text/plain", to={}),
            "getNote",
            ":109: GET /notes/{note_id} 404: text/plain is only in the app",
        ),
        (
            change("components", "schemas", "Problem", "required", to=["title"]),
            "getNote",
            "PROBLEM:5: GET /notes/{note_id} 404 $: contract requires status, the app does not",
        ),
        (
            change("paths", "/notes/{note_id}", "delete", to=None),
            "deleteNote",
            ":73: DELETE /notes/{note_id}: the app has no such operation",
        ),
    ],
)
def test_difference_names_the_line_of_the_contract(
    generated: dict[str, Any], operation: str, line: str
) -> None:
    witnesses = {witness.id: witness for witness in compare(CONTRACT, generated)}
    witness = witnesses[f"contract:{operation}"]
    assert witness.outcome is Outcome.FAILED
    line = line.replace("PROBLEM", "problem.schema.json") if line[0] == "P" else f"openapi.yaml{line}"
    assert f"tests/proving_ground/notes/{line}" in (witness.detail or "").splitlines()


@pytest.mark.parametrize(
    "generated",
    [
        change("components", "securitySchemes", "token", "bearerFormat", to="JWT"),
        change(*LIST, "security", to=[{"token": []}]),
        change(*LIST, "parameters", 0, "schema", to=OPTIONAL),
        change(*LIST, "description", to="x"),
        change(*LIST, "tags", to=["x"]),
        change("components", "responses", "NotFound", "description", to="x"),
        change("servers", to=[{"url": "/x"}]),
        change(*LIST, "responses", "200", "content", to={"application/json; charset=utf-8": NOTE_LIST}),
        change("components", "responses", "Unauthorized", "headers", to={"www-authenticate": CHALLENGE}),
    ],
)
def test_equivalent_documents_have_no_difference(generated: dict[str, Any]) -> None:
    assert [witness.detail for witness in compare(CONTRACT, generated)] == [None] * 5


def test_name_of_a_security_scheme_makes_no_difference() -> None:
    generated = change(
        "components", "securitySchemes", to={"HTTPBearer": {"type": "http", "scheme": "Bearer"}}
    )
    generated["security"] = [{"HTTPBearer": []}]
    assert {witness.outcome for witness in compare(CONTRACT, generated)} == {Outcome.PASSED}


def test_path_parameter_of_another_name_is_reported() -> None:
    generated = change("components", "parameters", "NoteId", "name", to="id")
    generated["paths"]["/notes/{id}"] = generated["paths"].pop("/notes/{note_id}")
    detail = compare(CONTRACT, generated)[3].detail or ""
    assert "path note_id: this parameter is only in the contract" in detail
    assert "path id: this parameter is only in the app" in detail


def test_validation_error_added_by_fastapi_is_reported() -> None:
    generated = change(
        *LIST, "responses", "422", to={"content": {"application/json": {"schema": {"type": "object"}}}}
    )
    detail = compare(CONTRACT, generated)[1].detail or ""
    assert "GET /notes 422: application/json is only in the app" in detail
    assert "GET /notes 422: application/problem+json is only in the contract" in detail


def test_operation_only_in_the_app_is_found() -> None:
    generated = change("paths", "/debug", to={"get": {"responses": {}}, "parameters": []})
    (finding,) = find_undocumented(CONTRACT, generated)
    assert str(finding).startswith(
        "tests/proving_ground/notes/openapi.yaml:8: the app serves GET /debug, which"
    )
    assert finding.code == "undocumented-route"
    assert find_undocumented(CONTRACT, generated, {"/debug"}) == ()
    assert find_undocumented(CONTRACT, generated, {"GET /debug"}) == ()


def routes_of(*faults: Fault) -> list[tuple[str, str]]:
    return [
        ("GET", "/health"),
        ("HEAD", "/health"),
        ("get", "/notes"),
        ("POST", "/notes"),
        ("GET", "/notes/{note_id:uuid}"),
        ("DELETE", "/notes/{id}"),
        *([("GET", "/debug")] if faults else []),
    ]


def test_routes_in_the_contract_are_no_findings() -> None:
    assert compare_routes(CONTRACT, routes_of()) == ()


def test_shadow_route_is_found_unless_it_is_allowed() -> None:
    (finding,) = compare_routes(CONTRACT, routes_of(Fault.SHADOW_ROUTE))
    assert "GET /debug" in finding.message
    assert compare_routes(CONTRACT, routes_of(Fault.SHADOW_ROUTE), {"/debug"}) == ()


def test_unknown_method_on_a_known_path_is_found() -> None:
    (finding,) = compare_routes(CONTRACT, [*routes_of(), ("PATCH", "/notes")])
    assert "PATCH /notes" in finding.message
