"""A small service that may be down, whose accounts may be erased, and what may be wrong with both."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from specwitness.fuzz.session.situation import Situation
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Identity
from specwitness.openapi import Contract, read_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request

    from specwitness.fuzz.http.message import Answer

OUTAGE, ERASURE = "an outage", "an erased account"
USERS = ("alice", "bob", "carol")
TOKEN = "the-token-of-"
PROBLEM = {
    "type": "object",
    "required": ["title"],
    "properties": {"title": {"type": "string", "const": "refused"}},
    "additionalProperties": False,
}


class Fault(StrEnum):
    CRASHES_WHEN_DOWN = "500 in an outage"
    SERVES_THE_ERASED = "200 for an erased account"
    STAYS_DOWN = "does not come back"
    NAMES_NO_TIME = "503 without Retry-After"
    NAMES_A_WORD = "503 whose Retry-After is no number"
    LIES_WHEN_DOWN = "503 whose body does not fit its schema"


@dataclass
class Mood:
    """What the service is in, and what is wrong with it."""

    faults: frozenset[Fault] = frozenset()
    is_down: bool = False
    erased: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)

    def refuse(self, request: Request) -> Response | None:
        """Give the refusal that is due, if one is."""
        user = read_user(request)
        if user is None:
            is_brought = "authorization" in request.headers
            return problem(
                401, {"WWW-Authenticate": 'Bearer error="invalid_token"' if is_brought else "Bearer"}
            )
        if self.is_down:
            return self._tell_outage()
        is_served = Fault.SERVES_THE_ERASED in self.faults or request.method == "DELETE"
        return problem(410) if user in self.erased and not is_served else None

    def _tell_outage(self) -> Response:
        if Fault.CRASHES_WHEN_DOWN in self.faults:
            return problem(500)
        named = {} if Fault.NAMES_NO_TIME in self.faults else {"Retry-After": "5"}
        if Fault.NAMES_A_WORD in self.faults:
            named = {"Retry-After": "soon"}
        return problem(503, named, "down" if Fault.LIES_WHEN_DOWN in self.faults else "refused")


def read_user(request: Request) -> str | None:
    scheme, _, token = ",".join(request.headers.getlist("authorization")).partition(" ")
    user = token.strip().removeprefix(TOKEN)
    return user if scheme.lower() == "bearer" and token != user and user in USERS else None


def problem(status: int, headers: dict[str, str] | None = None, title: str = "refused") -> Response:
    return JSONResponse({"title": title}, status, headers)


def create_app(mood: Mood) -> Starlette:
    async def list_things(request: Request) -> Response:
        return mood.refuse(request) or JSONResponse([])

    async def erase_account(request: Request) -> Response:
        if refusal := mood.refuse(request):
            return refusal
        mood.erased |= {str(read_user(request))} & {"carol"}
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
    others = {str(each): {"description": "so the contract says"} for each in documented}
    return {
        "openapi": "3.1.0",
        "info": {"title": "moods", "version": "1"},
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


def write_contract(folder: Path, *documented: int) -> Contract:
    """Write the contract to a folder, and read it."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(describe(*documented)), encoding="utf-8")
    return read_contract(path, folder)


@dataclass(frozen=True)
class Names:
    """Users whose tokens tell their names."""

    known: tuple[str, ...] = USERS

    def identify(self, name: str, client: object = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        return Identity(name, TOKEN + name) if name in self.known else None


def make_situations(mood: Mood, **others: Any) -> tuple[Situation, ...]:
    """Make both situations; `others` are settings of the outage."""

    @contextmanager
    def outage(_: Callable[[str], Answer]) -> Iterator[None]:
        mood.is_down = True
        try:
            yield
        finally:
            mood.is_down = Fault.STAYS_DOWN in mood.faults
            mood.ended.append(OUTAGE)

    @contextmanager
    def erasure(call: Callable[[str], Answer]) -> Iterator[None]:
        assert call("eraseAccount").status == 204
        yield
        mood.ended.append(ERASURE)

    down = {"name": OUTAGE, "statuses": (503,), "enter": outage, "recovery": 0.0}
    return (
        Situation(name=ERASURE, statuses=(410,), enter=erasure, identity="carol"),
        Situation(**{**down, **others}),
    )


def make_target(mood: Mood, names: Names | None = None, **others: Any) -> Target:
    """Make the target; `others` are settings of the outage."""
    situations = make_situations(mood, **others)
    return Target(app=create_app(mood), identities=names or Names(), situations=situations)
