from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from specwitness.errors import ContractError
from specwitness.openapi import Contract, bundle, read_contract

NOTES = Path("tests/proving_ground/notes/openapi.yaml")

HEAD = """\
openapi: 3.1.0
info: {title: T, version: '1'}
"""
ANSWER = "{'200': {description: fine}}"


def read(tmp_path: Path, text: str, name: str = "openapi.yaml", **others: str) -> Contract:
    for other, content in others.items():
        (tmp_path / other.replace("__", ".")).write_text(content, encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_contract(tmp_path / name, tmp_path)


def refusal(tmp_path: Path, text: str, name: str = "openapi.yaml") -> str:
    with pytest.raises(ContractError) as caught:
        read(tmp_path, text, name)
    return str(caught.value)


def test_operations_are_read_with_their_lines() -> None:
    operations = {operation.id: operation for operation in read_contract(NOTES, Path()).operations}
    assert list(operations) == ["getHealth", "listNotes", "createNote", "getNote", "deleteNote"]
    assert operations["getNote"].name == "GET /notes/{note_id}"
    assert str(operations["getNote"].location) == "tests/proving_ground/notes/openapi.yaml:61"


def test_requirements_come_from_document_path_operation_and_response(tmp_path: Path) -> None:
    contract = read(
        tmp_path,
        HEAD
        + """\
x-requirements: [003/FR-001]
paths:
  /a:
    x-requirements: [003/FR-002, 003/FR-001]
    get:
      x-requirements: &keys [003/US1/AC2, 003/EC3]
      responses:
        '200': {description: fine, x-requirements: [003/SC-004a]}
        '401': {$ref: '#/components/responses/No'}
    put: {x-requirements: *keys, responses: {'200': {description: fine}}}
components: {responses: {No: {description: no, x-requirements: [003/NFR-GATE-90]}}}
""",
    )
    get, put = contract.operations
    assert get.requirements == ("003/FR-001", "003/FR-002", "003/US1/AC2", "003/EC3")
    assert get.response_requirements == {"200": ("003/SC-004a",), "401": ("003/NFR-GATE-90",)}
    assert put.requirements == get.requirements
    assert put.id == "PUT /a"


@pytest.mark.parametrize(
    ("globally", "own", "expected"),
    [
        ("[{b: []}]", None, True),
        ("[{b: []}]", "[]", False),
        ("[{b: []}]", "[{}]", False),
        ("[{b: []}]", "[{b: []}, {}]", False),
        (None, None, False),
        (None, "[{b: []}]", True),
        ("[]", "[{b: []}, {c: []}]", True),
        ("[{}]", None, False),
    ],
)
def test_operation_inherits_the_security_of_the_document(
    tmp_path: Path, globally: str | None, own: str | None, *, expected: bool
) -> None:
    text = HEAD + (f"security: {globally}\n" if globally else "")
    text += (
        "components: {securitySchemes: {b: {type: http, scheme: bearer}, c: {type: http, scheme: basic}}}\n"
    )
    text += f"paths: {{/a: {{get: {{responses: {ANSWER}{f', security: {own}' if own else ''}}}}}}}\n"
    assert read(tmp_path, text).operations[0].protected is expected


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/paths/~1notes/get/responses/200", "openapi.yaml:28"),
        ("#/paths/~1notes/get/x-requirements/1", "openapi.yaml:22"),
        ("/paths/~1notes/post/x-requirements/1", "openapi.yaml:22"),
        ("/paths/~1notes/get/responses/401/headers/WWW-Authenticate/required", "openapi.yaml:102"),
        ("/paths/~1notes~1{note_id}/get/parameters", "openapi.yaml:61"),
        ("/paths/~1notes~1{note_id}/parameters/0/schema/format", "openapi.yaml:95"),
        ("/components/schemas/Problem/properties/status/minimum", "problem.schema.json:8"),
        (
            "/paths/~1notes/get/responses/401/content/application~1problem+json/schema/required",
            "problem.schema.json:5",
        ),
        ("/no/such/place", "openapi.yaml:1"),
    ],
)
def test_pointer_is_located_through_references(pointer: str, place: str) -> None:
    assert str(read_contract(NOTES, Path()).locate(pointer)) == f"tests/proving_ground/notes/{place}"


def test_pointer_may_leave_out_allof_anyof_and_oneof(tmp_path: Path) -> None:
    text = HEAD + (
        "paths: {}\n"
        "components:\n  schemas:\n    A:\n      allOf:\n"
        "        - {$ref: '#/components/schemas/B'}\n"
        "    B:\n      type: object\n      maxProperties: 3\n"
    )
    assert read(tmp_path, text).locate("/components/schemas/A/maxProperties").line == 11


def test_json_contract_with_tabs_is_read_with_its_lines(tmp_path: Path) -> None:
    document = {
        "openapi": "3.0.3",
        "info": {"title": "😀", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "x"}}}}},
    }
    contract = read(tmp_path, json.dumps(document, indent="\t"), "openapi.json")
    assert contract.operations[0].location.line == 9
    assert contract.document == document


def test_scalars_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    text = HEAD + "paths: {}\nx-values: [on, no, 2025-01-01, 010, 1:30, 1e3, 0.5, true, ~, 12]\n"
    values = read(tmp_path, text).document["x-values"]
    assert values == ["on", "no", "2025-01-01", 10, "1:30", 1000.0, 0.5, True, None, 12]


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"openapi\.yaml: the contract cannot be read: No such file"):
        read_contract(tmp_path / "openapi.yaml", tmp_path)


def test_file_outside_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "openapi.yaml").write_text(HEAD, encoding="utf-8")
    with pytest.raises(ContractError, match="outside the repository"):
        read_contract(tmp_path / "openapi.yaml", tmp_path / "root")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "openapi.yaml: the contract is empty"),
        ("a: [", "openapi.yaml:1: this is not valid YAML"),
        ("a: 1\nb:\n\t- 2\n", "openapi.yaml:3: this is not valid YAML"),
        ("a: \x07", "openapi.yaml: this is not valid YAML: it has a forbidden character"),
        ("a: *b", "openapi.yaml:1: this is not valid YAML: found undefined alias"),
        (
            "a: !!python/object:os.system {}",
            "openapi.yaml:1: this is not valid YAML: could not determine a constructor",
        ),
        ("? [a]\n: 1", "openapi.yaml:1: a key is not a string"),
        ("a: &a\n  b: *a\n", "openapi.yaml:1: an anchor contains itself"),
        (HEAD + "info: {}\n", "openapi.yaml:3: the key `info` appears twice, first on line 2"),
        (HEAD + "x: {200: a, '200': b}\n", "openapi.yaml:3: the key `200` appears twice"),
        ("[]", "it has no `openapi`"),
        ("swagger: '2.0'\n", "openapi.yaml:1: this is not an OpenAPI 3 document: it has no `openapi`"),
        ("a: 1\nopenapi: 4.0.0\n", "openapi.yaml:2: this is not an OpenAPI 3 document: `openapi` is '4.0.0'"),
        ("openapi: 3.1\n", "`openapi` is 3.1"),
    ],
)
def test_broken_document_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(tmp_path, text)


def test_broken_json_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, '{\n"a": 1,\n}', "openapi.json").startswith(
        "openapi.json:3: this is not valid JSON"
    )
    assert "the key `a` appears twice" in refusal(tmp_path, '{"a": 1,\n"a": 2}', "openapi.json")


def test_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ContractError, match="it is not UTF-8"):
        read_contract(tmp_path / "openapi.yaml", tmp_path)


@pytest.mark.parametrize(
    ("paths", "line", "message"),
    [
        ("  /a: {get: {responses: 3}}", 4, '3 is not of type "object"'),
        ("  /a:\n    get: {responses: {'200': {}}}\n", 5, '"description" is a required property'),
        ("  /a/{b}:\n    get: {responses: {'200': {description: x}}}\n", 1, "Path parameter 'b'"),
        ("  /a:\n    get:\n      description: nothing\n", 5, "GET /a documents no responses"),
        ("  a: {}", 3, "('a' was unexpected) (at paths)"),
    ],
)
def test_invalid_document_is_refused_in_one_line(tmp_path: Path, paths: str, line: int, message: str) -> None:
    said = refusal(tmp_path, f"{HEAD}paths:\n{paths}\n")
    assert said.startswith(f"openapi.yaml:{line}: ")
    assert message in said
    assert "\n" not in said
    assert len(said) < 400


def test_duplicate_operation_id_is_refused_with_both_lines(tmp_path: Path) -> None:
    operation = f"{{get: {{operationId: x, responses: {ANSWER}}}}}"
    said = refusal(tmp_path, f"{HEAD}paths:\n  /a: {operation}\n  /b: {operation}\n")
    assert said == "openapi.yaml:5: operationId `x` appears twice, first at openapi.yaml:4"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("003/FR-006", "`x-requirements` is not a list"),
        ("[FR-006]", "`FR-006` is not the key of a requirement"),
        ("[003]", "`3` is not the key of a requirement"),
        ("[003/FR-006, 003/FR-006]", "`003/FR-006` appears twice in one list"),
        ("[{a: 1}]", "is not the key of a requirement"),
    ],
)
def test_malformed_requirement_key_is_refused(tmp_path: Path, value: str, message: str) -> None:
    said = refusal(
        tmp_path, f"{HEAD}paths:\n  /a:\n    get:\n      x-requirements: {value}\n      responses: {ANSWER}\n"
    )
    assert said.startswith("openapi.yaml:6: ")
    assert message in said


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("#/components/schemas/No", "does not exist"),
        ("no.json", "there is no such file"),
        ("https://example.com/a.json", "is a URL"),
        ("../other.json", "there is no such file"),
    ],
)
def test_dangling_reference_is_refused_with_its_line(tmp_path: Path, ref: str, message: str) -> None:
    said = refusal(tmp_path, f"{HEAD}paths: {{}}\ncomponents:\n  schemas:\n    A: {{$ref: '{ref}'}}\n")
    assert said.startswith("openapi.yaml:6: ")
    assert message in said


def bundled(tmp_path: Path, components: str, **others: str) -> dict[str, Any]:
    return bundle(read(tmp_path, f"{HEAD}paths: {{}}\ncomponents:\n{components}", **others))


def test_component_in_another_file_is_inlined() -> None:
    problem = bundle(read_contract(NOTES, Path()))["components"]["schemas"]["Problem"]
    assert problem["required"] == ["title", "status"]
    assert "$schema" not in problem


def test_reference_into_a_file_becomes_a_component(tmp_path: Path) -> None:
    document = bundled(
        tmp_path,
        "  schemas:\n    A: {type: array, items: {$ref: 'b.json#/$defs/B'}}\n    B: {type: object}\n",
        b__json=json.dumps(
            {
                "$defs": {
                    "B": {
                        "properties": {
                            "next": {"$ref": "#/$defs/B"},
                            "a": {"$ref": "openapi.yaml#/components/schemas/A"},
                        }
                    }
                }
            }
        ),
    )
    schemas = document["components"]["schemas"]
    assert schemas["A"]["items"] == {"$ref": "#/components/schemas/B2"}
    assert schemas["B2"]["properties"] == {
        "next": {"$ref": "#/components/schemas/B2"},
        "a": {"$ref": "#/components/schemas/A"},
    }


def test_file_that_refers_to_itself_is_bundled(tmp_path: Path) -> None:
    document = bundled(
        tmp_path,
        "  schemas:\n    Tree: {$ref: tree.json}\n",
        tree__json='{"$id": "https://x.test/tree", "type": "object", "properties": {"child": {"$ref": "#"}}}',
    )
    tree = document["components"]["schemas"]["Tree"]
    assert tree == {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}}


def test_path_item_in_a_file_is_inlined_and_its_operations_are_read(tmp_path: Path) -> None:
    contract = read(
        tmp_path,
        f"{HEAD}paths:\n  /a: {{$ref: a.yaml}}\n",
        a__yaml=f"get:\n  operationId: getA\n  responses: {ANSWER}\n",
    )
    assert [str(operation.location) for operation in contract.operations] == ["a.yaml:1"]
    assert bundle(contract)["paths"]["/a"]["get"]["operationId"] == "getA"


def test_document_that_crashes_the_validator_is_refused(tmp_path: Path) -> None:
    said = refusal(
        tmp_path, f"{HEAD}paths: {{}}\ncomponents: {{schemas: {{A: {{default: {{$ref: nowhere.json}}}}}}}}\n"
    )
    assert said.startswith("openapi.yaml: it cannot be validated: ")
