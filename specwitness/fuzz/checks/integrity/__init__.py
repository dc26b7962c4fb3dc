"""Checks of what calls change: deletion, refused calls, members that callers may not set, repeated calls."""
