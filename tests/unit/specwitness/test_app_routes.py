"""Every route of an app is listed: included, mounted, hidden, WebSockets, front ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles

from specwitness.app_routes import list_routes
from specwitness.contract import compare_routes
from tests.support.sample_contract import DOCUMENT, GONE, ORDER, change, read

if TYPE_CHECKING:
    from pathlib import Path


async def answer(_: Any) -> None: ...


async def talk(_: WebSocket) -> None: ...


class Resource(HTTPEndpoint):
    async def delete(self, request: Any) -> None: ...


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")
    inner.add_api_route("/a", answer, methods=["PUT"], include_in_schema=False)
    inner.add_api_websocket_route("/talk", talk)
    outer.include_router(inner)
    app = FastAPI(openapi_url=None)
    app.include_router(outer, prefix="/v1")
    mounted = FastAPI(openapi_url=None)
    mounted.add_api_route("/b", answer, methods=["POST"])
    app.mount("/mounted", mounted)
    app.mount("/files", StaticFiles(directory=tmp_path))
    app.router.routes += [Route("/c", Resource), Host("x.example", Router([Route("/d", answer)]))]
    app.frontend("/ui", directory=tmp_path)
    return app


EXPECTED = (
    ("*", "/files/{path}"),
    ("*", "/ui/{path}"),
    ("DELETE", "/c"),
    ("GET", "/d"),
    ("HEAD", "/d"),
    ("POST", "/mounted/b"),
    ("PUT", "/v1/outer/inner/a"),
    ("WEBSOCKET", "/v1/outer/inner/talk"),
)


def test_every_route_is_listed(app: FastAPI) -> None:
    assert list_routes(app) == EXPECTED


def test_app_inside_of_middleware_is_found(app: FastAPI) -> None:
    class Middleware:
        def __init__(self, app: Any) -> None:
            self.app = app

    assert list_routes(Middleware(Middleware(app))) == EXPECTED
    assert list_routes(answer) == ()


def test_routes_of_plain_starlette_are_listed() -> None:
    routes = [Mount("/m", routes=[WebSocketRoute("/w", talk)]), Route("/r", answer, methods=["POST"])]
    assert list_routes(Starlette(routes=routes)) == (("POST", "/r"), ("WEBSOCKET", "/m/w"))


ROUTES = [("GET", "/orders"), ("POST", "/orders"), ("GET", "/orders/{id:uuid}"), ("GET", "/health")]


def test_operation_without_a_route_is_found(tmp_path: Path) -> None:
    contract = read(DOCUMENT, tmp_path)
    assert compare_routes(contract, ROUTES) == ()
    (finding,) = compare_routes(contract, ROUTES[:-1])
    assert finding.code == "missing-route"
    assert finding.message == "the app has no route for GET /health"
    assert finding.location == contract.locate("/paths/~1health/get")


def test_websocket_and_mounted_files_are_routes(tmp_path: Path) -> None:
    contract = read(DOCUMENT, tmp_path)
    found = compare_routes(contract, [*ROUTES, ("WEBSOCKET", "/talk"), ("*", "/files/{path}")])
    assert [finding.message.split(",")[0] for finding in found] == [
        "the app serves * /files/{path}",
        "the app serves WEBSOCKET /talk",
    ]
    assert compare_routes(contract, [*ROUTES, ("WEBSOCKET", "/talk")], {"/talk"}) == ()


def test_websocket_is_documented_as_a_get_that_switches_protocols(tmp_path: Path) -> None:
    talks = {"responses": {"101": {"description": "A WebSocket"}}}
    contract = read(change({"/paths/~1talk": {"get": talks}}), tmp_path)
    assert compare_routes(contract, [*ROUTES, ("WEBSOCKET", "/talk")]) == ()


def test_mounted_files_serve_what_stands_below_them(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "/paths/~1files~1{path}": {"get": change({})["paths"]["/orders/{order_id}"]["get"]},
        ORDER: GONE,
    }
    files["/paths/~1files~1{path}"]["get"]["parameters"][0]["name"] = "path"
    contract = read(change(files), tmp_path)
    routes = [*(route for route in ROUTES if "{id" not in route[1]), ("*", "/files/{path}")]
    assert compare_routes(contract, routes) == ()
