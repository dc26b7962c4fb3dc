"""The problem body of every refusal (RFC 9457), and how the API's schema describes it."""

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
# Written out, since FastAPI states `model=` responses under application/json only.
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
    """Make the body of a refusal; it fits contracts/problem.schema.json (003/FR-006)."""
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


async def answer_service_error(_: HTTPConnection, error: Exception) -> JSONResponse:
    """Answer a request with the refusal that was raised; an exception handler of FastAPI."""
    refusal = error if isinstance(error, ServiceError) else InternalError()
    return JSONResponse(make_problem(refusal), refusal.status, refusal.headers, media_type=MEDIA_TYPE)


def describe_refusals(*kinds: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for the `responses` of a FastAPI route (003/FR-022).

    Args:
        kinds: The kinds of errors that the route may answer with.
    """
    return {kind.status: _describe(kind) for kind in kinds}


def describe_refused_access() -> dict[int | str, dict[str, Any]]:
    """Describe what every protected route may answer."""
    return describe_refusals(AuthenticationError, UnavailableError)


def describe_answer(status: int, *, description: str, **headers: Any) -> dict[int | str, dict[str, Any]]:
    """Describe the success of a protected route, which nobody may keep (003/FR-021).

    Args:
        status: HTTP status.
        description: What the answer is.
        headers: Headers beside `Cache-Control`.
    """
    return {status: {"description": description, "headers": {"Cache-Control": NOT_CACHED_HEADER, **headers}}}


def _describe(kind: type[ServiceError]) -> dict[str, Any]:
    headers = {"Cache-Control": NOT_CACHED_HEADER}
    if issubclass(kind, AuthenticationError | InsufficientScopeError):
        headers["WWW-Authenticate"] = CHALLENGE_HEADER
    if issubclass(kind, UnavailableError):
        headers["Retry-After"] = RETRY_HEADER
    return {
        "description": kind.meaning,
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}},
    }


REQUEST_INVALID = describe_refusals(RequestInvalidError)
ACCOUNT_ERASED = describe_refusals(AccountErasedError)
