"""What every route stands on: settings, tokens, the caller, the database and errors."""
