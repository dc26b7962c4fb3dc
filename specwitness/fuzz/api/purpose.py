"""Nouns in a path: of a collection, and of a parameter."""

from __future__ import annotations

from specwitness.fuzz.api.words import USERS, noun_of, singular, snake


def noun_at(shape: str) -> str:
    """Give the noun of a collection: `/a/{}/notes/{}` holds notes, so it gives `note`."""
    return singular(snake(shape.removesuffix("/{}").rpartition("/")[2]))


def noun_for(parameter_name: str, shape: str) -> str:
    """Give the noun of a path's parameter, by its own name or else by its collection's.

    `noteId` gives `note`; `id` in `/notes/{}` gives `note` too.
    """
    return noun_of(parameter_name) or noun_at(shape)


def is_of_user(parameter_name: str, shape: str) -> bool:
    """Tell whether a path's parameter names a user, by its own name or its collection's: `/users/{id}`."""
    return noun_at(shape) in USERS or noun_for(parameter_name, shape) in USERS
