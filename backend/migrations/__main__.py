"""`python -m backend.migrations`: brings the database of DATABASE_URL to the newest revision."""

from __future__ import annotations

import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from backend.core.config import read_database_url
from backend.core.errors import ConfigurationError
from backend.migrations import migrate

EXIT_FAILURE = 1
EXIT_CONFIGURATION = 2


def main() -> int:
    """Migrate; a failure is told by its type, since its text may hold the address."""
    try:
        migrate(read_database_url(os.environ))
    except ConfigurationError as error:
        sys.stderr.write(f"migrations: {error}\n")
        return EXIT_CONFIGURATION
    except SQLAlchemyError as error:
        origin = getattr(error, "orig", None) or error
        sys.stderr.write(
            f"migrations: the database does not do it ({type(origin).__qualname__}): "
            "check DATABASE_URL and the rights of its user\n"
        )
        return EXIT_FAILURE
    return 0


if __name__ == "__main__":
    sys.exit(main())
