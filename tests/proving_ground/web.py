"""What all services of the proving ground share of HTTP: refusals, protected routes, strict numbers."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Body as JsonBody
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tests.proving_ground.model import Faults

PRIVATE = "private, no-store"
_TURNS, _TURN_SECONDS = 20, 0.001
WHOLE = re.compile(r"-?(0|[1-9][0-9]*)(\.0)?")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class RefusalError(Exception):
    """A request that is not served; each service words it in its own way."""

    def __init__(self, status: int, title: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.headers = dict(headers or {})


class Body(BaseModel):
    """A body that came from outside: no member too many, no type bent."""

    model_config = ConfigDict(extra="forbid", strict=True)


BodyT = TypeVar("BodyT", bound=Body)


def _read_whole(value: object) -> object:
    """Read `7` of a query and `7.0` of a body, which JSON Schema counts among the integers."""
    if isinstance(value, str) and not WHOLE.fullmatch(value):
        raise ValueError("is no whole number")
    if isinstance(value, str):
        return int(value.removesuffix(".0"))
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_read_whole)]
Text = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\u0000]+$")]
JsonObject = Annotated[dict[str, Any], JsonBody()]
Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]


def read_body(form: type[BodyT], body: dict[str, Any]) -> BodyT:
    """Read a body by the form that one build wants.

    Raises:
        RefusalError: The body does not fit.
    """
    try:
        return form.model_validate(body)
    except ValidationError as error:
        raise RefusalError(422, "the request does not fit") from error


async def let_others_run() -> None:
    """Suspend a call until the calls that were sent at the same time had their turn: a race needs them.

    On a busy machine one long sleep may end before the other calls have begun; after many short ones
    every other thread has been scheduled as often as this one.
    """
    for _ in range(_TURNS):
        await asyncio.sleep(_TURN_SECONDS)


def answer_problem(error: RefusalError) -> Response:
    """Word a refusal as a problem (RFC 9457)."""
    body = {"type": "about:blank", "title": error.title, "status": error.status}
    return JSONResponse(body, error.status, error.headers, media_type="application/problem+json")


def make_app(answer: Callable[[RefusalError], Response], faults: Faults) -> FastAPI:
    """Make an application without routes that words every refusal by `answer`."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    def refuse(error: RefusalError) -> Response:
        response = answer(error)
        response.headers.setdefault("Cache-Control", PRIVATE)
        return response

    async def answer_refusal(_: Request, error: Exception) -> Response:
        assert isinstance(error, RefusalError)
        return refuse(error)

    async def answer_invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if faults.has("errors-echo-input"):
            echo = json.dumps(error.body, allow_nan=False, default=str)
            return refuse(RefusalError(422, f"the request does not fit: {echo}"))
        return refuse(RefusalError(422, "the request does not fit"))

    async def answer_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 400:
            return refuse(RefusalError(422, "the request does not fit"))
        headers = {"Allow": ", ".join(list_methods(app, request))} if error.status_code == 405 else {}
        return refuse(RefusalError(error.status_code, error.detail.lower(), headers))

    app.add_exception_handler(RefusalError, answer_refusal)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    return app


def list_methods(app: FastAPI, request: Request) -> list[str]:
    """List the methods that a path answers; FastAPI tells those of the first route only."""
    routes = list(iter_route_contexts(app.routes))
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in routes)
    ]


def protected_by(
    admit: Callable[[Request], object], cache_control: str = PRIVATE, *, reads_form: bool = False
) -> type[APIRoute]:
    """Make the class of routes that find their caller before the body is read, unless `reads_form`."""

    class ProtectedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]  # FastAPI wants a Coroutine, any awaitable serves
            handle = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                if reads_form:
                    request.state.form = dict(parse_qsl((await request.body()).decode("latin-1")))
                request.state.caller = admit(request)
                response = await handle(request)
                if cache_control:
                    response.headers.setdefault("Cache-Control", cache_control)
                return response

            return guarded

    return ProtectedRoute
