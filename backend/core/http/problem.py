"""The problem body of every error response (RFC 9457), and its description in the generated schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from backend.core.errors import (
    NOT_CACHED,
    AccountErasedError,
    AuthenticationError,
    InsufficientScopeError,
    InternalError,
    RequestInvalidError,
    ServiceError,
    UnavailableError,
)

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

MEDIA_TYPE = "application/problem+json"

NOT_CACHED_HEADER: dict[str, Any] = {
    "description": "Nobody but the caller may see it, and nobody may keep it",
    "required": True,
    "schema": {"type": "string", "const": NOT_CACHED},
}
CHALLENGE_HEADER: dict[str, Any] = {
    "description": "RFC 6750 §3; with an error code unless no credentials came",
    "required": True,
    "schema": {"type": "string", "pattern": "^Bearer realm="},
}
RETRY_HEADER: dict[str, Any] = {
    "description": "Seconds to wait",
    "required": True,
    "schema": {"type": "string", "pattern": "^[1-9][0-9]*$"},
}
# Written out, because FastAPI lists `model=` responses under application/json only.
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "minLength": 1},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z]+(_[a-z]+)*$"},
        "detail": {"type": "string", "minLength": 1},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def make_problem(error: ServiceError) -> dict[str, Any]:
    """Make the body of an error response, which conforms to contracts/problem.schema.json (003/FR-006)."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
    if error.faults:
        body["errors"] = [{"where": where, "what": what} for where, what in error.faults]
    return body


async def respond_to_service_error(_: HTTPConnection, error: Exception) -> JSONResponse:
    """Respond with the error that was raised; an exception handler for FastAPI."""
    refusal = error if isinstance(error, ServiceError) else InternalError()
    return JSONResponse(make_problem(refusal), refusal.status, refusal.headers, media_type=MEDIA_TYPE)


def describe_refusals(*errors: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """Describe error responses for the argument `responses` of a FastAPI route (003/FR-022).

    Args:
        errors: The classes of the errors that the route may respond with.
    """
    return {error.status: _describe(error) for error in errors}


def describe_refused_access() -> dict[int | str, dict[str, Any]]:
    """Describe the error responses of every protected route: 401 and 503."""
    return describe_refusals(AuthenticationError, UnavailableError)


def describe_response(status: int, *, description: str, **headers: Any) -> dict[int | str, dict[str, Any]]:
    """Describe the successful response of a protected route, with `Cache-Control` (003/FR-021).

    Args:
        status: The HTTP status.
        description: The description of the response.
        headers: The header objects of OpenAPI beside `Cache-Control`, by name.
    """
    return {status: {"description": description, "headers": {"Cache-Control": NOT_CACHED_HEADER, **headers}}}


def _describe(error: type[ServiceError]) -> dict[str, Any]:
    headers = {"Cache-Control": NOT_CACHED_HEADER}
    if issubclass(error, AuthenticationError | InsufficientScopeError):
        headers["WWW-Authenticate"] = CHALLENGE_HEADER
    if issubclass(error, UnavailableError):
        headers["Retry-After"] = RETRY_HEADER
    return {
        "description": error.meaning,
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}},
    }


REQUEST_INVALID = describe_refusals(RequestInvalidError)
ACCOUNT_ERASED = describe_refusals(AccountErasedError)
