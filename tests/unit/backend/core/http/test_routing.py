"""Routes: authentication before the body, and the search for unprotected routes."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles

from backend.core.dependencies import (
    CurrentPrincipal,
    CurrentUserId,
    get_current_user_id,
    install_authenticator,
    require_scopes,
)
from backend.core.http.routing import AuthenticateFirstRoute, find_open_routes
from backend.core.identity.bearer import CallerBearer
from backend.core.key_sources.source import build_key_source
from backend.core.security import check_token
from backend.testing.issuer import Issuer, make_subject
from tests.support.service import UNREACHABLE_DATABASE, Client, bearer, make_settings, open_client

ALICE = make_subject("alice")


@pytest.mark.requirement("003/FR-005", "003/SC-001")
@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 5000, b"x" * 100_000, b""])
def test_caller_is_authenticated_before_the_body_is_read(offline_client: Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = offline_client.post("/api/tasks", content=content, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "credentials_missing")


@pytest.mark.requirement("003/FR-005", "003/SC-001")
@pytest.mark.parametrize("place", ["route", "router", "inclusion"])
def test_dependency_at_any_level_is_resolved_before_the_body(
    empty_app: FastAPI, empty_client: Client, issuer: Issuer, place: str
) -> None:
    needed = [Depends(get_current_user_id)]
    router = APIRouter(route_class=AuthenticateFirstRoute, dependencies=needed if place == "router" else [])

    @router.post("/notes", dependencies=needed if place == "route" else [])
    async def make_note(note: Annotated[dict[str, str], Body()]) -> dict[str, str]:
        return note

    empty_app.include_router(router, dependencies=needed if place == "inclusion" else [])
    json_type = {"Content-Type": "application/json"}
    assert empty_client.post("/notes", content=b"{", headers=json_type).status_code == 401
    token = bearer(issuer.token(ALICE))
    assert empty_client.post("/notes", content=b"{", headers={**json_type, **token}).status_code == 422
    assert empty_client.post("/notes", json={"a": "b"}, headers=token).json() == {"a": "b"}


@pytest.mark.requirement("003/FR-004", "003/FR-005", "003/SC-004")
def test_endpoint_receives_the_subject(empty_app: FastAPI, empty_client: Client, issuer: Issuer) -> None:
    @empty_app.get("/mine")
    async def mine(user_id: CurrentUserId, principal: CurrentPrincipal) -> list[str | None]:
        return [user_id, principal.subject, principal.session_id]

    response = empty_client.get("/mine", headers=bearer(issuer.token(ALICE, sid="session-1")))
    assert response.json() == [ALICE, ALICE, "session-1"]


@pytest.mark.requirement("003/FR-005", "003/SC-001")
def test_endpoint_does_not_run_without_valid_credentials(
    empty_app: FastAPI, empty_client: Client, issuer: Issuer
) -> None:
    ran = []

    @empty_app.get("/mine")
    async def mine(user_id: CurrentUserId) -> None:
        ran.append(user_id)

    assert empty_client.get("/mine").status_code == 401
    assert empty_client.get("/mine", headers=bearer(issuer.token(ALICE, lifetime=-11))).status_code == 401
    assert ran == []


def test_route_without_the_dependency_is_open(empty_app: FastAPI, empty_client: Client) -> None:
    @empty_app.get("/open")
    async def look() -> str:
        return "open"

    assert empty_client.get("/open").json() == "open"
    assert empty_client.get("/open", headers=bearer("nonsense")).json() == "open"


def test_dependency_works_on_the_route_class_of_fastapi(
    empty_app: FastAPI, empty_client: Client, issuer: Issuer
) -> None:
    router = APIRouter()

    @router.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    empty_app.include_router(router)
    assert empty_client.get("/mine").status_code == 401
    assert empty_client.get("/mine", headers=bearer(issuer.token(ALICE))).json() == ALICE


def test_dependency_can_be_overridden_in_tests(empty_app: FastAPI, empty_client: Client) -> None:
    @empty_app.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    empty_app.dependency_overrides[get_current_user_id] = lambda: "somebody"
    assert empty_client.get("/mine").json() == "somebody"


def test_token_is_verified_once_for_each_request(
    empty_app: FastAPI, empty_client: Client, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def count(*arguments: Any) -> Any:
        calls.append(arguments)
        return check_token(*arguments)

    monkeypatch.setattr("backend.core.identity.verified_tokens.check_token", count)

    @empty_app.get("/mine")
    async def mine(user_id: CurrentUserId, _: CurrentPrincipal) -> str:
        return user_id

    assert empty_client.get("/mine", headers=bearer(issuer.token(ALICE))).status_code == 200
    assert len(calls) == 1


@pytest.mark.requirement("003/FR-030")
def test_unprotected_routes_are_listed_with_their_places(empty_app: FastAPI) -> None:
    @empty_app.get("/open", include_in_schema=False)
    async def look() -> str:
        return "open"

    @empty_app.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    router = APIRouter(prefix="/all", dependencies=[Depends(get_current_user_id)])
    router.add_api_route("/mine", look)
    empty_app.include_router(router)
    named = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}
    found = find_open_routes(empty_app, named)
    assert len(found) == 1
    assert found[0].startswith("GET /open (tests/unit/backend/core/http/test_routing.py:")
    assert find_open_routes(empty_app, named | {"/open"}) == []
    assert len(find_open_routes(empty_app, {"/open"})) == 4


@pytest.mark.requirement("003/FR-029")
def test_scope_must_match_as_a_whole(empty_app: FastAPI, empty_client: Client, issuer: Issuer) -> None:
    needed = require_scopes("tasks:read", "tasks:write")

    @empty_app.get("/mine", dependencies=[Depends(needed)])
    async def mine() -> str:
        return "granted"

    assert find_open_routes(empty_app, {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}) == []
    responses = {}
    for scope in (
        "tasks:read tasks:write",
        "tasks:write  tasks:read more",
        "tasks:read",
        "",
        1,
        ["tasks:read"],
    ):
        token = issuer.token(ALICE, scope=scope)
        responses[str(scope)] = empty_client.get("/mine", headers=bearer(token)).status_code
    assert list(responses.values()) == [200, 200, 403, 403, 403, 403]
    refused = empty_client.get("/mine", headers=bearer(issuer.token(ALICE)))
    challenge = 'Bearer realm="tasks", error="insufficient_scope", scope="tasks:read tasks:write"'
    assert refused.headers["WWW-Authenticate"] == challenge
    assert empty_client.get("/mine").status_code == 401


@pytest.mark.requirement("003/FR-030")
@pytest.mark.parametrize("place", ["application", "router", "mount", "sub-application", "websocket"])
def test_unprotected_route_of_any_kind_is_found(empty_app: FastAPI, tmp_path: Path, place: str) -> None:
    async def accept(websocket: WebSocket) -> None:
        await websocket.accept()

    (tmp_path / "index.html").write_text("open")
    named = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}
    if place == "application":
        empty_app.frontend("/pages", directory=tmp_path)
    elif place == "router":
        router = APIRouter()
        router.frontend("/pages", directory=tmp_path)
        empty_app.include_router(router)
    elif place == "mount":
        empty_app.mount("/pages", StaticFiles(directory=tmp_path))
    elif place == "sub-application":
        empty_app.mount("/pages", FastAPI(openapi_url=None))
    else:
        empty_app.add_api_websocket_route("/pages", accept)
    found = find_open_routes(empty_app, named)
    assert len(found) == 1
    assert "/pages" in found[0]


@pytest.mark.requirement("003/FR-007")
def test_security_scheme_verifies_the_token(empty_app: FastAPI, empty_client: Client, issuer: Issuer) -> None:
    @empty_app.get("/mine", dependencies=[Depends(CallerBearer())])
    async def mine() -> str:
        return "mine"

    assert empty_client.get("/mine", headers=bearer("junk")).status_code == 401
    assert empty_client.get("/mine", headers=bearer(issuer.token(ALICE))).json() == "mine"


@pytest.mark.requirement("003/FR-006")
def test_plain_fastapi_application_needs_only_the_authenticator(secret: str, issuer: Issuer) -> None:
    app = FastAPI()
    source = build_key_source(make_settings(secret, UNREACHABLE_DATABASE))
    install_authenticator(app, source, issuer.clock)

    @app.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    with open_client(app) as client:
        refused = client.get("/mine")
        assert (refused.status_code, refused.json()["code"]) == (401, "credentials_missing")
        assert client.get("/mine", headers=bearer(issuer.token(ALICE))).json() == ALICE


@pytest.mark.requirement("003/FR-021")
def test_response_to_an_authenticated_caller_forbids_caching_on_every_path(
    offline_app: FastAPI, issuer: Issuer
) -> None:
    @offline_app.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    with open_client(offline_app) as client:
        response = client.get("/mine", headers=bearer(issuer.token(ALICE)))
        assert response.headers["Cache-Control"] == "private, no-store"
        assert "Cache-Control" not in client.get("/openapi.json").headers
