"""The caller's account: everything that is held on them, handed over or erased (003/FR-010, 003/FR-011)."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from backend.api.tasks import TaskView
from backend.core.claims import Principal
from backend.core.database import CurrentSession, Database, SessionOfAnybody, get_database
from backend.core.dependencies import CurrentPrincipal, get_authenticator
from backend.core.problem import ACCOUNT_ERASED, describe_answer, describe_refused_access
from backend.core.routing import AuthenticateFirstRoute
from backend.models import account as store

ExportFormat = Literal["tasks-export/1"]
FORMAT: ExportFormat = "tasks-export/1"

router = APIRouter(
    prefix="/api/account",
    tags=["account"],
    route_class=AuthenticateFirstRoute,
    responses=describe_refused_access(),
)


class ExportedRevocation(BaseModel):
    """The caller's place on the deny-list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["session", "subject"]
    until: datetime


class ExportedAuditEntry(BaseModel):
    """What was done with the account as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime
    action: str
    outcome: str


class Export(BaseModel):
    """Everything that is held on the caller."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Annotated[ExportFormat, Field(description="The version of this format")]
    exported_at: datetime
    user_id: Annotated[str, Field(min_length=1, max_length=255, description="The subject of the token")]
    tasks: list[TaskView]
    revocations: list[ExportedRevocation]
    audit: list[ExportedAuditEntry]


@router.get(
    "/export",
    operation_id="exportAccount",
    response_model=Export,
    responses=describe_answer(200, description="Everything that is held on the caller") | ACCOUNT_ERASED,
)
async def export_account(
    request: Request, principal: CurrentPrincipal, session: CurrentSession
) -> StreamingResponse:
    """Hand over everything that is held on the caller, as it is read."""
    database = get_database(request)
    await store.note(session, database.pseudonym_of(principal), "export")
    now = datetime.fromtimestamp(get_authenticator(request).clock(), tz=UTC)
    return StreamingResponse(_write_export(database, principal, now), media_type="application/json")


@router.delete(
    "",
    operation_id="eraseAccount",
    status_code=204,
    response_class=Response,  # no body, so no media type either
    responses=describe_answer(204, description="Nothing is held on the caller any more"),
)
async def erase_account(request: Request, principal: CurrentPrincipal, session: SessionOfAnybody) -> None:
    """Erase everything that is held on the caller; doing it twice changes nothing."""
    database = get_database(request)
    now = get_authenticator(request).clock()
    await store.erase_account(
        session, principal.subject, until=database.end_of_tokens(now, principal.expires_at)
    )
    await store.note(session, database.pseudonym_of(principal), "erase")


async def _write_export(database: Database, principal: Principal, now: datetime) -> AsyncIterator[str]:
    """Write the export piece by piece, in a transaction of its own that lasts as long as the answer."""
    actor = database.pseudonym_of(principal)
    head = {"format": FORMAT, "exported_at": now.isoformat(), "user_id": principal.subject}
    async with database.transaction(principal.subject, actor=actor) as session:
        yield json.dumps(head)[:-1] + ', "tasks": ['
        separator = ""
        async for task in store.read_tasks(session, principal.subject):
            yield separator + TaskView.of(task).model_dump_json()
            separator = ", "
        others = await store.read_others(session, principal.issuer, principal.subject, actor)
        yield "], " + json.dumps(others)[1:]
