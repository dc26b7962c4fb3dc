from __future__ import annotations

import json
import subprocess

import pytest

from specwitness.fuzz.http.message import Request, Response
from specwitness.fuzz.results.curl import Redaction, as_curl

CREDENTIAL = "abc.def.ghi"


def request(body: bytes = b"", **headers: str) -> Request:
    return Request("POST", "/notes", (("limit", "1"),), tuple(headers.items()), body)


def test_curl_line_has_a_variable_for_the_base_url() -> None:
    assert as_curl(request()) == """curl -i -X POST "$URL"'/notes?limit=1'"""


def test_token_is_a_variable_of_the_shell() -> None:
    line = as_curl(request(Authorization=f"Bearer {CREDENTIAL}"))
    assert '"Authorization: Bearer $TOKEN_ALICE"' in Redaction({"alice": [CREDENTIAL]}).clean(line)


@pytest.mark.parametrize("body", [b'{"a": "it\'s"}', b"\xff\x00'\\\n", "ä€".encode(), b"'"])
def test_shell_passes_the_exact_body_to_curl(body: bytes) -> None:
    line = as_curl(request(body)).replace("curl", "printf '%s\\0'", 1)
    if b"\x00" in body:
        assert "\\x00" in line
        return
    output = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout  # noqa: S607  # whichever bash there is
    assert body in output.split(b"\0")


def test_long_body_is_shortened() -> None:
    assert len(as_curl(request(b"x" * 10_000))) < 3000


def test_redaction_replaces_credentials_and_ids() -> None:
    redaction = Redaction({"alice": [CREDENTIAL, None], "bob": [f"{CREDENTIAL}x"]})
    body = json.dumps({"id": "7f3c-0001", "items": [{"at": "2025-01-01T00:00"}]}).encode()
    redaction.learn(request(), Response(200, {}, body))
    redaction.learn(request(), Response(201, {"location": ["/notes/identifier"]}))
    text = f"7f3c-0001 at 2025-01-01T00:00 identifier {CREDENTIAL} {CREDENTIAL}x"
    assert redaction.clean(text) == "$ID at $ID_2 $ID_3 $TOKEN_ALICE $TOKEN_BOB"


def test_redaction_replaces_altered_tokens() -> None:
    assert Redaction({}).clean("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0. x") == "$BAD_TOKEN x"


def test_redaction_keeps_values_that_the_request_sent() -> None:
    redaction = Redaction({})
    redaction.learn(request(b'{"text": "buy some milk"}'), Response(200, {}, b'{"text": "buy some milk"}'))
    assert redaction.clean("buy some milk") == "buy some milk"


def test_shell_expands_a_variable_in_a_json_body() -> None:
    redaction = Redaction({"alice": [CREDENTIAL]})
    redaction.learn(Request("POST", "/notes"), Response(201, {}, b'{"id": "7f3c-0001"}'))
    sent = request(
        b'{"ids": ["7f3c-0001"], "price": "$5 `x`", "who": "it\'s"}', Authorization=f"Bearer {CREDENTIAL}"
    )
    line = redaction.clean(as_curl(sent)).replace("curl", "printf '%s\\0'", 1)
    variables = {"ID": "other", "TOKEN_ALICE": "token", "PATH": "/usr/bin:/bin"}
    output = subprocess.run(["bash", "-c", line], capture_output=True, check=True, env=variables).stdout  # noqa: S607  # whichever bash there is
    assert b'{"ids": ["other"], "price": "$5 `x`", "who": "it\'s"}' in output.split(b"\0")
    assert b"Authorization: Bearer token" in output.split(b"\0")


def test_redaction_keeps_quotes_outside_of_curl_lines() -> None:
    redaction = Redaction({"alice": [CREDENTIAL]})
    assert redaction.clean(f"bob's {CREDENTIAL} isn't") == "bob's $TOKEN_ALICE isn't"


def test_words_of_the_service_and_generated_texts_are_no_ids() -> None:
    redaction = Redaction({})
    redaction.learn(Request("GET", "/notes"), Response(200, {}, b'["pending_review", "alices1zq016"]'))
    assert redaction.clean("pending_review alices1zq016") == "pending_review alices1zq016"
