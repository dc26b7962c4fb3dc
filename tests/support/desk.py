"""A help desk in one file, right or with one fault: sessions that end, files, and a part for administrators."""

from email.parser import BytesParser
from email.policy import HTTP
from itertools import count
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response

PASSWORDS = {"ann": "ann-and-her-cat", "ben": "ben-and-his-dog", "root": "root-and-no-pet"}
_LONGEST = 500
_ID = {"type": "integer", "minimum": 1}
_NAME = {"type": "string", "minLength": 1, "maxLength": _LONGEST}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _body(media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {media: {"schema": schema}}}


def _answer(schema: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "Done", "content": {"application/json": {"schema": schema}}}}


def make_paths() -> dict[str, Any]:
    """Make the paths of the contract."""
    number = {"name": "file_id", "in": "path", "required": True, "schema": _ID}
    credentials = _object(name=_NAME, password=_NAME)
    ticket = _object(text=_NAME, agent=_ID | {"example": 3})
    paths: dict[str, Any] = {
        "/session": {
            "post": {
                "operationId": "logIn",
                "security": [],
                "requestBody": _body("application/json", credentials),
                "responses": _answer(_object(token=_NAME)),
            }
        },
        "/session/refresh": {"post": {"operationId": "refresh", "responses": _answer(_object(token=_NAME))}},
        "/session/logout": {"post": {"operationId": "logOut"}},
        "/me": {
            "get": {"operationId": "readMe", "responses": _answer(_object(id=_NAME))},
            "delete": {"operationId": "closeAccount"},
        },
        "/tickets": {
            "get": {"operationId": "listTickets"},
            "post": {"operationId": "makeTicket", "requestBody": _body("application/json", ticket)},
        },
        "/files": {
            "post": {
                "operationId": "upload",
                "requestBody": _body(
                    "multipart/form-data", _object(file={"type": "string", "format": "binary"}, title=_NAME)
                ),
                "responses": _answer(_object(id=_ID)),
            }
        },
        "/files/{file_id}": {"parameters": [number], "get": {"operationId": "download"}},
        "/admin/tickets": {"get": {"operationId": "adminListTickets"}},
        "/admin/reset": {"post": {"operationId": "adminReset"}},
    }
    answers = {str(status): {"description": "No"} for status in (401, 403, 404, 409, 422)}
    for item in paths.values():
        for method in item.keys() - {"parameters"}:
            item[method].setdefault("responses", {"200": {"description": "Done"}})
            item[method]["responses"] |= answers
    return paths


class Desk:
    """What the desk holds: sessions, tickets and files."""

    def __init__(self, fault: str | None) -> None:
        self.fault = fault
        self.numbers = count(1)
        self.sessions: dict[str, str] = {}
        self.tickets: list[dict[str, Any]] = []
        self.files: dict[int, tuple[str, str, bytes]] = {}
        self.resets = 0
        self.closed: set[str] = set()

    def open(self, user: str) -> dict[str, str]:
        """Begin a session."""
        token = f"session-{user}-{next(self.numbers):06d}"
        self.sessions[token] = user
        return {"token": token}

    def caller_of(self, request: Request) -> str:
        """Tell who calls."""
        lines = request.headers.getlist("authorization")
        scheme, _, token = (lines or [""])[0].partition(" ")
        is_one = scheme.lower() == "bearer" and len(lines) == 1
        user = self.sessions.get(token) if is_one else None
        if user is not None and self.fault == "header":
            user = request.headers.get("x-user-id", user)
        if user is None:
            challenge = 'Bearer error="invalid_token"' if token else "Bearer"
            raise HTTPException(401, headers={"WWW-Authenticate": challenge})
        return user

    def admit(self, request: Request) -> None:
        """Let administrators in, and nobody else."""
        is_bare = "authorization" not in request.headers
        if (self.fault == "open" and is_bare) or (self.fault == "admin" and request.method == "GET"):
            return
        is_claimed = self.fault == "cookie" and request.cookies.get("role") == "admin"
        if self.caller_of(request) != "root" and not is_claimed and self.fault != "late":
            raise HTTPException(403)


async def read_json(request: Request, *names: str) -> list[Any]:
    """Read the members of a body."""
    try:
        body = await request.json()
        values = [body[name] for name in names]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HTTPException(422) from None
    if not all(isinstance(each, str | int) and each and fits(str(each)) for each in values):
        raise HTTPException(422)
    return values


def fits(text: str) -> bool:
    """Tell whether a text can be stored: short, and whole characters alone."""
    return len(text) <= _LONGEST and text.encode(errors="replace").decode() == text


async def read_file(request: Request) -> tuple[str, bytes]:
    """Read the file of a form, and what it is called."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode("latin-1")
    form = BytesParser(policy=HTTP).parsebytes(head + await request.body())
    for part in form.iter_parts() if form.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file" and part.get_filename():
            return str(part.get_filename()), bytes(part.get_payload(decode=True) or b"")
    raise HTTPException(422)


def make_desk(fault: str | None = None) -> FastAPI:
    """Make the help desk, with a fault or none."""
    app, desk = FastAPI(openapi_url=None), Desk(fault)
    app.state.desk = desk
    add_sessions(app, desk)
    add_tickets(app, desk)
    add_files(app, desk)
    return app


def add_sessions(app: FastAPI, desk: Desk) -> None:
    """Serve what begins, changes and ends a session."""

    @app.post("/session")
    async def log_in(request: Request) -> dict[str, str]:
        name, password = await read_json(request, "name", "password")
        if PASSWORDS.get(str(name)) != password or str(name) in desk.closed:
            raise HTTPException(422)
        return desk.open(str(name))

    @app.post("/session/refresh")
    def refresh(request: Request) -> dict[str, str]:
        user = desk.caller_of(request)
        del desk.sessions[request.headers["authorization"].partition(" ")[2]]
        return desk.open(user)

    @app.post("/session/logout")
    def log_out(request: Request) -> None:
        desk.caller_of(request)
        if desk.fault != "log out":
            del desk.sessions[request.headers["authorization"].partition(" ")[2]]

    @app.get("/me")
    def read_me(request: Request) -> dict[str, str]:
        return {"id": desk.caller_of(request)}

    @app.delete("/me")
    def close_account(request: Request) -> None:
        user = desk.caller_of(request)
        desk.closed.add(user)
        desk.sessions = {token: each for token, each in desk.sessions.items() if each != user}


def add_tickets(app: FastAPI, desk: Desk) -> None:
    """Serve tickets, to their owners and to administrators."""

    @app.get("/tickets")
    def list_tickets(request: Request) -> list[Any]:
        user = desk.caller_of(request)
        return [each for each in desk.tickets if each["user"] == user or desk.fault == "list"]

    @app.post("/tickets")
    async def make_ticket(request: Request) -> dict[str, Any]:
        user, (text, agent) = desk.caller_of(request), await read_json(request, "text", "agent")
        if agent != 3:  # the only agent, as the example of the contract says
            raise HTTPException(422)
        desk.tickets.append({"user": user, "text": text})
        return {"text": text}

    @app.get("/admin/tickets")
    def admin_list_tickets(request: Request) -> list[Any]:
        desk.admit(request)
        return desk.tickets

    @app.post("/admin/reset")
    def admin_reset(request: Request) -> None:
        desk.admit(request)
        if desk.fault == "late":
            raise HTTPException(409)
        desk.resets += 1


def add_files(app: FastAPI, desk: Desk) -> None:
    """Serve files."""

    @app.post("/files")
    async def upload(request: Request) -> dict[str, int]:
        user, (name, content) = desk.caller_of(request), await read_file(request)
        number = next(desk.numbers)
        desk.files[number] = (user, name, content)
        return {"id": number}

    @app.get("/files/{file_id}")
    def download(request: Request, file_id: int) -> Response:
        user = desk.caller_of(request)
        owner, name, content = desk.files.get(file_id, ("", "", b""))
        if owner != user and not (owner and desk.fault == "download"):
            raise HTTPException(404)
        shown = name if desk.fault == "name" else name.encode("ascii", "replace").decode()
        shown = "".join(each for each in shown if each.isprintable() and each not in '"\\')
        return Response(content, headers={"Content-Disposition": f'attachment; filename="{shown}"'})

    if desk.fault == "old":

        @app.get("/old/files/{file_id}")
        def download_as_before(request: Request, file_id: int) -> dict[str, str]:
            desk.caller_of(request)
            if file_id not in desk.files:
                raise HTTPException(404)
            return {"name": desk.files[file_id][1]}
