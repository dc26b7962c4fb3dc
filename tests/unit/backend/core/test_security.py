"""Token verification, for every row of the tables in the spec."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.core.errors import TokenInvalidError
from backend.core.security import Principal, verify_token
from backend.testing.issuer import Issuer, make_secret
from backend.testing.key_pair import encode
from tests.support.credentials import RECIPES, Mint, of_size
from tests.support.verification import ISSUER, MINT, NOW, SECRET, SUBJECT, URL, cause_of, keys, verify

SPEC = Path(__file__).parents[4] / "specs" / "003-jwt-auth-middleware" / "spec.md"
ROW = re.compile(r"^ *\| (a (?:token|session|bearer)\b[^|]*?) +\| ([a-z_]+) +\|", re.MULTILINE)
# A later table gives the code of the response beside the credential, not the cause.
CAUSES = {
    row[0]: row[1] for row in ROW.findall(SPEC.read_text(encoding="utf-8")) if row[1] != "token_invalid"
}


@pytest.mark.requirement("003/FR-002", "003/FR-004", "003/FR-012")
def test_token_of_better_auth_gives_its_subject() -> None:
    token = ISSUER.token(SUBJECT, sid="session-1")
    assert verify(token) == Principal(SUBJECT, URL, "session-1", NOW + 900)


def test_all_rows_of_the_spec_are_read() -> None:
    assert len(CAUSES) == 80


@pytest.mark.requirement("003/FR-002", "003/FR-003", "003/FR-004", "003/FR-008", "003/FR-012")
@pytest.mark.parametrize("credential", sorted(CAUSES))
def test_bad_token_is_refused_with_the_cause_of_the_spec(credential: str) -> None:
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
        (b'{"alg":"HS256","kid":null}', "header"),
        (b'\x0b{"alg":"HS256"}', "header"),
        (b'{"alg":"HS256"}\x0c', "header"),
        (b'\xef\xbb\xbf{"alg":"HS256"}', "header"),
        (b'{"alg":"HS256\xff"}', "header"),
        (b'{"alg":"HS256","n":NaN}', "header"),
        (b'{"alg":"HS256","n":' + b"1" * 5000 + b"}", "header"),
        (b'{"alg":"HS256","x":{"a":1,"a":1}}', "duplicate_member"),
        (b"[" * 5000, "header"),
    ],
)
def test_header_with_forbidden_parameters_or_form_is_refused(header: bytes, cause: str) -> None:
    assert cause_of(MINT.with_raw_header(header)) == cause


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "AT+JWT"])
def test_type_of_an_api_token_is_accepted(kind: str) -> None:
    assert verify(MINT.with_header(typ=kind)).subject == SUBJECT


def test_token_without_type_is_accepted() -> None:
    assert verify(MINT.with_header(typ=None)).subject == SUBJECT


@pytest.mark.parametrize("parameter", ["jku", "x5u", "jwk", "x5c", "kid"])
def test_key_in_the_header_of_a_token_is_never_used(parameter: str) -> None:
    other = Mint(Issuer(make_secret(), URL, URL), SUBJECT, NOW)
    offered = "k" if parameter == "kid" else {"kty": "oct", "k": encode(b"k" * 32)}
    assert cause_of(other.with_header(**{parameter: offered})) == "signature"
    assert verify(MINT.with_header(**{parameter: "anything"})).subject == SUBJECT


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256", "PS256"])
def test_token_of_a_key_set_gives_a_hint_for_the_log(algorithm: str) -> None:
    with pytest.raises(TokenInvalidError) as caught:
        verify(MINT.with_header(alg=algorithm))
    assert caught.value.cause == "algorithm"
    assert "Better Auth ignores its algorithm option" in (caught.value.hint or "")


@pytest.mark.parametrize("spelling", ["", ".", "..", "...", "a.b.c", "a.b.", ".b.c", "a..c"])
def test_text_that_is_no_compact_jws_is_refused(spelling: str) -> None:
    assert cause_of(spelling) in {"parts", "encoding"}


def test_non_canonical_spelling_of_the_signature_is_refused() -> None:
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


def test_payload_is_parsed_after_the_signature_is_verified() -> None:
    forged = Issuer(make_secret(), URL, URL).sign(b'{"alg":"HS256"}', b"[" * 4000)
    assert cause_of(forged) == "signature"


@pytest.mark.requirement("003/FR-008")
@pytest.mark.parametrize(
    "payload",
    [b"[" * 5000, b'{"a":' * 1200, b"1" * 5000, b"{}" + b" " * 10 + b"{}", b"null", b'"text"', b"\xff"],
)
def test_payload_that_is_no_json_object_is_refused(payload: bytes) -> None:
    assert cause_of(MINT.with_payload(payload)) == "payload"


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


def test_error_contains_no_part_of_the_token() -> None:
    token = MINT.with_payload(b'{"email":"alice@example.org"')
    with pytest.raises(TokenInvalidError) as caught:
        verify(token)
    assert "alice" not in f"{caught.value!r} {caught.value}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
