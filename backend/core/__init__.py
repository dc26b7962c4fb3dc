"""The parts that every route uses: settings, token verification, the caller, the database, errors."""
