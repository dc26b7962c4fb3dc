"""The caller's tasks: list, create, read, update, complete, delete (003/FR-019)."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from backend.core.database.sessions import CurrentSession
from backend.core.dependencies import CurrentUserId
from backend.core.errors import RequestInvalidError, TaskNotFoundError
from backend.core.http.problem import (
    ACCOUNT_ERASED,
    REQUEST_INVALID,
    describe_refusals,
    describe_refused_access,
    describe_response,
)
from backend.core.http.routing import AuthenticateFirstRoute
from backend.models import task as store
from backend.models.cursor import Cursor
from backend.models.task import DESCRIPTION_MAX_LENGTH, TITLE_MAX_LENGTH, Task

PREFIX = "/api/tasks"
TITLE_PATTERN = r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$"
LOCATION_HEADER = {
    "description": "Where the new task is",
    "required": True,
    "schema": {"type": "string", "pattern": "^/api/tasks/"},
}
LINKED = {
    "ReadTask": "getTask",
    "UpdateTask": "updateTask",
    "CompleteTask": "completeTask",
    "DeleteTask": "deleteTask",
}
CREATED = describe_response(HTTPStatus.CREATED, description="The new task", Location=LOCATION_HEADER)
CREATED[HTTPStatus.CREATED]["links"] = {
    name: {"operationId": operation, "parameters": {"task_id": "$response.body#/id"}}
    for name, operation in LINKED.items()
}

router = APIRouter(
    prefix=PREFIX,
    tags=["tasks"],
    route_class=AuthenticateFirstRoute,
    responses=describe_refused_access() | REQUEST_INVALID | ACCOUNT_ERASED,
)
ONE_TASK = describe_response(HTTPStatus.OK, description="The task") | describe_refusals(TaskNotFoundError)


def _require_canonical(value: object) -> object:
    """Refuse other spellings that `UUID` accepts: `{…}`, `urn:uuid:…`, 32 digits without hyphens."""
    canonical_length = 36
    if isinstance(value, str) and len(value) != canonical_length:
        raise ValueError("is no UUID in its canonical spelling")
    return value


TaskId = Annotated[UUID, Path(description="The task"), BeforeValidator(_require_canonical)]
Moment = Annotated[datetime, AfterValidator(lambda value: value.astimezone(UTC))]


class TaskDraft(BaseModel):
    """The members of a task that the caller may set; the owner is not one of them (003/FR-020)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX_LENGTH, pattern=TITLE_PATTERN)]
    description: Annotated[str, Field(max_length=DESCRIPTION_MAX_LENGTH, pattern=r"^[^\u0000]*$")] = ""


class TaskView(BaseModel):
    """A task in a response."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID
    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX_LENGTH)]
    description: Annotated[str, Field(max_length=DESCRIPTION_MAX_LENGTH)]
    completed: bool
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, task: Task | None) -> Self:
        """Make the view of a task; raise TaskNotFoundError for None (003/FR-009)."""
        if task is None:
            raise TaskNotFoundError
        return cls.model_validate(task.model_dump(exclude={"user_id"}))


class TaskPage(BaseModel):
    """A page of the caller's tasks, newest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: Annotated[list[TaskView], Field(max_length=100)]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last one")]


@router.get(
    "",
    operation_id="listTasks",
    responses=describe_response(HTTPStatus.OK, description="A page of the caller's tasks"),
)
async def list_tasks(
    user_id: CurrentUserId,
    session: CurrentSession,
    limit: Annotated[int, Query(ge=1, le=100, description="How many tasks a page holds")] = 20,
    cursor: Annotated[
        str,  # noqa: RUF013  # absent, not null: the schema must not offer null
        Query(
            min_length=1,
            max_length=200,
            pattern="^[A-Za-z0-9_-]+$",
            description="The `next` of the page before; absent for the first page",
        ),
    ] = None,  # type: ignore[assignment]  # same
) -> TaskPage:
    """List the caller's tasks, newest first."""
    tasks, following = await store.list_tasks(session, user_id, limit=limit, after=_read_cursor(cursor))
    return TaskPage(
        items=[TaskView.of(task) for task in tasks], next=following.encode() if following else None
    )


@router.post(
    "",
    operation_id="createTask",
    status_code=HTTPStatus.CREATED,
    responses=CREATED,
)
async def create_task(
    user_id: CurrentUserId, session: CurrentSession, draft: TaskDraft, response: Response
) -> TaskView:
    """Create a task for the caller."""
    task = await store.create_task(session, user_id, title=draft.title, description=draft.description)
    response.headers["Location"] = f"{PREFIX}/{task.id}"
    return TaskView.of(task)


@router.get("/{task_id}", operation_id="getTask", responses=ONE_TASK)
async def get_task(user_id: CurrentUserId, session: CurrentSession, task_id: TaskId) -> TaskView:
    """Read one of the caller's tasks."""
    return TaskView.of(await store.find_task(session, user_id, task_id))


@router.put("/{task_id}", operation_id="updateTask", responses=ONE_TASK)
async def update_task(
    user_id: CurrentUserId, session: CurrentSession, task_id: TaskId, draft: TaskDraft
) -> TaskView:
    """Replace the text of one of the caller's tasks."""
    return TaskView.of(
        await store.replace_task(session, user_id, task_id, title=draft.title, description=draft.description)
    )


@router.post("/{task_id}/complete", operation_id="completeTask", responses=ONE_TASK)
async def complete_task(user_id: CurrentUserId, session: CurrentSession, task_id: TaskId) -> TaskView:
    """Complete one of the caller's tasks; a second call changes nothing."""
    return TaskView.of(await store.complete_task(session, user_id, task_id))


@router.delete(
    "/{task_id}",
    operation_id="deleteTask",
    status_code=HTTPStatus.NO_CONTENT,
    response_class=Response,  # no body, so no media type either
    responses=describe_response(HTTPStatus.NO_CONTENT, description="The task is gone")
    | describe_refusals(TaskNotFoundError),
)
async def delete_task(user_id: CurrentUserId, session: CurrentSession, task_id: TaskId) -> None:
    """Delete one of the caller's tasks."""
    if not await store.delete_task(session, user_id, task_id):
        raise TaskNotFoundError


def _read_cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    try:
        return Cursor.decode(text)
    except ValueError as error:
        raise RequestInvalidError(("query.cursor", str(error))) from error
