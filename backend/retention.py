"""`python -m backend.retention`: removes what may be kept no longer, and erases anew after a restore.

Connects by DATABASE_DIRECT_URL (or DATABASE_URL) as a member of `tasks_keeper`, which sees the rows
of all users and may do nothing but remove them, and write into the audit that it erased anew.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy.engine import make_url

from backend.core.config import Settings, load_settings, read_database_url
from backend.core.errors import ConfigurationError
from backend.core.identity.pseudonym import make_pseudonym
from backend.erasure_list import ErasedAccount, merge_list, read_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import LiteralString

EXIT_FAILURE = 1
EXIT_CONFIGURATION = 2
_ROLE_REMEDY = (
    "connect as one, made by: create role tasks_housekeeper login password '...' in role tasks_keeper"
)
_DAY = 24 * 3600
# Each command, and how many words it has.
_COMMANDS = {(): (0,), ("audit",): (1,), ("erasures",): (1, 2), ("reapply",): (2,)}
USAGE = """\
usage: python -m backend.retention               remove what may be kept no longer
       python -m backend.retention audit         print the whole audit, oldest first
       python -m backend.retention erasures      print the erasures, to be kept beside the backups
       python -m backend.retention erasures FILE add them to the list that is kept there
       python -m backend.retention reapply FILE  after a restore: erase anew whom FILE names
"""


class OutputError(Exception):
    """What was asked for cannot be written to the standard output."""


def apply_retention(connection: psycopg.Connection[Any], settings: Settings) -> dict[str, int]:
    """Remove what may be kept no longer (GDPR Art. 5(1)(e), 003/FR-041).

    Each kind is a transaction of its own: one that held rows of two could wait for a request that
    waits for it.

    Returns:
        How many rows of each kind were removed.
    """
    audit_seconds = max(settings.audit_days * _DAY, settings.closed_seconds)
    removed = {
        "erasures": _remove(connection, "delete from erasures where until <= now()"),
        "revocations": _remove(connection, "delete from revocations where until <= now()"),
        "audit": _remove(
            connection, "delete from audit where at < now() - make_interval(secs => %s)", audit_seconds
        ),
    }
    if settings.task_days is not None:
        removed["tasks"] = _remove_old_tasks(connection, settings.task_days)
    return removed


def read_erasures(connection: psycopg.Connection[Any]) -> Iterator[ErasedAccount]:
    """Read whose accounts were erased, by pseudonym."""
    found = connection.execute("select actor, max(at) from audit where action = 'erase' group by actor")
    return (ErasedAccount(actor, at) for actor, at in found)


def read_audit(connection: psycopg.Connection[Any]) -> Iterator[dict[str, Any]]:
    """Read who did what and when, by pseudonym (003/FR-046); a few entries at a time."""
    with connection.cursor(name="audit") as entries:
        for number, at, actor, action, outcome in entries.execute(
            "select id, at, actor, action, outcome from audit order by id"
        ):
            yield {"id": number, "at": at.isoformat(), "actor": actor, "action": action, "outcome": outcome}


def reapply_erasures(
    connection: psycopg.Connection[Any], settings: Settings, erased: Iterable[ErasedAccount]
) -> dict[str, int]:
    """Erase anew what a restore brought back of whoever is named (003/FR-042).

    Each account is a transaction of its own; doing it twice changes nothing.

    Args:
        connection: The restored database.
        settings: With the key of the pseudonyms, and the issuer.
        erased: Those who were erased, and when: what is newer is kept.

    Returns:
        How many users had tasks that were removed, and how many tasks.
    """
    key, named = settings.pseudonym_key.get_secret_value().encode(), {each.actor: each for each in erased}
    for each in named.values():
        # In place of the entry that the restore lost. It keeps the account closed as well, even of a
        # user of whom nothing was restored that would tell the user id.
        connection.execute(
            "insert into audit (at, actor, action, outcome)"
            " select %(at)s, %(actor)s::text, 'erase', 'reapplied'"
            " where not exists (select from audit where actor = %(actor)s::text and action = 'erase'"
            "  and outcome = 'reapplied' and at >= %(at)s)",
            {"at": each.at, "actor": each.actor},
        )
        connection.commit()
    users = tasks = 0
    for user_id in [row[0] for row in connection.execute("select distinct user_id from tasks").fetchall()]:
        account = named.get(make_pseudonym(key, settings.issuer, user_id))
        if account is None:
            continue
        _close(connection, user_id, account.at + timedelta(seconds=settings.closed_seconds))
        removed = _remove_tasks_of(
            connection, user_id, "delete from tasks where user_id = %s and created_at <= %s", account.at
        )
        users, tasks = users + bool(removed), tasks + removed
    return {"users": users, "tasks": tasks}


def _close(connection: psycopg.Connection[Any], user_id: str, until: datetime) -> None:
    """Set the tombstone, while tokens of the time of the erasure may live."""
    connection.execute(
        "insert into erasures (user_id, until) select %(user_id)s::text, %(until)s where %(until)s > now()"
        " on conflict (user_id) do update set until = greatest(erasures.until, excluded.until)",
        {"user_id": user_id, "until": until},
    )
    connection.commit()


def _remove(connection: psycopg.Connection[Any], statement: LiteralString, *values: object) -> int:
    removed = connection.execute(statement, values).rowcount
    connection.commit()
    return removed


def _remove_old_tasks(connection: psycopg.Connection[Any], days: int) -> int:
    found = connection.execute(
        "select distinct user_id from tasks where updated_at < now() - make_interval(days => %s)", [days]
    ).fetchall()
    statement = "delete from tasks where user_id = %s and updated_at < now() - make_interval(days => %s)"
    return sum(_remove_tasks_of(connection, user_id, statement, days) for (user_id,) in found)


def _remove_tasks_of(
    connection: psycopg.Connection[Any], user_id: str, statement: LiteralString, value: object
) -> int:
    """Remove tasks of one user, whose lock comes before the rows, as it does for every writer."""
    connection.commit()
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [user_id])
    return _remove(connection, statement, user_id, value)


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the words say; a failure is told by its kind, since its text may hold data."""
    try:
        if not _is_understood(words):
            sys.stderr.write(USAGE)
            return EXIT_CONFIGURATION
        settings = load_settings(environ)
        erased = read_list(Path(words[1])) if words[:1] == ["reapply"] else []
        with _connect(read_database_url(environ), settings) as connection:
            _require_keeper(connection)
            _print(_run(words, connection, settings, erased))
    except OutputError as error:
        # What is left in the buffer would be tried again at the end, and told in another way.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"retention: the output cannot be written ({error}), so it is not complete\n")
        return EXIT_FAILURE
    except ConfigurationError as error:
        sys.stderr.write(f"retention: {error}\n")
        return EXIT_CONFIGURATION
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        sys.stderr.write(f"retention: the file cannot be used: {why}\n{USAGE}")
        return EXIT_CONFIGURATION
    except psycopg.Error as error:
        sys.stderr.write(
            f"retention: the database does not do it ({type(error).__name__}): what was done stands, "
            "see to the database and run this again\n"
        )
        return EXIT_FAILURE
    return 0


def _print(lines: Iterable[dict[str, Any]]) -> None:
    try:
        for line in lines:
            sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()
    except OSError as error:
        raise OutputError(error.strerror) from error


def _is_understood(words: Sequence[str]) -> bool:
    return tuple(words[:1]) in _COMMANDS and len(words) in _COMMANDS[tuple(words[:1])]


def _run(
    words: Sequence[str],
    connection: psycopg.Connection[Any],
    settings: Settings,
    erased: Sequence[ErasedAccount],
) -> Iterable[dict[str, Any]]:
    match words:
        case ["audit"]:
            return read_audit(connection)
        case ["erasures"]:
            return (each.describe() for each in read_erasures(connection))
        case ["erasures", file]:
            return [{"erasures": merge_list(Path(file), read_erasures(connection))}]
        case ["reapply", _]:
            return [{"erased": reapply_erasures(connection, settings, erased)}]
        case _:
            return [{"removed": apply_retention(connection, settings)}]


def _connect(address: str, settings: Settings) -> psycopg.Connection[Any]:
    """Connect; what is under way at the end is committed."""
    url = make_url(address).set(drivername="postgresql")
    return psycopg.connect(
        url.render_as_string(hide_password=False),
        connect_timeout=settings.database_timeout_seconds,
        prepare_threshold=None,
    )


def _require_keeper(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute(
        "select pg_has_role(current_user, 'tasks_keeper', 'usage'), current_user"
    ).fetchone()
    if row and not row[0]:
        fault = f"its role {row[1]} is no member of tasks_keeper, so it would find no rows: {_ROLE_REMEDY}"
        raise ConfigurationError([("DATABASE_DIRECT_URL", fault)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
