"""Relations in a contract: the collection that a noun names, and the operation that makes its objects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.fuzz.api.purpose import noun_at, noun_for
from specwitness.fuzz.api.words import (
    GENERIC_KEYS,
    MAKING,
    NATURAL_KEYS,
    RELATION_ROLES,
    USERS,
    noun_of,
    same_noun,
    singular,
    snake,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint, Parameter, Surface


def find_producers(
    surface: Surface, prefix: str, parameter: Parameter, noun: str
) -> Iterator[tuple[Endpoint, str]]:
    """Find the operations that create objects of a collection, the likeliest first.

    For `/notes/{noteId}`: an operation with a link to it, `POST /notes`, `POST /folders/{id}/notes`, and
    an operation whose response documents `noteId`.

    Args:
        surface: The contract.
        prefix: The collection, such as `/notes/{}`.
        parameter: The path's parameter that takes the id.
        noun: What the parameter names, such as `note`.

    Returns:
        Operations with the link's expression for the id, such as `$response.body#/id`; empty without a link.
    """
    makers = [endpoint for endpoint in surface.endpoints if endpoint.method == "POST"]
    found = [
        (maker, link) for maker in makers if (link := _find_link(surface, maker, prefix, parameter.name))
    ]
    if direct := surface.find("POST", prefix.removesuffix("/{}")):
        found.append((direct, ""))
    others = [maker for maker in makers if prefix not in maker.collections]
    named = [maker for maker in others if same_noun(snake(maker.last_segment), noun)]
    found += [(maker, "") for maker in sorted(named, key=lambda maker: len(maker.path_names))]
    name = snake(parameter.name)
    if noun_of(name) != "" or name not in GENERIC_KEYS:
        found += [
            (maker, "")
            for maker in others
            if name in map(snake, maker.response_properties()) and not _is_key_of(surface, maker, name)
        ]
    first: dict[str, tuple[Endpoint, str]] = {}
    for maker, link in found:
        first.setdefault(maker.id, (maker, link))
    return iter(first.values())


def _is_key_of(surface: Surface, maker: Endpoint, name: str) -> bool:
    """Tell whether a key in a response belongs to the object that the operation creates.

    `slug` in the response of `POST /posts` is the post's if `/posts/{slug}` exists.
    """
    return name in NATURAL_KEYS and any(
        shape == f"{maker.shape}/{{}}" and snake(parameter) == name
        for endpoint in surface.endpoints
        for parameter, shape in endpoint.places
    )


def _find_link(surface: Surface, endpoint: Endpoint, prefix: str, name: str) -> str:
    for status, response in endpoint.responses.items():
        for link in response.get("links", {}).values() if status.startswith("2") else ():
            target = next(
                (operation for operation in surface.endpoints if operation.id == link.get("operationId")),
                None,
            )
            if target and prefix in target.collections[-1:] and name in link.get("parameters", {}):
                return str(link["parameters"][name])
    return ""


def collection_of(surface: Surface, focus: Endpoint | None, noun: str) -> str | None:
    """Find the collection of a noun: `note` -> `/notes/{}`.

    If no path has such a collection, `POST /notes` gives `/notes/{}` all the same.

    Args:
        surface: The contract.
        focus: The operation whose member is read; its path and id give the noun if `noun` is empty.
        noun: The noun; may be empty.

    Returns:
        The collection; None if there is none.
    """
    nouns = [noun] if noun else list(_nouns_in(focus))
    shapes = list(_collections_in(surface))
    # The nearest to the root first: `note_id` means `/notes/{}` rather than `/folders/{}/notes/{}`.
    shapes.sort(key=lambda shape: shape.count("{}"))
    last = {noun_at(shape): shape for shape in reversed(shapes)}
    for candidate in nouns:
        if shape_of_noun := next(
            (shape for other, shape in last.items() if same_noun(candidate, other)), None
        ):
            return shape_of_noun
        if maker := _maker_of(surface, candidate, focus):
            return f"{maker.path}/{{}}"
    if noun in RELATION_ROLES and focus is not None:
        return collection_of(surface, focus, "")
    made = [shape for shape in shapes if surface.find("POST", shape.removesuffix("/{}"))]
    return next(iter([*made, *shapes]), None) if not noun else None


def collection_by_key(surface: Surface, name: str) -> str | None:
    """Find the collection with a key: `sender_slug` -> `/senders/{}`, the only path with `{slug}`.

    Returns:
        The collection; None if there is none, or more than one.
    """
    key, singular_name = name.rpartition("_")[2], singular(name)
    found = {
        shape
        for endpoint in surface.endpoints
        for parameter, shape in endpoint.places
        # The titles in the body member `titles` are values for the path parameter `book_title`.
        if (key in NATURAL_KEYS and snake(parameter) == key)
        or (singular_name != name and f"_{snake(parameter)}".endswith(f"_{singular_name}"))
        or ("_" in name and snake(parameter) == name)
    }
    return found.pop() if len(found) == 1 else None


def _collections_in(surface: Surface) -> Iterator[str]:
    """Give the collections of all paths, without `/users/{id}` if there is no `POST /users`."""
    for endpoint in surface.endpoints:
        for name, shape in endpoint.places:
            is_user = noun_for(name, shape) in USERS
            if not is_user or shape.count("{}") > 1 or surface.find("POST", shape.removesuffix("/{}")):
                yield shape


def _nouns_in(focus: Endpoint | None) -> Iterator[str]:
    """Give the words of an operation's path, id and summary, in the singular."""
    if focus is None:
        return
    words = [word for word in reversed(focus.path.split("/")) if word and "{" not in word]
    words += re.split(r"_", snake(focus.id)) + re.findall(r"\w+", str(focus.raw.get("summary", "")))
    yield from (singular(snake(word)) for word in words)


def _maker_of(surface: Surface, noun: str, focus: Endpoint | None) -> Endpoint | None:
    for endpoint in surface.endpoints:
        words = [snake(word) for word in endpoint.path.strip("/").split("/")]
        is_named = any(same_noun(word, noun) for word in words)
        is_making = same_noun(words[-1], noun) or (words[-1] in MAKING and is_named)
        if endpoint.method == "POST" and not endpoint.path_names and is_making and endpoint is not focus:
            return endpoint
    return None
