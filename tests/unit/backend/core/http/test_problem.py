"""Problem bodies against their published schema, and the headers of each refusal."""

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
def test_problem_body_fits_its_schema(refusal: ServiceError) -> None:
    jsonschema.validate(make_problem(refusal), SCHEMA)
    assert make_problem(refusal)["status"] == refusal.status


def test_all_kinds_of_refusals_are_tried() -> None:
    def leaves(kind: type[ServiceError]) -> set[type[ServiceError]]:
        return {kind}.union(*(leaves(each) for each in kind.__subclasses__()))

    assert leaves(ServiceError) == {type(each) for each in REFUSALS} | {
        ServiceError,
        errors.AuthenticationError,
        errors.UnknownKeyError,  # for the log alone: the caller sees an invalid token
    }
    codes = [each.code for each in REFUSALS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_no_cache_may_keep_a_refusal(refusal: ServiceError) -> None:
    assert refusal.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_headers_of_a_refusal_fit_its_description(refusal: ServiceError) -> None:
    described = describe_refusals(type(refusal))[refusal.status]["headers"]
    for name, header in described.items():
        jsonschema.validate(refusal.headers[name], header["schema"])


def test_stated_schema_is_the_published_one() -> None:
    published = copy.deepcopy(SCHEMA)
    for annotation in ("$schema", "title", "description"):
        del published[annotation]
    del published["properties"]["errors"]["description"]
    assert published == PROBLEM_SCHEMA


def test_missing_credentials_are_challenged_without_an_error() -> None:
    assert errors.CredentialsMissingError("absent").headers["WWW-Authenticate"] == 'Bearer realm="tasks"'


@pytest.mark.parametrize(
    "refusal", [each for each in REFUSALS if each.status == 401][1:], ids=lambda each: each.code
)
def test_bad_credentials_are_challenged_with_an_error(refusal: ServiceError) -> None:
    challenge = refusal.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="tasks", error="invalid_token", error_description="')
