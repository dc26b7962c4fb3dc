"""A library of books whose users sign in and are named by handle, below a path of its server; right or faulty."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse

BASE = "/api/v2"
PASSWORDS = {"ann": "annes-password", "ben": "bens-password"}
TEXT = {"type": "string", "minLength": 1, "maxLength": 60}
EMAIL = {**TEXT, "example": "mail@mail.example"}
LONGEST = 60


def _body(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": list(properties), "properties": properties}
    return {"content": {"application/json": {"schema": schema}}}


def _does(
    name: str, body: dict[str, Any] | None = None, shown: dict[str, Any] | None = None
) -> dict[str, Any]:
    responses = {str(status): {"description": "An answer"} for status in (200, 401, 404, 422)}
    return {
        "operationId": name,
        "responses": {**responses, "200": {"description": "Done", **(shown or {})}},
        **({"requestBody": body} if body else {}),
    }


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def make_paths() -> dict[str, Any]:
    """Make the paths of the contract, which stand below the path of its server."""
    user = {
        "username": TEXT,
        "email": EMAIL,
        "admin": {"type": "boolean"},
        "has_picture": {"type": "boolean"},
    }
    person = {"type": "object", "properties": {**user, "password": {**TEXT, "writeOnly": True}}}
    me = {"content": {"application/json": {"schema": person}}}
    made = _body(status=TEXT, user=person)
    book = _body(book_title=TEXT, text=TEXT, owner={"type": "object"})
    lines = {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
    return {
        "/login": {"post": {**_does("logIn", _body(username=TEXT, password=TEXT)), "security": []}},
        "/users/register": {
            "post": {
                **_does("register", _body(username=TEXT, password=TEXT, email=EMAIL), made),
                "security": [],
            }
        },
        "/me": {"get": _does("readMe", shown=me), "patch": _does("writeMe", _body(email=EMAIL), me)},
        "/picture": {"get": _does("readPicture"), "put": _does("putPicture", _body(text=TEXT))},
        "/users/{username}": {"parameters": [_in_path("username")], "get": _does("readUser")},
        "/users/{username}/email": {
            "parameters": [_in_path("username")],
            "put": _does("writeEmail", _body(email=EMAIL)),
        },
        "/users/{username}/password": {
            "parameters": [_in_path("username")],
            "put": _does("writePassword", _body(password=TEXT)),
        },
        "/books": {
            "get": _does("listBooks"),
            "post": _does("addBook", _body(book_title=TEXT, text=TEXT), book),
        },
        "/books/bulk-delete": {
            "post": _does("dropBooks", _body(titles={"type": "array", "minItems": 1, "items": TEXT}))
        },
        "/books/{book_title}": {
            "parameters": [_in_path("book_title")],
            "get": _does("readBook"),
            "put": _does("writeBook", _body(text=TEXT)),
        },
        "/export": {"get": _does("exportBooks", shown=lines)},
        "/reports": {
            "get": _does("countReports"),
            "post": _does("report", _body(book_title=TEXT, due_date=TEXT)),
        },
        "/codes/check": {"post": _does("checkCode", _body(code={**TEXT, "example": "SPRING"}))},
    }


@dataclass
class Library:
    """Users, books and reports, and the fault."""

    fault: str | None
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    books: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, password in PASSWORDS.items():
            self.add(name, password, f"{name}@first.example", admin=False)

    def add(self, name: str, password: str, email: str, *, admin: bool) -> dict[str, Any]:
        """Add a user."""
        self.users[name] = {"username": name, "password": password, "email": email, "admin": admin}
        return self.users[name]

    def show(self, user: dict[str, Any]) -> dict[str, Any]:
        """Give a user as they see themselves."""
        hidden = set() if self.fault == "write_only" else {"password"}
        shown = {name: value for name, value in user.items() if name not in {*hidden, "picture"}}
        return {**shown, "has_picture": "picture" in user}

    def caller_of(self, request: Request) -> dict[str, Any]:
        """Tell who calls."""
        lines = request.headers.getlist("authorization")
        scheme, _, token = (lines or [""])[0].partition(" ")
        user = self.users.get(token.removeprefix("token-of-")) if token.startswith("token-of-") else None
        if user is None or scheme.lower() != "bearer" or len(lines) > 1:
            challenge = 'Bearer error="invalid_token"' if lines else "Bearer"
            raise HTTPException(401, headers={"WWW-Authenticate": challenge})
        return user

    def named(self, request: Request, name: str) -> dict[str, Any]:
        """Give the user whom a path names, if it is the caller."""
        user = self.caller_of(request)
        if user["username"] != name:
            raise HTTPException(404)
        return user

    def own(self, name: str, title: str) -> dict[str, Any]:
        """Give a book of a user."""
        found = self.books.get((name, title))
        if found is None:
            raise HTTPException(404)
        return found


async def _read(request: Request, name: str) -> str:
    if name == "text" and getattr(request.app.state, "fault", None) == "charset":
        charset = request.headers.get("content-type", "").partition("charset=")[2]
        (await request.body()).decode(charset if charset.isascii() and charset else "utf-8", "replace")
    try:
        value = (await request.json())[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HTTPException(422) from None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise HTTPException(422)
    return value.encode(errors="replace").decode()


def make_library(fault: str | None = None, base: str = BASE) -> FastAPI:
    """Make the service, with a fault or none, below a path."""
    app, library = FastAPI(openapi_url=None), Library(fault)
    app.state.fault = fault
    for add in (_add_doors, _add_people, _add_names, _change_books, _add_books, _add_rest):
        add(app, library, base)
    return app


def _add_doors(app: FastAPI, library: Library, base: str) -> None:
    @app.post(f"{base}/login")
    async def log_in(request: Request) -> dict[str, str]:
        name, password = await _read(request, "username"), await _read(request, "password")
        user, body = library.users.get(name), await request.json()
        if body.get("client_id", "web-app") != "web-app" or body.get("method", "password") != "password":
            raise HTTPException(422)
        if user is None or user["password"] != password:
            detail = "wrong password" if user and library.fault == "login" else "wrong name or password"
            raise HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
        return {"token": f"token-of-{name}", "username": name}

    @app.post(f"{base}/users/register")
    async def register(request: Request) -> dict[str, Any]:
        values = [await _read(request, each) for each in ("username", "password", "email")]
        if values[0] in library.users:
            raise HTTPException(422)
        admin = library.fault == "admin" and (await request.json()).get("admin") is True
        user = library.add(values[0], values[1], values[2], admin=admin)
        return {"status": "registered", "user": library.show(user)}

    if library.fault == "debug":

        @app.get(f"{base}/users/_debug")
        def debug() -> list[str]:
            return list(library.users)

    if library.fault == "outside":

        @app.get("/internal/users")
        def outside() -> list[str]:
            return list(library.users)


def _add_people(app: FastAPI, library: Library, base: str) -> None:
    @app.get(f"{base}/me")
    def read_me(request: Request) -> dict[str, Any]:
        return library.show(library.caller_of(request))

    @app.patch(f"{base}/me")
    async def write_me(request: Request) -> dict[str, Any]:
        user = library.caller_of(request)
        user["email"] = await _read(request, "email")
        return library.show(user)

    @app.put(f"{base}/picture")
    async def put_picture(request: Request) -> dict[str, str]:
        user = library.caller_of(request)
        user["picture"] = await _read(request, "text")
        return {}

    @app.get(f"{base}/picture")
    def read_picture(request: Request) -> dict[str, str]:
        user = library.caller_of(request)
        if "picture" not in user:
            raise HTTPException(404)
        return {"picture": user["picture"]}

    @app.get(f"{base}/users/{{username}}")
    def read_user(request: Request, username: str) -> dict[str, Any]:
        return library.show(library.named(request, username))


def _add_names(app: FastAPI, library: Library, base: str) -> None:
    @app.put(f"{base}/users/{{username}}/email")
    async def write_email(request: Request, username: str) -> dict[str, str]:
        user, other = library.caller_of(request), library.users.get(username)
        email = await _read(request, "email")
        if library.fault == "email" and other:
            other["email"] = email
        if other is not user:
            raise HTTPException(404)
        user["email"] = email
        return {}

    @app.put(f"{base}/users/{{username}}/password")
    async def write_password(request: Request, username: str) -> dict[str, str]:
        user, password = library.caller_of(request), await _read(request, "password")
        if library.fault == "password" and username in library.users:
            user = library.users[username]
        if user["username"] != username:
            raise HTTPException(404)
        user["password"] = password
        return {}


def _show(book: dict[str, Any]) -> dict[str, Any]:
    return {**book, "owner": {"username": book["owner"]}}


def _add_books(app: FastAPI, library: Library, base: str) -> None:
    @app.get(f"{base}/books")
    def list_books(request: Request) -> list[str]:
        name = library.caller_of(request)["username"]
        return [title for owner, title in library.books if owner == name]

    @app.post(f"{base}/books")
    async def add_book(request: Request) -> dict[str, Any]:
        name = library.caller_of(request)["username"]
        title, text = await _read(request, "book_title"), await _read(request, "text")
        told = (await request.json()).get("owner")
        if library.fault == "owner" and isinstance(told, dict) and told.get("username") in library.users:
            name = told["username"]
        library.books[name, title] = {"book_title": title, "text": text, "owner": name}
        return _show(library.books[name, title])

    @app.get(f"{base}/books/{{book_title}}")
    def read_book(request: Request, book_title: str) -> dict[str, Any]:
        return _show(library.own(library.caller_of(request)["username"], book_title))


def _change_books(app: FastAPI, library: Library, base: str) -> None:
    @app.post(f"{base}/books/bulk-delete")
    async def drop_books(request: Request) -> dict[str, str]:
        name = library.caller_of(request)["username"]
        try:
            titles = (await request.json())["titles"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise HTTPException(422) from None
        if not isinstance(titles, list) or not titles or not all(isinstance(each, str) for each in titles):
            raise HTTPException(422)
        is_open = library.fault == "bulk"
        for each in [key for key in library.books if key[1] in titles and (is_open or key[0] == name)]:
            del library.books[each]
        return {}

    @app.put(f"{base}/books/{{book_title}}")
    async def write_book(request: Request, book_title: str) -> dict[str, Any]:
        name = library.caller_of(request)["username"]
        if library.fault == "body" and book_title not in {title for _, title in library.books}:
            raise HTTPException(404)
        text = await _read(request, "text")
        book = library.own(name, book_title)
        book["text"] = text
        return _show(book)


def _add_rest(app: FastAPI, library: Library, base: str) -> None:
    @app.get(f"{base}/export")
    def export_books(request: Request) -> PlainTextResponse:
        name = library.caller_of(request)["username"]
        mine = [each for each in library.books.values() if each["owner"] == name]
        return PlainTextResponse(
            "".join(json.dumps(each) + "\n" for each in mine), media_type="application/x-ndjson"
        )

    @app.get(f"{base}/reports")
    def count_reports(request: Request) -> dict[str, int]:
        return {"count": library.reports.count(library.caller_of(request)["username"])}

    @app.post(f"{base}/reports")
    async def report(request: Request) -> dict[str, str]:
        name = library.caller_of(request)["username"]
        if (name, await _read(request, "book_title")) not in library.books:
            raise HTTPException(404)
        due = await _read(request, "due_date")
        if library.fault == "moment" and due.startswith("000"):
            datetime.fromisoformat(due).astimezone(UTC)
        library.reports.append(name)
        return {}

    @app.post(f"{base}/codes/check")
    async def check_code(request: Request) -> dict[str, str]:
        library.caller_of(request)
        code = await _read(request, "code")
        if code != "SPRING":
            raise HTTPException(404)
        return {"code": code}
