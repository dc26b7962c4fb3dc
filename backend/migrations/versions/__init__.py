"""The steps, one a revision."""
