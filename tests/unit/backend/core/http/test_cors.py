"""CORS headers: for pages of the allowed origins, and for no other page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import Depends

from backend.core.dependencies import require_scopes
from backend.core.errors import ConfigurationError
from backend.main import create_app
from backend.testing.issuer import make_secret, make_subject
from tests.support.service import UNREACHABLE_DATABASE, Clock, bearer, make_settings, open_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from backend.core.config import Settings
    from backend.testing.issuer import Issuer
    from tests.support.service import Client

    Headers = dict[str, bytes]

APP = "https://app.example"
OTHER = "http://localhost:5173"
PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
EXPOSED = {"WWW-Authenticate", "Retry-After", "Location"}


async def fail() -> None:
    """Fail unexpectedly."""
    raise RuntimeError("nobody foresaw it")


async def give() -> None:
    """Respond without a body."""


@pytest.fixture
def pages(secret: str, clock: Clock) -> Iterator[Client]:
    """A service with two allowed origins, without a database, and with routes that fail."""
    settings = make_settings(secret, UNREACHABLE_DATABASE, FRONTEND_ORIGINS=f"{APP}, {OTHER}")
    app = create_app(settings, clock=clock, public=frozenset({"/health", "/openapi.json", "/fail"}))
    app.add_api_route("/fail", fail)
    app.add_api_route("/api/scoped", give, dependencies=[Depends(require_scopes("x"))])
    with open_client(app) as client:
        yield client


def opened(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


@pytest.mark.requirement("003/FR-050")
@pytest.mark.parametrize("origin", [APP, OTHER])
@pytest.mark.parametrize(
    ("path", "who", "status", "header"),
    [
        ("/api/me", "alice", 200, None),
        ("/api/me", "nobody", 401, "WWW-Authenticate"),
        ("/api/me", "expired", 401, "WWW-Authenticate"),
        ("/api/scoped", "alice", 403, "WWW-Authenticate"),
        ("/api/nothing", "alice", 404, None),
        ("/api/tasks?limit=0", "alice", 422, None),
        ("/api/tasks", "alice", 503, "Retry-After"),
        ("/fail", "nobody", 500, None),
    ],
)
def test_page_of_an_allowed_origin_may_read_every_response(  # a row of the table and three fixtures
    *, pages: Client, issuer: Issuer, origin: str, path: str, who: str, status: int, header: str | None
) -> None:
    lifetime = -60 if who == "expired" else 60
    alice = bearer(issuer.token(make_subject("alice"), lifetime=lifetime))
    headers = {"Origin": origin, **({} if who == "nobody" else alice)}
    response = pages.get(path, headers=headers)
    assert response.status_code == status
    assert response.headers.get("Access-Control-Allow-Origin") == origin
    assert set(response.headers.get("Access-Control-Expose-Headers", "").split(", ")) == EXPOSED
    assert opened(response).keys() == {"access-control-allow-origin", "access-control-expose-headers"}
    assert response.headers["Vary"] == "Origin"
    assert header is None or (header in response.headers and header in EXPOSED)


@pytest.mark.requirement("003/FR-050", "003/FR-011")
def test_page_may_read_status_410_and_the_location_header(
    settings: Settings, clock: Clock, signed_in: Callable[[str], Headers]
) -> None:
    headers = {"Origin": "http://localhost:3000", **signed_in("alice")}
    with open_client(create_app(settings, clock=clock)) as client:
        made = client.post("/api/tasks", headers=headers, json={"title": "Buy milk"})
        erased = client.delete("/api/account", headers=headers)
        gone = client.get("/api/tasks", headers=headers)
    assert [response.status_code for response in (made, erased, gone)] == [201, 204, 410]
    assert made.headers["Location"].startswith("/api/tasks/")
    # Nothing was configured: the pages of Better Auth itself.
    assert {response.headers["Access-Control-Allow-Origin"] for response in (made, erased, gone)} == {
        "http://localhost:3000"
    }


@pytest.mark.requirement("003/FR-050")
@pytest.mark.parametrize("path", ["/api/tasks", "/api/me", "/api/nothing", "/health"])
def test_preflight_needs_no_credentials_and_is_equal_for_all_paths(pages: Client, path: str) -> None:
    response = pages.request("OPTIONS", path, headers={"Origin": APP, **PREFLIGHT})
    elsewhere = pages.request("OPTIONS", "/", headers={"Origin": APP, **PREFLIGHT})
    assert (response.status_code, response.text) == (200, "OK") == (elsewhere.status_code, elsewhere.text)
    assert opened(response) == opened(elsewhere)
    assert opened(response)["access-control-allow-origin"] == APP


@pytest.mark.requirement("003/FR-050")
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"Access-Control-Request-Method": "PATCH"}, 400),
        ({"Access-Control-Request-Method": "TRACE"}, 400),
        ({"Access-Control-Request-Headers": "x-user-id"}, 400),
        ({"Access-Control-Request-Headers": "cookie"}, 400),
        ({"Access-Control-Request-Private-Network": "true"}, 400),
        ({"Access-Control-Request-Headers": "Content-Type, Authorization"}, 200),
    ],
    ids=str,
)
def test_preflight_allows_methods_and_headers_of_the_contract_only(
    pages: Client, asked: dict[str, str], status: int
) -> None:
    response = pages.request("OPTIONS", "/api/tasks", headers={"Origin": APP, **PREFLIGHT, **asked})
    assert response.status_code == status


@pytest.mark.requirement("003/FR-050")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{APP}:8443", f"{APP}.evil", f"{APP}/", APP.upper(), "null", "*", ""]
)
def test_page_of_another_origin_gets_no_cors_headers(pages: Client, origin: str) -> None:
    for method, path, asked in (("GET", "/api/me", {}), ("OPTIONS", "/api/me", PREFLIGHT)):
        response = pages.request(method, path, headers={"Origin": origin, **asked})
        without = pages.request(method, path)
        assert opened(response) == {}
        assert response.headers["Vary"] == "Origin"
        assert (response.status_code, response.headers, response.text) == (
            without.status_code,
            without.headers,
            without.text,
        )


@pytest.mark.requirement("003/FR-050")
@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, ("http://localhost:3000",)),
        ("", ("http://localhost:3000",)),
        (APP, (APP,)),
        (f"{APP},{OTHER}", (APP, OTHER)),
        (f" {APP} , {APP}:443", (APP,)),
        ("http://127.0.0.1:80,https://App.Example:8443", ("http://127.0.0.1", "https://app.example:8443")),
        ("http://[::1]:3000", ("http://[::1]:3000",)),
    ],
)
def test_origins_are_normalized_as_browsers_write_them(given: str | None, read: tuple[str, ...]) -> None:
    others = {} if given is None else {"FRONTEND_ORIGINS": given}
    assert make_settings(make_secret(), UNREACHABLE_DATABASE, **others).browser_origins == read


@pytest.mark.requirement("003/FR-050")
def test_origin_of_better_auth_is_normalized_too() -> None:
    settings = make_settings(make_secret(), UNREACHABLE_DATABASE, BETTER_AUTH_URL="https://Auth.Example:443")
    assert settings.browser_origins == ("https://auth.example",)
    assert settings.issuer == "https://Auth.Example:443"  # as Better Auth writes it into the token


@pytest.mark.requirement("003/FR-013", "003/FR-050")
@pytest.mark.parametrize(
    "value",
    [
        "*",
        "null",
        f"{APP}/",
        f"{APP}/path",
        f"{APP},*",
        f"{APP},",
        f"{APP};{OTHER}",
        "app.example",
        "https://ä.example",
        "ftp://a.example",
        "https://u@a.example",
    ],
)
def test_invalid_list_of_origins_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_settings(make_secret(), UNREACHABLE_DATABASE, FRONTEND_ORIGINS=value)
    assert [setting for setting, _ in caught.value.faults] == ["FRONTEND_ORIGINS"]
    assert "write " in str(caught.value)
    assert value not in str(caught.value) or value == "*"
