"""What an operation is for, read from its method, path, parameters and words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.fuzz.api.endpoint import Endpoint, is_choice, prefixes
from specwitness.fuzz.api.words import (
    CLOSING_ACCOUNT,
    DELETING,
    ENDING_ACCESS,
    EVERYBODY,
    KEEPING_DELETED,
    KEY_NOUNS,
    PRIVILEGED,
    READING,
    ROLE_EXTENSIONS,
    USERS,
    noun_of,
    singular,
    snake,
)

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Surface


def noun_at(shape: str) -> str:
    """Give the noun of a collection: `/a/{}/notes/{}` holds notes."""
    return singular(snake(shape.removesuffix("/{}").rpartition("/")[2]))


def noun_for(parameter_name: str, shape: str) -> str:
    """Give what a path's parameter names: by its own name, or else by its collection's."""
    return noun_of(parameter_name) or noun_at(shape)


def names_object(endpoint: Endpoint) -> bool:
    """Tell whether a path names an object other than the caller: a user that no call makes is the caller."""
    places = [
        (name, shape)
        for name, shape in zip(endpoint.path_names, prefixes(endpoint.path), strict=True)
        if not is_choice(endpoint.parameter(name, "path"))
    ]
    if len(places) != 1 or noun_for(*places[0]) not in USERS:
        return bool(places)
    return "post" in endpoint.document["paths"].get(places[0][1].removesuffix("/{}"), {})


def is_deleting(endpoint: Endpoint) -> bool:
    """Tell whether an operation deletes, by its method or its name."""
    last = endpoint.path.rstrip("/").rpartition("/")[2].lower()
    return endpoint.method == "DELETE" or bool(DELETING.search(last))


_ORDER = {"POST": 0, "PUT": 2, "GET": 1, "HEAD": 1, "OPTIONS": 1, "PATCH": 2}


def in_order(endpoints: tuple[Endpoint, ...]) -> list[Endpoint]:
    """Order operations so that objects are made, read, changed and deleted, and accounts ended last."""
    return sorted(
        endpoints,
        key=lambda each: (is_ending(each), is_account_end(each), _rank(each), len(each.path_names)),
    )


def is_ending(endpoint: Endpoint) -> bool:
    """Tell whether an operation may end the caller's own access or account."""
    last = endpoint.path.rstrip("/").rpartition("/")[2].lower()
    if endpoint.is_safe:
        return False
    if names_object(endpoint):
        return _is_of_sessions(endpoint)
    is_named = any(each.location == "query" and each.required for each in endpoint.parameters)
    is_own = endpoint.method == "DELETE" and not is_named and not endpoint.bodies
    return is_own or any(word in last for word in ENDING_ACCESS)


def is_account_end(endpoint: Endpoint) -> bool:
    """Tell whether an operation may end the caller's account, and nobody can be let in after it."""
    words = [singular(snake(each)) for each in endpoint.path.strip("/").split("/") if "{" not in each]
    is_account = bool(words) and (
        words[-1] in {*USERS, "me", "self"} or words[-1].startswith(CLOSING_ACCOUNT)
    )
    return is_account and is_ending(endpoint)


def _is_of_sessions(endpoint: Endpoint) -> bool:
    """Tell whether a path names a session, and nothing makes one but to sign in."""
    shape = prefixes(endpoint.path)[-1]
    is_made = "post" in endpoint.document["paths"].get(shape.removesuffix("/{}"), {})
    return noun_at(shape) == "session" and not is_made


def _rank(endpoint: Endpoint) -> int:
    if endpoint.method == "POST" and endpoint.path_names and not endpoint.path.endswith("}"):
        return 2
    return _ORDER.get(endpoint.method, 3)


def makes_objects(surface: Surface, endpoint: Endpoint) -> bool:
    """Tell whether an operation is the one that makes the objects of a collection."""
    if endpoint.method != "POST" or endpoint.path.endswith("}"):
        return False
    return any(f"{endpoint.shape}/{{}}" in prefixes(each.path) for each in surface.endpoints)


def is_key(endpoint: Endpoint) -> bool:
    """Tell whether a path speaks of keys."""
    words = {singular(word) for part in endpoint.path.split("/") for word in snake(part).split("_")}
    return bool(words & KEY_NOUNS)


_FIRST_SEGMENTS = 4


def is_privileged(endpoint: Endpoint) -> bool:
    """Tell whether the contract keeps an operation for some users: by role, scope, path, tag or word."""
    raw = endpoint.raw
    roles = _list_roles(endpoint)
    if roles or raw.get("x-permissions"):
        return not roles & EVERYBODY
    scopes = {scope for each in endpoint.security for several in each.values() for scope in several}
    if any(PRIVILEGED.search(scope) for scope in scopes):
        return True
    # A whole segment of the path, or the first word of a name: `/staff-picks` is for all.
    segments = endpoint.path.strip("/").split("/")[:_FIRST_SEGMENTS]
    names = [
        re.split(r"[\W_]|(?<=[a-z])(?=[A-Z])", each)[0]
        for each in (endpoint.id, *map(str, raw.get("tags", ())))
    ]
    if any(PRIVILEGED.fullmatch(each) and each.lower() != "root" for each in [*segments, *names]):
        return True
    spoken = f"{raw.get('summary', '')} {raw.get('description', '')}"
    is_told = re.search(r"\b(only|require\w*|needs?|must be|for)\b", spoken, re.IGNORECASE)
    return bool(PRIVILEGED.search(spoken) and is_told and "403" in endpoint.responses)


def _list_roles(endpoint: Endpoint) -> set[str]:
    """List the roles that the contract names for an operation."""
    found: set[str] = set()
    for name in ROLE_EXTENSIONS:
        said = endpoint.raw.get(name)
        found |= {str(each).lower() for each in (said if isinstance(said, list) else [said] if said else ())}
    return found


def is_reviving(endpoint: Endpoint) -> bool:
    """Tell whether an operation may show what was deleted."""
    return any(word in endpoint.path.lower() for word in KEEPING_DELETED)


def only_reads(endpoint: Endpoint) -> bool:
    """Tell whether an operation only reads, by its method or by its name: `POST /notes/search` reads."""
    last = snake(endpoint.path.rstrip("/").rpartition("/")[2])
    return endpoint.method == "GET" or (endpoint.method == "POST" and bool(READING.search(last)))
