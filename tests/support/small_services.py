"""What services of a few lines share: their users, their contracts in short, and a run against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, Request

from specwitness.config import FuzzConfig
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from tests.support.attacks import attack_target, complaints
from tests.support.surfaces import make_surface

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.engine import Engine

USERS = {"token-of-ann": "usr-ann", "token-of-ben": "usr-ben"}
SCHEMES = {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}
TEXT = {"type": "string", "minLength": 1, "maxLength": 60}
NOTE = {"name": "note_id", "in": "path", "required": True, "schema": {"type": "integer"}}


def json_of(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": list(properties), "properties": properties}
    return {"content": {"application/json": {"schema": schema}}}


def answer(**statuses: str) -> dict[str, Any]:
    known = {"401": "No", "404": "No", "422": "No"} | {key.strip("_"): text for key, text in statuses.items()}
    return {status: {"description": text} for status, text in known.items()}


def caller_of(request: Request) -> str:
    lines = request.headers.getlist("authorization")
    scheme, _, token = (lines or [""])[0].partition(" ")
    user = USERS.get(token) if scheme.lower() == "bearer" and len(lines) == 1 else None
    if user is None:
        challenge = 'Bearer error="invalid_token"' if lines else "Bearer"
        raise HTTPException(401, headers={"WWW-Authenticate": challenge})
    return user


async def read_text(request: Request, name: str = "text") -> str:
    try:
        value = (await request.json())[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HTTPException(422) from None
    if not isinstance(value, str) or not 0 < len(value) <= TEXT["maxLength"]:  # type: ignore[operator]  # a number
        raise HTTPException(422)
    return value.encode(errors="replace").decode()


def attack(paths: dict[str, Any], serve: Callable[[FastAPI], None]) -> Engine:
    app = FastAPI(openapi_url=None)
    serve(app)
    surface = make_surface(paths, components=SCHEMES, security=[{"bearer": []}])
    identities = Tokens(
        alice="token-of-ann", bob="token-of-ben", subjects={"alice": "usr-ann", "bob": "usr-ben"}
    )
    return attack_target(surface, Target(app=app, identities=identities), FuzzConfig(strict=True))


def complain(paths: dict[str, Any], serve: Callable[[FastAPI], None]) -> dict[str, list[str]]:
    engine = attack(paths, serve)
    assert {each.id for each in engine.surface.endpoints} == set(engine.trial.succeeded)
    return complaints(engine)
