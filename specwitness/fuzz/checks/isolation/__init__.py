"""Checks with two users: neither reads, changes or learns of the other's objects."""
