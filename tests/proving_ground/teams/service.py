"""Teams and their members: numbers as ids, counted pages, an administrator, keys are shared secrets."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.teams.identity import MINT
from tests.proving_ground.teams.store import (
    ADMIN,
    Member,
    MemberForm,
    OwnedTeamForm,
    ProfileForm,
    RoleForm,
    Store,
    Team,
    TeamForm,
    UnboundTeamForm,
)
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import (
    PRIVATE,
    JsonObject,
    RefusalError,
    Whole,
    make_app,
    protected_by,
    read_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import APIRoute

    from tests.proving_ground.door import Caller
    from tests.proving_ground.model import Faults

Id = Annotated[Whole, Path(ge=1, le=2_147_483_647)]
Page = Annotated[Whole, Query(ge=1, le=10_000)]
MAX_PER_PAGE = 100


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    store = Store()
    door = Door("teams", Verifier(MINT, faults, clock), faults)
    protected = protected_by(door.admit, "max-age=300, s-maxage=300" if faults.has("cached") else PRIVATE)

    def admit_admin(request: Request) -> Caller:
        caller = door.admit(request)
        if ADMIN not in caller.scopes and not _is_waved_through(request, faults):
            challenge = f'Bearer realm="teams", error="insufficient_scope", scope="{ADMIN}"'
            raise RefusalError(403, "administrators only", {"WWW-Authenticate": challenge})
        return caller

    app = make_app(_answer_detail, faults)
    app.include_router(_public_routes(store, faults))
    app.include_router(_profile_routes(store, faults, protected))
    app.include_router(_team_routes(store, faults, protected))
    app.include_router(_member_routes(store, faults, protected))
    app.include_router(_admin_routes(store, faults, protected_by(admit_admin)))
    app.state.snapshot = lambda: (dict(store.teams), dict(store.members), repr(store.profiles))
    return app


def _answer_detail(error: RefusalError) -> Response:
    return JSONResponse({"detail": error.title}, error.status, error.headers)


def _is_waved_through(request: Request, faults: Faults) -> bool:
    if faults.has("admin-list-open") and request.method == "GET":
        return True
    if faults.has("admin-delete-open") and request.method == "DELETE":
        return True
    return faults.has("admin-by-header") and request.headers.get("x-role") == "admin"


def _public_routes(store: Store, faults: Faults) -> APIRouter:
    router = APIRouter()

    if faults.has("replace-unprotected"):

        @router.put("/teams/{team_id}")
        async def replace_team(team_id: Id, form: TeamForm) -> Team:
            if team_id not in store.teams:
                raise RefusalError(404, "team not found")
            store.teams[team_id] = replace(store.teams[team_id], name=form.name, seats=form.seats)
            return store.teams[team_id]

    if faults.has("shadow-handover"):

        @router.post("/teams/{team_id}/handover", include_in_schema=False)
        async def hand_over(team_id: Id, to: str) -> Team:
            store.teams[team_id] = replace(store.teams[team_id], owner_id=to)
            return store.teams[team_id]

    return router


def _profile_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=protected)

    @router.get("/me")
    async def read_profile(caller: CurrentCaller) -> dict[str, str]:
        return {"id": caller.subject, **store.profile(caller)}

    @router.put("/me")
    async def replace_profile(body: JsonObject, caller: CurrentCaller) -> dict[str, str]:
        form = read_body(RoleForm if faults.has("profile-role") else ProfileForm, body)
        store.profiles[caller.subject] = form.model_dump(exclude_unset=True)
        return {"id": caller.subject, **store.profile(caller)}

    return router


def _team_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/teams", route_class=protected)

    @router.get("")
    async def list_teams(caller: CurrentCaller, page: Page = 1, per_page: Whole = 25) -> dict[str, Any]:
        mine = [value for value in store.teams.values() if value.owner_id == caller.subject]
        shown = list(store.teams.values()) if faults.has("list-all") else mine
        total = len(store.teams) if faults.has("total-of-all") else len(shown)
        return {"data": cut_page(shown, page, per_page, faults), "total": total}

    @router.post("")
    async def create_team(body: JsonObject, caller: CurrentCaller) -> Team:
        form = read_body(_choose_form(faults), body)
        owner = getattr(form, "owner_id", "") or caller.subject
        seats = array("i", [form.seats])[0]
        team = Team(next(store.ids), form.name, seats, owner)
        store.teams[team.id] = team
        return team

    @router.get("/{team_id}")
    async def read_team(team_id: Id, caller: CurrentCaller) -> Team:
        return store.find(team_id, caller, faults, of_anyone=faults.has("read-any"))

    @router.put("/{team_id}")
    async def replace_team(team_id: Id, form: TeamForm, caller: CurrentCaller) -> Team:
        team = store.find(team_id, caller, faults, of_anyone=faults.has("replace-any"))
        store.teams[team_id] = replace(team, name=form.name, seats=form.seats)
        return store.teams[team_id]

    @router.delete("/{team_id}", status_code=204)
    async def delete_team(team_id: Id, caller: CurrentCaller) -> None:
        if faults.has("delete-before-check"):
            store.teams.pop(team_id, None)
        store.find(team_id, caller, faults, of_anyone=faults.has("delete-any"))
        has_members = any(value.team == team_id for value in store.members.values())
        if faults.has("members-conflict") and has_members:
            raise RefusalError(409, "team has members")
        store.delete(team_id, keeps_members=faults.has("members-outlive"))

    return router


def _choose_form(faults: Faults) -> type[TeamForm]:
    if faults.has("seats-overflow-crash"):
        return UnboundTeamForm
    return OwnedTeamForm if faults.has("create-for-another") else TeamForm


def cut_page(teams: list[Team], page: int, per_page: int, faults: Faults) -> list[Team]:
    """Cut a page.

    Raises:
        RefusalError: So large a page is not served.
    """
    if not 1 <= per_page <= MAX_PER_PAGE and not faults.has("per-page-zero-crash"):
        raise RefusalError(422, "the request does not fit")
    last = max(math.ceil(len(teams) / per_page), 1)
    return teams[(page - 1) * per_page : page * per_page] if page <= last else []


def _member_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/teams/{team_id}/members", route_class=protected)

    @router.get("")
    async def list_members(team_id: Id, caller: CurrentCaller) -> dict[str, Any]:
        # The fault: a deleted team is not looked for, and whose it was is forgotten.
        if not (faults.has("members-outlive") and team_id not in store.teams):
            store.find(team_id, caller, faults, of_anyone=faults.has("members-any"))
        found = [value for value in store.members.values() if value.team == team_id]
        return {"data": [{"id": option.id, "name": option.name} for option in found], "total": len(found)}

    @router.post("")
    async def add_member(team_id: Id, form: MemberForm, caller: CurrentCaller) -> dict[str, Any]:
        store.find(team_id, caller, faults)
        member = Member(next(store.ids), team_id, form.name)
        store.members[member.id] = member
        return {"id": member.id, "name": member.name}

    @router.delete("/{member_id}", status_code=204)
    async def remove_member(team_id: Id, member_id: Id, caller: CurrentCaller) -> None:
        store.find(team_id, caller, faults, of_anyone=faults.has("remove-member-any"))
        member = store.members.get(member_id)
        if member is None or member.team != team_id:
            raise RefusalError(404, "member not found")
        del store.members[member_id]

    return router


def read_old_role(x_role: Annotated[str, Header(pattern="^(member|admin)$")] = "member") -> str:
    """Read the role that an old gateway set; nothing is decided by it."""
    return x_role


def _admin_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/admin/teams", route_class=protected)

    @router.get("", dependencies=[Depends(read_old_role)])
    async def list_all_teams(page: Page = 1, per_page: Whole = 25) -> dict[str, Any]:
        everyone = list(store.teams.values())
        return {"data": cut_page(everyone, page, per_page, faults), "total": len(everyone)}

    @router.delete("/{team_id}", status_code=204)
    async def delete_any_team(team_id: Id) -> None:
        if team_id not in store.teams:
            raise RefusalError(404, "team not found")
        store.delete(team_id)

    return router
