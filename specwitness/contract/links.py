"""Compares the links of responses: the operation of a link, and the values that it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from specwitness.contract.schemas import canonical
from specwitness.contract.sides import shape_of
from specwitness.openapi.references import parse_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.schema_differences import Difference, Place
    from specwitness.contract.schemas import JsonObject
    from specwitness.contract.sides import Side
    from specwitness.contract.violations import PlacedViolation

_OPERATION = 3  # paths, path, method


class Link(NamedTuple):
    """A link: its operation, and the values that it passes, in a canonical form."""

    operation: str
    parameters: str
    body: str
    server: str


def read_links(side: Side, response: JsonObject) -> dict[str, Link]:
    """Return the links of a response by name."""
    links = side.get(response, "links") or {}
    return {name: _read_link(side, side.get(links, name)) for name in links if not name.startswith("x-")}


def find_link_changes(
    sides: tuple[Side, Side], responses: tuple[JsonObject, JsonObject], place: Place
) -> Iterator[PlacedViolation]:
    """Find the links of a response that were removed, or have another operation or other values."""
    former, present = (read_links(*pair) for pair in zip(sides, responses, strict=True))
    for name, old in former.items():
        inside = place.below("links", name, label=f" link {name}")
        if name not in present:
            yield "response-link-removed", inside, "this link was removed"
            continue
        for field, was, now in _contrast(old, present[name]):
            text = f"{field} was {was or 'nothing'} and is {now or 'nothing'}"
            yield "response-link-changed", inside, text


def compare_links(
    sides: tuple[Side, Side], responses: tuple[JsonObject, JsonObject], place: Place
) -> Iterator[Difference]:
    """Compare the links of a response in the contract with those in the generated schema."""
    ours, theirs = (read_links(*pair) for pair in zip(sides, responses, strict=True))
    for name in sorted(set(ours) | set(theirs)):
        inside = place.below("links", name if name in ours else "", label=f" link {name}")
        if name not in theirs:
            yield inside.differ("only in the contract")
        elif name not in ours:
            yield inside.differ("only in the app")
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
    """Return method and path of the target, which a link names by `operationRef` or `operationId`."""
    if reference := link.get("operationRef"):
        pointer = parse_pointer(reference) if str(reference).startswith("#/paths/") else ()
        is_known = len(pointer) == _OPERATION
        return f"{pointer[2].upper()} {shape_of(pointer[1])}" if is_known else str(reference)
    for (method, shape), (_, operation) in side.find_operations().items():
        if operation.get("operationId") == link.get("operationId"):
            return f"{method} {shape}"
    return str(link.get("operationId"))
