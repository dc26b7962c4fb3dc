"""The rules for claims, at their boundaries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend.core.errors import TokenExpiredError
from backend.core.security import verify_token
from backend.core.tokens.claims import Expectation
from backend.testing.issuer import Issuer, make_secret
from tests.support.verification import ISSUER, NOW, SUBJECT, URL, cause_of, keys, verify


@pytest.mark.requirement("003/FR-003", "003/FR-016")
@pytest.mark.parametrize("leeway", [0, 10, 60])
@pytest.mark.parametrize(("seconds", "is_accepted"), [(-1, True), (0, False), (1, False)])
def test_expired_token_is_refused_from_the_end_of_the_leeway(
    leeway: int, seconds: int, *, is_accepted: bool
) -> None:
    token = ISSUER.token(SUBJECT, lifetime=900)
    now = NOW + 900 + leeway + seconds
    if is_accepted:
        assert verify(token, now, leeway).subject == SUBJECT
    else:
        with pytest.raises(TokenExpiredError):
            verify(token, now, leeway)


@pytest.mark.requirement("003/FR-003", "003/FR-016")
@pytest.mark.parametrize(("claim", "cause"), [("nbf", "not_yet_valid"), ("iat", "issued_in_future")])
@pytest.mark.parametrize(("ahead", "is_accepted"), [(9, True), (10, True), (11, False)])
def test_token_from_the_future_is_accepted_within_the_leeway(
    claim: str, cause: str, ahead: int, *, is_accepted: bool
) -> None:
    claims: dict[str, Any] = {claim: NOW + ahead}
    token = ISSUER.token(SUBJECT, **claims)
    if is_accepted:
        assert verify(token).subject == SUBJECT
    else:
        assert cause_of(token) == cause


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1800000000", True, False, None, [1], {}, float("inf"), 10**400, ""])
def test_time_claim_that_is_no_finite_number_is_refused(claim: str, value: object) -> None:
    claims: dict[str, Any] = {claim: value}
    token = ISSUER.token(SUBJECT, **claims)
    # json.dumps writes Infinity, which is no JSON.
    assert cause_of(token) == ("payload" if value == float("inf") else "time_claim")


def test_time_claim_may_have_a_fraction() -> None:
    assert verify(ISSUER.token(SUBJECT, exp=NOW + 0.5, iat=NOW - 0.5)).expires_at == NOW + 0.5


@pytest.mark.parametrize("claim", ["iss", "aud", "iat", "exp", "sub"])
def test_missing_required_claim_is_refused(claim: str) -> None:
    claims: dict[str, Any] = {claim: ...}
    assert cause_of(ISSUER.token(SUBJECT, **claims)) == "missing_claim"


@pytest.mark.parametrize("issuer", [None, 1, [URL], URL + "/", URL.upper(), ""])
def test_issuer_is_compared_exactly(issuer: object) -> None:
    assert cause_of(ISSUER.token(SUBJECT, iss=issuer)) == "issuer"


@pytest.mark.parametrize("audience", [None, 1, [], [URL + "/"], [URL, 1], {URL: 1}, "", URL + " "])
def test_audience_must_name_this_service(audience: object) -> None:
    assert cause_of(ISSUER.token(SUBJECT, aud=audience)) == "audience"


@pytest.mark.parametrize("audience", [URL, [URL], ["https://other.example", URL]])
def test_audience_may_be_in_a_list(audience: object) -> None:
    assert verify(ISSUER.token(SUBJECT, aud=audience)).subject == SUBJECT


@pytest.mark.requirement("003/FR-004")
@pytest.mark.parametrize(
    "subject",
    [
        None,
        True,
        1,
        [],
        {},
        "",
        " ",
        "\u3000",
        "a" * 256,
        "a\x00",
        "a\n",
        "\x7f",
        "\u0085",
        "\ud800",
        "\u202e",
    ],
)
def test_subject_that_is_no_printable_text_is_refused(subject: Any) -> None:
    assert cause_of(ISSUER.token(SUBJECT, sub=subject)) == "subject"


@pytest.mark.parametrize("subject", ["a", "a" * 255, "é漢字😀", "alice@example.org", "a b"])
def test_printable_subject_is_accepted(subject: str) -> None:
    assert verify(ISSUER.token(subject)).subject == subject


def test_expired_token_with_another_fault_is_invalid_and_not_expired() -> None:
    assert cause_of(ISSUER.token(SUBJECT, now=NOW - 5000)) == "expired"
    assert cause_of(ISSUER.token(SUBJECT, now=NOW - 5000, iss="https://other.example")) == "issuer"
    assert cause_of(ISSUER.token("", now=NOW - 5000)) == "subject"
    assert cause_of(Issuer(make_secret(), URL, URL).token(SUBJECT, now=NOW - 5000)) == "signature"


@pytest.mark.parametrize("session", [None, 1, "", "a\x00", "a" * 256])
def test_invalid_session_id_is_ignored(session: object) -> None:
    assert verify(ISSUER.token(SUBJECT, sid=session)).session_id is None


@pytest.mark.requirement("003/FR-028")
@pytest.mark.parametrize(("age", "is_accepted"), [(0, True), (609, True), (610, False), (611, False)])
def test_token_is_accepted_up_to_the_maximum_age_and_the_leeway(age: int, *, is_accepted: bool) -> None:
    trusted = replace(keys(), expected=Expectation(URL, URL, 10, max_age=600))
    token = ISSUER.token(SUBJECT, now=NOW - age, lifetime=10**6)
    try:
        accepted = bool(verify_token(token, trusted, NOW))
    except TokenExpiredError as error:
        accepted = False
        assert error.cause == "too_old"
    assert accepted == is_accepted
    assert verify_token(token, keys(), NOW).subject == SUBJECT


@pytest.mark.requirement("003/FR-004")
def test_user_id_comes_from_sub_only() -> None:
    others: dict[str, Any] = {
        "id": "mallory",
        "user_id": "mallory",
        "email": "m@example.org",
        "name": "mallory",
    }
    assert verify(ISSUER.token(SUBJECT, **others)).subject == SUBJECT


@pytest.mark.requirement("003/FR-029")
@pytest.mark.parametrize(
    ("scope", "scopes"),
    [("a b", {"a", "b"}), ("", set()), (" a  a ", {"a"}), (1, set()), (["a"], set()), (None, set())],
)
def test_scopes_are_read_from_the_scope_claim(scope: Any, scopes: set[str]) -> None:
    assert verify(ISSUER.token(SUBJECT, scope=scope)).scopes == frozenset(scopes)
