"""Optimistic locking: a write names the version of the object that the caller has read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.words import VERSION_MEMBERS, snake

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.api.endpoint import Endpoint, Surface
    from specwitness.fuzz.http.message import Response

_HEADER = "if_match"


def is_version(name: str) -> bool:
    """Tell whether a member or header names the version that the caller has read."""
    return name in VERSION_MEMBERS or snake(name).strip("_") == _HEADER


def read_version(
    surface: Surface, operation: Endpoint | None, name: str, read: Callable[[Endpoint], Response | None]
) -> Any:
    """Read the current version of the object that an operation changes.

    Requests of another user get the right version too: an attacker can guess version 3.

    Args:
        surface: The contract.
        operation: The operation that a request is built for.
        name: The member or header that needs the version, such as `If-Match`.
        read: Calls the operation that shows the object, as its owner.

    Returns:
        The version; `...` if no operation shows it.
    """
    if operation is None or operation.is_safe or not is_version(name):
        return ...
    reader = surface.find("GET", (operation.collections or (operation.shape,))[-1])
    response = read(reader) if reader else None
    if response is None or not response.succeeded:
        return ...
    if snake(name) == _HEADER:
        return response.header("etag") or ...
    return _find_member(response.json(), snake(name))


def _find_member(value: Any, name: str) -> Any:
    if not isinstance(value, dict):
        return ...
    inner = [child for child in value.values() if isinstance(child, dict)]
    for holder in (value, *inner[:1]):
        for key, item in holder.items():
            if snake(key) == name and isinstance(item, str | int):
                return item
    return ...
