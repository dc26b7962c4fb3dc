"""What is shared, public or chosen by anybody is nobody's secret: each did look like a fault once."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, HTTPException, Request

from tests.support.attacks import complaints
from tests.support.small_services import TEXT, answer, attack, caller_of, complain, json_of, read_text


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
