"""What services are free to decide is not blamed: each did look like a fault once."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, HTTPException, Request

from specwitness.config import FuzzConfig
from specwitness.fuzz.identity import Tokens
from specwitness.fuzz.target import Target
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


def test_team_of_both_is_owned_by_neither_though_it_has_a_slug() -> None:
    slug = {"name": "slug", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/me": {"get": {"operationId": "readMe", "responses": answer(_200="Done")}},
        "/accounts/{slug}": {
            "parameters": [slug],
            "get": {"operationId": "readAccount", "responses": answer(_200="Done")},
        },
    }

    def serve(app: FastAPI) -> None:
        @app.get("/me")
        def read_me(request: Request) -> dict[str, Any]:
            return {"id": caller_of(request), "slug": "acme", "account": {"email": "all@acme.example"}}

        @app.get("/accounts/{slug}")
        def read_account(request: Request, slug: str) -> dict[str, str]:
            caller_of(request)
            if slug != "acme":
                raise HTTPException(404)
            return {"slug": slug, "plan": "small"}

    assert complaints(attack(paths, serve)) == {}


def test_state_of_what_everybody_sees_is_no_secret() -> None:
    event = {"name": "event_id", "in": "path", "required": True, "schema": {"type": "integer"}}
    shared = {"x-shared": True}
    paths = {
        "/events": {
            "post": {
                "operationId": "makeEvent",
                "requestBody": json_of(text=TEXT),
                "responses": answer(_200="Done"),
            }
        },
        "/events/{event_id}": {
            "parameters": [event],
            "get": {"operationId": "readEvent", "responses": answer(_200="Done"), **shared},
        },
        "/events/{event_id}/close": {
            "parameters": [event],
            "post": {"operationId": "closeEvent", "responses": answer(_200="Done", _409="Closed")},
        },
        "/events/{event_id}/visits": {
            "parameters": [event],
            "post": {"operationId": "visit", "responses": answer(_200="Done", _409="Closed")},
        },
    }

    def serve(app: FastAPI) -> None:
        events: dict[int, dict[str, Any]] = {}

        def find(request: Request, event_id: int, *, own: bool) -> dict[str, Any]:
            user, found = caller_of(request), events.get(event_id)
            if found is None or (own and found["user"] != user):
                raise HTTPException(404)
            return found

        @app.post("/events")
        async def make_event(request: Request) -> dict[str, Any]:
            user, text = caller_of(request), await read_text(request)
            key = len(events) + 1
            events[key] = {"id": key, "user": user, "text": text, "closed": False}
            return {"id": key, "text": text}

        @app.get("/events/{event_id}")
        def read_event(request: Request, event_id: int) -> dict[str, Any]:
            found = find(request, event_id, own=False)
            return {"id": event_id, "text": found["text"]}

        @app.post("/events/{event_id}/close")
        def close_event(request: Request, event_id: int) -> dict[str, Any]:
            found = find(request, event_id, own=True)
            if found["closed"]:
                raise HTTPException(409)
            found["closed"] = True
            return {}

        @app.post("/events/{event_id}/visits")
        def visit(request: Request, event_id: int) -> dict[str, Any]:
            if find(request, event_id, own=False)["closed"]:
                raise HTTPException(409)
            return {}

    found = complain(paths, serve)
    assert not any("state of another's object" in each for texts in found.values() for each in texts)


def test_name_that_anybody_may_take_is_told_by_whatever_is_looked_at_first() -> None:
    name = {"name": "doc_name", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/docs/{doc_name}": {
            "parameters": [name],
            "put": {
                "operationId": "writeDoc",
                "requestBody": json_of(text=TEXT),
                "responses": answer(_200="Done", _409="Taken"),
            },
        }
    }

    def serve(app: FastAPI) -> None:
        owners: dict[str, str] = {}

        @app.put("/docs/{doc_name}")
        async def write_doc(request: Request, doc_name: str) -> dict[str, str]:
            user = caller_of(request)
            if owners.get(doc_name, user) != user:
                raise HTTPException(409)
            text = await read_text(request)
            owners[doc_name] = user
            return {"text": text}

    assert complain(paths, serve) == {}


def test_members_that_one_of_several_schemas_documents_are_no_secret() -> None:
    one_of = [
        {"type": "object", "properties": {each: TEXT}, "required": [each]} for each in ("fax_number", "phone")
    ]
    seller = {"allOf": [{"type": "object", "properties": {"id": {"type": "integer"}}}, {"oneOf": one_of}]}
    done = {
        "description": "Done",
        "content": {"application/json": {"schema": {"type": "array", "items": seller}}},
    }
    paths = {
        "/sellers": {
            "get": {"operationId": "listSellers", "security": [], "responses": {"200": done, "422": done}}
        }
    }

    def serve(app: FastAPI) -> None:
        @app.get("/sellers")
        def list_sellers() -> list[dict[str, Any]]:
            return [{"id": 1, "fax_number": "5"}, {"id": 2, "phone": "7"}]

    assert complaints(attack(paths, serve)) == {}


def test_member_may_be_a_word_in_a_body_and_an_object_in_an_answer() -> None:
    word = {"type": "string", "enum": ["open", "done"]}
    wider = {"type": "string", "enum": ["open", "done", "lost"]}
    history = {"type": "array", "items": {"type": "object", "properties": {"state": wider}}}
    shown = {"type": "object", "properties": {"id": {"type": "integer"}, "history": history}}
    made = {"description": "Done", "content": {"application/json": {"schema": shown}}}
    paths = {
        "/jobs": {
            "post": {
                "operationId": "makeJob",
                "requestBody": json_of(state=word),
                "responses": {**answer(), "200": made},
            }
        }
    }

    def serve(app: FastAPI) -> None:
        @app.post("/jobs")
        async def make_job(request: Request) -> dict[str, Any]:
            caller_of(request)
            state = await read_text(request, "state")
            if state not in word["enum"]:
                raise HTTPException(422)
            return {"id": 1, "state": {"name": state}, "history": [{"state": state}]}

    assert "assignment" not in complain(paths, serve)
