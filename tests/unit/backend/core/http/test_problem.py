"""Problem bodies against their published schema, and the headers of error responses."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from backend.core import errors
from backend.core.errors import ServiceError
from backend.core.http.problem import PROBLEM_SCHEMA, describe_refusals, make_problem

ROOT = Path(__file__).parents[5]
SCHEMA = json.loads((ROOT / "contracts" / "problem.schema.json").read_text(encoding="utf-8"))
REFUSALS: list[ServiceError] = [
    errors.InternalError(),
    errors.CredentialsMissingError("absent"),
    errors.CredentialsMalformedError("scheme"),
    errors.TokenInvalidError("signature"),
    errors.TokenExpiredError("expired"),
    errors.InsufficientScopeError(["tasks:write"]),
    errors.NotFoundError(),
    errors.TaskNotFoundError(),
    errors.AccountErasedError(),
    errors.MethodNotAllowedError(["PUT", "GET"]),
    errors.RequestInvalidError(("body.title", "is required")),
    errors.UnavailableError(),
]


@pytest.mark.requirement("003/FR-006")
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_problem_body_conforms_to_its_schema(refusal: ServiceError) -> None:
    jsonschema.validate(make_problem(refusal), SCHEMA)
    assert make_problem(refusal)["status"] == refusal.status


def test_every_error_class_is_tested() -> None:
    def leaves(error: type[ServiceError]) -> set[type[ServiceError]]:
        return {error}.union(*(leaves(subclass) for subclass in error.__subclasses__()))

    assert leaves(ServiceError) == {type(refusal) for refusal in REFUSALS} | {
        ServiceError,
        errors.AuthenticationError,
        errors.UnknownKeyError,  # for the log alone: the caller sees an invalid token
    }
    codes = [refusal.code for refusal in REFUSALS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_error_responses_forbid_caching(refusal: ServiceError) -> None:
    assert refusal.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_headers_of_an_error_are_those_it_declares(refusal: ServiceError) -> None:
    described = describe_refusals(type(refusal))[refusal.status]["headers"]
    for name, header in described.items():
        jsonschema.validate(refusal.headers[name], header["schema"])


def test_declared_problem_schema_equals_the_published_one() -> None:
    published = copy.deepcopy(SCHEMA)
    for annotation in ("$schema", "title", "description"):
        del published[annotation]
    del published["properties"]["errors"]["description"]
    assert published == PROBLEM_SCHEMA


def test_challenge_for_missing_credentials_has_no_error_code() -> None:
    assert errors.CredentialsMissingError("absent").headers["WWW-Authenticate"] == 'Bearer realm="tasks"'


@pytest.mark.parametrize(
    "refusal",
    [refusal for refusal in REFUSALS if refusal.status == 401][1:],
    ids=lambda refusal: refusal.code,
)
def test_challenge_for_bad_credentials_has_an_error_code(refusal: ServiceError) -> None:
    challenge = refusal.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="tasks", error="invalid_token", error_description="')
