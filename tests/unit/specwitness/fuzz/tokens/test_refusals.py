"""Refusals of bad credentials: status, challenge, body, headers, and no echo of the credential."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from specwitness.fuzz.api.endpoint import read_surface
from specwitness.fuzz.http.message import Request, Response
from specwitness.fuzz.results.conformance import describe_headers, describe_misfit
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.tokens.attack import Attack
from specwitness.fuzz.tokens.refusal import Fault, find_echo, judge_refusal
from specwitness.fuzz.users.credentials import BEARER, KEY
from specwitness.openapi import read_contract

SURFACE = read_surface(read_contract(Path("tests/proving_ground/notes/openapi.yaml"), Path()))
GET_NOTE = next(endpoint for endpoint in SURFACE.endpoints if endpoint.id == "getNote")
HEALTH = next(endpoint for endpoint in SURFACE.endpoints if endpoint.id == "getHealth")
PROBLEM = {"title": "no", "status": 401}
NONE = Attack("no credentials", "none", "RFC 6750", lambda _: None, brings=False)
FORGED = Attack("a forged token", "forged", "RFC 7515", lambda _: "x")
ODD = Attack("an odd token", "claims", "tokens", lambda _: "x", Level.SHOULD)


def answer(
    challenge: str | None = "Bearer",
    status: int = 401,
    body: object = PROBLEM,
    media: str = "application/problem+json",
) -> Response:
    headers = {"content-type": [media]} | ({"www-authenticate": [challenge]} if challenge is not None else {})
    return Response(status, headers, json.dumps(body).encode())


def judge(given: Response, attack: Attack, kind: str = BEARER) -> list[Fault]:
    return list(judge_refusal(given, attack, kind, GET_NOTE))


@pytest.mark.parametrize(
    ("challenge", "attack", "expected"),
    [
        ("Bearer", NONE, []),
        ("bearer", NONE, []),
        ('Bearer realm="api"', NONE, []),
        ('Basic realm="x", Bearer realm="api"', NONE, []),
        ('Bearer error_description="none"', NONE, []),
        ('Bearer error="invalid_token"', NONE, ["error code"]),
        ('Bearer error="invalid_request"', NONE, ["error code"]),
        ('Bearer error="invalid_token"', FORGED, []),
        ('Bearer realm="api", error = "invalid_token"', FORGED, []),
        ('Bearer error="invalid_request"', FORGED, ["error code"]),
        ("Bearer", FORGED, ["error code"]),
        ("Basic", NONE, ["challenge"]),
        ("Bearers", NONE, ["challenge"]),
        (None, NONE, ["challenge"]),
        (None, FORGED, ["challenge"]),
    ],
)
def test_challenge_is_judged_by_the_credentials_of_the_request(
    challenge: str | None, attack: Attack, expected: list[str]
) -> None:
    assert [fault.kind for fault in judge(answer(challenge), attack)] == expected


@pytest.mark.parametrize("status", [200, 204, 400, 403, 404, 422, 500])
def test_any_status_but_401_is_a_fault(status: int) -> None:
    assert [fault.kind for fault in judge(answer(status=status), NONE)] == [f"status {status}"]


@pytest.mark.parametrize(("status", "level"), [(200, Level.SHOULD), (404, Level.SHOULD), (500, Level.MUST)])
def test_advice_becomes_a_must_only_for_a_server_error(status: int, level: Level) -> None:
    assert [fault.level for fault in judge(answer(status=status), ODD)] == [level]


def test_api_key_may_be_refused_by_403_and_without_challenge() -> None:
    assert judge(answer(None), FORGED, KEY) == []
    assert judge(answer(None, status=403), FORGED, KEY) == []
    assert [fault.kind for fault in judge(answer(status=200), FORGED, KEY)] == ["status 200"]


def test_429_is_no_fault() -> None:
    assert judge(answer(status=429), FORGED) == []


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
        (Response(401, {"content-type": ["application/problem+json"]}, b"no"), "expected a JSON body"),
    ],
)
def test_body_must_fit_the_schema_of_its_status(given: Response, said: str | None) -> None:
    found = describe_misfit(given, GET_NOTE)
    assert found is None if said is None else said in (found or "")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["Bearer"], []),
        ([], ["without WWW-Authenticate"]),
        ([""], ["without WWW-Authenticate"]),
        (["Basic"], ["with a WWW-Authenticate that does not fit the contract"]),
        (["Basic", "Bearer"], []),
    ],
)
def test_required_header_must_be_there_and_fit_its_schema(lines: list[str], said: list[str]) -> None:
    assert list(describe_headers(Response(401, {"www-authenticate": lines}), GET_NOTE)) == said


def test_missing_401_in_the_contract_is_advice() -> None:
    (fault,) = judge_refusal(answer(), NONE, BEARER, HEALTH)
    assert (fault.text, fault.level) == ("the contract documents no 401 for this operation", Level.SHOULD)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer(), []),
        (answer(body={"title": f"no: {'x' * 24}"}), ["echo"]),
        (answer(f'Bearer error_description="{"x" * 24}"'), ["echo"]),
        (answer(body={"title": "x" * 24}, status=200), []),
    ],
)
def test_refusal_that_repeats_the_credential_is_found(given: Response, expected: list[str]) -> None:
    request = Request("GET", "/", headers=(("Authorization", f"Bearer {'x' * 24}"),))
    assert [fault.kind for fault in find_echo(request, given)] == expected


def test_short_credential_in_a_refusal_is_no_echo() -> None:
    request = Request("GET", "/", headers=(("Authorization", "Bearer unauthorized"),))
    assert list(find_echo(request, answer(body={"title": "unauthorized"}))) == []
