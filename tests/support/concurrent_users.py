"""Concurrent users on few database connections, with a check that every user sees their own rows only."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import text

from backend.core.database.transactions import Identity
from backend.models.task import create_task, delete_task, replace_task

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncSession

    from backend.core.database.transactions import Database

USERS = 50
# No filter on the owner: only row-level security selects rows. Returns at least one row, with nulls if there are none.
_SELECT_TASKS = text(
    "select pg_backend_pid(), current_setting('app.user_id', true), user_id, title"
    " from (select) as nothing left join tasks on true"
)
# Roll back one round in 20. More would hide faults: after a rollback, psycopg drops its prepared statements.
_ROUNDS_PER_ROLLBACK = 20

# The state that a connection keeps after a transaction, in one row.
SESSION_STATE = """
select coalesce(current_setting('app.user_id', true), '') as identity,
    (select setting = reset_val from pg_settings where name = 'statement_timeout') as is_time_out_reset,
    current_user = session_user as is_role_reset,
    (select count(*) from pg_prepared_statements) as prepared_statements,
    (select count(*) from pg_cursors where is_holdable) as cursors,
    (select count(*) from pg_class where relnamespace = pg_my_temp_schema()) as temporary_tables,
    (select count(*) from pg_listening_channels()) as channels,
    (select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks,
    (select count(*) from tasks) as tasks
"""
CLEAN_STATE = ("", True, True, 0, 0, 0, 0, 0, 0)


@dataclass
class CrowdResults:
    """What the concurrent users observed.

    Attributes:
        faults: Rows and identities of another user that were seen.
        transactions: The number of finished transactions.
        rollbacks: The number of transactions among them that were rolled back.
        users_of: The users that were served by every server process, by process id.
        turns: The users in the order in which they were served.
    """

    faults: list[str] = field(default_factory=list)
    transactions: int = 0
    rollbacks: int = 0
    users_of: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    turns: list[str] = field(default_factory=list)


class _RollbackError(Exception):
    pass


async def run_crowd(database: Database, rounds: int) -> CrowdResults:
    """Let all users read, write and roll back concurrently, one transaction per user and round."""
    results = CrowdResults()
    async with asyncio.TaskGroup() as group:
        for number in range(USERS):
            group.create_task(_run_user(database, f"user-{number}", rounds, results))
    return results


async def _run_user(database: Database, user: str, rounds: int, results: CrowdResults) -> None:
    own: dict[UUID, str] = {}
    for number in range(rounds):
        title = f"{user}/{number}"
        draft = dict(own)
        try:
            async with database.transaction(Identity(user)) as session:
                await _check_tasks(session, user, own, results)
                if number % 2 == 0:
                    await _write(session, user, draft, title)
                _maybe_roll_back(number)
            own = draft
        except _RollbackError:
            results.rollbacks += 1
        results.transactions += 1


def _maybe_roll_back(number: int) -> None:
    if number % _ROUNDS_PER_ROLLBACK == 0:
        raise _RollbackError


async def _check_tasks(session: AsyncSession, user: str, own: dict[UUID, str], results: CrowdResults) -> None:
    found = {tuple(row) for row in await session.execute(_SELECT_TASKS)}
    process = next(iter(found))[0]
    results.users_of[process].add(user)
    results.turns.append(user)
    expected: set[tuple[object, ...]] = {(process, user, user, title) for title in own.values()}
    if not own:
        expected = {(process, user, None, None)}
    if found != expected:
        results.faults.append(f"{user} sees {found} instead of {expected}")


async def _write(session: AsyncSession, user: str, own: dict[UUID, str], title: str) -> None:
    """Create tasks until there are two; with two, change the first and delete the second."""
    if len(own) < 2:
        own[(await create_task(session, user, title=title, description="")).id] = title
        return
    first, second = own
    await replace_task(session, user, first, title=title, description="")
    await delete_task(session, user, second)
    own[first] = title
    del own[second]
