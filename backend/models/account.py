"""The queries of an account as a whole: export, erasure, and the audit of both."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import BigInteger, DateTime, Identity, Index, delete, func, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, SQLModel, col, select

from backend.core.identity.deny_list import LAST_SECOND
from backend.models.cursor import Cursor
from backend.models.revocation import Revocation
from backend.models.task import USER_ID_MAX_LENGTH, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

Outcome = Literal["begun", "done", "cut"]
PAGE_SIZE = 200  # tasks in one page of an export
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:user_id, 0))")


class Erasure(SQLModel, table=True):
    """A tombstone: until its end, a trigger of the database refuses rows of the user."""

    __tablename__ = "erasures"
    __table_args__ = (Index("erasures_until", "until"),)

    user_id: str = Field(primary_key=True, max_length=USER_ID_MAX_LENGTH)
    erased_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    until: datetime = Field(sa_type=DateTime(timezone=True))


class AuditEntry(SQLModel, table=True):
    """An action with its pseudonymous actor, its time and its outcome."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_actor", "actor"),)

    id: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)]
    )
    at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    actor: str = Field(max_length=64)
    action: str = Field(max_length=40)
    outcome: str = Field(max_length=20)


async def erase_account(session: AsyncSession, user_id: str, *, until: float) -> None:
    """Erase every row of a user, and set or extend the tombstone; a second call changes nothing.

    Args:
        session: The transaction. An advisory lock makes it wait for other writers of the same user.
        user_id: The user.
        until: The end of the user's last token, in seconds since the epoch.
    """
    await session.execute(_LOCK, {"user_id": user_id})
    end = datetime.fromtimestamp(min(until, LAST_SECOND), tz=UTC)
    tombstone = insert(Erasure).values(user_id=user_id, until=end)
    tombstone = tombstone.on_conflict_do_update(
        index_elements=["user_id"],
        set_={"until": func.greatest(col(Erasure.until), tombstone.excluded.until)},
    )
    await session.execute(tombstone)
    await session.execute(delete(Task).where(col(Task.user_id) == user_id))


async def record_audit(session: AsyncSession, actor: str, action: str, outcome: Outcome = "done") -> None:
    """Add an entry to the audit, in the transaction of the action itself."""
    session.add(AuditEntry(actor=actor, action=action, outcome=outcome))
    await session.flush()


async def read_tasks(
    session: AsyncSession, user_id: str, *, until: datetime, after: Cursor | None = None
) -> tuple[Sequence[Task], Cursor | None]:
    """Read a page of a user's tasks for the export, oldest first.

    Args:
        session: The transaction.
        user_id: The user.
        until: The start of the export; later tasks are left out.
        after: The cursor of the page before; None for the first page.

    Returns:
        The tasks, and the cursor of the page; None on the last page.
    """
    order = tuple_(col(Task.created_at), col(Task.id))
    statement = select(Task).where(Task.user_id == user_id, col(Task.created_at) <= until)
    if after:
        statement = statement.where(order > tuple_(after.created_at, after.id))
    statement = statement.order_by(col(Task.created_at), col(Task.id)).limit(PAGE_SIZE + 1)
    found = (await session.scalars(statement)).all()
    page = found[:PAGE_SIZE]
    return page, Cursor(page[-1].created_at, page[-1].id) if len(found) > PAGE_SIZE else None


async def read_moment(session: AsyncSession) -> datetime:
    """Return the start of the transaction by the clock of the database, which also dates the rows."""
    return (await session.execute(select(func.now()))).scalar_one()


async def read_others(session: AsyncSession, issuer: str, user_id: str, actor: str) -> dict[str, Any]:
    """Read the user's other data for the export: entries of the deny-list and of the audit."""
    denied = select(Revocation).where(
        Revocation.issuer == issuer, Revocation.kind == "subject", Revocation.value == user_id
    )
    audit = select(AuditEntry).where(AuditEntry.actor == actor).order_by(col(AuditEntry.id))
    return {
        "revocations": [
            {"kind": revocation.kind, "until": revocation.until.astimezone(UTC).isoformat()}
            for revocation in await session.scalars(denied)
        ],
        "audit": [
            {"at": entry.at.astimezone(UTC).isoformat(), "action": entry.action, "outcome": entry.outcome}
            for entry in await session.scalars(audit)
        ],
    }
