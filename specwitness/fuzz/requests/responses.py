"""Reads responses: the id of a new object, the items of a list, members by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from specwitness.fuzz.api.words import KEY_MEMBERS, same_noun, singular, snake
from specwitness.openapi.references import follow, parse_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.http.message import Response


def read_id(response: Response, name: str, noun: str) -> Any:
    """Read the id of a new object from the response to its creation.

    Args:
        response: The response.
        name: The parameter that takes the id, such as `noteId`.
        noun: What the parameter names, such as `note`; may be empty.

    Returns:
        The id from the body, or the last segment of the `Location` header; None if there is neither.
    """
    for holder in _holders(response.json()):
        if (object_id := id_in(holder, name, noun)) is not None:
            return object_id
    location = urlsplit(response.header("location")).path.rstrip("/")
    return unquote(location.rpartition("/")[2]) or None if location else None


def id_in(holder: dict[str, Any], name: str, noun: str) -> Any:
    """Read the id from an object: `noteId`, `note_id`, `id` and other keys; None if it has none."""
    members = {snake(key): value for key, value in holder.items()}
    # The parameter `from_account_id` takes the `account_id` of an account.
    nouns = dict.fromkeys((noun, singular(noun), noun.rpartition("_")[2]))
    for key in (snake(name), *(f"{candidate}_id" for candidate in nouns), *KEY_MEMBERS):
        value = members.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return value
    return None


def find_members(value: Any, noun: str, depth: int = 2) -> list[dict[str, Any]]:
    """Find the list of a noun: `{"items": [{"id": 1}]}` for `item`; at most `depth` levels deep."""
    if not isinstance(value, dict) or depth == 0:
        return []
    for key, item in value.items():
        if isinstance(item, list) and same_noun(snake(key), noun):
            return [child for child in item if isinstance(child, dict)]
    inner = (find_members(members, noun, depth - 1) for members in value.values())
    return next((members for members in inner if members), [])


def list_items(value: Any) -> list[dict[str, Any]]:
    """Find the objects of a list's response: `[{…}]`, or the first list of objects in `{"items": [{…}]}`."""
    if isinstance(value, list):
        return [child for child in value if isinstance(child, dict)]
    if isinstance(value, dict):
        for item in value.values():
            if isinstance(item, list | dict) and (found := list_items(item)):
                return found
    return []


def read_expression(expression: str, response: Response) -> Any:
    """Evaluate a link's runtime expression (OpenAPI §4.8.20.3), `$response.body#/id`; None if it fails."""
    if expression.startswith("$response.body#"):
        try:
            return follow(response.json(), parse_pointer(expression.removeprefix("$response.body")))
        except KeyError:
            return None
    if expression.startswith("$response.header."):
        return response.header(expression.removeprefix("$response.header.")) or None
    return None


def list_members(value: Any) -> Iterator[tuple[str, Any]]:
    """Give the name and the value of every member at any depth; the value may be a list or an object."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield key, child
            yield from list_members(child)
    elif isinstance(value, list):
        for child in value:
            yield from list_members(child)


def find_values(value: Any) -> Iterator[tuple[str, Any]]:
    """Give every scalar at any depth with the name of its member; the name of a list's item is empty."""
    if isinstance(value, dict):
        for key, child in value.items():
            if isinstance(child, dict | list):
                yield from find_values(child)
            else:
                yield key, child
    elif isinstance(value, list):
        for child in value:
            if isinstance(child, dict | list):
                yield from find_values(child)
            else:
                yield "", child


def _holders(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            if isinstance(child, dict):
                yield child
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        yield value[0]
