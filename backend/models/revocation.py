"""The deny-list in PostgreSQL: shared by all workers, kept over restarts (003/FR-031)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, DateTime, Index, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, SQLModel, col

from backend.core.database.transactions import Identity
from backend.core.identity.deny_list import GRACE_SECONDS, LAST_SECOND, check_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncSession

    from backend.core.database.transactions import Database
    from backend.core.tokens.claims import Principal


class Revocation(SQLModel, table=True):
    """The revocation of all tokens of a session or of a subject."""

    __tablename__ = "revocations"
    __table_args__ = (
        CheckConstraint("kind in ('session', 'subject')", name="revocations_kind_known"),
        Index("revocations_until", "until"),
    )

    issuer: str = Field(primary_key=True, max_length=2048)
    kind: str = Field(primary_key=True, max_length=7)
    value: str = Field(primary_key=True, max_length=255)
    until: datetime = Field(sa_type=DateTime(timezone=True))


async def count_denials(session: AsyncSession, principal: Principal, now: datetime) -> int:
    """Count the current entries of the deny-list for the caller's subject or session."""
    names = [("subject", principal.subject)]
    if principal.session_id is not None:
        names.append(("session", principal.session_id))
    statement = select(func.count()).where(
        col(Revocation.issuer) == principal.issuer,
        or_(*(tuple_(col(Revocation.kind), col(Revocation.value)) == tuple_(*name) for name in names)),
        col(Revocation.until) > now,
    )
    return await session.scalar(statement) or 0


class StoredDenyList:
    """A deny-list in the database of the service; a request takes one query on an index.

    Args:
        database: The database.
        clock: Returns the time in seconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def is_denied(self, principal: Principal) -> bool:
        """Return whether the token of a caller is revoked.

        Raises:
            UnavailableError: The database is unavailable, so the request is refused.
        """
        identity = self._database.identify(principal)
        async with self._database.transaction(identity, allow_erased=True) as session:
            return await count_denials(session, principal, self._moment(self._clock())) > 0

    async def deny_session(self, issuer: str, session_id: str, until: float) -> None:
        """Revoke all tokens of a session."""
        await self._deny(issuer, "session", session_id, until)

    async def deny_subject(self, issuer: str, subject: str, until: float) -> None:
        """Revoke all tokens of a subject."""
        await self._deny(issuer, "subject", subject, until)

    async def _deny(self, issuer: str, kind: str, value: str, until: float) -> None:
        end = self._moment(check_end(until) + GRACE_SECONDS)
        entry = insert(Revocation).values(issuer=issuer, kind=kind, value=value, until=end)
        entry = entry.on_conflict_do_update(
            index_elements=["issuer", "kind", "value"],
            set_={"until": func.greatest(col(Revocation.until), entry.excluded.until)},
        )
        named = (
            Identity(user_id=value, issuer=issuer)
            if kind == "subject"
            else Identity(issuer=issuer, session_id=value)
        )
        async with self._database.transaction(named, allow_erased=True) as session:
            await session.execute(entry)

    @staticmethod
    def _moment(seconds: float) -> datetime:
        # Times beyond the year 9999, for example milliseconds in place of seconds, are cut to its end.
        return datetime.fromtimestamp(min(seconds, LAST_SECOND), tz=UTC)
