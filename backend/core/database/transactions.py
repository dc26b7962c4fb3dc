"""Transactions: one for each request, limited to the rows of its caller by row-level security."""

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
from backend.core.database.database_errors import ERASED, NOT_ALLOWED, describe_database_error
from backend.core.database.engine import make_engine
from backend.core.errors import AccountErasedError, ConfigurationError, UnavailableError
from backend.core.identity.pseudonym import make_pseudonym
from backend.core.tokens.claims import Principal

_log = structlog.get_logger("backend.database")
# true: the settings end with the transaction. Behind a pooler, the next transaction on the same server
# connection may be of another user (003/FR-035).
_IDENTIFY = text(
    "select set_config('app.user_id', :user_id, true), set_config('app.actor', :actor, true),"
    " set_config('app.issuer', :issuer, true), set_config('app.session_id', :session_id, true)"
)
# After a restore, an erasure that was applied again may be known by the pseudonym only.
_IS_ERASED = text(
    "select exists (select from erasures where user_id = :user_id and until > now())"
    " or exists (select from audit where actor = :actor and action = 'erase' and outcome = 'reapplied'"
    "  and at > now() - make_interval(secs => :closed))"
)
# 'member': roles that it may switch to by `set role` count too.
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
    """The user of a transaction; row-level security limits it to the rows of this user (003/FR-035).

    Attributes:
        user_id: The owner of the rows; with an empty text no row is visible.
        actor: The pseudonym of the user, for the audit.
        issuer: The issuer of the token, for the deny-list.
        session_id: The session of the token, for the deny-list.
    """

    user_id: str = ""
    actor: str = ""
    issuer: str = ""
    session_id: str = ""


NOBODY = Identity()


class Database:
    """A pool of connections to PostgreSQL, which connects at its first use.

    Args:
        settings: The URL, the size of the pool, the time limit, and the lifetimes of tokens.
    """

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.database_timeout_seconds
        self._is_role_fit = False
        self._pseudonym_key = settings.pseudonym_key.get_secret_value().encode()
        # Twice the leeway: the issuer's clock may be ahead, and expired tokens are accepted for the leeway.
        self._token_seconds = settings.longest_token_seconds + 2 * settings.leeway_seconds
        self._closed_seconds = settings.closed_seconds
        self._engine = make_engine(settings)

    @asynccontextmanager
    async def transaction(
        self, identity: Identity = NOBODY, *, allow_erased: bool = False
    ) -> AsyncGenerator[AsyncSession]:
        """Run a transaction: committed at the end, rolled back after any error (003/FR-018).

        Args:
            identity: The user whose rows it may read and change.
            allow_erased: Whether the transaction is allowed if the user's account is erased.

        Raises:
            AccountErasedError: The user's account is erased, and its last token has not expired yet.
            UnavailableError: The database is unavailable, or its role bypasses row-level security; the
                log has the reason.
        """
        try:
            async with self._begin(identity, allow_erased=allow_erased) as session:
                yield session
        except ConfigurationError as error:
            _log.error("database_role_unfit", fault=str(error))
            raise UnavailableError from error

    @asynccontextmanager
    async def _begin(self, identity: Identity, *, allow_erased: bool) -> AsyncGenerator[AsyncSession]:
        """Run a transaction; ConfigurationError: the role bypasses row-level security (003/FR-036)."""

        def prepare(_: Session, __: SessionTransaction, connection: Connection) -> None:
            # For every transaction, because a pooler shares connections among its clients.
            connection.execute(_IDENTIFY, asdict(identity))
            if not self._is_role_fit:
                self._check_role(connection)
            who = {**asdict(identity), "closed": self._closed_seconds}
            if identity.user_id and not allow_erased and connection.scalar(_IS_ERASED, who):
                raise AccountErasedError

        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                event.listen(session.sync_session, "after_begin", prepare)
                async with session.begin():
                    yield session
        except (IntegrityError, DataError):
            raise  # a bug of the service, not a failure of the database
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            info = describe_database_error(error)
            if info["sqlstate"] == NOT_ALLOWED:
                raise
            if info["sqlstate"] == ERASED:
                raise AccountErasedError from error
            _log.error("database_unavailable", **info)
            raise UnavailableError from error

    def identify(self, principal: Principal) -> Identity:
        """Return the identity of a caller for a transaction."""
        actor = self.pseudonym_of(principal)
        return Identity(principal.subject, actor, principal.issuer, principal.session_id or "")

    def pseudonym_of(self, principal: Principal) -> str:
        """Return the pseudonym of a caller for the audit and the log."""
        return make_pseudonym(self._pseudonym_key, principal.issuer, principal.subject)

    def end_of_tokens(self, now: float, expires_at: float) -> float:
        """Return the latest end of any token that the caller may have now, in seconds since the epoch.

        Args:
            now: Seconds since the epoch.
            expires_at: The `exp` of the token of this request.
        """
        return max(now, expires_at) + self._token_seconds

    async def is_ready(self) -> bool:
        """Return whether the database responds within the time limit (003/FR-017)."""
        try:
            async with asyncio.timeout(self._timeout), self.transaction() as session:
                await session.execute(text("select 1"))
        except (UnavailableError, TimeoutError):
            return False
        return True

    async def require_restricted_role(self) -> None:
        """Check at the start that the role does not bypass row-level security (003/FR-036).

        If the database is unavailable, the first transaction checks it.

        Raises:
            ConfigurationError: The role bypasses it; the message says how to make the right role.
        """
        with suppress(UnavailableError, TimeoutError):
            async with (
                asyncio.timeout(self._timeout),
                self._begin(NOBODY, allow_erased=False) as session,
            ):
                await session.connection()  # begins the transaction

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    def _check_role(self, connection: Connection) -> None:
        """Refuse a role that bypasses row-level security; the check runs once for all connections."""
        name, is_superuser, passes_by, owns_tables, is_keeper, may_pass_by = connection.execute(_ROLE).one()
        for is_true, fact in (
            (is_superuser, "is a superuser"),
            (passes_by, "has BYPASSRLS"),
            (owns_tables, "owns the tables"),
            (is_keeper, "is in tasks_keeper, which sees everybody's rows"),
            (may_pass_by, "may become a role with BYPASSRLS or a superuser"),
        ):
            if is_true:
                fault = f"its role {name} {fact}, so row-level security does not hold it: {_ROLE_REMEDY}"
                raise ConfigurationError([("DATABASE_URL", fault)])
        self._is_role_fit = True
