"""Our checks for people who run Schemathesis itself: `SCHEMATHESIS_HOOKS=specwitness.fuzz.hooks st run …`.

Importing the module registers two checks, in `st run` as in a pytest module:

- `bearer_attacks`: the first 2xx of each operation is sent again with every bad credential that can
  be made from the one that it brought;
- `another_user`: with the environment's `SPECWITNESS_TOKEN_BOB`, the first 2xx of each reading
  operation that names an object is sent again as another user, who has to be refused.

Tokens that only a mint can make are tried by `specwitness fuzz`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import schemathesis

from specwitness.fuzz.attacks import Attack, Level, Material
from specwitness.fuzz.client import AsgiTransport, Transport
from specwitness.fuzz.network import HttpTransport
from specwitness.fuzz.raw_attacks import RAW_ATTACKS, UNSIGNED_ATTACKS
from specwitness.fuzz.seats import BEARER, Seat
from specwitness.fuzz.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case, CheckContext, Response

_SUCCESS = 2
_BEARER = Seat("bearer", BEARER, prefix="Bearer ")
_TRIED: set[tuple[str, int, str]] = set()


@schemathesis.check
def bearer_attacks(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Refuse every bad credential on a request that is otherwise good."""
    request = _read(response)
    scheme, _, token = dict(request.headers).get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or not _is_first(case, response, "bearer_attacks"):
        return
    transport = _reach(case, response)
    material = Material(_BEARER, token, "alice")
    said = list(_attack(request, material, transport))
    if said:
        raise AssertionError("\n".join(said))


@schemathesis.check
def another_user(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Refuse another user what one may read."""
    token = os.environ.get("SPECWITNESS_TOKEN_BOB")
    if not token or not case.path_parameters or not _is_first(case, response, "another_user"):
        return
    request = _read(response)
    if request.is_safe and dict(request.headers).get("Authorization"):
        answer = _reach(case, response).send(_BEARER.put(request, token))
        if answer.succeeded:
            raise AssertionError(f"another user was answered {answer.status}, not refused")


def _attack(request: Request, material: Material, transport: Transport) -> Iterator[str]:
    attack: Attack
    for attack in (*RAW_ATTACKS, *UNSIGNED_ATTACKS):
        change = attack.prepare(material) if attack.level is Level.MUST else None
        if change is None:
            continue
        answer = transport.send(change(request))
        if answer.status not in attack.allowed:
            expected = " or ".join(map(str, sorted(attack.allowed)))
            yield f"with {attack.name}: expected {expected}, came {answer.status} ({attack.breaks})"


def _is_first(case: Case[Any], response: Response, check: str) -> bool:
    key = (check, id(case.operation.schema), case.operation.label)
    if (
        response.status_code // 100 != _SUCCESS
        or case.method != case.operation.method.upper()
        or key in _TRIED
    ):
        return False
    _TRIED.add(key)
    return True


def _reach(case: Case[Any], response: Response) -> Transport:
    if case.operation.app is not None:
        return AsgiTransport(case.operation.app)
    parts = urlsplit(response.request.url or "")
    return HttpTransport(f"{parts.scheme}://{parts.netloc}")


def _read(response: Response) -> Request:
    sent = response.request
    body = sent.body if isinstance(sent.body, bytes) else str(sent.body or "").encode() or None
    parts = urlsplit(sent.url or "")
    headers = tuple(
        (name, str(value)) for name, value in sent.headers.items() if name.lower() != "content-length"
    )
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return Request(sent.method or "GET", parts.path, query, headers, body)
