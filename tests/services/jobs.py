"""Jobs whose `state` is a word in the request and an object in the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tests.services.app import Form, UserId, assemble, protected_router
from tests.services.service import SmallService

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tests.proving_ground.model import Faults


class JobForm(Form):
    state: Literal["open", "done"]


class Entry(BaseModel):
    state: Literal["open", "done", "lost"]


class Job(BaseModel):
    id: int
    history: list[Entry]


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    router = protected_router()

    @router.post("/jobs", response_model=Job)
    async def make_job(_: UserId, form: JobForm) -> JSONResponse:
        return JSONResponse({"id": 1, "state": {"name": form.state}, "history": [{"state": form.state}]})

    return assemble(faults, router)


JOBS = SmallService(name="jobs", create=create)
