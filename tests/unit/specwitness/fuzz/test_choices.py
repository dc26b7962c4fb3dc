"""Paths that end in one of a few values, in a name that the caller chooses, or that have HEAD."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import pytest
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

from tests.support.small_services import answer, caller_of, complain, json_of, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

    Kept = dict[Any, dict[str, Any]]

TEXT = {"type": "string", "minLength": 1, "maxLength": 60}
SLUG = {"type": "string", "pattern": "^[a-z0-9-]{1,60}$"}
KINDS = ("favorite", "dislike")
FORMATS = ("json", "csv")


def _path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _does(name: str, *, body: bool = False, status: str = "200", **more: Any) -> dict[str, Any]:
    found = {"operationId": name, "responses": answer(**{f"_{status}": "Done"}), **more}
    return {**found, "requestBody": json_of(text=TEXT)} if body else found


def make_paths() -> dict[str, Any]:
    note = _path("note_id", {"type": "integer", "minimum": 1})
    shown = json_of(id={"type": "integer"}, text=TEXT)
    head = _does("lookAtNote")
    head["responses"]["200"] |= shown
    head["responses"]["401"] = {"description": "No", **json_of(detail=TEXT)}
    room = _does("openRoom", body=True)
    room["responses"]["200"] |= json_of(slug=SLUG)
    return {
        "/notes": {"post": _does("makeNote", body=True)},
        "/notes/{note_id}": {"parameters": [note], "head": head, "get": _does("readNote")},
        "/notes/{note_id}/reactions/{kind}": {
            "parameters": [note, _path("kind", {"type": "string", "enum": list(KINDS)})],
            "put": _does("react"),
            "delete": _does("takeBack", status="204"),
        },
        "/notes/{note_id}/export/{format}": {
            "parameters": [note, _path("format", {"type": "string", "enum": list(FORMATS)})],
            "get": _does("exportNote"),
        },
        "/export/{format}": {
            "parameters": [_path("format", {"type": "string", "enum": list(FORMATS)})],
            "get": _does("exportAll"),
        },
        "/rooms": {"post": room},
        "/rooms/{slug}": {"parameters": [_path("slug", SLUG)], "get": _does("readRoom")},
        "/snippets": {"get": _does("listSnippets")},
        "/snippets/{slug}": {
            "parameters": [_path("slug", SLUG)],
            "get": _does("readSnippet"),
            "put": _does("writeSnippet", body=True),
            "delete": _does("dropSnippet", status="204"),
        },
    }


def serve(fault: str | None) -> Callable[[FastAPI], None]:
    def add(app: FastAPI) -> None:
        notes: Kept = {}

        @app.exception_handler(RequestValidationError)
        def refuse(request: Request, _: Exception) -> Response:
            try:
                caller_of(request)
            except HTTPException as error:
                return Response(status_code=401, headers=error.headers)
            return Response(status_code=422)

        add_notes(app, notes, fault)
        add_exports(app, notes, fault)
        add_named(app, fault)

    return add


def find_own(kept: Kept, key: object, user: str) -> dict[str, Any]:
    found = kept.get(key)
    if found is None or found["user"] != user:
        raise HTTPException(404)
    return found


def add_notes(app: FastAPI, notes: Kept, fault: str | None) -> None:
    numbers = count(100_001)

    @app.post("/notes")
    async def make_note(request: Request) -> dict[str, Any]:
        user, text = caller_of(request), await read_text(request)
        key = next(numbers)
        notes[key] = {"id": key, "user": user, "text": text, "kinds": set()}
        return {"id": key, "text": text}

    @app.api_route("/notes/{note_id}", methods=["GET", "HEAD"])
    def read_note(request: Request, note_id: int) -> dict[str, Any]:
        user = caller_of(request)
        if fault == "head" and request.method == "HEAD":
            return {"text": notes[note_id]["text"]} if note_id in notes else find_own(notes, note_id, user)
        return {"id": note_id, "text": find_own(notes, note_id, user)["text"]}

    @app.put("/notes/{note_id}/reactions/{kind}")
    def react(request: Request, note_id: int, kind: Literal[KINDS]) -> dict[str, str]:  # type: ignore[valid-type]
        user = caller_of(request)
        note = notes.get(note_id) if fault == "reaction" else find_own(notes, note_id, user)
        if note is None:
            raise HTTPException(404)
        note["kinds"].add(kind)
        return {"kind": kind}

    @app.delete("/notes/{note_id}/reactions/{kind}", status_code=204)
    def take_back(request: Request, note_id: int, kind: Literal[KINDS]) -> None:  # type: ignore[valid-type]
        note = find_own(notes, note_id, caller_of(request))
        if kind not in note["kinds"]:
            raise HTTPException(404)
        note["kinds"].remove(kind)


def add_exports(app: FastAPI, notes: Kept, fault: str | None) -> None:
    @app.get("/notes/{note_id}/export/{form}")
    def export_note(request: Request, note_id: int, form: Literal[FORMATS]) -> list[str]:  # type: ignore[valid-type]
        user = caller_of(request)
        if fault == "format" and form == "csv" and note_id in notes:
            return [notes[note_id]["text"]]
        return [find_own(notes, note_id, user)["text"]]

    @app.get("/export/{form}")
    def export_all(request: Request, form: Literal[FORMATS]) -> list[str]:  # type: ignore[valid-type]
        user = caller_of(request)
        is_open = fault == "all" and form == "csv"
        return [each["text"] for each in notes.values() if is_open or each["user"] == user]


def add_named(app: FastAPI, fault: str | None) -> None:
    rooms: Kept = {}
    snippets: Kept = {}

    def place(user: str, slug: str) -> object:
        return slug if fault == "snippet" else (user, slug)

    @app.post("/rooms")
    async def open_room(request: Request) -> dict[str, str]:
        user, text = caller_of(request), await read_text(request)
        slug = f"room-{len(rooms) + 100_001}"
        rooms[slug] = {"user": user, "text": text}
        return {"slug": slug}

    @app.get("/rooms/{slug}")
    def read_room(request: Request, slug: str) -> dict[str, str]:
        return {"text": find_own(rooms, slug, caller_of(request))["text"]}

    @app.get("/snippets")
    def list_snippets(request: Request) -> list[dict[str, Any]]:
        user = caller_of(request)
        return [each for each in snippets.values() if each["user"] == user]

    @app.get("/snippets/{slug}")
    def read_snippet(request: Request, slug: str) -> dict[str, Any]:
        user = caller_of(request)
        return find_own(snippets, place(user, slug), user)

    @app.put("/snippets/{slug}")
    async def write_snippet(request: Request, slug: str) -> dict[str, Any]:
        user, text = caller_of(request), await read_text(request)
        if not slug.replace("-", "").isalnum() or not slug.isascii() or len(slug) > TEXT["maxLength"]:  # type: ignore[operator]  # a number
            raise HTTPException(422)
        snippets[place(user, slug)] = {"slug": slug, "user": user, "text": text}
        return snippets[place(user, slug)]

    @app.delete("/snippets/{slug}", status_code=204)
    def drop_snippet(request: Request, slug: str) -> None:
        user = caller_of(request)
        find_own(snippets, place(user, slug), user)
        del snippets[place(user, slug)]


def test_choices_and_names_of_the_caller_are_no_objects_of_anybody() -> None:
    assert complain(make_paths(), serve(None)) == {}


@pytest.mark.parametrize(
    ("fault", "check", "text"),
    [
        ("head", "isolation", "HEAD /notes/{note_id} as another user answered 200"),
        ("reaction", "isolation", "PUT /notes/{note_id}/reactions/{kind} as another user answered 200"),
        ("format", "isolation", "with format=csv, answered 200"),
        ("all", "disclosure", "GET /export/{format} shows another user a text of theirs"),
        ("snippet", "isolation", "PUT /snippets/{slug} as another user answered 200, and then"),
    ],
)
def test_what_is_chosen_or_named_hides_no_fault(fault: str, check: str, text: str) -> None:
    found = complain(make_paths(), serve(fault))
    assert any(text in each for each in found.get(check, [])), found
