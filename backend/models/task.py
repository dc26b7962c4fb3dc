"""Tasks: the table, and every query on it, each with its owner filter (003/FR-009)."""

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
    """A piece of work that belongs to exactly one caller."""

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
    """Create a task for its owner."""
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
        limit: How many tasks a page holds at most.
        after: Where the page before ended.

    Returns:
        The page, and the cursor of the next one; None on the last page.
    """
    order = tuple_(col(Task.created_at), col(Task.id))
    statement = select(Task).where(Task.user_id == user_id)
    if after:
        statement = statement.where(order < tuple_(after.created_at, after.id))
    # One row more than asked for tells whether there is a next page.
    statement = statement.order_by(col(Task.created_at).desc(), col(Task.id).desc()).limit(limit + 1)
    found = (await session.scalars(statement)).all()
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return page, Cursor(last.created_at, last.id) if last else None


async def find_task(session: AsyncSession, user_id: str, task_id: UUID) -> Task | None:
    """Find one of an owner's tasks."""
    statement = select(Task).where(Task.id == task_id, Task.user_id == user_id)
    return (await session.scalars(statement)).one_or_none()


async def replace_task(
    session: AsyncSession, user_id: str, task_id: UUID, *, title: str, description: str
) -> Task | None:
    """Replace the text of one of an owner's tasks, in one statement: the last writer wins."""
    statement = (
        update(Task)
        .where(col(Task.id) == task_id, col(Task.user_id) == user_id)
        .values(title=title, description=description, updated_at=func.now())
        .returning(Task)
    )
    return (await session.scalars(statement)).one_or_none()


async def complete_task(session: AsyncSession, user_id: str, task_id: UUID) -> Task | None:
    """Complete one of an owner's tasks; doing it twice changes nothing."""
    moment = case((col(Task.completed), col(Task.updated_at)), else_=func.now())
    statement = (
        update(Task)
        .where(col(Task.id) == task_id, col(Task.user_id) == user_id)
        .values(completed=True, updated_at=moment)
        .returning(Task)
    )
    return (await session.scalars(statement)).one_or_none()


async def delete_task(session: AsyncSession, user_id: str, task_id: UUID) -> bool:
    """Delete one of an owner's tasks; tell whether there was one."""
    statement = (
        delete(Task).where(col(Task.id) == task_id, col(Task.user_id) == user_id).returning(col(Task.id))
    )
    return (await session.scalars(statement)).one_or_none() is not None
