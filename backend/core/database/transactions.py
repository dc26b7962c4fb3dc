"""The database: its engine, one transaction a request, and what its trouble means."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass

import structlog
from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from backend.core.config import Settings
from backend.core.database.database_errors import ERASED, NOT_ALLOWED, describe_trouble
from backend.core.database.engine import make_engine
from backend.core.errors import AccountErasedError, ConfigurationError, UnavailableError
from backend.core.identity.pseudonym import make_pseudonym
from backend.core.tokens.claims import Principal

_log = structlog.get_logger("backend.database")
# true: until the end of the transaction and no longer. Behind a pooler, whatever outlives it is
# somebody else's (003/FR-035).
_IDENTIFY = text(
    "select set_config('app.user_id', :user_id, true), set_config('app.actor', :actor, true),"
    " set_config('app.issuer', :issuer, true), set_config('app.session_id', :session_id, true)"
)
# An erasure that was applied anew after a restore may be known by the pseudonym alone.
_IS_ERASED = text(
    "select exists (select from erasures where user_id = :user_id and until > now())"
    " or exists (select from audit where actor = :actor and action = 'erase' and outcome = 'reapplied'"
    "  and at > now() - make_interval(secs => :closed))"
)
# 'member': what it may become by `set role` counts as what it is.
_ROLE = text(
    "select rolname, rolsuper, rolbypassrls,"
    " exists (select from pg_class where oid = to_regclass('tasks')"
    "  and pg_has_role(me.oid, relowner, 'member')),"
    " exists (select from pg_roles where rolname = 'tasks_keeper' and pg_has_role(me.oid, oid, 'member')),"
    " exists (select from pg_roles where (rolsuper or rolbypassrls) and pg_has_role(me.oid, oid, 'member'))"
    " from pg_roles as me where rolname = current_user"
)
_ROLE_REMEDY = (
    "connect as a member of tasks_app, made by: "
    "create role tasks_service login password '...' in role tasks_app"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a transaction is for: the database shows and takes what is theirs (003/FR-035).

    Attributes:
        user_id: Whose rows; without one there are none.
        actor: The pseudonym, for the audit.
        issuer: Who issued the token, for the deny-list.
        session_id: The session of the token, for the same.
    """

    user_id: str = ""
    actor: str = ""
    issuer: str = ""
    session_id: str = ""


NOBODY = Identity()


class Database:
    """A pool of connections to PostgreSQL; connects when it is first used.

    Args:
        settings: Where it is, how many connections, and how many seconds to wait.
    """

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.database_timeout_seconds
        self._is_role_fit = False
        self._pseudonym_key = settings.pseudonym_key.get_secret_value().encode()
        # Twice the leeway: the issuer's clock may be ahead, and a token is taken for as long after its end.
        self._token_seconds = settings.longest_token_seconds + 2 * settings.leeway_seconds
        self._closed_seconds = settings.closed_seconds
        self._engine = make_engine(settings)

    @asynccontextmanager
    async def transaction(
        self, identity: Identity = NOBODY, *, may_be_erased: bool = False
    ) -> AsyncGenerator[AsyncSession]:
        """Run a transaction: committed at the end, rolled back on any error (003/FR-018).

        Args:
            identity: Whose rows it may see and change.
            may_be_erased: Whether a user whose account is erased may have it all the same.

        Raises:
            AccountErasedError: The user's account is erased, and tokens of it may still be in circulation.
            UnavailableError: The database is in trouble, or lets this role see everything; the log has it.
        """
        try:
            async with self._trusted(identity, may_be_erased=may_be_erased) as session:
                yield session
        except ConfigurationError as error:
            _log.error("database_role_unfit", fault=str(error))
            raise UnavailableError from error

    @asynccontextmanager
    async def _trusted(self, identity: Identity, *, may_be_erased: bool) -> AsyncGenerator[AsyncSession]:
        """Run a transaction; `ConfigurationError` says that the role sees everything (003/FR-036)."""

        def prepare(_: Session, __: SessionTransaction, connection: Connection) -> None:
            # Per transaction and not per connection: a pooler shares connections among its clients.
            connection.execute(_IDENTIFY, asdict(identity))
            if not self._is_role_fit:
                self._check_role(connection)
            who = {**asdict(identity), "closed": self._closed_seconds}
            if identity.user_id and not may_be_erased and connection.scalar(_IS_ERASED, who):
                raise AccountErasedError

        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                event.listen(session.sync_session, "after_begin", prepare)
                async with session.begin():
                    yield session
        except (IntegrityError, DataError):
            raise  # a fault of ours, not trouble of the database
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            trouble = describe_trouble(error)
            if trouble["sqlstate"] == NOT_ALLOWED:
                raise
            if trouble["sqlstate"] == ERASED:
                raise AccountErasedError from error
            _log.error("database_unavailable", **trouble)
            raise UnavailableError from error

    def identify(self, principal: Principal) -> Identity:
        """Give the identity of a caller."""
        actor = self.pseudonym_of(principal)
        return Identity(principal.subject, actor, principal.issuer, principal.session_id or "")

    def pseudonym_of(self, principal: Principal) -> str:
        """Give what stands for a caller in the audit and in the log."""
        return make_pseudonym(self._pseudonym_key, principal.issuer, principal.subject)

    def end_of_tokens(self, now: float, expires_at: float) -> float:
        """Tell when the last token that a caller may hold now ends, in seconds since the epoch.

        Args:
            now: Seconds since the epoch.
            expires_at: The end of the token that the caller shows.
        """
        return max(now, expires_at) + self._token_seconds

    async def is_ready(self) -> bool:
        """Tell whether the database answers within the time-out (003/FR-017)."""
        try:
            async with asyncio.timeout(self._timeout), self.transaction() as session:
                await session.execute(text("select 1"))
        except (UnavailableError, TimeoutError):
            return False
        return True

    async def refuse_unfit_role(self) -> None:
        """Refuse to start on a role that sees everything; one that cannot be asked now is asked later.

        Raises:
            ConfigurationError: The role is unfit; the message says how to make the right one (003/FR-036).
        """
        with suppress(UnavailableError, TimeoutError):
            async with (
                asyncio.timeout(self._timeout),
                self._trusted(NOBODY, may_be_erased=False) as session,
            ):
                await session.connection()  # a transaction begins when it is first used

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    def _check_role(self, connection: Connection) -> None:
        """Refuse a role that row-level security does not hold, once for all connections."""
        name, is_superuser, passes_by, owns_tables, is_keeper, may_pass_by = connection.execute(_ROLE).one()
        for is_so, what in (
            (is_superuser, "is a superuser"),
            (passes_by, "has BYPASSRLS"),
            (owns_tables, "owns the tables"),
            (is_keeper, "is in tasks_keeper, which sees everybody's rows"),
            (may_pass_by, "may become a role with BYPASSRLS or a superuser"),
        ):
            if is_so:
                fault = f"its role {name} {what}, so row-level security does not hold it: {_ROLE_REMEDY}"
                raise ConfigurationError([("DATABASE_URL", fault)])
        self._is_role_fit = True
