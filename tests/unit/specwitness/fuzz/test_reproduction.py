from __future__ import annotations

import json
import subprocess

import pytest

from specwitness.fuzz.reproduction import Redaction, SentRequest, as_curl

CREDENTIAL = "Bearer abc.def.ghi"


def request(body: bytes = b"", url: str = "http://testserver/notes?limit=1", **headers: str) -> SentRequest:
    return SentRequest("POST", url, headers, body)


def test_curl_goes_to_the_url_of_the_reader() -> None:
    assert as_curl(request()) == """curl -i -X POST "$URL"'/notes?limit=1'"""


def test_token_is_a_variable() -> None:
    assert '"Authorization: Bearer $TOKEN"' in as_curl(request(Authorization=CREDENTIAL))


@pytest.mark.parametrize("body", [b'{"a": "it\'s"}', b"\xff\x00'\\\n", "ä€".encode(), b"'"])
def test_shell_gives_curl_the_very_bytes(body: bytes) -> None:
    line = as_curl(request(body)).replace("curl", "printf '%s\\0'", 1)
    if b"\x00" in body:
        assert "\\x00" in line
        return
    output = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout  # noqa: S607  # whichever bash there is
    assert body in output.split(b"\0")


def test_long_body_is_cut() -> None:
    assert len(as_curl(request(b"x" * 10_000))) < 3000


def test_redaction_takes_out_credentials_and_made_up_values() -> None:
    redaction = Redaction([CREDENTIAL, None])
    redaction.learn(
        request(), json.dumps({"id": "7f3c-0001", "items": [{"at": "2025-01-01T00:00"}]}).encode(), None
    )
    redaction.learn(request(), b"", "/notes/identifier")
    text = "7f3c-0001 at 2025-01-01T00:00 identifier abc.def.ghi"
    assert redaction.clean(text) == "$ID at $ID $ID $TOKEN"


def test_value_that_the_request_sent_stays() -> None:
    redaction = Redaction([])
    redaction.learn(request(b'{"text": "buy some milk"}'), b'{"text": "buy some milk"}', None)
    assert redaction.clean("buy some milk") == "buy some milk"
