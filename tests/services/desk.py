"""A help desk whose sessions end, with files, and with operations for administrators."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request, Response
from pydantic import BaseModel, Field

from specwitness.fuzz.users.login import Login
from tests.proving_ground.web import RefusalError
from tests.services.app import Form, Store, Text, UserId, assemble, open_router, protected_router, show_all
from tests.services.service import PlantedBug, SmallService
from tests.services.users import BearerAuth, read_token

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

PASSWORDS = {"ann": "ann-and-her-cat", "ben": "ben-and-his-dog", "root": "root-and-no-pet"}
USERS = {"alice": "ann", "bob": "ben", "admin": "root"}
ONLY_AGENT = 3
UPLOAD = {
    "type": "object",
    "required": ["file", "title"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "title": {"type": "string", "minLength": 1},
    },
}
FileId = Annotated[int, Path(ge=1)]


class Credentials(Form):
    name: Text
    password: Text


class TicketForm(Form):
    text: Text
    agent: Annotated[int, Field(ge=1, examples=[ONLY_AGENT])]


class Session(BaseModel):
    token: str


class Me(BaseModel):
    id: str


class MadeFile(BaseModel):
    id: int


@dataclass
class Desk:
    """The sessions, the tickets, the files, and how often an administrator reset the desk."""

    faults: Faults
    sessions: dict[str, str] = field(default_factory=dict)
    tickets: Store = field(default_factory=Store)
    files: Store = field(default_factory=Store)
    closed: set[str] = field(default_factory=set)
    resets: int = 0

    def open_session(self, user: str) -> str:
        """Begin a session; give its token."""
        token = f"session-{user}-{self.tickets.next_id()}"
        self.sessions[token] = user
        return token

    def begin_anew(self) -> None:
        """End all sessions, and let closed accounts log in again."""
        self.sessions.clear()
        self.closed.clear()

    def admit(self, request: Request) -> str:
        """Find the user by the token of the session."""
        user = BearerAuth(self.sessions.get).admit(request)
        return request.headers.get("x-user-id", user) if self.faults.has("header-names-user") else user

    def admit_admin(self, request: Request) -> str:
        """Let administrators in, and nobody else."""
        is_bare = "authorization" not in request.headers
        is_open = (is_bare and self.faults.has("reset-without-login")) or (
            request.method == "GET" and self.faults.has("admin-list-open")
        )
        if is_open:
            return ""
        user = self.admit(request)
        is_claimed = request.cookies.get("role") == "admin" and self.faults.has("cookie-names-role")
        if user != USERS["admin"] and not is_claimed and not self.faults.has("reset-checks-late"):
            raise RefusalError(403, "forbidden")
        return user


def create(faults: Faults) -> FastAPI:
    """Make the app; its state is `app.state.desk`."""
    desk = Desk(faults)
    protected = protected_router(desk.admit)
    for add in (_add_sessions, _add_tickets, _add_files):
        add(protected, desk, faults)
    app = assemble(faults, _login(desk), protected, _admin(desk, faults))
    app.state.desk = desk
    return app


def _login(desk: Desk) -> APIRouter:
    router = open_router()

    @router.post("/session")
    async def log_in(form: Credentials) -> Session:
        if PASSWORDS.get(form.name) != form.password or form.name in desk.closed:
            raise RefusalError(422, "wrong name or password")
        return Session(token=desk.open_session(form.name))

    return router


def _add_sessions(router: APIRouter, desk: Desk, faults: Faults) -> None:
    @router.post("/session/refresh")
    async def refresh(user: UserId, request: Request) -> Session:
        del desk.sessions[read_token(request) or ""]
        return Session(token=desk.open_session(user))

    @router.post("/session/logout")
    async def log_out(_: UserId, request: Request) -> None:
        if not faults.has("logout-keeps-session"):
            del desk.sessions[read_token(request) or ""]

    @router.get("/me")
    async def read_me(user: UserId) -> Me:
        return Me(id=user)

    @router.delete("/me")
    async def close_account(user: UserId) -> None:
        desk.closed.add(user)
        desk.sessions = {token: other for token, other in desk.sessions.items() if other != user}


def _add_tickets(router: APIRouter, desk: Desk, faults: Faults) -> None:
    @router.get("/tickets")
    async def list_tickets(user: UserId) -> list[dict[str, Any]]:
        return show_all(desk.tickets.of(user, of_anyone=faults.has("list-all")))

    @router.post("/tickets")
    async def make_ticket(user: UserId, form: TicketForm) -> dict[str, Any]:
        if form.agent != ONLY_AGENT:
            raise RefusalError(422, "no such agent")
        desk.tickets.add(user, text=form.text)
        return {"text": form.text}


def _add_files(router: APIRouter, desk: Desk, faults: Faults) -> None:
    body = {"required": True, "content": {"multipart/form-data": {"schema": UPLOAD}}}

    @router.post("/files", openapi_extra={"requestBody": body})
    async def upload(user: UserId, request: Request) -> MadeFile:
        name, content = await _read_file(request)
        return MadeFile(id=desk.files.add(user, name=name, content=content)["id"])

    @router.get("/files/{file_id}", response_class=Response)
    async def download(user: UserId, file_id: FileId) -> Response:
        file = desk.files.find(file_id, user, of_anyone=faults.has("download-any"))
        name = file["name"]
        if not faults.has("name-in-header-crash"):
            name = name.encode("ascii", "replace").decode()
        shown = "".join(char for char in name if char.isprintable() and char not in '"\\')
        return Response(file["content"], headers={"Content-Disposition": f'attachment; filename="{shown}"'})

    if faults.has("shadow-old-path"):

        @router.get("/old/files/{file_id}")
        async def download_by_old_path(_: UserId, file_id: FileId) -> dict[str, str]:
            return {"name": desk.files.find(file_id, "", of_anyone=True)["name"]}


async def _read_file(request: Request) -> tuple[str, bytes]:
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode("latin-1")
    form = BytesParser(policy=HTTP).parsebytes(head + await request.body())
    for part in form.iter_parts() if form.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file" and part.get_filename():
            return str(part.get_filename()), bytes(part.get_payload(decode=True) or b"")
    raise RefusalError(422, "there is no file")


def _admin(desk: Desk, faults: Faults) -> APIRouter:
    router = protected_router(desk.admit_admin)
    forbidden: dict[int | str, dict[str, Any]] = {403: {"description": "No"}}

    @router.get("/admin/tickets", responses=forbidden)
    async def admin_list_tickets(_: UserId) -> list[dict[str, Any]]:
        return list(desk.tickets.records.values())

    @router.post("/admin/reset", responses=forbidden)
    async def admin_reset(_: UserId) -> None:
        if faults.has("reset-checks-late"):
            raise RefusalError(409, "not now")
        desk.resets += 1

    return router


BODIES = {who: {"name": name, "password": PASSWORDS[name]} for who, name in USERS.items()}
DESK = SmallService(
    name="desk",
    create=create,
    identities=Login("/session", BODIES, token="/token"),  # a pointer
    # An administrator is tried with reads alone; the login is for somebody who knows a password.
    unreached=frozenset({"adminReset", "logIn"}),
    bugs=(
        PlantedBug("list-all", "disclosure", "GET /tickets", "shows another user"),
        PlantedBug("download-any", "isolation", "GET /files/{file_id}", "as another user answered 200"),
        PlantedBug("name-in-header-crash", "robustness", "GET /files/{file_id}", "answered 500"),
        PlantedBug(
            "admin-list-open", "none", "GET /admin/tickets", "with no credentials: expected 401, came 200"
        ),
        PlantedBug(
            "reset-without-login",
            "none",
            "POST /admin/reset",
            "with no credentials: expected 401, came 200",
            needs=("privilege",),
        ),
        PlantedBug(
            "reset-checks-late", "privilege", "POST /admin/reset", "answered 409 to a user without the right"
        ),
        PlantedBug(
            "cookie-names-role",
            "privilege",
            "GET /admin/tickets",
            "answered 200 to headers that claim the right",
        ),
        PlantedBug(
            "shadow-old-path", "shadow", "POST /session", "beside it GET /old/files/{file_id} answers 200"
        ),
        PlantedBug(
            "logout-keeps-session",
            "expired",
            "POST /session/logout",
            "ends the session, and GET /me with its credentials answers 200",
        ),
        PlantedBug(
            "header-names-user",
            "isolation",
            "GET /files/{file_id}",
            "with headers and parameters that name the owner",
        ),
    ),
)
