"""What is held on a user as a whole: its export, its erasure, and the audit of both."""

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
PAGE_SIZE = 200  # tasks of an export that are read at once
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:user_id, 0))")


class Erasure(SQLModel, table=True):
    """A tombstone: while it stands, no row of that user is taken."""

    __tablename__ = "erasures"
    __table_args__ = (Index("erasures_until", "until"),)

    user_id: str = Field(primary_key=True, max_length=USER_ID_MAX_LENGTH)
    erased_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    until: datetime = Field(sa_type=DateTime(timezone=True))


class AuditEntry(SQLModel, table=True):
    """Who did what, when, and how it ended; the actor is a pseudonym."""

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
    """Erase every row of a user, and set or prolong the tombstone; doing it twice changes nothing.

    Args:
        session: The transaction; it waits for those that write for this user, and they for it.
        user_id: The user.
        until: When the last of the user's tokens ends, in seconds since the epoch.
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


async def note(session: AsyncSession, actor: str, action: str, outcome: Outcome = "done") -> None:
    """Write down what was done, in the same transaction: neither is there without the other."""
    session.add(AuditEntry(actor=actor, action=action, outcome=outcome))
    await session.flush()


async def read_tasks(
    session: AsyncSession, user_id: str, *, until: datetime, after: Cursor | None = None
) -> tuple[Sequence[Task], Cursor | None]:
    """Read a user's tasks, oldest first, a page in each transaction.

    Args:
        session: The transaction.
        user_id: The user.
        until: When the export began: what is newer than that is not in it.
        after: Where the page before ended.

    Returns:
        The page, and where it ended; None on the last page.
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
    """Read when the transaction began, by the database's clock, which dates the rows."""
    return (await session.execute(select(func.now()))).scalar_one()


async def read_others(session: AsyncSession, issuer: str, user_id: str, actor: str) -> dict[str, Any]:
    """Read what else is held on a user: the user's place on the deny-list, and the audit."""
    denied = select(Revocation).where(
        Revocation.issuer == issuer, Revocation.kind == "subject", Revocation.value == user_id
    )
    audit = select(AuditEntry).where(AuditEntry.actor == actor).order_by(col(AuditEntry.id))
    return {
        "revocations": [
            {"kind": each.kind, "until": each.until.astimezone(UTC).isoformat()}
            for each in await session.scalars(denied)
        ],
        "audit": [
            {"at": each.at.astimezone(UTC).isoformat(), "action": each.action, "outcome": each.outcome}
            for each in await session.scalars(audit)
        ],
    }
