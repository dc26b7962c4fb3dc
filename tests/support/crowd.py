"""Many users on few connections: each sees what it wrote, and nobody leaves anything behind."""

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
# Without an owner's filter: the policy alone decides. One row at least, whose task may be null.
_LOOK = text(
    "select pg_backend_pid(), current_setting('app.user_id', true), user_id, title"
    " from (select) as nothing left join tasks on true"
)
# One round in so many, and no more: a roll-back makes psycopg forget what it prepared.
_CHANGES_OF_MIND = 20

# What a connection holds beyond a transaction, in one row.
REMAINS = """
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
NOTHING = ("", True, True, 0, 0, 0, 0, 0, 0)


@dataclass
class Sightings:
    """What the crowd saw.

    Attributes:
        faults: Rows and identities that are not the user's own.
        transactions: How many came to their end.
        changes_of_mind: How many of them were rolled back.
        users_of: Who was served by each of the server's processes.
        turns: The users in the order in which they were served.
    """

    faults: list[str] = field(default_factory=list)
    transactions: int = 0
    changes_of_mind: int = 0
    users_of: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    turns: list[str] = field(default_factory=list)


class _ChangedMyMindError(Exception):
    pass


async def mingle(database: Database, rounds: int) -> Sightings:
    """Let all users write, look and change their minds at once, a transaction a round each."""
    sightings = Sightings()
    async with asyncio.TaskGroup() as group:
        for number in range(USERS):
            group.create_task(_live(database, f"user-{number}", rounds, sightings))
    return sightings


async def _live(database: Database, user: str, rounds: int, sightings: Sightings) -> None:
    own: dict[UUID, str] = {}
    for number in range(rounds):
        title = f"{user}/{number}"
        draft = dict(own)
        try:
            async with database.transaction(Identity(user)) as session:
                await _look(session, user, own, sightings)
                if number % 2 == 0:
                    await _write(session, user, draft, title)
                _change_mind(number)
            own = draft
        except _ChangedMyMindError:
            sightings.changes_of_mind += 1
        sightings.transactions += 1


def _change_mind(number: int) -> None:
    if number % _CHANGES_OF_MIND == 0:
        raise _ChangedMyMindError


async def _look(session: AsyncSession, user: str, own: dict[UUID, str], sightings: Sightings) -> None:
    found = {tuple(row) for row in await session.execute(_LOOK)}
    process = next(iter(found))[0]
    sightings.users_of[process].add(user)
    sightings.turns.append(user)
    expected: set[tuple[object, ...]] = {(process, user, user, title) for title in own.values()}
    if not own:
        expected = {(process, user, None, None)}
    if found != expected:
        sightings.faults.append(f"{user} sees {found} and not {expected}")


async def _write(session: AsyncSession, user: str, own: dict[UUID, str], title: str) -> None:
    """Create two tasks, change one, delete the other, and so on."""
    if len(own) < 2:  # enough for a list
        own[(await create_task(session, user, title=title, description="")).id] = title
        return
    first, second = own
    await replace_task(session, user, first, title=title, description="")
    await delete_task(session, user, second)
    own[first] = title
    del own[second]
