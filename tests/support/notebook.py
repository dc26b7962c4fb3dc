"""A notebook in one file, right or with one fault: the user stands in the path, as many services have it."""

from itertools import count
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response

USERS = {"token-of-ann": "usr-ann", "token-of-ben": "usr-ben"}
LONGEST = 80
TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST}
ID = {"type": "string", "pattern": "^not-[0-9]{6}$"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _in(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def make_paths() -> dict[str, Any]:
    """Make the paths of the contract."""
    note = {"200": {"description": "A note", **_json(_object(id=ID, text=TEXT, tag=TEXT))}}
    key = {"200": {"description": "A key", **_json(_object(id=ID, key={"type": "string"}))}}
    ids = {"required": True, **_json(_object(ids={"type": "array", "minItems": 1, "items": ID}))}
    body = {"required": True, **_json(_object(text=TEXT, tag=TEXT))}
    user, one = _in("path", "user_id", {"type": "string"}), _in("path", "note_id", ID)
    either: dict[str, Any] = {"security": [{"bearer": []}, {"key": []}]}
    paths: dict[str, Any] = {
        "/api/{user_id}/notes": {
            "parameters": [user],
            "get": {
                "operationId": "listNotes",
                "parameters": [
                    _in("query", "tag", TEXT),
                    _in("query", "q", TEXT),
                    _in("query", "limit", {"type": "integer", "minimum": 1, "maximum": 50}),
                    _in("query", "cursor", {"type": "string"}),
                ],
            },
            "post": {"operationId": "makeNote", "requestBody": body, "responses": note},
        },
        "/api/{user_id}/notes/{note_id}": {
            "parameters": [user, one],
            "get": {"operationId": "readNote", "responses": note},
            "patch": {
                "operationId": "changeNote",
                "parameters": [_in("header", "If-Match", {"type": "string"})],
                "requestBody": body,
            },
            "delete": {"operationId": "deleteNote"},
        },
        "/api/{user_id}/notes/{note_id}/comments": {
            "parameters": [user, one],
            "get": {"operationId": "listComments"},
            "post": {
                "operationId": "makeComment",
                "requestBody": {"required": True, **_json(_object(text=TEXT))},
            },
        },
        "/api/{user_id}/bulk/delete": {
            "parameters": [user],
            "post": {"operationId": "bulkDelete", "summary": "Delete several notes", "requestBody": ids},
        },
        "/api/{user_id}/export": {
            "parameters": [user],
            "get": {
                "operationId": "export",
                "parameters": [_in("query", "format", {"type": "string", "enum": ["json", "csv"]})],
            },
        },
        "/keys": {"post": {"operationId": "makeKey", "responses": key}},
        "/keys/{key_id}": {
            "parameters": [_in("path", "key_id", ID)],
            "delete": {"operationId": "deleteKey"},
        },
        "/count": {"get": {"operationId": "countNotes", **either}},
        "/notes/{note_id}": {"parameters": [one], "get": {"operationId": "readByKey", **either}},
    }
    answers = {str(status): {"description": "No"} for status in (401, 404, 412, 422)}
    for item in paths.values():
        for method in item.keys() - {"parameters"}:
            item[method].setdefault("responses", {"200": {"description": "Done"}})
            item[method]["responses"] |= answers
    return paths


COMPONENTS = {
    "securitySchemes": {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    }
}


class Notebook:
    """What a notebook holds, and the fault that it has."""

    def __init__(self, fault: str | None) -> None:
        self.fault = fault
        self.numbers = count(100_001)
        self.notes: dict[str, dict[str, Any]] = {}
        self.index: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[str]] = {}
        self.keys: dict[str, str] = {}
        self.names: dict[str, str] = {}

    def next_id(self) -> str:
        """Give an id that nothing has."""
        return f"not-{next(self.numbers)}"

    def caller_of(self, request: Request, *, by_key: bool = False) -> str:
        """Tell who calls."""
        lines = request.headers.getlist("authorization")
        scheme, _, token = (lines or [""])[0].partition(" ")
        key = request.headers.get("x-api-key") if by_key else None
        is_one = scheme.lower() == "bearer" and len(lines) == 1
        user = USERS.get(token) if is_one else self.keys.get(key or "") if not lines else None
        if user is None:
            challenge = 'Bearer error="invalid_token"' if lines else "Bearer"
            raise HTTPException(401, headers={"WWW-Authenticate": challenge})
        return user

    def owner_of(self, request: Request, user_id: str) -> str:
        """Tell who calls, for what is theirs by its path."""
        user = self.caller_of(request)
        if user != user_id:
            raise HTTPException(404)
        return user

    def own(self, note_id: str, user: str) -> dict[str, Any]:
        """Give a note of a user."""
        note = self.notes.get(note_id)
        if note is None or note["user"] != user:
            raise HTTPException(404)
        return note

    def find(self, user: str, tag: str | None, q: str | None) -> list[dict[str, Any]]:
        """Find notes of a user, by their tag and a part of their text."""
        pool = self.index if q is not None and self.fault == "index" else self.notes
        everybody = (tag is not None and self.fault == "tag") or (q is not None and self.fault == "search")
        return [
            each
            for each in pool.values()
            if (each["user"] == user or everybody)
            and tag in {None, each["tag"]}
            and (q or "") in each["text"]
        ]


def show(note: dict[str, Any]) -> dict[str, Any]:
    """Give a note as its owner sees it."""
    return {key: value for key, value in note.items() if key != "user"}


async def read(request: Request, *names: str) -> list[str]:
    """Read the members of a body."""
    try:
        body = await request.json()
        values = [body[name] for name in names]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HTTPException(422) from None
    if not all(isinstance(each, str) and fits(each) for each in values):
        raise HTTPException(422)
    return values


def fits(text: str) -> bool:
    """Tell whether a text can be stored: neither empty nor long, and whole characters alone."""
    return 0 < len(text) <= LONGEST and text.encode(errors="replace").decode() == text


def make_notebook(fault: str | None = None) -> FastAPI:
    """Make the notebook, with a fault or none."""
    app, book = FastAPI(openapi_url=None), Notebook(fault)
    add_list(app, book)
    add_several(app, book)
    add_note(app, book)
    add_comments(app, book)
    add_keys(app, book)
    return app


def add_list(app: FastAPI, book: Notebook) -> None:
    """Serve the list, and what makes a note."""

    @app.get("/api/{user_id}/notes")
    def list_notes(  # noqa: PLR0917  # as a framework has it: a parameter for each
        request: Request,
        user_id: str,
        tag: str | None = None,
        q: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        user = book.owner_of(request, user_id)
        if not 1 <= limit <= 50:  # as the contract says
            raise HTTPException(422)
        found = book.find(user, tag, q)
        if cursor is not None:
            pool = list(book.notes.values()) if book.fault == "cursor" else found
            found = [each for each in pool if each["id"] > cursor]
        total = len(book.notes) if book.fault == "total" else len(found)
        following = found[limit - 1]["id"] if len(found) > limit else None
        return {"items": [show(each) for each in found[:limit]], "total": total, "next": following}

    @app.post("/api/{user_id}/notes")
    async def make_note(request: Request, user_id: str) -> dict[str, Any]:
        user, (text, tag) = book.owner_of(request, user_id), await read(request, "text", "tag")
        note = {"id": book.next_id(), "user": user, "text": text, "tag": tag}
        book.notes[note["id"]] = book.index[note["id"]] = note
        return show(note)


def add_several(app: FastAPI, book: Notebook) -> None:
    """Serve what deletes several notes, and the export."""

    @app.post("/api/{user_id}/bulk/delete")
    async def bulk_delete(request: Request, user_id: str) -> dict[str, list[str]]:
        user = book.owner_of(request, user_id)
        try:
            ids = (await request.json())["ids"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise HTTPException(422) from None
        if (
            not isinstance(ids, list)
            or not ids
            or not all(isinstance(each, str) and fits(each) for each in ids)
        ):
            raise HTTPException(422)
        mine = {each for each in ids if book.notes.get(each, {}).get("user") == user}
        known = {each for each in ids if each in book.notes}
        for each in known if book.fault == "bulk" else mine:
            del book.notes[each]
            if book.fault != "index":
                del book.index[each]
        missing = known if book.fault == "bulk told" else mine
        return {"deleted": sorted(mine), "missing": [each for each in ids if each not in missing]}

    @app.get("/api/{user_id}/export")
    def export(request: Request, user_id: str, format: str = "json") -> Response:  # noqa: A002  # its name
        user = book.owner_of(request, user_id)
        if format not in {"json", "csv"}:
            raise HTTPException(422)
        if format == "csv" and book.fault == "csv":
            return Response("\n".join(each["text"] for each in book.notes.values()), media_type="text/csv")
        return Response(
            "\n".join(each["text"] for each in book.find(user, None, None)), media_type="text/csv"
        )


def add_note(app: FastAPI, book: Notebook) -> None:
    """Serve one note."""

    @app.get("/api/{user_id}/notes/{note_id}")
    def read_note(request: Request, response: Response, user_id: str, note_id: str) -> dict[str, Any]:
        note = book.own(note_id, book.owner_of(request, user_id))
        response.headers["ETag"] = tag_of(note)
        return show(note)

    @app.patch("/api/{user_id}/notes/{note_id}")
    async def change_note(request: Request, user_id: str, note_id: str) -> dict[str, Any]:
        user = book.owner_of(request, user_id) if book.fault != "version" else book.caller_of(request)
        wanted = request.headers.get("if-match")
        note = book.notes.get(note_id) if book.fault == "version" else book.own(note_id, user)
        if note is not None and wanted is not None and wanted != tag_of(note):
            raise HTTPException(412)
        note = book.own(note_id, book.owner_of(request, user_id))
        note["text"], note["tag"] = await read(request, "text", "tag")
        return show(note)

    @app.delete("/api/{user_id}/notes/{note_id}")
    def delete_note(request: Request, user_id: str, note_id: str) -> dict[str, int]:
        book.own(note_id, book.owner_of(request, user_id))
        del book.notes[note_id], book.index[note_id]
        if book.fault != "comments":
            book.comments.pop(note_id, None)
        return {"deleted": 1}


def tag_of(note: dict[str, Any]) -> str:
    """Give the version of a note."""
    return f'"{len(note["text"])}-{sum(map(ord, note["text"]))}"'


def add_comments(app: FastAPI, book: Notebook) -> None:
    """Serve what is said of a note."""

    @app.get("/api/{user_id}/notes/{note_id}/comments")
    def list_comments(request: Request, user_id: str, note_id: str) -> list[str]:
        user = book.owner_of(request, user_id)
        if book.fault == "comments" and note_id in book.comments:
            return book.comments[note_id]
        book.own(note_id, user)
        return book.comments.get(note_id, [])

    @app.post("/api/{user_id}/notes/{note_id}/comments")
    async def make_comment(request: Request, user_id: str, note_id: str) -> dict[str, int]:
        book.own(note_id, book.owner_of(request, user_id))
        (text,) = await read(request, "text")
        book.comments.setdefault(note_id, []).append(text)
        return {"made": 1}


def add_keys(app: FastAPI, book: Notebook) -> None:
    """Serve keys, and what may be read with them."""

    @app.post("/keys")
    def make_key(request: Request) -> dict[str, str]:
        user, name = book.caller_of(request), book.next_id()
        key = f"key-{name}-{user}-{next(book.numbers)}"
        book.keys[key], book.names[name] = user, key
        return {"id": name, "key": key}

    @app.delete("/keys/{key_id}")
    def delete_key(request: Request, key_id: str) -> dict[str, int]:
        user = book.caller_of(request)
        key = book.names.get(key_id, "")
        if book.keys.get(key) != user:
            raise HTTPException(404)
        del book.names[key_id]
        if book.fault != "key":
            del book.keys[key]
        return {"deleted": 1}

    @app.get("/count")
    def count_notes(request: Request) -> dict[str, int]:
        user = book.caller_of(request, by_key=True)
        return {"count": len(book.find(user, None, None))}

    @app.get("/notes/{note_id}")
    def read_by_key(request: Request, note_id: str) -> dict[str, Any]:
        user = book.caller_of(request, by_key=True)
        if book.fault == "by key" and "authorization" not in request.headers and note_id in book.notes:
            return show(book.notes[note_id])
        return show(book.own(note_id, user))
