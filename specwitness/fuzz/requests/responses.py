"""Reading of responses: the id of a new object, the items of a list, members by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from specwitness.fuzz.api.words import KEY_MEMBERS, same_noun, singular, snake
from specwitness.openapi.references import follow, parse_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.http.message import Response


def read_id(response: Response, name: str, noun: str) -> Any:
    """Read the id of a new object from the response to its creation; None where there is none."""
    for holder in _holders(response.json()):
        if (found := id_in(holder, name, noun)) is not None:
            return found
    location = urlsplit(response.header("location")).path.rstrip("/")
    return unquote(location.rpartition("/")[2]) or None if location else None


def id_in(holder: dict[str, Any], name: str, noun: str) -> Any:
    """Read the id from an object."""
    members = {snake(key): value for key, value in holder.items()}
    # `from_account_id` is the `account_id` of an account.
    nouns = dict.fromkeys((noun, singular(noun), noun.rpartition("_")[2]))
    for key in (snake(name), *(f"{entry}_id" for entry in nouns), *KEY_MEMBERS):
        value = members.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return value
    return None


def find_members(value: Any, noun: str, depth: int = 2) -> list[dict[str, Any]]:
    """Find the objects that an answer holds under a plural: `{"items": [{…}]}` holds items."""
    if not isinstance(value, dict) or depth == 0:
        return []
    for key, item in value.items():
        if isinstance(item, list) and same_noun(snake(key), noun):
            return [one for one in item if isinstance(one, dict)]
    inner = (find_members(entry, noun, depth - 1) for entry in value.values())
    return next((entry for entry in inner if entry), [])


def list_items(value: Any) -> list[dict[str, Any]]:
    """Find the objects of a list answer: the list itself, or the first list of objects in it."""
    if isinstance(value, list):
        return [entry for entry in value if isinstance(entry, dict)]
    if isinstance(value, dict):
        for item in value.values():
            if isinstance(item, list | dict) and (found := list_items(item)):
                return found
    return []


def read_expression(expression: str, response: Response) -> Any:
    """Read a runtime expression of a link (OpenAPI §4.8.20.3); None where it leads nowhere."""
    if expression.startswith("$response.body#"):
        try:
            return follow(response.json(), parse_pointer(expression.removeprefix("$response.body")))
        except KeyError:
            return None
    if expression.startswith("$response.header."):
        return response.header(expression.removeprefix("$response.header.")) or None
    return None


def list_members(value: Any) -> Iterator[tuple[str, Any]]:
    """Give every member of the objects in a value, lists and objects as they are."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield key, child
            yield from list_members(child)
    elif isinstance(value, list):
        for child in value:
            yield from list_members(child)


def find_values(value: Any) -> Iterator[tuple[str, Any]]:
    """Give every scalar below a value, with the name of the member that holds it."""
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
