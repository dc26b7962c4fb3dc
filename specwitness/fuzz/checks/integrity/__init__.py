"""Integrity checks: deletion, rejected calls, members that callers may not set, concurrent calls."""
