"""Two of our checks for a plain run of Schemathesis.

In a shell: `SCHEMATHESIS_HOOKS=specwitness.fuzz.bridge.hooks st run …`

Importing the module registers them, for `st run` and for a pytest module:

- `bearer_attacks` repeats the first request of each operation that got a 2xx, with every bad credential
  that can be made of its token; each has to be rejected.
- `another_user` repeats the first request with a 2xx of each operation that names an object, with the token
  of another user in `SPECWITNESS_TOKEN_BOB`; it has to be rejected. After a GET, it also tries to delete the
  object. `x-shared: true` on an operation leaves it out.

Without `SPECWITNESS_ALLOW_WRITES=1`, no method that may change something is sent to another machine. The
attacks that need the service's key are those of `specwitness fuzz`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import schemathesis
from schemathesis import Case, CheckContext

from specwitness.errors import TargetError
from specwitness.fuzz.bridge.app import SchemathesisTransport
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
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_BEARER = Seat("bearer", BEARER, prefix="Bearer ")
_TRIED: set[tuple[str, int, str]] = set()
_BOB = "SPECWITNESS_TOKEN_BOB"
_WRITES = "SPECWITNESS_ALLOW_WRITES"


@schemathesis.check
def bearer_attacks(_ctx: CheckContext, response: schemathesis.Response, case: Case[Any]) -> None:
    """Check that a request with a bad credential is rejected."""
    request = _read_request(response)
    scheme, _, token = dict(request.headers).get("Authorization", "").partition(" ")
    is_own = scheme.lower() == "bearer" and bool(token) and _is_protected(case)
    if is_own and _is_first(case, response, "bearer_attacks"):
        _judge(_attack(request, Material(_BEARER, token, "alice"), _make_client(case, response)))


@schemathesis.check
def another_user(_ctx: CheckContext, response: schemathesis.Response, case: Case[Any]) -> None:
    """Check that another user may not read, change or delete the object of a request."""
    token = os.environ.get(_BOB)
    if not token:
        _print_once(f"{_BOB} is not set: another_user tries nothing")
        return
    request = _read_request(response)
    is_own = "Authorization" in dict(request.headers) and _is_protected(case)
    raw = case.operation.definition.raw
    if (
        is_own
        and case.path_parameters
        and not raw.get("x-shared")
        and _is_first(case, response, "another_user")
    ):
        is_deletable = request.method == "GET" and _serves_deletion(case)
        _judge(_try_as_another(request, token, _make_client(case, response), is_deletable=is_deletable))


def _judge(failures: Iterator[str]) -> None:
    found: list[str] = []
    try:
        found += failures
    except ReadOnlyError:
        _print_once(f"a service on another machine is only read without {_WRITES}=1")
    except ThrottledError as error:
        _print_once(f"{error} was answered 429 after each wait, and is not tried")
    except TargetError as error:
        _print_once(str(error))
    if found:
        raise AssertionError("\n".join(found))


@cache
def _print_once(text: str) -> None:
    sys.stderr.write(f"specwitness: {text}\n")


def _try_as_another(request: Request, token: str, client: Client, *, is_deletable: bool) -> Iterator[str]:
    response = client.send(_BEARER.put(request, token))
    if response.succeeded:
        yield f"another user was answered {response.status}, not refused"
    if not is_deletable or not client.may_write:
        return
    response = client.send(_BEARER.put(replace(request, method="DELETE"), token))
    # Some services answer 204 to the DELETE of an object that they hide from the caller, and keep it.
    if response.succeeded and client.send(request).status in _GONE:
        yield f"another user was answered {response.status} to DELETE, and the object is gone"


def _is_protected(case: Case[Any]) -> bool:
    """Tell whether the contract requires credentials: a client may send them to every operation."""
    operation = case.operation
    return is_protected(operation.schema.raw_schema, operation.definition.raw)


def _serves_deletion(case: Case[Any]) -> bool:
    path = case.operation.path
    return any(
        result.ok().method.upper() == "DELETE" and result.ok().path == path
        for result in case.operation.schema.get_all_operations()
        if hasattr(result, "ok")
    )


def _attack(request: Request, material: Material, client: Client) -> Iterator[str]:
    attack: Attack
    for attack in RAW_ATTACKS:
        change = attack.prepare(material) if attack.level is Level.MUST else None
        if change is None:
            continue
        status = client.send(change(request)).status
        if status not in attack.allowed:
            expected = " or ".join(map(str, sorted(attack.allowed)))
            yield f"with {attack.name}: expected {expected}, came {status} ({attack.breaks})"


def _is_first(case: Case[Any], response: schemathesis.Response, check: str) -> bool:
    key = (check, id(case.operation.schema), case.operation.label)
    if (
        response.status_code // 100 != _SUCCESS
        or case.method != case.operation.method.upper()
        or key in _TRIED
    ):
        return False
    _TRIED.add(key)
    return True


def _make_client(case: Case[Any], response: schemathesis.Response) -> Client:
    app = case.operation.app
    if app is not None:
        return Client(SchemathesisTransport(app))
    parts = urlsplit(response.request.url or "")
    return _connect(f"{parts.scheme}://{parts.netloc}")


@cache
def _connect(base_url: str) -> Client:
    return Client(HttpTransport(base_url), allow_writes=os.environ.get(_WRITES) == "1")


def _read_request(response: schemathesis.Response) -> Request:
    sent = response.request
    body = sent.body if isinstance(sent.body, bytes) else str(sent.body or "").encode() or None
    parts = urlsplit(sent.url or "")
    headers = tuple(
        (name, str(value)) for name, value in sent.headers.items() if name.lower() != "content-length"
    )
    return Request(sent.method or "GET", parts.path, (), headers, body, parts.query)
