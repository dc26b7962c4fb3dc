"""Requests against the contract: 422 with the place of the fault, without the data that was sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from backend.core.http.routing import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.service import Client

CONTRACTS = Path(__file__).parents[4] / "contracts"
PROBLEM = json.loads((CONTRACTS / "problem.schema.json").read_text(encoding="utf-8"))
TASK = "/api/tasks/0190a5d2-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def alice(signed_in: Callable[[str], dict[str, bytes]]) -> dict[str, bytes]:
    return signed_in("alice")


@pytest.mark.requirement("003/FR-020")
@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"null", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b'{"title":"caf\xe9"}', "body"),
        ('{"title":"Buy milk"}'.encode("utf-16"), "body"),
        ('{"title":"Buy milk"}'.encode("utf-16-le"), "body"),
        ('{"title":"Buy milk"}'.encode("utf-8-sig"), "body"),
        (b"[" * 50_000, "body"),
        (b'{"title":' + b"9" * 5000 + b"}", "body"),
        (b"{}", "body.title"),
        (b'{"title":""}', "body.title"),
        (b'{"title":" "}', "body.title"),
        (b'{"title":1}', "body.title"),
        (b'{"title":null}', "body.title"),
        (b'{"title":["a"]}', "body.title"),
        (b'{"title":"a\\u0000b"}', "body.title"),
        (b'{"title":"\\u0000"}', "body.title"),
        (b'{"title":"a\\nb"}', "body.title"),
        (b'{"title":"\\ud800"}', "body.title"),
        (b'{"title":"' + b"a" * 201 + b'"}', "body.title"),
        (b'{"title":"a","description":"\\u0000"}', "body.description"),
        (b'{"title":"a","description":"' + b"a" * 2001 + b'"}', "body.description"),
        (b'{"title":"a","description":null}', "body.description"),
        (b'{"title":"a","user_id":"bob"}', "body"),
        (b'{"title":"a","id":"0190a5d2-0000-4000-8000-000000000000"}', "body"),
        (b'{"title":"a","\\ud800":1}', "body"),
        (b'{"title":"a","completed":true}', "body"),
    ],
    ids=str,
)
def test_body_against_the_contract_gets_422_with_its_place(
    offline_client: Client, alice: dict[str, bytes], content: bytes, where: str
) -> None:
    for method, path in (("POST", "/api/tasks"), ("PUT", TASK)):
        response = offline_client.request(method, path, headers={**alice, **JSON}, content=content)
        assert (response.status_code, response.json()["code"]) == (422, "request_invalid")
        jsonschema.validate(response.json(), PROBLEM)
        assert response.json()["errors"][0]["where"] == where


@pytest.mark.requirement("003/FR-020")
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_body_of_another_media_type_is_refused(
    offline_client: Client, alice: dict[str, bytes], kind: str
) -> None:
    headers = {**alice, "Content-Type": kind.encode()}
    response = offline_client.post("/api/tasks", headers=headers, content=b'{"title":"Buy milk"}')
    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")


def test_refusal_contains_no_data_of_the_request(offline_client: Client, alice: dict[str, bytes]) -> None:
    secret = "wery-private"
    bodies: list[Any] = [{secret: 1}, {"title": [secret]}, {"title": "a", secret: secret}, secret, [secret]]
    for body in bodies:
        assert secret not in offline_client.post("/api/tasks", headers=alice, json=body).text
    # pydantic's own sentence on this one quotes the first character that is no digit.
    response = offline_client.get(f"/api/tasks/{'ß'.ljust(36, '0')}", headers=alice)
    assert response.json()["errors"] == [{"where": "path.task_id", "what": "Does not fit the contract"}]
    for path in (f"/api/tasks/{secret}", f"/api/tasks?limit={secret}", f"/api/tasks?cursor={secret}"):
        response = offline_client.get(path, headers=alice)
        assert response.status_code == 422
        assert secret not in response.text


@pytest.mark.requirement("003/FR-020")
@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
        ("limit=-1", "query.limit"),
        ("limit=ten", "query.limit"),
        ("limit=", "query.limit"),
        ("limit=1.5", "query.limit"),
        ("limit=" + "9" * 5000, "query.limit"),
        ("cursor=", "query.cursor"),
        ("cursor=a", "query.cursor"),
        ("cursor=abcd", "query.cursor"),
        ("cursor=" + "_" * 32, "query.cursor"),
        ("cursor=" + "A" * 31, "query.cursor"),
        ("cursor=" + "A" * 201, "query.cursor"),
        ("cursor=%00", "query.cursor"),
        ("cursor=%27%3B--", "query.cursor"),
    ],
)
def test_query_against_the_contract_gets_422_with_its_place(
    offline_client: Client, alice: dict[str, bytes], query: str, where: str
) -> None:
    response = offline_client.get(f"/api/tasks?{query}", headers=alice)
    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")
    assert response.json()["errors"][0]["where"] == where


@pytest.mark.requirement("003/FR-020")
@pytest.mark.parametrize(
    "task_id",
    [
        "1",
        "0190a5d2000040008000000000000000",
        "{0190a5d2-0000-4000-8000-000000000000}",
        "urn:uuid:0190a5d2-0000-4000-8000-000000000000",
        "0190a5d2-0000-4000-8000-00000000000g",
        "%00",
        "' or 1=1 --",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_task_id_that_is_no_canonical_uuid_is_refused(
    offline_client: Client, alice: dict[str, bytes], task_id: str, method: str
) -> None:
    body = {"title": "Buy milk"} if method == "PUT" else None
    response = offline_client.request(method, f"/api/tasks/{task_id}", headers=alice, json=body)
    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")
    assert response.json()["errors"][0]["where"] == "path.task_id"


@pytest.mark.requirement("003/FR-020")
@pytest.mark.parametrize("is_announced", [True, False])
def test_body_above_the_size_limit_is_refused(
    offline_client: Client, alice: dict[str, bytes], *, is_announced: bool
) -> None:
    read = []

    async def stream() -> Any:
        for _ in range(100):
            read.append(1)
            yield b" " * 4096

    headers = {**alice, **JSON}
    if is_announced:
        headers["Content-Length"] = b"409600"
    response = offline_client.post("/api/tasks", headers=headers, content=stream())
    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")
    assert response.json()["errors"] == [{"where": "body", "what": f"is larger than {MAX_BODY_BYTES} bytes"}]
    assert sum(read) <= (0 if is_announced else MAX_BODY_BYTES // 4096 + 1)


def test_body_at_the_size_limit_is_accepted(client: Client, alice: dict[str, bytes]) -> None:
    draft = {"title": "😀" * 200, "description": "\\😀" * 1000}
    response = client.post("/api/tasks", headers=alice, json=draft)
    assert response.status_code == 201
    assert {name: response.json()[name] for name in draft} == draft
