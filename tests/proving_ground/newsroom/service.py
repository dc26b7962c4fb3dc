"""A newsroom: collections whose names hold the words of logs and feeds, and real logs beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI

from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.newsroom.identity import MINT
from tests.proving_ground.shelf import Shelf, TitleForm, route_collection, route_list
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import Body, Uuid, answer_problem, make_app, protected_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import APIRoute

    from tests.proving_ground.model import Faults

# `blogs` holds `log`, `exchanges` holds `change`, `feedbacks` holds `feed`: none of them is a log.
KINDS = (
    "blogs",
    "catalogs",
    "events",
    "exchanges",
    "feedbacks",
    "notifications",
    "activities",
    "audits",
)
LISTED = ("blogs", "notifications", "articles", "drafts", "images")
# Members that hold the words of an object that has ended, and say nothing of the kind.
ARTICLE = {"disclosed": True, "cancellation": "any time"}


class DraftChoice(Body):
    draft_id: Uuid


class ImageChoice(Body):
    image_id: Uuid


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    shelf = Shelf()
    door = Door("newsroom", Verifier(MINT, faults, clock), faults)
    protected = protected_by(door.admit)
    app = make_app(answer_problem, faults)
    for kind in KINDS:
        app.include_router(route_collection(shelf, kind, faults, protected))
    app.include_router(route_collection(shelf, "articles", faults, protected, **ARTICLE))
    app.include_router(_route_drafts(shelf, protected))
    app.include_router(_route_images(shelf, faults, protected))
    for kind in LISTED:
        app.include_router(route_list(shelf, kind, faults, protected))
    app.include_router(_route_remains(shelf, protected))
    app.state.snapshot = shelf.snapshot
    return app


def _route_drafts(shelf: Shelf, protected: type[APIRoute]) -> APIRouter:
    """Route drafts: `discard` is the only way to delete one."""
    router = APIRouter(route_class=protected)

    @router.post("/drafts/discard", status_code=204)
    async def discard(choice: DraftChoice, caller: CurrentCaller) -> None:
        shelf.delete(shelf.find("drafts", choice.draft_id, caller))

    @router.post("/drafts", status_code=201)
    async def write(form: TitleForm, caller: CurrentCaller) -> dict[str, Any]:
        return shelf.add("drafts", caller.subject, {"title": form.title}).show()

    return router


def _route_images(shelf: Shelf, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    """Route images: `remove-background` deletes none."""
    router = APIRouter(route_class=protected)

    @router.post("/images/remove-background")
    async def remove_background(choice: ImageChoice, caller: CurrentCaller) -> dict[str, Any]:
        return shelf.find("images", choice.image_id, caller).show()

    router.include_router(route_collection(shelf, "images", faults, protected))
    return router


def _route_remains(shelf: Shelf, protected: type[APIRoute]) -> APIRouter:
    """Route what rightly shows deleted objects: the trash, the log, the history of an object, its return."""
    router = APIRouter(route_class=protected)

    @router.get("/trash")
    async def show_trash(caller: CurrentCaller) -> dict[str, Any]:
        return {"items": [entry.show() for entry in shelf.deleted.values() if entry.owner == caller.subject]}

    @router.get("/audit-log")
    async def show_log(caller: CurrentCaller) -> dict[str, Any]:
        known = [*shelf.entries.values(), *shelf.deleted.values()]
        return {"items": [entry.show() for entry in known if entry.owner == caller.subject]}

    @router.get("/blogs/{blog_id}/history")
    async def show_history(blog_id: Uuid, caller: CurrentCaller) -> dict[str, Any]:
        return {"items": [shelf.find("blogs", blog_id, caller, with_deleted=True).show()]}

    @router.post("/blogs/{blog_id}/restore")
    async def restore(blog_id: Uuid, caller: CurrentCaller) -> dict[str, Any]:
        entry = shelf.find("blogs", blog_id, caller, with_deleted=True)
        shelf.deleted.pop(blog_id, None)
        shelf.entries[blog_id] = entry
        return entry.show()

    return router
