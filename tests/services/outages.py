"""A list of things whose service may be down and whose accounts may be erased: its contract has both."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from specwitness.fuzz.session.situation import Situation
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Identity
from tests.proving_ground.model import Faults
from tests.services.contract import read_document
from tests.services.users import read_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from specwitness.fuzz.http.message import Response as FuzzResponse
    from specwitness.openapi import Contract

OUTAGE, ERASURE = "an outage", "an erased account"
USERS = ("alice", "bob", "carol")
TOKEN = "the-token-of-"
SWITCHES = frozenset(
    {
        "crash-when-down",
        "serves-erased",
        "stays-down",
        "no-retry-after",
        "retry-after-word",
        "misfit-when-down",
    }
)
PROBLEM = {
    "type": "object",
    "required": ["title"],
    "properties": {"title": {"type": "string", "const": "refused"}},
    "additionalProperties": False,
}


@dataclass
class Condition:
    """What the service is in now, which accounts are erased, and which situations are over.

    Attributes:
        faults: What is planted, of SWITCHES.
        is_down: Whether an outage lasts.
        erased: The users whose accounts are erased.
        ended: The names of the situations that are over, in order.
    """

    faults: Faults = field(default_factory=Faults)
    is_down: bool = False
    erased: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)

    def refuse(self, request: Request) -> Response | None:
        """Give the refusal that is due, if one is."""
        user = read_user(request)
        if user is None:
            is_sent = "authorization" in request.headers
            return problem(401, {"WWW-Authenticate": 'Bearer error="invalid_token"' if is_sent else "Bearer"})
        if self.is_down:
            return self._answer_outage()
        is_served = request.method == "DELETE" or self.faults.has("serves-erased")
        return problem(410) if user in self.erased and not is_served else None

    def _answer_outage(self) -> Response:
        if self.faults.has("crash-when-down"):
            return problem(500)
        headers = {} if self.faults.has("no-retry-after") else {"Retry-After": "5"}
        if self.faults.has("retry-after-word"):
            headers = {"Retry-After": "soon"}
        return problem(503, headers, "down" if self.faults.has("misfit-when-down") else "refused")


def plant(*switches: str) -> Condition:
    """Make the condition of a service that is up, with faults planted.

    Raises:
        KeyError: It has no such fault.
    """
    if unknown := set(switches) - SWITCHES:
        raise KeyError(f"there is no fault {unknown}")
    return Condition(Faults(frozenset(switches)))


def read_user(request: Request) -> str | None:
    token = read_token(request) or ""
    user = token.removeprefix(TOKEN)
    return user if token != user and user in USERS else None


def problem(status: int, headers: dict[str, str] | None = None, title: str = "refused") -> Response:
    return JSONResponse({"title": title}, status, headers)


def create_app(condition: Condition) -> Starlette:
    async def list_things(request: Request) -> Response:
        return condition.refuse(request) or JSONResponse([])

    async def erase_account(request: Request) -> Response:
        if refusal := condition.refuse(request):
            return refusal
        condition.erased |= {str(read_user(request))} & {"carol"}
        return Response(status_code=204)

    async def get_health(_: Request) -> Response:
        return JSONResponse({})

    return Starlette(
        routes=[
            Route("/health", get_health, methods=["GET"]),
            Route("/things", list_things, methods=["GET"]),
            Route("/account", erase_account, methods=["DELETE"]),
        ]
    )


def describe(*documented: int) -> dict[str, Any]:
    """Describe the service; `documented` are further statuses of its list."""
    body = {"application/json": {"schema": PROBLEM}}
    retry = {"required": True, "schema": {"type": "string", "pattern": "^[0-9]+$"}}
    challenge = {"required": True, "schema": {"type": "string"}}
    refused = {
        "401": {"description": "who", "content": body, "headers": {"WWW-Authenticate": challenge}},
        "503": {
            "description": "down",
            "content": body,
            "headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
            "x-requirements": ["001/FR-503"],
        },
    }
    erased = {"description": "erased", "content": body, "x-requirements": ["001/FR-410"]}
    listed = {"description": "list", "content": {"application/json": {"schema": {"type": "array"}}}}
    others = {str(status): {"description": "so the contract says"} for status in documented}
    return {
        "openapi": "3.1.0",
        "info": {"title": "outages", "version": "1"},
        "security": [{"bearer": []}],
        "x-requirements": ["001/FR-1"],
        "paths": {
            "/health": {
                "get": {
                    "operationId": "getHealth",
                    "security": [],
                    "responses": {"200": {"description": "fine"}},
                }
            },
            "/things": {
                "get": {
                    "operationId": "listThings",
                    "x-requirements": ["001/FR-2"],
                    "responses": {"200": listed, "410": erased, **refused, **others},
                }
            },
            "/account": {
                "delete": {
                    "operationId": "eraseAccount",
                    "responses": {"204": {"description": "gone"}, **refused},
                }
            },
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "headers": {"RetryAfter": retry},
        },
    }


def make_outage_contract(*documented: int) -> Contract:
    """Make the contract; `documented` are further statuses of the list."""
    return read_document(describe(*documented))


@dataclass(frozen=True)
class Names:
    """The users of the service, whose tokens hold their names."""

    known: tuple[str, ...] = USERS

    def identify(self, name: str, client: object = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        return Identity(name, TOKEN + name) if name in self.known else None


def make_situations(condition: Condition, **others: Any) -> tuple[Situation, ...]:
    """Make both situations; `others` are settings of the outage."""

    @contextmanager
    def outage(_: Callable[[str], FuzzResponse]) -> Iterator[None]:
        condition.is_down = True
        try:
            yield
        finally:
            condition.is_down = condition.faults.has("stays-down")
            condition.ended.append(OUTAGE)

    @contextmanager
    def erasure(call: Callable[[str], FuzzResponse]) -> Iterator[None]:
        assert call("eraseAccount").status == 204
        yield
        condition.ended.append(ERASURE)

    down = {"name": OUTAGE, "statuses": (503,), "enter": outage, "recovery": 0.0}
    return (
        Situation(name=ERASURE, statuses=(410,), enter=erasure, identity="carol"),
        Situation(**{**down, **others}),
    )


def make_target(condition: Condition, names: Names | None = None, **others: Any) -> Target:
    """Make the target; `others` are settings of the outage."""
    situations = make_situations(condition, **others)
    return Target(app=create_app(condition), identities=names or Names(), situations=situations)
