"""What services are free to decide is not blamed: each did look like a fault once."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request

from specwitness.config import FuzzConfig
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from tests.support.attacks import attack_target, complaints
from tests.support.small_services import (
    NOTE,
    SCHEMES,
    TEXT,
    USERS,
    answer,
    attack,
    caller_of,
    complain,
    json_of,
    read_text,
)
from tests.support.surfaces import make_surface

NOTES: dict[str, Any] = {
    "/notes": {
        "get": {"operationId": "listNotes", "responses": answer(_200="Done")},
        "post": {
            "operationId": "makeNote",
            "requestBody": json_of(text=TEXT),
            "responses": answer(_200="Done"),
        },
    }
}


def serve_notes(app: FastAPI) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = []
    numbers = count(1)

    @app.post("/notes")
    async def make_note(request: Request) -> dict[str, Any]:
        user, text = caller_of(request), await read_text(request)
        notes.append({"id": next(numbers), "user": user, "text": text, "archived": False})
        return notes[-1]

    return notes


def test_search_may_say_what_was_searched_for() -> None:
    q = {"name": "q", "in": "query", "schema": TEXT}
    paths = {
        "/notes": {
            **NOTES["/notes"],
            "get": {"operationId": "listNotes", "parameters": [q], "responses": answer(_200="Done")},
        }
    }

    def serve(app: FastAPI) -> None:
        notes = serve_notes(app)

        @app.get("/notes")
        def list_notes(request: Request, q: str = "") -> dict[str, Any]:
            user = caller_of(request)
            if len(q) > TEXT["maxLength"]:  # type: ignore[operator]  # a number
                raise HTTPException(422)
            return {"q": q, "items": [each for each in notes if each["user"] == user and q in each["text"]]}

    assert complain(paths, serve) == {}


def test_what_is_archived_may_still_be_listed_and_refused_calls_be_counted() -> None:
    paths = {
        **NOTES,
        "/notes/{note_id}/archive": {
            "parameters": [NOTE],
            "post": {"operationId": "archiveNote", "responses": answer(_200="Done", _409="Done before")},
        },
        "/usage": {"get": {"operationId": "readUsage", "responses": answer(_200="Done")}},
    }

    def serve(app: FastAPI) -> None:
        notes, calls = serve_notes(app), dict.fromkeys(USERS.values(), 0)

        @app.get("/notes")
        def list_notes(request: Request) -> list[dict[str, Any]]:
            return [each for each in notes if each["user"] == caller_of(request)]

        @app.post("/notes/{note_id}/archive")
        def archive_note(request: Request, note_id: int) -> dict[str, Any]:
            user = caller_of(request)
            calls[user] += 1
            found = next((each for each in notes if each["id"] == note_id and each["user"] == user), None)
            if found is None:
                raise HTTPException(404)
            if found["archived"]:
                raise HTTPException(409)
            found["archived"] = True
            return found

        @app.get("/usage")
        def read_usage(request: Request) -> dict[str, int]:
            return {"calls": calls[caller_of(request)]}

    assert complain(paths, serve) == {}


@pytest.mark.parametrize(
    ("path", "more"),
    [("/staff-picks", {}), ("/tour-operators", {}), ("/folders/root", {}), ("/notes", {"x-roles": ["user"]})],
)
def test_word_in_a_path_and_the_role_of_everybody_keep_nobody_out(path: str, more: dict[str, Any]) -> None:
    paths = {path: {"get": {"operationId": "readAll", "responses": answer(_200="Done", _403="No"), **more}}}

    def serve(app: FastAPI) -> None:
        @app.get(path)
        def read_all(request: Request) -> list[str]:
            caller_of(request)
            return []

    assert complain(paths, serve) == {}


def test_account_that_is_closed_later_may_be_read_until_then() -> None:
    paths = {
        "/me": {
            "get": {"operationId": "readMe", "responses": answer(_200="Done")},
            "put": {
                "operationId": "writeMe",
                "requestBody": json_of(text=TEXT),
                "responses": answer(_200="Done"),
            },
            "delete": {"operationId": "closeAccount", "responses": answer(_202="It will be")},
        }
    }

    def serve(app: FastAPI) -> None:
        texts = dict.fromkeys(USERS.values(), "nothing")

        @app.get("/me")
        def read_me(request: Request) -> dict[str, str]:
            user = caller_of(request)
            return {"id": user, "text": texts[user]}

        @app.put("/me")
        async def write_me(request: Request) -> dict[str, str]:
            user = caller_of(request)
            texts[user] = await read_text(request)
            return {"id": user, "text": texts[user]}

        @app.delete("/me", status_code=202)
        def close_account(request: Request) -> dict[str, str]:
            return {"id": caller_of(request)}

    assert complain(paths, serve) == {}


@pytest.mark.parametrize(
    "member",
    [
        {"type": "string", "enum": ["red", "blue", None]},
        True,
        {"$ref": "#/components/schemas/Self"},
    ],
)
def test_schema_of_any_shape_ends_in_no_traceback(member: Any) -> None:
    own = {
        "type": "object",
        "required": ["self"],
        "properties": {"self": {"$ref": "#/components/schemas/Self"}},
    }
    paths = {"/things": {"post": {"operationId": "make", "requestBody": json_of(text=TEXT, more=member)}}}
    app = FastAPI(openapi_url=None)

    @app.post("/things")
    async def make(request: Request) -> dict[str, str]:
        caller_of(request)
        return {"text": await read_text(request)}

    components = {**SCHEMES, "schemas": {"Self": own}}
    surface = make_surface(paths, components=components, security=[{"bearer": []}])
    subjects: Any = {"alice": 1, "bob": 2}
    target = Target(app=app, identities=Tokens(alice="token-of-ann", bob="token-of-ben", subjects=subjects))
    engine = attack_target(surface, target, FuzzConfig())
    assert set(engine.trial.succeeded) == {"make"}


def test_account_of_a_user_is_not_deleted_by_the_way() -> None:
    user = {"name": "user_id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/users": {
            "post": {
                "operationId": "signUp",
                "security": [],
                "requestBody": json_of(text=TEXT),
                "responses": answer(_202="A mail is under way"),
            }
        },
        "/users/{user_id}": {
            "parameters": [user],
            "get": {"operationId": "readUser", "responses": answer(_200="Done")},
            "delete": {"operationId": "dropUser", "responses": answer(_204="Done")},
        },
    }
    deleted = []

    def serve(app: FastAPI) -> None:
        def own(request: Request, user_id: str) -> str:
            if (user := caller_of(request)) != user_id or user in deleted:
                raise HTTPException(404)
            return user

        @app.post("/users", status_code=202)
        async def sign_up(request: Request) -> dict[str, str]:
            await read_text(request)
            return {"detail": "a mail is under way"}

        @app.get("/users/{user_id}")
        def read_user(request: Request, user_id: str) -> dict[str, str]:
            return {"id": own(request, user_id)}

        @app.delete("/users/{user_id}", status_code=204)
        def drop_user(request: Request, user_id: str) -> None:
            deleted.append(own(request, user_id))

    engine = attack(paths, serve)
    assert complaints(engine) == {}
    assert deleted == []
    assert set(engine.trial.succeeded) == {"signUp", "readUser"}
