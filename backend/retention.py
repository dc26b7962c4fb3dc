"""`python -m backend.retention`: deletes data after its retention period, repeats erasures after a restore.

It connects with DATABASE_DIRECT_URL, or else DATABASE_URL, as a member of `tasks_keeper`: a role that sees
the rows of all users, and may only delete them and record repeated erasures in the audit.
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
# The first word of a command -> the allowed numbers of words.
_COMMANDS = {(): (0,), ("audit",): (1,), ("erasures",): (1, 2), ("reapply",): (2,)}
USAGE = """\
usage: python -m backend.retention               delete data whose retention period is over
       python -m backend.retention audit         print the whole audit, oldest entry first
       python -m backend.retention erasures      print the list of erasures, to be kept beside the backups
       python -m backend.retention erasures FILE add the erasures to the list in FILE
       python -m backend.retention reapply FILE  after a restore: repeat the erasures of the list in FILE
"""


class OutputError(Exception):
    """The output cannot be written to standard output."""


def apply_retention(connection: psycopg.Connection[Any], settings: Settings) -> dict[str, int]:
    """Delete the rows whose retention period is over (GDPR Art. 5(1)(e), 003/FR-041).

    Every table is a transaction of its own: locks on rows of two tables could deadlock with a request.

    Returns:
        The number of deleted rows by table.
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
    """Read the erased accounts from the audit."""
    found = connection.execute("select actor, max(at) from audit where action = 'erase' group by actor")
    return (ErasedAccount(actor, at) for actor, at in found)


def read_audit(connection: psycopg.Connection[Any]) -> Iterator[dict[str, Any]]:
    """Read the whole audit, oldest entry first (003/FR-046), in batches by a server-side cursor."""
    with connection.cursor(name="audit") as entries:
        for number, at, actor, action, outcome in entries.execute(
            "select id, at, actor, action, outcome from audit order by id"
        ):
            yield {"id": number, "at": at.isoformat(), "actor": actor, "action": action, "outcome": outcome}


def reapply_erasures(
    connection: psycopg.Connection[Any], settings: Settings, erased: Iterable[ErasedAccount]
) -> dict[str, int]:
    """Erase again the accounts whose data a restore brought back (003/FR-042).

    Every account is a transaction of its own; a second call changes nothing.

    Args:
        connection: A connection to the restored database.
        settings: The settings, with the pseudonym key and the issuer.
        erased: The erased accounts; data that is newer than the erasure is kept.

    Returns:
        `users`: the number of users whose tasks were deleted; `tasks`: the number of deleted tasks.
    """
    key = settings.pseudonym_key.get_secret_value().encode()
    named = {account.actor: account for account in erased}
    for account in named.values():
        # Replaces the audit entry that the restore lost. It also keeps an account closed if no row with
        # the user id was restored.
        connection.execute(
            "insert into audit (at, actor, action, outcome)"
            " select %(at)s, %(actor)s::text, 'erase', 'reapplied'"
            " where not exists (select from audit where actor = %(actor)s::text and action = 'erase'"
            "  and outcome = 'reapplied' and at >= %(at)s)",
            {"at": account.at, "actor": account.actor},
        )
        connection.commit()
    users = tasks = 0
    for user_id in [row[0] for row in connection.execute("select distinct user_id from tasks").fetchall()]:
        found = named.get(make_pseudonym(key, settings.issuer, user_id))
        if found is None:
            continue
        _close(connection, user_id, found.at + timedelta(seconds=settings.closed_seconds))
        removed = _remove_tasks_of(
            connection, user_id, "delete from tasks where user_id = %s and created_at <= %s", found.at
        )
        users, tasks = users + bool(removed), tasks + removed
    return {"users": users, "tasks": tasks}


def _close(connection: psycopg.Connection[Any], user_id: str, until: datetime) -> None:
    """Set the tombstone, if tokens from before the erasure may still be valid."""
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
    """Delete tasks of one user; every writer takes the user's advisory lock before it locks rows."""
    connection.commit()
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [user_id])
    return _remove(connection, statement, user_id, value)


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command. A message names the type of an error, whose text may contain data.

    Args:
        words: The command and its arguments, as in `USAGE`.
        environ: The settings.

    Returns:
        The exit code: 0, 1 after a failure, 2 for a wrong command or setting.
    """
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
        # Python would flush the buffer again at exit and report the failure in its own words.
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
            f"retention: the database failed ({type(error).__name__}): earlier deletions are kept; "
            "repair the database and run this again\n"
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
            return (account.describe() for account in read_erasures(connection))
        case ["erasures", file]:
            return [{"erasures": merge_list(Path(file), read_erasures(connection))}]
        case ["reapply", _]:
            return [{"erased": reapply_erasures(connection, settings, erased)}]
        case _:
            return [{"removed": apply_retention(connection, settings)}]


def _connect(address: str, settings: Settings) -> psycopg.Connection[Any]:
    """Connect; psycopg commits at the end of the context."""
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
