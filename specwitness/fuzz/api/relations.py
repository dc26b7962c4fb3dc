"""What the names of a contract tell: which collection a noun means, and which operation makes its objects."""

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
    parameter is called. With each comes the link that tells the id, if there is one.
    """
    makers = [each for each in surface.endpoints if each.method == "POST"]
    found = [(each, link) for each in makers if (link := _find_link(surface, each, prefix, parameter.name))]
    if direct := surface.find("POST", prefix.removesuffix("/{}")):
        found.append((direct, ""))
    others = [each for each in makers if prefix not in each.collections]
    named = [each for each in others if same_noun(snake(each.last_segment), noun)]
    found += [(each, "") for each in sorted(named, key=lambda each: len(each.path_names))]
    name = snake(parameter.name)
    if noun_of(name) != "" or name not in GENERIC_KEYS:
        found += [
            (each, "")
            for each in others
            if name in map(snake, each.response_properties()) and not _is_key_of(surface, each, name)
        ]
    first: dict[str, tuple[Endpoint, str]] = {}
    for each, link in found:
        first.setdefault(each.id, (each, link))
    return iter(first.values())


def _is_key_of(surface: Surface, maker: Endpoint, name: str) -> bool:
    """Tell whether a slug or a code in an answer is that of the object which the operation makes."""
    return name in NATURAL_KEYS and any(
        shape == f"{maker.shape}/{{}}" and snake(parameter) == name
        for each in surface.endpoints
        for parameter, shape in each.places
    )


def _find_link(surface: Surface, endpoint: Endpoint, prefix: str, name: str) -> str:
    for status, response in endpoint.responses.items():
        for link in response.get("links", {}).values() if status.startswith("2") else ():
            target = next((each for each in surface.endpoints if each.id == link.get("operationId")), None)
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
    for each in nouns:
        if known := next((shape for other, shape in last.items() if same_noun(each, other)), None):
            return known
        if maker := _maker_of(surface, each, focus):
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
        for each in surface.endpoints
        for parameter, shape in each.places
        # `book_title` in a path is what `titles` in a body are.
        if (key in NATURAL_KEYS and snake(parameter) == key)
        or (one != name and f"_{snake(parameter)}".endswith(f"_{one}"))
        or ("_" in name and snake(parameter) == name)
    }
    return found.pop() if len(found) == 1 else None


def _collections_in(surface: Surface) -> Iterator[str]:
    """Give the collections whose objects the paths name; the callers, whom no call makes, are none."""
    for each in surface.endpoints:
        for name, shape in each.places:
            is_user = noun_for(name, shape) in USERS
            if not is_user or shape.count("{}") > 1 or surface.find("POST", shape.removesuffix("/{}")):
                yield shape


def _nouns_in(focus: Endpoint | None) -> Iterator[str]:
    """Give the nouns by which an operation says what it is for: in its path, its id, its summary."""
    if focus is None:
        return
    words = [each for each in reversed(focus.path.split("/")) if each and "{" not in each]
    words += re.split(r"_", snake(focus.id)) + re.findall(r"\w+", str(focus.raw.get("summary", "")))
    yield from (singular(snake(each)) for each in words)


def _maker_of(surface: Surface, noun: str, focus: Endpoint | None) -> Endpoint | None:
    for each in surface.endpoints:
        words = [snake(word) for word in each.path.strip("/").split("/")]
        is_named = any(same_noun(word, noun) for word in words)
        is_making = same_noun(words[-1], noun) or (words[-1] in MAKING and is_named)
        if each.method == "POST" and not each.path_names and is_making and each is not focus:
            return each
    return None
