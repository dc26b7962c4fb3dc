"""Tasks: the table and all queries on it, every one with a filter by owner (003/FR-009)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, Index, case, delete, func, text, tuple_, update
from sqlmodel import Field, SQLModel, col, select

from backend.models.cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

USER_ID_MAX_LENGTH = 255
TITLE_MAX_LENGTH = 200
DESCRIPTION_MAX_LENGTH = 2000


class Task(SQLModel, table=True):
    """A task of one user."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("user_id <> ''", name="tasks_user_id_given"),
        CheckConstraint("title <> ''", name="tasks_title_given"),
        Index("tasks_owner_newest", "user_id", text("created_at DESC"), text("id DESC")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str = Field(max_length=USER_ID_MAX_LENGTH)
    title: str = Field(max_length=TITLE_MAX_LENGTH)
    description: str = Field(default="", max_length=DESCRIPTION_MAX_LENGTH)
    completed: bool = False
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    updated_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


async def create_task(session: AsyncSession, user_id: str, *, title: str, description: str) -> Task:
    """Create a task of an owner."""
    task = Task(user_id=user_id, title=title, description=description)
    session.add(task)
    await session.flush()
    await session.refresh(task)
    return task


async def list_tasks(
    session: AsyncSession, user_id: str, *, limit: int, after: Cursor | None = None
) -> tuple[Sequence[Task], Cursor | None]:
    """List an owner's tasks, newest first.

    Args:
        session: The transaction.
        user_id: The owner.
        limit: The largest number of tasks in the page.
        after: The cursor of the page before; None for the first page.

    Returns:
        The page, and the cursor of the next one; None on the last page.
    """
    order = tuple_(col(Task.created_at), col(Task.id))
    statement = select(Task).where(Task.user_id == user_id)
    if after:
        statement = statement.where(order < tuple_(after.created_at, after.id))
    # One more row than requested shows whether there is a next page.
    statement = statement.order_by(col(Task.created_at).desc(), col(Task.id).desc()).limit(limit + 1)
    found = (await session.scalars(statement)).all()
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return page, Cursor(last.created_at, last.id) if last else None


async def find_task(session: AsyncSession, user_id: str, task_id: UUID) -> Task | None:
    """Return a task of an owner; None if the owner has no such task."""
    statement = select(Task).where(Task.id == task_id, Task.user_id == user_id)
    return (await session.scalars(statement)).one_or_none()


async def replace_task(
    session: AsyncSession, user_id: str, task_id: UUID, *, title: str, description: str
) -> Task | None:
    """Replace title and description of a task of an owner; return None if the owner has no such task.

    It is one statement, so the last of several concurrent calls wins.
    """
    statement = (
        update(Task)
        .where(col(Task.id) == task_id, col(Task.user_id) == user_id)
        .values(title=title, description=description, updated_at=func.now())
        .returning(Task)
    )
    return (await session.scalars(statement)).one_or_none()


async def complete_task(session: AsyncSession, user_id: str, task_id: UUID) -> Task | None:
    """Complete a task of an owner; return None if the owner has none. A second call changes nothing."""
    moment = case((col(Task.completed), col(Task.updated_at)), else_=func.now())
    statement = (
        update(Task)
        .where(col(Task.id) == task_id, col(Task.user_id) == user_id)
        .values(completed=True, updated_at=moment)
        .returning(Task)
    )
    return (await session.scalars(statement)).one_or_none()


async def delete_task(session: AsyncSession, user_id: str, task_id: UUID) -> bool:
    """Delete a task of an owner; return whether the owner had such a task."""
    statement = (
        delete(Task).where(col(Task.id) == task_id, col(Task.user_id) == user_id).returning(col(Task.id))
    )
    return (await session.scalars(statement)).one_or_none() is not None
