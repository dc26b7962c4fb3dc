"""Isolation checks: no user can read, change or detect another user's objects."""
