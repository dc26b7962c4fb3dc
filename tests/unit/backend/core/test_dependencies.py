"""The dependency in the real application: what it accepts, when it decides, and what it logs."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, WebSocket
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from backend.api.problems import install_problem_handlers
from backend.core.dependencies import (
    CurrentPrincipal,
    CurrentUserId,
    get_current_user_id,
    install_authenticator,
)
from backend.core.keys import build_key_set
from backend.core.routing import AuthenticateFirstRoute, requires_caller
from backend.core.security import verify_token
from backend.testing.issuer import Issuer, make_secret, make_subject
from tests.support.service import (
    BASE_URL,
    UNREACHABLE_DATABASE,
    Client,
    Clock,
    bearer,
    make_settings,
    open_client,
)

ALICE = make_subject("alice")


@pytest.fixture
def empty_app(secret: str, clock: Clock) -> FastAPI:
    """A team's own application: nothing of ours but the dependency."""
    app = FastAPI()
    app.router.route_class = AuthenticateFirstRoute
    install_authenticator(app, build_key_set(make_settings(secret, UNREACHABLE_DATABASE)), clock)
    install_problem_handlers(app)
    return app


@pytest.fixture
def empty_client(empty_app: FastAPI) -> Iterator[Client]:
    with open_client(empty_app) as client:
        yield client


@pytest.mark.requirement("003/FR-001")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("blanks", [" ", "   "])
def test_scheme_is_read_in_any_case(offline_client: Client, issuer: Issuer, scheme: str, blanks: str) -> None:
    answer = offline_client.get(
        "/api/me", headers={"Authorization": f"{scheme}{blanks}{issuer.token(ALICE)}"}
    )
    assert (answer.status_code, answer.json()) == (200, {"user_id": ALICE})


@pytest.mark.requirement("003/FR-001", "003/FR-006", "003/FR-015")
@pytest.mark.parametrize(
    ("header", "cause"),
    [
        (b"", "scheme"),
        (b"Bearer", "blank"),
        (b"Bearer ", "blank"),
        (b"Bearer \t", "blank"),
        (b"Bearer one two", "blank"),
        (b"Bearer one\ttwo", "blank"),
        (b"Bearer\tone", "scheme"),
        (b" Bearer one", "scheme"),
        (b"Basic YWxpY2U6c2VjcmV0", "scheme"),
        (b"Token abc", "scheme"),
        (b"Bearer, Bearer abc", "scheme"),
        (b"\xff\xfe", "scheme"),
    ],
)
def test_malformed_header_is_refused(offline_client: Client, header: bytes, cause: str) -> None:
    with capture_logs() as logs:
        answer = offline_client.get("/api/me", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials_malformed")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert [each["cause"] for each in logs if each["event"] == "credentials_refused"] == [cause]


@pytest.mark.requirement("003/FR-001", "003/FR-008")
@pytest.mark.parametrize("good_at", [0, 1])
def test_two_headers_are_as_good_as_none(offline_client: Client, issuer: Issuer, good_at: int) -> None:
    values = [b"Bearer nothing", b"Bearer nothing"]
    values[good_at] = b"Bearer " + issuer.token(ALICE).encode()
    answer = offline_client.get("/api/me", headers=[(b"authorization", value) for value in values])
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials_malformed")


@pytest.mark.requirement("003/FR-001")
@pytest.mark.parametrize("place", ["query", "cookie", "form", "other header"])
def test_token_elsewhere_is_never_read(offline_client: Client, issuer: Issuer, place: str) -> None:
    token = issuer.token(ALICE)
    options: dict[str, dict[str, Any]] = {
        "query": {"params": {"access_token": token, "token": token}},
        "cookie": {"headers": {"Cookie": f"access_token={token}; Authorization={token}"}},
        "form": {
            "content": f"access_token={token}",
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        },
        "other header": {"headers": {"Proxy-Authorization": f"Bearer {token}", "X-Access-Token": token}},
    }
    answer = offline_client.get("/api/me", **options[place])
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials_missing")


@pytest.mark.requirement("003/FR-006")
def test_challenge_names_an_error_only_when_credentials_came(offline_client: Client) -> None:
    assert offline_client.get("/api/me").headers["WWW-Authenticate"] == 'Bearer realm="tasks"'
    refused = offline_client.get("/api/me", headers=bearer("a.b.c"))
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


@pytest.mark.requirement("003/FR-008", "003/SC-003")
@given(value=st.binary(max_size=200) | st.binary(max_size=120).map(lambda data: b"Bearer " + data))
@example(value=b"Bearer " + b"[" * 9000)
@example(value=b"Bearer " + b"a" * 1_000_000)
@example(value=b"Bearer W1tbW1tbW1s.W1tbW1tbW1s.W1tbW1tbW1s")
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_header_is_answered_with_anything_but_401(offline_app: FastAPI, value: bytes) -> None:
    assert asyncio.run(call(offline_app, value)) == 401


async def call(app: FastAPI, authorization: bytes) -> int:
    """Call the application past any client: each byte arrives."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/me",
        "raw_path": b"/api/me",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"authorization", authorization)],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.requirement("003/FR-005", "003/SC-001")
@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 5000, b"x" * 100_000, b""])
def test_caller_is_known_before_the_body_is_read(offline_client: Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = offline_client.post("/api/tasks", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials_missing")


@pytest.mark.requirement("003/FR-005", "003/SC-001")
@pytest.mark.parametrize("place", ["route", "router", "inclusion"])
def test_dependency_of_any_place_comes_before_the_body(
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

    answer = empty_client.get("/mine", headers=bearer(issuer.token(ALICE, sid="session-1")))
    assert answer.json() == [ALICE, ALICE, "session-1"]


@pytest.mark.requirement("003/FR-005", "003/SC-001")
def test_endpoint_does_not_run_for_strangers(
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


def test_plain_route_class_authenticates_as_well(
    empty_app: FastAPI, empty_client: Client, issuer: Issuer
) -> None:
    router = APIRouter()

    @router.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    empty_app.include_router(router)
    assert empty_client.get("/mine").status_code == 401
    assert empty_client.get("/mine", headers=bearer(issuer.token(ALICE))).json() == ALICE


def test_tests_of_a_team_may_replace_the_dependency(empty_app: FastAPI, empty_client: Client) -> None:
    @empty_app.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    empty_app.dependency_overrides[get_current_user_id] = lambda: "somebody"
    assert empty_client.get("/mine").json() == "somebody"


def test_token_is_verified_once_a_request(
    empty_app: FastAPI, empty_client: Client, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def count(*arguments: Any) -> Any:
        calls.append(arguments)
        return verify_token(*arguments)

    monkeypatch.setattr("backend.core.dependencies.verify_token", count)

    @empty_app.get("/mine")
    async def mine(user_id: CurrentUserId, _: CurrentPrincipal) -> str:
        return user_id

    assert empty_client.get("/mine", headers=bearer(issuer.token(ALICE))).status_code == 200
    assert len(calls) == 1


@pytest.mark.requirement("003/FR-007", "003/SC-001")
def test_each_route_is_protected_or_public(offline_app: FastAPI) -> None:
    public = set()
    for context in iter_route_contexts(offline_app.routes):
        if not requires_caller(context.dependant):
            public.add(context.path)
        else:
            assert get_current_user_id in {each.call for each in context.dependant.dependencies}
    assert public == {"/health", "/openapi.json"}


async def exchange(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> list[Any]:
    """Open a WebSocket and give what the application sent."""
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/live",
        "raw_path": b"/live",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]
    sent: list[Any] = []

    async def receive() -> Any:
        return received.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


@pytest.mark.requirement("003/FR-005", "003/FR-007")
def test_websocket_gets_the_caller_by_the_same_dependency(empty_app: FastAPI, issuer: Issuer) -> None:
    ran = []

    @empty_app.websocket("/live")
    async def live(websocket: WebSocket, user_id: CurrentUserId) -> None:
        ran.append(user_id)
        await websocket.accept()
        await websocket.send_text(user_id)
        await websocket.close()

    token = b"Bearer " + issuer.token(ALICE).encode()
    sent = asyncio.run(exchange(empty_app, [(b"authorization", token)]))
    assert [each["type"] for each in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert ran == [ALICE]
    for headers in ([], [(b"authorization", b"Bearer a.b.c")]):
        sent = asyncio.run(exchange(empty_app, headers))
        assert sent[0]["type"] == "websocket.http.response.start"
        assert sent[0]["status"] == 401
        assert b"www-authenticate" in dict(sent[0]["headers"])
    assert ran == [ALICE]


@pytest.mark.requirement("003/FR-015")
def test_refusal_is_logged_once_with_its_cause_and_nothing_of_the_token(
    offline_client: Client, issuer: Issuer
) -> None:
    token = issuer.token(ALICE, email="alice@example.org", lifetime=-3600)
    path = "/api/tasks/0190a5d2-0000-4000-8000-000000000000?search=private"
    with capture_logs() as logs:
        offline_client.get(path, headers=bearer(token))
    refused = [each for each in logs if each["event"] == "credentials_refused"]
    assert refused == [
        {"event": "credentials_refused", "code": "token_expired", "cause": "expired", "log_level": "warning"}
    ]
    for secret in (token, *token.split("."), ALICE, "example.org", "0190a5d2", "private"):
        assert secret not in str(logs)


def test_refusal_of_a_key_set_token_hints_at_the_cause(offline_client: Client, issuer: Issuer) -> None:
    with capture_logs() as logs:
        offline_client.get("/api/me", headers=bearer(issuer.token(ALICE, header={"alg": "EdDSA"})))
    assert "Better Auth ignores its algorithm option" in logs[0]["hint"]


def test_application_without_authenticator_says_what_to_do(issuer: Issuer) -> None:
    app = FastAPI()

    @app.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    with open_client(app) as client, pytest.raises(RuntimeError, match="call install_authenticator"):
        client.get("/mine", headers=bearer(issuer.token(ALICE)))


def test_another_deployment_refuses_the_token(offline_client: Client) -> None:
    other = Issuer(make_secret(), "http://localhost:3000", "http://localhost:3000")
    assert offline_client.get("/api/me", headers=bearer(other.token(ALICE))).status_code == 401
    assert BASE_URL.startswith("http://127.0.0.1")
