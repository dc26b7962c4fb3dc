"""`python -m backend.retention`: removes what may be kept no longer, and erases anew after a restore.

Connects by DATABASE_DIRECT_URL (or DATABASE_URL) as a member of `tasks_keeper`, which sees the rows
of all users and may do nothing but remove them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy.engine import make_url

from backend.core.config import Settings, load_settings
from backend.core.errors import ConfigurationError
from backend.core.pseudonym import make_pseudonym

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

EXIT_FAILURE = 1
EXIT_CONFIGURATION = 2
_ROLE_REMEDY = (
    "connect as one, made by: create role tasks_housekeeper login password '...' in role tasks_keeper"
)
USAGE = """\
usage: python -m backend.retention               remove what may be kept no longer
       python -m backend.retention audit         print the whole audit, oldest first
       python -m backend.retention erasures      print the erasures, to be kept beside the backups
       python -m backend.retention reapply FILE  after a restore: erase anew whom FILE names
"""


class OutputError(Exception):
    """What was asked for cannot be written to the standard output."""


def apply_retention(connection: psycopg.Connection[Any], settings: Settings) -> dict[str, int]:
    """Remove what may be kept no longer (GDPR Art. 5(1)(e), 003/FR-041).

    Returns:
        How many rows of each kind were removed.
    """
    statements = {
        "erasures": ("delete from erasures where until <= now()", []),
        "revocations": ("delete from revocations where until <= now()", []),
        "audit": ("delete from audit where at < now() - make_interval(days => %s)", [settings.audit_days]),
    }
    if settings.task_days is not None:
        statements["tasks"] = (
            "delete from tasks where updated_at < now() - make_interval(days => %s)",
            [settings.task_days],
        )
    return {name: connection.execute(*statement).rowcount for name, statement in statements.items()}


def read_erasures(connection: psycopg.Connection[Any]) -> Iterator[dict[str, str]]:
    """Read whose accounts were erased, by pseudonym."""
    for actor, at in connection.execute(
        "select actor, max(at) from audit where action = 'erase' group by actor"
    ):
        yield {"actor": actor, "at": at.isoformat()}


def read_audit(connection: psycopg.Connection[Any]) -> Iterator[dict[str, Any]]:
    """Read who did what and when, by pseudonym (003/FR-046); a few entries at a time."""
    with connection.cursor(name="audit") as entries:
        for number, at, actor, action, outcome in entries.execute(
            "select id, at, actor, action, outcome from audit order by id"
        ):
            yield {"id": number, "at": at.isoformat(), "actor": actor, "action": action, "outcome": outcome}


def reapply_erasures(
    connection: psycopg.Connection[Any], settings: Settings, actors: Iterable[str]
) -> dict[str, int]:
    """Erase anew whoever is named, after a restore brought them back (003/FR-042).

    Args:
        connection: The restored database.
        settings: With the key of the pseudonyms, and the issuer.
        actors: The pseudonyms of those who were erased.

    Returns:
        How many users and tasks were erased.
    """
    key, named = settings.pseudonym_key.get_secret_value().encode(), frozenset(actors)
    users = [row[0] for row in connection.execute("select distinct user_id from tasks").fetchall()]
    found = [each for each in users if make_pseudonym(key, settings.issuer, each) in named]
    seconds = settings.longest_token_seconds + settings.leeway_seconds
    for user_id in found:
        connection.execute(
            "insert into erasures (user_id, until) values (%s, now() + make_interval(secs => %s))"
            " on conflict (user_id) do update set until = greatest(erasures.until, excluded.until)",
            [user_id, seconds],
        )
    removed = connection.execute("delete from tasks where user_id = any(%s)", [found]).rowcount
    return {"users": len(found), "tasks": removed}


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the words say; a failure is told by its kind, since its text may hold data."""
    if words not in ([], ["audit"], ["erasures"]) and not (len(words) == 2 and words[0] == "reapply"):  # noqa: PLR2004  # the command and its file
        sys.stderr.write(USAGE)
        return EXIT_CONFIGURATION
    try:
        settings = load_settings(environ)
        actors = (
            [json.loads(line)["actor"] for line in Path(words[1]).read_text().splitlines()]
            if words[1:]
            else []
        )
        with _connect(settings) as connection:
            _require_keeper(connection)
            _print(_run(words, connection, settings, actors))
    except OutputError as error:
        # What is left in the buffer would be tried again at the end, and told in another way.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"retention: the output cannot be written ({error}), so it is not complete\n")
        return EXIT_FAILURE
    except ConfigurationError as error:
        sys.stderr.write(f"retention: {error}\n")
        return EXIT_CONFIGURATION
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"retention: the file cannot be read ({type(error).__name__}): {USAGE}")
        return EXIT_CONFIGURATION
    except psycopg.Error as error:
        sys.stderr.write(
            f"retention: the database does not do it ({type(error).__name__}), nothing was changed\n"
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


def _run(
    words: Sequence[str], connection: psycopg.Connection[Any], settings: Settings, actors: Sequence[str]
) -> Iterable[dict[str, Any]]:
    if not words:
        return [{"removed": apply_retention(connection, settings)}]
    if words[0] == "audit":
        return read_audit(connection)
    if words[0] == "erasures":
        return read_erasures(connection)
    return [{"erased": reapply_erasures(connection, settings, actors)}]


def _connect(settings: Settings) -> psycopg.Connection[Any]:
    """Connect; all is one transaction, which is committed at the end."""
    chosen = settings.database_direct_url or settings.database_url
    url = make_url(chosen.get_secret_value()).set(drivername="postgresql")
    return psycopg.connect(
        url.render_as_string(hide_password=False), connect_timeout=settings.database_timeout_seconds
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
