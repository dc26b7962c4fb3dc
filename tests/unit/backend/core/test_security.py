"""Token verification, row by row of the spec's tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from backend.core.claims import Expectation
from backend.core.errors import AuthenticationError, TokenExpiredError, TokenInvalidError
from backend.core.security import KeySet, Principal, make_key, verify_token
from backend.testing.issuer import Issuer, encode, make_secret, make_subject
from tests.support.credentials import RECIPES, Mint, of_size

NOW = 1_800_000_000.0
SECRET = make_secret()
URL = "https://auth.example.org"
ISSUER = Issuer(SECRET, URL, URL, lambda: NOW)
SUBJECT = make_subject("alice")
MINT = Mint(ISSUER, SUBJECT, NOW)
SPEC = Path(__file__).parents[4] / "specs" / "003-jwt-auth-middleware" / "spec.md"
ROW = re.compile(r"^ *\| (a token [^|]*?|a session-cache[^|]*?) +\| ([a-z_]+) +\|", re.MULTILINE)
# A later table gives the code of the answer beside the credential, not the cause.
CAUSES = {
    row[0]: row[1] for row in ROW.findall(SPEC.read_text(encoding="utf-8")) if row[1] != "token_invalid"
}


def keys(*secrets: tuple[str, float | None], leeway: int = 10) -> KeySet:
    chosen = secrets or ((SECRET, None),)
    return KeySet(
        Expectation(URL, URL, leeway), tuple(make_key(secret.encode(), end) for secret, end in chosen)
    )


def verify(token: str | bytes, now: float = NOW, leeway: int = 10) -> Principal:
    # As a server hands it over: bytes of a header, read as Latin-1.
    text = token.decode("latin-1") if isinstance(token, bytes) else token
    return verify_token(text, keys(leeway=leeway), now)


def cause_of(token: str | bytes, now: float = NOW) -> str:
    with pytest.raises(AuthenticationError) as caught:
        verify(token, now)
    assert isinstance(caught.value, TokenInvalidError | TokenExpiredError)
    return caught.value.cause


@pytest.mark.requirement("003/FR-002", "003/FR-004", "003/FR-012")
def test_token_of_better_auth_names_its_subject() -> None:
    token = ISSUER.token(SUBJECT, sid="session-1")
    assert verify(token) == Principal(SUBJECT, URL, "session-1", NOW + 900)


def test_all_rows_of_the_spec_are_read() -> None:
    assert len(CAUSES) == 48


@pytest.mark.requirement("003/FR-002", "003/FR-003", "003/FR-004", "003/FR-008", "003/FR-012")
@pytest.mark.parametrize("credential", sorted(CAUSES))
def test_bad_token_is_refused_for_the_cause_that_the_spec_gives(credential: str) -> None:
    assert cause_of(RECIPES[credential](MINT)) == CAUSES[credential]


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        (b'{"alg":"hs256"}', "algorithm"),
        (b'{"alg":"HS256 "}', "algorithm"),
        (b'{"alg":{"a":"HS256"}}', "algorithm"),
        (b'{"alg":256}', "algorithm"),
        (b'{"typ":"JWT"}', "algorithm"),
        (b'{"alg":"HS256","crit":null}', "header"),
        (b'{"alg":"HS256","typ":null}', "type"),
        (b'{"alg":"HS256","typ":["JWT"]}', "type"),
        (b'{"alg":"HS256","typ":"JOSE"}', "type"),
        (b'\xef\xbb\xbf{"alg":"HS256"}', "header"),
        (b'{"alg":"HS256\xff"}', "header"),
        (b'{"alg":"HS256","n":NaN}', "header"),
        (b'{"alg":"HS256","n":' + b"1" * 5000 + b"}", "header"),
        (b'{"alg":"HS256","x":{"a":1,"a":1}}', "duplicate_member"),
        (b"[" * 5000, "header"),
    ],
)
def test_header_that_changes_the_meaning_is_refused(header: bytes, cause: str) -> None:
    assert cause_of(MINT.with_raw_header(header)) == cause


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "AT+JWT"])
def test_type_of_an_api_token_is_accepted(kind: str) -> None:
    assert verify(MINT.with_header(typ=kind)).subject == SUBJECT


def test_token_without_type_is_accepted() -> None:
    assert verify(MINT.with_header(typ=None)).subject == SUBJECT


@pytest.mark.parametrize("parameter", ["jku", "x5u", "jwk", "x5c", "kid"])
def test_key_that_a_header_offers_is_never_used(parameter: str) -> None:
    other = Mint(Issuer(make_secret(), URL, URL), SUBJECT, NOW)
    assert cause_of(other.with_header(**{parameter: {"kty": "oct", "k": encode(b"k" * 32)}})) == "signature"
    assert verify(MINT.with_header(**{parameter: "anything"})).subject == SUBJECT


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256", "PS256"])
def test_token_of_a_key_set_gives_the_operator_a_hint(algorithm: str) -> None:
    with pytest.raises(TokenInvalidError) as caught:
        verify(MINT.with_header(alg=algorithm))
    assert caught.value.cause == "algorithm"
    assert "Better Auth ignores its algorithm option" in (caught.value.hint or "")


@pytest.mark.parametrize("spelling", ["", ".", "..", "...", "a.b.c", "a.b.", ".b.c", "a..c"])
def test_text_that_is_no_token_is_refused(spelling: str) -> None:
    assert cause_of(spelling) in {"parts", "encoding"}


def test_each_other_spelling_of_the_signature_is_refused() -> None:
    token = ISSUER.token(SUBJECT)
    message, signature = token.rsplit(".", 1)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = []
    for last in alphabet:
        try:
            verify(f"{message}.{signature[:-1]}{last}")
        except TokenInvalidError:
            continue
        accepted.append(last)
    assert accepted == [signature[-1]]
    assert cause_of(f"{message}.{signature}==") == "characters"
    assert cause_of(f"{message}.{signature[:-1]}+") == "characters"


def test_payload_is_not_parsed_before_its_signature_holds() -> None:
    forged = Issuer(make_secret(), URL, URL).sign(b'{"alg":"HS256"}', b"[" * 4000)
    assert cause_of(forged) == "signature"


@pytest.mark.requirement("003/FR-008")
@pytest.mark.parametrize(
    "payload",
    [b"[" * 5000, b'{"a":' * 1200, b"1" * 5000, b"{}" + b" " * 10 + b"{}", b"null", b'"text"', b"\xff"],
)
def test_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    assert cause_of(MINT.with_payload(payload)) == "payload"


@pytest.mark.requirement("003/FR-003", "003/FR-016")
@pytest.mark.parametrize("leeway", [0, 10, 60])
@pytest.mark.parametrize(("seconds", "is_accepted"), [(-1, True), (0, False), (1, False)])
def test_token_ends_exactly_when_its_leeway_ends(leeway: int, seconds: int, *, is_accepted: bool) -> None:
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
def test_token_may_be_ahead_by_the_leeway(claim: str, cause: str, ahead: int, *, is_accepted: bool) -> None:
    claims: dict[str, Any] = {claim: NOW + ahead}
    token = ISSUER.token(SUBJECT, **claims)
    if is_accepted:
        assert verify(token).subject == SUBJECT
    else:
        assert cause_of(token) == cause


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1800000000", True, False, None, [1], {}, float("inf"), 10**400, ""])
def test_time_that_is_no_finite_number_is_refused(claim: str, value: object) -> None:
    claims: dict[str, Any] = {claim: value}
    token = ISSUER.token(SUBJECT, **claims)
    # json.dumps writes Infinity, which is no JSON.
    assert cause_of(token) == ("payload" if value == float("inf") else "time_claim")


def test_time_may_have_a_fraction() -> None:
    assert verify(ISSUER.token(SUBJECT, exp=NOW + 0.5, iat=NOW - 0.5)).expires_at == NOW + 0.5


@pytest.mark.parametrize("claim", ["iss", "aud", "iat", "exp", "sub"])
def test_each_required_claim_is_required(claim: str) -> None:
    claims: dict[str, Any] = {claim: ...}
    assert cause_of(ISSUER.token(SUBJECT, **claims)) == "missing_claim"


@pytest.mark.parametrize("issuer", [None, 1, [URL], URL + "/", URL.upper(), ""])
def test_issuer_is_compared_exactly(issuer: object) -> None:
    assert cause_of(ISSUER.token(SUBJECT, iss=issuer)) == "issuer"


@pytest.mark.parametrize("audience", [None, 1, [], [URL + "/"], [URL, 1], {URL: 1}, "", URL + " "])
def test_audience_must_name_this_service(audience: object) -> None:
    assert cause_of(ISSUER.token(SUBJECT, aud=audience)) == "audience"


@pytest.mark.parametrize("audience", [URL, [URL], ["https://other.example", URL]])
def test_audience_may_be_one_of_a_list(audience: object) -> None:
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
def test_subject_that_names_nobody_is_refused(subject: Any) -> None:
    assert cause_of(ISSUER.token(SUBJECT, sub=subject)) == "subject"


@pytest.mark.parametrize("subject", ["a", "a" * 255, "é漢字😀", "alice@example.org", "a b"])
def test_subject_of_printable_characters_is_accepted(subject: str) -> None:
    assert verify(ISSUER.token(subject)).subject == subject


def test_expired_token_with_another_fault_is_invalid_and_not_expired() -> None:
    assert cause_of(ISSUER.token(SUBJECT, now=NOW - 5000)) == "expired"
    assert cause_of(ISSUER.token(SUBJECT, now=NOW - 5000, iss="https://other.example")) == "issuer"
    assert cause_of(ISSUER.token("", now=NOW - 5000)) == "subject"
    assert cause_of(Issuer(make_secret(), URL, URL).token(SUBJECT, now=NOW - 5000)) == "signature"


@pytest.mark.requirement("003/FR-008")
@pytest.mark.parametrize(("size", "is_accepted"), [(8191, True), (8192, True), (8193, False)])
def test_token_may_have_8192_bytes(size: int, *, is_accepted: bool) -> None:
    token = of_size(MINT, size)
    assert len(token) == size
    if is_accepted:
        assert verify(token).subject == SUBJECT
    else:
        assert cause_of(token) == "too_large"


@pytest.mark.requirement("003/FR-014")
@pytest.mark.parametrize(("seconds", "is_accepted"), [(-1, True), (0, False), (1, False)])
def test_previous_secret_is_accepted_until_its_end(seconds: int, *, is_accepted: bool) -> None:
    previous = make_secret()
    rotated = keys((SECRET, None), (previous, NOW + 100))
    now = NOW + 100 + seconds
    token = Issuer(previous, URL, URL).token(SUBJECT, now=NOW)
    if is_accepted:
        assert verify_token(token, rotated, now).subject == SUBJECT
    else:
        with pytest.raises(TokenInvalidError, match="not valid"):
            verify_token(token, rotated, now)
    assert verify_token(ISSUER.token(SUBJECT), rotated, now).subject == SUBJECT


@pytest.mark.parametrize("session", [None, 1, "", "a\x00", "a" * 256])
def test_session_id_that_is_none_is_left_out(session: object) -> None:
    assert verify(ISSUER.token(SUBJECT, sid=session)).session_id is None


def test_error_holds_nothing_of_the_token() -> None:
    token = MINT.with_payload(b'{"email":"alice@example.org"')
    with pytest.raises(TokenInvalidError) as caught:
        verify(token)
    assert "alice" not in f"{caught.value!r} {caught.value}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
