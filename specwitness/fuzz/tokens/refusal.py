"""How a service must reject a bad credential (RFC 6750 §3)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from specwitness.fuzz.results.conformance import describe_misfit
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.users.credentials import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.tokens.attack import Attack

_SHORTEST_ECHO = 24  # characters: a shorter credential, such as `invalid`, may be a word of the response
_CHALLENGE = re.compile(r"(?:^|,)\s*bearer(?=\s|,|$)", re.IGNORECASE)
_ERROR = re.compile(r'(?<![\w-])error\s*=\s*"?([\w-]*)', re.IGNORECASE)


class Fault(NamedTuple):
    """One thing that is wrong with a response; faults of one kind are reported once."""

    kind: str
    text: str
    level: Level = Level.MUST


def judge_refusal(response: Response, attack: Attack, kind: str, endpoint: Endpoint) -> Iterator[Fault]:
    """Find what is wrong with the response to a bad credential (RFC 6750 §3).

    Args:
        response: The response.
        attack: The bad credential.
        kind: The kind of the credential: `bearer`, `basic` or `key`.
        endpoint: The operation that was called.
    """
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return
    allowed = attack.allowed | ({HTTPStatus.FORBIDDEN} if kind == KEY else set())
    if response.status not in allowed:
        # 403 in place of 401 rejects the credential all the same; a 2xx or a crash does not.
        is_mere_status = (
            not response.succeeded and not response.crashed and response.status == HTTPStatus.FORBIDDEN
        )
        level = Level.SHOULD if is_mere_status and attack.level is Level.SHOULD else attack.level
        expected = " or ".join(map(str, sorted(attack.allowed)))
        yield Fault(
            f"status {response.status}",
            f"expected {expected}, came {response.status or 'no response'}",
            Level.MUST if response.crashed else level,
        )
        return
    if response.status != HTTPStatus.UNAUTHORIZED:
        return
    if kind != KEY:
        yield from _judge_challenge(response, attack, kind)
    if endpoint.response_for(HTTPStatus.UNAUTHORIZED) is None:
        yield Fault("undocumented", "the contract documents no 401 for this operation", Level.SHOULD)
    elif misfit := describe_misfit(response, endpoint):
        yield Fault("body", misfit)


def find_echo(request: Request, response: Response) -> Iterator[Fault]:
    """Find an error response that repeats the token, which may be valid for another service, or later."""
    if response.succeeded:
        return
    value = dict(request.headers).get("Authorization", "").rpartition(" ")[2]
    texts = [response.text, *(line for lines in response.headers.values() for line in lines)]
    if len(value) >= _SHORTEST_ECHO and any(value in text for text in texts):
        yield Fault("echo", "the refusal repeats the credential", Level.SHOULD)


def _judge_challenge(response: Response, attack: Attack, kind: str) -> Iterator[Fault]:
    challenge = response.header("www-authenticate")
    if not challenge or (kind == "bearer" and not _CHALLENGE.search(challenge)):
        came = f"came {challenge!r}" if challenge else "there is none"
        yield Fault("challenge", f"expected a WWW-Authenticate: Bearer challenge, {came}")
        return
    error = _ERROR.search(challenge)
    came = f"came {error[1]}" if error else "there is none"
    if not attack.brings and error:
        text = f"expected no error code, since no credentials came; {came}"
        yield Fault("error code", text, Level.SHOULD)
    elif attack.brings and attack.check != "none" and (error is None or error[1] != "invalid_token"):
        yield Fault("error code", f"expected the error code invalid_token, {came}", Level.SHOULD)
