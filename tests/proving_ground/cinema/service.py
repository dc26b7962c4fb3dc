"""A cinema: objects with irregular plurals, which the bodies of other calls name by their singular."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import APIRouter, FastAPI
from pydantic import create_model

from tests.proving_ground.cinema.identity import MINT
from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.shelf import Shelf, TitleForm, route_list
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import (
    Body,
    JsonObject,
    Uuid,
    answer_problem,
    make_app,
    protected_by,
    read_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import APIRoute

    from tests.proving_ground.model import Faults


class Reference(NamedTuple):
    """A collection, and the member of a body that names one of its objects."""

    collection: str
    member: str


# Each operation takes two references, both required.
REFERENCES: dict[str, tuple[Reference, Reference]] = {
    "screenings": (Reference("movies", "movie_id"), Reference("people", "person_id")),
    "tours": (Reference("buses", "bus_id"), Reference("children", "childId")),
    "reviews": (Reference("statuses", "status_id"), Reference("caches", "cache_id")),
    "albums": (Reference("to-dos", "toDoId"), Reference("photos", "photo_id")),
    "reports": (Reference("series", "series_id"), Reference("analyses", "analysis_id")),
    "rounds": (Reference("aliases", "alias_id"), Reference("quizzes", "quiz_id")),
}
FORMS: dict[str, type[Body]] = {
    name: create_model(name, __base__=Body, **dict.fromkeys((pair[0].member, pair[1].member), (Uuid, ...)))  # type: ignore[call-overload]  # the names are data
    for name, pair in REFERENCES.items()
}
COLLECTIONS = tuple(reference.collection for pair in REFERENCES.values() for reference in pair)


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    shelf = Shelf()
    door = Door("cinema", Verifier(MINT, faults, clock), faults)
    protected = protected_by(door.admit)
    app = make_app(answer_problem, faults)
    for collection in COLLECTIONS:
        app.include_router(_route_collection(shelf, collection, protected))
    app.include_router(route_list(shelf, "movies", faults, protected))
    for name in REFERENCES:
        app.include_router(_route_joined(shelf, name, faults, protected))
    app.state.snapshot = shelf.snapshot
    return app


def _route_collection(shelf: Shelf, collection: str, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix=f"/{collection}", route_class=protected)

    @router.post("", status_code=201)
    async def create_entry(form: TitleForm, caller: CurrentCaller) -> dict[str, Any]:
        return shelf.add(collection, caller.subject, {"title": form.title}).show()

    @router.get("/{entry_id}")
    async def read_entry(entry_id: Uuid, caller: CurrentCaller) -> dict[str, Any]:
        return shelf.find(collection, entry_id, caller).show()

    return router


def _route_joined(shelf: Shelf, name: str, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=protected)

    @router.post(f"/{name}", status_code=201)
    async def join(body: JsonObject, caller: CurrentCaller) -> dict[str, Any]:
        form = read_body(FORMS[name], body)
        for collection, member in REFERENCES[name]:
            of_anyone = faults.has(f"{collection}-of-anyone")
            shelf.find(collection, getattr(form, member), caller, of_anyone=of_anyone)
        return shelf.add(name, caller.subject, form.model_dump()).show()

    return router
