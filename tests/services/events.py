"""Events that everybody may read and visit, and that only their owners may close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path

from tests.proving_ground.web import RefusalError
from tests.services.app import Form, Store, Text, UserId, assemble, protected_router
from tests.services.service import SmallService

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

EventId = Annotated[int, Path(ge=1)]


class TextForm(Form):
    text: Text


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    router, events = protected_router(), Store()

    @router.post("/events")
    async def make_event(user: UserId, form: TextForm) -> dict[str, Any]:
        event = events.add(user, text=form.text, is_closed=False)
        return {"id": event["id"], "text": event["text"]}

    @router.get("/events/{event_id}", openapi_extra={"x-shared": True})
    async def read_event(user: UserId, event_id: EventId) -> dict[str, Any]:
        return {"id": event_id, "text": events.find(event_id, user, of_anyone=True)["text"]}

    @router.post("/events/{event_id}/close")
    async def close_event(user: UserId, event_id: EventId) -> dict[str, Any]:
        event = events.find(event_id, user)
        if event["is_closed"]:
            raise RefusalError(409, "closed before")
        event["is_closed"] = True
        return {}

    @router.post("/events/{event_id}/visits")
    async def visit(user: UserId, event_id: EventId) -> dict[str, Any]:
        if events.find(event_id, user, of_anyone=True)["is_closed"]:
            raise RefusalError(409, "it is closed")
        return {}

    return assemble(faults, router)


EVENTS = SmallService(name="events", create=create)
