"""The tokens of the real Better Auth: claims, storage in the browser, renewal and key rotation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest
from playwright.sync_api import expect

from backend.testing.issuer import make_secret
from tests.support.both_sides import ROOT, serving_both
from tests.support.recorded_tokens import read_recording
from tests.support.visitor import read_part
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devtools.postgres import PostgresServer
    from tests.support.both_sides import BothSides
    from tests.support.visitor import Visitor

SCHEMA = json.loads((ROOT / "contracts" / "claims.schema.json").read_text(encoding="utf-8"))
CLAIMS = {"iat", "exp", "iss", "aud", "sub", "sid"}
HEADERS = {"shared-secret": ("HS256", {"alg", "typ"}), "jwks": ("EdDSA", {"alg", "kid"})}


def get_me(sides: BothSides, token: str) -> httpx.Response:
    return httpx.get(f"{sides.api}/api/me", headers={"Authorization": f"Bearer {token}"})


def check_claims(claims: dict[str, Any], visitor: Visitor) -> None:
    """Check that the claims match the contract: these six, and no personal data."""
    jsonschema.Draft202012Validator(SCHEMA).validate(claims)
    assert claims.keys() == CLAIMS
    assert claims["iss"] == claims["aud"] == visitor.sides.origin
    assert not [word for word in (visitor.name, visitor.email) if word in json.dumps(claims)]


def check_not_stored(visitor: Visitor, token: str) -> None:
    """Check that the browser keeps the token in the memory of the page only."""
    assert visitor.find_token(token) == []


@pytest.mark.requirement("003/FR-004", "003/FR-012", "003/FR-052", "003/US8/AC5")
def test_token_matches_the_contract_and_has_no_personal_data(
    sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice = let_visit(sides, "Alice")
    alice.sign_up()
    alice.add("Buy milk")
    token = alice.tokens[-1]
    header, claims = read_part(token, 0), read_part(token, 1)
    algorithm, members = HEADERS[sides.mode]
    assert (header["alg"], set(header)) == (algorithm, members)
    check_claims(claims, alice)
    assert get_me(sides, token).json() == {"user_id": claims["sub"]}
    # The recording, which machines without Node use, still has the form of today's tokens.
    recorded = read_recording(sides.mode).token
    assert read_part(recorded, 0).keys() == members
    assert read_part(recorded, 1).keys() == CLAIMS
    with pytest.raises(AssertionError):
        check_claims({**claims, "email": alice.email}, alice)


@pytest.mark.requirement("003/FR-001", "003/FR-052")
def test_token_is_stored_in_the_memory_of_the_page_only(
    sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice = let_visit(sides, "Alice")
    alice.sign_up()
    alice.add("Buy milk")
    token = alice.tokens[-1]
    check_not_stored(alice, token)
    alice.open("/account")
    check_not_stored(alice, alice.tokens[-1])
    assert not [request.url for request in alice.requests if token in request.url]


@pytest.mark.parametrize(
    "script",
    [
        "localStorage.setItem('token', t)",
        "sessionStorage.setItem('token', t)",
        "document.cookie = 'token=' + t",
        "document.body.dataset.token = t",
        "window.name = t",
        "history.replaceState({ t }, '')",
        "new Promise(done => (indexedDB.open('tokens').onsuccess = done))",
    ],
)
def test_token_stored_in_any_other_place_is_found(
    script: str, any_sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    visitor = let_visit(any_sides, "Alice")
    visitor.open("/sign-in")
    check_not_stored(visitor, "a.planted.token")
    visitor.page.evaluate(f"t => {{ return {script} }}", "a.planted.token")
    with pytest.raises(AssertionError):
        check_not_stored(visitor, "a.planted.token")


@pytest.mark.requirement("003/FR-003", "003/FR-052")
def test_expired_token_is_rejected_and_the_page_renews_it(
    short_sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice = let_visit(short_sides, "Alice")
    alice.sign_up()
    alice.add("Buy milk")
    first = alice.tokens[0]
    await_fact(lambda: get_me(short_sides, first).status_code == 401)
    assert get_me(short_sides, first).json()["code"] == "token_expired"
    alice.add("Water the plants")
    assert len(alice.tokens) > 1
    assert sorted(alice.page.locator("ul.tasks .title").all_inner_texts()) == ["Buy milk", "Water the plants"]
    expect(alice.page.get_by_role("alert").filter(has_text="e")).to_have_count(0)


@pytest.mark.requirement("003/FR-024", "003/FR-025", "003/FR-052")
def test_key_rotation_during_a_session_causes_no_error(
    rotating_sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice = let_visit(rotating_sides, "Alice")
    alice.sign_up()
    alice.add("Buy milk")
    old, newer = alice.tokens[0], [alice.tokens[0]]

    def is_rotated() -> bool:
        alice.page.wait_for_timeout(500)  # stays below Better Auth's rate limit
        newer.append(alice.fetch_token())
        return bool(read_part(newer[-1], 0)["kid"] != read_part(old, 0)["kid"])

    await_fact(is_rotated)
    # Better Auth signs with the new key at once, before the service has fetched it.
    assert alice.read_tasks() == ["Buy milk"]
    alice.add("Water the plants")
    kids = {read_part(token, 0)["kid"] for token in alice.tokens}
    assert len(kids) > 1
    for token in (old, alice.tokens[-1]):
        assert get_me(rotating_sides, token).status_code == 200


def test_different_secrets_on_the_two_sides_are_reported(
    postgres_server: PostgresServer, tmp_path: Path, let_visit: Callable[..., Visitor]
) -> None:
    settings = {"SERVICE_SECRET": make_secret()}
    with serving_both(postgres_server.url, "shared-secret", tmp_path, **settings) as both:
        alice = let_visit(both, "Alice")
        alice.sign_up()
        assert "does not accept your token" in alice.alert()
        assert get_me(both, alice.tokens[-1]).json()["code"] == "token_invalid"
        refusals = [event for event in both.service.events if event["event"] == "credentials_refused"]
        causes = {event.get("cause") for event in refusals}
    assert causes == {"signature"}
