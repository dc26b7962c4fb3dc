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
    """Find the operations that make objects of a collection, the likeliest first.

    They are linked to it, post to it, are named like it wherever they stand, or answer with what the
    parameter is called. With each comes the link that leads to the id, if there is one.
    """
    makers = [endpoint for endpoint in surface.endpoints if endpoint.method == "POST"]
    found = [
        (maker, link) for maker in makers if (link := _find_link(surface, maker, prefix, parameter.name))
    ]
    if direct := surface.find("POST", prefix.removesuffix("/{}")):
        found.append((direct, ""))
    others = [maker for maker in makers if prefix not in maker.collections]
    named = [object_id for object_id in others if same_noun(snake(object_id.last_segment), noun)]
    found += [(word, "") for word in sorted(named, key=lambda entry: len(entry.path_names))]
    name = snake(parameter.name)
    if noun_of(name) != "" or name not in GENERIC_KEYS:
        found += [
            (object_id, "")
            for object_id in others
            if name in map(snake, object_id.response_properties())
            and not _is_key_of(surface, object_id, name)
        ]
    first: dict[str, tuple[Endpoint, str]] = {}
    for option, link in found:
        first.setdefault(option.id, (option, link))
    return iter(first.values())


def _is_key_of(surface: Surface, maker: Endpoint, name: str) -> bool:
    """Tell whether a slug or a code in an answer is that of the object which the operation makes."""
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
    """Find the collection that a noun names; without one, that which the path in focus speaks of.

    Where no path holds an id of it, the operation that makes its objects stands for it.
    """
    nouns = [noun] if noun else list(_nouns_in(focus))
    shapes = list(_collections_in(surface))
    # The nearest to the root first: what lies below another object is known by that alone.
    shapes.sort(key=lambda shape: shape.count("{}"))
    last = {noun_at(shape): shape for shape in reversed(shapes)}
    for entry in nouns:
        if known := next((shape for other, shape in last.items() if same_noun(entry, other)), None):
            return known
        if maker := _maker_of(surface, entry, focus):
            return f"{maker.path}/{{}}"
    if noun in RELATION_ROLES and focus is not None:
        return collection_of(surface, focus, "")
    made = [shape for shape in shapes if surface.find("POST", shape.removesuffix("/{}"))]
    return next(iter([*made, *shapes]), None) if not noun else None


def collection_by_key(surface: Surface, name: str) -> str | None:
    """Find the one collection whose objects a slug or a code names: `sender_slug` wants one."""
    key, one = name.rpartition("_")[2], singular(name)
    found = {
        shape
        for endpoint in surface.endpoints
        for parameter, shape in endpoint.places
        # `book_title` in a path is what `titles` in a body are.
        if (key in NATURAL_KEYS and snake(parameter) == key)
        or (one != name and f"_{snake(parameter)}".endswith(f"_{one}"))
        or ("_" in name and snake(parameter) == name)
    }
    return found.pop() if len(found) == 1 else None


def _collections_in(surface: Surface) -> Iterator[str]:
    """Give the collections whose objects the paths name; the callers, whom no call makes, are none."""
    for endpoint in surface.endpoints:
        for name, shape in endpoint.places:
            is_user = noun_for(name, shape) in USERS
            if not is_user or shape.count("{}") > 1 or surface.find("POST", shape.removesuffix("/{}")):
                yield shape


def _nouns_in(focus: Endpoint | None) -> Iterator[str]:
    """Give the nouns by which an operation says what it is for: in its path, its id, its summary."""
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
