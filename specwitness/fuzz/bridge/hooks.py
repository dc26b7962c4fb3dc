"""Our checks for people who run Schemathesis itself: `SCHEMATHESIS_HOOKS=specwitness.fuzz.hooks st run …`.

Importing the module registers two checks, in `st run` as in a pytest module:

- `bearer_attacks`: the first 2xx of each operation is sent again with every bad credential that can
  be made from the one that it brought;
- `another_user`: with the environment's `SPECWITNESS_TOKEN_BOB`, the first 2xx of each operation that
  names an object is sent again as another user, who has to be refused; where the object was read, the
  other user tries to delete it too. `x-shared: true` on an operation leaves it out.

A service that is not on this machine is only read without `SPECWITNESS_ALLOW_WRITES=1`. Tokens that only
the right key can sign are tried by `specwitness fuzz`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import schemathesis
from schemathesis import Case, CheckContext, Response

from specwitness.errors import TargetError
from specwitness.fuzz.http.asgi import AsgiTransport
from specwitness.fuzz.http.client import Client, ReadOnlyError
from specwitness.fuzz.http.message import Request
from specwitness.fuzz.http.network import HttpTransport
from specwitness.fuzz.http.throttling import ThrottledError
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.tokens.attack import Attack, Material
from specwitness.fuzz.tokens.table import RAW_ATTACKS
from specwitness.fuzz.users.credentials import BEARER, Seat
from specwitness.openapi import is_protected

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUCCESS = 2
_GONE = frozenset({404, 410})
_BEARER = Seat("bearer", BEARER, prefix="Bearer ")
_TRIED: set[tuple[str, int, str]] = set()
_BOB = "SPECWITNESS_TOKEN_BOB"
_WRITES = "SPECWITNESS_ALLOW_WRITES"


@schemathesis.check
def bearer_attacks(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Refuse every bad credential on a request that is otherwise good."""
    request = _read(response)
    scheme, _, token = dict(request.headers).get("Authorization", "").partition(" ")
    is_own = scheme.lower() == "bearer" and bool(token) and _is_protected(case)
    if is_own and _is_first(case, response, "bearer_attacks"):
        _judge(_attack(request, Material(_BEARER, token, "alice"), _reach(case, response)))


@schemathesis.check
def another_user(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Refuse another user what one may read, change and delete."""
    token = os.environ.get(_BOB)
    if not token:
        _tell(f"{_BOB} is not set: another_user tries nothing")
        return
    request = _read(response)
    is_own = "Authorization" in dict(request.headers) and _is_protected(case)
    raw = case.operation.definition.raw
    if (
        is_own
        and case.path_parameters
        and not raw.get("x-shared")
        and _is_first(case, response, "another_user")
    ):
        is_deletable = request.method == "GET" and _serves_deletion(case)
        _judge(_trespass(request, token, _reach(case, response), is_deletable=is_deletable))


def _judge(complaints: Iterator[str]) -> None:
    said: list[str] = []
    try:
        said += complaints
    except ReadOnlyError:
        _tell(f"a service elsewhere is only read without {_WRITES}=1")
    except ThrottledError as error:
        _tell(f"{error} was answered 429 however long it was waited for, and is not tried")
    except TargetError as error:
        _tell(str(error))
    if said:
        raise AssertionError("\n".join(said))


@cache
def _tell(text: str) -> None:
    """Say something once, beside the report of Schemathesis."""
    sys.stderr.write(f"specwitness: {text}\n")


def _trespass(request: Request, token: str, client: Client, *, is_deletable: bool) -> Iterator[str]:
    answer = client.send(_BEARER.put(request, token))
    if answer.succeeded:
        yield f"another user was answered {answer.status}, not refused"
    if not is_deletable or not client.may_write:
        return
    answer = client.send(_BEARER.put(replace(request, method="DELETE"), token))
    # Some services answer so for what is not there; only what is gone was deleted.
    if answer.succeeded and client.send(request).status in _GONE:
        yield f"another user was answered {answer.status} to DELETE, and the object is gone"


def _is_protected(case: Case[Any]) -> bool:
    """Tell whether the contract asks for credentials: who sends them everywhere does not say so."""
    operation = case.operation
    return is_protected(operation.schema.raw_schema, operation.definition.raw)


def _serves_deletion(case: Case[Any]) -> bool:
    path = case.operation.path
    return any(
        each.ok().method.upper() == "DELETE" and each.ok().path == path
        for each in case.operation.schema.get_all_operations()
        if hasattr(each, "ok")
    )


def _attack(request: Request, material: Material, client: Client) -> Iterator[str]:
    attack: Attack
    for attack in RAW_ATTACKS:
        change = attack.prepare(material) if attack.level is Level.MUST else None
        if change is None:
            continue
        answer = client.send(change(request))
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


def _reach(case: Case[Any], response: Response) -> Client:
    app = case.operation.app
    if app is not None:
        return Client(AsgiTransport(app))
    parts = urlsplit(response.request.url or "")
    return _connect(f"{parts.scheme}://{parts.netloc}")


@cache
def _connect(base_url: str) -> Client:
    return Client(HttpTransport(base_url), allow_writes=os.environ.get(_WRITES) == "1")


def _read(response: Response) -> Request:
    sent = response.request
    body = sent.body if isinstance(sent.body, bytes) else str(sent.body or "").encode() or None
    parts = urlsplit(sent.url or "")
    headers = tuple(
        (name, str(value)) for name, value in sent.headers.items() if name.lower() != "content-length"
    )
    return Request(sent.method or "GET", parts.path, (), headers, body, parts.query)
