"""The caller's account: the export and the erasure of all personal data (003/FR-010, 003/FR-011)."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from anyio import CancelScope
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from backend.api.tasks import TaskView
from backend.core.database.sessions import CurrentSession, SessionEvenIfErased, get_database
from backend.core.database.transactions import Database
from backend.core.dependencies import CurrentPrincipal
from backend.core.errors import UnavailableError
from backend.core.http.problem import ACCOUNT_ERASED, describe_refused_access, describe_response
from backend.core.http.routing import AuthenticateFirstRoute
from backend.core.identity.authenticator import get_authenticator
from backend.core.tokens.claims import Principal
from backend.models import account as store
from backend.models.cursor import Cursor
from backend.models.task import Task

ExportFormat = Literal["tasks-export/1"]
FORMAT: ExportFormat = "tasks-export/1"

router = APIRouter(
    prefix="/api/account",
    tags=["account"],
    route_class=AuthenticateFirstRoute,
    responses=describe_refused_access(),
)


class ExportedRevocation(BaseModel):
    """An entry of the deny-list for the caller."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["subject"]
    until: datetime


class ExportedAuditEntry(BaseModel):
    """An export or erasure of the account in the audit."""

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


class ExportResponse(StreamingResponse):
    """The streamed response of an export; its generator is closed at the end, also after a disconnect."""

    media_type = "application/json"

    def __init__(self, chunks: AsyncGenerator[str]) -> None:
        super().__init__(chunks)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        async with aclosing(self._chunks):
            await super().__call__(scope, receive, send)


@router.get(
    "/export",
    operation_id="exportAccount",
    response_model=Export,
    responses=describe_response(HTTPStatus.OK, description="Everything that is held on the caller")
    | ACCOUNT_ERASED,
)
async def export_account(
    request: Request, principal: CurrentPrincipal, session: CurrentSession
) -> ExportResponse:
    """Export everything that is held on the caller, page by page."""
    database = get_database(request)
    export = _Export(database, principal, await store.read_moment(session))
    await store.record_audit(session, export.actor, "export", "begun")
    # Read before the response begins, so that a database error still gets a status.
    first = await export.read_page(session)
    now = datetime.fromtimestamp(get_authenticator(request).clock(), tz=UTC)
    return ExportResponse(export.write(now, first))


@router.delete(
    "",
    operation_id="eraseAccount",
    status_code=HTTPStatus.NO_CONTENT,
    response_class=Response,  # no body, so no media type either
    responses=describe_response(
        HTTPStatus.NO_CONTENT,
        description="Nothing is held on the caller any more, but for what keeps the account closed",
    ),
)
async def erase_account(request: Request, principal: CurrentPrincipal, session: SessionEvenIfErased) -> None:
    """Erase everything that is held on the caller; a second call changes nothing."""
    database = get_database(request)
    now = get_authenticator(request).clock()
    await store.erase_account(
        session, principal.subject, until=database.end_of_tokens(now, principal.expires_at)
    )
    await store.record_audit(session, database.pseudonym_of(principal), "erase")


@dataclass(frozen=True, slots=True)
class _Page:
    """The rows of an export that are read in one transaction.

    Attributes:
        tasks: The tasks of the page.
        end: The cursor of the last task; None on the last page.
        others: The deny-list entries and the audit on the last page, otherwise None.
    """

    tasks: Sequence[Task]
    end: Cursor | None
    others: dict[str, Any] | None


class _Export:
    """The export of a user, read in pages, so that a slow client holds no database connection.

    Args:
        database: The database.
        principal: The user.
        moment: The start of the export; later tasks are not part of it.
    """

    def __init__(self, database: Database, principal: Principal, moment: datetime) -> None:
        self.actor = database.pseudonym_of(principal)
        self._database = database
        self._principal = principal
        self._moment = moment

    async def read_page(self, session: AsyncSession, after: Cursor | None = None) -> _Page:
        """Read the page after a cursor, by default the first one."""
        user_id = self._principal.subject
        tasks, end = await store.read_tasks(session, user_id, until=self._moment, after=after)
        others = None
        if end is None:
            others = await store.read_others(session, self._principal.issuer, user_id, self.actor)
        return _Page(tasks, end, others)

    async def write(self, now: datetime, page: _Page) -> AsyncGenerator[str]:
        """Generate the JSON document in chunks, and record in the audit whether it was completed.

        An error in the middle leaves invalid JSON, so that nobody takes a part for the whole.
        """
        head = {"format": FORMAT, "exported_at": now.isoformat(), "user_id": self._principal.subject}
        outcome: store.Outcome = "cut"
        try:
            yield json.dumps(head)[:-1] + ', "tasks": [' + _join(page)
            while page.end is not None:
                async with self._transaction() as session:
                    page = await self.read_page(session, page.end)
                yield ", " + _join(page) if page.tasks else ""  # they may have been deleted since
            yield "], " + json.dumps(page.others)[1:]
            outcome = "done"
        finally:
            # The client may have disconnected, and the account may be erased by now. If the database is
            # unavailable, the audit has "begun" only, as after a disconnect before the first chunk.
            with CancelScope(shield=True), suppress(UnavailableError):
                async with self._transaction(allow_erased=True) as session:
                    await store.record_audit(session, self.actor, "export", outcome)

    def _transaction(self, *, allow_erased: bool = False) -> AbstractAsyncContextManager[AsyncSession]:
        identity = self._database.identify(self._principal)
        return self._database.transaction(identity, allow_erased=allow_erased)


def _join(page: _Page) -> str:
    return ", ".join(TaskView.of(task).model_dump_json() for task in page.tasks)
