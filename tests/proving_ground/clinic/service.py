"""A clinic: users called by what they are, operations for the staff, and words that only look like theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from tests.proving_ground.clinic.identity import MINT
from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.shelf import Shelf, TitleForm
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import (
    JsonObject,
    RefusalError,
    answer_problem,
    make_app,
    protected_by,
    read_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Response
    from fastapi.routing import APIRoute

    from tests.proving_ground.door import Caller
    from tests.proving_ground.model import Faults

STAFF = "clinic:staff"
# The collection of the users, the parameter that names one of them, and what is below a user.
USERS_BY_NAME = (
    ("employees", "employee_id", "payslips"),
    ("patients", "patient_id", "records"),
    ("students", "student_id", "grades"),
    ("tenants", "tenant_id", "leases"),
    ("farmers", "id", "harvests"),
)
STAFF_PATHS = ("/administration/reports", "/admins", "/back-office/payments", "/superusers")
STAFF_NOTICES = ("banners", "important-notices")
OPERATORS = [{"title": "Blue Mobile"}, {"title": "Red Mobile"}]
UserId = Annotated[str, Field(pattern=r"^u-[0-9]{4}$")]
UserIdInPath = Annotated[str, Path(pattern=r"^u-[0-9]{4}$")]


class SellerForm(TitleForm):
    """An offer with the member that the service sets itself: the fault of mass assignment."""

    seller_id: UserId = ""


class CandidateForm(TitleForm):
    """A nomination with the member that the service sets itself: the fault of mass assignment."""

    candidate: Annotated[str, Field(max_length=80)] = "nobody yet"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes of the clinic share."""

    shelf: Shelf
    faults: Faults
    protected: type[APIRoute]


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    door = Door("clinic", Verifier(MINT, faults, clock), faults)
    parts = Parts(Shelf(), faults, protected_by(door.admit))

    def admit_staff(request: Request) -> Caller:
        caller = door.admit(request)
        name = request.url.path.strip("/").partition("/")[0]
        if STAFF not in caller.scopes and not faults.has(f"{name}-open"):
            raise RefusalError(403, "staff only")
        return caller

    app = make_app(answer_problem, faults)
    for plural, parameter, below in USERS_BY_NAME:
        app.include_router(_route_user(parts, plural, parameter, below))
    app.include_router(_route_sellers(parts))
    app.include_router(_route_nominations(parts))
    app.include_router(_route_everybody(parts))
    app.include_router(_route_staff(parts, protected_by(admit_staff)))
    app.state.snapshot = parts.shelf.snapshot
    return app


def _require_self(user_id: str, caller: Caller, *, anyone: bool) -> None:
    if user_id != caller.subject and not (anyone and user_id in MINT.subjects.values()):
        raise RefusalError(404, "not found")


def _route_user(parts: Parts, plural: str, parameter: str, below: str) -> APIRouter:
    router = APIRouter(prefix=f"/{plural}/{{{parameter}}}/{below}", route_class=parts.protected)
    user = Annotated[str, Path(alias=parameter, pattern=r"^u-[0-9]{4}$")]

    async def show(user_id: user, caller: CurrentCaller) -> dict[str, Any]:
        _require_self(user_id, caller, anyone=parts.faults.has(f"{plural}-read-any"))
        found = [entry for entry in parts.shelf.entries.values() if entry.collection == plural]
        return {"items": [entry.show() for entry in found if entry.owner == user_id]}

    async def add(user_id: user, form: TitleForm, caller: CurrentCaller) -> dict[str, Any]:
        _require_self(user_id, caller, anyone=parts.faults.has(f"{plural}-add-any"))
        return parts.shelf.add(plural, user_id, {"title": form.title}).show()

    show.__annotations__["user_id"] = add.__annotations__["user_id"] = user
    router.get("")(show)
    router.post("", status_code=201)(add)
    return router


def _route_sellers(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/sellers/{seller_id}/offers", route_class=parts.protected)

    @router.get("")
    async def list_offers(seller_id: UserIdInPath, caller: CurrentCaller) -> dict[str, Any]:
        _require_self(seller_id, caller, anyone=parts.faults.has("sellers-read-any"))
        found = [entry for entry in parts.shelf.entries.values() if entry.collection == "sellers"]
        return {"items": [entry.show() for entry in found if entry.owner == seller_id]}

    @router.post("", status_code=201)
    async def add_offer(seller_id: UserIdInPath, body: JsonObject, caller: CurrentCaller) -> dict[str, Any]:
        _require_self(seller_id, caller, anyone=False)
        form = read_body(SellerForm if parts.faults.has("offers-for-another") else TitleForm, body)
        seller = getattr(form, "seller_id", "") or caller.subject
        if seller not in MINT.subjects.values():
            raise RefusalError(422, "no such seller")
        return parts.shelf.add("sellers", seller, {"title": form.title, "seller_id": seller}).show()

    return router


def _route_nominations(parts: Parts) -> APIRouter:
    router = APIRouter(route_class=parts.protected)

    @router.post("/nominations", status_code=201)
    async def nominate(body: JsonObject, caller: CurrentCaller) -> dict[str, Any]:
        form = read_body(CandidateForm if parts.faults.has("candidate-named") else TitleForm, body)
        candidate = getattr(form, "candidate", "nobody yet")
        members = {"title": form.title, "candidate": candidate}
        return parts.shelf.add("nominations", caller.subject, members).show()

    return router


def _route_everybody(parts: Parts) -> APIRouter:
    """Route what every user may call: the operators are those of mobile phones."""
    router = APIRouter(route_class=parts.protected)

    @router.get("/operators")
    async def list_operators(_: CurrentCaller) -> dict[str, Any]:
        return {"items": OPERATORS}

    @router.get("/opening-hours")
    async def read_hours(_: CurrentCaller) -> dict[str, Any]:
        return {"title": "from eight to six"}

    return router


def _route_staff(parts: Parts, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=protected)
    for path in STAFF_PATHS:

        @router.get(path)
        async def report(_: CurrentCaller) -> dict[str, Any]:
            entries = parts.shelf.entries.values()
            return {"items": [{"id": entry.id, "title": entry.members["title"]} for entry in entries]}

    for notice in STAFF_NOTICES:
        router.include_router(_route_notice(parts, notice, protected))
    return router


def _route_notice(parts: Parts, notice: str, protected: type[APIRoute]) -> APIRouter:
    """Route a call of the staff that adds something: `ban` in `banners` takes nothing away."""
    router = APIRouter(route_class=protected)

    @router.post(f"/admin/{notice}")
    async def publish(form: TitleForm, caller: CurrentCaller) -> Response:
        entry = parts.shelf.add(notice, caller.subject, {"title": form.title})
        return JSONResponse(entry.show(), 202 if parts.faults.has(f"{notice}-accepted") else 201)

    return router
