"""Problem bodies for all errors: of the service, of FastAPI, and unexpected ones (003/FR-006)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from backend.core.errors import (
    InternalError,
    MethodNotAllowedError,
    NotFoundError,
    RequestInvalidError,
    ServiceError,
)
from backend.core.http.problem import MEDIA_TYPE, make_problem, respond_to_service_error

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import HTTPConnection
    from starlette.types import Receive, Scope, Send

# Errors of Pydantic whose message contains the rule and no value of the request.
_SAFE_MESSAGES = frozenset(
    {
        "bool_type",
        "enum",
        "greater_than_equal",
        "int_type",
        "less_than_equal",
        "literal_error",
        "missing",
        "string_pattern_mismatch",
        "string_too_long",
        "string_too_short",
        "string_type",
        "string_unicode",
    }
)


def install_problem_handlers(app: FastAPI) -> None:
    """Install the exception handlers that respond to every error with a problem body."""
    app.add_exception_handler(ServiceError, respond_to_service_error)
    app.add_exception_handler(RequestValidationError, _respond_to_validation_error)
    app.add_exception_handler(HTTPException, _respond_to_http_error)


async def respond_to_internal_error(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to an unexpected error; an ASGI application."""
    await _respond(InternalError())(scope, receive, send)


def _respond(error: ServiceError) -> JSONResponse:
    return JSONResponse(make_problem(error), error.status, error.headers, media_type=MEDIA_TYPE)


async def _respond_to_validation_error(_: HTTPConnection, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    return _respond(RequestInvalidError(*(_explain(fault) for fault in faults)))


async def _respond_to_http_error(connection: HTTPConnection, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.BAD_REQUEST:
        # FastAPI raises it for a body that it cannot parse; the cause may be an error of the service.
        cause = error.__cause__
        unreadable = RequestInvalidError(("body", "cannot be read as JSON"))
        return _respond(cause if isinstance(cause, ServiceError) else unreadable)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return _respond(MethodNotAllowedError(_find_methods(connection)))
    return _respond(NotFoundError() if status == HTTPStatus.NOT_FOUND else InternalError())


def _find_methods(connection: HTTPConnection) -> list[str]:
    """Return the methods of all routes with the same path; Starlette returns those of the first route."""
    template = getattr(connection.scope.get("route"), "path_format", None)
    same = [
        context for context in iter_route_contexts(connection.app.routes) if context.path_format == template
    ]
    return sorted({method for context in same for method in context.methods or ()})


def _explain(fault: Any) -> tuple[str, str]:
    """Return the place and the fault, without data of the request: not even the name of an unknown member."""
    error_type, place = fault["type"], [str(part) for part in fault["loc"]]
    if error_type == "extra_forbidden":
        return ".".join(place[:-1]), "Holds a member that the contract does not know"
    if error_type == "json_invalid":
        return "body", "cannot be read as JSON"
    return ".".join(place), fault["msg"] if error_type in _SAFE_MESSAGES else "Does not fit the contract"
