"""The links of an answer by meaning: which operation they lead to, and what they hand over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from specwitness.contract.schemas import canonical
from specwitness.contract.sides import shape_of
from specwitness.openapi.references import parse_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.differences import Difference, Place
    from specwitness.contract.schemas import JsonObject
    from specwitness.contract.sides import Side

_OPERATION = 3  # paths, path, method


class Link(NamedTuple):
    """A link: the operation that it leads to, and what it hands over, spelt in one way."""

    operation: str
    parameters: str
    body: str
    server: str


def read_links(side: Side, response: JsonObject) -> dict[str, Link]:
    """Give the links of an answer by name."""
    links = side.get(response, "links") or {}
    return {name: _read_link(side, side.get(links, name)) for name in links if not name.startswith("x-")}


def find_link_changes(
    sides: tuple[Side, Side], responses: tuple[JsonObject, JsonObject], place: Place
) -> Iterator[tuple[str, Place, str]]:
    """Find links of an answer that are gone, or lead elsewhere, or hand over something else."""
    former, present = (read_links(*pair) for pair in zip(sides, responses, strict=True))
    for name, old in former.items():
        inside = place.below("links", name, label=f" link {name}")
        if name not in present:
            yield "response-link-removed", inside, "this link is gone"
            continue
        for field, was, now in _contrast(old, present[name]):
            text = f"{field} was {was or 'nothing'} and is {now or 'nothing'}"
            yield "response-link-changed", inside, text


def compare_links(
    sides: tuple[Side, Side], responses: tuple[JsonObject, JsonObject], place: Place
) -> Iterator[Difference]:
    """Compare the links of an answer with those that the app tells of."""
    ours, theirs = (read_links(*pair) for pair in zip(sides, responses, strict=True))
    for name in sorted(set(ours) | set(theirs)):
        inside = place.below("links", name if name in ours else "", label=f" link {name}")
        if name not in theirs:
            yield inside.differ("only the contract has it")
        elif name not in ours:
            yield inside.differ("only the app has it")
        else:
            for field, mine, other in _contrast(ours[name], theirs[name]):
                yield inside.contrast(field, mine or None, other or None)


def _contrast(left: Link, right: Link) -> Iterator[tuple[str, str, str]]:
    for field, one, other in zip(Link._fields, left, right, strict=True):
        if one != other:
            yield field, one, other


def _read_link(side: Side, link: Any) -> Link:
    parts = (link.get("parameters"), link.get("requestBody"))
    parameters, body = ("" if part is None else canonical(part) for part in parts)
    server = side.get(link, "server") or {}
    return Link(_find_target(side, link), parameters, body, str(server.get("url", "")))


def _find_target(side: Side, link: JsonObject) -> str:
    """Name the operation by method and shape of its path, whichever way the link does."""
    if reference := link.get("operationRef"):
        pointer = parse_pointer(reference) if str(reference).startswith("#/paths/") else ()
        is_known = len(pointer) == _OPERATION
        return f"{pointer[2].upper()} {shape_of(pointer[1])}" if is_known else str(reference)
    for (method, shape), (_, operation) in side.find_operations().items():
        if operation.get("operationId") == link.get("operationId"):
            return f"{method} {shape}"
    return str(link.get("operationId"))
