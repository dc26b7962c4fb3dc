from __future__ import annotations

import json
from pathlib import Path

import pytest

from specwitness.fuzz.refusals import Answer, RefusalSchema, judge_refusal
from specwitness.fuzz.target import Credential
from specwitness.openapi import bundle, read_contract

DOCUMENT = bundle(read_contract(Path("tests/proving_ground/notes/openapi.yaml"), Path()))
SCHEMA = RefusalSchema(DOCUMENT, "/notes/{note_id}", "GET")
PROBLEM = {"title": "no", "status": 401}


def answer(
    challenge: str | None = "Bearer",
    status: int = 401,
    body: object = PROBLEM,
    media: str = "application/problem+json",
) -> Answer:
    headers = {"content-type": [media]} | ({"www-authenticate": [challenge]} if challenge is not None else {})
    return Answer(status, headers, json.dumps(body).encode())


def judge(given: Answer, credential: Credential) -> list[str]:
    return [kind for kind, _ in judge_refusal(given, credential, SCHEMA.check)]


@pytest.mark.parametrize(
    ("challenge", "credential", "expected"),
    [
        ("Bearer", Credential.NONE, []),
        ("bearer", Credential.NONE, []),
        ('Bearer realm="api"', Credential.NONE, []),
        ('Basic realm="x", Bearer realm="api"', Credential.NONE, []),
        ('Bearer error_description="none"', Credential.NONE, []),
        ('Bearer error="invalid_token"', Credential.NONE, ["error code"]),
        ('Bearer error="invalid_request"', Credential.NONE, ["error code"]),
        ('Bearer error="invalid_token"', Credential.FORGED, []),
        ('Bearer realm="api", error = "invalid_token"', Credential.EXPIRED, []),
        ('Bearer error="invalid_request"', Credential.FORGED, ["error code"]),
        ("Bearer", Credential.EXPIRED, ["error code"]),
        ("Basic", Credential.NONE, ["challenge"]),
        ("Bearers", Credential.NONE, ["challenge"]),
        (None, Credential.NONE, ["challenge"]),
        (None, Credential.EXPIRED, ["challenge"]),
    ],
)
def test_challenge_is_judged_by_what_the_request_brought(
    challenge: str | None, credential: Credential, expected: list[str]
) -> None:
    assert judge(answer(challenge), credential) == expected


@pytest.mark.parametrize("status", [200, 204, 400, 403, 404, 422, 500])
def test_any_status_but_401_is_a_breach(status: int) -> None:
    assert judge(answer(status=status), Credential.NONE) == [f"status {status}"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer(), None),
        (answer(media="application/problem+json; charset=utf-8"), None),
        (
            answer(media="application/json"),
            "expected the body as application/problem+json, came application/json",
        ),
        (answer(body={"title": "no"}), "$: 'status' is a required property"),
        (answer(body={"title": "", "status": 401}), "$.title: `minLength`"),
        (answer(body=[]), "$: `type`"),
        (Answer(401, {"content-type": ["application/problem+json"]}, b"no"), "expected a JSON body"),
    ],
)
def test_body_must_fit_what_the_contract_says_of_401(given: Answer, said: str | None) -> None:
    found = SCHEMA.check(given)
    assert found is None if said is None else said in (found or "")


def test_contract_that_documents_no_401_is_blamed() -> None:
    document = {"openapi": "3.1.0", "paths": {"/x": {"get": {"responses": {"200": {"description": ""}}}}}}
    assert (
        RefusalSchema(document, "/x", "GET").check(answer())
        == "the contract documents no 401 for this operation"
    )
