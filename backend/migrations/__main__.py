"""`python -m backend.migrations`: migrates the database of DATABASE_DIRECT_URL or DATABASE_URL.

Migrations that would break the version before this one wait for `python -m backend.migrations all`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from backend.core.config import read_database_url
from backend.core.errors import ConfigurationError
from backend.migrations import ALL, SAFE, RevisionError, migrate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXIT_FAILURE = 1
EXIT_CONFIGURATION = 2
USAGE = """\
usage: python -m backend.migrations       run the migrations that the version before this one can live with
       python -m backend.migrations all   run all, when no version before this one serves any more
"""


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Migrate. A message names the type of an error, whose text may contain the password of the URL.

    Returns:
        The exit code: 0, 1 after a failure, 2 for a wrong argument or setting.
    """
    if words not in ([], ["all"]):
        sys.stderr.write(USAGE)
        return EXIT_CONFIGURATION
    try:
        waiting = migrate(read_database_url(environ), ALL if words else SAFE)
    except ConfigurationError as error:
        sys.stderr.write(f"migrations: {error}\n")
        return EXIT_CONFIGURATION
    except RevisionError as error:
        sys.stderr.write(f"migrations: {error}\n")
        return EXIT_FAILURE
    except SQLAlchemyError as error:
        sys.stderr.write(f"migrations: {_explain(error)}\n")
        return EXIT_FAILURE
    if waiting:
        sys.stdout.write(
            f"migrations: {', '.join(waiting)} would break a version that is older than this one: when "
            "none serves any more, run python -m backend.migrations all\n"
        )
    return 0


def _explain(error: SQLAlchemyError) -> str:
    origin = getattr(error, "orig", None) or error
    error_type = type(origin).__qualname__
    if isinstance(error, OperationalError) and error_type == "LockNotAvailable":
        return (
            "a table is in use for too long, nothing was changed: end the long transaction, "
            "or wait for the other migration "
            "(select * from pg_stat_activity order by xact_start), and run this again"
        )
    return f"the database refuses ({error_type}): check DATABASE_URL and the rights of its user"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
