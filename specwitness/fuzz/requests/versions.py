"""Optimistic locking: a write says which version of the object it has read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.words import VERSION_MEMBERS, snake

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.api.endpoint import Endpoint, Surface
    from specwitness.fuzz.http.message import Answer
    from specwitness.fuzz.requests.actor import Actor

_HEADER = "if_match"


def is_version(name: str) -> bool:
    """Tell whether a member or header names the version that the caller has read."""
    return name in VERSION_MEMBERS or snake(name).strip("_") == _HEADER


def read_version(
    surface: Surface, actor: Actor, name: str, read: Callable[[Endpoint, Actor], Answer | None]
) -> Any:
    """Read the version that the object in focus has now; `...` where nothing tells.

    Who only pretends to own the object gets it too: versions can be guessed.

    Args:
        surface: The contract.
        actor: Who builds a request.
        name: The member or header that is asked for.
        read: Calls the operation that shows the object, as its owner.
    """
    focus = actor.focus
    if focus is None or focus.is_safe or not is_version(name):
        return ...
    reader = surface.find("GET", (focus.collections or [focus.shape])[-1])
    answer = read(reader, actor) if reader else None
    if answer is None or not answer.succeeded:
        return ...
    if snake(name) == _HEADER:
        return answer.header("etag") or ...
    return _find_member(answer.json(), snake(name))


def _find_member(value: Any, name: str) -> Any:
    if not isinstance(value, dict):
        return ...
    inner = [each for each in value.values() if isinstance(each, dict)]
    for holder in (value, *inner[:1]):
        for key, each in holder.items():
            if snake(key) == name and isinstance(each, str | int):
                return each
    return ...
