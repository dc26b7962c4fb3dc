"""The document that an app serves is requested over ASGI and compared with the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from specwitness.contract.served import compare_served
from specwitness.errors import TargetError
from specwitness.inspection import read_served
from tests.support.sample_contract import DOCUMENT, LIST, SCHEMES, change, read

if TYPE_CHECKING:
    from pathlib import Path


def serve(answer: Response) -> Starlette:
    async def give(_: Any) -> Response:
        return answer

    return Starlette(routes=[Route("/openapi.json", give)])


def test_document_is_requested_within_the_lifespan_of_the_app() -> None:
    steps = []

    class Lifespan:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __aenter__(self) -> None:
            steps.append("start")

        async def __aexit__(self, *_: object) -> None:
            steps.append("stop")

    app = FastAPI(lifespan=Lifespan)
    assert read_served(app, "/openapi.json")["openapi"] == "3.1.0"
    assert steps == ["start", "stop"]


def test_document_of_an_app_without_lifespan_is_read() -> None:
    async def app(scope: Any, _: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(DOCUMENT).encode()})

    assert read_served(app, "/openapi.json") == DOCUMENT


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (serve(JSONResponse([])), "the response is 200, without an OpenAPI document"),
        (serve(PlainTextResponse("{")), "the response is 200, without an OpenAPI document"),
        (serve(JSONResponse(DOCUMENT, 401)), "the response is 401, without an OpenAPI document"),
        (Starlette(), "the response is 404, without an OpenAPI document"),
        (lambda *_: 1 / 0, "the response is 500, without an OpenAPI document"),
    ],
)
def test_response_without_a_document_is_an_error(app: Any, message: str) -> None:
    with pytest.raises(TargetError, match="an OpenAPI document") as caught:
        read_served(app, "/openapi.json")
    assert message in str(caught.value)


def test_equivalent_served_document_has_no_findings(tmp_path: Path) -> None:
    contract = read(DOCUMENT, tmp_path)
    same = change({SCHEMES: {"x": {"type": "http", "scheme": "bearer"}}, "/security": [{"x": []}]})
    assert compare_served(contract, same, "/openapi.json") == ()


def test_different_served_document_is_reported(tmp_path: Path) -> None:
    contract = read(DOCUMENT, tmp_path)
    (finding,) = compare_served(contract, change({f"{LIST}/security": []}), "/openapi.json")
    assert finding.code == "served-contract"
    assert "security http bearer, the app says no credentials" in finding.message
    extra = change({"/paths/~1debug": {"get": {"responses": {"200": {"description": "x"}}}}})
    (finding,) = compare_served(contract, extra, "/openapi.json")
    assert finding.message.startswith("/openapi.json does not serve the contract: the app serves GET /debug")
