"""The dependency in the real application: accepted headers, refusals, their logs."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from structlog.testing import capture_logs

from backend.core.config import load_settings
from backend.core.dependencies import CurrentUserId
from backend.core.http.routing import requires_caller
from backend.core.identity.bearer import CallerBearer
from backend.main import create_app
from backend.testing.issuer import Issuer, make_secret, make_subject
from backend.testing.key_server import KeyServer
from tests.support.key_sets import pair
from tests.support.service import (
    BASE_URL,
    UNREACHABLE_DATABASE,
    Client,
    Clock,
    bearer,
    open_client,
)

ALICE = make_subject("alice")


@pytest.mark.requirement("003/FR-001")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("blanks", [" ", "   "])
def test_scheme_bearer_is_accepted_in_any_case(
    offline_client: Client, issuer: Issuer, scheme: str, blanks: str
) -> None:
    response = offline_client.get(
        "/api/me", headers={"Authorization": f"{scheme}{blanks}{issuer.token(ALICE)}"}
    )
    assert (response.status_code, response.json()) == (200, {"user_id": ALICE})


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
        response = offline_client.get("/api/me", headers={"Authorization": header})
    assert (response.status_code, response.json()["code"]) == (401, "credentials_malformed")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert [entry["cause"] for entry in logs if entry["event"] == "credentials_refused"] == [cause]


@pytest.mark.requirement("003/FR-001", "003/FR-008")
@pytest.mark.parametrize("good_at", [0, 1])
def test_two_authorization_headers_are_refused(offline_client: Client, issuer: Issuer, good_at: int) -> None:
    values = [b"Bearer nothing", b"Bearer nothing"]
    values[good_at] = b"Bearer " + issuer.token(ALICE).encode()
    response = offline_client.get("/api/me", headers=[(b"authorization", value) for value in values])
    assert (response.status_code, response.json().get("code")) == (401, "credentials_malformed")


@pytest.mark.requirement("003/FR-001")
@pytest.mark.parametrize("place", ["query", "cookie", "form", "other header"])
def test_token_outside_of_the_authorization_header_is_ignored(
    offline_client: Client, issuer: Issuer, place: str
) -> None:
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
    response = offline_client.get("/api/me", **options[place])
    assert (response.status_code, response.json()["code"]) == (401, "credentials_missing")


@pytest.mark.requirement("003/FR-006")
def test_challenge_has_an_error_code_only_if_credentials_were_sent(offline_client: Client) -> None:
    assert offline_client.get("/api/me").headers["WWW-Authenticate"] == 'Bearer realm="tasks"'
    refused = offline_client.get("/api/me", headers=bearer("a.b.c"))
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


@pytest.mark.requirement("003/FR-007", "003/SC-001")
def test_each_route_is_protected_or_public(offline_app: FastAPI) -> None:
    public = set()
    for context in iter_route_contexts(offline_app.routes):
        if not requires_caller(context.dependant):
            public.add(context.path)
        else:
            assert any(
                isinstance(dependency.call, CallerBearer) for dependency in context.dependant.dependencies
            )
    assert public == {"/health", "/openapi.json"}


@pytest.mark.requirement("003/FR-015")
def test_refusal_is_logged_once_with_its_cause_and_without_the_token(
    offline_client: Client, issuer: Issuer
) -> None:
    token = issuer.token(ALICE, email="alice@example.org", lifetime=-3600)
    path = "/api/tasks/0190a5d2-0000-4000-8000-000000000000?search=private"
    with capture_logs() as logs:
        offline_client.get(path, headers=bearer(token))
    refused = [entry for entry in logs if entry["event"] == "credentials_refused"]
    assert refused == [
        {"event": "credentials_refused", "code": "token_expired", "cause": "expired", "log_level": "warning"}
    ]
    for secret in (token, *token.split("."), ALICE, "example.org", "0190a5d2", "private"):
        assert secret not in str(logs)


def test_log_has_a_hint_for_a_token_of_a_key_set(offline_client: Client, issuer: Issuer) -> None:
    with capture_logs() as logs:
        offline_client.get("/api/me", headers=bearer(issuer.token(ALICE, header={"alg": "EdDSA"})))
    assert "Better Auth ignores its algorithm option" in logs[0]["hint"]


def test_missing_authenticator_raises_an_error_with_the_remedy(issuer: Issuer) -> None:
    app = FastAPI()

    @app.get("/mine")
    async def mine(user_id: CurrentUserId) -> str:
        return user_id

    with open_client(app) as client, pytest.raises(RuntimeError, match="call install_authenticator"):
        client.get("/mine", headers=bearer(issuer.token(ALICE)))


def test_token_of_another_deployment_is_refused(offline_client: Client) -> None:
    other = Issuer(make_secret(), "http://localhost:3000", "http://localhost:3000")
    assert offline_client.get("/api/me", headers=bearer(other.token(ALICE))).status_code == 401
    assert BASE_URL.startswith("http://127.0.0.1")


@pytest.mark.requirement("003/FR-031")
def test_revoked_token_is_refused_though_it_is_cached(
    offline_app: FastAPI, offline_client: Client, issuer: Issuer, clock: Clock
) -> None:
    headers = bearer(issuer.token(ALICE, sid="s1"))
    assert offline_client.get("/api/me", headers=headers).status_code == 200
    deny_list = offline_app.state.authenticator.deny_list
    offline_client.call(deny_list.deny_session, issuer.issuer, "s1", clock.now + 900)
    with capture_logs() as logs:
        response = offline_client.get("/api/me", headers=headers)
    assert (response.status_code, response.json().get("code")) == (401, "token_invalid")
    assert logs[0]["cause"] == "revoked"
    assert offline_client.get("/api/me", headers=bearer(issuer.token(ALICE, sid="s2"))).status_code == 200


@pytest.mark.requirement("003/FR-025")
def test_newly_published_key_is_used(clock: Clock) -> None:
    origin = "http://localhost:3000"
    with KeyServer(pair("EdDSA", 0)) as server:
        settings = load_settings(
            {
                "JWT_ALGORITHMS": "EdDSA",
                "JWKS_URL": server.url,
                "DATABASE_URL": UNREACHABLE_DATABASE,
                "PSEUDONYM_KEY": make_secret(),
                "BETTER_AUTH_URL": origin,
            }
        )
        with open_client(create_app(settings, clock=clock)) as client:
            responses = []
            for number in (0, 1):
                server.publish(*(pair("EdDSA", index) for index in range(number + 1)))
                token = Issuer(pair("EdDSA", number), origin, origin, clock).token(ALICE)
                responses.append(client.get("/api/me", headers=bearer(token)).status_code)
    assert responses == [200, 200]


@pytest.mark.requirement("003/FR-008", "003/FR-026")
def test_malformed_token_is_refused_while_no_keys_are_known(clock: Clock, secret: str) -> None:
    with KeyServer() as server:
        server.behavior = "fail"
        usual = {"DATABASE_URL": UNREACHABLE_DATABASE, "PSEUDONYM_KEY": secret}
        settings = load_settings({"JWT_ALGORITHMS": "EdDSA", "JWKS_URL": server.url, **usual})
        with open_client(create_app(settings, clock=clock)) as client:
            for token, status in (("garbage", 401), ("a.b", 401), ("a.b.c", 503)):
                assert client.get("/api/me", headers=bearer(token)).status_code == status
