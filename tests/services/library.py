"""A library of books below a path of its server; its users log in and are named by a handle, books by a title."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from specwitness.fuzz.users.login import Login
from tests.proving_ground.model import Faults
from tests.proving_ground.web import RefusalError
from tests.services.app import Form, Text, UserId, assemble, open_router, protected_router
from tests.services.contract import describe_app, read_document
from tests.services.service import PlantedBug, SmallService
from tests.services.users import BearerAuth

if TYPE_CHECKING:
    from specwitness.openapi import Contract

BASE = "/api/v2"
SERVER = {"url": "https://{host}/api/{version}/", "variables": {"version": {"default": "v2"}}}
PASSWORDS = {"ann": "annes-password", "ben": "bens-password"}
Email = Annotated[str, Field(min_length=1, max_length=60, examples=["mail@mail.example"])]
Handle = Annotated[str, Path(min_length=1, max_length=60)]
Code = Annotated[str, Field(min_length=1, max_length=60, examples=["SPRING"])]


class Credentials(Form):
    username: Text
    password: Text
    client_id: str = "web-app"
    method: str = "password"


class Registration(Form):
    username: Text
    password: Text
    email: Email


class EmailForm(Form):
    email: Email


class TextForm(Form):
    text: Text


class PasswordForm(Form):
    password: Text


class BookForm(Form):
    book_title: Text
    text: Text


class Titles(Form):
    titles: Annotated[list[Text], Field(min_length=1)]


class Report(Form):
    book_title: Text
    due_date: Text


class CodeForm(Form):
    code: Code


class User(BaseModel):
    username: str
    email: Email
    admin: bool
    has_picture: bool
    password: Annotated[str, Field(json_schema_extra={"writeOnly": True})] = ""


class Registered(BaseModel):
    status: str
    user: User


class Book(BaseModel):
    book_title: str
    text: str
    owner: dict[str, Any]


@dataclass
class Library:
    """The users by handle, the books by owner and title, and who reported a book."""

    faults: Faults
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    books: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, password in PASSWORDS.items():
            self.add_user(name, password, f"{name}@first.example", is_admin=False)

    def add_user(self, name: str, password: str, email: str, *, is_admin: bool) -> dict[str, Any]:
        self.users[name] = {"username": name, "password": password, "email": email, "admin": is_admin}
        return self.users[name]

    def show_user(self, name: str) -> dict[str, Any]:
        user = self.users[name]
        hidden = {"picture"} if self.faults.has("me-shows-password") else {"picture", "password"}
        shown = {member: value for member, value in user.items() if member not in hidden}
        return {**shown, "has_picture": "picture" in user}

    def find_token(self, token: str) -> str | None:
        name = token.removeprefix("token-of-")
        return name if token != name and name in self.users else None

    def find_book(self, owner: str, title: str) -> dict[str, Any]:
        if (owner, title) not in self.books:
            raise RefusalError(404, "not found")
        return self.books[owner, title]


def create(faults: Faults, base: str = BASE) -> FastAPI:
    """Make the app, with its paths below a path."""
    library = Library(faults)
    auth = BearerAuth(library.find_token)
    app = assemble(faults)
    router = open_router()
    _add_logins(router, library, faults)
    app.include_router(router, prefix=base)
    for add in (_add_own_account, _add_named_users, _add_books, _add_several_books, _add_reports):
        router = protected_router(auth.admit)
        add(router, library, faults)
        app.include_router(router, prefix=base)
    if faults.has("shadow-outside-base"):

        @app.get("/internal/users")
        async def list_users() -> list[str]:
            return list(library.users)

    return app


def read() -> Contract:
    """Read the contract: paths below the path of its server."""
    return read_document({**describe_app(create(Faults(), "")), "servers": [SERVER]})


def _add_logins(router: APIRouter, library: Library, faults: Faults) -> None:
    @router.post("/login")
    async def log_in(form: Credentials) -> dict[str, str]:
        if form.client_id != "web-app" or form.method != "password":
            raise RefusalError(422, "the request does not fit")
        user = library.users.get(form.username)
        if user is None or user["password"] != form.password:
            is_told = user is not None and faults.has("login-tells-account")
            title = "wrong password" if is_told else "wrong name or password"
            raise RefusalError(401, title, {"WWW-Authenticate": "Bearer"})
        return {"token": f"token-of-{form.username}", "username": form.username}

    @router.post("/users/register", response_model=Registered)
    async def register(form: Registration, request: Request) -> Response:
        if form.username in library.users:
            raise RefusalError(422, "the name is taken")
        is_admin = faults.has("register-takes-admin") and (await request.json()).get("admin") is True
        library.add_user(form.username, form.password, form.email, is_admin=is_admin)
        return JSONResponse({"status": "registered", "user": library.show_user(form.username)})

    if faults.has("shadow-debug-route"):

        @router.get("/users/_debug")
        async def debug() -> list[str]:
            return list(library.users)


def _add_own_account(router: APIRouter, library: Library, _: Faults) -> None:
    @router.get("/me", response_model=User)
    async def read_me(user: UserId) -> Response:
        return JSONResponse(library.show_user(user))

    @router.patch("/me", response_model=User)
    async def write_me(user: UserId, form: EmailForm) -> Response:
        library.users[user]["email"] = form.email
        return JSONResponse(library.show_user(user))

    @router.put("/picture")
    async def put_picture(user: UserId, form: TextForm) -> dict[str, str]:
        library.users[user]["picture"] = form.text
        return {}

    @router.get("/picture")
    async def read_picture(user: UserId) -> dict[str, str]:
        if "picture" not in library.users[user]:
            raise RefusalError(404, "not found")
        return {"picture": library.users[user]["picture"]}


def _add_named_users(router: APIRouter, library: Library, faults: Faults) -> None:
    @router.get("/users/{username}")
    async def read_user(user: UserId, username: Handle) -> dict[str, Any]:
        _require_self(user, username)
        return library.show_user(user)

    @router.put("/users/{username}/email")
    async def write_email(user: UserId, username: Handle, form: EmailForm) -> dict[str, str]:
        if faults.has("email-before-check") and username in library.users:
            library.users[username]["email"] = form.email
        _require_self(user, username)
        library.users[user]["email"] = form.email
        return {}

    @router.put("/users/{username}/password")
    async def write_password(user: UserId, username: Handle, form: PasswordForm) -> dict[str, str]:
        if not (faults.has("password-of-any") and username in library.users):
            _require_self(user, username)
        library.users[username]["password"] = form.password
        return {}


def _require_self(user: str, username: str) -> None:
    if user != username:
        raise RefusalError(404, "not found")


def _add_books(router: APIRouter, library: Library, faults: Faults) -> None:
    @router.get("/books")
    async def list_books(user: UserId) -> list[str]:
        return [title for owner, title in library.books if owner == user]

    @router.post("/books")
    async def add_book(user: UserId, form: BookForm, request: Request) -> Book:
        named = (await request.json()).get("owner")
        if faults.has("book-takes-owner") and isinstance(named, dict):
            user = named["username"] if named.get("username") in library.users else user
        library.books[user, form.book_title] = {
            "book_title": form.book_title,
            "text": form.text,
            "owner": {"username": user},
        }
        return Book(**library.books[user, form.book_title])

    @router.get("/books/{book_title}")
    async def read_book(user: UserId, book_title: Handle) -> dict[str, Any]:
        return library.find_book(user, book_title)

    async def look_first(book_title: Handle, request: Request) -> None:
        if faults.has("title-before-body") and book_title not in {title for _, title in library.books}:
            raise RefusalError(404, "not found")
        if faults.has("charset-crash"):
            charset = request.headers.get("content-type", "").partition("charset=")[2]
            (await request.body()).decode(charset or "utf-8", "replace")

    @router.put("/books/{book_title}", dependencies=[Depends(look_first)])
    async def write_book(user: UserId, book_title: Handle, form: TextForm) -> dict[str, Any]:
        book = library.find_book(user, book_title)
        book["text"] = form.text
        return book


def _add_several_books(router: APIRouter, library: Library, faults: Faults) -> None:
    @router.post("/books/bulk-delete")
    async def drop_books(user: UserId, form: Titles) -> dict[str, str]:
        is_open = faults.has("bulk-delete-any")
        for owner, title in list(library.books):
            if title in form.titles and (is_open or owner == user):
                del library.books[owner, title]
        return {}

    @router.get(
        "/export", responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}
    )
    async def export_books(user: UserId) -> Response:
        lines = [json.dumps(book) for (owner, _), book in library.books.items() if owner == user]
        return Response("\n".join(lines), media_type="application/x-ndjson")


def _add_reports(router: APIRouter, library: Library, faults: Faults) -> None:
    @router.get("/reports")
    async def count_reports(user: UserId) -> dict[str, int]:
        return {"count": library.reports.count(user)}

    @router.post("/reports")
    async def report(user: UserId, form: Report) -> dict[str, str]:
        library.find_book(user, form.book_title)
        if faults.has("early-year-crash") and form.due_date.startswith("000"):
            datetime.fromisoformat(form.due_date).astimezone(UTC)
        library.reports.append(user)
        return {}

    @router.post("/codes/check")
    async def check_code(_: UserId, form: CodeForm) -> dict[str, str]:
        if form.code != "SPRING":
            raise RefusalError(404, "not found")
        return {"code": form.code}


def log_in_with(base: str = BASE, **members: str) -> Login:
    """Log ann and ben in.

    Args:
        base: The path below which the login is.
        members: Further members of the body.
    """
    users = dict(zip(("alice", "bob"), PASSWORDS.items(), strict=True))
    bodies = {who: {"username": name, "password": word, **members} for who, (name, word) in users.items()}
    return Login(f"{base}/login", bodies, token="/token", subject="/username")  # a pointer


LIBRARY = SmallService(
    name="library",
    create=create,
    read=read,
    identities=log_in_with(),
    # It is for somebody who knows a password.
    unreached=frozenset({"logIn"}),
    bugs=(
        PlantedBug(
            "login-tells-account",
            "existence",
            "POST /login",
            "reveals who has an account: with a wrong password body /title",
        ),
        PlantedBug("register-takes-admin", "assignment", "POST /users/register", "takes `admin`"),
        PlantedBug("shadow-debug-route", "shadow", "POST /login", "GET /users/_debug answers 200"),
        PlantedBug("shadow-outside-base", "shadow", "POST /login", "GET /internal/users answers 200"),
        PlantedBug("me-shows-password", "disclosure", "GET /me", "shows `password`"),
        PlantedBug(
            "email-before-check",
            "side_effect",
            "PUT /users/{username}/email",
            "as another user answered 404, and then GET /",
        ),
        PlantedBug(
            "password-of-any", "isolation", "PUT /users/{username}/password", "as another user answered 200"
        ),
        PlantedBug("book-takes-owner", "assignment", "POST /books", "takes `owner`"),
        PlantedBug(
            "bulk-delete-any",
            "isolation",
            "POST /books/bulk-delete",
            "as another user answered 200, and then",
        ),
        PlantedBug("charset-crash", "robustness", "PUT /books/{book_title}", "answered 500"),
        PlantedBug("early-year-crash", "robustness", "POST /reports", "answered 500"),
        PlantedBug(
            "title-before-body",
            "existence",
            "PUT /books/{book_title}",
            "reveals another user's id by an invalid body: 422",
        ),
    ),
)
